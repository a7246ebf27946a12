"""Other answers to 13-group-index."""

import numpy as np
import pandas as pd
from scipy import stats

from hblib.coursework import source

places, new_store, effects = (
    source.load("13-group-index").namespace[name] for name in ("places", "new_store", "effects")
)


def by_dictionary(store):
    number = {label: place for place, label in enumerate(sorted(set(store.tolist())))}
    return [number[label] for label in store.tolist()]


def one_by_one(mu, tau, ybar, se, z):
    out = np.empty(z.shape)
    for s in range(len(mu)):
        for j in range(len(ybar)):
            k = tau[s] ** 2 / (tau[s] ** 2 + se[j] ** 2)
            out[s, j] = mu[s] + k * (ybar[j] - mu[s]) + np.sqrt(k) * se[j] * z[s, j]
    return out


def total(mu, tau):
    """By the second moments."""
    return [np.mean(mu), np.sqrt(np.mean(mu**2 + tau**2) - np.mean(mu) ** 2)]


RIGHT = {
    "places": {
        "pandas": lambda store: pd.factorize(store, sort=True)[0],
        "a dictionary": by_dictionary,
        "by search": lambda store: np.searchsorted(np.unique(store), store),
        "how many are smaller": lambda store: (np.unique(store) < store[:, None]).sum(axis=1),
        "categories": lambda store: pd.Categorical(store).codes,
    },
    "new_store": {
        "second moments": total,
        "a table": lambda mu, tau: pd.Series({"mean": mu.mean(), "sd": total(mu, tau)[1]}),
        "an array": lambda mu, tau: np.array([mu.mean(), np.hypot(mu.std(), np.sqrt(np.mean(tau**2)))]),
    },
    "effects": {
        "one by one": one_by_one,
        "transposed and back": lambda mu, tau, ybar, se, z: (
            np.array([effects(mu, tau, ybar[[j]], se[[j]], z[:, [j]])[:, 0] for j in range(len(ybar))]).T
        ),
        "a data frame": lambda *args: pd.DataFrame(effects(*args)),
    },
}

WRONG = {
    "places": {
        "descending": (lambda store: np.unique(-store, return_inverse=True)[1], "expected"),
        "twice the places": (lambda store: 2 * places(store), "expected"),
        "the numbers themselves": (lambda store: store, "expected"),
    },
    "new_store": {
        "the sample's variance": (
            lambda mu, tau: (mu.mean(), np.sqrt(mu.var(ddof=1) + np.mean(tau**2))),
            "expected",
        ),
        "a distribution of SciPy": (
            lambda mu, tau: (mu.mean(), np.sqrt(mu.var() + np.mean(stats.norm(mu, tau).var()))),
            "tau = 0 in every draw",
        ),
        "all draws or none": (
            lambda mu, tau: (
                mu.mean(),
                np.sqrt(mu.var() + tau.any() * np.mean(stats.norm(mu, tau + ~tau.any()).var())),
            ),
            "tau = 0 in some draws",
        ),
        "half the spread": (lambda mu, tau: (mu.mean(), new_store(mu, tau)[1] / 2), "expected"),
        "the median": (lambda mu, tau: (np.median(mu), new_store(mu, tau)[1]), "expected"),
    },
    "effects": {
        "the weight as a standard deviation": (
            lambda mu, tau, ybar, se, z: effects(mu, tau, ybar, se, 0 * z) + np.sqrt(se**2 + tau[:, None] ** 2) * z,
            "expected",
        ),
        "the other way round": (lambda *args: effects(*args).T, "Have rows and columns changed places?"),
        "rounded": (lambda *args: np.round(effects(*args)), "expected"),
    },
}
