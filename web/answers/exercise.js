// An exercise on the page: what its elements share. It brings the cells of the notebook before Python in their order.
import { fetchJson } from "./python.js";
import { standing } from "./store.js";

export class Exercise {
  constructor(name, base, python, store) {
    Object.assign(this, { name, base, python, store });
    this.questions = []; // the elements, in the order of the page
    this.ran = new Map(); // by cell: the text that Python has run
  }

  // What the site says of the exercise, and the student's notebook; fetched once, at the first click.
  load() {
    this.loaded ??= this.fetch().catch((error) => {
      this.loaded = undefined; // another try may succeed
      throw error;
    });
    return this.loaded;
  }

  async fetch() {
    const about = await fetchJson(new URL(`exercises/${this.name}.json`, this.base));
    const ipynb = await fetchJson(new URL(about.notebook, this.base));
    return { ...about, ipynb };
  }

  // The given cells between an answer and the one before it.
  async given(question) {
    const { cells } = await this.load();
    const above = cells.slice(
      0,
      cells.findIndex((cell) => cell.kind === "answer" && cell.question === question),
    );
    const since = above.findLastIndex((cell) => cell.kind === "answer") + 1;
    return above.slice(since).filter((cell) => cell.kind === "code");
  }

  record(question) {
    return this.store.get(this.name, question);
  }

  save(question, record) {
    this.store.set(this.name, question, record);
  }

  standings() {
    return this.questions.map((each) => standing(this.record(each.name), each.stub, each.points));
  }

  // Runs the cells up to the answer to `question` (to the end, for null), as far as Python has not seen them as they
  // are now. To `onout` goes what comes out of the answer and of the given cells above it; resolves to whether the
  // answer ran to its end.
  async bring(question, onout) {
    const { cells, needs } = await this.load();
    if (await this.python.open(this.name, needs)) this.ran.clear();
    const own = cells.findIndex((cell) => cell.kind === "answer" && cell.question === question);
    const last = question === null ? cells.length : own;
    const shown = new Set(question === null ? [] : [cells[own], ...(await this.given(question))]);
    const given = (cell) => cell.kind === "code" && this.ran.has(cell.id);
    if (cells.slice(last).some(given)) this.ran.clear(); // it may have put other values under the same names
    let ok = true;
    for (const [number, cell] of cells.slice(0, last + 1).entries()) {
      if (!["code", "answer"].includes(cell.kind) || cell.packages?.length) continue;
      const text = (cell.kind === "answer" ? this.record(cell.question).text : undefined) ?? cell.source;
      if (number !== last && this.ran.get(cell.id) === text) continue;
      for (const later of cells.slice(number)) this.ran.delete(later.id); // they may use what this one defines
      // What an earlier version defined is not what stands there now.
      if (cell.kind === "answer") await this.python.run(`globals().pop("${cell.question}", None);`);
      ({ ok } = await this.python.run(text, shown.has(cell) ? onout : undefined));
      this.ran.set(cell.id, text);
    }
    return ok;
  }

  // Runs the answer and has it judged; all of them for null. Resolves to whether that could be done.
  async check(question, onout) {
    const asked = this.questions.filter((each) => question === null || each.name === question);
    const before = asked.map((each) => [each, this.record(each.name).text]); // the reader may type on
    if (!(await this.bring(question, onout)) && question !== null) return false;
    const { points } = await this.python.check(question, onout);
    for (const [{ name, stub }, text] of before) {
      if (text === undefined || !points[name]) continue;
      this.save(name, { ...this.record(name), stub, judged: text, points: points[name][0] });
    }
    return true;
  }
}
