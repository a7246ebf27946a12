"""Page 8: centred, non-centred, in between."""

import arviz as az
import numpy as np
import pytest
from scipy import stats

from hblib import coordinates, datasets, normal_normal, priors, regression
from tests.chance import assert_near

A = 0  # school A
PURE = ("centered", "noncentered")


# --- The data ---------------------------------------------------------------------------------------------------------


def test_heights_and_slopes_are_those_of_everybodys_own_regression(page):
    """Page 9's route to the same heights and standard error."""
    people = datasets.sleepstudy()
    used = people.day >= 2
    design = np.column_stack([np.ones(144), people.day[used] - 5.5])
    own, covariance = regression.least_squares(people.y[used] / 100, design, people.group[used], page.sigma)
    assert np.allclose(own[:, 0], page.height)
    assert np.allclose(covariance[:, 0, 0], page.height_se**2)
    assert np.allclose(own[:, 1], page.slope)


def test_the_rows_of_the_reshaped_data_are_people():
    people = datasets.sleepstudy()
    used = people.day >= 2
    assert (np.ptp(people.group[used].reshape(18, 8), axis=1) == 0).all()
    assert (people.day[used].reshape(18, 8) == np.arange(2, 10)).all()


# --- The stored runs --------------------------------------------------------------------------------------------------


def test_the_curves_cross_once_between_one_and_three(page):
    assert len(page.signs) == 1
    assert (page.lam_grid[page.first], page.lam_grid[page.first + 1]) == (1, 3)
    ends = np.log(page.lam_grid[page.first : page.first + 2])
    assert np.isclose(page.crossing, np.exp(np.interp(0, page.gap[page.first : page.first + 2], ends)))


def test_the_crossing_is_known_well(page):
    """Each of the four points drawn anew from its own spread over runs."""
    k, runs = page.first, page.stored.runs[0]
    rng = np.random.default_rng(1)
    again = {
        form: rng.normal(
            page.column(form, "ess")[k : k + 2], page.column(form, "ess_sd")[k : k + 2] / np.sqrt(runs), (4000, 2)
        )
        for form in PURE
    }
    gaps = np.log(np.maximum(again["centered"], 0.1) / again["noncentered"])
    step = np.log(page.lam_grid[k + 1] / page.lam_grid[k])
    crossings = np.exp(np.log(page.lam_grid[k]) - gaps[:, 0] / (gaps[:, 1] - gaps[:, 0]) * step)
    assert crossings.std() < 0.15
    assert abs(crossings.mean() - 2) < 0.5  # "about 2", says page 9a


def test_bad_centred_fits_are_wrong_and_bad_non_centred_ones_are_not(page):
    """Where E(log tau) came out, in posterior sds from the truth."""
    assert (page.column("centered", "error")[:4] > 5 * page.column("centered", "error_se")[:4]).all()
    assert_near(page.column("noncentered", "error"), 0, page.column("noncentered", "error_se"))
    assert page.lam_grid[3] == 0.3


def test_one_form_fails_at_each_end_and_between_both_pass_and_the_centred_one_is_faster(page):
    lam, failed = page.lam_grid, {form: page.column(form, "bad_runs") > page.stored.runs[0] / 2 for form in PURE}
    assert (failed["centered"] == (lam <= 1)).all()
    assert (failed["noncentered"] == (lam >= 30)).all()
    for k in np.flatnonzero((lam == 3) | (lam == 10)):
        ess, sd = ([page.column(form, name)[k] for form in PURE] for name in ("ess", "ess_sd"))
        assert ess[0] - ess[1] > 4 * np.hypot(*sd) / np.sqrt(page.stored.runs[0])


def test_between_gains_near_the_crossing_alone(page):
    between, best, lam = page.column("between", "ess"), page.best_pure, page.lam_grid
    assert (between < 2.5 * best).all()
    assert (between[lam < 0.5] < 1.1 * best[lam < 0.5]).all()
    assert 1.07 < between[lam == 10] / best[lam == 10] < 1.17
    assert (between[lam > 10] < 1.06 * best[lam > 10]).all()


def test_between_is_right_at_three_and_misses_a_part_of_the_posterior_at_one(page):
    error, its_error = page.column("between", "error"), page.column("between", "error_se")
    assert error[page.lam_grid == 1] > 5 * its_error[page.lam_grid == 1]
    assert 0 < page.column("between", "bad_runs")[page.lam_grid == 1] < page.stored.runs[0] / 2
    assert_near(error[page.lam_grid == 3], 0, its_error[page.lam_grid == 3])
    assert page.column("between", "bad_runs")[page.lam_grid == 3] == 0


def test_nearly_all_centred_runs_at_the_crossing_were_bad(page):
    assert page.column("centered", "bad_runs")[page.lam_grid == 1] >= 0.9 * page.stored.runs[0]


# --- The law ----------------------------------------------------------------------------------------------------------


def test_the_simulated_dots_of_the_figure_lie_on_the_curves(page):
    """The sampling error of a lag-1 autocorrelation is sqrt((1 - r^2)/N)."""
    for error, kappa in zip(page.checks, (0.1, 0.5, 0.9), strict=True):
        r = coordinates.gibbs_rate(np.array([0, 0.25, 0.5, 0.75, 1]), kappa)
        assert_near(error, 0, np.sqrt((1 - r**2) / 4000), 2e-3)


def test_the_simulated_autocorrelations_of_the_table_are_the_laws(page):
    """And so is what hblib's sampler gives."""
    for (kappa, w), (law, simulated) in page.autocorrelations.iterrows():
        bound = 4.5 * np.sqrt((1 - law**2) / 6000) + 2e-3
        assert abs(simulated - law) < bound
        mu, _ = coordinates.gibbs(page.ybar, np.sqrt((1 - kappa) / kappa), 1.0, w, 6000, np.random.default_rng(80))
        assert abs(np.corrcoef(mu[:-1], mu[1:])[0, 1] - law) < bound


@pytest.mark.parametrize("w", [0, 0.3, 1])
def test_the_sampler_of_the_page_draws_from_the_posterior_of_mu(page, w):
    """N(mean of ybar, (1 + s^2)/J), with the error that the autocorrelation leaves."""
    mu = page.gibbs(1.0, w, 20_000)
    r = coordinates.gibbs_rate(w, 0.5)
    sd = np.sqrt(2 / 6)
    assert_near(mu.mean(), page.ybar.mean(), sd * np.sqrt((1 + r) / (1 - r) / 20_000))
    assert_near(mu.std() / sd, 1, np.sqrt((1 + r**2) / (1 - r**2) / 40_000))


@pytest.mark.parametrize("J", [1, 3, 20])
@pytest.mark.parametrize("kappa", [0.1, 0.6, 0.95])
@pytest.mark.parametrize("w", [0.0, 0.3, "1 - kappa", 1.0])
def test_the_law_and_the_ellipsoids_follow_from_the_joint_precision(page, J, kappa, w):
    """The precision matrix of (mu, theta~), for any w and number of groups."""
    w, se2 = 1 - kappa if w == "1 - kappa" else w, (1 - kappa) / kappa
    Q = np.diag(np.r_[J * ((1 - w) ** 2 + w**2 / se2), np.full(J, 1 + 1 / se2)])
    Q[0, 1:] = Q[1:, 0] = -(1 - w) + w / se2
    # regression slopes of a normal: -Q_ii^-1 Q_ij
    r = (Q[0, 1:] / Q[0, 0]) @ (Q[1:, 0] / Q[1, 1])
    assert abs(r - coordinates.gibbs_rate(w, kappa)) < 1e-12
    eigenvalues = np.linalg.eigvalsh(Q / np.sqrt(np.outer(np.diag(Q), np.diag(Q))))
    assert np.allclose([eigenvalues[0], eigenvalues[-1]], [1 - np.sqrt(r), 1 + np.sqrt(r)])
    assert np.allclose(eigenvalues[1:-1], 1)
    for power in (0, 1 / 2, 1):
        by = np.diag(Q) ** ((power - 1) / 2) * np.diag(np.linalg.inv(Q)) ** (power / 2)
        axes = np.linalg.eigvalsh(Q * np.outer(by, by))
        assert np.isclose(page.ellipsoid(r, J, power), axes[-1] / axes[0])


@pytest.mark.parametrize("kappa", [0.1, 0.5, 0.9])
def test_a_round_of_two_interwoven_forms_forgets_the_old_mu_and_a_pair_of_rounds_in_turn_does_not(page, kappa):
    """From two starts with the same random numbers: the slope is what is left of the old mu."""
    J, s2, ybar = len(page.ybar), (1 - kappa) / kappa, page.ybar.mean()
    z = np.random.default_rng(8).normal(size=(2, J))  # of the groups
    x = np.array([0.7, -1.2]) / np.sqrt(J)  # of mu: first centred, then not

    def groups(mu, z):
        return kappa * page.ybar + (1 - kappa) * mu + np.sqrt(1 - kappa) * z

    def centred(theta):
        return theta.mean() + x[0]

    def noncentred(shifted):
        return ybar - shifted.mean() + np.sqrt(s2) * x[1]

    def interwoven(mu):
        theta = groups(mu, z[0])
        return noncentred(theta - centred(theta))

    def in_turn(mu):
        mu = centred(groups(mu, z[0]))
        return noncentred(groups(mu, z[1]) - mu)

    for start in (0, 100):  # a draw from N(mean of ybar, (1 + s^2)/J), the posterior of mu
        assert np.isclose(interwoven(start), ybar + x[0] + np.sqrt(s2) * x[1])
    left = in_turn(1) - in_turn(0)
    assert np.isclose(left, kappa * (1 - kappa))
    assert min(coordinates.gibbs_rate(w, kappa) for w in (0, 1)) ** 2 <= left + 1e-12


@pytest.fixture
def unequal(page):
    """Seven groups with standard errors and w of their own; the law for them; and the generator that made them."""
    rng = np.random.default_rng(3)
    se, w = rng.uniform(0.2, 4, 7), rng.uniform(0, 1, 7)
    return se, w, page.autocorrelation(w, se), rng


def test_the_law_for_unequal_groups_follows_from_the_joint_precision(unequal):
    se, w, r, _ = unequal
    Q = np.diag(np.r_[np.sum((1 - w) ** 2 + w**2 / se**2), 1 + 1 / se**2])
    Q[0, 1:] = Q[1:, 0] = -(1 - w) + w / se**2
    assert abs((Q[0, 1:] / Q[0, 0]) @ (Q[1:, 0] / np.diag(Q)[1:]) - r) < 1e-12


def test_the_law_for_unequal_groups_agrees_with_a_simulation(unequal):
    se, w, r, rng = unequal
    mu, _ = coordinates.gibbs(rng.normal(size=7), se, 1.0, w, 10_000, rng)
    assert_near(np.corrcoef(mu[:-1], mu[1:])[0, 1], r, np.sqrt((1 - r**2) / 10_000))


def test_the_law_for_unequal_groups_has_the_limits_named(page):
    kappa = normal_normal.shrinkage(page.mixed_se, 1)
    assert np.isclose(page.autocorrelation(0.0, page.mixed_se), np.mean(1 - kappa))
    assert np.isclose(page.autocorrelation(1.0, page.mixed_se), np.average(kappa, weights=1 / page.mixed_se**2))
    assert page.autocorrelation(1 - kappa, page.mixed_se) < 1e-15
    assert np.isclose(page.autocorrelation(0.3, np.full(4, 2.0)), coordinates.gibbs_rate(0.3, 0.2))


def test_the_schools_data_are_too_weak_for_a_large_r_in_the_non_centred_form(page):
    """At the upper end of tau's interval, by hand; a prior on mu adds its precision to the denominator alone."""
    precision = 1 / page.effect_se**2
    kappa = page.tau_upper**2 / (page.tau_upper**2 + page.effect_se**2)
    assert np.isclose(page.r_upper, precision @ kappa / precision.sum())
    assert precision @ kappa / (precision.sum() + 1 / 5**2) < page.r_upper < 0.6


@pytest.mark.parametrize("power", [0, 0.5, 1])
@pytest.mark.parametrize("J", [2, 8, 18, 200])
def test_a_larger_r_makes_a_longer_ellipsoid(page, J, power):
    assert (np.diff([page.ellipsoid(r, J, power) for r in np.linspace(0, 0.999, 200)[::10]]) > 0).all()


@pytest.mark.parametrize("power", [0.5, 1])
def test_more_groups_make_a_longer_ellipsoid_in_marginal_units(page, power):
    for r in np.linspace(0, 0.999, 200)[1::10]:
        assert (np.diff([page.ellipsoid(r, J, power) for J in (1, 2, 8, 18, 200)]) > 0).all()


def test_in_conditional_units_the_ellipsoid_has_a_closed_form(page):
    r = np.linspace(0, 0.999, 200)
    assert np.allclose([page.ellipsoid(each, 18, 0) for each in r], (1 + np.sqrt(r)) / (1 - np.sqrt(r)))


# --- Eight schools ----------------------------------------------------------------------------------------------------


def agrees(trace, full):
    """Every mean and standard deviation of mu, tau and theta within 6 Monte Carlo standard errors of the integral."""
    table = az.summary(trace, var_names=["mu", "tau", "theta"], round_to="none")
    mean = np.r_[full.mu.mean(), full.tau.mean(), full.theta.mean()]
    sd = np.r_[full.mu.std(), full.tau.std(), full.theta.std()]
    z_mean = (table["mean"].to_numpy() - mean) / table["mcse_mean"].to_numpy()
    z_sd = (table["sd"].to_numpy() - sd) / table["mcse_sd"].to_numpy()
    return np.isfinite(sd).all() and max(np.abs(z_mean).max(), np.abs(z_sd).max()) < 6


def test_the_non_centred_fit_agrees_with_the_integral(page):
    assert agrees(page.fits["non-centred", 0.95], page.schools)


@pytest.mark.parametrize("accept", [0.8, 0.95, 0.99])
def test_the_non_centred_mean_of_log_tau_agrees_with_the_integral(page, accept):
    log_tau = np.log(page.fits["non-centred", accept].posterior["tau"].values)
    assert abs(log_tau.mean() - page.exact) < 6 * az.mcse(log_tau)


def test_the_integral_agrees_with_page_3s_plain_grid_over_mu_and_log_tau(page):
    mu, log_tau = np.linspace(-40, 40, 401)[:, None], np.linspace(-16, 14, 1201)[None, :]
    log_p = normal_normal.log_marginal(page.effect, page.effect_se, mu, np.exp(log_tau))
    prior = stats.norm(0, 5).logpdf(mu) + stats.halfcauchy(scale=5).logpdf(np.exp(log_tau))
    p = np.exp(log_p + prior + log_tau)
    assert abs((p * log_tau).sum() / p.sum() - page.exact) < 1e-4


def test_centred_fits_are_bad_at_every_setting():
    others = datasets.nuts_failures("chapters/08-parameterization")
    assert (others.bad / others.seeds)[:3].min() > 0.9


def test_the_grey_draws_have_the_exact_moments(page):
    tau, mu, theta = page.exact_draws(20_000, np.random.default_rng(5))
    schools = page.schools
    for value, exact in ((tau, schools.tau), (mu, schools.mu), (theta, schools.theta[A])):
        assert_near(value.mean(), exact.mean(), exact.std() / np.sqrt(20_000))
    assert abs(np.mean(np.log(tau) < -1) - page.schools.tau.cdf(np.exp(-1))) < 0.01


def test_the_figure_of_the_funnel_compares_the_forms_at_one_setting(page):
    assert len({accept for _, accept in page.names}) == 1


def test_z_has_no_neck_and_leans_to_the_right_where_tau_is_large(page):
    tau, mu, theta = page.exact_draws(100_000, np.random.default_rng(6))
    z = (theta - mu) / tau
    assert abs(z[tau < np.exp(-1)].std() - 1) < 0.05
    assert abs(z[tau < np.exp(-1)].mean()) < 0.1
    assert z[tau > np.exp(2)].mean() > 0.6


def test_the_share_of_the_neck_is_that_of_the_quadratures_nodes_and_of_the_non_centred_draws(page):
    nodes = page.schools.nodes
    share = page.schools.tau.cdf(np.exp(-1))
    assert abs(np.sum(nodes.weight[np.log(nodes.tau) < -1]) - share) < 0.01
    draws = page.fits["non-centred", 0.95].posterior["tau"].values
    assert abs(np.mean(np.log(draws) < -1) - share) < 0.05


def test_a_path_swings_out_as_the_step_nears_two_and_flies_off_above(page):
    """Below 2 the steps conserve (1 - h^2/4) x^2 + p^2, which is 1 where a path begins."""
    reached = page.reached["farthest"]
    below = np.array([step for step in reached.index if step < 2])
    assert (reached[below] <= 1 / np.sqrt(1 - below**2 / 4) + 1e-9).all()
    assert (reached[below[below <= 1]] < 1.2).all()
    assert reached[1.9] > 3
    assert reached[1.99] > 9
    assert (reached[[step for step in reached.index if step > 2]] > 100).all()


def test_just_above_two_the_energy_is_off_by_what_nuts_calls_a_divergence(page):
    assert page.farthest(2.01) ** 2 / 2 > 1000


def test_a_path_of_many_steps_is_a_power_of_the_matrix_of_one_step(page):
    h = 2.1
    half, move = np.array([[1, 0], [-h / 2, 1]]), np.array([[1, h], [0, 1]])
    one = half @ move @ half
    x = [np.linalg.matrix_power(one, k)[0, 1] for k in range(21)]
    assert np.isclose(page.farthest(h), np.abs(x).max())


# --- Strong data, and the grid ----------------------------------------------------------------------------------------


def test_the_sleepers_centred_fit_agrees_with_the_integral(page):
    assert agrees(page.asleep["centered"], page.sleepers)


def test_the_sleepers_non_centred_fit_draws_from_the_right_distribution_too(page):
    table = az.summary(page.asleep["noncentered"], var_names=["mu", "tau"], round_to="none")
    exact = [page.sleepers.mu.mean(), page.sleepers.tau.mean()]
    z = (table["mean"].to_numpy() - exact) / table["mcse_mean"].to_numpy()
    assert np.abs(z).max() < 6


def test_the_sleepers_centred_fit_is_several_times_as_fast(page):
    assert page.bought["centered"][0] > 4 * page.bought["noncentered"][0]


GOOD = [(form, lam) for lam in (0.1, 1, 10, 100) for form in PURE if form == "noncentered" or lam > 1]


@pytest.mark.parametrize(("form", "lam"), GOOD)
def test_a_live_run_is_worth_what_the_stored_ones_are(page, form, lam):
    """A single live run against the stored mean, where these are good; elsewhere only the order."""
    mean = page.stored.ess[(page.stored.form == form) & (page.stored.lam == lam)][0]
    assert mean / 3 < page.live[form, lam][0] < 3 * mean


def test_each_form_is_faster_at_its_own_end(page):
    live = page.live
    assert all(live["centered", lam][0] > 2 * live["noncentered", lam][0] for lam in (10, 100))
    assert 3 * live["centered", 0.1][0] < live["noncentered", 0.1][0]


def test_ideal_data_have_the_spread_that_they_are_expected_to_have(page):
    assert np.allclose(page.ideal(1, 0.5)[0].std(ddof=1) ** 2, 1 + 0.25)


def test_the_common_rule_is_the_wrong_way_round_in_tau(page):
    measured = page.measured  # (tau, n): centred, non-centred
    assert measured[0.01, 1][0][0] * 2 < measured[0.01, 1][1][0]
    for n in (1, 100):
        assert measured[1, n][0][0] > 5 * measured[1, n][1][0]
    assert measured[0.01, 100][1][0] > 0.3 * measured[0.01, 100][0][0]


# --- A choice for each group ------------------------------------------------------------------------------------------


def test_the_fit_with_a_form_for_each_group_agrees_with_the_integral(page):
    several = normal_normal.full_bayes(page.mixed_ybar, page.mixed_se, priors.half_normal(1), mu_prior=(0, 5))
    assert agrees(page.mixed["own"], several)


def test_a_form_for_each_group_is_faster_than_either_for_all(page):
    worth = {form: price for form, (price, _) in page.prices.items()}
    assert worth["own"] > 1.5 * max(worth["centered"], worth["noncentered"])
