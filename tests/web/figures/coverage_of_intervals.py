"""Coverage of six methods: exact for three, from the stored simulation for the others."""

import numpy as np

from hblib import datasets, repairs

SETTINGS = [
    {"J": 8, "ratio": 1, "level": "0.95"},
    {"J": 5, "ratio": 0.25, "level": "0.99"},
    {"J": 5, "ratio": 0.5, "level": "0.95"},
    {"J": 200, "ratio": 2, "level": "0.95"},
    {"J": 200, "ratio": 4, "level": "0.8"},
    {"J": 20, "ratio": 1, "level": "0.8"},
]


def expected(data, J, ratio, level):
    """`repairs.exact_coverage`, and the rows of `datasets.coverage`; NaN stands for what was not simulated."""
    table = datasets.coverage()
    simulated = level == "0.95" and ratio in (0.5, 1, 2)
    exact = [repairs.exact_coverage(J, ratio, method, float(level)) for method in ("reml", "ml", "morris")]
    if not simulated:
        return {"coverage": np.array(exact)}
    names = ("laird-louis", "kass-steffey", "full bayes")
    return {"coverage": np.array([*exact, *(table.find("normal", J, ratio, name)[0] for name in names)])}
