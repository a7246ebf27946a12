"""The solution of the exercise on moments that subtract the noise."""

import numpy as np
import pytest

from hblib import beta_binomial, datasets


@pytest.mark.parametrize("data", ["stores", "rats"])
def test_the_moments_are_those_of_hblib(page, data):
    rats = datasets.rat_tumors()
    y, n = (page.y, page.n) if data == "stores" else (rats.y, rats.n)
    same = beta_binomial.fit(y, n, "moments")
    mu, v = page.moments(y, n)
    assert np.isclose(mu, same.mu)
    assert np.isclose(1 / same.phi, mu * (1 - mu) / v - 1)


def test_most_of_the_variance_seen_is_noise(page):
    assert page.rates.var(ddof=1) > 2 * page.moments(page.y, page.n)[1]


def test_the_shrunk_rates_are_posterior_means(page):
    mu, v = page.moments(page.y, page.n)
    size = mu * (1 - mu) / v - 1
    assert np.allclose(page.good, beta_binomial.posterior(page.y, page.n, mu * size, (1 - mu) * size).mean())


def test_who_forgets_the_noise_shrinks_the_smallest_stores_too_little(page):
    assert page.good[6] > page.naive[6]
    assert page.good[0] < page.naive[0]


def test_with_many_stores_the_forgotten_noise_stays_and_the_subtracted_one_goes(page):
    limit = np.sqrt(0.03**2 + (0.12 * 0.88 - 0.03**2) * (1 / page.n).mean())
    assert abs(page.forgotten - limit) < 0.003
    assert abs(page.subtracted - 0.03) < 0.002
