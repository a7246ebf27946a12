"""Answers to 10-checks that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd
from scipy import special, stats


def log_pmf(k, n, a, b):
    choose = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return choose + special.betaln(a + k, b + n - k) - special.betaln(a, b)


def by_cdf(mu, size, operations):
    """The average of the cumulative probabilities."""
    for low in range(operations + 1):
        if stats.betabinom.cdf(low, operations, mu * size, (1 - mu) * size).mean() >= 0.025:
            break
    high = low
    while stats.betabinom.cdf(high, operations, mu * size, (1 - mu) * size).mean() < 0.975:
        high += 1
    return low, high


def by_gammas(mu, size, operations):
    p = np.zeros(operations + 1)
    for m, s in zip(mu, size, strict=True):
        p += np.exp(log_pmf(np.arange(operations + 1), operations, m * s, (1 - m) * s)) / len(mu)
    below = p.cumsum()
    return np.array([(below < 0.025).sum(), (below < 0.975).sum()])


def by_series(mu, size, operations):
    deaths = pd.Series(range(operations + 1))
    below = deaths.map(lambda k: float(np.mean(stats.betabinom(operations, mu * size, (1 - mu) * size).cdf(k))))
    return [float(deaths[below >= q].iloc[0]) for q in (0.025, 0.975)]


def by_simulation(mu, size, operations):
    rng = np.random.default_rng(6)
    at = rng.integers(len(mu), size=100_000)
    deaths = rng.binomial(operations, rng.beta((mu * size)[at], ((1 - mu) * size)[at]))
    return np.quantile(deaths, [0.025, 0.975])


def loop_over_draws(y, n, mu, size):
    result = []
    for yj, nj in zip(y, n, strict=True):
        total = weights = 0
        for m, s in zip(mu, size, strict=True):
            a, b = m * s, (1 - m) * s
            p = np.exp(log_pmf(np.arange(nj + 1), nj, a, b))
            total += (p[yj + 1 :].sum() + p[yj] / 2) / p[yj]
            weights += 1 / p[yj]
        result.append(total / weights)
    return result


def by_sf(y, n, mu, size):
    a, b = mu * size, (1 - mu) * size
    above = stats.betabinom.sf(y[:, None], n[:, None], a, b)
    tie = stats.betabinom.pmf(y[:, None], n[:, None], a, b)
    w = special.softmax(-np.log(tie), axis=1)
    return ((above + tie / 2) * w).sum(axis=1)


def by_harmonic_mean(y, n, mu, size):
    """The tie's share of the mean is 1 over the mean weight, so only the upper tail needs an average."""
    a, b = mu * size, (1 - mu) * size
    w = np.exp(-log_pmf(y[:, None], n[:, None], a, b)).mean(axis=1)
    tail = [
        np.mean(stats.betabinom.sf(k, m, a, b) / stats.betabinom.pmf(k, m, a, b)) for k, m in zip(y, n, strict=True)
    ]
    return pd.Series(tail) / w + 0.5 / w


def by_to_array(rhat, limit):
    flat = np.concatenate([np.ravel(rhat[name]) for name in rhat.data_vars])
    return "pass" if (flat <= limit).sum() == flat.size else "fail"


def by_count(rhat, limit):
    for name in rhat:
        for value in np.atleast_1d(rhat[name].values).ravel():
            if not value <= limit:
                return "fail"
    return "pass"


def by_max(rhat, limit):
    worst = max(float(rhat[name].max(skipna=False)) for name in rhat if not rhat[name].isnull().any())
    return " PASS " if worst <= limit and not any(rhat[name].isnull().any() for name in rhat) else "Fail"


RIGHT = {
    "interval": [by_cdf, by_gammas, by_series, by_simulation],
    "left_out": [loop_over_draws, by_sf, by_harmonic_mean],
    "verdict": [by_to_array, by_count, by_max],
}


def by_all_values(holds):
    """Pass if something holds for the values of all parameters in one array, and the limit."""

    def answer(rhat, limit):
        return "pass" if holds(np.concatenate([np.ravel(rhat[name]) for name in rhat]), limit) else "fail"

    return answer


def by_kind(array, number):
    """Pass if every parameter that is an array does what `array` asks, and every other one what `number` asks."""

    def answer(rhat, limit):
        right = [(array if rhat[name].ndim else number)(rhat[name], limit) for name in rhat]
        return "pass" if all(right) else "fail"

    return answer


# of words on six inputs no check can say how they came about
HINTED = {
    "verdict": [
        (by_all_values(lambda x, limit: np.median(x) <= limit), "over the names"),
        (by_all_values(lambda x, limit: x.min() <= limit), "over the names"),
        (by_all_values(lambda x, limit: True), "over the names"),
        (by_all_values(lambda x, limit: x[0] <= limit), "one good parameter is enough"),
        (by_all_values(lambda x, limit: x[-1] <= limit), "the average of each parameter"),
    ],
}
WRONG = {
    "interval": [
        (lambda mu, size, operations: (by_cdf(mu, size, operations)[0], operations), "`operations` itself, unchanged"),
        (
            lambda mu, size, operations: tuple(x / operations for x in by_cdf(mu, size, operations)),
            "divided by `operations`",
        ),
        (lambda mu, size, operations: by_cdf(mu, np.full(len(mu), size.mean()), operations), "Right for"),
    ],
    "left_out": [
        (lambda y, n, mu, size: 1 - by_sf(y, n, mu, size), "1 minus"),
        (
            lambda y, n, mu, size: stats.binom.sf(y, n, mu.mean()) + stats.binom.pmf(y, n, mu.mean()) / 2,
            "with a single draw",
        ),
        (
            lambda y, n, mu, size: 2 * np.minimum(by_sf(y, n, mu, size), 1 - by_sf(y, n, mu, size)),
            "with a single draw it is the mid-p",
        ),
        (lambda y, n, mu, size: by_sf(y, n, mu, size)[::-1], "reverse order"),
        (lambda y, n, mu, size: np.full(len(y), 0.5), "whatever the inputs"),
    ],
    "verdict": [
        (by_kind(lambda x, limit: (x <= limit).all(), lambda x, limit: not x > limit), "the parameter is one number"),
        (
            by_kind(lambda x, limit: not (x > limit).any(), lambda x, limit: x <= limit),
            "an R-hat that is NaN, as for chains",
        ),
        (by_kind(lambda x, limit: (x < limit).all(), lambda x, limit: x <= limit), "equals the limit"),
        (lambda rhat, limit: by_count(rhat, limit) == "pass", "text"),
        (lambda rhat, limit: "fail", "limit of 2"),
        (lambda rhat, limit: by_count(rhat, 1.01), "limit of 2"),
        (lambda rhat, limit: by_count(rhat, 1.015), "limit of 2"),
        (lambda rhat, limit: by_count(rhat, 1.02), "limit of 2"),
        (lambda rhat, limit: by_count(rhat, 1.05), "rhat = {tau: 1.0"),
    ],
}
