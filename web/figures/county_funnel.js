// Page 12: the funnel of 3,110 counties, and what becomes of its fifty highest as the prior grows.

import { scaleLog, scaleSqrt } from "d3-scale";
import { Figure, define } from "./base.js";
import { rounded } from "./numbers.js";

const PER = 1e5; // rates are per 100,000 person-years
const TOP = 50;
const LEFT = 34;
const LETTER = 7.6; // the width of a letter, in pixels
const REACH = 24; // how near the pointer must come to a county, in pixels

const whole = (number) => Math.round(number).toLocaleString("en");

class CountyFunnel extends Figure {
  static title = "Death rates of 3,110 counties over their person-years, as the size of the prior changes";

  controls() {
    const { y, n, sizes, fitted } = this.data;
    this.raw = y.map((deaths, j) => (PER * deaths) / n[j]);
    this.names = names(this.data.counties);
    this.worst = highest(this.raw);
    return [
      {
        name: "size",
        label: "Size of the prior, in person-years",
        steps: [0, ...sizes, Infinity],
        value: 0,
        text: sizeText,
      },
      {
        name: "county",
        label: "Follow a county",
        value: this.worst[0],
        options: this.names.map((name, j) => [j, name]),
      },
      { label: "No pooling", press: () => this.set({ size: 0 }) },
      { label: "Fitted to the counties", press: () => this.set({ size: fitted }) },
      { label: "Complete pooling", press: () => this.set({ size: Infinity }) },
    ];
  }

  /** The estimates (y + mu size)/(n + size), and which are the fifty highest. */
  compute({ size }) {
    const { y, n, mu, sizes, came } = this.data;
    if (size === Infinity) return { estimate: y.map(() => PER * mu), top: [], stays: 0, promised: 1, came: null };
    const estimate = y.map((deaths, j) => (PER * (deaths + mu * size)) / (n[j] + size));
    const top = highest(estimate);
    const people = top.map((j) => n[j]);
    const nation = sum(y) / sum(n);
    return {
      estimate,
      top,
      stays: top.filter((j) => this.worst.includes(j)).length,
      promised: sum(top.map((j) => estimate[j] * n[j])) / (PER * sum(people) * nation),
      came: came[size === 0 ? 0 : 1 + sizes.indexOf(size)],
    };
  }

  height(width) {
    return width > 520 ? 430 : 400;
  }

  scales(width) {
    return {
      x: scaleLog([250, 1.6e7], [LEFT, width - 12]),
      y: scaleSqrt([0, 46], [this.height(width) - 46, 56]),
    };
  }

  paint(drawing, { estimate, top }, { county }) {
    const { n, mu, people, limits } = this.data;
    const { x, y } = this.scales(drawing.width);
    const place = (j) => [x(n[j]).toFixed(1), y(estimate[j]).toFixed(1)];
    const bottom = y(0);
    const short = (count) => (count < 1e6 ? `${count / 1000}k` : `${count / 1e6}m`);
    drawing.axisX(x, bottom, {
      ticks: [1e3, 1e4, 1e5, 1e6, 1e7],
      format: short,
      label: "person-years (k thousand, m million)",
    });
    drawing.axisY(y, LEFT, { ticks: [0, 1, 2, 5, 10, 20, 40], format: String });
    this.paintKey(drawing);
    drawing.segment(LEFT, y(PER * mu), drawing.width - 12, y(PER * mu), { class: "ink" });
    for (const limit of limits) drawing.curve(people.map(x), limit.map(y), { class: "ink dashed" });
    drawing.add("path", { class: "dots grey", d: n.map((_, j) => `M${place(j)}h0`).join("") });
    drawing.add("path", { class: "cross orange", d: this.worst.map((j) => cross(...place(j).map(Number))).join("") });
    for (const j of top) drawing.dot(...place(j), 5, { class: "ring blue" });
    this.paintCounty(drawing, x(n[county]), y(this.raw[county]), y(estimate[county]), this.names[county]);
  }

  paintKey(drawing) {
    drawing.add("path", { class: "cross orange", d: cross(10, 9) });
    drawing.text(20, 9, "top 50 raw rates", { class: "middle" });
    drawing.dot(144, 9, 5, { class: "ring blue" });
    drawing.text(154, 9, "top 50 estimates", { class: "middle" });
    drawing.text(4, 36, `deaths per 100,000${drawing.width > 400 ? " person-years" : ""} (root scale)`);
  }

  /** The county that is followed: its way from the raw rate, and its name. */
  paintCounty(drawing, x, from, to, full) {
    const name = drawing.width < 400 ? full.split(", ")[0] : full;
    drawing.segment(x, from, x, to, { class: "ink", "stroke-width": 1.5 });
    drawing.dot(x, to, 8, { class: "ring ink" });
    const last = drawing.width - LETTER * name.length; // where a text must begin at the latest
    drawing.text(Math.max(LEFT + 6, Math.min(x + 13, last)), to > 90 ? to - 20 : to, name, {
      class: "halo strong middle",
    });
  }

  say({ estimate, stays, promised, came }, { size, county }) {
    const { y, n, mu } = this.data;
    const followed =
      `${this.names[county]}: ${y[county]} death${y[county] === 1 ? "" : "s"} in ${whole(n[county])} person-years, ` +
      `raw rate ${this.raw[county].toFixed(1)}, estimate ${rounded(estimate[county], 1)}.`;
    if (size === Infinity)
      return `Complete pooling: every county gets ${(PER * mu).toFixed(1)}, and nothing is left to rank. ${followed}`;
    const list =
      size === 0
        ? "The fifty highest raw rates"
        : `Of the fifty highest raw rates ${stays || "none"} ${stays > 1 ? "are" : "is"} among the fifty highest estimates. Those fifty estimates`;
    return (
      `${list} promise ${promised.toFixed(1)} times the nation’s rate, ` +
      `and their counties had ${came.toFixed(1)} times in the next five years. ${followed}`
    );
  }

  table({ estimate, top }) {
    const { y, n } = this.data;
    const row = (j) => [
      this.names[j],
      y[j],
      whole(n[j]),
      this.raw[j].toFixed(1),
      estimate[j].toFixed(1),
      this.worst.includes(j) ? "yes" : "no",
    ];
    const rows = (top.length ? top : this.worst).map(row);
    return { head: ["county", "deaths", "person-years", "raw rate", "estimate", "in the raw fifty"], rows };
  }

  /** The pointer picks the county that is nearest to it. */
  hover(px, py) {
    const { x, y } = this.scales(this.width);
    const away = this.values.estimate.map((rate, j) => Math.hypot(x(this.data.n[j]) - px, y(rate) - py));
    const least = Math.min(...away);
    if (least < REACH) this.set({ county: away.indexOf(least) });
  }
}

/** With their states: seven counties are called like theirs, as New York is. One belongs to none. */
function names(counties) {
  const alone = "District of Columbia";
  return Object.entries(counties).flatMap(([state, places]) =>
    places.split("|").map((place) => (place === alone ? place : `${place}, ${state}`)),
  );
}

/** The places of the highest values; of equal ones the first come first. */
function highest(values) {
  return values
    .map((_, j) => j)
    .sort((i, j) => values[j] - values[i])
    .slice(0, TOP);
}

function cross(x, y) {
  return `M${x - 4} ${y - 4}l8 8m-8 0l8 -8`;
}

const sum = (list) => list.reduce((total, each) => total + each, 0);

function sizeText(size) {
  if (size === 0) return "0: no pooling";
  if (size === Infinity) return "∞: complete pooling";
  return Number(size.toPrecision(3)).toLocaleString("en");
}

define("hb-county-funnel", CountyFunnel);
