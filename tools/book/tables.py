"""On a narrow screen a name in a table may go on in the next line, where its parts meet: else its table is too wide."""

import re

TABLE = re.compile(r"<table\b.*?</table>", flags=re.DOTALL)
# The headers of results, which pandas writes, and code in any table.
NAMES = re.compile(r"<th\b[^>]*>[^<]+</th>|<code\b.*?</code>", flags=re.DOTALL)
TEXT = re.compile(r">([^<]+)<")
# After an underscore, a dot or a bracket between letters, before an index in brackets, and before a capital letter.
SEAM = re.compile(r"(?<=\w[_.(])(?=[A-Za-z])|(?<=\w)(?=\[)|(?<=[a-z])(?=[A-Z])")


def setup(app):
    app.connect("html-page-context", mend, priority=950)  # after access.py, which makes lists of some tables


def mend(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = breakable(context["body"])


def breakable(html):
    """The text of a page, with a place to break at each seam of a name in a table.

    >>> breakable('<table class="dataframe"><tr><th>mcse_mean</th><td>a_b</td></tr></table>')
    '<table class="dataframe"><tr><th>mcse_<wbr>mean</th><td>a_b</td></tr></table>'
    >>> breakable('<table><tr><td><code><span class="pre">priors.half_normal</span></code></td></tr></table>')
    '<table><tr><td><code><span class="pre">priors.<wbr>half_<wbr>normal</span></code></td></tr></table>'
    >>> breakable("<code>tau_store</code>")
    '<code>tau_store</code>'
    """
    return TABLE.sub(lambda table: NAMES.sub(lambda name: TEXT.sub(_seams, name[0]), table[0]), html)


def _seams(text):
    return f">{SEAM.sub('<wbr>', text[1])}<"
