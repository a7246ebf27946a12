"""Page 4: Stein's theorem, and eighteen batters."""

import numpy as np
import pytest
from scipy import integrate, stats

from hblib import james_stein, normal_normal
from tests.chance import assert_near
from tests.conftest import ROOT

STAR_AND_NINE = np.array([5.0] + [0.0] * 9)
AT_THE_TARGET = np.zeros(10)


def printed():
    """The averages over the rest of the season as Efron and Morris print them, three digits each."""
    batters = np.genfromtxt(ROOT / "hblib/datasets/batters.csv", delimiter=",", names=True, encoding="utf8")
    return batters["printed"]


def test_the_rule_done_by_hand_is_hblibs(page):
    assert np.allclose(page.shrunk, james_stein.estimate(page.early, page.se))


def test_james_stein_beats_the_common_average_which_beats_the_own(page):
    assert page.errors["James-Stein"] < page.errors["common average"] < page.errors["own average"]


def test_the_errors_with_the_printed_averages_are_those_of_efron_and_morris(page):
    own, js = (np.sum((rule - printed()) ** 2) for rule in (page.early, page.shrunk))
    assert (round(own, 4), round(js, 4), round(own / js, 2)) == (0.0753, 0.0213, 3.53)


def test_the_three_columns_of_the_batters_are_as_wide_and_ordered_as_the_figures_description_says(page):
    assert page.shrunk.std() < page.rest.std() < page.early.std()
    assert [page.surname[column.argmax()] for column in (page.early, page.shrunk, page.rest)] == ["Clemente"] * 3
    assert page.surname[np.argsort(page.rest)[-2]] == page.surname[np.argsort(page.early)[1]] == "Munson"


def test_in_the_figure_of_the_risks_the_positive_part_is_below_james_stein_and_that_below_the_own_value(page):
    assert (page.total["js+"] <= page.total["js"]).all()
    assert (page.total["js"] < 10).all()
    assert (page.oracle < page.total["js"]).all()


def test_in_the_figure_of_the_star_the_average_of_all_stays_below_one(page):
    assert (page.each.mean(axis=1) < 1).all()


def test_exact_risks_agree_with_simulation():
    rng = np.random.default_rng(4)
    for truth in (np.zeros(10), np.full(10, 1.0), np.array([5.0] + [0.0] * 9), np.linspace(-4, 4, 10)):
        sample = rng.normal(truth, 1, (100_000, 10))
        factor = 1 - 8 / np.sum(sample**2, axis=1, keepdims=True)
        for rule, estimate in (("js", factor * sample), ("js+", np.maximum(factor, 0) * sample)):
            loss = (estimate - truth) ** 2
            exact = james_stein.component_risk(truth, 1, 0, rule)
            z = (loss.mean(axis=0) - exact) / (loss.std(axis=0) / np.sqrt(1e5))
            assert np.abs(z).max() < 4.5, (truth, rule)


@pytest.mark.parametrize(("rule", "name"), [("James-Stein", "js"), ("JS+", "js+")])
def test_the_risks_of_the_page_agree_simulated_summed_and_by_hblib(page, rule, name):
    sample = np.random.default_rng(8).normal(STAR_AND_NINE, 1, (20_000, 10))
    factor = 1 - 8 / np.sum(sample**2, axis=1, keepdims=True)
    loss = ((factor if name == "js" else np.maximum(factor, 0)) * sample - STAR_AND_NINE) ** 2
    parts = james_stein.component_risk(STAR_AND_NINE, 1, 0, name)
    assert_near(page.simulated[rule], parts, loss.std(axis=0) / np.sqrt(400_000))
    assert_near(page.totals[rule], page.exact[rule], loss.sum(axis=1).std() / np.sqrt(400_000))
    assert abs(page.exact[rule] - page.by_hblib[rule]) < 1e-4


def test_with_a_star_the_factor_is_hardly_ever_negative():
    assert stats.ncx2(10, 25).cdf(8) < 0.001


@pytest.mark.parametrize("size", [4, 10, 1000])
@pytest.mark.parametrize(("target", "risk"), [(0, 2), (None, 3)])
def test_at_the_target_the_risk_is_two_or_about_the_mean_three_however_many_groups(size, target, risk):
    assert abs(james_stein.risk(np.zeros(size), 1, target, "js") - risk) < 1e-9


@pytest.mark.parametrize(("size", "sign"), [(4, 0), (5, 1), (18, 1)])
def test_two_too_many_in_the_constant_gain_nothing_with_four_groups_and_less_than_the_best_with_more(size, sign):
    """The constant k - 2 where the mean is the target and k - 3 is best."""
    dimensions, a = size - 1, size - 2
    gain = 2 * a * (dimensions - 2) - a**2
    assert np.sign(gain) == sign
    assert gain <= (dimensions - 2) ** 2


def test_the_divergence_in_the_identity_agrees_with_differences():
    point, step = np.array([1.0, -2.0, 0.5, 3.0]), 1e-6

    def g(v):
        return -v / np.sum(v**2)

    slopes = [(g(point + step * e) - g(point - step * e)) @ e / (2 * step) for e in np.eye(4)]
    assert abs(sum(slopes) + (4 - 2) / np.sum(point**2)) < 1e-8


def test_sure_and_the_factor_of_the_page_are_hblibs(page):
    assert np.isclose(page.sure, james_stein.sure(page.early, page.se))
    assert np.isclose(page.c_js, james_stein.shrinkage(page.least_squares, 1, target=0))
    assert np.allclose(page.js, james_stein.estimate(page.least_squares, 1, target=0))


def test_sure_as_the_page_writes_it_is_unbiased_and_has_the_standard_deviation_that_the_page_gives(page):
    k, se = page.k, page.se
    data = np.random.default_rng(5).normal(page.rest, se, (400_000, k))
    S = ((data - data.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    values = se**2 * (k - (k - 3) ** 2 * se**2 / S)
    exact = james_stein.risk(page.rest, se, None, "js")
    assert_near(values.mean(), exact, values.std() / np.sqrt(len(values)))
    assert abs(values.std() / page.sure_sd - 1) < 0.02
    S /= se**2
    positive = np.where(k - 3 > S, se**2 * (S - k + 2), values)  # that of JS+
    exact = james_stein.risk(page.rest, se, None, "js+")
    assert_near(positive.mean(), exact, positive.std() / np.sqrt(len(positive)))


def test_in_the_replays_js_plus_wins_more_than_99_of_100_and_its_positive_part_matters_in_one_of_seven(page):
    assert 0.99 < page.wins < 1
    assert abs((page.keep_js == 0).mean() - 1 / 7) < 0.01  # about 0.147, with a standard error of 0.001


def test_nearly_half_of_the_spread_of_the_later_averages_is_luck_and_without_it_js_plus_gains_more(page):
    off = page.rest - page.rest.mean()
    luck = page.noise * (1 - 1 / page.k) / np.sum(off**2)
    assert 0.45 < luck < 0.5
    pulled_in = page.rest.mean() + np.sqrt(1 - luck) * off
    risks = [james_stein.risk(true, page.se, None, "js+") for true in (pulled_in, page.rest)]
    assert risks[0] < risks[1]


def test_one_digit_of_the_replayed_ratio_holds(page):
    own, js, replayed = page.lost_own, page.lost_js, page.replayed
    error = np.std(own - replayed * js) / js.mean() / np.sqrt(len(js))
    assert 4 * error < 0.01
    assert abs(replayed - 2.85) > 0.01


def test_the_replayed_ratio_is_near_the_exact_one_for_normal_averages(page):
    exact = page.k * page.se**2 / james_stein.risk(page.rest, page.se, None, "js+")
    assert abs(page.replayed - exact) < 0.15


def test_the_risks_with_a_star_are_the_known_ones(page):
    star, other, total = page.shrinking[0], page.shrinking[1], page.shrinking.sum()
    assert (round(star, 3), round(other, 3), round(total, 3)) == (2.683, 0.587, 7.963)


@pytest.mark.parametrize("theta", [1.3, 5, 20, 100])
def test_the_star_loses_however_far_away(page, theta):
    assert page.star_risk(theta) > 1


def test_the_sum_over_a_grid_agrees_with_the_exact_risks_where_there_is_no_limit(page):
    assert np.allclose(page.risks(5, np.inf), page.shrinking[:2], atol=1e-3)


def test_with_a_star_the_rule_takes_about_a_quarter_off():
    S = np.sum(np.random.default_rng(2).normal(STAR_AND_NINE, 1, (200_000, 10)) ** 2, axis=1)
    assert abs(np.mean(1 - np.maximum(0, 1 - 8 / S)) - 0.25) < 0.01


def test_who_may_not_be_moved_keeps_his_own_risk(page):
    assert np.allclose(page.risks(5, 0), 1, atol=1e-3)


def js_plus(sample):
    """JS+ about 0, for each row of values with standard error 1."""
    return np.maximum(0, 1 - (sample.shape[1] - 2) / np.sum(sample**2, axis=1, keepdims=True)) * sample


def test_the_risks_under_limited_translation_agree_with_simulation(page):
    rng = np.random.default_rng(6)
    for truth in (STAR_AND_NINE, AT_THE_TARGET):
        sample = rng.normal(truth, 1, (200_000, 10))
        for limit in (1, 0.5):
            loss = (np.clip(js_plus(sample), sample - limit, sample + limit) - truth) ** 2
            star, other = page.risks(truth[0], limit)
            for part, exact in ((loss[:, 0], star), (loss[:, 1:].sum(axis=1), 9 * other)):
                assert_near(part.mean(), exact, part.std() / np.sqrt(len(part)))


@pytest.mark.parametrize("truth", [STAR_AND_NINE, AT_THE_TARGET], ids=["a star", "no star"])
def test_limited_translation_is_js_plus_cut_off_at_the_limit(truth):
    one = np.random.default_rng(6).normal(truth, 1, (1, 10))
    cut_off = np.clip(js_plus(one), one - 0.5, one + 0.5)
    assert np.allclose(james_stein.limited_translation(one[0], 1, 0, 0.5), cut_off[0])


def test_a_tighter_limit_makes_even_the_total_smaller_with_the_star_at_5_and_larger_with_the_star_at_2(page):
    tight, loose = (page.risks(5, limit) @ np.array([1, 9]) for limit in (0.5, 1))
    assert tight < loose < page.shrinking.sum()
    assert page.risks(2, 0.5) @ np.array([1, 9]) > page.risks(2, np.inf) @ np.array([1, 9])
    assert page.risks(2, np.inf)[0] > 1  # he would lose there, too


@pytest.mark.parametrize("star", np.arange(0, 11))
def test_with_a_limit_of_a_half_the_star_loses_little(page, star):
    assert page.risks(star, 0.5)[0] < 1.26


@pytest.mark.parametrize(("method", "fewer"), [("ML", 0), ("REML", 1), ("moments", 1)])
def test_likelihood_and_moments_are_the_same_rule_with_another_constant(page, method, fewer):
    kappa = 1 - (page.k - fewer) * page.se**2 / page.spread
    assert abs(page.weights.loc[method, "kappa"] - kappa) < 1e-6
    assert kappa < page.c  # and so pulls harder


def test_the_weight_of_james_stein_is_its_factor(page):
    assert abs(page.weights.loc["James-Stein", "kappa"] - page.c) < 1e-12


def test_james_stein_estimates_the_weight_of_the_population_without_bias():
    assert abs(integrate.quad(lambda x: 15 / x * stats.chi2(17).pdf(x), 0, np.inf)[0] - 1) < 1e-8


@pytest.mark.parametrize(("tau", "about_mean"), [(0.5, True), (2, True), (1, False)])
def test_not_to_know_tau_costs_three_groups_or_two_if_mu_is_known(tau, about_mean):
    """The exact risk depends on the spread of the theta alone, which is tau times a chi variable."""
    line = np.arange(10) - 4.5
    shape, target, price, degrees = (line, None, 3, 9) if about_mean else (np.ones(10), 0, 2, 10)
    at = np.sqrt(stats.chi2(degrees).ppf((np.arange(200) + 0.5) / 200))
    exact = [james_stein.risk(tau * x * shape / np.sqrt(shape @ shape), 1, target, "js") for x in at]
    kappa = tau**2 / (1 + tau**2)
    assert abs(np.mean(exact) - (10 * kappa + price * (1 - kappa))) < 0.01


def test_ridge_with_that_penalty_is_james_stein_as_least_squares_with_ten_more_rows_shows(page):
    rows = np.vstack([page.X, np.sqrt(page.penalty) * np.eye(10)])
    again = np.linalg.lstsq(rows, np.concatenate([page.outcome, np.zeros(10)]), rcond=None)[0]
    assert np.allclose(again, page.js, atol=1e-10)
    assert np.allclose(page.ridge, page.js, atol=1e-10)


def test_the_penalty_follows_from_the_sum_of_squares(page):
    S = np.sum(page.least_squares**2)
    assert abs(page.penalty - 8 / (S - 8)) < 1e-12


def test_ridge_is_the_posterior_mean_with_tau_squared_sigma_squared_over_the_penalty(page):
    after = normal_normal.posterior(page.least_squares, 1.0, 0, np.sqrt(1 / page.penalty))
    assert np.allclose(after.mean(), page.js)


def test_with_correlated_columns_ridge_is_still_the_posterior_mean_and_no_longer_one_factor():
    """The posterior mean from the joint normal distribution of the coefficients and the outcome, with sigma = 1."""
    rng = np.random.default_rng(8)
    X = rng.normal(size=(50, 3))
    X[:, 2] = X[:, 1] + 0.1 * X[:, 2]
    outcome = X @ [1, -2, 3] + rng.normal(size=50)
    ridge = np.linalg.solve(X.T @ X + 4 * np.eye(3), X.T @ outcome)  # tau = 1/2
    given = X.T / 4 @ np.linalg.solve(X @ X.T / 4 + np.eye(50), outcome)
    assert np.allclose(ridge, given, rtol=1e-9)
    values, directions = np.linalg.eigh(X.T @ X)
    least_squares = np.linalg.lstsq(X, outcome)[0]
    kept = (directions.T @ ridge) / (directions.T @ least_squares)
    assert np.allclose(kept, values / (values + 4), rtol=1e-6)  # the least-determined direction keeps least
    assert kept[0] < 0.5 < 0.9 < kept[-1]


def test_walts_season_has_the_average_of_the_file(page):
    assert (page.hits, page.at_bats) == (79, 315)
    assert page.copied.season_average[page.off].tolist() == [round(79 / 315, 3)]


def test_after_45_times_at_bat_walt_had_10_hits_and_billy_13_at_least(page):
    sums = page.games.groupby("group")[["y", "n"]].sum()
    assert sums.loc["Walt Williams"].tolist() == [10, 45]
    assert sums.loc["Billy Williams"].tolist() == [13 + 1, 45 + 1]
    assert (page.games.group == "Billy Williams").sum() == 11


def test_the_wrong_row_says_that_walt_hit_about_a_third(page):
    assert round(page.wrong[page.walt], 4) == 0.3299


def test_kessinger_alone_is_printed_with_another_average_than_his_hits_give(page):
    (kessinger,) = np.flatnonzero(abs(printed() - page.rest) > 0.001)
    assert page.batter[kessinger] == "Don Kessinger"
    assert (page.rest_y[kessinger], page.rest_n[kessinger], printed()[kessinger]) == (155, 586, 0.263)


def test_in_your_own_units_the_rule_can_do_harm_where_standard_errors_are_unequal(page):
    assert page.mixed(40) > 2 * np.sum(page.ses**2)


def test_the_risk_with_unequal_standard_errors_agrees_with_simulation(page):
    theta = np.array([40.0] + [0.0] * 9)
    scaled = np.random.default_rng(9).normal(theta / page.ses, 1, (100_000, 10))
    loss = np.sum((page.ses * js_plus(scaled) - theta) ** 2, axis=1)
    assert_near(loss.mean(), page.mixed(40), loss.std() / np.sqrt(len(loss)))


def test_a_distant_target_gains_little():
    near, far, farthest = (james_stein.risk([distance] * 10) for distance in (3, 10, 30))
    assert near < far < farthest < 10
    assert farthest > 9.98


@pytest.mark.parametrize("theta", [0, 1])
def test_an_estimated_variance_costs_the_stated_share_of_the_gain(page, theta):
    """The mean loss over the sum of squares S and the independent Q, by quadrature on their distributions."""
    strength = 10 * theta**2
    S, Q = np.linspace(0.01, 90, 3000)[:, None], np.linspace(0.01, 60, 1500)[None, :]
    w_S = stats.chi2(10).pdf(S) if theta == 0 else stats.ncx2(10, strength).pdf(S)
    w = w_S * stats.chi2(page.d).pdf(Q)
    # |c y - theta|^2 = c^2 S - 2 c theta.y + |theta|^2, and E(theta.y | S) from the density with two more dimensions
    lean = strength * (stats.chi2(12).pdf(S) if theta == 0 else stats.ncx2(12, strength).pdf(S)) / w_S
    factor = 1 - 8 * Q / (page.d + 2) / S
    mean_loss = np.sum(w * (factor**2 * S - 2 * factor * lean + strength)) / w.sum()
    assert abs(mean_loss - page.estimated[page.thetas == theta][0]) < 0.01


@pytest.mark.parametrize("spread", [0, 0.6, 2.5])
def test_the_risk_for_any_constant_agrees_with_hblib_at_k_minus_3(page, spread):
    line = np.arange(10) - 4.5
    ten = spread * np.sqrt(10 / np.sum(line**2)) * line
    assert abs(page.risk_with(7, spread) - james_stein.risk(ten, 1, None, "js+")) < 1e-5
    assert abs(page.risk_with(7, spread, False) - james_stein.risk(ten, 1, None, "js")) < 1e-5


@pytest.mark.parametrize("spread", [0, 0.6, 2.5])
def test_without_the_positive_part_k_minus_3_is_better_than_k_minus_2(page, spread):
    assert page.risk_with(7, spread, False) < page.risk_with(8, spread, False) < 10


def test_with_the_positive_part_no_constant_is_best_for_every_theta(page):
    risk = page.risk_with
    assert risk(30, 0) < risk(8, 0) < risk(7, 0)
    assert risk(8, 0.6) < risk(7, 0.6)
    assert risk(7, 1.5) < risk(8, 1.5) < risk(30, 1.5)
    assert risk(7, 2.5) < risk(8, 2.5)


@pytest.mark.parametrize("spread", [1.5, 2.5])
def test_either_constant_beats_the_own_value(page, spread):
    assert page.risk_with(8, spread) < 10
