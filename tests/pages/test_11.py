"""Page 11: stores in chains, what to share, and which stores to repair."""

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from hblib import beta_binomial, three_level
from tests.chance import assert_alike

BASELINE, ELASTICITY, SEASON = range(3)
STORE, CHAIN = 0, 1  # what a drop in log likelihood is due to


# --- The data ---------------------------------------------------------------------------------------------------------


def test_72_stores_are_watched_for_30_weeks(page):
    assert page.panel.log_sales.shape == (72, 30)


def test_a_purchase_brings_a_sensible_number_of_euros(page):
    assert page.basket.min() > 50
    assert page.basket.max() < 500


def test_a_store_with_more_visits_sells_more(page):
    log_sales, log_visits = page.panel.log_sales.mean(axis=1), np.log(page.panel.visits.mean(axis=1))
    assert np.corrcoef(log_sales, log_visits)[0, 1] > 0.6


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
        assert abs(found.mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / 300)


def test_the_variance_ladder_looks_as_described(page):
    """Shares of chain, store and noise, then weights of chain, store and company."""
    ladder, result = page.ladder, page.result
    assert list(ladder.argmax(axis=1)) == [1, 0, 2]
    assert ladder[ELASTICITY, 0] > 0.5
    assert ladder[SEASON, 2] > 0.7
    assert result[BASELINE, 1] > 0.9
    assert result[ELASTICITY, 0] > 0.9
    assert result[SEASON, 2] == 1


# --- Six chains are few -----------------------------------------------------------------------------------------------


def test_six_new_chains_give_zero_as_often_as_the_f_distribution_says(page):
    assert abs(np.mean(page.again == 0) - page.zero) < 4 * np.sqrt(page.zero / 100_000)


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
    assert abs(np.mean(draws < low) - 0.025) < 4 * np.sqrt(0.025 / 200_000)
    assert abs(np.mean(draws > high) - 0.025) < 4 * np.sqrt(0.025 / 200_000)


def test_a_third_of_the_nodes_gives_the_same_interval_to_three_digits(page):
    mean, sd = np.transpose(page.mixtures["in a new chain"])
    third = page.p[::3] / page.p[::3].sum()
    for q, end in zip((0.5, 0.025, 0.975), page.quantiles["in a new chain"], strict=True):
        coarse = optimize.brentq(lambda x, q=q: third @ stats.norm(mean[::3], sd[::3]).cdf(x) - q, 0, 20)
        assert abs(coarse - end) < 0.002


# --- What is sharing worth --------------------------------------------------------------------------------------------


def test_shrinking_the_coefficients_one_by_one_costs_next_to_nothing_once_centred(page):
    """Against the joint posterior, which knows that their errors are correlated."""
    S, K = page.estimate.shape
    same = page.chain[:, None] == page.chain
    xx = np.einsum("stk,stl->skl", page.past, page.past) / page.sigma**2
    prior, V = np.zeros((S * K, S * K)), np.zeros((S * K, S * K))
    for k, fit in enumerate(page.fits):
        at = np.arange(S) * K + k
        prior[np.ix_(at, at)] = max(fit.tau_store, 1e-4) ** 2 * np.eye(S) + fit.tau_chain**2 * same + 100.0**2
    for s in range(S):
        V[s * K : s * K + K, s * K : s * K + K] = np.linalg.inv(xx[s])
    joint = (prior @ np.linalg.solve(prior + V, page.estimate.ravel())).reshape(S, K)
    joint_rmse, rmse = (
        np.sqrt(np.mean((page.actual - np.einsum("stk,sk->st", page.later, b)) ** 2))
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


def z_of(page, world, better, worse):
    """The difference of two mean squared errors in standard errors."""
    squares = page.worlds[world]
    difference = squares[:, page.contest.index(worse)] - squares[:, page.contest.index(better)]
    return difference.mean() / (difference.std() / np.sqrt(len(difference)))


@pytest.mark.parametrize("world", ["this world", "a wilder one"])
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("three levels", "two levels"),
        ("two levels", "alone"),
        ("three levels", "not centred"),
        ("alone", "all alike"),
    ],
)
def test_in_both_worlds_one_answer_is_better_than_the_other(page, world, better, worse):
    assert z_of(page, world, better, worse) > 4


@pytest.mark.parametrize("other", ["three levels", "averaged"])
def test_the_rule_wins_in_this_world_and_loses_in_the_wilder_one(page, other):
    assert z_of(page, "this world", "as decided", other) > 3
    assert z_of(page, "a wilder one", other, "as decided") > 3


def test_the_three_answers_that_know_of_chains_are_close_to_each_other(page):
    assert page.apart < 0.05


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
    M, fine = page.M, np.linspace(0.0005, 0.15, 300)
    groups = [(page.y[page.chain == c], page.n[page.chain == c]) for c in page.names]
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


# --- Which stores to repair -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(3.0, 90.0), (7, 113)])
def test_the_formula_of_the_expected_shortfall_agrees_with_quadrature(page, a, b):
    exact = integrate.quad(lambda rate: (0.05 - rate) * stats.beta(a, b).pdf(rate), 0, 0.05)[0]
    assert abs(exact - page.shortfall(a, b)) < 1e-10


def test_the_expected_shortfall_agrees_with_draws_of_m_and_mean_and_then_theta(page):
    """For a few stores."""
    rng = np.random.default_rng(5)
    short = page.expect(page.shortfall)
    for s in np.argsort(-short)[[0, 5, 20]]:
        flat = page.mixed[np.searchsorted(page.names, page.chain[s])].ravel()
        cells = rng.choice(flat.size, size=100_000, p=flat / flat.sum())
        alpha, beta = (page.M * page.mean).ravel()[cells], (page.M * (1 - page.mean)).ravel()[cells]
        value = np.maximum(0.05 - rng.beta(alpha + page.y[s], beta + page.n[s] - page.y[s]), 0)
        assert abs(value.mean() - short[s]) < 4 * value.std() / np.sqrt(100_000)


def test_the_list_by_expected_loss_earns_most_in_expectation(page):
    assert page.expected[page.repair].sum() >= page.expected[page.lowest].sum()


def test_every_other_rule_earns_less(page):
    others = page.gains.columns.drop("expected loss")
    assert len(others) == 4
    for other in others:
        difference = page.gains["expected loss"] - page.gains[other]
        assert difference.mean() > 4 * difference.std() / np.sqrt(len(difference)), other


@pytest.mark.parametrize("factor", [0.5, 2])
def test_no_other_threshold_on_the_expected_loss_does_better(page, factor):
    """The best rule given the prior is the best."""
    other = page.margin * page.visits * page.shortfall(page.post.alpha, page.post.beta) > factor * page.cost
    assert np.sum(page.value * other, axis=1).mean() < page.gains["expected loss"].mean()


def test_the_answers_of_the_second_try_it(page):
    """15,000 visits at 3 per cent; then 250,000 at a mean of 5.2 per cent, with the weight of 1,500 visits."""
    assert np.isclose(15_000 * 0.02, 300)
    assert np.isclose(15_000 * (0.05 - 0.03) * 60, 18_000)
    assert 60 * 250_000 * page.shortfall(0.052 * 1500, (1 - 0.052) * 1500) > 20_000


# --- Where it breaks --------------------------------------------------------------------------------------------------

AS_BEFORE, SINCE, LABELLED = range(3)


@pytest.mark.parametrize("worse", [AS_BEFORE, SINCE])
def test_the_label_is_better(page, worse):
    difference = page.many[:, worse] - page.many[:, LABELLED]
    assert difference.mean() > 4 * difference.std() / np.sqrt(len(difference))
    assert page.ours[worse] > page.ours[LABELLED]


def test_forgetting_is_better_than_carrying_on(page):
    difference = page.many[:, AS_BEFORE] - page.many[:, SINCE]
    assert difference.mean() > 4 * difference.std() / np.sqrt(len(difference))


def test_the_label_more_than_halves_the_error(page):
    assert page.many[:, LABELLED].mean() < page.many[:, AS_BEFORE].mean() / 4


def test_b_after_the_change_inflates_tau_chain(page):
    others = page.label != "B after"
    split = three_level.fit(page.elasticity, page.errors, page.label)
    rest = three_level.fit(page.elasticity[others], page.errors[others], page.label[others])
    assert split.tau_chain > rest.tau_chain


def test_next_to_the_other_six_b_after_the_change_proves_nothing(page):
    assert len(page.rest) == 6
    assert 2 * stats.t(5).sf(abs(page.t)) > 0.05


def test_persistent_noise_makes_two_standard_errors_too_small_and_one_too_large(page):
    """And one hundred companies are enough for the digits shown."""
    by_company = np.std(page.z, axis=1)
    assert (4 * by_company.std(axis=0) / np.sqrt(len(by_company)) < 0.1).all()
    ratio = page.ratio.loc[0.6].to_numpy()
    assert ratio[BASELINE] > 1.8
    assert ratio[SEASON] > 1.6
    assert ratio[ELASTICITY] < 0.95


def test_the_ratios_of_persistent_noise_agree_with_its_covariance_matrix(page):
    weeks, exact = page.weeks, []
    noise = 0.6 ** np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks)))
    for x in page.past:
        hat = np.linalg.pinv(x)
        residual = np.trace(noise - x @ hat @ noise) / (weeks - 3)
        exact.append(np.diag(hat @ noise @ hat.T) / np.diag(hat @ hat.T) / residual)
    assert np.allclose(np.sqrt(np.mean(exact, axis=0)), page.ratio.loc[0.6], rtol=0.06)
