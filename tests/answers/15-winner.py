"""Answers to 15-winner that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
from scipy import integrate, stats


def by_sorting(ybar, se, mu, tau):
    estimate, error = sorted(zip(ybar, se, strict=True))[-1]
    return estimate - error**2 / (tau**2 + error**2) * (estimate - mu)


def by_precisions(ybar, se, mu, tau):
    best = int(np.argmax(ybar))
    if tau == 0:
        return mu
    return (ybar[best] / se[best] ** 2 + mu / tau**2) / (1 / se[best] ** 2 + 1 / tau**2)


def by_all_posterior_means(ybar, se, mu, tau):
    means = (se**2 * mu + tau**2 * ybar) / (se**2 + tau**2)
    return means[ybar == ybar.max()][0]


def by_integral(m, v, s, cost, weeks):
    """The positive part, integrated."""
    d = m - cost
    later = max(d, 0.0)
    if v > 0:
        r = v / np.hypot(np.sqrt(v), s)
        later = integrate.quad(lambda z: max(d + r * z, 0) * stats.norm.pdf(z), -9, 9, points=[np.clip(-d / r, -9, 9)])[
            0
        ]
    return 0.5 * d + (weeks - 1) * later - max(weeks * d, 0.0)


def by_value_of_information(m, v, s, cost, weeks):
    """What the information is worth, minus what the week costs."""
    d = abs(m - cost)
    if v == 0:
        return -d / 2
    r = np.sqrt(v) * np.sqrt(v / (v + s**2))
    value = r * stats.norm.pdf(d / r) - d * stats.norm.cdf(-d / r)
    return (weeks - 1) * value - d / 2


def by_limits(m, v, s, cost, weeks):
    """With a spread that is never quite 0."""
    d = m - cost
    r = max(v, 1e-12) / np.sqrt(v + s**2)
    later = d * stats.norm.cdf(d / r) + r * stats.norm.pdf(d / r)
    return d / 2 + (weeks - 1) * later - weeks * np.maximum(d, 0)


RIGHT = {
    "of_winner": [by_sorting, by_precisions, by_all_posterior_means],
    "worth_testing": [by_integral, by_value_of_information, by_limits],
}


def by_scale(m, v, s, cost, weeks):
    """The density of a normal with the scale r, for phi(d / r)."""
    d, r = m - cost, v / (v + s**2) ** 0.5
    later = d * stats.norm.cdf(d, 0, r) + r * stats.norm.pdf(d, 0, r)
    return d / 2 + (weeks - 1) * later - max(0, weeks * d)


HINTED = {"worth_testing": [(by_scale, "density with the scale r")]}
WRONG = {
    "of_winner": [
        (lambda **data: np.exp(by_sorting(**data)), "e to the power"),
        (lambda **data: -by_sorting(**data), "sign"),
        (lambda ybar, se, mu, tau: 1.0, "whatever the inputs"),
    ],
    "worth_testing": [
        (lambda **data: -by_integral(**data), "sign"),
        (lambda **data: 2 * by_integral(**data), "twice"),
        (lambda **data: 0.5, "whatever the inputs"),
    ],
}
