"""Where the restricted likelihood of a regression with varying coefficients is highest.

Newton's method climbs from several places (`_climb`), and a direction in which the coefficients do not vary is taken
out of Sigma exactly (`_without_zeros`).
"""

import numpy as np

from hblib._numerics.mixed_model import on

# Where to start. The sizes begin far inside a group's own standard error and end far beyond all that y varies.
_SMALLEST, _LARGEST, _SIZES = 1e-3, 30, 16
_STARTS = 8  # the lowest ones; each costs a climb
_LINES = 13  # groups whose lines give rays: twelve differences, each of which costs a ray
_ROUND = 0.1  # of the other directions, beside a ray: for a Sigma that is long but not singular
_EM_STEPS = 3  # before each climb: they save it one step in six; without them it ends at the same place
# Where to end, and what counts as rounding.
_SAME = 1e-6  # of -2 log L: hills that differ by less are one; a climb leaves `_GAIN`, or what rounding hides
_GAIN = 1e-9  # of -2 log L, by the last step: before it, the estimates were within 2e-5 standard errors of the top
_FLAT = 1e-12  # of the largest curvature: a flatter axis is rounding's, and gets no longer step
_SADDLE = 1e-9  # of the largest curvature: so far below 0 a bend is a saddle's, and not rounding
_SIDE = 0.1  # coordinates, each about a standard error: a step off a ridge that changes the value beyond rounding
_ZERO = 1e-10  # of the information: a slope that is no steeper is rounding's
_STEPS, _HALVES = 200, 60  # of a climb and of a step, ample: 30 and 2 at most in the tests
_HIDDEN, _OF_VALUE = 1e-8, 1e-13  # a gain, and one as a part of the value, that rounding hides: no halved step climbs
_FAR = 1.0  # off the maximum, in value: a rank that loses more has another; with 0.01 and 100 the results are the same
_MANY_GROUPS = 200  # equally informative ones, with which the restricted likelihood is taken to have one hill


def highest(model):
    """(point, status) at the maximum."""
    climbs = [_climb(model, start.root, model.K) for start in _starts(model)]
    best = min((end for end, arrived in climbs if arrived), key=lambda end: end.value, default=None)
    # A start on a long curved ridge may not arrive; that matters only if it has come higher than those that did.
    if best is None or min(end.value for end, _ in climbs) < best.value - _SAME:
        raise RuntimeError("the search for the maximum of the restricted likelihood has not converged")
    best = _without_zeros(model, best)
    rank = best.root.shape[1]
    return best, "Sigma = 0" if rank == 0 else "singular" if rank < model.K else "ok"


def _starts(model):
    """Points to start from: the lowest ones of several rays, each after a few steps of the EM algorithm.

    With few groups the likelihood can have several hills, and so it can with many of which few show how the
    coefficients vary. Where hundreds do, one ray finds the only hill.
    """
    J, K = model.groups.size, model.K
    noise = np.sum(model.within[:, -1] ** 2) / model.N
    sizes = np.geomspace(_SMALLEST / np.sqrt(model.N / J), _LARGEST / np.sqrt(noise), _SIZES)
    starts = []
    for ray in [np.eye(K)] if model.effective_groups > _MANY_GROUPS else _rays(model):
        points = [model.at(size * ray) for size in sizes]
        values = np.array([np.inf, *(point.value for point in points), np.inf])
        lowest = (values[1:-1] < values[:-2]) & (values[1:-1] <= values[2:])
        if starts:
            lowest[0] = False  # next to Sigma = 0, where the first ray starts as well
        starts += [_em(points[i]) for i in np.flatnonzero(lowest)]
    return sorted(starts, key=lambda point: point.value)[:_STARTS]


def _em(point):
    """The point after a few steps of the EM algorithm."""
    model = point.model
    for _ in range(_EM_STEPS):
        D = point.root @ point.root.T
        squares, directions = np.linalg.eigh(D - D @ point.slope @ D / model.groups.size)
        point = model.at(directions * np.sqrt(np.maximum(squares, 0)))
    return point


def _rays(model):
    """Roots of size about 1: no direction preferred; each coefficient, sums and differences of each two; and the
    differences between groups, as least squares shows them: if Sigma has rank 1 and sigma is small, they all lie on it.
    """
    K = model.K
    one = np.eye(K)
    if K == 1:
        return [one]
    ratios = [(sign * a, b) for sign in (1, -1) for a, b in ((1, 1), (1, 2), (2, 1))]
    pairs = [a * one[i] + b * one[k] for i in range(K) for k in range(i) for a, b in ratios]
    measured = np.flatnonzero(model.ranks == K)[:_LINES]
    lines = np.linalg.solve(
        model.columns[:K, :, measured].transpose(2, 1, 0), model.columns[-1][:, measured].T[..., None]
    )
    differences = [step for step in np.diff(lines[..., 0], axis=0) if step.any()]
    rays = [ray[:, None] / np.linalg.norm(ray) for ray in (*one, *pairs, *differences)]
    return [one, *rays, *(np.hstack([ray, _ROUND * one]) for ray in rays[: K + len(pairs)])]


def _climb(model, root, rank):
    """Newton's method on the roots of this rank, from the `rank` largest directions of `root`: (end, arrived)."""
    directions, sizes, _ = np.linalg.svd(root)
    here = model.at(directions[:, :rank] * sizes[:rank])
    for _ in range(_STEPS):
        units = _coordinates(model, here.root)
        moves = units @ here.root.T
        moves = moves + moves.transpose(0, 2, 1)
        gradient = np.einsum("iab,ab->i", moves, here.slope)
        bent = np.einsum("iar,ab,jbr->ij", units, here.slope, units, optimize=True)
        bend, axes = np.linalg.eigh(on(moves, here.curvature()) + 2 * bent)
        along = axes.T @ gradient
        size = np.maximum(np.abs(bend), _FLAT * np.abs(bend).max())
        gain = np.sum(along**2 / size)
        step = -axes @ (along / size)
        saddle = bend[0] < -_SADDLE * bend[-1]
        if saddle:  # to one of the sides of the ridge
            step -= np.copysign(_SIDE, along[0]) * axes[:, 0]
        step = np.tensordot(step / max(1, np.linalg.norm(step)), units, axes=1)
        there = newton = model.at(here.root + step)
        if gain < _GAIN and not saddle:
            return there, True
        halves = 0
        while there.value >= here.value and halves < _HALVES:
            step, halves = step / 2, halves + 1
            there = model.at(here.root + step)
        if there.value >= here.value:
            if gain < _HIDDEN + _OF_VALUE * abs(here.value):
                return here if saddle else newton, True
            return here, False
        here = there
    return here, False


def _coordinates(model, root):
    """Steps of about one standard error of a group, or as large as the root, that together move it to any other."""
    directions, sizes, turn = np.linalg.svd(root)
    noise = np.einsum("ak,ab,bk->k", directions, model.information, directions) / model.groups.size
    scales = 1 / np.sqrt(noise)
    rank = sizes.size
    scales[:rank] = np.maximum(scales[:rank], sizes)
    rows, columns = np.tril_indices(model.K, m=rank)  # a lower trapezoid: each Sigma has but one such root
    units = np.zeros((rows.size, model.K, rank))
    units[range(rows.size), rows, columns] = 1
    return (directions * scales) @ units @ turn


def _without_zeros(model, best):
    """The same maximum at the lowest rank of Sigma that reaches it, so that what is 0 is exactly 0."""
    directions, sizes, _ = np.linalg.svd(best.root)
    for rank in range(model.K):
        lower = model.at(directions[:, :rank] * sizes[:rank])
        if lower.value > best.value + _FAR:
            continue
        if rank:
            lower, _ = _climb(model, best.root, rank)
        # a maximum if the likelihood falls in each direction that is not in Sigma
        missing = np.linalg.svd(lower.root)[0][:, rank:] if rank else np.eye(model.K)
        slope = missing.T @ lower.slope @ missing
        size = np.trace(missing.T @ model.information @ missing)
        if lower.value <= best.value + _GAIN and np.linalg.eigvalsh(slope)[0] >= -_ZERO * size:
            return lower
    return best
