"""Answers to 06-repair that nobody listed: right in another way, and wrong in ways of their own."""

import statistics

import numpy as np
import pandas as pd
from scipy import stats


def by_loop(obs, sigma, prob):
    J, n = len(obs), len(obs[0])
    means = [statistics.fmean(row) for row in obs]
    centre, s2 = statistics.fmean(means), sigma**2 / n
    v = statistics.variance(means)
    v = s2 if v < s2 else v
    kappa = 1 - (J - 3) / (J - 1) * s2 / v
    low, high = [], []
    for ybar in means:
        variance = kappa * s2 + (1 - kappa) * s2 / J + 2 * (1 - kappa) ** 2 / (J - 3) * (ybar - centre) ** 2
        posterior = statistics.NormalDist(kappa * ybar + (1 - kappa) * centre, variance**0.5)
        low.append(posterior.inv_cdf((1 - prob) / 2))
        high.append(posterior.inv_cdf((1 + prob) / 2))
    return low, high


def by_scipy(obs, sigma, prob):
    """In units of the standard error, as one array with two rows."""
    s = sigma / np.sqrt(obs.shape[1])
    y = obs.mean(axis=1) / s
    J = y.size
    b = (J - 3) / np.maximum(J - 1, np.sum((y - y.mean()) ** 2))
    variance = 1 - b * (1 - 1 / J) + 2 / (J - 3) * (b * (y - y.mean())) ** 2
    return s * np.array(stats.norm.interval(prob, y.mean() + (1 - b) * (y - y.mean()), np.sqrt(variance)))


def in_a_table(obs, sigma, prob):
    return pd.DataFrame(np.array(by_loop(obs, sigma, prob)).T, columns=["low", "high"])


def by_differences(y, n, mu, size, C):
    """Slopes by trying."""

    def mean(mu, log_size):
        return (mu * np.exp(log_size) + y) / (np.exp(log_size) + n)

    at, h = np.log(size), 1e-5
    g = np.stack([mean(mu + h, at) - mean(mu - h, at), mean(mu, at + h) - mean(mu, at - h)]) / (2 * h)
    known = stats.beta(mu * size + y, (1 - mu) * size + n - y).var()
    return np.sqrt(known + np.einsum("ij,ik,kj->j", g, C, g))


def group_by_group(y, n, mu, size, C):
    sds = []
    for successes, trials in zip(y, n, strict=True):
        m = (mu * size + successes) / (size + trials)
        g = np.array([size, size * (mu - m)]) / (size + trials)
        sds.append((m * (1 - m) / (size + trials + 1) + g @ C @ g) ** 0.5)
    return sds


def by_a_root(y, n, mu, size, C):
    """g' C g as the squared length of L' g, L the Cholesky factor of C."""
    m = (mu * size + y) / (size + n)
    slopes = np.array([np.ones(len(n)), mu - m]) * size / (size + n)
    return np.linalg.norm(np.vstack([np.sqrt(m * (1 - m) / (size + n + 1)), np.linalg.cholesky(C).T @ slopes]), axis=0)


def changed(answer, change):
    return lambda **data: change(*answer(**data))


RIGHT = {
    "repaired": [by_loop, by_scipy, in_a_table],
    "wider": [by_differences, group_by_group, by_a_root],
}
WRONG = {
    "repaired": [
        (changed(by_scipy, lambda low, high: (high, low)), "in another order"),
        (changed(by_scipy, lambda low, high: high - low), "should give 2 results"),
        (changed(by_scipy, lambda low, high: ((low + high) / 2, (high - low) / 2)), "expected"),
        (lambda obs, sigma, prob: by_scipy(obs, sigma, (1 + prob) / 2), "expected"),
        (lambda obs, sigma, prob: np.array(by_scipy(obs, sigma, prob))[:, :1], "shape"),
    ],
    "wider": [
        (lambda y, n, mu, size, C: group_by_group(y, n, mu, size, C @ C), "expected"),
        (lambda y, n, mu, size, C: 1.96 * np.array(group_by_group(y, n, mu, size, C)), "1.96 times"),
        (lambda y, n, mu, size, C: np.mean(group_by_group(y, n, mu, size, C)), "shape"),
        (lambda y, n, mu, size, C: group_by_group(n - y, n, mu, size, C), "the roots of v_j"),
    ],
}
