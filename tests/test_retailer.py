"""The simulated retailer is drawn as its docstring says."""

import numpy as np
import pytest
from scipy import stats

from hblib.datasets import retailer
from tests.chance import assert_follows

TESTS = 14  # of a distribution in this file; beside them 7 means within 4 standard errors, which fail by 6e-5 each


def test_shapes_and_names():
    panel = retailer.simulate(np.random.default_rng(1))
    assert panel.log_sales.shape == panel.price.shape == panel.visits.shape == panel.purchases.shape == (72, 30)
    assert (panel.store[0], panel.store[-1], panel.season.shape) == ("A01", "F12", (30,))
    assert np.unique(panel.chain, return_counts=True)[1].tolist() == [12] * 6
    assert [name[0] for name in panel.store] == panel.chain.tolist()
    assert panel.truth.coefficient.shape == (72, 3)
    assert panel.truth.chain_coefficient.shape == (6, 3)
    assert panel.truth.rate.shape == (72,)
    assert (panel.purchases <= panel.visits).all()


def test_the_same_seed_draws_the_same_retailer():
    first, again = (retailer.simulate(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.log_sales, again.log_sales)
    np.testing.assert_array_equal(first.purchases, again.purchases)
    assert (first.log_sales != retailer.simulate(np.random.default_rng(4)).log_sales).all()
    np.testing.assert_array_equal(retailer.simulate(3).log_sales, first.log_sales)


def test_every_store_cuts_its_price_once_in_three_weeks():
    price = retailer.simulate(np.random.default_rng(1), weeks=31).price
    np.testing.assert_array_equal((price[:, :30].reshape(72, 10, 3) < 0).sum(axis=2), 1)
    cuts = -np.expm1(price[price < 0])
    assert 0.1 <= cuts.min() < 0.11
    assert 0.39 < cuts.max() <= 0.4


def large():
    return retailer.simulate(np.random.default_rng(2), chains=26, stores=400, weeks=9)


def test_sales_are_the_stated_regression():
    panel = large()
    a, b, d = panel.truth.coefficient.T[:, :, None]
    rest = panel.log_sales - a - b * panel.price - d * panel.season
    assert_follows(rest[:, 0] / panel.truth.sigma, stats.norm.cdf, among=TESTS)
    assert abs(np.corrcoef(rest[:, 0], rest[:, 1])[0, 1]) < 4 / np.sqrt(len(rest))
    assert abs(np.corrcoef(rest.ravel(), panel.price.ravel())[0, 1]) < 4 / np.sqrt(rest.size)
    np.testing.assert_allclose(panel.season, np.cos(2 * np.pi * np.arange(9) / 52))


def test_coefficients_vary_as_stated():
    panel = large()
    truth, of = panel.truth, np.repeat(np.arange(26), 400)
    for k in range(3):
        store = (truth.coefficient[:, k] - truth.chain_coefficient[of, k]) / truth.tau_store[k]
        above = (truth.chain_coefficient[:, k] - truth.mu[k]) / truth.tau_chain[k]
        assert_follows(store, stats.norm.cdf, among=TESTS)
        assert_follows(above, stats.norm.cdf, among=TESTS)


def test_conversion_varies_as_stated():
    panel = large()
    truth, of = panel.truth, np.repeat(np.arange(26), 400)
    m = truth.chain_rate
    assert_follows(m, stats.beta(0.05 * 500, 0.95 * 500).cdf, among=TESTS)
    assert_follows(stats.beta(500 * m[of], 500 * (1 - m[of])).cdf(truth.rate), stats.uniform.cdf, among=TESTS)
    n, y = panel.visits.sum(axis=1), panel.purchases.sum(axis=1)
    z = (y - n * truth.rate) / np.sqrt(n * truth.rate * (1 - truth.rate))
    assert abs(np.mean(z)) < 4 / np.sqrt(len(z))
    assert np.var(z) == pytest.approx(1, abs=0.1)


def test_visits_follow_the_size_of_the_store_and_the_week():
    panel = large()
    baseline = panel.truth.coefficient[:, 0]
    footfall = np.exp(baseline) / (panel.truth.basket * panel.truth.rate)
    spread = np.log(footfall / 800) - (baseline - panel.truth.mu[0])
    assert_follows(spread / 0.2, stats.norm.cdf, among=TESTS)
    expected = footfall[:, None] * np.exp(panel.log_sales - baseline[:, None])
    z = (panel.visits - expected) / np.sqrt(expected)
    assert abs(np.mean(z)) < 4 / np.sqrt(z.size)
    assert np.var(z) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("seed", [11, *range(50)])
def test_sales_are_purchases_times_a_basket_that_a_shopkeeper_believes(seed):
    panel = retailer.simulate(np.random.default_rng(seed))
    visits, purchases = panel.visits.mean(axis=1), panel.purchases.sum(axis=1)
    log_sales = panel.log_sales.mean(axis=1)
    assert 100 < np.median(panel.visits) < 3000
    assert np.corrcoef(log_sales, np.log(visits))[0, 1] > 0.6
    assert np.corrcoef(log_sales, np.log(purchases))[0, 1] > 0.4
    bought = panel.takings.sum(axis=1) / purchases  # euros a purchase, over 30 weeks
    assert 100 < np.median(bought) < 400
    assert 25 < bought.min() < bought.max() < 2000
    np.testing.assert_allclose(panel.takings, np.exp(panel.log_sales + panel.price))


def test_sales_and_purchases_of_a_week_agree():
    panel = large()
    expected = np.exp(panel.log_sales) / panel.truth.basket[:, None]
    z = (panel.purchases - expected) / np.sqrt(expected)  # Poisson
    assert abs(np.mean(z)) < 4 / np.sqrt(z.size)
    assert np.var(z) == pytest.approx(1, abs=0.05)
    assert (panel.purchases == 0).mean() < 5e-4


def test_conversion_says_nothing_about_the_number_of_visits():
    panel = large()
    within = [np.corrcoef(panel.truth.rate[of], panel.visits[of].mean(axis=1))[0, 1] for of in blocks(26, 400)]
    assert abs(np.mean(within)) < 4 / np.sqrt(26 * 400)


def blocks(chains, stores):
    return [slice(c * stores, (c + 1) * stores) for c in range(chains)]


@pytest.mark.parametrize("persistence", [0.0, 0.6])
def test_the_noise_persists_as_stated(persistence):
    panel = retailer.simulate(np.random.default_rng(4), chains=10, stores=400, weeks=8, persistence=persistence)
    a, b, d = panel.truth.coefficient.T[:, :, None]
    noise = panel.log_sales - a - b * panel.price - d * panel.season
    for lag in (1, 3):
        found = np.mean(noise[:, lag:] * noise[:, :-lag]) / panel.truth.sigma**2
        assert found == pytest.approx(persistence**lag, abs=0.05)
    for week in (0, 7):
        assert_follows(noise[:, week] / panel.truth.sigma, stats.norm.cdf, among=TESTS)


def test_scales_can_be_chosen():
    panel = retailer.simulate(
        np.random.default_rng(1), chains=3, stores=2, mu=(1, 2, 3), tau_chain=(0, 0, 0), tau_store=(0, 0, 0)
    )
    np.testing.assert_array_equal(panel.truth.coefficient, np.tile([1, 2, 3], (6, 1)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"chains": 0}, "chains must be at least 1"),
        ({"chains": 27}, "chains must be at most 26"),
        ({"stores": 1.5}, "stores must be a whole number"),
        ({"sigma": 0}, "sigma must be greater than 0"),
        ({"rate": 1}, "rate must be below 1"),
        ({"persistence": 1}, "persistence must be below 1"),
        ({"persistence": -0.1}, "persistence must be at least 0"),
        ({"mu": (1, 2)}, "mu must hold three numbers"),
        ({"tau_store": (1, 2, -1)}, "tau_store must be at least 0"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        retailer.simulate(np.random.default_rng(1), **arguments)


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'tau'"):
        retailer.simulate(np.random.default_rng(1), tau=1)
