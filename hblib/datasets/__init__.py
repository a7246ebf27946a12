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


class Batters(NamedTuple):
    """Hits y in the first n at bats, and rest_y in the rest_n at bats of the rest of the season, by batter."""

    group: np.ndarray
    y: np.ndarray
    n: np.ndarray
    rest_y: np.ndarray
    rest_n: np.ndarray


class CopiedBatters(NamedTuple):
    """As `Batters`, but with the season's totals and its average as they are printed, by batter."""

    group: np.ndarray
    y: np.ndarray
    n: np.ndarray
    season_y: np.ndarray
    season_n: np.ndarray
    season_average: np.ndarray


class Games(NamedTuple):
    """Hits y in n at bats, by game; several rows have the same group."""

    group: np.ndarray
    y: np.ndarray
    n: np.ndarray
    date: np.ndarray


class TwoPeriods(NamedTuple):
    """Successes and trials by group, in one period and in the next."""

    group: np.ndarray
    y: np.ndarray
    n: np.ndarray
    y_later: np.ndarray
    n_later: np.ndarray


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


class Reactions(NamedTuple):
    """Reaction time y in milliseconds after so many days of little sleep, by person and day."""

    y: np.ndarray
    group: np.ndarray
    day: np.ndarray


class NutsRuns(NamedTuple):
    """What runs of NUTS cost in one of three coordinates at one lambda; tools/data/simulate_nuts.py says how."""

    lam: np.ndarray
    form: np.ndarray
    runs: np.ndarray
    ess: np.ndarray  # effective draws of mu or tau, whichever has fewer, per 1000 gradients: the mean over the runs
    ess_sd: np.ndarray  # over the runs
    gradients: np.ndarray  # per draw
    divergences: np.ndarray  # in a run of 4000 draws
    bad_runs: np.ndarray
    max_rhat: np.ndarray
    error: np.ndarray  # of E(log tau), in posterior standard deviations of log tau: the mean over the runs
    error_se: np.ndarray


class NutsFailures(NamedTuple):
    """The most extreme values of each fit of a page over many seeds; tools/data/nuts_failures.py says how."""

    seeds: np.ndarray
    divergent: np.ndarray  # seeds with a divergence
    bad: np.ndarray  # seeds with a divergence, an R-hat above 1.01 or an effective sample size below 400
    divergences: np.ndarray  # the most of one run
    rhat: np.ndarray  # the largest
    bulk: np.ndarray  # the smallest effective sample sizes
    tail: np.ndarray
    z: np.ndarray  # the largest error of a mean, in its own Monte Carlo standard errors
    z_sd: np.ndarray  # the same of a standard deviation
    low: np.ndarray  # effective draws of mu or tau per 1000 gradients: the fewest
    high: np.ndarray  # and the most


class LooRuns(NamedTuple):
    """Leave-one-out of page 10 by seed; tools/data/loo_over_seeds.py says how."""

    given_theta: np.ndarray  # the score of the hospitals, from the likelihood given theta
    given_theta_over: np.ndarray  # how many of its twelve Pareto k were above 0.7
    integrated: np.ndarray  # and the same with theta integrated out
    integrated_over: np.ndarray
    babies: np.ndarray  # the score of the babies
    divergences: np.ndarray  # of the run, in 8000 draws
    rhat: np.ndarray  # the largest
    ess: np.ndarray  # the smallest effective sample size, of bulk and tail


class Houses(NamedTuple):
    """Log radon y by house: its county (group), the floor of the measurement, and the county's log uranium."""

    y: np.ndarray
    group: np.ndarray
    floor: np.ndarray
    uranium: np.ndarray


def surgical():
    """Deaths y after n cardiac operations on babies in 12 hospitals.

    Source: Spiegelhalter, Thomas, Best & Gilks (1996), BUGS Examples Volume 1, "Surgical: institutional ranking".

    >>> hospitals = surgical()
    >>> int(hospitals.y.sum()), int(hospitals.n.sum())
    (208, 2814)
    """
    return _table(Counts, "surgical.csv", {"hospital": str, "r": int, "n": int})


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
    return _table(Means, "eight_schools.csv", {"school": str, "y": float, "sigma": float})


def batters():
    """Hits y of 18 baseball players in their first n = 45 at bats of 1970, and in the rest of that season.

    The batters are those of Efron & Morris (1975), JASA 70:311-319, table 1, in their order. The counts of the rest are
    the official totals of the season, less the 45. README.md says how the row of Walt Williams was checked.

    >>> first = batters()
    >>> print(first.group[0], first.y[0], first.n[0], first.rest_y[0], first.rest_n[0])
    Roberto Clemente 18 45 127 367
    """
    columns = {"player": str, "hits": int, "at_bats": int, "rest_hits": int, "rest_at_bats": int}
    return _table(Batters, "batters.csv", columns)


def batters_copied():
    """The same batters from a file that is in wide use, slips and all: one row contradicts itself.

    Source: `efron-morris-75-data.tsv` of Stan's case study on pooling and of PyMC's examples.

    >>> print(batters_copied().group[9])
    Ron Swaboda
    """
    rows = _read("batters_copied.csv")
    group = _frozen(np.array([f"{row['first_name']} {row['last_name']}" for row in rows]))
    counts = (_column(rows, name, int) for name in ("hits", "at_bats", "season_hits", "season_at_bats"))
    return CopiedBatters(group, *counts, _column(rows, "season_average", float))


def williams_1970():
    """Hits y in n at bats by game: Walt Williams until 1 May 1970, Billy Williams at home from 14 to 22 April.

    Source: counted from Retrosheet's play-by-play accounts of these games.

    >>> games = williams_1970()
    >>> walt = games.group == "Walt Williams"
    >>> int(games.y[walt].sum()), int(games.n[walt].sum())
    (10, 45)
    """
    return _table(Games, "williams_1970.csv", {"player": str, "hits": int, "at_bats": int, "date": str})


def flights():
    """Flights y that landed more than 15 minutes late among the n of 4,037 planes that left New York in 2013.

    Source: US Bureau of Transportation Statistics, in the R package nycflights13.

    >>> planes = flights()
    >>> int(planes.y.sum()), int(planes.n.sum())
    (77630, 327346)
    """
    return _table(Counts, "flights.csv", {"tailnum": str, "late": int, "n": int})


def kidney_cancer():
    """Deaths of white men from kidney cancer y in n person-years, by US county, 1980-84 and 1985-89 (the later fields).

    The rates are crude: nothing in the file says how old a county's men were. Alaska and a few counties are not in it.

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.7, from US mortality statistics.

    >>> counties = kidney_cancer()
    >>> print(len(counties.n), counties.y.sum(), counties.n.sum())
    3110 23412 482076984
    """
    columns = {"county": str, "dc": int, "pop": int, "dc.2": int, "pop.2": int}
    return _table(TwoPeriods, "kidney_cancer.csv", columns)


def coverage():
    """Coverage of 95 % intervals with an estimated prior, by simulation with many replicates.

    Source: tools/data/simulate_coverage.py of this course, which makes the file.

    >>> table = coverage()
    >>> print(len(table.model), int(table.groups.max()))
    118 1000
    """
    columns = {"model": str, "groups": int, "spread": float, "method": str, "coverage": float, "error": float}
    return _table(Coverage, "coverage.csv", {**columns, "replicates": int, "answered": float})


def sleepstudy():
    """Reaction times y of 18 people who slept three hours a night, by person (group) and day, in milliseconds.

    Days 0 and 1 were training and day 2 the baseline: an analysis of the lack of sleep starts at day 2.

    Source: Belenky et al. (2003), Journal of Sleep Research 12:1-12.

    >>> people = sleepstudy()
    >>> print(len(people.y), len(set(people.group)), people.y[0])
    180 18 249.56
    """
    return _table(Reactions, "sleepstudy.csv", {"reaction": float, "subject": int, "day": int})


def nuts_over_lambda():
    """Runs of NUTS in three coordinates over a grid of lambda: a simulation, made by tools/data/simulate_nuts.py.

    >>> runs = nuts_over_lambda()
    >>> print(sorted(set(runs.form.tolist())), float(runs.lam.min()), float(runs.lam.max()))
    ['between', 'centered', 'noncentered'] 0.01 1000.0
    """
    columns = {"lambda": float, **dict.fromkeys(NutsRuns._fields[1:], float), "form": str, "runs": int}
    return _table(NutsRuns, "nuts_over_lambda.csv", columns)


def nuts_failures(place):
    """How often the NUTS fits of a page failed with other seeds, in the order of the page.

    >>> fits = nuts_failures("chapters/09-multilevel-regression")
    >>> print(len(fits.seeds), bool((fits.divergent <= fits.bad).all()))
    1 True
    """
    columns = {**dict.fromkeys(NutsFailures._fields, float), "seeds": int, "divergent": int, "bad": int}
    rows = [row for row in _read("nuts_failures.csv") if row["place"] == place]
    return NutsFailures(*(_column(rows, column, of) for column, of in columns.items()))


def loo_over_seeds():
    """Page 10's leave-one-out with other seeds: a simulation, made by tools/data/loo_over_seeds.py.

    >>> runs = loo_over_seeds()
    >>> print(bool((runs.given_theta_over > runs.integrated_over).all()))
    True
    """
    columns = {**dict.fromkeys(LooRuns._fields, float), "given_theta_over": int, "integrated_over": int}
    return _table(LooRuns, "loo_over_seeds.csv", columns)


def radon():
    """Log radon y (pCi/L) in 919 houses of 85 counties of Minnesota, measured in the basement (floor 0) or above (1).

    uranium is the log of the county's surface uranium, in parts per million, repeated for each of its houses: rows may
    be shuffled or dropped without losing which county it belongs to. The four lowest y are log 0.1.

    Source: Price, Nero & Gelman (1996), Health Physics 71:922-936.

    >>> houses = radon()
    >>> print(len(houses.y), len(set(houses.group)), houses.group[0], houses.floor[:3])
    919 85 AITKIN [1 0 0]
    """
    return _table(Houses, "radon.csv", {"log_radon": float, "county": str, "floor": int, "uranium": float})


def _table(kind, name, columns):
    """A file as a tuple of this kind; `columns` says which columns its fields are, in their order, and of what type."""
    rows = _read(name)
    return kind(*(_column(rows, column, of) for column, of in columns.items()))


def _read(name):
    with resources.files(__name__).joinpath(name).open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


def _column(rows, name, kind):
    return _frozen(np.array([kind(row[name]) for row in rows]))


def _frozen(array):
    array.flags.writeable = False
    return array
