"""What the course adds to Jupyter Book: tables of the lesson, launch and download buttons, exercises, and a mend.

Loaded by _config.yml. Each of the parts below stands on its own; the exercises have a file of their own.
"""

import re
from pathlib import Path

from docutils import nodes
from myst_nb.core import render
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

import access
import answer_pages
import citation
import exercise_pages
import figures
import formulas
import front_door
import ledger
import light
import page_code
import reader_notebooks
import reference_pages
import run_ahead
import search_words
import tables
import touch
import typography
from published import repository

log = logging.getLogger(__name__)


def setup(app):
    app.add_role("lesson", Stated())
    app.add_directive("lesson-numbers", LessonTable)
    app.add_directive("lesson-sections", LessonTable)
    app.add_node(LessonTableNode)
    app.connect("doctree-read", collect_printed)
    app.connect("env-purge-doc", forget_printed)
    app.connect("env-updated", refresh_tables)
    app.connect("doctree-resolved", fill_tables)

    app.connect("html-page-context", add_buttons, priority=502)  # after the theme's own, which run at 501
    app.connect("build-finished", write_notebooks)

    exercise_pages.setup(app, repository)
    answer_pages.setup(app)
    figures.setup(app)
    formulas.setup(app)
    typography.setup(app)
    light.setup(app)
    page_code.setup(app)
    reference_pages.setup(app)
    run_ahead.setup(app)
    search_words.setup(app)
    tables.setup(app)
    touch.setup(app)
    front_door.setup(app)
    app.add_directive("citation", citation.Citation)
    access.setup(app)

    render.coalesce_streams = join_outputs

    # another number, and Sphinx reads every page anew (from the cache of executed notebooks)
    return {"parallel_read_safe": False, "parallel_write_safe": True, "env_version": page_code.version(__file__)}


# --- The lesson's numbers and sections --------------------------------------------------------------------------------


class Stated(SphinxRole):
    """{lesson}`ex1.upper` quotes the number as the lesson prints it."""

    def run(self):
        entry = ledger.read().get(self.text)
        if entry is None or not entry.stated:
            log.warning("the lesson states no number %r", self.text, location=self.get_location())
            return [], []
        self.env.note_dependency(str(ledger.LEDGER))
        return [nodes.Text(entry.stated)], []


class LessonTableNode(nodes.General, nodes.Element):
    """Stands for a table until every page has been read."""


class LessonTable(SphinxDirective):
    """A table of the lesson: {lesson-numbers} of what it states, {lesson-sections} of where its parts live now."""

    def run(self):
        self.env.note_dependency(str(ledger.LEDGER))
        self.env.note_dependency(str(ledger.SECTIONS))
        return [LessonTableNode(of=self.name)]


def collect_printed(app, doctree):
    """Remember what each cell of the page just read printed for the lesson's numbers; make the cell a link target."""
    printed = app.env.__dict__.setdefault("lesson_printed", {}).setdefault(app.env.docname, {})
    entries = ledger.read()
    for cell in doctree.findall(nodes.container):
        ids = cell.get("cell_metadata", {}).get("lesson", [])
        if not ids:
            continue
        output = "\n".join(block.astext() for block in cell.children[-1].findall(nodes.literal_block))
        printed |= ledger.printed(ids, output, entries)
        cell["ids"] += [anchor(key) for key in ids]


def forget_printed(app, env, docname):
    env.__dict__.setdefault("lesson_printed", {}).pop(docname, None)


def refresh_tables(app, env):
    """The tables and the list of sources depend on every page, so they are written anew whenever any page was read."""
    sources = {key.docname for key in env.get_domain("cite").bibliographies}
    return [name for name in env.found_docs if "lesson-numbers" in name or name in sources]


def anchor(key):
    return "lesson-" + key.replace(".", "-").replace("_", "-").lower()


def fill_tables(app, doctree, docname):
    tables = {"lesson-numbers": numbers_table, "lesson-sections": sections_table}
    for table in list(doctree.findall(LessonTableNode)):
        table.replace_self(tables[table["of"]](app, docname))


def numbers_table(app, docname):
    """The ledger: stated, computed, verdict, and a link to the cell that computes it."""
    # a number that a page and a solution compute is linked to the page
    printed = sorted(app.env.lesson_printed.items(), key=lambda item: not item[0].startswith("solutions/"))
    where = {key: (doc, text) for doc, found in printed for key, text in found.items()}
    rows = []
    for entry in ledger.read().values():
        doc, text = where.get(entry.id, (None, ""))
        if text != entry.text:
            log.warning("%s: the ledger says %r, but the book prints %r", entry.id, entry.text, text, location=docname)
        uri = "#" if doc is None else f"{app.builder.get_relative_uri(docname, doc)}#{anchor(entry.id)}"
        link = nodes.paragraph("", "", nodes.reference("", entry.label, internal=True, refuri=uri))
        verdict = [nodes.paragraph("", "", nodes.strong("", entry.verdict)), nodes.paragraph("", entry.why)]
        rows.append(
            [
                [link, nodes.paragraph("", f"{entry.id}, line {entry.line}")],
                [nodes.paragraph("", entry.inputs)],
                [nodes.paragraph("", entry.stated or "(lost)")],
                [nodes.paragraph("", text)],
                verdict if entry.why else [nodes.paragraph("", entry.verdict)],
            ]
        )
    return table(["number", "from", "stated", "computed", "verdict"], rows)


def sections_table(app, docname):
    """The lesson's parts, with links to the headings under which their content lives now, and what was put right."""
    rows = []
    for section in ledger.sections():
        first, last = section.lines
        lines = f"line {first}" if first == last else f"lines {first} to {last}"
        cell = [nodes.paragraph("", "", heading_link(app, docname, *place)) for place in section.places]
        if section.mend:
            cell.append(nodes.paragraph("", "", nodes.strong("", "Put right: "), nodes.Text(section.mend)))
        rows.append([[nodes.paragraph("", section.name), nodes.paragraph("", lines)], cell])
    return table(["part of the lesson", "where it is now"], rows)


def heading_link(app, docname, page, heading):
    """A link to a heading of a page, found by its text, or to the page as a whole where the heading is empty."""
    env = app.env
    entries = env.tocs[page].findall(nodes.reference) if page in env.tocs else ()
    anchors = {"": "", **{entry.astext().replace("’", "'"): entry["anchorname"] for entry in entries}}
    if page not in env.titles or heading not in anchors:
        log.warning("a part of the lesson is not at %s, %r", page, heading, location=docname)
        return nodes.inline("", f"{page}: {heading}")
    title = env.titles[page].astext()
    number = re.match(r"(\d+\w?)\. ", title)
    text = f"{heading} ({f'page {number[1]}' if number else title})" if heading else title
    uri = app.builder.get_relative_uri(docname, page) + anchors[heading]
    return nodes.reference("", text, internal=True, refuri=uri)


def table(titles, rows):
    """A docutils table; each cell of a row is a list of nodes."""

    def row(cells):
        return nodes.row("", *(nodes.entry("", *cell) for cell in cells))

    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in titles), cols=len(titles))
    group += nodes.thead("", row([nodes.paragraph("", title)] for title in titles))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group, classes=["lesson-numbers"])


# --- Launch and download ----------------------------------------------------------------------------------------------


HOW_TO_RUN = "chapters/00-how-to-read"


def is_notebook(app, docname):
    return "kernelspec" in app.env.metadata.get(docname, {})


def add_buttons(app, pagename, templatename, context, doctree):
    """Launch buttons for every page, and the .ipynb among the downloads of every notebook page."""
    if doctree is None:
        return
    home = repository()
    how = "" if pagename == HOW_TO_RUN else context["pathto"](HOW_TO_RUN)
    links = [("JupyterLab on your computer", "fas fa-laptop", f"{how}#run-it")]
    if home:
        binder = reader_notebooks.binder(home, f"{pagename}.md")
        links.append(("Binder", "_static/images/logo_binder.svg", binder))
    if home and is_notebook(app, pagename):
        colab = reader_notebooks.colab(home, f"_sources/{pagename}.ipynb")
        links.append(("Colab", "_static/images/logo_colab.png", colab))
    buttons = [
        {"type": "link", "text": text, "tooltip": f"Open this page: {text}", "icon": icon, "url": url}
        for text, icon, url in links
    ]
    group = {"type": "group", "tooltip": "Run this page", "icon": "fas fa-rocket", "label": "launch-buttons"}
    context["header_buttons"].insert(0, {**group, "buttons": buttons})
    if is_notebook(app, pagename):
        source = context["pathto"]("_sources", 1)
        download = {"type": "link", "text": ".ipynb", "tooltip": "Download notebook", "icon": "fas fa-code"}
        downloads = next(item for item in context["header_buttons"] if item.get("label") == "download-buttons")
        downloads["buttons"].insert(
            0, {**download, "url": f"{source}/{pagename}.ipynb", "label": "download-notebook-button"}
        )


def write_notebooks(app, exception):
    """Put each page beside its source as a plain notebook: for download, and for Colab from the published branch."""
    if exception is not None or app.builder.format != "html":
        return
    for docname in filter(lambda name: is_notebook(app, name), app.env.found_docs):
        target = Path(app.outdir, "_sources", docname).with_suffix(".ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        handed_over = Path(app.outdir).parent / "jupyter_execute" / f"{docname}.glue.json"
        target.write_text(reader_notebooks.plain(app.env.doc2path(docname), handed_over, repository()), encoding="utf8")


# --- A mend ----------------------------------------------------------------------------------------------------------


def join_outputs(outputs):
    """What a cell has put out, as the page shows it."""
    return [figures.lighter(output) for output in join_streams(outputs)]


def join_streams(outputs):
    """Join what a cell printed in several pieces, as printed. MyST-NB's own version ends each piece with a new line."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined
