// Page 4: the risk of James-Stein for all groups together, and for one star among groups at the target.

import { scaleLinear } from "d3-scale";
import { Figure, define } from "./base.js";
import { logGamma, sum } from "./models.js";

const TOTAL = { top: 52, bottom: 164 };
const OWN = { top: 222, bottom: 352 };
const DISTANCES = Array.from({ length: 101 }, (_, i) => i / 10);
const NAMES = { "js+": "JS+", js: "James–Stein" };

class RiskCurves extends Figure {
  static title = "Risks against the distance of one star: above, of all groups together; below, of the star and of each other group";

  controls() {
    const sizes = Array.from({ length: 48 }, (_, i) => i + 3);
    return [
      { name: "distance", label: "The star’s distance from the target", steps: DISTANCES, value: 5, text: (far) => `${far.toFixed(1)} s.e.` },
      { name: "k", label: "k, the star and the others", steps: sizes, value: 10, text: (k) => `${k} groups` },
      { name: "rule", label: "Rule", options: Object.entries(NAMES) },
      { label: "No star", press: () => this.set({ distance: 0 }) },
      { label: "Worst for the star", press: () => this.set({ distance: this.worst() }) },
    ];
  }

  compute({ distance, k, rule }) {
    const along = (which) => DISTANCES.map(riskOf(k, which));
    const here = riskOf(k, rule)(distance);
    const curves = { js: along("js"), "js+": along("js+") };
    return { ...here, total: here.star + (k - 1) * here.other, curves, curve_star: curves[rule].map(({ star }) => star) };
  }

  /** Where the star's own risk is highest. */
  worst() {
    const { curve_star: risks } = this.values;
    return DISTANCES[risks.indexOf(Math.max(...risks))];
  }

  height() {
    return OWN.bottom + 42;
  }

  paint(drawing, values, { distance, k, rule }) {
    const x = (this.x = scaleLinear([0, 10], [40, drawing.width - 16]));
    const places = DISTANCES.map(x);
    const all = scaleLinear([0, 1.15], [TOTAL.bottom, TOTAL.top]);
    const own = scaleLinear([0, 1.08 * Math.max(1.1, ...values.curve_star)], [OWN.bottom, OWN.top]);
    const looks = { "js+": { class: "blue", "stroke-width": 2.5 }, js: { class: "pink dotted", "stroke-width": 2.5 } };
    const star = { class: "orange", "stroke-width": 2.5 };
    const other = { class: "green dashed", "stroke-width": 2.5 };
    drawing.key(10, [["JS+", looks["js+"]], ["James–Stein", looks.js]]);
    drawing.key(TOTAL.bottom + 26, [["the star", star], ["the others", other]]);
    drawing.axisY(all, 40, { ticks: [0, 0.5, 1], format: String, label: "total risk / k" });
    drawing.axisY(own, 40, { ticks: 4, format: String, label: `own risk, by ${NAMES[rule]}` });
    drawing.axisX(x, OWN.bottom, { ticks: 5, format: String, label: "theta of the star, in standard errors" });
    for (const y of [all, own]) drawing.segment(x(0), y(1), x(10), y(1), { class: "grey dashed" });
    drawing.text(x(10), all(1) - 8, "own value: 1", { "text-anchor": "end", class: "small" });
    for (const each of ["js", "js+"]) {
      drawing.curve(places, values.curves[each].map((risks) => all((risks.star + (k - 1) * risks.other) / k)), looks[each]);
    }
    drawing.curve(places, values.curves[rule].map((risks) => own(risks.other)), other);
    drawing.curve(places, values.curve_star.map(own), star);
    for (const { top, bottom } of [TOTAL, OWN]) drawing.segment(x(distance), top, x(distance), bottom, { class: "axis", "stroke-width": 1.5 });
    drawing.dot(x(distance), all(values.total / k), 5, { class: rule === "js" ? "fill-pink" : "fill-blue" });
    drawing.dot(x(distance), own(values.other), 5, { class: "fill-green" });
    drawing.dot(x(distance), own(values.star), 5, { class: "fill-orange" });
    drawing.dot(x(distance), OWN.bottom, 6, { class: "fill-blue" });
    drawing.segment(x(distance), TOTAL.top, x(distance), OWN.bottom + 8, { stroke: "transparent", "stroke-width": 32, "data-drag": "distance" });
  }

  drag(name, place) {
    this.set({ distance: Math.min(10, Math.max(0, this.x.invert(place))) });
  }

  say({ star, other, total }, { distance, k, rule }) {
    const all = `the total risk of ${NAMES[rule]} is ${total.toFixed(2)} instead of ${k}`;
    if (distance === 0) return `With all ${k} at the target, ${all}: each has ${star.toFixed(2)} instead of 1.`;
    const its = star.toFixed(Math.abs(star - 1) < 0.005 ? 3 : 2);
    const verdict = star > 1 ? "more than the 1 of its own value" : "no more than the 1 of its own value";
    return (
      `With the star at ${distance.toFixed(1)}, ${all}. The star’s own risk is ${its}, ${verdict}; ` +
      `each of the other ${k - 1} has ${other.toFixed(2)}.`
    );
  }

  table({ curves }, { k }) {
    const rows = DISTANCES.filter((_, i) => i % 5 === 0).map((far, i) => {
      const [js, positive] = [curves.js[5 * i], curves["js+"][5 * i]];
      const numbers = [js, positive].flatMap(({ star, other }) => [(star + (k - 1) * other) / k, star, other]);
      return [far.toFixed(1), ...numbers.map((number) => number.toFixed(3))];
    });
    const head = ["star at", ...Object.values(NAMES).toReversed().flatMap((name) => [`${name}: total / k`, "star", "each other"])];
    return { head, rows };
  }
}

/** distance -> the star's risk and each other's: A + distance^2 B and A, the means over N ~ Poisson(distance^2 / 2) of
 * what hblib's `risk_terms` has for each N. */
function riskOf(k, rule) {
  const terms = Array.from({ length: 180 }, (_, n) => plainTerms(k, n));
  if (rule === "js+") positivePart(k, terms);
  return (distance) => {
    const mean = distance ** 2 / 2;
    let weight = Math.exp(-mean);
    const weights = terms.map((_, n) => (n === 0 ? weight : (weight *= mean / n)));
    const other = sum(terms.map(({ noise }, n) => weights[n] * noise));
    return { other, star: other + distance ** 2 * sum(terms.map(({ lean }, n) => weights[n] * lean)) };
  };
}

function plainTerms(k, n) {
  const df = k + 2 * n;
  return { noise: (2 * n * ((2 * n) / df) + (2 * (df - 2)) / df) / (df - 2), lean: ((k - 2) / df) * ((k + 2) / (df + 2)) };
}

/** The factor is 0 where S < k - 2. With x = (k - 2)/2 the probability of that is P(df/2, x), the incomplete gamma
 * function: a sum of steps x^a e^-x / Gamma(a + 1) from a = df/2 on. */
function positivePart(k, terms) {
  const x = (k - 2) / 2;
  const steps = [...terms, 0, 0].map((_, n) => Math.exp((k / 2 + n) * Math.log(x) - x - logGamma(k / 2 + n + 1)));
  const below = new Array(steps.length + 1).fill(0);
  for (let n = steps.length - 1; n >= 0; n--) below[n] = below[n + 1] + steps[n];
  terms.forEach((term, n) => {
    term.noise = term.noise * (1 - below[n]) + ((2 * n) / (k + 2 * n - 2)) * steps[n];
    term.lean = term.lean * (1 - below[n]) + below[n + 2];
  });
}

define("hb-risk-curves", RiskCurves);
