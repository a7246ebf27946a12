"""Other answers to 13-logit."""

import numpy as np
from scipy import integrate, special, stats


def by_gauss_hermite(eta, tau):
    node, weight = np.polynomial.hermite_e.hermegauss(120)
    return special.expit(np.asarray(eta)[:, None] + tau * node) @ weight / np.sqrt(2 * np.pi)


def by_quad(eta, tau):
    return [
        integrate.quad(lambda z, e=e: special.expit(e + tau * z) * stats.norm.pdf(z), -10, 10, epsabs=1e-12)[0]
        for e in eta
    ]


def loop(eta, tau):
    z = np.linspace(-8, 8, 100)
    rates = []
    for e in eta:
        p = 1 / (1 + np.exp(-(e + tau * z)))
        rates.append(np.average(p, weights=stats.norm.pdf(z)))
    return rates


def log_sum(z):
    """log_marginal by a sum over the points z, in logs throughout."""

    def answer(y, n, eta, tau):
        log_p = stats.binom.logpmf(y[:, None], n[:, None], special.expit(eta[:, None] + tau * z)).sum(axis=0)
        return special.logsumexp(log_p + stats.norm.logpdf(z)) + np.log(z[1] - z[0])

    return answer


def one_group_by_quad(y, n, eta, tau):
    """The integrand is divided by its largest value on a grid."""

    def log_p(z):
        return stats.binom.logpmf(y, n, special.expit(eta + tau * z)).sum() + stats.norm.logpdf(z)

    z = np.linspace(-8, 8, 641)
    values = np.array([log_p(each) for each in z])
    top, mode = values.max(), z[values.argmax()]
    parts = [(-8, mode - 0.5), (mode - 0.5, mode), (mode, mode + 0.5), (mode + 0.5, 8)]
    total = sum(integrate.quad(lambda v: np.exp(log_p(v) - top), *part, epsabs=1e-13, limit=400)[0] for part in parts)
    return top + np.log(total)


def one_group_by_loop(y, n, eta, tau):
    """In coarser steps, by hand."""
    z = np.arange(-8, 8.0001, 1 / 80)
    total = stats.norm.logpdf(z)
    for successes, trials, e in zip(y, n, eta, strict=True):
        total = total + stats.binom(trials, special.expit(e + tau * z)).logpmf(successes)
    top = total.max()
    return np.array([top + np.log(np.exp(total - top).sum() / 80)])


def one_group_by_simpson(y, n, eta, tau):
    """Over u itself; sigma(eta) written out."""
    u = np.linspace(-8 * tau, 8 * tau, 4001)
    line = np.add.outer(eta, u)
    rows = y[:, None] * line - n[:, None] * np.log1p(np.exp(line)) + np.log(special.comb(n, y))[:, None]
    total = rows.sum(axis=0) + stats.norm.logpdf(u, 0, tau)
    return total.max() + np.log(integrate.simpson(np.exp(total - total.max()), x=u))


def right_rate(eta, tau):
    z = np.linspace(-8, 8, 321)
    return special.expit(eta[:, None] + tau * z) @ special.softmax(stats.norm.logpdf(z))


def simulated(eta, tau):
    return special.expit(eta[:, None] + tau * np.random.default_rng(1).normal(size=20_000)).mean(axis=1)


RIGHT = {
    "average_rate": {"Gauss-Hermite": by_gauss_hermite, "adaptive": by_quad, "a loop": loop},
    "log_marginal": {
        "adaptive": one_group_by_quad,
        "a loop": one_group_by_loop,
        "Simpson": one_group_by_simpson,
    },
}


def unweighted(z):
    return lambda eta, tau: [np.mean(1 / (1 + np.exp(-(e + tau * z)))) for e in eta]


HINTED = {
    "average_rate": {
        f"from {-end} in {points} points": (unweighted(np.linspace(-end, end, points)), "every z alike")
        for end in (6, 8)
        for points in (161, 201, 1601)
    }
}
WRONG = {
    "average_rate": {
        "simulated": (simulated, "expected"),
        "per cent": (lambda eta, tau: 100 * right_rate(eta, tau), "Is it in per cent?"),
        "failures": (lambda eta, tau: 1 - right_rate(eta, tau), "1 minus what is asked"),
        "log-odds": (lambda eta, tau: special.logit(right_rate(eta, tau)), "expected"),
    },
    "log_marginal": {
        "too coarse a grid": (log_sum(np.linspace(-8, 8, 100)), "the grid too coarse"),
        "minus": (lambda *args: -one_group_by_loop(*args)[0], "sign"),
        "likelihood": (lambda *args: np.exp(one_group_by_loop(*args)[0]), "logarithm"),
        "deviance": (lambda *args: -2 * one_group_by_loop(*args)[0], "expected"),
    },
}
