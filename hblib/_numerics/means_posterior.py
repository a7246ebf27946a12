"""The posterior of the Normal-Normal model over the nodes of tau: mu given tau, and the mixtures of mu and theta."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from hblib._numerics import units
from hblib._numerics.means_by_se import BySe
from hblib._numerics.mixture import Parts, Search, blocks, if_they_exist, mean_sd


def given_tau(by_se, tau, known):
    """log p(ybar | tau) with mu integrated out, and mean and variance of mu given tau; mu measured from the centre.

    A normal prior on mu, `known` = (mean, sd), acts like one more observation of mu. tau has one axis, or none.
    """
    tau = np.asarray(tau, dtype=float)
    parts = [_given_some_tau(by_se, tau.ravel()[some], known) for some in blocks(tau.size, by_se.variance.size)]
    return tuple(np.concatenate(column).reshape(tau.shape) for column in zip(*parts, strict=True))


def _given_some_tau(by_se, tau, known):
    here = by_se.at(tau**2)
    precision, best = here.total, here.mu
    log_p = by_se.log_likelihood_at(here, restricted=known is None)
    if known is None:
        return log_p, best, 1 / precision
    m, s = known  # log_p is that at the best mu; precision may be 0, without data
    growth = 1 + precision * s**2
    log_p = log_p - np.log(growth) / 2 - precision * (best - m) ** 2 / (2 * growth)
    return log_p, (precision * best + m / s**2) / (precision + 1 / s**2), 1 / (precision + 1 / s**2)


@dataclass(frozen=True)
class TauDensity:
    """The posterior density of tau, up to the evidence, and mu given tau; both in the caller's unit."""

    by_se: BySe  # in the unit
    unit: float
    log_prior: Callable
    known: tuple | None  # mean and sd of a normal prior on mu, in the unit and measured from the centre

    @classmethod
    def of(cls, ybar, se, counts, log_prior, known):
        typical = np.median(se) if se.size else known[1]
        unit = units.near(typical)  # squares of se stay far from the ends of the doubles
        by_se = BySe.of(ybar / unit, se / unit, counts)
        if known is not None:
            known = known[0] / unit - by_se.centre, known[1] / unit
        return cls(by_se, unit, log_prior, known)

    @property
    def freedom(self):
        """How many estimates the likelihood of tau rests on: a flat mu takes one."""
        return self.by_se.groups - (self.known is None)

    def __call__(self, tau):
        tau = np.asarray(tau, dtype=float)
        return self.log_prior(tau) + self._given(tau)[0] - self.freedom * np.log(self.unit)

    def mu_given(self, tau):
        """Mean and standard deviation of the normal mu given each tau."""
        _, mean, variance = self._given(tau)
        return (mean + self.by_se.centre) * self.unit, np.sqrt(variance) * self.unit

    def nodes(self, tau, weight):
        _, mu_hat, mu_variance = self._given(tau)
        return TauNodes(self._scaled(tau), weight, mu_hat, mu_variance, self.by_se.centre, self.unit)

    def _given(self, tau):
        return given_tau(self.by_se, self._scaled(tau), self.known)

    def _scaled(self, tau):
        return np.minimum(tau / self.unit, 1e150)  # beyond, the likelihood has fallen to nothing


class TauNodes(NamedTuple):
    """The nodes of tau, and mu's mean and variance given each; all in the unit, and mu measured from the centre."""

    tau: np.ndarray
    weight: np.ndarray
    mu_hat: np.ndarray
    mu_variance: np.ndarray
    centre: float
    unit: float

    def out(self, value):
        """What was measured from the centre, in the unit, in the caller's numbers."""
        return (value + self.centre) * self.unit

    def draw(self, number, rng):
        """Nodes drawn by their weights."""
        return rng.choice(self.weight.size, size=number, p=self.weight)


def mu_parts(nodes, tail):
    """That of mu; tail says how the density of tau falls, and so which moments exist."""
    return _one_parts(nodes, nodes.mu_variance, tail)


def new_group_parts(nodes, tail):
    """That of theta of a group not seen yet."""
    return _one_parts(nodes, nodes.mu_variance + nodes.tau**2, tail)


def _one_parts(nodes, variance, tail):
    """The mixture of N(mu_hat, variance)."""
    mean, sd = if_they_exist(mean_sd(nodes.weight, nodes.mu_hat, variance), tail)
    one = _One(nodes, nodes.out(nodes.mu_hat), np.sqrt(variance) * nodes.unit)
    return _parts(np.array([nodes.out(mean)]), np.array([sd * nodes.unit]), one)


@dataclass(frozen=True)
class _One:
    """mu, or theta of a new group: normal given the node."""

    nodes: TauNodes
    location: np.ndarray
    scale: np.ndarray

    def given(self, which):
        return np.broadcast_to(self.location, (which.size, self.location.size)), self.scale

    def joint(self, number, rng, which):
        at = self.nodes.draw(number, rng)
        return np.repeat(rng.normal(self.location[at], self.scale[at])[:, None], which.size, axis=1)


def group_parts(nodes, ybar, se, tail):
    """Every group's mixture."""
    y = np.where(np.isinf(se), 0.0, ybar / nodes.unit - nodes.centre)
    groups = _Groups(nodes, y, se / nodes.unit)
    mean, sd = groups.moments()
    without_data = [np.where(np.isinf(se), value, 0.0) for value in if_they_exist((0.0, 0.0), tail)]
    return _parts(nodes.out(mean + without_data[0]), (sd + without_data[1]) * nodes.unit, groups)


@dataclass(frozen=True)
class _Groups:
    """theta_j given tau: normal, and linear in y_j. y is measured from the centre, and all are in the unit."""

    nodes: TauNodes
    y: np.ndarray
    se: np.ndarray

    def pull(self, se):
        """1 - kappa for each se and node, the weight of mu; 1 for a group without data."""
        return 1 / (1 + (self.nodes.tau / se[:, None]) ** 2)

    def moments(self):
        """Means and standard deviations: as theta_j is linear in y_j, a few sums for each distinct se do."""
        tau, weight, mu_hat, mu_variance = self.nodes[:4]
        distinct, which = np.unique(self.se, return_inverse=True)
        sums = np.empty((5, distinct.size))
        for some in blocks(distinct.size, tau.size):
            pull = self.pull(distinct[some])
            slope, base = pull @ weight, pull @ (weight * mu_hat)
            d_slope, d_base = slope[:, None] - pull, pull * mu_hat - base[:, None]
            rest = pull * tau**2 + pull**2 * mu_variance
            squares = (rest + d_base**2) @ weight, (2 * d_slope * d_base) @ weight, d_slope**2 @ weight
            sums[:, some] = slope, base, *squares
        slope, base, *squares = sums[:, which]
        mean = self.y + (base - slope * self.y)
        return mean, np.sqrt(squares[0] + self.y * (squares[1] + self.y * squares[2]))

    def given(self, which):
        pull, y = self.pull(self.se[which]), self.y[which, None]
        location = y + pull * (self.nodes.mu_hat - y)
        scale = np.sqrt(pull * self.nodes.tau**2 + pull**2 * self.nodes.mu_variance)
        return self.nodes.out(location), scale * self.nodes.unit

    def joint(self, number, rng, which):
        """The groups share the tau and the mu of a draw."""
        at = self.nodes.draw(number, rng)
        tau = self.nodes.tau[at, None]
        mu = rng.normal(self.nodes.mu_hat[at], np.sqrt(self.nodes.mu_variance)[at])[:, None]
        to_mu = 1 / (1 + (tau / self.se[which]) ** 2)
        location = self.y[which] + to_mu * (mu - self.y[which])
        return self.nodes.out(rng.normal(location, np.sqrt(to_mu) * tau))


def _parts(mean, sd, family):
    mixture = _NormalMixture(family.nodes.weight, family.given)
    return Parts(mean, sd, mixture.tail, mixture.log_density, mixture.search, family.joint)


@dataclass(frozen=True)
class _NormalMixture:
    """Mixtures whose parts have the locations and scales given(which), arrays of groups by nodes."""

    weight: np.ndarray
    given: Callable

    def tail(self, x, which, upper):
        level, sign = np.empty(which.size), -1 if upper else 1
        for some in blocks(which.size, self.weight.size):
            location, scale = self.given(which[some])
            level[some] = np.sum(special.ndtr(sign * (x[some, None] - location) / scale) * self.weight, axis=-1)
        return level

    def log_density(self, x, which):
        value = np.empty(which.size)
        for some in blocks(which.size, self.weight.size):
            location, scale = self.given(which[some])
            z = (x[some, None] - location) / scale
            terms = np.log(self.weight) - z**2 / 2 - np.log(np.sqrt(2 * np.pi) * scale)
            value[some] = special.logsumexp(terms, axis=-1)
        return value

    def search(self, z, which):
        """In v, where theta = location + scale sinh v of the likeliest node: the tails may be as long as they like."""
        likely, shape = int(self.weight.argmax()), (self.weight.size,)
        centre, unit, low, high = (np.empty(which.size) for _ in range(4))
        for some in blocks(which.size, self.weight.size):
            location, scale = (np.broadcast_to(part, (which[some].size, *shape)) for part in self.given(which[some]))
            parts = location + z[some, None] * scale  # the mixture's quantile is between its parts'
            centre[some], unit[some] = location[:, likely], scale[:, likely]
            low[some], high[some] = parts.min(axis=1), parts.max(axis=1)
        # A little wider, for rounding.
        low, high = (np.arcsinh((end - centre) / unit) + np.array(way) for end, way in ((low, -1e-6), (high, 1e-6)))
        order = np.argsort(which)

        def value(v, groups):  # of two quantiles of a group either place will do
            at = order[np.searchsorted(which, groups, sorter=order)]
            return centre[at] + unit[at] * np.sinh(v)

        start = np.arcsinh(z)
        return Search(value, start, np.cosh(start), low, high)
