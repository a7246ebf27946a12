"""Other answers to 04-stein."""

from fractions import Fraction
from statistics import fmean

import numpy as np
import pandas as pd

from hblib import james_stein as js
from hblib.coursework import source

james_stein, error_left = (source.load("04-stein").namespace[name] for name in ("james_stein", "error_left"))


def plain_python(x, sigma):
    means = [fmean(row) for row in x.tolist()]
    middle, noise = fmean(means), sigma**2 / len(x[0])
    squares = sum((mean - middle) ** 2 for mean in means)
    c = max(0.0, 1 - (len(means) - 3) * noise / squares)
    return [middle + c * (mean - middle) for mean in means]


def kappa_first(samples, sd):
    means = pd.DataFrame(samples).mean(axis=1)
    J = len(means)
    taken = min(1, (J - 3) / (J - 1) * (sd**2 / samples.shape[1]) / means.var())
    return means - taken * (means - means.mean())


def by_projection(x, sigma):
    k, n = x.shape
    centre = np.eye(k) - 1 / k
    deviation = centre @ x @ np.ones(n) / n
    c = 1 - (k - 3) * sigma**2 / n / (deviation @ deviation)
    return ((x.mean() + (deviation * c if c > 0 else 0 * deviation))[:, None]).astype(np.float32)


def from_pairs(ybar, se, a):
    """The sum of squares from all pairs' differences."""
    k = len(ybar)
    spread = sum((p - q) ** 2 for p in ybar for q in ybar) / (2 * k)
    return k * se**2 - (2 * a * (k - 3) - a**2) * se**4 / spread


def from_the_best(ybar, se, a):
    k = len(ybar)
    spread = ybar.var() * k
    return np.array([k * se**2 + ((a - (k - 3)) ** 2 - (k - 3) ** 2) * se**4 / spread])


def stein_identity(ybar, se, a):
    """k s^2 + the squared movement + 2 s^2 times the divergence of the movement, which is taken numerically."""

    def move(y):
        d = y - y.mean()
        return -a * se**2 * d / (d @ d)

    h = 1e-4 * (np.abs(ybar).max() + 1)
    steps = h * np.eye(len(ybar))
    divergence = sum((move(ybar + e) - move(ybar - e))[j] / (2 * h) for j, e in enumerate(steps))
    return len(ybar) * se**2 + move(ybar) @ move(ybar) + 2 * se**2 * divergence


def fraction(ybar, se, a):
    y, s, a = [Fraction(float(each)) for each in ybar], Fraction(float(se)), Fraction(float(a))
    k = len(y)
    spread = sum(each**2 for each in y) - sum(y) ** 2 / k
    return k * s**2 - a * (2 * (k - 3) - a) * s**4 / spread


def towards(ybar, target, s2, dimensions, positive=True):
    d = ybar - target
    c = 1 - dimensions * s2 / (d @ d)
    return target + (max(0, c) if positive else c) * d


RIGHT = {
    "james_stein": {
        "plain Python": plain_python,
        "pandas, other names": kappa_first,
        "a projection, a column, float32": by_projection,
        "hblib": lambda x, sigma: js.estimate(x.mean(axis=1), sigma / np.sqrt(x.shape[1])) if sigma else x.mean(axis=1),
    },
    "error_left": {
        "from pairs": from_pairs,
        "from the best a": from_the_best,
        "Stein's identity": stein_identity,
        "a fraction": fraction,
    },
}

WRONG = {
    "james_stein": {
        "no positive part, and the median": (
            lambda x, sigma: towards(x.mean(axis=1), np.median(x.mean(axis=1)), sigma**2 / x.shape[1], len(x) - 3),
            "expected",
        ),
        "the number of samples for the number of wells": (
            lambda x, sigma: towards(x.mean(axis=1), x.mean(), sigma**2 / x.shape[1], x.shape[1] - 3),
            "expected",
        ),
        "divided by the number of wells": (
            lambda x, sigma: towards(x.mean(axis=1), x.mean(), sigma**2 / len(x), len(x) - 3),
            "expected",
        ),
        "the deviations alone": (lambda x, sigma: james_stein(x, sigma) - x.mean(), "expected"),
        "each sample": (lambda x, sigma: towards(x.ravel(), x.mean(), sigma**2, x.size - 3), "should have"),
        "over the columns": (lambda x, sigma: james_stein(x.T, sigma), "should have"),
        "the raw means": (lambda x, sigma: x.mean(axis=1), "expected"),
        "rounded": (lambda x, sigma: james_stein(x, sigma).round(2), "the answer is rounded"),
        "half-way": (lambda x, sigma: (james_stein(x, sigma) + x.mean(axis=1)) / 2, "expected"),
    },
    "error_left": {
        "of one well": (lambda ybar, se, a: error_left(ybar, se, a) / len(ybar), "A mean, where a sum belongs?"),
        "the root": (lambda ybar, se, a: np.sqrt(error_left(ybar, se, a)), "expected"),
        "the gain": (
            lambda ybar, se, a: len(ybar) * se**2 - error_left(ybar, se, a),
            "expected",
        ),
        "a not squared": (
            lambda ybar, se, a: len(ybar) * se**2 - (2 * a * (len(ybar) - 3) - a) * se**4 / (len(ybar) * ybar.var()),
            "expected",
        ),
        "the variance below": (
            lambda ybar, se, a: len(ybar) * se**2 - (2 * a * (len(ybar) - 3) - a**2) * se**4 / ybar.var(),
            "expected",
        ),
        "the raw means' error": (lambda ybar, se, a: len(ybar) * se**2, "a = k - 3 gives less than any other a"),
        "a cut at the best": (lambda ybar, se, a: error_left(ybar, se, min(a, len(ybar) - 3)), "expected"),
    },
}
