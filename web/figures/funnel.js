// Page 8: one posterior in all coordinates between the centred and the non-centred ones, and the law for their speed.

import { scaleLinear, scaleLog } from "d3-scale";
import { Figure, define } from "./base.js";
import { rounded } from "./numbers.js";

class Funnel extends Figure {
  static title = "Draws of a group and of tau in the sampler’s coordinates, mu against the groups, and the autocorrelation r";

  controls() {
    const { lambdas } = this.data;
    return [
      { name: "lambda", label: "lambda: how strong the data are", steps: lambdas, value: 0.1, text: lambdaText },
      { name: "w", label: "w: from centred (0) to non-centred (1)", min: 0, max: 1, step: 0.01, value: 0, text: formText },
      { label: "Centred", press: () => this.set({ w: 0 }) },
      { label: "w = 1 − kappa", press: () => this.set({ w: Math.round(100 / (1 + this.settings.lambda)) / 100 }) },
      { label: "Non-centred", press: () => this.set({ w: 1 }) },
    ];
  }

  compute({ lambda, w }) {
    const at = this.data.lambdas.indexOf(lambda);
    const kappa = lambda / (1 + lambda);
    const draws = this.data.tau[at].map((tau, i) => {
      const { mean, kept, ofMu, ofTheta } = this.distance(tau, at, w);
      return mean - kept * ofMu * this.data.of_mu[i] + ofTheta * this.data.of_theta[i];
    });
    const [low, high] = this.data.ends[at].map((tau) => this.distance(tau, at, w).sd);
    const widths = between(...this.data.ends[at]).map((tau) => this.distance(tau, at, w).sd);
    const r = rate(w, kappa);
    const forms = [["centred", 0], ["between", 1 - kappa], ["non-centred", 1]].map(([name, itsW]) => {
      const ends = this.data.ends[at].map((tau) => this.distance(tau, at, itsW).sd);
      return { name, w: itsW, r: rate(itsW, kappa), ratio: ends[1] / ends[0], ess: yielded(this.data.yields[name][at], this.data.bad[name][at]) };
    });
    return { at, kappa, r, correlation: Math.sign(1 - kappa - w) * Math.sqrt(r), tau: this.data.tau[at], draws, ratio: high / low, fold: Math.max(...widths) / Math.min(...widths), forms };
  }

  /** theta~ - (1 - w) mu = tau^-w (theta - mu) given tau: its mean, its standard deviation, and what that is made of. */
  distance(tau, at, w) {
    const se2 = 1 / this.data.lambdas[at];
    const kappa = tau ** 2 / (tau ** 2 + se2);
    const stretch = tau ** -w;
    const ofMu = 1 / Math.sqrt(this.data.J / (se2 + tau ** 2) + this.data.sd_mu ** -2);
    const kept = stretch * kappa;
    const ofTheta = stretch * Math.sqrt(kappa * se2);
    return { mean: kept * this.data.ybar[at], sd: Math.hypot(kept * ofMu, ofTheta), kept, ofMu, ofTheta };
  }

  height(width) {
    return width < 560 ? 470 : 290;
  }

  paint(drawing, values, settings) {
    const { width } = drawing;
    if (width < 560) {
      this.paintFunnel(drawing, values, settings, { left: 40, right: width - 8, top: 24, bottom: 205 });
      this.paintPair(drawing, values, { left: 12, right: width / 2 - 22, top: 285, bottom: 430 });
      this.paintLaw(drawing, values, settings, { left: width / 2 + 22, right: width - 12, top: 285, bottom: 430 });
    } else {
      const third = width / 3;
      this.paintFunnel(drawing, values, settings, { left: 40, right: third + 20, top: 26, bottom: 248 });
      this.paintPair(drawing, values, { left: third + 56, right: 2 * third + 4, top: 26, bottom: 248 });
      this.paintLaw(drawing, values, settings, { left: 2 * third + 48, right: width - 14, top: 26, bottom: 248 });
    }
  }

  paintFunnel(drawing, { at, tau, draws }, { w }, { left, right, top, bottom }) {
    const x = scaleLinear([-4, 4], [left, right]);
    const y = scaleLog([0.003, 5], [bottom, top]);
    const [from, to] = [Math.max(0.003, Math.min(...tau)), Math.min(5, Math.max(...tau))];
    const rows = between(from, to);
    for (const side of [-2, 2]) {
      const edge = rows.map((row) => [row, this.distance(row, at, w)]).map(([row, { mean, sd }]) => [mean + side * sd, row]);
      const inside = edge.filter(([value]) => Math.abs(value) <= 4);
      drawing.curve(inside.map(([value]) => x(value)), inside.map(([, row]) => y(row)), { class: "orange dashed", "stroke-width": 1.5 });
    }
    const inside = draws.map((value, i) => [value, tau[i]]).filter(([value, row]) => Math.abs(value) <= 4 && row >= 0.003 && row <= 5);
    cloud(drawing, inside, x, y);
    drawing.axisX(x, bottom, { ticks: [-4, -2, 0, 2, 4], format: minus, label: "theta~ − (1 − w) mu" });
    drawing.axisY(y, left, { ticks: [0.01, 0.1, 1], format: String, label: "tau" });
  }

  /** mu against the average of the groups' coordinates, tau known: each in units of its standard deviation. */
  paintPair(drawing, { correlation, r }, { left, right, top, bottom }) {
    const x = scaleLinear([-3.2, 3.2], [left, right]);
    const y = scaleLinear([-3.2, 3.2], [bottom, top]);
    drawing.segment(left, y(0), right, y(0), { class: "grid" });
    drawing.segment(x(0), bottom, x(0), top, { class: "grid" });
    const pairs = this.data.of_mu.map((z, i) => [z, correlation * z + Math.sqrt(1 - r) * this.data.of_theta[i]]);
    cloud(drawing, pairs.filter((pair) => pair.every((value) => Math.abs(value) < 3.2)), x, y);
    drawing.axisX(x, bottom, { ticks: [-2, 0, 2], format: minus, label: "mu" });
    drawing.text(left, top - 10, "average theta~");
  }

  paintLaw(drawing, { kappa, r }, { w }, { left, right, top, bottom }) {
    const x = scaleLinear([0, 1], [left, right]);
    const y = scaleLinear([0, 1], [bottom, top]);
    const ws = [...Array.from({ length: 101 }, (_, i) => i / 100), 1 - kappa].sort((a, b) => a - b);
    drawing.axisX(x, bottom, { ticks: [0, 0.5, 1], format: String, label: "w" });
    drawing.axisY(y, left, { ticks: [0.5, 1], format: String });
    drawing.text(left - 18, top - 10, "autocorrelation r");
    drawing.curve(ws.map(x), ws.map((each) => y(rate(each, kappa))), { class: "blue", "stroke-width": 2 });
    drawing.segment(x(w), bottom, x(w), y(r), { class: "orange dashed", "stroke-width": 1.5 });
    drawing.dot(x(w), y(r), 6, { class: "fill-orange" });
  }

  say({ kappa, r, fold, forms }, { w }) {
    const [centred, , non] = forms;
    const worth = (1 + r) / (1 - r);
    const marks = [centred, non].some(({ ess }) => ess.endsWith("*")) ? ", where * marks a bad fit" : "";
    return (
      `Here kappa is ${share(kappa)}. ${formOf(w)} the width of the cloud ${fold < 1.5 ? "hardly changes" : `changes ${digits(fold)}-fold`} over tau’s 95 % interval. ` +
      `With tau known r is ${r < 0.005 ? rounded(r, 2) : share(r)}: ${worth < 1.05 ? "the draws of mu are as good as independent" : `${digits(worth)} draws of mu are worth one`}. ` +
      `For 1000 gradients NUTS got about ${centred.ess} effective draws of mu or tau, whichever has fewer, in the centred form, and about ${non.ess} in the non-centred${marks}.`
    );
  }

  table({ r, ratio, forms }, { w }) {
    const row = (name, each, ess) => [name, each.w.toFixed(3), each.r.toFixed(3), digits((1 + each.r) / (1 - each.r)), digits(each.ratio), ess];
    const head = ["form", "w", "r", "draws worth one independent", "width at the top of tau / at its bottom", "NUTS: ESS per 1000 gradients (*: a bad fit)"];
    return { head, rows: [row("here", { w, r, ratio }, "–"), ...forms.map((each) => row(each.name, each, each.ess))] };
  }
}

/** Many dots as one path, which is quick. */
function cloud(drawing, points, x, y) {
  drawing.add("path", { class: "dots blue", d: points.map(([across, up]) => `M${x(across)},${y(up)}h0`).join("") });
}

/** The law of the page; kappa is neither 0 nor 1 here. */
function rate(w, kappa) {
  const squared = (w - (1 - kappa)) ** 2;
  return squared / (squared + kappa * (1 - kappa));
}

/** Sixty values from one to another, in equal ratios. */
const between = (from, to) => Array.from({ length: 60 }, (_, i) => from * (to / from) ** (i / 59));

/** Two digits, since twenty runs tell no more; and a star, where most of them failed a check. */
const yielded = (ess, bad) => `${digits(Number(ess.toPrecision(2)))}${bad ? "*" : ""}`;

const minus = (value) => String(value).replace("-", "−");
const digits = (value) => (value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
const share = (value) => value.toFixed(value > 0.99 ? 4 : 2);
const lambdaText = (lambda) => `${lambda} = tau²/se²`;
const formText = (w) => `${w.toFixed(2)}${w === 0 ? ": centred" : w === 1 ? ": non-centred" : ""}`;

function formOf(w) {
  if (w === 0) return "In the centred form";
  return w === 1 ? "In the non-centred form" : `At w = ${w.toFixed(2)}`;
}

define("hb-funnel", Funnel);
