"""What hblib's speed and accuracy are, beside other programs: python benchmarks/bench.py --out results.json [--quick].

The two sides of a ratio take turns (A B A B ...), so that a drift of the machine touches both, and the median of each
counts. Nothing here is a test: a target that is not met is written down as not met.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded

import numpy as np
import peers

from hblib import beta_binomial, datasets, normal_normal, observations, priors, regression
from hblib._numerics import rates_counts, rates_fit

SEED = 2026
STORED_NOTE = "stored time, another run"


# --- measuring --------------------------------------------------------------------------------------------------------


def race(sides, runs=7, limit=6.0):
    """Median seconds of each side; they take turns, and a side that has used up `limit` seconds sits out."""
    repeat, samples = {}, {name: [] for name in sides}
    for name, call in sides.items():
        start = time.perf_counter()
        call()  # the first call also warms up
        first = time.perf_counter() - start
        repeat[name] = max(1, int(3e-3 / max(first, 1e-9)))
        if first > limit / 2:  # too slow to do again
            samples[name].append(first)
    for _ in range(runs):
        for name, call in sides.items():
            if sum(samples[name]) * repeat[name] > limit / 2:
                continue
            start = time.perf_counter()
            for _ in range(repeat[name]):
                call()
            samples[name].append((time.perf_counter() - start) / repeat[name])
    return {name: float(np.median(times)) for name, times in samples.items()}


def digits(value, exact):
    """Correct significant digits, at most 16."""
    if value == exact:
        return 16.0
    return float(np.clip(np.log10(abs(exact) / abs(value - exact)), 0.0, 16.0)) if np.isfinite(value) else 0.0


class Report:
    """Rows of results by part, printed as they come in."""

    def __init__(self):
        self.parts = []

    def part(self, title, intro):
        self.parts.append({"title": title, "intro": intro, "rows": []})
        print(f"\n== {title}\n   {intro}", flush=True)

    def add(self, what, result, unit, least=None, most=None, hblib=None, other=None, note=""):
        """One row: unit is "x" for a ratio, "s" or "digits"; `least` or `most` is the target, if there is one."""
        met = None if least is None and most is None else result >= least if least is not None else result <= most
        row = dict(zip(("what", "result", "unit", "least", "most"), (what, result, unit, least, most), strict=True))
        self.parts[-1]["rows"].append(row | {"met": met, "hblib": hblib, "other": other, "note": note})
        target = f" (target {target_text(row)}: {'met' if met else 'NOT met'})" if met is not None else ""
        print(f"   {show(result, unit):>12}  {what}{target}", flush=True)

    def skip(self, what, why):
        self.parts[-1]["rows"].append({"what": what, "result": None, "unit": "", "met": None, "note": why})
        print(f"   {'-':>12}  {what}: {why}", flush=True)


def show(value, unit):
    if value is None:
        return ""
    if unit == "x":
        return f"{value:,.0f} ×" if value >= 20 else f"{value:.2g} ×"
    if unit == "digits":
        return f"{value:.1f} digits" if value < 15.6 else "all digits"
    for factor, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= factor:
            return f"{value / factor:,.3g} {name}" if value / factor < 1000 else f"{value / factor:,.0f} {name}"
    return f"{value / 1e-9:.3g} ns"


def target_text(row):
    if row.get("least") is not None:
        return f"≥ {show(row['least'], row['unit'])}"
    return f"≤ {show(row['most'], row['unit'])}" if row.get("most") is not None else ""


def markdown(report, about):
    lines = ["## Benchmark results", "", *(f"- {key}: {value}" for key, value in about.items()), ""]
    for part in report.parts:
        lines += [f"### {part['title']}", "", part["intro"], ""]
        lines += ["| Result | Target | Met | Measured | hblib | Other side | Note |", "|--:|--:|:--|:--|--:|--:|:--|"]
        for row in sorted(part["rows"], key=lambda row: row["unit"] != "x"):  # ratios first
            met = {None: "", True: "met", False: "**not met**"}[row["met"]]
            cells = [show(row["result"], row["unit"]) or "-", target_text(row), met, row["what"]]
            cells += [show(row.get("hblib"), "s"), show(row.get("other"), "s"), row["note"]]
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def size(groups):
    return f"1e{round(np.log10(groups))}"


# --- data -------------------------------------------------------------------------------------------------------------


def counts(groups, rng):
    n = np.clip(rng.lognormal(np.log(100), 1, groups), 5, 2000).astype(np.int64)
    return rng.binomial(n, rng.beta(6, 54, groups)), n


def huge_counts(rng):
    """300 groups with n up to 1e9."""
    n = np.clip(rng.lognormal(np.log(1e6), 3, 300), 5, 1e9).astype(np.int64)
    n[0] = 10**9
    return rng.binomial(n, rng.beta(6, 54, n.size)), n


def means(groups, rng, shared):
    se = 0.8 if shared else 8 / np.sqrt(rng.integers(1, 2001, groups))
    return rng.normal(50, 5, groups) + se * rng.normal(size=groups), se


def raw_rows(rows, rng):
    """About this many rows, in groups of 2 to 20, sorted by group."""
    n = rng.integers(2, 21, rows // 10)
    group = np.repeat(np.arange(n.size), n)
    return rng.normal(50, 2, n.size)[group] + rng.normal(0, 3, group.size), group


def lines(rows, rng):
    """About this many rows in groups of 2 to 20, each with its own line in t."""
    values, group = raw_rows(rows, rng)
    t = rng.normal(size=values.size)
    return values + (1 + rng.normal(0, 0.8, group[-1] + 1)[group]) * t, t, group


# --- the five parts ---------------------------------------------------------------------------------------------------


def part_beta_binomial(report, quick):
    report.part(
        "1. Beta-Binomial, maximum likelihood (ML-II)",
        "n_j lognormal with median 100, clipped to 5..2000; theta_j from Beta(6, 54). glmmTMB and VGAM are stored "
        "times of R 4.2.2 on another run of a machine of the same size with load, good to a factor of about 2.",
    )
    for groups in (10**3, 10**4) if quick else (10**3, 10**5, 10**6, 10**7):
        rates_of(report, groups)
    y, n = huge_counts(np.random.default_rng(SEED))
    fit = beta_binomial.fit(y, n)
    seconds = race({"fit": lambda: beta_binomial.fit(y, n)})["fit"]
    report.add("fit, 300 groups, n up to 1e9", seconds, "s", hblib=seconds)
    exact_digits(report, "300 groups, n up to 1e9", y, n, fit)


def rates_of(report, groups):
    """The fit of so many groups, its steps, and other programs."""
    y, n = counts(groups, np.random.default_rng(SEED))
    fit = beta_binomial.fit(y, n)
    data, out, J = rates_counts.count_tails(y, n), np.empty(groups), f"J = {size(groups)}"
    own = {
        "fit": lambda y=y, n=n: beta_binomial.fit(y, n),
        "read": lambda y=y, n=n: (y.sum(), n.sum()),
        "count_tails": lambda y=y, n=n: rates_counts.count_tails(y, n),
        "newton": lambda data=data, y=y, n=n: rates_fit.maximum(data, y, n),
        "posterior": lambda y=y, n=n, fit=fit, out=out: beta_binomial.posterior_mean(
            y, n, fit.alpha, fit.beta, out=out
        ),
    }
    t = race(own)
    big, most = groups == 10**6, groups == 10**7
    report.add(f"fit, {J}", t["fit"], "s", hblib=t["fit"], note=f"alpha {fit.alpha:.6g}, beta {fit.beta:.6g}")
    report.add(f"counting alone, {J}", t["count_tails"], "s", hblib=t["count_tails"])
    report.add(f"Newton alone, {J}", t["newton"], "s", most=5e-3, hblib=t["newton"])
    report.add(
        f"fit / reading both arrays, {J}", t["fit"] / t["read"], "x", most=6 if most else None,
        hblib=t["fit"], other=t["read"], note="y.sum(); n.sum()",
    )  # fmt: skip
    report.add(
        f"posterior means / fit, {J}", t["posterior"] / t["fit"], "x", most=2 if big or most else None,
        hblib=t["posterior"], other=t["fit"],
    )  # fmt: skip
    rates_beside_peers(report, J, y, n, fit)
    if groups <= 10**5:
        exact_digits(report, J, y, n, fit)


def rates_beside_peers(report, J, y, n, fit):
    groups, big = y.size, y.size == 10**6
    others = {"SciPy L-BFGS-B with gradient": (peers.scipy_gradient, 10**6)}
    others["scipy.stats.betabinom + L-BFGS-B"] = peers.scipy_betabinom, 10**5
    for name, (peer, largest) in others.items():
        if groups > largest:
            continue
        found = peer(y, n)
        t = race({"hblib": lambda: beta_binomial.fit(y, n), "peer": lambda peer=peer: peer(y, n)})
        report.add(
            f"{name} / fit, {J}", t["peer"] / t["hblib"], "x",
            least=800 if big and "gradient" in name else None, hblib=t["hblib"], other=t["peer"],
            note=f"they agree in {min(map(digits, found, (fit.alpha, fit.beta))):.1f} digits",
        )  # fmt: skip
    for name in ("glmmTMB", "VGAM betabinomialff"):
        if groups in peers.STORED[name]:
            stored = peers.STORED[name][groups]
            least = 2000 if big and name == "glmmTMB" else None
            report.add(
                f"{name} (stored) / fit, {J}", stored / t["hblib"], "x", least=least, hblib=t["hblib"],
                other=stored, note=STORED_NOTE,
            )  # fmt: skip


def exact_digits(report, which, y, n, fit):
    exact = peers.exact_beta_binomial(y, n, (fit.alpha, fit.beta))
    found = {"hblib": (fit.alpha, fit.beta), "SciPy with gradient": peers.scipy_gradient(y, n)}
    for name, pair in found.items():
        report.add(
            f"{name}: correct digits of alpha and beta (the worse), {which}", min(map(digits, pair, exact)), "digits",
            note="against a 40-digit Newton",
        )  # fmt: skip


def part_normal_normal(report, quick):
    report.part(
        "2. Normal-Normal, ML and REML",
        "theta_j from N(50, 5²); one shared standard error, or se = 8/√n_j with 2,000 distinct values.",
    )
    for groups in (10**3, 10**4) if quick else (10**3, 10**5, 10**6):
        for shared in (True, False):
            ybar, se = means(groups, np.random.default_rng(SEED), shared)
            case = f"{'shared se' if shared else '2,000 se'}, J = {size(groups)}"
            big = shared and groups == 10**6
            for method in ("ml", "reml"):
                own = {"hblib": lambda ybar=ybar, se=se, m=method: normal_normal.fit(ybar, se, m)}
                pymare = {"peer": lambda ybar=ybar, se=se, m=method: peers.pymare_fit(ybar, se, m.upper())}
                t = race(own | (pymare if peers.version("pymare") else {}))
                name = method.upper()
                report.add(f"{name}, {case}", t["hblib"], "s", most=15e-3 if big else None, hblib=t["hblib"])
                if "peer" in t:
                    agree = digits(pymare["peer"](), own["hblib"]().tau ** 2)
                    report.add(
                        f"pymare / hblib, {name}, {case}", t["peer"] / t["hblib"], "x", least=100 if big else None,
                        hblib=t["hblib"], other=t["peer"], note=f"tau² agrees in {agree:.1f} digits",
                    )  # fmt: skip
            for short, method in (("dl", "dersimonian-laird"), ("pm", "paule-mandel")):
                if not peers.version("statsmodels"):
                    continue
                own = {"hblib": lambda ybar=ybar, se=se, m=method: normal_normal.fit(ybar, se, m)}
                other = {"peer": lambda ybar=ybar, se=se, m=short: peers.statsmodels_fit(ybar, se, m)}
                t = race(own | other)
                tau2, theirs = own["hblib"]().tau ** 2, other["peer"]()
                note = f"tau² agrees in {digits(theirs, tau2):.1f} digits"
                note += f": statsmodels {theirs:.6g}, hblib {tau2:.6g}" if digits(theirs, tau2) < 2 else ""
                report.add(
                    f"statsmodels combine_effects / hblib, {short.upper()}, {case}", t["peer"] / t["hblib"], "x",
                    hblib=t["hblib"], other=t["peer"], note=note,
                )  # fmt: skip
            if groups == 10**3:
                exact_tau2_digits(report, ybar, se, case)


def exact_tau2_digits(report, ybar, se, case):
    names = {"ml": "ml", "reml": "reml", "dl": "dersimonian-laird", "pm": "paule-mandel"}
    for short, method in names.items():
        tau2 = normal_normal.fit(ybar, se, method).tau ** 2
        exact = peers.exact_tau2(ybar, se, short, tau2)
        what, note = f"correct digits of tau², {short.upper()}, {case}", "against 40 digits"
        report.add(f"hblib: {what}", digits(tau2, exact), "digits", note=note)
        peer, arguments = (peers.pymare_fit, short.upper()) if "ml" in short else (peers.statsmodels_fit, short)
        name = peer.__name__.removesuffix("_fit")
        if peers.version(name):
            report.add(f"{name}: {what}", digits(peer(ybar, se, arguments), exact), "digits", note=note)


def part_observations(report, quick):
    report.part(
        "3. Raw rows to REML, sigma unknown",
        "Groups of 2 to 20 rows, sorted by group unless it says shuffled. lme4 is a stored time, good to a "
        "factor of about 2.",
    )
    for rows in (10**4,) if quick else (10**4, 10**6):
        rng = np.random.default_rng(SEED)
        values, group = raw_rows(rows, rng)
        order = rng.permutation(values.size)
        mixed_up = values[order], group[order]
        own = {"hblib": lambda v=values, g=group: observations.fit(v, g)}
        case, big = f"{values.size / rows:.1f}e{round(np.log10(rows))} rows", rows == 10**6
        t = race(own | {"shuffled": lambda rows=mixed_up: observations.fit(*rows)})
        report.add(f"REML, {case}", t["hblib"], "s", hblib=t["hblib"])
        report.add(f"REML, {case}, shuffled", t["shuffled"], "s", hblib=t["shuffled"])
        stored = peers.STORED["lme4"][rows]
        report.add(
            f"lme4 (stored) / hblib, {case}", stored / t["hblib"], "x", least=100 if big else None, hblib=t["hblib"],
            other=stored, note=STORED_NOTE,
        )  # fmt: skip
        rows_beside_peers(report, rows, case, values, group)
        lines_beside_mixedlm(report, rows, case, big)


def rows_beside_peers(report, rows, case, values, group):
    own = {"hblib": lambda: observations.fit(values, group)}
    fit, others = own["hblib"](), {}
    if rows == 10**4 and peers.version("statsmodels"):
        others["statsmodels MixedLM"] = lambda: peers.statsmodels_mixed(values, group)
    if peers.version("mixedlm"):
        import pandas as pd

        frame = pd.DataFrame({"value": values, "group": group.astype(str)})
        others["mixedlm"] = lambda: peers.mixedlm_fit(frame)
    else:
        report.skip(f"mixedlm, {case}", "not installed")
    for name, call in others.items():
        t = race(own | {"peer": call})
        agree = min(map(digits, call(), (fit.tau, fit.sigma)))
        report.add(
            f"{name} / hblib, {case}", t["peer"] / t["hblib"], "x", hblib=t["hblib"], other=t["peer"],
            note=f"tau and sigma agree in {agree:.1f} digits",
        )  # fmt: skip
        if rows == 10**6 and name == "mixedlm":
            stored = peers.STORED["mixedlm"][rows]
            report.add(
                "calibration: mixedlm's stored time / its time here", stored / t["peer"], "x", other=t["peer"],
                note="what part of a ratio to a stored time is this machine (or a newer mixedlm) being faster",
            )  # fmt: skip


def lines_beside_mixedlm(report, rows, case, big):
    """`regression.fit`, with an intercept and without or with a slope that vary by group."""
    values, t, group = lines(rows, np.random.default_rng(SEED))
    x = np.column_stack([np.ones(values.size), t])
    for which, K, formula in (
        ("intercept", 1, "value ~ t + (1|group)"),
        ("intercept and slope", 2, "value ~ t + (t|group)"),
    ):
        own = {"hblib": lambda z=x[:, :K]: regression.fit(values, x, z, group)}
        fit = own["hblib"]()
        if not peers.version("mixedlm"):
            t_own = race(own)["hblib"]
            report.add(f"regression.fit, {which}, {case}", t_own, "s", hblib=t_own)
            continue
        import pandas as pd

        frame = pd.DataFrame({"value": values, "t": t, "group": group.astype(str)})
        other = {"peer": lambda frame=frame, formula=formula: peers.mixedlm_fit(frame, formula)}
        times = race(own | other, limit=30.0)
        agree = min(map(digits, other["peer"](), (*fit.sd, fit.sigma)))
        report.add(f"regression.fit, {which}, {case}", times["hblib"], "s", hblib=times["hblib"])
        report.add(
            f"mixedlm / regression.fit, {which}, {case}", times["peer"] / times["hblib"], "x", least=1 if big else None,
            hblib=times["hblib"], other=times["peer"], note=f"standard deviations agree in {agree:.1f} digits",
        )  # fmt: skip


def part_full_bayes(report, quick):
    report.part(
        "4. Full Bayes by quadrature, beside NUTS",
        "NUTS: PyMC + nutpie, 4 chains of 1,000 draws after 1,000 of tuning, on 2 cores (hblib uses one); its time "
        "leaves out compiling. Three digits mean a Monte Carlo error of 0.001 posterior standard deviations, so an "
        "effective sample size (ESS) of 1e6: the whole run × 1e6/ESS, or, kinder to NUTS, the price of further draws "
        "of one long run alone. Quadrature gives about 13 digits in its time.",
    )
    schools, rat = datasets.eight_schools(), datasets.rat_tumors()

    def quad_schools():
        return normal_normal.full_bayes(schools.ybar, schools.se, priors.uniform())

    def quad_rats():
        return beta_binomial.full_bayes(rat.y, rat.n, priors.power(-1.5))

    t = race({"schools": quad_schools, "rats": quad_rats}, runs=21)
    full, exact = quad_schools(), peers.EXACT
    report.add("eight schools", t["schools"], "s", most=1e-3, hblib=t["schools"])
    report.add("hblib: eight schools, E mu", digits(full.mu.mean(), exact["mu"]), "digits")
    report.add("hblib: eight schools, E tau", digits(full.tau.mean(), exact["tau"]), "digits")
    full = quad_rats()
    report.add("rats", t["rats"], "s", most=20e-3, hblib=t["rats"])
    report.add("hblib: rats, E mean", digits(full.mu.mean(), exact["mean"]), "digits")
    report.add("hblib: rats, E theta_71", digits(full.theta[70].mean(), exact["theta_71"]), "digits")

    intervals_of_rates(report, full)
    for groups in (10**3,) if quick else (10**3, 10**4, 10**5, 10**6):
        moments_of_every_group(report, groups)
    if peers.version("pymc") and peers.version("nutpie") and peers.version("arviz"):
        schools_and_rats_beside_nuts(report, quick, schools, rat, t)
    else:
        report.skip("NUTS", "not installed")


def intervals_of_rates(report, rats):
    counties = datasets.kidney_cancer()
    intervals = {
        "3,110 counties": (beta_binomial.full_bayes(counties.y, counties.n, priors.power(-1.5)), 3.0),
        "20 groups, 0 of 100": (beta_binomial.full_bayes([0] * 20, [100] * 20, priors.half_cauchy(20)), 0.2),
        "71 groups of rats": (rats, None),
    }
    for name, (posterior, most) in intervals.items():
        seconds = race({name: posterior.theta.interval}, runs=3)[name]
        report.add(f"intervals of every rate, {name}", seconds, "s", most=most, hblib=seconds)


def moments_of_every_group(report, groups):
    y, n = counts(groups, np.random.default_rng(SEED))
    ybar, se = means(groups, np.random.default_rng(SEED), shared=False)
    families = {
        "Normal-Normal, 2,000 se": lambda ybar=ybar, se=se: normal_normal.full_bayes(ybar, se, priors.uniform()),
        "Beta-Binomial": lambda y=y, n=n: beta_binomial.full_bayes(y, n, priors.power(-1.5)),
    }
    for name, seconds in race(families, runs=5, limit=12).items():
        what = f"posterior mean and SD of {size(groups)} groups, {name}"
        report.add(what, seconds, "s", most=1 if groups == 10**6 else None, hblib=seconds)


def schools_and_rats_beside_nuts(report, quick, schools, rat, t):
    beside_nuts(
        report, quick, "eight schools, non-centred", peers.eight_schools(schools), t["schools"],
        {"mu": lambda d: d["mu"], "tau": lambda d: d["tau"]}, {"mu": lambda d: d["mu"], "tau": lambda d: d["tau"]},
    )  # fmt: skip
    if quick:
        return

    def theta_71(d):
        """The mean of theta_71 given each draw; the draws of theta_71 itself where there are any."""
        if "theta" in d:
            return d["theta"][..., 70]
        alpha, total = d["mean"] * np.exp(d["log_size"]), np.exp(d["log_size"])
        return (alpha + rat.y[70]) / (total + rat.n[70])

    for integrated, name in ((True, "rats, rates integrated out"), (False, "rats, 71 rates sampled")):
        beside_nuts(
            report, quick, name, peers.rats(rat, integrated), t["rats"],
            {"mean": lambda d: d["mean"], "theta_71": theta_71},
            {"mean": lambda d: d["mean"], "log size": lambda d: d["log_size"]},
        )  # fmt: skip


def beside_nuts(report, quick, name, model, seconds, estimates, sizes):
    """`estimates` and `sizes` give, from the draws, what has an exact mean, and what the ESS is taken of."""
    compiled, compile_time = peers.compile_nuts(model)
    short, long = (200, 600) if quick else (1000, 5000)
    runs = {draws: [] for draws in (short, long)}
    for seed in range(1 if quick else 3):
        for draws in runs:
            values, divergent, took = peers.nuts(compiled, draws, short, SEED + seed)
            ess = {key: peers.effective_size(get(values)) for key, get in sizes.items()}
            runs[draws].append((took, ess, divergent, values))
    wall = {draws: float(np.median([run[0] for run in all_])) for draws, all_ in runs.items()}
    ess = {key: float(np.median([run[1][key] for run in runs[short]])) for key in sizes}
    rate = min(float(np.median([run[1][key] for run in runs[long]])) for key in sizes) / long  # of ESS a draw
    divergent, values = int(np.median([run[2] for run in runs[short]])), runs[short][0][3]
    report.add(
        f"NUTS: {name}, one run", wall[short], "s", other=wall[short],
        note=f"compiling {compile_time:.1f} s; ESS "
        + ", ".join(f"{key} {value:,.0f}" for key, value in ess.items())
        + f"; {divergent} divergences",
    )  # fmt: skip
    for key, get in estimates.items():
        found = float(np.mean(get(values)))
        report.add(f"NUTS: {name}, E {key}", digits(found, peers.EXACT[key]), "digits", note=f"one run: {found:.6g}")
    whole = wall[short] * 1e6 / min(ess.values())
    further = (wall[long] - wall[short]) / (long - short) * 1e6 / rate
    report.add(f"NUTS / quadrature, {name}, one run", wall[short] / seconds, "x", hblib=seconds, other=wall[short])
    for what, other in (("whole run × 1e6/ESS", whole), ("further draws alone", further)):
        if quick and other is further:  # two runs so short differ by noise
            continue
        report.add(
            f"NUTS at 3 digits / quadrature, {name}", other / seconds, "x", hblib=seconds, other=other, note=what
        )


def part_import(report, quick):
    report.part("5. Import", "Time of `import hblib` in a new process that has loaded NumPy; median of 5.")
    code = "import time, numpy; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"

    def median(module):
        command = [sys.executable, "-c", code.format(module)]
        runs = [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(6)]
        return float(np.median(runs[1:]))  # the first one may read from the disk

    seconds = median("hblib")
    report.add("import hblib beyond numpy", seconds, "s", most=0.3, hblib=seconds)
    report.add("import scipy.special beyond numpy, which it needs", median("scipy.special"), "s")


# ----------------------------------------------------------------------------------------------------------------------


def surroundings(quick):
    """The machine and the versions, for the reader of the numbers."""
    model = "unknown processor"
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    found = {package: peers.version(package) for package in peers.PACKAGES}
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    return {
        "Machine": f"{os.cpu_count()} CPUs, {model}, {platform.system()}; load at the start {os.getloadavg()[0]:.2f}",
        "Python": platform.python_version(),
        "Packages": ", ".join(f"{package} {number or 'not installed'}" for package, number in found.items()),
        "Commit": git.stdout.strip() or "unknown",
        "Date": time.strftime("%Y-%m-%d"),
        **({"Sizes": "small (--quick): not the sizes of the targets"} if quick else {}),
    }


PARTS = (part_beta_binomial, part_normal_normal, part_observations, part_full_bayes, part_import)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results.json")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all?")
    parser.add_argument("--parts", type=int, nargs="+", default=[1, 2, 3, 4, 5], choices=range(1, 6))
    arguments = parser.parse_args()

    about = surroundings(arguments.quick)
    for key, value in about.items():
        print(f"{key}: {value}")
    report, start = Report(), time.perf_counter()
    peers.load()
    for number in arguments.parts:
        PARTS[number - 1](report, arguments.quick)
    about["Duration"] = f"{time.perf_counter() - start:.0f} s"

    table = arguments.out.with_suffix(".md")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps({"about": about, "parts": report.parts}, indent=1, ensure_ascii=False) + "\n")
    table.write_text(markdown(report, about))
    rows = [row for part in report.parts for row in part["rows"] if row["met"] is not None]
    print(f"\nTargets met: {sum(row['met'] for row in rows)} of {len(rows)}; {about['Duration']}.")
    print(f"The results are in {arguments.out} and, as tables, in {table}.")


if __name__ == "__main__":
    main()
