"""Argument checks that the statistical modules share: each returns clean arrays or says what is wrong and where."""

import datetime
from reprlib import repr as short  # a message need not hold a million rows
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hblib._numerics.types import FloatArray, IntArray, Labels

_WHOLE = 2**53  # beyond it a double skips whole numbers
# What float() or NumPy would turn into a number without a word, although it is none.
_NO_NUMBERS = (
    ((str,), "text"),
    ((bytes, bytearray), "bytes"),
    ((complex, np.complexfloating), "complex"),
    ((datetime.date, datetime.time, np.datetime64), "a date or time"),
    ((datetime.timedelta, np.timedelta64), "a length of time"),
    ((np.void,), "a record"),
)


def numbers(name, values, low=-np.inf, open_low=False, allow_inf=False, allow_nan=False) -> FloatArray:
    """Return `values` as a float array, or raise ValueError naming the argument, the place and the reason.

    Only numbers count as numbers: text, dates, complex numbers and anything masked are refused.

    >>> numbers("tau", [1, -2], low=0)
    Traceback (most recent call last):
    ...
    ValueError: tau must be at least 0, but tau[1] = -2.0
    """
    array = _floats(name, values)
    low_enough = low == -np.inf or (array > low if open_low else array >= low).all()
    if low_enough and np.isfinite(array).all():
        return array  # the usual case, in as few passes as can be
    if not allow_nan:
        _require(name, array, ~np.isnan(array), "must not be missing (NaN)")
    if not allow_inf:
        _require(name, array, ~np.isinf(array), "must be finite")
    rule = f"must be greater than {low:g}" if open_low else f"must be at least {low:g}"
    with np.errstate(invalid="ignore"):
        _require(name, array, np.isnan(array) | (array > low if open_low else array >= low), rule)
    return array


def one(name, value, **limits) -> float:
    """Return one number, checked as `numbers` does, as a float.

    >>> one("tau", [1, 2])
    Traceback (most recent call last):
    ...
    ValueError: tau must be one number, but has shape (2,)
    """
    array = numbers(name, value, **limits)
    if array.ndim:
        raise ValueError(f"{name} must be one number, but has shape {array.shape}")
    return float(array)


def mean_and_sd(name, pair) -> tuple[float, float]:
    """Return the mean and the standard deviation > 0 of a normal prior.

    >>> mean_and_sd("mu_prior", 5)
    Traceback (most recent call last):
    ...
    ValueError: mu_prior must be the (mean, sd) of a normal prior, but is 5
    """
    both = numbers(name, pair)
    if both.shape != (2,):
        raise ValueError(f"{name} must be the (mean, sd) of a normal prior, but is {short(pair)}")
    return one(f"{name}[0]", both[0]), one(f"{name}[1]", both[1], low=0, open_low=True)


def whole_numbers(name, values) -> FloatArray:
    """Return `values` as a float array of whole numbers from 0 to 2^53, up to which a double holds each of them.

    >>> whole_numbers("y", [1, 2.5])
    Traceback (most recent call last):
    ...
    ValueError: y must be a whole number, but y[1] = 2.5
    """
    array = numbers(name, values, low=0)
    if (array >= _WHOLE).any():  # where 2^53 + 1 has become 2^53
        raw = np.asarray(values)
        rule = "must be at most 2^53 (beyond it a double cannot tell whole numbers apart)"
        _require(name, raw, (raw <= _WHOLE).astype(bool), rule)
    _require(name, array, array == np.floor(array), "must be a whole number")
    return array


def whole(name, value, low=1) -> int:
    """Return one whole number, at least `low`, as an int: how many draws, how large a matrix.

    >>> whole("draws", 2.5)
    Traceback (most recent call last):
    ...
    ValueError: draws must be a whole number, but draws = 2.5
    """
    one(name, value, low=low)
    return int(whole_numbers(name, value))


def generator(name, rng) -> np.random.Generator:
    """Return a numpy Generator, as SciPy's functions do: `rng` itself, that of a seed, or for None another each time.

    >>> generator("rng", 1.5)
    Traceback (most recent call last):
    ...
    ValueError: rng must be a numpy Generator, as np.random.default_rng(1) gives one, a seed for it, or None, but is 1.5
    """
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        # NumPy would share the state of the old RandomState, whose draws are others, and take True for the seed 1.
        if not isinstance(rng, (np.random.RandomState, bool, np.bool_, str, bytes)):
            return np.random.default_rng(rng)
    except (TypeError, ValueError):
        pass
    rule = "must be a numpy Generator, as np.random.default_rng(1) gives one, a seed for it, or None"
    raise ValueError(f"{name} {rule}, but is {short(rng)}")


def out(array, *rows) -> tuple[NDArray[Any], ...]:
    """Return `array`, if results for these rows can be written into it block by block, a new one in place of None.

    And the rows, as copies if they overlap with `array` in another way than by being it: a block of results would be
    written over rows of the next block.

    >>> out([0.0], np.zeros(1))
    Traceback (most recent call last):
    ...
    ValueError: out must be a float array of shape (1,), but is a list
    """
    shape = rows[0].shape
    if array is None:
        return np.empty(shape), *rows
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != float:
        found = (
            f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
        )
        raise ValueError(f"out must be a float array of shape {shape}, but is {found}")
    return array, *(row.copy() if np.shares_memory(array, row) and not _same(array, row) else row for row in rows)


def _same(array, other):
    return array.ctypes.data == other.ctypes.data and array.strides == other.strides


def successes(y, n, join=None) -> tuple[FloatArray, ...]:
    """Return y and n, broadcast against each other, with 0 <= y <= n; by `groups` if that is given as `join`.

    >>> successes([3, 6], 5)
    Traceback (most recent call last):
    ...
    ValueError: y must not be larger than n, but y[1] = 6 and n[1] = 5
    """
    y, n = (join or together)(y=whole_numbers("y", y), n=whole_numbers("n", n))
    if (y > n).any():
        at = _first(y > n)
        raise ValueError(f"y must not be larger than n, but y{_label(at)} = {y[at]:g} and n{_label(at)} = {n[at]:g}")
    return y, n


def all_or_nothing(y, n):
    """Refuse a group with both successes and failures, which no prior with phi = inf can have made.

    >>> all_or_nothing(np.array([0, 3]), np.array([5, 5]))
    Traceback (most recent call last):
    ...
    ValueError: with phi = inf every rate is 0 or 1, but y[1] = 3 and n[1] = 5
    """
    both = (y > 0) & (y < n)
    if both.any():
        at = _first(both)
        raise ValueError(
            f"with phi = inf every rate is 0 or 1, but y{_label(at)} = {y[at]:g} and n{_label(at)} = {n[at]:g}"
        )


def together(**arrays) -> tuple[NDArray[Any], ...]:
    """Broadcast named arrays against each other, or say which shapes do not fit.

    >>> together(ybar=np.zeros(3), se=np.ones(2))
    Traceback (most recent call last):
    ...
    ValueError: the shapes of ybar (3,) and se (2,) do not fit together
    """
    try:
        return np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = " and ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"the shapes of {shapes} do not fit together") from None


def groups(**arrays) -> tuple[FloatArray, ...]:
    """Like `together`, for one row a group: at least one row, on one axis.

    >>> groups(y=np.zeros((3, 1)), n=np.ones(3))
    Traceback (most recent call last):
    ...
    ValueError: y and n must have one axis, the groups, but y has shape (3, 1)
    """
    names = " and ".join(arrays)
    for name, array in arrays.items():
        if array.ndim > 1:
            raise ValueError(f"{names} must have one axis, the groups, but {name} has shape {array.shape}")
    rows = together(**{name: np.atleast_1d(array) for name, array in arrays.items()})
    if rows[0].size == 0:
        raise ValueError(f"{names} must hold at least one group, but are empty")
    return rows


def labels(name, values) -> tuple[Labels, IntArray]:
    """The distinct labels of groups, sorted, and for each row the place of its label among them.

    >>> distinct, index = labels("group", ["b", "a", "b"])
    >>> print(distinct.tolist(), index.tolist())
    ['a', 'b'] [1, 0, 1]
    >>> labels("group", ["b", "a", None])
    Traceback (most recent call last):
    ...
    ValueError: group[2] is missing
    """
    _refuse_masked(name, values)  # and let NumPy turn no list of names and None into text
    array = np.atleast_1d(np.array(values, dtype=object) if isinstance(values, (list, tuple)) else np.asarray(values))
    if array.ndim > 1:
        raise ValueError(f"{name} must hold one label a row, but has shape {array.shape}")
    if array.dtype.kind in "biufmM":
        missing = np.isnat(array) if array.dtype.kind in "mM" else array != array
        if missing.any():
            raise ValueError(f"{name}{_label(_first(missing))} is missing")
        return np.unique(array, return_inverse=True)
    return _labels_of_objects(name, array)


def names(name, values, number) -> NDArray[Any]:
    """Return the names of `number` groups on one axis, each as it is.

    >>> print(names("groups", [("a", 1), ("a", 2), 3], 3).tolist())
    [('a', 1), ('a', 2), 3]
    >>> names("groups", [["a", "b"]], 2)
    Traceback (most recent call last):
    ...
    ValueError: groups must hold one name a group, 2, but has shape (1, 2)
    """
    _refuse_masked(name, values)
    a_list = isinstance(values, (list, tuple))
    if a_list and any(isinstance(value, tuple) for value in values):  # of which NumPy would make a table
        array = np.empty(len(values), dtype=object)
        array[:] = values
    else:
        array = np.atleast_1d(np.array(values, dtype=object) if a_list else np.asarray(values))
    if array.shape != (number,):
        found = len(array) if array.ndim == 1 else f"shape {array.shape}"
        raise ValueError(f"{name} must hold one name a group, {number}, but has {found}")
    return _column(array.tolist(), array.dtype) if a_list else array


def _labels_of_objects(name, array):
    """`labels` for text and all else: by a dictionary, which is quicker than sorting the rows."""
    seen = {}
    try:
        index = np.array([seen.setdefault(value, len(seen)) for value in array.tolist()], dtype=np.intp)
    except TypeError:
        raise ValueError(f"{name} must hold numbers or names, but holds {short(array[0])}") from None
    found = list(seen)
    for code, value in enumerate(found):
        if _missing(value):
            raise ValueError(f"{name}[{np.argmax(index == code)}] is missing")
    try:
        order = sorted(range(len(found)), key=found.__getitem__)
    except TypeError:
        raise ValueError(f"{name} mixes labels that cannot be sorted, {_unlike(found)}") from None
    place = np.empty(len(found), dtype=np.intp)
    place[order] = np.arange(len(found))
    return _column([found[code] for code in order], array.dtype), place[index]


def _column(values, dtype):
    """The values on one axis, in NumPy's own type for them where that leaves them as they are."""
    if dtype.kind != "O":
        return np.array(values, dtype=dtype)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    natural = np.array(column.tolist()) if not any(isinstance(value, tuple) for value in values) else column
    return natural if natural.tolist() == values else column


def _unlike(found):
    """Two labels that do not compare, with what they are."""
    for other in found[1:]:
        try:
            found[0] < other  # noqa: B015
        except TypeError:
            return f"such as {short(found[0])} ({type(found[0]).__name__}) and {short(other)} ({type(other).__name__})"
    return f"such as {short(found[0])} and {short(found[-1])}"


def one_of(name, value, choices):
    """Return `value` if it is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, but is {short(value)}")
    return value


def plain(name, values):
    """Return `values` as a NumPy array of whatever type; refuse what is masked, as np.asarray would uncover it.

    >>> plain("y", np.ma.array([1, 999], mask=[False, True]))
    Traceback (most recent call last):
    ...
    ValueError: y[1] is masked; leave masked rows out first
    """
    _refuse_masked(name, values)
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must have rows of one length, but is {short(values)}") from None


def _refuse_masked(name, values):
    at = _masked(values)
    if at is not None:
        raise ValueError(f"{name}{_label(at)} is masked; leave masked rows out first")


def _masked(values):
    """The place of the first masked entry, also of a masked array within a list; None if there is none."""
    if isinstance(values, np.ndarray):
        if type(values) is not np.ndarray:
            mask = np.asarray(getattr(values, "mask", False))
            if mask.dtype == bool and mask.any():
                return _first(np.broadcast_to(mask, values.shape))
        parts = np.ndenumerate(values) if values.dtype == object else ()
    else:
        parts = (((i,), part) for i, part in enumerate(values)) if isinstance(values, (list, tuple)) else ()
    for at, part in parts:
        if isinstance(part, (np.ndarray, list, tuple)):
            below = _masked(part)
            if below is not None:
                return (*at, *below)
    return None


def _floats(name, values):
    array = plain(name, values)
    if array.dtype.kind in "biuf":
        return array.astype(float, copy=False)
    if array.dtype.kind == "U" and isinstance(values, (list, tuple)):
        array = np.array(values, dtype=object)  # in which a number beside a text is still a number
    wrong = {kind for kind in set(map(type, array.flat)) if _what(kind)} if array.dtype == object else {None}
    if wrong and array.size:
        at = _first(np.array([None in wrong or type(value) in wrong for value in array.flat]).reshape(array.shape))
        value = array[at].item() if isinstance(array[at], np.generic) else array[at]
        what = _what(type(array[at])) or f"of the type {array.dtype}"
        raise ValueError(f"{name} must hold numbers, but {_subject(name, at)} {short(value)}, which is {what}")
    try:
        return array.astype(float)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        result = [_float(name, at, value) for at, value in np.ndenumerate(array)]
        return np.array(result, dtype=float).reshape(array.shape)


def _float(name, at, value):
    if _missing(value):
        return np.nan
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must fit into a double, but {_subject(name, at)} {short(value)}") from None
    except (TypeError, ValueError, ArithmeticError):
        raise ValueError(f"{name} must hold numbers, but {_subject(name, at)} {short(value)}") from None


def _what(kind):
    return next((what for kinds, what in _NO_NUMBERS if issubclass(kind, kinds)), None)


def _missing(value):
    """None, NaN, NaT, pd.NA: nothing, or unlike itself, or without an answer to the question."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError, ArithmeticError):
        return True


def _require(name, array, good, rule):
    if not good.all():
        at = _first(~good)
        raise ValueError(f"{name} {rule}, but {name}{_label(at)} = {array[at]}")


def _subject(name, at):
    return f"{name}{_label(at)} is" if at else "is"


def _first(mask):
    return np.unravel_index(np.argmax(mask), mask.shape)


def _label(at):
    return f"[{', '.join(str(i) for i in at)}]" if at else ""
