// Reads [[TeX, is it displayed?], ...] as JSON and writes, in the same order, what each is as MathML, or why it is none.

const { readFileSync } = require("node:fs");
const temml = require("temml");

const set = ([tex, displayMode]) => {
  try {
    return { markup: temml.renderToString(tex, { displayMode, throwOnError: true }) };
  } catch (error) {
    return { fault: error.message };
  }
};
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(set)));
