"""What is seen of the site first: descriptions, links elsewhere, the map, the page for lost readers, the foot."""

import io
import re
import struct
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_string
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import card
import check_site
import citation
import published
from tests.conftest import ROOT

BUILT = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
PAGES = sorted(set(check_site.toc_pages(TOC)))
KNOWN = ("BOOK_ADDRESS", "BOOK_REPOSITORY", "GITHUB_REPOSITORY")


def read(path):
    return BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")


def head(page):
    """What the head of a page says of it, by name."""
    tags = page.find_all("meta", content=True)
    return {tag.get("name") or tag.get("property"): tag["content"] for tag in tags}


def canonical(page):
    return [link["href"] for link in page.select("link[rel=canonical]")]


# --- Where the course is published ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({"BOOK_REPOSITORY": "https://github.com/Example/course"}, "https://example.github.io/course/"),
        ({"GITHUB_REPOSITORY": "example/course"}, "https://example.github.io/course/"),
        ({"BOOK_REPOSITORY": "https://github.com/Example/example.github.io"}, "https://example.github.io/"),
        ({"BOOK_REPOSITORY": "https://github.com/a/b", "BOOK_ADDRESS": "https://c.org/d"}, "https://c.org/d/"),
        ({"BOOK_REPOSITORY": "https://example.org/course"}, None),
    ],
)
def test_the_address_of_the_site(environment, address, monkeypatch):
    for name in KNOWN:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert published.site() == address


# --- A small site, with an address and without ------------------------------------------------------------------------

SMALL = {
    "chapters/index": "A course\n========\n\nWhat *it* is about. And more.\n\n.. toctree::\n\n   cite\n   other\n",
    "chapters/cite": "Cite\n====\n\n*Not this.*\n\nWith :math:`x` in it.\n\nThis one. Not :math:`x`. Not this.\n",
    "chapters/other": ":description: A sentence of its own, with signs: 1 < 2 & 3.\n\nOther\n=====\n\nSome text.\n",
}
SETTINGS = {
    "extensions": ["front_door"],
    "root_doc": "chapters/index",
    "html_title": "A course",
    "html_theme": "sphinx_book_theme",
    "html_theme_options": {"footer_content_items": ["foot.html"]},
    "html_last_updated_fmt": "%-d %b %Y",
}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """small(BOOK_ADDRESS=...) builds a small site, or what has changed of it; it gives the site's folder."""
    source = tmp_path / "source"
    for name, text in SMALL.items():
        path = source / f"{name}.rst"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")

    def build(**environment):
        for name in KNOWN:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("BOOK_REPOSITORY", "none")  # the checkout's own does not count
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        folders = source, None, tmp_path / "html", tmp_path / "doctrees"
        said = io.StringIO()
        with docutils_namespace():
            app = Sphinx(*folders, "html", confoverrides=SETTINGS, status=None, warning=said, warningiserror=True)
            app.build()
        assert said.getvalue() == ""
        return tmp_path / "html"

    build.source = source
    return build


ADDRESS = "https://example.org/course/"


def lost_links(site, prefix):
    """What the page for lost readers links to or loads, and is not there, or would not be found from any depth."""
    page = read(site / "404.html")
    found = [tag.get("href") or tag.get("src") for tag in page.select("[href], [src]")]
    found = [urlsplit(address) for address in found if not address.startswith(("#", "data:"))]
    own = [address.path for address in found if not address.netloc]
    assert len(own) > 10
    return [path for path in own if not (path.startswith(prefix) and (site / path.removeprefix(prefix)).is_file())]


def test_without_an_address_nothing_names_one(small):
    site = small()
    for name in SMALL:
        page = read(site / f"{name}.html")
        assert canonical(page) == []
        assert not any(str(key).startswith(("og:", "twitter:")) for key in head(page))
    assert canonical(read(site / "index.html")) == []
    assert not (site / "sitemap.xml").exists()
    assert (site / "robots.txt").read_text() == "User-agent: *\nDisallow:\n"
    assert lost_links(site, "/") == []


def test_with_an_address_each_page_says_where_it_belongs(small):
    site = small(BOOK_ADDRESS=ADDRESS)
    for name in SMALL:
        page = read(site / f"{name}.html")
        said = head(page)
        assert canonical(page) == [said["og:url"]] == [f"{ADDRESS}{name}.html"]
        assert said["og:description"] == said["description"]
        assert said["og:site_name"] == "A course"
        assert (said["og:image"], said["twitter:card"]) == (f"{ADDRESS}_static/card.png", "summary_large_image")
    width, height = struct.unpack(">II", (site / "_static/card.png").read_bytes()[16:24])
    assert (width, height) == card.SIZE == (int(said["og:image:width"]), int(said["og:image:height"]))
    assert f"Sitemap: {ADDRESS}sitemap.xml\n" in (site / "robots.txt").read_text()
    assert canonical(read(site / "404.html")) == []
    assert lost_links(site, "/course/") == []


def test_the_map_names_every_page_also_after_a_change_of_one(small):
    small(BOOK_ADDRESS=ADDRESS)
    with (small.source / "chapters/other.rst").open("a") as page:
        page.write("\nMore.\n")
    site = small(BOOK_ADDRESS=ADDRESS)
    listed = [place.text for place in ElementTree.parse(site / "sitemap.xml").iter() if place.tag.endswith("loc")]
    assert listed == sorted(f"{ADDRESS}{name}.html" for name in SMALL)


def test_a_site_that_loses_its_address_no_longer_names_it(small):
    small(BOOK_ADDRESS=ADDRESS)
    site = small()
    assert not (site / "sitemap.xml").exists()
    texts = [path.read_text(encoding="utf8") for path in [*site.rglob("*.html"), site / "robots.txt"]]
    assert not any("example.org" in text for text in texts)


def test_the_sites_own_address_leads_on_and_shows_what_the_first_page_shows(small):
    site = small(BOOK_ADDRESS=ADDRESS)
    entrance, first = read(site / "index.html"), read(site / "chapters/index.html")
    assert entrance.select_one("meta[http-equiv=refresh]")["content"] == "0; url=chapters/index.html"
    assert entrance.find("a")["href"] == "chapters/index.html"
    assert canonical(entrance) == canonical(first)
    assert entrance.title.text == first.title.text == "A course"
    names = ("og:title", "og:description", "og:image", "description")
    assert [head(entrance)[name] for name in names] == [head(first)[name] for name in names]


def test_a_description_is_the_pages_own_or_its_first_sentences(small):
    site = small()
    said = {name: head(read(site / f"{name}.html"))["description"] for name in SMALL}
    assert said == {
        "chapters/index": "What it is about. And more.",
        "chapters/cite": "This one.",
        "chapters/other": "A sentence of its own, with signs: 1 < 2 & 3.",
    }


def test_the_foot_says_when_and_where_to_mend(small):
    foot = read(small() / "chapters/other.html").find(class_="course-foot")
    assert "Last built 2 Jan 1970" in foot.get_text()
    assert not any("github" in link["href"] for link in foot.find_all("a"))
    foot = read(small(BOOK_REPOSITORY="https://github.com/example/course") / "chapters/other.html")
    links = {link.get_text(): link["href"] for link in foot.find(class_="course-foot").find_all("a")}
    assert links["Edit this page"] == "https://github.com/example/course/edit/main/chapters/other.rst"
    assert links["Report a mistake"].startswith("https://github.com/example/course/issues/new?template=mistake.yml&")
    assert (ROOT / ".github/ISSUE_TEMPLATE/mistake.yml").exists()


# --- The site as it is built ------------------------------------------------------------------------------------------


@pytest.mark.site
def test_each_page_has_a_description_of_its_own():
    said = {name: head(read(BUILT / f"{name}.html")).get("description", "") for name in PAGES}
    assert {name: text for name, text in said.items() if not 40 <= len(text) <= 160} == {}
    assert {name: text for name, text in said.items() if re.search(r"[$\\`{}<>*\0]", text)} == {}
    assert len(set(said.values())) == len(PAGES)


@pytest.mark.site
def test_the_numbered_pages_have_a_sentence_written_for_them():
    numbered = [name for name in PAGES if re.match(r"chapters/\d\d-", name)]
    assert len(numbered) == 18
    for name in numbered:
        field = yaml.safe_load((ROOT / f"{name}.md").read_text(encoding="utf8").split("---\n")[1])["description"]
        assert head(read(BUILT / f"{name}.html"))["description"] == field


@pytest.mark.site
def test_the_table_of_pages_is_in_the_order_of_the_sidebar():
    page = read(BUILT / "chapters/index.html")
    sidebar = [link["href"] for link in page.select("nav.bd-docs-nav li.toctree-l1 > a")]
    table = [row.find("a")["href"] for row in page.select("article table tbody tr")]
    assert table == [href for href in sidebar if href != "#"]


@pytest.mark.site
@pytest.mark.parametrize("name", PAGES)
def test_at_each_pages_foot_stand_licence_citation_and_date(name):
    foot = read(BUILT / f"{name}.html").find(class_="course-foot")
    links = {link.get_text(): link["href"] for link in foot.find_all("a")}
    assert links["CC BY 4.0"] == "https://creativecommons.org/licenses/by/4.0/"
    place = Path(BUILT, name).parent / links["Cite this course"] if links["Cite this course"] != "#" else None
    assert place is None or place.resolve() == BUILT / "chapters/cite.html"
    assert (place is None) == (name == "chapters/cite")
    assert re.search(r"Last built \d+ \w+ 20\d\d", foot.get_text())


@pytest.mark.site
def test_lost_readers_find_back_from_any_depth():
    links = [urlsplit(link["href"]).path for link in read(BUILT / "404.html").select("article a")]
    [prefix] = {link.removesuffix("chapters/index.html") for link in links if link.endswith("index.html")}
    assert lost_links(BUILT, prefix) == []


@pytest.mark.site
def test_the_citation_is_that_of_the_file():
    file = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    article = read(BUILT / "chapters/cite.html").find("article")
    [entry] = parse_string(article.find(class_="highlight-bibtex").get_text(), "bibtex").entries.values()
    assert entry.fields["title"] == f"{{{file['title']}}}"
    assert file["version"] in entry.fields["note"]
    assert [str(person) for person in entry.persons["author"]] == [f"{{{one['name']}}}" for one in file["authors"]]
    cited = citation.read(entry.fields["year"], entry.fields.get("url", ""))
    assert " ".join(article.find("blockquote").get_text().split()) == citation.sentence(cited)


@pytest.mark.site
def test_the_mark_is_there_in_light_and_dark():
    images = read(BUILT / "chapters/01-pooling.html").select("img.logo__image")
    assert [Path(image["src"]).name for image in images] == ["logo-light.svg", "logo-dark.svg"]
    icon = read(BUILT / "chapters/01-pooling.html").find("link", rel="icon")
    entrance = read(BUILT / "index.html").find("link", rel="icon")
    for address in [*(image["src"] for image in images), icon["href"], f"../{entrance['href']}"]:
        root = ElementTree.parse((BUILT / "chapters" / address).resolve()).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.site
def test_the_first_page_asks_shows_and_leads_in():
    article, first = (read(BUILT / f"chapters/{name}.html").find("article") for name in ("index", "01-pooling"))
    parts = article.select(".front-question, .front-move, .touch, .front-ways")
    assert [part["class"][0] for part in parts if "front-ways" not in part["class"]] == [
        "front-question",
        "front-move",
        "touch",
    ]
    assert "front-ways" in parts[-1]["class"]
    assert len(parts[-1].select(".sd-card")) == 3
    assert all(card.find("a", href=True) for card in parts[-1].select(".sd-card"))
    # The same figure takes the same room as on page 1.
    [room, other] = [page.find("hb-pooling-dial").parent["style"] for page in (article, first)]
    assert room == other
