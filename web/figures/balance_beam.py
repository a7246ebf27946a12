"""The data of the figure: where the dials stop, and the prior that is fitted to the rats."""

import numpy as np

from hblib import beta_binomial, datasets


def data():
    """The stops of the prior's dials and of the data's."""
    _, y, n = datasets.rat_tumors()
    fitted = beta_binomial.fit(y, n)
    halves = np.arange(1, 201) / 2
    counts = [*range(40), *range(40, 100, 5), *range(100, 200, 20), *range(200, 500, 50), *range(500, 2001, 100)]
    return {
        "parameters": sorted([*halves.tolist(), fitted.alpha, fitted.beta]),
        "counts": counts,
        "rats": {"alpha": fitted.alpha, "beta": fitted.beta, "y": int(y[-1]), "n": int(n[-1])},
    }
