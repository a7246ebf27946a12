"""Other answers to 01-first-lines."""

from fractions import Fraction

import numpy as np
import pandas as pd


def place_by_place(y, n):
    rates = []
    for j in range(len(y)):
        rates.append(y[j] / n[j])
    return rates


def by_loop(y, n, alpha, beta):
    result = []
    for deaths, operations in zip(y, n, strict=True):
        result.append((alpha + deaths) / (alpha + beta + operations))
    return result


def by_weight(y, n, alpha, beta):
    kappa = n / (n + alpha + beta)
    return kappa * (y / n) + (1 - kappa) * alpha / (alpha + beta)


def by_table(deaths, operations, a, b):
    table = pd.DataFrame({"y": deaths, "n": operations})
    return (table["y"] + a) / (table["n"] + a + b)


def right(y, n, alpha, beta):
    return (alpha + y) / (alpha + beta + n)


RIGHT = {
    "raw": {
        "place by place": place_by_place,
        "one minus the survivors": lambda y, n: 1 - (n - y) / n,
        "fractions": lambda y, n: [Fraction(int(a), int(b)) for a, b in zip(y, n, strict=True)],
    },
    "total": {
        "Python's sum": lambda y, n: sum(y) / sum(n),
        "means": lambda y, n: y.mean() / n.mean(),
        "a weighted average": lambda y, n: np.average(y / n, weights=n),
    },
    "estimate": {"a loop": by_loop, "a weighted average": by_weight, "a table, other names": by_table},
}

WRONG = {
    "raw": {
        "per cent": (lambda y, n: 100 * y / n, "Is it in per cent?"),
        "rounded": (lambda y, n: (y / n).round(2), "the answer is rounded"),
        "one number": (lambda y, n: y.sum() / n.sum(), "One number, where an array of 4 is wanted"),
        "in words": (lambda y, n: "y / n", "gives the text 'y / n'"),
    },
    "total": {
        "all four": (lambda y, n: y / n, "An array of 4, where one number is wanted"),
        "per cent": (lambda y, n: 100 * y.sum() / n.sum(), "Is it in per cent?"),
        "a list": (lambda y, n: [y.sum(), n.sum()], "An array of 2, where one number is wanted"),
        "summed up": (lambda y, n: y.sum() + n.sum(), "expected"),
    },
    "estimate": {
        "typed in": (lambda y, n, alpha, beta: (8 + y) / (108 + n), "Is anything typed in"),
        "the data's": (
            lambda y, n, alpha, beta: right(np.array([0, 18, 46, 31]), np.array([47, 148, 810, 215]), 8, 100),
            "the same, whatever the inputs",
        ),
        "pooled": (lambda y, n, alpha, beta: right(y.sum(), n.sum(), alpha, beta), "One number, where an array"),
        "no return": (lambda *args: None, "hands over its answer with `return`"),
        "per cent": (lambda *args: 100 * right(*args), "Is it in per cent?"),
        "rounded": (lambda *args: right(*args).round(3), "the answer is rounded"),
        "a sum in place of a division": (
            lambda y, n, alpha, beta: y + alpha / n + alpha + beta,
            "What should hold, and does not",
        ),
    },
}
