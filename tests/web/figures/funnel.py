"""One group of eighteen, in all coordinates between the centred and the non-centred ones."""

import numpy as np
from scipy import stats

from hblib import coordinates, normal_normal, priors

SETTINGS = [
    {"lambda": lam, "w": w}
    for lam, w in ((0.01, 0), (0.01, 1), (0.1, 0.91), (1, 0.5), (3, 0.25), (30, 1), (1000, 0), (1000, 1), (0.3, 0.13))
]
J, GROUP = 18, 14


def expected(data, w, **setting):
    """The draws from the posterior of theta given mu and tau; the rate is `coordinates.gibbs_rate`."""
    lam = setting["lambda"]
    se = np.full(J, lam**-0.5)
    scores = stats.norm.ppf((np.arange(J) + 0.5) / J)
    ybar = scores / scores.std(ddof=1) * np.hypot(1, se)
    full = normal_normal.full_bayes(ybar, se, priors.half_normal(1), mu_prior=(0, 5))
    at = data["lambdas"].index(lam)
    tau, low_high = np.array(data["tau"][at]), np.array(data["ends"][at])
    even = (np.arange(len(tau)) + 0.5) / len(tau)
    assert np.allclose(full.tau.cdf(np.sort(tau)), even, atol=2e-4)
    assert np.allclose(full.tau.cdf(low_high), [0.025, 0.975], atol=2e-4)
    mu_mean, mu_sd = given_tau(ybar, se, tau)
    mu = mu_mean + mu_sd * np.array(data["of_mu"])
    given = normal_normal.posterior(ybar[GROUP], se[GROUP], mu, tau)
    theta = given.mean() + given.std() * np.array(data["of_theta"])
    tilde = (1 - w) * mu + (1 / tau) ** w * (theta - mu)  # as `coordinates.partial` has it, for a prior of scale 1
    kappa = normal_normal.shrinkage(se[0], 1)
    wide = [width(ybar, se, tau, w) for tau in low_high]
    r = coordinates.gibbs_rate(w, kappa)
    all_wide = [width(ybar, se, tau, w) for tau in np.geomspace(*low_high, 60)]
    fold = max(all_wide) / min(all_wide)
    return {"draws": tilde - (1 - w) * mu, "kappa": kappa, "r": r, "ratio": wide[1] / wide[0], "fold": fold}


def given_tau(ybar, se, tau):
    """Mean and standard deviation of mu given each tau, with the prior N(0, 5^2)."""
    precision = np.sum(1 / (se[:, None] ** 2 + tau**2), axis=0) + 1 / 25
    return np.sum(ybar[:, None] / (se[:, None] ** 2 + tau**2), axis=0) / precision, precision**-0.5


def width(ybar, se, tau, w):
    """The standard deviation of theta~ - (1 - w) mu given tau, by the law of total variance over mu."""
    _, mu_sd = given_tau(ybar, se, np.array([tau]))
    given = normal_normal.posterior(ybar[GROUP], se[GROUP], np.array([0.0, 1.0]), tau)
    slope = np.diff(given.mean())[0] - 1  # of E(theta - mu) in mu
    return tau**-w * np.sqrt((slope * mu_sd[0]) ** 2 + given.std()[0] ** 2)
