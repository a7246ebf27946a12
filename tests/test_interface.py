"""One interface: whatever hblib returns as a distribution keeps the same promises."""

import importlib
import sys
from dataclasses import is_dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import hblib
from hblib import beta_binomial, datasets, normal_normal, observations, priors, regression, repairs, three_level
from hblib.datasets import retailer
from hblib.distributions import Beta, Distribution, Normal, Point
from tests.chance import assert_follows, assert_near

SCHOOLS = datasets.eight_schools()
SURGERY = datasets.surgical()
ALIKE = np.array([30, 33, 28, 31, 35, 29, 27, 32]), np.full(8, 100)
Q = np.array([0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999])


def lines():
    """The posteriors of the lines of 18 people."""
    people = datasets.sleepstudy()
    design = np.c_[np.ones(180), people.day]
    b, V = regression.least_squares(people.y, design, people.group, sigma=30)
    return regression.matrix_shrinkage(b, V, b.mean(axis=0), [[600, 10], [10, 35]])


def all_distributions():
    """Name -> distribution, with a density everywhere."""
    means = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_t(4, 10))
    rates = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.half_t(6, 100))
    alike = beta_binomial.full_bayes(*ALIKE, priors.half_normal(2000))  # sizes so large that theta is all but mu
    fit = normal_normal.fit(SCHOOLS.ybar, SCHOOLS.se / 2)
    few = SURGERY.y[:4], SURGERY.n[:4]
    return {
        "Beta": beta_binomial.posterior([2, 15, 0], [20, 2000, 7], [[1.5], [5.0]], 95),
        "Beta of one": Beta(7.0, 113.0),
        "Normal": normal_normal.posterior(SCHOOLS.ybar, SCHOOLS.se, 8, 5),
        "Normal, plugged in": fit.posterior(SCHOOLS.ybar, SCHOOLS.se / 2),
        "Beta, plugged in": beta_binomial.fit(*few).posterior(*few),
        "means: mu": means.mu,
        "means: tau": means.tau,
        "means: log tau": means.tau.log(),
        "means: theta": means.theta,
        "means: new group": means.new_group,
        "rates: mu": rates.mu,
        "rates: size": rates.size,
        "rates: log size": rates.size.log(),
        "rates: theta": rates.theta[:2],
        "rates: new group": rates.new_group,
        "alike: mu": alike.mu,
        "alike: size": alike.size,
        "alike: theta": alike.theta[:2],
        "alike: new group": alike.new_group,
        "Morris": repairs.morris(SCHOOLS.ybar, SCHOOLS.se),
        "Laird and Louis": repairs.laird_louis(SCHOOLS.ybar, SCHOOLS.se / 9, draws=50, rng=1)[:4],
        "lines": lines(),
        "one line": lines()[4],
        "stores": three_level.posterior(SCHOOLS.ybar, SCHOOLS.se, 5.0, 8.0, list("AABBBCCC")).store,
        "prior": priors.half_t(7, 2).distribution(),
        "prior with an end": priors.uniform(3).distribution(),
    }


ALL = all_distributions()
POINTS = {
    "rates alike": beta_binomial.fit([2, 2, 2, 3], 20).posterior([2, 2, 2, 3], 20),
    "rates all or nothing": beta_binomial.fit([0, 5, 5], 5).posterior([0, 5, 5], 5),
    "means alike": normal_normal.fit([1.0, 1.1, 0.9], 1.0).posterior([1.0, 1.1, 0.9], 1.0),
}


def last(one):
    """The last distribution of an array."""
    return one[(-1,) * len(one.shape)] if one.shape else one


def column(values, one):
    """The values along a new first axis, so that they broadcast against the groups."""
    return np.reshape(values, (-1, *[1] * len(one.shape)))


def legendre(low, high, number=20, panels=6):
    """Gauss's nodes and weights on panels between two ends, along a new first axis."""
    x, w = np.polynomial.legendre.leggauss(number)
    edges = np.linspace(0, 1, panels + 1)
    share = (edges[:-1, None] + (1 + x) / 2 / panels).ravel()
    shape = (-1, *[1] * np.ndim(low))
    return low + (high - low) * share.reshape(shape), (high - low) * np.tile(w / 2 / panels, panels).reshape(shape)


@pytest.mark.parametrize("name", ALL)
def test_quantiles_undo_the_distribution_function(name):
    one, q = ALL[name], column(Q, ALL[name])
    np.testing.assert_allclose(one.cdf(one.ppf(q)), np.broadcast_to(q, (Q.size, *one.shape)), rtol=1e-8)
    np.testing.assert_allclose(one.sf(one.isf(q)), np.broadcast_to(q, (Q.size, *one.shape)), rtol=1e-8)
    np.testing.assert_allclose(one.ppf(q), one.isf(1 - q), rtol=1e-8, atol=1e-12)
    assert one.ppf(q).shape == (Q.size, *one.shape)


@pytest.mark.parametrize("name", ALL | POINTS)
def test_both_tails_add_up_to_1(name):
    one = (ALL | POINTS)[name]
    x = one.ppf(column([0.01, 0.4, 0.9], one))
    np.testing.assert_allclose(one.cdf(x) + one.sf(x), 1, rtol=1e-12)
    assert np.isnan([one.cdf(np.nan), one.sf(np.nan), one.logpdf(np.nan)]).all()


@pytest.mark.parametrize(
    "name", ["Beta of one", "Normal", "means: mu", "means: tau", "means: theta", "rates: mu", "rates: size", "prior"]
)
def test_a_far_upper_tail_keeps_its_digits(name):
    """1 - cdf would be rounding there."""
    np.testing.assert_allclose(ALL[name].sf(ALL[name].isf(1e-14)), 1e-14, rtol=1e-4)


@pytest.mark.parametrize("name", ALL | POINTS)
def test_the_interval_is_the_quantiles_at_both_ends(name):
    one = (ALL | POINTS)[name]
    for prob in (0.0, 0.5, 0.95, 1.0):
        low, high = one.interval(prob)
        np.testing.assert_allclose(low, one.ppf((1 - prob) / 2), rtol=1e-12)
        np.testing.assert_allclose(high, one.ppf((1 + prob) / 2), rtol=1e-8)
        assert np.shape(low) == np.shape(high) == one.shape
        assert np.all(low <= high)
    np.testing.assert_array_equal(one.median(), one.ppf(0.5))
    np.testing.assert_array_equal(np.stack(one.interval(1)), np.stack([one.ppf(0), one.isf(0)]))


@pytest.mark.parametrize("name", [name for name, one in (ALL | POINTS).items() if one.shape])
def test_shapes_that_do_not_fit_are_named(name):
    one = (ALL | POINTS)[name]
    wrong = np.full(one.shape[-1] + 1, 0.3)
    column = f"[:{', None' * len(one.shape)}]"
    for argument, methods in {"x": ("pdf", "logpdf", "cdf", "sf"), "q": ("ppf", "isf"), "prob": ("interval",)}.items():
        for method in methods:
            with pytest.raises(ValueError, match=rf"^{argument} has shape \(\d+,\), which does not fit the ") as caught:
                getattr(one, method)(wrong)
            assert str(caught.value).endswith(f"for every group write {argument}{column}")
    with pytest.raises(ValueError, match=r"^x has shape \(2, \d+\), which does not fit the [^;]*$"):
        one.cdf(np.stack([wrong, wrong]))
    assert one.cdf(wrong.reshape(-1, *[1] * len(one.shape))).shape == (*wrong.shape, *one.shape)


def test_a_normal_of_infinite_scale_has_a_median_and_two_halves():
    """What three_level.posterior gives without pooling."""
    flat = three_level.posterior([1, 2, 3], 1, np.inf, 1, list("aab")).mu
    assert flat.scale == np.inf
    assert (flat.median(), *flat.interval(0)) == (flat.mean(),) * 3
    assert (flat.interval(0.5), flat.interval(1)) == ((-np.inf, np.inf),) * 2
    assert flat.cdf([-np.inf, 0, 7, np.inf]).tolist() == [0, 0.5, 0.5, 1]
    assert flat.sf([-np.inf, 0, 7, np.inf]).tolist() == [1, 0.5, 0.5, 0]
    assert Normal([1.0, 2.0, 3.0], [0.0, 1.0, np.inf]).ppf(0.5).tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ALL)
def test_the_density_integrates_to_the_distribution_function(name):
    one = ALL[name]
    for low, high in ((0.025, 0.5), (0.5, 0.999)):
        ends = one.ppf(low), one.ppf(high)
        x, weight = legendre(*ends)
        np.testing.assert_allclose(np.sum(weight * one.pdf(x), axis=0), high - low, rtol=1e-7)
        np.testing.assert_allclose(np.exp(one.logpdf(x)), one.pdf(x), rtol=1e-14)


@pytest.mark.parametrize("name", ALL)
def test_the_moments_are_those_of_the_density(name):
    """In the middle 1 - 2e-10; what lies beyond adds less than the tolerance, as the tails fall fast enough."""
    one = ALL[name]
    ends = one.ppf(1e-10), one.isf(1e-10)
    parts = [legendre(ends[0], one.ppf(1e-3)), legendre(one.ppf(1e-3), one.isf(1e-3)), legendre(one.isf(1e-3), ends[1])]
    x, f = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    f = f * one.pdf(x)
    mean = np.sum(f * x, axis=0)
    scale = np.abs(one.mean()) + one.std()
    np.testing.assert_allclose(mean / scale, one.mean() / scale, atol=1e-6)
    np.testing.assert_allclose(np.sum(f * (x - mean) ** 2, axis=0), one.var(), rtol=1e-3)
    np.testing.assert_allclose(one.var(), one.std() ** 2, rtol=1e-14)


@pytest.mark.parametrize("name", ALL)
def test_draws_follow_the_distribution_function(name):
    one = ALL[name]
    draws = one.rvs(200, rng=20)
    assert draws.shape == (200, *one.shape)
    assert_follows(draws.reshape(200, -1)[:, -1], last(one).cdf, among=len(ALL))
    np.testing.assert_array_equal(draws, one.rvs(200, rng=np.random.default_rng(20)))
    assert one.rvs((2, 3), rng=1).shape == (2, 3, *one.shape)
    assert np.shape(one.rvs(rng=1)) == np.shape(one.rvs()) == one.shape


NO_ARGUMENT, ONE_ARGUMENT = ("mean", "std", "var", "median"), ("ppf", "isf", "interval", "pdf", "logpdf", "cdf", "sf")
METHODS = dict.fromkeys(NO_ARGUMENT, ()) | dict.fromkeys(ONE_ARGUMENT, (0.3,))


@pytest.mark.parametrize("name", [name for name, one in (ALL | POINTS).items() if one.shape])
def test_picking_groups_commutes_with_every_method(name):
    one = (ALL | POINTS)[name]
    assert len(one) == one.shape[0] == len(list(one))
    keys = [0, -1, slice(1, 3), [1, 0, 0], np.arange(len(one)) == 1, ..., None]
    for key in keys:
        part = one[key]
        assert type(part) is type(one) or name == "one line"  # whose coefficients are no vectors
        assert isinstance(part, Distribution)
        for method, arguments in METHODS.items():
            got, whole = getattr(part, method)(*arguments), getattr(one, method)(*arguments)
            expected = [end[key] for end in whole] if method == "interval" else whole[key]
            np.testing.assert_allclose(got, expected, rtol=1e-9, err_msg=f"{method} at {key}")
        assert part.shape == np.empty(one.shape)[key].shape
    with pytest.raises(IndexError):
        one[len(one)]


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if not one.shape])
def test_a_single_distribution_is_no_array(name):
    one = ALL[name]
    for call in (lambda: len(one), lambda: list(one)):
        with pytest.raises(TypeError, match="has no length"):
            call()
    with pytest.raises(IndexError, match="has no groups to pick"):
        one[0]
    assert all(np.ndim(value) == 0 for value in (one.mean(), one.std(), one.pdf(0.3), one.cdf(0.3), one.ppf(0.3)))


@pytest.mark.parametrize("name", ALL | POINTS)
def test_a_repr_is_one_short_line(name):
    one = (ALL | POINTS)[name]
    text = repr(one)
    assert len(text) < 90
    assert "\n" not in text
    assert type(one).__name__ in text


def test_all_points_are_distributions():
    """At the boundary all groups share one rate: a point, which is its own quantile and has all the mass."""
    one = POINTS["rates alike"]
    assert repr(one) == "Point of 4 groups: means 0.1125 to 0.1125, sds 0 to 0"
    np.testing.assert_allclose(one.interval(1), np.full((2, 4), 9 / 80), rtol=1e-12)
    assert one.std().tolist() == one.var().tolist() == [0] * 4
    assert one.cdf(0.2).tolist() == one.sf(0.1).tolist() == [1] * 4
    assert one.pdf(0.1).tolist() == [0] * 4
    assert np.isinf(one.pdf(one.mean())).all()
    np.testing.assert_array_equal(one.rvs(5, rng=1), np.tile(one.mean(), (5, 1)))
    assert POINTS["rates all or nothing"].mean().tolist() == [0, 1, 1]
    single = beta_binomial.fit([2, 2, 2, 3], 20).posterior(2, 20)
    assert (type(single), type(one), type(one[1]), single.shape, single.mean()) == (Point, Point, Point, (), 9 / 80)
    assert np.ndim(single.rvs()) == 0


@pytest.mark.parametrize("name", ["rates alike", "rates all or nothing"])
def test_a_point_says_why_it_has_no_alpha(name):
    for one in (POINTS[name], POINTS[name][0]):
        for parameter in ("alpha", "beta"):
            with pytest.raises(AttributeError, match=f"^a Point has no {parameter}: no finite alpha and beta give"):
                getattr(one, parameter)
        with pytest.raises(AttributeError, match=r"^a Point has no gamma$"):
            one.gamma  # noqa: B018


def test_a_picked_line_keeps_its_covariance_and_a_picked_coefficient_is_a_normal():
    post = lines()
    assert repr(post).startswith("Coefficients of 18 groups: means ")
    assert repr(post[3]).startswith("Coefficients of one group: means ")
    people = post[[3, 5]]
    np.testing.assert_array_equal(people.covariance, post.covariance[[3, 5]])
    np.testing.assert_array_equal(post[-1].weight, post.weight[-1])
    np.testing.assert_array_equal(post[None][0].covariance, post.covariance)
    for key in (np.s_[:, 1], np.s_[..., 0], np.s_[4, 1], np.s_[:2, ::-1], post.mean() > 100):
        assert type(post[key]) is Normal
        np.testing.assert_array_equal(post[key].std(), post.std()[key])


def test_draws_of_a_line_have_its_covariance():
    """20,000 draws, white if they are right: 54 sums within 4.5 standard deviations; a new seed fails by 4e-4."""
    post = lines()
    draws = post.rvs(20_000, rng=8)
    root = np.linalg.inv(np.linalg.cholesky(post.covariance))
    z = np.einsum("jkl,ijl->ijk", root, draws - post.mean())
    assert_near((z[..., 0] * z[..., 1]).mean(axis=0), 0, 1 / np.sqrt(20_000))
    assert_near((z**2).mean(axis=0), 1, np.sqrt(2 / 20_000))
    line = regression.matrix_shrinkage([[1.0, 2.0]], np.eye(2), [0, 0], [[1, 0], [0, 0]])  # one slope for all
    assert (line.rvs(5, rng=1)[..., 1] == 0).all()


# ---- full Bayes -------------------------------------------------------------------------------------------------

FULL = {
    "means": (normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_t(4, 10)), "tau"),
    "rates": (beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.half_t(6, 100)), "size"),
}


@pytest.mark.parametrize("family", FULL)
def test_full_bayes_has_a_summary_and_a_repr_of_five_lines(family):
    full, spread = FULL[family]
    assert len(repr(full).splitlines()) == 5
    names = [f"group {j}" for j in range(len(full.theta))]
    table = full.summary(prob=0.9, groups=names)
    assert list(table) == ["name", "mean", "sd", "low", "high"]
    assert {len(values) for values in table.values()} == {len(table["name"])}
    assert {type(name) for name in table["name"]} == {str}  # not NumPy's
    stamps = np.arange("2020-01", "2021-01", dtype="M8[M]").astype("M8[ns]")[: len(names)]
    assert full.summary(groups=stamps)["name"][-1] == stamps[-1]
    for wrong in ("A" * len(names), names[1:], [names]):  # a word is one name
        with pytest.raises(ValueError, match="groups must hold one name a group"):
            full.summary(groups=wrong)
    for name, one in {"mu": full.mu, spread: getattr(full, spread), "group 2": full.theta[2]}.items():
        at = table["name"].index(name)
        row = [table[key][at] for key in ("mean", "sd", "low", "high")]
        np.testing.assert_allclose(row, [one.mean(), one.std(), *one.interval(0.9)], rtol=1e-9)


@pytest.mark.parametrize("family", FULL)
def test_joint_draws_have_every_margin(family):
    """At most 57 means and shares within 4.5 standard deviations; a new seed fails by 57 x 6.8e-6 = 4e-4."""
    full, spread = FULL[family]
    draws = full.rvs(4000, rng=3)
    for values, one in (
        (draws.mu, full.mu),
        (getattr(draws, spread), getattr(full, spread)),
        (draws.theta, full.theta),
    ):
        assert values.shape == (4000, *one.shape)
        assert_near((values.mean(axis=0) - one.mean()) / one.std(), 0, 1 / np.sqrt(4000))
        for q in (0.1, 0.5, 0.9):
            assert_near(np.mean(values <= one.ppf(q), axis=0), q, np.sqrt(q * (1 - q) / 4000))
    weight, nodes = full.nodes.weight, full.nodes
    if family == "rates":
        exact = np.sum(weight * nodes.mu * np.log(nodes.size)), np.mean(draws.mu * np.log(draws.size))
        sd = np.std(draws.mu * np.log(draws.size))
    else:
        exact = np.sum(weight * nodes.mu_mean * np.log(nodes.tau)), np.mean(draws.mu * np.log(draws.tau))
        sd = np.std(draws.mu * np.log(draws.tau))
    assert_near(*exact, sd / np.sqrt(4000))


@pytest.mark.parametrize("family", FULL)
def test_draws_go_to_arviz(family):
    import arviz

    full, spread = FULL[family]
    names = [f"group {j}" for j in range(len(full.theta))]
    tree = full.to_datatree(draws=200, chains=2, rng=1, groups=names)
    posterior = tree["posterior"]
    assert dict(posterior.sizes) == {"chain": 2, "draw": 200, "group": len(names)}
    assert posterior["group"].values.tolist() == names
    np.testing.assert_array_equal(posterior["theta"].values, full.rvs((2, 200), rng=1).theta)
    table = arviz.summary(tree, var_names=["mu", spread, "theta"])
    assert len(table) == 2 + len(names)
    one = full.theta.to_datatree(draws=50, rng=1, groups=names, name="rate")["posterior"]["rate"]
    assert one.dims == ("chain", "draw", "group")
    assert full.mu.to_datatree(draws=50, rng=1, name="mu")["posterior"]["mu"].dims == ("chain", "draw")
    with pytest.raises(ValueError, match="groups must hold one name a group"):
        full.to_datatree(rng=1, groups=["A"])


def test_without_xarray(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match="pip install xarray"):
        normal_normal.posterior([3.0, 5.0], 1.0, 4.0, 2.0).to_datatree(rng=1)


# ---- the two families side by side ------------------------------------------------------------------------------


def test_equal_rows_may_be_counted_in_both_families():
    ybar, se, counts = np.array([1.0, 4.0, 2.0]), np.array([1.0, 2.0, 1.0]), np.array([3, 1, 2])
    every = np.repeat(ybar, counts), np.repeat(se, counts)
    few = normal_normal.full_bayes(ybar, se, priors.half_cauchy(2), mu_prior=(0, 5), counts=counts)
    whole = normal_normal.full_bayes(*every, priors.half_cauchy(2), mu_prior=(0, 5))
    assert few.log_evidence == pytest.approx(whole.log_evidence, abs=1e-11)
    np.testing.assert_allclose(few.theta.mean(), whole.theta.mean()[[0, 3, 4]], rtol=1e-11)
    np.testing.assert_allclose(few.tau.ppf(Q), whole.tau.ppf(Q), rtol=1e-10)
    tau = np.array([0.0, 0.5, 3.0])
    for method in ("ml", "reml"):
        got = normal_normal.profile(ybar, se, tau, method, counts=counts)
        np.testing.assert_allclose(got, normal_normal.profile(*every, tau, method), rtol=1e-12)
    y, n, phi = np.array([1, 5, 0]), np.array([10, 12, 7]), np.array([[0.0, 0.01], [0.3, 20.0]])
    got = beta_binomial.profile(y, n, phi, counts=counts)
    np.testing.assert_allclose(got, beta_binomial.profile(np.repeat(y, counts), np.repeat(n, counts), phi), rtol=1e-12)
    unused = normal_normal.full_bayes([1.0, 9.0, 4.0], 1.0, priors.half_cauchy(2), mu_prior=(0, 5), counts=[2, 0, 1])
    assert unused.theta.shape == (3,)
    assert unused.theta[1].mean() < 9  # a row that stands for no group is still asked about


def test_the_profile_of_phi_is_the_best_of_each():
    """By SciPy's search for mu at each phi, in the log likelihood that was tested elsewhere; its peak is the fit's."""
    from scipy import optimize

    y, n = SURGERY.y, SURGERY.n
    for phi in (1e-4, 1e-2, 0.5, 30.0):

        def lost(mu, phi=phi):
            return -beta_binomial.log_marginal(y, n, mu / phi, (1 - mu) / phi)

        best = -optimize.minimize_scalar(lost, bounds=(1e-3, 0.7), method="bounded", options={"xatol": 1e-9}).fun
        assert beta_binomial.profile(y, n, phi) == pytest.approx(best, rel=1e-9)
    fit = beta_binomial.fit(y, n)
    assert beta_binomial.profile(y, n, fit.phi) == pytest.approx(fit.log_likelihood, rel=1e-12)
    assert (beta_binomial.profile(y, n, fit.phi * np.array([0.9, 1.1])) < fit.log_likelihood).all()
    pooled = stats.binom(n, y.sum() / n.sum()).logpmf(y).sum()
    assert beta_binomial.profile(y, n, 0) == pytest.approx(pooled, rel=1e-12)
    assert beta_binomial.profile([0, 0], [5, 3], [0, 0.1, 3]).tolist() == [0, 0, 0]  # mu = 0 makes them certain
    assert beta_binomial.profile([5, 3], [5, 3], [0, 0.1]).tolist() == [0, 0]
    assert beta_binomial.profile([0], [0], 0.1) == 0
    with pytest.raises(ValueError, match="phi must be at least 0"):
        beta_binomial.profile(y, n, -1)


def test_posterior_means_are_written_into_an_array_in_both_families():
    ybar, se = np.append(SCHOOLS.ybar, np.nan), np.append(SCHOOLS.se, np.inf)
    out = np.empty(9)
    got = normal_normal.posterior_mean(ybar, se, 8, 5, out=out)
    assert got is out
    np.testing.assert_allclose(out, normal_normal.posterior(ybar, se, 8, 5).mean(), rtol=1e-14)
    many = np.linspace(-3, 3, 100_001)
    np.testing.assert_allclose(normal_normal.posterior_mean(many, 1.0, 1, 1), (many + 1) / 2, rtol=1e-12, atol=1e-12)
    for wrong in (np.empty(3), np.empty(9, dtype=int), [0.0] * 9):
        with pytest.raises(ValueError, match="out must be a float array of shape"):
            normal_normal.posterior_mean(ybar, se, 8, 5, out=wrong)


@pytest.mark.parametrize("posterior_mean", [beta_binomial.posterior_mean, normal_normal.posterior_mean])
@pytest.mark.parametrize("mine", [0, 1])
def test_posterior_means_are_written_over_the_data_themselves(posterior_mean, mine):
    """In place of either argument, or of a part that overlaps with it: more rows than are written at once."""
    rng, rows = np.random.default_rng(3), 40_000
    n = rng.integers(1, 1000, rows + 5).astype(float)
    data = [rng.integers(0, n + 1).astype(float), n]
    expected = posterior_mean(*(each[:rows] for each in data), 5, 95)
    for first in (0, 1, 5):
        given = [each.copy() for each in data]
        out = given[mine][first : first + rows]
        assert posterior_mean(*(each[:rows] for each in given), 5, 95, out=out) is out
        assert out.tolist() == expected.tolist()
    backwards = [each[:rows].copy() for each in data]
    got = posterior_mean(*backwards, 5, 95, out=backwards[mine][::-1])
    assert got.tolist() == expected.tolist()


def test_one_number_for_all_rows_may_be_one_of_those_written_over():
    out = np.full(40_000, 4.0)
    got = beta_binomial.posterior_mean(np.full(40_000, 2.0), out[7], 5, 95, out=out)
    assert set(got) == {7 / 104}
    se = np.full(40_000, 2.0)
    assert set(normal_normal.posterior_mean(np.full(40_000, 10.0), se[7:8], 8, 2, out=se)) == {9.0}


def test_a_fit_has_a_size_a_summary_and_a_standard_error_of_mu():
    rats = datasets.rat_tumors()
    for method in ("ml", "moments"):
        fit = beta_binomial.fit(rats.y, rats.n, method)
        assert fit.size == pytest.approx(fit.alpha + fit.beta, rel=1e-12)
        assert fit.summary()["se"][0] == fit.se_mu > 0
    assert beta_binomial.fit([2, 2, 2, 3], 20).size == np.inf
    assert beta_binomial.fit([0, 5, 5], 5).size == 0
    for method in ("ml", "reml", "moments", "dersimonian-laird", "paule-mandel"):
        assert normal_normal.fit(SCHOOLS.ybar, SCHOOLS.se / 3, method).summary()["se"][0] > 0
    three = observations.fit([1.0, 3.0, 4.0, 6.0], ["a", "a", "b", "b"]).summary()
    assert three["name"] == ["mu", "tau", "sigma"]


def test_fits_of_more_levels_have_the_same_summary():
    chains = three_level.fit(SCHOOLS.ybar, SCHOOLS.se / 3, list("AABBCCDD"))
    table = chains.summary()
    assert table["name"] == ["mu", "tau_store", "tau_chain"]
    assert table["estimate"] == [chains.mu, chains.tau_store, chains.tau_chain]
    np.testing.assert_array_equal(table["se"], [chains.se_mu, np.nan, np.nan])
    people = datasets.sleepstudy()
    columns = np.c_[np.ones(len(people.y)), people.day]
    lines = regression.fit(people.y, columns, columns, people.group)
    table = lines.summary()
    assert table["name"] == ["beta[0]", "beta[1]", "sd[0]", "sd[1]", "correlation[1, 0]", "sigma"]
    assert table["estimate"] == [*lines.beta, *lines.sd, lines.correlation[1, 0], lines.sigma]
    np.testing.assert_array_equal(table["se"], [*lines.se_beta, *[np.nan] * 4])
    assert {type(value) for column in table.values() for value in column} == {str, float}  # not NumPy's


def test_every_fit_of_the_package_has_a_summary():
    """As help(hblib) says."""
    modules = (importlib.import_module(f"hblib.{name}") for name in hblib.__all__)
    fits = {module.Fit for module in modules if hasattr(module, "Fit")}
    assert len(fits) == 6
    assert all(callable(fit.summary) for fit in fits)


def test_the_standard_error_of_the_pooled_rate_is_its_standard_deviation():
    """4,000 data sets at the estimate: the sd of the pooled rate is known to 1.1 %, so that 5 % is 4.5 sigma."""
    n = np.array([5, 9, 14, 20, 30, 44])
    fit = beta_binomial.fit([1, 2, 8, 3, 15, 9], n, "moments")
    rng = np.random.default_rng(5)
    y = rng.binomial(n, rng.beta(fit.alpha, fit.beta, (4000, 6)))
    assert (y.sum(axis=1) / n.sum()).std() == pytest.approx(fit.se_mu, rel=0.05)
    assert beta_binomial.fit([0, 5, 5], 5).se_mu == pytest.approx(np.sqrt(2 / 9 / 3))
    assert np.isnan(beta_binomial.fit([0, 0], 5, "moments").se_mu)


# ---- priors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prior", "scipys"),
    [
        (priors.half_normal(2.5), stats.halfnorm(scale=2.5)),
        (priors.half_cauchy(5), stats.halfcauchy(scale=5)),
        (priors.exponential(7), stats.expon(scale=7)),
        (priors.uniform(3), stats.uniform(0, 3)),
        (priors.pareto(2.5, 4), stats.pareto(2.5, scale=4)),
        (priors.as_prior(stats.gamma(3)), stats.gamma(3)),
        (priors.as_prior(stats.uniform(2, 5)), stats.uniform(2, 5)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_prior_is_a_distribution(prior, scipys):
    one = prior.distribution()
    np.testing.assert_allclose(one.ppf(Q), scipys.ppf(Q), rtol=1e-9)
    np.testing.assert_allclose(one.sf(scipys.isf(1e-6)), 1e-6, rtol=1e-6)
    np.testing.assert_allclose(one.pdf(scipys.ppf(Q)), scipys.pdf(scipys.ppf(Q)), rtol=1e-9)
    np.testing.assert_allclose(one.interval(1), scipys.interval(1), rtol=1e-12)
    if np.isfinite(scipys.mean()):
        np.testing.assert_allclose([one.mean(), one.std()], [scipys.mean(), scipys.std()], rtol=1e-9)
    else:
        assert np.isnan(one.mean())


@pytest.mark.parametrize(
    ("prior", "shown"),
    [
        (priors.half_normal(10), "half_normal(10)"),
        (priors.half_t(4, 1 / 3), f"half_t(4, {1 / 3})"),
        (priors.uniform(), "uniform()"),
        (priors.uniform(2.5), "uniform(2.5)"),
        (priors.power(-1.5), "power(-1.5)"),
        (priors.Prior("triangle", lambda x: np.log(2 - 2 * x), upper=1), "<Prior 'triangle' on 0 to 1>"),
        (priors.as_prior(stats.halfnorm(scale=3)), '<Prior "SciPy\'s halfnorm" on 0 to inf>'),
    ],
)
def test_a_prior_is_shown_as_one_writes_it(prior, shown):
    assert repr(prior) == shown
    if prior.family:
        assert eval(shown, vars(priors)).parameters == prior.parameters


@pytest.mark.parametrize(
    "prior",
    [
        priors.half_normal(2),
        priors.half_cauchy(2),
        priors.half_t(4, 2),
        priors.exponential(2),
        priors.uniform(2),
        priors.uniform(),
    ],
    ids=repr,
)
def test_in_pymc_a_prior_has_the_same_density(prior):
    """At a scale other than 1: a scale is easily taken for a rate, and df for the scale."""
    import pymc as pm

    x = np.array([0.2, 0.7, 1.9])
    with pm.Model():
        there = pm.logp(priors.to_pymc("tau", prior), x).eval(mode="FAST_COMPILE")
    constant = 0 if prior.proper else there[0] - prior.log_density(x[0])
    np.testing.assert_allclose(there, prior.log_density(x) + constant, rtol=0, atol=1e-6)  # some constants are float32


def test_a_changed_prior_is_no_longer_what_its_function_made():
    changed = replace(priors.half_normal(2), upper=3.0)
    assert (changed.family, changed.parameters, repr(changed)) == ("", {}, "<Prior 'half-normal(2)' on 0 to 3>")
    with pytest.raises(ValueError, match=r"prior must be one of .* that PyMC has"):
        priors.to_pymc("tau", changed)


def test_an_improper_prior_is_no_distribution():
    for prior in (priors.uniform(), priors.power(-1)):
        with pytest.raises(ValueError, match="has no finite integral"):
            prior.distribution()


@pytest.mark.parametrize(
    "prior", [priors.inverse_gamma_on_variance(0.001, 0.001), priors.half_t(0.01, 1), priors.pareto(0.01, 1)]
)
def test_of_a_proper_prior_with_too_long_a_tail_the_truth_is_said(prior):
    with pytest.raises(ValueError, match=r"cannot be integrated numerically: .* too slowly towards infinity"):
        prior.distribution()


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((3, 2), "upper must be greater than 3, but upper = 2"),
        ((2, 2), "upper must be greater than 2"),
        ((-1, 2), "lower must be at least 0"),
        ((np.inf, np.inf), "lower must be finite"),
        ((0, np.nan), r"upper must not be missing \(NaN\)"),
        (("a", 2), "lower must hold numbers"),
    ],
)
def test_a_prior_names_the_end_that_is_wrong(ends, words):
    with pytest.raises(ValueError, match=words):
        priors.Prior("mine", lambda x: -x, *ends)


@pytest.mark.parametrize(
    "names",
    [[("a", 1), ("a", 2), ("b", 1)], (("a", 1), "a", 2), [1, "a", 2.5], ["a", "b", "c"], [3, 1, 2]],
    ids=str,
)
def test_names_of_groups_stay_as_they_are(names):
    full = normal_normal.full_bayes([1, 2, 5], [1, 2, 1], priors.half_normal(3))
    shown = full.summary(groups=names)["name"][3:]
    assert shown == list(names)
    assert list(map(type, shown)) == list(map(type, names))
    assert full.to_datatree(2, 1, 1, groups=names).posterior.group.values.tolist() == list(names)


@pytest.mark.parametrize(
    "names",
    [[["a"], ["b"], ["c"]], pd.DataFrame({"g": list("abc")}), "abc", [1, 2]],
    ids=["lists", "a table", "a word", "two"],
)
def test_what_are_no_names_of_groups_is_refused_everywhere(names):
    full = normal_normal.full_bayes([1, 2, 5], [1, 2, 1], priors.half_normal(3))
    for call in (full.summary, lambda groups: full.to_datatree(2, 1, 1, groups=groups)):
        with pytest.raises(ValueError, match="groups must hold one name a group, 3, but has"):
            call(groups=names)


@pytest.mark.parametrize(
    "make",
    [
        lambda: beta_binomial.fit([1, 3, 0, 9], 20),
        lambda: normal_normal.fit([1, 2, 9], 1),
        lambda: priors.half_normal(2),
        lambda: regression.fit([1, 3, 5, 7, 12, 14], np.ones((6, 1)), np.ones((6, 1)), list("aabbcc")),
    ],
    ids=["beta_binomial", "normal_normal", "prior", "regression"],
)
def test_what_is_estimated_is_itself_alone_and_can_be_a_key(make):
    """Of arrays and of what is not known (nan) no two are equal."""
    one = make()
    assert one in {one: 1}
    assert one == one
    assert one != make()


def test_what_is_returned_compares_by_identity_and_has_a_hash():
    """Values would be compared array by array, and nan is not even equal to itself."""
    modules = [importlib.import_module(f"hblib.{name}") for name in hblib.__all__]
    things = {thing for module in [*modules, retailer] for thing in vars(module).values() if isinstance(thing, type)}
    returned = [thing for thing in things if is_dataclass(thing) and thing.__module__.startswith("hblib.")]
    assert {normal_normal.Fit, priors.Prior, regression.Fit, retailer.Panel} <= set(returned)
    for thing in returned:
        if "_numerics" not in thing.__module__:
            assert (thing.__eq__, thing.__hash__) == (object.__eq__, object.__hash__), thing
