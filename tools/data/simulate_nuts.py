"""NUTS in three coordinates, over a grid of how much the data say: writes hblib/datasets/nuts_over_lambda.csv.

    .venv/bin/python tools/data/simulate_nuts.py

Eighteen groups with tau = 1 and se^2 = 1/lambda, so that lambda = n tau^2/sigma^2; priors mu ~ N(0, 5^2) and
tau ~ HalfNormal(1). The data are ideal: normal scores, stretched to the standard deviation sqrt(1 + 1/lambda) that
they are expected to have. So nothing differs between the rows but lambda and the coordinates:

- centered: theta_j; noncentered: z_j with theta_j = mu + tau z_j; between: `coordinates.partial` with w = 1 - kappa.

Each row of the table is made of RUNS runs of nutpie, with 4 chains of 1000 draws after 1000 of tuning. What a run costs
is counted in gradients (leapfrog steps after tuning), which no other load on the computer can change; what it yields is
the smaller of the effective sample sizes of mu and tau. A run is good if it has no divergence, R-hat <= 1.01 and an
effective sample size of at least 400. Chapter 8 draws the table, and runs a part of it again.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from scipy import stats

from hblib import coordinates, normal_normal, priors

TABLE = Path(__file__).parent.parent.parent / "hblib" / "datasets" / "nuts_over_lambda.csv"
LAMBDAS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000]
FORMS = ("centered", "noncentered", "between")
COLUMNS = ["lambda", "form", "runs", "ess", "ess_sd", "gradients", "divergences", "bad_runs", "max_rhat"]
COLUMNS += ["error", "error_se"]
GROUPS = 18


def ideal_data(lam, groups=GROUPS):
    scores = stats.norm.ppf((np.arange(groups) + 0.5) / groups)
    return scores / scores.std(ddof=1) * np.sqrt(1 + 1 / lam), np.full(groups, 1 / np.sqrt(lam))


def build(form, ybar, se, lam):
    settings = {"mu_prior": (0, 5), "prior": priors.half_normal(1)}
    if form == "between":
        return coordinates.partial(ybar, se, 1 / (1 + lam), **settings)
    return getattr(coordinates, form)(ybar, se, **settings)


def run(compiled, seed):
    """What one run yields and costs: (ESS per 1000 gradients, gradients per draw, divergences, R-hat, ESS, log tau)."""
    import arviz as az
    import nutpie

    dt = nutpie.sample(compiled, draws=1000, tune=1000, chains=4, cores=2, seed=seed, progress_bar=False)
    table = az.summary(dt, var_names=["mu", "tau"], kind="diagnostics", round_to="none")
    ess, gradients = table["ess_bulk"].min(), dt.sample_stats["n_steps"].sum().item()
    log_tau = np.log(dt.posterior["tau"].values)
    divergences = int(dt.sample_stats["diverging"].sum())
    return 1000 * ess / gradients, gradients / 4000, divergences, table["r_hat"].max(), ess, log_tau.mean()


def row(form, lam, runs):
    import nutpie

    ybar, se = ideal_data(lam)
    exact = normal_normal.full_bayes(ybar, se, priors.half_normal(1), mu_prior=(0, 5))
    mean = np.sum(exact.nodes.weight * np.log(exact.nodes.tau))
    sd = np.sqrt(np.sum(exact.nodes.weight * (np.log(exact.nodes.tau) - mean) ** 2))
    compiled = nutpie.compile_pymc_model(build(form, ybar, se, lam))
    ess, cost, divergences, rhat, size, log_tau = np.array([run(compiled, seed) for seed in range(1, runs + 1)]).T
    error = (log_tau - mean) / sd
    bad = np.sum((divergences > 0) | (rhat > 1.01) | (size < 400))
    numbers = [ess.mean(), ess.std(ddof=1), cost.mean(), divergences.mean(), bad, rhat.max(), error.mean()]
    return [lam, form, runs, *(f"{x:.4g}" for x in [*numbers, error.std(ddof=1) / np.sqrt(runs)])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=TABLE)
    arguments = parser.parse_args()
    with arguments.out.open("w", newline="", encoding="utf8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for form in FORMS:
            for lam in LAMBDAS:
                writer.writerow(row(form, lam, arguments.runs))
                file.flush()


if __name__ == "__main__":
    main()
