"""hblib against independent programs: statsmodels, and what R packages print.

The R numbers were computed with R 4.2.2 and Debian 12's r-cran-vgam 1.1-7, r-cran-metafor 3.8-1 and r-cran-lme4 1.1-31,
by the calls that the tests name, with the programs' convergence thresholds at 1e-12.
"""

import numpy as np
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec
from statsmodels.stats.meta_analysis import combine_effects

from hblib import beta_binomial, datasets, normal_normal, observations, regression, three_level
from tests.test_normal_normal import log_relative_risks

# The yields of 6 batches of dyestuff, 5 samples each: Davies & Goldsmith (1972), Statistical Methods in Research and
# Production; the data set Dyestuff of lme4 for R.
DYESTUFF = np.array(
    [
        [1545, 1440, 1440, 1520, 1580],
        [1540, 1555, 1490, 1560, 1495],
        [1595, 1550, 1605, 1510, 1560],
        [1445, 1440, 1595, 1465, 1545],
        [1595, 1630, 1515, 1635, 1625],
        [1520, 1455, 1450, 1480, 1445],
    ],
    dtype=float,
)


# Simulated so that the batches vary less than their samples make them: Box & Tiao (1973), Bayesian Inference in
# Statistical Analysis, section 5.1; the data set Dyestuff2 of lme4 for R.
DYESTUFF2 = np.array(
    [
        [7.298, 3.846, 2.434, 9.566, 7.990],
        [5.220, 6.556, 0.608, 11.788, -0.892],
        [0.110, 10.386, 13.434, 5.510, 8.166],
        [2.212, 4.852, 7.092, 9.288, 4.980],
        [0.282, 9.014, 4.458, 9.446, 7.198],
        [1.722, 4.782, 8.106, 0.758, 3.758],
    ]
)


@pytest.mark.parametrize(("method", "theirs"), [("dersimonian-laird", "chi2"), ("paule-mandel", "iterated")])
def test_moments_agree_with_statsmodels(method, theirs):
    ybar, se = log_relative_risks()
    result = combine_effects(ybar, se**2, method_re=theirs)
    fit = normal_normal.fit(ybar, se, method)
    assert fit.tau**2 == pytest.approx(result.tau2, rel=1e-4)
    assert fit.mu == pytest.approx(result.mean_effect_re, rel=1e-4)


@pytest.mark.filterwarnings("ignore:Random effects covariance is singular")  # on its way to the maximum
def test_raw_observations_agree_with_statsmodels():
    values, group = (DYESTUFF.ravel() - 1500) / 50, np.repeat(np.arange(6), 5)
    result = MixedLM(values, np.ones((30, 1)), group).fit(reml=True, method="powell")
    fit = observations.fit(values, group)
    assert fit.tau**2 == pytest.approx(float(result.cov_re[0, 0]), rel=1e-4)
    assert fit.sigma**2 == pytest.approx(result.scale, rel=1e-4)
    assert fit.mu == pytest.approx(float(result.fe_params[0]))
    assert fit.se_mu == pytest.approx(float(result.bse_fe[0]), rel=1e-4)


def test_varying_intercepts_agree_with_lme4():
    """lmer(Yield ~ 1 + (1 | Batch)) for Dyestuff and for Dyestuff2, whose variance is 0: the same number, not 1e-8."""
    ones, batch = np.ones((30, 1)), np.repeat(list("ABCDEF"), 5)
    fit = regression.fit(DYESTUFF.ravel(), ones, ones, batch)
    assert [fit.Sigma[0, 0], fit.sigma**2] == pytest.approx([1764.05, 2451.25], rel=1e-12)
    assert -2 * fit.log_likelihood == pytest.approx(319.6542768423, abs=1e-9)
    assert fit.se_beta[0] == pytest.approx(19.3834121788, rel=1e-8)
    fit = regression.fit(DYESTUFF2.ravel(), ones, ones, batch)
    assert (fit.sd[0], fit.status) == (0, "Sigma = 0")
    assert -2 * fit.log_likelihood == pytest.approx(161.82828, abs=1e-5)
    assert fit.sigma**2 == pytest.approx(np.var(DYESTUFF2, ddof=1), rel=1e-12)


def test_varying_slopes_agree_with_lme4():
    """lmer(Reaction ~ Days + (Days | Subject), sleepstudy), and the covariance that its ranef(condVar = TRUE) gives."""
    people = datasets.sleepstudy()
    x = np.column_stack([np.ones(180), people.day])
    fit = regression.fit(people.y, x, x, people.group)
    assert fit.log_likelihood == pytest.approx(-871.81414, abs=1e-5)
    assert fit.beta == pytest.approx([251.405105, 10.467286], rel=1e-7)
    assert fit.se_beta == pytest.approx([6.824597, 1.545790], rel=1e-5)
    assert [*fit.sd, fit.sigma] == pytest.approx([24.7404, 5.9221, 25.59182], rel=1e-5)
    assert fit.correlation[0, 1] == pytest.approx(0.066, abs=5e-4)
    assert fit.deviation_cov[0] == pytest.approx(np.array([[145.71, -21.44], [-21.44, 5.31]]), abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_varying_slopes_agree_with_statsmodels(seed):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(30), rng.integers(3, 9, 30))
    x = np.column_stack([np.ones(group.size), rng.normal(size=group.size)])
    effects = rng.normal(size=(30, 2)) @ [[1.0, 0.3], [0.0, 0.8]]
    y = x @ [2.0, -1.0] + np.sum(x * effects[group], axis=1) + rng.normal(size=group.size)
    result = MixedLM(y, x, group, exog_re=x).fit(reml=True)
    fit = regression.fit(y, x, x, group)
    assert fit.Sigma == pytest.approx(np.asarray(result.cov_re), rel=1e-3, abs=1e-3)
    assert fit.sigma**2 == pytest.approx(result.scale, rel=1e-4)
    assert fit.beta == pytest.approx(np.asarray(result.fe_params), rel=1e-4)
    assert fit.se_beta == pytest.approx(np.asarray(result.bse_fe), rel=0.01)  # theirs are numerical
    assert fit.log_likelihood == pytest.approx(result.llf, abs=1e-6)
    effects = [result.random_effects[j] for j in range(30)]
    assert fit.deviation == pytest.approx(np.array(effects), abs=1e-3)


def test_raw_observations_agree_with_lme4():
    """lmer(Yield ~ 1 + (1 | Batch), Dyestuff)"""
    fit = observations.fit(DYESTUFF.ravel(), np.repeat(np.arange(6), 5))
    assert [fit.tau**2, fit.sigma**2] == pytest.approx([1764.0500064271, 2451.2499986071], rel=1e-8)
    assert -2 * fit.log_likelihood == pytest.approx(319.6542768423, abs=1e-9)
    assert fit.se_mu == pytest.approx(19.3834121788, rel=1e-8)


@pytest.mark.parametrize(
    ("method", "tau2", "mu"),
    [
        ("reml", 0.313243258136, -0.714532342158),
        ("ml", 0.280028137269, -0.711199135474),
        ("dersimonian-laird", 0.308760262862, -0.714117222073),
        ("paule-mandel", 0.318068452205, -0.714968153493),
    ],
)
def test_known_errors_agree_with_metafor(method, tau2, mu):
    """rma(yi, vi, data = escalc(measure = "RR", ..., data = dat.bcg), method = "REML", "ML", "DL" or "PM")"""
    fit = normal_normal.fit(*log_relative_risks(), method)
    assert fit.tau**2 == pytest.approx(tau2, rel=1e-11)
    assert fit.mu == pytest.approx(mu, rel=1e-11)


def test_group_means_of_raw_observations_lead_to_the_same_tau():
    """With the pooled sigma taken as known, balanced data give the REML estimate."""
    means = observations.group_means(DYESTUFF.ravel(), np.repeat(list("ABCDEF"), 5))
    assert means.group.tolist() == list("ABCDEF")
    assert normal_normal.fit(means.ybar, means.se, "reml").tau ** 2 == pytest.approx(1764.05)


@pytest.mark.parametrize(
    ("data", "alpha", "beta"),
    [(datasets.rat_tumors(), 2.3416134399, 14.1147993065), (datasets.surgical(), 8.25348741734, 99.63683977806)],
)
def test_beta_binomial_agrees_with_vgam(data, alpha, beta):
    """vglm(cbind(y, n - y) ~ 1, betabinomialff); it stops at about seven digits."""
    fit = beta_binomial.fit(data.y, data.n)
    assert [fit.alpha, fit.beta] == pytest.approx([alpha, beta], rel=1e-6)


@pytest.mark.filterwarnings("ignore:Random effects covariance is singular")  # on its way to the maximum
@pytest.mark.filterwarnings("ignore:The MLE may be on the boundary")
@pytest.mark.filterwarnings("ignore:The Hessian matrix at the estimated parameter values is not positive definite")
def test_stores_in_chains_agree_with_statsmodels():
    """MixedLM with stores nested in chains estimates sigma too; with balanced weeks that is the pooled one."""
    rng = np.random.default_rng(1)
    chain, weeks = np.repeat(np.arange(6), 5), 4
    theta = rng.normal(0, 1, 6)[chain] + rng.normal(0, 0.8, 30)
    weekly = theta[:, None] + rng.normal(0, 1, (30, weeks))
    means = observations.group_means(weekly.ravel(), np.repeat(np.arange(30), weeks))
    fit = three_level.fit(means.ybar, means.se, chain)
    store = [np.eye(5).repeat(weeks, axis=0)] * 6
    names = [[f"s{i}" for i in range(5)]] * 6
    components = VCSpec(["store"], [names], [store])
    model = MixedLM(
        weekly.ravel(), np.ones((120, 1)), chain.repeat(weeks), exog_re=np.ones((120, 1)), exog_vc=components
    )
    result = model.fit(reml=True, method="bfgs", gtol=1e-8)
    assert fit.tau_store > 0 < fit.tau_chain
    assert fit.tau_chain**2 == pytest.approx(float(result.cov_re[0, 0]), rel=1e-3)
    assert fit.tau_store**2 == pytest.approx(float(result.vcomp[0]), rel=1e-3)
    assert means.sigma**2 == pytest.approx(result.scale, rel=1e-3)
    assert fit.mu == pytest.approx(float(result.fe_params[0]), rel=1e-4)
