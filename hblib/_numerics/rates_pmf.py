"""The Beta-Binomial probability of one group, and its derivatives, to all digits for any number of trials.

Differences of log Gamma functions lose as many digits as n has; here they are taken out in closed form. What is left is
Stirling's series, which is small, and the deviance of the observed share from the expected one (Loader 2000, Fast and
accurate computation of binomial probabilities).
"""

import numpy as np
from scipy import special

_LARGE = 16.0  # from here on log Gamma and digamma are their series: what these leave out is at most 1e-16


def log_pmf(y, n, mu, rest, size):
    """log P(y) for y ~ Binomial(n, theta), theta ~ Beta(mu size, rest size); rest = 1 - mu, n > 0; arrays broadcast.

    >>> print(round(float(np.exp(log_pmf(3, 10, np.array(0.5), np.array(0.5), np.array(2.0)))), 12))  # uniform on 0..10
    0.090909090909
    """
    p, q = size / (size + n), n / (size + n)
    excess = p * np.where(mu < rest, n * mu - y, n - y - n * rest)
    return (
        _rising(mu * size, y, p, q, excess) + _rising(rest * size, n - y, p, q, -excess) - _rising(size, n, p, q, 0.0)
    )


def gradient(y, n, mu, phi):
    """Derivatives of `log_pmf` in (mu, phi), rest = 1 - mu and size = 1/phi, for rows with n > 0: shape (2, J).

    digamma(a + k) - digamma(a) is log((a + k)/a) and a small rest. In the derivative by the size the logarithms add up
    to the divergence of the posterior mean from mu.
    """
    rest, size = 1 - mu, 1 / phi
    success, failure = (mu * size + y) / (size + n), (rest * size + (n - y)) / (size + n)  # posterior means
    lean = (y - mu * n) / (size + n)  # success - mu
    by_alpha, by_beta, by_size = (
        _digamma_rest(a + k) - _digamma_rest(a) for a, k in ((mu * size, y), (rest * size, n - y), (size, n))
    )
    divergence = _deviance(mu, success, -lean) + _deviance(rest, failure, lean)
    by_mu = size * (_log_ratio(success, mu, lean) - _log_ratio(failure, rest, -lean) + by_alpha - by_beta)
    return np.array([by_mu, size**2 * (divergence - mu * by_alpha - rest * by_beta + by_size)])


def log_beta_density(x, a, b):
    """The log density of Beta(a, b) at 0 < x < 1; arrays of one shape.

    Gamma(a + b)/(Gamma(a) Gamma(b)) x^a (1 - x)^b, with Stirling's series for each Gamma function, is sqrt(a b/(a + b))
    times the exponential of two deviances, which are small near the mode.
    """
    total = a + b
    excess = _excess(a, b, x)  # and with the other sign b - total (1 - x)
    stirling = _stirling(total) - _stirling(a) - _stirling(b)
    deviances = _deviance(a, total * x, excess) + _deviance(b, total * (1 - x), -excess)
    return np.log(a) + np.log(b / total) + stirling - deviances - np.log(x) - np.log1p(-x)


def _excess(a, b, x):
    """a - (a + b) x, as if with twice the digits: the products with their rounding errors (Dekker 1971)."""
    (by_a, rest_a), (by_b, rest_b) = _product(a, x), _product(b, x)
    first, rest_1 = _difference(a, by_a)
    total, rest_2 = _difference(first, by_b)
    return total + (rest_1 + rest_2 - rest_a - rest_b)


def _difference(u, v):
    """u - v, rounded, and what the rounding left out (Knuth)."""
    difference = u - v
    back = difference - u
    return difference, (u - (difference - back)) - (v + back)


def _product(u, v):
    """u v, rounded, and what the rounding left out."""
    product = u * v
    (u_high, u_low), (v_high, v_low) = _halves(u), _halves(v)
    return product, ((u_high * v_high - product) + u_high * v_low + u_low * v_high) + u_low * v_low


def _halves(u):
    """The upper 26 and the lower bits of u."""
    big = 134217729.0 * u  # 2^27 + 1
    high = big - (big - u)
    return high, u - high


def _log_ratio(new, old, difference):
    """log(new/old), where difference = new - old is known without cancellation."""
    small = np.abs(difference) < old / 2
    return np.where(small, np.log1p(np.where(small, difference / old, 0.0)), np.log(new / old))


def _rising(a, k, p, q, excess):
    """log of Gamma(a + k)/(Gamma(a) k!) p^a q^k, where p + q = 1 and excess = a q - k p."""
    smooth = np.log(a / (a + k)) + _stirling(a + k) - _stirling(a) - _stirling(k)
    return smooth - _deviance(a, (a + k) * p, excess) - _deviance(k, (a + k) * q, -excess)


def _deviance(x, expected, difference):
    """x log(x/expected) - difference, where difference = x - expected is known without cancellation."""
    v = difference / (x + expected)
    square, series = v**2, 0.0
    for odd in range(19, 1, -2):  # of log((1 + v)/(1 - v)): up to |v| = 0.1, the terms left out are 2e-19 of these
        series = (series + 1 / odd) * square
    with np.errstate(over="ignore"):
        direct = special.xlogy(x, x / expected) - difference
    return np.where(np.abs(v) < 0.1, difference * v + 2 * x * v * series, direct)


def _stirling(x):
    """log Gamma(1 + x) - x log x + x, which for large x is log(2 pi x)/2 + 1/(12 x) - ..."""
    x = np.asarray(x, dtype=float)
    large, small = np.maximum(x, _LARGE), x < _LARGE
    w = 1 / large**2
    series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / large
    value = np.asarray(np.log(2 * np.pi * large) / 2 + series)
    value[small] = special.gammaln(1 + x[small]) - special.xlogy(x[small], x[small]) + x[small]
    return value


def _digamma_rest(x):
    """digamma(x) - log x, which for large x is -1/(2 x) - 1/(12 x^2) + ..."""
    x = np.asarray(x, dtype=float)
    w = 1 / np.maximum(x, _LARGE) ** 2
    series = -np.sqrt(w) / 2 - w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w / 132))))
    return np.where(x < _LARGE, special.digamma(x) - np.log(x), series)
