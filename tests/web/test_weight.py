"""What a page costs its reader: bytes over the line, nothing that moves, no MathJax, figures that come when needed."""

import pickle
import re
from itertools import batched, permutations, product
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes

from benchmarks.pages import Visitor, compressed
from check_site import toc_pages
from tests.conftest import ROOT
from tests.web.reader import BUILT

pytestmark = pytest.mark.site

PAGES = list(toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))))
LESSONS = [page for page in PAGES if re.match(r"chapters/(\d\d|index|the-idea|within)", page)]
PREFETCHED = """home => [...document.querySelectorAll("link[rel=prefetch]")].map(
    link => link.href.replace(home, "").split("?")[0])"""
FIRST, SECOND = 350_000, 60_000  # bytes: of a first page, and more for a second
STILL = 0.02  # cumulative layout shift
SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def visits(browser):
    """(page, size) -> what it takes to open that page first in a window of that size.

    A visit ends when nothing has come for half a second: several visitors wait for that at once.
    """
    found = {}
    with compressed(BUILT) as address:
        for some in batched(product(PAGES, SIZES), 8):
            visitors = {(page, size): Visitor(browser, viewport=SIZES[size]) for page, size in some}
            for (page, _), visitor in visitors.items():
                visitor.go(f"{address}{page}.html")
            for key, visitor in visitors.items():
                found[key] = visit = visitor.cost(rest=0)
                visit.files = {file.removeprefix(address).partition("?")[0]: n for file, n in visit.files.items()}
                visit.prefetched = visitor.page.evaluate(PREFETCHED, address)
                visit.mathjax = visitor.page.evaluate("typeof MathJax !== 'undefined'")
                visitor.close()
    return found


def test_every_page_is_light_and_loads_from_the_site_alone(visits):
    assert {page: visit.weight for page, visit in visits.items() if visit.weight > FIRST} == {}
    assert {file for visit in visits.values() for file in visit.files if "://" in file} == set()


def test_a_second_page_brings_little_more_whichever_came_first(visits):
    heavy = {}
    for first, second in permutations(LESSONS, 2):
        here, there = visits[first, "desk"], visits[second, "desk"]
        known = {*here.files, *here.prefetched}
        more = {file: size for file, size in there.files.items() if file not in known}
        if sum(more.values()) > SECOND:
            heavy[first, second] = more
    assert heavy == {}


def test_nothing_on_a_page_moves_while_it_loads(visits):
    shifts = {key: visit.shift for key, visit in visits.items()}
    assert len(shifts) > 2 * 70
    assert {key: shift for key, shift in shifts.items() if shift > STILL} == {}


def test_no_page_loads_what_it_has_no_use_for(visits):
    for (page, _), visit in visits.items():
        assert not visit.mathjax, page
        unused = ("mathjax", "fontawesome.js", "thebe", *(("searchindex", "searchtools") if page != "search" else ()))
        assert [file for file in visit.files if any(part in file for part in unused)] == [], page


@pytest.mark.parametrize("page", PAGES)
def test_every_formula_of_a_page_is_there_as_mathml(page):
    doctree = pickle.loads((ROOT / "_build" / ".doctrees" / f"{page}.doctree").read_bytes())
    written = sum(1 for kind in (nodes.math, nodes.math_block) for _ in doctree.findall(kind))
    html = (BUILT / f"{page}.html").read_text(encoding="utf8").partition("<article")[2].partition("</article>")[0]
    places = re.findall(r'<(?:span|div) class="math (.*?)</(?:span|div)>', html, flags=re.DOTALL)
    assert len(places) == html.count("<math") >= written
    assert all(re.search(r"<math.*[^<>\s]</m", place) for place in places)


def test_figures_have_their_room_and_those_below_come_late():
    figures = [
        (page, image)
        for page in PAGES
        for image in BeautifulSoup((BUILT / f"{page}.html").read_text(encoding="utf8"), "html.parser").select(
            "article img[src*='_images/']"
        )
    ]
    assert len(figures) > 40
    assert {Path(image["src"]).suffix for _, image in figures} == {".svg", ".webp", ".avif"}
    for page, image in figures:
        assert int(image["width"]) > 100, page
        assert int(image["height"]) > 100, page
        assert image["decoding"] == "async", page
    assert sum(image.get("loading") == "lazy" for _, image in figures) > 40
