"""Other answers to 04-star."""

import numpy as np
import pandas as pd

from hblib import james_stein
from hblib.coursework import source

own_risks, limited_risks = (source.load("04-star").namespace[name] for name in ("own_risks", "limited_risks"))


def season_by_season(theta, z):
    total = np.zeros(len(theta))
    for noise in z:
        y = theta + noise
        c = 1 - (len(y) - 2) / (y @ y)
        total += (max(c, 0) * y - theta) ** 2
    return list(total / len(z))


def frame(truth, noise):
    y = pd.DataFrame(noise + truth)
    c = (1 - (y.shape[1] - 2) / (y**2).sum(axis=1)).clip(lower=0)
    return ((y.mul(c, axis=0) - truth) ** 2).mean()


def by_hblib(theta, z):
    return np.mean([(james_stein.estimate(theta + noise, 1, 0) - theta) ** 2 for noise in z], axis=0)


def bias_and_variance(theta, z):
    """In columns: a row a batter, as an array of one column."""
    y = (theta + z).T
    estimate = np.maximum(1 - (len(theta) - 2) / np.einsum("ij,ij->j", y, y), 0) * y
    return (estimate.var(axis=1) + (estimate.mean(axis=1) - theta) ** 2)[:, None]


def estimates(theta, z):
    y = theta + z
    return np.maximum(0, 1 - (y.shape[1] - 2) / np.sum(y**2, axis=1, keepdims=True)) * y


def moves(theta, z, limit):
    """The movement, not the estimate, is limited."""
    return np.mean((np.clip(estimates(theta, z) - theta - z, -limit, limit) + z) ** 2, axis=0)


def batter_by_batter(theta, z, limit):
    out = []
    for j, truth in enumerate(theta):
        errors = []
        for season in range(len(z)):
            y, js = truth + z[season, j], estimates(theta, z[season : season + 1])[0, j]
            if js > y + limit:
                js = y + limit
            elif js < y - limit:
                js = y - limit
            errors.append((js - truth) ** 2)
        out.append(sum(errors) / len(errors))
    return out


RIGHT = {
    "own_risks": {
        "season by season": season_by_season,
        "a data frame, other names": frame,
        "hblib": by_hblib,
        "bias and variance, a column": bias_and_variance,
        "float32": lambda theta, z: own_risks(theta, z).astype(np.float32),
    },
    "limited_risks": {
        "the movement": moves,
        "batter by batter": batter_by_batter,
        "hblib": lambda theta, z, limit: np.mean(
            [
                (james_stein.limited_translation(theta + noise, 1, 0, limit) - theta) ** 2
                if np.isfinite(limit)
                else (james_stein.estimate(theta + noise, 1, 0) - theta) ** 2
                for noise in z
            ],
            axis=0,
        ),
        "minimum of maximum": lambda theta, z, limit: pd.Series(
            np.mean(
                (np.minimum(np.maximum(estimates(theta, z), theta + z - limit), theta + z + limit) - theta) ** 2, axis=0
            )
        ),
    },
}


def batters_factor(theta, z):
    y = theta + z
    factor = np.clip(1 - (len(theta) - 2) / np.linalg.norm(y, axis=0) ** 2, 0, None)
    return ((factor * y - theta) ** 2).mean(axis=0)


HINTED = {"own_risks": {"the sum over axis 0": (batters_factor, "a factor for each batter")}}
WRONG = {
    "own_risks": {
        "the root": (lambda theta, z: np.sqrt(own_risks(theta, z)), "square root of what is asked"),
        "the sum over seasons": (lambda theta, z: len(z) * own_risks(theta, z), "A sum, where a mean belongs?"),
        "the total": (lambda theta, z: own_risks(theta, z).sum(), "should have"),
        "each season's total": (lambda theta, z: ((estimates(theta, z) - theta) ** 2).sum(axis=1), "should have"),
        "absolute errors": (lambda theta, z: np.abs(estimates(theta, z) - theta).mean(axis=0), "expected"),
        "k in place of k - 2": (
            lambda theta, z: np.mean(
                (np.maximum(0, 1 - len(theta) / np.sum((theta + z) ** 2, axis=1, keepdims=True)) * (theta + z) - theta)
                ** 2,
                axis=0,
            ),
            "expected",
        ),
        "about the mean of the season": (
            lambda theta, z: np.mean([(james_stein.estimate(theta + noise, 1) - theta) ** 2 for noise in z], axis=0),
            "expected",
        ),
        "divided by seasons - 1": (
            lambda theta, z: own_risks(theta, z) * len(z) / (len(z) - 1),
            "J / (J - 1)",
        ),
        "reversed": (lambda theta, z: own_risks(theta, z)[::-1], "in the reverse order"),
        "gain over the own value": (lambda theta, z: np.mean(z**2, axis=0) - own_risks(theta, z), "expected"),
    },
    "limited_risks": {
        "the root": (lambda *args: np.sqrt(limited_risks(*args)), "square root of what is asked"),
        "the limit squared": (lambda theta, z, limit: limited_risks(theta, z, limit**2), "expected"),
        "half the limit on either side": (lambda theta, z, limit: limited_risks(theta, z, limit / 2), "expected"),
        "downwards only": (
            lambda theta, z, limit: np.mean((np.maximum(estimates(theta, z), theta + z - limit) - theta) ** 2, axis=0),
            "expected",
        ),
        "a limit on the risk": (lambda theta, z, limit: np.minimum(own_risks(theta, z), limit), "expected"),
        "the total": (lambda *args: limited_risks(*args).sum(), "should have"),
    },
}
