"""The solution "Tasters and coffees"."""

import numpy as np
import pytest

from hblib import crossed


def test_mean_squares_are_reml(page):
    assert np.allclose(page.spreads(page.scores), [*page.fit.sd, page.fit.sigma], rtol=1e-6)
    assert np.prod(np.array(page.scores.shape) - 1) == 35


def test_everybody_both_and_one_for_all_are_equally_good(page):
    """The variances by hand: 2 sigma^2/4 is shrunk by the prior of the difference, 2 tau_b^2."""
    errors = [page.difference_sd(*plan, 3, 2, 1.5) for plan in page.named.values()]
    exact = (1 / (1.5**2 / 2) + 1 / (2 * 2**2)) ** -0.5
    assert errors[0] == pytest.approx(exact)
    assert errors[2] == pytest.approx(exact)
    noise = 2 * (3**2 / 2 + 1.5**2 / 4)
    assert errors[1] == pytest.approx((1 / noise + 1 / 8) ** -0.5)


def test_the_standard_deviation_is_that_of_estimates_over_repeated_tastings(page):
    rng = np.random.default_rng(2)
    taster, coffee = np.array([0, 0, 1, 1, 2, 2, 3]), np.array([0, 1, 1, 2, 2, 0, 1])
    errors = []
    for _ in range(2000):
        a, b = rng.normal(0, 1.5, 4), rng.normal(0, 2, 3)
        y = 80 + a[taster] + b[coffee] + rng.normal(0, 1, 7)
        fit = crossed.given(y, np.ones((7, 1)), [taster, coffee], [1.5, 2], 1)
        errors.append(fit.effects[1][0] - fit.effects[1][1] - b[0] + b[1])
    exact = page.difference_sd(taster, coffee, 1.5, 2, 1)
    assert abs(np.std(errors) - exact) < 5 * exact / np.sqrt(4000)


def test_the_level_is_far_surer_than_mu(page):
    assert page.mu.std() > 2.5 * page.level.std()


def test_with_one_label_for_many_sacks_their_spread_is_lost():
    """Question 4, with data: eight coffees, three sacks each, two cups of each sack."""
    rng = np.random.default_rng(5)
    coffee, sack = np.repeat(np.arange(8), 6), np.tile(np.repeat([1, 2, 3], 2), 8)
    found = []
    for _ in range(20):
        y = rng.normal(0, 2, 8)[coffee] + rng.normal(0, 2, (8, 3))[coffee, sack - 1] + rng.normal(0, 0.5, 48)
        wrong = crossed.fit(y, np.ones((48, 1)), [coffee, sack])
        right = crossed.fit(y, np.ones((48, 1)), [coffee, 10 * coffee + sack])
        found.append((wrong.sd[1], wrong.sigma, right.sd[1], right.sigma))
    wrong_tau, wrong_sigma, tau, sigma = np.median(found, axis=0)
    assert wrong_tau < 0.5 * tau
    assert wrong_sigma > 2 * sigma
