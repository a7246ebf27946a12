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
  for (const host of places("hb-question")) new Question(host, exercise(host.dataset.exercise));
  for (const host of places("hb-exercise")) new Bar(host, exercise(host.dataset.name));
  for (const host of places("hb-overview")) overview(host, store);
  for (const host of places("hb-done")) done(host, store);
}

// On an exercise's own page the solutions are folded: one opens for a link that leads into it.
function openForLinks() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const fold = target && target.closest(".hb-solution");
  if (!fold) return;
  fold.open = true;
  target.scrollIntoView();
}

// Browsers run no Python in a page that was opened as a file.
function sayHow() {
  // Nobody answers here, so the places give back the room that room.css keeps for them.
  for (const host of document.querySelectorAll("hb-question")) host.style.setProperty("display", "none", "important");
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
addEventListener("hashchange", openForLinks);
openForLinks();
