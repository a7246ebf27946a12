"""The solution "First lines: one store's posterior"."""

import numpy as np
from scipy import integrate, stats


def test_the_posterior_on_a_grid(page):
    rate = (np.arange(200_000) + 0.5) / 200_000
    p = stats.beta.pdf(rate, page.alpha, page.beta) * stats.binom.pmf(page.y, page.n, rate)
    p /= p.sum()
    assert abs(rate @ p - page.mean) < 1e-6
    assert np.allclose(np.interp([0.025, 0.975], p.cumsum(), rate), page.interval, atol=1e-5)


def test_the_interval_holds_95_per_cent_with_as_much_below_as_above(page):
    for ends in ((0, page.interval[0]), (page.interval[1], 1)):
        assert abs(integrate.quad(stats.beta(page.a, page.b).pdf, *ends)[0] - 0.025) < 1e-8


def test_a_third_of_the_way_because_the_prior_counts_twice_as_much(page):
    prior = page.alpha / (page.alpha + page.beta)
    assert page.alpha + page.beta == 2 * page.n
    assert np.isclose((page.mean - prior) / (page.y / page.n - prior), 1 / 3)


def test_the_interval_reaches_further_above_and_holds_the_chains_mean(page):
    low, high = page.interval
    assert high - page.mean > 1.2 * (page.mean - low)
    assert low < page.alpha / (page.alpha + page.beta) < high
