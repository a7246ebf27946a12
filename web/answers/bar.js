// <hb-exercise>: what belongs to the exercise as a whole, below its questions.
import { answersIn, withAnswers } from "./notebook.js";
import { button, download, element, reason } from "./page.js";
import { CHANGED, UNKEPT } from "./store.js";
import { progressBar, whileBusy } from "./waiting.js";

export class Bar {
  constructor(host, exercise) {
    this.exercise = exercise;
    this.sum = element("span", { className: "hb-standing" });
    this.status = element("span", { className: "hb-status", role: "status" });
    this.bar = progressBar();
    this.out = element("div", { className: "hb-out", role: "log", "aria-label": "Output of all checks" });
    this.stops = button("Stop", () => exercise.python.stop());
    this.stops.hidden = true;
    this.file = element("input", { type: "file", accept: ".ipynb", hidden: true, onchange: () => this.open() });
    const row = element("div", { className: "hb-row" }, [
      button("Check all", () => this.checkAll()),
      this.stops,
      button("Download my notebook", () => this.download()),
      button("Open a notebook", () => this.file.click()),
      this.sum,
    ]);
    this.where = element("p", { className: "hb-small" });
    const label = "All questions of this exercise";
    const parts = [row, this.bar, this.status, this.out, this.where, this.file];
    host.append(element("div", { className: "hb-answer hb-all", role: "group", "aria-label": label }, parts));
    this.overview = element("a", { href: new URL("../../solutions/index.html", exercise.base) }, ["Your progress"]);
    document.addEventListener(CHANGED, () => this.refresh());
    this.refresh();
  }

  refresh() {
    const { questions, store } = this.exercise;
    const points = this.exercise.standings().reduce((sum, each) => sum + each.points, 0);
    const possible = questions.reduce((sum, each) => sum + each.points, 0);
    this.sum.textContent = `${points} of ${possible} points so far`;
    const kept = store.keeps
      ? "Your answers stay in this browser, even when you close the page. Nothing leaves it. "
      : `${UNKEPT} Download your notebook before you leave. `;
    this.where.replaceChildren(kept, this.overview);
  }

  async checkAll() {
    await whileBusy(this, async (onout) => {
      await this.exercise.check(null, onout);
      return "Checked.";
    });
  }

  async download() {
    try {
      const { cells, ipynb, name } = await this.exercise.load();
      const answered = cells.filter((cell) => cell.kind === "answer" && this.exercise.record(cell.question).text);
      const answers = answered.map((cell) => [cell.id, this.exercise.record(cell.question).text]);
      download(`${name}.ipynb`, JSON.stringify(withAnswers(ipynb, Object.fromEntries(answers)), null, 1) + "\n");
      this.status.textContent = `${name}.ipynb holds ${counted(answers.length, "answer")}.`;
    } catch (error) {
      this.status.textContent = reason(error);
    }
  }

  async open() {
    try {
      const found = answersIn(await this.file.files[0].text(), await this.exercise.load());
      const taken = this.exercise.questions.filter((each) => each.name in found);
      for (const each of taken) each.replace(found[each.name]);
      this.status.textContent = `${counted(taken.length, "answer")} taken over. Check all tells how they fare.`;
    } catch (error) {
      this.status.textContent = reason(error);
    }
    this.file.value = ""; // the same file may be chosen again
  }
}

function counted(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
