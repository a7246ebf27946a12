"""The page for instructors, followed literally, on the class of 200 that it invents."""

import csv
import re
import shutil

import pytest

from hblib.coursework import source
from hblib.grading.sandbox import DEFAULT
from tests.conftest import ROOT
from tests.ordinary_user import run

pytestmark = pytest.mark.sandbox

PAGE = (ROOT / "chapters" / "grade-a-class.md").read_text(encoding="utf8")
STEPS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the course after the steps of the page, and what they printed."""
    folder = tmp_path_factory.mktemp("instructor") / "course"
    heavy = shutil.ignore_patterns(".git", ".venv*", "_build", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=heavy)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "my-exercises").mkdir()  # the instructor's own
    shutil.copy(ROOT / "solutions" / "02-easy.md", folder / "my-exercises")
    done = run("sh", "-euxc", "".join(STEPS), cwd=folder, writable=[folder], env={"PYTHONPATH": ""}, timeout=7200)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def table(path):
    with path.open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_machine_can_grade(course):
    assert "This machine can grade" in course[1]


def test_every_grade_is_the_one_that_the_notebook_should_get(course):
    folder, _ = course
    grades = {row["student"]: row for row in table(folder / "grades" / "grades.csv")}
    truth = table(folder / "class" / "truth.csv")
    assert (len(truth), len(grades)) == (200, 50)
    assert "200 notebooks of 50 students" in PAGE
    for row in truth:
        given = grades[row["student"]][row["exercise"]]
        assert given == ("" if row["status"] == "invalid-submission" else f"{float(row['points']):g}"), row


def test_what_the_page_says_is_flagged_is_flagged(course):
    folder, _ = course
    flags = {(row["student"], row["exercise"]): "" for row in table(folder / "grades" / "flags.csv")}
    for row in table(folder / "grades" / "flags.csv"):
        flags[row["student"], row["exercise"]] += row["flag"]
    expected = {"copy": "identical code: 2", "typed in": "right on the public data only"}
    for row in table(folder / "class" / "truth.csv"):
        if row["kind"] in expected:
            assert expected[row["kind"]] in flags[row["student"], row["exercise"]], row
        elif row["kind"] == "damaged":
            assert "not a Jupyter notebook" in flags[row["student"], f"{row['exercise']}.ipynb"]


def test_the_limits_on_the_page_are_the_graders():
    said = "two gigabytes of memory, 32 processes, and three minutes"
    assert said in PAGE
    assert (DEFAULT.memory, DEFAULT.processes / 2, DEFAULT.wall) == (2 * 2**30, 32, 3 * 60)


def test_every_file_that_the_page_names_is_there(course):
    folder, _ = course
    assert {path.name for path in (folder / "grades").iterdir()} >= {
        *("grades.csv", "students", "flags.csv", "results.json", "junit.xml", "secret")
    }
    students = {row["student"] for row in table(folder / "class" / "truth.csv")}
    assert {path.stem for path in (folder / "grades" / "students").iterdir()} == students


def test_possible_is_the_same_for_everybody(course):
    grades = table(course[0] / "grades" / "grades.csv")
    names = sorted({row["exercise"] for row in table(course[0] / "class" / "truth.csv")})
    assert [*grades[0]] == ["student", *names, "points", "possible"]
    asked = sum(question.points for name in names for question in source.load(name).questions.values())
    assert {row["possible"] for row in grades} == {f"{asked:g}"}


def test_notebooks_of_ones_own_exercises_stand_beside_them(course):
    folder, _ = course
    assert [path.name for path in (folder / "my-exercises" / "notebooks").iterdir()] == ["02-easy.ipynb"]
    assert len([*(folder / "exercises").glob("*.ipynb")]) == len(source.names())


def test_exercises_of_ones_own_are_graded_alone(course):
    folder, _ = course
    [*columns] = table(folder / "my-grades" / "grades.csv")[0]
    assert columns == ["student", "02-easy", "points", "possible"]
