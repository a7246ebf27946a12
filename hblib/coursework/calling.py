"""Calling a function that a student wrote. The grader's sandbox has a copy of this file: it needs Python alone."""

import inspect
import traceback

SECONDS = 5  # that a call of a student's function may take, in the grader and, with a word about it, in `check`


def binds(function, inputs):
    """Does a function take these inputs, by their names?

    >>> binds(lambda y, n: y / n, {"y": 1, "n": 2}), binds(lambda x: x, {"y": 1})
    (True, False)
    """
    try:
        inspect.signature(function).bind(**inputs)
    except TypeError:
        return False
    except ValueError:
        pass  # a function without a signature, as some of NumPy's are
    return True


def their_line(error, function):
    """The innermost line of the student's own code that an error went through; "" if there is none."""
    name = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
    return lines[-1] if lines else ""
