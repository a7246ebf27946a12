"""Which code stands behind a page's outputs: what must change before the page has to run again.

The cache of executed notebooks knows a page by the text of its cells and by its kernelspec. So the kernelspec gets one
entry more while the book is built: a fingerprint of all that the cells run on, which are the modules of hblib that they
import, directly or not, the data among them, the exercises that they check, the pinned packages, and the formats of
figures; comments and docstrings apart. With another fingerprint the page runs again.
"""

import ast
import functools
import hashlib
import json
import re
import zlib
from pathlib import Path

from sphinx.util import logging

import figures
import ledger
from hblib.coursework import source
from hblib.coursework.imports import imported, needed
from hblib.coursework.source import PACKAGE

log = logging.getLogger(__name__)
# What stands between a cell's options, which are lines with colons or a block of YAML, and the end of its fence.
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?:---\n.*?\n---\n)?(.*?)^```", flags=re.MULTILINE | re.DOTALL)
KERNELSPEC = re.compile(r"^kernelspec: \{", flags=re.MULTILINE)


def setup(app):
    app.connect("source-read", sign)
    app.connect("env-get-outdated", outdated)


def version(extension):
    """A number for the text of the book's extension and of the modules beside it."""
    texts = [path.read_bytes() for path in sorted(Path(extension).parent.glob("*.py"))]
    return zlib.crc32(b"".join(texts))


def sign(app, docname, text):
    """Write the fingerprint into the head of a page that has just been read."""
    if KERNELSPEC.search(text[0]):
        text[0] = KERNELSPEC.sub(rf"\g<0>code: {fingerprint(app.env.doc2path(docname))}, ", text[0], count=1)


def outdated(app, env, added, changed, removed):
    """The pages whose text is as it was, but not the code behind it."""
    written = {name: env.metadata[name]["kernelspec"] for name in env.found_docs if "kernelspec" in env.metadata[name]}
    stale = [name for name, kernel in written.items() if str(kernel.get("code")) != fingerprint(env.doc2path(name))]
    stale = sorted({*stale} - {*added, *changed, *removed})
    if stale:
        log.info("the code has changed behind: %s", ", ".join(stale))
    return stale


def fingerprint(page):
    """A short name for all the code and data that the cells of a page use."""
    asked = exercises(page)
    sha = hashlib.sha256(_of_modules(tuple(sorted({name for each in (page, *asked) for name in modules(each)}))))
    for path in asked:
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def modules(page):
    """The files of hblib that a page's cells, or a module, import, directly or not.

    >>> modules(ledger.ROOT / "chapters/05-empirical-bayes.md")[-3:]
    ['normal_normal.py', 'page.py', 'priors.py']
    """
    found = _needed(frozenset(imported(code(page))))
    return [name for name in found if not name.startswith("grading/")]  # of the grader the checks only ask a limit


def exercises(page):
    """The exercises that a page's cells check answers of; not a solution's own, whose cells are the page's.

    >>> [path.name for path in exercises(ledger.ROOT / "chapters/how-the-checks-work.md")]
    ['01-hospitals.md']
    >>> exercises(ledger.ROOT / "solutions/01-hospitals.md")
    []
    """
    names = re.findall(r"""^[^#\n]*\bexercise\(["']([\w-]+)["']\)""", code(page), flags=re.MULTILINE)
    return [path for name in names if (path := source.path(name)).exists() and not path.samefile(page)]


def code(page):
    """The code of a page's cells, without what IPython alone understands; or that of a module."""
    text = Path(page).read_text(encoding="utf8")
    cells = text if Path(page).suffix == ".py" else "\n".join(CELL.findall(text))
    return re.sub(r"^[%!:].*", "", cells, flags=re.MULTILINE)


_needed = functools.cache(needed)


@functools.cache
def _of_modules(names):
    """The hash of these files, wherever the checkout lies."""
    paths = [ledger.ROOT / "requirements.txt", *sorted(PACKAGE.glob("*.mplstyle")), *(PACKAGE / name for name in names)]
    sha = hashlib.sha256(json.dumps(figures.FORMATS).encode())
    for path in (path for path in paths if path.suffix in (".py", ".csv", ".txt", ".mplstyle", ".npz", ".json")):
        sha.update(f"{path.name}\0".encode() + essence(path) + b"\0")
    return sha.digest()


@functools.cache
def essence(path):
    """What of a file decides results: of code neither comments nor docstrings, of the pins no comments."""
    if path.suffix == ".txt":
        return re.sub(rb"\s*#.*", b"", path.read_bytes())
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() if ast.get_docstring(node):
                del node.body[0]
    return ast.dump(tree).encode()
