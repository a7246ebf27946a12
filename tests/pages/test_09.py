"""Page 9a: multilevel regression."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hblib import datasets, lkj, normal_normal, regression
from tests.chance import assert_follows, assert_near

STORES, STORES_SE = np.array([5.2, 4.8, 6.1, 5.5]), np.full(4, np.sqrt(0.1))
MIDDLE = np.array([1, 3.5])  # a line's height at mid-week
IN_S = {"low": (100, 100), "high": (700, 700)}  # where the sum looks when reaction times are in seconds


def row_of_person(page):
    """0 to 17 for each measurement."""
    return np.unique(page.group, return_inverse=True)[1]


# --- The figures ------------------------------------------------------------------------------------------------------


def test_the_line_for_everybody_is_the_average_of_the_lines(page):
    """Because all have the same nights."""
    assert np.allclose(page.everybody, page.b.mean(axis=0))


def test_335s_line_turns_near_the_middle_of_its_data(page):
    assert np.allclose(page.pooled, page.post.mean())
    assert abs(page.crossing - 3.5) < 0.5
    assert np.isclose(page.own @ [1, page.crossing], page.partial @ [1, page.crossing])


def test_what_is_far_off_end_to_end_keeps_its_place_and_what_is_tilted_moves_most(page):
    heights = np.column_stack([np.ones(8), np.arange(8)])
    changes = {"distance": page.b - page.mu, "moved": page.pooled - page.b}
    size = {name: np.sqrt(np.mean((change @ heights.T) ** 2, axis=1)) for name, change in changes.items()}
    ids = list(page.ids)
    far, moved = ([ids[j] for j in np.argsort(-values)] for values in size.values())
    for name in (310, 337):
        assert name in far[:4]
        assert size["moved"][ids.index(name)] < 0.05 * size["distance"][ids.index(name)]
    assert {332, 350} < set(moved[:4])
    start, slope = (page.b - page.mu)[[ids.index(name) for name in moved[:4]]].T
    assert (start * slope < 0).all()


def test_most_lines_turn_near_the_middle_of_their_data_and_three_do_not(page):
    own, pooled = page.b, page.post.mean()
    crossings = (own[:, 0] - pooled[:, 0]) / (pooled[:, 1] - own[:, 1])
    assert np.isclose(crossings[page.j335], page.crossing)
    assert np.sum(np.abs(crossings - 3.5) < 1.6) == 15
    moved = np.abs((pooled - own) @ np.array([[1, 1, 1], [0, 3.5, 7]])).mean(axis=0)  # start, middle, end
    assert moved[1] < 0.4 * min(moved[0], moved[2])


def test_the_two_training_days_change_the_sign_of_the_correlation_and_flatten_the_slope(page):
    assert page.rhos["all ten days"] > 0 > page.rhos["from day 2"]
    assert page.slopes["all ten days"] < page.slopes["from day 2"]


# --- The sleepers by REML ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "beta", "sd"),
    [
        ("from day 2", [245.0965616, 11.4354287], [31.5070, 6.76568]),
        ("all ten days", [251.40510485, 10.46728596], [24.74066, 5.92214]),
    ],
)
def test_the_fits_are_lme4s(page, name, beta, sd):
    """lme4 1.1-31 in R 4.2.2: (Days | Subject), REML; its optimizer's tolerance leaves four digits."""
    assert np.allclose(page.days[name].beta, beta, rtol=1e-7)
    assert np.allclose(page.days[name].sd, sd, rtol=1e-4)


def test_the_correlation_and_the_criterion_from_day_2_are_lme4s(page):
    fit = page.days["from day 2"]
    assert abs(fit.Sigma[0, 1] / fit.sd.prod() + 0.25487) < 2e-4
    assert abs(-2 * fit.log_likelihood - 1404.094365424) < 1e-5


@pytest.mark.parametrize("sigma", [20.0, 31.0])
@pytest.mark.parametrize("rho", [-0.5, 0.9])
def test_the_criterion_in_numpy_is_that_of_hblib_anywhere(page, sigma, rho):
    """Also for all ten days and with unequal numbers of them."""
    Sigma = np.array([[900.0, rho * 30 * 7], [rho * 30 * 7, 49.0]])
    some = np.arange(len(page.y)) % 5 > 0
    for y, X, group in ((page.y, page.X, page.group), (page.y[some], page.X[some], page.group[some])):
        level, mu = page.reml(Sigma, sigma, y, X, group)
        rows = np.equal.outer(group, group) * (X @ Sigma @ X.T) + sigma**2 * np.eye(len(y))
        inverse = np.linalg.inv(rows)
        information = X.T @ inverse @ X
        e = y - X @ mu
        dense = np.linalg.slogdet(rows)[1] + np.linalg.slogdet(information)[1] + e @ inverse @ e
        assert np.allclose(X.T @ inverse @ e, 0, atol=1e-9)
        assert np.isclose(level, -(dense + (len(y) - 2) * np.log(2 * np.pi)) / 2, rtol=1e-10)
        best = regression.given(y, X, X, group, Sigma / sigma**2)
        assert np.allclose(best.beta, mu)
        assert np.isclose(page.reml(Sigma * (best.sigma / sigma) ** 2, best.sigma, y, X, group)[0], best.log_likelihood)


def test_the_search_ends_where_hblib_does(page):
    assert abs(page.climbed.fun + page.at_night.log_likelihood) < 1e-5
    assert np.allclose(page.by_search, page.at_night.Sigma, rtol=1e-2)


def test_everybody_has_eight_days(page):
    assert (np.unique(page.group, return_counts=True)[1] == 8).all()


# --- Four stores ------------------------------------------------------------------------------------------------------


def test_a_store_whose_predictor_averages_a_tenth_sells_a_fifth_more():
    """Which is the whole distance of store 1 from the mean."""
    assert np.isclose(2 * 0.1, 0.2)
    assert np.isclose(STORES.mean() - STORES[0], 0.2)


def test_a_mean_of_5_would_give_another_answer_if_tau_were_estimated_about_it(page):
    def store_3(tau2):
        return normal_normal.posterior(STORES[2], STORES_SE[2], 5, np.sqrt(tau2)).mean()

    assert np.isclose(store_3(page.tau2), 5 + 2 / 3 * 1.1)
    assert np.isclose(store_3(np.mean((STORES - 5) ** 2) - 0.1), 5 + 0.285 / 0.385 * 1.1)


def test_full_bayes_of_store_3_agrees_with_a_plain_grid_in_mu_and_tau(page):
    mu, tau = np.linspace(0, 11, 1101)[:, None], np.linspace(0.0025, 5, 1000)
    p = np.exp(normal_normal.log_marginal(STORES, STORES_SE, mu, tau)) * stats.halfnorm().pdf(tau)
    p /= p.sum()
    kappa = tau**2 / (tau**2 + 0.1)
    given = kappa * STORES[2] + (1 - kappa) * mu
    mean = (p * given).sum()
    square = (p * (given**2 + kappa * 0.1)).sum()
    assert abs(mean - page.averaged.mean()) < 1e-3
    assert abs(np.sqrt(square - mean**2) - page.averaged.std()) < 1e-3


def test_with_an_estimate_plugged_in_store_3_looks_surer_than_it_is(page):
    assert page.averaged.std() > page.known.std()


# --- Whole lines ------------------------------------------------------------------------------------------------------


def test_with_equal_designs_the_moment_estimate_is_reml(page):
    """lme4 and regression.fit agree, after the shift of zero from day 2 to day 0."""
    fit, shift = page.days["from day 2"], np.array([[1, -2], [0, 1]])
    assert np.allclose(shift @ page.Sigma @ shift.T, fit.Sigma, rtol=1e-4)
    assert abs(page.sigma - fit.sigma) < 1e-3
    assert np.allclose(page.at_night.Sigma, page.Sigma, rtol=1e-4)


def test_the_shrunken_lines_are_those_of_the_fit(page):
    assert np.allclose(page.post.mean(), page.mu + page.at_night.deviation, atol=1e-3)


def test_the_raw_correlation_has_the_wrong_sign(page):
    assert page.raw[0, 1] < 0 < page.Sigma[0, 1]
    assert np.linalg.eigvalsh(page.Sigma)[0] > 0


def test_the_first_three_lines_are_lme4s(page):
    """Its intercepts moved to night 0."""
    lme4 = np.array([[7.2969851259, 8.6017487449], [-43.1188200942, -8.1274955111], [-24.6194775248, -7.4290091857]])
    lme4[:, 0] += 2 * lme4[:, 1]
    assert np.allclose(page.post.mean()[:3] - page.mu, lme4, atol=0.01)


def test_statsmodels_finds_the_same_covariance_matrix(page):
    assert np.allclose(page.by_statsmodels, page.Sigma, rtol=1e-3)


def test_every_line_ends_on_a_smaller_ellipse(page):
    def length(points):
        """Distance from mu in units of the population: constant on its ellipses."""
        d = points - page.mu
        return np.sqrt(np.einsum("jk,kl,jl->j", d, np.linalg.inv(page.Sigma), d))

    assert (length(page.post.mean()) < length(page.b)).all()


def test_any_sigma_and_v_shrink_every_line_onto_a_smaller_ellipse():
    rng = np.random.default_rng(4)
    for _ in range(200):
        A, B = (r @ r.T for r in rng.normal(size=(2, 3, 3)))
        d = rng.normal(size=3)
        moved = A @ np.linalg.solve(A + B, d)
        assert moved @ np.linalg.solve(A, moved) < d @ np.linalg.solve(A, d)


def test_335s_slope_goes_up_and_its_start_further_away(page):
    own, pooled = page.b[page.j335], page.post.mean()[page.j335]
    assert page.away[page.j335].tolist() == [True, False]
    assert own[1] < 0
    assert own[1] < pooled[1] < 0
    assert round(own[0] - page.mu[0]) == -5
    assert round(page.mu[1]) == 11


def test_one_coordinate_at_a_time_moves_335s_start_up_and_leaves_the_middle_of_its_data(page):
    own, alone, both = page.b[page.j335], page.alone.mean()[page.j335], page.post.mean()[page.j335]
    assert alone[0] > own[0]
    assert abs((both - own) @ MIDDLE) < abs((alone - own) @ MIDDLE)


def test_one_coordinate_at_a_time_has_the_larger_mean_squared_error(page):
    """Exactly, under the model: (I - A) Sigma (I - A)' + A V A'."""
    Sigma, V = page.Sigma, page.V
    A = np.diag(np.diag(Sigma) / np.diag(Sigma + V))
    error = (np.eye(2) - A) @ Sigma @ (np.eye(2) - A).T + A @ V @ A.T
    assert (np.diag(error) > np.diag(page.post.covariance[0])).all()


@pytest.mark.parametrize(("row", "c"), [(0, -2), (3, 3.5), (4, 7)])
def test_another_zero_is_the_same_fit_with_sigma_moved(page, row, c):
    fit = regression.fit(page.y, page.X - [0, c], page.X - [0, c], page.group)
    move = np.array([[1, c], [0, 1]])
    assert np.allclose(fit.Sigma, move @ page.Sigma @ move.T, rtol=1e-3)
    assert abs(fit.log_likelihood - page.at_night.log_likelihood) < 1e-6
    assert np.isclose(page.tau_c[row], fit.sd[0], rtol=1e-3)
    assert np.isclose(page.rho_c[row], fit.Sigma[0, 1] / fit.sd.prod(), atol=1e-3)


@pytest.mark.parametrize("c", [0.5, 3.5, 7])
@pytest.mark.parametrize("eta", [1, 2])
def test_a_prior_of_rho_at_one_zero_is_another_at_another_zero(page, eta, c):
    """A later zero makes every correlation larger. So a symmetric prior, flat or not, is symmetric at one zero only."""
    t0, t1 = page.tau
    rho = np.linspace(-0.999, 0.999, 1999)
    moved = (rho * t0 + c * t1) / np.sqrt(t0**2 + 2 * c * rho * t0 * t1 + (c * t1) ** 2)
    assert (moved > rho).all()
    weight = lkj.pdf(rho, eta, 2)
    assert abs(np.average(rho, weights=weight)) < 1e-12 < np.average(moved, weights=weight)


# --- Priors for a covariance matrix -----------------------------------------------------------------------------------


def test_every_correlation_of_an_lkj_matrix_is_a_beta():
    rng = np.random.default_rng(2)
    for eta, K in ((1, 2), (2, 2), (1, 10), (2, 10), (0.5, 3)):
        R = lkj.draws(eta, K, 20_000, rng)
        b = eta - 1 + K / 2
        exact = lkj.sd(eta, K)
        # the sd of a sample variance, by the kurtosis of the Beta
        spread = exact**2 * np.sqrt((float(stats.beta(b, b).stats("k")) + 2) / 20_000)
        for row, column in ((1, 0), (K - 1, K - 2), (K - 1, 0)):
            rho = R[:, row, column]
            assert_near(np.mean(rho**2), exact**2, spread)
            assert_follows((rho + 1) / 2, stats.beta(b, b).cdf, among=15)


@pytest.fixture(scope="module")
def wishart():
    """The joint density of (tau_1, tau_2, rho) of the inverse-Wishart, on a grid; the smaller tau; rho, its axis."""
    s = np.exp(np.linspace(np.log(0.15), np.log(4000), 240))
    first, second, rho = s[:, None, None], s[None, :, None], np.tanh(np.linspace(-9, 9, 401))
    u = 1 - rho**2
    joint = (first * second) ** -4.0 * u**-3 * np.exp(-(first**-2 + second**-2) / (2 * u)) * first * second * u
    return joint / joint.sum(), np.minimum(first, second), rho


def test_under_an_inverse_wishart_every_correlation_is_uniform(wishart):
    joint, _, rho = wishart
    margin = joint.sum(axis=(0, 1)) / (1 - rho**2)  # a density in rho, on the grid's tanh scale
    inside = np.abs(rho) < 0.999
    assert np.ptp(margin[inside]) / margin[inside].mean() < 0.02


@pytest.mark.parametrize("small", [True, False])
def test_the_inverse_wisharts_mean_sizes_agree_with_quadrature(page, wishart, small):
    joint, smaller, rho = wishart
    of_draws = page.wishart_tau.min(axis=1)
    rows, chosen = (smaller < 0.5, of_draws < 0.5) if small else (smaller > 2, of_draws > 2)
    exact = (joint * rows * np.abs(rho)).sum() / (joint * rows).sum()
    assert (exact < 0.5) == small  # 1/2 is the mean of a uniform |rho|, that of LKJ(1)
    sample = np.abs(page.wishart_rho[chosen])
    assert_near(sample.mean(), exact, sample.std() / np.sqrt(chosen.sum()), 0.004)
    assert sample.mean() == page.sizes["inverse-Wishart"][0 if small else 1]


def test_the_inverse_wisharts_margins_are_those_of_the_separation_prior(page):
    for k in range(2):
        assert_follows(1 / page.wishart_tau[:, k] ** 2, stats.chi2(2).cdf, among=3)
    assert_follows(page.wishart_rho, stats.uniform(-1, 2).cdf, among=3)


@pytest.mark.parametrize(("K", "eta"), [(2, 1), (2, 4), (3, 1), (3, 4)])
def test_trying_and_dropping_draws_from_the_beta_of_the_text(page, K, eta):
    a = eta - 1 + K / 2
    assert len(page.built[K, eta]) > 10_000
    assert_follows((page.built[K, eta] + 1) / 2, stats.beta(a, a).cdf, among=4)


def test_what_one_correlation_leaves_to_two_others_is_an_ellipse():
    """Its area, by counting the points of a grid at which the matrix is one of correlations."""
    for rho in (0.0, 0.6, 0.9):
        first, second = np.meshgrid(*2 * [np.linspace(-1, 1, 2001)], sparse=True)
        det = 1 - rho**2 - first**2 - second**2 + 2 * rho * first * second
        assert abs(4 * np.mean(det > 0) - np.pi * np.sqrt(1 - rho**2)) < 0.01


# --- Full Bayes by a sum ----------------------------------------------------------------------------------------------


def test_a_finer_grid_gives_the_same_sum(page):
    exact, finer = page.exact, page.by_sum(page.separation(eta=2), points=36)
    for name in ("mu", "tau", "rho", "sigma", "lines"):
        assert np.allclose(exact[name], finer[name], rtol=3e-4, atol=2e-3), name
    for name in ("mu_sd", "tau_sd", "rho_sd", "sigma_sd"):
        assert np.allclose(exact[name], finer[name], rtol=2e-3), name
    assert abs(exact["below"] - finer["below"]) < 2e-3
    assert exact["edge"] < 1e-3


def test_the_sums_closed_form_of_the_lines_is_the_posterior_by_linear_algebra(page):
    """At one point, against matrix_shrinkage with the posterior of mu, and against the joint normal of everything."""
    b, J, unscaled, prior_mean, prior_sd = page.b, page.J, page.unscaled, page.prior_mean, page.prior_sd
    sd, rho, sigma = np.array([30.0, 7.0]), 0.3, 26.0
    Sigma = np.diag(sd) @ np.array([[1, rho], [rho, 1]]) @ np.diag(sd)
    T = Sigma + sigma**2 * unscaled
    precision = J * np.linalg.inv(T) + np.diag(1 / prior_sd**2)
    centre = np.linalg.solve(precision, J * np.linalg.solve(T, b.mean(axis=0)) + prior_mean / prior_sd**2)
    lines = regression.matrix_shrinkage(b, sigma**2 * unscaled, centre, Sigma).mean()
    shared = np.kron(np.ones((J, J)), np.diag(prior_sd**2))
    gap = np.linalg.solve(np.kron(np.eye(J), T) + shared, (b - prior_mean).ravel())
    back = np.kron(np.eye(J), Sigma) + shared
    assert np.allclose(lines, (np.tile(prior_mean, J) + back @ gap).reshape(J, 2))


@pytest.mark.parametrize(("unit", "ends"), [(1, {"low": (4, 0.6)}), (1000, IN_S)], ids=["ms", "s"])
def test_the_sums_with_an_inverse_wishart_do_not_depend_on_the_grid(page, unit, ends):
    coarse, fine = {1: page.in_ms, 1000: page.in_s}[unit], page.by_sum(page.wishart(unit), **ends, points=34)
    assert coarse["edge"] < 1e-3
    assert np.allclose(coarse["tau"], fine["tau"], rtol=2e-3)
    assert abs(coarse["rho"][0] - fine["rho"][0]) < 2e-3
    assert np.allclose(coarse["lines"], fine["lines"], atol=0.03)


def gibbs(page, unit, rounds, rng):
    """The posterior with an inverse-Wishart by conjugate steps; sigma from a grid. tau_beta, rho and 335's slope."""
    J, X, y, person, prior_mean, prior_sd = page.J, page.X, page.y, row_of_person(page), page.prior_mean, page.prior_sd
    lines, sigma2, Sigma, kept = page.b, page.sigma**2, page.Sigma, []
    grid = np.linspace(18, 40, 200)
    XX = X[person == 0].T @ X[person == 0]
    Xy = np.array([X[person == j].T @ y[person == j] for j in range(J)])
    for _ in range(rounds):
        P = np.linalg.inv(Sigma)
        cov = np.linalg.inv(J * P + np.diag(1 / prior_sd**2))
        mu = cov @ (P @ lines.sum(axis=0) + prior_mean / prior_sd**2)
        mu = mu + np.linalg.cholesky(cov) @ rng.normal(size=2)
        cov = np.linalg.inv(XX / sigma2 + P)
        lines = (Xy / sigma2 + P @ mu) @ cov + rng.normal(size=(J, 2)) @ np.linalg.cholesky(cov).T
        scale = unit**2 * np.eye(2) + (lines - mu).T @ (lines - mu)
        x = rng.normal(size=(3 + J, 2)) @ np.linalg.cholesky(np.linalg.inv(scale)).T
        Sigma = np.linalg.inv(x.T @ x)
        squares = np.sum((y - np.sum(X * lines[person], axis=1)) ** 2)
        log_p = -len(y) * np.log(grid) - squares / (2 * grid**2) - grid**2 / 5000
        cdf = np.cumsum(np.exp(log_p - log_p.max()))
        sigma2 = np.interp(rng.uniform(), cdf / cdf[-1], grid) ** 2
        rho = Sigma[0, 1] / np.sqrt(Sigma[0, 0] * Sigma[1, 1])
        kept.append((np.sqrt(Sigma[1, 1]), rho, lines[page.j335, 1]))
    return np.array(kept[200:])


@pytest.mark.parametrize("unit", [1, 1000], ids=["ms", "s"])
def test_the_sums_with_an_inverse_wishart_agree_with_a_gibbs_sampler(page, unit):
    answer = {1: page.in_ms, 1000: page.in_s}[unit]
    exact = [answer["tau"][1], answer["rho"][0], answer["lines"][page.j335, 1]]
    batches = gibbs(page, unit, 8200, np.random.default_rng(12)).reshape(20, -1, 3).mean(axis=1)
    z = (batches.mean(axis=0) - exact) / (batches.std(axis=0, ddof=1) / np.sqrt(20))
    assert (np.abs(z) < 5).all(), z


def test_in_seconds_the_inverse_wishart_hardly_pools(page):
    def moved(answer):
        return abs(answer["lines"][page.j335, 1] - page.b[page.j335, 1])

    assert moved(page.in_s) < 0.1 * moved(page.exact)


def test_the_sum_at_mid_week_has_the_posterior_within_its_grid(page):
    assert page.mid["edge"] < 1e-3


# --- Full Bayes by NUTS -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zero", [0, 3.5, 7])
def test_a_lines_two_lambdas_do_not_depend_on_the_zero(page, zero):
    shift = np.array([[1, zero], [0, 1]])  # intercept and slope, with the zero elsewhere
    Sigma, V = (shift @ matrix @ shift.T for matrix in (page.Sigma, page.V))
    assert np.allclose(np.sort(np.linalg.eigvals(np.linalg.solve(V, Sigma))), page.lambdas)


def test_the_large_lambda_is_that_of_the_height_near_mid_week_and_the_small_one_lies_below_the_crossing(page):
    tilt, height = page.directions.T / page.directions[0][:, None]  # the intercept's weight is 1
    assert page.lambdas[1] > 10
    assert 3 < height[1] < 5
    assert 1 < page.lambdas[0] < 1.6  # the curves of page 8 cross at 1.7
    assert tilt[1] < 0  # a low start with a steep slope, or a high start with a flat one


def test_no_stored_run_failed_a_check():
    others = datasets.nuts_failures("chapters/09-multilevel-regression")
    assert others.rhat[0] <= 1.01
    assert min(others.bulk[0], others.tail[0]) >= 400
    assert others.divergences[0] == 0
    assert max(others.z[0], others.z_sd[0]) < 4.5  # of 42 unknowns in 200 runs


def test_the_run_on_the_page_is_not_far_beyond_the_worst_of_the_stored_ones(page):
    """Of one run, whose seed and processor may have bad luck, no more is asked."""
    assert page.diverging <= 100
    assert (page.summary["r_hat"] <= 1.05).all()
    assert (page.ess >= 100).all()
    assert (page.z.abs() < 5.5).all()
    assert (page.summary["mcse_mean"] < page.summary["sd"] / 8).all()


def test_means_and_sds_of_the_parameters_are_those_of_the_sum(page):
    """Two programs that share the model alone; the bound is that of all unknowns above."""
    for part, column in (("", "mean"), ("_sd", "sd")):
        away = page.exactly[part] - page.shown[column].to_numpy(dtype=float)
        assert (np.abs(away / page.shown[f"mcse_{column}"].to_numpy(dtype=float)) < 5.5).all(), column
    assert (page.shown["mcse_mean"] < page.exactly["_sd"] / 8).all()


def test_the_rows_of_the_table_are_the_parameters_in_the_order_of_the_sum(page):
    names = ["mu[intercept]", "mu[slope]", "tau[intercept]", "tau[slope]", "rho[slope, intercept]", "sigma"]
    assert page.shown.index.tolist() == names
    assert page.summary.index[6:8].tolist() == ["line[308, intercept]", "line[308, slope]"]
    assert len(page.truth) == len(page.summary) == 6 + 2 * 18


@pytest.mark.parametrize("K", [3, 5, 10])
def test_one_correlation_of_many_is_that_of_two_with_another_eta(K):
    rho = np.linspace(-0.95, 0.95, 9)
    assert np.allclose(lkj.pdf(rho, 1, K), lkj.pdf(rho, 1 + (K - 2) / 2, 2))


def test_with_more_coefficients_the_same_eta_gives_a_weaker_and_surer_correlation(page):
    assert (np.diff(page.grown["posterior mean"]) < 0).all()
    assert (np.diff(page.grown["posterior sd"]) < 0).all()
    assert (page.grown["posterior mean"] > 0).all()


# --- Bambi ------------------------------------------------------------------------------------------------------------


def test_bambis_model_has_two_scales_from_the_data_and_no_correlation(page):
    slope = 2.5 * page.y.std() / page.nights.std()
    intercept = np.hypot(2.5 * page.y.std(), slope * page.nights.mean())
    assert f"1|person ~ Normal(mu: 0.0, sigma: HalfNormal(sigma: {intercept:.4f}))" in page.described
    assert f"nights|person ~ Normal(mu: 0.0, sigma: HalfNormal(sigma: {slope:.4f}))" in page.described
    assert page.described.count("HalfNormal") == 2
    assert not {"lkj", "corr"} & set(page.described.lower().split())
    assert "LKJ" not in page.described


def test_bambis_intercept_is_the_height_at_mid_week_and_a_persons_is_at_night_0(page):
    """In draws from its prior; and at night 0 the average line then spreads as far as the page says."""
    import bambi as bmb

    table = pd.DataFrame({"y": page.y, "nights": page.nights, "person": page.group})
    formula = bmb.Model("y ~ nights + (nights | person)", table)
    formula.build()
    prior = formula.prior_predictive(draws=10, random_seed=1).prior
    person = np.unique(page.group, return_inverse=True)[1]
    own = prior["1|person"].values[0][:, person] + prior["nights|person"].values[0][:, person] * page.nights
    at, slope = prior["Intercept"].values[0][:, None], prior["nights"].values[0][:, None]
    assert page.nights.mean() == 3.5
    assert np.allclose(prior["mu"].values[0] - own, at + slope * (page.nights - 3.5))
    a_night = 2.5 * page.y.std() / page.nights.std()
    at_mid_week = np.hypot(2.5 * page.y.std(), 3.5 * a_night)
    assert f"Intercept ~ Normal(mu: {page.y.mean():.4f}, sigma: {at_mid_week:.4f})" in page.described
    assert np.isclose(page.bambi_zero, np.hypot(at_mid_week, 3.5 * a_night))


# --- Three coefficients -----------------------------------------------------------------------------------------------


def test_ses_is_not_in_standard_deviations_of_the_pupils_from_their_mean(page):
    assert -0.25 < page.pupils.ses.mean() < -0.15
    assert 0.75 < page.pupils.ses.std() < 0.85


def test_the_schools_reml_is_at_the_edge_and_not_much_lower_inside(page):
    fit = page.schools_reml
    sizes = np.linalg.eigvalsh(fit.correlation)
    assert fit.status == "singular"
    assert sizes[0] < 1e-6
    assert round(fit.correlation[1, 0], 2) == 1
    at_edge, _ = page.reml(fit.Sigma, fit.sigma, page.pupils.y, page.design, page.pupils.group)
    assert abs(at_edge - fit.log_likelihood) < 1e-6
    assert 0 < at_edge - page.inside < 1.5


@pytest.mark.parametrize("weaker", [0.1, 1 / 3])
def test_weaker_correlations_of_the_schools_fit_the_data_less_well(page, weaker):
    """By hblib, with the average coefficients and sigma found anew."""
    fit, pupils = page.schools_reml, page.pupils
    Sigma = (1 - weaker) * fit.Sigma + weaker * np.diag(fit.sd**2)
    inside = regression.given(pupils.y, page.design, page.design, pupils.group, Sigma / fit.sigma**2)
    assert inside.log_likelihood < fit.log_likelihood
    assert np.isclose(inside.log_likelihood, page.inside, atol=0.05) == (weaker == 1 / 3)


def log_posterior(pupils, design):
    """Of the schools under LKJ(1), at rows of log tau, three arctanh and log sigma; and what such rows stand for.

    The lines and their averages are integrated out. The arctanh are those of two correlations, and of the partial one
    of the two other coefficients; these three are independent a priori, and scaled Beta(3/2), Beta(3/2), Beta(1).
    """
    rows = [pupils.group == j for j in np.unique(pupils.group)]
    unscaled = np.array([np.linalg.inv(design[row].T @ design[row]) for row in rows])
    own = np.array([np.linalg.lstsq(design[row], pupils.y[row])[0] for row in rows])
    squares = sum(np.sum((pupils.y[row] - design[row] @ b) ** 2) for row, b in zip(rows, own, strict=True))
    centre, width, free = np.array([10.0, 0, 0]), np.array([10.0, 5, 5]), len(pupils.y) - 3 * len(rows)

    def meaning(u):
        tau, (a, b, p), sigma = np.exp(u[:, :3]), np.tanh(u[:, 3:6]).T, np.exp(u[:, 6])
        rho = np.stack([a, b, a * b + p * np.sqrt((1 - a**2) * (1 - b**2))], axis=1)
        return tau, rho, p, sigma

    def log_p(u):
        tau, rho, p, sigma = meaning(u)
        R = np.tile(np.eye(3), (len(u), 1, 1))
        for column, (k, m) in enumerate(((1, 0), (2, 0), (2, 1))):
            R[:, k, m] = R[:, m, k] = rho[:, column]
        Sigma = tau[:, :, None] * R * tau[:, None]
        T = Sigma[:, None] + sigma[:, None, None, None] ** 2 * unscaled
        P = np.linalg.inv(T)
        A = P.sum(axis=1) + np.diag(1 / width**2)
        h = np.einsum("sjkl,jl->sk", P, own) + centre / width**2
        between = np.einsum("jk,sjkl,jl->s", own, P, own) - np.sum(h * np.linalg.solve(A, h[..., None])[..., 0], axis=1)
        value = -(np.linalg.slogdet(T)[1].sum(axis=1) + np.linalg.slogdet(A)[1] + between) / 2
        value -= free * np.log(sigma) + squares / (2 * sigma**2)
        value -= ((tau / [5, 2, 2]) ** 2).sum(axis=1) / 2 + (sigma / 10) ** 2 / 2
        value += u[:, :3].sum(axis=1) + u[:, 6]  # the scales are searched in logs
        return value + 1.5 * np.log1p(-(rho[:, :2] ** 2)).sum(axis=1) + np.log1p(-(p**2))

    return log_p, meaning


@pytest.fixture(scope="module")
def weighted(page):
    """Correlations of the schools and their weights under LKJ(1), by importance sampling that learns its proposal."""
    log_p, meaning = log_posterior(page.pupils, page.design)
    rng = np.random.default_rng(6)
    centre = np.concatenate([np.log(page.schools_reml.sd), [0.75, -0.4, 0], [np.log(page.schools_reml.sigma)]])
    cov = np.diag([0.3, 0.6, 0.8, 0.8, 0.5, 0.7, 0.05]) ** 2
    for size in (10_000, 20_000, 20_000, 40_000):
        proposal = stats.multivariate_t(centre, 1.2 * cov, df=4)
        u = proposal.rvs(size, random_state=rng)
        u = u[np.abs(u[:, 3:6]).max(axis=1) < 12]  # beyond, arctanh leaves the digits of doubles
        log_w = log_p(u) - proposal.logpdf(u)
        w = np.exp(log_w - log_w.max())
        w /= w.sum()
        soft = np.minimum(w, 0.005) / np.minimum(w, 0.005).sum()
        centre, cov = soft @ u, np.cov(u.T, aweights=soft)
    assert 1 / np.sum(w**2) > 8000
    return meaning(u)[1], w


def under(weighted, eta):
    """Means and standard deviations of the correlations, when LKJ(1) is made LKJ(eta)."""
    rho, w = weighted
    w = w * (1 - (rho**2).sum(axis=1) + 2 * rho.prod(axis=1)) ** (eta - 1)
    w = w / w.sum()
    return w @ rho, np.sqrt(w @ rho**2 - (w @ rho) ** 2)


def test_the_density_of_the_schools_is_that_of_all_scores_together(page):
    """Differences of the log posterior against the normal distribution of 1,208 scores and lkj.log_density."""
    log_p, meaning = log_posterior(page.pupils, page.design)
    y, X, group = page.pupils.y, page.design, page.pupils.group
    u = np.array([[0.7, -0.6, -0.7, 0.7, -0.3, 0.2, 1.82], [0.5, -0.2, -1.0, 0.1, 0.4, -0.5, 1.9]])
    slow = []
    for row, tau, rho, _, sigma in zip(u, *meaning(u), strict=True):
        R = np.eye(3)
        R[np.tril_indices(3, -1)] = rho
        R = np.tril(R) + np.tril(R, -1).T
        rows = np.equal.outer(group, group) * (X @ (np.outer(tau, tau) * R) @ X.T) + sigma**2 * np.eye(len(y))
        normal = stats.multivariate_normal(X @ [10, 0, 0], rows + X @ np.diag([100.0, 25, 25]) @ X.T)
        scales = stats.halfnorm.logpdf(tau, scale=[5, 2, 2]).sum() + stats.halfnorm.logpdf(sigma, scale=10)
        moved = row[:3].sum() + row[6] + np.log1p(-(np.tanh(row[3:6]) ** 2)).sum()
        moved += np.log((1 - rho[0] ** 2) * (1 - rho[1] ** 2)) / 2  # from p to the third correlation
        slow.append(normal.logpdf(y) + scales + lkj.log_density(R, 1) + moved)
    assert np.isclose(np.diff(log_p(u))[0], np.diff(slow)[0], atol=1e-6)


def test_averaged_over_all_matrices_the_correlations_are_moderate_and_uncertain(weighted):
    mean, sd = under(weighted, 1)
    assert (np.abs(mean) < 0.7).all()
    assert (sd > 0.3).all()


def test_a_larger_eta_brings_the_schools_correlations_nearer_to_0(weighted):
    means = np.abs([under(weighted, eta)[0] for eta in (1, 2, 4)])
    assert (np.diff(means, axis=0) < 0).all()


def test_under_lkj_4_the_schools_posterior_is_hardly_narrower_than_the_prior(weighted):
    _, sd = under(weighted, 4)
    assert (np.abs(sd / lkj.sd(4, 3) - 1) < 0.12).all()


def test_a_power_of_the_determinant_turns_one_lkj_prior_into_another(page):
    some = page.r[::100]
    R = np.tile(np.eye(3), (len(some), 1, 1))
    for column, (k, m) in enumerate(((1, 0), (2, 0), (2, 1))):
        R[:, k, m] = R[:, m, k] = some[:, column]
    assert np.allclose(page.det[::100], np.linalg.det(R))
    factor = lkj.log_density(R, 4) - lkj.log_density(R, 1)
    assert np.ptp(factor - 3 * np.log(page.det[::100])) < 1e-6


def test_332_has_the_day_that_no_line_explains(page):
    off = np.abs(page.y - np.sum(page.X * page.post.mean()[row_of_person(page)], axis=1))
    assert page.group[off.argmax()] == 332
    assert off.max() > 3.5 * page.sigma
