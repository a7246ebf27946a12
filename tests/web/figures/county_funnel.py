"""Three thousand counties, and priors of any size with the fitted mean."""

import numpy as np

from hblib import beta_binomial, datasets

SETTINGS = [
    {"size": 0},
    {"size": 1000, "county": "0"},
    {"size": 304_862, "county": "3109"},
    {"size": 1e5, "county": "1128"},  # the longest name
    {"size": 0, "county": "2000"},
    {"size": 1e8, "county": "1000"},
    {"size": np.inf},
]


def expected(data, size, county=None):
    """The estimates, and what the fifty highest of them promised and got."""
    _, y, n, y_later, n_later = datasets.kidney_cancer()
    mu = beta_binomial.fit(y, n).mu
    if size == np.inf:
        return {"estimate": np.full(len(y), 1e5 * mu), "stays": 0}
    step = min([0, *data["sizes"]], key=lambda each: abs(each - size))
    estimate = beta_binomial.posterior_mean(y, n, mu * step, (1 - mu) * step) if step else y / n
    top, worst = (np.argsort(-rates, kind="stable")[:50] for rates in (estimate, y / n))
    came = y_later[top].sum() / n_later[top].sum() / (y_later.sum() / n_later.sum())
    promised = (estimate * n)[top].sum() / n[top].sum() / (y.sum() / n.sum())
    return {
        "estimate": 1e5 * estimate,
        "stays": np.isin(top, worst).sum(),
        "promised": promised,
        "came": round(came, 3),
    }
