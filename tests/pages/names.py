"""The names of a page, or of an exercise's solution, for its tests.

A page may run for minutes, so its tests do not run it again. nbval runs it in a kernel of its own, as readers and the
book do, and a cell at the end of that run hands over what the tests use: each `page.NAME` that stands in
its file in `tests/pages/`, in a file, by cloudpickle, because a page's functions are to be tested too. conftest.py adds
that cell, and keeps a page and its tests on one worker of xdist. Where the tests run without the page, `of` runs it.
"""

import ast
import pickle
import re
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import nbclient
import nbformat
import pytest

import ledger

FOLDER = pytest.StashKey[tempfile.TemporaryDirectory]()
HAND_OVER = """\
import cloudpickle

with open({file!r}, "wb") as file:
    cloudpickle.dump({{name: globals()[name] for name in {names!r} if name in globals()}}, file)
"""


def tests_of(page):
    """The file with the tests of a page or a solution, or None."""
    tests = page.parent.parent / "tests" / "pages" / f"{module(page)}.py"
    return tests if tests.exists() else None


def module(page):
    """The name of its tests: test_01 for page 01-pooling, test_which_model for a page without a number, and
    test_01_hospitals for the solution 01-hospitals."""
    number = re.match(r"(\d\d)-", page.name) if page.parent.name == "chapters" else None
    return f"test_{number[1] if number else page.stem.replace('-', '_')}"


def page_of(tests):
    """The page or solution that a file of tests is about."""
    root = tests.parent.parent.parent
    (page,) = (
        page for page in [*root.glob("chapters/*.md"), *root.glob("solutions/*.md")] if module(page) == tests.stem
    )
    return page


def files(name, root=ledger.ROOT):
    """What runs and tests the page or the exercise of this name, relative to the course's folder."""
    pages = [page for folder in ("chapters", "solutions") if (page := root / folder / f"{name}.md").exists()]
    if not pages:
        sys.exit(f"There is neither chapters/{name}.md nor solutions/{name}.md")
    found = [file for page in pages if ledger.is_notebook(page) for file in (page, tests_of(page)) if file]
    return [file.relative_to(root).as_posix() for file in found]


def used(tests):
    """The names that the tests ask of their page."""
    nodes = ast.walk(ast.parse(tests.read_text(encoding="utf8")))
    asked = (node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    return sorted({node.attr for node in asked if node.value.id == "page"})


def file_of(page, config):
    """Where the names of a page are handed over in this session."""
    if FOLDER not in config.stash:
        folder = config.stash[FOLDER] = tempfile.TemporaryDirectory(prefix="pages-")
        config.add_cleanup(folder.cleanup)
    return Path(config.stash[FOLDER].name, f"{page.stem}.pickle")


def hand_over(notebook, page, config):
    """Put the cell that hands the names over at the end of a page that has tests; before a solution's questions."""
    tests = tests_of(page)
    if tests:
        source = HAND_OVER.format(file=str(file_of(page, config)), names=used(tests))
        ended = "questions" in notebook.cells[-1].metadata.get("tags", [])
        notebook.cells.insert(len(notebook.cells) - ended, nbformat.v4.new_code_cell(source))


def of(tests, config):
    """The page's names as attributes; runs the page if it has not run in this process."""
    page = page_of(tests)
    file = file_of(page, config)
    if not file.exists():
        notebook = ledger.load(page)
        hand_over(notebook, page, config)
        nbclient.execute(notebook, cwd=page.parent)
    values = pickle.loads(file.read_bytes())
    missing = sorted(set(used(tests)) - set(values))
    assert not missing, f"{page.name} has no {', '.join(missing)}, or the cell that makes it failed"
    return SimpleNamespace(**values)


if __name__ == "__main__":  # for `make page`
    print(*files(sys.argv[1]))
