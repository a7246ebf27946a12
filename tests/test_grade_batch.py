"""A batch: stopped and begun again, two notebooks for one exercise, and what its reports say and refuse."""

import csv
import io
import json
import signal
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import make_class
import pytest
from make_class import zipped

from hblib.coursework import notebooks
from hblib.grading import collect, grade, report
from tests import ordinary_user

pytestmark = pytest.mark.sandbox

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
    options = ["--cell-seconds", "5", "--workers", "2"]
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
    _, said = process.communicate(timeout=7200)
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


def classed(folder, handed_in):
    """Grade {path: text or bytes}; returns the results and the rows of grades.csv, flags.csv and files.csv."""
    for path, content in handed_in.items():
        path = folder / "in" / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = ordinary_user.run(*HBLIB, "grade-batch", folder / "in", "--out", folder / "out", writable=[folder])
    assert done.returncode == 0, done.stderr
    return report.read(folder / "out" / "results.json"), *tables(folder / "out")


def tables(out):
    """The rows of the three tables."""
    texts = [(out / f"{name}.csv").read_text(encoding="utf8") for name in ("grades", "flags", "files")]
    return [list(csv.DictReader(io.StringIO(text))) for text in texts]


def test_copies_do_not_compete(folder):
    solved, empty = notebooks.solved("01-hospitals"), make_class.notebook("01-hospitals", {})
    half = make_class.notebook("01-hospitals", dict([*make_class.solutions("01-hospitals").items()][:1]))
    results, grades, flags, _ = classed(
        folder,
        {
            "anna/01-hospitals.ipynb": solved,
            "anna/Copy of 01-hospitals.ipynb": solved,
            "ben/01-hospitals.ipynb": empty,
            "ben/01-hospitals (1).ipynb": solved,
            "eva/01-hospitals.ipynb": half,
            "eva/final 01-hospitals.ipynb": solved,
        },
    )
    assert [row["01-hospitals"] for row in grades] == ["5", "5", "5"]
    assert Counter(result["status"] for result in results) == {"graded": 3, "set-aside": 3}
    assert [(row["student"], row["flag"]) for row in flags] == [
        ("eva", "2 different notebooks, of which the best counts; the others: 01-hospitals.ipynb")
    ]
    assert stat.S_IMODE((folder / "out" / "secret").stat().st_mode) == 0o600


def nested(depth, notebook):
    """A zip in a zip in a zip …"""
    made = zipped({"01-hospitals.ipynb": notebook})
    for _ in range(depth - 1):
        made = zipped({"inner.zip": made})
    return made


def test_nothing_that_is_handed_in_vanishes(folder):
    solved, easy = notebooks.solved("01-hospitals"), notebooks.solved("02-easy")
    outside = {"../../../escaped-01-hospitals.ipynb": solved, "/tmp/escaped.ipynb": easy, "C:\\x\\y.pdf": b"%PDF"}
    (folder / "in" / "nobody").mkdir(parents=True)
    results, grades, flags, files = classed(
        folder,
        {
            "Anna Müller_1_assignsubmission_file_/all.zip": zipped({"a/01-hospitals.ipynb": solved, "b/x.ipynb": easy}),
            "ben/01-hospitals.ipynb.txt": solved,
            "chloë/sub/folder/01-hospitals.IPYNB.json": solved,
            "dora/01-hospitals": solved,
            "emil/answers.pdf": b"%PDF",
            "fay/out.zip": zipped(outside),
            "gus/bomb.zip": zipped({f"01-hospitals-{number}.ipynb": bytes(49_000_000) for number in range(9)}),
            "hal/many.zip": zipped({f"{number}.ipynb": b"" for number in range(600)}),
            "ida/no.zip": b"PK\x03\x04 no zip",
            "jan/.ipynb_checkpoints/01-hospitals-checkpoint.ipynb": solved,
            "李 '\"☃/01-hospitals.ipynb": solved,
            "Kim_7_assignsubmission_file_01-hospitals.ipynb": solved,
            "leo.html": b"<html>",
            "mia/nested.zip": zipped({"inner.zip": zipped({"01-hospitals.ipynb": solved})}),
            "noa/matryoshka.zip": nested(6, solved),
            "list.csv": b"name",
        },
    )
    points = {row["student"]: (row["01-hospitals"], row["02-easy"]) for row in grades}
    full = dict.fromkeys(("ben", "mia", "chloë", "dora", "李 '\"☃", "Kim_7_assignsubmission_file"), ("5", ""))
    full |= dict.fromkeys(("Anna Müller_1_assignsubmission_file_", "fay"), ("5", "5"))
    nothing = dict.fromkeys(("emil", "gus", "hal", "ida", "jan", "leo", "noa", "nobody"), ("", ""))
    assert points == full | nothing
    assert {row["student"] for row in flags} == set(nothing)
    assert len(files) == 16
    assert all(row["found"] for row in files)
    summary = (folder / "out" / "summary.md").read_text(encoding="utf8")
    assert all(report.markdown(student) in summary for student in points)
    assert {path.relative_to(folder).parts[0] for path in folder.rglob("*escaped*")} == {"out"}
    assert not list(folder.parent.glob("*escaped*"))
    assert not Path("/tmp/escaped.ipynb").exists()
    said = {result["student"]: result["reason"] for result in results if result["student"] in nothing}
    assert "an empty folder" in said["nobody"]
    assert "answers.pdf" in said["emil"]
    assert "holds 600 files" in said["hal"]
    assert "hidden" in said["jan"]
    assert "in too many others" in said["noa"]


def test_a_class_as_a_platform_exports_it(folder):
    """Every right notebook gets full marks, and nothing that was handed in goes unmentioned."""
    (folder / "exported").mkdir()
    make_class.make_platform(folder / "exported")
    truth = list(csv.DictReader(io.StringIO((folder / "exported" / "truth.csv").read_text(encoding="utf8"))))
    given = folder / "exported" / "class.zip"
    done = ordinary_user.run(*HBLIB, "grade-batch", given, "--out", folder / "out", writable=[folder])
    assert done.returncode == 0, done.stderr
    grades, flags, files = tables(folder / "out")
    rows = {row["student"]: row for row in grades}
    assert len(truth) == len(rows) == 60
    points = {row["student"]: (row["exercise"], row["points"] if row["status"] == "graded" else "") for row in truth}
    assert {student: (name, rows[student][name]) for student, (name, _) in points.items()} == points
    assert {row["student"] for row in flags} == {row["student"] for row in truth if row["status"] != "graded"}
    with zipfile.ZipFile(given) as archive:
        assert {file["file"] for file in files} == {each.filename for each in archive.infolist() if not each.is_dir()}
    assert all(file["found"] for file in files)


HALF = zipped({"anna/01-hospitals.ipynb": b"x" * 99})[:80]


@pytest.mark.parametrize("damaged", [b"", b"PK", HALF], ids=["empty", "its first bytes", "its first half"])
def test_a_class_that_cannot_be_unpacked_is_refused(tmp_path, damaged):
    (tmp_path / "class.zip").write_bytes(damaged)
    with pytest.raises(ValueError, match=r"class\.zip cannot be unpacked: "):
        collect.folder_of(tmp_path / "class.zip", tmp_path / "unpacked")


def test_a_class_is_unpacked_where_it_belongs(tmp_path):
    names = "../../escaped", "/etc/escaped", "a/b/c", "a:b", "a_b", "C:\\x\\escaped"
    (tmp_path / "class.zip").write_bytes(zipped(dict.fromkeys(names, b"x")))
    folder = collect.folder_of(tmp_path / "class.zip", tmp_path / "one" / "two" / "three")
    assert len([path for path in folder.rglob("*") if path.is_file()]) == len(names)
    assert len([*tmp_path.rglob("*escaped*")]) == len([*folder.rglob("*escaped*")]) == 3


def graded_as(student, code, outcomes, own=0):
    made = grade.result("x.ipynb", "graded", "bwrap", exercise="01-hospitals", code=code * 64, own=own)
    asked = {"points": 0, "possible": 1, "message": "a message", "found": ""}
    made["questions"] = [{"name": f"q{n}", "outcome": outcome, **asked} for n, outcome in enumerate(outcomes)]
    return {"student": student, **made}


def test_equal_code_is_flagged_where_it_is_unusual():
    natural = [graded_as(f"n{number}", "a", ["correct"]) for number in range(25)]
    copied = [graded_as(f"c{number}", "b", ["correct"], own=4) for number in range(2)]
    mistaken = [graded_as(f"m{number}", "c", ["correct", "wrong"]) for number in range(2)]
    blank = [graded_as(f"b{number}", "d", ["not-answered"]) for number in range(3)]
    flags = [*report.flags([*natural, *copied, *mistaken, *blank])]
    assert [student for student, *_ in flags] == ["c0", "c1", "m0", "m1"]
    assert flags[0][2] == "identical code: 2 notebooks of 29, with 4 names and comments of its own (bbbbbbbb)"
    assert "with the same mistakes in q1" in flags[2][2]


def test_a_summary_begins_with_the_class_and_is_no_wall():
    some = [graded_as(f"s{number}", "a", ["correct", "wrong", "not-answered", "not-answered"]) for number in range(60)]
    lines = report.summary(some).split("\n")
    heads = [line for line in lines if line.startswith("# ")]
    assert heads == ["# Points", "# What many got wrong", "# Notebooks"]
    assert next(line for line in lines if "q1" in line).split("|")[2].strip() == "60 of 60"
    assert sum("Not answered: " in line for line in lines) == 60
    assert sum("<code>q2</code>" in line for line in lines) == 60, "one line for all that nobody answered"
    assert not report.summary(some[:1]).startswith("# ")


def test_who_leaves_an_exercise_out_does_not_raise_a_share_of_the_points():
    """Nor does a damaged notebook: what is divided by is the same for the whole class."""
    other = {"exercise": "02-easy", "possible": 6}
    all_, one = graded_as("anna", "a", ["correct"]), graded_as("ben", "b", ["correct"])
    results = [{**each, "points": 4, "possible": 5} for each in (all_, one)]
    results += [{**all_, **other, "points": 2}, {**one, **other, "status": "invalid-submission"}]
    results += [{"student": "cleo", **grade.result("", "invalid-submission", "bwrap")}]
    assert report.grades(results) == [
        ("student", "01-hospitals", "02-easy", "points", "possible"),
        ("anna", "4", "2", "6", "11"),
        ("ben", "4", "", "4", "11"),
        ("cleo", "", "", "0", "11"),
    ]


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
