// Page 11: a store's estimate between its own data, its chain and the company.

import { scaleLog } from "d3-scale";
import { Figure, define } from "./base.js";
import { SIGNS, percent } from "./numbers.js";

const sources = [
  { name: "own data", short: "own", look: "orange" },
  { name: "chain", short: "chain", look: "blue" },
  { name: "company", short: "company", look: "grey" },
];
const ROWS = 98; // where the first of the rows is, and how far they are apart
const STEP = 34;

const count = (what) => (number) => `${number} ${what}${number === 1 ? "" : "s"}`;

class ThreeWeights extends Figure {
  static title = "The three weights in a store’s estimate, and its forecast";

  controls() {
    const { tau_store, tau_chain } = this.data;
    const tau = { min: 0, max: 0.6, step: 0.01, text: (value) => value.toFixed(2) };
    return [
      { name: "tau_store", label: "tau between stores, in log sales", ...tau, value: tau_store },
      { name: "tau_chain", label: "tau between chains, in log sales", ...tau, value: tau_chain },
      {
        name: "weeks",
        label: "Weeks of the store’s own data",
        min: 0,
        max: 52,
        step: 1,
        value: 4,
        text: count("week"),
      },
      {
        name: "others",
        label: "Other stores of its chain",
        min: 0,
        max: 11,
        step: 1,
        value: 11,
        text: count("store"),
      },
      { label: "As fitted, after a year", press: () => this.set({ tau_store, tau_chain, weeks: 52, others: 11 }) },
      { label: "New store, known chain", press: () => this.set({ weeks: 0, others: 11 }) },
      { label: "New store, new chain", press: () => this.set({ weeks: 0, others: 0 }) },
    ];
  }

  /** Up, from the stores to their chains and the company; then down again. All is in log sales. */
  compute({ tau_store, tau_chain, weeks, others }) {
    const { mean, followed, noise } = this.data;
    const own = weeks / noise ** 2; // information: one over the variance
    const stores = this.seen(weeks, others);
    const labels = [...new Set(stores.map(({ chain }) => chain))];
    const ofChain = (label) =>
      stores.filter(({ chain }) => chain === label).map(({ y, se }) => [y, 1 / (se ** 2 + tau_store ** 2)]);
    const above = labels.map((label) => ({ chain: label, ...average(ofChain(label)) }));
    const company = average(
      above.map(({ mean, information }) => [mean, information / (1 + information * tau_chain ** 2)]),
    );
    const chain = above.find((each) => each.chain === this.data.chain[followed]) ?? { mean: null, information: 0 };
    const known = below(chain, tau_chain, company.mean, 1 / company.information);
    const store = below(
      { mean: weeks ? mean[followed] : null, information: own },
      tau_store,
      known.mean,
      known.variance,
    );
    return {
      weights: [store.kappa, (1 - store.kappa) * known.kappa, (1 - store.kappa) * (1 - known.kappa)],
      means: [weeks ? mean[followed] : null, chain.mean, company.mean],
      se: [1 / Math.sqrt(own), 1 / Math.sqrt(chain.information), 1 / Math.sqrt(company.information)],
      estimate: store.mean,
      sd: Math.sqrt(store.variance),
    };
  }

  /** The stores that have data. */
  seen(weeks, others) {
    const { mean, se, chain, followed, noise } = this.data;
    const all = mean.map((y, j) => ({ y, se: j === followed ? noise / Math.sqrt(weeks) : se[j], chain: chain[j], j }));
    const mates = all.filter((each) => each.chain === chain[followed] && each.j !== followed).slice(0, others);
    return all.filter(
      (each) => each.chain !== chain[followed] || mates.includes(each) || (each.j === followed && weeks > 0),
    );
  }

  height() {
    return ROWS + 4 * STEP + 36;
  }

  paint(drawing, { weights, means, se, estimate, sd }) {
    const { width } = drawing;
    this.paintBar(drawing, weights);
    const x = scaleLog([400, 16000], [78, width - 10]).clamp(true);
    const bottom = ROWS + 4 * STEP - 10;
    drawing.axisX(x, bottom, {
      ticks: [500, 1000, 2000, 5000, 10000],
      format: (euros) => euros / 1000,
      label: "thousand euros a week",
    });
    const at = (log) => x(Math.exp(log));
    drawing.segment(at(estimate), ROWS - 12, at(estimate), bottom, { class: "ink dotted" });
    sources.forEach(({ name, look }, i) => {
      const row = ROWS + STEP * i;
      drawing.text(4, row, name, { class: "middle" });
      if (means[i] === null) return drawing.text(x(400) + 4, row, "no data", { class: "middle halo" });
      drawing.segment(at(means[i] - 1.96 * se[i]), row, at(means[i] + 1.96 * se[i]), row, {
        class: look,
        "stroke-width": 2,
      });
      drawing.dot(at(means[i]), row, 3 + 7 * Math.sqrt(weights[i]), { class: `fill-${look}` });
    });
    const row = ROWS + STEP * sources.length;
    drawing.text(4, row, "forecast", { class: "middle strong" });
    drawing.segment(at(estimate - 1.96 * sd), row, at(estimate + 1.96 * sd), row, { class: "ink", "stroke-width": 5 });
    drawing.dot(at(estimate), row, 7, { class: "open ink", "stroke-width": 2.5 });
  }

  /** The weights as parts of one bar, and below it what each is. */
  paintBar(drawing, weights) {
    const { width } = drawing;
    let from = 0;
    drawing.text(4, 10, "weights in the estimate");
    sources.forEach(({ name, short, look }, i) => {
      drawing.add("rect", { x: from, y: 18, width: weights[i] * width, height: 24, class: `fill-${look}` });
      from += weights[i] * width;
      if (i < 2) drawing.segment(from, 18, from, 42, { class: "gap" });
      const key = [0, 0.29, 0.6][i] * width;
      drawing.add("rect", { x: key + 1, y: 50, width: 10, height: 10, class: `fill-${look}` });
      const share = width < 300 ? "" : ` ${percent(weights[i], 0, SIGNS)}`; // the sentence below has it too
      drawing.text(key + 15, 55, `${width < 400 ? short : name}${share}`, { class: "middle small" });
    });
  }

  say({ weights, estimate, sd }, { weeks, others }) {
    const [best, low, high] = euros(estimate, sd);
    const [own, chain, company] = weights.map((weight) => percent(weight));
    const forecast =
      `about ${best} thousand euros in a typical week, ` +
      `with 95 % probability between ${low} and ${high}.`;
    if (!weeks && !others)
      return `A new store of a new chain: all that is known is the company. It will sell ${forecast}`;
    if (!weeks)
      return (
        `A new store of a known chain: the weight on the chain’s average is ${chain}, on the company’s ${company}. ` +
        `It will sell ${forecast}`
      );
    return (
      `The weight on the store’s own data is ${own}, on its chain’s average ${chain}, on the company’s ${company}. ` +
      `The store sells ${forecast}`
    );
  }

  table({ weights, means, se, estimate, sd }) {
    const rows = sources.map(({ name }, i) => [
      name,
      weights[i].toFixed(3),
      ...(means[i] === null ? ["no data", "", ""] : euros(means[i], se[i])),
    ]);
    return {
      head: ["what", "weight", "thousand euros a week", "from", "to"],
      rows: [...rows, ["forecast", "", ...euros(estimate, sd)]],
    };
  }
}

const sum = (list) => list.reduce((total, each) => total + each, 0);

/** The mean of [value, weight] pairs whose weights are one over their variances, and the weight that it has itself. */
function average(pairs) {
  const information = sum(pairs.map(([, weight]) => weight));
  return { mean: sum(pairs.map(([value, weight]) => value * weight)) / information, information };
}

/** The posterior of what varies by tau around a mean that is itself uncertain. */
function below({ mean, information }, tau, above, variance) {
  const kappa = (information * tau ** 2) / (1 + information * tau ** 2);
  return {
    kappa,
    mean: mean === null ? above : kappa * mean + (1 - kappa) * above,
    variance: tau ** 2 / (1 + information * tau ** 2) + (1 - kappa) ** 2 * variance,
  };
}

/** In thousands, the mean and where 95 % end: with a decimal, or more where two of the three would read the same. */
function euros(mean, sd, decimals = 1) {
  const logs = [mean, mean - 1.96 * sd, mean + 1.96 * sd];
  const texts = logs.map((log) => (Math.exp(log) / 1000).toFixed(decimals));
  return new Set(texts).size < 3 && decimals < 3 ? euros(mean, sd, decimals + 1) : texts;
}

define("hb-three-weights", ThreeWeights);
