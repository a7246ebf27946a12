"""No question is a lottery: chance spares no wrong answer, and costs no right one.

Here with a few secrets. `python -m tests.grading_luck --out tests/grading_luck.csv` does it with many, in hours: what
it found is stored there, each row with its number of secrets (1,000 where that was done, `FEWEST` at least) and of
inputs that these draw. An answer that is typed in is right on a share of the inputs, and passes if it is right on all
that a secret draws: so its probability to pass follows from that share.
"""

import csv

import numpy as np
import pytest

from hblib.coursework import checking, source
from hblib.coursework.questions import Function, Value
from hblib.grading import submission
from hblib.grading.inputs import FRESH, draw, encode_inputs, telling
from tests import grading_luck
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox

ASKED = [(exercise.name, question.name) for exercise, question in grading_luck.computed()]
FUNCTIONS = [(name, each) for name, each in ASKED if isinstance(source.load(name).questions[each], Function)]
SECRETS = {Function: range(10_000, 10_004), Value: range(10_000, 10_020)}  # none of those in the table
LOTTERY = 1 / 1000  # the least probability that is one
FEWEST = 100  # secrets behind a row of the table


def fits(title, secrets, passed, inputs, right_on, drawn):
    """Do these counts say that a right answer never fails, and a wrong one with no probability that matters?

    `drawn` is how many inputs a secret draws independently of each other, or None where they are chosen. A share that
    was found in so many inputs may be larger in truth, by three standard errors and three inputs.
    """
    if title.startswith(grading_luck.RIGHT):
        return passed == secrets
    share = (right_on + 3 * np.sqrt(right_on) + 3) / inputs
    return bool(passed == 0 and (drawn is None or share**drawn < LOTTERY))


@pytest.mark.parametrize(("name", "question"), ASKED)
def test_no_wrong_answer_passes_and_every_right_one_does(name, question):
    exercise = source.load(name)
    asked = exercise.questions[question]
    count = grading_luck.passes(exercise, asked, SECRETS[type(asked)])
    right = {title for title in count if title.startswith(grading_luck.RIGHT)}
    assert len(right) >= 10
    assert [title for title, (secrets, passed, *_) in count.items() if passed != secrets * (title in right)] == []


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


def test_the_table_of_many_secrets():
    with open(ROOT / "tests" / "grading_luck.csv", encoding="utf8") as file:
        rows = list(csv.DictReader(file))
    assert {(row["exercise"], row["question"]) for row in rows} == set(ASKED)
    often = [row for row in rows if not row["answer"].startswith(grading_luck.ANOTHER)]
    assert min(int(row["secrets"]) for row in often) >= FEWEST
    kinds = {(each.name, question.name): type(question) for each, question in grading_luck.computed()}
    lotteries = [
        row
        for row in rows
        if not fits(
            row["answer"],
            *(int(row[name]) for name in ("secrets", "passed", "inputs", "right on")),
            FRESH[Function] if kinds[row["exercise"], row["question"]] is Function else None,
        )
    ]
    assert lotteries == []


@pytest.mark.parametrize(
    ("title", "counts", "good"),
    [
        ("right: lists", (1000, 1000, 5000, 5000), True),
        ("right: lists", (1000, 999, 5000, 4995), False),
        ("typed in", (1000, 0, 5000, 0), True),
        ("typed in", (1000, 0, 5000, 1000), True),
        ("typed in", (1000, 0, 5000, 1250), False),  # a quarter to the fifth power is 1 in 1,024
        ("typed in", (10, 0, 50, 5), False),  # too few to say so
        ("typed in", (1000, 1, 5000, 5), False),
    ],
)
def test_the_table_would_show_a_lottery(title, counts, good):
    assert fits(title, *counts, FRESH[Function]) is good


@pytest.mark.parametrize("cut", [0.05, 0.5, 0.95])
def test_a_cut_is_tried_on_both_sides(cut):
    """A value that is cut at 0 for a share `cut` of the inputs, of which nobody has thought as a mistake."""
    exercise = source.load("05-three-groups")

    class Cut:
        mistakes = edges = ()
        rtol = 1e-9
        absolute = staticmethod(lambda inputs: 1e-9)
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
