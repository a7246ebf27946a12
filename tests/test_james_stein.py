"""james_stein against mpmath, quadrature of the definition, simulation and Efron and Morris's batters."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from hblib import james_stein
from tests.chance import assert_near

STAR = np.array([5.0] + [0.0] * 9)
LAMBDAS = (0, 1e-9, 0.01, 1, 7, 30, 100, 400, 1e4, 1e6, 1e8)
values = st.lists(st.floats(-50, 50), min_size=4, max_size=12).map(np.array)
scale = st.floats(0.01, 100)
targets = st.one_of(st.none(), st.floats(-50, 50))
bools = st.booleans()

# Efron & Morris (1975), table 1: hits in the first 45 at bats of 1970, and the average of the rest of that season. For
# Williams we keep their printed .256.
HITS = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7])
REST = [0.346, 0.298, 0.276, 0.222, 0.273, 0.270, 0.263, 0.210, 0.269]  # Clemente to Santo
REST = np.array([*REST, 0.230, 0.264, 0.256, 0.303, 0.264, 0.226, 0.285, 0.316, 0.200])  # Swoboda to Alvis


def far(k, lam, target=0.0):
    """k means whose squared distance from the target, or from their own mean, is lam."""
    direction = np.arange(k) - (k - 1) / 2 if target is None else np.arange(1.0, k + 1)
    return direction * np.sqrt(lam / np.sum(direction**2)) + (3.0 if target is None else target)


def draws(theta, se, number, seed):
    return np.random.default_rng(seed).normal(theta, se, (number, len(theta)))


def z_score(sample, expected):
    return (np.mean(sample, axis=0) - expected) / (np.std(sample, axis=0, ddof=1) / np.sqrt(len(sample)))


def test_estimate_by_hand():
    # S = (16 + 4 + 0 + 4)/4 = 6: c = 1 - 2/6; about the mean 1, S = (9 + 1 + 1 + 9)/4 = 5: c = 1 - 1/5
    y = [4.0, 2.0, 0.0, -2.0]
    assert james_stein.shrinkage(y, 2, 0) == pytest.approx(2 / 3, rel=1e-15, abs=0)
    np.testing.assert_allclose(james_stein.estimate(y, 2, 0), np.multiply(2 / 3, y), rtol=1e-15)
    assert james_stein.shrinkage(y, 2) == pytest.approx(0.8, rel=1e-15)
    np.testing.assert_allclose(james_stein.estimate(y, [2, 2, 2, 2]), [3.4, 1.8, 0.2, -1.4], rtol=1e-14)
    goals = [3.0, 3.0, 0.0, -2.0]  # S = (1 + 1)/4, c = 1 - 2/0.5 = -3
    np.testing.assert_array_equal(james_stein.estimate(y, 2, goals), goals)
    np.testing.assert_allclose(james_stein.estimate(y, 2, goals, positive=False), [0, 6, 0, -2], rtol=1e-15)


def test_efron_and_morris_batters():
    y, average = HITS / 45, HITS.mean() / 45
    se = np.sqrt(average * (1 - average) / 45)
    estimate = james_stein.estimate(y, se)
    assert round(james_stein.shrinkage(y, se), 3) == 0.212
    before, after = np.sum((y - REST) ** 2), np.sum((estimate - REST) ** 2)
    assert (round(before, 4), round(after, 4), round(before / after, 2)) == (0.0753, 0.0213, 3.53)
    assert np.sum(np.abs(estimate - REST) < np.abs(y - REST)) == 16


@settings(deadline=None)
@given(values, scale, targets, bools)
def test_sure_and_estimate_from_one_loop(y, se, target, positive):
    """The definitions again, in plain Python, one group at a time."""
    k, goal, least = len(y), (sum(y) / len(y) if target is None else target), (3 if target is None else 2)
    total = sum(((value - goal) / se) ** 2 for value in y)
    assume(total > 1e-9 and abs(total - (k - least)) > 1e-6)  # there, sure jumps
    factor = 1 - (k - least) / total
    if positive and factor < 0:
        factor = 0.0
        loss = total - k + (2 if target is None else 0)
    else:
        loss = k - (k - least) ** 2 / total
    expected = [goal + factor * (value - goal) for value in y]
    tolerance = {"rtol": 1e-6, "atol": 1e-6 * (1 + abs(factor))}
    np.testing.assert_allclose(james_stein.estimate(y, se, target, positive), expected, **tolerance)
    np.testing.assert_allclose(james_stein.sure(y, se, target, positive) / se**2, loss, rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(values, scale, targets, st.floats(-50, 50), scale)
def test_everything_follows_shift_and_unit(y, se, target, shift, unit):
    assume(abs(james_stein.shrinkage(y, se, target, positive=False)) > 1e-6)  # at c = 0, sure jumps
    moved, goal = shift + unit * y, None if target is None else shift + unit * target
    for function in (james_stein.estimate, james_stein.limited_translation):
        near = {"rtol": 1e-7, "atol": 1e-7 * (1 + unit * 50)}
        np.testing.assert_allclose(function(moved, unit * se, goal), shift + unit * function(y, se, target), **near)
    for function in (james_stein.risk, james_stein.sure, james_stein.component_risk):
        np.testing.assert_allclose(
            function(moved, unit * se, goal) / unit**2, function(y, se, target), rtol=1e-6, atol=1e-6 * se**2
        )


@settings(deadline=None)
@given(values, scale, targets)
def test_the_positive_part_never_crosses_the_target(y, se, target):
    goal = np.mean(y) if target is None else target
    estimate = james_stein.estimate(y, se, target)
    assert 0 <= james_stein.shrinkage(y, se, target) <= 1
    assert (np.abs(estimate - goal) <= np.abs(y - goal) + 1e-12).all()
    assert ((estimate - goal) * (y - goal) >= -1e-10).all()


def test_a_shared_constant_costs_no_digits():
    y = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    assert james_stein.shrinkage(y + 2.0**40, 1.0) == james_stein.shrinkage(y, 1.0)


@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("target", [None, 0.1])
def test_at_the_target_the_answer_is_the_target(target, positive):
    for k in (4, 5, 7, 1000):  # 0.1 has no exact mean in floating point
        y = np.full(k, 0.1)
        np.testing.assert_array_equal(james_stein.estimate(y, 1.0, target, positive), y)
        assert james_stein.shrinkage(y, 1.0, target, positive) == 0
        dimensions = k - (target is None)
        expected = k - 2 * dimensions if positive else -np.inf
        assert james_stein.sure(y, 1.0, target, positive) == expected


def test_estimates_of_any_size_give_no_warning():
    huge = np.array([1e200, -1e200, 3.0, 4.0])
    np.testing.assert_array_equal(james_stein.estimate(huge, 1.0, 0.0), huge)
    assert james_stein.sure(huge, 1.0, 0.0) == 4
    tiny = np.array([1e-170, -1e-170, 0.0, 0.0])
    np.testing.assert_array_equal(james_stein.estimate(tiny, 1.0, 0.0, positive=False), 0)
    small = np.array([1e-140, -1e-140, 0.0, 0.0])  # 1 - 2/S turns 1e-140 into -1e140
    crossed = james_stein.estimate(small, 1.0, 0.0, positive=False)
    np.testing.assert_allclose(crossed, [-1e140, 1e140, 0, 0], rtol=1e-12)


@pytest.mark.parametrize("k", [4, 5, 10, 60, 100_000])
@pytest.mark.parametrize("target", [0.0, None])
def test_plain_risk_agrees_with_the_hypergeometric_function(k, target):
    """E 1/(b + 2N) = 1F1(1; b/2 + 1; -lambda/2)/b for N ~ Poisson(lambda/2), here in 40 digits."""
    free = k - (target is None)
    for lam in LAMBDAS:
        with mpmath.workdps(40):
            inverse = mpmath.hyp1f1(1, mpmath.mpf(free) / 2, -mpmath.mpf(lam) / 2) / (free - 2)
            expected = float(k - (free - 2) ** 2 * inverse)
        for se in (1.0, 0.3):
            theta = se * far(k, lam, target)
            result = james_stein.risk(theta, se, target, "js") / se**2
            assert result == pytest.approx(expected, rel=1e-12)
            gain, exact = k - result, float((free - 2) ** 2 * inverse)
            assert gain == pytest.approx(exact, rel=1e-9, abs=1e-14 * k)


def test_three_groups_suffice_for_a_fixed_target():
    assert james_stein.risk([0, 0, 0], estimator="js") == pytest.approx(2, rel=1e-14)
    expected = 3 - special.hyp1f1(1, 1.5, -3.0)
    assert james_stein.risk([1, 2, 1], estimator="js") == pytest.approx(expected, rel=1e-13, abs=0)


def positive_risk(d, lam):
    """JS+ about a fixed target, from its definition: the loss given S = |x|^2, averaged over the density of S.

    Given S, the direction of x is von Mises-Fisher: E(x'eta | S) = sqrt(lam S) I_{d/2}/I_{d/2-1} at sqrt(lam S).
    """

    def integrand(s):
        root = np.sqrt(lam * s)
        along = root * special.ive(d / 2, root) / special.ive(d / 2 - 1, root) if lam else 0.0
        density = stats.ncx2(d, lam).pdf(s) if lam else stats.chi2(d).pdf(s)
        factor = max(0.0, 1 - (d - 2) / s)
        return (factor**2 * s - 2 * factor * along + lam) * density

    centre, width = d + lam, np.sqrt(2 * d + 4 * lam)
    ends = sorted({0.0, max(0.0, centre - 12 * width), float(d - 2), centre, centre + 14 * width + 40})
    return sum(integrate.quad(integrand, *piece, epsabs=1e-10, epsrel=1e-10)[0] for piece in pairwise(ends))


@pytest.mark.parametrize("d", [3, 4, 10, 60])
def test_positive_risk_agrees_with_quadrature(d):
    for lam in (0, 0.1, 7, 30, 1000):
        expected = positive_risk(d, lam)
        assert james_stein.risk(2 * far(d, lam), 2.0) / 4 == pytest.approx(expected, rel=1e-8)
        about_the_mean = james_stein.risk(far(d + 1, lam, None), target=None)
        assert about_the_mean == pytest.approx(1 + expected, rel=1e-8)  # the mean adds its own se^2


def test_positive_risk_agrees_with_the_poisson_sum_in_many_digits():
    """The definition E_(d+2) h^2, E_(d+4) h^2 - 2 E_(d+2) h + 1 term by term, in 40 digits."""

    def part(n, power, a):  # E h^power for a central chi-square, h = (1 - a/S)+
        coefficients = [(-a) ** i * mpmath.binomial(power, i) for i in range(power + 1)]
        tails = [mpmath.gammainc(n / 2 - i, a / 2) / 2**i / mpmath.gamma(n / 2) for i in range(power + 1)]
        return mpmath.fdot(coefficients, tails)

    for d, lam in ((3, 1e-6), (3, 9.0), (10, 25.0), (10, 120.0), (40, 64.0)):
        with mpmath.workdps(40):
            noise = lean = mpmath.mpf(0)
            weight, mean = mpmath.exp(-mpmath.mpf(lam) / 2), mpmath.mpf(lam) / 2
            for n in range(int(mean + 12 * mean**0.5 + 25)):
                df, a = mpmath.mpf(d + 2 * n), mpmath.mpf(d - 2)
                noise += weight * part(df + 2, 2, a)
                lean += weight * (part(df + 4, 2, a) - 2 * part(df + 2, 1, a) + 1)
                weight *= mean / (n + 1)
            theta = far(d, lam)
            expected = [float(noise + lean * mpmath.mpf(t) ** 2) for t in theta]
        np.testing.assert_allclose(james_stein.component_risk(theta), expected, rtol=1e-12)


def test_positive_risk_at_the_target_is_one_tail():
    """At theta = target the formulas collapse to 2 P(chi2_k > k - 2), which is below the plain estimator's 2."""
    for k in (3, 10, 1000):
        assert james_stein.risk(np.zeros(k)) == pytest.approx(2 * stats.chi2(k).sf(k - 2), rel=1e-13, abs=0)


@pytest.mark.parametrize(("estimator", "total", "star"), [("js+", 7.96262, 2.68268), ("js", 7.96396, 2.68394)])
def test_a_star_pays_for_the_others(estimator, total, star):
    """One theta of 5 among nine of 0, by brute force over x_1 and the length r of the other nine."""
    x, r = np.linspace(-5, 15, 2001)[:, None], np.linspace(1e-3, 13, 2001)
    size = x**2 + r**2
    factor = 1 - 8 / size
    if estimator == "js+":
        factor = np.maximum(factor, 0)
    weight = stats.norm(5).pdf(x) * stats.chi(9).pdf(r) * (x[1, 0] - x[0, 0]) * (r[1] - r[0])
    brute = np.sum(weight * (factor * x - 5) ** 2), np.sum(weight * (factor * r) ** 2) / 9
    each = james_stein.component_risk(STAR, estimator=estimator)
    np.testing.assert_allclose([each[0], each[1]], brute, rtol=2e-6)
    assert (each[1:] == each[1]).all()
    assert (round(each[0], 5), round(each.sum(), 5)) == (star, total)
    assert each[0] > 1 > each[1]


@pytest.mark.parametrize("estimator", ["js", "js+"])
@pytest.mark.parametrize("target", [0.5, None])
@pytest.mark.parametrize("theta", [STAR, np.array([0.0, 0.5, 1.0, 2.0])])
def test_component_risk_agrees_with_simulation(theta, target, estimator):
    se, positive = 0.8, estimator == "js+"
    y = draws(theta, se, 2000, seed=20)
    errors = np.array([james_stein.estimate(row, se, target, positive) - theta for row in y]) ** 2
    each = james_stein.component_risk(theta, se, target, estimator)
    assert_near(z_score(errors, each), 0, 1)
    total = james_stein.risk(theta, se, target, estimator)
    assert_near(z_score(errors.sum(axis=1), total), 0, 1)
    assert each.sum() == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("target", [0.5, None])
def test_sure_is_unbiased(target, positive):
    # k = 9, so that 1/S has a variance
    for theta, seed in ((np.full(9, 0.5), 1), (np.linspace(-1, 2, 9), 2), (STAR[:9], 3)):
        sample = [james_stein.sure(row, 1.5, target, positive) for row in draws(theta, 1.5, 2500, seed)]
        risk = james_stein.risk(theta, 1.5, target, "js+" if positive else "js")
        assert_near(z_score(sample, risk), 0, 1)


@pytest.mark.parametrize("k", [4, 10, 500])
@pytest.mark.parametrize("target", [0.0, None])
def test_js_plus_beats_js_beats_mle(k, target):
    for lam in (*LAMBDAS[:8], *np.geomspace(0.1, 1e3, 30)):
        theta = far(k, lam, target)
        plus, plain, mle = (james_stein.risk(theta, 1.0, target, name) for name in ("js+", "js", "mle"))
        assert mle == k
        assert plus <= plain * (1 + 1e-14)
        assert plain < mle


def test_the_risk_far_away_is_that_of_the_mle():
    for size in (1e9, 1e60, 1e160, 1e300):
        theta = np.array([size, 0, 0, -size])
        for target in (0.0, None):
            for estimator in ("js", "js+"):
                each = james_stein.component_risk(theta, 1.0, target, estimator)
                np.testing.assert_allclose(each, 1, rtol=1e-12)


def test_the_risk_of_the_mle_takes_any_number_of_groups():
    assert james_stein.risk([3.0], 2.0, estimator="mle") == 4
    assert james_stein.component_risk([3.0, 4.0], 2.0, None, "mle").tolist() == [4, 4]


@settings(deadline=None)
@given(values, scale, targets, st.floats(0, 5))
def test_limited_translation_keeps_its_limit(y, se, target, limit):
    full = james_stein.estimate(y, se, target)
    result = james_stein.limited_translation(y, se, target, limit)
    assert (np.abs(result - y) <= limit * se + 1e-12 * (1 + np.abs(y))).all()
    inside = np.abs(full - y) < limit * se * (1 - 1e-9)
    np.testing.assert_array_equal(result[inside], full[inside])
    np.testing.assert_allclose(np.abs(result - y)[~inside], limit * se, rtol=1e-6, atol=1e-11)
    np.testing.assert_array_equal(james_stein.limited_translation(y, se, target, np.inf), full)
    np.testing.assert_array_equal(james_stein.limited_translation(y, se, target, 0), y)


def test_limited_translation_bounds_what_a_star_can_lose():
    def errors(theta):
        rows = draws(theta, 1.0, 3000, seed=4)
        return np.array([james_stein.limited_translation(row, 1.0, 0.0) - theta for row in rows]) ** 2

    with_star, level = errors(STAR), errors(np.zeros(10))
    each = james_stein.component_risk(STAR)
    assert z_score(with_star[:, 0], each[0]) < -4
    assert z_score(with_star.sum(axis=1), each.sum()) < -4  # here even the total gains
    assert z_score(level.sum(axis=1), james_stein.risk(np.zeros(10))) > 4  # and here it pays
    assert z_score(level.sum(axis=1), 10) < -4


def test_the_limit_may_differ_between_groups():
    own = james_stein.limited_translation([9.0, 1, 1, 1, 1, 1, 1], 1.0, 0.0, limit=[0, 9, 9, 9, 9, 9, 9])
    assert own[0] == 9
    assert own[1] == james_stein.estimate([9.0, 1, 1, 1, 1, 1, 1], 1.0, 0.0)[1]


FOUR = [1.0, 2.0, 3.0, 4.0]
ALL = [james_stein.estimate, james_stein.shrinkage, james_stein.sure, james_stein.limited_translation]


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("ybar", "se", "target", "message"),
    [
        ([1, 2], 1, 0, r"at least 3 groups to shrink toward a fixed target, but ybar has J = 2"),
        (3.0, 1, 0, r"a fixed target, but ybar has J = 1"),
        ([1, 2, 3], 1, None, r"at least 4 groups to shrink toward the mean, but ybar has J = 3"),
        ([], 1, None, r"ybar and se must hold at least one group"),
        (FOUR, [1, 1, 1, 2], None, r"se must be the same in all groups.*do worse than ybar.*normal_normal\.fit"),
        (FOUR, 0, None, r"se must be greater than 0, but se = 0"),
        (FOUR, -1, 0, r"se must be greater than 0, but se = -1"),
        (FOUR, [1, 1, np.nan, 1], 0, r"se must not be missing \(NaN\), but se\[2\]"),
        (FOUR, np.inf, 0, r"se must be finite"),
        ([1, np.nan, 3, 4], 1, None, r"ybar must not be missing \(NaN\), but ybar\[1\]"),
        ([1, np.inf, 3, 4], 1, 0, r"ybar must be finite, but ybar\[1\]"),
        (FOUR, 1, np.nan, r"target must not be missing"),
        (FOUR, 1, [0, 0], r"the shapes of ybar \(4,\) and se \(1,\) and target \(2,\) do not fit together"),
        (FOUR, 1, "mean", r"target must hold numbers, but is 'mean'"),
        ([FOUR, FOUR], 1, None, r"ybar and se must have one axis, the groups"),
    ],
)
def test_bad_input_is_named(function, ybar, se, target, message):
    with pytest.raises(ValueError, match=message):
        function(ybar, se, target)


@pytest.mark.parametrize("function", [james_stein.risk, james_stein.component_risk])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"theta": [0, 0]}, r"at least 3 groups to shrink toward a fixed target, but theta has J = 2"),
        ({"theta": [0, 0, 0], "target": None}, r"toward the mean, but theta has J = 3"),
        ({"theta": FOUR, "se": [1, 2, 3, 4]}, r"se must be the same in all groups"),
        ({"theta": FOUR, "se": 0}, r"se must be greater than 0"),
        ({"theta": [0, np.nan, 0]}, r"theta must not be missing \(NaN\), but theta\[1\]"),
        ({"theta": FOUR, "estimator": "JS"}, r"estimator must be one of 'mle', 'js', 'js\+', but is 'JS'"),
    ],
)
def test_bad_input_to_the_risk_is_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(**arguments)


@pytest.mark.parametrize(
    ("limit", "message"), [(-1, "limit must be at least 0"), (np.nan, "limit must not be missing")]
)
def test_bad_limit_is_named(limit, message):
    with pytest.raises(ValueError, match=message):
        james_stein.limited_translation(FOUR, 1, 0, limit)


def test_equal_se_up_to_rounding_are_equal():
    se = np.array([0.3, 0.1 + 0.2, 0.3, 3 * 0.1])
    np.testing.assert_allclose(james_stein.estimate(FOUR, se), james_stein.estimate(FOUR, 0.3), rtol=1e-14)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_whether_the_se_are_equal_does_not_hang_on_the_unit(unit):
    ybar, rounded = unit * np.array([4.0, 1, 0, -1]), unit * np.array([1.0, 1 + 1e-12, 1.0, 1.0])
    mean = james_stein.limited_translation(ybar, rounded, 0.0, 0.25)
    np.testing.assert_allclose(mean / unit, [3.75, 8 / 9, 0, -8 / 9], rtol=1e-9)
    with pytest.raises(ValueError, match="se must be the same in all groups"):
        james_stein.limited_translation(ybar, unit * np.array([1.0, 1.1, 1.0, 1.0]), 0.0, 0.25)
