"""The posterior of tau in the Normal-Normal model, and mu given tau, from the `Cells` of the data."""

import numpy as np

from hblib._numerics.mixture import blocks


def given_tau(cells, tau, known):
    """log p(ybar | tau) with mu integrated out, and mean and variance of mu given tau; mu measured from the centre.

    A normal prior on mu, `known` = (mean, sd), acts like one more observation of mu. tau has one axis, or none.
    """
    tau = np.asarray(tau, dtype=float)
    parts = [_given_some_tau(cells, tau.ravel()[some], known) for some in blocks(tau.size, cells.variance.size)]
    return tuple(np.concatenate(column).reshape(tau.shape) for column in zip(*parts, strict=True))


def _given_some_tau(cells, tau, known):
    w, precision, best, squares = cells.at(tau**2)
    log_p = cells.log_likelihood_at(w, precision, squares, restricted=True)
    if known is None:
        return log_p, best, 1 / precision
    m, s = known  # log_p is that of the deviations; best ~ N(m, s^2 + 1/precision) is left
    spread = s**2 + 1 / precision
    log_p = log_p - np.log(2 * np.pi * spread) / 2 - (best - m) ** 2 / (2 * spread)
    return log_p, (precision * best + m / s**2) / (precision + 1 / s**2), 1 / (precision + 1 / s**2)
