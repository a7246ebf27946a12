"""The solution "A prior for three thousand stores"."""

import numpy as np
import pytest
from scipy import optimize

from hblib import beta_binomial, datasets


@pytest.mark.parametrize(("mu", "phi"), [(0.1, 1 / 80), (0.3, 0.2)])
def test_the_slopes_are_those_of_the_log_likelihood(page, mu, phi):
    for which, step in enumerate(1e-6 * np.eye(2)):
        up, down = (
            beta_binomial.log_marginal(page.y, page.n, m / f, (1 - m) / f)
            for m, f in (np.add((mu, phi), step), np.subtract((mu, phi), step))
        )
        assert np.isclose((up - down) / 2e-6, page.slope(mu, phi, page.y, page.n)[which], rtol=1e-4, atol=0.1)


def test_by_phi_it_goes_up_at_zero_is_flat_at_the_truth_and_goes_down_beyond(page):
    at_zero, at_truth, beyond = (page.slope(0.1, phi, page.y, page.n)[1] for phi in (0.0, 1 / 80, 0.1))
    assert at_zero > 100 * abs(at_truth)
    assert beyond < 0


def test_the_maximum_is_that_of_hblib_and_near_the_truth(page):
    book = beta_binomial.fit(page.y, page.n)
    assert np.isclose(page.mu, book.mu)
    assert np.isclose(page.phi, book.phi)
    assert abs(1 / page.phi - 80) < 10
    assert page.size < 25  # of the moments that forget the noise


@pytest.mark.parametrize(
    ("name", "alpha", "beta"), [("flights", 14.16619, 47.05331), ("rat_tumors", 2.34164, 14.11482)]
)
def test_the_maximum_is_that_of_independent_programs(page, name, alpha, beta):
    data = getattr(datasets, name)()
    mu, phi = page.fit(data.y, data.n)
    assert abs(mu / phi - alpha) < 1e-4
    assert abs((1 - mu) / phi - beta) < 1e-4


def test_twelve_stores_often_have_a_phi_of_zero(page):
    assert 100 < page.zeros < 700


def test_with_twelve_stores_the_fit_is_that_of_hblib(page):
    rng = np.random.default_rng(4)
    for _ in range(20):
        visits = rng.choice(page.n, 12)
        sold = rng.binomial(visits, rng.beta(8, 72, 12))
        if sold.sum() > 0:
            book = beta_binomial.fit(sold, visits)
            assert np.allclose(page.fit(sold, visits), (book.mu, book.phi), rtol=1e-4, atol=1e-7)


def test_a_likelihood_that_falls_from_zero_on_may_have_a_higher_hill_further_on(page):
    """So the task lets one take it that there is none: one large store hides the scatter of the small ones."""
    y, n = np.array([100, *[0] * 9, 5, 6]), np.array([1000, *[10] * 11])
    assert page.slope(y.sum() / n.sum(), 0.0, y, n)[1] < 0
    assert beta_binomial.fit(y, n).phi > 0.5


@pytest.mark.parametrize("data", [None, (np.array([2, 10, 21]), np.array([10, 50, 100]))], ids=["the page's", "at 0"])
def test_from_the_rate_of_all_visits_together_l_bfgs_finds_the_same_top(page, data):
    y, n = data or (page.y, page.n)
    k = np.arange(n.max())
    bought, left, visits = ((k < each[:, None]).sum(axis=0) for each in (y, n - y, n))

    def minus_log_likelihood(x):
        terms = bought * np.log(x[0] + k * x[1]) + left * np.log(1 - x[0] + k * x[1]) - visits * np.log(1 + k * x[1])
        return -terms.sum(), -np.array(page.slope(*x, y, n))

    bounds = [page.inside, (0, None)]
    found = optimize.minimize(minus_log_likelihood, [y.sum() / n.sum(), 0.1], jac=True, bounds=bounds)
    assert found.success
    assert np.allclose(found.x, page.fit(y, n), rtol=1e-3, atol=1e-6)
