"""log_pmf and its gradient against log Gamma and digamma in 60 digits."""

import mpmath
import numpy as np
import pytest

from hblib._numerics import rates_pmf


def cases(number=300):
    """Shares near and far from mu, sizes from 1e-8 to 1e20, up to 1e12 trials."""
    rng = np.random.default_rng(61)
    for i in range(number):
        n, size = np.floor(10 ** rng.uniform(0, 12)), 10 ** rng.uniform(-8, 20)
        near_0, near_1 = 10 ** rng.uniform(-9, -0.3), 1 - 10 ** rng.uniform(-8, -0.3)
        mu = (near_0, near_1)[i % 2]
        near = np.clip(np.round(n * mu + rng.normal() * np.sqrt(n * mu * (1 - mu))), 0, n)
        yield (near if i % 3 else np.floor(rng.uniform(0, n + 1))), n, mu, size


def test_the_probability_has_all_digits():
    with mpmath.workdps(60):
        lg = mpmath.loggamma
        for y, n, mu, size in cases():
            a, b = mpmath.mpf(mu) * mpmath.mpf(size), mpmath.mpf(1 - mu) * mpmath.mpf(size)
            exact = lg(n + 1) - lg(y + 1) - lg(n - y + 1) + lg(a + y) - lg(a) + lg(b + n - y) - lg(b)
            exact += lg(a + b) - lg(a + b + n)
            got = rates_pmf.log_pmf(y, n, *(np.array(value) for value in (mu, 1 - mu, size)))
            assert float(got) == pytest.approx(float(exact), rel=2e-11, abs=2e-11)  # mu itself is known to 1e-16


@pytest.mark.parametrize("x", [16.0, 17.5, 24.0, 100.0, 1e4])
def test_stirlings_series_is_log_gamma_to_all_digits(x):
    with mpmath.workdps(40):
        exact = mpmath.loggamma(1 + mpmath.mpf(x)) - x * mpmath.log(x) + x
    assert rates_pmf._stirling(x) == pytest.approx(float(exact), rel=2e-15, abs=0)


def test_the_gradient_is_the_derivative():
    with mpmath.workdps(60):
        digamma = mpmath.digamma
        for y, n, mu, size in cases():
            size = min(size, 1e3 * n)
            a, b = mpmath.mpf(mu) * mpmath.mpf(size), mpmath.mpf(1 - mu) * mpmath.mpf(size)
            by_a, by_b = digamma(a + y) - digamma(a), digamma(b + n - y) - digamma(b)
            common = digamma(a + b + n) - digamma(a + b)
            exact = size * (by_a - by_b), -size * (a * by_a + b * by_b - (a + b) * common)
            got = rates_pmf.gradient(*(np.array([value]) for value in (y, n, mu, 1 / size)))[:, 0]
            for value, limit in zip(got, exact, strict=True):
                assert value == pytest.approx(float(limit), rel=1e-6, abs=1e-9 * size)
