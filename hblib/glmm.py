r"""Yes or no, how many: regressions of rates and counts whose intercept varies by group.

.. math::

    y_i \sim p(\cdot \mid \eta_i)

    \eta_i = x_i \cdot \beta + u_{j(i)}

    u_j \sim N(0, \tau^2)

For the family "binomial", y_i counts the successes of n_i trials, and eta_i is their log odds. For "poisson", y_i is a
count with mean n_i exp(eta_i), where n_i is the exposure. What lme4 writes ``y/n ~ x + (1 | group)``, with weights n,
is ``fit(y, n, x, group)``, where x has a column of ones beside that of the predictor.

The u_j have no conjugate prior here: each has to be integrated out by quadrature. The rule is Gauss's and Hermite's,
moved to the mode of each integrand and stretched to its width [1]_; with one node it is Laplace's approximation. Unless
told otherwise, the functions double the number of nodes until nothing changes any more. Where 512 do not do, as for
groups of failures alone and a large tau, the trapezoidal rule takes over, with up to 1024 nodes that are the closer to
each other the closer they are to the mode.

References
----------
.. [1] Pinheiro & Bates (1995), Journal of Computational and Graphical Statistics 4:12-35.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from hblib._numerics import arguments, tables
from hblib._numerics.mixed_rows import Columns
from hblib._numerics.types import FloatArray, FloatOrArray, Labels

Family = Literal["binomial", "poisson"]

_GAUSS, _TRAPEZES = (8, 512), (128, 1024)  # nodes of the two rules, from and to
_SMALL = 1e-10  # of a group's log marginal: when the nodes are enough
_STEP = 3e-3  # of the differences, in units of the standard errors
_MODE = 1e-12  # of 1 + |z|, to which a mode is found: rounding moves it by 1e-15, and with 1e-17 the search never ends
_FALL = 1e-12  # of a log likelihood, which rounding makes: with 0, a search at its maximum may find no step that rises
_FLAT, _STILL = 1e-20, 1e-6  # a step's gain and its longest move of an eta; with a gain of 1e-28 rounding lets none end
_FEW, _ROUGH = 20, 1e-3  # nodes of the first search, and the slope at which it ends: it need only come near
_ARRIVED, _NEAR = 1e-9, 1e-4  # standard errors that Newton's last step may have: as a rule, and where rounding ends it
_HIGHER, _NO_TAU = 1e-9, 1e-4  # a gain in log likelihood, and a tau in standard errors, that are no more than rounding
# How long each search may go on. In the tests the modes took 15 steps at most, the fit without groups 6, none of them
# halved. Newton's method used up its 20 at times: then `_NEAR` says whether it has come to the end.
_MODE_STEPS, _STEPS, _HALVES, _NEWTON_STEPS = 200, 100, 60, 20
_RISES = 1e-6  # the squared slope, in standard errors, at a maximum: each estimate is within 1e-3 standard errors of it


@dataclass(frozen=True, eq=False)
class Fit:
    """Maximum likelihood estimates and, with these plugged in, the posterior of each group's deviation u_j.

    Attributes
    ----------
    beta : array of shape (P,)
        The shared coefficients.
    se_beta : array of shape (P,)
        Their standard errors, by the curvature of the log likelihood in beta and tau, or in beta alone where tau = 0.
    tau : float
        The standard deviation of the groups' intercepts.
    log_likelihood : float
        The log marginal likelihood, with all its constants.
    groups : array of shape (J,)
        The groups, sorted: the order of the two below.
    deviation : array of shape (J,)
        The posterior mean of each u_j given beta and tau.
    deviation_sd : array of shape (J,)
        Its standard deviation; too small, because beta and tau are taken as known.
    nodes : int
        The nodes of the quadrature; above 512 only where the trapezoidal rule had to take over.
    status : {"ok", "tau = 0"}
        "ok": tau > 0. "tau = 0": the groups vary no more than chance alone makes them.
    """

    beta: FloatArray
    se_beta: FloatArray
    tau: float
    log_likelihood: float
    groups: Labels
    deviation: FloatArray
    deviation_sd: FloatArray
    nodes: int
    status: Literal["ok", "tau = 0"]

    def summary(self) -> dict[str, list]:
        """Return the estimates and their standard errors as columns, of which pandas.DataFrame makes a table.

        Returns
        -------
        dict of list
            The columns "name", "estimate" and "se": the shared coefficients, then tau. Of tau no standard error is
            computed: nan.

        Examples
        --------
        >>> y, n = [2, 0, 5, 1, 3, 9], [14, 12, 9, 10, 12, 15]
        >>> table = fit(y, n, np.ones((6, 1)), group=list("aabbcc")).summary()
        >>> print(table["name"], np.round(table["estimate"], 3))
        ['beta[0]', 'tau'] [-1.082  0.768]
        """
        return tables.coefficients(self.beta, self.se_beta, {"tau": self.tau})


def log_marginal(
    y: ArrayLike,
    n: ArrayLike,
    x: ArrayLike,
    group: ArrayLike,
    beta: ArrayLike,
    tau: ArrayLike,
    family: Family = "binomial",
    nodes: int | None = None,
) -> FloatOrArray:
    r"""Compute the log marginal likelihood of (beta, tau), each group's deviation integrated out.

    .. math:: \sum_j \log \int \prod_{i \in j} p(y_i \mid x_i \cdot \beta + \tau z) \, N(z \mid 0, 1) \, dz

    Parameters
    ----------
    y : array_like of shape (N,)
        Successes, or counts; whole numbers.
    n : array_like of shape (N,)
        Trials, or exposures; one number does for all.
    x : array_like of shape (N, P)
        Predictors, a column of ones included.
    group : array_like of shape (N,)
        The group of each row: numbers or names, the rows in any order.
    beta : array_like of shape (..., P)
        The shared coefficients; draws of a posterior, say, take one call.
    tau : array_like of shape (...)
        The standard deviation of the groups' intercepts, at least 0.
    family : {"binomial", "poisson"}
        What y counts.
    nodes : int, optional
        The nodes of the quadrature; 1 is Laplace's approximation. If left out they are doubled until no group's
        log likelihood changes by more than 1e-10 times (1 + its size).

    Returns
    -------
    float or array of shape (...)
        The sum over the groups.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named.
    RuntimeError
        If 1024 nodes are not enough, or no mode of an integrand is found.

    See Also
    --------
    log_marginal_by_group : The same, group by group.

    References
    ----------
    .. [1] Pinheiro & Bates (1995), Journal of Computational and Graphical Statistics 4:12-35.

    Examples
    --------
    >>> rows = [2, 0, 5], [14, 12, 9], np.ones((3, 1)), ["a", "a", "b"]
    >>> print(round(log_marginal(*rows, beta=[-1.0], tau=0.5), 6))
    -7.136684
    """
    return log_marginal_by_group(y, n, x, group, beta, tau, family, nodes).sum(axis=-1)[()]


def log_marginal_by_group(
    y: ArrayLike,
    n: ArrayLike,
    x: ArrayLike,
    group: ArrayLike,
    beta: ArrayLike,
    tau: ArrayLike,
    family: Family = "binomial",
    nodes: int | None = None,
) -> FloatArray:
    r"""Compute the parts of `log_marginal` group by group: the log marginal likelihood of each group's rows.

    It is what leave-one-group-out needs: the probability of a group's data when nothing is known of that group but
    the population.

    .. math:: \log \int \prod_{i \in j} p(y_i \mid x_i \cdot \beta + \tau z) \, N(z \mid 0, 1) \, dz

    Parameters
    ----------
    y, n, x, group : array_like
        The data, as `log_marginal` takes them.
    beta, tau : array_like
        The parameters, as `log_marginal` takes them.
    family : {"binomial", "poisson"}
        What y counts.
    nodes : int, optional
        The nodes of the quadrature, as `log_marginal` takes them.

    Returns
    -------
    array of shape (..., J)
        One value a group, the groups sorted.

    Raises
    ------
    ValueError, RuntimeError
        Where `log_marginal` raises them.

    See Also
    --------
    log_marginal : The sum, and what each argument is.

    References
    ----------
    .. [1] Pinheiro & Bates (1995), Journal of Computational and Graphical Statistics 4:12-35.

    Examples
    --------
    >>> rows = [2, 0, 5], [14, 12, 9], np.ones((3, 1)), ["a", "a", "b"]
    >>> log_marginal_by_group(*rows, beta=[-1.0], tau=0.5).round(4)
    array([-4.5129, -2.6238])
    """
    rows = _rows(y, n, x, group, family)
    beta, tau = arguments.numbers("beta", beta), arguments.numbers("tau", tau, low=0)
    if beta.ndim == 0 or beta.shape[-1] != rows.x.shape[1]:
        raise ValueError(f"beta must have {rows.x.shape[1]} numbers in its last axis, but has shape {beta.shape}")
    try:
        shape = np.broadcast_shapes(beta.shape[:-1], tau.shape)
    except ValueError:
        raise ValueError(f"beta and tau do not fit together: shapes {beta.shape} and {tau.shape}") from None
    eta = np.broadcast_to(beta @ rows.x.T, (*shape, len(rows.y)))
    return _integrals(rows, eta, np.broadcast_to(tau, shape), _nodes(nodes)).log


def fit(
    y: ArrayLike,
    n: ArrayLike,
    x: ArrayLike,
    group: ArrayLike,
    family: Family = "binomial",
    nodes: int | None = None,
) -> Fit:
    r"""Estimate beta and tau by maximum likelihood, each group's deviation integrated out.

    .. math::

        y_i \sim p(\cdot \mid \eta_i)

        \eta_i = x_i \cdot \beta + u_{j(i)}

        u_j \sim N(0, \tau^2)

    Parameters
    ----------
    y : array_like of shape (N,)
        Successes, or counts; whole numbers.
    n : array_like of shape (N,)
        Trials, or exposures; one number does for all.
    x : array_like of shape (N, P)
        Predictors, a column of ones included.
    group : array_like of shape (N,)
        The group of each row: numbers or names, the rows in any order.
    family : {"binomial", "poisson"}
        What y counts.
    nodes : int, optional
        The nodes of the quadrature; 1 is Laplace's approximation. If left out they are doubled until no group's
        log likelihood changes by more than 1e-10 times (1 + its size).

    Returns
    -------
    Fit
        The estimates, and what they say of each group.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Or if x is not of full rank. A constant added to a predictor, as in
        years, costs only the digits that it costs the data.
    RuntimeError
        If no maximum is found. Often there is none: a predictor that separates the successes from the failures would
        like an infinite coefficient; groups of more than one trial, of which each has only successes or only failures,
        may like an infinite tau. Or if 1024 nodes are not enough, or no mode of an integrand is found.

    References
    ----------
    .. [1] Bates, Maechler, Bolker & Walker (2015), Journal of Statistical Software 67(1).

    Examples
    --------
    >>> y, n = [2, 0, 5, 1, 3, 9], [14, 12, 9, 10, 12, 15]
    >>> model = fit(y, n, np.ones((6, 1)), group=list("aabbcc"))
    >>> print(model.beta.round(3), round(model.tau, 3), model.status)
    [-1.082] 0.768 ok
    """
    rows = _rows(y, n, x, group, family)
    if not rows.n.any():
        raise ValueError("n must hold a row with trials, but is 0 in each")
    columns, count = Columns.of("x", rows.x, "shared"), _nodes(nodes)
    rows = rows._replace(x=columns.basis.T)
    coefficients, covariance, tau = _highest(rows, count)
    each = _integrals(rows, rows.x @ coefficients, np.array(tau), count)
    return Fit(
        beta=columns.back @ coefficients,
        se_beta=np.sqrt(np.diagonal(columns.back @ covariance @ columns.back.T)),
        tau=tau,
        log_likelihood=float(each.log.sum()),
        groups=rows.groups,
        deviation=tau * each.mean,
        deviation_sd=tau * each.sd,
        nodes=each.nodes,
        status="ok" if tau > 0 else "tau = 0",
    )


class _Rows(NamedTuple):
    """The data, sorted by group."""

    y: FloatArray
    n: FloatArray
    x: FloatArray
    first: FloatArray  # where each group begins
    groups: Labels
    place: FloatArray  # the group of each row, by number
    constant: FloatArray  # by row: the part of log p(y | eta) without eta
    family: Family

    def by_group(self, values):
        """Sum over the rows of each group, along the last axis."""
        return np.add.reduceat(values, self.first, axis=-1)

    def log_p(self, eta):
        """The log probability of each row's y, without the constant."""
        if self.family == "binomial":
            return self.y * eta - self.n * np.logaddexp(0, eta)
        with np.errstate(over="ignore"):
            return self.y * eta - self.n * np.exp(eta)

    def slopes(self, eta):
        """The first derivative of the log probability, and the second with its sign turned."""
        if self.family == "binomial":
            p = special.expit(eta)
            return self.y - self.n * p, self.n * p * (1 - p)
        with np.errstate(over="ignore"):
            mean = self.n * np.exp(eta)
        return self.y - mean, mean


class _Integrals(NamedTuple):
    """By group: the log of the integral, and the mean and standard deviation of z = u_j/tau given the data."""

    log: FloatArray
    mean: FloatArray
    sd: FloatArray
    nodes: int


def _rows(y, n, x, group, family):
    arguments.one_of("family", family, ("binomial", "poisson"))
    x = arguments.numbers("x", x)
    if family == "binomial":
        y, n = arguments.successes(y, n)
    else:
        y, n = arguments.together(y=arguments.whole_numbers("y", y), n=arguments.numbers("n", n, low=0, open_low=True))
    if x.ndim != 2 or y.shape != x.shape[:1] or x.size == 0:
        raise ValueError(f"x must have a row for each y, and a column, but y has shape {y.shape} and x {x.shape}")
    groups, place = arguments.labels("group", group)
    if len(place) != len(y):
        raise ValueError(f"group must have a label for each of the {len(y)} rows, but has {len(place)}")
    order = np.argsort(place, kind="stable")
    y, n, x, place = y[order], n[order], x[order], place[order]
    if family == "binomial":
        constant = -np.log1p(n) - special.betaln(y + 1, n - y + 1)
    else:
        constant = special.xlogy(y, n) - special.gammaln(y + 1)
    first = np.searchsorted(place, np.arange(len(groups)))
    return _Rows(y, n, x, first, groups, place, constant, family)


def _nodes(nodes):
    return None if nodes is None else arguments.whole("nodes", nodes)


def _integrals(rows, eta, tau, nodes):
    """Integrate over each group's z; eta has shape (..., N) and tau (...)."""
    mode, width = _modes(rows, eta, tau)
    if nodes is not None:
        return _by_rule(rows, eta, tau, mode, width, *_gauss(nodes, width))
    rounding = 16 * np.finfo(float).eps * rows.by_group(np.abs(rows.constant))  # of large counts' terms, which cancel
    for rule, (count, last) in (_gauss, _GAUSS), (_trapezes, _TRAPEZES):
        before = None
        while count <= last:
            now = _by_rule(rows, eta, tau, mode, width, *rule(count, width))
            if before is not None and np.allclose(now.log, before.log, rtol=_SMALL, atol=_SMALL + rounding):
                return now
            before, count = now, 2 * count
    message = f"{last} nodes are not enough for these integrals at tau = {tau.max():.3g}, which may be far too large"
    if rows.family == "binomial":
        message += ": where each group has only successes, or only failures, the likelihood may rise for ever"
    raise RuntimeError(message)


def _gauss(nodes, width):
    """Gauss and Hermite's rule: its nodes, and the log of its weights, for integrals without a weight function."""
    t, weight = special.roots_hermitenorm(nodes)
    with np.errstate(divide="ignore"):  # the farthest weights of many are 0
        return t, np.log(weight) + t**2 / 2


def _trapezes(nodes, width):
    """The trapezoidal rule in s where t = sinh(s): close nodes at the mode, and as far as any integrand reaches.

    Where tau is large, a group of failures alone has an integrand that is a normal density on one side and falls to 0
    within 1/tau: Gauss's nodes are too few there, because most are spent farther out than the density reaches. As the
    log of each integrand falls at least as (z - mode)^2/2, 9 units of z are far enough.
    """
    s, step = np.linspace(-1, 1, nodes, retstep=True)
    end = np.arcsinh(9 / width[width > 0].min(initial=1))
    return np.sinh(end * s), np.log(end * step * np.cosh(end * s))


def _by_rule(rows, eta, tau, mode, width, t, log_weight):
    """Use a rule of nodes t that is centred at the mode and stretched by the width."""
    nodes = len(t)
    values = np.empty((nodes, *mode.shape))
    for k in range(nodes):  # one node at a time: draws of a posterior would need much memory together
        z = mode + width * t[k]
        values[k] = rows.by_group(rows.log_p(eta + tau[..., None] * z[..., rows.place])) - z**2 / 2 + log_weight[k]
    total = special.logsumexp(values, axis=0)
    with np.errstate(invalid="ignore"):  # where the likelihood is 0, there is no posterior
        share = np.exp(values - total)
    t = t.reshape(-1, *[1] * mode.ndim)
    mean_t = (share * t).sum(axis=0)
    sd_t = np.sqrt((share * (t - mean_t) ** 2).sum(axis=0)) if nodes > 1 else np.ones(mode.shape)
    with np.errstate(divide="ignore"):  # where exp(eta) is beyond the doubles, the integrand has no width
        log = total + np.log(width) - np.log(2 * np.pi) / 2 + rows.by_group(rows.constant)
    return _Integrals(log, mode + width * mean_t, width * sd_t, nodes)


def _modes(rows, eta, tau):
    """Find the mode of each integrand, by Newton's method inside a bracket, and its width there.

    The slope is decreasing, at a rate of at least 1 because of the prior, so the root lies between 0 and slope(0).
    """

    def slope(z):
        first, second = rows.slopes(eta + tau[..., None] * z[..., rows.place])
        first, second = np.clip(first, -1e300, 1e300), np.clip(second, 0, 1e300)  # 0 times infinity would be no number
        with np.errstate(over="ignore", invalid="ignore"):
            return tau[..., None] * rows.by_group(first) - z, 1 + tau[..., None] ** 2 * rows.by_group(second)

    z = np.zeros((*eta.shape[:-1], len(rows.groups)))
    value, fall = slope(z)
    low, high, moved = np.clip(value, -1e300, 0), np.clip(value, 0, 1e300), np.inf
    for _ in range(_MODE_STEPS):
        with np.errstate(invalid="ignore"):
            step = value / fall
        close = _MODE * (1 + np.abs(z))
        # Where exp(eta) is far too large, Newton's steps are all of one length, 1/tau: then halve the bracket instead,
        # whose ends may differ by many powers of ten.
        good = (z + step >= low) & (z + step <= high) & (np.abs(step) <= np.maximum(moved / 2, close))  # no nan is
        z, last = np.where(good, z + step, np.sinh((np.arcsinh(low) + np.arcsinh(high)) / 2)), z
        moved = np.abs(z - last)
        if not np.any(moved > close):  # as nan is not: there the likelihood is 0
            break
        value, fall = slope(z)
        low, high = np.where(value > 0, z, low), np.where(value > 0, high, z)
    else:
        raise RuntimeError("no mode of these integrals was found: tau may be far too large")
    return z, 1 / np.sqrt(fall)


def _without_groups(rows):
    """Fit the model with tau = 0; the estimates and a root of their covariance matrix."""
    total = rows.y.sum()
    share = (total + 0.5) / (rows.n.sum() + 1)
    level = special.logit(share) if rows.family == "binomial" else np.log(share)
    beta = np.linalg.lstsq(rows.x, np.full(len(rows.y), level), rcond=None)[0]
    height = rows.log_p(rows.x @ beta).sum()
    for _ in range(_STEPS):
        first, second = rows.slopes(rows.x @ beta)
        information = (rows.x * second[:, None]).T @ rows.x
        try:
            step = np.linalg.solve(information, rows.x.T @ first)
            L = np.linalg.cholesky(np.linalg.inv(information))
        except np.linalg.LinAlgError:
            break
        if first @ rows.x @ step < _FLAT and np.abs(rows.x @ step).max() < _STILL:
            return beta + step, L
        for _ in range(_HALVES):
            new = rows.log_p(rows.x @ (beta + step)).sum()
            if new >= height - _FALL * abs(height):
                break
            step = step / 2
        beta, height = beta + step, new
    raise RuntimeError("no maximum was found, even without groups: a coefficient that grows for ever fits ever better")


class _Scale(NamedTuple):
    """What the search counts in: v stands for beta = start + L v[:-1] and tau = unit |v[-1]|."""

    start: FloatArray
    L: FloatArray
    unit: float = 1.0

    def meant(self, v):
        return self.start + v[..., :-1] @ self.L.T, self.unit * np.abs(v[..., -1])


def _height(rows, units, v, nodes):
    """The log likelihood of each row of v; even in tau."""
    beta, tau = units.meant(np.atleast_2d(v))
    return _integrals(rows, beta @ rows.x.T, tau, nodes).log.sum(axis=-1)


def _highest(rows, nodes):
    """Find the maximum, at first in units of the standard errors without groups: beta, its covariance, tau."""
    units = _Scale(*_without_groups(rows))
    height = partial(_height, rows, units)
    origin = np.zeros(len(units.start) + 1)
    best, found = origin, height(origin, nodes)[0]
    for tau in (0.5, 2.0):
        v, high = _climb(height, np.append(origin[:-1], tau), nodes)
        if high > found + _HIGHER and abs(v[-1]) > _NO_TAU:
            best, found = v, high
    beta, tau = units.meant(best)
    for _ in range(3 if tau > 0 else 0):  # those units may be far too small, and the search end early: change them
        units = _Scale(beta, *_units(rows, beta, tau))
        best, _ = _climb(partial(_height, rows, units), np.append(origin[:-1], tau / units.unit), nodes)
        beta, tau = units.meant(best)
    there = partial(_height, rows, units._replace(start=beta), nodes=nodes)
    gradient, hessian = _derivatives(there, np.append(origin[:-1], tau / units.unit))
    some = slice(None) if tau > 0 else slice(-1)  # at tau = 0 the slope in tau^2 may be steep, and tells nothing
    covariance = np.linalg.inv(-hessian[some, some])
    if gradient[some] @ covariance @ gradient[some] > _RISES:
        raise RuntimeError("no maximum was found: the search stopped where the likelihood still rises")
    covariance = covariance[: len(beta), : len(beta)]
    return beta, units.L @ covariance @ units.L.T, float(tau)


def _units(rows, beta, tau):
    """About the standard errors at (beta, tau): a root of the covariance matrix of beta, and that of tau."""
    second = rows.slopes(rows.x @ beta)[1]
    total, first = rows.by_group(second), rows.by_group((second[:, None] * rows.x).T)
    information = (rows.x * second[:, None]).T @ rows.x - (first * tau**2 / (1 + tau**2 * total)) @ first.T
    of_tau = np.sum(2 * (tau * total / (1 + tau**2 * total)) ** 2)
    return np.linalg.cholesky(np.linalg.inv(information)), 1 / np.sqrt(of_tau)


def _climb(height, v, nodes):
    """Find a maximum: a quasi-Newton search with few nodes, then Newton's method to the last digits.

    Where tau is large, few nodes may lead astray; then the first search is made anew with as many as it takes.
    """
    exact = partial(height, nodes=nodes)
    for few in (nodes,) if nodes else (_FEW, None):
        with np.errstate(invalid="ignore"):  # a step may go so far that the likelihood is 0 there
            cost, close = lambda v, few: -height(v, few)[0], {"gtol": _ROUGH}
            found = optimize.minimize(cost, v, args=(few,), method="BFGS", options=close).x
        found, arrived = _newton(exact, found)
        if arrived:
            break
    return found, exact(found)[0]


def _newton(exact, v):
    """Where Newton's method leads from v, and whether it came to an end."""
    length = np.inf
    for _ in range(_NEWTON_STEPS):
        gradient, hessian = _derivatives(exact, v)
        try:
            np.linalg.cholesky(-hessian)
        except np.linalg.LinAlgError:
            break
        step = np.linalg.solve(-hessian, gradient)
        length = np.abs(step).max()
        if not length < 1:
            break
        v = v + step
        if length < _ARRIVED:
            break
    return v, length < _NEAR


def _derivatives(height, v):
    """The gradient and the Hessian at v by central differences, all in one call."""
    size = len(v)
    e = _STEP * np.eye(size)
    i, j = np.triu_indices(size, 1)
    points = [v[None], v + e, v - e, v + 2 * e, v - 2 * e, v + e[i] + e[j], v - e[i] - e[j]]
    values = height(np.concatenate(points))
    middle, (up, down, up2, down2) = values[0], values[1 : 1 + 4 * size].reshape(4, size)
    both, neither = values[1 + 4 * size :].reshape(2, -1)
    gradient = (8 * (up - down) - (up2 - down2)) / (12 * _STEP)
    hessian = np.diag((16 * (up + down) - (up2 + down2) - 30 * middle) / (12 * _STEP**2))
    cross = (both + neither - up[i] - up[j] - down[i] - down[j] + 2 * middle) / (2 * _STEP**2)
    hessian[i, j] = hessian[j, i] = cross
    return gradient, hessian
