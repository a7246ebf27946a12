"""The solution "Two groups of unequal size"."""

import numpy as np

from hblib import normal_normal


def test_the_posteriors_are_those_of_hblib(page):
    known = normal_normal.posterior(page.ybar, np.sqrt(page.sigma2 / page.n), page.mu, np.sqrt(page.tau2))
    assert np.allclose(page.means, known.mean())
    assert np.allclose(page.variances, known.var())
