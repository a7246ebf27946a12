"""Reading a notebook that somebody handed in: its code and nothing else.

The file is hostile until shown otherwise: it may be a link, a pipe, huge, or no notebook at all. Whatever is wrong
raises `Invalid` with a sentence for its author.
"""

import hashlib
import io
import json
import os
import re
import stat
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hblib.coursework import source

BYTES, KEPT, CELLS = 50_000_000, 5_000_000, 500  # of a file; letters without what was drawn; cells
PARTS, DEPTH = 5_000_000, 500  # of what was drawn: brackets and texts, and how deep they are nested
LINE = 10_000  # letters of a line of code that is read word by word
CALL = re.compile(r"^[^#\n]*\bexercise\(\s*[\"']([^\"'\n]{1,80})[\"']\s*\)", re.MULTILINE)
CHECK = re.compile(r"check\(\"(\w+)\"\)")
TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\]\[{}]', re.DOTALL)
DRAWN = re.compile(r'"(?:outputs|attachments|widgets)"\s*+:\s*+(?=[\[{])')
PICTURE = re.compile(r"(data:image/[\w.+-]++;base64,)[A-Za-z0-9+/=]{1000,}+")  # as Colab pastes them; in code, too


class Invalid(ValueError):
    """This is not a notebook that can be graded."""


@dataclass(frozen=True)
class Submission:
    """A notebook's code cells, and the SHA-256 of its file."""

    name: str
    sha256: str
    cells: tuple[str, ...]

    @cached_property
    def code(self):
        """A hash of the code, the same whatever its comments and blank lines."""
        return hashlib.sha256("\0".join(map(plain, self.cells)).encode()).hexdigest()


def plain(code):
    """Code without comments and blank lines, its words one space apart. It is read word by word, never parsed.

    >>> plain("x = 1  # one") == plain("# one\\n\\nx  =  1\\n") == plain("x=1")
    True
    """
    words = []
    if not short(code):
        return code.strip()
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                words.append(tokenize.tok_name[token.type] if token.type in SPACES else token.string)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return code.strip()
    return " ".join(words)


def words(cells):
    """The names and comments in code.

    >>> sorted(words(["x = y  # why"]))
    ['# why', 'x', 'y']
    """
    found = set()
    for code in cells:
        code = "\n".join(line for line in code.split("\n") if len(line) <= LINE)
        try:
            for token in tokenize.generate_tokens(io.StringIO(code).readline):
                found |= {token.string.strip()} if token.type in (tokenize.NAME, tokenize.COMMENT) else set()
        except (tokenize.TokenError, SyntaxError, ValueError):
            pass  # what came before counts
    return found


def short(code):
    """Are all lines of some code short? Python's `tokenize` takes a time that grows with the square of a line."""
    return max(map(len, code.split("\n"))) <= LINE


SPACES = tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER


def read(path):
    """The submission in a file; `Invalid` if there is none."""
    path = Path(path)
    data = bytes_of(path)
    return Submission(path.name, hashlib.sha256(data).hexdigest(), code_cells(data))


def bytes_of(path):
    """What is in a file; `Invalid` for a link, a pipe, and what is too large."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = "it is a symbolic link" if path.is_symlink() else error.strerror
        raise Invalid(f"the file cannot be read: {reason}") from None
    kind = os.fstat(file).st_mode
    if not stat.S_ISREG(kind):
        os.close(file)
        folder = "this is a folder; name the notebooks in it, or use grade-batch"
        raise Invalid(folder if stat.S_ISDIR(kind) else "this is no regular file")
    with os.fdopen(file, "rb") as opened:
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
    text = _text(data)
    if len(text) > KEPT:
        text = PICTURE.sub(r"\1", undrawn(text))
    if len(text) > KEPT:
        size = f"larger than {KEPT // 1_000_000} MB even without its outputs and pictures"
        raise Invalid(f"the notebook is {size}; shorten its cells, or take out its metadata")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("the file is not a Jupyter notebook: it is not JSON") from None
    cells = _cells(notebook)
    if len(cells) > CELLS:
        raise Invalid(f"the notebook has more than {CELLS} cells")
    texts = [_source(number, cell) for number, cell in enumerate(cells, start=1)]
    return tuple(text for text in texts if text is not None)


def _text(data):
    """Bytes as text: in UTF-8 or a longer form of Unicode, as JSON is, or else as Windows saves it."""
    for encoding in (json.detect_encoding(data), "cp1252"):
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            pass
    raise Invalid("the file is not a Jupyter notebook: it is not JSON, or in no usual encoding")


def undrawn(text):
    """A notebook's text without outputs, attachments and widgets.

    It is read bracket by bracket, in memory that does not grow.

    >>> undrawn('{"outputs": [{"x": "]"}], "source": "outputs"}')
    '{"outputs": [], "source": "outputs"}'
    """
    kept, start, depth = [], 0, 0  # what is kept, where the next piece begins, how deep we are in what is left out
    for number, token in enumerate(TOKEN.finditer(text)):
        first = text[token.start()]
        if number > PARTS or depth > DEPTH:
            raise Invalid("the notebook's outputs are too intricate; clear them and save it again")
        if not depth and first == '"':
            if drawn := DRAWN.match(text, token.start()):
                kept += [text[start : drawn.end()], "[]"]
                depth, start = 1, drawn.end()
        elif depth and first in "[{":
            depth += token.start() != start  # the first one is counted already
        elif depth and first in "]}":
            depth -= 1
            start = token.end() if not depth else start
    return "".join([*kept, text[start:] if not depth else ""])


def _cells(notebook):
    """The cells of a notebook of today, or of one from before 2015."""
    if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
        return notebook["cells"]
    sheets = notebook.get("worksheets") if isinstance(notebook, dict) else None
    if isinstance(sheets, list) and all(isinstance(s, dict) and isinstance(s.get("cells"), list) for s in sheets):
        return [
            {**cell, "source": cell["input"]} if isinstance(cell, dict) and "input" in cell else cell
            for sheet in sheets
            for cell in sheet["cells"]
        ]
    raise Invalid("the file is not a Jupyter notebook: it has no cells")


def _source(number, cell):
    """The text of a code cell; None for another cell."""
    source = cell.get("source", "") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or not isinstance(cell.get("cell_type"), str):
        raise Invalid(f"cell {number} of the notebook is damaged")
    if cell["cell_type"] != "code":
        return None
    # Half a surrogate pair is legal in JSON and illegal everywhere else.
    return source.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")


def exercise_of(submission, names):
    """Which of the exercises `names` a notebook answers.

    That is what its code says, or else its file's name, or else the only exercise all of whose answers it defines.
    """
    said = {source.bare(name) for cell in submission.cells for name in CALL.findall(cell)}
    if len(said) > 1:
        raise Invalid(f"the notebook names {len(said)} exercises; hand in one notebook for each")
    called = called_after(submission.name, names)
    if said and called and not said <= set(called):
        raise Invalid(f"the file is called after exercise {called[0]}, but its code is that of another")
    for candidates in (said & set(names), called, defining(submission, names)):
        if len(candidates) == 1:
            return next(iter(candidates))
    raise Invalid(
        'it cannot be told which exercise this is: none is named in exercise("...") or by the file, and the answers to '
        "no exercise, or to several, are defined"
    )


def called_after(file, names):
    """The exercises whose names stand in the name of a file.

    >>> called_after("Copy of 02_easy-Anna (1).ipynb", ["02-easy", "02-easy-more", "2-easy"])
    ['02-easy']
    """
    words = {name: "[-_ ]".join(map(re.escape, name.split("-"))) for name in names}
    found = [name for name in names if re.search(rf"(?<![a-z0-9]){words[name]}(?![a-z0-9])", file.lower())]
    return [name for name in found if not any(name != other and name in other for other in found)]


def defining(submission, names):
    """The exercises all of whose answers a notebook defines."""
    lines = [line for cell in submission.cells for line in cell.split("\n")]
    defined = {match[1] or match[2] for line in lines if (match := re.match(r"def (\w+)|(\w+)\s*=(?!=)", line))}
    asked = {name: {q for cell in source.load(name).cells for q in CHECK.findall(cell.source)} for name in names}
    return [name for name, questions in asked.items() if questions and questions <= defined]
