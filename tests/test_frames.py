"""hblib.frames gives the same rows from every kind of dataframe, and says what is wrong with a table."""

import importlib.util
import re
import sys
from decimal import Decimal

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from hblib import beta_binomial, datasets, frames


def in_duckdb(table):
    return duckdb.connect().from_arrow(table)


def in_dask(table):
    return importlib.import_module("dask.dataframe").from_pandas(table.to_pandas().convert_dtypes(), npartitions=3)


def in_spark(table):
    sql = importlib.import_module("pyspark.sql")
    session = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    return session.createDataFrame(table.to_pandas())


KINDS = {
    "pandas": lambda table: table.to_pandas(),
    "pandas, nullable": lambda table: table.to_pandas().convert_dtypes(),
    "Polars": pl.from_arrow,
    "Polars, lazy": lambda table: pl.from_arrow(table).lazy(),
    "PyArrow": lambda table: table,
    "DuckDB": in_duckdb,
}
# The course's own environment does without these two; where they are installed they are tested as well.
ON_A_CLUSTER = {"dask": in_dask, "pyspark": in_spark}
KINDS |= {name: make for name, make in ON_A_CLUSTER.items() if importlib.util.find_spec(name)}
NOT_OURS = [  # what narwhals and PySpark say about their own future
    pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support:FutureWarning"),
]
each_kind = pytest.mark.parametrize("kind", [pytest.param(kind, marks=NOT_OURS) for kind in KINDS])


def events():
    """One row a rat, shuffled."""
    rats = datasets.rat_tumors()
    group = np.repeat(rats.group, rats.n)
    tumour = np.concatenate([np.arange(n) < y for y, n in zip(rats.y, rats.n, strict=True)])
    order = np.random.default_rng(1).permutation(len(group))
    return pa.table({"group": group[order], "tumour": tumour[order]})


@each_kind
def test_from_raw_events_to_the_fit(kind):
    rats = datasets.rat_tumors()
    groups = frames.tally(KINDS[kind](events()), "group", "tumour")
    rows = frames.collapse(groups, "y", "n")
    distinct, counts = np.unique(np.c_[rats.n, rats.y], axis=0, return_counts=True)
    np.testing.assert_array_equal(rows.n, distinct[:, 0])
    np.testing.assert_array_equal(rows.y, distinct[:, 1])
    np.testing.assert_array_equal(rows.counts, counts)
    assert {column.dtype.kind for column in rows} == {"i"}
    whole, few = beta_binomial.fit(rats.y, rats.n), beta_binomial.fit(rows.y, rows.n, counts=rows.counts)
    assert (few.alpha, few.beta) == pytest.approx((whole.alpha, whole.beta), rel=1e-12)


@each_kind
def test_a_tally_is_a_frame_of_the_same_kind(kind):
    table = KINDS[kind](events())
    assert type(frames.tally(table, "group", "tumour")) is type(table)


@each_kind
@pytest.mark.parametrize("kind_of_success", [pa.bool_(), pa.int64(), pa.float64()])
def test_a_success_that_is_missing_is_no_failure(kind, kind_of_success):
    success = pa.array([1, 0, 1, None, 0]).cast(kind_of_success)
    table = pa.table({"shop": ["a", "a", "b", "b", "c"], "sold": success})
    with pytest.raises(ValueError, match="missing in 1 of 3 rows"):
        frames.collapse(frames.tally(KINDS[kind](table), "shop", "sold"), "y", "n")


@each_kind
@pytest.mark.parametrize(
    ("success", "message"),
    [
        (pa.array([3, 0, 1]), "column 'sold' holds 3 in 1 of 3 rows"),
        (pa.array([3, 2, 1], pa.uint8()), "column 'sold' holds 3 in 2 of 3 rows"),
        (pa.array([0, 1, -1]), "column 'sold' holds -1 in 1 of 3 rows"),
        (pa.array([0.5, None, 1.0]), "column 'sold' holds 0.5 in 1 of 3 rows"),
        (pa.array([np.inf, 0.0, 1.0]), "column 'sold' holds inf in 1 of 3 rows"),
        (pa.array([0, 7, 1]).cast(pa.decimal128(38, 2)), "column 'sold' holds 7"),
        (pa.array(["yes", "no", "no"]), "column 'sold' holds 'yes' in 3 of 3 rows; say which values are a success"),
        (pa.array(["True", "1", "1"]), "column 'sold' holds 'True' in 1 of 3 rows"),
        (pa.array(["1", "0", " "]), "column 'sold' holds ' ' in 1 of 3 rows"),
        (pa.array([1, 2, 3], pa.timestamp("us")), "column 'sold' holds .*1970"),
    ],
)
def test_a_success_that_is_neither_0_nor_1_is_refused_by_its_value(kind, success, message):
    table = pa.table({"shop": ["a", "a", "b"], "sold": success})
    with pytest.raises(ValueError, match="success must be 1 or 0.*" + message):
        frames.tally(KINDS[kind](table), "shop", "sold")


@each_kind
@pytest.mark.parametrize(
    "success",
    [
        pa.array([1, 0, 1]),
        pa.array([1, 0, 1], pa.int8()),
        pa.array([1, 0, 1], pa.uint64()),
        pa.array([1.0, 0.0, 1.0], pa.float32()),
        pa.array([True, False, True]),
        pa.array([1, 0, 1]).cast(pa.decimal128(38, 2)),
        pa.array(["1", "0", "1"]),
    ],
    ids=lambda column: str(column.type),
)
def test_what_a_success_may_be(kind, success):
    table = pa.table({"shop": ["a", "a", "b"], "sold": success})
    rows = frames.collapse(frames.tally(KINDS[kind](table), "shop", "sold"), "y", "n")
    assert [column.tolist() for column in rows] == [[1, 1], [1, 2], [1, 1]]


@pytest.mark.parametrize("value", ["yes", 3, pd.Timestamp("2026-11-25"), [1]])
def test_python_objects_in_a_column(value):
    """As pandas holds what came from Python or from a mixed file."""
    for mixed in (pd.Series([True, False, None], dtype=object), pd.Series([1, Decimal(0), np.nan], dtype=object)):
        table = pd.DataFrame({"shop": ["a", "a", "b"], "sold": mixed})
        with pytest.raises(ValueError, match="missing in 1 of 2 rows"):
            frames.collapse(frames.tally(table, "shop", "sold"), "y", "n")
        table["sold"] = pd.Series([True, value, None], dtype=object)
        with pytest.raises(ValueError, match=r"'sold' (must hold numbers, but )?holds"):
            frames.tally(table, "shop", "sold")
    table = pd.DataFrame({"y": pd.Series([1, value], dtype=object), "n": [5, 2]})
    with pytest.raises(ValueError, match=r"'y' must hold numbers, but holds|one has y = 3 and n = 2"):
        frames.collapse(table, "y", "n")


@each_kind
@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        (pa.array(["a", None, "b", None]), 2),
        (pa.array([1, None, 2, 2]), 1),
        (pa.array([1.0, np.nan, None, 2.0], from_pandas=False), 2),
        (pa.array([0, None, 1, 1], pa.timestamp("us")), 1),
        (pa.array([True, None, False, False]), 1),
    ],
    ids=lambda keys: str(getattr(keys, "type", "")),
)
def test_a_trial_without_a_group_is_refused(kind, keys, missing):
    table = pa.table({"shop": keys, "sold": [1, 0, 1, 1], "chain": ["x"] * 4})
    for group in ("shop", ["chain", "shop"]):
        with pytest.raises(ValueError, match=f"column 'shop' is missing in {missing} of 4 rows"):
            frames.tally(KINDS[kind](table), group, "sold")


@each_kind
@pytest.mark.parametrize("name", ["A ", " A", "A\t", "A\n", " ", "\u00a0A", "A B "])
def test_blanks_around_a_name_are_refused(kind, name):
    table = pa.table({"shop": ["A", name, "B"], "sold": [1, 0, 1]})
    with pytest.raises(ValueError, match=re.escape(f"column 'shop' holds {name!r} in 1 of 3 rows")):
        frames.tally(KINDS[kind](table), "shop", "sold")


def test_blanks_around_a_name_in_pandas_own_kinds():
    for shop in (pd.Categorical(["A", "A ", "B"]), pd.Series([1, "A ", "B"], dtype=object)):
        with pytest.raises(ValueError, match="column 'shop' holds 'A '"):
            frames.tally(pd.DataFrame({"shop": shop, "sold": [1, 0, 1]}), "shop", "sold")
    shops = pd.Categorical(["A", "A", "B"], categories=["A", "B", "C", "D "])  # those that do not occur are no groups
    assert len(frames.tally(pd.DataFrame({"shop": shops, "sold": [1, 0, 1]}), "shop", "sold")) == 2


NAMES = [
    "one",
    "known",
    "y",
    "n",
    "Y",
    "N",
    "success",
    "counts",
    "key0",
    "key1",
    "group",
    "total",
    "number",
    "y_",
    "n_",
]
NAMES += [
    "*",
    "^y$",
    "^.*$",
    'a "quoted" name',
    "it's",
    "with blanks ",
    "select",
    "a.b",
    "a,b",
    "straße",
    "日付",
    "1",
    ";--",
]


@each_kind
@pytest.mark.parametrize("name", NAMES)
def test_a_column_may_have_any_name(kind, name):
    shops, sold = ["A", "A", "B", "B", "B"], [0, 1, 1, 0, 1]
    other = "other" if name != "other" else "another"
    for group, success in ((name, other), (other, name)):
        totals = frames.tally(KINDS[kind](pa.table({group: shops, success: sold})), group, success)
        y, n = (f"{own}_" if group.casefold() == own else own for own in "yn")
        assert columns_of(totals) == [group, y, n]
        assert [column.tolist() for column in frames.collapse(totals, y, n)] == [[1, 2], [2, 3], [1, 1]]
        table = KINDS[kind](pa.table({group: [1, 2], success: [2, 3]}))
        assert [column.tolist() for column in frames.collapse(table, group, success)] == [[1, 2], [2, 3], [1, 1]]


def columns_of(native):
    return nw.from_native(native).collect_schema().names()


def rows_of(native):
    frame = nw.from_native(native)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return sorted(frame.rows())


@each_kind
def test_several_columns_can_name_a_group(kind):
    table = pa.table({"y": ["x", "x", "x", "z"], "store": [1, 1, 2, 1], "sold": [1, 0, 1, 1], "n": [0, 1, 0, 0]})
    assert rows_of(frames.tally(KINDS[kind](table), ["y", "store"], "sold")) == [
        ("x", 1, 1, 2),
        ("x", 2, 1, 1),
        ("z", 1, 1, 1),
    ]
    named = frames.tally(KINDS[kind](table), ("y", "n"), "sold", y="wins", n="n")
    assert columns_of(named) == ["y", "n", "wins", "n_"]
    assert columns_of(frames.tally(KINDS[kind](table), ["store"], "sold", y="n")) == ["store", "n", "n_"]
    for group in ([], ["y", "y"]):
        with pytest.raises(ValueError, match="group must be the name of a column, or a list of different names"):
            frames.tally(KINDS[kind](table), group, "sold")


@each_kind
@pytest.mark.parametrize("value", [2**53 + 1, 2**63 - 1, 2**64 - 1, 10**20])
def test_numbers_that_a_float_does_not_hold(kind, value):
    whole = pa.int64() if value < 2**63 else pa.uint64() if value < 2**64 else pa.decimal128(38, 0)
    numbers = [5, value] if value < 2**64 else [Decimal(5), Decimal(value)]
    table = KINDS[kind](pa.table({"y": [1, 2], "n": pa.array(numbers, whole)}))
    with pytest.raises(ValueError, match="above 2\\^53 = 9007199254740992 in 1 of 2 rows"):
        frames.collapse(table, "y", "n")
    largest = KINDS[kind](pa.table({"y": [1, 2], "n": [5, 2**53]}))
    assert frames.collapse(largest, "y", "n").n.tolist() == [5, 2**53]


@each_kind
@pytest.mark.parametrize("column", [pa.array(["1", "two"]), pa.array([1, 2], pa.timestamp("us")), pa.array(["5", "6"])])
def test_columns_without_numbers(kind, column):
    for y, n in (([1, 1], column), (column, [1, 1])):
        with pytest.raises(ValueError, match=f"column '{'y' if y is column else 'n'}' must hold numbers, but holds"):
            frames.collapse(KINDS[kind](pa.table({"y": y, "n": n})), "y", "n")


@each_kind
@pytest.mark.parametrize(
    ("y", "n", "message"),
    [
        ([1, None, 3], [5, 5, 5], "missing in 1 of 3 rows"),
        ([1, 2, 3], [5, None, None], "missing in 2 of 3 rows"),
        ([1, 6, 6], [5, 5, 5], "2 of 3 rows are not 0 <= y <= n in whole numbers; one has y = 6 and n = 5"),
        ([1, -1, 3], [5, 5, 5], "one has y = -1"),
        ([1.0, 2.5, 3.0], [5.0, 5.0, 5.0], "one has y = 2.5"),
    ],
)
def test_a_wrong_row_is_named(kind, y, n, message):
    with pytest.raises(ValueError, match=message):
        frames.collapse(KINDS[kind](pa.table({"y": y, "n": n})), "y", "n")


@each_kind
def test_names_that_the_columns_may_have(kind):
    table = KINDS[kind](pa.table({"counts": [1, 1], "y": [2, 2], "n": [0, 0]}))
    assert [column.tolist() for column in frames.collapse(table, "counts", "y")] == [[1], [2], [2]]


def test_whole_numbers_stored_as_floats():
    table = pd.DataFrame({"y": [1.0, 1.0], "n": [3.0, 3.0]})
    assert [column.tolist() for column in frames.collapse(table, "y", "n")] == [[1], [3], [2]]


def test_what_is_not_there():
    table = pd.DataFrame({"y": [1], "n": [3]})
    with pytest.raises(ValueError, match="no column 'trials', but 'y', 'n'"):
        frames.collapse(table, "y", "trials")
    with pytest.raises(ValueError, match="no rows"):
        frames.collapse(table[:0], "y", "n")


def test_without_narwhals(monkeypatch):
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(ImportError, match="pip install narwhals"):
        frames.collapse(pd.DataFrame({"y": [1], "n": [3]}), "y", "n")


@each_kind
@pytest.mark.parametrize("name", ["{held}", "{", "*", 'a "quoted" name'])
def test_a_refusal_names_the_column_whatever_its_name(kind, name):
    table = KINDS[kind](pa.table({name: ["a", "a ", None], "sold": [2, None, 1]}))
    with pytest.raises(ValueError, match=re.escape(f"column {name!r} is missing in 1 of 3 rows")):
        frames.tally(table, name, "sold")
    with pytest.raises(ValueError, match=re.escape(f"column {name!r} must hold numbers, but holds 'a' in 2 of 3 rows")):
        frames.collapse(table, name, "sold")


@each_kind
def test_tables_without_rows_or_values(kind):
    empty = pa.table({"shop": pa.array([], pa.string()), "sold": pa.array([], pa.int64())})
    with pytest.raises(ValueError, match="the table holds no rows"):
        frames.collapse(frames.tally(KINDS[kind](empty), "shop", "sold"), "y", "n")
    for kind_of_null in (pa.int64(), pa.string(), pa.bool_()):
        nothing = pa.table({"shop": ["a", "b"], "sold": pa.array([None, None], kind_of_null)})
        with pytest.raises(ValueError, match="missing in 2 of 2 rows"):
            frames.collapse(frames.tally(KINDS[kind](nothing), "shop", "sold"), "y", "n")


@each_kind
@pytest.mark.parametrize("column", ["y", "n"])
def test_a_number_that_is_none_is_missing_and_not_large(column, kind):
    """To Polars and DuckDB NaN is larger than every number."""
    table = KINDS[kind](pa.table({"y": [1.0, 2.0], "n": [3.0, 3.0]} | {column: [1.0, float("nan")]}))
    with pytest.raises(ValueError, match="y or n is missing in 1 of 2 rows"):
        frames.collapse(table, "y", "n")


@pytest.mark.parametrize("call", [frames.collapse, frames.tally])
@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pd.Series([1, 2]), "the table must be a dataframe that narwhals knows, but is a pandas.*Series"),
        (np.ones((2, 2)), "but is a numpy.ndarray"),
        ({"y": [1], "n": [2]}, "but is a dict"),
        ([[1, 3]], "but is a list"),
        (None, "but is a NoneType"),
        (pd.DataFrame([[1, 2, 3]], columns=["y", "y", "n"]), "two have the same"),
    ],
)
def test_what_is_no_table_is_named(call, table, words):
    with pytest.raises(ValueError, match=words):
        call(table, "y", "n")


@pytest.mark.parametrize("names", [{"y": 1}, {"n": None}])
def test_a_new_column_needs_a_name(names):
    with pytest.raises(ValueError, match="must be the name of a new column, but is"):
        frames.tally(pd.DataFrame({"g": [1], "s": [1]}), "g", "s", **names)
