"""Page 14: crossed and nested groups."""

import itertools

import numpy as np
import pytest
from scipy import stats

from hblib import crossed, datasets

PLACE = "chapters/14-crossed-and-nested"
PLAIN, ZERO_SUM, BOTH_CENTRED, CASKS_NON, BATCHES_NON, BOTH_NON = range(6)


def same(labels):
    return np.equal.outer(labels, labels).astype(float)


def kriged(plan, weights, tau_a, tau_b, sigma):
    """sd of a combination of (mu, plates, samples) by the covariance matrix of the rows; mu has a huge variance."""
    j, k = plan
    huge = 1e4
    rows = tau_a**2 * same(j) + tau_b**2 * same(k) + sigma**2 * np.eye(len(j)) + huge
    prior = np.repeat([huge, tau_a**2, tau_b**2], [1, 24, 6])
    X = np.hstack([np.ones((len(j), 1)), np.eye(24)[j], np.eye(6)[k]])
    with_rows = X @ (prior * weights)
    return np.sqrt(weights @ (prior * weights) - with_rows @ np.linalg.solve(rows, with_rows))


# --- The data and the estimates ---------------------------------------------------------------------------------------


def test_a_reading_is_about_the_sum_of_plate_and_sample(page):
    """The lines of the first figure rise together: plates and samples take almost all of the scatter."""
    assert page.left_over < 0.08 * page.y.var()
    ranks = np.array([stats.spearmanr(page.table[name], page.table.mean(axis=1)).statistic for name in page.samples])
    assert (ranks > 0.5).all()


@pytest.mark.parametrize("point", [(0.8, 2.0, 0.5), (0.3, 1.0, 1.2), (2.0, 0.4, 0.7)])
def test_the_criterion_in_numpy_is_that_of_hblib_anywhere(page, point):
    *sd, sigma = point
    other = crossed.given(page.y, page.X, [page.dishes.plate, page.dishes.sample], sd, sigma)
    assert np.isclose(page.reml(*point), other.log_likelihood, rtol=1e-10)


def test_all_ways_to_estimate_agree_with_lme4(page):
    rows = np.array([values for name, values in page.estimates.items() if name != "lme4, printed"], dtype=float)
    assert len(rows) == 4
    assert np.allclose(rows, page.estimates["lme4, printed"], rtol=1e-3)
    assert abs(page.climbed.fun + page.fit.log_likelihood) < 1e-6


def test_what_is_forgotten_is_counted_as_error(page):
    without_plates, without_samples = page.forgotten["the plates"], page.forgotten["the samples"]
    assert 1.7 < without_plates.sigma / page.fit.sigma < 2
    assert 0.3 < without_samples.sd[0] / page.fit.sd[0] < 0.4
    by_hand = page.y.reshape(24, 6).var(axis=0, ddof=1).mean()  # within samples, all plates together
    assert np.isclose(without_plates.sigma**2, by_hand)
    assert without_plates.sigma * np.sqrt(2 / 24) > 1.7 * page.se["all on all"]


def test_what_plan_2_claims_when_its_plates_are_forgotten(page):
    rng = np.random.default_rng(7)
    plates = rng.normal(0, page.fit.sd[0], (20_000, 4, 1))
    readings = (plates + rng.normal(0, page.fit.sigma, (20_000, 4, 6))).reshape(20_000, 24)
    claimed = readings.var(axis=1, ddof=1) * 2 / 24
    assert abs(claimed.mean() - page.se_claimed**2) < 5 * claimed.std() / np.sqrt(20_000)
    assert page.se_claimed < page.se["own plates"] / 2


# --- What the design decides ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["all on all", "own plates", "three in turn", "two halves"])
def test_the_errors_of_the_plans_by_the_rows(page, name):
    for other in (1, 3):
        pair = np.eye(31)[25] - np.eye(31)[25 + other]
        exact = kriged(page.plans[name], pair, *page.variances)
        assert np.isclose(page.difference_sd(page.V[name], "A", "ABCDEF"[other]), exact, rtol=1e-5)


def test_the_errors_by_trying(page):
    """Draw truth and readings from the model many times; estimate by the formula's posterior mean."""
    rng = np.random.default_rng(1)
    tau_a, tau_b, sigma = page.variances
    for name, plan in page.plans.items():
        j, k = plan
        X = np.hstack([np.ones((len(j), 1)), np.eye(24)[j], np.eye(6)[k]])
        to_mean = page.V[name] @ X.T / sigma**2
        a, b = rng.normal(0, tau_a, (4000, 24)), rng.normal(0, tau_b, (4000, 6))
        readings = 23 + a[:, j] + b[:, k] + rng.normal(0, sigma, (4000, len(j)))
        effects = readings @ to_mean.T
        errors = (effects[:, 25] - effects[:, 28]) - (b[:, 0] - b[:, 3])
        spread = page.se[name]
        assert abs(errors.std() - spread) < 5 * spread / np.sqrt(8000)
        assert abs(errors.mean()) < 5 * spread / np.sqrt(4000)


def test_the_figure_shows_what_its_description_says(page):
    A_B, A_D = (
        np.array(
            [
                page.difference_sd(page.posterior_cov(plan, 0.847, 1.932, 0.55), "A", other)
                for plan in page.plans.values()
            ]
        )
        for other in "BD"
    )
    assert np.allclose(A_B[:2], A_D[:2])
    assert (A_B.argmin(), A_D.argmin(), A_B.argmax(), A_D.argmax()) == (0, 0, 1, 1)
    assert 1 < A_D[2] / A_B[2] < 1.2
    assert 1.7 < A_D[3] / A_B[3] < 2


def test_plan_1_does_not_mind_how_plates_differ(page):
    errors = [
        page.difference_sd(page.posterior_cov(page.plans["all on all"], tau, *page.variances[1:]), "A", "B")
        for tau in (0.01, 1, 100)
    ]
    assert np.ptp(errors) < 1e-6
    tau_a, _, sigma = page.variances
    assert np.isclose(page.se["all on all"], sigma * np.sqrt(2 / 24), rtol=0.01)
    assert np.isclose(page.se["own plates"], np.sqrt(2 * (tau_a**2 / 4 + sigma**2 / 24)), rtol=0.06)
    assert 3.5 < page.se["own plates"] / page.se["all on all"] < 4.5


def test_in_every_third_plan_two_samples_meet_or_each_meets_a_third(page):
    j, k = page.plans["three in turn"]
    meets = np.zeros((6, 6), dtype=bool)
    for plate in range(24):
        on_it = k[j == plate]
        assert len(on_it) == 3
        meets[np.ix_(on_it, on_it)] = True
    assert (meets @ meets).all()
    assert not meets.all()


@pytest.mark.parametrize("name", ["all on all", "own plates"])
def test_the_five_questions_by_the_rows(page, name):
    for error, weights in zip(page.sds[name], page.asked.values(), strict=True):
        assert np.isclose(error, kriged(page.plans[name], weights, *page.variances), rtol=1e-3)


def test_mu_has_lme4s_standard_error_and_no_plan_gets_below_the_floor(page):
    assert np.isclose(page.sds["all on all"][4], page.fit.se_beta[0])
    many = np.divmod(np.arange(6000), 6)
    rows = page.variances[0] ** 2 / 1000 + page.variances[1] ** 2 / 6 + page.variances[2] ** 2 / 6000
    fit = crossed.given(np.zeros(6000), np.ones((6000, 1)), many, page.variances[:2], page.variances[2])
    assert np.isclose(fit.se_beta[0], np.sqrt(rows))
    assert fit.se_beta[0] > page.variances[1] / np.sqrt(6)


# --- The level --------------------------------------------------------------------------------------------------------


def test_mean_and_deviations_are_independent_normals(page):
    """The covariance matrix of (mean, deviations), from that of independent numbers."""
    A = np.vstack([np.full((1, 6), 1 / 6), np.eye(6) - 1 / 6])
    cov = A @ A.T
    assert np.isclose(cov[0, 0], 1 / 6)
    assert np.allclose(cov[0, 1:], 0)
    assert np.allclose(cov[1:, 1:], np.eye(6) - 1 / 6)
    assert abs(page.r) < 5 / np.sqrt(200_000)
    assert abs(page.mean.std() - 2 / np.sqrt(6)) < 5 * 2 / np.sqrt(6) / np.sqrt(400_000)


def test_pymcs_zero_sum_normal_is_that_distribution():
    import pymc as pm

    x = pm.draw(pm.ZeroSumNormal.dist(2.0, shape=6), draws=20_000, random_seed=3)
    assert np.allclose(x.sum(axis=1), 0, atol=1e-9)
    cov = np.cov(x, rowvar=False)
    exact = 4 * (np.eye(6) - 1 / 6)
    error = np.sqrt((np.outer(np.diag(exact), np.diag(exact)) + exact**2) / 20_000)
    assert (np.abs(cov - exact) < 6 * error).all()


def test_the_two_forms_give_the_readings_one_distribution(page):
    """Also where the plan is not balanced."""
    tau_a, tau_b = 0.7, 2.2
    for j, k in page.plans.values():
        plain = 100 + tau_a**2 * same(j) + tau_b**2 * same(k)
        spread = 100 + tau_a**2 / 24 + tau_b**2 / 6
        zero_sum = spread + tau_a**2 * (same(j) - 1 / 24) + tau_b**2 * (same(k) - 1 / 6)
        assert np.allclose(plain, zero_sum)


def test_mu_and_every_sample_lie_on_a_ridge(page):
    cov = page.V["all on all"]
    r = [cov[0, k] / np.sqrt(cov[0, 0] * cov[k, k]) for k in range(25, 31)]
    assert np.allclose(r, r[0])
    assert r[0] < -0.95


@pytest.mark.parametrize("times", [1, 100])
def test_more_readings_of_the_same_plates_and_samples_do_not_tell_mu(page, times):
    """Its error stays above that of a mean of 24 plates and six samples; with more of both it shrinks."""
    tau_a, tau_b, sigma = page.variances
    plan = [np.tile(each, times) for each in page.plans["all on all"]]
    error = np.sqrt(page.posterior_cov(plan, *page.variances)[0, 0])
    assert np.isclose(error, np.sqrt(tau_a**2 / 24 + tau_b**2 / 6 + sigma**2 / (144 * times)))
    more = crossed.given(np.zeros(6000), np.ones((6000, 1)), np.divmod(np.arange(6000), 60), page.fit.sd, sigma)
    assert more.se_beta[0] < error / 3


# --- The exact sums ---------------------------------------------------------------------------------------------------


def dense_log_p(y, groups, m, sd, sigma):
    rows = 100 + sum(t**2 * same(g) for t, g in zip(sd, groups, strict=True)) + sigma**2 * np.eye(len(y))
    return stats.multivariate_normal(np.full(len(y), m), rows).logpdf(y) - (np.sum(np.square(sd)) + sigma**2) / 50


@pytest.mark.parametrize("which", ["plates", "casks"])
def test_the_weights_of_the_grid_are_the_density_of_all_rows(page, which):
    if which == "plates":
        grid, w, y, m, groups = page.grid, page.w, page.y, 20, [page.plate, page.sample]
    else:
        grid, w, y, m, groups = page.nested_grid, page.nested_w, page.strength, 60, [page.batch, page.cask]
    points = [np.unravel_index(w.argmax(), w.shape), (40, 30, 50), (15, 20, 70)]
    axes = [axis.ravel() for axis in grid]
    exact = [dense_log_p(y, groups, m, [axes[0][p[0]], axes[1][p[1]]], axes[2][p[2]]) - np.log(w[p]) for p in points]
    assert np.ptp(exact) < 1e-6


@pytest.mark.parametrize("sd", [(0.85, 1.93, 0.55), (2.0, 0.1, 1.0)])
def test_deviations_of_means_and_what_is_left_over_are_independent_of_each_other_and_of_the_mean(page, sd):
    """By the covariance matrix of the rows; the means of the plates are not."""
    tau_a, tau_b, sigma = sd
    rows = tau_a**2 * same(page.plate) + tau_b**2 * same(page.sample) + sigma**2 * np.eye(144)
    to_plates, to_samples, to_mean = same(page.plate) / 6, same(page.sample) / 24, np.full((144, 144), 1 / 144)
    a, b = to_plates - to_mean, to_samples - to_mean
    parts = [a, b, np.eye(144) - to_mean - a - b, to_mean]
    for one, other in itertools.combinations(parts, 2):
        assert np.allclose(one @ rows @ other.T, 0)
    assert (to_plates @ rows @ to_mean.T > 0.01).all()


def test_finer_and_wider_grids_give_the_same_sums(page, monkeypatch):
    monkeypatch.setitem(page.on_grid.__globals__, "midpoints", lambda low, high: np.linspace(low, high, 401)[1::2])
    wider = (0.3, 2.6), (0.3, 24), (0.38, 0.9)
    grid, w, mu = page.on_grid(wider, page.strata_of_plates, page.mean_of_plates, page.y.mean(), m=20)
    for value, name in zip((*grid, mu), ("tau_plate", "tau_sample", "sigma", "mu"), strict=True):
        assert np.isclose(np.sum(w * value), page.exact[name], rtol=1e-4)
    cdf = np.cumsum(w.sum(axis=(0, 2)))
    low, high = np.interp([0.025, 0.975], cdf, grid[1].ravel())
    assert abs(low - page.tau_b_low) < 0.08
    assert abs(high - page.tau_b_high) < 0.08
    wider = (0, 14), (0.8, 9), (0.45, 2)
    grid, w, mu = page.on_grid(wider, page.strata_of_casks, page.mean_of_casks, page.strength.mean(), m=60)
    assert np.allclose([np.sum(w * each) for each in (*grid, mu)], page.nested_exact, rtol=2e-3)


def test_effects_given_the_variances_are_shrunken_means(page):
    sd, sigma = np.array([0.9, 2.4]), 0.56
    fit = crossed.given(page.y, page.X, [page.dishes.plate, page.dishes.sample], sd, sigma)
    kappa_a, kappa_b = sd**2 / (sd**2 + sigma**2 / np.array([6, 24]))
    assert np.allclose(fit.effects[0], kappa_a * page.own_a)
    assert np.allclose(fit.effects[1], kappa_b * page.own_b)


def test_a_zero_sum_prior_with_mu_left_alone_hardly_changes_tau(page):
    other = np.sum(page.w_other * page.t_b)
    assert 0 < abs(other / page.exact["tau_sample"] - 1) < 0.005
    assert page.mu_sd > 20 * page.level_sd


# --- NUTS -------------------------------------------------------------------------------------------------------------


def test_the_run_on_the_page_agrees_with_the_sum(page):
    assert (page.z.abs() < 7).all()  # 5 is the worst of 200 seeds
    assert (page.nested_z.abs() < 7).all()


def test_mu_drawn_afterwards_is_mu(page):
    """Independent noise around draws that are nearly independent."""
    assert abs(page.mu_drawn.mean() - page.exact["mu"]) < 6 * page.mu_sd / np.sqrt(2000)
    assert abs(page.mu_drawn.std() / page.mu_sd - 1) < 0.25


def test_over_seeds_the_forms_differ_as_the_page_says(page):
    runs = datasets.nuts_failures(PLACE)
    assert len(runs.seeds) == 6
    ess = np.minimum(runs.bulk, runs.tail)
    assert runs.bad[PLAIN] == runs.seeds[PLAIN]
    assert runs.bad[ZERO_SUM] == 0
    assert ess[ZERO_SUM] > 10 * ess[PLAIN]
    assert ess[BATCHES_NON] == ess[BOTH_CENTRED:].max()
    assert runs.divergent[BATCHES_NON] == 0
    assert 0 < runs.bad[BATCHES_NON] < 0.1 * runs.seeds[BATCHES_NON]
    assert runs.rhat[BATCHES_NON] < 1.02
    for form in (BOTH_CENTRED, CASKS_NON):  # with centred batches
        assert runs.divergent[form] == runs.seeds[form]
    assert ess[BOTH_NON] < 100


# --- Nested -----------------------------------------------------------------------------------------------------------


def test_the_error_of_a_test_by_the_pairs_is_that_of_the_nested_fit(page):
    assert np.isclose(page.by_pairs, page.as_nested.sigma)
    assert page.as_crossed.sigma > 3 * page.by_pairs
    assert page.as_crossed.sd[1] < 0.2 * page.as_nested.sd[1]


def test_the_nested_fit_is_that_of_the_mean_squares(page):
    first, second, third = np.array(page.squares) / [9, 20, 30]
    exact = np.sqrt([(first - second) / 6, (second - third) / 2, third])
    assert np.allclose([*page.as_nested.sd, page.as_nested.sigma], exact)


def test_a_batch_has_three_casks_of_its_own(page):
    assert (np.bincount(page.home) == 3).all()
    assert len(page.home) == 30


def test_casks_are_strong_and_batches_weak(page):
    assert page.strong.loc["cask", "lambda"] > 10
    assert page.strong.loc["batch", "lambda"] < 1
    assert (page.batches[page.home] == [name[0] for name in page.casks]).all()


# --- Groups that never meet -------------------------------------------------------------------------------------------


def test_every_piece_takes_one_difference(page):
    """The rank is 30 less the number of pieces; which pieces, by hand."""
    for name, plan in page.plans.items():
        assert page.rank(plan) == 30 - page.pieces(plan)
        neighbours = {("p", j): set() for j in range(24)} | {("s", k): set() for k in range(6)}
        for j, k in zip(*plan, strict=True):
            neighbours["p", j].add(("s", k))
            neighbours["s", k].add(("p", j))
        left, found = set(neighbours), 0
        while left:
            reached = {left.pop()}
            while new := set(itertools.chain.from_iterable(neighbours[each] for each in reached)) - reached:
                reached |= new
            left -= reached
            found += 1
        assert found == page.pieces(plan), name


def test_without_pooling_a_difference_between_pieces_is_not_in_the_row_space(page):
    j, k = page.plans["two halves"]
    X = np.hstack([np.eye(24)[j], np.eye(6)[k]])
    for other, seen in ((1, True), (3, False)):
        pair = np.eye(30)[24] - np.eye(30)[24 + other]
        left = pair - np.linalg.pinv(X) @ (X @ pair)
        assert np.allclose(left, 0) is seen


def test_what_plates_do_is_taken_for_what_samples_do(page):
    moved = {name: before - after for name, (before, after) in page.broken.items()}
    assert abs(moved["all on all"]) < 1e-6
    assert abs(moved["three in turn"]) < 0.1
    assert 1.7 < moved["two halves"] < 2
    before, after = page.halves_fit[0].sigma, page.halves_fit[2].sigma
    assert abs(after / before - 1) < 1e-3


def test_one_plate_for_all_is_a_bridge(page):
    assert page.pieces(page.bridged) == 1
    pair = np.eye(31)[25] - np.eye(31)[28]
    for tau, plan in ((page.fit.sd[0], page.bridged), (30, page.bridged), (30, page.plans["two halves"])):
        exact = kriged(plan, pair, tau, *page.variances[1:])
        ours = page.difference_sd(page.posterior_cov(plan, tau, *page.variances[1:]), "A", "D")
        assert np.isclose(ours, exact, rtol=1e-3)


# --- Who rated whom ---------------------------------------------------------------------------------------------------


def by_covariance(page, groupings, sd, sigma):
    """The restricted log likelihood and the effects, by the covariance matrix of all ratings."""
    y, one = page.given.y, np.ones(len(page.given.y))
    shared = [tau**2 * same(labels) for tau, labels in zip(sd, groupings, strict=True)]
    inverse = np.linalg.inv(sum(shared) + sigma**2 * np.eye(len(y)))
    A = one @ inverse @ one
    e = y - one @ inverse @ y / A
    log_det = -np.linalg.slogdet(inverse)[1] + np.log(A)
    log_p = -(log_det + e @ inverse @ e + (len(y) - 1) * np.log(2 * np.pi)) / 2
    return log_p, [cov @ inverse @ e for cov in shared]  # of each row's group


def test_students_and_lecturers_are_at_the_top_of_the_criterion(page):
    groupings = [page.given.student, page.given.lecturer]
    top, effects = by_covariance(page, groupings, page.both.sd, page.both.sigma)
    assert np.isclose(top, page.both.log_likelihood, rtol=1e-10)
    assert np.allclose(effects[0], page.of_students[page.who], atol=1e-8)
    assert np.allclose(effects[1], page.of_lecturers[page.whom], atol=1e-8)
    for step in 0.01 * np.vstack([np.eye(3), -np.eye(3)]):
        sd, sigma = page.both.sd + step[:2], page.both.sigma + step[2]
        assert by_covariance(page, groupings, sd, sigma)[0] < top


def test_one_rating_by_a_harsh_student_is_not_bad(page):
    one = page.rated.loc[2026]
    assert (one["ratings"], one["mean"]) == (1, 3)
    assert one["effect, alone"] < 0 < one["effect, crossed"]
    student = page.who[page.given.lecturer == 2026].item()
    others = (page.who == student) & (page.given.lecturer != 2026)
    assert page.given.y[others].mean() < page.given.y.mean() - 0.4
    assert page.rated.loc[814, "effect, crossed"] < page.rated.loc[814, "effect, alone"] - 0.05
    often = page.rated["ratings"] > 25
    change = (page.rated["effect, crossed"] - page.rated["effect, alone"]).abs()
    assert change[often].max() < 0.03


def test_all_students_and_lecturers_hang_together(page):
    """By walking: from one student to all lecturers, to all their students, and so on."""
    met = np.zeros((33, 30), dtype=bool)
    met[page.who, page.whom] = True
    reached = np.arange(33) == 0
    for _ in range(33):
        reached = met[:, met[reached].any(axis=0)].any(axis=1)
    assert reached.all()
    assert met.any(axis=0).all()


# --- Where it breaks --------------------------------------------------------------------------------------------------


def tukey(table):
    """The p-value of his one degree of freedom: does what is left over go with the product of the two effects?"""
    a, b = table.mean(axis=1) - table.mean(), table.mean(axis=0) - table.mean()
    rest = table - table.mean() - a[:, None] - b
    along = (a @ rest @ b) ** 2 / ((a @ a) * (b @ b))
    freedom = rest.size - len(a) - len(b)  # of what is left beside it
    return stats.f.sf(along * freedom / (np.sum(rest**2) - along), 1, freedom)


def test_an_interaction_that_is_a_product_can_be_told_from_error_with_one_reading_a_place(page):
    """On the page's readings, as they are and with large zones widened more where a plate widens zones."""
    table = page.y.reshape(24, 6)
    assert tukey(table) > 0.1
    a, b = table.mean(axis=1) - table.mean(), table.mean(axis=0) - table.mean()
    assert tukey(table + 0.3 * np.outer(a, b)) < 1e-3
    rest = page.mean_squares(table + 0.3 * np.outer(a, b))[2] - page.left_over
    assert rest > 0.05  # and it is counted in sigma


def test_an_interaction_without_a_pattern_adds_to_the_error_alone(page):
    """The covariance matrix of the rows is that of a larger sigma."""
    pairs = 6 * page.plate + page.sample
    assert np.array_equal(0.3 * same(pairs) + 0.5 * np.eye(144), 0.8 * np.eye(144))
