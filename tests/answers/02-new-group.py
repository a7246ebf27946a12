"""Other answers to 02-new-group."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import integrate, special, stats

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

    return [math.comb(n, int(i)) * math.exp(log_beta(alpha + i, beta + n - i) - log_beta(alpha, beta)) for i in k]


def by_integration(k, n, alpha, beta):
    constant = special.beta(alpha, beta)

    def density(t, i):
        return special.comb(n, i) * t ** (alpha + i - 1) * (1 - t) ** (beta + n - i - 1) / constant

    return pd.Series([integrate.quad(density, 0, 1, args=(i,))[0] for i in k])


def rat_by_rat(k, n, alpha, beta):
    """Fractions: each rat as probable as the urn after those before it says."""
    a, b = Fraction(float(alpha)), Fraction(float(beta))
    out = []
    for i in map(int, k):
        p = Fraction(math.comb(n, i))
        for rat in range(n):
            p *= ((a + rat) if rat < i else (b + rat - i)) / (a + b + rat)
        out.append(p)
    return out


def from_the_total(n, alpha, beta):
    between = n**2 * stats.beta.var(alpha, beta)
    return np.array([stats.betabinom.var(n, alpha, beta) - between, between])


def from_moments(n, alpha, beta):
    first, second = (stats.beta.moment(order, alpha, beta) for order in (1, 2))
    return [(size * (first - second), size**2 * (second - first**2)) for size in n]


def averaged_over_the_rate(n, a, b):
    prior = stats.beta(a, b)
    per_rat = prior.expect(lambda t: t * (1 - t))
    return n * per_rat, n.astype(np.float32) ** 2 * np.float32(prior.var())


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
        "the integral, a Series": by_integration,
        "fractions": rat_by_rat,
        "comb and beta": lambda k, n, a, b: special.comb(n, k) * special.beta(a + k, b + n - k) / special.beta(a, b),
    },
    "parts": {
        "from the total, one array": from_the_total,
        "from moments, a pair for each group": from_moments,
        "averaged over the rate, float32": averaged_over_the_rate,
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
        "a quantile, as a float": lambda n, a, b, chance: stats.betabinom.isf(chance, n, a, b) + 1.0,
    },
}

HINTED = {"alarm": {"counted from 0": (lambda *args: alarm(*args) - 1, "more than k")}}

WRONG = {
    "pmf": {
        "per cent": (lambda *args: 100 * pmf(*args), "in per cent"),
        "as many or fewer": (lambda k, n, a, b: stats.betabinom.cdf(k, n, a, b), "add up to 1"),
        "among the given k": (lambda *args: pmf(*args) / pmf(*args).sum(), "expected"),
        "with replacement": (
            lambda k, n, a, b: n**k * np.exp(special.betaln(a + k, b + n - k) - special.betaln(a, b)),
            "add up to 1",
        ),
        "a mode in place of the integral": (
            lambda k, n, a, b: stats.binom.pmf(k, n, (a - 1) / (a + b - 2) if a > 1 else 0.0),
            "What should hold",
        ),
        "simulated": (
            lambda k, n, a, b: np.mean(
                np.random.default_rng(1).binomial(n, np.random.default_rng(2).beta(a, b, 20_000))[:, None] == k, axis=0
            ),
            "expected",
        ),
        "rounded": (lambda *args: pmf(*args).round(4), "the answer is rounded"),
    },
    "parts": {
        "total in place of within": (lambda *args: (sum(parts(*args)), parts(*args)[1]), "the second is right"),
        "variance of theta, alone": (
            lambda n, a, b: (parts(n, a, b)[0], parts(n, a, b)[1] / n**2),
            "divided by the square of `n`",
        ),
        "the total alone": (lambda *args: sum(parts(*args)), "2 results"),
        "shares": (lambda *args: tuple(part / sum(parts(*args)) for part in parts(*args)), "expected"),
    },
    "alarm": {
        "two too few": (lambda *args: alarm(*args) - 2, "2 less than what is asked"),
        "always n": (lambda n, alpha, beta, chance: n, "Your answer is `n` itself, unchanged."),
        "constant": (lambda n, alpha, beta, chance: 8, "the same number, whatever the inputs"),
        "two standard deviations": (
            lambda n, a, b, chance: np.ceil(stats.betabinom.mean(n, a, b) + 2 * stats.betabinom.std(n, a, b)),
            "a chance of 0.01 gives a higher limit",
        ),
        "its probability": (
            lambda n, a, b, chance: stats.betabinom.sf(alarm(n, a, b, chance) - 1, n, a, b),
            "expected",
        ),
    },
}
