"""How often an empirical Bayes interval contains the truth: the exact answer, by quadrature, for equal standard errors.

    theta_j ~ N(mu, tau^2),   ybar_j | theta_j ~ N(theta_j, se^2),   j = 1..J

Only the ratio tau/se and J matter. Each interval below has the form ybar + k (ybar_j - ybar) +- half, where ybar is the
mean of all groups and k and half depend on the data through d = ybar_j - ybar and S^2, the variance of ybar_j (divisor
J - 1). Given all d_i, the truth theta_j is normal, so that

    P(theta_j inside) = E[Phi((half - m)/sd) - Phi((-half - m)/sd)],   m = (kappa - k) d
    sd^2 = kappa se^2 + (1 - kappa)^2 (tau^2 + se^2)/J

and the expectation is over X = (J - 1) S^2/(tau^2 + se^2), a chi-square with J - 1 degrees of freedom, and an angle a
independent of it, of density proportional to cos(a)^(J - 3), with d = sqrt((tau^2 + se^2) X (J - 1)/J) sin(a).
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

_COUNT = 160  # nodes: errors below 1e-7 for four groups, whose density rises from 0 as a root, and 1e-10 for more
_X, _W = np.polynomial.legendre.leggauss(_COUNT)
_NODES, _WEIGHTS = (_X + 1) / 2, _W / 2  # on (0, 1)
_NARROWEST = 90.0  # where a^2 = 90/J, cos(a)^(J - 3) is below 1e-17 of its top


@dataclass(frozen=True)
class _Interval:
    """A kind of interval for one of J groups; the unit is se."""

    J: float
    ratio: float
    method: str
    prob: float

    @property
    def divisor(self):
        """Of the sum of squares about the mean, to estimate tau^2 + se^2."""
        return self.J if self.method == "ml" else self.J - 1

    def shape(self, total, d):
        """1 - k and half the squared length, in units of z^2, where tau^2 + se^2 is estimated as `total`."""
        J, b = self.J, 1 / np.maximum(total, 1)
        if self.method != "morris":
            return b, 1 - b
        b = (J - 3) / (J - 1) * b
        return b, 1 - b + b / J + 2 / (J - 3) * b**2 * d**2

    def inside(self, x):
        """The probability that it contains the truth given X = x, an array: the mean over the angle."""
        J, v = self.J, self.ratio**2 + 1
        kappa, angle = self.ratio**2 / v, min(np.pi / 2, np.sqrt(_NARROWEST / J)) * _NODES
        weight = _WEIGHTS * np.cos(angle) ** (J - 3)
        d = np.sqrt(v * x[:, None] * (J - 1) / J) * np.sin(angle)
        b, half2 = self.shape(v * x[:, None] / self.divisor, d)
        half, m = special.ndtri((1 + self.prob) / 2) * np.sqrt(half2), (kappa - 1 + b) * d
        sd = np.sqrt(kappa + (1 - kappa) ** 2 * v / J)
        return (special.ndtr((half - m) / sd) - special.ndtr((-half - m) / sd)) @ (weight / weight.sum())


def probability_inside(J, ratio, method, prob):
    """The probability that the interval contains theta_j; see `hblib.repairs.exact_coverage`."""
    interval = _Interval(J, ratio, method, prob)
    first, final = special.chdtri(J - 1, [1 - 1e-15, 1e-17])
    edge = np.clip(interval.divisor / (ratio**2 + 1), first, final)  # below it the estimate of tau is 0
    # from the edge on the width grows as a square root: x = edge + (final - edge) t^2 makes that smooth
    answer = total = 0.0
    for sign, width in ((1, final - edge), (-1, edge - first)):
        x = edge + sign * width * _NODES**2
        u = x / (J - 3) - 1  # the density has its top at J - 3; measured from there it loses no digits where J is large
        weight = _WEIGHTS * _NODES * width * np.exp((J - 3) / 2 * (np.log1p(u) - u))
        answer += weight @ interval.inside(x)
        total += weight.sum()
    return float(answer / total)
