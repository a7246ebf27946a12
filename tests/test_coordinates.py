"""coordinates against exact posteriors, SciPy's densities and simulation."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from hblib import coordinates, datasets, normal_normal, priors, three_level
from tests.chance import assert_near

SCHOOLS = datasets.eight_schools()


def test_gibbs_rate_is_the_squared_correlation():
    """From the joint precision of (mu, theta~) of J groups: the squared correlation of mu and the mean of theta~."""
    for J, w, tau, se in itertools.product([1, 4], [-0.5, 0, 0.3, 1], [0.5, 2], [1.0, 3]):
        precision = np.zeros((1 + J, 1 + J))
        for j in range(J):
            prior, data = np.zeros(1 + J), np.zeros(1 + J)
            prior[[0, 1 + j]], data[[0, 1 + j]] = (w - 1, 1), (w, 1)
            precision += np.outer(prior, prior) / tau**2 + np.outer(data, data) / se**2
        mix = np.zeros((2, 1 + J))
        mix[0, 0], mix[1, 1:] = 1, 1 / J
        covariance = mix @ np.linalg.inv(precision) @ mix.T
        squared = covariance[0, 1] ** 2 / covariance[0, 0] / covariance[1, 1]
        assert coordinates.gibbs_rate(w, normal_normal.shrinkage(se, tau)) == pytest.approx(squared, abs=1e-12)


@pytest.mark.parametrize("w", [0, 0.5, 0.8, 1])
def test_gibbs_has_that_rate_and_the_exact_posterior(w):
    ybar, se, tau, draws = np.array([3.0, 8.0, -1.0, 5.0]), 4.0, 2.0, 20_000
    mu, theta = coordinates.gibbs(ybar, se, tau, w, draws, np.random.default_rng(6))
    rate = coordinates.gibbs_rate(w, normal_normal.shrinkage(se, tau))
    at = mu - mu.mean()
    assert_near(np.mean(at[1:] * at[:-1]) / np.mean(at**2), rate, np.sqrt((1 - rate**2) / draws))
    exact = three_level.posterior(ybar, se, tau, 0, np.zeros(4))
    slowness = np.sqrt((1 + rate) / (1 - rate) / draws)
    assert_near(mu.mean(), ybar.mean(), exact.mu.std() * slowness)
    assert_near(mu.std() / exact.mu.std(), 1, np.sqrt((1 + rate**2) / (1 - rate**2) / (2 * draws)))
    assert_near(theta.mean(axis=0), exact.store.mean(), exact.store.std() * slowness)
    np.testing.assert_allclose(theta.std(axis=0), exact.store.std(), rtol=0.06)


def test_gibbs_takes_a_weight_and_an_error_a_group():
    se, tau = np.array([0.5, 1.0, 6.0, np.inf]), 2.0
    ybar, kappa = np.array([3.0, 8.0, -1.0, np.nan]), normal_normal.shrinkage(se, tau)
    mu, theta = coordinates.gibbs(ybar, se, tau, 1 - kappa, 20_000, np.random.default_rng(7))
    exact = three_level.posterior(ybar, se, tau, 0, np.zeros(4))
    at = mu - mu.mean()
    assert_near(np.mean(at[1:] * at[:-1]) / np.mean(at**2), 0, 1 / np.sqrt(20_000))  # w_j = B_j: independent draws
    assert_near(theta.mean(axis=0), exact.store.mean(), exact.store.std() / np.sqrt(20_000))
    np.testing.assert_allclose(theta.std(axis=0), exact.store.std(), rtol=0.03)


def test_gibbs_rate_at_its_ends():
    kappa = np.linspace(0, 1, 11)
    np.testing.assert_allclose(coordinates.gibbs_rate(0, kappa)[:-1], 1 - kappa[:-1], atol=1e-15)
    np.testing.assert_allclose(coordinates.gibbs_rate(1, kappa)[1:], kappa[1:], atol=1e-15)
    np.testing.assert_array_equal(coordinates.gibbs_rate(1 - kappa, kappa), 0)
    assert coordinates.gibbs_rate(0, 0) == coordinates.gibbs_rate(1, 1) == coordinates.gibbs_rate(0.5, 0) == 1
    assert coordinates.gibbs_rate(0, 1) == coordinates.gibbs_rate(1, 0) == 0


W = np.array([0, 1, 0.5, 0.3, 0.9, 1, 0, 0.7])


def builders(se=SCHOOLS.se, **given_priors):
    """Name of the free vector, model, and (theta, mu, tau) -> (its value, log of |d theta / d value|)."""
    s = given_priors["prior"].parameters["scale"]
    yield "theta", coordinates.centered(SCHOOLS.ybar, se, **given_priors), lambda t, mu, tau: (t, 0.0)
    yield (
        "z",
        coordinates.noncentered(SCHOOLS.ybar, se, **given_priors),
        lambda t, mu, tau: ((t - mu) / tau, len(t) * np.log(tau)),
    )
    yield (
        "theta_tilde",
        coordinates.partial(SCHOOLS.ybar, se, W, **given_priors),
        lambda t, mu, tau: ((1 - W) * mu + (s / tau) ** W * (t - mu), np.sum(W * np.log(tau / s))),
    )


@pytest.mark.parametrize(
    ("given_priors", "log_prior"),
    [
        (
            {"mu_prior": (0, 5), "prior": priors.half_cauchy(5)},
            lambda mu, tau: stats.norm(0, 5).logpdf(mu) + stats.halfcauchy(scale=5).logpdf(tau),
        ),
        (
            {"mu_prior": (3, 10), "prior": priors.half_normal(2)},
            lambda mu, tau: stats.norm(3, 10).logpdf(mu) + stats.halfnorm(scale=2).logpdf(tau),
        ),
    ],
)
def test_the_three_models_are_one_model(given_priors, log_prior):
    """Every log density, with its Jacobian, is that of the same joint density, written with SciPy."""
    rng = np.random.default_rng(8)
    se = SCHOOLS.se.copy()
    se[3] = np.inf
    seen = np.isfinite(se)
    points = [(rng.normal(5, 10, 8), rng.normal(0, 5), rng.uniform(0.1, 10)) for _ in range(3)]
    for name, model, change in builders(se, **given_priors):
        # The reference mode runs without compiling.
        log_density = model.compile_logp(mode="FAST_COMPILE")
        for theta, mu, tau in points:
            value, jacobian = change(theta, mu, tau)
            expected = log_prior(mu, tau) + stats.norm(mu, tau).logpdf(theta).sum() + jacobian + np.log(tau)
            expected += stats.norm(theta[seen], se[seen]).logpdf(SCHOOLS.ybar[seen]).sum()
            got = log_density({"mu": mu, "tau_log__": np.log(tau), name: value})
            assert got == pytest.approx(expected, rel=1e-9)
        assert {"mu", "tau", "theta"} <= set(model.named_vars)


def exact_moments(ybar, se):
    """E mu, E tau, E log tau and E theta_1 under mu ~ N(0, 5) and tau ~ half-Cauchy(5), by quadrature over log tau."""

    def given(tau):
        """The joint density of tau and the data, and the means of mu and theta_1."""
        variance = se**2 + tau**2
        precision = 1 / 25 + np.sum(1 / variance)
        mu = np.sum(ybar / variance) / precision
        log = stats.norm.logpdf(ybar, 0, np.sqrt(variance)).sum() + mu**2 * precision / 2 - np.log(precision) / 2
        theta = (ybar[0] * tau**2 + mu * se[0] ** 2) / variance[0]
        return np.exp(log + stats.halfcauchy(0, 5).logpdf(tau)), mu, theta

    def integral(of):
        def at(u):
            tau = np.exp(u)
            density, mu, theta = given(tau)
            return density * tau * of(mu, tau, theta)

        return integrate.quad(at, -20, 12, epsabs=0, epsrel=1e-9, limit=400, points=[0, 3])[0]

    wanted = {
        "mu": lambda mu, tau, theta: mu,
        "tau": lambda mu, tau, theta: tau,
        "log tau": lambda mu, tau, theta: np.log(tau),
        "theta": lambda mu, tau, theta: theta,
    }
    whole = integral(lambda *_: 1)
    return {name: integral(of) / whole for name, of in wanted.items()}


# Between the forms a model samples well where the data say how large tau is; the schools do not.
FAR = np.array([-20.0, -8, -3, 0, 5, 11, 19, 30]), np.array([3.0, 4, 5, 6, 3, 4, 5, 6])


@pytest.mark.parametrize(
    ("build", "data", "w"), [("noncentered", (SCHOOLS.ybar, SCHOOLS.se), {}), ("partial", FAR, {"w": 0.5})]
)
def test_samples_have_the_exact_moments(build, data, w):
    import arviz as az
    import pymc as pm

    model = getattr(coordinates, build)(*data, **w)
    settings = {"draws": 2000, "tune": 1000, "chains": 4, "cores": 2, "random_seed": 9, "quiet": True}
    posterior = pm.sample(model=model, nuts_sampler="nutpie", target_accept=0.95, **settings).posterior
    draws = {"mu": posterior["mu"], "tau": posterior["tau"], "theta": posterior["theta"][..., 0]}
    draws["log tau"] = np.log(draws["tau"])
    for name, value in exact_moments(*data).items():
        error = float(az.mcse(draws[name].values))
        assert abs(float(draws[name].mean()) - value) < 6 * error, name  # the largest z of 200 seeds: below 5
        assert error < 0.2, name  # at most 0.1 with any of them


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coordinates.gibbs_rate(0.5, 1.5), r"kappa must be at most 1"),
        (lambda: coordinates.gibbs([1], [1], 0, 0, 5, None), r"tau must be greater than 0"),
        (lambda: coordinates.gibbs([1], [np.inf], 1, 0, 5, None), r"se must be finite for at least one"),
        (lambda: coordinates.partial([1], [1], 2), r"w must lie between 0 and 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_bad_input_of_the_models_is_named():
    with pytest.raises(ValueError, match="se must be greater than 0"):
        coordinates.centered([1], [0])
    with pytest.raises(ValueError, match=r"prior must be one of hblib\.priors that PyMC has .*half_cauchy"):
        coordinates.centered([1], [1], prior=("Cauchy", 5))
    with pytest.raises(ValueError, match=r"mu_prior\[1\] must be greater than 0"):
        coordinates.noncentered([1], [1], mu_prior=(0, 0))
