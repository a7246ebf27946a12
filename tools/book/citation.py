"""How to cite the course, on a page: CITATION.cff as a sentence and as BibTeX.

The program that reads such files, cffconvert, wants a jsonschema from before 2023; what is needed of it stands here.
"""

import yaml
from docutils import nodes
from pybtex.database import BibliographyData, Entry, Person
from sphinx.util.docutils import SphinxDirective

import ledger

FILE = ledger.ROOT / "CITATION.cff"
KEY = "hierarchical_bayesian_models"


def read(year="", address=""):
    """What a reference names: from CITATION.cff, but the year and the address, unless they stand there."""
    file = yaml.safe_load(FILE.read_text(encoding="utf8"))
    found = {
        "author": " and ".join(name(author) for author in file["authors"]),
        "title": file["title"],
        "year": str(file.get("date-released", year))[:4],
        "version": file["version"],
        "url": file.get("url", address),
    }
    return {field: text for field, text in found.items() if text}


def name(author):
    """An author's name: a person's, or that of a group.

    >>> name({"given-names": "Anna", "family-names": "Novak"}), name({"name": "The authors"})
    ('Anna Novak', 'The authors')
    """
    return author.get("name") or f"{author['given-names']} {author['family-names']}"


def sentence(cited):
    """The reference as it stands in a list of references.

    >>> sentence({"author": "Anna Novak", "title": "A course", "year": "2026", "version": "1.0"})
    'Anna Novak (2026). A course. Version 1.0.'
    """
    year = f" ({cited['year']})" if "year" in cited else ""
    end = f" {cited['url']}" if "url" in cited else ""
    return f"{cited['author']}{year}. {cited['title']}. Version {cited['version']}.{end}"


def bibtex(cited):
    """The reference as an entry for BibTeX.

    >>> print(bibtex({"author": "The authors", "title": "A course", "version": "1.0"}))
    @misc{hierarchical_bayesian_models,
        author = "{The authors}",
        title = "{A course}",
        note = "Version 1.0"
    }
    """
    fields = {"title": f"{{{cited['title']}}}", **{key: cited[key] for key in ("year", "url") if key in cited}}
    entry = Entry("misc", fields={**fields, "note": f"Version {cited['version']}"})
    entry.persons["author"] = [Person(last=f"{{{one}}}") for one in cited["author"].split(" and ")]
    return BibliographyData({KEY: entry}).to_string("bibtex").strip()


class Citation(SphinxDirective):
    """{citation}: the course as a reference, in both forms."""

    def run(self):
        self.env.note_dependency(str(FILE))
        cited = read(self.config.copyright, self.config.course_address)
        code = nodes.literal_block("", bibtex(cited), language="bibtex")
        return [nodes.block_quote("", nodes.paragraph("", sentence(cited))), code]
