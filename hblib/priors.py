"""Prior densities on (0, inf): for tau, the spread between groups, and for alpha + beta, the size of a Beta prior.

Each function gives a `Prior`, whose `log_density` is taken with respect to the quantity itself (not its square or its
logarithm). A density that has no finite integral is written without a constant and marked `proper=False`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import special

from hblib._numerics import arguments, quadrature
from hblib._numerics.breaks import breaks
from hblib._numerics.mixture import if_they_exist, mean_sd
from hblib._numerics.panels import Panels
from hblib.distributions import Scale


@dataclass(frozen=True)
class Prior:
    """A density on lower < x < upper, given by its logarithm, a function of an array.

    Where the density jumps, ends or has a kink is found, unless it is said to be `smooth`. The search is closest about
    the size that the data suggest. A factor of r away from it, a piece that stands by itself may be overlooked if it is
    narrower than 0.0004 sqrt(4 + (log r)^2) of its x: 0.1 % nearby, half a per cent for r = 1e5. A value of x on it, in
    `points`, makes sure that it is not.

    Attributes
    ----------
    name : str
        For messages and figures.
    log_density : callable
        log p(x) of an array x, up to a constant if not `proper`.
    lower, upper : float
        The ends of the range.
    proper, smooth : bool
        Whether the density integrates to 1, and whether it is without jumps and kinks.
    points : tuple
        Values that a search for jumps must not miss.
    parameters : dict
        Those of the function of this module that made it; empty for others.
    family : str
        The name of that function.
    """

    name: str
    log_density: Callable
    lower: float = 0.0
    upper: float = np.inf
    proper: bool = True
    smooth: bool = False
    points: tuple = ()
    family: str = ""
    parameters: dict = field(default_factory=dict)

    def distribution(self):
        """Return the prior as a distribution, with pdf, cdf, ppf, interval, rvs and the rest.

        Returns
        -------
        Scale
            Its mean is nan and its standard deviation inf where they do not exist.

        Raises
        ------
        ValueError
            If the density has no finite integral.

        Examples
        --------
        >>> print(half_cauchy(5).distribution().ppf([0.5, 0.9]).round(3))
        [ 5.    31.569]
        """
        where, lower, upper = self.range(1.0)
        guess = self.parameters.get("scale", upper / 2 if upper < np.inf else 1.0)
        guess = float(np.clip(guess, lower * (1 + 1e-9), upper * (1 - 1e-9)))
        try:
            x, weight, log_total = quadrature.integrate_scale(self.log_density, lower, upper, guess, breaks=where)
        except ValueError as error:
            raise ValueError(f"the prior {self.name} has no finite integral") from error
        tail = quadrature.tail_power(self.log_density, upper, guess)
        moments = if_they_exist(mean_sd(weight, np.minimum(x, 1e150)), tail)
        panels = Panels(self.log_density, x, log_total, lower, upper, where)
        return Scale(panels, *moments, mean_sd(weight, np.log(x)))

    def range(self, guess):
        """(breaks, lower, upper): where it is not smooth, and the ends of where it is positive; see `breaks`.

        `guess` is a value of the size that matters. A log density that is no function of arrays is refused.
        """
        if self.smooth:
            return np.array([]), self.lower, self.upper
        inside = float(np.clip(guess, self.lower, self.upper))
        return breaks(lambda x: _values(self.log_density, x), self.lower, self.upper, inside, self.points)


def to_pymc(name, prior):
    """Return a prior of this module as a variable of the PyMC model at hand.

    Parameters
    ----------
    name : str
        Of the variable; errors call the prior `name`_prior.
    prior : Prior
        A half_normal, half_cauchy, half_t, exponential or uniform.

    Returns
    -------
    pytensor.TensorVariable

    Raises
    ------
    ValueError
        If PyMC has no such prior.
    """
    import pymc as pm  # here, because it takes seconds to load

    makers = {
        "half_normal": lambda scale: pm.HalfNormal(name, scale),
        "half_cauchy": lambda scale: pm.HalfCauchy(name, scale),
        "half_t": lambda df, scale: pm.HalfStudentT(name, df, scale),
        "exponential": lambda scale: pm.Exponential(name, scale=scale),
        "uniform": lambda upper: pm.Uniform(name, 0, upper) if upper < np.inf else pm.HalfFlat(name),
    }
    if not isinstance(prior, Prior) or prior.family not in makers:
        known = ", ".join(makers)
        raise ValueError(f"{name}_prior must be one of hblib.priors that PyMC has ({known}), but is {prior!r}")
    return makers[prior.family](**prior.parameters)


def half_normal(scale):
    """Return the prior of |x| for x ~ N(0, scale^2). HalfNormal(0, 1) is half_normal(1).

    Parameters
    ----------
    scale : float
        Of the normal distribution, > 0.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        If scale is not a positive number.

    References
    ----------
    Gelman (2006), Bayesian Analysis 1:515-534.

    Examples
    --------
    >>> print(round(float(np.exp(half_normal(1).log_density(0.0))), 6))
    0.797885
    """
    scale = _positive("scale", scale)
    constant = np.log(2 / scale) - np.log(2 * np.pi) / 2
    return _smooth("half_normal", f"half-normal({scale:g})", lambda x: constant - (x / scale) ** 2 / 2, scale=scale)


def half_t(df, scale):
    """Return the prior of |x| for x ~ Student's t with df degrees of freedom, times scale; df = 1: the half-Cauchy.

    Parameters
    ----------
    df, scale : float
        Degrees of freedom and scale, > 0.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        If df or scale is not a positive number.

    References
    ----------
    Gelman (2006), Bayesian Analysis 1:515-534.

    Examples
    --------
    >>> print(round(float(half_t(3, 10).distribution().mean()), 4))
    11.0266
    """
    df, scale = _positive("df", df), _positive("scale", scale)
    constant = np.log(2 / scale) - special.betaln(df / 2, 0.5) - np.log(df) / 2

    def log_density(x):
        return constant - (df + 1) / 2 * np.log1p((x / scale) ** 2 / df)

    return _smooth("half_t", f"half-t({df:g}, {scale:g})", log_density, df=df, scale=scale)


def half_cauchy(scale):
    """Return the prior of |x| for x ~ Cauchy(0, scale): density 2/(pi scale (1 + (x/scale)^2)).

    Parameters
    ----------
    scale : float
        The median, > 0.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        If scale is not a positive number.

    References
    ----------
    Gelman (2006), Bayesian Analysis 1:515-534.

    Examples
    --------
    >>> print(round(float(half_cauchy(5).distribution().sf(50)), 4))
    0.0635
    """
    scale = _positive("scale", scale)
    constant = np.log(2 / (np.pi * scale))
    return _smooth(
        "half_cauchy", f"half-Cauchy({scale:g})", lambda x: constant - np.log1p((x / scale) ** 2), scale=scale
    )


def exponential(scale):
    """Return the prior with density exp(-x/scale)/scale.

    Parameters
    ----------
    scale : float
        The mean, > 0.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        If scale is not a positive number.

    References
    ----------
    Simpson et al. (2017), Statistical Science 32:1-28, who derive it for a standard deviation.

    Examples
    --------
    >>> print(round(float(exponential(2).distribution().mean()), 9))
    2.0
    """
    scale = _positive("scale", scale)
    return _smooth("exponential", f"exponential({scale:g})", lambda x: -x / scale - np.log(scale), scale=scale)


def uniform(upper=np.inf):
    """Return the prior that is flat on (0, upper); without `upper` the improper flat prior.

    Parameters
    ----------
    upper : float
        The end, > 0.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        If upper is not a positive number.

    References
    ----------
    Gelman (2006), Bayesian Analysis 1:515-534.

    Examples
    --------
    >>> print(uniform().proper, round(float(uniform(10).distribution().mean()), 9))
    False 5.0
    """
    upper = arguments.one("upper", upper, low=0, open_low=True, allow_inf=True)
    if np.isinf(upper):
        return replace(_smooth("uniform", "flat", lambda x: np.zeros_like(x, dtype=float), upper=upper), proper=False)
    prior = _smooth(
        "uniform", f"uniform(0, {upper:g})", lambda x: np.full_like(x, -np.log(upper), dtype=float), upper=upper
    )
    return replace(prior, upper=upper)


def inverse_gamma_on_variance(shape, rate):
    """Return the prior of x for x^2 ~ InverseGamma(shape, rate). Small shape = rate is informative near 0.

    Parameters
    ----------
    shape, rate : float
        Of the inverse Gamma distribution of the variance, > 0.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        If shape or rate is not a positive number.

    References
    ----------
    Gelman (2006), Bayesian Analysis 1:515-534, on why not to use it.

    Examples
    --------
    >>> print(round(float(inverse_gamma_on_variance(2, 3).distribution().mean()), 4))
    1.535
    """
    shape, rate = _positive("shape", shape), _positive("rate", rate)
    constant = np.log(2) + shape * np.log(rate) - special.gammaln(shape)

    def log_density(x):
        with np.errstate(divide="ignore", over="ignore"):
            return constant - (2 * shape + 1) * np.log(x) - rate / x**2

    name = f"inverse-gamma({shape:g}, {rate:g}) on the variance"
    return _smooth("inverse_gamma_on_variance", name, log_density, shape=shape, rate=rate)


def power(exponent):
    """Return the improper prior with density x^exponent.

    On alpha + beta with a uniform mean, exponent -3/2 is (alpha + beta)^(-5/2) on (alpha, beta), because the Jacobian
    of (mean, size) is the size.

    Parameters
    ----------
    exponent : float
        Any number.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        If exponent is not a number.

    References
    ----------
    Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.3.

    Examples
    --------
    >>> print(power(-1.5).name, power(-1.5).proper)
    x^-1.5 False
    """
    exponent = arguments.one("exponent", exponent)

    def log_density(x):
        with np.errstate(divide="ignore"):
            return exponent * np.log(x)

    return replace(_smooth("power", f"x^{exponent:g}", log_density, exponent=exponent), proper=False)


def pareto(shape, scale):
    """Return the prior with density shape scale^shape/x^(shape + 1) for x > scale.

    Parameters
    ----------
    shape, scale : float
        > 0.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        If shape or scale is not a positive number.

    References
    ----------
    Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 20.

    Examples
    --------
    >>> print(round(float(pareto(1.5, 1).distribution().median()), 9))
    1.587401052
    """
    shape, scale = _positive("shape", shape), _positive("scale", scale)
    constant = np.log(shape) + shape * np.log(scale)

    def log_density(x):
        return constant - (shape + 1) * np.log(x)

    prior = _smooth("pareto", f"Pareto({shape:g}, {scale:g})", log_density, shape=shape, scale=scale)
    return replace(prior, lower=scale)


def as_prior(prior):
    """Return what the caller gave as a `Prior`.

    Parameters
    ----------
    prior : Prior, frozen SciPy distribution or callable
        A distribution of SciPy is cut off at 0; a function gives the log density, up to a constant, of an array.

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        For anything else, and for a function that does not give one number for each of the array, or that seems to
        give a density in place of its logarithm.

    Examples
    --------
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


def _smooth(family, name, log_density, **parameters):
    return Prior(name, log_density, smooth=True, family=family, parameters=parameters)


def _positive(name, value):
    return arguments.one(name, value, low=0, open_low=True)
