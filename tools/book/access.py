"""For everyone: what the page's programs leave unnamed gets a name, and what names nothing is no heading of a table.

These are mends of what pandas, docutils, MyST-NB and the theme write; web/access.js mends what only the browser makes.
"""

import re
from html import escape

from bs4 import BeautifulSoup

import own_templates

TABLE = re.compile(r'<table [^>]*class="dataframe".*?</table>', flags=re.DOTALL)
LIST = re.compile(r'<table( class="(?:autosummary |table\b).*?</table>)', flags=re.DOTALL)
TITLE = r'<p class="admonition-title">(.*?)</p>'
BOX = re.compile(rf'<div (class="[^"]*\badmonition\b[^"]*"[^>]*>\s*{TITLE})', flags=re.DOTALL)
HEADING = re.compile(r'<h([1-6])\b|<p class="heading rubric"')
FOLD = re.compile(r"(<a [^>]*>)((?:(?!</a>).)*)(</a>\s*<details[^>]*>\s*<summary)(?=>)", flags=re.DOTALL)


def setup(app):
    app.connect("config-inited", own_templates.use)
    app.connect("html-page-context", mend, priority=900)  # after the theme, which brings the sidebar's function
    app.add_js_file("access.js", loading_method="defer")


def mend(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = body(context["body"])
    toctree = context.get("generate_toctree_html")
    if toctree:
        context["generate_toctree_html"] = lambda *args, **settings: sidebar(str(toctree(*args, **settings)))
    # What a page is without scripts; with them, templates/layout.html does as the reader or the system wants it.
    context["default_mode"] = "light"


def body(html):
    """The text of a page, mended.

    >>> body('<table border="1" class="dataframe"><tr><th></th><th>tau</th></tr></table>')
    '<table border="1" class="dataframe"><tr><td></td><th>tau</th></tr></table>'
    >>> body('<table class="table"><tr><td>a list</td></tr></table>')
    '<table role="presentation" class="table"><tr><td>a list</td></tr></table>'
    >>> body('<div class="tip admonition"><p class="admonition-title">A <i>hint</i></p>')
    '<div role="group" aria-label="A hint" class="tip admonition"><p class="admonition-title">A <i>hint</i></p>'
    >>> body('<a class="headerlink" href="#data" title="Link to this heading">#</a>')
    '<a aria-label="Link to this heading" class="headerlink" href="#data" title="Link to this heading">#</a>'
    """
    # The corner above the names of the rows heads no column.
    html = TABLE.sub(lambda table: re.sub(r"<th([^>]*)>\s*</th>", r"<td\1></td>", table[0]), html)
    # The words in a fold's line are its name, not this label, which hides them from a screen reader.
    html = html.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # A cell's code, and what comes out of it, stand below each other without a word; a box has its title for a name.
    html = html.replace('<div class="cell_input ', '<div role="group" aria-label="Code" class="cell_input ')
    html = html.replace('<div class="cell_output ', '<div role="group" aria-label="Output" class="cell_output ')
    html = BOX.sub(lambda box: f'<div role="group" aria-label="{words(box[2])}" {box[1]}', html)
    # Newer versions of ARIA no longer know an entry of a bibliography; the list around it wants items.
    html = html.replace('role="doc-biblioentry"', 'role="listitem"')
    # In the reference some lists stand in columns: where nothing is a header, nothing is a table.
    html = LIST.sub(as_list, html)
    html = under_the_last(html)
    # A link to its own place is else read as "number sign".
    return re.sub(r'<a (class="headerlink" [^>]*?) title="([^"]*)"', r'<a aria-label="\2" \1 title="\2"', html)


def under_the_last(html):
    """A box of an exercise stands below any heading; those within are one level deeper than that.

    >>> under_the_last('<h2>Data</h2><p class="heading rubric">a. The rate</p>')
    '<h2>Data</h2><p role="heading" aria-level="3" class="heading rubric">a. The rate</p>'
    """
    parts, level, end = [], 1, 0
    for found in HEADING.finditer(html):
        level = int(found[1] or level)
        opening = found[0] if found[1] else f'<p role="heading" aria-level="{level + 1}"{found[0][2:]}'
        parts += [html[end : found.start()], opening]
        end = found.end()
    return "".join([*parts, html[end:]])


def as_list(table):
    return table[0] if re.search("<th[ >]", table[0]) else f'<table role="presentation"{table[1]}'


def sidebar(html):
    """The sidebar: the arrow that opens a page's list of pages has a name.

    >>> sidebar('<a href="x.html">All <code>x</code></a><details><summary>')
    '<a href="x.html">All <code>x</code></a><details><summary aria-label="Pages under All x">'
    """
    return FOLD.sub(lambda fold: f'{fold[1]}{fold[2]}{fold[3]} aria-label="Pages under {words(fold[2])}"', html)


def words(html):
    """The words of a piece of a page, as the value of an attribute."""
    return escape(" ".join(BeautifulSoup(html, "html.parser").get_text().split()))
