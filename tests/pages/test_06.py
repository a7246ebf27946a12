"""Page 6: what it costs to plug an estimated prior in, and three repairs."""

import numpy as np
import pytest
from scipy import integrate, stats

from hblib import beta_binomial, normal_normal, priors, repairs
from tests.chance import assert_near


@pytest.mark.parametrize(
    ("estimate", "name"), [("reml", "plug-in reml"), ("ml", "plug-in ml"), ("morris", "morris")], ids=str
)
def test_the_stored_coverages_agree_with_the_exact_ones(page, estimate, name):
    table = page.table
    rows = np.flatnonzero((table.model == "normal") & (table.method == name))
    exact = [repairs.exact_coverage(table.groups[i], table.spread[i], estimate) for i in rows]
    assert len(rows) == 18
    assert_near(table.coverage[rows], exact, table.error[rows])


def test_the_standard_errors_of_the_stored_coverages_are_smaller_than_the_markers(page):
    assert page.table.error[page.table.model == "normal"].max() < 0.002


def test_the_three_parts_add_up_to_the_posterior_variance(page):
    assert np.allclose(page.known + page.of_mu + page.of_tau, page.full.theta.std() ** 2, rtol=1e-10)


def test_for_the_schools_the_first_part_is_not_0_and_the_variance_that_is_plugged_in_is(page):
    nodes, se = page.exact.nodes, page.schools.se
    assert (nodes.weight @ (normal_normal.shrinkage(se, nodes.tau[:, None]) * se**2) > 20).all()
    assert (page.fit.posterior(page.schools.ybar, se).var() == 0).all()


def test_few_groups_lose_much_where_tau_is_at_most_the_standard_error_and_little_where_it_is_large():
    assert max(repairs.exact_coverage(J, ratio) for J in (5, 8, 12) for ratio in (0.5, 1)) < 0.8
    assert min(repairs.exact_coverage(J, ratio) for J, ratio in ((5, 5), (8, 3), (12, 3))) > 0.93


def test_full_bayes_with_a_prior_that_rules_out_the_true_tau_holds_the_effects_less_often_than_plugging_in():
    """Eight groups, s = 1 and tau = 2. Over 120 data sets the mean has a standard error of less than 0.01."""
    held = []
    for ybar in np.random.default_rng(64).normal(0, np.sqrt(5), (120, 8)):
        low, high = normal_normal.full_bayes(ybar, 1.0, priors.half_normal(0.5)).theta.interval(0.95)
        truth = normal_normal.posterior(ybar, np.ones(8), 0, 2)
        held.append(truth.cdf(high) - truth.cdf(low))
    assert np.mean(held) < repairs.exact_coverage(8, 2, "reml") - 0.02


def test_the_posterior_variance_agrees_with_draws(page):
    draws = page.full.theta.rvs(400_000, np.random.default_rng(60))
    assert np.allclose(draws.var(axis=0), page.full.theta.std() ** 2, rtol=0.01)


def test_the_quantiles_of_tau_agree_with_an_integral_of_the_density(page):
    quantiles = np.interp([0.025, 0.5, 0.975], page.cdf / page.cdf[-1], page.fine)
    assert np.allclose(quantiles, [page.tau_low, page.median, page.tau_high], atol=1e-4)


def test_the_mean_of_tau_agrees_with_an_integral_of_the_density(page):
    mean = integrate.simpson(page.fine * page.density(page.fine), x=page.fine) / page.cdf[-1]
    assert abs(mean - page.full.tau.mean()) < 1e-6


def test_the_mean_of_tau_agrees_with_hblibs_marginal_likelihood_on_a_grid_of_mu_and_tau(page):
    mu, tau = np.linspace(-5, 15, 2001)[:, None], np.linspace(0.0005, 8, 8000)[None, ::4]
    joint = np.exp(normal_normal.log_marginal(page.hard, page.hard_se, mu, tau)).sum(axis=0)
    joint *= stats.halfnorm().pdf(tau[0])
    assert abs((joint * tau[0]).sum() / joint.sum() - page.full.tau.mean()) < 1e-3


@pytest.mark.parametrize("name", ["tau", "theta[0]", "theta[4]"])
def test_nuts_agrees_with_quadrature(page, name):
    """Within six standard errors, so that no run of the sampler decides."""
    row, i = page.sampled.loc[name], page.names.index(name)
    assert abs(row["mean"] - page.exact_mean[i]) < 6 * row["mcse_mean"]
    assert abs(row["sd"] - page.exact_sd[i]) < 6 * row["mcse_sd"]


def test_over_the_seeds_the_errors_of_nuts_are_those_of_its_own_standard_errors(page):
    """13 unknowns, 200 runs: the largest of so many draws from N(0, 1) exceeds 5 about once in a thousand tables."""
    assert 2 < page.runs.z[0] < 5
    assert page.runs.bad[0] < 0.05 * page.runs.seeds[0]


def test_what_nuts_is_compared_with_is_the_full_bayes_of_the_page(page):
    theta, tau = page.full.theta, page.full.tau
    assert np.allclose(page.exact_mean, [tau.mean(), theta.mean()[0], theta.mean()[4]])
    assert np.allclose(page.exact_sd, [tau.std(), theta.std()[0], theta.std()[4]])


@pytest.mark.parametrize("J", [5, 8, 20, 200])
def test_the_small_experiment_agrees_with_the_stored_one(page, J):
    assert_near(page.agree.loc[J, "z"], 0, 1)


def test_the_error_bar_from_single_intervals_would_be_too_small(page):
    assert page.error_ratio > 1.2


def test_the_chance_of_an_estimate_of_zero_agrees_with_simulation(page):
    """As in the data sets whose intervals have no width."""
    rng = np.random.default_rng(6)
    low, _ = page.plug_in(rng.normal(rng.normal(0, 0.5, (40_000, 8)), 1))
    assert_near(np.mean(low.std(axis=1) < 1e-12), page.zero(0.5), np.sqrt(0.25 / 40_000))


@pytest.mark.parametrize("ratio", [0.5, 1, 2])
def test_much_of_the_rest_of_the_loss_comes_from_data_sets_with_a_tau_far_too_small(ratio):
    """Those with 0 < kappa-hat < kappa/2. No truth is drawn: given the data and mu = 0 it is N(kappa ybar, kappa)."""
    ybar = np.random.default_rng(64).normal(0, np.hypot(1, ratio), (40_000, 8))
    kappa, mean = ratio**2 / (1 + ratio**2), ybar.mean(axis=1)
    own = np.maximum(0, 1 - 1 / ybar.var(axis=1, ddof=1))
    centre, half = own * ybar[:, 0] + (1 - own) * mean, 1.96 * np.sqrt(own)
    truth = stats.norm(kappa * ybar[:, 0], np.sqrt(kappa))
    lost = 0.95 - (truth.cdf(centre + half) - truth.cdf(centre - half))
    assert 0.35 < lost[(own > 0) & (own < kappa / 2)].sum() / lost[own > 0].sum() < 0.85


def test_morris_is_the_formula_of_the_page(page):
    J, d = 5, page.hard - page.hard.mean()
    pulled = (2 / 4) * 0.2 / (0.2 + 0.125)  # 1 - kappa
    variance = (1 - pulled) * 0.2 + pulled * 0.2 / J + 2 / (J - 3) * pulled**2 * d**2
    assert np.allclose(variance**0.5, page.answers["Morris"])


def test_morris_by_hand_is_hblibs(page):
    assert np.allclose(page.morris_sd, repairs.morris(page.hard, page.hard_se).std(), rtol=1e-12)


def test_kass_and_steffey_by_hand_is_hblibs_and_the_closed_form(page):
    """With equal standard errors it is Morris's formula with J - 1 for J - 3, and the plain weight."""
    assert np.allclose(page.kass_sd, repairs.kass_steffey(page.hard, page.hard_se).std(), rtol=1e-5)
    v, d = 0.325, page.hard - page.hard.mean()
    pulled = 0.2 / v
    variance = (1 - pulled) * 0.2 + pulled * 0.2 / 5 + 2 / 4 * pulled**2 * d**2
    assert np.allclose(page.kass_sd, np.sqrt(variance), rtol=1e-5)


def test_the_variance_of_the_estimate_of_tau2_is_that_of_a_sample_variance():
    """2 v^2/(J - 1), as the page says, where the estimate is not cut at 0."""
    again = np.random.default_rng(61).normal(5.2, np.sqrt(0.325), (400_000, 5)).var(axis=1, ddof=1)
    assert np.isclose(again.var(), 2 * 0.325**2 / 4, rtol=0.03)


def test_laird_and_louis_by_hand_agrees_with_hblib(page):
    """The sd of 4000 refits has an error below 0.003, and an end of the interval one of about 0.01."""
    assert np.allclose(page.laird_sd, page.answers["Laird and Louis"], atol=0.02)
    assert np.allclose(page.by_laird, page.repaired["Laird and Louis"].interval(0.95), atol=0.05)


def test_the_intervals_by_hand_are_hblibs(page):
    assert np.allclose(page.by_morris, page.repaired["Morris"].interval(0.95), atol=1e-4)
    assert np.allclose(page.by_kass, page.repaired["Kass and Steffey"].interval(0.95), atol=1e-4)


def test_another_bootstrap_of_laird_and_louis_agrees(page):
    again = repairs.laird_louis(page.hard, page.hard_se, 4000, np.random.default_rng(8)).std()
    assert np.allclose(again, page.answers["Laird and Louis"], atol=0.01)


def test_maximum_likelihood_plugged_in_is_more_overconfident_than_reml(page):
    assert page.answers["plugged in, ML"][0] < page.answers["plugged in, REML"][0]


def test_for_the_schools_one_repair_is_shorter_than_full_bayes_and_one_is_not(page):
    answers = {"full": page.exact.theta, **page.wide}
    length = {name: np.subtract(*answer.interval()[::-1]) for name, answer in answers.items()}
    assert (length["Laird and Louis"] < length["full"]).all()
    assert (length["Morris"] > 0.97 * length["full"]).all()


def test_full_bayes_is_calibrated_over_its_prior(page):
    assert_near(np.mean(page.held), 0.95, page.held_error)


@pytest.mark.parametrize("players", [8, 18, 100, 1000])
def test_the_coverage_of_counts_agrees_with_the_stored_one(page, players):
    assert_near(page.counts.loc[players, "z"], 0, 1)


def test_the_batters_rates_differ_by_about_half_a_standard_error(page):
    assert abs(page.prior_sd / page.noise_sd - np.sqrt(45 / 200)) < 1e-12


def test_rates_that_are_more_alike_take_more_than_a_thousand_players(page):
    """Half as far apart as on the page: about 77 per cent, with an error below 3."""
    rng, n = np.random.default_rng(62), np.full(1000, 45)
    held = []
    for theta in rng.beta(4 * 53, 4 * 147, (200, 1000)):
        y = rng.binomial(n, theta)
        low, high = beta_binomial.fit(y, n).posterior(y, n).interval(0.95)
        held.append(np.mean((low <= theta) & (theta <= high)))
    assert np.mean(held) < 0.88 < page.table.find("counts", 1000, 200, "plug-in ml")[0]


@pytest.mark.parametrize(("J", "ratio"), [(100, 1), (100, 0.5), (8, 0.5)])
@pytest.mark.parametrize("interval", ["raw", "plugged in"])
def test_the_interval_of_the_best_group_holds_the_truth_as_often_as_its_chances_say(page, J, ratio, interval):
    """Given the data, theta is normal: no truth is drawn here, and the chance takes the place of the count."""
    ybar = np.random.default_rng(63).normal(0, np.hypot(1, ratio), (2_000_000 // J, J))
    interval_of = {"raw": page.raw, "plugged in": page.plug_in}[interval]
    low, high = (end[np.arange(len(ybar)), ybar.argmax(axis=1)] for end in interval_of(ybar))
    kappa = normal_normal.shrinkage(1, ratio)
    theta = stats.norm(kappa * ybar.max(axis=1), np.sqrt(kappa))
    for shown, values, sd in (
        ("covers, in %", 100 * (theta.cdf(high) - theta.cdf(low)), 50),
        ("off by", (low + high) / 2 - theta.mean(), 1),
    ):
        error = np.hypot(values.std() / np.sqrt(len(ybar)), sd / np.sqrt(4_000_000 // J))
        assert_near(page.of_the_best.loc[(J, ratio, interval), shown], values.mean(), error)


def test_the_average_over_all_hundred_looks_fine(page):
    assert page.others > 0.94


def test_a_normal_prior_shrinks_the_odd_one_by_its_weight(page):
    assert np.isclose(page.after_five(stats.norm(0, 0.5)), 5 * 0.2)


def test_heavier_tails_shrink_the_odd_one_less_than_half_as_far(page):
    assert page.after_five(page.heavy) > 2 * page.after_five(stats.norm(0, 0.5))


def test_the_heavy_prior_has_the_normals_quartiles(page):
    assert np.allclose(page.heavy.ppf([0.25, 0.75]), stats.norm(0, 0.5).ppf([0.25, 0.75]))


def test_with_a_known_prior_the_highest_group_is_calibrated():
    rng = np.random.default_rng(27)
    theta = rng.normal(0, 1, (20_000, 100))
    ybar = rng.normal(theta, 1)
    top = np.arange(20_000), ybar.argmax(axis=1)
    held = np.abs(theta[top] - ybar[top] / 2) < 1.959964 * np.sqrt(0.5)
    assert_near(held.mean(), 0.95, np.sqrt(0.95 * 0.05 / 20_000))


@pytest.mark.parametrize("ratio", [0.5, 1, 2])
def test_the_expansion_for_many_groups_agrees_with_the_exact_coverage(ratio):
    z, lam = stats.norm.ppf(0.975), ratio**2
    loss = z * stats.norm.pdf(z) * (5 / lam + (1 + z**2) / (2 * lam**2))
    assert abs((0.95 - repairs.exact_coverage(100_000, ratio)) * 100_000 / loss - 1) < 0.01


def test_the_mean_squared_error_of_plugging_in_agrees_with_simulation(page):
    rng = np.random.default_rng(29)
    theta = rng.normal(0, 0.5, (200_000, 8))
    low, high = page.plug_in(rng.normal(theta, 1))
    loss = (((low + high) / 2 - theta) ** 2).mean(axis=1)
    assert_near(loss.mean(), page.mse, loss.std() / np.sqrt(len(loss)))
    assert page.known_mse == 0.5**2 / (1 + 0.5**2)


def reml(ybar, se):
    """mu and tau for each row, from a grid of tau, without hblib."""
    best, mu, tau = np.full((3, len(ybar)), -np.inf)
    for each in np.r_[0, np.geomspace(0.05, 5, 300)]:
        w = 1 / (se**2 + each**2)
        centre = ybar @ w / w.sum()
        height = np.log(w).sum() / 2 - np.log(w.sum()) / 2 - (ybar - centre[:, None]) ** 2 @ w / 2
        higher = height > best
        best[higher], mu[higher], tau[higher] = height[higher], centre[higher], each
    return mu[:, None], tau[:, None]


def test_twelve_precise_groups_repair_the_intervals_of_twelve_vague_ones(page):
    """By counting, and with another REML."""
    se = np.repeat([0.3, 3], 12)
    rng = np.random.default_rng(65)
    theta = rng.normal(0, 1, (4000, 24))
    ybar = rng.normal(theta, se)
    mu, tau = reml(ybar, se)
    kappa = tau**2 / (tau**2 + se**2)
    inside = np.abs(theta - kappa * ybar - (1 - kappa) * mu) < 1.96 * se * np.sqrt(kappa)
    counted, chances = inside[:, 12:].mean(axis=1), np.array(page.chances)[:, 12:].mean(axis=1)
    error = np.hypot(counted.std() / np.sqrt(len(counted)), chances.std() / np.sqrt(len(chances)))
    assert_near(counted.mean(), chances.mean(), error)
    assert chances.mean() > repairs.exact_coverage(24, 1 / 3) + 0.3


def test_it_takes_about_a_hundred_groups_at_tau_equal_to_s_and_several_hundred_at_half(page):
    assert 95 <= page.groups_needed(1) <= 105
    assert 700 <= page.groups_needed(0.5) <= 800


@pytest.mark.parametrize("method", ["morris", "kass-steffey", "laird-louis", "full bayes"])
def test_with_200_groups_and_a_small_tau_every_method_covers_92_or_93_per_cent(page, method):
    assert 0.915 < page.table.find("normal", 200, 0.5, method)[0] < 0.935


def test_twice_as_many_groups_halve_the_loss_in_the_end_and_take_off_a_fifth_where_it_is_large():
    few, many = (
        [0.95 - repairs.exact_coverage(J, ratio) for J in at] for ratio, at in ((0.5, (5, 10)), (1, (320, 640)))
    )
    assert 0.75 < few[1] / few[0] < 0.85
    assert 0.48 < many[1] / many[0] < 0.52


def test_200_groups_bring_plugging_in_within_a_point_of_its_claim_at_tau_equal_to_s_and_not_at_a_smaller_tau():
    at = {ratio: repairs.exact_coverage(200, ratio) for ratio in (1, 0.5, 0.25)}
    assert at[1] >= 0.94 > 0.9 > at[0.5] > 0.7 > at[0.25]
