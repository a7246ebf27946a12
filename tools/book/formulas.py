"""Formulas: MathML, which Temml makes of their TeX when the book is built, so that a reader's browser only draws them.

All formulas of a build go through one run of Node. With them the site gets Temml's style sheet and, of the font that it
asks for, the part that they use. Where npm's packages cannot be had, the build says so in a line, and MathJax sets the
formulas in the reader's browser: from the package sphinx-mathjax-offline, so that no page asks another host for it.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import unicodedata
from base64 import b64encode
from html import unescape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

sys.path.append(str(Path(__file__).parents[1] / "web"))

import fetch
import fonts
import light

log = logging.getLogger(__name__)
STYLE = "Temml-STIX2.css"
FACE = re.compile(r"@font-face \{[^}]*\}\n*")
FONT_SCRIPT = "font.js"
NUMBERED = re.compile(r"(\\(?:begin|end)\{(?:align|alignat|equation|flalign|gather|multline))\}")
# In an alignment a relation or a sign stands at the end of one cell or at the beginning of the next. There TeX leaves
# space on both its sides, but neither Temml nor a browser that sees no more than the cell.
BETWEEN = re.compile(
    r'(<mtd class="tml-left"[^>]*>(?:<mrow>)?<mo)(?: form="prefix" stretchy="false")?(?=>)'
    r"|(<mo)(?=>[^<]*</mo>(?:<mrow></mrow>)?(?:</mrow>)?</mtd>)"
)
# A formula, the bracket before it, and the stops or the sign behind it: beside a formula a browser may end a line even
# at a no-break space.
WITH_STOPS = re.compile(
    r'(\(?)(<span class="math notranslate nohighlight(?: (long)\b)?[^>]*>(?:(?!</span>).)*</span>)'
    r"([.,;:!?)]*(?:\xa0[=≈±](?=\xa0))?)",
    flags=re.DOTALL,
)
# In TeX a function keeps a thin space from what stands before it; Temml forgets it behind an index or a bracket. It
# goes into the function's row: beside it, below a fraction bar, it would be a child too many, and no bar is drawn.
FUNCTION = re.compile(
    r'(</(?:msub|msup|msubsup|msqrt|mfrac|mstyle|mi|mn)>|<mo[^>]* form="postfix"[^>]*>[^<]*</mo>(?:</mrow>)?)'
    r"(<mrow>)(?=<mi>[A-Za-z]{2,}</mi><mo>\u2061)"
)
# A prime is made high and small already; as an exponent it would be so twice, but for a feature that the font has not.
PRIME = re.compile(r'<msup>(<mi[^>]*>[^<]*</mi>)(<mo class="tml-prime"[^>]*>′</mo>)</msup>')
SCROLLS = "pst-scrollable-table-container"  # the theme lets the keyboard into what scrolls in a box of this class
LONG = 20  # letters of a formula that may be wider than a phone
known = {}  # (TeX, is it displayed?) -> {"markup": ...} or {"fault": ...}: made once, the same for every build


def setup(app):
    app.add_config_value("formulas_made_by", "", "html")  # another one, and every page is written anew
    app.add_html_math_renderer("mathml", (write_inline, None), (write_displayed, None))
    app.connect("config-inited", choose)
    app.connect("doctree-read", remember)
    app.connect("env-purge-doc", forget)
    app.connect("env-updated", make)
    app.connect("html-page-context", add_style)


def choose(app, config):
    config.mathjax_path = "mathjax/tex-mml-chtml.js"
    try:
        config.formulas_made_by = version(fetch.modules())
        config.html_math_renderer = "mathml"
    except fetch.Missing as reason:
        config.html_math_renderer = "mathjax"
        log.info("No formulas in the pages as they are read: %s. MathJax sets them in the reader's browser.", reason)


def version(modules):
    return "Temml " + json.loads((modules / "temml" / "package.json").read_text(encoding="utf8"))["version"]


# --- From TeX to MathML -----------------------------------------------------------------------------------------------


def tex(node):
    """The TeX of a formula; of several that a blank line keeps apart in one block, a line each, as Sphinx has it.

    What counts the formulas is Sphinx, by their labels.
    """
    text = NUMBERED.sub(r"\1*}", node.astext().strip())
    if isinstance(node, nodes.math) or node.get("nowrap") or node.get("no-wrap"):
        return text
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    lines = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
    return lines[0] if len(lines) == 1 else r"\begin{gathered}" + r"\\".join(lines) + r"\end{gathered}"


def key(node):
    return tex(node), isinstance(node, nodes.math_block)


def remember(app, doctree):
    """Remember the formulas of the page just read, so that they are all known before the first page is written."""
    found = {key(node) for kind in (nodes.math, nodes.math_block) for node in doctree.findall(kind)}
    app.env.__dict__.setdefault("formulas", {})[app.env.docname] = found


def forget(app, env, docname):
    env.__dict__.setdefault("formulas", {}).pop(docname, None)


def make(app, env):
    """Before the first page is written, make all formulas and put into the site what they need."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    if app.config.formulas_made_by:
        formulas = set().union(*env.formulas.values())
        learn(formulas)
        copy_style(static / "formulas", formulas)
        shutil.rmtree(static / "mathjax", ignore_errors=True)
    else:
        copy_mathjax(static / "mathjax")


def learn(formulas):
    """Make MathML of all that is not yet known."""
    new = sorted(set(formulas) - known.keys())
    if new:
        command = [fetch.program("node"), Path(__file__).with_suffix(".cjs")]
        environment = {"NODE_PATH": str(fetch.modules()), "PATH": ""}
        done = subprocess.run(command, input=json.dumps(new).encode(), capture_output=True, env=environment, check=True)
        known.update(zip(new, map(spaced, json.loads(done.stdout)), strict=True))


def spaced(made):
    """A formula with the spaces that TeX has in it."""
    if "markup" not in made:
        return made
    found = BETWEEN.sub(r'\1\2 form="infix"', made["markup"])
    found = FUNCTION.sub(r'\1\2<mspace width="0.1667em"></mspace>', found)
    found = found.replace("<mo>…</mo>", "<mi>…</mi>")  # between commas it is one of the things that they part
    return {"markup": PRIME.sub(r"<mrow>\1\2</mrow>", found)}


def markup(node):
    """A formula's MathML; Sphinx's tables of contents and a few pages hold formulas of others, which are known too."""
    learn([key(node)])
    made = known[key(node)]
    if "fault" in made:
        log.warning("the formula %r: %s", tex(node), made["fault"], location=node)
    return made.get("markup", "")


def letters(markup):
    """What is to be read in some markup."""
    return unescape(re.sub(r"<[^>]*>", "", markup))


# --- On the page ------------------------------------------------------------------------------------------------------


def write_inline(translator, node):
    """A formula in a sentence; a long one can scroll where a line is short (course.css)."""
    made = markup(node)
    kinds = f"math notranslate nohighlight{f' long {SCROLLS}' if len(letters(made)) > LONG else ''}"
    translator.body.append(translator.starttag(node, "span", "", CLASS=kinds) + made + "</span>")
    raise nodes.SkipNode


def write_displayed(translator, node):
    """A formula in its own box, which scrolls where it is too wide."""
    translator.body.append(translator.starttag(node, "div", CLASS=f"math notranslate nohighlight {SCROLLS}"))
    if node.get("number"):
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(markup(node) + "</div>\n")
    raise nodes.SkipNode


def add_style(app, pagename, templatename, context, doctree):
    if app.config.formulas_made_by:
        if "<math" in context.get("body", ""):
            context["body"] = with_their_stops(context["body"])
            app.add_css_file(f"formulas/{STYLE}")
            app.add_js_file(f"formulas/{FONT_SCRIPT}")
        else:
            light.fetch_for_the_next_page(app, f"formulas/{STYLE}", "text/css")
            light.fetch_for_the_next_page(app, f"formulas/{FONT_SCRIPT}", "text/javascript")


def with_their_stops(body):
    r"""No line ends between a formula and its brackets, its stop or its "=", but behind a long one.

    >>> with_their_stops('<span class="math notranslate nohighlight"><math>x</math></span>, and')
    '<span class="kept"><span class="math notranslate nohighlight"><math>x</math></span>,</span> and'
    >>> with_their_stops('<span class="math notranslate nohighlight"><math>x</math></span>\xa0=\xa03')
    '<span class="kept"><span class="math notranslate nohighlight"><math>x</math></span>\xa0=</span>\xa03'
    """

    def kept(found):
        before, formula, long, behind = found.groups()
        kind = f"kept{' long' if long else ''}"
        return f'<span class="{kind}">{found[0]}</span>' if before or behind else formula

    return WITH_STOPS.sub(kept, body)


def copy_style(target, formulas):
    """Put into the site Temml's style sheet, and a script with the letters of the font that these formulas show."""
    modules = fetch.modules()
    target.mkdir(parents=True, exist_ok=True)
    [font] = (modules / "@fontsource" / "stix-two-math" / "files").glob("*.woff2")
    text = "√" + letters("".join(known[each].get("markup", "") for each in formulas))
    letters_shown = sorted({*text, *(ITALIC.get(letter, letter) for letter in text)})
    # Given by a script, it is there before the first formula is drawn. From a style sheet it comes a moment later, even
    # if it stands in it: then formulas are drawn twice, and the page moves, or they keep another font.
    encoded = b64encode(fonts.part(font, letters_shown)).decode()
    script = f'const font = Uint8Array.from(atob("{encoded}"), (each) => each.charCodeAt(0));\n'
    script += 'document.fonts.add(new FontFace("STIX2", font));\n'
    (target / FONT_SCRIPT).write_text(script, encoding="utf8")
    style = (modules / "temml" / "dist" / STYLE).read_text(encoding="utf8")
    (target / STYLE).write_text(FACE.sub("", style), encoding="utf8")
    licences = [modules / package / "LICENSE" for package in ("temml", "@fontsource/stix-two-math")]
    (target / "licences.txt").write_text("\n\n".join(each.read_text(encoding="utf8") for each in licences), "utf8")


def italics():
    """Letter -> the mathematical italic that a browser shows of it in a formula."""
    found = {chr(int(unicodedata.decomposition(letter).split()[1], 16)): letter for letter in map(chr, SLANTED)}
    return found | {"h": "ℎ"}


SLANTED = [
    code for code in (*range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)) if unicodedata.decomposition(chr(code))
]
ITALIC = italics()


def copy_mathjax(target):
    """Only the files that the pages load."""
    package = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    fonts_of_it = Path("output", "chtml", "fonts", "woff-v2")
    shutil.copytree(package / fonts_of_it, target / fonts_of_it, dirs_exist_ok=True)
    shutil.copy(package / "tex-mml-chtml.js", target)
