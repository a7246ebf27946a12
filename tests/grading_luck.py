"""Is a grade a lottery? Over many secrets: how often a wrong answer passes, and how often a right one fails.

    python -m tests.grading_luck [--secrets 1000] [--exercise NAME] [--out tests/grading_luck.csv]

Wrong answers to a question are the mistakes that its author lists, the careless answers to its special cases where the
task announces them, and what can be typed in: the task's own answer, and a table of all answers that anybody can find
out, with something else for other inputs. Right ones are the solution in many forms, and the other solutions in
`tests/answers`. All are judged by the grader's own `judge` on the inputs that the grader draws, but without a sandbox,
which decides nothing. Letters are no lottery, and draws are measured in `tests/test_exercises.py`.
"""

import argparse
import csv
import dataclasses
import runpy
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from hblib.coursework import checking, source
from hblib.coursework.questions import Edge, Function, Value
from hblib.grading.inputs import FRESH, key_of, telling

HEAD = "exercise", "question", "answer", "secrets", "passed", "inputs", "right on"
RIGHT, ANOTHER = "right", "right: another way"  # how the names of right answers begin
SELDOM = 20  # other solutions take their time (some integrate): they are tried with every twentieth secret


# --- The answers ------------------------------------------------------------------------------------------------------


def each_of(kind, value):
    """A value with all its numbers (or arrays) made into something else; a pair stays a pair."""
    if isinstance(value, tuple):
        return tuple(each_of(kind, one) for one in value)
    return value if isinstance(value, str) else kind(value)


def listed(kind):
    """Each number of an array, made into something else, in lists."""

    def convert(value):
        array = np.asarray(value, dtype=float)
        return [convert(row) for row in array] if array.ndim else kind(float(array))

    return convert


def whole(number):
    """An int where a number is one, and else a fraction."""
    return int(number) if number.is_integer() else Fraction(number)


def column(value):
    """A column for a row, and an array of one number for a number."""
    return np.reshape(value, (*np.shape(value), 1))


def series(value):
    """As pandas keeps it: a column (of one number), or a table."""
    array = np.atleast_1d(np.array(value, dtype=float))
    return {1: pd.Series, 2: pd.DataFrame}.get(array.ndim, np.asarray)(array)


def nothing_masked(value):
    return np.ma.masked_array(value, mask=np.zeros(np.shape(value), dtype=bool))


FORMS = {
    "as it is": lambda value: value,
    "lists": lambda value: each_of(listed(float), value),
    "tuples": lambda value: each_of(lambda one: tuple(one) if np.ndim(one) else one, value),
    "float32": lambda value: each_of(np.float32, value),
    "long doubles": lambda value: each_of(np.longdouble, value),
    "Series": lambda value: each_of(series, value),
    "NumPy's numbers in lists": lambda value: each_of(listed(np.float64), value),
    "arrays, also for a number": lambda value: each_of(np.array, value),
    "columns": lambda value: each_of(column, value),
    "ints and fractions": lambda value: each_of(listed(whole), value),
    "decimals": lambda value: each_of(listed(Decimal), value),
    "an array of objects": lambda value: each_of(lambda one: np.array(one, dtype=object), value),
    "nothing masked": lambda value: each_of(nothing_masked, value),
    "every second place": lambda value: each_of(
        lambda one: np.repeat(one, 2)[::2] if np.ndim(one) == 1 else one, value
    ),
    "a list of results": lambda value: list(value) if isinstance(value, tuple) else value,
    "results in one array": lambda value: np.array(value) if isinstance(value, tuple) and alike(value) else value,
}


def alike(values):
    """May these stand in one array?"""
    return len(set(map(np.shape, values))) == 1 and not any(isinstance(one, str) for one in values)


def others(name):
    """{question: {title: another right answer}} in `tests/answers`."""
    path = Path(__file__).parent / "answers" / f"{name}.py"
    return runpy.run_path(str(path))["RIGHT"] if path.exists() else {}


def in_form(form, right):
    return lambda *args, **inputs: form(right(*args, **inputs))


def right_answers(exercise, question, right):
    """{title: answer}"""
    own = {f"{RIGHT}: {title}": in_form(form, right) for title, form in FORMS.items()}
    some = others(exercise.name).get(question.name, {})
    named = some.items() if isinstance(some, dict) else enumerate(some, start=1)
    return own | {f"{ANOTHER}, {title}": answer for title, answer in named}


def wrong_answers(exercise, question, right, known):
    """{title: answer}; `known` are the inputs which anybody can see."""
    edges = question.edges if isinstance(question, Value) else [edge for edge in question.edges if edge.told]
    table = {key(inputs): right(**inputs) for inputs in known}
    answers = [*table.values()]
    kinds = Counter(map(repr, answers))
    commonest = max(answers, key=lambda answer: kinds[repr(answer)])

    def typed(otherwise):
        return lambda **inputs: table[key(inputs)] if key(inputs) in table else otherwise(inputs)

    def off(**inputs):
        absolute = question.absolute(inputs)
        return each_of(lambda one: one + 2 * (absolute + question.rtol * np.abs(one)), right(**inputs))

    texts = isinstance(answers[0], str)
    return {
        **{each.name: each.answer for each in (*question.mistakes, *edges)},
        "typed in": lambda **_: answers[0],
        "typed in, else 0": typed(lambda inputs: constant(right(**inputs), 0.0)),
        "typed in, else 1": typed(lambda inputs: constant(right(**inputs), 1.0)),
        "typed in, else the last": typed(lambda inputs: answers[-1]),
        "typed in, else the commonest": typed(lambda inputs: commonest),
        **({} if texts else {"off by twice what is allowed": off}),
    }


def constant(value, number):
    """In the place of an answer: this number everywhere, and no text."""
    if isinstance(value, tuple):
        return tuple(constant(one, number) for one in value)
    return "" if isinstance(value, str) else np.full(np.shape(value), number)


def key(inputs):
    return key_of(inputs)


# --- Judging them -----------------------------------------------------------------------------------------------------


class Memory:
    """The right answers to a question, each computed once."""

    def __init__(self, exercise, question):
        self.exercise, self.question, self.known = exercise, question, {}

    def __call__(self, *args, **inputs):
        inputs |= dict(zip(self.question.public(self.exercise), args, strict=False))
        at = key(inputs)
        if at not in self.known:
            self.known[at] = self.question.expected(self.exercise, inputs)
        return self.known[at]


def tolerance_of(question):
    """The question's tolerance, computed once for the same inputs."""
    known = {}

    def tolerance(**inputs):
        at = key(inputs)
        if at not in known:
            known[at] = question.tolerance(**inputs)
        return known[at]

    return question.tolerance and tolerance


def computed():
    """(exercise, question) for every value and function that is asked for."""
    for name in source.names():
        exercise = source.load(name)
        yield from ((exercise, each) for each in exercise.questions.values() if isinstance(each, Value | Function))


def drawn(exercise, question, secret):
    """The inputs that nobody can foresee."""
    if isinstance(question, Value):
        seeds = telling(exercise, question, secret)
    else:
        seeds = [(secret, number) for number in range(FRESH[Function])]
    return [question.case(np.random.default_rng(seed)) for seed in seeds]


def passes(exercise, question, secrets):
    """{title: (secrets tried, secrets with which this answer got full marks, inputs drawn with them, right on so many)}

    What every submission is asked (the task's inputs, those of `check`, special cases) comes first: an answer that is
    not right there is not right with any secret, and is not tried further. Of the others the last number says more than
    the second: an answer that is right on a share s of the inputs passes with probability s to the power of their
    number.
    """
    memory = Memory(exercise, question)
    question = dataclasses.replace(question, exact=memory, tolerance=tolerance_of(question))
    known = checking.cases(exercise, question, () if isinstance(question, Value) else checking.SEEDS)
    answers = wrong_answers(exercise, question, memory, known) | right_answers(exercise, question, memory)
    left = {title for title, each in answers.items() if full(exercise, question, each, known)}
    common = dict(memory.known)
    plain = dataclasses.replace(question, **({"edges": ()} if isinstance(question, Function) else {}))
    count = dict.fromkeys(answers, (0, 0, 0, 0))
    for number, secret in enumerate(secrets):
        cases = drawn(exercise, plain, secret)
        for title, answer in answers.items():
            if number % SELDOM == 0 or not title.startswith(ANOTHER):
                on = right_on(exercise, plain, answer, cases, title.startswith(RIGHT)) if title in left else 0
                row = 1, on == len(cases), len(cases), on
                count[title] = tuple(a + int(b) for a, b in zip(count[title], row, strict=True))
        memory.known = dict(common)
    return count


def right_on(exercise, question, answer, cases, should_be):
    """On how many inputs is an answer right? One that should be is judged on all of them at once, as in the grader."""
    if should_be:
        return len(cases) if full(exercise, question, answer, cases) else 0
    order = checking._order(exercise, question)
    some = (Edge("drawn", inputs, answer, "") for inputs in cases)
    return sum(checking._seen_at(exercise, question, answer, each, order) is None for each in some)


def full(exercise, question, answer, cases):
    """Does an answer get full marks on these inputs?"""
    return checking.judge(exercise, question, answer, cases).outcome == "correct"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--secrets", type=int, default=1000)
    parser.add_argument("--exercise", help="this one alone")
    parser.add_argument("--out", type=argparse.FileType("w", encoding="utf8"), default=sys.stdout)
    options = parser.parse_args()
    table = csv.writer(options.out, lineterminator="\n")
    table.writerow(HEAD)
    for exercise, question in computed():
        if options.exercise in (None, exercise.name):
            for title, row in passes(exercise, question, range(options.secrets)).items():
                table.writerow((exercise.name, question.name, title, *row))
            options.out.flush()


if __name__ == "__main__":
    main()
