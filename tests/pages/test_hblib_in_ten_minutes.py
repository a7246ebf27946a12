"""hblib in ten minutes."""

import inspect

import numpy as np
import pytest
from scipy import stats

from hblib import beta_binomial, datasets, distributions, normal_normal, priors

VERBS = {
    "posterior": ("y, n, alpha, beta", "ybar, se, mu, tau"),
    "posterior_mean": ("y, n, alpha, beta", "ybar, se, mu, tau"),
    "shrinkage": ("n, alpha, beta", "se, tau"),
    "log_marginal": ("y, n, alpha, beta", "ybar, se, mu, tau"),
    "profile": ("y, n, phi", "ybar, se, tau"),
    "fit": ("y, n", "ybar, se"),
    "full_bayes": ("y, n, prior", "ybar, se, prior"),
}
NAMES = "api_cells api_sample batters batters_copied bcg catheters cbpp eight_schools flights high_school kidney_cancer"
NAMES += " nc_sids nile pastes penicillin radon rat_tumors ratings seeds sleepstudy surgical williams_1970"


@pytest.mark.parametrize("name", NAMES.split())
def test_a_data_set_is_arrays_of_one_length_and_counts_and_estimates_have_their_names(name):
    data = getattr(datasets, name)()
    assert len({len(column) for column in data}) == 1
    if {"y", "n"} <= set(data._fields):
        assert ((data.y >= 0) & (data.y <= data.n)).all()
    if "se" in data._fields:
        assert (data.se > 0).all()
        assert len(data.ybar) == len(data.se)


@pytest.mark.parametrize("verb", VERBS)
def test_both_families_have_the_verbs_of_the_table_with_these_arguments(verb):
    for family, arguments in zip((beta_binomial, normal_normal), VERBS[verb], strict=True):
        parameters = inspect.signature(getattr(family, verb)).parameters.values()
        needed = [one.name for one in parameters if one.default is one.empty]
        assert ", ".join(needed) == arguments


def test_whatever_comes_back_can_do_what_every_distribution_can(page):
    methods = ["mean", "std", "var", "median", "pdf", "logpdf", "cdf", "sf", "ppf", "isf", "interval", "rvs"]
    full = normal_normal.full_bayes(page.schools.ybar, page.schools.se, priors.half_normal(10))
    for one in (page.known, full.mu, full.tau, full.theta, full.new_group):
        assert isinstance(one, distributions.Distribution)
        assert all(callable(getattr(one, method)) for method in methods)


def test_the_most_probable_tau_of_the_schools_is_zero(page):
    assert normal_normal.fit(page.schools.ybar, page.schools.se).status == "tau = 0"


def test_a_prior_of_counts_is_one_of_the_size_and_not_of_phi(page):
    """A prior that ends at 10 keeps the size below 10."""
    y, n = page.hospitals.y, page.hospitals.n
    assert np.isclose(beta_binomial.full_bayes(y, n, stats.uniform(0, 10)).size.cdf(10), 1)


def test_a_plugged_in_prior_is_too_sure_of_itself_about_most_hospitals(page):
    y, n = page.hospitals.y, page.hospitals.n
    full = beta_binomial.full_bayes(y, n, priors.half_normal(100))
    assert page.fitted.posterior(y, n).std().mean() < full.theta.std().mean()


def test_the_four_priors_give_different_answers(page):
    medians = np.sort([median for (median,) in page.middle.values()])
    assert len(medians) == 4
    assert (np.diff(medians) > 0.1).all()


def test_rows_that_many_groups_share_cost_no_digit(page):
    assert page.rows.counts.sum() == len(page.shops)
    assert abs(page.each - page.by_row) < 1e-12


def test_the_draws_have_the_names_of_the_schools(page):
    theta = page.tree["posterior"]["theta"]
    assert theta.group.values.tolist() == page.schools.group.tolist()
    assert theta.shape == (4, 500, 8)
