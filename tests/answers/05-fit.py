"""Answers to 05-fit that nobody listed: right in another way, and wrong in ways of their own."""

from math import comb, lgamma, log

import numpy as np
from scipy import optimize, special, stats

from hblib import beta_binomial


def by_loop(alpha, beta, y, n):
    total = 0.0
    for a, b in zip(y.tolist(), n.tolist(), strict=True):
        total += log(comb(b, a)) + lgamma(alpha + a) + lgamma(beta + b - a) - lgamma(alpha + beta + b)
        total -= lgamma(alpha) + lgamma(beta) - lgamma(alpha + beta)
    return -total


def by_products(alpha, beta, y, n):
    """The log of the product over single customers, each time with what was learned from those before."""
    total = 0.0
    for a, b in zip(y, n, strict=True):
        total += np.log(alpha + np.arange(a)).sum() + np.log(beta + np.arange(b - a)).sum()
        total -= np.log(alpha + beta + np.arange(b)).sum()
        total += special.gammaln(b + 1) - special.gammaln(a + 1) - special.gammaln(b - a + 1)
    return [-total]


def by_quadrature(alpha, beta, y, n):
    """The integral over the rate, on Gauss and Jacobi's nodes."""
    x, w = special.roots_jacobi(400, beta - 1, alpha - 1)
    theta, w = (1 + x) / 2, w / w.sum()
    return -np.log(stats.binom(n[:, None], theta).pmf(y[:, None]) @ w).sum()


def by_hblib(alpha, beta, y, n):
    return np.float64(-beta_binomial.log_marginal(y, n, alpha, beta))


def nelder_mead(y, n):
    """On the plain scale; a simplex that steps below 0 turns back, if the loss there is infinite."""

    def loss(pair):
        return by_hblib(*pair, y, n) if min(pair) > 0 else np.inf

    return optimize.minimize(loss, [1, 10], method="Nelder-Mead").x


def bounded(y, n):
    low = [(1e-6, None)] * 2
    return optimize.minimize(lambda pair: by_hblib(*pair, y, n), [2, 20], method="L-BFGS-B", bounds=low).x.tolist()


def mean_and_size(y, n):
    """On the scale of the logit of the mean and the log of the size."""

    def pair(p):
        return special.expit(p[0]) * np.exp(p[1]), special.expit(-p[0]) * np.exp(p[1])

    return pair(optimize.minimize(lambda p: by_hblib(*pair(p), y, n), [-2, 3]).x)


def by_grid(y, n):
    """A grid over both logarithms, three times finer each round."""
    centre, width = np.array([1.0, 3.0]), 3.0
    for _ in range(12):
        a, b = (c + width * np.linspace(-1, 1, 13) for c in centre)
        values = beta_binomial.log_marginal(y, n, np.exp(a)[:, None], np.exp(b)[None, :])
        i, j = np.unravel_index(values.argmax(), values.shape)
        centre, width = np.array([a[i], b[j]]), width / 2
    return tuple(np.exp(centre))


def fitted(y, n):
    prior = beta_binomial.fit(y, n)
    return np.array([prior.alpha, prior.beta])


def unsummed(alpha, beta, y, n):
    return -stats.betabinom(n, alpha, beta).logpmf(y)


RIGHT = {
    "minus_log_likelihood": [by_loop, by_products, by_quadrature, by_hblib],
    "fit_prior": [nelder_mead, bounded, mean_and_size, by_grid, fitted],
}
WRONG = {
    "minus_log_likelihood": [
        (unsummed, "The sum of yours would be right"),
        (lambda alpha, beta, y, n: unsummed(alpha, beta, y, n)[0], "expected"),
        (lambda alpha, beta, y, n: -2 * by_hblib(alpha, beta, y, n), "expected"),
        (lambda alpha, beta, y, n: np.exp(-by_hblib(alpha, beta, y, n)), "expected"),
        (lambda alpha, beta, y, n: by_hblib(alpha, beta, y.sum(), n.sum()), "expected"),
        (lambda alpha, beta, y, n: by_hblib(alpha + 1, beta + 1, y, n), "expected"),
    ],
    "fit_prior": [
        (lambda y, n: 2 * fitted(y, n), "expected"),
        (lambda y, n: -fitted(y, n), "expected"),
        (lambda y, n: (y.sum(), (n - y).sum()), "expected"),
        (lambda y, n: (3.0, 47.0), "whatever the inputs"),
        (lambda y, n: fitted(y, n)[0], "should give 2 results"),
        (lambda y, n: optimize.minimize(lambda p: by_hblib(*np.exp(p), y, n), [0, 0]), "should give 2 results"),
    ],
}
