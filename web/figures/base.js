// What all figures to touch have in common. From above: the controls, the drawing, a sentence that says what one sees,
// and the numbers as a table. All is native HTML and SVG, so keyboard and screen reader need nothing more.
//
// A figure's own file makes a class of it with
//
//   static title                  what is drawn, for those who do not see it
//   controls()                    its dials and switches: see controls.js
//   compute(settings)             the numbers, from `this.data` and the settings; the tests compare them with hblib's
//   height(width)                 of the drawing, in pixels
//   paint(drawing, values, settings)   draws them, always anew; `drawing` is a Drawing: see drawing.js
//   say(values, settings)         one or two sentences on what is to be seen; shares are written by numbers.js
//   table(values, settings)       { head: [...], rows: [[...], ...] }
//   hover(x, y)                   if the pointer can pick something: it is, or has touched, there
//   drag(name, x, y)              if something can be dragged: the pointer is at (x, y) of the drawing
//
// and gives it to `define`. The page's element holds a caption, and the data as JSON, or, where they are many, in
// `data-from` the address of a script that has them; it is asked for when the reader comes near.

import { Controls } from "./controls.js";
import { Drawing, html } from "./drawing.js";
import css from "./figures.css";

export function define(tag, figure) {
  if (!customElements.get(tag)) customElements.define(tag, figure);
}

/** Calls once, when an element is less than a screen or two away. */
function whenNear(element, call) {
  const observer = new IntersectionObserver(
    (places) => {
      // A busy page is told late, of several places at once: the first may be from before the reader came.
      if (!places.some((place) => place.isIntersecting)) return;
      observer.disconnect();
      call();
    },
    { rootMargin: "1200px" },
  );
  observer.observe(element);
}

export class Figure extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    if (this.dataset.from) whenNear(this, () => this.fetch(this.dataset.from));
    else this.start(JSON.parse(this.querySelector('script[type="application/json"]').textContent));
  }

  /** By a script, which loads in a page that was opened as a file too. */
  fetch(address) {
    const script = html("script", { src: address });
    script.addEventListener("load", () => this.start(globalThis.figureData[this.localName]));
    document.head.append(script);
  }

  start(data) {
    if (this.shadowRoot) return;
    this.data = data;
    const root = this.attachShadow({ mode: "open" });
    const drawing = html("div", { class: "drawing" });
    const said = html("p", { class: "said", role: "status" });
    this.inputs = new Controls(this.controls(), () => this.update());
    this.parts = {
      drawing,
      said,
      table: html("div", { class: "numbers", tabindex: 0, role: "region", "aria-label": "The numbers" }),
    };
    root.append(
      html("style", {}, css),
      html("figure", { "aria-label": this.constructor.title }, [
        this.inputs.element,
        drawing,
        said,
        html("details", {}, [html("summary", {}, "The numbers as a table"), this.parts.table]),
        html("figcaption", {}, [html("slot")]),
      ]),
    );
    root.querySelector("details").addEventListener("toggle", () => this.fillTable());
    this.followPointer(drawing);
    new ResizeObserver(() => this.resize()).observe(drawing);
    this.update();
  }

  get settings() {
    return this.inputs.settings;
  }

  /** Turn the controls from outside: what is not named stays. */
  set(settings) {
    this.inputs.set(settings);
    this.update();
  }

  update() {
    this.values = this.compute(this.settings);
    this.draw();
    this.tell(this.say(this.values, this.settings));
    this.fillTable();
  }

  /** The sentence's place grows with it, but never shrinks: what stands below would go up and down with the dial. */
  tell(sentence) {
    const { said } = this.parts;
    said.textContent = sentence.replaceAll(" %", "\u00a0%"); // no line begins with a sign
    said.style.minHeight = `${said.offsetHeight}px`;
  }

  /** The drawing's width, in pixels. */
  get width() {
    return this.parts.drawing.clientWidth;
  }

  resize() {
    this.parts.said.style.minHeight = "";
    this.draw();
  }

  draw() {
    const { width } = this;
    if (!width || !this.values) return;
    const drawing = new Drawing(width, this.height(width), this.constructor.title);
    this.paint(drawing, this.values, this.settings);
    this.parts.drawing.replaceChildren(drawing.svg);
  }

  /** Only an open table is written: many rows take time. */
  fillTable() {
    if (!this.shadowRoot.querySelector("details").open) return;
    const { head, rows } = this.table(this.values, this.settings);
    const cell = (text, column) => html(column ? "td" : "th", column ? {} : { scope: "row" }, String(text));
    this.parts.table.replaceChildren(
      html("table", {}, [
        html("thead", {}, [
          html(
            "tr",
            {},
            head.map((text) => html("th", { scope: "col" }, text)),
          ),
        ]),
        html(
          "tbody",
          {},
          rows.map((row) => html("tr", {}, row.map(cell))),
        ),
      ]),
    );
  }

  /** What carries `data-drag` can be dragged. The drawing is made anew meanwhile, so its frame follows the pointer. */
  followPointer(frame) {
    let name = null;
    const at = (event) => {
      const { left, top } = frame.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    const move = (event) => (name === null ? this.hover?.(...at(event)) : this.drag(name, ...at(event)));
    frame.addEventListener("pointerdown", (event) => {
      name = event.target.closest("[data-drag]")?.dataset.drag ?? null;
      if (name !== null) {
        event.preventDefault();
        frame.setPointerCapture(event.pointerId);
      }
      move(event);
    });
    frame.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => (name = null));
  }
}
