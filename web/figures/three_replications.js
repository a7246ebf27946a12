// Page 10: how many deaths the model replicates for a hospital that it has seen, for a new one, and for one left out.

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";
import { SIGNS, finer, rounded } from "./numbers.js";

const kinds = [
  { name: "same", title: "same group", look: "blue" },
  { name: "fresh", title: "new group", look: "orange" },
  { name: "out", title: "left out", look: "green" },
];
const FIRST = 98; // the base of the first hill, and how far the three are apart
const STEP = 80;
const HIGH = 54;

class ThreeReplications extends Figure {
  static title = "Deaths in replications of one hospital: the same group, a new group, and a group left out";

  controls() {
    const { hospital, y, n } = this.data;
    const names = hospital.map((name, j) => [name, `${name}: ${y[j]} of ${n[j]}`]);
    return [
      { name: "hospital", label: "Hospital", options: names, value: "H" },
      {
        name: "extra",
        label: "Deaths more or fewer than recorded",
        min: -30,
        max: 40,
        step: 1,
        value: 0,
        text: extraText,
      },
      { label: "H as recorded", press: () => this.set({ hospital: "H", extra: 0 }) },
      { label: "H with 25 more", press: () => this.set({ hospital: "H", extra: 25 }) },
      { label: "A as recorded", press: () => this.set({ hospital: "A", extra: 0 }) },
    ];
  }

  /** No fewer deaths than none, and not more than the drawing has room for: the dial goes no further. */
  update() {
    const { hospital, extra } = this.settings;
    const j = this.data.hospital.indexOf(hospital);
    const [recorded, n] = [this.data.y[j], this.data.n[j]];
    this.inputs.set({ extra: Math.max(0, Math.min(Math.round(0.3 * n), recorded + extra)) - recorded });
    super.update();
  }

  /** The probabilities of 0, 1, ... deaths in the three kinds of replication, and the mid-p of the deaths observed. */
  compute({ hospital, extra }) {
    const { alpha, beta, weight } = this.data;
    const j = this.data.hospital.indexOf(hospital);
    const n = this.data.n[j];
    const recorded = this.data.y[j];
    const y = recorded + extra;
    const most = Math.round(0.36 * n);
    const given = this.given(j, most);
    const without = normed(weight.map((w, i) => w / given[i][recorded]));
    const all = normed(without.map((w, i) => w * given[i][y]));
    const again = alpha.map((a, i) => betaBinomial(most, n, a + y, beta[i] + n - y));
    const same = mixture(all, again);
    const fresh = mixture(all, given);
    const out = mixture(without, given);
    return { j, y, n, same, fresh, out, p: [same, fresh, out].map((each) => midP(each, y)) };
  }

  /** The probabilities in a hospital of that size, at each point of the grid: kept while only its deaths change. */
  given(j, most) {
    const { alpha, beta, n } = this.data;
    if (this.kept?.j !== j) this.kept = { j, parts: alpha.map((a, i) => betaBinomial(most, n[j], a, beta[i])) };
    return this.kept.parts;
  }

  height() {
    return FIRST + 2 * STEP + 46;
  }

  scale(width) {
    const { n } = this.values;
    return scaleLinear([-0.5, 0.36 * n], [10, width - 10]);
  }

  paint(drawing, values) {
    const { y, n, p } = values;
    const { width } = drawing;
    const x = this.scale(width);
    const top = Math.max(...kinds.flatMap(({ name }) => values[name]));
    const base = (i) => FIRST + STEP * i;
    kinds.forEach(({ name, title, look }, i) => {
      const high = scaleLinear([0, top], [base(i), base(i) - HIGH]);
      drawing.add("path", { d: bars(values[name], 0, x, high), class: `fill-${look} pale` });
      drawing.add("path", { d: bars(values[name], y, x, high), class: `fill-${look}` });
      drawing.segment(10, base(i), width - 10, base(i), { class: "axis" });
    });
    drawing.axisX(x, base(2), { ticks: 6, label: `deaths among ${n} operations` });
    drawing.segment(x(y), 20, x(y), base(2), { class: "ink", "stroke-width": 2 });
    kinds.forEach(({ title }, i) => {
      const row = base(i) - HIGH - 8; // above the hill, and wholly before the upright line
      const mid = `mid-p ${rounded(p[i], 3, { all: 1, words: SIGNS })}`;
      drawing.text(10, row, title, { class: "strong halo", style: "stroke-width: 9px" });
      drawing.text(106, row, mid, { class: "halo", style: "stroke-width: 9px" });
    });
    const side = x(y) > width / 2;
    drawing.text(x(y) + (side ? -14 : 14), 12, `observed: ${y}`, { class: `middle ${side ? "end" : ""}` });
    drawing.dot(x(y), 12, 8, { class: "fill-ink" });
    drawing.add("rect", { x: x(y) - 20, y: 0, width: 40, height: base(2), fill: "transparent", "data-drag": "extra" });
  }

  drag(_, x) {
    const { j } = this.values;
    this.set({ extra: Math.round(this.scale(this.width).invert(x)) - this.data.y[j] });
  }

  say({ j, y, n, p }) {
    const name = this.data.hospital[j];
    const group =
      y === this.data.y[j]
        ? `${name} lost ${y} of ${n}. The same group`
        : `If ${name} had lost ${y} of ${n}, the same group`;
    const [same, fresh, out] = p.map((each) => finer(each));
    return (
      `${group} would lose more in ${same} of the replications, a new group in ${fresh}, ` +
      `and a hospital like the other eleven in ${out} (as many deaths count half).`
    );
  }

  table(values) {
    const rows = kinds.map(({ name, title }, i) => [
      title,
      ...[0.025, 0.5, 0.975].map((q) => quantile(values[name], q)),
      rounded(values.p[i], 3, { all: 1, words: SIGNS }),
    ]);
    return { head: ["replications", "2.5 % quantile", "median", "97.5 % quantile", "mid-p"], rows };
  }
}

/** The probabilities of 0 to `most` successes in n, each from the one before. */
function betaBinomial(most, n, a, b) {
  const pmf = new Float64Array(most + 1);
  pmf[0] = 1;
  for (let i = 0; i < n; i++) pmf[0] *= (b + i) / (a + b + i);
  for (let k = 0; k < most; k++) pmf[k + 1] = (pmf[k] * ((n - k) * (a + k))) / ((k + 1) * (b + n - k - 1));
  return pmf;
}

function mixture(weights, parts) {
  const mixed = new Array(parts[0].length).fill(0);
  parts.forEach((part, i) => {
    for (let k = 0; k < part.length; k++) mixed[k] += weights[i] * part[k];
  });
  return mixed;
}

function normed(weights) {
  const total = weights.reduce((sum, each) => sum + each, 0);
  return weights.map((each) => each / total);
}

/** The probability of more than y, and half of that of y. */
function midP(pmf, y) {
  return 1 - pmf.slice(0, y).reduce((sum, p) => sum + p, 0) - pmf[y] / 2;
}

/** The least number that is not exceeded with probability q. */
function quantile(pmf, q) {
  let below = 0;
  const at = pmf.findIndex((p) => (below += p) >= q);
  return at < 0 ? `${pmf.length} or more` : at;
}

/** The outline of the bars of `from` and of all that are higher. */
function bars(pmf, from, x, y) {
  const tops = pmf
    .slice(from)
    .map((p, i) => `V${y(p).toFixed(2)}H${Math.min(x(from + i + 0.5), x.range()[1]).toFixed(2)}`);
  return `M${x(from - 0.5)} ${y(0)}${tops.join("")}V${y(0)}Z`;
}

function extraText(extra) {
  if (extra === 0) return "as recorded";
  return extra > 0 ? `${extra} more` : `${-extra} fewer`;
}

define("hb-three-replications", ThreeReplications);
