"""The built site is whole, stands alone, and check_site.py would notice if it were not."""

import functools
import json
import re
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from docutils import nodes

import check_site
import ledger
import typography
from hblib.coursework import notebooks, source
from tests.conftest import ROOT, copy_of_site

pytestmark = pytest.mark.site

BUILT = ROOT / "_build" / "html"
NOTEBOOKS = sorted((BUILT / "_sources").glob("*/*.ipynb"))
document = functools.cache(check_site.Document)
EXERCISES = sorted((BUILT / "exercises").glob("*.ipynb"))


def test_the_site_has_no_faults():
    assert check_site.faults_of(BUILT) == []


def test_a_missing_page_is_noticed(site):
    (site / "chapters/01-pooling.html").unlink()
    faults = check_site.faults_of(site)
    assert ("chapters/01-pooling", "is in the table of contents, but was not built") in faults
    assert any("links to 01-pooling.html" in fault for _, fault in faults)


# What is broken, each on a page of its own, and what is then said of that page.
LINK = 'internal" href="02-beta-binomial.html"'
BREAKS = {
    "a missing figure": (
        "01-pooling",
        '<img alt="Line chart',
        '<b title="',
        r"shows \d figures, but its cells draw \d",
    ),
    "a figure without description": (
        *("03-normal-normal", '<img alt="Upper panel', '<img alt="" x="'),
        r"the figure \S+ has no alternative text worth the name: ''",
    ),
    "a dead link to a page": ("index", LINK, '" href="nowhere.html"', "links to nowhere.html, which is not there"),
    "a dead link to a place of another page": (
        *("which-model", LINK, '" href="01-pooling.html#nowhere"'),
        "links to 01-pooling.html#nowhere, which is not there",
    ),
    "a dead link to a place of its own": (
        *("references", LINK, '" href="#nowhere"'),
        "links to #nowhere, which is not there",
    ),
    "another host": (
        *("glossary", "</head>", '<script src="https://cdn.example.org/a.js"></script></head>'),
        "loads https://cdn.example.org/a.js from another host",
    ),
}


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """The faults of a copy of the site in which all that is broken at once, because every look takes seconds."""
    site = copy_of_site(tmp_path_factory.mktemp("broken"))
    for page, old, new, _ in BREAKS.values():
        path = site / "chapters" / f"{page}.html"
        text = path.read_text(encoding="utf8")
        assert old in text, page
        path.write_text(text.replace(old, new, 1), encoding="utf8")
    return check_site.faults_of(site)


@pytest.mark.parametrize(("page", "said"), [(page, said) for page, _, _, said in BREAKS.values()], ids=BREAKS)
def test_what_is_broken_is_noticed_and_nothing_else(faults, page, said):
    [fault] = [fault for where, fault in faults if where == f"chapters/{page}"]
    assert re.fullmatch(said, fault)
    assert len(faults) == len(BREAKS)


def test_every_page_can_be_downloaded():
    sources = [*(ROOT / "chapters").glob("*.md"), *(ROOT / "solutions").glob("*.md")]
    pages = [f"{path.parent.name}/{path.stem}" for path in sources if ledger.is_notebook(path)]
    assert sorted(pages) == [f"{path.parent.name}/{path.stem}" for path in NOTEBOOKS]
    for page in pages:
        assert f'_sources/{page}.ipynb"' in (BUILT / f"{page}.html").read_text(encoding="utf8")


@pytest.mark.parametrize("name", source.names())
def test_the_box_of_an_exercise_holds_links_task_and_solution(name):
    page = notebooks.about(name)["page"]
    link = document(BUILT / "chapters" / f"{page}.html").html.find("a", href=f"../exercises/{name}.ipynb")
    box = link.find_parent(class_="exercise")
    assert notebooks.facts(name) in box.get_text()
    solution = box.find("details").get_text()
    for cell in source.load(name).cells:
        if cell.kind == "answer":
            inside = notebooks.MARKED.search(cell.source)[0].split("\n")[1:-1]
            assert all(line.strip() in solution for line in inside)
    assert source.BEGIN not in solution
    nbformat.validate(nbformat.read(BUILT / "exercises" / f"{name}.ipynb", as_version=4))


@pytest.mark.parametrize("name", source.names())
def test_on_its_own_page_each_solution_is_folded_and_its_code_has_colours(name):
    page = document(BUILT / "solutions" / f"{name}.html").html
    folds = page.find_all("details", class_="hb-solution")
    answers = [cell for cell in source.load(name).cells if cell.kind == "answer"]
    assert len(page.select(".tag_answer")) == len(folds) == len(answers)
    for fold in folds:
        assert fold.find("summary").get_text() == "Solution"
        assert fold.select(".tag_answer .highlight span")
        assert not fold.find(["section", "hb-question", "hb-exercise"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_downloaded_notebook_is_plain(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for myst in ("{glue", "{cite", "{lesson", ":::", "{numref", "{term", ".md)", "```{"):
                assert myst not in cell.source
    assert not any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.parametrize("path", [*NOTEBOOKS, *EXERCISES], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_link_of_a_notebook_leads_somewhere(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for address in map(urlsplit, re.findall(r"\]\(([^)\s]+)", text)):
        target = (path.parent / unquote(address.path)).resolve()
        assert address.scheme or (target.is_relative_to(BUILT) and target.is_file()), address.geturl()


def test_notebooks_link_to_notebooks_and_to_pages_that_are_none():
    text = "".join(path.read_text(encoding="utf8") for path in NOTEBOOKS)
    assert "](02-beta-binomial.ipynb)" in text
    assert "](../../chapters/lesson-numbers.html)" in text


def test_a_downloaded_notebook_holds_the_books_numbers():
    text = " ".join("".join(cell["source"]) for cell in json.loads(NOTEBOOKS[1].read_text(encoding="utf8"))["cells"])
    assert "A prior of size 108 pulls hospital A" in text
    assert "(Spiegelhalter et al., 1996)" in text
    assert "> **Guess first**" in text


def test_a_negative_number_in_a_sentence_has_a_minus_sign():
    pages = [path for name in ("chapters", "solutions") for path in (BUILT / name).glob("*.html")]
    pasted = [text.get_text() for path in pages for text in document(path).html.select(".pasted-text")]
    assert any(text.startswith("\N{MINUS SIGN}") for text in pasted)
    assert not any(text.startswith("-") for text in pasted)


def test_a_source_keeps_its_address_when_another_is_added():
    pages = [path for name in ("chapters", "solutions") for path in (BUILT / name).glob("*.html")]
    links = [link["href"] for path in pages for link in document(path).html.select('a[href*="references.html#"]')]
    assert len(links) > 100
    assert [link for link in links if "references.html#cite-" not in link] == []


def test_short_code_in_a_sentence_is_kept_whole_and_long_code_is_not():
    texts = nodes.literal("", "n - y"), nodes.literal("", "interval"), nodes.literal("", f"a = {20 * 'b'}c")
    typography.keep_short_code_whole(None, nodes.paragraph("", "", *texts))
    assert [text["classes"] for text in texts] == [["whole"], [], []]


def test_r_hat_is_kept_whole_wherever_it_stands():
    paragraph = nodes.paragraph("", "", nodes.Text("An R-hat of 1.01, and "), nodes.emphasis("", "k-hat"))
    typography.mend(SimpleNamespace(env=SimpleNamespace(docname="chapters/10-checking")), paragraph)
    assert paragraph.astext() == "An R-hat of 1.01, and k-hat"
    assert [part.astext() for part in paragraph.findall(nodes.inline)] == ["R-hat", "k-hat"]
    assert all(part["classes"] == ["whole"] for part in paragraph.findall(nodes.inline))


def test_code_and_formulas_keep_their_hyphens():
    texts = nodes.literal("", "-1"), nodes.math("", "-2"), nodes.inline("", "-3"), nodes.inline("", "-4")
    texts[-1]["classes"] = ["pasted-text"]
    paragraph = nodes.paragraph("", "", *texts)
    page = SimpleNamespace(env=SimpleNamespace(docname="chapters/01-pooling"))
    typography.mend(page, paragraph)
    assert [text.astext() for text in paragraph] == ["-1", "-2", "-3", "\N{MINUS SIGN}4"]
