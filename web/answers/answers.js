// Answers in the page: fills the places that the book has left for them. A classic script, so that it runs also in a
// page that was opened as a file, where it can only say what to do.
import style from "./answers.css";
import { Bar } from "./bar.js";
import { Exercise } from "./exercise.js";
import { done, overview } from "./overview.js";
import { element } from "./page.js";
import { Python } from "./python.js";
import { Question } from "./question.js";
import { Store } from "./store.js";

const base = new URL(".", document.currentScript.src);
const site = new URL("../../", base);

// The places that the book has left; without this script they stay hidden.
function places(selector) {
  const found = [...document.querySelectorAll(selector)];
  for (const each of found) each.hidden = false;
  return found;
}

function begin() {
  const store = new Store(site.pathname);
  const python = new Python(base.href);
  const exercises = new Map();
  const exercise = (name) => {
    if (!exercises.has(name)) exercises.set(name, new Exercise(name, base, python, store));
    return exercises.get(name);
  };
  for (const host of places("hb-question")) {
    new Question(host, exercise(host.dataset.exercise));
    foldSolution(host);
  }
  for (const host of places("hb-exercise")) new Bar(host, exercise(host.dataset.name));
  for (const host of places("hb-overview")) overview(host, store);
  for (const host of places("hb-done")) done(host, store);
}

// On an exercise's own page the solution stands below the question: it is folded, unless a link leads into it.
function foldSolution(host) {
  if (host.closest(".exercise")) return;
  const rest = [];
  for (let next = host.nextSibling; next && !/^(SECTION|HB-)/.test(next.nodeName); next = next.nextSibling)
    rest.push(next);
  const fold = element("details", { className: "hb-solution" }, [element("summary", {}, ["Solution"]), ...rest]);
  host.after(fold);
  const led = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !fold.contains(target)) return;
    fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", led);
  led();
}

// Browsers run no Python in a page that was opened as a file.
function sayHow() {
  const folder = decodeURIComponent(site.pathname)
    .replace(/^\/(?=[A-Z]:)/, "")
    .replace(/\/$/, "");
  for (const host of places("hb-exercise, hb-overview")) {
    const command = element("code", {}, [`python3 -m http.server --directory "${folder}" 8000`]);
    const address = element("a", { href: "http://localhost:8000" }, ["http://localhost:8000"]);
    const words = ["You can answer right here if the site is served rather than opened as a file: ", command];
    host.append(element("p", { className: "hb-note" }, [...words, ", then open ", address, "."]));
  }
}

document.head.append(element("style", {}, [style]));
if (location.protocol === "file:") sayHow();
else begin();
