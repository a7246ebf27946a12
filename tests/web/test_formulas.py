"""Formulas are MathML when a page is written, with numbers and links; where npm is out of reach, MathJax sets them."""

import io
import re
import unicodedata
import xml.etree.ElementTree as ET
from base64 import b64decode

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import fetch
import formulas
from tests.web.reader import BUILT, Reader

pytestmark = pytest.mark.web

PAGES = {
    "index": r"""
The law of :math:`\tau`
=======================

Inline :math:`\hat\theta_j`, and by number :eq:`weight`.

.. math::
   :label: weight

   \kappa_j = \frac{\tau^2}{\tau^2 + \sigma^2}

.. math::

   a &= \text{one} \\
     &\sim \sqrt{\operatorname{Var}(y)}

   b = \mathbf{x}

.. note:: In a box, :math:`\begin{pmatrix} 1 & \rho \\ \rho & 1 \end{pmatrix}`.

.. list-table:: A caption with :math:`\mu`

   * - :math:`\bar y_j`
     - :math:`\begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}`

.. glossary::

   shrinkage
      What :math:`1 - \kappa` takes.

.. toctree::

   other
""",
    "other": "No formula\n==========\n\nBut a link to :eq:`weight`.\n",
}


@pytest.fixture
def built(tmp_path):
    """built() makes a small site with two pages; it gives the site's folder and what the build said."""

    def build(extra=""):
        for name, text in PAGES.items():
            (tmp_path / f"{name}.rst").write_text(text + (extra if name == "other" else ""))
        said, settings = io.StringIO(), {"extensions": ["formulas"], "nitpicky": True}
        folders = tmp_path, None, tmp_path / "html", tmp_path / "doctrees"
        with docutils_namespace():
            app = Sphinx(*folders, "html", confoverrides=settings, status=said, warning=said)
            app.build()
        return tmp_path / "html", said.getvalue()

    return build


def page(html, name):
    return BeautifulSoup((html / f"{name}.html").read_text(encoding="utf8"), "html.parser")


def test_each_formula_is_mathml_wherever_it_stands(built):
    html, said = built()
    assert "WARNING" not in said
    body = page(html, "index").find(role="main")
    assert len(body.select(".math")) == len(body.select(".math > math")) == 9
    for place in ("h1", "p", ".admonition", "caption", "td", "dd"):
        assert body.select_one(f"{place} math"), place
    assert len(body.select('div.math > math[display="block"]')) == 2
    assert len(body.select_one("td:last-child math").find_all("mtr")) == 2
    assert {"msqrt", "mfrac", "mover"} <= {element.name for element in body.find_all(True)}
    assert "\\" not in "".join(math.get_text() for math in body.find_all("math"))
    assert "mathjax" not in (html / "index.html").read_text(encoding="utf8").lower()
    assert not (html / "_static" / "mathjax").exists()


def test_a_number_and_the_links_to_it(built):
    html, _ = built()
    index, other = page(html, "index"), page(html, "other")
    box = index.find(id="equation-weight")
    assert box.select_one(".eqno").get_text().startswith("(1)")
    assert index.find("a", href="#equation-weight", string="(1)")
    assert other.find("a", href="index.html#equation-weight").get_text() == "(1)"


def test_the_style_comes_where_a_formula_is_and_its_font_has_every_letter(built):
    html, _ = built()
    loaded = f'link[rel="stylesheet"][href*="{formulas.STYLE}"], script[src*="{formulas.FONT_SCRIPT}"]'
    assert len(page(html, "index").select(loaded)) == 2
    assert page(html, "other").select(loaded) == []
    assert "@font-face" not in (html / "_static/formulas" / formulas.STYLE).read_text(encoding="utf8")
    known = letters_of_font(html)
    shown = {letter for math in page(html, "index").find_all("math") for letter in math.get_text()}
    shown = {letter for letter in shown if not unicodedata.category(letter).startswith(("Z", "C"))}
    slanted = {math.get_text() for math in page(html, "index").find_all("mi") if len(math.get_text()) == 1}
    assert slanted > {"τ", "θ", "y"}
    italic = {chr(ord("𝑎") + ord(letter) - ord("a")) for letter in slanted if "a" <= letter <= "z"}
    italic |= {chr(ord("𝛼") + ord(letter) - ord("α")) for letter in slanted if "α" <= letter <= "ω"}
    assert {*map(ord, shown | italic | {"√"})} <= known
    assert "SIL OPEN FONT LICENSE" in (html / "_static/formulas/licences.txt").read_text(encoding="utf8").upper()


def letters_of_font(html):
    script = (html / "_static/formulas" / formulas.FONT_SCRIPT).read_text(encoding="utf8")
    [encoded] = re.findall(r'atob\("(.+?)"\)', script)
    with TTFont(io.BytesIO(b64decode(encoded))) as font:
        assert "MATH" in font
        return font.getBestCmap().keys()


def test_the_font_has_no_letter_of_another_book_that_was_built_before(built):
    formulas.learn([(r"\aleph", False)])
    html, _ = built()
    assert ord("ℵ") not in letters_of_font(html)
    html, _ = built("\n:math:`\\aleph`\n")
    assert ord("ℵ") in letters_of_font(html)


@pytest.mark.site
def test_a_formula_is_drawn_in_its_font_from_the_start(browser, address):
    """Not in another that the machine happens to have: asked of Chromium for letters of the first page with many."""
    reader = Reader(browser, address).open("chapters/03-normal-normal.html")
    asked = reader.window.new_cdp_session(reader.page)
    for domain in ("DOM", "CSS"):
        asked.send(f"{domain}.enable")
    root = asked.send("DOM.getDocument")["root"]["nodeId"]
    letters = asked.send("DOM.querySelectorAll", {"nodeId": root, "selector": "math mi"})["nodeIds"][:40]
    fonts = [asked.send("CSS.getPlatformFontsForNode", {"nodeId": each})["fonts"] for each in letters]
    assert {font["familyName"] for drawn in fonts for font in drawn} == {"STIX Two Math"}
    reader.window.close()


def test_one_run_of_node_makes_them_all_and_none_twice(built, monkeypatch):
    runs, run = [], formulas.subprocess.run
    monkeypatch.setattr(formulas, "known", {})
    monkeypatch.setattr(formulas.subprocess, "run", lambda *given, **more: runs.append(given) or run(*given, **more))
    built()
    assert len(runs) == 1
    built("\n:math:`\\tau`\n")
    assert len(runs) == 1


def test_a_formula_that_is_none_is_a_warning_at_its_place(built):
    _, said = built("\n:math:`\\frac{1}{`\n")
    assert re.search(r"other\.rst.*WARNING: the formula '\\\\frac\{1\}\{'", said)


def test_in_an_alignment_what_stands_between_two_cells_has_space_on_both_sides(monkeypatch):
    tex = r"\begin{aligned} y &\sim N \\ E ={}& -a \\ &+ b \\ &(c) \end{aligned}"
    formulas.learn([(tex, True)])
    cells = BeautifulSoup(formulas.known[tex, True]["markup"], "html.parser").find_all("mtd")
    signs = {mo.get_text(): mo.get("form") for cell in cells for mo in cell.find_all("mo")}
    assert signs == {"∼": "infix", "=": "infix", "−": "infix", "+": "infix", "(": "prefix", ")": "postfix"}


# How many children an element of a formula has; with another number it is no fraction and has no index.
CHILDREN = dict.fromkeys(("mfrac", "msub", "msup", "munder", "mover", "mroot"), 2) | {"msubsup": 3, "munderover": 3}


def malformed(math):
    return [part.tag for part in ET.fromstring(math).iter() if len(part) != CHILDREN.get(part.tag, len(part))]


def test_the_space_before_a_function_is_no_part_of_a_fraction():
    tex = r"\frac{1}{\operatorname{Var}(x)} = s_j \log y"
    formulas.learn([(tex, False)])
    math = formulas.known[tex, False]["markup"]
    assert malformed(math) == []
    rows = [[part.tag for part in row] for row in ET.fromstring(math).iter("mrow")]
    assert sum(row[:2] == ["mspace", "mi"] for row in rows) == 2


@pytest.mark.site
def test_no_formula_of_the_site_has_lost_its_fraction_bar():
    pages = [*BUILT.rglob("*.html")]
    maths = {path.name: re.findall(r"<math.*?</math>", path.read_text("utf8"), flags=re.DOTALL) for path in pages}
    assert sum(map(len, maths.values())) > 2000
    wrong = {name: [found for math in each for found in malformed(math)] for name, each in maths.items()}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_where_npm_is_out_of_reach_mathjax_sets_them_from_the_site(built, monkeypatch):
    def missing():
        raise fetch.Missing("npm ci: no network")

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "modules", missing)
        html, said = built()
    [line] = [line for line in said.split("\n") if "MathJax" in line]
    assert "npm ci: no network" in line
    assert "WARNING" not in said
    text = (html / "index.html").read_text(encoding="utf8")
    assert "<math" not in text
    assert r"\(\hat\theta_j\)" in text
    assert re.search(r'src="_static/mathjax/tex-mml-chtml\.js', text)
    assert "3.2.2" in (html / "_static/mathjax/tex-mml-chtml.js").read_text(encoding="utf8")
    assert len(list((html / "_static/mathjax/output/chtml/fonts/woff-v2").glob("*.woff"))) > 15

    html, said = built()  # it can be had again
    assert "MathJax" not in said
    assert "<math" in (html / "index.html").read_text(encoding="utf8")
    assert not (html / "_static" / "mathjax").exists()
