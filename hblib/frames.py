"""From any dataframe to the counts that `beta_binomial.fit` needs, computed where the data are.

Two steps, each one expression over narwhals. It runs on pandas, Polars, PyArrow and DuckDB, and on Dask and Spark:

    events  --tally-->  one row a group, (y, n)  --collapse-->  the distinct (y, n) rows and their counts

`tally` stays in the dataframe's own world, and lazy if that is; `collapse` brings back NumPy arrays. The likelihood of
the Beta-Binomial model sees nothing but those rows, so the fit is the same to the last digit, whatever held the data.

narwhals (`pip install narwhals`) is needed for these functions only, and is imported when one of them is called.
"""

from typing import NamedTuple

import numpy as np


class Rows(NamedTuple):
    """The distinct rows of (y, n), and how many groups share each; integers, sorted by n and then y."""

    y: np.ndarray
    n: np.ndarray
    counts: np.ndarray


def collapse(df, y, n):
    """The distinct rows of (y, n), and how many groups share each.

    A million shops have some ten thousand distinct rows; from a cluster only these come back. Fit them with

        beta_binomial.fit(rows.y, rows.n, counts=rows.counts)

    Parameters
    ----------
    df : a dataframe that narwhals knows (pandas, Polars, PyArrow, DuckDB, Dask, Spark, ...), one row a group.
    y, n : names of its columns of successes and trials, whole numbers with 0 <= y <= n.

    Returns
    -------
    `Rows`: y, n and counts, integer arrays of one length, sorted by n and then y.

    Raises
    ------
    ImportError if narwhals is missing (or, for DuckDB and Spark, pyarrow, in which they hand over their rows);
    ValueError for a column that is not there, for an empty table, a missing number, or a row that is not 0 <= y <= n.

    >>> import pandas
    >>> from hblib import beta_binomial
    >>> shops = pandas.DataFrame({"sold": [2, 0, 2, 5, 0], "visits": [20, 10, 20, 20, 10]})
    >>> rows = collapse(shops, "sold", "visits")
    >>> print(rows.y, rows.n, rows.counts)
    [0 2 5] [10 20 20] [2 2 1]
    >>> prior = beta_binomial.fit(rows.y, rows.n, counts=rows.counts)
    """
    nw, frame = _frame(df, y, n)
    types = frame.collect_schema()

    def number(name):  # whole numbers stay as they are: some engines group them far more quickly
        return nw.col(name) if types[name].is_integer() else nw.col(name).cast(nw.Float64)

    distinct = frame.select(y=number(y), n=number(n)).group_by("y", "n").agg(counts=nw.len())
    if isinstance(distinct, nw.LazyFrame):
        distinct = distinct.collect()
    rows = [distinct[name].cast(nw.Float64).to_numpy() for name in Rows._fields]
    order = np.lexsort(rows[:2])
    return Rows(*(values[order].astype(np.int64) for values in _checked(*rows)))


def tally(events, group, success):
    """One row a group from one row a trial: y, the trials that succeeded, and n, all its trials.

        y_j = number of rows of group j with success 1,   n_j = number of its rows

    Parameters
    ----------
    events : a dataframe that narwhals knows (pandas, Polars, PyArrow, DuckDB, Dask, Spark, ...), one row a trial.
    group, success : names of columns. `success` holds True and False, or 1 and 0.

    Returns
    -------
    A dataframe of the same kind, lazy if `events` is, with the columns `group`, y and n, in no particular order. A
    group without a single row in `events` cannot be in it.

    A success that is missing, or neither 0 nor 1, is not taken for a failure: it makes its group's y missing, and
    `collapse` then refuses the table.

    Raises
    ------
    ImportError if narwhals is missing; ValueError for a column that is not there.

    >>> import pandas
    >>> events = pandas.DataFrame({"shop": ["A", "A", "B"], "sold": [True, False, False]})
    >>> tally(events, "shop", "sold").sort_values("shop").to_dict("list")
    {'shop': ['A', 'B'], 'y': [1, 0], 'n': [2, 1]}
    """
    nw, frame = _frame(events, group, success)
    value = nw.col("success")
    trials = frame.select(group, success=nw.col(success).cast(nw.Float64))
    trials = trials.with_columns(one=(value == 1).cast(nw.Int64), known=((value == 0) | (value == 1)).cast(nw.Int64))
    totals = trials.group_by(group).agg(y=nw.col("one").sum(), known=nw.col("known").sum(), n=nw.len())
    y = nw.when(nw.col("known") == nw.col("n")).then(nw.col("y"))
    return totals.select(group, y=y, n=nw.col("n")).to_native()


def _frame(native, *columns):
    """narwhals, and its view of the dataframe, which must have the columns."""
    try:
        import narwhals as nw
    except ImportError:
        raise ImportError("hblib.frames reads dataframes through narwhals: pip install narwhals") from None
    frame = nw.from_native(native)
    names = frame.collect_schema().names()
    for column in columns:
        if column not in names:
            raise ValueError(f"the table has no column {column!r}, but {', '.join(map(repr, names))}")
    return nw, frame


def _checked(y, n, counts):
    """The arrays themselves, if every row is 0 <= y <= n in whole numbers."""
    if counts.size == 0:
        raise ValueError("the table holds no rows")
    missing = np.isnan(y) | np.isnan(n)
    if missing.any():
        raise ValueError(f"y or n is missing in {counts[missing].sum():.0f} of {counts.sum():.0f} rows")
    wrong = ~((y >= 0) & (y <= n) & (y == np.floor(y)) & (n == np.floor(n)) & (n < np.inf))
    if wrong.any():
        first = wrong.argmax()
        rows = f"{counts[wrong].sum():.0f} of {counts.sum():.0f} rows"
        raise ValueError(f"{rows} are not 0 <= y <= n in whole numbers; one has y = {y[first]:g} and n = {n[first]:g}")
    return y, n, counts
