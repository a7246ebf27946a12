r"""Means from raw observations: what `normal_normal` takes as known is estimated from the groups themselves.

.. math::

    y_{ij} \mid \theta_j \sim N(\theta_j, \sigma^2)

    \theta_j \sim N(\mu, \tau^2)

Observation i of group j; sigma is the standard deviation within groups, one for all of them.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hblib._numerics import arguments
from hblib._numerics.means_by_se import BySe
from hblib._numerics.means_fit import RatioLikelihood, above_rounding
from hblib._numerics.means_rows import group_summaries
from hblib._numerics.types import FloatArray, IntArray, Labels
from hblib.normal_normal import Fit


class GroupMeans(NamedTuple):
    """Raw observations summed up by group; ybar and se are what the functions for means take.

    Attributes
    ----------
    ybar : array of shape (J,)
        The groups' means.
    se : array of shape (J,)
        Their standard errors, sigma/sqrt(n), with the pooled sigma.
    n : array of shape (J,)
        How many observations each group has.
    group : array of shape (J,)
        The labels, sorted.
    sigma : float
        The within-group standard deviation, pooled over groups.
    """

    ybar: FloatArray
    se: FloatArray
    n: IntArray
    group: Labels
    sigma: float


def group_means(values: ArrayLike, group: ArrayLike) -> GroupMeans:
    r"""Return group means with standard errors from the pooled within-group standard deviation.

    .. math::

        \sigma^2 = \frac{\sum_{ij} (y_{ij} - \bar y_j)^2}{N - J}

        se_j = \frac{\sigma}{\sqrt{n_j}}

    Parameters
    ----------
    values : array_like of shape (N,)
        The observations.
    group : array_like of shape (N,)
        The label of each one's group.

    Returns
    -------
    GroupMeans
        The means ybar, se, n, group and sigma, in the order of the sorted labels.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Also if no group has two observations that differ by more than
        rounding.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4.

    Examples
    --------
    >>> means = group_means([1.0, 3.0, 4.0, 6.0], ["a", "a", "b", "b"])
    >>> print(means.ybar.tolist(), means.se.tolist(), round(means.sigma, 4))
    [2.0, 5.0] [1.0, 1.0] 1.4142
    """
    groups = group_summaries(values, group)
    sigma = float(np.sqrt(groups.within / (np.sum(groups.n) - groups.n.size)) * groups.unit)
    return GroupMeans(groups.ybar * groups.unit, sigma / np.sqrt(groups.n), groups.n, groups.label, sigma)


def fit(values: ArrayLike, group: ArrayLike, method: Literal["ml", "reml"] = "reml") -> Fit:
    r"""Estimate mu, tau and the within-group sigma together from raw observations.

    .. math::

        y_{ij} \sim N(\theta_j, \sigma^2)

        \theta_j \sim N(\mu, \tau^2)

    Parameters
    ----------
    values : array_like of shape (N,)
        The observations.
    group : array_like of shape (N,)
        The label of each one's group.
    method : {"reml", "ml"}
        The likelihood with mu integrated out under a flat prior, or the whole one.

    Returns
    -------
    Fit
        With sigma and its standard error. Of a single group mu alone is estimated, its mean; the status is then "not
        identified" and the rest nan.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Also if no group has two observations that differ by more than
        rounding.

    Notes
    -----
    Given tau^2/sigma^2, both sigma and mu have closed forms, so that the search is for that ratio alone [1]_. se_mu is
    that of mu given the variances; se_tau and se_sigma come from the observed information on both, se_sigma from that
    on sigma alone where tau = 0.

    References
    ----------
    .. [1] Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS, section 2.2.

    Examples
    --------
    >>> three = fit([9, 10, 11, 14, 15, 16, 3, 5, 4], [1, 1, 1, 2, 2, 2, 3, 3, 3])
    >>> print(round(three.mu, 3), round(three.tau, 3), round(three.sigma, 3))
    9.667 5.477 1.0
    """
    arguments.one_of("method", method, ("ml", "reml"))
    groups = group_summaries(values, group)
    n, unit = groups.n, groups.unit
    if n.size < 2:
        return Fit(mu=float(groups.ybar[0] * unit), method=method)
    by_se = BySe.of(groups.ybar, 1 / np.sqrt(n))
    likelihood = RatioLikelihood(by_se, groups.within, observations=int(n.sum()), restricted=method == "reml")
    ratio = likelihood.best()
    ratio = above_rounding(ratio, by_se, by_se.at(0.0).w ** 2, likelihood.sigma(ratio))
    sigma, log_likelihood = likelihood.sigma(ratio), likelihood.log_likelihood(ratio)
    here = by_se.at(ratio)
    error_tau, error_sigma = likelihood.errors(ratio)
    return Fit(
        mu=float((by_se.centre + here.mu) * unit),
        tau=float(np.sqrt(ratio) * sigma * unit),
        status="ok" if ratio > 0 else "tau = 0",
        method=method,
        log_likelihood=float(log_likelihood - likelihood.freedom * np.log(unit)),
        se_mu=float(sigma / np.sqrt(here.total) * unit),
        se_tau=float(error_tau * unit),
        sigma=float(sigma * unit),
        se_sigma=float(error_sigma * unit),
    )
