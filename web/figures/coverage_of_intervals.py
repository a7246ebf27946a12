"""The data of the figure: exact coverage where it can be computed, and the stored simulation of the rest."""

from hblib import datasets, repairs

GROUPS = (5, 6, 8, 10, 12, 16, 20, 30, 50, 100, 200)
RATIOS = (0.25, 0.5, 1, 2, 4)
LEVELS = (0.8, 0.95, 0.99)
EXACT = ("reml", "ml", "morris")
SIMULATED = ("laird-louis", "kass-steffey", "full bayes")


def data():
    """Exact: by method, level and ratio, a number for each J. Simulated: rows, all for 95 %."""
    stored = datasets.coverage()
    rows = [
        {
            "method": method,
            "J": int(J),
            "ratio": float(ratio),
            "coverage": float(share),
            "error": float(error),
            "answered": float(answered),
        }
        for model, J, ratio, method, share, error, _, answered in zip(*stored, strict=True)
        if model == "normal" and method in SIMULATED
    ]
    exact = {
        method: {
            f"{level:g}": {
                f"{ratio:g}": [repairs.exact_coverage(J, ratio, method, level) for J in GROUPS] for ratio in RATIOS
            }
            for level in LEVELS
        }
        for method in EXACT
    }
    return {"groups": GROUPS, "ratios": RATIOS, "levels": LEVELS, "exact": exact, "simulated": rows}
