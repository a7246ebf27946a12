"""Answers to 05-moments that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd
from scipy import optimize, stats


def by_loop(y, n):
    stores = [(a, b) for a, b in zip(y, n, strict=True) if b]
    N, J = sum(b for _, b in stores), len(stores)
    mu = sum(a for a, _ in stores) / N
    Q = sum(b * (a / b - mu) ** 2 for a, b in stores)
    v = (Q - (J - 1) * mu * (1 - mu)) / (N - sum(b**2 for _, b in stores) / N - (J - 1))
    return [mu, v if v > 0 else 0]


def by_solver(y, n):
    """The value of v at which the mean of Q is what was seen."""
    y, n = y[n > 0], n[n > 0]
    mu = np.average(y / n, weights=n)
    seen = n @ (y / n - mu) ** 2

    def excess(v):
        return v * (n.sum() - n @ n / n.sum()) + (len(n) - 1) * (mu * (1 - mu) - v) - seen

    return np.array([mu, max(0.0, optimize.brentq(excess, -1, 2, xtol=1e-14, rtol=1e-12))])


def by_visitors(y, n):
    """Analysis of variance over single visitors, each a 0 or a 1."""
    store = np.repeat(np.arange(len(n)), n)
    bought = np.concatenate([np.arange(b) < a for a, b in zip(y, n, strict=True)]).astype(float)
    frame = pd.DataFrame({"store": store, "bought": bought})
    mu = frame.bought.mean()
    groups = frame.groupby("store").bought
    between, J = ((groups.transform("mean") - mu) ** 2).sum(), groups.ngroups
    room = len(frame) - (groups.size() ** 2).sum() / len(frame) - (J - 1)
    return pd.Series({"mu": mu, "v": max(0, (between - (J - 1) * mu * (1 - mu)) / room)})


def in_float32(y, n):
    return np.float32(by_loop(y, n)[0]), np.float32(by_loop(y, n)[1])


def with_beta(y, n, mu, v):
    if v == 0:
        return [mu] * len(y)
    size = mu * (1 - mu) / v - 1
    return [stats.beta(mu * size + a, (1 - mu) * size + b - a).mean() for a, b in zip(y, n, strict=True)]


def by_weights(y, n, mu, v):
    kappa = n * v / (n * v + mu * (1 - mu) - v)
    raw = np.divide(y, n, out=np.full(len(y), mu), where=n > 0)
    return pd.Series(mu + kappa * (raw - mu), index=[f"store {j}" for j in range(len(y))])


def one_visitor_after_the_other(y, n, mu, v):
    """Each visitor moves the mean by a step that gets smaller."""
    result = np.full(len(y), mu, dtype=np.float32)
    for j in range(len(y)):
        at, step = mu, v / (mu * (1 - mu))
        for visitor in range(n[j]):
            at += step * ((visitor < y[j]) - at)
            step = step / (1 + step)
        result[j] = at
    return result


def in_a_column(y, n, mu, v):
    return by_weights(y, n, mu, v).to_numpy()[:, None]


RIGHT = {
    "moments": [by_loop, by_solver, by_visitors, in_float32],
    "shrunk_rates": [with_beta, by_weights, one_visitor_after_the_other, in_a_column],
}


def unweighted(y, n):
    """Every store counts alike in Q; v comes out below 0 each time."""
    mu, r = y.sum() / n.sum(), y[n > 0] / n[n > 0]
    Q = np.sum((r - mu) ** 2)
    J, N = len(r), n.sum()
    return mu, max(0, (Q - (J - 1) * mu * (1 - mu)) / (N - np.sum(n**2) / N - (J - 1)))


WRONG = {
    "moments": [
        (lambda y, n: by_loop(y, n)[::-1], "another order"),
        (lambda y, n: [100 * each for each in by_loop(y, n)], "100 times"),
        (lambda y, n: (by_loop(y, n)[0], 0.01), "the same number, whatever the inputs"),
        (unweighted, "what is it before the cut?"),
        (lambda y, n: (1 - by_loop(y, n)[0], by_loop(y, n)[1]), "In the first of your 2 results"),
        (
            lambda y, n: (by_loop(y, n)[0], by_loop(y, n)[1] / np.prod([by_loop(y, n)[0], 1 - by_loop(y, n)[0]])),
            "first is right",
        ),
        (
            lambda y, n: (by_loop(y, n)[0], by_loop(y, n)[1] * (1 - np.sum(n**2) / np.sum(n) ** 2)),
            "v is Q / (N - sum of n_j^2 / N)",
        ),
        (lambda y, n: stats.beta.fit(y[n > 0] / n[n > 0] * 0.98 + 0.01, floc=0, fscale=1)[:2], "expected"),
        (lambda y, n: by_loop(y, n)[0], "should give 2 results"),
    ],
    "shrunk_rates": [
        (lambda y, n, mu, v: 1 - by_weights(y, n, mu, v), "1 minus"),
        (lambda y, n, mu, v: by_weights(y, n, mu, v) * n, "times `n`"),
        (lambda y, n, mu, v: np.sort(by_weights(y, n, mu, v)), "expected"),
        (lambda y, n, mu, v: by_weights(y, n, mu, v).round(2), "rounded"),
        (lambda y, n, mu, v: by_weights(y, n, mu, v).mean(), "shape"),
        (lambda y, n, mu, v: np.full(len(y), mu), "expected"),
        (
            lambda y, n, mu, v: mu if v == 0 else by_weights(y, n, mu, v),
            "There your answer has the shape (), but should have (3,).",
        ),
    ],
}
