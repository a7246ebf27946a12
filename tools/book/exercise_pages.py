"""How the book shows the exercises: a box at the point of use, and the pages of `solutions/`.

    ```{exercise} 01-hospitals
    ```

puts the whole task of an exercise there, with links that open its notebook, and its solution, run and explained, in a
dropdown. `{exercise-list}` makes a table of all of them. Below each question stands an empty element, of which
web/answers/ makes a cell to answer in, in a browser that can.
"""

import html
import json
import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import ledger
import reader_notebooks
from answer_pages import course
from check_site import toc_pages
from hblib.coursework import notebooks, source

HEADING = "heading"  # the class of a heading within a box, which tools/book/access.py gives its level
PACKAGES = {"arviz": "ArviZ", "pymc": "PyMC"}  # what a question may need and no page has, as it is written

BOX = """\
::::{{admonition}} Exercise: {title}
:class: exercise

```{{exercise-part}} links {name}
```

{task}

```{{exercise-part}} all-answers {name}
```

:::{{dropdown}} Solution
```{{exercise-part}} solution {name}
```
:::
::::
"""


def setup(app, repository):
    """Connect it all; `repository()` gives the address of the course's repository, or None."""
    app.add_directive("exercise", Box)
    app.add_directive("exercise-part", Part)
    app.add_directive("exercise-list", List)
    app.add_node(Later)
    app.connect("doctree-read", lambda app, doctree: tidy_solution(app.env, doctree))
    app.connect("doctree-resolved", lambda app, doctree, name: fill(app, doctree, name, repository()))
    app.connect("build-finished", lambda app, error: copy_notebooks(app, error, repository()))


class Later(nodes.General, nodes.Element):
    """Stands for the links or the solution of an exercise until every page has been read."""


class Box(SphinxDirective):
    """The box of an exercise."""

    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        self.env.note_dependency(str(source.path(name)))
        title, task = task_of(name)
        return self.parse_text_to_nodes(BOX.format(name=name, title=title, task=task))


class Part(SphinxDirective):
    """The place of the links, of the solution, of an answer or of what belongs to all answers."""

    required_arguments = 2
    optional_arguments = 1

    def run(self):
        what, name, *question = self.arguments
        if what == "answer":
            return [answer_place(name, *question)]
        if what == "all-answers":
            return [place("hb-exercise", name=name)]
        return [Later(what=what, exercise=name)]


class List(SphinxDirective):
    """All exercises, in the order of the contents, which is that of the pages."""

    def run(self):
        lines = ["| Exercise | Page | How long, how hard |", "| --- | --- | --- |"]
        names = in_order(source.names())
        points = {name: {each.name: each.points for each in source.load(name).questions.values()} for name in names}
        for name in names:
            self.env.note_dependency(str(source.path(name)))
            done = element("hb-done", questions={name: points[name]})
            head = notebooks.about(name)
            facts = f"{head['minutes']} min, {head['difficulty']}, {sum(points[name].values())} points"
            lines.append(f"| [](/solutions/{name}.md) | [](/chapters/{head['page']}.md) | {facts} {done} |")
        return [place("hb-overview", questions=points), *self.parse_text_to_nodes("\n".join(lines))]


def in_order(names):
    """The names of exercises in the order of the table of contents; what is not in it comes last."""
    contents = yaml.safe_load((ledger.ROOT / "_toc.yml").read_text(encoding="utf8"))
    place = {page: number for number, page in enumerate(toc_pages(contents))}
    return sorted(names, key=lambda name: place.get(f"solutions/{name}", len(place)))


def task_of(name):
    """Title and task of an exercise, with a place for each answer.

    What is given is there for paper, and for who reads without scripts: an answer's cell shows it, too.
    """
    first, _, *cells = course.exercise(name)["cells"]  # the second cell says how a notebook is used
    title, _, opening = first["source"].removeprefix("# ").partition("\n")
    parts = [opening]
    for cell in cells:
        if cell["kind"] == "text":
            heading = f"```{{rubric}} \\1\n:class: {HEADING}\n```"
            parts.append(re.sub(r"^#+ (.*)$", heading, cell["source"], flags=re.MULTILINE))
        elif cell["kind"] == "code" and (given := data_of(cell["source"])):
            parts.append(f"```{{code-block}} python\n:class: given\n\n{given}\n```")
        elif cell["kind"] == "answer":
            parts.append(f"```{{exercise-part}} answer {name} {cell['question']}\n```")
    return title, "\n\n".join(parts)


def data_of(source):
    r"""What a cell gives but for the check, of which paper has no use; nothing where only imports are left.

    >>> data_of("from hblib.coursework import exercise\n\ncheck = exercise('x')\ny = 3")
    'y = 3'
    >>> data_of("import numpy as np\n\ncheck = exercise('x')")
    ''
    """
    lines = [line for line in source.splitlines() if not re.match(r"from hblib.coursework import|check = ", line)]
    kept = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return "" if all(re.match("import |from |$", line) for line in kept.splitlines()) else kept


def answer_place(name, question):
    """The empty element below a question; its attributes are all that the page knows before the first click."""
    told = course.exercise(name)
    answers = [cell for cell in told["cells"] if cell["kind"] == "answer"]
    number, cell = next((n, each) for n, each in enumerate(answers, start=1) if each["question"] == question)
    above = told["cells"][: told["cells"].index(cell)]
    since = next((n for n, each in enumerate(reversed(above)) if each["kind"] == "answer"), len(above))
    return place(
        "hb-question",
        style=f"--lines: {len(cell['source'].splitlines())}",
        exercise=name,
        name=question,
        number=number,
        points=told["points"][question],
        stub=cell["source"],
        choices=" ".join(cell.get("choices", [])),
        packages=" and ".join(PACKAGES[name] for name in cell.get("packages", [])),
        given="yes" if any(each["kind"] == "code" for each in above[len(above) - since :]) else "",
    )


def place(tag, style="", **data):
    """An empty element as a node of the page."""
    return nodes.raw("", element(tag, style, **data), format="html")


def element(tag, style="", **data):
    """An empty element, hidden until a script fills it; its data as attributes, of which the empty are left out."""
    texts = {name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in data.items()}
    attributes = {"style": style} | {f"data-{name}": text for name, text in texts.items()}
    written = "".join(f' {name}="{html.escape(text)}"' for name, text in attributes.items() if text)
    return f"<{tag}{written} hidden></{tag}>"


def tidy_solution(env, doctree):
    """On a page of `solutions/`: links below the title, a place for each answer, its solution folded, and no marks in
    the code.
    """
    name = exercise_of(env.docname)
    if not name:
        return
    title = next(doctree.findall(nodes.title))
    title.parent.insert(title.parent.index(title) + 1, Later(what="links", exercise=name))
    answers = list(doctree.findall(is_answer))
    asked = [cell["question"] for cell in course.exercise(name)["cells"] if cell["kind"] == "answer"]
    for node, question in zip(answers, asked, strict=True):
        fold(node, answer_place(name, question))
    answers[-1].parent += place("hb-exercise", name=name)
    for block in doctree.findall(nodes.literal_block):
        text = re.sub(rf"^[ ]*({source.BEGIN}|{source.END})\n?", "", block.astext(), flags=re.MULTILINE)
        if text != block.astext():
            block.rawsource = text.rstrip("\n")
            block.children = [nodes.Text(block.rawsource)]  # equal, or Sphinx would not colour it


def fold(answer, above):
    """Below a question: the place to answer in, and the solution, to the section's end or the next answer, folded."""
    section, start = answer.parent, answer.parent.index(answer)
    rest = enumerate(section.children[start + 1 :], start + 1)
    end = next((n for n, node in rest if isinstance(node, nodes.section) or is_answer(node)), len(section))
    opening = '<details class="hb-solution"><summary>Solution</summary>'
    section.insert(end, nodes.raw("", "</details>", format="html"))
    section.insert(start, [above, nodes.raw("", opening, format="html")])


def exercise_of(docname):
    folder, _, name = docname.rpartition("/")
    return name if folder == "solutions" and name in source.names() else None


def fill(app, doctree, docname, home):
    for place in list(doctree.findall(Later)):
        name = place["exercise"]
        if place["what"] == "links":
            place.replace_self(links(app, docname, name, home))
        else:
            page = app.env.get_and_resolve_doctree(f"solutions/{name}", app.builder)
            place.replace_self(solution(page, name))


def links(app, docname, name, home):
    """One paragraph: how long and how hard, and where to do it."""
    up, notebook = "../" * docname.count("/"), f"exercises/{name}.ipynb"
    targets = [("Download the notebook", up + notebook)]
    if home:
        targets.append(("Binder", reader_notebooks.binder(home, notebook)))
        targets.append(("Colab", reader_notebooks.colab(home, notebook)))
    if docname != f"solutions/{name}":
        targets.append(("solution on its own page", app.builder.get_relative_uri(docname, f"solutions/{name}")))
    paragraph = nodes.paragraph("", "", nodes.emphasis("", f"{notebooks.facts(name)}."), classes=["exercise-links"])
    for number, (text, uri) in enumerate(targets):
        paragraph += nodes.Text(" · " if number else " ")
        paragraph += nodes.reference("", text, refuri=uri, internal="://" not in uri)
    return paragraph


def solution(page, name):
    """Of the page of an exercise in `solutions/`: the answers, and what follows their checks, for each question."""
    found = []
    for section in page.findall(nodes.section):
        after_check, parts = False, []
        for node in section.children:
            code = next(node.findall(nodes.literal_block), None) if is_cell(node) else None
            if isinstance(node, nodes.section):
                break
            if isinstance(node, nodes.raw):
                continue  # a place for answers, or a fold
            if code is not None and code.astext().startswith("check("):
                after_check = True
            elif after_check or is_answer(node):
                parts.append(node.deepcopy())
        if parts:
            found += [nodes.rubric("", section.next_node(nodes.title).astext(), classes=[HEADING]), *parts]
    for node in (copied for part in found for copied in part.findall(nodes.Element)):
        node["ids"] = [f"{name}-{key}" for key in node["ids"]]  # the solution's own page has them as they are
    return found


def is_cell(node):
    return isinstance(node, nodes.container) and "cell_metadata" in node


def is_answer(node):
    return is_cell(node) and "answer" in node["cell_metadata"].get("tags", [])


def copy_notebooks(app, error, home):
    """The students' notebooks, for download and for Colab, which has to install the course first."""
    if error is not None or app.builder.format != "html":
        return
    target = Path(app.outdir, "exercises")
    target.mkdir(exist_ok=True)
    for name in source.names():
        text = reader_notebooks.with_setup(notebooks.student(name), home)
        (target / f"{name}.ipynb").write_text(text, encoding="utf8")
