"""The data of the figure: the log marginal likelihood of three data sets, over mean and weight.

The weight kappa that a typical group gives to its own data stands for the size of a Beta prior,
typical * (1/kappa - 1), or for tau, typical * sqrt(kappa / (1 - kappa)).
"""

import numpy as np
from scipy import optimize, special

from hblib import beta_binomial, datasets, normal_normal

DROPS = (1, 3, 5, 8)  # the edges of the shades, below the top
FARTHEST = 0.95


def data():
    """The stops of the dial, and for each data set the best mean and the drop there; the shades; the two fits."""
    rats, batters, schools = datasets.rat_tumors(), datasets.batters(), datasets.eight_schools()
    sets = [
        Rates("rats", rats.y, rats.n, typical=20, window=(0.08, 0.22)),
        Rates("batters", batters.y, batters.n, typical=45, window=(0.19, 0.36)),
        Means("schools", schools.ybar, schools.se, typical=11, window=(-17, 35)),
    ]
    marks = [weight for each in sets for weight in (each.best, each.blind)]
    kappa = np.unique([*np.arange(round(100 * FARTHEST) + 1) / 100, *marks])
    cut = special.chdtri(1, 0.05) / 2
    return {"kappa": kappa.tolist(), "cut": cut, "sets": {each.name: described(each, kappa) for each in sets}}


def described(each, kappa):
    """What the page needs of a data set. The shades are for looking at, so few digits do."""
    return each.facts() | {
        "best": each.best,
        "blind": each.blind,
        "blind_mean": each.blind_mean,
        "mean": [each.mean(weight) for weight in kappa],
        "drop": [each.drop(weight) for weight in kappa],
        "shades": [shade(each, drop) for drop in DROPS],
        "window": each.window,
    }


def shade(each, deepest):
    """Where the log likelihood lies less than `deepest` below its top: weights, and the range of the mean at each."""

    def room(weight):
        return deepest - each.drop(weight)

    first = 0.0 if room(0.0) >= 0 else optimize.brentq(room, 0.0, each.best)
    last = FARTHEST if room(FARTHEST) >= 0 else optimize.brentq(room, each.best, FARTHEST)
    weights = first + (last - first) * (1 - np.cos(np.linspace(0, np.pi, 41))) / 2  # closest at the ends
    ranges = np.clip([each.range(weight, max(room(weight), 0.0)) for weight in weights], *each.window)
    return [np.round(weights, 4).tolist(), *np.transpose(np.round(ranges, 4)).tolist()]


class Rates:
    """A Beta prior; y of n in each group."""

    def __init__(self, name, y, n, typical, window):
        self.name, self.y, self.n, self.typical, self.window = name, y, n, typical, window
        fitted, raw = beta_binomial.fit(y, n), y / n
        self.top = fitted.log_likelihood
        self.best = typical / (typical + fitted.size)
        self.blind_mean = raw.mean()
        self.blind = typical / (typical - 1 + self.blind_mean * (1 - self.blind_mean) / raw.var(ddof=1))

    def facts(self):
        """The groups' raw rates and trials."""
        return {"typical": self.typical, "raw": (self.y / self.n).tolist(), "n": self.n.tolist()}

    def size(self, weight):
        """The size of the prior."""
        return self.typical * (1 / weight - 1)

    def mean(self, weight):
        """The best mean: where the slope of the log likelihood is 0."""
        if weight == 0:
            return self.y.sum() / self.n.sum()
        size = self.size(weight)

        def slope(mu):
            alpha, beta, failures = mu * size, (1 - mu) * size, self.n - self.y
            rise = special.digamma(alpha + self.y) - special.digamma(alpha)
            return np.sum(rise - special.digamma(beta + failures) + special.digamma(beta))

        return optimize.brentq(slope, 1e-6, 1 - 1e-6, xtol=1e-15)

    def drop(self, weight):
        """How far the profile lies below its top."""
        phi = 0.0 if weight == 0 else 1 / self.size(weight)
        return float(self.top - beta_binomial.profile(self.y, self.n, phi))

    def range(self, weight, room):
        """The means where the log likelihood lies at most `room` below that at the best one."""
        weight = max(weight, 1e-4)
        size, best = self.size(weight), self.mean(weight)

        def height(mu):
            return beta_binomial.log_marginal(self.y, self.n, mu * size, (1 - mu) * size)

        level = height(best) - room - 1e-9
        return [optimize.brentq(lambda mu: height(mu) - level, end, best) for end in (1e-6, 1 - 1e-6)]


class Means:
    """A normal prior; a mean with its standard error in each group."""

    def __init__(self, name, ybar, se, typical, window):
        self.name, self.ybar, self.se, self.typical, self.window = name, ybar, se, typical, window
        fitted = normal_normal.fit(ybar, se)
        self.top = fitted.log_likelihood
        self.best = float(normal_normal.shrinkage(typical, fitted.tau))
        self.blind_mean = ybar.mean()
        self.blind = float(normal_normal.shrinkage(typical, ybar.std(ddof=1)))

    def facts(self):
        """The groups' raw means and standard errors."""
        return {"typical": self.typical, "raw": self.ybar.tolist(), "se": self.se.tolist()}

    def precisions(self, weight):
        """Those of the groups' means around mu."""
        return 1 / (self.se**2 + self.tau(weight) ** 2)

    def tau(self, weight):
        """The standard deviation of the prior."""
        return self.typical * np.sqrt(weight / (1 - weight))

    def mean(self, weight):
        """The best mu."""
        return np.average(self.ybar, weights=self.precisions(weight))

    def drop(self, weight):
        """How far the profile lies below its top."""
        return float(self.top - normal_normal.profile(self.ybar, self.se, self.tau(weight)))

    def range(self, weight, room):
        """The values of mu where the log likelihood lies at most `room` below that at the best one."""
        reach = np.sqrt(2 * room / self.precisions(weight).sum())
        return [self.mean(weight) - reach, self.mean(weight) + reach]
