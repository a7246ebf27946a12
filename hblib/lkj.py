"""The LKJ(eta) prior of a K x K correlation matrix R: p(R) proportional to det(R)^(eta - 1).

eta = 1 is uniform over correlation matrices, eta > 1 prefers weak correlations. Every single correlation rho has the
same marginal, (rho + 1)/2 ~ Beta(b, b) with b = eta - 1 + K/2: the larger the matrix, the closer to 0.

Source: Lewandowski, Kurowicka & Joe (2009), Journal of Multivariate Analysis 100:1989-2001.
"""

import numpy as np
from scipy import special

from hblib import checks
from hblib.distributions import Beta


def log_density(R, eta):
    """The log density of a correlation matrix, with its constant.

        log p(R) = (eta - 1) log det R - sum_{k=1..K-1} (K - k) ((2 b_k - 1) log 2 + log B(b_k, b_k)),
        b_k = eta + (K - 1 - k)/2

    Parameters
    ----------
    R : correlation matrices, shape (..., K, K). The density is with respect to the K(K - 1)/2 entries below the
        diagonal.
    eta : one number > 0.

    Returns
    -------
    A float, or an array of shape (...). Where det R = 0: -inf for eta > 1, inf for eta < 1.

    Raises
    ------
    ValueError naming the argument that is out of range or is no correlation matrix.

    >>> print(round(log_density([[1, 0.5], [0.5, 1]], eta=2), 6), round(np.log(0.75 * (1 - 0.5**2)), 6))
    -0.575364 -0.575364
    """
    R, eta = checks.numbers("R", R), checks.one("eta", eta, low=0, open_low=True)
    if R.ndim < 2 or R.shape[-1] != R.shape[-2]:
        raise ValueError(f"R must have shape (..., K, K), but has shape {R.shape}")
    K = R.shape[-1]
    eigenvalues = np.linalg.eigvalsh(R)
    if not np.allclose(R, R.swapaxes(-1, -2)) or not np.allclose(np.diagonal(R, axis1=-2, axis2=-1), 1):
        raise ValueError("R must be symmetric with ones on the diagonal")
    if (eigenvalues < -1e-9).any():
        raise ValueError(f"R must have no negative eigenvalue, but has {eigenvalues.min():.3g}")
    k = np.arange(1, K)
    b = eta + (K - 1 - k) / 2
    constant = np.sum((K - k) * ((2 * b - 1) * np.log(2) + special.betaln(b, b)))
    # An eigenvalue of 0 comes out as about +-1e-16.
    determinant = np.prod(np.where(eigenvalues < 1e-14, 0, eigenvalues), axis=-1)
    return (special.xlogy(eta - 1, determinant) - constant)[()]


def pdf(rho, eta, K):
    """The marginal density of one correlation: that of (rho + 1)/2 ~ Beta(b, b), b = eta - 1 + K/2, on [-1, 1].

    Parameters
    ----------
    rho : in [-1, 1].
    eta : > 0.
    K : size of the matrix, at least 2. Arrays broadcast.

    Raises
    ------
    ValueError naming the argument that is out of range.

    >>> print(pdf(0.3, eta=1, K=2), round(pdf(0, eta=1, K=10), 4))
    0.5 1.2305
    """
    rho = checks.numbers("rho", rho, low=-1)
    if (rho > 1).any():
        raise ValueError(f"rho must be at most 1, but is {rho.max()}")
    rho, eta, K = checks.together(rho=rho, eta=checks.numbers("eta", eta, low=0, open_low=True), K=_size(K))
    b = eta - 1 + K / 2
    return (Beta(b, b).pdf((rho + 1) / 2) / 2)[()]


def sd(eta, K):
    """The standard deviation of one correlation, 1/sqrt(2 eta + K - 1); its mean is 0.

    >>> print(round(sd(eta=1, K=2), 4), round(sd(eta=2, K=2), 4), round(sd(eta=1, K=10), 4))
    0.5774 0.4472 0.3015
    """
    eta, K = checks.together(eta=checks.numbers("eta", eta, low=0, open_low=True), K=_size(K))
    return (1 / np.sqrt(2 * eta + K - 1))[()]


def draws(eta, K, size, rng):
    """Independent draws of R, shape (size, K, K), by the onion method, written for the Cholesky factor.

    Row k (from 0) of the factor is a vector of length 1 whose first k entries have a uniform direction and a squared
    length ~ Beta(k/2, eta + (K - 1 - k)/2).

    Parameters
    ----------
    eta : one number > 0.
    K : size of the matrix, at least 2.
    size : how many draws.
    rng : a NumPy `Generator`, or a seed for one.

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: Lewandowski, Kurowicka & Joe (2009), the extended onion method.

    >>> draws(eta=2, K=3, size=5, rng=np.random.default_rng(1)).shape
    (5, 3, 3)
    """
    eta, K = checks.one("eta", eta, low=0, open_low=True), checks.whole("K", K, low=2)
    size, rng = checks.whole("size", size, low=0), checks.generator("rng", rng)
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


def _size(K):
    K = checks.counts("K", K)
    if (K < 2).any():
        raise ValueError(f"K must be at least 2, but is {K.min():g}")
    return K
