r"""Regressions with varying coefficients: linear mixed models with one grouping, by restricted maximum likelihood.

.. math::

    y_i = x_i \cdot \beta + z_i \cdot u_{j(i)} + N(0, \sigma^2)

    u_j \sim N(0, \Sigma)

x holds the predictors whose coefficients beta are shared, z those whose coefficients vary by group; for a varying slope
the predictor is in both. What lme4 writes ``y ~ x + (x | group)`` is ``fit(y, z, z, group)``,
where z has two columns, one of ones and one of x.

How it is computed: the rows are read once (``_numerics.mixed_rows``); the restricted likelihood is then a sum over
groups of small matrices (``mixed_model``), which Newton's method climbs (``mixed_fit``).

`least_squares` and `matrix_shrinkage` are the two steps for a reader who knows sigma, mu and Sigma: each group's own
regression, and how far it is shrunk.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from hblib._numerics import arguments, tables
from hblib._numerics.mixed_fit import highest
from hblib._numerics.mixed_model import reduced
from hblib._numerics.own_lines import own_lines
from hblib._numerics.types import FloatArray, Labels
from hblib.distributions import Normal

# Of matrices with diagonal 1. Eigenvalues of 20,000 random singular ones were above -2e-15.
_NEGATIVE = -1e-9  # an eigenvalue that is far below 0 beside rounding
_SINGULAR = 1e-13  # a smallest eigenvalue, with which two or three digits would be left of the inverse
_ASYMMETRIC = 1e-6  # more than diag(sd) R diag(sd) differs by, in the last digit, and single precision, in the seventh
_BELOW_ZERO = -1e-12  # of the largest eigenvalue of any matrix: one that is far below 0; rounding left -5e-16


@dataclass(frozen=True, eq=False)
class Fit:
    """Estimates of all parameters and, with these plugged in, the posterior of each group's deviations u_j.

    Attributes
    ----------
    beta : array of shape (P,)
        The shared coefficients.
    se_beta : array of shape (P,)
        Their standard errors given the variances.
    Sigma : array of shape (K, K)
        The covariance matrix of the varying coefficients.
    sigma : float
        The residual standard deviation.
    log_likelihood : float
        The restricted log likelihood.
    groups : array of shape (J,)
        The groups, sorted: the order of the two below.
    deviation : array of shape (J, K)
        The posterior mean of each u_j given beta, Sigma and sigma.
    deviation_cov : array of shape (J, K, K)
        Its covariance matrix; too small, because beta, Sigma and sigma are taken as known.
    status : {"ok", "singular", "Sigma = 0", None}
        Which case it is. "ok": Sigma is positive definite. "singular": the coefficients vary, but not in every
        direction, with correlations of exactly 1 or -1, or a standard deviation of exactly 0. "Sigma = 0": no more
        variation between groups than sigma alone produces. None: the fit is that of `given`.
    """

    beta: FloatArray
    se_beta: FloatArray
    Sigma: FloatArray
    sigma: float
    log_likelihood: float
    groups: Labels
    deviation: FloatArray
    deviation_cov: FloatArray
    status: Literal["ok", "singular", "Sigma = 0"] | None

    @property
    def sd(self) -> FloatArray:
        """The standard deviations of the varying coefficients, shape (K,)."""
        return np.sqrt(np.diagonal(self.Sigma))

    @property
    def correlation(self) -> FloatArray:
        """The correlation matrix of the varying coefficients, shape (K, K); nan where a standard deviation is 0."""
        with np.errstate(invalid="ignore"):
            return self.Sigma / (self.sd[:, None] * self.sd)

    @property
    def deviation_sd(self) -> FloatArray:
        """The standard deviations of the u_j given beta, Sigma and sigma, shape (J, K)."""
        return np.sqrt(np.diagonal(self.deviation_cov, axis1=1, axis2=2))

    def summary(self) -> dict[str, list]:
        """Return the estimates and their standard errors as columns, of which pandas.DataFrame makes a table.

        Returns
        -------
        dict of list
            The columns "name", "estimate" and "se": the shared coefficients, then the standard deviations and the
            correlations of the varying ones, then sigma. Of the last three kinds no standard error is computed: nan.

        Examples
        --------
        >>> one, day = np.ones(8), np.tile([0.0, 1, 2, 3], 2)
        >>> rows = [1, 3, 4, 8, 2, 2, 1, 2], np.c_[one, day], one[:, None], list("aaaabbbb")
        >>> table = fit(*rows).summary()
        >>> print(table["name"], np.round(table["se"], 2))
        ['beta[0]', 'beta[1]', 'sd[0]', 'sigma'] [1.4  0.56  nan  nan]
        """
        sd = {f"sd[{k}]": one for k, one in enumerate(self.sd)}
        pairs = zip(*np.tril_indices(len(sd), -1), strict=True)
        correlation = {f"correlation[{k}, {i}]": self.correlation[k, i] for k, i in pairs}
        return tables.coefficients(self.beta, self.se_beta, sd | correlation | {"sigma": self.sigma})


def fit(y: ArrayLike, x: ArrayLike, z: ArrayLike, group: ArrayLike) -> Fit:
    r"""Estimate a linear mixed model with one grouping by restricted maximum likelihood (REML).

    .. math::

        y_i = x_i \cdot \beta + z_i \cdot u_{j(i)} + N(0, \sigma^2)

        u_j \sim N(0, \Sigma)

    Parameters
    ----------
    y : array_like of shape (N,)
        The response of each row.
    x : array_like of shape (N, P)
        Predictors with shared coefficients, a column of ones included.
    z : array_like of shape (N, K)
        Predictors with varying coefficients. A group may have fewer rows than K.
    group : array_like of shape (N,)
        The group of each row: numbers or names, the rows in any order.

    Returns
    -------
    Fit
        Estimates on the boundary (a standard deviation of 0, a correlation of 1 or -1) are exact: see ``status``.
        A change of units changes no digit of the result. A constant added to a predictor, or to y where x holds a
        column of ones, costs only the digits that are lost in the sum itself.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; or saying why the data do not determine the model: x or z is not of
        full rank, there is but one group, shared and varying coefficients can fit every row exactly whatever y is (one
        row a group, say), they do fit y exactly, or other values of Sigma give y the same distribution.
    RuntimeError
        If the search for the maximum does not end at one.

    See Also
    --------
    given : The same with a given Sigma/sigma^2.

    References
    ----------
    .. [1] Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, Journal of
       Statistical Software 67(1), whose profiled criterion this is.

    Examples
    --------
    Balanced groups and K = 1 have a closed form, tau^2 = S^2 - s^2/n:

    >>> ones = np.ones((6, 1))
    >>> result = fit([1, 3, 5, 7, 12, 14], x=ones, z=ones, group=list("aabbcc"))
    >>> print(result.beta.round(4), round(result.sigma**2, 4), result.Sigma.round(4))
    [7.] 2.0 [[30.]]
    >>> print(np.var([2, 6, 13], ddof=1) - 2 / 2)
    30.0
    """
    model = reduced(y, x, z, group)
    model.must_be_identified()
    best, status = highest(model)
    return Fit(**model.estimates(best), status=status)


def given(y: ArrayLike, x: ArrayLike, z: ArrayLike, group: ArrayLike, D: ArrayLike) -> Fit:
    r"""Estimate beta and sigma only, with Sigma = D sigma^2 for a given matrix D.

    .. math::

        y_i = x_i \cdot \beta + z_i \cdot u_{j(i)} + N(0, \sigma^2)

        u_j \sim N(0, \sigma^2 D)

    Parameters
    ----------
    y : array_like of shape (N,)
        The response of each row.
    x : array_like of shape (N, P)
        Predictors with shared coefficients, a column of ones included.
    z : array_like of shape (N, K)
        Predictors with varying coefficients. A group may have fewer rows than K.
    group : array_like of shape (N,)
        The group of each row: numbers or names, the rows in any order.
    D : array_like of shape (K, K)
        The covariance matrix of the varying coefficients in units of sigma^2; may be singular.

    Returns
    -------
    Fit
        Its ``log_likelihood`` is the criterion that `fit` maximises, at D. Its status is None.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; D must be symmetric without negative eigenvalues.

    See Also
    --------
    fit : The same with the best D.

    References
    ----------
    .. [1] Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, Journal of
       Statistical Software 67(1).

    Examples
    --------
    >>> rows = [1, 3, 5, 7, 12, 14], np.ones((6, 1)), np.ones((6, 1)), list("aabbcc")
    >>> best, same = fit(*rows), given(*rows, D=[[15.0]])
    >>> print(round(best.log_likelihood, 4), round(same.log_likelihood, 4))
    -13.1574 -13.1574
    """
    model = reduced(y, x, z, group)
    D = arguments.numbers("D", D)
    if D.shape != (model.K, model.K) or not _symmetric(D):
        raise ValueError(f"D must be a symmetric matrix of shape {(model.K, model.K)}, but is {D.tolist()}")
    D = (D + D.T) / 2
    sizes, directions = np.linalg.eigh(model.varying.to @ D @ model.varying.to.T)
    if sizes[0] < _BELOW_ZERO * max(sizes[-1], 0):
        raise ValueError("D must be a covariance matrix, but has a negative eigenvalue")
    return Fit(**model.estimates(model.at(directions * np.sqrt(np.maximum(sizes, 0)))), status=None)


@dataclass(frozen=True, repr=False, eq=False)
class Coefficients(Normal):
    """The posterior of each group's coefficient vector; what `matrix_shrinkage` returns.

    An array of J x K normal distributions, one a group and coefficient, with mean(), std(), interval(prob) and the
    other methods of a distribution. Draws are joint: the coefficients of a group vary together. Picked groups keep
    that, as in ``post[3]``; picked coefficients, as in ``post[:, 1]``, are a plain `Normal`.

    Parameters
    ----------
    loc : array_like of shape (J, K)
        The means.
    covariance : array_like of shape (J, K, K)
        The covariance matrices.
    weight : array_like of shape (J, K, K)
        The weights W_j of the groups' own estimates.

    Attributes
    ----------
    loc, scale : array of shape (J, K)
        The means and the standard deviations.
    covariance : array of shape (J, K, K)
        The covariance matrices.
    weight : array of shape (J, K, K)
        The weights W_j of the groups' own estimates.

    Examples
    --------
    >>> Sigma = [[1, 0.5], [0.5, 1]]
    >>> post = matrix_shrinkage([[3, 1], [5, 0]], np.eye(2), mu=[0, 0], Sigma=Sigma)
    >>> print(post[1].mean().round(3), post[:, 1].mean().round(3))
    [2.333 0.667] [0.867 0.667]
    """

    scale: FloatArray = field(init=False)
    covariance: FloatArray
    weight: FloatArray

    def __post_init__(self) -> None:
        sd = np.sqrt(np.diagonal(self.covariance, axis1=-2, axis2=-1))
        object.__setattr__(self, "scale", sd)
        super().__post_init__()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array, (J, K)."""
        return self.loc.shape

    def _size(self) -> str:
        return {1: "one group", 2: f"{self.shape[0]} groups"}.get(len(self.shape)) or super()._size()

    def _pick(self, places: Any) -> Normal:  # type: ignore[override]
        K, loc, scale = self.shape[-1], self.loc.ravel()[places], self.scale.ravel()[places]
        if places.shape[-1:] != (K,) or (places % K != np.arange(K)).any():  # not all coefficients of a group, in order
            return Normal(loc, scale)
        group = places[..., 0] // K
        return type(self)(loc, *(matrix.reshape(-1, K, K)[group] for matrix in (self.covariance, self.weight)))

    def _draw(self, number: int, rng: np.random.Generator) -> FloatArray:
        size, direction = np.linalg.eigh(self.covariance)
        z = rng.standard_normal((number, *self.shape)) * np.sqrt(np.maximum(size, 0))
        return self.loc + (direction @ z[..., None])[..., 0]


def matrix_shrinkage(estimate: ArrayLike, covariance: ArrayLike, mu: ArrayLike, Sigma: ArrayLike) -> Coefficients:
    r"""Shrink whole coefficient vectors: the Normal-Normal model with matrices in place of the two variances.

    .. math::

        b_j \sim N(\beta_j, V_j), \quad \beta_j \sim N(\mu, \Sigma)

        W_j = \Sigma (\Sigma + V_j)^{-1}

        \beta_j \mid b_j \sim N(\mu + W_j (b_j - \mu), \; \Sigma - W_j \Sigma)

    For K = 1, W_j is the kappa_j of `hblib.normal_normal.shrinkage`. Off the diagonal W_j lets a group's estimated
    intercept move its slope.

    Parameters
    ----------
    estimate : array_like of shape (J, K)
        The vectors b_j; nan where the variance is infinite.
    covariance : array_like of shape (J, K, K) or (K, K)
        The matrices V_j. A coefficient on which a group has no data, independent of its others, has V_j[i, i] = inf.
    mu : array_like of shape (K,) or (J, K)
        The prior's mean; one a group if it depends on predictors of the group.
    Sigma : array_like of shape (K, K)
        The prior's covariance matrix; may be singular: a zero variance pools that coefficient completely.

    Returns
    -------
    Coefficients
        The posteriors, with mean(), std(), interval(prob) and the rest, ``covariance`` and ``weight``.

    Raises
    ------
    ValueError
        Naming the argument that is out of range or is no covariance matrix; if Sigma + V_j is singular.

    See Also
    --------
    least_squares : Gives b_j and V_j.

    References
    ----------
    .. [1] Lindley & Smith (1972), Journal of the Royal Statistical Society B 34:1-41.

    Examples
    --------
    >>> Sigma = [[1, 0.5], [0.5, 1]]
    >>> post = matrix_shrinkage([[3, 1]], [[1, 0], [0, 1]], mu=[0, 0], Sigma=Sigma)
    >>> print(post.weight.round(3).tolist(), post.mean().round(3).tolist())
    [[[0.467, 0.133], [0.133, 0.467]]] [[1.533, 0.867]]
    """
    b = np.atleast_2d(arguments.numbers("estimate", estimate, allow_nan=True))
    mu, K = arguments.numbers("mu", mu), b.shape[-1]
    Sigma, _ = _covariance("Sigma", Sigma, K)
    V, known = _covariance("covariance", covariance, K, allow_inf=True)
    b, mu, known = arguments.together(**{"estimate": b, "mu": mu, "diagonal of covariance": known})
    residual = arguments.numbers("estimate", np.where(known, b - mu, 0))
    # A coefficient without data has no column in `seen`, and a 1 of its own in the matrix to invert.
    seen = Sigma * known[:, None, :]
    total = seen * known[:, :, None] + V + np.eye(K) * ~known[:, :, None]
    if (_smallest_eigenvalue(total) < _SINGULAR).any():
        raise ValueError("Sigma + covariance is singular for some group: its weight is undefined")
    W = np.linalg.solve(total, seen.swapaxes(-1, -2)).swapaxes(-1, -2)
    # Equal to Sigma - W Sigma, but a sum of squares: it keeps its digits where Sigma is large.
    rest = np.eye(K) - W
    return Coefficients(
        loc=mu + (W @ residual[..., None])[..., 0],
        covariance=rest @ Sigma @ rest.swapaxes(-1, -2) + W @ V @ W.swapaxes(-1, -2),
        weight=W,
    )


def least_squares(y: ArrayLike, x: ArrayLike, group: ArrayLike, sigma: float) -> tuple[FloatArray, FloatArray]:
    r"""Fit each group's own regression: what `matrix_shrinkage` takes.

    .. math::

        y_i = x_i \cdot \beta_j + N(0, \sigma^2),

        b_j = (X_j' X_j)^{-1} X_j' y_j, \quad V_j = \sigma^2 (X_j' X_j)^{-1}

    Parameters
    ----------
    y : array_like of shape (N,)
        The response of each row.
    x : array_like of shape (N, K)
        The design; for an intercept it holds a column of ones.
    group : array_like of shape (N,)
        The group of each row: numbers or names.
    sigma : float
        Residual standard deviation >= 0, in the unit of y.

    Returns
    -------
    estimate : array of shape (J, K)
        The vectors b_j, the groups in sorted order.
    covariance : array of shape (J, K, K)
        The matrices V_j.

    Raises
    ------
    ValueError
        Naming the argument that is out of range, or the group whose rows do not identify all coefficients.

    References
    ----------
    .. [1] Seber & Lee (2003), Linear Regression Analysis (2nd ed.), section 3.1.

    Examples
    --------
    >>> x = [[1, 0], [1, 1], [1, 0], [1, 2]]
    >>> estimate, covariance = least_squares([1, 3, 5, 4], x, list("aabb"), sigma=1)
    >>> print(estimate.round(6).tolist())
    [[1.0, 2.0], [5.0, -0.5]]
    """
    y, x, sigma = arguments.numbers("y", y), arguments.numbers("x", x), arguments.one("sigma", sigma, low=0)
    labels, index = arguments.labels("group", group)
    if x.ndim != 2 or y.shape != x.shape[:1] or index.shape != y.shape:
        raise ValueError(
            f"y, x, group must have shapes (N,), (N, K), (N,), but have {y.shape}, {x.shape}, {index.shape}"
        )
    estimate, root, found = own_lines(x, y, index, labels.size)
    if not found.all():
        raise ValueError(f"x does not identify all {x.shape[1]} coefficients of group {labels[found.argmin()]}")
    return estimate, sigma**2 * root @ root.swapaxes(-1, -2)


# --- checked matrices -----------------------------------------------------------------------------------------------


def _covariance(name: str, matrix: ArrayLike, K: int, allow_inf: bool = False) -> tuple[FloatArray, Any]:
    """The matrix without its coefficients of infinite variance (their rows and columns 0), and which ones it has."""
    matrix = arguments.numbers(name, matrix, allow_inf=allow_inf)
    if matrix.shape[-2:] != (K, K):
        raise ValueError(f"{name} must end in shape ({K}, {K}), one row a coefficient, but has shape {matrix.shape}")
    known = np.diagonal(matrix, axis1=-2, axis2=-1) < np.inf
    matrix = arguments.numbers(name, np.where(known[..., :, None] & known[..., None, :], matrix, 0))
    if not _symmetric(matrix) or (_smallest_eigenvalue(matrix) < _NEGATIVE).any():
        raise ValueError(f"{name} must be symmetric without negative eigenvalues")
    return matrix, known


def _symmetric(matrix: FloatArray) -> bool:
    """Whether it is, up to rounding."""
    matrix = _in_units(matrix)
    return bool((np.abs(matrix - matrix.swapaxes(-1, -2)) <= _ASYMMETRIC).all())


def _smallest_eigenvalue(matrix: FloatArray) -> FloatArray:
    return np.linalg.eigvalsh(_in_units(matrix))[..., 0]


def _in_units(matrix: FloatArray) -> FloatArray:
    """The matrix in units that make its diagonal 1, so that the units of the coefficients do not matter."""
    unit = np.sqrt(np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)))
    unit = np.where(unit == 0, 1, unit)
    return matrix / unit[..., :, None] / unit[..., None, :]
