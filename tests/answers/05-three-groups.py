"""Answers to 05-three-groups that nobody listed: right in another way, and wrong in ways of their own."""

import statistics

import numpy as np
import pandas as pd
from scipy import optimize


def by_statistics(ybar, n, sigma2):
    return max(0, statistics.variance(ybar.tolist()) - sigma2 / n)


def by_pairs(ybar, n, sigma2):
    """Half the mean squared difference of two varieties is their variance."""
    J = len(ybar)
    squares = sum((ybar[i] - ybar[j]) ** 2 for i in range(J) for j in range(i)) / (J * (J - 1))
    return np.array([np.clip(squares * n - sigma2, 0, None) / n])


def by_frame(ybar, n, sigma2):
    return np.float32(max(pd.Series(ybar).var() - sigma2 / n, 0))


def posterior_means(ybar, n, sigma2):
    """Precisions, with a small number for a variance of 0."""
    tau2 = by_statistics(ybar, n, sigma2) or 1e-12
    return [(n / sigma2 * y + statistics.mean(ybar) / tau2) / (n / sigma2 + 1 / tau2) for y in ybar]


def by_share(ybar, n, sigma2):
    """With equal groups the weight is the share of the variance that is real."""
    kappa = max(0, 1 - sigma2 / n / np.var(ybar, ddof=1))
    return pd.Series(kappa * ybar + (1 - kappa) * ybar.mean())


def by_matrix(ybar, n, sigma2):
    J, tau2 = len(ybar), by_statistics(ybar, n, sigma2)
    weight = tau2 / (tau2 + sigma2 / n)
    return (weight * np.eye(J) + (1 - weight) / J) @ ybar


def log_likelihood(tau2, ybar, n, sigma2):
    u = tau2 + sigma2 / n
    return -len(ybar) / 2 * np.log(u) - np.sum((ybar - ybar.mean()) ** 2) / (2 * u)


def by_optimizer(ybar, n, sigma2):
    best = optimize.minimize_scalar(
        lambda tau2: -log_likelihood(tau2, ybar, n, sigma2), bounds=(0, 1e3), method="bounded", options={"xatol": 1e-9}
    )
    return by_statistics(ybar, n, sigma2), best.x if best.x > 1e-6 else 0.0


def by_derivative(ybar, n, sigma2):
    ss = np.sum((ybar - ybar.mean()) ** 2)

    def slope(tau2):
        u = tau2 + sigma2 / n
        return ss / u - len(ybar)

    return [by_statistics(ybar, n, sigma2), optimize.brentq(slope, 0, 1e4, xtol=1e-11) if slope(0) > 0 else 0]


def in_one_array(ybar, n, sigma2):
    squares = ((ybar - np.full(len(ybar), ybar.sum() / len(ybar))) ** 2).sum()
    return np.maximum(squares / np.array([len(ybar) - 1, len(ybar)]) - sigma2 / n, 0)


def in_a_series(ybar, n, sigma2):
    variances = pd.Series(ybar)
    return pd.Series([variances.var(), variances.var(ddof=0)]).sub(sigma2 / n).clip(lower=0)


def changed(answer, change):
    return lambda **data: change(*answer(**data))


RIGHT = {
    "tau2": [by_statistics, by_pairs, by_frame],
    "theta": [posterior_means, by_share, by_matrix],
    "two_estimates": [by_optimizer, by_derivative, in_one_array, in_a_series],
}
HINTED = {
    "two_estimates": [
        (
            lambda ybar, n, sigma2: (in_one_array(ybar, n, sigma2)[0], max(np.var(ybar) - sigma2, 0)),
            "noise of one observation in the second",
        )
    ]
}
WRONG = {
    "tau2": [
        (lambda ybar, n, sigma2: 100 * by_statistics(ybar, n, sigma2), "100 times"),
        (lambda ybar, n, sigma2: by_statistics(ybar, n, np.sqrt(sigma2)), "expected"),
        (lambda ybar, n, sigma2: np.ptp(ybar) - sigma2 / n, "expected"),
        (lambda ybar, n, sigma2: float(n), "`n` itself, unchanged"),
    ],
    "theta": [
        (lambda ybar, n, sigma2: by_share(ybar, n, sigma2)[::-1], "reverse order"),
        (lambda ybar, n, sigma2: by_share(ybar, n, sigma2) - ybar.mean(), "expected"),
        (lambda ybar, n, sigma2: by_share(ybar, n, sigma2).mean(), "shape"),
        (lambda ybar, n, sigma2: np.median(ybar) + by_share(ybar, n, sigma2) - ybar.mean(), "expected"),
    ],
    "two_estimates": [
        (changed(in_one_array, lambda a, b: (np.sqrt(a), np.sqrt(b))), "square root"),
        (changed(in_one_array, lambda a, b: (a, a / 2)), "first is right"),
        (changed(in_one_array, lambda a, b: a), "should give 2 results"),
        (lambda ybar, n, sigma2: by_optimizer(ybar, 1, sigma2)[::-1], "expected"),
        (lambda ybar, n, sigma2: n * in_one_array(ybar, n, sigma2), "times `n`"),
    ],
}
