"""The solution of the exercise on an estimate of 0 for the eight schools."""

import numpy as np
from scipy import stats

from hblib import normal_normal


def test_q_is_the_published_one_and_tau_is_zero(page):
    assert round(page.q_statistic(page.ybar, page.se), 2) == 4.71
    assert page.tau_hat(page.ybar, page.se) == 0


def test_with_a_larger_effect_of_school_a_tau_is_that_of_hblib(page):
    assert page.tau > 0
    assert np.isclose(page.tau, normal_normal.fit(page.other, page.se, "dersimonian-laird").tau)


def test_so_small_a_q_is_not_rare_for_schools_that_differ_by_ten_points_and_rare_for_twenty(page):
    rng, shares = np.random.default_rng(1), []
    for true_tau in (0, 5, 10, 20):
        sample = rng.normal(8, np.sqrt(page.se**2 + true_tau**2), size=(20_000, 8))
        shares.append(np.mean([page.q_statistic(row, page.se) <= page.seen for row in sample]))
    assert abs(shares[0] - stats.chi2(7).cdf(page.seen)) < 0.015
    assert shares[1] > 0.2
    assert shares[2] > 0.05
    assert shares[3] < 0.02
