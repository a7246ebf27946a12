"""A Beta prior and y of n."""

import numpy as np
from scipy import stats

from hblib import beta_binomial

SETTINGS = [
    {"alpha": alpha, "beta": beta, "y": y, "n": n, "reach": reach}
    for alpha, beta, y, n, reach in (
        (5, 95, 2, 20, "0.2"),
        (5, 95, 200, 2000, "0.2"),
        (5, 95, 2, 20, "1"),
        (0.5, 0.5, 0, 0, "1"),
        (0.5, 100, 0, 1, "0.2"),
        (50, 50, 14, 14, "1"),
        (100, 0.5, 900, 2000, "1"),
        (2.5, 14, 4, 14, "1"),
        (1, 19, 0, 500, "0.2"),
    )
]


def expected(data, alpha, beta, y, n, reach):
    """The posterior, its mean as a weighted average, and the densities at 600 rates."""
    posterior = beta_binomial.posterior(y, n, alpha, beta)
    rates = (np.arange(600) + 0.5) / 600 * float(reach)
    densities = {
        "prior": stats.beta.pdf(rates, alpha, beta),
        "likelihood": stats.beta.pdf(rates, y + 1, n - y + 1),
        "posterior": stats.beta.pdf(rates, posterior.alpha, posterior.beta),
    }
    return densities | {"mean": posterior.mean(), "kappa": beta_binomial.shrinkage(n, alpha, beta)}
