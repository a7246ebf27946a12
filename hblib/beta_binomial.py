"""The Beta-Binomial model: y_j successes in n_j trials of group j = 1..J.

    y_j | theta_j ~ Binomial(n_j, theta_j),   theta_j ~ Beta(alpha, beta)

The prior Beta(alpha, beta) has mean mu = alpha/(alpha + beta) and weighs as much as alpha + beta trials. The fit works
with mu and phi = 1/(alpha + beta): phi = 0 is complete pooling, an ordinary point of that scale, while in (alpha, beta)
it lies at infinity.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from hblib import checks, priors, quadrature
from hblib.distributions import Beta, Normal
from hblib.full_bayes import Mixture
from hblib.tail_counts import collapse

_BLOCK = 1 << 15  # rows, or cells of a grid, worked on at a time: the temporary arrays stay in the processor's cache


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
    y, n = checks.successes(y, n)
    alpha, beta = _prior(alpha, beta)
    checks.together(y=y, alpha=alpha, beta=beta)
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
    y, n = checks.groups(y=np.asarray(y), n=np.asarray(n))
    alpha, beta = (float(value) for value in _prior(alpha, beta))
    out = np.empty(y.shape) if out is None else out
    if out.shape != y.shape or out.dtype != float:
        raise ValueError(f"out must be a float array of shape {y.shape}, but is {out.dtype} of shape {out.shape}")
    for start in range(0, y.size, _BLOCK):
        rows = slice(start, start + _BLOCK)
        if not ((y[rows] >= 0) & (y[rows] <= n[rows])).all():
            checks.successes(y, n)  # says which row
        np.add(y[rows], alpha, out=out[rows])
        out[rows] /= n[rows] + (alpha + beta)
    return out


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
    n = checks.counts("n", n)
    alpha, beta = _prior(alpha, beta)
    checks.together(n=n, alpha=alpha, beta=beta)
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
    alpha, beta = checks.together(**dict(zip(("alpha", "beta"), _prior(alpha, beta), strict=True)))
    total = alpha + beta
    return _log_likelihood(data, alpha / total, 1 / total)[()]


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

    @property
    def alpha(self):
        """The prior's alpha = mu/phi; inf where phi = 0."""
        return float(np.divide(self.mu, self.phi)) if self.phi != 0 else np.inf

    @property
    def beta(self):
        """The prior's beta = (1 - mu)/phi; inf where phi = 0."""
        return float(np.divide(1 - self.mu, self.phi)) if self.phi != 0 else np.inf

    def posterior(self, y, n):
        """Every group's posterior with the estimated prior plugged in, as if it were known.

        With phi = 0 each group's posterior is the point mu, and with phi = inf the point y/n. The interval is too short
        by the uncertainty of mu and phi, which plugging in leaves out.
        """
        y, n = checks.successes(y, n)
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
    checks.one_of("method", method, ("ml", "moments"))
    data = collapse(y, n, counts)
    status, mu, phi = _without_search(data)
    if status is None:
        mu, phi = _moments(y, n, counts) if method == "moments" else _maximum(data)
        status = "phi = 0" if phi == 0 else "phi = inf" if phi == np.inf else "ok"
    log_likelihood = _log_likelihood(data, mu, phi) if 0 <= phi < np.inf else np.nan
    if phi == np.inf:  # each group is one trial of a coin with probability mu, if it is all or nothing
        split = data.no_success + data.no_failure < data.groups
        coin = special.xlogy(data.no_failure, mu) + special.xlog1py(data.no_success, -mu)
        log_likelihood = -np.inf if split else coin
    se_mu, se_phi = _standard_errors(data, mu, phi) if method == "ml" else (np.nan, np.nan)
    return Fit(float(mu), float(phi), status, method, float(log_likelihood), float(se_mu), float(se_phi))


@dataclass(frozen=True)
class FullBayes:
    """The exact posterior; what `full_bayes` returns. mu = alpha/(alpha + beta) is the mean and size = alpha + beta.

    `mu`, `size` and `weight` are the nodes of the quadrature and their posterior weights, flat arrays: the posterior
    mean of any function of the hyperparameters is np.sum(weight * function(mu, size)), if it exists.
    """

    mu: np.ndarray
    size: np.ndarray
    weight: np.ndarray
    mu_mean: float
    mu_sd: float
    log_size_mean: float
    log_size_sd: float
    log_evidence: float  # log p(y); relative if the prior is improper
    theta: Mixture  # every group: .mean, .sd, .interval(prob), .cdf(x), .draws(size, rng)
    new_group: Mixture  # theta of a group not seen yet
    tail: float  # the posterior density of size falls as size^tail

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
    prior : the prior of the size: one of `hblib.priors`, or a function that gives its log density for an array.
        `priors.power(-1.5)` is the (alpha + beta)^(-5/2) of Gelman et al.
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
    y, n = checks.groups(y=np.asarray(y, dtype=float), n=np.asarray(n, dtype=float))

    def nodes(size):
        """mu's nodes for each size, and the log of p(y, mu, size) d mu there."""
        centre, width = _logit_mode(data, size)
        mu, log_slope = _mean_nodes(data, centre, width)
        return mu, _grid_log_likelihood(data, mu, size) + log_slope + prior.log_density(size)[..., None]

    def rough(size):
        """Laplace's approximation to the sum over mu's nodes."""
        centre, width = _logit_mode(data, size)
        at_mode = _log_likelihood(data, special.expit(centre), 1 / size) + np.log(width)
        return at_mode + special.log_expit(centre) + special.log_expit(-centre) + prior.log_density(size)

    guess = (data.trials + 1) / (data.successes + 0.5)
    size, w, log_evidence = quadrature.integrate_scale(
        lambda s: special.logsumexp(nodes(s)[1], axis=-1),
        prior.lower,
        prior.upper,
        guess,
        tolerance=1e-12,
        rough=rough,
    )
    mu, log_density = nodes(size)
    given_size = special.softmax(log_density, axis=-1)
    joint = w[:, None] * given_size
    mean, sd = _theta_moments(y, n, w, size, np.sum(given_size * mu, axis=-1), np.sum(given_size * mu**2, axis=-1))
    flat = [np.broadcast_to(array, joint.shape).ravel() for array in (mu, size[:, None], joint)]
    (mu_mean, mu_sd), (log_mean, log_sd) = (_mean_sd(flat[2], value) for value in (flat[0], np.log(flat[1])))
    new_variance = mu_sd**2 + np.sum(flat[2] * flat[0] * (1 - flat[0]) / (flat[1] + 1))
    return FullBayes(
        *flat,
        mu_mean,
        mu_sd,
        log_mean,
        log_sd,
        float(log_evidence),
        theta=_mixture(mean, sd, y, n, *flat),
        new_group=_mixture(np.array([mu_mean]), np.sqrt([new_variance]), np.zeros(1), np.zeros(1), *flat),
        tail=quadrature.tail_power(prior.log_density, prior.upper),  # the likelihood tends to a constant
    )


def _logit_mode(data, size):
    """For each size the most probable logit of mu, and the width of the peak; safeguarded Newton, all sizes at once.

    The density of logit mu is log-concave in mu, so its derivative changes sign once.
    """
    x = data.k / np.asarray(size, dtype=float)[..., None]
    low, high = np.full(x.shape[:-1], -300.0), np.full(x.shape[:-1], 36.0)
    z = np.clip(special.logit((data.successes + 0.5) / (data.trials + 1)) + 0 * low, -30, 30)
    for _ in range(60):
        mu, rest = special.expit(z), special.expit(-z)
        success, failure = data.y / (mu[..., None] + x), data.f / (rest[..., None] + x)
        by_mu = np.sum(success, axis=-1) - np.sum(failure, axis=-1)
        twice = -np.sum(success / (mu[..., None] + x) + failure / (rest[..., None] + x), axis=-1)
        slope = mu * rest * by_mu + rest - mu
        curvature = (mu * rest) ** 2 * twice + mu * rest * ((rest - mu) * by_mu - 2)
        low, high = np.where(slope > 0, z, low), np.where(slope > 0, high, z)
        step = np.where(curvature < 0, -slope / np.where(curvature < 0, curvature, -1), np.inf)
        step = np.where(np.abs(step) < 20, step, 20 * np.sign(slope))
        new = np.where((z + step > low) & (z + step < high), z + step, (low + high) / 2)
        done = np.abs(new - z).max(initial=0) < 1e-2  # the nodes need no more
        z = new
        if done:
            break
    return z, 1 / np.sqrt(np.maximum(-curvature, 1e-2))


def _mean_nodes(data, centre, width):
    """Nodes of mu for each size, by logit(mu) = centre + width sinh(t), and the log of d mu.

    The tails of logit mu fall at least as exp(-(1 + groups with a success) |z|) on the left, and with a failure on the
    right; that tells how far t must run.
    """
    reach = [12 + 50 / (1 + data.groups - groups) / width.min() for groups in (data.no_success, data.no_failure)]
    step = 0.13
    t = np.arange(-np.arcsinh(reach[0]), np.arcsinh(reach[1]), step)
    z = np.clip(centre[..., None] + width[..., None] * np.sinh(t), -300.0, 36.0)  # at 36 mu is 1 to all digits
    log_slope = special.log_expit(z) + special.log_expit(-z) + np.log(width[..., None] * np.cosh(t) * step)
    return special.expit(z), np.where((z > -300) & (z < 36), log_slope, -np.inf)


def _grid_log_likelihood(data, mu, size):
    """`_log_likelihood` at the nodes of mu for each size (mu's last axis), in its plain form, which is quicker."""
    x = data.k / np.asarray(size, dtype=float)[..., None]
    trials = np.sum(data.between * (np.log1p(data.k) - np.log1p(x)) - data.y * np.log1p(data.k), axis=-1)
    total = np.repeat(trials[..., None], mu.shape[-1], axis=-1)
    successes, failures = data.y != 0, data.f != 0
    x_success, x_failure = x[..., None, successes], 1 + x[..., None, failures]
    for columns in np.array_split(np.arange(mu.shape[-1]), max(1, min(mu.shape[-1], x.size * mu.shape[-1] >> 18))):
        part = mu[..., columns, None]
        total[..., columns] += np.sum(data.y[successes] * np.log(part + x_success), axis=-1)
        total[..., columns] += np.sum(data.f[failures] * np.log1p(-part / x_failure), axis=-1)
    return total


def _mean_sd(weight, value):
    mean = np.sum(weight * value)
    return float(mean), float(np.sqrt(np.sum(weight * (value - mean) ** 2)))


def _mixture(mean, sd, y, n, mu, size, weight):
    """The mixture of the conjugate posteriors over the nodes that count."""
    keep = weight > 1e-13 * weight.max()
    mu, size, weight = mu[keep], size[keep], weight[keep]

    def given(rows, nodes):
        alpha, beta = mu[nodes] * size[nodes], (1 - mu[nodes]) * size[nodes]
        return Beta(alpha + y[rows], beta + (n - y)[rows])

    def joint(nodes, rng):
        return given(np.arange(y.size)[None, :], nodes[:, None]).rvs(random_state=rng)

    return Mixture(mean, sd, weight / weight.sum(), given, joint)


def _theta_moments(y, n, weight, size, first, second):
    """Mean and SD of every theta_j from sums over the sizes; `first` and `second` are the moments of mu given the size.

    Given mu and the size, theta_j has mean r + a (mu - r) with r = y/n and a = size/(size + n): quadratic forms in r,
    with the same sums for all groups of one n.
    """
    distinct, which = np.unique(n, return_inverse=True)
    a = size / (size + distinct[:, None])
    inner = weight / (
        size + distinct[:, None] + 1
    )  # theta's variance given mu and size is its mean (1 - mean) times this

    def sums(*terms):
        return (np.sum(term, axis=-1)[which] for term in terms)

    r = np.divide(y, n, out=np.zeros(y.size), where=n > 0)
    a0, a1 = sums(weight * a, weight * a * first)
    q0, q1, q2 = sums(weight * a**2, weight * a**2 * first, weight * a**2 * second)
    c0, c1, c2 = sums(inner + 0 * a, inner * a, inner * a * first)
    d0, d1, d2 = sums(inner * a**2, inner * a**2 * first, inner * a**2 * second)
    shift = a1 - r * a0
    within = r * (1 - r) * c0 + (1 - 2 * r) * (c2 - r * c1) - (d2 - 2 * r * d1 + r**2 * d0)
    between = q2 - 2 * r * q1 + r**2 * q0 - shift**2
    return r + shift, np.sqrt(within + np.maximum(between, 0))


def _prior(alpha, beta):
    return checks.numbers("alpha", alpha, low=0, open_low=True), checks.numbers("beta", beta, low=0, open_low=True)


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
    y, n = checks.successes(y, n)
    y, n, counts = checks.groups(y=y, n=n, counts=np.ones(1) if counts is None else np.asarray(counts, dtype=float))
    y, n, counts = y[n > 0], n[n > 0], counts[n > 0]
    total = np.sum(counts * n)
    mu = np.sum(counts * y) / total
    spread = np.sum(counts * n * (y / n - mu) ** 2)
    noise = np.sum(counts * (1 - n / total))  # of the spread, in units of mu (1 - mu)
    all_or_nothing = np.sum(counts * n * (1 - n / total))
    rho = (spread / (mu * (1 - mu)) - noise) / (all_or_nothing - noise)
    rho = np.clip(rho, 0, 1)  # phi = rho/(1 - rho)
    return mu, rho / (1 - rho) if rho < 1 else np.inf


def _log_likelihood(data, mu, phi):
    """The log marginal likelihood; mu and phi may be arrays of one shape.

    A success above k adds log((mu + k phi)/(k + 1)), which goes with log C(n, y), and a trial without one subtracts
    log((1 + k phi)/(k + 1)). Where k phi >= 1 both are near log(phi), and nearly cancel; so that is taken out of each
    and added at the end, times the difference of their numbers. Failures are taken together with trials likewise.
    """
    mu, phi = np.asarray(mu, dtype=float)[..., None], np.asarray(phi, dtype=float)[..., None]
    total, excess = np.zeros(mu.shape[:-1]), _excess(data, phi)
    step = max(1, _BLOCK // max(total.size, 1))
    for start in range(0, data.k.size, step):
        part = slice(start, start + step)
        k = data.k[part]
        x = phi * k
        with np.errstate(divide="ignore", invalid="ignore"):  # phi = 0, where the first branch is not taken
            success = np.where(x >= 1, np.log1p((mu / phi - 1) / (k + 1)), np.log((mu + x) / (k + 1)))
            trial = np.where(x >= 1, np.log1p((1 / phi - 1) / (k + 1)), np.log((1 + x) / (k + 1)))
        terms = data.y[part] * success - data.between[part] * trial
        terms += data.f[part] * np.log1p(-mu / (1 + x))
        total += np.sum(terms, axis=-1)
    return total + special.xlogy(excess, phi[..., 0])


def _excess(data, phi):
    """Successes less trials without one, over the k with k phi >= 1; over all k the two are equally many.

    So it is minus the sum over the other k, and the side with the smaller numbers loses fewer digits.
    """
    net, either = data.y - data.between, np.abs(data.y + data.between)
    below = np.append(0.0, np.cumsum(net))
    above = np.append(np.cumsum(net[::-1])[::-1], 0.0)
    numbers = np.append(0.0, np.cumsum(either))
    with np.errstate(divide="ignore"):
        first = np.searchsorted(data.k, 1 / phi)[..., 0]  # the first k with k phi >= 1
    return np.where(numbers[first] < numbers[-1] / 2, -below[first], above[first])


def _derivatives(data, mu, phi):
    """Gradient and Hessian of `_log_likelihood` in (mu, phi), numbers; the gradient with the same care."""
    k = data.k
    success, failure, trial = 1 / (mu + k * phi), 1 / (1 - mu + k * phi), 1 / (1 + k * phi)
    both = k * mu * failure * trial  # k failure - k trial
    high = k * phi >= 1
    scale = 1 / phi if phi > 0 else 0.0  # unused at phi = 0
    by_success = np.where(high, -mu * scale, k) * success  # k success, less 1/phi where k phi >= 1
    by_trial = np.where(high, -scale, k) * trial
    by_phi = np.sum(data.y * by_success) - np.sum(data.between * by_trial) + np.sum(data.f * both)
    by_phi += scale * _excess(data, np.array([phi]))[()]
    gradient = [np.sum(data.y * success) - np.sum(data.f * failure), by_phi]
    y2, f2 = data.y * success**2, data.f * failure**2
    cross = np.sum(k * (f2 - y2))
    curvature = np.sum(data.between * (k * trial) ** 2 - y2 * k**2 - data.f * both * k * (failure + trial))
    return np.array(gradient, dtype=float), np.array([[-np.sum(y2 + f2), cross], [cross, curvature]])


def _maximum(data):
    """Damped Newton in (logit mu, log phi) from the best of some starts; phi = 0 if nothing is higher.

    Where the score at phi = 0 is not positive the maximum is usually there; but with few groups, or a few large ones
    that dominate the pooled rate, the likelihood may have a second, higher maximum at another mu.
    """
    pooled = data.successes / data.trials
    rising = _derivatives(data, pooled, 0.0)[0][1] > 0
    effective = data.trials**2 / np.sum((data.f + data.between) * (2 * data.k + 1))  # (sum n)^2/sum n^2
    uneven = effective < data.groups / 3
    starts = np.geomspace(1e-2 / data.largest, 10, 12)
    wary = uneven or not rising
    mus = special.expit(_logit_mode(data, 1 / starts)[0]) if wary else np.full(starts.size, pooled)
    values = _log_likelihood(data, mus, starts)
    best = values.argmax()
    floor = _log_likelihood(data, pooled, 0.0)
    if not rising and (best == 0 or values[best] < floor - 1):  # the highest is at phi = 0, or runs towards it
        return pooled, 0.0
    mu, phi, value = _climb(data, np.array([special.logit(mus[best]), np.log(starts[best])]), values[best])
    return (mu, phi) if rising or value > floor + 1e-9 * (1 + abs(floor)) else (pooled, 0.0)


def _climb(data, at, value):
    """Newton from (logit mu, log phi), halving steps that do not climb; returns mu, phi and the log likelihood."""
    for _ in range(200):
        step = _newton_step(data, at)
        while np.abs(step).max() > 1e-13 * (1 + np.abs(at).max()):
            trial = at + step
            trial_value = _log_likelihood(data, special.expit(trial[0]), np.exp(trial[1]))
            if trial_value >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            break
        at, value = trial, trial_value
        if np.abs(step).max() < 1e-9:  # Newton squares its error, so the step just made was the last that counts
            break
    return special.expit(at[0]), np.exp(at[1]), value


def _newton_step(data, at):
    mu, phi = special.expit(at[0]), np.exp(at[1])
    gradient, hessian = _derivatives(data, mu, phi)
    scale = np.array([mu * (1 - mu), phi])  # d(mu, phi)/d(logit mu, log phi)
    curvature = np.diag(gradient * scale * [1 - 2 * mu, 1])
    values, vectors = np.linalg.eigh(hessian * np.outer(scale, scale) + curvature)
    uphill = vectors.T @ (gradient * scale) / np.maximum(np.abs(values), 1e-12)  # climbs even where L is not concave
    return vectors @ uphill * min(1, 2 / max(np.abs(uphill).max(), 1e-300))


def _standard_errors(data, mu, phi):
    if not 0 <= phi < np.inf:
        return np.nan, np.nan
    information = -_derivatives(data, mu, phi)[1]
    if phi == 0:
        return 1 / np.sqrt(information[0, 0]), np.nan
    return np.sqrt(np.diag(np.linalg.inv(information)))
