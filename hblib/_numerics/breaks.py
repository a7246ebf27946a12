"""Where a density on (0, inf) jumps, begins, ends or has a kink, so that `quadrature` can integrate between.

An interval of a grid in which the log density is no smooth curve is cut finer, until the break is known to the last
digit.
"""

import functools

import numpy as np

from hblib._numerics.quadrature import FARTHEST, inside, log_ends, quiet

_STEP = 9.5e-4  # of log s, of the grid on which `find_breaks` looks for a break: less than log 1.001
_NEAR = _STEP * np.ceil(np.log(1e8) / _STEP)  # how far from the guess the grid is as close as that
_MOST = 600_000  # points at which a log density is looked at before it counts as rough everywhere
_INVISIBLE = 600.0  # a log density that is so far below its maximum is not looked at
_BESIDE, _CLOSER = 0.05, 1e12  # of log s: how far a grid beside a point goes, and how much closer its middle is
_KNOWN = 1e-8  # relative: an interval so short is short enough for a kink; a jump is followed to the last digit
_NARROW = 1.05  # of a range's ends, their ratio: if it looked rough and is smooth from near, it holds a narrow peak
_JUMP = 1e-6  # a change of the log over so short an interval that is no jump; with 1e-3, those of less are lost
_BENT = 1e-3  # of the range of five values, their fourth difference: with 1e-1, many kinks are overlooked
_ROUNDING = 1e-11  # of the values, beside which a bend is rounding; 1e-14 does for SciPy's densities
_FINE_SCAN = 1 << 22  # points at which a function that seemed to be zero everywhere is looked at again


def find_breaks(log_f, lower=0.0, upper=np.inf, guess=1.0, points=()):
    """Where f jumps, begins, ends or has a kink, and the range outside which it is 0.

    Parameters
    ----------
    log_f : a function of an array of s > 0 that gives log f(s); -inf or nan where f is 0.
    lower, upper : the ends of the range of s.
    guess : a value of s of the size that matters: the search is closest about it.
    points : values of s that the search must not miss, if f has something narrow there.

    Returns
    -------
    (breaks, lower, upper): the breaks in between, rising, to full precision; and the ends, drawn in to where f > 0.

    Raises
    ------
    ValueError if f is 0 everywhere, or rough everywhere.

    >>> breaks, low, high = find_breaks(lambda s: np.where(s < 10, np.where(s < 2, 0.0, -s), -np.inf))
    >>> print(breaks.round(12), low, round(high, 12))
    [2.] 0.0 10.0
    """
    f = quiet(log_f)
    low, high = log_ends(lower, upper)
    grids = [(s, f(s)) for s in map(np.exp, _scan(low, high, np.log(guess), np.log(np.asarray(points, dtype=float))))]
    if all((value == -np.inf).all() for _, value in grids):
        grids = [_fine_scan(f, low, high, np.log(guess))]
    found = inside(np.unique(_rough_places(f, grids) + list(points)), lower, upper)
    looked_at = [s[value > -np.inf] for s, value in grids]
    between = np.sqrt(found[:-1] * found[1:])
    positive = np.concatenate([*looked_at, between[f(between) > -np.inf]])
    below, above = found[found < positive.min()], found[found > positive.max()]
    between_ends = found[below.size : found.size - above.size]
    return between_ends, float(below[-1]) if below.size else lower, float(above[0]) if above.size else upper


@functools.cache
def _distances():
    """Of the grid from its centre: evenly spaced up to `_NEAR`, and then ever wider."""
    near = _STEP * np.arange(round(_NEAR / _STEP))
    far = _NEAR + 2 * np.sinh(np.arange(0, np.arcsinh((FARTHEST - _NEAR) / 2) + _STEP / 2, _STEP / 2))
    return np.concatenate([-far[::-1], -near[:0:-1], near, far])


def _scan(low, high, centre, points):
    """Grids of x: one that is closest about the centre, one over the range if that is finite, one beside each point."""
    grids = [centre + _distances()]
    beside = _BESIDE * np.sinh(np.linspace(-1, 1, 301) * np.arcsinh(_CLOSER)) / _CLOSER
    grids += [point + beside for point in points]
    if np.isfinite(high - low):
        grids.append(np.linspace(low, high, 1502)[1:-1])
    grids = [x[(x > low) & (x < high)] for x in grids]
    return [x for x in grids if x.size]


def _fine_scan(f, low, high, centre):
    """A grid about the only place where a function that seemed to be zero everywhere is not, be it ever so narrow."""
    for reach in (8, 40):
        x = np.linspace(max(low, centre - reach), min(high, centre + reach), _FINE_SCAN)
        for block in np.array_split(np.exp(x), 16):  # one after the other: most of the points may be spared
            some = np.flatnonzero(f(block) > -np.inf)
            if some.size:
                around = np.linspace(block[max(some[0] - 1, 0)], block[min(some[-1] + 1, block.size - 1)], 2000)
                return around, f(around)
    raise ValueError(
        f"the log density is -inf or not a number at all of {2 * _FINE_SCAN:,} points about {np.exp(centre):.3g}; "
        "if it is positive on a narrow range, say where: Prior(name, log_density, lower, upper)"
    )


def _rough_places(f, grids):
    """The s at which log f is not smooth: intervals of the grid that look so are cut finer until they no longer do."""
    places, todo, looked = [], list(grids), 0
    floor = max(value.max() for _, value in grids) - _INVISIBLE
    while todo:
        s, value = todo.pop()
        for first, last in _rough_ranges(s, value, floor):
            if s[last] < s[first] * (1 + _KNOWN):
                places.append(_jump(f, s[first], s[last]))
                continue
            first, last = max(first - 1, 0), min(last + 1, s.size - 1)  # another break may lie just beside it
            spaced = np.geomspace if s[last] > 1.1 * s[first] else np.linspace  # which keep a short range's digits
            finer = spaced(s[first], s[last], 8 * (last - first) + 1)
            looked += finer.size
            if looked > _MOST:
                raise ValueError("the log density is rough everywhere: it must be smooth between its jumps")
            values = f(finer)
            if s[last] < _NARROW * s[first] and not _rough_ranges(finer, values, floor):
                places.append(finer[values.argmax()])
            todo.append((finer, values))
    return places


def _jump(f, low, high):
    """Where f changes most on a tiny range: bisected to neighbouring doubles if that is a jump."""
    while True:
        s = np.unique(np.linspace(low, high, 17))
        value = f(s)
        change = np.abs(np.diff(np.where(value > -np.inf, value, -1e300)))
        at = change.argmax()
        if s.size < 17 or change[at] < _JUMP:  # no 17 doubles are left in between, or no jump is
            return float(s[at] if value[at] > -np.inf else s[at + 1])
        low, high = s[at], s[at + 1]


def _rough_ranges(x, value, floor):
    """Ranges (first, last) of indices between which the values do not follow a smooth curve.

    On a smooth curve the fourth differences of neighbouring values are far smaller than the values' own; a kink or a
    jump makes them equally large. A step between a number and -inf is a break anyway.
    """
    finite = np.isfinite(value)
    rough = finite[1:] != finite[:-1]  # of each interval
    if x.size >= 5:
        with np.errstate(over="ignore", invalid="ignore"):  # where log f falls to the end of the doubles
            bend = np.abs(np.diff(np.where(finite, value, 0.0), 4))
            top, bottom = _of_five(np.maximum, value), _of_five(np.minimum, value)
            size = 1 + np.maximum(np.abs(top), np.abs(bottom))
            bad = (bend > _BENT * (top - bottom)) & (bend > _ROUNDING * size) & _of_five(np.logical_and, finite)
        for shift in range(4):
            rough[shift : shift + bad.size] |= bad
    rough &= np.maximum(value[1:], value[:-1]) > floor  # far below it a density is rounded to few digits
    at = np.flatnonzero(np.diff(np.concatenate([[0], rough.astype(int), [0]])))
    return list(zip(at[::2], at[1::2], strict=True))


def _of_five(function, values):
    """The function of each five neighbours: of two, of two such pairs, and with the fifth."""
    pairs = function(values[1:], values[:-1])
    return function(function(pairs[2:], pairs[:-2])[:-1], values[4:])
