"""Replications of one hospital whose deaths may be changed."""

import numpy as np
from scipy import stats

from hblib import beta_binomial, datasets, priors

SETTINGS = [
    {"hospital": hospital, "extra": extra}
    for hospital, extra in (("H", 0), ("H", 25), ("H", -30), ("A", 0), ("A", 40), ("D", 0), ("D", 40), ("J", -3))
]


def expected(data, hospital, extra):
    """The mid-p on the figure's grid; that of hblib, on a grid made for the changed deaths, is nearly the same."""
    names, y, n = datasets.surgical()
    j = int(np.flatnonzero(names == hospital)[0])
    changed = y.copy()
    changed[j] = np.clip(y[j] + extra, 0, round(0.3 * n[j]))
    a, b, w = (np.array(data[name]) for name in ("alpha", "beta", "weight"))
    p = mid_p(a, b, w / stats.betabinom(n[j], a, b).pmf(y[j]), changed[j], n[j])
    nodes = beta_binomial.full_bayes(changed, n, priors.pareto(0.5, 1)).nodes
    some = (nodes.weight > 1e-11) & (nodes.size < 1e9)
    a, b = (nodes.mu * nodes.size)[some], ((1 - nodes.mu) * nodes.size)[some]
    other = mid_p(a, b, nodes.weight[some] / stats.betabinom(n[j], a, b).pmf(changed[j]), changed[j], n[j])
    assert np.abs(p - other).max() < 1e-3
    return {"p": p, "y": changed[j]}


def mid_p(a, b, without, y, n):
    """Same group, new group, left out; `without` are the weights given the others, up to a factor."""
    k = np.arange(y + 1)[:, None]
    new, same = stats.betabinom(n, a, b).pmf(k), stats.betabinom(n, a + y, b + n - y).pmf(k)
    given_all = without * new[-1]
    found = []
    for pmf, weight in ((same, given_all), (new, given_all), (new, without)):
        mixed = pmf @ (weight / weight.sum())
        found.append(1 - mixed[:-1].sum() - mixed[-1] / 2)
    return np.array(found)
