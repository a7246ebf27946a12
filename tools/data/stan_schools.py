"""Run page 17's Stan listing, and keep the means in tests/stan_schools.csv.

    python -m venv stan && stan/bin/pip install pystan setuptools
    stan/bin/python tools/data/stan_schools.py

PyStan needs a compiler of C++ and takes minutes, so neither the book nor the tests run this. What is kept names the
listing by its SHA-256: tests/pages/test_17.py fails when the page shows another one.
"""

import csv
import hashlib
import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent


def listing():
    """The Stan code of page 17."""
    text = (ROOT / "chapters" / "17-where-next.md").read_text(encoding="utf8")
    return re.search(r"^```stan\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)[1]


def rows(draws, batches=100):
    """Name, mean, and its Monte Carlo standard error by batch means, of each unknown."""
    for name, values in draws.items():
        means = np.array([batch.mean() for batch in np.array_split(values, batches)])
        yield name, values.mean(), means.std(ddof=1) / np.sqrt(batches)


def main():
    import stan  # here, because only this function needs it

    with (ROOT / "hblib" / "datasets" / "eight_schools.csv").open(encoding="utf8") as file:
        schools = list(csv.DictReader(file))
    data = {"J": 8, "y": [float(row["y"]) for row in schools], "se": [float(row["sigma"]) for row in schools]}
    code = listing()
    fit = stan.build(code, data=data, random_seed=17).sample(num_chains=4, num_samples=5000, delta=0.95)
    # PyStan puts the chains' draws in turn; a batch is to hold neighbours of one chain
    draws = {name: np.asarray(fit[name]).reshape(-1, 5000, 4) for name in ("mu", "tau", "theta")}
    draws = {name: values.transpose(0, 2, 1).reshape(len(values), -1) for name, values in draws.items()}
    named = {"mu": draws["mu"][0], "tau": draws["tau"][0]}
    named |= {f"theta[{row['school']}]": theta for row, theta in zip(schools, draws["theta"], strict=True)}
    key = hashlib.sha256(code.encode()).hexdigest()[:12]
    with (ROOT / "tests" / "stan_schools.csv").open("w", encoding="utf8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["listing", "name", "mean", "mcse"])
        writer.writerows([key, name, f"{mean:.4f}", f"{mcse:.4f}"] for name, mean, mcse in rows(named))


if __name__ == "__main__":
    main()
