"""Other answers to 01-hospitals."""

from fractions import Fraction

import numpy as np
from scipy import integrate, special, stats


def loop(y, n, mu, size):
    estimates = []
    for deaths, patients in zip(y, n, strict=True):
        estimates.append((deaths + size * mu) / (patients + size))
    return estimates


def weighted(deaths, operations, rate, prior_size):
    kappa = operations / (operations + prior_size)
    raw = np.divide(deaths, operations, out=np.zeros(len(deaths)), where=operations > 0)
    return rate + kappa * (raw - rate)


def fractions(y, n, mu, size):
    size, mu = Fraction(float(size)), Fraction(float(mu))
    return [(size * mu + int(a)) / (size + int(b)) for a, b in zip(y, n, strict=True)]


def by_cdf(y, n, mu, size, limit):
    return 1 - special.betainc(size * mu + y, size * (1 - mu) + n - y, limit)


def by_integration(y, n, mu, size, limit):
    a, b = size * mu + y, size * (1 - mu) + n - y
    return [
        integrate.quad(
            stats.beta(i, j).pdf, limit, 1, points=[i / (i + j)] if limit < i / (i + j) else None, epsabs=1e-12
        )[0]
        for i, j in zip(a, b, strict=True)
    ]


def one_by_one(y, n, mu, size, limit):
    return np.array([[stats.beta(size * mu + y[j], size * (1 - mu) + n[j] - y[j]).sf(limit)] for j in range(len(y))])


def by_trapezoids(y, n, mu, size, limit):
    theta = np.linspace(limit, 1, 2001)[:, None]
    return integrate.trapezoid(stats.beta(size * mu + y, size * (1 - mu) + n - y).pdf(theta), theta, axis=0)


def right_share(y, n, mu, size):
    return (size * mu + y) / (size + n)


def right_tail(y, n, mu, size, limit):
    return stats.beta.sf(limit, size * mu + y, size * (1 - mu) + n - y)


RIGHT = {
    "shrink": {
        "a loop and a list": loop,
        "a weighted average, other names": weighted,
        "fractions": fractions,
        "float32": lambda y, n, mu, size: right_share(y, n, mu, size).astype(np.float32),
    },
    "above": {"incomplete beta": by_cdf, "integration": by_integration, "a column": one_by_one},
}

WRONG = {
    "shrink": {
        "per cent": (lambda y, n, mu, size: 100 * right_share(y, n, mu, size), "Is it in per cent?"),
        "survival": (lambda y, n, mu, size: 1 - right_share(y, n, mu, size), "1 minus what is asked"),
        "the odds": (
            lambda y, n, mu, size: right_share(y, n, mu, size) / (1 - right_share(y, n, mu, size)),
            "p / (1 - p), the odds",
        ),
        "rounded": (lambda y, n, mu, size: right_share(y, n, mu, size).round(3), "the answer is rounded"),
        "the deaths": (lambda y, n, mu, size: size * mu + y, "What should hold, and does not"),
    },
    "above": {
        "the log": (lambda *args: np.log(right_tail(*args)), "the logarithm of what is asked"),
        "in reverse": (lambda *args: right_tail(*args)[::-1], "in the reverse order"),
        "simulated": (
            lambda y, n, mu, size, limit: np.array(
                [
                    np.mean(np.random.default_rng(1).beta(size * mu + a, size * (1 - mu) + b - a, 400_000) > limit)
                    for a, b in zip(y, n, strict=True)
                ]
            ),
            "expected",
        ),
        "one death too many": (
            lambda y, n, mu, size, limit: stats.beta.sf(limit, size * mu + y, size * (1 - mu) + n - y - 1),
            "not yet.\n  For y",
        ),
        "a sum over a grid": (by_trapezoids, "something more exact is wanted"),
        "the density": (
            lambda y, n, mu, size, limit: stats.beta.pdf(limit, size * mu + y, size * (1 - mu) + n - y),
            "expected",
        ),
    },
}
