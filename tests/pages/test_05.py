"""Page 5: empirical Bayes, by moments and by maximum marginal likelihood."""

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from hblib import beta_binomial, normal_normal, repairs
from tests.chance import assert_near


@pytest.mark.parametrize("prior", ["naive", "fitted"])
@pytest.mark.parametrize("name", ["batters", "rats"])
def test_the_spread_that_a_prior_predicts_agrees_with_simulation(page, name, prior):
    fit, n = page.fitted[name], {"batters": page.batters, "rats": page.rats}[name].n
    alpha, beta = page.naive[name] if prior == "naive" else (fit.alpha, fit.beta)
    rng = np.random.default_rng(1)
    variances = (rng.binomial(n, rng.beta(alpha, beta, (40_000, len(n)))) / n).var(axis=1, ddof=1)
    expected = page.predicted_sd(alpha, beta, n) ** 2
    assert_near(variances.mean(), expected, variances.std() / np.sqrt(len(variances)))


def test_for_the_rats_too_the_prior_that_forgets_the_noise_predicts_a_wider_spread_than_seen(page):
    rats, fit = page.rats, page.fitted["rats"]
    seen = (rats.y / rats.n).std(ddof=1)
    assert page.predicted_sd(*page.naive["rats"], rats.n) > 1.2 * seen > page.predicted_sd(fit.alpha, fit.beta, rats.n)


def test_moments_without_the_noise_are_right_on_average(page):
    """Simulate groups of the rats' sizes from a known prior."""
    rng = np.random.default_rng(2)
    raw = rng.binomial(page.rats.n, rng.beta(3, 17, (40_000, len(page.rats.n)))) / page.rats.n
    noise_share = (1 / page.rats.n).mean()
    s2, mean = raw.var(axis=1, ddof=1), raw.mean(axis=1)
    v = (s2 - mean * (1 - mean) * noise_share) / (1 - noise_share)
    exact = 0.15 * 0.85 / 21
    assert_near(v.mean(), exact, v.std() / 200, 0.01 * exact)  # it is biased by Var(mean)/n, below 1 %
    assert s2.mean() > 1.5 * exact


def test_the_split_of_the_page_is_that_formula(page):
    y, n = page.rats.y, page.rats.n
    s2, mean, share = (y / n).var(ddof=1), (y / n).mean(), (1 / n).mean()
    assert np.allclose(page.split(y, n), (s2, (s2 - mean * (1 - mean) * share) / (1 - share)))


def test_the_size_that_forgets_the_noise_settles_down_on_a_wrong_value(page):
    mean, error = np.mean(page.sizes, axis=0)[0], np.std(page.sizes, axis=0)[0] / np.sqrt(len(page.sizes))
    assert_near(mean, page.limit, error)
    assert page.limit < 0.8 * 80


def test_from_some_hundreds_of_stores_on_it_hardly_moves(page):
    forgets = [medians[0] for medians in page.medians.values()]
    assert np.allclose(forgets, page.limit, atol=1)


def test_the_sizes_that_know_of_the_noise_settle_down_on_the_right_one(page):
    means, sd = np.mean(page.sizes, axis=0)[1:], np.std(page.sizes, axis=0)[1:].max()
    assert_near(means, 80, sd / np.sqrt(len(page.sizes)), 0.2)


def test_the_numbers_that_the_answer_about_twenty_stores_types_are_right():
    assert np.isclose(0.2 * 0.8 / 25, 0.0064)
    assert np.isclose(0.2 * 0.8 / 0.01 - 1, 15)


def minus_log_likelihood(p, data):
    """Of logit mean and log size, from scipy's own Beta-Binomial."""
    mean, size = 1 / (1 + np.exp(-p[0])), np.exp(p[1])
    return -stats.betabinom(data.n, mean * size, (1 - mean) * size).logpmf(data.y).sum()


def test_the_rats_maximum_agrees_with_a_general_optimiser(page):
    second = optimize.minimize(minus_log_likelihood, [-1.5, 2.0], args=(page.rats,))
    assert abs(1 / (1 + np.exp(-second.x[0])) - page.prior.mu) < 1e-4
    assert abs(np.exp(second.x[1]) / page.prior.size - 1) < 1e-3
    assert abs(-second.fun - page.prior.log_likelihood) < 1e-6


def test_the_fit_in_view_is_hblibs(page):
    assert np.allclose(page.by_scipy, (page.prior.alpha, page.prior.beta), rtol=1e-3)
    assert abs(-page.found.fun - page.prior.log_likelihood) < 1e-6


def test_the_figure_of_the_blur_shows_what_simulation_gives(page):
    """Three standard deviations, each larger than the one above, and few true rates outside 10 to 14 hits."""
    rng = np.random.default_rng(3)
    true, forgets = (rng.beta(*page.pairs[name], 200_000) for name in ("fitted", "forgets the noise"))
    for rates, exact in ((45 * true, page.sd_true), (rng.binomial(45, true), page.once.std())):
        assert abs(rates.std() / exact - 1) < 0.02
    assert abs(rng.binomial(45, forgets).std() / page.twice.std() - 1) < 0.02
    assert page.sd_true < page.once.std() < page.twice.std()
    assert np.isclose(page.in_hits(page.pairs["fitted"]).sum(), 1, atol=1e-6)


@pytest.mark.parametrize("tau", [0.0, 0.4, 2.0])
def test_the_criteria_of_the_page_are_hblibs_profiles_but_for_constants(page, tau):
    ml, reml = page.criteria(tau, page.means, page.unequal)
    by_hblib = [normal_normal.profile(page.means, page.unequal, [tau], method)[0] for method in ("ml", "reml")]
    constant = -3 * np.log(2 * np.pi) / 2
    assert np.allclose([ml + constant, reml + constant + np.log(2 * np.pi) / 2], by_hblib, atol=1e-9)


def test_the_estimate_by_ml_is_never_above_that_by_reml(page):
    """REML adds log V/2, which rises with tau; the moments of unequal groups may lie on either side."""
    rng = np.random.default_rng(50)
    for se in (page.equal * np.ones(3), page.unequal, page.schools.se):
        tau = np.linspace(0, 5 * se.max(), 500)
        for ybar in rng.normal(0, np.hypot(se, np.median(se)), (40, len(se))):
            ml, reml = (normal_normal.profile(ybar, se, tau, method) for method in ("ml", "reml"))
            assert (np.diff(reml - ml) > 0).all()
            by_ml, by_reml = (normal_normal.fit(ybar, se, method).tau for method in ("ml", "reml"))
            assert by_ml < by_reml or by_ml == by_reml == 0


def test_the_criteria_are_highest_where_hblib_says(page):
    assert np.allclose(page.by_grid, page.by_fit, atol=3e-3)


def test_no_two_of_the_five_methods_agree_for_the_unequal_groups(page):
    tau2 = sorted(normal_normal.fit(page.means, page.unequal, method).tau ** 2 for method in page.methods)
    assert min(np.diff(tau2)) > 0.005


def test_reml_integrates_mu_out(page):
    """The area under the likelihood of mu, on a grid."""
    mu = np.linspace(0, 20, 20_001)[:, None]
    for tau in (0.3, 1.0):
        ml, reml = page.criteria(tau, page.means, page.unequal)
        heights = stats.norm(mu, np.sqrt(page.unequal**2 + tau**2)).logpdf(page.means).sum(axis=1)
        area = np.exp(heights).sum() * (mu[1, 0] - mu[0, 0])
        assert np.isclose(np.log(area) - heights.max(), reml - ml + np.log(2 * np.pi) / 2, atol=1e-6)


def test_the_highest_point_of_the_grid_is_close_to_the_maximum(page):
    assert abs(page.by_size.max() - page.prior.log_likelihood) < 0.01


def test_the_climb_finds_the_maximum_of_hblib(page):
    fit = normal_normal.fit(page.means, page.unequal, "ml")
    assert abs(page.best.x[0] - fit.mu) < 1e-4
    assert abs(np.exp(2 * page.best.x[1]) - fit.tau**2) < 1e-4


def test_for_equal_groups_the_climb_stops_anywhere_and_reports_success(page):
    """Rounding decides where: of 100 runs with starts moved by a thousandth, each had 48 successes or more."""
    equal = np.sqrt(page.sigma2 / page.n)
    assert sum(end.success for end in page.climbs) > 40
    assert page.stops.max() > 3 * page.stops.min()
    assert page.stops.max() < 0.05
    at_zero = normal_normal.log_marginal(page.means, equal, 10, 0)
    assert all(-end.fun < at_zero + 1e-12 for end in page.climbs)


def test_a_fine_grid_finds_the_same_maximum(page):
    fit = normal_normal.fit(page.means, page.unequal, "ml")
    mu, tau = np.linspace(9, 11, 2001)[:, None], np.linspace(0, 3, 1501)[None, :]
    values = normal_normal.log_marginal(page.means, page.unequal, mu, tau)
    i, j = np.unravel_index(values.argmax(), values.shape)
    assert abs(mu[i, 0] - fit.mu) < 2e-3
    assert abs(tau[0, j] - fit.tau) < 2e-3


def cochran(ybar, w):
    """The statistic Q of the groups, with weights w."""
    return w @ (ybar - w @ ybar / w.sum()) ** 2


def dersimonian_laird(ybar, w):
    """The estimate of tau^2 before it is cut off at 0."""
    return (cochran(ybar, w) - (len(w) - 1)) / (w.sum() - (w**2).sum() / w.sum())


def test_dersimonian_and_laird_is_their_formula(page):
    tau2 = normal_normal.fit(page.means, page.unequal, "dersimonian-laird").tau ** 2
    assert abs(tau2 - dersimonian_laird(page.means, 1 / page.unequal**2)) < 1e-12


def test_paule_and_mandel_solves_their_equation(page):
    tau = normal_normal.fit(page.means, page.unequal, "paule-mandel").tau
    assert abs(cochran(page.means, 1 / (page.unequal**2 + tau**2)) - 2) < 1e-9


SIMULATED = [(3, 0.5), (8, 0.5), (8, 1.0), (20, 0.5)]


@pytest.fixture(scope="module")
def replicates():
    """For each number of groups and ratio tau/s: data sets with s = 1."""
    rng = np.random.default_rng(4)
    return {(J, ratio): rng.normal(0, np.sqrt(1 + ratio**2), (100_000, J)) for J, ratio in SIMULATED}


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize(("J", "ratio"), SIMULATED)
def test_the_chance_of_an_estimate_of_zero_agrees_with_simulation(page, replicates, J, ratio, method):
    ss = replicates[J, ratio].var(axis=1) * J
    share, exact = (ss < (J if method == "ml" else J - 1)).mean(), page.chance_of_zero(J, ratio, method)
    assert_near(share, exact, np.sqrt(exact * (1 - exact) / len(ss)))


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize(("J", "ratio"), SIMULATED)
def test_hblib_says_zero_exactly_when_the_page_says_so(replicates, J, ratio, method):
    for ybar in replicates[J, ratio][:50]:
        below = ybar.var() * J < (J if method == "ml" else J - 1)
        assert (normal_normal.fit(ybar, 1.0, method).tau == 0) == below


@pytest.mark.parametrize(("method", "bound"), [("ml", 1.2), ("reml", 0.8)])
def test_the_chance_of_zero_in_worked_example_2_is_an_exponential_distributions(page, method, bound):
    assert np.isclose(page.chance_of_zero(3, np.sqrt(0.2 / 0.8), method), 1 - np.exp(-bound))


def test_the_chance_of_zero_for_three_groups_with_tau_equal_to_s_is_the_answers(page):
    assert np.isclose(page.chance_of_zero(3, 1.0, "ml"), 1 - np.exp(-3 / 4))


def squared_error(J, ratio, method):
    """E(theta_j - plugged-in estimate)^2 for s = 1. SS is v x, x chi-squared; given it the mean of d_j^2 is SS/J."""
    v, divisor = 1 + ratio**2, {"ml": J, "reml": J - 1}[method]
    kappa, edge = ratio**2 / v, divisor / v  # below the edge the estimate of tau is 0

    def excess(x):
        return (1 - 1 / max(1, v * x / divisor) - kappa) ** 2 * v * x / J * stats.chi2(J - 1).pdf(x)

    of_weight = integrate.quad(excess, 0, edge)[0] + integrate.quad(excess, edge, np.inf)[0]
    return kappa + (1 - kappa) ** 2 * v / J + of_weight


@pytest.mark.parametrize("J", range(3, 21))
def test_the_estimates_are_better_with_ml_where_tau_is_half_the_standard_error_and_with_reml_where_it_is_twice(J):
    assert squared_error(J, 0.5, "ml") < squared_error(J, 0.5, "reml")
    assert squared_error(J, 2, "reml") < squared_error(J, 2, "ml")


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_that_squared_error_agrees_with_simulation(method):
    rng = np.random.default_rng(51)
    for J, ratio in ((3, 0.5), (8, 2)):
        theta = rng.normal(70, ratio, (250, J))
        losses = []
        for truth, ybar in zip(theta, rng.normal(theta, 1), strict=True):
            estimate = normal_normal.fit(ybar, 1.0, method).posterior(ybar, 1.0).mean()
            losses.append(np.mean((estimate - truth) ** 2))
        assert_near(np.mean(losses), squared_error(J, ratio, method), np.std(losses) / np.sqrt(250))


def test_the_intervals_hold_the_truth_less_often_with_ml():
    for J in (4, 5, 8, 12, 20):
        for ratio in (0.25, 0.5, 1, 2, 4):
            assert repairs.exact_coverage(J, ratio, "ml") < repairs.exact_coverage(J, ratio, "reml")


@pytest.mark.parametrize("method", ["moments", "ml", "reml", "dersimonian-laird", "paule-mandel"])
def test_how_often_plugged_in_intervals_hold_the_truth_agrees_with_hblibs_fits(page, method):
    se, held = page.one_vague, []
    for ybar in np.random.default_rng(54).normal(0, np.hypot(1, se), (200, 8)):
        low, high = normal_normal.fit(ybar, se, method).posterior(ybar, se).interval(0.95)
        truth = normal_normal.posterior(ybar, se, 0, 1)
        held.append(100 * np.mean(truth.cdf(high) - truth.cdf(low)))
    assert_near(page.plugged_in_holds(method, se, 1), np.mean(held), np.std(held) / np.sqrt(200))


@pytest.mark.parametrize(
    ("se", "tau"),
    [([1] * 7 + [10], 1), ([0.5, 0.5, 1, 2, 4], 1), (np.geomspace(0.06, 0.73, 13), 0.25)],
    ids=["one vague group", "five groups", "as wide a range as the BCG trials"],
)
def test_with_very_unequal_standard_errors_plain_moments_are_far_worse_than_ml_and_ml_is_worse_than_reml(page, se, tau):
    moments, ml, reml, *weighted = (page.plugged_in_holds(m, np.array(se, float), tau) for m in page.by_weights)
    assert moments + 8 < ml < reml - 2
    assert np.abs(np.array(weighted) - reml).max() < 3


@pytest.mark.parametrize("ratio", [0.5, 2])
def test_how_often_the_profiles_interval_holds_tau_agrees_with_simulation(page, ratio):
    """By hblib's profile, 300 data sets of eight groups with s = 1."""
    grid = np.r_[ratio, np.linspace(0, 8, 801)]
    curves = np.array(
        [
            normal_normal.profile(ybar, 1.0, grid)
            for ybar in np.random.default_rng(53).normal(0, np.hypot(1, ratio), (300, 8))
        ]
    )
    share = np.mean(curves[:, 0] > curves.max(axis=1) - page.cut)
    below, holds = page.held_by_profile(8, ratio)
    assert_near(share, holds, np.sqrt(holds * (1 - holds) / 300), 0.003)
    if ratio == 2:
        assert below > 3 * (1 - holds - below)
    else:
        assert below == 0


def test_remls_profile_of_the_schools_reaches_further_than_mls(page):
    ends = {
        method: optimize.brentq(
            lambda tau, top, method: (
                top - page.cut - normal_normal.profile(page.schools.ybar, page.schools.se, [tau], method)[0]
            ),
            5,
            40,
            args=(normal_normal.profile(page.schools.ybar, page.schools.se, [0.0], method)[0], method),
        )
        for method in ("ml", "reml")
    }
    assert abs(ends["ml"] - page.fine_tau[page.profile_schools > page.profile_schools.max() - page.cut].max()) < 0.02
    assert abs(ends["reml"] - page.fine_tau[page.reml_schools > page.reml_schools.max() - page.cut].max()) < 0.02
    assert ends["ml"] < ends["reml"] - 1


def test_the_profile_of_worked_example_2_has_its_top_at_the_fit(page):
    assert abs(page.ex2_curve.max() - normal_normal.fit(page.means, page.equal).log_likelihood) < 1e-9


def test_the_maximum_off_the_edge_solves_a_quadratic_where_groups_are_equal(page):
    """d/dtau of -J/2 log v - SS/(2v) + log tau = 0 says (1 - J) v^2 + (SS + J s^2) v - SS s^2 = 0."""
    s2, ss, J = 0.8, 2.0, 3
    v = max(root.real for root in np.roots([1 - J, ss + J * s2, -ss * s2]))
    assert abs(np.sqrt(v - s2) - page.moved_in["worked example"]) < 1e-3


def test_for_the_schools_it_lies_between_median_and_mean_of_tau(page):
    assert page.full.tau.ppf(0.5) < page.moved_in["eight schools"] < page.full.tau.mean()


def test_the_tops_of_the_rates_profiles_are_the_fits(page):
    assert abs(page.curves["rats (n = 20)"].max() - page.prior.log_likelihood) < 0.01
    assert abs(page.curves["batters (n = 45)"].max() - page.fit_batters.log_likelihood) < 0.002


def test_the_schools_profile_agrees_with_their_fit_at_the_edge(page):
    assert page.fine_tau[0] == 0
    assert abs(2 * (page.plug_in.log_likelihood - page.profile_schools[0])) < 1e-9


def test_at_infinite_size_the_likelihood_is_binomial(page):
    y, n, mean = page.batters.y, page.batters.n, page.pooled
    assert abs(beta_binomial.log_marginal(y, n, mean * 1e12, (1 - mean) * 1e12) - page.at_infinity) < 1e-6


def test_the_batters_and_the_schools_intervals_for_the_weight_begin_at_zero(page):
    assert page.ends["batters"][0] == page.ends["schools"][0] == page.kappa[0]


def test_the_batters_interval_is_the_same_for_size_and_weight(page):
    low = page.interval_end(5, 700, page.batters, page.fit_batters.log_likelihood)
    assert abs(45 / (45 + low) - page.ends["batters"][1]) < 0.006


def test_the_batters_likelihood_is_nearly_flat_up_to_a_weight_of_a_fifth_and_not_up_to_the_end(page):
    drop = page.curves["batters (n = 45)"].max() - page.curves["batters (n = 45)"]
    assert drop[page.kappa < 0.2].max() < 0.13
    assert drop[page.kappa > 0.4].min() > 0.75


def test_the_rats_inner_contours_are_nearly_ellipses_and_the_outer_ones_reach_further_to_large_sizes(page):
    """How far a contour reaches to both sides of the top, in log size."""
    drop, at = page.by_size - page.top, np.log(page.size[0]) - np.log(page.prior.size)
    reach = {level: at[(drop > level).any(axis=0)] for level in (-1, -5)}
    assert reach[-1].max() < 1.2 * -reach[-1].min()
    assert reach[-5].max() > 1.25 * -reach[-5].min()


def test_the_batters_maximum_agrees_with_a_search_on_scipys_distribution(page):
    def minus_profile(log_size):
        means = page.pooled * np.linspace(0.99, 1.01, 41)
        return min(minus_log_likelihood((np.log(mean / (1 - mean)), log_size), page.batters) for mean in means)

    again = optimize.minimize_scalar(minus_profile, bounds=(3, 10), method="bounded")
    assert abs(np.exp(again.x) / page.fit_batters.size - 1) < 0.05


def test_at_the_end_of_their_interval_less_than_half_of_the_batters_spread_is_noise(page):
    size = page.interval_end(5, 700, page.batters, page.fit_batters.log_likelihood)
    true, noise = 1 / (size + 1), size / (size + 1) / 45  # both in units of mu (1 - mu)
    assert noise / (true + noise) < 0.5


@pytest.mark.parametrize("name", ["batters", "rats"])
def test_the_estimates_that_forget_the_noise_lie_inside_the_intervals(page, name):
    data, highest = {"batters": page.batters, "rats": page.rats}[name], page.fitted[name].log_likelihood
    low = page.interval_end(*{"batters": (5, 700), "rats": (2, 16)}[name], data, highest)
    assert low < sum(page.naive[name])
    assert page.above_cut(np.log(sum(page.naive[name])), data, highest) > 0


def test_each_of_the_five_methods_says_zero_for_the_schools(page):
    assert len(page.methods) == 5
    for method in page.methods:
        assert normal_normal.fit(page.schools.ybar, page.schools.se, method).tau == 0


def test_the_schools_differ_less_than_their_noise(page):
    w = 1 / page.schools.se**2
    assert abs(page.Q - cochran(page.schools.ybar, w)) < 1e-9
    assert dersimonian_laird(page.schools.ybar, w) < 0


def test_the_share_of_zeros_under_equality_is_exact(page):
    exact = stats.chi2(7).cdf(7)
    assert_near(page.says_zero[0], exact, np.sqrt(exact * (1 - exact) / 400_000))


@pytest.mark.parametrize("method", ["dersimonian-laird", "paule-mandel"])
def test_hblib_says_zero_exactly_when_q_is_at_most_seven(page, method):
    se = page.schools.se
    data = 8 + np.sqrt(se**2 + 15**2) * np.random.default_rng(7).standard_normal((200, 8))
    said = [(normal_normal.fit(ybar, se, method).tau == 0, cochran(ybar, 1 / se**2) <= 7) for ybar in data]
    assert all(zero == below for zero, below in said)
    assert 0 < sum(zero for zero, _ in said) < 200


@pytest.mark.parametrize("fitted_to", ["all", "large"])
def test_where_visits_are_unrelated_to_the_rate_the_error_is_the_best_possible(page, fitted_to):
    """The mean posterior variance under the true prior."""
    visits = 1 + np.exp(np.random.default_rng(9).normal(4, 1.2, 400_000)).astype(int)
    visits = visits[visits < 50]
    ideal = np.sqrt((8 * 72 / 80**2 / 81 * 80 / (80 + visits)).mean())
    assert abs(page.worlds["any store"].loc[fitted_to, "error for small"] / ideal - 1) < 0.01


@pytest.mark.parametrize("method", ["ml", "moments"])
def test_two_kinds_far_apart_get_a_wide_prior_that_is_highest_between_them(method):
    """100 groups, half at 20 per cent and half at 60."""
    fit = beta_binomial.fit(np.repeat([10, 30], 50), 50, method)
    prior = stats.beta(fit.alpha, fit.beta)
    assert prior.std() > 0.15
    assert prior.pdf(0.4) > max(prior.pdf(0.2), prior.pdf(0.6))


@pytest.mark.parametrize("method", ["ml", "moments"])
def test_two_kinds_near_both_ends_get_a_prior_that_is_high_at_both(method):
    fit = beta_binomial.fit(np.repeat([1, 49], 50), 50, method)
    assert max(fit.alpha, fit.beta) < 0.5


def test_where_better_stores_have_more_visits_the_large_ones_mislead_most(page):
    error = page.worlds["better stores"]["error for small"]
    assert error["small"] < error["all"] < error["large"]
