"""Regressions with varying coefficients: linear mixed models with one grouping, by restricted maximum likelihood.

    y_i = x_i . beta + z_i . u_j(i) + N(0, sigma^2),   u_j ~ N(0, Sigma)

x holds the predictors whose coefficients beta are shared, z those whose coefficients vary by group; for a varying slope
the predictor is in both. What lme4 writes `y ~ x + (x | group)` is `fit(y, [1, x], [1, x], group)`, with columns.

How it is computed: the rows are read once (`_numerics.mixed_rows`); the restricted likelihood is then a sum over groups
of small matrices (`mixed_model`), which Newton's method climbs (`mixed_fit`).

`least_squares` and `matrix_shrinkage` are the two steps for a reader who knows sigma, mu and Sigma: each group's own
regression, and how far it is shrunk.
"""

from dataclasses import dataclass

import numpy as np

from hblib._numerics import arguments
from hblib._numerics.mixed_fit import highest
from hblib._numerics.mixed_model import reduced


@dataclass(frozen=True)
class Fit:
    """Estimates of all parameters and, with these plugged in, the posterior of each group's deviations u_j.

    `status` says which case it is:

    - "ok": Sigma is positive definite;
    - "singular": the coefficients vary, but not in every direction: correlations of exactly 1 or -1, or a standard
      deviation of exactly 0;
    - "Sigma = 0": no more variation between groups than sigma alone produces.
    """

    beta: np.ndarray  # (P,)
    beta_sd: np.ndarray  # (P,), given the variances
    Sigma: np.ndarray  # (K, K)
    sigma: float
    log_likelihood: float  # the restricted one
    groups: np.ndarray  # (J,), sorted: the order of the two below
    deviation: np.ndarray  # (J, K), the posterior mean of u_j given beta, Sigma and sigma
    deviation_cov: np.ndarray  # (J, K, K), its covariance matrix; too small, because beta is taken as known
    status: str

    @property
    def sd(self):
        """The standard deviations of the varying coefficients, shape (K,)."""
        return np.sqrt(np.diagonal(self.Sigma))

    @property
    def correlation(self):
        """The correlation matrix of the varying coefficients, shape (K, K); nan where a standard deviation is 0."""
        with np.errstate(invalid="ignore"):
            return self.Sigma / (self.sd[:, None] * self.sd)

    @property
    def deviation_sd(self):
        """The standard deviations of the u_j given beta, Sigma and sigma, shape (J, K)."""
        return np.sqrt(np.diagonal(self.deviation_cov, axis1=1, axis2=2))


def fit(y, x, z, group):
    """The REML estimates of a linear mixed model with one grouping.

    Parameters
    ----------
    y, group : response and group of each row, shape (N,); groups are numbers or names, the rows in any order.
    x : predictors with shared coefficients, shape (N, P), a column of ones included.
    z : predictors with varying coefficients, shape (N, K). A group may have fewer rows than K.

    Returns
    -------
    A `Fit`. Estimates on the boundary (a standard deviation of 0, a correlation of 1 or -1) are exact, and `status`
    says so. Units cost no digits, and a constant added to a predictor, or to y where x holds a column of ones, only
    those that the sums themselves have lost.

    Raises
    ------
    ValueError naming the argument that is out of range; or saying why the data do not determine the model: x or z is
    not of full rank, there is but one group, shared and varying coefficients can fit every row exactly whatever y is
    (one row a group, say), they do fit y exactly, or other values of Sigma give y the same distribution.
    RuntimeError if the search for the maximum does not end at one.

    Source: Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, Journal of
    Statistical Software 67(1), whose profiled criterion this is.

    Balanced groups and K = 1 have a closed form, tau^2 = S^2 - s^2/n:

    >>> result = fit([1, 3, 5, 7, 12, 14], np.ones((6, 1)), np.ones((6, 1)), ["a", "a", "b", "b", "c", "c"])
    >>> print(result.status, result.beta.round(4), round(result.sigma**2, 4), result.Sigma.round(4))
    ok [7.] 2.0 [[30.]]
    >>> print(np.var([2, 6, 13], ddof=1) - 2 / 2)
    30.0
    """
    model = reduced(y, x, z, group)
    model.must_be_identified()
    best, status = highest(model)
    return Fit(**model.estimates(best), status=status)


def given(y, x, z, group, D):
    """As `fit`, with Sigma = D sigma^2 for a given matrix D, shape (K, K): only beta and sigma are estimated.

    `log_likelihood` is then the criterion that `fit` maximises, at D. The status is None.

    >>> rows = [1, 3, 5, 7, 12, 14], np.ones((6, 1)), np.ones((6, 1)), ["a", "a", "b", "b", "c", "c"]
    >>> print(round(fit(*rows).log_likelihood, 4), round(given(*rows, [[15.0]]).log_likelihood, 4))
    -13.1574 -13.1574
    """
    model, D = reduced(y, x, z, group), arguments.numbers("D", D)
    if D.shape != (model.K, model.K) or not np.array_equal(D, D.T):
        raise ValueError(f"D must be a symmetric matrix of shape {(model.K, model.K)}, but is {D.tolist()}")
    D = model.varying.to @ D @ model.varying.to.T
    sizes, directions = np.linalg.eigh(D)
    if sizes[0] < -1e-12 * max(sizes[-1], 0):
        raise ValueError("D must be a covariance matrix, but has a negative eigenvalue")
    return Fit(**model.estimates(model.at(directions * np.sqrt(np.maximum(sizes, 0)))), status=None)


@dataclass(frozen=True)
class Coefficients:
    """Posterior of each group's coefficient vector: shapes (J, K) for the mean, (J, K, K) for the other two."""

    weight: np.ndarray  # W_j
    mean: np.ndarray
    covariance: np.ndarray


def matrix_shrinkage(estimate, covariance, mu, Sigma):
    """Shrink whole coefficient vectors: the Normal-Normal model with matrices in place of the two variances.

        b_j ~ N(beta_j, V_j),  beta_j ~ N(mu, Sigma),   W_j = Sigma (Sigma + V_j)^-1
        beta_j | b_j ~ N(mu + W_j (b_j - mu), Sigma - W_j Sigma)

    For K = 1, W_j is kappa_j of `normal_normal.shrinkage`. Off the diagonal W_j lets a group's estimated intercept
    move its slope.

    Parameters
    ----------
    estimate : b_j, shape (J, K); nan where the variance is infinite.
    covariance : V_j, shape (J, K, K) or (K, K). A coefficient on which a group has no data, independent of its others,
        has V_j[i, i] = inf.
    mu : shape (K,), or (J, K) if it depends on predictors of the group.
    Sigma : shape (K, K); may be singular: a zero variance pools that coefficient completely.

    Returns
    -------
    `Coefficients` with `weight`, `mean` and `covariance`.

    Raises
    ------
    ValueError naming the argument that is out of range or is no covariance matrix; if Sigma + V_j is singular.

    Source: Lindley & Smith (1972), Journal of the Royal Statistical Society B 34:1-41.

    >>> post = matrix_shrinkage([[3, 1]], [[1, 0], [0, 1]], mu=[0, 0], Sigma=[[1, 0.5], [0.5, 1]])
    >>> print(post.weight.round(3).tolist(), post.mean.round(3).tolist())
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
    if (_smallest_eigenvalue(total) < 1e-13).any():
        raise ValueError("Sigma + covariance is singular for some group: its weight is undefined")
    W = np.linalg.solve(total, seen.swapaxes(-1, -2)).swapaxes(-1, -2)
    # Equal to Sigma - W Sigma, but a sum of squares: it keeps its digits where Sigma is large.
    rest = np.eye(K) - W
    return Coefficients(
        weight=W,
        mean=mu + (W @ residual[..., None])[..., 0],
        covariance=rest @ Sigma @ rest.swapaxes(-1, -2) + W @ V @ W.swapaxes(-1, -2),
    )


def least_squares(x, y, group, sigma):
    """Each group's own regression, y_i = x_i . beta_j + N(0, sigma^2): what `matrix_shrinkage` takes.

        b_j = (X_j' X_j)^-1 X_j' y_j,   V_j = sigma^2 (X_j' X_j)^-1

    Parameters
    ----------
    x : the design, shape (N, K); for an intercept it holds a column of ones.
    y, group : response and group of each row, shape (N,); groups are numbers or names.
    sigma : residual standard deviation >= 0.

    Returns
    -------
    (estimate, covariance), shapes (J, K) and (J, K, K), the groups in sorted order.

    Raises
    ------
    ValueError naming the argument that is out of range, or the group whose rows do not identify all coefficients.

    >>> x = [[1, 0], [1, 1], [1, 0], [1, 2]]
    >>> estimate, covariance = least_squares(x, y=[1, 3, 5, 4], group=["a", "a", "b", "b"], sigma=1)
    >>> print(estimate.round(6).tolist())
    [[1.0, 2.0], [5.0, -0.5]]
    """
    x, y, sigma = arguments.numbers("x", x), arguments.numbers("y", y), arguments.one("sigma", sigma, low=0)
    labels, index = arguments.labels("group", group)
    if x.ndim != 2 or y.shape != x.shape[:1] or index.shape != y.shape:
        raise ValueError(
            f"x, y, group must have shapes (N, K), (N,), (N,), but have {x.shape}, {y.shape}, {index.shape}"
        )
    inverses, estimates = [], []
    for j, label in enumerate(labels):
        rows = x[index == j]
        if np.linalg.matrix_rank(rows) < x.shape[1]:
            raise ValueError(f"x does not identify all {x.shape[1]} coefficients of group {label}")
        inverses.append(np.linalg.pinv(rows))
        estimates.append(inverses[-1] @ y[index == j])
    return np.array(estimates), np.array([sigma**2 * inverse @ inverse.T for inverse in inverses])


# --- checked matrices -----------------------------------------------------------------------------------------------


def _covariance(name, matrix, K, allow_inf=False):
    """The matrix without its coefficients of infinite variance (their rows and columns 0), and which ones it has."""
    matrix = arguments.numbers(name, matrix, allow_inf=allow_inf)
    if matrix.shape[-2:] != (K, K):
        raise ValueError(f"{name} must end in shape ({K}, {K}), one row a coefficient, but has shape {matrix.shape}")
    known = np.diagonal(matrix, axis1=-2, axis2=-1) < np.inf
    matrix = arguments.numbers(name, np.where(known[..., :, None] & known[..., None, :], matrix, 0))
    if not np.allclose(matrix, matrix.swapaxes(-1, -2)) or (_smallest_eigenvalue(matrix) < -1e-9).any():
        raise ValueError(f"{name} must be symmetric without negative eigenvalues")
    return matrix, known


def _smallest_eigenvalue(matrix):
    """Of the matrix in units that make its diagonal 1, so that the units of the coefficients do not matter."""
    unit = np.sqrt(np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)))
    unit = np.where(unit == 0, 1, unit)
    return np.linalg.eigvalsh(matrix / (unit[..., :, None] * unit[..., None, :]))[..., 0]
