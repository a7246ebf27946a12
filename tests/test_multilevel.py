"""multilevel against linear algebra on the whole Gaussian model, simulation, SciPy densities and exact posteriors."""

import itertools
import tracemalloc

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hblib import datasets, multilevel, normal_normal, priors

SCHOOLS = datasets.eight_schools()
CHAIN = np.array(["B", "A", "A", "C", "B", "A"])
YBAR = np.array([4.0, -3.0, 1.0, 9.0, 6.0, 2.5])
SE = np.array([1.0, 2.0, 0.5, 3.0, 1.5, 0.8])
MISSING = np.array([1.0, np.inf, 0.5, np.inf, 1.5, 0.8])  # a store of chain A, and all of chain C
finite = st.floats(-50, 50)
scale = st.floats(0.05, 20)


def joint(ybar, se, tau_store, tau_chain, chain):
    """Mean and covariance of (theta, phi, mu, a new store by chain, one in a new chain) from the joint precision."""
    labels, index = np.unique(chain, return_inverse=True)
    S, C = len(index), len(labels)
    data, right = np.zeros((S + 2 * C + 3, S + 2 * C + 3)), np.zeros(S + 2 * C + 3)
    phi, mu, new, newphi = S, S + C, S + C + 1, S + 2 * C + 1

    def link(a, b, sd):
        data[np.ix_([a, b], [a, b])] += np.array([[1, -1], [-1, 1]]) / sd**2

    for s, c in enumerate(index):
        link(s, phi + c, tau_store)
        if np.isfinite(se[s]):
            data[s, s] += 1 / se[s] ** 2
            right[s] += ybar[s] / se[s] ** 2
    for c in range(C):
        link(phi + c, mu, tau_chain)
        link(new + c, phi + c, tau_store)
    link(newphi, mu, tau_chain)
    link(newphi + 1, newphi, tau_store)
    covariance = np.linalg.inv(data)
    mean, sd = covariance @ right, np.sqrt(np.diag(covariance))
    cuts = [slice(0, S), slice(phi, mu), mu, slice(new, newphi), newphi + 1]
    return [(mean[cut], sd[cut]) for cut in cuts]


def parts(result):
    return [result.store, result.chain, result.mu, result.new_store, result.new_chain]


@settings(deadline=None)
@given(st.lists(st.tuples(finite, scale, st.integers(0, 3)), min_size=1, max_size=8), scale, scale)
def test_three_level_is_the_joint_gaussian(rows, tau_store, tau_chain):
    ybar, se, chain = (np.array(column) for column in zip(*rows, strict=True))
    result = multilevel.three_level(ybar, se, tau_store, tau_chain, chain)
    for got, (mean, sd) in zip(parts(result), joint(ybar, se, tau_store, tau_chain, chain), strict=True):
        np.testing.assert_allclose(got.mean(), mean, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(got.std(), sd, rtol=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(finite, scale, st.integers(0, 3)), min_size=1, max_size=8), scale, scale)
def test_the_three_weights_give_the_mean(rows, tau_store, tau_chain):
    ybar, se, chain = (np.array(column) for column in zip(*rows, strict=True))
    weights = multilevel.three_level_weights(se, tau_store, tau_chain, chain)
    result = multilevel.three_level(ybar, se, tau_store, tau_chain, chain)
    estimate = result.chain_estimate[np.searchsorted(result.labels, chain)]
    mean = weights.store * ybar + weights.chain * estimate + weights.grand * result.mu.mean()
    np.testing.assert_allclose(result.store.mean(), mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(weights.store + weights.chain + weights.grand, 1, rtol=1e-12)


def test_a_store_and_a_chain_without_data():
    ybar = np.where(np.isinf(MISSING), np.nan, YBAR)
    result = multilevel.three_level(ybar, MISSING, 2.0, 3.0, CHAIN)
    for got, (mean, sd) in zip(parts(result), joint(YBAR, MISSING, 2.0, 3.0, CHAIN), strict=True):
        np.testing.assert_allclose(got.mean(), mean, rtol=1e-10)
        np.testing.assert_allclose(got.std(), sd, rtol=1e-10)
    assert result.labels.tolist() == ["A", "B", "C"]
    assert np.isnan(result.chain_estimate[2])
    assert result.store.mean()[1] == result.new_store.mean()[0]
    assert result.store.mean()[3] == result.mu.mean() == result.new_chain.mean()
    assert result.store.std()[3] == pytest.approx(result.new_chain.std())
    weights = multilevel.three_level_weights(MISSING, 2.0, 3.0, CHAIN)
    assert (weights.store[1], weights.store[3], weights.chain[3], weights.grand[3]) == (0, 0, 0, 1)


@pytest.mark.parametrize(("tau_store", "tau_chain"), [(0, 3), (2, 0), (0, 0), (np.inf, 3), (np.inf, 0), (2, np.inf)])
def test_the_limits_of_both_taus_are_exact(tau_store, tau_chain):
    near = {0: 1e-6, np.inf: 1e6}
    exact = multilevel.three_level(YBAR, SE, tau_store, tau_chain, CHAIN)
    close = multilevel.three_level(YBAR, SE, near.get(tau_store, tau_store), near.get(tau_chain, tau_chain), CHAIN)
    for got, expected in zip(parts(exact), parts(close), strict=True):
        np.testing.assert_allclose(got.mean(), expected.mean(), rtol=1e-9)
        sd = np.where(np.isinf(got.std()), np.inf, expected.std())  # at 1e6 a flat posterior is wide, not infinite
        np.testing.assert_allclose(got.std(), sd, rtol=1e-9, atol=2e-6)
        assert (np.isfinite(got.std()) | (expected.std() > 1e5)).all()
    weights = multilevel.three_level_weights(SE, tau_store, tau_chain, CHAIN)
    if tau_store == 0:
        np.testing.assert_array_equal(weights.store, 0)
    if tau_store == np.inf:
        np.testing.assert_array_equal([weights.store, exact.store.mean(), exact.store.std()], [np.ones(6), YBAR, SE])
    if tau_chain in (0, np.inf) and tau_store != np.inf:
        np.testing.assert_array_equal(weights.chain if tau_chain == 0 else weights.grand, 0)


def test_one_level_is_the_special_case():
    """tau_chain = 0, or every store a chain of its own with tau_store = 0, is the Normal-Normal model."""
    w = 1 / (SE**2 + 4)
    mu = np.sum(w * YBAR) / w.sum()
    expected = normal_normal.posterior(YBAR, SE, mu, 2).mean()
    np.testing.assert_allclose(multilevel.three_level(YBAR, SE, 2, 0, CHAIN).store.mean(), expected)
    alone = multilevel.three_level(YBAR, SE, 0, 2, np.arange(6))
    np.testing.assert_allclose(alone.store.mean(), expected)
    np.testing.assert_allclose(alone.chain.std(), alone.store.std())


def vectors(rng, J=5, K=2):
    root = rng.normal(size=(J, K, K))
    return rng.normal(size=(J, K)), root @ root.swapaxes(1, 2) + 0.1 * np.eye(K), rng.normal(size=K)


@pytest.mark.parametrize("K", [1, 2, 3])
def test_matrix_shrinkage_adds_precisions(K):
    rng = np.random.default_rng(1)
    b, V, mu = vectors(rng, K=K)
    Sigma = vectors(rng, K=K)[1][0]
    post = multilevel.matrix_shrinkage(b, V, mu, Sigma)
    covariance = np.linalg.inv(np.linalg.inv(V) + np.linalg.inv(Sigma))
    right = np.linalg.solve(V, b[..., None]) + np.linalg.solve(Sigma, mu)[:, None]
    np.testing.assert_allclose(post.covariance, covariance, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(post.mean, (covariance @ right)[..., 0], rtol=1e-9)
    np.testing.assert_allclose(post.covariance, Sigma - post.weight @ Sigma, atol=1e-12)


def test_for_one_coefficient_it_is_the_normal_normal_model():
    post = multilevel.matrix_shrinkage(SCHOOLS.ybar[:, None], SCHOOLS.se[:, None, None] ** 2, [8.0], [[36.0]])
    scalar = normal_normal.posterior(SCHOOLS.ybar, SCHOOLS.se, 8, 6)
    np.testing.assert_allclose(post.mean[:, 0], scalar.mean())
    np.testing.assert_allclose(post.covariance[:, 0, 0], scalar.var())
    np.testing.assert_allclose(post.weight[:, 0, 0], normal_normal.shrinkage(SCHOOLS.se, 6))


def test_a_zero_variance_pools_its_coefficient():
    b, V, mu = vectors(np.random.default_rng(2))
    post = multilevel.matrix_shrinkage(b, V, mu, [[2.0, 0], [0, 0]])
    np.testing.assert_array_equal(post.mean[:, 1], mu[1])
    np.testing.assert_array_equal(post.covariance[:, 1], 0)
    np.testing.assert_array_equal(multilevel.matrix_shrinkage(b, V, mu, np.zeros((2, 2))).mean, np.tile(mu, (5, 1)))
    near = multilevel.matrix_shrinkage(b, V, mu, [[2.0, 0], [0, 1e-12]])
    np.testing.assert_allclose(post.mean, near.mean, rtol=1e-9)
    line = multilevel.matrix_shrinkage(b, V, mu, [[1, -1], [-1, 1]])  # intercept and slope move together
    np.testing.assert_allclose((line.mean - mu).sum(axis=1), 0, atol=1e-12)


def test_infinite_variance_is_no_data():
    Sigma, mu = np.array([[2.0, 0.7], [0.7, 1.0]]), np.array([1.0, -1.0])
    V = np.array([[[0.5, 0], [0, np.inf]], [[np.inf, 0], [0, np.inf]]])
    post = multilevel.matrix_shrinkage([[3.0, np.nan], [np.nan, np.nan]], V, mu, Sigma)
    near = multilevel.matrix_shrinkage([[3.0, 0], [0, 0]], np.where(np.isinf(V), 1e12, V), mu, Sigma)
    np.testing.assert_allclose(post.mean, near.mean, rtol=1e-9)
    np.testing.assert_allclose(post.covariance, near.covariance, rtol=1e-9)
    np.testing.assert_array_equal(post.mean[1], mu)
    assert post.mean[0, 1] > mu[1]  # a high intercept raises the slope that was not seen


def test_large_Sigma_keeps_digits_and_exact_estimates_stay():
    b, V, mu = vectors(np.random.default_rng(3))
    wide = multilevel.matrix_shrinkage(b, V, mu, 1e12 * np.eye(2))
    np.testing.assert_allclose(wide.covariance, V, rtol=1e-9)
    exact = multilevel.matrix_shrinkage(b, np.zeros((2, 2)), mu, np.eye(2))
    np.testing.assert_allclose(exact.mean, b)
    np.testing.assert_array_equal(exact.covariance, 0)


def test_least_squares_agrees_with_the_textbook():
    rng = np.random.default_rng(4)
    t, group = rng.normal(size=60), rng.choice(["x", "y", "z"], 60)
    y = rng.normal(size=60)
    estimate, covariance = multilevel.least_squares(np.column_stack([np.ones(60), t]), y, group, sigma=3)
    for j, label in enumerate("xyz"):
        line = stats.linregress(t[group == label], y[group == label])
        np.testing.assert_allclose(estimate[j], [line.intercept, line.slope])
        spread = np.sum((t[group == label] - t[group == label].mean()) ** 2)
        assert covariance[j, 1, 1] == pytest.approx(9 / spread)
        assert covariance[j, 0, 1] == pytest.approx(-t[group == label].mean() * 9 / spread)


def test_shrunk_regressions_are_calibrated():
    rng = np.random.default_rng(5)
    J, Sigma, mu = 4000, np.array([[2.0, -0.8], [-0.8, 1.0]]), np.array([3.0, 1.0])
    beta = rng.multivariate_normal(mu, Sigma, J)
    group, t = np.repeat(np.arange(J), 4), rng.normal(size=4 * J)
    y = beta[group, 0] + beta[group, 1] * t + rng.normal(0, 2, 4 * J)
    post = multilevel.matrix_shrinkage(*multilevel.least_squares(np.c_[np.ones(4 * J), t], y, group, 2), mu, Sigma)
    error = beta - post.mean
    distance = np.einsum("ji,jik,jk->j", error, np.linalg.inv(post.covariance), error)
    assert stats.kstest(distance, stats.chi2(2).cdf).pvalue > 1e-4


def test_gibbs_rate_is_the_squared_correlation():
    """From the joint precision of (mu, theta~) of J groups: the squared correlation of mu and the mean of theta~."""
    for J, w, tau, se in itertools.product([1, 4], [-0.5, 0, 0.3, 1], [0.5, 2], [1.0, 3]):
        precision = np.zeros((1 + J, 1 + J))
        for j in range(J):
            prior, data = np.zeros(1 + J), np.zeros(1 + J)
            prior[[0, 1 + j]], data[[0, 1 + j]] = (w - 1, 1), (w, 1)
            precision += np.outer(prior, prior) / tau**2 + np.outer(data, data) / se**2
        mix = np.zeros((2, 1 + J))
        mix[0, 0], mix[1, 1:] = 1, 1 / J
        covariance = mix @ np.linalg.inv(precision) @ mix.T
        squared = covariance[0, 1] ** 2 / covariance[0, 0] / covariance[1, 1]
        assert multilevel.gibbs_rate(w, normal_normal.shrinkage(se, tau)) == pytest.approx(squared, abs=1e-12)


@pytest.mark.parametrize("w", [0, 0.5, 0.8, 1])
def test_gibbs_has_that_rate_and_the_exact_posterior(w):
    ybar, se, tau, draws = np.array([3.0, 8.0, -1.0, 5.0]), 4.0, 2.0, 20_000
    mu, theta = multilevel.gibbs(ybar, se, tau, w, draws, np.random.default_rng(6))
    rate = multilevel.gibbs_rate(w, normal_normal.shrinkage(se, tau))
    at = mu - mu.mean()
    assert np.mean(at[1:] * at[:-1]) / np.mean(at**2) == pytest.approx(rate, abs=4 * np.sqrt((1 - rate**2) / draws))
    exact = multilevel.three_level(ybar, se, tau, 0, np.zeros(4))
    error = exact.mu.std() * np.sqrt((1 + rate) / (1 - rate) / draws)
    assert abs(mu.mean() - ybar.mean()) < 4 * error
    np.testing.assert_allclose(mu.std(), exact.mu.std(), rtol=4 * np.sqrt((1 + rate) / (1 - rate) / draws))
    np.testing.assert_allclose(theta.mean(axis=0), exact.store.mean(), atol=4 * error)
    np.testing.assert_allclose(theta.std(axis=0), exact.store.std(), rtol=0.06)


def test_gibbs_takes_a_weight_and_an_error_a_group():
    se, tau = np.array([0.5, 1.0, 6.0, np.inf]), 2.0
    ybar, kappa = np.array([3.0, 8.0, -1.0, np.nan]), normal_normal.shrinkage(se, tau)
    mu, theta = multilevel.gibbs(ybar, se, tau, 1 - kappa, 20_000, np.random.default_rng(7))
    exact = multilevel.three_level(ybar, se, tau, 0, np.zeros(4))
    at = mu - mu.mean()
    assert abs(np.mean(at[1:] * at[:-1]) / np.mean(at**2)) < 4 / np.sqrt(20_000)  # w_j = B_j: independent draws
    np.testing.assert_allclose(theta.mean(axis=0), exact.store.mean(), atol=4 * exact.store.std().max() / 141)
    np.testing.assert_allclose(theta.std(axis=0), exact.store.std(), rtol=0.03)


def test_gibbs_rate_at_its_ends():
    kappa = np.linspace(0, 1, 11)
    np.testing.assert_allclose(multilevel.gibbs_rate(0, kappa)[:-1], 1 - kappa[:-1], atol=1e-15)
    np.testing.assert_allclose(multilevel.gibbs_rate(1, kappa)[1:], kappa[1:], atol=1e-15)
    np.testing.assert_array_equal(multilevel.gibbs_rate(1 - kappa, kappa), 0)
    assert multilevel.gibbs_rate(0, 0) == multilevel.gibbs_rate(1, 1) == multilevel.gibbs_rate(0.5, 0) == 1
    assert multilevel.gibbs_rate(0, 1) == multilevel.gibbs_rate(1, 0) == 0


W = np.array([0, 1, 0.5, 0.3, 0.9, 1, 0, 0.7])


def builders(se=SCHOOLS.se, **given_priors):
    """Name of the free vector, model, and (theta, mu, tau) -> (its value, log of |d theta / d value|)."""
    s = given_priors["tau_prior"].parameters["scale"]
    yield "theta", multilevel.centered(SCHOOLS.ybar, se, **given_priors), lambda t, mu, tau: (t, 0.0)
    yield (
        "z",
        multilevel.noncentered(SCHOOLS.ybar, se, **given_priors),
        lambda t, mu, tau: ((t - mu) / tau, len(t) * np.log(tau)),
    )
    yield (
        "theta_tilde",
        multilevel.partial(SCHOOLS.ybar, se, W, **given_priors),
        lambda t, mu, tau: ((1 - W) * mu + (s / tau) ** W * (t - mu), np.sum(W * np.log(tau / s))),
    )


@pytest.mark.parametrize(
    ("given_priors", "log_prior"),
    [
        (
            {"mu_prior": (0, 5), "tau_prior": priors.half_cauchy(5)},
            lambda mu, tau: stats.norm(0, 5).logpdf(mu) + stats.halfcauchy(scale=5).logpdf(tau),
        ),
        (
            {"mu_prior": (3, 10), "tau_prior": priors.half_normal(2)},
            lambda mu, tau: stats.norm(3, 10).logpdf(mu) + stats.halfnorm(scale=2).logpdf(tau),
        ),
        (
            {"mu_prior": (0, 5), "tau_prior": priors.half_t(4, 3)},
            lambda mu, tau: stats.norm(0, 5).logpdf(mu) + np.log(2) + stats.t(4, scale=3).logpdf(tau),
        ),
        (
            {"mu_prior": (0, 5), "tau_prior": priors.exponential(3)},
            lambda mu, tau: stats.norm(0, 5).logpdf(mu) + stats.expon(scale=3).logpdf(tau),
        ),
    ],
)
def test_the_three_models_are_one_model(given_priors, log_prior):
    """Every log density, with its Jacobian, is that of the same joint density, written with SciPy."""
    rng = np.random.default_rng(8)
    se = SCHOOLS.se.copy()
    se[3] = np.inf
    seen = np.isfinite(se)
    points = [(rng.normal(5, 10, 8), rng.normal(0, 5), rng.uniform(0.1, 10)) for _ in range(3)]
    for name, model, change in builders(se, **given_priors):
        # The reference mode runs without compiling.
        log_density = model.compile_logp(mode="FAST_COMPILE")
        for theta, mu, tau in points:
            value, jacobian = change(theta, mu, tau)
            expected = log_prior(mu, tau) + stats.norm(mu, tau).logpdf(theta).sum() + jacobian + np.log(tau)
            expected += stats.norm(theta[seen], se[seen]).logpdf(SCHOOLS.ybar[seen]).sum()
            got = log_density({"mu": mu, "tau_log__": np.log(tau), name: value})
            assert got == pytest.approx(expected, rel=1e-9)
        assert {"mu", "tau", "theta"} <= set(model.named_vars)


@pytest.mark.parametrize("build", ["noncentered", "partial"])
def test_samples_have_the_exact_moments(build):
    """E mu, E tau, E log tau and E theta_A of the eight schools by quadrature over (mu, tau)."""
    import arviz as az
    import pymc as pm

    w = {"w": 0.8} if build == "partial" else {}
    model = getattr(multilevel, build)(SCHOOLS.ybar, SCHOOLS.se, **w)
    settings = {"draws": 2000, "tune": 1000, "chains": 4, "cores": 2, "random_seed": 9, "quiet": True}
    posterior = pm.sample(model=model, nuts_sampler="nutpie", **settings).posterior
    exact = {"mu": 4.396820713833003, "tau": 3.597705484097664, "theta": 6.211884204056291, "log tau": 0.80214}
    draws = {"mu": posterior["mu"], "tau": posterior["tau"], "theta": posterior["theta"][..., 0]}
    draws["log tau"] = np.log(draws["tau"])
    for name, value in exact.items():
        error = float(az.mcse(draws[name].values))
        assert abs(float(draws[name].mean()) - value) < 4 * error, name
        assert error < 0.2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: multilevel.three_level([1], [-1], 1, 1, [0]), r"se must be at least 0, but se\[0\] = -1"),
        (lambda: multilevel.three_level([np.nan], [1], 1, 1, [0]), r"ybar must not be missing"),
        (lambda: multilevel.three_level([1, 2], [1, 2], 1, 1, [0, 0, 1]), r"se \(2,\) and chain \(3,\)"),
        (lambda: multilevel.three_level_weights([1], [1], 1, [0]), r"tau_store must be one number"),
        (lambda: multilevel.three_level_weights([1], 1, -1, [0]), r"tau_chain must be at least 0"),
        (lambda: multilevel.three_level_weights([0], 0, 1, [0]), r"se and tau_store are both 0"),
        (lambda: multilevel.three_level_weights([1, np.inf], np.inf, 1, [0, 0]), r"or both infinite"),
        (lambda: multilevel.three_level_weights([1], np.inf, np.inf, [0]), r"tau_store and tau_chain are both inf"),
        (lambda: multilevel.three_level_weights([1, np.inf], 1, np.inf, ["a", "b"]), r"chain b has no data"),
        (lambda: multilevel.three_level_weights([np.inf], 1, 1, [0]), r"finite for at least one store"),
        (lambda: multilevel.three_level_weights([], 1, 1, []), r"must hold at least one group"),
        (lambda: multilevel.matrix_shrinkage([[1, 2]], np.eye(3), [0, 0], np.eye(2)), r"covariance must end in shape"),
        (lambda: multilevel.matrix_shrinkage([[1, 2]], np.eye(2), [0, 0], 1), r"Sigma must end in shape \(2, 2\)"),
        (
            lambda: multilevel.matrix_shrinkage([[1, 2]], np.eye(2), [0, 0], [[1, 2], [2, 1]]),
            r"Sigma must be symmetric without negative",
        ),
        (
            lambda: multilevel.matrix_shrinkage([[1, 2]], np.eye(2), [0, 0], [[1, 0.5], [0, 1]]),
            r"Sigma must be symmetric",
        ),
        (lambda: multilevel.matrix_shrinkage([[1, np.nan]], np.eye(2), [0, 0], np.eye(2)), r"estimate must not be mis"),
        (lambda: multilevel.matrix_shrinkage([[1, 2]], 0 * np.eye(2), [0, 0], np.ones((2, 2))), r"is singular"),
        (lambda: multilevel.least_squares([[1, 2]], [1], [0], 1), r"all 2 coefficients of group 0"),
        (lambda: multilevel.least_squares([1, 2], [1, 2], [0, 0], 1), r"must have shapes"),
        (lambda: multilevel.gibbs_rate(0.5, 1.5), r"kappa must be at most 1"),
        (lambda: multilevel.gibbs([1], [1], 0, 0, 5, None), r"tau must be greater than 0"),
        (lambda: multilevel.gibbs([1], [np.inf], 1, 0, 5, None), r"se must be finite for at least one"),
        (lambda: multilevel.partial([1], [1], 2), r"w must lie between 0 and 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_bad_input_of_the_models_is_named():
    with pytest.raises(ValueError, match="se must be greater than 0"):
        multilevel.centered([1], [0])
    with pytest.raises(ValueError, match=r"tau_prior must be one of hblib\.priors that PyMC has .*half_cauchy"):
        multilevel.centered([1], [1], tau_prior=("HalfCauchy", 5))
    with pytest.raises(ValueError, match="tau_prior must be one of hblib"):
        multilevel.centered([1], [1], tau_prior=priors.power(-1))
    with pytest.raises(ValueError, match="mu_prior must be greater than 0"):
        multilevel.noncentered([1], [1], mu_prior=(0, 0))


def restricted(ybar, se, tau_store, tau_chain, chain):
    """The restricted log likelihood from the whole covariance matrix."""
    V = np.diag(se**2 + tau_store**2) + tau_chain**2 * (chain[:, None] == chain)
    precision = np.linalg.inv(V)
    total = precision.sum()
    rest = ybar - (precision @ ybar).sum() / total
    return -(np.linalg.slogdet(2 * np.pi * V)[1] + rest @ precision @ rest + np.log(total / (2 * np.pi))) / 2


@settings(deadline=None)
@given(st.lists(st.tuples(finite, scale, st.integers(0, 3)), min_size=1, max_size=8), scale, scale)
def test_the_likelihood_of_the_scales_is_that_of_the_whole_covariance(rows, tau_store, tau_chain):
    ybar, se, chain = (np.array(column) for column in zip(*rows, strict=True))
    for scales in ((tau_store, tau_chain), (0.0, tau_chain), (tau_store, 0.0), (0.0, 0.0)):
        got = multilevel.three_level_log_likelihood(ybar, se, *scales, chain)
        assert got == pytest.approx(restricted(ybar, se, *scales, chain), rel=1e-7, abs=1e-7)


def test_a_grid_of_scales_takes_one_call():
    grid = np.array([0.0, 0.5, 2.0])
    table = multilevel.three_level_log_likelihood(YBAR, SE, grid[:, None], grid, CHAIN)
    assert table.shape == (3, 3)
    for (i, a), (j, b) in itertools.product(enumerate(grid), enumerate(grid)):
        assert table[i, j] == pytest.approx(restricted(YBAR, SE, a, b, CHAIN))
    alone = multilevel.three_level_log_likelihood(YBAR, MISSING, 1.0, 2.0, CHAIN)
    seen = np.isfinite(MISSING)
    assert alone == pytest.approx(restricted(YBAR[seen], MISSING[seen], 1.0, 2.0, CHAIN[seen]))


@pytest.mark.parametrize("seed", range(12))
def test_no_scales_are_likelier_than_the_fit(seed):
    rng = np.random.default_rng(seed)
    chain = np.repeat(np.arange(5), rng.integers(1, 7, 5) + 1)
    se = rng.uniform(0.3, 2, chain.size)
    true = [(0, 0), (0, 1), (1, 0), (1, 1), (0.2, 3), (3, 0.2)][seed % 6]
    ybar = 100 + rng.normal(0, true[1], 5)[chain] + rng.normal(0, np.hypot(true[0], se))
    fit = multilevel.three_level_fit(ybar, se, chain)
    grid = np.append(0, np.geomspace(1e-3, 20, 300))
    table = multilevel.three_level_log_likelihood(ybar, se, grid[:, None], grid, chain)
    assert fit.log_likelihood >= table.max() - 1e-10
    assert fit.mu == pytest.approx(fit.posterior(ybar, se, chain).mu.mean(), abs=1e-9)
    for step in (0.999, 1.001):  # a maximum to within rounding
        for a, b in ((step, 1), (1, step)):
            near = multilevel.three_level_log_likelihood(ybar, se, a * fit.tau_store, b * fit.tau_chain, chain)
            assert near <= fit.log_likelihood + 1e-10
    shifted = multilevel.three_level_fit(10 * ybar, 10 * se, chain)  # another unit
    assert [shifted.tau_store, shifted.tau_chain] == pytest.approx([10 * fit.tau_store, 10 * fit.tau_chain], abs=1e-6)


def test_balanced_moments_are_reml_and_unbiased():
    rng = np.random.default_rng(9)
    chain, agree, squares = np.repeat(np.arange(6), 12), 0, []
    for _ in range(300):
        ybar = rng.normal(0, 1.5, 6)[chain] + rng.normal(0, np.hypot(1.0, 0.5), 72)
        moments = multilevel.three_level_fit(ybar, 0.5, chain, "moments")
        squares.append([moments.tau_store**2, moments.tau_chain**2])
        if agree < 10 and moments.tau_store and moments.tau_chain:
            reml = multilevel.three_level_fit(ybar, 0.5, chain)
            assert [reml.tau_store, reml.tau_chain] == pytest.approx([moments.tau_store, moments.tau_chain], rel=1e-8)
            agree += 1
    squares = np.array(squares)  # at these scales an estimate is hardly ever 0, so that its mean is the truth
    np.testing.assert_array_less(abs(squares.mean(axis=0) - [1, 2.25]), 4 * squares.std(axis=0) / np.sqrt(300))


def test_unbalanced_moments_are_unbiased():
    rng = np.random.default_rng(10)
    chain = np.repeat(np.arange(8), [2, 9, 4, 3, 6, 2, 5, 7])
    se = rng.uniform(0.1, 1.0, chain.size)
    phi = rng.normal(0, 2, (2000, 8))[:, chain]
    draws = phi + rng.normal(0, np.hypot(1.5, se), (2000, chain.size))
    fits = [multilevel.three_level_fit(y, se, chain, "moments") for y in draws]
    squares = np.array([[fit.tau_store**2, fit.tau_chain**2] for fit in fits])
    np.testing.assert_array_less(abs(squares.mean(axis=0) - [2.25, 4]), 4 * squares.std(axis=0) / np.sqrt(2000))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: multilevel.three_level_fit([1, 2], 1, [0, 0]), "chain: two chains with data"),
        (lambda: multilevel.three_level_fit([1, 2], 1, [0, 1]), "and one with two stores"),
        (lambda: multilevel.three_level_fit([1, 2, 3], [1, 1, np.inf], [0, 0, 1]), "chain: two chains with data"),
        (lambda: multilevel.three_level_fit([1, 2, 3], 0, [0, 0, 1]), "se must be greater than 0"),
        (lambda: multilevel.three_level_fit([1, 2, 3], 1, [0, 0, 1], "ml"), "method must be one of 'reml', 'moments'"),
        (lambda: multilevel.three_level_fit([1, np.nan, 3], 1, [0, 0, 1]), "ybar must not be missing"),
        (lambda: multilevel.three_level_log_likelihood([1, 2], 1, -1, 1, [0, 1]), "tau_store must be at least 0"),
        (lambda: multilevel.three_level_log_likelihood([1, 2], np.inf, 1, 1, [0, 1]), "finite for at least one store"),
        (lambda: multilevel.three_level_log_likelihood([1, 2], 1, [1, 2], [1, 2, 3], [0, 1]), "do not fit together"),
    ],
)
def test_bad_input_of_the_three_level_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def exact_log_likelihood(ybar, se, tau_store, tau_chain, chain):
    """The restricted log likelihood from the whole covariance matrix, in 150 digits."""
    with mpmath.workdps(150):
        S = len(ybar)
        own = [mpmath.mpf(float(s)) ** 2 + mpmath.mpf(float(tau_store)) ** 2 for s in se]
        shared = mpmath.mpf(float(tau_chain)) ** 2
        V = mpmath.matrix(S, S)
        for i, j in itertools.product(range(S), repeat=2):
            V[i, j] = (own[i] if i == j else 0) + (shared if chain[i] == chain[j] else 0)
        y, one = mpmath.matrix([mpmath.mpf(float(v)) for v in ybar]), mpmath.ones(S, 1)
        inverse = V**-1
        precision = (one.T * inverse * one)[0]
        rest = y - one * ((one.T * inverse * y)[0] / precision)
        total = mpmath.log(mpmath.det(V)) + (rest.T * inverse * rest)[0] + mpmath.log(precision)
        return -(total + (S - 1) * mpmath.log(2 * mpmath.pi)) / 2


@pytest.mark.parametrize("least", [1e-4, 1e-9, 1e-12, 1e-20])
@pytest.mark.parametrize("place", [[0], [5], [0, 3], [0, 1]])
def test_one_store_may_know_far_more_than_the_rest(least, place):
    """Its weight, and that of its chain, are nearly the sum of all; the likelihood and its top lose no digit."""
    ybar, chain = np.array([1.0, 4.0, -3.0, 2.5, 7.0, 9.5]), np.array(list("AAABBC"))
    se = np.array([1.0, 1.0, 1.2, 0.8, 1.0, 1.1])
    se[place] = least
    for scales in ((0, 0), (0, 1), (1, 0), (1e-7, 0.5), (1, 1)):
        value = multilevel.three_level_log_likelihood(ybar, se, *scales, chain)
        assert value == pytest.approx(float(exact_log_likelihood(ybar, se, *scales, chain)), rel=1e-12)
    fit = multilevel.three_level_fit(ybar, se, chain)
    top = exact_log_likelihood(ybar, se, fit.tau_store, fit.tau_chain, chain)
    for store, above in ((1.001, 1), (0.999, 1), (1, 1.001), (1, 0.999)):
        beside = max(fit.tau_store, 1e-6) * store, max(fit.tau_chain, 1e-6) * above
        assert exact_log_likelihood(ybar, se, *beside, chain) < top
    assert fit.log_likelihood == pytest.approx(float(top), rel=1e-12)
    assert fit.se_mu == pytest.approx(fit.posterior(ybar, se, chain).mu.std(), rel=1e-9)
    assert fit.mu == pytest.approx(fit.posterior(ybar, se, chain).mu.mean(), rel=1e-9)


@pytest.mark.parametrize("method", ["reml", "moments"])
def test_every_unit_gives_the_same_three_levels(method):
    def in_unit(unit):
        fit = multilevel.three_level_fit(YBAR * unit, SE * unit, CHAIN, method)
        return [*(np.array([fit.mu, fit.tau_store, fit.tau_chain, fit.se_mu]) / unit), fit.log_likelihood]

    once = in_unit(1.0)
    for power in (*range(-100, 101, 25), -140, 140):
        *lengths, log_likelihood = in_unit(10.0**power)
        np.testing.assert_allclose(lengths, once[:-1], rtol=1e-11, atol=1e-11)
        assert log_likelihood + 5 * np.log(10.0**power) == pytest.approx(once[-1], rel=1e-11)


@pytest.mark.parametrize("method", ["reml", "moments"])
def test_memory_grows_with_the_stores_alone(method):
    """1e5 stores in 13,000 chains: an array of stores times chains would take 10 GB."""
    rng = np.random.default_rng(61)
    S, C = 100_000, 13_000
    chain, se = rng.integers(0, C, S), rng.uniform(0.5, 2, S)
    ybar = rng.normal(rng.normal(3, 1.0, C)[chain], np.hypot(0.7, se))
    tracemalloc.start()
    fit = multilevel.three_level_fit(ybar, se, chain, method)
    grid = multilevel.three_level_log_likelihood(ybar, se, np.linspace(0.5, 1, 40), 1.0, chain)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    assert abs(fit.mu - 3) < 6 * fit.se_mu
    assert abs(fit.tau_store - 0.7) < 0.1  # ten times its standard error
    assert abs(fit.tau_chain - 1.0) < 0.1
    assert method == "moments" or grid.max() <= fit.log_likelihood
