"""Page 10: posterior prediction, leave-one-out, diagnostics and calibration."""

import contextlib
import io

import arviz as az
import numpy as np
import pymc as pm
import pytest
from scipy import special, stats

from hblib import beta_binomial, datasets, normal_normal, priors
from tests.chance import assert_follows, assert_near

A, H, L = 0, 7, 11
SAME, NEW, OUT = range(3)
THETA, FIT = range(2)
FLAT = priors.pareto(0.5, 1)


@pytest.fixture(scope="module")
def full(page):
    return beta_binomial.full_bayes(page.y, page.n, FLAT)


def nodes_of(result):
    """Weights, alpha and beta of the nodes that carry weight."""
    nodes = result.nodes
    some = (nodes.weight > 1e-13) & (nodes.size < 1e9)
    weight, alpha = nodes.weight[some], (nodes.mu * nodes.size)[some]
    assert weight.sum() > 1 - 1e-4
    return weight / weight.sum(), alpha, nodes.size[some] - alpha


def without(page, j):
    """The posterior that has never seen hospital j."""
    return beta_binomial.full_bayes(np.delete(page.y, j), np.delete(page.n, j), FLAT)


# --- Three ways to replicate ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("j", [0, 4])
def test_the_three_p_values_agree_with_the_quadrature_of_hblib(page, j):
    """With and without group j; the sampling error is a sum over a grid."""
    _, ybar, se = datasets.eight_schools()
    prior, rest = priors.half_normal(10), np.arange(8) != j
    whole, others = (normal_normal.full_bayes(ybar[g], se[g], prior, mu_prior=(0, 20)) for g in (slice(None), rest))
    noise = np.linspace(-8, 8, 1601) * se[j]
    pdf = stats.norm.pdf(noise, 0, se[j])
    pdf /= pdf.sum()
    at = ybar[j] - noise
    exact = [pdf @ each.sf(at) for each in (whole.theta[j], whole.new_group, others.new_group)]
    assert np.allclose(np.array(page.three_p_values(ybar[None], se, j))[:, 0], exact, atol=2e-4)


@pytest.mark.parametrize("name", ["as the schools", "a third of that"])
def test_only_left_out_p_values_are_uniform(page, name):
    """School by school, because the schools of one data set are dependent."""
    for j in range(8):
        assert_follows(page.p[name][j, OUT], "uniform", among=8)
    for k in (SAME, NEW):
        assert min(stats.kstest(page.p[name][j, k], "uniform").pvalue for j in range(8)) < 1e-3
    same, new, out = page.p[name].std(axis=(0, 2))
    assert same < new < out


def test_with_forty_groups_small_p_values_of_new_groups_are_still_too_rare(page):
    assert 1.5 < page.new_40 < 2.2  # about 2 per cent, and 2.5 if they were uniform


@pytest.mark.parametrize("name", ["as the schools", "a third of that"])
def test_a_new_groups_small_p_values_are_too_rare_if_only_its_mean_or_only_its_spread_is_to_be_learned(page, name):
    """Each of the two alone has an effect: y_j has its say about mu and about tau."""
    se, rng, sets = page.se / (1 if name == "as the schools" else 3), np.random.default_rng(1), 4000
    mu, spread = rng.normal(0, 20, (sets, 1)), np.abs(rng.normal(0, 10, (sets, 1)))
    data = rng.normal(rng.normal(mu, spread, (sets, 8)), se)

    var = se**2 + spread**2  # tau known
    V = 1 / (1 / 20**2 + (1 / var).sum(axis=1, keepdims=True))
    of_mean = stats.norm.sf(data, V * (data / var).sum(axis=1, keepdims=True), np.sqrt(V + var))

    var = se**2 + page.tau[:, None] ** 2  # mu known
    level = -(np.log(var).sum(axis=1) + (data - mu) ** 2 @ (1 / var).T) / 2
    weight = special.softmax(level, axis=1)
    of_spread = np.array([weight * stats.norm.sf(data[:, [j]], mu, np.sqrt(var[:, j])) for j in range(8)]).sum(axis=2)

    known = stats.norm.sf(data, mu, np.sqrt(se**2 + spread**2))
    assert 2.1 < 100 * np.mean(known < 0.025) < 2.9
    assert 100 * np.mean(of_mean < 0.025) < 2
    assert 100 * np.mean(of_spread < 0.025) < 2.1


def test_even_less_is_left_than_the_formula_says(page):
    assert page.normal_scores[0] < 0.85 * page.formula[0]
    assert page.normal_scores[1] < 0.85 * page.formula[1]


@pytest.mark.parametrize("kappa", [0.2, 0.5, 0.8])
def test_the_normal_score_of_a_same_group_p_value_has_the_variance_of_the_formula(kappa):
    rng = np.random.default_rng(100)
    s, spread = 3.0, 3.0 * np.sqrt(kappa / (1 - kappa))
    ybar = rng.normal(rng.normal(5, spread, 400_000), s)
    post = normal_normal.posterior(ybar, s, 5, spread)
    z = (ybar - post.mean()) / np.sqrt(post.var() + s**2)
    variance = (1 - kappa) / (1 + kappa)
    assert_near(z.var() / variance, 1, np.sqrt(2 / z.size))
    share = stats.norm.cdf(-stats.norm.ppf(0.975) / np.sqrt(variance))
    assert_near(np.mean(z > stats.norm.ppf(0.975)), share, np.sqrt(share / z.size), 1e-5)


def test_the_same_group_check_does_not_see_the_wolf(page):
    same, new, out = page.found
    assert same < 0.02 < 0.2 < new < out


def test_among_three_schools_the_prior_decides_whether_the_wolf_is_found_and_among_eight_hardly(page):
    assert page.caught_few[1] < 0.5 * page.caught_few[0]
    assert page.caught_many[1] > 0.75 * page.caught_many[0]


def test_the_weight_of_hospital_h_is_about_seven_tenths(page, full):
    kappa = np.sum(full.nodes.weight * page.n[H] / (page.n[H] + full.nodes.size))
    assert abs(kappa - 0.7) < 0.06


def test_counting_replications_of_hospital_h_agrees_with_the_exact_mixture(page, full):
    """The shares are those of sums over the grid, within the error of 100,000 draws."""
    fits = {"same group": (full, 31, 184), "new group": (full, 0, 0), "left out": (without(page, H), 0, 0)}
    for name, (fit, deaths, survivors) in fits.items():
        weight, alpha, beta = nodes_of(fit)
        exact = weight @ stats.betabinom(215, alpha + deaths, beta + survivors).sf(30)
        assert abs(page.as_bad[name] - exact) < 4.5 * np.sqrt(exact * (1 - exact) / 100_000), name


# --- An old group and a new one ---------------------------------------------------------------------------------------


def counts_of_100(page, more_deaths, more_survivors):
    """P(deaths < x) and P(deaths <= x) of 100 operations, as a function of x."""
    pmf = stats.betabinom(100, page.a + more_deaths, page.b + more_survivors).pmf(np.arange(101)[:, None]) @ page.w
    return lambda x: (pmf[: int(x)].sum(), pmf[: int(x) + 1].sum())


def test_every_interval_agrees_with_the_distribution_function_of_the_mixture(page, full):
    rates = page.a / (page.a + page.b)
    order = np.argsort(rates)
    exact = {
        "mean rate of all hospitals": lambda x: 2 * [np.interp(x / 100, rates[order], np.cumsum(page.w[order]))],
        "rate of hospital L": lambda x: 2 * [full.theta[L].cdf(x / 100)],
        "L's next 100 operations": counts_of_100(page, 24, 336),
        "rate of a new hospital": lambda x: 2 * [full.new_group.cdf(x / 100)],
        "its first 100 operations": counts_of_100(page, 0, 0),
    }
    assert list(exact) == list(page.report)
    slack = 4.5 * np.sqrt(0.025 * 0.975 / len(page.report))
    for name, cdf in exact.items():
        for q, x in zip((0.025, 0.975), page.per_cent.loc[name], strict=True):
            below, upto = cdf(x)
            assert below - slack <= q <= upto + slack, name


def test_hospital_l_has_24_deaths_in_360_operations_and_the_nodes_left_out_have_no_weight(page, full):
    assert (page.y[L], page.n[L]) == (24, 360)
    assert full.nodes.weight[page.keep].sum() > 1 - 1e-6
    assert page.hospital[L] == "L"


def test_luck_is_the_larger_part_for_hospital_l_and_the_spread_for_a_new_one(page):
    mu, theta_L, theta_new = (
        page.report[name] / 100
        for name in ("mean rate of all hospitals", "rate of hospital L", "rate of a new hospital")
    )
    luck_L, luck_new = (np.mean(rate * (1 - rate)) / 100 for rate in (theta_L, theta_new))
    assert luck_L > 2 * theta_L.var()
    assert theta_new.var() - mu.var() > 1.5 * luck_new > 1.5 * mu.var()


# --- Which hospital does not belong -----------------------------------------------------------------------------------


@pytest.mark.parametrize("j", [A, H])
def test_dividing_a_hospital_out_agrees_with_a_fit_that_has_never_seen_it(page, full, j):
    refit = without(page, j)
    weight, alpha, beta = nodes_of(refit)
    assert abs(weight @ page.mid_p(page.y[j], page.n[j], alpha, beta) - page.checks[j, OUT]) < 1e-5
    log_p = np.log(weight @ stats.betabinom(page.n[j], alpha, beta).pmf(page.y[j]))
    assert abs(log_p - page.log_out[j]) < 1e-4
    assert abs(refit.log_evidence + page.log_out[j] - full.log_evidence) < 1e-4


@pytest.mark.parametrize(("j", "deaths"), [(A, (0, 4, 14)), (H, (1, 15, 31, 56)), (L, (0, 27, 64))])
def test_the_replications_of_a_new_group_spread_out_as_a_hospital_moves_away_from_the_other_eleven(page, j, deaths):
    """Of the numbers of deaths the second is that of the others' rate."""
    rest = np.arange(12) != j
    assert round(page.n[j] * page.y[rest].sum() / page.n[rest].sum()) == deaths[1]
    spread = []
    for number in deaths:
        weight, alpha, beta = nodes_of(beta_binomial.full_bayes(np.where(rest, page.y, number), page.n, FLAT))
        pmf = stats.betabinom(page.n[j], alpha, beta).pmf(np.arange(page.n[j] + 1)[:, None]) @ weight
        spread.append(np.sqrt(pmf @ (np.arange(page.n[j] + 1) - pmf @ np.arange(page.n[j] + 1)) ** 2))
    assert spread[0] > spread[1]
    assert (np.diff(spread[1:]) > 0).all()


@pytest.mark.parametrize("j", [A, H])
def test_the_same_group_mid_p_agrees_with_a_simulation(page, j):
    rng, y, n = np.random.default_rng(103), page.y[j], page.n[j]
    picked = rng.choice(page.w.size, 400_000, p=page.w)
    again = rng.binomial(n, rng.beta(page.a[picked] + y, page.b[picked] + n - y))
    assert_near(np.mean(again > y) + np.mean(again == y) / 2, page.checks[j, SAME], 0.5 / np.sqrt(400_000))


def test_one_hospital_in_thirty_would_do_as_badly_as_h(page):
    """With all of those that do exactly as badly, of which the mid-p counts half."""
    weight, alpha, beta = nodes_of(without(page, H))
    exact = weight @ stats.betabinom(215, alpha, beta).sf(30)
    assert abs(page.checks[H, OUT] + np.exp(page.log_out[H]) / 2 - exact) < 1e-5
    assert round(1 / exact) == 30


def test_hospitals_h_and_a_are_the_most_remarkable(page):
    assert page.checks[:, OUT].argmin() == H
    assert page.checks[:, OUT].argmax() == A


# --- The check passed -------------------------------------------------------------------------------------------------


def test_no_pooling_passes_the_same_group_check_everywhere(page):
    assert 0.4 < page.pooling["none"].min() < page.pooling["none"].max() < 0.8


def test_the_order_turns_round_between_babies_and_hospitals(page):
    none, complete, partial = page.scores.loc[["none", "complete", "partial"]].to_numpy()
    assert none[0] > complete[0]
    assert abs(none[0] - partial[0]) < 0.5
    assert none[1] < complete[1] < partial[1]


def test_another_prior_for_no_pooling_changes_nothing_of_that(page):
    """Beta(1/2, 1/2)."""
    assert abs(page.jeffreys[0] - page.scores["baby"]["partial"]) < 0.5
    assert page.jeffreys[1] < page.scores["hospital"]["complete"]


@pytest.mark.parametrize("died", [True, False])
def test_leaving_a_baby_of_hospital_h_out_agrees_with_a_refit(page, died):
    """One death fewer, or one survivor fewer."""
    y, n = page.y.copy(), page.n.copy()
    y[H] -= died
    n[H] -= 1
    mean = beta_binomial.full_bayes(y, n, FLAT).theta[H].mean()
    assert abs((mean if died else 1 - mean) - (page.death if died else page.life)[H]) < 1e-5


def test_complete_pooling_predicts_a_baby_by_all_others(page):
    y, n = page.y.sum() - 1, page.n.sum() - 1
    assert np.isclose((1 + y) / (2 + n), page.deaths / (page.total + 1))


def test_complete_pooling_predicts_hospital_h_by_the_other_eleven(page):
    rate = beta_binomial.posterior(page.deaths - page.y[H], page.total - page.n[H], 1, 1)
    draws = rate.rvs(400_000, rng=np.random.default_rng(104))
    by_draws = np.log(stats.binom(page.n[H], draws).pmf(page.y[H]).mean())
    assert abs(by_draws - stats.betabinom(page.n, *page.one_out).logpmf(page.y)[H]) < 0.05


# --- Leave-one-out from a sampler -------------------------------------------------------------------------------------


def test_why_t_does_not_start_at_zero(page):
    """The log likelihood where it should be that of one rate for all: noise from M = 1e18 on, right at the bound of t.

    How many of the hundred are above 0 depends on the machine's logarithms; that all or none are, is no machine's.
    """
    one_rate = stats.binom(page.n, 0.08).logpmf(page.y).sum()
    assert one_rate < 0
    assert 5 < np.sum(page.far > 0) < 95
    at_edge = pm.BetaBinomial.dist(n=page.n, alpha=np.float64(0.08e6), beta=np.float64(0.92e6))
    at_edge = pm.logp(at_edge, page.y).sum().eval()
    assert abs(at_edge - stats.betabinom(page.n, 0.08e6, 0.92e6).logpmf(page.y).sum()) < 1e-2
    assert abs(at_edge - one_rate) < 1e-2


def test_what_the_text_says_of_leave_one_out_is_true_of_300_other_seeds(page):
    others, exact = page.loo_runs, page.scores.loc["partial"]
    assert len(others.babies) == 300
    assert others.given_theta_over.min() >= 2
    assert np.mean(others.integrated_over > 0) < 0.25
    assert others.integrated_over.max() == 1
    assert np.mean(others.given_theta) > exact["hospital"] + 1.5
    assert others.given_theta.min() > exact["hospital"]
    assert page.off.max() < 1
    assert np.abs(others.babies - exact["baby"]).max() < 0.5


def test_this_run_is_within_what_lies_far_beyond_the_worst_of_the_other_seeds(page):
    exact, k = page.scores.loc["partial"], page.by_draws["k > 0.7, of 12"]
    score = page.by_draws["score"]
    assert int(k["hospitals, given theta"]) >= 1
    assert int(k["hospitals, integrated"]) <= 5
    assert abs(score["hospitals, integrated"] - exact["hospital"]) < 4
    assert abs(page.plain - exact["hospital"]) < 6
    assert score["hospitals, given theta"] > exact["hospital"] - 2
    assert abs(score["babies"] - exact["baby"]) < 2


# --- Diagnostics ------------------------------------------------------------------------------------------------------


def test_none_of_200_runs_was_bad_with_theta_integrated_out_and_some_were_with_theta(page):
    assert (page.runs.seeds >= 200).all()
    assert page.runs.bad[0] == 0 < page.runs.bad[1]


def test_the_diagnostics_of_this_run_are_within_what_lies_far_beyond_the_worst_of_the_other_seeds(page):
    table = page.table
    assert page.divergences <= 20  # of 8000 paths
    assert (table["r_hat"] <= 1.03).all()
    assert (table[["ess_bulk", "ess_tail"]] >= 400).all().all()
    assert (table["mcse_mean"] < 0.05 * table["sd"]).all()
    assert table.loc["t", "ess_bulk"] < 6000
    assert 0.0005 < table.loc["t", "mcse_mean"] < 0.002


def test_every_mean_is_within_five_standard_errors_of_the_quadrature(page):
    assert len(page.errors) == 14
    assert np.abs(page.errors).max() < 5


def test_with_theta_integrated_out_a_run_costs_a_fraction_of_the_gradients(page):
    without, with_theta = (int(run.sample_stats["n_steps"].sum()) for run in (page.dt, page.with_theta))
    assert without < with_theta / 2


@pytest.mark.parametrize("memory", [-0.3, 0.0, 0.6, 0.9])
def test_r_hat_and_ess_by_their_formulas_are_those_of_arviz(page, memory):
    """On chains with x_i = memory x_(i-1) + noise, one of them apart from the others."""
    rng = np.random.default_rng(106)
    chains = rng.normal(size=(4, 1000))
    for i in range(1, 1000):
        chains[:, i] += memory * chains[:, i - 1]
    chains[0] += 0.2
    dt = az.from_dict({"posterior": {"x": chains}})
    assert np.isclose(page.r_hat(chains), float(az.rhat(dt, method="split")["x"]))
    assert np.isclose(page.ess(chains), float(az.ess(dt, method="mean")["x"]), rtol=0.1)


@pytest.mark.parametrize("apart", [0.0, 0.5])
def test_the_tails_of_arviz_are_at_11_and_89_per_cent(apart):
    """On chains with unequal middles, where 5 and 95 per cent give another number."""
    chains = np.random.default_rng(107).normal(size=(4, 1000)) + apart * np.arange(4)[:, None]
    draws = az.from_dict({"posterior": {"x": chains}})
    tail = float(az.ess(draws, method="tail")["x"])
    assert az.summary(draws, kind="diagnostics", round_to="none").loc["x", "ess_tail"] == tail
    assert float(az.ess(draws, method="tail", prob=(0.11, 0.89))["x"]) == tail
    assert float(az.ess(draws, method="tail", prob=(0.05, 0.95))["x"]) != tail


def test_the_formulas_agree_with_arviz_on_the_pages_own_chains(page):
    assert np.allclose(page.formulas["R-hat"], page.formulas["R-hat, ArviZ"])
    assert np.allclose(page.formulas["ESS"], page.formulas["ESS, ArviZ"], rtol=0.1)


@pytest.mark.parametrize(
    ("name", "all_", "not_any", "healthy"),
    [
        ("good", True, True, True),
        ("one chain apart", True, False, False),
        ("never moved", True, True, False),
        ("prior draws", True, True, True),
    ],
)
def test_only_healthy_turns_away_what_it_should(page, name, all_, not_any, healthy):
    """And even it has nothing to say against draws from the prior."""
    assert list(page.passed.loc[name]) == [all_, not_any, healthy]
    with np.errstate(invalid="ignore"):
        assert page.healthy(page.mutants[name]) is healthy
        assert page.by_max(page.mutants[name]) is not_any
        assert all(az.rhat(page.mutants[name]) < 0.5)  # the line that cannot fail


def test_the_r_hat_of_chains_that_never_moved_is_nan_and_diagnose_finds_no_problem(page):
    stuck = page.mutants["never moved"]
    with np.errstate(invalid="ignore"), contextlib.redirect_stdout(io.StringIO()) as said:
        assert np.isnan(float(az.rhat(stuck)["mu"]))
        problems = az.diagnose(stuck)
    assert not problems, said.getvalue()


@pytest.mark.parametrize("values", [(0, 1, 2, 3), (0, 0, 1, 1)])
def test_either_way_of_asking_sees_chains_that_stand_at_different_values(page, values):
    stuck = page.tree(np.repeat(np.array(values, float)[:, None], 1000, axis=1), page.t)
    with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        assert float(az.rhat(stuck)["mu"]) > 1e6
        assert not page.by_max(stuck)
        assert not page.healthy(stuck)
        assert az.diagnose(stuck)


def test_constants_are_turned_away_unless_left_out(page):
    assert page.matrix_passes == {"all variables": False, "free variables": True, "free variables, stuck": False}


# --- Simulation-based calibration -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sampler", "quantity", "uniform"),
    [
        ("exact", THETA, True),
        ("exact", FIT, True),
        ("plug-in", THETA, False),
        ("plug-in", FIT, False),
        ("ignores data", THETA, True),
        ("ignores data", FIT, False),
    ],
)
def test_ranks_are_uniform_where_the_page_says_so(page, sampler, quantity, uniform):
    p_value = stats.chisquare(page.counts[sampler][quantity]).pvalue
    assert p_value > 1e-4 / 3 if uniform else p_value < 1e-6  # as in chance.py; three are uniform


def test_most_ends_of_the_plug_in_come_from_tau_estimated_at_zero(page):
    at_zero, at_end = page.at_zero, page.at_end
    assert (at_zero == (page.tau_hat == 0)).all()
    assert at_end[at_zero].all()
    assert at_end[~at_zero].mean() > 0.15
    assert np.sum(at_end & at_zero) > 0.6 * at_end.sum()


def test_in_more_than_two_of_five_data_sets_tau_is_estimated_at_zero(page):
    """By the profile likelihood over a grid, for many more data sets."""
    sets, rng = 40_000, np.random.default_rng(1)
    spread = np.abs(rng.normal(0, 10, (sets, 1)))
    ybar = rng.normal(rng.normal(rng.normal(0, 20, (sets, 1)), spread, (sets, 8)), page.se)
    weight = 1 / (page.se**2 + np.linspace(0, 60, 301)[:, None] ** 2)
    squares = ybar**2 @ weight.T - (ybar @ weight.T) ** 2 / weight.sum(axis=1)
    at_zero = (np.log(weight).sum(axis=1) - squares).argmax(axis=1) == 0
    assert 0.41 < at_zero.mean() < 0.46
    assert_near(page.at_zero.mean(), at_zero.mean(), np.sqrt(0.25 / len(page.at_zero)))


def test_the_draws_of_full_bayes_have_its_means(page):
    _, ybar, se = datasets.eight_schools()
    theta = normal_normal.full_bayes(ybar, se, priors.half_normal(10), mu_prior=(0, 20)).theta
    draws = theta.rvs(100_000, rng=np.random.default_rng(105))
    assert_near((draws.mean(axis=0) - theta.mean()) / theta.std(), 0, 1 / np.sqrt(100_000))


def test_a_slip_in_the_prior_shows_in_the_ranks(page):
    assert stats.chisquare(page.slipped).pvalue < 1e-10
