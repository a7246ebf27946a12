"""Which room of the house may import which: the pages rest on hblib, and that on its basement."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HBLIB = ROOT / "hblib"
BASEMENT = sorted((HBLIB / "_numerics").glob("*.py"))
TAUGHT = sorted([*HBLIB.glob("[a-z]*.py"), *(HBLIB / "datasets").glob("*.py")])
PAGES = sorted([*ROOT.glob("chapters/*.md"), *ROOT.glob("solutions/*.md")])


def imported(code):
    """The dotted names that some code imports, wherever the import stands."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


OPTIONAL = {"datatree": {"xarray"}}  # imported only when somebody asks for draws in that form


@pytest.mark.parametrize("file", BASEMENT, ids=lambda file: file.stem)
def test_the_basement_rests_on_numpy_and_scipy(file):
    for name in imported(file.read_text("utf-8")):
        assert name.split(".")[0] in {"hblib", "numpy", "scipy", *sys.stdlib_module_names} | OPTIONAL.get(
            file.stem, set()
        ), name
        assert not name.startswith("hblib.") or name.startswith("hblib._numerics."), name


@pytest.mark.parametrize("file", TAUGHT, ids=lambda file: file.stem)
def test_the_statistics_know_no_course_and_no_grader(file):
    for name in imported(file.read_text("utf-8")):
        assert not name.startswith(("hblib.coursework", "hblib.grading", "hblib.solutions")), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_looks_into_the_basement(page):
    assert "hblib._numerics" not in page.read_text("utf-8")
