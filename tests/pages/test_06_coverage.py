"""The solution "Count how often it is right"."""

import numpy as np
import pytest
from scipy import stats

from hblib import repairs
from tests.chance import assert_near


@pytest.mark.parametrize("J", [5, 20, 100])
@pytest.mark.parametrize("ratio", [0.5, 2])
@pytest.mark.parametrize("prob", [0.5, 0.8, 0.95])
def test_the_share_that_is_counted_is_the_exact_one(page, J, ratio, prob):
    exact = repairs.exact_coverage(J, ratio, prob=prob)
    share = page.covered(J, ratio, prob, np.random.default_rng(1))
    assert_near(share, exact, np.sqrt(exact * (1 - exact) / 10_000))


def test_five_groups_with_a_small_tau_have_an_estimate_of_zero_in_nearly_half_of_the_data_sets():
    assert 0.45 < stats.chi2(4).cdf(4 / 1.25) < 0.5


def test_the_difference_on_the_same_data_is_clear_and_the_exact_one(page):
    exact = repairs.exact_coverage(20, 1) - repairs.exact_coverage(20, 1, "ml")
    assert page.gain > 5 * page.its_error
    assert page.apart > 2 * page.its_error
    assert_near(page.gain, exact, page.its_error)


def test_neither_the_number_of_groups_decides_nor_the_ratio():
    assert 0.935 < repairs.exact_coverage(10, 3) < 0.945
    assert repairs.exact_coverage(3000, 0.15) < 0.75
    assert repairs.exact_coverage(10, 0.15) < 0.5
    assert repairs.exact_coverage(3000, 3) > 0.9495
