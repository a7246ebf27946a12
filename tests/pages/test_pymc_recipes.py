"""The recipes: each against a sum, a formula or SciPy."""

import functools
import warnings

import arviz as az
import numpy as np
import pytest
from scipy import integrate, special, stats

from hblib import beta_binomial, datasets, lkj, normal_normal, priors
from tests.chance import assert_follows

SCHOOLS = datasets.eight_schools()
C = 2  # the school's number
Z = 6  # the most Monte Carlo standard errors that a mean may be off; test_nuts.py says how far 200 seeds went


def assert_means(draws, exact):
    """Each variable's mean within Z standard errors, and these small against the posterior's spread."""
    for name, (mean, sd) in exact.items():
        error = np.atleast_1d(az.mcse(draws[name]).values)
        off = np.abs(np.atleast_1d(draws[name].mean(("chain", "draw")).values) - mean)
        assert (off < Z * error).all(), name
        assert (error < 0.15 * np.asarray(sd)).all(), name


def summed(log_p, **grids):
    """Mean and sd of each axis of a grid with these log weights."""
    weight = special.softmax(log_p)
    axes = np.meshgrid(*grids.values(), indexing="ij")
    means = [np.sum(weight * each) for each in axes]
    sds = [np.sqrt(np.sum(weight * (each - mean) ** 2)) for each, mean in zip(axes, means, strict=True)]
    return dict(zip(grids, zip(means, sds, strict=True), strict=True))


@functools.cache
def schools(scale=1.0, without=None):
    kept = np.arange(8) != without
    return normal_normal.full_bayes(
        SCHOOLS.ybar[kept], scale * SCHOOLS.se[kept], priors.half_normal(10), mu_prior=(0, 20)
    )


# --- Sampling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "scale"), [("as measured", 1), ("se / 3", 1 / 3)])
def test_both_fits_of_the_schools_have_the_means_of_the_quadrature(page, name, scale):
    full = schools(scale)
    exact = {v: (getattr(full, v).mean(), getattr(full, v).std()) for v in ("mu", "tau", "theta")}
    assert_means(page.two[name].posterior, exact)


def test_a_school_is_picked_by_its_name(page):
    assert list(page.trace.posterior["theta"].coords["school"].values) == list("ABCDEFGH")
    assert page.theta_A.equals(page.trace.posterior["theta"][..., 0])


def test_the_seed_decides_the_draws(page):
    assert page.equal == [True, False]


def test_the_checks_are_those_of_the_formulas(page):
    seen = page.checks(page.trace)
    names = ["mu", "tau", "z", "theta"]
    assert seen["divergences"] == page.trace.sample_stats["diverging"].values.sum()
    assert np.isclose(seen["R-hat"], max(float(az.rhat(page.trace)[v].max()) for v in names))
    ess = min(float(az.ess(page.trace, method="tail")[v].min()) for v in names)
    assert abs(seen["ESS, tail"] - ess) <= 0.5


def test_the_checks_notice_a_chain_apart_and_a_divergence(page):
    bad = page.trace.copy(deep=True)
    bad.posterior["mu"].values[0] += 20
    bad.sample_stats["diverging"].values[0, 0] = True
    good, seen = page.checks(page.trace), page.checks(bad)
    assert seen["R-hat"] > 1.1 > good["R-hat"]
    assert seen["divergences"] > good["divergences"] - 1
    assert seen["ESS, bulk"] < good["ESS, bulk"]


def test_the_e_bfmi_is_low_in_a_funnel_and_that_of_arviz_is_the_formulas(page):
    """The funnel of the centred schools: in 100 runs at most 0.29, where the other form's lowest of 30 was 0.79."""
    import nutpie

    funnel = nutpie.sample(nutpie.compile_pymc_model(page.centred), seed=1, **page.often)
    lowest = []
    for trace in (page.trace, funnel):
        energy = trace.sample_stats["energy"].values
        by_formula = np.mean(np.diff(energy) ** 2, axis=1) / energy.var(axis=1, ddof=1)
        assert np.allclose(by_formula, az.bfmi(trace)["energy"])
        lowest.append(by_formula.min())
    assert lowest[1] < 0.4 < 0.6 < lowest[0]


def test_diagnose_looks_at_the_e_bfmi_and_not_at_all_that_the_recipe_does(page):
    def said(trace):
        return az.diagnose(trace, show_diagnostics=False, return_diagnostics=True)

    problems, found = said(page.trace)
    assert set(found) == {"divergent", "bfmi", "ess", "rhat"}
    assert (problems, found["bfmi"]["threshold"]) == (False, 0.3)
    cut_off = page.trace.copy(deep=True)
    cut_off.sample_stats["maxdepth_reached"].values[:] = True
    assert not said(cut_off)[0]
    uneven = az.from_dict({"posterior": {"x": uneven_tails()}})
    seen = az.summary(uneven, kind="diagnostics", round_to="none").loc["x"]
    assert seen["ess_tail"] < 400 < seen["ess_bulk"]
    assert seen["r_hat"] < 1.01
    assert not said(uneven)[0]


def uneven_tails():
    """Independent draws, of which stretches of 250 are four times as wide: the middle mixes, the tails less."""
    size = np.tile(np.repeat([1, 4], 250), 2)
    return size * np.random.default_rng(3).normal(size=(4, 1000))


def test_the_ranks_raise_false_alarms_unless_thinned_and_notice_a_chain_apart(page):
    """Of chains whose draws resemble each other as 0.6 to 1, among neighbours."""
    rng = np.random.default_rng(28)
    noise = rng.normal(size=(1000, 40, 4)) * 0.8
    noise[0] /= 0.8
    x = np.empty_like(noise)
    x[0] = noise[0]
    for i in range(1, 1000):
        x[i] = 0.6 * x[i - 1] + noise[i]
    alarms = {"all": 0, "thinned": 0, "apart": 0}
    for chains in np.moveaxis(x, 1, 0):
        apart = chains + np.array([0.6, 0, 0, 0])
        for name, each in (("all", chains), ("thinned", chains[::5]), ("apart", apart[::5])):
            ranks = az.from_dict({"posterior": {"x": each.T}}).posterior.to_dataset()
            ranks = ranks.azstats.compute_ranks(dim=["chain", "draw"], relative=True)
            p, _, _ = ranks.azstats.mchain_uniformity_test(dim=["chain", "draw"])
            alarms[name] += float(p["x"]) < 0.01
    assert alarms["thinned"] <= 5 < alarms["all"]
    assert alarms["apart"] == 40


def test_what_was_saved_is_what_is_loaded(page):
    for group in ("posterior", "sample_stats", "observed_data"):
        assert set(page.loaded[group]) == set(page.trace[group])
    for name in ("mu", "tau", "theta"):
        assert np.array_equal(page.loaded.posterior[name], page.trace.posterior[name])
    assert list(page.loaded.posterior["school"].values) == list("ABCDEFGH")
    assert page.same


# --- Groups -----------------------------------------------------------------------------------------------------------


def test_the_right_labels_give_each_county_its_own_mean_and_the_wrong_ones_do_not(page):
    radon = datasets.radon()
    own = {name: radon.y[radon.group == name].mean() for name in np.unique(radon.group)}
    assert np.allclose(page.means["right"], [own[name] for name in page.means.index])
    assert not np.isclose(page.means["wrong"], page.means["right"]).any()
    assert np.allclose(np.sort(page.means["wrong"]), np.sort(page.means["right"]))


def test_every_form_has_the_density_of_the_formula(page):
    mu, tau, theta = 8, 5, page.effects
    log_p = stats.norm(0, 20).logpdf(mu) + stats.halfnorm(scale=10).logpdf(tau) + np.log(tau)  # on log tau
    log_p += stats.norm(mu, tau).logpdf(theta).sum() + stats.norm(theta, SCHOOLS.se).logpdf(SCHOOLS.ybar).sum()
    assert np.isclose(page.one, log_p)
    assert np.isclose(page.other - 8 * np.log(tau), log_p)


def test_the_mixed_form_has_the_density_of_the_formula(page):
    mu, tau, theta = 8, 5, page.effects
    w = page.forms["mixed"]
    assert 0 < w.sum() < 8
    log_p = stats.norm(0, 20).logpdf(mu) + stats.halfnorm(scale=10).logpdf(tau) + np.log(tau)
    log_p += stats.norm(mu, tau).logpdf(theta).sum() + stats.norm(theta, page.unequal_se).logpdf(SCHOOLS.ybar).sum()
    at = {**page.point, "x": (theta - mu) / tau**w + (1 - w) * mu}
    assert np.isclose(page.partial.compile_logp(mode="FAST_COMPILE")(at) - w.sum() * np.log(tau), log_p)


@pytest.mark.parametrize("form", ["mixed", "all centred", "all non-centred"])
def test_each_form_of_the_uneven_schools_has_the_means_of_the_quadrature(page, form):
    full = normal_normal.full_bayes(SCHOOLS.ybar, page.unequal_se, priors.half_normal(10), mu_prior=(0, 20))
    exact = {v: (getattr(full, v).mean(), getattr(full, v).std()) for v in ("mu", "tau", "theta")}
    assert_means(page.mixed[form].posterior, exact)


def test_mixed_the_uneven_schools_need_the_fewest_steps_and_give_the_most(page):
    """In each of 100 other runs, all of them without a divergence."""
    ess = page.by_form[["ESS, bulk", "ESS, tail"]].min(axis=1)
    assert ess["mixed"] > ess[["all centred", "all non-centred"]].max()
    assert page.by_form["steps a draw"].idxmin() == "mixed"
    assert page.by_form.loc["mixed", "divergences"] == 0


@pytest.mark.parametrize("w", [0.0, 0.3, 1.0])
def test_every_form_between_gives_theta_its_distribution(w):
    """By moments: x has mean (1 - w) mu and sd tau^(1 - w)."""
    mu, tau = 3.0, 2.0
    x = stats.norm((1 - w) * mu, tau ** (1 - w))
    assert np.isclose(mu + tau**w * (x.mean() - (1 - w) * mu), mu)
    assert np.isclose(tau**w * x.std(), tau)


def of_radon():
    """mu, gamma and beta given (tau, sigma) are normal; a sum over a grid of these two."""
    radon = datasets.radon()
    _, code, size = np.unique(radon.group, return_inverse=True, return_counts=True)
    X = np.column_stack([np.ones(len(radon.y)), radon.uranium, radon.floor])
    sums = np.column_stack([np.bincount(code, column) for column in (*X.T, radon.y)])  # by county
    A, b, yy = X.T @ X, X.T @ radon.y, radon.y @ radon.y
    taus, sigmas = np.linspace(0.001, 0.6, 120), np.linspace(0.65, 0.9, 80)
    log_p, mean, second = np.empty((120, 80)), np.empty((120, 80, 3)), np.empty((120, 80, 3))
    for i, tau in enumerate(taus):
        for k, sigma in enumerate(sigmas):
            c = tau**2 / (sigma**2 + size * tau**2)  # by Woodbury's formula, each county
            P = (A - sums[:, :3].T @ (c[:, None] * sums[:, :3])) / sigma**2 + np.eye(3)
            r = (b - sums[:, :3].T @ (c * sums[:, 3])) / sigma**2 + [1, 0, 0]  # the prior mean of mu is 1
            q = (yy - np.sum(c * sums[:, 3] ** 2)) / sigma**2
            V = np.linalg.inv(P)
            log_det = 2 * len(radon.y) * np.log(sigma) + np.log1p(size * tau**2 / sigma**2).sum()
            log_p[i, k] = (-log_det - np.linalg.slogdet(P)[1] - q + r @ V @ r - tau**2 - sigma**2) / 2
            mean[i, k], second[i, k] = V @ r, np.diag(V) + (V @ r) ** 2
    weight = special.softmax(log_p)[..., None]
    centre = (weight * mean).sum((0, 1))
    sd = np.sqrt((weight * second).sum((0, 1)) - centre**2)
    exact = dict(zip(("mu", "gamma", "beta"), zip(centre, sd, strict=True), strict=True))
    return exact | summed(log_p, tau=taus, sigma=sigmas)


def test_the_predictor_of_the_counties_has_the_coefficients_of_the_sum(page):
    assert_means(page.radon.posterior, of_radon())


def test_the_correlation_has_the_lkj_distribution(page):
    """For two coefficients (rho + 1) / 2 is Beta(eta, eta)."""
    assert_follows(page.rho, stats.beta(2, 2, loc=-1, scale=2).cdf)
    assert np.isclose(stats.beta(2, 2, loc=-1, scale=2).std(), lkj.sd(2, 2))
    assert np.isclose(lkj.sd(2, 2), 5**-0.5)


def of_crossed():
    """Of a table with 18 rows and 8 columns: the sums of squares tell all; a sum over the three spreads."""
    people = datasets.sleepstudy()
    y = people.y[people.day >= 2].reshape(18, 8)
    rows, columns = y.mean(axis=1), y.mean(axis=0)
    between_rows, between_columns = (8 * 18 * rows.var(), 18 * 8 * columns.var())
    rest = np.sum((y - rows[:, None] - columns + y.mean()) ** 2)
    grids = {
        "tau_person": np.linspace(15, 100, 120),
        "tau_day": np.linspace(2, 120, 150),
        "sigma": np.linspace(24, 42, 60),
    }
    p, d, s = (each**2 for each in np.meshgrid(*grids.values(), indexing="ij"))
    log_p = np.zeros(p.shape)
    for df, square, variance in ((17, between_rows, s + 8 * p), (7, between_columns, s + 18 * d), (7 * 17, rest, s)):
        log_p -= (df * np.log(variance) + square / variance) / 2
    noise = (s + 8 * p + 18 * d) / 144  # the variance of the mean about mu
    total = noise + 100**2  # and with the prior of mu
    log_p -= (np.log(total) + (y.mean() - 300) ** 2 / total) / 2 + (p + d + s) / 50**2 / 2
    weight, mean, var = special.softmax(log_p), 300 + 100**2 / total * (y.mean() - 300), noise * 100**2 / total
    mu = np.sum(weight * mean)
    sd = np.sqrt(np.sum(weight * (var + (mean - mu) ** 2)))
    return {"mu": (mu, sd)} | summed(log_p, **grids)


def test_the_mean_and_the_spreads_of_persons_and_days_are_those_of_the_sum(page):
    assert_means(page.crossed.posterior, of_crossed())


def test_effects_that_sum_to_zero_have_the_covariance_of_the_formula(page):
    assert np.abs(page.some.sum(axis=1)).max() < 1e-9
    exact = 30**2 * (np.eye(8) - 1 / 8)
    error = np.sqrt((exact**2 + np.outer(np.diag(exact), np.diag(exact))) / 4000)
    assert (np.abs(np.cov(page.some.T) - exact) < 5 * error).all()


# --- Outcomes ---------------------------------------------------------------------------------------------------------


def test_the_rates_come_back(page):
    y, n = datasets.surgical()[1:]
    full = beta_binomial.full_bayes(y, n, priors.half_normal(100))
    exact = {"mu": (full.mu.mean(), full.mu.std()), "size": (full.size.mean(), full.size.std())}
    assert_means(page.marginal.posterior, exact)
    for j in range(12):
        below = full.theta[j].cdf(np.quantile(page.rates[..., j], [0.025, 0.5, 0.975]))
        assert (np.abs(below - [0.025, 0.5, 0.975]) < [0.02, 0.08, 0.02]).all(), j


def florida():
    cancer = datasets.kidney_cancer()
    there = np.array([name.endswith(", Florida") for name in cancer.group])
    return cancer.y[there], cancer.n[there]


def poisson():
    """Log rates, their log weights, and the log likelihood of each county."""
    y, n = florida()
    log_rate = np.linspace(-10.1, -9.2, 2001)
    log_p = stats.poisson(np.exp(log_rate[:, None]) * n).logpmf(y)
    return log_rate, log_p.sum(axis=1) + stats.norm(np.log(1e-4), 1).logpdf(log_rate), log_p


def negative_binomial():
    y, n = florida()
    log_rate, spread = np.linspace(-10.2, -9.1, 150), np.linspace(0.1, 1.2, 150)
    m, size = np.exp(log_rate[:, None, None]) * n, spread[:, None] ** -2
    log_p = stats.nbinom(size, size / (size + m)).logpmf(y)
    prior = stats.norm(np.log(1e-4), 1).logpdf(log_rate)[:, None] + stats.halfnorm().logpdf(spread)
    return log_rate, spread, log_p.sum(axis=-1) + prior, log_p


def test_the_poisson_rate_is_that_of_the_sum(page):
    log_rate, weight, _ = poisson()
    assert_means(page.one_rate.posterior, summed(weight, log_rate=log_rate))


def test_an_exposure_ten_times_as_large_moves_the_log_rate_by_log_ten():
    y, n = florida()
    rate = [np.log(y.sum() / each.sum()) for each in (n, 10 * n)]
    assert np.isclose(rate[0] - rate[1], np.log(10))


def test_the_negative_binomial_has_the_rate_and_the_spread_of_the_sum(page):
    log_rate, spread, weight, _ = negative_binomial()
    assert_means(page.many_rates.posterior, summed(weight, log_rate=log_rate, spread=spread))


def test_rates_from_a_gamma_distribution_make_counts_negative_binomial():
    m, size = 4.0, 2.5
    for k in (0, 3, 9):
        by_integral = integrate.quad(
            lambda rate, k=k: stats.poisson(m * rate).pmf(k) * stats.gamma(size, scale=1 / size).pdf(rate), 0, np.inf
        )[0]
        assert np.isclose(by_integral, stats.nbinom(size, size / (size + m)).pmf(k))
    assert np.isclose(stats.nbinom(size, size / (size + m)).var(), m + m**2 / size)


def left_out(log_weight, log_p):
    """The exact leave-one-out score: 1/p(y_j | others) is the posterior mean of 1/p(y_j | parameters)."""
    weight = special.softmax(log_weight)
    axes = tuple(range(weight.ndim))
    return -special.logsumexp(np.log(weight)[..., None] - log_p, axis=axes).sum()


def test_the_comparison_agrees_with_exact_leave_one_out(page):
    exact = left_out(*negative_binomial()[2:]), left_out(*poisson()[1:])
    assert list(page.table.index) == ["negative binomial", "Poisson"]
    assert abs(page.table["elpd"].iloc[0] - exact[0]) < 1
    assert abs(page.table["elpd"].iloc[1] - exact[1]) < 2.5
    assert exact[0] > exact[1] + 30


def of_grades():
    radon = datasets.radon()
    grade = np.digitize(radon.y, np.log([2, 4]))
    counted = np.array([[np.sum((grade == g) & (radon.floor == f)) for g in range(3)] for f in (0, 1)])
    grids = {"low": np.linspace(-1.7, -0.8, 61), "high": np.linspace(-0.35, 0.5, 61), "beta": np.linspace(-2, -0.4, 61)}
    low, high, beta = np.meshgrid(*grids.values(), indexing="ij")
    log_p = -(((low + 1) / 2) ** 2 + ((high - 1) / 2) ** 2 + (beta / 2) ** 2) / 2
    for floor in (0, 1):
        below, upto = special.expit(low - beta * floor), special.expit(high - beta * floor)
        for count, share in zip(counted[floor], (below, upto - below, 1 - upto), strict=True):
            log_p += count * np.log(share)
    return summed(log_p, **grids)


def test_the_cutpoints_are_those_of_the_sum(page):
    p = page.graded.posterior
    assert_means({"low": p["cut"][..., 0], "high": p["cut"][..., 1], "beta": p["beta"]}, of_grades())


def test_the_log_odds_of_the_floors_are_apart_by_as_much_at_both_limits(page):
    """The counts' own differences, within a standard error of each other and of the model's coefficient."""
    radon = datasets.radon()
    apart, error = [], []
    for limit in (2, 4):
        over = radon.y >= np.log(limit)
        odds = [[np.sum(over & (radon.floor == f)), np.sum(~over & (radon.floor == f))] for f in (0, 1)]
        apart.append(np.log(odds[1][0] / odds[1][1]) - np.log(odds[0][0] / odds[0][1]))
        error.append(np.sqrt(np.sum(1 / np.array(odds))))
    assert np.allclose(page.above - page.below, apart)
    assert abs(apart[1] - apart[0]) < min(error)
    assert np.abs(np.array(apart) - of_grades()["beta"][0]).max() < min(error)


def test_a_school_without_a_result_is_drawn_from_the_population(page):
    full = schools(without=C)
    theta = page.gap.posterior["theta"]
    kept = np.arange(8) != C
    exact = {"C": (full.new_group.mean(), full.new_group.std()), "rest": (full.theta.mean(), full.theta.std())}
    assert_means({"C": theta[..., C], "rest": theta[..., kept]}, exact)


def test_pymc_itself_makes_an_unknown_of_an_outcome_that_is_missing():
    import pymc as pm

    with pm.Model() as model, pytest.warns(pm.exceptions.ImputationWarning):
        pm.Normal("ybar", pm.Normal("mu"), 1, observed=[1.0, np.nan])
    assert [variable.name for variable in model.free_RVs] == ["mu", "ybar_unobserved"]


def test_the_custom_likelihood_is_that_of_rounded_numbers(page):
    upper, lower = stats.norm(8, 15).cdf([28.5, 27.5])
    assert np.isclose(page.of_A, np.log(upper - lower))
    assert np.isclose(page.by_scipy, page.of_A)


# --- Priors -----------------------------------------------------------------------------------------------------------


def test_between_two_numbers_lie_95_per_cent(page):
    for prior in (stats.gamma(page.alpha, scale=1 / page.beta), stats.lognorm(page.width, scale=np.exp(page.middle))):
        assert np.allclose(prior.cdf([2, 20]), [0.025, 0.975], atol=1e-4)


@pytest.mark.parametrize(("name", "se"), [("A", 15.0), ("G", 10.0)])
def test_what_the_prior_believes_has_the_distribution_of_the_sum(page, name, se):
    """Normal given tau, and tau half-normal(10): a mixture over 400 points of equal probability."""
    tau = stats.halfnorm(scale=10).ppf((np.arange(400) + 0.5) / 400)

    def cdf(x):
        return stats.norm.cdf(np.asarray(x)[..., None], 0, np.sqrt(20**2 + tau**2 + se**2)).mean(axis=-1)

    assert_follows(page.believed.sel(school=name).values.ravel(), cdf, among=2)


def test_an_effect_of_28_is_well_within_what_the_prior_expects(page):
    assert 0.75 * page.believed.sel(school="A").quantile(0.975) > 28


# --- Prediction -------------------------------------------------------------------------------------------------------


def test_the_next_result_of_school_a_has_the_moments_of_the_mixture(page):
    theta = schools().theta[0]
    assert_means({"A": page.next_A}, {"A": (theta.mean(), np.hypot(theta.std(), 15))})
    assert abs(float(page.next_A.std()) / np.hypot(theta.std(), 15) - 1) < 0.15


def test_a_new_school_has_the_moments_of_the_mixture(page):
    new_group = schools().new_group
    sds = {"theta_new": new_group.std(), "ybar_new": np.hypot(new_group.std(), 10)}
    assert_means(page.new, {name: (new_group.mean(), sd) for name, sd in sds.items()})
    for name, sd in sds.items():
        assert abs(float(page.new[name].std()) / sd - 1) < 0.15


def test_a_misspelt_name_stops_the_prediction(page):
    """Instead of being drawn from a prior."""
    import pymc as pm

    with pm.Model(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba's, of what it cannot translate
        pm.Normal("theta_new", pm.Flat("mean"), pm.HalfFlat("tau"))
        with pytest.raises(NotImplementedError, match="flat"):
            pm.sample_posterior_predictive(page.trace, var_names=["theta_new"], progressbar=False)
