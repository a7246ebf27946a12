"""Whatever stands where an answer should: `check` says a sentence about it, and the grader says the same (odd.py)."""

import _thread
import contextlib
import io
import json
import linecache
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

import nbformat
import numpy as np
import pytest

from hblib.coursework import calling, checking, drawn, forms, graded, source
from hblib.grading import sandbox
from hblib.grading.inside import codec, runner
from tests import odd, ordinary_user

KINDS = {"function": odd.FUNCTIONS, "value": odd.VALUES, "letter": odd.LETTERS, "draws": odd.DRAWS}
GIVEN = {
    "function": "y, n = np.array([1, 6, 9]), np.array([4, 30, 20])",
    "value": "y = np.array([1.0, 2.0, 1.0])",
    "letter": "",
    "draws": "mean = 0.0",
}
SOLUTION = {
    "function": 'def {name}(y, n):\n    """The rates of three stores, an array."""\n    return y / n',
    "value": "{name} = y.sum()",
    "letter": '{name} = "b"',
    "draws": "{name} = np.random.default_rng(1).normal(mean, 1, size=(4, 1000))",
}
QUESTION = {
    "function": """Function("{name}", points=1, case=stores, shown=dict(y=y, n=n), mistakes=[
        Mistake("upside down", lambda y, n: n / y, "Which belongs below the line?")], properties=[
        Property("rates are at most 1", lambda f: np.all(f(np.array([5]), np.array([7])) <= 1))])""",
    "value": """Value("{name}", points=1, case=lambda rng: dict(y=rng.gamma(2, 3, 3)), mistakes=[
        Mistake("mean", lambda y: y.mean(), "That is the mean.")])""",
    "letter": """Choice("{name}", points=1, feedback=dict(a="No, not a.", c="No, not c."))""",
    "draws": """Draws("{name}", points=1, case=lambda rng: dict(mean=rng.normal()), exact=lambda mean: (mean, 1.0),
        cdf=lambda x, mean: stats.norm.cdf(x, mean), mistakes=[
        Mistake("narrow", lambda mean: (mean, 0.5), "They are too narrow.")])""",
}


def cell(text, *tags):
    return f"```{{code-cell}} ipython3\n:tags: [{', '.join(tags)}]\n{text}\n```\n"


def given(name):
    kind = name.split("-")[1]
    start = f'import numpy as np\nfrom hblib.coursework import exercise\ncheck = exercise("{name}")'
    return f"{start}\n{GIVEN[kind]}"


def written(name, count):
    """An exercise with so many equal questions."""
    kind = name.split("-")[1]
    cells = [cell(given(name))]
    questions = (
        "from scipy import stats\nfrom hblib.coursework import Choice, Draws, Function, Mistake, Property, Value\n"
    )
    questions += "def stores(rng):\n    n = rng.integers(5, 300, size=3)\n    return dict(y=rng.integers(1, n), n=n)\n"
    questions += "questions = [\n"
    for number in range(count):
        solution = SOLUTION[kind].format(name=f"q{number}")
        cells += [cell(f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION", "answer"), cell(f'check("q{number}")')]
        questions += f"    {QUESTION[kind].format(name=f'q{number}')},\n"
    return "\n".join([*cells, cell(f"{questions}]", "questions")])


def notebook(name, answers):
    """The student's notebook, with a check below each answer."""
    cells = [given(name)]
    for number, answer in enumerate(answers):
        cells += [answer.replace("ANSWER", f"q{number}"), f'check("q{number}")']
    made = [nbformat.v4.new_code_cell(text, id=f"{name}-{number}") for number, text in enumerate(cells)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=made))


@pytest.fixture(scope="module")
def folder():
    """A folder that everybody can enter, with the exercises of this file in it, which are all that there are."""
    with tempfile.TemporaryDirectory(prefix="odd-") as made, pytest.MonkeyPatch.context() as patch:
        os.chmod(made, 0o755)
        patch.setenv("HBLIB_EXERCISES", made)
        for kind, answers in KINDS.items():
            Path(made, f"00-{kind}.md").write_text(written(f"00-{kind}", len(answers)), encoding="utf8")
        Path(made, "01-function.md").write_text(written("01-function", 3), encoding="utf8")
        yield Path(made)


def grade(folder, name, answers):
    """What the grader says of these answers: a verdict for each."""
    path = folder / "out" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(notebook(name, answers), encoding="utf8")
    command = [sys.executable, "-m", "hblib", "grade", path, "--out", path.parent / name, "--secret-file", "-"]
    told = {"env": {"HBLIB_EXERCISES": str(folder)}, "input": "a secret for the tests"}
    done = ordinary_user.run(*command, writable=[folder], **told)
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = json.loads((path.parent / name / "results.json").read_text(encoding="utf8"))["results"]
    assert result["status"] == "graded", result
    return result


@pytest.fixture(scope="module")
def verdicts(folder):
    """kind -> what the grader says of its answers."""
    return {kind: grade(folder, f"00-{kind}", [each.cell for each in KINDS[kind]])["questions"] for kind in KINDS}


def checked(name, number, answer):
    """What the student reads in the notebook."""
    names = {"__name__": "notebook"}
    exec(given(name), names)
    text = answer.replace("ANSWER", f"q{number}")
    linecache.cache["cell"] = (len(text), None, text.splitlines(keepends=True), "cell")  # as a notebook does
    exec(compile(text, "cell", "exec"), names)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(f'check("q{number}")', names)
    return printed.getvalue()


def flat(text):
    return " ".join(text.split())


CASES = [
    pytest.param(kind, number, id=f"{kind}: {each.name}")
    for kind, answers in KINDS.items()
    for number, each in enumerate(answers)
]
SIGNS = {"correct": "✓", "not-answered": "…"}


@pytest.mark.parametrize(("kind", "number"), CASES)
@pytest.mark.usefixtures("folder")
def test_the_check_says_a_sentence_about_it(kind, number):
    each = KINDS[kind][number]
    said = checked(f"00-{kind}", number, each.cell)
    [start] = [at for at in (said.find(f"{sign} q{number}: ") for sign in "✓…✗") if at >= 0]
    assert said[start] == SIGNS.get(each.outcome, "✗"), said
    assert flat(each.says) in flat(said[start:]), said
    assert "Traceback" not in said
    assert "?." not in said


@pytest.mark.sandbox
@pytest.mark.parametrize(("kind", "number"), CASES)
def test_the_grader_says_the_same(verdicts, kind, number):
    each, verdict = KINDS[kind][number], verdicts[kind][number]
    assert (verdict["outcome"], verdict["points"]) == (each.outcome, each.outcome == "correct"), verdict
    assert flat(each.graded or each.says) in flat(verdict["message"]), verdict


# --- Time -------------------------------------------------------------------------------------------------------------

ENDLESS = "def ANSWER(y, n):\n    while True:\n        pass"
RIGHT = "def ANSWER(y, n):\n    return y / n"


@pytest.mark.sandbox
def test_an_endless_loop_ends_by_the_limits_that_students_are_told(folder):
    """A function within `CALL_SECONDS` a call, a cell within `CELL_SECONDS`; right answers beside them count.

    The limits are those of the grader's own defaults. Nothing here depends on how fast the machine is: an endless loop
    ends on no machine, and a division has seconds for it.
    """
    result = grade(folder, "01-function", [RIGHT, ENDLESS, "while True:\n    pass\nANSWER = 1"])
    assert [each["outcome"] for each in result["questions"]] == ["correct", "timeout", "timeout"]
    assert [each["points"] for each in result["questions"]] == [1, 0, 0]
    assert result["warnings"] == ["code cell 6 was not done in time"]
    assert result["seconds"] >= 0.99 * (graded.CELL_SECONDS + calling.CALL_SECONDS), "they were given their time"


@pytest.mark.usefixtures("folder")
def test_who_stops_an_endless_loop_reads_a_sentence():
    started = threading.Event()
    names = {"__name__": "notebook", "started": started}
    exec(given("01-function"), names)
    exec("def q0(y, n):\n    started.set()\n    while True:\n        pass", names)

    def press_stop():
        started.wait()
        _thread.interrupt_main()

    finger = threading.Thread(target=press_stop, daemon=True)  # if the loop never starts, nobody waits for it
    finger.start()
    # who starts the tests in the background ignores it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec('check("q0")', names)
    finally:
        signal.signal(signal.SIGINT, before)
    finger.join()
    assert "it was interrupted (KeyboardInterrupt). A loop that does not end?" in flat(printed.getvalue())


@pytest.mark.usefixtures("folder")
def test_a_slow_right_answer_is_told_of_the_limit():
    loaded = source.load("01-function")
    verdict = checking.Verdict("q0", "correct", 1, "right")
    names = {"q0": lambda y, n: y / n}
    [note] = graded.notes(loaded, loaded.questions["q0"], names, verdict, calling.CALL_SECONDS + 1)
    assert f"the grader allows {calling.CALL_SECONDS} s for each call" in note
    assert not list(graded.notes(loaded, loaded.questions["q0"], names, verdict, calling.CALL_SECONDS / 2))


# --- Where the grader is stricter -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_more_draws_than_the_grader_reads_are_told_so():
    many = codec.ELEMENTS // 4 + 1
    cell = f"ANSWER = np.random.default_rng(1).normal(mean, 1, size=(4, {many}))"
    said = flat(checked("00-draws", 0, cell))
    assert said.startswith("✓")
    assert f"the grader reads {codec.ELEMENTS} at most" in said
    assert "at most" not in checked("00-draws", 0, cell.replace(str(many), "1000"))


@pytest.mark.usefixtures("folder")
def test_what_of_hblib_the_grader_lacks_is_told():
    cell = "from hblib import james_stein\ndef ANSWER(y, n):\n    return y / n + 0 * len(james_stein.__name__)"
    said = flat(checked("00-function", 0, cell))
    assert said.startswith("✓")
    assert "it uses hblib.james_stein. If the notebook is graded: the grader does not have it" in said


# --- Draws at the limit -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chains", [2, 4, 8, 16])
def test_good_chains_stay_below_the_limit_of_r_hat_however_many_they_are(chains):
    """The means of half chains, in 200,000 samples: at most 1 in 1,000 of them vary as much as the limit allows."""
    half, ess = 2 * chains, 400
    means = np.random.default_rng(1).normal(0, np.sqrt(half / ess), size=(200_000, half))
    rhat = np.sqrt(1 + means.var(axis=1, ddof=1))
    assert np.mean(rhat >= drawn.rhat_limit(ess, chains)) < 5e-4
    assert drawn.rhat_limit(ess, chains) < 1.09


@pytest.mark.usefixtures("folder")
def test_a_sample_is_judged_by_its_own_effective_size():
    """Off by 0.04: no error for 4,000 draws, and an error for 100,000."""
    cell = "x = np.random.default_rng(1).normal(size=(4, {}))\nANSWER = mean + 0.04 + (x - x.mean()) / x.std()"
    assert checked("00-draws", 0, cell.format(1000)).startswith("✓")
    assert "expected (± " in checked("00-draws", 0, cell.format(25_000))


@pytest.mark.usefixtures("folder")
def test_a_sample_of_another_shape_is_told_no_more_of_mean_and_sd_than_is_known():
    cell = "x = np.random.default_rng(1).uniform(size=(4, 1000))\nANSWER = mean + (x - x.mean()) / x.std()"
    said = flat(checked("00-draws", 0, cell))
    assert "Mean and SD are within the error of so many draws, but the draws are not spread as" in said


def test_who_catches_the_interruption_is_late_all_the_same(monkeypatch):
    monkeypatch.syspath_prepend(Path(calling.__file__).parent)  # as in the sandbox
    before = signal.signal(signal.SIGALRM, runner.ring)
    try:
        assert runner.tried(lambda: {"value": caught()}, 0.05) == {"timeout": True}
        assert runner.tried(lambda: {"value": 1}, 60) == {"value": 1}
    finally:
        signal.signal(signal.SIGALRM, before)


def caught():
    """Goes on until it is interrupted, and takes no notice of it."""
    try:
        while True:
            pass
    except BaseException:
        return "the time is mine"


def test_what_the_files_in_the_sandbox_must_say_once_more_is_the_same_in_both():
    """They stand alone there, and import nothing from each other."""
    assert forms.DEPTH == codec.DEPTH
    assert runner.PATIENCE == sandbox.PATIENCE
    assert calling.NAME == forms.NAME
