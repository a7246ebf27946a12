"""Quantiles of Beta distributions: SciPy's, mended where they are rough.

At a probability below 1e-150 they may be nan, and with parameters of 1e15 they are off by standard deviations, while
SciPy's distribution function is right there. So Newton's method takes them from where they are, in the logarithm of the
nearer tail: that is concave, for a Beta distribution with parameters of 1 and more, and Newton's steps then settle.
"""

import numpy as np
from scipy import special

from hblib._numerics.rates_pmf import log_beta_density

_TINY = 1e-150  # a probability
_LARGE = 1e6  # alpha + beta: up to here SciPy's quantiles are right to 1e-9 standard deviations
_STEPS = 20  # ample: of 400 random quantiles all but one, that never settles, are the same with 5 and with 200
_CLOSE = 1e-6  # relative: the step from there leaves out what does not count


def quantile(alpha, beta, q, upper):
    """The x with P(X <= x) = q, or P(X > x) = q, for X ~ Beta(alpha, beta); arrays broadcast."""
    x = np.asarray((special.betainccinv if upper else special.betaincinv)(alpha, beta, q))
    rough = (np.isnan(x) | (q < _TINY) | (np.add(alpha, beta) > _LARGE)) & (q > 0) & (q < 1)
    if rough.any():
        parts = (np.broadcast_to(part, x.shape)[rough] for part in (x, alpha, beta, q))
        x[rough] = _mended(*parts, upper)
    return x[()]


def _mended(x, alpha, beta, q, upper):
    above = (q <= 0.5) == upper  # which tail is the nearer one
    q = np.minimum(q, 1 - q)
    x = np.where(np.isnan(x), _far_out(alpha, beta, q, above), x)
    for _ in range(_STEPS):
        level = np.where(above, special.betaincc(alpha, beta, x), special.betainc(alpha, beta, x))
        with np.errstate(all="ignore"):
            off = np.log(q / level)
            moved = x + np.where(above, -off, off) * level / np.exp(log_beta_density(x, alpha, beta))
        moves = (moved > 0) & (moved < 1)  # false also where it is nan
        x = np.where(moves, moved, x)
        if not (moves & (np.abs(off) > _CLOSE)).any():
            break
    return x


def _far_out(alpha, beta, q, above):
    """The quantile of a q so small that the tail is a power of the distance from its end."""
    power = np.where(above, beta, alpha)
    distance = np.exp((np.log(q * power) + special.betaln(alpha, beta)) / power)
    return np.where(above, 1 - distance, distance)
