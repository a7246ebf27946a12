"""What a full Bayesian analysis of either family returns: exact moments, and mixtures over the hyperparameters.

Each group's posterior is a mixture, over the nodes of a quadrature, of the family's posterior given the
hyperparameters. Means and standard deviations come from exact sums; quantiles from the mixture's distribution
function; draws by drawing a node first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from hblib._numerics import arguments

_CELLS = 1 << 17  # of a temporary array of rows times nodes
_CLOSE = 1e-7  # in normal scores: the secant step from there leaves out what does not count


def mean_sd(weight, mean, variance=0.0):
    """Mean and standard deviation of a mixture of distributions with these means and variances."""
    centre = np.sum(weight * mean)
    return float(centre), float(np.sqrt(np.sum(weight * ((mean - centre) ** 2 + variance))))


def blocks(rows, columns):
    """Slices of the rows, so that an array of a slice by the columns stays small."""
    step = max(1, _CELLS // max(columns, 1))
    return [slice(start, start + step) for start in range(0, rows, step)]


def each(quantile, probabilities):
    """quantile(q), which gives an array of one number, for every q of an array of any shape."""
    q = arguments.numbers("probabilities", probabilities, low=0)
    if (q > 1).any():
        raise ValueError(f"probabilities must be at most 1, but hold {q.max()}")
    return np.reshape([quantile(one)[0] for one in q.ravel()], q.shape)[()]


class Search(NamedTuple):
    """Where a quantile is looked for: in a variable v in which rows are alike. All are arrays, one entry a row."""

    value: Callable  # (v, rows) -> theta
    start: np.ndarray
    slope: np.ndarray  # of the normal score of the distribution function, near the start
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Mixture:
    """Distributions indexed by group, each a mixture over the nodes of a quadrature.

    `mean` is nan and `sd` is inf where they do not exist; the quantiles always do.
    """

    mean: np.ndarray
    sd: np.ndarray
    below: Callable  # (x, rows) -> P(theta_row <= x), for arrays of one length
    search: Callable  # (q, rows) -> Search
    joint: Callable  # (size, rng) -> joint draws of all groups
    ends: tuple = (-np.inf, np.inf)
    same: np.ndarray | None = None  # for each group the first one that has the same distribution

    def cdf(self, x, rows=None):
        """P(theta_j <= x_j), for every group or for `rows` of them."""
        rows = np.arange(np.size(self.mean)) if rows is None else np.asarray(rows)
        x = np.broadcast_to(arguments.numbers("x", x, allow_inf=True), rows.shape)
        inside = np.clip(x, max(self.ends[0], -1e300), min(self.ends[1], 1e300))
        level = np.clip(self.below(inside, rows), 0, 1)  # the weights add up to 1 only nearly
        return np.where(x < self.ends[0], 0.0, np.where(x >= self.ends[1], 1.0, level))

    def quantile(self, q):
        """The q-quantile of every group, for one q from 0 to 1."""
        q = arguments.one("q", q, low=0)
        if q > 1:
            raise ValueError(f"q must be at most 1, but is {q}")
        groups = np.size(self.mean)
        if q in (0, 1):
            return np.full(groups, self.ends[int(q)])
        rows, which = np.arange(groups), slice(None)
        if self.same is not None:
            rows, which = np.unique(self.same, return_inverse=True)
        return _solve(self.below, q, rows, self.search(q, rows), self.ends[0])[which]

    def interval(self, prob=0.95):
        """The central interval of every group: (lower, upper), with (1 - prob)/2 left out on each side."""
        prob = arguments.one("prob", prob, low=0)
        if prob > 1:
            raise ValueError(f"prob must be at most 1, but is {prob}")
        return self.quantile((1 - prob) / 2), self.quantile((1 + prob) / 2)

    def draws(self, size, rng):
        """`size` joint draws of all groups, shape (size, J): a node, then every group given that node.

        `rng` is a numpy Generator or a seed.
        """
        size = arguments.counts("size", arguments.one("size", size))
        return self.joint(int(size), arguments.generator("rng", rng))


def _solve(below, q, rows, search, end):
    """Where the distribution functions of the rows are q: secant steps on their normal scores, kept in a bracket.

    On that scale a distribution function is nearly straight, so three or four evaluations do. A quantile that is at the
    bottom of its bracket, or below, is the `end`.
    """
    target, answer = special.ndtri(q), np.empty(rows.size)
    low, high, slope = (np.array(part, dtype=float) for part in (search.low, search.high, search.slope))
    lowest, v, active = low.copy(), np.clip(search.start, low, high), np.arange(rows.size)
    last_v = last_score = np.full(rows.size, np.nan)
    for round_ in range(200):
        with np.errstate(all="ignore"):
            score = special.ndtri(below(search.value(v, rows[active]), rows[active])) - target
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
