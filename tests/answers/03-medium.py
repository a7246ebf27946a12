"""Other answers to 03-medium."""

import numpy as np

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


RIGHT = {
    "posterior": {
        "observation by observation": one_observation_after_the_other,
        "precisions": by_precisions,
        "a distribution, float32": by_hblib,
    }
}

WRONG = {
    "posterior": {
        "standard deviations": (
            lambda *args: (posterior(*args)[0], np.sqrt(posterior(*args)[1])),
            "the square root of what is asked",
        ),
        "precisions": (
            lambda ybar, n, sigma2, mu, tau2: (posterior(ybar, n, sigma2, mu, tau2)[0], n / sigma2 + np.divide(1, tau2)),
            "1 divided by what is asked",
        ),
        "exchanged": (lambda *args: posterior(*args)[::-1], "another order"),
        "shrinks only": (
            lambda ybar, n, sigma2, mu, tau2: (
                n * tau2 * ybar / (n * tau2 + sigma2),
                sigma2 * tau2 / (n * tau2 + sigma2),
            ),
            "the second is right",
        ),
    }
}
