"""Whatever somebody hands in, and whatever their code sends, the grader stays on its feet and gives no point for it."""

import contextlib
import copy
import json
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hblib.coursework import source
from hblib.coursework.questions import Choice, Draws, Function
from hblib.grading import grade, sandbox, submission
from hblib.grading.inputs import draw, key_of
from hblib.grading.inside import codec
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox

NAMES = source.names()
TEXT = st.text(st.characters(exclude_categories=()), max_size=40)  # half surrogate pairs too: JSON may hold them
LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.integers(-3, 3), st.floats(), TEXT)
JSON = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


@st.composite
def bent(draw, whole, pieces=JSON):
    """JSON data with one to three of its pieces replaced, taken away, or put in each other's place."""
    data = [copy.deepcopy(whole)]
    for _ in range(draw(st.integers(1, 3))):
        places = [*places_of(data)]
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        change = draw(st.sampled_from(["replace", "replace", "remove", "copy"]))
        if change == "replace":
            holder[key] = draw(pieces)
        elif change == "copy":
            there, at = places[draw(st.integers(0, len(places) - 1))]
            holder[key] = copy.deepcopy(there[at])
        elif holder is not data:
            del holder[key]
    return data[0]


def places_of(holder):
    """(list or dict, index or key) of every piece of JSON data."""
    for key in range(len(holder)) if isinstance(holder, list) else list(holder):
        yield holder, key
        if isinstance(holder[key], list | dict):
            yield from places_of(holder[key])


# --- The reader of notebooks ------------------------------------------------------------------------------------------

NOTEBOOK = json.loads((ROOT / "exercises" / "02-easy.ipynb").read_text(encoding="utf8"))
SMALL = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "code", "source": ["check = exercise('02-easy')\n", "x = 1"], "metadata": {}},
        {"cell_type": "markdown", "source": "text"},
    ],
}


def is_read_or_refused(data):
    """The code cells, if the bytes are a notebook; nothing but `Invalid` may be raised."""
    try:
        cells = submission.code_cells(data)
    except submission.Invalid:
        return None
    assert type(cells) is tuple
    for cell in cells:
        assert type(cell) is str
        cell.encode("utf8")
    with contextlib.suppress(submission.Invalid):
        assert submission.exercise_of(submission.Submission("x.ipynb", "", cells), NAMES) in NAMES
    return cells


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b"\xff\xfe{\x00}\x00")
@example(b"[" * 100_000)
@example(b'{"cells": ' + b"9" * 5000 + b"}")
def test_the_reader_survives_any_bytes(data):
    is_read_or_refused(data)


@given(JSON)
def test_the_reader_survives_any_json(data):
    is_read_or_refused(json.dumps(data).encode())


@settings(max_examples=300)
@given(bent(SMALL))
@example({"cells": [{"cell_type": "code", "source": "a = '\ud800'"}]})
@example({"cells": [{"cell_type": ["code"], "source": ""}]})
@example({"cells": {"0": 1}})
def test_the_reader_survives_what_is_nearly_a_notebook(data):
    is_read_or_refused(json.dumps(data).encode())


@given(st.integers(0, 4000), st.binary(max_size=20), st.integers(0, 40))
def test_the_reader_survives_a_damaged_file(at, piece, length):
    data = json.dumps(NOTEBOOK).encode()
    is_read_or_refused(data[:at] + piece + data[at + length :])


@given(st.binary(max_size=50) | bent(SMALL).map(lambda data: json.dumps(data).encode()))
def test_a_file_is_read_as_its_bytes_are(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notebook.ipynb"
        path.write_bytes(data)
        cells = is_read_or_refused(data)
        if cells is None:
            with pytest.raises(submission.Invalid):
                submission.read(path)
        else:
            assert submission.read(path).cells == cells


@given(TEXT.map(lambda text: text.replace("/", "").replace("\0", "")), st.lists(TEXT, max_size=3).map(tuple))
def test_any_name_and_any_code_is_an_exercise_or_is_none(name, cells):
    with contextlib.suppress(submission.Invalid):
        assert submission.exercise_of(submission.Submission(name, "", cells), NAMES) in NAMES


# --- What passes between sandbox and grader ---------------------------------------------------------------------------


def through_json(value):
    return codec.decode(json.loads(json.dumps(codec.encode(value), allow_nan=False)))


def same(a, b):
    """Equal in type and value; a number and an array without dimensions are taken for the same."""
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if a is None or isinstance(a, str | bool):
        return type(a) is type(b) and a == b
    a, b = np.asarray(a), np.asarray(b)
    equal = a.dtype.kind == b.dtype.kind and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return equal and np.array_equal(np.signbit(a), np.signbit(b)) if a.dtype.kind == "f" else equal


NUMBERS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.sampled_from([0.0, -0.0, np.float64(1), np.int8(3)]),
)
ARRAYS = hnp.arrays(
    st.one_of(
        hnp.boolean_dtypes(),
        hnp.integer_dtypes(),
        hnp.unsigned_integer_dtypes(),
        hnp.floating_dtypes(sizes=(16, 32, 64)),
    ),
    hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
)
PLAIN = st.one_of(st.none(), NUMBERS, st.text(max_size=codec.LETTERS), ARRAYS)


def nested(inner, depth):
    """Tuples and lists of tuples and lists, as deep as may pass."""
    if not depth:
        return inner
    items = st.lists(nested(inner, depth - 1), max_size=4)
    return inner | items | items.map(tuple)


@settings(max_examples=300)
@given(nested(PLAIN, codec.DEPTH))
@example(np.nan)
@example((np.inf, -np.inf, [-0.0]))
@example(np.zeros((3, 0, 2)))
@example(np.arange(6).reshape(2, 3).T)
@example(np.zeros(codec.ELEMENTS, bool))
def test_what_may_pass_arrives_as_it_was(value):
    assert same(value, through_json(value))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({1}, "set"),
        (1j, "complex"),
        (2**64, "int"),
        (np.zeros(100_001), "too large array: 100001 numbers, of which 100000 at most can be read"),
        ([0] * (codec.ITEMS + 1), "ndarray"),
        (np.datetime64("2025-01-01"), "datetime64"),
        (np.random.default_rng(1), "Generator"),
    ],
)
def test_what_may_not_pass_arrives_as_a_stand_in_or_as_an_array(value, name):
    assert type(through_json(value)).__name__ == name


@given(JSON)
@example({"text": "x" * 301})
@example({"array": "", "kind": "f", "shape": [10**9, 10**9, 0]})
@example({"array": "", "kind": "f", "shape": [True]})
@example({"array": "ä", "kind": "f", "shape": [1]})
@example({"array": "AAAA", "kind": [], "shape": []})
@example({"other": "__class__"})
@example({"other": "None"})
@example({"generator": {}})
@example({"dataset": {}})
def test_nothing_but_a_value_is_decoded(data):
    try:
        value = codec.decode(data)
    except ValueError:
        return
    codec.encode(value)


@pytest.mark.parametrize("depth", [10, 900, 2_000, 9_000])
def test_what_is_nested_too_deep_is_refused(depth):
    data = []
    for _ in range(depth):
        data = [data]
    for strange in (data, {"a": data}, {"text": data}, {"list": [data]}, {"array": "", "kind": data, "shape": [0]}):
        with pytest.raises(ValueError, match="not a"):
            codec.decode(strange)


@settings(max_examples=300)
@given(bent(codec.encode((1, [2.5, None, "c"], np.arange(6.0).reshape(2, 3), np.array([True]), {1})), LEAF))
def test_what_is_nearly_a_value_is_decoded_or_refused(data):
    test_nothing_but_a_value_is_decoded.hypothesis.inner_test(data)


# --- What a submission sends ------------------------------------------------------------------------------------------

HANDED_IN = submission.Submission("x.ipynb", "0" * 64, ("def shrink(): pass", "means = 1"))
INPUTS = {name: draw(source.load(name), HANDED_IN, b"secret") for name in ("01-hospitals", "02-easy", "08-forms")}


def right_messages(asked):
    """What the runner sends of a solved notebook."""
    exercise, messages = asked.exercise, []
    for name, question in exercise.questions.items():
        if isinstance(question, Function):
            inputs = [
                {key: codec.decode(value, inputs=True) for key, value in c.items()} for c in asked.calls[name].values()
            ]
            calls = [{"value": codec.encode(question.expected(exercise, each))} for each in inputs]
            messages.append({"k": "answer", "run": 0, "name": name, "calls": calls})
        elif isinstance(question, Choice):
            value = codec.encode(exercise.namespace[name])
            messages.append({"k": "answer", "run": 0, "name": name, "value": value})
        else:
            runs = [0, *(number for number, run in enumerate(asked.runs, start=1) if run[0] == name)]
            for run, inputs in zip(runs, asked.cases[name], strict=True):
                value = codec.encode(right_value(exercise, question, inputs))
                messages.append({"k": "answer", "run": run, "name": name, "value": value})
    return [*messages, {"k": "cell", "run": 0, "cell": 1, "raised": ["NameError", "x", ""]}, {"k": "end", "run": 0}]


def right_value(exercise, question, inputs):
    if not isinstance(question, Draws):
        return question.expected(exercise, inputs)
    mean, sd = question.exact(**inputs)
    return np.random.default_rng(1).normal(mean, sd, size=(4, 1000, *np.shape(mean)))


RIGHT = {name: right_messages(asked) for name, asked in INPUTS.items()}


def graded(asked, messages):
    """The result for messages, sent as the sandbox would."""
    lines = [json.dumps(message).encode() for message in ({"k": "hello"}, *messages)]
    _, kept, dropped = sandbox.parse(b"\n".join(lines) + b"\n")
    result = grade.judged(HANDED_IN, asked, sandbox.Sent(kept, "", dropped), "bwrap", 1.0)
    json.dumps(result, allow_nan=False)
    for question in result["questions"]:
        assert question["outcome"] in ("correct", "partial", "wrong", "error", "timeout", "killed", "not-answered")
        question["message"].encode("utf8")
    return {question["name"]: question for question in result["questions"]}


def deserved(name, messages):
    """The questions whose last answers are the right ones, found without the grader's own comparison."""
    last, right = ({(m["run"], m["name"]): m for m in some if is_answer(m)} for some in (messages, RIGHT[name]))
    wrong = {at[1] for at in right if not close(results(name, at, last.get(at, {})), results(name, at, right[at]))}
    return set(INPUTS[name].exercise.questions) - wrong


def is_answer(message):
    """Could this be an answer? (`true` is no number of a run, though Python takes it for 1.)"""
    named = isinstance(message, dict) and message.get("k") == "answer" and isinstance(message.get("name"), str)
    return named and type(message.get("run")) is int


def results(name, at, message):
    """The encoded results in an answer that count: those that only explain a wrong one are left out."""
    asked, question = INPUTS[name], INPUTS[name].exercise.questions[at[1]]
    if not isinstance(question, Function):
        return [message.get("value")]
    tried = [*asked.cases[at[1]], *(edge.inputs for edge in question.edges)]
    counts = {key_of(inputs) for inputs in tried}
    calls = message["calls"] if isinstance(message.get("calls"), list) else []
    return [call for key, call in zip(asked.calls[at[1]], calls, strict=False) if key in counts]


def close(given, right):
    """Do encoded results hold nearly the same numbers and letters?"""
    try:
        given, right = ([codec.decode(each.get("value", each)) for each in some] for some in (given, right))
        return all(map(nearly, given, right)) and len(given) == len(right)
    except (ValueError, TypeError, AttributeError):
        return False


def nearly(given, right):
    if isinstance(right, str):
        return given.strip().lower() == right
    if isinstance(right, tuple):
        return len(given) == len(right) and all(map(nearly, given, right))
    return np.shape(given) == np.shape(right) and np.allclose(given, right, rtol=1e-3)


@pytest.mark.parametrize("name", INPUTS)
def test_right_messages_earn_all_points(name):
    questions = graded(INPUTS[name], RIGHT[name])
    assert {question["outcome"] for question in questions.values()} == {"correct"}
    assert deserved(name, RIGHT[name]) == set(questions)


@settings(max_examples=150)
@given(st.data())
@pytest.mark.parametrize("name", INPUTS)
def test_no_point_is_given_but_for_a_right_answer(name, data):
    messages = data.draw(bent(RIGHT[name]))
    messages = messages if isinstance(messages, list) else [messages]
    questions = graded(INPUTS[name], messages)
    earned = {each for each, question in questions.items() if question["outcome"] == "correct"}
    assert earned <= deserved(name, messages)
    half = {each for each, question in questions.items() if question["outcome"] == "partial"}
    assert all(questions[each]["points"] == questions[each]["possible"] / 2 for each in half)
    assert all(question["points"] == 0 for each, question in questions.items() if each not in earned | half)


RESULTS = st.lists(st.dictionaries(st.sampled_from(["value", "raised", "timeout", "binds"]), JSON), max_size=9)
MESSAGES = st.fixed_dictionaries(
    {"k": st.sampled_from(["answer", "cell", "end", "hello"]) | JSON},
    optional={
        "run": st.integers(-1, 4) | JSON,
        "name": st.sampled_from(["shrink", "above", "inspect"]) | JSON,
        "value": JSON | nested(PLAIN, 2).map(codec.encode),
        "calls": RESULTS | JSON,
        "cell": st.integers(-1, 3) | JSON,
        "raised": st.lists(TEXT, min_size=2, max_size=4) | JSON,
        "timeout": st.booleans() | JSON,
    },
)


@settings(max_examples=300)
@given(st.lists(MESSAGES | JSON, max_size=6))
@example([{"k": []}])
@example([{"k": {}}])
@example([{"k": "answer", "run": 0, "name": "shrink", "value": 1, "calls": 5}])
@example([{"k": "answer", "run": 0, "name": "shrink", "value": 1, "calls": [1] * 9}])
@example([{"k": "answer", "run": 0, "name": "shrink", "value": None, "calls": []}])
@example([{"k": "answer", "run": 0, "name": "inspect", "calls": [{}]}])
@example([{"k": "answer", "run": 0, "name": "inspect", "value": codec.encode(np.array(["a", "b"]) == "a")}])
@example([{"k": "answer", "run": 0, "name": "inspect", "value": codec.encode(np.zeros(0))}])
@example([{"k": "cell", "run": 0, "cell": 0, "raised": ["\ud800", "\x1b[31m", "\u202e"]}])
def test_arbitrary_messages_earn_nothing(messages):
    questions = graded(INPUTS["01-hospitals"], messages)
    assert all(question["points"] == 0 for each, question in questions.items() if each != "inspect")
    letters = [m["value"] for m in messages if is_answer(m) and m["name"] == "inspect" and "value" in m]
    assert questions["inspect"]["points"] == 0 or {"text": "c"} in letters


@given(st.binary(max_size=300))
@example(b"\n" * 3000)
@example(b'{"k": "hello"}\n' * 3)
@example(b'{"k": "hello"}\n{"k": "end", "run": 1e999}\n{"k": "end", "run": NaN}\n')
@example(b'{"k": "hello"}\n{"k": "end", "run": ' + b"9" * 5000 + b"}\n")
@example(b'{"k": "hello"}\n' + b"[" * 100_000 + b"\n")
def test_the_channel_survives_any_bytes(data):
    hello, messages, dropped = sandbox.parse(data)
    assert messages == [] or hello["k"] == "hello"
    assert hello is None or 1 + len(messages) + dropped == data.count(b"\n")


# --- Texts of a submission in a report --------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=()), max_size=2 * grade.LONGEST))
@example("\ud800 \x1b]8;; \u202e \u200b \uffff \x85 \r")
@example("a" * 5000)
def test_texts_of_a_submission_are_cleaned(text):
    kept = grade.clean(text)
    kept.encode("utf8")
    assert all(letter == "\n" or not unicodedata.category(letter).startswith("C") for letter in kept)
    assert len(kept) <= grade.LONGEST + 2
    assert grade.clean(kept) == kept
