"""What a submission is asked, and what its answers are worth.

The sandbox gets inputs and sends results. `judge`, which also stands behind the students' own checks, then meets those
results in the form of a function that looks them up.
"""

import copy
import hashlib
import hmac
import inspect
import json
import re
from dataclasses import dataclass

import numpy as np

from hblib.coursework import calling, checking
from hblib.coursework.questions import Choice, Draws, Function, Value
from hblib.grading import wire

FRESH = {Function: 5, Value: 4, Draws: 1}  # inputs that nobody can foresee; for the last two a run of the notebook each
# A function meets the seeds of `check` as well: on these every mistake that the author thought of is known to show.
# For a value: how often each thing should show, and how many inputs are looked through for a special case and
# for a mistake.
TWICE, FEW, MANY = 2, 140, 300


@dataclass(frozen=True)
class Plan:
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
        return {"cells": submission.cells, "seconds": seconds, "call": min(seconds, calling.SECONDS), "runs": runs}


def make(exercise, submission, secret):
    """The plan for a submission. Who does not know the secret cannot foresee the inputs.

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
    return Plan(exercise, cases, calls, tuple(runs))


def telling(exercise, question, seed):
    """The seeds of inputs for a value, chosen so that chance spares no wrong answer.

    Beside the first few they are those where something shows that has not shown twice yet: a mistake, the answer of the
    task or 0 in the place of an answer, and a special case: an answer with a zero or with equal numbers in it, as where
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
    tolerance = question.tolerance(**inputs) if question.tolerance else question.atol
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
        encoded = encode_inputs(inputs)
        calls[key(encoded)] = encoded
        return question.expected(exercise, copy.deepcopy(inputs))

    verdict = checking.judge(exercise, question, recorder, cases)
    if verdict.outcome != "correct":
        raise RuntimeError(f"the solution of {exercise.name} fails its own question: {verdict.text}")
    for rule in question.properties:
        checking.holds(rule, recorder)
    return calls


def encode_inputs(inputs):
    return {name: wire.encode(value, inputs=True) for name, value in inputs.items()}


def key(encoded):
    return json.dumps(encoded, sort_keys=True)


# --- From messages to verdicts ----------------------------------------------------------------------------------------


def verdicts(plan, submission, outcome):
    """The verdict on each question."""
    return [_verdict(plan, submission, question, outcome) for question in plan.exercise.questions.values()]


def _verdict(plan, submission, question, outcome):
    """The best verdict on what stood when `check` was called last, and at the end.

    A plot in per cent below the check takes no points away, and a correction below it still earns them. Of two letters
    the first counts: one may not try both.
    """
    states = _states(question, outcome)
    if not states:
        return _unanswered(submission, question, outcome)
    verdicts = [_judge(plan, question, last, plan.cases[question.name]) for last in states]
    answered = [verdict for verdict in verdicts if verdict.outcome != "not-answered"] or verdicts
    best = answered[0] if isinstance(question, Choice) else max(answered, key=lambda verdict: verdict.points)
    unlike = unplaced(plan, question, outcome)
    if best.outcome in ("wrong", "error") and unlike and only_public(plan, question, outcome):
        text = f"{best.message}\n  The notebook could not be tried with other data: {unlike}"
        best = checking.Verdict(best.question, best.outcome, best.points, text, best.found)
    return best


def unplaced(plan, question, outcome):
    """Why a notebook was not run with other data; "" if it was."""
    if not isinstance(question, Value | Draws):
        return ""
    placed = {name for m in outcome.messages if m["k"] == "data" for name in m["names"]}
    names = sorted(name for name in question.case(np.random.default_rng(0)) if name not in placed)
    return (
        f"nowhere does it give {', '.join(names)} as the task does. Keep the task's own line for that." if names else ""
    )


def only_public(plan, question, outcome):
    """Is a wrong answer right for the inputs that everybody can see?"""
    public = plan.cases[question.name][:1]
    if not public:
        return False
    found = [_judge(plan, question, last, public).outcome for last in _states(question, outcome)]
    return any(each in ("correct", "partial") for each in found)


def _states(question, outcome):
    """What a question's answers are judged by, each as {run: answer}: at the last `check`, and at the end."""
    last, checked = {}, {}
    for m in outcome.messages:
        if m.get("name") == question.name and m["k"] == "answer":
            last[m["run"]] = m
        elif m.get("name") == question.name and m["k"] == "checked" and m["run"] in last:
            checked[m["run"]] = last[m["run"]]
    states = [{**last, **checked}] if 0 in checked else []
    return [*states, *([last] if 0 in last and last not in states else [])]


def _judge(plan, question, last, cases):
    replay = Replay(plan, question, last)
    try:
        verdict = checking.judge(plan.exercise, question, replay.answer(), cases)
    except ValueError as error:  # no answer that the runner could have sent
        return checking.Verdict(question.name, "wrong", 0, f"is no answer: {error}")
    if replay.late and verdict.outcome == "error":
        message = "was not done in time. A loop that does not end, or one where a line of NumPy would do?"
        return checking.Verdict(question.name, "timeout", 0, message)
    return verdict


class Replay:
    """The answers to a question as the function that `judge` calls."""

    def __init__(self, plan, question, last):
        self.plan, self.question, self.last, self.late = plan, question, last, False

    def answer(self):
        first = self.last[0]
        if isinstance(self.question, Choice):
            return wire.decode(first.get("value"))
        if not isinstance(self.question, Function):
            return self._of_runs()
        return self._of_calls(first["calls"]) if "calls" in first else wire.decode(first["value"])

    def _of_runs(self):
        """A value or draws: a result for each run of the notebook."""
        cases, name = self.plan.cases[self.question.name], self.question.name
        numbers = [0, *(number for number, run in enumerate(self.plan.runs, start=1) if run[0] == name)]
        found = {
            key(encode_inputs(inputs)): wire.decode(self.last[number].get("value"))
            for number, inputs in zip(numbers, cases, strict=True)
            if number in self.last
        }

        def answer(**inputs):
            try:
                return found[key(encode_inputs(inputs))]
            except KeyError:
                text = "the notebook does not come so far when it is run with other data"
                raise Raised.like(["RuntimeError", text, ""]) from None

        return answer

    def _of_calls(self, results):
        expected = self.plan.calls[self.question.name]
        if len(results) != len(expected):
            raise ValueError(f"{len(results)} results for {len(expected)} calls")
        found = dict(zip(expected, map(_result, results), strict=True))
        reference = inspect.signature(self.plan.exercise.namespace[self.question.name])

        def answer(*args, **kwargs):
            inputs = reference.bind(*args, **kwargs).arguments
            result = found[key(encode_inputs(inputs))]
            if isinstance(result, Exception):
                self.late = self.late or isinstance(result, TimeoutError)
                raise result
            return result

        fits = results[0].get("binds") is not False
        answer.__signature__ = reference if fits else inspect.Signature()
        return answer


def _result(result):
    """What a call has given: a value, or the error that it raised."""
    if "value" in result:
        return wire.decode(result["value"])
    return TimeoutError() if result.get("timeout") is True else Raised.like(result.get("raised"))


class Raised(Exception):
    """An error that a submission's function raised, told by the sandbox."""

    line = ""

    @classmethod
    def like(cls, raised):
        match raised:
            case [str(kind), str(message), str(line)] if kind.isidentifier() and len(kind) <= 60:
                error = type(kind, (cls,), {})(message[:300])
                error.line = line[:200]
                return error
        return cls("something")


def _unanswered(submission, question, outcome):
    """The verdict where no answer has come: what became of the cell that should have given it?"""
    binds = re.compile(rf"^(?:def {question.name}\b|{question.name}\s*=)", re.MULTILINE)
    cells = {number for number, code in enumerate(submission.cells) if binds.search(code)}
    for message in outcome.messages:
        if message["k"] == "cell" and message["run"] == 0 and message["cell"] in cells:
            if "timeout" in message:
                return checking.Verdict(question.name, "timeout", 0, "its cell was not done in time.")
            kind, text, _ = message["raised"]
            return checking.Verdict(question.name, "error", 0, f"its cell raised {kind}: {text}")
    if outcome.killed == "time":
        return checking.Verdict(question.name, "timeout", 0, "the notebook was not done in time.")
    if outcome.killed or not finished(outcome):
        return checking.Verdict(question.name, "killed", 0, f"no answer came: {why(outcome)}.")
    return checking.Verdict(question.name, "not-answered", 0, "not answered: no cell defines it.")


def finished(outcome, run=0):
    return any(message["k"] == "end" and message["run"] == run for message in outcome.messages)


def why(outcome):
    """What ended a notebook early, in words."""
    ends = {
        "time": "the notebook was not done in time",
        "memory": "the notebook took more memory than there is for it",
        "processes": "the notebook started too many processes",
        "size": "the notebook sent more than the grader reads",
    }
    return ends.get(outcome.killed, "the notebook ended its own process")
