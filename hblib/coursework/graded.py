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

CELL_SECONDS = 20  # that the grader gives to a cell


def notes(exercise, question, answers, verdict, seconds):
    """What a student should hear beside the verdict, a sentence each: only where there is something to lose."""
    if not verdict.points:
        return
    if seconds > calling.CALL_SECONDS and callable(answers.get(question.name)):
        yield (
            f"But this took {seconds:.0f} s in all. If the notebook is graded: the grader allows "
            f"{calling.CALL_SECONDS} s for each call of a function."
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
    try:
        todo = [(answer, {})] if callable(answer) else [(code, names) for code in _compiled(_cell(names, name))]
        found, seen = set(), set()
        while todo:
            thing, around = todo.pop()
            if id(thing) not in seen:
                seen.add(id(thing))
                modules, more = _uses(thing, around)
                found |= modules
                todo += more
    except BaseException:
        return set()  # what cannot be looked through cannot be warned of
    return found - {""}


def _compiled(cell):
    return [compile(cell, "cell", "exec")] if cell else []


def _uses(thing, names):
    """(the modules of hblib that a thing is of or imports, [(what it rests on, the names around that)])"""
    if isinstance(thing, types.CodeType):
        return _named_in(thing, names)
    if isinstance(thing, types.FunctionType):
        own, inside = _module(thing.__module__), thing.__globals__
        held = [cell.cell_contents for cell in thing.__closure__ or ()]
        return {own}, [] if own else [(each, inside) for each in (thing.__code__, *held)]
    if isinstance(thing, types.ModuleType):
        return {_module(thing.__name__)}, []
    return {_module(thing.__module__)} if isinstance(thing, type) else set(), []


def _named_in(code, names):
    """The same of a piece of code: what it imports, and the names that it takes from around it."""
    steps = [*dis.get_instructions(code)]
    imports = {step.argval for step in steps if step.opname == "IMPORT_NAME"}
    loaded = {step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")} & names.keys()
    whole = "hblib" in imports or any(getattr(names[each], "__name__", "") == "hblib" for each in loaded)
    found = set(map(_module, imports)) | {each for each in code.co_names if whole and _is_module(each)}
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return found, [*((names[each], names) for each in loaded), *((each, names) for each in inner)]


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
