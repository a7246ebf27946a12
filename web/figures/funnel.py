"""The data of the figure: draws of tau for each lambda, and what NUTS yielded there."""

import numpy as np
from scipy import stats

from hblib import datasets, normal_normal, priors

J, GROUP, DRAWS = 18, 14, 240
FORMS = {"centered": "centred", "noncentered": "non-centred", "between": "between"}


def ideal(lam):
    """The page's ideal data: normal scores as far apart as tau = 1 and se = 1/sqrt(lambda) are expected to put them."""
    scores = stats.norm.ppf((np.arange(J) + 0.5) / J)
    return scores / scores.std(ddof=1) * np.sqrt(1 + 1 / lam), np.full(J, lam**-0.5)


def data():
    """Quantiles of the exact posterior of tau, standard normal numbers to draw the rest with, and the stored runs."""
    runs = datasets.nuts_over_lambda()
    failed = runs.bad_runs > runs.runs / 2  # what the page's tables mark with a star
    lambdas = sorted(set(runs.lam.tolist()))
    rng = np.random.default_rng(8)
    even = (rng.permutation(DRAWS) + 0.5) / DRAWS
    rows = {"tau": [], "ends": [], "ybar": []}
    for lam in lambdas:
        ybar, se = ideal(lam)
        full = normal_normal.full_bayes(ybar, se, priors.half_normal(1), mu_prior=(0, 5))
        rows["tau"].append(rounded(full.tau.ppf(even)))
        rows["ends"].append(rounded(full.tau.ppf([0.025, 0.975])))
        rows["ybar"].append(float(ybar[GROUP]))

    def along_lambda(values):
        """{form: a value for each lambda}"""
        return {
            word: [values[(runs.form == form) & (runs.lam == lam)][0].item() for lam in lambdas]
            for form, word in FORMS.items()
        }

    normals = {name: rng.normal(size=DRAWS).round(3).tolist() for name in ("of_mu", "of_theta")}
    return {
        "lambdas": lambdas,
        "J": J,
        "sd_mu": 5.0,
        **rows,
        **normals,
        "yields": along_lambda(runs.ess),
        "bad": along_lambda(failed),
    }


def rounded(values):
    return [float(f"{value:.5g}") for value in values]
