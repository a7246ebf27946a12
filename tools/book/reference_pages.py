"""The reference of hblib, which autodoc makes from the docstrings, and the links that lead to it from the pages' code.

numpydoc reads the sections of a docstring, and sphinx-codeautolink links the names in a cell. What is left to say: each
module begins with a list of what it holds, and a name in backticks is a link where it names something, else code.
"""

import inspect
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util.nodes import make_refnode
from sphinx_codeautolink.extension import SphinxCodeAutoLink


def setup(app):
    app.connect("autodoc-process-docstring", keep_stars)
    app.connect("autodoc-process-docstring", list_members)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-signature", tidy_signature)
    app.connect("doctree-read", set_names_upright, priority=400)  # before formulas.py makes them
    app.connect("doctree-read", shorten_labels)
    app.connect("missing-reference", link_or_code)
    app.connect("html-page-context", remember_written)


def public(module):
    """What a module offers: its own functions and classes, in the order of the source.

    >>> from hblib import lkj
    >>> public(lkj)
    ['log_density', 'pdf', 'sd', 'draws']
    """
    kinds = inspect.isfunction, inspect.isclass
    own = {name: thing for name, thing in vars(module).items() if any(kind(thing) for kind in kinds)}
    return [name for name, thing in own.items() if thing.__module__ == module.__name__ and not name.startswith("_")]


def keep_stars(app, what, name, thing, options, lines):
    """The stars of a shape (*size, J) are Python's, not the beginning of an emphasis."""
    lines[:] = [line if ">>>" in line else re.sub(r"(?<=[( ])\*(?=\w+[,)])", r"\\*", line) for line in lines]


def list_members(app, what, name, thing, options, lines):
    """End a module's docstring with a list of its members, each with its first sentence.

    Its headings would be sections of the page, with names that the pages of other modules have as well.
    """
    if what == "module":
        text = "\n".join(lines)
        lines[:] = re.sub(r"^(\w.*)\n-{3,}$", r".. rubric:: \1\n", text, flags=re.MULTILINE).split("\n")
        lines += ["", ".. autosummary::", "   :nosignatures:", "", *(f"   {one}" for one in public(thing)), ""]


# A command with the words in it, any other command, or a name from the code.
NAMES = re.compile(
    r"\\(?:text|mathrm|begin|end)\{[^}]*\}|\\[A-Za-z]+|([A-Za-z]{3,}|(?<![A-Za-z])(?:se|sd|df)(?![A-Za-z]))"
)


def set_names_upright(app, doctree):
    """In the formulas of docstrings, a name of several letters is one name, and no product of them."""
    if app.env.docname.startswith("chapters/reference/"):
        for formula in (node for kind in (nodes.math, nodes.math_block) for node in doctree.findall(kind)):
            formula[:] = [nodes.Text(upright(formula.astext()))]


def upright(formula):
    r"""A formula in TeX whose names of several letters are set as one.

    >>> upright(r"\frac{1}{upper}, \quad se_j^2 \sim x_{ij} \, dt \text{ if equal}")
    '\\frac{1}{\\mathrm{upper}}, \\quad \\mathrm{se}_j^2 \\sim x_{ij} \\, dt \\text{ if equal}'
    """
    return NAMES.sub(lambda found: rf"\mathrm{{{found[1]}}}" if found[1] else found[0], formula)


def skip_fields(app, what, name, thing, skip, options):
    """The fields of a named tuple stand in its docstring; Python's own says only which number they have."""
    return True if type(thing).__name__ == "_tuplegetter" else None


def tidy_signature(app, what, name, thing, options, signature, result):
    """Leave out what is private, and Python's mark of an argument that is an empty dictionary if it is left out.

    >>> tidy_signature(None, "class", "", None, None, "(mu, _data, parameters=<factory>)", None)
    ('(mu, parameters={})', None)
    """
    return re.sub(r", _\w+", "", signature or "").replace("<factory>", "{}") or None, result


def shorten_labels(app, doctree):
    """A source is [1] where it is cited, too: numpydoc gives it a longer name, so that no two entries share one."""
    for node in doctree.findall(addnodes.pending_xref):
        if node.get("refdomain") == "citation":
            for text in list(node.findall(nodes.Text)):
                text.parent.replace(text, nodes.Text(re.sub(r"\bR[0-9a-f]{12}-", "", text)))


def link_or_code(app, env, node, content):
    """In docstrings `beta_binomial.fit`, `Mixture` and `shrinkage(se, tau)` are links; what names nothing is code."""
    if (node.get("refdomain"), node.get("reftype")) != ("py", "obj"):
        return None
    name = node["reftarget"].split("(")[0].removeprefix("hblib.")
    known = env.domains["py"].objects
    for full in (f"{node.get('py:module')}.{name}", f"hblib.{name}", f"hblib.distributions.{name}"):
        if full in known:
            place = known[full]
            return make_refnode(app.builder, node["refdoc"], place.docname, place.node_id, content, full)
    return nodes.literal("", content.astext())


def remember_written(app, pagename, templatename, context, doctree):
    """Let sphinx-codeautolink 0.19 know of each page that is written, for it would leave out those whose text is old.

    From 0.20 on it goes through the pages as they are written, and leaves out none.
    """
    for listener in app.events.listeners["build-finished"]:
        owner = getattr(listener.handler, "__self__", None)
        if isinstance(owner, SphinxCodeAutoLink) and hasattr(owner, "outdated_docs"):
            owner.outdated_docs.add(pagename)
