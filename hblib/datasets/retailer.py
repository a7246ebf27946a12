"""A simulated retailer: stores in chains, watched week by week, with everything that made the data known.

Real panels of this kind exist, but nobody knows the true rates and elasticities behind them. Here they are kept beside
the data, so that a method can be judged by what it was after. Visits, purchases and sales belong to one business: what
a store sells in a week is the number of its purchases times what a purchase brings. Nothing else enters: no trend, no
holiday, no stock-outs, no competitor, and no store that opens or closes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hblib._numerics import arguments
from hblib._numerics.types import FloatArray, IntArray, Rng, TextArray

COEFFICIENTS = ("baseline", "elasticity", "season")
FOOTFALL = 800  # visits a week of a store of middling size


@dataclass(frozen=True)
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
        The standard deviation of one week's log sales.
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
    """

    mu: FloatArray
    tau_chain: FloatArray
    tau_store: FloatArray
    sigma: float
    chain_coefficient: FloatArray
    coefficient: FloatArray
    chain_rate: FloatArray
    rate: FloatArray
    basket: FloatArray


@dataclass(frozen=True)
class Panel:
    """The data, one row a store (S = chains x stores rows, chain by chain), one column a week; see `simulate`.

    Attributes
    ----------
    store : array of shape (S,)
        Names such as "A01".
    chain : array of shape (S,)
        Names such as "A".
    price : array of shape (S, T)
        Log of price over regular price.
    season : array of shape (T,)
        The calendar's index, the same for all.
    log_sales : array of shape (S, T)
        Log of the week's sales in euros at the regular price.
    visits : array of shape (S, T)
        How many visited the store in the week.
    purchases : array of shape (S, T)
        How many of them bought.
    truth : Truth
        What made the data.
    """

    store: TextArray
    chain: TextArray
    price: FloatArray
    season: FloatArray
    log_sales: FloatArray
    visits: IntArray
    purchases: IntArray
    truth: Truth

    @property
    def takings(self) -> FloatArray:
        """What the store took in each week, in euros: exp(log_sales + price), shape (S, T)."""
        return np.exp(self.log_sales + self.price)


def simulate(
    rng: Rng = None,
    chains: int = 6,
    stores: int = 12,
    weeks: int = 30,
    sigma: float = 0.25,
    rate: float = 0.05,
    chain_size: float = 500,
    store_size: float = 500,
    persistence: float = 0.0,
    mu: ArrayLike = (9.0, -2.0, 0.3),
    tau_chain: ArrayLike = (0.25, 0.6, 0.01),
    tau_store: ArrayLike = (0.35, 0.1, 0.01),
) -> Panel:
    r"""Draw a retailer.

    .. math::

        \log sales_{st} = baseline_s + elasticity_s \, price_{st} + season_s \, index_t + noise_{st}, \qquad
        noise_{st} \sim N(0, \sigma^2)

        coefficient_s \sim N(\text{chain's}, \tau_{store}^2), \qquad \text{chain's} \sim N(\mu, \tau_{chain}^2)

        visits_{st} \sim \mathrm{Poisson}(footfall_s \, sales_{st} / \exp(baseline_s)), \qquad
        purchases_{st} \sim \mathrm{Binomial}(visits_{st}, rate_s)

    Each of the three coefficients varies alone. rate_s has a Beta distribution with its chain's mean and
    alpha + beta = store_size, and the chain's mean one with the mean ``rate`` and alpha + beta = chain_size.

    Sales are valued at the regular price: they measure how much is sold, and the takings are sales times exp(price). In
    one of every three weeks, at random, a store cuts its price by 10 to 40 per cent, for no reason that the model would
    have to know. The index is cos(2 pi t/52), the year's wave, from week t = 0. The noise of a store's weeks may
    persist: noise_t = persistence noise_(t-1) + a new shock, with standard deviation sigma in every week.

    A busy week brings more visits, and big stores have more of them than small ones: footfall_s is 800 visits a week
    times exp(baseline_s - mu of the baseline + N(0, 0.2^2)). So a purchase of store s brings, on average,
    basket_s = exp(baseline_s)/(footfall_s rate_s) euros; with the default values about 200. The two series of a week
    share its noise and agree up to the chance in the number of purchases, large though that is where purchases are few.
    Rates and footfalls are independent of each other: a store that converts well has no more visits for it, but smaller
    baskets.

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
        Standard deviation of one week's log sales, > 0.
    rate : float
        The mean conversion rate, between 0 and 1.
    chain_size : float
        The alpha + beta of the Beta distribution of the chains' mean rates, > 0.
    store_size : float
        The alpha + beta of the Beta distribution of the rates of a chain's stores, > 0.
    persistence : float
        Correlation of the noise of one week with that of the next, in [0, 1).
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
    >>> panel.store.tolist(), panel.log_sales.shape
    (['A01', 'A02', 'A03', 'B01', 'B02', 'B03'], (6, 4))
    """
    rng = arguments.generator("rng", rng)
    C, S, T = _panel_size(chains, stores, weeks)
    mu, tau_chain, tau_store = _three("mu", mu), _three("tau_chain", tau_chain, 0), _three("tau_store", tau_store, 0)
    sigma, rate, chain_size, store_size, persistence = _spreads(sigma, rate, chain_size, store_size, persistence)

    of = np.repeat(np.arange(C), S)
    chain_coefficient = rng.normal(mu, tau_chain, (C, 3))
    coefficient = rng.normal(chain_coefficient[of], tau_store)
    price = _prices(rng, C * S, T)
    season = np.cos(2 * np.pi * np.arange(T) / 52)
    noise = _noise(rng, sigma, persistence, (C * S, T))
    a, b, d = coefficient.T[:, :, None]
    week = b * price + d * season + noise  # what makes a week better or worse than the store's baseline

    chain_rate = rng.beta(rate * chain_size, (1 - rate) * chain_size, C)
    store_rate = rng.beta(chain_rate[of] * store_size, (1 - chain_rate[of]) * store_size)
    footfall = FOOTFALL * np.exp(coefficient[:, 0] - mu[0] + rng.normal(0, 0.2, C * S))
    visits = rng.poisson(footfall[:, None] * np.exp(week))
    purchases = rng.binomial(visits, store_rate[:, None])
    basket = np.exp(coefficient[:, 0]) / (footfall * store_rate)

    names = np.array([f"{chr(65 + c)}{s + 1:02d}" for c in range(C) for s in range(S)])
    truth = Truth(mu, tau_chain, tau_store, sigma, chain_coefficient, coefficient, chain_rate, store_rate, basket)
    return Panel(names, np.array([name[0] for name in names]), price, season, a + week, visits, purchases, truth)


def _panel_size(chains, stores, weeks):
    """The same numbers, checked."""
    sizes = [arguments.whole(*size) for size in (("chains", chains), ("stores", stores), ("weeks", weeks))]
    if sizes[0] > 26:
        raise ValueError(f"chains must be at most 26, but is {sizes[0]}")
    return sizes


def _spreads(sigma, rate, chain_size, store_size, persistence):
    """The same numbers, checked."""
    sizes = (("sigma", sigma), ("rate", rate), ("chain_size", chain_size), ("store_size", store_size))
    sigma, rate, chain_size, store_size = (arguments.one(*size, low=0, open_low=True) for size in sizes)
    persistence = arguments.one("persistence", persistence, low=0)
    for name, value in (("rate", rate), ("persistence", persistence)):
        if value >= 1:
            raise ValueError(f"{name} must be below 1, but is {value}")
    return sigma, rate, chain_size, store_size, persistence


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


def _three(name: str, values: ArrayLike, low: float = -np.inf) -> FloatArray:
    array = arguments.numbers(name, values, low=low)
    if array.shape != (3,):
        raise ValueError(f"{name} must hold three numbers, for {', '.join(COEFFICIENTS)}, but has shape {array.shape}")
    return array
