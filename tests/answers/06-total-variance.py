"""Answers to 06-total-variance that nobody listed: right in another way, and wrong in ways of their own."""

import statistics

import numpy as np
import pandas as pd


def by_loop(ybar, se, mu, tau):
    known, means = [], []
    for y, s in zip(ybar, se, strict=True):
        kappa = [t**2 / (t**2 + s**2) for t in tau]
        known.append(statistics.fmean(k * s**2 for k in kappa))
        means.append(statistics.pvariance([k * y + (1 - k) * m for k, m in zip(kappa, mu, strict=True)]))
    return known, means


def in_two_rows(ybar, se, mu, tau):
    """Second moments less squares of means, as one array."""
    shrink = se**2 / np.add.outer(tau**2, se**2)
    mean = ybar - shrink * (ybar - mu[:, None])
    return np.array([se**2 * (1 - shrink.mean(axis=0)), (mean**2).mean(axis=0) - mean.mean(axis=0) ** 2])


def in_a_table(ybar, se, mu, tau):
    """A row a school, a column a part."""
    draws = pd.DataFrame({"mu": mu, "tau2": tau**2})
    rows = []
    for y, s2 in zip(ybar, se**2, strict=True):
        kappa = draws.tau2 / (draws.tau2 + s2)
        rows.append({"known": s2 * kappa.mean(), "mean": (y * kappa + draws.mu * (1 - kappa)).var(ddof=0)})
    return pd.DataFrame(rows)


def in_float32(ybar, se, mu, tau):
    return tuple(np.float32(part) for part in in_two_rows(ybar, se, mu, tau))


def three_by_loop(ybar, se, tau, weight):
    known, of_mu, first, second = (np.zeros(len(se)) for _ in range(4))
    for t, w in zip(tau, weight, strict=True):
        v = se**2 + t**2
        V = 1 / np.sum(1 / v)
        centre = V * np.sum(ybar / v)
        mean = (t**2 * ybar + se**2 * centre) / v
        known += w * t**2 * se**2 / v
        of_mu += w * (se**2 / v) ** 2 * V
        first += w * mean
        second += w * mean**2
    return [known, of_mu, second - first**2]


def by_covariance_matrices(ybar, se, tau, weight):
    """The posterior of all true means and mu at once, as one normal distribution for every tau."""
    known, total, means = [], [], []
    for t in tau:
        joint = np.zeros((len(se) + 1, len(se) + 1))  # precision of (theta, mu)
        t2 = t**2 or 1e-6
        joint[:-1, :-1] = np.diag(1 / se**2 + 1 / t2)
        joint[:-1, -1] = joint[-1, :-1] = -1 / t2
        joint[-1, -1] = len(se) / t2
        covariance = np.linalg.inv(joint)
        known.append(1 / np.diag(joint)[:-1])
        total.append(np.diag(covariance)[:-1])
        means.append((covariance[:, :-1] @ (ybar / se**2))[:-1])
    known, total, means = (np.array(each) for each in (known, total, means))
    spread = [np.cov(column, aweights=weight, ddof=0) for column in means.T]
    return np.array([weight @ known, weight @ (total - known), spread])


def in_a_frame(ybar, se, tau, weight):
    return pd.DataFrame(np.float32(three_by_loop(ybar, se, tau, weight)), index=["known", "mu", "tau"])


def changed(answer, change):
    return lambda **data: change(*answer(**data))


RIGHT = {
    "two_parts": [by_loop, in_two_rows, in_a_table, in_float32],
    "three_parts": [three_by_loop, by_covariance_matrices, in_a_frame],
}
WRONG = {
    "two_parts": [
        (changed(in_two_rows, lambda a, b: a + b), "should give 2 results"),
        (changed(in_two_rows, lambda a, b: (a / (a + b), b / (a + b))), "expected"),
        (changed(in_two_rows, lambda a, b: (a, a + b)), "first is right"),
        (
            lambda ybar, se, mu, tau: (by_loop(ybar, se, mu, tau)[0], in_two_rows(ybar, se, mu, tau)[1] * 1.5),
            "1.5 times",
        ),
        (changed(in_two_rows, lambda a, b: (a[::-1], b[::-1])), "reverse order"),
        (lambda ybar, se, mu, tau: in_two_rows(ybar, se, mu, np.sqrt(tau)), "expected"),
        (changed(in_two_rows, lambda a, b: (a.mean(), b.mean())), "shape"),
    ],
    "three_parts": [
        (changed(three_by_loop, lambda a, b, c: np.array([a, b, c]).T), "rows and columns"),
        (changed(three_by_loop, lambda a, b, c: np.array([a, b, c]) / (a + b + c)), "expected"),
        (changed(three_by_loop, lambda a, b, c: np.cumsum([a, b, c], axis=0)), "expected"),
        (changed(three_by_loop, lambda a, b, c: [c, b, a]), "expected"),
        (changed(three_by_loop, lambda a, b, c: a + b + c), "shape"),
        (changed(three_by_loop, lambda a, b, c: 100 * np.array([a, b, c])), "100 times"),
        (
            lambda ybar, se, tau, weight: three_by_loop(ybar, se, np.sqrt(tau), weight),
            "expected",
        ),
    ],
}
