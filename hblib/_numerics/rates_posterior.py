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

import numpy as np
from scipy import special

from hblib._numerics import arguments
from hblib._numerics.mixture import Mixture, Search, blocks, each
from hblib._numerics.rates_pmf import log_beta_density

STEP = 0.13  # of t
_FINEST = 8  # into how many a step may be cut for a narrow F
_NARROW = 0.05  # the b from which on F counts as a step
_SIGNIFICANT = 1e-14  # weights below this part of the largest do not count
_LOWEST = -700.0  # the smallest logit that a rate is looked for at: a quantile below is 0
_OFFSETS = np.arange(-17, 18) / 2  # nodes across a step, in its standard deviations
_NORMAL = np.exp(-(_OFFSETS**2) / 2) / np.sqrt(2 * np.pi) / 2  # a normal density there, times their distance


@dataclass(frozen=True)
class MuGivenSize:
    """The nodes: a row a size, a column a step of t."""

    size: np.ndarray
    weight: np.ndarray  # of the sizes
    centre: np.ndarray  # of logit mu, given the size
    width: np.ndarray
    given: np.ndarray  # the weights of mu's nodes given the size; each row sums to 1
    t: np.ndarray  # of the columns

    @functools.cached_property
    def mu(self):
        z = self.centre[:, None] + self.width[:, None] * np.sinh(self.t)
        return special.expit(np.clip(z, -300.0, 36.0))

    def cdf(self, x):
        """P(mu <= x), in the shape of x."""
        x = arguments.numbers("x", x, allow_inf=True)
        z = special.logit(np.clip(x, 1e-300, 1 - 1e-16)).ravel()
        level = np.empty(z.size)
        for i, z_i in enumerate(z):
            column = (np.arcsinh((z_i - self.centre) / self.width) - self.t[0]) / STEP
            steps = 0.5 + special.sici(np.pi * (column[:, None] - np.arange(self.t.size)))[0] / np.pi
            level[i] = self.weight @ (self.given * steps).sum(axis=1)
        return np.where(x <= 0, 0.0, np.where(x >= 1, 1.0, np.clip(level, 0, 1).reshape(x.shape)))[()]

    def quantile(self, probabilities):
        """Quantiles of mu, in the shape of `probabilities`."""
        from scipy import optimize

        def one(q):
            if q in (0, 1):
                return [q]
            root = optimize.brentq(lambda z: self.cdf(special.expit(z)) - q, -690.0, 36.0, xtol=1e-13, rtol=1e-14)
            return [special.expit(root)]

        return each(one, probabilities)


def mixture(nodes, mean, sd, y, n):
    """The `Mixture` of the posteriors Beta(mu size + y, (1 - mu) size + n - y), one row a group."""
    pairs = np.unique(np.stack([y, n]), axis=1, return_index=True, return_inverse=True)
    same = pairs[1][pairs[2].ravel()]
    points = functools.cache(lambda: _points(nodes))
    steps = functools.cache(lambda: _steps(nodes))

    def below(x, rows):
        mu, size, weight = points()
        level = np.zeros(rows.size)
        for some in blocks(rows.size, mu.size):
            at = rows[some]
            parts = special.betainc(mu * size + y[at, None], (1 - mu) * size + (n - y)[at, None], x[some, None])
            level[some] = np.sum(parts * weight, axis=-1)
        if steps() is not None:
            for some in blocks(rows.size, steps().size.size * _OFFSETS.size):
                level[some] += steps().below(x[some], y[rows[some]], n[rows[some]])
        return level

    def search(q, rows):
        """In the logit of theta, from the Beta distribution that has the mixture's mean and sd."""
        total = np.clip(mean[rows] * (1 - mean[rows]) / sd[rows] ** 2 - 1, 1e-3, 1e300)
        alpha, beta = mean[rows] * total, (1 - mean[rows]) * total
        with np.errstate(all="ignore"):
            theta = special.betaincinv(alpha, beta, q)
            start = special.logit(theta)
            slope = np.exp(log_beta_density(theta, alpha, beta)) * special.expit(start) * special.expit(-start)
            slope = slope / np.exp(-(special.ndtri(q) ** 2) / 2) * np.sqrt(2 * np.pi)
        start = np.where(np.isfinite(start), start, special.logit(mean[rows]))
        slope = np.where(np.isfinite(slope) & (slope > 0), slope, 1.0)
        return Search(
            lambda v, _: special.expit(v), start, slope, np.full(rows.size, _LOWEST), np.full(rows.size, 40.0)
        )

    def joint(size, rng):
        weight = (nodes.weight[:, None] * nodes.given).ravel()
        at = rng.choice(weight.size, size=size, p=weight / weight.sum())
        mu, prior_size = nodes.mu.ravel()[at], nodes.size[at // nodes.t.size]
        alpha, beta = (mu * prior_size)[:, None], ((1 - mu) * prior_size)[:, None]
        return rng.beta(alpha + y, beta + (n - y))

    return Mixture(mean, sd, below, search, joint, ends=(0.0, 1.0), same=same)


def _spread_of_step(nodes):
    """`b` for a group without data, for which it is smallest: in widths of logit mu, for every size. And logit's sd."""
    centre = special.expit(nodes.centre)
    sd = 1 / np.sqrt(nodes.size * centre * (1 - centre))
    return sd / nodes.width, sd


def _points(nodes):
    """mu, size and weight of the nodes that the Beta distributions are mixed over, flat; large sizes are left out."""
    b, _ = _spread_of_step(nodes)
    kept = (b >= _NARROW) & (nodes.weight > _SIGNIFICANT * nodes.weight.max())
    order = np.ceil(26 / np.log1p(b**2))
    order = np.where((order <= 16) & (nodes.width < 0.3), np.maximum(order, 3), 0).astype(int)
    parts = []
    for number in np.unique(order[kept & (order > 0)]):
        rows = kept & (order == number)
        mu, given = _gauss(nodes.mu[rows], nodes.given[rows], number)
        parts.append((mu, nodes.size[rows], nodes.weight[rows], given))
    finer = np.clip(2.0 ** np.ceil(np.log2(STEP / (0.33 * b))), 1, _FINEST).astype(int)
    for factor in np.unique(finer[kept & (order == 0)]):
        rows = kept & (order == 0) & (finer == factor)
        t, given = _refined(nodes.t, nodes.given[rows], factor)
        z = nodes.centre[rows, None] + nodes.width[rows, None] * np.sinh(t)
        parts.append((special.expit(np.clip(z, -300.0, 36.0)), nodes.size[rows], nodes.weight[rows], given))
    flat = [
        [np.broadcast_to(array, mu.shape).ravel() for array in (mu, size[:, None], weight[:, None] * given)]
        for mu, size, weight, given in parts
    ]
    mu, size, weight = (np.concatenate(column) for column in zip(*flat, strict=True)) if flat else np.zeros((3, 0))
    some = weight > _SIGNIFICANT * weight.max(initial=0)
    return mu[some], size[some], weight[some]


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
    b, sd = _spread_of_step(nodes)
    kept = (b < _NARROW) & (nodes.weight > _SIGNIFICANT * nodes.weight.max())
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
        skew=int(np.sum((nodes.weight * b**2 * sd)[order] > 1e-11)),
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
    skew: int  # for so many of the sizes, the first, it counts that the step is not quite a normal distribution's

    def below(self, x, y, n):
        """The part of these sizes in P(theta <= x), for rows with data y, n.

        As a function of logit mu, F falls from 1 to 0 about the mu that makes x the posterior mean, like a normal
        distribution function: the mean of that is the mean of mu's distribution function over the step; the rest of F
        is small and narrow.
        """
        size, x, y, n = self.size[:, None], x[:, None, None], y[:, None, None], n[:, None, None]
        at = np.clip(x + (x * n - y) / size, 1e-300, 1 - 1e-16)
        z, sd = special.logit(at), np.sqrt(x * (1 - x) / (size + n + 1)) * (1 + n / size) / (at * (1 - at))
        z = z + np.minimum(sd, 10.0) * _OFFSETS
        scaled = (z - self.centre[:, None]) / self.width[:, None]
        level, density = self._interpolated((np.arcsinh(scaled) - self.first) / STEP)
        whole = (_NORMAL * level).sum(axis=-1)
        some, z = np.s_[:, : self.skew], z[:, : self.skew]
        density = density[some] / (STEP * self.width[: self.skew, None] * np.sqrt(1 + scaled[some] ** 2))
        alpha, beta = special.expit(z) * size[: self.skew] + y, special.expit(-z) * size[: self.skew] + (n - y)
        odd = special.betainc(alpha, beta, np.broadcast_to(x, z.shape)) - special.ndtr(-_OFFSETS)
        whole[some] += (density * odd).sum(axis=-1) * sd[some][..., 0] / 2
        return np.sum(whole * self.weight, axis=-1)

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
