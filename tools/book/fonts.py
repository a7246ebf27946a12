"""A font with nothing in it but what the pages show."""

import logging
from io import BytesIO

from fontTools import subset


def write(font, characters, target):
    """Write the part of a font that shows these characters, as WOFF2."""
    target.write_bytes(part(font, characters))


def part(font, characters):
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of each table that it leaves out
    options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False)
    cut = subset.Subsetter(options)
    cut.populate(text="".join(characters))
    with subset.load_font(font, options) as loaded, BytesIO() as buffer:
        cut.subset(loaded)
        loaded.save(buffer)
        return buffer.getvalue()
