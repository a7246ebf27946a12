"""Usage: python tools/book/check_site.py SITE

Looks at a built site the way a reader would miss things: is every page of the table of contents there, does it hold the
figures that its cells draw, do its cells print what a reader can read (and not -0.0, NaN or an object's address), does
each link within the site lead somewhere, and does nothing come from another host?
Prints what it found and fails if anything is wrong.
"""

import re
import sys
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent.parent
SLIPS = re.compile(r"(?<![\w.])-0\.?0*(?![\d.e])|\b(nan|NaN|NaT)\b|<[^<>]* object at 0x|Warning\b|Traceback \(most")
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


def toc_pages(toc):
    """The page names in a jb-book table of contents, in reading order."""
    if isinstance(toc, dict):
        for key in ("root", "file"):
            if key in toc:
                yield toc[key]
        for value in toc.values():
            yield from toc_pages(value)
    elif isinstance(toc, list):
        for item in toc:
            yield from toc_pages(item)


def figures_drawn(source):
    """How many cells of a MyST page declare a figure (`mystnb: figure:` or `image:` in the cell's metadata)."""
    cells = re.findall(r"^```\{code-cell\}.*?^```$", source, flags=re.MULTILINE | re.DOTALL)
    return sum("mystnb:" in cell for cell in cells)


def slips(text):
    """What a cell prints and nobody wants to read.

    >>> slips("the mean is -0.00, the sd nan"), slips("tau = -0.05 at 1e-05, all(rhat) is of NaNs")
    (['-0.00', 'nan'], [])
    """
    return [found[0] for found in SLIPS.finditer(text)]


class Document:
    """A page of the site."""

    def __init__(self, path):
        self.html = BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")

    @cached_property
    def anchors(self):
        """The places in it that a link can lead to."""
        return {element.get(name) for element in self.html.find_all(True) for name in ("id", "name")}


def page_faults(page, source, site, document):
    """What is wrong with one page; `document` gives the `Document` at a path."""
    html = document(page).html
    main = html.find("main") or html
    drawn = figures_drawn(source)
    shown = main.select(".cell_output img, figure img")
    if len(shown) < drawn:
        yield f"shows {len(shown)} figures, but its cells draw {drawn}"
    for image in shown:
        if len(image.get("alt", "")) < 30 or re.search(r"\.(png|svg|webp|avif)\b", image["alt"]):
            yield f"the figure {image['src']} has no alternative text worth the name: {image.get('alt')!r}"
    if html.select(".system-message, .problematic"):
        yield "holds a message of Sphinx where text should be"
    for output in main.select(".cell_output"):
        for slip in slips(output.get_text(" ")):
            yield f"prints {slip}"
    for tag, attribute in LOADED.items():
        for element in html.find_all(tag):
            address = element.get(attribute)
            if address and tag == "link" and "canonical" in element.get("rel", []):
                continue
            if address and urlsplit(address).netloc:
                yield f"loads {address} from another host"
            elif address and not address.startswith("data:") and missing(page, address, site, document):
                yield f"loads {address}, which is not there"
    for link in html.find_all("a", href=True):
        if missing(page, link["href"], site, document):
            yield f"links to {link['href']}, which is not there"


def missing(page, address, site, document):
    """Is this an address within the site that leads nowhere?"""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return False
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_relative_to(site) or not target.exists():
        return True
    if not parts.fragment or target.suffix != ".html":
        return False
    return unquote(parts.fragment) not in document(target).anchors


def faults_of(site, root=ROOT):
    """Every fault of the site, as (page, what is wrong)."""
    site = Path(site).resolve()
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))
    document, faults = cache(Document), []
    for name in toc_pages(toc):
        page = site / f"{name}.html"
        if not page.exists():
            faults.append((name, "is in the table of contents, but was not built"))
            continue
        source = (root / f"{name}.md").read_text(encoding="utf8")
        faults += [(name, fault) for fault in page_faults(page, source, site, document)]
    return faults


def main(site):
    faults = faults_of(site)
    for page, fault in faults:
        print(f"{page}: {fault}", file=sys.stderr)
    toc = list(toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))))
    print(f"checked {len(toc)} pages of {site}: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
