"""The Beta-Binomial likelihood of the counts of `rates_counts`: values, derivatives and, for each size, the best mean.

mu = alpha/(alpha + beta) is the prior mean and phi = 1/(alpha + beta).
"""

import math

import numpy as np
from scipy import special

from hblib._numerics.mixture import blocks

LOGITS = -300.0, 36.0  # what logit mu may be: at 36 mu is 1 to all digits, at -300 it is 1e-130
_LARGE, _SMALL_UNIT = 1e200, 2.0**-400  # beyond, parameters are measured in so small a unit: their products are doubles
# The search for the most probable logit of mu. Lengths ten times more or less make it longer or shorter by two rounds.
_ROUNDS = 60  # ample: it took 22 at most in the tests
_FIRST, _LONGEST = 30, 20  # logits: how far from 0 it may start, and go in one step
_WIDEST, _WIDE = 10.0, 3  # logits: the largest width of a peak, and the largest that the tolerance is measured in
_ARRIVED = 1e-9  # a step so short is taken even if, by rounding, it leaves the bracket; if not, rounds triple


def log_likelihood(data, mu, phi, rest=None):
    """The log marginal likelihood; mu, phi and rest = 1 - mu may be arrays that broadcast.

    A success above k multiplies the likelihood by (mu + k phi)/(1 + k phi), a failure by (rest + k phi)/(1 + k phi).
    What is left, the sum of (y - between) log((1 + k phi)/(1 + k)), is summed by parts, which leaves `surplus` and the
    steps of the logarithm. So no terms of different sign cancel, whatever phi is.
    """
    mu, phi = np.asarray(mu, dtype=float), np.asarray(phi, dtype=float)
    rest = 1 - mu if rest is None else rest
    surplus, before, after = data.steps
    per_step = (1 + after) / (after - before)
    total = _sum_log1p(-surplus, phi - 1, per_step, per_step * before, phi)
    for (k, number), of, other in ((data.with_success, mu, rest), (data.with_failure, rest, mu)):
        total = total - _sum_log1p(number, other, of[..., None], k, phi)
    return total


def log_likelihood_of_prior(data, alpha, beta):
    """The same for alpha and beta, arrays of one shape; exact also where their quotient or their sum is no double.

    alpha, beta and 1 take the places of mu, 1 - mu and phi: multiplying all three by a number changes nothing. The
    terms of k = 0, where nothing is added to an alpha as tiny as it may be, are taken in logarithms.
    """
    one = np.where(np.maximum(alpha, beta) > _LARGE, _SMALL_UNIT, 1.0)
    a, b = alpha * one, beta * one
    surplus, before, after = data.steps
    per_step = (1 + after) / (after - before)
    whole = np.maximum(a + b, np.finfo(float).tiny)
    total = _sum_log1p(-surplus, one - whole, per_step * whole[..., None], per_step * before, one)
    total = total - surplus[:1].sum() * (np.log(whole) - np.log(a + b))  # of the first step, where before = 0
    for (k, number), of, other, raw in (
        (data.with_success, a, b, (alpha, beta)),
        (data.with_failure, b, a, (beta, alpha)),
    ):
        at_zero = np.logaddexp(0, np.log(raw[1]) - np.log(raw[0]))
        total = total - number[:1].sum() * at_zero - _sum_log1p(number[1:], other, of[..., None], k[1:], one)
    return total


def _sum_log1p(number, a, b, k, phi):
    """The sum of number log1p(a/(b + k phi)) over the nodes, the last axis of b, for each a and phi; block by block."""
    shape = np.broadcast_shapes(a.shape, phi.shape)
    parts = blocks(math.prod(shape), k.size)
    if len(parts) <= 1:  # also where there is no node
        return (number * np.log1p(a[..., None] / (b + k * phi[..., None]))).sum(axis=-1)
    a, phi = (np.broadcast_to(array, shape).reshape(-1, 1) for array in (a, phi))
    b = np.broadcast_to(b, (*shape, b.shape[-1])).reshape(-1, b.shape[-1])
    total = np.empty(a.size)
    for block in parts:
        terms = k * phi[block]
        terms += b[block]
        np.divide(a[block], terms, out=terms)
        np.log1p(terms, out=terms)
        terms *= number
        terms.sum(axis=-1, out=total[block])
    return total.reshape(shape)


def derivatives(data, mu, phi):
    """Gradient and Hessian of `log_likelihood` in (mu, phi), numbers; by sums of one sign, as there."""
    rest = 1 - mu
    surplus, before, after = data.steps
    trial_before, trial_after = 1 / (1 + before * phi), 1 / (1 + after * phi)
    steps = surplus * (after - before) * trial_before * trial_after
    by_phi = -np.sum(steps)
    by_phi_twice = steps @ (after * trial_after + before * trial_before)
    by_mu = by_mu_twice = cross = 0.0
    for (k, number), of, other, sign in ((data.with_success, mu, rest, 1), (data.with_failure, rest, mu, -1)):
        one, trial = 1 / (of + k * phi), 1 / (1 + k * phi)
        first = number * one
        times_k = k * first
        by_mu += sign * np.sum(first)
        by_mu_twice -= first @ one
        by_phi += other * (times_k @ trial)
        by_phi_twice -= other * ((times_k * k * trial) @ (one + trial))
        cross -= sign * (times_k @ one)
    return np.array([by_mu, by_phi]), np.array([[by_mu_twice, cross], [cross, by_phi_twice]])


def logit_mode(data, size, start=None, flat_in_mu=False):
    """For each size the most probable logit of mu, and the width of the peak; safeguarded Newton, many sizes at once.

    The density of logit mu is log-concave in mu, so its derivative changes sign once. With `flat_in_mu` it is the
    likelihood alone whose peak is found.
    """
    start = np.full(size.shape, special.logit((data.successes + 0.5) / (data.trials + 1))) if start is None else start
    parts = [_some_logit_modes(data, size[some], start[some], flat_in_mu) for some in blocks(size.size, data.k.size)]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _some_logit_modes(data, size, start, flat_in_mu):
    jacobian, tolerance = (0, 1e-3) if flat_in_mu else (1, 0.1)  # widths: a height needs 1e-3, nodes around a peak 0.1
    (k_y, y), (k_f, f) = data.with_success, data.with_failure
    x_y, x_f = (k / size[:, None] for k in (k_y, k_f))
    low, high = (np.full(size.shape, end) for end in LOGITS)
    z = np.clip(start, -_FIRST, _FIRST)
    for _ in range(_ROUNDS):
        mu, rest = special.expit(z), special.expit(-z)
        success, failure = 1 / (mu[:, None] + x_y), 1 / (rest[:, None] + x_f)
        by_y, by_f = y * success, f * failure
        by_mu = by_y.sum(axis=-1) - by_f.sum(axis=-1)
        by_mu_twice = -(by_y * success).sum(axis=-1) - (by_f * failure).sum(axis=-1)
        slope = mu * rest * by_mu + jacobian * (rest - mu)
        curvature = (mu * rest) ** 2 * by_mu_twice + mu * rest * ((rest - mu) * by_mu - 2 * jacobian)
        low, high = np.where(slope > 0, z, low), np.where(slope > 0, high, z)
        step = np.where(curvature < 0, -slope / np.where(curvature < 0, curvature, -1), np.inf)
        step = np.where(np.abs(step) < _LONGEST, step, _LONGEST * np.sign(slope))
        inside = ((z + step > low) & (z + step < high)) | (np.abs(step) < _ARRIVED)
        new = np.where(inside, z + step, (low + high) / 2)
        width = 1 / np.sqrt(np.maximum(-curvature, _WIDEST**-2))
        done = (np.abs(new - z) < tolerance * np.minimum(width, _WIDE)).all()
        z = new
        if done:
            break
    return z, width


def few_rows(data, y, n, counts=None, cost=16, least=0):
    """Rows (y, n, counts) with data, if sums over k have more than `cost` terms a row, and some n is `least` or more.

    With many mu at once a row takes the time of some twenty terms. It has all digits, whatever n is, where sums lose
    one with n = 1,000, two with 10,000 and three with 1e15.
    """
    if data.k.size <= cost * np.size(y) or data.largest < least:
        return None
    rows = np.array(np.broadcast_arrays(y, n, 1 if counts is None else counts), dtype=float)
    return np.atleast_2d(rows.T).T[:, (rows[1] > 0) & (rows[2] > 0)]
