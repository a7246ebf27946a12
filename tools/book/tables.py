"""On a narrow screen a name in a table may go on in the next line, where its parts meet: else its table is too wide.

On a wide one it may not (course.css). A number keeps its sign, and its error, on every screen.
"""

import re

from typography import together

TABLE = re.compile(r"<table\b.*?</table>", flags=re.DOTALL)
# The headers of results, which pandas writes, and code in any table.
NAMES = re.compile(r"<th\b[^>]*>[^<]+</th>|<code\b.*?</code>", flags=re.DOTALL)
TEXT = re.compile(r">([^<]+)<")
# After an underscore, a dot or a bracket between letters, before an index in brackets, and in a long word before a
# capital letter.
SEAM = re.compile(r"(?<=\w[_.(])(?=[A-Za-z]{2})|(?<=\w)(?=\[)")
LONG = re.compile(r"[A-Za-z]{10,}")
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def setup(app):
    app.connect("html-page-context", mend, priority=950)  # after access.py, which makes lists of some tables


def mend(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = breakable(context["body"])


def breakable(html):
    r"""The text of a page, with a place to break at each seam of a name in a table.

    >>> breakable('<table class="dataframe"><tr><th>mcse_mean</th><td>a_b</td></tr></table>')
    '<table class="dataframe"><tr><th>mcse_<wbr>mean</th><td>a_b</td></tr></table>'
    >>> breakable('<table><tr><td><code><span class="pre">priors.half_normal</span></code></td></tr></table>')
    '<table><tr><td><code><span class="pre">priors.<wbr>half_<wbr>normal</span></code></td></tr></table>'
    >>> breakable("<code>tau_store</code>")
    '<code>tau_store</code>'
    >>> breakable("<table><tr><th>PyMC</th><th>LKJCholeskyCov</th><td>1.1 ± 0.2</td></tr></table>")
    '<table><tr><th>PyMC</th><th>LKJCholesky<wbr>Cov</th><td>1.1\xa0±\xa00.2</td></tr></table>'
    """
    return TABLE.sub(lambda table: NAMES.sub(_seams, TEXT.sub(_together, table[0])), html)


def _seams(name):
    return TEXT.sub(lambda text: f">{_broken(text[1])}<", name[0])


def _broken(text):
    return LONG.sub(lambda word: CAPITAL.sub("<wbr>", word[0]), SEAM.sub("<wbr>", text))


def _together(text):
    return f">{together(text[1]).replace('R-hat', '<span class="kept">R-hat</span>')}<"
