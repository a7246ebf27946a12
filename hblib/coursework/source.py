"""An exercise as its author wrote it: the code cells of a file in `solutions/`, and what running them gives.

What a cell is for follows from its tags and its text:

=============  ======================================================================================================
tag            meaning
=============  ======================================================================================================
(none)         given: the student's notebook holds it as it is
`answer`       holds the solution between the lines ### BEGIN SOLUTION and ### END SOLUTION; the student gets a stub
`solution`     for the solution page alone, like Markdown cells with this tag
`questions`    the list `questions`, last in the file
`slow`         beside one of these: the checks do without running it (sampling, figures)
=============  ======================================================================================================

A cell that begins with `check(` is the student's check.
"""

import contextlib
import difflib
import io
import os
import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
FENCE = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
OPTIONS = re.compile(r"(?:---\n.*?^---\n|(?::[\w-]+:[^\n]*\n)*)", re.MULTILINE | re.DOTALL)
PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Cell:
    """A code cell: its text and its tags."""

    source: str
    tags: tuple[str, ...] = ()

    @property
    def kind(self):
        """given, answer, solution, questions or check."""
        if self.source.startswith("check("):
            return "check"
        return next((kind for kind in ("answer", "solution", "questions") if kind in self.tags), "given")


@dataclass(frozen=True)
class Exercise:
    """A file of `solutions/`: its name without the ending, and its code cells."""

    name: str
    cells: tuple[Cell, ...]

    def run(self, data=None, replaced=None):
        """The names that the given cells and the answers define.

        `data` replaces values that given cells define, for the cells that follow; `replaced`, a pair (cell, source),
        puts another answer in place of a cell.
        """
        namespace = {"__name__": self.name}
        for cell in self.cells:
            if cell.kind in ("given", "answer") and "slow" not in cell.tags:
                source = replaced[1] if replaced and cell is replaced[0] else cell.source
                self._execute(source, namespace)
            if cell.kind == "given":
                namespace.update({name: value for name, value in (data or {}).items() if name in namespace})
        return namespace

    @cached_property
    def namespace(self):
        """What the solution defines, for the data of the task."""
        return self.run()

    @cached_property
    def questions(self):
        """The questions by their names."""
        namespace = dict(self.namespace)
        for cell in self.cells:
            if cell.kind == "questions":
                self._execute(cell.source, namespace)
        if "questions" not in namespace:
            raise ValueError(f"{self.name} has no cell with the tag `questions`; is the last fence closed?")
        return {question.name: question for question in namespace["questions"]}

    def _execute(self, source, namespace):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(_compiled(source, f"solutions/{self.name}.md"), namespace)


@lru_cache(maxsize=1000)  # one cell runs with hundreds of other data, and to compile it takes longer than to run it
def _compiled(source, file):
    return compile(source, file, "exec")


def folder():
    """Where the exercises stand: beside the package in a clone of the course, inside it when it is installed.

    The environment variable HBLIB_EXERCISES names another folder, for exercises of one's own.
    """
    if own := os.environ.get("HBLIB_EXERCISES"):
        return Path(own)
    return next((path for path in (PACKAGE / "solutions", PACKAGE.parent / "solutions") if path.is_dir()), None)


def path(name):
    """The file of an exercise."""
    return folder() / f"{name}.md"


def names():
    """The exercises that there are."""
    return sorted(path.stem for path in folder().glob("[0-9]*.md")) if folder() else []


def some():
    """The exercises that there are; ValueError if there is none, as where HBLIB_EXERCISES names a wrong folder."""
    if not (found := names()):
        where = f"in {folder()}: the name of its file begins with a digit and ends in .md" if folder() else "here"
        raise ValueError(f"there is no exercise {where}")
    return found


def named(name):
    """The name of the exercise that somebody means: also by the file of its notebook.

    >>> named("exercises/01-hospitals.ipynb")
    '01-hospitals'
    >>> named("01-hospital")
    Traceback (most recent call last):
    ValueError: there is no exercise '01-hospital'; did you mean '01-hospitals'?
    """
    if not isinstance(name, str | os.PathLike):
        raise TypeError(f'exercise wants a name in quotes, as in exercise("{next(iter(names()), "name")}")')
    short = bare(os.fspath(name))
    if short[:1].isdigit() and folder() and os.path.isfile(path(short)):  # in each run of a first cell: no look around
        return short
    known = names()
    near = difflib.get_close_matches(short, known, 2, cutoff=0.6)
    like = [each for each in known if each in short] or near
    hint = (
        "did you mean " + " or ".join(map(repr, like)) + "?" if like else f"there are {', '.join(known) or 'none here'}"
    )
    raise ValueError(f"there is no exercise {os.fspath(name)!r}; {hint}")


def bare(name):
    """The name of an exercise in what somebody writes for it, whether there is such an exercise or not.

    >>> bare(" exercises/01-Hospitals.ipynb")
    '01-hospitals'
    """
    return re.sub(r"(\.ipynb|\.md)$", "", Path(name.strip().replace("\\", "/")).name).lower()


@cache
def load(name):
    """The exercise of this name.

    >>> [cell.kind for cell in load("01-hospitals").cells][:3]
    ['given', 'answer', 'check']
    """
    if name not in names():
        return load(named(name))
    return Exercise(name, code_cells(path(name).read_text(encoding="utf8")))


def code_cells(text):
    """The code cells of a MyST notebook. (Students need no more of it, so they need no notebook library.)"""
    cells = []
    for block in FENCE.findall(text):
        options = OPTIONS.match(block)[0]
        tags = re.search(r"tags: *\[([^]]*)\]", options)
        cells.append(Cell(block[len(options) :].strip("\n"), tuple(tags[1].replace(",", " ").split()) if tags else ()))
    return tuple(cells)
