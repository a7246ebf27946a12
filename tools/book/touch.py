"""Figures to touch: a directive that puts one onto a page, and their script into the site.

    ```{touch} pooling-dial
    :height: 480 640
    Turn the dial from left to right.
    ```

makes an element `<hb-pooling-dial>` of web/figures/pooling_dial.js. What it draws from, the function `data()` of
pooling_dial.py beside it has computed with hblib. Its content is the caption, and its height the room that it needs in
pixels, on a wide screen and on a phone. Where the script cannot be had, and on paper, the page's other figures stay.
"""

import importlib.util
import json
import sys
from functools import cache
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import light
import page_code

sys.path.append(str(Path(__file__).parents[1] / "web"))

import bundle
import fetch

log = logging.getLogger(__name__)
FIGURES = Path(__file__).parents[2] / "web" / "figures"
MANY = 20_000  # characters: data that come when the reader does


def setup(app):
    app.add_directive("touch", Touch)
    # When they can be had at last, every page is read anew.
    app.add_config_value("figures_to_touch", False, "env")
    app.connect("config-inited", lambda app, config: setattr(config, "figures_to_touch", bool(modules())))
    app.connect("html-page-context", add_script)
    app.connect("env-updated", write)


@cache
def modules():
    """The folder of npm's packages, or None where they cannot be had."""
    try:
        return fetch.modules()
    except fetch.Missing as reason:
        log.info("No figures to touch in the pages: %s", reason)
        return None


class Touch(SphinxDirective):
    """The place of a figure."""

    required_arguments = 1
    option_spec: ClassVar = {"height": str}
    has_content = True

    def run(self):
        name = self.arguments[0]
        if not self.config.figures_to_touch:
            return []
        for path in rests_on(name):
            self.env.note_dependency(str(path))
        wide, narrow = self.options["height"].split()
        known = self.env.metadata[self.env.docname].setdefault("figures_to_touch", {})
        known[name] = file = data_file(name)
        home = "../" * self.env.docname.count("/")
        there = f' data-from="{home}_static/figures/{file}"' if file else ""
        here = "" if file else f'<script type="application/json">{data(name)}</script>'
        opening = f'<div class="touch" style="--wide: {wide}px; --narrow: {narrow}px"><{tag(name)}{there}>{here}'
        return [
            nodes.raw("", opening, format="html"),
            *self.parse_content_to_nodes(),
            nodes.raw("", f"</{tag(name)}></div>", format="html"),
        ]


def tag(name):
    return f"hb-{name}"


def source(name, ending):
    return FIGURES / f"{name.replace('-', '_')}{ending}"


@cache
def data(name):
    """What a figure is drawn from, as JSON: what `data()` of its Python module gives, if it has one."""
    path = source(name, ".py")
    if not path.exists():
        return "{}"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return json.dumps(module.data(), separators=(",", ":"))


def data_file(name):
    """The name of the script that has a figure's data, if they are many; it changes with them."""
    if len(data(name)) < MANY:
        return None
    return bundle.stamped(name, script(name))


def script(name):
    """What gives a figure its data, where they do not stand in the page."""
    return f"(globalThis.figureData ??= {{}})[{json.dumps(tag(name))}]={data(name)};".encode()


def rests_on(name):
    """The files that decide what a figure's data are."""
    path = source(name, ".py")
    return [path, *map(page_code.PACKAGE.joinpath, page_code.modules(path))] if path.exists() else []


def write(app, env):
    """Before the pages are written, which name a script together with its checksum."""
    used = {}
    for facts in env.metadata.values():
        used |= facts.get("figures_to_touch", {})
    if app.builder.format == "html" and used:
        folder = Path(app.outdir, "_static", "figures")
        bundle.write_figures(modules(), [source(name, ".js") for name in sorted(used)], folder)
        for name, file in used.items():
            if file and not (folder / file).exists():
                bundle.replace(folder, file, script(name))


def add_script(app, pagename, templatename, context, doctree):
    if app.config.figures_to_touch:
        if "figures_to_touch" in app.env.metadata.get(pagename, {}):
            app.add_js_file("figures/figures.js", loading_method="defer")
        else:
            light.fetch_for_the_next_page(app, "figures/figures.js", "text/javascript")
