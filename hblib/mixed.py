"""Regressions with varying coefficients: linear mixed models with one grouping, by restricted maximum likelihood.

    y_i = x_i . beta + z_i . u_j(i) + N(0, sigma^2),   u_j ~ N(0, Sigma)

x holds the predictors whose coefficients beta are shared, z those whose coefficients vary by group; for a varying slope
the predictor is in both. What lme4 writes `y ~ x + (x | group)` is `fit(y, [1, x], [1, x], group)`, with columns.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from hblib import checks


@dataclass(frozen=True)
class Fit:
    """Estimates of all parameters and, with these plugged in, the posterior of each group's deviations u_j."""

    beta: np.ndarray  # (P,)
    beta_sd: np.ndarray  # (P,)
    Sigma: np.ndarray  # (K, K)
    sigma: float
    log_likelihood: float  # the restricted one
    groups: np.ndarray  # (J,), sorted: the order of the two below
    deviation: np.ndarray  # (J, K), the posterior mean of u_j given beta, Sigma and sigma
    deviation_sd: np.ndarray  # (J, K), its standard deviation; too small, because beta is taken as known

    @property
    def sd(self):
        """The standard deviations of the varying coefficients, shape (K,)."""
        return np.sqrt(np.diagonal(self.Sigma))


def fit(y, x, z, group):
    """The REML estimates of a linear mixed model with one grouping.

    Parameters
    ----------
    y, group : response and group of each row, shape (N,); groups are numbers or names, the rows in any order.
    x : predictors with shared coefficients, shape (N, P), a column of ones included.
    z : predictors with varying coefficients, shape (N, K). A group may have fewer rows than K.

    Returns
    -------
    A `Fit`. Estimates on the boundary (a standard deviation of 0, a correlation of 1 or -1) are found as such.

    Raises
    ------
    ValueError naming the argument that is out of range; if x does not identify beta.

    Source: Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, Journal of
    Statistical Software 67(1), whose profiled criterion this is.

    Balanced groups and K = 1 have a closed form, tau^2 = S^2 - s^2/n:

    >>> result = fit([1, 3, 5, 7, 12, 14], np.ones((6, 1)), np.ones((6, 1)), ["a", "a", "b", "b", "c", "c"])
    >>> print(result.beta.round(4), round(result.sigma**2, 4), result.Sigma.round(4))
    [7.] 2.0 [[30.]]
    >>> print(np.var([2, 6, 13], ddof=1) - 2 / 2)
    30.0
    """
    y, x, z = checks.numbers("y", y), checks.numbers("x", x), checks.numbers("z", z)
    group = np.asarray(group)
    if x.ndim != 2 or z.ndim != 2 or not y.shape == group.shape == x.shape[:1] == z.shape[:1]:
        shapes = f"{y.shape}, {x.shape}, {z.shape}, {group.shape}"
        raise ValueError(f"y, x, z, group must have shapes (N,), (N, P), (N, K), (N,), but have {shapes}")
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise ValueError("x does not identify all shared coefficients")
    groups, index = np.unique(group, return_inverse=True)
    model = _Model.collect(y, x, z, index, groups.size)
    lower = np.tril_indices(z.shape[1])

    def factor(parameters):
        root = np.zeros((z.shape[1], z.shape[1]))
        root[lower] = parameters
        return root

    def loss(parameters):
        return -model.solve(factor(parameters)).log_likelihood

    unit = 1 / np.sqrt(np.maximum(np.mean(z**2, axis=0), 1e-300))  # so that the units of z do not matter
    best = None
    for size in (0.1, 0.5, 2.0):
        start = (np.diag(unit) * size)[lower]
        found = optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-7})
        found = optimize.minimize(loss, found.x, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-11})
        best = found if best is None or found.fun < best.fun else best
    return model.result(factor(best.x), groups)


@dataclass(frozen=True)
class _Solved:
    log_likelihood: float
    beta: np.ndarray
    sigma: float
    covariance: np.ndarray  # of beta
    inner: np.ndarray  # (J, K, K): root (1 + root' z'z root)^-1 root'


@dataclass(frozen=True)
class _Model:
    """Sums of products: over the rows of each group where z is in it, over all rows otherwise."""

    zz: np.ndarray
    zx: np.ndarray
    zy: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: float
    rows: int

    @classmethod
    def collect(cls, y, x, z, index, J):
        def by_group(values):
            total = np.zeros((J, *values.shape[1:]))
            np.add.at(total, index, values)
            return total

        zz, zx = by_group(z[:, :, None] * z[:, None, :]), by_group(z[:, :, None] * x[:, None, :])
        return cls(zz, zx, by_group(z * y[:, None]), x.T @ x, x.T @ y, float(y @ y), y.size)

    def solve(self, root):
        """The best beta and sigma for Sigma = sigma^2 root root', and the restricted likelihood there."""
        K, P = self.zx.shape[1:]
        A = np.eye(K) + root.T @ self.zz @ root
        inner = root @ np.linalg.solve(A, np.broadcast_to(root.T, A.shape))
        by_x = inner @ self.zx
        information = self.xx - np.einsum("jkp,jkq->pq", self.zx, by_x)
        right = self.xy - np.einsum("jkp,jk->p", by_x, self.zy)
        beta = np.linalg.solve(information, right)
        squares = self.yy - np.einsum("jk,jkl,jl->", self.zy, inner, self.zy) - right @ beta
        free = self.rows - P
        variance = max(squares, 1e-300) / free
        determinants = np.sum(np.linalg.slogdet(A)[1]) + np.linalg.slogdet(information)[1]
        value = -(free * (1 + np.log(2 * np.pi * variance)) + determinants) / 2
        return _Solved(value, beta, np.sqrt(variance), variance * np.linalg.inv(information), inner)

    def result(self, root, groups):
        best = self.solve(root)
        rest = self.zy - self.zx @ best.beta
        return Fit(
            beta=best.beta,
            beta_sd=np.sqrt(np.diagonal(best.covariance)),
            Sigma=best.sigma**2 * root @ root.T,
            sigma=float(best.sigma),
            log_likelihood=float(best.log_likelihood),
            groups=groups,
            deviation=(best.inner @ rest[..., None])[..., 0],
            deviation_sd=best.sigma * np.sqrt(np.diagonal(best.inner, axis1=1, axis2=2)),
        )
