"""The solution "Bread for a store that has not opened"."""

import numpy as np
import pytest

from hblib import three_level

COST = 0.8  # of a price of 1, the last that Question 2 tries


def test_the_new_stores_are_those_of_hblib(page):
    """A chain whose stores are all alike, with one store, has just that store's estimate."""
    a, se = np.nan_to_num(page.a), np.sqrt(page.u)
    book = three_level.posterior(a, se, 0.0, page.tau_chain, np.arange(6))
    assert np.allclose(book.chain.mean(), page.mean)
    assert np.allclose(np.hypot(book.chain.std(), page.tau_store), page.sd)


def test_where_bread_is_expensive_the_mean_of_the_demand_makes_a_loss(page):
    assert np.isclose(page.tried[0], page.order(page.mean[5], page.sd[5], 1, COST))
    assert page.tried[0] < page.tried[2] < page.tried[1]
    assert page.earned[0] > 0 > page.earned[1]
    assert page.earned[0] > page.earned[2]


@pytest.mark.parametrize("share", [0.97, 1.03])
def test_another_order_earns_no_more(page, share):
    q = share * page.tried[0]
    assert np.mean(np.minimum(page.demand, q)) - COST * q < page.earned[0] + 0.05


def test_uncertainty_makes_the_order_smaller_at_a_high_cost_and_larger_at_a_low_one(page):
    known, new = page.sd[[0, 5]]
    assert page.order(6.5, known, 1, 0.7) > page.order(6.5, new, 1, 0.7)
    assert page.order(6.5, known, 1, 0.3) < page.order(6.5, new, 1, 0.3)


def test_a_mean_of_its_own_moves_the_forecast_further_than_a_wider_spread(page):
    assert page.own[0] < page.mixed[0] < page.centre
    assert page.mixed[1] > page.own[1] > page.spread
