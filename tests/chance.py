"""Tests of draws and of what was computed from them, and how often they fail although all is right."""

import numpy as np
from scipy import stats


def assert_follows(draws, cdf, among=1):
    """Kolmogorov's and Smirnov's test of independent draws against a distribution function.

    If they follow it the p-value is uniform. So at a seed that nobody has tried this fails with probability
    1e-4/among, and `among` such assertions together with at most 1e-4.
    """
    assert stats.kstest(draws, cdf).pvalue > 1e-4 / among


def assert_alike(draws, others, among=1):
    """The same of two samples of independent draws. Where values repeat it fails more rarely still."""
    assert stats.ks_2samp(draws, others).pvalue > 1e-4 / among


def assert_near(estimate, exact, error, bias=0):
    """Within 4.5 standard errors: at a seed that nobody has tried a normal estimate fails with probability 7e-6.

    Of arrays each value is compared. `bias` is how far off an estimate may be on average.
    """
    off = np.abs(estimate - exact)
    assert np.size(off) > 0, "there is nothing to compare"
    assert np.all(off < 4.5 * error + bias), f"off by {off}, with standard errors {error} and a bias up to {bias}"
