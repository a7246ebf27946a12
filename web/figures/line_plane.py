"""The data of the figure: the least-squares lines of the sleepers, their errors, and the population that they imply."""

import numpy as np

from hblib import datasets, lkj, regression

ETAS = (1, 2, 4, 10)


def data():
    """The lines b, their covariance matrix V (the same for all), the moments' mu and Sigma, and LKJ's heights at 0."""
    people = datasets.sleepstudy()
    used = people.day >= 2
    nights, y, group = people.day[used] - 2, people.y[used], people.group[used]
    ids = np.unique(group)
    X = np.column_stack([np.ones(len(y)), nights])
    b, unscaled = regression.least_squares(y, X, group, 1.0)
    residual = y - np.sum(X * b[np.searchsorted(ids, group)], axis=1)
    V = np.sum(residual**2) / (len(y) - 2 * len(ids)) * unscaled[0]
    Sigma = np.cov(b, rowvar=False) - V
    sd = np.sqrt(np.diagonal(Sigma))
    return {
        "ids": [str(name) for name in ids],
        "b": b.tolist(),
        "V": V.tolist(),
        "mu": b.mean(axis=0).tolist(),
        "fitted": {"tau_alpha": float(sd[0]), "tau_beta": float(sd[1]), "rho": float(Sigma[0, 1] / sd.prod())},
        "etas": list(ETAS),
        "tops": [float(lkj.pdf(0.0, eta, 2)) for eta in ETAS],
    }
