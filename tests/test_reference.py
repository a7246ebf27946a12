"""The reference has an entry for each public name, with its formulas typeset, and the pages' code leads to it."""

import ast
import inspect
import re
from functools import cache
from importlib import import_module

import pytest
from bs4 import BeautifulSoup

import hblib
import ledger
from reference_pages import public
from tests.conftest import ROOT

pytestmark = pytest.mark.site

BUILT = ROOT / "_build" / "html" / "chapters"
MODULES = [*hblib.__all__, "datasets.retailer"]
PAGES = [page for page in ledger.pages() if "{code-cell}" in page.read_text(encoding="utf8")]


@cache
def read(page):
    return BeautifulSoup((BUILT / f"{page}.html").read_text(encoding="utf8"), "html.parser")


def entry(module):
    """The page of a module."""
    return read(f"reference/{module.split('.')[0]}")


def docstrings(module):
    """The full name and docstring of all that the page of a module shows."""
    thing = import_module(f"hblib.{module}")
    yield thing.__name__, inspect.getdoc(thing)
    for name in public(thing):
        one = getattr(thing, name)
        yield f"{thing.__name__}.{name}", inspect.getdoc(one)
        for part, value in vars(one).items() if inspect.isclass(one) else ():
            if not part.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                yield f"{thing.__name__}.{name}.{part}", inspect.getdoc(getattr(one, part))


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_an_entry(module):
    page = entry(module)
    names = [name for name, doc in docstrings(module) if doc]
    assert len(names) > 1
    assert [name for name in names[1:] if not page.find(id=name)] == []
    assert page.find(id=f"module-{names[0]}")


@pytest.mark.parametrize("module", MODULES)
def test_the_list_at_the_top_leads_to_every_entry(module):
    linked = {link["href"] for link in entry(module).select("table.autosummary a")}
    assert {f"#hblib.{module}.{name}" for name in public(import_module(f"hblib.{module}"))} <= linked


@pytest.mark.parametrize("module", MODULES)
def test_a_source_is_cited_by_its_number(module):
    assert not re.search(r"R[0-9a-f]{12}-", entry(module).find("article").get_text())


@pytest.mark.parametrize("module", MODULES)
def test_a_signature_shows_what_one_would_write(module):
    signatures = [sig.get_text() for sig in entry(module).select("dt.sig")]
    assert len(signatures) > 1
    assert [text for text in signatures if re.search(r"[<>]|\bobject at\b|[(, ]_\w", text)] == []


@pytest.mark.parametrize("module", MODULES)
def test_every_formula_is_typeset(module):
    page = entry(module).find("article")
    text = "\n".join(doc for _, doc in docstrings(module) if doc)
    assert len(page.select("div.math")) >= len(re.findall(r"^ *\.\. math::", text, flags=re.MULTILINE))
    assert not page.select(".system-message, .problematic")
    for raw in (":math:", ".. math::", "-------", "``"):
        assert raw not in page.get_text()


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_are_shown(module):
    shown = entry(module).find("article").get_text()
    for name, doc in docstrings(module):
        for line in re.findall(r"^>>> .*", doc or "", flags=re.MULTILINE):
            assert line.rstrip() in shown, name


def used(page):
    """The functions of hblib that the visible cells of a page name as module.function, such as beta_binomial.fit."""
    cells = [cell for cell in ledger.load(page).cells if cell.cell_type == "code"]
    seen = [cell.source for cell in cells if "remove-cell" not in cell.metadata.get("tags", [])]
    for node in (node for source in seen for node in ast.walk(ast.parse(source))):
        match node:
            case ast.Attribute(ast.Name(module), name) if module in hblib.__all__:
                if name in public(import_module(f"hblib.{module}")):
                    yield f"hblib.{module}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_leads_to_the_reference(page):
    links = {link["href"].split("#")[-1] for link in read(page.stem).select("a.sphinx-codeautolink-a")}
    assert set(used(page)) <= links


def test_most_pages_use_hblib():
    assert sum(bool(set(used(page))) for page in PAGES) > 10


@pytest.mark.parametrize("page", ["index", "00-how-to-read"])
def test_readers_are_led_to_the_reference(page):
    linked = {link["href"] for link in read(page).find("article").find_all("a", href=True)}
    assert {"reference/index.html", "hblib-in-ten-minutes.html"} <= linked


def test_each_module_has_a_page_in_the_order_of_the_package():
    listed = re.findall(
        r"file: chapters/reference/(\w+)$", (ROOT / "_toc.yml").read_text(encoding="utf8"), re.MULTILINE
    )
    assert listed == ["index", *hblib.__all__]
    table = re.findall(
        r"^\| \[`(\w+)`\]", (ROOT / "chapters/reference/index.md").read_text(encoding="utf8"), re.MULTILINE
    )
    assert table == hblib.__all__
