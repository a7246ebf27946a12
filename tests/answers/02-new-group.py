"""Other answers to 02-new-group."""

import math

import numpy as np
from scipy import special, stats

from hblib.coursework import source

pmf, parts, alarm = (source.load("02-new-group").namespace[name] for name in ("pmf", "parts", "alarm"))


def by_recursion(k, n, alpha, beta):
    """p(i + 1) / p(i) is a ratio of whole numbers and parameters."""
    p = [1.0]
    for i in range(n):
        p.append(p[-1] * (n - i) / (i + 1) * (alpha + i) / (beta + n - i - 1))
    return (np.array(p) / np.sum(p))[k]


def with_math(k, n, alpha, beta):
    def log_beta(a, b):
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    ways = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in k]
    return [math.exp(w + log_beta(alpha + i, beta + n - i) - log_beta(alpha, beta)) for w, i in zip(ways, k, strict=True)]


def from_the_total(n, alpha, beta):
    total = stats.betabinom.var(n, alpha, beta)
    between = n**2 * stats.beta.var(alpha, beta)
    return np.array([total - between, between])


def from_moments(n, alpha, beta):
    first, second = (stats.beta.moment(order, alpha, beta) for order in (1, 2))
    return [(size * (first - second), size**2 * (second - first**2)) for size in n]


def from_above(n, alpha, beta, chance):
    k = n + 1
    while k > 0 and stats.betabinom.sf(k - 2, n, alpha, beta) <= chance:
        k -= 1
    return k


RIGHT = {
    "pmf": {
        "SciPy": lambda k, n, alpha, beta: stats.betabinom.pmf(k, n, alpha, beta),
        "a recursion": by_recursion,
        "plain Python": with_math,
        "comb and beta": lambda k, n, a, b: special.comb(n, k) * special.beta(a + k, b + n - k) / special.beta(a, b),
    },
    "parts": {
        "from the total": from_the_total,
        "from moments": from_moments,
        "E of theta (1 - theta)": lambda n, a, b: (
            n * a * b / ((a + b) * (a + b + 1)),
            n**2 * a * b / ((a + b) ** 2 * (a + b + 1)),
        ),
    },
    "alarm": {
        "from above": from_above,
        "the first that is improbable": lambda n, a, b, chance: next(
            (k for k in range(n + 1) if stats.betabinom.sf(k - 1, n, a, b) <= chance), n + 1
        ),
        "sums": lambda n, alpha, beta, chance: int(
            np.sum(np.cumsum(pmf(np.arange(n + 1), n, alpha, beta)[::-1])[::-1] > chance)
        ),
    },
}

WRONG = {
    "pmf": {
        "the log": (lambda *args: np.log(pmf(*args)), "one logarithm too many"),
        "per cent": (lambda *args: 100 * pmf(*args), "in per cent"),
        "the sum": (lambda k, n, a, b: stats.betabinom.cdf(k, n, a, b), "add up to 1"),
    },
    "parts": {
        "standard deviations": (lambda *args: tuple(np.sqrt(parts(*args))), "the square root of what is asked"),
        "turned round": (lambda *args: parts(*args)[::-1], "another order"),
        "total in the place of within": (lambda *args: (sum(parts(*args)), parts(*args)[1]), "the second is right"),
    },
    "alarm": {
        "one too few": (lambda *args: alarm(*args) - 1, "1 less than what is asked"),
        "always n": (lambda n, alpha, beta, chance: n, "the argument `n`, as it came in"),
        "constant": (lambda n, alpha, beta, chance: 8, "the same number, whatever the inputs"),
    },
}
