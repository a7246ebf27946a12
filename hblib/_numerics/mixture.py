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
_ROUNDS = 200  # of the search for quantiles, ample: it took 92 at most in the tests
_PATIENCE = 8  # rounds, twice as many as it takes as a rule: from then on each third round halves the bracket
_ROUNDING = 1e-6  # of the power with which a tail falls, which is found numerically


def mean_sd(weight, mean, variance=0.0):
    """Mean and standard deviation of a mixture of distributions with these means and variances."""
    centre = np.sum(weight * mean)
    return float(centre), float(np.sqrt(np.sum(weight * ((mean - centre) ** 2 + variance))))


def if_they_exist(moments, tail):
    """A mean and a standard deviation, or nan and inf where the density, which falls as x^tail, leaves none."""
    mean, sd = moments
    return mean if tail < -2 - _ROUNDING else np.nan, sd if tail < -3 - _ROUNDING else np.inf


def blocks(rows, columns):
    """Slices of the rows, so that an array of a slice by the columns stays small."""
    step = max(1, _ENTRIES // max(columns, 1))
    return [slice(start, start + step) for start in range(0, rows, step)]


class Search(NamedTuple):
    """Where quantiles are looked for: in a variable v in which groups are alike. An array has one entry a quantile."""

    value: Callable  # (v, which) -> theta
    start: np.ndarray
    slope: np.ndarray  # of the normal score of the distribution function, near the start
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Parts:
    """Distributions indexed by group; `which`, an array of one length with x, says which groups are meant."""

    mean: np.ndarray  # nan where it does not exist
    sd: np.ndarray  # inf where it does not exist
    tail: Callable  # (x, which, upper) -> P(theta_which <= x), or P(theta_which > x)
    log_density: Callable  # (x, which)
    search: Callable  # (normal score of the probability, which) -> Search
    joint: Callable  # (number, rng, which) -> joint draws of these groups, shape (number, which.size)
    ends: tuple = (-np.inf, np.inf)
    same: np.ndarray | None = None  # for each group the first one that has the same distribution


def solve(parts, p, which, upper):
    """Where the groups' distribution functions (or, `upper`, their complements) are p <= 1/2; arrays on one axis."""
    if p.size == 0:
        return np.empty(0)
    inner = p > 0
    answer = np.where(inner, 0.0, parts.ends[int(upper)])
    p, which, back = p[inner], which[inner], slice(None)
    if parts.same is not None:
        (which, p), back = np.unique(np.stack([parts.same[which], p]), axis=1, return_inverse=True)
        which, back = which.astype(int), back.ravel()
    sign = -1 if upper else 1
    target = sign * special.ndtri(p)

    def score(x, some):
        return sign * special.ndtri(parts.tail(x, which[some], upper)) - target[some]

    answer[inner] = _solve(score, which, parts.search(target, which), parts.ends[0])[back]
    return answer


class _Quest(NamedTuple):
    """Where the search for each quantile stands; one entry a quantile that is still looked for."""

    at: np.ndarray  # its place among all
    v: np.ndarray
    low: np.ndarray  # the bracket
    high: np.ndarray
    slope: np.ndarray
    last_v: np.ndarray
    last_score: np.ndarray
    lowest: np.ndarray  # where the bracket began

    def where(self, some):
        return _Quest(*(part[some] for part in self))


def _solve(score_of, which, search, end):
    """Where the scores are 0: secant steps, kept in a bracket.

    On the scale of normal scores a distribution function is nearly straight, so three or four evaluations do. A
    quantile that is at the bottom of its bracket, or below, is the `end`.
    """
    answer, unknown = np.empty(which.size), np.full(which.size, np.nan)
    low, high, slope = (np.array(part, dtype=float) for part in (search.low, search.high, search.slope))
    start = np.clip(search.start, low, high)
    quest = _Quest(np.arange(which.size), start, low, high, slope, unknown, unknown, low)
    for round_ in range(_ROUNDS):
        with np.errstate(all="ignore"):
            score = score_of(search.value(quest.v, which[quest.at]), quest.at)
        halve = round_ >= _PATIENCE and round_ % 3 == 0
        quest, done = _step(quest, score, lambda v, groups=which[quest.at]: search.value(v, groups), halve)
        found = quest.where(done)
        values = search.value(found.v, which[found.at])
        answer[found.at] = np.where(found.v <= found.lowest, end, values)
        quest = quest.where(~done)
        if quest.at.size == 0:
            break
    answer[quest.at] = search.value(quest.v, which[quest.at])
    return answer


def _step(quest, score, value, halve):
    """The next v of each quantile, from the score at this one; and which of them need no further."""
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
    return _Quest(quest.at, new, low, high, slope, v, score, quest.lowest), done
