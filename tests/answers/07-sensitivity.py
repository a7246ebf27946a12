"""Answers to 07-sensitivity that nobody listed: right in another way, and wrong in ways of their own."""

import itertools

import numpy as np
from scipy import integrate, optimize, stats

from hblib import normal_normal, priors
from hblib.coursework import source

given = source.load("07-sensitivity").namespace
grid, log_likelihood = given["grid"], given["log_likelihood"]


def drawn(limit, df, scale):
    rng = np.random.default_rng(3)
    tau = scale * np.abs(rng.standard_t(df, 200_000))
    first, second = rng.normal(0, tau), rng.normal(0, tau)
    return np.mean(np.abs(first - second) > limit)


def by_quad(limit, df, scale):
    def both(tau):
        return 2 * stats.t.pdf(tau / scale, df) / scale * 2 * stats.norm.cdf(-limit / np.sqrt(2) / tau)

    return sum(integrate.quad(both, *ends)[0] for ends in ((0, scale), (scale, 50 * scale), (50 * scale, np.inf)))


def by_quantiles(limit, df, scale):
    """An average over equally probable values of tau."""
    share = (np.arange(20_000) + 0.5) / 20_000
    tau = scale * stats.t.ppf((1 + share) / 2, df)
    return float(np.mean(2 * stats.norm.sf(limit / (2**0.5 * tau))))


def plain_sum(limit, df, scale):
    """A Riemann sum on an even grid that reaches far enough."""
    tau = np.arange(0.01, 5000, 0.05)
    p = stats.t.pdf(tau / scale, df)
    return np.sum(p / p.sum() * 2 * stats.norm.sf(limit / np.sqrt(2) / tau))


def rounded(limit, df, scale):
    return round(drawn(limit, df, scale), 2)


def medians_by_sum(ybar, se, df, scale):
    """Widths of the grid's cells instead of the Jacobian, and no interpolation."""
    p = np.exp(log_likelihood(ybar, se, grid)) * stats.t.pdf(grid / scale, df) * np.gradient(grid)
    below = np.cumsum(p) / np.sum(p)
    tau = grid[np.argmax(below >= 0.5)]
    return [tau, [tau**2 / (tau**2 + s**2) for s in se]]


def medians_by_root(ybar, se, df, scale):
    def density(tau):
        return np.exp(log_likelihood(ybar, se, np.array([tau]))[0] - top) * stats.t.pdf(tau / scale, df)

    top = log_likelihood(ybar, se, grid).max()
    edges = scale * np.geomspace(1e-4, 1e6, 41)
    pieces = [integrate.quad(density, 0, edges[0])[0]]
    pieces += [integrate.quad(density, a, b)[0] for a, b in itertools.pairwise(edges)]
    half = sum(pieces) / 2
    at = int(np.searchsorted(np.cumsum(pieces), half))
    before = sum(pieces[:at])
    tau = optimize.brentq(
        lambda x: before + integrate.quad(density, edges[at - 1], x)[0] - half, edges[at - 1], edges[at]
    )
    return tau, np.float32(tau**2 / (tau**2 + se**2))


def medians_by_draws(ybar, se, df, scale):
    """Draws from the grid, and their medians."""
    p = np.exp(log_likelihood(ybar, se, grid)) * stats.t.pdf(grid / scale, df) * grid
    tau = np.random.default_rng(2).choice(grid, 400_000, p=p / p.sum())
    return np.median(tau), np.median(tau[:, None] ** 2 / (tau[:, None] ** 2 + se**2), axis=0)


RIGHT = {
    "differ": [drawn, by_quad, by_quantiles, plain_sum, rounded],
    "medians": [medians_by_sum, medians_by_root, medians_by_draws],
}


def half(change):
    def answer(ybar, se, df, scale):
        tau, kappa = medians_by_sum(ybar, se, df, scale)
        return change(tau, np.array(kappa), se)

    return answer


def squared_prior(ybar, se, df, scale):
    """A prior on tau^2 for the prior on tau."""
    p = np.exp(log_likelihood(ybar, se, grid)) * stats.t.pdf(grid**2 / scale, df) * grid
    tau = grid[np.argmax(np.cumsum(p) >= p.sum() / 2)]
    return tau, tau**2 / (tau**2 + se**2)


def normal_prior(ybar, se, df, scale):
    tau = normal_normal.full_bayes(ybar, se, priors.half_normal(3 * scale)).tau.ppf(0.5)
    return tau, tau**2 / (tau**2 + se**2)


def third_for_scale(limit, df, scale):
    """SciPy's third argument is where the distribution lies."""
    weight = grid * stats.t.pdf(grid, df, scale)
    return np.average(2 * stats.norm.sf(limit / grid / np.sqrt(2)), weights=weight)


HINTED = {
    "differ": [
        (third_for_scale, "scale as loc"),
        (lambda limit, df, scale: 2 * stats.norm.sf(limit / scale / np.sqrt(2)), "tau fixed at the scale"),
    ]
}
WRONG = {
    "differ": [
        (lambda limit, df, scale: 100 * by_quantiles(limit, df, scale), "100"),
        (lambda limit, df, scale: 1 - by_quantiles(limit, df, scale), "1 minus"),
        (lambda limit, df, scale: 0.5, "whatever the inputs"),
        (lambda limit, df, scale: by_quantiles(limit, df, 1.1 * scale), "Right for 1 of the 6"),
    ],
    "medians": [
        (half(lambda tau, kappa, se: (tau**2, kappa)), "square"),
        (half(lambda tau, kappa, se: (kappa, tau)), "shape"),
        (squared_prior, "without information in the data"),
        (normal_prior, "without information in the data"),
    ],
}
