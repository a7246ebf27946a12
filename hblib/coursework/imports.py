"""Which files of hblib some code uses: what an exercise offers to a notebook, and what a page's results rest on.

Imports are followed file by file, also within a folder: who may use one file of it does not thereby see its neighbours.
"""

import ast
from functools import cache
from pathlib import Path

from hblib.coursework.source import PACKAGE


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


def needed(files):
    """These files of hblib, all that they import, directly or not, and the data that lie beside them in a folder.

    >>> [file for file in needed({"datasets/__init__.py"}) if not file.endswith(".csv")]
    ['_numerics/__init__.py', '_numerics/types.py', 'datasets/README.md', 'datasets/__init__.py']
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


@cache  # the same files are asked for by every page and every cell
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
    return frozenset(found)


def files_of(name):
    """The files that are read when hblib's module of this name is imported: those of the folders above it as well.

    >>> list(files_of(["datasets", "rat_tumors"])), list(files_of(["lkj"])), list(files_of(["no", "such"]))
    (['datasets/__init__.py'], ['lkj.py'], [])
    """
    for end in range(1, len(name) + 1):
        path = "/".join(name[:end])
        yield from (file for file in (f"{path}.py", f"{path}/__init__.py") if (PACKAGE / file).is_file())
