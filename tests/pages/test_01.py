"""Page 1: twelve hospitals, three answers."""

import numpy as np
import pytest
from scipy import integrate, stats

from hblib import beta_binomial, priors
from tests.chance import assert_near

A, B, D, E, H, K = 0, 1, 3, 4, 7, 10


def test_no_estimate_moves_further_than_the_one_of_hospital_a(page):
    assert np.abs(page.partial - page.raw).argmax() == A


def test_the_likelihood_ratios_at_three_per_cent_are_the_ones_done_by_hand(page):
    mu = page.prior.mu
    assert page.low_rates[2] == 0.03
    assert np.isclose(page.times_A[2], (0.97 / (1 - mu)) ** 47)
    assert np.isclose(page.times_E[2], (0.03 / mu) ** 8 * (0.97 / (1 - mu)) ** 203)


def test_eight_of_211_speaks_for_about_four_per_cent():
    rates = np.linspace(0.001, 0.2, 2000)
    assert abs(rates[stats.binom(211, rates).pmf(8).argmax()] - 8 / 211) < 1e-3


def test_the_best_mean_of_a_huge_prior_is_the_total(page):
    many = page.pooled * np.linspace(0.9, 1.1, 2001)
    values = beta_binomial.log_marginal(page.y, page.n, many * 1e9, (1 - many) * 1e9)
    assert abs(many[values.argmax()] - page.pooled) < 1e-4


def test_the_ends_of_the_dial_are_no_pooling_and_complete_pooling(page):
    assert np.abs(page.at_size(1e-9) - page.raw).max() < 1e-9
    assert np.abs(page.at_size(1e9) - page.pooled).max() < 5e-5  # as well as the minimiser finds the mean


def test_at_the_fitted_size_the_dial_shows_the_fitted_estimates(page):
    assert np.allclose(page.at_size(page.size), page.partial, atol=1e-5)


def test_the_lines_of_a_and_e_cross_where_the_page_says(page):
    """(s mu)/(47 + s) and (s mu + 8)/(211 + s) are equal where s mu (211 - 47) = 8 (47 + s)."""
    s, mu = page.crossing, page.best_mean(page.crossing)
    assert np.isclose(s * mu * (211 - 47), 8 * (47 + s), rtol=1e-3)
    assert page.at_size(s / 2)[A] < page.at_size(s / 2)[E]
    assert page.at_size(2 * s)[A] > page.at_size(2 * s)[E]


def test_in_the_figure_of_the_dial_hospital_d_is_the_last_and_half_way_only_at_several_hundred(page):
    sizes = (50, 100, 500, 1000)
    left = [(page.at_size(size) - page.pooled) / (page.raw - page.pooled) for size in sizes]
    assert [np.argmax(each) for each in left] == [D] * 4
    assert left[2][D] > 0.5 > left[3][D]


def test_at_sizes_from_50_to_200_the_records_are_more_than_half_as_probable_as_at_the_best(page):
    best = beta_binomial.profile(page.y, page.n, 1 / page.size)
    assert (np.exp(beta_binomial.profile(page.y, page.n, [1 / 50, 1 / 200]) - best) > 0.5).all()


def test_at_size_75_the_records_are_nearly_as_probable_and_a_is_below_e(page):
    best = beta_binomial.profile(page.y, page.n, 1 / page.size)
    assert beta_binomial.profile(page.y, page.n, 1 / 75) - best > np.log(0.8)
    assert page.at_size(75)[A] < page.at_size(75)[E]


@pytest.mark.parametrize(("size", "low", "high"), [(20, 1, 19), (1000, 6, 9)])
def test_nine_hospitals_in_ten_lie_where_the_caption_says(page, size, low, high):
    ends = stats.beta(page.mu * size, (1 - page.mu) * size).interval(0.9)
    assert np.round(100 * np.array(ends)).tolist() == [low, high]


def test_a_few_lines_of_scipy_find_the_prior_that_fit_finds(page):
    assert np.allclose(page.by_hand, [page.prior.alpha, page.prior.beta], rtol=1e-5)
    assert (page.both["by hand"] == page.both["fit"]).all()  # to the digits shown


def test_the_weights_and_estimates_by_hand_are_those_of_hblib(page):
    prior = page.prior
    assert np.allclose(page.kappa, beta_binomial.shrinkage(page.n, prior.alpha, prior.beta), rtol=1e-12)
    assert np.allclose(page.partial, prior.posterior(page.y, page.n).mean(), rtol=1e-12)


def test_the_prior_counts_as_about_eight_deaths_and_b_has_the_higher_raw_rate_than_k(page):
    assert page.raw[B] > page.raw[K]
    assert abs(8 - page.prior.alpha) < 0.5


def test_done_by_hand_with_the_digits_shown_b_and_k_are_those_of_the_table(page):
    """108 and 0.0765."""
    deaths, size = page.by_hand_deaths, round(page.size)
    assert size == 108
    assert f"{deaths:.2f}" == "8.26"
    by_hand = np.array([(18 + deaths) / (148 + size), (29 + deaths) / (256 + size)])
    assert np.array_equal(np.round(by_hand, 3), np.round(page.partial[[B, K]], 3))
    assert round(100 * (by_hand[0] - by_hand[1]), 2) == round(100 * (page.partial[B] - page.partial[K]), 2)


def test_the_chances_with_the_prior_plugged_in_agree_with_integrals(page):
    post = page.prior.posterior(page.y, page.n)
    alpha, beta = post.alpha, post.beta
    plugged = page.ways.loc["plugged in", "ML"]
    assert np.allclose(plugged.iloc[:2], post.mean()[[A, E]], atol=2e-5)

    def below(others):
        def density(t):
            return stats.beta.pdf(t, alpha[A], beta[A]) * np.prod(stats.beta.sf(t, alpha[others], beta[others]))

        return integrate.quad(density, 0, 0.4)[0]

    assert abs(plugged["P(A below E)"] - below([E])) < 1e-4
    assert abs(plugged["P(A lowest)"] - below(slice(1, None))) < 2e-4
    assert np.allclose(plugged[["P(H > 10 %)", "P(B > 10 %)"]], 1 - post.cdf(0.10)[[H, B]], atol=2e-3)
    assert np.allclose(page.bad, 1 - post.cdf(0.10))


@pytest.mark.parametrize(
    ("way", "prior"),
    [
        (("averaged, power", "-3/2"), priors.power(-1.5)),
        (("averaged, power", "-5/2"), priors.power(-2.5)),
        (("averaged, scale", "100"), priors.half_normal(100)),
        (("averaged, scale", "500"), priors.half_normal(500)),
    ],
)
def test_the_averages_agree_with_the_exact_full_bayes(page, way, prior):
    theta = beta_binomial.full_bayes(page.y, page.n, prior).theta
    averaged = page.ways.loc[way]
    assert np.allclose(averaged.iloc[:2], theta.mean()[[A, E]], atol=2e-4)
    assert np.allclose(averaged.iloc[5:], 1 - theta.cdf(np.full(len(page.n), 0.10))[[H, B]], atol=4e-3)


def test_whether_a_or_e_is_lower_depends_on_the_way(page):
    assert 2 <= (page.ways["rate of A"] < page.ways["rate of E"]).sum() <= 4


def test_a_below_e_is_close_to_the_toss_of_a_coin(page):
    chances = page.ways["P(A below E)"]
    assert 0.44 < chances.min() < 0.5 < 0.6 < chances.max() < 0.66


def test_partial_pooling_predicts_better_than_complete_and_worse_than_none_because_of_a(page):
    total, without_A = page.scores.sum(), page.scores.drop("A").sum()
    assert total["none"] > total["partial"] > total["complete"]
    assert without_A["partial"] > without_A["none"]


@pytest.mark.parametrize("name", ["none", "partial", "complete"])
def test_the_risks_agree_with_sums_over_every_record(page, name):
    prior, mu = page.prior, page.mu
    estimate = {
        "none": lambda y, n, k: y / n,
        "partial": lambda y, n, k: k * y / n + (1 - k) * mu,
        "complete": lambda y, n, k: np.full(y.shape, mu),
    }[name]
    for j, n in enumerate(page.n):
        record = np.arange(n + 1)
        after = stats.beta(prior.alpha + record, prior.beta + n - record)
        loss = (estimate(record, n, page.kappa[j]) - after.mean()) ** 2 + after.var()
        summed = np.sum(stats.betabinom(n, prior.alpha, prior.beta).pmf(record) * loss)
        assert np.isclose(summed, page.risk[name][j], rtol=1e-9)


@pytest.mark.parametrize("theta", [0.01, 0.0765, 0.2])
def test_variance_and_squared_bias_add_up_to_the_squared_error_over_all_records(page, theta):
    mu, record = page.mu, np.arange(51)
    for kappa in (0, 0.3, 1):
        loss = (kappa * record / 50 + (1 - kappa) * mu - theta) ** 2
        summed = np.sum(stats.binom(50, theta).pmf(record) * loss)
        assert np.isclose(summed, page.rmse(theta, kappa) ** 2)
        assert np.isclose(summed, kappa**2 * theta * (1 - theta) / 50 + (1 - kappa) ** 2 * (theta - mu) ** 2)


def test_no_other_weight_has_a_smaller_risk_than_kappa(page):
    for step in (-0.01, 0.01):  # the risk is a parabola in the weight
        assert (page.risk_with(page.kappa + step) > page.risk_with(page.kappa)).all()
    assert np.allclose(page.risk_with(page.kappa + 0.01), page.risk_with(page.kappa - 0.01))


def test_an_estimated_prior_saves_a_good_part_of_what_a_known_one_does(page):
    """Far from the limits for any seed."""
    assert 0.3 < page.found < page.saved
    assert 0.5 < page.found_A < page.saved_A


def test_the_simulated_raw_rates_err_as_the_formula_says(page):
    squares = (page.deaths / page.n - page.theta) ** 2
    errors = squares.std(axis=0) / np.sqrt(len(squares))
    assert_near(squares.mean(axis=0), page.error["none"], errors)


def test_h_is_worth_an_inspection_and_b_is_an_even_bet(page):
    assert page.low[H] < 0.10 < page.post.mean()[H]
    assert abs(page.bad[B] - 0.5) < 0.1


def test_the_intervals_lie_as_the_figures_description_says(page):
    order = np.argsort(page.post.mean()).tolist()
    assert order[:3] == [E, A, D]
    width = page.high - page.low
    assert width[A] > 1.3 * max(width[E], width[D])
    assert page.low.argmin() == A
    above = (page.high - 0.10) / width
    assert 0.75 < above[H] < 0.9
    assert np.abs(above[[B, K]] - 0.5).max() < 0.1


def test_estimates_vary_less_than_true_rates_and_raw_rates_more(page):
    assert page.sd_estimates < page.sd_true < page.sd_raw
    variance = stats.betabinom(page.n, page.prior.alpha, page.prior.beta).var()  # of y_j
    assert np.isclose(np.sqrt((page.kappa**2 * variance / page.n**2).mean()), page.sd_estimates)
    assert np.isclose(np.sqrt((variance / page.n**2).mean()), page.sd_raw)


def test_intervals_with_the_prior_plugged_in_cover_too_little(page):
    assert page.covers < 0.9  # about 84 per cent, with a standard error of half a per cent


def test_averaged_a_s_interval_begins_lower_and_its_other_end_moves_less(page):
    begins, ends = page.ends_of_A.T
    assert (begins < page.low[A]).all()
    assert (np.abs(ends - page.high[A]) < page.low[A] - begins).all()
    assert begins.min() < page.low[A] / 2 < begins.max()  # by much, or by little


def test_averaged_the_twelve_tell_as_much_of_another_hospital_and_of_a_as_the_page_says(page):
    """By sums over the mean and the size; with each of the four, of another hospital less than with the fitted prior,
    and with a half-normal twice as wide as the widest of them more."""
    mu, size = 1 / (1 + np.exp(np.linspace(0.5, 5, 136)))[:, None], np.geomspace(0.1, 100_000, 141)
    log_p = beta_binomial.log_marginal(page.y, page.n, mu * size, (1 - mu) * size)
    weight = np.exp(log_p - log_p.max()) * mu * (1 - mu) * size

    def summed(density, ends):
        p = weight * density / (weight * density).sum()
        mean = (p * mu).sum()
        variance = (p * (mu * (1 - mu) / (size + 1) + (mu - mean) ** 2)).sum()
        below = [(p * stats.beta.cdf(end, mu * size, (1 - mu) * size + 47)).sum() for end in ends]
        return mean, np.sqrt(variance), mean * (1 - mean) / variance - 1, *below

    densities = size**-1.5, size**-2.5, *(stats.halfnorm(scale=scale).pdf(size) for scale in (100, 500))
    for density, ends, *new in zip(densities, page.ends_of_A, page.new_mean, page.new_sd, page.new_worth, strict=True):
        found = summed(density, ends)
        assert np.allclose(found[:3], new, rtol=2e-3)
        assert np.allclose(found[3:], [0.025, 0.975], atol=1e-3)
    assert max(page.new_worth) < page.size < summed(stats.halfnorm(scale=1000).pdf(size), [])[2]
