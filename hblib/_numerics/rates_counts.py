"""What the Beta-Binomial likelihood needs of the data: how many groups have y, n - y and n above each k = 0, 1, 2, ...

The log marginal likelihood is a sum over k of terms such as (number of groups with y_j > k) log(mu + k phi). So a
million groups cost no more than their distinct values once they are counted, and counting is one pass over the data.

Where the distinct values leave gaps, the number above k is constant over the gap, and the sum of a smooth function over
its consecutive k is replaced by a few nodes with weights: Gauss's rule for that sum, exact for polynomials. All these k
are at least 256, where the terms are smooth, and the shorter a gap is beside its distance from 0, the fewer nodes it
takes to lose no digits: three where the gap is a thousandth of k. So the cost grows with the logarithm of n.
"""

from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hblib._numerics import arguments
from hblib._numerics.mixture import blocks

_COLUMNS = 4  # arrays of a block's rows that are in use at a time: y, n - y, n and the histogram
_HISTOGRAM = 1 << 17  # up to this n a histogram with a bin for each value; beyond it the distinct values are sorted
_SMOOTH = 256  # below this k every term is summed
_DENSE = 4  # where the distinct values are so many that a node for each k costs less than finding fewer
_WORTH = 4  # a rule must save so many terms for each that it takes, since finding its nodes takes time as well
_DIGITS = np.log(1e17)  # of a sum over a gap that its nodes must keep


class Spread(NamedTuple):
    """How raw rates y/n of weight n differ: what can be added up block by block, in one pass, without cancelling."""

    trials: float
    mean: float
    squares: float  # the sum of n (y/n - mean)^2
    pairs: float  # the sum of n_i n_j over all pairs of groups

    @classmethod
    def of(cls, y, n, counts=1.0):
        weight = counts * n
        trials = float(np.sum(weight))
        if trials == 0:
            return cls(0.0, 0.0, 0.0, 0.0)
        rate = np.divide(y, n, out=np.zeros(n.shape), where=n > 0)
        mean = float(weight @ rate) / trials
        return cls(trials, mean, float(weight @ (rate - mean) ** 2), float(weight @ (trials - n)) / 2)

    def joined(self, other):
        """That of both sets of groups."""
        trials = self.trials + other.trials
        if trials == 0:
            return self
        part, gap = other.trials / trials, other.mean - self.mean
        squares = self.squares + other.squares + self.trials * part * gap**2
        return Spread(trials, self.mean + part * gap, squares, self.pairs + other.pairs + self.trials * other.trials)


@dataclass(frozen=True)
class TailCounts:
    """Nodes k in rising order with the weighted numbers of groups above them, and what can be read off the counts."""

    k: np.ndarray
    y: np.ndarray  # groups with y > k
    f: np.ndarray  # groups with n - y > k
    between: np.ndarray  # groups with n - y <= k < n
    surplus: np.ndarray  # sum of y - between up to each node but the last; never negative, and 0 after the last
    groups: float  # groups with n > 0
    trials: float  # their sum of n
    successes: float  # their sum of y
    no_success: float  # groups with y = 0 < n
    no_failure: float  # groups with y = n > 0
    largest: float  # the largest n
    spread: Spread | None = None  # of the rates, where `count_tails` was asked for it

    def of_failures(self):
        """The counts of the same groups with failures for successes."""
        return replace(
            self,
            y=self.f,
            f=self.y,
            between=self.between + self.f - self.y,
            successes=self.trials - self.successes,
            no_success=self.no_failure,
            no_failure=self.no_success,
        )

    # What every look at the likelihood needs, in the form that it needs.

    @cached_property
    def with_success(self):
        """(k, groups with y > k), where there are any."""
        return self.k[self.y != 0], self.y[self.y != 0]

    @cached_property
    def with_failure(self):
        """(k, groups with n - y > k), where there are any."""
        return self.k[self.f != 0], self.f[self.f != 0]

    @cached_property
    def steps(self):
        """(surplus, k before, k after) for each step from one k to the next; two gaps may share a node."""
        some = np.diff(self.k) > 0
        return self.surplus[some], self.k[:-1][some], self.k[1:][some]


def count_tails(y, n, counts=None, with_spread=False):
    """The `TailCounts` of the rows (y, n), checked; `counts` says how many groups share each row."""
    found = _fast_columns(y, n, with_spread) if counts is None else None
    if found is None:
        y, n = arguments.successes(y, n, join=arguments.groups)
        counts = np.ones(1) if counts is None else arguments.whole_numbers("counts", counts)
        y, n, counts = arguments.groups(y=y, n=n, counts=counts)
        columns = [_distinct(values.astype(np.int64), counts) for values in (y, n - y, n)]
        parts = blocks(y.size if with_spread else 0, _COLUMNS)
        found = columns, [Spread.of(y[some], n[some], counts[some]) for some in parts]
    columns, spreads = found
    return _tail_counts(*columns, spread=reduce(Spread.joined, spreads) if with_spread else None)


def _fast_columns(y, n, with_spread=False):
    """Distinct values of y, n - y and n with their numbers, in one pass over integer arrays; None for anything else.

    And the `Spread` of each block of rows, if that is asked for. Rows that are not 0 <= y <= n also give None: the
    careful path then says which row it is.
    """
    y, n = arguments.plain("y", y), arguments.plain("n", n)
    if y.dtype.kind not in "iu" or n.dtype.kind not in "iu" or y.shape != n.shape or y.ndim != 1 or y.size == 0:
        return None
    histograms, spreads = np.zeros((3, 1), dtype=np.int64), []
    for some in blocks(y.size, _COLUMNS):
        successes, trials = (values[some].astype(np.int64, copy=False) for values in (y, n))
        if max(successes.max(), trials.max()) >= _HISTOGRAM:
            return None
        try:
            new = [np.bincount(_places(values)) for values in (successes, trials - successes, trials)]
        except ValueError:  # a negative number
            return None
        if new[2].size > histograms.shape[1]:
            histograms = np.pad(histograms, ((0, 0), (0, new[2].size - histograms.shape[1])))
        for histogram, counted in zip(histograms, new, strict=True):
            histogram[: counted.size] += counted
        if with_spread:
            spreads.append(Spread.of(successes, trials))
    return [(np.flatnonzero(histogram), histogram[histogram > 0].astype(float)) for histogram in histograms], spreads


def unchecked_rows(y, n) -> tuple[NDArray[Any], ...]:
    """One row a group: integer arrays as they are, to be checked block by block; all else checked, as floats."""
    if not all(type(each) is np.ndarray and each.dtype.kind in "iu" for each in (y, n)):
        y, n = arguments.successes(y, n, join=arguments.groups)
    return arguments.groups(y=y, n=n)


def _places(values):
    """Whole numbers as NumPy counts and repeats with them, which has 32 bits where a pointer has (in a browser)."""
    return values.astype(np.intp, copy=False)


def _distinct(values, counts):
    distinct, where = np.unique(values, return_inverse=True)
    number = np.bincount(where, weights=counts)
    return distinct[number > 0], number[number > 0]


def _above(column, edges):
    """How many groups of a column lie above each edge."""
    values, number = column
    remaining = np.append(np.cumsum(number[::-1])[::-1], 0.0)
    return remaining[np.searchsorted(values, edges, side="right")]


def _above_each(column, largest):
    """How many groups of a column lie above each k = 0, 1, ..., largest - 1."""
    values, number = column
    each = np.zeros(largest + 1)
    each[values] = number
    return np.cumsum(each[:0:-1])[::-1]


def _at_zero(column):
    values, number = column
    return float(np.sum(number[values == 0]))


def _tail_counts(y, f, n, spread):
    largest = int(n[0].max(initial=0))
    if largest <= _DENSE * (y[0].size + f[0].size + n[0].size):
        k = np.arange(float(largest))
        y_above, f_above, n_above = (_above_each(column, largest) for column in (y, f, n))
    else:
        powers = 2.0 ** np.arange(np.log2(_SMOOTH), 63)  # as far as 64-bit integers go
        edges = np.unique(np.concatenate([[0], y[0], f[0], n[0], powers[powers < largest]]).astype(np.int64))
        above = [_above(column, edges[:-1]) for column in (y, f, n)]
        k, weight, gap = _nodes(edges[:-1], edges[1:])
        y_above, f_above, n_above = (weight * column[gap] for column in above)
    empty = _at_zero(n)
    return TailCounts(
        k=k,
        y=y_above,
        f=f_above,
        between=n_above - f_above,
        surplus=_surplus(y_above - n_above + f_above),
        groups=float(np.sum(n[1])) - empty,
        trials=float(np.sum(n[0] * n[1])),
        successes=float(np.sum(y[0] * y[1])),
        no_success=_at_zero(y) - empty,
        no_failure=_at_zero(f) - empty,
        largest=float(largest),
        spread=spread,
    )


def _surplus(net):
    """Cumulative sums of numbers whose sum is 0, from the nearer end: that side has the smaller rounding error."""
    from_left, from_right = np.cumsum(net)[:-1], -np.cumsum(net[::-1])[::-1][1:]
    size = np.cumsum(np.abs(net))
    return np.where(size[:-1] < size[-1:] / 2, from_left, from_right)


def _nodes(low, high):
    """Points k and weights w, so that the sum of w g(k) is the sum of g over low <= k < high; and each point's gap.

    g may have its poles at 0 or below. Then it is analytic in an ellipse around the gap, the sum of whose half-axes is
    rho times half the gap, and the error of Gauss's rule with p nodes falls as rho^(-2 p).
    """
    length = (high - low).astype(float)
    z = 1 + 2 * low / length
    needed = np.ceil(_DIGITS / (2 * np.log(z + np.sqrt(z**2 - 1) + (low == 0)))).astype(int)
    few = (low >= _SMOOTH) & (_WORTH * needed < length)
    each = _places((high - low)[~few])
    gap = np.repeat(np.flatnonzero(~few), each)
    k = [(np.arange(gap.size) - np.repeat(np.cumsum(each) - each - low[~few], each)).astype(float)]
    weight, gap = [np.ones(gap.size)], [gap]
    for number in np.unique(needed[few]):
        which = np.flatnonzero(few & (needed == number))
        points, weights = _gauss_sum(length[which], number)
        k.append((low[which, None] + points).ravel())
        weight.append(weights.ravel())
        gap.append(np.repeat(which, number))
    k, weight, gap = (np.concatenate(part) for part in (k, weight, gap))
    order = np.argsort(k, kind="stable")
    return k[order], weight[order], gap[order]


def _gauss_sum(length, number):
    """Gauss's rule with `number` nodes for the sum over 0, 1, ..., length - 1; one row a length.

    The orthogonal polynomials are the discrete Chebyshev (Gram) polynomials, whose recurrence is known in closed form;
    the nodes are the eigenvalues of its matrix, and the weights come from the eigenvectors (Golub & Welsch, 1969).
    """
    i = np.arange(1, number)
    beside = i * np.sqrt((1 - (i / length[:, None]) ** 2) / (4 * i**2 - 1.0))
    matrix = np.zeros((length.size, number, number))
    matrix[:, i, i - 1] = beside  # eigh reads the lower triangle
    nodes, vectors = np.linalg.eigh(matrix)
    nodes = (nodes - nodes[:, ::-1]) / 2  # the rule is symmetric, and rounding shall not spoil it
    weights = vectors[:, 0, :] ** 2
    weights = weights + weights[:, ::-1]
    weights *= length[:, None] / weights.sum(axis=1, keepdims=True)
    return (length[:, None] - 1) / 2 + length[:, None] / 2 * nodes, weights
