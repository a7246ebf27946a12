"""A batch: stopped and begun again, two notebooks for one exercise, and what its reports say and refuse."""

import json
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import make_class
from hblib.coursework import notebooks
from hblib.grading import grade, report
from tests import ordinary_user

HBLIB = sys.executable, "-m", "hblib"


@pytest.fixture
def folder():
    """A folder that everybody can enter, with a class of twelve in it."""
    with tempfile.TemporaryDirectory(prefix="batch-") as made:
        made = Path(made)
        made.chmod(0o755)
        make_class.make(made / "class", 12)
        (made / "class" / "truth.csv").rename(made / "truth.csv")
        yield made


def batch(folder):
    options = ["--cell-seconds", "2", "--workers", "2"]
    return *HBLIB, "grade-batch", folder / "class", "--out", folder / "out", *options


def written(folder):
    """When each result was written."""
    return {path: path.stat().st_mtime_ns for path in (folder / "out" / "results").rglob("*.json")}


def test_a_batch_that_is_stopped_goes_on_where_it_was(folder):
    command = [*ordinary_user.prefix(folder), *map(str, batch(folder))]
    options = {"cwd": ordinary_user.ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, start_new_session=True, **options)
    while len(written(folder)) < 2 and process.poll() is None:
        time.sleep(0.02)
    interrupt(process.pid)
    _, said = process.communicate(timeout=60)
    assert "The same command goes on from here" in said
    before = written(folder)
    assert 2 <= len(before) < 11

    done = ordinary_user.run(*batch(folder), writable=[folder])
    assert done.returncode == 0, done.stderr
    after = written(folder)
    assert len(after) == 11, "all but the damaged one"
    assert {path: after[path] for path in before} == before
    assert "12 notebooks" in done.stderr, "the bar says what it is about"

    changed = next(path for path in (folder / "class").rglob("*.ipynb") if "student-002" in str(path))
    changed.write_text(changed.read_text(encoding="utf8") + "\n", encoding="utf8")
    assert ordinary_user.run(*batch(folder), writable=[folder]).returncode == 0
    assert [path.parent.name for path, when in written(folder).items() if when != after[path]] == ["student-002"]


def interrupt(pid):
    """What Ctrl-C does to the grader, which may be the child of what made it an ordinary user."""
    import psutil

    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    grader = next(each for each in family if "grade-batch" in each.cmdline() and "python" in each.name())
    grader.send_signal(signal.SIGINT)


def test_two_notebooks_for_one_exercise_are_both_invalid(folder):
    first = folder / "pair" / "anna" / "01-hospitals.ipynb"
    first.parent.mkdir(parents=True)
    first.write_text(notebooks.solved("01-hospitals"), encoding="utf8")
    first.with_name("final version.ipynb").write_text(notebooks.solved("01-hospitals"), encoding="utf8")
    done = ordinary_user.run(*HBLIB, "grade-batch", folder / "pair", "--out", folder / "out", writable=[folder])
    assert done.returncode == 0, done.stderr
    results = report.read(folder / "out" / "results.json")
    assert [result["status"] for result in results] == ["invalid-submission"] * 2
    assert all("more than one notebook for 01-hospitals" in result["reason"] for result in results)
    secret = folder / "out" / "secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_what_was_not_graded_is_no_zero():
    lost = grade.result("x.ipynb", "not-graded", "bwrap", reason="no sandbox")
    bad = grade.result("y.ipynb", "invalid-submission", "bwrap", reason="empty", exercise="01-hospitals")
    results = [{"student": "anna", **lost}, {"student": "ben", **bad}]
    assert report.grades(results) == [
        ("student", "01-hospitals", "points", "possible"),
        ("anna", "", "0", "0"),
        ("ben", "", "0", "0"),
    ]
    assert [flag for *_, flag in report.flags(results)] == ["not-graded: no sandbox", "invalid-submission: empty"]
    assert "<error" in report.junit(results)
    assert "<failure" in report.junit(results)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"points": -1}, "points"),
        ({"points": "5"}, "points"),
        ({"status": "perfect"}, "status"),
        ({"reason": "\x1b[31m"}, "reason"),
        ({"reason": "x" * 2000}, "reason"),
        ({"more": 1}, "more"),
    ],
)
def test_a_report_is_made_of_valid_results_alone(tmp_path, change, where):
    good = {"student": "anna", **grade.result("x.ipynb", "graded", "bwrap")}
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"format": 1, "results": [good]}), encoding="utf8")
    assert report.read(path) == [good]
    path.write_text(json.dumps({"format": 1, "results": [{**good, **change}]}), encoding="utf8")
    with pytest.raises(ValueError, match=where):
        report.read(path)
    done = subprocess.run([*HBLIB, "report", path, "--out", tmp_path / "out"], capture_output=True, text=True)
    assert (done.returncode, (tmp_path / "out").exists()) == (2, False)
