"""Page 9b: predictors of a group, within and between."""

import numpy as np
import pytest

from hblib import regression
from tests.chance import assert_near


def columns(*parts):
    return np.column_stack(parts)


# --- Radon ------------------------------------------------------------------------------------------------------------


def test_the_radon_fits_are_lme4s(page):
    """lme4 1.1-31, REML."""
    just, with_u = page.just, page.with_u
    assert np.allclose(just.beta, [1.46159788135, -0.692993739407], atol=1e-7)
    assert np.allclose([just.sd[0] ** 2, just.sigma**2], [0.107729951377, 0.570914963291], rtol=1e-5)
    assert np.allclose(with_u.beta, [1.46576280602, -0.668244756342, 0.720267616769], atol=1e-6)
    assert np.allclose([with_u.sd[0] ** 2, with_u.sigma**2], [0.0244616782608, 0.575230246887], rtol=1e-4)
    assert np.allclose(with_u.deviation[:3, 0], [-0.0206423629871, 0.0112457687705, 0.0124220276393], atol=1e-5)
    assert np.allclose(with_u.deviation_sd[:3, 0], [0.144587790005, 0.0872775631144, 0.147289027135], atol=1e-5)


def test_counties_are_pooled_by_kappa_towards_their_uranium(page):
    with_u, variance = page.with_u, page.with_u.sigma**2 / page.n
    same = regression.matrix_shrinkage(page.own[:, None], variance[:, None, None], page.line[:, None], with_u.Sigma)
    assert np.allclose(same.mean()[:, 0], page.pooled)
    assert np.allclose(np.sqrt(same.covariance[:, 0, 0]), with_u.deviation_sd[:, 0])


def test_lac_qui_parle_has_two_houses_and_ends_above_the_line(page):
    assert page.n[page.lac] == 2
    assert page.pooled[page.lac] > page.line[page.lac]


def test_shuffled_rows_change_nothing_where_counties_are_aligned(page):
    aligned, with_u = page.shuffled["aligned"], page.with_u
    assert np.allclose(aligned.beta, with_u.beta, atol=1e-6)
    assert np.allclose(aligned.deviation, with_u.deviation, atol=1e-5)
    assert (aligned.groups == with_u.groups).all()


def test_mixed_up_counties_show_only_when_rows_are_shuffled(page):
    first = np.unique(page.index, return_index=True)[1]
    appearance = page.uranium[np.sort(first)]  # as groupby(sort=False) has it
    assert np.array_equal(appearance[page.index], page.uranium)  # in the file's own order
    assert abs(page.shuffled["mixed up"].beta[2]) < 0.4


def test_the_fit_of_varying_slopes_is_lme4s(page):
    assert np.allclose(page.lines.beta, [1.4627699866, -0.681098204525], atol=1e-5)
    assert np.allclose(page.lines.sd**2, [0.121581170551, 0.118062071151], rtol=1e-3)
    assert abs(page.lines.log_likelihood + 1084.16230298) < 1e-6


def test_the_fit_of_slopes_with_uranium_is_lme4s_with_a_good_optimizer_and_beats_its_default(page):
    """bobyqa and Nelder_Mead: -1063.29, sd 0.124404, 0.30705, correlation 0.4104, sigma 0.749453."""
    assert np.allclose([*page.full.sd, page.full.sigma], [0.124404, 0.30705, 0.749453], atol=1e-4)
    assert abs(page.stuck + 1066.11755762) < 1e-5
    assert page.full.log_likelihood > page.stuck + 2.8


def test_the_log_likelihood_agrees_with_the_dense_covariance_matrix_of_all_919_houses(page):
    full, Z, index, radon = page.full, page.Z, page.index, page.radon
    X = columns(page.one, page.floor, page.uranium, page.floor * page.uranium)
    dense = full.sigma**2 * np.eye(919) + (Z @ full.Sigma @ Z.T) * (index[:, None] == index)
    inverse = np.linalg.inv(dense)
    information = X.T @ inverse @ X
    rest = radon - X @ np.linalg.solve(information, X.T @ inverse @ radon)
    value = np.linalg.slogdet(dense)[1] + np.linalg.slogdet(information)[1] + rest @ inverse @ rest
    assert abs(-(value + 915 * np.log(2 * np.pi)) / 2 - full.log_likelihood) < 1e-5


def test_a_county_without_first_floor_houses_has_its_slope_from_its_intercept(page):
    """Its own slope has infinite variance."""
    lines, n, index = page.lines, page.n, page.index
    without = np.bincount(index, page.floor) == 0
    assert without.sum() == 25
    V = np.zeros((25, 2, 2))
    V[:, 0, 0], V[:, 1, 1] = lines.sigma**2 / n[without], np.inf
    own = np.column_stack([(np.bincount(index, page.radon) / n)[without], np.full(25, np.nan)])
    slopes = regression.matrix_shrinkage(own, V, lines.beta, lines.Sigma).mean()
    assert np.allclose(slopes, lines.beta + lines.deviation[without], atol=1e-6)


# --- Within and between -----------------------------------------------------------------------------------------------


def test_with_xbar_in_the_model_the_slope_is_the_one_within_counties(page):
    assert abs(page.context.beta[1] - page.within) < 1e-9


@pytest.mark.parametrize("ratio", [0.01, 0.3, 2.0])
def test_it_is_so_for_any_tau(page, ratio):
    """Mundlak's identity."""
    X = columns(page.one, page.floor, page.uranium, page.share)
    given = regression.given(page.radon, X, page.one[:, None], page.county, [[ratio**2]])
    assert abs(given.beta[1] - page.within) < 1e-9


def test_the_contextual_effect_is_lme4s(page):
    beta = [1.39452783028, -0.720538962381, 0.719267212867, 0.4096099557]
    assert np.allclose(page.context.beta, beta, atol=1e-6)
    assert np.allclose(page.context.se_beta[3], 0.2013443834, atol=1e-5)


def test_without_xbar_the_slope_of_the_simulated_prices_is_wrong_and_sure_of_it(page):
    alone, both = page.priced["x alone"], page.priced["x, xbar"]
    assert alone.beta[1] + 2 > 5 * alone.se_beta[1]
    assert abs(both.beta[1] + 2) < 3 * both.se_beta[1]


def test_without_xbar_the_slope_is_a_mixture(page):
    """In closed form: weight 1 on within and 1/(1 + n tau^2/sigma^2) on between, at the fitted ratio."""
    alone, price, sales, xbar = page.priced["x alone"], page.price, page.sales, page.xbar
    weight = 1 / (1 + 4 * alone.sd[0] ** 2 / alone.sigma**2)
    inside, between = price - xbar, xbar - price.mean()
    sales_inside = sales - (np.bincount(page.store, sales) / 4)[page.store]
    mixture = inside @ sales_inside + weight * between @ sales
    mixture /= inside @ inside + weight * between @ between
    assert abs(mixture - alone.beta[1]) < 1e-9


def test_the_pooling_in_numpy_is_that_of_the_fit(page):
    assert np.allclose(page.pooled, page.by_hblib)
    assert page.kappa[page.lac] < page.just.sd[0] ** 2 / (page.just.sd[0] ** 2 + page.just.sigma**2 / 2)
    assert page.line[page.lac] > page.just.beta[0]


def test_one_slope_for_both_lies_between_the_two(page):
    """A weighted average, the weights being the sums of squares within and between."""
    squares = page.inside @ page.inside, np.sum((page.share - page.share.mean()) ** 2)
    within, between, both = page.ols
    assert np.isclose(both, np.average([within, between], weights=squares))
    assert within < both < between


def test_within_stores_sales_fall_and_between_stores_they_rise(page):
    beta = page.priced["x, xbar"].beta
    assert beta[1] < 0 < beta[1] + beta[2]


def test_the_stores_own_means_scatter_about_the_line_between_stores(page):
    """Given the mean price, as the simulation has it: the district, the store's own level and four weeks' noise."""
    beta = page.priced["x, xbar"].beta
    rest = np.bincount(page.store, page.sales) / 4 - beta[0] - (beta[1] + beta[2]) * page.mean_price
    expected = np.sqrt(9 * (1 - 1 / 1.25) + 1 + 4**2 / 4)
    assert_near(rest.std() / expected, 1, 1 / np.sqrt(2 * 400))


def test_the_dots_of_the_figure_are_on_that_line(page):
    beta = page.priced["x, xbar"].beta
    assert np.allclose(page.centre, beta[0] + (beta[1] + beta[2]) * page.mean_price[page.few])


def test_centred_or_not_the_model_is_the_same(page):
    X = columns(page.one, page.inside, page.uranium, page.share)
    centred = regression.fit(page.radon, X, page.one[:, None], page.county)
    assert np.isclose(centred.beta[3], page.context.beta[1] + page.context.beta[3])
    assert np.isclose(centred.log_likelihood, page.context.log_likelihood)
