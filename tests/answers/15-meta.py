"""Answers to 15-meta that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
from scipy import stats


def by_scaled_rows(ybar, se, X, tau, x):
    """Ordinary least squares after dividing each row by its standard deviation."""
    sd = np.hypot(se, tau)
    rows = X / sd[:, None]
    Q, R = np.linalg.qr(rows)
    beta = np.linalg.solve(R, Q.T @ (ybar / sd))
    along = np.linalg.solve(R.T, x)
    return [float(x @ beta), float(np.hypot(np.linalg.norm(along), tau))]


def by_covariance_matrix(ybar, se, X, tau, x):
    """Generalised least squares as the textbooks write it."""
    inverse = np.linalg.inv(np.diag(se**2) + tau**2 * np.eye(len(ybar)))
    V = np.linalg.pinv(X.T @ inverse @ X)
    return x @ V @ X.T @ inverse @ ybar, (x.T @ V @ x + tau**2) ** 0.5


def by_lines(ybar, se, X, tau, x):
    """Sums written out: the weights with which the estimates enter the forecast."""
    precision, pull = np.zeros((X.shape[1],) * 2), np.zeros(X.shape[1])
    for each, error, row in zip(ybar, se, X, strict=True):
        precision += np.outer(row, row) / (error**2 + tau**2)
        pull += row * each / (error**2 + tau**2)
    solved = np.linalg.solve(precision, x)
    return np.array([solved @ pull, np.sqrt(solved @ x + tau**2)])


def by_z(weight, tau, mean, var):
    return float(np.average(stats.norm.sf(mean / np.hypot(np.sqrt(var), tau)), weights=weight))


def by_loop(weight, tau, mean, var):
    return sum(w * stats.norm(m, (v + t * t) ** 0.5).cdf(0) for w, t, m, v in zip(weight, tau, mean, var, strict=True))


def by_dot(weight, tau, mean, var):
    return weight @ (1 - stats.norm.cdf(mean, 0, np.sqrt(var + tau**2)))


RIGHT = {
    "next_effect": [by_scaled_rows, by_covariance_matrix, by_lines],
    "no_gain": [by_z, by_loop, by_dot],
}


def changed(change):
    return lambda **data: change(*by_lines(**data))


WRONG = {
    "next_effect": [
        (changed(lambda mean, sd: (np.exp(mean), sd)), "e to the power"),
        (changed(lambda mean, sd: (mean, 0.5)), "whatever the inputs"),
        (changed(lambda mean, sd: (-mean, sd)), "sign"),
        (
            lambda ybar, se, X, tau, x: (
                by_covariance_matrix(ybar, se, X, tau, x)[0],
                np.sqrt(by_covariance_matrix(ybar, se, X, tau, x)[1] ** 2 - tau**2 + tau**2 / len(ybar)),
            ),
            "the variance (se^2 + tau^2) / J + tau^2",
        ),
    ],
    "no_gain": [
        (lambda **data: np.log(by_z(**data)), "logarithm"),
        (lambda **data: 100 * by_z(**data), "per cent"),
        (lambda **data: 0.3, "whatever the inputs"),
    ],
}
