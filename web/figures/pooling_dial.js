// Page 1: twelve hospitals, and one dial from no pooling to complete pooling.

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";
import { SIGNS, percent, rounded } from "./numbers.js";

const ROW = 22;
const HILL = 40; // the height of the hill on top, and where the rows of the hospitals begin
const ROWS = 132;

class PoolingDial extends Figure {
  static title = "Estimated death rates of twelve hospitals, as the size of the prior changes";

  controls() {
    const { sizes, fitted } = this.data;
    return [
      {
        name: "size",
        label: "Pool by how much? Size of the prior, in operations",
        steps: [0, ...sizes, Infinity],
        value: fitted,
        text: sizeText,
      },
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
    return ROWS + ROW * this.data.y.length + 46;
  }

  paint(drawing, values, settings) {
    this.paintHill(drawing, settings);
    this.paintHospitals(drawing, values);
  }

  /** Along the top, how well each stop of the dial fits: where it stands now, and that it can be dragged. */
  paintHill(drawing, { size }) {
    const { sizes, relative } = this.data;
    const x = this.stops(drawing.width);
    const stops = [0, ...sizes, Infinity];
    const base = 18 + HILL;
    const fit = scaleLinear([0, 1], [base, 18]);
    drawing.text(4, 10, "how well each size fits the records");
    drawing.hill(
      sizes.map((_, i) => x(i + 1)),
      relative.map(fit),
      base,
      { class: "fill-orange pale" },
    );
    const ticks = [0, 1, 10, 100, 1000, Infinity].map((size) =>
      stops.findIndex((stop) => stop > 0.999 * size || stop === size),
    );
    drawing.axisX(x, base, {
      ticks,
      format: (i) => (i === stops.length - 1 ? "∞" : Math.round(stops[i]).toLocaleString("en")),
    });
    const here = x(stops.indexOf(size));
    drawing.segment(here, 18, here, base, { class: "ink", "stroke-width": 2 });
    drawing.dot(here, base, 6, { class: "fill-ink" });
    drawing.add("rect", {
      x: 0,
      y: 14,
      width: drawing.width,
      height: HILL + 14,
      fill: "transparent",
      "data-drag": "size",
    });
  }

  /** From the place of a stop to the drawing's x; no pooling and complete pooling stand apart at the ends. */
  stops(width) {
    const last = this.data.sizes.length;
    return scaleLinear([0, 1, last, last + 1], [12, 40, width - 52, width - 12]);
  }

  paintHospitals(drawing, { mu, raw, estimate, kappa }) {
    const { hospital, y, n } = this.data;
    const wide = drawing.width > 520;
    const x = scaleLinear([0, 0.15], [wide ? 110 : 84, drawing.width - (wide ? 70 : 14)]);
    const top = ROWS - 34;
    const bottom = ROWS + ROW * n.length;
    drawing.axisX(x, bottom, {
      ticks: wide ? 6 : 4,
      format: (rate) => `${Math.round(100 * rate)} %`,
      label: "death rate",
    });
    drawing.dot(10, top, 5, { class: "open grey", "stroke-width": 1.5 });
    drawing.text(20, top, "raw rate", { class: "middle" });
    drawing.dot(94, top, 5, { class: "fill-blue" });
    drawing.text(104, top, "estimate", { class: "middle" });
    const shown = mu !== null && mu < 0.15; // else the line is beyond the axis
    if (shown) drawing.segment(172, top - 8, 172, top + 8, { class: "orange dashed", "stroke-width": 2 });
    drawing.text(180, top, `${wide ? "prior mean" : "mean"}${mu === null ? "" : ` ${percent(mu, 1)}`}`, {
      class: "middle",
    });
    if (wide) drawing.text(drawing.width, top, "weight of own record", { class: "middle end" });
    if (shown)
      drawing.segment(x(mu), ROWS - 8, x(mu), bottom, { class: "orange dashed", "stroke-width": 2 });
    this.order.forEach((j, place) => {
      const row = ROWS + 6 + ROW * place;
      const r = 2 + Math.sqrt(n[j]) / 4;
      drawing.text(4, row, `${hospital[j]}: ${y[j]} of ${n[j]}`, { class: "middle" });
      drawing.segment(x(raw[j]), row, x(estimate[j]), row, { class: "blue", "stroke-width": 1.5 });
      drawing.dot(x(raw[j]), row, r, { class: "open grey", "stroke-width": 1.5 });
      drawing.dot(x(estimate[j]), row, r, { class: "fill-blue" });
      if (wide) drawing.text(drawing.width, row, percent(kappa[j], 0, SIGNS), { class: "middle end" });
    });
  }

  /** The hospitals with the shortest record first. */
  get order() {
    const { n } = this.data;
    return n.map((_, j) => j).sort((i, j) => n[i] - n[j]);
  }

  drag(_, x) {
    const stops = [0, ...this.data.sizes, Infinity];
    const at = Math.round(this.stops(this.width).invert(x));
    this.set({ size: stops[Math.max(0, Math.min(stops.length - 1, at))] });
  }

  say({ mu, kappa, estimate, relative }, { size }) {
    if (size === 0)
      return (
        "No pooling: each hospital speaks for itself. " +
        "A lost none of 47, and so its estimate is 0, as if no baby would ever die there."
      );
    if (size === Infinity)
      return (
        `Complete pooling: every hospital gets the rate of all together, ${percent(mu, 1)}. ` +
        "H, where 31 of 215 died, counts as no worse than D, where 46 of 810 did."
      );
    const share = (j) => `${percent(kappa[j])} in its estimate of ${percent(estimate[j], 1)}`;
    return (
      `A’s own record counts ${share(0)}, E’s ${share(4)}, and D’s ${share(3)}. ` +
      (relative > 0.999
        ? "This size makes the twelve records most probable."
        : `The twelve records are ${rounded(relative, 2, { all: 1 })} times as probable as at the best size.`)
    );
  }

  table({ kappa, raw, estimate }) {
    const { hospital, y, n } = this.data;
    const rows = this.order.map((j) => [
      hospital[j],
      y[j],
      n[j],
      percent(raw[j], 1),
      percent(kappa[j], 0, SIGNS),
      percent(estimate[j], 1, SIGNS),
    ]);
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
