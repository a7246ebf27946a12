"""Whatever hblib returns goes through pickle and copy.deepcopy, used or not, and is then what it was."""

import copy
import dataclasses
import importlib
import inspect
import pickle
from functools import cache, partial

import numpy as np
import pytest
from scipy import stats

import hblib
from hblib import (
    beta_binomial,
    crossed,
    datasets,
    distributions,
    frames,
    glmm,
    normal_normal,
    observations,
    priors,
    regression,
    repairs,
    three_level,
)
from hblib.datasets import retailer
from hblib.distributions import Distribution

MODULES = [*hblib.__all__, "datasets.retailer"]
Y, N = [1, 0, 4, 9], [10, 12, 20, 30]
YBAR, SE, CHAIN = [1.0, 4.0, -3.0, 12.5], [1.0, 2.0, 1.5, np.inf], ["a", "a", "b", "b"]
DESIGN, VALUES = np.c_[np.ones(12), np.arange(12) % 4], np.arange(12.0) ** 1.5 % 7


def bent(x):
    """A log density of one's own."""
    return np.where(x < 3, 0.0, 3 - x)


def lines():
    return regression.fit(VALUES, DESIGN, DESIGN[:, :1], np.repeat([1, 2, 3], 4))


def simulated():
    return retailer.simulate(1, chains=2, stores=3, weeks=4)


def shrunk():
    return regression.matrix_shrinkage(np.arange(6.0).reshape(3, 2), np.eye(2), [1, 2], [[2, 0.5], [0.5, 1]])


PRIORS = {
    "half_normal": lambda: priors.half_normal(2),
    "half_t": lambda: priors.half_t(4, 10),
    "half_cauchy": lambda: priors.half_cauchy(5),
    "exponential": lambda: priors.exponential(3),
    "uniform": lambda: priors.uniform(4),
    "flat": lambda: priors.uniform(),
    "inverse_gamma_on_variance": lambda: priors.inverse_gamma_on_variance(2, 3),
    "power": lambda: priors.power(-1.5),
    "pareto": lambda: priors.pareto(1.5, 1),
    "SciPy's": lambda: priors.as_prior(stats.norm(1, 2)),
    "one's own": lambda: priors.as_prior(bent),
}
LOADERS = {
    name: partial(load, "chapters/10-checking") if inspect.signature(load).parameters else load
    for name, load in inspect.getmembers(datasets, inspect.isfunction)
    if load.__module__ == datasets.__name__ and name[0] != "_"
}
MAKERS = {
    "rates": lambda: beta_binomial.full_bayes(Y, N, priors.half_normal(50)),
    "rates alike": lambda: beta_binomial.full_bayes([30, 33, 28], 100, priors.half_t(4, 2000)),
    "means": lambda: normal_normal.full_bayes(YBAR, SE, priors.half_cauchy(5)),
    "means, mu known": lambda: normal_normal.full_bayes(YBAR, SE, stats.gamma(2), mu_prior=(0, 5)),
    "Mixture of rates": lambda: beta_binomial.full_bayes(Y, N, priors.half_normal(50)).theta[2],
    "rates' fit": lambda: beta_binomial.fit(Y, N),
    "rates' draws": lambda: beta_binomial.full_bayes(Y, N, priors.half_normal(50)).rvs(3, rng=1),
    "means' fit": lambda: normal_normal.fit(YBAR, SE, "reml"),
    "means' draws": lambda: normal_normal.full_bayes(YBAR, SE, priors.half_cauchy(5)).rvs(3, rng=1),
    "raw rows": lambda: observations.group_means(YBAR, CHAIN),
    "Beta": lambda: beta_binomial.posterior(Y, N, 2, 3),
    "Normal": lambda: normal_normal.posterior(YBAR, SE, 1, 2),
    "Point": lambda: beta_binomial.fit([2, 2, 3], 20).posterior([2, 2, 3], 20),
    "Refits": lambda: repairs.bootstrap_beta_binomial(Y, N, 20, rng=1),
    "Scale": lambda: priors.half_t(7, 2).distribution(),
    "LogScale": lambda: priors.half_t(7, 2).distribution().log(),
    "lines": lines,
    "Coefficients": shrunk,
    "Coefficients of a group": lambda: shrunk()[1],
    "crossed": lambda: crossed.fit(VALUES, DESIGN, [np.repeat([1, 2, 3], 4), np.tile([1, 2, 3, 4], 3)]),
    "rates with predictors": lambda: glmm.fit(Y, N, np.ones((4, 1)), CHAIN),
    "stores": lambda: three_level.posterior(YBAR, SE, 1.0, 2.0, CHAIN),
    "stores' weights": lambda: three_level.shrinkage(SE, 1.0, 2.0, CHAIN),
    "stores' fit": lambda: three_level.fit(YBAR[:3] * 2, 1.0, ["a", "a", "b"] * 2),
    "retailer": simulated,
    "rows": lambda: frames.Rows(np.array([1]), np.array([3]), np.array([2])),
    **{f"prior {name}": make for name, make in PRIORS.items()},
    **{f"data {name}": load for name, load in LOADERS.items()},
}
made = cache(lambda name: MAKERS[name]())


def within(thing):
    """The object, its parts, and theirs."""
    yield thing
    fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
    parts = thing if isinstance(thing, (tuple, list)) else [getattr(thing, field.name) for field in fields]
    for part in parts:
        yield from within(part)


def seen(thing):
    """All that can be seen of an object, in plain values."""
    if isinstance(thing, Distribution):
        x = np.array([0.1, 0.3, 0.9]).reshape(-1, *[1] * len(thing.shape))
        methods = [thing.pdf, thing.logpdf, thing.cdf, thing.sf, thing.ppf, thing.isf]
        moments = [thing.mean(), thing.std(), thing.var(), thing.median()]
        return [repr(thing), thing.shape, *moments, *(method(x) for method in methods), thing.rvs(4, rng=5)]
    if isinstance(thing, priors.Prior):
        return [thing.name, thing.proper, thing.log_density(np.array([0.5, 2.0, 90.0])), thing.range(1.0)]
    if isinstance(thing, (beta_binomial.FullBayes, normal_normal.FullBayes)):
        parts = [value for name, value in vars(thing).items() if isinstance(value, Distribution) and name[0] != "_"]
        levels = [(part.mean(), part.std(), part.pdf(0.3), part.cdf(0.3)) for part in parts]  # quantiles: see Mixture
        return [repr(thing), *levels, *thing.nodes, seen(thing.prior), thing.rvs(4, rng=5)]
    if dataclasses.is_dataclass(thing):
        return [
            seen(getattr(thing, name)) for name in dir(thing) if name[0] != "_" and not callable(getattr(thing, name))
        ]
    return [type(thing), *map(seen, thing)] if isinstance(thing, (tuple, list)) else thing


@pytest.mark.parametrize("name", MAKERS)
def test_it_goes_through_pickle_and_deepcopy(name):
    thing = made(name)
    fresh = copy.deepcopy(pickle.loads(pickle.dumps(thing)))
    before = seen(thing)
    used = copy.deepcopy(pickle.loads(pickle.dumps(thing)))  # with what was kept for the next question
    for again in (fresh, used):
        assert type(again) is type(thing)
        np.testing.assert_equal(seen(again), before)


def test_every_public_class_is_tried():
    """Within another object is enough."""
    kinds = {type(part) for name in MAKERS for part in within(made(name))}
    modules = [importlib.import_module(f"hblib.{name}") for name in MODULES]
    public = {
        kind
        for module in modules
        for key, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and not key.startswith("_")
    }
    assert public - kinds == {distributions.Distribution, distributions.JointPosterior}
