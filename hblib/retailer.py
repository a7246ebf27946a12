"""A simulated retailer: stores in chains, watched week by week, with everything that made the data known.

Real panels of this kind exist, but nobody knows the true rates and elasticities behind them. Here they are kept beside
the data, so that a method can be judged by what it was after. Nothing else enters: no trend, no stock-outs, no
competitor, and sales and conversion are drawn independently of each other.
"""

from dataclasses import dataclass

import numpy as np

from hblib import checks

COEFFICIENTS = ("baseline", "elasticity", "season")
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


@dataclass(frozen=True)
class Panel:
    """The data, one row a store (S = chains x stores rows, chain by chain), one column a week; see `simulate`."""

    store: np.ndarray  # names such as "A01", shape (S,)
    chain: np.ndarray  # names such as "A", shape (S,)
    price: np.ndarray  # log of price over regular price, (S, T)
    season: np.ndarray  # the calendar's index, the same for all, (T,)
    log_sales: np.ndarray  # (S, T)
    visits: np.ndarray  # (S, T)
    purchases: np.ndarray  # (S, T)
    truth: Truth


def simulate(rng, chains=6, stores=12, weeks=30, sigma=0.25, rate=0.05, chain_size=200, store_size=100, **scales):
    """Draw a retailer.

        log sales_st = baseline_s + elasticity_s price_st + season_s index_t + N(0, sigma^2)
        coefficient_s ~ N(chain's, tau_store^2),   chain's ~ N(mu, tau_chain^2),   each of the three coefficients alone

        purchases_st ~ Binomial(visits_st, rate_s),   visits_st ~ Poisson(a mean of the store's own)
        rate_s ~ Beta with mean chain's and alpha + beta = store_size,   chain's ~ Beta(mean rate, size chain_size)

    Sales are valued at the regular price, so that revenue is sales times exp(price). In one of every three weeks, at
    random, a store cuts its price by 10 to 40 per cent, for no reason that the model would have to know. The index is
    cos(2 pi t/52), the year's wave, from week t = 0. The mean weekly visits are lognormal over stores: median 10, sd
    of the log 1.

    Parameters
    ----------
    rng : a NumPy `Generator`.
    chains, stores, weeks : how many, stores counted per chain; at most 26 chains.
    sigma : standard deviation of one week's log sales, > 0.
    rate, chain_size, store_size : the mean conversion rate, and alpha + beta of the two Beta distributions.
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
    sigma, rate, chain_size, store_size = (checks.one(*size, low=0, open_low=True) for size in sizes)
    if rate >= 1:
        raise ValueError(f"rate must be below 1, but is {rate}")

    of = np.repeat(np.arange(C), S)
    chain_coefficient = rng.normal(mu, tau_chain, (C, 3))
    coefficient = rng.normal(chain_coefficient[of], tau_store)
    promoted = rng.integers(3, size=(C * S, T // 3 + 1))  # which week of each three
    cut = rng.uniform(0.1, 0.4, (C * S, T)) * (np.repeat(promoted, 3, axis=1)[:, :T] == np.arange(T) % 3)
    price = np.log1p(-cut)
    season = np.cos(2 * np.pi * np.arange(T) / 52)
    a, b, d = coefficient.T[:, :, None]
    log_sales = rng.normal(a + b * price + d * season, sigma)

    chain_rate = rng.beta(rate * chain_size, (1 - rate) * chain_size, C)
    store_rate = rng.beta(chain_rate[of] * store_size, (1 - chain_rate[of]) * store_size)
    visits = rng.poisson(10 * np.exp(rng.normal(size=(C * S, 1))), (C * S, T))
    purchases = rng.binomial(visits, store_rate[:, None])

    names = np.array([f"{chr(65 + c)}{s + 1:02d}" for c in range(C) for s in range(S)])
    truth = Truth(mu, tau_chain, tau_store, sigma, chain_coefficient, coefficient, chain_rate, store_rate)
    return Panel(names, np.array([name[0] for name in names]), price, season, log_sales, visits, purchases, truth)


def _whole(name, value):
    if not (float(checks.counts(name, value)) >= 1):
        raise ValueError(f"{name} must be at least 1, but is {value}")
    return int(value)


def _three(name, values):
    array = checks.numbers(name, values, low=-np.inf if name == "mu" else 0)
    if array.shape != (3,):
        raise ValueError(f"{name} must hold three numbers, for {', '.join(COEFFICIENTS)}, but has shape {array.shape}")
    return array
