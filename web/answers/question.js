// <hb-question>: the place of an answer, below its question. Until the first click it costs nothing: a text field, or
// the letters. Its data: exercise, name, number, points, stub; choices for a letter; given if cells stand above the
// answer; packages for what no page has.
import { inWords, standing, CHANGED } from "./store.js";
import { button, element, reason } from "./page.js";
import { progressBar, whileBusy } from "./waiting.js";

export class Question {
  constructor(host, exercise) {
    this.host = host;
    this.exercise = exercise;
    const { name, number, points, stub, choices, packages, given } = host.dataset;
    Object.assign(this, { name, number, stub, points: Number(points), choices: choices?.split(" ") });
    this.folds = Boolean(given);
    exercise.questions.push(this);
    if (packages) return this.elsewhere(packages);
    this.before = undefined; // what Reset or another notebook took away
    this.draw();
    document.addEventListener(CHANGED, () => this.refresh());
  }

  get record() {
    return this.exercise.record(this.name);
  }

  get text() {
    return this.record.text ?? this.stub;
  }

  // --- What is to be seen

  draw() {
    const label = `Your answer to question ${this.number}`;
    this.place = this.choices ? this.letters() : this.field(`${label}; Ctrl-Enter runs, Alt-Enter checks`);
    this.status = element("span", { className: "hb-status", role: "status" });
    this.standing = element("span", { className: "hb-standing" });
    this.changed = element("p", { className: "hb-note", hidden: true }, [
      "The task has changed since you wrote this. Your answer is as you left it.",
    ]);
    this.bar = progressBar();
    this.out = element("div", { className: "hb-out", role: "log", "aria-label": `Output of question ${this.number}` });
    this.runs = button("Run", () => this.go("run"), "Ctrl-Enter");
    this.checks = button("Check", () => this.go("check"), "Alt-Enter");
    this.stops = button("Stop", () => this.exercise.python.stop());
    this.resets = button("Reset", () => this.reset());
    this.stops.hidden = true;
    const buttons = [
      ...(this.choices && !this.folds ? [] : [this.runs]),
      this.checks,
      this.stops,
      this.resets,
      this.standing,
    ];
    const row = element("div", { className: "hb-row" }, buttons);
    const parts = [...this.folded(), this.place, this.changed, row, this.bar, this.status, this.out];
    this.host.append(element("div", { className: "hb-answer", role: "group", "aria-label": label }, parts));
    // In the editor Ctrl-Enter would be a new line, so ask before it does.
    this.host.addEventListener("keydown", (event) => this.key(event), true);
    // What one types here is no shortcut of the page, which would take "/" away as the way to its search.
    this.host.addEventListener("keydown", (event) => event.ctrlKey || event.metaKey || event.stopPropagation());
    this.refresh();
  }

  field(label) {
    const field = element("textarea", { "aria-label": label, spellcheck: false, autocapitalize: "off", wrap: "off" });
    field.value = this.text;
    field.rows = this.text.split("\n").length;
    field.addEventListener("input", () => {
      field.rows = field.value.split("\n").length;
      this.write(field.value);
    });
    field.addEventListener("focus", () => this.edit(field, label), { once: true });
    this.show = (text) => (field.value = text);
    return element("div", { className: "hb-editor highlight" }, [field]);
  }

  // The editor takes the text field's place, while the reader may already be typing. Without it the field remains.
  async edit(field, label) {
    const { edit } = await import(new URL(EDITOR, this.exercise.base)).catch(() => ({}));
    if (!edit) return;
    const { value: text, selectionStart: anchor, selectionEnd: head } = field;
    const focused = document.activeElement === field;
    const editor = edit(this.place, { text, label, anchor, head, onchange: (changed) => this.write(changed) });
    field.remove();
    this.show = editor.set;
    if (focused) editor.focus();
  }

  // The choices of the task become radio buttons where they stand; on paper they are a list, as before.
  letters() {
    const list = this.host.previousElementSibling?.matches("ul") ? this.host.previousElementSibling : null;
    const items = [...(list?.children ?? [])];
    const name = `${this.exercise.name}-${this.name}`;
    const radios = this.choices.map((letter, i) => {
      const radio = element("input", { type: "radio", name, value: letter });
      radio.addEventListener("change", () => this.write(this.stub.replace(/\.\.\..*/, `"${letter}"`)));
      const words = element("span", {}, items[i] ? [...(items[i].firstElementChild ?? items[i]).cloneNode(true).childNodes] : [letter]);
      return element("label", {}, [radio, words]);
    });
    list?.classList.add("hb-on-paper");
    const chosen = (text) => /=\s*["'](\w)/.exec(text)?.[1];
    this.show = (text) => radios.forEach(({ control }) => (control.checked = control.value === chosen(text)));
    this.show(this.text);
    const legend = element("legend", {}, [`Your answer to question ${this.number}`]);
    return element("fieldset", { className: "hb-letters" }, [legend, ...radios]);
  }

  // The given cells above this answer, folded: for reading, as they run by themselves.
  folded() {
    if (!this.folds) return [];
    const code = element("pre", { tabIndex: 0, role: "region", "aria-label": "Code that is given" });
    const inner = element("div", { className: "highlight" }, [code]);
    const summary = element("summary", {}, ["What is given (it runs by itself)"]);
    const fold = element("details", { className: "hb-given" }, [summary, inner]);
    fold.addEventListener("toggle", () => this.given(code), { once: true });
    return [fold];
  }

  async given(code) {
    try {
      const cells = await this.exercise.given(this.name);
      const { show } = await import(new URL(EDITOR, this.exercise.base));
      show(code, cells.map((cell) => cell.source).join("\n\n"));
    } catch (error) {
      code.textContent = reason(error);
    }
  }

  // A question whose packages no page has: say so, and where it can be done.
  elsewhere(packages) {
    const links = this.host.closest(".exercise, article")?.querySelector(".exercise-links");
    const ways = [...(links?.querySelectorAll("a") ?? [])].filter((each) =>
      /Download|Binder|Colab/.test(each.textContent),
    );
    const items = ways.flatMap((each, i) => [i ? " · " : "", each.cloneNode(true)]);
    const why = `This question needs ${packages}, and no web page can run that. Do it in the notebook: `;
    this.show = () => {}; // an answer from a notebook is kept for the next one
    this.host.append(element("p", { className: "hb-note" }, [why, ...items]));
  }

  refresh() {
    const record = this.record;
    this.standing.textContent = inWords(standing(record, this.stub, this.points), this.points);
    this.changed.hidden = record.text === undefined || (record.stub ?? this.stub) === this.stub;
    this.resets.textContent = this.before === undefined ? "Reset" : "Undo";
    if (record.text === undefined && ![undefined, this.stub].includes(this.shown)) this.forget();
  }

  // --- What the reader does

  write(text) {
    if (this.putting) return;
    this.before = undefined;
    this.keep(text);
  }

  keep(text) {
    this.shown = text;
    const { judged, points, stub = this.stub } = this.record;
    this.exercise.save(this.name, text === this.stub ? {} : { text, stub, judged, points });
  }

  forget() {
    this.before = undefined;
    this.put(this.stub);
  }

  put(text) {
    this.shown = undefined;
    this.putting = true; // the editor tells of every change, and this one is not the reader's
    this.show(text);
    this.putting = false;
  }

  // Another text in place of the answer; the answer can be had back.
  replace(text) {
    this.before = this.before ?? this.text;
    this.put(text);
    this.keep(text);
  }

  reset() {
    const { before } = this;
    if (before === undefined && this.text === this.stub) return;
    this.before = undefined;
    if (before === undefined) this.replace(this.stub);
    else {
      this.put(before);
      this.keep(before);
    }
  }

  key(event) {
    const run = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!run && !(event.key === "Enter" && event.altKey)) return;
    event.preventDefault();
    event.stopPropagation();
    this.go(run && !this.choices ? "run" : "check");
  }

  async go(what) {
    await whileBusy(this, async (onout) => {
      const fine = await this.exercise[what === "run" ? "bring" : "check"](this.name, onout);
      if (what === "run") return fine ? "Done." : "Your code raised an error.";
      return fine ? "Checked." : "Your code raised an error, so there was nothing to check.";
    });
  }
}
