"""What a submission sees of the course: a folder for the sandbox.

It holds the runner, and of hblib those files that the exercise's own cells import, with what these rest on. Whatever
else hblib has would often be the answer itself; and there are no solutions, no questions and no grader. Imports are
followed file by file, also within a folder: who may use one file of it cannot see its neighbours.
"""

import ast
import re
import shutil
from pathlib import Path

from hblib.coursework.source import PACKAGE

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

checks = []


def exercise(name):
    def check(*names):
        for each in checks:
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
    return folder


def offered(exercise):
    """The modules and folders of hblib that a notebook of this exercise can import from.

    >>> from hblib.coursework import source
    >>> "beta_binomial" in offered(source.load("02-new-group")), "beta_binomial" in offered(source.load("04-stein"))
    (True, False)
    """
    return {"coursework", *(Path(file).parts[0].removesuffix(".py") for file in files(exercise))}


def files(exercise):
    """What the given cells and the solution of an exercise import of hblib, with what it rests on; not the checks."""
    code = "\n".join(cell.source for cell in exercise.cells if cell.kind in ("given", "answer"))
    return needed({file for file in imported(code) if not file.startswith("coursework/")})


def early(exercise):
    """The imports of SciPy and xarray in the given cells: half a second each, which other notebooks need not wait for.

    >>> from hblib.coursework import source
    >>> early(source.load("01-hospitals")), early(source.load("04-stein"))
    ('from scipy import stats', '')
    """
    code = "\n".join(cell.source for cell in exercise.cells if cell.kind == "given")
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(text for text in map(ast.unparse, found) if re.match(r"(import|from) (scipy|xarray)\b", text))


def needed(files):
    """These files of hblib, all that they import, directly or not, and the data that lie beside them in a folder.

    >>> [file for file in needed({"datasets/__init__.py"}) if not file.endswith(".csv")]
    ['datasets/README.md', 'datasets/__init__.py']
    """
    found, left = set(), set(files)
    while left:
        file = left.pop()
        found.add(file)
        left |= imported((PACKAGE / file).read_text(encoding="utf8"), Path(file).parent.parts) - found
    folders = {Path(file).parent for file in found} - {Path()}
    beside = {path for folder in folders for path in (PACKAGE / folder).iterdir() if path.is_file()}
    data = {path.relative_to(PACKAGE).as_posix() for path in beside if not path.name.endswith((".py", ".pyc"))}
    return sorted(found | data)


def imported(code, folder=()):
    """The files of hblib that some code in `folder` names in its imports, wherever they stand."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ["hblib", *folder][: 2 + len(folder) - node.level] if node.level else []
            module = [*above, *(node.module.split(".") if node.module else [])]
            names = [[*module, alias.name] for alias in node.names]  # of a name it may be a file or what is in one
        else:
            continue
        for name in names:
            found |= set(files_of(name[1:])) if name[0] == "hblib" else set()
    return found


def files_of(name):
    """The files that are read when hblib's module of this name is imported: those of the folders above it as well.

    >>> list(files_of(["datasets", "rat_tumors"])), list(files_of(["lkj"])), list(files_of(["no", "such"]))
    (['datasets/__init__.py'], ['lkj.py'], [])
    """
    for end in range(1, len(name) + 1):
        path = "/".join(name[:end])
        yield from (file for file in (f"{path}.py", f"{path}/__init__.py") if (PACKAGE / file).is_file())
