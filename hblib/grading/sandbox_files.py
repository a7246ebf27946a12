"""What a submission sees of the course: a folder for the sandbox.

It holds the runner, and of hblib those files that the exercise's own cells import, with what these rest on. Whatever
else hblib has would often be the answer itself; and there are no solutions, no questions and no grader. Imports are
followed file by file, also within a folder: who may use one file of it cannot see its neighbours.
"""

import ast
import compileall
import shutil
from pathlib import Path

from hblib.coursework.imports import files, offered
from hblib.coursework.source import PACKAGE

IMPORTS = ast.Import | ast.ImportFrom
SCRIPTS = (
    *(Path(__file__).parent / "inside" / name for name in ("runner.py", "shell.py", "codec.py", "seccomp.py")),
    *(PACKAGE / "coursework" / name for name in ("calling.py", "forms.py")),
)

INIT = '''"""hblib, as far as this exercise uses it."""


def __getattr__(name):
    if name in {there!r} or name.startswith("__"):
        raise AttributeError(name)
    raise ImportError(f"hblib.{{name}} is no part of this exercise; write it yourself")
'''
COURSEWORK = '''"""The checks say nothing while a notebook is graded; they tell the runner what they are about."""

listeners = []


def exercise(name):
    def check(*names):
        for each in listeners:
            each(*names)

    return check
'''


def make(exercise, folder):
    """Fill an empty `folder` with the files for an exercise, and return it."""
    folder = Path(folder)
    for script in SCRIPTS:
        shutil.copy(script, folder)
    for file in files(exercise):
        place = folder / "hblib" / file
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE / file, place)
    (folder / "hblib" / "coursework").mkdir(parents=True)
    (folder / "hblib" / "coursework" / "__init__.py").write_text(COURSEWORK)
    (folder / "hblib" / "__init__.py").write_text(INIT.format(there=sorted(offered(exercise))))
    (folder / "early.py").write_text(early(exercise))
    # Nothing can be written there later, and each notebook would compile them anew.
    compileall.compile_dir(folder, quiet=1, stripdir=str(folder))
    return folder


def early(exercise):
    """The imports of the given cells: done once, before a notebook is read, and not again in each of its runs.

    >>> from hblib.coursework import source
    >>> print(early(source.load("01-hospitals")))
    import numpy as np
    from scipy import stats
    from hblib import datasets
    from hblib.coursework import exercise
    """
    code = "\n".join(cell.source for cell in exercise.cells if cell.kind == "given")
    return "\n".join(ast.unparse(node) for node in ast.walk(ast.parse(code)) if isinstance(node, IMPORTS))
