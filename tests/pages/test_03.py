"""Page 3: the Normal-Normal model, and the eight schools."""

import numpy as np
import pytest
from scipy import integrate, stats

from hblib import normal_normal, observations, priors

A, C, E, G, H = 0, 2, 4, 6, 7


def test_h_has_the_smallest_weight_at_every_tau_of_the_figure(page):
    assert (normal_normal.shrinkage(page.se, page.tau_shown[:, None]).argmin(axis=1) == H).all()


def test_a_moves_furthest_at_every_tau_of_the_figure(page):
    assert (np.abs(page.paths - page.ybar).argmax(axis=1) == A).all()


def test_the_highest_and_the_lowest_curves_of_the_figure_are_those_of_its_description(page):
    tau, paths = page.tau_shown, page.paths
    rise = paths[-1] - paths[0]
    assert set(np.argsort(rise)[-2:]) == {A, G}
    assert np.abs(paths[tau < 5, A] - paths[tau < 5, G]).max() < 0.1
    assert (paths[tau > 5.5].argmax(axis=1) == A).all()
    assert rise[[C, E]].max() < 0
    assert (paths[tau < 27].argmin(axis=1) == E).all()
    assert (paths[tau > 28].argmin(axis=1) == C).all()


def test_the_density_of_tau_is_highest_at_zero_falls_and_lies_mostly_below_15(page):
    density = page.density
    assert density[page.tau_shown < 15].sum() > 0.8 * density.sum()
    assert density.argmax() == 0
    assert (np.diff(density) < 0).all()


def integral(page, value):
    """Of value(tau, mu hat) times p(tau | ybar), by adaptive quadrature in tau."""

    def integrand(t):
        log_p, centre, _ = page.given_tau(t)
        return value(t, centre) * np.exp(log_p + 30)

    ends = ((0, 20), (20, 200), (200, np.inf))
    return sum(integrate.quad(integrand, *end, epsabs=0, epsrel=1e-10, limit=200)[0] for end in ends)


@pytest.mark.parametrize(
    ("value", "on_the_grid", "tolerance"),
    [(lambda t, m: t, lambda page: page.w @ page.tau, 1e-5), (lambda t, m: m, lambda page: page.w @ page.mu_hat, 1e-6)],
    ids=["tau", "mu"],
)
def test_the_sum_over_tau_agrees_with_adaptive_quadrature(page, value, on_the_grid, tolerance):
    assert abs(integral(page, value) / integral(page, lambda t, m: 1.0) - on_the_grid(page)) < tolerance


def test_school_a_agrees_with_a_program_of_its_own(page):
    """73 nodes of a double exponential rule."""
    assert abs(page.mean[A] - 11.4002608704443) < 1e-5
    assert abs(page.sd[A] - 8.341416237497297) < 1e-5


def test_the_one_call_of_hblib_agrees_with_the_sum(page):
    assert np.allclose(page.mean, page.full.theta.mean(), atol=1e-5)
    assert np.allclose(page.sd, page.full.theta.std(), atol=1e-5)


def test_the_most_probable_tau_is_zero(page):
    assert page.fits[0].status == "tau = 0"
    assert page.fits[0].mu == pytest.approx(page.given_tau(0)[1])


def test_the_moments_take_the_plain_mean_of_the_eight(page):
    assert page.fits[2].mu == pytest.approx(page.ybar.mean())


def test_the_data_are_rubins_rounded(page):
    assert (np.round(page.rubin_effect) == page.ybar).all()
    assert (np.abs(page.rubin_se - page.se) <= 0.5).all()


def test_school_a_keeps_less_under_the_four_other_priors_and_never_twelve_points(page):
    assert max(other.theta[A].mean() for other in page.others) < page.mean[A] < 12


def test_the_mean_of_log_tau_on_a_plain_grid_agrees_with_a_sum_in_which_mu_is_integrated_out(page):
    """Its prior N(0, 5^2) acts like one more school whose ybar is 0."""
    log_tau = np.linspace(-16, 14, 6001)
    tau = np.exp(log_tau)
    each = 1 / (page.se**2 + tau[:, None] ** 2)
    precision = each.sum(axis=1) + 1 / 25
    best = each @ page.ybar / precision
    log_p = normal_normal.log_marginal(page.ybar, page.se, best, tau)
    log_p += stats.norm(0, 5).logpdf(best) - np.log(precision) / 2
    p = np.exp(log_p) * stats.halfcauchy(scale=5).pdf(tau) * tau
    assert abs((p * log_tau).sum() / p.sum() - page.e_log_tau) < 1e-6


def test_the_mean_of_log_tau_is_the_exact_one_and_not_the_published_one(page):
    cauchy = normal_normal.full_bayes(page.ybar, page.se, priors.half_cauchy(5), mu_prior=(0, 5))
    # the grid leaves out tau < exp(-16), which matters from the sixth digit on
    assert abs(page.e_log_tau - cauchy.tau.log().mean()) < 2e-6
    assert abs(page.e_log_tau - 0.7657852) > 0.03
    assert page.e_log_tau > 0.8


def test_grid_formula_and_hblib_give_one_posterior(page):
    assert np.allclose([page.grid_mean, page.grid_sd], [page.m, np.sqrt(page.v)], rtol=0, atol=1e-6)
    assert np.allclose([page.toy.mean(), page.toy.var()], [page.m, page.v])
    data = normal_normal.shrinkage(page.toy_se, tau=1)
    assert np.isclose(data * 10 + (1 - data) * 8, page.m)


@pytest.mark.parametrize("tau", [0, 3, 20])
def test_the_area_under_the_bell_is_its_height_times_its_width(page, tau):
    """The density of the gains given tau: by mu integrated out on a grid, and by the closed form, both without 2 pi."""
    mu = np.linspace(-150, 150, 60_001)
    variance = page.se[:, None] ** 2 + tau**2
    bell = np.exp(np.sum(-np.log(variance) / 2 - (page.ybar[:, None] - mu) ** 2 / (2 * variance), axis=0))
    log_p, mu_hat, V = page.given_tau(tau)
    assert np.isclose(np.log(bell.sum() * (mu[1] - mu[0])) - np.log(2 * np.pi) / 2, log_p, rtol=0, atol=1e-9)
    assert np.isclose(bell @ mu / bell.sum(), mu_hat)
    assert np.isclose(bell @ (mu - mu_hat) ** 2 / bell.sum(), V)


def test_half_of_a_half_cauchy_lies_beyond_its_scale():
    assert np.isclose(stats.halfcauchy(scale=5).sf(5), 0.5)


def test_three_observations_need_the_stated_reach_and_with_the_pooled_sigma_of_eight_groups_a_shorter_one():
    """For one group of each of 20,000 sets; the share covered within five of its standard errors of 95 per cent."""
    x = np.random.default_rng(0).normal(size=(20_000, 8, 3))
    variances = x.var(axis=2, ddof=1)
    off = np.abs(x[:, 0].mean(axis=1))
    for variance, reach in ((variances[:, 0], stats.t(2).ppf(0.975)), (variances.mean(axis=1), stats.t(16).ppf(0.975))):
        assert np.mean(off < reach * np.sqrt(variance / 3)) == pytest.approx(0.95, abs=0.0077)
    pooled = observations.group_means(x[0].ravel(), np.repeat(np.arange(8), 3))
    assert np.allclose(pooled.se**2, variances[0].mean() / 3)
