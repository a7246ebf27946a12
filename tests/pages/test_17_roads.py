"""The solution of the exercise on frailties and on a level that moves."""

import numpy as np
from scipy import integrate


def test_the_posterior_means_by_quadrature(page):
    for j in range(5):
        mine = page.patient == j

        def density(theta, mine=mine):
            rows = np.where(page.event[mine], 0.01 * theta, 1) * np.exp(-0.01 * theta * page.time[mine])
            return rows.prod() * theta * np.exp(-2 * theta)

        area = integrate.quad(density, 0, 60)[0]
        assert abs(integrate.quad(lambda t, f=density: t * f(t), 0, 60)[0] / area - page.found[j]) < 1e-6


def test_cut_off_days_tell_a_tough_patient_from_one_without_a_row(page):
    assert page.days[4] == 258
    assert page.infections[4] == 0
    assert page.found[4] < 0.6
    assert page.found[3] == 1


def test_over_years_without_a_measurement_the_uncertainty_grows_and_then_the_next_one_counts(page):
    sd, kappa = page.steps["sd"].to_numpy(), page.steps["kappa"].to_numpy()
    assert (np.diff(sd[:11]) > 0).all()
    assert np.isclose(sd[10] ** 2, sd[0] ** 2 + 10 * 38**2)
    assert kappa[11] > 1.5 * kappa[0]
