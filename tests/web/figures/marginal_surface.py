"""Rats, batters and schools, with a prior under which a typical group keeps the share kappa of its own."""

import numpy as np

from hblib import beta_binomial, datasets, normal_normal

SETTINGS = [
    {"groups": name, "kappa": kappa}
    for name, kappa in (
        ("rats", 0.55),
        ("rats", 0),
        ("rats", 0.95),
        ("batters", 0),
        ("batters", 0.05),
        ("batters", 0.53),
        ("schools", 0),
        ("schools", 0.01),
        ("schools", 0.47),
        ("schools", 0.95),
    )
]


def expected(data, groups, kappa):
    """The profile likelihood, and the estimates at the best mean."""
    at = int(np.argmin(np.abs(np.array(data["kappa"]) - kappa)))
    mean, kappa = data["sets"][groups]["mean"][at], data["kappa"][at]
    if groups == "schools":
        _, ybar, se = datasets.eight_schools()
        tau = 11 * np.sqrt(kappa / (1 - kappa))
        best = np.average(ybar, weights=1 / (se**2 + tau**2))
        top, here = normal_normal.fit(ybar, se).log_likelihood, normal_normal.log_marginal(ybar, se, best, tau)
        return {"mean": best, "drop": top - here, "estimate": normal_normal.posterior(ybar, se, best, tau).mean()}
    y, n = {"rats": datasets.rat_tumors, "batters": datasets.batters}[groups]()[1:3]
    top = beta_binomial.fit(y, n).log_likelihood
    if kappa == 0:
        pooled = y.sum() / n.sum()
        return {"mean": pooled, "drop": top - beta_binomial.profile(y, n, 0), "estimate": np.full(len(n), pooled)}
    size = {"rats": 20, "batters": 45}[groups] * (1 / kappa - 1)
    alpha, beta = mean * size, (1 - mean) * size
    return {
        "drop": top - beta_binomial.log_marginal(y, n, alpha, beta),
        "estimate": beta_binomial.posterior(y, n, alpha, beta).mean(),
    }
