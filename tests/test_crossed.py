"""crossed against dense linear algebra, closed forms of balanced data, regression.fit, statsmodels and lme4."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from hblib import crossed, datasets, regression

DISHES, PASTE = datasets.penicillin(), datasets.pastes()
CASK = np.char.add(PASTE.batch, PASTE.cask)
ONES = np.ones((144, 1))


def dense(y, x, groups, sd, sigma):
    """The restricted log likelihood, beta, its covariance matrix and the effects, with a matrix for all rows."""
    Z = [np.equal.outer(group, np.unique(group)).astype(float) for group in groups]
    Omega = sigma**2 * np.eye(len(y)) + sum(t**2 * z @ z.T for t, z in zip(sd, Z, strict=True))
    inverse = np.linalg.inv(Omega)
    A = x.T @ inverse @ x
    beta = np.linalg.solve(A, x.T @ inverse @ y)
    e = y - x @ beta
    log_det = np.linalg.slogdet(Omega)[1] + np.linalg.slogdet(A)[1]
    level = -(log_det + e @ inverse @ e + (len(y) - x.shape[1]) * np.log(2 * np.pi)) / 2
    return level, beta, np.linalg.inv(A), [t**2 * z.T @ inverse @ e for t, z in zip(sd, Z, strict=True)]


def made(seed, rows=60):
    """Unbalanced rows of two crossed groupings, with a predictor."""
    rng = np.random.default_rng(seed)
    groups = [rng.integers(0, 7, rows), rng.integers(0, 5, rows)]
    x = np.column_stack([np.ones(rows), rng.normal(size=rows)])
    effects = [rng.normal(0, sd, 7)[group] for sd, group in zip((2.0, 1.0), groups, strict=True)]
    return x @ [3.0, -1.0] + sum(effects) + rng.normal(0, 0.7, rows), x, groups


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.floats(0, 5), st.floats(0, 5), st.floats(0.1, 5))
def test_given_is_dense_linear_algebra(seed, first, second, sigma):
    y, x, groups = made(seed)
    level, beta, cov, effects = dense(y, x, groups, (first, second), sigma)
    result = crossed.given(y, x, groups, (first, second), sigma)
    assert result.log_likelihood == pytest.approx(level, rel=1e-9)
    assert result.beta == pytest.approx(beta, rel=1e-8)
    assert result.se_beta == pytest.approx(np.sqrt(np.diagonal(cov)), rel=1e-8)
    for ours, theirs in zip(result.effects, effects, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-9)
    assert result.sigma == sigma
    # Of far less than 1e-150 the square has fewer digits, or is 0.
    assert result.sd == pytest.approx([first, second], rel=1e-12, abs=1e-150)


def test_penicillin_agrees_with_lme4():
    """lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin), as lme4's own examples print it."""
    fit = crossed.fit(DISHES.y, ONES, [DISHES.plate, DISHES.sample])
    assert -2 * fit.log_likelihood == pytest.approx(330.8606, abs=1e-4)
    assert fit.sd == pytest.approx([0.8467, 1.9316], abs=1e-4)
    assert fit.sigma == pytest.approx(0.5499, abs=1e-4)
    assert (fit.beta[0], fit.se_beta[0]) == pytest.approx((22.9722, 0.8086), abs=1e-4)


def test_pastes_agree_with_lme4():
    """lmer(strength ~ 1 + (1 | batch) + (1 | batch:cask), Pastes)."""
    fit = crossed.fit(PASTE.y, np.ones((60, 1)), [PASTE.batch, CASK])
    assert -2 * fit.log_likelihood == pytest.approx(246.9907, abs=1e-4)
    assert fit.sd == pytest.approx([1.2874, 2.9041], abs=1e-4)
    assert fit.sigma == pytest.approx(0.8234, abs=1e-4)
    assert (fit.beta[0], fit.se_beta[0]) == pytest.approx((60.0533, 0.6769), abs=1e-4)


def test_balanced_data_have_a_closed_form():
    table = DISHES.y.reshape(24, 6)
    rest = table - table.mean(axis=1)[:, None] - table.mean(axis=0) + table.mean()
    error = np.sum(rest**2) / (23 * 5)
    plates, samples = (table.mean(axis=k).var(ddof=1) - error / n for k, n in ((1, 6), (0, 24)))
    fit = crossed.fit(DISHES.y, ONES, [DISHES.plate, DISHES.sample])
    assert [*fit.sd**2, fit.sigma**2] == pytest.approx([plates, samples, error], rel=1e-9)


def test_unbalanced_data_agree_with_statsmodels():
    kept = np.random.default_rng(3).permutation(144)[:90]
    y, plate, sample = DISHES.y[kept], DISHES.plate[kept], DISHES.sample[kept]
    names = [np.unique(each) for each in (plate, sample)]
    Z = [np.equal.outer(each, name).astype(float) for each, name in zip((plate, sample), names, strict=True)]
    components = VCSpec(["plate", "sample"], [[name.tolist()] for name in names], [[z] for z in Z])
    theirs = MixedLM(y, np.ones((90, 1)), np.ones(90), exog_vc=components).fit(reml=True)
    ours = crossed.fit(y, np.ones((90, 1)), [plate, sample])
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-6)
    assert ours.sd**2 == pytest.approx(theirs.vcomp, rel=1e-3)
    assert ours.sigma**2 == pytest.approx(theirs.scale, rel=1e-3)
    assert ours.beta == pytest.approx(np.asarray(theirs.fe_params), rel=1e-6)


def test_one_grouping_is_regression_fit():
    people = datasets.sleepstudy()
    x = np.column_stack([np.ones(180), people.day])
    ours, theirs = crossed.fit(people.y, x, [people.group]), regression.fit(people.y, x, x[:, :1], people.group)
    assert ours.sd == pytest.approx(theirs.sd, rel=1e-8)
    assert ours.sigma == pytest.approx(theirs.sigma, rel=1e-8)
    assert ours.beta == pytest.approx(theirs.beta, rel=1e-8)
    assert ours.se_beta == pytest.approx(theirs.se_beta, rel=1e-8)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, abs=1e-8)
    assert ours.effects[0] == pytest.approx(theirs.deviation[:, 0], rel=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_no_place_nearby_or_far_is_higher(seed):
    y, x, groups = made(seed, rows=30)
    fit = crossed.fit(y, x, groups)
    for factor in itertools.product((0.25, 0.97, 1, 1.03, 4), repeat=3):
        sd = fit.sd * factor[:2] if (fit.sd > 0).all() else fit.sd + 0.1 * np.abs(np.log(factor[:2]))
        assert dense(y, x, groups, sd, fit.sigma * factor[2])[0] <= fit.log_likelihood + 1e-9


SEVERAL_MAXIMA = {
    "9 rows": (
        [-1.79, 0.63, 0.37, 6.54, 3.81, -1.71, 4.68, -3.29, 3.2],
        [[1, 0, 0, 4, 5, 0, 3, 2, 3], [5, 3, 3, 5, 4, 1, 1, 1, 0]],
    ),
    "13 rows": (
        [1.41, -1.27, 1.15, -0.79, -2.64, 0.9, 0.66, -3.63, 1.51, -1.37, -2.38, -1.42, -1.19],
        [[3, 2, 0, 2, 1, 0, 2, 1, 3, 2, 1, 1, 1], [0, 1, 4, 0, 4, 5, 2, 5, 0, 0, 1, 1, 0]],
    ),
    "8 rows": (
        [-0.3, 3.29, -2.96, 0.13, 0.57, 3.16, -3.02, -3.71],
        [[2, 3, 4, 0, 2, 3, 4, 1], [1, 1, 1, 0, 0, 2, 2, 1]],
    ),
}


@pytest.mark.parametrize(("y", "groups"), SEVERAL_MAXIMA.values(), ids=SEVERAL_MAXIMA)
def test_of_several_maxima_the_highest_is_found(y, groups):
    """No point of a grid is higher: of the ratios tau/sigma, with sigma at its best, by dense matrices."""
    y, groups, x = np.array(y), [np.array(group) for group in groups], np.ones((len(y), 1))
    fit = crossed.fit(y, x, groups)
    for ratio in itertools.product([0, *np.geomspace(0.02, 200, 33)], repeat=2):
        unit = dense(y, x, groups, ratio, 1.0)[0]
        # The likelihood at sigma = 1 and at sigma = 2, with tau in proportion, tells that at the best sigma.
        free, double = len(y) - 1, dense(y, x, groups, 2 * np.array(ratio), 2.0)[0]
        squares = (double - unit + free * np.log(2)) * 8 / 3
        best = unit + squares / 2 - free * (1 + np.log(squares / free)) / 2
        assert best <= fit.log_likelihood + 1e-6


def test_many_groupings_take_a_bounded_search():
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 3, (9, 60))
    y = rng.normal(size=(9, 3))[np.arange(9)[:, None], groups].sum(axis=0) + rng.normal(size=60)
    fit = crossed.fit(y, np.ones((60, 1)), groups)
    assert fit.log_likelihood >= crossed.given(y, np.ones((60, 1)), groups, np.ones(9), 1.0).log_likelihood


def test_where_groups_are_too_alike_the_estimate_is_exactly_zero():
    table = np.array([[1.0, 4.0, 2.0], [3.5, 1.0, 2.5], [2.0, 2.5, 3.0]])
    rows, columns = np.divmod(np.arange(9), 3)
    fit = crossed.fit(table.ravel(), np.ones((9, 1)), [rows, columns])
    assert fit.sd.tolist() == [0, 0]
    assert fit.sigma == pytest.approx(table.std(ddof=1))
    assert all((each == 0).all() for each in fit.effects)


def test_units_and_a_constant_change_what_they_should():
    y, x, groups = made(5)
    fit, other = crossed.fit(y, x, groups), crossed.fit(1000 * y + 1e5, x, groups)
    assert other.sd == pytest.approx(1000 * fit.sd, rel=1e-6)
    assert other.sigma == pytest.approx(1000 * fit.sigma, rel=1e-6)
    assert other.beta - [1e5, 0] == pytest.approx(1000 * fit.beta, rel=1e-6)


@pytest.mark.parametrize("constant", [2000.0, 1.7e9])
def test_a_predictor_may_be_years_or_seconds_of_the_unix_clock(constant):
    y, x, groups = made(5)
    x[:, 1] = np.arange(60) % 6
    one, other = (crossed.fit(y, x + np.array([0, start]), groups) for start in (0, constant))
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-8)
    assert [*other.sd, other.sigma, other.beta[1]] == pytest.approx([*one.sd, one.sigma, one.beta[1]], rel=1e-6)
    assert other.beta[0] == pytest.approx(one.beta[0] - constant * one.beta[1], rel=1e-6)
    assert other.se_beta[1] == pytest.approx(one.se_beta[1], rel=1e-6)


def test_rows_in_another_order_and_labels_of_another_kind():
    order = np.random.default_rng(2).permutation(144)
    fit = crossed.fit(DISHES.y, ONES, [DISHES.plate, DISHES.sample])
    mixed = crossed.fit(
        DISHES.y[order], ONES, [DISHES.plate[order].tolist(), np.unique(DISHES.sample, return_inverse=True)[1][order]]
    )
    assert mixed.levels[0].tolist() == fit.levels[0].tolist()
    assert mixed.effects[1] == pytest.approx(fit.effects[1], rel=1e-8)


ROWS = [1.0, 3.0, 5.0, 6.0, 8.0, 12.0]
FIRST, SECOND = ["a", "a", "b", "b", "c", "c"], ["u", "v", "u", "v", "u", "v"]


@pytest.mark.parametrize(
    ("y", "x", "groups", "words"),
    [
        (ROWS, np.ones((6, 1)), [], "at least one grouping"),
        (ROWS, np.ones((6, 1)), None, "at least one grouping, but is None"),
        (ROWS, np.ones((6, 1)), 5, "groups must be a list of at least one grouping, but is 5"),
        (ROWS, np.ones((6, 1)), pd.DataFrame({"plate": FIRST, "sample": SECOND}), "groups must be a list of groupings"),
        (ROWS, np.ones((6, 1)), [FIRST, SECOND[:5]], r"each with 6 labels, one a row, but groups\[1\] holds 5"),
        (ROWS, np.ones((6, 1)), [FIRST, [*SECOND[:5], None]], r"groups\[1\]\[5\] is missing"),
        (ROWS, np.ones(6), [FIRST], "shapes"),
        (ROWS, np.ones((6, 2)), [FIRST], "x does not identify all shared coefficients"),
        ([], np.ones((0, 1)), [[]], "shapes"),
        (ROWS, np.ones((6, 1)), [FIRST, FIRST], "told apart"),
        (ROWS, np.ones((6, 1)), [FIRST, ["u"] * 6], "told apart"),
        (ROWS, np.ones((6, 1)), [list("abcdef")], "fit every row exactly"),
        ([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], np.ones((6, 1)), [FIRST], "fit every row exactly"),
        ([1.0] * 6, np.ones((6, 1)), [FIRST], "fit every row exactly"),
    ],
)
def test_what_has_no_one_answer_is_refused(y, x, groups, words):
    with pytest.raises(ValueError, match=words):
        crossed.fit(y, x, groups)


@pytest.mark.parametrize(
    ("sd", "sigma", "words"),
    [([1.0], 1.0, "one number a grouping"), ([1.0, -1.0], 1.0, "sd"), ([1.0, 1.0], 0.0, "sigma")],
)
def test_given_refuses_what_are_no_standard_deviations(sd, sigma, words):
    with pytest.raises(ValueError, match=words):
        crossed.given(ROWS, np.ones((6, 1)), [FIRST, SECOND], sd, sigma)


def test_the_columns_of_a_dataframe_are_groupings():
    table = pd.DataFrame({"plate": FIRST, "sample": SECOND})
    by_table = crossed.fit(ROWS, np.ones((6, 1)), [table[c] for c in table])
    assert by_table.log_likelihood == crossed.fit(ROWS, np.ones((6, 1)), [FIRST, SECOND]).log_likelihood


def test_what_says_who_belongs_where_holds_one_number_a_row():
    """As a full matrix it would take 8 TB for a million groups."""
    columns = crossed._indicators(np.repeat(np.arange(10**6), 2), 10**6)
    assert columns.nnz == 2 * 10**6
    assert (columns.sum(axis=1) == 1).all()
    assert (columns.sum(axis=0) == 2).all()


@pytest.mark.parametrize(("noise", "rel"), [(0.1, 1e-10), (1e-2, 1e-9), (1e-4, 1e-5), (1e-5, 0.02)])
@pytest.mark.parametrize("seed", range(5))
def test_little_noise_is_found_as_the_mean_squares_say(noise, rel, seed):
    """Of a complete table with one row a cell, REML's sigma^2 and tau^2 are those of the analysis of variance."""
    rows, columns = np.arange(6) / 2, np.arange(5) / 2
    table = rows[:, None] + columns + noise * np.random.default_rng(seed).normal(size=(6, 5))
    plate, sample = np.indices(table.shape).reshape(2, -1)
    fit = crossed.fit(table.ravel(), np.ones((30, 1)), [plate, sample])
    of_rows, of_columns = table.mean(axis=1), table.mean(axis=0)
    left = np.sum((table - of_rows[:, None] - of_columns + table.mean()) ** 2) / 20
    assert fit.sigma == pytest.approx(np.sqrt(left), rel=rel, abs=0)
    between = [of_rows.var(ddof=1) - left / 5, of_columns.var(ddof=1) - left / 6]
    assert fit.sd == pytest.approx(np.sqrt(between), rel=rel, abs=0)
