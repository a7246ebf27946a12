"""Other answers to 02-easy."""

import numpy as np
import pandas as pd

from hblib.coursework import source

right = source.load("02-easy").namespace["posterior"]


def visitor_by_visitor(y, n, alpha, beta):
    """A list of pairs, one a store."""
    pairs = []
    for sales, visitors in zip(y, n, strict=True):
        a, b = alpha, beta
        for visitor in range(visitors):
            a, b = (a + 1, b) if visitor < sales else (a, b + 1)
        pairs.append((a, b))
    return pairs


def table(sold, visits, a0, b0):
    return pd.DataFrame({"a": a0 + sold, "b": b0 + visits - sold}).to_numpy().T


RIGHT = {
    "posterior": {
        "one visitor after the other": visitor_by_visitor,
        "a table, other names": table,
        "one array": lambda y, n, alpha, beta: np.stack([alpha + y, beta + n - y]),
        "Series": lambda y, n, alpha, beta: [pd.Series(y) + alpha, pd.Series(n - y) + beta],
    }
}

WRONG = {
    "posterior": {
        "mean and size": (
            lambda y, n, alpha, beta: ((alpha + y) / (alpha + beta + n), alpha + beta + n),
            "add up to alpha + beta + n",
        ),
        "the second twice as large": (lambda *args: (right(*args)[0], 2 * right(*args)[1]), "twice what is asked"),
        "one sale too many": (lambda *args: (right(*args)[0] + 1, right(*args)[1]), "1 more than what is asked"),
        "a generator": (lambda *args: (each for each in right(*args)), "put list(…) around it"),
        "a dict": (lambda *args: dict(zip("ab", right(*args), strict=True)), "as in `return a, b`"),
        "means": (lambda y, n, alpha, beta: (alpha + y) / (alpha + beta + n), "2 results"),
    }
}
