"""The rows of a regression with varying coefficients, read once: what is left of them is the same for every Sigma.

Each group's rows are projected on the K directions in which its coefficients can move them (`project`). The columns are
first made all but orthogonal (`Columns`, `Response`), so that neither units nor constants cost digits.
"""

from dataclasses import dataclass

import numpy as np

from hblib._numerics import units

_ROUNDING = 1e-12  # of a column's size in a group: what is left below is rounding, some thousands of units of it
_NOTHING = 1e-14  # of a column's size in all rows, which is 1: in a group with less, nothing but rounding is in it


@dataclass(frozen=True)
class Columns:
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
        unit = units.up_to(np.max(np.abs(columns), axis=1))
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
        again = units.up_to(np.max(np.abs(columns), axis=1))
        columns /= np.where(again > 0, again, 1)[:, None]
        columns = columns[order]
        before = np.sqrt(np.mean(columns**2, axis=1))
        triangle = orthogonalized(columns)
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
class Response:
    """y = `unit` (basis of x . `coefficients` + `rest`) + `centre`, with a rest of mean square 1."""

    rest: np.ndarray
    coefficients: np.ndarray
    unit: float
    centre: float
    rounding: float  # a sum of squares of the rest (or of a part of it) up to here is rounding of y

    @classmethod
    def of(cls, y, shared):
        scale = units.up_to(np.max(np.abs(y)))
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


def orthogonalized(columns):
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


def project(z, others, index, J):
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
        there = squares > _ROUNDING**2 * whole + _NOTHING**2 * n
        size = np.sqrt(np.where(there, squares, 1.0))
        columns[k, k], ranks = np.where(there, size, 0.0), ranks + there
        units.append(rows[k] * (there / size)[index])
        for later in range(k + 1, len(rows)):
            columns[later, k] = by_group(units[k] * rows[later])
            rows[later] -= columns[later, k][index] * units[k]
    return columns, np.array(rows[K:]), ranks
