"""Answers to 11-new-store that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
from scipy import optimize, stats


def by_joint_normal(a, u, tau_store, tau_chain):
    """Least squares for mu and the deviations z of the chains, phi = mu + tau_chain z."""
    known, J = np.isfinite(u), len(a)
    design = np.hstack([np.ones((J, 1)), tau_chain * np.eye(J)])
    precision = design[known].T @ np.diag(1 / u[known]) @ design[known]
    precision[1:, 1:] += np.eye(J)
    covariance = np.linalg.inv(precision)
    mean = design @ covariance @ design[known].T @ (a[known] / u[known])
    return mean, np.sqrt(np.diag(design @ covariance @ design.T) + tau_store**2)


def by_loop(a, u, tau_store, tau_chain):
    total = pull = 0
    for each, noise in zip(a, u, strict=True):
        if noise < np.inf:
            total += 1 / (noise + tau_chain**2)
            pull += each / (noise + tau_chain**2)
    means, sds = [], []
    for each, noise in zip(a, u, strict=True):
        k = tau_chain**2 / (tau_chain**2 + noise)
        own = k * each if noise < np.inf else 0
        means.append(own + (1 - k) * pull / total)
        sds.append((tau_chain**2 * (1 - k) + (1 - k) ** 2 / total + tau_store**2) ** 0.5)
    return means, sds


def by_generalized_least_squares(a, u, tau_store, tau_chain):
    """The textbook's predictor with a covariance matrix; a chain without data has a huge u."""
    noise = np.minimum(u, 1e9)
    a = np.where(np.isfinite(a), a, 0)
    V = np.linalg.inv(np.diag(noise + tau_chain**2))
    one = np.ones(len(a))
    m = one @ V @ a / (one @ V @ one)
    mean = m + tau_chain**2 * V @ (a - m)
    rest = one - tau_chain**2 * V @ one
    variance = tau_store**2 + tau_chain**2 - tau_chain**4 * np.diag(V) + rest**2 / (one @ V @ one)
    return np.array([mean, np.sqrt(variance)])


def by_lognorm(mean, sd, price, cost):
    return stats.lognorm(sd, scale=np.exp(mean)).isf(min(cost / price, 1))


def by_root(mean, sd, price, cost):
    if cost >= price:
        return 0
    found = optimize.brentq(
        lambda t: price * stats.norm.sf(t, mean, sd) - cost, mean - 20 * sd, mean + 20 * sd, xtol=1e-13
    )
    return np.exp(found)


def by_maximum(mean, sd, price, cost):
    """The maximum of the expected profit, in closed form up to the maximizer."""
    if cost >= price:
        return 0.0

    def loss(log_q):
        sold = np.exp(mean + sd**2 / 2) * stats.norm.cdf((log_q - mean) / sd - sd)
        sold += np.exp(log_q) * stats.norm.sf((log_q - mean) / sd)
        return (cost * np.exp(log_q) - price * sold) / np.exp(mean)

    found = optimize.minimize_scalar(
        loss, bounds=(mean - 8 * sd, mean + 8 * sd), method="bounded", options={"xatol": 1e-12}
    )
    # a maximum is found to half the digits only: one Newton step for its slope
    t = found.x
    return float(np.exp(t + (price * stats.norm.sf(t, mean, sd) - cost) / (price * stats.norm.pdf(t, mean, sd))))


RIGHT = {
    "new_store": [by_joint_normal, by_loop, by_generalized_least_squares],
    "order": [by_lognorm, by_root, by_maximum],
}


def changed(change):
    return lambda **data: change(*by_generalized_least_squares(**data))


def simulated(mean, sd, price, cost):
    if cost >= price:
        return 0
    demand = np.random.default_rng(1).lognormal(mean, sd, 400_000)
    return np.quantile(demand, 1 - cost / price)


WRONG = {
    "new_store": [
        (changed(lambda mean, sd: (np.exp(mean), sd)), "e to the power"),
        (changed(lambda mean, sd: (mean, np.full(len(sd), 0.5))), "whatever the inputs"),
        (lambda a, u, tau_store, tau_chain: by_loop(a, u, tau_chain, tau_store), "never smaller"),
        (lambda a, u, tau_store, tau_chain: by_loop(a, np.sqrt(u), tau_store, tau_chain), "huge tau_chain"),
        (
            lambda a, u, tau_store, tau_chain: (
                by_loop(a, u, tau_store, tau_chain)[0],
                by_loop(a, u, 2 * tau_store, tau_chain)[1],
            ),
            "the variance u + tau_store^2",
        ),
    ],
    "order": [
        (simulated, "Close"),
        (lambda **data: np.round(by_lognorm(**data)), "rounded"),
        (lambda mean, sd, price, cost: by_lognorm(mean, sd, price, cost) ** 2, "square"),
        (lambda mean, sd, price, cost: 100.0, "whatever the inputs"),
    ],
}
