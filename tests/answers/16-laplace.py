"""Answers to 16-laplace that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
from scipy import optimize, stats


def by_optimiser(y, n, alpha, beta):
    """The mode by minimisation, the curvature by differences, group by group."""
    modes, sds = [], []
    for yj, nj in zip(y, n, strict=True):

        def log_p(eta, yj=yj, nj=nj):
            theta = 1 / (1 + np.exp(-eta))
            return stats.beta(alpha + yj, beta + nj - yj).logpdf(theta) + np.log(theta * (1 - theta))

        mode = optimize.minimize_scalar(lambda eta: -log_p(eta), bracket=(-3, 3), tol=1e-12).x
        h = 1e-3
        modes.append(mode)
        sds.append((-(log_p(mode + h) - 2 * log_p(mode) + log_p(mode - h)) / h**2) ** -0.5)
    return modes, sds


def by_rate(y, n, alpha, beta):
    theta = (alpha + np.asarray(y)) / (alpha + beta + n)
    return np.log(theta) - np.log1p(-theta), (theta * (1 - theta) * (alpha + beta + n)) ** -0.5


def as_rows(y, n, alpha, beta):
    return np.array(by_rate(y, n, alpha, beta))


def by_loop(Sigma):
    """The variance of each unknown given all the others."""
    result = []
    for j in range(len(Sigma)):
        others = [i for i in range(len(Sigma)) if i != j]
        explained = Sigma[j, others] @ np.linalg.solve(Sigma[np.ix_(others, others)], Sigma[others, j])
        result.append((Sigma[j, j] - explained) ** 0.5)
    return result


def by_last_of_cholesky(Sigma):
    """The last entry of the root is the sd of the last unknown given all others; each is put last in turn."""
    order = [[i for i in range(len(Sigma)) if i != j] + [j] for j in range(len(Sigma))]
    return np.array([np.linalg.cholesky(Sigma[np.ix_(o, o)])[-1, -1] for o in order])


def by_determinants(Sigma):
    minors = [np.linalg.det(np.delete(np.delete(Sigma, j, 0), j, 1)) for j in range(len(Sigma))]
    return np.sqrt(np.linalg.det(Sigma) / np.array(minors))


RIGHT = {
    "laplace": [by_optimiser, by_rate, as_rows],
    "mean_field": [by_loop, by_last_of_cholesky, by_determinants],
}
WRONG = {
    "laplace": [
        (lambda y, n, alpha, beta: (-by_rate(y, n, alpha, beta)[0], by_rate(y, n, alpha, beta)[1]), "wrong sign"),
        (lambda y, n, alpha, beta: by_rate(y, n, alpha, beta)[::-1], "in another order"),
        (lambda y, n, alpha, beta: by_rate(y, n, beta, alpha), "as many successes as failures"),
    ],
    "mean_field": [
        (lambda Sigma: by_determinants(Sigma)[::-1], "reverse order"),
        (lambda Sigma: by_determinants(Sigma) ** 4, "independent"),
        (lambda Sigma: 2 * by_determinants(Sigma), "twice"),
        (lambda Sigma: np.sqrt(Sigma).sum(axis=0), "yours:    [nan"),  # where no covariance is negative it holds no nan
    ],
}
