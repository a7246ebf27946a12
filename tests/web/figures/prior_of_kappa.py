"""Six priors of tau, turned into priors of kappa."""

import numpy as np
from scipy import stats

from hblib import priors

SETTINGS = [
    {"median": 5, "se": 10, "family": "half-normal"},
    {"median": 0.5, "se": 30, "family": "half-normal"},
    {"median": 30, "se": 1, "family": "half-normal"},
    {"median": 2, "se": 18, "family": "exponential"},
    {"median": 12, "se": 3, "family": "half-t (3)"},
    {"median": 10, "se": 10, "family": "half-Cauchy"},
    {"median": 5, "se": 10, "family": "uniform"},
    {"median": 0.5, "se": 30, "family": "uniform"},
    {"median": 5, "se": 10, "family": "inverse-gamma"},
    {"median": 5, "se": 1, "family": "inverse-gamma"},
]


def expected(data, median, se, family):
    """The densities are those of `hblib.priors`, the probabilities SciPy's."""
    normal, t = median / stats.halfnorm.median(), median / stats.t(3).ppf(0.75)
    both = {
        "half-normal": (priors.half_normal(normal), stats.halfnorm(scale=normal).cdf),
        "exponential": (priors.exponential(median / np.log(2)), stats.expon(scale=median / np.log(2)).cdf),
        "half-t (3)": (priors.half_t(3, t), lambda tau: 2 * stats.t(3, scale=t).cdf(tau) - 1),
        "half-Cauchy": (priors.half_cauchy(median), stats.halfcauchy(scale=median).cdf),
        "uniform": (priors.uniform(2 * median), stats.uniform(0, 2 * median).cdf),
        "inverse-gamma": (
            priors.inverse_gamma_on_variance(0.001, 0.001),
            lambda tau: stats.invgamma(0.001, scale=0.001).cdf(tau**2),
        ),
    }
    prior, cdf = both[family]
    kappa = (np.arange(400) + 0.5) / 400
    tau = se * np.sqrt(kappa / (1 - kappa))
    density = np.where(tau < prior.upper, np.exp(prior.log_density(tau)), 0) * tau / (2 * kappa * (1 - kappa))
    ends = se * np.sqrt(np.arange(1, 10) / np.arange(9, 0, -1))
    return {
        "density": density,
        "bars": np.diff([0, *cdf(ends), 1]),
        "low": [each(ends[0]) for _, each in both.values()],
        "high": [1 - each(ends[-1]) for _, each in both.values()],
        "beyond": 1 - cdf(30),
    }
