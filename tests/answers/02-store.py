"""Other answers to 02-store."""

import numpy as np
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


RIGHT = {
    "interval": {
        "SciPy's interval": lambda y, n, alpha, beta, prob: stats.beta.interval(prob, alpha + y, beta + n - y),
        "by search": by_search,
        "a table": quantiles,
        "from the upper tail": lambda y, n, a, b, prob: np.array(
            [stats.beta.isf((1 + prob) / 2, a + y, b + n - y), stats.beta.isf((1 - prob) / 2, a + y, b + n - y)]
        ),
    },
    "visitors_needed": {
        "by search": lambda share, alpha, beta: optimize.brentq(
            lambda n: n - share * (n + alpha + beta), -1, 1e9, xtol=1e-9
        ),
        "odds": lambda share, alpha, beta: (alpha + beta) * (1 / (1 - share) - 1),
        "in an array": lambda s, a, b: np.array([(a + b) * s / (1 - s)]),
    },
}

WRONG = {
    "interval": {
        "two standard deviations": (
            lambda y, n, a, b, prob: tuple(
                stats.beta.mean(a + y, b + n - y) + sign * stats.beta.std(a + y, b + n - y) for sign in (-1, 1)
            ),
            "expected",
        ),
        "per cent": (lambda *args: tuple(100 * np.array(interval(*args))), "in per cent"),
        "the upper one first": (lambda *args: interval(*args)[::-1], "another order"),
        "a zip": (lambda *args: zip(*interval(*args), strict=True), "put list(…) around it"),
    },
    "visitors_needed": {
        "the prior's share": (lambda share, a, b: (1 - share) / share * (a + b) if share else 0.0, "expected"),
        "the alpha only": (lambda share, a, b: share / (1 - share) * a, "What should hold"),
        "rounded up": (lambda *args: np.ceil(needed(*args)), "expected"),
        "a tenth more": (lambda *args: 1.1 * needed(*args), "1.1 times what is asked, everywhere"),
    },
}
