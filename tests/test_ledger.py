"""The ledger binds the lesson, the code and the pages: break any of the three in a small book, and nbval goes red."""

import itertools
import re

import pytest

import ledger
from tests import small_book

pytestmark = pytest.mark.site

PAGE = "chapters/03-normal-normal.md"
LEDGER = "chapters/lesson_numbers.toml"


@pytest.fixture
def book(project):
    """A copy of the project with a small book to break."""
    small_book.write(project.folder)
    return project


def test_an_unbroken_copy_is_green(book):
    code, output = book.pytest(PAGE, LEDGER)
    assert code == 0, output


def test_red_when_the_code_changes(book):
    book.edit("hblib/normal_normal.py", "mu + kappa * (ybar - mu)", "mu + 1.01 * kappa * (ybar - mu)")
    code, output = book.pytest(PAGE, "-x")
    assert code == 1
    assert " mean: 9.11" in output  # pytest shortens what both lines begin with
    assert " mean: 9.12" in output  # pytest shortens what both lines begin with


def test_red_when_the_ledger_changes(book):
    book.edit(LEDGER, 'stated = "9.11"', 'stated = "9.12"')
    code, output = book.pytest(PAGE, "-x")
    assert code == 1
    assert " mean: 9.12" in output  # pytest shortens what both lines begin with


def test_red_when_a_cell_raises(book):
    book.edit(PAGE, "se = (4 / 5) ** 0.5", "se = 2 / nothing")
    code, output = book.pytest(PAGE, "-x")
    assert code == 1
    assert "NameError" in output


def test_red_when_a_number_has_no_cell(book):
    book.edit(PAGE, "[toy_nn.kappa, ", "[")
    book.edit(PAGE, 'print(f"weight of the data: {normal_normal.shrinkage(se, tau=1):.4f}")\n', "")
    code, output = book.pytest(PAGE, LEDGER)
    assert code == 1
    assert "no cell of any page carries `lesson: [toy_nn.kappa]`" in output
    assert "1 failed" in output


def test_red_when_a_cell_names_an_unknown_number(book):
    book.edit(PAGE, "toy_nn.kappa,", "toy_nn.kapa,")
    code, output = book.pytest(PAGE)
    assert code != 0
    assert "toy_nn.kapa is not in lesson_numbers.toml" in output


def test_red_when_a_number_stands_under_another_label(book):
    book.edit(PAGE, 'print(f"weight of the data: ', 'print(f"weight: ')
    code, output = book.pytest(PAGE, "-x")
    assert code == 1
    assert "weight of the data: 0.5556" in output


def test_red_when_a_cell_prints_nothing(book):
    book.edit(PAGE, "print(f", "str(f")
    code, output = book.pytest(PAGE)
    assert code == 1
    assert "1 failed" in output


def entry(id, label, text):
    return ledger.Entry(id, label, line=1, inputs="", stated=text, verdict="right")


def test_numbers_that_are_the_same_share_a_line():
    entries = {"a.m": entry("a.m", "mean", "1"), "b.m": entry("b.m", "mean", "1"), "b.s": entry("b.s", "spread", "2")}
    assert ledger.output(entries, entries) == "mean: 1\nspread: 2\n"
    assert ledger.printed(entries, "mean: 1\nspread: 2\n", entries) == {"a.m": "1", "b.m": "1", "b.s": "2"}


def test_two_numbers_under_one_label_are_refused():
    entries = {"a.m": entry("a.m", "mean", "1"), "b.m": entry("b.m", "mean", "2")}
    with pytest.raises(ValueError, match=r"a\.m, b\.m: one cell cannot print two numbers under one label"):
        ledger.output(entries, entries)


def test_every_entry_is_complete():
    entries = ledger.read()
    assert len(entries) > 50
    assert {entry.verdict for entry in entries.values()} == set(ledger.VERDICTS)


@pytest.mark.parametrize(
    "fields",
    [
        {"stated": "1", "verdict": "right", "label": ""},
        {"stated": "1", "verdict": "right", "label": "mean: of what"},
        {"stated": "1", "verdict": "fine"},
        {"stated": "1", "verdict": "wrong"},  # what is right, and why?
        {"stated": "1", "verdict": "right", "correct": "2", "why": "?"},
        {"stated": "1", "verdict": "wrong", "correct": "1", "why": "?"},
        {"stated": "", "verdict": "right"},
        {"stated": "1", "verdict": "example", "correct": "2", "why": "?"},
    ],
)
def test_an_inconsistent_entry_is_refused(fields):
    with pytest.raises(ValueError, match=r"a\.b"):
        ledger.Entry("a.b", **{"label": "mean", "line": 1, "inputs": "", **fields})


SECTIONS = ledger.sections()
PAGES = {page.parent.name + "/" + page.stem: page for page in [*ledger.pages(), *ledger.solutions()]}


def headings(page):
    """The texts of a page's headings, outside its code."""
    text = re.sub(r"^(`{3,}|:{3,}).*?^\1$", "", page.read_text(encoding="utf8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)


def test_the_sections_are_the_whole_lesson_without_a_gap():
    assert SECTIONS[0].lines[0] == 1
    assert SECTIONS[-1].lines[1] == 123
    assert all(after.lines[0] == before.lines[1] + 1 for before, after in itertools.pairwise(SECTIONS))
    assert all(first <= last for first, last in (section.lines for section in SECTIONS))
    assert len({section.name for section in SECTIONS}) == len(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_a_section_of_the_lesson_has_its_place_in_the_course(section):
    assert section.places
    for page, heading in section.places:
        assert not heading or heading in headings(PAGES[page])


def test_a_number_is_computed_on_a_page_to_which_its_section_leads():
    places = ledger.places()
    for key, entry in ledger.read().items():
        (section,) = (one for one in SECTIONS if one.lines[0] <= entry.line <= one.lines[1])
        computed = {f"{page.parent.name}/{page.stem}" for page in places[key]}
        assert computed & {page for page, _ in section.places}, key


def test_where_the_lesson_is_wrong_its_section_says_so():
    wrong = [entry.line for entry in ledger.read().values() if entry.verdict == "mislabelled"]
    assert all(one.mend for one in SECTIONS for line in wrong if one.lines[0] <= line <= one.lines[1])
