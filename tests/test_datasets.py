"""The data are those of the sources, by their published sums; test_peers.py has the answers of other programs."""

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


LOADERS = [
    datasets.surgical,
    datasets.rat_tumors,
    datasets.eight_schools,
    datasets.flights,
    datasets.kidney_cancer,
]


@pytest.mark.parametrize("load", LOADERS)
def test_columns_are_aligned_and_frozen(load):
    data = load()
    assert {len(column) for column in data} == {len(data.group)}
    assert len(np.unique(data.group)) == len(data.group)
    with pytest.raises(ValueError, match="read-only"):
        data[1][0] = 0
