"""The solution "Build two repairs"."""

import numpy as np

from hblib import beta_binomial, priors, repairs
from tests.chance import assert_near

A = 0  # hospital A


def test_the_interval_of_the_solution_is_hblibs(page):
    obs = np.random.default_rng(62).normal([[0], [1], [2], [3], [5]], 2, (5, 4))
    low, high = repairs.morris(obs.mean(axis=1), 2 / np.sqrt(4)).interval(0.9)
    assert np.allclose(page.repaired(obs, 2, 0.9), (low, high))


def test_three_terms_cover_what_is_exact_and_the_first_alone_less(page):
    exact = 100 * repairs.exact_coverage(8, 1, "morris")
    error = 100 * np.std(page.held["three terms"]) / np.sqrt(4000)
    assert_near(page.shares["three terms"], exact, error)
    assert page.shares["the first alone"] < page.shares["three terms"] - 3


def test_the_covariance_matrix_is_that_of_hblibs_standard_errors(page):
    """se of log M is se_phi / phi."""
    assert np.isclose(page.C[0, 0], page.fit.se_mu**2, rtol=1e-3)
    assert np.isclose(page.C[1, 1], (page.fit.se_phi * page.size) ** 2, rtol=1e-3)


def test_every_standard_deviation_grows_and_comes_nearer_to_full_bayes(page):
    plugged, full = page.fit.posterior(page.y, page.n).std(), page.full.theta.std()
    wider = page.wider(page.y, page.n, page.fit.mu, page.size, page.C)
    assert (wider > plugged).all()
    assert (np.abs(full - wider) < np.abs(full - plugged)).all()
    assert (wider / plugged).argmax() == A


def test_with_half_of_a_bell_curve_on_the_size_full_bayes_is_surer_than_the_repair_of_all_and_than_plugging_in_of_six(
    page,
):
    plugged = page.fit.posterior(page.y, page.n).std()
    wider = page.wider(page.y, page.n, page.fit.mu, page.size, page.C)
    full = beta_binomial.full_bayes(page.y, page.n, priors.half_normal(500)).theta.std()
    assert (full < wider).all()
    assert (full < plugged).sum() == 6
    assert np.abs(full / plugged - 1).min() > 0.001  # the six do not hang on rounding


def test_the_delta_method_agrees_with_the_spread_of_the_mean_where_c_is_small(page):
    """Draws of (mu, log M) from N(., C/100)."""
    rng = np.random.default_rng(63)
    mu, log_size = rng.multivariate_normal([page.fit.mu, np.log(page.size)], page.C / 100, 100_000).T
    size = np.exp(log_size)[:, None]
    means = (mu[:, None] * size + page.y) / (size + page.n)
    known = beta_binomial.posterior(page.y, page.n, page.fit.alpha, page.fit.beta).var()
    added = page.wider(page.y, page.n, page.fit.mu, page.size, page.C / 100) ** 2 - known
    assert np.allclose(added, means.var(axis=0), rtol=0.05)
