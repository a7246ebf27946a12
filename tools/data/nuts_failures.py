"""How often each NUTS fit of the course would fail: writes hblib/datasets/nuts_failures.csv.

    .venv/bin/python tools/data/nuts_failures.py [--seeds 200] [--fits 5,14-27] [PAGE ...]

A page may say of a random run only what nearly every seed would show, so this script runs every fit again with many
seeds. It finds the fits by running the pages themselves (and tests/test_nuts.py): each call of nutpie's sampler is
repeated, compiled once, with the settings of the page, and each of NumPyro's runs as well. For every run it keeps

- the divergences, the largest R-hat, the smallest effective sample size in bulk and tail, over all unknowns;
- the largest |z| of the means and of the standard deviations, where z is the distance from the mean over all runs, in
  the run's own Monte Carlo standard errors;
- the smaller effective sample size of mu and tau for 1000 gradients.

A row of the table has one fit: how many of the seeds had a divergence, how many were bad (a divergence, R-hat above
1.01 or an effective sample size below 400), and the most extreme value of each number over all seeds. An assertion
with a margin beyond the extreme of 1,000 runs fails about once in a thousand runs or less.
"""

import argparse
import contextlib
import copy
import csv
import io
import itertools
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np

from hblib.coursework import notebooks

ROOT = Path(__file__).parent.parent.parent
TABLE = ROOT / "hblib" / "datasets" / "nuts_failures.csv"
CHAPTERS = "06-eb-or-full-bayes 08-parameterization 09-multilevel-regression 10-checking 13-yes-no-how-many"
CHAPTERS += " 14-crossed-and-nested 15-many-experiments 16-faster-than-nuts 17-where-next pymc-recipes"
PLACES = [f"chapters/{name}" for name in CHAPTERS.split()]
PLACES += ["solutions/06-hard", "solutions/08-forms", "tests/test_coordinates", "tests/test_nuts"]
COLUMNS = ["place", "fit", "seeds", "divergent", "bad", "divergences", "rhat", "bulk", "tail", "z", "z_sd"]
COLUMNS += ["low", "high"]


def measured(trace):
    """Of one run: divergences; of each unknown that moves R-hat, both ESS, mean and sd with their errors; the yield."""
    import arviz as az

    posterior = trace.posterior.to_dataset()
    if "tau" in posterior:
        posterior = posterior.assign(log_tau=np.log(posterior["tau"]))  # which the pages look at as well
    with np.errstate(invalid="ignore"):
        table = az.summary(posterior, round_to="none")
    table = table[table["sd"] > 0]  # what is constant by construction, such as the diagonal of a correlation matrix
    columns = ("r_hat", "ess_bulk", "ess_tail", "mean", "mcse_mean", "sd", "mcse_sd")
    slowest = table[table.index.str.fullmatch(r"(mu|tau)(\[[^]]+\])?")]["ess_bulk"].min()
    stats = trace.sample_stats
    return (
        int(stats["diverging"].sum()),
        *(table[name].to_numpy(dtype=float) for name in columns),
        1000 * slowest / int(stats["n_steps"].sum()),
    )


def row(place, fit, runs):
    divergences, rhat, bulk, tail, *moments, worth = (np.array(column) for column in zip(*runs, strict=True))
    rhat, bulk, tail = rhat.max(axis=1), bulk.min(axis=1), tail.min(axis=1)
    z = [np.abs((value - value.mean(axis=0)) / error).max() for value, error in (moments[:2], moments[2:])]
    bad = (divergences > 0) | (rhat > 1.01) | (bulk < 400) | (tail < 400)
    numbers = [len(runs), (divergences > 0).sum(), bad.sum(), divergences.max(), f"{rhat.max():.4f}"]
    numbers += [f"{bulk.min():.0f}", f"{tail.min():.0f}", *(f"{value:.2f}" for value in z)]
    numbers += [f"{worth.min():.3g}", f"{worth.max():.3g}"]
    return dict(zip(COLUMNS, (place, fit, *map(str, numbers)), strict=True))


def repeated(place, fits, seeds, found, fit):
    """nutpie's sampler, which does what it is asked and then, for the numbers `fits`, the same with other seeds."""
    import nutpie

    sample = nutpie.sample

    def again(compiled, **settings):
        result = sample(compiled, **settings)
        number = next(fit)
        if number not in fits:
            return result
        settings = {**settings, "progress_bar": False, "cores": 1}
        settings.pop("progress_callback", None)
        settings.pop("seed", None)
        begun, runs = time.monotonic(), []
        for seed in range(1, seeds + 1):
            runs.append(measured(sample(compiled, seed=1000 + seed, **settings)))
        found.append(row(place, number, runs))
        print(f"{time.monotonic() - begun:6.0f} s", *found[-1].values(), file=sys.stderr, flush=True)
        write(found)
        return result

    return mock.patch("nutpie.sample", again)


def repeated_in_numpyro(place, fits, seeds, found, fit):
    """The same for NumPyro's runs, all seeds as the chains of one vectorized run; `fit` counts both."""
    import arviz as az
    import jax
    import numpyro  # as a whole: ArviZ has left a placeholder, from which its parts cannot be imported

    begin = numpyro.infer.MCMC.run

    def again(mcmc, key, *data):
        fresh = copy.deepcopy(mcmc.sampler)  # a kernel that has run keeps the shapes of that run
        begin(mcmc, key, *data)
        number, chains = next(fit), mcmc.num_chains
        if number not in fits:
            return
        length = {"num_warmup": mcmc.num_warmup, "num_samples": mcmc.num_samples, "num_chains": seeds * chains}
        many = numpyro.infer.MCMC(fresh, **length, chain_method="vectorized", progress_bar=False)
        begin(many, jax.random.key(1000), *data, extra_fields=("num_steps",))
        traces = az.from_numpyro(many)
        runs = [measured(traces.isel(chain=slice(k * chains, (k + 1) * chains))) for k in range(seeds)]
        found.append(row(place, number, runs))
        write(found)

    return mock.patch.object(numpyro.infer.MCMC, "run", again)


def run(place):
    """Run all cells of a page, or all tests of a file."""
    if place.startswith("tests/"):
        import pytest

        tests = str(ROOT / f"{place}.py")
        assert pytest.main(["-q", "-n0", "-W", "ignore", "-k", "rats or five_means or exact_moments", tests]) == 0
        return
    names = {"__name__": "__main__"}
    for cell in notebooks.read(ROOT / f"{place}.md").cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, place, "exec"), names)


def write(found):
    """Add the rows to the table, in place of older ones of the same pages."""
    old = list(csv.DictReader(TABLE.open())) if TABLE.exists() else []
    new = {(each["place"], str(each["fit"])) for each in found}
    rows = [each for each in old if (each["place"], each["fit"]) not in new] + found
    rows.sort(key=lambda each: (PLACES.index(each["place"]), int(each["fit"])))
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def numbers(text):
    """'5,14-27' as a set."""
    pairs = (part.partition("-") for part in text.split(","))
    return {number for first, _, last in pairs for number in range(int(first), int(last or first) + 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("places", nargs="*", default=PLACES, metavar="PAGE")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--fits", type=numbers, default=range(1, 1000), help="such as 5,14-27: repeat these alone")
    options = parser.parse_args()
    import matplotlib

    matplotlib.use("Agg")
    for place in options.places:
        found = []
        print(f"{place}: every fit with {options.seeds} seeds", file=sys.stderr, flush=True)
        settings = place, options.fits, options.seeds, found, itertools.count(1)
        with repeated(*settings), repeated_in_numpyro(*settings), contextlib.redirect_stdout(io.StringIO()):
            run(place)
    print(f"The table is in {TABLE}.")


if __name__ == "__main__":
    main()
