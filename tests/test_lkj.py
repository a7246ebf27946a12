"""lkj against quadrature, rejection sampling, and the normalising constant in a second form."""

import mpmath
import numpy as np
import pytest
from scipy import integrate, special, stats

from hblib import lkj
from tests.chance import assert_alike, assert_follows, assert_near


def matrix(*rho):
    """A 3 x 3 correlation matrix, or 2 x 2 for one rho."""
    K = 2 if len(rho) == 1 else 3
    R = np.eye(K)
    R[np.tril_indices(K, -1)] = rho
    return R + np.tril(R, -1).T


@pytest.mark.parametrize("eta", [0.6, 1, 2, 7.5])
def test_two_dimensions_integrate_to_one_and_are_the_marginal(eta):
    grid = np.linspace(-0.99, 0.99, 41)
    np.testing.assert_allclose(np.exp([lkj.log_density(matrix(rho), eta) for rho in grid]), lkj.pdf(grid, eta, 2))
    assert integrate.quad(lkj.pdf, -1, 1, args=(eta, 2))[0] == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("eta", [1, 2, 4.5])
def test_three_dimensions_have_the_beta_marginal(eta):
    """Integrate r, t over the two partial intervals; r31 given r21, r32 is bounded by det R > 0."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    for rho in (-0.7, 0, 0.4):
        t = nodes[:, None]  # r32
        centre, half = rho * t, np.sqrt((1 - rho**2) * (1 - t**2))
        r = centre + half * nodes  # r31
        R = np.array([[matrix(rho, r[i, j], nodes[i]) for j in range(60)] for i in range(60)])
        inner = np.exp(lkj.log_density(R, eta)) * half
        assert weights @ inner @ weights == pytest.approx(lkj.pdf(rho, eta, 3), rel=1e-4)


def test_uniform_in_two_dimensions_and_volume_in_three():
    np.testing.assert_allclose(lkj.pdf(np.linspace(-1, 1, 5), 1, 2), 0.5)
    # The correlation matrices of size 3 fill pi^2/2 of the cube of volume 8.
    assert lkj.log_density(np.eye(3), 1) == pytest.approx(-np.log(np.pi**2 / 2))
    rng = np.random.default_rng(1)
    r = rng.uniform(-1, 1, (200_000, 3))
    inside = 1 - (r**2).sum(axis=1) + 2 * r.prod(axis=1) > 0
    assert_near(8 * inside.mean(), np.pi**2 / 2, 8 * inside.std() / np.sqrt(len(r)))


DRAWN = [(1, 2), (0.5, 3), (1, 3), (2, 3), (3, 5)]
PLACES = sum(K * (K - 1) // 2 for _, K in DRAWN)


@pytest.mark.parametrize(("eta", "K"), DRAWN)
def test_draws_have_the_beta_marginal_in_every_place(eta, K):
    R = lkj.draws(eta, K, 20_000, np.random.default_rng(2))
    np.testing.assert_array_equal(np.diagonal(R, axis1=1, axis2=2), 1)
    np.testing.assert_array_equal(R, R.swapaxes(1, 2))
    assert np.linalg.eigvalsh(R).min() > -1e-12
    b = eta - 1 + K / 2
    for i, j in zip(*np.tril_indices(K, -1), strict=True):
        assert_follows((R[:, i, j] + 1) / 2, stats.beta(b, b).cdf, among=PLACES)
        assert R[:, i, j].std() == pytest.approx(lkj.sd(eta, K), rel=0.04)


def test_draws_have_the_joint_density():
    """E of det^(a - 1) under LKJ(1) is a ratio of the constants; and rejection from the cube gives the same det.

    A seed that nobody has tried fails by 2 x 7e-6 + 1e-4.
    """
    R = lkj.draws(1, 4, 50_000, np.random.default_rng(3))
    det = np.linalg.det(R)
    for eta in (2, 3):
        ratio = np.exp(lkj.log_density(np.eye(4), 1) - lkj.log_density(np.eye(4), eta))
        assert_near(np.mean(det ** (eta - 1)), ratio, np.std(det ** (eta - 1)) / np.sqrt(len(det)))
    r = np.random.default_rng(4).uniform(-1, 1, (20_000, 3))
    cube = 1 - (r**2).sum(axis=1) + 2 * r.prod(axis=1)
    onion = np.linalg.det(lkj.draws(1, 3, 20_000, np.random.default_rng(5)))
    assert_alike(cube[cube > 0], onion)


@pytest.mark.parametrize(("eta", "K"), [(0.5, 2), (1, 4), (3, 6)])
def test_sd_is_that_of_the_density(eta, K):
    second = 2 * integrate.quad(lambda rho: rho**2 * lkj.pdf(rho, eta, K), 0, 1)[0]
    assert lkj.sd(eta, K) ** 2 == pytest.approx(second, rel=1e-6)


@pytest.mark.parametrize(("eta", "K"), [(0.7, 2), (1.0, 4), (2.5, 7)])
def test_the_constant_has_a_second_form(eta, K):
    """The one of gamma functions that PyMC and Stan use, from the Cholesky factor's independent rows."""
    k = np.arange(1, K)
    constant = np.sum(
        k * np.log(np.pi) / 2 + special.gammaln(eta + (K - 1 - k) / 2) - special.gammaln(eta + (K - 1) / 2)
    )
    assert lkj.log_density(np.eye(K), eta) == pytest.approx(-constant, rel=1e-12, abs=0)


def test_a_singular_matrix_is_at_the_edge():
    edge = np.ones((3, 3))
    assert lkj.log_density(edge, 2) == -np.inf
    assert lkj.log_density(edge, 0.5) == np.inf
    assert lkj.log_density(edge, 1) == lkj.log_density(np.eye(3), 1)
    np.testing.assert_array_equal(lkj.pdf([-1, 1], [0.5, 2], 2), [np.inf, 0])
    assert lkj.log_density(np.stack([edge, np.eye(3)]), 2).shape == (2,)


def exact_log_det(R):
    """Elimination in 60 digits, on the very doubles that R holds."""
    with mpmath.workdps(60):
        rows = [[mpmath.mpf(float(value)) for value in row] for row in R]
        total = mpmath.mpf(0)
        for i, row in enumerate(rows):
            total += mpmath.log(row[i])
            for other in rows[i + 1 :]:
                factor = other[i] / row[i]
                other[i:] = [a - factor * b for a, b in zip(other[i:], row[i:], strict=True)]
        return total


def exact_constant(eta, K):
    with mpmath.workdps(40):
        total = mpmath.mpf(0)
        for k in range(1, K):
            b = mpmath.mpf(eta) + mpmath.mpf(K - 1 - k) / 2
            total += (K - k) * ((2 * b - 1) * mpmath.log(2) + 2 * mpmath.loggamma(b) - mpmath.loggamma(2 * b))
        return total


@pytest.mark.parametrize(
    ("eta", "K"),
    [(1e-3, 2), (1e-3, 9), (0.5, 2), (1, 5), (31.9, 3), (1e6, 4), (1e12, 3), (2, 600), (1, 1000), (40, 1000)],
)
def test_the_constant_has_all_digits(eta, K):
    assert lkj.log_density(np.eye(K), eta) == pytest.approx(-float(exact_constant(eta, K)), rel=1e-14, abs=0)


@pytest.mark.parametrize("K", [3, 8, 20])
def test_nearly_singular_matrices_keep_their_digits(K):
    """Of every rank but full, and a little of the identity: eigenvalues down to 1e-14."""
    rng = np.random.default_rng(K)
    for rank in range(1, K):
        for size in (1e-4, 1e-8, 1e-12, 1e-13):
            half = rng.normal(size=(K, rank))
            covariance = half @ half.T + size * K * np.eye(K)
            R = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
            R = (R + R.T) / 2
            np.fill_diagonal(R, 1)
            expected = float(exact_log_det(R) - exact_constant(2, K))
            assert lkj.log_density(R, 2) == pytest.approx(expected, rel=1e-11)
            batch = lkj.log_density(np.stack([np.eye(K), R]), 2)
            np.testing.assert_allclose(batch, [-float(exact_constant(2, K)), expected], rtol=1e-11)


@pytest.mark.parametrize("K", [4, 6, 30])
def test_correlations_of_fewer_rows_than_columns_are_singular(K):
    for seed in range(50):
        R = np.corrcoef(np.random.default_rng(seed).normal(size=(K // 2, K)), rowvar=False)
        assert lkj.log_density(R, 2) == -np.inf
        assert lkj.log_density(R, 0.5) == np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lkj.log_density([[1, 2], [2, 1]], 1), r"R must have no negative eigenvalue"),
        (lambda: lkj.log_density([[1, 0.5], [0.2, 1]], 1), r"R must be symmetric"),
        (lambda: lkj.log_density([[2, 0], [0, 1]], 1), r"ones on the diagonal"),
        (lambda: lkj.log_density([1, 2], 1), r"R must have shape"),
        (lambda: lkj.log_density(np.eye(2), [1, 2]), r"eta must be one number"),
        (lambda: lkj.pdf(1.5, 1, 2), r"rho must be at most 1"),
        (lambda: lkj.pdf(0, 0, 2), r"eta must be greater than 0"),
        (lambda: lkj.sd(1, 1), r"K must be at least 2"),
        (lambda: lkj.draws(1, 2.5, 3, None), r"K must be a whole number"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
