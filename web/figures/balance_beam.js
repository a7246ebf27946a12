// Page 2: the prior and the data as weights on a beam, which balances at the posterior mean.

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";
import { betaDensity } from "./models.js";
import { decimals } from "./numbers.js";

const CURVES = { top: 30, bottom: 140 };
const BEAM = 258;
const SIDE = 60; // of a block with all of the mass, in pixels; areas are in proportion to mass
const RATES = 600;
const percent = (rate) => `${decimals(100 * rate, 1, 100)}\u00a0%`;
const trials = (number) => number.toLocaleString("en", { maximumFractionDigits: 1 });

class BalanceBeam extends Figure {
  static title = "Above, the densities of prior, likelihood and posterior; below, a beam with a block for the prior and a block for the data";

  controls() {
    const { parameters, counts, rats } = this.data;
    const store = { alpha: 5, beta: 95, reach: "0.2" };
    return [
      { name: "alpha", label: "alpha, the prior’s successes", steps: parameters, value: 5, text: trials },
      { name: "beta", label: "beta, the prior’s failures", steps: parameters, value: 95, text: trials },
      { name: "y", label: "y, successes seen", steps: counts, value: 2, text: trials },
      { name: "n", label: "n, trials seen", steps: counts, value: 20, text: trials },
      { name: "reach", label: "Beam", options: [["0.2", "0 to 20 %"], ["1", "0 to 100 %"]] },
      { label: "Store A: 2 of 20", press: () => this.set({ ...store, y: 2, n: 20 }) },
      { label: "Store B: 200 of 2000", press: () => this.set({ ...store, y: 200, n: 2000 }) },
      { label: "The rats: 4 of 14", press: () => this.set({ ...rats, reach: "1" }) },
    ];
  }

  connectedCallback() {
    this.addEventListener("pointerdown", () => (this.grip = null), true); // before `drag` hears of it
    super.connectedCallback();
  }

  /** No more successes than trials: the dial that was not turned gives way. And nothing lies beyond the beam's end. */
  update() {
    const { alpha, beta, y, n, reach } = this.settings;
    if (y > n) this.inputs.set(n === this.trialsBefore ? { n: y } : { y: n });
    this.trialsBefore = this.settings.n;
    if (Math.max(alpha / (alpha + beta), y / n || 0) > Number(reach)) this.inputs.set({ reach: "1" });
    super.update();
  }

  compute({ alpha, beta, y, n, reach }) {
    const rates = Array.from({ length: RATES }, (_, i) => ((i + 0.5) / RATES) * Number(reach));
    const size = alpha + beta;
    return {
      rates,
      size,
      priorMean: alpha / size,
      mean: (alpha + y) / (size + n),
      kappa: n / (n + size),
      prior: rates.map(betaDensity(alpha, beta)),
      likelihood: rates.map(betaDensity(y + 1, n - y + 1)),
      posterior: rates.map(betaDensity(alpha + y, beta + n - y)),
    };
  }

  height() {
    return 344;
  }

  paint(drawing, values, { y, n, reach }) {
    const x = (this.x = scaleLinear([0, Number(reach)], [24, drawing.width - 24]));
    this.paintCurves(drawing, x, values);
    const { size, priorMean, mean, kappa } = values;
    drawing.segment(x(0), BEAM, x.range()[1], BEAM, { class: "axis", "stroke-width": 4 });
    this.block(drawing, "prior", x(priorMean), 1 - kappa, { class: "blue fill-blue dashed" });
    this.besides(drawing, x, priorMean, 164, `prior: ${trials(size)} at ${percent(priorMean)}`);
    if (n > 0) this.block(drawing, "data", x(y / n), kappa, { class: "orange fill-orange dotted" });
    if (n > 0) this.besides(drawing, x, y / n, 182, `data: ${trials(n)} at ${percent(y / n)}`);
    const tip = [x(mean), BEAM + 2];
    drawing.add("path", { d: `M${tip}l-9,16h18z`, class: "fill-green" });
    this.besides(drawing, x, mean, BEAM + 34, `balances at ${percent(mean)}`);
    drawing.axisX(x, BEAM + 44, { ticks: 5, format: (rate) => `${Math.round(100 * rate)} %`, label: "rate" });
  }

  paintCurves(drawing, x, { rates, prior, likelihood, posterior }) {
    const top = Math.max(...prior, ...likelihood, ...posterior);
    const height = scaleLinear([0, top], [CURVES.bottom, CURVES.top]);
    const places = rates.map(x);
    const looks = [
      ["prior", prior, { class: "blue dashed", "stroke-width": 2 }],
      ["likelihood", likelihood, { class: "orange dotted", "stroke-width": 2.5 }],
      ["posterior", posterior, { class: "green", "stroke-width": 2.5 }],
    ];
    drawing.segment(x(0), CURVES.bottom, x.range()[1], CURVES.bottom, { class: "grid" });
    for (const [, density, look] of looks) drawing.curve(places, density.map(height), look);
    drawing.key(10, looks.map(([name, , look]) => [name, look]));
  }

  /** A mass on the beam, as a square that can be dragged along it. */
  block(drawing, name, middle, share, look) {
    const side = SIDE * Math.sqrt(share);
    const square = (width) => ({ x: middle - width / 2, y: BEAM - 2 - width, width, height: width });
    drawing.add("rect", { ...square(side), ...look, "stroke-width": 2, "fill-opacity": 0.35 });
    drawing.add("rect", { ...square(Math.max(side, 32)), fill: "transparent", "data-drag": name });
  }

  /** A text at a rate, which does not leave the drawing. */
  besides(drawing, x, rate, y, text) {
    const [left, right] = x.range();
    const share = (x(rate) - left) / (right - left);
    const anchor = share < 0.3 ? "start" : share > 0.7 ? "end" : "middle";
    const side = { start: -12, middle: 0, end: 12 }[anchor];
    drawing.text(x(rate) + side, y, text, { "text-anchor": anchor });
  }

  /** Along the beam a block's rate changes, and up and down its mass: 20 pixels double it, after the first ten. */
  drag(name, x, y) {
    const { alpha, beta, n } = this.settings;
    this.grip ??= { y, mass: name === "data" ? n : alpha + beta };
    const up = this.grip.y - y;
    const mass = this.grip.mass * 2 ** ((Math.sign(up) * Math.max(0, Math.abs(up) - 10)) / 20);
    const [from, to] = this.x.domain();
    const rate = Math.min(to, Math.max(from, this.x.invert(x)));
    this.inputs.set(name === "data" ? { n: mass } : { alpha: rate * mass });
    this.set(name === "data" ? { y: rate * this.settings.n } : { beta: mass - this.settings.alpha });
  }

  say({ size, priorMean, mean, kappa }, { y, n }) {
    if (n === 0) return `Without data the beam balances at the prior’s mean, ${percent(priorMean)}.`;
    return (
      `The prior weighs ${trials(size)} and lies at ${percent(priorMean)}, the data weigh ${trials(n)} and lie at ${percent(y / n)}: ` +
      `the beam balances at ${percent(mean)}. The data’s share of the mass is kappa = ${decimals(kappa, 2, 1)}.`
    );
  }

  table({ size, priorMean, mean, kappa }, { alpha, beta, y, n }) {
    return {
      head: ["", "successes", "failures", "mass", "share", "mean"],
      rows: [
        ["prior", trials(alpha), trials(beta), trials(size), decimals(1 - kappa, 2, 1), percent(priorMean)],
        ["data", trials(y), trials(n - y), trials(n), decimals(kappa, 2, 1), n > 0 ? percent(y / n) : "none"],
        ["posterior", trials(alpha + y), trials(beta + n - y), trials(size + n), "1", percent(mean)],
      ],
    };
  }
}

define("hb-balance-beam", BalanceBeam);
