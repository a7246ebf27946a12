"""The rows of the Normal-Normal model, checked: estimates with standard errors, counts of equal rows, observations."""

from typing import NamedTuple

import numpy as np

from hblib._numerics import arguments, units
from hblib._numerics.types import FloatArray, IntArray, Labels


def estimates(ybar, se, positive=False, join=arguments.together) -> tuple[FloatArray, ...]:
    """ybar may be missing where se = inf: a group without data has no mean."""
    se = arguments.numbers("se", se, low=0, open_low=positive, allow_inf=True)
    if np.isfinite(se).all():
        return join(ybar=arguments.numbers("ybar", ybar), se=se)
    ybar, se = join(ybar=arguments.numbers("ybar", ybar, allow_nan=True), se=se)
    arguments.numbers("ybar", np.where(np.isinf(se), 0, ybar))
    return ybar, se


def telling_rows(ybar, se, counts=None, positive=True) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """The rows that carry information: (ybar, se, counts); counts None, and one se for all, stay as they are."""
    checked = arguments.numbers("se", se, low=0, open_low=positive, allow_inf=True)
    if counts is None and checked.size == 1 and np.isfinite(checked).all():
        ybar = arguments.numbers("ybar", ybar)
        if ybar.ndim == 1 and ybar.size:
            return ybar, checked, None
    ybar, se = estimates(ybar, checked, positive, join=arguments.groups)
    number = np.ones(1) if counts is None else arguments.whole_numbers("counts", counts)
    ybar, se, number = arguments.groups(ybar=ybar, se=se, counts=number)
    keep = np.isfinite(se) & (number > 0)
    if not keep.all():
        ybar, se, number = ybar[keep], se[keep], number[keep]
    return ybar, se, None if counts is None else number


def all_rows(ybar, se, counts) -> tuple[FloatArray, ...]:
    """Every row, (ybar, se, counts), whether it carries information or not."""
    ybar, se = estimates(ybar, se, positive=True, join=arguments.groups)
    number = np.ones(1) if counts is None else arguments.whole_numbers("counts", counts)
    return arguments.groups(ybar=ybar, se=se, counts=number)


class Groups(NamedTuple):
    """Observations summed up by group."""

    label: Labels  # sorted
    n: IntArray
    ybar: FloatArray  # in the unit
    within: float  # the sum of squares about the groups' own means, in the unit
    unit: float  # a power of 2


def group_summaries(values, group) -> Groups:
    """The `Groups`; refused where nothing is left within them to estimate sigma from."""
    values, (label, which) = arguments.numbers("values", values), arguments.labels("group", group)
    if values.ndim != 1 or which.shape != values.shape or values.size == 0:
        raise ValueError(f"values and group must be of one length, but have shapes {values.shape} and {which.shape}")
    n, first = np.bincount(which), np.empty(label.size, dtype=int)
    first[which[::-1]] = np.arange(values.size)[::-1]
    off = values - values[first][which]  # exactly 0 where the values are equal, whatever they are
    unit = units.near_extreme(np.abs(off).max())
    off, values = off / unit, values / unit
    mean = np.bincount(which, weights=off) / n
    within = np.sum((off - mean[which]) ** 2)
    rounding = np.sum((4 * np.finfo(float).eps * values[n[which] > 1]) ** 2)
    if within <= rounding:
        raise ValueError("sigma cannot be estimated: no group has two observations that differ by more than rounding")
    return Groups(label, n, values[first] + mean, within, unit)
