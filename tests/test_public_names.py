"""help(hblib) lists every public name with one line, module by module."""

import importlib
import importlib.resources
import inspect
import pydoc
import re

import pytest

import hblib

LISTED = {
    module: re.findall(r"^ {8}(\w+) +(\S.*)$", names, re.MULTILINE)
    for module, names in re.findall(r"^ {4}([\w.]+): \S.*\n((?: {8}.*\n)+)", hblib.__doc__, re.MULTILINE)
}


def test_the_modules_are_listed_in_the_order_of_the_pages():
    assert [*LISTED] == [*hblib.__all__, "datasets.retailer"]


@pytest.mark.parametrize("name", LISTED)
def test_every_public_name_is_listed_once(name):
    module = importlib.import_module(f"hblib.{name}")
    public = {
        key
        for key, thing in inspect.getmembers(module, lambda thing: inspect.isfunction(thing) or inspect.isclass(thing))
        if not key.startswith("_") and thing.__module__ == module.__name__
    }
    listed = [key for key, _ in LISTED[name]]
    assert len(listed) == len(set(listed))
    assert set(listed) == public, "what hblib/__init__.py lists in its docstring is not what the module offers"


def test_help_shows_every_name_with_its_line():
    """As it comes to the screen, each below its module."""
    shown = pydoc.plain(pydoc.render_doc(hblib))
    for module, names in LISTED.items():
        below = re.search(rf"^ +{re.escape(module)}: \S.*\n((?: .*\n)+)", shown, re.MULTILINE)[1]
        assert re.findall(r"^ +(\w+) {2,}(\S.*)$", below, re.MULTILINE) == names


def test_every_module_that_teaches_is_public():
    folder = importlib.resources.files(hblib)
    modules = {file.name[:-3] for file in folder.iterdir() if re.fullmatch(r"[a-z]\w*\.py", file.name)}
    assert modules <= {*hblib.__all__, "page"}
    assert set(hblib.__all__) <= set(dir(hblib))
    assert all(inspect.ismodule(getattr(hblib, name)) for name in hblib.__all__)
