"""Between the sandbox and the verdict an answer may get lost in many ways; what is said of each is what happened."""

import io
import json

import numpy as np
import pytest

from hblib.coursework import source
from hblib.coursework.questions import Draws, Function, Value
from hblib.grading import sandbox, submission, verdicts
from hblib.grading.inputs import draw, key_of
from hblib.grading.inside import codec

CELLS = "def shrink(y, n, prior_mean, size): pass", "theta = 1", "inspect = 'a'"
END = {"k": "end", "run": 0}


def asked_of(name):
    handed_in = submission.Submission("x.ipynb", "0" * 64, CELLS)
    return handed_in, draw(source.load(name), handed_in, b"secret")


def said(name, question, messages, killed="", dropped=0):
    """(outcome, message) of the verdict on a question."""
    handed_in, asked = asked_of(name)
    sent = sandbox.Sent(list(messages), killed, dropped)
    found = {each.question: each for each in verdicts.of(asked, handed_in, sent)}[question]
    assert found.points == 0
    return found.outcome, found.message


def answer(name, **given):
    return {"k": "answer", "run": 0, "name": name, **given}


ENDS = {
    "time": ("timeout", "the notebook was not done in time"),
    "memory": ("killed", "the notebook took more memory than there is for it"),
    "processes": ("killed", "the notebook started too many processes"),
    "size": ("killed", "the notebook sent more than the grader reads"),
    "": ("killed", "the notebook ended its own process"),
}


@pytest.mark.parametrize("killed", ENDS)
def test_what_ended_the_notebook_is_named(killed):
    """Before there was an answer, and while a value was tried with other data."""
    outcome, why = ENDS[killed]
    got, message = said("01-hospitals", "shrink", [], killed)
    assert (got, why in message) == (outcome, True), message
    public = codec.encode(asked_of("05-three-groups")[1].exercise.namespace["tau2"])
    first = answer("tau2", value=public)
    got, message = said("05-three-groups", "tau2", [first, END], killed)
    assert (got, why in message, "other data" in message) == (outcome, True, True), message


@pytest.mark.parametrize(
    ("name", "question"), [("05-three-groups", "tau2"), ("06-hard", "theta5"), ("01-hospitals", "inspect")]
)
def test_an_answer_that_cannot_be_handed_over_is_not_called_missing(name, question):
    late = said(name, question, [answer(question, timeout=True), END])
    assert late[0] == "timeout"
    assert "not done in time" in late[1]
    raised = said(name, question, [answer(question, raised=["MemoryError", "too much", ""]), END])
    assert raised[0] == "error"
    assert "it raised MemoryError: too much" in raised[1]


def test_a_function_that_is_late_in_a_special_case_alone_loses_half_and_is_told_so():
    handed_in, asked = asked_of("01-hospitals")
    shrink = asked.exercise.questions["shrink"]
    special = key_of(shrink.edges[0].inputs)
    calls = [
        {"timeout": True}
        if key == special
        else {"value": codec.encode(asked.exercise.namespace["shrink"](**decoded(inputs)))}
        for key, inputs in asked.calls["shrink"].items()
    ]
    sent = sandbox.Sent([answer("shrink", calls=calls), END], "", 0)
    verdict = verdicts.of(asked, handed_in, sent)[0]
    assert (verdict.outcome, verdict.found) == ("partial", shrink.edges[0].name)
    assert verdict.points == shrink.points / 2
    assert "There it was not done in time." in verdict.message


def decoded(inputs):
    return {name: codec.decode(value, inputs=True) for name, value in inputs.items()}


def test_a_notebook_that_stops_with_other_data_is_told_so():
    messages = [answer("tau2", value=4), END, *({"k": "end", "run": run} for run in range(1, 40))]
    outcome, message = said("05-three-groups", "tau2", messages)
    assert outcome == "error"
    assert "does not come so far when it is run with other data" in message


def test_lines_that_nobody_can_read_are_named():
    assert said("01-hospitals", "shrink", [END]) == ("not-answered", "not answered: no cell defines it.")
    assert "lines that are no messages: 3" in said("01-hospitals", "shrink", [END], dropped=3)[1]


def test_too_many_lines_are_too_much():
    line = json.dumps(END).encode() + b"\n"
    inbox = sandbox.Inbox(10**9)
    inbox.fill(io.BufferedReader(io.BytesIO(line * sandbox.LINES)))
    assert not inbox.too_much
    inbox = sandbox.Inbox(10**9)
    inbox.fill(io.BufferedReader(io.BytesIO(line * (sandbox.LINES + 1))))
    assert inbox.too_much


# --- Is there room for what is right? ---------------------------------------------------------------------------------


def test_the_largest_answer_passes():
    numbers = np.random.default_rng(1).normal(size=codec.ELEMENTS)
    [data] = codec.within([codec.encode(numbers)])
    assert "array" in data
    message = json.dumps({"k": "answer", "run": 9_999, "name": "x" * 100, "value": data}).encode()
    assert len(message) < sandbox.LINE
    assert sandbox.parse(b'{"k": "hello"}\n' + message + b"\n")[2] == 0
    assert codec.BYTES + 1000 < sandbox.LINE


def nested(value):
    """The longest way to write down numbers: in lists, each with all its digits."""
    return tuple(map(nested, value)) if isinstance(value, tuple) else np.asarray(value).tolist()


@pytest.mark.parametrize("name", source.names())
def test_twice_as_much_as_a_right_answer_would_pass(name):
    _, asked = asked_of(name)
    for question in asked.exercise.questions.values():
        if isinstance(question, Function):
            inputs = [decoded(call) for call in asked.calls[question.name].values()]
            with np.errstate(all="ignore"):
                right = [codec.encode(nested(question.expected(asked.exercise, each))) for each in inputs]
            assert 2 * len(json.dumps(right)) < codec.BYTES
        elif isinstance(question, Value):
            right = question.expected(asked.exercise, question.public(asked.exercise))
            assert 2 * len(json.dumps(codec.encode(nested(right)))) < codec.BYTES
        elif isinstance(question, Draws):  # and ten times the 4 chains of 1,000 that PyMC draws
            mean, _ = question.exact(**question.public(asked.exercise))
            assert 10 * 4 * 1000 * np.size(mean) <= codec.ELEMENTS
