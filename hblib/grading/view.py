"""What a submission sees of the course: a folder for the sandbox.

It holds the runner, and of hblib those modules that the exercise's own cells import, with what these rest on. Whatever
else hblib has would often be the answer itself; and there are no solutions, no questions and no grader.
"""

import ast
import re
import shutil
from pathlib import Path

from hblib.coursework.source import PACKAGE

HERE = Path(__file__).parent
BASEMENT = "_numerics"  # what an exercise gets of it is only what it rests on: the rest may be an answer
SCRIPTS = (
    *(HERE / name for name in ("runner.py", "shell.py", "wire.py", "seccomp.py")),
    *(PACKAGE / "coursework" / name for name in ("calling.py", "forms.py")),
)

INIT = '''"""hblib, as far as this exercise uses it."""


def __getattr__(name):
    if name in {there!r} or name.startswith("__"):
        raise AttributeError(name)
    raise ImportError(f"hblib.{{name}} is no part of this exercise; write it yourself")
'''
COURSEWORK = '''"""The checks say nothing while a notebook is graded; they tell the runner what they are about."""

checks = []


def exercise(name):
    def check(*names):
        for each in checks:
            each(*names)

    return check
'''


def make(exercise, folder):
    """Fill an empty `folder` with the view for an exercise, and return it."""
    folder = Path(folder)
    for script in SCRIPTS:
        shutil.copy(script, folder)
    there = needed(modules_of(exercise))
    for name in there:
        source, target = PACKAGE / name, folder / "hblib" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source.with_suffix(".py"), target.with_suffix(".py"))
    (folder / "hblib" / "coursework").mkdir(parents=True)
    (folder / "hblib" / "coursework" / "__init__.py").write_text(COURSEWORK)
    tops = {"coursework", *(name.partition("/")[0] for name in there)}
    (folder / "hblib" / "__init__.py").write_text(INIT.format(there=sorted(tops)))
    (folder / "early.py").write_text(early(exercise))
    return folder


def modules_of(exercise):
    """The modules of hblib that the given cells and the solution of an exercise import.

    >>> from hblib.coursework import source
    >>> sorted(modules_of(source.load("02-new-group")))
    ['beta_binomial', 'datasets']
    """
    code = "\n".join(cell.source for cell in exercise.cells if cell.kind in ("given", "answer"))
    return imported(code) - {"coursework"}


def early(exercise):
    """The imports of SciPy and xarray in the given cells: half a second each, which other notebooks need not wait for.

    >>> from hblib.coursework import source
    >>> early(source.load("01-hospitals")), early(source.load("04-stein"))
    ('from scipy import stats', '')
    """
    code = "\n".join(cell.source for cell in exercise.cells if cell.kind == "given")
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(text for text in map(ast.unparse, found) if re.match(r"(import|from) (scipy|xarray)\b", text))


def needed(modules):
    """These modules and all that they import, directly or not.

    >>> needed({"datasets"})
    ['_numerics/arguments', 'datasets']
    """
    found, left = set(), set(modules)
    while left:
        name = left.pop()
        found.add(name)
        path = PACKAGE / name
        files = path.glob("*.py") if path.is_dir() else [path.with_suffix(".py")]
        left |= set().union(*(imported(file.read_text(encoding="utf8")) for file in files)) - found
    return sorted(found)


def imported(code):
    """The modules of hblib that some code names in its imports, wherever they stand.

    >>> sorted(imported("from hblib import lkj; from hblib._numerics import arguments; import hblib.datasets.retailer"))
    ['_numerics/arguments', 'datasets', 'lkj']
    """
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {module(name.split(".")[1:]) for name in names if name.startswith("hblib.")}


def module(parts):
    """The file or folder of hblib in which a dotted name lies: of the basement single files, else whole folders."""
    return "/".join(parts[:2] if parts[0] == BASEMENT else parts[:1])
