"""On paper: each page without what one can only press, with all that is folded open; and the book as one PDF."""

import datetime
import re
import subprocess
import sys

import pytest
import yaml
from pypdf import PdfReader

import check_site
from tests.conftest import ROOT
from tests.web.reader import BUILT, Reader

pytestmark = pytest.mark.site

PAGES = [*check_site.toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8")))]

# What of a page would be printed and should not be, what is missing, and what sticks out of the sheet.
LOOK = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const article = document.querySelector("article.bd-article");
  const right = article.getBoundingClientRect().right + 1;
  const cells = "hb-question, hb-exercise, hb-overview, hb-done";
  const useless = "button, input, select, textarea, dialog, .bd-sidebar, .bd-header-article, .headerlink, .touch";
  const figures = all("article figure img, article .cell_output img, article figure svg");
  const details = all("article details").filter((each) => !each.closest(cells));

  const shown = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const inside = (each) => [...each.children].filter((part) => part.tagName !== "SUMMARY" && part.textContent.trim());
  const sticksOut = (each) => each.getBoundingClientRect().right > right || each.scrollWidth > each.clientWidth + 1;
  const followed = (each) => !/none|normal/.test(getComputedStyle(each, "::after").content);
  const list = (question) => question.previousElementSibling;
  const listed = (question) => list(question)?.matches("ul") && shown(list(question))
    && list(question).children.length === question.dataset.choices.split(" ").length;
  const names = (found) => found.map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 40)}`);
  return {
    wrong: {
      pressed: names(all(`${useless}, ${cells}`).filter(shown)),
      folded: names(details.flatMap(inside).filter((each) => !each.matches(`${useless}, ${cells}`) && !shown(each))),
      missing: names(figures.filter((each) => !shown(each))),
      wide: names(all("article pre, article table, article img").filter(shown).filter(sticksOut)),
      littered: names(all("article a").filter(followed)),
      letterless: names(all("hb-question[data-choices]").filter((each) => !listed(each))),
      taken: names(all(".exercise .given").filter((each) => !shown(each))),
    },
    text: shown(article) && article.getBoundingClientRect().height > 100,
    figures: figures.length,
    opened: details.length,
    lettered: all(".hb-letters").length,
    given: all(".exercise .given").length,
  };
}"""


@pytest.fixture(scope="module")
def looks(browser, address):
    """What LOOK finds on each page, on a sheet of A4."""
    found = {}
    reader = Reader(browser, address, viewport={"width": 665, "height": 950})
    reader.page.emulate_media(media="print")
    for name in PAGES:
        reader.page.goto(f"{name}.html", wait_until="load")
        found[name] = reader.page.evaluate(LOOK)
    reader.window.close()
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_on_paper(looks, name):
    look = looks[name]
    assert look["text"]
    assert {what: found for what, found in look["wrong"].items() if found} == {}


def test_there_was_something_to_look_at(looks):
    assert sum(look["figures"] for look in looks.values()) > 40
    assert sum(look["opened"] for look in looks.values()) > 100
    assert sum(look["lettered"] for look in looks.values()) > 60  # their choices are a list on paper
    assert sum(look["given"] for look in looks.values()) > 40


def test_dark_pages_are_printed_light(readers):
    page = readers.new(color_scheme="dark").open("chapters/glossary.html").page
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    page.evaluate(
        """() => addEventListener("beforeprint", () => {
            window.printed = [document.documentElement.dataset.theme, getComputedStyle(document.body).color];
        })"""
    )
    page.pdf()
    theme, colour = page.evaluate("() => window.printed")
    assert theme == "light"
    assert max(map(int, re.findall(r"\d+", colour)[:3])) < 100  # dark letters
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_question_has_its_choices_once_on_the_screen_and_what_is_given(readers, scripts):
    """As radio buttons and in a fold, where scripts run; without them as a list and a piece of code."""
    page = readers.new(java_script_enabled=scripts).open("chapters/03-normal-normal.html").page
    choice, given = page.locator(".exercise", has_text="It comes out too large").last, page.locator(".exercise .given")
    if scripts:
        choice.locator(".hb-letters").first.wait_for()
    assert choice.locator("li", has_text="It comes out too large").first.is_visible() is not scripts
    assert given.count() > 3
    assert [each.is_visible() for each in given.all()] == [not scripts] * given.count()


# --- The book ---------------------------------------------------------------------------------------------------------

SOME = {
    "chapters/which-model": "Which model do I need?",
    "chapters/01-pooling": "1. Three answers to one question",
    "chapters/glossary": "Glossary",
    "chapters/references": "References",
    "solutions/01-first-lines": "First lines: rates and estimates",
}


@pytest.fixture(scope="module")
def book(browser, tmp_path_factory):
    """(The PDF of a few pages, what the command said, the years before and after: two on New Year's Eve)."""
    file = tmp_path_factory.mktemp("pdf") / "book.pdf"
    command = [sys.executable, ROOT / "tools/pdf.py", BUILT, file, *SOME]
    before = this_year()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return PdfReader(file), done.stdout, {before, this_year()}


def this_year():
    return f"{datetime.datetime.now(tz=datetime.UTC):%Y}"


@pytest.fixture(scope="module")
def sheets(book):
    return [" ".join(sheet.extract_text().split()) for sheet in book[0].pages]


def starts(outline, reader, level=0):
    """(Level, title, number of the sheet) of each bookmark."""
    for each in outline:
        if isinstance(each, list):
            yield from starts(each, reader, level + 1)
        else:
            yield level, each.title.strip(), reader.get_destination_page_number(each) + 1


def test_the_command_says_how_far_it_is_and_what_it_made(book):
    reader, said, _ = book
    lines = said.splitlines()
    assert [line.split(": ")[1] for line in lines[: len(SOME)]] == sorted(SOME, key=PAGES.index)
    assert re.fullmatch(rf".*book\.pdf: {len(reader.pages)} sheets, [\d.]+ MB", lines[-1])


def test_the_title_page(book, sheets):
    _, _, years = book
    assert "Hierarchical Bayesian models" in sheets[0]
    assert re.search(rf"Built on \d+ [A-Z][a-z]+ ({'|'.join(years)})\b", sheets[0])
    assert "CC BY 4.0" in sheets[0]


def test_contents_and_bookmarks_name_the_sheet_on_which_a_page_begins(book, sheets):
    assert re.match(r"(2 )?Contents", sheets[1])
    marks = [*starts(book[0].outline, book[0])]
    assert "Before you start" in {title for level, title, _ in marks if level == 0}
    for title in SOME.values():
        [number] = [number for level, each, number in marks if each == title and level == 1]
        assert title in sheets[number - 1]
        assert re.search(rf"{re.escape(title)} {number}\b", sheets[1])
    assert ("Symbols", True) in {(title, level == 2) for level, title, _ in marks}


def test_each_sheet_has_its_number_and_the_name_of_its_page(book, sheets):
    for number, text in enumerate(sheets[1:], start=2):
        assert re.search(rf"(^|\s){number}(\s|$)", text), number
    [begin] = [number for _, title, number in starts(book[0].outline, book[0]) if title == "Glossary"]
    [end] = [number for _, title, number in starts(book[0].outline, book[0]) if title == "References"]
    assert end - begin > 5
    assert all("Glossary" in text for text in sheets[begin - 1 : end - 1])


def test_links_lead_within_the_book_or_to_the_web(book):
    reader = book[0]
    links = [link.get_object() for sheet in reader.pages for link in sheet.get("/Annots", [])]
    addresses = [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]
    inside = [str(link["/Dest"]).lstrip("/") for link in links if "/Dest" in link]
    assert {address.split(":")[0] for address in addresses} <= {"https", "http", "mailto"}
    known = {name.lstrip("/") for name in reader.named_destinations}
    assert "chapters-glossary" in inside
    assert set(inside) <= known


def test_an_exercise_names_the_sheet_of_its_solution(book, sheets):
    [number] = [number for _, title, number in starts(book[0].outline, book[0]) if title.startswith("First lines")]
    [exercise] = [text for text in sheets if "Exercise: First lines: rates and estimates" in text]
    assert f"solution on page {number}" in exercise
    assert "Download" not in exercise


def test_solutions_are_in_it_and_nothing_to_press(sheets):
    text = " ".join(sheets)
    assert "raw = y / n" in text
    assert "What is given:" in text
    assert 'exercise("01-first-lines")' in text
    assert "Show code cell source" not in text
    assert "Download my notebook" not in text
