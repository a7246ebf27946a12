"""Page 11: stores in chains, what to share, and which stores to repair."""

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from hblib import beta_binomial, three_level
from hblib.datasets import retailer
from tests.chance import assert_alike, assert_near

BASELINE, ELASTICITY, SEASON = range(3)
STORE, CHAIN = 0, 1  # what a drop in log likelihood is due to


# --- The data ---------------------------------------------------------------------------------------------------------


def test_72_stores_are_watched_for_a_year_and_a_half(page):
    assert page.panel.log_sales.shape == (72, 78)


def test_the_three_series_of_the_store_tell_one_story(page):
    store = np.log(page.store_A07[["visits", "purchases"]])
    sales = np.log(page.store_A07["takings"] / page.store_A07["price"])
    assert store["visits"].corr(store["purchases"]) > 0.9
    assert store["purchases"].corr(sales) > 0.8
    assert 25 < page.basket[page.one] < 35
    cut = page.store_A07["price"] < 1
    assert page.store_A07["visits"][cut].mean() > 1.2 * page.store_A07["visits"][~cut].mean()
    assert cut[2]


def test_most_of_the_deepest_price_cuts_are_peaks_of_the_visits_and_many_others_are_not(page):
    cut = np.flatnonzero(page.store_A07["price"] < 1)
    cut = cut[(cut > 0) & (cut < 77)]
    peaks = {}
    for column in ("visits", "purchases", "takings"):
        series = page.store_A07[column].to_numpy()
        peaks[column] = series[cut] > 1.4 * np.array([np.median(series[max(0, week - 3) : week + 4]) for week in cut])
    deepest = page.store_A07["price"].to_numpy()[cut] < 0.7
    assert peaks["visits"][deepest].mean() > 2 / 3
    assert peaks["purchases"][deepest].mean() > 2 / 3
    assert peaks["visits"][~deepest].mean() < 1 / 2
    assert peaks["takings"].mean() < 1 / 4


def test_stores_open_in_the_first_half_year_and_close(page):
    late, early = ~page.panel.open[:, 0], ~page.panel.open[:, -1]
    assert late.any()
    assert early.any()
    assert page.panel.open[late, 26].all()


def test_about_half_of_all_weeks_bring_more_than_the_stores_mean_of_log_sales(page):
    year = page.panel.log_sales[:, :52]
    more = year > np.nanmean(year, axis=1)[:, None]
    assert 0.45 < more[np.isfinite(year)].mean() < 0.55


# --- Three levels, three weights --------------------------------------------------------------------------------------


def test_the_weights_by_hand_are_those_of_hblib_and_sum_to_one(page):
    assert np.allclose(page.by_hand_weights, page.toy_weights)
    assert np.allclose(page.toy_weights.sum(axis=1), 1)
    assert np.allclose(page.toy_weights.iloc[0], [0.5, 0.25, 0.25])


def test_the_weights_are_those_of_the_joint_posterior(page):
    """Of 3 x 3 covariance matrices, with a vague prior of mu in place of the flat one."""
    same = np.equal.outer(page.toy["chain"], page.toy["chain"])
    prior = np.eye(3) + same + 1e6
    G = prior @ np.linalg.inv(prior + np.diag(np.square(page.toy["se"])))  # E(theta) = G ybar
    own, chain, company = page.by_hand_weights.to_numpy().T
    mu = np.array([0.5 / 2, 0.5 / 2, 1 / 6])  # weights 1/(u_c + 1), with u = 1 for A and 5 for B
    mu /= mu.sum()  # what mu hat takes from each store
    a = np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]])  # what a_c takes from each
    assert np.allclose(G, np.diag(own) + chain[:, None] * a + company[:, None] * mu, atol=1e-5)
    assert (np.diagonal(G) > own + 0.05).all()  # a store's own data are part of both averages


# --- From weeks to coefficients ---------------------------------------------------------------------------------------


def test_the_shared_part_is_that_of_a_regression_with_a_dummy_for_each_store(page):
    panel, weeks = page.panel, page.weeks
    y = panel.log_sales[:, :weeks]
    store, week = np.nonzero(np.isfinite(y))
    columns = [panel.price[store, week], panel.season[week], week / 52, panel.holiday[week]]
    dense = np.column_stack([np.eye(72)[store], *columns])
    found = np.linalg.lstsq(dense, y[store, week])[0][-2:]
    assert np.allclose(found, [page.trend, page.holiday])


def test_in_100_companies_the_shared_part_is_unbiased(page):
    rng, found = np.random.default_rng(21), []
    for _ in range(100):
        panel = retailer.simulate(rng)
        found.append(page.calendar(panel, panel.log_sales)[1:])
    off = np.subtract(found, [page.panel.truth.trend, page.panel.truth.holiday])
    assert_near(off.mean(axis=0), 0, off.std(axis=0) / 10, 0.004)
    assert off.std(axis=0).max() < 0.04


def test_taking_off_the_memory_is_generalised_least_squares(page):
    """Of one store, against the precision matrix of an AR(1) noise, its first week left out."""
    x = page.past[page.one]
    y = page.log_sales[page.one, : page.weeks]
    r = page.r
    D = (np.eye(len(y)) - r * np.eye(len(y), k=-1))[1:]
    P = D.T @ D
    exact = np.linalg.solve(x.T @ P @ x, x.T @ P @ y)
    assert np.allclose(exact, page.estimate[page.one])


# --- Which variance is whose ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [BASELINE, ELASTICITY, SEASON])
def test_the_restricted_likelihood_is_that_of_the_72_by_72_covariance_matrix(page, k):
    y, se, fit = page.estimate[:, k], page.se[:, k], page.fits[k]
    V = np.diag(se**2 + fit.tau_store**2) + fit.tau_chain**2 * (page.chain[:, None] == page.chain)
    precision = np.linalg.inv(V)
    total = precision.sum()
    mu = precision.sum(axis=0) @ y / total
    dense = np.linalg.slogdet(2 * np.pi * V)[1] + (y - mu) @ precision @ (y - mu)
    dense = -(dense + np.log(total / (2 * np.pi))) / 2
    assert abs(dense - fit.log_likelihood) < 1e-8
    assert abs(mu - fit.mu) < 1e-9


@pytest.mark.parametrize("k", [BASELINE, ELASTICITY, SEASON])
def test_the_fit_is_a_maximum(page, k):
    fit = page.fits[k]
    for step in (0.99, 1.01):
        for scale in ((step, 1), (1, step)):
            near = fit.tau_store * scale[0] + (fit.tau_store == 0) * 0.01, fit.tau_chain * scale[1]
            log_p = three_level.log_marginal(page.estimate[:, k], page.se[:, k], *near, page.chain)
            assert log_p <= fit.log_likelihood + 1e-12


def test_each_variance_earns_its_place_or_not_as_the_list_says(page):
    lost = [page.drops(page.estimate[:, k], page.se[:, k]) for k in range(3)]
    assert min(lost[BASELINE]) > page.cost_of_tau
    assert lost[ELASTICITY][STORE] < page.cost_of_tau < lost[ELASTICITY][CHAIN]
    assert max(lost[SEASON]) < page.cost_of_tau
    assert page.fits[ELASTICITY].tau_store == 0


def test_the_yardstick_is_half_the_90_per_cent_point_of_chi_squared(page):
    assert abs(stats.chi2(1).ppf(0.90) / 2 - page.cost_of_tau) < 0.01


def test_six_chains_that_do_not_differ_pass_the_yardstick_as_often_as_the_f_ratio_says(page):
    rng, grid, chain, null = np.random.default_rng(7), page.grid, page.chain, []
    for _ in range(300):
        table = three_level.log_marginal(rng.normal(0, 0.34, 72), 0.06, grid[:, None], grid, chain)
        null.append(table.max() - table[:, 0].max())
    null = np.array(null)
    for found, exact in ((null == 0, page.null_zero), (null > page.cost_of_tau, page.null_earns)):
        assert_near(found.mean(), exact, np.sqrt(exact * (1 - exact) / 300))


def test_the_variance_ladder_looks_as_described(page):
    """Shares of chain, store and noise, then weights of chain, store and company."""
    ladder, result = page.ladder, page.result
    assert list(ladder.argmax(axis=1)) == [1, 0, 2]
    assert ladder[ELASTICITY, 0] > 0.5
    assert ladder[SEASON, 2] > 0.7
    assert result[BASELINE, 1] > 0.9
    assert result[ELASTICITY, 0] > 0.9
    assert result[SEASON, 2] == 1


def test_the_log_likelihood_by_hand_is_that_of_hblib(page):
    assert np.isclose(page.ours, page.same)
    for tau in ((0.1, 0.6), (0.4, 0.05)):
        own = page.estimate[:, ELASTICITY], page.se[:, ELASTICITY]
        assert np.isclose(page.log_restricted(*own, *tau), three_level.log_marginal(*own, *tau, page.chain))


# --- Six chains are few -----------------------------------------------------------------------------------------------


def test_six_new_chains_give_zero_as_often_as_the_f_distribution_says(page):
    zero = stats.f(5, 66).cdf(page.inner / page.outer)
    assert_near(np.mean(page.again == 0), zero, np.sqrt(zero / 100_000), 1e-4)


def test_whole_data_sets_give_the_same_distribution_of_tau_chain(page):
    """With equal standard errors moments and REML agree."""
    rng = np.random.default_rng(2)
    phi = rng.normal(0, page.fits[BASELINE].tau_chain, (1000, 6))[:, np.searchsorted(page.names, page.chain)]
    fake = phi + rng.normal(0, np.sqrt(page.inner), (1000, 72))
    drawn = [three_level.fit(y, np.sqrt(page.noise), page.chain, "moments").tau_chain for y in fake]
    assert_alike(drawn, np.sqrt(page.again))


def test_the_grid_of_both_tau_holds_all_that_matters_and_a_finer_one_agrees(page):
    plausible, tau_chain = page.plausible, page.tau_chain
    assert plausible[[0, -1]].sum() < 1e-4
    assert plausible[:, -1].sum() < 1e-4
    fine_s, fine_c = np.linspace(0.2, 0.6, 101), np.linspace(0, 4, 801)
    own = page.estimate[:, BASELINE], page.se[:, BASELINE]
    fine = three_level.log_marginal(*own, fine_s[:, None], fine_c, page.chain)
    fine -= (fine_s[:, None] ** 2 + fine_c**2) / 2
    fine = np.exp(fine - special.logsumexp(fine)).sum(axis=0)
    assert abs(fine @ fine_c - plausible.sum(axis=0) @ tau_chain) < 0.005
    assert np.allclose(np.interp([0.025, 0.975], fine.cumsum(), fine_c + 0.0025), page.interval, atol=0.002)
    assert np.isclose(tau_chain[1], 0.01)
    assert np.isclose(fine_c[1], 0.005)


# --- A store without data ---------------------------------------------------------------------------------------------


def test_averaging_widens_both_intervals_and_that_of_the_new_chain_more(page):
    """Against the plug-in's plus or minus 1.96 standard deviations."""
    assert abs(stats.norm.ppf(0.975) - 1.96) < 1e-4
    assert page.width["in a new chain"] > page.width["in chain D"] > 1


def test_the_interval_of_a_new_chain_agrees_with_a_simulation(page):
    """Nodes, then mu, phi and theta in turn."""
    rng = np.random.default_rng(3)
    pick = rng.choice(len(page.p), size=200_000, p=page.p)
    tau_store, tau_chain = page.tau_store[page.kept[:, 0]][pick], page.tau_chain[page.kept[:, 1]][pick]
    mu_mean, mu_sd = np.array([[r.mu.mean(), r.mu.std()] for r in page.parts])[pick].T
    draws = rng.normal(rng.normal(rng.normal(mu_mean, mu_sd), tau_chain), tau_store)
    _, low, high = page.quantiles["in a new chain"]
    assert_near(np.mean(draws < low), 0.025, np.sqrt(0.025 / 200_000))
    assert_near(np.mean(draws > high), 0.025, np.sqrt(0.025 / 200_000))


def test_a_third_of_the_nodes_gives_the_same_interval_to_three_digits(page):
    mean, sd = np.transpose(page.mixtures["in a new chain"])
    third = page.p[::3] / page.p[::3].sum()
    for q, end in zip((0.5, 0.025, 0.975), page.quantiles["in a new chain"], strict=True):
        coarse = optimize.brentq(lambda x, q=q: third @ stats.norm(mean[::3], sd[::3]).cdf(x) - q, 0, 20)
        assert abs(coarse - end) < 0.002


def test_the_newsvendors_order_earns_most(page):
    profit = page.profit["expected profit"]
    assert profit.idxmax() == "the quantile at 0.3"
    assert profit.idxmin() == "the mean"
    for order in (0.9, 1.1):
        q = order * page.orders["the quantile at 0.3"]
        assert np.mean(np.minimum(page.demand, q)) - 0.7 * q < profit.max()


# --- What is sharing worth --------------------------------------------------------------------------------------------


def test_shrinking_the_coefficients_one_by_one_costs_next_to_nothing_once_centred(page):
    """Against the joint posterior, which knows that their errors are correlated."""
    S, K = page.estimate.shape
    same = page.chain[:, None] == page.chain
    x, y, r = page.past, page.log_sales[:, : page.weeks], page.r
    V_store = page.lines(x[:, 1:] - r * x[:, :-1], y[:, 1:] - r * y[:, :-1])[1]
    prior, V = np.zeros((S * K, S * K)), np.zeros((S * K, S * K))
    for k, fit in enumerate(page.fits):
        at = np.arange(S) * K + k
        prior[np.ix_(at, at)] = max(fit.tau_store, 1e-4) ** 2 * np.eye(S) + fit.tau_chain**2 * same + 100.0**2
    for s in range(S):
        V[s * K : s * K + K, s * K : s * K + K] = V_store[s]
    joint = (prior @ np.linalg.solve(prior + V, page.estimate.ravel())).reshape(S, K)
    joint_rmse, rmse = (
        np.sqrt(np.nanmean((page.actual - np.einsum("jtk,jk->jt", page.later, b)) ** 2))
        for b in (joint, page.answers["three levels"])
    )
    assert abs(joint_rmse - rmse) < 0.002


def test_from_two_to_three_levels_the_elasticity_gains_and_the_season_hardly_changes(page):
    two, three = (
        np.sqrt(np.mean((page.answers[name] - page.panel.truth.coefficient) ** 2, axis=0))
        for name in ("two levels", "three levels")
    )
    assert three[ELASTICITY] < 0.8 * two[ELASTICITY]
    assert abs(three[SEASON] - two[SEASON]) < 0.01


def test_all_answers_but_one_look_alike_in_one_company(page):
    errors = dict(page.hold_out)
    assert errors.pop("all alike") > 1.5 * max(errors.values())
    assert max(errors.values()) < 1.1 * min(errors.values())


def z_of(page, world, better, worse):
    """The difference of two mean squared errors in standard errors."""
    squares = page.worlds[world]
    difference = squares[:, page.contest.index(worse)] - squares[:, page.contest.index(better)]
    return difference.mean() / (difference.std() / np.sqrt(len(difference)))


@pytest.mark.parametrize("world", ["ours", "small ones zero", "small ones larger"])
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("three levels", "two levels"),
        ("two levels", "alone"),
        ("three levels", "not centred"),
        ("alone", "all alike"),
    ],
)
def test_in_each_world_one_answer_is_better_than_the_other(page, world, better, worse):
    assert z_of(page, world, better, worse) > 4


@pytest.mark.parametrize("other", ["three levels", "averaged"])
def test_the_rule_wins_where_small_variances_are_zero_and_loses_where_they_are_larger(page, other):
    """By some nine standard errors each."""
    assert z_of(page, "small ones zero", "as decided", other) > 4
    assert z_of(page, "small ones larger", other, "as decided") > 4


def test_the_three_answers_that_know_of_chains_are_close_to_each_other(page):
    assert 0.005 < page.apart < 0.015  # about 1 per cent


def test_without_centring_the_mean_squared_error_is_about_a_sixth_higher(page):
    assert 13 < -page.saved("ours", "not centred", "three levels") < 20


def test_the_average_over_both_tau_is_that_of_one_posterior_for_each_point_of_the_grid(page):
    grid, step, chain = page.grid, page.step, page.chain
    own = page.estimate[:, ELASTICITY], page.se[:, ELASTICITY]
    table = page.reml_table(*own, chain)
    p = np.exp(table - (grid[:, None] ** 2 + grid**2) / 2 - table.max()) * step[:, None] * step
    p /= p.sum()
    slow = sum(
        p[i, j] * three_level.posterior(*own, grid[i], grid[j], chain).store.mean()
        for i in range(len(grid))
        for j in range(len(grid))
    )
    assert np.abs(slow - page.averaged(*own, table, chain)).max() < 1e-10


# --- Conversion -------------------------------------------------------------------------------------------------------


def test_chains_differ_in_conversion(page):
    assert page.gain[page.best] > page.cost_of_tau


def test_each_m_chain_is_weighed_by_its_evidence_and_the_grids_hold_all_that_matters(page):
    """With a prior flat in log M_chain, and one more point at infinity."""
    mixed = page.mixed
    assert np.allclose(mixed.sum(axis=(1, 2)), 1)
    assert mixed.sum(axis=(0, 2))[[0, -1]].max() < 1e-6
    assert mixed.sum(axis=(0, 1))[[0, -1]].max() < 1e-6


def test_twice_as_fine_a_grid_of_means_gives_the_same_evidence(page):
    M, fine = page.M, np.linspace(0.03, 0.2, 341)
    groups = [(page.y[page.in_chain == c], page.n[page.in_chain == c]) for c in page.names]
    rows = np.array([beta_binomial.log_marginal(*group, M * fine, M * (1 - fine)) for group in groups])
    size = page.M_chain[page.best]
    log_p = stats.beta(fine[:, None] * size, (1 - fine[:, None]) * size).logpdf(fine)
    log_p -= special.logsumexp(log_p, axis=1, keepdims=True)
    finite = special.logsumexp(special.logsumexp(rows[:, :, None] + log_p, axis=3).sum(axis=0))
    infinite = special.logsumexp(rows.sum(axis=0))
    assert abs(finite - infinite - page.gain[page.best]) < 0.03


def test_the_later_weeks_like_three_levels_best_and_one_rate_for_all_least(page):
    score = page.scores["log score"]
    assert score["three levels"] > score["two levels"] > score["raw"] > score["all alike"]


def test_in_300_companies_two_levels_are_better_than_raw_rates(page):
    difference = page.pairs[:, 0] - page.pairs[:, 1]
    assert difference.mean() > 4 * difference.std() / np.sqrt(300)
    assert 0.25 < difference.mean() / page.pairs[:, 0].mean() < 0.34


# --- Which stores to repair -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(3.0, 90.0), (7, 113)])
def test_the_formula_of_the_expected_shortfall_agrees_with_quadrature(page, a, b):
    exact = integrate.quad(lambda rate: (0.1 - rate) * stats.beta(a, b).pdf(rate), 0, 0.1)[0]
    assert abs(exact - page.shortfall(a, b)) < 1e-10


def test_the_expected_shortfall_agrees_with_draws_of_m_and_mean_and_then_theta(page):
    """For a few stores."""
    rng = np.random.default_rng(5)
    short = page.expect(page.shortfall)
    for s in np.argsort(-short)[[0, 5, 20]]:
        flat = page.mixed[np.searchsorted(page.names, page.in_chain[s])].ravel()
        cells = rng.choice(flat.size, size=100_000, p=flat / flat.sum())
        alpha, beta = (page.M * page.mean).ravel()[cells], (page.M * (1 - page.mean)).ravel()[cells]
        value = np.maximum(0.1 - rng.beta(alpha + page.y[s], beta + page.n[s] - page.y[s]), 0)
        assert_near(value.mean(), short[s], value.std() / np.sqrt(100_000))


def test_the_list_by_expected_loss_earns_most_in_expectation(page):
    assert page.expected[page.repair].sum() >= page.expected[page.lowest].sum()


def test_the_raw_ranking_lists_stores_that_look_worse_than_they_are_and_not_good_ones(page):
    only_raw = np.setdiff1d(page.lowest, np.flatnonzero(page.repair))
    assert (page.true_rate[page.lowest] < page.target).all()
    assert (page.rates["raw"][only_raw] < page.true_rate[only_raw]).all()


@pytest.mark.parametrize("other", ["estimate, raw rate", "rank by posterior mean", "rank by raw rate"])
def test_every_other_rule_earns_less(page, other):
    difference = page.gains["expected loss"] - page.gains[other]
    assert difference.mean() > 4 * difference.std() / np.sqrt(len(difference))


def test_the_posterior_mean_does_as_well_here(page):
    difference = page.gains["expected loss"] - page.gains["estimate, posterior mean"]
    assert_near(difference.mean(), 0, difference.std() / np.sqrt(len(difference)), 0.002 * page.most.mean())


def test_with_many_companies_the_expected_loss_is_not_worse_than_the_posterior_mean_anywhere_near_the_line(page):
    """One store near the line, by quadrature over the data: where the two rules differ, the expected loss is right."""
    n, visits = 600, 140_000
    y = np.arange(n + 1)
    p = stats.betabinom(n, page.prior.alpha, page.prior.beta).pmf(y)
    post = page.prior.posterior(y, n)
    value = page.margin * visits * page.shortfall(post.alpha, post.beta) - page.cost
    by_mean = page.margin * visits * np.maximum(page.target - post.mean(), 0) > page.cost
    assert np.sum(p * value * (value > 0)) > np.sum(p * value * by_mean) + 10


@pytest.mark.parametrize("factor", [0.5, 2])
def test_no_other_threshold_on_the_expected_loss_does_better(page, factor):
    """The best rule given the prior is the best."""
    other = page.margin * page.visits * page.shortfall(page.post.alpha, page.post.beta) > factor * page.cost
    assert np.sum(page.value * other, axis=1).mean() < page.gains["expected loss"].mean()


def test_the_answers_of_the_second_try_it(page):
    """15,000 visits at 8 per cent; then 400,000 at a mean of 10.2 per cent, with the weight of 1,500 visits."""
    assert np.isclose(15_000 * 0.02, 300)
    assert np.isclose(15_000 * (0.1 - 0.08) * 12, 3_600)
    assert 12 * 400_000 * page.shortfall(0.102 * 1500, (1 - 0.102) * 1500) > 10_000


# --- Where it breaks --------------------------------------------------------------------------------------------------

AS_BEFORE, SINCE, LABELLED = range(3)


@pytest.mark.parametrize(("worse", "least"), [(AS_BEFORE, 4), (SINCE, 2.5)])
def test_the_label_is_better(page, worse, least):
    """By some fifty and some six standard errors."""
    difference = page.many[:, worse] - page.many[:, LABELLED]
    assert difference.mean() > least * difference.std() / np.sqrt(len(difference))


def test_forgetting_is_better_than_carrying_on(page):
    difference = page.many[:, AS_BEFORE] - page.many[:, SINCE]
    assert difference.mean() > 4 * difference.std() / np.sqrt(len(difference))


def test_the_label_more_than_halves_the_error(page):
    assert page.many[:, LABELLED].mean() < page.many[:, AS_BEFORE].mean() / 4


def test_b_after_the_change_inflates_tau_chain(page):
    others = page.label != "B after"
    split = three_level.fit(page.elasticity, page.elasticity_se, page.label)
    rest = three_level.fit(page.elasticity[others], page.elasticity_se[others], page.label[others])
    assert split.tau_chain > rest.tau_chain


def test_next_to_the_other_six_b_after_the_change_proves_nothing(page):
    assert len(page.others) == 6
    assert 7 * 2 * stats.t(5).sf(abs(page.t)) > 0.05


def test_persistent_noise_makes_two_standard_errors_too_small_and_one_too_large(page):
    ratio = page.ratio.xs("no", level=1)
    for persistence, least in ((0.3, 1.15), (0.6, 1.5)):
        assert ratio["baseline"][persistence] > least
        assert ratio["season"][persistence] > least
        assert ratio["elasticity"][persistence] < 0.95


@pytest.mark.parametrize("persistence", [0.3, 0.6])
def test_taking_the_memory_off_brings_the_ratio_nearer_to_one(page, persistence):
    ignored, taken_off = (abs(page.ratio.loc[(persistence, key)] - 1) for key in ("no", "yes"))
    assert (taken_off < ignored).all()
    assert (taken_off[["baseline", "season"]] < 0.7 * ignored[["baseline", "season"]]).all()


def test_taking_the_memory_off_repairs_more_than_half_of_two_ratios_and_a_third_of_the_elasticitys(page):
    repaired = {}
    for persistence in (0.3, 0.6):
        ignored, taken_off = (abs(page.ratio.loc[(persistence, key)] - 1) for key in ("no", "yes"))
        repaired[persistence] = 1 - taken_off / ignored
        assert (repaired[persistence][["baseline", "season"]] > 0.5).all()
    assert 0.2 < repaired[0.3]["elasticity"] < 0.45


def test_where_there_is_no_memory_taking_it_off_makes_two_ratios_larger(page):
    """Because the correlation of what is left over is a little below 0; by 20 companies more."""
    ignored, taken_off = (page.ratio.loc[(0, key)] for key in ("no", "yes"))
    assert (taken_off - ignored > 0.015)[["baseline", "season"]].all()
    rng, r = np.random.default_rng(14), []
    for _ in range(20):
        other = retailer.simulate(rng, persistence=0)
        x, (every_store, *_) = page.design(other), page.calendar(other, other.log_sales)
        past = x[:, : page.weeks], (other.log_sales - every_store)[:, : page.weeks]
        r.append(page.memory(page.lines(*past)[2]))
    assert -0.1 < np.mean(r) < 0


def test_one_hundred_companies_are_enough_for_the_ratios(page):
    for z in page.z.values():
        by_company = np.std(z, axis=1)
        assert (4 * by_company.std(axis=0) / np.sqrt(len(by_company)) < 0.1).all()


def test_the_ratios_of_ignored_persistence_agree_with_its_covariance_matrix(page):
    """Stores open all year: a shock with the memory 0.6, and chance without, in the proportions of an average week."""
    weeks, exact = page.weeks, []
    panel = page.panel
    shock = panel.truth.sigma**2 * 0.6 ** np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks)))
    for store in np.flatnonzero(panel.open[:, :weeks].all(axis=1)):
        x = page.past[store]
        noise = shock + np.diag(4 / 3 / panel.purchases[store, :weeks])  # of log purchases, and of their baskets
        hat = np.linalg.pinv(x)
        residual = np.trace(noise - x @ hat @ noise) / (weeks - 3)
        exact.append(np.diag(hat @ noise @ hat.T) / np.diag(hat @ hat.T) / residual)
    assert np.allclose(np.sqrt(np.mean(exact, axis=0)), page.ratio.loc[(0.6, "no")], rtol=0.12)
