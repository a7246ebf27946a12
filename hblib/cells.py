"""All that the Normal-Normal likelihood needs of the data: estimates that share a standard error, taken together.

Groups with the same se form a cell. Its number of groups, their mean and their sum of squares about it are
sufficient, so a million groups of a hundred different sizes cost no more than a hundred.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cells:
    """One entry a distinct standard error; estimates are measured from `centre`: a large constant costs no digits."""

    variance: np.ndarray  # se^2
    number: np.ndarray  # of groups
    mean: np.ndarray
    squares: np.ndarray  # about the cell's mean
    centre: float
    spread: float  # largest estimate minus smallest

    @property
    def groups(self):
        return float(np.sum(self.number))

    def at(self, tau2):
        """Weights w of one group a cell, the best mu, and each cell's sum of squares about it, for one or many tau2."""
        w = 1 / (self.variance + np.asarray(tau2, dtype=float)[..., None])
        mu = np.sum(self.number * w * self.mean, axis=-1) / np.sum(self.number * w, axis=-1)
        return w, mu, self.squares + self.number * (self.mean - mu[..., None]) ** 2

    def log_likelihood(self, tau2, restricted, mu=None):
        """The log likelihood of tau2 at its best mu (or at `mu`); restricted: mu integrated out under a flat prior."""
        if restricted:
            return self.integrated(tau2)[0]
        w, _, squares = self.at(tau2)
        if mu is not None:
            squares = self.squares + self.number * (self.mean - mu) ** 2
        return np.sum(self.number * np.log(w / (2 * np.pi)) - w * squares, axis=-1) / 2

    def integrated(self, tau2):
        """The restricted log likelihood of tau2, and the mean and precision of mu given tau2."""
        w, mu, squares = self.at(tau2)
        precision = np.sum(self.number * w, axis=-1)
        value = np.sum(self.number * np.log(w / (2 * np.pi)) - w * squares, axis=-1)
        return (value - np.log(precision / (2 * np.pi))) / 2, mu, precision

    def score(self, tau2, restricted):
        """Its derivative with respect to tau2."""
        w, _, squares = self.at(tau2)
        score = np.sum(w**2 * squares - self.number * w, axis=-1)
        if restricted:
            score = score + np.sum(self.number * w**2, axis=-1) / np.sum(self.number * w, axis=-1)
        return score / 2


def collect(ybar, se, counts=None):
    """The `Cells` of the rows, which must be finite; `counts` says how many groups share each row, one each if None."""
    total = float(ybar.size if counts is None else np.sum(counts))
    weigh = (lambda values: values) if counts is None else (lambda values: counts * values)
    equal = se.size > 0 and se.min() == se.max()  # the common case, and much quicker than sorting
    precision = 1.0 if equal else 1 / se**2  # so that an imprecise outlier does not move the centre
    centre = float(np.sum(weigh(ybar * precision)) / np.sum(weigh(precision + 0 * ybar))) if total else 0.0
    y = ybar - centre
    spread = float(np.ptp(y)) if y.size else 0.0
    if equal:
        mean = np.sum(weigh(y)) / total
        y -= mean
        parts = [np.array([value]) for value in (total, mean, np.sum(weigh(np.square(y, out=y))))]
        return Cells(se.ravel()[:1] ** 2, *parts, centre, spread)
    distinct, which = np.unique(se, return_inverse=True)
    number = np.bincount(which, weights=counts, minlength=distinct.size).astype(float)
    mean = np.bincount(which, weights=weigh(y), minlength=distinct.size) / number
    squares = np.bincount(which, weights=weigh((y - mean[which]) ** 2), minlength=distinct.size)
    return Cells(distinct**2, number, mean, squares, centre, spread)
