"""Judging draws: do they come from the posterior, as well as so many good draws would show it?

The allowed error is that of good draws with the same effective sample size, which is found from ranks: a few huge
values can neither make the mean right nor the error large. Compared are mean, standard deviation and, at five places,
the share of the draws below.
"""

from dataclasses import dataclass

import numpy as np

PLACES = np.array([-1.5, -0.75, 0.0, 0.75, 1.5])  # in standard deviations from the mean
ERRORS = 5  # that a right answer may be off; some ten comparisons, and an effective size that is itself an estimate
TABLE = np.linspace(-12, 12, 481)  # where the distribution function is tabulated, for the fourth moment


@dataclass(frozen=True)
class Summary:
    """Are draws right? (mean, sd), the error allowed for either, the worst R-hat and the lowest effective size."""

    right: bool
    moments: tuple
    error: np.ndarray
    rhat: float
    ess: float


def rhat_limit(ess, chains=4):
    """The usual 1.01, or what so many good chains with no more effective draws in all than these stay below.

    The means of the m = 2 * chains half chains, of ess / m effective draws each, vary by themselves: R-hat^2 - 1 is
    then about m / ess * chi^2_(m-1) / (m - 1). Its 99.99 % point grows with the number of chains.

    >>> print(round(rhat_limit(400), 3), round(rhat_limit(400, chains=10), 3), rhat_limit(4000))
    1.042 1.065 1.01
    """
    from scipy import special

    m = 2 * chains
    return max(1.01, float(np.sqrt(1 + m / ess * special.chdtri(m - 1, 1e-4) / (m - 1))))


def summary(draws, cdf, mean, sd):
    """The `Summary` of draws of shape (chains, draws) or (chains, draws, k), judged by `cdf`, `mean` and `sd`."""
    import arviz as az

    columns = draws.reshape(*draws.shape[:2], -1)

    def each(function, values, **options):
        return np.array([float(function(values[:, :, k], **options)) for k in range(values.shape[2])])

    def size(values, method):  # no more than independent draws: chains that swing round the mean flatter it
        return np.minimum(each(az.ess, values, method=method), draws.shape[0] * draws.shape[1])

    m, s = np.atleast_1d(mean).astype(float), np.atleast_1d(sd).astype(float)
    ess = size(columns, "bulk")
    ess_of_sd = size(np.abs(columns - np.median(columns, axis=(0, 1))), "bulk")
    at = m + s * PLACES[:, None]
    x = m + s * TABLE[:, None]
    below, table = (np.asarray(cdf(v.reshape(-1, *np.shape(mean)))).reshape(v.shape) for v in (at, x))
    fourth = np.sum(np.diff(table, axis=0) * ((x[1:] + x[:-1]) / 2 - m) ** 4, axis=0) / s**4
    found = columns.mean(axis=(0, 1)), columns.std(axis=(0, 1))
    errors = ERRORS * s / np.sqrt(ess), ERRORS * s * np.sqrt(np.maximum(fourth - 1, 1) / (4 * ess_of_sd))
    right = np.all(np.abs(found[0] - m) <= errors[0]) and np.all(np.abs(found[1] - s) <= errors[1])
    for place, share in zip(at, below, strict=True):
        lower = (columns <= place).astype(float)
        some = np.ptp(lower, axis=(0, 1)) > 0
        effective = np.where(some, size(lower + 1e-9 * columns / np.abs(columns).max(), "mean"), ess)
        allowed = ERRORS * np.sqrt(share * (1 - share) / effective) + ERRORS / effective
        right = right and np.all(np.abs(lower.mean(axis=(0, 1)) - share) <= allowed)
    shape = np.shape(mean)
    moments = found[0].reshape(shape), found[1].reshape(shape)
    return Summary(
        bool(right), moments, np.maximum(*errors).reshape(shape), float(each(az.rhat, columns).max()), ess.min()
    )
