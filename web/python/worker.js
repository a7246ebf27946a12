// Python in the page: a module worker. All that it loads lies beside this file; nothing comes from elsewhere.
//
// To it:    { id, type: "start", manifest, needs }   load Python, and the packages in the list `needs`
//           { id, type: "open", exercise }           a new namespace for the exercise of this name
//           { id, type: "run", code }                run a cell
//           { id, type: "check", question }          judge an answer; for null, all of them
// From it:  { type: "progress", loaded, total, what }  in bytes; `what` is the file
//           { id, type: "out", stream, text }          stream: "stdout", "stderr", "result" or "error"
//           { id, type: "done", ok, points, error }    points, of a check: { question: [earned, possible] };
//                                                      error: why the request could not be done, in a sentence
// To stop it, terminate it and make a new one.

const here = new URL("./", import.meta.url);
const core = ["pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]; // what Pyodide fetches, beside two scripts
let python, page, exercise, manifest, current;
const there = new Set(); // packages that are loaded

// --- What is fetched: by us, and all before Pyodide asks for it, for it takes a missing file badly --------------------

const fetched = new Map(); // by name, until Pyodide asks
const progress = { loaded: 0, total: 0 };
const plainFetch = globalThis.fetch.bind(globalThis);

globalThis.fetch = async (address) => {
  const url = new URL(address.url ?? address, here);
  const file = url.pathname.split("/").at(-1);
  if (!fetched.has(file)) throw new TypeError(`Python in the page fetches nothing: ${url}`);
  const headers = { "Content-Type": file.endsWith(".wasm") ? "application/wasm" : "application/octet-stream" };
  const answer = new Response(fetched.get(file), { headers });
  fetched.delete(file);
  return answer;
};

function bring(files) {
  for (const file of files) progress.total += manifest.files[file].bytes;
  return Promise.all([...files].map(async (file) => fetched.set(file, await content(file))));
}

async function content(what) {
  const answer = await plainFetch(new URL(what, here)).catch(() => ({ status: "is there a connection?" }));
  if (!answer.ok) throw new Error(`${what} could not be fetched (${answer.status})`);
  const count = new TransformStream({
    transform(chunk, stream) {
      progress.loaded += chunk.byteLength;
      postMessage({ type: "progress", ...progress, what });
      stream.enqueue(chunk);
    },
  });
  return new Response(answer.body.pipeThrough(count)).arrayBuffer();
}

// --- What is asked ----------------------------------------------------------------------------------------------------

const requests = {
  async start(message) {
    manifest = message.manifest;
    if (!python) {
      const files = message.needs.flatMap((name) => manifest.packages[name]);
      const [{ loadPyodide }] = await Promise.all([
        import(new URL("pyodide.mjs", here)),
        bring(new Set([...core, manifest.course, ...files])),
      ]);
      python = await loadPyodide({ indexURL: here.href, packages: message.needs, env: { HOME: "/home/pyodide" } });
      message.needs.forEach((name) => there.add(name));
      python.unpackArchive(fetched.get(manifest.course), "zip", { extractDir: "/course" });
      python.runPython("import sys; sys.path.insert(0, '/course')");
      page = python.pyimport("inpage");
      page.prepare();
      python.pyimport("hblib.coursework.checking").WIDTH = 1_000_000; // the page wraps the lines as its width asks
    }
    await load(message.needs);
  },

  open(message) {
    exercise?.destroy();
    exercise = page.Exercise(message.exercise, (stream, text) => postMessage({ id: current, type: "out", stream, text }));
  },

  async run({ code }) {
    await load(page.packages(code).toJs().filter((name) => name in manifest.packages));
    return { ok: exercise.run(code) };
  },

  check({ question }) {
    const points = exercise.check(question ?? undefined).toJs({ dict_converter: Object.fromEntries });
    return { points };
  },
};

async function load(packages) {
  const wanted = packages.filter((name) => !there.has(name));
  if (!wanted.length) return;
  const files = (names) => names.flatMap((name) => manifest.packages[name]);
  const loaded = new Set(files([...there]));
  await bring(new Set(files(wanted).filter((file) => !loaded.has(file))));
  await python.loadPackage(wanted, { messageCallback() {}, checkIntegrity: false });
  wanted.forEach((name) => there.add(name));
}

// One after the other, as they come.
let last = Promise.resolve();
onmessage = ({ data }) => {
  last = last.then(async () => {
    current = data.id;
    try {
      postMessage({ id: data.id, type: "done", ok: true, ...(await requests[data.type](data)) });
    } catch (error) {
      postMessage({ id: data.id, type: "done", ok: false, error: sentence(error) });
    }
  });
};

function sentence(error) {
  const lines = String(error?.message ?? error).trim().split("\n");
  return `Python in the page stopped: ${lines.at(-1).replace(/\.$/, "")}.`;
}
