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


class TwoPeriods(NamedTuple):
    """Successes and trials by group, in one period and in the next."""

    group: np.ndarray
    y: np.ndarray
    n: np.ndarray
    y_later: np.ndarray
    n_later: np.ndarray


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


def flights():
    """Flights y that landed more than 15 minutes late among the n of 4,037 planes that left New York in 2013.

    Source: US Bureau of Transportation Statistics, in the R package nycflights13.

    >>> planes = flights()
    >>> int(planes.y.sum()), int(planes.n.sum())
    (77630, 327346)
    """
    rows = _read("flights.csv")
    return Counts(_column(rows, "tailnum", str), _column(rows, "late", int), _column(rows, "n", int))


def kidney_cancer():
    """Deaths of white men from kidney cancer y in n person-years, by US county, 1980-84 and 1985-89 (the later fields).

    The rates are crude: nothing in the file says how old a county's men were. Alaska and a few counties are not in it.

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.7, from US mortality statistics.

    >>> counties = kidney_cancer()
    >>> print(len(counties.n), counties.y.sum(), counties.n.sum())
    3110 23412 482076984
    """
    rows = _read("kidney_cancer.csv")
    numbers = (_column(rows, name, int) for name in ("dc", "pop", "dc.2", "pop.2"))
    return TwoPeriods(_column(rows, "county", str), *numbers)


def _read(name):
    with resources.files(__name__).joinpath(name).open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


def _column(rows, name, kind):
    return _frozen(np.array([kind(row[name]) for row in rows]))


def _frozen(array):
    array.flags.writeable = False
    return array
