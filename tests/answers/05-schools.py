"""Answers to 05-schools that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd
from scipy import optimize


def by_pairs(ybar, se):
    """Every two schools once, without any mean."""
    w = 1 / se**2
    return np.sum(np.outer(w, w) * np.subtract.outer(ybar, ybar) ** 2) / (2 * w.sum())


def by_minimum(ybar, se):
    """The weighted mean is where the sum of squares is least."""
    return optimize.minimize_scalar(lambda mu: np.sum(((ybar - mu) / se) ** 2)).fun


def by_regression(ybar, se):
    """The residual sum of squares of a regression on a constant, in units of the standard errors."""
    _, residual, *_ = np.linalg.lstsq(1 / se[:, None], ybar / se)
    return residual


def by_series(ybar, se):
    schools = pd.DataFrame({"y": ybar, "w": se**-2.0})
    mu = (schools.y * schools.w).sum() / schools.w.sum()
    return np.float32((schools.w * (schools.y - mu) ** 2).sum())


def by_loop(ybar, se):
    w = [1 / s**2 for s in se]
    W = sum(w)
    mu = sum(a * y for a, y in zip(w, ybar, strict=True)) / W
    q = sum(a * (y - mu) ** 2 for a, y in zip(w, ybar, strict=True))
    tau2 = (q - len(w) + 1) / (W - sum(a * a for a in w) / W)
    return 0 if tau2 < 0 else tau2**0.5


def by_solver(ybar, se):
    """The value of tau at which the mean of Q is what was seen."""
    w, J = 1 / se**2, len(se)
    centre = np.eye(J) - np.full((J, J), w / w.sum())
    form = centre.T @ np.diag(w) @ centre

    def excess(tau):
        return np.trace(form @ np.diag(se**2 + tau**2)) - ybar @ form @ ybar

    return optimize.brentq(excess, 0, 1e4, xtol=1e-10) if excess(0) < 0 else 0.0


def by_variances(ybar, se):
    """In terms of the weighted variance of the effects."""
    p = se**-2.0 / np.sum(se**-2.0)
    variance = np.cov(ybar, aweights=p, ddof=0)
    noise = (len(se) - 1) / np.sum(se**-2.0)
    return np.sqrt(np.clip((variance - noise) / (1 - p @ p), 0, None))


def paule_mandel(ybar, se):
    def excess(tau):
        return len(se) - 1 - by_pairs(ybar, np.hypot(se, tau))

    return optimize.brentq(excess, 0, 1e4) if excess(0) < 0 else 0.0


def in_absolute_value(ybar, se):
    w = se**-2.0
    return np.sqrt(np.abs(by_pairs(ybar, se) - len(se) + 1) / (w.sum() - w @ w / w.sum()))


RIGHT = {
    "q_statistic": [by_pairs, by_minimum, by_regression, by_series],
    "tau_hat": [by_loop, by_solver, by_variances, lambda ybar, se: np.array([by_loop(ybar, se)])],
}
WRONG = {
    "q_statistic": [
        (lambda ybar, se: by_pairs(ybar, se) / 2, "half of what is asked"),
        (lambda ybar, se: np.sqrt(by_pairs(ybar, se)), "square root"),
        (lambda ybar, se: np.sum(((ybar - np.median(ybar)) / se) ** 2), "expected"),
        (lambda ybar, se: by_pairs(ybar, se**2), "counted in tenths"),
        (lambda ybar, se: by_pairs(ybar, se) - (len(se) - 1), "expected"),
        (lambda ybar, se: ((ybar - ybar.mean()) / se) ** 2, "shape"),
    ],
    "tau_hat": [
        (lambda ybar, se: 100 * by_loop(ybar, se), "100 times"),
        (paule_mandel, "expected"),
        (in_absolute_value, "the eight schools themselves"),
        (
            lambda ybar, se: np.sqrt(max(0, 1 - (len(se) - 1) / by_pairs(ybar, se))),
            "ten times the effects and standard errors, ten times tau",
        ),
        (lambda ybar, se: 1 / (1e-12 + by_loop(ybar, se)), "1 divided by"),
    ],
}
