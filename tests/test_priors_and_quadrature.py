"""priors against scipy's densities; quadrature against integrals known in closed form and scipy's quantiles."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from hblib import priors
from hblib._numerics import quadrature
from hblib._numerics.breaks import find_breaks
from hblib._numerics.panels import Panels

X = np.geomspace(1e-6, 1e6, 49)
PROPER = {
    "half_normal": (priors.half_normal(2.5), stats.halfnorm(scale=2.5).logpdf),
    "half_cauchy": (priors.half_cauchy(5), stats.halfcauchy(scale=5).logpdf),
    "half_t": (priors.half_t(3, 4), lambda x: np.log(2) + stats.t(3, scale=4).logpdf(x)),
    "half_t_fraction": (priors.half_t(1.5, 0.1), lambda x: np.log(2) + stats.t(1.5, scale=0.1).logpdf(x)),
    "exponential": (priors.exponential(7), stats.expon(scale=7).logpdf),
    "inverse_gamma": (
        priors.inverse_gamma_on_variance(2, 3),
        lambda x: stats.invgamma(2, scale=3).logpdf(x**2) + np.log(2 * x),
    ),
    "inverse_gamma_half": (
        priors.inverse_gamma_on_variance(0.5, 0.2),
        lambda x: stats.invgamma(0.5, scale=0.2).logpdf(x**2) + np.log(2 * x),
    ),
    "uniform": (priors.uniform(9), stats.uniform(0, 9).logpdf),
    "pareto": (priors.pareto(1.5, 2), stats.pareto(1.5, scale=2).logpdf),
}


@pytest.mark.parametrize("name", PROPER)
def test_a_density_is_scipys(name):
    prior, logpdf = PROPER[name]
    x = X[(prior.lower < X) & (prior.upper > X)]
    expected = logpdf(x)
    some = np.isfinite(expected)
    assert some.sum() > 10
    np.testing.assert_allclose(prior.log_density(x)[some], expected[some], rtol=1e-12, atol=1e-11)
    assert prior.proper


@pytest.mark.parametrize("name", PROPER)
def test_a_proper_prior_integrates_to_one(name):
    """By the project's rule, and independently by scipy's in log x."""
    prior, _ = PROPER[name]
    weight, log_total = quadrature.integrate_scale(prior.log_density, prior.lower, prior.upper, guess=3.0)[1:]
    assert log_total == pytest.approx(0, abs=1e-10)
    assert np.sum(weight) == pytest.approx(1, abs=1e-13)
    ends = np.log(max(prior.lower, 1e-30)), np.log(min(prior.upper, 1e30))
    edges = np.linspace(*ends, 25)
    panels = [
        integrate.quad(lambda t: np.exp(prior.log_density(np.exp(t)) + t), *edges[i : i + 2], epsabs=1e-14)[0]
        for i in range(24)
    ]
    assert sum(panels) == pytest.approx(1, abs=1e-10)


def test_improper_priors_say_so():
    for prior in (priors.uniform(), priors.power(-1.5), priors.as_prior(lambda x: 0 * x)):
        assert not prior.proper
    np.testing.assert_array_equal(priors.uniform().log_density(X), 0)
    np.testing.assert_allclose(priors.power(-1.5).log_density(X), -1.5 * np.log(X))


def test_half_cauchy_is_half_t_with_one_degree():
    np.testing.assert_allclose(priors.half_t(1, 3).log_density(X), priors.half_cauchy(3).log_density(X), rtol=1e-12)


def test_a_prior_or_a_function_is_a_prior():
    prior = priors.half_normal(1)
    assert priors.as_prior(prior) is prior
    own = priors.as_prior(lambda x: -x)
    assert (own.lower, own.upper, own.log_density(2.0)) == (0.0, np.inf, -2.0)
    assert "half-normal(1)" in prior.name


@pytest.mark.parametrize("frozen", [stats.dgamma(0.5), stats.truncate(stats.Normal(), 0, 5), stats.norm])
def test_a_continuous_distribution_is_a_prior_whatever_its_kind(frozen):
    assert priors.as_prior(frozen).log_density(2.0) < 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: priors.half_normal(0), "scale must be greater than 0, but scale = 0"),
        (lambda: priors.half_normal(np.nan), "scale must not be missing"),
        (lambda: priors.half_cauchy(-1), "scale must be greater than 0"),
        (lambda: priors.half_cauchy(np.inf), "scale must be finite"),
        (lambda: priors.half_t(0, 1), "df must be greater than 0"),
        (lambda: priors.half_t(3, 0), "scale must be greater than 0"),
        (lambda: priors.exponential("long"), "scale must hold numbers, but is 'long'"),
        (lambda: priors.uniform(0), "upper must be greater than 0"),
        (lambda: priors.inverse_gamma_on_variance(0, 1), "shape must be greater than 0"),
        (lambda: priors.inverse_gamma_on_variance(1, -1), "rate must be greater than 0"),
        (lambda: priors.pareto(1, 0), "scale must be greater than 0"),
        (lambda: priors.pareto(0, 1), "shape must be greater than 0"),
        (lambda: priors.power(np.nan), "exponent must not be missing"),
        (lambda: priors.as_prior(3), "prior must be a Prior or a function .* but is 3"),
        (lambda: priors.as_prior(stats.poisson(3)), "prior must be a continuous distribution, .* is a discrete one"),
        (lambda: priors.as_prior(stats.Binomial(n=9, p=0.5)), r"but Binomial\(.*\) is a discrete one"),
        (lambda: priors.as_prior(stats.poisson([3, 4])), "prior must be one frozen distribution"),
        (lambda: priors.as_prior(stats.beta(0.5, 0.5)).distribution(), "infinite at 1, .* let the prior end .* before"),
        (lambda: priors.as_prior(stats.arcsine(1, 2)).distribution(), "the density is infinite at 3, .* at 0 only"),
        (lambda: quadrature.integrate_scale(lambda s: -s, 2, 1), "lower must be below upper, but they are 2 and 1"),
        (lambda: quadrature.integrate_scale(lambda s: np.full_like(s, -np.inf)), "zero or not a number"),
        (lambda: quadrature.integrate_scale(lambda s: np.nan * s), "zero or not a number"),
        (lambda: quadrature.integrate_scale(lambda s: 0 * s), "improper.* does not fall towards infinity"),
        (lambda: quadrature.integrate_scale(lambda s: -np.log(s) - s), "improper.* does not fall towards 0"),
        (lambda: quadrature.integrate_scale(lambda s: -2 * np.log(s), upper=5.0), "improper.* towards 0"),
        (lambda: quadrature.integrate_scale(lambda s: -np.log(s), lower=5.0), "improper.* towards infinity"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def gamma(shape):
    return lambda s: (shape - 1) * np.log(s) - s


KNOWN = {
    "exponential": (lambda s: -s, 0, np.inf, 0.0),
    "gamma": (gamma(7.5), 0, np.inf, special.gammaln(7.5)),
    "gamma_at_zero": (gamma(0.3), 0, np.inf, special.gammaln(0.3)),
    "inverse_gamma": (lambda s: -4 * np.log(s) - 1 / s, 0, np.inf, special.gammaln(3)),
    "half_cauchy": (lambda s: -np.log1p(s**2), 0, np.inf, np.log(np.pi / 2)),
    "half_normal": (lambda s: -(s**2) / 2, 0, np.inf, np.log(np.pi / 2) / 2),
    "log_normal": (lambda s: -(np.log(s) ** 2) / 2 - np.log(s), 0, np.inf, np.log(2 * np.pi) / 2),
    "bessel": (lambda s: -s - 1 / s - np.log(s), 0, np.inf, np.log(2 * special.kv(0, 2))),
    "finite": (lambda s: 0 * s, 2, 5, np.log(3)),
    "from_zero": (lambda s: np.log(s), 0, 3, np.log(4.5)),
    "root_from_zero": (lambda s: -np.log(s) / 2, 0, 3, np.log(2 * np.sqrt(3))),
    "cut_normal": (lambda s: -(s**2) / 2, 0, 1, np.log(np.sqrt(2 * np.pi) * (stats.norm.cdf(1) - 0.5))),
    "pareto": (lambda s: -2.5 * np.log(s), 4, np.inf, -np.log(1.5) - 1.5 * np.log(4)),
    "cut_exponential": (lambda s: -s, 3, np.inf, -3.0),
    "cut_cauchy": (lambda s: -np.log1p(s**2), 1, np.inf, np.log(np.pi / 4)),
}


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("guess", [0.2, 1.0, 30.0])
def test_known_integrals_come_out_to_twelve_digits(name, guess):
    log_f, lower, upper, expected = KNOWN[name]
    guess = min(max(guess, lower * 1.1), upper / 1.1)
    nodes, weight, log_total = quadrature.integrate_scale(log_f, lower, upper, guess)
    assert log_total == pytest.approx(expected, abs=1e-12)
    assert (nodes >= lower * (1 - 1e-15)).all()  # exp(log(upper)) may round up
    assert (nodes <= upper * (1 + 1e-15)).all()
    assert np.sum(weight) == pytest.approx(1, abs=1e-13)


@pytest.mark.parametrize("unit", [1e-12, 1e-4, 1e4, 1e12])
def test_the_guess_may_be_far_off(unit):
    """The guess stays at 1 while the mass lies orders of magnitude away."""
    nodes, weight, log_total = quadrature.integrate_scale(lambda s: gamma(4)(s / unit))
    assert log_total == pytest.approx(special.gammaln(4) + np.log(unit), abs=1e-12)
    assert np.sum(weight * nodes) == pytest.approx(4 * unit, rel=1e-12, abs=0)


@pytest.mark.parametrize("shape", [1e2, 1e4, 1e6])
def test_a_thin_needle_is_found(shape):
    """A gamma density with standard deviation 1/sqrt(shape) of its mean, whose place is not the guess."""
    log_f = gamma(shape)
    top = log_f(shape)
    nodes, weight, log_total = quadrature.integrate_scale(lambda s: log_f(s) - top, guess=shape * 1.37)
    series = 1 / (12 * shape) - 1 / (360 * shape**3)  # Stirling's, of log Gamma
    expected = np.log(2 * np.pi / shape) / 2 + series + np.log(shape)
    assert log_total == pytest.approx(expected, abs=1e-15 * abs(top) + 1e-12)
    assert np.sum(weight * nodes) == pytest.approx(shape, rel=1e-11)


def test_two_separate_peaks_are_both_integrated():
    def log_f(s):
        return np.logaddexp(-((s - 1) ** 2) * 200, np.log(2) - ((s - 6) ** 2) * 200)

    nodes, weight, log_total = quadrature.integrate_scale(log_f)
    assert log_total == pytest.approx(np.log(3 * np.sqrt(np.pi / 200)), abs=1e-11)
    assert np.sum(weight * nodes) == pytest.approx(13 / 3, rel=1e-11)


def test_a_rough_function_only_says_where_to_look():
    """Off by a factor of up to exp(10) either way, it must not change the answer."""
    exact = quadrature.integrate_scale(gamma(3))
    for rough in (lambda s: gamma(3)(s) + 10 * np.sin(np.log(s)), lambda s: gamma(3)(s) - 10 / (1 + s)):
        nodes, weight, log_total = quadrature.integrate_scale(gamma(3), rough=rough)
        assert log_total == pytest.approx(exact[2], abs=1e-12)
        assert np.sum(weight * nodes**2) == pytest.approx(12, rel=1e-12)
    calls = []

    def counted(s):
        calls.append(np.size(s))
        return gamma(3)(s)

    quadrature.integrate_scale(counted, rough=gamma(3))
    with_rough = sum(calls)
    calls.clear()
    quadrature.integrate_scale(counted)
    assert with_rough < sum(calls)


@pytest.mark.parametrize(
    ("log_f", "lower", "upper", "reference"),
    [
        (gamma(3.5), 0, np.inf, stats.gamma(3.5)),
        (gamma(0.5), 0, np.inf, stats.gamma(0.5)),
        (lambda s: -np.log1p(s**2), 0, np.inf, stats.halfcauchy()),
        (lambda s: -(s**2) / 2, 0, np.inf, stats.halfnorm()),
        (lambda s: 0 * s, 0, 4, stats.uniform(0, 4)),
        (lambda s: -s, 0, 2, stats.truncexpon(2)),
        (lambda s: -2.5 * np.log(s), 4, np.inf, stats.pareto(1.5, scale=4)),
        (gamma(4e4), 0, np.inf, stats.gamma(4e4)),
    ],
)
def test_quantiles_are_scipys(log_f, lower, upper, reference):
    nodes, _, log_total = quadrature.integrate_scale(log_f, lower, upper, guess=max(lower * 2, 1.0))
    panels = Panels(log_f, nodes, log_total, lower, upper, ())
    q = np.array([0.001, 0.025, 0.5, 0.9, 0.975, 0.999])
    x = reference.ppf(q)
    np.testing.assert_allclose(panels.quantile(q, upper=False), x, rtol=1e-9)
    np.testing.assert_allclose(panels.quantile(q, upper=True), reference.isf(q), rtol=1e-9)
    np.testing.assert_allclose(panels.tail(x, upper=False), q, rtol=1e-9)
    np.testing.assert_allclose(panels.tail(x, upper=True), 1 - q, rtol=1e-9)
    np.testing.assert_allclose(panels.log_density(x), reference.logpdf(x), rtol=1e-9, atol=1e-9)


def test_breaks_are_found_to_the_last_digit():
    """Jumps at random places, of any height; and the ends of where the density is positive."""
    rng = np.random.default_rng(72)
    for _ in range(60):
        cuts = np.sort(np.exp(rng.uniform(-5, 5, rng.integers(1, 6))))
        if np.min(np.diff(np.log(cuts)), initial=1) < 0.01:
            continue
        levels = 10 ** rng.uniform(-2, 2) * (1 + np.arange(cuts.size + 1)) * rng.choice([-1, 1], cuts.size + 1)
        inside, lower, upper = find_breaks(
            lambda x, cuts=cuts, levels=levels: levels[np.searchsorted(cuts, x)] - x, guess=2.0
        )
        np.testing.assert_allclose(inside, cuts, rtol=1e-15)
        assert (lower, upper) == (0, np.inf)
        ended = find_breaks(
            lambda x, cuts=cuts: np.where((x > cuts[0] / 2) & (x < 3 * cuts[-1]), -x, -np.inf), guess=2.0
        )
        np.testing.assert_allclose(ended[1:], [cuts[0] / 2, 3 * cuts[-1]], rtol=1e-15)
        assert ended[0].size == 0


@pytest.mark.parametrize("name", PROPER)
@pytest.mark.parametrize("guess", [1e-3, 1.0, 1e4])
def test_a_smooth_density_has_no_breaks(name, guess):
    prior, _ = PROPER[name]
    inside, lower, upper = find_breaks(prior.log_density, prior.lower, prior.upper, max(guess, 1.1 * prior.lower))
    assert inside.size == 0
    assert (lower, upper) == (prior.lower, prior.upper)


def test_a_point_leads_to_what_would_be_overlooked():
    def log_density(x):
        return np.logaddexp(stats.norm(30, 1e-5).logpdf(x), -x)

    prior = priors.Prior("spike", log_density, points=(30.0,))
    breaks, lower, upper = prior.range(1.0)
    assert quadrature.integrate_scale(log_density, lower, upper, breaks=breaks)[2] == pytest.approx(np.log(2), abs=1e-7)


def least_width(ratio):
    """What `Prior` promises to find, relative to x, so far from the guess."""
    beyond = np.maximum(np.abs(np.log(ratio)) - np.log(1e8), 0)
    return 1e-3 * np.sqrt(1 + beyond**2 / 4)


def box(low, width, height=9.0, rest=lambda x: -np.log1p(x)):
    """A log density with a box on low < x < low (1 + width) in it."""
    return lambda x: np.where((x > low) & (x < low * (1 + width)), height, rest(x))


@pytest.mark.parametrize("ratio", [1.0, 10.0, 1e5, 1e8, 1e10, 1e60, 1e-8, 1e-20, 1e-100])
@pytest.mark.parametrize("guess", [1.0, 3e-7, 2e9])
def test_no_box_of_the_promised_width_is_overlooked(ratio, guess):
    """`Prior` promises it for a box that stands by itself, however far from the guess."""
    for shift in np.linspace(1, 1.01, 23):
        low, width = ratio * shift * guess, least_width(ratio * shift)
        prior = priors.Prior("box", box(low, width))
        np.testing.assert_allclose(prior.range(guess)[0], [low, low * (1 + width)], rtol=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_neither_of_two_boxes_is_overlooked(seed):
    """At random places and of random widths, on a wide density or on none at all."""
    rng = np.random.default_rng(seed)
    for _ in range(10):
        ratio = np.sort(10 ** rng.uniform(-8, 8, 2))
        ratio[1] = max(ratio[1], 1.1 * ratio[0])
        width = 1e-3 * 10 ** rng.uniform(0, 1.5, 2)
        rest = [lambda x: -np.log1p(x), lambda x: np.full_like(x, -np.inf)][rng.integers(2)]
        first = box(ratio[0], width[0], height=rng.normal(0, 3), rest=rest)
        prior = priors.Prior("boxes", box(ratio[1], width[1], height=rng.normal(3, 3), rest=first))
        where, lower, upper = prior.range(1.0)
        ends = np.ravel([ratio, ratio * (1 + width)], order="F")
        np.testing.assert_allclose(
            [lower, *where, upper][-5:-1] if lower == 0 else [lower, *where, upper], ends, rtol=1e-14
        )
