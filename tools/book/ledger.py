"""The ledger of the lesson's numbers, and the pages that reproduce them.

`chapters/lesson_numbers.toml` holds every number that the lesson states. A code cell that reproduces some of them says
so in its metadata and prints each, in that order, under the label that the ledger gives it:

    ```{code-cell} ipython3
    :lesson: [ex1.mean, ex1.lower]
    print(f"posterior mean: {post.mean():.6f}")
    print(f"2.5 % point: {post.ppf(0.025):.3f}")
    ```

`chapters/lesson_sections.toml` holds every part of the lesson, and where its content lives now.

`reference_notebook` turns a page into a notebook whose stored outputs are the ledger's texts, for nbval to compare with
what the code prints today. conftest.py hands it to nbval; book_extension.py shows the result in the book.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import nbformat

from hblib.coursework import notebooks

ROOT = Path(__file__).parent.parent.parent
LEDGER = ROOT / "chapters" / "lesson_numbers.toml"
SECTIONS = LEDGER.with_name("lesson_sections.toml")
VERDICTS = ("right", "restored", "example", "wrong", "mislabelled")
LOST = ("restored", "example")  # the lesson states nothing


@dataclass(frozen=True)
class Entry:
    """One number of the lesson; the fields are explained at the head of the ledger."""

    id: str
    label: str
    line: int
    inputs: str
    stated: str
    verdict: str
    correct: str = ""
    why: str = ""

    def __post_init__(self):
        if not self.label or ":" in self.label:
            raise ValueError(f"{self.id}: label must say what the number is, without a colon, but is {self.label!r}")
        if self.verdict not in VERDICTS:
            raise ValueError(f"{self.id}: verdict must be one of {VERDICTS}, but is {self.verdict!r}")
        if (self.verdict == "right") != (not self.correct and not self.why):
            raise ValueError(f"{self.id}: `correct` and `why` belong to every verdict but 'right', and only there")
        if self.stated == self.correct or (self.verdict in LOST) != (not self.stated):
            raise ValueError(f"{self.id}: `stated` is empty for {LOST} alone, and never equal to `correct`")

    @property
    def text(self):
        """What the code must print."""
        return self.correct or self.stated

    @property
    def printed(self):
        """The line that the code must print."""
        return f"{self.label}: {self.text}"


@dataclass(frozen=True)
class Section:
    """A part of the lesson; the fields are explained at the head of `lesson_sections.toml`."""

    name: str
    lines: list[int]
    homes: list[str]
    mend: str = ""

    @property
    def places(self):
        """Its homes as (document, heading); the heading is "" for a page as a whole."""
        split = (home.partition(" # ") for home in self.homes)
        return [(page if "/" in page else f"chapters/{page}", heading) for page, _, heading in split]


def read(path=LEDGER):
    """The ledger as {id: Entry}, in the order of the file."""
    entries = tomllib.loads(Path(path).read_text(encoding="utf8"))
    return {key: Entry(key, **fields) for key, fields in entries.items()}


def sections(path=SECTIONS):
    """The parts of the lesson, in its order."""
    return [Section(**fields) for fields in tomllib.loads(Path(path).read_text(encoding="utf8"))["section"]]


def pages(folder=LEDGER.parent):
    """The MyST pages in reading order."""
    return sorted(Path(folder).glob("*.md"))


def solutions(folder=LEDGER.parent):
    """The solutions of the exercises, which stand beside the pages' folder."""
    return sorted(Path(folder).parent.glob("solutions/[0-9]*.md"))


def is_notebook(page):
    """Has a page cells to run?"""
    return "kernelspec" in Path(page).read_text(encoding="utf8")


def load(page):
    """A page as a notebook."""
    return notebooks.read(page)


def cited(cell):
    """The ids that a cell claims to reproduce."""
    return cell.metadata.get("lesson", [])


def output(ids, ledger):
    """What a cell that cites `ids` must print. Numbers with one label and one text, in one cell, share a line."""
    lines = dict.fromkeys(ledger[key].printed for key in ids)
    labels = {ledger[key].label for key in ids}
    if len(labels) < len(lines):
        raise ValueError(f"{', '.join(ids)}: one cell cannot print two numbers under one label")
    return "".join(f"{line}\n" for line in lines)


def printed(ids, text, ledger):
    """What a cell that cites `ids` said of each, {id: number}, read off the text that it printed."""
    lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    return {key: lines.get(ledger[key].label, "") for key in ids}


def reference_notebook(page, ledger):
    """The page as a notebook, with the ledger's text stored as the output of each cell that cites it."""
    notebook = load(page)
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        ids = cited(cell)
        unknown = [key for key in ids if key not in ledger]
        if unknown:
            raise ValueError(f"{page}, cell {number}: {', '.join(unknown)} is not in {LEDGER.name}")
        if ids:
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=output(ids, ledger))]
            cell.execution_count = number + 1  # nbval compares no cell that seems never to have run
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "nbval-check-output"]
    return notebook


def places(folder=LEDGER.parent):
    """Where each id is reproduced: {id: [page, ...]}."""
    found = {}
    for page in [*pages(folder), *solutions(folder)]:
        for cell in load(page).cells:
            for key in cited(cell) if cell.cell_type == "code" else ():
                found.setdefault(key, []).append(page)
    return found
