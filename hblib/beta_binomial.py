"""The Beta-Binomial model: y_j successes in n_j trials of group j = 1..J.

    y_j | theta_j ~ Binomial(n_j, theta_j),   theta_j ~ Beta(alpha, beta)

The prior Beta(alpha, beta) has mean mu = alpha/(alpha + beta) and weighs as much as alpha + beta trials. The fit works
with mu and phi = 1/(alpha + beta): phi = 0 is complete pooling, an ordinary point of that scale, while in (alpha, beta)
it lies at infinity.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from hblib import checks
from hblib.distributions import Beta, Normal

_BLOCK = 1 << 16  # k runs over blocks of this length, so that memory does not grow with the largest n


def posterior(y, n, alpha, beta):
    """The posterior of each group's rate theta_j, given the prior.

        theta_j | y_j ~ Beta(alpha + y_j, beta + n_j - y_j)

    Parameters
    ----------
    y, n : successes and trials; whole numbers, 0 <= y <= n, of any shapes that broadcast. n = 0 gives back the prior.
    alpha, beta : the prior's parameters, both > 0; arrays broadcast against y and n.

    Returns
    -------
    A `Beta` of the broadcast shape, with mean(), std(), var(), interval(prob), pdf, cdf, ppf and rvs.

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.4.

    >>> post = posterior(y=2, n=20, alpha=5, beta=95)
    >>> print(post.alpha, post.beta, round(post.mean(), 4))
    7.0 113.0 0.0583
    """
    y, n = checks.successes(y, n)
    alpha, beta = _prior(alpha, beta)
    checks.together(y=y, alpha=alpha, beta=beta)
    return Beta((alpha + y)[()], (beta + (n - y))[()])


def shrinkage(n, alpha, beta):
    """The weight kappa_j of the group's own rate in its posterior mean.

        E[theta_j | y] = kappa_j y_j/n_j + (1 - kappa_j) mu,   kappa_j = n_j/(n_j + alpha + beta)

    Parameters
    ----------
    n : trials of each group, whole numbers >= 0. Group j without data (n_j = 0) has kappa_j = 0.
    alpha, beta : the prior's parameters, both > 0.

    Raises
    ------
    ValueError naming the argument that is out of range.

    >>> shrinkage(n=[20, 2000], alpha=5, beta=95).round(3).tolist()
    [0.167, 0.952]
    """
    n = checks.counts("n", n)
    alpha, beta = _prior(alpha, beta)
    checks.together(n=n, alpha=alpha, beta=beta)
    return (n / (n + alpha + beta))[()]


def log_marginal(y, n, alpha, beta, counts=None):
    """The log marginal likelihood of (alpha, beta): each group's rate is integrated out.

        sum_j log [ C(n_j, y_j) B(alpha + y_j, beta + n_j - y_j) / B(alpha, beta) ]

    Parameters
    ----------
    y, n : one row a group, shape (J,).
    alpha, beta : both > 0; arrays broadcast against each other, so that a grid takes one call.
    counts : how many groups share each row, shape (J,); one each if left out.

    Returns
    -------
    The sum over groups, a float, or an array of the shape of alpha and beta.

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: Skellam (1948), JRSS B 10:257-261. The sum is taken over k = 0..max(n) - 1, of log(mu + k phi) and its like,
    which does not cancel when alpha + beta is large, as the difference of two log Beta functions does.

    >>> print(round(log_marginal(y=[2, 200], n=[20, 2000], alpha=5, beta=95), 6))
    -8.720075
    """
    data = _collapse(y, n, counts)
    alpha, beta = checks.together(**dict(zip(("alpha", "beta"), _prior(alpha, beta), strict=True)))
    total = alpha + beta
    return (data.log_choose + _log_kernel(data, alpha / total, 1 / total))[()]


@dataclass(frozen=True)
class Fit:
    """An estimated prior; what `fit` returns.

    `status` says which case it is:

    - "ok": 0 < phi < inf;
    - "phi = 0": no more spread between groups than the trials alone produce, so that all share one rate;
    - "phi = inf": every group is all successes or all failures;
    - "not identified": the data do not determine phi (one group, no n above 1, or no success or no failure at all).
    """

    mu: float  # the prior mean, alpha/(alpha + beta)
    phi: float  # 1/(alpha + beta); nan if not identified
    status: str
    method: str
    log_likelihood: float  # log_marginal at the estimate; nan if phi is
    se_mu: float  # standard errors from the observed information; nan except for method "ml"
    se_phi: float  # nan on a boundary, where the curvature does not give one

    @property
    def alpha(self):
        """The prior's alpha = mu/phi; inf where phi = 0."""
        return float(np.divide(self.mu, self.phi)) if self.phi != 0 else np.inf

    @property
    def beta(self):
        """The prior's beta = (1 - mu)/phi; inf where phi = 0."""
        return float(np.divide(1 - self.mu, self.phi)) if self.phi != 0 else np.inf

    def posterior(self, y, n):
        """Every group's posterior with the estimated prior plugged in, as if it were known.

        With phi = 0 each group's posterior is the point mu, and with phi = inf the point y/n. The interval is too short
        by the uncertainty of mu and phi, which plugging in leaves out.
        """
        y, n = checks.successes(y, n)
        if self.status == "ok":
            return posterior(y, n, self.alpha, self.beta)
        if self.status == "phi = 0":
            return Normal(np.full(n.shape, self.mu)[()], np.zeros(n.shape)[()])
        if self.status == "phi = inf" and (n > 0).all():
            return Normal((y / n)[()], np.zeros(n.shape)[()])
        raise ValueError(f"this fit gives no posterior for every group: {self.status}")


def fit(y, n, method="ml", counts=None):
    """Estimate the prior from the groups (empirical Bayes).

    Parameters
    ----------
    y, n : successes and trials, one row a group, shape (J,). Groups with n = 0 carry no information and drop out.
    method : "ml", the maximum of `log_marginal` (also called ML-II); or "moments" (Kleinman 1973, weights n_j): the
        variance of the raw rates minus what the trials alone produce. An estimate below 0 becomes 0.
    counts : how many groups share each row, shape (J,), so that equal rows cost as one; one each if left out.

    Returns
    -------
    A `Fit`: mu, phi, alpha, beta, status, log_likelihood, standard errors; `.posterior(y, n)` plugs it in.

    Raises
    ------
    ValueError naming the argument that is out of range. Data that do not determine phi are no error: see `Fit.status`.

    Sources: Skellam (1948), JRSS B 10:257-261; Kleinman (1973), JASA 68:46-54; Tarone (1979), Biometrika 66:585-590,
    whose score at phi = 0 decides whether the maximum lies there.

    >>> from hblib import datasets
    >>> rats = datasets.rat_tumors()
    >>> prior = fit(rats.y, rats.n)
    >>> print(prior.status, round(prior.alpha, 4), round(prior.beta, 4))
    ok 2.3416 14.1148
    """
    checks.one_of("method", method, ("ml", "moments"))
    data = _collapse(y, n, counts)
    status, mu, phi = _without_search(data)
    if status is None:
        mu, phi = _moments(data)
        if method == "ml":
            mu, phi = _maximum(data, mu, phi)
        status = "phi = 0" if phi == 0 else "phi = inf" if phi == np.inf else "ok"
    log_likelihood = _log_kernel(data, mu, phi) + data.log_choose if 0 <= phi < np.inf else np.nan
    if phi == np.inf:  # each group is one trial of a coin with probability mu
        log_likelihood = special.xlogy(data.groups * mu, mu) + special.xlogy(data.groups * (1 - mu), 1 - mu)
    se_mu, se_phi = _standard_errors(data, mu, phi) if method == "ml" else (np.nan, np.nan)
    return Fit(float(mu), float(phi), status, method, float(log_likelihood), float(se_mu), float(se_phi))


def _prior(alpha, beta):
    return checks.numbers("alpha", alpha, low=0, open_low=True), checks.numbers("beta", beta, low=0, open_low=True)


@dataclass(frozen=True)
class _Data:
    """The rows with n > 0, and the log marginal likelihood's constant."""

    y: np.ndarray
    n: np.ndarray
    counts: np.ndarray
    log_choose: float

    @property
    def groups(self):
        return self.counts.sum()

    def tails(self):
        """Yield blocks of k with the number of groups whose y, n - y and n exceed each k: all the likelihood needs."""
        columns = [_tail(values, self.counts) for values in (self.y, self.n - self.y, self.n)]
        for start in range(0, int(self.n.max(initial=0)), _BLOCK):
            k = np.arange(start, min(start + _BLOCK, self.n.max()))
            yield k, *(above[np.searchsorted(values, k, side="right")] for values, above in columns)


def _tail(values, counts):
    """Sorted distinct values, and the number of groups above every value but the first i."""
    distinct, where = np.unique(values, return_inverse=True)
    each = np.bincount(where, weights=counts, minlength=distinct.size)
    return distinct, np.append(np.cumsum(each[::-1])[::-1], 0.0)


def _collapse(y, n, counts):
    y, n = checks.successes(y, n)
    counts = np.ones(1) if counts is None else checks.counts("counts", counts)
    y, n, counts = checks.groups(y=y, n=n, counts=counts)
    keep = (n > 0) & (counts > 0)
    y, n, counts = y[keep], n[keep], counts[keep]
    log_choose = -np.log1p(n) - special.betaln(n - y + 1, y + 1)
    return _Data(y, n, counts, np.sum(counts * log_choose))


def _without_search(data):
    """The cases that need no search: (status, mu, phi), with status None for all the rest."""
    trials = np.sum(data.counts * data.n)
    if trials == 0:
        return "not identified", np.nan, np.nan
    mu = np.sum(data.counts * data.y) / trials
    if mu in (0, 1) or data.groups == 1 or data.n.max() == 1:
        return "not identified", mu, np.nan
    if ((data.y == 0) | (data.y == data.n)).all():
        return "phi = inf", np.sum(data.counts * (data.y > 0)) / data.groups, np.inf
    return None, mu, np.nan


def _moments(data):
    """Kleinman's estimate with weights n_j: the spread of the rates, less the binomial noise in it."""
    weight = data.counts * data.n
    total = weight.sum()
    mu = np.sum(weight * data.y / data.n) / total
    spread = np.sum(weight * (data.y / data.n - mu) ** 2)
    noise = np.sum(data.counts * (1 - data.n / total))  # of the spread, in units of mu (1 - mu)
    all_or_nothing = np.sum(weight * (1 - data.n / total))
    rho = (spread / (mu * (1 - mu)) - noise) / (all_or_nothing - noise)
    rho = np.clip(rho, 0, 1)  # phi = rho/(1 - rho)
    return mu, rho / (1 - rho) if rho < 1 else np.inf


def _log_kernel(data, mu, phi):
    """The log marginal likelihood without its constant; mu and phi may be arrays of one shape."""
    mu, phi = np.asarray(mu)[..., None], np.asarray(phi)[..., None]
    total = np.zeros(mu.shape[:-1])
    for k, y_above, f_above, n_above in data.tails():
        total += np.sum(special.xlogy(y_above, mu + k * phi), axis=-1)
        total += np.sum(special.xlogy(f_above, 1 - mu + k * phi), axis=-1)
        total -= np.sum(n_above * np.log1p(k * phi), axis=-1)
    return total


def _derivatives(data, mu, phi):
    """Gradient and Hessian of `_log_kernel` in (mu, phi)."""
    gradient, hessian = np.zeros(2), np.zeros((2, 2))
    for k, y_above, f_above, n_above in data.tails():
        success, failure, trial = 1 / (mu + k * phi), 1 / (1 - mu + k * phi), k / (1 + k * phi)
        gradient += [
            np.sum(y_above * success - f_above * failure),
            np.sum(k * (y_above * success + f_above * failure) - n_above * trial),
        ]
        y2, f2 = y_above * success**2, f_above * failure**2
        cross = np.sum(k * (f2 - y2))
        hessian += [
            [-np.sum(y2 + f2), cross],
            [cross, np.sum(n_above * trial**2 - k**2 * (y2 + f2))],
        ]
    return gradient, hessian


def _maximum(data, mu, phi):
    """Damped Newton in (logit mu, log phi) from the moments; phi = 0 where the score there is not positive."""
    pooled = np.sum(data.counts * data.y) / np.sum(data.counts * data.n)
    if _derivatives(data, pooled, 0.0)[0][1] <= 0:
        return pooled, 0.0
    if not 0 < phi < np.inf:  # the moments lie on a boundary where the likelihood does not
        mu, phi = pooled, 1 / data.n.max()
    at = np.array([special.logit(mu), np.log(phi)])
    value = _log_kernel(data, mu, phi)
    for _ in range(200):
        step = _newton_step(data, at)
        while np.abs(step).max() > 1e-13 * (1 + np.abs(at).max()):
            trial = at + step
            trial_value = _log_kernel(data, special.expit(trial[0]), np.exp(trial[1]))
            if trial_value >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            break
        at, value = trial, trial_value
        if np.abs(step).max() < 1e-9:  # Newton squares its error, so the step just made was the last that counts
            break
    return special.expit(at[0]), np.exp(at[1])


def _newton_step(data, at):
    mu, phi = special.expit(at[0]), np.exp(at[1])
    gradient, hessian = _derivatives(data, mu, phi)
    scale = np.array([mu * (1 - mu), phi])  # d(mu, phi)/d(logit mu, log phi)
    curvature = np.diag(gradient * scale * [1 - 2 * mu, 1])
    values, vectors = np.linalg.eigh(hessian * np.outer(scale, scale) + curvature)
    uphill = vectors.T @ (gradient * scale) / np.maximum(np.abs(values), 1e-12)  # climbs even where L is not concave
    return vectors @ uphill * min(1, 2 / max(np.abs(uphill).max(), 1e-300))


def _standard_errors(data, mu, phi):
    if not 0 <= phi < np.inf:
        return np.nan, np.nan
    information = -_derivatives(data, mu, phi)[1]
    if phi == 0:
        return 1 / np.sqrt(information[0, 0]), np.nan
    return np.sqrt(np.diag(np.linalg.inv(information)))
