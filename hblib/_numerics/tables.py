"""Tables and reprs: of a full Bayesian analysis in both families, and of a regression's estimates."""

import numpy as np

from hblib._numerics import arguments


def summary(rows, theta, prob, groups):
    """Return the columns name, mean, sd, low and high, of the single distributions in `rows` and of every group."""
    given = arguments.names("groups", range(len(theta)) if groups is None else groups, len(theta))
    names = list(given) if given.dtype.kind == "M" else given.tolist()  # dates would become numbers
    every = [*rows.values(), theta]
    low, high = zip(*(one.interval(arguments.one("prob", prob)) for one in every), strict=True)
    means, sds = ([one.mean() for one in every], [one.std() for one in every])
    columns = {"mean": means, "sd": sds, "low": low, "high": high}
    return {"name": [*rows, *names]} | {name: np.hstack(values).tolist() for name, values in columns.items()}


def repr_of(family, full, hyperparameters):
    """Return the repr, five lines: the family, each hyperparameter and a new group with its 95 % interval, theta."""
    lines = [f"{family}, full Bayes, prior {full.prior.name}: log evidence {full.log_evidence:.6g}"]
    rows = hyperparameters | {"new group": full.new_group}
    for name, one in rows.items():
        low, high = one.interval()
        lines.append(f"  {name}: mean {one.mean():.4g}, sd {one.std():.4g}, 95 % from {low:.4g} to {high:.4g}")
    return "\n".join([*lines, f"  theta: {full.theta!r}"])


def coefficients(beta, se_beta, others):
    """Return the columns name, estimate and se: the shared coefficients, then {name: estimate} without an error."""
    rows = {f"beta[{p}]": one for p, one in enumerate(beta)} | others
    errors = [*se_beta.tolist(), *[np.nan] * len(others)]
    return {"name": list(rows), "estimate": [float(one) for one in rows.values()], "se": errors}
