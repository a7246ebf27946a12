"""One batch of all the hostile notebooks, which the tests here look at."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests import ordinary_user
from tests.hostile.cases import CASES

EXERCISES = Path(__file__).parent / "exercises"
SECRET = "course-secret-of-the-test"


# Control characters, what turns the order of letters round, and halves of letters
ACTS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Batch:
    """What a run of `grade-batch` has left behind."""

    done: subprocess.CompletedProcess
    out: Path
    seconds: float

    @property
    def results(self):
        """student -> result; a student is the name of a case."""
        written = json.loads((self.out / "results.json").read_text(encoding="utf8"))
        return {result["student"]: result for result in written["results"]}


def hblib(*command, path=os.environ["PATH"], **options):
    """Run the command `hblib` as an ordinary user, with the exercises of these tests."""
    exercises = {"HBLIB_EXERCISES": str(EXERCISES)}
    with_path = ["/usr/bin/env", f"PATH={path}", sys.executable]  # set last, because others need theirs before
    return ordinary_user.run(*with_path, "-m", "hblib", *command, env=exercises, **options)


def left(patience=3600):
    """The commands of processes that a sandbox should have taken with it; the kernel has its time to end them."""
    end = time.monotonic() + patience
    while (found := survivors()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def survivors():
    running = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    ours = [command for command in running if "/course/runner.py" in command and str(EXERCISES) in command]
    return ours + [command for command in running if "hostile-survivor" in command]


def batch(folder, cases, *more):
    """Grade these cases in one batch."""
    for case in cases:
        (folder / "in" / case.name.replace("/", "∕")).mkdir(parents=True)
        case.write(folder / "in" / case.name.replace("/", "∕"))
    limits = ["--cell-seconds", "2", "--seconds", "6"]  # of work; on the clock a busy machine may take four times that
    options = ["--secret-file", "-", *limits, *more]
    begun = time.monotonic()
    done = hblib("grade-batch", folder / "in", "--out", folder / "out", *options, input=SECRET, writable=[folder])
    assert (folder / "out" / "results.json").exists(), done.stderr
    return Batch(done, folder / "out", time.monotonic() - begun)


@pytest.fixture
def folder():
    """An empty folder that everybody can enter."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as made:
        os.chmod(made, 0o755)
        yield Path(made)


@pytest.fixture(scope="session")
def batches():
    """The batch of all cases in the sandbox, and that of those which do no harm without one either.

    Side by side: in both, endless loops wait for their end, and who waits needs no processor.
    """
    with tempfile.TemporaryDirectory(prefix="hostile-") as made, ThreadPoolExecutor(2) as pool:
        os.chmod(made, 0o755)
        harmless = [case for case in CASES if not case.sandbox]
        runs = ("sandbox", CASES), ("process", harmless, "--isolation", "process")
        yield [*pool.map(lambda run: batch(Path(made, run[0]), *run[1:]), runs)]


@pytest.fixture(scope="session")
def corpus(batches):
    """The batch of all cases, in the sandbox."""
    return batches[0]


@pytest.fixture(scope="session")
def unprotected(batches):
    """The batch of those cases that do no harm without a sandbox either."""
    return batches[1]
