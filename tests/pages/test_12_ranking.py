"""The solution of the exercise on stars, winners and histograms."""

import numpy as np
import pytest
from scipy import stats

from tests.chance import assert_near


def test_the_spread_is_that_of_draws_of_the_truth_and_of_the_prior(page):
    answer = page.spread(page.y, page.n, page.alpha, page.beta)
    assert abs(page.drawn.std() / answer - 1) < 0.01
    assert abs(answer / page.truth.std() - 1) < 0.1
    assert abs(answer / stats.beta(page.alpha, page.beta).std() - 1) < 0.1


def test_shrunk_rates_are_too_narrow_and_raw_rates_too_wide(page):
    shrunk = page.posterior.mean().std()
    assert shrunk < 0.85 * page.truth.std() < 0.85 * 0.85 * np.std(page.y / page.n)


def test_on_average_over_data_sets_the_winners_are_as_good_as_expected(page):
    rng, off = np.random.default_rng(4), []
    for _ in range(1000):
        theta = rng.beta(8, 72, 400)
        sold = rng.binomial(page.n, theta)
        winners = np.argsort(-sold / page.n, kind="stable")[:20]
        off.append(np.mean((8 + sold[winners]) / (80 + page.n[winners])) - theta[winners].mean())
    assert_near(np.mean(off), 0, np.std(off) / np.sqrt(1000))


@pytest.mark.parametrize("bound", [0.05, 0.1, 0.2, 0.3])
def test_the_list_is_as_long_as_the_bound_allows(page, bound):
    number, mistakes = page.stars(page.p, bound), np.sort(1 - page.p)
    assert number == 0 or np.mean(mistakes[:number]) <= bound
    assert np.mean(mistakes[: number + 1]) > bound
    assert number >= np.sum(page.p >= 1 - bound)


def test_some_stores_get_a_star(page):
    assert page.stars(page.p, 0.3) > 10


def test_stars_go_to_large_stores_and_the_raw_list_to_small_ones_of_the_same_quality(page):
    small, large = page.n < 30, page.n >= 100
    good = page.truth > 0.12
    assert page.starred[small].sum() <= 1
    assert page.starred[large].sum() > 0.5 * page.number
    assert page.raw_list[small].sum() > 0.5 * page.number
    assert abs(np.mean(good[small]) - np.mean(good[large])) < 0.05
    assert np.any(good[page.raw_list & small])


def test_the_raw_list_holds_more_mistakes_expected_and_true(page):
    assert np.sum(1 - page.p[page.raw_list]) > 3 * np.sum(1 - page.p[page.starred])
    bad = page.truth < 0.12
    assert np.sum(page.raw_list & bad) > np.sum(page.starred & bad) > 0
