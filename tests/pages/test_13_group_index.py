"""The solution of 13-group-index: what it shows."""

import numpy as np

from hblib import normal_normal
from tests.chance import assert_near


def test_the_labels_picked_by_the_places_are_the_rows(page):
    assert np.array_equal(page.labels[page.place], page.store)
    assert np.array_equal(page.places(page.store), page.place)


def test_the_formula_for_a_new_store_agrees_with_drawing_one(page):
    size = len(page.drawn)
    assert_near(page.drawn.mean(), page.mean, page.sd / np.sqrt(size))
    fourth = np.mean((page.drawn - page.mean) ** 4)  # more than a normal distribution's, because tau varies
    assert_near(page.drawn.std(), page.sd, np.sqrt((fourth - page.sd**4) / size) / (2 * page.sd))


def test_the_effects_have_the_moments_of_the_normal_posteriors(page):
    """Given mu and tau each is that of hblib; over the draws, by the law of total variance."""
    given = normal_normal.posterior(page.ybar, page.se, page.mu[:, None], page.tau[:, None])
    mean, sd = given.mean().mean(axis=0), np.sqrt(given.var().mean(axis=0) + given.mean().var(axis=0))
    assert_near(page.theta.mean(axis=0), mean, sd / np.sqrt(len(page.mu)))
    assert np.allclose(page.theta.std(axis=0), sd, rtol=0.02)
