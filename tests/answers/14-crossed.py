"""Answers to 14-crossed that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd

from hblib import crossed


def by_loops(table):
    rows, columns = len(table), len(table[0])
    grand = sum(sum(row) for row in table) / (rows * columns)
    of_row = [sum(row) / columns for row in table]
    of_column = [sum(table[j][k] for j in range(rows)) / rows for k in range(columns)]
    error = 0.0
    for j in range(rows):
        for k in range(columns):
            error += (table[j][k] - of_row[j] - of_column[k] + grand) ** 2
    error /= (rows - 1) * (columns - 1)
    first = sum((each - grand) ** 2 for each in of_row) / (rows - 1) - error / columns
    second = sum((each - grand) ** 2 for each in of_column) / (columns - 1) - error / rows
    return [max(first, 0) ** 0.5, max(second, 0) ** 0.5, error**0.5]


def by_frame(table):
    frame = pd.DataFrame(table)
    rest = frame.sub(frame.mean(axis=1), axis=0).sub(frame.mean(axis=0), axis=1) + frame.to_numpy().mean()
    error = (rest**2).to_numpy().sum() / ((frame.shape[0] - 1) * (frame.shape[1] - 1))
    first = max(frame.mean(axis=1).var() - error / frame.shape[1], 0)
    second = max(frame.mean(axis=0).var() - error / frame.shape[0], 0)
    return pd.Series([first, second, error]) ** 0.5


def by_sums_of_squares(table):
    """The analysis of variance, its mean squares equated to their expectations."""
    n, m = table.shape
    grand = table.mean()
    total = np.sum((table - grand) ** 2)
    rows = m * np.sum((table.mean(axis=1) - grand) ** 2)
    columns = n * np.sum((table.mean(axis=0) - grand) ** 2)
    error = (total - rows - columns) / ((n - 1) * (m - 1))
    return (
        np.sqrt(max((rows / (n - 1) - error) / m, 0)),
        np.sqrt(max((columns / (m - 1) - error) / n, 0)),
        np.sqrt(error),
    )


def by_marginal_covariance(taster, coffee, tau_a, tau_b, sigma):
    """Kriging: the prior variance less what the rows explain, with a huge variance for mu."""
    same_taster, same_coffee = np.equal.outer(taster, taster), np.equal.outer(coffee, coffee)
    Omega = tau_a**2 * same_taster + tau_b**2 * same_coffee + sigma**2 * np.eye(len(taster)) + 1e5
    with_rows = tau_b**2 * ((coffee == 0) * 1.0 - (coffee == 1))
    return np.sqrt(2 * tau_b**2 - with_rows @ np.linalg.solve(Omega, with_rows))


def by_all_unknowns(taster, coffee, tau_a, tau_b, sigma):
    """mu, standardised tasters and coffees, so that tau_a = 0 needs no division."""
    n, m = max(taster) + 1, max(coffee) + 1
    X = np.zeros((len(taster), 1 + n + m))
    X[:, 0] = 1
    for row, (j, k) in enumerate(zip(taster, coffee, strict=True)):
        X[row, 1 + j], X[row, 1 + n + k] = tau_a, tau_b
    prior = np.diag([0.0] + [1.0] * (n + m))
    V = np.linalg.inv(X.T @ X / sigma**2 + prior)
    w = np.zeros(1 + n + m)
    w[1 + n], w[2 + n] = tau_b, -tau_b
    return float(w @ V @ w) ** 0.5


def by_projection(taster, coffee, tau_a, tau_b, sigma):
    """mu projected out with the inverse covariance matrix of the rows given the coffees."""
    n = len(taster)
    K = np.linalg.inv(sigma**2 * np.eye(n) + tau_a**2 * (taster[:, None] == taster))
    ones = np.ones(n)
    P = K - np.outer(K @ ones, ones @ K) / (ones @ K @ ones)
    Z = (coffee[:, None] == np.arange(coffee.max() + 1)).astype(float)
    w = np.zeros(Z.shape[1])
    w[:2] = 1, -1
    return np.sqrt(w @ np.linalg.solve(Z.T @ P @ Z + np.eye(len(w)) / tau_b**2, w))


def by_numpy_keepdims(mu, a, b):
    mean_a, mean_b = a.mean(axis=1, keepdims=True), b.mean(axis=1, keepdims=True)
    return mu + (mean_a + mean_b).ravel(), a - mean_a, b - mean_b


def by_projecting(mu, a, b):
    def centred(x):
        return x @ (np.eye(x.shape[1]) - 1 / x.shape[1])

    return mu + (a - centred(a))[:, 0] + (b - centred(b))[:, 0], centred(a), centred(b)


def by_rows(mu, a, b):
    result = [], [], []
    for m, row_a, row_b in zip(mu, a, b, strict=True):
        result[0].append(m + sum(row_a) / len(row_a) + sum(row_b) / len(row_b))
        result[1].append([each - sum(row_a) / len(row_a) for each in row_a])
        result[2].append([each - sum(row_b) / len(row_b) for each in row_b])
    return result


RIGHT = {
    "spreads": [by_loops, by_frame, by_sums_of_squares],
    "difference_sd": [by_marginal_covariance, by_all_unknowns, by_projection],
    "recentred": [by_numpy_keepdims, by_projecting, by_rows],
}


def tasters_alone(table):
    """Only the tasters: the coffees are forgotten."""
    rows = np.repeat(np.arange(len(table)), table.shape[1])
    fit = crossed.fit(table.ravel(), np.ones((table.size, 1)), [rows])
    return fit.sd[0], 0.0, fit.sigma


WRONG = {
    "spreads": [
        (tasters_alone, "same number"),
        (
            lambda table: by_loops(table) if min(by_loops(table)) > 0 else (0, 0, by_loops(table)[2]),
            "needs its own comparison with 0",
        ),
        (lambda table: tuple(2 * each for each in by_sums_of_squares(table)), "2"),
        (lambda table: by_sums_of_squares(table)[:2], "3 results"),
        (lambda table: (3.0, 2.0, 1.5), "whatever the inputs"),
    ],
    "difference_sd": [
        (lambda **data: 2 * by_projection(**data), "2"),
        (lambda taster, coffee, tau_a, tau_b, sigma: sigma, "`sigma` itself, unchanged"),
        (lambda **data: 0.5, "whatever the inputs"),
        (lambda taster, coffee, tau_a, tau_b, sigma: 2 * tau_b**2 + sigma, "tiny"),
    ],
    "recentred": [
        (lambda mu, a, b: by_projecting(mu, a, b)[::-1], "should have (2,)"),
        (lambda mu, a, b: (mu, a, b), "`mu` itself, unchanged"),
        (lambda mu, a, b: (by_projecting(mu, a, b)[0], a, b), "`a` itself, unchanged"),
        (lambda mu, a, b: (mu + a[:, 0] + b[:, 0], a - a[:, [0]], b - b[:, [0]]), "sum to zero"),
    ],
}
