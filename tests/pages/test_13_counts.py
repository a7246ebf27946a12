"""What the solution of 13-counts says in words."""

import numpy as np

from hblib import datasets
from tests.chance import assert_near


def test_expected_zeros_agree_with_a_simulation(page):
    births, lam = datasets.nc_sids().n, page.lam
    rng = np.random.default_rng(1)
    for s, found in page.expected.items():
        rates = lam * (rng.gamma(s**-2, s**2, (20_000, 100)) if s else np.ones((20_000, 100)))
        zero = rng.poisson(births * rates) == 0
        special = rng.random((20_000, 100)) < 0.05
        for each, value in zip((zero, zero | special), found, strict=True):
            counts = each.sum(axis=1)
            assert_near(counts.mean(), value, counts.std() / np.sqrt(20_000))


def test_the_number_of_zeros_cannot_tell_the_reasons_apart(page):
    """Rates that differ and no special zeros, or one rate and a few special ones: both within two of what was seen."""
    seen = np.sum(datasets.nc_sids().y == 0)
    assert abs(page.expected[0.6][0] - seen) < 2
    assert abs(page.expected[0][1] - seen) < 2


def test_the_check_passes_where_it_should_and_fails_where_it_should(page):
    assert page.both["as they were"] > 0.2
    assert page.both["five zeros more"] < 0.01
