r"""Rows that belong to several groups at once: linear mixed models with crossed or nested groupings, by REML.

.. math::

    y_i = x_i \cdot \beta + a_{j(i)} + b_{k(i)} + \dots + N(0, \sigma^2),

    a_j \sim N(0, \tau_1^2), \quad b_k \sim N(0, \tau_2^2), \quad \dots

A reading on plate j of sample k belongs to both. What lme4 writes ``y ~ 1 + (1 | plate) + (1 | sample)`` is
``fit(y, ones, [plate, sample])``. Whether the groupings are crossed or nested shows in the labels and nowhere else:
two rows share an effect where they have the same label. For one grouping with several varying coefficients see
`hblib.regression`.

How it is computed: x is projected out of y and of Z, the columns of zeros and ones that say who belongs where. What is
left of Z is needed through the matrix A = Z^T M Z alone, where M projects x out: it has a row and a column for each
group, and so grows with the square of their number, but not with the rows. With G the diagonal matrix of the ratios
tau^2/sigma^2, all of the restricted likelihood is made of I + sqrt(G) A sqrt(G).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, ndimage, optimize, sparse

from hblib._numerics import arguments, tables
from hblib._numerics.mixed_rows import Columns
from hblib._numerics.types import FloatArray, IntArray, Labels

_MOST_SHARES = 12  # of a grouping in the grid where the search begins; 36 random data sets end at the same place with 2
_MOST_POINTS = 256  # of that grid: beyond eight groupings it has one
_LARGEST = np.log(1e12)  # of log(1 + tau^2/sigma^2): with a tau beyond a million sigma a fit is all but exact
_BY_HEIGHT = {"ftol": 1e-15, "gtol": 1e-9}  # as far as heights lead, which is to about 1e-5 of sigma
_BY_SLOPE = {"xtol": 1e-13}  # relatively: to the last digits
_EXACT = 1e-12  # of the sum of squares: if no more is left of it, the fit is exact
_ROUNDING = 1e-13  # of the largest y: some 500 roundings of it
# The size of a matrix, and the smallest eigenvalue of the products of several of size 1. Of 1,500 random designs,
# rounding left 7e-14 and 6e-16 where there is none, and others had 0.3 and 0.006 at least.
_NO_SIZE, _DEPENDENT = 1e-9, 1e-10


@dataclass(frozen=True, eq=False)
class Fit:
    """Estimates of all parameters and, with the variances plugged in, the posterior means of all effects.

    Attributes
    ----------
    beta : array of shape (P,)
        The shared coefficients.
    se_beta : array of shape (P,)
        Their standard errors given the variances.
    sd : array of shape (K,)
        The standard deviation tau of each grouping, in the order of the groupings.
    sigma : float
        The residual standard deviation.
    log_likelihood : float
        The restricted log likelihood.
    levels : tuple of arrays
        The labels of each grouping, sorted.
    effects : tuple of arrays
        The posterior mean of each group's effect, in the order of its levels, given the variances.
    """

    beta: FloatArray
    se_beta: FloatArray
    sd: FloatArray
    sigma: float
    log_likelihood: float
    levels: tuple[Labels, ...]
    effects: tuple[FloatArray, ...]

    def summary(self) -> dict[str, list]:
        """Return the estimates and their standard errors as columns, of which pandas.DataFrame makes a table.

        Returns
        -------
        dict of list
            The columns "name", "estimate" and "se": the shared coefficients, then the standard deviations of the
            groupings, then sigma. Of the last two kinds no standard error is computed: nan.

        Examples
        --------
        >>> groups = [["a", "a", "b", "b", "c", "c"], ["u", "v", "u", "v", "u", "v"]]
        >>> table = fit([1, 3, 5, 6, 8, 12], np.ones((6, 1)), groups).summary()
        >>> print(table["name"], np.round(table["estimate"], 2))
        ['beta[0]', 'sd[0]', 'sd[1]', 'sigma'] [5.83 3.94 1.53 1.08]
        """
        sd = {f"sd[{k}]": one for k, one in enumerate(self.sd)}
        return tables.coefficients(self.beta, self.se_beta, sd | {"sigma": self.sigma})


def fit(y: ArrayLike, x: ArrayLike, groups: Sequence[ArrayLike]) -> Fit:
    r"""Estimate a linear mixed model with several groupings by restricted maximum likelihood (REML).

    .. math::

        y_i = x_i \cdot \beta + a_{j(i)} + b_{k(i)} + \dots + N(0, \sigma^2),

        a_j \sim N(0, \tau_1^2), \quad b_k \sim N(0, \tau_2^2), \quad \dots

    Parameters
    ----------
    y : array_like of shape (N,)
        The response of each row.
    x : array_like of shape (N, P)
        Predictors with shared coefficients, a column of ones included.
    groups : sequence of K array_likes of shape (N,)
        For each grouping the group of each row: numbers or names. A group within a group needs a label of its own:
        cask "a" of batch 1 and cask "a" of batch 2 are two casks only if they have two names. A DataFrame is
        no list of its columns; ``[df.batch, df.cask]`` is one.

    Returns
    -------
    Fit
        A standard deviation on the boundary is exactly 0.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; or saying why the data do not determine the model: x is not of full
        rank, the predictors and groups together fit every row exactly, or other standard deviations give y the same
        distribution (two groupings are the same, a grouping has one row a group, or one group).

    See Also
    --------
    given : The same with given standard deviations.
    hblib.regression.fit : One grouping, with slopes that vary as well.

    Notes
    -----
    The likelihood of few rows may have several maxima. The search begins in every valley of a grid of the standard
    deviations' shares, which is the coarser the more groupings there are; with more than eight it begins once.

    Memory grows with the square of the number of groups, of all groupings together, and time about with its cube: some
    2,000 take seconds, 20,000 more memory than most machines have. For one grouping `hblib.regression.fit` is quick.

    References
    ----------
    .. [1] Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, Journal of
       Statistical Software 67(1), whose profiled criterion this is.

    Examples
    --------
    Six samples of penicillin on each of 24 plates; lme4 prints 0.847, 1.932 and 0.550:

    >>> from hblib import datasets
    >>> dishes = datasets.penicillin()
    >>> result = fit(dishes.y, np.ones((144, 1)), [dishes.plate, dishes.sample])
    >>> print(result.sd.round(3), round(result.sigma, 3))
    [0.847 1.932] 0.55
    """
    model = _Model(y, x, groups)
    model.must_be_identified()
    return model.estimates(model.best())


def given(y: ArrayLike, x: ArrayLike, groups: Sequence[ArrayLike], sd: ArrayLike, sigma: float) -> Fit:
    r"""Estimate beta and the effects only, for given standard deviations.

    .. math::

        y_i = x_i \cdot \beta + a_{j(i)} + b_{k(i)} + \dots + N(0, \sigma^2),

        a_j \sim N(0, sd_1^2), \quad b_k \sim N(0, sd_2^2), \quad \dots

    Parameters
    ----------
    y : array_like of shape (N,)
        The response of each row.
    x : array_like of shape (N, P)
        Predictors with shared coefficients, a column of ones included.
    groups : sequence of K array_likes of shape (N,)
        For each grouping the group of each row: numbers or names.
    sd : array_like of shape (K,)
        The standard deviation >= 0 of each grouping.
    sigma : float
        The residual standard deviation > 0.

    Returns
    -------
    Fit
        Its ``log_likelihood`` is the criterion that `fit` maximises, at these standard deviations.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    See Also
    --------
    fit : The same with the best standard deviations.

    References
    ----------
    .. [1] Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, Journal of
       Statistical Software 67(1).

    Examples
    --------
    >>> rows = [1, 3, 5, 6, 8, 12], np.ones((6, 1)), [list("aabbcc"), list("uvuvuv")]
    >>> best, other = fit(*rows), given(*rows, sd=[0, 0], sigma=4)
    >>> print(round(best.log_likelihood, 3), round(other.log_likelihood, 3))
    -12.666 -14.761
    """
    model = _Model(y, x, groups)
    sd = arguments.numbers("sd", sd, low=0)
    if sd.shape != (len(model.levels),):
        raise ValueError(f"sd must hold one number a grouping, {len(model.levels)}, but has shape {sd.shape}")
    return model.estimates((sd / arguments.one("sigma", sigma, low=0, open_low=True)) ** 2, sigma)


def _indicators(index: IntArray, number: int) -> sparse.csr_array:
    """The columns of zeros and ones that say which row belongs to which of the groups."""
    rows = len(index)
    return sparse.csr_array((np.ones(rows), (np.arange(rows), index)), shape=(rows, number))


class _Solved(NamedTuple):
    """The model for given ratios tau^2/sigma^2."""

    root: FloatArray  # for each column of Z the root of its ratio: the diagonal of R
    L: FloatArray  # Cholesky's factor of I + R A R
    half_log_det: float  # half of the logarithm of that matrix's determinant
    left: float  # what is left of the sum of squares
    effects: FloatArray


class _Model:
    """The data, reduced to what the restricted likelihood needs."""

    def __init__(self, y: Any, x: Any, groups: Any) -> None:
        self.y, self.x = arguments.numbers("y", y), arguments.numbers("x", x)
        if self.y.ndim != 1 or self.x.ndim != 2 or len(self.x) != len(self.y) or self.x.size == 0:
            raise ValueError(f"y and x must have shapes (N,) and (N, P), but have {self.y.shape} and {self.x.shape}")
        if not hasattr(groups, "__len__") or len(groups) == 0:
            raise ValueError(f"groups must be a list of at least one grouping, but is {arguments.short(groups)}")
        parts = [arguments.labels(f"groups[{k}]", group) for k, group in enumerate(groups)]
        for k, (_, index) in enumerate(parts):
            if index.shape != self.y.shape:
                raise ValueError(
                    f"groups must be a list of groupings, as [df.plate, df.sample], each with {len(self.y)} labels, "
                    f"one a row, but groups[{k}] holds {index.size}"
                )
        self.levels = tuple(levels for levels, _ in parts)
        self.sizes = np.array([len(levels) for levels in self.levels])
        self.first = np.cumsum(self.sizes) - self.sizes  # where each grouping's columns of Z begin
        self.Z = sparse.hstack([_indicators(index, len(levels)) for levels, index in parts]).tocsr()
        self.columns = Columns.of("x", self.x, "shared")
        # x in orthonormal columns, and what takes their coefficients back to those of x
        self.Q, self.back = self.columns.basis.T / np.sqrt(len(self.y)), self.columns.back / np.sqrt(len(self.y))
        self.free = len(self.y) - self.x.shape[1]  # degrees of freedom
        # Of the rows only what x leaves counts: with M = I - QQ' it is A = Z'MZ, c = Z'My, and the squares y'My.
        rest = self.y - self.Q @ (self.Q.T @ self.y)
        ZQ = self.Z.T @ self.Q
        self.A = (self.Z.T @ self.Z).toarray() - ZQ @ ZQ.T
        self.c, self.squares = self.Z.T @ rest, rest @ rest

    def must_be_identified(self) -> None:
        """Refuse what has no one maximum."""
        left = self.squares - self.c @ linalg.pinvh(self.A) @ self.c
        rounding = len(self.y) * (_ROUNDING * np.abs(self.y).max()) ** 2
        if self.free == 0 or left <= max(_EXACT * self.squares, rounding):
            raise ValueError("the predictors and groups fit every row exactly: nothing is left to estimate sigma from")
        # The covariance matrix of the projected rows is a sum, sigma^2 M + tau_1^2 M Z_1 Z_1' M + ... Its parts can be
        # told apart if they are linearly independent matrices, which their inner products show.
        products = np.add.reduceat(np.add.reduceat(self.A**2, self.first, axis=0), self.first, axis=1)
        traces = np.add.reduceat(np.diagonal(self.A), self.first)
        gram = np.block([[np.array([[self.free]]), traces[None]], [traces[:, None], products]])
        norm = np.sqrt(np.diagonal(gram))
        if (norm < _NO_SIZE).any() or np.linalg.eigvalsh(gram / np.outer(norm, norm))[0] < _DEPENDENT:
            raise ValueError(
                "the standard deviations cannot be told apart: two groupings are the same, "
                "or one has a single row in each group, or a single group"
            )

    def solved(self, ratio):
        """The model for the ratios tau^2/sigma^2, one a grouping."""
        root = np.repeat(np.sqrt(ratio), self.sizes)
        L = linalg.cholesky(np.eye(len(root)) + root[:, None] * self.A * root, lower=True)
        half = linalg.solve_triangular(L, root * self.c, lower=True)
        effects = root * linalg.solve_triangular(L, half, lower=True, trans=1)
        return _Solved(root, L, np.log(np.diagonal(L)).sum(), self.squares - half @ half, effects)

    def depth(self, here):
        """-2 log likelihood with the best sigma, up to a constant, for what `solved` gives."""
        return 2 * here.half_log_det + self.free * np.log(here.left)

    def cost(self, ratio):
        """`depth`, and its gradient."""
        here = self.solved(ratio)
        # With P the inverse covariance matrix (in units of sigma^2) from which x is projected out, the slope needs the
        # diagonal of Z'PZ, and Z'Py.
        inner = linalg.solve_triangular(here.L, here.root[:, None] * self.A, lower=True)
        diagonal = np.diagonal(self.A) - np.sum(inner**2, axis=0)
        pull = self.c - self.A @ here.effects
        slope = np.add.reduceat(diagonal - pull**2 * self.free / here.left, self.first)
        return self.depth(here), slope

    def starts(self):
        """Shares tau^2/(tau^2 + sigma^2) to search from: the valleys of a grid, for there may be several.

        Its points are Chebyshev's, which stand close where a share is near 0 or 1: a likelihood of few rows can have a
        maximum where sigma is all but 0. They are fewer for each grouping, the more groupings there are.
        """
        K = len(self.sizes)
        number = max(1, min(_MOST_SHARES, int(_MOST_POINTS ** (1 / K))))
        shares = np.sin(np.pi / 2 * (np.arange(number) + 0.5) / number) ** 2
        points = np.stack(np.meshgrid(*[shares] * K, indexing="ij"), axis=-1)
        depths = np.apply_along_axis(lambda t: self.depth(self.solved(t / (1 - t))), -1, points)
        return points[depths == ndimage.minimum_filter(depths, size=3, mode="nearest")]

    def best(self) -> FloatArray:
        """The ratios tau^2/sigma^2 with the highest likelihood."""

        def cost(t):  # t is log(1 + tau^2/sigma^2): linear near 0, and of one scale however small sigma is
            level, slope = self.cost(np.expm1(t))
            return level, slope * np.exp(t)

        limits, starts = [(0, _LARGEST)] * len(self.sizes), -np.log1p(-self.starts())
        searches = [optimize.minimize(cost, t, jac=True, bounds=limits, options=_BY_HEIGHT) for t in starts]
        found = min(searches, key=lambda search: search.fun).x
        inside = found > 0

        def slope(free):
            t = np.zeros(len(found))
            t[inside] = np.clip(free, 0, _LARGEST)
            return cost(t)[1][inside]

        if inside.any():  # a search by heights ends with half of the digits; the slopes have the others
            polished = optimize.root(slope, found[inside], options=_BY_SLOPE)
            if np.allclose(polished.x, found[inside], rtol=1e-3, atol=1e-6):  # farther off it is another maximum
                found[inside] = polished.x
        return np.expm1(found)

    def estimates(self, ratio, sigma=None) -> Fit:
        here = self.solved(ratio)
        sigma = np.sqrt(here.left / self.free) if sigma is None else sigma
        beta = self.back @ (self.Q.T @ (self.y - self.Z @ here.effects))
        # The covariance matrix of beta is sigma^2 B (I + Q'Z (G^-1 + A)^-1 Z'Q) B' with Q = x B.
        inner = linalg.solve_triangular(here.L, here.root[:, None] * (self.Z.T @ self.Q), lower=True)
        cov_beta = self.back @ (np.eye(len(beta)) + inner.T @ inner) @ self.back.T
        log_det = 2 * (here.half_log_det + self.columns.log_determinant) + len(beta) * np.log(len(self.y))
        return Fit(
            beta=beta,
            se_beta=sigma * np.sqrt(np.diagonal(cov_beta)),
            sd=sigma * np.sqrt(ratio),
            sigma=float(sigma),
            log_likelihood=float(-(log_det + here.left / sigma**2 + self.free * np.log(2 * np.pi * sigma**2)) / 2),
            levels=self.levels,
            effects=tuple(np.split(here.effects, self.first[1:])),
        )
