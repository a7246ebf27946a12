"""What the pages' Python is told of the course: hblib and the exercises as one file, and each exercise's cells."""

import json
import re
import shutil
import sys
import zipfile
from functools import cache
from io import BytesIO

from fetch import PACKAGES, PURE, ROOT, VERSION, digest, wheels
from hblib.coursework import imports, notebooks, source
from hblib.coursework.questions import Choice, Draws

HERE = ROOT / "web" / "python"
sys.path.append(str(HERE))

import inpage  # noqa: E402


def archive():
    """(name, content) of the zip with hblib, without the grader, and `solutions/`. Equal sources give equal bytes."""
    modules = (path.relative_to(source.PACKAGE).as_posix() for path in source.PACKAGE.rglob("*.py"))
    wanted = {file for file in modules if not file.startswith("grading/") and not file.endswith("__main__.py")}
    files = {f"hblib/{file}": source.PACKAGE / file for file in imports.needed(wanted)}
    files |= {f"solutions/{name}.md": source.path(name) for name in source.names()}
    files |= {path.name: path for path in HERE.glob("*.py")}
    content = zipped({name: path.read_bytes() for name, path in files.items()})
    return f"course-{digest(content)[:12]}.zip", content


def without_tests(wheel):
    """The content of a wheel, but for its tests, which nobody runs in a page."""
    with zipfile.ZipFile(wheel) as read:
        return zipped({name: read.read(name) for name in read.namelist() if "/tests/" not in name})


def zipped(contents):
    """A zip of these files, always the same."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in sorted(contents.items()):
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


@cache
def exercise(name):
    """What the page is told of an exercise: the cells of the student's notebook, and what they need."""
    loaded = source.load(name)
    cells = [told(loaded, number, *each) for number, each in enumerate(notebooks.student_cells(name))]
    run = [
        cell.source
        for cell in loaded.cells
        if cell.kind in ("given", "answer", "questions") and "slow" not in cell.tags
    ]
    return {
        "name": name,
        "title": cells[0]["source"].partition("\n")[0].removeprefix("# "),
        "needs": sorted({package for code in run for package in inpage.packages(code)} & set(PACKAGES)),
        "cells": cells,
        "points": {question.name: question.points for question in loaded.questions.values()},
        "notebook": f"../../exercises/{name}.ipynb",
    }


def told(exercise, number, cell, text):
    """A cell of the student's notebook, for the page."""
    if cell is None:
        return {"kind": "text", "id": f"{exercise.name}-{number}", "source": text}
    asked = [exercise.questions[name] for name in about(exercise, cell)]
    found = {"kind": "code" if cell.kind == "given" else cell.kind, "id": f"{exercise.name}-{number}", "source": text}
    if asked:
        found["question"] = asked[0].name if len(asked) == 1 else [each.name for each in asked]
    if cell.kind == "answer" and len(asked) == 1 and isinstance(asked[0], Choice):
        found["choices"] = asked[0].letters(exercise)
    if "slow" in cell.tags:
        found["slow"] = True
    if lacking := missing(cell.source) | (draws_need(exercise) if any(isinstance(q, Draws) for q in asked) else set()):
        found["packages"] = sorted(lacking)
    return found


def about(exercise, cell):
    """The names of the questions that a cell answers or checks."""
    pattern = {"answer": r"^(?:def {0}\(|{0} = )", "check": r'"{0}"'}.get(cell.kind)
    return [
        name for name in exercise.questions if pattern and re.search(pattern.format(name), cell.source, re.MULTILINE)
    ]


def missing(code):
    """The packages that some code imports and the page has not."""
    return set(inpage.packages(code)) - set(PACKAGES)


def draws_need(exercise):
    """What a question for draws takes: whatever the notebook is given to sample with, and the judge of samples."""
    return {"arviz"}.union(*(missing(cell.source) for cell in exercise.cells if cell.kind == "given"))


def write(files, target):
    """Write all of Python in the page into the folder `target`: these files of Pyodide's, the course, the exercises."""
    shutil.rmtree(target / "exercises", ignore_errors=True)
    (target / "exercises").mkdir(parents=True)
    for file, path in files.items():
        (target / file).write_bytes(without_tests(path) if file in PURE else path.read_bytes())
    for old in target.glob("course-*.zip"):
        old.unlink()
    name, content = archive()
    (target / name).write_bytes(content)
    for each in source.names():
        (target / "exercises" / f"{each}.json").write_text(json.dumps(exercise(each)), encoding="utf8")
    sizes = {
        each: {"bytes": len(content := (target / each).read_bytes()), "sha256": digest(content)}
        for each in [*files, name]
    }
    packages = {package: list(needs) for package, needs in wheels(files["pyodide-lock.json"]).items()}
    manifest = {"course": name, "pyodide": VERSION, "files": sizes, "packages": packages}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf8")
