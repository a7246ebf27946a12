"""Which room of the house imports which: as CONTRIBUTING.md draws it, and no other."""

import ast
import re
import sys
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).parent.parent
DRAWN = {
    name: set(others.split(", ")) - {"nothing"}
    for name, others in re.findall(r"^([\w/]+) +-> (.+)$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
}
PAGES = sorted([*ROOT.glob("chapters/*.md"), *ROOT.glob("solutions/*.md")])
BASEMENT = sorted((ROOT / "hblib/_numerics").glob("*.py"))
CODE = sorted(path for folder in ("hblib", "tools") for path in (ROOT / folder).rglob("*.py"))
OPTIONAL = {"datatree": {"xarray"}}  # imported only when somebody asks for draws in that form


def files():
    """Every file with code in it that is no test, by its path without the ending."""
    modules = [path for path in ROOT.glob("[a-z]*/**/*.py") if path.relative_to(ROOT).parts[0] != "tests"]
    return {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in [*modules, *PAGES]}


def room(path):
    """The room of a file, or of a module that is imported: the innermost that is drawn, if it is of the house."""
    return max((name for name in DRAWN if f"{path}/".startswith(f"{name}/")), key=len, default=None)


def code(path):
    """What a module or a page computes."""
    if path.suffix == ".py":
        return path.read_text("utf-8")
    return "\n".join(cell.source for cell in jupytext.read(path, fmt="md:myst").cells if cell.cell_type == "code")


def imported(code):
    """The dotted names that some code imports, wherever the import stands."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno} does not say from which room it imports"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    "code", ["from .grading import grade", "from . import grading", "def f():\n  from .. import x"]
)
def test_a_relative_import_is_refused(code):
    """It would look like that of a module outside the house, whatever room it leads to."""
    with pytest.raises(AssertionError, match="from which room"):
        list(imported(code))


def test_every_file_stands_in_a_room():
    assert len(DRAWN) > 5
    assert [path for path in files() if room(path) is None] == []


@pytest.mark.parametrize("name", DRAWN)
def test_a_room_imports_what_is_drawn_and_nothing_else(name):
    found = {
        room(each.replace(".", "/"))
        for path, file in files().items()
        if room(path) == name
        for each in imported(code(file))
    }
    assert found - {name, None} == DRAWN[name]


def test_a_room_stands_above_what_it_imports():
    order = [*DRAWN]
    assert all(order.index(name) < order.index(other) for name in DRAWN for other in DRAWN[name])


@pytest.mark.parametrize("file", BASEMENT, ids=lambda file: file.stem)
def test_the_basement_rests_on_numpy_and_scipy(file):
    for name in imported(code(file)):
        known = {"hblib", "numpy", "scipy", *sys.stdlib_module_names} | OPTIONAL.get(file.stem, set())
        assert name.split(".")[0] in known, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_looks_into_the_basement(page):
    assert "hblib._numerics" not in page.read_text("utf-8")


def lines_of(function, lines):
    """How many lines of code a function has, without its docstring, comments and what is blank."""
    text = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    inside = set(range(function.lineno, function.end_lineno + 1))
    inside -= set(range(text.lineno, text.end_lineno + 1)) if text else set()
    return sum(bool(lines[number - 1].split("#")[0].strip()) for number in inside)


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_function_fits_on_a_screen(file):
    text = file.read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert lines_of(node, text.splitlines()) <= 35, node.name
