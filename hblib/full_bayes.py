"""What a full Bayesian analysis of either family returns: exact moments, and mixtures over the hyperparameters.

Each group's posterior is a mixture, over the nodes of a quadrature, of the family's posterior given the
hyperparameters. Means and standard deviations come from exact sums; intervals from the mixture's distribution
function; draws by drawing a node first.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hblib import checks


def mean_sd(weight, mean, variance=0.0):
    """Mean and standard deviation of a mixture of distributions with these means and variances."""
    centre = np.sum(weight * mean)
    return float(centre), float(np.sqrt(np.sum(weight * ((mean - centre) ** 2 + variance))))


@dataclass(frozen=True)
class Mixture:
    """Distributions indexed by group, mixed over nodes: `given(rows, nodes)` is the family's posterior on those."""

    mean: np.ndarray
    sd: np.ndarray
    weights: np.ndarray  # of the nodes
    given: Callable  # (rows, nodes) -> a distribution, rows and nodes broadcast against each other
    joint: Callable  # (nodes, rng) -> a joint draw of all groups for each node

    def cdf(self, x, rows=None):
        """P(theta_j <= x_j), for every group or for `rows` of them."""
        rows = np.arange(np.size(self.mean)) if rows is None else np.asarray(rows)
        x = np.broadcast_to(np.asarray(x, dtype=float), rows.shape)
        parts = self.given(rows[:, None], np.arange(self.weights.size)[None, :]).cdf(x[:, None])
        return np.clip(np.sum(self.weights * parts, axis=-1), 0, 1)  # the weights add up to 1 only nearly

    def interval(self, prob=0.95):
        """The central interval of every group, by bisection of the mixture's distribution function."""
        prob = checks.one("prob", prob, low=0)
        if prob >= 1:
            raise ValueError(f"prob must be below 1, but is {prob}")
        return self._quantile((1 - prob) / 2), self._quantile((1 + prob) / 2)

    def draws(self, size, rng):
        """`size` joint draws of all groups, shape (size, J): a node, then every group given that node."""
        return self.joint(rng.choice(self.weights.size, size=size, p=self.weights), rng)

    def _quantile(self, q):
        from scipy.optimize import elementwise

        rows = np.arange(np.size(self.mean))
        spread = np.maximum(self.sd, np.finfo(float).tiny) / np.sqrt(min(q, 1 - q))  # Cantelli's bound, and more
        bracket = self.mean - 1.001 * spread, self.mean + 1.001 * spread
        found = elementwise.find_root(
            lambda x, row: self.cdf(x, row.astype(int)) - q, bracket, args=(rows.astype(float),)
        )
        return found.x
