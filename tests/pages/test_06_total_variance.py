"""The solution "How sure, and what about?"."""

import numpy as np

A, H = 0, 7


def test_two_parts_from_draws_and_three_from_a_sum_make_up_the_whole(page):
    assert np.allclose(page.within + page.between, page.exact, rtol=0.08)
    assert np.allclose(page.parts.sum(axis=0), page.exact, rtol=1e-9)
    assert np.allclose(page.parts[0], page.within, rtol=0.05)
    assert np.allclose(page.parts[1:].sum(axis=0), page.between, rtol=0.15)


def test_the_part_of_tau_is_largest_for_a_and_the_others_for_h(page):
    known, of_mu, of_tau = page.parts
    assert page.se.argmax() == known.argmax() == of_mu.argmax() == H
    assert of_tau.argmax() == A
    assert of_tau.min() < 0.05
    assert (known / page.parts.sum(axis=0)).argmin() == A


def test_at_a_tau_of_zero_only_the_part_of_mu_is_left(page):
    known, of_mu, of_tau = page.three_parts(page.ybar, page.se, np.array([0.0]), np.array([1.0]))
    assert (known == 0).all()
    assert (of_tau == 0).all()
    assert np.ptp(of_mu) < 1e-9
