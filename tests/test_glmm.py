"""The integrals against mpmath's and SciPy's quadrature, the fits against lme4 and glmmML, and against identities."""

import mpmath
import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from hblib import datasets, glmm
from tests.chance import assert_near

HERDS = datasets.cbpp()
PERIODS = (HERDS.period[:, None] == np.arange(1, 5)).astype(float)
R_COLUMNS = np.c_[np.ones(56), PERIODS[:, 1:]]
COUNTIES = datasets.nc_sids()
TWO = np.array([0, 0, 1, 1, 1])


def by_quad(y, n, eta, tau, family):
    """log of the integral for one group, by SciPy, scaled by its largest value."""

    def log_p(z):
        if family == "binomial":
            rows = stats.binom.logpmf(y, n, special.expit(eta + tau * z))
        else:
            rows = stats.poisson.logpmf(y, n * np.exp(eta + tau * z))
        return rows.sum() + stats.norm.logpdf(z)

    top = optimize.minimize_scalar(lambda z: -log_p(z), bounds=(-30, 30), method="bounded").x
    value = sum(
        integrate.quad(lambda z: np.exp(log_p(z) - log_p(top)), *ends, epsabs=0, epsrel=1e-12, limit=200)[0]
        for ends in ((top - 14, top), (top, top + 14))
    )
    return np.log(value) + log_p(top)


@pytest.mark.parametrize("tau", [0.0, 0.3, 0.65, 2.0, 5.0])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_each_group_agrees_with_scipys_quadrature(family, tau):
    rng = np.random.default_rng(13)
    eta = rng.normal(-1, 0.5, 12)
    group, n = np.repeat([3, 1, 2], 4), rng.integers(1, 40, 12)
    y = rng.binomial(n, 0.3)
    found = glmm.log_marginal_by_group(y, n, eta[:, None], group, [1.0], tau, family)
    expected = [by_quad(y[group == j], n[group == j], eta[group == j], tau, family) for j in (1, 2, 3)]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize(("y", "n"), [(0, 1), (1, 1), (0, 500), (500, 500), (3, 9)])
def test_one_row_agrees_with_mpmath(y, n):
    """To the eight digits that the page promises, and two more."""
    eta, tau = mpmath.mpf(-2), mpmath.mpf("1.5")

    def f(z):
        p = 1 / (1 + mpmath.exp(-(eta + tau * z)))
        return mpmath.binomial(n, y) * p**y * (1 - p) ** (n - y) * mpmath.npdf(z)

    exact = mpmath.log(mpmath.quad(f, list(range(-12, 13, 2))))
    assert abs(glmm.log_marginal([y], [n], [[1.0]], ["a"], [-2.0], 1.5) - float(exact)) < 1e-10


@pytest.mark.parametrize(
    ("y", "n", "eta", "tau", "family"),
    [
        (50, 1, -3, 3, "poisson"),
        (500, 1, 0, 3, "poisson"),
        (0, 1000, 3, 1, "binomial"),
        (1000, 1000, -8, 2, "binomial"),
        (0, 10**6, 5, 1, "poisson"),
    ],
)
def test_a_count_far_from_what_the_fixed_part_says_agrees_with_mpmath(y, n, eta, tau, family):
    def log_p(z):
        at = eta + tau * z
        if family == "poisson":
            row = y * (mpmath.log(n) + at) - n * mpmath.exp(at) - mpmath.loggamma(y + 1)
        else:
            row = (
                mpmath.log(mpmath.binomial(n, y))
                - y * mpmath.log1p(mpmath.exp(-at))
                - (n - y) * mpmath.log1p(mpmath.exp(at))
            )
        return row - z**2 / 2 - mpmath.log(2 * mpmath.pi) / 2

    z = np.linspace(-30, 30, 60_001)
    top = z[np.argmax([float(log_p(mpmath.mpf(each))) for each in z[::100]]) * 100]
    with mpmath.workdps(30):
        ends = [mpmath.mpf(top) + k / mpmath.mpf(4) for k in range(-32, 33)]
        exact = mpmath.log(mpmath.quad(lambda each: mpmath.exp(log_p(each)), ends))
    assert glmm.log_marginal([y], [n], [[1.0]], [0], [eta], tau, family) == pytest.approx(float(exact), rel=1e-9)


@pytest.mark.parametrize(("J", "exposure", "tau", "seed"), [(200, 1, 2.5, 1), (60, 1e5, 1.5, 0), (60, 1e6, 1.0, 0)])
def test_counts_that_differ_by_many_powers_of_e_have_their_maximum_found(J, exposure, tau, seed):
    """By a sum over a grid of the groups' effects: neither SciPy's simplex nor a small step leads higher."""
    rng = np.random.default_rng(seed)
    y, n = rng.poisson(exposure * np.exp(rng.normal(0, tau, J))), np.full(J, exposure)
    found = glmm.fit(y, n, np.ones((J, 1)), np.arange(J), "poisson")
    x = np.arange(-30, 16, 0.0002 if exposure > 1 else 0.01)  # the logarithm of a group's rate
    logs = np.array([stats.poisson.logpmf(each, exposure * np.exp(x)) for each in y])
    top = logs.max(axis=1, keepdims=True)
    likelihood = np.exp(logs - top)

    def height(at):
        return np.sum(np.log(likelihood @ (stats.norm.pdf(x, at[0], at[1]) * (x[1] - x[0]))) + top[:, 0])

    at = np.array([found.beta[0], found.tau])
    assert found.log_likelihood == pytest.approx(height(at), abs=1e-6)
    simplex = optimize.minimize(lambda at: -height(at), [0.0, tau], method="Nelder-Mead", options={"maxfev": 60})
    assert -simplex.fun < found.log_likelihood + 1e-6
    for step in (0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01):
        assert height(at + step) < height(at)
    assert 0.5 < found.se_beta[0] * np.sqrt(J) / found.tau < 2


def test_without_spread_it_is_the_log_likelihood_of_the_rows():
    eta = PERIODS @ [-1.4, -2.4, -2.5, -3.0]
    plain = stats.binom.logpmf(HERDS.y, HERDS.n, special.expit(eta)).sum()
    found = glmm.log_marginal(HERDS.y, HERDS.n, PERIODS, HERDS.group, [-1.4, -2.4, -2.5, -3.0], 0.0)
    assert abs(found - plain) < 1e-9


def test_one_node_is_laplaces_approximation():
    """The height at the mode times the width that the second derivative says, found by brute force."""
    y, n, tau = np.array([2, 0, 4]), np.array([9, 8, 30]), 0.8

    def log_p(z):
        return stats.binom.logpmf(y, n, special.expit(-1 + tau * z)).sum() + stats.norm.logpdf(z)

    mode = optimize.minimize_scalar(lambda z: -log_p(z), tol=1e-12).x
    p = special.expit(-1 + tau * mode)
    curvature = 1 + tau**2 * np.sum(n * p * (1 - p))
    expected = log_p(mode) + np.log(2 * np.pi / curvature) / 2
    found = glmm.log_marginal(y, n, np.ones((3, 1)), [1, 1, 1], [-1.0], tau, nodes=1)
    assert abs(found - expected) < 1e-9


def test_poisson_with_a_gamma_like_group_agrees_with_the_closed_form_for_no_events():
    """E(exp(-n exp(eta + tau z))), by a sum over a fine grid."""
    z = np.linspace(-12, 12, 200_001)
    pdf = stats.norm.pdf(z) * (z[1] - z[0])
    expected = np.log(np.sum(np.exp(-40 * np.exp(-3 + 0.9 * z)) * pdf))
    assert abs(glmm.log_marginal([0], [40.0], [[1.0]], ["a"], [-3.0], 0.9, "poisson") - expected) < 1e-10


def test_draws_take_one_call_and_the_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(5)
    beta, tau = rng.normal(-2, 0.3, (4, 3, 4)), rng.uniform(0, 1, (4, 3))
    together = glmm.log_marginal(HERDS.y, HERDS.n, PERIODS, HERDS.group, beta, tau)
    mixed = rng.permutation(56)
    for at in np.ndindex(4, 3):
        rows = HERDS.y[mixed], HERDS.n[mixed], PERIODS[mixed], HERDS.group[mixed]
        assert abs(together[at] - glmm.log_marginal(*rows, beta[at], tau[at])) < 1e-8
    groups = glmm.log_marginal_by_group(HERDS.y, HERDS.n, PERIODS, HERDS.group, beta, tau)
    assert groups.shape == (4, 3, 15)
    np.testing.assert_allclose(groups.sum(axis=-1), together)


def test_the_integral_agrees_with_lme4s_deviance_to_ten_digits():
    """lme4's tests/glmer-1.R, with 25 nodes: 100.010030538022, from which the saturated model has been taken away."""
    fit = glmm.fit(HERDS.y, HERDS.n, R_COLUMNS, HERDS.group)
    saturated = stats.binom.logpmf(HERDS.y, HERDS.n, HERDS.y / HERDS.n).sum()
    assert abs(2 * (saturated - fit.log_likelihood) - 100.010030538022) < 1e-8
    lme4 = [-1.39922533406847, -0.991407294757321, -1.12782184600404, -1.57946627431248]
    np.testing.assert_allclose(fit.beta, lme4, atol=1e-5)


def test_laplace_agrees_with_glmmml_and_with_lme4():
    """Both as lme4's tests store them; lme4pureR's for the second, whose modes are found to fewer digits."""
    fit = glmm.fit(HERDS.y, HERDS.n, R_COLUMNS, HERDS.group, nodes=1)
    glmmml = [-1.39853234656, -0.992336901732793, -1.12867036466201, -1.58030977686564]
    np.testing.assert_allclose(fit.beta, glmmml, atol=1e-5)
    lme4 = [-1.3983429, -0.9919250, -1.1282162, -1.5797454]
    np.testing.assert_allclose(fit.beta, lme4, atol=1e-3)
    assert abs(fit.tau - 0.6420622) < 5e-4
    assert abs(-2 * fit.log_likelihood - 184.0531) < 1e-3


@pytest.mark.parametrize("nodes", [None, 1, 9])
def test_the_estimates_are_a_maximum(nodes):
    """No small step in any direction leads higher."""
    fit = glmm.fit(HERDS.y, HERDS.n, PERIODS, HERDS.group, nodes=nodes)
    for step in np.concatenate([1e-4 * np.eye(5), -1e-4 * np.eye(5)]):
        near = glmm.log_marginal(
            HERDS.y, HERDS.n, PERIODS, HERDS.group, fit.beta + step[:4], fit.tau + step[4], nodes=nodes
        )
        assert near < fit.log_likelihood


@pytest.mark.parametrize("tau", [0, 1e-300])
def test_where_no_double_is_large_enough_for_the_rate_the_likelihood_is_0(tau):
    parts = glmm.log_marginal_by_group([3, 3], 1, [[800], [1]], ["a", "b"], [1], tau, "poisson")
    np.testing.assert_allclose(parts, [-np.inf, stats.poisson.logpmf(3, np.e)], rtol=1e-12)


def test_standard_errors_are_the_curvature():
    """By differences of SciPy's own, in beta and tau together."""
    fit = glmm.fit(COUNTIES.y, COUNTIES.n, np.ones((100, 1)), COUNTIES.group, "poisson")

    def height(b, t):
        return glmm.log_marginal(COUNTIES.y, COUNTIES.n, np.ones((100, 1)), COUNTIES.group, [b], t, "poisson")

    (b,), t, h = fit.beta, fit.tau, 1e-3
    bb = (height(b + h, t) + height(b - h, t) - 2 * height(b, t)) / h**2
    tt = (height(b, t + h) + height(b, t - h) - 2 * height(b, t)) / h**2
    bt = (height(b + h, t + h) - height(b + h, t - h) - height(b - h, t + h) + height(b - h, t - h)) / (4 * h**2)
    covariance = np.linalg.inv(-np.array([[bb, bt], [bt, tt]]))
    assert abs(fit.se_beta[0] / np.sqrt(covariance[0, 0]) - 1) < 1e-4


def test_the_posterior_of_a_group_agrees_with_a_sum_over_a_grid():
    fit = glmm.fit(HERDS.y, HERDS.n, PERIODS, HERDS.group)
    u = np.linspace(-6, 6, 20_001)
    for j, name in enumerate(fit.groups):
        mine = HERDS.group == name
        eta = (PERIODS[mine] @ fit.beta)[:, None] + u
        log_p = stats.binom.logpmf(HERDS.y[mine, None], HERDS.n[mine, None], special.expit(eta)).sum(axis=0)
        share = special.softmax(log_p + stats.norm.logpdf(u, 0, fit.tau))
        mean = share @ u
        assert abs(fit.deviation[j] - mean) < 1e-8
        assert abs(fit.deviation_sd[j] - np.sqrt(share @ (u - mean) ** 2)) < 1e-8


def test_a_fit_has_a_summary():
    fit = glmm.fit(HERDS.y, HERDS.n, R_COLUMNS, HERDS.group)
    table = fit.summary()
    assert table["name"] == ["beta[0]", "beta[1]", "beta[2]", "beta[3]", "tau"]
    assert table["estimate"] == [*fit.beta, fit.tau]
    np.testing.assert_array_equal(table["se"], [*fit.se_beta, np.nan])
    assert {type(value) for column in table.values() for value in column} == {str, float}  # not NumPy's


@pytest.mark.parametrize(
    ("y", "n", "group", "family"),
    [([5] * 10, 20, range(10), "binomial"), ([3, 4, 2], 10, ["a"] * 3, "binomial"), ([3], [10], ["a"], "poisson")],
    ids=["groups that are alike", "one group", "one row"],
)
def test_a_summary_at_the_boundary(y, n, group, family):
    """Only a column of ones, and tau = 0: the pooled rate, and the textbook's standard error of it."""
    table = glmm.fit(y, n, np.ones((len(y), 1)), group, family).summary()
    assert table["name"] == ["beta[0]", "tau"]
    trials, total = np.broadcast_to(n, len(y)).sum(), np.sum(y)
    rate = total / trials
    beta = special.logit(rate) if family == "binomial" else np.log(rate)
    information = total * (1 - rate) if family == "binomial" else total
    np.testing.assert_allclose(table["estimate"], [beta, 0], atol=1e-9)
    np.testing.assert_allclose(table["se"], [information**-0.5, np.nan], rtol=1e-5)


def test_units_of_a_predictor_change_only_its_coefficient():
    x = np.c_[np.ones(100), COUNTIES.nonwhite / COUNTIES.n]
    fit = glmm.fit(COUNTIES.y, COUNTIES.n, x, COUNTIES.group, "poisson")
    other = glmm.fit(COUNTIES.y, COUNTIES.n, x * [1, 1e6], COUNTIES.group, "poisson")
    assert abs(fit.log_likelihood - other.log_likelihood) < 1e-8
    np.testing.assert_allclose(fit.beta, other.beta * [1, 1e6], rtol=1e-6)
    assert abs(fit.tau - other.tau) < 1e-7


def test_groups_that_are_more_alike_than_chance_makes_them():
    """Ten groups with one and the same count: tau is 0, exactly, and the rest is the fit without groups."""
    fit = glmm.fit([5] * 10, 20, np.ones((10, 1)), range(10))
    assert (fit.tau, fit.status) == (0, "tau = 0")
    assert abs(fit.beta[0] - special.logit(0.25)) < 1e-9
    assert abs(fit.se_beta[0] - np.sqrt(1 / (200 * 0.25 * 0.75))) < 1e-6
    assert (fit.deviation == 0).all()
    assert (fit.deviation_sd == 0).all()


def test_fits_are_calibrated():
    """Over 60 data sets (Poisson) beta is right on average, and its standard errors too."""
    rng, z = np.random.default_rng(8), []
    x, group, n = np.ones((60, 1)), np.repeat(np.arange(30), 2), np.full(60, 20.0)
    for _ in range(60):
        y = rng.poisson(n * np.exp(-2 + 0.5 * rng.normal(size=30)[group]))
        fit = glmm.fit(y, n, x, group, "poisson", nodes=20)
        z.append((fit.beta[0] + 2) / fit.se_beta[0])
    assert_near(np.mean(z), 0, 1 / np.sqrt(60))
    assert 0.6 < np.std(z) < 1.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [5, 0, 1, 1, 2]}, r"y must not be larger than n, but y\[0\] = 5 and n\[0\] = 4"),
        ({"y": [0.5, 0, 1, 1, 2]}, r"y must be a whole number, but y\[0\] = 0.5"),
        ({"x": np.ones((4, 1))}, "x must have a row for each y"),
        ({"x": np.ones(5)}, "x must have a row for each y"),
        ({"x": np.ones((5, 0))}, "x must have a row for each y, and a column"),
        ({"group": [1, 2]}, "group must have a label for each of the 5 rows, but has 2"),
        ({"family": "gaussian"}, "family must be one of 'binomial', 'poisson', but is 'gaussian'"),
        ({"nodes": 0}, "nodes must be at least 1"),
        ({"nodes": 1.5}, "nodes must be a whole number"),
    ],
)
def test_bad_input_is_named(change, message):
    valid = {"y": [1, 0, 1, 1, 2], "n": 4, "x": np.ones((5, 1)), "group": TWO}
    with pytest.raises(ValueError, match=message):
        glmm.fit(**(valid | change))
    with pytest.raises(ValueError, match=message):
        glmm.log_marginal(**(valid | change), beta=[0.0], tau=1.0)


@pytest.mark.parametrize(
    ("beta", "tau", "message"),
    [
        (0.0, 1.0, "beta must have 1 numbers in its last axis"),
        ([0.0, 1.0], 1.0, "beta must have 1 numbers in its last axis"),
        ([0.0], -1.0, "tau must be at least 0"),
        (np.zeros((3, 1)), np.ones(2), "do not fit together"),
    ],
)
def test_bad_parameters_are_named(beta, tau, message):
    with pytest.raises(ValueError, match=message):
        glmm.log_marginal([1, 0, 1, 1, 2], 4, np.ones((5, 1)), TWO, beta, tau)


def test_exposures_are_positive():
    with pytest.raises(ValueError, match=r"n must be greater than 0, but n\[0\] = 0"):
        glmm.fit([0, 2], [0.0, 1.0], np.ones((2, 1)), [1, 2], "poisson")


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("constant", [2000.0, 1.7e9])
def test_a_predictor_may_be_years_or_seconds_of_the_unix_clock(constant, family):
    rng, time, group = np.random.default_rng(4), np.tile(np.arange(6.0), 8), np.repeat(np.arange(8), 6)
    n = np.full(48, 30)
    y = rng.binomial(n, special.expit(-1 + 0.2 * time + rng.normal(0, 0.5, 8)[group]))
    one, other = (glmm.fit(y, n, np.c_[np.ones(48), start + time], group, family) for start in (0, constant))
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-8)
    assert (other.beta[1], other.se_beta[1], other.tau) == pytest.approx(
        (one.beta[1], one.se_beta[1], one.tau), rel=1e-6
    )
    assert other.beta[0] == pytest.approx(one.beta[0] - constant * one.beta[1], rel=1e-6)
    np.testing.assert_allclose(other.deviation, one.deviation, atol=1e-6)


def test_columns_that_say_the_same_are_refused():
    with pytest.raises(ValueError, match="x does not identify all shared coefficients"):
        glmm.fit([1, 0, 1, 1, 2], 4, np.ones((5, 2)), TWO)


@pytest.mark.parametrize(
    ("y", "n"),
    [
        ([0, 0, 5, 4, 2], [5, 11, 5, 4, 5]),
        ([0, 6, 1, 11, 6], [6, 6, 2, 11, 6]),
        ([0, 5, 0, 10, 0, 5, 0, 0], [3, 10, 9, 10, 3, 5, 8, 6]),
        ([0, 5, 0, 0, 4, 5, 0, 5], [9, 5, 3, 9, 4, 5, 10, 8]),
        ([4, 9, 0, 0, 0, 4, 6, 0], [4, 9, 3, 6, 10, 6, 6, 10]),
    ],
)
def test_small_groups_nearly_all_of_which_have_all_or_nothing_have_their_maximum_found(y, n):
    """tau is 8 to 15 there, and Gauss's rule needs too many nodes: by a sum over a fine grid, and SciPy's simplex."""
    y, n, z = np.array(y), np.array(n), np.linspace(-12, 12, 20_001)

    def height(at):
        eta = at[0] + at[1] * z
        rows = y[:, None] * eta - n[:, None] * np.logaddexp(0, eta) + stats.norm.logpdf(z)
        return np.sum(special.logsumexp(rows, axis=1) + np.log(z[1] - z[0]) + np.log(special.binom(n, y)))

    found = glmm.fit(y, n, np.ones((len(y), 1)), range(len(y)))
    assert found.tau > 7
    assert found.log_likelihood == pytest.approx(height([found.beta[0], found.tau]), abs=1e-9)
    simplex = optimize.minimize(lambda at: -height(at), [0.0, 5.0], method="Nelder-Mead", options={"maxfev": 200})
    assert -simplex.fun < found.log_likelihood + 1e-7
    np.testing.assert_allclose([found.beta[0], found.tau], simplex.x, atol=0.05)


def test_groups_all_of_which_have_all_or_nothing_have_no_maximum():
    with pytest.raises(RuntimeError, match="only successes, or only failures, the likelihood may rise for ever"):
        glmm.fit([0, 0, 5, 4, 0], [5, 11, 5, 4, 5], np.ones((5, 1)), range(5))


def test_a_fit_needs_trials():
    with pytest.raises(ValueError, match="n must hold a row with trials, but is 0 in each"):
        glmm.fit([0] * 5, 0, np.ones((5, 1)), TWO)
    assert glmm.log_marginal([0] * 5, 0, np.ones((5, 1)), TWO, [0.0], 1.0) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("y", [[0, 0, 0, 0, 0], [0, 0, 4, 4, 4]])
def test_a_fit_that_runs_to_infinity_says_so(y):
    """No success at all; a predictor that separates success from failure."""
    with pytest.raises(RuntimeError, match="no maximum was found"):
        glmm.fit(y, 4, np.c_[np.ones(5), TWO][:, : 1 if sum(y) == 0 else 2], [1, 2, 3, 4, 5])
