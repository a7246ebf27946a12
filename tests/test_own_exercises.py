"""Exercises of an author's own, in a folder that HBLIB_EXERCISES names; and what the command `hblib` says."""

import json
import os
import subprocess
import sys

import pytest

from hblib.grading import cli
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox


@pytest.fixture
def own(tmp_path):
    """A folder with one exercise of the author's, one of the course's, and a file that is none."""
    for name in ("01-hospitals", "90-own"):
        text = (ROOT / "solutions" / "01-hospitals.md").read_text(encoding="utf8").replace("01-hospitals", name)
        folder = tmp_path / "exam"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.md").write_text(text, encoding="utf8")
    (folder / "notes.md").write_text("for next year", encoding="utf8")
    return folder


def run(*arguments, exercises=""):
    """(exit code, what was printed, what was complained about) for a module of Python's, run in the course's folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HBLIB_EXERCISES": str(exercises)}
    command = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=3600)
    return done.returncode, done.stdout, done.stderr


def notebooks_of(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.ipynb")}


def test_their_notebooks_stand_beside_them_and_the_courses_stay(own):
    """Also the one of the same name; and nothing that the author has put there is removed."""
    before = notebooks_of(ROOT / "exercises")
    for _ in range(2):  # the second time the folder is there
        code, said, _ = run("hblib.coursework", exercises=own)
        assert (code, said.split(";")[0]) == (0, f"2 exercises in {own / 'notebooks'}")
        (own / "notebooks" / "mine.ipynb").write_text("{}")
    assert {*notebooks_of(own / "notebooks")} == {"01-hospitals.ipynb", "90-own.ipynb", "mine.ipynb"}
    assert notebooks_of(ROOT / "exercises") == before


def test_a_notebook_is_known_by_its_file_where_its_checks_were_deleted(own, tmp_path):
    run("hblib.coursework", exercises=own)
    whole = json.loads((own / "notebooks" / "90-own.ipynb").read_text(encoding="utf8"))
    for cell in whole["cells"]:
        lines = "".join(cell["source"]).split("\n")
        cell["source"] = "\n".join(line for line in lines if "exercise(" not in line and not line.startswith("check("))
    whole["cells"].append({**whole["cells"][-1], "cell_type": "code", "id": "last", "source": 'inspect = "c"'})
    whole["cells"][-1] |= {"outputs": [], "execution_count": None}
    (tmp_path / "90-own.ipynb").write_text(json.dumps(whole), encoding="utf8")
    code, said, _ = run("hblib", "grade", "--isolation", "process", tmp_path / "90-own.ipynb", exercises=own)
    assert code == 0
    assert "90-own: graded" in said
    assert "✓ inspect" in said


@pytest.mark.parametrize(
    "command", [["hblib.coursework"], ["hblib", "grade", "--isolation=process", "x"], ["hblib", "doctor"]]
)
def test_a_folder_without_exercises_is_refused(tmp_path, command):
    """And no student is blamed for it, as for a notebook of an unknown exercise."""
    (tmp_path / "midterm.md").write_text("# Midterm", encoding="utf8")
    before = notebooks_of(ROOT / "exercises")
    more = ["--isolation=process"] if command[-1] == "doctor" else []
    code, _, said = run(*command, *more, exercises=tmp_path)
    assert code == (1 if command == ["hblib.coursework"] else 2)
    assert f"there is no exercise in {tmp_path}: the name of its file begins with a digit" in said
    assert "Traceback" not in said
    assert notebooks_of(ROOT / "exercises") == before


def test_the_doctor_does_not_recommend_a_machine_without_a_sandbox():
    code, said, complained = run("hblib", "doctor", "--isolation", "process")
    assert (code, complained) == (3, "The grader works, but without a sandbox it protects against nothing.\n")
    assert "This machine can grade" not in said


def test_a_file_that_holds_no_results_is_named(tmp_path):
    for content in (b"student,points\n", b"\xff\xfe"):
        (tmp_path / "x.csv").write_bytes(content)
        code, _, said = run("hblib", "report", tmp_path / "x.csv", "--out", tmp_path / "out")
        assert (code, said) == (2, f"hblib: {tmp_path / 'x.csv'} does not hold results: it is not JSON\n")


@pytest.mark.parametrize(
    ("command", "goes_on"), [("grade x", ""), ("grade-batch x --out y", " The same command goes on from here.")]
)
def test_only_a_class_goes_on_where_it_was_stopped(monkeypatch, capsys, command, goes_on):
    def stopped(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, command.split()[0].replace("-", "_"), stopped)
    assert cli.main(command.split()) == 3
    assert capsys.readouterr().err == f"\nStopped.{goes_on}\n"
