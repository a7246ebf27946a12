r"""Three levels: stores in chains in one population.

.. math::

    \bar y_j \sim N(\theta_j, se_j^2), \quad \theta_j \sim N(\mu_{c(j)}, \tau_{store}^2),

    \mu_c \sim N(\mu, \tau_{chain}^2), \quad p(\mu) \text{ flat}

The same verbs as in `beta_binomial` and `normal_normal`: `posterior` and `shrinkage` with the two standard deviations
known, `log_marginal` and `fit` to estimate them from the stores.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hblib import normal_normal
from hblib._numerics import arguments, units
from hblib._numerics.means_fit import bracketing, highest
from hblib._numerics.mixture import blocks
from hblib._numerics.types import FloatArray, FloatOrArray, Labels
from hblib.distributions import Normal


@dataclass(frozen=True, eq=False)
class Weights:
    """The three weights of each store's posterior mean, which sum to 1; see `shrinkage`.

    Attributes
    ----------
    store : array of shape (S,)
        The weight on the store's own estimate.
    chain : array of shape (S,)
        The weight on the estimate of its chain.
    company : array of shape (S,)
        The weight on the mean of all chains, mu hat.
    """

    store: FloatArray
    chain: FloatArray
    company: FloatArray


def shrinkage(se: ArrayLike, tau_store: float, tau_chain: float, chain: ArrayLike) -> Weights:
    r"""Tell what each store's posterior mean takes from its own estimate, from its chain and from all chains.

    .. math::

        \bar y_j \sim N(\theta_j, se_j^2), \quad \theta_j \sim N(\mu_{c(j)}, \tau_{store}^2)

        \mu_c \sim N(\mu, \tau_{chain}^2), \quad p(\mu) \text{ flat}

        E(\theta_j \mid \bar y) = store_j \, \bar y_j + chain_j \, a_{c(j)}

        {} + company_j \, \hat\mu

    a_c, the chain estimate, is the mean of the chain's ybar_j with weights 1/(se_j^2 + tau_store^2), and has variance
    u_c = 1/(sum of these weights). mu hat, the mean of all chains, is that of the a_c with weights
    1/(u_c + tau_chain^2). `posterior` returns both. With the weights
    kappa_j = normal_normal.shrinkage(se_j, tau_store) and kappa_c = normal_normal.shrinkage(sqrt(u_c), tau_chain),

    .. math::

        store_j = \kappa_j, \quad chain_j = (1 - \kappa_j) \, \kappa_c,

        company_j = (1 - \kappa_j) (1 - \kappa_c)

    Parameters
    ----------
    se : array_like of shape (S,)
        Standard errors >= 0, one a store; inf for a store without data.
    tau_store : float
        Standard deviation >= 0 between the stores of a chain, in the unit of se; inf is no pooling.
    tau_chain : float
        Standard deviation >= 0 between chains, in the unit of se; inf is no pooling.
    chain : array_like of shape (S,)
        The chain of each store: numbers or names.

    Returns
    -------
    Weights
        With arrays ``store``, ``chain`` and ``company`` of shape (S,).

    Raises
    ------
    ValueError
        Naming the argument that is out of range, or where a weight is 0/0: se and tau_store both 0, a store without
        data and tau_store = inf, a chain without data and tau_chain = inf, or both tau infinite.

    See Also
    --------
    hblib.normal_normal.shrinkage : The weight where there is one level.

    References
    ----------
    .. [1] Gelman & Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models, section 12.2, for
       one level; the second repeats it with a_c and u_c in place of ybar_j and se_j^2.

    Examples
    --------
    >>> weights = shrinkage([1, 1, 2], tau_store=1, tau_chain=1, chain=list("AAB"))
    >>> print(weights.store.round(3), weights.chain.round(3), weights.company.round(3))
    [0.5 0.5 0.2] [0.25  0.25  0.133] [0.25  0.25  0.667]
    """
    levels = _levels(se, tau_store, tau_chain, chain)
    store = np.asarray(normal_normal.shrinkage(levels.se, levels.tau_store))
    of_chain = np.asarray(normal_normal.shrinkage(levels.chain_se, levels.tau_chain))[levels.index]
    rest = 1 - store
    return Weights(store, rest * of_chain, rest * (1 - of_chain))


@dataclass(frozen=True, eq=False)
class Posterior:
    """Every posterior of the three-level model, each one of `hblib.distributions`.

    The standard deviations include the uncertainty of all that lies above: of mu_c for a store, and of mu for both.

    Attributes
    ----------
    labels : array of shape (C,)
        The chains, sorted; all arrays by chain follow this order.
    chain_estimate : array of shape (C,)
        The estimates a_c, which the weight `Weights.chain` multiplies; nan for a chain without data.
    store : Normal of shape (S,)
        The posterior of theta_j, of each store.
    chain : Normal of shape (C,)
        The posterior of mu_c, of each chain.
    mu : Normal
        The posterior of mu; its mean is mu hat, which the weight `Weights.company` multiplies.
    new_store : Normal of shape (C,)
        The theta of a store without data in each of the chains.
    new_chain : Normal
        The theta of a store without data in a chain without data.
    """

    labels: Labels
    chain_estimate: FloatArray
    store: Normal
    chain: Normal
    mu: Normal
    new_store: Normal
    new_chain: Normal


def posterior(ybar: ArrayLike, se: ArrayLike, tau_store: float, tau_chain: float, chain: ArrayLike) -> Posterior:
    r"""Compute the posterior of every store, every chain and mu, and the prediction for new ones.

    .. math::

        \bar y_j \sim N(\theta_j, se_j^2), \quad \theta_j \sim N(\mu_{c(j)}, \tau_{store}^2),

        \mu_c \sim N(\mu, \tau_{chain}^2), \quad p(\mu) \text{ flat}

    The two standard deviations are known here. `shrinkage` says how the means come about.

    Parameters
    ----------
    ybar : array_like of shape (S,)
        The stores' estimates; may be nan where se = inf.
    se : array_like of shape (S,)
        Their standard errors >= 0, in the unit of ybar; inf for a store without data.
    tau_store : float
        Standard deviation >= 0 between the stores of a chain, in the same unit; inf is no pooling.
    tau_chain : float
        Standard deviation >= 0 between chains, in the same unit; inf is no pooling.
    chain : array_like of shape (S,)
        The chain of each store: numbers or names.

    Returns
    -------
    Posterior
        With normals ``store`` (S,), ``chain`` and ``new_store`` (C,), ``mu`` and ``new_chain``; ``chain_estimate`` (C,)
        and the chains' ``labels``.

    Raises
    ------
    ValueError
        Naming the argument that is out of range, a ybar that is missing for a store with data too; or where a weight of
        `shrinkage` is 0/0.

    References
    ----------
    .. [1] Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4, for one level.

    Examples
    --------
    >>> result = posterior([4, 6, 11], 1, tau_store=1, tau_chain=2, chain=list("AAB"))
    >>> print(result.store.mean().round(3), result.chain.mean().round(3))
    [ 4.773  5.773 10.455] [5.545 9.909]
    """
    levels = _levels(se, tau_store, tau_chain, chain, ybar=arguments.numbers("ybar", ybar, allow_nan=True))
    value = arguments.numbers("ybar", np.where(np.isinf(levels.se), 0, levels.ybar))
    total, amount = (np.bincount(levels.index, levels.store_weight * of) for of in (value, 1.0))
    with np.errstate(invalid="ignore"):  # 0/0 for a chain without data
        estimate = total / amount
    weight = levels.chain_weight
    mu_hat = np.sum(weight * np.where(weight > 0, estimate, 0)) / np.sum(weight)
    unpooled = np.isinf(levels.tau_store) or np.isinf(levels.tau_chain)
    mu = Normal(mu_hat, np.inf if unpooled else np.sqrt(1 / np.sum(weight)))
    chains = _below(estimate, levels.chain_se, levels.tau_chain, mu)
    above = Normal(chains.mean()[levels.index], chains.std()[levels.index])
    return Posterior(
        labels=levels.labels,
        chain_estimate=estimate,
        store=_below(value, levels.se, levels.tau_store, above),
        chain=chains,
        mu=mu,
        new_store=Normal(chains.mean(), np.hypot(chains.std(), levels.tau_store)),
        new_chain=Normal(mu_hat, np.sqrt(mu.var() + levels.tau_chain**2 + levels.tau_store**2)),
    )


def log_marginal(
    ybar: ArrayLike, se: ArrayLike, tau_store: ArrayLike, tau_chain: ArrayLike, chain: ArrayLike
) -> FloatOrArray:
    r"""Compute the restricted log likelihood of (tau_store, tau_chain): stores, chains and mu are integrated out.

    .. math::

        \sum_j \log N(\bar y_j; \; a_{c(j)}, \; se_j^2 + \tau_{store}^2)

        {} + \sum_c \tfrac12 \log(2 \pi u_c) + \log \mathrm{REML}(a)

    Model, a_c and u_c are those of `shrinkage`; the last term is `hblib.normal_normal.profile` of the a_c with standard
    errors sqrt(u_c), at tau_chain, with method "reml".

    Parameters
    ----------
    ybar : array_like of shape (S,)
        The stores' estimates; may be nan where se = inf.
    se : array_like of shape (S,)
        Their standard errors > 0, in the unit of ybar. Stores with se = inf drop out.
    tau_store : array_like
        Standard deviation >= 0 between the stores of a chain, in the same unit.
    tau_chain : array_like
        Standard deviation >= 0 between chains, in the same unit; broadcasts against tau_store, so that a grid takes one
        call.
    chain : array_like of shape (S,)
        The chain of each store: numbers or names.

    Returns
    -------
    float or array
        The log likelihood, of the broadcast shape of tau_store and tau_chain.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    References
    ----------
    .. [1] Searle, Casella & McCulloch (1992), Variance Components, chapter 6.

    Examples
    --------
    >>> grid = log_marginal([4, 6, 11, 9], 1.0, [0, 1], [0, 3], chain=list("AABB"))
    >>> print(grid.round(3))
    [-17.95   -7.266]
    """
    data = _rows_by_chain(ybar, se, chain)
    store, above = arguments.numbers("tau_store", tau_store, low=0), arguments.numbers("tau_chain", tau_chain, low=0)
    store, above = arguments.together(tau_store=store, tau_chain=above)
    value = data.log_likelihood((store.ravel() / data.unit) ** 2, (above.ravel() / data.unit) ** 2)
    return value.reshape(store.shape)[()]


@dataclass(frozen=True, eq=False)
class Fit:
    """Estimated standard deviations between stores and between chains; what `fit` returns.

    Attributes
    ----------
    mu : float
        The mean of all chains.
    tau_store : float
        The standard deviation between the stores of a chain.
    tau_chain : float
        The standard deviation between chains.
    method : {"reml", "moments"}
        How they were estimated.
    log_likelihood : float
        The restricted log likelihood at the estimate.
    se_mu : float
        The standard error of mu given the two standard deviations.
    """

    mu: float
    tau_store: float
    tau_chain: float
    method: Literal["reml", "moments"]
    log_likelihood: float
    se_mu: float

    def summary(self) -> dict[str, list]:
        """Return the estimates and their standard errors as columns, of which pandas.DataFrame makes a table.

        Returns
        -------
        dict of list
            The columns "name", "estimate" and "se". Of the two standard deviations no standard error is computed: nan.

        Examples
        --------
        >>> table = fit([4, 6, 11, 9], 1.0, chain=["A", "A", "B", "B"]).summary()
        >>> print(table["name"], np.round(table["estimate"], 3))
        ['mu', 'tau_store', 'tau_chain'] [7.5   1.    3.391]
        """
        rows = {"mu": self.mu, "tau_store": self.tau_store, "tau_chain": self.tau_chain}
        return {"name": list(rows), "estimate": list(rows.values()), "se": [self.se_mu, np.nan, np.nan]}

    def posterior(self, ybar: ArrayLike, se: ArrayLike, chain: ArrayLike) -> Posterior:
        """Compute `posterior` with the estimates plugged in, as if known; too sure where there are few chains.

        Parameters
        ----------
        ybar : array_like of shape (S,)
            The stores' estimates; may be nan where se = inf.
        se : array_like of shape (S,)
            Their standard errors >= 0, in the unit of ybar; inf for a store without data.
        chain : array_like of shape (S,)
            The chain of each store: numbers or names.

        Returns
        -------
        Posterior
            Of these stores, which need not be those that gave the estimates.

        Raises
        ------
        ValueError
            Naming the argument that is out of range.
        """
        return posterior(ybar, se, self.tau_store, self.tau_chain, chain)


def fit(ybar: ArrayLike, se: ArrayLike, chain: ArrayLike, method: Literal["reml", "moments"] = "reml") -> Fit:
    r"""Estimate tau_store and tau_chain from the stores (empirical Bayes with two levels above the data).

    .. math::

        (\hat\tau_{store}, \hat\tau_{chain})

        {} = \arg\max_{\tau_{store}, \tau_{chain} \, \ge \, 0} \; \log p(\bar y \mid \tau_{store}, \tau_{chain})

    Parameters
    ----------
    ybar : array_like of shape (S,)
        The stores' estimates; may be nan where se = inf.
    se : array_like of shape (S,)
        Their standard errors > 0, in the unit of ybar. Stores with se = inf drop out.
    chain : array_like of shape (S,)
        The chain of each store: numbers or names.
    method : {"reml", "moments"}
        "reml" is the maximum of `log_marginal`, the formula above. "moments" is the analysis of variance, every store
        and every chain counted alike: tau_store^2 is the variance within chains minus what the se produce, tau_chain^2
        the variance of the chains' plain means minus what stores and se produce. An estimate below 0 becomes 0. With
        equal se, equal numbers of stores and nothing below 0 the two agree.

    Returns
    -------
    Fit
        Its mu weighs the chains as `posterior` does. The restricted log likelihood is the integral over a flat prior on
        mu, as in lme4; that of metafor's rma.mv is larger by log(S)/2.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; if fewer than two chains, or no chain with two stores, have data: then
        the two levels cannot be told apart.

    References
    ----------
    .. [1] Searle, Casella & McCulloch (1992), Variance Components, chapters 4 and 6.

    Examples
    --------
    >>> stores = fit([4, 6, 11, 9], 1.0, chain=["A", "A", "B", "B"])
    >>> print(round(stores.tau_store**2, 6), round(stores.tau_chain**2, 6))
    1.0 11.5
    """
    arguments.one_of("method", method, ("reml", "moments"))
    data = _rows_by_chain(ybar, se, chain)
    if data.size.size < 2 or data.size.max() < 2:
        raise ValueError("chain: two chains with data, and one with two stores, are needed to tell the levels apart")
    store2, chain2 = data.moments() if method == "moments" else data.reml()
    _, information, off = data.weights(np.array([store2]))
    v = information / (1 + information * chain2)
    _, mean = data.population(v, off)
    return Fit(
        mu=float((data.centre + mean) * data.unit),
        tau_store=float(np.sqrt(store2) * data.unit),
        tau_chain=float(np.sqrt(chain2) * data.unit),
        method=method,
        log_likelihood=float(data.log_likelihood(np.array([store2]), np.array([chain2]))[0]),
        se_mu=float(data.unit / np.sqrt(np.sum(v))),
    )


class _ByChain(NamedTuple):
    """Stores with data, sorted by chain and in it by se: what both estimators of the two standard deviations need.

    Where one store, or one chain, knows far more than the rest, differences from the means that it dominates would
    cancel. So each chain is measured from its first store, and the population from its best known chain.
    """

    y: np.ndarray  # measured from that of the first store of the chain
    first: np.ndarray  # (C,), these, measured from `centre`
    centre: float
    variance: np.ndarray  # se^2
    index: np.ndarray  # type: ignore[assignment]  # no tuple of these is searched
    start: np.ndarray  # (C,), the place of each chain's first store
    size: np.ndarray  # stores per chain
    unit: float  # of all that is above; a power of 2

    def by_chain(self, values):
        return np.add.reduceat(values, self.start, axis=-1)

    def weights(self, tau2):
        """Weights of the stores, their sums by chain, and the chains' means less `first`; tau2 of shape (..., 1)."""
        w = 1 / (self.variance + tau2)
        information = self.by_chain(w)
        return w, information, self.by_chain(w * self.y) / information

    def population(self, v, off):
        """Each chain's mean less the mean of all with weights v, and that mean, less `centre`; v of shape (..., C)."""
        top = np.argmax(v, axis=-1)[..., None]
        first, off_top = self.first[top], np.take_along_axis(off, top, axis=-1)
        away = (self.first - first) + (off - off_top)
        mean = np.sum(v * away, axis=-1, keepdims=True) / np.sum(v, axis=-1, keepdims=True)
        return away - mean, (mean + off_top + first)[..., 0]

    def log_likelihood(self, store2, chain2):
        """For arrays of one axis; a block of them at a time, so that memory does not grow with the grid."""
        value = np.empty(store2.size)
        for some in blocks(store2.size, self.y.size):
            value[some] = self._log_likelihood(store2[some, None], chain2[some, None])
        return value - (self.y.size - 1) * np.log(self.unit)

    def _log_likelihood(self, store2, chain2):
        w, information, off = self.weights(store2)
        v = information / (1 + information * chain2)
        away, _ = self.population(v, off)
        inner = np.sum(np.log(w / (2 * np.pi)) - w * (self.y - off[..., self.index]) ** 2, axis=-1)
        outer = np.sum(-np.log1p(information * chain2) - v * away**2, axis=-1)
        return (inner + outer - np.log(np.sum(v, axis=-1) / (2 * np.pi))) / 2

    def moments(self):
        off = self.by_chain(self.y) / self.size
        within = np.sum((self.y - off[self.index]) ** 2)
        noise = np.sum((1 - 1 / self.size[self.index]) * self.variance)
        store2 = (within - noise) / (self.y.size - self.size.size)
        below = (store2 + self.by_chain(self.variance) / self.size) / self.size
        return max(0.0, store2), max(0.0, np.var(self.first + off, ddof=1) - np.mean(below))

    def reml(self):
        """For each tau_store the best tau_chain is a two-level fit of the chains; what is left is one dimension."""
        least, reach = self.variance.min(), np.ptp(self.first[self.index] + self.y)
        store2 = highest(self._score, self._highest_at, bracketing(least, max(2 * reach**2, least)))
        return store2, self._best_chain2(store2)

    def _best_chain2(self, store2):
        _, information, off = self.weights(np.array([store2]))
        return normal_normal.fit(self.first + off, 1 / np.sqrt(information), "reml").tau ** 2

    def _highest_at(self, store2):
        return self.log_likelihood(np.array([store2]), np.array([self._best_chain2(store2)]))[0]

    def _score(self, store2):
        """d/d tau_store^2 of the log likelihood, tau_chain at its best: (sum (Py)^2 - trace P)/2."""
        w, information, off = self.weights(np.array([store2]))
        pull = 1 / (1 + information * self._best_chain2(store2))
        away, _ = self.population(information * pull, off)
        squares = np.sum((w * (self.y - off[self.index] + (pull * away)[self.index])) ** 2)
        return (squares - self._trace(w, information, pull)) / 2

    def _trace(self, w, information, pull):
        """trace P, by the sums of all other stores in the chain, and of all other chains: positive terms only."""
        v = information * pull
        other_stores = information[self.index] - w
        other_stores[self.start] = self.by_chain(np.where(np.arange(w.size) == self.start[self.index], 0, w))
        other_chains, top = np.sum(v) - v, np.argmax(v)
        other_chains[top] = np.sum(np.delete(v, top))
        trace = np.sum(w * (other_stores / information[self.index]))
        return trace + np.sum(self.by_chain(w**2) / information * pull * (other_chains / np.sum(v)))


def _rows_by_chain(ybar, se, chain):
    se = arguments.numbers("se", se, low=0, open_low=True, allow_inf=True)
    labels = arguments.labels("chain", chain)[1]
    ybar, se, index = arguments.groups(ybar=arguments.numbers("ybar", ybar, allow_nan=True), se=se, chain=labels)
    seen = np.isfinite(se)
    if not seen.any():
        raise ValueError("se must be finite for at least one store")
    arguments.numbers("ybar", np.where(seen, ybar, 0))
    order = np.lexsort((se[seen], index[seen]))
    y, se, index = (rows[seen][order] for rows in (ybar, se, index))
    unit = units.near_extreme(np.median(se))
    _, start, index, size = np.unique(index, return_index=True, return_inverse=True, return_counts=True)
    y, centre = y / unit, float(np.mean(y / unit))
    return _ByChain(y - y[start][index], y[start] - centre, centre, (se / unit) ** 2, index, start, size, unit)


class _Levels(NamedTuple):
    """Checked arguments of the three-level model, and the weights that its two means take."""

    ybar: np.ndarray
    se: np.ndarray
    tau_store: float
    tau_chain: float
    labels: np.ndarray
    index: np.ndarray  # type: ignore[assignment]  # the place of each store's chain in `labels`
    store_weight: np.ndarray  # proportional to 1/(se_j^2 + tau_store^2)
    chain_weight: np.ndarray  # proportional to 1/(u_c + tau_chain^2)
    chain_se: np.ndarray  # sqrt(u_c)


def _levels(se, tau_store, tau_chain, chain, ybar=None):
    tau_store = arguments.one("tau_store", tau_store, low=0, allow_inf=True)
    tau_chain = arguments.one("tau_chain", tau_chain, low=0, allow_inf=True)
    labels, index = arguments.labels("chain", chain)
    se, index, ybar = arguments.groups(
        se=arguments.numbers("se", se, low=0, allow_inf=True), chain=index, ybar=np.zeros(1) if ybar is None else ybar
    )
    store_weight = _store_weight(se, tau_store)
    information = np.bincount(index, store_weight)
    chain_weight = _chain_weight(information, tau_store, tau_chain, labels)
    with np.errstate(divide="ignore"):  # a chain without data
        chain_se = np.full(labels.shape, np.inf) if np.isinf(tau_store) else 1 / np.sqrt(information)
    return _Levels(ybar, se, tau_store, tau_chain, labels, index, store_weight, chain_weight, chain_se)


# Where a tau is infinite, all that has data counts the same: the limit of the weights, up to a factor.


def _store_weight(se, tau_store):
    unpooled = np.isinf(tau_store)
    if (np.isinf(se) if unpooled else (se == 0) & (tau_store == 0)).any():
        raise ValueError("se and tau_store are both 0, or both infinite, for some store: its weight 0/0 is undefined")
    return np.ones(se.shape) if unpooled else 1 / (se**2 + tau_store**2)


def _chain_weight(information, tau_store, tau_chain, labels):
    if np.isinf(tau_store) and np.isinf(tau_chain):
        raise ValueError("tau_store and tau_chain are both infinite: the weights of the chains, 0/0, are undefined")
    if not information.any():
        raise ValueError("se must be finite for at least one store: without data the posterior of mu is improper")
    if np.isinf(tau_store):
        return information
    if np.isfinite(tau_chain):
        return information / (1 + information * tau_chain**2)
    if not information.all():
        raise ValueError(f"tau_chain is infinite and chain {labels[information == 0][0]} has no data: 0/0 is undefined")
    return np.ones(labels.shape)


def _below(ybar, se, tau, above):
    """The posterior of theta ~ N(above, tau^2) where `above` is itself uncertain."""
    given = normal_normal.posterior(ybar, se, above.mean(), tau)
    with np.errstate(invalid="ignore"):  # inf * 0, in the branch that np.where does not take
        rest = 1 - normal_normal.shrinkage(se, tau)
        return Normal(given.mean(), np.hypot(given.std(), np.where(rest == 0, 0, rest * above.std())))
