"""The simulated retailer is drawn as its docstring says."""

import hashlib

import numpy as np
import pytest
from scipy import stats

from hblib.datasets import retailer
from tests.chance import assert_follows, assert_near

TESTS = 14  # of a distribution in this file; beside them means within 4.5 standard errors, which fail by 7e-6


def test_shapes_and_names():
    panel = retailer.simulate(np.random.default_rng(1))
    for array in (panel.log_sales, panel.price, panel.open, panel.visits, panel.purchases, panel.takings):
        assert array.shape == panel.truth.log_demand.shape == (72, 78)
    assert (panel.store[0], panel.store[-1], panel.season.shape, panel.holiday.shape) == ("A01", "F12", (78,), (78,))
    assert np.unique(panel.chain, return_counts=True)[1].tolist() == [12] * 6
    assert [name[0] for name in panel.store] == panel.chain.tolist()
    assert panel.truth.coefficient.shape == (72, 3)
    assert panel.truth.chain_coefficient.shape == (6, 3)
    assert panel.truth.rate.shape == panel.truth.basket.shape == (72,)
    assert (panel.purchases <= panel.visits).all()


def test_the_same_seed_draws_the_same_retailer():
    first, again = (retailer.simulate(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.takings, again.takings)
    np.testing.assert_array_equal(first.purchases, again.purchases)
    assert (first.price != retailer.simulate(np.random.default_rng(4)).price).any()
    np.testing.assert_array_equal(retailer.simulate(3).takings, first.takings)


def test_seed_11_draws_the_retailer_of_the_page_on_any_machine():
    """Counts, and takings to the cent, do not feel the last bit of an exponential."""
    panel = retailer.simulate(np.random.default_rng(11))
    numbers = np.stack([panel.visits, panel.purchases, np.round(100 * panel.takings).astype(np.int64)])
    assert hashlib.sha256(numbers.astype("<i8").tobytes()).hexdigest()[:16] == "54bc910093224777"


def test_every_store_cuts_its_price_once_in_three_weeks():
    price = retailer.simulate(np.random.default_rng(1), weeks=31).price
    np.testing.assert_array_equal((price[:, :30].reshape(72, 10, 3) < 0).sum(axis=2), 1)
    cuts = -np.expm1(price[price < 0])
    assert 0.1 <= cuts.min() < 0.11
    assert 0.39 < cuts.max() <= 0.4


def test_the_calendar_has_a_wave_and_two_holidays_a_year():
    panel = retailer.simulate(np.random.default_rng(1), weeks=110)
    np.testing.assert_allclose(panel.season, np.cos(2 * np.pi * np.arange(110) / 52))
    assert np.flatnonzero(panel.holiday).tolist() == [15, 50, 67, 102]


def test_a_sixth_of_the_stores_open_late_and_a_sixth_close_early():
    panel = retailer.simulate(np.random.default_rng(5), chains=26, stores=400, weeks=78)
    late, early = ~panel.open[:, 0], ~panel.open[:, -1]
    assert not (late & early).any()
    assert panel.open[:, 26:39].all()
    assert (np.abs(np.diff(panel.open.astype(int), axis=1)).sum(axis=1) == late + early).all()  # no store reopens
    # one in 27 of those who might open late does so in week 0; one in 40 of those who might close early never does
    for found, share in ((late.mean(), 26 / 27 / 6), (early.mean(), 39 / 40 / 6)):
        assert_near(found, share, np.sqrt(share * (1 - share) / len(late)))
    for closed in (panel.visits, panel.purchases, panel.takings):
        assert (closed[~panel.open] == 0).all()
    assert (np.isnan(panel.log_sales) == ~panel.open).all()


def large():
    return retailer.simulate(np.random.default_rng(2), chains=26, stores=400, weeks=9)


def test_log_demand_is_the_stated_regression():
    panel = retailer.simulate(np.random.default_rng(2), weeks=60, trend=0.4, holiday=0.25)
    a, b, d = panel.truth.coefficient.T[:, :, None]
    week = np.arange(60)
    calendar = 0.4 * week / 52 + 0.25 * np.isin(week, (15, 50))
    np.testing.assert_allclose(panel.truth.log_demand, a + b * panel.price + d * np.cos(week * np.pi / 26) + calendar)


def test_coefficients_vary_as_stated():
    panel = large()
    truth, of = panel.truth, np.repeat(np.arange(26), 400)
    for k in range(3):
        store = (truth.coefficient[:, k] - truth.chain_coefficient[of, k]) / truth.tau_store[k]
        above = (truth.chain_coefficient[:, k] - truth.mu[k]) / truth.tau_chain[k]
        assert_follows(store, stats.norm.cdf, among=TESTS)
        assert_follows(above, stats.norm.cdf, among=TESTS)


def test_conversion_and_baskets_vary_as_stated():
    panel = large()
    truth, of = panel.truth, np.repeat(np.arange(26), 400)
    m = truth.chain_rate
    assert_follows(m, stats.beta(0.1 * 500, 0.9 * 500).cdf, among=TESTS)
    assert_follows(stats.beta(500 * m[of], 500 * (1 - m[of])).cdf(truth.rate), stats.uniform.cdf, among=TESTS)
    assert_follows(np.log(truth.basket / 30) / 0.15, stats.norm.cdf, among=TESTS)
    n, y = panel.visits.sum(axis=1), panel.purchases.sum(axis=1)
    z = (y - n * truth.rate) / np.sqrt(n * truth.rate * (1 - truth.rate))
    assert_near(np.mean(z), 0, 1 / np.sqrt(len(z)))
    assert np.var(z) == pytest.approx(1, abs=0.1)


def test_takings_are_the_price_times_the_baskets_of_the_purchases():
    """Each of a mean of basket_j euros and a variation of 1/sqrt(3), so their sum has mean P and variance P/3."""
    panel = large()
    sold = panel.purchases > 0
    baskets = (panel.takings / np.exp(panel.price) / panel.truth.basket[:, None])[sold]
    P = panel.purchases[sold]
    z = (baskets - P) / np.sqrt(P / 3)
    assert_near(np.mean(z), 0, 1 / np.sqrt(z.size))
    assert np.var(z) == pytest.approx(1, abs=0.05)
    assert_follows(stats.gamma(3 * P).cdf(3 * baskets)[::9], stats.uniform.cdf, among=TESTS)
    np.testing.assert_array_equal(panel.takings, panel.takings.round(2))


@pytest.mark.parametrize("persistence", [0.0, 0.6])
def test_visits_follow_demand_and_the_shock_of_the_week_persists_as_stated(persistence):
    """Visits so many that their logarithms show the shock."""
    panel = retailer.simulate(4, 10, 400, 8, persistence=persistence, mu=(25, -2, 0.2))
    truth = panel.truth
    footfall = np.exp(truth.log_demand) / (truth.rate * truth.basket)[:, None]
    is_open = panel.open.all(axis=1)
    shock = np.log(panel.visits[is_open] / footfall[is_open])
    for lag in (1, 3):
        found = np.mean(shock[:, lag:] * shock[:, :-lag]) / truth.sigma**2
        assert found == pytest.approx(persistence**lag, abs=0.06)
    for week in (0, 7):
        assert_follows(shock[:, week] / truth.sigma, stats.norm.cdf, among=TESTS)


@pytest.mark.parametrize("seed", [11, *range(50)])
def test_a_shopkeeper_believes_it(seed):
    """Hundreds of visits a week, tens of purchases, tens of euros each; and all views of a store agree."""
    panel = retailer.simulate(np.random.default_rng(seed))
    seen = panel.open
    assert 400 < np.median(panel.visits[seen]) < 1500
    assert 40 < np.median(panel.purchases[seen]) < 150
    assert panel.purchases[seen].min() > 0
    weeks, purchases = seen.sum(axis=1), panel.purchases.sum(axis=1)
    takings = np.log(panel.takings.sum(axis=1) / weeks)
    assert np.corrcoef(takings, np.log(purchases / weeks))[0, 1] > 0.8
    assert np.corrcoef(takings, np.log(panel.visits.sum(axis=1) / weeks))[0, 1] > 0.6
    basket = np.nansum(np.exp(panel.log_sales), axis=1) / purchases  # at the regular price
    assert 10 < basket.min() < np.median(basket) < basket.max() < 90
    np.testing.assert_allclose(basket, panel.truth.basket, rtol=5 / np.sqrt(3 * purchases.min()))
    for store in range(0, 72, 9):  # week by week too
        its = seen[store]
        sales, bought = panel.log_sales[store, its], np.log(panel.purchases[store, its])
        assert np.corrcoef(sales, bought)[0, 1] > 0.5


def test_conversion_says_nothing_about_the_size_of_the_store():
    panel = large()
    rates = panel.truth.rate.reshape(26, 400)
    baselines = panel.truth.coefficient[:, 0].reshape(26, 400)
    within = [np.corrcoef(*pair)[0, 1] for pair in zip(rates, baselines, strict=True)]
    assert_near(np.mean(within), 0, 1 / np.sqrt(26 * 400))


def test_scales_can_be_chosen():
    panel = retailer.simulate(
        np.random.default_rng(1), chains=3, stores=2, mu=(1, 2, 3), tau_chain=(0, 0, 0), tau_store=(0, 0, 0)
    )
    np.testing.assert_array_equal(panel.truth.coefficient, np.tile([1, 2, 3], (6, 1)))


def test_a_week_without_a_purchase_has_no_log_sales():
    panel = retailer.simulate(1, mu=(1, 0, 0))
    assert ((panel.takings == 0) & panel.open).any()
    assert (np.isnan(panel.log_sales) == (panel.takings == 0)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"chains": 0}, "chains must be at least 1"),
        ({"chains": 27}, "chains must be at most 26"),
        ({"stores": 1.5}, "stores must be a whole number"),
        ({"sigma": 0}, "sigma must be greater than 0"),
        ({"persistence": 1}, "persistence must be below 1"),
        ({"persistence": -0.1}, "persistence must be at least 0"),
        ({"trend": np.nan}, "trend must not be missing"),
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
