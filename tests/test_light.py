"""Of what the theme and the figures weigh, the site has what it shows, and no less."""

import re
from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure

import figures
from tests.conftest import ROOT

BUILT = ROOT / "_build" / "html"
STATIC = BUILT / "_static"


def output(points):
    """A figure with so many points, as a kernel of the book puts it out."""
    figure = Figure(figsize=(6, 3), dpi=figures.DOTS)
    figure.subplots().plot(*np.random.default_rng(1).normal(size=(2, points)), "o")
    drawn, dotted = BytesIO(), BytesIO()
    figure.savefig(drawn, format="svg")
    figure.savefig(dotted, format="png", dpi=2 * figures.DOTS)
    return {"data": {"image/svg+xml": drawn.getvalue().decode(), "image/png": b64encode(dotted.getvalue()).decode()}}


def test_the_lighter_form_of_a_figure_stays():
    assert figures.lighter(output(10))["data"].keys() == {"image/svg+xml"}
    assert figures.lighter(output(20_000))["data"].keys() == {"image/png"}
    text = {"output_type": "stream", "text": "1"}
    assert figures.lighter(dict(text)) == text


def test_a_picture_that_would_be_heavy_has_one_dot_to_a_pixel():
    def size_after(dots):
        png = BytesIO()
        figures.Image.fromarray(dots).save(png, "PNG")
        ending, content = figures.picture(png.getvalue())
        with figures.Image.open(BytesIO(content)) as image:
            return ending, image.size

    assert size_after(np.zeros((400, 600), dtype="uint8")) == (".webp", (600, 400))
    assert size_after(np.random.default_rng(1).integers(256, size=(400, 600), dtype="uint8")) == (".avif", (300, 200))


def test_both_forms_take_the_same_room_on_the_page(tmp_path):
    data = output(10)["data"]
    (tmp_path / "a.svg").write_text(data["image/svg+xml"])
    (tmp_path / "a.png").write_bytes(figures.b64decode(data["image/png"]))
    assert figures.pixels(tmp_path / "a.svg") == figures.pixels(tmp_path / "a.png") == [840, 420]


@pytest.mark.site
def test_every_icon_on_a_page_has_its_rule_and_its_glyph():
    style = (STATIC / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf8")
    groups = re.findall(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"', style)
    rules = {name: code for names, code in groups for name in re.findall(r"fa-[\w-]+", names)}
    glyphs = set()
    for path in (STATIC / "vendor/fontawesome/webfonts").glob("*.woff2"):
        with TTFont(path) as font:
            glyphs |= (font.getBestCmap() or {}).keys()  # of the third font nothing is shown
    shown = {
        name
        for path in BUILT.rglob("*.html")
        for classes in re.findall(r'class="([^"]*\bfa-[^"]*)"', path.read_text(encoding="utf8"))
        for name in classes.split()
        if name.startswith("fa-")
    } - {"fa-solid", "fa-regular", "fa-brands", "fa-lg", "fa-sm"}
    assert len(shown) > 12
    assert {name for name in shown if int(rules.get(name, "0"), 16) not in glyphs} == set()
    assert len(rules) < 100
    drawn_by_style = re.findall(r'content:\s*"\\(f[0-9a-f]{3})"', style)
    assert {int(code, 16) for code in drawn_by_style} <= glyphs


@pytest.mark.site
def test_a_page_has_the_style_of_what_it_holds():
    for path in BUILT.glob("chapters/*.html"):
        page = BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")
        article = page.find("article")
        for wanted, file in {
            "[class^='sd-']": "sphinx-design.min.css",
            "details.toggle, .toggle, .admonition.dropdown": "togglebutton.js",
            "math": "Temml-STIX2.css",
        }.items():
            loaded = page.select(f'link[rel="stylesheet"][href*="{file}"], script[src*="{file}"]')
            assert bool(article.select(wanted)) == bool(loaded), (path.name, file)
