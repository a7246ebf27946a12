"""A distribution of a positive number from its density: Gauss's rule on panels between the nodes of a quadrature.

Between two neighbouring nodes of a quadrature that has settled, the density is a polynomial of low degree to nearly all
digits. Its integral is known there in closed form, so that the distribution function and its inverse cost no further
look at the density: ten thousand draws are as cheap as ten.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre

_POINTS = 12  # of Gauss's rule on each panel


class _Table(NamedTuple):
    """The panels, in increasing order. On each u rises from -1 to 1, and log s with it, from edge to edge."""

    edges: np.ndarray  # one more than there are panels
    length: np.ndarray  # of each panel, in log s
    within: np.ndarray  # the probability from the panel's start up to u: a Legendre series in u, one a column
    mass: np.ndarray  # the probability of the panel
    below: np.ndarray  # the probability below each edge
    above: np.ndarray  # and above it


@dataclass(frozen=True)
class Panels:
    """The density f on lower < s < upper, nodes and breaks (see quadrature.integrate_scale), log of its integral."""

    log_f: Callable
    nodes: np.ndarray
    log_total: float
    lower: float
    upper: float
    breaks: np.ndarray

    @functools.cached_property
    def _table(self):
        ends = [end for end in (self.lower, self.upper) if 0 < end < np.inf]
        edges = np.unique(np.concatenate([self.nodes, self.breaks, ends]))
        length = np.log1p(np.diff(edges) / edges[:-1])[:, None]
        points, weight = legendre.leggauss(_POINTS)
        s = edges[:-1, None] * np.exp(length * (1 + points) / 2)
        with np.errstate(all="ignore"):
            value = np.exp(self.log_f(s.ravel()).reshape(s.shape) - self.log_total) * s * length / 2
        value = np.where(np.isnan(value), 0.0, value)
        degree = np.arange(_POINTS)
        series = (value * weight) @ legendre.legvander(points, _POINTS - 1) * (2 * degree + 1) / 2
        within = legendre.legint(series, lbnd=-1, axis=1).T
        mass = 2 * series[:, 0]
        total = mass.sum()
        below = np.append(0.0, np.cumsum(mass))
        above = np.append(np.cumsum(mass[::-1])[::-1], 0.0)
        return _Table(edges, length[:, 0], within / total, mass / total, below / total, above / total)

    def log_density(self, x):
        """log f(x), normalised; at the end 0 what it is at the first node."""
        inside = (x >= self.lower) & (x <= self.upper) & (x < np.inf)
        s = np.where(inside & (x > 0), x, self.nodes[0])
        with np.errstate(all="ignore"):
            value = self.log_f(s.ravel()).reshape(s.shape) - self.log_total
        return np.where(np.isnan(x), np.nan, np.where(inside & ~np.isnan(value), value, -np.inf))[()]

    def tail(self, x, upper):
        """P(X <= x), or P(X > x)."""
        table = self._table
        s = np.clip(np.where(np.isnan(x), table.edges[0], x), table.edges[0], table.edges[-1])
        at = np.clip(np.searchsorted(table.edges, s, side="right") - 1, 0, table.mass.size - 1)
        start, mass = table.edges[at], table.mass[at]
        u = 2 * np.log1p((s - start) / start) / table.length[at] - 1
        inside = np.clip(legendre.legval(u, table.within[:, at], tensor=False), 0, mass)
        level = table.above[at + 1] + (mass - inside) if upper else table.below[at] + inside
        return np.where(np.isnan(x), np.nan, np.clip(level, 0, 1))[()]

    def quantile(self, q, upper):
        """Where P(X <= x), or P(X > x), is q; from the nearer tail."""
        above = (q <= 0.5) == upper
        answer, p = np.empty(q.shape), np.minimum(q, 1 - q)
        for side in (False, True):
            some = above == side
            answer[some] = self._from_one_side(p[some], side)
        answer = np.where(p > 0, answer, np.where(above, self.upper, self.lower))
        return answer[()]

    def _from_one_side(self, p, upper):
        """Where the tail is p: first the panel, then the place in it."""
        table, number = self._table, self._table.mass.size
        if upper:
            at = number - np.searchsorted(table.above[::-1], p)
            rest = table.mass[np.clip(at, 0, number - 1)] - (p - table.above[np.clip(at + 1, 0, number)])
        else:
            at = np.searchsorted(table.below, p) - 1
            rest = p - table.below[np.clip(at, 0, number)]
        at = np.clip(at, 0, number - 1)
        u = _inverse(table.within[:, at], np.clip(rest, 0, table.mass[at]), table.mass[at])
        return table.edges[at] * np.exp(table.length[at] * (1 + u) / 2)


def _inverse(within, rest, mass):
    """The u from -1 to 1 at which the rising series `within`, one a column, is `rest`: Newton, kept in a bracket."""
    density = legendre.legder(within)
    low, high = np.full(rest.shape, -1.0), np.ones(rest.shape)
    with np.errstate(all="ignore"):
        u = np.where(mass > 0, 2 * rest / mass - 1, 0.0)
        for _ in range(60):  # so many halvings of (-1, 1) leave nothing between two doubles
            off = legendre.legval(u, within, tensor=False) - rest
            low, high = np.where(off < 0, u, low), np.where(off < 0, high, u)
            new = u - off / legendre.legval(u, density, tensor=False)
            new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
            if np.all(np.abs(new - u) <= 4e-16):  # two roundings of a number near 1
                break
            u = new
    return u
