"""What a student's answer is made of, whatever holds it. The grader's sandbox has a copy of this file: it needs NumPy.

Numbers come as arrays, lists, Series, data frames, float32, fractions. All of them are as good as an array of floats.
"""

import decimal
import numbers

import numpy as np

NAME = type.__dict__["__name__"].__get__  # the name of a class, whatever its metaclass says
ARRAYS = {
    **dict.fromkeys("US", "array of texts"),
    **dict.fromkeys("Mm", "array of dates or times"),
    "c": "array of complex numbers",
    "O": "array of objects",
    "V": "array of records",
}
DEPTH = 4  # of tuples and lists in each other
LONG = 10_000  # a list of more numbers is looked at as a whole, since one by one would take its time


def plain(value, depth=DEPTH):
    """An answer as plain data: None, a text, a truth value, a number, an array of numbers, a tuple or list of these.

    Anything else becomes a stand-in, whose class bears the name of the value's type. It raises nothing.

    >>> from fractions import Fraction
    >>> plain([Fraction(1, 2), np.float32(0.25)]), plain((True, np.str_("c")))
    ([0.5, 0.25], (True, 'c'))
    >>> type(plain({1, 2})).__name__, type(plain(np.ma.array([1, 2], mask=[0, 1]))).__name__
    ('set', 'MaskedArray')
    """
    try:
        return _plain(value, depth)
    except BaseException:  # anybody's object, which may raise anything when it is looked at
        return stand_in(type(value))


def stand_in(kind):
    """An object of a new class that knows nothing but the name of a type, or what is said in its place."""
    name = str.__str__(kind if type(kind) is str else NAME(kind))[:100]
    return type(name if name.isprintable() else "object", (), {})()


def _plain(value, depth):
    if value is None or value is ...:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, numbers.Integral):
        number = int(value)
        return number if abs(number) < 2**63 else _large(number)
    if isinstance(value, numbers.Real | decimal.Decimal):
        return float(value)
    if type(value) in (tuple, list) and len(value) > LONG and set(map(type, value)) <= {int, float}:
        return np.array(value, dtype=float)
    if isinstance(value, tuple | list):
        kind = tuple if isinstance(value, tuple) else list
        return kind(plain(each, depth - 1) for each in kind.__iter__(value)) if depth else stand_in(type(value))
    return _array(value)


def _large(number):
    """A whole number that no array of whole numbers holds."""
    try:
        return float(number)
    except OverflowError:
        return stand_in("number beyond all bounds")


def _array(value):
    """An array of numbers or truth values, or what NumPy takes for one."""
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.getmaskarray(value).any():
            return stand_in(np.ma.MaskedArray)
        value = value.data
    array = np.asarray(value)
    if array.dtype.kind in "iufb":
        return array
    if array.dtype.kind == "U" and array.ndim == 0:
        return str(array)
    if array.dtype.kind == "O" and array.size and (array.ndim or type(array.item()) is not type(value)):
        items = [plain(each, 0) for each in array.flat]
        if all(isinstance(each, int | float) and not isinstance(each, bool) for each in items):
            return np.array(items, dtype=float).reshape(array.shape)
    if isinstance(value, type):
        return stand_in("class")
    if isinstance(value, complex | np.complexfloating):
        return stand_in("complex number")
    return stand_in(ARRAYS.get(array.dtype.kind, type(value)) if isinstance(value, np.ndarray) else type(value))
