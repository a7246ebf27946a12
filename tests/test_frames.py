"""hblib.frames gives the same rows from every kind of dataframe, and says what is wrong with a table."""

import importlib.util
import sys

import duckdb
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
def test_a_success_that_is_neither_0_nor_1_is_refused(kind):
    table = pa.table({"shop": ["a", "a", "b"], "sold": [2, 0, 1]})
    with pytest.raises(ValueError, match="missing in 1 of 2 rows"):
        frames.collapse(frames.tally(KINDS[kind](table), "shop", "sold"), "y", "n")


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
    with pytest.raises(TypeError):
        frames.collapse([[1, 3]], "y", "n")


def test_without_narwhals(monkeypatch):
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(ImportError, match="pip install narwhals"):
        frames.collapse(pd.DataFrame({"y": [1], "n": [3]}), "y", "n")
