"""The data of the figure: what each store of the page's company sold in its first year."""

import numpy as np

from hblib import three_level
from hblib.datasets import retailer

STORE = "D05"  # that is followed: one of the best of its chain


def data():
    """Each store's mean log sales with its standard error, as if its weeks were independent, and the best two tau."""
    panel = retailer.simulate(np.random.default_rng(11))
    year = panel.log_sales[:, :52]
    weeks = np.isfinite(year).sum(axis=1)
    mean = np.nanmean(year, axis=1)
    noise = np.sqrt(np.nansum((year - mean[:, None]) ** 2) / (weeks - 1).sum())
    se = noise / np.sqrt(weeks)
    fit = three_level.fit(mean, se, panel.chain)
    return {
        "store": list(map(str, panel.store)),
        "chain": list(map(str, panel.chain)),
        "mean": mean.tolist(),
        "se": se.tolist(),
        "noise": float(noise),
        "followed": list(panel.store).index(STORE),
        "tau_store": round(fit.tau_store, 2),
        "tau_chain": round(fit.tau_chain, 2),
    }
