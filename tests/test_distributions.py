"""The two posterior families against SciPy's, and at the point masses where SciPy has no answer."""

import mpmath
import numpy as np
import pytest
from scipy import stats

from hblib import beta_binomial, normal_normal, priors, repairs
from hblib.distributions import Beta, Normal, Point
from tests.chance import assert_follows

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
    draws = ours.rvs(100_000, rng=np.random.default_rng(1))
    assert_follows(draws, scipys.cdf, among=len(PAIRS))


MEANS = normal_normal.full_bayes([1, 2, 5], [1, 2, 1], priors.half_normal(3))
RATES = beta_binomial.full_bayes([1, 2, 5], [9, 9, 9], priors.pareto(1.5, 1))
EVERY = {
    "Beta": Beta(7.0, 113.0),
    "Normal": Normal(3.0, 2.0),
    "Point": Point([3.0, 4.0]),
    **{f"a prior, {prior.name}": prior.distribution() for prior in (priors.half_normal(2), priors.half_cauchy(2))},
    **{f"means, {name}": getattr(MEANS, name) for name in ("mu", "tau", "theta", "new_group")},
    **{f"rates, {name}": getattr(RATES, name) for name in ("mu", "size", "theta", "new_group")},
    "means, log tau": MEANS.tau.log(),
    "refits": repairs.laird_louis([1, 2, 5], [1, 2, 1], 20, rng=1),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("one", EVERY.values(), ids=EVERY)
def test_all_of_a_distribution_lies_between_the_infinities(one):
    for x in np.inf, 1e300:
        for ask, below, above in (one.cdf, 0, 1), (one.sf, 1, 0):
            np.testing.assert_allclose(ask(-x), below, atol=1e-30)
            np.testing.assert_allclose(ask(x), above, rtol=1e-12, atol=1e-30)
        np.testing.assert_allclose([one.pdf(-x), one.pdf(x)], 0, atol=1e-30)


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
    assert point.rvs(rng=np.random.default_rng(0))[0] == 3


@pytest.mark.parametrize("prob", [-0.1, 1.1, np.nan])
def test_a_probability_is_checked(prob):
    with pytest.raises(ValueError, match="prob"):
        Normal(0.0, 1.0).interval(prob)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Beta(-1, 2), "alpha must be greater than 0, but alpha = -1"),
        (lambda: Beta(1, [2, 0]), r"beta must be greater than 0, but beta\[1\] = 0"),
        (lambda: Beta(np.inf, 1), "alpha must be finite"),
        (lambda: Beta(1, np.nan), r"beta must not be missing \(NaN\)"),
        (lambda: Beta([1, 2], [1, 2, 3]), r"the shapes of alpha \(2,\) and beta \(3,\) do not fit together"),
        (lambda: Normal(0, -1), "scale must be at least 0, but scale = -1"),
        (lambda: Normal(np.inf, 1), "loc must be finite"),
        (lambda: Normal([0, 1], np.ones(3)), r"the shapes of loc \(2,\) and scale \(3,\) do not fit together"),
        (lambda: Point("a"), "loc must hold numbers, but is 'a', which is text"),
        (lambda: Point([1, None]), r"loc must not be missing \(NaN\), but loc\[1\] = nan"),
    ],
)
def test_a_parameter_that_is_out_of_range_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def exact_tail(a, b, x, upper):
    """By its series in 45 digits, or for parameters too large for that by integration of the density."""
    with mpmath.workdps(45):
        a, b, x = map(mpmath.mpf, (a, b, x))
        if a + b < 1e4:
            return mpmath.betainc(*((b, a, 0, 1 - x) if upper else (a, b, 0, x)), regularized=True)
        log_beta = mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)
        sd = mpmath.sqrt(a * b / (a + b)) / (a + b)
        ends = [x + (k if upper else -k) * sd for k in range(13)]

        def density(t):
            return mpmath.exp((a - 1) * mpmath.log(t) + (b - 1) * mpmath.log1p(-t) - log_beta)

        return abs(mpmath.quad(density, ends, method="gauss-legendre", maxdegree=4))


@pytest.mark.parametrize(("a", "b"), [(5, 95), (95, 5), (2, 3), (3, 1e3), (500, 300), (50, 2)])
@pytest.mark.parametrize("q", [1e-170, 1e-250, 1e-300])
def test_beta_quantiles_of_tiny_probabilities(a, b, q):
    """The tail beyond the quantile is q; where the quantile is within an ulp of 1 no double can say that."""
    lower, upper = Beta(a, b).ppf(q), Beta(a, b).isf(q)
    assert abs(exact_tail(a, b, lower, upper=False) / q - 1) < 1e-9
    if upper < 0.9:
        assert abs(exact_tail(a, b, upper, upper=True) / q - 1) < 1e-9
    assert upper <= 1


@pytest.mark.parametrize(("a", "b"), [(1e15, 2e15), (1e12, 1e13), (3e7, 1e9), (8e15, 1e12)])
def test_beta_quantiles_of_huge_parameters(a, b):
    """To a millionth of a standard deviation, which at 1e15 is ten ulps."""
    q = np.array([1e-6, 0.1, 0.6, 0.999])
    post = Beta(a, b)
    for x, level in ((post.ppf(q), q), (post.isf(q), 1 - q)):
        for each, expected in zip(x, level, strict=True):
            upper = expected > 0.5
            tail = min(expected, 1 - expected)
            off = float(exact_tail(a, b, each, upper) / mpmath.mpf(tail) - 1)
            slack = np.spacing(each) / post.std() * 8  # in the log of a tail
            assert abs(off) < 1e-7 + slack


def exact_pdf(a, b, x):
    a, b, x = map(mpmath.mpf, (a, b, x))
    log_density = (a - 1) * mpmath.log(x) + (b - 1) * mpmath.log1p(-x) + mpmath.loggamma(a + b)
    return mpmath.exp(log_density - mpmath.loggamma(a) - mpmath.loggamma(b))


def test_the_density_of_a_rate_has_all_digits():
    """Sizes from 1e-3 to 2^53, near the mode and far from it."""
    rng = np.random.default_rng(71)
    checked = 0
    with mpmath.workdps(60):
        for i in range(600):
            size, mu = 10 ** rng.uniform(-3, 15.95), (rng.uniform(), 10 ** rng.uniform(-9, 0))[i % 2]
            a, b = size * mu, size * (1 - mu)
            x = mu + 2 * rng.normal() * np.sqrt(mu * (1 - mu) / (size + 1)) if i % 5 else rng.uniform()
            if not 0 < x < 1 or not 1e-300 < (exact := exact_pdf(a, b, x)) < 1e300:
                continue
            checked += 1
            assert float(abs(Beta(a, b).pdf(x) / exact - 1)) < 1e-12
        for n in (1e6, 1e10, 1e14, 2.0**53):
            exact = exact_pdf(0.3 * n + 1, 0.7 * n + 1, 0.3)
            assert float(abs(Beta(0.3 * n + 1, 0.7 * n + 1).pdf(0.3) / exact - 1)) < 1e-13
    assert checked > 300


def test_the_density_outside_and_at_the_ends():
    x = np.array([-1.0, 0.0, 1.0, 2.0, np.inf, -np.inf])
    for a, b in ((1.0, 8.0), (0.5, 0.5), (2.0, 3.0), (1.0, 1.0), (3.0, 1.0), (1e9, 0.2)):
        np.testing.assert_allclose(Beta(a, b).pdf(x), stats.beta(a, b).pdf(x), rtol=1e-12)
    assert np.isnan(Beta(2, 3).pdf(np.nan))
    np.testing.assert_allclose(
        Beta(np.array([2.0, 1.0]), 1.0).pdf(np.array([[0.0], [0.5]])), [[0, 1], [1, 1]], rtol=1e-14
    )


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.int8, np.uint16])
def test_parameters_and_arguments_of_any_type(kind):
    """The narrow types are taken as the numbers that they hold; the answer has all the digits of a double."""
    a, b, q = kind(30), kind(100), np.float16(0.25)
    for ours, scipys in ((Beta(a, b), stats.beta(30.0, 100.0)), (Normal(a, b), stats.norm(30.0, 100.0))):
        for name in ("pdf", "cdf", "ppf"):
            got = getattr(ours, name)(q)
            assert got.dtype == np.float64
            np.testing.assert_allclose(got, getattr(scipys, name)(0.25), rtol=1e-12)
        np.testing.assert_allclose([ours.mean(), ours.std()], [scipys.mean(), scipys.std()], rtol=1e-14)


def test_a_seed_in_the_place_of_a_generator():
    same = [Beta(2.0, 3.0).rvs(4, rng=seed) for seed in (5, np.random.default_rng(5))]
    np.testing.assert_array_equal(*same)
    assert Normal(0.0, 1.0).rvs((2, 3), rng=5).shape == (2, 3)
    with pytest.raises(ValueError, match=r"rng must be a numpy Generator, .* but is .x."):
        Normal(0.0, 1.0).rvs(rng="x")
