"""The two posterior families against SciPy's, and at the point masses where SciPy has no answer."""

import numpy as np
import pytest
from scipy import stats

from hblib.distributions import Beta, Normal

PAIRS = [
    (Beta(7.0, 113.0), stats.beta(7, 113)),
    (Beta(0.5, 0.5), stats.beta(0.5, 0.5)),
    (Normal(3.0, 2.0), stats.norm(3, 2)),
]


@pytest.mark.parametrize(("ours", "scipys"), PAIRS)
def test_agrees_with_scipy(ours, scipys):
    q = np.array([0.001, 0.025, 0.3, 0.5, 0.975])
    x = scipys.ppf(q)
    for name, argument in (("mean", ()), ("std", ()), ("var", ()), ("ppf", (q,)), ("cdf", (x,)), ("pdf", (x,))):
        np.testing.assert_allclose(getattr(ours, name)(*argument), getattr(scipys, name)(*argument), rtol=1e-10)
    np.testing.assert_allclose(ours.interval(0.9), scipys.interval(0.9), rtol=1e-10)
    draws = ours.rvs(100_000, random_state=np.random.default_rng(1))
    assert stats.kstest(draws, scipys.cdf).pvalue > 1e-4


def test_beta_reaches_its_ends():
    assert Beta(1, 1).pdf(np.array([0.0, 1.0])).tolist() == [1, 1]
    assert Beta(2, 3).cdf(np.array([-1.0, 2.0])).tolist() == [0, 1]
    assert Beta(2, 3).ppf(np.array([0.0, 1.0])).tolist() == [0, 1]


def test_a_point_mass_is_a_distribution():
    point = Normal(np.array([3.0, 3.0]), np.array([0.0, 1.0]))
    assert point.interval(0.95)[0].tolist()[0] == 3
    assert point.ppf(1.0).tolist() == [3, np.inf]
    assert point.cdf(np.array([[2.9], [3.0]]))[:, 0].tolist() == [0, 1]
    assert point.pdf(np.array([[2.9], [3.0]]))[:, 0].tolist() == [0, np.inf]
    assert point.rvs(random_state=np.random.default_rng(0))[0] == 3


@pytest.mark.parametrize("prob", [-0.1, 1.1, np.nan])
def test_a_probability_is_checked(prob):
    with pytest.raises(ValueError, match="prob"):
        Normal(0.0, 1.0).interval(prob)
