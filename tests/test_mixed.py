"""mixed against closed forms, the dense covariance matrix, lme4 and the order of the rows."""

import numpy as np
import pytest

from hblib import datasets, mixed, multilevel, normal_normal


def columns(*parts):
    return np.column_stack(np.broadcast_arrays(*parts)).astype(float)


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
    fit = mixed.fit(people.y[used], x, x, people.group[used])
    assert abs(fit.log_likelihood + 702.047182712) < 1e-6
    assert np.allclose(fit.beta, [245.0965616, 11.4354287], rtol=1e-8)
    assert np.allclose(np.diag(fit.Sigma), [992.691230775, 45.7744368309], rtol=1e-3)
    assert abs(fit.Sigma[0, 1] + 54.3302453556) < 0.1
    assert np.allclose(fit.beta_sd, [9.25995618102, 1.84524235731], rtol=1e-4)
    # equal designs: moments are REML, and the lines are matrix_shrinkage's
    b, unscaled = multilevel.least_squares(x, people.y[used], people.group[used], 1)
    V = fit.sigma**2 * unscaled[0]
    assert np.allclose(fit.Sigma, np.cov(b, rowvar=False) - V, rtol=1e-3)
    shrunk = multilevel.matrix_shrinkage(b, V, fit.beta, fit.Sigma)
    assert np.allclose(shrunk.mean, fit.beta + fit.deviation, atol=1e-6)
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
    fit = mixed.fit(houses.y, x, z, houses.group)
    log_likelihood, beta, sd, sigma = RADON[model]
    assert abs(fit.log_likelihood - log_likelihood) < 1e-5
    assert np.allclose(fit.beta, beta, atol=2e-5)
    assert np.allclose(fit.sd, sd, rtol=3e-4)
    assert abs(fit.sigma - sigma) < 1e-5


def test_the_order_of_the_rows_does_not_matter():
    houses = datasets.radon()
    x = columns(1.0, houses.floor, houses.uranium)
    first = mixed.fit(houses.y, x, x[:, :1], houses.group)
    order = np.random.default_rng(1).permutation(919)
    again = mixed.fit(houses.y[order], x[order], x[order, :1], houses.group[order])
    assert np.array_equal(first.groups, again.groups)
    assert np.allclose(first.beta, again.beta, atol=1e-6)
    assert np.allclose(first.deviation, again.deviation, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("K", [1, 2])
def test_highest_point_of_the_dense_likelihood(seed, K):
    y, x, z, group = simulated(seed, K=K)
    fit = mixed.fit(y, x, z, group)
    best = dense(y, x, z, group, fit)
    assert abs(best - fit.log_likelihood) < 1e-8
    rng = np.random.default_rng(seed)
    for _ in range(20):
        step = 0.02 * rng.normal(size=(K, K))
        near = (np.eye(K) + step) @ fit.Sigma @ (np.eye(K) + step).T
        other = mixed.Fit(**{**vars(fit), "Sigma": near, "sigma": fit.sigma * np.exp(0.02 * rng.normal())})
        assert dense(y, x, z, group, other) <= best + 1e-9


def test_units_do_not_matter():
    y, x, z, group = simulated(7)
    fit, scaled = mixed.fit(y, x, z, group), mixed.fit(y * 1e4, x * [1, 1e-3, 1], z * [1, 1e-3], group)
    assert np.allclose(scaled.sd, fit.sd * [1e4, 1e7], rtol=1e-3)
    assert np.allclose(scaled.beta, fit.beta * [1e4, 1e7, 1e4], rtol=1e-4)


def test_one_varying_intercept_is_the_normal_normal_model():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(9), 6)
    y = rng.normal(size=9)[group] + rng.normal(size=54)
    fit = mixed.fit(y, columns(np.ones(54)), columns(np.ones(54)), group)
    means = y.reshape(9, 6).mean(axis=1)
    peer = normal_normal.fit(means, np.full(9, fit.sigma / np.sqrt(6)), "reml")
    assert abs(fit.sd[0] - peer.tau) < 1e-5
    assert abs(fit.beta[0] - peer.mu) < 1e-9


def test_a_variance_of_zero_is_found():
    group = np.repeat(np.arange(6), 4)
    y = np.tile([1.0, 2.0, 3.0, 4.5], 6) + np.repeat([0, 1e-3, 0, -1e-3, 0, 0], 4)
    fit = mixed.fit(y, columns(np.ones(24)), columns(np.ones(24)), group)
    assert fit.sd[0] < 1e-3 * fit.sigma


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
    model = mixed._Model.collect(y, x, x[:, :1], group, 20)
    assert abs(model.solve(np.array([[ratio]])).beta[1] - dx @ dy / (dx @ dx)) < 1e-10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [1.0, 2.0]}, "y, x, z, group must have shapes"),
        ({"y": [1.0, np.nan, 3.0, 4.0]}, "y"),
        ({"x": [[1.0, 1.0]] * 4}, "x does not identify"),
    ],
)
def test_refusals(change, message):
    arguments = {"y": [1.0, 2.0, 3.0, 5.0], "x": [[1.0]] * 4, "z": [[1.0]] * 4, "group": list("aabb")} | change
    with pytest.raises(ValueError, match=message):
        mixed.fit(**arguments)
