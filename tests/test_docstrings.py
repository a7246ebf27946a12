"""Every public docstring is numpydoc's, says all that it should, and every public signature names its types."""

import doctest
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import hblib

ROOT = Path(__file__).parent.parent
MODULES = [*hblib.__all__, "page", "datasets.retailer"]
# Checks of numpydoc that are not asked for.
NOT_ASKED = {
    "ES01": "many a summary says all there is to say",
    "EX01": "below: each function has a doctest, while a method may leave that to its class",
    "SA01": "not everything has a relative",
}
NOT_ASKED_OF_CLASSES = {
    "PR01": "the results are made by functions, so their fields stand under Attributes: see below",
}


def public(module):
    """The public functions and classes of a module and the public methods and properties of its classes, by name."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            yield name, thing
            for key, part in vars(thing).items():
                if not key.startswith("_") and (inspect.isfunction(part) or isinstance(part, property)):
                    yield f"{name}.{key}", part


THINGS = {
    f"{module}.{name}": thing
    for module in MODULES
    for name, thing in public(importlib.import_module(f"hblib.{module}"))
}
FUNCTIONS = [name for name, thing in THINGS.items() if inspect.isfunction(thing)]
CLASSES = [name for name, thing in THINGS.items() if inspect.isclass(thing)]


@pytest.mark.parametrize("name", THINGS)
def test_numpydoc_finds_nothing_wrong(name):
    asked = NOT_ASKED | (NOT_ASKED_OF_CLASSES if name in CLASSES else {})
    wrong = [f"{code}: {message}" for code, message in validate(f"hblib.{name}")["errors"] if code not in asked]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_is_explained(name):
    kind = THINGS[name]
    fields = getattr(kind, "__dataclass_fields__", getattr(kind, "_fields", ()))
    doc = NumpyDocString(inspect.getdoc(kind))
    entries = [entry for entry in (*doc["Parameters"], *doc["Attributes"]) if entry.desc]
    explained = {name.strip() for entry in entries for name in entry.name.split(",")}
    assert {field for field in fields if not field.startswith("_")} <= explained


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if "." not in THINGS[name].__qualname__])
def test_every_function_has_an_example_that_is_run(name):
    assert doctest.DocTestParser().get_examples(THINGS[name].__doc__), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_signature_names_its_types(name):
    signature = inspect.signature(THINGS[name])
    bare = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty and parameter.name != "self"
    ]
    assert not bare
    assert signature.return_annotation is not signature.empty


def test_mypy_finds_nothing_wrong():
    result = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
