"""What page 10's leave-one-out says with other seeds: writes hblib/datasets/loo_over_seeds.csv.

    .venv/bin/python tools/data/loo_over_seeds.py [--seeds 300]

The page samples its model once and leaves babies and hospitals out by weighting the draws. This script runs the page,
then samples the same compiled model with other seeds and runs the page's own cells on each set of draws. A row of the
table is a seed: for both likelihoods of a hospital the score (elpd) and how many of the twelve k were above 0.7, and
the score of the babies. How good the runs themselves are, tools/data/nuts_failures.py counts.
"""

import argparse
import contextlib
import csv
import io
import sys
from pathlib import Path
from unittest import mock

import numpy as np

from hblib.coursework import notebooks

PAGE = Path(__file__).parent.parent.parent / "chapters" / "10-checking.md"
TABLE = Path(__file__).parent.parent.parent / "hblib" / "datasets" / "loo_over_seeds.csv"
COLUMNS = ["seed", "given_theta", "given_theta_over", "integrated", "integrated_over", "babies"]


def run_page(names):
    """Run the page up to its leave-one-out; returns its two cells, and a function that samples with another seed."""
    import nutpie

    sample, calls = nutpie.sample, []

    def kept(compiled, **settings):
        calls.append((compiled, settings))
        return sample(compiled, **settings)

    cells = [cell.source for cell in notebooks.read(PAGE).cells if cell.cell_type == "code"]
    weights = next(k for k, source in enumerate(cells) if "pointwise = {" in source)
    with mock.patch("nutpie.sample", kept), contextlib.redirect_stdout(io.StringIO()):
        for source in cells[: weights + 2]:
            exec(source, names)
    ((compiled, settings),) = calls
    settings = {**settings, "progress_bar": False, "cores": 1}
    settings.pop("progress_callback", None)
    return cells[weights : weights + 2], lambda seed: sample(compiled, **{**settings, "seed": seed})


def row(seed, names):
    scores = {name: names["loo"][name] for name in ("given theta", "integrated")}
    numbers = []
    for score in scores.values():
        numbers += [f"{float(score.elpd):.3f}", int(np.sum(score.pareto_k.values > 0.7))]
    return [seed, *numbers, f"{float(names['baby']):.3f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    names = {"__name__": "__main__"}
    cells, sample = run_page(names)
    with options.out.open("w", newline="", encoding="utf8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for seed in range(1001, 1001 + options.seeds):
            names["dt"] = sample(seed)
            with contextlib.redirect_stdout(io.StringIO()):
                for source in cells:
                    exec(source, names)
            writer.writerow(row(seed, names))
            file.flush()
            if seed % 50 == 0:
                print(f"{seed - 1000} of {options.seeds} seeds", file=sys.stderr, flush=True)
    print(f"The table is in {options.out}.")


if __name__ == "__main__":
    main()
