"""What is no number, count, label or seed is refused by name: every public function, every argument, every kind.

The table below holds one valid call a function. Each of its arguments is replaced in turn by everything that NumPy
would take for a number, or a label, without being one.
"""

import datetime
import decimal
import fractions
import importlib
import inspect

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import hblib
from hblib import (
    beta_binomial,
    coordinates,
    crossed,
    glmm,
    james_stein,
    lkj,
    normal_normal,
    observations,
    priors,
    regression,
    repairs,
    three_level,
)
from hblib._numerics import arguments, rates_counts
from hblib.datasets import retailer
from hblib.distributions import Beta

Y, N, COUNTS = [1, 0, 4, 9], [10, 12, 20, 30], [2, 1, 1, 3]
YBAR, SE, GROUP = [1.0, 4.0, -3.0, 12.5], [1.0, 2.0, 1.5, 1.0], ["a", "a", "b", "b"]
TWO, SQUARE = [[1.0, 2.0], [0.5, 3.0]], [[2.0, 0.5], [0.5, 1.0]]
TARGET = [0.0, 1.0, 0.0, 1.0]  # not one number: None is a target too
R = [[1.0, 0.5], [0.5, 1.0]]
DESIGN = [[1.0, 0.0], [1.0, 1.0], [1.0, 0.0], [1.0, 2.0]]
LONG = np.arange(12.0) ** 1.5 % 7
FLAT = priors.half_cauchy(5)

NORMAL = {"ybar": "numbers", "se": "numbers"}
BINOMIAL = {"y": "counts", "n": "counts"}
CHAINS = {"se": "numbers", "tau_store": "numbers", "tau_chain": "numbers", "chain": "labels"}
REGRESSION = {"x": "numbers", "group": "labels"}
STEIN = {"ybar": "numbers", "se": "numbers", "target": "numbers"}

# function, its arguments in a valid call, and what each of them holds; "other": neither data nor seed
CALLS = [
    (beta_binomial.posterior, (Y, N, 2.0, 3.0), BINOMIAL | {"alpha": "numbers", "beta": "numbers"}),
    (beta_binomial.shrinkage, (N, 2.0, 3.0), {"n": "counts", "alpha": "numbers", "beta": "numbers"}),
    (
        beta_binomial.log_marginal,
        (Y, N, 2.0, 3.0, COUNTS),
        BINOMIAL | {"alpha": "numbers", "beta": "numbers", "counts": "counts"},
    ),
    (beta_binomial.fit, (Y, N, "ml", COUNTS), BINOMIAL | {"method": "other", "counts": "counts"}),
    (beta_binomial.full_bayes, (Y, N, FLAT, COUNTS), BINOMIAL | {"prior": "other", "counts": "counts"}),
    (rates_counts.count_tails, (Y, N, COUNTS, True), BINOMIAL | {"counts": "counts", "with_spread": "other"}),
    (normal_normal.posterior, (YBAR, SE, 1.0, 2.0), NORMAL | {"mu": "numbers", "tau": "numbers"}),
    (normal_normal.shrinkage, (SE, 2.0), {"se": "numbers", "tau": "numbers"}),
    (
        normal_normal.log_marginal,
        (YBAR, SE, 1.0, 2.0, COUNTS),
        NORMAL | {"mu": "numbers", "tau": "numbers", "counts": "counts"},
    ),
    (normal_normal.fit, (YBAR, SE, "ml", COUNTS), NORMAL | {"method": "other", "counts": "counts"}),
    (
        normal_normal.profile,
        (YBAR, SE, [0.0, 1.0], "ml", COUNTS),
        NORMAL | {"tau": "numbers", "method": "other", "counts": "counts"},
    ),
    (normal_normal.posterior_mean, (YBAR, SE, 1.0, 2.0), NORMAL | {"mu": "numbers", "tau": "numbers", "out": "other"}),
    (beta_binomial.profile, (Y, N, [0.0, 1.0], COUNTS), BINOMIAL | {"phi": "numbers", "counts": "counts"}),
    (observations.group_means, (YBAR, GROUP), {"values": "numbers", "group": "labels"}),
    (observations.fit, (YBAR, GROUP, "ml"), {"values": "numbers", "group": "labels", "method": "other"}),
    (
        normal_normal.full_bayes,
        (YBAR, SE, FLAT, None, COUNTS),
        NORMAL | {"prior": "other", "mu_prior": "other", "counts": "counts"},
    ),
    (three_level.shrinkage, (SE, 1.0, 2.0, GROUP), CHAINS),
    (three_level.posterior, (YBAR, SE, 1.0, 2.0, GROUP), {"ybar": "numbers"} | CHAINS),
    (three_level.log_marginal, (YBAR, SE, 1.0, 2.0, GROUP), {"ybar": "numbers"} | CHAINS),
    (three_level.fit, (YBAR, SE, GROUP, "reml"), NORMAL | {"chain": "labels", "method": "other"}),
    (
        regression.matrix_shrinkage,
        (TWO, SQUARE, [0.0, 1.0], SQUARE),
        {"estimate": "numbers", "covariance": "numbers", "mu": "numbers", "Sigma": "numbers"},
    ),
    (
        regression.least_squares,
        (YBAR, DESIGN, GROUP, 1.0),
        {"y": "numbers", "x": "numbers", "group": "labels", "sigma": "numbers"},
    ),
    (coordinates.gibbs_rate, (0.5, 0.5), {"w": "numbers", "kappa": "numbers"}),
    (
        coordinates.gibbs,
        (YBAR, SE, 1.0, 0.5, 5, 1),
        NORMAL | {"tau": "numbers", "w": "numbers", "draws": "whole", "rng": "rng"},
    ),
    (coordinates.centered, (YBAR, SE), NORMAL | {"mu_prior": "other", "prior": "other"}),
    (coordinates.noncentered, (YBAR, SE), NORMAL | {"mu_prior": "other", "prior": "other"}),
    (coordinates.partial, (YBAR, SE, 0.5), NORMAL | {"w": "numbers", "mu_prior": "other", "prior": "other"}),
    (lkj.log_density, (R, 2.0), {"R": "numbers", "eta": "numbers"}),
    (lkj.pdf, (0.3, 2.0, 3), {"rho": "numbers", "eta": "numbers", "K": "counts"}),
    (lkj.sd, (2.0, 3), {"eta": "numbers", "K": "counts"}),
    (lkj.draws, (2.0, 3, 5, 1), {"eta": "numbers", "K": "whole", "size": "whole", "rng": "rng"}),
    (repairs.morris, (YBAR, SE), NORMAL),
    (repairs.kass_steffey, (YBAR, SE, "ml"), NORMAL | {"method": "other"}),
    (
        repairs.laird_louis,
        (YBAR, SE, 5, 1, "ml"),
        NORMAL | {"draws": "whole", "rng": "rng", "method": "other"},
    ),
    (
        repairs.bootstrap_beta_binomial,
        (Y, N, 5, 1, "ml"),
        BINOMIAL | {"draws": "whole", "rng": "rng", "method": "other"},
    ),
    (james_stein.estimate, (YBAR, 1.0, TARGET), STEIN | {"positive": "other"}),
    (james_stein.shrinkage, (YBAR, 1.0, TARGET), STEIN | {"positive": "other"}),
    (james_stein.sure, (YBAR, 1.0, TARGET), STEIN | {"positive": "other"}),
    (james_stein.limited_translation, (YBAR, 1.0, TARGET, 0.5), STEIN | {"limit": "numbers"}),
    (
        james_stein.risk,
        (YBAR, 1.0, TARGET),
        {"theta": "numbers", "se": "numbers", "target": "numbers", "estimator": "other"},
    ),
    (
        james_stein.component_risk,
        (YBAR, 1.0, TARGET),
        {"theta": "numbers", "se": "numbers", "target": "numbers", "estimator": "other"},
    ),
    (
        repairs.exact_coverage,
        (8, 1.0, "ml", 0.9),
        {"groups": "whole", "ratio": "numbers", "method": "other", "prob": "numbers"},
    ),
    (
        regression.fit,
        (LONG, np.ones((12, 1)), np.ones((12, 1)), np.repeat([1, 2, 3], 4)),
        {"y": "numbers", "x": "numbers", "z": "numbers", "group": "labels"},
    ),
    (
        regression.given,
        (LONG, np.ones((12, 1)), np.ones((12, 1)), np.repeat([1, 2, 3], 4), np.ones((1, 1))),
        {"y": "numbers", "x": "numbers", "z": "numbers", "group": "labels", "D": "numbers"},
    ),
    (
        crossed.fit,
        (LONG, np.ones((12, 1)), [np.repeat([1, 2, 3], 4), np.tile([1, 2, 3, 4], 3)]),
        {"y": "numbers", "x": "numbers", "groups": "other"},
    ),
    (
        crossed.given,
        (LONG, np.ones((12, 1)), [np.repeat([1, 2, 3], 4), np.tile([1, 2, 3, 4], 3)], [1.0, 0.5], 2.0),
        {"y": "numbers", "x": "numbers", "groups": "other", "sd": "numbers", "sigma": "numbers"},
    ),
    (
        glmm.fit,
        (Y, N, np.ones((4, 1)), GROUP, "binomial", 5),
        BINOMIAL | REGRESSION | {"family": "other", "nodes": "other"},
    ),
    (
        glmm.log_marginal,
        (Y, N, np.ones((4, 1)), GROUP, [-1.0], 0.5, "binomial", 5),
        BINOMIAL | REGRESSION | {"beta": "numbers", "tau": "numbers", "family": "other", "nodes": "other"},
    ),
    (
        glmm.log_marginal_by_group,
        (Y, N, np.ones((4, 1)), GROUP, [-1.0], 0.5, "binomial", 5),
        BINOMIAL | REGRESSION | {"beta": "numbers", "tau": "numbers", "family": "other", "nodes": "other"},
    ),
]
MODULES = [
    beta_binomial,
    rates_counts,
    normal_normal,
    observations,
    three_level,
    coordinates,
    lkj,
    repairs,
    james_stein,
    regression,
    crossed,
    glmm,
]


def last(values, what):
    """`values` as an object array, with `what` in the last place."""
    array = np.array(values, dtype=object)
    array[(-1,) * array.ndim] = what
    return array


def masked(values):
    array = np.ma.array(values, dtype=float)
    array[(-1,) * array.ndim] = np.ma.masked
    return array


def as_list(values):
    """Nested lists, with a masked entry in the last place."""
    return last(values, np.ma.masked).tolist()


NO_NUMBERS = {
    "masked": masked,
    "masked in a list": as_list,
    "text digits": lambda v: np.array(v, dtype=float).astype(str),
    "one text among numbers": lambda v: last(v, "5").tolist(),
    "bytes": lambda v: np.array(v, dtype=float).astype(bytes),
    "complex": lambda v: np.array(v, dtype=float) + 1j,
    "one complex": lambda v: last(v, 1 + 0j),
    "dates": lambda v: np.array(v, dtype=float).astype("M8[D]"),
    "one date": lambda v: last(v, datetime.date(2020, 1, 1)),
    "one timestamp": lambda v: last(v, pd.Timestamp("2020-01-01")),
    "durations": lambda v: np.array(v, dtype=float).astype("m8[s]"),
    "one duration": lambda v: last(v, datetime.timedelta(1)),
    "None": lambda v: last(v, None).tolist(),
    "pandas's NA": lambda v: last(v, pd.NA),
    "NaN": lambda v: last(v, np.nan),
    "a name": lambda v: "five",
    "too long": lambda v: last(v, 10**400),
}
NO_COUNTS = NO_NUMBERS | {
    "half": lambda v: last(v, 2.5),
    "negative": lambda v: last(v, -1),
    "2^53 + 1": lambda v: last(v, 2**53 + 1).tolist(),
    "1e17": lambda v: last(v, 1e17).astype(float),
    "unsigned": lambda v: last(v, 2**64 - 1).astype(np.uint64),
}
NO_WHOLE = NO_COUNTS | {"two numbers": lambda v: (2, 3)}
NO_LABELS = {
    "NaN among numbers": lambda v: [1, 1, 2, np.nan],
    "NaN among names": lambda v: ["a", "a", "b", np.nan],
    "NaN among objects": lambda v: np.array(["a", "a", "b", np.nan], dtype=object),
    "None among numbers": lambda v: [1, 1, 2, None],
    "None among names": lambda v: ["a", "a", "b", None],
    "pandas's NA": lambda v: pd.Series([1, 1, 2, None], dtype="Int64"),
    "pandas's category": lambda v: pd.Categorical(["a", "a", "b", None]),
    "pandas's str": lambda v: pd.Series(["a", "a", "b", None]),
    "Polars's null": lambda v: pl.Series(["a", "a", "b", None]),
    "PyArrow's null": lambda v: pa.array(["a", "a", "b", None]),
    "Decimal's NaN": lambda v: [1, 1, 2, decimal.Decimal("NaN")],
    "NaT": lambda v: pd.Series(pd.to_datetime(["2020", "2020", "2021", None])),
    "NaT among stamps": lambda v: [*pd.to_datetime(["2020", "2020", "2021"]), pd.NaT],
    "masked": lambda v: np.ma.array([1, 1, 2, 2], mask=[0, 0, 0, 1]),
    "masked in a list": lambda v: [1, 1, 2, np.ma.masked],
    "names and numbers": lambda v: ["a", "a", "b", 1],
    "names and bytes": lambda v: ["a", "a", "b", b"b"],
    "two axes": lambda v: [["a"], ["a"], ["b"], ["b"]],
    "pairs": lambda v: [("a", 1), ("a", 2), ("b", 1), ("b", 2)],
    "lists of two lengths": lambda v: [["a"], ["a"], ["b"], ["b", "c"]],
    "dictionaries": lambda v: [{}, {}, {}, {}],
}
NO_SEEDS = ("seven", 1.5, -1, True, np.bool_(True), np.nan, [1, -1], {}, np.random, np.random.RandomState(1))
NO_SEED = {f"{what!r}": lambda v, what=what: what for what in NO_SEEDS}
BAD = {
    "numbers": NO_NUMBERS,
    "counts": NO_COUNTS,
    "whole": NO_WHOLE,
    "labels": NO_LABELS,
    "rng": NO_SEED,
    "other": {},
}


@pytest.mark.parametrize(("function", "values", "holds"), CALLS, ids=[call[0].__qualname__ for call in CALLS])
def test_what_is_none_is_refused_by_name(function, values, holds):
    valid = dict(zip(holds, values, strict=False))
    function(**valid)
    for name, value in valid.items():
        for kind, spoil in BAD[holds[name]].items():
            with pytest.raises(ValueError, match=rf"^{name}\b"):
                pytest.fail(f"{name} with {kind} gave {function(**valid | {name: spoil(value)})}")


def test_the_table_holds_every_public_function():
    table = {function: set(holds) for function, _, holds in CALLS}
    table[beta_binomial.posterior_mean] = {"y", "n", "alpha", "beta", "out"}  # works in blocks, and has its own tests
    table[rates_counts.unchecked_rows] = {"y", "n"}  # the same
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                arguments_of = set(inspect.signature(function).parameters)
                assert table.get(function) == arguments_of, f"CALLS lacks {module.__name__}.{name}, or arguments of it"


@pytest.mark.parametrize("kind", ["masked", "masked in a list"])
def test_the_mean_of_masked_counts_is_refused(kind):
    for y, n in ((NO_NUMBERS[kind](Y), N), (Y, NO_NUMBERS[kind](N))):
        with pytest.raises(ValueError, match=r"^[yn]\[3\] is masked"):
            beta_binomial.posterior_mean(y, n, 2.0, 3.0)


@pytest.mark.parametrize(
    "values",
    [
        (1, 0, 4),
        range(3),
        np.array([1, 0, 4], dtype=np.uint8),
        np.array([True, False, True]),
        np.array([1, 0, 4], dtype=">i2"),
        np.array([1, 0, 4], dtype=np.float16),
        [decimal.Decimal("1.5"), decimal.Decimal(0), decimal.Decimal(4)],
        [fractions.Fraction(1, 2), 0, 4.0],
        np.array([1, 0.5, 4], dtype=object),
        pd.Series([1, 0, 4], index=[7, 8, 9]),
        pd.Series([1, 0, 4], dtype="Int64"),
        pd.Series([1.5, 0, 4], dtype="float64[pyarrow]"),
        pd.Series([decimal.Decimal("1.5"), decimal.Decimal(0)]),
        pl.Series([1, 0, 4]),
        pl.Series([decimal.Decimal("1.5"), decimal.Decimal(0)]),
        pa.array([1, 0, 4]),
        pa.array([decimal.Decimal("1.5"), decimal.Decimal(0)]),
        np.ma.array([1, 0, 4]),
        np.ma.array([1, 0, 4], mask=[0, 0, 0]),
        [np.ma.array([1, 0]), np.ma.array([4, 2], mask=False)],
        memoryview(b"104"),
        [],
    ],
    ids=lambda values: f"{type(values).__module__}.{type(values).__name__}",
)
def test_every_kind_of_number_is_taken(values):
    array = arguments.numbers("y", values)
    assert array.dtype == float
    plainly = values.to_pylist() if isinstance(values, pa.Array) else values
    expected = [[float(v) for v in row] if isinstance(row, np.ndarray) else float(row) for row in plainly]
    np.testing.assert_array_equal(np.asarray(array), expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["b", "a", "b"], ["a", "b"]),
        ([2, 1, 2], [1, 2]),
        ([2.5, 1, 2.5], [1.0, 2.5]),
        ([True, False, True], [False, True]),
        (np.array(["b", "a", "b"]), ["a", "b"]),
        (np.array(["b", "a", "b"], dtype=object), ["a", "b"]),
        (pd.Series(["b", "a", "b"]), ["a", "b"]),
        (pd.Categorical(["b", "a", "b"]), ["a", "b"]),
        (pl.Series(["b", "a", "b"]), ["a", "b"]),
        (pa.array(["b", "a", "b"]), ["a", "b"]),
        (np.ma.array([2, 1, 2], mask=False), [1, 2]),
        (np.array(["2021", "2020", "2021"], dtype="M8[Y]"), [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)]),
        ([2**60 + 1, 2**60, 2**60 + 1], [2**60, 2**60 + 1]),
        ([decimal.Decimal(2), 1, decimal.Decimal(2)], [1, 2]),
    ],
)
def test_labels_are_sorted_and_every_row_knows_its_own(values, expected):
    distinct, index = arguments.labels("group", values)
    assert distinct.tolist() == expected
    assert index.tolist() == [1, 0, 1]


def test_a_seed_is_as_good_as_its_generator():
    for seed in (7, np.int64(7), [1, 2], np.random.SeedSequence(7)):
        drawn, again = (lkj.draws(1, 3, 2, rng) for rng in (seed, np.random.default_rng(seed)))
        np.testing.assert_array_equal(drawn, again)


def rates():
    return beta_binomial.full_bayes(Y, N, priors.half_normal(5))


def means():
    return normal_normal.full_bayes(YBAR, SE, priors.half_normal(5))


def drawn(tree):
    """The draws of an xarray.DataTree."""
    return tree["posterior"]["theta"].values


# All that draws: each function and method of hblib with the argument rng, in one call that leaves it open.
THAT_DRAW = {
    "coordinates.gibbs": lambda **rng: coordinates.gibbs(YBAR, SE, 1.0, 0.5, 5, **rng)[0],
    "lkj.draws": lambda **rng: lkj.draws(1, 3, 2, **rng),
    "repairs.laird_louis": lambda **rng: repairs.laird_louis(YBAR, SE, 5, **rng).mean(),
    "repairs.bootstrap_beta_binomial": lambda **rng: repairs.bootstrap_beta_binomial(Y, N, 5, **rng).mean(),
    "datasets.retailer.simulate": lambda **rng: retailer.simulate(**rng, chains=2, stores=3, weeks=4).takings,
    "distributions.Distribution.rvs": lambda **rng: Beta([2.0, 3.0], 4.0).rvs(3, **rng),
    "distributions.Distribution.to_datatree": lambda **rng: drawn(Beta([2.0, 3.0], 4.0).to_datatree(3, **rng)),
    "distributions.JointPosterior.rvs of rates": lambda **rng: rates().rvs(3, **rng).theta,
    "distributions.JointPosterior.to_datatree of rates": lambda **rng: drawn(rates().to_datatree(3, **rng)),
    "distributions.JointPosterior.rvs of means": lambda **rng: means().rvs(3, **rng).theta,
    "distributions.JointPosterior.to_datatree of means": lambda **rng: drawn(means().to_datatree(3, **rng)),
}


def test_all_that_draws_is_in_the_table_and_needs_no_rng():
    found = {name: inspect.signature(thing).parameters for name, thing in functions()}
    found = {name: parameters["rng"] for name, parameters in found.items() if "rng" in parameters}
    assert set(found) == {name.partition(" ")[0] for name in THAT_DRAW}
    assert {parameter.default for parameter in found.values()} == {None}


def functions():
    """The public functions of all modules, and the public methods of their classes, with their names."""
    for module in (*hblib.__all__, "datasets.retailer"):
        members = vars(importlib.import_module(f"hblib.{module}"))
        for name, thing in members.items():
            if name.startswith("_") or getattr(thing, "__module__", None) != f"hblib.{module}":
                continue
            if inspect.isfunction(thing):
                yield f"{module}.{name}", thing
            for key, method in vars(thing).items() if inspect.isclass(thing) else ():
                if not key.startswith("_") and inspect.isfunction(method):
                    yield f"{module}.{name}.{key}", method


@pytest.mark.parametrize("draw", THAT_DRAW.values(), ids=THAT_DRAW)
def test_rng_is_taken_as_scipy_takes_it(draw):
    """A generator goes on where it is, a seed stands for its generator, and None, or nothing, draws anew."""
    rng = np.random.default_rng(7)
    first, second = draw(rng=rng), draw(rng=rng)
    assert np.array_equal(draw(rng=7), first)
    assert not np.array_equal(first, second)
    anew = [first, draw(rng=None), draw(rng=None), draw(), draw()]
    assert len({np.asarray(values).tobytes() for values in anew}) == len(anew)


@pytest.mark.parametrize("draw", THAT_DRAW.values(), ids=THAT_DRAW)
@pytest.mark.parametrize("what", NO_SEEDS, ids=lambda what: f"{type(what).__name__} {what}".partition(" at ")[0][:30])
def test_what_is_no_seed_is_refused_by_name(draw, what):
    with pytest.raises(ValueError, match=r"^rng must be a numpy Generator"):
        draw(rng=what)


def test_counts_end_at_two_to_the_53():
    assert arguments.whole_numbers("n", 2**53) == 2.0**53
    assert beta_binomial.posterior(2**53, 2**53, 1, 1).mean() == 1
    for n in (2**53 + 1, np.int64(2**53 + 1), [2**53 + 1], 2.0**53 + 2, pd.Series([2**53 + 1])):
        with pytest.raises(ValueError, match=r"^n must be at most 2\^53"):
            arguments.whole_numbers("n", n)


def test_a_column_beside_a_row_is_named():
    with pytest.raises(ValueError, match=r"y has shape \(4, 1\)"):
        beta_binomial.fit(np.array(Y)[:, None], N)
    for kind in (int, float):
        with pytest.raises(ValueError, match=r"y has shape \(4, 1\)"):
            beta_binomial.posterior_mean(np.array(Y, dtype=kind)[:, None], N, 1, 1)
    with pytest.raises(ValueError, match=r"ybar has shape \(4, 1\)"):
        normal_normal.posterior_mean(np.array(YBAR)[:, None], SE, 8, 5)
    with pytest.raises(ValueError, match=r"ybar has shape \(4, 1\)"):
        normal_normal.fit(np.array(YBAR)[:, None], SE)
