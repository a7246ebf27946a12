"""The distributions that hblib returns; all have the same methods.

`Beta`, `Normal` and `Point` are given by their parameters, `Mixture`, `Scale` and `LogScale` come from full Bayes and
`Refits` from a bootstrap. The methods have the names that SciPy's frozen distributions give them. One object holds an
array of distributions, usually one a group: `len` says how many, an index or a slice picks some, and what a method is
given broadcasts against them. Here are the posteriors of two rates:

>>> post = Beta([7, 3], [113, 97])
>>> print(post.mean().round(4), post.sf(0.1).round(4), post[0].median().round(4))
[0.0583 0.03  ] [0.0406 0.0021] 0.0559

SciPy answers `nan` for a normal of zero width, but complete pooling (tau = 0) is exactly that: a posterior that sits on
one point. Here it is an ordinary value. The module needs `scipy.special` only, which loads quickly.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NoReturn, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from hblib._numerics import arguments
from hblib._numerics.beta_quantiles import quantile
from hblib._numerics.datatree import datatree
from hblib._numerics.mixture import Parts, if_they_exist, mean_sd, solve
from hblib._numerics.panels import Panels
from hblib._numerics.rates_pmf import log_beta_density
from hblib._numerics.tables import repr_of, summary
from hblib._numerics.types import FloatArray, FloatOrArray, Rng


class Distribution(ABC):
    """An array of distributions; the base class of all.

    Attributes
    ----------
    shape : tuple of int
        Of the array: (J,) for J groups, () for a single distribution. mean(), std(), var() and median() have it, and
        the arguments of the other methods broadcast against it.
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of the array: (J,) for J groups, () for a single distribution."""

    def mean(self) -> FloatOrArray:
        """Return the mean.

        Returns
        -------
        float or array
            The means, nan where they do not exist, of the shape of the array.

        Examples
        --------
        >>> print(Beta(7, 113).mean().round(4))
        0.0583
        """
        return self._mean()

    def std(self) -> FloatOrArray:
        """Return the standard deviation.

        Returns
        -------
        float or array
            The standard deviations, inf where they do not exist, of the shape of the array.

        Examples
        --------
        >>> print(Normal(8.0, 0.5).std())
        0.5
        """
        return self._std()

    def var(self) -> FloatOrArray:
        """Return the variance, the square of the standard deviation.

        Returns
        -------
        float or array
            The variances, of the shape of the array.
        """
        return self._std() ** 2

    def median(self) -> FloatOrArray:
        """Return the median, the quantile of 1/2.

        Returns
        -------
        float or array
            The medians, of the shape of the array.
        """
        return self.ppf(0.5)

    def logpdf(self, x: ArrayLike) -> FloatOrArray:
        """Return the log density.

        Parameters
        ----------
        x : array_like
            Where, in the unit of the quantity, of any shape that fits that of the distributions; may be inf or nan.

        Returns
        -------
        float or array
            The logarithms, -inf outside the range and inf on a point mass, one for each argument and distribution.

        Raises
        ------
        ValueError
            If x does not hold numbers, or the shapes do not fit together.
        """
        return self._logpdf(self._numbers(x))

    def pdf(self, x: ArrayLike) -> FloatOrArray:
        """Return the density.

        Parameters
        ----------
        x : array_like
            Where, in the unit of the quantity, of any shape that fits that of the distributions; may be inf or nan.

        Returns
        -------
        float or array
            The densities, inf on a point mass, one for each argument and distribution.

        Raises
        ------
        ValueError
            If x does not hold numbers, or the shapes do not fit together.
        """
        with np.errstate(over="ignore"):
            return np.exp(self.logpdf(x))

    def cdf(self, x: ArrayLike) -> FloatOrArray:
        """Return the distribution function, P(X <= x).

        Parameters
        ----------
        x : array_like
            Where, in the unit of the quantity, of any shape that fits that of the distributions; may be inf or nan.

        Returns
        -------
        float or array
            The probabilities, one for each argument and distribution.

        Raises
        ------
        ValueError
            If x does not hold numbers, or the shapes do not fit together.

        Examples
        --------
        >>> print(Normal(0.0, 1.0).cdf([-np.inf, 0, 2]).round(4))
        [0.     0.5    0.9772]
        """
        return self._cdf(self._numbers(x))

    def sf(self, x: ArrayLike) -> FloatOrArray:
        """Return the upper tail P(X > x), with the digits that 1 - cdf(x) loses.

        Parameters
        ----------
        x : array_like
            Where, in the unit of the quantity, of any shape that fits that of the distributions; may be inf or nan.

        Returns
        -------
        float or array
            The probabilities, one for each argument and distribution.

        Raises
        ------
        ValueError
            If x does not hold numbers, or the shapes do not fit together.

        Examples
        --------
        >>> print(f"{Normal(0.0, 1.0).sf(20):.6g}")
        2.75362e-89
        """
        return self._sf(self._numbers(x))

    def ppf(self, q: ArrayLike) -> FloatOrArray:
        """Return the quantiles, the inverse of the distribution function.

        Parameters
        ----------
        q : array_like
            Probabilities, from 0 to 1, of any shape that fits that of the distributions.

        Returns
        -------
        float or array
            The smallest x with cdf(x) >= q, one for each argument and distribution.

        Raises
        ------
        ValueError
            If q does not hold probabilities, or the shapes do not fit together.

        Examples
        --------
        >>> print(Beta(1, 1).ppf([0, 0.25, 1]))
        [0.   0.25 1.  ]
        """
        return self._ppf(self._probability("q", q))

    def isf(self, q: ArrayLike) -> FloatOrArray:
        """Return the quantiles from above, the inverse of the upper tail.

        Parameters
        ----------
        q : array_like
            Probabilities, from 0 to 1, of any shape that fits that of the distributions.

        Returns
        -------
        float or array
            The smallest x with sf(x) <= q, one for each argument and distribution.

        Raises
        ------
        ValueError
            If q does not hold probabilities, or the shapes do not fit together.
        """
        return self._isf(self._probability("q", q))

    def interval(self, prob: ArrayLike = 0.95) -> tuple[FloatOrArray, FloatOrArray]:
        """Return the central interval, which leaves out (1 - prob)/2 on each side.

        Parameters
        ----------
        prob : array_like
            The probability inside, from 0 to 1.

        Returns
        -------
        lower : float or array
            The lower ends, one for each prob and distribution.
        upper : float or array
            The upper ends.

        Raises
        ------
        ValueError
            If prob is no probability, or the shapes do not fit together.

        Examples
        --------
        >>> print(*Normal(0.0, 1.0).interval(0.95))
        -1.959963984540054 1.959963984540054
        """
        tail = (1 - self._probability("prob", prob)) / 2
        lower, upper = self.ppf(tail), self.isf(tail)
        return np.minimum(lower, upper), np.maximum(lower, upper)  # at prob = 0 rounding may turn them round

    def rvs(self, size: int | tuple[int, ...] = (), rng: Rng = None) -> FloatOrArray:
        """Return draws; those of a `Mixture` or `Refits` are joint draws of all its groups.

        Parameters
        ----------
        size : int or tuple of int
            How many draws of every distribution; one of each if left out. 1000 draws of 12 groups have the shape
            (1000, 12): as in `scipy.stats.Normal.sample`, the array's own shape follows.
        rng : numpy.random.Generator or int, optional
            A generator, or a seed for one; None gives other draws each time.

        Returns
        -------
        float or array
            The draws, of the shape (*size, *shape).

        Raises
        ------
        ValueError
            If size does not hold whole numbers from 0 on, or rng is no generator and no seed.

        Examples
        --------
        >>> Normal([0.0, 1.0, 2.0], 1.0).rvs(1000, rng=1).shape
        (1000, 3)
        """
        sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,)
        sizes = tuple(arguments.whole("size", one, low=0) for one in sizes)
        draws = self._draw(math.prod(sizes), arguments.generator("rng", rng))
        return draws.reshape((*sizes, *self.shape))[()]

    def to_datatree(
        self,
        draws: int = 1000,
        chains: int = 4,
        rng: Rng = None,
        groups: ArrayLike | None = None,
        name: str = "theta",
    ) -> Any:
        """Return draws in the form in which ArviZ takes them.

        Parameters
        ----------
        draws, chains : int
            Their numbers. The draws are independent, so it does not matter how they are divided into chains.
        rng : numpy.random.Generator or int, optional
            A generator, or a seed for one; None gives other draws each time.
        groups : array_like of shape (J,), optional
            The names of the groups; 0 to J - 1 if left out.
        name : str
            Of the variable.

        Returns
        -------
        xarray.DataTree
            Its node "posterior" holds the variable, with dimensions chain, draw and, for an array, group.

        Raises
        ------
        ValueError
            If there is not one name a group, if the array has more than one axis (of several coefficients pick one
            first, as in ``post[:, 1]``), or if an argument is out of range.
        ImportError
            If xarray is not installed.

        Examples
        --------
        >>> tree = Beta([7, 3], [113, 97]).to_datatree(draws=500, rng=1, groups=["A", "B"])
        >>> tree["posterior"]["theta"].sel(group="B").shape
        (4, 500)
        """
        return datatree({name: self.rvs((chains, draws), rng)}, groups)

    @abstractmethod
    def _mean(self) -> FloatOrArray: ...

    @abstractmethod
    def _std(self) -> FloatOrArray: ...

    @abstractmethod
    def _logpdf(self, x: FloatArray) -> FloatOrArray: ...

    @abstractmethod
    def _cdf(self, x: FloatArray) -> FloatOrArray: ...

    @abstractmethod
    def _sf(self, x: FloatArray) -> FloatOrArray: ...

    @abstractmethod
    def _ppf(self, q: FloatArray) -> FloatOrArray: ...

    @abstractmethod
    def _isf(self, q: FloatArray) -> FloatOrArray: ...

    @abstractmethod
    def _draw(self, number: int, rng: np.random.Generator) -> FloatArray:
        """Draws of the shape (number, *shape)."""

    def _numbers(self, x: ArrayLike) -> FloatArray:
        return self._fitting("x", arguments.numbers("x", x, allow_inf=True, allow_nan=True))

    def _probability(self, name: str, q: ArrayLike) -> FloatArray:
        values = arguments.numbers(name, q, low=0)
        if (values > 1).any():
            raise ValueError(f"{name} must be a probability, at most 1, but is {values.max()}")
        return self._fitting(name, values)

    def _fitting(self, name: str, values: FloatArray) -> FloatArray:
        """`values`, if they broadcast against the array."""
        try:
            np.broadcast_shapes(values.shape, self.shape)
        except ValueError:
            column = f"{name}[:{', None' * len(self.shape)}]"
            hint = f"; for every group write {column}" if values.ndim == 1 else ""
            raise ValueError(f"{name} has shape {values.shape}, which does not fit the {self._size()}{hint}") from None
        return values

    def _pick(self, places: Any) -> Self:
        """The distributions at these places of the flat array."""
        raise IndexError(f"a single {type(self).__name__} has no groups to pick")  # what is never an array has no other

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"a single {type(self).__name__} has no length: it is not an array of groups")
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Self:
        if not self.shape:
            raise IndexError(f"a single {type(self).__name__} has no groups to pick")
        return self._pick(np.arange(math.prod(self.shape)).reshape(self.shape)[key])

    def _size(self) -> str:
        return f"{self.shape[0]} groups" if len(self.shape) == 1 else f"shape {self.shape}"

    def __repr__(self) -> str:
        name, mean, std = type(self).__name__, np.asarray(self.mean()), np.asarray(self.std())
        if not self.shape:
            return f"{name}: mean {mean:.4g}, sd {std:.4g}"
        if not math.prod(self.shape):
            return f"{name} of shape {self.shape}"
        means, sds = (f"{values.min():.4g} to {values.max():.4g}" for values in (mean, std))
        return f"{name} of {self._size()}: means {means}, sds {sds}"


class _Family(Distribution):
    """A distribution with parameters, arrays that broadcast."""

    _limits: ClassVar[dict[str, dict[str, Any]]]  # of the parameters, as `arguments.numbers` takes them

    def __post_init__(self):
        for name in self.__dataclass_fields__:  # whatever the type they come in: float16 would overflow
            values = arguments.numbers(name, getattr(self, name), **self._limits.get(name, {}))
            object.__setattr__(self, name, values[()])
        arguments.together(**{name: np.asarray(getattr(self, name)) for name in self._limits})

    @classmethod
    def _of(cls, *parameters: FloatOrArray) -> Self:
        """With parameters that are known to be right, for looking at them takes as long as making them."""
        one = object.__new__(cls)
        for name, values in zip(cls._limits, parameters, strict=False):  # a Point has no scale of its own
            object.__setattr__(one, name, values)
        return one

    def _parameters(self):
        return [getattr(self, part.name) for part in fields(self) if part.init]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array, one entry a group."""
        return np.broadcast_shapes(*map(np.shape, self._parameters()))

    def _pick(self, places: Any) -> Self:
        at = np.unravel_index(places, self.shape)
        return self._of(*(np.broadcast_to(values, self.shape)[at] for values in self._parameters()))


@dataclass(frozen=True, repr=False, eq=False)
class Beta(_Family):
    r"""Beta distributions, elementwise.

    .. math::

        p(x) = \frac{x^{\alpha - 1} (1 - x)^{\beta - 1}}{B(\alpha, \beta)}

        E(x) = \frac{\alpha}{\alpha + \beta},

        \mathrm{var}(x) = \frac{E(x) \, (1 - E(x))}{\alpha + \beta + 1}

    Parameters
    ----------
    alpha, beta : array_like
        The parameters, finite and > 0; arrays broadcast.

    Attributes
    ----------
    alpha, beta : float or array
        The parameters.

    Notes
    -----
    The limit of alpha, beta to infinity at one mean is a `Point`; that is what a fit with phi = 0 gives.

    Examples
    --------
    >>> print(Beta(7, 113).mean())
    0.058333333333333334
    """

    alpha: FloatOrArray
    beta: FloatOrArray
    _limits = {"alpha": {"low": 0, "open_low": True}, "beta": {"low": 0, "open_low": True}}  # noqa: RUF012

    def _mean(self) -> FloatOrArray:
        return self.alpha / (self.alpha + self.beta)

    def _std(self) -> FloatOrArray:
        total = self.alpha + self.beta
        mean = self.alpha / total
        return np.sqrt(mean * (self.beta / total) / (total + 1))

    def _logpdf(self, x: FloatArray) -> FloatOrArray:
        """-inf outside 0 <= x <= 1, and inf at an end where its parameter is below 1.

        In terms of the deviance of alpha and beta from (alpha + beta) x and (alpha + beta)(1 - x): differences of log
        Gamma functions would lose as many digits as alpha + beta has.
        """
        x, a, b = np.broadcast_arrays(x, self.alpha, self.beta)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inside = log_beta_density(np.clip(x, 0, 1), a, b)
            at_end = np.where(x == 0, a, b)  # the parameter that decides there
            end = np.where(at_end < 1, np.inf, np.where(at_end == 1, np.log(np.where(x == 0, b, a)), -np.inf))
        value = np.where((x == 0) | (x == 1), end, inside)
        return np.where((x < 0) | (x > 1), -np.inf, np.where(np.isnan(x), np.nan, value))[()]

    def _cdf(self, x: FloatArray) -> FloatOrArray:
        return special.betainc(self.alpha, self.beta, np.clip(x, 0, 1))

    def _sf(self, x: FloatArray) -> FloatOrArray:
        return special.betaincc(self.alpha, self.beta, np.clip(x, 0, 1))

    def _ppf(self, q: FloatArray) -> FloatOrArray:
        return quantile(self.alpha, self.beta, q, upper=False)

    def _isf(self, q: FloatArray) -> FloatOrArray:
        return quantile(self.alpha, self.beta, q, upper=True)

    def _draw(self, number: int, rng: np.random.Generator) -> FloatArray:
        return rng.beta(self.alpha, self.beta, (number, *self.shape))


@dataclass(frozen=True, repr=False, eq=False)
class Normal(_Family):
    r"""Normal distributions, elementwise; scale = 0 is the point mass at loc.

    .. math:: p(x) = \frac{1}{\sqrt{2 \pi} \, scale} \exp \frac{-(x - loc)^2}{2 \, scale^2}

    Parameters
    ----------
    loc, scale : array_like
        Mean and standard deviation, in one unit, scale >= 0; arrays broadcast.

    Attributes
    ----------
    loc, scale : float or array
        Mean and standard deviation.

    Notes
    -----
    At a point mass the density is infinite, and 0 elsewhere; the distribution function jumps from 0 to 1 there, and
    every quantile, and so every interval and draw, is the point.

    Examples
    --------
    >>> print(*Normal(8.0, 0.0).interval(0.95))
    8.0 8.0
    """

    loc: FloatOrArray
    scale: FloatOrArray
    _limits = {"loc": {}, "scale": {"low": 0, "allow_inf": True}}  # noqa: RUF012

    def _mean(self) -> FloatOrArray:
        return np.broadcast_to(self.loc, self.shape)[()]

    def _std(self) -> FloatOrArray:
        return np.broadcast_to(self.scale, self.shape)[()]

    def _logpdf(self, x: FloatArray) -> FloatOrArray:
        """Where scale = 0, inf at the point itself and -inf elsewhere."""
        with np.errstate(all="ignore"):
            z = np.subtract(x, self.loc) / self.scale
            value = -(z**2) / 2 - np.log(np.sqrt(2 * np.pi) * self.scale)
        at_point = np.where(np.equal(x, self.loc), np.inf, np.where(np.isnan(x), np.nan, -np.inf))
        return np.where(np.equal(self.scale, 0), at_point, value)[()]

    def _cdf(self, x: FloatArray) -> FloatOrArray:
        return self._level(x, np.greater_equal(x, self.loc), 1)

    def _sf(self, x: FloatArray) -> FloatOrArray:
        return self._level(x, np.less(x, self.loc), -1)

    def _level(self, x, at_point, sign):
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(np.isinf(x), x, np.subtract(x, self.loc) / self.scale)  # the scale may be infinite too
            smooth = special.ndtr(sign * z)
        return np.where(np.equal(self.scale, 0), np.where(np.isnan(x), np.nan, at_point), smooth)[()]

    def _ppf(self, q: FloatArray) -> FloatOrArray:
        return self._at(special.ndtri(q))

    def _isf(self, q: FloatArray) -> FloatOrArray:
        return self._at(-special.ndtri(q))

    def _at(self, z):
        with np.errstate(invalid="ignore"):
            away = np.where(np.equal(z, 0) | np.equal(self.scale, 0), 0.0, self.scale * z)  # inf * 0 is none here
        return (self.loc + away)[()]

    def _draw(self, number: int, rng: np.random.Generator) -> FloatArray:
        return rng.normal(self.loc, self.scale, (number, *self.shape))


@dataclass(frozen=True, repr=False, eq=False)
class Point(Normal):
    """Point masses, elementwise: certainty.

    A rate has it at the boundary of a fit: where phi = 0 all rates are mu, and where phi = inf each is 0 or 1.

    Parameters
    ----------
    loc : array_like
        Where all the mass is.

    Attributes
    ----------
    loc : float or array
        Where all the mass is: the mean, the median and every other quantile, and every draw.
    scale : float
        0, since a point is a `Normal` of no width.

    Examples
    --------
    >>> point = Point([0.1, 0.2])
    >>> print(point, point.cdf(0.15))
    Point of 2 groups: means 0.1 to 0.2, sds 0 to 0 [1. 0.]
    >>> point.alpha
    Traceback (most recent call last):
    ...
    AttributeError: a Point has no alpha: no finite alpha and beta give certainty; see mean(), std(), interval(prob)
    """

    scale: FloatOrArray = field(default=0.0, init=False)

    def __getattr__(self, name: str) -> NoReturn:
        why = ": no finite alpha and beta give certainty; see mean(), std(), interval(prob)"
        raise AttributeError(f"a Point has no {name}{why if name in ('alpha', 'beta') else ''}", name=name, obj=self)


class Mixture(Distribution):
    r"""The posterior of theta_j, or of mu, under full Bayes: a mixture over the hyperparameters.

    .. math:: p(\theta_j \mid y) = \sum_k w_k \, p(\theta_j \mid y, \text{hyperparameters}_k)

    The sum is over the nodes of a quadrature. The mean and the standard deviation come from exact sums; the mean is nan
    and the standard deviation inf where they do not exist, while the quantiles always do. Draws are joint: the groups
    of one draw share the hyperparameters.

    Parameters
    ----------
    parts : Parts
        What the family's quadrature knows.
    which : array of int, optional
        Which of its groups these are; all if left out.

    See Also
    --------
    hblib.beta_binomial.full_bayes : Gives such posteriors for rates.
    hblib.normal_normal.full_bayes : Gives such posteriors for means.

    Examples
    --------
    >>> from hblib import normal_normal, priors
    >>> theta = normal_normal.full_bayes([3, 5, 10], 1.0, priors.half_normal(5)).theta
    >>> print(theta.mean().round(3), theta[2].sf(8).round(4))
    [3.242 5.081 9.678] 0.9511
    """

    def __init__(self, parts: Parts, which: Any = None) -> None:
        self._parts = parts
        self._which = np.arange(parts.mean.size) if which is None else np.asarray(which)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array, one entry a group."""
        return self._which.shape

    def _mean(self) -> FloatOrArray:
        return self._parts.mean[self._which][()]

    def _std(self) -> FloatOrArray:
        return self._parts.sd[self._which][()]

    def _logpdf(self, x: FloatArray) -> FloatOrArray:
        x, which = np.broadcast_arrays(x, self._which)
        low, high = self._parts.ends
        inside = (x >= low) & (x <= high) & np.isfinite(x)
        value = np.where(np.isnan(x), np.nan, -np.inf)
        with np.errstate(over="ignore"):  # far outside a square may be infinite: rightly, the density is 0
            value[inside] = self._parts.log_density(x[inside], which[inside])
        return value[()]

    def _cdf(self, x: FloatArray) -> FloatOrArray:
        return self._tail(x, upper=False)

    def _sf(self, x: FloatArray) -> FloatOrArray:
        return self._tail(x, upper=True)

    def _tail(self, x, upper):
        x, which = np.broadcast_arrays(x, self._which)
        low, high = self._parts.ends
        below = (x < low) | np.isneginf(x)  # the lower end may itself be -inf
        level = np.where(np.isnan(x), np.nan, np.where(below, float(upper), float(not upper)))
        inside = (x >= low) & (x < high) & np.isfinite(x)
        tail = self._parts.tail(x[inside], which[inside], upper)
        level[inside] = np.clip(tail, 0, 1)  # the weights add up to 1 only nearly
        return level[()]

    def _ppf(self, q: FloatArray) -> FloatOrArray:
        return self._quantile(q, upper=False)

    def _isf(self, q: FloatArray) -> FloatOrArray:
        return self._quantile(q, upper=True)

    def _quantile(self, q, upper):
        """From the nearer tail, which has the digits."""
        q, which = np.broadcast_arrays(q, self._which)
        from_above = (q <= 0.5) == upper
        answer = np.empty(q.shape)
        for above in (False, True):
            some = from_above == above
            answer[some] = solve(self._parts, np.minimum(q, 1 - q)[some], which[some], above)
        return answer[()]

    def _draw(self, number: int, rng: np.random.Generator) -> FloatArray:
        return self._parts.joint(number, rng, self._which.ravel())

    def _pick(self, places: Any) -> Self:
        return type(self)(self._parts, self._which.ravel()[places])


class Scale(Distribution):
    r"""The distribution of a positive number that is known by its density: tau, or the size alpha + beta.

    .. math:: P(X \le x) = \int_0^x p(t) \, dt

    The distribution function comes from Gauss's rule on panels between the nodes of a quadrature, to nearly all digits
    where the tail is above 1e-12; of smaller tails it knows fewer, and below 1e-35 perhaps none.

    The mean is nan and the standard deviation inf where they do not exist, while the quantiles always do. Where a
    moment only just exists, because the density falls hardly faster than x^-2 (for the standard deviation x^-3), the
    part of it beyond the last node is missing: the mean of half_t(1.1, 1) comes out too small by 1/10,000, and that of
    half_t(1.01, 1) by two fifths.

    Parameters
    ----------
    panels : Panels
        The density on its panels.
    weight : array
        The weights of the panels' nodes, for the moments.
    tail : float
        How the density falls, as x^tail: it says which moments exist.

    Examples
    --------
    >>> from hblib import priors
    >>> tau = priors.half_normal(5).distribution()
    >>> values = tau.mean(), tau.median(), tau.log().mean()
    >>> print(*(round(float(value), 6) for value in values))
    3.989423 3.372449 0.974256
    """

    shape: tuple[()] = ()

    def __init__(self, panels: Panels, weight: FloatArray, tail: float) -> None:
        self._panels, self._log_moments = panels, mean_sd(weight, np.log(panels.nodes))
        unit = np.exp(self._log_moments[0])  # what is squared should be no further from 1 than it must
        mean, sd = if_they_exist(mean_sd(weight, np.minimum(panels.nodes / unit, 1e150)), tail)
        self._moments = float(mean * unit), float(sd * unit)

    def _mean(self) -> FloatOrArray:
        return self._moments[0]

    def _std(self) -> FloatOrArray:
        return self._moments[1]

    def _logpdf(self, x: FloatArray) -> FloatOrArray:
        return self._panels.log_density(x)

    def _cdf(self, x: FloatArray) -> FloatOrArray:
        return self._panels.tail(x, upper=False)

    def _sf(self, x: FloatArray) -> FloatOrArray:
        return self._panels.tail(x, upper=True)

    def _ppf(self, q: FloatArray) -> FloatOrArray:
        return self._panels.quantile(q, upper=False)

    def _isf(self, q: FloatArray) -> FloatOrArray:
        return self._panels.quantile(q, upper=True)

    def log(self) -> "LogScale":
        """Return the distribution of log X, whose moments exist where those of X may not.

        Returns
        -------
        LogScale
            With all the methods of a distribution.

        Examples
        --------
        >>> from hblib import priors
        >>> tau = priors.half_cauchy(1).distribution()
        >>> print(tau.mean(), round(tau.log().std(), 4))
        nan 1.5708
        """
        return LogScale(self, *self._log_moments)

    def _draw(self, number: int, rng: np.random.Generator) -> FloatArray:
        return np.asarray(self._ppf(rng.uniform(size=number)))


class LogScale(Distribution):
    r"""The distribution of the logarithm of a `Scale`.

    .. math::

        p(v) = e^v \, p_X(e^v)

        v = \log x

    Parameters
    ----------
    scale : Scale
        The distribution of X.
    mean, sd : float
        The moments of log X.

    Examples
    --------
    >>> from hblib import priors
    >>> log_tau = priors.half_cauchy(1).distribution().log()
    >>> print(*np.round(log_tau.interval(0.5), 6))
    -0.881374 0.881374
    """

    shape: tuple[()] = ()

    def __init__(self, scale: Scale, mean: float, sd: float) -> None:
        self._scale, self._moments = scale, (mean, sd)

    def _mean(self) -> FloatOrArray:
        return self._moments[0]

    def _std(self) -> FloatOrArray:
        return self._moments[1]

    def _logpdf(self, x: FloatArray) -> FloatOrArray:
        with np.errstate(all="ignore"):
            value = self._scale._logpdf(np.exp(x)) + x
        return np.where(np.isinf(x), -np.inf, value)[()]

    def _cdf(self, x: FloatArray) -> FloatOrArray:
        with np.errstate(over="ignore"):
            return self._scale._cdf(np.exp(x))

    def _sf(self, x: FloatArray) -> FloatOrArray:
        with np.errstate(over="ignore"):
            return self._scale._sf(np.exp(x))

    def _ppf(self, q: FloatArray) -> FloatOrArray:
        with np.errstate(divide="ignore"):
            return np.log(self._scale._ppf(q))

    def _isf(self, q: FloatArray) -> FloatOrArray:
        with np.errstate(divide="ignore"):
            return np.log(self._scale._isf(q))

    def _draw(self, number: int, rng: np.random.Generator) -> FloatArray:
        return np.log(self._scale._draw(number, rng))


@dataclass(frozen=True, repr=False, eq=False)
class Refits(Distribution):
    r"""The average, with equal weights, of the distributions along the last axis of all parts; elementwise on the rest.

    .. math:: p(x) = \frac{1}{B} \sum_{b=1}^{B} p_b(x)

    Where a part has points (a `Point`, or a `Normal` of scale 0) the density is infinite on them; elsewhere it is that
    of the rest. Draws are joint: the groups of one draw share the refit.

    Parameters
    ----------
    parts : tuple
        Of `Beta` and `Normal`; a part may be empty.

    Attributes
    ----------
    parts : tuple
        The same.

    Examples
    --------
    >>> half = Refits((Normal(np.array([-1.0, 1.0]), np.array([0.6, 0.6])),))
    >>> print(half.mean(), round(half.var(), 12), half.median().round(12))
    0.0 1.36 0.0
    """

    parts: tuple[Beta | Normal, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array, one entry a group."""
        return np.broadcast_shapes(*(part.shape[:-1] for part in self.parts))

    def _mean(self) -> FloatOrArray:
        return self._all("_mean").mean(axis=-1)

    def _std(self) -> FloatOrArray:
        """By the law of total variance."""
        return np.sqrt((self._all("_std") ** 2).mean(axis=-1) + self._all("_mean").var(axis=-1))

    def _logpdf(self, x: FloatArray) -> FloatOrArray:
        value = self._all("_logpdf", x[..., None])
        top = value.max(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = np.log(np.mean(np.exp(value - top), axis=-1)) + top[..., 0]
        return np.where(np.isinf(top[..., 0]), top[..., 0], usual)[()]

    def _cdf(self, x: FloatArray) -> FloatOrArray:
        return self._all("_cdf", x[..., None]).mean(axis=-1)

    def _sf(self, x: FloatArray) -> FloatOrArray:
        return self._all("_sf", x[..., None]).mean(axis=-1)

    def _ppf(self, q: FloatArray) -> FloatOrArray:
        return self._bisect("_ppf", q, lambda x: self._cdf(x) >= q)

    def _isf(self, q: FloatArray) -> FloatOrArray:
        return self._bisect("_isf", q, lambda x: self._sf(x) <= q)

    def _bisect(self, name, q, beyond):
        """Between the extreme ones of the parts' quantiles."""
        ends = self._all(name, q[..., None])
        low, high = ends.min(axis=-1), ends.max(axis=-1)
        for _ in range(45):  # leaves 3e-14 of the bracket, far below the error of the simulation
            with np.errstate(invalid="ignore"):
                middle = np.where(low == high, low, (low + high) / 2)  # which may both be infinite
            past = beyond(middle)
            low, high = np.where(past, low, middle), np.where(past, middle, high)
        return high[()]

    def _draw(self, number: int, rng: np.random.Generator) -> FloatArray:
        refit = rng.integers(sum(part.shape[-1] for part in self.parts), size=number)
        draws, first = np.empty((number, *self.shape)), 0
        for part in self.parts:
            here = (refit >= first) & (refit < first + part.shape[-1])
            draws[here] = np.moveaxis(part[..., refit[here] - first]._draw(1, rng)[0], -1, 0)
            first += part.shape[-1]
        return draws

    def _pick(self, places: Any) -> Self:
        return type(self)(tuple(part[np.unravel_index(places, self.shape)] for part in self.parts))

    def _all(self, name, *args):
        return np.concatenate([getattr(part, name)(*args) for part in self.parts], axis=-1)


class JointPosterior[Draws](ABC):
    """The posterior of the prior's parameters and every group together; the base class of both families' FullBayes."""

    theta: Distribution
    new_group: Distribution
    _family: ClassVar[str]
    _beside_mu: ClassVar[str]  # the name of the other parameter

    def summary(self, prob: float = 0.95, groups: ArrayLike | None = None) -> dict[str, list]:
        """Return what one reports, as columns, of which pandas.DataFrame makes a table.

        Parameters
        ----------
        prob : float
            The probability inside the central intervals.
        groups : array_like of shape (J,), optional
            The names of the groups; 0 to J - 1 if left out.

        Returns
        -------
        dict of list
            The columns "name", "mean", "sd", "low" and "high": a row for each of the prior's parameters (for rates the
            logarithm of the size too), for a new group and for every group.

        Raises
        ------
        ValueError
            If prob is no probability, or there is not one name a group.

        Examples
        --------
        >>> from hblib import normal_normal, priors
        >>> full = normal_normal.full_bayes([3, 5, 10], 1.0, priors.half_normal(5))
        >>> print(full.summary(groups=["A", "B", "C"])["name"])
        ['mu', 'tau', 'new group', 'A', 'B', 'C']
        """
        return summary(self._parameters() | {"new group": self.new_group}, self.theta, prob, groups)

    def rvs(self, size: int | tuple[int, ...] = (), rng: Rng = None) -> Draws:
        """Return joint draws of the prior's parameters and of every group.

        Parameters
        ----------
        size : int or tuple of int
            How many; one if left out.
        rng : numpy.random.Generator or int, optional
            A generator, or a seed for one; None gives other draws each time.

        Returns
        -------
        Draws
            The family's. The parameters have the shape `size`, theta has the shape (*size, J).

        Raises
        ------
        ValueError
            If size does not hold whole numbers from 0 on, or rng is no generator and no seed.

        Examples
        --------
        >>> from hblib import beta_binomial, priors
        >>> full = beta_binomial.full_bayes([1, 3, 0, 9], 20, priors.half_normal(50))
        >>> draws = full.rvs(1000, rng=1)
        >>> draws.mu.shape, draws.theta.shape
        ((1000,), (1000, 4))
        """
        rng = arguments.generator("rng", rng)
        return self._draws(np.asarray(getattr(self, self._beside_mu).rvs(size, rng)), rng)

    def to_datatree(self, draws: int = 1000, chains: int = 4, rng: Rng = None, groups: ArrayLike | None = None) -> Any:
        """Return joint draws of the prior's parameters and theta in the form in which ArviZ takes them.

        Parameters
        ----------
        draws, chains : int
            Their numbers. The draws are independent, so it does not matter how they are divided into chains.
        rng : numpy.random.Generator or int, optional
            A generator, or a seed for one; None gives other draws each time.
        groups : array_like of shape (J,), optional
            The names of the groups; 0 to J - 1 if left out.

        Returns
        -------
        xarray.DataTree
            Its node "posterior" holds the parameters and theta, with dimensions chain, draw and group.

        Raises
        ------
        ValueError
            If there is not one name a group, or an argument is out of range.
        ImportError
            If xarray is not installed.
        """
        drawn: Any = self.rvs((chains, draws), rng)
        return datatree(drawn._asdict(), groups)

    @abstractmethod
    def _parameters(self) -> dict[str, Distribution]:
        """What a summary begins with: mu, and what says how much the groups vary."""

    @abstractmethod
    def _draws(self, beside_mu: FloatArray, rng: np.random.Generator) -> Draws:
        """Joint draws, given those of the parameter beside mu."""

    def __repr__(self) -> str:
        return repr_of(self._family, self, dict(list(self._parameters().items())[:2]))
