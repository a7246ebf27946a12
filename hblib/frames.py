"""From any dataframe to the counts that `hblib.beta_binomial.fit` needs, computed where the data are.

Two steps, each one expression over narwhals. It runs on pandas, Polars, PyArrow and DuckDB, and on Dask and Spark:

- `tally` makes of events one row a group, (y, n);
- `collapse` makes of those the distinct rows (y, n) and their counts.

`tally` stays in the dataframe's own world, and lazy if that is; `collapse` brings back NumPy arrays. The likelihood of
the Beta-Binomial model sees nothing but those rows, so the fit is the same to the last digit, whatever held the data.

A column may have any name: inside, columns are taken by their place and get names of our own.

narwhals (``pip install narwhals``) is needed for these functions only, and is imported when one of them is called.
"""

from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from hblib._numerics.types import IntArray

_LARGEST = 2**53  # beyond it a float does not hold every whole number
_BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())


class Rows(NamedTuple):
    """The distinct rows of (y, n), and how many groups share each, sorted by n and then y.

    Attributes
    ----------
    y : array of int
        Successes.
    n : array of int
        Trials.
    counts : array of int
        How many groups have these y and n.
    """

    y: IntArray
    n: IntArray
    counts: IntArray


def collapse(df: Any, y: str, n: str) -> Rows:
    """Find the distinct rows of (y, n), and how many groups share each.

    A million shops have some ten thousand distinct rows; from a cluster only these come back. They are all that
    ``beta_binomial.fit(rows.y, rows.n, counts=rows.counts)`` needs.

    Parameters
    ----------
    df : dataframe
        Any that narwhals knows (pandas, Polars, PyArrow, DuckDB, Dask, Spark, ...), one row a group.
    y : str
        Name of its column of successes, whole numbers with 0 <= y <= n.
    n : str
        Name of its column of trials, whole numbers up to 2^53.

    Returns
    -------
    Rows
        With y, n and counts, integer arrays of one length, sorted by n and then y.

    Raises
    ------
    ImportError
        If narwhals is missing (or, for DuckDB and Spark, pyarrow, in which they hand over their rows).
    ValueError
        For what is no dataframe, for a column that is not there or holds no numbers, for an empty table, a missing
        number, a number above 2^53 (of those a float does not hold all), or a row that is not 0 <= y <= n in whole
        numbers.

    See Also
    --------
    tally : Makes such a table of single trials.

    Examples
    --------
    >>> import pandas
    >>> from hblib import beta_binomial
    >>> sold, visits = [2, 0, 2, 5, 0], [20, 10, 20, 20, 10]
    >>> shops = pandas.DataFrame({"sold": sold, "visits": visits})
    >>> rows = collapse(shops, "sold", "visits")
    >>> print(rows.y, rows.n, rows.counts)
    [0 2 5] [10 20 20] [2 2 1]
    >>> prior = beta_binomial.fit(rows.y, rows.n, counts=rows.counts)
    """
    nw, frame = _frame(df, y=y, n=n)
    for column, name in (("y", y), ("n", n)):
        frame = _plain(nw, frame, column, name)
        kind = frame.collect_schema()[column]
        if not kind.is_numeric() and kind != nw.Boolean:
            message = f"column {_quoted(name)} must hold numbers, but holds {{held}}"
            _obey(nw, frame, [_Rule(column, ~nw.col(column).is_null(), message)])
            raise ValueError(f"column {name!r} must hold numbers, but is of type {kind}")
    types = frame.collect_schema()

    def number(column, now):  # inf where a float need not be exact
        value = nw.col(column)
        if now and types[column].is_float():  # to some engines NaN is larger than all numbers
            value = nw.when(~value.is_nan()).then(value)
        if types[column].is_integer() == now or types[column] == nw.Boolean:
            return value
        limit = nw.lit(_LARGEST, nw.UInt64) if types[column] == nw.UInt64 else _LARGEST
        exact = nw.when(value <= limit).then(value).cast(nw.Float64)
        return nw.when(value > limit).then(nw.lit(float("inf"))).otherwise(exact).alias(column)

    # whole numbers stay as they are until they are grouped: some engines group them far more quickly
    frame = frame.with_columns(number("y", now=True), number("n", now=True))
    distinct = frame.group_by("y", "n").agg(counts=nw.len())
    distinct = _collect(nw, distinct.with_columns(number("y", now=False), number("n", now=False)))
    rows = [distinct[name].cast(nw.Float64).to_numpy() for name in Rows._fields]
    order = np.lexsort(rows[:2])
    return Rows(*(values[order].astype(np.int64) for values in _checked(*rows)))


def tally(events: Any, group: str | list[str], success: str, y: str = "y", n: str = "n") -> Any:
    """Count one row a group from one row a trial: y, the trials that succeeded, and n, all its trials.

    A success that is missing is not taken for a failure: it makes its group's y missing, and `collapse` then refuses
    the table.

    Parameters
    ----------
    events : dataframe
        Any that narwhals knows (pandas, Polars, PyArrow, DuckDB, Dask, Spark, ...), one row a trial.
    group : str or list of str
        Name of the column that says which group a trial belongs to, or several: ["chain", "store"].
    success : str
        Name of the column that holds True and False, or 1 and 0.
    y : str
        Name for the new column of successes. Where a column of ``group`` has the name already (to some engines Y is y),
        an underscore is added.
    n : str
        Name for the new column of trials, with an underscore if need be.

    Returns
    -------
    dataframe
        Of the same kind, lazy if ``events`` is, with the columns of ``group``, y and n, in no particular order. A group
        without a single row in ``events`` cannot be in it.

    Raises
    ------
    ImportError
        If narwhals is missing.
    ValueError
        For what is no dataframe, for a column that is not there, for rows without a group, for a group's name with
        blanks around it (``"A "`` would be a group beside ``"A"``), and for a success that is neither 0 nor 1. To find
        these the columns are read once, of a lazy table as well.

    See Also
    --------
    collapse : Takes the result.

    Examples
    --------
    >>> import pandas
    >>> events = pandas.DataFrame({"shop": list("AAB"), "sold": [True, False, False]})
    >>> tally(events, "shop", "sold").sort_values("shop").to_dict("list")
    {'shop': ['A', 'B'], 'y': [1, 0], 'n': [2, 1]}
    """
    groups = list(group) if isinstance(group, list | tuple) else [group]
    if not groups or len(set(groups)) < len(groups):
        raise ValueError(f"group must be the name of a column, or a list of different names, but is {group!r}")
    for argument, new in (("y", y), ("n", n)):
        if not isinstance(new, str):
            raise ValueError(f"{argument} must be the name of a new column, but is {new!r}")
    keys = {f"key{i}": name for i, name in enumerate(groups)}
    nw, frame = _frame(events, **keys, success=success)
    frame = _plain(nw, frame, "success", success)
    outcome, rule = _outcome(nw, frame, success)
    _obey(nw, frame, [*(rule for key, name in keys.items() for rule in _key_rules(nw, frame, key, name)), rule])
    frame = frame.with_columns(success=outcome)
    trials = frame.with_columns(known=(~nw.col("success").is_null()).cast(nw.Int64))
    totals = trials.group_by(*keys).agg(y=nw.col("success").sum(), known=nw.col("known").sum(), n=nw.len())
    y, n = _free(y, groups), _free(n, [*groups, _free(y, groups)])
    columns = [nw.col(key).alias(name) for key, name in keys.items()]
    known = nw.when(nw.col("known") == nw.col("n")).then(nw.col("y"))
    return totals.select(*columns, known.alias(y), nw.col("n").alias(n)).to_native()


def _frame(native, **columns):
    """narwhals, and its view of the named columns of the dataframe, which must be there, under names of our own."""
    try:
        import narwhals as nw
    except ImportError:
        raise ImportError("hblib.frames reads dataframes through narwhals: pip install narwhals") from None
    try:
        frame = nw.from_native(native)
        names = frame.collect_schema().names()
    except TypeError:
        raise ValueError(f"the table must be a dataframe that narwhals knows, but is a {_kind(native)}") from None
    except nw.exceptions.DuplicateError:
        raise ValueError("the table must have columns of different names, but two have the same") from None
    for column in columns.values():
        if column not in names:
            raise ValueError(f"the table has no column {column!r}, but {', '.join(map(repr, names))}")
    if frame.implementation.is_duckdb() and "*" in columns.values():  # which it takes for all columns
        quoted = ('"' + column.replace('"', '""') + f'" AS {own}' for own, column in columns.items())
        return nw, nw.from_native(frame.to_native().project(", ".join(quoted)))
    # by their place: Polars takes a name such as "*" or "^y$" for a pattern
    return nw, frame.select(*(nw.nth(names.index(column)).alias(own) for own, column in columns.items()))


def _kind(thing):
    return f"{type(thing).__module__}.{type(thing).__name__}".removeprefix("builtins.")


def _free(name, taken):
    """The name, with underscores added until it is none of those taken, in upper or lower case."""
    taken = {str(other).casefold() for other in taken}
    while name.casefold() in taken:
        name += "_"
    return name


def _collect(nw, frame):
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


class _Rule(NamedTuple):
    column: str
    broken: object  # the expression that is true where it is
    message: str  # with {held}: the value and the number of rows, and {rows}: these alone


def _obey(nw, frame, rules):
    """Raise ValueError by the first rule that a row breaks. The frame is read once if none is broken."""
    broken = {f"rule{i}": rule.broken.cast(nw.Int64).sum() for i, rule in enumerate(rules)}
    found = _collect(nw, frame.select(nw.len().alias("rows"), **broken)).row(0)
    for rule, number in zip(rules, found[1:], strict=True):
        if number:
            value = _collect(nw, frame.filter(rule.broken).select(rule.column).head(1))[rule.column].to_list()[0]
            shown = f"{float(value):g}" if isinstance(value, Real | Decimal) else repr(value)
            rows = f"in {number} of {found[0]} rows"
            raise ValueError(rule.message.format(held=f"{shown} {rows}", rows=rows))


def _key_rules(nw, frame, key, name):
    """No row without a group, and no name with blanks around it."""
    kind, value, column = frame.collect_schema()[key], nw.col(key), _quoted(name)
    missing = value.is_null() | value.is_nan() if kind.is_float() else value.is_null()
    yield _Rule(key, missing, f"column {column} is missing {{rows}}: leave out trials of which no group is known")
    blank = f"column {column} holds {{held}}: a blank before or after a name makes it another group; strip it"
    if kind in (nw.String, nw.Categorical, nw.Enum):
        text = value.cast(nw.String)
        yield _Rule(key, ~missing & (text != text.str.strip_chars(_BLANKS)), blank)
    elif kind == nw.Object:  # pandas' mixtures of text and other things
        for each in frame[key].to_list():
            if isinstance(each, str) and each != each.strip(_BLANKS):
                raise ValueError(blank.format(held=repr(each)))


def _outcome(nw, frame, name):
    """`success` as 1, 0 or missing, and the rule that it holds nothing else."""
    kind, value = frame.collect_schema()["success"], nw.col("success")
    given = ~value.is_null() & ~value.is_nan() if kind.is_float() else ~value.is_null()
    if kind == nw.Boolean:
        one, other = value, value & ~value
    elif kind.is_numeric():
        one, other = value == 1, given & (value != 1) & (value != 0)
    elif kind == nw.String:
        one, other = value == "1", given & (value != "1") & (value != "0")
    else:
        one, other = given, given
    advice = "a column of counts goes to collapse" if kind.is_numeric() else "say which values are a success"
    rule = (
        f"success must be 1 or 0 (True or False), one row a trial, but column {_quoted(name)} holds {{held}}; {advice}"
    )
    return nw.when(given).then(one.cast(nw.Int64)), _Rule("success", other, rule)


def _quoted(name):
    """repr, in a string that is going to be formatted."""
    return repr(name).replace("{", "{{").replace("}", "}}")


def _plain(nw, frame, column, name):
    """The frame, with a column of Python objects, as pandas has them, made a column of floats."""
    if frame.collect_schema()[column] != nw.Object:
        return frame
    values = frame[column]
    plain = []
    for value, missing in zip(values.to_list(), values.is_null().to_list(), strict=True):
        if not missing and not isinstance(value, Real | Decimal | np.bool):
            raise ValueError(f"column {name!r} must hold numbers, but holds {value!r}")
        plain.append(None if missing else float("inf") if value > _LARGEST else float(value))
    return frame.with_columns(nw.new_series(column, plain, nw.Float64, backend=frame.implementation))


def _checked(y, n, counts):
    """The arrays themselves, if every row is 0 <= y <= n in whole numbers."""
    if counts.size == 0:
        raise ValueError("the table holds no rows")

    def rows(which):
        return f"{counts[which].sum():.0f} of {counts.sum():.0f} rows"

    missing = np.isnan(y) | np.isnan(n)
    if missing.any():
        raise ValueError(f"y or n is missing in {rows(missing)}")
    large = np.isinf(y) | np.isinf(n)
    if large.any():
        raise ValueError(
            f"y or n is above 2^53 = {_LARGEST} in {rows(large)}: of such numbers a float does not hold all"
        )
    wrong = ~((y >= 0) & (y <= n) & (y == np.floor(y)) & (n == np.floor(n)))
    if wrong.any():
        first = wrong.argmax()
        one = f"one has y = {y[first]:.17g} and n = {n[first]:.17g}"
        raise ValueError(f"{rows(wrong)} are not 0 <= y <= n in whole numbers; {one}")
    return y, n, counts
