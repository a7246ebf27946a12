"""Every distribution that hblib returns, with one interface: `Beta`, `Normal`, `Mixture`, `Scale` and `Refits`.

The methods have the names of SciPy's frozen distributions. An object is an array of distributions, one a group: `len`,
indices and slices pick groups, and arguments broadcast against the groups. Whatever the family,

>>> post = Beta([7, 3], [113, 97])
>>> print(post.mean().round(4), post.sf(0.1).round(4), post[0].median().round(4))
[0.0583 0.03  ] [0.0406 0.0021] 0.0559

SciPy answers `nan` for a normal of zero width, but complete pooling (tau = 0) is exactly that: a posterior that sits on
one point. Here it is an ordinary value. The module needs `scipy.special` only, which loads quickly.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from hblib._numerics import arguments
from hblib._numerics.datatree import datatree
from hblib._numerics.mixture import Parts, solve
from hblib._numerics.panels import Panels
from hblib._numerics.rates_pmf import log_beta_density


class Distribution:
    """An array of distributions; the base class of all.

    A subclass gives mean(), std(), logpdf(x), cdf(x), sf(x), ppf(q), isf(q), `shape`, and how to draw and to pick.

    Attributes
    ----------
    shape : tuple
        Of the array: (J,) for J groups, () for a single distribution. mean(), std(), var() and median() have it, and
        the arguments of the other methods broadcast against it.
    """

    def var(self):
        """Return the variance, the square of std()."""
        return self.std() ** 2

    def median(self):
        """Return the median, ppf(0.5)."""
        return self.ppf(0.5)

    def pdf(self, x):
        """Return the density at x."""
        with np.errstate(over="ignore"):
            return np.exp(self.logpdf(x))

    def interval(self, prob=0.95):
        """Return the central interval, with (1 - prob)/2 left out on each side.

        Parameters
        ----------
        prob : array_like
            The probability inside, from 0 to 1.

        Returns
        -------
        tuple
            (lower, upper), arrays of the groups.

        Raises
        ------
        ValueError
            If prob is no probability.
        """
        tail = (1 - _probability("prob", prob)) / 2
        return self.ppf(tail), self.isf(tail)

    def rvs(self, size=(), rng=None):
        """Return draws; those of a `Mixture` or `Refits` are joint draws of all its groups.

        Parameters
        ----------
        size : int or tuple
            How many draws of every distribution; one of each if left out. `size` = 1000 of 12 groups gives the shape
            (1000, 12): as in SciPy's `sample`, the array's own shape follows.
        rng : numpy.random.Generator or seed
            Whatever np.random.default_rng takes; None gives other draws each time.

        Returns
        -------
        ndarray
            Of shape (*size, *shape).

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
        draws = self._draw(math.prod(sizes), arguments.generator("rng", rng, default=True))
        return draws.reshape((*sizes, *self.shape))[()]

    def to_datatree(self, draws=1000, chains=4, rng=None, groups=None, name="theta"):
        """Return draws as ArviZ wants them.

        Parameters
        ----------
        draws, chains : int
            Independent draws, so that the chains are a mere form.
        rng : numpy.random.Generator or seed
            As in `rvs`.
        groups : array_like
            The names of the groups, shape (J,); 0 to J - 1 if left out.
        name : str
            Of the variable.

        Returns
        -------
        xarray.DataTree
            Its node "posterior" holds the variable, with dimensions chain, draw and, for an array, group.

        Raises
        ------
        ValueError
            If there is not one name a group; ImportError without xarray.

        Examples
        --------
        >>> tree = Beta([7, 3], [113, 97]).to_datatree(draws=500, rng=1, groups=["A", "B"])
        >>> tree["posterior"]["theta"].sel(group="B").shape
        (4, 500)
        """
        return datatree({name: self.rvs((chains, draws), rng)}, groups)

    def __len__(self):
        if not self.shape:
            raise TypeError(f"a single {type(self).__name__} has no length: it is not an array of groups")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        if not self.shape:
            raise IndexError(f"a single {type(self).__name__} has no groups to pick")
        return self._pick(np.arange(math.prod(self.shape)).reshape(self.shape)[key])

    def __repr__(self):
        name, mean, std = type(self).__name__, self.mean(), self.std()
        if not self.shape:
            return f"{name}: mean {mean:.4g}, sd {std:.4g}"
        if not math.prod(self.shape):
            return f"{name} of shape {self.shape}"
        what = f"{self.shape[0]} groups" if len(self.shape) == 1 else f"shape {self.shape}"
        return f"{name} of {what}: means {mean.min():.4g} to {mean.max():.4g}, sds {std.min():.4g} to {std.max():.4g}"


class _Family(Distribution):
    """A distribution with two parameters, arrays that broadcast."""

    def __post_init__(self):
        for name in self.__dataclass_fields__:  # whatever the type they come in: float16 would overflow
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float)[()])

    def _parameters(self):
        return [getattr(self, name) for name in self.__dataclass_fields__]

    @property
    def shape(self):
        return np.broadcast_shapes(*map(np.shape, self._parameters()))

    def _pick(self, rows):
        at = np.unravel_index(rows, self.shape)
        return type(self)(*(np.broadcast_to(values, self.shape)[at] for values in self._parameters()))


@dataclass(frozen=True, repr=False, eq=False)
class Beta(_Family):
    """Beta(alpha, beta), elementwise.

    Attributes
    ----------
    alpha, beta : float or ndarray
        The parameters, > 0.

    Examples
    --------
    >>> print(Beta(7, 113).mean())
    0.058333333333333334
    """

    alpha: np.ndarray
    beta: np.ndarray

    def mean(self):
        """Return alpha/(alpha + beta)."""
        return self.alpha / (self.alpha + self.beta)

    def std(self):
        """Return the root of mean (1 - mean)/(alpha + beta + 1)."""
        total = self.alpha + self.beta
        mean = self.alpha / total
        return np.sqrt(mean * (self.beta / total) / (total + 1))

    def logpdf(self, x):
        """Return the log density; -inf outside 0 <= x <= 1, and inf at an end where its parameter is below 1.

        In terms of the deviance of alpha and beta from (alpha + beta) x and (alpha + beta)(1 - x): differences of log
        Gamma functions would lose as many digits as alpha + beta has.
        """
        x, a, b = np.broadcast_arrays(_numbers(x), self.alpha, self.beta)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inside = log_beta_density(np.clip(x, 0, 1), a, b)
            at_end = np.where(x == 0, a, b)  # the parameter that decides there
            end = np.where(at_end < 1, np.inf, np.where(at_end == 1, np.log(np.where(x == 0, b, a)), -np.inf))
        value = np.where((x == 0) | (x == 1), end, inside)
        return np.where((x < 0) | (x > 1), -np.inf, np.where(np.isnan(x), np.nan, value))[()]

    def cdf(self, x):
        """Return P(theta <= x), the regularised incomplete Beta function."""
        return special.betainc(self.alpha, self.beta, np.clip(_numbers(x), 0, 1))

    def sf(self, x):
        """Return P(theta > x), with all its digits."""
        return special.betaincc(self.alpha, self.beta, np.clip(_numbers(x), 0, 1))

    def ppf(self, q):
        """Return the q-quantile."""
        return special.betaincinv(self.alpha, self.beta, _probability("q", q))

    def isf(self, q):
        """Return the x above which theta lies with probability q."""
        return special.betainccinv(self.alpha, self.beta, _probability("q", q))

    def _draw(self, number, rng):
        return rng.beta(self.alpha, self.beta, (number, *self.shape))


@dataclass(frozen=True, repr=False, eq=False)
class Normal(_Family):
    """N(loc, scale^2), elementwise; scale = 0 is the point mass at loc.

    Attributes
    ----------
    loc, scale : float or ndarray
        Mean and standard deviation, scale >= 0.

    Examples
    --------
    >>> print(*Normal(8.0, 0.0).interval(0.95))
    8.0 8.0
    """

    loc: np.ndarray
    scale: np.ndarray

    def mean(self):
        """Return loc."""
        return np.broadcast_to(self.loc, self.shape)[()]

    def std(self):
        """Return scale."""
        return np.broadcast_to(self.scale, self.shape)[()]

    def logpdf(self, x):
        """Return the log density; where scale = 0, inf at the point itself and -inf elsewhere."""
        x = _numbers(x)
        with np.errstate(all="ignore"):
            z = np.subtract(x, self.loc) / self.scale
            value = -(z**2) / 2 - np.log(np.sqrt(2 * np.pi) * self.scale)
        at_point = np.where(np.equal(x, self.loc), np.inf, np.where(np.isnan(x), np.nan, -np.inf))
        return np.where(np.equal(self.scale, 0), at_point, value)[()]

    def cdf(self, x):
        """Return P(theta <= x)."""
        x = _numbers(x)
        return self._level(x, np.greater_equal(x, self.loc), 1)

    def sf(self, x):
        """Return P(theta > x), with all its digits."""
        x = _numbers(x)
        return self._level(x, np.less(x, self.loc), -1)

    def _level(self, x, at_point, sign):
        with np.errstate(divide="ignore", invalid="ignore"):
            smooth = special.ndtr(sign * np.subtract(x, self.loc) / self.scale)
        return np.where(np.equal(self.scale, 0), np.where(np.isnan(x), np.nan, at_point), smooth)[()]

    def ppf(self, q):
        """Return the q-quantile."""
        return self._at(special.ndtri(_probability("q", q)))

    def isf(self, q):
        """Return the x above which theta lies with probability q."""
        return self._at(-special.ndtri(_probability("q", q)))

    def _at(self, z):
        with np.errstate(invalid="ignore"):
            return np.where(np.equal(self.scale, 0), self.loc, self.loc + self.scale * z)[()]

    def _draw(self, number, rng):
        return rng.normal(self.loc, self.scale, (number, *self.shape))


class Mixture(Distribution):
    """The posterior of theta_j, or of mu, under full Bayes: a mixture over the hyperparameters.

    Each is a mixture, over the nodes of a quadrature, of the family's distributions given the hyperparameters. The
    mean and the standard deviation come from exact sums; the mean is nan and the standard deviation inf where they do
    not exist, while the quantiles always do. Draws are joint: the groups of one draw share the hyperparameters.

    Parameters
    ----------
    parts : Parts
        What the family's quadrature knows.
    rows : ndarray
        Which of its groups these are; all if left out.
    """

    def __init__(self, parts: Parts, rows=None):
        self._parts = parts
        self._rows = np.arange(parts.mean.size) if rows is None else np.asarray(rows)

    @property
    def shape(self):
        return self._rows.shape

    def mean(self):
        """Return the mean, nan where it does not exist."""
        return self._parts.mean[self._rows][()]

    def std(self):
        """Return the standard deviation, inf where it does not exist."""
        return self._parts.sd[self._rows][()]

    def logpdf(self, x):
        """Return the log density."""
        x, rows = np.broadcast_arrays(_numbers(x), self._rows)
        low, high = self._parts.ends
        inside = (x >= low) & (x <= high) & np.isfinite(x)
        value = np.where(np.isnan(x), np.nan, -np.inf)
        value[inside] = self._parts.log_density(x[inside], rows[inside])
        return value[()]

    def cdf(self, x):
        """Return P(theta_j <= x)."""
        return self._tail(x, upper=False)

    def sf(self, x):
        """Return P(theta_j > x), with all its digits."""
        return self._tail(x, upper=True)

    def _tail(self, x, upper):
        x, rows = np.broadcast_arrays(_numbers(x), self._rows)
        low, high = self._parts.ends
        level = np.where(np.isnan(x), np.nan, np.where(x < low, float(upper), float(not upper)))
        inside = (x >= low) & (x < high) & np.isfinite(x)
        tail = self._parts.tail(x[inside], rows[inside], upper)
        level[inside] = np.clip(tail, 0, 1)  # the weights add up to 1 only nearly
        return level[()]

    def ppf(self, q):
        """Return the q-quantile."""
        return self._quantile(q, upper=False)

    def isf(self, q):
        """Return the x above which theta_j lies with probability q."""
        return self._quantile(q, upper=True)

    def _quantile(self, q, upper):
        """From the nearer tail, which has the digits."""
        q, rows = np.broadcast_arrays(_probability("q", q), self._rows)
        from_above = (q <= 0.5) == upper
        answer = np.empty(q.shape)
        for above in (False, True):
            some = from_above == above
            answer[some] = solve(self._parts, np.minimum(q, 1 - q)[some], rows[some], above)
        return answer[()]

    def _draw(self, number, rng):
        return self._parts.joint(number, rng, self._rows.ravel())

    def _pick(self, rows):
        return Mixture(self._parts, self._rows.ravel()[rows])


class Scale(Distribution):
    """The distribution of a positive number that is known by its density: tau, or the size alpha + beta.

    The distribution function comes from Gauss's rule on panels between the nodes of a quadrature, to nearly all digits.
    The mean is nan and the standard deviation inf where they do not exist, while the quantiles always do.

    Parameters
    ----------
    panels : Panels
        The density on its panels.
    mean, sd : float
        Its moments.
    log_moments : tuple
        Mean and standard deviation of the logarithm.
    """

    shape = ()

    def __init__(self, panels: Panels, mean, sd, log_moments):
        self._panels, self._moments, self._log_moments = panels, (mean, sd), log_moments

    def mean(self):
        """Return the mean, nan where it does not exist."""
        return self._moments[0]

    def std(self):
        """Return the standard deviation, inf where it does not exist."""
        return self._moments[1]

    def logpdf(self, x):
        """Return the log density; -inf outside the range of the prior."""
        return self._panels.log_density(_numbers(x))

    def cdf(self, x):
        """Return P(X <= x)."""
        return self._panels.tail(_numbers(x), upper=False)

    def sf(self, x):
        """Return P(X > x), with all its digits."""
        return self._panels.tail(_numbers(x), upper=True)

    def ppf(self, q):
        """Return the q-quantile; those of 0 and 1 are the ends of the range."""
        return self._panels.quantile(_probability("q", q), upper=False)

    def isf(self, q):
        """Return the x above which X lies with probability q."""
        return self._panels.quantile(_probability("q", q), upper=True)

    def log(self):
        """Return the distribution of log X, whose moments exist where those of X may not.

        Returns
        -------
        LogScale
        """
        return LogScale(self, *self._log_moments)

    def _draw(self, number, rng):
        return np.asarray(self.ppf(rng.uniform(size=number)))


class LogScale(Distribution):
    """The distribution of the logarithm of a `Scale`.

    Parameters
    ----------
    scale : Scale
        The distribution of X.
    mean, sd : float
        The moments of log X.
    """

    shape = ()

    def __init__(self, scale, mean, sd):
        self._scale, self._moments = scale, (mean, sd)

    def mean(self):
        """Return E(log X)."""
        return self._moments[0]

    def std(self):
        """Return the standard deviation of log X."""
        return self._moments[1]

    def logpdf(self, x):
        """Return the log density of log X."""
        x = _numbers(x)
        with np.errstate(all="ignore"):
            value = self._scale.logpdf(np.exp(x)) + x
        return np.where(np.isinf(x), -np.inf, value)[()]

    def cdf(self, x):
        """Return P(log X <= x)."""
        with np.errstate(over="ignore"):
            return self._scale.cdf(np.exp(_numbers(x)))

    def sf(self, x):
        """Return P(log X > x)."""
        with np.errstate(over="ignore"):
            return self._scale.sf(np.exp(_numbers(x)))

    def ppf(self, q):
        """Return the q-quantile."""
        with np.errstate(divide="ignore"):
            return np.log(self._scale.ppf(q))

    def isf(self, q):
        """Return the x above which log X lies with probability q."""
        with np.errstate(divide="ignore"):
            return np.log(self._scale.isf(q))

    def _draw(self, number, rng):
        return np.log(self._scale._draw(number, rng))


@dataclass(frozen=True, repr=False, eq=False)
class Refits(Distribution):
    """The average, with equal weights, of the distributions along the last axis of all parts; elementwise on the rest.

    Where a part has points (a `Normal` of scale 0) the density is infinite on them, and that of the rest elsewhere.
    Draws are joint: the groups of one draw share the refit.

    Attributes
    ----------
    parts : tuple
        Of `Beta` and `Normal`; a part may be empty.

    Examples
    --------
    >>> half = Refits((Normal(np.array([-1.0, 1.0]), np.array([0.6, 0.6])),))
    >>> print(half.mean(), round(half.var(), 12), half.median().round(12))
    0.0 1.36 0.0
    """

    parts: tuple

    @property
    def shape(self):
        return np.broadcast_shapes(*(part.shape[:-1] for part in self.parts))

    def mean(self):
        """Return the average of the means."""
        return self._all("mean").mean(axis=-1)

    def std(self):
        """Return the standard deviation, by the law of total variance."""
        return np.sqrt(self._all("var").mean(axis=-1) + self._all("mean").var(axis=-1))

    def logpdf(self, x):
        """Return the log of the average density."""
        value = self._all("logpdf", _numbers(x)[..., None])
        top = value.max(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = np.log(np.mean(np.exp(value - top), axis=-1)) + top[..., 0]
        return np.where(np.isinf(top[..., 0]), top[..., 0], usual)[()]

    def cdf(self, x):
        """Return P(theta_j <= x)."""
        return self._all("cdf", _numbers(x)[..., None]).mean(axis=-1)

    def sf(self, x):
        """Return P(theta_j > x), with all its digits."""
        return self._all("sf", _numbers(x)[..., None]).mean(axis=-1)

    def ppf(self, q):
        """Return the smallest x with cdf(x) >= q."""
        q = _probability("q", q)
        return self._bisect("ppf", q, lambda x: self.cdf(x) >= q)

    def isf(self, q):
        """Return the smallest x with sf(x) <= q."""
        q = _probability("q", q)
        return self._bisect("isf", q, lambda x: self.sf(x) <= q)

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

    def _draw(self, number, rng):
        refit = rng.integers(sum(part.shape[-1] for part in self.parts), size=number)
        draws, first = np.empty((number, *self.shape)), 0
        for part in self.parts:
            here = (refit >= first) & (refit < first + part.shape[-1])
            draws[here] = np.moveaxis(part[..., refit[here] - first]._draw(1, rng)[0], -1, 0)
            first += part.shape[-1]
        return draws

    def _pick(self, rows):
        return Refits(tuple(part[np.unravel_index(rows, self.shape)] for part in self.parts))

    def _all(self, name, *args):
        return np.concatenate([getattr(part, name)(*args) for part in self.parts], axis=-1)


def _numbers(x):
    return arguments.numbers("x", x, allow_inf=True, allow_nan=True)


def _probability(name, q):
    q = arguments.numbers(name, q, low=0)
    if (q > 1).any():
        raise ValueError(f"{name} must be a probability, at most 1, but is {q.max()}")
    return q
