"""Turns a MyST page into a notebook that any Jupyter shows well: for download, and for Colab.

Plain Jupyter knows Markdown, but not MyST. So boxes become block quotes, references become names, and numbers that the
book pastes into its sentences are written out, as the book's own run computed them.
"""

import ast
import json
import re
from functools import cache
from pathlib import Path

import nbformat
from pybtex.database import parse_file

import ledger
import typography
from hblib.coursework import notebooks

BIBLIOGRAPHY = ledger.ROOT / "chapters" / "references.bib"
SETUP = """\
# Only needed where the course is not installed, as on Colab.
try:
    import hblib
except ImportError:
    %pip install --quiet "hblib @ git+{repository}" """


def binder(home, path):
    """Opens a file of the repository at `home` on Binder."""
    return f"https://mybinder.org/v2/gh/{slug(home)}/HEAD?urlpath=lab/tree/{path}"


def colab(home, path):
    """Opens a notebook of the published site on Colab."""
    return f"https://colab.research.google.com/github/{slug(home)}/blob/gh-pages/{path}"


def slug(home):
    return home.removeprefix("https://github.com/")


def plain(page, handed_over, repository):
    """The text of the .ipynb for `page`; `handed_over` is the file with the values that its cells gave to the prose."""
    notebook = ledger.load(page)
    values = json.loads(Path(handed_over).read_text(encoding="utf8")) if Path(handed_over).exists() else {}
    cells = [cell for cell in notebook.cells if "remove-cell" not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"  # jupytext makes new random ones at each read
        if cell.cell_type == "markdown":
            cell.source = plain_markdown(cell.source, values, Path(page))
        else:
            cell.metadata = nbformat.NotebookNode()
    notebook.cells = cells
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
    return with_setup(nbformat.writes(notebook, version=4) + "\n", repository)


def with_setup(text, repository):
    """The text of a .ipynb, with a cell before the others that installs the course where it is missing."""
    if not repository:
        return text
    notebook = nbformat.reads(text, as_version=4)
    first = next(number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells.insert(first, nbformat.v4.new_code_cell(SETUP.format(repository=repository).strip(), id="setup"))
    return nbformat.writes(notebook, version=4) + "\n"


def plain_markdown(text, values, page):
    """MyST Markdown of a page as plain Markdown."""
    text = re.sub(r"^\(([\w-]+)\)=\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{glue:text\}`([\w.-]+)(?::([^`]+))?`", lambda found: written_out(values, *found.groups()), text)
    text = re.sub(r"\{lesson\}`([\w.]+)`", lambda found: ledger.read()[found[1]].stated, text)
    text = re.sub(r"\{cite:?([pt]?)\}`([^`]+)`", lambda found: citation(*found.groups()), text)
    text = re.sub(r"\{(?:numref|ref|doc|eq|term)\}`(?:([^`<]+?) *<[^>]+>|([^`]+))`", lambda m: m[1] or m[2], text)
    text = re.sub(r"\[([^\]]+)\]\(#[\w-]+\)", r"\1", text)  # labels of the page itself are lost
    text = re.sub(r"\]\(([\w./-]+)\.md\b", lambda found: f"]({beside(page, found[1])}", text)
    text = re.sub(r"^```\{lesson-numbers\}\n```", "*(The table is in the book.)*", text, flags=re.MULTILINE)
    text = re.sub(r"^```\{exercise\} (\S+)\n```", lambda found: exercise(found[1]), text, flags=re.MULTILINE)
    text = re.sub(r"^```\{touch\}[^`]*\n```\n", "", text, flags=re.MULTILINE)  # they live in the book alone
    text = re.sub(r"^```\{exercise-list\}\n```", "*(The list is in the book.)*", text, flags=re.MULTILINE)
    return boxes(text)


def beside(page, other):
    """Where the notebook of `page` finds another page: as a notebook, or on the site if it is none.

    >>> beside(ledger.ROOT / "chapters/01-pooling.md", "02-beta-binomial")
    '02-beta-binomial.ipynb'
    >>> beside(ledger.ROOT / "solutions/02-easy.md", "../chapters/lesson-numbers")
    '../../chapters/lesson-numbers.html'
    """
    target = page.parent / f"{other}.md"
    if ledger.is_notebook(target):
        return f"{other}.ipynb"
    # The notebooks stand in the site's folder _sources/chapters or _sources/solutions.
    return f"../../{target.resolve().relative_to(ledger.ROOT).with_suffix('.html')}"


def exercise(name):
    """An exercise, by its name: it is a notebook of its own."""
    return f"**Exercise**: open `exercises/{name}.ipynb` ({notebooks.facts(name)})."


def written_out(values, key, form):
    """The number or text of a {glue:text}, formatted as the book formats it."""
    value = ast.literal_eval(values[key]["data"]["text/plain"])
    return typography.with_minus(format(value, form or ""))


def citation(kind, keys):
    """Author (year), or (Author, year) for a citation in parentheses."""
    cited = [bibliography()[key.strip()] for key in keys.split(",")]
    named = [(authors(entry), entry.fields["year"]) for entry in cited]
    if kind == "t":
        return " and ".join(f"{names} ({year})" for names, year in named)
    return "(" + "; ".join(f"{names}, {year}" for names, year in named) + ")"


@cache
def bibliography():
    return parse_file(str(BIBLIOGRAPHY)).entries


def authors(entry):
    people = entry.persons.get("author") or entry.persons["editor"]  # a book may have editors alone
    names = [" ".join(person.last_names) for person in people]
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)


def boxes(text):
    """Each `:::{name} Title` box as a block quote that opens with its title in bold; from the inside out."""
    box = re.compile(r"^(:{3,})\{([\w-]+)\}[ ]*(.*)\n((?::[\w-]+:.*\n)*)((?:(?!:::).*\n)*?)\1[ ]*$", re.MULTILINE)

    def quote(found):
        title = found[3] or found[2].capitalize()
        body = found[5].strip("\n")
        return "\n".join("> " + line if line else ">" for line in [f"**{title}**", "", *body.split("\n")])

    while box.search(text + "\n"):
        text = box.sub(quote, text + "\n").rstrip("\n")
    return text
