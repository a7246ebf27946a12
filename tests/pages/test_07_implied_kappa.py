"""The solution "What a flat prior says"."""

import numpy as np
import pytest

from tests.chance import assert_near

DRAWS = 200_000


@pytest.mark.parametrize("error", [9.0, 18.0])
@pytest.mark.parametrize("k", [0.1, 0.5, 0.75])
def test_the_probability_of_a_large_weight_is_that_of_draws(page, error, k):
    tau = np.random.default_rng(72).uniform(0, 20, DRAWS)
    p = page.above(k, np.array([error]), 20)[0]
    assert_near(np.mean(tau**2 / (tau**2 + error**2) > k), p, np.sqrt(p * (1 - p) / DRAWS), 1e-9)


@pytest.mark.parametrize("error", [9.0, 18.0])
def test_the_density_is_the_slope_of_the_probability(page, error):
    inside = np.array([0.05, 0.2, 0.5])
    up, down = (np.array([page.above(k, error, 20) for k in inside + step]) for step in (1e-6, -1e-6))
    assert np.allclose(page.density_of_kappa(inside, error, 20), (down - up) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("error", [9, 11, 18])
def test_a_uniform_kappa_of_one_school_is_uniform_for_that_school_alone(error):
    tau = 11 * np.sqrt(1 / np.random.default_rng(73).uniform(size=DRAWS) - 1)
    p = 11**2 / (error**2 + 11**2)
    assert_near(np.mean(tau > error), p, np.sqrt(p * (1 - p) / DRAWS))


def test_the_prior_of_tau_behind_a_uniform_kappa():
    edges = np.linspace(0, 60, 60_001)
    implied = 2 * edges * 121 / (edges**2 + 121) ** 2
    assert abs(edges[implied.argmax()] - 11 / np.sqrt(3)) < 0.001
    assert abs(np.trapezoid(implied, edges) - 60**2 / (60**2 + 121)) < 1e-6


def test_the_flat_prior_is_neutral_for_the_most_precise_school_and_not_for_h(page):
    h = page.school.tolist().index("H")
    assert page.se[h] == page.se.max()
    assert abs(page.above(0.5, page.se, 20)[h] - 0.1) < 1e-12
    assert page.above(0.75, page.se, 20)[h] == 0
    assert abs(page.above(0.5, page.se, 20)[page.se.argmin()] - 0.5) < 0.06
