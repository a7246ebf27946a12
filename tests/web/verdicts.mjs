// Usage: node verdicts.mjs FOLDER EXERCISE...   What the page's Python says of many answers to the exercises, as JSON.
// FOLDER is the site's _static/python.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...names] = process.argv.slice(2);
const bytes = (...path) => new Uint8Array(readFileSync(join(...path)));
const text = (...path) => readFileSync(join(...path), "utf8");

async function main() {
  const manifest = JSON.parse(text(folder, "manifest.json"));
  const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));
  const python = await loadPyodide({ indexURL: resolve(folder) + "/", packageCacheDir: resolve(folder) });
  await python.loadPackage(Object.keys(manifest.packages), { messageCallback() {}, checkIntegrity: false });
  python.unpackArchive(bytes(folder, manifest.course), "zip", { extractDir: "/course" });
  python.FS.writeFile("/course/verdicts.py", text(import.meta.dirname, "verdicts.py"));
  python.runPython("import sys; sys.path.insert(0, '/course')\nimport inpage, json, verdicts; inpage.prepare()");
  const said = {};
  for (const name of names) {
    python.globals.set("told", text(folder, "exercises", `${name}.json`));
    said[name] = JSON.parse(python.runPython("json.dumps(verdicts.in_page(told))"));
  }
  process.stdout.write(JSON.stringify(said));
}

main().catch((error) => {
  console.error(String(error.message).slice(-3000)); // a stack would show a megabyte of Pyodide's one line
  process.exit(1);
});
