"""Integrals over a scale parameter, to nearly all digits: the rule that both families integrate with.

A scale s in (lower, upper) is written x = log s and x as a function of t in which the integrand falls double
exponentially, so that the trapezoidal rule converges faster than any power of its step (Takahasi & Mori 1974). The
step is halved until the result settles. An integrand that does not fall belongs to an improper posterior, and is
refused.
"""

import numpy as np

_DEPTH = 45.0  # contributions below exp(-45) of the largest do not count
_REACH = 9.0  # how far t may run
_SETTLED = 1e-12  # relative change on halving the step; what error is left then is about the square of this
_FARTHEST = 300.0  # how far x = log s may run: an integrand that has not fallen by a factor of exp(300) will not fall


def integrate_scale(log_f, lower=0.0, upper=np.inf, guess=1.0, rough=None):
    """Nodes and weights for the density proportional to f(s) on lower < s < upper.

    Parameters
    ----------
    log_f : a function of an array of s > 0 that gives log f(s), up to a constant.
    lower, upper : the ends of the range of s.
    guess : a value of s of the size that matters.
    rough : a cheaper function within a factor of exp(20) of f, to find out where f matters; f itself if left out.

    Returns
    -------
    (s, weight, log_normaliser): the nodes, weights that sum to 1, and the logarithm of the integral of f.

    Raises
    ------
    ValueError where the integral does not exist, saying at which end.

    Source: Takahasi & Mori (1974), Publications of RIMS 9:721-741.

    >>> s, weight, log_total = integrate_scale(lambda s: -s)  # the exponential distribution
    >>> print(round(np.sum(weight * s), 12), round(np.exp(log_total), 12))
    1.0 1.0
    """
    if not lower < upper:
        raise ValueError(f"lower must be below upper, but they are {lower} and {upper}")
    ends = np.log(lower) if lower > 0 else -np.inf, np.log(upper)
    log_integrand, look = _in_log(log_f), _in_log(rough or log_f)
    map_ = (*ends, *_peak(look, *ends, np.log(guess)))
    first, final = _span(look, *map_, depth=_DEPTH + (20 if rough else 0))
    step = 0.25
    first, count = step * np.floor(first / step), int(np.ceil(final / step) - np.floor(first / step))
    x, value = _integrand_in_t(log_integrand, first + step * np.arange(count + 1), *map_)
    total = _log_sum(value, step)
    for _ in range(7):
        between = _integrand_in_t(log_integrand, first + step * (np.arange(count) + 0.5), *map_)
        x, value = np.append(x, between[0]), np.append(value, between[1])
        step, count, before, total = step / 2, 2 * count, total, _log_sum(value, step / 2)
        if abs(total - before) < max(_SETTLED, 8 * np.finfo(float).eps * abs(total)):  # not below the rounding of total
            break
    if abs(total - before) > 1e-6:
        raise ValueError("the integral did not settle: the integrand is too narrow a peak to be found from this guess")
    order = np.argsort(x)
    weight = np.exp(value[order] - value.max())
    return np.exp(x[order]), weight / np.sum(weight), total


def _log_sum(value, step):
    top = value.max()
    return np.log(np.sum(np.exp(value - top)) * step) + top


def _in_log(f):
    """The log of the integrand in x = log s."""

    def log_integrand(x):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value = f(np.exp(x)) + x
        return np.where(np.isnan(value), -np.inf, value)

    return log_integrand


def _integrand_in_t(log_integrand, t, low, high, centre, width):
    """x(t) and the log of the integrand in t: the whole line by sinh, a half line from its end, an interval by tanh."""
    if np.isinf(low) and np.isinf(high):
        x, slope = centre + width * np.sinh(t), width * np.cosh(t)
    elif np.isinf(low) or np.isinf(high):
        distance = width * np.exp(t - np.exp(-t))
        x = high - distance if np.isinf(low) else low + distance
        slope = distance * (1 + np.exp(-t))
    else:
        inner = np.pi / 2 * np.sinh(np.clip(t, -6, 6))  # beyond, all is at the ends
        x = (low + high) / 2 + (high - low) / 2 * np.tanh(inner)
        slope = (high - low) / 2 * np.pi / 2 * np.cosh(t) / np.cosh(inner) ** 2
    with np.errstate(divide="ignore"):
        return x, log_integrand(x) + np.log(slope)


def _peak(log_integrand, low, high, guess):
    """Where the integrand in x is largest, and how wide it is there; only roughly, the rule forgives much."""
    x = np.linspace(max(low, guess - 40), min(high, guess + 40), 161)[1:-1]
    value = log_integrand(x)
    best = value.argmax()
    if not np.isfinite(value[best]):
        raise ValueError("the integrand is zero or not a number over the whole range")
    near = x[value >= value[best] - 2]
    width = max((near[-1] - near[0]) / 2, 0.05)
    if np.isinf(low) and np.isinf(high):
        return x[best], min(width, 3.0)
    return x[best], np.clip(x[best] - low if np.isinf(high) else high - x[best], 0.3, 10.0)


def _span(log_integrand, *map_, depth):
    """How far t must run on both sides for the rest not to count."""
    low, high, centre, _ = map_
    values = log_integrand(centre + _FARTHEST * np.array([-0.5, -1.0, 0.5, 1.0]))
    for end, near, far, where in ((low, *values[:2], "towards 0"), (high, *values[2:], "towards infinity")):
        if np.isinf(end) and far > near - 0.1 and far > -np.inf:
            raise ValueError(f"the posterior is improper: prior times likelihood does not fall {where}")
    t = np.linspace(-_REACH, _REACH, 181)
    x, _ = _integrand_in_t(np.zeros_like, t, *map_)
    t = t[np.abs(x - centre) < _FARTHEST]
    value = _integrand_in_t(log_integrand, t, *map_)[1]
    counts = np.flatnonzero(value > value.max() - depth)
    return t[counts[0]] - 0.1, t[counts[-1]] + 0.1


def tail_power(log_f, upper=np.inf):
    """The power of s with which f(s) falls at infinity, which decides what moments exist; -inf if faster than any.

    >>> print(round(tail_power(lambda s: -np.log1p(s**2)), 6))  # half-Cauchy
    -2.0
    """
    if np.isfinite(upper):
        return -np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = log_f(np.array([1e40, 1e41]))
    return float((high - low) / np.log(10)) if np.isfinite(low) and np.isfinite(high) else -np.inf


def quantiles(log_f, probabilities, nodes, weights, lower=0.0, upper=np.inf):
    """Quantiles of the density proportional to f, by integrating it exactly up to each trial value.

    `nodes` and `weights` are what `integrate_scale` gave for it; they bracket the answers.
    """
    from scipy import optimize

    centre = nodes[weights.argmax()]
    total = integrate_scale(log_f, lower, upper, guess=centre)[2]

    def excess(x, probability):
        end = float(np.exp(x))
        return np.exp(integrate_scale(log_f, lower, end, guess=min(centre, end) / 1.01)[2] - total) - probability

    cumulative = np.cumsum(weights)
    found = []
    for probability in np.atleast_1d(probabilities):
        below = np.searchsorted(cumulative, probability * (1 - 1e-3)) - 2
        above = np.searchsorted(cumulative, 1 - (1 - probability) * (1 - 1e-3)) + 2
        bracket = np.log(nodes[max(below, 0)]), np.log(nodes[min(above, nodes.size - 1)])
        found.append(np.exp(optimize.brentq(excess, *bracket, args=(probability,), xtol=1e-12)))
    return np.array(found)
