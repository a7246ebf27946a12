"""The empirical Bayes estimates of the Beta-Binomial: where the likelihood of `rates_likelihood` is highest."""

import math

import numpy as np
from scipy import special

from hblib._numerics.rates_likelihood import derivatives, few_rows, log_likelihood, logit_mode
from hblib._numerics.rates_pmf import gradient, log_pmf

_MANY, _SHARE = 30, 1 / 3  # so many effective groups, and such a share of all, that none dominates: there is one peak
_LEAST = 1e-2  # of phi times the largest n: below, the likelihood is all but linear in phi, and has no peak
_LARGEST = 10.0  # of phi: a peak beyond is climbed to from here
_APART = 0.25  # of log phi, between points of the profile
_HIGHEST_RHO = 0.9  # to start from
_ROUNDS = 200  # of Newton's method, ample: 300 random data sets took 18 at most
_ARRIVED = 1e-9  # a step in (logit mu, log phi): Newton squares its error, so a step so short is the last that counts
_FALL = 1e-12  # of a log likelihood, which rounding makes: with 0, searches ended up to 1e-7 of phi off the top
_NO_STEP = 1e-13  # of the place: a step halved so often that it is rounding
_FLAT = 1e-12  # a curvature so small is none; with 1e-6 the results are the same
_LONGEST = 2.0  # of a step: factors of exp(2) in the odds of mu and in phi
_HIGHER = 1e-9  # by so much of its own size must a likelihood be above that of phi = 0, or it is rounding


def profile(data, phi):
    """The log likelihood at the best mu for each phi, an array."""
    if data.trials == 0:
        return np.zeros(phi.shape)
    flat = phi.ravel()
    mu, rest = (np.full(flat.size, total / data.trials) for total in (data.successes, data.trials - data.successes))
    inner = flat > 0
    if inner.any() and 0 < data.successes < data.trials:
        z, _ = logit_mode(data, 1 / flat[inner], flat_in_mu=True)
        mu[inner], rest[inner] = special.expit(z), special.expit(-z)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = log_likelihood(data, mu, flat, rest)
    return np.where(np.isnan(value), 0.0, value).reshape(phi.shape)  # one outcome only: its limit, probability 1


def without_search(data):
    """The cases that need no search: (status, mu, phi), with status None for all the rest."""
    if data.trials == 0:
        return "not identified", np.nan, np.nan
    mu = data.successes / data.trials
    if mu in (0, 1) or data.groups == 1 or data.largest == 1:
        return "not identified", mu, np.nan
    if data.no_success + data.no_failure == data.groups:
        return "phi = inf", data.no_failure / data.groups, np.inf
    return None, mu, np.nan


def moments(data):
    """Kleinman's estimate with weights n_j: the spread of the rates, less the binomial noise in it."""
    mu = data.successes / data.trials
    noise = data.groups - 1  # of the spread, in units of mu (1 - mu)
    all_or_nothing = 2 * data.spread.pairs / data.trials
    rho = (data.spread.squares / (mu * (1 - mu)) - noise) / (all_or_nothing - noise)
    rho = np.clip(rho, 0, 1)  # phi = rho/(1 - rho)
    return mu, rho / (1 - rho) if rho < 1 else np.inf


def log_likelihood_of(data, mu, phi):
    """The log likelihood of an estimate; nan if phi is."""
    if phi < np.inf:
        return log_likelihood(data, mu, phi)
    if np.isnan(phi):
        return np.nan
    if data.no_success + data.no_failure < data.groups:
        return -np.inf
    return special.xlogy(data.no_failure, mu) + special.xlog1py(data.no_success, -mu)  # each group is one trial


def maximum(data, y, n, counts=None, swapped=False):
    """The highest point: Newton in (logit mu, log phi) from each peak of the profile, and phi = 0 if none is higher.

    Usually the score at phi = 0 tells all: where it is positive there is one peak, and otherwise the maximum is at
    phi = 0. But with few groups, or a few large ones that dominate the pooled rate, there may be a peak at another mu.
    So unless the groups are many and the score is positive, the profile (the highest likelihood for each phi) is
    looked at so closely that no peak falls between two points: as a sum of smooth functions of log phi, each changing
    over a factor of e or more, it has none that is narrower.
    """
    # One point at a time, sums are quicker than rows: these are for their digits, which count from there on.
    rows = few_rows(data, n - np.asarray(y) if swapped else y, n, counts, cost=4, least=10_000)
    pooled = data.successes / data.trials
    rising = derivatives(data, pooled, 0.0)[0][1] > 0
    squares = np.sum((data.f + data.between) * (2 * data.k + 1))  # of n
    if rising and data.trials**2 / squares > max(_MANY, data.groups * _SHARE):  # the effective number of groups
        return _climb(data, _second_moment(data, pooled, squares), rows)[:2]
    lowest, highest = np.log(_LEAST / data.largest), np.log(_LARGEST)
    log_phi = np.linspace(lowest, highest, int(np.ceil((highest - lowest) / _APART)))
    logits = logit_mode(data, np.exp(-log_phi), flat_in_mu=True)[0]
    values = log_likelihood(data, special.expit(logits), np.exp(log_phi), special.expit(-logits))
    floor = -np.inf if rising else log_likelihood(data, pooled, 0.0)
    best = pooled, 0.0, floor if rising else floor + _HIGHER * (1 + abs(floor))
    for peak in _peaks(values, floor):
        found = _climb(data, np.array([logits[peak], log_phi[peak]]), rows)
        best = max(best, found, key=lambda point: point[2])
    return best[:2]


def _second_moment(data, pooled, squares):
    """Where to start: y(y - 1) is expected to be n(n - 1)(mu^2 + mu(1 - mu) rho), with rho = phi/(1 + phi)."""
    pairs = 2 * np.sum(data.k * data.y) / max(squares - data.trials, 1)
    rho = np.clip((pairs - pooled**2) / (pooled * (1 - pooled)), _LEAST / data.largest, _HIGHEST_RHO)
    return np.array([special.logit(pooled), special.logit(rho)])


def _peaks(values, before):
    """Where values on a grid are higher than on both sides, beginning after the value `before` it."""
    left, right = np.append(before, values[:-1]), np.append(values[1:], -np.inf)
    return np.flatnonzero((values >= left) & (values >= right))


def _climb(data, at, rows):
    """Newton from (logit mu, log phi), halving steps that do not climb; returns mu, phi and the log likelihood."""
    value = _height(data, at, rows)
    for _ in range(_ROUNDS):
        step = _newton_step(data, at, rows)
        while np.abs(step).max() > _NO_STEP * (1 + np.abs(at).max()):
            trial_value = _height(data, at + step, rows)
            if trial_value >= value - _FALL * abs(value):
                break
            step = step / 2
        else:
            break
        at, value = at + step, trial_value
        if np.abs(step).max() < _ARRIVED:
            break
    return special.expit(at[0]), np.exp(at[1]), value


def _height(data, at, rows):
    """The log likelihood at (logit mu, log phi)."""
    mu, phi = special.expit(at[0]), np.exp(at[1])
    if rows is None:
        return log_likelihood(data, mu, phi)
    y, n, counts = rows
    return np.sum(counts * log_pmf(y, n, mu, special.expit(-at[0]), 1 / phi))


def _newton_step(data, at, rows):
    mu, phi = special.expit(at[0]), np.exp(at[1])
    slope, hessian = derivatives(data, mu, phi)
    if rows is not None:
        y, n, counts = rows
        slope = (counts * gradient(y, n, mu, phi)).sum(axis=-1)
    scale = np.array([mu * (1 - mu), phi])  # d(mu, phi)/d(logit mu, log phi)
    slope = slope * scale
    hessian = hessian * scale * scale[:, None]
    return _uphill(*slope, hessian[0, 0] + slope[0] * (1 - 2 * mu), hessian[0, 1], hessian[1, 1] + slope[1])


def _uphill(g1, g2, a, b, c):
    """Newton's step for the slope (g1, g2) and the matrix [[a, b], [b, c]], which climbs even where it is not negative.

    In the directions of the eigenvectors the step is the slope over the size of the eigenvalue; it is shortened if one
    of them is longer than `_LONGEST`.
    """
    middle, half = (a + c) / 2, math.hypot((a - c) / 2, b)
    angle = math.atan2(2 * b, a - c) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    along = (cos * g1 + sin * g2) / max(abs(middle + half), _FLAT)
    across = (cos * g2 - sin * g1) / max(abs(middle - half), _FLAT)
    shorter = min(1.0, _LONGEST / max(abs(along), abs(across), 1e-300))
    return shorter * np.array([cos * along - sin * across, sin * along + cos * across])


def _error_of_pooled(data, mu, phi):
    """The standard error of the pooled rate, with phi taken as known."""
    if np.isnan(phi):
        return np.nan
    rho = phi / (1 + phi) if phi < np.inf else 1.0
    squares = np.sum((data.f + data.between) * (2 * data.k + 1))  # of n
    return np.sqrt(mu * (1 - mu) * (rho * squares / data.trials + 1 - rho) / data.trials)


def standard_errors(data, mu, phi, method):
    """Those of mu and phi."""
    if method == "moments":
        return _error_of_pooled(data, mu, phi), np.nan
    if phi == np.inf:  # each group is one trial of a coin
        return np.sqrt(mu * (1 - mu) / data.groups), np.nan
    if not 0 <= phi < np.inf:
        return np.nan, np.nan
    information = -derivatives(data, mu, phi)[1]
    if phi == 0:
        return 1 / np.sqrt(information[0, 0]), np.nan
    return np.sqrt(np.diag(np.linalg.inv(information)))
