"""Each group's own least-squares fit, for all groups of one size at once."""

import numpy as np

from hblib._numerics import units


def own_lines(x, y, index, J):
    """The coefficients, a root of their covariance matrices in units of sigma^2, and which groups determine them."""
    K = x.shape[1]
    estimate, root, found = np.zeros((J, K)), np.zeros((J, K, K)), np.zeros(J, dtype=bool)
    order, sizes = np.argsort(index, kind="stable"), np.bincount(index, minlength=J)
    first = np.cumsum(sizes) - sizes
    for n in np.unique(sizes[sizes >= K]):
        some = np.flatnonzero(sizes == n)
        rows = order[first[some, None] + np.arange(n)]
        estimate[some], root[some], found[some] = _of_one_size(x[rows], y[rows])
    return estimate, root, found


def _of_one_size(x, y):
    """The same for x (J, n, K) and y (J, n).

    As in `Columns`, predictors are measured from their means where one of them is constant, and in units of their size,
    so that neither units nor constants cost digits: x = unit (again left + centre), and y = level + rest.
    """
    n, K = x.shape[1:]
    unit = _sizes(x)
    x = x / unit[:, None]
    constant = np.all(x == x[:, :1], axis=1) & (x[:, 0] != 0)
    at = constant & (np.cumsum(constant, axis=1) == 1)  # the first constant column
    there, lead = at.any(axis=1), np.where(at, x[:, 0], 1.0).prod(axis=1)
    centre = np.where(there[:, None] & ~at, x.mean(axis=1), 0.0)
    level = np.where(there, y.mean(axis=1), 0.0)
    left = x - centre[:, None]
    again = _sizes(left)
    left = left / again[:, None]
    Q, R = np.linalg.qr(left)
    length = np.sqrt(np.sum(left**2, axis=1))
    found = np.all(np.abs(np.diagonal(R, axis1=1, axis2=2)) > n * np.finfo(float).eps * length, axis=1)
    inverse = np.linalg.inv(np.where(found[:, None, None], R, np.eye(K)))
    shift = np.eye(K) - at[:, :, None] * (centre / lead[:, None])[:, None, :]
    root = shift @ (inverse / again[:, :, None]) / unit[:, :, None]
    estimate = (root @ (np.swapaxes(Q, 1, 2) @ (y - level[:, None])[..., None]))[..., 0]
    return estimate + at * (level / lead)[:, None] / unit, root, found


def _sizes(x):
    """The largest power of 2 up to the largest of each column; 1 for a column of zeros."""
    unit = units.up_to(np.max(np.abs(x), axis=1, initial=0))
    return np.where(unit > 0, unit, 1.0)
