"""All that the Normal-Normal likelihood needs of the data: estimates that share a standard error, taken together.

Of groups with the same se their number, their mean and their sum of squares about it are sufficient, so a million
groups of a hundred different sizes cost no more than a hundred.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hblib._numerics.mixture import blocks


class At(NamedTuple):
    """What the data say at a tau2; with one axis more for many of them."""

    w: np.ndarray  # 1/(se^2 + tau2), the weight of a group with each se
    total: np.ndarray  # of all groups' weights
    mu: np.ndarray  # the best one, measured from the centre
    squares: np.ndarray  # each se's sum of squares about mu


@dataclass(frozen=True)
class BySe:
    """One entry a distinct standard error; estimates are measured from `centre`: a large constant costs no digits."""

    variance: np.ndarray  # se^2
    number: np.ndarray  # of groups
    mean: np.ndarray
    squares: np.ndarray  # about that mean
    centre: float
    reach: float  # largest estimate minus smallest

    @classmethod
    def of(cls, ybar, se, counts=None):
        """Of rows, which must be finite; `counts` says how many groups share each row, one each if None."""
        if counts is None and se.size and se.min() == se.max():  # the common case, and much quicker than sorting
            return cls._of_one(ybar, float(se.flat[0]))
        number = np.ones(ybar.shape) if counts is None else counts
        precision = number / se**2  # as weights, so that an imprecise outlier does not move the centre
        centre = float(np.sum(precision * ybar) / np.sum(precision)) if ybar.size else 0.0
        y = ybar - centre
        distinct, which = np.unique(se, return_inverse=True)
        total = np.bincount(which, weights=number, minlength=distinct.size)
        mean = np.bincount(which, weights=number * y, minlength=distinct.size) / total
        squares = np.bincount(which, weights=number * (y - mean[which]) ** 2, minlength=distinct.size)
        return cls(distinct**2, total, mean, squares, centre, float(np.ptp(y)) if y.size else 0.0)

    @classmethod
    def _of_one(cls, ybar, se):
        """All groups share an se; block by block: the temporary arrays stay in the processor's cache."""
        centre, rest, squares = float(np.mean(ybar)), 0.0, 0.0
        for some in blocks(ybar.size, 8):
            y = ybar[some] - centre
            rest += y.sum()
            squares += np.square(y, out=y).sum()
        mean = rest / ybar.size  # the rounding of the centre
        parts = (np.array([value]) for value in (se**2, float(ybar.size), mean, squares - rest * mean))
        return cls(*parts, centre, float(np.ptp(ybar)))

    @property
    def groups(self):
        return float(np.sum(self.number))

    def at(self, tau2):
        """What they say at one or many tau2."""
        w = 1 / (self.variance + np.asarray(tau2, dtype=float)[..., None])
        weight = self.number * w
        total = weight.sum(axis=-1)
        mu = (weight * self.mean).sum(axis=-1) / (total if self.mean.size else 1.0)  # without data any mu is as good
        return At(w, total, mu, self.squares_about(mu))

    def but_one(self, values):
        """For a group with each se the sum of `values`, one an se, over all other groups; without cancellation."""
        all_of = self.number * values
        rest = all_of.sum() - values
        top = np.argmax(values)  # only here can what is left be much smaller than what is taken away
        rest[top] = (self.number[top] - 1) * values[top] + all_of[:top].sum() + all_of[top + 1 :].sum()
        return rest

    def squares_about(self, mu):
        return self.squares + self.number * (self.mean - mu[..., None]) ** 2

    def log_likelihood(self, tau2, restricted, mu=None):
        """The log likelihood of tau2 at its best mu (or at `mu`); restricted: mu integrated out under a flat prior."""
        here = self.at(tau2)
        if mu is not None and not restricted:
            here = here._replace(squares=self.squares_about(mu))
        return self.log_likelihood_at(here, restricted)

    def log_likelihood_at(self, here, restricted):
        """The same from what `at` gives."""
        value = (self.number * np.log(here.w / (2 * np.pi)) - here.w * here.squares).sum(axis=-1)
        return (value - np.log(here.total / (2 * np.pi)) if restricted else value) / 2

    def score(self, tau2, restricted):
        """Its derivative with respect to tau2, a number."""
        here = self.at(tau2)
        noise = self.number * (self.but_one(here.w) / here.total if restricted else 1.0)
        return np.sum(here.w * (here.w * here.squares - noise)) / 2

    def information(self, tau2, restricted, per=1.0):
        """Minus the second derivatives of the log likelihood, in the directions in which a group's variance can grow.

        A direction is the rate at which it does, one an se: 1 for tau^2; `per` holds one or several.
        Returns the matrix and the vector m, by which mu moves with each. With z_j = w_j (y_j - mu), and d, e such
        rates, the entries are

            sum w (d z - m_d) (e z - m_e) - trace/2,   m_d = sum w d z / sum w

        where the trace is sum d e w^2, or that of P D P E if restricted (P = W - w w'/sum w); `traces` gives it.
        """
        here = self.at(tau2)
        w, total, mu = here.w, here.total, here.mu
        per = np.broadcast_to(per, (*np.shape(per)[:-1], w.size)).reshape(-1, w.size)
        slope = per * (w * (self.mean - mu))
        m = (slope * self.number * w).sum(axis=-1) / total
        off = slope - m[:, None]
        curvature = (off * self.number * w) @ off.T + (per * (w**3 * self.squares)) @ per.T
        if restricted:
            return curvature - self.traces(w, per) / 2, m
        return curvature - (per * (self.number * w**2)) @ per.T / 2, m

    def traces(self, w, per):
        """Traces of P D P E for P = W - w w'/sum w and the diagonal matrices D, E of all pairs of rows of `per`.

        Written as sums over the groups and all others of positive terms, since where one weight is nearly the sum of
        all the usual form cancels.
        """
        total = np.sum(self.number * w)
        own = self.number * (w * (self.but_one(w) / total)) ** 2
        others = np.array([self.but_one(row * w * (w / total)) for row in per])
        return (per * own) @ per.T + (per * (self.number * w * (w / total))) @ others.T
