"""Small data sets: real ones, each with its source, and results of simulations of this course.

README.md beside the files says where each came from. A loader returns a tuple of read-only arrays of one length. Fields
that the statistical functions take have the names of their arguments: y, n, ybar, se, group.

Examples
--------
>>> schools = eight_schools()
>>> print(schools.group[0], schools.ybar[0], schools.se[0])
A 28.0 15.0
"""

import csv
from importlib import resources
from typing import NamedTuple

import numpy as np

from hblib._numerics.types import FloatArray, IntArray, TextArray


class Counts(NamedTuple):
    """Successes and trials by group.

    Attributes
    ----------
    group : array of str
        The names of the groups.
    y : array of int
        Successes.
    n : array of int
        Trials.
    """

    group: TextArray
    y: IntArray
    n: IntArray


class Means(NamedTuple):
    """Estimates and their known standard errors by group.

    Attributes
    ----------
    group : array of str
        The names of the groups.
    ybar : array of float
        The estimates.
    se : array of float
        Their standard errors, in the unit of ybar.
    """

    group: TextArray
    ybar: FloatArray
    se: FloatArray


class Batters(NamedTuple):
    """Hits in the first at bats of a season and in the rest of it, by batter.

    Attributes
    ----------
    group : array of str
        The names of the batters.
    y : array of int
        Hits in the first n at bats.
    n : array of int
        The first at bats.
    rest_y : array of int
        Hits in the rest of the season.
    rest_n : array of int
        At bats of the rest of the season.
    """

    group: TextArray
    y: IntArray
    n: IntArray
    rest_y: IntArray
    rest_n: IntArray


class CopiedBatters(NamedTuple):
    """As `Batters`, but with the season's totals and its average as they are printed, by batter.

    Attributes
    ----------
    group : array of str
        The names of the batters.
    y : array of int
        Hits in the first n at bats.
    n : array of int
        The first at bats.
    season_y : array of int
        Hits in the whole season, as printed.
    season_n : array of int
        At bats of the whole season, as printed.
    season_average : array of float
        Batting average of the season, as printed.
    """

    group: TextArray
    y: IntArray
    n: IntArray
    season_y: IntArray
    season_n: IntArray
    season_average: FloatArray


class Games(NamedTuple):
    """Hits and at bats by game; several rows have the same group.

    Attributes
    ----------
    group : array of str
        The name of the batter.
    y : array of int
        Hits in the game.
    n : array of int
        At bats in the game.
    date : array of str
        The day of the game, as year-month-day.
    """

    group: TextArray
    y: IntArray
    n: IntArray
    date: TextArray


class TwoPeriods(NamedTuple):
    """Successes and trials by group, in one period and in the next.

    Attributes
    ----------
    group : array of str
        The names of the groups.
    y : array of int
        Successes.
    n : array of int
        Trials.
    y_later : array of int
        Successes in the next period.
    n_later : array of int
        Trials in the next period.
    """

    group: TextArray
    y: IntArray
    n: IntArray
    y_later: IntArray
    n_later: IntArray


class HerdPeriods(NamedTuple):
    """New cases of a cattle disease by herd and period; each herd has up to four rows.

    Attributes
    ----------
    y : array of int
        New cases in the period.
    n : array of int
        Animals at risk at the beginning of the period.
    group : array of int
        The number of the herd, from 1.
    period : array of int
        The period of about three months, from 1 to 4.
    """

    y: IntArray
    n: IntArray
    group: IntArray
    period: IntArray


class Plates(NamedTuple):
    """Seeds that germinated, by plate, in an experiment with two factors.

    Attributes
    ----------
    y : array of int
        Seeds that germinated.
    n : array of int
        Seeds on the plate.
    seed : array of int
        The variety of Orobanche aegyptiaca: 0 for number 75, 1 for number 73.
    root : array of int
        The extract: 0 of bean, 1 of cucumber.
    """

    y: IntArray
    n: IntArray
    seed: IntArray
    root: IntArray


class Births(NamedTuple):
    """Sudden infant deaths and births by county, in one period and in the next.

    Attributes
    ----------
    group : array of str
        The county.
    y : array of int
        Sudden infant deaths from 1 July 1974 to 30 June 1978.
    n : array of int
        Births in that time.
    y_later : array of int
        Sudden infant deaths from 1 July 1979 to 30 June 1984.
    n_later : array of int
        Births in that time.
    nonwhite : array of int
        How many of the n births were not white.
    """

    group: TextArray
    y: IntArray
    n: IntArray
    y_later: IntArray
    n_later: IntArray
    nonwhite: IntArray


class Zones(NamedTuple):
    """Diameters by plate and sample.

    Attributes
    ----------
    plate : array of str
        The plate of each reading.
    sample : array of str
        Its sample.
    y : array of float
        The diameter in millimetres.
    """

    plate: TextArray
    sample: TextArray
    y: FloatArray


class Ratings(NamedTuple):
    """Ratings by student and lecturer.

    Attributes
    ----------
    student : array of int
        The student of each rating.
    lecturer : array of int
        The lecturer.
    y : array of float
        The rating, from 1 to 5.
    """

    student: IntArray
    lecturer: IntArray
    y: FloatArray


class Strengths(NamedTuple):
    """Strengths by batch and cask.

    Attributes
    ----------
    batch : array of str
        The batch of each test.
    cask : array of str
        Its cask, with a letter that other batches use for casks of their own.
    y : array of float
        The strength.
    """

    batch: TextArray
    cask: TextArray
    y: FloatArray


class Trials(NamedTuple):
    """Events in the two arms of a trial, and where it took place, by trial.

    Attributes
    ----------
    group : array of str
        The names of the trials.
    y : array of int
        Events among the treated.
    n : array of int
        How many were treated.
    y_control : array of int
        Events in the control group.
    n_control : array of int
        How many were in the control group.
    latitude : array of float
        How far from the equator, in degrees.
    year : array of int
        The year of publication.
    """

    group: TextArray
    y: IntArray
    n: IntArray
    y_control: IntArray
    n_control: IntArray
    latitude: FloatArray
    year: IntArray


class Schools(NamedTuple):
    """Scores of single schools, with what is known of each.

    Attributes
    ----------
    y : array of float
        The school's score.
    group : array of str
        The county.
    type : array of str
        "primary", "middle" or "high".
    meals : array of float
        Per cent of the pupils with a subsidised lunch.
    """

    y: FloatArray
    group: TextArray
    type: TextArray
    meals: FloatArray


class SchoolCells(NamedTuple):
    """All schools, counted by county and type; a row is a cell.

    Attributes
    ----------
    group : array of str
        The county.
    type : array of str
        "primary", "middle" or "high".
    n : array of int
        Schools.
    meals : array of float
        The mean over these schools of the per cent of pupils with a subsidised lunch.
    ybar : array of float
        The mean over these schools of the score.
    """

    group: TextArray
    type: TextArray
    n: IntArray
    meals: FloatArray
    ybar: FloatArray


class Infections(NamedTuple):
    """Times until an infection, some of them cut off; several rows have the same group.

    Attributes
    ----------
    time : array of float
        Days.
    event : array of int
        1 where the time ended in an infection, 0 where it was cut off before.
    group : array of int
        The number of the patient.
    female : array of int
        1 for a woman, 0 for a man.
    """

    time: FloatArray
    event: IntArray
    group: IntArray
    female: IntArray


class Series(NamedTuple):
    """A measurement a year.

    Attributes
    ----------
    year : array of int
        The year.
    y : array of float
        What was measured.
    """

    year: IntArray
    y: FloatArray


class Pupils(NamedTuple):
    """Scores by pupil, with what is known of the pupil.

    Attributes
    ----------
    y : array of float
        The score in mathematics.
    group : array of int
        The school.
    ses : array of float
        A score of the family's socio-economic status, of mean -0.2 and standard deviation 0.8 among these pupils.
    girl : array of int
        1 for a girl, 0 for a boy.
    """

    y: FloatArray
    group: IntArray
    ses: FloatArray
    girl: IntArray


class Coverage(NamedTuple):
    """How often 95 % intervals held the truth in simulations; one row a setting and method.

    Attributes
    ----------
    model : array of str
        What was simulated: "normal" or "counts".
    groups : array of int
        The number of groups.
    spread : array of float
        The true tau/se; for counts alpha + beta.
    method : array of str
        How the interval was made.
    coverage : array of float
        How often it held the truth where the method gave an answer.
    error : array of float
        The standard error of coverage.
    replicates : array of int
        The number of simulated data sets.
    answered : array of float
        The share of data sets for which the method gave an answer.
    """

    model: TextArray
    groups: IntArray
    spread: FloatArray
    method: TextArray
    coverage: FloatArray
    error: FloatArray
    replicates: IntArray
    answered: FloatArray

    def find(self, model: str, groups: int, spread: float, method: str) -> tuple[float, float]:
        """Look up one row.

        Parameters
        ----------
        model : str
            What was simulated: "normal" or "counts".
        groups : int
            The number of groups.
        spread : float
            The true tau/se; for counts alpha + beta.
        method : str
            How the interval was made.

        Returns
        -------
        coverage : float
            How often it held the truth.
        error : float
            The standard error of that.

        Raises
        ------
        KeyError
            If there is no such row.

        Examples
        --------
        >>> print(coverage().find("normal", 8, 1.0, "plug-in reml")[0].round(2))
        0.72
        """
        rows = (self.model == model) & (self.groups == groups) & (self.spread == spread) & (self.method == method)
        if rows.sum() != 1:
            raise KeyError(f"no row for {model}, {groups} groups, {spread:g}, {method}")
        return self.coverage[rows][0], self.error[rows][0]


class Reactions(NamedTuple):
    """Reaction times in a study of little sleep, by person and day.

    Attributes
    ----------
    y : array of float
        Reaction times, in milliseconds.
    group : array of int
        The number of the person.
    day : array of int
        The day of the study, from 0; days 0 and 1 were training.
    """

    y: FloatArray
    group: IntArray
    day: IntArray


class NutsRuns(NamedTuple):
    """What runs of NUTS cost in one of three coordinates at one lambda; tools/data/simulate_nuts.py says how.

    Attributes
    ----------
    lam : array of float
        How much the data say, lambda = tau^2/se^2.
    form : array of str
        The coordinates: "centered", "noncentered" or "between".
    runs : array of int
        The number of runs.
    ess : array of float
        Effective draws of mu or tau, whichever has fewer, per 1000 gradients: the mean over the runs.
    ess_sd : array of float
        The standard deviation of the same over the runs.
    gradients : array of float
        Gradients per draw.
    divergences : array of float
        Divergences in a run of 4000 draws.
    bad_runs : array of float
        Runs with a divergence, an R-hat above 1.01 or an effective sample size below 400.
    max_rhat : array of float
        The largest R-hat.
    error : array of float
        The error of E(log tau), in posterior standard deviations of log tau: the mean over the runs.
    error_se : array of float
        The standard error of that mean.
    """

    lam: FloatArray
    form: TextArray
    runs: IntArray
    ess: FloatArray
    ess_sd: FloatArray
    gradients: FloatArray
    divergences: FloatArray
    bad_runs: FloatArray
    max_rhat: FloatArray
    error: FloatArray
    error_se: FloatArray


class NutsFailures(NamedTuple):
    """The most extreme values of each fit of a page over many seeds; tools/data/nuts_failures.py says how.

    Attributes
    ----------
    seeds : array of int
        The number of seeds.
    divergent : array of int
        Seeds with a divergence.
    bad : array of int
        Seeds with a divergence, an R-hat above 1.01 or an effective sample size below 400.
    divergences : array of float
        The most divergences of one run.
    rhat : array of float
        The largest R-hat.
    bulk : array of float
        The smallest effective sample size of the bulk.
    tail : array of float
        The smallest effective sample size of the tails.
    z : array of float
        The largest error of a mean, in its own Monte Carlo standard errors.
    z_sd : array of float
        The same of a standard deviation.
    low : array of float
        Effective draws of mu or tau per 1000 gradients: the fewest.
    high : array of float
        Effective draws of mu or tau per 1000 gradients: the most.
    """

    seeds: IntArray
    divergent: IntArray
    bad: IntArray
    divergences: FloatArray
    rhat: FloatArray
    bulk: FloatArray
    tail: FloatArray
    z: FloatArray
    z_sd: FloatArray
    low: FloatArray
    high: FloatArray


class LooRuns(NamedTuple):
    """Leave-one-out of page 10 by seed; tools/data/loo_over_seeds.py says how.

    Attributes
    ----------
    given_theta : array of float
        The score of the hospitals, from the likelihood given theta.
    given_theta_over : array of int
        How many of its twelve Pareto k were above 0.7.
    integrated : array of float
        The score of the hospitals with theta integrated out.
    integrated_over : array of int
        How many of its twelve Pareto k were above 0.7.
    babies : array of float
        The score of the babies.
    """

    given_theta: FloatArray
    given_theta_over: IntArray
    integrated: FloatArray
    integrated_over: IntArray
    babies: FloatArray


class Houses(NamedTuple):
    """Radon by house, with what is known of the house and of its county.

    Attributes
    ----------
    y : array of float
        Log radon, of pCi/L.
    group : array of str
        The county.
    floor : array of int
        The floor of the measurement: 0 the basement, 1 above.
    uranium : array of float
        The county's log uranium, of parts per million.
    """

    y: FloatArray
    group: TextArray
    floor: IntArray
    uranium: FloatArray


def surgical() -> Counts:
    """Load deaths y after n cardiac operations on babies in 12 hospitals.

    Returns
    -------
    Counts
        One row a hospital.

    References
    ----------
    .. [1] Spiegelhalter, Thomas, Best & Gilks (1996), BUGS Examples Volume 1, "Surgical: institutional ranking".

    Examples
    --------
    >>> hospitals = surgical()
    >>> int(hospitals.y.sum()), int(hospitals.n.sum())
    (208, 2814)
    """
    return _table(Counts, "surgical.csv", {"hospital": str, "r": int, "n": int})


def rat_tumors() -> Counts:
    """Load rats with a tumour y among the n rats of 71 control groups.

    The last group is the current experiment.

    Returns
    -------
    Counts
        One row a group of rats.

    References
    ----------
    .. [1] Tarone (1982), Biometrics 38:215-220.
    .. [2] Gelman et al., Bayesian Data Analysis (3rd ed.), table 5.1.

    Examples
    --------
    >>> rats = rat_tumors()
    >>> int(rats.y.sum()), int(rats.n.sum())
    (267, 1739)
    """
    rows = _read("rat_tumors.csv")
    names = np.array([str(i + 1) for i in range(len(rows))])
    return Counts(_frozen(names), _column(rows, "y", int), _column(rows, "K", int))


def eight_schools() -> Means:
    """Load effects ybar of coaching on a test score in 8 schools, with standard errors se, in points.

    Returns
    -------
    Means
        One row a school.

    References
    ----------
    .. [1] Rubin (1981), Journal of Educational Statistics 6:377-401, table 1.

    Examples
    --------
    >>> print(eight_schools().ybar.sum())
    70.0
    """
    return _table(Means, "eight_schools.csv", {"school": str, "y": float, "sigma": float})


def batters() -> Batters:
    """Load hits y of 18 baseball players in their first n = 45 at bats of 1970, and in the rest of that season.

    The batters are those of Efron and Morris [1]_, in their order. The counts of the rest are the official totals of
    the season, less the 45. README.md says how the row of Walt Williams was checked.

    Returns
    -------
    Batters
        One row a batter.

    References
    ----------
    .. [1] Efron & Morris (1975), JASA 70:311-319, table 1.

    Examples
    --------
    >>> first = batters()
    >>> print(first.group[0], first.y[0], first.n[0], first.rest_y[0], first.rest_n[0])
    Roberto Clemente 18 45 127 367
    """
    columns = {"player": str, "hits": int, "at_bats": int, "rest_hits": int, "rest_at_bats": int}
    return _table(Batters, "batters.csv", columns)


def batters_copied() -> CopiedBatters:
    """Load the same batters from a file that is in wide use, slips and all: one row contradicts itself.

    Returns
    -------
    CopiedBatters
        One row a batter.

    References
    ----------
    .. [1] ``efron-morris-75-data.tsv`` of Stan's case study on pooling and of PyMC's examples.

    Examples
    --------
    >>> print(batters_copied().group[9])
    Ron Swaboda
    """
    rows = _read("batters_copied.csv")
    group = _frozen(np.array([f"{row['first_name']} {row['last_name']}" for row in rows]))
    y, n, season_y, season_n = (
        _column(rows, name, int) for name in ("hits", "at_bats", "season_hits", "season_at_bats")
    )
    return CopiedBatters(group, y, n, season_y, season_n, _column(rows, "season_average", float))


def williams_1970() -> Games:
    """Load hits y in n at bats by game of two batters called Williams in the spring of 1970.

    They are Walt Williams until 1 May, and Billy Williams until 22 April.

    Returns
    -------
    Games
        One row a game.

    References
    ----------
    .. [1] Counted from Retrosheet's play-by-play accounts of these games.

    Examples
    --------
    >>> games = williams_1970()
    >>> walt = games.group == "Walt Williams"
    >>> int(games.y[walt].sum()), int(games.n[walt].sum())
    (10, 45)
    """
    return _table(Games, "williams_1970.csv", {"player": str, "hits": int, "at_bats": int, "date": str})


def flights() -> Counts:
    """Load flights y that landed more than 15 minutes late among n, by plane.

    They are the 4,037 planes that left New York in 2013 and have an arrival delay on record.

    Returns
    -------
    Counts
        One row a plane.

    References
    ----------
    .. [1] US Bureau of Transportation Statistics, in the R package nycflights13.

    Examples
    --------
    >>> planes = flights()
    >>> int(planes.y.sum()), int(planes.n.sum())
    (77630, 327346)
    """
    return _table(Counts, "flights.csv", {"tailnum": str, "late": int, "n": int})


def kidney_cancer() -> TwoPeriods:
    """Load deaths of white men from kidney cancer y in n person-years, by US county.

    The two periods are 1980-84 and 1985-89 (the later fields). The rates are crude: nothing in the file says how old a
    county's men were. Alaska and a few counties are not in it.

    Returns
    -------
    TwoPeriods
        One row a county.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.7, from US mortality statistics.

    Examples
    --------
    >>> counties = kidney_cancer()
    >>> print(len(counties.n), counties.y.sum(), counties.n.sum())
    3110 23412 482076984
    """
    columns = {"county": str, "dc": int, "pop": int, "dc.2": int, "pop.2": int}
    return _table(TwoPeriods, "kidney_cancer.csv", columns)


def cbpp() -> HerdPeriods:
    """Load new cases y of contagious bovine pleuropneumonia among n cattle, by herd and period: 15 herds of Ethiopia.

    Herd 8 was seen in the first period only.

    Returns
    -------
    HerdPeriods
        One row a herd and period.

    References
    ----------
    .. [1] Lesnoff et al. (2004), Within-herd spread of contagious bovine pleuropneumonia in Ethiopian highlands,
       Preventive Veterinary Medicine 64:27-40.

    Examples
    --------
    >>> herds = cbpp()
    >>> len(herds.y), int(herds.y.sum()), int(herds.n.sum())
    (56, 99, 842)
    """
    return _table(HerdPeriods, "cbpp.csv", {"incidence": int, "size": int, "herd": int, "period": int})


def seeds() -> Plates:
    """Load seeds y that germinated among n, on 21 plates, by variety of the seed and extract of the root.

    Returns
    -------
    Plates
        One row a plate.

    References
    ----------
    .. [1] Crowder (1978), Beta-binomial Anova for proportions, Applied Statistics 27:34-37, table 3.

    Examples
    --------
    >>> plates = seeds()
    >>> len(plates.y), int(plates.y.sum()), int(plates.n.sum())
    (21, 424, 831)
    """
    return _table(Plates, "seeds.csv", {"n": int, "N": int, "x1": int, "x2": int})


def nc_sids() -> Births:
    """Load sudden infant deaths y among n births in the 100 counties of North Carolina, in two periods.

    Returns
    -------
    Births
        One row a county.

    References
    ----------
    .. [1] Cressie & Read (1985), Do sudden infant deaths come in clusters?, Statistics and Decisions,
       Supplement Issue 2:333-349.

    Examples
    --------
    >>> counties = nc_sids()
    >>> int(counties.y.sum()), int(counties.n.sum())
    (667, 329962)
    """
    columns = {"county": str, "SID74": int, "BIR74": int, "SID79": int, "BIR79": int, "NWBIR74": int}
    return _table(Births, "nc_sids.csv", columns)


def penicillin() -> Zones:
    """Load 144 diameters y: six samples of penicillin, each on the same 24 plates.

    A few drops of a sample are put on a plate on which bacteria grow; the diameter of the clear zone around them
    measures its potency.

    Returns
    -------
    Zones
        One row a reading, y in millimetres.

    References
    ----------
    .. [1] Davies & Goldsmith (1972), Statistical Methods in Research and Production (4th ed.), section 6.6.

    Examples
    --------
    >>> dishes = penicillin()
    >>> print(len(dishes.y), len(set(dishes.plate)), len(set(dishes.sample)))
    144 24 6
    """
    return _table(Zones, "penicillin.csv", {"plate": str, "sample": str, "diameter": float})


def ratings() -> Ratings:
    """Load 578 ratings y, from 1 (poor) to 5, that 33 students gave to 30 lecturers of one department.

    They are those of lme4's InstEval, of the ETH Zurich, for lectures that department 8 held for itself, and not for
    another department; not every student rated every lecturer.

    Returns
    -------
    Ratings
        One row a rating.

    References
    ----------
    .. [1] Evaluations of lectures at the ETH Zurich: InstEval, a data set of the R package lme4.

    Examples
    --------
    >>> given = ratings()
    >>> print(*(np.unique(column).size for column in (given.student, given.lecturer)))
    33 30
    """
    return _table(Ratings, "ratings.csv", {"student": int, "lecturer": int, "rating": float})


def pastes() -> Strengths:
    """Load the strength y of a chemical paste: two tests of each of three casks from ten batches.

    Every batch calls its casks a, b and c: cask a of batch A and cask a of batch B have nothing in common.

    Returns
    -------
    Strengths
        One row a test.

    References
    ----------
    .. [1] Davies & Goldsmith (1972), Statistical Methods in Research and Production (4th ed.), section 6.5.

    Examples
    --------
    >>> deliveries = pastes()
    >>> print(len(deliveries.y), len(set(deliveries.batch)), len(set(deliveries.cask)))
    60 10 3
    """
    return _table(Strengths, "pastes.csv", {"batch": str, "cask": str, "strength": float})


def bcg() -> Trials:
    """Load cases of tuberculosis y among n vaccinated with BCG, and among controls, in 13 trials.

    The latitude is that of the place, without its sign.

    Returns
    -------
    Trials
        One row a trial.

    References
    ----------
    .. [1] Colditz et al. (1994), JAMA 271:698-702.

    Examples
    --------
    >>> trials = bcg()
    >>> print(*(column[0] for column in trials[:5]))
    Aronson 1948 4 123 11 139
    """
    rows = _read("bcg.csv")
    y, spared, y_control, spared_control = (_column(rows, name, int) for name in ("tpos", "tneg", "cpos", "cneg"))
    n, n_control = _frozen(y + spared), _frozen(y_control + spared_control)
    where, when = _column(rows, "latitude", float), _column(rows, "year", int)
    return Trials(_column(rows, "trial", str), y, n, y_control, n_control, where, when)


def api_sample() -> Schools:
    """Load the scores y of 200 Californian schools of the year 2000, drawn by type: 100 primary, 50 middle, 50 high.

    The score is the Academic Performance Index, from 200 to 1000.

    Returns
    -------
    Schools
        One row a school.

    References
    ----------
    .. [1] California Department of Education; apistrat in Lumley's R package survey.

    Examples
    --------
    >>> sample = api_sample()
    >>> print(len(sample.y), len(set(sample.group)), sample.y.mean().round(2))
    200 40 652.82
    """
    return _table(Schools, "api_sample.csv", {"score": float, "county": str, "type": str, "meals": float})


def api_cells() -> SchoolCells:
    """Load all 6,194 schools from which `api_sample` was drawn, counted by county and type.

    Returns
    -------
    SchoolCells
        One row a cell with at least one school.

    References
    ----------
    .. [1] California Department of Education; apipop in Lumley's R package survey.

    Examples
    --------
    >>> cells = api_cells()
    >>> print(cells.n.sum(), np.average(cells.ybar, weights=cells.n).round(2))
    6194 664.71
    """
    columns = {"county": str, "type": str, "schools": int, "meals": float, "score": float}
    return _table(SchoolCells, "api_cells.csv", columns)


def catheters() -> Infections:
    """Load times until the infection of a catheter, two for each of 38 dialysis patients.

    A time is cut off (event 0) where the catheter was taken out for another reason.

    Returns
    -------
    Infections
        One row a catheter.

    References
    ----------
    .. [1] McGilchrist & Aisbett (1991), Biometrics 47:461-466.

    Examples
    --------
    >>> times = catheters()
    >>> print(len(times.time), times.event.sum(), times.time.sum())
    76 58 7724.0
    """
    return _table(Infections, "catheters.csv", {"time": float, "infection": int, "patient": int, "female": int})


def nile() -> Series:
    """Load the yearly flow y of the Nile at Aswan, 1871 to 1970, in 10^8 cubic metres.

    Returns
    -------
    Series
        One row a year.

    References
    ----------
    .. [1] Cobb (1978), Biometrika 65:243-251; Durbin & Koopman (2012), Time Series Analysis by State Space Methods.

    Examples
    --------
    >>> river = nile()
    >>> print(len(river.y), river.y.mean())
    100 919.35
    """
    return _table(Series, "nile.csv", {"year": int, "flow": float})


def high_school() -> Pupils:
    """Load scores in mathematics y of 1,208 pupils in 30 public high schools of the United States.

    They are every third of the 90 public schools in a sample of the survey High School and Beyond.

    Returns
    -------
    Pupils
        One row a pupil.

    References
    ----------
    .. [1] Raudenbush & Bryk (2002), Hierarchical Linear Models, 2nd ed., chapter 4.

    Examples
    --------
    >>> pupils = high_school()
    >>> print(len(pupils.y), len(set(pupils.group)), pupils.ses[0], pupils.y[0])
    1208 30 -1.528 5.876
    """
    return _table(Pupils, "high_school.csv", {"score": float, "school": int, "ses": float, "girl": int})


def coverage() -> Coverage:
    """Load the coverage of 95 % intervals with an estimated prior, by simulation with many replicates.

    The file is made by tools/data/simulate_coverage.py of this course.

    Returns
    -------
    Coverage
        One row a setting and method.

    Examples
    --------
    >>> table = coverage()
    >>> print(len(table.model), int(table.groups.max()))
    118 1000
    """
    columns = {"model": str, "groups": int, "spread": float, "method": str, "coverage": float, "error": float}
    return _table(Coverage, "coverage.csv", {**columns, "replicates": int, "answered": float})


def sleepstudy() -> Reactions:
    """Load reaction times y of 18 people with three hours a night in bed, by person (group) and day.

    Days 0 and 1 were training and day 2 the baseline: an analysis of the lack of sleep starts at day 2.

    Returns
    -------
    Reactions
        One row a person and day, y in milliseconds.

    References
    ----------
    .. [1] Belenky et al. (2003), Journal of Sleep Research 12:1-12.

    Examples
    --------
    >>> people = sleepstudy()
    >>> print(len(people.y), len(set(people.group)), people.y[0])
    180 18 249.56
    """
    return _table(Reactions, "sleepstudy.csv", {"reaction": float, "subject": int, "day": int})


def nuts_over_lambda() -> NutsRuns:
    """Load what runs of NUTS cost in three coordinates over a grid of lambda.

    The file is a simulation, made by tools/data/simulate_nuts.py of this course.

    Returns
    -------
    NutsRuns
        One row a lambda and form.

    Examples
    --------
    >>> runs = nuts_over_lambda()
    >>> print(np.unique(runs.form), runs.lam.min(), runs.lam.max())
    ['between' 'centered' 'noncentered'] 0.01 1000.0
    """
    columns = {"lambda": float, **dict.fromkeys(NutsRuns._fields[1:], float), "form": str, "runs": int}
    return _table(NutsRuns, "nuts_over_lambda.csv", columns)


def nuts_failures(place: str) -> NutsFailures:
    """Load how often the NUTS fits of a page failed with other seeds, in the page's order.

    The file is made by tools/data/nuts_failures.py of this course.

    Parameters
    ----------
    place : str
        The page, as its path without the ending.

    Returns
    -------
    NutsFailures
        One row a fit of the page; none if it has no fits.

    Examples
    --------
    >>> fits = nuts_failures("chapters/09-multilevel-regression")
    >>> print(len(fits.seeds), bool((fits.divergent <= fits.bad).all()))
    1 True
    """
    columns = {**dict.fromkeys(NutsFailures._fields, float), "seeds": int, "divergent": int, "bad": int}
    rows = [row for row in _read("nuts_failures.csv") if row["place"] == place]
    return NutsFailures(*(_column(rows, column, of) for column, of in columns.items()))


def loo_over_seeds() -> LooRuns:
    """Load page 10's leave-one-out with other seeds.

    The file is a simulation, made by tools/data/loo_over_seeds.py of this course.

    Returns
    -------
    LooRuns
        One row a seed.

    Examples
    --------
    >>> runs = loo_over_seeds()
    >>> print(bool((runs.given_theta_over > runs.integrated_over).all()))
    True
    """
    columns = {**dict.fromkeys(LooRuns._fields, float), "given_theta_over": int, "integrated_over": int}
    return _table(LooRuns, "loo_over_seeds.csv", columns)


def radon() -> Houses:
    """Load log radon y (pCi/L) in 919 houses of 85 counties of Minnesota.

    It was measured in the basement (floor 0) or above (1). uranium is the log of the county's surface uranium, in parts
    per million, repeated for each of its houses: rows may be shuffled or dropped without losing which county it belongs
    to. The four lowest y are log 0.1.

    Returns
    -------
    Houses
        One row a house.

    References
    ----------
    .. [1] Price, Nero & Gelman (1996), Health Physics 71:922-936.

    Examples
    --------
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
    dtype = np.int64 if kind is int else None  # also where NumPy's own has 32 bits
    return _frozen(np.array([kind(row[name]) for row in rows], dtype=dtype))


def _frozen(array):
    array.flags.writeable = False
    return array
