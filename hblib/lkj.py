r"""The LKJ(eta) prior of a K x K correlation matrix R.

It has the initials of Lewandowski, Kurowicka and Joe [1]_:

.. math:: p(R) \propto \det(R)^{\eta - 1}

eta = 1 is uniform over correlation matrices, eta > 1 prefers weak correlations. Every single correlation rho has the
same marginal, (rho + 1)/2 ~ Beta(b, b) with b = eta - 1 + K/2: the larger the matrix, the closer to 0.

References
----------
.. [1] Lewandowski, Kurowicka & Joe (2009), Journal of Multivariate Analysis 100:1989-2001.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from hblib._numerics import arguments
from hblib._numerics.types import FloatArray, FloatOrArray, Rng
from hblib.distributions import Beta


def log_density(R: ArrayLike, eta: float) -> FloatOrArray:
    r"""Compute the log density of a correlation matrix, with its constant.

    .. math::

        \log p(R) = (\eta - 1) \log \det R - \sum_{k=1}^{K-1} (K - k) \, c_k,

        c_k = (2 b_k - 1) \log 2 + \log B(b_k, b_k)

        b_k = \eta + (K - 1 - k)/2

    Parameters
    ----------
    R : array_like of shape (..., K, K)
        Correlation matrices. The density is with respect to the K(K - 1)/2 entries below the diagonal.
    eta : float
        The parameter > 0.

    Returns
    -------
    float or array of shape (...)
        The log density. Where det R = 0, as far as rounded entries can tell: -inf for eta > 1, inf for eta < 1.

    Raises
    ------
    ValueError
        Naming the argument that is out of range or is no correlation matrix.

    References
    ----------
    .. [1] Lewandowski, Kurowicka & Joe (2009), Journal of Multivariate Analysis 100:1989-2001.

    Examples
    --------
    >>> log_p = log_density([[1, 0.5], [0.5, 1]], eta=2)
    >>> print(round(log_p, 6), round(np.log(0.75 * (1 - 0.5**2)), 6))
    -0.575364 -0.575364
    """
    R, eta = arguments.numbers("R", R), arguments.one("eta", eta, low=0, open_low=True)
    if R.ndim < 2 or R.shape[-1] != R.shape[-2]:
        raise ValueError(f"R must have shape (..., K, K), but has shape {R.shape}")
    K = R.shape[-1]
    if not np.allclose(R, R.swapaxes(-1, -2)) or not np.allclose(np.diagonal(R, axis1=-2, axis2=-1), 1):
        raise ValueError("R must be symmetric with ones on the diagonal")
    eigenvalues = np.linalg.eigvalsh(R)
    if (eigenvalues < -1e-9).any():
        raise ValueError(f"R must have no negative eigenvalue, but has {eigenvalues.min():.3g}")
    k = np.arange(1, K)
    constant = np.sum((K - k) * _log_beta_of_half(eta + (K - 1 - k) / 2))
    if eta == 1:
        return np.full(R.shape[:-2], -constant)[()]
    return ((eta - 1) * _log_det(R, eigenvalues) - constant)[()]


def pdf(rho: ArrayLike, eta: ArrayLike, K: ArrayLike) -> FloatOrArray:
    r"""Compute the marginal density of one correlation.

    .. math::

        (\rho + 1)/2 \sim \mathrm{Beta}(b, b)

        b = \eta - 1 + K/2

    Parameters
    ----------
    rho : array_like
        The correlation, in [-1, 1].
    eta : array_like
        The parameter > 0; broadcasts against rho.
    K : array_like of int
        Size of the matrix, at least 2; broadcasts against rho and eta.

    Returns
    -------
    float or array
        The density, of the broadcast shape.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    See Also
    --------
    sd : The standard deviation of this distribution.

    References
    ----------
    .. [1] Lewandowski, Kurowicka & Joe (2009), Journal of Multivariate Analysis 100:1989-2001.

    Examples
    --------
    >>> print(pdf(0.3, eta=1, K=2), round(pdf(0, eta=1, K=10), 4))
    0.5 1.2305
    """
    rho = arguments.numbers("rho", rho, low=-1)
    if (rho > 1).any():
        raise ValueError(f"rho must be at most 1, but is {rho.max()}")
    rho, eta, K = arguments.together(rho=rho, eta=arguments.numbers("eta", eta, low=0, open_low=True), K=_size(K))
    b = eta - 1 + K / 2
    return Beta(b, b).pdf((rho + 1) / 2) / 2


def sd(eta: ArrayLike, K: ArrayLike) -> FloatOrArray:
    r"""Compute the standard deviation of one correlation; its mean is 0.

    .. math:: \frac{1}{\sqrt{2 \eta + K - 1}}

    Parameters
    ----------
    eta : array_like
        The parameter > 0.
    K : array_like of int
        Size of the matrix, at least 2; broadcasts against eta.

    Returns
    -------
    float or array
        The standard deviation, of the broadcast shape.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    References
    ----------
    .. [1] Lewandowski, Kurowicka & Joe (2009), Journal of Multivariate Analysis 100:1989-2001.

    Examples
    --------
    >>> print(sd(eta=[1, 2, 1], K=[2, 2, 10]).round(4))
    [0.5774 0.4472 0.3015]
    """
    eta, K = arguments.together(eta=arguments.numbers("eta", eta, low=0, open_low=True), K=_size(K))
    return (1 / np.sqrt(2 * eta + K - 1))[()]


def draws(eta: float, K: int, size: int, rng: Rng = None) -> FloatArray:
    r"""Draw correlation matrices independently, by the onion method, written for the Cholesky factor L.

    .. math::

        R = L L'

        \sum_{i < k} L_{ki}^2 \sim \mathrm{Beta}\left(\frac{k}{2}, \; \eta + \frac{K - 1 - k}{2}\right)

    Each row of L has length 1. The first k entries of row k = 1..K - 1, counted from 0, have a uniform direction, and
    the sum of their squares has the distribution above.

    Parameters
    ----------
    eta : float
        The parameter > 0.
    K : int
        Size of the matrix, at least 2.
    size : int
        How many draws.
    rng : numpy.random.Generator or int, optional
        A generator, or a seed for one; None gives other draws each time.

    Returns
    -------
    array of shape (size, K, K)
        The draws of R.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    References
    ----------
    .. [1] Lewandowski, Kurowicka & Joe (2009), Journal of Multivariate Analysis 100:1989-2001, the extended onion
       method.

    Examples
    --------
    >>> draws(eta=2, K=3, size=5, rng=np.random.default_rng(1)).shape
    (5, 3, 3)
    """
    eta, K = arguments.one("eta", eta, low=0, open_low=True), arguments.whole("K", K, low=2)
    size, rng = arguments.whole("size", size, low=0), arguments.generator("rng", rng)
    factor = np.zeros((size, K, K))
    factor[:, 0, 0] = 1
    for k in range(1, K):
        length2 = rng.beta(k / 2, eta + (K - 1 - k) / 2, size)
        direction = rng.standard_normal((size, k))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        factor[:, k, :k] = np.sqrt(length2)[:, None] * direction
        factor[:, k, k] = np.sqrt(1 - length2)
    R = factor @ factor.swapaxes(1, 2)
    R[:, np.arange(K), np.arange(K)] = 1  # up to rounding it is already
    return R


def _log_beta_of_half(b):
    """log B(b, 1/2) = (2 b - 1) log 2 + log B(b, b), for large b by a series, since log Gamma would cancel."""
    w = 1 / np.maximum(b, 32.0)
    series = w * (1 / 8 - w**2 * (1 / 192 - w**2 * (1 / 640 - w**2 * (17 / 14336 - w**2 * 31 / 18432))))
    return np.where(b < 32, special.betaln(b, 0.5), np.log(np.pi * w) / 2 + series)


def _log_det(R, eigenvalues):
    """log det R of the matrices, to all digits also where R is nearly singular; -inf where its singularity is rounding.

    With L the Cholesky factor as doubles hold it, R = L (I + M) L'. M would be 0 but for rounding, which is large
    beside a small eigenvalue; so R - L L' is computed exactly enough, and log det (I + M) added.
    """
    K, eps = R.shape[-1], np.finfo(float).eps
    lift = np.where(eigenvalues[..., 0] < 8 * K * eps, 16 * K * eps, 0.0)  # so that the factor exists; M undoes it
    L = np.linalg.cholesky(R + lift[..., None, None] * np.eye(K))
    half = np.linalg.solve(L, _residual(R, L))
    sign, log_rest = np.linalg.slogdet(np.eye(K) + np.linalg.solve(L, half.swapaxes(-1, -2)))
    log_det = 2 * np.sum(np.log(np.diagonal(L, axis1=-2, axis2=-1)), axis=-1) + log_rest
    # The product of all but the smallest eigenvalue is known well, unless another is as small.
    others = np.maximum(eigenvalues[..., 1:], K * eps)
    smallest = np.exp(log_det - np.sum(np.log(others), axis=-1))
    singular = (sign <= 0) | (smallest < (K - 1) * eps)
    return np.where(singular, -np.inf, log_det)


def _residual(R, L):
    """R - L L' far below the rounding of its terms: L is split into parts whose products doubles hold (Ozaki 2012)."""
    bits = (53 - np.ceil(np.log2(R.shape[-1]))) // 2
    high = np.round(L * 2**bits) / 2**bits
    middle = np.round((L - high) * 4**bits) / 4**bits
    low = L - high - middle
    above = high + middle  # exact
    cross = high @ middle.swapaxes(-1, -2)
    rest = above @ low.swapaxes(-1, -2)
    rest = rest + rest.swapaxes(-1, -2) + middle @ middle.swapaxes(-1, -2) + low @ low.swapaxes(-1, -2)
    return (R - high @ high.swapaxes(-1, -2)) - (cross + cross.swapaxes(-1, -2)) - rest


def _size(K: ArrayLike) -> FloatArray:
    K = arguments.whole_numbers("K", K)
    if (K < 2).any():
        raise ValueError(f"K must be at least 2, but is {K.min():g}")
    return K
