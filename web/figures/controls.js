// The dials and switches of a figure, as native inputs. A control is one of
//
//   { name, label, min, max, step, value, text }      a dial; text(value) is what one reads beside it
//   { name, label, steps: [...], value, text }        a dial that stops at these values only
//   { name, label, options: [[value, text], ...] }    a choice
//   { name, label, value: true }                      a switch
//   { label, press: () => ... }                       a button; all of them stand in a row of their own, below the rest

import { html } from "./drawing.js";

const MANY = 100;

export class Controls {
  constructor(list, changed) {
    this.element = html("div", { class: "controls" });
    this.changed = changed;
    this.kept = {};
    for (const control of list) if (!control.press) this.element.append(this.make(control));
    const buttons = list.filter((control) => control.press).map((control) => this.button(control));
    if (buttons.length) this.element.append(html("div", { class: "buttons" }, buttons));
  }

  get settings() {
    return Object.fromEntries(Object.entries(this.kept).map(([name, control]) => [name, control.get()]));
  }

  set(settings) {
    for (const [name, value] of Object.entries(settings)) {
      if (!(name in this.kept))
        throw new Error(`there is no control ${name}, but ${Object.keys(this.kept).join(", ")}`);
      this.kept[name].set(value);
    }
  }

  make(control) {
    if (control.options) return this.choice(control);
    if (typeof control.value === "boolean") return this.toggle(control);
    return this.dial(control);
  }

  /** An input in its label, which reports each change. */
  labelled(kind, { name, label }, input, rest = []) {
    input.id = name;
    input.addEventListener("input", () => this.changed());
    return html("div", { class: kind }, [html("label", { for: name }, label), input, ...rest]);
  }

  dial(control) {
    const { name, steps, value } = control;
    const text = control.text ?? String;
    const range = steps
      ? { min: 0, max: steps.length - 1, step: 1 }
      : { min: control.min, max: control.max, step: control.step };
    const input = html("input", { type: "range", ...range });
    const shown = html("span", { class: "value", "aria-hidden": true }); // what aria-valuetext says already
    const get = () => (steps ? steps[Number(input.value)] : Number(input.value));
    const show = () => {
      shown.textContent = text(get());
      input.setAttribute("aria-valuetext", text(get()));
    };
    const set = (to) => {
      input.value = steps ? nearest(steps, to) : to;
      show();
    };
    input.addEventListener("input", show);
    shown.dataset.readings = readings(input, () => text(get())).join("\n");
    this.kept[name] = { get, set };
    set(value);
    return this.labelled("dial", control, input, [shown]);
  }

  /** Of many options only the chosen one is there until somebody wants to choose: thousands take time. */
  choice(control) {
    const option = ([value, text]) => html("option", { value }, text);
    const few = control.options.length <= MANY;
    const input = html("select", { class: few ? "few" : "many" });
    const fill = (chosen, options) => {
      input.replaceChildren(...options.map(option));
      input.value = chosen;
    };
    const set = (to) => {
      if (few || input.length > 1) input.value = to;
      else fill(to, [control.options.find(([value]) => String(value) === String(to))]);
    };
    const first = control.value ?? control.options[0][0];
    if (few) fill(first, control.options);
    else
      for (const event of ["focus", "pointerdown"])
        input.addEventListener(event, () => fill(input.value, control.options), { once: true });
    set(first);
    this.kept[control.name] = { get: () => input.value, set };
    return this.labelled("choice", control, input);
  }

  toggle(control) {
    const input = html("input", { type: "checkbox" });
    this.kept[control.name] = { get: () => input.checked, set: (to) => (input.checked = to) };
    input.checked = control.value;
    return this.labelled("switch", control, input);
  }

  button({ label, press }) {
    const button = html("button", { type: "button" }, label);
    button.addEventListener("click", press);
    return button;
  }
}

/** All that can be read beside a dial. Each gets the room of the widest, or the track would change under the finger. */
function readings(input, reading) {
  const count = Math.round((input.max - input.min) / input.step);
  const texts = Array.from({ length: count + 1 }, (_, i) => {
    input.value = Number(input.min) + i * input.step;
    return reading();
  });
  return [...new Set(texts)];
}

/** The place in `steps` of the value that comes closest. */
function nearest(steps, value) {
  if (steps.includes(value)) return steps.indexOf(value);
  const gaps = steps.map((step) => Math.abs(step - value));
  return gaps.indexOf(Math.min(...gaps));
}
