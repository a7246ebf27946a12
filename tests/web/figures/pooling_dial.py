"""Twelve hospitals and one prior, of any size."""

import numpy as np

from hblib import beta_binomial, datasets

SETTINGS = [{"size": size} for size in (0, 1, 10, 107.9, 1000, 10_000, np.inf)]


def expected(data, size):
    """The estimates, from the posterior of the Beta-Binomial model."""
    _, y, n = datasets.surgical()
    if size == 0:
        return {"estimate": y / n, "kappa": np.ones(len(n))}
    if size == np.inf:
        return {"estimate": np.full(len(n), y.sum() / n.sum()), "kappa": np.zeros(len(n)), "mu": y.sum() / n.sum()}
    step = min(data["sizes"], key=lambda each: abs(each - size))
    mu = data["means"][data["sizes"].index(step)]
    alpha, beta = mu * step, (1 - mu) * step
    best = beta_binomial.fit(y, n)
    relative = beta_binomial.log_marginal(y, n, alpha, beta) - beta_binomial.log_marginal(y, n, best.alpha, best.beta)
    return {
        "estimate": beta_binomial.posterior_mean(y, n, alpha, beta),
        "kappa": beta_binomial.shrinkage(n, alpha, beta),
        "relative": np.exp(relative),
    }
