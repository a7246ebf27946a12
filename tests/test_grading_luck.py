"""No value question is a lottery: chance spares no wrong answer, and costs no right one.

Here with a few secrets; `tools/grading_luck.py` does it with a thousand.
"""

import grading_luck
import numpy as np
import pytest

from hblib.coursework import checking, source
from hblib.coursework.questions import Function
from hblib.grading import submission
from hblib.grading.inputs import draw, encode_inputs, telling

VALUES = [(exercise.name, question.name) for exercise, question in grading_luck.values()]
FUNCTIONS = [
    (name, each.name)
    for name in source.names()
    for each in source.load(name).questions.values()
    if isinstance(each, Function)
]
SECRETS = range(20)


@pytest.mark.parametrize(("name", "question"), VALUES)
def test_no_wrong_answer_passes_and_every_right_one_does(name, question):
    exercise = source.load(name)
    count = grading_luck.passes(exercise, exercise.questions[question], SECRETS)
    assert count.pop("right") == len(SECRETS)
    assert set(count.values()) == {0}, count


@pytest.mark.parametrize(("name", "question"), FUNCTIONS)
def test_what_catches_a_mistake_in_a_function_depends_on_no_secret(name, question):
    """The inputs of `check` are tried with every secret, and each mistake shows there."""
    exercise = source.load(name)
    asked = exercise.questions[question]
    known = checking.cases(exercise, asked)
    for mistake in asked.mistakes:
        assert checking.judge(exercise, asked, mistake.answer, known).points == 0
    for edge in (each for each in asked.edges if each.told):  # the others cost nothing
        assert checking.judge(exercise, asked, edge.answer, known).points < asked.points


@pytest.mark.parametrize("cut", [0.05, 0.5, 0.95])
def test_a_cut_is_tried_on_both_sides(cut):
    """A value that is cut at 0 for a share `cut` of the inputs, of which nobody has thought as a mistake."""
    exercise = source.load("05-three-groups")

    class Cut:
        mistakes = edges = ()
        rtol = atol = 1e-9
        tolerance = None
        public = staticmethod(lambda exercise: {"x": 1.0})
        case = staticmethod(lambda rng: {"x": rng.uniform(-cut, 1 - cut)})
        expected = staticmethod(lambda exercise, inputs: max(0.0, inputs["x"]))

    spared = 0
    for secret in range(1000):
        found = [Cut.case(np.random.default_rng(seed))["x"] for seed in telling(exercise, Cut, secret)]
        spared += not (min(found) < 0 < max(found))
    assert spared <= 1


def test_a_comment_changes_no_inputs():
    exercise = source.load("05-three-groups")

    def inputs(*cells):
        cases = draw(exercise, submission.Submission("x", "0" * 64, cells), b"secret").cases
        return [encode_inputs(each) for each in cases["tau2"]]

    assert inputs("x = 1") == inputs("x = 1  # mine\n\n") == inputs("# 24th copy\nx  =  1")
    assert inputs("x = 1") != inputs("x = 2")
