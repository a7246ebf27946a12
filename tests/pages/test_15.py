"""Page 15: meta-analysis, the next site, winners, looking early, decisions."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from hblib import normal_normal, priors

HALF_NORMAL = priors.half_normal(1)
COST = 0.08


@pytest.fixture(scope="module")
def whole(page):
    """All trials without latitude, by hblib."""
    return normal_normal.full_bayes(page.effect, page.se, HALF_NORMAL)


# --- Meta-analysis ----------------------------------------------------------------------------------------------------


def test_the_trials_that_shared_a_place_share_a_latitude(page):
    latitude = dict(zip(page.bcg.group, page.bcg.latitude, strict=True))
    assert latitude["Rosenthal et al. 1960"] == latitude["Rosenthal et al. 1961"] == 42  # Chicago
    assert latitude["Comstock and Webster 1969"] == latitude["Comstock et al. 1976"] == 33  # Georgia


def test_reml_is_that_of_metafor(page):
    """As its documentation prints it, but for the second tau^2."""
    plain, line = page.estimates.astype(str).replace("", "nan").astype(float).to_numpy()
    assert np.allclose(plain[:3], [0.3132, -0.7145, 0.1798], atol=5e-5)
    assert np.allclose(line[1:], [0.2515, 0.2491, -0.0291, 0.0072], atol=5e-5)
    assert abs(line[0] - 0.0764) < 0.00011


def test_why_the_last_digit_of_metafor_differs(page):
    """Fisher scoring from the estimate of Hedges, until a step is below its default threshold of 1e-5."""
    y, v, X = page.effect, page.se**2, page.with_latitude

    def residual_maker(w):
        W = np.diag(w)
        return W - W @ X @ np.linalg.solve(X.T @ W @ X, X.T @ W)

    P = residual_maker(np.ones(13))
    tau2, step = (y @ P @ y - np.trace(P @ np.diag(v))) / 11, 1.0
    while abs(step) > 1e-5:
        P = residual_maker(1 / (v + tau2))
        step = (y @ P @ P @ y - np.trace(P)) / np.trace(P @ P)
        tau2 += step
    top = page.reml(y, page.se, X)[0] ** 2
    assert (round(tau2, 4), round(top, 4)) == (0.0764, 0.0763)
    here, there = (page.given_tau(np.sqrt(t2), y, page.se, X)[0] for t2 in (top, tau2))
    assert here > there


def test_reml_without_predictors_is_that_of_hblib(page):
    fit = normal_normal.fit(page.effect, page.se, "reml")
    tau, beta, V = page.reml(page.effect, page.se, page.one)
    assert np.allclose([tau, beta[0], np.sqrt(V[0, 0])], [fit.tau, fit.mu, fit.se_mu], atol=1e-6)


def test_the_average_over_tau_is_that_of_hblib(page, whole):
    rows = page.answers.loc[["mean of all places", "next place"]].to_numpy()
    for row, exact in zip(rows, (whole.mu, whole.new_group), strict=True):
        low, high = exact.interval(0.95)
        assert np.allclose(np.log(row[:3]), [low, exact.median(), high], atol=2e-3)
        assert abs(row[3] - exact.sf(0)) < 2e-4
    assert abs(page.plain[1] @ page.plain[0] - whole.tau.mean()) < 1e-3
    assert np.allclose(page.tau_95, whole.tau.interval(0.95), atol=0.02)


def test_other_priors_of_tau_are_weights_on_the_pages_grid(page):
    tau, weight, beta, V = page.plain
    for prior, found in ((stats.halfnorm(scale=0.25), page.tight), (stats.halfcauchy(scale=1), page.wide)):
        other = weight * prior.pdf(tau) / stats.halfnorm.pdf(tau)
        next_place = stats.norm.sf(0, beta[:, 0], np.sqrt(V[:, 0, 0] + tau**2))
        assert abs(other @ next_place / other.sum() - found) < 2e-3


def test_in_madras_the_others_hardly_matter(page):
    """Its estimate is that of the trial alone, and its interval too."""
    low, middle, high, _ = page.answers.loc["Madras"].to_numpy(dtype=float)
    alone = page.effect[7] + np.array([-1.96, 0, 1.96]) * page.se[7]
    assert page.bcg.n.argmax() == 7
    assert np.allclose(np.log([low, middle, high]), alone, atol=0.02)


def test_with_latitude_it_is_a_sum_over_three_dimensions(page):
    """Brute force: a grid of level, slope and tau, and normal densities."""
    away = page.bcg.latitude - 33.5
    level, slope = np.linspace(-2.2, 0.8, 121)[:, None], np.linspace(-0.11, 0.05, 121)
    taus = (np.arange(150) + 0.5) * 0.02
    log_p = np.zeros((150, 121, 121))
    for tau, layer in zip(taus, log_p, strict=True):
        for y, s, x in zip(page.effect, page.se, away, strict=True):
            layer += stats.norm.logpdf(y, level + slope * x, np.hypot(s, tau))
    weight = special.softmax(log_p + stats.halfnorm.logpdf(taus)[:, None, None])
    for latitude, place in ((13, "13 degrees"), (55, "55 degrees")):
        centre = level + slope * (latitude - 33.5)
        next_place = np.sum(weight * stats.norm.sf(0, centre, taus[:, None, None]))
        mean = np.sum(weight * (centre > 0))
        assert abs(next_place - page.answers.loc[f"next place, {place}", "P(no benefit)"]) < 2e-3
        assert abs(mean - page.answers.loc[f"mean, {place}", "P(no benefit)"]) < 0.01


def test_the_formula_for_the_next_place_agrees_closely(page):
    exact = page.answers.loc["next place", ["from", "to"]].to_numpy(dtype=float)
    assert np.abs(np.log(page.by_formula / exact)).max() < 0.1


def test_left_out_trials_are_inside_the_intervals_of_draws_by_hblib(page):
    rng = np.random.default_rng(151)
    inside = {"mean": 0, "next place": 0}
    for j in range(13):
        rest = np.arange(13) != j
        full = normal_normal.full_bayes(page.effect[rest], page.se[rest], HALF_NORMAL)
        for name, centre in (("mean", full.mu), ("next place", full.new_group)):
            low, high = np.quantile(rng.normal(centre.rvs(200_000, rng), page.se[j]), [0.025, 0.975])
            inside[name] += int(low < page.effect[j] < high)
    assert inside == {name: page.inside[name] for name in inside}
    assert page.inside["mean"] <= 10
    assert page.inside["next place, latitude"] >= 11


def test_the_year_adds_nothing_to_latitude(page):
    tau, beta, V = page.by_both
    assert abs(beta[2]) < np.sqrt(V[2, 2])
    assert 0.0764 < tau**2 < page.by_year[0] ** 2
    assert abs(tau**2 - 0.1108) < 1e-4  # metafor's


def test_the_bands_are_as_wide_as_the_figures_description_says(page):
    """Of the next place twice as wide as of the mean at both ends and three times at the waist; by draws, too."""
    dark, light = (np.log(page.bands[site][:, 2] / page.bands[site][:, 0]) for site in (False, True))
    ratio = light / dark
    assert light.max() < 1.2 * light.min()
    assert (np.abs(ratio[[0, -1]] - 2) < 0.3).all()
    assert abs(ratio.max() - 3) < 0.2
    assert 25 <= page.latitudes[dark.argmin()] <= 40  # the waist is in the middle
    ends = np.interp([10, 55], page.latitudes, page.bands[False][:, 1])
    assert np.allclose(ends, [1, 1 / 4], rtol=0.1)
    rng = np.random.default_rng(155)
    tau, weight, beta, V = page.line
    at = rng.choice(len(tau), 200_000, p=weight)
    for k in (0, 7, 16):
        x = np.array([1, page.latitudes[k]])
        mean = beta[at] @ x + np.sqrt(V[at] @ x @ x) * rng.normal(size=len(at))
        for values, width in ((mean, dark[k]), (mean + tau[at] * rng.normal(size=len(at)), light[k])):
            low, high = np.quantile(values, [0.025, 0.975])
            assert abs((high - low) / width - 1) < 0.03
    bars = [np.exp(page.predicted(page.plain, [1.0], site)[:3:2]) for site in (False, True)]
    assert np.allclose(bars[1], [1 / 8, 1.9], rtol=0.1)
    assert bars[0][0] < 1 / 2 < bars[0][1]


# --- Two arms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("j", [3, 11])
def test_the_likelihood_of_an_effect_has_its_level_integrated_out(page, j):
    """By adaptive quadrature over probabilities that SciPy computes; the largest effect on two points of the grid."""
    found = page.likelihood[:, j]
    best = page.theta_at[found.argmax()]

    def at(theta):
        def joint(level):
            rates = special.expit(level + np.array([-0.5, 0.5]) * theta)
            return np.prod(stats.binom.pmf(page.cases[j], page.people[j], rates)) * stats.norm.pdf(level, -4, 2)

        middle = special.logit(page.cases[j].sum() / page.people[j].sum())
        return integrate.quad(joint, middle - 3, middle + 3, points=[middle], epsabs=0, limit=200)[0]

    other = found.argmax() + 20
    assert np.isclose(found[other] / found.max(), at(page.theta_at[other]) / at(best), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "least", "most"), [("TPT Madras 1980", -0.05, 0.05), ("Hart and Sutherland 1977", 0.4, 0.7)]
)
def test_level_and_effect_are_uncorrelated_where_both_arms_have_as_many_cases(page, name, least, most):
    """The posterior of (alpha_j, theta_j) on a grid: the other trials make the prior of theta_j."""
    (j,) = np.flatnonzero(page.bcg.group == name)
    kept = page.w_sum > 1e-4 * page.w_sum.max()
    centre, tau = page.mu_at + page.beta_at * page.away[j], page.tau_at[:, None, None]
    centre, tau = (np.broadcast_to(each, kept.shape)[kept][:, None] for each in (centre, tau))
    density = stats.norm.pdf(page.theta_at, centre, tau)
    of_theta = (page.w_sum[kept] / (density @ page.likelihood[:, j])) @ density
    log_p = stats.norm.logpdf(page.level, -4, 2)
    for y, n, sign in zip(page.cases[j], page.people[j], (-1, 1), strict=True):
        at = page.level + sign * page.theta_at / 2
        log_p = log_p + y * at + n * special.log_expit(-at)
    weight = np.exp(log_p - log_p.max()) * of_theta
    alpha, theta = (np.broadcast_to(each, weight.shape).ravel() for each in (page.level, page.theta_at))
    cov = np.cov(alpha, theta, aweights=weight.ravel())
    assert least < cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]) < most


def test_the_grid_holds_the_posterior(page):
    for axis in range(3):
        slices = np.moveaxis(page.w_sum, axis, 0)
        assert slices[-1].sum() < 1e-4
        assert axis == 0 or slices[0].sum() < 1e-4


def test_nuts_agrees_with_the_sum(page):
    for name, (mean, _) in zip(("mu", "beta", "tau"), page.by_sum, strict=True):
        row = page.table.loc[name]
        assert abs(row["mean"] - mean) < 6 * row["mcse_mean"]


def test_the_run_is_within_what_lies_far_beyond_the_worst_of_the_other_seeds(page):
    assert page.diverging <= 20
    assert (page.table["r_hat"] <= 1.05).all()
    assert page.ess.min() >= 300


def test_what_was_bad_of_other_seeds_was_r_hat_alone(page):
    assert page.others.seeds[0] >= 200
    assert page.others.divergences[0] == 0
    assert page.others.bad[0] == 0 or page.others.rhat[0] > 1.01
    assert min(page.others.bulk[0], page.others.tail[0]) >= 400


def test_the_prediction_by_draws_is_that_of_the_sum(page):
    centre = page.mu_at + page.beta_at * (13 - page.bcg.latitude.mean()) / 10
    exact = np.sum(page.w_sum * stats.norm.sf(0, centre, page.tau_at[:, None, None]))
    assert abs(page.p_by_draws - exact) < 0.08


def test_here_the_normal_approximation_would_have_done(page):
    """It is a third of a posterior sd off at most."""
    for (mean, sd), (mean_n, sd_n) in zip(page.by_sum, page.by_normal, strict=True):
        assert abs(mean_n - mean) < sd / 3
        assert abs(sd_n / sd - 1) < 0.15


# --- A hundred shops --------------------------------------------------------------------------------------------------


def test_the_estimates_of_the_shops_have_their_standard_errors(page):
    """Where somebody bought: about one retailer in 10,000 has a shop where nobody did, and its error is infinite."""
    rng = np.random.default_rng(152)
    with np.errstate(divide="ignore", invalid="ignore"):
        tries = [page.retailer(rng) for _ in range(100)]
    z = np.concatenate([((y - theta) / se)[np.isfinite(se)] for theta, y, se, *_ in tries])
    assert abs(z.mean()) < 5 / np.sqrt(len(z)) + 0.03
    assert abs(z.std() - 1) < 0.03


def test_the_middle_shops_standard_error_is_larger_than_tau(page):
    """Of the other retailers, too; not of every shop."""
    assert min(np.median(page.retailer(np.random.default_rng([15, seed]))[2]) for seed in range(200)) > 0.08
    assert np.median(page.lift_se) > 0.08 > page.lift_se.min()


def test_shrunk_is_the_normal_posterior_around_the_line(page):
    """With mu and tau given, by hblib; the variance of the line comes on top."""
    mean, var = page.shrunk(page.lift, page.lift_se, page.X)
    tau, beta, V = page.reml(page.lift, page.lift_se, page.X, top=1)
    given = normal_normal.posterior(page.lift, page.lift_se, page.X @ beta, tau)
    assert np.allclose(mean, given.mean())
    kappa = normal_normal.shrinkage(page.lift_se, tau)
    of_line = [(1 - k) ** 2 * x @ V @ x for k, x in zip(kappa, page.X, strict=True)]
    assert np.allclose(var, given.var() + of_line)


def test_the_rules_come_in_the_order_of_the_text(page):
    """Retailer by retailer, so that the luck of the 200 drops out; bounds from 8,377 other retailers."""
    worst, mean, significant, raw, pooled, line = page.results.T.to_numpy()
    assert worst.mean() < -1
    assert abs(mean.mean()) < 0.05  # 0.03 is the largest of 20,000 two hundreds
    assert significant.mean() < 0.45
    for better, than in ((raw, significant), (pooled, raw), (line, pooled)):
        gap = better - than
        assert gap.mean() > gap.std() / np.sqrt(200)  # 2 is the least; pooled less raw is 6 +- 1


def test_the_raw_estimates_promise_far_too_much_and_the_shrunk_ones_nearly_keep_it(page):
    raw, line = page.promises.loc["raw"], page.promises.loc["line"]
    assert 2.2 < raw["promised"] / raw["came"] < 3  # 2.68 +- 0.06
    assert abs(line["promised"] - line["came"]) < 0.2  # 0.06 +- 0.02


# --- The best of ten --------------------------------------------------------------------------------------------------


def test_the_largest_of_normal_numbers(page):
    """1/sqrt(pi) of two, and the tables' 1.53875 of ten."""
    assert np.isclose(page.largest_of(2), 1 / np.sqrt(np.pi))
    assert np.isclose(page.largest_of(10), 1.53875, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "tau", "mu"),
    [
        ("none (raw)", np.inf, 0),
        ("the right one", 1, 0),
        ("tau half as large", 0.5, 0),
        ("tau twice as large", 2, 0),
        ("mean 1 too high", 1, 1),
    ],
)
def test_what_is_promised_too_much_is_that_of_the_formula(page, name, tau, mu):
    right, used = 1 / (1 + 1.5**2), 1 / (1 + 1.5**2 / tau**2)
    formula = (used - right) * 1.53875 * np.sqrt(1 + 1.5**2) + (1 - used) * mu
    assert abs(page.off.loc[name].iloc[0] - formula) < 0.012


def test_every_prior_is_better_than_none_and_a_fitted_one_errs_more_than_the_right_one(page):
    bias, error = page.off.T.to_numpy()
    assert (np.abs(bias[1:]) < bias[0] / 2).all()
    assert (error[1:] < error[0]).all()
    assert abs(bias[5]) < 0.05
    assert error[5] > 1.2 * error[1]
    assert abs(bias[6]) < 0.15


def test_the_normal_prior_promises_too_little_of_large_winners_with_heavy_tails(page):
    large = page.spiky_seen.max(axis=1) > 6
    low = page.promised["right sd, but tails are heavy"][large]
    assert abs(low.mean() + 4) < 0.45  # -3.98 +- 0.07 over 18 seeds


# --- Looking early ----------------------------------------------------------------------------------------------------


def ever_crossed(weeks, theta=0.0, points=1201):
    """The probability that |S_t|/sqrt(t) has exceeded 1.96: the density of S_t of those that go on, week by week."""
    x, z = np.linspace(-30, 30, points), stats.norm.isf(0.025)
    step, density = x[1] - x[0], stats.norm.pdf(x, theta)
    out = []
    for t in range(1, weeks + 1):
        if t > 1:
            density = step * stats.norm.pdf(x[:, None] - x, theta) @ density
        edge = z * np.sqrt(t)
        inside = np.clip((edge - np.abs(x)) / step + 0.5, 0, 1)  # cells on the edge count in part
        density = density * inside
        out.append(1 - step * density.sum())
    return np.array(out)


def test_repeated_looks_find_nothing_as_often_as_the_recursion_says(page):
    exact = 100 * ever_crossed(20)[np.array(page.looks) - 1]
    assert np.abs(page.false - exact).max() < 0.7
    assert np.allclose(exact[[0, 2, 3, 4]], [5, 14.2, 19.3, 24.8], atol=0.15)  # Armitage, McPherson & Rowe


def test_with_a_flat_prior_the_rule_is_the_repeated_test(page):
    share, *_ = page.stopped(np.zeros(100_000), 1e6, np.random.default_rng(153))
    assert abs(100 * share - 24.8) < 0.7


def test_under_its_own_prior_the_posterior_keeps_its_word_and_else_not(page):
    stopped, claimed, right = page.looking.to_numpy().T
    assert abs(right[0] - claimed[0]) < 5 * 100 * np.sqrt(0.02 * 0.98 / (1000 * stopped[0]))
    assert (claimed > 97.5).all()
    assert right[1] < 92
    assert abs(right[2] - 200 / 3) < 4  # 65.7 +- 0.5


# --- Decisions --------------------------------------------------------------------------------------------------------


def test_the_gain_of_another_week_is_that_of_a_simulation(page):
    rng = np.random.default_rng(154)
    for m, v, s, weeks in ((0.1, 0.003, 0.1, 52), (0.05, 0.01, 0.2, 4)):
        theta = rng.normal(m, np.sqrt(v), 2_000_000)
        seen = rng.normal(theta, s)
        later = (m / v + seen / s**2) / (1 / v + 1 / s**2)
        gain = (theta - COST) / 2 + (weeks - 1) * (theta - COST) * (later > COST)
        ship, keep, test = page.gains(np.array(m), np.array(v), np.array(s), weeks)
        assert abs(test - gain.mean()) < 5 * gain.std() / np.sqrt(len(gain))
        assert np.isclose(ship, weeks * (m - COST))
        assert keep == 0


def test_fewer_shops_test_on_the_less_time_there_is(page):
    counts = [page.verdicts[f"{weeks} weeks left"][2] for weeks in (52, 10, 2)]
    assert counts == sorted(counts, reverse=True)  # of 8,377 retailers each; less than half at the end of 99.4 per cent


def test_testing_on_where_it_pays_gains(page):
    gap = np.array(page.then) - page.now
    assert gap.mean() > 4 * gap.std() / np.sqrt(len(gap))
