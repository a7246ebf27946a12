r"""Stein's estimators: J independent estimates with one known standard error, shrunk together toward a target.

.. math::

    \bar y_j \sim N(\theta_j, se^2)

    estimate_j = target + c \, (\bar y_j - target)

    c = 1 - (J - 2)/S

    S = \sum_j (\bar y_j - target)^2 / se^2

With the mean of ybar as the target [5]_, J - 3 takes the place of J - 2. JS+ [3]_, the default, sets a negative c to 0.

What the theorem [1]_ [2]_ says: for every theta, the expected total squared error of the estimates is smaller than
J se^2, that of ybar itself, if J >= 3 (J >= 4 for the mean). No prior enters; theta may be anything.
What it needs: normal errors, independent, se known and the same in all groups, one loss that adds up all groups.
What it does not promise: a gain in each group. A group far from the target can expect a larger error than with its ybar
alone (see `component_risk`; `limited_translation` [4]_ bounds the harm). Where S is much larger than J, the gain is
small; `sure` [6]_ estimates the risk.

References
----------
.. [1] Stein (1956), Proc. Third Berkeley Symposium 1:197-206.
.. [2] James & Stein (1961), Proc. Fourth Berkeley Symposium 1:361-379.
.. [3] Baranchik (1964), Stanford University, Technical Report 51.
.. [4] Efron & Morris (1972), JASA 67:130-139.
.. [5] Efron & Morris (1975), JASA 70:311-319.
.. [6] Stein (1981), Annals of Statistics 9:1135-1151.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hblib._numerics import arguments
from hblib._numerics.spherical_risk import risk_terms
from hblib._numerics.types import FloatArray


def estimate(ybar: ArrayLike, se: ArrayLike, target: ArrayLike | None = None, positive: bool = True) -> FloatArray:
    r"""Shrink every group's estimate toward the target by one common factor.

    .. math:: estimate_j = target + c \, (\bar y_j - target)

    The factor c is that of `shrinkage`.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        One estimate a group.
    se : array_like
        Their standard error, one number > 0 in the unit of ybar; an array must repeat that number.
    target : array_like, optional
        What to shrink toward, a number or one a group, chosen without looking at ybar; None for the mean of ybar.
    positive : bool
        True for JS+, which never crosses the target; False for the plain estimator of 1961.

    Returns
    -------
    array of shape (J,)
        The estimates. If ybar is exactly at the target, they are the target.

    Raises
    ------
    ValueError
        Naming the argument that is out of range. Also for J < 3 (J < 4 for the mean), where no shrinking toward that
        target beats ybar for every theta, and for unequal se, where this rule can do worse than ybar.

    See Also
    --------
    limited_translation : The same, but no group moves far from its ybar.

    Notes
    -----
    The plain estimator is that of James and Stein [1]_, JS+ that of Baranchik [2]_. To shrink to the mean was Lindley's
    suggestion [3]_.

    References
    ----------
    .. [1] James & Stein (1961), Proc. Fourth Berkeley Symposium 1:361-379.
    .. [2] Baranchik (1964), Stanford University, Technical Report 51.
    .. [3] Lindley (1962), JRSS B 24:285-287, as told by Efron & Morris (1975), JASA 70:311-319.

    Examples
    --------
    >>> estimate(ybar=[4, 2, 0, -2], se=1, target=0).round(3).tolist()
    [3.667, 1.833, 0.0, -1.833]
    """
    return _problem("ybar", ybar, se, target).estimates(positive)


def shrinkage(ybar: ArrayLike, se: ArrayLike, target: ArrayLike | None = None, positive: bool = True) -> float:
    r"""Give the weight c of the group's own ybar in `estimate`, the same in all groups.

    .. math::

        c = 1 - (J - 2)/S

        S = \sum_j (\bar y_j - target)^2 / se^2

    For the mean of ybar as the target, J - 3 takes the place of J - 2. 0 is complete pooling, values near 1 leave ybar
    almost alone. With positive=False, c can be negative. At S = 0 it is 0 in both versions: ybar is at the target, and
    there is nothing to shrink.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        One estimate a group.
    se : array_like
        Their standard error, one number > 0 in the unit of ybar; an array must repeat that number.
    target : array_like, optional
        What to shrink toward, a number or one a group, chosen without looking at ybar; None for the mean of ybar.
    positive : bool
        True for JS+, where c is at least 0; False for the plain estimator of 1961.

    Returns
    -------
    float
        The factor, at most 1.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; J < 3 (J < 4 for the mean); unequal se.

    References
    ----------
    .. [1] James & Stein (1961), Proc. Fourth Berkeley Symposium 1:361-379.

    Examples
    --------
    >>> print(round(shrinkage(ybar=[4, 2, 0, -2], se=1, target=0), 4))
    0.9167
    """
    return float(_problem("ybar", ybar, se, target).factor(positive))


def risk(
    theta: ArrayLike,
    se: ArrayLike = 1.0,
    target: ArrayLike | None = 0.0,
    estimator: Literal["mle", "js", "js+"] = "js+",
) -> float:
    r"""Compute the expected total squared error when the truth is theta, exactly.

    .. math:: \sum_j E(estimate_j - \theta_j)^2

    This is J se^2 for "mle"; for "js" at a fixed target it is

    .. math::

        se^2 \left[J - (J - 2)^2 \, E \frac{1}{J - 2 + 2N}\right],

        N \sim \mathrm{Poisson}(\lambda/2)

        \lambda = \sum_j (\theta_j - target)^2 / se^2

    Where all theta_j are at the target, "js" has the risk 2 se^2 (3 se^2 for the mean), however many groups there are.

    Parameters
    ----------
    theta : array_like of shape (J,)
        The true values, one a group.
    se : array_like
        The standard error of each group's ybar, one number > 0 in the unit of theta; an array must repeat that number.
    target : array_like, optional
        What is shrunk toward, a number (0 if left out) or one a group; None for the mean of ybar.
    estimator : {"mle", "js", "js+"}
        "mle" is ybar itself, "js" the plain estimator of 1961, and "js+" the one whose factor is at least 0.

    Returns
    -------
    float
        The risk, in the squared unit of theta.

    Raises
    ------
    ValueError
        Naming the argument that is out of range, an unknown estimator too; unequal se; J < 3 (J < 4 for the mean)
        unless the estimator is "mle", which takes any J.

    See Also
    --------
    component_risk : The part of each group, and how it is computed.
    sure : The estimate of the risk from ybar.

    References
    ----------
    .. [1] James & Stein (1961), Proc. Fourth Berkeley Symposium 1:361-379.
    .. [2] Baranchik (1964), Stanford University, Technical Report 51.

    Examples
    --------
    >>> names = ("mle", "js", "js+")
    >>> print(*(round(risk([1] * 10, estimator=name), 4) for name in names))
    10.0 6.2091 6.1093
    """
    return float(component_risk(theta, se, target, estimator).sum())


def component_risk(
    theta: ArrayLike,
    se: ArrayLike = 1.0,
    target: ArrayLike | None = 0.0,
    estimator: Literal["mle", "js", "js+"] = "js+",
) -> FloatArray:
    r"""Compute each group's own expected squared error, exactly; `risk` is their sum.

    .. math::

        E(estimate_j - \theta_j)^2 = se^2 (A + m_j^2 B),

        m_j = (\theta_j - target)/se

    A, B > 0 (for "mle" A = 1 and B = 0) are the same for all groups, so under either rule of Stein's the group farthest
    from the target has the largest error. For the mean, the target is the mean of theta, and (1 - 1/J) A + 1/J takes
    the place of A: the mean has an error of its own.

    Parameters
    ----------
    theta : array_like of shape (J,)
        The true values, one a group.
    se : array_like
        The standard error of each group's ybar, one number > 0 in the unit of theta; an array must repeat that number.
    target : array_like, optional
        What is shrunk toward, a number (0 if left out) or one a group; None for the mean of ybar.
    estimator : {"mle", "js", "js+"}
        "mle" is ybar itself, "js" the plain estimator of 1961, and "js+" the one whose factor is at least 0.

    Returns
    -------
    array of shape (J,)
        The mean squared errors, in the squared unit of theta.

    Raises
    ------
    ValueError
        Naming the argument that is out of range, an unknown estimator too; unequal se; J < 3 (J < 4 for the mean)
        unless the estimator is "mle", which takes any J.

    Notes
    -----
    The moments of a spherical rule, as Bock [1]_ gives them, are put into the expected loss.

    References
    ----------
    .. [1] Bock (1975), Annals of Statistics 3:209-218.

    Examples
    --------
    >>> component_risk([5] + [0] * 9).round(3).tolist()[:3]
    [2.683, 0.587, 0.587]
    """
    arguments.one_of("estimator", estimator, ("mle", "js", "js+"))
    problem = _problem("theta", theta, se, target, needs_three=estimator != "mle")
    theta, se, target, free = problem.values, problem.se, problem.target, problem.free
    if estimator == "mle":
        return np.broadcast_to(se**2, theta.shape).copy()
    with np.errstate(over="ignore"):
        m = np.clip((theta - target) / se, -1e100, 1e100)  # from there on, the risk is that of "mle" to the last digit
    noise, lean = risk_terms(free, np.sum(m**2), positive=estimator == "js+")
    J = theta.size
    return se**2 * (free / J * noise + (J - free) / J + m**2 * lean)


def sure(ybar: ArrayLike, se: ArrayLike, target: ArrayLike | None = None, positive: bool = True) -> float:
    r"""Give Stein's unbiased estimate of the risk of `estimate`, from ybar alone.

    .. math::

        se^2 \left[J - (J - 2)^2/S\right],

        \text{but for JS+ where } S < J - 2: \quad se^2 \left[S - J\right]

    For the mean it is se^2 [J - (J - 3)^2/S], and for JS+ where S < J - 3, se^2 [S - J + 2]. Its mean over ybar is
    `risk`, whatever theta is; a single value can be far off, even negative.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        One estimate a group.
    se : array_like
        Their standard error, one number > 0 in the unit of ybar; an array must repeat that number.
    target : array_like, optional
        What to shrink toward, a number or one a group, chosen without looking at ybar; None for the mean of ybar.
    positive : bool
        True for JS+, which never crosses the target; False for the plain estimator of 1961.

    Returns
    -------
    float
        The estimate, in the squared unit of ybar; -inf for the plain estimator at S = 0, the limit of the formula.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; J < 3 (J < 4 for the mean); unequal se.

    Notes
    -----
    In units of se, the loss of ybar + g(ybar) has the same mean as [1]_

    .. math:: J + |g|^2 + 2 \, \mathrm{div}\, g

    References
    ----------
    .. [1] Stein (1981), Annals of Statistics 9:1135-1151.

    Examples
    --------
    >>> print(round(sure(ybar=[4, 2, 0, -2], se=1, target=0), 4))
    3.8333
    """
    problem = _problem("ybar", ybar, se, target)
    J, squares, free = problem.values.size, problem.squares, problem.free
    if positive and squares < free - 2:
        return float(problem.se**2 * (squares + J - 2 * free))
    with np.errstate(divide="ignore", over="ignore"):
        return float(problem.se**2 * (J - (free - 2) ** 2 / squares))


def limited_translation(
    ybar: ArrayLike, se: ArrayLike, target: ArrayLike | None = None, limit: ArrayLike = 1.0
) -> FloatArray:
    r"""Estimate by JS+, but move no group farther from its ybar than ``limit`` standard errors.

    .. math::

        estimate_j = JS^+_j \text{ brought back into}

        [\bar y_j - limit \cdot se, \; \bar y_j + limit \cdot se]

    A group far from the target thereby loses at most a known amount: the root of its mean squared error is at most
    (1 + limit) se. Where no group stands out, the price is a part of the total gain; where one does, the total can gain
    as well. The theorem itself does not cover this rule. limit = 0 is ybar, limit = inf is JS+.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        One estimate a group.
    se : array_like
        Their standard error, one number > 0 in the unit of ybar; an array must repeat that number.
    target : array_like, optional
        What to shrink toward, a number or one a group, chosen without looking at ybar; None for the mean of ybar.
    limit : array_like
        How far, in units of se (Efron and Morris write D): a number >= 0, or one a group; inf is allowed.

    Returns
    -------
    array of shape (J,)
        The estimates.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; J < 3 (J < 4 for the mean); unequal se.

    Notes
    -----
    Efron and Morris's own limit [1]_ also depends on S; this simpler form, with a fixed limit, is that of [2]_.

    References
    ----------
    .. [1] Efron & Morris (1972), JASA 67:130-139.
    .. [2] Efron & Hastie (2016), Computer Age Statistical Inference, chapter 7.

    Examples
    --------
    >>> print(limited_translation([4, 1, 0, -1], se=1, target=0, limit=0.25).round(3))
    [ 3.75   0.889  0.    -0.889]
    """
    limit = arguments.numbers("limit", limit, low=0, allow_inf=True)
    problem = _problem("ybar", ybar, se, target)
    ybar, limit = arguments.groups(ybar=problem.values, limit=limit)
    farthest = limit * problem.se
    return np.clip(problem.estimates(positive=True), ybar - farthest, ybar + farthest)


class _Problem(NamedTuple):
    """What is shrunk, and toward what."""

    values: FloatArray
    se: float
    target: FloatArray  # one for each value
    free: int  # the dimensions of values - target: J, or J - 1 if the target is the mean

    @property
    def squares(self) -> float:
        """S, the sum of squares in units of se; inf, where it overflows, is as good as any number that large."""
        with np.errstate(over="ignore"):
            return np.sum(((self.values - self.target) / self.se) ** 2)

    def factor(self, positive: bool) -> float:
        squares = self.squares
        if squares < 1e-290:  # at the target, as far as they can tell
            return 0.0
        factor = 1 - (self.free - 2) / squares
        return max(factor, 0.0) if positive else factor

    def estimates(self, positive: bool) -> FloatArray:
        return self.target + self.factor(positive) * (self.values - self.target)


def _problem(
    name: str, values: ArrayLike, se: ArrayLike, target: ArrayLike | None, needs_three: bool = True
) -> _Problem:
    """The checked arguments; `name` is what the caller's function calls the values."""
    checked = {name: arguments.numbers(name, values), "se": arguments.numbers("se", se, low=0, open_low=True)}
    if target is None:
        values, se = arguments.groups(**checked)
        # The mean of deviations from one of the values is exactly 0 if all are equal, also for values like 0.1.
        target, free, least = np.full(values.shape, values[0] + np.mean(values - values[0])), values.size - 1, 4
    else:
        values, se, target = arguments.groups(**checked, target=arguments.numbers("target", target))
        free, least = values.size, 3
    if needs_three and values.size < least:
        goal = "the mean" if least == 4 else "a fixed target"
        raise ValueError(
            f"the James-Stein theorem needs at least {least} groups to shrink toward {goal}, but {name} has J = "
            f"{values.size}: with fewer, no shrinking toward it beats ybar for every theta"
        )
    if se.max() - se.min() > 1e-9 * se.max():
        raise ValueError(
            "se must be the same in all groups: with unequal se, the James-Stein rule can do worse than ybar; "
            "hblib.normal_normal.fit weights each group by its precision"
        )
    return _Problem(values, se[0], target, free)
