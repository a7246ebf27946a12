"""Answers to 12-fit that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
from scipy import optimize, special

from hblib.coursework import source

solution = source.load("12-fit").namespace


def over_stores(mu, phi, y, n):
    """A plain loop over the stores and their visits."""
    by_mu = by_phi = 0.0
    for yj, nj in zip(y, n, strict=True):
        for k in range(yj):
            by_mu += 1 / (mu + k * phi)
            by_phi += k / (mu + k * phi)
        for k in range(nj - yj):
            by_mu -= 1 / (1 - mu + k * phi)
            by_phi += k / (1 - mu + k * phi)
        for k in range(nj):
            by_phi -= k / (1 + k * phi)
    return by_mu, by_phi


def in_a_table(mu, phi, y, n):
    k = np.arange(n.max())
    S, F, N = ((k < each[:, None]).sum(axis=0) for each in (y, n - y, n))
    rows = S / (mu + k * phi), -F / (1 - mu + k * phi)
    by_phi = k @ (rows[0] - rows[1] - N / (1 + k * phi))
    return np.array([np.sum(rows), by_phi])


def log_likelihood(mu, phi, y, n):
    """The sum of the task, for complex numbers too."""
    k = np.arange(n.max())
    S, F, N = ((k < each[:, None]).sum(axis=0) for each in (y, n - y, n))
    return np.sum(S * np.log(mu + k * phi) + F * np.log(1 - mu + k * phi) - N * np.log(1 + k * phi))


def by_complex_step(mu, phi, y, n):
    """The derivative of an analytic function, from a step along the imaginary axis."""
    step = 1e-30
    return [
        log_likelihood(mu + 1j * step, phi, y, n).imag / step,
        log_likelihood(mu, phi + 1j * step, y, n).imag / step,
    ]


def by_central_differences(mu, phi, y, n):
    """To the side of phi = 0 that exists; the sum itself does not mind a small negative phi."""
    step = 1e-5
    up, down = (log_likelihood(mu + s, phi, y, n) for s in (step, -step))
    right, left = (log_likelihood(mu, phi + s, y, n) for s in (step, -step))
    return (up - down) / (2 * step), (right - left) / (2 * step)


def by_digamma(mu, phi, y, n):
    """In alpha and beta, with the limit at phi = 0 by hand."""
    if phi == 0:
        pairs = lambda v: v * (v - 1) / 2  # noqa: E731
        by_phi = np.sum(pairs(y) / mu + pairs(n - y) / (1 - mu) - pairs(n))
        return np.sum(y / mu - (n - y) / (1 - mu)), by_phi
    a, b = mu / phi, (1 - mu) / phi
    by_a = np.sum(special.digamma(a + y) - special.digamma(a) - special.digamma(a + b + n) + special.digamma(a + b))
    by_b = np.sum(special.digamma(b + n - y) - special.digamma(b) - special.digamma(a + b + n) + special.digamma(a + b))
    return (by_a - by_b) / phi, -(by_a * a + by_b * b) / phi


def by_bounded_search(y, n):
    """L-BFGS on mu and phi from the pooled rate, with its own slopes."""
    start = y.sum() / n.sum()
    found = optimize.minimize(
        lambda x: -log_likelihood(*x, y, n),
        [start, 0.1],
        jac=lambda x: -np.array(over_stores(*x, y, n)),
        bounds=[(1e-6, 1 - 1e-6), (0, 50)],
        method="L-BFGS-B",
        options={"ftol": 1e-14, "gtol": 1e-8},
    )
    return found.x


def by_nelder_mead(y, n):
    """Without slopes, in the logits of mu and the logarithm of phi; the boundary is tried beside."""

    def loss(x):
        return -log_likelihood(special.expit(x[0]), np.exp(x[1]), y, n)

    start = [special.logit(y.sum() / n.sum()), np.log(0.1)]
    found = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 5000}
    )
    pooled = y.sum() / n.sum()
    if log_likelihood(pooled, 0.0, y, n) >= -found.fun - 1e-7:
        return pooled, 0
    return [float(special.expit(found.x[0])), float(np.exp(found.x[1]))]


def by_profile(y, n):
    """One dimension inside another."""

    def best(phi):
        return optimize.minimize_scalar(
            lambda mu: -log_likelihood(mu, phi, y, n),
            bounds=(1e-6, 1 - 1e-6),
            method="bounded",
            options={"xatol": 1e-9},
        )

    outer = optimize.minimize_scalar(
        lambda t: best(np.exp(t)).fun, bounds=(-16, 4), method="bounded", options={"xatol": 1e-7}
    )
    phi = np.exp(outer.x)
    return (best(phi).x, phi) if phi > 1e-6 else (best(0.0).x, 0.0)


def with_beta_and_alpha(y, n):
    """Fisher's way around: fit alpha and beta in logarithms, then convert."""

    def loss(x):
        a, b = np.exp(x)
        return -np.sum(special.betaln(a + y, b + n - y) - special.betaln(a, b))

    found = optimize.minimize(
        loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 5000}
    )
    a, b = np.exp(found.x)
    return (a / (a + b), 1 / (a + b)) if a + b < 1e5 else (y.sum() / n.sum(), 0.0)


RIGHT = {
    "slope": [over_stores, in_a_table, by_complex_step, by_central_differences, by_digamma],
    "fit": [by_bounded_search, by_nelder_mead, by_profile, with_beta_and_alpha],
}


def changed(answer, change):
    return lambda **data: change(*answer(**data))


WRONG = {
    "slope": [
        (changed(over_stores, lambda by_mu, by_phi: (-by_mu, -by_phi)), "sign"),
        (changed(over_stores, lambda by_mu, by_phi: (by_mu, 0.0)), "whatever the inputs"),
        (lambda mu, phi, y, n: tuple(np.array(over_stores(mu, phi, y, n)) / len(y)), "length of `y`"),
        (lambda mu, phi, y, n: over_stores(1 - mu, phi, y, n), "the slope by mu is 0"),
        (lambda mu, phi, y, n: over_stores(mu, phi, y, np.full(len(y), n.max())), "the slope by mu is 0"),
    ],
    "fit": [
        (changed(by_profile, lambda mu, phi: (mu, np.sqrt(phi))), "square root"),
        (changed(by_profile, lambda mu, phi: (mu, phi / (1 + phi))), "first is right"),
        (lambda y, n: (0.5, 0.1), "whatever the inputs"),
        (  # where L-BFGS may stop, if it starts far from the top
            changed(by_profile, lambda mu, phi: (mu, phi) if phi > 1e-6 else (0.167, 0.401)),
            "where did it start",
        ),
    ],
}
