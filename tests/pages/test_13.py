"""Page 13: rates and counts with predictors; each claim by a second way of computing."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from hblib import datasets, glmm

MODELS = ["Poisson", "zero-inflated", "negative binomial"]


def weighted(values, log_weight):
    """Means of weighted draws and the errors of these."""
    w = special.softmax(log_weight)
    mean = w @ values
    return mean, np.sqrt(w**2 @ (values - mean) ** 2), w


def proposal(table, names, logs, draws, seed):
    """A broad Student-t about what a sampler found, and its log density; the columns `logs` on the log scale."""
    mean, sd = table.loc[names, "mean"].to_numpy(float), table.loc[names, "sd"].to_numpy(float)
    log = np.isin(names, logs)
    center = np.where(log, np.log(np.where(log, mean, 1)), mean)
    scale = 1.2 * np.where(log, np.minimum(sd / mean, 0.8), sd)
    t = stats.multivariate_t(center, np.diag(scale) ** 2, df=5)
    x = t.rvs(draws, random_state=seed)
    return np.where(log, np.exp(x), x), x[:, log].sum(axis=1) - t.logpdf(x)


# --- The bent curve and the integrals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "tau"), [(0.2, 1.5), (0.05, 3.0), (0.5, 2.0)])
def test_the_average_rate_agrees_with_scipys_quadrature(page, rate, tau):
    eta = special.logit(rate)
    exact = integrate.quad(lambda z: special.expit(eta + tau * z) * stats.norm.pdf(z), -12, 12, epsabs=1e-12)[0]
    assert abs(page.average_rate(eta, tau) - exact) < 1e-6


def test_the_answer_to_the_guess_is_more_than_20(page):
    average = special.expit(page.beta_ml[0] + page.tau_ml * np.random.default_rng(1).normal(size=400_000)).mean()
    assert special.expit(page.beta_ml[0]) == pytest.approx(0.198, abs=5e-4)
    assert average > 0.205
    assert abs(average - page.average_rate(page.beta_ml[0], page.tau_ml)) < 1e-3


def test_below_one_half_the_average_rate_grows_with_tau_and_at_one_half_it_stays(page):
    taus = np.linspace(0, 3, 30)
    for rate in (0.05, 0.2):
        assert (np.diff(page.average_rate(special.logit(rate), taus)) > 0).all()
    np.testing.assert_allclose(page.average_rate(0.0, taus), 0.5)


def test_the_sum_over_the_grid_agrees_with_the_module_herd_by_herd(page):
    for tau in (0.1, 0.65, 1.5):
        beta = np.array([-1.4, -2.4, -2.5, -3.0])
        exact = glmm.log_marginal_by_group(page.y, page.n, page.X, page.group, beta, tau)
        np.testing.assert_allclose(page.log_marginal(beta, tau), exact, atol=1e-7)


def test_the_table_of_agreement(page):
    """Page and module to the digits shown; lme4 to three decimals under Laplace's approximation."""
    rows = page.agreement
    np.testing.assert_allclose(rows.loc["this page's sum"], rows.loc["glmm.fit"], atol=5e-5)
    np.testing.assert_allclose(rows.loc["lme4, Laplace"], rows.loc["glmm.fit, Laplace"], rtol=0, atol=6e-4)
    assert not np.allclose(rows.loc["lme4, Laplace"], rows.loc["glmm.fit, Laplace"], atol=1e-4)
    assert abs(page.deviance_relative - 100.010030538022) < 1e-6
    assert page.laplace_off < 0.05 * page.exact.se_beta.min()


# --- The workflow -----------------------------------------------------------------------------------------------------


def test_vague_priors_say_that_rates_are_practically_0_or_1(page):
    """The two together say so of most herds; the one of beta alone does not."""
    extreme = lambda tau: 2 * stats.norm.cdf(special.logit(0.001) / np.hypot(10, tau))  # noqa: E731
    half_normal = stats.halfnorm(scale=10)
    both = integrate.quad(lambda tau: extreme(tau) * half_normal.pdf(tau), 0, 100)[0]
    assert extreme(0) < 0.5 < 0.58 < both
    rng = np.random.default_rng(2)
    spread = 10 * np.abs(rng.normal(size=400_000)) * rng.normal(size=400_000)
    vague = page.prior_says(special.expit(rng.normal(0, 10, 400_000) + spread))
    assert abs(vague["share nearly 0 or 1"] - both) < 5 * np.sqrt(both * (1 - both) / 400_000)
    tau = np.abs(rng.normal(size=400_000))
    ours = page.prior_says(special.expit(rng.normal(-2, 1, 400_000) + tau * rng.normal(size=400_000)))
    assert abs(ours["median"] - page.ours["median"]) < 0.02
    assert page.ours["share nearly 0 or 1"] < 0.02
    assert ours["share nearly 0 or 1"] < 0.02


def test_none_of_200_runs_of_each_fit_was_bad(page):
    assert len(page.runs.seeds) == 3
    assert (page.runs.seeds >= 200).all()
    assert page.runs.bad.sum() == 0


def test_the_sampler_agrees_with_the_weighted_draws(page):
    assert 1 / np.sum(page.w**2) > 2000
    assert np.abs(page.table["z"]).max() < 6
    np.testing.assert_allclose(page.sd, page.table["sd"], rtol=0.15)


def test_the_weights_agree_with_a_density_written_out(page):
    """At three draws, up to the constant: binomial rows, each herd by SciPy's quadrature."""
    found = []
    for i in (0, 1, 2):
        beta, gamma, tau = page.beta_[i], page.gamma_[i], page.tau_[i]
        total = stats.norm.logpdf(beta, -2, 1).sum() + stats.norm.logpdf(gamma, 0, 0.5) + stats.norm.logpdf(tau)
        for j in range(15):
            mine = page.herd == j
            eta = beta[page.period[mine]] + gamma * page.doublings[j]

            def p(z, mine=mine, eta=eta, tau=tau):
                rows = stats.binom.pmf(page.y[mine], page.n[mine], special.expit(eta + tau * z))
                return rows.prod() * stats.norm.pdf(z)

            total += np.log(integrate.quad(p, -9, 9, epsabs=0, epsrel=1e-9, points=[-2, 0, 2])[0])
        found.append(total)
    np.testing.assert_allclose(found, page.log_p[:3], atol=1e-4)


def test_the_sampler_of_the_repaired_model_agrees_with_weighted_draws(page):
    names = [*(f"beta[{k}]" for k in (1, 2, 3, 4)), "gamma", "tau", "rho"]
    x, log_w = proposal(page.table2, names, ["tau", "rho"], 4000, 15)
    by_herd = np.array(
        [page.overdispersed_by_herd(v[:4], v[4] * page.doublings, v[5], min(v[6], 0.9999)) for v in x],
    )
    log_w += stats.norm.logpdf(x[:, :4], -2, 1).sum(axis=1) + stats.norm.logpdf(x[:, 4], 0, 0.5)
    log_w += stats.norm.logpdf(x[:, 5]) + by_herd.sum(axis=1)
    log_w[(x[:, 6] < 0.001) | (x[:, 6] > 1)] = -np.inf
    mean, error, w = weighted(x, log_w)
    assert 1 / np.sum(w**2) > 300
    rows = page.table2.loc[names]
    assert (np.abs(rows["mean"] - mean) / np.hypot(rows["mcse_mean"].astype(float), error)).max() < 6
    left_out = -special.logsumexp(np.log(np.maximum(w, 1e-300))[:, None] - by_herd, axis=0)
    assert abs(left_out.sum() - page.scores["Beta-Binomial"].sum()) < 3


def test_the_deviance_fails_the_binomial_and_passes_the_repaired_model(page):
    assert page.p_simple["deviance"] < 0.05
    assert page.p_simple["rows without a case"] > 0.1
    assert page.p_simple["largest count"] > 0.1
    assert 0.2 < page.p_repaired < 0.8


def test_the_deviance_is_that_of_the_log_likelihoods(page):
    rate = np.clip(page.y / page.n, 0.1, 0.9)
    own, model = (stats.binom.logpmf(page.y, page.n, p).sum() for p in (page.y / page.n, rate))
    assert abs(page.deviance(page.y, rate) - 2 * (own - model)) < 1e-9


def test_rho_is_the_correlation_of_two_animals_given_the_herd_and_without_it_theirs_is_larger():
    """By the Beta-Binomial's variance; then over the herds' u, where even the Binomial has a correlation above 0."""
    rate, rho = 0.2, 0.08
    M = 1 / rho - 1
    excess = stats.betabinom.var(2, rate * M, (1 - rate) * M) / (2 * rate * (1 - rate)) - 1
    assert np.isclose(excess, rho)
    u, weight = np.polynomial.hermite_e.hermegauss(60)
    weight = weight / weight.sum()
    for tau, rho in ((0.31, 0.08), (0.69, 0.0)):
        p = special.expit(-1.4 + tau * u)
        mean = weight @ p
        together = (rho * (weight @ (p * (1 - p))) + weight @ (p - mean) ** 2) / (mean * (1 - mean))
        assert together > rho + 0.01


def test_quarters_of_a_herd_take_over_what_looked_like_herds(page):
    assert page.table.loc["tau", "mean"] > page.table2.loc["tau", "mean"] + 0.2
    assert page.table2.loc["rho", "mean"] > 0.03


def test_left_out_scores_agree_with_the_weighted_draws_and_favour_the_repaired_model(page):
    assert abs(page.scores["Binomial"].sum() - page.with_weights.sum()) < 3
    assert page.gain.sum() > 1


def test_an_odds_ratio_is_farther_from_1_than_the_ratio_of_the_average_rates(page):
    odds = page.report["odds ratio, quarter 4 to 1"]
    rates = page.report["ratio of average rates, quarter 4 to 1"]
    assert (np.abs(np.log(odds)) > np.abs(np.log(rates))).mean() > 0.99


def test_a_new_herd_is_less_certain_than_the_average(page):
    low, high = page.limits["rate of a new herd, quarter 1"][[0, 2]]
    mean = page.limits["average rate of all herds, quarter 1"]
    assert low < mean[0] - 0.01
    assert high > mean[2] + 0.03


# --- The hospitals ----------------------------------------------------------------------------------------------------


def test_for_the_hospitals_beta_and_logit_normal_hardly_differ(page):
    hospital, deaths, operations = datasets.surgical()
    for j in (0, 3, 7):

        def p(z, j=j, power=0):
            rate = special.expit(page.fit_normal.beta[0] + page.fit_normal.tau * z)
            return rate**power * stats.binom.pmf(deaths[j], operations[j], rate) * stats.norm.pdf(z)

        one, zero = (integrate.quad(lambda z, k=k: p(z, power=k), -8, 8, points=[-1, 0, 1])[0] for k in (1, 0))
        assert abs(one / zero - page.records["logit-normal"][j]) < 1e-6
    difference = np.abs(page.records["Beta"] - page.records["logit-normal"])
    assert hospital[difference.argmax()] == "A"
    assert difference.max() < 0.003
    assert abs(page.fit_normal.log_likelihood - page.fit_beta.log_likelihood) < 0.2


def test_the_two_priors_part_where_many_operations_are_without_a_death(page):
    ratio = page.tail["ratio"]
    assert (np.diff(ratio) > 0).all()
    assert ratio[5] < 1.01
    assert 1.7 < ratio[1000] < 2


# --- Counts -----------------------------------------------------------------------------------------------------------


def test_the_spread_rejects_what_has_one_rate_and_the_zeros_do_not(page):
    for model in MODELS[:2]:
        assert page.sids[model]["spread"] < 0.01
        assert page.sids[model]["zeros"] > 0.05
    assert min(page.sids["negative binomial"].values()) > 0.1


def test_each_check_fails_on_the_data_that_it_is_for_and_passes_where_nothing_is_wrong(page):
    """Of 20 data sets; of 104 others the first two were rejected always, and a model by one check for 5 per cent."""
    table = page.mutants
    assert table.loc[("zero-inflated", "negative binomial"), "births without a death"] > 16
    assert table.loc[("negative binomial", "Poisson"), "spread"] > 16
    assert table.loc[("zero-inflated", "Poisson"), "zeros"] > 6  # 81 per cent
    for model in MODELS:
        assert table.loc[(model, model)].max() < 7


def test_a_zero_inflated_mutant_turns_each_county_into_a_zero_with_probability_a_tenth(page):
    rng = np.random.default_rng(17)
    made = np.array([page.pretend("zero-inflated", rng) for _ in range(400)])
    one_rate = page.deaths.sum() / page.births.sum()
    zero = 0.1 + 0.9 * np.exp(-page.births * one_rate)
    assert abs((made == 0).sum() - 400 * zero.sum()) < 5 * np.sqrt(400 * np.sum(zero * (1 - zero)))
    large = page.births > 5000  # where luck makes hardly any zeros
    assert abs((made[:, large] == 0).mean() - 0.1) < 0.02


def test_replications_have_the_moments_of_their_model(page):
    """Mean and variance of the negative binomial's counts, from a grid of its own."""
    y, n = page.deaths, page.births
    again = page.fit_and_replicate("negative binomial", y, n, size=4000)
    lam, sd = np.meshgrid(np.linspace(0.0017, 0.0026, 91), np.linspace(0.02, 1.2, 119), indexing="ij")
    log_p = stats.nbinom.logpmf(y, sd[..., None] ** -2, 1 / (1 + n * lam[..., None] * sd[..., None] ** 2)).sum(axis=-1)
    w = special.softmax(log_p - np.log(lam))  # flat in log lam
    for i in (0, 84):
        mean = np.sum(w * lam) * n[i]
        variance = np.sum(w * (n[i] * lam + (1 + sd**2) * (n[i] * lam) ** 2)) - mean**2
        assert abs(again[:, i].mean() - mean) < 6 * np.sqrt(variance / 4000)
        assert abs(again[:, i].var() / variance - 1) < 0.3


def test_pymcs_negative_binomial_agrees_with_weighted_draws(page):
    names = ["level", "slope", "sd"]
    x, log_w = proposal(page.table3, names, ["sd"], 20_000, 16)
    level, slope, sd = x.T[..., None]
    mean = page.births * np.exp(level + slope * page.share)
    log_w += stats.nbinom.logpmf(page.deaths, sd**-2, 1 / (1 + mean * sd**2)).sum(axis=1)
    log_w += stats.norm.logpdf(x[:, 0], np.log(0.002), 1) + stats.norm.logpdf(x[:, 1], 0, 0.5)
    log_w += stats.norm.logpdf(x[:, 2])
    exact, error, w = weighted(x, log_w)
    assert 1 / np.sum(w**2) > 2000
    rows = page.table3.loc[names]
    assert (np.abs(rows["mean"] - exact) / np.hypot(rows["mcse_mean"].astype(float), error)).max() < 6


def test_a_predictor_takes_some_of_the_spread(page):
    assert page.table3.loc["sd", "mean"] < page.grid_fit.x[1] - 0.08
    assert page.table3.loc["slope", "mean"] > 3 * page.table3.loc["slope", "sd"]


# --- Where it breaks --------------------------------------------------------------------------------------------------


def test_laplace_says_too_little_of_tau_where_groups_are_small(page):
    """Here and in ten other data sets."""
    assert page.small["Laplace"].tau < page.small["exact"].tau - 0.2
    rng = np.random.default_rng(9)
    for _ in range(10):
        answer = rng.binomial(1, special.expit(-1 + 2 * rng.normal(size=500)[page.who]))
        laplace, exact = (glmm.fit(answer, 1, page.only, page.who, nodes=nodes) for nodes in (1, 40))
        assert laplace.tau < exact.tau


# --- The seeds --------------------------------------------------------------------------------------------------------


def test_the_seeds_are_fitted_at_the_top_of_a_likelihood_by_another_rule(page):
    """The likelihood by a sum over a grid, which shares no code; every step away from the estimate is lower."""
    y, n = page.dishes.y, page.dishes.n
    z = np.linspace(-8, 8, 401)
    bell = stats.norm.logpdf(z) + np.log(z[1] - z[0])

    def log_likelihood(beta, tau):
        eta = (page.factors @ beta)[:, None] + tau * z
        return special.logsumexp(stats.binom.logpmf(y[:, None], n[:, None], special.expit(eta)) + bell, axis=1).sum()

    top = log_likelihood(page.sown.beta, page.sown.tau)
    assert abs(top - page.sown.log_likelihood) < 1e-8
    for step in 0.01 * np.eye(5):
        for sign in (-1, 1):
            assert log_likelihood(page.sown.beta + sign * step[:4], page.sown.tau + sign * step[4]) < top


def test_the_odds_ratio_of_the_roots_is_that_of_the_pooled_plates_nearly(page):
    """Pooling the plates of a cell and no model: within a fifth."""
    y, n, sort, root = page.dishes.y, page.dishes.n, page.sort, page.root
    for kind, ratio in enumerate(page.cucumber):
        rates = [y[(sort == kind) & (root == r)].sum() / n[(sort == kind) & (root == r)].sum() for r in (0, 1)]
        odds = [rate / (1 - rate) for rate in rates]
        assert abs(np.log(ratio / (odds[1] / odds[0]))) < 0.2
