"""The solution of the exercise on three groups: moments against maximum likelihood."""

import numpy as np
import pytest
from scipy import stats

from hblib import normal_normal
from tests.chance import assert_near


def se_of(sigma2, n):
    return np.sqrt(np.full(3, sigma2 / n))


def test_the_numbers_by_hand(page):
    assert (page.sigma2 / page.n, page.s2, page.tau2) == (5, 9, 4)
    assert np.isclose(page.kappa, 4 / 9)


def test_the_estimates_are_those_of_hblib(page):
    se = se_of(page.sigma2, page.n)
    fit = normal_normal.fit(page.ybar, se, "moments")
    assert np.isclose(fit.tau**2, page.tau2)
    assert np.allclose(fit.posterior(page.ybar, se).mean(), page.theta)


@pytest.mark.parametrize(("means", "n", "sigma2"), [([28, 34, 31], 4, 20), ([9, 11, 10], 5, 4)])
def test_both_estimates_of_the_variance_are_those_of_hblib(page, means, n, sigma2):
    fits = [normal_normal.fit(means, se_of(sigma2, n), method).tau ** 2 for method in ("moments", "ml")]
    assert np.allclose(fits, page.two_estimates(np.array(means, float), n, sigma2), atol=1e-6)


def test_cut_off_moments_are_too_large_on_average_and_ml_is_too_small(page):
    assert page.both[:, 0].mean() > 4.2
    assert page.both[:, 1].mean() < 3.8


@pytest.mark.parametrize(("column", "divisor"), [(0, 2), (1, 3)])
def test_either_says_zero_as_often_as_the_chi_squared_distribution_has_it(page, column, divisor):
    exact = stats.chi2(2).cdf(divisor * 5 / 9)
    assert_near(np.mean(page.both[:, column] == 0), exact, np.sqrt(exact * (1 - exact) / 20_000))
