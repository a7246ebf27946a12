"""The solution "First lines: weights for the schools"."""

import numpy as np
from scipy import stats


def test_means_and_sds_are_those_of_the_product_of_two_densities(page):
    effect = np.linspace(-120, 120, 240_001)
    means = page.means(page.weights(page.tau, page.se), page.ybar, page.mu)
    sds = page.sds(page.tau, page.se)
    for j in range(4):
        p = stats.norm.pdf(effect, page.mu, page.tau) * stats.norm.pdf(page.ybar[j], effect, page.se[j])
        p /= p.sum()
        assert abs(effect @ p - means[j]) < 1e-6
        assert abs(np.sqrt((effect - means[j]) ** 2 @ p) - sds[j]) < 1e-6


def test_e_has_the_smallest_error_and_the_largest_weight(page):
    assert page.se.argmin() == page.weights(page.tau, page.se).argmax() == 2


def test_estimates_lie_between_and_sds_below_both(page):
    means = page.means(page.weights(page.tau, page.se), page.ybar, page.mu)
    assert np.all((np.minimum(page.ybar, page.mu) < means) & (means < np.maximum(page.ybar, page.mu)))
    assert np.all(page.sds(page.tau, page.se) < np.minimum(page.se, page.tau))
