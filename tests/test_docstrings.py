"""Every public docstring is numpydoc's, says all that it should, and every public signature names its types."""

import ast
import builtins
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import typing
from collections import ChainMap
from pathlib import Path

import numpy as np
import pytest
import scipy
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import hblib
from hblib import _numerics, distributions

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
DOCS = {"hblib": inspect.getdoc(hblib)}
DOCS |= {module: inspect.getdoc(importlib.import_module(f"hblib.{module}")) for module in MODULES}
DOCS |= {name: inspect.getdoc(thing) for name, thing in THINGS.items()}


def module_of(place):
    """The module of a public name."""
    return next(module for module in sorted(MODULES, key=len, reverse=True) if f"{place}.".startswith(f"{module}."))


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


@pytest.mark.parametrize("place", DOCS)
def test_every_example_fits_the_width_of_the_site(place):
    lines = [line for line in DOCS[place].splitlines() if line.lstrip().startswith((">>> ", "... "))]
    assert [line for line in lines if len(line.lstrip()) > 85] == [], "the site shows 85 characters of a line"


@pytest.mark.parametrize("place", DOCS)
def test_no_example_gives_a_name_of_its_module_another_meaning(place):
    """After `fit = fit(...)` a reader who goes on has lost the function."""
    examples = doctest.DocTestParser().get_examples(DOCS[place])
    nodes = [node for example in examples for node in ast.walk(ast.parse(example.source))]
    given = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    module = "hblib" if place == "hblib" else f"hblib.{module_of(place)}"
    assert not given & {*vars(importlib.import_module(module)), *vars(builtins), *hblib.__all__}


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


NAME = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)(?:\(.*\)|=\w+)?", re.DOTALL)
BASEMENT = {
    module.name: importlib.import_module(f"hblib._numerics.{module.name}")
    for module in pkgutil.iter_modules(_numerics.__path__)
}
EVERYWHERE = (
    {module.split(".")[-1]: importlib.import_module(f"hblib.{module}") for module in MODULES},
    BASEMENT | {"hblib": hblib, "_numerics": _numerics, "np": np, "numpy": np, "scipy": scipy},
    vars(distributions),
    vars(np),
    vars(builtins),
)


def named(doc):
    """What stands in backticks outside the examples and is a name, also one that is called."""
    text = re.sub(r"^ *(>>>|\.\.\. ).*", "", doc, flags=re.MULTILINE)
    quoted = (text for _, text in re.findall(r"(?<!`)(``?)([^`]+)\1(?!`)", text))
    return [match[1] for match in map(NAME.fullmatch, quoted) if match]


def members(kind):
    """The attributes of a class: what they are, or their type."""
    found = {}
    for base in reversed(getattr(kind, "__mro__", ())):
        found |= {**vars(base), **inspect.get_annotations(base)}
    return found


def scope(place):
    """What a name can mean in the docstring of `place`: an argument, a field of the class or of the result, ..."""
    thing = THINGS.get(place)
    owner = THINGS.get(place.rpartition(".")[0])
    here = [vars(importlib.import_module(f"hblib.{module_of(place)}")), *EVERYWHERE]
    if owner is not None:
        here.insert(0, members(owner))
    if callable(thing):
        signature = inspect.signature(thing)
        result = signature.return_annotation
        kinds = (thing, *(typing.get_args(result) or (result,)))
        parameters = {name: parameter.annotation for name, parameter in signature.parameters.items()}
        here = [parameters, *map(members, kinds), *here]
    return ChainMap(*here)


def means_something(name, place):
    first, *rest = name.split(".")
    try:
        thing = scope(place)[first] if place != "hblib" else ChainMap(*EVERYWHERE)[first]
        for part in rest:
            thing = members(thing)[part] if inspect.isclass(thing) else getattr(thing, part)
    except (KeyError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("place", DOCS)
def test_every_name_in_backticks_is_one(place):
    """An argument, a field, something of hblib, or of NumPy, SciPy or Python."""
    assert [name for name in named(DOCS[place]) if not means_something(name, place)] == []


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("posteriors", "beta_binomial.fit"),
        ("hblib.beta_binomial.fitted", "repairs.morris"),
        ("three_level.posteriors", "normal_normal.Fit.posterior"),
        ("hblib.reprais", "beta_binomial.Fit.posterior"),
        ("size.exp", "beta_binomial.FullBayes"),
        ("rates", "datasets.retailer.simulate"),
        ("np.lenght", "distributions"),
    ],
)
def test_a_misspelt_name_is_found(name, place):
    assert named(f"A `{name}` that\n>>> f(`here`)\n") == [name]
    assert not means_something(name, place)


def test_names_are_looked_for_in_many_docstrings():
    assert sum(map(len, map(named, DOCS.values()))) > 100


def test_mypy_finds_nothing_wrong():
    result = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
