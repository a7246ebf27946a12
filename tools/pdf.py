"""Usage: python tools/pdf.py SITE FILE [PAGE ...]

Makes one PDF of the built site, or of some of its pages (chapters/01-pooling), by Chromium: a title page, the contents
with page numbers, the pages in the order of the table of contents, each with its name above and its number below,
bookmarks, and links that lead on within the PDF.

All pages go into one document, so each name in it gets its page's before it. It is printed twice: only then does one
know on which sheet a page begins.
"""

import datetime
import html
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader

from browser import Missing, chromium

ROOT = Path(__file__).parent.parent
NAMES = ("id", "for", "headers", "aria-labelledby", "aria-describedby")
ELSEWHERE = ".headerlink, .copybtn, button, .touch, hb-question, hb-exercise, hb-overview, hb-done, script, noscript"
FOLDED = "details.hide, .exercise > details"  # code that draws figures; solutions, which have pages of their own
LICENCE = "https://creativecommons.org/licenses/by/4.0/"

# Wait for fonts, pictures and formulas; the pictures that are not there.
WAIT = """async () => {
  await document.fonts.ready;
  await window.MathJax?.startup?.promise;
  await Promise.allSettled([...document.images].map((each) => each.decode()));
  return [...document.images].filter((each) => !each.naturalWidth).map((each) => each.src);
}"""

# Formulas and tables that are wider than the sheet become smaller.
FIT = """() => {
  for (const each of document.querySelectorAll("div.math, .pst-scrollable-table-container, .cell_output table")) {
    const part = each.parentElement.clientWidth / Math.max(each.scrollWidth, each.firstElementChild?.scrollWidth ?? 0);
    if (part < 1) each.style.zoom = Math.max(part * 0.99, 0.4);
  }
}"""


def main(site, target, *only):
    site, target = Path(site).resolve(), Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    book = Book(site, only)
    print(f"printing {len(book.names)} pages, twice")
    with chromium() as browser:
        draft = target.with_suffix(".html")
        draft.write_text(book.document({}), encoding="utf8")
        sheets = starts(printed(browser, draft, target), book.names)
        draft.write_text(book.document(sheets), encoding="utf8")
        printed(browser, draft, target)
    draft.unlink()
    print(f"{target}: {len(PdfReader(target).pages)} sheets, {target.stat().st_size / 1e6:.1f} MB")


# --- The document -----------------------------------------------------------------------------------------------------


class Book:
    """The pages of a site, in the order of the table of contents."""

    def __init__(self, site, only=()):
        self.site = site
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
        parts = [("", [{"file": toc["root"]}]), *((part["caption"], part["chapters"]) for part in toc["parts"])]
        # (caption of a part, [(how deep, name of a page)])
        self.parts = [(caption, [at for at in flat(files) if not only or at[1] in only]) for caption, files in parts]
        self.names = [name for _, pages in self.parts for _, name in pages]
        self.pages, self.titles, self.styles = {}, {}, {}
        for number, name in enumerate(self.names, start=1):
            print(f"{number:3} of {len(self.names)}: {name}", flush=True)
            self.read(name)
        config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
        self.title, self.author = config["title"], config["author"]
        canonical = self.soup(toc["root"]).find("link", rel="canonical")
        self.address = canonical["href"] if canonical else None

    def soup(self, name):
        return BeautifulSoup((self.site / f"{name}.html").read_text(encoding="utf8"), "html.parser")

    def read(self, name):
        """Take the article of a page, without what has no use on paper, its names and links made the book's."""
        soup = self.soup(name)
        article = soup.select_one("article.bd-article")
        self.styles |= {self.file(link["href"], name): None for link in soup.select("link[rel=stylesheet]")}
        for useless in article.select(f"{ELSEWHERE}, {FOLDED}"):
            useless.decompose()
        for notebook in article.select('.exercise-links a:not([href*=".html"])'):
            if str(notebook.next_sibling or "").strip() == "·":
                notebook.next_sibling.extract()
            notebook.decompose()
        self.titles[name] = article.find("h1").get_text().strip()
        deeper(article)
        for element in article.find_all(True):
            element.attrs.pop("loading", None)  # nobody scrolls to a picture here
            for attribute in NAMES:
                if element.get(attribute):
                    words = element[attribute] if isinstance(element[attribute], list) else element[attribute].split()
                    element[attribute] = " ".join(f"{slug(name)}--{word}" for word in words)
            for attribute in ("href", "src", "xlink:href"):
                if element.get(attribute):
                    self.lead(element, attribute, name)
        self.pages[name] = re.sub(r"url\(#", f"url(#{slug(name)}--", article.decode_contents())

    def file(self, address, name):
        """The file of the site that a page loads from this address."""
        return (self.site / unquote(urljoin(f"{name}.html", urlsplit(address).path))).as_uri()

    def lead(self, element, attribute, name):
        """Let a link lead within the book, a picture be found, and a link to a file of the site lead nowhere."""
        address = element[attribute]
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return
        path = unquote(urljoin(f"{name}.html", parts.path)) if parts.path else f"{name}.html"
        page = path.removesuffix(".html")
        if page in self.names:
            element[attribute] = f"#{slug(page)}" + (f"--{unquote(parts.fragment)}" if parts.fragment else "")
        elif element.name == "a":
            element.name = "span"
            del element[attribute]
        else:
            element[attribute] = self.file(address, name)

    def document(self, sheets):
        """The whole book; `sheets` are the numbers for its contents, and for what says where a solution is."""
        numbers = {slug(name): number for name, number in sheets.items()}
        chapters = re.sub(
            r'href="#([\w-]+)">solution on its own page',
            lambda link: f'href="#{link[1]}">solution on page {numbers.get(link[1], "000")}',
            "".join(map(self.section, self.names)),
        )
        links = "".join(f'<link rel="stylesheet" href="{html.escape(style)}">' for style in self.styles)
        own = Path(__file__).with_suffix(".css").read_text(encoding="utf8")
        heads = "".join(
            f'@page {slug(name)} {{ @top-right {{ content: "{css_text(title)}"; }} }}\n'
            for name, title in self.titles.items()
        )
        return (
            f'<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{self.title}</title>'
            f"{links}<style>{own}{heads}</style>{self.mathjax()}</head><body class='bd-main'><div class='bd-content'>"
            f"{self.front()}{self.contents(sheets)}{chapters}</div></body></html>"
        )

    def mathjax(self):
        """The scripts of a page that show formulas, if it leaves that to the reader's browser."""
        for name in self.names:
            scripts = [script for script in self.soup(name).find_all("script") if "mathjax" in str(script).lower()]
            for script in scripts:
                if script.get("src"):
                    script["src"] = self.file(script["src"], name)
            if any(script.get("src") for script in scripts):
                return "".join(map(str, scripts))
        return ""

    def front(self):
        today = datetime.datetime.now(tz=datetime.UTC)
        lines = [self.author, f"Built on {today.day} {today:%B %Y}"]
        lines += [f'<a href="{self.address}">{self.address}</a>'] if self.address else []
        lines.append(f'Text: <a href="{LICENCE}">CC BY 4.0</a>. Code: MIT.')
        return f"<header class='front'><p class='name'>{self.title}</p><p>{'</p><p>'.join(lines)}</p></header>"

    def contents(self, sheets):
        rows = []
        for caption, pages in self.parts:
            rows += [f"<li class='part'>{caption}</li>"] if caption and pages else []
            for depth, name in pages:
                link = f"<a href='#{slug(name)}'>{html.escape(self.titles[name])}</a>"
                rows.append(f"<li class='depth-{depth}'>{link}<span>{sheets.get(name, '000')}</span></li>")
        return f"<nav class='toc'><h1>Contents</h1><ol>{''.join(rows)}</ol></nav>"

    def section(self, name):
        """A page, below the name of its part, which is a bookmark above the part's first page.

        A tiny line comes before: what begins a sheet, Chromium 150 writes into the bookmarks twice.
        """
        caption, pages = next(part for part in self.parts if name in [each for _, each in part[1]])
        tag = "h1" if caption and name == pages[0][1] else "p"
        return (
            f"<section class='page' id='{slug(name)}' style='page: {slug(name)}'>"
            f"<p class='top'>&nbsp;</p><{tag} class='part'>{caption or '&nbsp;'}</{tag}>"
            f"<article class='bd-article'>{self.pages[name]}</article></section>"
        )


def flat(files, depth=1):
    """(How deep, name) of each page in a part of the table of contents."""
    for file in files:
        yield depth, file["file"]
        yield from flat(file.get("sections", []), depth + 1)


def slug(name):
    """A page's name among the names of the document.

    >>> slug("chapters/01-pooling"), slug("chapters/reference/index")
    ('chapters-01-pooling', 'chapters-reference-index')
    """
    return name.replace("/", "-")


def css_text(text):
    return text.replace("\\", r"\\").replace('"', r"\"")


def deeper(article):
    """A page's title is the second level of the book, below its part's, and so on."""
    for heading in article.find_all(re.compile(r"^h[1-5]$")):
        heading.name = f"h{int(heading.name[1]) + 1}"


# --- The PDF ----------------------------------------------------------------------------------------------------------


def printed(browser, document, target):
    """Print a document into the file `target`."""
    page = browser.new_page(viewport={"width": 665, "height": 950})  # the text's width on A4
    page.set_default_timeout(0)
    page.emulate_media(media="print")
    page.goto(document.resolve().as_uri())
    missing = page.evaluate(WAIT)
    if missing:
        sys.exit(f"pdf: these pictures are not to be had: {', '.join(missing)}")
    page.evaluate(FIT)
    page.pdf(path=target, outline=True, tagged=True, prefer_css_page_size=True, print_background=True)
    page.close()
    return target


def starts(pdf, names):
    """{name: the number of the sheet on which it begins}."""
    reader = PdfReader(pdf)
    places = {name.lstrip("/"): place.page for name, place in reader.named_destinations.items()}
    numbers = {sheet.indirect_reference.idnum: number for number, sheet in enumerate(reader.pages, start=1)}
    return {name: numbers[places[slug(name)].idnum] for name in names}


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Missing as reason:
        sys.exit(f"pdf: {reason}")
