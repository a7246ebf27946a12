// Page 7: six priors of tau, and what each says about kappa = tau^2/(tau^2 + se^2).

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";
import { SIGNS, decimals, finer } from "./numbers.js";

const NAMES = ["half-normal", "exponential", "half-t (3)", "half-Cauchy", "uniform", "inverse-gamma"];
const WIDEST = 30; // of tau, in points, where the left panel ends
const TENTHS = Array.from({ length: 11 }, (_, k) => k / 10);
const KAPPAS = Array.from({ length: 400 }, (_, i) => (i + 0.5) / 400);

class PriorOfKappa extends Figure {
  static title = "The density of a prior of tau, the probability of each tenth of kappa, and the two ends of kappa under six priors";

  controls() {
    const points = (value) => `${value} ${value === 1 ? "point" : "points"}`;
    return [
      { name: "median", label: "Median of tau, for the first five", min: 0.5, max: 30, step: 0.5, value: 5, text: points },
      { name: "se", label: "Standard error of the school", min: 1, max: 30, step: 1, value: 10, text: points },
      { name: "family", label: "Prior", options: NAMES.map((name) => [name, name]), value: "half-Cauchy" },
      { label: "School B", press: () => this.set({ se: 10 }) },
      { label: "School H", press: () => this.set({ se: 18 }) },
      { label: "Median of tau = standard error", press: () => this.set({ median: this.settings.se }) },
    ];
  }

  compute({ median, se, family }) {
    const priors = this.priors(median);
    const chosen = priors[family];
    const tau = (kappa) => (kappa === 1 ? Infinity : se * Math.sqrt(kappa / (1 - kappa)));
    const below = TENTHS.map((kappa) => chosen.cdf(tau(kappa)));
    return {
      bars: below.slice(1).map((each, k) => each - below[k]),
      density: KAPPAS.map((kappa) => (chosen.pdf(tau(kappa)) * tau(kappa)) / (2 * kappa * (1 - kappa))),
      low: NAMES.map((name) => priors[name].cdf(tau(0.1))),
      high: NAMES.map((name) => 1 - priors[name].cdf(tau(0.9))),
      beyond: 1 - chosen.cdf(WIDEST),
    };
  }

  /** The six, with their densities and distribution functions. */
  priors(median) {
    const { half_normal_median, half_t_median, epsilon, log_gamma } = this.data;
    const normal = median / half_normal_median;
    const exponential = median / Math.log(2);
    const t = (median / half_t_median) * Math.sqrt(3);
    const ends = 2 * median;
    return {
      "half-normal": {
        pdf: (tau) => (Math.sqrt(2 / Math.PI) / normal) * Math.exp(-((tau / normal) ** 2) / 2),
        cdf: (tau) => erf(tau / normal / Math.SQRT2),
      },
      exponential: { pdf: (tau) => Math.exp(-tau / exponential) / exponential, cdf: (tau) => -Math.expm1(-tau / exponential) },
      "half-t (3)": {
        pdf: (tau) => 4 / (Math.PI * t * (1 + (tau / t) ** 2) ** 2),
        cdf: (tau) => (2 / Math.PI) * (Math.atan(tau / t) + (tau === Infinity ? 0 : tau / t / (1 + (tau / t) ** 2))),
      },
      "half-Cauchy": { pdf: (tau) => 2 / (Math.PI * median * (1 + (tau / median) ** 2)), cdf: (tau) => (2 / Math.PI) * Math.atan(tau / median) },
      uniform: { pdf: (tau) => (tau < ends ? 1 / ends : 0), cdf: (tau) => Math.min(1, tau / ends) },
      "inverse-gamma": {
        pdf: (tau) => (tau ? 2 * epsilon * Math.exp(epsilon * Math.log(epsilon / tau ** 2) - log_gamma - epsilon / tau ** 2) / tau : 0),
        cdf: (tau) => upperGamma(epsilon, epsilon / tau ** 2, log_gamma),
      },
    };
  }

  height(width) {
    return width < 560 ? 610 : 416;
  }

  paint(drawing, values, settings) {
    const { width } = drawing;
    const narrow = width < 560;
    const middle = width / 2;
    this.paintTau(drawing, settings, { left: 40, right: narrow ? width - 12 : middle - 16, top: 26, bottom: narrow ? 160 : 190 });
    this.paintKappa(drawing, values, settings, narrow ? { left: 40, right: width - 12, top: 244, bottom: 374 } : { left: middle + 40, right: width - 12, top: 26, bottom: 190 });
    this.paintEnds(drawing, values, settings, narrow ? 450 : 256);
  }

  paintTau(drawing, { median, family }, { left, right, top, bottom }) {
    const x = scaleLinear([0, WIDEST], [left, right]);
    const y = scaleLinear([0, 0.8 / median], [bottom, top]);
    const taus = [...Array.from({ length: 240 }, (_, i) => ((i + 0.5) / 240) * WIDEST), Math.min(WIDEST, 2 * median - 1e-6), Math.min(WIDEST, 2 * median)];
    taus.sort((a, b) => a - b);
    const priors = this.priors(median);
    const heights = (name) => taus.map((tau) => Math.max(top, y(priors[name].pdf(tau))));
    for (const name of NAMES) drawing.curve(taus.map(x), heights(name), { class: "grey pale", "stroke-width": 1 });
    drawing.hill(taus.map(x), heights(family), bottom, { class: "fill-blue pale" });
    drawing.curve(taus.map(x), heights(family), { class: "blue", "stroke-width": 2.5 });
    if (family !== "inverse-gamma") drawing.segment(x(median), bottom, x(median), top, { class: "grey dotted", "stroke-width": 1.5 });
    drawing.axisX(x, bottom, { ticks: [0, 10, 20, 30], label: "tau, in points" });
    drawing.axisY(y, left, { ticks: 3, label: "" });
    drawing.text(left, top - 10, `density of tau: ${family}`);
  }

  paintKappa(drawing, { bars, density }, { median, se, family }, { left, right, top, bottom }) {
    const x = scaleLinear([0, 1], [left, right]);
    const y = scaleLinear([0, 1], [bottom, top]);
    bars.forEach((share, k) => {
      const box = { x: x(TENTHS[k]) + 1, y: y(share), width: x(0.1) - x(0) - 2, height: bottom - y(share) };
      drawing.add("rect", { ...box, class: k === 0 ? "fill-blue" : k === 9 ? "fill-orange" : "fill-grey", opacity: 0.6 });
    });
    const heights = density.map((each) => Math.max(top, y(each / 10)));
    drawing.curve(KAPPAS.map(x), heights, { stroke: "currentColor", "stroke-width": 1.5 });
    const half = median ** 2 / (median ** 2 + se ** 2);
    if (family !== "inverse-gamma") drawing.segment(x(half), bottom, x(half), top, { class: "grey dotted", "stroke-width": 1.5 });
    drawing.axisX(x, bottom, { ticks: [0, 0.1, 0.5, 0.9, 1], format: String, label: "kappa: 0 pools, 1 does not" });
    drawing.axisY(y, left, { ticks: [0, 0.5, 1], format: String });
    drawing.text(left, top - 10, "probability of each tenth of kappa");
  }

  /** For each prior: how much lies below 0.1, between, and above 0.9. */
  paintEnds(drawing, { low, high }, { family }, top) {
    const { width } = drawing;
    const [left, right] = [168, width - 62];
    drawing.text(left - 6, top, "below 0.1", { "text-anchor": "end", class: "small" });
    drawing.text(width - 4, top, "above 0.9", { "text-anchor": "end", class: "small" });
    const x = scaleLinear([0, 1], [left, right]);
    NAMES.forEach((name, k) => {
      const row = top + 20 + 22 * k;
      const look = { class: "small", "dominant-baseline": "central", ...(name === family ? { "font-weight": "bold" } : {}) };
      drawing.text(4, row, name, look);
      drawing.text(left - 6, row, chance(low[k], name, SIGNS), { ...look, "text-anchor": "end" });
      drawing.text(width - 4, row, chance(high[k], name, SIGNS), { ...look, "text-anchor": "end" });
      const part = (from, to, fill) => drawing.add("rect", { x: x(from), y: row - 7, width: Math.max(0, x(to) - x(from)), height: 14, class: fill, opacity: fill === "fill-grey" ? 0.2 : 0.75 });
      part(0, low[k], "fill-blue");
      part(low[k], 1 - high[k], "fill-grey");
      part(1 - high[k], 1, "fill-orange");
    });
  }

  say({ low, high, beyond }, { median, se, family }) {
    const k = NAMES.indexOf(family);
    const ends = `kappa is below 0.1 with probability ${chance(low[k], family)} and above 0.9 with ${chance(high[k], family)}`;
    if (family === "inverse-gamma") return `Inverse-gamma (0.001, 0.001), whose median the dial does not set: ${ends}. Of tau, ${chance(beyond, family)} lies beyond ${WIDEST} points.`;
    const half = median ** 2 / (median ** 2 + se ** 2);
    const special = family === "half-Cauchy" && median === se ? " With this scale kappa has exactly the Beta(1/2, 1/2) distribution." : "";
    return `With the ${family}, ${ends}; its median is ${decimals(half, 2, 1)}. Of tau, ${chance(beyond, family)} lies beyond ${WIDEST} points.${special}`;
  }

  table({ low, high }) {
    const rows = NAMES.map((name, k) => [name, ...[low[k], 1 - low[k] - high[k], high[k]].map((share) => chance(share, name, SIGNS))]);
    return { head: ["prior", "P(kappa < 0.1)", "between", "P(kappa > 0.9)"], rows };
  }
}

/** The error function for x >= 0: a series of positive terms, so that nothing cancels. */
function erf(x) {
  if (x > 6) return 1;
  let [term, total] = [x, x];
  for (let n = 1; term > total * 1e-17; n++) total += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** 1 - P(a, x), where P is the regularized incomplete gamma function, for a small x; `logGamma` is log Gamma(1 + a). */
function upperGamma(a, x, logGamma) {
  if (x === Infinity) return 0;
  let [term, total] = [1, 1];
  for (let n = 1; term > total * 1e-17; n++) total += term *= x / (a + n);
  return 1 - (x ? Math.exp(a * Math.log(x) - x - logGamma) * total : 0);
}

/** Only the uniform ends somewhere: what the others leave is never nothing, small as it may be. */
function chance(share, name, words) {
  const least = name === "uniform" ? 0 : Number.EPSILON;
  return finer(Math.max(least, Math.min(1 - least, share)), words);
}

define("hb-prior-of-kappa", PriorOfKappa);
