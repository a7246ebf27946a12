"""Answers to 06-hard that nobody listed: right in another way, and wrong in ways of their own."""

import statistics

import numpy as np
import pandas as pd
from scipy import integrate, stats

from hblib import normal_normal, priors


def by_statistics(ybar, n, sigma2):
    numbers = ybar.tolist()
    return statistics.fmean(numbers), max(0, statistics.variance(numbers) - sigma2 / n)


def by_pandas(ybar, n, sigma2):
    return pd.Series([pd.Series(ybar).mean(), max(pd.Series(ybar).var() - sigma2 / n, 0)], index=["mu", "tau2"])


def by_anova(ybar, n, sigma2):
    """The mean square between groups has the mean n tau^2 + sigma^2."""
    between = n * np.sum((ybar - np.mean(ybar)) ** 2) / (len(ybar) - 1)
    return np.array([[ybar.sum() / len(ybar), (between - sigma2) / n if between > sigma2 else 0.0]]).ravel()


def log_posterior(tau, ybar, n, sigma2):
    v = sigma2 / n + tau**2
    return -(len(ybar) - 1) / 2 * (np.log(v) + ybar.var(ddof=1) / v) - tau**2 / 2


def on_a_grid(tau, digits=None):
    """The plain sum that the task asks for."""

    def answer(ybar, n, sigma2):
        log_p = log_posterior(tau, ybar, n, sigma2)
        p = np.exp(log_p - log_p.max())
        mean = np.sum(p * tau) / np.sum(p)
        return mean if digits is None else float(f"{mean:.{digits}g}")

    return answer


def by_quad(ybar, n, sigma2):
    parts = [
        integrate.quad(lambda t, k=k: t**k * np.exp(log_posterior(t, ybar, n, sigma2)), 0, np.inf)[0] for k in (0, 1)
    ]
    return parts[1] / parts[0]


def over_log_tau(ybar, n, sigma2):
    u = np.linspace(-12, 2.5, 3000)
    p = np.exp(log_posterior(np.exp(u), ybar, n, sigma2) + u)
    return np.float32(p @ np.exp(u) / p.sum())


def by_loop(ybar, n, sigma2):
    """The likelihood group by group, mu by a sum of its own."""
    mus = np.linspace(ybar.mean() - 12, ybar.mean() + 12, 601)[:, None]
    total = weights = 0.0
    for tau in np.arange(0.01, 7, 0.02):
        p = np.exp(stats.norm.logpdf(ybar, mus, np.sqrt(sigma2 / n + tau**2)).sum(axis=1)).sum()
        p *= stats.norm.pdf(tau)
        total, weights = total + p * tau, weights + p
    return total / weights


def average(statistic, change=lambda tau, ybar, n: 0.0, degrees=0):
    """Another feature of the posterior, or another posterior, on a fine grid."""
    tau = (np.arange(40_000) + 0.5) / 5000

    def answer(ybar, n, sigma2):
        log_p = log_posterior(tau, ybar, n, sigma2) + change(tau, ybar, n)
        log_p = log_p - degrees / 2 * np.log(sigma2 / n + tau**2)
        p = np.exp(log_p - log_p.max())
        return statistic(tau, p / p.sum())

    return answer


def mean(tau, p):
    return tau @ p


def without_correction(ybar, n, sigma2):
    """S^2 with the divisor J."""
    shrunk = ybar.mean() + (ybar - ybar.mean()) * np.sqrt((len(ybar) - 1) / len(ybar))
    return average(mean)(shrunk, n, sigma2)


def independent(ybar, n, sigma2, chains=4, draws=2000, seed=1):
    """Draws without a chain: tau from its grid, then mu, then the fifth mean."""
    rng = np.random.default_rng(seed)
    grid = (np.arange(4000) + 0.5) / 500
    p = np.exp(log_posterior(grid, ybar, n, sigma2))
    tau = rng.choice(grid, (chains, draws), p=p / p.sum()) + rng.uniform(-0.001, 0.001, (chains, draws))
    mu = rng.normal(ybar.mean(), np.sqrt((sigma2 / n + tau**2) / len(ybar)))
    kappa = tau**2 / (tau**2 + sigma2 / n)
    return rng.normal(kappa * ybar[4] + (1 - kappa) * mu, np.sqrt(kappa * sigma2 / n))


def gibbs(ybar, n, sigma2, chains=4, draws=1000):
    """True means and mu by their conditionals, tau by a step of its own on a grid."""
    rng = np.random.default_rng(2)
    J, s2, grid = len(ybar), sigma2 / n, (np.arange(300) + 0.5) / 50
    mu, tau, kept = np.full(chains, ybar.mean()), np.full(chains, 0.5), []
    for step in range(draws + 200):
        # mu and the true means integrated out, tau mixes well
        v = s2 + grid**2
        log_p = -J / 2 * np.log(v) - np.sum((ybar - mu[:, None]) ** 2, axis=1)[:, None] / (2 * v) - grid**2 / 2
        p = np.exp(log_p - log_p.max(axis=1, keepdims=True)).cumsum(axis=1)
        tau = grid[(p < rng.uniform(0, p[:, -1:])).sum(axis=1)] + rng.uniform(-0.01, 0.01, chains)
        mu = rng.normal(ybar.mean(), np.sqrt((s2 + tau**2) / J))
        kappa = tau**2 / (tau**2 + s2)
        if step >= 200:
            kept.append(rng.normal(kappa * ybar[4] + (1 - kappa) * mu, np.sqrt(kappa * s2)))
    return np.array(kept).T


def quantiles(ybar, n, sigma2):
    """The exact distribution at evenly spread probabilities, in random order."""
    exact = normal_normal.full_bayes(ybar, np.sqrt(sigma2 / n), priors.half_normal(1)).theta[4]
    x = exact.mean() + exact.std() * np.linspace(-9, 9, 4001)
    values = np.interp((np.arange(4000) + 0.5) / 4000, exact.cdf(x), x)
    return np.random.default_rng(3).permutation(values).reshape(4, 1000).tolist()


RIGHT = {
    "moments": [by_statistics, by_pandas, by_anova],
    "mean_tau": {
        "the solution's grid": on_a_grid(np.linspace(0, 8, 4001)),
        "a thousand points": on_a_grid(np.linspace(0, 8, 1001)),
        "a shorter grid": on_a_grid(np.linspace(0.001, 5, 2000)),
        "three digits": on_a_grid(np.linspace(0.0005, 8, 8000), digits=3),
        "quad": by_quad,
        "over log tau": over_log_tau,
        "group by group": by_loop,
    },
    "theta5": {
        "independent": independent,
        "in float32": lambda **data: np.float32(independent(**data)),
        "two chains": lambda **data: independent(**data, chains=2, draws=1000, seed=5),
        "Gibbs": gibbs,
        "quantiles": quantiles,
    },
}


def with_J(ybar, n, sigma2):
    """J for J - 1 in the power of v and before S^2."""
    tau = np.arange(0.005, 8, 0.01)
    v = sigma2 / n + tau**2
    p = stats.norm.pdf(tau) * (np.exp(-ybar.var(ddof=1) / v) / v) ** (len(ybar) / 2)
    return np.average(tau, weights=p)


HINTED = {"mean_tau": [(with_J, "J for J - 1")]}
WRONG = {
    "moments": [
        (lambda **data: by_statistics(**data)[::-1], "another order"),
        (lambda **data: (by_statistics(**data)[0], by_statistics(**data)[1] / 2), "half"),
        (lambda ybar, n, sigma2: (np.median(ybar), by_statistics(ybar, n, sigma2)[1]), "second is right"),
        (lambda ybar, n, sigma2: (ybar.mean(), max(0, ybar.var(ddof=1) - np.sqrt(sigma2) / n)), "first is right"),
        (lambda ybar, n, sigma2: (ybar.mean(), max(0, ybar.var(ddof=1) - np.sqrt(sigma2 / n))), "first is right"),
        (lambda **data: by_statistics(**data)[1], "should give 2 results"),
    ],
    "mean_tau": [
        (average(lambda tau, p: tau[p.argmax()]), "expected"),
        (average(lambda tau, p: tau[p.cumsum().searchsorted(0.5)]), "expected"),
        (average(lambda tau, p: np.sqrt(tau**2 @ p)), "expected"),
        (average(lambda tau, p: np.exp(np.log(tau) @ p)), "expected"),
        (without_correction, "expected"),
        (average(mean, lambda tau, ybar, n: -np.log(tau)), "expected"),
        (average(mean, lambda tau, ybar, n: tau**2 / 2 - np.log1p(tau**2)), "expected"),
        (average(mean, lambda tau, ybar, n: -(tau**2) / 2), "expected"),
        (average(mean, degrees=-1), "expected"),
        (average(lambda tau, p: 100 * (tau @ p)), "100 times"),
        (average(lambda tau, p: 1 / (tau @ p)), "1 divided by"),
    ],
    "theta5": [
        (lambda **data: independent(**data)[0], "shape"),
        (lambda **data: independent(**data, draws=60), "shape"),
        (lambda **data: independent(**data, chains=2, draws=150), "effective sample size"),
        (lambda **data: independent(**data) + 0.1, "expected"),
        (lambda ybar, n, sigma2: independent(np.roll(ybar, 1), n, sigma2), "expected"),
        (lambda ybar, n, sigma2: independent(ybar, 2 * n, sigma2), "expected"),
        (lambda **data: np.sort(independent(**data), axis=1), "not to be trusted yet"),
        (lambda **data: np.full((4, 1000), independent(**data).mean()), "all draws are the same"),
        (lambda **data: np.where(independent(**data) > 1e9, 0, np.nan), "not finite"),
        (lambda **data: independent(**data).mean(), "shape"),
    ],
}
