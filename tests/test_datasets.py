"""The data are those of the sources: published sums, and known answers of other programs."""

import numpy as np
import pytest

from hblib import beta_binomial, datasets


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


@pytest.mark.parametrize(
    ("data", "alpha", "beta"),
    # by VGAM 1.1-7 and glmmTMB 1.1.5 for R, and 40-digit Newton
    [(datasets.rat_tumors(), 2.341614403, 14.1148043), (datasets.surgical(), 8.253488, 99.63685)],
)
def test_known_maxima(data, alpha, beta):
    fit = beta_binomial.fit(data.y, data.n)
    assert fit.alpha == pytest.approx(alpha, rel=1e-6)
    assert fit.beta == pytest.approx(beta, rel=1e-6)


@pytest.mark.parametrize("load", [datasets.surgical, datasets.rat_tumors, datasets.eight_schools])
def test_columns_are_aligned_and_frozen(load):
    data = load()
    assert {len(column) for column in data} == {len(data.group)}
    assert len(np.unique(data.group)) == len(data.group)
    with pytest.raises(ValueError, match="read-only"):
        data[1][0] = 0
