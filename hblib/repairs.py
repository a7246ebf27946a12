r"""Repairs of the empirical Bayes interval, which is too short because it takes the estimated prior for the true one.

The variance of theta_j has two parts (law of total variance; the hyperparameters are mu and tau, or mu and phi):

.. math::

    \mathrm{Var}(\theta_j) = E[\mathrm{Var}(\theta_j \mid \text{hyperparameters})]

    {} + \mathrm{Var}(E[\theta_j \mid \text{hyperparameters}])

Plugging in an estimate takes the first part at that estimate and drops the second. With few groups the second counts,
and where tau is estimated as 0 nothing is left of the first. Each repair answers with one of `hblib.distributions`,
which has mean(), std(), interval(prob) and the rest:

==========================  ======================================================================
`morris`                    Normal-Normal; formulas for both parts, from 4 groups on
`kass_steffey`              Normal-Normal; the second part by the delta method, where tau > 0
`laird_louis`               Normal-Normal; the second part by refitting simulated data
`bootstrap_beta_binomial`   the same for the Beta-Binomial
==========================  ======================================================================

`exact_coverage` computes exactly how often an interval contains the truth, where all standard errors are equal.

They repair most, not all. Share in per cent of the theta_j inside 95 % intervals, with equal se and REML; the first
two rows by `exact_coverage`, the others by simulating at least 20,000 data sets (`hblib.datasets.coverage`), the delta
method where it answers:

==================  =====  =====  =====  =====  =====  =====
groups                  8      8      8     20     20     20
tau/se                0.5      1      2    0.5      1      2
==================  =====  =====  =====  =====  =====  =====
plugged in             51     73     90     63     86     94
`morris`               98     96     95     96     94     95
`kass_steffey`         97     94     94     96     93     95
`laird_louis`          95     92     93     94     92     94
==================  =====  =====  =====  =====  =====  =====
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from hblib import beta_binomial, normal_normal
from hblib._numerics import arguments
from hblib._numerics.interval_coverage import probability_inside
from hblib._numerics.types import FloatArray, Rng
from hblib.distributions import Normal, Point, Refits


def morris(ybar: ArrayLike, se: ArrayLike) -> Normal:
    r"""Approximate the posterior of each group's theta_j, mu and tau unknown, by Morris's formulas.

    .. math::

        \theta_j \sim N\left(\kappa_j \bar y_j + (1 - \kappa_j) \mu, \; v_j\right)

        1 - \kappa_j = \frac{J - 3}{J - 1} \cdot \frac{se_j^2}{se_j^2 + \tau^2}

        v_j = se_j^2 \kappa_j + se_j^2 (1 - \kappa_j) \frac{r_j}{J}

        {} + \frac{2}{J - 3} (1 - \kappa_j)^2 r_j (\bar y_j - \mu)^2

    J is the number of groups, w_j = 1/(se_j^2 + tau^2), mu the mean of the ybar_j with weights w_j, r_j = w_j over the
    mean of all w, and tau^2 is estimated: it solves

    .. math:: \tau^2 = \frac{\sum_j w_j \left(\frac{J}{J - 1} (\bar y_j - \mu)^2 - se_j^2\right)}{\sum_j w_j}

    or is 0 if the solution is negative. The second term of v_j is the uncertainty of mu and the third that of kappa_j.
    The factor (J - 3)/(J - 1) removes the bias: even tau = 0 leaves some weight on ybar_j. With equal se, r_j = 1 and
    tau^2 is the variance of ybar (divisor J - 1) minus se^2, or 0.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        The groups' estimates, at least 4.
    se : array_like of shape (J,)
        Their standard errors, 0 < se < inf, in the unit of ybar.

    Returns
    -------
    Normal of shape (J,)
        The approximate posteriors.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; fewer than 4 groups, where the factor J - 3 is not positive.

    Notes
    -----
    Since w_j (se_j^2 + tau^2) = 1, the equation for tau^2 says sum w_j (ybar_j - mu)^2 = J - 1 [2]_, whose left side
    falls with tau^2: there is one solution. Morris [1]_ writes k for J, A for tau^2, B_j for 1 - kappa_j and, in the
    third term, r_j as (V + A)/(se_j^2 + A), V the mean of se_j^2 with weights w_j: the same number.

    References
    ----------
    .. [1] Morris (1983), JASA 78:47-55.
    .. [2] Paule & Mandel (1982), Journal of Research of the National Bureau of Standards 87:377-385.

    Examples
    --------
    >>> post = morris(ybar=[4.8, 5.1, 4.9, 5.0, 6.2], se=5**-0.5)
    >>> print(post.mean().round(3), post.std().round(3))
    [4.923 5.131 4.992 5.062 5.892] [0.407 0.39  0.399 0.393 0.495]
    """
    ybar = arguments.numbers("ybar", ybar)
    se = arguments.numbers("se", se, low=0, open_low=True)
    ybar, se = arguments.groups(ybar=ybar, se=se)
    J = ybar.size
    if J < 4:
        raise ValueError(f"ybar must hold at least 4 groups, but has {J}: the shrinkage factor contains J - 3")
    prior = normal_normal.fit(ybar, se, "paule-mandel")
    sd = np.hypot(se, prior.tau)
    weight = (sd.min() / sd) ** 2  # up to a factor, which r does not feel
    b = (J - 3) / (J - 1) * (se / sd) ** 2  # 1 - kappa
    r = J * weight / weight.sum()
    d = ybar - prior.mu
    inflation = 1 - b + b * r / J + 2 / (J - 3) * r * (b * (d / se)) ** 2  # v_j/se_j^2
    return Normal(ybar - b * d, se * np.sqrt(inflation))


def kass_steffey(ybar: ArrayLike, se: ArrayLike, method: Literal["reml", "ml"] = "reml") -> Normal:
    r"""Enlarge the variance of the plugged-in posterior by the delta method.

    .. math:: \mathrm{Var}(\theta_j) = \kappa_j se_j^2 + g_j' C g_j

    Here g_j is the gradient of E[theta_j | ybar_j, mu, tau^2] in (mu, tau^2), and C the inverse of the observed
    information on them. The estimate of mu varies by itself, with variance 1/sum w_i, and follows that of tau^2 with
    slope m; written out,

    .. math::

        g_j' C g_j = (1 - \kappa_j)^2 \Big[\frac{1}{\sum_i w_i}

        {} + (w_j (\bar y_j - \mu) + m)^2 \, \mathrm{Var}(\tau^2)\Big]

        w_j = \frac{1}{se_j^2 + \tau^2}

        m = -\frac{\sum_i w_i^2 (\bar y_i - \mu)}{\sum_i w_i}

    Var(tau^2) is that of ``method``. To this order tau or log tau^2 in place of tau^2 gives the same.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        The groups' estimates; may be nan where se = inf.
    se : array_like of shape (J,)
        Their standard errors > 0, in the unit of ybar. A group with se = inf has no data: it gets the estimated prior,
        enlarged in the same way.
    method : {"reml", "ml"}
        How the prior is estimated, see `hblib.normal_normal.fit`.

    Returns
    -------
    Normal of shape (J,)
        With the plugged-in means.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; also where tau is estimated as 0 or not identified: the expansion
        needs a maximum inside. `laird_louis` and `morris` then still answer.

    References
    ----------
    .. [1] Kass & Steffey (1989), JASA 84:717-726, the first-order approximation.

    Examples
    --------
    >>> post = kass_steffey(ybar=[4.8, 5.1, 4.9, 5.0, 6.2], se=5**-0.5)
    >>> print(post.mean().round(3), post.std().round(3))
    [5.046 5.162 5.085 5.123 5.585] [0.363 0.322 0.344 0.33  0.539]
    """
    arguments.one_of("method", method, ("reml", "ml"))
    prior = normal_normal.fit(ybar, se, method)
    if prior.status != "ok":
        raise ValueError(f"the delta method needs an estimate of tau above 0, but this fit says: {prior.status}")
    ybar, se = _rows(ybar, se)
    plugged = prior.posterior(ybar, se)
    weight = np.asarray(normal_normal.shrinkage(se, prior.tau))  # all in units of tau, in which w_j is kappa_j
    d = np.where(weight == 0, 0, ybar - prior.mu) / prior.tau
    follow = -np.sum(weight**2 * d) / weight.sum()
    var_tau2 = (2 * prior.se_tau / prior.tau) ** 2
    added = (1 - weight) * np.sqrt(1 / weight.sum() + (weight * d + follow) ** 2 * var_tau2)
    return Normal(plugged.mean(), np.hypot(plugged.std(), prior.tau * added))


def laird_louis(
    ybar: ArrayLike,
    se: ArrayLike,
    draws: int,
    rng: Rng = None,
    method: normal_normal.Method = "reml",
) -> Refits:
    r"""Average each group's posteriors given its own data over refits of the prior: the parametric bootstrap.

    .. math::

        \bar y^*_j \sim N(\hat\mu, \hat\tau^2 + se_j^2)

        (\mu^*, \tau^*) \text{ the fit to } \bar y^*

        \theta_j \sim \text{average over draws of}

        p(\theta_j \mid \bar y_j, \mu^*, \tau^*)

    The data are simulated from the fit to ybar. A refit with tau* = 0 contributes the point mu*. Where tau itself is
    estimated as 0 the refits still spread, so that the repair works, but more than half of them sit on that boundary.
    The standard deviation need not grow in each single group: refits with tau* below the estimate have narrower
    posteriors, and with unequal se they can outweigh the rest.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        The groups' estimates; may be nan where se = inf.
    se : array_like of shape (J,)
        Their standard errors > 0, in the unit of ybar. A group with se = inf has no data: it gets the priors of the
        refits.
    draws : int
        Number of simulated data sets; with 1000 the simulation error of an interval's end (its standard deviation from
        seed to seed) is mostly below 2/100 of the interval's length; where few groups lie far apart it can exceed 1/10.
    rng : numpy.random.Generator or int, optional
        A generator, or a seed for one; None gives other draws each time.
    method : {"reml", "ml", "moments", "dersimonian-laird", "paule-mandel"}
        How the prior is estimated, see `hblib.normal_normal.fit`.

    Returns
    -------
    Refits of shape (J,)
        The averages.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; fewer than two groups with data, from which nothing refits.

    References
    ----------
    .. [1] Laird & Louis (1987), JASA 82:739-750, the type III bootstrap.

    Examples
    --------
    >>> post = laird_louis([4.8, 5.1, 4.9, 5.0, 6.2], 5**-0.5, draws=2000, rng=1)
    >>> print(post.mean().round(1), post.std().round(1))
    [5.1 5.2 5.1 5.1 5.5] [0.3 0.3 0.3 0.3 0.4]
    """
    draws, rng = arguments.whole("draws", draws), arguments.generator("rng", rng)
    prior = normal_normal.fit(ybar, se, method)
    if prior.status == "not identified":
        raise ValueError("ybar must hold at least two groups with data: the prior is not identified")
    ybar, se = _rows(ybar, se)
    seen = se[np.isfinite(se)]
    sample = rng.normal(prior.mu, np.hypot(prior.tau, seen), (draws, seen.size))
    mu, tau = _refit(sample, seen, method)
    return Refits((normal_normal.posterior(ybar[:, None], se[:, None], mu, tau),))


def bootstrap_beta_binomial(
    y: ArrayLike, n: ArrayLike, draws: int, rng: Rng = None, method: Literal["ml", "moments"] = "ml"
) -> Refits:
    r"""Average each group's posteriors over refits of the prior, as `laird_louis` does, for the Beta-Binomial.

    .. math::

        \theta^*_j \sim \mathrm{Beta}(\hat\alpha, \hat\beta)

        y^*_j \sim \mathrm{Binomial}(n_j, \theta^*_j)

        (\alpha^*, \beta^*) \text{ the fit to } y^*

        \theta_j \sim \text{average over draws of}

        \mathrm{Beta}(\alpha^* + y_j, \; \beta^* + n_j - y_j)

    The data are simulated from the fit to y and n. A refit with phi* = 0 contributes the point mu*. Simulated data that
    do not determine phi, or whose refit has phi* = inf (every group is all successes or all failures; for "moments" see
    `hblib.beta_binomial.Fit`), are left out: the average is conditional on data like those in hand.

    Parameters
    ----------
    y : array_like of int, shape (J,)
        Successes, one row a group.
    n : array_like of int, shape (J,)
        Trials. A group with n = 0 gets the priors of the refits.
    draws : int
        Number of simulated data sets, those that are left out included.
    rng : numpy.random.Generator or int, optional
        A generator, or a seed for one; None gives other draws each time.
    method : {"ml", "moments"}
        How the prior is estimated, see `hblib.beta_binomial.fit`.

    Returns
    -------
    Refits of shape (J,)
        The averages.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; data that do not determine phi or give phi = inf; no draw that can be
        used.

    References
    ----------
    .. [1] Laird & Louis (1987), JASA 82:739-750.
    .. [2] Carlin & Gelfand (1991), JRSS B 53:189-200.

    Examples
    --------
    >>> post = bootstrap_beta_binomial([1, 3, 0, 9], 20, draws=200, rng=1)
    >>> print(post.mean().round(1), post.mean()[3] < 9 / 20)
    [0.1 0.1 0.1 0.3] True
    """
    draws, rng = arguments.whole("draws", draws), arguments.generator("rng", rng)
    prior = beta_binomial.fit(y, n, method)
    if prior.status not in ("ok", "phi = 0"):
        raise ValueError(f"the fit to y and n gives no prior to draw from: {prior.status}")
    y, n = arguments.successes(y, n, join=arguments.groups)
    shape = (draws, y.size)
    theta = rng.beta(prior.alpha, prior.beta, shape) if prior.status == "ok" else np.full(shape, prior.mu)
    fits = [beta_binomial.fit(row, n, method) for row in rng.binomial(np.asarray(n, dtype=np.int64), theta)]
    alpha, beta = np.array([(fit.alpha, fit.beta) for fit in fits if fit.status == "ok"]).reshape(-1, 2).T
    points = np.array([fit.mu for fit in fits if fit.status == "phi = 0"])
    if alpha.size + points.size == 0:
        raise ValueError(f"draws = {draws} simulated data sets hold none that determines phi")
    of_groups = beta_binomial.posterior(y[:, None], n[:, None], alpha, beta)
    return Refits((of_groups, Point(np.tile(points, (y.size, 1)))))


def exact_coverage(
    groups: int, ratio: float, method: Literal["reml", "ml", "morris"] = "reml", prob: float = 0.95
) -> float:
    r"""Compute the probability that a group's interval contains its theta_j, over all data of J such groups.

    .. math::

        \theta_j \sim N(\mu, \tau^2), \quad j = 1, \dots, J

        \bar y_j \mid \theta_j \sim N(\theta_j, se^2)

    Parameters
    ----------
    groups : int
        How many groups there are, J >= 4.
    ratio : float
        The spread tau/se > 0.
    method : {"reml", "ml", "morris"}
        "reml" and "ml" are the interval with that estimate plugged in (with equal se, "reml" is also what the moments
        give); "morris" is that of `morris`.
    prob : float
        The probability that the interval claims, 0 <= prob < 1.

    Returns
    -------
    float
        The probability, with an error below 1e-6 (for 5 and more groups below 1e-9).

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    Notes
    -----
    By the law of total probability and quadrature; tests/test_coverage.py compares it with simulation.

    References
    ----------
    .. [1] Morris (1983), JASA 78:47-55, for the interval of "morris".

    Examples
    --------
    >>> print(*(round(exact_coverage(8, 1.0, way), 4) for way in ("reml", "morris")))
    0.7252 0.9568
    """
    arguments.one_of("method", method, ("reml", "ml", "morris"))
    groups = arguments.whole("groups", groups, low=4)
    ratio = arguments.one("ratio", ratio, low=0, open_low=True)
    prob = arguments.one("prob", prob, low=0)
    if prob >= 1:
        raise ValueError(f"prob must be below 1, but is {prob}")
    return probability_inside(groups, ratio, method, prob)


def _rows(ybar: ArrayLike, se: ArrayLike) -> tuple[FloatArray, ...]:
    """One row a group; `normal_normal.fit` has seen to it that ybar is missing only where se = inf."""
    ybar, se = arguments.numbers("ybar", ybar, allow_nan=True), arguments.numbers("se", se, allow_inf=True)
    return arguments.groups(ybar=ybar, se=se)


def _refit(sample, se, method):
    """(mu, tau) of `normal_normal.fit` for each row of the sample: at once where equal se give it in closed form."""
    if np.ptp(se) > 0:
        fits = [normal_normal.fit(row, se, method) for row in sample]
        return np.array([fit.mu for fit in fits]), np.array([fit.tau for fit in fits])
    ratio2 = (sample / se[0]).var(axis=1, ddof=0 if method == "ml" else 1) - 1
    return sample.mean(axis=1), se[0] * np.sqrt(np.maximum(ratio2, 0))
