"""What a mixture over the nodes of a quadrature needs: exact moments, tails, densities, and the search for quantiles.

Each group's posterior is a mixture, over the nodes, of the family's posterior given the hyperparameters. Means and
standard deviations come from exact sums; quantiles from the mixture's distribution function; draws by drawing a node
first. A family says all this in a `Parts`, of which `hblib.distributions.Mixture` is the face.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

_CELLS = 1 << 17  # of a temporary array of rows by columns, which so stays in the processor's cache
_CLOSE = 1e-7  # in normal scores: the secant step from there leaves out what does not count


def mean_sd(weight, mean, variance=0.0):
    """Mean and standard deviation of a mixture of distributions with these means and variances."""
    centre = np.sum(weight * mean)
    return float(centre), float(np.sqrt(np.sum(weight * ((mean - centre) ** 2 + variance))))


def if_they_exist(moments, tail):
    """A mean and a standard deviation, or nan and inf where the density, which falls as x^tail, leaves none."""
    mean, sd = moments
    return mean if tail < -2 - 1e-6 else np.nan, sd if tail < -3 - 1e-6 else np.inf


def blocks(rows, columns):
    """Slices of the rows, so that an array of a slice by the columns stays small."""
    step = max(1, _CELLS // max(columns, 1))
    return [slice(start, start + step) for start in range(0, rows, step)]


class Search(NamedTuple):
    """Where a quantile is looked for: in a variable v in which rows are alike. All are arrays, one entry a row."""

    value: Callable  # (v, rows) -> theta
    start: np.ndarray
    slope: np.ndarray  # of the normal score of the distribution function, near the start
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Parts:
    """Distributions indexed by group; `rows`, arrays of one length with x, say which groups are meant."""

    mean: np.ndarray  # nan where it does not exist
    sd: np.ndarray  # inf where it does not exist
    tail: Callable  # (x, rows, upper) -> P(theta_row <= x), or P(theta_row > x)
    log_density: Callable  # (x, rows)
    search: Callable  # (normal score of the probability, rows) -> Search
    joint: Callable  # (number, rng, rows) -> joint draws of these groups, shape (number, rows)
    ends: tuple = (-np.inf, np.inf)
    same: np.ndarray | None = None  # for each group the first one that has the same distribution


def solve(parts, p, rows, upper):
    """Where the rows' distribution functions (or, `upper`, their complements) are p <= 1/2; all arrays on one axis."""
    if p.size == 0:
        return np.empty(0)
    inner = p > 0
    answer = np.where(inner, 0.0, parts.ends[int(upper)])
    p, rows, back = p[inner], rows[inner], slice(None)
    if parts.same is not None:
        (rows, p), back = np.unique(np.stack([parts.same[rows], p]), axis=1, return_inverse=True)
        rows, back = rows.astype(int), back.ravel()
    sign = -1 if upper else 1
    target = sign * special.ndtri(p)

    def score(x, some):
        return sign * special.ndtri(parts.tail(x, rows[some], upper)) - target[some]

    answer[inner] = _solve(score, rows, parts.search(target, rows), parts.ends[0])[back]
    return answer


def _solve(score_of, rows, search, end):
    """Where the scores of the rows are 0: secant steps, kept in a bracket.

    On the scale of normal scores a distribution function is nearly straight, so three or four evaluations do. A
    quantile that is at the bottom of its bracket, or below, is the `end`.
    """
    answer = np.empty(rows.size)
    low, high, slope = (np.array(part, dtype=float) for part in (search.low, search.high, search.slope))
    lowest, v, active = low.copy(), np.clip(search.start, low, high), np.arange(rows.size)
    last_v = last_score = np.full(rows.size, np.nan)
    for round_ in range(200):
        with np.errstate(all="ignore"):
            score = score_of(search.value(v, rows[active]), active)
            low, high = np.where(score < 0, v, low), np.where(score < 0, high, v)
            secant = (score - last_score) / (v - last_v)
            slope = np.where(np.isfinite(secant) & (secant > 0), secant, slope)
            new = v - score / slope
        middle = (low + high) / 2
        stay = (new >= low) & (new <= high) & ((round_ < 8) | (round_ % 3 > 0))  # now and then halve the bracket
        beyond = (new < low) & (low == lowest)  # the quantile may be the end itself
        new = np.where(stay, new, np.where(beyond, lowest, middle))
        gap = search.value(high, rows[active]) - search.value(low, rows[active])
        at_end = (high - low <= 4 * np.spacing(np.abs(middle))) | (gap <= np.spacing(search.value(low, rows[active])))
        done = at_end | (np.abs(score) < _CLOSE)
        new = np.where(at_end, high, np.where(done & ~stay, v, new))
        answer[active[done]] = np.where(new[done] <= lowest[done], end, search.value(new[done], rows[active[done]]))
        go_on = ~done
        last_v, last_score, v, active = v[go_on], score[go_on], new[go_on], active[go_on]
        low, high, slope, lowest = low[go_on], high[go_on], slope[go_on], lowest[go_on]
        if active.size == 0:
            break
    answer[active] = search.value(v, rows[active])
    return answer
