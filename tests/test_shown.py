"""The inputs that a message may show hide no slip: an answer that is right there, and nowhere else, is right by luck.

With tau = 1 nobody sees whether tau is squared, with se = tau not which of the two stands where.
"""

import copy
from itertools import permutations

import numpy as np
import pytest

from hblib.coursework import checking, source
from hblib.coursework.forms import plain
from hblib.coursework.questions import Function

CHANGES = {
    "squared": np.square,
    "its root": np.sqrt,
    "one divided by it": lambda value: 1 / value,
    "one minus it": lambda value: 1 - value,
}
EXACT = [  # where the answer is simulated, its tolerance hides small slips
    (name, each.name)
    for name in source.names()
    for each in source.load(name).questions.values()
    if isinstance(each, Function) and not each.tolerance
]


def right(exercise, question, answer, inputs):
    expected = question.expected(exercise, copy.deepcopy(inputs))
    tolerance = question.rtol, question.atol
    try:
        given = checking._in_form(plain(answer(**copy.deepcopy(inputs))), expected, tolerance)
        return checking.agree(given, expected, tolerance)
    except Exception:
        return False


def slips(solution, inputs):
    """(what, a function with that slip): an argument that is changed, or takes the place of another of its shape."""
    real = [
        name
        for name, value in inputs.items()
        if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
    ]
    for name in real:
        for what, change in CHANGES.items():
            yield (
                f"{name}, {what}",
                lambda name=name, change=change, **given: solution(**{**given, name: change(given[name])}),
            )
    for name, other in permutations(real, 2):
        if np.shape(inputs[name]) == np.shape(inputs[other]):
            yield (
                f"{other} for {name}",
                lambda name=name, other=other, **given: solution(**{**given, name: given[other]}),
            )


@pytest.mark.parametrize(("name", "question"), EXACT)
def test_the_shown_inputs_hide_no_slip(name, question):
    exercise = source.load(name)
    question = exercise.questions[question]
    fresh = checking.cases(exercise, question)[1:4]
    found = [(mistake.name, mistake.answer) for mistake in question.mistakes]
    found += slips(exercise.namespace[question.name], question.shown)
    with np.errstate(all="ignore"):
        hidden = [
            what
            for what, answer in found
            if right(exercise, question, answer, question.shown)
            and not any(right(exercise, question, answer, inputs) for inputs in fresh)
        ]
    assert hidden == []
