"""Three ways to write the Normal-Normal model for a sampler, and how much the choice matters.

`gibbs` and `gibbs_rate` show how the choice of coordinates decides how fast a sampler moves. `centered`, `noncentered`
and `partial` are the Normal-Normal model in PyMC, which is imported only when one of them is called.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from hblib import priors
from hblib._numerics import arguments
from hblib._numerics.types import FloatArray, FloatOrArray, Rng

if TYPE_CHECKING:
    import pymc


def gibbs_rate(w: ArrayLike, kappa: ArrayLike) -> FloatOrArray:
    r"""Compute the lag-1 autocorrelation of mu in the two-block Gibbs sampler.

    In the coordinates x_j = theta_j - w mu it is

    .. math::

        \frac{(w - B)^2}{(w - B)^2 + B (1 - B)}

        B = 1 - \kappa

    It is B in the centred coordinates (w = 0), 1 - B in the non-centred (w = 1), and 0 at w = B. tau and the equal se
    are known and mu has a flat prior; the number of groups does not matter.

    Parameters
    ----------
    w : array_like
        Which coordinates: 0 is centred, 1 non-centred.
    kappa : array_like
        The weight of a group's own data, in [0, 1]; broadcasts against w.

    Returns
    -------
    float or array
        The autocorrelation, of the broadcast shape; at kappa = 0 and 1 its limit: 0 at w = B, otherwise 1.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    See Also
    --------
    gibbs : The sampler.

    Notes
    -----
    Given mu, x_j is normal with precision A = 1/tau^2 + 1/se^2, and its mean is a line in mu with slope
    (1 - w) B - w (1 - B) = B - w. Given x, mu is normal with precision D per group, where
    D/A = (1 - w)^2 B + w^2 (1 - B) = (w - B)^2 + B (1 - B), and its mean is a line in the mean of x with slope
    A (B - w)/D. The autocorrelation is the product of the two slopes.

    References
    ----------
    .. [1] Papaspiliopoulos, Roberts & Sköld (2007), Statistical Science 22:59-73.

    Examples
    --------
    >>> gibbs_rate(w=[0, 0.75, 1], kappa=0.25).tolist()
    [0.75, 0.0, 0.25]
    """
    w, kappa = arguments.together(w=arguments.numbers("w", w), kappa=arguments.numbers("kappa", kappa, low=0))
    if (kappa > 1).any():
        raise ValueError(f"kappa must be at most 1, but is {kappa.max()}")
    squared = (w - (1 - kappa)) ** 2
    return np.divide(squared, squared + kappa * (1 - kappa), out=np.zeros(w.shape), where=squared > 0)[()]


def gibbs(
    ybar: ArrayLike, se: ArrayLike, tau: float, w: ArrayLike, draws: int, rng: Rng = None
) -> tuple[FloatArray, FloatArray]:
    r"""Draw from the posterior of the Normal-Normal model with known tau and flat mu, in two blocks.

    .. math::

        \mu \mid x, \bar y \quad \text{and} \quad x \mid \mu, \bar y

        x_j = \theta_j - w_j \mu

    Each round draws mu given all x_j, then all x_j given mu. The first mu comes from its exact posterior, so
    that no warm-up is needed.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        The groups' estimates; may be nan where se = inf.
    se : array_like of shape (J,)
        Their standard errors > 0, in the unit of ybar. A group with se = inf has no data.
    tau : float
        Between-group standard deviation > 0, in the same unit.
    w : array_like
        0 is centred, 1 non-centred; one for all groups, or one a group.
    draws : int
        How many rounds.
    rng : numpy.random.Generator or int, optional
        A generator, or a seed for one; None gives other draws each time.

    Returns
    -------
    mu : array of shape (draws,)
        The draws of mu.
    theta : array of shape (draws, J)
        The draws of the groups' theta_j.

    Raises
    ------
    ValueError
        Naming the argument that is out of range; if no group has data.

    See Also
    --------
    gibbs_rate : How slowly its mu moves.

    References
    ----------
    .. [1] Papaspiliopoulos, Roberts & Sköld (2007), Statistical Science 22:59-73.

    Examples
    --------
    >>> mu, theta = gibbs([9, 11, 10], 1.0, tau=1.0, w=0.5, draws=1000, rng=1)
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
    sd = 1 / np.sqrt(data + prior)
    precision = np.sum((1 - w) ** 2 * prior + w**2 * data)
    mu, theta = np.empty(draws), np.empty((draws, len(se)))
    at = rng.normal(np.sum(weight * ybar) / weight.sum(), 1 / np.sqrt(weight.sum()))
    for i in range(draws):
        raw = rng.normal(sd**2 * ((1 - w) * prior * at + data * (ybar - w * at)), sd)
        mu[i], theta[i] = at, raw + w * at
        at = rng.normal(np.sum((1 - w) * prior * raw + w * data * (ybar - raw)) / precision, 1 / np.sqrt(precision))
    return mu, theta


_HALF_CAUCHY = priors.half_cauchy(5)


def centered(
    ybar: ArrayLike,
    se: ArrayLike,
    prior: priors.Prior = _HALF_CAUCHY,
    mu_prior: tuple[float, float] = (0, 5),
) -> "pymc.Model":
    r"""Write the Normal-Normal model in PyMC as it is read.

    .. math:: \theta_j \sim N(\mu, \tau^2)

    `centered`, `noncentered` and `partial` are one model in three coordinates: the joint posterior of mu, tau and theta
    is the same.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        The groups' estimates; may be nan where se = inf.
    se : array_like of shape (J,)
        Their standard errors > 0, in the unit of ybar. A group with se = inf has no data, only a theta.
    prior : Prior
        The prior of tau: one of `hblib.priors` that PyMC has too, half_normal, half_cauchy, half_t, exponential or
        uniform.
    mu_prior : tuple of float
        Mean and standard deviation of mu's normal prior, in the unit of ybar.

    Returns
    -------
    pymc.Model
        With variables "mu", "tau" and "theta", and "ybar" for the data.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    References
    ----------
    .. [1] Betancourt & Girolami (2015), Hamiltonian Monte Carlo for hierarchical models, in Current Trends in Bayesian
       Methodology with Applications.

    Examples
    --------
    >>> model = centered(ybar=[28, 8, -3], se=[15, 10, 16])
    >>> [variable.name for variable in model.free_RVs]
    ['mu', 'tau', 'theta']
    """

    def theta(pm, mu, tau, J):
        return pm.Normal("theta", mu, tau, shape=J)

    return _model(ybar, se, prior, mu_prior, theta)


def noncentered(
    ybar: ArrayLike,
    se: ArrayLike,
    prior: priors.Prior = _HALF_CAUCHY,
    mu_prior: tuple[float, float] = (0, 5),
) -> "pymc.Model":
    r"""Write the Normal-Normal model in PyMC in non-centred coordinates.

    .. math::

        z_j \sim N(0, 1)

        \theta_j = \mu + \tau z_j

    Parameters
    ----------
    ybar : array_like of shape (J,)
        The groups' estimates; may be nan where se = inf.
    se : array_like of shape (J,)
        Their standard errors > 0, in the unit of ybar. A group with se = inf has no data, only a theta.
    prior : Prior
        The prior of tau: one of `hblib.priors` that PyMC has too, half_normal, half_cauchy, half_t, exponential or
        uniform.
    mu_prior : tuple of float
        Mean and standard deviation of mu's normal prior, in the unit of ybar.

    Returns
    -------
    pymc.Model
        With variables "mu", "tau" and "z", "theta" computed from them, and "ybar" for the data.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    See Also
    --------
    centered : The same model as it is read.

    References
    ----------
    .. [1] Betancourt & Girolami (2015), Hamiltonian Monte Carlo for hierarchical models, in Current Trends in Bayesian
       Methodology with Applications.

    Examples
    --------
    >>> model = noncentered(ybar=[28, 8, -3], se=[15, 10, 16])
    >>> [variable.name for variable in model.free_RVs]
    ['mu', 'tau', 'z']
    """

    def theta(pm, mu, tau, J):
        return pm.Deterministic("theta", mu + tau * pm.Normal("z", 0, 1, shape=J))

    return _model(ybar, se, prior, mu_prior, theta)


def partial(
    ybar: ArrayLike,
    se: ArrayLike,
    w: ArrayLike,
    prior: priors.Prior = _HALF_CAUCHY,
    mu_prior: tuple[float, float] = (0, 5),
) -> "pymc.Model":
    r"""Write the Normal-Normal model in PyMC in coordinates between the centred and the non-centred ones.

    .. math::

        \tilde\theta_j = (1 - w_j) \mu + (s/\tau)^{w_j} (\theta_j - \mu)

        {} \sim N\left((1 - w_j) \mu, \; \tau^2 (s/\tau)^{2 w_j}\right)

    Each w_j is a choice for its group: 0 gives the coordinate theta_j of `centered`, 1 gives s z_j, the coordinate of
    `noncentered` times s, and numbers in between lie between the two.

    s is the scale of tau's prior, so that w does not depend on the unit of the data; `hblib.priors.uniform` has no
    scale, and there s is 1 in that unit. Where tau = s, theta_tilde_j is theta_j - w_j mu, the x_j of `gibbs_rate`,
    which says that w_j = 1 - kappa_j is then a good choice. The power of s/tau takes the funnel away as w_j comes
    to 1: without it the standard deviation of theta_tilde_j would be tau for every w_j.

    Parameters
    ----------
    ybar : array_like of shape (J,)
        The groups' estimates; may be nan where se = inf.
    se : array_like of shape (J,)
        Their standard errors > 0, in the unit of ybar. A group with se = inf has no data, only a theta.
    w : array_like
        How far from the centred coordinates, in [0, 1]; one for all groups or one a group.
    prior : Prior
        The prior of tau: one of `hblib.priors` that PyMC has too, half_normal, half_cauchy, half_t, exponential or
        uniform.
    mu_prior : tuple of float
        Mean and standard deviation of mu's normal prior, in the unit of ybar.

    Returns
    -------
    pymc.Model
        With variables "mu", "tau" and "theta_tilde", "theta" computed from them, and "ybar" for the data.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    See Also
    --------
    gibbs_rate : What w does where tau is known.

    References
    ----------
    .. [1] Gorinova, Moore & Hoffman (2020), Automatic reparameterisation of probabilistic programs, ICML.

    Examples
    --------
    >>> model = partial(ybar=[28, 8, -3], se=[15, 10, 16], w=0.5)
    >>> [variable.name for variable in model.free_RVs]
    ['mu', 'tau', 'theta_tilde']
    """
    *_, w = _rows(ybar, se, w)
    if ((w < 0) | (w > 1)).any():
        raise ValueError(f"w must lie between 0 and 1, but is {w}")

    def theta(pm, mu, tau, J):
        stretch = (tau / prior.parameters.get("scale", 1.0)) ** w
        raw = pm.Normal("theta_tilde", (1 - w) * mu, tau / stretch, shape=J)
        return pm.Deterministic("theta", mu + stretch * (raw - (1 - w) * mu))

    return _model(ybar, se, prior, mu_prior, theta)


def _model(ybar, se, prior, mu_prior, theta):
    """The priors and the data, which are the same in all coordinates."""
    ybar, se, _ = _rows(ybar, se, 0)
    mean, sd = arguments.mean_and_sd("mu_prior", mu_prior)
    import pymc as pm  # here, because it takes seconds to load

    seen = np.isfinite(se)
    with pm.Model() as model:
        mu = pm.Normal("mu", mean, sd)
        tau = priors.to_pymc("tau", prior)
        every = theta(pm, mu, tau, len(se))
        pm.Normal("ybar", every[seen], se[seen], observed=ybar[seen])
    return model


def _rows(ybar: ArrayLike, se: ArrayLike, w: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Clean rows of (ybar, se, w); a group without data has ybar = 0, whatever it held."""
    se = arguments.numbers("se", se, low=0, open_low=True, allow_inf=True)
    ybar, w = arguments.numbers("ybar", ybar, allow_nan=True), arguments.numbers("w", w)
    ybar, se, w = arguments.groups(ybar=ybar, se=se, w=w)
    return arguments.numbers("ybar", np.where(np.isinf(se), 0, ybar)), se, w
