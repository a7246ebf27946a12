"""The solution of the exercise on the autocorrelation of a Gibbs sampler."""

import numpy as np
import pytest

from hblib import coordinates
from tests.chance import assert_near


@pytest.mark.parametrize("tau", [0.5, 1, 3])
@pytest.mark.parametrize("w", [0.0, 0.3, 0.5, 1.0])
def test_the_law_holds_for_the_sampler_and_is_that_of_hblib(page, tau, w):
    mu = page.run(w, tau, 8000, np.random.default_rng(81))
    r = page.rate(np.array([w]), 1, page.s, tau)[0]
    assert_near(np.corrcoef(mu[:-1], mu[1:])[0, 1], r, np.sqrt((1 - r**2) / 8000), 2e-3)
    assert np.isclose(r, coordinates.gibbs_rate(w, tau**2 / (tau**2 + 1)))
    mean_error = np.sqrt((tau**2 + 1) / 6 / (8000 * (1 - r) / (1 + r)))
    assert_near(mu.mean(), page.ybar.mean(), mean_error)


@pytest.mark.parametrize("tau", [0.5, 3])
def test_the_middle_is_neither_best_nor_worst(page, tau):
    first, middle, last = page.rate(np.array([0.0, 0.5, 1.0]), 1, page.s, tau)
    assert min(first, last) < middle < max(first, last)


def test_of_the_pieces_of_advice_all_the_way_is_the_best(page):
    assert np.isclose(page.now, 0.99)
    assert np.isclose(page.all_the_way, 0.01)
    assert page.all_the_way < page.more_data < page.half_way < page.now
