"""The solution of the exercise on James and Stein's rule for ten wells."""

import numpy as np
import pytest

from hblib import james_stein
from tests.chance import assert_near


def test_the_estimates_and_the_error_left_are_those_of_hblib(page):
    assert np.allclose(page.shrunk, james_stein.estimate(page.raw, page.sigma / 2))
    left = page.error_left(page.raw, page.sigma / 2, 7)
    assert np.isclose(left, james_stein.sure(page.raw, page.sigma / 2, positive=False))


def test_the_total_falls_and_the_largest_well_pays(page):
    assert np.sum((page.shrunk - page.wells) ** 2) < np.sum((page.raw - page.wells) ** 2)
    assert page.shrunk[9] < page.raw[9]
    assert abs(page.shrunk[9] - page.wells[9]) > abs(page.raw[9] - page.wells[9])


@pytest.mark.parametrize("a", [3, 11])
def test_the_error_left_is_right_on_average_for_any_constant(page, a):
    again = np.random.default_rng(1).normal(page.wells, 1.5, (40_000, 10))
    middle = again.mean(axis=1, keepdims=True)
    squares = np.sum((again - middle) ** 2, axis=1, keepdims=True)
    loss = np.sum((middle + (1 - a * 1.5**2 / squares) * (again - middle) - page.wells) ** 2, axis=1)
    excess = loss - np.array([page.error_left(row, 1.5, a) for row in again])
    assert_near(excess.mean(), 0, excess.std() / 200)


def test_the_simulated_risk_is_the_exact_one(page):
    assert np.isclose(page.risk_with(7, 0, True), james_stein.risk(np.zeros(10), 1, None, "js+"), atol=0.05)


def test_the_larger_constant_is_worse_without_the_positive_part_and_better_with_it_near_the_target(page):
    for spread in (0, 0.5, 1, 2):
        assert page.risk_with(8, spread, False) > page.risk_with(7, spread, False)
    for spread in (0, 0.5):
        assert page.risk_with(8, spread, True) < page.risk_with(7, spread, True) - 0.1
    assert page.risk_with(8, 2, True) > page.risk_with(7, 2, True)


def test_the_slip_costs_a_little_with_ten_groups_more_with_fewer_and_less_with_more():
    kept = {k: (2 * (k - 2) * (k - 3) - (k - 2) ** 2) / (k - 3) ** 2 for k in range(4, 50)}
    assert kept[4] == 0
    assert 0.97 < kept[10] < 0.99
    assert (np.diff(list(kept.values())) > 0).all()
