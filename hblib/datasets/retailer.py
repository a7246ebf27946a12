"""A simulated retailer: stores in chains, watched week by week, with everything that made the data known.

Real panels of this kind exist, but nobody knows the true rates and elasticities behind them. Here they are kept beside
the data, so that a method can be judged by what it was after. Visits, purchases and sales belong to one business: what
a store sells in a week is the number of its purchases times what a purchase brings. Nothing else enters: no trend, no
holiday, no stock-outs, no competitor, and no store that opens or closes.
"""

from dataclasses import dataclass

import numpy as np

from hblib._numerics import arguments

COEFFICIENTS = ("baseline", "elasticity", "season")
FOOTFALL = 800  # visits a week of a store of middling size
_DEFAULTS = {"mu": (9.0, -2.0, 0.3), "tau_chain": (0.25, 0.6, 0.01), "tau_store": (0.35, 0.1, 0.01)}


@dataclass(frozen=True)
class Truth:
    """What made the data; K = 3 coefficients in the order of `COEFFICIENTS`."""

    mu: np.ndarray  # (K,)
    tau_chain: np.ndarray  # (K,)
    tau_store: np.ndarray  # (K,)
    sigma: float  # of one week's log sales
    chain_coefficient: np.ndarray  # (C, K)
    coefficient: np.ndarray  # (S, K)
    chain_rate: np.ndarray  # (C,)
    rate: np.ndarray  # (S,), the conversion rate
    basket: np.ndarray  # (S,), what a purchase brings on average, in euros at the regular price


@dataclass(frozen=True)
class Panel:
    """The data, one row a store (S = chains x stores rows, chain by chain), one column a week; see `simulate`."""

    store: np.ndarray  # names such as "A01", shape (S,)
    chain: np.ndarray  # names such as "A", shape (S,)
    price: np.ndarray  # log of price over regular price, (S, T)
    season: np.ndarray  # the calendar's index, the same for all, (T,)
    log_sales: np.ndarray  # log of the week's sales in euros at the regular price, (S, T)
    visits: np.ndarray  # (S, T)
    purchases: np.ndarray  # (S, T)
    truth: Truth

    @property
    def takings(self):
        """What the store took in each week, in euros: exp(log_sales + price), shape (S, T)."""
        return np.exp(self.log_sales + self.price)


def simulate(
    rng, chains=6, stores=12, weeks=30, sigma=0.25, rate=0.05, chain_size=500, store_size=500, persistence=0.0, **scales
):
    """Draw a retailer.

        log sales_st = log of the mean sales of store s in week t + noise_st
                     = baseline_s + elasticity_s price_st + season_s index_t + noise_st,   noise_st ~ N(0, sigma^2)
        coefficient_s ~ N(chain's, tau_store^2),   chain's ~ N(mu, tau_chain^2),   each of the three coefficients alone

        visits_st ~ Poisson(footfall_s sales_st / exp(baseline_s)),   purchases_st ~ Binomial(visits_st, rate_s)
        rate_s ~ Beta with mean chain's and alpha + beta = store_size,   chain's ~ Beta(mean rate, size chain_size)

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
    rng : a NumPy `Generator`.
    chains, stores, weeks : how many, stores counted per chain; at most 26 chains.
    sigma : standard deviation of one week's log sales, > 0.
    rate, chain_size, store_size : the mean conversion rate, and alpha + beta of the two Beta distributions.
    persistence : correlation of the noise of one week with that of the next, in [0, 1).
    mu, tau_chain, tau_store : by keyword, three numbers each, for baseline, elasticity and season; in units of log
        sales. Left out: (9, -2, 0.3), (0.25, 0.6, 0.01) and (0.35, 0.1, 0.01).

    Returns
    -------
    A `Panel`; its `truth` holds the drawn and the given parameters.

    Raises
    ------
    ValueError naming the argument that is out of range.

    >>> panel = simulate(np.random.default_rng(1), chains=2, stores=3, weeks=4)
    >>> panel.store.tolist(), panel.log_sales.shape
    (['A01', 'A02', 'A03', 'B01', 'B02', 'B03'], (6, 4))
    """
    C, S, T = (_whole(name, value) for name, value in (("chains", chains), ("stores", stores), ("weeks", weeks)))
    if C > 26:
        raise ValueError(f"chains must be at most 26, but is {C}")
    unknown = set(scales) - set(_DEFAULTS)
    if unknown:
        raise TypeError(f"simulate() got an unexpected argument {sorted(unknown)[0]!r}")
    mu, tau_chain, tau_store = (_three(name, scales.get(name, value)) for name, value in _DEFAULTS.items())
    sizes = (("sigma", sigma), ("rate", rate), ("chain_size", chain_size), ("store_size", store_size))
    sigma, rate, chain_size, store_size = (arguments.one(*size, low=0, open_low=True) for size in sizes)
    persistence, rng = arguments.one("persistence", persistence, low=0), arguments.generator("rng", rng)
    for name, value in (("rate", rate), ("persistence", persistence)):
        if value >= 1:
            raise ValueError(f"{name} must be below 1, but is {value}")

    of = np.repeat(np.arange(C), S)
    chain_coefficient = rng.normal(mu, tau_chain, (C, 3))
    coefficient = rng.normal(chain_coefficient[of], tau_store)
    promoted = rng.integers(3, size=(C * S, T // 3 + 1))  # which week of each three
    cut = rng.uniform(0.1, 0.4, (C * S, T)) * (np.repeat(promoted, 3, axis=1)[:, :T] == np.arange(T) % 3)
    price = np.log1p(-cut)
    season = np.cos(2 * np.pi * np.arange(T) / 52)
    noise = sigma * rng.standard_normal((C * S, T))
    for t in range(1, T):
        noise[:, t] = persistence * noise[:, t - 1] + np.sqrt(1 - persistence**2) * noise[:, t]
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


def _whole(name, value):
    if not (float(arguments.counts(name, value)) >= 1):
        raise ValueError(f"{name} must be at least 1, but is {value}")
    return int(value)


def _three(name, values):
    array = arguments.numbers(name, values, low=-np.inf if name == "mu" else 0)
    if array.shape != (3,):
        raise ValueError(f"{name} must hold three numbers, for {', '.join(COEFFICIENTS)}, but has shape {array.shape}")
    return array
