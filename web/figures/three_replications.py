"""The data of the figure: twelve hospitals, and the posterior of the prior's mean and size as a grid."""

import numpy as np

from hblib import beta_binomial, datasets


def data():
    """Flat on mu and on t = size^(-1/2), as on the page: points of Gauss and Legendre, each with its weight.

    The grid is wide enough for a hospital whose deaths are changed: then all weights are multiplied by a ratio of
    likelihoods. Points without weight are left out.
    """
    hospital, y, n = datasets.surgical()
    x, weight = np.polynomial.legendre.leggauss(30)
    mu, t = np.meshgrid(0.01 + 0.145 * (x + 1), (x + 1) / 2)
    size = t**-2
    log = beta_binomial.log_marginal(y, n, mu * size, (1 - mu) * size)
    w = np.exp(log - log.max()) * np.outer(weight, weight)
    w /= w.sum()
    kept = w > 1e-11
    points = {"alpha": (mu * size)[kept], "beta": ((1 - mu) * size)[kept], "weight": w[kept]}
    return {
        "hospital": list(map(str, hospital)),
        "y": y.tolist(),
        "n": n.tolist(),
        **{name: [float(f"{each:.9g}") for each in values] for name, values in points.items()},
    }
