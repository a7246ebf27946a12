"""beta_binomial against quadrature, SciPy's betabinom, mpmath, brute force and simulation."""

import itertools
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from hblib import beta_binomial, datasets
from tests.chance import assert_near

RATS = datasets.rat_tumors()
SURGERY = datasets.surgical()

group = st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
groups = st.lists(group, min_size=1, max_size=12).map(np.array)
positive = st.floats(0.05, 500)


@pytest.mark.parametrize(
    ("y", "n", "alpha", "beta"), [(2, 20, 5, 95), (0, 47, 8.25, 99.6), (3, 3, 0.5, 0.5), (0, 0, 2, 3)]
)
def test_posterior_is_prior_times_likelihood(y, n, alpha, beta):
    def joint(theta):
        return stats.beta(alpha, beta).pdf(theta) * stats.binom(n, theta).pmf(y)

    total, first, second = (integrate.quad(lambda t, p=p: t**p * joint(t), 0, 1)[0] for p in (0, 1, 2))
    post = beta_binomial.posterior(y, n, alpha, beta)
    assert post.mean() == pytest.approx(first / total, rel=1e-7)
    assert post.var() == pytest.approx(second / total - (first / total) ** 2, rel=1e-6)


@given(groups, positive, positive)
def test_posterior_mean_is_the_weighted_average(rows, alpha, beta):
    y, n = rows[rows[:, 1] > 0].T
    kappa = beta_binomial.shrinkage(n, alpha, beta)
    mean = beta_binomial.posterior(y, n, alpha, beta).mean()
    np.testing.assert_allclose(mean, kappa * y / n + (1 - kappa) * alpha / (alpha + beta), rtol=1e-12)
    assert ((kappa > 0) & (kappa < 1)).all()


def test_shrinkage_has_both_limits():
    assert beta_binomial.shrinkage(0, 1, 1) == 0
    assert beta_binomial.shrinkage(10, 1e-300, 1e-300) == 1
    assert beta_binomial.shrinkage(10, 1e300, 1e300) < 1e-290


@settings(deadline=None)
@given(groups, positive, positive)
def test_log_marginal_agrees_with_scipy(rows, alpha, beta):
    y, n = rows.T
    expected = stats.betabinom(n, alpha, beta).logpmf(y).sum()
    assert beta_binomial.log_marginal(y, n, alpha, beta) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_log_marginal_takes_a_grid():
    alpha, beta = np.array([1.0, 5.0])[:, None], np.array([10.0, 50.0, 95.0])
    grid = beta_binomial.log_marginal(RATS.y, RATS.n, alpha, beta)
    assert grid.shape == (2, 3)
    assert grid[1, 2] == pytest.approx(beta_binomial.log_marginal(RATS.y, RATS.n, 5, 95), rel=1e-14)


def exact_log_marginal(y, n, alpha, beta):
    """The same in 40 digits, from the formula with Beta functions."""
    with mpmath.workdps(40):
        a, b = mpmath.mpf(alpha), mpmath.mpf(beta)
        terms = (
            mpmath.log(mpmath.binomial(int(m), int(k)) * mpmath.beta(a + int(k), b + int(m - k)) / mpmath.beta(a, b))
            for k, m in zip(y, n, strict=True)
        )
        return float(sum(terms))


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6, 1e12])
def test_log_marginal_does_not_cancel(size):
    alpha, beta = 0.14 * size, 0.86 * size
    expected = exact_log_marginal(RATS.y, RATS.n, alpha, beta)
    assert beta_binomial.log_marginal(RATS.y, RATS.n, alpha, beta) == pytest.approx(expected, rel=1e-13)


ENDS = (5e-324, 1e-310, 2.3e-308, 1e-300, 1e-100, 1e-16, 0.3, 70.0, 1e16, 1e100, 1e300, 1.7e308)


def rising(a, k):
    return mpmath.fprod(a + i for i in range(k))


@pytest.mark.parametrize("alpha", ENDS)
def test_log_marginal_of_any_positive_doubles(alpha):
    """Against the rising factorials of the formula, in which nothing cancels; without a warning."""
    for beta, (y, n) in itertools.product(ENDS, (([2, 3, 0, 5], [5, 5, 5, 5]), ([2, 40], [20, 400]), ([0, 1], [0, 1]))):
        with mpmath.workdps(50):
            a, b = mpmath.mpf(alpha), mpmath.mpf(beta)
            shares = (
                mpmath.binomial(m, k) * rising(a, k) * rising(b, m - k) / rising(a + b, m)
                for k, m in zip(y, n, strict=True)
            )
            expected = float(sum(mpmath.log(share) for share in shares))
        assert beta_binomial.log_marginal(y, n, alpha, beta) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("J", [3, 40, 70_000])
def test_moments_are_the_same_from_every_form_of_the_rows(J):
    """Blocks of integers, floats, equal rows counted, and the failures: one estimate, that of the formula."""
    rng = np.random.default_rng(J)
    n = rng.integers(0, 9, J) if J > 3 else np.array([1000, 30, 40])
    y = np.sort(rng.binomial(n, rng.beta(2, 6, J)))[::-1].clip(max=n) if J > 3 else np.array([300, 3, 20])
    fit = beta_binomial.fit(y, n, "moments")
    whole, mu = n.sum(), y.sum() / n.sum()
    rate, groups = y[n > 0] / n[n > 0], np.sum(n > 0)
    spread = np.sum(n[n > 0] * (rate - mu) ** 2) / (mu * (1 - mu))
    rho = (spread - (groups - 1)) / (whole - np.sum(n**2.0) / whole - (groups - 1))
    assert fit.mu == pytest.approx(mu, rel=1e-13, abs=0)
    assert fit.phi == pytest.approx(max(rho, 0) / (1 - max(rho, 0)), rel=1e-9)
    pairs, counts = np.unique(np.stack([y, n]), axis=1, return_counts=True)
    mirror = beta_binomial.fit(n - y, n, "moments")
    for other in (
        beta_binomial.fit(y.astype(float), n, "moments"),
        beta_binomial.fit(*pairs, "moments", counts),
        mirror,
    ):
        assert other.phi == pytest.approx(fit.phi, rel=1e-11, abs=0)
        assert (other.rest if other is mirror else other.mu) == pytest.approx(fit.mu, rel=1e-13, abs=0)
        assert other.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-12)


def test_maximum_agrees_with_forty_digits():
    """Newton in mpmath on the score in (alpha, beta), independent of the (mu, phi) of the code."""

    def score(alpha, beta):
        digamma = mpmath.digamma
        total = sum(digamma(alpha + beta) - digamma(alpha + beta + int(n)) for n in RATS.n)
        up = sum(digamma(alpha + int(y)) - digamma(alpha) for y in RATS.y)
        down = sum(digamma(beta + int(n - y)) - digamma(beta) for y, n in zip(RATS.y, RATS.n, strict=True))
        return up + total, down + total

    with mpmath.workdps(40):
        alpha, beta = mpmath.findroot(score, (2.3, 14.0))
    fit = beta_binomial.fit(RATS.y, RATS.n)
    assert fit.alpha == pytest.approx(float(alpha), rel=1e-12)
    assert fit.beta == pytest.approx(float(beta), rel=1e-12)


@pytest.mark.parametrize("data", [RATS, SURGERY])
def test_maximum_agrees_with_a_general_optimiser(data):
    def loss(log):
        return -stats.betabinom(data.n, *np.exp(log)).logpmf(data.y).sum()

    best = optimize.minimize(loss, [1.0, 3.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    fit = beta_binomial.fit(data.y, data.n)
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-8)
    np.testing.assert_allclose([fit.alpha, fit.beta], np.exp(best.x), rtol=1e-4)


@settings(deadline=None, max_examples=60)
@given(groups)
def test_no_point_of_a_grid_beats_the_maximum(rows):
    y, n = rows.T
    fit = beta_binomial.fit(y, n)
    assume(fit.status in ("ok", "phi = 0"))
    mu, size = np.linspace(0.01, 0.99, 25)[:, None], np.geomspace(1e-3, 1e7, 60)
    grid = beta_binomial.log_marginal(y, n, mu * size, (1 - mu) * size)
    assert grid.max() <= fit.log_likelihood + 1e-6


def test_standard_errors_are_those_of_the_curvature():
    fit = beta_binomial.fit(SURGERY.y, SURGERY.n)

    def loss(mu, phi):
        return -beta_binomial.log_marginal(SURGERY.y, SURGERY.n, mu / phi, (1 - mu) / phi)

    h = np.array([1e-4 * fit.mu, 1e-3 * fit.phi])
    steps = [(i, j) for i in (-1, 1) for j in (-1, 1)]
    centre = loss(fit.mu, fit.phi)
    hessian = np.empty((2, 2))
    hessian[0, 0] = (loss(fit.mu + h[0], fit.phi) - 2 * centre + loss(fit.mu - h[0], fit.phi)) / h[0] ** 2
    hessian[1, 1] = (loss(fit.mu, fit.phi + h[1]) - 2 * centre + loss(fit.mu, fit.phi - h[1])) / h[1] ** 2
    cross = sum(i * j * loss(fit.mu + i * h[0], fit.phi + j * h[1]) for i, j in steps) / (4 * h[0] * h[1])
    hessian[0, 1] = hessian[1, 0] = cross
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))
    np.testing.assert_allclose([fit.se_mu, fit.se_phi], errors, rtol=1e-4)


def test_moments_subtract_the_sampling_noise():
    """Kleinman's estimate, group by group, and that it finds the truth where the naive variance does not."""
    y, n = RATS.y, RATS.n
    total, mu = n.sum(), y.sum() / n.sum()
    spread = sum(m * (k / m - mu) ** 2 for k, m in zip(y, n, strict=True))
    binomial = sum((1 - m / total) for m in n)
    rho = (spread / (mu * (1 - mu)) - binomial) / (sum(m * (1 - m / total) for m in n) - binomial)
    fit = beta_binomial.fit(y, n, method="moments")
    assert fit.mu == pytest.approx(mu)
    assert 1 / fit.phi == pytest.approx((1 - rho) / rho)

    rng = np.random.default_rng(5)
    n = rng.integers(5, 60, 20_000)
    y = rng.binomial(n, rng.beta(8, 72, n.size))
    fit, ml = beta_binomial.fit(y, n, method="moments"), beta_binomial.fit(y, n)
    assert_near(ml.phi, 1 / 80, ml.se_phi)
    assert abs(fit.phi - 1 / 80) < 8 * ml.se_phi  # moments are less efficient
    naive = np.var(y / n) / (y.sum() / n.sum() * (1 - y.sum() / n.sum()))
    assert naive / (1 - naive) > 3 / 80


def test_counts_stand_for_equal_rows():
    y, n, counts = np.array([0, 1, 3, 2]), np.array([5, 5, 9, 4]), np.array([3, 4, 2, 0])
    for method in ("ml", "moments"):
        short = beta_binomial.fit(y, n, method, counts=counts)
        long = beta_binomial.fit(np.repeat(y, counts), np.repeat(n, counts), method)
        np.testing.assert_allclose([short.mu, short.phi], [long.mu, long.phi], rtol=1e-10)
        assert short.log_likelihood == pytest.approx(long.log_likelihood)


def test_posterior_is_calibrated():
    """Draw rates, then data: the posterior's distribution function at the truth must be uniform (1 in 10,000 fails)."""
    rng = np.random.default_rng(11)
    n = rng.integers(0, 50, 40_000)
    theta = rng.beta(2, 7, n.size)
    level = beta_binomial.posterior(rng.binomial(n, theta), n, 2, 7).cdf(theta)
    assert stats.chisquare(np.histogram(level, 20, (0, 1))[0]).pvalue > 1e-4


@pytest.mark.parametrize(
    ("y", "n", "status", "mu", "phi"),
    [
        ([2, 2, 2, 2], [20, 20, 20, 20], "phi = 0", 0.1, 0),  # less spread than chance alone
        ([0, 5, 0, 7], [4, 5, 6, 7], "phi = inf", 0.5, np.inf),
        ([3], [10], "not identified", 0.3, np.nan),
        ([3, 0], [10, 0], "not identified", 0.3, np.nan),  # one group with data
        ([0, 0, 0], [5, 9, 2], "not identified", 0, np.nan),
        ([5, 9], [5, 9], "not identified", 1, np.nan),
        ([0, 1, 1, 0, 0], [1, 1, 1, 1, 1], "not identified", 0.4, np.nan),
        ([0, 0], [0, 0], "not identified", np.nan, np.nan),
    ],
)
@pytest.mark.parametrize("method", ["ml", "moments"])
def test_special_cases_get_their_stated_answer(y, n, status, mu, phi, method):
    fit = beta_binomial.fit(y, n, method)
    assert fit.status == status
    np.testing.assert_allclose([fit.mu, fit.phi], [mu, phi])


def test_complete_pooling_is_an_answer():
    fit = beta_binomial.fit([2, 2, 2, 2], [20, 20, 20, 20])
    post = fit.posterior([2, 0], [20, 0])
    assert fit.alpha == fit.beta == np.inf
    np.testing.assert_array_equal(post.mean(), [0.1, 0.1])
    np.testing.assert_array_equal(post.std(), [0, 0])
    assert fit.se_mu == pytest.approx(np.sqrt(0.1 * 0.9 / 80))
    assert fit.log_likelihood == pytest.approx(4 * stats.binom(20, 0.1).logpmf(2))


def test_all_or_nothing_is_an_answer():
    fit = beta_binomial.fit([0, 5, 0, 7], [4, 5, 6, 7])
    np.testing.assert_array_equal(fit.posterior([0, 3], [9, 3]).mean(), [0, 1])
    assert fit.log_likelihood == pytest.approx(4 * np.log(0.5))
    nearly = beta_binomial.log_marginal([0, 5, 0, 7], [4, 5, 6, 7], 0.5e-9, 0.5e-9)
    assert nearly == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert fit.alpha == fit.beta == fit.size == 0
    with pytest.raises(ValueError, match="phi = inf"):
        fit.posterior(0, 0)
    with pytest.raises(ValueError, match=r"y\[1\] = 3 and n\[1\] = 9"):  # under this prior it cannot be
        fit.posterior([0, 3], [9, 9])


def test_a_point_is_the_limit_of_the_posteriors():
    """Whatever phi = 0 and phi = inf answer is what a posterior answers near there, in every method."""
    alike = beta_binomial.fit([2, 2, 2, 2], [20, 20, 20, 20])
    near = beta_binomial.posterior([7, 0], [20, 0], 0.1e12, 0.9e12)
    x = np.array([[0.0999], [0.1001]])
    compare_points(alike.posterior([7, 0], [20, 0]), near, x, atol=1e-5)
    extreme = beta_binomial.fit([0, 5, 0, 7], [4, 5, 6, 7])
    near = beta_binomial.posterior([0, 3], [9, 3], 0.5e-9, 0.5e-9)
    compare_points(extreme.posterior([0, 3], [9, 3]), near, np.array([[0.01], [0.99]]), atol=1e-5)


def compare_points(point, near, x, atol):
    for name in ("mean", "std", "var", "median"):
        np.testing.assert_allclose(getattr(point, name)(), getattr(near, name)(), atol=atol, rtol=0, err_msg=name)
    for name in ("ppf", "isf", "interval"):
        np.testing.assert_allclose(getattr(point, name)(0.6), getattr(near, name)(0.6), atol=atol, rtol=0, err_msg=name)
    for name in ("cdf", "sf"):
        np.testing.assert_allclose(getattr(point, name)(x), getattr(near, name)(x), atol=atol, rtol=0, err_msg=name)
    assert len(point) == len(near)
    assert point.rvs(3, rng=1).shape == near.rvs(3, rng=1).shape


def test_groups_without_trials_drop_out_of_the_fit():
    with_empty = beta_binomial.fit(np.append(RATS.y, 0), np.append(RATS.n, 0))
    without = beta_binomial.fit(RATS.y, RATS.n)
    assert vars(with_empty) == vars(without)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: beta_binomial.posterior(3, 2, 1, 1), r"y must not be larger than n, but y = 3 and n = 2"),
        (lambda: beta_binomial.posterior([1, -1], 2, 1, 1), r"y must be at least 0, but y\[1\] = -1"),
        (lambda: beta_binomial.posterior(1.5, 2, 1, 1), r"y must be a whole number, but y = 1.5"),
        (lambda: beta_binomial.posterior(1, np.nan, 1, 1), r"n must not be missing"),
        (lambda: beta_binomial.posterior(1, np.inf, 1, 1), r"n must be finite"),
        (lambda: beta_binomial.posterior("many", 2, 1, 1), r"y must hold numbers, but is 'many'"),
        (lambda: beta_binomial.posterior(1, 2, 0, 1), r"alpha must be greater than 0, but alpha = 0"),
        (lambda: beta_binomial.posterior([1, 2], [3, 4], [1, 1, 1], 1), r"shapes of y \(2,\) and alpha \(3,\)"),
        (lambda: beta_binomial.shrinkage(1, 1, -1), r"beta must be greater than 0"),
        (lambda: beta_binomial.log_marginal([1], [2], np.nan, 1), r"alpha must not be missing"),
        (lambda: beta_binomial.fit([], []), r"must hold at least one group"),
        (lambda: beta_binomial.fit([1, 2], [3, 4, 5]), r"shapes of y \(2,\) and n \(3,\)"),
        (lambda: beta_binomial.fit([[1, 2]], [[3, 4]]), r"must have one axis"),
        (lambda: beta_binomial.fit([1, 2], [3, 4], counts=[1, -1]), r"counts must be at least 0"),
        (lambda: beta_binomial.fit([1, 2], [3, 4], method="reml"), r"method must be one of 'ml', 'moments'"),
        (lambda: beta_binomial.fit([1], [2]).posterior(1, 2), r"no posterior .* not identified"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- Near-ties --------------------------------------------------------------------------------------------------------


def dense(y, n):
    """The highest log likelihood by brute force, and its phi: own code, a fine grid of phi, golden section in logit mu.

    For each phi the likelihood is a product of terms that are linear in mu, so its logarithm is concave in mu.
    """
    k = np.arange(n.max())
    above = [(column[:, None] > k).sum(axis=0) for column in (y, n - y, n)]
    constant = np.sum(special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1))

    def log_likelihood(z, phi):
        terms = zip(above, (special.expit(z), special.expit(-z), 1.0), (1, 1, -1), strict=True)
        steps = k * phi[..., None]
        return constant + sum(
            sign * (number * np.log(np.maximum(np.asarray(base)[..., None] + steps, 1e-300))).sum(axis=-1)
            for number, base, sign in terms
        )

    phi = np.append(0.0, np.geomspace(1e-3 / n.max(), 1e3, 160))
    for _ in range(3):  # the second and third time around the best
        low, high, share = np.full(phi.size, -14.0), np.full(phi.size, 14.0), (np.sqrt(5) - 1) / 2
        for _ in range(45):
            left, right = high - share * (high - low), low + share * (high - low)
            up = log_likelihood(left, phi) > log_likelihood(right, phi)
            low, high = np.where(up, low, left), np.where(up, right, high)
        profile = log_likelihood((low + high) / 2, phi)
        best = profile.argmax()
        if phi[best] == 0:
            break
        found = phi[best]
        around = phi[max(best - 1, 1)], phi[min(best + 1, phi.size - 1)]
        phi = np.append(found, np.geomspace(*around, 60))
    return profile.max(), phi[best]


def adversarial(seed):
    """Small data sets, most of them with a maximum that is hardly higher than another point."""
    rng = np.random.default_rng(seed)
    J, kind = rng.integers(2, 9), seed % 6
    n = rng.integers(1, 30, J)
    if kind == 0:  # as they come
        return rng.binomial(n, rng.beta(1, 3, J)), n
    if kind == 1:  # tiny groups
        n = rng.integers(1, 6, J)
        return rng.binomial(n, rng.uniform(0, 1, J)), n
    if kind == 2:  # no spread at all
        return rng.binomial(n, rng.uniform(0.1, 0.9)), n
    if kind == 3:  # two large groups among many tiny ones
        n = np.append(rng.integers(50, 300, 2), rng.integers(1, 5, 40))
        return rng.binomial(n, rng.beta(0.5, 0.5, 42)), n
    n[0] = rng.integers(100, 1000)  # one group that dominates
    y = rng.binomial(n, rng.choice([0.05, 0.2, 0.5, 0.8]))
    near = np.clip(rng.uniform(0, 1.5) * y[0] / n[0] + rng.uniform(0, 0.2), 0, 1)
    return np.append(y[0], rng.binomial(n[1:], near)), n


@pytest.mark.parametrize("block", range(10))
def test_no_higher_maximum_is_overlooked(block):
    for seed in range(60 * block, 60 * (block + 1)):
        y, n = adversarial(seed)
        result = beta_binomial.fit(y, n)
        if result.status in ("ok", "phi = 0"):
            highest, phi = dense(y, n)
            assert result.log_likelihood > highest - 1e-7 * (1 + abs(highest)), (seed, result, highest, phi)


@pytest.mark.parametrize(
    ("y", "n", "phi"),
    [
        ([918, 8, 11, 3, 6, 2], [5000, 21, 28, 19, 22, 16], 0.02050430),
        ([79, 0, 0, 0, 0], [1000, 2, 10, 15, 26], 0.06112045),
        ([11, 1, 157, 2, 2], [11, 1, 200, 2, 2], 0.13747817),
        ([4, 13, 0, 0, 3, 0, 2], [6, 20, 3, 2, 3, 1, 3], 0.17823409),
    ],
)
def test_a_second_maximum_that_is_higher_than_complete_pooling(y, n, phi):
    """The first as in VGAM's betabinomialff and R's optim from 14 starts; all four by brute force."""
    np.testing.assert_allclose(beta_binomial.fit(y, n).phi, phi, rtol=1e-5)


# --- Posterior means of any kind of numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint64", "float16", "float32", "float64", "longdouble", object])
def test_posterior_means_keep_their_digits_in_any_dtype(kind):
    y, n = np.array([3, 0, 100]), np.array([200, 0, 100])
    exact = (y + 2.3) / (n + 1000.0)
    found = beta_binomial.posterior_mean(y.astype(kind), n.astype(kind), 2.3, 997.7)
    np.testing.assert_allclose(found, exact, rtol=1e-15)


@pytest.mark.parametrize("of", [float, Decimal, Fraction])
def test_posterior_means_of_lists(of):
    found = beta_binomial.posterior_mean([of(2), of(200)], [of(20), of(2000)], 5, 95)
    np.testing.assert_allclose(found, [7 / 120, 205 / 2100], rtol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([2.5], [10.7], 1, 1), r"y must be a whole number, but y\[0\] = 2.5"),
        (([3], [2], 1, 1), r"y must not be larger than n"),
        ((np.array([3]), np.array([2]), 1, 1), r"y must not be larger than n"),
        ((["two"], [3], 1, 1), "y must hold numbers"),
        (([2], [3], [1, 2], 1), "alpha must be one number"),
        (([2], [3], 1, 1, [0.0]), "out must be a float array"),
    ],
)
def test_posterior_mean_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        beta_binomial.posterior_mean(*arguments)


@pytest.mark.parametrize("n", [10**6, 10**9, 10**12, 10**15])
def test_rates_near_one_keep_the_digits_that_rates_near_zero_keep(n):
    y, n = np.array([1, 3, 0, 40, 7]), np.full(5, n)
    rare, common = beta_binomial.fit(y, n), beta_binomial.fit(n - y, n)
    assert (common.alpha, common.beta, common.status) == (rare.beta, rare.alpha, rare.status)
