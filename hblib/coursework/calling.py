"""Calling a function that a student wrote. The grader's sandbox has a copy of this file: it needs Python alone."""

import inspect
import traceback

NAME = type.__dict__["__name__"].__get__  # the name of a class, whatever its metaclass says
CALL_SECONDS = 5  # that a call of a student's function may take, in the grader and, with a word about it, in `check`
PLACED = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD


def arguments(function, inputs):
    """(args, kwargs) to call a function with, or None if it does not take these inputs.

    By name; a parameter with a name of its own takes the place of the input that is left for it, in their order.

    >>> arguments(lambda n, y: y / n, {"y": 1, "n": 2}), arguments(lambda y, visits: y / visits, {"y": 1, "n": 2})
    (((), {'y': 1, 'n': 2}), ((1, 2), {}))
    >>> arguments(lambda x: x, {"y": 1, "n": 2})
    """
    try:
        return _arguments(function, inputs)
    except BaseException:  # a signature is anybody's object
        return None


def _arguments(function, inputs):
    try:
        signature = inspect.signature(function)
    except ValueError:
        return (), dict(inputs)  # a function without a signature, as some of NumPy's are
    for way in (_by_name, _by_place):
        args, kwargs = way(signature.parameters.values(), inputs)
        try:
            signature.bind(*args, **kwargs)
            return args, kwargs
        except TypeError:
            pass
    return None


def _by_name(parameters, inputs):
    return (), dict(inputs)


def _by_place(parameters, inputs):
    """Parameters that bear an input's name take it; the others take the rest, in the inputs' order."""
    left = dict(inputs)
    named = {each.name for each in parameters if each.kind is not inspect.Parameter.VAR_POSITIONAL} & set(left)
    rest = iter([name for name in inputs if name not in named])
    args = []
    for each in parameters:
        name = each.name if each.name in named else next(rest, None)
        if each.kind not in PLACED or name is None:
            break
        args.append(left.pop(name))
    if any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in parameters):
        return (*args, *left.values()), {}
    return tuple(args), left


class Raised(Exception):
    """Stands for an error of which no more is known than its `parts`, as `error_parts` gives them.

    Without a type, its message is the rest of a sentence about the call: "was not done in time".
    """

    def __init__(self, parts):
        super().__init__(parts)
        self.parts = parts


def error_parts(error, function=None):
    """[type, message, innermost line of the student's own code] of an error; a class of errors may do anything.

    >>> error_parts(ValueError("so"), arguments)
    ['ValueError', 'so', '']
    """
    if issubclass(type(error), Raised):
        return error.parts
    name = str.__str__(NAME(type(error)))
    return [
        name if name.isidentifier() and len(name) <= 60 else "Exception",
        message_of(error)[:300],
        their_line(error, function)[:200],
    ]


def message_of(error):
    """The message of an error, which may be an error itself."""
    try:
        return str.__str__(str(error))
    except BaseException:
        return ""


def their_line(error, function):
    """The innermost line of the student's own code that an error went through; "" if there is none."""
    try:
        name = function.__code__.co_filename
        lines = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
    except BaseException:  # no function, but an object that can be called
        return ""
    return lines[-1] if lines else ""
