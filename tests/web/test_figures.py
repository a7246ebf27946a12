"""Each figure to touch: its numbers are hblib's, and everyone can use it, or does without."""

import importlib
import re

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.web.reader import Reader

pytestmark = pytest.mark.site

PLACES = {
    name: f"chapters/{path.stem}.html"
    for path in sorted((ROOT / "chapters").glob("*.md"), reverse=True)  # the landing page shows some of them again
    for name in re.findall(r"^```\{touch\} (\S+)", path.read_text(encoding="utf8"), flags=re.MULTILINE)
}
WIDTHS = (1280, 390, 320)


def those_with(method):
    """The figures whose class has a method of that name."""
    source = {name: ROOT / "web" / "figures" / f"{name.replace('-', '_')}.js" for name in PLACES}
    return [name for name, path in source.items() if f"\n  {method}(" in path.read_text(encoding="utf8")]


# What a figure says at a setting where a number is nearly 0, or nearly all, or where it once said what is not so.
SAID = [
    ("pooling-dial", {"size": 1}, "D’s more than 99 % in its estimate"),
    ("pooling-dial", {"size": 10_000}, "A’s own record counts less than 1 % in its estimate"),
    ("balance-beam", {"alpha": 0.5, "beta": 0.5, "y": 0, "n": 2000, "reach": "1"}, "the beam balances at 0.02 %"),
    ("balance-beam", {"alpha": 100, "beta": 100, "y": 0, "n": 1, "reach": "1"}, "is kappa = 0.005."),
    ("shrinkage-paths", {"tau": 27.3, "school": "C"}, "−3 becomes 0.0 points"),
    ("risk-curves", {"distance": 1.1, "k": 49, "rule": "js+"}, "own risk is 1.001, more than the 1 of its own value"),
    ("marginal-surface", {"kappa": 0.55, "groups": "rats"}, "the log likelihood is less than 0.01 below its top"),
    ("coverage-of-intervals", {"J": 50, "ratio": 1, "level": "0.95"}, "answer in 99.9 % of the data sets"),
    ("coverage-of-intervals", {"J": 8, "ratio": 4, "level": "0.99"}, "It takes more than 5 and at most 6 groups"),
    ("prior-of-kappa", {"median": 0.5, "se": 30, "family": "half-normal"}, "above 0.9 with less than 0.1 %"),
    ("prior-of-kappa", {"median": 0.5, "se": 30, "family": "uniform"}, "above 0.9 with 0 %"),
    (
        "funnel",
        {"lambda": 0.01, "w": 0},
        "about 0.8* effective draws of mu or tau, whichever has fewer, in the centred",
    ),
    ("funnel", {"lambda": 100, "w": 0}, "and about 3.3* in the non-centred, where * marks a bad fit."),
    ("line-plane", {"tau_alpha": 23, "tau_beta": 14, "rho": -1, "person": "309"}, "the start moves past the average"),
    (
        "three-weights",
        {"tau_store": 0, "tau_chain": 0.29, "weeks": 52, "others": 0},
        "The weight on the store’s own data is 0 %, on its chain’s average 96 %",
    ),
    (
        "three-weights",
        {"tau_store": 0, "tau_chain": 0, "weeks": 52, "others": 11},
        "The store sells about 2.49 thousand euros in a typical week, with 95 % probability between 2.45 and 2.52.",
    ),
    ("county-funnel", {"size": 631_000}, "1 is among the fifty highest estimates. Those fifty estimates promise"),
]

# Where a text or a dot of the drawing leaves the figure, at this width of the window.
OUTSIDE = """
figure => {
  const frame = figure.getBoundingClientRect();
  return [...figure.shadowRoot.querySelectorAll("svg text, svg circle")].filter(text => {
    const box = text.getBoundingClientRect();
    const beside = box.left < frame.left || box.right > frame.right;
    return box.width && (beside || box.top < frame.top || box.bottom > frame.bottom);
  }).map(text => text.textContent || "a dot");
}
"""

# Texts of the drawing of which one lies on another.
OVERLAPPING = """
figure => {
  const texts = [...figure.shadowRoot.querySelectorAll("svg text")];
  const boxes = texts.map(text => text.getBoundingClientRect());
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
  const pairs = texts.flatMap((text, i) => texts.slice(0, i).map((other, j) => [i, j]));
  return pairs.filter(([i, j]) => meet(boxes[i], boxes[j])).map(pair => pair.map(i => texts[i].textContent));
}
"""


# What a text of the drawing lies on, of what `shapes` are not to be written on.
COVERED = """
(figure, shapes) => {
  const box = each => each.getBoundingClientRect();
  const meet = (a, b) => Math.min(a.right, b.right) > Math.max(a.left, b.left)
    && Math.min(a.bottom, b.bottom) > Math.max(a.top, b.top);
  const all = selector => [...figure.shadowRoot.querySelectorAll(selector)];
  const drawn = all(shapes).filter(each => each.getAttribute("fill") !== "transparent" && box(each).width);
  return all("svg text").filter(text => drawn.some(each => meet(box(text), box(each)))).map(text => text.textContent);
}
"""
# Figures in which a name or a number once lay on what it is the name of; at these settings, too.
NOT_TO_BE_WRITTEN_ON = [
    ("shrinkage-paths", "circle.open", {"tau": 0}),
    ("prior-of-kappa", "rect", {"family": "inverse-gamma"}),
    ("prior-of-kappa", "rect", {"family": "half-normal", "median": 0.5, "se": 30}),
    ("three-replications", "path", {"hospital": "H", "extra": 25}),
    ("three-replications", "path", {"hospital": "A", "extra": 0}),
    ("three-weights", "rect", {"tau_store": 0}),
]
# The widths of each dial's track at all its values; the figure is not drawn meanwhile.
TRACKS = """
figure => {
  figure.update = () => {};
  const found = [...figure.shadowRoot.querySelectorAll("input[type=range]")].map(input => {
    const turn = value => {
      input.value = value;
      input.dispatchEvent(new Event("input"));
      return input.getBoundingClientRect().width;
    };
    const [before, min, max, step] = [input.value, input.min, input.max, input.step].map(Number);
    const widths = Array.from({ length: Math.round((max - min) / step) + 1 }, (_, i) => turn(min + i * step));
    turn(before);
    return [input.id, [...new Set(widths)]];
  });
  delete figure.update;
  return found;
}
"""


@pytest.fixture(scope="module")
def window(browser, address):
    """One window for all that only looks: at a figure, by its name."""
    reader = Reader(browser, address)

    def look(name, width=1280):
        reader.page.set_viewport_size({"width": width, "height": 900})
        if not reader.page.url.endswith(PLACES[name]):
            reader.open(PLACES[name])
        return drawn(reader.page.locator(f"hb-{name}"))

    yield look
    assert [error for error in reader.raised if "_static/figures/" in error] == []
    assert [url for url in reader.asked if not url.startswith((address, "data:", "blob:"))] == []
    reader.window.close()


def drawn(figure):
    """A figure that the reader has come to: some fetch their data only then."""
    figure.scroll_into_view_if_needed()
    figure.locator("svg").first.wait_for()
    return figure


def counterpart(name):
    return importlib.import_module(f"tests.web.figures.{name.replace('-', '_')}")


def test_each_of_the_twelve_pages_has_a_figure_to_touch():
    pages = {re.match(r"chapters/(\d\d)-", place)[1] for place in PLACES.values() if re.match(r"chapters/\d", place)}
    assert {f"{number:02}" for number in range(1, 13)} <= pages


@pytest.mark.parametrize("name", PLACES)
def test_its_numbers_are_hblibs(window, name):
    figure, other = window(name), counterpart(name)
    data = figure.evaluate("figure => figure.data")
    assert len(other.SETTINGS) > 2
    for settings in other.SETTINGS:
        values = figure.evaluate("(figure, settings) => { figure.set(settings); return figure.values; }", settings)
        for key, number in other.expected(data, **settings).items():
            found = np.asarray(values[key], dtype=float)
            assert np.abs(found - number).max() <= 1e-10, (key, settings)


@pytest.mark.parametrize("name", PLACES)
def test_each_control_works_by_keyboard_and_says_what_it_does(window, name):
    figure = window(name)
    for control in figure.locator("input, select").all():
        label = control.evaluate("input => input.labels[0].textContent")
        assert label.strip()
        before = control.evaluate("input => [input.value, input.checked]")
        control.focus()
        key = "Space" if control.get_attribute("type") == "checkbox" else "ArrowUp"
        control.press(key)
        if control.evaluate("input => [input.value, input.checked]") == before:
            control.press("ArrowDown")
        assert control.evaluate("input => [input.value, input.checked]") != before, label
        assert figure.get_by_role("status").inner_text().strip()
    for button in figure.locator(".controls button").all():
        button.focus()
        button.press("Enter")
        assert figure.get_by_role("status").inner_text().strip()


@pytest.mark.parametrize("name", those_with("drag"))
def test_what_can_be_dragged_follows_the_pointer(window, name):
    figure = window(name)
    mouse = figure.page.mouse
    drags = set(figure.locator("[data-drag]").evaluate_all("all => all.map(each => each.dataset.drag)"))
    assert drags
    for drag in drags:
        before = figure.evaluate("figure => figure.settings")
        handle = figure.locator(f'[data-drag="{drag}"]').first
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 40, y - 25)
        there = figure.evaluate("figure => figure.settings")
        mouse.move(x - 40, y + 25)
        back = figure.evaluate("figure => figure.settings")
        mouse.up()
        assert there != before or back != before, drag
        mouse.move(x + 40, y - 25)
        assert figure.evaluate("figure => figure.settings") == back, "it was let go"


@pytest.mark.parametrize("name", those_with("hover"))
def test_the_pointer_picks_what_it_comes_near(window, name):
    figure = window(name)
    box = figure.locator(".drawing").bounding_box()
    before, seen = figure.evaluate("figure => figure.settings"), []
    for share in (0.3, 0.5, 0.7):
        figure.page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.6 * box["height"])
        seen.append(figure.evaluate("figure => figure.settings"))
    assert any(settings != before for settings in seen)


@pytest.mark.parametrize("name", PLACES)
def test_its_sentence_follows_its_controls(window, name):
    figure, said = window(name), set()
    for settings in counterpart(name).SETTINGS:
        figure.evaluate("(figure, settings) => figure.set(settings)", settings)
        said.add(figure.get_by_role("status").inner_text())
    assert len(said) > 1
    assert not any(re.search(r"NaN|undefined|null|Infinity|\[object", each) for each in said)


@pytest.mark.parametrize(("name", "settings", "words"), SAID)
def test_its_sentence_says_no_more_than_is_so(window, name, settings, words):
    figure = window(name)
    figure.evaluate("(figure, settings) => figure.set(settings)", settings)
    assert words in figure.get_by_role("status").inner_text().replace("\u00a0", " ")


def test_every_county_is_named_with_its_state(window):
    """Also those that are called like it; one belongs to none."""
    names = window("county-funnel").evaluate("figure => figure.names")
    assert [name for name in names if ", " not in name] == ["District of Columbia"]
    assert "New York, New York" in names


def test_the_dial_of_the_replications_stops_where_the_deaths_do(window):
    figure = window("three-replications")
    for asked, there, text in ((-30, 0, "as recorded"), (40, 14, "14 more")):  # A: none of 47 died
        figure.evaluate("(figure, extra) => figure.set({ hospital: 'A', extra })", asked)
        assert figure.evaluate("figure => figure.settings.extra") == there
        assert figure.locator("input#extra").get_attribute("aria-valuetext") == text


@pytest.mark.parametrize("name", PLACES)
def test_its_numbers_are_a_table_too(window, name):
    figure = window(name)
    figure.get_by_text("The numbers as a table").click()
    table = figure.locator(".numbers table")
    table.wait_for()
    width = table.locator("thead th").count()
    cells = [row.locator("th, td").count() for row in table.locator("tbody tr").all()[:5]]
    assert cells
    assert set(cells) == {width}
    assert not re.search(r"NaN|undefined|null|\[object", table.inner_text())
    figure.get_by_text("The numbers as a table").click()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PLACES)
def test_it_fits_into_its_place(window, name, width):
    figure = window(name, width)
    for settings in counterpart(name).SETTINGS:
        figure.evaluate("(figure, settings) => { figure.set(settings); figure.draw(); }", settings)
        assert figure.evaluate(OUTSIDE) == [], settings
        assert figure.evaluate(OVERLAPPING) == [], settings
        assert figure.evaluate("figure => figure.scrollWidth <= figure.clientWidth")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PLACES)
def test_a_dials_track_stays_as_wide_whatever_is_read_beside_it(window, name, width):
    """Else the value under a finger would change without it."""
    for dial, widths in window(name, width).evaluate(TRACKS):
        assert len(widths) == 1, dial


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("name", "shapes", "settings"), NOT_TO_BE_WRITTEN_ON)
def test_no_text_lies_on_what_is_drawn(window, name, shapes, settings, width):
    figure = window(name, width)
    figure.evaluate("(figure, settings) => { figure.set(settings); figure.draw(); }", settings)
    assert figure.evaluate(COVERED, shapes) == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PLACES)
def test_the_page_does_not_jump_when_it_comes(window, name, width):
    """The room kept for it is enough, and not much more than it takes."""
    figure = window(name, width)
    figure.page.reload()
    drawn(figure)
    kept, taken = figure.evaluate("""figure => {
        const place = figure.closest(".touch");
        return [parseFloat(getComputedStyle(place).minHeight), figure.getBoundingClientRect().height];
    }""")
    assert taken <= kept + 1
    assert kept <= taken + 60


@pytest.mark.parametrize("name", PLACES)
def test_without_a_script_and_on_paper_the_page_shows_its_other_figures(browser, address, name):
    reader = Reader(browser, address, java_script_enabled=False).open(PLACES[name])
    assert not reader.page.locator(f"hb-{name}").is_visible()
    images = reader.page.locator("figure img, .cell_output img").all()
    assert any(image.is_visible() for image in images)  # the first may lie in a closed answer
    reader.window.close()


@pytest.mark.parametrize("name", PLACES)
def test_on_paper_there_is_nothing_to_touch(window, name):
    figure = window(name)
    figure.page.emulate_media(media="print")
    assert not figure.is_visible()
    figure.page.emulate_media(media="screen")


# A busy page is told of all that has happened at once: here, once two things have.
TOLD_LATE = """
window.IntersectionObserver = class extends IntersectionObserver {
  constructor(call, options) {
    const told = [];
    super((places) => {
      if (options?.rootMargin === "1200px") window.toldOnce = true;
      if (told.push(...places) > 1) call(told.splice(0), this);
    }, options);
  }
};
"""


def test_a_busy_page_draws_what_the_reader_has_come_to(browser, address):
    reader = Reader(browser, address)
    reader.page.add_init_script(TOLD_LATE)
    reader.open(PLACES["marginal-surface"])
    reader.page.wait_for_function("window.toldOnce")  # that it is not near
    drawn(reader.page.locator("hb-marginal-surface"))
    reader.window.close()
