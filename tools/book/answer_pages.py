"""Python in the page: what it is made of goes into the site, and a script onto the pages that hold an exercise.

Where that cannot be had, the build says so in a line, and the exercises stay what they are without it: a task, and the
notebook to download.
"""

import re
import sys
from functools import cache
from pathlib import Path

from sphinx.util import logging

import light

sys.path.append(str(Path(__file__).parents[1] / "web"))

import bundle
import course
import fetch

log = logging.getLogger(__name__)
TAGS = ("<hb-exercise", "<hb-overview")  # elements of a page that holds an exercise, or the overview of all
ROOM = Path(__file__).parents[2] / "web" / "answers" / "room.css"  # what a place takes before the script fills it


def setup(app):
    # When it can be had at last, or when the room of a place changes, every page is written anew.
    app.add_config_value("answers_in_page", "", "html")
    app.connect("config-inited", lambda app, config: setattr(config, "answers_in_page", room() if parts() else ""))
    app.connect("html-page-context", add_script)
    app.connect("env-updated", write)


@cache
def parts():
    """(Pyodide's files, the folder of npm's packages), or None where one of them cannot be had."""
    try:
        return fetch.files(), fetch.modules()
    except fetch.Missing as reason:
        log.info("No Python in the pages: %s. The exercises stay notebooks to download.", reason)
        return None


def room():
    """The rules for the places' room, as they stand in a page's head."""
    return re.sub(r"\s*/\*.*?\*/\s*|\s+", " ", ROOM.read_text(encoding="utf8"), flags=re.DOTALL).strip()


def add_script(app, pagename, templatename, context, doctree):
    if app.config.answers_in_page:
        if any(tag in context.get("body", "") for tag in TAGS):
            app.add_js_file("python/answers.js", loading_method="defer")
            context["metatags"] = f"{context.get('metatags', '')}\n<style>{app.config.answers_in_page}</style>"
        else:
            light.fetch_for_the_next_page(app, "python/answers.js", "text/javascript")


def write(app, env):
    """Before the pages are written, which name a script together with its checksum."""
    if app.builder.format == "html" and app.config.answers_in_page:
        target = Path(app.outdir, "_static", "python")
        files, modules = parts()
        course.write(files, target)
        bundle.write(modules, target)
