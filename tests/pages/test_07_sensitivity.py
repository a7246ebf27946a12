"""The solution of the exercise on the prior of tau with three schools."""

import numpy as np
import pytest
from scipy import stats

from hblib import normal_normal, priors
from tests.chance import assert_near

DRAWS = 200_000


@pytest.mark.parametrize(("df", "scale", "limit"), [(1, 5.0, 50.0), (3, 6.5, 50.0), (30, 7.3, 10.0)])
def test_two_schools_differ_as_often_as_draws_do(page, df, scale, limit):
    rng = np.random.default_rng(73)
    tau = scale * np.abs(rng.standard_t(df, DRAWS))
    drawn = np.mean(np.abs(tau * rng.normal(size=DRAWS) - tau * rng.normal(size=DRAWS)) > limit)
    p = page.differ(limit, df, scale)
    assert_near(drawn, p, np.sqrt(p * (1 - p) / DRAWS))


@pytest.mark.parametrize(("df", "scale"), [(1, 5.0), (30, 7.3), (1, 20.0)])
def test_the_median_is_that_of_the_quadrature(page, df, scale):
    exact = normal_normal.full_bayes(page.ybar, page.se, priors.half_t(df, scale)).tau.ppf(0.5)
    assert abs(page.medians(page.ybar, page.se, df, scale)[0] / exact - 1) < 3e-3


@pytest.mark.parametrize("df", [30, 1])
def test_the_posterior_median_follows_the_prior_median_ever_more_slowly(page, df):
    scales = {before: before / stats.t.ppf(0.75, df) for before in (2.5, 5, 10, 20)}
    after = [page.medians(page.ybar, page.se, df, scale)[0] / before for before, scale in scales.items()]
    assert after[0] > 0.85
    assert min(after[:3]) > 0.6
    assert (np.diff(after) < 0).all()


def test_only_the_half_cauchy_leaves_room_for_the_absurd(page):
    assert 0.01 < page.differ(200, 1, 5) < 0.03
    assert page.differ(200, 3, 5 / stats.t.ppf(0.75, 3)) < 0.001


def test_the_inverse_gamma_has_no_limit(page):
    old = [
        normal_normal.full_bayes(page.ybar, page.se, priors.inverse_gamma_on_variance(epsilon, epsilon)).tau.ppf(0.5)
        for epsilon in (1e-3, 1e-5, 1e-7)
    ]
    assert 0.9 < old[0] < 1.1
    assert old[0] > 2 * old[1] > 4 * old[2]


def test_the_likelihood_cannot_tell_a_small_tau_from_a_tiny_one(page):
    assert abs(page.ratio - 1) < 0.02


def test_with_a_proper_prior_of_mu_two_schools_have_a_posterior_and_one_has_none(page):
    two = normal_normal.full_bayes(page.ybar[:2], page.se[:2], priors.uniform(), mu_prior=(0, 50))
    assert not np.isfinite(two.tau.mean())
    with pytest.raises(ValueError, match="prior"):
        normal_normal.full_bayes(page.ybar[:1], page.se[:1], priors.uniform(), mu_prior=(0, 50))
