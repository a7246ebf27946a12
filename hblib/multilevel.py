"""Beyond two levels: stores in chains, coefficient vectors, and three ways to write the same model for a sampler.

- `three_level` and `three_level_weights`: stores in chains in one population, all standard deviations known;
- `three_level_fit` and `three_level_log_likelihood`: the two standard deviations, estimated from the stores;
- `least_squares` and `matrix_shrinkage`: one intercept and slope a group instead of one mean;
- `gibbs` and `gibbs_rate`: how the choice of coordinates decides how fast a sampler moves;
- `centered`, `noncentered` and `partial`: the Normal-Normal model in PyMC, which is imported only when one is called.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hblib import normal_normal, priors
from hblib._numerics import arguments
from hblib.distributions import Normal

_BLOCK = 1 << 16  # numbers worked on at a time, where a grid meets all stores


@dataclass(frozen=True)
class Weights:
    """The three weights of each store's posterior mean, shape (S,), of sum 1; see `three_level_weights`."""

    store: np.ndarray
    chain: np.ndarray
    grand: np.ndarray


def three_level_weights(se, tau_store, tau_chain, chain):
    """What each store's posterior mean takes from its own estimate, from its chain and from all chains.

        ybar_s ~ N(theta_s, se_s^2),  theta_s ~ N(phi_c(s), tau_store^2),  phi_c ~ N(mu, tau_chain^2),  p(mu) flat

        E(theta_s | ybar) = store_s ybar_s + chain_s a_c(s) + grand_s m

    a_c, the chain estimate, is the mean of the chain's ybar_s with weights 1/(se_s^2 + tau_store^2), and has variance
    u_c = 1/(sum of these weights). m, the grand mean, is the mean of the a_c with weights 1/(u_c + tau_chain^2).
    `three_level` returns both. With kappa_s = `shrinkage(se_s, tau_store)` and k_c = `shrinkage(sqrt(u_c), tau_chain)`,

        store_s = kappa_s,   chain_s = (1 - kappa_s) k_c,   grand_s = (1 - kappa_s) (1 - k_c)

    Parameters
    ----------
    se : standard errors >= 0, one a store, shape (S,); inf for a store without data.
    tau_store, tau_chain : standard deviations >= 0 between stores of a chain and between chains; inf: no pooling.
    chain : the chain of each store, shape (S,): numbers or names.

    Returns
    -------
    `Weights` with arrays `store`, `chain` and `grand`, shape (S,).

    Raises
    ------
    ValueError naming the argument that is out of range, or where a weight is 0/0: se and tau_store both 0, a store
    without data and tau_store = inf, a chain without data and tau_chain = inf, or both tau infinite.

    Source: Gelman & Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models, section 12.2, for
    one level; the second repeats it with a_c and u_c in place of ybar_s and se_s^2.

    >>> weights = three_level_weights(se=[1, 1, 2], tau_store=1, tau_chain=1, chain=["A", "A", "B"])
    >>> print(weights.store.round(3), weights.chain.round(3), weights.grand.round(3))
    [0.5 0.5 0.2] [0.25  0.25  0.133] [0.25  0.25  0.667]
    """
    levels = _levels(se, tau_store, tau_chain, chain)
    store = normal_normal.shrinkage(levels.se, levels.tau_store)
    rest, of_chain = 1 - store, normal_normal.shrinkage(levels.chain_se, levels.tau_chain)[levels.index]
    return Weights(store, rest * of_chain, rest * (1 - of_chain))


@dataclass(frozen=True)
class ThreeLevel:
    """Every posterior of the three-level model, each a `Normal` with mean(), std(), interval(prob), ...

    The standard deviations include the uncertainty of all that lies above: of phi for a store, and of mu for both.
    """

    labels: np.ndarray  # the chains, sorted; all arrays by chain follow this order
    chain_estimate: np.ndarray  # a_c, which the weight `chain` multiplies; nan for a chain without data
    store: Normal  # theta_s
    chain: Normal  # phi_c
    mu: Normal  # its mean is m, which the weight `grand` multiplies
    new_store: Normal  # the theta of a store without data in each of the chains
    new_chain: Normal  # the theta of a store without data in a chain without data


def three_level(ybar, se, tau_store, tau_chain, chain):
    """The posterior of every store, every chain and mu, and the prediction for new ones.

    Model and definitions are those of `three_level_weights`.

    Parameters
    ----------
    ybar : the stores' estimates, shape (S,); may be nan where se = inf.
    se, tau_store, tau_chain, chain : as in `three_level_weights`.

    Returns
    -------
    A `ThreeLevel`: `Normal`s `store` (S,), `chain` and `new_store` (C,), `mu` and `new_chain`; `chain_estimate` (C,)
    and the chains' `labels`.

    Raises
    ------
    ValueError as `three_level_weights`; if ybar is missing for a store with data.

    Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.4, for one level.

    >>> result = three_level([4, 6, 11], se=1, tau_store=1, tau_chain=2, chain=["A", "A", "B"])
    >>> print(result.store.mean().round(3), result.chain.mean().round(3), round(result.mu.mean(), 3))
    [ 4.773  5.773 10.455] [5.545 9.909] 7.727
    """
    levels = _levels(se, tau_store, tau_chain, chain, ybar=arguments.numbers("ybar", ybar, allow_nan=True))
    value = arguments.numbers("ybar", np.where(np.isinf(levels.se), 0, levels.ybar))
    total, amount = (np.bincount(levels.index, levels.store_weight * of) for of in (value, 1.0))
    with np.errstate(invalid="ignore"):  # 0/0 for a chain without data
        estimate = total / amount
    weight = levels.chain_weight
    grand = np.sum(weight * np.where(weight > 0, estimate, 0)) / np.sum(weight)
    unpooled = np.isinf(levels.tau_store) or np.isinf(levels.tau_chain)
    mu = Normal(grand, np.inf if unpooled else np.sqrt(1 / np.sum(weight)))
    chains = _below(estimate, levels.chain_se, levels.tau_chain, mu)
    above = Normal(chains.mean()[levels.index], chains.std()[levels.index])
    return ThreeLevel(
        labels=levels.labels,
        chain_estimate=estimate,
        store=_below(value, levels.se, levels.tau_store, above),
        chain=chains,
        mu=mu,
        new_store=Normal(chains.mean(), np.hypot(chains.std(), levels.tau_store)),
        new_chain=Normal(grand, np.sqrt(mu.var() + levels.tau_chain**2 + levels.tau_store**2)),
    )


def three_level_log_likelihood(ybar, se, tau_store, tau_chain, chain):
    """The restricted log likelihood of (tau_store, tau_chain): the stores, the chains and mu are integrated out.

        sum_s log N(ybar_s; a_c(s), se_s^2 + tau_store^2) + sum_c log(2 pi u_c)/2 + log REML of the a_c

    Model, a_c and u_c are those of `three_level_weights`; the last term is `normal_normal.profile` of the a_c with
    standard errors sqrt(u_c), at tau_chain, with method "reml".

    Parameters
    ----------
    ybar, se, chain : one row a store, shape (S,); se > 0. Stores with se = inf drop out.
    tau_store, tau_chain : standard deviations >= 0; arrays broadcast against each other, so that a grid takes one call.

    Returns
    -------
    A float, or an array of the broadcast shape of tau_store and tau_chain.

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: Searle, Casella & McCulloch (1992), Variance Components, chapter 6.

    >>> grid = three_level_log_likelihood([4, 6, 11, 9], 1.0, [0, 1], [0, 3], chain=["A", "A", "B", "B"])
    >>> print(grid.round(3))
    [-17.95   -7.266]
    """
    data = _rows_by_chain(ybar, se, chain)
    limits = {"low": 0}
    store = arguments.numbers("tau_store", tau_store, **limits)
    above = arguments.numbers("tau_chain", tau_chain, **limits)
    store, above = arguments.together(tau_store=store, tau_chain=above)
    value = data.log_likelihood((store.ravel() / data.unit) ** 2, (above.ravel() / data.unit) ** 2)
    return value.reshape(store.shape)[()]


@dataclass(frozen=True)
class ThreeLevelFit:
    """Estimated standard deviations between stores and between chains; what `three_level_fit` returns."""

    mu: float
    tau_store: float
    tau_chain: float
    method: str
    log_likelihood: float  # the restricted one, at the estimate
    se_mu: float  # given the two standard deviations

    def posterior(self, ybar, se, chain):
        """`three_level` with the estimates plugged in, as if they were known; too sure where there are few chains."""
        return three_level(ybar, se, self.tau_store, self.tau_chain, chain)


def three_level_fit(ybar, se, chain, method="reml"):
    """Estimate tau_store and tau_chain from the stores (empirical Bayes with two levels above the data).

    Parameters
    ----------
    ybar, se, chain : one row a store, shape (S,); se > 0. Stores with se = inf drop out.
    method : "reml", the highest point of `three_level_log_likelihood`; or "moments" (analysis of variance, every store
        and every chain counted alike): tau_store^2 is the variance within chains minus what the se produce, tau_chain^2
        the variance of the chains' plain means minus what stores and se produce. An estimate below 0 becomes 0. With
        equal se, equal numbers of stores and nothing below 0 the two agree.

    Returns
    -------
    A `ThreeLevelFit`; its mu weighs the chains as `three_level` does. The restricted log likelihood is the integral
    over a flat prior on mu, as in lme4; that of metafor's rma.mv is larger by log(S)/2.

    Raises
    ------
    ValueError naming the argument that is out of range; if fewer than two chains, or no chain with two stores, have
    data: then the two levels cannot be told apart.

    Source: Searle, Casella & McCulloch (1992), Variance Components, chapters 4 and 6.

    >>> fit = three_level_fit([4, 6, 11, 9], 1.0, chain=["A", "A", "B", "B"])
    >>> print(round(fit.tau_store**2, 6), round(fit.tau_chain**2, 6), round(fit.mu, 6))
    1.0 11.5 7.5
    """
    arguments.one_of("method", method, ("reml", "moments"))
    data = _rows_by_chain(ybar, se, chain)
    if data.size.size < 2 or data.size.max() < 2:
        raise ValueError("chain: two chains with data, and one with two stores, are needed to tell the levels apart")
    store2, chain2 = data.moments() if method == "moments" else data.reml()
    _, information, off = data.collect(np.array([store2]))
    v = information / (1 + information * chain2)
    _, mean = data.population(v, off)
    return ThreeLevelFit(
        float((data.centre + mean) * data.unit),
        float(np.sqrt(store2) * data.unit),
        float(np.sqrt(chain2) * data.unit),
        method,
        float(data.log_likelihood(np.array([store2]), np.array([chain2]))[0]),
        float(data.unit / np.sqrt(np.sum(v))),
    )


@dataclass(frozen=True)
class Coefficients:
    """Posterior of each group's coefficient vector: shapes (J, K) for the mean, (J, K, K) for the other two."""

    weight: np.ndarray  # W_j
    mean: np.ndarray
    covariance: np.ndarray


def matrix_shrinkage(estimate, covariance, mu, Sigma):
    """Shrink whole coefficient vectors: the Normal-Normal model with matrices in place of the two variances.

        b_j ~ N(beta_j, V_j),  beta_j ~ N(mu, Sigma),   W_j = Sigma (Sigma + V_j)^-1
        beta_j | b_j ~ N(mu + W_j (b_j - mu), Sigma - W_j Sigma)

    For K = 1, W_j is kappa_j of `normal_normal.shrinkage`. Off the diagonal W_j lets a group's estimated intercept
    move its slope.

    Parameters
    ----------
    estimate : b_j, shape (J, K); nan where the variance is infinite.
    covariance : V_j, shape (J, K, K) or (K, K). A coefficient on which a group has no data, independent of its others,
        has V_j[i, i] = inf.
    mu : shape (K,), or (J, K) if it depends on predictors of the group.
    Sigma : shape (K, K); may be singular: a zero variance pools that coefficient completely.

    Returns
    -------
    `Coefficients` with `weight`, `mean` and `covariance`.

    Raises
    ------
    ValueError naming the argument that is out of range or is no covariance matrix; if Sigma + V_j is singular.

    Source: Lindley & Smith (1972), Journal of the Royal Statistical Society B 34:1-41.

    >>> post = matrix_shrinkage([[3, 1]], [[1, 0], [0, 1]], mu=[0, 0], Sigma=[[1, 0.5], [0.5, 1]])
    >>> print(post.weight.round(3).tolist(), post.mean.round(3).tolist())
    [[[0.467, 0.133], [0.133, 0.467]]] [[1.533, 0.867]]
    """
    b = np.atleast_2d(arguments.numbers("estimate", estimate, allow_nan=True))
    mu, K = arguments.numbers("mu", mu), b.shape[-1]
    Sigma, _ = _covariance("Sigma", Sigma, K)
    V, known = _covariance("covariance", covariance, K, allow_inf=True)
    b, mu, known = arguments.together(**{"estimate": b, "mu": mu, "diagonal of covariance": known})
    residual = arguments.numbers("estimate", np.where(known, b - mu, 0))
    # A coefficient without data has no column in `seen`, and a 1 of its own in the matrix to invert.
    seen = Sigma * known[:, None, :]
    total = seen * known[:, :, None] + V + np.eye(K) * ~known[:, :, None]
    if (_smallest_eigenvalue(total) < 1e-13).any():
        raise ValueError("Sigma + covariance is singular for some group: its weight is undefined")
    W = np.linalg.solve(total, seen.swapaxes(-1, -2)).swapaxes(-1, -2)
    # Equal to Sigma - W Sigma, but a sum of squares: it keeps its digits where Sigma is large.
    rest = np.eye(K) - W
    return Coefficients(
        weight=W,
        mean=mu + (W @ residual[..., None])[..., 0],
        covariance=rest @ Sigma @ rest.swapaxes(-1, -2) + W @ V @ W.swapaxes(-1, -2),
    )


def least_squares(x, y, group, sigma):
    """Each group's own regression, y_i = x_i . beta_j + N(0, sigma^2): what `matrix_shrinkage` takes.

        b_j = (X_j' X_j)^-1 X_j' y_j,   V_j = sigma^2 (X_j' X_j)^-1

    Parameters
    ----------
    x : the design, shape (N, K); for an intercept it holds a column of ones.
    y, group : response and group of each row, shape (N,); groups are numbers or names.
    sigma : residual standard deviation >= 0.

    Returns
    -------
    (estimate, covariance), shapes (J, K) and (J, K, K), the groups in sorted order.

    Raises
    ------
    ValueError naming the argument that is out of range, or the group whose rows do not identify all coefficients.

    >>> x = [[1, 0], [1, 1], [1, 0], [1, 2]]
    >>> estimate, covariance = least_squares(x, y=[1, 3, 5, 4], group=["a", "a", "b", "b"], sigma=1)
    >>> print(estimate.round(6).tolist())
    [[1.0, 2.0], [5.0, -0.5]]
    """
    x, y, sigma = arguments.numbers("x", x), arguments.numbers("y", y), arguments.one("sigma", sigma, low=0)
    labels, index = arguments.labels("group", group)
    if x.ndim != 2 or y.shape != x.shape[:1] or index.shape != y.shape:
        raise ValueError(
            f"x, y, group must have shapes (N, K), (N,), (N,), but have {x.shape}, {y.shape}, {index.shape}"
        )
    inverses, estimates = [], []
    for j, label in enumerate(labels):
        rows = x[index == j]
        if np.linalg.matrix_rank(rows) < x.shape[1]:
            raise ValueError(f"x does not identify all {x.shape[1]} coefficients of group {label}")
        inverses.append(np.linalg.pinv(rows))
        estimates.append(inverses[-1] @ y[index == j])
    return np.array(estimates), np.array([sigma**2 * inverse @ inverse.T for inverse in inverses])


def gibbs_rate(w, kappa):
    """Lag-1 autocorrelation of mu in the two-block Gibbs sampler in the coordinates theta~_j = theta_j - w mu.

        (w - B)^2 / ((w - B)^2 + B (1 - B)),   B = 1 - kappa

    It is B in the centered coordinates (w = 0), 1 - B in the non-centered (w = 1), and 0 at w = B. tau and the equal
    se are known and mu has a flat prior; the number of groups does not matter.

    Why: given mu, theta~_j has precision A = 1/tau^2 + 1/se^2 and a mean with slope (1 - w) B - w (1 - B) = B - w in
    mu; given theta~, mu has slope A (B - w)/D in the mean of theta~, with D = A ((1 - w)^2 B + w^2 (1 - B)) its
    precision per group. The rate is the product of the slopes, and (1 - w)^2 B + w^2 (1 - B) = (w - B)^2 + B (1 - B).

    Parameters
    ----------
    w : 0 is centered, 1 non-centered.
    kappa : in [0, 1], the weight of a group's own data. Arrays broadcast against w.

    Returns
    -------
    The autocorrelation; at kappa = 0 and 1 its limit: 0 at w = B, otherwise 1.

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: Papaspiliopoulos, Roberts & Skold (2007), Statistical Science 22:59-73.

    >>> gibbs_rate(w=[0, 0.75, 1], kappa=0.25).tolist()
    [0.75, 0.0, 0.25]
    """
    w, kappa = arguments.together(w=arguments.numbers("w", w), kappa=arguments.numbers("kappa", kappa, low=0))
    if (kappa > 1).any():
        raise ValueError(f"kappa must be at most 1, but is {kappa.max()}")
    squared = (w - (1 - kappa)) ** 2
    return np.divide(squared, squared + kappa * (1 - kappa), out=np.zeros(w.shape), where=squared > 0)[()]


def gibbs(ybar, se, tau, w, draws, rng):
    """Draw from the posterior of the Normal-Normal model with known tau and flat mu, in two blocks.

    Each round draws mu given all theta~_j = theta_j - w_j mu, then all theta~_j given mu. The first mu comes from its
    exact posterior, so that no warm-up is needed.

    Parameters
    ----------
    ybar, se : one row a group, shape (J,); se > 0. A group with se = inf has no data.
    tau : between-group standard deviation > 0.
    w : 0 is centered, 1 non-centered; one for all groups, or one a group.
    draws : how many rounds.
    rng : a NumPy `Generator`, or a seed for one.

    Returns
    -------
    (mu, theta), shapes (draws,) and (draws, J).

    Raises
    ------
    ValueError naming the argument that is out of range; if no group has data.

    >>> mu, theta = gibbs([9, 11, 10], 1.0, tau=1.0, w=0.5, draws=1000, rng=np.random.default_rng(1))
    >>> mu.shape, theta.shape
    ((1000,), (1000, 3))
    """
    ybar, se, w = _rows(ybar, se, w)
    tau = arguments.one("tau", tau, low=0, open_low=True)
    weight = 1 / (se**2 + tau**2)
    if not weight.sum():
        raise ValueError("se must be finite for at least one group: without data the posterior of mu is improper")
    draws, rng = arguments.whole("draws", draws), arguments.generator("rng", rng)
    data, prior = 1 / se**2, 1 / tau**2
    spread = 1 / np.sqrt(data + prior)
    precision = np.sum((1 - w) ** 2 * prior + w**2 * data)
    mu, theta = np.empty(draws), np.empty((draws, len(se)))
    at = rng.normal(np.sum(weight * ybar) / weight.sum(), 1 / np.sqrt(weight.sum()))
    for i in range(draws):
        raw = rng.normal(spread**2 * ((1 - w) * prior * at + data * (ybar - w * at)), spread)
        mu[i], theta[i] = at, raw + w * at
        at = rng.normal(np.sum((1 - w) * prior * raw + w * data * (ybar - raw)) / precision, 1 / np.sqrt(precision))
    return mu, theta


_HALF_CAUCHY = priors.half_cauchy(5)


def centered(ybar, se, mu_prior=(0, 5), tau_prior=_HALF_CAUCHY):
    """The Normal-Normal model in PyMC, written as it is read: theta_j ~ N(mu, tau^2).

    `centered`, `noncentered` and `partial` are one model in three coordinates: the joint posterior of mu, tau and
    theta is the same.

    Parameters
    ----------
    ybar, se : one row a group, shape (J,); se > 0. A group with se = inf has no data, only a theta.
    mu_prior : mean and standard deviation of mu's normal prior.
    tau_prior : one of `hblib.priors` that PyMC has too: half_normal, half_cauchy, half_t, exponential or uniform.

    Returns
    -------
    A `pymc.Model` with variables "mu", "tau" and "theta", and "ybar" for the data.

    Raises
    ------
    ValueError naming the argument that is out of range.

    Source: Betancourt & Girolami (2015), Hamiltonian Monte Carlo for hierarchical models, in Current Trends in
    Bayesian Methodology with Applications; for `partial`, Gorinova, Moore & Hoffman (2020), ICML.
    """

    def theta(pm, mu, tau, J):
        return pm.Normal("theta", mu, tau, shape=J)

    return _model(ybar, se, mu_prior, tau_prior, theta)


def noncentered(ybar, se, mu_prior=(0, 5), tau_prior=_HALF_CAUCHY):
    """The model of `centered` in the coordinates z_j ~ N(0, 1), theta_j = mu + tau z_j. The variable is "z"."""

    def theta(pm, mu, tau, J):
        return pm.Deterministic("theta", mu + tau * pm.Normal("z", 0, 1, shape=J))

    return _model(ybar, se, mu_prior, tau_prior, theta)


def partial(ybar, se, w, mu_prior=(0, 5), tau_prior=_HALF_CAUCHY):
    """The model of `centered` in coordinates between its own (w = 0) and those of `noncentered` (w = 1, times s).

        theta~_j = (1 - w_j) mu + (s/tau)^w_j (theta_j - mu) ~ N((1 - w_j) mu, tau^2 (s/tau)^(2 w_j))

    s is the scale of tau's prior (1 if it has none), so that the unit of the data does not matter; where tau = s,
    theta~_j is theta_j - w_j mu, the coordinates of `gibbs_rate`, and w_j = 1 - kappa_j a good choice. w is in [0, 1],
    one for all groups or one a group: 0 or 1 each chooses per group. Without the factor (s/tau)^w the coordinates would
    still be a funnel in tau, even at w = 1. The variable is "theta_tilde"; the rest is as in `centered`.
    """
    *_, w = _rows(ybar, se, w)
    if ((w < 0) | (w > 1)).any():
        raise ValueError(f"w must lie between 0 and 1, but is {w}")

    def theta(pm, mu, tau, J):
        stretch = (tau / tau_prior.parameters.get("scale", 1.0)) ** w
        raw = pm.Normal("theta_tilde", (1 - w) * mu, tau / stretch, shape=J)
        return pm.Deterministic("theta", mu + stretch * (raw - (1 - w) * mu))

    return _model(ybar, se, mu_prior, tau_prior, theta)


def _model(ybar, se, mu_prior, tau_prior, theta):
    """The priors and the data, which are the same in all coordinates."""
    ybar, se, _ = _rows(ybar, se, 0)
    mean, sd = mu_prior
    import pymc as pm  # here, because it takes seconds to load

    seen = np.isfinite(se)
    with pm.Model() as model:
        mu = pm.Normal("mu", arguments.one("mu_prior", mean), arguments.one("mu_prior", sd, low=0, open_low=True))
        tau = priors.to_pymc("tau", tau_prior)
        every = theta(pm, mu, tau, len(se))
        pm.Normal("ybar", every[seen], se[seen], observed=ybar[seen])
    return model


class _ByChain(NamedTuple):
    """Stores with data, sorted by chain and in it by se: what both estimators of the two standard deviations need.

    Where one store, or one chain, knows far more than the rest, differences from the means that it dominates would
    cancel. So each chain is measured from its first store, and the population from its best known chain.
    """

    y: np.ndarray  # measured from that of the first store of the chain
    first: np.ndarray  # (C,), these, measured from `centre`
    centre: float
    variance: np.ndarray  # se^2
    index: np.ndarray
    start: np.ndarray  # (C,), the place of each chain's first store
    size: np.ndarray  # stores per chain
    unit: float  # of all that is above; a power of 2

    def by_chain(self, values):
        return np.add.reduceat(values, self.start, axis=-1)

    def collect(self, tau2):
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
        value, rows = np.empty(store2.size), max(1, _BLOCK // self.y.size)
        for at in range(0, store2.size, rows):
            value[at : at + rows] = self._log_likelihood(store2[at : at + rows, None], chain2[at : at + rows, None])
        return value - (self.y.size - 1) * np.log(self.unit)

    def _log_likelihood(self, store2, chain2):
        w, information, off = self.collect(store2)
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

        def best_chain2(store2):
            _, information, off = self.collect(np.array([store2]))
            return normal_normal.fit(self.first + off, 1 / np.sqrt(information), "reml").tau ** 2

        def score(store2):
            """d/d tau_store^2 of the log likelihood, tau_chain at its best: (sum (Py)^2 - trace P)/2."""
            w, information, off = self.collect(np.array([store2]))
            pull = 1 / (1 + information * best_chain2(store2))
            v = information * pull
            away, _ = self.population(v, off)
            squares = np.sum((w * (self.y - off[self.index] + (pull * away)[self.index])) ** 2)
            # trace P, by the sums of all other stores in the chain, and of all other chains: positive terms only
            other_stores = information[self.index] - w
            other_stores[self.start] = self.by_chain(np.where(np.arange(w.size) == self.start[self.index], 0, w))
            other_chains, top = np.sum(v) - v, np.argmax(v)
            other_chains[top] = np.sum(np.delete(v, top))
            trace = np.sum(w * (other_stores / information[self.index]))
            trace += np.sum(self.by_chain(w**2) / information * pull * (other_chains / np.sum(v)))
            return (squares - trace) / 2

        def value(store2):
            return self.log_likelihood(np.array([store2]), np.array([best_chain2(store2)]))[0]

        least, spread = self.variance.min(), np.ptp(self.first[self.index] + self.y)
        grid = np.append(0.0, np.geomspace(least * 1e-6, max(2 * spread**2, least), 64))
        store2 = normal_normal.highest(score, value, grid)
        return store2, best_chain2(store2)


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
    unit = normal_normal.unit_near(np.median(se))
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
    index: np.ndarray  # the place of each store's chain in `labels`
    store_weight: np.ndarray  # proportional to 1/(se_s^2 + tau_store^2)
    chain_weight: np.ndarray  # proportional to 1/(u_c + tau_chain^2)
    chain_se: np.ndarray  # sqrt(u_c)


def _levels(se, tau_store, tau_chain, chain, ybar=None):
    tau_store = arguments.one("tau_store", tau_store, low=0, allow_inf=True)
    tau_chain = arguments.one("tau_chain", tau_chain, low=0, allow_inf=True)
    labels, index = arguments.labels("chain", chain)
    se, index, ybar = arguments.groups(
        se=arguments.numbers("se", se, low=0, allow_inf=True), chain=index, ybar=np.zeros(1) if ybar is None else ybar
    )
    unpooled = np.isinf(tau_store)
    if (np.isinf(se) if unpooled else (se == 0) & (tau_store == 0)).any():
        raise ValueError("se and tau_store are both 0, or both infinite, for some store: its weight 0/0 is undefined")
    if unpooled and np.isinf(tau_chain):
        raise ValueError("tau_store and tau_chain are both infinite: the weights of the chains, 0/0, are undefined")
    # Where a tau is infinite, all that has data counts the same: the limit of the weights, up to a factor.
    store_weight = np.ones(se.shape) if unpooled else 1 / (se**2 + tau_store**2)
    information = np.bincount(index, store_weight)
    if not information.any():
        raise ValueError("se must be finite for at least one store: without data the posterior of mu is improper")
    if np.isinf(tau_chain) and not information.all():
        raise ValueError(f"tau_chain is infinite and chain {labels[information == 0][0]} has no data: 0/0 is undefined")
    if unpooled:
        return _Levels(
            ybar, se, tau_store, tau_chain, labels, index, store_weight, information, np.full(labels.shape, np.inf)
        )
    chain_weight = np.ones(labels.shape) if np.isinf(tau_chain) else information / (1 + information * tau_chain**2)
    with np.errstate(divide="ignore"):  # a chain without data
        chain_se = 1 / np.sqrt(information)
    return _Levels(ybar, se, tau_store, tau_chain, labels, index, store_weight, chain_weight, chain_se)


def _below(ybar, se, tau, above):
    """The posterior of theta ~ N(above, tau^2) where `above` is itself uncertain."""
    given = normal_normal.posterior(ybar, se, above.mean(), tau)
    with np.errstate(invalid="ignore"):  # inf * 0, in the branch that np.where does not take
        rest = 1 - normal_normal.shrinkage(se, tau)
        return Normal(given.mean(), np.hypot(given.std(), np.where(rest == 0, 0, rest * above.std())))


def _rows(ybar, se, w):
    """Clean rows of (ybar, se, w); a group without data has ybar = 0, whatever it held."""
    se = arguments.numbers("se", se, low=0, open_low=True, allow_inf=True)
    ybar, w = arguments.numbers("ybar", ybar, allow_nan=True), arguments.numbers("w", w)
    ybar, se, w = arguments.groups(ybar=ybar, se=se, w=w)
    return arguments.numbers("ybar", np.where(np.isinf(se), 0, ybar)), se, w


def _covariance(name, matrix, K, allow_inf=False):
    """The matrix without its coefficients of infinite variance (their rows and columns 0), and which ones it has."""
    matrix = arguments.numbers(name, matrix, allow_inf=allow_inf)
    if matrix.shape[-2:] != (K, K):
        raise ValueError(f"{name} must end in shape ({K}, {K}), one row a coefficient, but has shape {matrix.shape}")
    known = np.diagonal(matrix, axis1=-2, axis2=-1) < np.inf
    matrix = arguments.numbers(name, np.where(known[..., :, None] & known[..., None, :], matrix, 0))
    if not np.allclose(matrix, matrix.swapaxes(-1, -2)) or (_smallest_eigenvalue(matrix) < -1e-9).any():
        raise ValueError(f"{name} must be symmetric without negative eigenvalues")
    return matrix, known


def _smallest_eigenvalue(matrix):
    """Of the matrix in units that make its diagonal 1, so that the units of the coefficients do not matter."""
    unit = np.sqrt(np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)))
    unit = np.where(unit == 0, 1, unit)
    return np.linalg.eigvalsh(matrix / (unit[..., :, None] * unit[..., None, :]))[..., 0]
