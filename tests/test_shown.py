"""The inputs that a message may show hide no slip: an answer that is right there, and nowhere else, is right by luck.

With tau = 1 nobody sees whether tau is squared, with se = tau not which of the two stands where, and with n = tau^2
not whether the one is given for the other. For a value they are all that `check` has to go by.
"""

import copy
from itertools import permutations

import numpy as np
import pytest

from hblib.coursework import checking, source
from hblib.coursework.forms import plain
from hblib.coursework.questions import Function, Value

CHANGES = {
    "squared": np.square,
    "its root": np.sqrt,
    "one divided by it": lambda value: 1 / value,
    "one minus it": lambda value: 1 - value,
}
COMPUTED = [
    (name, each.name)
    for name in source.names()
    for each in source.load(name).questions.values()
    if isinstance(each, Function | Value)
]


def right(question, answer, inputs, expected):
    tolerance = question.rtol, question.absolute(inputs)
    try:
        given = checking._in_form(plain(answer(**copy.deepcopy(inputs))), expected, tolerance)
        return checking.agree(given, expected, tolerance)
    except Exception:
        return False


def is_real(value):
    return isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def is_number(value):
    return isinstance(value, int | float | np.ndarray) and np.asarray(value).dtype.kind in "iuf"


def slips(solution, inputs):
    """(what, a function with that slip): an argument that is changed, takes another's place, or is the answer."""
    for name in filter(lambda name: is_real(inputs[name]), inputs):
        for what, change in CHANGES.items():
            yield (
                f"{name}, {what}",
                lambda name=name, change=change, **given: solution(**{**given, name: change(given[name])}),
            )
    some = [name for name, value in inputs.items() if is_number(value)]
    for name, other in permutations(some, 2):
        if np.shape(inputs[name]) == np.shape(inputs[other]):
            yield (
                f"{other} for {name}",
                lambda name=name, other=other, **given: solution(**{**given, name: given[other]}),
            )
    for name in some:
        yield f"{name} as the answer", lambda name=name, **given: given[name]


def hidden(exercise, question):
    """What is right for the inputs that a message may show, and for no others."""

    def solution(**inputs):
        return question.expected(exercise, inputs)

    shown, *fresh = checking.cases(exercise, question)
    expected = [solution(**copy.deepcopy(inputs)) for inputs in (shown, *fresh)]
    found = [(mistake.name, mistake.answer) for mistake in question.mistakes]
    with np.errstate(all="ignore"):
        return [
            what
            for what, answer in [*found, *slips(solution, shown)]
            if right(question, answer, shown, expected[0])
            and not any(map(right, [question] * 5, [answer] * 5, fresh, expected[1:]))
        ]


@pytest.mark.parametrize(("name", "question"), COMPUTED)
def test_the_shown_inputs_hide_no_slip(name, question):
    exercise = source.load(name)
    assert hidden(exercise, exercise.questions[question]) == []
