"""The data of the figure: twelve hospitals, and what the size of the prior makes of its mean."""

import numpy as np
from scipy import optimize

from hblib import beta_binomial, datasets


def data():
    """The records, the sizes at which the dial stops, and for each the best mean and how probable it makes them."""
    hospital, y, n = datasets.surgical()
    fitted = beta_binomial.fit(y, n)
    sizes = np.unique(np.append(np.geomspace(1, 1e4, 81), fitted.size))
    best = [best_mean(y, n, size) for size in sizes]
    top = beta_binomial.log_marginal(y, n, fitted.alpha, fitted.beta)
    return {
        "hospital": [str(name) for name in hospital],
        "y": y.tolist(),
        "n": n.tolist(),
        "sizes": sizes.tolist(),
        "fitted": float(fitted.size),
        "means": [mu for mu, _ in best],
        "relative": [float(np.exp(log - top)) for _, log in best],
    }


def best_mean(y, n, size):
    """The prior mean that makes the records most probable at this size, and the logarithm of that probability."""

    def loss(mu):
        return -beta_binomial.log_marginal(y, n, mu * size, (1 - mu) * size)

    found = optimize.minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
    return float(found.x), -float(found.fun)
