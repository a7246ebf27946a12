"""What a submission is asked: the inputs of its functions, and the data with which all of it is run."""

import copy
import hashlib
import hmac
import inspect
import json
from dataclasses import dataclass

import numpy as np

from hblib.coursework import calling, checking
from hblib.coursework.questions import Choice, Draws, Function, Value
from hblib.grading.inside import codec

FRESH = {Function: 5, Value: 4, Draws: 1}  # inputs that nobody can foresee; for the last two a run of the notebook each
# A function meets the seeds of `check` as well: on these every mistake that the author thought of is known to show.
# For a value: how often each thing should show, and how many inputs are looked through for a special case and
# for a mistake.
TWICE, FEW, MANY = 2, 140, 300


@dataclass(frozen=True)
class Inputs:
    """An exercise, and the inputs that its questions are judged on.

    cases   question -> inputs, the public ones first; none for a letter
    calls   question -> {key: encoded inputs} for a function: the cases, and what edges and properties try
    runs    (question, case number) of the runs of the notebook after the first
    """

    exercise: object
    cases: dict
    calls: dict
    runs: tuple

    def seconds(self, limits):
        """How long a cell may take."""
        samples = any(isinstance(question, Draws) for question in self.exercise.questions.values())
        return max(limits.cell, limits.sampling) if samples else limits.cell

    def job(self, submission, seconds):
        """What the runner is told."""
        asks = {name: [*self.calls[name].values()] or None for name in self.cases}
        runs = [{"data": {}, "given": {}, "asks": asks}]
        for name, case in self.runs:
            data, given = (encode_inputs(self.cases[name][number]) for number in (case, 0))
            runs.append({"data": data, "given": given, "asks": {name: None}})
        return {"cells": submission.cells, "seconds": seconds, "call": min(seconds, calling.CALL_SECONDS), "runs": runs}


def draw(exercise, submission, secret):
    """The inputs for a submission. Who does not know the secret cannot foresee the inputs.

    They depend on the submission's code as well, so that the feedback to one does not help another, and not on its
    comments: these change no grade.
    """
    cases, calls, runs = {}, {}, []
    for name, question in exercise.questions.items():
        cases[name], calls[name] = [], {}
        if isinstance(question, Choice):
            continue
        about = "\n".join((exercise.name, submission.code, name)).encode()
        seed = int.from_bytes(hmac.digest(secret, about, hashlib.sha256))
        seeds = [(seed, number) for number in range(FRESH[type(question)])]
        if isinstance(question, Function):
            cases[name] = checking.cases(exercise, question, [*checking.SEEDS, *seeds])
            calls[name] = rehearse(exercise, question, cases[name])
        else:
            if isinstance(question, Value):
                seeds = telling(exercise, question, seed)
            cases[name] = checking.cases(exercise, question, seeds)
            runs += [(name, case) for case in range(1, len(seeds) + 1)]
    return Inputs(exercise, cases, calls, tuple(runs))


def telling(exercise, question, seed):
    """The seeds of inputs for a value, chosen so that chance spares no wrong answer.

    Beside the first few they are those where something shows that has not shown twice yet: a mistake, the answer of the
    task or 0 in place of an answer, and a special case: an answer with a zero or with equal numbers in it, as where
    something is cut off.
    """
    public = question.expected(exercise, question.public(exercise))
    typed = [lambda **inputs: public, lambda **inputs: np.zeros(np.shape(public))]
    wrong = [*(each.answer for each in (*question.mistakes, *question.edges)), *typed]
    times, chosen = [0] * (len(wrong) + 2), []
    for number in range(MANY):
        if min(times[: len(wrong)]) >= TWICE and number >= (FEW if 0 in times else FRESH[Value]):
            break  # a special case that few have looked like is none of this question's
        inputs = question.case(np.random.default_rng((seed, number)))
        right = question.expected(exercise, copy.deepcopy(inputs))
        shows = {len(wrong) + special(right)}
        for each in range(len(wrong)):
            if times[each] < TWICE and differs(question, wrong[each], right, inputs):
                shows.add(each)
        if number < FRESH[Value] or any(times[each] < TWICE for each in shows):
            chosen.append((seed, number))
            for each in shows:
                times[each] += 1
    return chosen


def special(right):
    """Is an answer one at a border?

    >>> special(0.0), special(np.array([3.5, 3.5])), special(np.array([1.0, 2.0]))
    (True, True, False)
    """
    numbers = np.sort(np.ravel(np.asarray(right, dtype=float)))
    return bool(0 in numbers or np.any(np.diff(numbers) <= 1e-9 * np.abs(numbers[1:])))


def differs(question, wrong, right, inputs):
    """Does a wrong answer show for these inputs?"""
    tolerance = question.absolute(inputs)
    try:
        with np.errstate(all="ignore"):
            given = np.asarray(wrong(**copy.deepcopy(inputs)), dtype=float)
        return given.shape != np.shape(right) or not np.allclose(given, right, rtol=question.rtol, atol=tolerance)
    except Exception:
        return True


def rehearse(exercise, question, cases):
    """All that a function is called with while it is judged, found by judging the right answer."""
    calls = {}

    def recorder(*args, **kwargs):
        inputs = dict(inspect.signature(exercise.namespace[question.name]).bind(*args, **kwargs).arguments)
        calls[key_of(inputs)] = encode_inputs(inputs)
        return question.expected(exercise, copy.deepcopy(inputs))

    verdict = checking.judge(exercise, question, recorder, cases)
    if verdict.outcome != "correct":
        raise RuntimeError(f"the solution of {exercise.name} fails its own question: {verdict.text}")
    for rule in question.properties:
        checking.holds(rule, recorder)
    return calls


def encode_inputs(inputs):
    return {name: codec.encode(value, inputs=True) for name, value in inputs.items()}


def key_of(inputs):
    """A text that is the same for the same inputs."""
    return json.dumps(encode_inputs(inputs), sort_keys=True)
