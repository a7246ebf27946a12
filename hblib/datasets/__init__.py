"""Small real data sets, each with its source; README.md beside the files says where each came from.

A loader returns a tuple whose fields have the names that the statistical functions use, in the same order, as
read-only arrays aligned by group.

>>> schools = eight_schools()
>>> print(schools.group[0], schools.ybar[0], schools.se[0])
A 28.0 15.0
"""

import csv
from importlib import resources
from typing import NamedTuple

import numpy as np


class Counts(NamedTuple):
    """Successes and trials by group."""

    group: np.ndarray
    y: np.ndarray
    n: np.ndarray


class Means(NamedTuple):
    """Estimates and their known standard errors by group."""

    group: np.ndarray
    ybar: np.ndarray
    se: np.ndarray


def surgical():
    """Deaths y after n cardiac operations on babies in 12 hospitals.

    Source: Spiegelhalter, Thomas, Best & Gilks (1996), BUGS Examples Volume 1, "Surgical: institutional ranking".

    >>> hospitals = surgical()
    >>> int(hospitals.y.sum()), int(hospitals.n.sum())
    (208, 2814)
    """
    rows = _read("surgical.csv")
    return Counts(_column(rows, "hospital", str), _column(rows, "r", int), _column(rows, "n", int))


def rat_tumors():
    """Rats with a tumour y among the n rats of 71 control groups; the last group is the current experiment.

    Source: Tarone (1982), Biometrics 38:215-220; Gelman et al., Bayesian Data Analysis (3rd ed.), table 5.1.

    >>> rats = rat_tumors()
    >>> int(rats.y.sum()), int(rats.n.sum())
    (267, 1739)
    """
    rows = _read("rat_tumors.csv")
    names = np.array([str(i + 1) for i in range(len(rows))])
    return Counts(_frozen(names), _column(rows, "y", int), _column(rows, "K", int))


def eight_schools():
    """Effects ybar of coaching on a test score in 8 schools, with standard errors se, in points.

    Source: Rubin (1981), Journal of Educational Statistics 6:377-401, table 1.

    >>> print(eight_schools().ybar.sum())
    70.0
    """
    rows = _read("eight_schools.csv")
    return Means(_column(rows, "school", str), _column(rows, "y", float), _column(rows, "sigma", float))


def batters_1970():
    """Hits y in the first n = 45 times at bat of 18 baseball players in 1970.

    Source: Efron & Morris (1975), JASA 70:311-319.

    >>> batters = batters_1970()
    >>> int(batters.y.sum()), int(batters.n.sum())
    (215, 810)
    """
    rows = _read("efron_morris_1970.csv")
    hits = _column(rows, "r", int)
    return Counts(_column(rows, "name", str), hits, _frozen(np.full(len(hits), 45)))


def _read(name):
    with resources.files(__name__).joinpath(name).open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


def _column(rows, name, kind):
    return _frozen(np.array([kind(row[name]) for row in rows]))


def _frozen(array):
    array.flags.writeable = False
    return array
