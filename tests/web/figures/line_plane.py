"""The sleepers' lines, shrunk by any population."""

import numpy as np

from hblib import lkj, regression

SETTINGS = [
    {"tau_alpha": 0, "tau_beta": 0, "rho": 0, "eta": 1, "person": "335"},
    {"tau_alpha": 30, "tau_beta": 6, "rho": -0.5, "eta": 2, "person": "335"},
    {"tau_alpha": 60, "tau_beta": 14, "rho": 0.95, "eta": 4, "person": "308"},
    {"tau_alpha": 60, "tau_beta": 0, "rho": 1, "eta": 1, "person": "309"},
    {"tau_alpha": 20, "tau_beta": 14, "rho": -1, "eta": 10, "person": "337"},
    {"tau_alpha": 60, "tau_beta": 6.5, "rho": -1, "eta": 1, "person": "309"},  # a start far on the left
    {"tau_alpha": 60, "tau_beta": 6.5, "rho": 1, "eta": 1, "person": "337"},
    {"tau_alpha": 0, "tau_beta": 5, "rho": 0.2, "eta": 10, "person": "332"},
]


def expected(data, tau_alpha, tau_beta, rho, eta, person):
    """The posterior means of `regression.matrix_shrinkage`, and LKJ's density."""
    Sigma = np.array([[tau_alpha**2, rho * tau_alpha * tau_beta], [rho * tau_alpha * tau_beta, tau_beta**2]])
    b, mu = np.array(data["b"]), np.array(data["mu"])
    post = regression.matrix_shrinkage(b, data["V"], mu, Sigma)
    away = np.abs(post.mean() - mu) > np.abs(b - mu) + 1e-9
    return {
        "W": post.weight[0],
        "pooled": post.mean(),
        "away": away.any(axis=1).sum(),
        "density": lkj.pdf(rho, eta, 2),
    }
