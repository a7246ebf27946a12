"""The glossary: each term once, in order, and with the page that explains it."""

import itertools
import re

import pytest

from tests.conftest import ROOT

TEXT = (ROOT / "chapters" / "glossary.md").read_text(encoding="utf8")
LIST = re.search(r"^:::\{glossary\}\n(.*?)^:::$", TEXT, flags=re.MULTILINE | re.DOTALL)[1]
ENTRIES = dict(entry.split("\n", 1) for entry in LIST.strip("\n").split("\n\n"))


def test_the_terms_are_in_alphabetical_order_and_none_stands_twice():
    terms = [term.casefold().replace("–", "-") for term in re.findall(r"^(?! )(.+)$", LIST, flags=re.MULTILINE)]
    assert [pair for pair in itertools.pairwise(terms) if pair[0] >= pair[1]] == []


@pytest.mark.parametrize("term", ENTRIES)
def test_an_entry_names_a_page_that_is_there(term):
    pages = re.findall(r"\]\(([\w-]+\.md)\)", ENTRIES[term])
    assert pages
    assert all((ROOT / "chapters" / page).exists() for page in pages)
