"""Answers that nobody listed: right in another way, wrong in a way of their own, or another way to a listed mistake.

They stand in tests/answers/.
"""

import runpy

import pytest

from hblib.coursework import checking, source
from hblib.coursework.questions import Function
from tests.conftest import ROOT

pytestmark = pytest.mark.exercise

FILES = {path.stem: runpy.run_path(str(path)) for path in sorted((ROOT / "tests" / "answers").glob("[0-9]*.py"))}


def listed(kind):
    return [
        pytest.param(name, question, answer, id=f"{name}-{question}-{number}")
        for name, file in FILES.items()
        for question, answers in file.get(kind, {}).items()
        for number, answer in (answers.items() if isinstance(answers, dict) else enumerate(answers))
    ]


def judged(name, question, answer, seeds):
    exercise = source.load(name)
    question = exercise.questions[question]
    return checking.judge(exercise, question, answer, checking.cases(exercise, question, seeds))


@pytest.mark.parametrize(("name", "question", "answer"), listed("RIGHT"))
def test_another_right_answer_gets_full_marks(name, question, answer):
    verdict = judged(name, question, answer, range(20))
    assert (verdict.outcome, verdict.points) == ("correct", source.load(name).questions[question].points), verdict.text


@pytest.mark.parametrize(("name", "question", "answer"), listed("WRONG"))
def test_a_wrong_answer_that_nobody_listed_is_told_something_true(name, question, answer):
    function, words = answer
    verdict = judged(name, question, function, checking.SEEDS)
    assert words
    assert words in verdict.message
    assert verdict.points < source.load(name).questions[question].points
    assert verdict.found not in {mistake.name for mistake in source.load(name).questions[question].mistakes}


# On the inputs that every notebook tries, checking.SEEDS: on others some of these get no hint, or another.
@pytest.mark.parametrize(("name", "question", "answer"), listed("HINTED"))
def test_another_way_to_a_listed_mistake_gets_its_hint(name, question, answer):
    function, mistake = answer
    verdict = judged(name, question, function, checking.SEEDS)
    assert (verdict.found, verdict.points) == (mistake, 0), verdict.text


@pytest.mark.parametrize("name", FILES)
def test_every_function_has_three_of_each(name):
    functions = {key for key, question in source.load(name).questions.items() if isinstance(question, Function)}
    for kind in ("RIGHT", "WRONG"):
        assert functions <= set(FILES[name][kind]) <= set(source.load(name).questions)
        assert min(map(len, FILES[name][kind].values())) >= 3
