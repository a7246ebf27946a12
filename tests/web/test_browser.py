"""A reader answers exercises in the page: from the first click to the notebook that is handed in."""

import contextlib
import gzip
import io
import json
import re
import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe

from hblib.coursework import notebooks, source
from tests.web.reader import BUILT, Reader

pytestmark = pytest.mark.site

PAGE = "chapters/02-beta-binomial.html"
OWN = "solutions/02-easy.html"
OVERVIEW = "solutions/index.html"
WRONG = "def posterior(y, n, alpha, beta):\n    return alpha + y, beta + n"
RIGHT = "def posterior(y, n, alpha, beta):\n    return alpha + y, beta + n - y"
MEANS = "means = (alpha + y) / (alpha + beta + n)"


@pytest.fixture
def reader(readers, address):
    """reader(setting=...) makes one, who meets no error of ours and whose browser asks nobody but the site."""
    yield readers.new
    for each in readers:
        elsewhere = [url for url in each.asked if not url.startswith((address, "blob:", "data:", "file:"))]
        assert elsewhere == []
        assert [error for error in each.raised if "_static/python/" in error] == []  # the theme's scripts raise some


def as_in_the_notebook(exercise, question, answer):
    """What check() prints below this answer, one space between two words."""
    cells = [cell.source for cell in source.load(exercise).cells if cell.kind == "given"]
    namespace = {"__name__": "__main__"}
    exec("\n".join([*cells, answer]), namespace)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        namespace["check"](question)
    return " ".join(printed.getvalue().split())


# --- From the first click to the notebook -----------------------------------------------------------------------------


def test_a_learners_path(reader, address, tmp_path):
    anna = reader().open(PAGE)
    first, letters, bar = anna.question("posterior"), anna.question("further"), anna.all("02-easy")

    anna.write("posterior", WRONG)
    anna.page.keyboard.press("Alt+Enter")
    assert anna.end_of(first) == "Checked."
    assert anna.output(first) == as_in_the_notebook("02-easy", "posterior", WRONG)
    assert "counts every visitor" in anna.output(first)
    assert "not yet right" in first.inner_text()

    anna.write("posterior", "while True:\n    pass")
    anna.page.keyboard.press("Control+Enter")
    assert anna.press(first, "Stop").startswith("Stopped.")
    anna.write("posterior", RIGHT + "\n\nposterior(3, 30, 6, 114)")
    anna.page.keyboard.press("Control+Enter")
    assert anna.end_of(first) == "Done."
    assert anna.output(first) == "(9, 141)"

    anna.window.set_offline(True)  # all is here now

    anna.write("posterior", RIGHT)
    anna.press(first, "Check")
    assert anna.output(first) == as_in_the_notebook("02-easy", "posterior", RIGHT)
    assert "✓ right, 2 of 2 points" in first.inner_text()

    anna.write("means", "means = 1 / 0")  # a mistake in Python, in the reader's own line
    assert "nothing to check" in anna.press(anna.question("means"), "Check")
    assert anna.output(anna.question("means")).endswith("means = 1 / 0 ~~^~~ ZeroDivisionError: division by zero")

    anna.write("means", MEANS)
    letters.get_by_role("radio").first.focus()
    anna.page.keyboard.press("ArrowDown")
    anna.page.keyboard.press("ArrowDown")
    assert letters.get_by_role("radio", checked=True).get_attribute("value") == "c"
    anna.page.keyboard.press("Alt+Enter")
    anna.end_of(letters)
    assert "✓ right, 1 of 1 points" in letters.inner_text()

    anna.press(bar, "Check all")
    assert anna.output(bar).endswith("right. 1 of 1 points. 5 of 5 points")
    assert "5 of 5 points so far" in bar.inner_text()

    assert points_of_the_download(anna, "02-easy", tmp_path) == "5 of 5 points"

    anna.window.set_offline(False)
    anna.open(PAGE)
    assert anna.question("posterior").locator("textarea").input_value().startswith(RIGHT)
    assert anna.question("further").get_by_role("radio", checked=True).get_attribute("value") == "c"
    assert "5 of 5 points so far" in anna.all("02-easy").inner_text()


def points_of_the_download(reader, exercise, folder):
    """What `hblib grade` gives the notebook that the reader takes away."""
    with reader.page.expect_download() as begun:
        reader.all(exercise).get_by_role("button", name="Download my notebook").click()
    assert begun.value.suggested_filename == f"{exercise}.ipynb"
    begun.value.save_as(folder / f"{exercise}.ipynb")
    command = [sys.executable, "-m", "hblib", "grade", folder / f"{exercise}.ipynb", "--isolation", "process"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return re.search(r"[\d.]+ of [\d.]+ points", done.stdout)[0]


def test_a_page_has_one_python_for_all_its_exercises(reader):
    """Each has a notebook of its own; what the next one needs beyond is fetched; a wrong half is graded as half."""
    ben = reader().open(PAGE)
    ben.write("posterior", RIGHT)
    ben.press(ben.question("posterior"), "Check")
    name, answer = "interval", notebooks.MARKED.sub(r"\1...", source.load("02-store").cells[2].source)
    assert "def interval" in answer
    ben.press(ben.question(name, "02-store"), "Check")
    assert ben.output(ben.question(name, "02-store")) == as_in_the_notebook("02-store", name, answer)
    ben.press(ben.question("posterior"), "Check")
    assert "✓ right" in ben.question("posterior").inner_text()


# --- What is kept -----------------------------------------------------------------------------------------------------


KEPT = "hb:/:02-easy:posterior"


def test_an_answer_outlives_another_version_of_its_task(reader):
    record = json.dumps({"text": RIGHT, "stub": "def posterior(y, n):\n    ...", "judged": RIGHT, "points": 2})
    cleo = reader()
    cleo.window.add_init_script(
        f"localStorage.getItem('{KEPT}') ?? localStorage.setItem('{KEPT}', {json.dumps(record)})"
    )
    cleo.open(PAGE)
    place = cleo.question("posterior")
    assert place.locator("textarea").input_value() == RIGHT
    assert "The task has changed since you wrote this" in place.inner_text()
    assert "The task has changed" not in cleo.question("means").inner_text()
    place.get_by_role("button", name="Reset").click()
    assert place.locator("textarea").input_value().endswith("...  # YOUR CODE HERE")
    assert "The task has changed" not in place.inner_text()
    place.get_by_role("button", name="Undo").click()
    assert place.locator("textarea").input_value() == RIGHT


FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
FORBIDDEN = (
    "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
)


@pytest.mark.parametrize("trouble", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_a_browser_that_keeps_nothing(reader, trouble):
    dora = reader()
    dora.window.add_init_script(trouble)
    dora.open(OWN)
    dora.write("means", MEANS)
    assert "does not keep your answers" in dora.all("02-easy").inner_text()
    assert "● answered, not checked" in dora.question("means").inner_text()
    dora.open(OVERVIEW)
    assert "0 of " in dora.page.locator("hb-overview").inner_text()


def with_answers(name, **answers):
    """A student's notebook with these answers, saved by a program that gives cells new ids."""
    notebook = json.loads(notebooks.student(name))
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"new-{number}"
        for question, text in answers.items():
            if cell["source"] == [f'check("{question}")']:
                notebook["cells"][number - 1]["source"] = [text]
    return json.dumps(notebook)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_answers("02-easy", means=MEANS, further='further = "c"'), "2 answers taken over."),
        (with_answers("02-store", kappa="kappa = 1"), "This notebook belongs to another exercise: 02-store."),
        (notebooks.student("02-easy"), "No question is answered in this notebook."),
        ('{"cells": [{"cell_type": "code", "source": "1"}]}', "does not say which exercise"),
        ("import numpy", "This file is not a Jupyter notebook."),
        ("[]", "This file is not a Jupyter notebook."),
    ],
    ids=["own", "other", "untouched", "nameless", "a script", "a list"],
)
def test_opening_a_notebook(reader, text, said):
    emil = reader().open(OWN)
    bar = emil.all("02-easy")
    bar.locator("input[type=file]").set_input_files(
        {"name": "mine.ipynb", "mimeType": "application/json", "buffer": text.encode()}
    )
    bar.get_by_text(said).wait_for()
    taken = "taken over" in said
    assert (emil.question("means").locator("textarea").input_value() == MEANS) == taken
    assert emil.question("further").get_by_role("radio", checked=True).count() == taken


def test_the_overview_counts_and_forgets(reader):
    fred = reader().open(OWN)
    fred.write("means", MEANS)
    fred.question("further").get_by_role("radio").nth(2).check()
    fred.open(OVERVIEW)
    overview, row = fred.page.locator("hb-overview"), fred.page.locator("hb-done", has_text="answered")
    questions = sum(len(source.load(name).questions) for name in source.names())
    assert f"2 of {questions} questions answered, 0 of them right" in overview.inner_text()
    assert row.all_inner_texts() == ["● 2 of 3 answered, 0 right"]
    for answer, left in (("dismiss", 1), ("accept", 0)):
        fred.page.once("dialog", lambda dialog, answer=answer: getattr(dialog, answer)())
        overview.get_by_role("button", name="Forget all my answers").click()
        assert row.count() == left
    fred.open(OWN)
    assert fred.question("means").locator("textarea").input_value() == "means = ...  # YOUR CODE HERE"


# --- Where it cannot be done ------------------------------------------------------------------------------------------


def test_a_question_that_no_page_can_run_says_so(reader):
    gina = reader().open("solutions/06-hard.html")
    place = gina.question("theta5")
    assert "needs ArviZ and PyMC, and no web page can run that" in place.inner_text()
    assert place.get_by_role("link", name="Download the notebook").get_attribute("href") == "../exercises/06-hard.ipynb"
    assert place.get_by_role("button").count() == 0
    assert gina.question("moments").get_by_role("button", name="Check").count() == 1


def test_a_page_opened_as_a_file_names_the_command(browser):
    hugo = Reader(browser, None).open((BUILT / PAGE).as_uri())
    said = hugo.all("02-easy").inner_text()
    assert f'python3 -m http.server --directory "{BUILT}" 8000' in said
    assert hugo.question("posterior").inner_text() == ""
    assert hugo.question("posterior").bounding_box() is None, "it takes no room"
    assert not [url for url in hugo.asked if not url.startswith("file:")]
    hugo.window.close()


def test_opened_as_a_file_the_solutions_are_folded_too(browser):
    hugo = Reader(browser, None).open((BUILT / OWN).as_uri() + "#lesson-easy-mean1")
    folds = hugo.page.locator(".hb-solution")
    assert folds.evaluate_all("all => all.map(each => each.open)") == [False, True, False]
    hugo.window.close()


def test_without_javascript_the_page_reads_as_a_page(reader):
    ida = reader(java_script_enabled=False).open(PAGE)
    box = ida.page.locator(".exercise", has_text="Two stores of one chain")
    assert "a. " in box.locator("li").first.inner_text()
    assert box.locator("details summary").first.inner_text() == "Solution"
    places = ida.page.locator("hb-question, hb-exercise")
    assert places.count() > 10
    height = ida.page.evaluate("document.body.scrollHeight")
    places.evaluate_all("places => places.forEach(each => each.remove())")
    assert ida.page.evaluate("document.body.scrollHeight") == height > 5000


def test_every_sign_can_be_typed(reader):
    """With real keys, which the page's own shortcuts could take away."""
    lea = reader().open(PAGE)
    lea.write("means", "#")
    lea.page.keyboard.press("Enter")
    for sign in "raw = y / n // 2 # ?!'.,;:<>+-*%&|^~@$_aZ09":
        lea.page.keyboard.type(sign)
    assert "raw = y / n // 2 # ?!'" in lea.question("means").locator(".cm-content").inner_text()
    assert lea.page.evaluate("document.activeElement.className").startswith("cm-content")


def test_a_lost_connection_is_told(reader):
    jan = reader().open(PAGE)
    jan.window.set_offline(True)
    place = jan.question("means")
    place.locator("textarea").click()  # the editor cannot come; the text field stays
    jan.page.keyboard.press("Control+a")
    jan.page.keyboard.insert_text(MEANS)
    assert "Is there a connection?" in jan.press(place, "Check")
    assert "● answered, not checked" in place.inner_text()


# --- How it looks and weighs ------------------------------------------------------------------------------------------


def test_before_the_first_click_a_page_fetches_one_small_file(reader):
    kim = reader().open(PAGE)
    kim.page.wait_for_load_state("networkidle")
    assert [url for url in kim.asked if "/python/" in url] == [
        url for url in kim.asked if re.search(r"_static/python/answers\.js(\?v=\w+)?$", url)
    ]
    html = (BUILT / PAGE).read_text(encoding="utf8")
    bare = re.sub(r"<(hb-\w+)[^>]*></\1>", "", html)
    place = re.compile("<hb-(?:question|exercise|overview|done)")  # and no figure to touch
    assert not place.search(bare)
    assert place.search(html)
    script = (BUILT / "_static/python/answers.js").read_bytes()
    weight = len(gzip.compress(html.encode())) - len(gzip.compress(bare.encode())) + len(gzip.compress(script))
    assert weight < 15_000


def test_a_page_without_exercises_fetches_the_script_for_the_next_page_and_no_more(reader):
    lea = reader().open("chapters/which-model.html")
    lea.page.wait_for_load_state("networkidle")
    fetched = [url for url in lea.asked if "/python/" in url]
    assert [url for url in fetched if not re.search(r"/python/answers\.js\?v=\w+$", url)] == []


def test_the_keyboard_leaves_the_editor(reader):
    max_ = reader().open(OWN)
    max_.write("means", MEANS)
    max_.page.keyboard.press("Tab")
    assert max_.page.evaluate("document.activeElement.textContent") == "Run"
    max_.page.keyboard.press("Shift+Tab")
    max_.page.keyboard.press("Shift+Tab")
    assert max_.page.evaluate("document.activeElement.closest('.cm-content')") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", [PAGE, OWN, OVERVIEW])
def test_axe_finds_nothing(reader, page, scheme):
    nora = reader(color_scheme=scheme).open(page)
    if page != OVERVIEW:
        nora.write("means", "means = [n for n in range(3)]  # a comment\nprint('text', None)")
        nora.question("posterior").locator("summary").click()
        nora.question("posterior").locator(".hb-given pre span").first.wait_for()
        nora.question("further").get_by_role("radio").first.check()
    assert nora.page.evaluate("document.documentElement.dataset.theme") == scheme
    found = Axe().run(
        nora.page, context=["hb-overview", "hb-done"] if page == OVERVIEW else ["hb-question", "hb-exercise"]
    )
    assert {"color-contrast", "button-name"} <= {rule["id"] for rule in found.response["passes"]}
    assert found.violations_count == 0, found.generate_report()


def test_a_phone_does_not_scroll_sideways(reader):
    olga = reader(viewport={"width": 375, "height": 700}).open(PAGE)
    olga.write("means", f"means = '{'long ' * 60}'")
    for place in ("hb-question", "hb-exercise"):
        edges = olga.page.locator(place).evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
        assert max(edges) <= 375
    assert olga.page.evaluate("document.documentElement.scrollWidth") <= 375


def test_a_solution_opens_for_a_link_that_leads_into_it(reader):
    paul = reader().open(OWN)
    folds = paul.page.locator(".hb-solution")
    assert folds.evaluate_all("all => all.map(each => each.open)") == [False, False, False]
    paul.open(f"{OWN}#lesson-easy-mean1")
    paul.page.reload()
    assert folds.evaluate_all("all => all.map(each => each.open)") == [False, True, False]
