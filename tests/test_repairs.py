"""repairs against simulation, brute force, hand computation and full Bayes on a grid."""

import re

import numpy as np
import pytest
from scipy import optimize, stats

from hblib import beta_binomial, datasets, normal_normal, repairs
from hblib.distributions import Beta, Normal
from tests.chance import assert_near

SCHOOLS = datasets.eight_schools()
HARD = {"ybar": np.array([4.8, 5.1, 4.9, 5.0, 6.2]), "se": 1 / np.sqrt(5)}
UNEQUAL = {"ybar": np.array([1.0, 4.0, -3.0, 8.0, 2.0, 12.0]), "se": np.array([1.0, 2.0, 1.5, 1.0, 3.0, 2.5])}
RATES = {"y": [1, 3, 0, 9], "n": [20, 25, 15, 20]}


def seeded(seed=1):
    return np.random.default_rng(seed)


def bootstrapped(ybar, se, draws=500, seed=1, method="reml"):
    return repairs.laird_louis(ybar, se, draws, seeded(seed), method)


NORMAL_REPAIRS = [repairs.morris, repairs.kass_steffey, bootstrapped]


def simulate(replicates, groups, tau, rng, se=1.0):
    theta = rng.normal(0, tau, (replicates, groups))
    return theta, rng.normal(theta, se)


def coverage(theta, low, high):
    """The share of theta inside, averaged over groups, and its standard error from the replicates."""
    inside = ((low <= theta) & (theta <= high)).mean(axis=1)
    return inside.mean(), inside.std() / np.sqrt(inside.size)


def covered_by(repair, theta, ybar, se=1.0):
    intervals = np.array([repair(row, se).interval(0.95) for row in ybar])
    return coverage(theta, intervals[:, 0], intervals[:, 1])


def plugged_coverage(theta, ybar, method):
    """Of the plugged-in interval; `_refit` is `normal_normal.fit` for all replicates at once (tested below)."""
    mu, tau = repairs._refit(ybar, np.ones(ybar.shape[1]), method)
    return coverage(theta, *normal_normal.posterior(ybar, 1.0, mu[:, None], tau[:, None]).interval(0.95))


# The known table belongs to the moments, which with equal se are REML. Maximum likelihood, whose tau is smaller, covers
# less: with 8 groups 42, 66 and 88 %.
@pytest.mark.parametrize(
    ("groups", "tau", "reml", "ml"),
    [(8, 0.5, 51, 42), (8, 1, 73, 66), (8, 2, 90, 88), (20, 0.5, 63, 57), (20, 1, 86, 84), (20, 2, 94, 94)],
)
def test_the_plugged_in_interval_covers_as_little_as_the_table_says(groups, tau, reml, ml):
    theta, ybar = simulate(6000, groups, tau, seeded(groups + int(10 * tau)))
    for method, expected in (("reml", reml), ("ml", ml)):
        share, error = plugged_coverage(theta, ybar, method)
        assert abs(100 * share - expected) < 1 + 400 * error  # the table is rounded to whole per cent


def test_the_table_in_the_docstring_is_what_was_computed():
    rows = dict(re.findall(r"^(plugged in|`\w+`) +((?:\d+ +){5}\d+)$", repairs.__doc__, re.MULTILINE))
    settings = [(groups, ratio) for groups in (8, 20) for ratio in (0.5, 1, 2)]
    for row, method in (("plugged in", "reml"), ("`morris`", "morris")):
        exact = [round(100 * repairs.exact_coverage(*setting, method)) for setting in settings]
        assert [*map(int, rows.pop(row).split())] == exact
    simulated = datasets.coverage()
    for row, method in (("`kass_steffey`", "kass-steffey"), ("`laird_louis`", "laird-louis")):
        shares = [round(100 * simulated.find("normal", *setting, method)[0]) for setting in settings]
        assert [*map(int, rows.pop(row).split())] == shares
    assert not rows
    shown = (simulated.model == "normal") & np.isin(simulated.groups, [8, 20])
    assert simulated.replicates[shown].min() >= 20_000


@pytest.mark.parametrize("groups", [8, 20])
@pytest.mark.parametrize("tau", [0.5, 1, 2])
def test_morris_covers(groups, tau):
    share, error = covered_by(repairs.morris, *simulate(700, groups, tau, seeded(3)))
    assert_near(share, 0.9525, error, 0.0275)  # between 0.925 and 0.98


def test_morris_covers_with_unequal_errors():
    se = np.geomspace(0.4, 2.5, 8)
    theta, ybar = simulate(1000, 8, 1.0, seeded(4), se)
    intervals = np.array([repairs.morris(row, se).interval(0.95) for row in ybar])
    inside = ((intervals[:, 0] <= theta) & (theta <= intervals[:, 1])).mean(axis=0)
    assert (inside > 0.91).all()  # each group, the precise and the vague ones
    assert abs(inside.mean() - 0.95) < 0.03


def test_laird_louis_covers_more_than_the_plugged_in_interval():
    for tau, plugged, known in ((0.5, 0.52, 0.953), (1, 0.73, 0.922)):
        theta, ybar = simulate(250, 8, tau, seeded(5))
        share, error = covered_by(lambda row, se: bootstrapped(row, se, draws=150), theta, ybar)
        assert share > plugged + 0.1
        assert_near(share, known, error, 0.01)  # `known`: 1000 other replicates


def test_the_simulation_error_of_the_bootstraps_ends_is_small_unless_few_groups_lie_far_apart():
    """In lengths of the interval, from a hundred seeds."""

    def largest(ybar, se):
        ends = np.array([repairs.laird_louis(ybar, se, 1000, seed).interval() for seed in range(100)])
        return (ends.std(axis=0, ddof=1) / (ends[:, 1] - ends[:, 0]).mean(axis=0)).max()

    assert 0.01 < largest(**HARD) < 0.02
    assert largest([0.0, 30.0], 1.0) > 0.1


def test_kass_steffey_covers_where_it_answers():
    theta, ybar = simulate(300, 8, 2, seeded(6))
    inside = repairs._refit(ybar, np.ones(8), "reml")[1] > 0
    assert inside.mean() > 0.95
    share, error = covered_by(repairs.kass_steffey, theta[inside], ybar[inside])
    assert_near(share, 0.936, error, 0.01)  # 1000 other replicates


def test_the_bootstrap_of_the_beta_binomial_covers():
    rng = seeded(7)
    theta = rng.beta(4, 16, (40, 8))
    y = rng.binomial(25, theta)
    plugged, mixed = [], []
    for row in y:
        prior = beta_binomial.fit(row, 25)
        plugged.append(prior.posterior(row, 25).interval(0.95))
        mixed.append(repairs.bootstrap_beta_binomial(row, 25, 60, rng).interval(0.95))
    naive, _ = coverage(theta, *np.array(plugged).transpose(1, 0, 2))
    share, error = coverage(theta, *np.array(mixed).transpose(1, 0, 2))
    assert share > naive + 0.05
    assert_near(share, 0.886, error, 0.01)  # 500 other replicates; the plugged-in interval covers 0.685


def test_morris_by_hand():
    """Equal errors, where A drops out of the formulas: k = 5, S = 1.3, V = 0.2."""
    y, v, k = [4.8, 5.1, 4.9, 5.0, 6.2], 0.2, 5
    mean = sum(y) / k
    s = sum((value - mean) ** 2 for value in y)
    b = (k - 3) * v / s
    post = repairs.morris(**HARD)
    for j, value in enumerate(y):
        variance = v * (1 - (k - 1) / k * b) + 2 / (k - 3) * b**2 * (value - mean) ** 2
        assert post.mean()[j] == pytest.approx((1 - b) * value + b * mean, rel=1e-12)
        assert post.std()[j] == pytest.approx(variance**0.5, rel=1e-12, abs=0)


@pytest.mark.parametrize("data", [UNEQUAL, {"ybar": SCHOOLS.ybar, "se": SCHOOLS.se}])
def test_morris_as_the_paper_iterates(data):
    """Unequal errors: the paper's fixed point and its expression with the mean variance, one group at a time."""
    y, v = [float(x) for x in data["ybar"]], [float(x) ** 2 for x in data["se"]]
    k, a = len(y), 0.0
    for _ in range(2000):
        w = [1 / (vj + a) for vj in v]
        mu = sum(wj * yj for wj, yj in zip(w, y, strict=True)) / sum(w)
        terms = [wj * (k / (k - 1) * (yj - mu) ** 2 - vj) for wj, yj, vj in zip(w, y, v, strict=True)]
        a = max(0.0, sum(terms) / sum(w))
    mean_v = sum(wj * vj for wj, vj in zip(w, v, strict=True)) / sum(w)
    post = repairs.morris(**data)
    for j in range(k):
        b = (k - 3) / (k - 1) * v[j] / (v[j] + a)
        r = k * w[j] / sum(w)
        rest = 2 / (k - 3) * b**2 * (mean_v + a) / (v[j] + a) * (y[j] - mu) ** 2
        assert post.mean()[j] == pytest.approx((1 - b) * y[j] + b * mu, rel=1e-9)
        assert post.std()[j] == pytest.approx((v[j] * (1 - (k - r) / k * b) + rest) ** 0.5, rel=1e-9)


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize(("unit", "back"), [(np.square, np.sqrt), (np.log, np.exp), (np.positive, np.positive)])
def test_kass_steffey_is_the_delta_method_in_any_unit_of_tau(method, unit, back):
    """Gradient and Hessian by differences, in (mu, tau), (mu, tau^2) and (mu, log tau)."""
    ybar, se = UNEQUAL["ybar"], UNEQUAL["se"]
    fit = normal_normal.fit(ybar, se, method)
    h = 1e-3

    def log_likelihood(x):
        value = normal_normal.log_marginal(ybar, se, x[0], back(x[1]))
        # REML: the term that integrating mu out adds, so that the maximum is that of the fit
        return value - (np.log(np.sum(1 / (se**2 + back(x[1]) ** 2))) / 2 if method == "reml" else 0)

    def mean(x):
        return normal_normal.posterior(ybar, se, x[0], back(x[1])).mean()

    at, steps = np.array([fit.mu, unit(fit.tau)]), h * np.eye(2)
    gradient = np.array([(mean(at + e) - mean(at - e)) / (2 * h) for e in steps])
    hessian = np.array(
        [
            [
                sum(i * j * log_likelihood(at + i * e + j * f) for i in (-1, 1) for j in (-1, 1)) / (4 * h**2)
                for f in steps
            ]
            for e in steps
        ]
    )
    added = np.einsum("ij,ik,kj->j", gradient, np.linalg.inv(-hessian), gradient)
    plugged = fit.posterior(ybar, se)
    post = repairs.kass_steffey(ybar, se, method)
    np.testing.assert_allclose(post.mean(), plugged.mean(), rtol=1e-12)
    np.testing.assert_allclose(post.var(), plugged.var() + added, rtol=1e-4)


def test_refits_are_the_fits():
    sample = seeded(8).normal(0, 1.2, (20, 6))
    for method in ("ml", "reml", "moments"):
        for se in (np.ones(6), np.linspace(0.5, 1.5, 6)):
            mu, tau = repairs._refit(sample, se, method)
            fits = [normal_normal.fit(row, se, method) for row in sample]
            np.testing.assert_allclose(mu, [fit.mu for fit in fits], atol=1e-8)
            np.testing.assert_allclose(tau, [fit.tau for fit in fits], atol=1e-6)


def test_the_mixture_answers_as_its_draws():
    at, width, alpha = np.array([[0.2, 0.6], [0.4, 0.5]]), np.array([[0.1, 0.0], [0.05, 0.2]]), np.full((2, 1), 2.0)
    mixture = repairs.Refits((Normal(at, width), Beta(alpha, 3.0 + alpha)))
    rng = seeded(9)
    pick = rng.integers(0, 3, 300_000)
    for j in range(2):
        draws = np.choose(pick, [*rng.normal(at[j], width[j], (pick.size, 2)).T, rng.beta(2, 5, pick.size)])
        assert mixture.mean()[j] == pytest.approx(draws.mean(), abs=0.002)
        assert mixture.std()[j] == pytest.approx(draws.std(), abs=0.002)
        for q, end in zip((0.05, 0.95), mixture.interval(0.9), strict=True):
            room = 4.5 * np.sqrt(q * (1 - q) / pick.size)
            assert np.mean(draws < end[j]) - room < q < np.mean(draws <= end[j]) + room  # an end may be a point's
    # where the point 0.6 holds the probability, the quantile is that point
    level = mixture.cdf(0.6)[0] - 0.1
    assert mixture.ppf(level)[0] == pytest.approx(0.6, abs=1e-9)
    levels = np.array([[0.1], [0.9]])
    np.testing.assert_allclose(mixture.cdf(mixture.ppf(levels))[:, 1], levels[:, 0], atol=1e-9)
    assert mixture.ppf(0)[0] == -np.inf


def test_the_bootstraps_are_the_mixtures_by_brute_force():
    """Mean and variance from a loop that follows the recipe; equal seeds give equal simulated data."""
    ybar, se = UNEQUAL["ybar"], UNEQUAL["se"]
    fit, rng = normal_normal.fit(ybar, se, "reml"), seeded(10)
    parts = []
    for row in rng.normal(fit.mu, np.hypot(fit.tau, se), (40, 6)):
        again = normal_normal.fit(row, se, "reml")
        parts.append(again.posterior(ybar, se))
    post = bootstrapped(ybar, se, draws=40, seed=10)
    means = np.array([part.mean() for part in parts])
    np.testing.assert_allclose(post.mean(), means.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(
        post.var(), np.mean([part.var() for part in parts], axis=0) + means.var(axis=0), rtol=1e-9
    )
    low, high = post.interval(0.8)
    for end, level in ((low, 0.1), (high, 0.9)):
        root = [optimize.brentq(lambda x, j=j, level=level: post.cdf(x)[j] - level, -40, 40) for j in range(6)]
        np.testing.assert_allclose(end, root, atol=1e-8)


def test_refits_of_rates_end_as_fits_do():
    """Refits with phi = 0 enter as points; those that determine nothing do not enter."""
    y, n = np.array([0, 2, 1, 0]), np.array([6, 6, 5, 4])
    mixture = repairs.bootstrap_beta_binomial(y, n, 300, seeded(11))
    spread, points = mixture.parts
    kept = spread.mean().shape[1] + points.mean().shape[1]
    assert kept < 300
    assert points.mean().shape[1] > 0
    np.testing.assert_array_equal(points.std(), 0)
    low, high = mixture.interval(0.95)
    assert (low >= 0).all()
    assert (high <= 1).all()
    np.testing.assert_allclose(mixture.cdf(1.0), 1)


def test_every_repair_widens_the_plugged_in_posterior():
    """The bootstrap with unequal errors on average only: refits with a small tau* have narrow posteriors."""
    for data in (HARD, UNEQUAL):
        plugged = normal_normal.fit(**data, method="reml").posterior(**data).std()
        for repair in NORMAL_REPAIRS:
            wider = repair(**data).std() / plugged
            assert np.mean(wider) > 1.02
            assert wider.min() > (0.98 if repair is bootstrapped and data is UNEQUAL else 1)
    prior = beta_binomial.fit(**RATES)
    post = repairs.bootstrap_beta_binomial(**RATES, draws=300, rng=seeded())
    assert np.mean(post.std() / prior.posterior(**RATES).std()) > 1


def test_the_hard_exercise():
    """Plugged in, with mu's uncertainty, and full Bayes (flat mu, half-normal(1) tau, on a grid) beside the repairs."""
    ybar, se = HARD["ybar"], np.full(5, HARD["se"])
    fit = normal_normal.fit(ybar, se, "reml")
    assert fit.tau**2 == pytest.approx(0.125)
    plugged = fit.posterior(ybar, se).std()
    with_mu = np.sqrt(plugged**2 + (1 - normal_normal.shrinkage(se, fit.tau)) ** 2 * fit.se_mu**2)
    np.testing.assert_allclose([plugged[0], with_mu[0]], [0.277, 0.319], atol=5e-4)
    tau = np.linspace(0.0005, 6, 6000)[:, None]
    w = 1 / (tau**2 + se**2)
    mu = np.sum(w * ybar, axis=1, keepdims=True) / np.sum(w, axis=1, keepdims=True)
    log_p = np.sum(np.log(w) - w * (ybar - mu) ** 2, axis=1) / 2 - np.log(w.sum(axis=1)) / 2 - tau[:, 0] ** 2 / 2
    p = np.exp(log_p - log_p.max())[:, None] / np.exp(log_p - log_p.max()).sum()
    given = normal_normal.posterior(ybar, se, mu, tau)
    variance = given.var() + (1 - normal_normal.shrinkage(se, tau)) ** 2 / w.sum(axis=1, keepdims=True)
    mean = np.sum(p * given.mean(), axis=0)
    full = np.sqrt(np.sum(p * (variance + (given.mean() - mean) ** 2), axis=0))
    np.testing.assert_allclose(full, [0.351, 0.334, 0.343, 0.337, 0.433], atol=6e-4)
    np.testing.assert_allclose(repairs.morris(ybar, se).std(), [0.407, 0.390, 0.399, 0.393, 0.495], atol=6e-4)
    np.testing.assert_allclose(repairs.kass_steffey(ybar, se).std(), [0.363, 0.322, 0.344, 0.330, 0.539], atol=6e-4)
    bootstrap = bootstrapped(ybar, se, draws=4000).std()
    np.testing.assert_allclose(bootstrap, [0.326, 0.309, 0.318, 0.312, 0.414], atol=0.01)


def test_eight_schools():
    """tau is estimated as 0: the plugged-in intervals have no width, and the delta method has nothing to expand."""
    post = repairs.morris(SCHOOLS.ybar, SCHOOLS.se)
    mixed = bootstrapped(SCHOOLS.ybar, SCHOOLS.se)
    for answer in (post, mixed):
        assert (answer.std() > 4).all()
        assert (answer.std() < SCHOOLS.se).all()
        assert np.argmax(answer.mean()) == 0
        low, high = answer.interval(0.95)
        assert ((low < answer.mean()) & (answer.mean() < high)).all()
    with pytest.raises(ValueError, match="tau = 0"):
        repairs.kass_steffey(SCHOOLS.ybar, SCHOOLS.se)


def test_with_many_groups_nothing_is_left_to_repair():
    _, ybar = simulate(1, 1500, 1.0, seeded(12))
    plugged = normal_normal.fit(ybar[0], 1.0, "reml").posterior(ybar[0], 1.0)
    for repair in NORMAL_REPAIRS:
        post = repair(ybar[0], 1.0)
        np.testing.assert_allclose(post.mean(), plugged.mean(), atol=0.03)
        np.testing.assert_allclose(post.std(), plugged.std(), rtol=0.03)
    y = seeded(13).binomial(30, seeded(14).beta(3, 9, 1500))
    prior = beta_binomial.fit(y, 30).posterior(y, 30)
    post = repairs.bootstrap_beta_binomial(y, 30, 40, seeded())
    np.testing.assert_allclose(post.mean(), prior.mean(), atol=0.01)
    np.testing.assert_allclose(post.std(), prior.std(), rtol=0.05)


@pytest.mark.parametrize("repair", NORMAL_REPAIRS)
@pytest.mark.parametrize("data", [HARD, UNEQUAL])
def test_repairs_follow_shift_and_unit(repair, data):
    before, after = repair(**data), repair(1e4 + 3 * data["ybar"], 3 * data["se"])
    np.testing.assert_allclose(after.mean(), 1e4 + 3 * before.mean(), rtol=1e-9)
    np.testing.assert_allclose(after.std(), 3 * before.std(), rtol=1e-6)
    np.testing.assert_allclose(after.interval(0.9), 1e4 + 3 * np.array(before.interval(0.9)), rtol=1e-9)


@pytest.mark.parametrize("repair", NORMAL_REPAIRS)
@pytest.mark.parametrize("data", [HARD, UNEQUAL])
@pytest.mark.parametrize("unit", [1e-100, 1e-9, 1e60, 1e100])
def test_repairs_answer_in_any_unit(repair, data, unit):
    before, after = repair(**data), repair(unit * data["ybar"], unit * data["se"])
    np.testing.assert_allclose(after.mean() / unit, before.mean(), rtol=1e-9)
    np.testing.assert_allclose(after.std() / unit, before.std(), rtol=1e-6)
    np.testing.assert_allclose(np.divide(after.interval(0.9), unit), before.interval(0.9), rtol=1e-8)


@pytest.mark.parametrize("repair", NORMAL_REPAIRS)
@pytest.mark.parametrize("data", [HARD, UNEQUAL])
@pytest.mark.parametrize("shift", [-0.1, 1e6])
def test_repairs_move_with_the_estimates(repair, data, shift):
    before, after = repair(**data), repair(data["ybar"] + shift, data["se"])
    np.testing.assert_allclose(after.mean() - shift, before.mean(), rtol=1e-6, atol=1e-15 * abs(shift))
    np.testing.assert_allclose(after.std(), before.std(), rtol=1e-6)


def test_successes_and_failures_change_places():
    """Not draw by draw, because the Beta draws differ: within the error of the simulation."""
    y, n = np.array(RATES["y"]), np.array(RATES["n"])
    post = repairs.bootstrap_beta_binomial(y, n, 2000, seeded())
    other = repairs.bootstrap_beta_binomial(n - y, n, 2000, seeded(2))
    np.testing.assert_allclose(post.mean(), 1 - other.mean(), atol=0.02)
    np.testing.assert_allclose(post.std(), other.std(), atol=0.01)


def test_equal_generators_give_equal_answers():
    for seed in (1, 2):
        np.testing.assert_array_equal(bootstrapped(**HARD, seed=seed).mean(), bootstrapped(**HARD, seed=seed).mean())
        first, second = (repairs.bootstrap_beta_binomial(**RATES, draws=30, rng=seeded(seed)) for _ in range(2))
        np.testing.assert_array_equal(first.interval(), second.interval())
    assert (bootstrapped(**HARD, seed=1).mean() != bootstrapped(**HARD, seed=2).mean()).all()


def test_a_group_without_data_gets_the_prior_enlarged():
    ybar, se = np.append(UNEQUAL["ybar"], np.nan), np.append(UNEQUAL["se"], np.inf)
    fit = normal_normal.fit(ybar, se, "reml")
    for repair in (repairs.kass_steffey, bootstrapped):
        post, without = repair(ybar, se), repair(**UNEQUAL)
        np.testing.assert_allclose(post.mean()[:-1], without.mean(), rtol=1e-12)
        np.testing.assert_allclose(post.std()[:-1], without.std(), rtol=1e-12)
        assert post.mean()[-1] == pytest.approx(fit.mu, abs=0.3)
        assert post.std()[-1] > np.hypot(fit.tau, fit.se_mu) * 0.95
    post = repairs.bootstrap_beta_binomial([*RATES["y"], 0], [*RATES["n"], 0], 100, seeded())
    assert np.argmax(post.std()) == 4


def test_estimates_that_agree():
    """tau = 0 and no spread at all: morris shrinks by (k - 3)/(k - 1) and no more; the bootstrap mixes points."""
    post = repairs.morris([3.0, 3.0, 3.0, 3.0, 3.0], 1.0)
    np.testing.assert_allclose(post.mean(), 3)
    np.testing.assert_allclose(post.var(), 1 - 4 / 5 * 2 / 4)
    mixed = bootstrapped([3.0, 3.0], 1.0)
    assert (mixed.std() > 0).all()
    rates = repairs.bootstrap_beta_binomial([5, 5, 5], 20, 50, seeded())
    assert beta_binomial.fit([5, 5, 5], 20).status == "phi = 0"
    assert rates.std()[0] > np.sqrt(0.25 * 0.75 / 60) / 2


def test_exact_estimates_stay_as_they_are():
    ybar, se = np.array([1.0, 5.0, 2.0, 9.0, 4.0]), 1e-9
    for repair in NORMAL_REPAIRS:
        np.testing.assert_allclose(repair(ybar, se).mean(), ybar, rtol=1e-12)
        np.testing.assert_allclose(repair(ybar, se).std(), se, rtol=1e-6)


def test_the_interval_of_morris_is_normal():
    post = repairs.morris(**HARD)
    np.testing.assert_allclose(post.interval(0.9), stats.norm(post.mean(), post.std()).interval(0.9))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: repairs.morris([1, 2, 3], 1), r"at least 4 groups, but has 3"),
        (lambda: repairs.morris([1, 2, 3, 4], [1, 1, 0, 1]), r"se must be greater than 0, but se\[2\] = 0"),
        (lambda: repairs.morris([1, 2, 3, 4], [1, 1, 1, np.inf]), r"se must be finite, but se\[3\]"),
        (lambda: repairs.morris([1, 2, 3, np.nan], 1), r"ybar must not be missing"),
        (lambda: repairs.morris([1, 2, 3, 4], [1, 2]), r"shapes of ybar \(4,\) and se \(2,\)"),
        (lambda: repairs.kass_steffey([1, 9, 4], 1, "moments"), r"method must be one of 'reml', 'ml'"),
        (lambda: repairs.kass_steffey([1, 1, 1], 1), r"tau above 0, but this fit says: tau = 0"),
        (lambda: repairs.kass_steffey([1], 1), r"not identified"),
        (lambda: repairs.laird_louis([1], 1, 10, seeded()), r"at least two groups"),
        (lambda: repairs.laird_louis([1, 2], -1, 10, seeded()), r"se must be"),
        (lambda: repairs.laird_louis([1, 2], 1, 0, seeded()), r"draws must be at least 1"),
        (lambda: repairs.laird_louis([1, 2], 1, 2.5, seeded()), r"draws must be a whole number"),
        (lambda: repairs.laird_louis([1, 2], 1, 10, "seven"), r"rng must be a numpy Generator"),
        (lambda: repairs.laird_louis([1, 2], 1, 10, seeded(), "dl"), r"method must be one of"),
        (lambda: repairs.bootstrap_beta_binomial([3, 6], 5, 10, seeded()), r"y must not be larger than n"),
        (lambda: repairs.bootstrap_beta_binomial([0, 0], 5, 10, seeded()), r"not identified"),
        (lambda: repairs.bootstrap_beta_binomial([0, 5], 5, 10, seeded()), r"phi = inf"),
        (
            lambda: repairs.bootstrap_beta_binomial([3, 4], 5, 10, np.random.RandomState(1)),
            r"rng must be a numpy Generator",
        ),
        (lambda: repairs.morris(**HARD).interval(1.5), r"prob must be a probability"),
        (lambda: bootstrapped(**HARD).interval(-0.5), r"prob must be at least 0"),
        (lambda: bootstrapped(**HARD).ppf(1.5), r"q must be a probability"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
