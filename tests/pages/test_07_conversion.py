"""The solution "A prior that a shopkeeper can judge"."""

import numpy as np
import pytest
from scipy import integrate, special, stats

SHOPS = 200_000


@pytest.mark.parametrize("tau", [0.25, 1.0])
def test_the_range_holds_95_per_cent_of_shops(page, tau):
    low, high = page.central_range(page.mu, tau)
    rates = special.expit(np.random.default_rng(71).normal(page.mu, tau, SHOPS))
    for share in (np.mean(rates < low), np.mean(rates > high)):
        assert abs(share - 0.025) < 5 * np.sqrt(0.025 * 0.975 / SHOPS)


def test_from_tau_to_the_range_and_back(page):
    for tau in (0.1, 0.5, 2):
        assert np.isclose(page.tau_of_range(*page.central_range(page.mu, tau)), tau)


def test_the_owners_two_answers_fit_together(page):
    assert abs(special.expit(page.middle) - 0.03) < 0.001
    assert np.allclose(page.central_range(page.middle, page.tau_owner), [0.01, 0.09])


@pytest.mark.parametrize("p", [0.01, 0.05, 0.2])
def test_the_half_normal_exceeds_the_limit_with_this_probability(page, p):
    assert np.isclose(stats.halfnorm(scale=page.scale_for(1.5, p)).sf(1.5), p)


@pytest.mark.parametrize("times", [1, 2])
def test_the_table_of_shops_under_the_prior(page, times):
    """P(rate < x) by an integral over tau; the table's rates come from 400,000 draws."""
    limit = times * page.tau_owner
    tau = stats.halfnorm(scale=page.scale_for(limit, 0.05))
    for level, rate in page.said[f"limit {limit:.2f}"].items():
        above = special.logit(rate / 100) - page.mu
        share = integrate.quad(lambda t, above=above: tau.pdf(t) * special.ndtr(above / t), 1e-9, 8 * limit)[0]
        assert abs(share - level / 100) < 5 * np.sqrt(level / 100 * (1 - level / 100) / 400_000)


def test_under_the_first_prior_shops_are_more_alike_than_the_owners(page):
    low, _, high = page.said[f"limit {page.tau_owner:.2f}"]
    assert low > 1.3
    assert high < 7
