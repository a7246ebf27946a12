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


class Coverage(NamedTuple):
    """How often 95 % intervals held the truth in simulations; one row a setting and method."""

    model: np.ndarray  # "normal" or "counts"
    groups: np.ndarray
    spread: np.ndarray  # tau/se; for counts alpha + beta
    method: np.ndarray
    coverage: np.ndarray  # where the method gave an answer
    error: np.ndarray  # the standard error of coverage
    replicates: np.ndarray
    answered: np.ndarray  # the share of data sets for which the method gave an answer

    def find(self, model, groups, spread, method):
        """(coverage, error) of one row.

        >>> coverage().find("normal", 8, 1.0, "plug-in reml")[0].round(2)
        np.float64(0.72)
        """
        rows = (self.model == model) & (self.groups == groups) & (self.spread == spread) & (self.method == method)
        if rows.sum() != 1:
            raise KeyError(f"no row for {model}, {groups} groups, {spread:g}, {method}")
        return self.coverage[rows][0], self.error[rows][0]


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


def coverage():
    """Coverage of 95 % intervals with an estimated prior, by simulation with many replicates.

    Source: tools/simulate_coverage.py of this course, which makes the file.

    >>> table = coverage()
    >>> print(len(table.model), int(table.groups.max()))
    118 1000
    """
    rows = _read("coverage.csv")
    kinds = {"model": str, "groups": int, "spread": float, "method": str, "coverage": float, "error": float}
    kinds |= {"replicates": int, "answered": float}
    return Coverage(*(_column(rows, name, kind) for name, kind in kinds.items()))


def _read(name):
    with resources.files(__name__).joinpath(name).open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


def _column(rows, name, kind):
    return _frozen(np.array([kind(row[name]) for row in rows]))


def _frozen(array):
    array.flags.writeable = False
    return array
