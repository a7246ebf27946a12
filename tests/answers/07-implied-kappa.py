"""Answers to 07-implied-kappa that nobody listed: right in another way, and wrong in ways of their own."""

import math

import numpy as np
import pandas as pd
from scipy import integrate, stats


def by_distribution(k, se, upper):
    return stats.uniform(0, upper).sf(se * np.sqrt(k / (1 - k)))


def by_loop(k, se, upper):
    result = []
    for error in se:
        tau = error * (k / (1 - k)) ** 0.5
        result.append(1 - tau / upper if tau < upper else 0)
    return result


def by_clip(k, se, upper):
    return pd.Series(1 - se / np.sqrt(1 / k - 1) / upper).clip(lower=0)


def in_single_precision(k, se, upper):
    tau = np.sqrt(np.float32(k) / np.float32(1 - k)) * se.astype(np.float32)
    return np.maximum(1 - tau / np.float32(upper), 0)


def drawn(k, se, upper):
    tau = np.random.default_rng(1).uniform(0, upper, 400_000)
    return np.array([np.mean(tau**2 / (tau**2 + error**2) > k) for error in se])


def by_inverse(kappa, se, upper):
    """kappa / (1 - kappa) = x; d tau / d kappa by parts."""
    x = kappa / (1 - kappa)
    slope = se / (2 * np.sqrt(x)) / (1 - kappa) ** 2
    return np.where(se * np.sqrt(x) <= upper, slope / upper, 0)


def by_f_distribution(kappa, se, upper):
    """The logarithm of tau has an exponential tail: log tau = log upper - Exp(1)."""
    log_tau = np.log(se) + (np.log(kappa) - np.log1p(-kappa)) / 2
    return stats.expon.pdf(np.log(upper) - log_tau) / (2 * kappa * (1 - kappa))


def density_by_loop(kappa, se, upper):
    result = []
    for x in kappa:
        limit = upper**2 / (upper**2 + se**2)
        result.append(se / 2 / upper * x**-0.5 * (1 - x) ** -1.5 if x < limit else 0.0)
    return result


def by_difference(kappa, se, upper):
    def below(x):
        return np.minimum(1, se * np.sqrt(x / (1 - x)) / upper)

    return (below(kappa + 1e-6) - below(kappa - 1e-6)) / 2e-6


def normalised(kappa, se, upper):
    """Made to have area 1 although it has that already."""
    limit = upper**2 / (upper**2 + se**2)
    area = integrate.quad(
        lambda t: np.sin(t) ** -1 * np.cos(t) ** -3 * 2 * np.sin(t) * np.cos(t), 0, np.arcsin(limit**0.5)
    )[0]
    return np.where(kappa < limit, kappa**-0.5 * (1 - kappa) ** -1.5 / area, 0)


RIGHT = {
    "above": [by_distribution, by_loop, by_clip, in_single_precision],
    "density_of_kappa": [by_inverse, by_f_distribution, density_by_loop, by_difference, normalised],
}
WRONG = {
    "above": [
        (drawn, "Close"),
        (lambda k, se, upper: max(0, 1 - se * (k / (1 - k)) ** 0.5 / upper), "`if`, `max` and `min` want one number"),
        # `math.sqrt` gets the same words, but the page's NumPy words the error before them otherwise than here.
        (lambda k, se, upper: 1 - math.comb(2, se), "One number is wanted there, and not an array."),
        (lambda k, se, upper: by_distribution(k, se, 2 * upper), "(upper - se) / upper"),
        (lambda k, se, upper: 100 * by_distribution(k, se, upper), "100"),
        (lambda k, se, upper: np.full(len(se), 0.5), "whatever the inputs"),
        (lambda k, se, upper: by_distribution(k, se, upper)[::-1], "reverse order"),
        (lambda k, se, upper: by_distribution(k, se, upper) ** 2, "square"),
    ],
    "density_of_kappa": [
        (lambda kappa, se, upper: np.log(by_inverse(kappa, se, upper)), "log"),
        (lambda kappa, se, upper: by_distribution(kappa, se, upper), "area under the density"),
        (lambda kappa, se, upper: 1 / by_inverse(kappa, se, upper), "1 divided by"),
        (lambda kappa, se, upper: by_inverse(kappa, se, upper) * 1.004, "1.004 times"),
    ],
}
