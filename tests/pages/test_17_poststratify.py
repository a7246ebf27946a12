"""The solution of the exercise on cells, districts and the country."""

import numpy as np


def test_the_plain_mean_and_the_weighed_one_differ_where_the_ages_do(page):
    weighed = page.by_district(page.estimate, page.count, page.district)
    assert np.allclose(weighed[1], (8 * 0.55 + 45 * 0.20) / 53)
    assert (np.abs(page.plain - weighed) > 0.02).any()
    assert page.plain[1] > weighed[1] + 0.1


def test_the_diagonal_alone_is_too_sure(page):
    """Against draws of the cells' errors."""
    rng = np.random.default_rng(1)
    errors = rng.multivariate_normal(np.zeros(8), page.cov, 100_000)
    assert abs((errors @ page.count / page.count.sum()).std() / page.with_all - 1) < 0.01
    assert page.diagonal < 0.75 * page.with_all
