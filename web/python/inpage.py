"""The reader's code, run and checked in the page: what the worker asks of Python.

`Exercise` is a notebook without a notebook program: one namespace, cells that run one after the other, and the check
that the notebook has. `send` hands what is printed, shown and raised to the page.
"""

import ast
import builtins
import io
import linecache
import sys
import threading
import traceback
from functools import cache, wraps

import numpy as np

from hblib.coursework import checking, imports, source

HERE = {"numpy", "scipy", "pandas", "xarray"}  # the packages that the site brings
LIMIT = 100_000  # letters that a cell may print: a loop without end would fill the memory of the page


class Exercise:
    """The notebook of an exercise, open in the page; `send(stream, text)` is told what becomes of its cells."""

    def __init__(self, name, send):
        self.name, self.send = name, send
        self.namespace = {"__name__": "__main__", "In": [""], "display": self.display}

    def run(self, code):
        """Run a cell as a notebook does: show what it prints, the last expression, an error. Did it run to its end?"""
        name = f"cell {len(self.namespace['In'])}"
        self.namespace["In"].append(code)
        self.namespace.pop("__warningregistry__", None)  # a line that warns does so each time
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        with Shown(self.send):
            try:
                body, last = compiled(code, name)
                exec(body, self.namespace)
                value = eval(last, self.namespace) if last else None
                if value is not None:
                    self.namespace["_"] = value
                    shown = repr(value)
            except BaseException as error:
                self.send("error", told(error))
                return False
        if value is not None:
            self.send("result", shown)
        return True

    def display(self, *values):
        """Show values as the last expression of a cell is shown."""
        for value in values:
            self.send("result", repr(value))

    def check(self, question=None):
        """Say what `check(question)` says in the notebook, of all questions if none is named; the points of each."""
        exercise = source.load(self.name)
        with Shown(self.send):  # how many seconds it takes here says nothing of the grader's
            verdicts = checking.tell(self.namespace, exercise, [question] if question else [], clock=lambda: 0)
        return {each.question: [each.points, exercise.questions[each.question].points] for each in verdicts}


def compiled(code, name):
    """A cell as (statements, last expression or None), ready to run. A semicolon at its end keeps it quiet."""
    tree = ast.parse(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if last is not None and code.rstrip().endswith(";"):
        tree.body.append(last)
        last = None
    return compile(tree, name, "exec"), last and compile(ast.Expression(last.value), name, "eval")


def told(error):
    """An error as Python shows it, but with the lines of cells alone."""
    shown = traceback.TracebackException.from_exception(error)
    each, seen = [shown], set()
    while each:
        part = each.pop()
        if part is not None and id(part) not in seen:
            seen.add(id(part))
            part.stack[:] = [frame for frame in part.stack if frame.filename.startswith("cell ")]
            each += [part.__cause__, part.__context__, *(part.exceptions or ())]
    text = "".join(shown.format()).rstrip("\n")
    root = (getattr(error, "name", None) or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and root not in HERE | {"", "hblib"}:
        text += f"\nPython in the page has NumPy, SciPy, pandas, xarray and hblib, but not {root}."
        text += " The notebook on your computer or on Binder has what the course uses."
    if isinstance(error, TypeError) and "from dtype('int64') to dtype('int32')" in text:
        text += "\nPython in the page counts in 32 bits. Write .astype(int) behind numbers that say where or how often."
    return text


def packages(code):
    """The packages of the site that some code imports, itself or by way of hblib; those that the site lacks, too.

    >>> packages("from hblib import datasets"), packages("import scipy.stats"), packages("import pymc as pm")
    (['numpy'], ['scipy'], ['pymc'])
    """
    try:
        found = set(roots(ast.walk(ast.parse(code))))
    except (SyntaxError, ValueError):
        return []
    for file in imports.needed(imports.imported(code)) if "hblib" in found else ():
        found |= roots_of(file)
    return sorted(found - set(sys.stdlib_module_names) - {"hblib"})


@cache
def roots_of(file):
    """What a file of hblib imports at once; what it imports within a function, it can do without."""
    text = (source.PACKAGE / file).read_text(encoding="utf8") if file.endswith(".py") else ""
    return set(roots(ast.parse(text).body))


def roots(nodes):
    """The first names of the modules that are imported."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


# --- What is printed --------------------------------------------------------------------------------------------------


class Stream(io.TextIOBase):
    """A stream to the page: line by line, and no more than LIMIT letters."""

    def __init__(self, name, send):
        self.name, self.send, self.kept, self.left = name, send, "", LIMIT

    encoding = "utf-8"

    def writable(self):
        return True

    def write(self, text):
        if self.left > 0:
            self.kept += text[: self.left]
            self.left -= len(text)
            if self.left <= 0:
                self.kept += "\n… and more, which is not shown.\n"
            if "\n" in text or len(self.kept) > 1000:
                self.flush()
        return len(text)

    def flush(self):
        if self.kept:
            self.send(self.name, self.kept)
            self.kept = ""


class Shown:
    """What is printed within goes to the page."""

    def __init__(self, send):
        self.streams = Stream("stdout", send), Stream("stderr", send)

    def __enter__(self):
        self.before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self.streams

    def __exit__(self, *_):
        for stream in self.streams:
            stream.flush()
        sys.stdout, sys.stderr = self.before


# --- What a page cannot do --------------------------------------------------------------------------------------------


def no_input(prompt=""):
    raise RuntimeError("input() cannot ask here. Give the value a name in the code instead.")


def no_thread(*_, **__):
    raise RuntimeError("Python in the page has no threads. Call the function instead, or use the notebook.")


# Here NumPy's own whole numbers have 32 bits, as a pointer has, and these functions take no others for places and for
# numbers of times. In a notebook they take 64 bits. With each, the argument in question: its place and its name.
PLACES = {"bincount": (0, "x"), "repeat": (1, "repeats"), "take": (1, "indices"), "put": (1, "ind"), "choose": (0, "a")}


def taking_64_bits(function, place, name):
    """A function of NumPy that takes whole numbers of 64 bits as well, as long as 32 hold them."""

    @wraps(function)
    def called(*args, **kwargs):
        args = [*args[:place], *map(places, args[place : place + 1]), *args[place + 1 :]]
        return function(*args, **kwargs | {key: places(kwargs[key]) for key in {name} & {*kwargs}})

    return called


def places(value):
    """An array or list of whole numbers as NumPy's own; anything else, and what these do not hold, as it is."""
    array = np.asarray(value)
    if array.dtype.kind in "iu" and array.dtype != np.intp and np.array_equal(array, array.astype(np.intp)):
        return array.astype(np.intp)
    return value


# WebAssembly has no sign for what is no number. For want of it, these functions of NumPy would not raise but give NaN.
SINGULAR = {
    "inv": "Singular matrix",
    "solve": "Singular matrix",
    "cholesky": "Matrix is not positive definite",
}


def raising(function, message):
    """A function of numpy.linalg that raises, as elsewhere, where NaN comes out of matrices without one."""

    @wraps(function)
    def called(*args, **kwargs):
        result = function(*args, **kwargs)
        if np.isnan(result).any() and all(np.isfinite(each).all() for each in args):
            raise np.linalg.LinAlgError(message)
        return result

    return called


def prepare():
    """What a page cannot do says so; what is not there is missing, as anywhere, and no advice how to install it."""
    builtins.input = no_input
    for function, argument in PLACES.items():
        setattr(np, function, taking_64_bits(getattr(np, function), *argument))
    for function, message in SINGULAR.items():
        setattr(np.linalg, function, raising(getattr(np.linalg, function), message))
    threading._start_new_thread = no_thread
    sys.meta_path[:] = [each for each in sys.meta_path if type(each).__name__ != "RepodataPackagesFinder"]
