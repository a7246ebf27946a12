"""Page 2: the Beta-Binomial model, and the rats."""

import numpy as np
import pytest
from scipy import special, stats

from hblib import beta_binomial, priors


def test_the_upper_end_that_the_lesson_got_wrong_is_scipys(page):
    assert round(stats.beta(7, 113).ppf(0.975), 10) == round(float(page.upper), 10)


def test_a_prior_is_worth_alpha_plus_beta_trials(page):
    by_integral, worth_100, worth_98 = page.next_buys.values()
    assert abs(by_integral - worth_100) < 1e-9
    assert abs(by_integral - worth_98) > 0.005


def test_the_variance_of_a_new_group_exceeds_the_binomials_by_the_stated_factor(page):
    factor = 1 + 19 / (page.prior.alpha + page.prior.beta + 1)
    assert abs(page.new_group.var() - page.binomial.var() * factor) < 1e-9


def test_the_prediction_for_a_new_group_is_the_formula_of_the_page(page):
    k, alpha, beta = np.arange(11), page.prior.alpha, page.prior.beta
    direct = special.comb(20, k) * special.beta(alpha + k, beta + 20 - k) / special.beta(alpha, beta)
    assert np.allclose(page.new_group.pmf(k), direct)


def test_the_grid_agrees_with_an_independent_quadrature(page):
    """Gauss-Legendre in (m, log M), in a program of its own, gave these to 15 digits."""
    mean_m, _, theta = page.posterior_means(-0.5)
    assert abs(mean_m - 0.144297305466758) < 1e-12
    assert abs(theta - 0.210856839758551) < 1e-12


def test_the_grid_agrees_with_full_bayes(page):
    full = beta_binomial.full_bayes(page.y, page.n, priors.power(-1.5))
    assert abs(page.posterior_means(-0.5)[2] - full.theta[-1].mean()) < 1e-12


def test_what_lies_beyond_e20_agrees_with_the_tail_integrated_by_hand(page):
    """There the likelihood is that of one common rate, and the integral of M^(-1/2) over log M is 2 exp(-10)."""
    y, n = page.y, page.n
    m = np.linspace(0.08, 0.25, 20_001)
    one_rate = special.xlogy(y.sum(), m) + special.xlogy((n - y).sum(), 1 - m) + np.log(special.comb(n, y)).sum()
    peak = page.log_likelihood.max()
    body = np.exp(page.log_likelihood - peak) * page.m * (1 - page.m) * page.M ** (-0.5)
    grid_cell = 0.04 * 0.1  # of logit m and log M
    beyond = np.exp(one_rate - peak).sum() * (m[1] - m[0]) * 2 * np.exp(-10)
    tail = beyond / (body.sum() * grid_cell)
    # the grid's first cell beyond 20 begins half a step early
    assert abs(page.p[:, page.log_M >= 20].sum() / tail - 1) < 0.06


@pytest.mark.parametrize("stop", [6, 10, 15, 20])
def test_every_stop_from_e6_to_e20_gives_the_quoted_mean_of_alpha(page, stop):
    assert 2.39 < page.stopped(stop)[0] < 2.42


def test_the_batters_mean_of_alpha_doubles_with_each_later_stop(page):
    assert page.until[8] > 2 * page.until[6]
    assert page.until[10] > 2 * page.until[8]
