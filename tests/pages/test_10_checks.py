"""The solution "Checks that can fail"."""

import numpy as np
from scipy import stats


def test_more_than_half_of_new_hospitals_lie_outside_the_interval_of_the_mean(page):
    low, high = page.mean_only
    deaths = np.arange(101)
    alpha, beta = page.mu * page.size, (1 - page.mu) * page.size
    pmf = stats.betabinom.pmf(deaths[:, None], 100, alpha, beta).mean(axis=1)
    assert pmf[(deaths < low) | (deaths > high)].sum() > 0.52
