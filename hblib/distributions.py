"""The two posterior families, each an array of distributions with the method names of SciPy's frozen ones.

SciPy answers `nan` for a normal of zero width, but complete pooling (tau = 0) is exactly that: a posterior that
sits on one point. Here it is an ordinary value. The classes need `scipy.special` only, which loads quickly.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from hblib._numerics import arguments
from hblib._numerics.rates_pmf import log_beta_density


class Distribution:
    """What both families share; a subclass gives mean(), std(), cdf(x) and ppf(q)."""

    def var(self):
        """The variance, the square of std()."""
        return self.std() ** 2

    def interval(self, prob=0.95):
        """The central interval: (lower, upper) with probability (1 - prob)/2 left out on each side."""
        tail = (1 - _probability("prob", prob)) / 2
        return self.ppf(tail), self.ppf(1 - tail)


@dataclass(frozen=True)
class Beta(Distribution):
    """Beta(alpha, beta), elementwise, for alpha, beta > 0.

    >>> print(Beta(7, 113).mean())
    0.058333333333333334
    """

    alpha: np.ndarray
    beta: np.ndarray

    def __post_init__(self):
        for name in ("alpha", "beta"):  # whatever the type they come in: float16 would overflow
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float)[()])

    def mean(self):
        return self.alpha / (self.alpha + self.beta)

    def std(self):
        total = self.alpha + self.beta
        mean = self.alpha / total
        return np.sqrt(mean * (self.beta / total) / (total + 1))

    def pdf(self, x):
        """The density; 0 outside 0 <= x <= 1, and infinite at an end where its parameter is below 1.

        In terms of the deviance of alpha and beta from (alpha + beta) x and (alpha + beta)(1 - x), as in `log_pmf`:
        differences of log Gamma functions would lose as many digits as alpha + beta has.
        """
        x, a, b = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (x, self.alpha, self.beta)))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inside = np.clip(x, 0, 1)
            density = np.exp(log_beta_density(inside, a, b))
        at_end = np.where(x == 0, a, b)  # the parameter that decides there
        other = np.where(x == 0, b, a)
        end = np.where(at_end < 1, np.inf, np.where(at_end == 1, other, 0.0))
        density = np.where((x == 0) | (x == 1), end, density)
        return np.where((x < 0) | (x > 1), 0.0, np.where(np.isnan(x), np.nan, density))[()]

    def cdf(self, x):
        return special.betainc(self.alpha, self.beta, np.clip(np.asarray(x, dtype=float), 0, 1))

    def ppf(self, q):
        return special.betaincinv(self.alpha, self.beta, _probability("q", q))

    def rvs(self, size=None, *, random_state):
        """Draws; `random_state` is a numpy Generator, or a seed (None: a new one each time), as in np.random."""
        return arguments.generator("random_state", random_state).beta(self.alpha, self.beta, size)


@dataclass(frozen=True)
class Normal(Distribution):
    """N(loc, scale^2), elementwise; scale = 0 is the point mass at loc.

    >>> print(*Normal(8.0, 0.0).interval(0.95))
    8.0 8.0
    """

    loc: np.ndarray
    scale: np.ndarray

    def __post_init__(self):
        for name in ("loc", "scale"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float)[()])

    def mean(self):
        return self.loc

    def std(self):
        return self.scale

    def pdf(self, x):
        """The density; infinite at the point itself and 0 elsewhere where scale = 0."""
        x = np.asarray(x, dtype=float)
        with np.errstate(all="ignore"):
            z = np.subtract(x, self.loc) / self.scale
            density = np.exp(-(z**2) / 2) / (np.sqrt(2 * np.pi) * self.scale)
        at_point = np.where(np.equal(x, self.loc), np.inf, 0.0)
        return np.where(np.equal(self.scale, 0), at_point, density)[()]

    def cdf(self, x):
        with np.errstate(divide="ignore", invalid="ignore"):
            smooth = special.ndtr(np.subtract(np.asarray(x, dtype=float), self.loc) / self.scale)
        return np.where(np.equal(self.scale, 0), np.greater_equal(x, self.loc), smooth)[()]

    def ppf(self, q):
        z = special.ndtri(_probability("q", q))
        with np.errstate(invalid="ignore"):
            return np.where(np.equal(self.scale, 0), self.loc, self.loc + self.scale * z)[()]

    def rvs(self, size=None, *, random_state):
        """Draws; `random_state` is a numpy Generator, or a seed (None: a new one each time), as in np.random."""
        return arguments.generator("random_state", random_state).normal(self.loc, self.scale, size)


def _probability(name, q):
    q = arguments.numbers(name, q, low=0)
    if (q > 1).any():
        raise ValueError(f"{name} must be a probability, at most 1, but is {q.max()}")
    return q
