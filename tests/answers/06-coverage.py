"""Answers to 06-coverage that nobody listed: right in another way, and wrong in ways of their own."""

import statistics

import numpy as np
import pandas as pd
from scipy import stats


def by_loop(J, ratio, prob, rng):
    """One data set after the other."""
    z = stats.norm.ppf((1 + prob) / 2)
    held = 0
    for theta in rng.normal(0, ratio, (10_000, J)):
        ybar = rng.normal(theta)
        mu = ybar.mean()
        tau2 = max(0, ybar.var(ddof=1) - 1)
        variance = tau2 / (tau2 + 1)
        held += np.sum(np.abs(mu + variance * (ybar - mu) - theta) <= z * variance**0.5)
    return held / (10_000 * J)


def in_units(J, ratio, prob, rng, s=3.0, mu=50.0):
    """On a scale of its own, with precisions, one column a data set."""
    theta = mu + ratio * s * rng.standard_normal((J, 12_000))
    ybar = theta + s * rng.standard_normal((J, 12_000))
    centre, tau2 = ybar.mean(axis=0), np.clip(ybar.var(axis=0, ddof=1) - s**2, 1e-300, None)
    precision = 1 / s**2 + 1 / tau2
    z = stats.norm.interval(prob)[1]
    low, high = ((ybar / s**2 + centre / tau2) / precision + side * z / np.sqrt(precision) for side in (-1, 1))
    return np.float32(((low <= theta) & (theta <= high)).mean())


def by_probability(J, ratio, prob, rng):
    """Given the data, theta is normal: no need to draw it."""
    ybar = rng.normal(0, np.hypot(1, ratio), (10_000, J))
    mu, total = ybar.mean(axis=1, keepdims=True), ybar.var(axis=1, ddof=1, keepdims=True)
    kappa = np.clip(1 - 1 / total, 0, None)
    low, high = (mu + kappa * (ybar - mu) + side * np.sqrt(kappa) * stats.norm.ppf((1 + prob) / 2) for side in (-1, 1))
    true = ratio**2 / (1 + ratio**2)
    below, above = (stats.norm.cdf(end, true * ybar, np.sqrt(true)) for end in (low, high))
    return np.mean(above - below)


def by_quantiles(J, ratio, prob, rng):
    """In pieces, with the quantiles of the posterior that SciPy gives."""
    shares = []
    for _ in range(10):
        theta = rng.normal(0, ratio, size=(1000, J))
        ybar = theta + rng.normal(size=theta.shape)
        tau = np.sqrt(np.maximum(0, ybar.var(axis=1, ddof=1) - 1))[:, None]
        kappa = tau**2 / (1 + tau**2)
        centre = (1 - kappa) * ybar.mean(axis=1)[:, None] + kappa * ybar
        with np.errstate(invalid="ignore"):
            tail = stats.norm.cdf(theta, centre, np.sqrt(kappa))  # nan where the interval is a point
        shares.append((abs(tail - 0.5) <= prob / 2).mean())
    return statistics.mean(map(float, shares))


def by_statistics(first, second):
    rows = [float(a.mean() - b.mean()) for a, b in zip(first, second, strict=True)]
    return statistics.fmean(rows), statistics.stdev(rows) / len(rows) ** 0.5


def by_frames(first, second):
    rows = pd.DataFrame(first).mean(axis=1) - pd.DataFrame(second).mean(axis=1)
    return pd.Series([rows.mean(), rows.sem()])


def by_jackknife(first, second):
    """Leave out one data set after the other."""
    rows = (first.astype(np.float32) - second.astype(np.float32)).mean(axis=1)
    left = (rows.sum() - rows) / (len(rows) - 1)
    return [rows.mean(), np.sqrt((len(rows) - 1) * left.var())]


def by_clusters(first, second):
    """The difference of two shares, with a standard error that is robust to clusters."""
    d = first.astype(int) - second.astype(int)
    scores = (d - d.mean()).sum(axis=1)
    return np.array([d.mean(), np.sqrt(scores @ scores) / d.size])


def by_covariance(first, second):
    a, b = first.mean(axis=1), second.mean(axis=1)
    c = np.cov(a, b)
    return a.mean() - b.mean(), np.sqrt((c[0, 0] + c[1, 1] - 2 * c[0, 1]) / len(a))


def with_interval(half):
    """The experiment with intervals of another length, half(kappa, prob, J)."""

    def answer(J, ratio, prob, rng):
        theta = rng.normal(0, ratio, (10_000, J))
        ybar = rng.normal(theta)
        mu, total = ybar.mean(axis=1, keepdims=True), ybar.var(axis=1, ddof=1, keepdims=True)
        kappa = np.clip(1 - 1 / total, 0, None)
        return np.mean(abs(theta - mu - kappa * (ybar - mu)) <= half(kappa, prob, J))

    return answer


def noise_left_in(J, ratio, prob, rng):
    theta = ratio * rng.standard_normal((12_000, J))
    ybar = rng.normal(theta)
    tau2 = ybar.var(axis=1, ddof=1, keepdims=True)
    centre = (tau2 * ybar + ybar.mean(axis=1, keepdims=True)) / (tau2 + 1)
    return np.mean(abs(theta - centre) <= stats.norm.isf((1 - prob) / 2) * np.sqrt(tau2 / (tau2 + 1)))


def changed(answer, change):
    return lambda **data: change(*answer(**data))


RIGHT = {
    "covered": [by_loop, in_units, by_probability, by_quantiles],
    "better": [by_statistics, by_frames, by_jackknife, by_clusters, by_covariance],
}
HINTED = {
    "covered": [
        (
            with_interval(lambda kappa, prob, J: stats.norm.ppf((1 + prob) / 2) * np.sqrt(kappa + (1 - kappa) / J)),
            "without the data sets where tau is 0",
        ),
        (noise_left_in, "the noise not taken off"),
    ],
}
WRONG = {
    "covered": [
        (lambda **data: 100 * in_units(**data), "expected"),
        (lambda **data: 1 - in_units(**data), "expected"),
        (lambda J, ratio, prob, rng: in_units(J, ratio**2, prob, rng), "expected"),
        (with_interval(lambda kappa, prob, J: stats.t.ppf((1 + prob) / 2, J - 1) * np.sqrt(kappa)), "very large ratio"),
        (with_interval(lambda kappa, prob, J: 1.1 * stats.norm.ppf((1 + prob) / 2) * np.sqrt(kappa)), "large ratio"),
        (with_interval(lambda kappa, prob, J: 1.2 * stats.norm.ppf((1 + prob) / 2) * np.sqrt(kappa)), "large ratio"),
        (with_interval(lambda kappa, prob, J: stats.norm.ppf((1 + prob) / 2) * np.sqrt(1 - kappa)), "expected"),
        (with_interval(lambda kappa, prob, J: stats.norm.ppf((1 + prob) / 2)), "expected"),
        (with_interval(lambda kappa, prob, J: 1.96 * np.sqrt(kappa)), "expected"),
        (lambda **data: 0.7, "the same number"),
    ],
    "better": [
        (changed(by_statistics, lambda gap, error: (100 * gap, 100 * error)), "100 times"),
        (changed(by_statistics, lambda gap, error: (gap, 1.96 * error)), "1.96"),
        (changed(by_statistics, lambda gap, error: (gap, error**2)), "square"),
        (changed(by_statistics, lambda gap, error: (error, gap)), "another order"),
        (changed(by_statistics, lambda gap, error: (gap / error, error)), "second is right"),
        (changed(by_statistics, lambda gap, error: gap), "should give 2 results"),
        (lambda first, second: (np.mean(first - second), 0.01), "True and False cannot be subtracted"),
        (lambda first, second: (np.mean(first.mean(axis=1) ^ 2), 0.01), "A power is written with two stars"),
    ],
}
