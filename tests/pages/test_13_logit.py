"""What the solution of 13-logit says in words."""

import numpy as np
from scipy import special


def test_averages_move_towards_one_half_and_the_more_the_farther(page):
    rates = np.array([0.02, 0.2, 0.5, 0.8])
    rng = np.random.default_rng(1)
    for tau in (0.5, 1.0, 2.0):
        found = page.average_rate(special.logit(rates), tau)
        drawn = special.expit(special.logit(rates) + tau * rng.normal(size=(400_000, 1))).mean(axis=0)
        assert np.abs(found - drawn).max() < 3e-3
        assert (np.abs(found - 0.5) <= np.abs(rates - 0.5) + 1e-12).all()
        assert found[0] / rates[0] > found[1] / rates[1] > 1 > found[3] / rates[3]


def digits(eta, tau, step):
    """The right digits of the average of expit(eta + tau z) by a sum, for the worst of some places of its grid."""

    def by_sum(step, first):
        z = np.arange(-12, 12, step) + first
        weight = np.exp(-(z**2) / 2)
        return special.expit(eta + tau * z) @ weight / weight.sum()

    exact = by_sum(1 / 64, 0)
    return min(-np.log10(max(1e-17, abs(by_sum(step, part * step) / exact - 1))) for part in (0, 0.13, 0.3, 0.5))


def test_half_the_step_gives_twice_the_right_digits_or_more_until_rounding_sets_the_limit():
    for eta in special.logit([0.02, 0.2, 0.8]):
        for tau in (0.5, 1.0, 2.0):
            assert digits(eta, tau, 1) > 2 * digits(eta, tau, 2)
            assert 14 < digits(eta, tau, 1 / 4) < 17
        assert digits(eta, 2.0, 1 / 2) > 2 * digits(eta, 2.0, 1)


def test_rows_that_agree_are_evidence_for_a_common_cause_and_others_against_it(page):
    (agree, agree_apart), (differ, differ_apart) = page.both.values()
    assert agree > agree_apart
    assert differ < differ_apart


def test_the_odds_ratio_of_the_averages_is_nearer_to_1(page):
    """By a simulation: one half stays, four fifths does not."""
    z = np.random.default_rng(2).normal(size=400_000)
    rates = [special.expit(eta + z).mean() for eta in (0.0, np.log(4))]
    assert np.abs(page.over_all - rates).max() < 3e-3
    assert page.over_all[1] < 0.79
    assert 1 < page.ratio < 3.7
