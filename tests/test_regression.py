"""mixed against closed forms, the dense covariance matrix, lme4 and the order of the rows."""

import numpy as np
import pytest
from scipy import optimize

from hblib import datasets, normal_normal, observations, regression
from hblib._numerics import mixed_fit, mixed_model


def columns(*parts):
    return np.column_stack(np.broadcast_arrays(*parts)).astype(float)


def ones(N):
    return np.ones((N, 1))


def dense(y, x, z, group, fit):
    """The restricted log likelihood from the whole covariance matrix."""
    V = fit.sigma**2 * np.eye(len(y)) + (z @ fit.Sigma @ z.T) * (group[:, None] == group)
    inverse = np.linalg.inv(V)
    information = x.T @ inverse @ x
    rest = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    value = np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1] + rest @ inverse @ rest
    return -(value + (len(y) - x.shape[1]) * np.log(2 * np.pi)) / 2


def simulated(seed, J=12, K=2):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(J), rng.integers(3, 9, J))
    x = columns(1.0, rng.normal(size=group.size), rng.normal(size=J)[group])
    z = x[:, :K]
    effects = rng.normal(size=(J, K)) @ np.array([[1.0, 0.4], [0, 0.8]])[:K, :K]
    y = x @ [2.0, -1.0, 0.5] + np.sum(z * effects[group], axis=1) + rng.normal(size=group.size)
    return y, x, z, group


def test_sleepstudy_as_in_lme4():
    """lme4 1.1-31, REML, days >= 2, optimizer's tolerances 1e-12: criterion, variances and standard errors."""
    people = datasets.sleepstudy()
    used = people.day >= 2
    x = columns(1.0, people.day[used])
    fit = regression.fit(people.y[used], x, x, people.group[used])
    assert abs(fit.log_likelihood + 702.047182712) < 1e-6
    assert np.allclose(fit.beta, [245.0965616, 11.4354287], rtol=1e-8)
    assert np.allclose(np.diag(fit.Sigma), [992.691230775, 45.7744368309], rtol=1e-3)
    assert abs(fit.Sigma[0, 1] + 54.3302453556) < 0.1
    assert np.allclose(fit.se_beta, [9.25995618102, 1.84524235731], rtol=1e-4)
    # equal designs: moments are REML, and the lines are matrix_shrinkage's
    b, unscaled = regression.least_squares(people.y[used], x, people.group[used], 1)
    V = fit.sigma**2 * unscaled[0]
    assert np.allclose(fit.Sigma, np.cov(b, rowvar=False) - V, rtol=1e-3)
    shrunk = regression.matrix_shrinkage(b, V, fit.beta, fit.Sigma)
    assert np.allclose(shrunk.mean(), fit.beta + fit.deviation, atol=1e-6)
    assert np.allclose(np.diagonal(shrunk.covariance, axis1=1, axis2=2), fit.deviation_sd**2)


# (varying, shared): log likelihood, shared coefficients, sd of the varying ones, sigma; lme4 1.1-31, REML
RADON = {
    ("o", "of"): (-1085.65264639, [1.46159788, -0.69299374], [0.32822242], 0.75558915),
    ("o", "ofu"): (-1067.09309988, [1.46576281, -0.66824476, 0.72026762], [0.15640230], 0.75843935),
    ("of", "of"): (-1084.16230298, [1.46276999, -0.68109820], [0.34868492, 0.34360162], 0.74615431),
    ("of", "ofu"): (-1064.32017033, [1.46265479, -0.64238531, 0.76801292], [0.12914353, 0.35710723], 0.74837116),
    # with its optimizers bobyqa and Nelder_Mead; its default stops at -1066.118, a false boundary
    ("of", "ofui"): (-1063.28969, [1.468594, -0.670944, 0.8081345, -0.419516], [0.1244037, 0.3070501], 0.7494526),
}


@pytest.mark.parametrize("model", RADON)
def test_radon_as_in_lme4(model):
    houses = datasets.radon()
    named = {"o": np.ones(919), "f": houses.floor, "u": houses.uranium, "i": houses.floor * houses.uranium}
    z, x = (columns(*(named[letter] for letter in letters)) for letters in model)
    fit = regression.fit(houses.y, x, z, houses.group)
    log_likelihood, beta, sd, sigma = RADON[model]
    assert abs(fit.log_likelihood - log_likelihood) < 1e-5
    assert np.allclose(fit.beta, beta, atol=2e-5)
    assert np.allclose(fit.sd, sd, rtol=3e-4)
    assert abs(fit.sigma - sigma) < 1e-5


def test_the_order_of_the_rows_does_not_matter():
    houses = datasets.radon()
    x = columns(1.0, houses.floor, houses.uranium)
    first = regression.fit(houses.y, x, x[:, :1], houses.group)
    order = np.random.default_rng(1).permutation(919)
    again = regression.fit(houses.y[order], x[order], x[order, :1], houses.group[order])
    assert np.array_equal(first.groups, again.groups)
    assert np.allclose(first.beta, again.beta, atol=1e-6)
    assert np.allclose(first.deviation, again.deviation, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("K", [1, 2])
def test_highest_point_of_the_dense_likelihood(seed, K):
    y, x, z, group = simulated(seed, K=K)
    fit = regression.fit(y, x, z, group)
    best = dense(y, x, z, group, fit)
    assert abs(best - fit.log_likelihood) < 1e-8
    rng = np.random.default_rng(seed)
    for _ in range(20):
        step = 0.02 * rng.normal(size=(K, K))
        near = (np.eye(K) + step) @ fit.Sigma @ (np.eye(K) + step).T
        other = regression.Fit(**{**vars(fit), "Sigma": near, "sigma": fit.sigma * np.exp(0.02 * rng.normal())})
        assert dense(y, x, z, group, other) <= best + 1e-9


def test_units_do_not_matter():
    y, x, z, group = simulated(7)
    fit, scaled = regression.fit(y, x, z, group), regression.fit(y * 1e4, x * [1, 1e-3, 1], z * [1, 1e-3], group)
    assert np.allclose(scaled.sd, fit.sd * [1e4, 1e7], rtol=1e-3)
    assert np.allclose(scaled.beta, fit.beta * [1e4, 1e7, 1e4], rtol=1e-4)


def test_one_varying_intercept_is_the_normal_normal_model():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(9), 6)
    y = rng.normal(size=9)[group] + rng.normal(size=54)
    fit = regression.fit(y, columns(np.ones(54)), columns(np.ones(54)), group)
    means = y.reshape(9, 6).mean(axis=1)
    peer = normal_normal.fit(means, np.full(9, fit.sigma / np.sqrt(6)), "reml")
    assert abs(fit.sd[0] - peer.tau) < 1e-5
    assert abs(fit.beta[0] - peer.mu) < 1e-9


def test_a_variance_of_zero_is_found_exactly():
    group = np.repeat(np.arange(6), 4)
    y = np.tile([1.0, 2.0, 3.0, 4.5], 6) + np.repeat([0, 1e-3, 0, -1e-3, 0, 0], 4)
    alike = columns(1.0, np.tile(range(4), 6))
    for x in (ones(24), alike):
        fit = regression.fit(y, x, x, group)
        assert fit.status == "Sigma = 0"
        for zero in (fit.Sigma, fit.sd, fit.deviation, fit.deviation_cov, fit.deviation_sd):
            assert not zero.any()
        beta, squares = np.linalg.lstsq(x, y, rcond=None)[:2]
        assert fit.beta == pytest.approx(beta, rel=1e-13, abs=0)
        assert fit.sigma**2 == pytest.approx(squares[0] / (24 - x.shape[1]), rel=1e-13, abs=0)


@pytest.mark.parametrize("ratio", [0.01, 0.5, 3.0])
def test_mundlak(ratio):
    """With the group's mean in the model the coefficient is the slope within groups, whatever the variances."""
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(20), rng.integers(2, 9, 20))
    price = rng.normal(size=20)[group] + rng.normal(size=group.size)
    y = rng.normal(size=group.size) + price
    size = np.bincount(group)
    mean = (np.bincount(group, price) / size)[group]
    dx, dy = price - mean, y - (np.bincount(group, y) / size)[group]
    x = columns(1.0, price, mean)
    assert abs(regression.given(y, x, x[:, :1], group, [[ratio**2]]).beta[1] - dx @ dy / (dx @ dx)) < 1e-10


def one_way(seed):
    """Unbalanced groups of 1 to 9 rows; in half of the sets with less variation between groups than by chance."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(8), [9, 2, *rng.integers(1, 6, 6)])
    return 5 + rng.choice([0.1, 2]) * rng.normal(size=8)[group] + rng.normal(size=group.size), group


@pytest.mark.parametrize("seed", range(40))
def test_one_mean_a_group_is_the_fit_of_observations(seed):
    """Which solves its one equation in another way; exact zeros are the same ones."""
    y, group = one_way(seed)
    fit, peer = regression.fit(y, ones(y.size), ones(y.size), group), observations.fit(y, group)
    assert fit.log_likelihood == pytest.approx(peer.log_likelihood, abs=1e-10)
    assert (fit.status == "Sigma = 0") == (peer.status == "tau = 0")
    assert [fit.sd[0], fit.sigma, fit.beta[0]] == pytest.approx([peer.tau, peer.sigma, peer.mu], rel=1e-6)


def adverse(seed):
    """A few groups of a few rows, some of a single one; large, small and no variation; random, binary and group's z."""
    rng = np.random.default_rng(seed)
    K, J = rng.choice([1, 2, 2, 3]), rng.integers(4, 10)
    n = rng.integers(1, 6, J)
    n[:2] = np.maximum(n[:2], [K + 2, K + 1])
    group = np.repeat(np.arange(J), n)
    t = rng.normal(size=(n.sum(), K)) if rng.random() < 0.7 else rng.integers(0, 2, (n.sum(), K)).astype(float)
    z = columns(1.0, *t.T)[:, :K] if rng.random() < 0.8 else t
    x = columns(1.0, *(t[:, : K - 1].T if rng.random() < 0.7 else []), rng.normal(size=J)[group])
    root = rng.normal(size=(K, K)) * 10.0 ** rng.uniform(-1.5, 1, K) * rng.choice([0, 1], K, p=[0.3, 0.7])
    effects = rng.normal(size=(J, K)) @ root.T
    return rng.normal(size=group.size) + np.sum(z * effects[group], axis=1), x, z, group


def searched(y, x, z, group, starts):
    """The highest restricted log likelihood that SciPy finds, with the whole covariance matrix and no gradient."""
    K, N, P = z.shape[1], *x.shape
    lower, same = np.tril_indices(K), group[:, None] == group

    def loss(parameters):
        root = np.zeros((K, K))
        root[lower] = parameters
        factor = np.linalg.cholesky(np.eye(N) + (z @ root @ root.T @ z.T) * same)
        solved = np.linalg.solve(factor, np.column_stack([x, y]))
        size = np.abs(np.diagonal(np.linalg.qr(solved, mode="r")))  # the last is the root of the sum of squares
        value = 2 * np.sum(np.log(np.diagonal(factor))) + 2 * np.sum(np.log(size[:P]))
        return (value + (N - P) * (1 + np.log(2 * np.pi * size[P] ** 2 / (N - P)))) / 2

    rng = np.random.default_rng(0)
    first = [rng.normal(size=lower[0].size) * 10 ** rng.uniform(-1.5, 1.5) for _ in range(20 * starts)]
    best = loss(np.zeros(lower[0].size))
    for start in sorted(first, key=loss)[:starts]:
        found = optimize.minimize(loss, start, method="BFGS")
        best = min(best, optimize.minimize(loss, found.x, method="Nelder-Mead", options={"fatol": 1e-12}).fun)
    return -best


@pytest.mark.parametrize("seed", range(24))
def test_no_search_finds_a_higher_likelihood(seed):
    """Of such sets a third are singular, and a tenth have several hills."""
    y, x, z, group = adverse(seed)
    fit = regression.fit(y, x, z, group)
    assert dense(y, x, z, group, fit) == pytest.approx(fit.log_likelihood, abs=1e-8)
    assert fit.log_likelihood > searched(y, x, z, group, 3) - 1e-9
    sizes = np.linalg.eigvalsh(fit.Sigma)
    assert (fit.status == "ok") == (sizes[0] > 1e-12 * sizes[-1])


def test_a_correlation_of_one_is_exact():
    """Two groups have one difference of their lines, so that Sigma has rank 1 whatever the numbers."""
    rng = np.random.default_rng(1)
    for _ in range(6):
        group, t = np.repeat([0, 1], 8), rng.normal(size=16)
        x = columns(1.0, t)
        y = 3 * rng.normal(size=2)[group] + 3 * rng.normal(size=2)[group] * t + rng.normal(size=16)
        fit = regression.fit(y, x, x, group)
        if fit.status == "singular":
            assert abs(fit.correlation[0, 1]) == 1
            assert np.linalg.matrix_rank(fit.Sigma) == 1
        else:
            assert fit.status == "Sigma = 0"


def test_the_posterior_of_the_deviations():
    """Against the dense formulas, in groups of any size; beta is taken as known."""
    y, x, z, group = adverse(4)
    y, x, z, group = np.append(y, 1.0), np.vstack([x, x[:1]]), np.vstack([z, z[:1]]), np.append(group, 77)  # one row
    fit = regression.fit(y, x, z, group)
    for j, name in enumerate(fit.groups):
        rows = group == name
        gain = (
            fit.Sigma @ z[rows].T @ np.linalg.inv(z[rows] @ fit.Sigma @ z[rows].T + fit.sigma**2 * np.eye(rows.sum()))
        )
        assert np.allclose(fit.deviation[j], gain @ (y - x @ fit.beta)[rows], atol=1e-10)
        assert np.allclose(fit.deviation_cov[j], fit.Sigma - gain @ z[rows] @ fit.Sigma, atol=1e-10)
        assert np.allclose(fit.deviation_sd[j] ** 2, np.diagonal(fit.deviation_cov[j]))


def person_lines(y, x):
    people = datasets.sleepstudy()
    return regression.fit(y, x, x, people.group)


@pytest.mark.parametrize(
    ("constant", "digits"), [(1e3, 12), (-1e6, 10), (1e8, 8), (1e9, 7), (1e10, 6), (1e12, 4)], ids=str
)
def test_a_constant_added_to_y_changes_nothing_but_the_intercept(constant, digits):
    """The sum itself has lost digits: y + 1e9 keeps seven of a millisecond's."""
    people = datasets.sleepstudy()
    x = columns(1.0, people.day)
    fit, moved = person_lines(people.y, x), person_lines(people.y + constant, x)
    close = {"rel": 10.0**-digits}
    assert moved.beta == pytest.approx([fit.beta[0] + constant, fit.beta[1]], **close)
    assert moved.se_beta == pytest.approx(fit.se_beta, **close)
    assert [*moved.sd, moved.sigma, moved.log_likelihood] == pytest.approx(
        [*fit.sd, fit.sigma, fit.log_likelihood], **close
    )
    assert moved.deviation_cov.ravel() == pytest.approx(fit.deviation_cov.ravel(), **close)


@pytest.mark.parametrize("constant", [3.5, 2010, 17956, -1e6, 1.6e9, 1e12])
@pytest.mark.parametrize("ones_first", [True, False])
def test_a_constant_added_to_a_predictor_moves_the_intercepts_only(constant, ones_first):
    """Years, days since 1970, seconds since 1970; Sigma follows the algebra of the shift."""
    people = datasets.sleepstudy()
    order = slice(None, None, 1 if ones_first else -1)
    fit = person_lines(people.y, columns(1.0, people.day))
    moved = person_lines(people.y, columns(2.0, people.day + constant)[:, order])
    shift = np.array([[0.5, -constant / 2], [0, 1]])[order]  # of the coefficients
    assert moved.log_likelihood == pytest.approx(fit.log_likelihood - np.log(2), rel=1e-12)  # the 2 is a unit of x
    slope = 1 if ones_first else 0
    assert moved.beta[slope] == pytest.approx(fit.beta[1], rel=1e-10)
    assert moved.se_beta[slope] == pytest.approx(fit.se_beta[1], rel=1e-10)
    assert [moved.sd[slope], moved.sigma] == pytest.approx([fit.sd[1], fit.sigma], rel=1e-9)
    assert moved.Sigma == pytest.approx(shift @ fit.Sigma @ shift.T, rel=1e-9)
    assert moved.beta == pytest.approx(shift @ fit.beta, rel=1e-9)
    assert moved.deviation[:, slope] == pytest.approx(fit.deviation[:, 1], abs=1e-8)


def test_predictors_without_a_column_of_ones():
    """Seconds since 1970 beside indicators that add up to one."""
    people = datasets.sleepstudy()
    early, z = (people.day < 5).astype(float), columns(1.0, people.day)
    fits = [regression.fit(people.y, columns(early, 1 - early, people.day + c), z, people.group) for c in (0, 1.6e9)]
    assert fits[1].log_likelihood == pytest.approx(fits[0].log_likelihood, abs=1e-6)
    assert fits[1].beta[2] == pytest.approx(fits[0].beta[2], rel=1e-6)
    assert fits[1].sd == pytest.approx(fits[0].sd, rel=1e-6)


@pytest.mark.parametrize("of_y", [1e-150, 1e-30, 0.1, 1e9, 1e150])
@pytest.mark.parametrize("of_x", [1e-30, 1e-9, 0.3, 1e9, 1e30])
def test_units_cost_no_digits(of_y, of_x):
    of_y = min(max(of_y, 1e-140 * of_x), 1e150 * of_x)  # or Sigma is no float with all its digits
    people = datasets.sleepstudy()
    fit = person_lines(people.y, columns(1.0, people.day))
    other = person_lines(people.y * of_y, columns(1.0, people.day * of_x))
    unit = np.array([of_y, of_y / of_x])
    assert other.beta == pytest.approx(fit.beta * unit, rel=1e-11, abs=0)
    assert other.se_beta == pytest.approx(fit.se_beta * unit, rel=1e-11, abs=0)
    assert other.sd == pytest.approx(fit.sd * unit, rel=1e-10, abs=0)
    assert other.sigma == pytest.approx(fit.sigma * of_y, rel=1e-11, abs=0)
    jacobian = 178 * np.log(of_y) + np.log(of_x)
    assert other.log_likelihood == pytest.approx(fit.log_likelihood - jacobian, abs=1e-9 + 1e-14 * abs(jacobian))


@pytest.mark.parametrize("ratio", [1e-3, 1.0, 1e3, 1e6, 1e9])
def test_any_ratio_of_the_variances(ratio):
    """Lines that differ by up to 1e9 times sigma: the estimates are those of the lines themselves."""
    y, x, z, group = simulated(5)
    x = z
    b = np.array([np.linalg.lstsq(x[group == j], y[group == j], rcond=None)[0] for j in range(12)])
    rest = y - np.sum(x * b[group], axis=1)
    fit = regression.fit(np.sum(x * b[group], axis=1) + rest / ratio, x, x, group)
    if ratio > 1e2:  # the errors of the lines no longer matter
        assert fit.Sigma == pytest.approx(np.cov(b, rowvar=False), rel=10 / ratio)
        within = np.sqrt(rest @ rest / (group.size - 24)) / ratio
        assert fit.sigma == pytest.approx(within, rel=10 / ratio + 1e-6, abs=0)


G = np.repeat(np.arange(8), 5)
T = np.tile(np.arange(5.0), 8)
NOISE = np.random.default_rng(12).normal(size=40)
LINES = columns(1.0, T)
INDICATORS = (G[:, None] == np.arange(8)).astype(float)
EXACT = "fit y exactly"
SUMS = "sigma and Sigma cannot be told apart"
OTHERS = "the data do not determine Sigma"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": NOISE[:2]}, "y, x, z, group must have shapes"),
        ({"x": T}, "y, x, z, group must have shapes"),
        ({"y": np.where(G == 3, np.nan, NOISE)}, r"y must not be missing \(NaN\), but y\[15\] = nan"),
        ({"group": np.where(G == 3, np.nan, G)}, r"group\[15\] is missing"),
        ({"group": [*"abcdefg" * 5, *"abcd", None]}, r"group\[39\] is missing"),
        ({"x": np.ones((40, 2))}, "x does not identify all shared coefficients"),
        ({"x": columns(1.0, T, 1e9 + 2 * T)}, "x does not identify all shared coefficients"),
        ({"x": columns(1.0, T, 0.0)}, "x does not identify all shared coefficients: column 2 holds zeros only"),
        ({"x": columns(1.0, INDICATORS[:, 0], *INDICATORS.T[1:], T)}, "x does not identify all shared coefficients"),
        ({"z": columns(1.0, T, 3 - T)}, "z does not identify all varying coefficients"),
        ({"z": columns(1.0, 0 * T)}, "z does not identify all varying coefficients: column 1 holds zeros only"),
        ({"z": np.ones((40, 0))}, "z must have at least one column"),
        ({"group": np.zeros(40)}, "a single group"),
        ({"group": np.arange(40)}, SUMS),
        ({"group": np.arange(40), "z": np.ones((40, 1))}, SUMS),
        ({"group": np.arange(40) // 2}, SUMS),
        ({"group": np.arange(40) // 2, "x": np.ones((40, 1))}, SUMS),
        ({"group": np.arange(40) // 2, "x": columns(1.0, NOISE**2), "z": columns(1.0, NOISE**2)}, SUMS),
        ({"group": np.arange(40) // 3, "z": columns(1.0, T, T**2), "x": columns(1.0, T, T**2)}, SUMS),
        ({"x": INDICATORS, "z": np.ones((40, 1))}, OTHERS),
        ({"x": columns(*INDICATORS.T, T)}, OTHERS),
        ({"z": columns(1.0, G % 2)}, OTHERS),  # a slope on two values, one a group: two variances for three numbers
        ({"x": columns(1.0, T, T * (G == 0)), "z": columns(1.0, T * (G == 0))}, OTHERS),
        ({"y": np.full(40, 7.3)}, "y is the same in every row"),
        ({"y": np.full(40, 1e9 + 0.1)}, "y is the same in every row"),
        ({"y": np.zeros(40)}, "y is the same in every row"),
        ({"y": T}, "shared coefficients " + EXACT),
        ({"y": 0.1 + 0.7 * T}, "shared coefficients " + EXACT),
        ({"y": 1e9 + 0.7 * T}, "shared coefficients " + EXACT),
        ({"y": np.sin(G)}, "varying coefficients " + EXACT),
        ({"y": 98.6 + 0.1 * G, "z": np.ones((40, 1)), "x": np.ones((40, 1))}, "varying coefficients " + EXACT),
        ({"y": 1e9 + 1.1 * G}, "varying coefficients " + EXACT),
        ({"y": np.sin(G) + 0.1 * np.cos(G) * T}, "varying coefficients " + EXACT),
        ({"y": 1e-200 * (np.sin(G) + 0.1 * np.cos(G) * T)}, "varying coefficients " + EXACT),
        ({"y": NOISE[:2], "x": LINES[:2], "z": LINES[:2], "group": [0, 1]}, "2 rows do not determine 2 shared"),
        ({"y": [], "x": np.ones((0, 1)), "z": np.ones((0, 1)), "group": []}, "0 rows do not determine"),
    ],
)
def test_what_the_data_cannot_tell_is_refused_with_the_reason(change, message):
    with pytest.raises(ValueError, match=message):
        regression.fit(**{"y": NOISE, "x": LINES, "z": LINES, "group": G} | change)


@pytest.mark.parametrize(
    "change",
    [
        {"group": np.append(np.arange(39) // 2, 0)},  # two rows a group, but for one
        {
            "group": np.append(np.arange(39), 0),
            "x": np.ones((40, 1)),
            "z": np.ones((40, 1)),
        },  # one row a group, but for one
        {"z": columns(1.0, G)},  # a slope that no group shows by itself
        {"group": G > 3},  # two groups
        {"x": np.ones((40, 1)), "z": T[:, None]},
        {"x": np.ones((40, 0))},  # no shared coefficient
        {"x": columns(*INDICATORS.T, T), "z": T[:, None]},
        {"z": columns(1.0, T * (G == 0))},
        {"y": NOISE + 1e12},
        {"y": 1e-3 * NOISE + G},
    ],
)
def test_what_they_can_tell_is_not_refused(change):
    arguments = {"y": NOISE, "x": LINES, "z": LINES, "group": G} | change
    fit = regression.fit(**arguments)
    if arguments["x"].shape[1] and arguments["y"].max() < 1e9:
        assert dense(*arguments.values(), fit) == pytest.approx(fit.log_likelihood, abs=1e-7)


def test_the_criterion_at_a_given_matrix():
    y, x, z, group = simulated(3)
    fit = regression.fit(y, x, z, group)
    best = regression.given(y, x, z, group, fit.Sigma / fit.sigma**2)
    assert best.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-10)
    assert best.sigma == pytest.approx(fit.sigma, rel=1e-8)
    other = regression.given(y, x, z, group, [[2.0, 0.3], [0.3, 0.5]])
    assert dense(y, x, z, group, other) == pytest.approx(other.log_likelihood, abs=1e-9)
    with pytest.raises(ValueError, match=r"D must be a symmetric matrix of shape \(2, 2\)"):
        regression.given(y, x, z, group, [[2.0, 0.3], [0.2, 0.5]])
    with pytest.raises(ValueError, match="negative eigenvalue"):
        regression.given(y, x, z, group, [[1.0, 2.0], [2.0, 1.0]])


def test_many_groups_of_which_few_tell_have_several_hills():
    """Three of two hundred groups hold most of what is known: one ray of starts ends on a lower hill here."""
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(200), np.where(np.arange(200) < 3, 60, rng.integers(1, 3, 200)))
    z = np.column_stack([np.ones(group.size), rng.normal(size=group.size)])
    u = rng.standard_cauchy((200, 2))
    y = np.sum(z * u[group], axis=1) + rng.normal(size=group.size) * 0.1
    found = regression.fit(y, z, z, group)
    scales = np.geomspace(1e-3, 1e5, 25)
    one_ray = [regression.given(y, z, z, group, scale * np.eye(2)) for scale in scales]
    start = max(one_ray, key=lambda fit: fit.log_likelihood)
    D = start.Sigma / start.sigma**2
    for _ in range(300):  # the EM algorithm from there climbs the hill on which it starts
        here = regression.given(y, z, z, group, D)
        D = (here.deviation.T @ here.deviation + here.deviation_cov.sum(axis=0)) / (200 * here.sigma**2)
        D = (D + D.T) / 2
    assert found.log_likelihood > here.log_likelihood
    assert np.linalg.eigvalsh(found.Sigma)[0] >= 0


def test_a_climb_from_nothing_stays_without_a_warning():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), 5)
    model = mixed_model.reduced(rng.normal(size=30), np.ones((30, 1)), np.ones((30, 1)), group)
    end, arrived = mixed_fit._climb(model, np.zeros((1, 1)), 1)
    assert arrived
    assert end.value <= model.at(np.zeros((1, 1))).value


def test_a_matrix_of_standard_deviations_and_correlations_is_symmetric_up_to_rounding():
    """The product of such a pair and its transpose differ in the last digit in a third of all cases."""
    rng, rows = np.random.default_rng(0), ([1, 3, 5, 7, 12, 14], np.c_[np.ones(6), range(6)])
    for _ in range(50):
        sd, r = np.diag(rng.lognormal(size=2)), rng.uniform(-1, 1)
        D = sd @ np.array([[1, r], [r, 1]]) @ sd
        one, other = (regression.given(*rows, rows[1], list("aabbcc"), each) for each in (D, (D + D.T) / 2))
        assert one.log_likelihood == other.log_likelihood
    with pytest.raises(ValueError, match="D must be a symmetric matrix"):
        regression.given(*rows, rows[1], list("aabbcc"), 1e-9 * np.array([[1, 0.5], [0.1, 1]]))
