"""regression.matrix_shrinkage and least_squares against linear algebra, textbook formulas and simulation."""

import numpy as np
import pytest
from scipy import stats

from hblib import datasets, normal_normal, regression
from tests.chance import assert_follows

SCHOOLS = datasets.eight_schools()


def vectors(rng, J=5, K=2):
    root = rng.normal(size=(J, K, K))
    return rng.normal(size=(J, K)), root @ root.swapaxes(1, 2) + 0.1 * np.eye(K), rng.normal(size=K)


@pytest.mark.parametrize("K", [1, 2, 3])
def test_matrix_shrinkage_adds_precisions(K):
    rng = np.random.default_rng(1)
    b, V, mu = vectors(rng, K=K)
    Sigma = vectors(rng, K=K)[1][0]
    post = regression.matrix_shrinkage(b, V, mu, Sigma)
    covariance = np.linalg.inv(np.linalg.inv(V) + np.linalg.inv(Sigma))
    right = np.linalg.solve(V, b[..., None]) + np.linalg.solve(Sigma, mu)[:, None]
    np.testing.assert_allclose(post.covariance, covariance, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(post.mean(), (covariance @ right)[..., 0], rtol=1e-9)
    np.testing.assert_allclose(post.covariance, Sigma - post.weight @ Sigma, atol=1e-12)


def test_for_one_coefficient_it_is_the_normal_normal_model():
    post = regression.matrix_shrinkage(SCHOOLS.ybar[:, None], SCHOOLS.se[:, None, None] ** 2, [8.0], [[36.0]])
    scalar = normal_normal.posterior(SCHOOLS.ybar, SCHOOLS.se, 8, 6)
    np.testing.assert_allclose(post.mean()[:, 0], scalar.mean())
    np.testing.assert_allclose(post.covariance[:, 0, 0], scalar.var())
    np.testing.assert_allclose(post.weight[:, 0, 0], normal_normal.shrinkage(SCHOOLS.se, 6))


def test_a_zero_variance_pools_its_coefficient():
    b, V, mu = vectors(np.random.default_rng(2))
    post = regression.matrix_shrinkage(b, V, mu, [[2.0, 0], [0, 0]])
    np.testing.assert_array_equal(post.mean()[:, 1], mu[1])
    np.testing.assert_array_equal(post.covariance[:, 1], 0)
    np.testing.assert_array_equal(regression.matrix_shrinkage(b, V, mu, np.zeros((2, 2))).mean(), np.tile(mu, (5, 1)))
    near = regression.matrix_shrinkage(b, V, mu, [[2.0, 0], [0, 1e-12]])
    np.testing.assert_allclose(post.mean(), near.mean(), rtol=1e-9)
    line = regression.matrix_shrinkage(b, V, mu, [[1, -1], [-1, 1]])  # intercept and slope move together
    np.testing.assert_allclose((line.mean() - mu).sum(axis=1), 0, atol=1e-12)


def test_infinite_variance_is_no_data():
    Sigma, mu = np.array([[2.0, 0.7], [0.7, 1.0]]), np.array([1.0, -1.0])
    V = np.array([[[0.5, 0], [0, np.inf]], [[np.inf, 0], [0, np.inf]]])
    post = regression.matrix_shrinkage([[3.0, np.nan], [np.nan, np.nan]], V, mu, Sigma)
    near = regression.matrix_shrinkage([[3.0, 0], [0, 0]], np.where(np.isinf(V), 1e12, V), mu, Sigma)
    np.testing.assert_allclose(post.mean(), near.mean(), rtol=1e-9)
    np.testing.assert_allclose(post.covariance, near.covariance, rtol=1e-9)
    np.testing.assert_array_equal(post.mean()[1], mu)
    assert post.mean()[0, 1] > mu[1]  # a high intercept raises the slope that was not seen


def test_large_Sigma_keeps_digits_and_exact_estimates_stay():
    b, V, mu = vectors(np.random.default_rng(3))
    wide = regression.matrix_shrinkage(b, V, mu, 1e12 * np.eye(2))
    np.testing.assert_allclose(wide.covariance, V, rtol=1e-9)
    exact = regression.matrix_shrinkage(b, np.zeros((2, 2)), mu, np.eye(2))
    np.testing.assert_allclose(exact.mean(), b)
    np.testing.assert_array_equal(exact.covariance, 0)


def test_least_squares_agrees_with_the_textbook():
    rng = np.random.default_rng(4)
    t, group = rng.normal(size=60), rng.choice(["x", "y", "z"], 60)
    y = rng.normal(size=60)
    estimate, covariance = regression.least_squares(y, np.column_stack([np.ones(60), t]), group, sigma=3)
    for j, label in enumerate("xyz"):
        line = stats.linregress(t[group == label], y[group == label])
        np.testing.assert_allclose(estimate[j], [line.intercept, line.slope])
        spread = np.sum((t[group == label] - t[group == label].mean()) ** 2)
        assert covariance[j, 1, 1] == pytest.approx(9 / spread)
        assert covariance[j, 0, 1] == pytest.approx(-t[group == label].mean() * 9 / spread)


@pytest.mark.parametrize("constant", [0.0, 2010.0, 1.6e9])
@pytest.mark.parametrize("unit", [2.0**-500, 1.0, 2.0**60, 2.0**500])
def test_neither_units_nor_constants_cost_digits(constant, unit):
    """Years, seconds since 1970, and any unit: slope, its variance and height are those of days 0 to 9."""
    people = datasets.sleepstudy()
    day, ones = people.day.astype(float), np.ones(people.day.size)
    plain = regression.least_squares(people.y, np.c_[ones, day], people.group, 25)
    estimate, covariance = regression.least_squares(people.y, np.c_[(day + constant) * unit, ones], people.group, 25)
    np.testing.assert_allclose(estimate[:, 0] * unit, plain[0][:, 1], rtol=1e-12)
    np.testing.assert_allclose(covariance[:, 0, 0] * unit * unit, plain[1][:, 1, 1], rtol=1e-12)
    height = estimate[:, 1] + estimate[:, 0] * unit * constant  # far from day 0 the two cancel
    np.testing.assert_allclose(height, plain[0][:, 0], rtol=1e-12, atol=1e-14 * 100 * (1 + constant))


def test_least_squares_without_a_column_of_ones_and_through_every_point():
    x = np.array([[1.0, 2.0], [3.0, 5.0], [1.0, -1.0], [2.0, 7.0]])
    beta = np.array([[4.0, -1.0], [0.5, 2.0]])
    y = np.concatenate([x[:2] @ beta[0], x[2:] @ beta[1]])
    estimate, covariance = regression.least_squares(y, x, ["a", "a", "b", "b"], 2)
    np.testing.assert_allclose(estimate, beta, rtol=1e-12)
    for j, rows in enumerate((x[:2], x[2:])):
        np.testing.assert_allclose(covariance[j], 4 * np.linalg.inv(rows.T @ rows), rtol=1e-10)


@pytest.mark.parametrize("ones", [True, False])
def test_least_squares_of_groups_of_many_sizes_agrees_with_numpys_one_by_one(ones):
    rng = np.random.default_rng(8)
    group = rng.permutation(np.repeat(np.arange(40), rng.integers(3, 9, 40)))
    x = np.c_[rng.normal(5, 1, group.size), np.ones(group.size) if ones else rng.normal(size=group.size)]
    y = rng.normal(size=group.size)
    estimate, covariance = regression.least_squares(y, x, group, 2)
    for j in range(40):
        rows = group == j
        np.testing.assert_allclose(estimate[j], np.linalg.lstsq(x[rows], y[rows])[0], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(covariance[j], 4 * np.linalg.inv(x[rows].T @ x[rows]), rtol=1e-8, atol=1e-11)


def test_the_first_group_that_does_not_identify_a_line_is_named_whatever_its_size():
    """Groups of one size are fitted together, the smallest first."""
    t = [0, 1, 2, 7, 7, 7, 7, 3, 5, 5]
    group = list("aaabbbbcdd")
    with pytest.raises(ValueError, match="x does not identify all 2 coefficients of group b"):
        regression.least_squares(np.arange(10), np.c_[np.ones(10), t], group, 1)


def test_shrunk_regressions_are_calibrated():
    rng = np.random.default_rng(5)
    J, Sigma, mu = 4000, np.array([[2.0, -0.8], [-0.8, 1.0]]), np.array([3.0, 1.0])
    beta = rng.multivariate_normal(mu, Sigma, J)
    group, t = np.repeat(np.arange(J), 4), rng.normal(size=4 * J)
    y = beta[group, 0] + beta[group, 1] * t + rng.normal(0, 2, 4 * J)
    post = regression.matrix_shrinkage(*regression.least_squares(y, np.c_[np.ones(4 * J), t], group, 2), mu, Sigma)
    error = beta - post.mean()
    distance = np.einsum("ji,jik,jk->j", error, np.linalg.inv(post.covariance), error)
    assert_follows(distance, stats.chi2(2).cdf)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regression.matrix_shrinkage([[1, 2]], np.eye(3), [0, 0], np.eye(2)), r"covariance must end in shape"),
        (lambda: regression.matrix_shrinkage([[1, 2]], np.eye(2), [0, 0], 1), r"Sigma must end in shape \(2, 2\)"),
        (
            lambda: regression.matrix_shrinkage([[1, 2]], np.eye(2), [0, 0], [[1, 2], [2, 1]]),
            r"Sigma must be symmetric without negative",
        ),
        (
            lambda: regression.matrix_shrinkage([[1, 2]], np.eye(2), [0, 0], [[1, 0.5], [0, 1]]),
            r"Sigma must be symmetric",
        ),
        (lambda: regression.matrix_shrinkage([[1, np.nan]], np.eye(2), [0, 0], np.eye(2)), r"estimate must not be mis"),
        (lambda: regression.matrix_shrinkage([[1, 2]], 0 * np.eye(2), [0, 0], np.ones((2, 2))), r"is singular"),
        (lambda: regression.least_squares([1], [[1, 2]], [0], 1), r"all 2 coefficients of group 0"),
        (lambda: regression.least_squares([1, 2, 4], [[1, 2]] * 3, [0, 0, 0], 1), r"all 2 coefficients of group 0"),
        (lambda: regression.least_squares([1, 2, 4], [[1, 0]] * 3, [0, 0, 0], 1), r"all 2 coefficients of group 0"),
        (lambda: regression.least_squares([1, 2], [1, 2], [0, 0], 1), r"must have shapes"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("unit", [1, 1e-5, 1e-9, 1e9])
def test_whether_a_matrix_is_symmetric_does_not_hang_on_the_unit(unit):
    wrong, right = np.array([[1, 0.5], [0.1, 1]]), np.array([[1, 0.5], [0.5 * (1 + 1e-15), 1]])
    rest = unit * np.array([[3.0, 1]]), unit**2 * np.eye(2)
    with pytest.raises(ValueError, match="covariance must be symmetric"):
        regression.matrix_shrinkage(rest[0], unit**2 * wrong, [0, 0], rest[1])
    with pytest.raises(ValueError, match="Sigma must be symmetric"):
        regression.matrix_shrinkage(*rest, [0, 0], unit**2 * wrong)
    post = regression.matrix_shrinkage(rest[0], unit**2 * right, [0, 0], rest[1])
    np.testing.assert_allclose(post.mean() / unit, [[22 / 15, 2 / 15]], rtol=1e-9)
