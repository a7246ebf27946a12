"""What a visitor, a search engine or a link elsewhere sees of the site first, and what stands at the foot of each page.

Each page says in a sentence what it is about. Where the site's address is known, the pages also say where they belong,
and a link to one shows its title, its sentence and a card; elsewhere nothing of that is said.
"""

import posixpath
import re
from html import escape
from itertools import takewhile
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from docutils import nodes

import card
import own_templates
import published
from hblib.coursework import notebooks

LONGEST = 160  # characters of a description; search engines show no more
CARD = "_static/card.png"
NOT_FOUND = "404"
FORMULA = "\0"  # stands for one while a description is looked for


def setup(app):
    app.add_config_value("course_repository", None, "html")
    app.add_config_value("course_address", "", "env")  # for the citation, which is read with its page
    app.setup_extension("notfound.extension")
    if published.site():
        app.setup_extension("sphinxext.opengraph")
    app.connect("config-inited", own_templates.use)
    app.connect("config-inited", configure)
    app.connect("html-page-context", describe, priority=400)  # before the tags for links, which quote the description
    app.connect("html-page-context", fill_foot)
    app.connect("build-finished", finish)


def configure(app, config):
    """What the address of the site and of the repository decide."""
    site = published.site()
    config.course_repository = published.repository()
    config.course_address = site or config.course_repository or ""
    config.html_baseurl = site or ""
    config.notfound_template = "not_found.html"
    config.notfound_urls_prefix = urlsplit(site or "/").path  # its links hold at any depth
    if site:
        config.ogp_site_url = site
        config.ogp_site_name = config.html_title
        config.ogp_image = urljoin(site, CARD)
        config.ogp_image_alt = card.ALT
        width, height = card.SIZE
        config.ogp_custom_meta_tags = [
            f'<meta property="og:image:width" content="{width}" />',
            f'<meta property="og:image:height" content="{height}" />',
            '<meta name="twitter:card" content="summary_large_image" />',
        ]


# --- What a page is about ---------------------------------------------------------------------------------------------


def describe(app, pagename, templatename, context, doctree):
    """Put the description into a page's head. A page that is not found has none, and no place in the site."""
    if pagename == NOT_FOUND:
        context["pageurl"] = None
        add_tag(context, "robots", "noindex")
    if context.get("title") == context["docstitle"]:
        context["docstitle"] = ""  # the first page has the course's name, and says it once
    if doctree is None:
        return
    fields = context["meta"] or {}
    if text := fields.get("description") or exercise(app.env, pagename) or description(doctree):
        add_tag(context, "description", text)
        context["meta"] = {**fields, "og:description": escape(text)}


def add_tag(context, name, content):
    tag = f'<meta name="{name}" content="{escape(content)}" />'
    context["metatags"] = f"{context.get('metatags', '')}{tag}\n"


def exercise(env, pagename):
    """Of an exercise: its title, how long and how hard it is."""
    if "exercise" in env.metadata[pagename]:
        return f"Exercise: {env.titles[pagename].astext()}. {notebooks.facts(Path(pagename).name)}."
    return ""


def description(doctree):
    """The first sentences of the first paragraph that begins without a formula, as many as a search engine shows."""
    texts = (first_sentences(plain(paragraph)) for paragraph in doctree.findall(is_prose))
    return next(filter(None, texts), "")


def is_prose(node):
    """A paragraph of the text: no part of a list, a box or a table, nor the line that says how long a page takes."""
    paragraph = isinstance(node, nodes.paragraph) and isinstance(node.parent, nodes.section)
    return paragraph and bool(node.children) and not isinstance(node[0], nodes.emphasis)


def plain(paragraph):
    """The text of a paragraph in one line, with a mark in place of each formula."""
    parts = (
        FORMULA if isinstance(node.parent, nodes.math) else node.astext() for node in paragraph.findall(nodes.Text)
    )
    return " ".join("".join(parts).split())


def first_sentences(text):
    """As many whole sentences as fit, or a part of the first.

    >>> first_sentences("One. Two costs 3.5 in all. " + 30 * "Three ")
    'One. Two costs 3.5 in all.'
    >>> first_sentences("This one. A formula \\0 here. Not this one.")
    'This one.'
    >>> first_sentences(50 * "word ") == 31 * "word " + "…"
    True
    """
    sentences = re.split(r"(?<=[.?!])\s+(?=\W?[A-Z])", text.strip())
    sentences = list(takewhile(lambda one: FORMULA not in one, sentences))
    if sentences and len(sentences[0]) > LONGEST:
        return re.sub(r"\W*\s\S*$", " …", sentences[0][: LONGEST - 1])
    found = ""
    for one in sentences:
        if len(found) + len(one) >= LONGEST:
            break
        found = f"{found} {one}".strip()
    return found


# --- The foot of each page --------------------------------------------------------------------------------------------


def fill_foot(app, pagename, templatename, context, doctree):
    """templates/foot.html needs the repository, and the place of a page's source in it."""
    context["repository"] = app.config.course_repository
    context["source"] = f"{pagename}{Path(app.env.doc2path(pagename)).suffix}" if doctree else None


# --- Files beside the pages -------------------------------------------------------------------------------------------


def finish(app, error):
    """Write what is no page: the way in, the map of the site, what robots may read, and the card."""
    if error is not None or app.builder.format != "html":
        return
    out, site = Path(app.outdir), app.config.html_baseurl
    write_entrance(out, app.builder.get_target_uri(app.config.root_doc))
    (out / "robots.txt").write_text(robots(site), encoding="utf8")
    if site:
        addresses = [urljoin(site, app.builder.get_target_uri(name)) for name in sorted(app.env.found_docs)]
        (out / "sitemap.xml").write_text(sitemap(addresses), encoding="utf8")
        card.draw(out / CARD)
    else:
        for name in ("sitemap.xml", CARD):
            (out / name).unlink(missing_ok=True)


def write_entrance(out, first):
    """The site's address itself leads on to the first page, and a link to it shows what a link to that page shows."""
    if first == "index.html":
        return
    head = BeautifulSoup((out / first).read_text(encoding="utf8"), "html.parser").head
    tags = head.select("title, meta[name=description], meta[property], meta[name^=twitter], link[rel=canonical]")
    for icon in head.select("link[rel=icon]"):
        icon["href"] = posixpath.normpath(posixpath.join(posixpath.dirname(first), icon["href"]))
        tags.append(icon)
    shown = "\n".join(map(str, tags))
    refresh = f'<meta http-equiv="refresh" content="0; url={first}"/>'
    link = f'<p><a href="{first}">{escape(head.title.text.strip())}</a></p>'
    page = f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8"/>\n{refresh}\n{shown}\n{link}\n</html>\n'
    (out / "index.html").write_text(page, encoding="utf8")


def robots(site):
    """Everything may be read.

    >>> print(robots("https://example.org/course/"), end="")
    User-agent: *
    Disallow:
    Sitemap: https://example.org/course/sitemap.xml
    """
    return "User-agent: *\nDisallow:\n" + (f"Sitemap: {site}sitemap.xml\n" if site else "")


def sitemap(addresses):
    """The list of the pages, as search engines read it. (sphinx-sitemap lists only what the last build wrote anew.)"""
    entries = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    xmlns = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{xmlns}">\n{entries}</urlset>\n'
