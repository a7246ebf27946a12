// From answers to the notebook that the grader takes, and back.
const NAMED = /^[^#\n]*\bexercise\(\s*["']([^"'\n]{1,80})["']\s*\)/m;

// The student's notebook with these answers, {cell id: text}, in their places.
export function withAnswers(notebook, answers) {
  const cells = notebook.cells.map((cell) =>
    cell.id in answers ? { ...cell, source: answers[cell.id].split(/(?<=\n)/) } : cell,
  );
  return { ...notebook, cells };
}

// The answers in the text of a notebook, {question: text}. `exercise` has a name and the cells of its own notebook.
// Throws an Error whose message is for the reader.
export function answersIn(text, exercise) {
  const cells = codeCells(text);
  const named = new Set(cells.map((cell) => NAMED.exec(cell.text)?.[1]).filter(Boolean));
  if (!named.size) throw new Error("This notebook does not say which exercise it belongs to.");
  if (!named.has(exercise.name) || named.size > 1) {
    throw new Error(`This notebook belongs to another exercise: ${[...named].join(", ")}.`);
  }
  const found = {};
  for (const own of exercise.cells.filter((cell) => cell.kind === "answer")) {
    const check = cells.findIndex((cell) => cell.text.trim().startsWith(`check("${own.question}")`));
    // Some programs give the cells new ids; then an answer is what stands above its check.
    const cell = cells.find((each) => each.id === own.id) ?? cells[check - 1];
    if (cell && cell.text.trim() && cell.text !== own.source) found[own.question] = cell.text;
  }
  if (!Object.keys(found).length) throw new Error("No question is answered in this notebook.");
  return found;
}

function codeCells(text) {
  let cells;
  try {
    ({ cells } = JSON.parse(text));
  } catch {
    throw new Error("This file is not a Jupyter notebook.");
  }
  if (!Array.isArray(cells)) throw new Error("This file is not a Jupyter notebook.");
  return cells
    .filter((cell) => cell?.cell_type === "code")
    .map((cell) => ({ id: cell.id, text: [cell.source ?? ""].flat().join("").replace(/\r\n/g, "\n") }));
}
