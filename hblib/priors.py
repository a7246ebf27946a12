"""Prior densities on (0, inf): for tau, the spread between groups, and for alpha + beta, the size of a Beta prior.

Each function gives a `Prior`, whose `log_density` is taken with respect to the quantity itself (not its square or its
logarithm). A density that has no finite integral is written without a constant and marked `proper=False`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from hblib._numerics import arguments
from hblib._numerics.breaks import breaks


@dataclass(frozen=True)
class Prior:
    """A density on lower < x < upper, given by its logarithm, a function of an array.

    Where the density jumps, ends or has a kink is found, unless it is said to be `smooth`. The search is closest about
    the size that the data suggest. A factor of r away from it, a piece that stands by itself may be overlooked if it is
    narrower than 0.0004 sqrt(4 + (log r)^2) of its x: 0.1 % nearby, half a per cent for r = 1e5. A value of x on it, in
    `points`, makes sure that it is not.
    """

    name: str
    log_density: Callable
    lower: float = 0.0
    upper: float = np.inf
    proper: bool = True
    smooth: bool = False
    points: tuple = ()

    def range(self, guess):
        """(breaks, lower, upper): where it is not smooth, and the ends of where it is positive; see `breaks`.

        `guess` is a value of the size that matters. A log density that is no function of arrays is refused.
        """
        if self.smooth:
            return np.array([]), self.lower, self.upper
        inside = float(np.clip(guess, self.lower, self.upper))
        return breaks(lambda x: _values(self.log_density, x), self.lower, self.upper, inside, self.points)


def half_normal(scale):
    """|x| for x ~ N(0, scale^2). HalfNormal(0, 1) is half_normal(1).

    >>> print(round(float(np.exp(half_normal(1).log_density(0.0))), 6))
    0.797885
    """
    scale = _positive("scale", scale)
    return _smooth(
        f"half-normal({scale:g})", lambda x: np.log(2 / scale) - (x / scale) ** 2 / 2 - np.log(2 * np.pi) / 2
    )


def half_t(df, scale):
    """|x| for x ~ Student's t with df degrees of freedom, times scale; df = 1 is the half-Cauchy."""
    df, scale = _positive("df", df), _positive("scale", scale)
    constant = np.log(2 / scale) - special.betaln(df / 2, 0.5) - np.log(df) / 2
    return _smooth(f"half-t({df:g}, {scale:g})", lambda x: constant - (df + 1) / 2 * np.log1p((x / scale) ** 2 / df))


def half_cauchy(scale):
    """|x| for x ~ Cauchy(0, scale): density 2/(pi scale (1 + (x/scale)^2))."""
    scale = _positive("scale", scale)
    return _smooth(f"half-Cauchy({scale:g})", lambda x: np.log(2 / (np.pi * scale)) - np.log1p((x / scale) ** 2))


def exponential(scale):
    """Density exp(-x/scale)/scale, with mean scale."""
    scale = _positive("scale", scale)
    return _smooth(f"exponential({scale:g})", lambda x: -x / scale - np.log(scale))


def uniform(upper=np.inf):
    """Flat on (0, upper); without `upper` the improper flat prior."""
    upper = arguments.one("upper", upper, low=0, open_low=True, allow_inf=True)
    if np.isinf(upper):
        return _smooth("flat", lambda x: np.zeros_like(x, dtype=float), proper=False)
    return _smooth(f"uniform(0, {upper:g})", lambda x: np.full_like(x, -np.log(upper), dtype=float), upper=upper)


def inverse_gamma_on_variance(shape, rate):
    """x^2 ~ InverseGamma(shape, rate): the density of x itself. Small shape = rate is informative near 0."""
    shape, rate = _positive("shape", shape), _positive("rate", rate)
    constant = np.log(2) + shape * np.log(rate) - special.gammaln(shape)

    def log_density(x):
        with np.errstate(divide="ignore", over="ignore"):
            return constant - (2 * shape + 1) * np.log(x) - rate / x**2

    return _smooth(f"inverse-gamma({shape:g}, {rate:g}) on the variance", log_density)


def power(exponent):
    """Density x^exponent, improper. On alpha + beta with a uniform mean, exponent -3/2 is (alpha + beta)^(-5/2) on
    (alpha, beta), because the Jacobian of (mean, size) is the size."""
    exponent = arguments.one("exponent", exponent)

    def log_density(x):
        with np.errstate(divide="ignore"):
            return exponent * np.log(x)

    return _smooth(f"x^{exponent:g}", log_density, proper=False)


def pareto(shape, scale):
    """Density shape scale^shape/x^(shape + 1) for x > scale."""
    shape, scale = _positive("shape", shape), _positive("scale", scale)
    constant = np.log(shape) + shape * np.log(scale)
    return _smooth(f"Pareto({shape:g}, {scale:g})", lambda x: constant - (shape + 1) * np.log(x), lower=scale)


def as_prior(prior):
    """What the caller gave, as a `Prior`.

    Parameters
    ----------
    prior : a `Prior`; a frozen distribution of SciPy, cut off at 0; or a function that gives the log density, up to a
        constant, of an array.

    Raises
    ------
    ValueError for anything else, and for a function that does not give one number for each of the array, or that
    seems to give a density in place of its logarithm.

    >>> as_prior(lambda x: 0.0)
    Traceback (most recent call last):
    ...
    ValueError: prior must give one log density for each value of an array, but gave shape () for shape (241,)
    """
    if isinstance(prior, Prior):
        return prior
    if hasattr(prior, "logpdf") and hasattr(prior, "support"):
        return _of_scipy(prior)
    if not callable(prior):
        raise ValueError(
            "prior must be a Prior or a function that gives a log density, or SciPy's frozen distribution, "
            f"but is {prior!r}"
        )
    log_density = _values(prior, np.geomspace(1e-60, 1e60, 241))
    log_density = log_density[~np.isnan(log_density)]
    if (log_density >= 0).all() and log_density.max(initial=0) > 0 and log_density[-1] < 1e-6 * log_density.max():
        raise ValueError(
            "prior must be the logarithm of a density, but the function seems to give the density itself: it is never "
            "negative and falls to 0; use its .logpdf, or np.log of it (and a Prior of it, if it is as you want it)"
        )
    return Prior("a log density of the caller's", prior, proper=False)


def _of_scipy(frozen):
    """A continuous distribution of SciPy, given that x > 0."""
    try:
        lower, upper = map(float, frozen.support())
        median, beyond = float(frozen.median()), float(frozen.logsf(0.0) if lower < 0 else 0.0)
    except TypeError:
        raise ValueError(
            f"prior must be one frozen distribution, with numbers as parameters, but is {frozen!r}"
        ) from None
    if not upper > 0 or beyond == -np.inf:
        raise ValueError(f"prior must be a distribution of positive numbers, but its support is {lower:g} to {upper:g}")
    name = f"SciPy's {getattr(getattr(frozen, 'dist', frozen), 'name', type(frozen).__name__)}"
    points = (median,) if median > 0 else ()
    return Prior(name, lambda x: frozen.logpdf(x) - beyond, max(lower, 0.0), upper, points=points)


def _values(log_density, x):
    """log_density of the array x; an error that says what is wrong if it is not one number for each."""
    try:
        with np.errstate(all="ignore"):
            values = np.asarray(log_density(x), dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"prior must be a function of an array of numbers, but it failed on one: {error}") from error
    if values.shape != x.shape:
        raise ValueError(
            "prior must give one log density for each value of an array, "
            f"but gave shape {values.shape} for shape {x.shape}"
        )
    return values


def _smooth(*name_and_density, **rest):
    return Prior(*name_and_density, smooth=True, **rest)


def _positive(name, value):
    return arguments.one(name, value, low=0, open_low=True)
