"""The data of the figure: eight schools, and the posterior of tau under a flat prior, by quadrature."""

import numpy as np

from hblib import datasets, normal_normal, priors


def data():
    """The schools, the values of tau at which the dial stops, and what the average over tau says."""
    school, ybar, se = datasets.eight_schools()
    full = normal_normal.full_bayes(ybar, se, priors.uniform())
    taus = np.arange(301) / 10
    return {
        "school": [str(name) for name in school],
        "ybar": ybar.tolist(),
        "se": se.tolist(),
        "taus": taus.tolist(),
        "below": full.tau.cdf(taus).tolist(),
        "median": float(full.tau.median()),
        "averaged": full.theta.mean().tolist(),
        "log_evidence": full.log_evidence,
    }
