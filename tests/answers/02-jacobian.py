"""Other answers to 02-jacobian."""

import numpy as np
from scipy import special, stats

from hblib.coursework import source

log_density, log_prior = (source.load("02-jacobian").namespace[name] for name in ("log_density", "log_prior"))


def by_scipy(mu, M, s, t):
    return stats.expon.logpdf(mu * M, scale=s) + stats.expon.logpdf((1 - mu) * M, scale=t) + np.log(M)


def by_determinant(mu, M, s, t):
    out = []
    for mean, size in zip(mu, M, strict=True):
        jacobian = np.linalg.det([[size, mean], [-size, 1 - mean]])
        out.append(np.log(abs(jacobian)) - np.log(s) - np.log(t) - size * (mean / s + (1 - mean) / t))
    return out


def plain_logs(logit_mu, log_M, c):
    mu, M = special.expit(logit_mu), np.exp(log_M)
    return np.log(mu * (1 - mu))[:, None] + (2 + c) * np.log(M)[None, :]


def by_softplus(x, u, c):
    return np.add.outer(-np.logaddexp(0, x) - np.logaddexp(0, -x), (c + 2) * u)


def in_a_loop(logit_mu, log_M, c):
    rows = []
    for x in logit_mu:
        logs = -np.log1p(np.exp(-abs(x))) * 2 - abs(x)
        rows.append([logs + 2 * u + c * u for u in log_M])
    return rows


RIGHT = {
    "log_density": {
        "SciPy's exponential": by_scipy,
        "a determinant": by_determinant,
        "the log of the density": lambda mu, M, s, t: np.log(M / (s * t)) - M * (mu / s + (1 - mu) / t),
    },
    "log_prior": {"plain logarithms": plain_logs, "logaddexp": by_softplus, "a loop": in_a_loop},
}

WRONG = {
    "log_density": {
        "the density": (lambda *args: np.exp(log_density(*args)), "Is a logarithm missing?"),
        "minus": (lambda *args: -log_density(*args), "wrong sign"),
        "log10": (lambda *args: log_density(*args) / np.log(10), "times what is asked, everywhere"),
        "one M too many": (lambda mu, M, s, t: log_density(mu, M, s, t) + M, "plus `M`"),
    },
    "log_prior": {
        "the density": (lambda *args: np.exp(log_prior(*args)), "Is a logarithm missing?"),
        "transposed": (lambda *args: log_prior(*args).T, "rows and columns"),
        "a constant": (lambda *args: log_prior(*args) - np.log(4), "less than what is asked, everywhere"),
    },
}
