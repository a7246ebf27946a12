"""Other answers to 03-medium."""

import numpy as np
import pandas as pd
from scipy import stats

from hblib import normal_normal
from hblib.coursework import source

posterior = source.load("03-medium").namespace["posterior"]


def one_observation_after_the_other(ybar, n, sigma2, mu, tau2):
    pairs = []
    for mean, count in zip(ybar, n, strict=True):
        centre, variance = mu, tau2
        for _ in range(count):  # all of them at their mean: only their mean matters
            gain = variance / (variance + sigma2)
            centre, variance = centre + gain * (mean - centre), (1 - gain) * variance
        pairs.append((centre, variance))
    return pairs


def by_precisions(ybar, n, sigma2, mu, tau2):
    if tau2 == 0:
        return np.full(len(ybar), mu), np.zeros(len(ybar))
    precision = n / sigma2 + 1 / tau2
    return (n / sigma2 * ybar + mu / tau2) / precision, 1 / precision


def by_hblib(ybar, n, sigma2, mu, tau2):
    known = normal_normal.posterior(ybar, np.sqrt(sigma2 / n), mu, np.sqrt(tau2))
    return np.array([known.mean(), known.var()], dtype=np.float32)


def frame(means, counts, noise, centre, spread):
    kappa = counts * spread / (counts * spread + noise)
    return pd.DataFrame({"mean": centre + kappa * (means - centre), "variance": kappa * noise / counts})


def third(ybar3, n3, sigma2):
    precision = n3 / sigma2 + 1 / 4
    return (n3 / sigma2 * ybar3 + 10 / 4) / precision, 1 / precision


def on_a_grid(ybar3, n3, sigma2):
    """A plain sum over the true mean; the cell at the border counts half."""
    step = 0.001
    theta = np.arange(-40_000, 40_001) * step
    p = np.exp(-((theta) ** 2) / 8 - n3 * (ybar3 - 10 - theta) ** 2 / (2 * sigma2))
    return (p[theta > step / 2].sum() + p[np.abs(theta) < step / 2].sum() / 2) / p.sum()


RIGHT = {
    "posterior": {
        "observation by observation": one_observation_after_the_other,
        "precisions": by_precisions,
        "a distribution, float32": by_hblib,
        "a data frame, other names": frame,
    },
    "p_above": {
        "from the other side": lambda **data: 1 - stats.norm.cdf(10, third(**data)[0], np.sqrt(third(**data)[1])),
        "standardised": lambda ybar3, n3, sigma2: np.array(
            [stats.norm.cdf((third(ybar3, n3, sigma2)[0] - 10) / np.sqrt(third(ybar3, n3, sigma2)[1]))]
        ),
        "a sum over a grid": on_a_grid,
    },
}

WRONG = {
    "posterior": {
        "exchanged": (lambda *args: posterior(*args)[::-1], "another order"),
        "shrinks towards 0": (
            lambda ybar, n, sigma2, mu, tau2: posterior(ybar, n, sigma2, 0.0, tau2),
            "the second is right",
        ),
        "towards the mean of the means": (
            lambda ybar, n, sigma2, mu, tau2: posterior(ybar, n, sigma2, ybar.mean(), tau2),
            "the second is right",
        ),
        "tau2 squared": (lambda ybar, n, sigma2, mu, tau2: posterior(ybar, n, sigma2, mu, tau2**2), "expected"),
        "sigma2 squared": (lambda ybar, n, sigma2, mu, tau2: posterior(ybar, n, sigma2**2, mu, tau2), "expected"),
        "roots for variances": (
            lambda ybar, n, sigma2, mu, tau2: posterior(ybar, n, np.sqrt(sigma2), mu, np.sqrt(tau2)),
            "expected",
        ),
        "n and the root of n": (
            lambda ybar, n, sigma2, mu, tau2: posterior(ybar, np.sqrt(n), sigma2, mu, tau2),
            "expected",
        ),
    },
    "p_above": {
        "per cent": (
            lambda **data: 100 * stats.norm.sf(10, third(**data)[0], np.sqrt(third(**data)[1])),
            "in per cent",
        ),
        "the density": (lambda **data: stats.norm.pdf(10, third(**data)[0], np.sqrt(third(**data)[1])), "expected"),
        "the log": (
            lambda **data: stats.norm.logsf(10, third(**data)[0], np.sqrt(third(**data)[1])),
            "one logarithm too many",
        ),
        "n forgotten": (
            lambda ybar3, n3, sigma2: stats.norm.sf(
                10, third(ybar3, 1, sigma2)[0], np.sqrt(third(ybar3, 1, sigma2)[1])
            ),
            "expected",
        ),
        "the posterior mean": (lambda **data: third(**data)[0], "expected"),
    },
}
