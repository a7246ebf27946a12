"""exact_coverage against simulation, an integral by SciPy and its limits; and the stored table against it."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from hblib import datasets, normal_normal, repairs
from hblib._numerics import interval_coverage
from tests.chance import assert_near

TABLE = datasets.coverage()
SCRIPT = Path(__file__).parent.parent / "tools" / "data" / "simulate_coverage.py"


def simulated(groups, ratio, method, replicates=1200):
    """By hblib's own fits and repairs, in an arbitrary unit and around an arbitrary mean."""
    rng = np.random.default_rng(groups)
    theta = rng.normal(70, 3 * ratio, (replicates, groups))
    inside = []
    for row in range(replicates):
        ybar = rng.normal(theta[row], 3)
        if method == "morris":
            post = repairs.morris(ybar, 3.0)
        else:
            post = normal_normal.fit(ybar, 3.0, method).posterior(ybar, 3.0)
        low, high = post.interval(0.9)
        inside.append(np.mean((low <= theta[row]) & (theta[row] <= high)))
    return np.mean(inside), np.std(inside) / np.sqrt(replicates)


@pytest.mark.parametrize(("groups", "ratio"), [(4, 0.7), (9, 1.5)])
@pytest.mark.parametrize("method", ["reml", "ml", "morris"])
def test_exact_is_what_a_simulation_finds(groups, ratio, method):
    share, error = simulated(groups, ratio, method)
    assert_near(share, repairs.exact_coverage(groups, ratio, method, prob=0.9), error)


@pytest.mark.parametrize(("groups", "ratio"), [(6, 0.4), (30, 1.2)])
def test_the_integral_by_another_rule(groups, ratio):
    """On a plain grid over z = d_1/sd and the quantiles of the chi-square of the rest: no total, no angle, no edge."""
    v = ratio**2 + 1
    kappa = ratio**2 / v
    sd = np.sqrt(kappa + (1 - kappa) ** 2 * v / groups)
    p = (np.arange(2000) + 0.5) / 2000
    z, q = np.meshgrid(stats.norm.ppf(p), stats.chi2(groups - 2).ppf(p))
    b = 1 / np.maximum(1.0, v * (z**2 + q) / (groups - 1))
    half, m = 1.959963984540054 * np.sqrt(1 - b), (kappa - 1 + b) * z * np.sqrt(v * (groups - 1) / groups)
    inside = special.ndtr((half - m) / sd) - special.ndtr((-half - m) / sd)
    assert repairs.exact_coverage(groups, ratio) == pytest.approx(inside.mean(), abs=2e-4)


def test_the_rule_has_settled(monkeypatch):
    """With three times the nodes the answer stays."""
    cases = [(J, r, m) for J in (4, 5, 20, 500, 10**5) for r in (0.05, 0.7, 5) for m in ("reml", "ml", "morris")]
    before = [repairs.exact_coverage(*case) for case in cases]
    x, w = np.polynomial.legendre.leggauss(480)
    monkeypatch.setattr(interval_coverage, "_NODES", (x + 1) / 2)
    monkeypatch.setattr(interval_coverage, "_WEIGHTS", w / 2)
    np.testing.assert_allclose(before, [repairs.exact_coverage(*case) for case in cases], rtol=0, atol=2e-7)


@pytest.mark.parametrize("method", ["reml", "ml", "morris"])
def test_limits(method):
    """Many groups, or effects far more spread than the noise: nothing to estimate. Then the promise is kept."""
    for prob in (0.5, 0.95):
        assert repairs.exact_coverage(10**6, 1.0, method, prob) == pytest.approx(prob, abs=1e-5)
        assert repairs.exact_coverage(8, 1e5, method, prob) == pytest.approx(prob, abs=1e-8)
    assert repairs.exact_coverage(8, 1.0, method, 0.0) == pytest.approx(0, abs=1e-12)


def test_the_loss_for_many_groups():
    """z phi(z)/J (5/lambda + (1 + z^2)/(2 lambda^2)), lambda = (tau/se)^2."""
    z = stats.norm.ppf(0.975)
    for ratio in (0.5, 1.0, 3.0):
        loss = z * stats.norm.pdf(z) * (5 / ratio**2 + (1 + z**2) / (2 * ratio**4))
        assert (0.95 - repairs.exact_coverage(10**5, ratio)) * 10**5 == pytest.approx(loss, rel=0.01)
        for groups in (10**8, 10**10):  # what comes after it falls as 1/J^2, and leaves only the error of the integral
            assert repairs.exact_coverage(groups, ratio) == pytest.approx(0.95 - loss / groups, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: repairs.exact_coverage(3, 1.0), "groups must be at least 4"),
        (lambda: repairs.exact_coverage(8.5, 1.0), "groups must be a whole number"),
        (lambda: repairs.exact_coverage(8, 0), "ratio must be greater than 0"),
        (lambda: repairs.exact_coverage(8, 1, "moments"), "method must be one of 'reml', 'ml', 'morris'"),
        (lambda: repairs.exact_coverage(8, 1, prob=1), "prob must be below 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_stored_table_is_right():
    """Every row that has an exact value, and that no row is impossible."""
    z = []
    for method, name in (("reml", "plug-in reml"), ("ml", "plug-in ml"), ("morris", "morris")):
        for i in np.flatnonzero((TABLE.model == "normal") & (TABLE.method == name)):
            exact = repairs.exact_coverage(TABLE.groups[i], TABLE.spread[i], method)
            z.append((TABLE.coverage[i] - exact) / TABLE.error[i])
    assert len(z) == 54
    assert_near(np.array(z), 0, 1)
    assert 0.6 < np.std(z) < 1.4
    assert ((TABLE.coverage > 0.3) & (TABLE.coverage < 0.99)).all()
    assert (TABLE.answered[TABLE.method != "kass-steffey"] == 1).all()


def test_kass_and_steffey_answer_as_often_as_tau_is_above_0():
    for i in np.flatnonzero(TABLE.method == "kass-steffey"):
        degrees = TABLE.groups[i] - 1
        chance = stats.chi2(degrees).sf(degrees / (1 + TABLE.spread[i] ** 2))
        error = np.sqrt(chance * (1 - chance) / TABLE.replicates[i])
        assert_near(TABLE.answered[i], chance, error, 6e-5)  # the table has four decimals


def test_the_script_makes_the_table():
    """A short run of each method agrees with its row; the script's check of its methods against hblib passes."""
    script = runpy.run_path(str(SCRIPT))
    script["check_methods"]()
    for name, (_, method) in script["METHODS"].items():
        shares = script["normal"](8, 1.0, 1000, method, np.random.default_rng(99))
        shares = shares[~np.isnan(shares)]
        stored, error = TABLE.find("normal", 8, 1.0, name)
        assert_near(shares.mean(), stored, np.hypot(error, shares.std() / np.sqrt(shares.size)))
    for name, (method, _) in script["RATES"].items():
        replicates = 15 if name == "bootstrap" else 100
        shares = script["rates"](8, 200, replicates, method, np.random.default_rng(98))
        stored, error = TABLE.find("counts", 8, 200, name)
        assert_near(shares.mean(), stored, np.hypot(error, shares.std() / np.sqrt(shares.size)))


def test_rows_are_found_by_name():
    with pytest.raises(KeyError, match="no row for normal, 7 groups"):
        TABLE.find("normal", 7, 1.0, "morris")
    with pytest.raises(ValueError, match="read-only"):
        TABLE.coverage[0] = 0
