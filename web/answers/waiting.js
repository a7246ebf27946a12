// Waiting for Python, which all cells of a page share: how far it is, what comes out, and how it ended.
import { element, reason } from "./page.js";
import { Stopped } from "./python.js";

let busy = null; // the one that waits

// Lets `asked` wait for Python: shows how far it is, what comes out, and how it ended. `asked` has a status, a bar, an
// output, a Stop button and an exercise; work(onout) resolves to the last sentence.
export async function whileBusy(asked, work) {
  if (busy) {
    const what = busy === asked ? "this" : "something else on this page";
    asked.status.textContent = `Python is busy with ${what}. Stop it, or wait.`;
    return;
  }
  busy = asked;
  const { python } = asked.exercise;
  asked.out.replaceChildren();
  asked.stops.hidden = false;
  asked.status.textContent = "Working …";
  python.onprogress = (told) => progress(asked, told);
  try {
    asked.status.textContent = await work((told) => output(asked, told));
  } catch (error) {
    asked.status.textContent = error instanceof Stopped ? error.message : reason(error);
  }
  if (asked.stops === document.activeElement) asked.out.parentElement.querySelector("button").focus();
  asked.stops.hidden = asked.bar.hidden = true;
  busy = null;
}

// A bar with the amount beside it, which changes too often to be read out.
export function progressBar() {
  const bar = element("progress", { "aria-label": "Fetching Python" });
  return element("div", { className: "hb-progress", hidden: true }, [bar, element("span", { "aria-hidden": "true" })]);
}

function progress({ status, bar }, told) {
  const { loaded, total } = told ?? {};
  const [meter, amount] = bar.children;
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  bar.hidden = !(loaded < total);
  if (!bar.hidden) {
    Object.assign(meter, { max: total, value: loaded });
    amount.textContent = `${megabytes(loaded)} of ${megabytes(total)} MB`;
  }
  const coming = "Python comes into this page. Your browser keeps it for the next time.";
  const sentence = !told ? "Working …" : bar.hidden ? "Starting Python …" : coming;
  if (status.textContent !== sentence) status.textContent = sentence;
}

function output({ out }, { stream, text }) {
  if (stream === "image") {
    const figure = { src: text, alt: "The figure that your code drew" };
    if (text.startsWith("data:image/")) out.append(element("img", figure));
    return;
  }
  const last = out.lastElementChild;
  if (last?.dataset.stream === stream) last.append(text);
  else out.append(element("pre", { className: `hb-${stream}`, dataset: { stream } }, [text]));
}
