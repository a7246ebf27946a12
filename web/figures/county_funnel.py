"""The data of the figure: the counties, sizes of the prior, and what the next five years brought the fifty highest."""

import numpy as np
from scipy import special

from hblib import beta_binomial, datasets


def data():
    """Names are grouped by state and bare of "County", which keeps them short."""
    county, y, n, y_later, n_later = datasets.kidney_cancer()
    fitted = beta_binomial.fit(y, n)
    sizes = np.unique(np.append(np.geomspace(1e3, 1e8, 51), fitted.size))
    later = y_later.sum() / n_later.sum()

    def came(size):
        """The later rate of the fifty highest estimates, as a multiple of the nation's."""
        top = np.argsort(-(y + fitted.mu * size) / (n + size), kind="stable")[:50]
        return y_later[top].sum() / n_later[top].sum() / later

    by_state = {}
    for name in county:
        place, state = name.rsplit(", ", 1)
        by_state.setdefault(state, []).append(place.removesuffix(" County"))
    people = np.geomspace(1 / fitted.mu, n.max(), 60)  # one death or more
    return {
        "counties": {state: "|".join(places) for state, places in by_state.items()},
        "y": y.tolist(),
        "n": n.tolist(),
        "mu": float(fitted.mu),
        "sizes": sizes.tolist(),
        "fitted": float(fitted.size),
        "came": [round(float(came(size)), 3) for size in (0, *sizes)],
        "people": [round(each) for each in people.tolist()],
        "limits": [chance(p, fitted.mu, people) for p in (0.025, 0.975)],
    }


def chance(p, mu, people):
    """The quantile of the rates that chance alone gives, per 100,000: a Poisson distribution's, made smooth."""
    return [round(float(each), 3) for each in 1e5 * np.nan_to_num(special.pdtrik(p, mu * people)) / people]
