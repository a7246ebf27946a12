// Page 5: the marginal likelihood of three data sets as a surface, its profile, and what each weight makes of the groups.

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";
import { percent as share, rounded, signed } from "./numbers.js";

const SURFACE = { top: 30, bottom: 200 };
const PROFILE = { top: 232, bottom: 316, lowest: -4 };
const ROWS = { raw: 384, here: 408, blind: 432, axis: 448 };
const percent = (rate) => share(rate, 1);
const points = (number) => signed(number, 1);
const RATES = { mean: "mean rate", text: percent, tick: (rate) => `${Math.round(100 * rate)} %`, from: 0, to: 0.45 };
const POINTS = { mean: "mu in points", text: points, tick: (effect) => String(effect).replace("-", "−"), from: -5, to: 30 };
const SETS = {
  rats: { ...RATES, label: "71 rat groups", one: "A group of 20" },
  batters: { ...RATES, label: "18 batters", one: "A batter" },
  schools: { ...POINTS, label: "8 schools", one: "A school with s.e. 11" },
};

class MarginalSurface extends Figure {
  static title = "The log marginal likelihood against a group’s own weight and the prior’s mean; below, its profile, and the groups’ estimates";

  controls() {
    const { kappa, sets } = this.data;
    const turn = (mark) => () => this.set({ kappa: sets[this.settings.groups][mark] });
    return [
      { name: "kappa", label: "kappa, a typical group’s own weight", steps: kappa, value: sets.rats.best, text: (weight) => weight.toFixed(2) },
      { name: "groups", label: "Data", options: Object.keys(SETS).map((name) => [name, SETS[name].label]) },
      { label: "Maximum", press: turn("best") },
      { label: "Forget the noise", press: turn("blind") },
    ];
  }

  compute({ groups, kappa }) {
    const facts = this.data.sets[groups];
    const at = this.data.kappa.indexOf(kappa);
    const mean = facts.mean[at];
    return { mean, drop: facts.drop[at], estimate: estimates(facts, kappa, mean), blind: estimates(facts, facts.blind, facts.blind_mean) };
  }

  height() {
    return ROWS.axis + 42;
  }

  paint(drawing, values, { groups, kappa }) {
    const facts = this.data.sets[groups];
    const x = (this.x = scaleLinear([0, 0.95], [48, drawing.width - 16]));
    this.paintSurface(drawing, x, facts, SETS[groups]);
    this.paintProfile(drawing, x, facts);
    this.paintWeight(drawing, x, values, kappa, facts);
    this.paintGroups(drawing, values, facts, SETS[groups]);
  }

  paintSurface(drawing, x, { shades, window, mean, blind, blind_mean }, { mean: label, tick }) {
    const y = (this.y = scaleLinear(window, [SURFACE.bottom, SURFACE.top]));
    for (const [weights, low, high] of shades) {
      const there = [...weights, ...weights.toReversed()].map(x);
      drawing.curve(there, [...low, ...high.toReversed()].map(y), { class: "fill-blue grey", "fill-opacity": 0.14, "stroke-width": 0.7 });
    }
    drawing.axisY(y, 48, { ticks: 5, format: tick, label });
    drawing.segment(48, SURFACE.bottom, x(0.95), SURFACE.bottom, { class: "axis" });
    const inside = mean.map((_, i) => i).filter((i) => mean[i] >= window[0] && mean[i] <= window[1]);
    drawing.curve(inside.map((i) => x(this.data.kappa[i])), inside.map((i) => y(mean[i])), { class: "blue dashed", "stroke-width": 1.5 });
    cross(drawing, x(blind), y(blind_mean));
  }

  paintProfile(drawing, x, { drop, best, blind }) {
    const { kappa, cut } = this.data;
    const y = (this.z = scaleLinear([PROFILE.lowest, 0], [PROFILE.bottom, PROFILE.top]));
    drawing.axisY(y, 48, { ticks: [-4, -3, -2, -1, 0], format: (height) => String(height).replace("-", "−") });
    drawing.axisX(x, PROFILE.bottom, { ticks: [0, 0.2, 0.4, 0.6, 0.8], format: String, label: "kappa" });
    const shown = kappa.map((_, i) => i).filter((i) => -drop[i] >= PROFILE.lowest);
    drawing.curve(shown.map((i) => x(kappa[i])), shown.map((i) => y(-drop[i])), { class: "blue", "stroke-width": 2.5 });
    drawing.segment(48, y(-cut), x(0.95), y(-cut), { class: "grey dotted" });
    drawing.text(x(0.95), y(-cut) - 5, "95 %", { "text-anchor": "end", class: "small halo" });
    drawing.segment(x(best), y(0) - 5, x(best), y(0) + 5, { class: "blue", "stroke-width": 2.5 });
    cross(drawing, x(blind), y(Math.max(PROFILE.lowest, -drop[kappa.indexOf(blind)])));
  }

  /** The dial's weight, through both; the maximum as a ring. */
  paintWeight(drawing, x, { mean, drop }, kappa, { best, mean: means, window }) {
    drawing.segment(x(kappa), SURFACE.top, x(kappa), PROFILE.bottom, { class: "axis", "stroke-width": 1.5 });
    drawing.dot(x(best), this.y(means[this.data.kappa.indexOf(best)]), 7, { class: "blue", fill: "none", "stroke-width": 2 });
    drawing.text(4, PROFILE.top - 12, "log likelihood, below its top", { class: "halo" });
    if (mean <= window[1]) drawing.dot(x(kappa), this.y(mean), 4, { class: "fill-blue" });
    if (-drop >= PROFILE.lowest) drawing.dot(x(kappa), this.z(-drop), 4, { class: "fill-blue" });
    drawing.dot(x(kappa), PROFILE.bottom, 6, { class: "fill-blue" });
    drawing.segment(x(kappa), SURFACE.top, x(kappa), PROFILE.bottom + 8, { stroke: "transparent", "stroke-width": 32, "data-drag": "kappa" });
  }

  /** The groups: raw, at this weight, and by the fit that forgets the noise. */
  paintGroups(drawing, { estimate, blind }, { raw }, { from, to, tick, text }) {
    const x = scaleLinear([from, to], [110, drawing.width - 16]);
    raw.forEach((each, j) => drawing.segment(x(each), ROWS.raw, x(estimate[j]), ROWS.here, { class: "grid" }));
    const row = (y, name, numbers, look) => {
      drawing.text(4, y, name, { class: "small", "dominant-baseline": "central" });
      for (const number of numbers) drawing.dot(x(number), y, 4, { "stroke-width": 1.3, ...look });
    };
    row(ROWS.raw, "raw", raw, { class: "open grey" });
    row(ROWS.here, "at this kappa", estimate, { class: "fill-blue" });
    row(ROWS.blind, "noise forgotten", blind, { class: "open orange" });
    drawing.axisX(x, ROWS.axis, { ticks: drawing.width < 300 ? 2 : 5, format: tick, label: text === percent ? "rate of each group" : "effect in points" });
  }

  drag(name, place) {
    this.set({ kappa: Math.min(0.95, Math.max(0, this.x.invert(place))) });
  }

  say({ mean, drop }, { groups, kappa }) {
    const { best, blind, typical } = this.data.sets[groups];
    const { one, text } = SETS[groups];
    const inside = drop <= this.data.cut ? "inside" : "outside";
    const below = `the log likelihood is ${rounded(drop, 2)} below its top, ${inside} the 95\u00a0% interval`;
    const height = kappa === best ? "the likelihood is at its top" : below;
    return (
      `${priorText(groups, kappa, typical)} the best mean is ${text(mean)}, and ${height}. ` +
      `${one} keeps ${kappa.toFixed(2)} of its deviation; with the noise forgotten, ${blind.toFixed(2)}.`
    );
  }

  table({ estimate, blind }, { groups }) {
    const { raw, n, se } = this.data.sets[groups];
    const { text } = SETS[groups];
    const rows = raw.map((each, j) => [j + 1, text(each), n ? n[j] : se[j], text(estimate[j]), text(blind[j])]);
    return { head: ["group", "raw", n ? "trials" : "s.e.", "at this kappa", "noise forgotten"], rows };
  }
}

/** Each group's estimate, if a typical one keeps `kappa` of its own. */
function estimates({ raw, n, se, typical }, kappa, mean) {
  const odds = kappa / (1 - kappa);
  const weight = (j) => (n ? (n[j] * odds) / (n[j] * odds + typical) : (typical ** 2 * odds) / (typical ** 2 * odds + se[j] ** 2));
  return raw.map((each, j) => weight(j) * each + (1 - weight(j)) * mean);
}

function priorText(groups, kappa, typical) {
  if (groups === "schools") return `At tau = ${points(typical * Math.sqrt(kappa / (1 - kappa)))}`;
  if (kappa === 0) return "At infinite size";
  const size = typical * (1 / kappa - 1);
  return `At a size of ${size < 100 ? size.toFixed(1) : Math.round(size).toLocaleString("en")}`;
}

/** The mark of the fit that forgets the noise. */
function cross(drawing, x, y) {
  for (const side of [-6, 6]) drawing.segment(x - 6, y - side, x + 6, y + side, { class: "orange", "stroke-width": 3 });
}

define("hb-marginal-surface", MarginalSurface);
