"""Other answers to 07-conversion."""

import numpy as np
from scipy import optimize, special, stats


def by_distribution(mu, tau):
    return special.expit(stats.norm.ppf([0.025, 0.975], mu, tau))


def by_hand(mu, tau):
    low, high = np.exp(mu - 1.96 * tau), np.exp(mu + 1.96 * tau)
    return low / (1 + low), high / (1 + high)


def by_root(mu, tau):
    def share_below(rate):
        return stats.norm.cdf((np.log(rate / (1 - rate)) - mu) / tau)

    return [optimize.brentq(lambda x, p=p: share_below(x) - p, 1e-9, 1 - 1e-9) for p in (0.025, 0.975)]


def quantiles_of_logistic_levels(mu, tau):
    """Many evenly spaced shops: 2.5 per cent of them lie below the lower end."""
    level = (np.arange(100_000) + 0.5) / 100_000
    return np.quantile(special.expit(mu + tau * special.ndtri(level)), [0.025, 0.975])


def tau_by_ratio(low, high):
    odds_ratio = high / (1 - high) / (low / (1 - low))
    return np.log(odds_ratio) / 3.92


def tau_by_root(low, high):
    middle = (special.logit(low) + special.logit(high)) / 2

    def outside(tau):
        return 2 * stats.norm.sf((special.logit(high) - middle) / tau) - 0.05

    return optimize.brentq(outside, 1e-3, 20)


def tau_by_middle(low, high):
    middle = np.sqrt(low / (1 - low) * high / (1 - high))  # of the odds: the geometric mean
    return (special.logit(high) - np.log(middle)) / stats.norm.isf(0.025)


def scale(limit, p):
    return limit / stats.halfnorm.isf(p)


def scale_by_root(limit, p):
    return optimize.brentq(lambda s: stats.halfnorm.sf(limit, scale=s) - p, 1e-3, 1e3)


RIGHT = {
    "central_range": {
        "SciPy's quantiles": by_distribution,
        "1.96, odds by hand": by_hand,
        "a root": by_root,
        "many shops": quantiles_of_logistic_levels,
        "three digits": lambda mu, tau: [float(f"{rate:.3g}") for rate in by_distribution(mu, tau)],
    },
    "tau_of_range": {
        "a ratio of odds": tau_by_ratio,
        "a root": tau_by_root,
        "from the middle": tau_by_middle,
        "three digits": lambda low, high: float(f"{tau_by_root(low, high):.3g}"),
    },
    "scale_for": {
        "SciPy's half-normal": scale,
        "a root": scale_by_root,
        "chi square": lambda limit, p: limit / np.sqrt(stats.chi2.isf(p, 1)),
        "erf": lambda limit, p: limit / (np.sqrt(2) * special.erfinv(1 - p)),
        "three digits": lambda limit, p: float(f"{scale(limit, p):.3g}"),
    },
}

HINTED = {
    "tau_of_range": [
        (lambda low, high: np.log(high / low * (1 - low) / (1 - high)) / 1.95, "a probability for the quantile")
    ]
}
WRONG = {
    "central_range": {
        "per cent": (lambda mu, tau: 100 * by_distribution(mu, tau), "Is it in per cent?"),
        "upper end first": (lambda mu, tau: by_distribution(mu, tau)[::-1], "in another order"),
        "mu for a rate": (
            lambda mu, tau: special.expit(special.logit(mu) + np.array([-1.96, 1.96]) * tau),
            "holds nan",
        ),
        "one end": (lambda mu, tau: by_distribution(mu, tau)[1], "should give 2 results"),
        "the owner's": (lambda mu, tau: by_distribution(special.logit(0.03), tau), "What should hold, and does not"),
    },
    "tau_of_range": {
        "the logit of a difference": (lambda low, high: special.logit(high - low) / 3.92, "What should hold"),
        "per cent": (lambda low, high: special.logit(100 * high) - special.logit(100 * low), "holds nan"),
        "a factor": (lambda low, high: np.exp(tau_by_root(low, high)), "e to the power of what is asked"),
        "typed in": (lambda low, high: 0.582, "whatever the inputs"),
    },
    "scale_for": {
        "another sign for powers": (lambda limit, p: limit ^ 2, "A power is written with two stars"),
        "with a sign": (lambda limit, p: limit / stats.norm.ppf(p / 2), "the wrong sign"),
        "the root": (lambda limit, p: np.sqrt(scale(limit, p)), "the square root of what is asked"),
        "a probability": (lambda limit, p: stats.halfnorm.sf(limit), "twice the limit gives twice the scale"),
        "the median": (lambda limit, p: scale(limit, p) * stats.halfnorm.median(), "times what is asked, everywhere"),
    },
}
