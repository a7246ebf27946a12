"""Eight schools at one tau."""

import numpy as np

from hblib import datasets, normal_normal, priors, three_level

SETTINGS = [{"tau": tau, "school": school} for tau, school in zip((0, 0.1, 5, 8.3, 10, 30), "AHCBDA", strict=True)]


def expected(data, tau, school):
    """The estimates with mu uncertain, and the posterior of tau: full Bayes, and a model of one chain of schools."""
    _, ybar, se = datasets.eight_schools()
    full = normal_normal.full_bayes(ybar, se, priors.uniform())
    one_chain = three_level.posterior(ybar, se, tau_store=tau, tau_chain=0, chain=np.zeros(len(ybar), dtype=int))
    return {
        "mu": np.average(ybar, weights=1 / (se**2 + tau**2)),
        "kappa": normal_normal.shrinkage(se, tau),
        "estimate": one_chain.store.mean(),
        "sd": one_chain.store.std(),
        "below": full.tau.cdf(tau),
        "density": full.tau.pdf(tau),
    }
