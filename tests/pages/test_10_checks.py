"""The solution "Checks that can fail"."""

import numpy as np
from scipy import stats


def test_more_than_half_of_new_hospitals_lie_outside_the_interval_of_the_mean(page):
    """By the whole quadrature, on which no draw has a say."""
    low, high = 100 * np.array(page.posterior.mu.interval(0.95))
    nodes = page.posterior.nodes
    some = (nodes.weight > 1e-9) & (nodes.size < 1e9)
    mu, size, weight = nodes.mu[some], nodes.size[some], nodes.weight[some]
    deaths = np.arange(101)
    pmf = stats.betabinom.pmf(deaths[:, None], 100, mu * size, (1 - mu) * size) @ weight
    assert weight.sum() > 1 - 1e-3
    assert pmf[(deaths < low) | (deaths > high)].sum() > 0.5
