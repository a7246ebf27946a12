"""How often an empirical Bayes interval holds the truth: the exact answer, by quadrature, for equal standard errors.

    theta_j ~ N(mu, tau^2),   ybar_j | theta_j ~ N(theta_j, se^2),   j = 1..J

Only the ratio tau/se and J matter. Each interval below has the form ybar + k (ybar_j - ybar) +- half, where ybar is the
mean of all groups and k and half depend on the data through d = ybar_j - ybar and S^2, the variance of ybar_j (divisor
J - 1). Given all d_i, the truth theta_j is normal, so that

    P(theta_j inside) = E[Phi((half - m)/sd) - Phi((-half - m)/sd)],   m = (kappa - k) d
    sd^2 = kappa se^2 + (1 - kappa)^2 (tau^2 + se^2)/J

and the expectation is over X = (J - 1) S^2/(tau^2 + se^2), a chi-square with J - 1 degrees of freedom, and an angle a
independent of it, of density proportional to cos(a)^(J - 3), with d = sqrt((tau^2 + se^2) X (J - 1)/J) sin(a).
"""

import numpy as np
from scipy import special

from hblib._numerics import arguments

_X, _W = np.polynomial.legendre.leggauss(160)
_NODES, _WEIGHTS = (_X + 1) / 2, _W / 2  # on (0, 1)


def exact(groups, ratio, method="reml", prob=0.95):
    """The probability that a group's interval holds its theta_j, over all data that J such groups may produce.

    Parameters
    ----------
    groups : J, a whole number >= 4.
    ratio : tau/se > 0, a number.
    method : "reml" or "ml", the interval with that estimate plugged in (with equal se, "reml" is also what the moments
        give); or "morris", see `repairs.morris`.
    prob : the probability that the interval claims.

    Returns
    -------
    A float, with an error below 1e-6 (for 5 and more groups below 1e-9).

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: the law of total probability, as above; no simulation. tests/test_coverage.py compares it with simulation.

    >>> print(round(exact(8, 1.0), 4), round(exact(8, 1.0, "morris"), 4), round(exact(8, 1e4), 4))
    0.7252 0.9568 0.95
    """
    arguments.one_of("method", method, ("reml", "ml", "morris"))
    arguments.counts("groups", groups)
    J = arguments.one("groups", groups, low=4)
    tau2 = arguments.one("ratio", ratio, low=0, open_low=True) ** 2
    prob = arguments.one("prob", prob, low=0)
    if prob >= 1:
        raise ValueError(f"prob must be below 1, but is {prob}")
    z, v = special.ndtri((1 + prob) / 2), tau2 + 1  # in units of se
    kappa = tau2 / v
    sd = np.sqrt(kappa + (1 - kappa) ** 2 * v / J)
    last = min(np.pi / 2, np.sqrt(90 / J))  # beyond, cos(a)^(J - 3) is below 1e-17 of its top
    angle = last * _NODES
    by_angle = _WEIGHTS * np.cos(angle) ** (J - 3)
    by_angle /= by_angle.sum()

    def inside(x):
        """The probability given X = x, an array."""
        x = x[:, None]
        d = np.sqrt(v * x * (J - 1) / J) * np.sin(angle)
        total = v * x / (J if method == "ml" else J - 1)  # estimates tau^2 + se^2
        b = 1 / np.maximum(total, 1)
        half2 = 1 - b
        if method == "morris":
            b = (J - 3) / (J - 1) * b
            half2 = 1 - b + b / J + 2 / (J - 3) * b**2 * d**2
        half, m = z * np.sqrt(half2), (kappa - 1 + b) * d
        return (special.ndtr((half - m) / sd) - special.ndtr((-half - m) / sd)) @ by_angle

    first, final = special.chdtri(J - 1, [1 - 1e-15, 1e-17])
    edge = np.clip((J if method == "ml" else J - 1) / v, first, final)  # below it the estimate of tau is 0
    # from the edge on the width grows as a square root: x = edge + (final - edge) t^2 makes that smooth
    answer = 0.0
    for low, sign, width in ((edge, 1, final - edge), (edge, -1, edge - first)):
        x = low + sign * width * _NODES**2
        log_density = (J - 3) / 2 * np.log(x) - x / 2 - (J - 1) / 2 * np.log(2) - special.gammaln((J - 1) / 2)
        answer += np.sum(_WEIGHTS * 2 * _NODES * width * np.exp(log_density) * inside(x))
    return float(answer)
