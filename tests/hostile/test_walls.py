"""What a table of verdicts cannot show: what is left behind, what can be seen, and what happens without a sandbox."""

import json
import os
import re
import sys
import tracemalloc

import pytest

from hblib.coursework import imports, source
from hblib.coursework.questions import Value
from hblib.grading import grade, sandbox, sandbox_files, submission
from hblib.grading.inputs import FRESH, draw
from hblib.grading.inside import codec
from tests import ordinary_user
from tests.hostile import cases
from tests.hostile.cases import Q1, Q2, SETUP, Case, notebook
from tests.hostile.conftest import ACTS, EXERCISES, SECRET, batch, hblib, left
from tests.ordinary_user import ROOT

pytestmark = pytest.mark.sandbox


def write(folder, name, *cells):
    """A notebook with these cells in a folder; returns its path."""
    (folder / name).write_bytes(notebook(*cells))
    return folder / name


def graded(folder, *notebooks, **options):
    """Grade notebooks one after another in one run of `hblib grade`; returns the run and its results."""
    limits = ["--cell-seconds", "20", "--seconds", "60", "--secret-file", "-", "--out", folder / "out"]
    options = {"input": SECRET, "writable": [folder], **options}
    done = hblib("grade", *notebooks, *limits, **options)
    results = folder / "out" / "results.json"
    return done, json.loads(results.read_text(encoding="utf8"))["results"] if results.exists() else None


# --- Nothing is left --------------------------------------------------------------------------------------------------


def test_the_machine_is_free_again_after_a_fork_bomb(folder):
    hides = "import os, signal\nsignal.pthread_sigmask(2, range(1, 65))\nos.setsid() if not os.fork() else None\n"
    _, [result] = graded(folder, write(folder, "00-toy.ipynb", SETUP, hides + cases.BOMB))
    assert (result["points"], result["flags"]) == (0, ["killed: processes"])
    assert left() == []


POISON = """
import os
places = []
for above, *_ in os.walk("/"):
    if not above.startswith("/proc") and os.access(above, os.W_OK):
        try:
            for name in ("sitecustomize.py", "numpy.py", "poison.py"):
                with open(f"{above}/{name}", "w") as file:
                    file.write("import os; os._exit(0)")
            places.append(above)
        except PermissionError:
            pass
assert {"/dev/shm", "/tmp", "/tmp/home"} <= set(places)
assert all(place == "/dev/shm" or place.startswith("/tmp") for place in places), places
"""
LOOK = """
import os
assert not [above for above, _, files in [*os.walk("/tmp"), *os.walk("/dev/shm")] if "poison.py" in files]
"""


def test_a_notebook_leaves_nothing_for_the_next(folder):
    first = write(folder, "00-toy-1.ipynb", SETUP, POISON, Q1, Q2)
    second = write(folder, "00-toy-2.ipynb", SETUP, LOOK, Q1, Q2)
    _, results = graded(folder, first, second)
    assert [(result["points"], result["warnings"]) for result in results] == [(6, []), (6, [])]


SPIN = """
import os, signal, time
signal.pthread_sigmask(2, range(1, 65))
end = time.monotonic() + 10
for _ in range(4): os.fork() or os.setsid()  # a session gets its own share of the processors
while time.monotonic() < end: pass
os.kill(-1, signal.SIGKILL)
os._exit(0)
"""
WORK = """
import time
end = time.process_time() + 0.7
while time.process_time() < end: pass
"""


def test_a_notebook_cannot_take_its_neighbours_time(folder):
    """Beside 16 that spin, 0.7 seconds of work take 6 on two processors: more than a cell has, if the clock decided."""
    greedy = Case("greedy", (SETUP, SPIN, Q1, Q2))
    busy = Case("busy", (SETUP, WORK + Q1, WORK + Q2))
    done = batch(folder, [greedy, busy], "--workers", "2", "--cell-seconds", "5", "--seconds", "30")
    assert [(done.results[name]["points"], done.results[name]["warnings"]) for name in ("greedy", "busy")] == [
        (0, []),
        (6, []),
    ]


# --- Equal notebooks, equal grades ------------------------------------------------------------------------------------


def test_equal_bytes_give_equal_grades(folder):
    cells = SETUP, "def q1(y, n, mean, kappa): return y / n + mean", "q2 = np.median(sales)"
    one, two = write(folder, "00-toy-1.ipynb", *cells), write(folder, "00-toy-2.ipynb", *cells)
    _, results = graded(folder, one, two)
    for result in results:
        assert result.pop("seconds") > 0
        assert result.pop("notebook")
    assert results[0] == results[1]
    assert results[0]["points"] == 0


# --- No sandbox, no grade ---------------------------------------------------------------------------------------------


def test_without_bubblewrap_nothing_is_graded(folder):
    done, results = graded(folder, write(folder, "00-toy.ipynb", SETUP, Q1, Q2), path="/nowhere")
    assert (done.returncode, results) == (3, None), done.stderr
    assert "bubblewrap is not installed" in done.stderr


def test_root_does_not_grade(folder, monkeypatch):
    as_root = [] if os.getuid() == 0 else ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "0", "--"]
    monkeypatch.setattr("tests.ordinary_user.prefix", lambda *writable: as_root)
    done, results = graded(folder, write(folder, "00-toy.ipynb", SETUP, Q1, Q2))
    assert (done.returncode, results) == (3, None), done.stderr
    assert "running as root" in done.stderr


def test_a_sandbox_that_does_not_start_is_no_zero(folder):
    (folder / "bwrap").write_text("#!/bin/sh\necho 'bwrap: no permission' >&2\nexit 1\n")
    (folder / "bwrap").chmod(0o755)
    done, results = graded(folder, write(folder, "00-toy.ipynb", SETUP, Q1, Q2), path=f"{folder}:/usr/bin:/bin")
    assert (done.returncode, results) == (3, None), done.stderr
    assert "does not start" in done.stderr


# --- The answers are not there to be found ----------------------------------------------------------------------------


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setenv("HBLIB_EXERCISES", str(EXERCISES))
    source.load.cache_clear()
    yield source.load("00-toy")
    source.load.cache_clear()


def handed_in(*cells):
    return submission.Submission("00-toy.ipynb", "0" * 64, cells)


def test_the_sandbox_gets_no_solution(toy, tmp_path):
    sandbox_files.make(toy, tmp_path)
    contents = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(contents) >= 8, "the files, and compiled"
    marks = (b"kappa", b"sales", b"swapped", b"BEGIN SOLUTION", b"class Function", b"def judge", bytes(tmp_path))
    assert [mark for mark in marks for content in contents if mark in content] == []


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package like hblib, in which a folder holds one file for each of two modules."""
    files = {
        "__init__.py": "from hblib import b",
        "a.py": "def f():\n    from ._low.for_a import x",
        "b.py": "import hblib._low.for_b",
        "c.py": "from hblib import a, no_module",
        "_low/__init__.py": "",
        "_low/for_a.py": "from . import shared",
        "_low/for_b.py": "from ..b import y\nfrom hblib._low import shared",
        "_low/shared.py": "import numpy",
        "_low/table.csv": "x",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(imports, "PACKAGE", tmp_path)


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("from hblib import a", ["a", "_low/for_a"]),
        ("import hblib.a as b", ["a", "_low/for_a"]),
        ("from hblib.a import f, g", ["a", "_low/for_a"]),
        ("def f():\n    from hblib import b", ["b", "_low/for_b"]),
        ("from hblib import c", ["c", "a", "_low/for_a"]),
        ("from hblib._low.for_a import b", ["_low/for_a"]),
        ("from hblib import a, b", ["a", "b", "_low/for_a", "_low/for_b"]),
    ],
)
def test_imports_are_followed_file_by_file(package, code, modules):
    low = ["_low/__init__.py", "_low/shared.py", "_low/table.csv"]
    found = imports.needed(imports.imported(code))
    assert found == sorted([*low, *(f"{name}.py" for name in modules)])


@pytest.mark.parametrize("code", ["import numpy", "import hblib", "from hblib import no_module", "b = 'a'"])
def test_what_is_not_imported_is_not_there(package, code):
    assert imports.needed(imports.imported(code)) == []


def test_the_job_holds_no_answer(toy):
    asked = draw(toy, handed_in(SETUP), b"secret")
    job = asked.job(handed_in(SETUP), 1)
    told = json.dumps(job)
    for name, question in toy.questions.items():
        for inputs in asked.cases[name]:
            right = codec.encode(question.expected(toy, inputs))
            assert (right["array"] if isinstance(right, dict) else repr(right)) not in told
    assert len(job["runs"]) == 1 + len(asked.cases["q2"][1:]) >= 1 + FRESH[Value]
    assert "secret" not in told


# --- The grader stays well --------------------------------------------------------------------------------------------


def line(value, **fields):
    """A forged answer; `value` is JSON already, because Python would not write all that others can."""
    head = json.dumps({"k": "answer", "run": 0, "name": "q1", **fields})
    return f'{head[:-1]}, "value": {value}}}\n'.encode()


DEEP = [line("[" * depth + "1" + "]" * depth) for depth in (5, 500, 2_000, *range(9_900, 10_000, 5))]
MANY = {
    "many empty lists": line("[[]" + ",[]" * 330_000 + "]"),
    "many deep lists": line("[" * 4_000 + "]" * 4_000),
    "many keys": line("{" + ",".join(f'"{number}":{{}}' for number in range(70_000)) + "}"),
    "many lines": b"\n",
    "many short lines": b"{}\n",
}


def judged(exercise, about, sent):
    """The result of a notebook that sends these bytes."""
    asked = draw(exercise, about, b"secret")
    _, messages, dropped = sandbox.parse(b'{"k": "hello"}\n' + sent)
    return grade.judged(about, asked, sandbox.Sent(messages, "", dropped), "bwrap", 0)


def test_no_depth_is_too_deep(toy):
    """Python gives up at some depth, and may do so for printing before it does for reading."""
    assert {judged(toy, handed_in(SETUP), sent)["points"] for sent in DEEP} == {0}


@pytest.mark.parametrize("sent", MANY.values(), ids=MANY)
def test_the_grader_stays_small_whatever_is_sent(toy, sent):
    tracemalloc.start()
    result = judged(toy, handed_in(SETUP), sent * (sandbox.DEFAULT.answers // len(sent)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result["points"] == 0
    assert peak < 600e6


class Watched(tuple):
    """The cells of a notebook, which count how often they are looked at."""

    looks = 0

    def __iter__(self):
        self.looks += 1
        return super().__iter__()

    def __getitem__(self, key):
        self.looks += 1
        return super().__getitem__(key)


FORGED = b'{"k": "cell", "run": 0, "cell": 0, "raised": ["A", "b", ""]}\n'


def test_a_notebook_is_read_as_often_for_two_thousand_forged_messages_as_for_one(toy):
    """One look at long code takes seconds; one for each message would take hours."""
    looks = []
    for messages in (1, sandbox.LINES - 1):
        cells = Watched(["q1"])
        result = judged(toy, submission.Submission("00-toy.ipynb", "0" * 64, cells), FORGED * messages)
        assert (result["points"], len(result["warnings"])) == (0, min(messages, 20))
        looks.append(cells.looks)
    assert looks[0] == looks[1] > 0


# --- What is written about them ---------------------------------------------------------------------------------------


def test_the_terminal_is_told_nothing_that_acts_on_it(folder):
    loud = "raise ValueError('\\x1b[31m\\n::error::x\\n##[error]x')"
    done, _ = graded(folder, write(folder, "::error::00-toy\n::error::.ipynb", SETUP, loud, Q1, Q2))
    assert done.returncode == 0, done.stderr
    assert "::error::x" in done.stdout
    assert not ACTS.search(done.stdout + done.stderr)
    assert not re.search(r"^(::|##\[)", done.stdout + done.stderr, re.MULTILINE)


def test_files_beside_a_notebook_are_not_run(folder):
    """Also where the grader is started in their folder, as long as Python is told -I."""
    cases.poisoned_neighbours(folder / "00-toy.ipynb")
    start = f"import runpy, sys; sys.path.append({str(ROOT)!r}); runpy.run_module('hblib', run_name='__main__')"
    command = [sys.executable, "-I", "-c", start]
    done = ordinary_user.run(*command, "grade", "00-toy.ipynb", cwd=folder, env={"HBLIB_EXERCISES": str(EXERCISES)})
    assert "6 of 6 points" in done.stdout, done.stderr
