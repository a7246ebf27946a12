"""The Normal-Normal model: group j = 1..J has an estimate ybar_j with known standard error se_j.

    ybar_j | theta_j ~ N(theta_j, se_j^2),   theta_j ~ N(mu, tau^2)

For the mean of n_j observations with standard deviation sigma, se_j = sigma/sqrt(n_j). tau is the standard deviation
between groups: tau = 0 is complete pooling and tau = inf no pooling, and both are ordinary arguments here. A group
without data has se_j = inf; its ybar_j may then be nan.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hblib import checks, priors, quadrature
from hblib.distributions import Normal
from hblib.full_bayes import Mixture


def posterior(ybar, se, mu, tau):
    """The posterior of each group's theta_j, given the prior.

        theta_j | ybar_j ~ N(kappa_j ybar_j + (1 - kappa_j) mu, kappa_j se_j^2),   kappa_j = `shrinkage(se_j, tau)`

    Parameters
    ----------
    ybar, se : estimates and their standard errors (se >= 0), in the same unit, of any shapes that broadcast.
    mu, tau : the prior's mean and standard deviation (tau >= 0), in that unit; arrays broadcast against ybar and se.

    Returns
    -------
    A `Normal` of the broadcast shape, with mean(), std(), var(), interval(prob), pdf, cdf, ppf and rvs.

    Raises
    ------
    ValueError naming the argument that is out of range, or where the weight is undefined (see `shrinkage`).

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4, equation (5.17).

    >>> post = posterior(ybar=10, se=2 / 5**0.5, mu=8, tau=1)
    >>> print(round(post.mean(), 4), round(post.std(), 4))
    9.1111 0.6667
    """
    ybar, se = _groups(ybar, se)
    mu, tau = _prior(mu, tau)
    checks.together(ybar=ybar, se=se, mu=mu, tau=tau)
    kappa = shrinkage(se, tau)
    with np.errstate(invalid="ignore"):  # inf * 0, in branches that np.where does not take
        mean = np.where(kappa == 0, mu, mu + kappa * (ybar - mu))
        sd = np.where(se <= tau, se * np.sqrt(kappa), tau * np.sqrt(1 - kappa))
    return Normal(mean[()], sd[()])


def shrinkage(se, tau):
    """The weight kappa_j of the group's own estimate in its posterior mean.

        kappa_j = tau^2/(tau^2 + se_j^2) = n_j tau^2/(n_j tau^2 + sigma^2)

    0 is complete pooling (tau = 0, or a group without data, se_j = inf), 1 no pooling (tau = inf, or se_j = 0).

    Parameters
    ----------
    se : standard errors >= 0.
    tau : between-group standard deviation >= 0, in the unit of se.

    Raises
    ------
    ValueError naming the argument that is out of range, or where se = tau = 0 or both are infinite: 0/0.

    >>> shrinkage(se=1.0, tau=[0, 1, 3, float("inf")]).round(12).tolist()
    [0.0, 0.5, 0.9, 1.0]
    """
    se = checks.numbers("se", se, low=0, allow_inf=True)
    tau = checks.numbers("tau", tau, low=0, allow_inf=True)
    se, tau = checks.together(se=se, tau=tau)
    if ((se == tau) & ((se == 0) | np.isinf(se))).any():
        raise ValueError("se and tau are both 0, or both infinite, for some group: its weight 0/0 is undefined")
    with np.errstate(divide="ignore", over="ignore"):
        return (1 / (1 + (se / tau) ** 2))[()]


def log_marginal(ybar, se, mu, tau, counts=None):
    """The log marginal likelihood of (mu, tau): each group's theta_j is integrated out.

        sum_j log N(ybar_j; mu, tau^2 + se_j^2)

    Parameters
    ----------
    ybar, se : one row a group, shape (J,). A group with se = inf adds nothing.
    mu, tau : finite, tau >= 0; arrays broadcast against each other, so that a grid takes one call.
    counts : how many groups share each row, shape (J,); one each if left out.

    Returns
    -------
    The sum over groups, a float, or an array of the broadcast shape of mu and tau.

    Raises
    ------
    ValueError naming the argument that is out of range; se = tau = 0, where the density is not a number.

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4, equation (5.15).

    >>> print(round(log_marginal(ybar=[9, 11, 10], se=0.8**0.5, mu=10, tau=0.2**0.5), 6))
    -3.756816
    """
    ybar, se, counts = _collapse(ybar, se, counts)
    mu, tau = _prior(mu, tau, allow_inf=False)
    mu, tau = (array[..., None] for array in checks.together(mu=mu, tau=tau))
    variance = tau**2 + se**2
    if (variance == 0).any():
        raise ValueError("se and tau are both 0 for some group: its marginal density is not a number")
    terms = np.log(2 * np.pi * variance) + (ybar - mu) ** 2 / variance
    return (-np.sum(counts * terms, axis=-1) / 2)[()]


@dataclass(frozen=True)
class Fit:
    """An estimated prior; what `fit` returns.

    `status` says which case it is:

    - "ok": tau > 0;
    - "tau = 0": no more spread between groups than the standard errors alone produce, so that all share one mean;
    - "not identified": fewer than two groups with data.
    """

    mu: float
    tau: float  # nan if not identified
    status: str
    method: str
    log_likelihood: float  # log_marginal at the estimate; for "reml" the restricted one
    se_mu: float  # standard errors from the observed information; nan for method "moments"
    se_tau: float  # nan also where tau = 0, where the curvature does not give one

    def posterior(self, ybar, se):
        """Every group's posterior with the estimated prior plugged in, as if it were known.

        The interval is too short by the uncertainty of mu and tau, which plugging in leaves out.
        """
        if self.status == "not identified":
            raise ValueError("this fit gives no posterior: tau is not identified")
        return posterior(ybar, se, self.mu, self.tau)


def fit(ybar, se, method="ml", counts=None):
    """Estimate the prior from the groups (empirical Bayes).

    Parameters
    ----------
    ybar, se : estimates and standard errors (0 < se), one row a group, shape (J,). Groups with se = inf drop out.
    method : "ml", the maximum of `log_marginal` (also called ML-II); "reml", the maximum with mu integrated out under a
        flat prior; or "moments", mu the plain mean and tau^2 the variance of ybar (divisor J - 1) minus the mean of
        se^2. An estimate of tau^2 below 0 becomes 0. With equal se, "moments" and "reml" agree.
    counts : how many groups share each row, shape (J,); one each if left out.

    Returns
    -------
    A `Fit`: mu, tau, status, log_likelihood, standard errors; `.posterior(ybar, se)` plugs it in.

    Raises
    ------
    ValueError naming the argument that is out of range; se = 0, because then the likelihood has no maximum.

    Source: Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30:261-293.

    >>> means = dict(ybar=[9, 11, 10], se=0.8**0.5)
    >>> print(round(fit(**means, method="reml").tau ** 2, 6), fit(**means, method="ml").status)
    0.2 tau = 0
    """
    checks.one_of("method", method, ("ml", "reml", "moments"))
    checks.numbers("se", se, low=0, open_low=True, allow_inf=True)
    ybar, se, counts = _collapse(ybar, se, counts)
    variance = se**2
    if counts.sum() < 2:
        mu = float(ybar[0]) if ybar.size else np.nan
        return Fit(mu, np.nan, "not identified", method, np.nan, np.nan, np.nan)
    # Deviations from a central value lose no digits when all estimates share a large constant.
    centre = np.sum(counts * ybar) / counts.sum()
    y = ybar - centre
    if method == "moments":
        mean = np.sum(counts * y) / counts.sum()
        spread = np.sum(counts * (y - mean) ** 2) / (counts.sum() - 1)
        tau2 = max(0.0, spread - np.sum(counts * variance) / counts.sum())
        se_mu = se_tau = np.nan
    else:
        tau2 = _maximum(y, variance, counts, restricted=method == "reml")
        mean, se_mu, se_tau = _mean_and_errors(y, variance, counts, tau2, restricted=method == "reml")
    log_likelihood = _profile(y, variance, counts, tau2, method == "reml", mean=mean)
    status = "ok" if tau2 > 0 else "tau = 0"
    return Fit(
        *map(float, (centre + mean, np.sqrt(tau2))),
        status,
        method,
        *map(float, (log_likelihood, se_mu, se_tau)),
    )


@dataclass(frozen=True)
class FullBayes:
    """The exact posterior; what `full_bayes` returns.

    `tau` and `weight` are the nodes of the quadrature and their posterior weights: the mean of any function of tau is
    np.sum(weight * function(tau)).
    """

    tau: np.ndarray
    weight: np.ndarray
    tau_mean: float
    tau_sd: float
    mu_mean: float
    mu_sd: float
    log_evidence: float  # log p(ybar); relative if a prior is improper
    theta: Mixture  # every group: .mean, .sd, .interval(prob), .cdf(x), .draws(size, rng)
    new_group: Mixture  # theta of a group not seen yet
    log_density: Callable  # of tau, up to a constant
    prior: priors.Prior

    def tau_quantile(self, probabilities):
        """Quantiles of tau."""
        ends = self.prior.lower, self.prior.upper
        return quadrature.quantiles(self.log_density, probabilities, self.tau, self.weight, *ends)


def full_bayes(ybar, se, prior, mu=None):
    """The exact posterior of mu, tau and every theta_j, by quadrature over tau; no simulation.

        p(tau | ybar) ~ p(tau) p(ybar | tau),   with mu integrated out in closed form

    Parameters
    ----------
    ybar, se : estimates and standard errors (0 < se), one row a group, shape (J,). Groups with se = inf have no data.
    prior : the prior of tau: one of `hblib.priors`, or a function that gives its log density for an array of tau.
    mu : None for a flat prior on mu, or (mean, sd) of a normal one.

    Returns
    -------
    A `FullBayes`.

    Raises
    ------
    ValueError naming the argument that is out of range, or saying why the posterior is improper: with flat priors on mu
    and tau fewer than three groups, and always with a prior that is not integrable at tau = 0.

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4.

    >>> from hblib import datasets, priors
    >>> schools = datasets.eight_schools()
    >>> full = full_bayes(schools.ybar, schools.se, priors.uniform())
    >>> print(round(full.mu_mean, 10), round(full.tau_mean, 10), round(full.theta.mean[0], 10))
    7.9323750182 6.5754833467 11.4002608704
    """
    checks.numbers("se", se, low=0, open_low=True, allow_inf=True)
    ybar, se = checks.groups(**dict(zip(("ybar", "se"), _groups(ybar, se), strict=True)))
    prior = priors.as_prior(prior)
    centre = np.mean(ybar[np.isfinite(se)]) if np.isfinite(se).any() else 0.0
    known = None if mu is None else (float(checks.numbers("mu", mu[0])), _positive_sd(mu[1]))
    data = _Sufficient.of(ybar, se, centre, known)

    def log_density(tau):
        return prior.log_density(tau) + data.given(tau)[0]

    guess = np.median(se[np.isfinite(se)]) if data.distinct.size else 1.0
    tau, weight, log_evidence = quadrature.integrate_scale(log_density, prior.lower, prior.upper, guess)
    _, mu_hat, mu_variance = data.given(tau)
    means = [
        _mean_sd(weight, value, extra)
        for value, extra in ((tau, 0), (mu_hat, mu_variance), (mu_hat, mu_variance + tau**2))
    ]
    theta = _theta_mixture(ybar - centre, se, tau, weight, mu_hat, mu_variance, centre)
    new = Mixture(
        np.array([means[2][0] + centre]),
        np.array([means[2][1]]),
        weight,
        lambda rows, nodes: Normal(mu_hat[nodes] + centre + 0 * rows, np.sqrt(mu_variance + tau**2)[nodes] + 0 * rows),
    )
    (tau_mean, tau_sd), (mu_mean, mu_sd) = means[:2]
    return FullBayes(
        tau, weight, tau_mean, tau_sd, mu_mean + centre, mu_sd, float(log_evidence), theta, new, log_density, prior
    )


def _mean_sd(weight, value, extra):
    """Mean and standard deviation of a mixture with these means and variances."""
    mean = np.sum(weight * value)
    return float(mean), float(np.sqrt(np.sum(weight * ((value - mean) ** 2 + extra))))


def _positive_sd(value):
    return float(checks.numbers("the sd of mu", value, low=0, open_low=True))


def _theta_mixture(y, se, tau, weight, mu_hat, mu_variance, centre):
    """Every group's mixture over the nodes. Given tau, theta_j is linear in y_j: a few sums for each distinct se do."""
    distinct, which = np.unique(se, return_inverse=True)
    mean, sd = np.empty(se.size), np.empty(se.size)
    with np.errstate(divide="ignore", over="ignore"):
        kappa = np.where(np.isinf(distinct)[:, None], 0.0, 1 / (1 + (distinct[:, None] / tau) ** 2))
        noise = np.where(kappa == 0, tau**2, kappa * np.minimum(distinct, 1e300)[:, None] ** 2)
    offset, rest = (1 - kappa) * mu_hat, noise + (1 - kappa) ** 2 * mu_variance
    slope, base = np.sum(weight * kappa, axis=-1), np.sum(weight * offset, axis=-1)
    d_slope, d_base = kappa - slope[:, None], offset - base[:, None]
    parts = [np.sum(weight * value, axis=-1) for value in (rest + d_base**2, 2 * d_slope * d_base, d_slope**2)]
    y = np.where(np.isinf(se), 0.0, y)
    mean = base[which] + slope[which] * y + centre
    sd = np.sqrt(parts[0][which] + y * (parts[1][which] + y * parts[2][which]))

    def given(rows, nodes):
        k = kappa[which[rows], nodes]
        return Normal(offset[which[rows], nodes] + k * y[rows] + centre, np.sqrt(rest)[which[rows], nodes])

    return Mixture(mean, sd, weight, given)


@dataclass(frozen=True)
class _Sufficient:
    """What p(ybar | tau) needs: for each distinct se the number, mean and sum of squares of the estimates."""

    distinct: np.ndarray
    number: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    known: tuple  # (mean, sd) of mu's prior about the centre, or None

    @classmethod
    def of(cls, ybar, se, centre, known):
        keep = np.isfinite(se)
        distinct, which = np.unique(se[keep], return_inverse=True)
        y = ybar[keep] - centre
        number = np.bincount(which, minlength=distinct.size).astype(float)
        mean = np.bincount(which, weights=y, minlength=distinct.size) / np.maximum(number, 1)
        squares = np.bincount(which, weights=(y - mean[which]) ** 2, minlength=distinct.size)
        return cls(distinct, number, mean, squares, None if known is None else (known[0] - centre, known[1]))

    def given(self, tau):
        """log p(ybar | tau) with mu integrated out, and the mean and variance of mu given tau, for an array of tau."""
        variance = self.distinct**2 + np.asarray(tau, dtype=float)[..., None] ** 2
        w = self.number / variance
        precision, total = np.sum(w, axis=-1), np.sum(w * self.mean, axis=-1)
        log_p = -np.sum(self.number * np.log(2 * np.pi * variance) + self.squares / variance, axis=-1) / 2
        if self.known is not None:
            m, s = self.known
            precision, total = precision + 1 / s**2, total + m / s**2
            log_p = log_p - np.log(2 * np.pi * s**2) / 2
        mu = total / precision
        log_p = log_p - np.sum(w * (self.mean - mu[..., None]) ** 2, axis=-1) / 2 + np.log(2 * np.pi / precision) / 2
        if self.known is not None:
            log_p = log_p - ((mu - m) / s) ** 2 / 2
        return log_p, mu, 1 / precision


def _groups(ybar, se):
    """ybar may be missing where se = inf: a group without data has no mean."""
    se = checks.numbers("se", se, low=0, allow_inf=True)
    ybar = checks.numbers("ybar", ybar, allow_nan=True)
    ybar, se = checks.together(ybar=ybar, se=se)
    checks.numbers("ybar", np.where(np.isinf(se), 0, ybar))
    return ybar, se


def _prior(mu, tau, allow_inf=True):
    return checks.numbers("mu", mu), checks.numbers("tau", tau, low=0, allow_inf=allow_inf)


def _collapse(ybar, se, counts):
    """The rows that carry information, one axis."""
    ybar, se = _groups(ybar, se)
    counts = np.ones(1) if counts is None else checks.counts("counts", counts)
    ybar, se, counts = checks.groups(ybar=ybar, se=se, counts=counts)
    keep = np.isfinite(se) & (counts > 0)
    return ybar[keep], se[keep], counts[keep]


def _weighted(y, variance, counts, tau2):
    """Weights 1/(variance + tau2), the best mu given tau2, and the deviations from it."""
    w = 1 / (variance + tau2)
    mu = np.sum(counts * w * y) / np.sum(counts * w)
    return w, mu, y - mu


def _profile(y, variance, counts, tau2, restricted, mean=None):
    """The log likelihood of tau2 at its best mu (or at `mean`), or with mu integrated out."""
    w, best, _ = _weighted(y, variance, counts, tau2)
    d = y - (best if mean is None else mean)
    value = np.sum(counts * (np.log(w / (2 * np.pi)) - w * d**2)) / 2
    return value - np.log(np.sum(counts * w) / (2 * np.pi)) / 2 if restricted else value


def _score(tau2, y, variance, counts, restricted):
    """d `_profile` / d tau2."""
    w, _, d = _weighted(y, variance, counts, tau2)
    score = np.sum(counts * (w**2 * d**2 - w))
    return (score + np.sum(counts * w**2) / np.sum(counts * w) if restricted else score) / 2


def _maximum(y, variance, counts, restricted):
    """The tau2 of the highest maximum: 0, or a root of the score where it turns from + to -."""
    from scipy import optimize  # here, because it takes longer to load than all the rest

    given = (y, variance, counts, restricted)
    top = 2 * np.ptp(y) ** 2  # the score is negative beyond; the factor leaves room for the restricted one
    grid = np.append(0.0, np.geomspace(variance.min() * 1e-6, max(top, variance.min()), 64))
    scores = np.array([_score(tau2, *given) for tau2 in grid])
    falls = np.flatnonzero((scores[:-1] > 0) & (scores[1:] <= 0))
    maxima = [optimize.brentq(_score, grid[i], grid[i + 1], args=given, xtol=1e-300, rtol=1e-15) for i in falls]
    if scores[0] <= 0:
        maxima.append(0.0)
    return max(maxima, key=lambda tau2: _profile(y, variance, counts, tau2, restricted))


def _mean_and_errors(y, variance, counts, tau2, restricted):
    """mu and the standard errors of mu and tau from the observed information at tau2."""
    w, mu, d = _weighted(y, variance, counts, tau2)
    w1, w2, w3 = (np.sum(counts * w**power) for power in (1, 2, 3))
    lean = np.sum(counts * w**2 * d)  # how much mu moves with tau2
    if tau2 == 0:
        return mu, 1 / np.sqrt(w1), np.nan
    curvature = np.sum(counts * w**3 * d**2) - w2 / 2  # -d2/dtau2^2 of log_marginal
    if restricted:
        information = curvature + w3 / w1 - (w2 / w1) ** 2 / 2 - lean**2 / w1
        return mu, 1 / np.sqrt(w1), 1 / np.sqrt(information) / (2 * np.sqrt(tau2))
    error_mu, error_tau2 = np.sqrt(np.diag(np.linalg.inv([[w1, lean], [lean, curvature]])))
    return mu, error_mu, error_tau2 / (2 * np.sqrt(tau2))
