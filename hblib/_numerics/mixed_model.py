"""The restricted likelihood of a regression with varying coefficients, and its derivatives by D = Sigma/sigma^2.

A group is K numbers a column, and all are sums over groups of small matrices. The likelihood subtracts no large number
from another.
"""

import contextlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hblib._numerics import arguments
from hblib._numerics.mixed_rows import Columns, Response, orthogonalized, project

_ROUNDING = 1e-10  # of a column's or a matrix's size: in 1,500 random data sets rounding left 6e-16, and data 1e-3
_FEW_DIGITS = 1e-3  # on the diagonal of a Cholesky factor of a matrix with diagonal 1: squared, it has cost six digits


def reduced(y, x, z, group):
    """The `Model` of the rows."""
    y, x, z = arguments.numbers("y", y), arguments.numbers("x", x), arguments.numbers("z", z)
    groups, index = arguments.labels("group", group)
    if x.ndim != 2 or z.ndim != 2 or not y.shape == index.shape == x.shape[:1] == z.shape[:1]:
        shapes = f"{y.shape}, {x.shape}, {z.shape}, {index.shape}"
        raise ValueError(f"y, x, z, group must have shapes (N,), (N, P), (N, K), (N,), but have {shapes}")
    N, P, K = y.size, x.shape[1], z.shape[1]
    if K == 0:
        raise ValueError("z must have at least one column: without varying coefficients there is nothing to pool")
    if N <= P:
        raise ValueError(f"{N} rows do not determine {P} shared coefficients and sigma")
    shared, varying = Columns.of("x", x, "shared"), Columns.of("z", z, "varying")
    response = Response.of(y, shared)
    columns, left, ranks = project(varying.basis, [*shared.basis, response.rest], index, groups.size)
    within = np.sqrt(N) * orthogonalized(left)  # of the rows that no u_j can move; the last column is y's
    return Model(columns, within, N, groups, ranks, shared, varying, response)


@dataclass(frozen=True)
class Model:
    """All that the likelihood needs of the rows."""

    columns: np.ndarray  # (K + P + 1, K, J): R_j, U_j' x and U_j' y of `project`
    within: np.ndarray  # (P + 1, P + 1): the triangular factor of what is left of x and y
    N: int
    groups: np.ndarray
    ranks: np.ndarray
    shared: Columns
    varying: Columns
    response: Response

    @property
    def K(self):
        return self.columns.shape[1]

    @property
    def P(self):
        return len(self.within) - 1

    @cached_property
    def information(self):
        """sum_j Z_j' Z_j, shape (K, K): how well the rows would show the u_j if nothing varied."""
        R = self.columns[: self.K].reshape(self.K, -1)
        return R @ R.T

    @property
    def effective_groups(self):
        """How many equally informative groups would show the coefficients as the groups do.

        The shares of the groups in the information on all K coefficients add up to K.
        """
        R = self.columns[: self.K].reshape(self.K, -1)
        share = np.sum(np.linalg.solve(self.information, R) * R, axis=0).reshape(self.K, -1).sum(axis=0)
        return self.K**2 / np.sum(share**2)

    def must_be_identified(self):
        """Raise ValueError if sigma or Sigma is not determined by the distribution of y, or not by this y."""
        if self.groups.size < 2:
            raise ValueError("a single group says nothing about the variation between groups")
        left, size, _ = np.linalg.svd(self.within[:, :-1], full_matrices=False)
        left = left[:, size > _ROUNDING * np.sqrt(self.N)]
        if self.ranks.sum() + left.shape[1] >= self.N:
            raise ValueError(
                f"sigma and Sigma cannot be told apart: the {self.N} rows are not more than the coefficients, shared "
                f"ones and {self.K} in each of {self.groups.size} groups, that can fit all of them exactly"
            )
        rest = self.within[:, -1] - left @ (left.T @ self.within[:, -1])
        if rest @ rest <= self.response.rounding:
            raise ValueError("the varying coefficients fit y exactly: no variation within groups is left for sigma")
        # The covariance matrix of what x leaves of y is linear in Sigma. It determines Sigma if no other matrix has the
        # same image: if the Gram matrix of the images is positive definite.
        basis = _symmetric_basis(self.K)
        here = self.at(np.zeros((self.K, 0)))
        whole, image = (on(basis, tensor) for tensor in here.images())
        size = np.sqrt(np.diagonal(whole))
        if np.linalg.eigvalsh(image / (size[:, None] * size))[0] < _ROUNDING:
            raise ValueError(
                "the data do not determine Sigma: another Sigma gives y the same distribution, because x takes up the "
                "variation of the varying coefficients, or z takes too few values"
            )

    def at(self, root):
        """The likelihood at Sigma = sigma^2 root root', with the best beta and sigma; root has shape (K, rank)."""
        K, P = self.K, self.P
        T = np.tensordot(root.T, self.columns[:K], axes=1)  # (rank, K, J): R_j root, transposed
        lower, log_size = _triangle(T)
        solved = _forward(lower, self.columns)
        of_x, of_y = solved[K:-1].reshape(P, log_size.size), solved[-1].reshape(log_size.size)
        x, y = self.within[:, :-1], self.within[:, -1]
        factor = _factor(of_x, x)
        beta = np.zeros(P)
        for _ in range(2):
            score = of_x @ (of_y - beta @ of_x) + x.T @ (y - x @ beta)
            beta = beta + np.linalg.solve(factor.T, np.linalg.solve(factor, score))
        rest = of_y - beta @ of_x
        squares = rest @ rest + np.sum((y - x @ beta) ** 2)
        free = self.N - P
        value = 2 * np.sum(log_size) + 2 * np.sum(np.log(np.diagonal(factor))) + free * np.log(squares)
        return _Point(self, root, float(value), beta, squares / free, factor, solved, rest.reshape(K, -1))

    def estimates(self, best):
        """All parameters at a point, in the units of the arguments, named as in `hblib.regression.Fit`."""
        shared, unit, free = self.shared, self.response.unit, self.N - self.P
        sigma = np.sqrt(best.variance) * unit
        beta = shared.back @ (self.response.coefficients + best.beta) * unit
        if shared.constant is not None:
            beta = beta + self.response.centre * shared.constant
        root_of_cov = np.linalg.solve(best.factor, shared.back.T)
        constant = free * (1 + np.log(2 * np.pi / free)) + 2 * free * np.log(unit) + 2 * shared.log_determinant
        root = self.varying.back @ best.root
        deviation, covariance = best.deviations(root)
        return {
            "beta": beta,
            "se_beta": sigma * np.sqrt(np.sum(root_of_cov**2, axis=0)),
            "Sigma": (sigma * root) @ (sigma * root).T,
            "sigma": float(sigma),
            "log_likelihood": float(-(best.value + constant) / 2),
            "groups": self.groups,
            "deviation": deviation * unit,
            "deviation_cov": covariance * sigma**2,
        }


@dataclass(frozen=True)
class _Point:
    """The likelihood at one Sigma = sigma^2 D, D = root root'."""

    model: Model
    root: np.ndarray
    value: float  # -2 times the restricted log likelihood, up to a constant
    beta: np.ndarray
    variance: float  # sigma^2
    factor: np.ndarray  # triangular: its square is the information on beta, in units of sigma
    solved: np.ndarray  # L_j^-1 times the columns of the model, L_j L_j' = 1 + R_j D R_j'
    rest: np.ndarray  # (K, J): L_j^-1 U_j' (y - x beta)

    @cached_property
    def _parts(self):
        """By group, of V_j = 1 + R_j D R_j': R' V^-1 R, R' V^-1 U' (y - x beta)/sigma, R' V^-1 U' x factor^-1'."""
        K = self.model.K
        R = self.solved[:K]
        A = np.einsum("akj,bkj->abj", R, R)
        g = np.einsum("akj,kj->aj", R, self.rest) / np.sqrt(self.variance)
        H = np.einsum("akj,pkj->apj", R, self.solved[K:-1])
        return A, g, np.linalg.solve(self.factor, H)

    @cached_property
    def slope(self):
        """The derivative of `value` by D, a symmetric matrix (K, K)."""
        A, g, H = self._parts
        return A.sum(axis=-1) - g @ g.T - np.einsum("apj,bpj->ab", H, H)

    def _products(self):
        A, _, H = self._parts
        K, P, J = H.shape
        Q = np.einsum("apj,bpj->abj", H, H)
        flat = H.reshape(K * P, J)
        HH = (flat @ flat.T).reshape(K, P, K, P)
        image = np.einsum("apbq,cpdq->abcd", HH, HH)  # tr(U_E U_F), U_E = sum H' E H
        return A.reshape(K * K, J), Q.reshape(K * K, J), image

    def images(self):
        """At D = 0: tr(V_E V_F) for the covariances V_E = Z E Z' of the rows, and of what x leaves of them."""
        A, Q, image = self._products()
        K = self.model.K
        whole, taken = (_paired(A @ other.T, K) for other in (A, Q))
        return whole, whole - 2 * taken + image

    def curvature(self):
        """The second derivatives of `value` by D, a tensor (K, K, K, K) over pairs of symmetric matrices."""
        A, Q, image = self._products()
        _, g, H = self._parts
        K, P, J = H.shape
        G = (g[:, None] * g).reshape(K * K, J)
        v = (H.reshape(K * P, J) @ g.T).reshape(K, P, K)  # v_E = sum H' E g
        total = G.sum(axis=-1).reshape(K, K)
        tensor = _paired(A @ (2 * (G + Q) - A).T, K) - image
        tensor -= 2 * np.einsum("apb,cpd->abcd", v, v)
        return tensor - np.multiply.outer(total, total) / (self.model.N - P)

    def deviations(self, root):
        """The posterior means (J, K) and covariances (J, K, K), in units of sigma, of u_j = root N(0, 1)."""
        T = np.tensordot(self.root.T, self.model.columns[: self.model.K], axes=1).transpose(1, 0, 2)
        K, rank, J = T.shape
        e = self.model.columns[-1] - np.einsum("p,pkj->kj", self.beta, self.model.columns[K:-1])
        right = np.empty((K + 1, rank, J))
        right[:K] = root[:, :, None]
        right[K] = np.einsum("krj,kj->rj", T, e)
        solved = _forward(_triangle(T)[0], right)
        return np.einsum("krj,rj->jk", solved[:K], solved[K]), np.einsum("krj,lrj->jkl", solved[:K], solved[:K])


def _triangle(T):
    """L of L L' = 1 + T_j' T_j for T of shape (rows, K, J), as L[i][k], and log of its diagonal.

    By orthogonalizing the columns of the identity on top of T, so that T is not squared.
    """
    K, J = T.shape[1:]
    lower, units, sizes = [], [], []
    for i in range(K):
        column = np.concatenate([np.zeros((K, J)), T[:, i]])
        column[i] = 1
        parts = []
        for unit in units:
            parts.append(np.einsum("kj,kj->j", unit, column))
            column -= parts[-1] * unit
        size = np.sqrt(np.einsum("kj,kj->j", column, column))
        units.append(column / size)
        lower.append([*parts, size])
        sizes.append(size)
    return lower, np.log(np.array(sizes))


def _forward(lower, right):
    """L_j^-1 right for right of shape (columns, K, J)."""
    solved = np.array(right)
    for i, (*parts, size) in enumerate(lower):
        for k, part in enumerate(parts):
            solved[:, i] -= part * solved[:, k]
        solved[:, i] /= size
    return solved


def _factor(of_x, x):
    """The triangular factor of of_x of_x' + x' x."""
    squares = of_x @ of_x.T + x.T @ x
    size = np.sqrt(np.diagonal(squares))
    with contextlib.suppress(np.linalg.LinAlgError):
        factor = np.linalg.cholesky(squares / (size[:, None] * size))
        if (np.diagonal(factor) > _FEW_DIGITS).all():
            return factor * size[:, None]
    triangle = np.linalg.qr(np.concatenate([of_x.T, x]), mode="r")  # slower, and does not square
    return (triangle * np.copysign(1, np.diagonal(triangle))[:, None]).T


def _paired(product, K):
    """sum_j A_ab B_cd, shape (K*K, K*K), as the tensor that gives sum_j tr(E A F B) for E_da, F_bc."""
    return product.reshape(K, K, K, K).transpose(3, 0, 1, 2)


def _symmetric_basis(K):
    """The K (K + 1)/2 symmetric matrices with one entry (and its mirror image) not 0."""
    rows, columns = np.tril_indices(K)
    basis = np.zeros((rows.size, K, K))
    basis[range(rows.size), rows, columns] = basis[range(rows.size), columns, rows] = 1
    return basis


def on(basis, tensor):
    """The matrix of a bilinear form on a list of symmetric matrices."""
    return np.einsum("iab,abcd,jcd->ij", basis, tensor, basis, optimize=True)
