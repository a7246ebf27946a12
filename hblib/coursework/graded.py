"""Where the grader is stricter than the check in the notebook: what it lacks, and how long it waits."""

import dis
import re
import types

import numpy as np

from hblib.coursework import calling
from hblib.coursework.forms import plain
from hblib.coursework.imports import offered
from hblib.coursework.questions import Draws
from hblib.grading.inside import codec

SECONDS = 20  # that the grader gives to a cell


def notes(exercise, question, answers, verdict, seconds):
    """What a student should hear beside the verdict, a sentence each: only where there is something to lose."""
    if not verdict.points:
        return
    if seconds > calling.SECONDS and callable(answers.get(question.name)):
        yield (
            f"But this took {seconds:.0f} s in all. If the notebook is graded: the grader allows {calling.SECONDS} s "
            "for each call of a function."
        )
    if isinstance(question, Draws) and (size := np.size(plain(answers[question.name]))) > codec.ELEMENTS:
        yield (
            f"But these are {size} numbers. If the notebook is graded: the grader reads {codec.ELEMENTS} at most. "
            "Fewer draws will do."
        )
    if missing := sorted(used(answers.get(question.name), answers, question.name) - offered(exercise)):
        names = ", ".join(f"hblib.{name}" for name in missing)
        yield f"But it uses {names}. If the notebook is graded: the grader does not have it; write that part yourself."


def used(answer, names, name=""):
    """The modules of hblib that an answer uses: a function by its code, a value by the cell that gave it its name.

    >>> names = {"__name__": "notebook"}
    >>> exec("from hblib import beta_binomial\\ndef mu(y, n): return beta_binomial.fit(y, n).mu", names)
    >>> used(names["mu"], names)
    {'beta_binomial'}
    """
    found, seen = set(), set()

    def look(thing, names):
        if isinstance(thing, types.ModuleType):
            found.update([_module(thing.__name__)])
        elif isinstance(thing, types.FunctionType) and id(thing) not in seen:
            seen.add(id(thing))
            found.update([_module(thing.__module__)])
            if not _module(thing.__module__):
                look_through(thing.__code__, thing.__globals__)
                for cell in thing.__closure__ or ():
                    look(cell.cell_contents, thing.__globals__)
        elif isinstance(thing, type):
            found.update([_module(thing.__module__)])

    def look_through(code, names):
        for step in dis.get_instructions(code):
            if step.opname == "IMPORT_NAME":
                found.update([_module(step.argval)])
                if step.argval == "hblib":
                    found.update(each for each in code.co_names if each != "hblib" and _is_module(each))
            elif step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in names:
                look(names[step.argval], names)
                if getattr(names[step.argval], "__name__", "") == "hblib":
                    found.update(each for each in code.co_names if _is_module(each))
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                look_through(constant, names)

    try:
        if callable(answer):
            look(answer, names)
        elif cell := _cell(names, name):
            look_through(compile(cell, "cell", "exec"), names)
    except BaseException:
        return set()  # what cannot be looked through cannot be warned of
    return found - {""}


def _module(name):
    """The module of hblib that a module's full name belongs to; "" for any other."""
    parts = (name or "").split(".")
    return parts[1] if parts[0] == "hblib" and len(parts) > 1 else ""


def _is_module(name):
    from hblib.coursework.source import PACKAGE

    return (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()


def _cell(names, name):
    """The last cell that gave `name` a value, as IPython remembers its input; "" elsewhere."""
    binds = re.compile(rf"^{name}\b.*=", re.MULTILINE)
    return next((cell for cell in reversed(names.get("In", [])) if binds.search(cell)), "")
