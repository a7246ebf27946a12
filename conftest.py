"""Lets nbval run the MyST pages as they are, and checks that each number of the lesson is reproduced by some cell.

With `--nbval-lax` (set in pyproject.toml) `pytest chapters` runs every cell of every page, and compares what the cells
that cite the ledger print with the ledger's text. The same run gives the tests in tests/pages/ their names.
"""

import os
import re
from pathlib import Path
from unittest import mock

import pytest
from nbval.plugin import IPyNbFile
from xdist.scheduler import LoadFileScheduling

import ledger
from tests import left_out, slowest
from tests.pages import names

# As in the Makefile: one seed gives one result, whether compiled code is new or comes from the cache.
os.environ.setdefault("PYTENSOR_FLAGS", "numba__fastmath=False")


def pytest_collect_file(file_path, parent):
    if file_path.parent.name in ("chapters", "solutions") and file_path.suffix == ".md":
        return Page.from_parent(parent, path=file_path) if ledger.is_notebook(file_path) else None
    if file_path.name == "lesson_numbers.toml":
        return Ledger.from_parent(parent, path=file_path)
    return None


class Page(IPyNbFile):
    """A MyST page, given to nbval as the notebook that it stands for."""

    def collect(self):
        numbers = ledger.read(self.path.parent.parent / "chapters" / ledger.LEDGER.name)
        notebook = ledger.reference_notebook(self.path, numbers)
        names.hand_over(notebook, self.path, self.config)
        with mock.patch("nbval.plugin.nbformat.read", return_value=notebook):
            yield from super().collect()


class Ledger(pytest.File):
    """The ledger itself: one test a number."""

    def collect(self):
        places = ledger.places(self.path.parent)
        for id in ledger.read(self.path):
            yield Number.from_parent(self, name=id, places=places.get(id, []))


class Number(pytest.Item):
    """Fails if no cell reproduces the number."""

    def __init__(self, places, **kwargs):
        super().__init__(**kwargs)
        self.places = places

    def runtest(self):
        assert self.places, f"no cell of any page carries `lesson: [{self.name}]`"

    def reportinfo(self):
        return self.path, None, f"{self.path.name}::{self.name}"


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: slowest.rank(item.nodeid))


class PageWithItsTests(LoadFileScheduling):
    """A worker takes a whole file, and with a page or a solution its tests, which need what it computed."""

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        is_page = re.match(r"(chapters|solutions)/[^/]*\.md$", file)
        return f"tests/pages/{names.module(Path(file))}.py" if is_page else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return PageWithItsTests(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter):
    for line in slowest.lines(terminalreporter.stats):
        terminalreporter.write_line(line)
    for line in left_out.summary(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(line, red=True, bold=True)
