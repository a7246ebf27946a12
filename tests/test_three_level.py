"""three_level against linear algebra on the whole Gaussian model, dense searches and simulation."""

import itertools
import tracemalloc

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hblib import datasets, normal_normal, three_level
from tests.chance import assert_near

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
    result = three_level.posterior(ybar, se, tau_store, tau_chain, chain)
    for got, (mean, sd) in zip(parts(result), joint(ybar, se, tau_store, tau_chain, chain), strict=True):
        np.testing.assert_allclose(got.mean(), mean, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(got.std(), sd, rtol=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(finite, scale, st.integers(0, 3)), min_size=1, max_size=8), scale, scale)
def test_the_three_weights_give_the_mean(rows, tau_store, tau_chain):
    ybar, se, chain = (np.array(column) for column in zip(*rows, strict=True))
    weights = three_level.shrinkage(se, tau_store, tau_chain, chain)
    result = three_level.posterior(ybar, se, tau_store, tau_chain, chain)
    estimate = result.chain_estimate[np.searchsorted(result.labels, chain)]
    mean = weights.store * ybar + weights.chain * estimate + weights.company * result.mu.mean()
    np.testing.assert_allclose(result.store.mean(), mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(weights.store + weights.chain + weights.company, 1, rtol=1e-12)


def test_a_store_and_a_chain_without_data():
    ybar = np.where(np.isinf(MISSING), np.nan, YBAR)
    result = three_level.posterior(ybar, MISSING, 2.0, 3.0, CHAIN)
    for got, (mean, sd) in zip(parts(result), joint(YBAR, MISSING, 2.0, 3.0, CHAIN), strict=True):
        np.testing.assert_allclose(got.mean(), mean, rtol=1e-10)
        np.testing.assert_allclose(got.std(), sd, rtol=1e-10)
    assert result.labels.tolist() == ["A", "B", "C"]
    assert np.isnan(result.chain_estimate[2])
    assert result.store.mean()[1] == result.new_store.mean()[0]
    assert result.store.mean()[3] == result.mu.mean() == result.new_chain.mean()
    assert result.store.std()[3] == pytest.approx(result.new_chain.std())
    weights = three_level.shrinkage(MISSING, 2.0, 3.0, CHAIN)
    assert (weights.store[1], weights.store[3], weights.chain[3], weights.company[3]) == (0, 0, 0, 1)


@pytest.mark.parametrize(("tau_store", "tau_chain"), [(0, 3), (2, 0), (0, 0), (np.inf, 3), (np.inf, 0), (2, np.inf)])
def test_the_limits_of_both_taus_are_exact(tau_store, tau_chain):
    near = {0: 1e-6, np.inf: 1e6}
    exact = three_level.posterior(YBAR, SE, tau_store, tau_chain, CHAIN)
    close = three_level.posterior(YBAR, SE, near.get(tau_store, tau_store), near.get(tau_chain, tau_chain), CHAIN)
    for got, expected in zip(parts(exact), parts(close), strict=True):
        np.testing.assert_allclose(got.mean(), expected.mean(), rtol=1e-9)
        sd = np.where(np.isinf(got.std()), np.inf, expected.std())  # at 1e6 a flat posterior is wide, not infinite
        np.testing.assert_allclose(got.std(), sd, rtol=1e-9, atol=2e-6)
        assert (np.isfinite(got.std()) | (expected.std() > 1e5)).all()
    weights = three_level.shrinkage(SE, tau_store, tau_chain, CHAIN)
    if tau_store == 0:
        np.testing.assert_array_equal(weights.store, 0)
    if tau_store == np.inf:
        np.testing.assert_array_equal([weights.store, exact.store.mean(), exact.store.std()], [np.ones(6), YBAR, SE])
    if tau_chain in (0, np.inf) and tau_store != np.inf:
        np.testing.assert_array_equal(weights.chain if tau_chain == 0 else weights.company, 0)


def test_one_level_is_the_special_case():
    """tau_chain = 0, or every store a chain of its own with tau_store = 0, is the Normal-Normal model."""
    w = 1 / (SE**2 + 4)
    mu = np.sum(w * YBAR) / w.sum()
    expected = normal_normal.posterior(YBAR, SE, mu, 2).mean()
    np.testing.assert_allclose(three_level.posterior(YBAR, SE, 2, 0, CHAIN).store.mean(), expected)
    alone = three_level.posterior(YBAR, SE, 0, 2, np.arange(6))
    np.testing.assert_allclose(alone.store.mean(), expected)
    np.testing.assert_allclose(alone.chain.std(), alone.store.std())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: three_level.posterior([1], [-1], 1, 1, [0]), r"se must be at least 0, but se\[0\] = -1"),
        (lambda: three_level.posterior([np.nan], [1], 1, 1, [0]), r"ybar must not be missing"),
        (lambda: three_level.posterior([1, 2], [1, 2], 1, 1, [0, 0, 1]), r"se \(2,\) and chain \(3,\)"),
        (lambda: three_level.shrinkage([1], [1], 1, [0]), r"tau_store must be one number"),
        (lambda: three_level.shrinkage([1], 1, -1, [0]), r"tau_chain must be at least 0"),
        (lambda: three_level.shrinkage([0], 0, 1, [0]), r"se and tau_store are both 0"),
        (lambda: three_level.shrinkage([1, np.inf], np.inf, 1, [0, 0]), r"or both infinite"),
        (lambda: three_level.shrinkage([1], np.inf, np.inf, [0]), r"tau_store and tau_chain are both inf"),
        (lambda: three_level.shrinkage([1, np.inf], 1, np.inf, ["a", "b"]), r"chain b has no data"),
        (lambda: three_level.shrinkage([np.inf], 1, 1, [0]), r"finite for at least one store"),
        (lambda: three_level.shrinkage([], 1, 1, []), r"must hold at least one group"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


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
        got = three_level.log_marginal(ybar, se, *scales, chain)
        assert got == pytest.approx(restricted(ybar, se, *scales, chain), rel=1e-7, abs=1e-7)


def test_a_grid_of_scales_takes_one_call():
    grid = np.array([0.0, 0.5, 2.0])
    table = three_level.log_marginal(YBAR, SE, grid[:, None], grid, CHAIN)
    assert table.shape == (3, 3)
    for (i, a), (j, b) in itertools.product(enumerate(grid), enumerate(grid)):
        assert table[i, j] == pytest.approx(restricted(YBAR, SE, a, b, CHAIN))
    alone = three_level.log_marginal(YBAR, MISSING, 1.0, 2.0, CHAIN)
    seen = np.isfinite(MISSING)
    assert alone == pytest.approx(restricted(YBAR[seen], MISSING[seen], 1.0, 2.0, CHAIN[seen]))


@pytest.mark.parametrize("seed", range(12))
def test_no_scales_are_likelier_than_the_fit(seed):
    rng = np.random.default_rng(seed)
    chain = np.repeat(np.arange(5), rng.integers(1, 7, 5) + 1)
    se = rng.uniform(0.3, 2, chain.size)
    true = [(0, 0), (0, 1), (1, 0), (1, 1), (0.2, 3), (3, 0.2)][seed % 6]
    ybar = 100 + rng.normal(0, true[1], 5)[chain] + rng.normal(0, np.hypot(true[0], se))
    fit = three_level.fit(ybar, se, chain)
    grid = np.append(0, np.geomspace(1e-3, 20, 300))
    table = three_level.log_marginal(ybar, se, grid[:, None], grid, chain)
    assert fit.log_likelihood >= table.max() - 1e-10
    assert fit.mu == pytest.approx(fit.posterior(ybar, se, chain).mu.mean(), abs=1e-9)
    for step in (0.999, 1.001):  # a maximum to within rounding
        for a, b in ((step, 1), (1, step)):
            near = three_level.log_marginal(ybar, se, a * fit.tau_store, b * fit.tau_chain, chain)
            assert near <= fit.log_likelihood + 1e-10
    shifted = three_level.fit(10 * ybar, 10 * se, chain)  # another unit
    assert [shifted.tau_store, shifted.tau_chain] == pytest.approx([10 * fit.tau_store, 10 * fit.tau_chain], abs=1e-6)


def test_balanced_moments_are_reml_and_unbiased():
    rng = np.random.default_rng(9)
    chain, agree, squares = np.repeat(np.arange(6), 12), 0, []
    for _ in range(300):
        ybar = rng.normal(0, 1.5, 6)[chain] + rng.normal(0, np.hypot(1.0, 0.5), 72)
        moments = three_level.fit(ybar, 0.5, chain, "moments")
        squares.append([moments.tau_store**2, moments.tau_chain**2])
        if agree < 10 and moments.tau_store and moments.tau_chain:
            reml = three_level.fit(ybar, 0.5, chain)
            assert [reml.tau_store, reml.tau_chain] == pytest.approx([moments.tau_store, moments.tau_chain], rel=1e-8)
            agree += 1
    squares = np.array(squares)  # at these scales an estimate is hardly ever 0, so that its mean is the truth
    assert_near(squares.mean(axis=0), [1, 2.25], squares.std(axis=0) / np.sqrt(300))


def test_unbalanced_moments_are_unbiased():
    rng = np.random.default_rng(10)
    chain = np.repeat(np.arange(8), [2, 9, 4, 3, 6, 2, 5, 7])
    se = rng.uniform(0.1, 1.0, chain.size)
    phi = rng.normal(0, 2, (2000, 8))[:, chain]
    draws = phi + rng.normal(0, np.hypot(1.5, se), (2000, chain.size))
    fits = [three_level.fit(y, se, chain, "moments") for y in draws]
    squares = np.array([[fit.tau_store**2, fit.tau_chain**2] for fit in fits])
    assert_near(squares.mean(axis=0), [2.25, 4], squares.std(axis=0) / np.sqrt(2000))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: three_level.fit([1, 2], 1, [0, 0]), "chain: two chains with data"),
        (lambda: three_level.fit([1, 2], 1, [0, 1]), "and one with two stores"),
        (lambda: three_level.fit([1, 2, 3], [1, 1, np.inf], [0, 0, 1]), "chain: two chains with data"),
        (lambda: three_level.fit([1, 2, 3], 0, [0, 0, 1]), "se must be greater than 0"),
        (lambda: three_level.fit([1, 2, 3], 1, [0, 0, 1], "ml"), "method must be one of 'reml', 'moments'"),
        (lambda: three_level.fit([1, np.nan, 3], 1, [0, 0, 1]), "ybar must not be missing"),
        (lambda: three_level.log_marginal([1, 2], 1, -1, 1, [0, 1]), "tau_store must be at least 0"),
        (lambda: three_level.log_marginal([1, 2], np.inf, 1, 1, [0, 1]), "finite for at least one store"),
        (lambda: three_level.log_marginal([1, 2], 1, [1, 2], [1, 2, 3], [0, 1]), "do not fit together"),
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
        value = three_level.log_marginal(ybar, se, *scales, chain)
        assert value == pytest.approx(float(exact_log_likelihood(ybar, se, *scales, chain)), rel=1e-12)
    fit = three_level.fit(ybar, se, chain)
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
        fit = three_level.fit(YBAR * unit, SE * unit, CHAIN, method)
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
    fit = three_level.fit(ybar, se, chain, method)
    grid = three_level.log_marginal(ybar, se, np.linspace(0.5, 1, 40), 1.0, chain)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    assert abs(fit.mu - 3) < 6 * fit.se_mu
    assert abs(fit.tau_store - 0.7) < 0.1  # ten times its standard error
    assert abs(fit.tau_chain - 1.0) < 0.1
    assert method == "moments" or grid.max() <= fit.log_likelihood
