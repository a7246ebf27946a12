"""Page 7: priors for tau."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from hblib import beta_binomial, datasets, normal_normal, priors
from tests.chance import assert_near

A = 0
FAMILIES = {  # of the page's first five priors, by scipy; the median is 5
    "half-normal": stats.halfnorm(scale=5 / stats.halfnorm.median()),
    "exponential": stats.expon(scale=5 / np.log(2)),
    "half-t (3)": stats.t(3, scale=5 / stats.t(3).ppf(0.75)),
    "half-Cauchy": stats.halfcauchy(scale=5),
    "uniform": stats.uniform(0, 10),
}
OLD_HABIT = stats.invgamma(0.001, scale=0.001)  # of tau^2
each_family = pytest.mark.parametrize("name", FAMILIES)


def cdf(name, tau):
    level = FAMILIES[name].cdf(tau)
    return 2 * level - 1 if name == "half-t (3)" else level


def quantile(name, level):
    return FAMILIES[name].ppf((1 + level) / 2 if name == "half-t (3)" else level)


def log_likelihood(tau, y, s):
    """log p(ybar | tau) for an array of tau, with the formula of page 3 written out."""
    w = 1 / (s**2 + np.asarray(tau)[..., None] ** 2)
    V = 1 / w.sum(axis=-1)
    centre = V * (w * y).sum(axis=-1)
    terms = np.log(w) / 2 - w * (y - centre[..., None]) ** 2 / 2
    return np.log(V) / 2 + terms.sum(axis=-1) - (len(y) - 1) / 2 * np.log(2 * np.pi)


def grid_quantiles(prior, y, s, levels, low=-16.0, high=16.0):
    """Quantiles of tau by a plain trapezoid over log tau, from the formula of page 3."""
    x = np.linspace(low, min(high, np.log(prior.upper)), 60_001)
    tau = np.exp(x)
    log_p = prior.log_density(tau) + log_likelihood(tau, y, s) + x
    mass = integrate.cumulative_trapezoid(np.exp(log_p - log_p.max()), x, initial=0)
    return np.exp(np.interp(levels, mass / mass[-1], x))


def median(full):
    return full.tau.ppf(0.5)


# --- The families and what they say of kappa --------------------------------------------------------------------------


@each_family
def test_every_family_has_the_median_five(name):
    assert abs(cdf(name, 5) - 0.5) < 1e-12


@each_family
def test_no_density_of_kappa_has_lost_its_jacobian(page, name):
    assert abs(page.areas[name] - 1) < 1e-3


@each_family
def test_the_density_of_kappa_is_the_slope_of_its_distribution_function(page, name):
    inside = np.linspace(0.05, 0.95, 19)
    step = 1e-6
    up, down = (cdf(name, 10 * np.sqrt(k / (1 - k))) for k in (inside + step, inside - step))
    smooth = np.abs(inside - 0.5) > 1e-3  # where the uniform prior ends
    by_difference = (up - down) / (2 * step)
    density = page.density_of_kappa(page.families[name], inside, 10)
    assert np.allclose(density[smooth], by_difference[smooth], rtol=1e-6, atol=1e-8)


@each_family
def test_the_figure_shows_the_tail_and_the_tenths_of_scipys_distribution(page, name):
    assert abs(page.tail_30[name] - (1 - cdf(name, 30))) < 1e-4
    expected = np.diff(np.concatenate([[0], cdf(name, page.ends), [1]]))
    assert np.abs(page.bars[name] - expected).max() < 2e-3


def test_the_old_habits_last_tenth_is_scipys(page):
    assert abs(page.bars["inverse-gamma\n(0.001, 0.001)"][-1] - OLD_HABIT.sf(900)) < 2e-3


@each_family
def test_of_median_and_standard_error_only_the_ratio_matters_to_kappa(page, name):
    kappa = np.linspace(0.02, 0.98, 49)
    few, many = (page.density_of_kappa(page.with_median(5 * m)[name], kappa, 10 * m) for m in (1, 3))
    assert np.allclose(few, many, rtol=1e-9)


def test_the_old_habit_has_no_median_to_set_and_leans_with_the_standard_error(page):
    below = [OLD_HABIT.cdf(se**2 / 9) for se in (1, 10, 30)]  # kappa below a tenth
    assert below[2] > 1.2 * below[1] > 2 * below[0]


def test_a_half_cauchy_with_the_schools_standard_error_is_the_arcsine_law(page):
    kappa = np.linspace(0.01, 0.99, 99)
    horseshoe = page.density_of_kappa(priors.half_cauchy(10), kappa, 10)
    assert np.allclose(horseshoe, stats.beta(0.5, 0.5).pdf(kappa), rtol=1e-12)


def test_the_chances_of_kappa_below_a_hundredth_are_scipys(page):
    near_pooling = [100 * cdf(name, 10 * np.sqrt(0.01 / 0.99)) for name in page.families]
    assert np.allclose(page.near_pooling, near_pooling, atol=0.01)


def test_a_half_normal_with_median_eleven_has_a_scale_a_bit_over_sixteen():
    assert 16 < 11 / stats.halfnorm.median() < 17


def test_the_chance_that_two_schools_differ_by_thirty_agrees_with_a_simulation(page):
    size = 200_000
    tau, first, second, third = np.random.default_rng(71).standard_normal((size, 4)).T
    taus = {"half-normal": 11 / stats.halfnorm.median() * np.abs(tau), "half-Cauchy": 11 * np.abs(tau / third)}
    for name, tau in taus.items():
        share = np.mean(np.abs(tau * (first - second)) > 30)
        assert_near(share, page.differ[name], np.sqrt(page.differ[name] / size))


# --- The gap between the largest and the smallest of eight effects ----------------------------------------------------


def range_sf(q):
    """P(range of 8 standard normals > q), by Gauss-Legendre."""
    x, w = np.polynomial.legendre.leggauss(200)
    z, dz = 9 * x, 9 * w
    inner = special.ndtr(z + np.asarray(q)[..., None]) - special.ndtr(z)
    return 1 - 8 * (stats.norm.pdf(z) * inner**7) @ dz


def gap_sf(name, limit):
    """P(gap > limit): the distribution of the range, mixed over the prior of tau."""
    level = (np.arange(20_000) + 0.5) / 20_000
    return range_sf(limit / quantile(name, level)).mean()


def test_the_range_of_eight_normals_is_scipys():
    assert abs(range_sf(3.0) - stats.studentized_range.sf(3.0, 8, np.inf)) < 1e-6


@each_family
@pytest.mark.parametrize("limit", [100, 600])
def test_the_simulated_share_of_large_gaps_agrees_with_an_integral(page, name, limit):
    exact = max(gap_sf(name, limit), 0.0)
    share = page.gap_table.loc[name, f"> {limit} (%)"] / 100
    assert_near(share, exact, np.sqrt(exact / page.size), 2e-4)


@each_family
def test_the_simulated_median_gap_agrees_with_an_integral(page, name):
    beyond = gap_sf(name, page.gap_table.loc[name, "median gap"])
    assert_near(beyond, 0.5, 0.5 / np.sqrt(page.size), 1e-3)


def test_a_half_normal_gives_next_to_nothing_to_a_sensation():
    assert gap_sf("half-normal", 100) < 5e-4


# --- Which vague priors have a posterior ------------------------------------------------------------------------------


@pytest.mark.parametrize("J", [1, 2, 3, 5, 8])
def test_the_likelihood_is_constant_at_zero_and_falls_as_a_power_at_infinity(page, J):
    far = log_likelihood(np.array([1e6, 1e7]), page.ybar[:J], page.se[:J])
    near = log_likelihood(np.array([1e-6, 1e-7]), page.ybar[:J], page.se[:J])
    assert abs((far[1] - far[0]) / np.log(10) + (J - 1)) < 1e-6
    assert abs(near[1] - near[0]) < 1e-9


@pytest.mark.parametrize("J", range(1, 7))
@pytest.mark.parametrize("a", [2.5, 1.5, 1, 0.5, 0, -0.5, -1, -1.5])
def test_a_power_of_tau_has_a_posterior_exactly_between_the_two_limits(page, a, J):
    assert page.has_posterior(a, J) == ("yes" if -1 < a < J - 2 else "no")


def test_with_a_normal_prior_on_mu_one_group_fewer_is_enough(page):
    assert normal_normal.full_bayes(page.ybar[:2], page.se[:2], priors.uniform(), mu_prior=(0, 50)).tau.median() > 0
    with pytest.raises(ValueError, match="infinity"):
        normal_normal.full_bayes(page.ybar[:1], page.se[:1], priors.uniform(), mu_prior=(0, 50))


def test_with_three_schools_and_a_flat_prior_tau_and_mu_have_no_mean(page):
    full = normal_normal.full_bayes(page.ybar[:3], page.se[:3], priors.uniform())
    assert np.isnan([full.tau.mean(), full.mu.mean()]).all()
    assert np.isinf(full.mu.std())


def test_with_two_schools_the_median_follows_the_limit_of_a_uniform_prior(page):
    cut = [
        median(normal_normal.full_bayes(page.ybar[:2], page.se[:2], priors.uniform(top))) for top in (100, 1000, 10_000)
    ]
    assert cut[1] > 1.5 * cut[0]
    assert cut[2] > 1.5 * cut[1]


# --- The prior that was meant to be harmless --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prior", "flat", "proper"),
    [
        (priors.inverse_gamma_on_variance(1, 1), 1.172, 1.171),
        (priors.inverse_gamma_on_variance(0.1, 0.1), 1.409, 1.398),
        (priors.inverse_gamma_on_variance(0.01, 0.01), 0.990, 0.979),
        (priors.inverse_gamma_on_variance(0.001, 0.001), 0.579, 0.573),
        (priors.half_cauchy(5), 2.774, 2.749),
        (priors.half_normal(5), 2.800, 2.780),
        (priors.uniform(), 5.239, 5.146),
    ],
)
def test_the_median_of_tau_is_the_one_of_a_program_of_its_own(page, prior, flat, proper):
    """Under a flat prior on mu, and under mu ~ N(0, 5^2)."""
    assert abs(median(normal_normal.full_bayes(page.ybar, page.se, prior)) - flat) < 1e-3
    assert abs(median(normal_normal.full_bayes(page.ybar, page.se, prior, mu_prior=(0, 5))) - proper) < 1e-3


@pytest.mark.parametrize("epsilon", [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6])
def test_the_quantiles_under_an_inverse_gamma_agree_with_a_plain_grid(page, epsilon):
    shown = page.habit.loc[np.format_float_positional(epsilon, trim="-"), ["median of tau", "97.5 % point"]].to_numpy()
    prior = priors.inverse_gamma_on_variance(epsilon, epsilon)
    assert np.allclose(shown, grid_quantiles(prior, page.ybar, page.se, [0.5, 0.975]), rtol=1e-3)


def test_the_data_cannot_tell_a_thousandth_of_a_point_from_one(page):
    near = log_likelihood(np.array([1e-3, 1.0]), page.ybar, page.se)
    assert abs(near[0] - near[1]) < 0.02


def test_the_median_falls_as_the_fourth_root_of_epsilon(page):
    """It is eps^(1/4) exp(G/2 + gamma/4), with G the limit of the integral of L(tau)/tau from d, plus log d."""
    x = np.linspace(-25, 25, 50_001)
    at_zero = log_likelihood(np.array([1e-9]), page.ybar, page.se)
    L = np.exp(log_likelihood(np.exp(x), page.ybar, page.se) - at_zero)
    constant = np.exp((integrate.trapezoid(L, x) - 25) / 2 + np.euler_gamma / 4)
    tiny = priors.inverse_gamma_on_variance(1e-12, 1e-12)
    assert abs(median(normal_normal.full_bayes(page.ybar, page.se, tiny)) / (constant * 1e-3) - 1) < 0.01
    assert abs(page.median_old[1e-6] / (constant * 1e-6**0.25) - 1) < 0.02


def test_the_smaller_epsilon_the_more_of_the_posterior_lies_below_half_a_point(page):
    below = [full.tau.cdf(0.5) for full in page.old.values()]
    assert (np.diff(below) > 0.04).all()


def test_under_the_smallest_epsilon_school_a_is_half_a_point_from_complete_pooling(page):
    pooled = np.average(page.ybar, weights=1 / page.se**2)
    assert 0.4 < page.habit.loc["0.000001", "school A"] - pooled < 0.6


def test_dividing_the_data_by_100_is_multiplying_the_rate_by_its_square(page):
    prior = priors.inverse_gamma_on_variance(0.001, 10)
    in_hundreds = page.in_unit["hundreds of points"]
    assert abs(median(normal_normal.full_bayes(page.ybar, page.se, prior)) - in_hundreds) < 1e-6
    assert abs(grid_quantiles(prior, page.ybar, page.se, [0.5])[0] - in_hundreds) < 1e-3
    both = priors.inverse_gamma_on_variance(10, 10)  # the shape has no unit
    assert median(normal_normal.full_bayes(page.ybar, page.se, both)) < in_hundreds / 4


def test_where_the_data_rule_equal_groups_out_an_epsilon_far_below_tau_squared_hardly_matters():
    """The log risk ratios of the BCG trials, by hblib and by a plain grid."""
    bcg = datasets.bcg()
    y = np.log(bcg.y / bcg.n) - np.log(bcg.y_control / bcg.n_control)
    s = np.sqrt(1 / bcg.y - 1 / bcg.n + 1 / bcg.y_control - 1 / bcg.n_control)
    small = [priors.inverse_gamma_on_variance(epsilon, epsilon) for epsilon in (1e-3, 1e-6, 1e-8)]
    ends = np.array([normal_normal.full_bayes(y, s, prior).tau.ppf([0.025, 0.5, 0.975]) for prior in small])
    assert np.ptp(ends, axis=0).max() < 0.003
    assert np.allclose(ends[0], grid_quantiles(small[0], y, s, [0.025, 0.5, 0.975]), rtol=1e-3)
    in_hundredths = normal_normal.full_bayes(100 * y, 100 * s, small[0]).tau
    assert abs(median(normal_normal.full_bayes(y, s, small[0])) - in_hundredths.ppf(0.5) / 100) < 0.001
    in_hundreds = normal_normal.full_bayes(y / 100, s / 100, small[0]).tau  # here 0.001 is above tau^2
    assert 100 * in_hundreds.ppf(0.5) > 2 * ends[0, 1]


# --- Sensitivity ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("J", [3, 8, 40])
@pytest.mark.parametrize("name", [*FAMILIES, "inverse-gamma"])
def test_the_quantiles_under_every_prior_agree_with_a_plain_grid(page, name, J):
    levels = [0.5, 0.975]
    expected = grid_quantiles(page.six[name], np.resize(page.ybar, J), np.resize(page.se, J), levels)
    assert np.allclose(page.fits[name, J].tau.ppf(levels), expected, rtol=2e-3)
    assert np.isclose(page.upper.loc[name, f"J = {J}"], expected[1], rtol=2e-3)


def test_three_schools_under_a_half_cauchy_agree_with_a_grid_over_mu_and_tau(page):
    ybar, se = page.ybar[:3], page.se[:3]
    mu, x = np.linspace(-400, 400, 1601)[:, None], np.linspace(-9, 9, 1201)
    tau = np.exp(x)
    log_p = stats.halfcauchy(scale=5).logpdf(tau) + x + 0 * mu
    for effect, error in zip(ybar, se, strict=True):
        log_p = log_p + stats.norm(mu, np.sqrt(error**2 + tau**2)).logpdf(effect)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    share = tau**2 / (tau**2 + se[A] ** 2)
    full = page.fits["half-Cauchy", 3]
    assert abs((p * (share * ybar[A] + (1 - share) * mu)).sum() - full.theta[A].mean()) < 0.02
    assert abs((p * tau).sum() - full.tau.mean()) < 0.02


@pytest.mark.parametrize("J", [3, 8, 40])
def test_the_inverse_gamma_has_the_smallest_median(page, J):
    middles = {name: median(page.fits[name, J]) for name in page.six}
    assert min(middles, key=middles.get) == "inverse-gamma"


def test_the_half_cauchys_97_point_5_per_cent_point_is_higher_with_three_schools_and_no_longer_with_eight(page):
    few, eight, many = (page.upper[f"J = {J}"] for J in (3, 8, 40))
    assert few["half-Cauchy"] > 1.2 * few[list(page.families)].drop("half-Cauchy").max()
    assert eight["half-Cauchy"] < 1.05 * eight["half-normal"]
    assert many["half-Cauchy"] < many["half-normal"]


def test_with_eight_schools_half_normal_and_half_cauchy_agree_at_median_five_and_not_at_half_or_twice_of_it(page):
    for (name, middle), shown in page.at_median.items():
        prior = page.with_median(middle)[name]
        assert np.isclose(shown, grid_quantiles(prior, page.ybar, page.se, [0.975])[0], rtol=2e-3)
    gap = {m: page.at_median["half-Cauchy", m] - page.at_median["half-normal", m] for m in (2.5, 10)}
    assert gap[2.5] > 1.5
    assert gap[10] < -1
    assert abs(page.upper["J = 8"]["half-Cauchy"] - page.upper["J = 8"]["half-normal"]) < 0.3


def test_with_eight_schools_the_tails_part_below_a_hundredth(page):
    """In points, at the heights 1/2 to 1/100 and then 1/1000 of the figure."""
    ends = {
        name: grid_quantiles(page.six[name], page.ybar, page.se, [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999])
        for name in ("half-normal", "half-t (3)", "half-Cauchy", "inverse-gamma")
    }
    old = ends.pop("inverse-gamma")
    together = np.array(list(ends.values()))
    assert np.ptp(together[:, :-1], axis=0).max() < 1.5
    assert (old[:-3] < together[:, :-3].min(axis=0) - 1.5).all()
    assert ends["half-normal"][-1] < together[1:, -1].min() - 2
    assert abs(old[-1] - ends["half-Cauchy"][-1]) < 0.5


def test_with_two_schools_a_half_cauchy_leaves_no_variance(page):
    full = page.two["half-Cauchy"]
    assert np.isinf([full.tau.std(), full.mu.std()]).all()


def test_the_scale_matters_more_than_the_family(page):
    def of_A(scale, name):
        return normal_normal.full_bayes(page.ybar[:3], page.se[:3], page.with_median(scale)[name]).theta[A].mean()

    by_family = abs(of_A(5, "half-normal") - of_A(5, "half-Cauchy"))
    by_scale = of_A(10, "half-normal") - of_A(2.5, "half-normal")
    assert by_scale > 5 * by_family


def test_an_interval_agrees_with_draws_of_the_joint_posterior(page):
    theta = page.fits["half-Cauchy", 3].theta
    draws = theta.rvs(200_000, np.random.default_rng(70))[:, A]
    for end, level in zip(theta.interval(0.95), (0.025, 0.975), strict=True):
        assert_near(np.mean(draws < end[A]), level, np.sqrt(level * (1 - level) / len(draws)))


def test_a_half_normal_that_exceeds_twenty_once_in_twenty_has_scale_ten_and_median_seven():
    assert abs(20 / 1.96 - 20 / stats.norm.ppf(0.975)) < 1e-3
    wide = stats.halfnorm(scale=20 / 1.96)
    assert abs(wide.sf(20) - 0.05) < 1e-4
    assert 6.5 < wide.median() < 7.1
    assert FAMILIES["half-normal"].sf(20) < wide.sf(20) < FAMILIES["half-Cauchy"].sf(20)


def test_a_half_normal_gives_about_five_per_cent_to_all_beyond_twice_its_scale():
    """The page "Which model do I need?" starts from half of a spread that would surprise."""
    assert stats.halfnorm(scale=10).sf(20) == pytest.approx(0.05, abs=0.005)


# --- Priors that avoid the boundary -----------------------------------------------------------------------------------


def test_the_mode_under_the_avoiding_prior_is_the_one_of_the_formula_and_the_flat_ones_is_zero(page):
    x = np.linspace(np.log(0.01), np.log(60), 100_001)
    by_hand = np.exp(x[(log_likelihood(np.exp(x), page.ybar, page.se) + x).argmax()])
    modes = page.summary["mode of tau"]
    assert abs(by_hand - modes["proportional to tau"]) < 0.002
    assert modes["flat"] == page.fine[0]


def test_the_medians_under_the_flat_and_the_avoiding_prior_agree_with_a_plain_grid(page):
    for full in (page.avoid, page.flat):
        assert np.allclose(median(full), grid_quantiles(full.prior, page.ybar, page.se, [0.5]), rtol=1e-3)


def test_the_chances_of_tau_below_two_agree_with_a_plain_grid(page):
    x = np.linspace(-16, 14, 60_001)
    for full in (page.avoid, page.flat):
        p = np.exp(full.prior.log_density(np.exp(x)) + log_likelihood(np.exp(x), page.ybar, page.se) + x)
        below = integrate.trapezoid(p * (x < np.log(2)), x) / integrate.trapezoid(p, x)
        assert abs(full.tau.cdf(2) - below) < 1e-3


# --- Counts -----------------------------------------------------------------------------------------------------------


def test_t_gives_about_the_standard_deviation_of_the_rates(page):
    shown = page.spread_of_size
    draws = np.random.default_rng(73).beta(0.05 * shown.index.to_numpy(), 0.95 * shown.index.to_numpy(), (400_000, 3))
    assert np.allclose(100 * draws.std(axis=0), shown["sd of the rates (%)"], rtol=0.02)
    assert np.allclose(shown["about (%)"], shown["sd of the rates (%)"], rtol=0.02)


def below_in_all(limit, scale):
    """P(all 20 stores sell to less than `limit`), and to more, over both priors, by midpoints."""
    level = (np.arange(500) + 0.5) / 500
    mu, tau = stats.norm(special.logit(0.05), 0.5).ppf(level)[:, None], stats.halfnorm(scale=scale).ppf(level)
    z = (special.logit(limit) - mu) / tau
    return np.mean(stats.norm.cdf(z) ** 20), np.mean(stats.norm.sf(z) ** 20)


@pytest.mark.parametrize(
    ("row", "scale"),
    [("half-normal(0.5), by PyMC", 0.5), ("half-normal(0.5), by NumPy", 0.5), ("half-normal(5), by NumPy", 5)],
)
def test_what_a_prior_says_of_stores_agrees_with_an_integral(page, row, scale):
    worst, best, wonder = page.prior_says.loc[row] / 100
    assert_near(below_in_all(worst, scale)[1], 0.5, 0.5 / np.sqrt(4000))
    assert_near(below_in_all(best, scale)[0], 0.5, 0.5 / np.sqrt(4000))
    exact = 1 - below_in_all(0.5, scale)[0]
    assert_near(wonder, exact, np.sqrt(exact * (1 - exact) / 4000), 1e-3)


def test_with_a_wide_prior_the_typical_chain_has_stores_near_both_ends():
    """The worst store of the median draw below 1 per cent, the best above 80."""
    assert below_in_all(0.01, 5)[1] < 0.5
    assert below_in_all(0.8, 5)[0] < 0.5


def test_the_purchases_drawn_are_binomial_counts_of_the_rates_drawn(page):
    residual = page.sold - 200 * page.rates_drawn
    z = residual / np.sqrt(200 * page.rates_drawn * (1 - page.rates_drawn))
    assert page.sold.shape == (4000, 20)
    assert_near(z.mean(), 0, 1 / np.sqrt(z.size))
    assert abs(z.var() - 1) < 0.05


def test_nineteen_stores_of_twenty_lie_between_the_ends_shown(page):
    """For tau = 2, the last row."""
    rate = special.expit(special.logit(0.05) + 2 * np.random.default_rng(72).standard_normal(400_000))
    low, high = page.stores.loc[2]
    assert_near(np.mean(rate < low / 100), 0.025, np.sqrt(0.025 / 400_000))
    assert_near(np.mean(rate > high / 100), 0.025, np.sqrt(0.025 / 400_000))


def test_the_share_of_absurd_stores_agrees_with_a_simulation(page):
    rate = special.expit(special.logit(0.05) + 10 * np.random.default_rng(72).standard_normal(400_000))
    assert_near(np.mean((rate < 0.01) | (rate > 0.99)), page.outside, 0.5 / np.sqrt(400_000))


@pytest.mark.parametrize(
    ("groups", "part", "logit_m"),
    [(6, slice(0, None, 14), (-9, 9)), (71, slice(None), (-5, 1))],  # with 71 groups m is not far from 0.14
    ids=["6 groups", "71 groups"],
)
def test_the_rats_estimates_agree_with_a_plain_grid(page, groups, part, logit_m):
    """Over (logit m, log M), as on page 2."""
    y, n = page.rats.y[part], page.rats.n[part]
    m, M = special.expit(np.arange(*logit_m, 0.08))[:, None], np.exp(np.arange(-8, 60, 0.1))[None, :]
    log_lik = beta_binomial.log_marginal(y, n, m * M, (1 - m) * M)
    for name, prior in page.on_size.items():
        if prior.lower > 0:
            continue  # its edge does not fall on the grid; it is checked against the power on 71 groups
        log_p = log_lik + np.log(m * (1 - m)) + prior.log_density(M) + np.log(M)
        p = np.exp(log_p - log_p.max())
        p /= p.sum()
        estimate = (p * (m * M + y[-1]) / (M + n[-1])).sum()
        assert abs(estimate - page.current.loc[name, f"{groups} groups"]) < 2e-4, name


def test_with_71_groups_a_pareto_prior_is_the_power_without_its_jacobian(page):
    estimate = page.current["71 groups"]
    assert abs(estimate["Pareto(3/2), M > 1"] - estimate["no Jacobian, M^(-5/2)"]) < 1e-6


def test_a_flat_t_is_a_pareto_prior_of_the_size():
    """Flat t on (0, 1) is M^(-3/2)/2 on M > 1, which is Pareto(1/2)."""
    t = np.linspace(0.01, 0.99, 50)
    assert np.allclose(stats.pareto(0.5).sf(1 / t**2), t)


def test_the_prior_matters_more_with_six_groups_than_with_71(page):
    assert np.ptp(page.current["6 groups"]) > 5 * np.ptp(page.current["71 groups"])


# --- Where it breaks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["half-normal", "half-t (3)", "half-Cauchy"])
def test_the_medians_for_schools_far_apart_agree_with_a_plain_grid(page, name):
    assert abs(page.far[name] / grid_quantiles(page.families[name], page.apart, page.se[:3], [0.5])[0] - 1) < 1e-3


def test_a_longer_tail_lets_schools_far_apart_speak(page):
    assert np.isclose(page.apart.std(ddof=1), 50)
    assert page.far["half-normal"] < page.far["half-t (3)"] < page.far["half-Cauchy"]


@pytest.mark.parametrize(
    ("prior", "known"),
    [(priors.half_normal(5), stats.halfnorm(scale=5)), (priors.half_cauchy(25), stats.halfcauchy(scale=25))],
)
def test_one_group_says_nothing_about_the_spread(prior, known):
    alone = normal_normal.full_bayes([50.0], [1.0], prior).tau
    assert np.allclose([alone.cdf(tau) for tau in (1, 5, 25)], known.cdf([1, 5, 25]), atol=1e-6)


def test_two_groups_far_apart_say_that_the_spread_is_not_small_and_hardly_how_large_it_may_be():
    """Groups at 0 and 100, with standard error 1."""
    choice = priors.half_normal(5), priors.half_normal(50), priors.half_normal(500), priors.half_cauchy(1)
    taus = [normal_normal.full_bayes([0, 100], [1, 1], prior).tau for prior in choice]
    assert min(tau.ppf(0.025) for tau in taus) > 10
    most = [tau.ppf(0.975) for tau in taus]
    assert most[2] > 5 * most[1] > 20 * most[0]
