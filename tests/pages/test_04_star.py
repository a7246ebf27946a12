"""The solution "Should the star's coach agree?"."""

import numpy as np
import pytest

from hblib import james_stein


@pytest.mark.parametrize("team", "XYZ")
def test_the_risks_that_are_counted_are_the_exact_ones(page, team):
    theta = page.teams[team]
    assert np.allclose(page.own_risks(theta, page.z), james_stein.component_risk(theta), atol=0.15)


def test_the_total_falls_in_every_team_and_a_batter_loses_in_x_alone(page):
    risks = {name: james_stein.component_risk(theta) for name, theta in page.teams.items()}
    assert all(risk.sum() < 10 for risk in risks.values())
    assert [name for name, risk in risks.items() if risk.max() > 1] == ["X"]
    assert risks["X"].argmax() == 0


def test_js_plus_has_less_than_two_where_all_are_at_the_target(page):
    assert page.own_risks(page.teams["Z"], page.z).sum() < 2


@pytest.mark.parametrize("limit", [2, 1, 0.5])
def test_a_limit_bounds_everybodys_root_mean_squared_error(page, limit):
    for theta in page.teams.values():
        assert page.limited_risks(theta, page.z, limit).max() < (1 + limit) ** 2


def test_the_limited_rule_is_that_of_hblib(page):
    theta, few = page.teams["X"], page.z[:50]
    by_row = np.array([james_stein.limited_translation(row, 1, 0, 0.5) for row in theta + few])
    assert np.allclose(page.limited_risks(theta, few, 0.5), np.mean((by_row - theta) ** 2, axis=0))
    assert np.allclose(page.limited_risks(theta, page.z, np.inf), page.own_risks(theta, page.z))


def test_a_limit_lowers_the_total_with_a_star_and_raises_it_without(page):
    assert page.limited_risks(page.teams["X"], page.z, 0.5).sum() < page.own_risks(page.teams["X"], page.z).sum()
    totals = [page.limited_risks(page.teams["Z"], page.z, limit).sum() for limit in (np.inf, 2, 1, 0.5, 0)]
    assert (np.diff(totals) > 0).all()


@pytest.mark.parametrize(("team", "factor"), [("X", 2 / 3), ("Y", 0.95)])
def test_the_factor_is_about_two_thirds_with_a_star_and_nearly_one_where_everybody_is_one(page, team, factor):
    total = np.sum((page.teams[team] + page.z) ** 2, axis=1)
    assert np.maximum(0, 1 - 8 / total).mean() == pytest.approx(factor, abs=0.03)
