"""What a page does not use, it does not load: scripts, style sheets, icons.

The theme and the extensions put all that they have onto every page. Some of it no page of ours needs, some only the
pages that hold a certain thing; and of the theme's icons the site shows a few dozen out of two thousand.
"""

import re
from pathlib import Path

import fonts
import own_templates

# In the theme's templates. Icons come from the style sheet and its fonts, which are there anyway; and one searches on
# the page of the search, which has these scripts of its own.
HEAVY = re.compile(
    r'\s*<script\b[^>]*\bsrc="[^"]*(?:/fontawesome|/searchtools|/language_data|searchindex)\.js[^"]*"[^>]*></script>'
)

# A part of a file's name, or of a script that stands in the page -> what a page holds that has a use for it.
USED_BY = {
    "sphinx-thebe": None,  # runs cells on a server somewhere else; here they run in the page
    "THEBE_JS_URL": None,
    "design-tabs": 'class="sd-tab-set',
    "sphinx-design": 'class="sd-',
    "togglebutton": 'class="toggle|class="[^"]* (toggle|dropdown)\\b',
    "toggleHint": 'class="toggle|class="[^"]* (toggle|dropdown)\\b',
    "toggleOpenOnPrint": 'class="toggle|class="[^"]* (toggle|dropdown)\\b',
}

# Names, punctuation and spaces in code have the colour of the text: the half of a page's elements.
PLAIN = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')

FONTS = Path("vendor", "fontawesome", "webfonts")
THEME = Path("styles", "pydata-sphinx-theme.css")
ICON = re.compile(r'((?:\.fa-[\w-]+(?::before)?,?)+)\{(?:content|--fa):"\\[0-9a-f]+"\}')  # of Font Awesome 6, and 7
NAME = re.compile(r"\bfa-[\w-]+")


def setup(app):
    app.connect("config-inited", own_templates.use)
    app.connect("html-page-context", leave_out, priority=900)  # when all the others have put in theirs
    app.connect("build-finished", cut_icons)
    app.connect("build-finished", uncolour, priority=900)  # when code has its links, which go by these elements


def fetch_for_the_next_page(app, file, kind):
    """On a page without a use for it: the browser fetches a file of the site when it has time."""
    app.add_css_file(file, rel="prefetch", type=kind)  # Sphinx adds its checksum, so that the address is the same


def leave_out(app, pagename, templatename, context, doctree):
    context["without_heavy"] = lambda head: HEAVY.sub("", head)
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if is_used(file, context.get("body", ""))]


def is_used(file, body):
    name = str(file.filename or file.attributes.get("body", ""))
    wanted = [pattern for part, pattern in USED_BY.items() if part in name]
    return all(pattern and re.search(pattern, body) for pattern in wanted)


def uncolour(app, error):
    r"""Take the elements out of the code that colour nothing.

    >>> PLAIN.sub(r"\1", '<span class="n">tau</span><span class="o">=</span><span class="mi">3</span>')
    'tau<span class="o">=</span><span class="mi">3</span>'
    """
    if error is not None or app.builder.format != "html":
        return
    for name in app.env.found_docs:
        path = Path(app.builder.get_outfilename(name))
        html = path.read_text(encoding="utf8")
        if (lighter := PLAIN.sub(r"\1", html)) != html:
            path.write_text(lighter, encoding="utf8")


# --- Icons ------------------------------------------------------------------------------------------------------------


def cut_icons(app, error):
    """Take out of the theme's fonts and of its style sheet the icons that are on no page and in no script."""
    if error is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    shown = set()
    for path in [*Path(app.outdir).rglob("*.html"), *static.glob("*.js"), *static.glob("scripts/*-theme.js")]:
        shown.update(NAME.findall(path.read_text(encoding="utf8")))

    def kept(rule):
        return rule[0] if shown & set(NAME.findall(rule[1])) else ""

    style = ICON.sub(kept, (static / THEME).read_text(encoding="utf8"))
    (static / THEME).write_text(style, encoding="utf8")
    sheets = [path.read_text(encoding="utf8") for path in [*static.glob("*.css"), *static.glob("styles/*.css")]]
    codes = re.findall(r'(?:content|--[\w-]+):\s*"\\([0-9a-f]{4})"', "".join(sheets))
    for font in (static / FONTS).glob("*.woff2"):
        fonts.write(font, [chr(int(code, 16)) for code in codes], font)
