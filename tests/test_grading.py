"""The grader agrees with the students' own checks: what is right earns its points, and what is wrong is told why."""

import functools
import hashlib
import inspect
import json
import sys

import make_class
import numpy as np
import pytest

from hblib.coursework import checking, notebooks, source
from hblib.coursework.questions import Choice, Draws, Function, Value
from hblib.grading import sandbox, submission, verdicts
from hblib.grading.inputs import draw, encode_inputs, key_of
from hblib.grading.inside import codec
from tests import ordinary_user

pytestmark = pytest.mark.sandbox

NAMES = source.names()
QUESTIONS = [(name, question) for name in NAMES for question in source.load(name).questions]
FUNCTIONS, CHOICES, VALUES, DRAWS = (
    [(name, question) for name, question in QUESTIONS if isinstance(source.load(name).questions[question], kind)]
    for kind in (Function, Choice, Value, Draws)
)
# Mistakes that are made of modules of hblib which the sandbox does not show. The tests without one try them all.
OUT_OF_SIGHT = {"divisor J", "mean of tau squared", "no prior", "prior on tau squared", "moments"}


def asked(name, question):
    return source.load(name), source.load(name).questions[question]


def submitted(content=b""):
    return submission.Submission("x.ipynb", hashlib.sha256(content).hexdigest(), (content.decode(),))


@functools.cache
def drawn(name, secret=b"secret"):
    """The inputs for a submission to an exercise, which several tests look at."""
    return draw(source.load(name), submitted(), secret)


# --- In the sandbox: a class of four, and what each of them gets ------------------------------------------------------


def mistake(name, question):
    """(what somebody writes, its name, its hint) for a mistake: another one in each exercise."""
    exercise, about = asked(name, question)
    if isinstance(about, Choice):
        letter, feedback = [*about.feedback.items()][NAMES.index(name) % len(about.feedback)]
        return f'{question} = "{letter}"', letter, feedback
    if isinstance(about, Draws):
        wrong = about.mistakes[0]
        return sampled(question, *wrong.answer(**about.public(exercise))), wrong.name, wrong.hint
    names = {title for of, title in make_class.written(name) if of == question} - OUT_OF_SIGHT
    there = [each for each in about.mistakes if each.name in names]
    assert there, f"{name}: spell out one mistake of {question}, `Mistake(title, lambda …, hint)`, without a helper"
    wrong = there[NAMES.index(name) % len(there)]
    return make_class.wrong(name, question, wrong.name), wrong.name, wrong.hint


def carelessness(name, question):
    """What somebody writes who forgets a special case, types numbers in, or samples from what is already known."""
    exercise, about = asked(name, question)
    if isinstance(about, Draws):
        return known(question, about, about.public(exercise))
    if isinstance(about, Value):
        return make_class.typed(question, exercise.namespace[question])
    edges = getattr(about, "edges", ())
    return make_class.wrong(name, question, edges[0].name) if edges else make_class.solutions(name)[question]


def sampled(name, mean, sd):
    size = (4, 2000, *np.shape(mean))
    moments = f"np.array({np.asarray(mean).tolist()}), np.array({np.asarray(sd).tolist()})"
    return f"{name} = np.random.default_rng(1).normal({moments}, size={size})"


def known(name, about, data):
    """Code that draws from the exact posterior for these data."""
    mean, sd = about.exact(**data)
    x = np.atleast_1d(mean) + np.atleast_1d(sd) * np.linspace(-12, 12, 401)[:, None]
    below = np.asarray(about.cdf(x.reshape(-1, *np.shape(mean)), **data)).reshape(x.shape)
    tables = [np.round([below[:, k], x[:, k]], 9).tolist() for k in range(x.shape[1])]
    columns = f"[np.interp(np.random.default_rng(k).random((4, 2000)), *t) for k, t in enumerate({tables})]"
    return f"{name} = np.stack({columns}, axis=-1).reshape{(4, 2000, *np.shape(mean))}"


def notebook(student, name):
    questions = source.load(name).questions
    if student == "solved":
        return notebooks.solved(name)
    if student == "untouched":
        return make_class.notebook(name, {})
    if student == "mistaken":
        return make_class.notebook(name, {each: mistake(name, each)[0] for each in questions})
    return make_class.notebook(name, {each: carelessness(name, each) for each in questions})


STUDENTS = "solved", "untouched", "mistaken", "careless"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """(student, exercise) -> result, of one batch in the sandbox."""
    folder, out = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("out")
    (folder / "secret").write_text("a secret for the tests")
    for student in STUDENTS:
        for name in NAMES:
            path = folder / student / f"{name}.ipynb"
            path.parent.mkdir(exist_ok=True)
            path.write_text(notebook(student, name))
    command = ["-m", "hblib", "grade-batch", folder, "--out", out, "--workers", "2", "--secret-file", folder / "secret"]
    done = ordinary_user.run(sys.executable, *command, writable=(folder, out))
    assert done.returncode == 0, done.stdout + done.stderr
    graded = json.loads((out / "results.json").read_text())["results"]
    assert len(graded) == len(STUDENTS) * len(NAMES)
    return {(result["student"], result["exercise"]): result for result in graded}


@pytest.mark.parametrize("name", NAMES)
def test_a_solved_notebook_earns_everything(results, name):
    result = results["solved", name]
    assert (result["status"], result["points"]) == ("graded", result["possible"])
    assert result["warnings"] == result["flags"] == []
    assert {question["outcome"] for question in result["questions"]} == {"correct"}


@pytest.mark.parametrize("name", NAMES)
def test_an_untouched_notebook_is_not_answered(results, name):
    result = results["untouched", name]
    assert (result["status"], result["points"]) == ("graded", 0)
    assert result["warnings"] == result["flags"] == []
    assert [question["outcome"] for question in result["questions"]] == ["not-answered"] * len(result["questions"])


def told(results, student, name, question):
    return next(each for each in results[student, name]["questions"] if each["name"] == question)


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_a_mistake_earns_its_hint_and_nothing_else(results, name, question):
    _, title, hint = mistake(name, question)
    verdict = told(results, "mistaken", name, question)
    assert (verdict["outcome"], verdict["points"], verdict["found"]) == ("wrong", 0, title), verdict["message"]
    assert hint in verdict["message"]


@pytest.mark.parametrize(("name", "question"), FUNCTIONS)
def test_who_forgets_a_special_case_earns_half_and_its_hint(results, name, question):
    _, about = asked(name, question)
    verdict = told(results, "careless", name, question)
    share, outcome = (0.5, "partial") if about.edges and about.edges[0].told else (1, "correct")
    assert (verdict["outcome"], verdict["points"]) == (outcome, about.points * share), verdict["message"]
    assert all(edge.hint in verdict["message"] for edge in about.edges[:1])


@pytest.mark.parametrize(("name", "question"), VALUES + DRAWS)
def test_what_is_typed_in_earns_nothing_and_a_flag(results, name, question):
    verdict = told(results, "careless", name, question)
    assert (verdict["outcome"], verdict["points"]) == ("wrong", 0), verdict["message"]
    assert f"right on the public data only: {question}" in results["careless", name]["flags"]


def test_equal_bytes_and_secrets_give_equal_grades(tmp_path):
    (tmp_path / "01-hospitals.ipynb").write_text(notebook("mistaken", "01-hospitals"))
    (tmp_path / "secret").write_text("a secret for the tests")
    command = ["-m", "hblib", "grade", tmp_path / "01-hospitals.ipynb", "--secret-file", tmp_path / "secret"]

    def graded(number):
        out = tmp_path / str(number)
        done = ordinary_user.run(sys.executable, *command, "--out", out, writable=(tmp_path,))
        assert done.returncode == 0, done.stdout + done.stderr
        [result] = json.loads((out / "results.json").read_text())["results"]
        return {**result, "seconds": 0}

    assert graded(1) == graded(2)


# --- Without a sandbox: the results of a function, looked up, are judged as the function is ---------------------------


def recorded(asked_for, question, answer):
    """What the runner sends of a function: its results for the calls it is asked, as JSON and back."""
    calls = []
    for inputs in asked_for.calls[question].values():
        sent = json.loads(json.dumps(inputs))
        try:
            with np.errstate(all="ignore"):
                value = answer(**{name: codec.decode(each, inputs=True) for name, each in sent.items()})
            calls.append({"value": codec.encode(value)})
        except Exception as error:
            calls.append({"raised": [type(error).__name__, str(error), ""]})
    line = json.dumps({"k": "answer", "run": 0, "name": question, "calls": calls}, allow_nan=False)
    return sandbox.parse(b'{"k": "hello"}\n' + line.encode() + b"\n")[1]


def replayed(asked_for, question, answer):
    sent = sandbox.Sent(recorded(asked_for, question, answer), "", 0)
    return next(each for each in verdicts.of(asked_for, submitted(), sent) if each.question == question)


def answers(exercise, about):
    """A right answer, and all the wrong ones that the exercise knows."""
    right = about.exact or exercise.namespace[about.name]
    return [right, *(each.answer for each in (*about.mistakes, *about.edges))]


@pytest.mark.parametrize(("name", "question"), FUNCTIONS)
def test_a_replay_is_judged_as_the_function_itself(name, question):
    exercise, about = asked(name, question)
    asked_for = drawn(name)
    for answer in answers(exercise, about):
        direct = checking.judge(exercise, about, answer, asked_for.cases[question])
        replay = replayed(asked_for, question, answer)
        assert (replay.outcome, replay.points, replay.found) == (direct.outcome, direct.points, direct.found)
        assert "KeyError" not in replay.message


@pytest.mark.parametrize(("name", "question"), FUNCTIONS)
def test_judging_calls_nothing_that_was_not_rehearsed(name, question):
    exercise, about = asked(name, question)
    asked_for = drawn(name)
    signature = inspect.signature(exercise.namespace[question])
    called = set()
    for answer in answers(exercise, about):

        def watched(*args, answer=answer, **kwargs):
            inputs = signature.bind(*args, **kwargs).arguments
            called.add(key_of(inputs))
            return answer(**inputs)

        watched.__signature__ = signature
        checking.judge(exercise, about, watched, asked_for.cases[question])
        for rule in about.properties:
            checking.holds(rule, watched)
    assert called <= set(asked_for.calls[question])
    assert len(called) >= len(asked_for.cases[question])


@pytest.mark.parametrize(("name", "question"), CHOICES[:1])
@pytest.mark.parametrize("answer", [np.arange(3), np.array(["a", "b"]), {"a"}, 1, ["c"]])
def test_what_is_no_letter_is_wrong_and_raises_nothing(name, question, answer):
    assert checking.judge(*asked(name, question), answer).outcome == "wrong"


# --- Secrets ----------------------------------------------------------------------------------------------------------

SECRETS = [f"secret {number}".encode() for number in range(5)]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes_whatever_the_secret(name, secret):
    exercise, asked_for = source.load(name), drawn(name, secret)
    for question, calls in asked_for.calls.items():
        if calls:
            verdict = replayed(asked_for, question, exercise.namespace[question])
            assert verdict.outcome == "correct", verdict.text


@pytest.mark.parametrize(("name", "question"), FUNCTIONS + VALUES)
def test_a_mistake_earns_its_own_hint_whatever_the_secret(name, question):
    exercise, about = asked(name, question)
    for secret in SECRETS:
        cases = drawn(name, secret).cases[question]
        for each in (*about.mistakes, *about.edges):
            verdict = checking.judge(exercise, about, each.answer, cases)
            share = (0.5 if each.told else 1) if each in about.edges else 0
            assert (verdict.found, verdict.points) == (each.name, about.points * share), verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_inputs_depend_on_the_secret_and_on_the_file(name):
    def inputs(secret, content):
        cases = draw(source.load(name), submitted(content), secret).cases
        return {question: list(map(encode_inputs, some)) for question, some in cases.items() if some}

    here = inputs(b"a", b"1")
    assert inputs(b"a", b"1") == here
    for other in (inputs(b"b", b"1"), inputs(b"a", b"2")):
        assert other.keys() == here.keys()
        for question, some in here.items():
            secret = [each not in some for each in other[question]]
            known = len(checking.SEEDS) if isinstance(source.load(name).questions[question], Function) else 0
            assert secret == [False] * (1 + known) + [True] * (len(some) - 1 - known)
            assert len(some) >= 2 + known
