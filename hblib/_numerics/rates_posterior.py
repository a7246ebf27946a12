"""The posterior of a rate under full Bayes: Beta distributions, mixed over the mean mu and the size of their prior.

For each node of the size, mu is known at equal steps of t, logit(mu) = centre + width sinh(t). Its density in t is
analytic and falls fast on both sides, so that sinc interpolation between the steps is exact to all digits (Stenger
1993, Numerical Methods Based on Sinc and Analytic Functions), and so is its integral up to any point.

A group's distribution function given the size is the mean over mu of F(x | mu, size), the Beta distribution's. How
many nodes of mu that takes depends on how fast F changes with mu, which it does within `b` posterior standard
deviations of mu. Much wider: a few nodes of a Gauss rule. Narrower than the steps: finer steps. A size so large that
F is all but a step, from 1 to 0 where mu = x: then the distribution function of mu is averaged over that step.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from hblib._numerics.mixture import Parts, Search, blocks, mean_sd
from hblib._numerics.rates_likelihood import LOGITS
from hblib._numerics.rates_pmf import log_beta_density

STEP = 0.13  # of t
_FINEST = 8  # into how many a step may be cut for a narrow F
_NARROW = 0.05  # below this b F counts as a step
_WIDE = 0.4  # widths of logit mu: a step with so large a standard deviation is none
_NEARLY_NORMAL = 0.5, 0.05  # and below this one if the step is, in logits, so narrow that F is smooth across it
_SIGNIFICANT = 1e-14  # weights below this part of the largest do not count
_LOWEST = -700.0  # the smallest logit that a rate is looked for at: a quantile below is 0
_GAP = 0.75  # between nodes across a step, in its standard deviations
_OFFSETS = _GAP * np.arange(-11, 12)
_FAR = 45.0  # a tail below exp(-45) is looked at only where the answer is not far larger
_RARE = 1e-5  # such an answer
_NOT_SMALL, _NOT_STEEP = 0.01, 1e5  # an x, and a size alpha + beta, with which 1 - x keeps 12 digits of an upper tail
_ENOUGH = 26  # times 1/log(1 + b^2), nodes of a Gauss rule: half of them leave errors of 1e-10, twice as many 1e-15
_LEAST, _MOST = 3, 16  # such nodes; where it would take more, the steps of t do it as exactly
_NARROW_MU = 0.3  # width of logit mu up to which a Gauss rule is taken; 0.03 and 3 change probabilities by 1e-15 only
_PER_B = 0.33  # a finer step, in b: the finest, STEP / _FINEST, then does down to `_NARROW`; with 1, errors reach 1e-6
_ROUGHLY = 1e-5  # weights below this part of the largest do not count in a search's first steps, which need 2 digits
# weight b^2 sd, about what a skewness changes, below which it is not corrected: 1e-9 changes probabilities by 1e-12
_SKEW = 1e-11
_NEAR = 0.1  # standard normal units off a quantile: near enough to start the exact search from there
_HIGHEST = 40.0  # the largest logit of a rate: beyond 37 it is 1 in doubles
_WIDEST = 10.0  # sd in logits that a step's is cut to; so wide a one `below` computes otherwise
_ROUGH_STEPS = 3  # towards a quantile, before the exact ones
_INVERSES = special.betaincinv, special.betainccinv
_NORMAL = np.exp(-(_OFFSETS**2) / 2) / np.sqrt(2 * np.pi) * _GAP  # a normal density there, times their distance


@dataclass(frozen=True)
class MuGivenSize:
    """The nodes: a row a size, a column a step of t."""

    size: np.ndarray
    weight: np.ndarray  # of the sizes
    centre: np.ndarray  # of logit mu, given the size
    width: np.ndarray
    given: np.ndarray  # the weights of mu's nodes given the size; each row sums to 1
    t: np.ndarray  # of the columns

    @classmethod
    def of(cls, size, weight, arrays):
        """From what `SizeDensity.with_mu` gives beside the density."""
        centre, width, given, t = arrays
        return cls(size, weight, centre, width, given, t[0])

    @functools.cached_property
    def moments(self):
        """Mean and variance of mu given each size."""
        mean = (self.given * self.mu).sum(axis=-1)
        return mean, (self.given * (self.mu - mean[:, None]) ** 2).sum(axis=-1)

    def flat(self):
        """mu, size and weight of all the nodes."""
        parts = self.mu, self.size[:, None], self.weight[:, None] * self.given
        return (np.broadcast_to(part, self.mu.shape).ravel() for part in parts)

    @functools.cached_property
    def mu(self):
        z = self.centre[:, None] + self.width[:, None] * np.sinh(self.t)
        return special.expit(np.clip(z, *LOGITS))

    def tail(self, x, which, upper):
        """P(mu <= x), or P(mu > x), for 0 <= x < 1 on one axis; there is but one mu."""
        sign, level = (-1 if upper else 1), np.empty(x.size)
        for i, column in enumerate(self._columns(x)):
            steps = 0.5 + sign * special.sici(np.pi * (column[:, None] - np.arange(self.t.size)))[0] / np.pi
            level[i] = self.weight @ (self.given * steps).sum(axis=1)
        return level

    def log_density(self, x, which):
        """The log density of mu at 0 <= x <= 1 on one axis."""
        density = np.zeros(x.size)
        for i, column in enumerate(self._columns(x)):
            stretch = STEP * self.width * np.cosh(self.t[0] + STEP * column)
            given = (self.given * np.sinc(column[:, None] - np.arange(self.t.size))).sum(axis=1)
            density[i] = self.weight @ np.where((column > -0.5) & (column < self.t.size - 0.5), given / stretch, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(np.maximum(density, 0)) - np.log(x) - np.log1p(-x)
        return np.where((x > 0) & (x < 1), value, -np.inf)

    def _columns(self, x):
        """For each x the column, a fraction, where its logit stands in each row."""
        for z in special.logit(np.clip(x, 1e-300, 1 - 1e-16)):
            yield (np.arcsinh((z - self.centre) / self.width) - self.t[0]) / STEP

    def draws(self, number, rng):
        """Draws of (size, mu): a node of the size, and mu given it."""
        row = rng.choice(self.size.size, size=number, p=self.weight / self.weight.sum())
        return self.size[row], self._mu_in(row, rng)

    def joint(self, number, rng, which):
        """Draws of mu, the same for all of `which`."""
        return np.repeat(self.draws(number, rng)[1][:, None], which.size, axis=1)

    def one_each(self, rng):
        """A draw of mu given each of the sizes."""
        return self._mu_in(np.arange(self.size.size), rng)

    def _mu_in(self, row, rng):
        """Draws of mu given the sizes of these rows, from a fine histogram in t."""
        t, density = self._fine
        column = np.empty(row.size)
        for i in np.unique(row):
            some, below = row == i, np.cumsum(density[i])
            column[some] = np.searchsorted(below, rng.uniform(size=some.sum()) * below[-1])
        at = t[0] + (column + rng.uniform(-0.5, 0.5, row.size)) * (t[1] - t[0])
        z = self.centre[row] + self.width[row] * np.sinh(at)
        return special.expit(np.clip(z, *LOGITS))

    @functools.cached_property
    def _fine(self):
        return _refined(self.t, self.given, _FINEST)


def mu_parts(nodes):
    """The `Parts` of mu itself, as of one group."""
    mean, sd = (np.array([each]) for each in mean_sd(nodes.weight, *nodes.moments))
    search = functools.partial(_search, mean, sd)
    return Parts(mean, sd, nodes.tail, nodes.log_density, search, nodes.joint, ends=(0.0, 1.0))


def _search(mean, sd, z, which):
    """Where to look in the logit of the rate: about the Beta distribution that has the mixture's mean and sd."""
    total = np.clip(mean[which] * (1 - mean[which]) / sd[which] ** 2 - 1, 1e-3, 1e300)
    alpha, beta = mean[which] * total, (1 - mean[which]) * total
    with np.errstate(all="ignore"):
        of_lower, of_upper = (find(alpha, beta, special.ndtr(-np.abs(z))) for find in _INVERSES)
        x = np.where(z <= 0, of_lower, of_upper)
        start = special.logit(x)
        slope = np.exp(log_beta_density(x, alpha, beta)) * special.expit(start) * special.expit(-start)
        slope = slope / np.exp(-(z**2) / 2) * np.sqrt(2 * np.pi)
    start = np.where(np.isfinite(start), start, special.logit(mean[which]))
    slope = np.where(np.isfinite(slope) & (slope > 0), slope, 1.0)
    low, high = np.full(which.size, _LOWEST), np.full(which.size, _HIGHEST)
    return Search(lambda v, _: special.expit(v), start, slope, low, high)


def _closer_search(mean, sd, rough_tail, z, which):
    """The same, started where the quantile is by a `rough_tail`, which costs little."""
    value, start, slope, low, high = _search(mean, sd, z, which)
    upper = bool(np.all(z > 0))  # they are all on one side of the median
    v, steep = start, slope
    score = last_v = last_score = np.full(which.size, np.nan)
    for _ in range(_ROUGH_STEPS):
        with np.errstate(all="ignore"):
            score = (-1 if upper else 1) * special.ndtri(rough_tail(value(v, which), which, upper)) - z
            secant = (score - last_score) / (v - last_v)
            steep = np.where(np.isfinite(secant) & (secant > 0), secant, steep)
            last_v, last_score, v = v, score, np.clip(v - score / steep, low, high)
    arrived = (np.abs(score) < _NEAR) & np.isfinite(v)
    return Search(value, np.where(arrived, v, start), np.where(arrived, steep, slope), low, high)


def group_parts(nodes, y, n):
    """The `Parts` of every group's rate."""
    first, variance = nodes.moments
    mean, sd = _theta_moments(y, n, nodes.weight, nodes.size, first, first**2 + variance)
    return _theta_parts(nodes, mean, sd, y, n)


def new_group_parts(nodes):
    """Those of the rate of a group not seen yet, the only one."""
    return group_parts(nodes, np.zeros(1), np.zeros(1))


def _theta_parts(nodes, mean, sd, y, n):
    """The `Parts` of the posteriors Beta(mu size + y, (1 - mu) size + n - y), one a group."""
    _, first, which = np.unique(np.stack([y, n]), axis=1, return_index=True, return_inverse=True)
    rates = _Rates(nodes, y, n)
    search, same = functools.partial(_closer_search, mean, sd, rates.rough_tail), first[which.ravel()]
    return Parts(mean, sd, rates.tail, rates.log_density, search, rates.joint, ends=(0.0, 1.0), same=same)


def _theta_moments(y, n, weight, size, first, second):
    """Mean and SD of every theta_j from sums over the sizes; `first` and `second` are the moments of mu given the size.

    Given mu and the size, theta_j has mean r + share (mu - r) with r = y/n and share = size/(size + n): quadratic forms
    in r, with the same sums for all groups of one n.
    """
    distinct, which = np.unique(n, return_inverse=True)
    powers = np.stack([weight, weight * first, weight * second], axis=1)
    sums = np.empty((11, distinct.size))
    a, q, c, d = sums[:2], sums[2:5], sums[5:8], sums[8:]
    for some in blocks(distinct.size, size.size):
        share = size / (size + distinct[some, None])
        # given mu and size theta's variance is its mean (1 - mean) times this
        noise = 1 / (size + distinct[some, None] + 1)
        a[:, some] = (share @ powers[:, :2]).T
        q[:, some] = (share**2 @ powers).T
        c[0, some] = noise @ weight
        c[1:, some] = ((noise * share) @ powers[:, :2]).T
        d[:, some] = ((noise * share**2) @ powers).T
    a0, a1, q0, q1, q2, c0, c1, c2, d0, d1, d2 = sums[:, which]
    r = np.divide(y, n, out=np.zeros(y.size), where=n > 0)
    shift = a1 - r * a0
    within = r * (1 - r) * c0 + (1 - 2 * r) * (c2 - r * c1) - (d2 - 2 * r * d1 + r**2 * d0)
    between = q2 - 2 * r * q1 + r**2 * q0 - shift**2
    return r + shift, np.sqrt(within + np.maximum(between, 0))


class _Points(NamedTuple):
    """The nodes that the Beta distributions are mixed over, flat."""

    mu: np.ndarray
    size: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class _Rates:
    """The posterior of each group's rate: a mixture over the points, and over the sizes for which it is all but mu."""

    nodes: MuGivenSize
    y: np.ndarray
    n: np.ndarray

    @functools.cached_property
    def points(self):
        return _points(self.nodes)

    @functools.cached_property
    def steps(self):
        return _steps(self.nodes)

    @functools.cached_property
    def _mu_moments(self):
        """Size, weight, mean and variance of mu given it; sizes that hardly count are left out."""
        some = self.nodes.weight > _ROUGHLY * self.nodes.weight.max()
        mu, given, weight = self.nodes.mu[some], self.nodes.given[some], self.nodes.weight[some]
        mean = (given * mu).sum(axis=1)
        variance = (given * (mu - mean[:, None]) ** 2).sum(axis=1)
        return self.nodes.size[some], weight / weight.sum(), mean, variance

    def rough_tail(self, x, which, upper):
        """`tail`, where theta given the size is taken for the Beta distribution with its mean and variance."""
        size, weight, mu, variance = self._mu_moments
        level = np.empty(which.size)
        for some in blocks(which.size, size.size):
            y, n = self.y[which[some], None], self.n[which[some], None]
            mean, between = (mu * size + y) / (size + n), (size / (size + n)) ** 2 * variance
            theta_variance = (mean * (1 - mean) - between) / (size + n + 1) + between
            total = mean * (1 - mean) / theta_variance - 1
            level[some] = _mixed_tails(x[some], mean * total, (1 - mean) * total, weight, upper, _FAR)
        return level

    @functools.cached_property
    def total(self):
        """Of the weights: 1, but for their rounding and for what was left out."""
        return np.sum(self.points.weight) + (0.0 if self.steps is None else np.sum(self.steps.weight))

    def tail(self, x, which, upper):
        level = np.zeros(which.size)
        for some in blocks(which.size, self.points.weight.size):
            level[some] = self._tail_of_points(x[some], which[some], upper)
        for some in self._blocks_of_steps(which):
            below = self.steps.below(x[some], self.y[which[some]], self.n[which[some]])
            level[some] += np.sum(self.steps.weight) - below if upper else below
        return level / self.total

    def log_density(self, x, which):
        value, inner = np.full(which.size, -np.inf), np.clip(x, 1e-300, 1 - 1e-16)
        with np.errstate(all="ignore"):
            for some in blocks(which.size, self.points.weight.size):
                value[some] = self._log_density_of_points(x[some], inner[some], which[some])
            for some in self._blocks_of_steps(which):
                more = np.log(self.steps.density_at(inner[some], self.y[which[some]], self.n[which[some]]))
                value[some] = np.where((x[some] > 0) & (x[some] < 1), np.logaddexp(value[some], more), value[some])
        return value - np.log(self.total)

    def joint(self, number, rng, which):
        size, mu = self.nodes.draws(number, rng)
        alpha, beta = (mu * size)[:, None] + self.y[which], ((1 - mu) * size)[:, None] + (self.n - self.y)[which]
        return rng.beta(alpha, beta)

    def _beta(self, which):
        """alpha and beta of these groups, a column a point."""
        mu, size, _ = self.points
        return mu * size + self.y[which, None], (1 - mu) * size + (self.n - self.y)[which, None]

    def _tail_of_points(self, x, which, upper):
        """The part of the points: where it is not small, the tails that cannot count are taken as 0 and 1."""
        (alpha, beta), weight = self._beta(which), self.points.weight
        level = _mixed_tails(x, alpha, beta, weight, upper, _FAR)
        rare = level < _RARE
        if rare.any():
            level[rare] = _mixed_tails(x[rare], alpha[rare], beta[rare], weight, upper, np.inf)
        return level

    def _log_density_of_points(self, x, inner, which):
        """The part of the points; at the ends 0 and 1 it is infinite where the least parameter is below 1."""
        alpha, beta = self._beta(which)
        parts = log_beta_density(np.broadcast_to(inner[:, None], alpha.shape), alpha, beta) + np.log(self.points.weight)
        value = special.logsumexp(parts, axis=-1) if parts.size else np.full(which.size, -np.inf)
        least = np.where(x == 0, *(np.min(part, axis=-1, initial=np.inf) for part in (alpha, beta)))
        return np.where((x == 0) | (x == 1), np.where(least < 1, np.inf, -np.inf), value)

    def _blocks_of_steps(self, which):
        return [] if self.steps is None else blocks(which.size, self.steps.size.size * _OFFSETS.size)


def _sd_of_step(nodes):
    """`b` for a group without data, for which it is smallest: in widths of logit mu, for every size. And logit's sd."""
    centre = special.expit(nodes.centre)
    sd = 1 / np.sqrt(nodes.size * centre * (1 - centre))
    return sd / nodes.width, sd


def _mixed_tails(x, alpha, beta, weight, upper, far):
    """The mean over the columns of P(X <= x), or P(X > x), for X ~ Beta(alpha, beta); a tail below exp(-far) is 0.

    A tail that begins beyond the mean is at most exp(-deviance) (Chernoff's bound, for the ratio of two Gamma
    variables), which costs a fraction of its own computation.
    """
    x = np.broadcast_to(x[:, None], alpha.shape)
    total = alpha + beta
    with np.errstate(all="ignore"):
        mean, rest = alpha / total, beta / total
        near = ~(special.xlogy(alpha, mean / x) + special.xlogy(beta, rest / (1 - x)) > far)
    part = ((mean > x) == upper).astype(float)
    part[near] = (upper_tail if upper else special.betainc)(alpha[near], beta[near], x[near])
    return np.sum(part * weight, axis=-1)  # the same sum for a row, whatever others there are


def upper_tail(alpha, beta, x):
    """P(X > x) for X ~ Beta(alpha, beta), as P(1 - X < 1 - x): SciPy computes the lower tail in a tenth of the time.

    Where rounding 1 - x would cost digits, because x is small or the density steep, by SciPy's upper tail.
    """
    exact = (x >= _NOT_SMALL) & (alpha + beta <= _NOT_STEEP)
    value = np.empty(x.shape)
    value[exact] = special.betainc(beta[exact], alpha[exact], 1 - x[exact])
    value[~exact] = special.betaincc(alpha[~exact], beta[~exact], x[~exact])
    return value


def _is_step(nodes):
    """Whether F is averaged as a step, for every size."""
    b, sd = _sd_of_step(nodes)
    return (b < _NARROW) | ((b < _NEARLY_NORMAL[0]) & (sd < _NEARLY_NORMAL[1]))


def _points(nodes):
    """mu, size and weight of the nodes that the Beta distributions are mixed over, flat; large sizes are left out."""
    b, _ = _sd_of_step(nodes)
    kept = ~_is_step(nodes) & (nodes.weight > _SIGNIFICANT * nodes.weight.max())
    order = np.ceil(_ENOUGH / np.log1p(b**2))
    order = np.where((order <= _MOST) & (nodes.width < _NARROW_MU), np.maximum(order, _LEAST), 0).astype(int)
    parts = []
    for number in np.unique(order[kept & (order > 0)]):
        rows = kept & (order == number)
        mu, given = _gauss(nodes.mu[rows], nodes.given[rows], number)
        parts.append((mu, nodes.size[rows], nodes.weight[rows], given))
    finer = np.clip(2.0 ** np.ceil(np.log2(STEP / (_PER_B * b))), 1, _FINEST).astype(int)
    for factor in np.unique(finer[kept & (order == 0)]):
        rows = kept & (order == 0) & (finer == factor)
        t, given = _refined(nodes.t, nodes.given[rows], factor)
        z = nodes.centre[rows, None] + nodes.width[rows, None] * np.sinh(t)
        parts.append((special.expit(np.clip(z, *LOGITS)), nodes.size[rows], nodes.weight[rows], given))
    flat = [
        [np.broadcast_to(array, mu.shape).ravel() for array in (mu, size[:, None], weight[:, None] * given)]
        for mu, size, weight, given in parts
    ]
    mu, size, weight = (np.concatenate(column) for column in zip(*flat, strict=True)) if flat else np.zeros((3, 0))
    some = weight > _SIGNIFICANT * weight.max(initial=0)
    return _Points(mu[some], size[some], weight[some])


def _gauss(mu, given, number):
    """Gauss's rule of `number` nodes for each row's discrete distribution (Golub & Welsch 1969), by Stieltjes's way."""
    centre = (given * mu).sum(axis=1, keepdims=True)
    scale = np.sqrt((given * (mu - centre) ** 2).sum(axis=1, keepdims=True))
    u = (mu - centre) / scale
    before, now = np.zeros(mu.shape), np.ones(mu.shape)  # orthonormal polynomials
    matrix, beside = np.zeros((mu.shape[0], number, number)), np.zeros((mu.shape[0], 1))
    for i in range(number):
        middle = (given * u * now**2).sum(axis=1, keepdims=True)
        matrix[:, i, i] = middle[:, 0]
        before, now = now, (u - middle) * now - beside * before
        beside = np.sqrt((given * now**2).sum(axis=1, keepdims=True))
        now = now / beside
        if i + 1 < number:
            matrix[:, i + 1, i] = beside[:, 0]  # eigh reads the lower triangle
    nodes, vectors = np.linalg.eigh(matrix)
    return centre + scale * nodes, vectors[:, 0, :] ** 2


def _refined(t, given, factor):
    """The nodes at 1/factor of the step, by sinc interpolation."""
    if factor == 1:
        return t, given
    column = np.arange((t.size - 1) * factor + 1) / factor
    between = np.sinc(column[:, None] - np.arange(t.size))
    return t[0] + STEP * column, np.maximum(given @ between.T, 0) / factor


def _steps(nodes):
    """The large sizes, for which F is all but a step; None if there are none that count."""
    b, sd = _sd_of_step(nodes)
    kept = _is_step(nodes) & (nodes.weight > _SIGNIFICANT * nodes.weight.max())
    if not kept.any():
        return None
    order = np.argsort(-nodes.weight * b**2 * sd * kept, kind="stable")[: kept.sum()]
    column = np.arange((nodes.t.size - 1) * _FINEST + 1) / _FINEST
    given, between = nodes.given[order], column[:, None] - np.arange(nodes.t.size)
    return _Steps(
        nodes.size[order],
        nodes.weight[order],
        nodes.centre[order],
        nodes.width[order],
        nodes.t[0],
        level=given @ (0.5 + special.sici(np.pi * between)[0] / np.pi).T,
        density=given @ np.sinc(between).T,
        mu=nodes.mu[order],
        given=given,
        skew=int(np.sum((nodes.weight * b**2 * sd)[order] > _SKEW)),
    )


@dataclass(frozen=True)
class _Steps:
    size: np.ndarray
    weight: np.ndarray
    centre: np.ndarray
    width: np.ndarray
    first: float  # t of the first column
    level: np.ndarray  # the distribution function of mu given the size, in 1/_FINEST of the columns
    density: np.ndarray  # its derivative by the (whole) column
    mu: np.ndarray  # the columns themselves
    given: np.ndarray
    skew: int  # for so many of the sizes, the first, it counts that the step is not quite a normal distribution's

    def below(self, x, y, n):
        """The part of these sizes in P(theta <= x), for groups with data y, n.

        As a function of logit mu, F falls from 1 to 0 about the mu that makes x the posterior mean, like a normal
        distribution function: the mean of that is the mean of mu's distribution function over the step; the rest of F
        is small and narrow.
        """
        data = x, y, n
        size, x, y, n = self.size[:, None], x[:, None, None], y[:, None, None], n[:, None, None]
        at = np.clip(x + (x * n - y) / size, 1e-300, 1 - 1e-16)
        z, sd = special.logit(at), np.sqrt(x * (1 - x) / (size + n + 1)) * (1 + n / size) / (at * (1 - at))
        wide = sd[..., 0] > _WIDE * self.width
        sd = np.minimum(sd, _WIDEST)
        z = z + sd * _OFFSETS
        scaled = (z - self.centre[:, None]) / self.width[:, None]
        level, density = self._interpolated((np.arcsinh(scaled) - self.first) / STEP)
        whole = (_NORMAL * level).sum(axis=-1)
        some, z = np.s_[:, : self.skew], z[:, : self.skew]
        density = density[some] / (STEP * self.width[: self.skew, None] * np.sqrt(1 + scaled[some] ** 2))
        alpha, beta = special.expit(z) * size[: self.skew] + y, special.expit(-z) * size[: self.skew] + (n - y)
        odd = special.betainc(alpha, beta, np.broadcast_to(x, z.shape)) - special.ndtr(-_OFFSETS)
        whole[some] += (density * odd).sum(axis=-1) * sd[some][..., 0] * _GAP
        whole[wide] = self._where_wide(*np.nonzero(wide), *data)
        return np.sum(whole * self.weight, axis=-1)

    def _where_wide(self, which, at, x, y, n):
        """`below` for pairs of a group and a size at which F is no step: there the columns as they are will do."""
        x, y, n, size, mu = x[which, None], y[which, None], n[which, None], self.size[at, None], self.mu[at]
        return np.sum(self.given[at] * special.betainc(mu * size + y, (1 - mu) * size + (n - y), x), axis=-1)

    def density_at(self, x, y, n):
        """The part of these sizes in the density of theta: the derivative of `below`.

        That of the few sizes whose step is not quite a normal distribution's is the integral of the Beta density.
        """
        size, x, y, n = self.size[:, None], x[:, None, None], y[:, None, None], n[:, None, None]
        at = np.clip(x + (x * n - y) / size, 1e-300, 1 - 1e-16)
        slope = (1 + n / size) / (at * (1 - at))  # of logit at
        raw_sd = np.sqrt(x * (1 - x) / (size + n + 1))
        sd = np.minimum(raw_sd * slope, _WIDEST)
        z = special.logit(at) + sd * _OFFSETS
        scaled = (z - self.centre[:, None]) / self.width[:, None]
        density = self._interpolated((np.arcsinh(scaled) - self.first) / STEP)[1]
        density = density / (STEP * self.width[:, None] * np.sqrt(1 + scaled**2))
        of_sd = slope * (1 - 2 * x) / (2 * (size + n + 1) * np.maximum(raw_sd, 1e-300)) - sd * slope * (1 - 2 * at)
        of_sd = np.where(sd < _WIDEST, of_sd, 0.0)
        whole = (_NORMAL * density * (slope + of_sd * _OFFSETS)).sum(axis=-1)
        some, z = np.s_[:, : self.skew], z[:, : self.skew]
        alpha, beta = special.expit(z) * size[: self.skew] + y, special.expit(-z) * size[: self.skew] + (n - y)
        given = np.exp(log_beta_density(np.broadcast_to(x, z.shape), alpha, beta))
        whole[some] = (density[some] * given).sum(axis=-1) * sd[some][..., 0] * _GAP
        return np.maximum(np.sum(whole * self.weight, axis=-1), 0)

    def _interpolated(self, column):
        """mu's distribution function and density at these columns, by Hermite's cubics between the finest steps."""
        place = np.clip(column * _FINEST, 0, self.level.shape[1] - 1)
        left = np.minimum(place.astype(int), self.level.shape[1] - 2)
        u, row = place - left, np.arange(self.size.size)[:, None]
        f0, f1 = self.level[row, left], self.level[row, left + 1]
        d0, d1 = self.density[row, left] / _FINEST, self.density[row, left + 1] / _FINEST
        rise, bend = f1 - f0, d0 + d1 - 2 * (f1 - f0)
        level = f0 + u * (d0 + u * (3 * rise - 2 * d0 - d1 + u * bend))
        slope = d0 + u * (2 * (3 * rise - 2 * d0 - d1) + 3 * u * bend)
        inside = place == column * _FINEST
        return level, np.where(inside, slope * _FINEST, 0.0)
