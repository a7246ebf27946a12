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

_ENTRIES = 1 << 17  # of a temporary array of rows by columns, which so stays in the processor's cache
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
    step = max(1, _ENTRIES // max(columns, 1))
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


class _Quest(NamedTuple):
    """Where the search for each quantile stands; one entry a row that is still looked for."""

    row: np.ndarray
    v: np.ndarray
    low: np.ndarray  # the bracket
    high: np.ndarray
    slope: np.ndarray
    last_v: np.ndarray
    last_score: np.ndarray
    lowest: np.ndarray  # where the bracket began

    def where(self, some):
        return _Quest(*(part[some] for part in self))


def _solve(score_of, rows, search, end):
    """Where the scores of the rows are 0: secant steps, kept in a bracket.

    On the scale of normal scores a distribution function is nearly straight, so three or four evaluations do. A
    quantile that is at the bottom of its bracket, or below, is the `end`.
    """
    answer, unknown = np.empty(rows.size), np.full(rows.size, np.nan)
    low, high, slope = (np.array(part, dtype=float) for part in (search.low, search.high, search.slope))
    start = np.clip(search.start, low, high)
    quest = _Quest(np.arange(rows.size), start, low, high, slope, unknown, unknown, low)
    for round_ in range(200):
        with np.errstate(all="ignore"):
            score = score_of(search.value(quest.v, rows[quest.row]), quest.row)
        halve = round_ >= 8 and round_ % 3 == 0  # now and then halve the bracket
        quest, done = _step(quest, score, lambda v, at=rows[quest.row]: search.value(v, at), halve)
        found = quest.where(done)
        values = search.value(found.v, rows[found.row])
        answer[found.row] = np.where(found.v <= found.lowest, end, values)
        quest = quest.where(~done)
        if quest.row.size == 0:
            break
    answer[quest.row] = search.value(quest.v, rows[quest.row])
    return answer


def _step(quest, score, value, halve):
    """The next v of each row, from the score at this one; and which of them need no further."""
    v, low, high = quest.v, np.where(score < 0, quest.v, quest.low), np.where(score < 0, quest.high, quest.v)
    with np.errstate(all="ignore"):
        secant = (score - quest.last_score) / (v - quest.last_v)
        slope = np.where(np.isfinite(secant) & (secant > 0), secant, quest.slope)
        new = v - score / slope
    middle = (low + high) / 2
    stay = (new >= low) & (new <= high) & (not halve)
    beyond = (new < low) & (low == quest.lowest)  # the quantile may be the end itself
    new = np.where(stay, new, np.where(beyond, quest.lowest, middle))
    bottom = value(low)
    at_end = (high - low <= 4 * np.spacing(np.abs(middle))) | (value(high) - bottom <= np.spacing(bottom))
    done = at_end | (np.abs(score) < _CLOSE)
    new = np.where(at_end, high, np.where(done & ~stay, v, new))
    return _Quest(quest.row, new, low, high, slope, v, score, quest.lowest), done
