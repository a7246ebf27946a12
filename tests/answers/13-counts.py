"""Other answers to 13-counts."""

import numpy as np
import pandas as pd
from scipy import stats


def by_scipy(n, lam, s, pi):
    zero = stats.nbinom.pmf(0, s**-2, 1 / (1 + n * lam * s**2)) if s > 0 else stats.poisson.pmf(0, n * lam)
    return float((pi + (1 - pi) * zero).sum())


def loop(n, lam, s, pi):
    total = 0
    for exposure in n:
        zero = np.exp(-exposure * lam) if s == 0 else np.exp(-np.log1p(exposure * lam * s * s) / (s * s))
        total += 1 - (1 - pi) * (1 - zero)
    return total


def backwards(n, lam, s, pi):
    """Everybody but those who have a count."""
    power = np.exp(-n * lam) if s == 0 else (1 / (1 + n * lam * s**2)) ** (1 / s**2)
    return len(n) - (1 - pi) * (1 - power).sum()


def by_dot(y, n, again):
    sums = (np.asarray(again) == 0) @ np.asarray(n)
    return 1 - np.mean(sums < (np.asarray(y) == 0) @ np.asarray(n))


def by_loop(y, n, again):
    seen = sum(exposure for count, exposure in zip(y, n, strict=True) if count == 0)
    return sum(sum(n[row == 0]) >= seen for row in again) / len(again)


def by_frame(y, n, again):
    table = pd.DataFrame(again).eq(0).mul(n, axis=1).sum(axis=1)
    return float(table.ge(n[y == 0].sum()).mean())


RIGHT = {
    "expected_zeros": {"SciPy": by_scipy, "a loop": loop, "backwards": backwards},
    "quiet_p": {"a loop": by_loop, "a frame": by_frame, "a product": by_dot},
}

WRONG = {
    "expected_zeros": {
        "the others": (lambda n, lam, s, pi: len(n) - by_scipy(n, lam, s, pi), "expected"),
        "twice": (lambda n, lam, s, pi: 2 * by_scipy(n, lam, s, pi), "2"),
        "by group": (
            lambda n, lam, s, pi: np.array([by_scipy(np.array([each]), lam, s, pi) for each in n]),
            "shape",
        ),
    },
    "quiet_p": {
        "per cent": (lambda y, n, again: 100 * by_loop(y, n, again), "Is it in per cent?"),
        "a count": (lambda y, n, again: len(again) * by_loop(y, n, again), "expected"),
        "two-sided": (lambda y, n, again: 2 * min(by_loop(y, n, again), 1 - by_loop(y, n, again)), "expected"),
    },
}
