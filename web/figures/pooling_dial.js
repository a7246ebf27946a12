// Page 1: twelve hospitals, and one dial from no pooling to complete pooling.

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";

const percent = (rate) => `${(100 * rate).toFixed(1)} %`;
const whole = (share) => `${Math.round(100 * share)} %`;

class PoolingDial extends Figure {
  static title = "Estimated death rates of twelve hospitals, as the size of the prior changes";

  controls() {
    const { sizes, fitted } = this.data;
    return [
      { name: "size", label: "Size of the prior, in operations", steps: [0, ...sizes, Infinity], value: fitted, text: sizeText },
      { label: "No pooling", press: () => this.set({ size: 0 }) },
      { label: "Fitted to the twelve", press: () => this.set({ size: fitted }) },
      { label: "Complete pooling", press: () => this.set({ size: Infinity }) },
    ];
  }

  /** The weight of each hospital's own data, and its estimate: kappa y/n + (1 - kappa) mu. */
  compute({ size }) {
    const { y, n, sizes, means, relative } = this.data;
    const at = sizes.indexOf(size);
    const mu = at >= 0 ? means[at] : size === 0 ? null : sum(y) / sum(n);
    const kappa = n.map((count) => (size === Infinity ? 0 : count / (count + size)));
    const raw = y.map((deaths, j) => deaths / n[j]);
    const estimate = raw.map((rate, j) => (size === 0 ? rate : kappa[j] * rate + (1 - kappa[j]) * mu));
    return { mu, kappa, raw, estimate, relative: at >= 0 ? relative[at] : null };
  }

  height() {
    return 22 * this.data.y.length + 66;
  }

  paint(drawing, { mu, raw, estimate }) {
    const { hospital, y, n } = this.data;
    const narrow = drawing.width < 480;
    const x = scaleLinear([0, 0.15], [narrow ? 84 : 110, drawing.width - 14]);
    const bottom = this.height() - 46;
    drawing.axisX(x, bottom, { ticks: narrow ? 4 : 6, format: (rate) => `${Math.round(100 * rate)} %`, label: "death rate" });
    if (mu !== null) drawing.segment(x(mu), 4, x(mu), bottom, { class: "orange dashed", "stroke-width": 1.5 });
    n.forEach((count, j) => {
      const row = 14 + 22 * j;
      const thick = 2 + Math.sqrt(count) / 4;
      drawing.text(4, row, `${hospital[j]}: ${y[j]} of ${count}`, { "dominant-baseline": "central" });
      drawing.segment(x(raw[j]), row, x(estimate[j]), row, { class: "blue", "stroke-width": 1.5 });
      drawing.dot(x(raw[j]), row, thick, { class: "open grey", "stroke-width": 1.5 });
      drawing.dot(x(estimate[j]), row, thick, { class: "fill-blue" });
    });
  }

  say({ mu, kappa, estimate, relative }, { size }) {
    if (size === 0) return "No pooling: each hospital speaks for itself, and A, which lost none of 47, will never lose a baby.";
    if (size === Infinity) return `Complete pooling: every hospital gets the rate of all together, ${percent(mu)}.`;
    const times = relative < 0.01 ? "less than 0.01" : relative.toFixed(2);
    return (
      `A, with 47 operations, keeps ${whole(kappa[0])} of its own and is put at ${percent(estimate[0])}; ` +
      `D, with 810, keeps ${whole(kappa[3])}; E is put at ${percent(estimate[4])}. ` +
      (relative > 0.999 ? "This size makes the twelve records most probable." : `The twelve records are ${times} times as probable as at the best size.`)
    );
  }

  table({ kappa, raw, estimate }) {
    const { hospital, y, n } = this.data;
    const rows = hospital.map((name, j) => [name, y[j], n[j], percent(raw[j]), kappa[j].toFixed(2), percent(estimate[j])]);
    return { head: ["hospital", "deaths", "operations", "raw rate", "own weight", "estimate"], rows };
  }
}

const sum = (list) => list.reduce((total, each) => total + each, 0);

function sizeText(size) {
  if (size === 0) return "0: no pooling";
  if (size === Infinity) return "∞: complete pooling";
  return size < 10 ? size.toFixed(1) : Math.round(size).toLocaleString("en");
}

define("hb-pooling-dial", PoolingDial);
