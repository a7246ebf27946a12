"""The simulated retailer is drawn as its docstring says."""

import numpy as np
import pytest
from scipy import stats

from hblib import retailer


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
    assert stats.kstest(rest[:, 0] / panel.truth.sigma, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(rest[:, 0], rest[:, 1])[0, 1]) < 4 / np.sqrt(len(rest))
    assert abs(np.corrcoef(rest.ravel(), panel.price.ravel())[0, 1]) < 4 / np.sqrt(rest.size)
    np.testing.assert_allclose(panel.season, np.cos(2 * np.pi * np.arange(9) / 52))


def test_coefficients_vary_as_stated():
    panel = large()
    truth, of = panel.truth, np.repeat(np.arange(26), 400)
    for k in range(3):
        store = (truth.coefficient[:, k] - truth.chain_coefficient[of, k]) / truth.tau_store[k]
        above = (truth.chain_coefficient[:, k] - truth.mu[k]) / truth.tau_chain[k]
        assert stats.kstest(store, "norm").pvalue > 1e-3
        assert stats.kstest(above, "norm").pvalue > 1e-3


def test_conversion_varies_as_stated():
    panel = large()
    truth, of = panel.truth, np.repeat(np.arange(26), 400)
    m = truth.chain_rate
    assert stats.kstest(m, stats.beta(0.05 * 200, 0.95 * 200).cdf).pvalue > 1e-3
    assert stats.kstest(stats.beta(100 * m[of], 100 * (1 - m[of])).cdf(truth.rate), "uniform").pvalue > 1e-3
    n, y = panel.visits.sum(axis=1), panel.purchases.sum(axis=1)
    seen = n > 0
    z = (y - n * truth.rate)[seen] / np.sqrt(n * truth.rate * (1 - truth.rate))[seen]
    assert abs(np.mean(z)) < 4 / np.sqrt(len(z))
    assert np.var(z) == pytest.approx(1, abs=0.1)
    log_mean = np.log(panel.visits.mean(axis=1)[seen])
    assert np.median(log_mean) == pytest.approx(np.log(10), abs=0.06)
    assert np.diff(np.quantile(log_mean, [0.25, 0.75]))[0] == pytest.approx(1.349, abs=0.08)


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
        ({"mu": (1, 2)}, "mu must hold three numbers"),
        ({"tau_store": (1, 2, -1)}, "tau_store must be at least 0"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        retailer.simulate(np.random.default_rng(1), **arguments)


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="unexpected argument 'tau'"):
        retailer.simulate(np.random.default_rng(1), tau=1)
