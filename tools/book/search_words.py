"""What the site's search finds: all spellings of a word, and for each term of the glossary the page that teaches it.

Sphinx stems English words, and knows nothing of a tumor and a tumour, of non-centred and noncentered. Its own scores
cannot tell the page that teaches a thing from one that mentions it, but the glossary can: each entry names its pages,
the one that goes deepest last. `web/search.js` puts the results in order.
"""

import json
import re
from types import SimpleNamespace

from docutils import nodes
from sphinx import addnodes
from sphinx.search import IndexBuilder, SearchEnglish
from sphinx.util.index_entries import split_index_msg

from ledger import ROOT

GLOSSARY = "chapters/glossary"
TOP = "main-content"  # the theme's name for the place where a page begins

# Patterns and what comes in their place, for Python and JavaScript alike.
# What is one word, however it is written:
JOINED = (r"\b(non|multi|hyper|re|r(?=.hat\b))[\s‑–-]+(?=\w)", "$1")
# and the one spelling of the words that have two:
SPELLINGS = [
    (r"(behavi|col|fav|harb|hon|lab|neighb|rum|tum)our", "$1or"),
    (r"centr(ed|ing)$", "center$1"),
    (r"centre(s?)$", "center$1"),
    (r"parametri[sz]", "parameteriz"),
    (r"yse(d|s)?$", "yze$1"),
    (r"([dlmnrt])is(e|ed|er|es|ing|ation|ations)$", "$1iz$2"),
    (r"(model|label|level)l(ed|ing)$", "$1$2"),
    (r"^gr[ae]y", "gray"),
]


def setup(app):
    app.add_search_language(English)
    app.config.html_search_scorer = str(ROOT / "web" / "search.js")
    app.connect("env-updated", enter_terms)
    app.connect("html-collect-pages", keep_entries)


def replaced(text, pattern, by):
    return re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", by), text, flags=re.IGNORECASE)


def one_spelling(word):
    """The spelling under which a word is kept, and looked for.

    >>> [one_spelling(word) for word in ("tumours", "noncentred", "reparametrisation", "modelling")]
    ['tumors', 'noncentered', 'reparameterization', 'modeling']
    >>> [one_spelling(word) for word in ("centre", "centered", "precise", "analyses", "four")]
    ['center', 'centered', 'precise', 'analyzes', 'four']
    """
    for pattern, by in SPELLINGS:
        word = replaced(word, pattern, by)
    return word


class English(SearchEnglish):
    """English, in which prefixes are joined, names in code are taken apart, and spellings are one."""

    js_stemmer_rawcode = ""  # all of it is in the code below, Sphinx's own first, wherever its version keeps that
    js_stemmer_code = f"""{IndexBuilder.get_js_stemmer_code(SimpleNamespace(lang=SearchEnglish))}
const replaced = (text, [pattern, by]) => text.replace(new RegExp(pattern, "gi"), by);
const PorterStemmer = Stemmer;
Stemmer = function () {{
  const porter = new PorterStemmer();
  this.stemWord = (word) => porter.stemWord({json.dumps(SPELLINGS)}.reduce(replaced, word));
}};
splitQuery = (text) => replaced(text, {json.dumps(JOINED)}).match(/[\\p{{Letter}}\\p{{Number}}_]+/gu) ?? [];
"""

    def split(self, text):
        """The words of a text; of HalfCauchy and half_cauchy, the two words as well.

        >>> English({}).split("non-centred: R-hat of HalfCauchy")
        ['noncentred', 'Rhat', 'of', 'HalfCauchy', 'Half', 'Cauchy']
        """
        words = super().split(replaced(text, *JOINED))
        return [part for word in words for part in dict.fromkeys([word, *parts(word)])]

    def stem(self, word):
        return super().stem(one_spelling(word.lower()))


def parts(word):
    """The words in a name from code, if there are several.

    >>> parts("HalfCauchy"), parts("log_marginal"), parts("MCMC"), parts("shrinkage")
    (['Half', 'Cauchy'], ['log', 'marginal'], ['MCMC'], ['shrinkage'])
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", word).strip("_").split("_")


# --- The glossary -----------------------------------------------------------------------------------------------------


def enter_terms(app, env):
    """Put each term of the glossary into the index of the pages that its entry names; the last is the one to read."""
    if GLOSSARY not in env.found_docs:
        return
    index = env.get_domain("index").entries
    for name in index:
        index[name] = [entry for entry in index[name] if entry[2] != TOP]
    for term, pages in terms(env.get_doctree(GLOSSARY)):
        for page in pages:
            entry = ("single", term, TOP, "main" if page == pages[-1] else "", None)
            index.setdefault(page, []).append(entry)


def terms(doctree):
    """(term, the names of its pages) for all that the glossary explains, a name and its abbreviation apart."""
    for item in (item for glossary in doctree.findall(addnodes.glossary) for item in glossary.findall(is_item)):
        links = item.findall(lambda node: isinstance(node, addnodes.pending_xref) and node.get("refdomain") == "doc")
        pages = [link["reftarget"] for link in links]
        for term in item.findall(nodes.term):
            for name in re.split(r", | \(|\)", term.astext()):
                if name and pages:
                    yield name, pages


def is_item(node):
    return isinstance(node, nodes.definition_list_item)


def keep_entries(app):
    """Give the search the whole index: of itself, Sphinx forgets the entries of all pages that are not written anew."""
    for name, entries in app.env.get_domain("index").entries.items():
        app.builder.indexer._index_entries[name] = sorted(
            {
                (part, target or "", main or "")
                for kind, value, target, main, _ in entries
                for part in split_index_msg(kind, value)
            }
        )
    return []
