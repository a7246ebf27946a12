"""The data are those of the sources, by their published sums; test_peers.py has the answers of other programs."""

import csv
from importlib import resources

import numpy as np
import pytest

from hblib import datasets


def test_published_sums():
    assert (datasets.surgical().y.sum(), datasets.surgical().n.sum(), len(datasets.surgical().n)) == (208, 2814, 12)
    assert (datasets.rat_tumors().y.sum(), datasets.rat_tumors().n.sum(), len(datasets.rat_tumors().n)) == (
        267,
        1739,
        71,
    )
    assert (datasets.rat_tumors().y[-1], datasets.rat_tumors().n[-1]) == (4, 14)
    assert datasets.eight_schools().ybar.tolist() == [28, 8, -3, 7, -1, 1, 18, 12]
    assert datasets.eight_schools().se.tolist() == [15, 10, 16, 11, 9, 11, 10, 18]
    flights, counties = datasets.flights(), datasets.kidney_cancer()
    assert (flights.y.sum(), flights.n.sum(), len(flights.n), flights.n.min(), flights.n.max()) == (
        77630,
        327346,
        4037,
        1,
        544,
    )
    assert (counties.y.sum(), counties.n.sum(), len(counties.n), counties.n.max()) == (
        23412,
        482076984,
        3110,
        15266402,
    )
    assert (counties.y_later.sum(), counties.n_later.sum()) == (25997, 499656066)


def test_batters():
    """Season totals of Lahman's database; Efron & Morris's printed averages, but for one."""
    first = datasets.batters()
    assert (first.y.sum(), set(first.n), len(first.y)) == (215, {45}, 18)
    assert (first.rest_y.sum(), first.rest_n.sum()) == (2041 - 215, 7459 - 18 * 45)
    with resources.files(datasets).joinpath("batters.csv").open(encoding="utf8", newline="") as file:
        printed = np.array([float(row["printed"]) for row in csv.DictReader(file)])
    differ = np.abs(first.rest_y / first.rest_n - printed) > 0.001
    assert first.group[differ].tolist() == ["Don Kessinger"]


def test_only_one_copied_row_contradicts_itself():
    first, copied = datasets.batters(), datasets.batters_copied()
    average = copied.season_y / copied.season_n
    wrong = np.abs(average - copied.season_average) > 0.001
    assert copied.group[wrong].tolist() == ["Billy Williams"]
    walt = first.group.tolist().index("Walt Williams")
    total = (first.y + first.rest_y)[walt], (first.n + first.rest_n)[walt]
    assert total == (79, 315)
    assert round(total[0] / total[1], 3) == copied.season_average[wrong][0]
    spelt = dict(zip(copied.group.tolist(), zip(copied.season_y, copied.season_n, strict=True), strict=True))
    spelt["Ron Swoboda"] = spelt["Ron Swaboda"]
    for name, hits, at_bats in zip(first.group.tolist(), first.y + first.rest_y, first.n + first.rest_n, strict=True):
        assert name == "Walt Williams" or spelt[name] == (hits, at_bats)


def test_walt_williams_had_10_of_45_and_billy_had_not():
    games = datasets.williams_1970()
    walt = games.group == "Walt Williams"
    assert (games.y[walt].sum(), games.n[walt].sum(), games.date[walt][-1]) == (10, 45, "1970-05-01")
    assert (games.y[~walt].sum(), games.n[~walt].sum(), set(games.group[~walt])) == (14, 46, {"Billy Williams"})
    assert len(set(games.date[~walt])) == 11


def test_sleepstudy():
    """Sums of lme4's copy; every person has the same ten days."""
    people = datasets.sleepstudy()
    assert (len(people.y), len(set(people.group.tolist())), sorted(set(people.day.tolist()))) == (
        180,
        18,
        list(range(10)),
    )
    assert abs(people.y.sum() - 53731.4205) < 1e-6
    assert people.y[people.group == 335][people.day[people.group == 335] >= 2].argmax() == 1


def test_plates_and_pastes():
    """Every plate carries every sample once; two tests of three casks in ten batches. Sums of lme4's copies."""
    dishes, paste = datasets.penicillin(), datasets.pastes()
    assert dishes.y.sum() == 3308
    assert len(set(zip(dishes.plate.tolist(), dishes.sample.tolist(), strict=True))) == len(dishes.y) == 24 * 6
    assert np.isclose(paste.y.sum(), 3603.2)
    _, tests = np.unique(np.char.add(paste.batch, paste.cask), return_counts=True)
    assert tests.tolist() == [2] * 30


def test_ratings():
    """Counts and a sum of lme4's copy; no student rates a lecturer twice."""
    given = datasets.ratings()
    assert (len(given.y), len(set(given.student.tolist())), len(set(given.lecturer.tolist()))) == (578, 33, 30)
    assert len(set(zip(given.student.tolist(), given.lecturer.tolist(), strict=True))) == 578
    assert given.y.sum() == 1946
    assert set(given.y.tolist()) == {1, 2, 3, 4, 5}


def test_high_school_is_every_third_public_school():
    """Counts and sums of mlmRev's copy, from which the rows were taken."""
    pupils = datasets.high_school()
    assert {len(column) for column in pupils} == {1208}
    assert (len(set(pupils.group.tolist())), pupils.girl.sum()) == (30, 663)
    assert abs(pupils.y.sum() - 13009.703) < 1e-6
    assert abs(pupils.ses.sum() + 259.664) < 1e-6
    assert set(pupils.girl.tolist()) == {0, 1}


def test_radon_is_aligned_house_by_house():
    """The counts, one uranium a county, and a floor that is a floor."""
    houses = datasets.radon()
    assert (len(houses.y), len(np.unique(houses.group)), (houses.floor == 0).sum()) == (919, 85, 766)
    assert {len(column) for column in houses} == {919}
    assert houses.y[houses.floor == 0].mean() > houses.y[houses.floor == 1].mean() + 0.5
    assert len(set(zip(houses.group.tolist(), houses.uranium.tolist(), strict=True))) == 85
    with pytest.raises(ValueError, match="read-only"):
        houses.y[0] = 0


def test_bcg():
    """Sums of metadat's copy, and the first log risk ratio that metafor's manual prints."""
    trials = datasets.bcg()
    assert (len(trials.y), trials.y.sum(), trials.y_control.sum()) == (13, 1065, 1510)
    assert trials.n.sum() + trials.n_control.sum() == 357_347
    first = np.log(trials.y[0] / trials.n[0] / (trials.y_control[0] / trials.n_control[0]))
    assert abs(first - -0.8893) < 5e-5
    assert (trials.latitude.min(), trials.latitude.max(), trials.year.min(), trials.year.max()) == (13, 55, 1948, 1980)


def test_californian_schools():
    """The sample gives the estimate and the standard error that survey prints; the cells hold every school once."""
    sample, cells = datasets.api_sample(), datasets.api_cells()
    assert {len(column) for column in sample} == {200}
    assert {len(column) for column in cells} == {169}
    assert (cells.n.sum(), len(set(cells.group.tolist())), len(set(sample.group.tolist()))) == (6194, 57, 40)
    assert len(set(zip(cells.group.tolist(), cells.type.tolist(), strict=True))) == 169
    assert abs(np.average(cells.ybar, weights=cells.n) - 664.7126) < 5e-4
    mean = variance = 0
    for type in ("primary", "middle", "high"):
        y, schools = sample.y[sample.type == type], cells.n[cells.type == type].sum()
        mean += schools * y.mean() / 6194
        variance += (schools / 6194) ** 2 * (1 - len(y) / schools) * y.var(ddof=1) / len(y)
    assert abs(mean - 662.29) < 0.005
    assert abs(np.sqrt(variance) - 9.4089) < 5e-5
    for column in (*sample, *cells):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]


def test_catheters():
    """Two times a patient, one sex each; 58 infections; patient 21 as published."""
    times = datasets.catheters()
    assert {len(column) for column in times} == {76}
    assert np.bincount(times.group).tolist() == [0] + [2] * 38
    assert (times.event.sum(), times.female.sum(), times.time.sum()) == (58, 56, 7724)
    assert times.time[times.group == 21].tolist() == [152, 562]
    assert len(set(zip(times.group.tolist(), times.female.tolist(), strict=True))) == 38


def test_nile():
    river = datasets.nile()
    assert river.year.tolist() == list(range(1871, 1971))
    assert (river.y.mean(), river.y.max(), river.y.min()) == (919.35, 1370, 456)


def test_herds_seeds_and_births():
    """Sums that the sources' copies print; and what the columns say of themselves."""
    herds, plates, counties = datasets.cbpp(), datasets.seeds(), datasets.nc_sids()
    assert (herds.y.sum(), herds.n.sum(), len(herds.y), len(set(herds.group.tolist()))) == (99, 842, 56, 15)
    assert [herds.y[herds.period == k].sum() for k in (1, 2, 3, 4)] == [61, 17, 14, 7]
    assert (herds.group == 8).sum() == 1
    assert (plates.y.sum(), plates.n.sum()) == (424, 831)
    cells = [(plates.seed == s) & (plates.root == r) for s in (0, 1) for r in (0, 1)]
    assert [cell.sum() for cell in cells] == [5, 6, 5, 5]
    assert [(plates.y[cell].sum(), plates.n[cell].sum()) for cell in cells] == [
        (99, 272),
        (201, 295),
        (49, 123),
        (75, 141),
    ]
    assert (counties.y.sum(), counties.n.sum()) == (667, 329962)
    assert (counties.y_later.sum(), counties.n_later.sum()) == (836, 422392)
    anson = counties.group == "Anson"
    assert (counties.y[anson].item(), counties.n[anson].item()) == (15, 1570)
    assert (counties.nonwhite < counties.n).all()
    for data in (herds, plates, counties):
        assert len({len(column) for column in data}) == 1
        with pytest.raises(ValueError, match="read-only"):
            data.y[0] = 0


LOADERS = [
    datasets.nc_sids,
    datasets.surgical,
    datasets.rat_tumors,
    datasets.eight_schools,
    datasets.batters,
    datasets.batters_copied,
    datasets.flights,
    datasets.kidney_cancer,
    datasets.bcg,
]


@pytest.mark.parametrize("load", LOADERS)
def test_columns_are_aligned_and_frozen(load):
    data = load()
    assert hasattr(data, "group"), "LOADERS are of data whose rows are groups; test others as test_radon does"
    assert {len(column) for column in data} == {len(data.group)}
    assert len(np.unique(data.group)) == len(data.group)
    with pytest.raises(ValueError, match="read-only"):
        data[1][0] = 0


def test_sleepstudy_is_complete():
    people = datasets.sleepstudy()
    assert np.isclose(people.y.sum(), 53731.4, atol=0.1)
    assert people.day.tolist() == list(range(10)) * 18
    assert (people.group.reshape(18, 10) == people.group[::10, None]).all()


def test_stored_nuts_runs_have_every_form_at_every_lambda():
    runs = datasets.nuts_over_lambda()
    assert runs.form.tolist() == [form for form in ("centered", "noncentered", "between") for _ in range(11)]
    grid = runs.lam.reshape(3, 11)
    assert (np.diff(grid) > 0).all()
    assert (grid == grid[0]).all()
    assert (runs.bad_runs <= runs.runs).all()
    good = runs.bad_runs == 0
    assert (np.abs(runs.error)[good] < 5 * runs.error_se[good] + 0.01).all()
    assert (runs.max_rhat[good] <= 1.01).all()
