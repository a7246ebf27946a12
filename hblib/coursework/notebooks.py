"""`python -m hblib.coursework`: from each exercise in `solutions/` to the student's notebook in `exercises/`.

With HBLIB_EXERCISES, from each exercise in that folder to a notebook in its folder `notebooks/`.

Equal sources give equal bytes. The student's notebook holds the task, the given cells, a stub for each answer and the
checks; no solution, no question, no output and no metadata.
"""

import copy
import json
import os
import re
from functools import cache
from pathlib import Path

from hblib.coursework import source
from hblib.coursework.questions import Choice, Function

STUB = "...  # YOUR CODE HERE"
LETTER = "...  # YOUR LETTER HERE, in quotes"
MARKED = re.compile(rf"^([ ]*){source.BEGIN}\n.*?{source.END}[^\n]*$", re.MULTILINE | re.DOTALL)
HOW = "Run the cells from the top. Each check tells you at once how your answer fares; nothing leaves your computer."


def read(path):
    """A MyST notebook, a page or a solution, as a nbformat one."""
    return copy.deepcopy(_parsed(Path(path).read_text(encoding="utf8")))


@cache  # the book asks for each of them many times
def _parsed(text):
    import jupytext

    return jupytext.reads(text, fmt="md:myst")  # without the hint some pages look like Pandoc's Markdown


def about(name):
    """Page, minutes and difficulty of an exercise, from the head of its source."""
    return read(source.path(name)).metadata["exercise"]


def student_cells(name):
    """The cells of the student's notebook: (cell of the exercise, code), or (None, text)."""
    exercise, written = source.load(name), read(source.path(name))
    code = iter(exercise.cells)
    found = []
    for each in written.cells:
        if each.cell_type == "markdown":
            if "solution" not in each.metadata.get("tags", []):
                found.append((None, each.source))
        else:
            cell = next(code)
            text = student_code(cell, exercise.questions)
            found += [(cell, text)] if text else []
    found.insert(1, (None, f"*{facts(name)}.* {HOW}"))
    return found


def student(name):
    """The text of the student's notebook."""
    import nbformat

    made = nbformat.v4
    cells = [made.new_code_cell(text) if cell else made.new_markdown_cell(text) for cell, text in student_cells(name)]
    for number, cell in enumerate(cells):
        cell.id = f"{name}-{number}"
    metadata = {"kernelspec": read(source.path(name)).metadata["kernelspec"], "language_info": {"name": "python"}}
    return nbformat.writes(made.new_notebook(cells=cells, metadata=metadata), version=4) + "\n"


def solved(name):
    """A notebook with the solution in it, as somebody would hand it in."""
    kinds = ("given", "answer", "check")
    texts = [cell.source for cell in source.load(name).cells if cell.kind in kinds]
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**blank, "id": f"{name}-{number}", "source": text} for number, text in enumerate(texts)]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def student_code(cell, questions):
    """What the student gets of a code cell: "" for nothing."""
    if cell.kind in ("solution", "questions"):
        return ""
    return MARKED.sub(lambda found: stub(found[0], found[1], questions), cell.source)


def stub(solution, indent, questions):
    """What stands in place of a solution: three dots in a function, `name = ...` for a value."""
    lines = []
    for name, question in questions.items():
        if not indent and not isinstance(question, Function) and re.search(rf"^{name} = ", solution, re.MULTILINE):
            lines.append(f"{name} = {LETTER if isinstance(question, Choice) else STUB}")
    return "\n".join(lines) or indent + STUB


def facts(name):
    """Minutes, difficulty, questions and points of an exercise, in words."""
    head = about(name)
    questions = source.load(name).questions.values()
    count = f"{len(questions)} question{'s' * (len(questions) > 1)}, {sum(q.points for q in questions)} points"
    return f"About {head['minutes']} minutes, {head['difficulty']}, {count}"


def write_all():
    """Write every student's notebook; return the folder and the paths that changed.

    The course's folder `exercises/` then holds no others. Of an author's own exercises the notebooks stand in a folder
    inside, where they meet none of the course's, and nothing is removed.
    """
    own = bool(os.environ.get("HBLIB_EXERCISES"))
    names, target = source.some(), source.folder() / "notebooks" if own else source.folder().parent / "exercises"
    target.mkdir(exist_ok=True)
    wanted = {target / f"{name}.ipynb": student(name) for name in names}
    changed = []
    for path in sorted({*wanted, *(() if own else target.glob("*.ipynb"))}):
        if path not in wanted:
            path.unlink()
        elif path.exists() and path.read_text(encoding="utf8") == wanted[path]:
            continue
        else:
            path.write_text(wanted[path], encoding="utf8", newline="\n")
        changed.append(path)
    return target, changed
