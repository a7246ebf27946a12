"""Prior densities on (0, inf): for tau, the spread between groups, and for alpha + beta, the size of a Beta prior.

Each function gives a `Prior`, whose `log_density` is taken with respect to the quantity itself (not its square or its
logarithm). A density that has no finite integral is written without a constant and marked `proper=False`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from hblib import checks


@dataclass(frozen=True)
class Prior:
    """A density on lower < x < upper, given by its logarithm, a function of an array."""

    name: str
    log_density: Callable
    lower: float = 0.0
    upper: float = np.inf
    proper: bool = True


def half_normal(scale):
    """|x| for x ~ N(0, scale^2). HalfNormal(0, 1) is half_normal(1).

    >>> print(round(float(np.exp(half_normal(1).log_density(0.0))), 6))
    0.797885
    """
    scale = _positive("scale", scale)
    return Prior(f"half-normal({scale:g})", lambda x: np.log(2 / scale) - (x / scale) ** 2 / 2 - np.log(2 * np.pi) / 2)


def half_t(df, scale):
    """|x| for x ~ Student's t with df degrees of freedom, times scale; df = 1 is the half-Cauchy."""
    df, scale = _positive("df", df), _positive("scale", scale)
    constant = np.log(2 / scale) - special.betaln(df / 2, 0.5) - np.log(df) / 2
    return Prior(f"half-t({df:g}, {scale:g})", lambda x: constant - (df + 1) / 2 * np.log1p((x / scale) ** 2 / df))


def half_cauchy(scale):
    """|x| for x ~ Cauchy(0, scale): density 2/(pi scale (1 + (x/scale)^2))."""
    scale = _positive("scale", scale)
    return Prior(f"half-Cauchy({scale:g})", lambda x: np.log(2 / (np.pi * scale)) - np.log1p((x / scale) ** 2))


def exponential(scale):
    """Density exp(-x/scale)/scale, with mean scale."""
    scale = _positive("scale", scale)
    return Prior(f"exponential({scale:g})", lambda x: -x / scale - np.log(scale))


def uniform(upper=np.inf):
    """Flat on (0, upper); without `upper` the improper flat prior."""
    upper = checks.one("upper", upper, low=0, open_low=True, allow_inf=True)
    if np.isinf(upper):
        return Prior("flat", lambda x: np.zeros_like(x, dtype=float), proper=False)
    return Prior(f"uniform(0, {upper:g})", lambda x: np.full_like(x, -np.log(upper), dtype=float), upper=upper)


def inverse_gamma_on_variance(shape, rate):
    """x^2 ~ InverseGamma(shape, rate): the density of x itself. Small shape = rate is informative near 0."""
    shape, rate = _positive("shape", shape), _positive("rate", rate)
    constant = np.log(2) + shape * np.log(rate) - special.gammaln(shape)

    def log_density(x):
        with np.errstate(divide="ignore", over="ignore"):
            return constant - (2 * shape + 1) * np.log(x) - rate / x**2

    return Prior(f"inverse-gamma({shape:g}, {rate:g}) on the variance", log_density)


def power(exponent):
    """Density x^exponent, improper. On alpha + beta with a uniform mean, exponent -3/2 is (alpha + beta)^(-5/2) on
    (alpha, beta), because the Jacobian of (mean, size) is the size."""
    exponent = checks.one("exponent", exponent)

    def log_density(x):
        with np.errstate(divide="ignore"):
            return exponent * np.log(x)

    return Prior(f"x^{exponent:g}", log_density, proper=False)


def pareto(shape, scale):
    """Density shape scale^shape/x^(shape + 1) for x > scale."""
    shape, scale = _positive("shape", shape), _positive("scale", scale)
    constant = np.log(shape) + shape * np.log(scale)
    return Prior(f"Pareto({shape:g}, {scale:g})", lambda x: constant - (shape + 1) * np.log(x), lower=scale)


def as_prior(prior):
    """A `Prior`, or any function that gives a log density of an array, as a `Prior`."""
    if isinstance(prior, Prior):
        return prior
    if callable(prior):
        return Prior("a log density of the caller's", prior, proper=False)
    raise ValueError(f"prior must be a Prior or a function that gives a log density, but is {prior!r}")


def _positive(name, value):
    return checks.one(name, value, low=0, open_low=True)
