"""What tests/web/ asks the page's Python; pyodide.mjs calls it there."""

import doctest
import importlib
import io
import json
from pathlib import Path

import answers
import cells as written

import inpage
from hblib.coursework import source

inpage.prepare()


def listed(told):
    """What the page shows below each answer to an exercise that is listed there."""
    told = json.loads(told)
    return verdicts(told, answers.listed(source.load(told["name"])))


def others(told):
    """What it shows below those that are not."""
    told = json.loads(told)
    return verdicts(told, answers.others(source.load(told["name"]), Path("/answers")))


def verdicts(told, tried):
    """What the page shows below each of these answers."""
    shown, said = [], {}
    page = inpage.Exercise(told["name"], lambda *each: shown.append(each))
    for cell in told["cells"]:
        if cell["kind"] == "code" and not (cell.get("slow") or cell.get("packages")):
            assert page.run(cell["source"]), shown
    for question, kind, answer in tried:
        shown.clear()
        page.namespace[question] = answer
        points = page.check(question)[question]
        said[f"{question}: {kind}"] = "".join(text for _, text in shown), points
    return json.dumps(said)


def cells():
    """What the page shows of the cells in cells.py, each in a notebook of its own."""
    return json.dumps({cell.name: shown(cell.code) for cell in written.CELLS})


def shown(code):
    found = []
    page = inpage.Exercise("01-hospitals", lambda *each: found.append(each))
    done = page.run(code)
    return {"done": done, "shown": found}


def doctests():
    """The docstrings of hblib whose examples fail here, each with what is said of it."""
    failed = {}
    for file in sorted(source.PACKAGE.rglob("*.py")):
        path = file.relative_to(source.PACKAGE).with_suffix("")
        if "grading" not in path.parts:
            name = ".".join(["hblib", *path.parts]).removesuffix(".__init__")
            for test in doctest.DocTestFinder().find(importlib.import_module(name)):
                printed = io.StringIO()
                if doctest.DocTestRunner(verbose=False).run(test, out=printed.write).failed:
                    failed[test.name] = printed.getvalue()
    return json.dumps(failed)
