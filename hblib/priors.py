"""Prior densities on (0, inf): for tau, the spread between groups, and for alpha + beta, the size of a Beta prior.

Each function gives a `Prior`, whose `Prior.log_density` is taken with respect to the quantity itself (not its square or
its logarithm). A density that has no finite integral is written without a constant, and `Prior.proper` is False.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from hblib._numerics import arguments, quadrature
from hblib._numerics.breaks import find_breaks
from hblib._numerics.panels import Panels
from hblib._numerics.types import FloatArray
from hblib.distributions import Scale


@dataclass(frozen=True, repr=False, eq=False)
class Prior:
    """A density on lower < x < upper, given by its logarithm, a function of an array.

    The places where the density jumps, ends or has a kink are searched for, unless it is said to be ``smooth``. An
    isolated piece of it is found if its width is at least 0.1 % of its x; where x is farther from the size that the
    data suggest than a factor r > 1e8, the piece must be wider, by the factor sqrt(1 + log(r/1e8)^2 / 4). For a
    narrower one put a value of x on it into ``points``.

    Parameters
    ----------
    name : str
        What messages and figures call it.
    log_density : callable
        Gives log p(x) for an array x, up to a constant if not ``proper``.
    lower : float
        The lower end of the range, >= 0.
    upper : float
        The upper end of the range, > lower.
    proper : bool
        Whether the density integrates to 1.
    smooth : bool
        Whether it is without jumps and kinks.
    points : tuple of float
        Values that a search for jumps must not miss.

    Attributes
    ----------
    family : str
        The name of the function of this module that made it; empty for others, and for what dataclasses.replace
        makes of its priors.
    parameters : dict
        The arguments of that function; empty for others.

    Notes
    -----
    A prior can be pickled if its log density can: all of this module can, a lambda cannot.

    Examples
    --------
    >>> triangle = Prior("triangle", lambda x: np.log(2 * (1 - x)), upper=1)
    >>> print(round(triangle.distribution().mean(), 4))
    0.3333
    >>> half_cauchy(5)
    half_cauchy(5)
    """

    name: str
    log_density: Callable[[FloatArray], FloatArray]
    lower: float = 0.0
    upper: float = np.inf
    proper: bool = True
    smooth: bool = False
    points: tuple[float, ...] = ()
    family: str = field(default="", init=False)
    parameters: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        arguments.one("lower", self.lower, low=0)
        arguments.one("upper", self.upper, low=self.lower, open_low=True, allow_inf=True)

    def distribution(self) -> Scale:
        """Return the prior as a distribution, with pdf, cdf, ppf, interval, rvs and the rest.

        Returns
        -------
        Scale
            Its mean is nan and its standard deviation inf where they do not exist.

        Raises
        ------
        ValueError
            If the density has no finite integral, or falls so slowly that quadrature cannot add it up.

        Examples
        --------
        >>> print(half_cauchy(5).distribution().ppf([0.5, 0.9]).round(3))
        [ 5.    31.569]
        """
        breaks, lower, upper = self.range(1.0)
        guess = self.parameters.get("scale", upper / 2 if upper < np.inf else 1.0)
        try:
            x, weight, log_total = quadrature.integrate_scale(self.log_density, lower, upper, guess, breaks=breaks)
        except ValueError as error:
            what = f"cannot be integrated numerically: {error}" if self.proper else "has no finite integral"
            raise ValueError(f"the prior {self.name} {what}") from error
        tail = quadrature.tail_power(self.log_density, upper, guess)
        return Scale(Panels(self.log_density, x, log_total, lower, upper, breaks), weight, tail)

    def range(self, guess: float) -> tuple[FloatArray, float, float]:
        """Find where the density is not smooth, and the ends of where it is positive.

        Parameters
        ----------
        guess : float
            A value of the size that matters.

        Returns
        -------
        breaks : array
            Where it jumps, ends or has a kink, sorted; empty if it is said to be smooth.
        lower : float
            The lower end.
        upper : float
            The upper end.

        Raises
        ------
        ValueError
            If the log density is no function of arrays.

        Examples
        --------
        >>> breaks, lower, upper = uniform(10).range(1.0)
        >>> print(breaks, lower, upper)
        [] 0.0 10.0
        """
        if self.smooth:
            return np.array([]), self.lower, self.upper
        inside = float(np.clip(guess, self.lower, self.upper))
        return find_breaks(lambda x: _values(self.log_density, x), self.lower, self.upper, inside, self.points)

    def __repr__(self) -> str:
        """As one writes it: signatures, messages and notebooks show it."""
        if not self.family:
            return f"<Prior {self.name!r} on {self.lower:g} to {self.upper:g}>"
        given = (repr(value).removesuffix(".0") for value in self.parameters.values() if value < np.inf)
        return f"{self.family}({', '.join(given)})"


def to_pymc(name: str, prior: Prior) -> Any:
    """Return a prior of this module as a variable of the PyMC model at hand.

    Parameters
    ----------
    name : str
        What the variable is called.
    prior : Prior
        The result of half_normal, half_cauchy, half_t, exponential or uniform.

    Returns
    -------
    pytensor.tensor.TensorVariable
        The variable, which now belongs to the model.

    Raises
    ------
    ValueError
        If PyMC has no such prior.

    Examples
    --------
    >>> import pymc
    >>> with pymc.Model() as model:
    ...     tau = to_pymc("tau", half_cauchy(5))
    >>> model.free_RVs
    [tau]
    """
    import pymc as pm  # here, because it takes seconds to load

    makers: dict[str, Callable[..., Any]] = {
        "half_normal": lambda scale: pm.HalfNormal(name, scale),
        "half_cauchy": lambda scale: pm.HalfCauchy(name, scale),
        "half_t": lambda df, scale: pm.HalfStudentT(name, df, scale),
        "exponential": lambda scale: pm.Exponential(name, scale=scale),
        "uniform": lambda upper: pm.Uniform(name, 0, upper) if upper < np.inf else pm.HalfFlat(name),
    }
    if not isinstance(prior, Prior) or prior.family not in makers:
        known = ", ".join(makers)
        raise ValueError(f"prior must be one of hblib.priors that PyMC has ({known}), but is {prior!r}")
    return makers[prior.family](**prior.parameters)


def half_normal(scale: float) -> Prior:
    r"""Return the half-normal prior: that of the absolute value of a draw from N(0, scale^2).

    .. math:: p(x) = \frac{2}{\sqrt{2 \pi} \, scale} \exp \frac{-x^2}{2 \, scale^2}

    What others write HalfNormal(0, 1) is half_normal(1).

    Parameters
    ----------
    scale : float
        The standard deviation of the normal distribution, > 0.

    Returns
    -------
    Prior
        The density of x > 0.

    Raises
    ------
    ValueError
        If scale is not a positive number.

    References
    ----------
    .. [1] Gelman (2006), Bayesian Analysis 1:515-534.

    Examples
    --------
    >>> print(round(float(np.exp(half_normal(1).log_density(0.0))), 6))
    0.797885
    """
    scale = _positive("scale", scale)
    return _smooth("half_normal", f"half-normal({scale:g})", _log_half_normal, {"scale": scale})


def half_t(df: float, scale: float) -> Prior:
    r"""Return the half-t prior: that of the absolute value of scale times a draw from Student's t.

    .. math:: p(x) \propto \left(1 + \frac{(x/scale)^2}{df}\right)^{-(df + 1)/2}

    With df = 1 it is the half-Cauchy, and the limit for large df is the half-normal.

    Parameters
    ----------
    df : float
        Degrees of freedom > 0.
    scale : float
        The scale > 0, in the unit of x.

    Returns
    -------
    Prior
        The density of x > 0.

    Raises
    ------
    ValueError
        If df or scale is not a positive number.

    References
    ----------
    .. [1] Gelman (2006), Bayesian Analysis 1:515-534.

    Examples
    --------
    >>> print(round(float(half_t(3, 10).distribution().mean()), 4))
    11.0266
    """
    df, scale = _positive("df", df), _positive("scale", scale)
    return _smooth("half_t", f"half-t({df:g}, {scale:g})", _log_half_t, {"df": df, "scale": scale})


def half_cauchy(scale: float) -> Prior:
    r"""Return the half-Cauchy prior: that of the absolute value of a draw from Cauchy(0, scale).

    .. math:: p(x) = \frac{2}{\pi \, scale \, (1 + (x/scale)^2)}

    Parameters
    ----------
    scale : float
        The median, > 0.

    Returns
    -------
    Prior
        The density of x > 0.

    Raises
    ------
    ValueError
        If scale is not a positive number.

    References
    ----------
    .. [1] Gelman (2006), Bayesian Analysis 1:515-534.

    Examples
    --------
    >>> print(round(float(half_cauchy(5).distribution().sf(50)), 4))
    0.0635
    """
    scale = _positive("scale", scale)
    return _smooth("half_cauchy", f"half-Cauchy({scale:g})", _log_half_cauchy, {"scale": scale})


def exponential(scale: float) -> Prior:
    r"""Return the exponential prior.

    .. math:: p(x) = \exp(-x/scale)/scale

    Parameters
    ----------
    scale : float
        The mean, > 0.

    Returns
    -------
    Prior
        The density of x > 0.

    Raises
    ------
    ValueError
        If scale is not a positive number.

    References
    ----------
    .. [1] Simpson et al. (2017), Statistical Science 32:1-28, who derive it for a standard deviation.

    Examples
    --------
    >>> print(round(float(exponential(2).distribution().mean()), 9))
    2.0
    """
    scale = _positive("scale", scale)
    return _smooth("exponential", f"exponential({scale:g})", _log_exponential, {"scale": scale})


def uniform(upper: float = np.inf) -> Prior:
    r"""Return the prior that is flat on (0, upper); without ``upper`` the improper flat prior.

    .. math:: p(x) = \frac{1}{upper}, \qquad 0 < x < upper

    Parameters
    ----------
    upper : float
        The end, > 0.

    Returns
    -------
    Prior
        The density of x > 0.

    Raises
    ------
    ValueError
        If upper is not a positive number.

    References
    ----------
    .. [1] Gelman (2006), Bayesian Analysis 1:515-534.

    Examples
    --------
    >>> print(uniform().proper, round(float(uniform(10).distribution().mean()), 9))
    False 5.0
    """
    upper = arguments.one("upper", upper, low=0, open_low=True, allow_inf=True)
    name = f"uniform(0, {upper:g})" if upper < np.inf else "flat"
    return _smooth("uniform", name, _log_uniform, {"upper": upper}, upper=upper, proper=upper < np.inf)


def inverse_gamma_on_variance(shape: float, rate: float) -> Prior:
    r"""Return the prior of x for x^2 ~ InverseGamma(shape, rate).

    .. math:: p(x) = \frac{2 \, rate^{shape}}{\Gamma(shape)} x^{-2 shape - 1} \exp(-rate/x^2)

    With a small shape and a rate equal to it, as is often used, the density near x = 0 depends strongly on that number.

    Parameters
    ----------
    shape : float
        The shape > 0 of the inverse Gamma distribution of the variance.
    rate : float
        Its rate > 0, in the squared unit of x.

    Returns
    -------
    Prior
        The density of x > 0.

    Raises
    ------
    ValueError
        If shape or rate is not a positive number.

    References
    ----------
    .. [1] Gelman (2006), Bayesian Analysis 1:515-534, on why not to use it.

    Examples
    --------
    >>> print(round(float(inverse_gamma_on_variance(2, 3).distribution().mean()), 4))
    1.535
    """
    shape, rate = _positive("shape", shape), _positive("rate", rate)
    name = f"inverse-gamma({shape:g}, {rate:g}) on the variance"
    return _smooth("inverse_gamma_on_variance", name, _log_inverse_gamma_on_variance, {"shape": shape, "rate": rate})


def power(exponent: float) -> Prior:
    r"""Return an improper prior that is a power of x.

    .. math:: p(x) \propto x^{exponent}

    On alpha + beta with a uniform mean, exponent -3/2 is (alpha + beta)^(-5/2) on (alpha, beta), because the Jacobian
    of (mean, size) is the size.

    Parameters
    ----------
    exponent : float
        Any number.

    Returns
    -------
    Prior
        The density of x > 0.

    Raises
    ------
    ValueError
        If exponent is not a number.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.3.

    Examples
    --------
    >>> print(power(-1.5).name, power(-1.5).proper)
    x^-1.5 False
    """
    exponent = arguments.one("exponent", exponent)
    return _smooth("power", f"x^{exponent:g}", _log_power, {"exponent": exponent}, proper=False)


def pareto(shape: float, scale: float) -> Prior:
    r"""Return the Pareto prior.

    .. math:: p(x) = shape \, \frac{scale^{shape}}{x^{shape + 1}}, \qquad x > scale

    Parameters
    ----------
    shape : float
        The power with which the tail P(X > x) falls, > 0.
    scale : float
        The least x, > 0.

    Returns
    -------
    Prior
        The density of x > 0.

    Raises
    ------
    ValueError
        If shape or scale is not a positive number.

    References
    ----------
    .. [1] Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 20.

    Examples
    --------
    >>> print(round(float(pareto(1.5, 1).distribution().median()), 9))
    1.587401052
    """
    shape, scale = _positive("shape", shape), _positive("scale", scale)
    name = f"Pareto({shape:g}, {scale:g})"
    return _smooth("pareto", name, _log_pareto, {"shape": shape, "scale": scale}, lower=scale)


def as_prior(prior: Any) -> Prior:
    """Return what the caller gave as a `Prior`.

    Parameters
    ----------
    prior : Prior, SciPy distribution or callable
        A distribution of SciPy, frozen or like `scipy.stats.Normal`, is cut off at 0; a function gives the log density,
        up to a constant, of an array.

    Returns
    -------
    Prior
        The one that was given, or one with that density.

    Raises
    ------
    ValueError
        For anything else, and for a function that does not give one number for each of the array, or that seems to give
        a density in place of its logarithm.

    Examples
    --------
    >>> as_prior(lambda x: 0.0)
    Traceback (most recent call last):
    ...
    ValueError: prior must give one log density for each value of an array, but gave shape () for shape (241,)
    """
    if isinstance(prior, Prior):
        return prior
    if hasattr(prior, "support"):
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
    log_sf = getattr(frozen, "logsf" if hasattr(frozen, "logsf") else "logccdf", None)  # by its old or its new name
    try:
        lower, upper = map(float, frozen.support())
        with np.errstate(all="ignore"):
            median, beyond = float(frozen.median()), float(log_sf(0.0) if lower < 0 else 0.0)
    except TypeError:
        raise ValueError(
            f"prior must be one frozen distribution, with numbers as parameters, but is {frozen!r}"
        ) from None
    if _is_discrete(frozen, median):
        raise ValueError(f"prior must be a continuous distribution, but {frozen!r} is a discrete one")
    if not upper > 0 or beyond == -np.inf:
        raise ValueError(f"prior must be a distribution of positive numbers, but its support is {lower:g} to {upper:g}")
    name = f"SciPy's {getattr(getattr(frozen, 'dist', frozen), 'name', type(frozen).__name__)}"
    points = (median,) if median > 0 else ()
    return Prior(name, partial(_log_cut_off, frozen=frozen, beyond=beyond), max(lower, 0.0), upper, points=points)


def _is_discrete(frozen, median):
    """Discrete distributions have no density or, of SciPy's new kind, an infinite one beside their probabilities."""
    if not hasattr(frozen, "logpdf"):
        return True
    return bool(frozen.logpdf(median) == np.inf and hasattr(frozen, "pmf") and frozen.pmf(median) > 0)


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


def _smooth(family, name, log_density, parameters, **more):
    """A prior that knows which function of this module made it; a changed copy is none of theirs and knows nothing."""
    prior = Prior(name, partial(log_density, **parameters), smooth=True, **more)
    object.__setattr__(prior, "family", family)
    object.__setattr__(prior, "parameters", parameters)
    return prior


# --- the log densities, by themselves: pickle knows a function of a module, but none that was made in another --------


def _log_half_normal(x, scale):
    return np.log(2 / scale) - np.log(2 * np.pi) / 2 - (x / scale) ** 2 / 2


def _log_half_t(x, df, scale):
    constant = np.log(2 / scale) - special.betaln(df / 2, 0.5) - np.log(df) / 2
    return constant - (df + 1) / 2 * np.log1p((x / scale) ** 2 / df)


def _log_half_cauchy(x, scale):
    return np.log(2 / (np.pi * scale)) - np.log1p((x / scale) ** 2)


def _log_exponential(x, scale):
    return -x / scale - np.log(scale)


def _log_uniform(x, upper):
    return np.full_like(x, -np.log(upper) if upper < np.inf else 0.0, dtype=float)


def _log_inverse_gamma_on_variance(x, shape, rate):
    constant = np.log(2) + shape * np.log(rate) - special.gammaln(shape)
    with np.errstate(divide="ignore", over="ignore"):
        return constant - (2 * shape + 1) * np.log(x) - rate / x**2


def _log_power(x, exponent):
    with np.errstate(divide="ignore"):
        return exponent * np.log(x)


def _log_pareto(x, shape, scale):
    return np.log(shape) + shape * np.log(scale) - (shape + 1) * np.log(x)


def _log_cut_off(x, frozen, beyond):
    """The log density of a distribution of SciPy, given that x > 0; `beyond` is the log probability of that."""
    return frozen.logpdf(x) - beyond


def _positive(name: str, value: float) -> float:
    return arguments.one(name, value, low=0, open_low=True)
