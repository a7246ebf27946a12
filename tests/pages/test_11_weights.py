"""The solution "Store, chain, company"."""

import numpy as np
import pytest

from hblib import three_level


def test_estimates_weights_and_means_are_those_of_hblib(page):
    book = three_level.posterior(page.ybar, page.se, page.tau_store, page.tau_chain, page.chain)
    weights = three_level.shrinkage(page.se, page.tau_store, page.tau_chain, page.chain)
    assert np.allclose(page.a, book.chain_estimate)
    assert np.allclose(page.three, (weights.store, weights.chain, weights.company))
    assert np.allclose(sum(page.three), 1)
    means = page.store_means(page.ybar, page.se, page.tau_store, page.tau_chain, page.chain)
    assert np.allclose(means, book.store.mean())


def test_by_the_noise_alone_the_first_store_would_outvote_the_other_four(page):
    noise = page.se[page.first] ** 2
    assert 1 / noise[0] > 0.5 * np.sum(1 / noise)
    both = noise + page.tau_store**2
    assert 1 / both[0] < 0.5 * np.sum(1 / both)


def test_alone_in_its_chain_a_store_has_the_weight_of_a_two_level_model(page):
    assert page.ybar[-1] == -3.1
    both = page.tau_store**2 + page.tau_chain**2
    assert np.isclose(page.three[0][-1] + page.three[1][-1], both / (both + page.se[-1] ** 2))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("stores in chains", "chains, stores alike"),
        ("chains, stores alike", "stores, no chains"),
        ("stores, no chains", "stores alone"),
        ("stores, no chains", "all alike"),
    ],
)
def test_what_each_way_of_sharing_is_worth(page, better, worse):
    gain = np.subtract(page.squares[worse], page.squares[better])
    assert gain.mean() > 4 * gain.std() / np.sqrt(len(gain))
