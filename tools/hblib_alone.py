"""Runs hblib's own tests, on any system and without the book.

    python -m pip install -e ".[test-hblib]" && python tools/hblib_alone.py

They are the examples in the docstrings of hblib's modules, and those test files that need nothing but the standard
library, NumPy, SciPy and what pyproject.toml lists under test-hblib, neither themselves nor in what they import from
the project. Not among them is what needs the exercises and the grader (which ask for Linux and more), starts other
programs, or works on a copy of the project: what those do depends on the system.

With --list the files are printed, not run; other arguments go to pytest.
"""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(arguments):
    files = alone()
    if arguments == ["--list"]:
        print(*(path.relative_to(ROOT).as_posix() for path in files), sep="\n")
        return 0
    import pytest  # reading the files needs nothing but Python

    # Neither the options in pyproject.toml nor the conftest.py beside it: both are about the pages, and need nbval.
    options = ["--override-ini=addopts=", "--confcutdir=tests", "--doctest-modules", "--strict-markers"]
    return pytest.main([f"--rootdir={ROOT}", *options, *arguments, *map(str, files)])


def alone():
    """The files to test, in the order of their names."""
    files = [*ROOT.glob("hblib/**/*.py"), *ROOT.glob("tests/**/test_*.py")]
    return sorted(path for path in files if needs(path) <= light())


@cache
def light():
    """The names of what may be imported."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["test-hblib"]]
    return sys.stdlib_module_names | {re.match(r"[\w-]+", line)[0] for line in listed}


def needs(path):
    """What a file needs: the names that it imports, those that its imports need, and what else stands in its way.

    pytest loads the conftest.py beside a file, and those of the folders around it, with it.
    """
    loaded = {path, *(folder / "conftest.py" for folder in path.parents if folder.is_relative_to(ROOT / "tests"))}
    loaded = {each for each in loaded if each.exists()}
    files = {file for each in loaded for file in reached(each)}
    names = {name.partition(".")[0] for each in files for name in imported(each, each in loaded) if not file_of(name)}
    rooms = {each.relative_to(ROOT).parts[:2] for each in files} & {("hblib", "coursework"), ("hblib", "grading")}
    test = path.read_text(encoding="utf8") if path.name.startswith("test_") else ""
    hurdles = re.findall(r"\bimport subprocess\b|^def .*\b(?:project|site)\b.*:$", test, flags=re.MULTILINE)
    return (names - {"hblib", "tests"}) | {*rooms, *hurdles}


def reached(path):
    """A file, the project's files that it imports, and those that they import as soon as they are imported."""
    known, new = set(), {path}
    while new:
        known |= new
        new = {file_of(name) for each in new for name in imported(each, each == path)} - known - {None}
    return known


@cache
def imported(path, everywhere):
    """The names that a file imports, everywhere or at its top level: `from a import b` gives both a and a.b."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    names = set()
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = absolute(node, path)
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def absolute(node, path):
    """The full name of the module that a node `from … import …` names."""
    if not node.level:
        return node.module
    folder = path.relative_to(ROOT).parts[: -node.level]
    return ".".join([*folder, *([node.module] if node.module else [])])


def file_of(name):
    """The project's file behind a module's name, if it is one of its modules."""
    parts = name.split(".")
    for folder in (ROOT, ROOT / "tools", ROOT / "tools" / "book", ROOT / "tools" / "data"):
        for path in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
            if path.is_file():
                return path
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
