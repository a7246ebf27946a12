"""Where Python can be had, pages with an exercise have its script; elsewhere the build says in a line why not."""

import io
import re

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import answer_pages
import fetch

pytestmark = pytest.mark.web
PAGES = {"index": "Exercise\n========\n\n.. raw:: html\n\n   <hb-exercise></hb-exercise>\n\n.. toctree::\n\n   other\n"}
PAGES["other"] = "No exercise\n===========\n"


@pytest.fixture
def built(tmp_path):
    """built() makes a small site with two pages; it gives the site's folder and what the build said."""
    for name, text in PAGES.items():
        (tmp_path / f"{name}.rst").write_text(text)
    answer_pages.parts.cache_clear()

    def build():
        said, settings = io.StringIO(), {"extensions": ["answer_pages"]}
        folders = tmp_path, None, tmp_path / "html", tmp_path / "doctrees"
        with docutils_namespace():
            app = Sphinx(*folders, "html", confoverrides=settings, status=said, warning=said, warningiserror=True)
            app.build()
        return tmp_path / "html", said.getvalue()

    yield build
    answer_pages.parts.cache_clear()


def test_a_site_without_python_says_why_and_is_a_site(built, monkeypatch):
    def missing():
        raise fetch.Missing("scipy.whl is not to be had (from_cdn: no network)")

    monkeypatch.setattr(fetch, "files", missing)
    html, said = built()
    [line] = [line for line in said.split("\n") if "No Python in the pages" in line]
    assert "scipy.whl is not to be had (from_cdn: no network)" in line
    assert "answers.js" not in (html / "index.html").read_text()
    assert not (html / "_static" / "python").exists()


def test_when_python_can_be_had_again_the_pages_are_written_anew(built, monkeypatch):
    def missing():
        raise fetch.Missing("nothing is to be had")

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "files", missing)
        built()
    answer_pages.parts.cache_clear()
    html, said = built()
    assert "No Python in the pages" not in said
    assert '<script defer="defer" src="_static/python/answers.js' in (html / "index.html").read_text()
    other = (html / "other.html").read_text()
    assert not re.search(r"<script[^>]*answers\.js", other)
    assert re.search(r'<link rel="prefetch"[^>]*answers\.js', other)
    assert {"manifest.json", "answers.js", "pyodide.mjs"} <= {path.name for path in (html / "_static/python").iterdir()}
