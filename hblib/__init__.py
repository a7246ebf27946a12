r"""Exact inference for two-level hierarchical models: the helper package of the course.

Two conjugate families, the same verbs in both:

=====================  =============================================================
`beta_binomial`        y_j ~ Binomial(n_j, theta_j),  theta_j ~ Beta(alpha, beta)
`normal_normal`        ybar_j ~ N(theta_j, se_j^2),   theta_j ~ N(mu, tau^2)
=====================  =============================================================

>>> from hblib import beta_binomial
>>> post = beta_binomial.posterior(y=[2, 200], n=[20, 2000], alpha=5, beta=95)
>>> post.mean().round(4).tolist()
[0.0583, 0.0976]

Each Fit below has a summary(), the estimates and their standard errors as columns of a table.

All that is public, module by module, roughly in the order of the course; `help(beta_binomial.fit)` says more of one::

    beta_binomial: rates, from successes and trials
        posterior                    every group's posterior, given the prior: a Beta
        posterior_mean               its mean alone, for millions of groups
        shrinkage                    kappa_j, the weight of the group's own rate
        log_marginal                 log marginal likelihood of (alpha, beta)
        profile                      that of phi = 1/(alpha + beta), at the best mu for each
        fit                          empirical Bayes: the prior estimated from the groups
        Fit                          what fit returns
        full_bayes                   the exact posterior of mu, the size and every rate
        FullBayes                    what full_bayes returns
        Nodes                        the nodes of its quadrature
        Draws                        joint draws of its posterior

    normal_normal: means, from estimates with known standard errors
        posterior                    every group's posterior, given the prior: a Normal
        posterior_mean               its mean alone, for millions of groups
        shrinkage                    kappa_j, the weight of the group's own estimate
        log_marginal                 log marginal likelihood of (mu, tau)
        profile                      that of tau, at the best mu for each or with mu integrated out
        fit                          empirical Bayes: the prior estimated from the groups
        Fit                          what fit returns
        full_bayes                   the exact posterior of mu, tau and every group's mean
        FullBayes                    what full_bayes returns
        Nodes                        the nodes of its quadrature
        Draws                        joint draws of its posterior

    observations: means, from raw observations
        group_means                  means and standard errors by group, with one sigma within groups
        GroupMeans                   what group_means returns
        fit                          mu, tau and sigma estimated together; a Fit of normal_normal

    distributions: what all functions return, with mean(), std(), cdf(x), ppf(q), interval(prob), rvs(), ...
        Distribution                 an array of distributions, and what can be asked of it
        Beta                         Beta distributions
        Normal                       normal distributions; scale = 0 is a point
        Point                        point masses: a rate at the boundary of a fit
        Mixture                      the posterior of theta_j, or of mu, under full Bayes
        Scale                        the distribution of tau, or of the size alpha + beta
        LogScale                     that of its logarithm
        Refits                       the average over refits of a bootstrap
        JointPosterior               what is common to both FullBayes: a summary, joint draws

    james_stein: many estimates with one standard error, shrunk together
        estimate                     the James-Stein estimates
        shrinkage                    the weight of each group's own y
        risk                         the expected total squared error, exactly
        component_risk               each group's part of it
        sure                         Stein's unbiased estimate of the risk
        limited_translation          the estimates, but no group is moved far

    priors: prior densities of tau and of the size alpha + beta
        Prior                        a density on the positive numbers
        to_pymc                      a prior as a variable of a PyMC model
        half_normal                  |x| for a normal x
        half_t                       |x| for Student's t
        half_cauchy                  |x| for a Cauchy x
        exponential                  density exp(-x/scale)/scale
        uniform                      flat up to a number, or everywhere
        inverse_gamma_on_variance    the old default, which is informative near 0
        power                        density x^exponent, improper
        pareto                       a power law above a number
        as_prior                     SciPy's distribution or a log density as a prior

    repairs: empirical Bayes intervals that count the uncertainty of the prior
        morris                       Morris's approximation, by formulas
        kass_steffey                 the delta method
        laird_louis                  the parametric bootstrap, for means
        bootstrap_beta_binomial      the parametric bootstrap, for rates
        exact_coverage               how often an interval contains the truth

    coordinates: one model written in several ways for a sampler
        gibbs_rate                   how slowly Gibbs sampling mixes in given coordinates
        gibbs                        the Gibbs sampler itself
        centered                     the model in PyMC as it is read
        noncentered                  in standardised coordinates
        partial                      in coordinates between the two

    regression: coefficients that vary by group
        fit                          the REML estimates of a linear mixed model
        Fit                          what fit returns
        given                        the same with a given ratio Sigma/sigma^2
        least_squares                each group's own regression
        Coefficients                 the posterior of each group's coefficients
        matrix_shrinkage             their shrinkage, with matrices in place of variances

    lkj: the usual prior of their correlations
        log_density                  the log density of a correlation matrix
        pdf                          the density of one correlation
        sd                           the standard deviation of one correlation
        draws                        draws of correlation matrices

    three_level: stores in chains
        shrinkage                    the weights of the store, its chain and all chains
        Weights                      what shrinkage returns
        posterior                    the posterior of every store, every chain and mu
        Posterior                    what posterior returns
        log_marginal                 restricted log likelihood of (tau_store, tau_chain)
        fit                          both estimated from the stores
        Fit                          what fit returns

    frames: any dataframe or table of a database, brought to the counts that a fit needs
        collapse                     the distinct rows of (y, n), and how many groups share each
        Rows                         what collapse returns
        tally                        one row a group from one row a trial

    glmm: rates and counts with predictors, whose intercept varies by group
        fit                          maximum likelihood, the groups integrated out by quadrature
        Fit                          what fit returns
        log_marginal                 log marginal likelihood of (beta, tau)
        log_marginal_by_group        the same, group by group

    crossed: rows that belong to several groups at once
        fit                          the REML estimates of a model with several groupings
        Fit                          what fit returns
        given                        the same with given standard deviations

    datasets: the data of the pages
        surgical                     deaths after heart operations on babies, 12 hospitals
        rat_tumors                   tumours in 71 groups of rats
        eight_schools                effects of coaching in 8 schools
        batters                      18 baseball players of 1970, and the rest of their season
        batters_copied               the same, from a file that is in wide use, slips and all
        williams_1970                two of them by game
        flights                      late landings of 4,037 planes
        kidney_cancer                deaths from kidney cancer by US county, in two periods
        sleepstudy                   reaction times by person and day of little sleep
        radon                        radon in 919 houses of 85 counties
        penicillin                   six samples, each on 24 plates
        ratings                      578 ratings that 33 students gave to 30 lecturers
        pastes                       casks of ten batches, tested twice
        bcg                          tuberculosis in 13 trials of a vaccine
        api_sample                   scores of 200 Californian schools
        api_cells                    all 6,194 of them, by county and type
        catheters                    times until infection, two a patient
        nile                         a hundred years of the river's flow
        high_school                  scores of 1,208 pupils in 30 schools
        cbpp                         cases of a cattle disease in 15 herds, by quarter of a year
        seeds                        seeds that germinated on 21 plates, in an experiment with two factors
        nc_sids                      sudden infant deaths in 100 counties, in two periods
        coverage                     a simulation: how often intervals contain the truth
        nuts_over_lambda             a simulation: what NUTS costs in three coordinates
        nuts_failures                a simulation: how often NUTS fails with other seeds
        loo_over_seeds               a simulation: leave-one-out with other seeds
        Counts                       what surgical and others return
        Means                        what eight_schools returns
        Batters                      what batters returns
        CopiedBatters                what batters_copied returns
        Games                        what williams_1970 returns
        TwoPeriods                   what kidney_cancer returns
        Reactions                    what sleepstudy returns
        Houses                       what radon returns
        Zones                        what penicillin returns
        Ratings                      what ratings returns
        Strengths                    what pastes returns
        Trials                       what bcg returns
        Schools                      what api_sample returns
        SchoolCells                  what api_cells returns
        Infections                   what catheters returns
        Series                       what nile returns
        Pupils                       what high_school returns
        HerdPeriods                  what cbpp returns
        Plates                       what seeds returns
        Births                       what nc_sids returns
        Coverage                     what coverage returns
        NutsRuns                     what nuts_over_lambda returns
        NutsFailures                 what nuts_failures returns
        LooRuns                      what loo_over_seeds returns

    datasets.retailer: a retailer with stores in chains, simulated
        simulate                     sales, visits and purchases by store and week
        Panel                        what simulate returns
        Truth                        the parameters behind it

What else stands in this folder belongs to the course: page hands a page's numbers to its sentences, coursework
checks the exercises, and grading grades a class.
"""

import importlib
from typing import Any

__all__ = [  # noqa: RUF022 -- in the order of the reference
    "beta_binomial",
    "normal_normal",
    "observations",
    "distributions",
    "james_stein",
    "priors",
    "repairs",
    "coordinates",
    "regression",
    "lkj",
    "three_level",
    "frames",
    "glmm",
    "crossed",
    "datasets",
]


def __getattr__(name: str) -> Any:
    """Load a module when it is first asked for: SciPy alone takes a third of a second, which a check need not wait."""
    if name in __all__:
        return importlib.import_module(f"hblib.{name}")
    if name == "__version__":
        from importlib.metadata import version  # costs time as well

        return version("hblib")
    raise AttributeError(f"module 'hblib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
