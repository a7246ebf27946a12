"""The Beta-Binomial model: y_j successes in n_j trials of group j = 1..J.

    y_j | theta_j ~ Binomial(n_j, theta_j),   theta_j ~ Beta(alpha, beta)

The prior Beta(alpha, beta) has mean mu = alpha/(alpha + beta) and weighs as much as alpha + beta trials. The fit works
with mu and phi = 1/(alpha + beta): phi = 0 is complete pooling, an ordinary point of that scale, while in (alpha, beta)
it lies at infinity.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from scipy import special

from hblib import priors
from hblib._numerics import arguments, quadrature
from hblib._numerics.datatree import datatree
from hblib._numerics.mixture import blocks, if_they_exist, mean_sd
from hblib._numerics.panels import Panels
from hblib._numerics.rates_counts import collapse
from hblib._numerics.rates_pmf import gradient, log_pmf
from hblib._numerics.rates_posterior import STEP, MuGivenSize, mu_parts, theta_parts
from hblib._numerics.report import report, summary
from hblib.distributions import Beta, Mixture, Normal, Scale

_BLOCK = 1 << 14  # rows, or cells of a grid, worked on at a time: the temporary arrays stay in the processor's cache


def posterior(y, n, alpha, beta):
    """The posterior of each group's rate theta_j, given the prior.

        theta_j | y_j ~ Beta(alpha + y_j, beta + n_j - y_j)

    Parameters
    ----------
    y, n : successes and trials; whole numbers, 0 <= y <= n, of any shapes that broadcast. n = 0 gives back the prior.
    alpha, beta : the prior's parameters, both > 0; arrays broadcast against y and n.

    Returns
    -------
    A `Beta` of the broadcast shape, with mean(), std(), var(), interval(prob), pdf, cdf, ppf and rvs.

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.4.

    >>> post = posterior(y=2, n=20, alpha=5, beta=95)
    >>> print(post.alpha, post.beta, round(post.mean(), 4))
    7.0 113.0 0.0583
    """
    y, n = arguments.successes(y, n)
    alpha, beta = _prior(alpha, beta)
    arguments.together(y=y, alpha=alpha, beta=beta)
    return Beta((alpha + y)[()], (beta + (n - y))[()])


def posterior_mean(y, n, alpha, beta, out=None):
    """Every group's posterior mean (alpha + y_j)/(alpha + beta + n_j), block by block, into `out` if given.

    Parameters
    ----------
    y, n : successes and trials, shape (J,).
    alpha, beta : the prior's parameters, numbers > 0.
    out : a float array of shape (J,) to write into; a new one if left out.

    Returns
    -------
    The float array, shape (J,).

    Raises
    ------
    ValueError naming the argument that is out of range.

    >>> posterior_mean([2, 200], [20, 2000], alpha=5, beta=95).round(4).tolist()
    [0.0583, 0.0976]
    """
    if not (_is_whole(y) and _is_whole(n)):  # whatever else holds numbers: in double precision, and looked at closely
        y, n = arguments.successes(y, n)
    y, n = arguments.groups(y=y, n=n)
    alpha = arguments.one("alpha", alpha, low=0, open_low=True)
    beta = arguments.one("beta", beta, low=0, open_low=True)
    out = arguments.out(out, y.shape)
    for start in range(0, y.size, _BLOCK):
        rows = slice(start, start + _BLOCK)
        if not ((y[rows] >= 0) & (y[rows] <= n[rows])).all():
            arguments.successes(y, n)  # says which row
        np.add(y[rows], alpha, out=out[rows])
        out[rows] /= n[rows] + (alpha + beta)
    return out


def _is_whole(values):
    return type(values) is np.ndarray and values.dtype.kind in "iu"


def shrinkage(n, alpha, beta):
    """The weight kappa_j of the group's own rate in its posterior mean.

        E[theta_j | y] = kappa_j y_j/n_j + (1 - kappa_j) mu,   kappa_j = n_j/(n_j + alpha + beta)

    Parameters
    ----------
    n : trials of each group, whole numbers >= 0. Group j without data (n_j = 0) has kappa_j = 0.
    alpha, beta : the prior's parameters, both > 0.

    Raises
    ------
    ValueError naming the argument that is out of range.

    >>> shrinkage(n=[20, 2000], alpha=5, beta=95).round(3).tolist()
    [0.167, 0.952]
    """
    n = arguments.counts("n", n)
    alpha, beta = _prior(alpha, beta)
    arguments.together(n=n, alpha=alpha, beta=beta)
    return (n / (n + alpha + beta))[()]


def log_marginal(y, n, alpha, beta, counts=None):
    """The log marginal likelihood of (alpha, beta): each group's rate is integrated out.

        sum_j log [ C(n_j, y_j) B(alpha + y_j, beta + n_j - y_j) / B(alpha, beta) ]

    Parameters
    ----------
    y, n : one row a group, shape (J,).
    alpha, beta : both > 0; arrays broadcast against each other, so that a grid takes one call.
    counts : how many groups share each row, shape (J,); one each if left out.

    Returns
    -------
    The sum over groups, a float, or an array of the shape of alpha and beta.

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: Skellam (1948), JRSS B 10:257-261. The sum is taken over k = 0..max(n) - 1, of log(mu + k phi) and its like,
    which does not cancel when alpha + beta is large, as the difference of two log Beta functions does.

    >>> print(round(log_marginal(y=[2, 200], n=[20, 2000], alpha=5, beta=95), 6))
    -8.720075
    """
    data = collapse(y, n, counts)
    alpha, beta = arguments.together(**dict(zip(("alpha", "beta"), _prior(alpha, beta), strict=True)))
    total = alpha + beta
    return _log_likelihood(data, alpha / total, 1 / total)[()]


def profile(y, n, phi, counts=None):
    """Return the log likelihood of phi alone, at the best mu for each.

        max over mu of `log_marginal`,   phi = 1/(alpha + beta)

    Parameters
    ----------
    y, n : array_like
        Successes and trials, one row a group, shape (J,).
    phi : array_like
        Values >= 0, of any shape; 0 is complete pooling.
    counts : array_like
        How many groups share each row, shape (J,); one each if left out.

    Returns
    -------
    float or ndarray
        Of the shape of phi. Its highest point is what `fit` finds.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named.

    References
    ----------
    Tarone (1979), Biometrika 66:585-590, for the slope at phi = 0.

    Examples
    --------
    >>> profile([1, 3, 0, 9], 20, phi=[0, 0.1]).round(4).tolist()
    [-13.4374, -9.5288]
    """
    phi = arguments.numbers("phi", phi, low=0)
    data = collapse(y, n, counts)
    if data.trials == 0:
        return np.zeros(phi.shape)[()]
    flat = np.atleast_1d(phi).ravel()
    mu, rest = (np.full(flat.size, total / data.trials) for total in (data.successes, data.trials - data.successes))
    inner = flat > 0
    if inner.any() and 0 < data.successes < data.trials:
        z, _ = _logit_mode(data, 1 / flat[inner], flat_in_mu=True)
        mu[inner], rest[inner] = special.expit(z), special.expit(-z)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = _log_likelihood(data, mu, flat, rest)
    return np.where(np.isnan(value), 0.0, value).reshape(phi.shape)[()]  # one outcome only: its limit, probability 1


@dataclass(frozen=True)
class Fit:
    """An estimated prior; what `fit` returns.

    `status` says which case it is:

    - "ok": 0 < phi < inf;
    - "phi = 0": no more spread between groups than the trials alone produce, so that all share one rate;
    - "phi = inf": every group is all successes or all failures;
    - "not identified": the data do not determine phi (one group, no n above 1, or no success or no failure at all).

    Attributes
    ----------
    mu : float
        The prior mean, alpha/(alpha + beta).
    phi : float
        1/(alpha + beta); nan if not identified.
    status, method : str
        The case, and what `fit` was asked for.
    log_likelihood : float
        `log_marginal` at the estimate; nan if phi is.
    se_mu : float
        The standard error of mu. For "ml" from the observed information on (mu, phi); for "moments" that of the pooled
        rate, the root of mu (1 - mu) sum (n_j/N)^2 (rho + (1 - rho)/n_j), rho = phi/(1 + phi), with phi taken as known;
        at phi = inf the root of mu (1 - mu) sum (n_j/N)^2, or of mu (1 - mu)/J for "ml". nan if not identified.
    se_phi : float
        From the observed information; nan for "moments" and on a boundary, where the curvature does not give one.
    rest : float
        1 - mu, with all its digits where mu is near 1 and the difference has lost them.
    """

    mu: float
    phi: float
    status: str
    method: str
    log_likelihood: float
    se_mu: float
    se_phi: float
    rest: float = field(repr=False)

    @property
    def size(self):
        """The prior's size alpha + beta = 1/phi, in trials; inf where phi = 0."""
        return float(1 / self.phi) if self.phi != 0 else np.inf

    def summary(self):
        """Return the estimates and their standard errors as columns, of which pandas.DataFrame makes a table.

        Returns
        -------
        dict
            "name", "estimate" and "se", lists of one length.
        """
        return {"name": ["mu", "phi"], "estimate": [self.mu, self.phi], "se": [self.se_mu, self.se_phi]}

    @property
    def alpha(self):
        """The prior's alpha = mu/phi; inf where phi = 0."""
        return float(np.divide(self.mu, self.phi)) if self.phi != 0 else np.inf

    @property
    def beta(self):
        """The prior's beta = (1 - mu)/phi; inf where phi = 0."""
        return float(np.divide(self.rest, self.phi)) if self.phi != 0 else np.inf

    def posterior(self, y, n):
        """Every group's posterior with the estimated prior plugged in, as if it were known.

        With phi = 0 each group's posterior is the point mu, and with phi = inf the point y/n: a `Normal` of no width,
        with the methods of every distribution. The interval is too short by the uncertainty of mu and phi, which
        plugging in leaves out.

        Parameters
        ----------
        y, n : array_like
            Successes and trials, of any shapes that broadcast.

        Returns
        -------
        Beta or Normal
            Of the broadcast shape.

        Raises
        ------
        ValueError
            If an argument is out of range, or the fit gives no posterior for every group.
        """
        y, n = arguments.successes(y, n)
        if self.status == "ok":
            return posterior(y, n, self.alpha, self.beta)
        if self.status == "phi = 0":
            return Normal(np.full(n.shape, self.mu)[()], np.zeros(n.shape)[()])
        if self.status == "phi = inf" and (n > 0).all():
            return Normal((y / n)[()], np.zeros(n.shape)[()])
        raise ValueError(f"this fit gives no posterior for every group: {self.status}")


def fit(y, n, method="ml", counts=None):
    """Estimate the prior from the groups (empirical Bayes).

    Parameters
    ----------
    y, n : successes and trials, one row a group, shape (J,). Groups with n = 0 carry no information and drop out.
    method : "ml", the maximum of `log_marginal` (also called ML-II); or "moments" (Kleinman 1973, weights n_j): the
        variance of the raw rates minus what the trials alone produce. An estimate below 0 becomes 0.
    counts : how many groups share each row, shape (J,), so that equal rows cost as one; one each if left out.

    Returns
    -------
    A `Fit`: mu, phi, alpha, beta, status, log_likelihood, standard errors; `.posterior(y, n)` plugs it in.

    Raises
    ------
    ValueError naming the argument that is out of range. Data that do not determine phi are no error: see `Fit.status`.

    Sources: Skellam (1948), JRSS B 10:257-261; Kleinman (1973), JASA 68:46-54; Tarone (1979), Biometrika 66:585-590,
    for the score at phi = 0.

    >>> from hblib import datasets
    >>> rats = datasets.rat_tumors()
    >>> prior = fit(rats.y, rats.n)
    >>> print(prior.status, round(prior.alpha, 4), round(prior.beta, 4))
    ok 2.3416 14.1148
    """
    arguments.one_of("method", method, ("ml", "moments"))
    data = collapse(y, n, counts)
    if data.successes > data.trials / 2:  # near 1 a rate has few digits left, so fit the failures' instead
        failures = fit(np.asarray(n) - np.asarray(y), n, method, counts)
        return replace(failures, mu=failures.rest, rest=failures.mu)
    status, mu, phi = _without_search(data)
    if status is None:
        mu, phi = (
            _moments(y, n, counts) if method == "moments" else _maximum(data, _if_few(data, y, n, counts, 4, 10_000))
        )
        status = "phi = 0" if phi == 0 else "phi = inf" if phi == np.inf else "ok"
    log_likelihood = _log_likelihood(data, mu, phi) if 0 <= phi < np.inf else np.nan
    if phi == np.inf:  # each group is one trial of a coin with probability mu, if it is all or nothing
        split = data.no_success + data.no_failure < data.groups
        coin = special.xlogy(data.no_failure, mu) + special.xlog1py(data.no_success, -mu)
        log_likelihood = -np.inf if split else coin
    se_mu, se_phi = _standard_errors(data, mu, phi) if method == "ml" else (_error_of_pooled(data, mu, phi), np.nan)
    numbers = (float(value) for value in (log_likelihood, se_mu, se_phi, 1 - mu))
    return Fit(float(mu), float(phi), status, method, *numbers)


class Nodes(NamedTuple):
    """The nodes of a quadrature over the prior and their posterior weights, flat arrays.

    The posterior mean of any smooth function of the hyperparameters is np.sum(weight * function(mu, size)), if it
    exists.

    Attributes
    ----------
    mu, size, weight : ndarray
        The mean and the size of the prior, and the weight; the weights add up to 1.
    """

    mu: np.ndarray
    size: np.ndarray
    weight: np.ndarray


class Draws(NamedTuple):
    """Joint draws of the posterior.

    Attributes
    ----------
    mu, size : ndarray
        The prior's mean and size.
    theta : ndarray
        The rates, with one axis more, the groups.
    """

    mu: np.ndarray
    size: np.ndarray
    theta: np.ndarray


@dataclass(frozen=True, repr=False, eq=False)
class FullBayes:
    """The exact posterior; what `full_bayes` returns. mu = alpha/(alpha + beta) is the mean and size = alpha + beta.

    Attributes
    ----------
    mu : Mixture
        The posterior of mu.
    size : Scale
        The posterior of the size. Its moments may not exist (nan, inf); those of `size.log()` do.
    theta : Mixture
        The posterior of every group's rate, one entry a row of the data.
    new_group : Mixture
        That of the rate of a group not seen yet.
    log_evidence : float
        log p(y); relative if the prior is improper.
    prior : Prior
        The prior of the size.
    nodes : Nodes
        mu, size and weight of the quadrature.
    """

    mu: Mixture
    size: Scale
    theta: Mixture
    new_group: Mixture
    log_evidence: float
    prior: priors.Prior
    nodes: Nodes
    _tail: float  # the posterior density of the size falls as size^tail
    _given: Callable  # sizes -> MuGivenSize
    _data: tuple  # y and n

    def mean_of_alpha_and_beta(self):
        """Return E(alpha | y) and E(beta | y).

        They exist only if the posterior density of the size falls faster than size^-2. As alpha + beta grows, the
        likelihood tends to that of one common rate, a positive constant, so that the prior alone decides. Under
        (alpha + beta)^(-5/2) both means are infinite.

        Returns
        -------
        tuple of float

        Raises
        ------
        ValueError
            If they do not exist.
        """
        if self._tail > -2 - 1e-6:
            raise ValueError(
                "E(alpha | y) and E(beta | y) do not exist: for large alpha + beta the posterior density falls only as "
                f"(alpha + beta)^{self._tail:.3g}; report the mean rate, log(alpha + beta) and theta instead"
            )
        mu, size, weight = self.nodes
        alpha = float(np.sum(weight * mu * size))
        return alpha, float(np.sum(weight * size)) - alpha

    def summary(self, prob=0.95, groups=None):
        """Return what one reports, as columns, of which pandas.DataFrame makes a table.

        Parameters
        ----------
        prob : float
            The probability inside the central intervals.
        groups : array_like
            The names of the groups, shape (J,); 0 to J - 1 if left out.

        Returns
        -------
        dict
            "name", "mean", "sd", "low" and "high": a row for mu, the size, log size, a new group and every group.

        Raises
        ------
        ValueError
            If prob is no probability, or there is not one name a group.
        """
        rows = {"mu": self.mu, "size": self.size, "log size": self.size.log(), "new group": self.new_group}
        return summary(rows, self.theta, prob, groups)

    def rvs(self, size=(), rng=None):
        """Return joint draws of mu, the size and every rate.

        Parameters
        ----------
        size : int or tuple
            How many; one if left out.
        rng : numpy.random.Generator or seed
            Whatever np.random.default_rng takes; None gives other draws each time.

        Returns
        -------
        Draws
            mu and size of the shape `size`, theta of the shape (*size, J).

        Raises
        ------
        ValueError
            If size does not hold whole numbers from 0 on, or rng is no generator and no seed.
        """
        rng = arguments.generator("rng", rng, default=True)
        drawn = np.asarray(self.size.rvs(size, rng))
        mu = np.empty(drawn.size)
        for some in blocks(drawn.size, 1000):
            mu[some] = self._given(drawn.ravel()[some]).one_each(rng)
        mu, (y, n) = mu.reshape(drawn.shape), self._data
        alpha, beta = (mu * drawn)[..., None] + y, ((1 - mu) * drawn)[..., None] + (n - y)
        return Draws(mu[()], drawn[()], rng.beta(alpha, beta))

    def to_datatree(self, draws=1000, chains=4, rng=None, groups=None):
        """Return joint draws of mu, the size and theta as ArviZ wants them.

        Parameters
        ----------
        draws, chains : int
            Independent draws, so that the chains are a mere form.
        rng : numpy.random.Generator or seed
            As in `rvs`.
        groups : array_like
            The names of the groups, shape (J,); 0 to J - 1 if left out.

        Returns
        -------
        xarray.DataTree
            Its node "posterior" holds mu, size and theta with dimensions chain, draw and group.

        Raises
        ------
        ValueError
            If there is not one name a group; ImportError without xarray.
        """
        return datatree(self.rvs((chains, draws), rng)._asdict(), groups)

    def __repr__(self):
        return report("Beta-Binomial", self, {"mu": self.mu, "size": self.size})


def full_bayes(y, n, prior, counts=None):
    """The exact posterior of (alpha, beta) and of every rate theta_j, by quadrature; no simulation.

    The prior is stated for the mean mu = alpha/(alpha + beta), uniform on (0, 1), and the size M = alpha + beta. In
    terms of (alpha, beta) its density is p(M)/M: the Jacobian of (mu, M) is M.

    Parameters
    ----------
    y, n : successes and trials, one row a group, shape (J,).
    prior : the prior of the size: one of `hblib.priors`, a frozen SciPy distribution, or a function that gives its log
        density for an array; it may end, jump or bend anywhere. `priors.power(-1.5)` is the (alpha + beta)^(-5/2) of
        Gelman et al.
    counts : how many groups share each row, shape (J,), one each if left out; `theta` then has one entry a row.

    Returns
    -------
    A `FullBayes`.

    Raises
    ------
    ValueError naming the argument that is out of range, or saying why the posterior is improper: the likelihood does
    not vanish as the size grows, so the prior must be integrable there.

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.3.

    >>> from hblib import datasets, priors
    >>> rats = datasets.rat_tumors()
    >>> full = full_bayes(rats.y, rats.n, priors.power(-1.5))
    >>> print(round(full.mu.mean(), 10), round(full.theta[70].mean(), 10))
    0.1442973055 0.2108568398
    """
    prior = priors.as_prior(prior)
    data = collapse(y, n, counts)
    y, n = arguments.successes(y, n, join=arguments.groups)
    rows = _if_few(data, y, n, counts)
    guess = (data.trials + 1) / (data.successes + 0.5)
    breaks, lower, upper = prior.range(guess)
    guess = float(np.clip(guess, lower * (1 + 1e-9), upper * (1 - 1e-9)))
    coarse = np.log(guess) + np.arange(-40, 41)
    centres, widths = _logit_mode(data, np.exp(coarse))

    def mode(size):
        return _logit_mode(data, size, start=np.interp(np.log(size), coarse, centres))

    def with_mu(size):
        """log p(size | y), and for each size what says how mu is distributed given it."""
        centre, width = mode(size)
        t, log_f = _given_size(data, rows, size, centre, width, widths.min())
        top = log_f.max(axis=-1, keepdims=True)
        f = np.exp(log_f - top)
        total = f.sum(axis=-1, keepdims=True)
        return (np.log(total) + top)[:, 0] + prior.log_density(size), (centre, width, f / total, t + 0 * f)

    def rough(size):
        """Laplace's approximation to the sum over mu's nodes."""
        centre, width = mode(size)
        mu, rest = special.expit(centre), special.expit(-centre)
        return _log_likelihood(data, mu, 1 / size, rest) + np.log(width * mu * rest) + prior.log_density(size)

    size, w, log_evidence, (centre, width, given, t) = quadrature.integrate_with(
        with_mu, lower, upper, guess, rough, breaks
    )
    nodes = MuGivenSize(size, w, centre, width, given, t[0])
    log_total = float(log_evidence)
    panels = Panels(lambda size: with_mu(size)[0], size, log_total, lower, upper, breaks)

    def given_sizes(size):
        centre, width, given, t = with_mu(size)[1]
        return MuGivenSize(size, np.full(size.size, 1 / size.size), centre, width, given, t[0])

    tail = quadrature.tail_power(prior.log_density, upper, guess)  # the likelihood tends to a constant
    return FullBayes(
        **_posteriors(y, n, nodes),
        size=Scale(panels, *if_they_exist(mean_sd(w, np.minimum(size, 1e150)), tail), mean_sd(w, np.log(size))),
        log_evidence=log_total,
        prior=prior,
        _tail=tail,
        _given=given_sizes,
        _data=(y, n),
    )


def _posteriors(y, n, nodes):
    """mu, theta, a new group and the flat nodes, from sizes with weights, and how mu is distributed given each."""
    size, w, mu, given = nodes.size, nodes.weight, nodes.mu, nodes.given
    first = (given * mu).sum(axis=-1)
    variance = (given * (mu - first[:, None]) ** 2).sum(axis=-1)
    mu_mean, mu_sd = mean_sd(w, first, variance)
    new_sd = np.sqrt(mu_sd**2 + np.sum(w * (first * (1 - first) - variance) / (size + 1)))
    none = np.zeros(1)
    theta = theta_parts(nodes, *_theta_moments(y, n, w, size, first, first**2 + variance), y, n)
    new_group = theta_parts(nodes, np.array([mu_mean]), np.array([new_sd]), none, none)
    flat = [np.broadcast_to(array, mu.shape).ravel() for array in (mu, size[:, None], w[:, None] * given)]
    return {
        "mu": Mixture(mu_parts(nodes, mu_mean, mu_sd))[0],
        "theta": Mixture(theta),
        "new_group": Mixture(new_group)[0],
        "nodes": Nodes(*flat),
    }


def _given_size(data, rows, size, centre, width, narrowest):
    """Nodes t of mu for each size, by logit(mu) = centre + width sinh(t), and the log of p(y | mu, size) d mu there.

    The tails of logit mu fall at least as exp(-(1 + groups with a success) |z|) on the left, and with a failure on the
    right; that tells how far t must run.
    """
    reach = [12 + 50 / (1 + data.groups - groups) / narrowest for groups in (data.no_success, data.no_failure)]
    t = np.arange(-np.arcsinh(reach[0]), np.arcsinh(reach[1]), STEP)
    log_f = np.empty((size.size, t.size))
    for some in blocks(size.size, t.size):
        z = np.clip(centre[some, None] + width[some, None] * np.sinh(t), -300.0, 36.0)  # at 36 mu is 1 to all digits
        mu, rest, m = special.expit(z), special.expit(-z), size[some, None]
        log_slope = np.where((z > -300) & (z < 36), np.log(mu * rest * width[some, None] * np.cosh(t) * STEP), -np.inf)
        if rows is None:
            log_f[some] = log_slope + _log_likelihood(data, mu, 1 / m, rest)
        else:
            log_f[some] = log_slope + sum(count * log_pmf(y_j, n_j, mu, rest, m) for y_j, n_j, count in rows.T)
    return t, log_f


def _logit_mode(data, size, start=None, flat_in_mu=False):
    """For each size the most probable logit of mu, and the width of the peak; safeguarded Newton, many sizes at once.

    The density of logit mu is log-concave in mu, so its derivative changes sign once. With `flat_in_mu` it is the
    likelihood alone whose peak is found.
    """
    start = np.full(size.shape, special.logit((data.successes + 0.5) / (data.trials + 1))) if start is None else start
    parts = [_some_logit_modes(data, size[some], start[some], flat_in_mu) for some in blocks(size.size, data.k.size)]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _some_logit_modes(data, size, start, flat_in_mu):
    jacobian, tolerance = (0, 1e-3) if flat_in_mu else (1, 0.1)  # nodes around a peak need no more
    (k_y, y), (k_f, f) = data.with_success, data.with_failure
    x_y, x_f = (k / size[:, None] for k in (k_y, k_f))
    low, high = np.full(size.shape, -300.0), np.full(size.shape, 36.0)
    z = np.clip(start, -30, 30)
    for _ in range(60):
        mu, rest = special.expit(z), special.expit(-z)
        success, failure = 1 / (mu[:, None] + x_y), 1 / (rest[:, None] + x_f)
        by_y, by_f = y * success, f * failure
        by_mu = by_y.sum(axis=-1) - by_f.sum(axis=-1)
        by_mu_twice = -(by_y * success).sum(axis=-1) - (by_f * failure).sum(axis=-1)
        slope = mu * rest * by_mu + jacobian * (rest - mu)
        curvature = (mu * rest) ** 2 * by_mu_twice + mu * rest * ((rest - mu) * by_mu - 2 * jacobian)
        low, high = np.where(slope > 0, z, low), np.where(slope > 0, high, z)
        step = np.where(curvature < 0, -slope / np.where(curvature < 0, curvature, -1), np.inf)
        step = np.where(np.abs(step) < 20, step, 20 * np.sign(slope))
        inside = ((z + step > low) & (z + step < high)) | (np.abs(step) < 1e-9)  # the latter has arrived
        new = np.where(inside, z + step, (low + high) / 2)
        width = 1 / np.sqrt(np.maximum(-curvature, 1e-2))
        done = (np.abs(new - z) < tolerance * np.minimum(width, 3)).all()
        z = new
        if done:
            break
    return z, width


def _theta_moments(y, n, weight, size, first, second):
    """Mean and SD of every theta_j from sums over the sizes; `first` and `second` are the moments of mu given the size.

    Given mu and the size, theta_j has mean r + a (mu - r) with r = y/n and a = size/(size + n): quadratic forms in r,
    with the same sums for all groups of one n.
    """
    distinct, which = np.unique(n, return_inverse=True)
    powers = np.stack([weight, weight * first, weight * second], axis=1)
    sums = np.empty((11, distinct.size))
    for some in blocks(distinct.size, size.size):
        a = size / (size + distinct[some, None])
        # given mu and size theta's variance is its mean (1 - mean) times this
        noise = 1 / (size + distinct[some, None] + 1)
        sums[:2, some] = (a @ powers[:, :2]).T
        sums[2:5, some] = (a**2 @ powers).T
        sums[5, some] = noise @ weight
        sums[6:8, some] = ((noise * a) @ powers[:, :2]).T
        sums[8:, some] = ((noise * a**2) @ powers).T
    a0, a1, q0, q1, q2, c0, c1, c2, d0, d1, d2 = sums[:, which]
    r = np.divide(y, n, out=np.zeros(y.size), where=n > 0)
    shift = a1 - r * a0
    within = r * (1 - r) * c0 + (1 - 2 * r) * (c2 - r * c1) - (d2 - 2 * r * d1 + r**2 * d0)
    between = q2 - 2 * r * q1 + r**2 * q0 - shift**2
    return r + shift, np.sqrt(within + np.maximum(between, 0))


def _prior(alpha, beta):
    positive = {"low": 0, "open_low": True}
    return arguments.numbers("alpha", alpha, **positive), arguments.numbers("beta", beta, **positive)


def _without_search(data):
    """The cases that need no search: (status, mu, phi), with status None for all the rest."""
    if data.trials == 0:
        return "not identified", np.nan, np.nan
    mu = data.successes / data.trials
    if mu in (0, 1) or data.groups == 1 or data.largest == 1:
        return "not identified", mu, np.nan
    if data.no_success + data.no_failure == data.groups:
        return "phi = inf", data.no_failure / data.groups, np.inf
    return None, mu, np.nan


def _moments(y, n, counts):
    """Kleinman's estimate with weights n_j: the spread of the rates, less the binomial noise in it."""
    y, n = arguments.successes(y, n, join=arguments.groups)
    counts = np.ones(1) if counts is None else arguments.counts("counts", counts)
    y, n, counts = arguments.groups(y=y, n=n, counts=counts)
    y, n, counts = y[n > 0], n[n > 0], counts[n > 0]
    total = np.sum(counts * n)
    mu = np.sum(counts * y) / total
    spread = np.sum(counts * n * (y / n - mu) ** 2)
    noise = np.sum(counts * (1 - n / total))  # of the spread, in units of mu (1 - mu)
    all_or_nothing = np.sum(counts * n * (1 - n / total))
    rho = (spread / (mu * (1 - mu)) - noise) / (all_or_nothing - noise)
    rho = np.clip(rho, 0, 1)  # phi = rho/(1 - rho)
    return mu, rho / (1 - rho) if rho < 1 else np.inf


def _log_likelihood(data, mu, phi, rest=None):
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


def _sum_log1p(number, a, b, k, phi):
    """The sum of number log1p(a/(b + k phi)) over the nodes, the last axis of b, for each a and phi; block by block."""
    shape = np.broadcast_shapes(a.shape, phi.shape)
    if math.prod(shape) * k.size <= _BLOCK:
        return (number * np.log1p(a[..., None] / (b + k * phi[..., None]))).sum(axis=-1)
    a, phi = (np.broadcast_to(array, shape).reshape(-1, 1) for array in (a, phi))
    b = np.broadcast_to(b, (*shape, b.shape[-1])).reshape(-1, b.shape[-1])
    total, rows = np.empty(a.size), max(1, _BLOCK // k.size)
    for start in range(0, a.size, rows):
        block = slice(start, start + rows)
        terms = k * phi[block]
        terms += b[block]
        np.divide(a[block], terms, out=terms)
        np.log1p(terms, out=terms)
        terms *= number
        terms.sum(axis=-1, out=total[block])
    return total.reshape(shape)


def _derivatives(data, mu, phi, rest=None):
    """Gradient and Hessian of `_log_likelihood` in (mu, phi), numbers; by sums of one sign, as there."""
    rest = 1 - mu if rest is None else rest
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


def _if_few(data, y, n, counts=None, cost=16, least=0):
    """Rows (y, n, counts) with data, if there are so few of so many trials that sums over k would cost more.

    `cost` is what a row costs, in terms of such a sum.
    """
    if data.k.size <= cost * np.size(y) or data.largest < least:
        return None
    rows = np.array(np.broadcast_arrays(y, n, 1 if counts is None else counts), dtype=float)
    return np.atleast_2d(rows.T).T[:, (rows[1] > 0) & (rows[2] > 0)]


def _maximum(data, rows=None):
    """The highest point: Newton in (logit mu, log phi) from each peak of the profile, and phi = 0 if none is higher.

    Usually the score at phi = 0 tells all: where it is positive there is one peak, and otherwise the maximum is at
    phi = 0. But with few groups, or a few large ones that dominate the pooled rate, there may be a peak at another mu.
    So unless the groups are many and the score is positive, the profile (the highest likelihood for each phi) is
    looked at so closely that no peak falls between two points: as a sum of smooth functions of log phi, each changing
    over a factor of e or more, it has none that is narrower.
    """
    pooled = data.successes / data.trials
    rising = _derivatives(data, pooled, 0.0)[0][1] > 0
    squares = np.sum((data.f + data.between) * (2 * data.k + 1))  # of n
    if rising and data.trials**2 / squares > max(30, data.groups / 3):  # the effective number of groups
        return _climb(data, _second_moment(data, pooled, squares), rows)[:2]
    lowest, highest = np.log(1e-2 / data.largest), np.log(10)
    log_phi = np.linspace(lowest, highest, int(np.ceil((highest - lowest) / 0.25)))
    logits = _logit_mode(data, np.exp(-log_phi), flat_in_mu=True)[0]
    values = _log_likelihood(data, special.expit(logits), np.exp(log_phi), special.expit(-logits))
    floor = -np.inf if rising else _log_likelihood(data, pooled, 0.0)
    best = pooled, 0.0, floor if rising else floor + 1e-9 * (1 + abs(floor))
    for peak in _peaks(values, floor):
        found = _climb(data, np.array([logits[peak], log_phi[peak]]), rows)
        best = max(best, found, key=lambda point: point[2])
    return best[:2]


def _second_moment(data, pooled, squares):
    """Where to start: y(y - 1) is expected to be n(n - 1)(mu^2 + mu(1 - mu) rho), with rho = phi/(1 + phi)."""
    pairs = 2 * np.sum(data.k * data.y) / max(squares - data.trials, 1)
    rho = np.clip((pairs - pooled**2) / (pooled * (1 - pooled)), 1e-2 / data.largest, 0.9)
    return np.array([special.logit(pooled), special.logit(rho)])


def _peaks(values, before):
    """Where values on a grid are higher than on both sides, beginning after the value `before` it."""
    left, right = np.append(before, values[:-1]), np.append(values[1:], -np.inf)
    return np.flatnonzero((values >= left) & (values >= right))


def _climb(data, at, rows):
    """Newton from (logit mu, log phi), halving steps that do not climb; returns mu, phi and the log likelihood."""

    def log_likelihood(at):
        mu, phi = special.expit(at[0]), np.exp(at[1])
        if rows is None:
            return _log_likelihood(data, mu, phi)
        y, n, counts = rows
        return np.sum(counts * log_pmf(y, n, mu, special.expit(-at[0]), 1 / phi))

    value = log_likelihood(at)
    for _ in range(200):
        step = _newton_step(data, at, rows)
        while np.abs(step).max() > 1e-13 * (1 + np.abs(at).max()):
            trial_value = log_likelihood(at + step)
            if trial_value >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            break
        at, value = at + step, trial_value
        if np.abs(step).max() < 1e-9:  # Newton squares its error, so the step just made was the last that counts
            break
    return special.expit(at[0]), np.exp(at[1]), value


def _newton_step(data, at, rows):
    mu, phi = special.expit(at[0]), np.exp(at[1])
    slope, hessian = _derivatives(data, mu, phi)
    if rows is not None:
        y, n, counts = rows
        slope = (counts * gradient(y, n, mu, phi)).sum(axis=-1)
    scale = np.array([mu * (1 - mu), phi])  # d(mu, phi)/d(logit mu, log phi)
    slope = slope * scale
    hessian = hessian * scale * scale[:, None]
    return _uphill(*slope, hessian[0, 0] + slope[0] * (1 - 2 * mu), hessian[0, 1], hessian[1, 1] + slope[1])


def _uphill(g1, g2, a, b, c):
    """Newton's step for the slope (g1, g2) and the matrix [[a, b], [b, c]], which climbs even where it is not negative.

    In the directions of the eigenvectors the step is the slope over the size of the eigenvalue, of length 2 at most.
    """
    middle, half = (a + c) / 2, math.hypot((a - c) / 2, b)
    angle = math.atan2(2 * b, a - c) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    along = (cos * g1 + sin * g2) / max(abs(middle + half), 1e-12)
    across = (cos * g2 - sin * g1) / max(abs(middle - half), 1e-12)
    shorter = min(1.0, 2 / max(abs(along), abs(across), 1e-300))
    return shorter * np.array([cos * along - sin * across, sin * along + cos * across])


def _error_of_pooled(data, mu, phi):
    """The standard error of the pooled rate; see `Fit`."""
    if np.isnan(phi):
        return np.nan
    rho = phi / (1 + phi) if phi < np.inf else 1.0
    squares = np.sum((data.f + data.between) * (2 * data.k + 1))  # of n
    return np.sqrt(mu * (1 - mu) * (rho * squares / data.trials + 1 - rho) / data.trials)


def _standard_errors(data, mu, phi):
    if phi == np.inf:  # each group is one trial of a coin
        return np.sqrt(mu * (1 - mu) / data.groups), np.nan
    if not 0 <= phi < np.inf:
        return np.nan, np.nan
    information = -_derivatives(data, mu, phi)[1]
    if phi == 0:
        return 1 / np.sqrt(information[0, 0]), np.nan
    return np.sqrt(np.diag(np.linalg.inv(information)))
