"""Every page is for everyone: axe-core in light and dark, all widths, the keyboard, and a browser without scripts.

Each page is opened once with scripts and once without; looks.js holds what is asked of it beyond axe.
"""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.reader import BUILT, Reader

pytestmark = pytest.mark.site

REDIRECT = 'http-equiv="Refresh"'
ELSEWHERE = "404.html"  # its addresses are those of the published site
PAGES = sorted(
    path.relative_to(BUILT).as_posix()
    for path in BUILT.rglob("*.html")
    if not {"_static", ELSEWHERE} & set(path.parts) and REDIRECT not in path.read_text(encoding="utf8")
)
PAGE, INDEX = "chapters/02-beta-binomial.html", "solutions/index.html"
# What is alike on all pages takes axe much of its time, so it sees that on two.
ALIKE = {"exclude": [[".bd-sidebar-primary"], [".bd-sidebar-secondary"], ["math"], ["pre span"]]}
# So do colours, which it looks for on a page of each kind; looks.contrast sees them on all.
COLOURED = {
    *(PAGE, INDEX, "search.html", "chapters/index.html", "chapters/00-how-to-read.html"),
    *("chapters/lesson-numbers.html", "chapters/reference/priors.html", "solutions/01-hospitals.html"),
}
LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf8")
WIDTHS = (1920, 1280, 1024, 768, 640, 390, 320)  # 640 is what a window of 1280 shows at 200 %, 320 at 400 %
# Letters and lines further apart, as WCAG 1.4.12 has it.
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""


@pytest.fixture
def reader(readers):
    """reader(setting=...) makes one."""

    def make(**settings):
        found = readers.new(**settings)
        found.page.add_init_script(LOOKS)
        return found

    return make


def axe(page, but=None, **options):
    """What axe-core finds, a line each; `but` says what it leaves out."""
    options = {"preload": False, "resultTypes": ["violations"], **options}
    found = Axe().run(page, context=but, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


# --- Every page -------------------------------------------------------------------------------------------------------


class Look:
    """All that there is to say of one page, from one visit."""

    def __init__(self, browser, address, path):
        self.reader = Reader(browser, address, color_scheme="light", reduced_motion="reduce")
        self.page, self.said, self.faults = self.reader.page, [], {}
        self.page.on("console", lambda each: self.said.append(each.text) if each.type == "error" else None)
        self.page.add_init_script(LOOKS)
        self.reader.open(path)
        self.page.wait_for_load_state("networkidle")
        self.page.keyboard.press("Tab")  # from here on the focus is that of a keyboard
        for name in ("headings", "tables", "links", "images", "focus", "contrast"):
            self.ask(name)
        self.theme("dark").ask("contrast", "contrast, dark")
        self.ask("focus", "focus, dark")
        for width in WIDTHS:
            self.at(width).ask("beyond", f"{width} px")
        self.page.wait_for_timeout(50)  # an observer's turn
        self.ask("boxes")
        spaced = self.page.add_style_tag(content=SPACED)
        self.ask("beyond", "spaced")
        spaced.evaluate("style => style.remove()")
        self.page.evaluate("looks.plain()")
        but = None if path in (PAGE, INDEX) else ALIKE
        colours = path in COLOURED
        self.at(1280).faults["axe, dark"] = axe(self.page, but, runOnly=["color-contrast"]) if colours else []
        rules = {"target-size": {"enabled": True}, "color-contrast": {"enabled": colours}}
        self.theme("light").at(390).faults["axe"] = axe(self.page, but, rules=rules)

    def at(self, width):
        self.page.set_viewport_size({"width": width, "height": 900})
        # what watches the sizes of boxes hears of it with the next frame
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def theme(self, name):
        self.page.evaluate("name => document.documentElement.dataset.theme = name", name)
        return self

    def ask(self, look, name=""):
        self.faults[name or look] = self.page.evaluate(f"looks.{look}()")

    def found(self, *names):
        """The faults of these names, without the names that have none."""
        return {name: self.faults[name] for name in names if self.faults[name]}


@pytest.fixture(scope="module", params=PAGES)
def look(request, browser, address):
    found = Look(browser, address, request.param)
    found.reader.window.close()
    return found


def test_there_are_pages():
    assert len(PAGES) > 70
    assert COLOURED.issubset(PAGES)


def test_axe_finds_nothing_light_or_dark(look):
    assert look.found("axe", "axe, dark") == {}


def test_all_text_can_be_read_light_and_dark(look):
    assert look.found("contrast", "contrast, dark") == {}


def test_headings_tables_links_and_images_say_what_they_are(look):
    assert look.found("headings", "tables", "links", "images") == {}


def test_the_focus_is_seen_light_and_dark(look):
    assert look.found("focus", "focus, dark") == {}


def test_nothing_scrolls_sideways_but_boxes_with_names(look):
    assert look.found(*(f"{width} px" for width in WIDTHS), "spaced", "boxes") == {}


def test_nothing_fails_and_no_other_host_is_asked(look):
    assert [*look.said, *look.reader.raised] == []
    home = look.reader.address
    assert [url for url in look.reader.asked if not url.startswith((home, "blob:", "data:"))] == []


@pytest.fixture(scope="module")
def plain(browser, address):
    """The page of a browser without scripts."""
    found = Reader(browser, address, java_script_enabled=False)
    yield found.page
    found.window.close()


@pytest.mark.parametrize("path", [path for path in PAGES if path != "index.html"])  # which leads on at once
def test_without_scripts_a_page_can_be_read(plain, path):
    plain.goto(path)
    plain.evaluate(LOOKS)
    assert plain.evaluate("looks.unscripted()") == []


def test_without_scripts_the_menus_open(plain):
    plain.goto(PAGE)
    for menu in ("Run this page", "Download this page"):
        plain.get_by_role("button", name=menu).focus()
        assert plain.locator(".dropdown:focus-within a").first.is_visible()


# --- Each look can fail -----------------------------------------------------------------------------------------------


BROKEN = [
    ("headings", "<h5>Too deep</h5>", 'a level is left out before "Too deep"'),
    ("headings", "<h1>Once more</h1>", "2 headings of the first level"),
    ("tables", "<table><tr><td>1</td></tr></table>", "without a header: <table>"),
    ("tables", "<table><tr><th></th><td>1</td></tr></table>", "an empty header: <table>"),
    ("links", '<a href="#a">here</a>', 'says nothing: <a href="#a">'),
    ("links", '<a href="#a"><b></b></a>', 'without a name: <a href="#a">'),
    ("links", '<p><a href="#a">name</a>, <a href="#b">name</a></p>', 'two neighbours of one name: <a href="#a">'),
    ("images", '<img width="9" height="9">', "without words: <img"),
    ("images", '<svg width="9" height="9"></svg>', "without words: <svg"),
    ("focus", '<button style="outline: 0 !important; box-shadow: none !important">', "shows no focus: <button"),
    ("focus", '<button style="opacity: 0">', "is not seen itself: <button"),
    ("boxes", '<div style="width: 9px; overflow: auto">wide-word</div>', "scrolls without focus or name: <div"),
    ("beyond", '<div style="width: 3000px">wide</div>', "scrolls to 3"),
    ("contrast", '<p style="color: #888; background: #fff">grey</p>', "3.54, rgb(136, 136, 136)"),
    (
        "contrast",
        '<div style="opacity: .5; background: #fff"><p style="color: #000">pale</p></div>',
        "3.98, rgb(0, 0, 0)",
    ),
    ("unscripted", "<button>Press</button>", "does nothing: <button>"),
    ("unscripted", '<img src="nowhere.png" alt="A line">', "an empty picture: <img"),
    ("unscripted", "<details><summary>Solution</summary><p hidden>2</p></details>", "opens in vain: <details"),
    ("unscripted", '<div class="exercise">Task</div>', "no notebook: <div"),
    ("unscripted", "<h1>Once more</h1>", "the title is not there once"),
    ("axe", "<button></button>", "button-name: <button></button>"),
]
PUT = """([html, hidden]) => {
  const host = document.querySelector("main article").appendChild(document.createElement("div"));
  (hidden ? host.attachShadow({ mode: "open" }) : host).innerHTML = html;
  window.put = host;
}"""


@pytest.fixture(scope="module")
def small(browser, address):
    """A small page without faults."""
    found = Reader(browser, address, reduced_motion="reduce")
    found.page.add_init_script(LOOKS)
    found.open("chapters/which-model.html").page.keyboard.press("Tab")
    yield found.page
    found.window.close()


@pytest.mark.parametrize("hidden", [False, True], ids=["page", "element of ours"])
@pytest.mark.parametrize(("look_for", "html", "said"), BROKEN)
def test_what_is_broken_is_noticed(small, look_for, html, said, hidden):
    small.evaluate(PUT, [html, hidden])
    found = axe(small, runOnly=["button-name"]) if look_for == "axe" else small.evaluate(f"looks.{look_for}()")
    small.evaluate("put.remove()")
    assert any(fault.startswith(said) for fault in found), found


# --- The keyboard -----------------------------------------------------------------------------------------------------


def test_the_keyboard_leads_into_the_text_and_the_search(reader):
    page = reader().open(PAGE).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")
    assert not page.locator("#pst-search-dialog").is_visible()


def test_the_keyboard_opens_what_is_folded(reader):
    page = reader().open(PAGE).page
    for fold in (
        page.get_by_label("Pages under All exercises"),
        page.locator(".exercise summary", has_text="Solution").first,
        page.locator("summary", has_text="code cell source").first,
    ):
        fold.focus()
        opened = fold.locator("xpath=..")
        assert opened.get_attribute("open") is None
        page.keyboard.press("Enter")
        assert opened.get_attribute("open") is not None
        page.keyboard.press("Space")
        assert opened.get_attribute("open") is None


def test_the_switch_of_colours_says_how_it_stands(reader):
    page = reader(color_scheme="light").open(PAGE).page
    switch = page.locator(".theme-switch-button:visible")
    switch.focus()
    stood = {}
    for _ in range(3):
        stood[switch.get_attribute("aria-label")] = page.evaluate("document.documentElement.dataset.theme")
        page.keyboard.press("Enter")
    assert stood == {"Colours: as the system has it": "light", "Colours: light": "light", "Colours: dark": "dark"}


def test_the_keyboard_copies_a_cell(reader):
    max_ = reader()
    max_.window.grant_permissions(["clipboard-read", "clipboard-write"])
    page = max_.open(PAGE).page
    page.locator(".copybtn").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("navigator.clipboard.readText()").startswith("import matplotlib.pyplot as plt")


def test_the_keyboard_opens_menus_and_on_a_phone_the_sidebar(reader):
    page = reader(viewport={"width": 390, "height": 800}).open(PAGE).page
    menu = page.get_by_role("button", name="Download this page")
    menu.focus()
    page.keyboard.press("Enter")
    assert menu.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert ".ipynb" in page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Escape")
    assert menu.get_attribute("aria-expanded") == "false"
    page.get_by_role("button", name="Toggle primary sidebar").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="4. Stein’s surprise").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="4. Stein’s surprise").first.wait_for(state="hidden")


def test_on_a_phone_the_headings_make_way_for_the_one_that_was_chosen(reader):
    page = reader(viewport={"width": 390, "height": 800}).open(PAGE).page
    page.get_by_role("button", name="Toggle secondary sidebar").click()
    contents = page.locator("#pst-secondary-sidebar-modal")
    contents.get_by_role("link", name="Take-away").click()
    contents.wait_for(state="hidden")
    assert page.evaluate("location.hash") == "#take-away"


def test_a_table_that_goes_on_fades_at_its_edge_until_its_end_is_there(reader):
    page = reader(viewport={"width": 390, "height": 800}).open("chapters/08-parameterization.html").page
    tables = page.locator(".cell_output > .output.text_html")
    faded = """all => all.map(each =>
        [each.scrollWidth > each.clientWidth, getComputedStyle(each).getPropertyValue("--fade")])"""
    found = tables.evaluate_all(faded)
    assert {goes_on for goes_on, _ in found} == {True, False}
    assert all(fade == ("36px" if goes_on else "0px") for goes_on, fade in found)
    tables.evaluate_all("all => all.forEach(each => each.scrollLeft = each.scrollWidth)")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert {fade for _, fade in tables.evaluate_all(faded)} == {"0px"}


def test_the_references_have_no_keys_that_nobody_cites(reader):
    page = reader().open("chapters/references.html").page
    assert page.locator(".citation").count() > 50
    assert page.locator(".citation .label:visible").count() == 0


def test_who_asks_for_less_motion_gets_none(reader):
    moving = """[...document.querySelectorAll("*")].map(each => getComputedStyle(each)).filter(style =>
        /[1-9]/.test(style.transitionDuration) || style.animationName !== "none" || style.scrollBehavior !== "auto"
    ).length"""
    assert reader().open(PAGE).page.evaluate(moving) > 10
    assert reader(reduced_motion="reduce").open(PAGE).page.evaluate(moving) == 0
