"""The solution "First lines: rates and estimates"."""

import numpy as np
from scipy import integrate, stats


def test_the_estimates_are_posterior_means(page):
    estimates = page.estimate(page.y, page.n, 8, 100)
    for deaths, operations, estimate in zip(page.y, page.n, estimates, strict=True):

        def product(rate, power=0, deaths=deaths, operations=operations):
            return rate**power * stats.beta.pdf(rate, 8, 100) * stats.binom.pmf(deaths, operations, rate)

        area, moment = (integrate.quad(product, 0, 1, args=(power,), points=[estimate])[0] for power in (0, 1))
        assert np.isclose(moment / area, estimate, rtol=1e-6)


def test_a_is_mostly_the_imaginary_record_and_d_nearly_its_own(page):
    kappa = page.n / (page.n + 108)
    assert kappa[0] < 1 / 2
    assert page.n.argmax() == 2
    assert kappa[2] > 7 / 8


def test_the_total_is_the_average_weighted_by_operations(page):
    assert np.isclose(page.total, np.average(page.raw, weights=page.n))
    assert abs(page.total - page.raw.mean()) > 0.002, "the solution prints three digits of each"


def test_what_the_task_says_of_arrays(page):
    assert (page.n - page.y).tolist() == [47, 130, 764, 184]
    assert (page.y + 1).tolist() == [1, 19, 47, 32]
    assert page.n.sum() == 1220
