"""The idea in five lines: Bayes' rule on a grid, two levels, exchangeability, bias and variance, Metropolis."""

import numpy as np
import pytest
from scipy import integrate, stats

from hblib import beta_binomial, priors


def test_the_posterior_under_a_flat_prior_is_beta_1_48(page):
    exact = stats.beta(1, 48)
    mean, low, high, above = page.summary(page.posterior)
    assert mean == pytest.approx(1 / 49, abs=1e-5)
    assert above == pytest.approx(0.95**48, abs=1e-5)
    assert np.allclose([low, high], exact.ppf([0.025, 0.975]), atol=0.0003)  # half a step
    assert page.product.sum() == pytest.approx(1 / 48, abs=1e-5)  # the integral of (1 - theta)^47


def test_the_posterior_under_the_informed_prior_is_beta_6_116(page):
    mean, _, _, above = page.summary(page.after)
    assert mean == pytest.approx(6 / 122, abs=1e-6)
    assert above == pytest.approx(stats.beta(6, 116).sf(0.05), abs=1e-4)
    assert stats.beta(6, 69).std() == pytest.approx(0.03, abs=0.002)


def test_none_of_47_was_more_probable_under_the_informed_prior(page):
    informed = stats.betabinom(47, 6, 69).pmf(0)
    assert (page.informed * page.likelihood).sum() == pytest.approx(informed, rel=1e-6)
    assert informed > 2 * page.product.sum()


def test_each_population_has_the_mean_and_the_standard_deviation_of_its_pair(page):
    usual = (page.mu * page.size > 1.5).ravel()  # elsewhere the density is steep at 0, between the points of the grid
    mean = page.population @ page.theta
    sd = np.sqrt(page.population @ page.theta**2 - mean**2)
    assert np.allclose(mean[usual], page.mu.ravel()[usual], atol=1e-5)
    assert np.allclose(sd[usual], page.tau.ravel()[usual], atol=1e-4)


def test_the_sum_over_rates_is_the_marginal_likelihood(page):
    exact = beta_binomial.log_marginal(page.y, page.n, page.mu * page.size, (1 - page.mu) * page.size)
    exact = np.exp(exact - exact.max()).ravel()
    assert np.allclose(page.posterior_psi, exact / exact.sum(), atol=1e-5)


def test_the_grid_of_populations_holds_nearly_all_of_their_posterior(page):
    edges = page.posterior_psi.reshape(50, 46)
    assert max(edges[0].sum(), edges[-1].sum(), edges[:, 0].sum(), edges[:, -1].sum()) < 1e-3


def test_two_levels_give_what_the_exact_full_bayes_gives_under_its_hyperprior(page):
    """Page 1's "averaged, power -3/2": the weights of the pairs for that hyperprior, in place of the flat ones."""
    steep = page.posterior_psi * (page.size**-1.5 * page.mu * (1 - page.mu) / page.tau**3).ravel()
    mean = steep / steep.sum() @ page.posteriors @ page.theta
    exact = beta_binomial.full_bayes(page.y, page.n, priors.power(-1.5)).theta.mean()[0]
    assert mean == pytest.approx(exact, abs=2e-4)
    assert page.summary(page.A)[0] == pytest.approx(exact, abs=2e-3)  # the flat one hardly differs


def test_who_knows_the_others_finds_more_than_five_per_cent_far_more_probable(page):
    alone, together = (page.summary(p)[-1] for p in (page.posterior, page.A))
    assert together > 4 * alone


def test_in_the_six_ways_of_page_1_it_is_as_probable_as_the_page_says_and_far_more_than_alone(page):
    """The averages by sums over the mean and the size."""
    mu, size = 1 / (1 + np.exp(np.linspace(1.2, 4.2, 91)))[:, None], np.geomspace(1, 100_000, 121)
    log_p = stats.betabinom.logpmf(page.y[:, None, None], page.n[:, None, None], mu * size, (1 - mu) * size).sum(axis=0)
    weight = np.exp(log_p - log_p.max()) * mu * (1 - mu) * size
    densities = size**-1.5, size**-2.5, *(stats.halfnorm(scale=scale).pdf(size) for scale in (100, 500))
    above = stats.beta.sf(0.05, mu * size, (1 - mu) * size + 47)
    averaged = [(weight * p * above).sum() / (weight * p).sum() for p in densities]
    fits = [beta_binomial.fit(page.y, page.n, method) for method in ("ml", "moments")]
    plugged = [stats.beta.sf(0.05, fit.alpha, fit.beta + 47) for fit in fits]
    assert np.allclose(page.six, 100 * np.array(plugged + averaged), atol=0.1)
    assert min(page.six) > 300 * page.summary(page.posterior)[-1]


def test_the_other_eleven_lost_between_4_and_14_in_a_hundred(page):
    rates = (100 * page.y / page.n)[1:]
    assert 3.5 < rates.min() < 4
    assert 14 < rates.max() < 14.5


def test_the_rates_of_two_hospitals_are_correlated_until_psi_is_given(page):
    rng = np.random.default_rng(0)
    pair = rng.integers(len(page.mu), size=40_000)
    alpha, beta = ((m * page.size).ravel()[pair] for m in (page.mu, 1 - page.mu))
    two = rng.beta(alpha, beta, (2, len(pair)))
    found = np.corrcoef(two)[0, 1]
    assert found == pytest.approx(page.pair_mean / (page.pair_mean + page.pair_variance), abs=0.03)  # 5 s.e.


def risk(weight, mean, rates):
    """Mean squared error of `weight` on the raw rate of 100 operations and the rest on `mean`, over true rates."""
    return (weight**2 * rates * (1 - rates) / 100 + ((1 - weight) * (mean - rates)) ** 2).mean()


def test_one_population_for_two_kinds_costs_what_the_page_says(page):
    share = (np.arange(20_000) + 0.5) / 20_000
    rates = [
        stats.beta(m * size, (1 - m) * size).ppf(share)
        for m, size in zip(page.kind_mean[[0, -1]], page.kind_size[[0, -1]], strict=True)
    ]
    assert risk(page.kappa_common, 0.08, np.concatenate(rates)) == pytest.approx(page.one_error, rel=1e-3)
    own = [risk(page.kappa_kind[j], page.kind_mean[j], r) for j, r in zip((0, -1), rates, strict=True)]
    assert np.mean(own) == pytest.approx(page.kinds_error.mean(), rel=1e-3)
    too_low = (1 - page.kappa_common) * (rates[1].mean() - 0.08)
    assert too_low == pytest.approx((1 - page.kappa_common) * 0.03, rel=1e-4)
    assert page.kinds_error.mean() < 0.5 * page.one_error


def test_learned_from_the_records_both_errors_are_larger_and_the_gain_is_smaller_but_still_a_gain(page):
    """Two hundred sets of twelve records; over 120 seeds each difference was 7 standard deviations from 0 or more."""
    rng = np.random.default_rng(0)
    rates = rng.beta(page.kind_mean * page.kind_size, (1 - page.kind_mean) * page.kind_size, (200, 12))
    y = rng.binomial(100, rates)

    def learned(records):
        n = np.full(len(records), 100)
        return beta_binomial.fit(records, n).posterior(records, n).mean()

    def error(estimates):
        return 100 * np.sqrt(((estimates - rates) ** 2).mean())

    known = [
        error(mean + kappa * (y / 100 - mean))
        for mean, kappa in ((page.common_mean, page.kappa_common), (page.kind_mean, page.kappa_kind))
    ]
    one = error(np.array([learned(each) for each in y]))
    two = error(np.array([np.concatenate([learned(each[:6]), learned(each[6:])]) for each in y]))
    assert one > known[0]
    assert two > known[1]
    assert 0 < one - two < known[0] - known[1]


def test_eight_per_cent_is_the_mean_of_both_kinds_and_of_neither(page):
    assert np.isclose(page.common_mean, page.kind_mean.mean())
    assert np.abs(page.kind_mean - page.common_mean).min() > 0.02


def test_bias_squared_and_variance_add_up_to_the_mean_squared_error(page):
    """Each weight's error by a sum over all records and an integral over all rates."""
    size = page.mu_hat * (1 - page.mu_hat) / page.tau_hat**2 - 1
    rates = stats.beta(page.mu_hat * size, (1 - page.mu_hat) * size)
    record = np.arange(48)

    def squares(rate, weight):
        return stats.binom(47, rate).pmf(record) @ (weight * record / 47 + (1 - weight) * page.mu_hat - rate) ** 2

    for k in (0, 42, 100):
        error = integrate.quad(lambda rate, k=k: squares(rate, page.kappa[k]) * rates.pdf(rate), 0, 1, epsrel=1e-6)[0]
        assert error == pytest.approx(page.error[k], rel=1e-4)


def test_the_best_weight_is_kappa_and_lies_between_the_two_ends(page):
    size = page.mu_hat * (1 - page.mu_hat) / page.tau_hat**2 - 1
    assert page.best == pytest.approx(47 / (47 + size), abs=0.006)
    assert page.error.min() < 0.7 * min(page.error[0], page.error[-1])


def test_the_posterior_of_tau_is_the_one_with_mu_and_the_effects_integrated_out(page):
    """Up to a constant, against an integral over mu."""

    def integrated(tau):
        sd = np.sqrt(page.se**2 + tau**2)
        return integrate.quad(lambda mu: np.exp(stats.norm(mu, sd).logpdf(page.ybar).sum() + 30), -80, 100, epsrel=1e-9)

    difference = [page.log_posterior(tau) - np.log(integrated(tau)[0]) for tau in (0.5, 5, 20)]
    assert np.allclose(difference, difference[0], atol=1e-6)


def test_metropolis_agrees_with_the_grid(page):
    """Over 300 seeds the farthest of the means was 0.41 away, of the probabilities 0.018."""
    assert page.draws.mean() == pytest.approx((page.grid * page.exact).sum(), abs=0.8)
    assert (page.draws > 10).mean() == pytest.approx(page.exact[page.grid > 10].sum(), abs=0.04)


def test_the_four_chains_agree(page):
    """R-hat; over 300 seeds it was 1.003 at most."""
    within = page.draws.var(axis=1, ddof=1).mean()
    assert np.sqrt(1 + page.draws.mean(axis=1).var(ddof=1) / within) < 1.01


def test_about_ten_draws_are_worth_one(page):
    """The autocorrelation time of tau, from the probabilities of a step on a grid: without a draw."""
    tau = np.arange(0.25, 300, 0.5)
    log_p = np.array([page.log_posterior(t) for t in tau])
    step = 0.5 * stats.norm(tau[:, None], 10).pdf(tau) * np.exp(np.minimum(0, log_p - log_p[:, None]))
    np.fill_diagonal(step, 0)
    step += np.diag(1 - step.sum(axis=1))
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    off = tau - p @ tau
    this_and_later = np.linalg.solve(np.eye(len(tau)) - step + p, off)  # what is expected of all steps, summed
    assert round(2 * (p * off) @ this_and_later / (p @ off**2) - 1) == 10
