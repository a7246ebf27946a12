"""Answers to 08-rate that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np


def by_least_squares(x, ybar, s, tau, w):
    """Both lines as one weighted regression on mu, without an intercept."""
    slopes = np.r_[np.full(len(x), (1 - w) / tau), np.full(len(x), w / s)]
    outcomes = np.r_[x / tau, (ybar - x) / s]
    estimate = np.linalg.lstsq(slopes[:, None], outcomes, rcond=None)[0][0]
    return np.array([estimate, 1 / np.linalg.norm(slopes)])


def by_parabola(x, ybar, s, tau, w):
    """The log density is a parabola: its top and its curvature from three values."""

    def log_p(mu):
        return -np.sum((x - (1 - w) * mu) ** 2) / (2 * tau**2) - np.sum((ybar - x - w * mu) ** 2) / (2 * s**2)

    down, middle, up = log_p(-1), log_p(0), log_p(1)
    curvature = 2 * middle - down - up
    return (up - down) / 2 / curvature, curvature**-0.5


def by_loop(x, ybar, s, tau, w):
    precision = pull = 0
    for xj, yj in zip(x, ybar, strict=True):
        precision += (1 - w) ** 2 / tau**2 + w**2 / s**2
        pull += (1 - w) * xj / tau**2 + w * (yj - xj) / s**2
    return [pull / precision, precision**-0.5]


def by_lambda(w, n, sigma, tau):
    """Without kappa: multiplied through by (sigma^2 + n tau^2)^2."""
    between, noise = n * tau**2, sigma**2
    square = (w * (between + noise) - noise) ** 2
    return square / (square + between * noise)


def rate_by_loop(w, n, sigma, tau):
    kappa = tau**2 / (tau**2 + sigma**2 / n)
    return [(v - 1 + kappa) ** 2 / ((v - 1 + kappa) ** 2 + kappa * (1 - kappa)) for v in w]


def in_single_precision(w, n, sigma, tau):
    """What the algorithm gives in float32, well within five digits."""
    return np.asarray(by_lambda(w, n, sigma, tau), dtype=np.float32)


RIGHT = {
    "given_groups": [by_least_squares, by_parabola, by_loop],
    "rate": [by_lambda, rate_by_loop, in_single_precision],
}


def changed(change):
    return lambda **data: change(*by_loop(**data))


WRONG = {
    "given_groups": [
        (changed(lambda mean, sd: (mean, 1 / sd**2)), "right"),
        (lambda x, ybar, s, tau, w: (ybar.mean(), np.sqrt((s**2 + tau**2) / len(x))), "for w = 1"),
        (lambda x, ybar, s, tau, w: by_loop(x, ybar, s**0.5, tau**0.5, w), "the standard deviation s / sqrt(J)"),
        (changed(lambda mean, sd: (mean * 1.003, sd * 1.003)), "1.003 times"),
    ],
    "rate": [
        (lambda w, n, sigma, tau: 1 - by_lambda(w, n, sigma, tau), "1 minus"),
        (lambda w, n, sigma, tau: by_lambda(w, n, sigma, tau) ** 2, "square"),
        (lambda w, n, sigma, tau: by_lambda(w, n, sigma, np.sqrt(tau)), "r is 0 at w = 1 - kappa"),
        (lambda w, n, sigma, tau: (1 + by_lambda(w, n, sigma, tau)) / (1 - by_lambda(w, n, sigma, tau)), "tends to 0"),
    ],
}
