"""The empirical Bayes estimates of the Normal-Normal model, from the `BySe` of the data."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hblib._numerics import units
from hblib._numerics.means_by_se import BySe

_LEAST = 1e-6  # of the smallest variance: so small a tau^2 changes no weight by more than a millionth
_WIDEST = 1e50  # standard errors between estimates: a tau^2 is then up to 2e100, and 1 over its cube a double
_ROUNDINGS = 64, 4  # of variances and of estimates: in 400 random data sets whose tau^2 is 0 it took 8 and 1
_POINTS = 64  # of the grid: the score of thousands of random data sets, se over four orders, never turned twice between


def in_units(ybar, se, counts):
    """A power of 2 near the standard errors, and the `BySe` in that unit, so that powers of variances are doubles."""
    typical = np.median(se) if se.size else 1.0
    if ybar.size and np.ptp(ybar) > _WIDEST * typical:
        raise ValueError(f"ybar must not spread over more than 1e50 standard errors, but does over {np.ptp(ybar):g}")
    unit = units.near_extreme(typical)
    return unit, BySe.of(ybar / unit, se / unit, counts) if unit != 1 else BySe.of(ybar, se, counts)


def highest(score, value, grid):
    """The highest maximum: the first point of the grid, or a root of the score where it turns from + to -."""
    from scipy import optimize  # here, because it takes longer to load than all the rest

    scores = np.array([score(point) for point in grid])
    falls = np.flatnonzero((scores[:-1] > 0) & (scores[1:] <= 0))
    # To the last digit, be the root ever so small: `rtol` is near the least that SciPy takes, and a root that is 0 but
    # for rounding takes a thousand halvings.
    close = {"xtol": 1e-300, "rtol": 1e-15, "maxiter": 2000}
    maxima = [optimize.brentq(score, grid[i], grid[i + 1], **close) for i in falls]
    if scores[0] <= 0:
        maxima.append(grid[0])
    return max(maxima, key=value)


def grid_of(by_se):
    """Values of tau2 that bracket every maximum: the score is negative beyond the last."""
    least = by_se.variance.min()
    return bracketing(least, max(2 * by_se.reach**2, least))


def bracketing(least, top):
    """0, and values of tau2 from where it begins to matter beside the smallest variance up to the top."""
    return np.append(0.0, np.geomspace(least * _LEAST, top, _POINTS))


class Estimate(NamedTuple):
    """What a method finds; mu is measured from the centre."""

    tau2: float
    mu: float
    se_mu: float
    se_tau2: float


def above_rounding(tau2, by_se, a, sigma=1.0):
    """tau2, or 0 where it is negative or may be rounding, also of the estimates; it and variances in units of sigma^2.

    Near 0, tau2 solves sum a_j (y_j - mean)^2 = its expectation, mean with weights a. A rounded y moves tau2 by
    2 a (y - mean) times its rounding, over the rate at which the expectation grows.
    """
    a = a / a.max()
    grows = _growth(by_se, a)
    mean = np.sum(by_se.number * a * by_se.mean) / np.sum(by_se.number * a)
    off = np.sqrt(by_se.number * by_se.squares_about(mean)) * (abs(by_se.centre) + np.abs(by_se.mean)) / sigma**2
    # The second sum takes all roundings to be aligned, which those of many groups are not.
    of_variances, of_estimates = _ROUNDINGS
    rounding = of_variances * np.sum(grows * by_se.variance) + of_estimates * np.sum(a * off)
    return tau2 if tau2 > np.finfo(float).eps * rounding / np.sum(grows) else 0.0


def _growth(by_se, a):
    """The rate at which the expectation of sum a_j (y_j - mean)^2 grows with tau2, mean with weights a: each se's part.

    The sum is y'Ay, A = diag(a) - aa'/sum a; the rate is trace A, here without its cancellation.
    """
    return by_se.number * a * (by_se.but_one(a) / np.sum(by_se.number * a))


def _ml(by_se):
    return _likeliest(by_se, restricted=False)


def _reml(by_se):
    return _likeliest(by_se, restricted=True)


def _likeliest(by_se, restricted):
    tau2 = highest(lambda t: by_se.score(t, restricted), lambda t: by_se.log_likelihood(t, restricted), grid_of(by_se))
    tau2 = above_rounding(tau2, by_se, by_se.at(0.0).w ** 2)
    return Estimate(tau2, *_mean_and_errors(by_se, tau2, restricted))


def _mean_and_errors(by_se, tau2, restricted):
    """mu and the standard errors of mu and tau^2 from the observed information at tau2."""
    here = by_se.at(tau2)
    given_tau2 = 1 / np.sqrt(here.total)
    if tau2 == 0:
        return here.mu, given_tau2, np.nan
    information, move = by_se.information(tau2, restricted)
    error_tau2 = _root_of_inverse(information[0, 0])
    error_mu = given_tau2 if restricted else np.hypot(given_tau2, move[0] * error_tau2)
    return here.mu, error_mu, error_tau2


def _root_of_inverse(information):
    """A standard error; nan where the likelihood is flat, as far as doubles can tell."""
    return 1 / np.sqrt(information) if information > 0 else np.nan


def _plain_moments(by_se):
    mean = np.sum(by_se.number * by_se.mean) / by_se.groups
    squares = np.sum(by_se.squares + by_se.number * (by_se.mean - mean) ** 2)
    tau2 = squares / (by_se.groups - 1) - np.sum(by_se.number * by_se.variance) / by_se.groups
    equal = np.ones(by_se.number.shape)
    tau2 = above_rounding(tau2, by_se, equal)
    error_mu = np.sqrt(np.sum(by_se.number * (by_se.variance + tau2))) / by_se.groups
    return Estimate(tau2, mean, error_mu, _error_of_moments(by_se, equal, tau2))


def _dersimonian_laird(by_se):
    zero = by_se.at(0.0)
    excess = np.sum(zero.w * zero.squares) - (by_se.groups - 1)
    tau2 = above_rounding(excess / np.sum(_growth(by_se, zero.w)), by_se, zero.w)
    here = by_se.at(tau2)
    return Estimate(tau2, here.mu, 1 / np.sqrt(here.total), _error_of_moments(by_se, zero.w, tau2))


def _paule_mandel(by_se):
    def excess(tau2):
        here = by_se.at(tau2)
        return np.sum(here.w * here.squares) - (by_se.groups - 1)

    tau2 = above_rounding(highest(excess, lambda tau2: tau2, grid_of(by_se)), by_se, by_se.at(0.0).w)
    here = by_se.at(tau2)
    return Estimate(tau2, here.mu, 1 / np.sqrt(here.total), _error_of_moments(by_se, here.w, tau2))


METHODS = {  # BySe -> Estimate
    "ml": _ml,
    "reml": _reml,
    "moments": _plain_moments,
    "dersimonian-laird": _dersimonian_laird,
    "paule-mandel": _paule_mandel,
}


def _error_of_moments(by_se, a, tau2):
    """The standard error of a tau^2 that solves sum a_j (y_j - mean)^2 = its expectation, mean with weights a.

    The sum is y'Ay (see `_growth`). Its variance is 2 trace(AVAV) for V = diag(tau^2 + se_j^2).
    """
    a = a / a.max()
    trace = by_se.traces(a, (by_se.variance + tau2)[None, :])[0, 0]
    return np.sqrt(2 * trace) / np.sum(_growth(by_se, a))


class RatioLikelihood(NamedTuple):
    """The likelihood of ratio = tau^2/sigma^2, with sigma unknown: given the ratio, mu and sigma have closed forms.

    A group's mean has the variance sigma^2 (ratio + 1/n_j); what is within groups tells of sigma alone.
    """

    by_se: BySe  # with 1/n as the variance
    within: float  # sum of squares within groups
    observations: int
    restricted: bool

    @property
    def freedom(self):
        return self.observations - self.restricted

    def best(self):
        """The ratio with the highest likelihood."""
        top = max(1.0, 4 * self.by_se.reach**2 * self.observations / self.within)
        return highest(self.score, self.value, bracketing(self.by_se.variance.min(), top))

    def sigma(self, ratio):
        """The best one."""
        here = self.by_se.at(ratio)
        return np.sqrt((self.within + np.sum(here.w * here.squares)) / self.freedom)

    def log_likelihood(self, ratio):
        constant = np.sum(self.by_se.number * np.log(self.by_se.variance))
        return (self.value(ratio) + constant - self.freedom * (np.log(2 * np.pi / self.freedom) + 1)) / 2

    def value(self, ratio):
        """Twice the log likelihood, up to a constant."""
        here = self.by_se.at(ratio)
        off = self.within + np.sum(here.w * here.squares)
        value = np.sum(self.by_se.number * np.log(here.w)) - self.freedom * np.log(off)
        return value - np.log(here.total) if self.restricted else value

    def score(self, ratio):
        """The derivative of `value`."""
        here = self.by_se.at(ratio)
        w, total, squares = here.w, here.total, here.squares
        noise = np.sum(self.by_se.number * w * self.by_se.but_one(w)) / total if self.restricted else total
        return self.freedom * np.sum(w**2 * squares) / (self.within + np.sum(w * squares)) - noise

    def errors(self, ratio):
        """Standard errors of tau and sigma; worked out in units of sigma, in which tau^2 is the ratio.

        A group's mean has the variance tau^2 + sigma^2/n, so that tau^2 makes it grow at the rate 1, sigma^2 at 1/n.
        """
        by_se, sigma = self.by_se, self.sigma(ratio)
        scaled = replace(by_se, mean=by_se.mean / sigma, squares=by_se.squares / sigma**2)
        rates = np.array([np.ones(by_se.variance.size), by_se.variance])
        information, _ = scaled.information(ratio, self.restricted, rates)
        information[1, 1] += self.within / sigma**2 - (self.observations - by_se.groups) / 2
        if ratio == 0:
            return np.nan, _root_of_inverse(information[1, 1]) * sigma / 2
        known = information[0, 1] / information[1, 1]
        error_tau2 = _root_of_inverse(information[0, 0] - known * information[0, 1])
        error_sigma2 = _root_of_inverse(information[1, 1] - information[0, 1] ** 2 / information[0, 0])
        return error_tau2 * sigma / (2 * np.sqrt(ratio)), error_sigma2 * sigma / 2
