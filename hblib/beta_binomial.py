"""The Beta-Binomial model: y_j successes in n_j trials of group j = 1..J.

    y_j | theta_j ~ Binomial(n_j, theta_j),   theta_j ~ Beta(alpha, beta)

The prior Beta(alpha, beta) has mean mu = alpha/(alpha + beta) and weighs as much as alpha + beta trials. The fit works
with mu and phi = 1/(alpha + beta): phi = 0 is complete pooling, an ordinary point of that scale, while in (alpha, beta)
it lies at infinity.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hblib import priors
from hblib._numerics import arguments, quadrature, rates_fit
from hblib._numerics.mixture import Mixture, mean_sd
from hblib._numerics.rates_counts import collapse
from hblib._numerics.rates_grid import SizeDensity, theta_moments
from hblib._numerics.rates_likelihood import few_rows, log_likelihood_of_prior
from hblib._numerics.rates_posterior import MuGivenSize, mixture
from hblib.distributions import Beta, Normal

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
    out = np.empty(y.shape) if out is None else out
    if not isinstance(out, np.ndarray) or out.shape != y.shape or out.dtype != float:
        found = f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else f"a {type(out).__name__}"
        raise ValueError(f"out must be a float array of shape {y.shape}, but is {found}")
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
    alpha, beta = _prior(alpha, beta)
    return log_likelihood_of_prior(data, *arguments.together(alpha=alpha, beta=beta))[()]


@dataclass(frozen=True)
class Fit:
    """An estimated prior; what `fit` returns.

    `status` says which case it is:

    - "ok": 0 < phi < inf;
    - "phi = 0": no more spread between groups than the trials alone produce, so that all share one rate;
    - "phi = inf": every group is all successes or all failures;
    - "not identified": the data do not determine phi (one group, no n above 1, or no success or no failure at all).
    """

    mu: float  # the prior mean, alpha/(alpha + beta)
    phi: float  # 1/(alpha + beta); nan if not identified
    status: str
    method: str
    log_likelihood: float  # log_marginal at the estimate; nan if phi is
    se_mu: float  # standard errors from the observed information; nan except for method "ml"
    se_phi: float  # nan on a boundary, where the curvature does not give one
    rest: float  # 1 - mu, with all its digits where mu is near 1 and the difference has lost them

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

        With phi = 0 each group's posterior is the point mu, and with phi = inf the point y/n. The interval is too short
        by the uncertainty of mu and phi, which plugging in leaves out.
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
    data = collapse(y, n, counts, spread=method == "moments")
    swapped = data.successes > data.trials / 2  # near 1 a rate has few digits left, so fit the failures' instead
    data = data.of_failures() if swapped else data
    status, mu, phi = rates_fit.without_search(data)
    if status is None:
        mu, phi = rates_fit.moments(data) if method == "moments" else rates_fit.maximum(data, y, n, counts, swapped)
        status = "phi = 0" if phi == 0 else "phi = inf" if phi == np.inf else "ok"
    se_mu, se_phi = rates_fit.standard_errors(data, mu, phi) if method == "ml" else (np.nan, np.nan)
    return Fit(
        mu=float(1 - mu if swapped else mu),
        phi=float(phi),
        status=status,
        method=method,
        log_likelihood=float(rates_fit.log_likelihood_of(data, mu, phi)),
        se_mu=float(se_mu),
        se_phi=float(se_phi),
        rest=float(mu if swapped else 1 - mu),
    )


@dataclass(frozen=True)
class FullBayes:
    """The exact posterior; what `full_bayes` returns. mu = alpha/(alpha + beta) is the mean and size = alpha + beta.

    `mu`, `size` and `weight` are the nodes of the quadrature and their posterior weights, flat arrays: the posterior
    mean of any smooth function of the hyperparameters is np.sum(weight * function(mu, size)), if it exists.
    """

    mu: np.ndarray
    size: np.ndarray
    weight: np.ndarray
    mu_mean: float
    mu_sd: float
    log_size_mean: float
    log_size_sd: float
    log_evidence: float  # log p(y); relative if the prior is improper
    theta: Mixture  # every group: .mean, .sd, .quantile(q), .interval(prob), .cdf(x), .draws(size, rng)
    new_group: Mixture  # theta of a group not seen yet
    tail: float  # the posterior density of size falls as size^tail
    log_density: Callable  # of the size, up to a constant
    ends: tuple  # (breaks, lower, upper) of the prior: where it is not smooth, and where it is positive
    given_size: MuGivenSize  # mu for each node of the size

    def size_quantile(self, probabilities):
        """Quantiles of the size, in the shape of `probabilities`; those of 0 and 1 are the ends of its range."""
        breaks, lower, upper = self.ends
        nodes, weight = self.given_size.size, self.given_size.weight
        return quadrature.quantiles(self.log_density, probabilities, nodes, weight, lower, upper, breaks)

    def mu_quantile(self, probabilities):
        """Quantiles of mu, in the shape of `probabilities`."""
        return self.given_size.quantile(probabilities)

    def mu_cdf(self, x):
        """P(mu <= x), in the shape of x."""
        return self.given_size.cdf(x)

    def mean_of_alpha_and_beta(self):
        """E(alpha | y) and E(beta | y); they exist only if the posterior density of the size falls faster than size^-2.

        As alpha + beta grows, the likelihood tends to that of one common rate, a positive constant, so that the prior
        alone decides. Under (alpha + beta)^(-5/2) both means are infinite.
        """
        if self.tail > -2 - 1e-6:
            raise ValueError(
                "E(alpha | y) and E(beta | y) do not exist: for large alpha + beta the posterior density falls only as "
                f"(alpha + beta)^{self.tail:.3g}; report the mean rate, log(alpha + beta) and theta instead"
            )
        alpha = float(np.sum(self.weight * self.mu * self.size))
        return alpha, float(np.sum(self.weight * self.size)) - alpha


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
    >>> print(round(full.mu_mean, 10), round(full.theta.mean[70], 10))
    0.1442973055 0.2108568398
    """
    prior = priors.as_prior(prior)
    data = collapse(y, n, counts)
    y, n = arguments.successes(y, n, join=arguments.groups)
    guess = (data.trials + 1) / (data.successes + 0.5)
    breaks, lower, upper = prior.range(guess)
    guess = float(np.clip(guess, lower * (1 + 1e-9), upper * (1 - 1e-9)))
    density = SizeDensity.of(data, few_rows(data, y, n, counts), prior.log_density, guess)
    size, w, log_evidence, (centre, width, given, t) = quadrature.integrate_with(
        density.with_mu, lower, upper, guess, density.rough, breaks
    )
    given_size = MuGivenSize(size, w, centre, width, given, t[0])
    tail = quadrature.tail_power(prior.log_density, upper, guess)  # the likelihood tends to a constant
    ends = breaks, lower, upper
    return _full_bayes(y, n, given_size, float(log_evidence), tail, density, ends)


def _full_bayes(y, n, given_size, log_evidence, tail, log_density, ends):
    """The result from the nodes: sizes with weights w, and for each of them how mu is distributed given it."""
    size, w, mu, given = given_size.size, given_size.weight, given_size.mu, given_size.given
    first = (given * mu).sum(axis=-1)
    variance = (given * (mu - first[:, None]) ** 2).sum(axis=-1)
    mu_mean, mu_sd = mean_sd(w, first, variance)
    log_mean, log_sd = mean_sd(w, np.log(size))
    nodes = [np.broadcast_to(array, mu.shape).ravel() for array in (mu, size[:, None], w[:, None] * given)]
    new_sd = np.sqrt(mu_sd**2 + np.sum(w * (first * (1 - first) - variance) / (size + 1)))
    none = np.zeros(1)
    return FullBayes(
        *nodes,
        mu_mean,
        mu_sd,
        log_mean,
        log_sd,
        log_evidence,
        theta=mixture(given_size, *theta_moments(y, n, w, size, first, first**2 + variance), y, n),
        new_group=mixture(given_size, np.array([mu_mean]), np.array([new_sd]), none, none),
        tail=tail,
        log_density=log_density,
        ends=ends,
        given_size=given_size,
    )


def _prior(alpha, beta):
    positive = {"low": 0, "open_low": True}
    return arguments.numbers("alpha", alpha, **positive), arguments.numbers("beta", beta, **positive)
