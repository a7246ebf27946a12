"""Exact inference for two-level hierarchical models: the helper package of the course.

Two conjugate families, the same verbs in both:

=====================  =============================================================
`beta_binomial`        y_j ~ Binomial(n_j, theta_j),  theta_j ~ Beta(alpha, beta)
`normal_normal`        ybar_j ~ N(theta_j, se_j^2),   theta_j ~ N(mu, tau^2)
=====================  =============================================================

`posterior(...)` gives every group's posterior, `shrinkage(...)` the weight kappa_j on the group's own data,
`log_marginal(...)` the log marginal likelihood of the hyperparameters, `fit(...)` their empirical Bayes estimates and
`full_bayes(...)` the exact posterior of everything, given one of `priors`.

Beyond the two families, in the order of the pages: `james_stein` has Stein's estimators and their exact risks,
`repairs` lengthens empirical Bayes intervals to what they should be and says how often an interval holds the truth,
`coordinates` writes one model in several ways for a sampler, `regression` fits coefficients that vary by group, `lkj`
is the usual prior on their correlations, and `three_level` has stores in chains. `frames` brings any dataframe,
wherever it lives, to the counts that a fit needs, `datasets` holds the data that the pages use, and `datasets.retailer`
simulates stores in chains. What the functions return are `distributions`.

>>> from hblib import beta_binomial
>>> post = beta_binomial.posterior(y=[2, 200], n=[20, 2000], alpha=5, beta=95)
>>> post.mean().round(4).tolist()
[0.0583, 0.0976]
"""

import importlib

__all__ = [  # noqa: RUF022 -- in the order of the pages
    "beta_binomial",
    "normal_normal",
    "distributions",
    "james_stein",
    "priors",
    "repairs",
    "coordinates",
    "regression",
    "lkj",
    "three_level",
    "frames",
    "datasets",
]


def __getattr__(name):
    """Load a module when it is first asked for: SciPy alone takes a third of a second, which a check need not wait."""
    if name in __all__:
        return importlib.import_module(f"hblib.{name}")
    if name == "__version__":
        from importlib.metadata import version  # costs time as well

        return version("hblib")
    raise AttributeError(f"module 'hblib' has no attribute {name!r}")


def __dir__():
    return [*globals(), *__all__]
