// Page 3: the estimates of eight schools for every tau, and how plausible each tau is.

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";
import { apart } from "./drawing.js";
import { givenTau } from "./models.js";
import { percent, signed } from "./numbers.js";

const PANEL = { top: 30, bottom: 290 };
const STRIP = { top: 334, bottom: 404 };
const points = (number) => signed(number, 1);

class ShrinkagePaths extends Figure {
  static title = "Above, the estimated effects of eight schools against tau, and one by one at the chosen tau; below, the posterior of tau";

  controls() {
    const { school, taus, median } = this.data;
    return [
      { name: "tau", label: "tau, the sd between schools", steps: taus, value: median, text: (tau) => `${tau.toFixed(1)} points` },
      { name: "school", label: "Follow school", options: school.map((name) => [name, name]) },
      { label: "tau = 0", press: () => this.set({ tau: 0 }) },
      { label: "Median of tau", press: () => this.set({ tau: median }) },
    ];
  }

  compute({ tau }) {
    const { taus, below } = this.data;
    return { ...this.at(tau), below: below[taus.indexOf(tau)] };
  }

  at(tau) {
    const given = givenTau(this.data.ybar, this.data.se, tau);
    return { ...given, density: Math.exp(given.logLikelihood - this.data.log_evidence) };
  }

  height() {
    return STRIP.bottom + 42;
  }

  paint(drawing, values, { tau, school }) {
    const slot = Math.min(26, drawing.width / 21);
    const columns = drawing.width - 8 * slot - 2;
    const x = (this.x = scaleLinear([0, 30], [36, columns - (slot < 20 ? 34 : 44)]));
    const y = scaleLinear([-18, 40], [PANEL.bottom, PANEL.top]);
    drawing.axisY(y, 36, { ticks: [-10, 0, 10, 20, 30, 40], format: (effect) => String(effect).replace("-", "−"), label: "effect in points" });
    this.paintPaths(drawing, x, y, school);
    this.paintStrip(drawing, x, tau);
    this.paintTau(drawing, x, y, values, tau, school);
    this.paintColumns(drawing, columns, slot, y, values, school);
  }

  look(j, school, prefix = "") {
    return this.data.school[j] === school ? `${prefix}blue` : `${prefix}grey`;
  }

  /** The estimates for every tau, with the schools' letters at their ends. */
  paintPaths(drawing, x, y, school) {
    const taus = this.data.taus.filter((_, i) => i % 3 === 0);
    const given = taus.map((tau) => this.at(tau));
    drawing.segment(36, y(0), x(30), y(0), { class: "grid" });
    const lines = this.data.school.map((name, j) => ({ name, path: given.map(({ estimate }) => y(estimate[j])), look: this.look(j, school) }));
    lines.push({ name: "mu", path: given.map(({ mu }) => y(mu)), look: "orange dashed" });
    const ends = lines.map(({ path }) => path[path.length - 1]);
    const places = apart(ends, 12.5);
    lines.forEach(({ name, path, look }, i) => {
      const thick = look === "grey" ? 1 : 2.5;
      drawing.curve(taus.map(x), path, { class: look, "stroke-width": thick });
      drawing.segment(x(30), ends[i], x(30) + 9, places[i], { class: look, "stroke-width": 1 });
      drawing.text(x(30) + 12, places[i], name, { class: "small", "dominant-baseline": "central" });
    });
  }

  /** The posterior of tau; its darker part lies below the dial's tau. */
  paintStrip(drawing, x, tau) {
    const { taus } = this.data;
    const density = taus.map((each) => this.at(each).density);
    const height = scaleLinear([0, Math.max(...density)], [STRIP.bottom, STRIP.top]);
    const smaller = taus.filter((each) => each <= tau);
    drawing.hill(taus.map(x), density.map(height), STRIP.bottom, { class: "fill-green pale" });
    drawing.hill(smaller.map(x), density.map(height), STRIP.bottom, { class: "fill-green" });
    drawing.axisX(x, STRIP.bottom, { ticks: [0, 10, 20, 30], format: String, label: "tau in points" });
  }

  /** The upright line at the dial's tau, which can be dragged. */
  paintTau(drawing, x, y, { estimate, below }, tau, school) {
    drawing.segment(x(tau), PANEL.top, x(tau), STRIP.bottom, { class: "axis", "stroke-width": 1.5 });
    estimate.forEach((each, j) => drawing.dot(x(tau), y(each), 3.5, { class: this.look(j, school, "fill-") }));
    drawing.dot(x(tau), y(estimate[this.data.school.indexOf(school)]), 4.5, { class: "fill-blue" });
    const words = ["posterior of tau:", `${percent(below)} below ${tau}`];
    const lines = drawing.width < 480 ? words : [words.join(" ")];
    lines.forEach((text, row) => drawing.text(4, STRIP.top - 10 - 15 * (lines.length - 1 - row), text, { class: "halo" }));
    drawing.dot(x(tau), STRIP.bottom, 6, { class: "fill-blue" });
    drawing.segment(x(tau), PANEL.top, x(tau), STRIP.bottom + 8, { stroke: "transparent", "stroke-width": 32, "data-drag": "tau" });
  }

  /** Each school at this tau, give or take a standard deviation, on the axis of the paths; beneath, what the marks mean. */
  paintColumns(drawing, left, slot, y, { mu, estimate, sd }, school) {
    const { ybar, averaged } = this.data;
    const end = left + 8 * slot;
    drawing.segment(left, y(mu), end, y(mu), { class: "orange dashed", "stroke-width": 1.5 });
    estimate.forEach((each, j) => {
      const x = left + slot * (j + 0.5);
      const look = this.look(j, school);
      drawing.segment(x, y(each - sd[j]), x, y(each + sd[j]), { class: look, "stroke-width": 2.5 });
      drawing.segment(x - slot / 3, y(averaged[j]), x + slot / 3, y(averaged[j]), { class: "green", "stroke-width": 3 });
      drawing.dot(x, y(ybar[j]), 4, { class: `open ${look}`, "stroke-width": 1.5 });
      drawing.dot(x, y(each), 4, { class: this.look(j, school, "fill-") });
      drawing.text(x, PANEL.bottom + 14, this.data.school[j], { "text-anchor": "middle", class: "small" });
    });
    const key = (row, text) => drawing.text(left + 20, STRIP.top + 8 + 20 * row, text, { class: "small", "dominant-baseline": "central" });
    key(0, "raw");
    drawing.dot(left + 8, STRIP.top + 8, 4, { class: "open grey", "stroke-width": 1.5 });
    key(1, "here, ± sd");
    drawing.segment(left + 8, STRIP.top + 19, left + 8, STRIP.top + 37, { class: "grey", "stroke-width": 2.5 });
    drawing.dot(left + 8, STRIP.top + 28, 4, { class: "fill-grey" });
    key(2, "over all tau");
    drawing.segment(left + 3, STRIP.top + 48, left + 13, STRIP.top + 48, { class: "green", "stroke-width": 3 });
  }

  drag(name, x) {
    const tau = Math.min(30, Math.max(0, this.x.invert(x)));
    this.set({ tau });
  }

  say({ mu, kappa, estimate, sd, below }, { tau, school }) {
    const j = this.data.school.indexOf(school);
    const average = `averaged over all of it, ${school} is put at ${points(this.data.averaged[j])}.`;
    if (tau === 0) {
      const one = `All schools are put at ${points(mu)} points, give or take ${points(sd[j])}.`;
      return `${one} The posterior of tau is highest here, but all of it lies above; ${average}`;
    }
    return (
      `${school} keeps ${percent(kappa[j])} of its distance from mu: ${points(this.data.ybar[j]).replace(".0", "")} becomes ` +
      `${points(estimate[j])} points, give or take ${points(sd[j])}. ${percent(below)} of the posterior of tau lies below ${tau}; ${average}`
    );
  }

  table({ kappa, estimate, sd }) {
    const { school, ybar, se, averaged } = this.data;
    const row = (name, j) => [name, points(ybar[j]), points(se[j]), kappa[j].toFixed(2), points(estimate[j]), points(sd[j]), points(averaged[j])];
    return { head: ["school", "raw", "s.e.", "own weight", "at this tau", "sd", "over all tau"], rows: school.map(row) };
  }
}

define("hb-shrinkage-paths", ShrinkagePaths);
