"""Answers to 09-four-stores that nobody listed: right in another way, and wrong in ways of their own."""

import statistics

import numpy as np


def by_loop(ybar, xbar, n, beta, sigma2):
    pairs = [(y - beta * x, sigma2 / size) for y, x, size in zip(ybar, xbar, n, strict=True)]
    return np.array(pairs).T


def lists(ybar, xbar, n, beta, sigma2):
    return [list(ybar - beta * xbar), list((np.sqrt(sigma2) / np.sqrt(n)) ** 2)]


def by_regression(ybar, xbar, n, beta, sigma2):
    """Weighted least squares with one dummy per store."""
    information = np.diag(n / sigma2)
    covariance = np.linalg.inv(information)
    return covariance @ information @ (ybar - beta * xbar), np.diag(covariance)


def with_statistics(a, v):
    return statistics.mean(a), max(0, statistics.variance(a) - v) ** 0.5


def by_pairs(a, v):
    """The variance as half the mean squared difference of two stores."""
    J = len(a)
    variance = np.sum((a[:, None] - a) ** 2) / (2 * J * (J - 1))
    return np.array([a.sum() / J, np.sqrt(np.clip(variance - v, 0, None))])


def by_loops(a, v):
    mu = sum(a) / len(a)
    squares = sum((each - mu) ** 2 for each in a) / (len(a) - 1)
    return [mu, (squares - v) ** 0.5 if squares > v else 0]


def around(center, **options):
    """The third store: its estimate drawn towards `center(a, ybar)`, with the variance that `options` ask for."""

    def answer(ybar, xbar, n, beta, sigma2):
        a, v = ybar - beta * xbar, sigma2 / n[2]
        between = max(0, np.var(a, **options or {"ddof": 1}) - v)
        return (between * a[2] + v * center(a, ybar)) / (between + v)

    return answer


RIGHT = {
    "intercepts": [by_loop, lists, by_regression],
    "spread": [with_statistics, by_pairs, by_loops],
    "alpha3": [
        around(lambda a, ybar: ybar.mean()),  # over all stores together the predictor averages zero
        around(lambda a, ybar: a.mean()),
        lambda **data: [around(lambda a, ybar: sum(a) / 4)(**data)],
    ],
}
HINTED = {"alpha3": [(around(lambda a, ybar: ybar.mean(), ddof=0), "J for J - 1")]}
WRONG = {
    "intercepts": [
        (lambda ybar, xbar, n, beta, sigma2: (ybar - beta * xbar, n / sigma2), "1 divided by"),
        (lambda ybar, xbar, n, beta, sigma2: (ybar - beta * xbar, sigma2 / n.sum() + 0 * ybar), "right"),
        (lambda ybar, xbar, n, beta, sigma2: (ybar - xbar, sigma2 / n), "second is right"),
    ],
    "spread": [
        (lambda a, v: (np.median(a), by_loops(a, v)[1]), "right"),
        (lambda a, v: (by_loops(a, v)[0], np.sqrt(a.var(ddof=1) + v)), "right"),
        (lambda a, v: (by_loops(a, v)[0], 1.0), "whatever the inputs"),
    ],
    "alpha3": [
        (lambda **data: around(lambda a, ybar: a.mean())(**data) + 1, "1 more than"),
        (lambda **data: 2 * around(lambda a, ybar: a.mean())(**data), "twice"),
        (lambda **data: 6.1, "whatever the inputs"),
    ],
}
