"""The prior's size and mean under full Bayes: the density of the size, and for each size the nodes of mu."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from hblib._numerics.mixture import blocks
from hblib._numerics.rates_counts import TailCounts
from hblib._numerics.rates_likelihood import LOGITS, log_likelihood, logit_mode
from hblib._numerics.rates_pmf import log_pmf
from hblib._numerics.rates_posterior import STEP, MuGivenSize

_FAR = 40  # sizes are tried from exp(-40) to exp(40) of the guess, a factor of e apart
_PEAK = 12.0  # in widths: there a normal peak has fallen to exp(-72), and nodes farther out are for the tails
_TAIL = 50.0  # of the tails what is below exp(-50) = 2e-22 is left out


@dataclass(frozen=True)
class SizeDensity:
    """The posterior density of the size, up to a constant: p(size) times the likelihood with mu integrated out."""

    data: TailCounts
    rows: np.ndarray | None  # as `few_rows` gives them
    log_prior: Callable
    log_sizes: np.ndarray  # sizes far apart, for which the peak of mu is known: where the search for others starts
    centres: np.ndarray
    narrowest: float  # of the peaks of mu there

    @classmethod
    def of(cls, data, rows, log_prior, guess):
        log_sizes = np.log(guess) + np.arange(-_FAR, _FAR + 1)
        centres, widths = logit_mode(data, np.exp(log_sizes))
        return cls(data, rows, log_prior, log_sizes, centres, widths.min())

    def __call__(self, size):
        return self.with_mu(size)[0]

    def with_mu(self, size):
        """The log density, and for each size what says how mu is distributed given it: centre, width, weights, t."""
        centre, width = self._mode(size)
        t, log_f = _nodes_of_mu(self.data, self.rows, size, centre, width, self.narrowest)
        top = log_f.max(axis=-1, keepdims=True)
        f = np.exp(log_f - top)
        total = f.sum(axis=-1, keepdims=True)
        return (np.log(total) + top)[:, 0] + self.log_prior(size), (centre, width, f / total, t + 0 * f)

    def mu_given(self, size):
        """How mu is distributed given each of the sizes, which weigh alike."""
        return MuGivenSize.of(size, np.full(size.size, 1 / size.size), self.with_mu(size)[1])

    def rough(self, size):
        """Laplace's approximation to it, which needs no nodes of mu."""
        centre, width = self._mode(size)
        mu, rest = special.expit(centre), special.expit(-centre)
        return log_likelihood(self.data, mu, 1 / size, rest) + np.log(width * mu * rest) + self.log_prior(size)

    def _mode(self, size):
        return logit_mode(self.data, size, start=np.interp(np.log(size), self.log_sizes, self.centres))


def _nodes_of_mu(data, rows, size, centre, width, narrowest):
    """Nodes t of mu for each size, by logit(mu) = centre + width sinh(t), and the log of p(y | mu, size) d mu there.

    The tails of logit mu fall at least as exp(-(1 + groups with a success) |z|) on the left, and with a failure on the
    right; that tells how far t must run.
    """
    reach = [_PEAK + _TAIL / (1 + data.groups - groups) / narrowest for groups in (data.no_success, data.no_failure)]
    t = np.arange(-np.arcsinh(reach[0]), np.arcsinh(reach[1]), STEP)
    log_f = np.empty((size.size, t.size))
    for some in blocks(size.size, t.size):
        z = np.clip(centre[some, None] + width[some, None] * np.sinh(t), *LOGITS)
        mu, rest, m = special.expit(z), special.expit(-z), size[some, None]
        inside = (z > LOGITS[0]) & (z < LOGITS[1])
        log_slope = np.where(inside, np.log(mu * rest * width[some, None] * np.cosh(t) * STEP), -np.inf)
        if rows is None:
            log_f[some] = log_slope + log_likelihood(data, mu, 1 / m, rest)
        else:
            log_f[some] = log_slope + sum(count * log_pmf(y_j, n_j, mu, rest, m) for y_j, n_j, count in rows.T)
    return t, log_f
