"""The other side of every ratio: programs that compute the same thing, times measured elsewhere, and exact answers."""

import importlib
import time
import warnings
from importlib import metadata

import mpmath
import numpy as np
from scipy import optimize, special, stats

from hblib import normal_normal

# Seconds, by number of groups or rows. R 4.2.2, glmmTMB 1.1.5, VGAM 1.1-7; measured in November 2026 on another run of
# a machine of the same size, with load: good to a factor of about 2, and no better. `calibration` in bench.py says how
# fast this machine is beside that one.
STORED = {
    "glmmTMB": {10**3: 0.69, 10**5: 4.6, 10**6: 49.8},
    "VGAM betabinomialff": {10**3: 2.3, 10**5: 127.0, 10**6: 1203.0},
    "lme4": {10**4: 0.20, 10**6: 13.8},
    "mixedlm": {10**6: 4.1},
}

# Posterior means to 15 digits: eight schools with flat mu and tau; rats with the prior (alpha + beta)^(-5/2).
EXACT = {"mu": 7.932375018237783, "tau": 6.575483346721597, "mean": 0.144297305466758, "theta_71": 0.210856839758551}

PACKAGES = ("hblib", "numpy", "scipy", "statsmodels", "pymare", "mixedlm", "pymc", "nutpie", "arviz", "mpmath")


def version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def load():
    """Import what is there now, so that no measurement contains an import."""
    for module in ("pymare.estimators", "statsmodels.regression.mixed_linear_model", "mixedlm", "pandas", "pymc"):
        if version(module.partition(".")[0]):
            importlib.import_module(module)
    normal_normal.fit([1.0, 2.0, 4.0], 0.5)


# --- Beta-Binomial ----------------------------------------------------------------------------------------------------


def scipy_gradient(y, n):
    """L-BFGS-B over all rows in (log alpha, log beta), with the gradient; starts at the pooled rate, size 10."""
    f = n - y

    def objective(log_prior):
        a, b = np.exp(log_prior)
        value = np.sum(special.gammaln(a + y) + special.gammaln(b + f) - special.gammaln(a + b + n))
        value += y.size * (special.gammaln(a + b) - special.gammaln(a) - special.gammaln(b))
        total = y.size * special.psi(a + b) - np.sum(special.psi(a + b + n))
        by_a = np.sum(special.psi(a + y)) - y.size * special.psi(a) + total
        by_b = np.sum(special.psi(b + f)) - y.size * special.psi(b) + total
        return -value, -np.array([by_a * a, by_b * b])

    return np.exp(optimize.minimize(objective, _start(y, n), jac=True, method="L-BFGS-B").x)


def scipy_betabinom(y, n):
    """L-BFGS-B on scipy.stats.betabinom.logpmf, the gradient by finite differences; the same start."""

    def objective(log_prior):
        return -np.sum(stats.betabinom.logpmf(y, n, *np.exp(log_prior)))

    return np.exp(optimize.minimize(objective, _start(y, n), method="L-BFGS-B").x)


def _start(y, n):
    rate = y.sum() / n.sum()
    return np.log([10 * rate, 10 * (1 - rate)])


def exact_beta_binomial(y, n, start):
    """alpha and beta to 40 digits: Newton on the score, with counts of equal values; it shares no code with hblib.

    Sums over k = 0, 1, 2, ... of (how many values lie above k)/(x + k), or for large n digammas of the distinct values.
    """
    with mpmath.workdps(50):
        columns = [np.unique(values, return_counts=True) for values in (y, n - y, n)]
        if n.max() <= 10_000:
            sums = [_tail_sums(*column) for column in columns]
        else:
            sums = [_digamma_sums(*column) for column in columns]
        a, b = (mpmath.mpf(float(value)) * mpmath.mpf("1.001") for value in start)
        for _ in range(30):
            (y1, y2), (f1, f2), (n1, n2) = (total(x) for total, x in zip(sums, (a, b, a + b), strict=True))
            score = mpmath.matrix([y1 - n1, f1 - n1])
            step = mpmath.lu_solve(mpmath.matrix([[y2 - n2, -n2], [-n2, f2 - n2]]), score)
            a, b = a - step[0], b - step[1]
            if max(abs(step[0]), abs(step[1])) < mpmath.mpf(10) ** -42:
                break
        else:
            raise RuntimeError("the 40-digit reference has not converged")
        return float(a), float(b)


def _tail_sums(values, number):
    """Score and curvature of sum log Gamma(x + value) - log Gamma(x)."""
    above = number.sum() - np.cumsum(np.bincount(values, weights=number)).astype(np.int64)

    def total(x):
        inverse = [(int(count), 1 / (x + k)) for k, count in enumerate(above) if count]
        return mpmath.fsum(c * i for c, i in inverse), -mpmath.fsum(c * i * i for c, i in inverse)

    return total


def _digamma_sums(values, number):
    def total(x):
        return tuple(
            mpmath.fsum(
                int(c) * (mpmath.psi(m, x + int(v)) - mpmath.psi(m, x)) for v, c in zip(values, number, strict=True)
            )
            for m in (0, 1)
        )

    return total


# --- Normal-Normal ----------------------------------------------------------------------------------------------------


def pymare_fit(ybar, se, method):
    """pymare's tau^2; `method` is "ML" or "REML"."""
    from pymare.estimators import VarianceBasedLikelihoodEstimator

    variance = np.broadcast_to(np.asarray(se, dtype=float) ** 2, ybar.shape)
    fitted = VarianceBasedLikelihoodEstimator(method=method).fit(ybar, variance, np.ones((ybar.size, 1)))
    return float(np.squeeze(fitted.params_["tau2"]))


def statsmodels_fit(ybar, se, method):
    """statsmodels' tau^2; `method` is "dl" (DerSimonian-Laird) or "pm" (Paule-Mandel)."""
    from statsmodels.stats.meta_analysis import combine_effects

    return float(combine_effects(ybar, np.broadcast_to(se**2, ybar.shape), method_re=method).tau2)


def exact_tau2(ybar, se, method, near):
    """tau^2 to 40 digits, by the secant method on the estimating equation over all rows."""
    with mpmath.workdps(50):
        y = [mpmath.mpf(float(value)) for value in ybar]
        v = [mpmath.mpf(float(value)) ** 2 for value in np.broadcast_to(se, ybar.shape)]

        def weighted(tau2):
            w = [1 / (tau2 + each) for each in v]
            w1 = mpmath.fsum(w)
            mu = mpmath.fdot(w, y) / w1
            return w, w1, [(each - mu) ** 2 for each in y]

        def equation(tau2):
            w, w1, squares = weighted(tau2)
            if method == "pm":
                return mpmath.fdot(w, squares) - (len(y) - 1)
            w2 = mpmath.fdot(w, w)
            score = mpmath.fsum(a * a * b for a, b in zip(w, squares, strict=True)) - w1
            return score + w2 / w1 if method == "reml" else score

        if method == "dl":
            w, w1, squares = weighted(mpmath.mpf(0))
            return float((mpmath.fdot(w, squares) - (len(y) - 1)) / (w1 - mpmath.fdot(w, w) / w1))
        ends = mpmath.mpf(near) * mpmath.mpf("0.999"), mpmath.mpf(near) * mpmath.mpf("1.001")
        return float(mpmath.findroot(equation, ends, solver="anderson", tol=mpmath.mpf(10) ** -60, verify=False))


def statsmodels_mixed(values, group):
    """(tau, sigma) of statsmodels' MixedLM, REML."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MixedLM(values, np.ones((values.size, 1)), group).fit()
    return float(np.sqrt(np.squeeze(fitted.cov_re))), float(np.sqrt(fitted.scale))


def mixedlm_fit(frame, formula="value ~ 1 + (1|group)"):
    """(standard deviations of the varying coefficients, sigma) of PyPI's mixedlm, REML, for a data frame."""
    import mixedlm

    fitted = mixedlm.lmer(formula, frame)
    covariance = np.atleast_2d(np.squeeze(fitted.VarCorr().groups["group"].cov))
    return *np.sqrt(np.diagonal(covariance)).tolist(), float(fitted.sigma)


# --- NUTS -------------------------------------------------------------------------------------------------------------


def eight_schools(data):
    """Non-centred, flat priors on mu and tau."""
    import pymc as pm

    with pm.Model() as model:
        mu, tau = pm.Flat("mu"), pm.HalfFlat("tau")
        z = pm.Normal("z", shape=data.ybar.size)
        pm.Normal("y", mu + tau * z, data.se, observed=data.ybar)
    return model


def rats(data, integrated):
    """Uniform mean, density size^(-3/2) of the size; the 71 rates integrated out, or sampled with the rest."""
    import pymc as pm

    with pm.Model() as model:
        mean, log_size = pm.Uniform("mean", 0, 1), pm.Flat("log_size")
        pm.Potential("prior", -0.5 * log_size)
        alpha, beta = mean * pm.math.exp(log_size), (1 - mean) * pm.math.exp(log_size)
        if integrated:
            pm.BetaBinomial("y", alpha=alpha, beta=beta, n=data.n, observed=data.y)
        else:
            theta = pm.Beta("theta", alpha, beta, shape=data.n.size)
            pm.Binomial("y", data.n, theta, observed=data.y)
    return model


def compile_nuts(model):
    """(compiled model, seconds it took)."""
    import nutpie

    start = time.perf_counter()
    compiled = nutpie.compile_pymc_model(model)
    return compiled, time.perf_counter() - start


def nuts(compiled, draws, tune, seed):
    """(draws by name, divergences, seconds) of one run of 4 chains on 2 cores."""
    import nutpie

    start = time.perf_counter()
    trace = nutpie.sample(compiled, draws=draws, tune=tune, chains=4, cores=2, seed=seed, progress_bar=False)
    seconds = time.perf_counter() - start
    values = {name: trace.posterior[name].values for name in trace.posterior.data_vars}
    return values, int(trace.sample_stats["diverging"].sum()), seconds


def effective_size(draws):
    import arviz

    return float(arviz.ess(draws))
