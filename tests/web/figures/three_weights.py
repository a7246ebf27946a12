"""One store of seventy-two, with more or less data of its own and of its chain."""

import numpy as np

from hblib import three_level

SETTINGS = [
    {"tau_store": tau_store, "tau_chain": tau_chain, "weeks": weeks, "others": others}
    for tau_store, tau_chain, weeks, others in (
        (0.33, 0.29, 52, 11),
        (0.33, 0.29, 0, 11),
        (0.33, 0.29, 0, 0),
        (0.33, 0.29, 4, 0),
        (0, 0.29, 4, 3),
        (0.33, 0, 1, 1),
        (0, 0, 10, 11),
        (0.6, 0.6, 0, 0),
    )
]


def expected(data, tau_store, tau_chain, weeks, others):
    """The weights and the posterior of the store, which need not have data."""
    mean, se, chain = (np.array(data[name]) for name in ("mean", "se", "chain"))
    one = data["followed"]
    se[one] = data["noise"] / np.sqrt(weeks) if weeks else np.inf
    mates = np.flatnonzero((chain == chain[one]) & (np.arange(chain.size) != one))
    kept = np.setdiff1d(np.arange(chain.size), mates[others:])
    here = np.flatnonzero(kept == one)[0]
    some = se[kept], tau_store, tau_chain, chain[kept]
    weights = three_level.shrinkage(*some)
    found = three_level.posterior(mean[kept], *some)
    return {
        "weights": [weights.store[here], weights.chain[here], weights.company[here]],
        "estimate": found.store.mean()[here],
        "sd": found.store.std()[here],
    }
