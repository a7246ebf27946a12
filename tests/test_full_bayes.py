"""full_bayes of both families against mpmath, plain Gauss-Legendre grids, simulation and calibration."""

import itertools
import tracemalloc

import mpmath
import numpy as np
import pytest
from scipy import integrate, special, stats

from hblib import beta_binomial, datasets, normal_normal, priors
from hblib._numerics import quadrature
from tests.chance import assert_near

SCHOOLS = datasets.eight_schools()
RATS = datasets.rat_tumors()
SURGERY = datasets.surgical()
FLAT = priors.uniform()
POWER_RATS = (
    0.144297305466757583,
    2.75559613321719477,
    0.210856839758550804,
    0.0752600097768078601,
    -161.544211896429665,
)
CAUCHY_RATS = (
    0.14379665550727126,
    2.82993802576712993,
    0.208070297718834353,
    0.0734734313423805605,
    -161.365511435690466,
)
HARD = np.array([4.8, 5.1, 4.9, 5.0, 6.2]), np.full(5, np.sqrt(0.2))


def exact_normal(ybar, se, log_prior, ends, mu=None, step=0.2):
    """Posterior moments in 30 digits: the trapezoidal rule in log tau, with the sums of BDA (5.20) and (5.21).

    The integrand is analytic in a strip about the real axis of log tau, so that the rule converges exponentially; the
    code under test uses another variable and other formulas. `log_prior` is a function of an mpmath number.
    """
    with mpmath.workdps(30):
        y, variance = [mpmath.mpf(float(v)) for v in ybar], [mpmath.mpf(float(v)) ** 2 for v in se]
        step = mpmath.mpf(step)
        total, sums = mpmath.mpf(0), dict.fromkeys(("tau", "tau^2", "mu", "mu^2", "theta", "theta^2"), mpmath.mpf(0))
        for i in range(int(ends[0] / step), int(ends[1] / step) + 1):
            tau = mpmath.exp(i * step)
            w = [1 / (v + tau**2) for v in variance]
            precision, by_y, squares = (sum(a * b**p for a, b in zip(w, y, strict=True)) for p in (0, 1, 2))
            if mu is not None:
                precision, by_y = precision + 1 / mpmath.mpf(mu[1]) ** 2, by_y + mpmath.mpf(mu[0]) / mu[1] ** 2
            log_f = (mpmath.log(mpmath.fprod(w) / precision) - squares + by_y**2 / precision) / 2
            f = mpmath.exp(log_f + log_prior(tau)) * tau
            centre, kappa = by_y / precision, tau**2 * w[0]
            theta, noise = kappa * y[0] + (1 - kappa) * centre, kappa * variance[0] + (1 - kappa) ** 2 / precision
            values = tau, tau**2, centre, centre**2 + 1 / precision, theta, theta**2 + noise
            for name, value in zip(sums, values, strict=True):
                sums[name] += f * value
            total += f
        mean = {name: value / total for name, value in sums.items()}
        sd = {name: mpmath.sqrt(mean[f"{name}^2"] - mean[name] ** 2) for name in ("tau", "mu", "theta")}
        return [float(mean[name]) for name in sd] + [float(value) for value in sd.values()]


def moments(full):
    """What `exact_normal` returns, from a `FullBayes`."""
    return [full.tau.mean(), full.mu.mean(), full.theta[0].mean(), full.tau.std(), full.mu.std(), full.theta[0].std()]


def above(values):
    """How many of the values lie above 0, 1, 2, ..."""
    return np.array([np.sum(values > k) for k in range(int(values.max(initial=0)))])


def legendre(edges, number):
    """Gauss-Legendre nodes and weights, `number` of them on each panel between neighbouring edges."""
    x, w = np.polynomial.legendre.leggauss(number)
    low, high = np.array(edges[:-1])[:, None], np.array(edges[1:])[:, None]
    return ((low + high) / 2 + (high - low) / 2 * x).ravel(), ((high - low) / 2 * w).ravel()


def grid_posterior(y, n, log_prior, mu_edges, log_size_edges, row=0):
    """E mu, E log M, E theta and sd theta of one row, and log p(y): Gauss-Legendre in (mu, log M), term by term.

    `log_prior` is a function of an array of M. Every product runs over k with its number of groups, so no digits cancel
    however large M is.
    """
    y, n = np.asarray(y, dtype=int), np.asarray(n, dtype=int)
    mu, mu_weight = legendre(mu_edges, 48)
    x, x_weight = legendre(log_size_edges, 32)
    mu, phi = mu[None, :], np.exp(-x)[:, None]
    log_f = log_prior(np.exp(x))[:, None] + x[:, None] + np.log(mu_weight) + np.log(x_weight)[:, None]
    for k, number in enumerate(above(y)):
        log_f = log_f + number * np.log(mu + k * phi)
    for k, number in enumerate(above(n - y)):
        log_f = log_f + number * np.log(1 - mu + k * phi)
    for k, number in enumerate(above(n)):
        log_f = log_f - number * np.log1p(k * phi)
    log_f += np.sum(-special.betaln(y + 1, n - y + 1) - np.log1p(n))
    log_total = special.logsumexp(log_f)
    f = np.exp(log_f - log_total)
    alpha, beta = mu / phi + y[row], (1 - mu) / phi + (n - y)[row]
    mean, square = alpha / (alpha + beta), alpha / (alpha + beta) * (alpha + 1) / (alpha + beta + 1)
    theta = np.sum(f * mean)
    sd = np.sqrt(np.sum(f * (square - 2 * theta * mean + theta**2)))
    alpha_mean, beta_mean = np.sum(f * mu / phi), np.sum(f * (1 - mu) / phi)
    return np.array([np.sum(f * mu), np.sum(f * x[:, None]), theta, sd, log_total]), (alpha_mean, beta_mean)


def rate_moments(full, row=0):
    """What `grid_posterior` returns first, from a `FullBayes`."""
    return [full.mu.mean(), full.size.log().mean(), full.theta[row].mean(), full.theta[row].std(), full.log_evidence]


RATS_MU = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0]
RATS_LOG_SIZE = [-6.0, 0.0, 1.5, 2.5, 3.5, 5.0, 8.0, 12.0, 20.0, 30.0, 46.0]


# ---- against quadrature in 30 digits ----------------------------------------------------------------------------


def test_eight_schools_with_flat_priors():
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, FLAT)
    exact = exact_normal(SCHOOLS.ybar, SCHOOLS.se, lambda tau: 0, (-40, 12))
    np.testing.assert_allclose(moments(full), exact, rtol=1e-12)
    published = [6.575483346721597, 7.932375018237783, 11.4002608704443]
    np.testing.assert_allclose(moments(full)[:3], published, rtol=1e-12)
    assert full.theta[0].std() == pytest.approx(8.341416237497297, rel=1e-12)


def test_eight_schools_with_proper_priors():
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_cauchy(5), mu_prior=(0, 5))
    exact = exact_normal(SCHOOLS.ybar, SCHOOLS.se, lambda tau: -mpmath.log(1 + tau**2 / 25), (-50, 12), mu=(0, 5))
    np.testing.assert_allclose(moments(full), exact, rtol=1e-12)
    published = [3.597705484097664, 4.396820713833003, 6.211884204056291]
    np.testing.assert_allclose(moments(full)[:3], published, rtol=1e-12)


def test_five_means_with_a_half_normal_prior():
    """The Hard exercise; its quantiles too: the integral up to each is done by mpmath's own rule."""
    full = normal_normal.full_bayes(*HARD, priors.half_normal(1))
    exact = exact_normal(*HARD, lambda tau: -(tau**2) / 2, (-50, 4), step=0.1)
    np.testing.assert_allclose(moments(full), exact, rtol=1e-12)
    squares, variance = float(np.sum((HARD[0] - HARD[0].mean()) ** 2)), float(HARD[1][0] ** 2)

    def density(tau):
        v = variance + tau**2
        return mpmath.exp(-2 * mpmath.log(v) - squares / (2 * v) - tau**2 / 2)

    with mpmath.workdps(25):
        total = mpmath.quad(density, [0, 0.5, 1, 2, 4, 12])
        for q, tau in zip((0.025, 0.5, 0.975), full.tau.ppf([0.025, 0.5, 0.975]), strict=True):
            assert float(mpmath.quad(density, [0, tau]) / total) == pytest.approx(q, rel=1e-11, abs=0)


def test_rats_with_the_prior_of_gelman_et_al():
    """(alpha + beta)^(-5/2). The numbers are a trapezoidal rule in (logit mu, log M) over M^(-3/2) and the products of
    rising factorials, in mpmath with 25 digits; steps (0.045, 0.15) and (0.042, 0.125) agree to 18 digits."""
    full = beta_binomial.full_bayes(RATS.y, RATS.n, priors.power(-1.5))
    got = rate_moments(full, row=70)
    np.testing.assert_allclose(got, POWER_RATS, rtol=1e-11)


def test_equal_rows_may_be_counted():
    (n, y), counts = np.unique([RATS.n, RATS.y], axis=1, return_counts=True)
    few = beta_binomial.full_bayes(y, n, priors.power(-1.5), counts=counts)
    whole = beta_binomial.full_bayes(RATS.y, RATS.n, priors.power(-1.5))
    where = [np.flatnonzero((y == rat_y) & (n == rat_n))[0] for rat_y, rat_n in zip(RATS.y, RATS.n, strict=True)]
    assert few.mu.mean() == pytest.approx(whole.mu.mean(), rel=1e-12)
    np.testing.assert_allclose(few.theta[where].mean(), whole.theta.mean(), rtol=1e-12)
    np.testing.assert_allclose(few.theta[where].std(), whole.theta.std(), rtol=1e-12)


def test_equal_rows_of_many_trials_may_be_counted():
    """So few rows of so many trials go another way than the rats."""
    y, n, counts = np.array([3000, 8000, 500]), np.array([10**6, 3 * 10**6, 2 * 10**5]), np.array([2, 1, 3])
    few = beta_binomial.full_bayes(y, n, priors.half_cauchy(100), counts=counts)
    whole = beta_binomial.full_bayes(np.repeat(y, counts), np.repeat(n, counts), priors.half_cauchy(100))
    assert few.mu.mean() == pytest.approx(whole.mu.mean(), rel=1e-12, abs=0)
    assert few.log_evidence == pytest.approx(whole.log_evidence, abs=1e-9)
    np.testing.assert_allclose(few.theta.mean(), whole.theta.mean()[[0, 2, 3]], rtol=1e-12)


def test_rats_with_a_half_cauchy_size():
    full = beta_binomial.full_bayes(RATS.y, RATS.n, priors.half_cauchy(20))
    got = rate_moments(full, row=70)
    np.testing.assert_allclose(got, CAUCHY_RATS, rtol=1e-11)  # mpmath, as above
    log_prior = stats.halfcauchy(scale=20).logpdf
    expected, _ = grid_posterior(RATS.y, RATS.n, log_prior, RATS_MU, RATS_LOG_SIZE, row=70)
    np.testing.assert_allclose(got, expected, rtol=1e-11)


def test_other_rates_agree_with_a_grid():
    """Twelve hospitals with 47 to 810 operations; an exponential prior, which also tests a fast fall."""
    full = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.exponential(100))
    edges = [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.3, 1.0]
    log_prior = stats.expon(scale=100).logpdf
    expected, _ = grid_posterior(SURGERY.y, SURGERY.n, log_prior, edges, [-4, 0, 2, 3, 4, 5, 6, 7, 8.5])
    np.testing.assert_allclose(rate_moments(full), expected, rtol=1e-11)


@pytest.mark.parametrize("trials", [1000, 5000])
def test_a_group_far_larger_than_the_rest_and_unlike_them(trials):
    """Then the pooled rate is that of the one group, and the likelihood of mu is wide and far from it."""
    y, n = np.array([18] * 15 + [16] * 15 + [11] * 15 + [trials // 100]), np.array([20] * 45 + [trials])
    full = beta_binomial.full_bayes(y, n, priors.half_cauchy(20))
    edges = [0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    log_sizes = [-12.0, -4.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 8.0]
    expected, _ = grid_posterior(y, n, stats.halfcauchy(scale=20).logpdf, edges, log_sizes)
    np.testing.assert_allclose(rate_moments(full), expected, rtol=1e-8)


# ---- the neck, many groups, small errors ------------------------------------------------------------------------


def log_half_cauchy(tau):
    return -mpmath.log(1 + (tau * 10_000) ** 2)


def log_inverse_gamma(shape, rate):
    return lambda tau: -(2 * mpmath.mpf(shape) + 1) * mpmath.log(tau) - mpmath.mpf(rate) / tau**2


@pytest.mark.parametrize(
    ("ybar", "prior", "log_prior", "ends"),
    [
        ([1.0] * 8, FLAT, lambda tau: 0, (-40, 30)),
        ([1.0, 2.0, 0.5, 1.2], priors.half_cauchy(1e-4), log_half_cauchy, (-60, 30)),
        ([1.0] * 8, priors.power(-0.5), lambda tau: -mpmath.log(tau) / 2, (-100, 30)),
        ([1.0] * 8, priors.inverse_gamma_on_variance(0.01, 0.01), log_inverse_gamma("0.01", "0.01"), (-6, 30)),
        ([1.0] * 8, priors.inverse_gamma_on_variance(2, 1e-12), log_inverse_gamma(2, "1e-12"), (-20, 30)),
    ],
    ids=["flat", "half-Cauchy", "power", "inverse gamma", "tiny inverse gamma"],
)
def test_the_neck_at_tiny_tau_is_integrated(ybar, prior, log_prior, ends):
    """Most of the posterior lies where tau is far below the standard errors.

    Contributions below exp(-45) are cut off, which costs second moments under a slow fall some digits; nine are left.
    """
    full = normal_normal.full_bayes(ybar, np.ones(len(ybar)), prior)
    exact = exact_normal(ybar, np.ones(len(ybar)), log_prior, ends, step=0.1)
    np.testing.assert_allclose(moments(full), exact, rtol=1e-9)


@pytest.mark.parametrize("J", [100_000, 1_000_000])
def test_many_groups(J):
    """The posterior of tau is a thin needle; mpmath integrates over it from the two sufficient numbers."""
    ybar = stats.norm(3, 2).ppf((np.arange(J) + 0.5) / J)
    full = normal_normal.full_bayes(ybar, np.ones(J), priors.half_normal(5))
    with mpmath.workdps(30):
        squares = mpmath.mpf(float(np.sum((ybar - ybar.mean()) ** 2)))
        mode = mpmath.sqrt(squares / (J - 1) - 1)
        sd = (1 + mode**2) / (mode * mpmath.sqrt(2 * J))
        taus = [mode + sd * i / 4 for i in range(-56, 57)]
        f = [-(J - 1) * mpmath.log(1 + t * t) / 2 - squares / (2 * (1 + t * t)) - t * t / 50 for t in taus]
        top = max(f)
        f = [mpmath.exp(value - top) for value in f]
        mean = sum(a * b for a, b in zip(f, taus, strict=True)) / sum(f)
        spread = mpmath.sqrt(sum(a * (b - mean) ** 2 for a, b in zip(f, taus, strict=True)) / sum(f))
    assert full.tau.mean() == pytest.approx(float(mean), rel=1e-11)
    assert full.tau.std() == pytest.approx(float(spread), rel=1e-7)  # the likelihood itself carries 1e-16 J
    assert full.mu.mean() == pytest.approx(3, rel=1e-11)


@pytest.mark.parametrize("scale", [1e-8, 1e-15])
def test_very_small_standard_errors(scale):
    """As se goes to 0 the posterior is that of groups observed without error: tau^2 is a scaled inverse chi-square."""
    ybar = np.array([1.0, 4.0, -2.0, 7.0, 3.0, 2.0])
    full = normal_normal.full_bayes(ybar, scale * np.array([1, 2, 3, 1, 2, 3.0]), FLAT)
    shape, half = 4 / 2, np.sum((ybar - ybar.mean()) ** 2) / 2  # tau^2 ~ inverse-gamma((J - 2)/2, S/2)
    mean = np.exp(special.gammaln(shape - 0.5) - special.gammaln(shape)) * np.sqrt(half)
    np.testing.assert_allclose(full.tau.mean(), mean, rtol=1e-11)
    np.testing.assert_allclose(full.theta.mean(), ybar, rtol=1e-11)
    np.testing.assert_allclose(full.theta.std(), scale * np.array([1, 2, 3, 1, 2, 3.0]), rtol=1e-6)


def test_an_imprecise_outlier_costs_no_digits():
    """A group at 1e8 with a standard error of 1e8 says nothing about the others: they keep their mean and sd."""
    ybar, se = np.array([0.0, 1.0, -1.0, 2.0, 0.5]), np.ones(5)
    alone = normal_normal.full_bayes(ybar, se, priors.half_cauchy(5))
    more = normal_normal.full_bayes(np.append(ybar, 1e8), np.append(se, 1e8), priors.half_cauchy(5))
    np.testing.assert_allclose(more.theta.std()[:5], alone.theta.std(), rtol=1e-6)
    np.testing.assert_allclose(more.theta.mean()[:5], alone.theta.mean(), rtol=1e-6, atol=1e-6)


# ---- intervals, draws, a new group ------------------------------------------------------------------------------

FAMILIES = {
    "normal": lambda: normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_cauchy(5)),
    "flat": lambda: normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, FLAT),
    "rates": lambda: beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.half_cauchy(50)),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prob", [0.5, 0.95])
def test_the_interval_leaves_out_both_tails(family, prob):
    full = FAMILIES[family]()
    for mixture in (full.theta, full.new_group):
        low, high = mixture.interval(prob)
        np.testing.assert_allclose(mixture.cdf(low), (1 - prob) / 2, rtol=1e-9)
        np.testing.assert_allclose(mixture.cdf(high), (1 + prob) / 2, rtol=1e-9)
        if mixture.shape:
            np.testing.assert_array_equal(mixture[0].cdf(low[0]), mixture.cdf(low)[0])


def assert_draws_agree(draws, mean, sd):
    """Means and standard deviations of draws, column by column, within 4.5 of their own standard errors."""
    number = draws.shape[0]
    assert np.abs((draws.mean(axis=0) - mean) / (sd / np.sqrt(number))).max() < 4.5
    kurtosis = stats.kurtosis(draws, axis=0, fisher=False)
    assert np.abs((draws.std(axis=0) / sd - 1) / np.sqrt((kurtosis - 1) / (4 * number))).max() < 4.5


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_have_the_exact_moments_and_quantiles(family):
    full = FAMILIES[family]()
    rng = np.random.default_rng(31)
    draws = full.theta.rvs(20_000, rng)
    assert draws.shape == (20_000, full.theta.mean().size)
    assert_draws_agree(draws, full.theta.mean(), full.theta.std())
    for q, edge in zip((0.025, 0.975), full.theta.interval(), strict=True):
        share = np.mean(draws <= edge, axis=0)
        assert np.abs((share - q) / np.sqrt(q * (1 - q) / draws.shape[0])).max() < 4.5


def test_draws_of_the_groups_belong_together():
    """The groups share mu, so their average varies more than independent draws would: its sd is known exactly."""
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, FLAT)
    w = 1 / (SCHOOLS.se**2 + full.nodes.tau[:, None] ** 2)
    precision = w.sum(axis=1)
    mu, kappa = (w @ SCHOOLS.ybar) / precision, full.nodes.tau[:, None] ** 2 * w
    mean = np.mean(kappa * SCHOOLS.ybar + (1 - kappa) * mu[:, None], axis=1)
    variance = np.mean(1 - kappa, axis=1) ** 2 / precision + np.sum(kappa * SCHOOLS.se**2, axis=1) / 8**2
    centre = np.sum(full.nodes.weight * mean)
    sd = np.sqrt(np.sum(full.nodes.weight * (variance + (mean - centre) ** 2)))
    draws = full.theta.rvs(20_000, np.random.default_rng(32)).mean(axis=1)
    assert_draws_agree(draws[:, None], np.array([centre]), np.array([sd]))


def test_draws_of_rates_belong_together():
    """Given (mu, M) the rates are independent; the average's variance follows from the nodes of the quadrature."""
    full = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.half_cauchy(50))
    alpha = full.nodes.mu[:, None] * full.nodes.size[:, None] + SURGERY.y
    total = full.nodes.size[:, None] + SURGERY.n
    rate = alpha / total
    mean, variance = rate.mean(axis=1), np.sum(rate * (1 - rate) / (total + 1), axis=1) / SURGERY.n.size**2
    centre = np.sum(full.nodes.weight * mean)
    sd = np.sqrt(np.sum(full.nodes.weight * (variance + (mean - centre) ** 2)))
    draws = full.theta.rvs(20_000, np.random.default_rng(33)).mean(axis=1)
    assert_draws_agree(draws[:, None], np.array([centre]), np.array([sd]))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_new_group_is_drawn_from_the_drawn_prior(family):
    """Simulation: hyperparameters from the nodes, then theta from their prior."""
    full = FAMILIES[family]()
    rng = np.random.default_rng(34)
    nodes = rng.choice(full.nodes.weight.size, 40_000, p=full.nodes.weight)
    if family == "rates":
        draws = rng.beta((full.nodes.mu * full.nodes.size)[nodes], ((1 - full.nodes.mu) * full.nodes.size)[nodes])
    else:
        w = 1 / (SCHOOLS.se**2 + full.nodes.tau[nodes, None] ** 2)
        mu = rng.normal((w @ SCHOOLS.ybar) / w.sum(axis=1), w.sum(axis=1) ** -0.5)
        draws = rng.normal(mu, full.nodes.tau[nodes])
    assert_draws_agree(draws[:, None], full.new_group.mean(), full.new_group.std())
    for q, edge in zip((0.025, 0.975), full.new_group.interval(), strict=True):
        assert_near(np.mean(draws <= edge), q, np.sqrt(q * (1 - q) / draws.size))
    again = full.new_group.rvs(20_000, rng)
    assert again.shape == (20_000,)
    assert_draws_agree(again[:, None], full.new_group.mean(), full.new_group.std())


@pytest.mark.parametrize(
    "prior",
    [FLAT, priors.half_normal(5), priors.uniform(20), priors.uniform(3), priors.pareto(1.5, 1)],
    ids=lambda p: p.name,
)
def test_quantiles_of_tau_are_exact(prior):
    """The posterior is integrated up to each quantile by Gauss-Legendre; ranges with an end too."""
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, prior)
    probabilities = np.array([0.001, 0.025, 0.5, 0.975, 0.999])
    ends = np.append(prior.lower, full.tau.ppf(probabilities))
    top = full.tau.logpdf(full.nodes.tau).max()
    below = []
    for low, high in itertools.pairwise(ends):
        tau, weight = legendre(np.linspace(low, high, 9), 30)
        below.append(np.sum(weight * np.exp(full.tau.logpdf(tau) - top)))
    last = np.geomspace(ends[-1], min(prior.upper, 1e7), 60)
    tau, weight = legendre(last, 30)
    total = sum(below) + np.sum(weight * np.exp(full.tau.logpdf(tau) - top))
    np.testing.assert_allclose(np.cumsum(below) / total, probabilities, rtol=1e-9)


# ---- improper posteriors ----------------------------------------------------------------------------------------


def test_without_data_the_posterior_is_the_prior_in_both_families():
    """A new group's rate has then a mean of 1/2; a new group's mean the variance sd^2 + E(tau^2) = 9 + 4."""
    half, size = priors.half_normal(2), priors.half_normal(50)
    prior = half.distribution()
    for ybar, se, counts in (([np.nan, np.nan], np.inf, None), ([7.0], [1e-3], [0])):
        means = normal_normal.full_bayes(ybar, se, half, mu_prior=(5, 3), counts=counts)
        assert means.log_evidence == pytest.approx(0, abs=1e-12)
        assert means.tau.ppf([0.1, 0.9]) == pytest.approx(prior.ppf([0.1, 0.9]), rel=1e-9)
        assert (means.mu.mean(), means.mu.std()) == pytest.approx((5, 3), rel=1e-12)
        assert (means.new_group.mean(), means.new_group.var()) == pytest.approx((5, 13), rel=1e-9)
        assert means.mu.interval() == pytest.approx(stats.norm(5, 3).interval(0.95), rel=1e-9)
        assert means.rvs(3, rng=1).theta.shape == (3, len(ybar))
    for unit in (1e-120, 1e120):
        far = normal_normal.full_bayes([0.0], np.inf, priors.half_normal(2 * unit), mu_prior=(5 * unit, 3 * unit))
        assert far.theta.std() == pytest.approx([np.sqrt(13) * unit], rel=1e-9)
    rates = beta_binomial.full_bayes([0, 0], 0, size)
    assert rates.log_evidence == pytest.approx(0, abs=1e-12)
    assert rates.size.median() == pytest.approx(size.distribution().median(), rel=1e-9)
    assert rates.new_group.mean() == pytest.approx(0.5, rel=1e-12, abs=0)


def test_without_data_the_profile_is_flat_in_both_families():
    for ybar, se, counts in (([np.nan], np.inf, None), ([1.0], 1.0, [0])):
        assert normal_normal.profile(ybar, se, [0, 1, 5.0], counts=counts).tolist() == [0, 0, 0]
        with pytest.raises(ValueError, match=r"ybar must hold a group with data .*'reml'"):
            normal_normal.profile(ybar, se, 1.0, "reml", counts=counts)
    assert beta_binomial.profile([0], [0], [0, 1, 5.0]).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normal_normal.full_bayes([1.0, 3.0], [1.0, 2.0], FLAT), "improper.* towards infinity"),
        (lambda: normal_normal.full_bayes([1.0], [1.0], FLAT), "improper.* towards infinity"),
        (lambda: normal_normal.full_bayes([1.0, 2.0, np.nan], [1.0, 2.0, np.inf], FLAT), "improper.* towards infinity"),
        (lambda: normal_normal.full_bayes([1.0, 2.0, 4.0], 1.0, lambda tau: -np.log(tau)), "improper.* towards 0"),
        (lambda: normal_normal.full_bayes([1.0, 2.0, 4.0], 1.0, priors.power(-2)), "improper.* towards 0"),
        (lambda: beta_binomial.full_bayes(RATS.y, RATS.n, FLAT), "improper.* towards infinity"),
        (lambda: beta_binomial.full_bayes(RATS.y, RATS.n, priors.power(-1)), "improper.* towards infinity"),
        (lambda: beta_binomial.full_bayes([0, 0, 0], [5, 6, 7], priors.power(-1.5)), "improper.* towards 0"),
        (lambda: normal_normal.full_bayes([np.nan], [np.inf], FLAT), "ybar must hold a group with data .*mu_prior"),
        (
            lambda: normal_normal.full_bayes([1.0], [1.0], priors.half_normal(2), counts=[0]),
            "ybar must hold a group with data",
        ),
    ],
)
def test_an_improper_posterior_is_refused_with_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("J", [1, 2, 3, 8, 40])
@pytest.mark.parametrize("gap", [0.5, 5.0, 500.0])
def test_one_over_tau_is_refused_however_far_the_groups_lie_apart(J, gap):
    """At tau = 0 the likelihood is positive, if only just, and 1/tau is not integrable there."""
    with pytest.raises(ValueError, match="improper"):
        normal_normal.full_bayes(gap * np.arange(J), np.ones(J), priors.power(-1))


@pytest.mark.parametrize(
    "call",
    [
        lambda: normal_normal.full_bayes([1.0, 3.0], [1.0, 2.0], priors.half_cauchy(5)),
        lambda: normal_normal.full_bayes([1.0], [1.0], priors.half_normal(5)),
        lambda: normal_normal.full_bayes([1.0, 3.0, 2.0], [1.0, 2.0, 1.0], FLAT),
        lambda: normal_normal.full_bayes([1.0, 3.0], [1.0, 2.0], priors.power(-0.5)),
        lambda: beta_binomial.full_bayes([3], [10], priors.half_cauchy(5)),
        lambda: beta_binomial.full_bayes([0, 0], [10, 3], priors.half_cauchy(5)),
    ],
)
def test_a_proper_posterior_is_accepted(call):
    full = call()
    assert np.sum(full.nodes.weight) == pytest.approx(1)
    assert np.isfinite(full.theta.mean()).all()
    assert (full.theta.std() > 0).all()


def test_means_that_do_not_exist_are_not_numbers():
    """With flat priors the posterior of tau falls as tau^(1 - J): E tau needs J > 3, its sd and that of mu J > 4."""
    three = normal_normal.full_bayes([1.0, 2.0, 4.0], np.ones(3), FLAT)
    four = normal_normal.full_bayes([1.0, 2.0, 4.0, 0.0], np.ones(4), FLAT)
    assert not np.isfinite([three.tau.mean(), three.tau.std(), three.mu.std(), three.new_group.std()]).any()
    assert np.isfinite([four.tau.mean(), four.mu.mean()]).all()
    assert not np.isfinite([four.tau.std(), four.mu.std(), four.new_group.std()]).any()


def test_the_mean_of_alpha_is_given_only_if_it_exists():
    for prior in (priors.power(-1.5), priors.half_cauchy(20), priors.half_t(1, 5), priors.pareto(1, 1)):
        with pytest.raises(ValueError, match=r"do not exist.* falls only as \(alpha \+ beta\)\^"):
            beta_binomial.full_bayes(RATS.y, RATS.n, prior).mean_of_alpha_and_beta()
    got = beta_binomial.full_bayes(RATS.y, RATS.n, priors.pareto(1.5, 1)).mean_of_alpha_and_beta()
    edges = [0.0, *RATS_LOG_SIZE[2:], 70.0]
    _, expected = grid_posterior(RATS.y, RATS.n, stats.pareto(1.5).logpdf, RATS_MU, edges)
    np.testing.assert_allclose(got, expected, rtol=1e-8)
    np.testing.assert_allclose(got, (2.142651063924, 12.70621293248), rtol=1e-8)
    for prior in (priors.uniform(1000), priors.half_normal(50), priors.exponential(50)):
        assert np.isfinite(beta_binomial.full_bayes(RATS.y, RATS.n, prior).mean_of_alpha_and_beta()).all()


# ---- edge cases -------------------------------------------------------------------------------------------------


def test_a_group_without_data_is_a_new_group():
    full = normal_normal.full_bayes(np.append(SCHOOLS.ybar, np.nan), np.append(SCHOOLS.se, np.inf), FLAT)
    without = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, FLAT)
    rates = beta_binomial.full_bayes(np.append(SURGERY.y, 0), np.append(SURGERY.n, 0), priors.half_cauchy(50))
    fewer = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.half_cauchy(50))
    for more, less in ((full, without), (rates, fewer)):
        np.testing.assert_allclose(more.theta.mean()[:-1], less.theta.mean(), rtol=1e-12)
        np.testing.assert_allclose(more.theta[-1].mean(), less.new_group.mean(), rtol=1e-12)
        np.testing.assert_allclose(more.theta[-1].std(), less.new_group.std(), rtol=1e-12)
        x = less.new_group.mean() * np.array([0.5, 1.0, 2.0])
        np.testing.assert_allclose(more.theta[-1].cdf(x), less.new_group.cdf(x), rtol=1e-11)


def test_no_data_at_all_give_the_prior_predictive():
    """One group with n = 0: M keeps its prior, mu its uniform distribution, and log p(y) is 0."""
    full = beta_binomial.full_bayes([0], [0], priors.half_normal(30))
    expected = integrate.quad(lambda m: stats.halfnorm(scale=30).pdf(m) / (m + 1), 0, 400, points=[1, 10, 60])[0]
    assert full.theta[0].mean() == pytest.approx(0.5, rel=1e-12, abs=0)
    assert full.theta[0].std() == pytest.approx(np.sqrt(1 / 12 + expected / 6), rel=1e-9)
    assert full.log_evidence == pytest.approx(0, abs=1e-11)
    x = np.array([0.1, 0.5, 0.9])
    half = stats.halfnorm(scale=30)
    for level, at in zip(full.theta[0].cdf(x), x, strict=True):

        def joint(m, mu, at=at):
            return half.pdf(m) * special.betainc(mu * m, (1 - mu) * m, at)

        inner, m_weight = legendre([0, 1, 10, 40, 100, 300], 24)
        mu, mu_weight = legendre([0, 0.5 * at, at, (1 + at) / 2, 1], 32)
        assert level == pytest.approx(m_weight @ joint(inner[:, None], mu) @ mu_weight, rel=1e-4)


def test_one_group_with_a_proper_prior():
    """With mu ~ N(0, 5) and tau ~ half-normal(2): theta ~ N(0, 25 + tau^2) beforehand, one observation of it."""
    full = normal_normal.full_bayes([4.0], [3.0], priors.half_normal(2), mu_prior=(0, 5))
    tau, weight = legendre([0, 2, 4, 8, 20], 40)
    spread = 25 + tau**2
    f = weight * stats.halfnorm(scale=2).pdf(tau) * stats.norm(0, np.sqrt(spread + 9)).pdf(4)
    kappa = spread / (spread + 9)
    mean = np.sum(f * 4 * kappa) / np.sum(f)
    square = np.sum(f * (9 * kappa + (4 * kappa) ** 2)) / np.sum(f)
    assert full.log_evidence == pytest.approx(np.log(np.sum(f)), abs=1e-11)
    np.testing.assert_allclose(
        [full.theta[0].mean(), full.theta[0].std()], [mean, np.sqrt(square - mean**2)], rtol=1e-10
    )


ALL_MU = [0, 1e-6, 1e-4, 1e-3, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6, 0.8, 0.9, 1]
ALL_LOG_SIZES = [-40, -30, -20, -15, -11, -8, -5, -3, -1.5, 0, 1.5, 3, 4.5, 6, 8, 10, 12, 15, 20, 26, 34, 46]


@pytest.mark.parametrize(
    ("y", "n"), [([3], [10]), ([0, 1, 1], [1, 1, 1]), ([0, 7, 2], [9, 7, 5]), ([0] * 8, [20] * 8), ([20] * 8, [20] * 8)]
)
def test_few_groups_and_no_success_at_all(y, n):
    full = beta_binomial.full_bayes(y, n, priors.half_cauchy(20))
    edges = [1 - edge for edge in reversed(ALL_MU)] if y[0] == 20 else ALL_MU
    expected, _ = grid_posterior(y, n, stats.halfcauchy(scale=20).logpdf, edges, ALL_LOG_SIZES)
    np.testing.assert_allclose(rate_moments(full), expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("y", "n"), [([3000], [10_000]), ([3000, 4000], [10_000, 10_000]), ([300_000, 5], [1_000_000, 20])]
)
def test_few_groups_of_many_trials(y, n):
    """The rates are all but known, the prior is not: by differences of log Beta functions, M being moderate."""
    y, n = np.array(y), np.array(n)
    full = beta_binomial.full_bayes(y, n, priors.half_normal(20))
    mu, mu_weight = legendre(ALL_MU, 48)
    x, x_weight = legendre([-40, -30, -20, -12, -8, -5, -3, -1, 0, 1, 2, 3, 4, 4.5, 5, 5.5], 32)
    size = np.exp(x)[:, None]
    log_f = np.log(mu_weight) + np.log(x_weight)[:, None] + x[:, None] + stats.halfnorm(scale=20).logpdf(size)
    for k, m in zip(y, n, strict=True):
        log_f = log_f + special.betaln(mu * size + k, (1 - mu) * size + m - k) - special.betaln(k + 1, m - k + 1)
        log_f = log_f - special.betaln(mu * size, (1 - mu) * size) - np.log1p(m)
    f = special.softmax(log_f)
    theta = np.sum(f * (mu * size + y[0]) / (size + n[0]))
    expected = [np.sum(f * mu), np.sum(f * x[:, None]), theta, special.logsumexp(log_f)]
    got = [full.mu.mean(), full.size.log().mean(), full.theta[0].mean(), full.log_evidence]
    np.testing.assert_allclose(got, expected, rtol=1e-8)


@pytest.mark.parametrize(("y", "n"), [([3000], [10_000]), ([3000, 4000], [10_000, 10_000])])
def test_few_groups_of_many_trials_under_a_long_tail(y, n):
    """Sizes of every order of magnitude count here; successes and failures swapped must mirror the answer."""
    y, n = np.array(y), np.array(n)
    one, other = (beta_binomial.full_bayes(values, n, priors.half_cauchy(20)) for values in (y, n - y))
    assert other.mu.mean() == pytest.approx(1 - one.mu.mean(), rel=1e-9)
    assert other.log_evidence == pytest.approx(one.log_evidence, rel=1e-9)
    np.testing.assert_allclose(one.theta.mean(), y / n, rtol=1e-3)


@pytest.mark.parametrize(("y", "n"), [([300_000], [10**6]), ([300_000_000, 400_000_000, 2], [10**9, 10**9, 10])])
def test_the_rule_settles_however_many_trials(y, n):
    """With rounding of the size of n it would halve its step to the end: seconds, and thousands of sizes."""
    full = beta_binomial.full_bayes(y, n, priors.half_cauchy(20))
    assert np.unique(full.nodes.size).size < 300
    np.testing.assert_allclose(full.theta.mean()[:1], y[0] / n[0], rtol=1e-5)


def test_the_posterior_follows_shift_and_unit():
    unit, shift = 2.0**80, 3.0 * 2.0**81
    before = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_cauchy(5), mu_prior=(1, 4))
    after = normal_normal.full_bayes(
        shift + unit * SCHOOLS.ybar, unit * SCHOOLS.se, priors.half_cauchy(5 * unit), mu_prior=(shift + unit, 4 * unit)
    )
    np.testing.assert_allclose(after.tau.mean(), unit * before.tau.mean(), rtol=1e-12)
    np.testing.assert_allclose(after.mu.mean(), shift + unit * before.mu.mean(), rtol=1e-12)
    np.testing.assert_allclose(after.theta.mean(), shift + unit * before.theta.mean(), rtol=1e-12)
    np.testing.assert_allclose(after.theta.std(), unit * before.theta.std(), rtol=1e-11)
    assert after.log_evidence == pytest.approx(before.log_evidence - 8 * np.log(unit), rel=1e-12)
    np.testing.assert_allclose(after.tau.ppf([0.1, 0.9]), unit * before.tau.ppf([0.1, 0.9]), rtol=1e-9)


def test_swapping_successes_and_failures_mirrors_the_rates():
    one = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.half_cauchy(50))
    other = beta_binomial.full_bayes(SURGERY.n - SURGERY.y, SURGERY.n, priors.half_cauchy(50))
    assert other.mu.mean() == pytest.approx(1 - one.mu.mean(), rel=1e-8)
    assert other.log_evidence == pytest.approx(one.log_evidence, rel=1e-9)
    np.testing.assert_allclose(other.theta.mean(), 1 - one.theta.mean(), rtol=1e-8)


# ---- the evidence -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prior", "reference", "edges"),
    [
        (priors.half_normal(5), stats.halfnorm(scale=5), [0, 5, 10, 20, 60]),
        (priors.uniform(20), stats.uniform(0, 20), [0, 5, 10, 20]),
        (priors.exponential(4), stats.expon(scale=4), [0, 5, 10, 20, 60, 150]),
        (priors.half_t(3, 5), stats.t(3, scale=5), [0, 5, 10, 20, 60, 200, 1000, 10_000]),
    ],
)
def test_the_evidence_of_the_normal_family(prior, reference, edges):
    """log p(ybar) by Gauss-Legendre over (mu, tau), with scipy's densities throughout."""
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, prior, mu_prior=(2, 6))
    tau, tau_weight = legendre(edges, 40)
    mu, mu_weight = legendre([-60, -20, 0, 10, 20, 40, 64], 40)
    density = reference.pdf(tau) * (2 if prior.name.startswith("half-t") else 1)
    log_f = np.log(density * tau_weight) + np.log(stats.norm(2, 6).pdf(mu) * mu_weight)[:, None]
    for y, s in zip(SCHOOLS.ybar, SCHOOLS.se, strict=True):
        log_f = log_f + stats.norm(mu[:, None], np.sqrt(s**2 + tau**2)).logpdf(y)
    assert full.log_evidence == pytest.approx(special.logsumexp(log_f), abs=1e-9)


def test_the_evidence_of_the_binomial_family():
    """log p(y) by Gauss-Legendre over (mu, M) with scipy's betabinom."""
    full = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.half_normal(100))
    mu, mu_weight = legendre([0, 0.03, 0.06, 0.1, 0.2, 0.5, 1], 32)
    size, size_weight = legendre([0, 1, 5, 20, 50, 100, 200, 400, 1000], 32)
    alpha, beta = mu[:, None] * size, (1 - mu)[:, None] * size
    log_f = np.log(mu_weight)[:, None] + np.log(size_weight * stats.halfnorm(scale=100).pdf(size))
    for y, n in zip(SURGERY.y, SURGERY.n, strict=True):
        log_f = log_f + stats.betabinom(n, alpha, beta).logpmf(y)
    assert full.log_evidence == pytest.approx(special.logsumexp(log_f), abs=1e-8)


# ---- calibration ------------------------------------------------------------------------------------------------


def assert_uniform(levels):
    """Ten equal bins; fails once in 10,000 if the levels are uniform."""
    counts = np.histogram(levels, 10, (0, 1))[0]
    assert counts.sum() == len(levels)
    assert stats.chisquare(counts).pvalue > 1e-4, counts


def test_the_normal_family_is_calibrated():
    """Draw mu, tau and data from the model, 500 times: the posterior's levels at the truth must be uniform.

    Each of the three chi-square tests would fail once in 10,000 by chance; the seed is fixed.
    """
    rng = np.random.default_rng(35)
    prior = priors.half_cauchy(2)
    levels = {"tau": [], "mu": [], "theta": []}
    for _ in range(500):
        mu, tau = rng.normal(1, 3), abs(2 * rng.standard_cauchy())
        se = rng.uniform(0.5, 3, 6)
        theta = rng.normal(mu, tau, 6)
        ybar = rng.normal(theta, se)
        full = normal_normal.full_bayes(ybar, se, prior, mu_prior=(1, 3))
        total = quadrature.integrate_scale(full.tau.logpdf, guess=full.tau.mean())[2]
        below = quadrature.integrate_scale(full.tau.logpdf, upper=tau, guess=min(full.tau.mean(), tau) / 1.01)[2]
        levels["tau"].append(np.exp(below - total))
        levels["theta"].append(full.theta[0].cdf(theta[0]))
        w = 1 / (se**2 + full.nodes.tau[:, None] ** 2)
        precision = w.sum(axis=1) + 1 / 9  # mu given tau, with its prior N(1, 3) as one more observation
        mu_hat = (w @ ybar + 1 / 9) / precision
        levels["mu"].append(np.sum(full.nodes.weight * special.ndtr((mu - mu_hat) * np.sqrt(precision))))
    for name in levels:
        assert_uniform(levels[name])


def level(nodes, weight, truth):
    """The distribution function at the truth from quadrature nodes: half of each node's weight lies on either side."""
    distinct, where = np.unique(nodes, return_inverse=True)
    weight = np.bincount(where, weights=weight)
    return np.interp(np.log(truth), np.log(distinct), np.cumsum(weight) - weight / 2)


def test_the_binomial_family_is_calibrated():
    """The same, 400 times, for the mean rate, the size and the rate of one group (each fails once in 10,000)."""
    rng = np.random.default_rng(36)
    prior = priors.half_normal(20)
    levels = {"mu": [], "size": [], "theta": []}
    for _ in range(400):
        mu, size = rng.uniform(), abs(rng.normal(0, 20))
        n = rng.integers(2, 40, 6)
        theta = rng.beta(mu * size, (1 - mu) * size, 6)
        full = beta_binomial.full_bayes(rng.binomial(n, theta), n, prior)
        levels["mu"].append(level(full.nodes.mu, full.nodes.weight, mu))
        levels["size"].append(level(full.nodes.size, full.nodes.weight, size))
        levels["theta"].append(full.theta[0].cdf(theta[0]))
    for name in levels:
        assert_uniform(levels[name])


# ---- priors that end, jump or bend ------------------------------------------------------------------------------


def steps(cuts, levels, rate=0.0):
    """A log density with a level between each two cuts, less rate times its argument."""
    return lambda x: np.append(levels, 0)[np.searchsorted(cuts, x)] - rate * x


def piecewise_normal(cuts, levels, rate):
    """What `moments` gives, and log p(ybar), for the eight schools: Gauss-Legendre on every piece of the prior."""
    y, se = SCHOOLS.ybar, SCHOOLS.se
    tau, weight, level = [], [], []
    for low, high, value in zip([0.0, *cuts], [*cuts, 1e9], levels, strict=True):
        if value > -np.inf:
            start = max(low, 1e-14)
            panels = np.geomspace(start, high, max(3, int(np.log(high / start) * 2.5)))
            nodes, weights = legendre(np.unique(np.concatenate([[low], panels, [high]])), 30)
            tau, weight, level = [*tau, nodes], [*weight, weights], [*level, np.full(nodes.size, value)]
    tau, weight, level = map(np.concatenate, (tau, weight, level))
    w = 1 / (se**2 + tau[:, None] ** 2)
    precision = w.sum(axis=1)
    mu, kappa = (w @ y) / precision, tau**2 * w[:, 0]
    log_f = level - rate * tau + (np.log(w / (2 * np.pi)).sum(axis=1) - np.log(precision / (2 * np.pi))) / 2
    log_f -= (w * (y - mu[:, None]) ** 2).sum(axis=1) / 2
    f = weight * np.exp(log_f - log_f.max())
    total, f = f.sum(), f / f.sum()
    parts = (
        (tau, 0 * tau),
        (mu, 1 / precision),
        (kappa * y[0] + (1 - kappa) * mu, kappa * se[0] ** 2 + (1 - kappa) ** 2 / precision),
    )
    means = [np.sum(f * mean) for mean, _ in parts]
    sds = [np.sqrt(np.sum(f * ((mean - m) ** 2 + extra))) for (mean, extra), m in zip(parts, means, strict=True)]
    return [*means, *sds, log_f.max() + np.log(total)]


@pytest.mark.parametrize("seed", range(60))
def test_a_prior_may_end_and_jump_anywhere(seed):
    """Random steps, up and down, near each other and far away, some of them to a density of 0."""
    rng = np.random.default_rng(seed)
    cuts = np.exp(rng.uniform(-3, 5, rng.integers(1, 6)))
    if seed % 3 == 0:
        cuts = np.append(cuts, cuts[0] * 1.02)
    cuts, rate = np.sort(cuts), (0.0, 0.1)[seed % 2]
    levels = rng.normal(0, (0.5, 3.0)[seed % 2], cuts.size + 1)
    levels[rng.uniform(size=levels.size) < 0.35] = -np.inf
    levels[rng.integers(levels.size)] = 1.0
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, steps(cuts, levels, rate))
    expected = piecewise_normal(cuts, levels, rate)
    np.testing.assert_allclose([*moments(full), full.log_evidence], expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("own", "known"),
    [
        (lambda t: np.where(t <= 10, -np.log(10), -np.inf), priors.uniform(10)),
        (lambda t: np.where(t <= 1, 0.0, np.nan), priors.uniform(1)),
        (lambda t: np.where((t > 3) & (t < 8), -np.log(5), -np.inf), priors.Prior("box", np.zeros_like, 3.0, 8.0)),
        (lambda t: np.where((t > 3) & (t < 3.03), 0, -np.inf), priors.Prior("box", np.zeros_like, 3.0, 3.03)),
        (lambda t: np.log(10 - t), priors.Prior("line", lambda t: np.log(10 - t), 0.0, 10.0)),
        (stats.uniform(0, 100).logpdf, priors.uniform(100)),
        (stats.uniform(0, 100), priors.uniform(100)),
        (stats.halfcauchy(scale=5), priors.half_cauchy(5)),
        (stats.norm(0, 5), priors.half_normal(5)),
        (stats.pareto(1.5, scale=2), priors.pareto(1.5, 2)),
    ],
)
def test_a_prior_of_the_callers_is_as_good_as_ours(own, known):
    """In both families; the uniform by hand is the most usual prior that ends."""
    a, b = (normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, prior) for prior in (own, known))
    np.testing.assert_allclose(moments(a), moments(b), rtol=1e-12)
    np.testing.assert_allclose(a.tau.ppf([0, 0.1, 0.9]), b.tau.ppf([0, 0.1, 0.9]), rtol=1e-10)
    c, d = (beta_binomial.full_bayes(SURGERY.y, SURGERY.n, prior) for prior in (own, known))
    np.testing.assert_allclose(rate_moments(c)[:4], rate_moments(d)[:4], rtol=1e-10)
    np.testing.assert_allclose(c.size.ppf([0, 0.1, 0.9]), d.size.ppf([0, 0.1, 0.9]), rtol=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_the_size_may_have_such_a_prior(seed):
    """The posterior under steps is the mixture of those on each step, with weights by their evidence."""
    rng = np.random.default_rng(100 + seed)
    cuts = np.sort(np.exp(rng.uniform(0, 7, 3)))
    levels = np.array([rng.normal(), -np.inf, *rng.normal(0, 3, 2)])[rng.permutation(4)]
    levels = np.append(levels[:3], -np.inf) if levels[3] > -np.inf and np.isinf(levels[:3]).sum() == 0 else levels
    rate = 0.01
    full = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, steps(cuts, levels, rate))
    pieces = []
    for low, high, level in zip([0.0, *cuts], [*cuts, np.inf], levels, strict=True):
        if level > -np.inf:
            prior = priors.Prior("piece", lambda x, level=level: level - rate * x, low, high, smooth=True)
            pieces.append(rate_moments(beta_binomial.full_bayes(SURGERY.y, SURGERY.n, prior)))
    pieces = np.array(pieces)
    share = special.softmax(pieces[:, 4])
    np.testing.assert_allclose(rate_moments(full)[:3], share @ pieces[:, :3], rtol=1e-9)
    assert full.log_evidence == pytest.approx(special.logsumexp(pieces[:, 4]), abs=1e-9)


def two_boxes(rng, scale):
    """Ends of two boxes that are 0.1 % wide or a little more, anywhere from 1e-8 to 1e8 times the scale."""
    low = scale * np.sort(10 ** rng.uniform(-8, 8, 2))
    low[1] = max(low[1], 1.1 * low[0])
    return np.ravel([low, low * (1 + 1e-3 * 10 ** rng.uniform(0, 1, 2))], order="F")


@pytest.mark.parametrize("seed", range(20))
def test_two_narrow_boxes_are_the_whole_prior_of_tau(seed):
    """Isolated, with nothing between them, and so high that both count."""
    ends, levels = two_boxes(np.random.default_rng(seed), 8.0), np.full(5, -np.inf)
    alone = [piecewise_normal(ends[at : at + 2], [-np.inf, 0.0, -np.inf], 0.0)[-1] for at in (0, 2)]
    levels[[1, 3]] = -np.array(alone)
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, steps(ends, levels, 0.0))
    assert full.tau.cdf(ends[1:3]) == pytest.approx(0.5, rel=1e-10)
    np.testing.assert_allclose([*moments(full), full.log_evidence], piecewise_normal(ends, levels, 0.0), rtol=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_two_narrow_boxes_are_the_whole_prior_of_the_size(seed):
    ends, levels = two_boxes(np.random.default_rng(seed), 14.0), np.full(5, -np.inf)
    pieces = [
        beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.Prior("piece", np.zeros_like, *ends[at : at + 2]))
        for at in (0, 2)
    ]
    levels[[1, 3]] = [-piece.log_evidence for piece in pieces]
    full = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, steps(ends, levels, 0.0))
    assert full.log_evidence == pytest.approx(np.log(2), abs=1e-9)
    assert full.size.cdf(ends[1:3]) == pytest.approx(0.5, rel=1e-9)
    expected = np.mean([rate_moments(piece)[:3] for piece in pieces], axis=0)
    np.testing.assert_allclose(rate_moments(full)[:3], expected, rtol=1e-9)


@pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6, 1e-7])
@pytest.mark.parametrize("place", [0.3, 5.0, 400.0])
def test_a_very_narrow_prior_is_all_but_a_value(width, place):
    """A normal density of small relative width: the posterior is all but that given tau, or the size."""
    prior = stats.norm(place, place * width)
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, prior)
    w = 1 / (SCHOOLS.se**2 + place**2)
    assert full.tau.mean() == pytest.approx(place, rel=1e-12 + 2 * width)
    assert full.mu.mean() == pytest.approx(w @ SCHOOLS.ybar / w.sum(), rel=1e-12 + 2 * width)
    assert full.tau.std() == pytest.approx(place * width, rel=1e-6 + 2 * width, abs=0)
    rates = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, prior)
    assert rates.size.log().mean() == pytest.approx(np.log(place), abs=1e-12 + 2 * width)


def test_two_bends_and_a_spike():
    """Kinks as in a table of log densities, and a smooth spike on a wide prior: Gauss-Legendre between the places."""

    def table(t):
        return np.interp(t, [0, 1, 2, 5, 10], [0, 1, -1, 2, 0]) - t / 3

    def spiked(t):
        return np.logaddexp(stats.norm(5, 0.01).logpdf(t), np.log(0.2) - t / 5)

    around = [5 + 0.01 * k for k in (-10, -6, -3, -1, 0, 1, 3, 6, 10)]
    for prior, edges in ((table, [0, 1, 2, 5, 10, 30, 100, 300]), (spiked, [0, 1, 2, 4, *around, 7, 15, 50, 300])):
        full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, prior)
        tau, weight = legendre(edges, 60)
        f = weight * np.exp(full.tau.logpdf(tau))
        assert np.sum(f) == pytest.approx(1, abs=1e-11)
        assert np.sum(f * tau) == pytest.approx(full.tau.mean(), rel=1e-10)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (lambda t: 0.0, r"one log density for each value of an array, but gave shape \(\)"),
        (lambda t: np.zeros((t.size, 1)), "one log density for each value"),
        (priors.Prior("flat", lambda t: 0.0), "one log density for each value"),
        (lambda t: -t if t > 1 else 0.0, "a function of an array of numbers, but it failed on one"),
        (lambda t: "low", "a function of an array of numbers, but it failed"),
        (stats.halfcauchy(scale=5).pdf, "logarithm of a density, but .* the density itself"),
        (stats.norm(0, 5).pdf, "logarithm of a density, but .* the density itself"),
        (stats.uniform(0, 10).pdf, "logarithm of a density, but .* the density itself"),
        (lambda t: np.exp(-t / 5), "logarithm of a density, but .* the density itself"),
        (lambda t: np.full_like(t, -np.inf), "-inf or not a number at all"),
        (lambda t: np.nan * t, "-inf or not a number at all"),
        (stats.uniform(-5, 4), "distribution of positive numbers, but its support is -5 to -1"),
        (stats.halfcauchy(scale=np.array([1.0, 2.0])), "one frozen distribution"),
        (stats.poisson(3), "prior must be a continuous distribution, but .* is a discrete one"),
        (3, "prior must be a Prior or a function"),
        (lambda t: np.where(t < 10, 0.0, -60.0), "improper.* towards infinity"),
        (lambda t: np.sin(1e9 * t), "rough everywhere"),
    ],
)
def test_what_is_no_log_density_is_refused_with_the_reason(prior, message):
    for call in (
        lambda: normal_normal.full_bayes([1.0, 5.0], [1.0, 1.0], prior),
        lambda: beta_binomial.full_bayes([1, 2], [10, 20], prior),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    ("new", "frozen"),
    [
        (lambda: stats.Normal(mu=1.0, sigma=5.0), stats.norm(1, 5)),
        (lambda: stats.Uniform(a=-1.0, b=3.0), stats.uniform(-1, 4)),
        (lambda: stats.make_distribution(stats.halfnorm)(), stats.halfnorm()),
        (lambda: stats.truncate(stats.Normal(mu=0.0, sigma=5.0), lb=0), stats.halfnorm(scale=5)),
    ],
    ids=["Normal", "Uniform", "a frozen one's class", "truncated"],
)
def test_scipys_new_distributions_are_priors_like_the_frozen_ones(new, frozen):
    one, other = (normal_normal.full_bayes([3.0, 4.0, 5.0], 1.0, prior) for prior in (new(), frozen))
    assert one.log_evidence == pytest.approx(other.log_evidence, abs=1e-8)
    np.testing.assert_allclose(moments(one), moments(other), rtol=1e-8)


def test_a_spike_at_0_is_refused_however_light():
    """exp(-60)/tau below 1e-3: beyond the depth to which the posterior is looked at, and still not integrable."""
    with pytest.raises(ValueError, match=r"improper.* towards 0"):
        normal_normal.full_bayes([1.0, 5.0], [1.0, 1.0], lambda t: np.where(t < 1e-3, -60 - np.log(t), -t))


def test_a_log_density_may_be_positive():
    """A constant added, a narrow density, an improper one that bends: none is mistaken for a density."""
    one = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, lambda t: 700.0 - np.log1p((t / 5) ** 2))
    other = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_cauchy(5))
    np.testing.assert_allclose(moments(one), moments(other), rtol=1e-12)
    bump = priors.Prior("flat, with a bump", lambda t: np.log1p(np.exp(-t)), proper=False)  # as a function: refused
    for prior in (lambda t: 0 * t, bump, stats.halfnorm(scale=1e-9).logpdf):
        assert np.isfinite(normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, prior).mu.mean())


# ---- quantiles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ybar", "se", "prior", "expected", "half"),
    [
        ([28, 8], [15, 10], priors.half_cauchy(5), (-16.560238, 49.550117), (7.081222, 22.433936)),
        ([28, 8, -3], [15, 10, 16], FLAT, (-251.0323, 273.0337), (-6.6351, 28.4203)),
        ([28, 8], [15, 10], priors.inverse_gamma_on_variance(0.5, 0.5), (-5.24384, 34.71265), None),
        ([28], [15], priors.half_cauchy(5), (-46.62613, 102.62613), None),
    ],
)
def test_a_new_group_has_quantiles_where_it_has_no_moments(ybar, se, prior, expected, half):
    """The expected ones are from SciPy's quadrature of normal distribution functions over tau."""
    full = normal_normal.full_bayes(ybar, se, prior)
    assert np.isinf(full.new_group.std())
    np.testing.assert_allclose(np.ravel(full.new_group.interval()), expected, rtol=1e-6)
    if half:
        np.testing.assert_allclose(np.ravel(full.new_group.interval(0.5)), half, rtol=1e-5)
    for mixture in (full.new_group, full.theta):
        for q in (0.001, 0.3, 0.999):
            np.testing.assert_allclose(mixture.cdf(mixture.ppf(q)), q, rtol=1e-9)
    np.testing.assert_allclose(full.mu.cdf(full.mu.ppf([0.001, 0.4, 0.999])), [0.001, 0.4, 0.999], rtol=1e-9)


def test_one_group_under_the_longest_tail():
    """With one group and a flat prior of mu its theta is N(ybar, se^2) whatever tau is, or its prior."""
    full = normal_normal.full_bayes([28], [15], priors.half_t(0.1, 5))
    np.testing.assert_allclose([full.theta[0].mean(), full.theta[0].std()], [28, 15], rtol=1e-12)
    np.testing.assert_allclose(np.ravel(full.theta.interval()), stats.norm(28, 15).interval(0.95), rtol=1e-9)
    assert np.isnan([full.tau.mean(), full.mu.mean(), full.new_group.mean()]).all()
    again = normal_normal.full_bayes([28, np.nan], [15, np.inf], priors.half_t(0.1, 5))
    assert np.isnan(again.theta[1].mean())
    assert np.isinf(again.theta[1].std())
    with pytest.raises(ValueError, match="falls too slowly towards infinity"):
        normal_normal.full_bayes([28], [15], priors.half_t(0.01, 5))


def test_mu_has_quantiles_in_the_normal_family():
    """P(mu <= x) by Gauss-Legendre over tau of the normal distribution function given tau."""
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_normal(25))
    tau, weight = legendre([0, 2, 5, 10, 20, 50, 200], 40)
    f = weight * np.exp(full.tau.logpdf(tau))
    w = 1 / (SCHOOLS.se**2 + tau[:, None] ** 2)
    x = np.array([[-3.0, 0.0], [8.0, 20.0]])
    z = (x[..., None] - w @ SCHOOLS.ybar / w.sum(axis=1)) * np.sqrt(w.sum(axis=1))
    np.testing.assert_allclose(full.mu.cdf(x), special.ndtr(z) @ f, rtol=1e-10)
    np.testing.assert_allclose(full.mu.ppf(full.mu.cdf(x)), x, rtol=1e-8, atol=1e-9)
    assert np.shape(full.mu.cdf(0.0)) == np.shape(full.mu.ppf(0.5)) == ()


def test_mu_and_the_size_have_quantiles_in_the_binomial_family():
    """Their distribution functions by Gauss-Legendre over (mu, log M)."""
    prior, log_prior = priors.half_cauchy(50), stats.halfcauchy(scale=50).logpdf
    full = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, prior)
    mu, size = full.mu.ppf([0.025, 0.5, 0.975]), full.size.ppf([0.025, 0.5, 0.975])
    mu_edges = [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.3, 1.0]
    size_edges = [-8.0, -4, 0, 2, 3, 4, 5, 6, 7, 9, 12, 16, 22, 30, 46]
    total = grid_posterior(SURGERY.y, SURGERY.n, log_prior, mu_edges, size_edges)[0][4]
    for i, q in enumerate((0.025, 0.5, 0.975)):
        lower = [*(edge for edge in mu_edges if edge < mu[i]), mu[i]]
        below = grid_posterior(SURGERY.y, SURGERY.n, log_prior, lower, size_edges)[0][4]
        assert np.exp(below - total) == pytest.approx(q, rel=1e-8)
        lower = [*(edge for edge in size_edges if edge < np.log(size[i])), np.log(size[i])]
        below = grid_posterior(SURGERY.y, SURGERY.n, log_prior, mu_edges, lower)[0][4]
        assert np.exp(below - total) == pytest.approx(q, rel=1e-8)
    np.testing.assert_allclose(full.mu.cdf(mu), [0.025, 0.5, 0.975], rtol=1e-9)
    assert full.mu.cdf([-1.0, 0.0, 1.0, 2.0]).tolist() == [0, 0, 1, 1]
    assert full.mu.ppf([0, 1]).tolist() == [0, 1]
    assert full.size.ppf([0, 1]).tolist() == [0, np.inf]


def test_the_quantiles_of_0_and_1_are_the_ends():
    full = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_cauchy(5))
    assert full.tau.ppf([0, 1]).tolist() == [0, np.inf]
    assert np.shape(full.tau.ppf(0.5)) == ()
    assert full.tau.ppf([[0.5, 0.6]]).shape == (1, 2)
    assert full.mu.ppf([0, 1]).tolist() == [-np.inf, np.inf]
    assert np.ravel(full.new_group.interval(1)).tolist() == [-np.inf, np.inf]
    ended = normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, lambda t: np.where((t > 2) & (t < 9), 0.0, -np.inf))
    np.testing.assert_allclose(ended.tau.ppf([0, 1]), [2, 9], rtol=1e-15)
    rates = beta_binomial.full_bayes(SURGERY.y, SURGERY.n, priors.half_cauchy(50))
    assert np.ravel(rates.new_group.interval(1)).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda full: full.tau.ppf(-0.1), "q must be at least 0"),
        (lambda full: full.tau.ppf([0.5, 1.1]), "q must be a probability, at most 1, but is 1.1"),
        (lambda full: full.tau.ppf(np.nan), "q must not be missing"),
        (lambda full: full.mu.ppf(1.5), "q must be a probability"),
        (lambda full: full.theta.interval(1.2), "prob must be a probability, at most 1, but is 1.2"),
        (lambda full: full.theta.ppf([0.1, 1.2]), "q must be a probability"),
        (lambda full: full.theta[9], "index 9 is out of bounds"),
        (lambda full: full.mu[0], "a single Mixture has no groups to pick"),
        (lambda full: full.tau[0], "a single Scale has no groups to pick"),
        (lambda full: full.summary(prob=2), "prob must be a probability"),
        (lambda full: full.summary(groups=["A"]), "groups must hold one name a group, 8, but has 1"),
        (lambda full: full.theta.rvs(2.5, 1), "size must be a whole number"),
        (lambda full: full.theta.rvs(-1, 1), "size must be at least 0"),
        (lambda full: full.theta.rvs((2, -3), 1), "size must be at least 0"),
        (lambda full: full.theta.rvs(3, "today"), "rng must be a numpy Generator, .* but is .today."),
        (
            lambda full: normal_normal.full_bayes([1.0, 2.0], 1.0, priors.half_cauchy(1), mu_prior=5),
            r"mu_prior must be the \(mean, sd\)",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, IndexError), match=message):
        call(normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_cauchy(5)))


def test_a_seed_is_a_generator():
    full = FAMILIES["rates"]()
    np.testing.assert_array_equal(full.theta.rvs(3, 7), full.theta.rvs(3, np.random.default_rng(7)))
    assert full.theta.rvs(0, 7).shape == (0, 12)


# ---- distribution functions of rates ----------------------------------------------------------------------------


def exact_rate_cdf(full, y, n, x):
    """P(theta_1 <= x): for each node of the size, mu on a fine grid of its logit, with log Beta functions or products.

    The grid follows the step that a Beta distribution of a large size is, as a function of mu; where the size is
    beyond 1e8 that step has no width.
    """
    total = np.zeros(x.size)
    sizes, which = np.unique(full.nodes.size, return_inverse=True)
    given = full._given(sizes)
    for size, weight, centre, width in zip(
        sizes, np.bincount(which, full.nodes.weight), given.centre, given.width, strict=True
    ):
        if weight < 1e-12:
            continue

        def log_f(z, size=size):
            mu, rest = special.expit(z), special.expit(-z)
            value = np.log(mu) + np.log(rest)
            for a, number in ((mu, y), (rest, n - y)):
                for k, groups in enumerate(above(number)):
                    value = value + groups * np.log(a + k / size)
            return value

        z = np.linspace(centre - 60 * width, centre + 60 * width, 6001)
        some = np.flatnonzero(log_f(z) > log_f(z).max() - 38)
        low, high = z[some[0]], z[some[-1]]
        mean = special.expit(centre)
        step = min(0.15 / np.sqrt(size * mean * (1 - mean)), width / 20)
        z = np.linspace(low, high, int(np.clip((high - low) / step, 500, 60_000)))
        p = special.softmax(log_f(z))
        if size > 1e8:
            total += weight * np.interp(special.logit(x), z, np.cumsum(p) - p / 2)
        else:
            mu = special.expit(z)
            total += weight * special.betainc(mu * size + y[0], (1 - mu) * size + n[0] - y[0], x[:, None]) @ p
    return total


@pytest.mark.parametrize(
    ("y", "n", "prior"),
    [
        ([5] * 10, [50] * 10, priors.power(-1.1)),
        ([5] * 10, [50] * 10, priors.uniform(1e6)),
        ([30, 33, 28, 31, 35, 29, 27, 32], [100] * 8, priors.half_cauchy(1000)),
        (SURGERY.y, SURGERY.n, priors.half_cauchy(50)),
    ],
    ids=["equal, long tail", "equal, uniform", "nearly equal", "unequal"],
)
def test_the_distribution_function_of_a_rate(y, n, prior):
    """Where the groups may share one rate, large sizes count, for which theta is all but mu."""
    y, n = np.array(y), np.array(n)
    full = beta_binomial.full_bayes(y, n, prior)
    x = np.append(np.ravel([ends[0] for ends in full.theta.interval()]), full.theta[0].mean() * np.array([0.8, 1, 1.3]))
    got = full.theta[0].cdf(x)
    np.testing.assert_allclose(got[:2], [0.025, 0.975], rtol=1e-9)
    np.testing.assert_allclose(got, exact_rate_cdf(full, y, n, x), atol=2e-8)


@pytest.mark.parametrize("seed", range(4))
def test_the_distribution_function_of_any_rate(seed):
    """The same for random groups that share one rate or nearly so, with sizes about where F turns into a step.

    With hardly a success the density of mu is known between its nodes to 2e-7 only.
    """
    rng = np.random.default_rng(seed)
    n = rng.integers(5, 10 ** rng.integers(1, 3), 8) + 5
    y = rng.binomial(n, rng.choice([0.02, 0.1, 0.5]))
    full = beta_binomial.full_bayes(y, n, priors.half_normal(n.sum() * 10.0 ** rng.uniform(-1, 3)))
    x = full.theta[0].ppf([1e-3, 0.025, 0.5, 0.975, 0.999])
    np.testing.assert_allclose(full.theta[0].cdf(x), [1e-3, 0.025, 0.5, 0.975, 0.999], rtol=1e-9)
    np.testing.assert_allclose(full.theta[0].cdf(x), exact_rate_cdf(full, y, n, x), atol=3e-7)


@pytest.mark.parametrize(
    ("y", "n", "prior"),
    [
        ([0] * 20, [100] * 20, priors.half_cauchy(20)),
        ([0] * 20, [100] * 20, priors.half_normal(30)),
        ([20] * 5, [20] * 5, priors.half_cauchy(20)),
        ([0, 0, 1], [3, 4000, 9], priors.power(-1.1)),
        ([0, 0, 0], [0, 1, 10**9], priors.exponential(3)),
    ],
)
def test_intervals_of_rates_are_rates(y, n, prior):
    full = beta_binomial.full_bayes(y, n, prior)
    for mixture in (full.theta, full.new_group):
        for prob in (0.5, 0.95, 0.9999):
            low, high = mixture.interval(prob)
            assert ((low >= 0) & (low <= high) & (high <= 1)).all()
            assert (mixture.cdf(high) >= (1 + prob) / 2 - 1e-7).all()  # near 1 the next double may be far above it
            assert (np.abs(mixture.cdf(low) - (1 - prob) / 2)[low > 0] < 1e-9).all()


@pytest.mark.parametrize("n", [[3, 4000, 9], [300, 20, 90]])
def test_the_distribution_function_rises_in_the_farthest_tails(n):
    """At rates of e^-100 it was 1 and then 0: the few large sizes counted for a distance that is no rate any more."""
    full = beta_binomial.full_bayes([0, 0, 1], n, priors.power(-1.1))
    x = special.expit(np.linspace(-600, 30, 60))
    for mixture in (full.new_group, *full.theta):
        assert (np.diff(mixture.cdf(x)) > -1e-8).all()
        assert (np.diff(mixture.sf(x)) < 1e-8).all()
        np.testing.assert_allclose(mixture.cdf(x) + mixture.sf(x), 1, atol=1e-9)


def test_equal_groups_have_equal_intervals():
    y, n = np.tile(SURGERY.y, 20), np.tile(SURGERY.n, 20)
    low, high = beta_binomial.full_bayes(y, n, priors.half_cauchy(50)).theta.interval()
    np.testing.assert_array_equal(low, np.tile(low[:12], 20))
    np.testing.assert_array_equal(high, np.tile(high[:12], 20))


# ---- units and memory -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [-100, -54, 60, 100])
def test_any_unit_will_do(exponent):
    unit, before = (
        10.0**exponent,
        normal_normal.full_bayes(SCHOOLS.ybar, SCHOOLS.se, priors.half_cauchy(5), mu_prior=(1, 9)),
    )
    prior, mu = priors.half_cauchy(5 * unit), (unit, 9 * unit)
    after = normal_normal.full_bayes(SCHOOLS.ybar * unit, SCHOOLS.se * unit, prior, mu_prior=mu)
    np.testing.assert_allclose(np.array(moments(after)) / unit, moments(before), rtol=1e-12)
    np.testing.assert_allclose(np.divide(after.theta.interval(), unit), before.theta.interval(), rtol=1e-9)
    np.testing.assert_allclose(after.tau.ppf([0.1, 0.9]) / unit, before.tau.ppf([0.1, 0.9]), rtol=1e-9)
    np.testing.assert_allclose(after.mu.ppf([0.1, 0.9]) / unit, before.mu.ppf([0.1, 0.9]), rtol=1e-9)
    with pytest.raises(ValueError, match=r"improper.* towards infinity"):
        normal_normal.full_bayes(SCHOOLS.ybar[:2] * unit, SCHOOLS.se[:2] * unit, FLAT)


def peak_of(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_groups_times_nodes():
    """100,000 groups took 0.8 GB, at all their standard errors times all nodes; the intervals are included here."""
    rng = np.random.default_rng(37)
    ybar, se = rng.normal(0, 2, 100_000), rng.uniform(0.5, 3, 100_000)
    assert peak_of(lambda: normal_normal.full_bayes(ybar, se, FLAT).theta.interval()) < 150e6
    n = rng.permutation(np.arange(100, 20_100))
    y = rng.binomial(n, rng.beta(5, 50, n.size))
    assert peak_of(lambda: beta_binomial.full_bayes(y, n, priors.half_cauchy(50))) < 100e6
