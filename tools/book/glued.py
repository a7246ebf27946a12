"""A number that a cell hands to a sentence is set as a printer sets it: with a minus sign, and not with a hyphen."""

import re

from docutils import nodes

# A hyphen before a digit, at the beginning or after a space or a bracket: not that of "1e-05", nor of "2024-25".
HYPHEN = re.compile(r"(?<![^\s(\[])-(?=\.?\d)")


def setup(app):
    app.connect("doctree-read", mend)


def mend(app, doctree):
    """Mend all that {glue:text} has put into the sentences of a page; formulas and code are none of it."""
    for pasted in doctree.findall(nodes.inline):
        if "pasted-text" in pasted["classes"]:
            for text in list(pasted.findall(nodes.Text)):
                text.parent.replace(text, nodes.Text(in_prose(text)))


def in_prose(text):
    """What a cell hands over, as it stands in a sentence.

    >>> in_prose("-3.2")
    '−3.2'
    >>> in_prose("[-0.41, 1.3]"), in_prose("4e-05"), in_prose("19-B")
    ('[−0.41, 1.3]', '4e-05', '19-B')
    """
    return HYPHEN.sub("\N{MINUS SIGN}", text)
