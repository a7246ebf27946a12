"""The Normal-Normal model: group j = 1..J has an estimate ybar_j with known standard error se_j.

    ybar_j | theta_j ~ N(theta_j, se_j^2),   theta_j ~ N(mu, tau^2)

For the mean of n_j observations with standard deviation sigma, se_j = sigma/sqrt(n_j). tau is the standard deviation
between groups: tau = 0 is complete pooling and tau = inf no pooling, and both are ordinary arguments here. A group
without data has se_j = inf; its ybar_j may then be nan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from hblib import priors
from hblib._numerics import arguments, quadrature
from hblib._numerics.datatree import datatree
from hblib._numerics.means_cells import collect
from hblib._numerics.means_fit import MOMENTS, errors_of_both, grid_of, highest, in_units, mean_and_errors, unit_near
from hblib._numerics.means_posterior import given_tau
from hblib._numerics.mixture import Parts, Search, blocks, if_they_exist, mean_sd
from hblib._numerics.panels import Panels
from hblib._numerics.report import report, summary
from hblib.distributions import Mixture, Normal, Scale


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
    arguments.together(ybar=ybar, se=se, mu=mu, tau=tau)
    kappa = shrinkage(se, tau)
    with np.errstate(invalid="ignore"):  # inf * 0, in branches that np.where does not take
        mean = np.where(kappa == 0, mu, mu + kappa * (ybar - mu))
        sd = np.where(se <= tau, se * np.sqrt(kappa), tau * np.sqrt(1 - kappa))
    return Normal(mean[()], sd[()])


def posterior_mean(ybar, se, mu, tau, out=None):
    """Return every group's posterior mean mu + kappa_j (ybar_j - mu), block by block, into `out` if given.

    Parameters
    ----------
    ybar, se : array_like
        Estimates and standard errors (se >= 0), one row a group, shape (J,).
    mu, tau : float
        The prior's mean and standard deviation (tau >= 0).
    out : ndarray
        A float array of shape (J,) to write into; a new one if left out.

    Returns
    -------
    ndarray
        The float array, shape (J,).

    Raises
    ------
    ValueError
        If an argument is out of range, or where the weight is undefined (see `shrinkage`).

    References
    ----------
    Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4, equation (5.17).

    Examples
    --------
    >>> posterior_mean([10, 6], 2, mu=8, tau=2).tolist()
    [9.0, 7.0]
    """
    ybar, se = _groups(ybar, se, join=arguments.groups)
    mu, tau = arguments.one("mu", mu), arguments.one("tau", tau, low=0, allow_inf=True)
    out = arguments.out(out, ybar.shape)
    for rows in blocks(ybar.size, 8):
        kappa = shrinkage(se[rows], tau)
        with np.errstate(invalid="ignore"):  # a group without data has no mean
            out[rows] = np.where(kappa == 0, mu, mu + kappa * (ybar[rows] - mu))
    return out


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
    se = arguments.numbers("se", se, low=0, allow_inf=True)
    tau = arguments.numbers("tau", tau, low=0, allow_inf=True)
    se, tau = arguments.together(se=se, tau=tau)
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
    ybar, se, counts = _rows(ybar, se, counts, positive=False)
    mu, tau = _prior(mu, tau, allow_inf=False)
    mu, tau = (array[..., None] for array in arguments.together(mu=mu, tau=tau))
    sd = np.hypot(tau, se)
    if (sd == 0).any():
        raise ValueError("se and tau are both 0 for some group: its marginal density is not a number")
    terms = np.log(2 * np.pi) + 2 * np.log(sd) + ((ybar - mu) / sd) ** 2
    return (-np.sum(terms if counts is None else counts * terms, axis=-1) / 2)[()]


@dataclass(frozen=True)
class Fit:
    """An estimated prior; what `fit` returns.

    `status` says which case it is:

    - "ok": tau > 0;
    - "tau = 0": no more spread between groups than the standard errors alone produce, so that all share one mean;
    - "not identified": fewer than two groups with data.

    The standard errors, with w_j = 1/(tau^2 + se_j^2):

    - "ml": from the observed information on (mu, tau), so that se_mu contains the uncertainty of tau;
    - "reml": from the observed information on tau, and se_mu = 1/sqrt(sum w_j), which takes tau as known;
    - moments: se_mu takes tau as known: 1/sqrt(sum w_j) for the weighted means, sqrt(sum 1/w_j)/J for the plain mean of
      "moments". se_tau is the sampling standard deviation of the quadratic form that estimates tau^2, divided by 2 tau.

    Other programs differ by definition, not by error. metafor for R takes the expected information where here it is the
    observed, and for "ml" leaves tau's part out of se_mu. It adds log(J)/2 to the restricted log likelihood; here, as
    in lme4, that is the integral over a flat prior on mu. With the tau of "moments" (its "HE") it reports the weighted
    mean, not the plain one. Its BLUPs also count the uncertainty of mu, which `posterior` leaves out (see there).

    Attributes
    ----------
    mu, tau : float
        The prior's mean and standard deviation; tau is nan if not identified.
    status, method : str
        The case, and what `fit` was asked for.
    log_likelihood : float
        `log_marginal` at the estimate; for "reml" the restricted one.
    se_mu, se_tau : float
        Standard errors; nan if not identified. se_tau is nan also where tau = 0: on the boundary the estimate is not
        nearly normal, and has no standard error.
    sigma, se_sigma : float
        The within-group standard deviation, where it was estimated (`fit_observations`).
    """

    mu: float
    tau: float
    status: str
    method: str
    log_likelihood: float
    se_mu: float
    se_tau: float
    sigma: float = np.nan
    se_sigma: float = np.nan

    def summary(self):
        """Return the estimates and their standard errors as columns, of which pandas.DataFrame makes a table.

        Returns
        -------
        dict
            "name", "estimate" and "se", lists of one length; sigma where it was estimated.
        """
        rows = {"mu": (self.mu, self.se_mu), "tau": (self.tau, self.se_tau), "sigma": (self.sigma, self.se_sigma)}
        if np.isnan(self.sigma):
            del rows["sigma"]
        estimates, errors = zip(*rows.values(), strict=True)
        return {"name": list(rows), "estimate": list(estimates), "se": list(errors)}

    def posterior(self, ybar, se):
        """Every group's posterior with the estimated prior plugged in, as if it were known.

        The interval is too short by the uncertainty of mu and tau, which plugging in leaves out. With that of mu, but
        not of tau, it is `three_level.posterior` with one chain and tau_chain = 0; for both see `hblib.repairs`.
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
        se^2 (also called Hedges's estimate); "dersimonian-laird" or "paule-mandel", moments with weights 1/se^2 and
        1/(tau^2 + se^2), where mu is the mean with weights 1/(tau^2 + se^2). An estimate of tau^2 below 0 becomes 0.
        With equal se, "reml" and the three kinds of moments agree.
    counts : how many groups share each row, shape (J,); one each if left out.

    Returns
    -------
    A `Fit`: mu, tau, status, log_likelihood, standard errors; `.posterior(ybar, se)` plugs it in.

    Raises
    ------
    ValueError naming the argument that is out of range; se = 0, because then the likelihood has no maximum.

    Sources: DerSimonian & Laird (1986), Controlled Clinical Trials 7:177-188; Paule & Mandel (1982), Journal of
    Research of the National Bureau of Standards 87:377-385; DerSimonian & Kacker (2007), Contemporary Clinical Trials
    28:105-114; Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30:261-293.

    >>> means = dict(ybar=[9, 11, 10], se=0.8**0.5)
    >>> print(round(fit(**means, method="reml").tau ** 2, 6), fit(**means, method="ml").status)
    0.2 tau = 0
    """
    arguments.one_of("method", method, ("ml", "reml", *MOMENTS))
    unit, cells = in_units(*_rows(ybar, se, counts))
    if cells.groups < 2:
        mu = cells.centre * unit if cells.groups else np.nan
        return Fit(mu, np.nan, "not identified", method, np.nan, np.nan, np.nan)
    restricted = method == "reml"
    if method in MOMENTS:
        tau2, mean, error_mu, error_tau2 = MOMENTS[method](cells)
    else:
        tau2 = highest(
            lambda t: cells.score(t, restricted), lambda t: cells.log_likelihood(t, restricted), grid_of(cells)
        )
        mean, error_mu, error_tau2 = mean_and_errors(cells, tau2, restricted)
    tau, status = (np.sqrt(tau2), "ok") if tau2 > 0 else (0.0, "tau = 0")
    error_tau = error_tau2 / (2 * tau) if tau > 0 else np.nan
    log_likelihood = cells.log_likelihood(tau2, restricted, mu=mean) - (cells.groups - restricted) * np.log(unit)
    return Fit(
        float((cells.centre + mean) * unit),
        float(tau * unit),
        status,
        method,
        float(log_likelihood),
        float(error_mu * unit),
        float(error_tau * unit),
    )


def profile(ybar, se, tau, method="ml", counts=None):
    """Return the log likelihood of tau alone: at the best mu for each tau ("ml"), or with mu integrated out ("reml").

    Parameters
    ----------
    ybar, se : array_like
        Estimates and standard errors (0 < se), one row a group, shape (J,). Groups with se = inf drop out.
    tau : array_like
        Between-group standard deviations >= 0, of any shape.
    method : str
        "ml" or "reml".
    counts : array_like
        How many groups share each row, shape (J,); one each if left out.

    Returns
    -------
    float or ndarray
        Of the shape of tau. Its highest point is what `fit` finds.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named.

    Examples
    --------
    >>> print(profile([9, 11, 10], 0.8**0.5, tau=[0, 0.2**0.5]).round(4).tolist())
    [-3.6721, -3.7568]
    """
    arguments.one_of("method", method, ("ml", "reml"))
    tau = arguments.numbers("tau", tau, low=0)
    unit, cells = in_units(*_rows(ybar, se, counts))
    restricted = method == "reml"
    return (cells.log_likelihood((tau / unit) ** 2, restricted) - (cells.groups - restricted) * np.log(unit))[()]


class GroupMeans(NamedTuple):
    """Raw observations summed up by group; the first three are what the other functions take."""

    ybar: np.ndarray
    se: np.ndarray  # sigma/sqrt(n), with the pooled sigma
    n: np.ndarray
    group: np.ndarray  # the labels, sorted
    sigma: float  # within-group standard deviation, pooled over groups


def from_observations(values, group):
    """Group means with standard errors from the pooled within-group standard deviation.

        sigma^2 = sum_ij (y_ij - ybar_j)^2 / (N - J),   se_j = sigma/sqrt(n_j)

    Parameters
    ----------
    values : observations y_ij, shape (N,).
    group : the label of each one's group, shape (N,).

    Returns
    -------
    `GroupMeans`: ybar, se, n, group, sigma.

    Raises
    ------
    ValueError naming the argument that is out of range, or if no group has two observations that differ by more than
    rounding.

    >>> means = from_observations([1.0, 3.0, 4.0, 6.0], ["a", "a", "b", "b"])
    >>> print(means.ybar.tolist(), means.se.tolist(), round(means.sigma, 4))
    [2.0, 5.0] [1.0, 1.0] 1.4142
    """
    label, n, ybar, within, unit = _by_group(values, group)
    ybar, sigma = ybar * unit, float(np.sqrt(within / (np.sum(n) - n.size)) * unit)
    return GroupMeans(ybar, sigma / np.sqrt(n), n, label, sigma)


def fit_observations(values, group, method="reml"):
    """Estimate mu, tau and the within-group sigma together from raw observations.

    Parameters
    ----------
    values : observations y_ij ~ N(theta_j, sigma^2), shape (N,).
    group : the label of each one's group, shape (N,).
    method : "reml" or "ml".

    Returns
    -------
    A `Fit` whose `sigma` is set. With lambda = tau^2/sigma^2 both sigma and mu have closed forms, so that the search is
    for lambda alone. `se_mu` is that of mu given the variances; `se_tau` and `se_sigma` come from the observed
    information on both, `se_sigma` from that on sigma alone where tau = 0.

    Raises
    ------
    ValueError naming the argument that is out of range, or if no group has two observations that differ by more than
    rounding.

    Source: Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS, section 2.2.
    """
    arguments.one_of("method", method, ("ml", "reml"))
    _, n, ybar, within, unit = _by_group(values, group)
    if n.size < 2:
        return Fit(float(ybar[0] * unit), np.nan, "not identified", method, np.nan, np.nan, np.nan)
    restricted = method == "reml"
    cells = collect(ybar, 1 / np.sqrt(n))  # se in units of sigma
    freedom = np.sum(n) - restricted

    def objective(ratio):
        w, total, _, squares = cells.at(ratio)
        value = np.sum(cells.number * np.log(w)) - freedom * np.log(within + np.sum(w * squares))
        return value - np.log(total) if restricted else value

    def score(ratio):
        w, total, _, squares = cells.at(ratio)
        noise = np.sum(cells.number * w * cells.but_one(w)) / total if restricted else total
        return freedom * np.sum(w**2 * squares) / (within + np.sum(w * squares)) - noise

    top = max(1.0, 4 * cells.spread**2 * np.sum(n) / within)
    ratio = highest(score, objective, np.append(0.0, np.geomspace(1e-6 / n.max(), top, 64)))
    w, total, mean, squares = cells.at(ratio)
    sigma = np.sqrt((within + np.sum(w * squares)) / freedom)
    log_likelihood = (objective(ratio) + np.sum(np.log(1 / n)) - freedom * (np.log(2 * np.pi / freedom) + 1)) / 2
    error_tau, error_sigma = errors_of_both(cells, ratio, sigma, within, np.sum(n), restricted)
    return Fit(
        float((cells.centre + mean) * unit),
        float(np.sqrt(ratio) * sigma * unit),
        "ok" if ratio > 0 else "tau = 0",
        method,
        float(log_likelihood - freedom * np.log(unit)),
        float(sigma / np.sqrt(total) * unit),
        float(error_tau * unit),
        float(sigma * unit),
        float(error_sigma * unit),
    )


def _by_group(values, group):
    """Labels, sizes, means and the total sum of squares within groups; and the unit, a power of 2, of the last two."""
    values, (label, which) = arguments.numbers("values", values), arguments.labels("group", group)
    if values.ndim != 1 or which.shape != values.shape or values.size == 0:
        raise ValueError(f"values and group must be of one length, but have shapes {values.shape} and {which.shape}")
    n, first = np.bincount(which), np.empty(label.size, dtype=int)
    first[which[::-1]] = np.arange(values.size)[::-1]
    off = values - values[first][which]  # exactly 0 where the values are equal, whatever they are
    unit = unit_near(np.abs(off).max())
    off, values = off / unit, values / unit
    mean = np.bincount(which, weights=off) / n
    within = np.sum((off - mean[which]) ** 2)
    rounding = np.sum((4 * np.finfo(float).eps * values[n[which] > 1]) ** 2)
    if within <= rounding:
        raise ValueError("sigma cannot be estimated: no group has two observations that differ by more than rounding")
    return label, n, values[first] + mean, within, unit


class Nodes(NamedTuple):
    """The nodes of a quadrature over tau, their posterior weights, and mu given each.

    The posterior mean of any smooth function of tau is np.sum(weight * function(tau)), if it exists.

    Attributes
    ----------
    tau, weight : ndarray
        The nodes and their weights, which add up to 1.
    mu_mean, mu_sd : ndarray
        Mean and standard deviation of the normal distribution of mu given each tau.
    """

    tau: np.ndarray
    weight: np.ndarray
    mu_mean: np.ndarray
    mu_sd: np.ndarray


class Draws(NamedTuple):
    """Joint draws of the posterior.

    Attributes
    ----------
    mu, tau : ndarray
        The prior's mean and standard deviation.
    theta : ndarray
        The groups' means, with one axis more, the groups.
    """

    mu: np.ndarray
    tau: np.ndarray
    theta: np.ndarray


@dataclass(frozen=True, repr=False, eq=False)
class FullBayes:
    """The exact posterior; what `full_bayes` returns.

    Attributes
    ----------
    mu : Mixture
        The posterior of mu.
    tau : Scale
        The posterior of tau.
    theta : Mixture
        The posterior of every group's mean, one entry a row of the data.
    new_group : Mixture
        That of theta of a group not seen yet.
    log_evidence : float
        log p(ybar); relative if a prior is improper.
    prior : Prior
        The prior of tau.
    nodes : Nodes
        tau and weight of the quadrature, and mu given tau.
    """

    mu: Mixture
    tau: Scale
    theta: Mixture
    new_group: Mixture
    log_evidence: float
    prior: priors.Prior
    nodes: Nodes
    _given: Callable  # tau -> mean and standard deviation of mu
    _data: tuple  # ybar and se

    def summary(self, prob=0.95, groups=None):
        """Return what one reports, as columns, of which pandas.DataFrame makes a table.

        Parameters
        ----------
        prob : float
            The probability inside the central intervals.
        groups : array_like
            The names of the groups, shape (J,); 0 to J - 1 if left out.

        Returns
        -------
        dict
            "name", "mean", "sd", "low" and "high": a row for mu, tau, a new group and every group.

        Raises
        ------
        ValueError
            If prob is no probability, or there is not one name a group.
        """
        return summary({"mu": self.mu, "tau": self.tau, "new group": self.new_group}, self.theta, prob, groups)

    def rvs(self, size=(), rng=None):
        """Return joint draws of mu, tau and every theta.

        Parameters
        ----------
        size : int or tuple
            How many; one if left out.
        rng : numpy.random.Generator or seed
            Whatever np.random.default_rng takes; None gives other draws each time.

        Returns
        -------
        Draws
            mu and tau of the shape `size`, theta of the shape (*size, J).

        Raises
        ------
        ValueError
            If size does not hold whole numbers from 0 on, or rng is no generator and no seed.
        """
        rng = arguments.generator("rng", rng)
        tau = np.asarray(self.tau.rvs(size, rng))
        mu = rng.normal(*(part.reshape(tau.shape) for part in self._given(tau.ravel())))
        theta = posterior(*self._data, np.asarray(mu)[..., None], tau[..., None]).rvs(rng=rng)
        return Draws(mu, tau[()], theta)

    def to_datatree(self, draws=1000, chains=4, rng=None, groups=None):
        """Return joint draws of mu, tau and theta as ArviZ wants them.

        Parameters
        ----------
        draws, chains : int
            Independent draws, so that the chains are a mere form.
        rng : numpy.random.Generator or seed
            As in `rvs`.
        groups : array_like
            The names of the groups, shape (J,); 0 to J - 1 if left out.

        Returns
        -------
        xarray.DataTree
            Its node "posterior" holds mu, tau and theta with dimensions chain, draw and group.

        Raises
        ------
        ValueError
            If there is not one name a group; ImportError without xarray.
        """
        return datatree(self.rvs((chains, draws), rng)._asdict(), groups)

    def __repr__(self):
        return report("Normal-Normal", self, {"mu": self.mu, "tau": self.tau})


def full_bayes(ybar, se, prior, mu=None, counts=None):
    """Return the exact posterior of mu, tau and every theta_j, by quadrature over tau; no simulation.

        p(tau | ybar) ~ p(tau) p(ybar | tau),   with mu integrated out in closed form

    Parameters
    ----------
    ybar, se : array_like
        Estimates and standard errors (0 < se), one row a group, shape (J,). Groups with se = inf have no data.
    prior : Prior, frozen SciPy distribution or callable
        The prior of tau: one of `hblib.priors`, a distribution of SciPy, or a function that gives its log density for
        an array of tau. It may end, jump or bend anywhere.
    mu : tuple
        (mean, sd) of a normal prior on mu; None for a flat one.
    counts : array_like
        How many groups share each row, shape (J,), one each if left out; `theta` then has one entry a row.

    Returns
    -------
    FullBayes
        With mu, tau, theta and new_group as distributions.

    Raises
    ------
    ValueError
        If an argument is out of range, or, with the reason, if the posterior is improper: with flat priors on mu and
        tau fewer than three groups, and always with a prior that is not integrable at tau = 0.

    References
    ----------
    Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4.

    Examples
    --------
    >>> from hblib import datasets, priors
    >>> schools = datasets.eight_schools()
    >>> full = full_bayes(schools.ybar, schools.se, priors.uniform())
    >>> print(round(full.mu.mean(), 10), round(full.tau.mean(), 10), round(full.theta[0].mean(), 10))
    7.9323750182 6.5754833467 11.4002608704
    >>> full
    Normal-Normal, full Bayes, prior flat: log evidence -25.0784
      mu: mean 7.932, sd 5.178, 95 % from -2.09 to 18.22
      tau: mean 6.575, sd 5.65, 95 % from 0.2427 to 20.75
      new group: mean 7.932, sd 10.1, 95 % from -12.41 to 28.86
      theta: Mixture of 8 groups: means 5.126 to 11.4, sds 6.275 to 8.341
    """
    rows, se, number = _all_rows(ybar, se, counts)
    prior, known = priors.as_prior(prior), _prior_of_mu(mu)
    some = np.isfinite(se) & (number > 0)
    if not some.any():
        raise ValueError("no group has data: se is infinite for all")
    unit = 2.0 ** np.round(np.log2(np.median(se[some])))  # squares of se stay far from the ends of the doubles
    cells = collect(rows[some] / unit, se[some] / unit, None if counts is None else number[some])
    known = None if known is None else (known[0] / unit - cells.centre, known[1] / unit)
    offset = (cells.groups - (known is None)) * np.log(unit)

    def at(tau):
        return given_tau(cells, np.minimum(tau / unit, 1e150), known)  # beyond, the likelihood has fallen to nothing

    def log_density(tau):
        tau = np.asarray(tau, dtype=float)
        return prior.log_density(tau) + at(tau)[0] - offset

    def mu_given(tau):
        _, mean, variance = at(tau)
        return (mean + cells.centre) * unit, np.sqrt(variance) * unit

    breaks, lower, upper = prior.range(unit)
    guess = float(np.clip(unit, lower * (1 + 1e-9), upper * (1 - 1e-9)))
    tau, weight, log_evidence = quadrature.integrate_scale(log_density, lower, upper, guess, breaks=breaks)
    _, mu_hat, mu_variance = at(tau)
    tail = quadrature.tail_power(prior.log_density, upper, unit) - cells.groups + (known is None)  # of log_density

    scaled = np.minimum(tau / unit, 1e150)
    nodes = _Nodes(scaled, weight, mu_hat, mu_variance, cells.centre, unit)
    mean, sd = if_they_exist(mean_sd(weight, scaled), tail)
    panels = Panels(log_density, tau, float(log_evidence), lower, upper, breaks)
    return FullBayes(
        mu=nodes.one(mu_variance, tail if known is None else -np.inf),
        tau=Scale(panels, mean * unit, sd * unit, mean_sd(weight, np.log(tau))),
        theta=nodes.groups(rows, se, tail),
        new_group=nodes.one(mu_variance + scaled**2, tail),  # a new group's theta given tau has this variance
        log_evidence=float(log_evidence),
        prior=prior,
        nodes=Nodes(tau, weight, *mu_given(tau)),
        _given=mu_given,
        _data=(rows, se),
    )


def _all_rows(ybar, se, counts):
    ybar, se = _groups(ybar, se, positive=True, join=arguments.groups)
    number = np.ones(1) if counts is None else arguments.counts("counts", counts)
    return arguments.groups(ybar=ybar, se=se, counts=number)


def _prior_of_mu(mu):
    if mu is None:
        return None
    pair = arguments.numbers("mu", mu)
    if pair.shape != (2,):
        raise ValueError(f"mu must be None, or (mean, sd) of a normal prior, but is {mu!r}")
    return arguments.one("the mean of mu", pair[0]), arguments.one("the sd of mu", pair[1], low=0, open_low=True)


class _Nodes(NamedTuple):
    """The nodes of tau, and mu's mean and variance given each; all in the unit, and mu measured from the centre."""

    tau: np.ndarray
    weight: np.ndarray
    mu_hat: np.ndarray
    mu_variance: np.ndarray
    centre: float
    unit: float

    def one(self, variance, tail):
        """The mixture of N(mu_hat, variance)."""
        mean, sd = if_they_exist(mean_sd(self.weight, self.mu_hat, variance), tail)
        location, scale = (self.mu_hat + self.centre) * self.unit, np.sqrt(variance) * self.unit

        def given(rows):
            return np.broadcast_to(location, (rows.size, location.size)), scale

        def joint(number, rng, rows):
            at = rng.choice(self.weight.size, size=number, p=self.weight)
            return np.repeat(rng.normal(location[at], scale[at])[:, None], rows.size, axis=1)

        moments = np.array([(mean + self.centre) * self.unit]), np.array([sd * self.unit])
        return _normal_mixture(*moments, self.weight, given, joint)[0]

    def groups(self, ybar, se, tail):
        """Every group's mixture. Given tau, theta_j is linear in y_j: a few sums for each distinct se do."""
        y = np.where(np.isinf(se), 0.0, ybar / self.unit - self.centre)
        tau = self.tau
        distinct, which = np.unique(se / self.unit, return_inverse=True)

        def pull_of(some):
            """1 - kappa, the weight of mu; 1 for a group without data."""
            return 1 / (1 + (tau / some[:, None]) ** 2)

        sums = np.empty((5, distinct.size))
        for rows in blocks(distinct.size, tau.size):
            pull = pull_of(distinct[rows])
            slope, base = pull @ self.weight, pull @ (self.weight * self.mu_hat)
            d_slope, d_base = slope[:, None] - pull, pull * self.mu_hat - base[:, None]
            rest = pull * tau**2 + pull**2 * self.mu_variance
            squares = (rest + d_base**2) @ self.weight, (2 * d_slope * d_base) @ self.weight, d_slope**2 @ self.weight
            sums[:, rows] = slope, base, *squares
        slope, base, *squares = sums[:, which]
        mean = y + (base - slope * y)
        sd = np.sqrt(squares[0] + y * (squares[1] + y * squares[2]))
        without_data = [np.where(np.isinf(se), value, 0.0) for value in if_they_exist((0.0, 0.0), tail)]
        mean, sd = mean + without_data[0], sd + without_data[1]

        def given(rows):
            pull = pull_of(se[rows] / self.unit)
            location = y[rows, None] + pull * (self.mu_hat - y[rows, None])
            scale = np.sqrt(pull * tau**2 + pull**2 * self.mu_variance)
            return (location + self.centre) * self.unit, scale * self.unit

        def joint(number, rng, rows):  # the groups share the mu of a draw
            at = rng.choice(self.weight.size, size=number, p=self.weight)
            mu = rng.normal(self.mu_hat[at], np.sqrt(self.mu_variance)[at])[:, None]
            to_mu = 1 / (1 + (tau[at, None] / (se[rows] / self.unit)) ** 2)
            location = y[rows] + to_mu * (mu - y[rows])
            return (rng.normal(location, np.sqrt(to_mu) * tau[at][:, None]) + self.centre) * self.unit

        return _normal_mixture((mean + self.centre) * self.unit, sd * self.unit, self.weight, given, joint)


def _normal_mixture(mean, sd, weight, given, joint):
    """The mixture whose parts have the locations and scales given(rows), arrays of rows by nodes."""
    likely = int(weight.argmax())

    def tail(x, rows, upper):
        level, sign = np.empty(rows.size), -1 if upper else 1
        for some in blocks(rows.size, weight.size):
            location, scale = given(rows[some])
            level[some] = np.sum(special.ndtr(sign * (x[some, None] - location) / scale) * weight, axis=-1)
        return level

    def log_density(x, rows):
        value = np.empty(rows.size)
        for some in blocks(rows.size, weight.size):
            location, scale = given(rows[some])
            terms = np.log(weight) - ((x[some, None] - location) / scale) ** 2 / 2 - np.log(np.sqrt(2 * np.pi) * scale)
            value[some] = special.logsumexp(terms, axis=-1)
        return value

    def search(z, rows):
        """In v, where theta = location + scale sinh v of the likeliest node: the tails may be as long as they like."""
        centre, unit, low, high = (np.empty(rows.size) for _ in range(4))
        for some in blocks(rows.size, weight.size):
            location, scale = (np.broadcast_to(part, (rows[some].size, weight.size)) for part in given(rows[some]))
            parts = location + z[some, None] * scale  # the mixture's quantile is between its parts'
            centre[some], unit[some] = location[:, likely], scale[:, likely]
            low[some], high[some] = parts.min(axis=1), parts.max(axis=1)
        low, high = (np.arcsinh((end - centre) / unit) + np.array(way) for end, way in ((low, -1e-6), (high, 1e-6)))
        order = np.argsort(rows)

        def value(v, some):
            at = order[np.searchsorted(rows, some, sorter=order)]
            return centre[at] + unit[at] * np.sinh(v)

        start = np.arcsinh(z)
        return Search(value, start, np.cosh(start), low, high)

    return Mixture(Parts(mean, sd, tail, log_density, search, joint))


def _groups(ybar, se, positive=False, join=arguments.together):
    """ybar may be missing where se = inf: a group without data has no mean."""
    se = arguments.numbers("se", se, low=0, open_low=positive, allow_inf=True)
    if np.isfinite(se).all():
        return join(ybar=arguments.numbers("ybar", ybar), se=se)
    ybar, se = join(ybar=arguments.numbers("ybar", ybar, allow_nan=True), se=se)
    arguments.numbers("ybar", np.where(np.isinf(se), 0, ybar))
    return ybar, se


def _prior(mu, tau, allow_inf=True):
    return arguments.numbers("mu", mu), arguments.numbers("tau", tau, low=0, allow_inf=allow_inf)


def _rows(ybar, se, counts=None, positive=True):
    """The rows that carry information: (ybar, se, counts); counts None, and one se for all, stay as they are."""
    checked = arguments.numbers("se", se, low=0, open_low=positive, allow_inf=True)
    if counts is None and checked.size == 1 and np.isfinite(checked).all():
        ybar = arguments.numbers("ybar", ybar)
        if ybar.ndim == 1 and ybar.size:
            return ybar, checked, None
    ybar, se = _groups(ybar, checked, positive, join=arguments.groups)
    number = np.ones(1) if counts is None else arguments.counts("counts", counts)
    ybar, se, number = arguments.groups(ybar=ybar, se=se, counts=number)
    keep = np.isfinite(se) & (number > 0)
    if not keep.all():
        ybar, se, number = ybar[keep], se[keep], number[keep]
    return ybar, se, None if counts is None else number


# Each gives tau^2, mu and their standard errors.
