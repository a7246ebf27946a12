"""Makes hblib/datasets/coverage.csv: how often 95 % intervals contain the truth, by simulation with many replicates.

    .venv/bin/python tools/data/simulate_coverage.py

takes about ten minutes on one idle core. Page 6 draws the table and runs smaller simulations that must agree with
it; tests/test_coverage.py compares the rows that have an exact answer with it. A replicate is one data set with new
true values; `error` is the standard error of the coverage over replicates, each averaged over its groups.

Normal-Normal: se = 1, mu = 0, tau = `spread`; the intervals are equivariant, so that mu does not matter. The methods
are written out for equal se and compared with hblib's functions before the simulation starts. A mixture's interval
contains the truth if its distribution function there lies between 0.025 and 0.975: no quantile has to be found.
Beta-Binomial: 45 trials a group, rates from a Beta distribution with mean 0.265 and weight alpha + beta = `spread`, as
batting averages in spring have them.
"""

import csv
from pathlib import Path

import numpy as np
from scipy import special

from hblib import beta_binomial, normal_normal, priors, repairs

TARGET = Path(__file__).parent.parent.parent / "hblib" / "datasets" / "coverage.csv"
GROUPS, SPREADS = (5, 8, 12, 20, 50, 200), (0.5, 1.0, 2.0)
TAIL, Z = 0.025, special.ndtri(0.975)
AT_MOST = 8  # groups looked at by the slow methods; all groups are alike
DRAWS = 1000  # of a bootstrap


def within(p):
    return (p >= TAIL) & (p <= 1 - TAIL)


def plugged(theta, ybar, divisor):
    mu, tau = moments(ybar, divisor)
    kappa = tau**2 / (1 + tau**2)
    return np.abs(theta - mu - kappa * (ybar - mu)) <= Z * np.sqrt(kappa)


def moments(ybar, divisor):
    total = ybar.var(axis=1, keepdims=True) * ybar.shape[1] / divisor
    return ybar.mean(axis=1, keepdims=True), np.sqrt(np.maximum(total - 1, 0))


def morris(theta, ybar):
    k = ybar.shape[1]
    mu, tau = moments(ybar, k - 1)
    b, d = (k - 3) / (k - 1) / (1 + tau**2), ybar - mu
    return np.abs(theta - ybar + b * d) <= Z * np.sqrt(1 - b + b / k + 2 / (k - 3) * b**2 * d**2)


def kass_steffey(theta, ybar):
    """nan where tau is estimated as 0: no answer."""
    k = ybar.shape[1]
    mu, tau = moments(ybar, k - 1)
    b, d = 1 / (1 + tau**2), ybar - mu
    held = np.abs(theta - ybar + b * d) <= Z * np.sqrt(1 - b + b / k + 2 / (k - 1) * b**2 * d**2)
    return np.where(tau > 0, held, np.nan)


def laird_louis(theta, ybar, rng):
    k = ybar.shape[1]
    mu, tau = moments(ybar, k - 1)
    total = (1 + tau**2) * rng.chisquare(k - 1, (len(ybar), DRAWS)) / (k - 1)
    mu = mu + np.sqrt((1 + tau**2) / k) * rng.standard_normal((len(ybar), DRAWS))
    kappa = 1 - 1 / np.maximum(total, 1)
    theta, ybar = theta[:, :AT_MOST, None], ybar[:, :AT_MOST, None]
    off = theta - mu[:, None] - kappa[:, None] * (ybar - mu[:, None])
    with np.errstate(divide="ignore"):  # a refit with tau = 0 is a point
        return within(special.ndtr(off / np.sqrt(kappa)[:, None]).mean(axis=-1))


_T = np.arange(-3.6, 5.6, 0.1)  # tau = exp(t - exp(-t)): the double exponential rule, to 6 digits and more
_TAU = np.exp(_T - np.exp(-_T))
_LOG_WEIGHT = np.log(_TAU * (1 + np.exp(-_T)))


def full_bayes(theta, ybar):
    """Flat priors on mu and tau."""
    k = ybar.shape[1]
    mu, v = ybar.mean(axis=1, keepdims=True), 1 + _TAU**2
    squares = k * ybar.var(axis=1, keepdims=True)
    weight = special.softmax(_LOG_WEIGHT - (k - 1) / 2 * np.log(v) - squares / (2 * v), axis=1)
    kappa = 1 - 1 / v
    d = (ybar - mu)[:, :AT_MOST, None]
    off = (theta - mu)[:, :AT_MOST, None] - kappa * d
    p = special.ndtr(off / np.sqrt(kappa + (1 - kappa) ** 2 * v / k))
    return within(np.sum(weight[:, None] * p, axis=-1))


METHODS = {
    "plug-in reml": (200_000, lambda theta, ybar, rng: plugged(theta, ybar, ybar.shape[1] - 1)),
    "plug-in ml": (200_000, lambda theta, ybar, rng: plugged(theta, ybar, ybar.shape[1])),
    "morris": (200_000, lambda theta, ybar, rng: morris(theta, ybar)),
    "kass-steffey": (200_000, lambda theta, ybar, rng: kass_steffey(theta, ybar)),
    "laird-louis": (20_000, laird_louis),
    "full bayes": (60_000, lambda theta, ybar, rng: full_bayes(theta, ybar)),
}


def normal(groups, tau, replicates, method, rng, block=250):
    shares = []
    for _ in range(replicates // block):
        theta = rng.normal(0, tau, (block, groups))
        shares.append(method(theta, rng.normal(theta, 1), rng).mean(axis=1))
    return np.concatenate(shares)


def check_methods():
    """Each method above against hblib, on a few data sets."""
    rng = np.random.default_rng(1)
    theta = rng.normal(0, 1.5, (12, 8))
    ybar = rng.normal(theta, 1)
    for row in range(12):
        one = theta[row : row + 1], ybar[row : row + 1]
        fits = {method: normal_normal.fit(ybar[row], 1.0, method) for method in ("reml", "ml")}
        peers = {
            "plug-in reml": fits["reml"].posterior(ybar[row], 1.0),
            "plug-in ml": fits["ml"].posterior(ybar[row], 1.0),
            "morris": repairs.morris(ybar[row], 1.0),
        }
        if fits["reml"].tau > 0:
            peers["kass-steffey"] = repairs.kass_steffey(ybar[row], 1.0)
        for name, peer in peers.items():
            low, high = peer.interval(0.95)
            assert (((low <= theta[row]) & (theta[row] <= high)) == METHODS[name][1](*one, rng)[0]).all(), name
        full = normal_normal.full_bayes(ybar[row], np.ones(8), priors.uniform())
        assert (within(full.theta.cdf(theta[row])) == full_bayes(*one)[0]).all()
        edge = full.theta.interval(0.95)[0]
        assert full_bayes((edge + 1e-5)[None], one[1]).all()
        assert not full_bayes((edge - 1e-5)[None], one[1]).any()
        low, high = repairs.laird_louis(ybar[row], 1.0, 4000, rng).interval(0.95)
        clear = np.minimum(np.abs(theta[row] - low), np.abs(theta[row] - high)) > 0.15  # beyond the draws' noise
        held = (low <= theta[row]) & (theta[row] <= high)
        assert (held == laird_louis(*one, rng)[0])[clear].all()


def rates(groups, size, replicates, method, rng):
    shares, n = [], np.full(groups, 45)
    for _ in range(replicates):
        theta = rng.beta(0.265 * size, 0.735 * size, groups)
        shares.append(method(theta, rng.binomial(45, theta), n, rng).mean())
    return np.array(shares)


def rates_plugged(theta, y, n, rng):
    low, high = beta_binomial.fit(y, n).posterior(y, n).interval(0.95)
    return (low <= theta) & (theta <= high)


def rates_bootstrap(theta, y, n, rng):
    return within(repairs.bootstrap_beta_binomial(y, n, 200, rng).cdf(theta))


def rates_full(theta, y, n, rng):
    return within(beta_binomial.full_bayes(y, n, priors.power(-1.5)).theta.cdf(theta))


RATES = {
    "plug-in ml": (rates_plugged, {8: 40_000, 18: 40_000, 100: 10_000, 1000: 3000}),
    "bootstrap": (rates_bootstrap, {8: 1000, 18: 400, 100: 100}),
    "full bayes": (rates_full, {8: 2500, 18: 2500, 100: 500}),
}


def main():
    check_methods()
    rows, seed = [], 0

    def add(model, groups, spread, name, shares):
        kept = shares[~np.isnan(shares)]
        error = kept.std(ddof=1) / np.sqrt(kept.size)
        answered = kept.size / shares.size
        rows.append([model, groups, spread, name, f"{kept.mean():.5f}", f"{error:.5f}", shares.size, f"{answered:.4f}"])
        print(*rows[-1], flush=True)

    for groups in GROUPS:
        for tau in SPREADS:
            for name, (replicates, method) in METHODS.items():
                replicates = replicates // (4 if groups == 200 else 1)
                seed += 1
                add("normal", groups, tau, name, normal(groups, tau, replicates, method, np.random.default_rng(seed)))
    for name, (method, sizes) in RATES.items():
        for groups, replicates in sizes.items():
            seed += 1
            add("counts", groups, 200, name, rates(groups, 200, replicates, method, np.random.default_rng(seed)))
    with TARGET.open("w", encoding="utf8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["model", "groups", "spread", "method", "coverage", "error", "replicates", "answered"])
        table.writerows(rows)


if __name__ == "__main__":
    main()
