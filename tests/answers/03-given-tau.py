"""Other answers to 03-given-tau."""

from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import stats

from hblib import normal_normal
from hblib.coursework import source

weight, estimate, log_marginal = (
    source.load("03-given-tau").namespace[name] for name in ("weight", "estimate", "log_marginal")
)


def by_regression(ybar, se, mu, tau):
    """Means and SDs as a table with a row a school: theta regressed on ybar."""
    slope = tau**2 / (se**2 + tau**2)
    return np.column_stack([mu + slope * (ybar - mu), np.sqrt(tau**2 - slope * tau**2)])


def by_hblib(ybar, se, mu, tau):
    known = normal_normal.posterior(ybar, se, mu, tau)
    return known.mean(), known.std()


def on_a_grid(ybar, se, mu, tau):
    """Plain sums over theta, school by school."""
    if tau == 0:
        return np.full(len(ybar), mu), np.zeros(len(ybar))
    out = []
    for y, s in zip(ybar, se, strict=True):
        theta = np.linspace(mu - 12 * tau, mu + 12 * tau, 2_001)
        theta = theta[np.abs(theta - y) < 40 * s]
        log_p = stats.norm.logpdf(theta, mu, tau) + stats.norm.logpdf(y, theta, s)
        p = np.exp(log_p - log_p.max())
        mean = p @ theta / p.sum()
        out.append((mean, np.sqrt(p @ (theta - mean) ** 2 / p.sum())))
    return out


def summed_over_theta(ybar, se, mu, tau):
    """The true effects integrated out by a plain sum over their grid."""
    z = np.linspace(-12, 12, 4001)
    p = stats.norm.pdf(ybar[:, None], mu + tau * z, se[:, None]) @ stats.norm.pdf(z) * (z[1] - z[0])
    return np.log(p).sum()


RIGHT = {
    "weight": {
        "by precisions, tau = 0 apart": lambda se, tau: (1 / se**2) / (1 / se**2 + 1 / tau**2) if tau else 0 * se,
        "a loop": lambda se, tau: [tau * tau / (tau * tau + s * s) for s in se],
        "one minus the rest": lambda errors, sd: 1 - errors**2 / (errors**2 + sd**2),
        "fractions": lambda se, tau: [
            1 / (1 + (Fraction(float(s)) / Fraction(float(tau))) ** 2) if tau else Fraction(0) for s in se
        ],
        "a cosine": lambda se, tau: np.cos(np.arctan2(se, tau)).astype(np.float32) ** 2,
    },
    "estimate": {
        "a regression, in a table": by_regression,
        "a distribution": by_hblib,
        "Series": lambda ybar, se, mu, tau: [pd.Series(each) for each in by_hblib(ybar, se, mu, tau)],
        "sums on a grid": on_a_grid,
        "float32": lambda *args: np.array(by_hblib(*args), dtype=np.float32),
    },
    "log_marginal": {
        "by hand": lambda ybar, se, mu, tau: (
            -0.5 * sum(np.log(2 * np.pi * (se**2 + tau**2)) + (ybar - mu) ** 2 / (se**2 + tau**2))
        ),
        "multivariate": lambda ybar, se, mu, tau: stats.multivariate_normal(
            np.full(len(ybar), mu), np.diag(se**2 + tau**2)
        ).logpdf(ybar),
        "a product": lambda ybar, se, mu, tau: np.log(np.prod(stats.norm.pdf(ybar, mu, np.hypot(se, tau)))),
        "summed over theta": summed_over_theta,
    },
}

WRONG = {
    "weight": {
        "odds": (lambda se, tau: tau**2 / se**2, "the odds"),
        "roots": (lambda se, tau: tau / np.hypot(tau, se), "the square root of what is asked"),
        "the log": (lambda se, tau: np.log(weight(se, tau)), "one logarithm too many"),
        "adding up to 1": (lambda se, tau: weight(se, tau) / weight(se, tau).sum(), "expected"),
        "the mean standard error": (lambda se, tau: weight(0 * se + se.mean(), tau), "expected"),
    },
    "estimate": {
        "the SDs first": (lambda *args: estimate(*args)[::-1], "another order"),
        "distance from mu": (
            lambda ybar, se, mu, tau: (estimate(ybar, se, mu, tau)[0] - mu, estimate(ybar, se, mu, tau)[1]),
            "minus `mu`",
        ),
        "precisions": (
            lambda *args: (estimate(*args)[0], 1 / estimate(*args)[1]),
            "1 divided by what is asked",
        ),
        "ends of an interval": (
            lambda *args: (estimate(*args)[0] - estimate(*args)[1], estimate(*args)[0] + estimate(*args)[1]),
            "expected",
        ),
        "the mean of the data for mu": (
            lambda ybar, se, mu, tau: estimate(ybar, se, ybar.mean(), tau),
            "the second is right",
        ),
        "the means alone": (lambda *args: estimate(*args)[0], "2 results"),
    },
    "log_marginal": {
        "minus": (lambda *args: -log_marginal(*args), "wrong sign"),
        "the density": (
            lambda ybar, se, mu, tau: np.exp(log_marginal(ybar, se, mu, tau)),
            "Is a logarithm missing?",
        ),
        "school by school": (
            lambda ybar, se, mu, tau: stats.norm.logpdf(ybar, mu, np.hypot(se, tau)),
            "has the shape",
        ),
        "the log of a sum": (
            lambda ybar, se, mu, tau: np.log(stats.norm.pdf(ybar, mu, np.hypot(se, tau)).sum()),
            "expected",
        ),
        "no constant": (
            lambda ybar, se, mu, tau: log_marginal(ybar, se, mu, tau) + len(ybar) / 2 * np.log(2 * np.pi),
            "expected",
        ),
        "the deviance": (lambda *args: -2 * log_marginal(*args), "-2 times what is asked"),
    },
}
