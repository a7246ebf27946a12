"""The solution of 09-regression."""

import numpy as np


def test_the_slope_goes_from_that_of_all_points_to_that_within_stores(page):
    x, y, store = page.data
    slopes = [beta for _, beta in page.trials.values()]
    inside = x - (np.bincount(store, x) / np.bincount(store))[store]
    assert np.isclose(slopes[0], np.polyfit(x, y, 1)[0])
    assert np.isclose(slopes[-1], inside @ y / (inside @ inside), atol=1e-3)
    assert slopes == sorted(slopes, reverse=True)


def test_both_functions_are_what_hblib_computes(page):
    assert np.allclose(page.mine, page.given.beta[0] + page.given.deviation[:, 0])
    assert np.isclose(page.given.beta[1], page.slope)


def test_reml_finds_a_larger_tau_than_ml(page):
    ml, reml = page.columns["your ML"][0], page.columns["hblib's REML"][0]
    assert 1.05 * ml < reml


def test_the_contextual_effect_is_the_difference_of_the_slopes(page):
    assert abs(page.within + 2) < 0.05
    assert abs(page.between - page.within - 3.1) < 0.15
