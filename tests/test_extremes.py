"""Both families at their extremes: huge n, J and counts, tiny rates, far scales; every case has its stated answer.

Warnings are errors here, so that each test also says that none is given.
"""

import itertools
import tracemalloc

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from hblib import beta_binomial, datasets, normal_normal, observations
from tests.chance import assert_near
from tests.test_normal_normal import log_relative_risks
from tests.test_peers import DYESTUFF

RATS = datasets.rat_tumors()
SCHOOLS = datasets.eight_schools()
METHODS = ("ml", "reml", "moments", "dersimonian-laird", "paule-mandel")


def exact_maximum(y, n, start):
    """alpha and beta of the maximum: Newton in 40 digits on the score, group by group."""

    def score(alpha, beta):
        digamma, known = mpmath.digamma, {}

        def rise(a, k):  # digamma(a + k) - digamma(a), once for every k
            if (a, k) not in known:
                known[a, k] = digamma(a + k) - digamma(a)
            return known[a, k]

        total = sum(rise(alpha + beta, int(m)) for m in n)
        up = sum(rise(alpha, int(k)) for k in y)
        down = sum(rise(beta, int(m - k)) for k, m in zip(y, n, strict=True))
        return up - total, down - total

    with mpmath.workdps(40):
        return [float(value) for value in mpmath.findroot(score, tuple(mpmath.mpf(float(v)) for v in start))]


# ---- rates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("smallest", "largest", "alpha", "beta", "J"),
    [
        (1e9, 1e9, 3.0, 40.0, 30),
        (1e6, 1e12, 0.4, 2.0, 30),
        (1e12, 1e12, 300.0, 90_000.0, 20),
        (1.0, 1e12, 2.0, 2.0, 40),
    ],
)
def test_huge_numbers_of_trials(smallest, largest, alpha, beta, J):
    rng = np.random.default_rng(41)
    n = np.floor(np.exp(rng.uniform(np.log(smallest), np.log(largest) + 1e-12, J))).astype(np.int64)
    y = rng.binomial(n, rng.beta(alpha, beta, J))
    fit = beta_binomial.fit(y, n)
    assert fit.status == "ok"
    digits = (
        1e-10 if alpha + beta > 1e4 else 1e-12
    )  # the score for phi is a difference of sums of size J (alpha + beta)
    np.testing.assert_allclose([fit.alpha, fit.beta], exact_maximum(y, n, (fit.alpha, fit.beta)), rtol=digits)
    post = fit.posterior(y, n)
    np.testing.assert_allclose(post.mean(), (fit.alpha + y) / (fit.alpha + fit.beta + n), rtol=1e-14)


def test_the_likelihood_of_huge_numbers_of_trials():
    y, n = np.array([10**9, 5, 7 * 10**11]), np.array([10**10, 10**9, 10**12])
    with mpmath.workdps(60):
        for alpha, beta in ((0.3, 2.0), (5e3, 4e4), (1e9, 3e9)):
            a, b = mpmath.mpf(alpha), mpmath.mpf(beta)
            total = mpmath.mpf(0)
            for k, m in zip(y.tolist(), n.tolist(), strict=True):
                lg = mpmath.loggamma
                total += lg(m + 1) - lg(k + 1) - lg(m - k + 1) + lg(a + k) + lg(b + m - k) - lg(a + b + m)
                total += lg(a + b) - lg(a) - lg(b)
            assert beta_binomial.log_marginal(y, n, alpha, beta) == pytest.approx(float(total), rel=1e-12)


def test_rates_of_three_in_a_million():
    """Overdispersed Poisson counts, in effect: the prior weighs as much as 700,000 trials."""
    rng = np.random.default_rng(42)
    n = np.full(200, 10**6)
    y = rng.binomial(n, rng.beta(2.0, 2.0 / 3e-6, 200))
    fit = beta_binomial.fit(y, n)
    assert fit.status == "ok"
    np.testing.assert_allclose([fit.alpha, fit.beta], exact_maximum(y, n, (fit.alpha, fit.beta)), rtol=1e-10)
    assert fit.mu == pytest.approx(y.sum() / n.sum(), rel=1e-6)
    assert_near(fit.mu, 3e-6, fit.se_mu)


@pytest.mark.parametrize(("trials", "size", "J"), [(10**6, 1e6, 30), (10**6, 2e5, 100), (10**5, 6e4, 100)])
def test_groups_that_hardly_differ_keep_their_digits(trials, size, J):
    """phi is of the size of 1/n: sums over single trials would lose its score in their rounding."""
    rng = np.random.default_rng(41)
    n = np.full(J, trials)
    y = rng.binomial(n, rng.beta(size / 10, size * 0.9, J))
    fit = beta_binomial.fit(y, n)
    assert fit.status == "ok"
    np.testing.assert_allclose([fit.alpha, fit.beta], exact_maximum(y, n, (fit.alpha, fit.beta)), rtol=1e-12)


def test_ten_million_rows():
    """A million rows ten times over: the same estimate as with counts of 10, in little memory of its own."""
    rng = np.random.default_rng(43)
    n = rng.integers(0, 41, 1_000_000)
    y = rng.binomial(n, rng.beta(2, 7, n.size))
    short = beta_binomial.fit(y, n, counts=np.full(n.size, 10))
    y, n = np.tile(y.astype(np.int32), 10), np.tile(n.astype(np.int32), 10)
    tracemalloc.start()
    try:
        fit = beta_binomial.fit(y, n)
        fit_peak = tracemalloc.get_traced_memory()[1]
        out = np.empty(n.size)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        mean = beta_binomial.posterior_mean(y, n, fit.alpha, fit.beta, out=out)
        mean_peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose([fit.mu, fit.phi], [short.mu, short.phi], rtol=1e-12)
    np.testing.assert_allclose([fit.se_mu, fit.se_phi], [short.se_mu, short.se_phi], rtol=1e-10)
    assert fit.log_likelihood == pytest.approx(short.log_likelihood, rel=1e-12)
    assert_near(fit.mu, 2 / 9, fit.se_mu * np.sqrt(10))
    assert max(fit_peak, mean_peak) < 60e6
    np.testing.assert_allclose(mean[:5], (fit.alpha + y[:5]) / (fit.alpha + fit.beta + n[:5]), rtol=1e-14)


@pytest.mark.parametrize("method", ["ml", "moments"])
def test_a_billion_groups_through_counts(method):
    y, n = np.array([0, 1, 2, 4, 3, 9, 0, 12, 5, 6]), np.array([10, 12, 9, 20, 11, 30, 8, 25, 14, 16])
    one = beta_binomial.fit(y, n, method, counts=np.ones(10))
    many = beta_binomial.fit(y, n, method, counts=np.full(10, 10**8))
    if method == "ml":
        np.testing.assert_allclose([many.mu, many.phi], [one.mu, one.phi], rtol=1e-11)
        np.testing.assert_allclose([many.se_mu, many.se_phi], [one.se_mu / 1e4, one.se_phi / 1e4], rtol=1e-9)
        assert many.log_likelihood == pytest.approx(1e8 * one.log_likelihood, rel=1e-12)
    else:  # with this many groups the correction for the estimated mean is gone
        rates, weights = y / n, n / n.sum()
        spread = np.sum(weights * (rates - many.mu) ** 2) / (many.mu * (1 - many.mu))
        rho = (spread - 10 / n.sum()) / (1 - 10 / n.sum())
        assert many.phi == pytest.approx(rho / (1 - rho), rel=1e-7)


def test_the_histogram_limit_changes_nothing():
    """Beyond n = 2^17 the distinct values are sorted: a group just below and just above, by either path."""
    rng = np.random.default_rng(52)
    trials = rng.integers(1000, 100_000, 30)
    successes = rng.binomial(trials, rng.beta(3, 20, 30))
    for largest in (2**17 - 1, 2**17, 2**17 + 1):
        y, n = np.append(successes, 20_000), np.append(trials, largest)
        fit, careful = beta_binomial.fit(y, n), beta_binomial.fit(y, n, counts=np.ones(y.size))
        np.testing.assert_allclose([fit.mu, fit.phi], [careful.mu, careful.phi], rtol=1e-13)
        np.testing.assert_allclose([fit.alpha, fit.beta], exact_maximum(y, n, (fit.alpha, fit.beta)), rtol=1e-12)


@pytest.mark.parametrize("trials", [1000, 5000, 100_000])
def test_a_large_group_does_not_hide_the_spread_of_the_rest(trials):
    """The rats, and one group of many trials at their own rate: the likelihood then falls at phi = 0 (Tarone's score
    is negative there), but rises again to a maximum that is higher by exp(12) near the rats' own phi."""
    y, n = np.append(RATS.y, round(0.15358 * trials)), np.append(RATS.n, trials)
    fit = beta_binomial.fit(y, n)
    assert fit.log_likelihood >= beta_binomial.log_marginal(y, n, 2.34, 14.11)
    assert fit.status == "ok"
    np.testing.assert_allclose([fit.alpha, fit.beta], exact_maximum(y, n, (2.34, 14.11)), rtol=1e-11)


def test_every_kind_of_sequence_gives_the_same_fit():
    expected = beta_binomial.fit(RATS.y, RATS.n)
    lists = RATS.y.tolist(), RATS.n.tolist()
    floats = [float(v) for v in lists[0]], np.asarray(lists[1], dtype=np.float32)
    small = RATS.y.astype(np.uint8), RATS.n.astype(np.uint8)
    strided = np.repeat(RATS.y, 2)[::2], np.repeat(RATS.n, 2)[::2]
    for y, n in (lists, floats, small, strided, (lists[0], small[1]), (small[0], floats[1])):
        assert vars(beta_binomial.fit(y, n)) == vars(expected)
        assert beta_binomial.fit(y, n, "moments").phi == beta_binomial.fit(RATS.y, RATS.n, "moments").phi
        post = expected.posterior(y, n)
        np.testing.assert_allclose(post.mean(), expected.posterior(RATS.y, RATS.n).mean(), rtol=1e-15)
        np.testing.assert_array_equal(
            beta_binomial.posterior_mean(y, n, 2.0, 9.0), beta_binomial.posterior_mean(RATS.y, RATS.n, 2.0, 9.0)
        )


# ---- means ------------------------------------------------------------------------------------------------------


def exact_score(ybar, se, tau, restricted):
    """Derivative of the (restricted) log likelihood with respect to tau^2, in 60 digits."""
    with mpmath.workdps(60):
        y = [mpmath.mpf(float(v)) for v in ybar]
        w = [1 / (mpmath.mpf(float(s)) ** 2 + mpmath.mpf(float(tau)) ** 2) for s in se]
        mu = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
        value = sum(a**2 * (b - mu) ** 2 - a for a, b in zip(w, y, strict=True))
        if restricted:
            value += sum(a**2 for a in w) / sum(w)
        return value / 2, mu


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_standard_errors_of_every_size(method):
    """se from 1e-6 to 1e6: the root of the score, bracketed in 60 digits."""
    rng = np.random.default_rng(44)
    se = np.geomspace(1e-6, 1e6, 31)
    ybar = rng.normal(2, np.hypot(0.7, se))
    fit = normal_normal.fit(ybar, se, method)
    assert fit.status == "ok"
    below, mu = exact_score(ybar, se, fit.tau * (1 - 1e-9), method == "reml")
    above, _ = exact_score(ybar, se, fit.tau * (1 + 1e-9), method == "reml")
    assert below > 0 > above
    assert fit.mu == pytest.approx(float(mu), rel=1e-8)
    if method == "ml":
        grid = normal_normal.log_marginal(ybar, se, fit.mu, np.geomspace(1e-5, 1e5, 400))
        assert grid.max() <= fit.log_likelihood + 1e-9
    post = fit.posterior(ybar, se)
    np.testing.assert_allclose(post.mean()[0], ybar[0], rtol=1e-9)
    np.testing.assert_allclose(post.mean()[-1], fit.mu, rtol=1e-4)
    assert (post.std() > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_billion_added_changes_only_mu(method):
    """Binary fractions, so that the sum with 2^30 is exact."""
    ybar, se = np.array([0.25, 3.5, -2.0, 5.125, 9.0]), np.array([1.0, 0.5, 1.0, 2.0, 3.0])
    near, far = (normal_normal.fit(shift + ybar, se, method) for shift in (0, 2.0**30))
    assert far.tau == pytest.approx(near.tau, rel=1e-12)
    assert far.mu == pytest.approx(2.0**30 + near.mu, rel=1e-15)
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-11)
    small = normal_normal.fit(ybar * 2.0**-90, se * 2.0**-90, method)
    large = normal_normal.fit(ybar * 2.0**90, se * 2.0**90, method)
    for scaled, unit in ((small, 2.0**-90), (large, 2.0**90)):
        np.testing.assert_allclose([scaled.mu / unit, scaled.tau / unit], [near.mu, near.tau], rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_million_groups(method):
    """A hundred different standard errors, ten thousand groups of each; and all different."""
    rng = np.random.default_rng(45)
    se = np.tile(np.linspace(0.5, 3, 100), 10_000)
    ybar = rng.normal(5, np.hypot(2, se))
    fit = normal_normal.fit(ybar, se, method)
    assert abs(fit.tau - 2) < 0.05
    assert abs(fit.mu - 5) < 0.02
    order = rng.permutation(se.size)
    again = normal_normal.fit(ybar[order], se[order] * (1 + 1e-14 * rng.uniform(-1, 1, se.size)), method)
    np.testing.assert_allclose([again.mu, again.tau], [fit.mu, fit.tau], rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_groups_without_data_drop_out(method):
    ybar, se = np.array([1.0, 7.0, 3.0, 12.0, 4.0]), np.array([1.0, 2.0, 1.5, 1.0, 3.0])
    more = normal_normal.fit(np.insert(ybar, 2, [np.nan, 9.0]), np.insert(se, 2, [np.inf, np.inf]), method)
    fit = normal_normal.fit(ybar, se, method)
    assert (more.mu, more.tau, more.log_likelihood) == (fit.mu, fit.tau, fit.log_likelihood)
    post = more.posterior([np.nan, 7.0], [np.inf, 2.0])
    assert (post.mean()[0], post.std()[0]) == (fit.mu, fit.tau)


def test_two_groups():
    """With a common se everything has a closed form: the squared difference d^2 has mean 2 (tau^2 + se^2)."""
    for d in (1.0, 2.9, 8.0):
        for method in METHODS:
            fit = normal_normal.fit([3.0, 3.0 + d], [2.0, 2.0], method)
            tau2 = max(0.0, d**2 / (4 if method == "ml" else 2) - 4)
            assert fit.mu == pytest.approx(3 + d / 2, rel=1e-14)
            assert fit.tau**2 == pytest.approx(tau2, rel=1e-12, abs=0)
            assert fit.status == ("ok" if tau2 > 0 else "tau = 0")


@pytest.mark.parametrize("excess", [1e-4, 1e-7, 1e-10])
@pytest.mark.parametrize("method", METHODS)
def test_a_tiny_spread_is_found(method, excess):
    """Equal errors, and a sum of squares that exceeds its mean under tau = 0 by a factor 1 + excess: tau^2 = excess."""
    ybar = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    divisor = 5 if method == "ml" else 4
    se = np.sqrt(np.sum(ybar**2) / divisor / (1 + excess))
    fit = normal_normal.fit(ybar, np.full(5, se), method)
    assert fit.status == "ok"
    assert fit.tau**2 / se**2 == pytest.approx(excess, rel=1e-14 / excess + 1e-12, abs=0)
    none = normal_normal.fit(ybar, np.full(5, se * (1 + excess)), method)
    assert (none.tau, none.status) == (0.0, "tau = 0")


@pytest.mark.parametrize("data", ["bcg", "schools", "random"])
def test_moments_are_their_formulas(data):
    """DerSimonian & Laird's estimate, and Paule & Mandel's equation, written out."""
    if data == "bcg":
        ybar, se = log_relative_risks()
    elif data == "schools":
        ybar, se = SCHOOLS.ybar, SCHOOLS.se
    else:
        rng = np.random.default_rng(46)
        se = rng.uniform(0.5, 3, 25)
        ybar = rng.normal(4, np.hypot(1.5, se))

    def q(tau2):
        w = 1 / (se**2 + tau2)
        return np.sum(w * (ybar - np.sum(w * ybar) / np.sum(w)) ** 2)

    w = 1 / se**2
    laird = max(0.0, (q(0) - (len(se) - 1)) / (np.sum(w) - np.sum(w**2) / np.sum(w)))
    mandel = optimize.brentq(lambda t: q(t) - (len(se) - 1), 0, 1e3, xtol=1e-14) if q(0) > len(se) - 1 else 0.0
    for method, tau2 in (("dersimonian-laird", laird), ("paule-mandel", mandel)):
        fit = normal_normal.fit(ybar, se, method)
        w = 1 / (se**2 + tau2)
        assert fit.tau**2 == pytest.approx(tau2, rel=1e-10)
        assert fit.mu == pytest.approx(np.sum(w * ybar) / np.sum(w), rel=1e-10)
        assert fit.log_likelihood == pytest.approx(normal_normal.log_marginal(ybar, se, fit.mu, fit.tau), rel=1e-10)
        counts = np.arange(1, len(se) + 1)
        short = normal_normal.fit(ybar, se, method, counts=counts)
        long = normal_normal.fit(np.repeat(ybar, counts), np.repeat(se, counts), method)
        np.testing.assert_allclose([short.mu, short.tau], [long.mu, long.tau], rtol=1e-10)


@pytest.mark.parametrize(
    ("method", "tau2"), [("dersimonian-laird", 0.3088), ("paule-mandel", 0.3181), ("ml", 0.2800), ("reml", 0.3132)]
)
def test_every_method_agrees_with_metafor(method, tau2):
    """metafor 3.8 for R, rma(yi, vi, method = ...) on the log relative risks of dat.bcg."""
    assert round(normal_normal.fit(*log_relative_risks(), method).tau ** 2, 4) == tau2


# ---- raw observations -------------------------------------------------------------------------------------------


def test_dyestuff_agrees_with_lme4():
    """lme4 for R: lmer(Yield ~ 1 + (1 | Batch), Dyestuff), as its documentation prints it; and the closed forms."""
    values, batch = DYESTUFF.ravel(), np.repeat(list("ABCDEF"), 5)
    fit = observations.fit(values, batch)
    assert (round(fit.tau**2, 2), round(fit.sigma**2, 2)) == (1764.05, 2451.25)
    assert round(-2 * fit.log_likelihood, 4) == 319.6543
    assert fit.mu == pytest.approx(1527.5, rel=1e-14)
    within = np.mean(np.var(DYESTUFF, axis=1, ddof=1))
    between = np.var(DYESTUFF.mean(axis=1), ddof=1)
    assert fit.sigma**2 == pytest.approx(within, rel=1e-10)
    assert fit.tau**2 == pytest.approx(between - within / 5, rel=1e-10)
    assert fit.se_mu == pytest.approx(np.sqrt(between / 6), rel=1e-10)
    shuffled = np.random.default_rng(47).permutation(30)
    again = observations.fit(values[shuffled], batch[shuffled])
    np.testing.assert_allclose([again.mu, again.tau, again.sigma], [fit.mu, fit.tau, fit.sigma], rtol=1e-12)
    ml = observations.fit(values, batch, "ml")
    assert ml.sigma**2 == pytest.approx(within, rel=1e-10)  # balanced: maximum likelihood shrinks only tau
    assert ml.tau**2 == pytest.approx(between * 5 / 6 - within / 5, rel=1e-10)


def deviance(values, group, sigma, tau, restricted):
    """-2 times the log likelihood at its best mu, from the whole covariance matrix of the observations."""
    same = group[:, None] == group
    covariance = sigma**2 * np.eye(values.size) + tau**2 * same
    inverse, one = np.linalg.inv(covariance), np.ones(values.size)
    precision = one @ inverse @ one
    mu = one @ inverse @ values / precision
    result = np.linalg.slogdet(2 * np.pi * covariance)[1] + (values - mu) @ inverse @ (values - mu)
    return result + np.log(precision / (2 * np.pi)) * restricted, mu, precision**-0.5


def unequal(seed, tau):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(7), [1, 2, 9, 4, 12, 3, 6])
    return rng.normal(10 + tau * rng.normal(size=7)[group], 2.0), group


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize(("seed", "tau"), [(48, 3.0), (49, 1.5), (50, 0.1), (51, 40.0)])
def test_observations_agree_with_a_general_optimiser(method, seed, tau):
    values, group = unequal(seed, tau)
    restricted = method == "reml"
    fit = observations.fit(values, group, method)

    def loss(x):
        return deviance(values, group, np.exp(x[0]), x[1], restricted)[0]

    best = min(
        (
            optimize.minimize(loss, [0.5, start], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
            for start in (0.1, 2.0, 30.0)
        ),
        key=lambda result: result.fun,
    )
    assert -2 * fit.log_likelihood == pytest.approx(best.fun, abs=1e-8)
    at_fit, mu, se_mu = deviance(values, group, fit.sigma, fit.tau, restricted)
    assert at_fit == pytest.approx(-2 * fit.log_likelihood, rel=1e-12)
    np.testing.assert_allclose([fit.mu, fit.se_mu], [mu, se_mu], rtol=1e-10)
    np.testing.assert_allclose([fit.sigma, fit.tau], [np.exp(best.x[0]), abs(best.x[1])], rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize(("method", "freedom"), [("ml", 9), ("reml", 8)])
def test_observations_on_the_boundary(method, freedom):
    """Groups that differ less than chance makes them: tau = 0, and sigma is that of all observations together."""
    values, group = np.array([1.0, 5.0, 3.0, 2.0, 4.0, 3.0, 0.0, 6.0, 3.5]), np.repeat([0, 1, 2], 3)
    fit = observations.fit(values, group, method)
    assert (fit.tau, fit.status) == (0.0, "tau = 0")
    assert fit.sigma**2 == pytest.approx(np.sum((values - values.mean()) ** 2) / freedom, rel=1e-12)
    assert fit.mu == pytest.approx(values.mean(), rel=1e-14)
    expected = deviance(values, group, fit.sigma, 0.0, method == "reml")[0]
    assert -2 * fit.log_likelihood == pytest.approx(expected, rel=1e-12)


def test_observations_far_from_zero_and_in_other_units():
    values, group = unequal(48, 3.0)
    values = np.round(values * 1024) / 1024  # binary fractions, so that the sums below are exact
    fit = observations.fit(values, group)
    for shift, unit in ((2.0**30, 1.0), (0.0, 2.0**100), (0.0, 2.0**-100)):
        other = observations.fit(shift + unit * values, group)
        np.testing.assert_allclose(
            [(other.mu - shift) / unit, other.tau / unit, other.sigma / unit],
            [fit.mu, fit.tau, fit.sigma],
            rtol=1e-7 if shift else 1e-12,
        )  # group means near 2^30 carry 1e-7
    means = observations.group_means(values, group)
    assert means.sigma == pytest.approx(
        np.sqrt(sum(np.sum((values[group == g] - values[group == g].mean()) ** 2) for g in range(7)) / (37 - 7)),
        rel=1e-12,
    )
    single = observations.fit([1.0, 2.0, 4.0], ["a", "a", "a"])
    assert (single.mu, single.status) == (pytest.approx(7 / 3), "not identified")


@pytest.mark.parametrize("digits", [1, 16, 36])
def test_groups_that_differ_by_rounding_do_not_estimate_sigma(digits):
    """Equal values, and values equal but for the last bits, at several offsets, sizes and units."""
    rng = np.random.default_rng(digits)
    means = [[0.1, 0.2, 0.4], [1.1, 2.3, 3.7], [98.6, 99.1, 97.9], [1 / 3, 2 / 3, 1.0]]
    for mean, shift, unit, size in itertools.product(means, (0, 1, 1e6), (1e-100, 1.0, 1e100), (2, 3, 7)):
        values, group = np.repeat((np.array(mean) + shift) * unit, size), np.repeat([0, 1, 2], size)
        rounded = values * (1 + np.finfo(float).eps * rng.integers(-1, 2, values.size))
        for these in (values, rounded):
            for function in (observations.fit, observations.group_means):
                with pytest.raises(ValueError, match="sigma cannot be estimated"):
                    function(these, group)
        real = values * (1 + 1e-13 * np.arange(values.size))
        assert observations.group_means(real, group).sigma > 0


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("seed", [48, 49, 51])
def test_errors_of_observations_are_those_of_the_curvature(restricted, seed):
    values, group = unequal(seed, 3.0)
    fit = observations.fit(values, group, "reml" if restricted else "ml")
    assert fit.status == "ok"

    h = 1e-3

    def value(step_tau, step_sigma):
        sigma, tau = fit.sigma * (1 + h * step_sigma), fit.tau * (1 + h * step_tau)
        return -deviance(values, group, sigma, tau, restricted)[0] / 2

    at = value(0, 0)
    tau_tau, sigma_sigma = (value(*step) + value(*np.negative(step)) - 2 * at for step in ((1, 0), (0, 1)))
    cross = sum(i * j * value(i, j) for i in (-1, 1) for j in (-1, 1)) / 4
    errors = h * np.sqrt(np.diag(np.linalg.inv(-np.array([[tau_tau, cross], [cross, sigma_sigma]]))))
    np.testing.assert_allclose([fit.se_tau / fit.tau, fit.se_sigma / fit.sigma], errors, rtol=1e-4)


def test_the_error_of_sigma_on_the_boundary():
    """Where tau = 0 all observations have one variance, sigma^2 on N or N - 1 degrees of freedom."""
    values, group = np.array([1.0, 5.0, 3.0, 2.0, 4.0, 3.0, 0.0, 6.0, 3.5]), np.repeat([0, 1, 2], 3)
    for method, freedom in (("ml", 9), ("reml", 8)):
        fit = observations.fit(values, group, method)
        assert fit.se_sigma == pytest.approx(fit.sigma / np.sqrt(2 * freedom), rel=1e-12, abs=0)
        assert np.isnan(fit.se_tau)


# ---- one standard error far smaller than the rest, and every unit ------------------------------------------------


def exact_dersimonian_laird(ybar, se):
    """tau, mu and its standard error, written as in the paper; in 400 digits, as many of which cancel."""
    with mpmath.workdps(400):
        y, w = [mpmath.mpf(float(v)) for v in ybar], [1 / mpmath.mpf(float(s)) ** 2 for s in se]
        mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
        q = sum(a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
        tau2 = max(0, (q - (len(y) - 1)) / (sum(w) - sum(a**2 for a in w) / sum(w)))
        v = [1 / (1 / a + tau2) for a in w]
        total = sum(v)
        return [
            float(x) for x in (mpmath.sqrt(tau2), sum(a * b for a, b in zip(v, y, strict=True)) / total, total**-0.5)
        ]


@pytest.mark.parametrize("least", [1.0, 1e-3, 1e-5, 1e-7, 1e-9, 1e-12, 1e-20, 1e-40, 1e-70])
def test_dersimonian_laird_does_not_cancel(least):
    data = [
        ([1, 4, -3, 2.5], [least, 1, 1.2, 0.8]),
        ([1, 4, -3, 2.5], [1, 1, 1.2, least]),
        ([1, 1, -3, 2.5, 6], [least, least, 1.2, 0.8, 2]),
        ([1, 1, -3, 2.5, 6], [least, 1.5 * least, 1.2, 0.8, 2]),
        ([1, 1.5, 0.5], [least, 1, 1]),
    ]
    for ybar, se in data:
        fit = normal_normal.fit(ybar, se, "dersimonian-laird")
        tau, mu, se_mu = exact_dersimonian_laird(ybar, se)
        np.testing.assert_allclose([fit.tau, fit.mu, fit.se_mu], [tau, mu, se_mu], rtol=1e-12)
        assert fit.status == ("ok" if tau > 0 else "tau = 0")


def exact_reml_error(ybar, se, tau):
    """The standard error of tau from -y'P P P y + trace(P P)/2 = d2/d(tau^2)2, in 100 digits."""
    with mpmath.workdps(100):
        w = [1 / (mpmath.mpf(float(s)) ** 2 + mpmath.mpf(float(tau)) ** 2) for s in se]
        P = mpmath.diag(w) - mpmath.matrix(w) * mpmath.matrix(w).T / sum(w)
        y = mpmath.matrix([mpmath.mpf(float(v)) for v in ybar])
        square = P * P
        information = (y.T * square * P * y)[0] - sum(square[i, i] for i in range(len(w))) / 2
        return float(1 / mpmath.sqrt(information) / (2 * mpmath.mpf(float(tau))))


@pytest.mark.parametrize("least", [1e-3, 1e-6, 1e-9, 1e-12])
def test_errors_of_reml_do_not_cancel(least):
    """tau is small beside all standard errors but one, so that this one group has nearly all the weight."""
    se = np.array([least, 1.0, 1.2, 0.8])
    for off in (1.875, 1.88, 1.9):
        ybar = np.array([0.0, off, -off, 0.3])
        fit = normal_normal.fit(ybar, se, "reml")
        assert fit.status == "ok"
        assert fit.se_tau == pytest.approx(exact_reml_error(ybar, se, fit.tau), rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("least", [1e-6, 1e-9, 1e-12, 1e-20])
def test_one_exact_group_leaves_the_boundary_exact(method, least):
    """The others lie within their errors of it: no estimate of tau^2 is above 0, and rounding must not make it so."""
    fit = normal_normal.fit([1.0, 1.3, 0.8, 1.1], [least, 1.0, 1.2, 0.8], method)
    assert (fit.tau, fit.status) == (0.0, "tau = 0")
    if method != "moments":
        assert fit.mu == pytest.approx(1.0, abs=10 * least**2 + 1e-15)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("spread", [0.3, 3.0, 30.0])
def test_every_unit_gives_the_same_fit(method, spread):
    ybar, se = spread * np.array([0.25, 1.0, -0.75, 0.625, 2.0]), np.array([0.9, 1.0, 1.2, 0.8, 1.0])
    for these in (se, np.ones(5)):
        once = in_unit(ybar, these, method, 1.0)
        for power in (*range(-100, 101, 20), -150, -54, 60, 110, 150):
            np.testing.assert_allclose(in_unit(ybar, these, method, 10.0**power), once, rtol=1e-12, atol=1e-300)


def in_unit(ybar, se, method, unit):
    """All that a fit gives for data multiplied by `unit`, divided by it again."""
    ybar, se = ybar * unit, se * unit
    fit = normal_normal.fit(ybar, se, method)
    post = fit.posterior(ybar, se)
    per_group = np.log(unit)
    likelihoods = normal_normal.log_marginal(ybar, se, fit.mu, np.array([0.5, 2]) * unit) + 5 * per_group
    profiles = [normal_normal.profile(ybar, se, 0.5 * unit, name) + freedom * per_group for name, freedom in PROFILES]
    own = fit.log_likelihood + (4 if method == "reml" else 5) * per_group
    lengths = np.concatenate([[fit.mu, fit.tau, fit.se_mu, fit.se_tau], post.mean(), post.std()]) / unit
    return np.concatenate([lengths, likelihoods, profiles, [own, fit.status == "ok"]])


PROFILES = (("ml", 5), ("reml", 4))


def test_every_unit_gives_the_same_observations():
    values, group = unequal(48, 3.0)
    for method, freedom in (("ml", 37), ("reml", 36)):
        once = observations.fit(values, group, method)
        for power in (*range(-100, 101, 20), -150, 140):
            unit = 10.0**power
            fit = observations.fit(values * unit, group, method)
            got = np.array([fit.mu, fit.tau, fit.sigma, fit.se_mu, fit.se_tau, fit.se_sigma]) / unit
            np.testing.assert_allclose(
                got, [once.mu, once.tau, once.sigma, once.se_mu, once.se_tau, once.se_sigma], rtol=1e-11
            )
            assert fit.log_likelihood + freedom * np.log(unit) == pytest.approx(once.log_likelihood, rel=1e-11)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0, 1.5, -4.0, 100.0]), st.sampled_from([1e-12, 1e-6, 0.5, 1.0, 2.0, 1e6])),
        min_size=1,
        max_size=6,
    )
)
def test_no_edge_gives_a_warning_or_a_half_answer(rows):
    """One group, two groups, all equal, tau = 0, ratios of standard errors up to 1e18; warnings are errors."""
    ybar, se = np.array(rows).T
    for method in METHODS:
        fit = normal_normal.fit(ybar, se, method)
        if ybar.size == 1:
            assert (fit.mu, fit.status) == (pytest.approx(ybar[0]), "not identified")
            continue
        assert np.isfinite([fit.mu, fit.tau, fit.log_likelihood]).all()
        assert 0 < fit.se_mu < np.inf
        assert fit.se_tau > 0 if fit.status == "ok" else (fit.tau == 0 and np.isnan(fit.se_tau))
        assert np.isfinite(fit.posterior(ybar, se).interval()).all()
        assert ybar.min() - 1e-9 <= fit.mu <= ybar.max() + 1e-9


@pytest.mark.parametrize("data", ["bcg", "random"])
def test_errors_of_moments_are_those_of_the_quadratic_forms(data):
    """tau^2 is (y'Ay - constant)/trace A; the variance of y'Ay is 2 trace(AVAV), here from whole matrices."""
    ybar, se = log_relative_risks()
    if data == "random":
        ybar, se = 9 * ybar, np.random.default_rng(52).uniform(0.1, 4, 13)
    for method in ("moments", "dersimonian-laird", "paule-mandel"):
        fit = normal_normal.fit(ybar, se, method)
        assert fit.status == "ok"
        V = np.diag(se**2 + fit.tau**2)
        a = {"moments": np.ones(13), "dersimonian-laird": se**-2, "paule-mandel": 1 / np.diag(V)}[method]
        A = np.diag(a) - np.outer(a, a) / a.sum()
        error_tau2 = np.sqrt(2 * np.trace(A @ V @ A @ V)) / np.trace(A)
        assert fit.se_tau == pytest.approx(error_tau2 / (2 * fit.tau), rel=1e-12, abs=0)
        mean = np.ones(13) if method == "moments" else 1 / np.diag(V)
        mean = mean / mean.sum()
        assert fit.mu == pytest.approx(mean @ ybar, rel=1e-12, abs=0)
        assert fit.se_mu == pytest.approx(np.sqrt(mean @ V @ mean), rel=1e-12, abs=0)


@pytest.mark.parametrize(("method", "mu", "se_mu"), [("dersimonian-laird", -0.7141, 0.1787), ("reml", -0.7145, 0.1798)])
def test_errors_of_mu_agree_with_metafor(method, mu, se_mu):
    """metafor for R, rma(yi, vi, method = ...) on the log relative risks of dat.bcg."""
    fit = normal_normal.fit(*log_relative_risks(), method)
    assert (round(fit.mu, 4), round(fit.se_mu, 4)) == (mu, se_mu)
