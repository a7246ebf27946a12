"""Other answers to 02-first-lines."""

import numpy as np
from scipy import optimize, special, stats


def visitor_by_visitor(y, n, alpha, beta):
    a = alpha
    for visitor in range(n):
        a += visitor < y
    return a


def interval(y, n, alpha, beta):
    return stats.beta.interval(0.95, alpha + y, beta + n - y)


def by_root(y, n, alpha, beta):
    below = stats.beta(alpha + y, beta + n - y).cdf
    return [optimize.brentq(lambda x, p=p: below(x) - p, 0, 1, xtol=1e-15, rtol=1e-14) for p in (0.025, 0.975)]


RIGHT = {
    "a": {
        "one visitor after the other": visitor_by_visitor,
        "without the others": lambda y, n, alpha, beta: alpha + n - (n - y),
        "a float": lambda y, n, alpha, beta: float(alpha + y),
    },
    "b": {
        "in brackets": lambda y, n, alpha, beta: beta + (n - y),
        "from the whole": lambda y, n, alpha, beta: alpha + beta + n - (alpha + y),
        "an array": lambda y, n, alpha, beta: np.array([beta + n - y]),
    },
    "mean": {
        "SciPy's": lambda y, n, alpha, beta: stats.beta.mean(alpha + y, beta + n - y),
        "from the odds": lambda y, n, alpha, beta: 1 / (1 + (beta + n - y) / (alpha + y)),
        "a weighted average": lambda y, n, alpha, beta: np.average(
            [y / n, alpha / (alpha + beta)], weights=[n, alpha + beta]
        ),
    },
    "interval": {
        "SciPy's": interval,
        "special": lambda y, n, alpha, beta: special.betaincinv(alpha + y, beta + n - y, np.array([0.025, 0.975])),
        "a root": by_root,
        "from above": lambda y, n, alpha, beta: stats.beta.isf([0.975, 0.025], alpha + y, beta + n - y),
    },
}

HINTED = {
    "interval": {
        "two quantiles": (
            lambda y, n, alpha, beta: [stats.beta(alpha + y, beta + n - y).ppf(p) for p in (0.025, 0.95)],
            "5 per cent above",
        )
    }
}
WRONG = {
    "a": {
        "both": (lambda y, n, alpha, beta: (alpha + y, beta + n - y), "An array of 2, where one number is wanted"),
        "the prior's": (lambda y, n, alpha, beta: alpha, "Your answer is `alpha` itself, unchanged."),
        "everything": (lambda y, n, alpha, beta: alpha + y + n, "expected"),
    },
    "b": {
        "both": (lambda y, n, alpha, beta: (alpha + y, beta + n - y), "An array of 2, where one number is wanted"),
        "the prior's": (lambda y, n, alpha, beta: beta, "Your answer is `beta` itself, unchanged."),
        "the other way round": (lambda y, n, alpha, beta: beta + y - n, "expected"),
    },
    "mean": {
        "per cent": (lambda y, n, alpha, beta: 100 * (alpha + y) / (alpha + beta + n), "Is it in per cent?"),
        "upside down": (lambda y, n, alpha, beta: (alpha + beta + n) / (alpha + y), "1 divided by what is asked"),
        "a product": (lambda y, n, alpha, beta: (alpha + y) * (alpha + beta + n), "expected"),
    },
    "interval": {
        "per cent": (lambda **data: 100 * np.array(interval(**data)), "Is it in per cent?"),
        "probabilities in per cent": (
            lambda y, n, alpha, beta: stats.beta.ppf([2.5, 97.5], alpha + y, beta + n - y),
            "a probability that is no number between 0 and 1",
        ),
        "one end": (
            lambda y, n, alpha, beta: stats.beta.ppf(0.975, alpha + y, beta + n - y),
            "One number, where an array of 2 is wanted",
        ),
        "rounded": (lambda **data: np.round(interval(**data), 2), "expected"),
    },
}
