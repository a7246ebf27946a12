"""The solution "Full Bayes with one sum"."""

from hblib import normal_normal, priors


def test_the_sums_agree_with_the_quadrature_and_not_with_the_published_value(page):
    exact = normal_normal.full_bayes(page.ybar, page.se, priors.half_cauchy(5), mu_prior=(0, 5))
    assert abs(page.mean_tau - exact.tau.mean()) < 1e-3
    assert abs(page.mean_log_tau - exact.tau.log().mean()) < 1e-3
    assert abs(page.mean_log_tau - page.published) > 0.03
