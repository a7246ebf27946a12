"""The solution of the exercise on a form for each store."""

import arviz as az
import numpy as np
import pytest

from hblib import normal_normal, priors


def gibbs(w, se, tau):
    """The autocorrelation of mu where each group has its own w."""
    kappa = tau**2 / (tau**2 + se**2)
    A = 1 / tau**2 + 1 / se**2
    S = np.sum(A * (w - (1 - kappa)) ** 2)
    return S / (S + np.sum(A * kappa * (1 - kappa)))


@pytest.mark.parametrize("tau", [0.2, 0.7, 1.6, 4])
def test_the_rule_is_the_best_of_all_sixteen_choices(page, tau):
    n = np.array([1, 5, 30, 200])
    every = [gibbs(np.array([k >> i & 1 for i in range(4)]), 5 / np.sqrt(n), tau) for k in range(16)]
    assert np.isclose(min(every), gibbs(page.form(n, 5, tau), 5 / np.sqrt(n), tau))


@pytest.mark.parametrize("tau", [0.3, 1, 2])
def test_the_kiosks_are_non_centred_and_the_stores_centred(page, tau):
    assert (page.form(page.n, page.sigma, tau) == (page.n < 10)).all()


def diagnosed(each):
    values = [each.posterior["mu"].values, np.log(each.posterior["tau"].values)]
    return min(float(az.ess(x)) for x in values), max(float(az.rhat(x)) for x in values)


def test_each_its_own_mixes_better_than_either_pure_form(page):
    ess, rhat = diagnosed(page.idata)
    assert int(page.idata.sample_stats.diverging.sum()) <= 20  # of 4000 paths
    assert rhat < 1.03
    assert ess > 2000
    assert diagnosed(page.runs["centred"])[0] < ess / 1.5
    assert diagnosed(page.runs["non-centred"])[0] < ess / 1.5


def test_the_draws_agree_with_the_quadrature(page):
    full = normal_normal.full_bayes(page.ybar, page.se, priors.half_normal(2), mu_prior=(20, 10))
    means = full.mu.mean(), full.nodes.weight @ np.log(full.nodes.tau)
    for values, mean in zip(np.moveaxis(page.draws, -1, 0), means, strict=True):
        assert abs(values.mean() - mean) < 5 * float(az.mcse(values))


def test_only_the_sensors_want_the_centred_form(page):
    forms = {name: page.form(np.array([n]), 1, ratio)[0] for name, (n, ratio) in page.studies.items()}
    assert forms == {"a clinics": 1, "b classes": 1, "c sensors": 0}
