"""Solution 05-fit: a Beta prior by maximum marginal likelihood."""

import warnings

import numpy as np
from scipy import optimize

from hblib import beta_binomial


def test_the_fit_is_hblibs_and_the_best_of_a_grid_around_it(page):
    pair = page.fit_prior(page.y, page.n)
    assert np.allclose(pair, (page.prior.alpha, page.prior.beta), rtol=2e-3)
    a, b = (value * np.linspace(0.5, 2, 61) for value in pair)
    on_grid = beta_binomial.log_marginal(page.y, page.n, a[:, None], b[None, :]).max()
    assert page.minus_log_likelihood(*pair, page.y, page.n) <= -on_grid + 1e-4


def test_of_the_three_priors_with_one_mean_the_middle_one_explains_the_counts_best(page):
    few, some, many = (page.minus_log_likelihood(6 * k, 94 * k, page.y, page.n) for k in (0.1, 1, 100))
    assert some < min(few, many)


def test_on_the_plain_scale_the_search_leaves_what_is_possible(page):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        plain = optimize.minimize(lambda pair: page.minus_log_likelihood(*pair, page.y, page.n), [1, 1])
    assert not min(plain.x) > 0
    assert plain.message
