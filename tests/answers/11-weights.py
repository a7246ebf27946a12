"""Answers to 11-weights that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd


def by_frame(ybar, se, tau_store, chain):
    frame = pd.DataFrame({"chain": chain, "w": 1 / (se**2 + tau_store**2), "y": ybar}).fillna({"y": 0})
    frame["wy"] = frame.w * frame.y
    total = frame.groupby("chain")[["w", "wy"]].sum()
    return total.wy / total.w, 1 / total.w


def by_loop(ybar, se, tau_store, chain):
    result = []
    for c in range(chain.max() + 1):
        members = [s for s in range(len(chain)) if chain[s] == c and np.isfinite(se[s])]
        weights = [1 / (se[s] ** 2 + tau_store**2) for s in members]
        result.append(
            (sum(w * ybar[s] for w, s in zip(weights, members, strict=True)) / sum(weights), 1 / sum(weights))
        )
    return np.array(result).T


def by_matrix(ybar, se, tau_store, chain):
    """Weighted least squares with one dummy per chain."""
    X = (chain[:, None] == np.arange(chain.max() + 1)).astype(float)
    w = 1 / (se**2 + tau_store**2)
    u = np.linalg.inv(X.T @ (w[:, None] * X))
    return u @ X.T @ np.where(w > 0, w * np.where(w > 0, ybar, 0), 0), np.diag(u)


def weights_by_loop(se, tau_store, tau_chain, chain):
    rows = []
    for s in range(len(se)):
        information = sum(1 / (se[r] ** 2 + tau_store**2) for r in range(len(se)) if chain[r] == chain[s])
        kappa = tau_store**2 / (tau_store**2 + se[s] ** 2)
        k = tau_chain**2 * information / (1 + tau_chain**2 * information)
        rows.append((kappa, (1 - kappa) * k, (1 - kappa) * (1 - k)))
    return np.array(rows).T


def weights_by_frame(se, tau_store, tau_chain, chain):
    frame = pd.DataFrame({"chain": chain, "w": 1 / (se**2 + tau_store**2)})
    information = frame.groupby("chain").w.transform("sum").to_numpy()
    store = tau_store**2 * frame.w.to_numpy()
    company = (1 - store) / (1 + tau_chain**2 * information)
    return [store, 1 - store - company, company]


def weights_by_response(se, tau_store, tau_chain, chain):
    """The posterior mean is linear in the data: what multiplies ybar directly, a_c and m, from the solved model."""
    result = []
    for s, c in enumerate(chain):
        own = 1 - se[s] ** 2 / (se[s] ** 2 + tau_store**2) if np.isfinite(se[s]) else 0.0
        w = np.sum(1 / (se[chain == c] ** 2 + tau_store**2))
        its = (1 - own) * (1 - 1 / (1 + w * tau_chain**2))
        result.append([own, its, 1 - own - its])
    return tuple(map(list, zip(*result, strict=True)))


def by_joint_normal(ybar, se, tau_store, tau_chain, chain):
    """The posterior mean of the whole model at once, by its covariance matrix."""
    seen = np.isfinite(se)
    same = (chain[:, None] == chain).astype(float)
    prior = tau_store**2 * np.eye(len(se)) + tau_chain**2 * same
    inverse = np.linalg.inv(prior[np.ix_(seen, seen)] + np.diag(se[seen] ** 2))
    one = np.ones(seen.sum())
    mu = one @ inverse @ ybar[seen] / (one @ inverse @ one)
    return mu + prior[:, seen] @ inverse @ (ybar[seen] - mu)


def by_parts(ybar, se, tau_store, tau_chain, chain):
    a, u = by_loop(ybar, se, tau_store, chain)
    m = sum(a / (u + tau_chain**2)) / sum(1 / (u + tau_chain**2))
    own, its, rest = weights_by_loop(se, tau_store, tau_chain, chain)
    return [
        w * (y if np.isfinite(s) else 0) + v * a[c] + r * m
        for w, v, r, y, s, c in zip(own, its, rest, ybar, se, chain, strict=True)
    ]


def step_by_step(ybar, se, tau_store, tau_chain, chain):
    """First the chains are shrunk, then the stores towards their chains."""
    a, u = by_matrix(ybar, se, tau_store, chain)
    m = np.average(a, weights=1 / (u + tau_chain**2))
    phi = m + tau_chain**2 / (tau_chain**2 + u) * (a - m)
    kappa = tau_store**2 / (tau_store**2 + se**2)
    return pd.Series(np.where(kappa > 0, kappa * ybar, 0) + (1 - kappa) * phi[chain])


RIGHT = {
    "chain_estimates": [by_frame, by_loop, by_matrix],
    "three_weights": [weights_by_loop, weights_by_frame, weights_by_response],
    "store_means": [by_joint_normal, by_parts, step_by_step],
}


def changed(answer, change):
    return lambda **data: change(*answer(**data))


WRONG = {
    "chain_estimates": [
        (changed(by_loop, lambda a, u: (a, 1 / u)), "1 divided by"),
        (lambda ybar, se, tau_store, chain: tuple(x[chain] for x in by_loop(ybar, se, tau_store, chain)), "shape"),
        (lambda ybar, se, tau_store, chain: by_loop(ybar, se, tau_store**2, chain), "a chain with one store"),
        (changed(by_loop, lambda a, u: (100 * a, u)), "100 times"),
    ],
    "three_weights": [
        (changed(weights_by_loop, lambda x, y, z: (z, y, x)), "another order"),
        (changed(weights_by_loop, lambda x, y, z: (x, y)), "return a, b, c"),
        (changed(weights_by_loop, lambda x, y, z: (x, x, x)), "first is right"),
    ],
    "store_means": [
        (lambda ybar, se, tau_store, tau_chain, chain: np.full(len(ybar), np.nanmean(ybar)), "huge tau_store"),
        (lambda ybar, se, tau_store, tau_chain, chain: np.nan_to_num(ybar), "`ybar` itself, unchanged"),
        (
            lambda ybar, se, tau_store, tau_chain, chain: by_parts(ybar, se, tau_chain, tau_store, chain),
            "huge tau_store",
        ),
        (lambda **data: np.sort(by_parts(**data)), "huge tau_store"),
    ],
}
