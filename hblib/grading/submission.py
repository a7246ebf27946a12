"""Reading a notebook that somebody handed in: its code and nothing else.

The file is hostile until shown otherwise: it may be a link, a pipe, huge, or no notebook at all. Whatever is wrong
raises `Invalid` with a sentence for its author.
"""

import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

BYTES, CELLS = 5_000_000, 500
CALL = re.compile(r"^[^#\n]*\bexercise\(\s*[\"']([^\"'\n]{1,80})[\"']\s*\)", re.MULTILINE)


class Invalid(ValueError):
    """This is not a notebook that can be graded."""


@dataclass(frozen=True)
class Submission:
    """A notebook's code cells, and the SHA-256 of its file."""

    name: str
    sha256: str
    cells: tuple[str, ...]


def read(path):
    """The submission in a file; `Invalid` if there is none."""
    path = Path(path)
    data = _bytes(path)
    return Submission(path.name, hashlib.sha256(data).hexdigest(), code_cells(data))


def _bytes(path):
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = "it is a symbolic link" if path.is_symlink() else error.strerror
        raise Invalid(f"the file cannot be read: {reason}") from None
    with os.fdopen(file, "rb") as opened:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode):
            raise Invalid("this is no regular file")
        data = opened.read(BYTES + 1)
    if len(data) > BYTES:
        raise Invalid(f"the file is larger than {BYTES // 1_000_000} MB; clear its outputs and save it again")
    return data


def code_cells(data):
    """The code of a notebook's bytes, a string a cell.

    >>> code_cells(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["p = 1\\\\n", "q = 2"]}]}')
    ('p = 1\\nq = 2',)
    """
    if not data.strip():
        raise Invalid("the file is empty")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Invalid("the file is not a Jupyter notebook: it is not JSON, or not in UTF-8") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        old = isinstance(notebook, dict) and "worksheets" in notebook
        hint = "it has the format of before 2015; open it in Jupyter and save it again" if old else "it has no cells"
        raise Invalid(f"the file is not a Jupyter notebook of today: {hint}")
    if len(notebook["cells"]) > CELLS:
        raise Invalid(f"the notebook has more than {CELLS} cells")
    texts = [_source(number, cell) for number, cell in enumerate(notebook["cells"], start=1)]
    return tuple(text for text in texts if text is not None)


def _source(number, cell):
    """The text of a code cell; None for another cell."""
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or not isinstance(cell.get("cell_type"), str):
        raise Invalid(f"cell {number} of the notebook is damaged")
    if cell["cell_type"] != "code":
        return None
    # Half a surrogate pair is legal in JSON and illegal everywhere else.
    return source.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")


def exercise_of(submission, names):
    """Which of the exercises `names` a notebook answers: what its code says, or else what the file is called."""
    said = {name for cell in submission.cells for name in CALL.findall(cell)}
    if len(said) > 1:
        raise Invalid(f"the notebook names {len(said)} exercises; hand in one notebook for each")
    stem = Path(submission.name).stem
    called = [name for name in names if re.match(re.escape(name) + r"(?![\w-])", stem)]
    if said and called and said != set(called):
        raise Invalid(f"the file is called after exercise {called[0]}, but its code is that of another")
    for name in [*said, *called]:
        if name in names:
            return name
    raise Invalid('no exercise of this course is named in the notebook, neither in exercise("...") nor by the file')
