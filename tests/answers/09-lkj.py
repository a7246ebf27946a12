"""Answers to 09-lkj that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd


def by_schools(mu, tau, L, z):
    return [mu + np.diag(tau) @ L @ row for row in z]


def by_einsum(mu, tau, L, z):
    return mu + np.einsum("k,kl,jl->jk", tau, L, z)


def by_frame(mu, tau, L, z):
    return pd.DataFrame(mu + (z @ L.T) * tau)


def by_sum(mu, tau, L, z):
    """As the page writes it for the sampler, without a product of matrices."""
    return mu + tau * (z[:, None, :] * L).sum(axis=2)


def by_matrix(r12, r13, p):
    rest = np.sqrt(1 - r13**2)
    L = np.array([[1, 0, 0], [r12, np.sqrt(1 - r12**2), 0], [r13, p * rest, np.sqrt(1 - p**2) * rest]])
    R = L @ L.T
    return R[1, 2], np.linalg.det(R)


def by_angles(r12, r13, p):
    a, b, c = np.arccos([r12, r13, p])
    return np.array(
        [np.cos(a) * np.cos(b) + np.cos(c) * np.sin(a) * np.sin(b), (np.sin(a) * np.sin(b) * np.sin(c)) ** 2]
    )


def by_variance(sd, K):
    """(rho + 1)/2 ~ Beta(b, b) has the variance 1/(4 (2 b + 1))."""
    b = (1 / sd**2 - 1) / 2
    eta = b + 1 - K / 2
    return eta if eta > 0 else 0


def by_regression(r12, r13, p):
    """What is left of the two when the first is known has the variances 1 - r^2."""
    first, left = np.array([r12, r13]), np.sqrt(1 - np.array([r12, r13]) ** 2)
    S = np.outer(first, first) + np.array([[1, p], [p, 1]]) * np.outer(left, left)
    return S[0, 1], 1 - r12**2 - r13**2 - S[0, 1] ** 2 + 2 * r12 * r13 * S[0, 1]


def by_search(sd, K):
    """The eta at which the formula for the standard deviation gives sd."""
    low, high = 0.0, 1e4
    if sd >= (K - 1) ** -0.5:
        return 0
    for _ in range(200):
        eta = (low + high) / 2
        low, high = (eta, high) if (2 * eta + K - 1) ** -0.5 > sd else (low, eta)
    return eta


RIGHT = {
    "coefficients": [by_schools, by_einsum, by_frame, by_sum],
    "third": [by_matrix, by_angles, by_regression],
    "eta_for": [by_variance, by_search, lambda sd, K: np.maximum(0, 0.5 / sd**2 - (K - 1) / 2)],
}


WRONG = {
    "coefficients": [
        (lambda mu, tau, L, z: by_einsum(mu, np.sqrt(tau), L, z), "mu_1 + tau_1 z_1"),
        (lambda mu, tau, L, z: -by_einsum(mu, tau, L, z), "sign"),
        (lambda mu, tau, L, z: 2 * by_einsum(mu, tau, L, z), "twice"),
    ],
    "third": [
        (lambda r12, r13, p: (by_matrix(r12, r13, p)[0] / 2, by_matrix(r12, r13, p)[1]), "half of"),
        (lambda r12, r13, p: (-by_matrix(r12, r13, p)[0], by_matrix(r12, r13, p)[1]), "sign"),
        (lambda r12, r13, p: by_matrix(r12, r13, p)[::-1], "order"),
        (lambda r12, r13, p: (by_matrix(r12, r13, p)[0], (1 - r12**2) * (1 - r13**2)), "the determinant 1 - p^2"),
    ],
    "eta_for": [
        (lambda sd, K: by_variance(sd, K) / 2, "half of"),
        (lambda sd, K: by_variance(sd, K - 1), "0.5 more"),
        (lambda sd, K: by_variance(sd, K) ** 2, "square"),
    ],
}
