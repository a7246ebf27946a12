"""The upper tail of a Beta distribution, on which full Bayes for rates spends its time, against SciPy's slow one."""

import numpy as np
import pytest
from scipy import special

from hblib._numerics.rates_posterior import upper_tail


@pytest.mark.parametrize("size", 10.0 ** np.arange(-2, 9))
def test_the_upper_tail_is_scipys_to_twelve_digits(size):
    """For rates near 0, in the middle and near 1, out to six standard deviations."""
    rng = np.random.default_rng(7)
    mean = special.expit(rng.uniform(-12, 12, 500))
    sd = np.sqrt(mean * (1 - mean) / (size + 1))
    x = np.clip(mean + sd * rng.uniform(-6, 6, 500), 1e-12, 1 - 1e-12)
    expected = special.betaincc(mean * size, (1 - mean) * size, x)
    np.testing.assert_allclose(upper_tail(mean * size, (1 - mean) * size, x), expected, rtol=5e-12, atol=1e-300)


def test_at_the_ends():
    assert upper_tail(np.full(2, 3.0), np.full(2, 4.0), np.array([0.0, 1.0])).tolist() == [1, 0]
