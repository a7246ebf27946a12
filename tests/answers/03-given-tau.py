"""Other answers to 03-given-tau."""

import numpy as np
import pandas as pd
from scipy import stats

from hblib import normal_normal
from hblib.coursework import source

weight, estimate, log_marginal = (
    source.load("03-given-tau").namespace[name] for name in ("weight", "estimate", "log_marginal")
)


def by_regression(ybar, se, mu, tau):
    """Means and SDs as a table with a row a school."""
    slope = np.cov(np.array([[tau**2, tau**2], [tau**2, tau**2]])) if False else tau**2 / (se**2 + tau**2)
    return np.column_stack([mu + slope * (ybar - mu), np.sqrt(tau**2 - slope * tau**2)])


def with_scipy(ybar, se, mu, tau):
    known = normal_normal.posterior(ybar, se, mu, tau)
    return known.mean(), known.std()


RIGHT = {
    "weight": {
        "by precisions, tau = 0 apart": lambda se, tau: (1 / se**2) / (1 / se**2 + 1 / tau**2) if tau else 0 * se,
        "a loop": lambda se, tau: [tau * tau / (tau * tau + s * s) for s in se],
        "one minus the rest": lambda errors, sd: 1 - errors**2 / (errors**2 + sd**2),
    },
    "estimate": {
        "a regression, in a table": by_regression,
        "a distribution": with_scipy,
        "Series": lambda ybar, se, mu, tau: [pd.Series(each) for each in with_scipy(ybar, se, mu, tau)],
    },
    "log_marginal": {
        "by hand": lambda ybar, se, mu, tau: (
            -0.5 * sum(np.log(2 * np.pi * (se**2 + tau**2)) + (ybar - mu) ** 2 / (se**2 + tau**2))
        ),
        "multivariate": lambda ybar, se, mu, tau: stats.multivariate_normal(
            np.full(len(ybar), mu), np.diag(se**2 + tau**2)
        ).logpdf(ybar),
        "a product": lambda ybar, se, mu, tau: np.log(np.prod(stats.norm.pdf(ybar, mu, np.hypot(se, tau)))),
    },
}

WRONG = {
    "weight": {
        "odds": (lambda se, tau: tau**2 / se**2, "the odds"),
        "roots": (lambda se, tau: tau / np.hypot(tau, se), "the square root of what is asked"),
        "the log": (lambda se, tau: np.log(weight(se, tau)), "one logarithm too many"),
    },
    "estimate": {
        "the SDs first": (lambda *args: estimate(*args)[::-1], "another order"),
        "distance from mu": (
            lambda ybar, se, mu, tau: (estimate(ybar, se, mu, tau)[0] - mu, estimate(ybar, se, mu, tau)[1]),
            "minus `mu`",
        ),
        "precisions": (
            lambda *args: (estimate(*args)[0], 1 / estimate(*args)[1] if args[-1] else np.inf * args[1]),
            "expected",
        ),
    },
    "log_marginal": {
        "the mean over schools": (lambda ybar, se, mu, tau: stats.norm.logpdf(ybar, mu, np.hypot(se, tau)).mean(), "divided by J"),
        "minus": (lambda *args: -log_marginal(*args), "wrong sign"),
        "the density": (lambda *args: np.exp(log_marginal(*args)), "Is a logarithm missing?"),
    },
}
