"""The course's own templates in tools/book/templates/, which stand before the theme's of the same name."""

import os
from pathlib import Path

FOLDER = Path(__file__).with_name("templates")


def use(app, config):
    """Look for templates there too.

    The path is relative, because Sphinx takes it for a pattern, and the course may stand in a folder with brackets.
    """
    folder = os.path.relpath(FOLDER, app.confdir)
    if folder not in config.templates_path:
        config.templates_path = [*config.templates_path, folder]
