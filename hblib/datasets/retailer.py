"""A simulated retailer: stores in chains, watched week by week, with everything that made the data known.

Real panels of this kind exist, but nobody knows the true rates and elasticities behind them. Here they are kept beside
the data, so that a method can be judged by what it was after. Visits, purchases and takings are views of one business:
of those who visit a store some buy, each purchase brings a basket's worth, and the takings are their sum. The weeks
have a season, a trend, two holidays and a memory; stores open and close. Nothing else enters: no stock-outs, no
competitor, and no customers who go from one store of the company to another.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hblib._numerics import arguments
from hblib._numerics.types import BoolArray, FloatArray, IntArray, Rng, TextArray

COEFFICIENTS = ("baseline", "elasticity", "season")
YEAR = 52  # weeks
HOLIDAYS = (15, 50)  # the weeks of the year before Easter and before Christmas
RATE = 0.1  # purchases per visit, the mean of all chains
ALIKE = 500  # alpha + beta of the rates: of chains around RATE, and of stores around their chain
BASKET, BASKET_SPREAD = 30, 0.15  # euros a purchase brings in the middle store; standard deviation of the log by store
PIECES = 3  # the shape of the Gamma distribution of single purchases


@dataclass(frozen=True, eq=False)
class Truth:
    """What made the data; K = 3 coefficients in the order of ``COEFFICIENTS``: baseline, elasticity and season.

    Attributes
    ----------
    mu : array of shape (K,)
        The mean coefficients of all chains.
    tau_chain : array of shape (K,)
        Their standard deviations between chains.
    tau_store : array of shape (K,)
        Their standard deviations between the stores of a chain.
    sigma : float
        The standard deviation of one week's shock to log demand.
    persistence : float
        The correlation of the shocks of one week and the next.
    trend : float
        By how much log demand grows in a year.
    holiday : float
        By how much it is higher in the two weeks of holidays.
    chain_coefficient : array of shape (C, K)
        The coefficients of each chain.
    coefficient : array of shape (S, K)
        The coefficients of each store.
    chain_rate : array of shape (C,)
        The mean conversion rate of each chain.
    rate : array of shape (S,)
        The conversion rate of each store.
    basket : array of shape (S,)
        What a purchase brings on average, in euros at the regular price.
    log_demand : array of shape (S, T)
        Log of the sales to expect, in euros at the regular price, before the shock of the week. The mean of log sales
        lies about one per cent below, because chance in the number of purchases is lopsided in logarithms.
    """

    mu: FloatArray
    tau_chain: FloatArray
    tau_store: FloatArray
    sigma: float
    persistence: float
    trend: float
    holiday: float
    chain_coefficient: FloatArray
    coefficient: FloatArray
    chain_rate: FloatArray
    rate: FloatArray
    basket: FloatArray
    log_demand: FloatArray


@dataclass(frozen=True, eq=False)
class Panel:
    """The data, one row a store (S = chains x stores rows, chain by chain), one column a week; see `simulate`.

    Attributes
    ----------
    store : array of shape (S,)
        Names such as "A01".
    chain : array of shape (S,)
        Names such as "A".
    open : array of bool, of shape (S, T)
        Whether the store was open in the week; if not, nobody came.
    price : array of shape (S, T)
        Log of price over regular price.
    season : array of shape (T,)
        The calendar's wave, the same for all.
    holiday : array of shape (T,)
        1 in the weeks before Easter and before Christmas, else 0.
    visits : array of shape (S, T)
        How many visited the store in the week.
    purchases : array of shape (S, T)
        How many of them bought.
    takings : array of shape (S, T)
        What the store took in, in euros.
    truth : Truth
        What made the data.
    """

    store: TextArray
    chain: TextArray
    open: BoolArray
    price: FloatArray
    season: FloatArray
    holiday: FloatArray
    visits: IntArray
    purchases: IntArray
    takings: FloatArray
    truth: Truth

    @property
    def log_sales(self) -> FloatArray:
        """How much was sold: log(takings) - price, the log of euros at the regular price; nan where there are none."""
        sold = self.takings > 0
        return np.log(self.takings, where=sold, out=np.full(sold.shape, np.nan)) - self.price


def simulate(
    rng: Rng = None,
    chains: int = 6,
    stores: int = 12,
    weeks: int = 78,
    sigma: float = 0.2,
    persistence: float = 0.3,
    trend: float = 0.1,
    holiday: float = 0.3,
    mu: ArrayLike = (7.6, -2.0, 0.2),
    tau_chain: ArrayLike = (0.25, 0.6, 0.01),
    tau_store: ArrayLike = (0.35, 0.1, 0.01),
) -> Panel:
    r"""Draw a retailer.

    .. math::

        \log demand_{jt} = baseline_j + elasticity_j \, price_{jt}

        {} + season_j \, wave_t

        {} + trend \, t/52 + holiday \, eve_t

        \mathrm{coefficient}_j \sim N(\text{chain's}, \tau_{store}^2)

        \text{chain's} \sim N(\mu, \tau_{chain}^2)

        visits_{jt} \sim \mathrm{Poisson}\Big(\frac{demand_{jt} \exp(shock_{jt})}{rate_j \, basket_j}\Big)

        purchases_{jt} \sim \mathrm{Binomial}(visits_{jt}, rate_j)

        takings_{jt} = \exp(price_{jt})

        {} \times \text{sum of the purchases' baskets}

    Demand is in euros a week at the regular price. The price, as log of price over regular price, is 0 in two of every
    three weeks; in one of them, at random, a store cuts it by 10 to 40 per cent, for no reason that the model would
    have to know. The wave is cos(2 pi t/52), from week t = 0, the first of a year, and eve, the `Panel.holiday`, is 1
    in the weeks 15 and 50 of a year. The shock is normal with mean 0 and standard deviation ``sigma``, and remembers
    the last week: shock_t = persistence shock_(t-1) + a new part.

    Each of the three coefficients varies alone. rate_j, the share of visits that end in a purchase, has a Beta
    distribution with its chain's mean and alpha + beta = 500, and the chain's mean one with mean 0.1 and
    alpha + beta = 500. At the regular price a purchase of store j brings basket_j euros on average, 30 euros in the
    middle store, with standard deviation 0.15 of its logarithm between stores; single baskets have a Gamma distribution
    with shape 3 around it. Baseline, rate and basket are independent of each other, so the visits follow: with
    the default values about 670 a week in the middle store, of which 67 buy, for some 2,000 euros.

    A sixth of the stores, at random, open late, in a week up to a third of the panel; another sixth close early, after
    at least half of it. The rest are open throughout.

    Parameters
    ----------
    rng : numpy.random.Generator or int, optional
        A generator, or a seed for one; None gives other draws each time.
    chains : int
        How many chains, at most 26.
    stores : int
        How many stores each chain has.
    weeks : int
        How many weeks.
    sigma : float
        Standard deviation of the shock of a week to log demand, > 0.
    persistence : float
        Correlation of the shock of one week with that of the next, in [0, 1).
    trend : float
        Growth of log demand in a year.
    holiday : float
        By how much log demand is higher in the two weeks of holidays.
    mu : array_like of shape (3,)
        The mean baseline, elasticity and season of all chains, in units of log sales.
    tau_chain : array_like of shape (3,)
        Their standard deviations >= 0 between chains.
    tau_store : array_like of shape (3,)
        Their standard deviations >= 0 between the stores of a chain.

    Returns
    -------
    Panel
        Its ``truth`` holds the drawn and the given parameters.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    Examples
    --------
    >>> panel = simulate(np.random.default_rng(1), chains=2, stores=3, weeks=4)
    >>> panel.store.tolist(), panel.takings.shape
    (['A01', 'A02', 'A03', 'B01', 'B02', 'B03'], (6, 4))
    """
    rng = arguments.generator("rng", rng)
    C, S, T = _panel_size(chains, stores, weeks)
    mu, tau_chain, tau_store = _three("mu", mu), _three("tau_chain", tau_chain, 0), _three("tau_store", tau_store, 0)
    sigma, persistence = _shocks(sigma, persistence)
    trend, holiday = arguments.one("trend", trend), arguments.one("holiday", holiday)

    of = np.repeat(np.arange(C), S)
    chain_coefficient = rng.normal(mu, tau_chain, (C, 3))
    coefficient = rng.normal(chain_coefficient[of], tau_store)
    chain_rate = _rates(rng, np.full(C, RATE))
    rate = _rates(rng, chain_rate[of])
    basket = BASKET * np.exp(BASKET_SPREAD * rng.standard_normal(C * S))

    week, season, eve = _calendar(T)
    price = _prices(rng, C * S, T)
    a, b, d = coefficient.T[:, :, None]
    log_demand = a + b * price + d * season + trend * week / YEAR + holiday * eve
    demand = np.exp(log_demand + _noise(rng, sigma, persistence, price.shape))
    is_open = _opening_times(rng, C * S, T)
    visits, purchases, takings = _sold(rng, is_open * demand, np.exp(price), rate[:, None], basket[:, None])

    given = mu, tau_chain, tau_store, sigma, persistence, trend, holiday
    truth = Truth(*given, chain_coefficient, coefficient, chain_rate, rate, basket, log_demand)
    store, chain = _names(of)
    return Panel(store, chain, is_open, price, season, eve, visits, purchases, takings, truth)


def _panel_size(chains, stores, weeks):
    """The same numbers, checked."""
    sizes = [arguments.whole(*size) for size in (("chains", chains), ("stores", stores), ("weeks", weeks))]
    if sizes[0] > 26:
        raise ValueError(f"chains must be at most 26, but is {sizes[0]}")
    return sizes


def _shocks(sigma, persistence):
    """The same numbers, checked."""
    sigma = arguments.one("sigma", sigma, low=0, open_low=True)
    persistence = arguments.one("persistence", persistence, low=0)
    if persistence >= 1:
        raise ValueError(f"persistence must be below 1, but is {persistence}")
    return sigma, persistence


def _names(of: IntArray) -> tuple[TextArray, TextArray]:
    """(store, chain) of the stores of a number of chains, such as A01 of A."""
    chain = np.array([chr(65 + c) for c in of])
    return np.array([f"{name}{np.sum(of[:j] == of[j]) + 1:02d}" for j, name in enumerate(chain)]), chain


def _rates(rng, mean):
    """A Beta draw around each mean."""
    return rng.beta(mean * ALIKE, (1 - mean) * ALIKE)


def _calendar(weeks):
    """(week, season, eve): the number of each week, a wave of one year, and 1 in the weeks of holidays."""
    week = np.arange(weeks)
    return week, np.cos(2 * np.pi * week / YEAR), np.isin(week % YEAR, HOLIDAYS).astype(np.float64)


def _prices(rng, stores, weeks):
    """Log of price over regular price: one week of each three is a promotion."""
    promoted = rng.integers(3, size=(stores, weeks // 3 + 1))  # which week of each three
    is_promoted = np.repeat(promoted, 3, axis=1)[:, :weeks] == np.arange(weeks) % 3
    return np.log1p(-rng.uniform(0.1, 0.4, (stores, weeks)) * is_promoted)


def _noise(rng, sigma, persistence, shape):
    """Normal with standard deviation sigma; from week to week the part `persistence` of it stays."""
    noise = sigma * rng.standard_normal(shape)
    for t in range(1, shape[1]):
        noise[:, t] = persistence * noise[:, t - 1] + np.sqrt(1 - persistence**2) * noise[:, t]
    return noise


def _sold(rng: Any, demand: Any, price: Any, rate: Any, basket: Any) -> tuple[IntArray, IntArray, FloatArray]:
    """(visits, purchases, takings) of each store and week; the price is relative to the regular one."""
    visits = rng.poisson(demand / (rate * basket))
    purchases = rng.binomial(visits, rate)
    pieces = rng.gamma(PIECES * purchases) / PIECES  # the sum of the baskets, where a mean basket counts 1
    return visits, purchases, np.round(price * basket * pieces, 2)


def _opening_times(rng, stores, weeks):
    """Whether each store is open in each week: a sixth open late, another sixth close early."""
    fate = rng.integers(6, size=stores)
    opens = np.where(fate == 0, rng.integers(weeks // 3 + 1, size=stores), 0)
    closes = weeks - np.where(fate == 1, rng.integers(weeks // 2 + 1, size=stores), 0)
    week = np.arange(weeks)
    return (opens[:, None] <= week) & (week < closes[:, None])


def _three(name: str, values: ArrayLike, low: float = -np.inf) -> FloatArray:
    array = arguments.numbers(name, values, low=low)
    if array.shape != (3,):
        raise ValueError(f"{name} must hold three numbers, for {', '.join(COEFFICIENTS)}, but has shape {array.shape}")
    return array
