export const UNKEPT = "This browser does not keep your answers: it is a private window, or its storage is full.";
export const CHANGED = "hb-answers-changed";

// The reader's answers: kept in this browser, and nowhere else. Each question has a record of its own, so that two open
// pages do not overwrite each other's answers:
//
//   {text, stub, judged, points}    the answer; the stub it began with; the text that was judged, and its points
export class Store {
  constructor(site, kept = browserStorage()) {
    this.prefix = `hb:${site}:`; // other sites may share the host
    this.kept = kept;
    this.unkept = new Map(); // what the browser would not take; lives as long as the page
  }

  get keeps() {
    return this.kept !== null && this.unkept.size === 0;
  }

  get(exercise, question) {
    const key = `${exercise}:${question}`;
    try {
      return JSON.parse(this.unkept.get(key) ?? this.kept?.getItem(this.prefix + key) ?? "null") ?? {};
    } catch {
      return {}; // not ours, or damaged
    }
  }

  set(exercise, question, record) {
    const key = `${exercise}:${question}`;
    const text = JSON.stringify(record);
    try {
      this.kept.setItem(this.prefix + key, text);
      this.unkept.delete(key);
    } catch {
      this.unkept.set(key, text);
    }
    document.dispatchEvent(new Event(CHANGED));
  }

  forgetAll() {
    this.unkept.clear();
    for (const key of Object.keys(this.kept ?? {})) {
      if (key.startsWith(this.prefix)) this.kept.removeItem(key);
    }
    document.dispatchEvent(new Event(CHANGED));
  }
}

// Null where the browser forbids it: then merely asking for it raises.
function browserStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

// What a record says of a question: is it answered, is it right, and how many points are sure?
export function standing(record, stub, possible) {
  const answered = record.text !== undefined && record.text !== (record.stub ?? stub);
  const judged = answered && record.judged === record.text;
  const points = judged ? record.points : 0;
  return { answered, judged, points, right: judged && points === possible };
}

export function inWords({ answered, judged, points, right }, possible) {
  if (right) return `✓ right, ${points} of ${possible} points`;
  if (judged) return points ? `◐ ${points} of ${possible} points` : "✗ not yet right";
  return answered ? "● answered, not checked" : "";
}
