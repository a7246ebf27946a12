"""normal_normal against quadrature, SciPy, an independent program's published output, brute force and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from hblib import datasets, normal_normal, observations
from tests.chance import assert_near

SCHOOLS = datasets.eight_schools()
finite = st.floats(-50, 50)
scale = st.floats(0.01, 100)
groups = st.lists(st.tuples(finite, scale), min_size=2, max_size=10).map(np.array)

# tpos, tneg, cpos, cneg of the 13 BCG vaccine trials: Colditz et al. (1994), JAMA 271:698-702
BCG = np.array(
    [
        [4, 119, 11, 128],
        [6, 300, 29, 274],
        [3, 228, 11, 209],
        [62, 13536, 248, 12619],
        [33, 5036, 47, 5761],
        [180, 1361, 372, 1079],
        [8, 2537, 10, 619],
        [505, 87886, 499, 87892],
        [29, 7470, 45, 7232],
        [17, 1699, 65, 1600],
        [186, 50448, 141, 27197],
        [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ]
).T


def log_relative_risks():
    """The BCG trials' estimates and their standard errors."""
    tpos, tneg, cpos, cneg = BCG
    ybar = np.log(tpos / (tpos + tneg)) - np.log(cpos / (cpos + cneg))
    return ybar, np.sqrt(1 / tpos - 1 / (tpos + tneg) + 1 / cpos - 1 / (cpos + cneg))


@pytest.mark.parametrize(("ybar", "se", "mu", "tau"), [(10, 2 / 5**0.5, 8, 1), (28, 15, 8, 6.5), (-3, 0.1, 5, 20)])
def test_posterior_is_prior_times_likelihood(ybar, se, mu, tau):
    def joint(theta):
        return stats.norm(mu, tau).pdf(theta) * stats.norm(theta, se).pdf(ybar)

    post = normal_normal.posterior(ybar, se, mu, tau)
    ends = post.mean() - 40 * post.std(), post.mean() + 40 * post.std()
    total, first, second = (
        integrate.quad(lambda t, p=p: t**p * joint(t), *ends, points=[post.mean()])[0] for p in (0, 1, 2)
    )
    assert post.mean() == pytest.approx(first / total, rel=1e-7)
    assert post.var() == pytest.approx(second / total - (first / total) ** 2, rel=1e-5)


@given(groups, finite, scale)
def test_posterior_adds_precisions(rows, mu, tau):
    ybar, se = rows.T
    post = normal_normal.posterior(ybar, se, mu, tau)
    precision = 1 / se**2 + 1 / tau**2
    np.testing.assert_allclose(post.var(), 1 / precision, rtol=1e-9)
    np.testing.assert_allclose(post.mean(), (ybar / se**2 + mu / tau**2) / precision, rtol=1e-7, atol=1e-7)


@given(groups, finite, scale, finite, scale)
def test_posterior_follows_shift_and_unit(rows, mu, tau, shift, unit):
    ybar, se = rows.T
    before = normal_normal.posterior(ybar, se, mu, tau)
    after = normal_normal.posterior(shift + unit * ybar, unit * se, shift + unit * mu, unit * tau)
    np.testing.assert_allclose(after.mean(), shift + unit * before.mean(), rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(after.std(), unit * before.std(), rtol=1e-9)


def test_the_dial_has_both_ends():
    pooled = normal_normal.posterior(SCHOOLS.ybar, SCHOOLS.se, 8, 0)
    np.testing.assert_array_equal(pooled.mean(), 8)
    np.testing.assert_array_equal(pooled.std(), 0)
    alone = normal_normal.posterior(SCHOOLS.ybar, SCHOOLS.se, 8, np.inf)
    np.testing.assert_array_equal(alone.mean(), SCHOOLS.ybar)
    np.testing.assert_array_equal(alone.std(), SCHOOLS.se)
    close = normal_normal.posterior(SCHOOLS.ybar, SCHOOLS.se, 8, np.array([[1e-9], [1e9]]))
    np.testing.assert_allclose(close.mean(), [pooled.mean(), alone.mean()], rtol=1e-10)


def test_a_group_without_data_gives_back_the_prior():
    post = normal_normal.posterior([np.nan, 3.0], [np.inf, 1.0], mu=5, tau=2)
    assert (post.mean()[0], post.std()[0]) == (5, 2)
    exact = normal_normal.posterior(3.0, 0.0, mu=5, tau=2)
    assert (exact.mean(), exact.std()) == (3, 0)


@settings(deadline=None)
@given(groups, finite, scale)
def test_log_marginal_agrees_with_scipy(rows, mu, tau):
    ybar, se = rows.T
    expected = stats.norm(mu, np.sqrt(tau**2 + se**2)).logpdf(ybar).sum()
    assert normal_normal.log_marginal(ybar, se, mu, tau) == pytest.approx(expected, rel=1e-10, abs=1e-9)


def test_log_marginal_takes_a_grid_and_ignores_empty_groups():
    mu, tau = np.array([5.0, 8.0])[:, None], np.array([0.0, 3.0, 9.0])
    grid = normal_normal.log_marginal(SCHOOLS.ybar, SCHOOLS.se, mu, tau)
    assert grid.shape == (2, 3)
    more = normal_normal.log_marginal(np.append(SCHOOLS.ybar, np.nan), np.append(SCHOOLS.se, np.inf), mu, tau)
    np.testing.assert_array_equal(grid, more)


def restricted(ybar, se, tau):
    """The likelihood of tau with mu integrated out numerically."""
    centre, width = np.average(ybar, weights=1 / (se**2 + tau**2)), np.sqrt(1 / np.sum(1 / (se**2 + tau**2)))
    ends = centre - 12 * width, centre + 12 * width
    top = normal_normal.log_marginal(ybar, se, centre, tau)
    return top + np.log(
        integrate.quad(lambda mu: np.exp(normal_normal.log_marginal(ybar, se, mu, tau) - top), *ends)[0]
    )


@pytest.mark.parametrize("method", ["ml", "reml"])
@settings(deadline=None, max_examples=40)
@given(rows=groups)
def test_no_point_of_a_grid_beats_the_maximum(method, rows):
    ybar, se = rows.T
    fit = normal_normal.fit(ybar, se, method)
    for tau in np.append(0, np.geomspace(1e-3, 300, 25)):
        if method == "ml":
            mu = np.average(ybar, weights=1 / (se**2 + tau**2))
            value = normal_normal.log_marginal(ybar, se, mu, tau)
        else:
            value = restricted(ybar, se, tau)
        assert value <= fit.log_likelihood + 1e-6


def test_fit_agrees_with_metafor():
    """rma(yi, vi) of metafor for R on the log relative risks of dat.bcg, as its documentation prints the result."""
    ybar, se = log_relative_risks()
    reml = normal_normal.fit(ybar, se, "reml")
    assert round(reml.tau**2, 4) == 0.3132
    assert (round(reml.mu, 4), round(reml.se_mu, 4)) == (-0.7145, 0.1798)
    best = optimize.minimize(
        lambda x: -stats.norm(x[0], np.sqrt(np.exp(x[1]) + se**2)).logpdf(ybar).sum(),
        [-0.7, -1.0],
        method="Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-12},
    )
    ml = normal_normal.fit(ybar, se, "ml")
    np.testing.assert_allclose([ml.mu, ml.tau**2], [best.x[0], np.exp(best.x[1])], rtol=1e-6)
    assert ml.log_likelihood == pytest.approx(-best.fun, abs=1e-9)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_standard_errors_are_those_of_the_curvature(method):
    ybar, se = np.array([1.0, 4.0, -3.0, 8.0, 2.0, 12.0]), np.array([1.0, 2.0, 1.5, 1.0, 3.0, 2.5])
    fit = normal_normal.fit(ybar, se, method)
    h = 1e-3

    def value(mu, tau):
        return normal_normal.log_marginal(ybar, se, mu, tau) if method == "ml" else restricted(ybar, se, tau)

    tau_tau = (value(fit.mu, fit.tau + h) - 2 * value(fit.mu, fit.tau) + value(fit.mu, fit.tau - h)) / h**2
    if method == "reml":
        assert fit.se_tau == pytest.approx(1 / np.sqrt(-tau_tau), rel=1e-3)
        return
    mu_mu = (value(fit.mu + h, fit.tau) - 2 * value(fit.mu, fit.tau) + value(fit.mu - h, fit.tau)) / h**2
    cross = sum(i * j * value(fit.mu + i * h, fit.tau + j * h) for i in (-1, 1) for j in (-1, 1)) / (4 * h**2)
    errors = np.sqrt(np.diag(np.linalg.inv([[-mu_mu, -cross], [-cross, -tau_tau]])))
    np.testing.assert_allclose([fit.se_mu, fit.se_tau], errors, rtol=1e-4)


@given(st.lists(finite, min_size=2, max_size=10), scale)
def test_with_equal_errors_moments_are_reml(ybar, se):
    moments, reml = (normal_normal.fit(ybar, se, method) for method in ("moments", "reml"))
    assert moments.tau**2 == pytest.approx(reml.tau**2, rel=1e-8, abs=1e-8 * se**2)
    assert moments.mu == pytest.approx(np.mean(ybar), abs=1e-9)


def test_moments_are_the_lessons():
    fit = normal_normal.fit([9, 11, 10], np.sqrt(4 / 5), "moments")
    assert fit.tau**2 == pytest.approx(np.var([9, 11, 10], ddof=1) - 0.8)


def test_the_boundary_is_exact():
    for method in ("ml", "reml", "moments"):
        fit = normal_normal.fit(SCHOOLS.ybar, SCHOOLS.se, method)
        assert (fit.tau, fit.status) == (0.0, "tau = 0")
        np.testing.assert_array_equal(fit.posterior(SCHOOLS.ybar, SCHOOLS.se).mean(), fit.mu)
    same = normal_normal.fit([3.0, 3.0, 3.0], 1.0)
    assert (same.mu, same.tau) == (3.0, 0.0)


def test_a_large_constant_costs_no_digits():
    ybar, se = np.array([0.0, 3.0, -2.0, 5.0]), np.array([1.0, 0.5, 1.0, 2.0])
    near, far = (normal_normal.fit(shift + ybar, se, "reml") for shift in (0, 1e9))
    assert far.tau == pytest.approx(near.tau, rel=1e-9)


def test_counts_stand_for_equal_rows():
    ybar, se, counts = np.array([1.0, 4.0, 9.0, 0.0]), np.array([1.0, 2.0, 1.0, 1.0]), np.array([3, 2, 1, 0])
    for method in ("ml", "reml", "moments"):
        short = normal_normal.fit(ybar, se, method, counts=counts)
        long = normal_normal.fit(np.repeat(ybar, counts), np.repeat(se, counts), method)
        np.testing.assert_allclose(
            [short.mu, short.tau, short.log_likelihood], [long.mu, long.tau, long.log_likelihood]
        )


def test_one_group_identifies_nothing():
    for fit in (normal_normal.fit([4.0], [1.0]), normal_normal.fit([4.0, np.nan], [1.0, np.inf], "reml")):
        assert (fit.mu, fit.status) == (4.0, "not identified")
        assert np.isnan(fit.tau)
        with pytest.raises(ValueError, match="not identified"):
            fit.posterior(1.0, 1.0)


def test_posterior_is_calibrated():
    """Draw means, then data: the posterior's distribution function at the truth must be uniform (1 in 10,000 fails)."""
    rng = np.random.default_rng(12)
    se = rng.uniform(0.2, 4, 40_000)
    theta = rng.normal(3, 1.5, se.size)
    level = normal_normal.posterior(rng.normal(theta, se), se, 3, 1.5).cdf(theta)
    assert stats.chisquare(np.histogram(level, 20, (0, 1))[0]).pvalue > 1e-4


def test_fit_finds_the_truth():
    rng = np.random.default_rng(13)
    se = rng.uniform(0.5, 3, 20_000)
    ybar = rng.normal(rng.normal(5, 2, se.size), se)
    for method in ("ml", "reml"):
        fit = normal_normal.fit(ybar, se, method)
        assert_near(fit.mu, 5, fit.se_mu)
        assert_near(fit.tau, 2, fit.se_tau)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normal_normal.posterior(1, -1, 0, 1), r"se must be at least 0, but se = -1"),
        (lambda: normal_normal.posterior(1, 1, 0, [1, -2]), r"tau must be at least 0, but tau\[1\] = -2"),
        (lambda: normal_normal.posterior(np.nan, 1, 0, 1), r"ybar must not be missing"),
        (lambda: normal_normal.posterior(1, np.nan, 0, 1), r"se must not be missing"),
        (lambda: normal_normal.posterior(1, 1, np.inf, 1), r"mu must be finite"),
        (lambda: normal_normal.posterior([1, 2], [1, 2, 3], 0, 1), r"shapes of ybar \(2,\) and se \(3,\)"),
        (lambda: normal_normal.shrinkage(0, 0), r"both 0"),
        (lambda: normal_normal.shrinkage(np.inf, np.inf), r"both infinite"),
        (lambda: normal_normal.log_marginal([1], [0], 0, 0), r"both 0"),
        (lambda: normal_normal.log_marginal([1], [1], 0, np.inf), r"tau must be finite"),
        (lambda: normal_normal.fit([1, 2], [1, 0]), r"se must be greater than 0, but se\[1\] = 0"),
        (lambda: normal_normal.fit([], []), r"must hold at least one group"),
        (lambda: normal_normal.fit([1, 2], 1, "dl"), r"method must be one of 'ml', 'reml', 'moments'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("method", ["ml", "reml", "moments", "dersimonian-laird", "paule-mandel"])
def test_exactly_on_the_boundary_tau_is_0_in_every_unit(method):
    """There the estimates vary as their standard errors say; rounding, also of a large constant, decides nothing."""
    rng = np.random.default_rng(3)
    for J in (2, 3, 10, 40):
        for constant in (0, 1, 1e3, 1e6):
            for unit in (1, 0.3, 0.7, 1e-3, 1e4):
                y = constant + unit * rng.normal(size=J)
                se = np.sqrt(np.sum((y - y.mean()) ** 2) / (J - (method != "ml")))
                fit = normal_normal.fit(y, se, method)
                assert (fit.status, fit.tau) == ("tau = 0", 0)
                assert np.isnan(fit.se_tau)
                assert normal_normal.fit(y, 0.999 * se, method).status == "ok"


@pytest.mark.parametrize("unit", [1, 0.3, 0.7, 1e-3, 1e4])
def test_on_the_boundary_moments_are_0_where_the_se_differ(unit):
    se, rng = unit * np.array([1, 1e3, 1e3, 1e4]), np.random.default_rng(4)
    for _ in range(20):
        y = se * rng.normal(size=4)
        y *= np.sqrt(np.mean(se**2) / np.var(y, ddof=1))
        assert normal_normal.fit(y, se, "moments").tau == 0


def test_a_maximum_that_rounding_alone_keeps_from_0_is_found():
    y = [0.0007536597024132728, -0.0012463406452428464, 0.15098930540094907, 2.162716102303117]
    assert normal_normal.fit(y, [0.001, 0.001, 1, 2], "ml").tau == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("method", ["ml", "reml", "moments", "dersimonian-laird", "paule-mandel"])
def test_a_large_constant_hides_no_tau(method):
    y = 1e4 * np.linspace(-3, 3, 50)
    there = normal_normal.fit(1.7e18 + y, 1e4, method)  # times in nanoseconds, which a double rounds to 256
    assert there.tau == pytest.approx(normal_normal.fit(y, 1e4, method).tau, rel=0.05)


@pytest.mark.parametrize("unit", [1, 1e-3, 0.1, 7])
def test_observations_exactly_on_the_boundary_have_tau_0_in_every_unit(unit):
    fit = observations.fit(unit * np.array([-1, 2, 0, -1, 0, 0]), [3, 4, 1, 0, 4, 0], "ml")
    assert (fit.status, fit.tau) == ("tau = 0", 0)
