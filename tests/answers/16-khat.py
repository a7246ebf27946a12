"""Answers to 16-khat that nobody listed: right in another way, and wrong in ways of their own."""

from fractions import Fraction

import numpy as np
from scipy import special


def by_softmax(x, log_p, log_q):
    w = special.softmax(log_p - log_q)
    mean = np.average(x, weights=w)
    return mean, np.sqrt(np.average((x - mean) ** 2, weights=w)), np.sum(w**2) ** -1.0


def by_moments(x, log_p, log_q):
    log_w = log_p - log_q
    log_w = log_w - special.logsumexp(log_w)
    w = np.exp(log_w)
    mean = np.sum(w * x)
    return [mean, np.sqrt(np.sum(w * x**2) - mean**2), np.exp(-special.logsumexp(2 * log_w))]


def by_loop(x, log_p, log_q):
    top = max(p - q for p, q in zip(log_p, log_q, strict=True))
    w = [np.exp(p - q - top) for p, q in zip(log_p, log_q, strict=True)]
    total = sum(w)
    mean = sum(wi * xi for wi, xi in zip(w, x, strict=True)) / total
    var = sum(wi * (xi - mean) ** 2 for wi, xi in zip(w, x, strict=True)) / total
    return np.array([mean, var**0.5, total**2 / sum(wi**2 for wi in w)])


def group_by_group(fast_mean, fast_sd, mean, sd):
    count = 0
    for fm, fs, m, s in zip(fast_mean, fast_sd, mean, sd, strict=True):
        if not (abs(fm - m) <= 0.1 * s and 0.9 * s <= fs <= 1.1 * s):
            count += 1
    return count


def by_not(fast_mean, fast_sd, mean, sd):
    return np.sum(~(np.abs(fast_mean - mean) <= 0.1 * sd) | ~(fast_sd >= 0.9 * sd) | ~(fast_sd <= 1.1 * sd))


def by_nan_to_inf(fast_mean, fast_sd, mean, sd):
    off = np.nan_to_num(np.abs(fast_mean - mean), nan=np.inf)
    wide = np.nan_to_num(fast_sd, nan=np.inf)
    return float(np.count_nonzero((off > 0.1 * sd) | (wide < 0.9 * sd) | (wide > 1.1 * sd)))


def between(fast_mean, fast_sd, mean, sd):
    near = (fast_mean >= mean - 0.1 * sd) & (fast_mean <= mean + 0.1 * sd)
    return len(sd) - np.sum(near & (abs(fast_sd - sd) <= 0.1 * sd))


def by_ratios(fast_mean, fast_sd, mean, sd):
    return len(sd) - np.sum((abs((fast_mean - mean) / sd) <= 0.1) & (abs(fast_sd / sd - 1) <= 0.1))


def by_fractions(fast_mean, fast_sd, mean, sd):
    """In the decimals that are printed, without any rounding."""
    kept = 0
    for row in zip(fast_mean, fast_sd, mean, sd, strict=True):
        if not np.isnan(row).any():
            fm, fs, m, s = (Fraction(repr(float(number))) for number in row)
            kept += abs(fm - m) <= s / 10 and s * 9 / 10 <= fs <= s * 11 / 10
    return len(sd) - kept


def limits(fast_mean, fast_sd, mean, sd):
    return np.sum(~(abs(fast_mean - mean) <= 0.1 * sd)) + np.sum(~(abs(fast_sd - sd) <= 0.1 * sd))


def in_units_of_the_fast_method(fast_mean, fast_sd, mean, sd):
    return np.sum(~(abs(fast_mean - mean) / fast_sd <= 0.1) | ~(abs(fast_sd - sd) <= 0.1 * sd))


def upside_down(fast_mean, fast_sd, mean, sd):
    return np.sum(~(abs(fast_mean - mean) <= 0.1 * sd) | ~(abs(sd / fast_sd - 1) <= 0.1))


RIGHT = {
    "weighted": [by_softmax, by_moments, by_loop],
    "broken": [group_by_group, by_not, by_nan_to_inf, between, by_ratios, by_fractions],
}
HINTED = {
    "broken": [
        (limits, "limits in place of groups"),
        (in_units_of_the_fast_method, "the fast method's unit"),
        (upside_down, "the ratio upside down"),
    ],
}
WRONG = {
    "weighted": [
        (
            lambda x, log_p, log_q: (*by_softmax(x, log_p, log_q)[:2], by_softmax(x, log_p, log_q)[2] / len(x)),
            "divided by J",
        ),
        (lambda x, log_p, log_q: (*by_softmax(x, log_p, log_q)[:2], len(x)), "right"),
        (lambda x, log_p, log_q: (*by_softmax(x, log_p, log_q)[:2], len(x) / 2), "equal weights"),
    ],
    "broken": [
        (
            lambda fast_mean, fast_sd, mean, sd: np.sum(
                ~(abs(fast_mean - mean) <= 0.1 * sd) | (fast_sd < 0.9 * sd) | (fast_sd > 1.1 * sd)
            ),
            "a NaN.",
        ),
        (
            lambda fast_mean, fast_sd, mean, sd: np.sum(
                (abs(fast_mean - mean) > 0.1 * sd) | ~((fast_sd >= 0.9 * sd) & (fast_sd <= 1.1 * sd))
            ),
            "a NaN.",
        ),
        (
            lambda fast_mean, fast_sd, mean, sd: np.sum(
                ~((fast_mean > mean - 0.1 * sd) & (fast_mean <= mean + 0.1 * sd) & (abs(fast_sd - sd) <= 0.1 * sd))
            ),
            "exactly at the limits",
        ),
        (lambda fast_mean, fast_sd, mean, sd: by_not(fast_mean, fast_sd, mean, sd) / len(sd) + 0.1, "breaks nothing"),
        (lambda fast_mean, fast_sd, mean, sd: int(by_not(fast_mean, fast_sd, mean, sd) > 0), "yours"),
        (lambda fast_mean, fast_sd, mean, sd: by_not(fast_mean, fast_sd, mean, sd) + 1, "breaks nothing"),
    ],
}
