// Page 6: how often intervals contain the truth when the prior is estimated from J groups.

import { scaleLinear, scaleLog } from "d3-scale";
import { symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle, symbolWye } from "d3-shape";
import { Figure, define } from "./base.js";
import { SIGNS, finer, percent, rounded } from "./numbers.js";

const METHODS = [
  { name: "reml", label: "plugged in, REML", colour: "blue", mark: symbolCircle },
  { name: "ml", label: "plugged in, ML", colour: "orange", mark: symbolWye, dash: "dashed" },
  { name: "morris", label: "Morris", colour: "pink", mark: symbolSquare },
  { name: "laird-louis", label: "Laird and Louis", colour: "grey", mark: symbolDiamond, dash: "dotted" },
  { name: "kass-steffey", label: "Kass and Steffey", colour: "pink", mark: symbolDiamond, dash: "dashed" },
  { name: "full bayes", label: "full Bayes", colour: "green", mark: symbolTriangle },
];

class CoverageOfIntervals extends Figure {
  static title = "Coverage of intervals by six methods, against the number of groups";

  controls() {
    const { ratios, levels, simulated } = this.data;
    return [
      { name: "J", label: "Number of groups, J", steps: [...new Set(simulated.map((row) => row.J))], value: 8, text: String },
      { name: "ratio", label: "tau, in standard errors", steps: ratios, value: 1, text: String },
      { name: "level", label: "The interval claims", options: levels.map((level) => [level, percent(level, 0)]), value: "0.95" },
    ];
  }

  /** For each method its points and the one at the dial's J, if there are any; and the numbers of groups around the first that is enough. */
  compute({ J, ratio, level }) {
    const { groups, exact, simulated } = this.data;
    const lines = METHODS.map(({ name }) => {
      if (name in exact) return groups.map((each, k) => ({ J: each, coverage: exact[name][level][ratio][k], error: 0, answered: 1 }));
      return Number(level) === 0.95 ? simulated.filter((row) => row.method === name && row.ratio === ratio) : [];
    });
    const here = lines.map((points) => points.find((point) => point.J === J) ?? null);
    const enough = lines[0].findIndex((point) => point.coverage >= level - 0.01);
    return { lines, here, coverage: here.filter(Boolean).map((point) => point.coverage), enough: groups.slice(Math.max(0, enough - 1), enough + 1) };
  }

  height(width) {
    return width < 560 ? 476 : 330;
  }

  paint(drawing, values, settings) {
    const { width } = drawing;
    const narrow = width < 560;
    const frame = { left: 46, right: narrow ? width - 14 : width - 268, top: 26, bottom: narrow ? 256 : 282 };
    this.paintLines(drawing, values, settings, frame);
    this.paintRows(drawing, values, settings, narrow ? { left: 4, right: width - 4, top: 322 } : { left: width - 244, right: width - 4, top: 40 });
  }

  paintLines(drawing, { lines, here }, { J, level }, { left, right, top, bottom }) {
    const x = scaleLog([4.6, 220], [left, right]);
    const y = scaleLinear([0.15, 1], [bottom, top]);
    drawing.segment(left, y(level), right, y(level), { class: "axis", "stroke-width": 1 });
    drawing.text(right, y(level) + 18, `claimed: ${percent(level, 0)}`, { class: "small", "text-anchor": "end" });
    drawing.segment(x(J), bottom, x(J), top, { class: "grid", "stroke-width": 2 });
    lines.forEach((points, k) => {
      if (!points.length) return;
      const { colour, dash = "", mark } = METHODS[k];
      drawing.curve(points.map((point) => x(point.J)), points.map((point) => y(point.coverage)), { class: `${colour} ${dash}`, "stroke-width": 1.8 });
      for (const { J: each, coverage, error } of points) {
        if (error) drawing.segment(x(each), y(coverage - 2 * error), x(each), y(Math.min(1, coverage + 2 * error)), { class: colour, "stroke-width": 2 });
      }
      if (here[k]) this.mark(drawing, mark, colour, x(J), y(here[k].coverage));
    });
    drawing.axisX(x, bottom, { ticks: [5, 10, 20, 50, 100, 200], format: String, label: "number of groups, J" });
    drawing.axisY(y, left, { ticks: [0.2, 0.4, 0.6, 0.8, 1], format: (share) => percent(share, 0), label: "coverage" });
  }

  paintRows(drawing, { here }, { J, level }, { left, right, top }) {
    drawing.text(left, top - 14, `at J = ${J}; claimed ${percent(level, 0)}`, { "font-weight": "bold" });
    METHODS.forEach(({ label, colour, dash = "", mark }, k) => {
      const row = top + 10 + 24 * k;
      drawing.segment(left, row, left + 26, row, { class: `${colour} ${dash}`, "stroke-width": 1.8 });
      this.mark(drawing, mark, colour, left + 13, row);
      drawing.text(left + 34, row, label, { "dominant-baseline": "central", class: "small" });
      drawing.text(right, row, shown(here[k]), { "text-anchor": "end", "dominant-baseline": "central", class: here[k] ? "" : "small" });
    });
  }

  mark(drawing, kind, colour, x, y) {
    drawing.add("path", { d: symbol(kind, 64)(), transform: `translate(${x},${y})`, class: `fill-${colour}` });
  }

  say({ here, enough }, { J, ratio, level }) {
    const [reml, , , , kass, full] = here;
    const plugged =
      `With ${J} groups and tau ${ratio === 1 ? "equal to the standard error" : `${ratio} standard errors`}, ${percent(level, 0)} intervals with REML plugged in ` +
      `contain ${percent(reml.coverage, 1)} of the true values: of the ${J}, ${(J * reml.coverage).toFixed(1)} on average. `;
    const many = enough.length
      ? `It takes more than ${enough[0]} and at most ${enough[1]} groups to come within one point of the claim. `
      : "Even 200 groups do not bring them within one point of the claim. ";
    if (!full) return `${plugged}${many}The last three were not simulated here, only at 95\u00a0% and a tau of 0.5, 1 or 2.`;
    const silent = kass.answered > 0.9995 ? "" : ` Kass and Steffey answer in ${finer(kass.answered)} of the data sets; where tau is estimated as 0, they cannot.`;
    return `${plugged}${many}Full Bayes covers ${percent(full.coverage, 1)}.${silent}`;
  }

  table({ here }) {
    const row = ({ label }, point) => (point ? [label, percent(point.coverage, 2, SIGNS), point.error ? percent(point.error, 2) : "exact", finer(point.answered, SIGNS)] : [label, "–", "not simulated", "–"]);
    return { head: ["method", "coverage", "standard error", "data sets answered"], rows: METHODS.map((method, k) => row(method, here[k])) };
  }
}

function shown(point) {
  if (!point) return "not simulated";
  return point.error ? `${rounded(100 * point.coverage, 1, { all: 100, words: SIGNS })} ± ${percent(point.error, 2)}` : percent(point.coverage, 1, SIGNS);
}

define("hb-coverage-of-intervals", CoverageOfIntervals);
