"""Regressions with varying coefficients: linear mixed models with one grouping, by restricted maximum likelihood.

    y_i = x_i . beta + z_i . u_j(i) + N(0, sigma^2),   u_j ~ N(0, Sigma)

x holds the predictors whose coefficients beta are shared, z those whose coefficients vary by group; for a varying slope
the predictor is in both. What lme4 writes `y ~ x + (x | group)` is `fit(y, [1, x], [1, x], group)`, with columns.

How it is computed. The rows are read once: each group's rows are projected on the K directions in which its u_j can
move them, and what is left over is the same for every Sigma (`_reduced`). From then on a group is K numbers a column,
and the restricted likelihood and its derivatives by D = Sigma/sigma^2 are sums over groups of small matrices;
the likelihood subtracts no large number from another. Newton's method climbs from there (`_climb`), and a direction in
which the coefficients do not vary is taken out of Sigma exactly (`_without_zeros`).
"""

import contextlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hblib._numerics import arguments


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
    model = _reduced(y, x, z, group)
    model.must_be_identified()
    return model.result(*_highest(model))


def given(y, x, z, group, D):
    """As `fit`, with Sigma = D sigma^2 for a given matrix D, shape (K, K): only beta and sigma are estimated.

    `log_likelihood` is then the criterion that `fit` maximises, at D. The status is None.

    >>> rows = [1, 3, 5, 7, 12, 14], np.ones((6, 1)), np.ones((6, 1)), ["a", "a", "b", "b", "c", "c"]
    >>> print(round(fit(*rows).log_likelihood, 4), round(given(*rows, [[15.0]]).log_likelihood, 4))
    -13.1574 -13.1574
    """
    model, D = _reduced(y, x, z, group), arguments.numbers("D", D)
    if D.shape != (model.K, model.K) or not np.array_equal(D, D.T):
        raise ValueError(f"D must be a symmetric matrix of shape {(model.K, model.K)}, but is {D.tolist()}")
    D = model.varying.to @ D @ model.varying.to.T
    sizes, directions = np.linalg.eigh(D)
    if sizes[0] < -1e-12 * max(sizes[-1], 0):
        raise ValueError("D must be a covariance matrix, but has a negative eigenvalue")
    return model.result(model.at(directions * np.sqrt(np.maximum(sizes, 0))), status=None)


# --- the rows, read once ----------------------------------------------------------------------------------------------


def _reduced(y, x, z, group):
    """The `_Model` of the rows."""
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
    shared, varying = _Columns.of("x", x, "shared"), _Columns.of("z", z, "varying")
    response = _Response.of(y, shared)
    columns, left, ranks = _project(varying.basis, [*shared.basis, response.rest], index, groups.size)
    within = np.sqrt(N) * _orthogonalized(left)  # of the rows that no u_j can move; the last column is y's
    return _Model(columns, within, N, groups, ranks, shared, varying, response)


@dataclass(frozen=True)
class _Columns:
    """x or z as the same space spanned by columns of mean square 1 that are all but orthogonal: x = basis' to.

    A column of ones comes first, and the others are measured from their means: that is where the digits of years and
    of seconds since 1970 would be lost.
    """

    basis: np.ndarray  # (C, N)
    to: np.ndarray  # (C, C): coefficients of x to those of the basis
    back: np.ndarray  # its inverse
    constant: np.ndarray | None  # the coefficients that give 1 in every row, if a column is constant

    @classmethod
    def of(cls, name, values, kind):
        N, C = values.shape
        columns = np.ascontiguousarray(values.T)
        unit = _power_of_two(np.max(np.abs(columns), axis=1))
        if not unit.all():
            raise ValueError(
                f"{name} does not identify all {kind} coefficients: column {unit.argmin()} holds zeros only"
            )
        columns = columns / unit[:, None]
        lead = columns[:, 0].copy()
        is_constant = np.all(columns == lead[:, None], axis=1)
        order = np.argsort(~is_constant, kind="stable")  # the constant column, if there is one, first
        constant, shift = None, np.eye(C)
        if is_constant.any():
            first = order[0]
            constant = np.zeros(C)
            constant[first] = 1 / (lead[first] * unit[first])
            centre = columns.mean(axis=1)
            centre[first] = 0
            columns -= centre[:, None]
            shift[first] += centre / lead[first]
        again = _power_of_two(np.max(np.abs(columns), axis=1))
        columns /= np.where(again > 0, again, 1)[:, None]
        columns = columns[order]
        before = np.sqrt(np.mean(columns**2, axis=1))
        triangle = _orthogonalized(columns)
        if (np.diagonal(triangle) <= N * np.finfo(float).eps * before).any():
            raise ValueError(f"{name} does not identify all {kind} coefficients: its columns are linearly dependent")
        place = np.argsort(order)
        to = (triangle[:, place] * again) @ shift * unit
        back = (2 * np.eye(C) - shift) @ (np.linalg.inv(triangle)[place] / again[:, None]) / unit[:, None]
        return cls(columns, to, back, constant)

    @property
    def log_determinant(self):
        return np.linalg.slogdet(self.to)[1]


@dataclass(frozen=True)
class _Response:
    """y = `unit` (basis of x . `coefficients` + `rest`) + `centre`, with a rest of mean square 1."""

    rest: np.ndarray
    coefficients: np.ndarray
    unit: float
    centre: float
    rounding: float  # a sum of squares of the rest (or of a part of it) up to here is rounding of y

    @classmethod
    def of(cls, y, shared):
        scale = _power_of_two(np.max(np.abs(y)))
        scaled = y / (scale or 1)
        centre = 0.0 if shared.constant is None else scaled.mean()
        rest, coefficients = scaled - centre, np.zeros(len(shared.basis))
        for _ in range(3):  # the basis is not orthogonal to the last digit; the second and third round make up for it
            step = shared.basis @ rest / y.size
            rest, coefficients = rest - step @ shared.basis, coefficients + step
        rounding = np.sum((8 * np.finfo(float).eps * (np.abs(scaled) + np.abs(rest))) ** 2)
        size = np.sqrt(np.mean(rest**2))
        if y.size * size**2 <= rounding:
            what = "y is the same in every row" if np.all(y == y[0]) else "the shared coefficients fit y exactly"
            raise ValueError(f"{what}: nothing is left to estimate sigma and Sigma from")
        return cls(rest / size, coefficients / size, scale * size, scale * centre, rounding / size**2)


def _power_of_two(size):
    """The power of 2 just below `size`, or 0: dividing by it costs no digit."""
    return np.where(size > 0, np.ldexp(1.0, np.frexp(size)[1] - 1), 0.0)


def _orthogonalized(columns):
    """Makes the rows of `columns` orthogonal and of mean square 1, in place; returns the triangle that undoes it.

    By Gram-Schmidt, for columns need it twice. Whatever two entries are equal in all columns stay so.
    """
    C, N = columns.shape
    triangle = np.zeros((C, C))
    for k in range(C):
        for _ in range(2):
            for i in range(k):
                part = columns[i] @ columns[k] / N
                triangle[i, k] += part
                columns[k] -= part * columns[i]
        size = np.sqrt(columns[k] @ columns[k] / N)
        triangle[k, k] = size
        if size > 0:
            columns[k] /= size
    return triangle


def _project(z, others, index, J):
    """Every group's rows in the space of its own z (K, N), by Gram-Schmidt on all groups at once.

    Z_j = U_j R_j with orthonormal columns of U_j, some of them zero where the group's rows do not determine all of u_j.
    Returns the columns of R_j and U_j' others, shape (K + others, K, J); the rest of `others`; the rank of each Z_j.
    """
    K, n = len(z), np.bincount(index, minlength=J)
    rows = [np.array(row) for row in (*z, *others)]
    columns, ranks, units = np.zeros((len(rows), K, J)), np.zeros(J), []

    def by_group(values):
        return np.bincount(index, values, minlength=J)

    for k in range(K):
        whole = by_group(z[k] ** 2)
        for i, unit in enumerate(units):  # once more: then it is orthogonal to the last digit
            part = by_group(unit * rows[k])
            columns[k, i] += part
            rows[k] -= part[index] * unit
        squares = by_group(rows[k] ** 2)
        there = squares > 1e-24 * whole + 1e-28 * n
        size = np.sqrt(np.where(there, squares, 1.0))
        columns[k, k], ranks = np.where(there, size, 0.0), ranks + there
        units.append(rows[k] * (there / size)[index])
        for later in range(k + 1, len(rows)):
            columns[later, k] = by_group(units[k] * rows[later])
            rows[later] -= columns[later, k][index] * units[k]
    return columns, np.array(rows[K:]), ranks


# --- the restricted likelihood ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Model:
    """All that the likelihood needs of the rows."""

    columns: np.ndarray  # (K + P + 1, K, J): R_j, U_j' x and U_j' y of `_project`
    within: np.ndarray  # (P + 1, P + 1): the triangular factor of what is left of x and y
    N: int
    groups: np.ndarray
    ranks: np.ndarray
    shared: _Columns
    varying: _Columns
    response: _Response

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

    def must_be_identified(self):
        """Raise ValueError if sigma or Sigma is not determined by the distribution of y, or not by this y."""
        if self.groups.size < 2:
            raise ValueError("a single group says nothing about the variation between groups")
        left, size, _ = np.linalg.svd(self.within[:, :-1], full_matrices=False)
        left = left[:, size > 1e-10 * np.sqrt(self.N)]
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
        whole, image = (_on(basis, tensor) for tensor in here.images())
        size = np.sqrt(np.diagonal(whole))
        if np.linalg.eigvalsh(image / (size[:, None] * size))[0] < 1e-10:
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

    def result(self, best, status=None):
        """The `Fit` at a point, in the units of the arguments."""
        shared, unit, free = self.shared, self.response.unit, self.N - self.P
        sigma = np.sqrt(best.variance) * unit
        beta = shared.back @ (self.response.coefficients + best.beta) * unit
        if shared.constant is not None:
            beta = beta + self.response.centre * shared.constant
        spread = np.linalg.solve(best.factor, shared.back.T)
        constant = free * (1 + np.log(2 * np.pi / free)) + 2 * free * np.log(unit) + 2 * shared.log_determinant
        root = self.varying.back @ best.root
        deviation, covariance = best.deviations(root)
        return Fit(
            beta=beta,
            beta_sd=sigma * np.sqrt(np.sum(spread**2, axis=0)),
            Sigma=(sigma * root) @ (sigma * root).T,
            sigma=float(sigma),
            log_likelihood=float(-(best.value + constant) / 2),
            groups=self.groups,
            deviation=deviation * unit,
            deviation_cov=covariance * sigma**2,
            status=status,
        )


@dataclass(frozen=True)
class _Point:
    """The likelihood at one Sigma = sigma^2 D, D = root root'."""

    model: _Model
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
        if (np.diagonal(factor) > 1e-3).all():
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


def _on(basis, tensor):
    """The matrix of a bilinear form on a list of symmetric matrices."""
    return np.einsum("iab,abcd,jcd->ij", basis, tensor, basis, optimize=True)


# --- its maximum ------------------------------------------------------------------------------------------------------


def _highest(model):
    """(point, status) at the maximum."""
    best = min((_climb(model, start.root, model.K) for start in _starts(model)), key=lambda point: point.value)
    best = _without_zeros(model, best)
    rank = best.root.shape[1]
    return best, "Sigma = 0" if rank == 0 else "singular" if rank < model.K else "ok"


def _starts(model):
    """Points to start from: the lowest ones of several rays, each after a few steps of the EM algorithm.

    With few groups the likelihood can have several hills; with hundreds one ray finds its hill.
    """
    J, K = model.groups.size, model.K
    noise = np.sum(model.within[:, -1] ** 2) / model.N
    sizes = np.geomspace(1e-3 / np.sqrt(model.N / J), 30 / np.sqrt(noise), 16)
    starts = []
    for ray in _rays(model) if J < 200 else [np.eye(K)]:
        points = [model.at(size * ray) for size in sizes]
        values = np.array([np.inf, *(point.value for point in points), np.inf])
        lowest = (values[1:-1] < values[:-2]) & (values[1:-1] <= values[2:])
        if starts:
            lowest[0] = False  # next to Sigma = 0, where the first ray starts as well
        starts += [_em(points[i]) for i in np.flatnonzero(lowest)]
    return sorted(starts, key=lambda point: point.value)[:8]


def _em(point):
    """The point after three steps of the EM algorithm."""
    model = point.model
    for _ in range(3):
        D = point.root @ point.root.T
        squares, directions = np.linalg.eigh(D - D @ point.slope @ D / model.groups.size)
        point = model.at(directions * np.sqrt(np.maximum(squares, 0)))
    return point


def _rays(model):
    """Roots of size about 1: no direction preferred; each coefficient, sums and differences of each two; and the
    differences between groups, as least squares shows them: if Sigma has rank 1 and sigma is small, they all lie on it.
    """
    K = model.K
    one = np.eye(K)
    if K == 1:
        return [one]
    ratios = [(sign * a, b) for sign in (1, -1) for a, b in ((1, 1), (1, 2), (2, 1))]
    pairs = [a * one[i] + b * one[k] for i in range(K) for k in range(i) for a, b in ratios]
    measured = np.flatnonzero(model.ranks == K)[:13]
    lines = np.linalg.solve(
        model.columns[:K, :, measured].transpose(2, 1, 0), model.columns[-1][:, measured].T[..., None]
    )
    differences = [step for step in np.diff(lines[..., 0], axis=0) if step.any()]
    rays = [ray[:, None] / np.linalg.norm(ray) for ray in (*one, *pairs, *differences)]
    return [one, *rays, *(np.hstack([ray, 0.1 * one]) for ray in rays[: K + len(pairs)])]


def _climb(model, root, rank):
    """Newton's method on the roots of this rank, from the `rank` largest directions of `root`."""
    directions, sizes, _ = np.linalg.svd(root)
    here = model.at(directions[:, :rank] * sizes[:rank])
    for _ in range(200):
        units = _coordinates(model, here.root)
        moves = units @ here.root.T
        moves = moves + moves.transpose(0, 2, 1)
        gradient = np.einsum("iab,ab->i", moves, here.slope)
        bent = np.einsum("iar,ab,jbr->ij", units, here.slope, units, optimize=True)
        bend, axes = np.linalg.eigh(_on(moves, here.curvature()) + 2 * bent)
        along = axes.T @ gradient
        size = np.maximum(np.abs(bend), 1e-12 * np.abs(bend).max())
        gain = np.sum(along**2 / size)
        step = -axes @ (along / size)
        saddle = bend[0] < -1e-9 * bend[-1]
        if saddle:  # to one of the sides of the ridge
            step -= np.copysign(0.1, along[0]) * axes[:, 0]
        step = np.tensordot(step * min(1, 1 / np.linalg.norm(step)), units, axes=1)
        there = newton = model.at(here.root + step)
        if gain < 1e-9 and not saddle:
            return there
        halves = 0
        while there.value >= here.value and halves < 60:
            step, halves = step / 2, halves + 1
            there = model.at(here.root + step)
        if there.value >= here.value:
            if gain < 1e-8 + 1e-13 * abs(here.value):  # no more than the rounding of the value
                return here if saddle else newton
            break
        here = there
    raise RuntimeError("the search for the maximum of the restricted likelihood has not converged")


def _coordinates(model, root):
    """Steps of about one standard error of a group, or as large as the root, that together move it to any other."""
    directions, sizes, turn = np.linalg.svd(root)
    noise = np.einsum("ak,ab,bk->k", directions, model.information, directions) / model.groups.size
    scales = 1 / np.sqrt(noise)
    rank = sizes.size
    scales[:rank] = np.maximum(scales[:rank], sizes)
    rows, columns = np.tril_indices(model.K, m=rank)  # a lower trapezoid: each Sigma has but one such root
    units = np.zeros((rows.size, model.K, rank))
    units[range(rows.size), rows, columns] = 1
    return (directions * scales) @ units @ turn


def _without_zeros(model, best):
    """The same maximum at the lowest rank of Sigma that reaches it, so that what is 0 is exactly 0."""
    directions, sizes, _ = np.linalg.svd(best.root)
    for rank in range(model.K):
        lower = model.at(directions[:, :rank] * sizes[:rank])
        if lower.value > best.value + 1:  # too far below to be the same maximum
            continue
        if rank:
            lower = _climb(model, best.root, rank)
        # a maximum if the likelihood falls in each direction that is not in Sigma
        missing = np.linalg.svd(lower.root)[0][:, rank:] if rank else np.eye(model.K)
        slope = missing.T @ lower.slope @ missing
        size = np.trace(missing.T @ model.information @ missing)
        if lower.value <= best.value + 1e-9 and np.linalg.eigvalsh(slope)[0] >= -1e-10 * size:
            return lower
    return best
