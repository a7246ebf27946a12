"""The solution "The next classroom"."""

import numpy as np

from hblib import normal_normal, priors


def test_the_fits_are_those_of_metafor(page):
    """Its manual, dat.raudenbush1985: without and with the weeks, cut off at 3."""
    fit = normal_normal.fit(page.effect, page.se, "reml")
    assert np.allclose([fit.mu, fit.se_mu, fit.tau**2], [0.0837, 0.0516, 0.0188], atol=6e-5)
    assert abs(page.tau_hat[0] - fit.tau) < 1e-4
    assert page.tau_hat[1] < 1e-4
    mean, sd = page.table["mean"], page.table["sd"]
    assert np.allclose([mean["weeks known: 0"], sd["weeks known: 0"]], [0.4072, 0.0871], atol=1.5e-4)
    assert abs(mean["weeks known: 1"] - mean["weeks known: 0"] - -0.1572) < 1e-4


def test_without_the_weeks_the_next_effect_may_well_be_negative(page):
    mean, sd = page.table.loc["any classroom"]
    assert 0 < mean < sd


def test_what_the_report_says_of_classrooms(page):
    next_one, average = page.chances.T.to_numpy()
    assert 0.04 < average[0] < 0.07
    assert next_one[0] > 0.2
    assert next_one[1] < 0.01
    assert next_one[2] > 0.7


def test_the_average_over_tau_is_that_of_hblib(page):
    full = normal_normal.full_bayes(page.effect, page.se, priors.half_normal(0.5))
    found = page.chances.loc["any classroom"].to_numpy()
    assert np.allclose(found, [full.new_group.cdf(0), full.mu.cdf(0)], atol=1e-3)
