"""A distribution of a positive number from its density: Gauss's rule on panels between the nodes of a quadrature.

Between two neighbouring nodes of a quadrature that has settled, the density is a polynomial of low degree to nearly all
digits. Its integral is known there in closed form, so that the distribution function and its inverse cost no further
look at the density: ten thousand draws are as cheap as ten.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

_POINTS = 12  # of Gauss's rule on each panel


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
        """Edges of the panels, their lengths in log s, and the Legendre series of the probability from each's start."""
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
        part = legendre.legint(series, lbnd=-1, axis=1).T
        mass = 2 * series[:, 0]
        total = mass.sum()
        below = np.append(0.0, np.cumsum(mass))
        above = np.append(np.cumsum(mass[::-1])[::-1], 0.0)
        return edges, length[:, 0], part / total, mass / total, below / total, above / total

    def log_density(self, x):
        """log f(x), normalised; at the end 0 what it is at the first node."""
        inside = (x >= self.lower) & (x <= self.upper) & (x < np.inf)
        s = np.where(inside & (x > 0), x, self.nodes[0])
        with np.errstate(all="ignore"):
            value = self.log_f(s.ravel()).reshape(s.shape) - self.log_total
        return np.where(np.isnan(x), np.nan, np.where(inside & ~np.isnan(value), value, -np.inf))[()]

    def tail(self, x, upper):
        """P(X <= x), or P(X > x)."""
        edges, length, part, mass, below, above = self._table
        s = np.clip(np.where(np.isnan(x), edges[0], x), edges[0], edges[-1])
        at = np.clip(np.searchsorted(edges, s, side="right") - 1, 0, mass.size - 1)
        u = 2 * np.log1p((s - edges[at]) / edges[at]) / length[at] - 1
        inside = np.clip(legendre.legval(u, part[:, at], tensor=False), 0, mass[at])
        level = above[at + 1] + (mass[at] - inside) if upper else below[at] + inside
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
        edges, length, part, mass, below, above = self._table
        if upper:
            at = mass.size - np.searchsorted(above[::-1], p)
            rest = mass[np.clip(at, 0, mass.size - 1)] - (p - above[np.clip(at + 1, 0, mass.size)])
        else:
            at = np.searchsorted(below, p) - 1
            rest = p - below[np.clip(at, 0, mass.size)]
        at = np.clip(at, 0, mass.size - 1)
        u = _inverse(part[:, at], np.clip(rest, 0, mass[at]), mass[at])
        return edges[at] * np.exp(length[at] * (1 + u) / 2)


def _inverse(part, rest, mass):
    """The u between -1 and 1 at which the rising series `part`, one a column, is `rest`: Newton, kept in a bracket."""
    density = legendre.legder(part)
    low, high = np.full(rest.shape, -1.0), np.ones(rest.shape)
    with np.errstate(all="ignore"):
        u = np.where(mass > 0, 2 * rest / mass - 1, 0.0)
        for _ in range(60):
            off = legendre.legval(u, part, tensor=False) - rest
            low, high = np.where(off < 0, u, low), np.where(off < 0, high, u)
            new = u - off / legendre.legval(u, density, tensor=False)
            new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
            if np.all(np.abs(new - u) <= 4e-16):
                break
            u = new
    return u
