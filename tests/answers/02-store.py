"""Other answers to 02-store."""

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from hblib.coursework import source

interval, needed = (source.load("02-store").namespace[name] for name in ("interval", "visitors_needed"))


def by_search(y, n, alpha, beta, prob):
    def end(a, b, p):
        return optimize.brentq(lambda x: special.betainc(a, b, x) - p, 0, 1, xtol=1e-14)

    ends = [(1 - prob) / 2, (1 + prob) / 2]
    return [[end(alpha + i, beta + j - i, p) for i, j in zip(y, n, strict=True)] for p in ends]


def quantiles(y, n, alpha, beta, prob):
    """A row a shop, as a table."""
    return stats.beta.ppf([(1 - prob) / 2, (1 + prob) / 2], (alpha + y)[:, None], (beta + n - y)[:, None])


def frame(cards, visitors, a, b, prob):
    ends = stats.beta.interval(prob, a + cards, b + visitors - cards)
    return pd.DataFrame({"lower": ends[0], "upper": ends[1]})


def on_a_grid(y, n, alpha, beta, prob):
    """A cumulative sum of the density on a fine grid, read off between its points."""
    theta = (np.arange(100_000) + 0.5) / 100_000
    pairs = []
    for i, j in zip(y, n, strict=True):
        log_p = special.xlogy(alpha + i - 1, theta) + special.xlog1py(beta + j - i - 1, -theta)
        p = np.exp(log_p - log_p.max())
        below = (np.cumsum(p) - p / 2) / p.sum()
        pairs.append(np.interp([(1 - prob) / 2, (1 + prob) / 2], below, theta))
    return pairs


def shortest(y, n, alpha, beta, prob):
    """The shortest interval that holds the probability, in place of the central one."""
    out = []
    for i, j in zip(y, n, strict=True):
        theta = stats.beta(alpha + i, beta + j - i)
        low = optimize.minimize_scalar(
            lambda p, theta=theta: theta.ppf(p + prob) - theta.ppf(p), bounds=(0, 1 - prob), method="bounded"
        ).x
        out.append((theta.ppf(low), theta.ppf(low + prob)))
    return out


def by_moments(y, n, alpha, beta, prob):
    theta = stats.beta(alpha + y, beta + n - y)
    return tuple(theta.mean() + sign * theta.std() for sign in (-1, 1))


RIGHT = {
    "interval": {
        "SciPy's interval": lambda y, n, alpha, beta, prob: stats.beta.interval(prob, alpha + y, beta + n - y),
        "by search": by_search,
        "a table": quantiles,
        "a data frame, other names": frame,
        "sums on a grid": on_a_grid,
        "float32": lambda *args: np.array(interval(*args), dtype=np.float32),
        "from the upper tail": lambda y, n, a, b, prob: np.array(
            [stats.beta.isf((1 + prob) / 2, a + y, b + n - y), stats.beta.isf((1 - prob) / 2, a + y, b + n - y)]
        ),
    },
    "kappa": {
        "one minus the chain's": lambda y, n, alpha, beta: 1 - (alpha + beta) / (alpha + beta + n),
        "how far the mean has come": lambda y, n, alpha, beta: (
            ((alpha + y) / (alpha + beta + n) - alpha / (alpha + beta)) / (y / n - alpha / (alpha + beta))
            if y * (alpha + beta) != n * alpha
            else n / (n + alpha + beta)
        ),
        "in an array": lambda y, n, alpha, beta: np.array([n / (alpha + beta + n)]),
    },
    "visitors_needed": {
        "by search": lambda share, alpha, beta: optimize.brentq(
            lambda n: n - share * (n + alpha + beta), -1, 1e9, xtol=1e-9
        ),
        "odds": lambda share, alpha, beta: (alpha + beta) * (1 / (1 - share) - 1),
        "in an array": lambda s, a, b: np.array([(a + b) * s / (1 - s)]),
        "all together, less the prior's": lambda s, a, b: np.float32((a + b) / (1 - s) - (a + b)),
    },
}

WRONG = {
    "interval": {
        "one standard deviation": (by_moments, "expected"),
        "per cent": (lambda *args: tuple(100 * np.array(interval(*args))), "in per cent"),
        "the upper one first": (lambda *args: interval(*args)[::-1], "another order"),
        "a zip": (lambda *args: zip(*interval(*args), strict=True), "put list(…) around it"),
        "the shortest": (shortest, "expected"),
        "of the counts": (lambda y, n, a, b, prob: [n * end for end in interval(y, n, a, b, prob)], "times `n`"),
        "95 %, whatever is asked": (lambda y, n, a, b, prob: interval(y, n, a, b, 0.95), "expected"),
        "the prior's mode": (lambda y, n, a, b, prob: interval(y, n, a - 1, b - 1, prob), "expected"),
    },
    "kappa": {
        "per cent": (lambda y, n, alpha, beta: 100 * n / (n + alpha + beta), "in per cent"),
        "the odds": (lambda y, n, alpha, beta: n / (alpha + beta), "the odds"),
        "rounded": (lambda y, n, alpha, beta: round(n / (n + alpha + beta), 3), "expected"),
        "the raw rate": (lambda y, n, alpha, beta: y / n, "expected"),
    },
    "visitors_needed": {
        "the prior's weight": (lambda s, a, b: a + b, "expected"),
        "visitors who refuse": (lambda share, a, b: share / (1 - share) * b, "What should hold"),
        "rounded up": (lambda *args: np.ceil(needed(*args)), "expected"),
        "a tenth more": (lambda *args: 1.1 * needed(*args), "1.1 times what is asked, everywhere"),
        "a share of the rest": (lambda share, a, b: (a + b) / (1 - share) ** 2, "What should hold"),
        "a share, squared": (lambda s, a, b: s**2 / (1 - s) ** 2 * (a + b), "expected"),
    },
}
