"""Integrals over a scale parameter, to nearly all digits: the rule that both families integrate with.

A scale s in (lower, upper) is written x = log s and x as a function of t in which the integrand falls double
exponentially, so that the trapezoidal rule converges faster than any power of its step (Takahasi & Mori 1974). The
step is halved until the result settles. An integrand that does not fall belongs to an improper posterior, and is
refused.

The rule needs a smooth integrand. Where one jumps, ends or has a kink, each smooth piece is integrated by itself;
the module `breaks` finds these places. A piece that does not settle is split where it is roughest, and its parts are
tried again.
"""

import itertools
from typing import NamedTuple

import numpy as np

_DEPTH = 60.0  # contributions below exp(-60) of the largest do not count
_ROUGH = 20.0  # a rough function is within a factor of exp(20) of the integrand, so it must be followed deeper
_SETTLED = 1e-12  # relative change on halving the step; what error is left then is about the square of this
_GOOD_ENOUGH = 1e-8  # of the sum of what did not settle: more is an error
_STEP = 0.25  # of t, at first: with 1/2 or 1/16 the same integrals settle, and cost as much
_HALVINGS = 7  # of that step
_HELPED = 0.7  # of the change two halvings before: where less is left, halving helps; where not, it is rounding
_SPLITS = 200  # how many pieces may be split for not settling; ample: none of 2,300 integrals in the tests needed one
FARTHEST = 300.0  # how far x = log s may run: an integrand that has not fallen by a factor of exp(300) will not fall
_TOO_SLOW = 22.0  # where it has not even fallen by exp(22) on the way there, what lies beyond counts
_FLAT = 0.1  # a fall of its log by no more over the farther half of that way is none
_SPAN_STEP = 0.1  # of t, when looking for where the integrand counts
_ENDS = 3.3  # of t on an interval: there the distance from its end is 3e-19 of its length, less than rounding
_END = -3.8  # of t on a half line: there the distance from its end is 1e-21 widths
_INSIDE = 1e-12  # relative: a place so near to an end is no place to cut at


def integrate_scale(log_f, lower=0.0, upper=np.inf, guess=1.0, rough=None, breaks=()):
    """Nodes and weights for the density proportional to f(s) on lower < s < upper.

    Parameters
    ----------
    log_f : a function of an array of s > 0 that gives log f(s), up to a constant.
    lower, upper : the ends of the range of s.
    guess : a value of s of the size that matters.
    rough : a cheaper function within a factor of exp(20) of f, to find out where f matters; f itself if left out.
    breaks : values of s where f jumps or has a kink (see `find_breaks`).

    Returns
    -------
    (s, weight, log_normaliser): the nodes, weights that sum to 1, and the logarithm of the integral of f.

    Raises
    ------
    ValueError where the integral does not exist, saying at which end.

    Source: Takahasi & Mori (1974), Publications of RIMS 9:721-741.

    >>> s, weight, log_total = integrate_scale(lambda s: -s)  # the exponential distribution
    >>> print(round(np.sum(weight * s), 12), round(np.exp(log_total), 12))
    1.0 1.0
    """
    s, weight, log_total, _ = integrate_with(lambda s: (log_f(s), ()), lower, upper, guess, rough or log_f, breaks)
    return s, weight, log_total


def integrate_with(log_f, lower, upper, guess, rough, breaks=()):
    """`integrate_scale` for a log_f that gives (log f(s), arrays): the arrays come back too, a row for each node."""
    if not lower < upper:
        raise ValueError(f"lower must be below upper, but they are {lower} and {upper}")
    guess = float(np.clip(guess, lower * (1 + 1e-9), upper * (1 - 1e-9)))  # strictly inside
    look = _in_log(rough)
    _check_that_it_falls(look, lower, upper, guess)
    edges = [lower, *np.unique(inside(breaks, lower, upper)), upper]
    todo = [piece for ends in itertools.pairwise(edges) for piece in _smooth_pieces(look, *ends, np.log(guess))]
    if not todo:
        raise ValueError("the integrand is zero or not a number over the whole range")
    todo.sort(key=lambda piece: piece.top)
    depth = _DEPTH + (0 if rough is log_f else _ROUGH)
    done, unsettled, highest = [], 0.0, -np.inf
    splits = 0
    while todo:
        piece = todo.pop()  # the highest first: it tells what the others must be compared with
        span, highest = _span(quiet(rough), piece, highest, depth)
        if span is None:
            continue
        sums = _trapezoid(log_f, piece, *span, others=_log_sum([part.log_total for part in done]))
        if sums.error > _SETTLED and splits < _SPLITS and sums.converges:
            parts = _split(look, piece, sums.roughest)
            splits += bool(parts)
            if parts:
                todo += parts
                continue
        unsettled += sums.error if sums.error > _SETTLED else 0.0
        done.append(sums)
    if unsettled > _GOOD_ENOUGH:
        raise ValueError(
            "the integral did not settle: the integrand is too rough, or too narrow a peak to be found from this guess"
        )
    return _joined(done)


def _joined(done):
    """Nodes, weights, log of the integral and the arrays of all pieces, by rising s."""
    log_total = _log_sum([part.log_total for part in done])
    s = np.concatenate([part.s for part in done])
    log_weight = np.concatenate([part.log_f + np.log(part.step) for part in done])
    order = np.argsort(s, kind="stable")
    weight = np.exp(log_weight[order] - log_weight.max())
    arrays = (np.concatenate(column)[order] for column in zip(*(part.arrays for part in done), strict=True))
    return s[order], weight / np.sum(weight), log_total, tuple(arrays)


def inside(values, lower, upper):
    values = np.asarray(values, dtype=float)
    return values[(values > lower) & (values < upper)]


def _log_sum(values):
    """log of the sum of exp(values); -inf of none."""
    values = np.asarray(values, dtype=float)
    top = values.max(initial=-np.inf)
    return float(np.log(np.sum(np.exp(values - top))) + top) if np.isfinite(top) else -np.inf


def quiet(f):
    """f without warnings, and with -inf in place of nan."""

    def values(s):
        with np.errstate(all="ignore"):
            value = f(s)
        return np.where(np.isnan(value), -np.inf, value)

    return values


def _in_log(f):
    """The log of the integrand in x = log s."""
    values = quiet(f)
    return lambda x: values(np.exp(x)) + x


def log_ends(lower, upper):
    return (np.log(lower) if lower > 0 else -np.inf), np.log(upper)


def _check_that_it_falls(look, lower, upper, guess):
    low, high = log_ends(lower, upper)
    for end, way, where in ((low, -1, "towards 0"), (high, 1, "towards infinity")):
        if np.isinf(end):
            near, far = look(np.clip(np.log(guess), low, high) + way * FARTHEST * np.array([0.5, 1.0]))
            if far > near - _FLAT and far > -np.inf:
                raise ValueError(f"the posterior is improper: prior times likelihood does not fall {where}")


class _Piece(NamedTuple):
    """A range of s, how it is mapped from t, and how high the integrand in log s rises there."""

    lower: float
    upper: float
    centre: float  # of x = log s
    width: float
    top: float

    @property
    def open_ends(self):
        """How many ends are 0 or infinity."""
        return int(self.lower == 0) + int(self.upper == np.inf)

    def at(self, t):
        """s(t) and log ds/dt: the whole line of log s by sinh, a half line from its end, an interval from both ends."""
        if self.open_ends == 2:
            x, log_slope = self.centre + self.width * np.sinh(t), np.log(self.width * np.cosh(t))
        elif self.open_ends == 1:
            log_distance = np.log(self.width) + t - np.exp(-t)
            distance, log_slope = np.exp(log_distance), log_distance + np.log1p(np.exp(-t))
            x = np.log(self.upper) - distance if self.lower == 0 else np.log(self.lower) + distance
        else:
            near = 1 / (1 + np.exp(np.pi * np.sinh(np.abs(t))))  # the distance from the nearer end, of the length
            log_slope = np.log(np.pi * np.cosh(t)) + np.log(near) + np.log1p(-near)
            if self.upper < 2 * self.lower:  # in s itself, for log s would cost a narrow range its digits
                length = self.upper - self.lower
                return np.where(t < 0, self.lower + length * near, self.upper - length * near), np.log(
                    length
                ) + log_slope
            low, length = np.log(self.lower), np.log(self.upper / self.lower)
            x = np.where(t < 0, low + length * near, low + length * (1 - near))
            log_slope = np.log(length) + log_slope
        return np.exp(x), log_slope + x

    def reach(self):
        """How far t may run: to where s is the end, or as far as s may run."""
        farthest = FARTHEST / self.width
        if self.open_ends == 2:
            return -np.arcsinh(farthest), np.arcsinh(farthest)
        return (_END, np.log(farthest)) if self.open_ends == 1 else (-_ENDS, _ENDS)


def _smooth_pieces(look, lower, upper, guess):
    """The range as one `_Piece`, or as two if its peak is narrow and would lie between the nodes; none if f is 0.

    A width is only the unit of a piece's map, so its limits hardly matter: with the upper ones ten times larger, none
    of a hundred integrals became less exact.
    """
    low, high = log_ends(lower, upper)
    peak, width, top = _peak(look, low, high, guess)
    if top == -np.inf:
        return []
    near = min(peak - low, high - peak)
    if np.isinf(near):
        return [_Piece(lower, upper, peak, min(width, 3.0), top)]
    middle = float(np.exp(peak))
    if near > 4 * width and _well_inside(middle, lower, upper):
        # Uncut, a peak as narrow as 1e-5 did not settle.
        return [part for ends in ((lower, middle), (middle, upper)) for part in _smooth_pieces(look, *ends, peak)]
    return [_Piece(lower, upper, peak, float(np.clip(max(near, width), 1e-14, 10.0)), top)]


def _well_inside(s, lower, upper):
    return lower * (1 + _INSIDE) < s < upper * (1 - _INSIDE)


def _peak(look, low, high, guess):
    """Where the integrand in x is largest, how wide it is there, and how high; only roughly, the rule forgives much.

    The points are at most 1/2 apart, up to 40 on both sides of the guess; then closer about the highest of them. With
    four times the distance one of three peaks was overlooked.
    """
    guess = np.clip(guess, low, high)
    first, last = max(low, guess - 40), min(high, guess + 40)
    x = np.linspace(first, last, 161)[1:-1]
    if np.isfinite(low) or np.isfinite(high):  # a peak may stand right at an end: as near to it as the doubles can tell
        distance = (last - first) * 10.0 ** np.arange(-14, -2, 0.1)
        x = np.unique(np.concatenate([first + distance, x, last - distance]))
        x = x[(x > first + 1e-15 * (1 + abs(first))) & (x < last - 1e-15 * (1 + abs(last)))]
    while True:
        value = look(x)
        best = value.argmax()
        if value[best] == -np.inf:
            return guess, 0.0, -np.inf
        lower = np.flatnonzero(value < value[best] - 2)  # how far the peak goes on both sides: to exp(-2) of its height
        at = np.searchsorted(lower, best)
        before, after = lower[at - 1] if at > 0 else 0, lower[at] if at < lower.size else x.size - 1
        left, right = x[before], x[after]
        if after - before > 4 or right - left < 1e-13 * (1 + abs(x[best])):  # enough points, or as close as doubles are
            # Half the distance between the outermost points that high; of a lone point, a part of the gap around it.
            width = max((x[max(after - 1, best)] - x[min(before + 1, best)]) / 2, (right - left) / 20)
            return float(x[best]), float(width), float(value[best])
        x = np.unique(np.append(np.linspace(left, right, 33), x[best]))


def _span(f, piece, highest, depth):
    """How far t must run on both sides for the rest not to count; None if nothing does. And the highest value yet."""
    t = np.arange(*piece.reach(), _SPAN_STEP)
    s, log_slope = piece.at(t)
    value = f(s) + log_slope
    highest = max(highest, value.max())
    if highest == np.inf:  # near a number that is not 0 there are too few doubles to add up a pole
        at = f"the density is infinite at {s[value.argmax()]:g}"
        raise ValueError(f"{at}, which can be integrated at 0 only; let the prior end a little before")
    telling = np.flatnonzero(value > highest - depth)
    if telling.size == 0:
        return None, highest
    first = -1 if piece.open_ends == 1 else 0  # then t runs from the other end to this one
    for is_open, at, where in ((piece.lower == 0, first, "0"), (piece.upper == np.inf, -1, "infinity")):
        if is_open and value[at] > highest - _TOO_SLOW:
            raise ValueError(f"the density falls too slowly towards {where} to be integrated")
    return (t[telling[0]] - _SPAN_STEP, t[telling[-1]] + _SPAN_STEP), highest


class _Sums(NamedTuple):
    """The nodes of one piece, the integrand in t there, the arrays that came with it, and how well it all settled."""

    s: np.ndarray
    log_f: np.ndarray
    arrays: tuple
    step: float
    log_total: float
    error: float  # of the whole integral, relative
    converges: bool  # whether halving the step has helped, be it too slowly; if not, the error is rounding
    roughest: float  # the s about which the integrand is least smooth


def _trapezoid(log_f, piece, first, last, others):
    """The rule in t on first < t < last, the step halved until it settles; `others`: the log of the rest so far."""
    step = _STEP
    begin, count = step * np.floor(first / step), int(np.ceil(last / step) - np.floor(first / step))
    parts = [_at_nodes(log_f, piece, begin + step * np.arange(count + 1))]
    log_total, errors = _log_sum(parts[0][1]) + np.log(step), [np.inf]
    for _ in range(_HALVINGS):
        parts.append(_at_nodes(log_f, piece, begin + step * (np.arange(count) + 0.5)))
        step, count, before = step / 2, 2 * count, log_total
        log_total = _log_sum(np.concatenate([value for _, value, _ in parts])) + np.log(step)
        if log_total == -np.inf:
            errors.append(0.0)
            break
        share = np.exp(min(0.0, log_total - others))  # of the whole integral, at most
        errors.append(share * abs(log_total - before) if np.isfinite(before) else np.inf)
        if errors[-1] < max(_SETTLED, 8 * np.finfo(float).eps * abs(log_total)):  # not below the rounding of total
            errors.append(0.0)
            break
    s, value = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    arrays = tuple(np.concatenate(column) for column in zip(*(part[2] for part in parts), strict=True))
    order = np.argsort(s)
    # The least smooth place is where the fourth differences are largest. `initial`: f may be 0 at all nodes.
    bend = np.abs(np.diff(np.exp(value[order] - value.max(initial=-1e300)), 4))
    roughest = s[order][2 + bend.argmax()]
    return _Sums(s, value, arrays, step, log_total, errors[-1], errors[-1] < _HELPED * errors[-3], float(roughest))


def _at_nodes(log_f, piece, t):
    s, log_slope = piece.at(t)
    with np.errstate(all="ignore"):
        value, arrays = log_f(s)
        value = value + log_slope
    return s, np.where(np.isnan(value), -np.inf, value), arrays


def _split(look, piece, at):
    """The piece as two, which meet where it is roughest; none if it is too short for that."""
    lower, upper = piece.lower, piece.upper
    if piece.open_ends == 0 and min(at / lower, upper / at) < (upper / lower) ** 1e-3:  # at an end: then in the middle
        at = np.sqrt(lower * upper)
    if not _well_inside(at, lower, upper):
        return []
    return [part for ends in ((lower, at), (at, upper)) for part in _smooth_pieces(look, *ends, piece.centre)]


def tail_power(log_f, upper=np.inf, guess=1.0):
    """The power of s with which f(s) falls at infinity, which decides what moments exist; -inf if faster than any.

    >>> print(round(tail_power(lambda s: -np.log1p(s**2)), 6))  # half-Cauchy
    -2.0
    """
    if np.isfinite(upper):
        return -np.inf
    with np.errstate(all="ignore"):
        low, high = log_f(guess * np.array([1e40, 1e41]))  # so far out that only the power is left
    return float((high - low) / np.log(10)) if np.isfinite(low) and np.isfinite(high) else -np.inf
