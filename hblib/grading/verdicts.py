"""What the answers of a submission are worth.

The sandbox gets inputs and sends results. `judge`, which also stands behind the students' own checks, meets those
results in the form of a function that looks them up.
"""

import dataclasses
import inspect
import re

import numpy as np

from hblib.coursework import calling, checking
from hblib.coursework.questions import Choice, Draws, Function, Value
from hblib.grading.inputs import key_of
from hblib.grading.inside import codec


def of(asked, submission, sent):
    """The verdict on each question."""
    return [_verdict(asked, submission, question, sent) for question in asked.exercise.questions.values()]


def _verdict(asked, submission, question, sent):
    """The best verdict on what stood when `check` was called last, and at the end.

    A plot in per cent below the check takes no points away, and a correction below it still earns them. Of two letters
    the first counts: one may not try both.
    """
    states = _states(question, sent)
    if not states:
        return _with_absent(_unanswered(submission, question, sent), sent)
    verdicts = [_judge(asked, question, last, asked.cases[question.name], sent) for last in states]
    answered = [verdict for verdict in verdicts if verdict.outcome != "not-answered"] or verdicts
    best = answered[0] if isinstance(question, Choice) else max(answered, key=lambda verdict: verdict.points)
    best = _with_absent(best, sent)
    unlike = unplaced(asked, question, sent)
    if best.outcome in ("wrong", "error") and unlike and only_public(asked, question, sent):
        text = f"{best.message}\n  The notebook could not be tried with other data: {unlike}"
        best = dataclasses.replace(best, message=text)
    return best


def _with_absent(verdict, sent):
    """The verdict, with a sentence about the packages that the notebook lacked, where that may have cost it."""
    if verdict.outcome not in ("error", "not-answered"):
        return verdict
    raised = [m["raised"] for m in sent.messages if m["k"] == "cell" and m["run"] == 0 and "raised" in m]
    said = [verdict.message, *(f"{kind}: {text}" for kind, text, _ in raised)]
    found = re.findall(r"ModuleNotFoundError: No module named '([\w.]+)'", "\n".join(said))
    absent = sorted({name.split(".")[0] for name in found} - {"hblib"})
    if not absent:
        return verdict
    text = f"The grader does not have {' or '.join(absent)}: it has what the course's requirements.txt installs."
    return dataclasses.replace(verdict, message=f"{verdict.message}\n  {text}")


def unplaced(asked, question, sent):
    """Why a notebook was not run with other data; "" if it was."""
    if not isinstance(question, Value | Draws):
        return ""
    placed = {name for m in sent.messages if m["k"] == "data" for name in m["names"]}
    names = sorted(name for name in question.case(np.random.default_rng(0)) if name not in placed)
    return (
        f"nowhere does it give {', '.join(names)} as the task does. Keep the task's own line for that." if names else ""
    )


def only_public(asked, question, sent):
    """Is a wrong answer right for the inputs that everybody can see?"""
    public = asked.cases[question.name][:1]
    if not public:
        return False
    found = [_judge(asked, question, last, public, sent).outcome for last in _states(question, sent)]
    return any(each in ("correct", "partial") for each in found)


def _states(question, sent):
    """What a question's answers are judged by, each as {run: answer}: at the last `check`, and at the end."""
    last, checked = {}, {}
    for m in sent.messages:
        if m.get("name") == question.name and m["k"] == "answer":
            last[m["run"]] = m
        elif m.get("name") == question.name and m["k"] == "checked" and m["run"] in last:
            checked[m["run"]] = last[m["run"]]
    states = [{**last, **checked}] if 0 in checked else []
    return [*states, *([last] if 0 in last and last not in states else [])]


def _judge(asked, question, last, cases, sent):
    replay = Replay(asked, question, last, sent)
    try:
        verdict = checking.judge(asked.exercise, question, replay.answer(), cases)
    except Lost as lost:
        return checking.Verdict(question.name, lost.outcome, 0, lost.why)
    except ValueError as error:  # no answer that the runner could have sent
        return checking.Verdict(question.name, "wrong", 0, f"is no answer: {error}")
    if replay.lost and verdict.outcome == "error":
        return checking.Verdict(question.name, replay.lost.outcome, 0, replay.lost.why)
    return verdict


class Lost(calling.Raised):
    """An answer did not reach the grader; `why` says the rest of a sentence about it."""

    def __init__(self, outcome, why):
        super().__init__(["", why, ""])  # of no kind of error, so that the sentence stands alone
        self.outcome, self.why = outcome, why


SLOW = "was not done in time. A loop that does not end, or one where a line of NumPy would do?"
NO_DATA = "the notebook does not come so far when it is run with other data"


class Replay:
    """The answers to a question as the function that `judge` calls; `lost` if one of those that it wants is."""

    def __init__(self, asked, question, last, sent):
        self.asked, self.question, self.last, self.sent, self.lost = asked, question, last, sent, None

    def answer(self):
        first = self.last[0]
        if isinstance(self.question, Function) and "calls" in first:
            return self._of_calls(first["calls"])
        if isinstance(self.question, Value | Draws):
            return self._of_runs()
        result = _result(first)
        if type(result) is calling.Raised:
            raise Lost("error", "could not be read: it raised {}: {}".format(*result.parts))
        return self._given(result)

    def _given(self, result):
        """A result, unless it is an error: then that is raised."""
        if isinstance(result, Lost):
            self.lost = result
        if isinstance(result, Exception):
            raise result
        return result

    def _of_runs(self):
        """A value or draws: a result for each run of the notebook."""
        cases, name = self.asked.cases[self.question.name], self.question.name
        numbers = [0, *(number for number, run in enumerate(self.asked.runs, start=1) if run[0] == name)]
        found = {key_of(inputs): self._of_run(number) for number, inputs in zip(numbers, cases, strict=True)}
        return lambda **inputs: self._given(found[key_of(inputs)])

    def _of_run(self, number):
        if number in self.last:
            return _result(self.last[number])
        if finished(self.sent, number):
            return calling.Raised(["RuntimeError", NO_DATA, ""])
        late = "timeout" if self.sent.killed == "time" else "killed"
        return Lost(late, f"no answer came when the notebook was run with other data: {why(self.sent)}.")

    def _of_calls(self, results):
        expected = self.asked.calls[self.question.name]
        if len(results) != len(expected):
            raise ValueError(f"{len(results)} results for {len(expected)} calls")
        found = dict(zip(expected, map(_result, results), strict=True))
        reference = inspect.signature(self.asked.exercise.namespace[self.question.name])

        def answer(*args, **kwargs):
            return self._given(found[key_of(reference.bind(*args, **kwargs).arguments)])

        fits = results[0].get("binds") is not False
        answer.__signature__ = reference if fits else inspect.Signature()
        return answer


def _result(result):
    """What a call, or the reading of a value, has given: a value, or the error in its place."""
    if "value" in result:
        return codec.decode(result["value"])
    if result.get("timeout") is True:
        return Lost("timeout", SLOW)
    return calling.Raised(_error_parts(result.get("raised")))


def _error_parts(raised):
    """What the sandbox sent of an error, put in the form of `calling.error_parts`: a notebook may send anything."""
    match raised:
        case [str(kind), str(message), str(line)] if kind.isidentifier() and len(kind) <= 60:
            return [kind, message[:300], line[:200]]
    return ["Exception", "something", ""]


def _unanswered(submission, question, sent):
    """The verdict where no answer has come: what became of the cell that should have given it?"""
    binds = re.compile(rf"^(?:def {question.name}\b|{question.name}\s*=)", re.MULTILINE)
    cells = {number for number, code in enumerate(submission.cells) if binds.search(code)}
    for message in sent.messages:
        if message["k"] == "cell" and message["run"] == 0 and message["cell"] in cells:
            if "timeout" in message:
                return checking.Verdict(question.name, "timeout", 0, "its cell was not done in time.")
            kind, text, _ = message["raised"]
            return checking.Verdict(question.name, "error", 0, f"its cell raised {kind}: {text}")
    if sent.killed == "time":
        return checking.Verdict(question.name, "timeout", 0, "the notebook was not done in time.")
    if sent.killed or not finished(sent):
        return checking.Verdict(question.name, "killed", 0, f"no answer came: {why(sent)}.")
    text = "not answered: no cell defines it."
    if sent.dropped:
        text = f"no answer came that can be read (lines that are no messages: {sent.dropped})."
    return checking.Verdict(question.name, "not-answered", 0, text)


def finished(sent, run=0):
    return any(message["k"] == "end" and message["run"] == run for message in sent.messages)


def why(sent):
    """What ended a notebook early, in words."""
    ends = {
        "time": "the notebook was not done in time",
        "memory": "the notebook took more memory than there is for it",
        "processes": "the notebook started too many processes",
        "size": "the notebook sent more than the grader reads",
    }
    return ends.get(sent.killed, "the notebook ended its own process")
