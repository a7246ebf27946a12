"""What a printer does with a sentence: a minus is no hyphen, and no line parts a number from what belongs to it."""

import re

from docutils import nodes

# A hyphen before a digit, at the beginning or after a space or a bracket: not that of "1e-05", nor of "2024-25".
HYPHEN = re.compile(r"(?<![^\s(\[])-(?=\.?\d)")
# Before %, round ± and what compares, in "4 of 9" and "A − D", and between "page" and its number: there no line ends.
FAST = re.compile(
    r" (?=%|[±=<>≈] )|(?<=[±=<>≈]) |(?<=\d) (?=of \d)|(?<=\d of) (?=\d)|(?<=\b[Pp]age) (?=\d)"
    r"|(?<=\b[A-Z]) (?=− [A-Z]\b)|(?<=\b[A-Z] −) (?=[A-Z]\b)"
)
HAT = re.compile(r"\b([Rk]-hat)\b")  # one sign, spelled out
SHORT = 24  # letters of code in a sentence; no line ends within so few
STRAIGHT = str.maketrans("“”‘’", "\"\"''")
CODE = nodes.literal, nodes.literal_block, nodes.raw, nodes.math, nodes.math_block, nodes.title


def setup(app):
    app.connect("doctree-read", mend)
    app.connect("doctree-read", keep_short_code_whole)


def mend(app, doctree):
    """Mend the sentences of a page; formulas, code and headings, to which addresses lead, are none of them.

    In the reference, quotes are those of values in code.
    """
    in_code = app.env.docname.startswith("chapters/reference/")
    for text in list(doctree.findall(nodes.Text)):
        if text.parent is not None and not isinstance(text.parent, CODE):  # some that numpydoc makes say of no parent
            written = together(text.translate(STRAIGHT) if in_code else text)
            if "pasted-text" in text.parent.get("classes", ()):  # what {glue:text} has put into a sentence
                written = with_minus(written)
            if written != text or HAT.search(written):
                text.parent.replace(text, [*with_hats(written)])


def with_hats(text):
    """The nodes of a text, R-hat and k-hat apart, for course.css to keep each on one line.

    Another hyphen would do so, too, but hide them from whoever searches the page.
    """
    for number, part in enumerate(HAT.split(text)):
        yield nodes.inline("", part, classes=["whole"]) if number % 2 else nodes.Text(part)


def keep_short_code_whole(app, doctree):
    """Mark short code in a sentence for course.css. Other spaces would be copied with it, and Python refuses them."""
    for code in doctree.findall(nodes.literal):
        if " " in code.astext() and len(code.astext()) <= SHORT:
            code["classes"].append("whole")


def with_minus(text):
    """What a cell hands over, as it stands in a sentence.

    >>> with_minus("-3.2")
    '−3.2'
    >>> with_minus("[-0.41, 1.3]"), with_minus("4e-05"), with_minus("19-B")
    ('[−0.41, 1.3]', '4e-05', '19-B')
    """
    return HYPHEN.sub("\N{MINUS SIGN}", text)


def together(text):
    r"""A text in which no line ends between a number and its sign, nor between "page" and its number.

    >>> together("4.1 ± 0.2, or 95 % of all (page 9a), if J = 8")
    '4.1\xa0±\xa00.2, or 95\xa0% of all (page\xa09a), if J\xa0=\xa08'
    >>> together("the standard error of A − D")
    'the standard error of A\xa0−\xa0D'
    """
    return FAST.sub("\N{NO-BREAK SPACE}", text)
