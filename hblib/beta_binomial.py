r"""The Beta-Binomial model: y_j successes in n_j trials of group j = 1..J.

.. math::

    y_j \mid \theta_j \sim \mathrm{Binomial}(n_j, \theta_j)

    \theta_j \sim \mathrm{Beta}(\alpha, \beta)

The prior Beta(alpha, beta) has mean mu = alpha/(alpha + beta) and weighs as much as alpha + beta trials. The fit works
with mu and phi = 1/(alpha + beta): phi = 0 is complete pooling, an ordinary point of that scale, while in (alpha, beta)
it lies at infinity.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hblib import priors
from hblib._numerics import arguments, quadrature, rates_fit
from hblib._numerics.mixture import blocks
from hblib._numerics.panels import Panels
from hblib._numerics.rates_counts import count_tails, unchecked_rows
from hblib._numerics.rates_grid import SizeDensity
from hblib._numerics.rates_likelihood import few_rows, log_likelihood_of_prior
from hblib._numerics.rates_posterior import MuGivenSize, group_parts, mu_parts, new_group_parts
from hblib._numerics.types import FloatArray, FloatOrArray
from hblib.distributions import Beta, JointPosterior, Mixture, Point, Scale


def posterior(y: ArrayLike, n: ArrayLike, alpha: ArrayLike, beta: ArrayLike) -> Beta:
    r"""Give the posterior of each group's rate, given the prior.

    .. math:: \theta_j \mid y_j \sim \mathrm{Beta}(\alpha + y_j, \; \beta + n_j - y_j)

    Parameters
    ----------
    y, n : array_like
        Successes and trials; whole numbers, 0 <= y <= n, of any shapes that broadcast. n = 0 gives back the prior.
    alpha, beta : array_like
        The prior's parameters, both > 0; arrays broadcast against y and n.

    Returns
    -------
    Beta
        The posteriors, of the shape to which the arguments broadcast, with mean(), std(), interval(prob), rvs() and the
        other methods of `hblib.distributions.Distribution`.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.4.

    Examples
    --------
    >>> post = posterior(y=2, n=20, alpha=5, beta=95)
    >>> print(post.alpha, post.beta, round(post.mean(), 4))
    7.0 113.0 0.0583
    """
    y, n = arguments.successes(y, n)
    alpha, beta = _prior(alpha, beta)
    arguments.together(y=y, alpha=alpha, beta=beta)
    return Beta._of((alpha + y)[()], (beta + (n - y))[()])


def posterior_mean(y: ArrayLike, n: ArrayLike, alpha: float, beta: float, out: FloatArray | None = None) -> FloatArray:
    r"""Return every group's posterior mean alone, for millions of groups: no other array of their number is made.

    .. math:: E(\theta_j \mid y_j) = \frac{\alpha + y_j}{\alpha + \beta + n_j}

    Parameters
    ----------
    y, n : array_like of shape (J,)
        Successes and trials; whole numbers, 0 <= y <= n.
    alpha, beta : float
        The prior's parameters, > 0.
    out : array of shape (J,), optional
        A float array to write into, y and n themselves included; a new one if left out.

    Returns
    -------
    array of shape (J,)
        The means; `out` itself if it was given.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.4.

    Examples
    --------
    >>> posterior_mean([2, 200], [20, 2000], alpha=5, beta=95).round(4).tolist()
    [0.0583, 0.0976]
    """
    y, n = unchecked_rows(y, n)
    alpha = arguments.one("alpha", alpha, low=0, open_low=True)
    beta = arguments.one("beta", beta, low=0, open_low=True)
    out, y, n = arguments.out(out, y, n)
    for some in blocks(y.size, 8):
        if not ((y[some] >= 0) & (y[some] <= n[some])).all():
            arguments.successes(y, n)  # says which row
        np.divide(y[some] + alpha, n[some] + (alpha + beta), out=out[some])  # which may be y or n
    return out


def shrinkage(n: ArrayLike, alpha: ArrayLike, beta: ArrayLike) -> FloatOrArray:
    r"""Give the weight kappa_j of the group's own rate in its posterior mean.

    .. math::

        E(\theta_j \mid y) = \kappa_j \frac{y_j}{n_j} + (1 - \kappa_j) \mu

        \kappa_j = \frac{n_j}{n_j + \alpha + \beta}

    0 is complete pooling, 1 no pooling. A group without data (n_j = 0) has the weight 0.

    Parameters
    ----------
    n : array_like
        Trials of each group, whole numbers >= 0.
    alpha, beta : array_like
        The prior's parameters, both > 0; arrays broadcast against n.

    Returns
    -------
    float or array
        The weights, from 0 to 1, of the shape to which the arguments broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.4.

    Examples
    --------
    >>> shrinkage(n=[20, 2000], alpha=5, beta=95).round(3).tolist()
    [0.167, 0.952]
    """
    n = arguments.whole_numbers("n", n)
    alpha, beta = _prior(alpha, beta)
    arguments.together(n=n, alpha=alpha, beta=beta)
    return (n / (n + alpha + beta))[()]


def log_marginal(
    y: ArrayLike, n: ArrayLike, alpha: ArrayLike, beta: ArrayLike, counts: ArrayLike | None = None
) -> FloatOrArray:
    r"""Compute the log marginal likelihood of (alpha, beta): each group's rate is integrated out.

    .. math::

        \sum_j \log \left[\binom{n_j}{y_j}
        \frac{B(\alpha + y_j, \; \beta + n_j - y_j)}{B(\alpha, \beta)}\right]

    Parameters
    ----------
    y, n : array_like of shape (J,)
        Successes and trials, one row a group; whole numbers, 0 <= y <= n.
    alpha, beta : array_like
        The prior's parameters, both > 0; arrays broadcast against each other, so that a grid takes one call.
    counts : array_like of shape (J,), optional
        How many groups share each row; one each if left out.

    Returns
    -------
    float or array
        The sum over groups, of the shape to which alpha and beta broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named.

    Notes
    -----
    The distribution is Skellam's [1]_. The sum is taken over k = 0..max(n) - 1, of log(mu + k phi) and its like, which
    does not cancel when alpha + beta is large, as the difference of two log Beta functions does.

    References
    ----------
    .. [1] Skellam (1948), JRSS B 10:257-261.

    Examples
    --------
    >>> print(round(log_marginal(y=[2, 200], n=[20, 2000], alpha=5, beta=95), 6))
    -8.720075
    """
    data = count_tails(y, n, counts)
    alpha, beta = _prior(alpha, beta)
    return log_likelihood_of_prior(data, *arguments.together(alpha=alpha, beta=beta))[()]


def profile(y: ArrayLike, n: ArrayLike, phi: ArrayLike, counts: ArrayLike | None = None) -> FloatOrArray:
    r"""Return the log likelihood of phi alone, at the best mu for each.

    .. math::

        \max_\mu \; \log p(y \mid \mu, \phi)

        \phi = \frac{1}{\alpha + \beta}

    Parameters
    ----------
    y, n : array_like of shape (J,)
        Successes and trials, one row a group; whole numbers, 0 <= y <= n.
    phi : array_like
        Values >= 0, of any shape; 0 is complete pooling.
    counts : array_like of shape (J,), optional
        How many groups share each row; one each if left out.

    Returns
    -------
    float or array
        The log likelihoods, of the shape of phi. The highest point is what `fit` finds.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named.

    Notes
    -----
    Its slope at phi = 0 is Tarone's test of whether the groups differ at all [1]_.

    References
    ----------
    .. [1] Tarone (1979), Biometrika 66:585-590.

    Examples
    --------
    >>> profile([1, 3, 0, 9], 20, phi=[0, 0.1]).round(4).tolist()
    [-13.4374, -9.5288]
    """
    phi = arguments.numbers("phi", phi, low=0)
    return rates_fit.profile(count_tails(y, n, counts), phi)[()]


@dataclass(frozen=True, eq=False)
class Fit:
    """An estimated prior; what `fit` returns.

    Attributes
    ----------
    mu : float
        The prior mean, alpha/(alpha + beta).
    phi : float
        1/(alpha + beta); nan if not identified.
    status : str
        Which case it is:

        - "ok": 0 < phi < inf;
        - "phi = 0": no more spread between groups than the trials alone produce, so that all share one rate;
        - "phi = inf": every group is all successes or all failures; for "moments" also where the rates spread as widely
          as that or wider, and then "ml" still has an answer;
        - "not identified": the data do not determine phi (one group, no n above 1, or no success or no failure at all).
    method : str
        What `fit` was asked for.
    log_likelihood : float
        `log_marginal` at the estimate; nan if phi is.
    se_mu : float
        The standard error of mu; nan if not identified.
    se_phi : float
        From the observed information; nan for "moments" and on a boundary, where the curvature does not give one.
    rest : float
        1 - mu, with all its digits where mu is near 1 and the difference has lost them.

    Notes
    -----
    se_mu for "ml" is from the observed information on (mu, phi). For "moments" it is that of the pooled rate, with phi
    taken as known: the root of mu (1 - mu) sum (n_j/N)^2 (rho + (1 - rho)/n_j), rho = phi/(1 + phi). At phi = inf it is
    the root of mu (1 - mu) sum (n_j/N)^2, or of mu (1 - mu)/J for "ml".

    On the boundary phi = 0 the prior is a point: its size, alpha and beta are inf, and mu, phi and `posterior` say all
    there is to say. inf is no argument of `hblib.beta_binomial.posterior`, which would not know mu. Where the posterior
    means are computed by hand, as in a database, (y phi + mu)/(n phi + 1) is right at phi = 0 too.
    """

    mu: float
    phi: float
    status: Literal["ok", "phi = 0", "phi = inf", "not identified"]
    method: Literal["ml", "moments"]
    log_likelihood: float
    se_mu: float
    se_phi: float
    rest: float = field(repr=False)

    @property
    def size(self) -> float:
        """The prior's size alpha + beta = 1/phi, in trials; inf where phi = 0."""
        return float(1 / self.phi) if self.phi != 0 else np.inf

    @property
    def alpha(self) -> float:
        """The prior's alpha = mu/phi; inf where phi = 0, 0 where phi = inf."""
        return float(np.divide(self.mu, self.phi)) if self.phi != 0 else np.inf

    @property
    def beta(self) -> float:
        """The prior's beta = (1 - mu)/phi; inf where phi = 0, 0 where phi = inf."""
        return float(np.divide(self.rest, self.phi)) if self.phi != 0 else np.inf

    def summary(self) -> dict[str, list]:
        """Return the estimates and their standard errors as columns, of which pandas.DataFrame makes a table.

        Returns
        -------
        dict of list
            The columns "name", "estimate" and "se".

        Examples
        --------
        >>> table = fit([1, 3, 0, 9], 20).summary()
        >>> print(table["name"], np.round(table["se"], 3))
        ['mu', 'phi'] [0.087 0.23 ]
        """
        return {"name": ["mu", "phi"], "estimate": [self.mu, self.phi], "se": [self.se_mu, self.se_phi]}

    def posterior(self, y: ArrayLike, n: ArrayLike) -> Beta | Point:
        """Return every group's posterior with the estimated prior plugged in, as if it were known.

        The interval is too short by the uncertainty of mu and phi, which plugging in leaves out; `hblib.repairs` puts
        it back.

        Parameters
        ----------
        y, n : array_like
            Successes and trials, of any shapes that broadcast.

        Returns
        -------
        Beta or Point
            The posteriors, of the shape to which y and n broadcast, with all methods of a distribution. On a boundary
            each is a `Point`, which has no alpha and beta: at mu where phi = 0, and at 0 or 1 where phi = inf.

        Raises
        ------
        ValueError
            If an argument is out of range; if phi is not identified; at phi = inf, where every rate is 0 or 1, for a
            group with both successes and failures (which "moments" does not rule out), or with no trials, whose rate is
            either.

        Examples
        --------
        >>> alike = fit([2, 4, 6], [20, 40, 60])
        >>> post = alike.posterior([2, 0], [20, 0])
        >>> print(alike.status, alike.alpha, post.mean(), post.std(), post.interval(0.95)[1])
        phi = 0 inf [0.1 0.1] [0. 0.] [0.1 0.1]
        """
        y, n = arguments.successes(y, n)
        if self.status == "ok":
            return posterior(y, n, self.alpha, self.beta)
        if self.status == "phi = 0":
            return Point(np.full(n.shape, self.mu))
        if self.status == "phi = inf" and (n > 0).all():
            arguments.all_or_nothing(y, n)
            return Point(y / n)
        raise ValueError(f"this fit gives no posterior for every group: {self.status}")


def fit(y: ArrayLike, n: ArrayLike, method: Literal["ml", "moments"] = "ml", counts: ArrayLike | None = None) -> Fit:
    r"""Estimate the prior from the groups (empirical Bayes).

    .. math:: (\hat\mu, \hat\phi) = \arg\max_{\mu, \phi \, \ge \, 0} \; \log p(y \mid \mu, \phi)

    Parameters
    ----------
    y, n : array_like of shape (J,)
        Successes and trials, one row a group; whole numbers, 0 <= y <= n. Groups with n = 0 carry no information and
        drop out.
    method : {"ml", "moments"}
        "ml" is the maximum of `log_marginal`, the formula above (also called ML-II); "moments", with weights n_j, the
        variance of the raw rates minus what the trials alone produce, where an estimate of phi below 0 becomes 0.
    counts : array_like of shape (J,), optional
        How many groups share each row, so that equal rows cost as one; one each if left out.

    Returns
    -------
    Fit
        With mu, phi, alpha, beta, status, log_likelihood and standard errors; its method posterior(y, n) plugs it in.

    Raises
    ------
    ValueError
        If an argument is out of range; it is named. Data that do not determine phi are no error: see `Fit`.

    Notes
    -----
    The likelihood is Skellam's [1]_, the moments are Kleinman's [2]_, and whether the maximum is at phi = 0 is seen
    from Tarone's score there [3]_.

    References
    ----------
    .. [1] Skellam (1948), JRSS B 10:257-261.
    .. [2] Kleinman (1973), JASA 68:46-54.
    .. [3] Tarone (1979), Biometrika 66:585-590.

    Examples
    --------
    >>> from hblib import datasets
    >>> rats = datasets.rat_tumors()
    >>> prior = fit(rats.y, rats.n)
    >>> print(prior.status, round(prior.alpha, 4), round(prior.beta, 4))
    ok 2.3416 14.1148
    """
    arguments.one_of("method", method, ("ml", "moments"))
    data = count_tails(y, n, counts, with_spread=method == "moments")
    swapped = data.successes > data.trials / 2  # near 1 a rate has few digits left, so fit the failures' instead
    data = data.of_failures() if swapped else data
    status, mu, phi = rates_fit.without_search(data)
    if status is None:
        mu, phi = rates_fit.moments(data) if method == "moments" else rates_fit.maximum(data, y, n, counts, swapped)
        status = "phi = 0" if phi == 0 else "phi = inf" if phi == np.inf else "ok"
    se_mu, se_phi = rates_fit.standard_errors(data, mu, phi, method)
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


class Nodes(NamedTuple):
    """The nodes of a quadrature over the prior and their posterior weights, flat arrays.

    The posterior mean of any smooth function of the hyperparameters is np.sum(weight * function(mu, size)), if it
    exists.

    Attributes
    ----------
    mu : array
        The mean of the prior, alpha/(alpha + beta).
    size : array
        The size of the prior, alpha + beta, in trials.
    weight : array
        The posterior weights, which add up to 1.
    """

    mu: FloatArray
    size: FloatArray
    weight: FloatArray


class Draws(NamedTuple):
    """Joint draws of the posterior.

    Attributes
    ----------
    mu : float or array
        The prior's mean.
    size : float or array
        The prior's size, alpha + beta, in trials.
    theta : array
        The rates, with one axis more, the groups.
    """

    mu: FloatOrArray
    size: FloatOrArray
    theta: FloatArray


@dataclass(frozen=True, repr=False, eq=False)
class FullBayes(JointPosterior[Draws]):
    """The exact posterior; what `full_bayes` returns.

    The hyperparameters are the mean mu = alpha/(alpha + beta) and the size alpha + beta, in trials; summary(), rvs()
    and to_datatree() are those of `hblib.distributions.JointPosterior`.

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
    _family = "Beta-Binomial"
    _beside_mu = "size"
    _tail: float  # the posterior density of the size falls as size^tail
    _given: Callable  # sizes -> MuGivenSize
    _data: tuple  # y and n

    def mean_of_alpha_and_beta(self) -> tuple[float, float]:
        """Return E(alpha | y) and E(beta | y).

        They exist only if the posterior density of the size falls faster than size^-2; where it falls hardly faster,
        they come out too small (see `hblib.distributions.Scale`). As alpha + beta grows, the likelihood tends to that
        of one common rate, a positive constant, so that the prior alone decides. Under (alpha + beta)^(-5/2) both means
        are infinite.

        Returns
        -------
        alpha : float
            The mean of alpha.
        beta : float
            The mean of beta.

        Raises
        ------
        ValueError
            If they do not exist.

        Examples
        --------
        >>> full = full_bayes([1, 3, 0, 9], 20, priors.half_normal(50))
        >>> print(*np.round(full.mean_of_alpha_and_beta(), 3))
        2.44 12.633
        """
        if self._tail > -2 - 1e-6:
            raise ValueError(
                "E(alpha | y) and E(beta | y) do not exist: for large alpha + beta the posterior density falls only as "
                f"(alpha + beta)^{self._tail:.3g}; report the mean rate, log(alpha + beta) and theta instead"
            )
        mu, size, weight = self.nodes
        alpha = float(np.sum(weight * mu * size))
        return alpha, float(np.sum(weight * size)) - alpha

    def _parameters(self):
        return {"mu": self.mu, "size": self.size, "log size": self.size.log()}

    def _draws(self, size, rng):
        flat = np.empty(size.size)
        for some in blocks(size.size, 1000):
            flat[some] = self._given(size.ravel()[some]).one_each(rng)
        mu, (y, n) = flat.reshape(size.shape), self._data
        alpha, beta = (mu * size)[..., None] + y, ((1 - mu) * size)[..., None] + (n - y)
        return Draws(mu[()], size[()], rng.beta(alpha, beta))


def full_bayes(y: ArrayLike, n: ArrayLike, prior: Any, counts: ArrayLike | None = None) -> FullBayes:
    r"""Return the exact posterior of mu, the size and every rate theta_j, by quadrature; no simulation.

    .. math::

        p(\mu, M \mid y) \propto p(M) \, p(y \mid \mu, M),

        \mu = \frac{\alpha}{\alpha + \beta} \sim \mathrm{Uniform}(0, 1), \quad M = \alpha + \beta

    In terms of (alpha, beta) the density of the prior is p(M)/M: the Jacobian of (mu, M) is M.

    Parameters
    ----------
    y, n : array_like of shape (J,)
        Successes and trials, one row a group; whole numbers, 0 <= y <= n.
    prior : Prior, SciPy distribution or callable
        The prior of the size: one of `hblib.priors`, a distribution of SciPy, or a function that gives its log density
        for an array of sizes. It may end, jump or bend anywhere. `priors.power(-1.5)` is the (alpha + beta)^(-5/2) of
        Gelman et al.
    counts : array_like of shape (J,), optional
        How many groups share each row, one each if left out; `theta` then has one entry a row.

    Returns
    -------
    FullBayes
        With mu, size, theta and new_group as distributions.

    Raises
    ------
    ValueError
        If an argument is out of range, or, with the reason, if the posterior is improper: the likelihood does not
        vanish as the size grows, so the prior must be integrable there.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.3.

    Examples
    --------
    >>> from hblib import datasets, priors
    >>> rats = datasets.rat_tumors()
    >>> full = full_bayes(rats.y, rats.n, priors.power(-1.5))
    >>> print(round(full.mu.mean(), 10), round(full.theta[70].mean(), 10))
    0.1442973055 0.2108568398
    """
    prior = priors.as_prior(prior)
    data = count_tails(y, n, counts)
    y, n = arguments.successes(y, n, join=arguments.groups)
    guess = (data.trials + 1) / (data.successes + 0.5)
    breaks, lower, upper = prior.range(guess)
    density = SizeDensity.of(data, few_rows(data, y, n, counts), prior.log_density, guess)
    size, weight, log_evidence, given = quadrature.integrate_with(
        density.with_mu, lower, upper, guess, density.rough, breaks
    )
    nodes = MuGivenSize.of(size, weight, given)
    tail = quadrature.tail_power(prior.log_density, upper, guess)  # the likelihood tends to a constant
    return FullBayes(
        mu=Mixture(mu_parts(nodes))[0],
        size=Scale(Panels(density, size, log_evidence, lower, upper, breaks), weight, tail),
        theta=Mixture(group_parts(nodes, y, n)),
        new_group=Mixture(new_group_parts(nodes))[0],
        log_evidence=log_evidence,
        prior=prior,
        nodes=Nodes(*nodes.flat()),
        _tail=tail,
        _given=density.mu_given,
        _data=(y, n),
    )


def _prior(alpha: ArrayLike, beta: ArrayLike) -> tuple[FloatArray, FloatArray]:
    positive = {"low": 0, "open_low": True}
    return arguments.numbers("alpha", alpha, **positive), arguments.numbers("beta", beta, **positive)
