// Usage: node pyodide.mjs FOLDER   What inside.py finds in the page's Python, as JSON.
// FOLDER is the site's _static/python. One Python for all, for it takes seconds to start.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const bytes = (...path) => new Uint8Array(readFileSync(join(...path)));
const json = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));

function copy(python, from, to) {
  python.FS.mkdirTree(to);
  for (const file of readdirSync(from).filter((name) => name.endsWith(".py"))) {
    python.FS.writeFile(`${to}/${file}`, bytes(from, file));
  }
}

async function main() {
  const manifest = json(folder, "manifest.json");
  const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));
  const python = await loadPyodide({ indexURL: resolve(folder) + "/", packageCacheDir: resolve(folder) });
  const load = (packages) => python.loadPackage(packages, { messageCallback() {}, checkIntegrity: false });
  await load(["numpy"]);
  python.unpackArchive(bytes(folder, manifest.course), "zip", { extractDir: "/course" });
  copy(python, import.meta.dirname, "/course");
  copy(python, join(import.meta.dirname, "..", "answers"), "/answers");
  python.runPython("import sys; sys.path.insert(0, '/course')");
  const inside = python.pyimport("inside");
  const found = { listed: {}, others: {} };
  // First those that need least: so each runs with the packages that it names, and no more.
  const exercises = readdirSync(join(folder, "exercises")).map((file) => json(folder, "exercises", file));
  for (const exercise of exercises.sort((a, b) => a.needs.length - b.needs.length)) {
    await load(exercise.needs);
    found.listed[exercise.name] = JSON.parse(inside.listed(JSON.stringify(exercise)));
  }
  await load(Object.keys(manifest.packages));
  for (const exercise of exercises) {
    found.others[exercise.name] = JSON.parse(inside.others(JSON.stringify(exercise)));
  }
  found.cells = JSON.parse(inside.cells());
  found.doctests = JSON.parse(inside.doctests());
  process.stdout.write(JSON.stringify(found));
}

main().catch((error) => {
  console.error(String(error.message).slice(-3000)); // a stack would show a megabyte of Pyodide's one line
  process.exit(1);
});
