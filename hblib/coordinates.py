"""Three ways to write the Normal-Normal model for a sampler, and how much the choice matters.

- `gibbs` and `gibbs_rate`: how the choice of coordinates decides how fast a sampler moves;
- `centered`, `noncentered` and `partial`: the Normal-Normal model in PyMC, which is imported only when one is called.
"""

import numpy as np

from hblib import priors
from hblib._numerics import arguments


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

    s is the scale of tau's prior, so that the unit of the data does not matter; where tau = s, theta~_j is
    theta_j - w_j mu, the coordinates of `gibbs_rate`, and w_j = 1 - kappa_j a good choice. w is in [0, 1], one for all
    groups or one a group: 0 or 1 each chooses per group. Without the factor (s/tau)^w the coordinates would still be a
    funnel in tau, even at w = 1. The variable is "theta_tilde"; the rest is as in `centered`.
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


def _rows(ybar, se, w):
    """Clean rows of (ybar, se, w); a group without data has ybar = 0, whatever it held."""
    se = arguments.numbers("se", se, low=0, open_low=True, allow_inf=True)
    ybar, w = arguments.numbers("ybar", ybar, allow_nan=True), arguments.numbers("w", w)
    ybar, se, w = arguments.groups(ybar=ybar, se=se, w=w)
    return arguments.numbers("ybar", np.where(np.isinf(se), 0, ybar)), se, w
