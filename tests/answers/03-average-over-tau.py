"""Other answers to 03-average-over-tau."""

import numpy as np
from scipy import integrate, stats

from hblib import normal_normal, priors
from hblib.coursework import source

log_likelihood, averages = (
    source.load("03-average-over-tau").namespace[name] for name in ("log_likelihood", "averages")
)


def by_algebra(ybar, se, tau, sd_mu):
    covariance = np.diag(se**2 + tau**2) + sd_mu**2
    _, log_determinant = np.linalg.slogdet(covariance)
    return -(len(ybar) * np.log(2 * np.pi) + log_determinant + ybar @ np.linalg.solve(covariance, ybar)) / 2


def by_integral(ybar, se, tau, sd_mu):
    """Mu integrated out by a sum over a fine grid."""
    mu = np.linspace(-9 * sd_mu, 9 * sd_mu, 20_001)
    log_p = stats.norm.logpdf(ybar[:, None], mu, np.hypot(se, tau)[:, None]).sum(axis=0) + stats.norm.logpdf(
        mu, 0, sd_mu
    )
    return log_p.max() + np.log(np.exp(log_p - log_p.max()).sum() * (mu[1] - mu[0]))


def one_after_the_other(ybar, se, tau, sd_mu):
    """Each mean given those before it."""
    total, centre, variance = 0.0, 0.0, sd_mu**2
    for each, s in zip(ybar, se, strict=True):
        total += stats.norm.logpdf(each, centre, np.sqrt(variance + s**2 + tau**2))
        gain = variance / (variance + s**2 + tau**2)
        centre, variance = centre + gain * (each - centre), variance * (1 - gain)
    return total


def on_a_grid(low, high, points, jacobian=True):
    def answer(ybar, se):
        log_tau = np.linspace(low, high, points)
        tau = np.exp(log_tau)
        log_p = np.array([one_after_the_other(ybar, se, t, 5.0) for t in tau]) + stats.halfcauchy.logpdf(tau, scale=5)
        p = np.exp(log_p - log_p.max()) * (tau if jacobian else 1)
        return np.array([p @ tau, p @ log_tau]) / p.sum()

    return answer


def by_quadrature(ybar, se):
    full = normal_normal.full_bayes(ybar, se, priors.half_cauchy(5), mu_prior=(0, 5))
    return full.tau.mean(), full.nodes.weight @ np.log(full.nodes.tau)


def density(ybar, se, u, power):
    tau = np.exp(u)
    weight = np.exp(by_algebra(ybar, se, tau, 5.0) - by_algebra(ybar, se, 5.0, 5.0)) * tau / (25 + tau**2)
    return weight * [1, tau, u][power]


RIGHT = {
    "log_likelihood": {"algebra": by_algebra, "a sum over mu": by_integral, "one by one": one_after_the_other},
    "averages": {
        "a hundred points": on_a_grid(-8, 8, 100),
        "two hundred points": on_a_grid(-12, 9, 200),
        "quadrature": by_quadrature,
        "quad": lambda ybar, se: (
            np.array([integrate.quad(lambda u, k=k: density(ybar, se, u, k), -25, 12, limit=200)[0] for k in (1, 2)])
            / integrate.quad(lambda u: density(ybar, se, u, 0), -25, 12, limit=200)[0]
        ),
    },
}

WRONG = {
    "log_likelihood": {
        "the likelihood": (lambda *args: np.exp(by_algebra(*args)), "Is a logarithm missing?"),
        "deviance": (lambda *args: -2 * by_algebra(*args), "-2 times what is asked"),
        "no constant": (lambda ybar, se, tau, sd_mu: by_algebra(ybar, se, tau, sd_mu) + 3, "3 more than what is asked"),
    },
    "averages": {
        "the wrong way round": (lambda ybar, se: averages(ybar, se)[::-1], "another order"),
        "log10": (lambda ybar, se: (lambda a, b: (a, b / np.log(10)))(*averages(ybar, se)), "In the second"),
        "too coarse": (on_a_grid(-6, 6, 9), "expected"),
    },
}

# begins of a grid, as values of tau, and what is said of them
BEGINS = dict.fromkeys((0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3), "grid that begins a little too high")
BEGINS |= dict.fromkeys((0.5, 1, 2), "grid from 1 up")
HINTED = {
    "averages": [(on_a_grid(np.log(begin), 9, 200), mistake) for begin, mistake in BEGINS.items()],
}
HINTED["log_likelihood"] = [(lambda ybar, se, tau, sd_mu: by_algebra(ybar, se, tau, 5), "5 typed in")]
HINTED["averages"] += [
    (on_a_grid(low, high, points, jacobian=False), "no Jacobian")
    for low, high, points in (
        (-10, 10, 100),
        (-12, 12, 150),
        (-12, 12, 800),
        (-5, 5, 200),
        (-7, 7, 200),
        (-3, 5, 200),
        (-15, 15, 200),
        (-9.3, 6.1, 130),
        (-6.7, 8, 111),
    )
]
