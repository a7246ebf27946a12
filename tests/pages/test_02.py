"""Page 2: the Beta-Binomial model, and the rats."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from hblib import beta_binomial, priors


def test_the_posterior_multiplied_on_a_grid_is_the_one_of_the_rule(page):
    assert np.allclose(page.by_product, page.by_rule, rtol=1e-9)


def test_the_upper_end_of_the_stores_interval_is_scipys(page):
    assert round(stats.beta(7, 113).ppf(0.975), 10) == round(float(page.upper), 10)
    assert f"{page.upper:.3f}" == "0.107"


def test_a_prior_is_worth_alpha_plus_beta_trials(page):
    by_integral, worth_100, worth_98 = page.next_buys.values()
    assert abs(by_integral - worth_100) < 1e-9
    assert abs(by_integral - worth_98) > 0.005


def test_the_variance_of_a_new_group_exceeds_the_binomials_by_the_stated_factor(page):
    factor = 1 + 19 / (page.prior.alpha + page.prior.beta + 1)
    assert abs(page.new_group.var() - page.binomial.var() * factor) < 1e-9


def test_the_groups_of_twenty_rats_vary_more_than_a_binomial_and_less_than_the_beta_binomial(page):
    assert page.binomial.var() < page.twenty.var(ddof=1) < page.new_group.var()


def test_the_prediction_for_a_new_group_is_the_formula_of_the_page(page):
    k, alpha, beta = np.arange(11), page.prior.alpha, page.prior.beta
    direct = special.comb(20, k) * special.beta(alpha + k, beta + 20 - k) / special.beta(alpha, beta)
    assert np.allclose(page.new_group.pmf(k), direct)


def test_the_three_ways_to_the_marginal_likelihood_agree(page):
    assert np.ptp(list(page.log_likelihoods.values())) < 1e-9
    alike = list(page.probabilities.values())
    assert np.allclose(alike[0], alike[1], rtol=1e-12)
    assert np.allclose(alike[0], alike[2], rtol=1e-12)


def test_the_probability_of_new_rats_in_a_known_group_is_the_integral_over_its_posterior():
    post, y = stats.beta(7, 113), np.arange(11)
    by_integral = [integrate.quad(lambda t, k=k: stats.binom.pmf(k, 10, t) * post.pdf(t), 0, 1)[0] for k in y]
    assert np.allclose(by_integral, stats.betabinom(10, 5 + 2, 95 + 18).pmf(y), rtol=1e-6)


def test_the_grid_agrees_with_an_independent_quadrature(page):
    """Gauss-Legendre in (mu, log M), in a program of its own, gave these to 15 digits."""
    mean_mu, _, theta = page.means_with(-0.5)
    assert abs(mean_mu - 0.144297305466758) < 1e-12
    assert abs(theta - 0.210856839758551) < 1e-12
    assert np.allclose(list(page.averages.values()), page.means_with(-0.5), rtol=1e-12)


def test_the_grid_agrees_with_full_bayes(page):
    full = beta_binomial.full_bayes(page.y, page.n, priors.power(-1.5))
    assert abs(page.means_with(-0.5)[2] - full.theta[-1].mean()) < 1e-12
    assert np.allclose(list(page.averages.values()), list(page.by_hblib.values()), rtol=1e-9)


def test_the_axes_do_not_matter_if_the_jacobian_goes_along(page):
    assert np.ptp(list(page.two_grids.values())) < 1e-12


def test_a_probability_on_another_axis_needs_the_jacobian(page):
    exactly, with_factor, without = page.chances.values()
    assert np.isclose(exactly, np.exp(-0.5) - np.exp(-2))
    assert abs(with_factor - exactly) < 1e-3
    assert abs(without - exactly) > 0.4


def test_the_rectangle_in_mu_and_size_covers_its_size_times_the_area(page):
    """The determinant, by finite differences."""
    mu, size, h = 0.14, 17.0, 1e-6
    columns = [
        ((mu + h) * size - mu * size, (1 - mu - h) * size - (1 - mu) * size),
        (mu * (size + h) - mu * size, (1 - mu) * (size + h) - (1 - mu) * size),
    ]
    assert np.isclose(abs(np.linalg.det(np.array(columns) / h)), size, rtol=1e-6)


def test_the_drawn_populations_have_the_posteriors_mean(page):
    """Within six standard errors, for any seed."""
    sd = np.sqrt((page.p * page.mu**2).sum() - page.averages["mu"] ** 2)
    assert abs(page.drawn_mu.mean() - page.averages["mu"]) < 6 * sd / np.sqrt(len(page.drawn_mu))


def test_partially_pooled_posteriors_are_narrower_and_closer_together_than_separate_ones(page):
    full = beta_binomial.full_bayes(page.y, page.n, priors.power(-1.5)).theta
    separate = stats.beta(1 + page.y, 1 + page.n - page.y)
    assert (full.std() < separate.std()).mean() > 0.9
    assert full.mean().std() < separate.mean().std()


def test_the_mean_of_alpha_is_refused(page):
    with pytest.raises(ValueError, match="exist"):
        beta_binomial.full_bayes(page.y, page.n, priors.power(-1.5)).mean_of_alpha_and_beta()


def test_what_lies_beyond_e20_agrees_with_the_tail_integrated_by_hand(page):
    """There the likelihood is that of one common rate, and the integral of M^(-1/2) over log M is 2 exp(-10)."""
    y, n = page.y, page.n
    mu = np.linspace(0.08, 0.25, 20_001)
    one_rate = special.xlogy(y.sum(), mu) + special.xlogy((n - y).sum(), 1 - mu) + np.log(special.comb(n, y)).sum()
    peak = page.log_likelihood.max()
    body = np.exp(page.log_likelihood - peak) * page.M ** (-0.5)
    grid_cell = 0.0025 * 0.1  # of mu and log M
    beyond = np.exp(one_rate - peak).sum() * (mu[1] - mu[0]) * 2 * np.exp(-10)
    tail = beyond / (body.sum() * grid_cell)
    # the grid's first cell beyond 20 begins half a step early
    assert abs(page.p[:, page.log_M >= 20].sum() / tail - 1) < 0.06


@pytest.mark.parametrize("stop", [6, 10, 15, 20])
def test_every_stop_from_e6_to_e20_gives_the_quoted_mean_of_alpha(page, stop):
    assert 2.39 < page.stopped(stop)[0] < 2.42


def test_the_batters_mean_of_alpha_doubles_with_each_later_stop(page):
    assert page.until[8] > 2 * page.until[6]
    assert page.until[10] > 2 * page.until[8]


def test_the_current_group_is_nearer_to_the_earlier_groups_rate_than_to_its_own_by_every_way(page):
    assert (page.y[:-1].sum(), page.n[:-1].sum(), page.y[-1], page.n[-1]) == (263, 1725, 4, 14)
    hyperpriors = priors.power(-1.5), priors.power(-2.5), priors.half_normal(20), priors.half_normal(500)
    found = [beta_binomial.full_bayes(page.y, page.n, hyperprior).theta.mean()[-1] for hyperprior in hyperpriors]
    fits = [beta_binomial.fit(page.y, page.n, method) for method in ("ml", "moments")]
    found += [fit.posterior(4, 14).mean() for fit in fits]
    assert min(found) > 263 / 1725
    assert max(found) < (4 / 14 + 263 / 1725) / 2
    assert abs(page.prior.posterior(4, 14).mean() - (4 / 14 + page.prior.mu) / 2) < 0.01  # about half-way


def test_the_binomial_expects_far_too_few_groups_without_a_tumour_and_too_many_with_two_and_three(page):
    seen, expected = np.bincount(page.twenty)[:4], len(page.twenty) * page.binomial.pmf(np.arange(4))
    assert 4 * expected[0] < seen[0]
    assert (expected[2:] > seen[2:]).all()
