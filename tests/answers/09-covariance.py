"""Answers to 09-covariance that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd
from scipy import integrate, special


def by_outer(s, R):
    return np.outer(s, s) * R


def by_loops(s, R):
    K = len(s)
    return [[s[k] * R[k][m] * s[m] for m in range(K)] for k in range(K)]


def by_frame(s, R):
    return pd.DataFrame(np.diag(s) @ R @ np.diag(s))


def by_einsum(s, R):
    return np.einsum("i,ij,j->ij", s, R, s)


def by_beta_function(eta, K, limit):
    """The regularized incomplete beta function, and the variance of a Beta times four."""
    b = eta + K / 2 - 1
    variance = b * b / ((2 * b) ** 2 * (2 * b + 1))
    return np.array([2 * variance**0.5, 2 * special.betainc(b, b, (1 - limit) / 2)])


def by_integral(eta, K, limit):
    """p(rho) in proportion to (1 - rho^2)^(b - 1), with rho = sin(angle)."""
    b = eta + K / 2 - 1

    def part(power, start):
        return integrate.quad(lambda t: np.sin(t) ** power * np.cos(t) ** (2 * b - 1), start, np.pi / 2, epsabs=1e-12)[
            0
        ]

    return [(part(2, 0) / part(0, 0)) ** 0.5, part(0, np.arcsin(limit)) / part(0, 0)]


def by_t_distribution(eta, K, limit):
    """rho sqrt(2b) / sqrt(1 - rho^2) has a t distribution with 2b degrees of freedom."""
    b = eta + K / 2 - 1
    return 1 / np.sqrt(2 * b + 1), 2 * special.stdtr(2 * b, -limit * np.sqrt(2 * b / (1 - limit**2)))


def by_matrices(Sigma, c):
    """The new coefficients are a matrix times the old."""
    sd, rho = [], []
    for at in c:
        A = np.array([[1, at], [0, 1]])
        new = A @ Sigma @ A.T
        sd.append(np.sqrt(new[0, 0]))
        rho.append(new[0, 1] / np.sqrt(new[0, 0] * new[1, 1]) if new[1, 1] > 0 else 0)
    return sd, rho


def stacked(Sigma, c):
    sd = np.sqrt(Sigma[0, 0] + 2 * c * Sigma[0, 1] + c**2 * Sigma[1, 1])
    below = sd * Sigma[1, 1] ** 0.5
    rho = np.divide(Sigma[0, 1] + c * Sigma[1, 1], below, out=np.zeros(len(c)), where=below > 0)
    return np.stack([sd, rho])


def by_square(Sigma, c):
    """The variance least at one place, and a parabola around it."""
    if Sigma[1, 1] == 0:
        return np.full(len(c), Sigma[0, 0] ** 0.5), np.zeros(len(c))
    away = c + Sigma[0, 1] / Sigma[1, 1]
    least = Sigma[0, 0] - Sigma[0, 1] ** 2 / Sigma[1, 1]
    sd = np.sqrt(least + away**2 * Sigma[1, 1])
    return sd, away * np.sqrt(Sigma[1, 1]) / sd


RIGHT = {
    "covariance": [by_outer, by_loops, by_frame, by_einsum],
    "one_correlation": [by_beta_function, by_integral, by_t_distribution],
    "moved": [by_matrices, stacked, by_square],
}


def simulated(eta, K, limit):
    b = eta + K / 2 - 1
    rho = 2 * np.random.default_rng(4).beta(b, b, 1_000_000) - 1
    return rho.std(), np.mean(np.abs(rho) > limit)


WRONG = {
    "covariance": [
        (lambda s, R: R, "`R` itself, unchanged"),
        (lambda s, R: np.sqrt(s)[:, None] * R * np.sqrt(s), "product of two"),
        (lambda s, R: np.outer(s, s), "divided by `R`"),
        (lambda s, R: np.diag(s**2), "product of two"),
    ],
    "one_correlation": [
        (simulated, "Close"),
        (lambda eta, K, limit: (by_beta_function(eta, K, limit)[0], 1 - by_beta_function(eta, K, limit)[1]), "1 minus"),
        (lambda eta, K, limit: by_beta_function(eta, K + 1, limit), "uniform on (-1, 1)"),
    ],
    "moved": [
        (lambda Sigma, c: (stacked(Sigma, c)[0] / 2, stacked(Sigma, c)[1]), "half of"),
        (lambda Sigma, c: (stacked(Sigma, c)[0], Sigma[0, 1] + c * Sigma[1, 1]), "right"),
        (lambda Sigma, c: (stacked(Sigma, c)[0], -stacked(Sigma, c)[1]), "sign"),
    ],
}
