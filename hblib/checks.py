"""Argument checks that the statistical modules share: each returns clean arrays or says what is wrong and where."""

import numpy as np


def numbers(name, values, low=-np.inf, open_low=False, allow_inf=False, allow_nan=False):
    """Return `values` as a float array, or raise ValueError naming the argument, the place and the reason.

    >>> numbers("tau", [1, -2], low=0)
    Traceback (most recent call last):
    ...
    ValueError: tau must be at least 0, but tau[1] = -2.0
    """
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers, but is {values!r}") from None
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


def one(name, value, **limits):
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


def counts(name, values):
    """Return `values` as a float array of whole numbers at least 0.

    >>> counts("y", [1, 2.5])
    Traceback (most recent call last):
    ...
    ValueError: y must be a whole number, but y[1] = 2.5
    """
    array = numbers(name, values, low=0)
    _require(name, array, array == np.floor(array), "must be a whole number")
    return array


def successes(y, n):
    """Return y and n, broadcast against each other, with 0 <= y <= n.

    >>> successes([3, 6], 5)
    Traceback (most recent call last):
    ...
    ValueError: y must not be larger than n, but y[1] = 6 and n[1] = 5
    """
    y, n = together(y=counts("y", y), n=counts("n", n))
    if (y > n).any():
        at = _first(y > n)
        raise ValueError(f"y must not be larger than n, but y{_label(at)} = {y[at]:g} and n{_label(at)} = {n[at]:g}")
    return y, n


def together(**arrays):
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


def groups(**arrays):
    """Like `together`, for one row a group: at least one row, on one axis."""
    rows = together(**{name: np.atleast_1d(array) for name, array in arrays.items()})
    names = " and ".join(arrays)
    if rows[0].ndim > 1:
        raise ValueError(f"{names} must have one axis, the groups, but have shape {rows[0].shape}")
    if rows[0].size == 0:
        raise ValueError(f"{names} must hold at least one group, but are empty")
    return rows


def generator(name, rng):
    """Return a numpy Generator: `rng` itself if it is one, or what np.random.default_rng makes of a seed or of None.

    >>> generator("rng", "today")
    Traceback (most recent call last):
    ...
    ValueError: rng must be a numpy Generator, a seed or None, but is 'today'
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a numpy Generator, a seed or None, but is {rng!r}") from None


def one_of(name, value, choices):
    """Return `value` if it is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, but is {value!r}")
    return value


def _require(name, array, good, rule):
    if not good.all():
        at = _first(~good)
        raise ValueError(f"{name} {rule}, but {name}{_label(at)} = {array[at]}")


def _first(mask):
    return np.unravel_index(np.argmax(mask), mask.shape)


def _label(at):
    return f"[{', '.join(str(i) for i in at)}]" if at else ""
