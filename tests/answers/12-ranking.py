"""Answers to 12-ranking that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd
from scipy import stats


def by_second_moment(y, n, alpha, beta):
    """E(theta^2) minus the square of E(theta), for the mixture of all posteriors."""
    a, b = alpha + y, beta + n - y
    first = a / (a + b)
    second = first * (a + 1) / (a + b + 1)
    return np.sqrt(second.mean() - first.mean() ** 2)


def with_scipy(y, n, alpha, beta):
    posterior = stats.beta(alpha + y, beta + n - y)
    return float(np.sqrt(np.var(posterior.mean()) + np.mean(posterior.var())))


def by_loop(y, n, alpha, beta):
    means, variances = [], []
    for yj, nj in zip(y, n, strict=True):
        a, b = alpha + yj, beta + nj - yj
        means.append(a / (a + b))
        variances.append(a * b / (a + b) ** 2 / (a + b + 1))
    centre = sum(means) / len(means)
    return (sum((m - centre) ** 2 for m in means) / len(means) + sum(variances) / len(variances)) ** 0.5


def by_frame(y, n, alpha, beta, top):
    frame = pd.DataFrame({"y": y, "n": n})
    frame["raw"] = frame.y / frame.n
    frame["posterior"] = (alpha + frame.y) / (alpha + beta + frame.n)
    return frame.nlargest(top, "raw").posterior.mean()


def by_sorting(y, n, alpha, beta, top):
    order = sorted(range(len(y)), key=lambda j: y[j] / n[j], reverse=True)
    return sum((alpha + y[j]) / (alpha + beta + n[j]) for j in order[:top]) / top


def by_partition(y, n, alpha, beta, top):
    raw = y / n
    chosen = raw >= np.partition(raw, -top)[-top]
    return np.average(stats.beta.mean(alpha + y, beta + n - y), weights=chosen)


def by_while(p, bound):
    listed = sorted(p, reverse=True)
    number = 0
    while number < len(listed) and sum(1 - q for q in listed[: number + 1]) <= bound * (number + 1) + 1e-12:
        number += 1
    return number


def by_running_mean(p, bound):
    share = pd.Series(1 - np.sort(p)[::-1]).expanding().mean()
    return int((share <= bound).sum())


def by_largest(p, bound):
    mistakes = np.sort(1 - p)
    good = [k for k in range(1, len(p) + 1) if mistakes[:k].mean() <= bound]
    return float(max(good, default=0))


RIGHT = {
    "spread": [by_second_moment, with_scipy, by_loop],
    "expected_of_winners": [by_frame, by_sorting, by_partition],
    "stars": [by_while, by_running_mean, by_largest],
}


def drawn(y, n, alpha, beta):
    return np.random.default_rng(1).beta(alpha + y, beta + n - y, (40_000, len(y))).std()


HINTED = {"stars": [(lambda p, bound: 0, "from the wrong end")]}
WRONG = {
    "spread": [
        (drawn, "Close"),
        (lambda **data: 100 * with_scipy(**data), "100"),
        (lambda y, n, alpha, beta: stats.beta(alpha + y, beta + n - y).std().mean(), "very many visitors"),
        (lambda y, n, alpha, beta: (alpha + y) / (alpha + beta + n), "shape"),
    ],
    "expected_of_winners": [
        (lambda y, n, alpha, beta, top: 100 * by_frame(y, n, alpha, beta, top), "100"),
        (lambda y, n, alpha, beta, top: 1 - by_frame(y, n, alpha, beta, top), "1 minus"),
        (lambda y, n, alpha, beta, top: np.mean((alpha + y) / (alpha + beta + n)), "very weak prior"),
        (lambda y, n, alpha, beta, top: by_frame(y, n, beta, alpha, top), "all stores are on the list"),
    ],
    "stars": [
        (lambda p, bound: by_while(p, bound) + 1, "1 more"),
        (lambda p, bound: np.sort(p)[::-1][: by_while(p, bound)], "shape"),
        (lambda p, bound: by_while(p, bound) / len(p), "length of `p`"),
        (lambda p, bound: by_while(p, bound - 0.1), "get a star, and no others"),
    ],
}
