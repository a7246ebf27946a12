"""The command `hblib`: grade notebooks, a class of them, write reports, and see whether this machine can."""

import argparse
import json
import os
import platform
import secrets
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import astuple
from enum import IntEnum
from pathlib import Path

from hblib.coursework import notebooks, source
from hblib.grading import batch, collect, report
from hblib.grading.grade import Grader
from hblib.grading.isolation import Bubblewrap, Container, Process, Unavailable
from hblib.grading.sandbox import DEFAULT, Limits


class Exit(IntEnum):
    """The exit codes: graded; a notebook that is none, or too few points; a wrong use; trouble of the grader's own."""

    GRADED, TROUBLE, USAGE, NOT_GRADED = range(4)


def main(argv=None):
    """Run the command; returns the exit code."""
    options = parser().parse_args(argv)
    try:
        return options.do(options)
    except Unavailable as reason:
        print(f"Nothing was graded: {reason}", file=sys.stderr)
        return Exit.NOT_GRADED
    except (OSError, ValueError) as error:
        print(f"hblib: {error}", file=sys.stderr)
        return Exit.USAGE
    except KeyboardInterrupt:
        print("\nStopped." + " The same command goes on from here." * (options.do is grade_batch), file=sys.stderr)
        return Exit.NOT_GRADED
    except Exception:  # Python's own exit code for it would be 1, which says that the notebook is to blame
        traceback.print_exc()
        return Exit.NOT_GRADED


def parser():
    top = argparse.ArgumentParser(prog="hblib", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for add in (_grade, _grade_batch, _doctor, _report):
        add(commands)
    return top


def _grade(commands):
    one = commands.add_parser("grade", help="grade notebooks")
    one.add_argument("notebooks", nargs="+", metavar="NOTEBOOK")
    one.add_argument("--exercise", choices=source.names(), metavar="NAME", help="which exercise they all are")
    one.add_argument("--out", metavar="DIR", help="write results.json, junit.xml and summary.md there")
    one.add_argument("--fail-under", type=float, default=0, metavar="PERCENT", help="exit code 1 for less than this")
    _with_secret(one)
    _with_sandbox(one)
    one.set_defaults(do=grade)


def _grade_batch(commands):
    many = commands.add_parser("grade-batch", help="grade a class: FOLDER/STUDENT/…, FOLDER/STUDENT.ipynb, or a zip")
    many.add_argument("folder", help="or the zip that a learning platform gives")
    many.add_argument("--out", required=True, metavar="DIR", help="where the results go")
    many.add_argument("--workers", type=int, default=os.cpu_count(), metavar="N", help="notebooks side by side")
    _with_secret(many)
    _with_sandbox(many)
    many.set_defaults(do=grade_batch)


def _doctor(commands):
    command = commands.add_parser("doctor", help="can this machine grade?")
    _with_sandbox(command)
    command.set_defaults(do=doctor)


def _report(commands):
    again = commands.add_parser("report", help="check a results.json and write its reports")
    again.add_argument("results")
    again.add_argument("--out", required=True, metavar="DIR")
    again.set_defaults(do=write_reports)


def _with_secret(command):
    command.add_argument("--secret-file", metavar="FILE", help="what makes the inputs unforeseeable (- for stdin)")


def _with_sandbox(command):
    kinds = ("bwrap", "container", "process")
    command.add_argument("--isolation", choices=kinds, default="bwrap", help="process protects against nothing")
    command.add_argument("--image", metavar="NAME", help="for --isolation container")
    command.add_argument("--cell-seconds", type=float, default=DEFAULT.cell, metavar="S", help="for a cell")
    command.add_argument("--seconds", type=float, default=DEFAULT.wall, metavar="S", help="for a notebook")


def grader(options, secret):
    kinds = {"bwrap": Bubblewrap, "container": lambda: Container(options.image or ""), "process": Process}
    isolation = kinds[options.isolation]()
    isolation.program()  # says at once if there is none
    source.some()  # or else every notebook would be one for an unknown exercise
    return Grader(secret, isolation, Limits(wall=options.seconds, cell=options.cell_seconds))


def secret_of(options, otherwise):
    """The secret that the options name, or else what `otherwise` gives."""
    if options.secret_file is None:
        return otherwise()
    data = sys.stdin.buffer.read() if options.secret_file == "-" else Path(options.secret_file).read_bytes()
    if len(data.strip()) < 16:
        raise ValueError("the secret must have at least 16 characters; make one with: openssl rand -hex 32")
    return data.strip()


def grade(options):
    results = []
    with grader(options, secret_of(options, lambda: secrets.token_bytes(32))) as busy:
        for notebook in options.notebooks:
            results.append({"student": "", **busy.grade(notebook, options.exercise)})
            print(report.terminal(results[-1]), flush=True)
    if options.out:
        report.write(results, options.out)
        print(f"The reports are in {options.out}: results.json, junit.xml, summary.md")
    return exit_code(results, options.fail_under)


def exit_code(results, percent=0):
    """0, or what keeps a set of results from being good."""
    if any(result["status"] == "not-graded" for result in results):
        return Exit.NOT_GRADED
    points, possible = (sum(result[name] for result in results) for name in ("points", "possible"))
    invalid = any(result["status"] == "invalid-submission" for result in results)
    return Exit.TROUBLE if invalid or 100 * points < percent * possible else Exit.GRADED


def grade_batch(options):
    from rich.console import Console
    from rich.progress import Progress

    if not Path(options.folder).exists():
        raise ValueError(f"{options.folder} is neither a folder nor a zip")
    out = apart(Path(options.out), Path(options.folder))
    out.mkdir(parents=True, exist_ok=True)
    for name in SCRATCH:
        shutil.rmtree(out / name, ignore_errors=True)
    items, files, students = collect.everything(collect.folder_of(options.folder, out / "exported"), out / "unpacked")
    if doubt := collect.doubt(files, options.folder):
        print(doubt, file=sys.stderr)
    secret = secret_of(options, lambda: own_secret(out / "secret"))
    begun = time.monotonic()
    with grader(options, secret) as busy, Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"{len(items)} notebooks", total=len(items))
        results = batch.run(
            busy,
            items,
            out,
            options.workers,
            done=lambda item, result: progress.advance(bar),
            more=lambda count: progress.update(bar, total=len(items) + count),
        )
    results += batch.without(students, results, files, busy.isolation.name)
    report.write_class(results, out)
    report.save_csv(out / "files.csv", [("student", "file", "found"), *map(astuple, files)])
    counts = Counter(result["status"] for result in results)
    in_words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "nothing"
    print(f"{len(results)} results in {time.monotonic() - begun:.0f} s: {in_words}")
    print(f"Grades: {out / 'grades.csv'}. To look at: {out / 'flags.csv'}. For the students: {out / 'students'}")
    print(f"All {len(files)} files that were handed in, and what is in them: {out / 'files.csv'}")
    return Exit.NOT_GRADED if counts["not-graded"] else Exit.GRADED


SCRATCH = "exported", "unpacked"  # folders of the results that each run begins anew


def apart(out, given):
    """The folder of the results, unless what is graded lies around it, or in a folder that is about to be emptied."""
    if out.resolve().is_relative_to(given.resolve()):
        raise ValueError(f"--out must not lie in {given}, the folder that is graded")
    if any(given.resolve().is_relative_to((out / name).resolve()) for name in SCRATCH):
        raise ValueError(f"{given} must not lie in {out / SCRATCH[0]} or {out / SCRATCH[1]}, which is emptied first")
    return out


def own_secret(path):
    """A secret kept beside the results, so that a batch begun again is the same batch."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    return path.read_bytes().strip()


def write_reports(options):
    try:
        results = report.read(options.results)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError(f"{options.results} does not hold results: it is not JSON") from None
    report.write_class(results, options.out)
    print(f"{len(results)} results are valid; the reports are in {options.out}")
    return Exit.GRADED


def doctor(options):
    """Say what this machine has, and grade a solved notebook in the sandbox."""
    print(f"Python {platform.python_version()} on {platform.platform()}, user {os.getuid()}")
    print(f"{len(source.names())} exercises in {source.folder()}")
    name = source.some()[0]
    with tempfile.TemporaryDirectory() as folder, grader(options, secrets.token_bytes(32)) as busy:
        print(f"{busy.isolation.name}: {busy.isolation.program()}")
        notebook = Path(folder) / f"{name}.ipynb"
        notebook.write_text(notebooks.solved(name), encoding="utf8")
        result = busy.grade(notebook)
    print(f"{name}, solved: {result['points']:g} of {result['possible']:g} points in {result['seconds']:.1f} s")
    if result["status"] != "graded" or result["points"] != result["possible"]:
        raise Unavailable(f"the sandbox does not give a right notebook its points: {report.terminal(result)}")
    if options.isolation == "process":
        print("The grader works, but without a sandbox it protects against nothing.", file=sys.stderr)
        return Exit.NOT_GRADED
    print("This machine can grade: no network, no files of yours, limits on time, memory and processes.")
    return Exit.GRADED
