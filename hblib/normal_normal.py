r"""The Normal-Normal model: group j = 1..J has an estimate ybar_j with known standard error se_j.

.. math::

    \bar y_j \mid \theta_j \sim N(\theta_j, se_j^2)

    \theta_j \sim N(\mu, \tau^2)

For the mean of n_j observations with standard deviation sigma, se_j = sigma/sqrt(n_j). tau is the standard deviation
between groups: tau = 0 is complete pooling and tau = inf no pooling, and both are ordinary arguments here. A group
without data has se_j = inf; its ybar_j may then be nan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hblib import priors
from hblib._numerics import arguments, quadrature
from hblib._numerics.means_fit import METHODS, in_units
from hblib._numerics.means_posterior import TauDensity, group_parts, mu_parts, new_group_parts
from hblib._numerics.means_rows import all_rows, estimates, telling_rows
from hblib._numerics.mixture import blocks
from hblib._numerics.panels import Panels
from hblib._numerics.types import FloatArray, FloatOrArray
from hblib.distributions import JointPosterior, Mixture, Normal, Scale

_NO_DATA = "ybar must hold a group with data (se < inf and counts > 0)"


def posterior(ybar: ArrayLike, se: ArrayLike, mu: ArrayLike, tau: ArrayLike) -> Normal:
    r"""Give the posterior of each group's theta_j, given the prior.

    .. math::

        \theta_j \mid \bar y_j \sim N(\kappa_j \bar y_j + (1 - \kappa_j) \mu, \; \kappa_j se_j^2),

        \kappa_j = \frac{\tau^2}{\tau^2 + se_j^2}

    Parameters
    ----------
    ybar, se : array_like
        Estimates and their standard errors (se >= 0), in the same unit, of any shapes that broadcast. A group without
        data has se = inf; its ybar may then be nan.
    mu, tau : array_like
        The prior's mean and standard deviation (tau >= 0, inf allowed), in that unit; arrays broadcast against ybar and
        se.

    Returns
    -------
    Normal
        The posteriors, of the shape to which the arguments broadcast, with mean(), std(), interval(prob), rvs() and the
        other methods of `hblib.distributions.Distribution`.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Also where the weight is undefined (see `shrinkage`).

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4, equation (5.17).

    Examples
    --------
    >>> post = posterior(ybar=10, se=2 / 5**0.5, mu=8, tau=1)
    >>> print(round(post.mean(), 4), round(post.std(), 4))
    9.1111 0.6667
    """
    ybar, se = estimates(ybar, se)
    mu, tau = _prior(mu, tau)
    arguments.together(ybar=ybar, se=se, mu=mu, tau=tau)
    kappa = shrinkage(se, tau)
    with np.errstate(invalid="ignore"):  # inf * 0, in branches that np.where does not take
        mean = np.where(kappa == 0, mu, mu + kappa * (ybar - mu))
        sd = np.where(se <= tau, se * np.sqrt(kappa), tau * np.sqrt(1 - kappa))
    return Normal._of(mean[()], sd[()])


def posterior_mean(ybar: ArrayLike, se: ArrayLike, mu: float, tau: float, out: FloatArray | None = None) -> FloatArray:
    r"""Return every group's posterior mean alone, for millions of groups: no other array of their number is made.

    .. math:: E(\theta_j \mid \bar y_j) = \mu + \kappa_j (\bar y_j - \mu)

    Parameters
    ----------
    ybar, se : array_like of shape (J,)
        Estimates and standard errors (se >= 0), one row a group.
    mu, tau : float
        The prior's mean and standard deviation (tau >= 0).
    out : array of shape (J,), optional
        A float array to write into, ybar and se themselves included; a new one if left out.

    Returns
    -------
    array of shape (J,)
        The means; `out` itself if it was given.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Also where the weight is undefined (see `shrinkage`).

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4, equation (5.17).

    Examples
    --------
    >>> posterior_mean([10, 6], 2, mu=8, tau=2).tolist()
    [9.0, 7.0]
    """
    ybar, se = estimates(ybar, se, join=arguments.groups)
    mu, tau = arguments.one("mu", mu), arguments.one("tau", tau, low=0, allow_inf=True)
    out, ybar, se = arguments.out(out, ybar, se)
    for some in blocks(ybar.size, 8):
        kappa = shrinkage(se[some], tau)
        with np.errstate(invalid="ignore"):  # a group without data has no mean
            out[some] = np.where(kappa == 0, mu, mu + kappa * (ybar[some] - mu))
    return out


def shrinkage(se: ArrayLike, tau: ArrayLike) -> FloatOrArray:
    r"""Give the weight kappa_j of the group's own estimate in its posterior mean.

    .. math:: \kappa_j = \frac{\tau^2}{\tau^2 + se_j^2} = \frac{n_j \tau^2}{n_j \tau^2 + \sigma^2}

    0 is complete pooling (tau = 0, or a group without data, se_j = inf), 1 no pooling (tau = inf, or se_j = 0).

    Parameters
    ----------
    se : array_like
        Standard errors >= 0.
    tau : array_like
        Between-group standard deviation >= 0, in the unit of se; arrays broadcast against se.

    Returns
    -------
    float or array
        The weights, from 0 to 1, of the shape to which se and tau broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Also where se = tau = 0 or both are infinite: the weight is 0/0.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4, equation (5.17).

    Examples
    --------
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


def log_marginal(
    ybar: ArrayLike, se: ArrayLike, mu: ArrayLike, tau: ArrayLike, counts: ArrayLike | None = None
) -> FloatOrArray:
    r"""Compute the log marginal likelihood of (mu, tau): each group's theta_j is integrated out.

    .. math:: \sum_j \log N(\bar y_j; \; \mu, \; \tau^2 + se_j^2)

    Parameters
    ----------
    ybar, se : array_like of shape (J,)
        Estimates and standard errors, one row a group. A group with se = inf adds nothing.
    mu, tau : array_like
        Finite, tau >= 0; arrays broadcast against each other, so that a grid takes one call.
    counts : array_like of shape (J,), optional
        How many groups share each row; one each if left out.

    Returns
    -------
    float or array
        The sum over groups, of the shape to which mu and tau broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Also where se = tau = 0 and the density is not a number.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4.

    Examples
    --------
    >>> print(round(log_marginal(ybar=[9, 11, 10], se=0.8**0.5, mu=10, tau=0.2**0.5), 6))
    -3.756816
    """
    ybar, se, number = telling_rows(ybar, se, counts, positive=False)
    mu, tau = _prior(mu, tau, allow_inf=False)
    mu, tau = arguments.together(mu=mu, tau=tau)
    sd = np.hypot(tau[..., None], se)
    if (sd == 0).any():
        raise ValueError("se and tau are both 0 for some group: its marginal density is not a number")
    terms = np.log(2 * np.pi) + 2 * np.log(sd) + ((ybar - mu[..., None]) / sd) ** 2
    return (-np.sum(terms if number is None else number * terms, axis=-1) / 2)[()]


type Method = Literal["ml", "reml", "moments", "dersimonian-laird", "paule-mandel"]


@dataclass(frozen=True, eq=False)
class Fit:
    """An estimated prior; what `fit` returns.

    Attributes
    ----------
    mu : float
        The prior's mean.
    tau : float
        The prior's standard deviation; nan if not identified.
    status : str
        Which case it is:

        - "ok": tau > 0;
        - "tau = 0": no more spread between groups, beyond rounding, than the standard errors alone produce, so that all
          share one mean;
        - "not identified": fewer than two groups with data.
    method : str
        What `fit` was asked for.
    log_likelihood : float
        `log_marginal` at the estimate; for "reml" the restricted one.
    se_mu : float
        The standard error of mu; nan if not identified.
    se_tau : float
        The standard error of tau; nan if not identified, and where tau = 0: on the boundary the estimate is not nearly
        normal, and has no standard error.
    sigma : float
        The within-group standard deviation, where it was estimated (`observations.fit`); nan otherwise.
    se_sigma : float
        The standard error of sigma.

    Notes
    -----
    The standard errors, with w_j = 1/(tau^2 + se_j^2):

    - "ml": from the observed information on (mu, tau), so that se_mu contains the uncertainty of tau;
    - "reml": from the observed information on tau, and se_mu = 1/sqrt(sum w_j), which takes tau as known;
    - moments: se_mu takes tau as known: 1/sqrt(sum w_j) for the weighted means, sqrt(sum 1/w_j)/J for the plain mean of
      "moments". se_tau is the sampling standard deviation of the quadratic form that estimates tau^2, divided by 2 tau.

    Other programs differ by definition, not by error. metafor for R takes the expected information where here it is the
    observed, and for "ml" leaves tau's part out of se_mu. It adds log(J)/2 to the restricted log likelihood; here, as
    in lme4, that is the integral over a flat prior on mu. With the tau of "moments" (its "HE") it reports the weighted
    mean, not the plain one. Its BLUPs also count the uncertainty of mu, which `posterior` leaves out (see there).
    """

    mu: float
    tau: float = np.nan
    status: Literal["ok", "tau = 0", "not identified"] = "not identified"
    method: Method = "ml"
    log_likelihood: float = np.nan
    se_mu: float = np.nan
    se_tau: float = np.nan
    sigma: float = np.nan
    se_sigma: float = np.nan

    def summary(self) -> dict[str, list]:
        """Return the estimates and their standard errors as columns, of which pandas.DataFrame makes a table.

        Returns
        -------
        dict of list
            The columns "name", "estimate" and "se", with a row for sigma where it was estimated.

        Examples
        --------
        >>> table = fit([9, 15, 3, 10], 1.0).summary()
        >>> print(table["name"], np.round(table["estimate"], 3))
        ['mu', 'tau'] [9.25  4.146]
        """
        rows = {"mu": (self.mu, self.se_mu), "tau": (self.tau, self.se_tau), "sigma": (self.sigma, self.se_sigma)}
        if np.isnan(self.sigma):
            del rows["sigma"]
        estimates, errors = zip(*rows.values(), strict=True)
        return {"name": list(rows), "estimate": list(estimates), "se": list(errors)}

    def posterior(self, ybar: ArrayLike, se: ArrayLike) -> Normal:
        """Return every group's posterior with the estimated prior plugged in, as if it were known.

        The interval is too short by the uncertainty of mu and tau, which plugging in leaves out. With that of mu, but
        not of tau, it is `three_level.posterior` with one chain and tau_chain = 0; for both see `hblib.repairs`.

        Parameters
        ----------
        ybar, se : array_like
            Estimates and standard errors (se >= 0), of any shapes that broadcast.

        Returns
        -------
        Normal
            The posteriors, of the shape to which ybar and se broadcast; at tau = 0 each is the point mu.

        Raises
        ------
        ValueError
            If an argument is out of range, or tau is not identified.

        Examples
        --------
        >>> prior = fit([9, 15, 3, 10], 1.0)
        >>> print(prior.posterior([9, 15, 3, 10], 1.0).mean().round(2))
        [ 9.01 14.68  3.34  9.96]
        """
        if self.status == "not identified":
            raise ValueError("this fit gives no posterior: tau is not identified")
        return posterior(ybar, se, self.mu, self.tau)


def fit(ybar: ArrayLike, se: ArrayLike, method: Method = "ml", counts: ArrayLike | None = None) -> Fit:
    r"""Estimate the prior from the groups (empirical Bayes).

    .. math:: (\hat\mu, \hat\tau) = \arg\max_{\mu, \tau \, \ge \, 0} \; \log p(\bar y \mid \mu, \tau)

    Parameters
    ----------
    ybar, se : array_like of shape (J,)
        Estimates and standard errors (se > 0), in one unit, one row a group. Groups with se = inf drop out.
    method : {"ml", "reml", "moments", "dersimonian-laird", "paule-mandel"}
        "ml" is the maximum of `log_marginal`, the formula above (also called ML-II), and "reml" the maximum with mu
        integrated out under a flat prior. "moments" takes the plain mean for mu, and for tau^2 the variance of ybar
        (divisor J - 1) minus the mean of se^2 (also called Hedges's estimate); "dersimonian-laird" and "paule-mandel"
        are moments with the weights 1/se^2 and 1/(tau^2 + se^2), where mu is the mean with weights 1/(tau^2 + se^2). An
        estimate of tau^2 below 0 becomes 0. With equal se, "reml" and the three kinds of moments agree.
    counts : array_like of shape (J,), optional
        How many groups share each row; one each if left out.

    Returns
    -------
    Fit
        With mu, tau, status, log_likelihood and standard errors; its method posterior(ybar, se) plugs it in.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Also if se = 0, because then the likelihood has no maximum. Data
        that do not determine tau are no error: see `Fit`.

    Notes
    -----
    The moments are those of [1]_ and [2]_, compared in [3]_; [4]_ compares the estimates of tau^2.

    References
    ----------
    .. [1] DerSimonian & Laird (1986), Controlled Clinical Trials 7:177-188.
    .. [2] Paule & Mandel (1982), Journal of Research of the National Bureau of Standards 87:377-385.
    .. [3] DerSimonian & Kacker (2007), Contemporary Clinical Trials 28:105-114.
    .. [4] Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30:261-293.

    Examples
    --------
    >>> by_reml = fit([9, 11, 10], se=0.8**0.5, method="reml")
    >>> print(round(by_reml.tau**2, 6))
    0.2
    >>> print(fit([9, 11, 10], se=0.8**0.5, method="ml").status)
    tau = 0
    """
    arguments.one_of("method", method, METHODS)
    unit, by_se = in_units(*telling_rows(ybar, se, counts))
    if by_se.groups < 2:
        return Fit(mu=by_se.centre * unit if by_se.groups else np.nan, method=method)
    found = METHODS[method](by_se)
    tau = np.sqrt(found.tau2)
    restricted = method == "reml"
    error_tau = found.se_tau2 / (2 * tau) if tau > 0 else np.nan
    log_likelihood = by_se.log_likelihood(found.tau2, restricted, mu=found.mu)
    log_likelihood -= (by_se.groups - restricted) * np.log(unit)
    return Fit(
        mu=float((by_se.centre + found.mu) * unit),
        tau=float(tau * unit),
        status="ok" if tau > 0 else "tau = 0",
        method=method,
        log_likelihood=float(log_likelihood),
        se_mu=float(found.se_mu * unit),
        se_tau=float(error_tau * unit),
    )


def profile(
    ybar: ArrayLike,
    se: ArrayLike,
    tau: ArrayLike,
    method: Literal["ml", "reml"] = "ml",
    counts: ArrayLike | None = None,
) -> FloatOrArray:
    r"""Return the log likelihood of tau alone, at the best mu for each or with mu integrated out.

    .. math::

        \text{ml: } \max_\mu \log p(\bar y \mid \mu, \tau)

        \text{reml: } \log \int p(\bar y \mid \mu, \tau) \, d\mu

    Parameters
    ----------
    ybar, se : array_like of shape (J,)
        Estimates and standard errors (se > 0), one row a group. Groups with se = inf drop out.
    tau : array_like
        Between-group standard deviations >= 0, of any shape.
    method : {"ml", "reml"}
        Which of the two.
    counts : array_like of shape (J,), optional
        How many groups share each row; one each if left out.

    Returns
    -------
    float or array
        The log likelihoods, of the shape of tau. The highest point is what `fit` finds.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Without data "ml" is 0 everywhere, while "reml" does not exist.

    References
    ----------
    .. [1] Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30:261-293.

    Examples
    --------
    >>> print(profile([9, 11, 10], 0.8**0.5, tau=[0, 0.2**0.5]).round(4).tolist())
    [-3.6721, -3.7568]
    """
    arguments.one_of("method", method, ("ml", "reml"))
    tau = arguments.numbers("tau", tau, low=0)
    unit, by_se = in_units(*telling_rows(ybar, se, counts))
    restricted = method == "reml"
    if restricted and not by_se.groups:
        raise ValueError(f"{_NO_DATA} if method is 'reml'")
    return (by_se.log_likelihood((tau / unit) ** 2, restricted) - (by_se.groups - restricted) * np.log(unit))[()]


class Nodes(NamedTuple):
    """The nodes of a quadrature over tau, their posterior weights, and mu given each.

    The posterior mean of any smooth function of tau is np.sum(weight * function(tau)), if it exists.

    Attributes
    ----------
    tau : array
        The nodes.
    weight : array
        Their posterior weights, which add up to 1.
    mu_mean : array
        The mean of the normal distribution of mu given each tau.
    mu_sd : array
        Its standard deviation.
    """

    tau: FloatArray
    weight: FloatArray
    mu_mean: FloatArray
    mu_sd: FloatArray


class Draws(NamedTuple):
    """Joint draws of the posterior.

    Attributes
    ----------
    mu : float or array
        The prior's mean.
    tau : float or array
        The prior's standard deviation.
    theta : array
        The groups' means, with one axis more, the groups.
    """

    mu: FloatOrArray
    tau: FloatOrArray
    theta: FloatOrArray


@dataclass(frozen=True, repr=False, eq=False)
class FullBayes(JointPosterior[Draws]):
    """The exact posterior; what `full_bayes` returns.

    summary(), rvs() and to_datatree() are those of `hblib.distributions.JointPosterior`.

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
    _family = "Normal-Normal"
    _beside_mu = "tau"
    _given: Callable  # tau -> mean and standard deviation of mu
    _data: tuple  # ybar and se

    def _parameters(self):
        return {"mu": self.mu, "tau": self.tau}

    def _draws(self, tau, rng):
        mu = rng.normal(*(part.reshape(tau.shape) for part in self._given(tau.ravel())))
        ybar, se = self._data
        theta = posterior(ybar, se, np.asarray(mu)[..., None], tau[..., None]).rvs(rng=rng)
        return Draws(mu, tau[()], theta)


def full_bayes(
    ybar: ArrayLike,
    se: ArrayLike,
    prior: Any,
    mu_prior: tuple[float, float] | None = None,
    counts: ArrayLike | None = None,
) -> FullBayes:
    r"""Return the exact posterior of mu, tau and every theta_j, by quadrature over tau; no simulation.

    .. math::

        p(\tau \mid \bar y) \propto p(\tau) \, p(\bar y \mid \tau),

        p(\bar y \mid \tau) = \int p(\bar y \mid \mu, \tau) \, p(\mu) \, d\mu

    The integral over mu has a closed form.

    Parameters
    ----------
    ybar, se : array_like of shape (J,)
        Estimates and standard errors (se > 0), in one unit, one row a group. Groups with se = inf have no data.
    prior : Prior, SciPy distribution or callable
        The prior of tau: one of `hblib.priors`, a distribution of SciPy, or a function that gives its log density for
        an array of tau. It may end, jump or bend anywhere.
    mu_prior : tuple of float, optional
        The pair (mean, sd) of a normal prior on mu; None for a flat one.
    counts : array_like of shape (J,), optional
        How many groups share each row, one each if left out; `theta` then has one entry a row.

    Returns
    -------
    FullBayes
        With mu, tau, theta and new_group as distributions.

    Raises
    ------
    ValueError
        If an argument is out of range, or, with the reason, if the posterior is improper: with flat priors on mu and
        tau fewer than three groups, with a flat prior on mu no group with data, and always with a prior that is not
        integrable at tau = 0. Without data and with mu_prior the posterior is the prior.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4.

    Examples
    --------
    >>> from hblib import datasets, priors
    >>> schools = datasets.eight_schools()
    >>> full = full_bayes(schools.ybar, schools.se, priors.uniform())
    >>> print(*(round(each.mean(), 10) for each in (full.mu, full.tau, full.theta[0])))
    7.9323750182 6.5754833467 11.4002608704
    >>> full
    Normal-Normal, full Bayes, prior flat: log evidence -25.0784
      mu: mean 7.932, sd 5.178, 95 % from -2.09 to 18.22
      tau: mean 6.575, sd 5.65, 95 % from 0.2427 to 20.75
      new group: mean 7.932, sd 10.1, 95 % from -12.41 to 28.86
      theta: Mixture of 8 groups: means 5.126 to 11.4, sds 6.275 to 8.341
    """
    ybar, se, number = all_rows(ybar, se, counts)
    prior, known = priors.as_prior(prior), None if mu_prior is None else arguments.mean_and_sd("mu_prior", mu_prior)
    some = np.isfinite(se) & (number > 0)
    if known is None and not some.any():
        raise ValueError(f"{_NO_DATA}, or mu_prior be given")
    counted = None if counts is None else number[some]
    density = TauDensity.of(ybar[some], se[some], counted, prior.log_density, known)
    unit = density.unit
    breaks, lower, upper = prior.range(unit)
    tau, weight, log_evidence = quadrature.integrate_scale(density, lower, upper, unit, breaks=breaks)
    tail = quadrature.tail_power(prior.log_density, upper, unit) - density.freedom  # of the density
    nodes = density.nodes(tau, weight)
    return FullBayes(
        mu=Mixture(mu_parts(nodes, tail if known is None else -np.inf))[0],
        tau=Scale(Panels(density, tau, log_evidence, lower, upper, breaks), weight, tail),
        theta=Mixture(group_parts(nodes, ybar, se, tail)),
        new_group=Mixture(new_group_parts(nodes, tail))[0],
        log_evidence=log_evidence,
        prior=prior,
        nodes=Nodes(tau, weight, *density.mu_given(tau)),
        _given=density.mu_given,
        _data=(ybar, se),
    )


def _prior(mu: ArrayLike, tau: ArrayLike, allow_inf: bool = True) -> tuple[FloatArray, FloatArray]:
    return arguments.numbers("mu", mu), arguments.numbers("tau", tau, low=0, allow_inf=allow_inf)
