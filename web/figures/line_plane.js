// Page 9a: each line is a point; the population's ellipse decides how it is pulled.

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";
import { signed } from "./numbers.js";

const RADII = [["50 %", Math.sqrt(-2 * Math.log(0.5)), "grey"], ["90 %", Math.sqrt(-2 * Math.log(0.1)), "grey dashed"]];

class LinePlane extends Figure {
  static title = "Intercepts and slopes of eighteen people, pulled towards an ellipse; beside it the density of the correlation rho";

  controls() {
    const { fitted, ids, etas } = this.data;
    const steps = (from, to, step, also) => [...new Set([...range(from, to, step), also])].sort((a, b) => a - b);
    return [
      { name: "tau_alpha", label: "tau of the intercepts", steps: steps(0, 60, 1, fitted.tau_alpha), value: fitted.tau_alpha, text: (tau) => `${tau.toFixed(1)} ms` },
      { name: "tau_beta", label: "tau of the slopes", steps: steps(0, 14, 0.25, fitted.tau_beta), value: fitted.tau_beta, text: (tau) => `${tau.toFixed(2)} ms a night` },
      { name: "rho", label: "rho, their correlation", steps: steps(-1, 1, 0.05, fitted.rho), value: fitted.rho, text: (rho) => signed(rho, 2) },
      { name: "eta", label: "eta of the LKJ prior on rho", steps: etas, value: 2, text: String },
      { name: "person", label: "Person", options: ids.map((id) => [id, id]), value: "335" },
      { label: "As fitted", press: () => this.set(fitted) },
      { label: "rho = 0", press: () => this.set({ rho: 0 }) },
      { label: "Intercepts only", press: () => this.set({ tau_beta: 0 }) },
    ];
  }

  /** W = Sigma (Sigma + V)^-1, and mu + W (b - mu) for each line. */
  compute({ tau_alpha, tau_beta, rho, eta }) {
    const { b, V, mu, etas, tops } = this.data;
    const Sigma = covariance(tau_alpha, tau_beta, rho);
    const W = product(Sigma, inverse(Sigma.map((row, i) => row.map((entry, k) => entry + V[i][k]))));
    const pooled = b.map((line) => mu.map((mean, i) => mean + W[i][0] * (line[0] - mu[0]) + W[i][1] * (line[1] - mu[1])));
    const away = b.filter((line, j) => mu.some((mean, i) => Math.abs(pooled[j][i] - mean) > Math.abs(line[i] - mean) + 1e-9)).length;
    return { W, pooled, away, density: tops[etas.indexOf(eta)] * (1 - rho ** 2) ** (eta - 1) };
  }

  height(width) {
    return width < 560 ? 520 : 400;
  }

  paint(drawing, values, settings) {
    const { width } = drawing;
    const narrow = width < 560;
    this.paintPlane(drawing, values, settings, { left: 34, right: narrow ? width - 6 : width - 210, top: 26, bottom: narrow ? 310 : 354 });
    const left = narrow ? 34 : width - 160;
    this.paintPrior(drawing, values, settings, narrow ? { left, right: 34 + 0.42 * width, top: 390, bottom: 474 } : { left, right: width - 10, top: 26, bottom: 146 });
    this.writeWeights(drawing, values, narrow ? { left: 34 + 0.42 * width + 22, top: 390 } : { left: width - 184, top: 234 });
  }

  paintPlane(drawing, { pooled }, { tau_alpha, tau_beta, rho, person }, { left, right, top, bottom }) {
    const { b, V, mu, ids } = this.data;
    const x = scaleLinear([150, 370], [left, right]);
    const y = scaleLinear([-14, 36], [bottom, top]);
    const frame = drawing.add("clipPath", { id: "frame" });
    frame.append(drawing.add("rect", { x: left, y: top, width: right - left, height: bottom - top }));
    const oval = (centre, S, radius, look) => {
      const points = ellipse(centre, S, radius);
      drawing.curve(points.map(([intercept]) => x(intercept)), points.map(([, slope]) => y(slope)), { class: look, "stroke-width": 1.5, "clip-path": "url(#frame)" });
    };
    drawing.segment(x(mu[0]), bottom, x(mu[0]), top, { class: "grid" });
    drawing.segment(left, y(mu[1]), right, y(mu[1]), { class: "grid" });
    for (const [, radius, look] of RADII) oval(mu, covariance(tau_alpha, tau_beta, rho), radius, look);
    const chosen = ids.indexOf(person);
    oval(b[chosen], V, RADII[1][1], "orange dotted");
    ids.forEach((id, j) => {
      const colour = j === chosen ? "orange" : "blue";
      const [from, to] = [b[j], pooled[j]].map(([intercept, slope]) => [x(intercept), y(slope)]);
      drawing.segment(...from, ...to, { class: colour, "stroke-width": j === chosen ? 2.5 : 1.2 });
      drawing.dot(...from, 4, { class: `open ${colour}`, "stroke-width": 1.5 });
      drawing.dot(...to, j === chosen ? 5 : 3.5, { class: `fill-${colour}` });
    });
    const [labelX, labelY] = [x(b[chosen][0]), y(b[chosen][1])];
    const onTheLeft = labelX > (left + right) / 2;
    drawing.text(labelX + (onTheLeft ? -9 : 9), labelY + 4, person, { class: "halo", "font-weight": "bold", "text-anchor": onTheLeft ? "end" : "start" });
    drawing.axisX(x, bottom, { ticks: [200, 250, 300, 350], label: "intercept: when rested (ms)" });
    drawing.axisY(y, left, { ticks: [-10, 0, 10, 20, 30], format: minus, label: "slope (ms per short night)" });
  }

  paintPrior(drawing, { density }, { rho, eta }, { left, right, top, bottom }) {
    const { etas, tops } = this.data;
    const x = scaleLinear([-1, 1], [left, right]);
    const y = scaleLinear([0, Math.max(...tops)], [bottom, top]);
    const line = range(-1, 1, 0.02);
    const ys = line.map((each) => y(tops[etas.indexOf(eta)] * (1 - each ** 2) ** (eta - 1)));
    drawing.hill(line.map(x), ys, bottom, { class: "fill-green pale" });
    drawing.curve(line.map(x), ys, { class: "green", "stroke-width": 2 });
    drawing.segment(x(rho), bottom, x(rho), y(density), { class: "orange", "stroke-width": 2 });
    drawing.dot(x(rho), y(density), 5, { class: "fill-orange" });
    drawing.axisX(x, bottom, { ticks: [-1, 0, 1], format: minus, label: "rho" });
    drawing.axisY(y, left, { ticks: [0, 0.5, 1, 1.5], format: String });
    drawing.text(left, top - 10, `LKJ(${eta}): ${density.toFixed(2)}`);
  }

  writeWeights(drawing, { W }, { left, top }) {
    const cell = Math.min(62, (drawing.width - left) / 2 - 4);
    drawing.text(left, top - 10, "the weights, W");
    W.flat().forEach((weight, k) => {
      drawing.text(left + cell * (1 + (k % 2)) - 6, top + 16 + 24 * Math.floor(k / 2), signed(weight, 2), { "text-anchor": "end" });
    });
    const [low, high] = [top - 2, top + 46];
    for (const [side, inwards] of [[left, 5], [left + 2 * cell + 2, -5]]) {
      drawing.curve([side + inwards, side, side, side + inwards], [low, low, high, high], { class: "axis" });
    }
  }

  say({ pooled, away }, { person }) {
    const { ids, b, mu } = this.data;
    const j = ids.indexOf(person);
    const [own, partial] = [b[j], pooled[j]];
    const [before, after] = [own[0] - mu[0], partial[0] - mu[0]];
    const nearer = Math.abs(before) - Math.abs(after);
    const past = before * after < 0 && Math.abs(after) >= 0.5;
    const start = past ? "moves past" : Math.abs(nearer) < 0.5 ? "keeps its distance from" : nearer < 0 ? "moves away from" : "moves towards";
    return (
      `${person}’s own line starts at ${own[0].toFixed(0)} ms and ${slopeText(own[1])}; pooled, it starts at ${partial[0].toFixed(0)} and ${slopeText(partial[1], "")}: ` +
      `the start ${start} the average of ${mu[0].toFixed(0)}. ` +
      `${away || "None"} of the 18 ${away === 1 ? "has" : "have"} a coordinate that moves away.`
    );
  }

  table({ pooled }) {
    const head = ["person", "own intercept (ms)", "own slope (ms a night)", "pooled intercept", "pooled slope"];
    return { head, rows: this.data.ids.map((id, j) => [id, ...[...this.data.b[j], ...pooled[j]].map((value) => signed(value, 1))]) };
  }
}

const covariance = (first, second, rho) => [[first ** 2, rho * first * second], [rho * first * second, second ** 2]];

const product = (A, B) => A.map((row) => [0, 1].map((k) => row[0] * B[0][k] + row[1] * B[1][k]));

function inverse([[a, b], [c, d]]) {
  const det = a * d - b * c;
  return [[d / det, -b / det], [-c / det, a / det]];
}

/** The points mu + radius L (cos, sin), where L is the triangular root of S. */
function ellipse([first, second], [[a, b], [, d]], radius) {
  const root = Math.sqrt(a);
  const below = root ? b / root : 0;
  const rest = Math.sqrt(Math.max(0, d - below ** 2));
  return range(0, 2 * Math.PI, Math.PI / 60).map((turn) => {
    const [cos, sin] = [radius * Math.cos(turn), radius * Math.sin(turn)];
    return [first + root * cos, second + below * cos + rest * sin];
  });
}

function range(from, to, step) {
  const many = Math.round((to - from) / step);
  return Array.from({ length: many + 1 }, (_, i) => Number((from + i * step).toFixed(10)));
}

const minus = (value) => String(value).replace("-", "−");

function slopeText(slope, unit = " ms a night") {
  if (Math.abs(slope) < 0.05) return "stays level";
  return `${slope > 0 ? "rises" : "falls"} by ${Math.abs(slope).toFixed(1)}${unit}`;
}

define("hb-line-plane", LinePlane);
