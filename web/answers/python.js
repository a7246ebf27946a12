// One Python for the page. It runs in a worker, so that the page stays alive and a loop without end can be stopped.
export class Stopped extends Error {}

export class Python {
  constructor(base) {
    this.base = base;
    this.waiting = new Map();
    this.last = 0;
    this.onprogress = () => {}; // is told {loaded, total} in bytes, and null when Python is ready
  }

  // Makes Python ready for an exercise; resolves to whether its names are new, so that its cells have to run again.
  async open(exercise, needs) {
    if (this.opened === exercise) return false;
    this.manifest ??= await fetchJson(new URL("manifest.json", this.base));
    this.worker ??= this.begin();
    await this.ask({ type: "start", manifest: this.manifest, needs });
    await this.ask({ type: "open", exercise });
    this.opened = exercise;
    this.onprogress(null);
    return true;
  }

  run(code, onout) {
    return this.ask({ type: "run", code }, onout);
  }

  check(question, onout) {
    return this.ask({ type: "check", question }, onout);
  }

  stop() {
    this.fail(new Stopped("Stopped. Python begins anew at the next run; your answers are still there."));
  }

  ask(message, onout = () => {}) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, onout });
      this.worker.postMessage({ id, ...message });
    });
  }

  begin() {
    const worker = new Worker(new URL("worker.js", this.base), { type: "module" });
    worker.onmessage = ({ data }) => {
      if (data.type === "progress") return this.onprogress(data);
      if (data.error) return this.fail(new Error(data.error)); // another try begins at the beginning
      const asked = this.waiting.get(data.id);
      if (data.type === "out") return asked?.onout(data);
      this.waiting.delete(data.id);
      return asked?.resolve(data);
    };
    worker.onerror = (event) => this.fail(new Error(event.message || "Python could not be fetched."));
    return worker;
  }

  fail(error) {
    this.worker?.terminate();
    this.worker = this.opened = undefined;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

export async function fetchJson(url) {
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) throw new Error(`This could not be fetched: ${url.pathname}. Is there a connection?`);
  return answer.json();
}
