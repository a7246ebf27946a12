"""The solution "The best headline"."""

import numpy as np

from hblib import normal_normal


def test_the_headline_with_the_highest_estimate_is_not_the_one_to_take(page):
    means = normal_normal.posterior(page.ybar, page.se, page.mu, page.tau).mean()
    assert np.allclose(page.shrunk, means)
    assert page.ybar.argmax() == 5 == page.se.argmax()
    assert means.argmax() == 0


def test_testing_pays_where_the_cost_is_near_the_mean_and_weeks_are_many(page):
    table = page.table
    assert (table.loc[1.5] > 0).all()
    assert (table.loc[[0.0, 3.0]] < 0).all().all()
    assert (table["50 weeks"] >= table["10 weeks"]).all()


def test_only_the_right_prior_keeps_its_promise(page):
    better = page.greens["of these better, %"]
    for bound in (0.95, 0.99):
        assert better["right", bound] > 100 * bound - 1
        assert better["flat", bound] < 100 * bound - 6
