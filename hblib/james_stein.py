"""The James-Stein estimator: k independent estimates with one known standard error, shrunk together toward a target.

    y_i ~ N(theta_i, se^2),   estimate_i = target + c (y_i - target)
    c = 1 - (k - 2)/S,        S = sum_i (y_i - target)^2/se^2

With the mean of y as the target, k - 3 takes the place of k - 2. JS+, the default, sets a negative c to 0.

What the theorem says: for every theta, the expected total squared error sum_i E(estimate_i - theta_i)^2 is smaller
than k se^2, that of y itself, if k >= 3 (k >= 4 for the mean). No prior enters; theta may be anything.
What it needs: normal errors, independent, se known and the same in all groups, one loss that adds up all groups.
What it does not promise: a gain in each group. A group far from the target can expect a larger error than with its y
alone (see `component_risk`; `limited_translation` bounds the harm). Where S is much larger than k, the gain is small.

Sources: Stein (1956), Proc. Third Berkeley Symposium 1:197-206. James & Stein (1961), Proc. Fourth Berkeley Symposium
1:361-379. Baranchik (1964), Stanford University, Technical Report 51. Efron & Morris (1972), JASA 67:130-139, and
(1975), JASA 70:311-319. Stein (1981), Annals of Statistics 9:1135-1151.
"""

import numpy as np

from hblib._numerics import arguments
from hblib._numerics.spherical_risk import risk_terms


def estimate(y, se, target=None, positive=True):
    """Every group's estimate, shrunk by one common factor.

        target + c (y_i - target),   c = `shrinkage(y, se, target, positive)`

    Parameters
    ----------
    y : one estimate a group, shape (k,).
    se : their standard error, one number > 0 in the unit of y; an array must repeat that number.
    target : what to shrink toward, a number or one a group, chosen without looking at y; None for the mean of y.
    positive : True for JS+, which never crosses the target; False for the plain estimator of 1961.

    Returns
    -------
    The estimates, shape (k,). If y is exactly at the target, they are the target.

    Raises
    ------
    ValueError naming the argument that is out of range; k < 3 (k < 4 for the mean), where no shrinking toward that
    target beats y for every theta; unequal se, where this rule can do worse than y.

    Source: James & Stein (1961); JS+: Baranchik (1964); shrinking to the mean: Efron & Morris (1975).

    >>> estimate(y=[4, 2, 0, -2], se=1, target=0).round(3).tolist()
    [3.667, 1.833, 0.0, -1.833]
    """
    y, se, target, free = _groups("y", y, se, target)
    return target + _factor(_total(y, se, target), free, positive) * (y - target)


def shrinkage(y, se, target=None, positive=True):
    """The factor c: the weight of the group's own y in `estimate`, the same in all groups.

        c = 1 - (k - 2)/S,   S = sum (y_i - target)^2/se^2;   k - 3 for the mean

    0 is complete pooling, values near 1 leave y almost alone. With positive=False, c can be negative. At S = 0 it is 0
    in both versions: y is at the target, and there is nothing to shrink.

    Parameters, Raises: as in `estimate`.

    >>> print(round(shrinkage(y=[4, 2, 0, -2], se=1, target=0), 4))
    0.9167
    """
    y, se, target, free = _groups("y", y, se, target)
    return float(_factor(_total(y, se, target), free, positive))


def risk(theta, se=1.0, target=0.0, estimator="js+"):
    """The expected total squared error when the truth is theta, exactly.

        sum_i E(estimate_i - theta_i)^2

    This is k se^2 for "mle"; for "js" at a fixed target, se^2 [k - (k - 2)^2 E 1/(k - 2 + 2N)], N ~ Poisson(lambda/2),
    lambda = sum_i (theta_i - target)^2/se^2. Where all theta_i are at the target, "js" has the risk 2 se^2 (3 se^2 for
    the mean), however many groups there are.

    Parameters
    ----------
    theta : the true values, one a group, shape (k,).
    se, target : as in `estimate`, but target is 0 if left out; None is the mean of y, as there.
    estimator : "mle" for y itself, "js" or "js+".

    Returns
    -------
    A float, in the squared unit of theta.

    Raises
    ------
    ValueError as in `estimate`; an unknown estimator. "mle" takes any k.

    Source: James & Stein (1961); Baranchik (1964); the computation: see `component_risk`.

    >>> print(*(round(risk([1] * 10, estimator=name), 4) for name in ("mle", "js", "js+")))
    10.0 6.2091 6.1093
    """
    return float(component_risk(theta, se, target, estimator).sum())


def component_risk(theta, se=1.0, target=0.0, estimator="js+"):
    """Each group's own expected squared error, exactly; `risk` is their sum.

        E(estimate_i - theta_i)^2 = se^2 (A + m_i^2 B),   m_i = (theta_i - target)/se

    A, B > 0 are the same for all groups, so the group farthest from the target has the largest error. For the mean,
    the target is the mean of theta, and (1 - 1/k) A + 1/k takes the place of A: the mean has an error of its own.

    Parameters, Raises: as in `risk`.

    Returns
    -------
    Array of shape (k,), in the squared unit of theta.

    Source: the moments of a spherical rule, Bock (1975), Annals of Statistics 3:209-218, put into the expected loss.

    >>> component_risk([5] + [0] * 9).round(3).tolist()[:3]
    [2.683, 0.587, 0.587]
    """
    arguments.one_of("estimator", estimator, ("mle", "js", "js+"))
    theta, se, target, free = _groups("theta", theta, se, target, needs_three=estimator != "mle")
    if estimator == "mle":
        return np.broadcast_to(se**2, theta.shape).copy()
    with np.errstate(over="ignore"):
        m = np.clip((theta - target) / se, -1e100, 1e100)  # from there on, the risk is that of "mle" to the last digit
    noise, lean = risk_terms(free, np.sum(m**2), positive=estimator == "js+")
    k = theta.size
    return se**2 * (free / k * noise + (k - free) / k + m**2 * lean)


def sure(y, se, target=None, positive=True):
    """Stein's unbiased estimate of the risk of `estimate`, from y alone.

        se^2 [k - (k - 2)^2/S],   but for JS+ where S < k - 2:   se^2 [S - k]

    For the mean: se^2 [k - (k - 3)^2/S], and for JS+ where S < k - 3: se^2 [S - k + 2]. Its mean over y is `risk`,
    whatever theta is; a single value can be far off, even negative.

    Parameters, Raises: as in `estimate`.

    Returns
    -------
    A float, in the squared unit of y; -inf for the plain estimator at S = 0, the limit of the formula.

    Source: Stein (1981): in units of se, the loss of y + g(y) has the same mean as k + |g|^2 + 2 div g.

    >>> print(round(sure(y=[4, 2, 0, -2], se=1, target=0), 4))
    3.8333
    """
    y, se, target, free = _groups("y", y, se, target)
    total = _total(y, se, target)
    if positive and total < free - 2:
        return float(se**2 * (total - free + (y.size - free)))
    with np.errstate(divide="ignore", over="ignore"):
        return float(se**2 * (y.size - (free - 2) ** 2 / total))


def limited_translation(y, se, target=None, limit=1.0):
    """JS+, but no group moves farther from its y than `limit` standard errors.

        estimate_i = JS+_i brought back into [y_i - limit se, y_i + limit se]

    A group far from the target thereby loses at most a known amount: the root of its mean squared error is at most
    (1 + limit) se. Where no group stands out, the price is a part of the total gain; where one does, the total can gain
    as well. The theorem itself does not cover this rule. limit = 0 is y, limit = inf is JS+.

    Parameters
    ----------
    y, se, target : as in `estimate`.
    limit : >= 0, inf allowed, in units of se (Efron and Morris write D); a number, or one a group.

    Returns
    -------
    The estimates, shape (k,).

    Raises
    ------
    ValueError as in `estimate`; a negative limit.

    Source: after Efron & Morris (1972), whose own limit also depends on S; this simpler form, with a fixed limit, is
    that of Efron & Hastie (2016), Computer Age Statistical Inference, chapter 7.

    >>> limited_translation(y=[4, 1, 0, -1], se=1, target=0, limit=0.25).round(3).tolist()
    [3.75, 0.889, 0.0, -0.889]
    """
    limit = arguments.numbers("limit", limit, low=0, allow_inf=True)
    y, se, target, free = _groups("y", y, se, target)
    y, limit = arguments.groups(y=y, limit=limit)
    full = target + _factor(_total(y, se, target), free, positive=True) * (y - target)
    return np.clip(full, y - limit * se, y + limit * se)


def _groups(name, values, se, target, needs_three=True):
    """The values, their one se, the target for each, and the number of free dimensions of values - target."""
    rows = {name: arguments.numbers(name, values), "se": arguments.numbers("se", se, low=0, open_low=True)}
    if target is None:
        values, se = arguments.groups(**rows)
        # The mean of deviations from one of the values is exactly 0 if all are equal, also for values like 0.1.
        target, free, least = np.full(values.shape, values[0] + np.mean(values - values[0])), values.size - 1, 4
    else:
        values, se, target = arguments.groups(**rows, target=arguments.numbers("target", target))
        free, least = values.size, 3
    if needs_three and values.size < least:
        goal = "the mean" if least == 4 else "a fixed target"
        raise ValueError(
            f"the James-Stein theorem needs at least {least} groups to shrink toward {goal}, but {name} has k = "
            f"{values.size}: with fewer, no shrinking toward it beats y for every theta"
        )
    if se.max() - se.min() > 1e-9 * se.max():
        raise ValueError(
            "se must be the same in all groups: with unequal se, the James-Stein rule can do worse than y; "
            "hblib.normal_normal.fit weights each group by its precision"
        )
    return values, se[0], target, free


def _total(y, se, target):
    """S, the sum of squared deviations in units of se; inf, where it overflows, is as good as any number that large."""
    with np.errstate(over="ignore"):
        return np.sum(((y - target) / se) ** 2)


def _factor(total, free, positive):
    if total < 1e-290:  # at the target, as far as squares can tell
        return 0.0
    factor = 1 - (free - 2) / total
    return max(factor, 0.0) if positive else factor
