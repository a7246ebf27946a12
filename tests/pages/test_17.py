"""Where to go from here: every answer of the page by a second way."""

import csv
import hashlib

import numpy as np
import pytest
from scipy import optimize, special, stats

import stan_schools
from hblib import datasets, normal_normal, priors, regression
from tests.conftest import ROOT

# --- The schools of California ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tau", "sigma"), [(5, 60), (23, 56), (60, 45)])
def test_given_tau_and_sigma_it_is_one_big_normal_distribution(page, tau, sigma):
    """The posterior from the covariance matrix of the 200 schools, instead of from precisions."""
    prior = np.diag(np.r_[np.full(3, 200.0**2), 100.0**2, np.full(57, tau**2)])
    total = page.A @ prior @ page.A.T + sigma**2 * np.eye(200)
    gain = prior @ page.A.T @ np.linalg.inv(total)
    mean, cov, _ = page.given(tau, sigma)
    assert np.allclose(page.centre + gain @ (page.y - page.A @ page.centre), mean, atol=1e-6)
    assert np.allclose(prior - gain @ page.A @ prior, cov, atol=1e-5)


def log_posterior(page, tau, sigma):
    total = page.A[:, 4:] @ page.A[:, 4:].T * tau**2 + sigma**2 * np.eye(200)
    total += 200**2 * page.A[:, :3] @ page.A[:, :3].T + 100**2 * np.outer(page.A[:, 3], page.A[:, 3])
    log_p = stats.multivariate_normal(page.A @ page.centre, total).logpdf(page.y)
    return log_p + stats.halfnorm(scale=50).logpdf(tau) + stats.halfnorm(scale=100).logpdf(sigma)


def test_the_weights_of_the_grid_are_the_density(page):
    points = [(3, 60), (23, 56), (40, 50), (69, 74)]
    page_says = [page.given(*point)[2] for point in points]
    assert np.ptp(np.subtract(page_says, [log_posterior(page, *point) for point in points])) < 1e-6


def test_a_grid_of_other_points_gives_the_same_answer(page):
    """Shifted by half a step, and denser by half."""
    tau, sigma = np.meshgrid(np.linspace(0.2, 90, 55), np.linspace(38, 80, 45))
    points = np.column_stack([tau.ravel(), sigma.ravel()])
    means, covs, log_p = zip(*(page.given(*point) for point in points), strict=True)
    weight = special.softmax(log_p)
    state = np.array(means) @ page.to_state
    variance = np.array([page.to_state @ cov @ page.to_state for cov in covs])
    mean = weight @ state
    assert np.allclose(weight @ points, [page.tau, page.sigma], atol=0.1)
    assert abs(mean - page.state) < 0.02
    assert abs(np.sqrt(weight @ (variance + (state - mean) ** 2)) - page.state_sd) < 0.02


def test_reml_finds_the_same_slope_and_spread(page):
    fit = regression.fit(page.y, page.A[:, :4], np.ones((200, 1)), datasets.api_sample().group)
    assert abs(fit.sd[0] - page.tau) < 5
    assert abs(fit.sigma - page.sigma) < 2
    assert np.allclose(fit.beta, page.mean[:4], atol=4)


def test_the_table_of_counties_is_what_loops_find(page):
    sample, cells = datasets.api_sample(), datasets.api_cells()
    for name, row in page.table.iterrows():
        mine, here = sample.group == name, cells.group == name
        assert (row.sampled, row.schools) == (mine.sum(), cells.n[here].sum())
        alpha = page.mean[4 + page.counties.tolist().index(name)]
        total = predicted = 0
        for kind, n, meals, ybar in zip(
            cells.type[here], cells.n[here], cells.meals[here], cells.ybar[here], strict=True
        ):
            start = page.mean[["primary", "middle", "high"].index(kind)]
            predicted += n * (start + page.mean[3] * (meals - 50) / 10 + alpha)
            total += n * ybar
        assert abs(predicted / row.schools - row.MRP) < 1e-8
        assert abs(total / row.schools - row.truth) < 1e-8
        assert row.raw == sample.y[mine].mean() if mine.any() else np.isnan(row.raw)


def test_to_take_the_sampled_schools_scores_as_known_changes_little(page):
    """By a sum over each county's schools; and no county has a larger share of them in the sample than Inyo."""
    sample, cells = datasets.api_sample(), datasets.api_cells()
    n, N = page.table.sampled.to_numpy(), page.table.schools.to_numpy()
    for j, name in enumerate(page.counties):
        mine, here = sample.group == name, cells.group == name
        every = page.rows(cells.group[here], cells.type[here], cells.meals[here]).T @ cells.n[here]
        rest = every - page.rows(sample.group[mine], sample.type[mine], sample.meals[mine]).sum(axis=0)
        assert np.isclose(N[j] * page.known[j], rest @ page.mean + sample.y[mine].sum())
        of_schools = (N[j] - n[j]) * (page.weight @ page.points[:, 1] ** 2)
        assert np.isclose((N[j] * page.sd_known[j]) ** 2, rest @ page.cov @ rest + of_schools)
    assert np.argmax(n / N) == list(page.counties).index("Inyo") == page.inyo
    assert page.sd_known[page.inyo] < 0.75 * page.table.sd["Inyo"]
    others = np.arange(len(N)) != page.inyo
    assert (page.sd_known[others] > 0.8 * page.table.sd[others]).all()
    assert np.abs(page.known - page.table.MRP)[others].max() < 10
    off = [np.sqrt(np.mean((each - page.table.truth) ** 2)) for each in (page.known, page.table.MRP)]
    assert 0 < off[1] - off[0] < 1


def test_in_this_sample_no_school_does_as_well_as_one_or_two_alone_which_is_their_luck(page):
    raw, pooled = page.errors.raw, page.errors.MRP
    assert abs(raw["1 or 2"] - pooled["none"]) <= 2
    assert pooled["1 or 2"] < raw["1 or 2"] / 2
    assert page.usual / 2 > 1.08 * raw["1 or 2"]
    assert (pooled.iloc[1:] < raw.iloc[1:] / 1.5).all()
    assert page.errors.counties.tolist() == [17, 21, 13, 6]


def test_the_weighted_mean_is_the_published_one_and_the_model_halves_its_error(page):
    assert abs(page.classical - 662.29) < 0.005
    assert abs(np.sqrt(page.variance) - 9.4089) < 5e-5
    assert page.state_sd < 0.55 * np.sqrt(page.variance)
    assert abs(page.state - 664.7126) < page.state_sd
    assert page.y.mean() < 664.7126 - page.answers["mean of the sample"][1]


def test_the_states_error_by_joint_draws_and_by_shuffled_ones(page):
    """A draw is a point of the grid, then a normal; shuffled, the counties' errors are independent."""
    rng = np.random.default_rng(1)
    picked = rng.choice(len(page.weight), 4000, p=page.weight)
    roots = {k: np.linalg.cholesky(page.covs[k]) for k in set(picked.tolist())}
    draws = np.array([page.means[k] + roots[k] @ rng.normal(size=61) for k in picked.tolist()])
    counties = draws @ page.to_county.T
    assert abs((counties @ page.county_weight).std() / page.state_sd - 1) < 0.05
    assert abs((counties @ page.county_weight).mean() - page.state) < 5 * page.state_sd / np.sqrt(4000)
    shuffled = (rng.permuted(counties, axis=0) @ page.county_weight).std()
    assert abs(shuffled / page.independent - 1) < 0.05
    assert page.independent < 0.8 * page.state_sd


def test_the_worst_miss_is_san_benito_and_it_is_not_in_the_sample(page):
    scaled = ((page.table.MRP - page.table.truth) / page.table.sd).abs()
    assert scaled.idxmax() == "San Benito"
    assert page.table.sampled["San Benito"] == 0
    assert (page.table.MRP - page.table.truth).abs().idxmax() == "Trinity"
    assert page.table.sd["Trinity"] > page.table.sd["San Benito"]
    missed = scaled[page.table.sampled == 0]
    assert set(missed.index[missed > 2]) == {"San Benito", "Trinity", "Modoc"}
    assert 1.2 < np.sqrt((missed**2).mean()) < 1.6


def test_nuts_finds_the_sum(page):
    z = (page.found["mean"] - page.found["by the sum"]) / page.found["mcse_mean"]
    assert (z.abs() < 6).all()
    assert abs(page.found.loc["state", "sd"] / page.state_sd - 1) < 0.15
    assert (page.diagnosed["r_hat"] < 1.03).all()
    assert (page.diagnosed[["ess_bulk", "ess_tail"]] > 400).all(axis=None)


def test_without_the_predictor_the_state_is_little_surer_than_by_weights(page):
    """By one big normal distribution at the posterior means of tau and sigma, without the fourth column."""
    columns = [0, 1, 2, *range(4, 61)]
    tau, sigma = page.bare_weight @ page.bare
    assert 0 < tau < 100
    prior = np.diag(np.r_[np.full(3, 200.0**2), np.full(57, tau**2)])
    A = page.A[:, columns]
    gain = prior @ A.T @ np.linalg.inv(A @ prior @ A.T + sigma**2 * np.eye(200))
    cov = prior - gain @ A @ prior
    row = page.to_state[columns]
    assert abs(np.sqrt(row @ cov @ row) / page.bare_sd - 1) < 0.1
    assert page.bare_sd > 0.85 * np.sqrt(page.variance)
    mean = page.centre[columns] + gain @ (page.y - A @ page.centre[columns])
    off = page.to_county[:, columns] @ mean - page.table.truth
    assert abs(np.sqrt((off[page.sampled == 0] ** 2).mean()) - np.sqrt(page.bare_off[page.sampled == 0].mean())) < 2
    assert (page.bare_off[page.sampled == 0].mean() / page.off.MRP[page.sampled == 0].mean()) > 1.5


def test_what_selection_within_cells_costs(page):
    rng = np.random.default_rng(2)
    scores = rng.normal(0, page.sigma, 400_000)
    drawn = rng.random(400_000) < np.where(scores > 0, 0.2, 0.1)
    assert abs(scores[drawn].mean() - page.selected_bias(page.sigma)) < 5 * page.sigma / np.sqrt(drawn.sum())


@pytest.mark.parametrize("by", ["the model's expectation", "the cell's average"])
def test_a_line_repairs_what_poverty_explains_of_a_selection_and_nothing_else(page, by):
    """Schools of one cell, whose meals differ by 24 per cent: the line at their mean, fitted to those drawn."""
    rng = np.random.default_rng(3)
    meals, rest = rng.normal(0, 2.4, 400_000), rng.normal(0, page.sigma, 400_000)
    scores = page.mean[3] * meals + rest
    better = (rest if "model" in by else scores) > 0
    drawn = rng.random(400_000) < np.where(better, 0.2, 0.1)
    _, off = np.polyfit(meals[drawn], scores[drawn], 1)
    error = page.sigma / np.sqrt(drawn.sum())
    if "model" in by:
        assert abs(off - page.selected_bias(page.sigma)) < 5 * error
    else:
        assert off < 0.7 * page.selected_bias(page.sigma)


# --- Eight schools in four languages ----------------------------------------------------------------------------------


def test_the_quadrature_is_right(page):
    """By a plain sum over tau."""
    tau = np.linspace(0.0005, 60, 60_001)[:, None]
    v = page.eight.se**2 + tau**2
    precision = (1 / v).sum(axis=1) + 1 / 20**2
    mu = (page.eight.ybar / v).sum(axis=1) / precision
    log_p = -0.5 * (np.log(v) + page.eight.ybar**2 / v).sum(axis=1) - 0.5 * np.log(precision) + 0.5 * mu**2 * precision
    p = special.softmax(log_p - (tau[:, 0] / 10) ** 2 / 2)
    kappa = tau**2 / v
    theta = p @ (kappa * page.eight.ybar + (1 - kappa) * mu[:, None])
    assert np.allclose([p @ mu, p @ tau[:, 0], *theta], page.truth, atol=1e-4)


@pytest.mark.parametrize("language", ["PyMC", "NumPyro"])
def test_both_languages_find_the_quadrature(page, language):
    table = page.both[language].loc[page.means_of.index]
    z = (table["mean"] - page.means_of["by quadrature"]) / table["mcse_mean"]
    assert (z.abs() < 6).all()
    assert (table["mcse_mean"] < 0.1 * table["sd"]).all()


def test_the_numpyro_model_is_the_one_that_was_meant(page):
    """Its log density against SciPy's."""
    import numpyro

    rng = np.random.default_rng(3)
    for _ in range(5):
        mu, tau, z = rng.normal(5, 5), rng.uniform(0.1, 20), rng.normal(size=8)
        known = numpyro.infer.util.log_density(
            page.eight_schools, (page.eight.ybar, page.eight.se), {}, {"mu": mu, "tau": tau, "z": z}
        )[0]
        expected = stats.norm(0, 20).logpdf(mu) + stats.halfnorm(scale=10).logpdf(tau) + stats.norm.logpdf(z).sum()
        expected += stats.norm(mu + tau * z, page.eight.se).logpdf(page.eight.ybar).sum()
        assert abs(float(known) - expected) < 1e-3


def test_stan_ran_the_listing_of_the_page_and_found_the_quadrature():
    with (ROOT / "tests" / "stan_schools.csv").open(encoding="utf8") as file:
        rows = list(csv.DictReader(file))
    assert {row["listing"] for row in rows} == {hashlib.sha256(stan_schools.listing().encode()).hexdigest()[:12]}
    eight = datasets.eight_schools()
    exact = normal_normal.full_bayes(eight.ybar, eight.se, priors.half_normal(10), mu_prior=(0, 20))
    truth = [exact.mu.mean(), exact.tau.mean(), *exact.theta.mean()]
    assert [row["name"] for row in rows] == ["mu", "tau", *(f"theta[{name}]" for name in eight.group)]
    for row, value in zip(rows, truth, strict=True):
        assert abs(float(row["mean"]) - value) < 5 * float(row["mcse"]), row["name"]
        assert float(row["mcse"]) < 0.15


# --- Survival ---------------------------------------------------------------------------------------------------------


def by_sum(u, female):
    """The likelihood of each patient by a sum over the logarithm of the frailty, and the frailty's posterior mean."""
    times, a = datasets.catheters(), np.exp(u[1])
    log_theta, step = np.linspace(-30, 5, 20_001, retstep=True)
    theta, total, means = np.exp(log_theta), 0, []
    for j in range(1, 39):
        density = theta * stats.gamma(a, scale=1 / a).pdf(theta)
        for row in np.flatnonzero(times.group == j):
            hazard = theta * np.exp(u[0] + u[2] * female[row])
            density *= np.exp(-hazard * times.time[row]) * (hazard if times.event[row] else 1)
        total += np.log(density.sum() * step)
        means.append(theta @ density / density.sum())
    return total, means


def test_the_frailty_is_integrated_out(page):
    u, female = np.array([-3.5, 1.2, -1.4]), datasets.catheters().female
    total, means = by_sum(u, female)
    page_total, page_means = page.log_likelihood(u, female)
    assert abs(total - page_total) < 1e-5
    assert np.allclose(means, page_means, rtol=1e-6)


def test_the_frailty_fits_are_maxima(page):
    times = datasets.catheters()
    for name, x, columns in (("one rate", 0 * times.female, 2), ("by sex", times.female, 3)):
        full = lambda u, x=x: -page.log_likelihood(np.r_[u, 0, 0][:3], x)[0]  # noqa: E731
        best = optimize.minimize(
            full, [-4, 1, -1][:columns], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9}
        )
        assert np.isclose(np.exp(-best.x[1]), page.fits.loc[name, "variance of frailty"], rtol=1e-3)
        if columns == 3:
            assert np.isclose(np.exp(best.x[2]), page.fits.loc[name, "women / men"], rtol=1e-3)


def test_patient_21_is_the_man_with_the_longest_times(page):
    times = datasets.catheters()
    total = np.bincount(times.group, times.time)
    men = np.unique(times.group[times.female == 0])
    assert page.fits.loc["by sex", "patient"] == 21 == men[total[men].argmax()]
    assert total[21] > 2 * np.sort(total[men])[-2]


def test_without_patient_21_there_is_hardly_any_frailty(page):
    """And the fit without him is a maximum, of the likelihood of his fellow patients."""
    times = datasets.catheters()
    u, female = np.array([-3.5, 1.2, -1.4]), times.female
    d = np.bincount(times.group, times.event)[21]
    at_risk = np.bincount(times.group, np.exp(u[0]) * times.time)[21]  # he is a man
    a = np.exp(u[1])
    his = stats.nbinom(a, a / (a + at_risk)).logpmf(d) - d * np.log(at_risk) + special.gammaln(d + 1) + d * u[0]
    others = page.log_likelihood(u, female, np.arange(38) != 20)[0]
    assert np.isclose(page.log_likelihood(u, female)[0] - others, his)

    def rest(log_rate, log_ratio, variance):
        return page.log_likelihood([log_rate, -np.log(variance), log_ratio], female, np.arange(38) != 20)[0]

    ratio, variance = page.without_him[:2]
    assert variance < 0.015
    best = optimize.minimize(lambda u: -rest(*u, variance), [-4, -1.5])
    assert np.isclose(ratio, np.exp(best.x[1]), rtol=0.01)
    none = optimize.minimize(lambda u: -rest(*u, 1e-4), [-4, -1.5])
    assert -0.02 < none.fun - best.fun < 0.05  # in log likelihood; with him the model gains nearly 4


# --- The Nile ---------------------------------------------------------------------------------------------------------


def test_the_variances_are_the_published_ones(page):
    """Durbin and Koopman (2012), section 2.10.3."""
    assert np.allclose(page.size["random walk"], [15_099, 1469.1], rtol=1e-3)


def test_the_matrix_is_the_smoother(page):
    """Forward by the filter, then backward, without any matrix."""
    noise, step = page.size["random walk"]
    mean, variance, filtered = 0.0, 1e8, []
    for now in page.flow:
        before = variance + step
        kappa = before / (before + noise)
        mean, variance = mean + kappa * (now - mean), kappa * noise
        filtered.append((mean, variance))
    level = [mean]
    for mean, variance in filtered[-2::-1]:
        level.append(mean + variance / (variance + step) * (level[-1] - mean))
    assert np.allclose(level[::-1], page.level["random walk"], atol=0.02)
    last, last_sd, _kappas = page.kalman(page.flow, noise, step)
    assert np.allclose([last, last_sd], [filtered[-1][0], np.sqrt(filtered[-1][1])])
    assert abs(last - page.level["random walk"][-1]) < 0.02


def test_the_newest_years_weight_settles_where_algebra_says(page):
    noise, step = page.size["random walk"]
    q = step / noise
    ahead = (q + np.sqrt(q**2 + 4 * q)) / 2
    assert abs(page.kappas[-1] - ahead / (1 + ahead)) < 1e-6


def test_exchangeable_years_are_page_3(page):
    kappa = np.exp(9.0) / (np.exp(9.0) + np.exp(9.6))
    expected = kappa * page.flow + (1 - kappa) * page.flow.mean()
    assert np.allclose(page.level["exchangeable"], expected, atol=0.01)


def test_the_smooth_fit_is_a_maximum(page):
    u = np.log(page.size["smooth"])
    best = page.smooth(u, page.kernels["smooth"])[0]
    for k in range(3):
        for move in (-0.1, 0.1):
            assert page.smooth(u + move * (np.arange(3) == k), page.kernels["smooth"])[0] < best


# --- Many sites -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trials(page):
    """Errors of the pooled difference, of the mean for people and of mu, and their posterior sds; 200 trials."""
    rng, rows = np.random.default_rng(5), []
    for _ in range(200):
        n, effect, estimate, se, naive = page.trial(rng)
        full = normal_normal.full_bayes(estimate, se, priors.half_normal(5))
        people = full.rvs(400, rng).theta @ (n / n.sum())
        truth = effect @ n / n.sum()
        rows.append((naive - truth, people.mean() - truth, people.std(), estimate @ n / n.sum() - truth))
    return np.array(rows).T


def test_people_pooled_across_sites_mislead_and_comparisons_within_sites_do_not(trials):
    naive, people, sd, unpooled = trials
    assert naive.mean() > 5
    assert np.abs(naive).mean() > 10 * np.abs(people).mean()
    assert (np.abs(people) < 1.96 * sd).mean() > 0.85
    assert abs(unpooled.mean()) < 5 * unpooled.std() / np.sqrt(200)  # a second, unbiased way
    assert np.abs(people - unpooled).max() < 1.5


def test_more_people_do_not_help_the_pooled_difference(page):
    for times in (1, 10_000):
        rng = np.random.default_rng(6)
        off = [
            naive - effect @ n / n.sum()
            for n, effect, _, _, naive in (page.trial(rng, times=times) for _ in range(200))
        ]
        assert np.mean(off) > 5


def test_the_average_of_the_sites_comes_out_too_low(page):
    """Precise sites are large ones, with smaller effects, and draw the others down; the other two as the fixture."""
    mean = page.errors_of.mean()
    assert len(page.errors_of) == 200
    assert -0.7 < mean["the average site"] < -0.3  # -0.51 +- 0.03
    assert mean["all people pooled"] > 5  # 6.8 +- 0.3
    assert abs(mean["the average person"]) < 0.12  # 0.00 +- 0.02


def test_the_sites_of_the_page(page):
    """What held in each of 782 trials with other seeds, with room: the least were 0.6 and 0.5, the largest z 3.8."""
    report = page.report
    assert report.loc["all people pooled", "estimate"] > report.loc["all people pooled", "truth"]
    estimate, sd, truth = report.loc["the average person"]
    assert abs(estimate - truth) < 6 * sd
    assert report.loc["the average site", "truth"] > report.loc["the average person", "truth"] + 0.2
