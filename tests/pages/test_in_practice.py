"""Uses, limits, and common mistakes: each price computed in a second way."""

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from hblib import beta_binomial, datasets, normal_normal, priors
from tests.chance import assert_near


def information(J, n, step=1e-2):
    """About log tau = 0, in J groups of n observations with sigma = 1, when sigma is known and mu is not.

    The restricted log likelihood is linear in the groups' sum of squares: with the expected one it is the expected one.
    """
    se, scores = n**-0.5, stats.norm.ppf((np.arange(J) + 0.5) / J)
    ybar = scores / scores.std(ddof=1) * np.hypot(1, se)
    low, top, high = normal_normal.profile(ybar, np.full(J, se), np.exp([-step, 0, step]), "reml")
    return (2 * top - low - high) / step**2


def test_more_observations_help_to_learn_tau_only_until_the_standard_errors_are_small_beside_it():
    """The information is 2 (J - 1) kappa^2: it has a ceiling in n, and none in J."""
    for J in (3, 8, 40):
        for n in (0.1, 1, 9, 1e6):
            assert np.isclose(information(J, n), 2 * (J - 1) * (n / (n + 1)) ** 2, rtol=1e-3)
    assert information(8, 9) / information(8, 1) > 3  # the standard errors become small,
    assert information(8, 1e6) / information(8, 9) < 1.25  # are small: a hundred thousand times as many observations
    assert information(16, 9) / information(8, 9) > 2  # twice as many groups
    assert information(3, 1e6) < 4 + 1e-3  # a million observations of each


def test_the_posterior_means_weight_has_the_smallest_error(page):
    risk = optimize.minimize_scalar(lambda k: k**2 * page.s**2 + (1 - k) ** 2 * 0.5**2)
    assert abs(risk.x - page.best) < 1e-6
    assert abs(risk.fun - page.parts["mean squared error"]["partial pooling"]) < 1e-12


def test_a_smaller_tau_makes_the_error_of_the_best_trade_smaller_and_its_bias_not_always():
    def best(tau):
        """The error, which is kappa s^2, and the squared bias that is a part of it; s = 1."""
        trade = optimize.minimize_scalar(lambda k: k**2 + (1 - k) ** 2 * tau**2)
        return trade.fun, (1 - trade.x) ** 2 * tau**2

    taus = np.geomspace(0.1, 10, 21)
    error, bias = np.transpose([best(tau) for tau in taus])
    assert np.allclose(error, normal_normal.shrinkage(1, taus))
    assert (np.diff(error) > 0).all()
    assert taus[bias.argmax()] == pytest.approx(1)


@pytest.fixture(scope="module")
def eight_with_half_the_spread():
    """theta and ybar of 40,000 data sets: eight groups, standard error 1, tau = 1/2."""
    rng = np.random.default_rng(1)
    theta = rng.normal(0, 0.5, (40_000, 8))
    return theta, rng.normal(theta, 1)


def test_how_often_tau_is_estimated_as_zero(page, eight_with_half_the_spread):
    ybar = eight_with_half_the_spread[1]
    zero = ybar.var(axis=1, ddof=1) < 1
    assert_near(zero.mean(), page.zero, zero.std() / 200)
    few = [normal_normal.fit(row, np.ones(8), "reml").tau == 0 for row in ybar[:300]]
    assert (few == zero[:300]).all()


def test_what_the_noise_costs_that_is_not_subtracted(page, eight_with_half_the_spread):
    theta, ybar = eight_with_half_the_spread
    loss = {k: ((k * ybar - theta) ** 2).mean(axis=1) for k in (page.noisy, page.right)}
    difference = loss[page.noisy] - page.noisy_cost * loss[page.right]
    assert_near(difference.mean(), 0, difference.std() / 200)


def test_with_many_groups_the_raw_variance_is_its_expectation_and_costs_as_much(page):
    """A thousand groups: the chance left in the variance adds 0.00035 to the loss, the estimated mu 0.001 to both."""
    rng = np.random.default_rng(7)
    theta = rng.normal(0, 0.5, (2000, 1000))
    ybar = rng.normal(theta, 1)
    raw, mean = ybar.var(axis=1, ddof=1, keepdims=True), ybar.mean(axis=1, keepdims=True)
    noisy = raw / (raw + 1)
    assert_near(noisy.mean(), page.noisy, noisy.std() / np.sqrt(2000), 0.0003)
    loss = [((mean + k * (ybar - mean) - theta) ** 2).mean(axis=1) for k in (noisy, page.right)]
    difference = loss[0] - page.noisy_cost * loss[1]
    exact = 0.00035 + 0.001 - page.noisy_cost * 0.001
    assert_near(difference.mean(), exact, difference.std() / np.sqrt(2000), 0.0001)


def test_what_the_average_of_averages_costs(page):
    county = datasets.kidney_cancer()
    fit = beta_binomial.fit(county.y, county.n)
    variance = stats.betabinom(county.n, fit.alpha, fit.beta).var() / county.n**2
    weights = 1 / variance / (1 / variance).sum()
    assert abs(variance.sum() / len(variance) ** 2 / (weights**2 @ variance) - page.average_cost) < 1e-5


def test_what_the_wrong_form_costs(page):
    lags = np.arange(1, 20_000)  # the sum of all autocorrelations, of 0.99 centred and of 0.01 non-centred
    for w, r in ((0, 0.99), (1, 0.01)):
        assert abs(100 * (1 + 2 * (r**lags).sum()) - page.cost[w]) < 1e-6 * page.cost[w]


def test_what_two_kinds_cost(page):
    rng = np.random.default_rng(2)
    kind = rng.choice([-1, 1], 400_000)
    theta = rng.normal(kind, 0.5)
    ybar = rng.normal(theta, 1)
    apart = kind + 0.25 / 1.25 * (ybar - kind)
    together = 1.25 / 2.25 * ybar
    difference = (together - theta) ** 2 - page.kinds_cost * (apart - theta) ** 2
    assert_near(difference.mean(), 0, difference.std() / np.sqrt(400_000))


@pytest.mark.parametrize("name", ["half-normal(1)", "half-normal(10)", 1e-3, 1e-5], ids=str)
def test_the_priors_on_the_schools_tau(page, name):
    """By a plain sum over log tau instead of hblib's quadrature."""
    schools = datasets.eight_schools()
    t = np.exp(np.linspace(-25, 7, 60_001))[:, None]
    v = schools.se**2 + t**2
    precision = (1 / v).sum(axis=1)
    mu = (schools.ybar / v).sum(axis=1) / precision
    log_p = -0.5 * (np.log(v) + (schools.ybar - mu[:, None]) ** 2 / v).sum(axis=1) - 0.5 * np.log(precision)
    t = t[:, 0]
    if isinstance(name, str):
        log_p += stats.halfnorm(scale=float(name[12:-1])).logpdf(t) + np.log(t)
    else:
        log_p += stats.invgamma(name, scale=name).logpdf(t**2) + 2 * np.log(t)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    kappa = t**2 / (t**2 + schools.se[0] ** 2)
    assert abs(p @ (kappa * schools.ybar[0] + (1 - kappa) * mu) - page.fits[name].theta[0].mean()) < 1e-3
    assert abs(np.interp(0.5, p.cumsum(), t) / page.fits[name].tau.median() - 1) < 2e-3


def test_how_often_plug_in_intervals_hold_the_truth(page):
    rng = np.random.default_rng(3)
    theta = rng.normal(size=(20_000, 8))
    ybar = rng.normal(theta, 1)
    mu = ybar.mean(axis=1, keepdims=True)
    kappa = np.maximum(0, 1 - 1 / ybar.var(axis=1, ddof=1, keepdims=True))
    inside = (np.abs(theta - mu - kappa * (ybar - mu)) <= 1.96 * np.sqrt(kappa)).mean(axis=1)
    assert_near(inside.mean(), page.coverage, inside.std() / np.sqrt(20_000))


def test_what_the_raw_winners_are_worth(page):
    """The posterior means of the same kind of stores, with the prior that made them, are right on average."""
    rng, tops = np.random.default_rng(4), []
    for _ in range(200):
        visits = np.maximum(np.exp(rng.normal(np.log(20), 1, 3000)).round(), 1).astype(int)
        sold = stats.betabinom(visits, 8, 72).rvs(random_state=rng)
        top = np.argsort(-sold / visits, kind="stable")[:50]
        tops.append([(sold / visits)[top].mean(), ((8 + sold) / (80 + visits))[top].mean()])
    error = np.hypot(np.std(tops, axis=0), np.std(page.tops, axis=0)) / np.sqrt(200)
    assert_near(np.mean(tops, axis=0)[0], page.top_raw, error[0])
    assert_near(np.mean(tops, axis=0)[1], page.top_true, error[1])
    assert 3 * page.top_true < page.top_raw
    assert (2 * error < (0.006, 0.001)).all()  # half a per cent of sales, and a tenth: hence "about"


def test_a_variance_typed_for_a_standard_deviation(page):
    assert abs(page.posterior.mean()[4] - (5.2 + 0.125 / 0.325)) < 1e-9
    assert abs(page.slip.mean()[4] - (5.2 + 0.125**2 / (0.125**2 + 0.2))) < 1e-9


def test_plugging_in_is_too_sure_of_the_fifth_group(page):
    def density(tau):
        v = 0.2 + tau**2
        return np.exp(-1.3 / (2 * v) - tau**2 / 2) / v**2

    def mean(f):
        return integrate.quad(lambda t: f(t) * density(t), 0, 12)[0] / integrate.quad(density, 0, 12)[0]

    kappa = lambda t: t**2 / (t**2 + 0.2)  # noqa: E731
    known = mean(lambda t: kappa(t) * 0.2 + (1 - kappa(t)) ** 2 * (0.2 + t**2) / 5)
    moved = mean(lambda t: kappa(t) ** 2) - mean(kappa) ** 2
    assert abs(page.averaged.theta[4].std() - np.sqrt(known + moved)) < 1e-6
    assert abs(page.posterior.std()[4] - np.sqrt(0.2 * 0.125 / 0.325)) < 1e-9


def test_what_one_slope_for_two_jobs_estimates(page):
    """In the limit of many stores, the likelihood has a part within stores and a part between them."""

    def deviance(slope):
        inside = 16 + (slope + 2) ** 2
        between = 4 * (1 + 16 / 4 + (1 - slope) ** 2 + (slope + 2) ** 2 / 4)
        return 3 * np.log(inside) + np.log(max(between, inside))

    mixture = optimize.minimize_scalar(deviance, bounds=(-3, 2), method="bounded").x
    error = np.sqrt(16 / (3 * 4000))  # of the slope within stores; a mixture has a smaller one
    assert_near(page.slopes[0], mixture, error)
    assert_near(page.slopes[1], -2, error)


def test_one_half_for_kappa(page):
    """The last three prices, from draws with s = tau = 1, mu known and J = 8."""
    rng = np.random.default_rng(5)
    theta, noise = rng.normal(size=(2, 1_000_000))
    ybar = theta + noise
    assert abs(1 - (ybar / 2).std() - page.narrow) < 0.005
    assert abs(ybar.std() - 1 - page.wide) < 0.005
    extreme = stats.norm.sf(ybar, loc=ybar / 2, scale=np.sqrt(1 + 0.5)) < 0.025
    assert_near(extreme.mean(), 1 / page.once_in, np.sqrt(1 / page.once_in / 1_000_000))
    mu_hat, new = rng.normal(0, np.sqrt(2 / 8), 1_000_000), rng.normal(size=1_000_000)
    assert abs((np.abs(new - mu_hat) < 1.96 * np.sqrt(2 / 8)).mean() - page.new_group) < 0.003


def test_wherever_the_chains_start_they_give_the_answer_of_the_quadrature(page):
    for path in page.paths.values():
        for values, exact in (
            (special.expit(path[1000:, 0]), page.full.mu.mean()),
            (np.exp(path[1000:, 1]), page.full.size.mean()),
        ):
            chains = values.mean(axis=0)
            assert_near(chains.mean(), exact, chains.std(ddof=1) / np.sqrt(len(chains)))


def test_what_start_and_steps_save(page):
    arrived, worth = page.saved.iloc[:3, 0], page.saved.iloc[:3, 1]
    assert arrived.iloc[0] > 150
    assert arrived.iloc[1] == arrived.iloc[2] == 0
    assert_near(np.log(worth.iloc[1] / worth.iloc[0]), 0, 0.1)  # each is known to seven per cent
    assert 12_000 < page.worth_in_small < 27_000


def test_the_sampler_knows_the_model(page):
    """Its target against hblib's marginal likelihood and SciPy's prior, on a few points."""
    u = np.array([[-2.5, 4.0], [-2, 5], [-3, 6]])
    mu, size = special.expit(u[:, 0]), np.exp(u[:, 1])
    log_likelihood = beta_binomial.log_marginal(page.y, page.n, mu * size, (1 - mu) * size)
    expected = log_likelihood + stats.halfnorm(scale=100).logpdf(size) + np.log(mu * (1 - mu) * size)
    assert np.ptp(page.log_target(u) - expected) < 1e-9


def exact_coverage(power):
    """The coverage for mu and tau by two integrals, over tau and the sum of squares: no data are drawn."""
    squares = np.geomspace(0.01, 1000, 400)[:, None]  # all that the intervals depend on
    grid = np.linspace(0, 8, 1601)
    v = 1 + grid**2
    log_p = -(grid**2) / 2 - (power * 8 - 1) / 2 * np.log(v) - power * squares / (2 * v)
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    p[:, 0] /= 2  # half of the first cell lies below 0
    p /= p.sum(axis=1, keepdims=True)
    cdf = p.cumsum(axis=1) - p / 2
    cdf[:, 0] = 0
    low, high = (np.array([np.interp(q, row, grid) for row in cdf]) for q in (0.025, 0.975))
    half = np.linspace(0, 6, 601)
    below = p @ stats.norm.cdf(half / np.sqrt(v / (power * 8))[:, None])
    width = np.array([np.interp(0.975, row, half) for row in below])  # half of mu's interval

    tau = stats.halfnorm.ppf((np.arange(400) + 0.5) / 400)[:, None]  # the prior, in parts of equal probability
    drawn = (1 + tau**2) * stats.chi2(7).ppf((np.arange(1000) + 0.5) / 1000)
    low, high, width = (np.interp(drawn, squares[:, 0], end) for end in (low, high, width))
    of_mu = 2 * stats.norm.cdf(width / np.sqrt((1 + tau**2) / 8)) - 1
    return of_mu.mean(), ((low < tau) & (tau < high)).mean()


def test_the_two_integrals_give_95_where_that_is_exact():
    assert np.allclose(exact_coverage(1), 0.95, atol=3e-4)


def test_the_power_2_is_every_group_twice_and_not_every_observation_twice():
    """Of the log likelihood of mu and tau, over a grid and up to a constant."""
    ybar = np.random.default_rng(1).normal(0, 1.4, 8)
    mu, tau = (axis[..., None] for axis in np.meshgrid(np.linspace(-2, 2, 9), np.linspace(0.1, 3, 9)))

    def log_likelihood(of, se):
        level = stats.norm.logpdf(of, mu, np.sqrt(se**2 + tau**2)).sum(axis=-1)
        return level - level[0, 0]

    squared = 2 * log_likelihood(ybar, 1)
    assert np.allclose(squared, log_likelihood(np.tile(ybar, 2), 1))
    assert not np.allclose(squared, log_likelihood(ybar, np.sqrt(1 / 2)), atol=0.1)


@pytest.mark.parametrize("row", [0, 1, 2, 3])
def test_the_coverage_of_priors_that_use_the_data_twice(page, row):
    power = list(page.powers.values())[row]
    of_mu, of_tau = exact_coverage(power)
    for name, exact in (("mu", of_mu), ("tau", of_tau)):
        assert_near(page.covered[name].iloc[row], exact, np.sqrt(exact * (1 - exact) / 40_000))
        assert 2 * np.sqrt(exact * (1 - exact) / 40_000) < 0.004  # a third of a point, or so


def test_counted_once_all_intervals_hold_95_of_100_truths(page):
    assert_near(page.covered.iloc[0], 0.95, np.sqrt(0.95 * 0.05 / 40_000))
    assert (page.covered.iloc[1] < 0.935).all()


def test_five_times_as_wide_loses_half_a_point_or_less(page):
    assert min(exact_coverage(1 + 1 / 5**2)) > 0.945
    assert page.covered["theta_1"].iloc[3] > 0.945 - 4.5 * np.sqrt(0.95 * 0.05 / 40_000)


def evidence_bound(u, ybar, se):
    """The evidence lower bound of the eight schools with flat priors on mu and tau, all factors' parameters free."""
    m, v, (mu, v_mu, a, b) = u[:8], np.exp(u[8:16]), (u[16], *np.exp(u[17:]))
    log_g, inverse = np.log(b) - special.digamma(a), a / b  # means of log tau^2 and 1/tau^2
    data = -0.5 * (((ybar - m) ** 2 + v) / se**2).sum()
    groups = -8 / 2 * log_g - 0.5 * inverse * (((m - mu) ** 2 + v).sum() + 8 * v_mu)
    flat = -0.5 * log_g  # flat in tau
    entropy = 0.5 * np.log(v).sum() + 0.5 * np.log(v_mu) + a + np.log(b) + special.gammaln(a)
    return data + groups + flat + entropy - (1 + a) * special.digamma(a)


@pytest.mark.parametrize("size", [1, 10, 100])
def test_the_mean_field_approximation_is_the_best_of_its_form(page, size):
    """Against a numerical maximum of the evidence lower bound, from several starts."""
    start = np.r_[page.ybar, np.full(8, 3.0), 8, 3, np.log(3), np.log(3 * size)]
    best = optimize.minimize(lambda u: -evidence_bound(u, page.ybar, page.se), start, method="BFGS")
    m, sd, sd_mu, tau2 = best.x[:8], np.exp(best.x[8:16] / 2), np.exp(best.x[17] / 2), np.exp(best.x[18:])
    assert np.allclose(m, page.theta_q, rtol=2e-3)
    assert np.allclose(sd, page.sd_q, rtol=2e-3)
    assert np.isclose(sd_mu, page.sd_mu_q, rtol=2e-3)
    assert np.isclose(tau2[0], 7 / 2, rtol=2e-3)
    assert np.isclose(np.sqrt(stats.invgamma(tau2[0], scale=tau2[1]).median()), page.middle, rtol=2e-3)


def test_the_mean_field_approximation_is_too_sure_and_shrinks_too_little(page):
    assert page.exact.tau.cdf(page.low) > 0.5  # what it rules out has most of the posterior
    assert page.exact.tau.logpdf(0.01) > page.exact.tau.logpdf(5) > page.exact.tau.logpdf(10)
    assert page.sd_mu_q < 0.7 * page.exact.mu.std()
    assert page.theta_q[0] > page.exact.theta[0].mean() + 2


def test_the_schools_first_prior_is_flat(page):
    schools = datasets.eight_schools()
    flat = normal_normal.full_bayes(schools.ybar, schools.se, priors.power(0))
    assert np.isclose(flat.tau.median(), page.by_sum[1], rtol=1e-4)
