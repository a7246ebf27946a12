// A drawing in SVG, whose units are the screen's pixels: text has one size on a phone and on a wide screen.

import { area, line } from "d3-shape";

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with its attributes and children (a text, or a list). */
export function html(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[children].flat());
  return made;
}

/** Where an axis begins and ends; a scale may have bends between. */
function ends(scale) {
  return [scale.range()[0], scale.range().at(-1)];
}

export class Drawing {
  constructor(width, height, title) {
    this.width = width;
    this.height = height;
    this.svg = document.createElementNS(SVG, "svg");
    const attributes = { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title };
    for (const [key, value] of Object.entries(attributes)) this.svg.setAttribute(key, value);
  }

  /** Put a shape into the drawing; `class` gives its look, see figures.css. */
  add(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    this.svg.append(made);
    return made;
  }

  text(x, y, text, attributes = {}) {
    return this.add("text", { x, y, ...attributes }, text);
  }

  segment(x1, y1, x2, y2, attributes = {}) {
    return this.add("line", { x1, y1, x2, y2, ...attributes });
  }

  dot(cx, cy, r, attributes = {}) {
    return this.add("circle", { cx, cy, r, ...attributes });
  }

  /** A line through the points, whose coordinates are the drawing's. */
  curve(xs, ys, attributes = {}) {
    const d = line((_, i) => xs[i], (_, i) => ys[i])(xs);
    return this.add("path", { d, fill: "none", ...attributes });
  }

  /** The surface between a curve and a line at `base`. */
  hill(xs, ys, base, attributes = {}) {
    const d = area((_, i) => xs[i], base, (_, i) => ys[i])(xs);
    return this.add("path", { d, ...attributes });
  }

  /** What the lines mean, in one row around `y`: pairs of a name and a look. */
  key(y, entries) {
    const room = Math.min(this.width, 140 * entries.length) / entries.length;
    entries.forEach(([name, look], i) => {
      this.segment(4 + room * i, y, 22 + room * i, y, look);
      this.text(27 + room * i, y, name, { "dominant-baseline": "central" });
    });
  }

  /** An axis along the bottom at `y`, from one of d3's scales; `ticks` are values, or how many. */
  axisX(scale, y, { ticks = 5, format = scale.tickFormat(5), label = "" } = {}) {
    const [from, to] = ends(scale);
    this.segment(from, y, to, y, { class: "axis" });
    for (const tick of Array.isArray(ticks) ? ticks : scale.ticks(ticks)) {
      this.segment(scale(tick), y, scale(tick), y + 5, { class: "axis" });
      this.text(scale(tick), y + 18, format(tick), { "text-anchor": "middle", class: "tick" });
    }
    if (label) this.text((from + to) / 2, y + 36, label, { "text-anchor": "middle" });
  }

  /** An axis along the left side at `x`; its label stands above it, where it can be read without turning the head. */
  axisY(scale, x, { ticks = 5, format = scale.tickFormat(5), label = "" } = {}) {
    const [from, to] = ends(scale);
    this.segment(x, from, x, to, { class: "axis" });
    for (const tick of Array.isArray(ticks) ? ticks : scale.ticks(ticks)) {
      this.segment(x - 5, scale(tick), x, scale(tick), { class: "axis" });
      this.text(x - 8, scale(tick), format(tick), { "text-anchor": "end", "dominant-baseline": "central", class: "tick" });
    }
    if (label) this.text(4, Math.min(from, to) - 10, label);
  }
}

/** Places for labels that would like to stand at `wished`: in the same order, at least `gap` from each other. */
export function apart(wished, gap) {
  const order = wished.map((_, i) => i).sort((i, j) => wished[i] - wished[j]);
  const places = [...wished];
  for (let round = 0; round < 50; round++) {
    for (let k = 1; k < order.length; k++) {
      const [above, below] = [order[k - 1], order[k]];
      const short = gap - (places[below] - places[above]);
      if (short > 0.1) (places[above] -= short / 2), (places[below] += short / 2);
    }
  }
  return places;
}
