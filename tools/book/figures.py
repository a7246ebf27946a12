"""Figures that weigh little: SVG where that is the lighter one, else a picture, with room kept, and loaded when near.

A kernel of the book draws each figure twice, as SVG and as PNG, because a file in IPYTHONDIR says so: the cells know
nothing of it, and the notebooks that readers take away are as they were.
"""

import gzip
import json
import os
import re
from base64 import b64decode
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

FORMATS = {"InlineBackend": {"figure_formats": ["svg", "retina"]}}  # retina: PNG with two dots to a pixel
HEAVY = 50_000  # bytes
DOTS = 140  # pixels on the page to an inch of a figure, as in hblib/book.mplstyle
IMAGE = re.compile(r'<img\b[^>]*?\ssrc="([^"]*/?_images/([^"]+))"[^>]*>')


def setup(app):
    app.connect("config-inited", tell_kernels)
    app.connect("html-page-context", dress)
    app.connect("build-finished", replace)


def tell_kernels(app, config):
    folder = Path(app.outdir).parent / ".ipython"
    (folder / "profile_default").mkdir(parents=True, exist_ok=True)
    (folder / "profile_default" / "ipython_kernel_config.json").write_text(json.dumps(FORMATS), encoding="utf8")
    os.environ["IPYTHONDIR"] = str(folder)


# --- Which of the two -------------------------------------------------------------------------------------------------


def lighter(output):
    """A cell's output, without the heavier of its figure's two forms."""
    data = output.get("data", {})
    if {"image/svg+xml", "image/png"} <= data.keys():
        drawn, dotted = gzip.compress(data["image/svg+xml"].encode(), mtime=0), picture(b64decode(data["image/png"]))
        data.pop("image/png" if len(drawn) <= len(dotted.content) else "image/svg+xml")
        output.get("metadata", {}).clear()  # a size in pixels, which would not give way on a phone
    return output


class Picture(NamedTuple):
    """A file's ending and content."""

    ending: str
    content: bytes


@cache
def picture(png):
    """A picture as WebP, in the smaller of its two kinds; one that would be heavy as AVIF, with one dot to a pixel."""
    with Image.open(BytesIO(png)) as image:
        flat = image.convert("RGB")
    webp = min((saved(flat, "WEBP", **how) for how in ({"lossless": True, "quality": 50}, {"quality": 80})), key=len)
    if len(webp) <= HEAVY:
        return Picture(".webp", webp)
    return Picture(".avif", saved(flat.resize([round(side / 2) for side in flat.size]), "AVIF", quality=35))


def saved(image, kind, **how):
    with BytesIO() as buffer:
        image.save(buffer, kind, **how)
        return buffer.getvalue()


# --- On the page ------------------------------------------------------------------------------------------------------


def dress(app, pagename, templatename, context, doctree):
    """Give each figure of a page its size and, below the page's first heading but one, the leave to come late."""
    body = context.get("body", "")
    first = body.find("<h2")
    files = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}

    def dressed(found):
        tag, address, name = found[0], found[1], unescape(found[2])
        if name not in files:
            return tag
        more = ' decoding="async"'
        if found.start() > first > -1:
            more += ' loading="lazy"'
        if not re.search(r"\s(width|height|style)=", tag) and (size := pixels(files[name])):
            more += ' width="{}" height="{}"'.format(*size)
        if name.endswith(".png"):
            tag = tag.replace(address, address.removesuffix(".png") + picture(files[name].read_bytes()).ending)
        return re.sub(r"\s*/?>$", f"{more} />", tag)

    context["body"] = IMAGE.sub(dressed, body)


@cache
def pixels(path):
    """Width and height of a figure on a page that is wide enough, or None for a drawing that has none."""
    if path.suffix == ".svg":
        head = path.read_text(encoding="utf8")[:2000]
        sizes = re.findall(r'\s(?:width|height)="([\d.]+)pt"', head)
        return [round(float(size) / 72 * DOTS) for size in sizes[:2]] if len(sizes) >= 2 else None
    with Image.open(path) as image:
        dpi = image.info.get("dpi", (DOTS, DOTS))
        return [round(size / each * DOTS) for size, each in zip(image.size, dpi, strict=True)]


def replace(app, error):
    """The light pictures in place of PNG, in the site."""
    if error is not None or app.builder.format != "html":
        return
    for source, name in app.builder.images.items():
        png = Path(app.outdir, "_images", name)
        if name.endswith(".png"):
            ending, content = picture(Path(app.srcdir, source).read_bytes())
            png.with_suffix(ending).write_bytes(content)
            png.unlink(missing_ok=True)
