"""`check`: what a student runs below an answer; and `judge`, which decides."""

import copy
import sys
import textwrap
import warnings
from dataclasses import dataclass

import numpy as np

from hblib.coursework import source
from hblib.coursework.calling import binds, their_line
from hblib.coursework.questions import Choice, Draws, Function, Value

SEEDS = range(5)  # of the fresh inputs that `check` tries, beside those that it may show


def exercise(name):
    """The check of an exercise: `check("question")`, or `check()` for all of them.

    It prints what it found, and never raises because of an answer.

    >>> check = exercise("01-hospitals")
    >>> check("shrink")
    … shrink: not defined yet. Run the cell that defines it first.
    """

    def check(*names):
        answers = sys._getframe(1).f_globals
        questions = source.load(name).questions
        unknown = [each for each in names if each not in questions]
        if unknown:
            print(f"There is no question {unknown[0]!r} here. The questions are: {', '.join(questions)}.")
            return
        verdicts = [judge_in(answers, source.load(name), questions[each]) for each in names or questions]
        print("\n".join(verdict.text for verdict in verdicts))
        if not names:
            print(f"{sum(v.points for v in verdicts):g} of {sum(q.points for q in questions.values())} points")

    return check


@dataclass(frozen=True)
class Verdict:
    """What an answer is worth and why.

    `outcome` is correct, partial, wrong, error or not-answered; `found` the name of the mistake, edge or property that
    explains it, where one does.
    """

    question: str
    outcome: str
    points: float
    message: str
    found: str = ""

    @property
    def text(self):
        sign = {"correct": "✓", "not-answered": "…"}.get(self.outcome, "✗")
        lines = f"{sign} {self.question}: {self.message}".split("\n")
        return "\n".join(textwrap.fill(line, 96, subsequent_indent="    ") for line in lines)


class Stop(Exception):
    """Ends the judging of an answer, with the verdict."""

    def __init__(self, outcome, message, found="", share=0.0):
        super().__init__(message)
        self.outcome, self.message, self.found, self.share = outcome, message, found, share


def judge_in(answers, exercise, question):
    """The verdict on the answer to `question` among `answers`, the names of a notebook."""
    if question.name not in answers:
        message = "not defined yet. Run the cell that defines it first."
        return Verdict(question.name, "not-answered", 0, message)
    answer = answers[question.name]
    if isinstance(question, Choice):
        return judge(exercise, question, answer)
    if isinstance(question, Value | Draws):
        return judge(exercise, question, lambda **_: answer, cases(exercise, question, seeds=()))
    return judge(exercise, question, answer, cases(exercise, question))


def cases(exercise, question, seeds=SEEDS):
    """The inputs that a message may show, and fresh ones."""
    return [question.public(exercise), *(question.case(np.random.default_rng(seed)) for seed in seeds)]


def judge(exercise, question, answer, cases=()):
    """The verdict on an answer. `cases` are the inputs to try it on; messages show the first.

    Any answer but a letter is a function of the inputs, also where the student's is a value: then it stands for a run
    of the notebook with these data.
    """
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            if isinstance(question, Choice):
                _choice(exercise, question, answer)
            elif isinstance(question, Draws):
                for inputs in cases:
                    _draws(question, inputs, _call(question, answer, inputs))
            else:
                _computed(exercise, question, answer, cases)
    except Stop as stop:
        points = question.points * stop.share
        return Verdict(question.name, stop.outcome, points, stop.message, stop.found)
    message = f"right. {question.points} of {question.points} points."
    return Verdict(question.name, "correct", question.points, message)


# --- Computed answers -------------------------------------------------------------------------------------------------


def _computed(exercise, question, answer, cases):
    _is_function(question, answer, cases[0])
    expected = [question.expected(exercise, copy.deepcopy(inputs)) for inputs in cases]
    given = [_call(question, answer, inputs) for inputs in cases]
    for each, right in zip(given, expected, strict=True):
        _same_form(each, right)
    tolerances = [(question.rtol, _absolute(question, inputs)) for inputs in cases]
    if not all(map(agree, given, expected, tolerances)):
        _explain(question, answer, cases, given, expected, tolerances)
    for edge in question.edges:
        right = question.expected(exercise, copy.deepcopy(edge.inputs))
        try:
            each = _call(question, answer, edge.inputs)
            _same_form(each, right)
            good = agree(each, right, (question.rtol, _absolute(question, edge.inputs)))
        except Stop:
            good = False
        if not good:
            raise Stop("partial", f"right, but not in a special case: {edge.hint}", edge.name, 0.5)


def _is_function(question, answer, inputs):
    if _missing(answer):
        raise Stop("not-answered", NOT_ANSWERED)
    if not callable(answer):
        raise Stop("wrong", f"should be a function, but is {_kind(answer)}.")
    if not binds(answer, inputs):
        raise Stop("wrong", f"should take the arguments {', '.join(inputs)}, by these names.")


def _missing(answer):
    """Is this what an untouched stub leaves behind?"""
    return answer is None or answer is ...


NOT_ANSWERED = "not answered yet. Put your answer where it says YOUR CODE HERE, run that cell, then this one again."
NO_RESULT = f"{NOT_ANSWERED} (A function hands over its answer with `return`.)"


def _call(question, answer, inputs):
    try:
        result = answer(**copy.deepcopy(inputs))
    except Exception as error:
        line = error.line if hasattr(error, "line") else their_line(error, answer)
        where = f"\n  in your line  {line}" if line else ""
        raise Stop("error", f"it raised {type(error).__name__}: {error}{where}\n  for {_show_inputs(inputs)}") from None
    if _missing(result):
        raise Stop("not-answered", NO_RESULT if isinstance(question, Function) else NOT_ANSWERED)
    return result


def _same_form(given, expected):
    """Stop unless the answer is made of numbers, in the shape that is asked for."""
    if isinstance(expected, tuple):
        if not isinstance(given, tuple | list) or len(given) != len(expected):
            raise Stop("wrong", f"should give {len(expected)} results, one after the other, but gives {_kind(given)}.")
        for each, right in zip(given, expected, strict=True):
            _same_form(each, right)
        return
    if isinstance(expected, str):
        if not isinstance(given, str):
            raise Stop("wrong", f"should give a text, but gives {_kind(given)}.")
        return
    array = _numbers(given)
    if array is None:
        raise Stop("wrong", f"should give {_kind(expected)}, but gives {_kind(given)}.")
    if array.shape != np.shape(expected):
        raise Stop("wrong", f"has the shape {array.shape}, but should have {np.shape(expected)}.")


def _numbers(value):
    """As a float array, or None for what holds anything but numbers: a text, a truth value, a ragged list."""
    try:
        array = np.asarray(value)
        return array.astype(float) if array.dtype.kind in "iuf" else None
    except (TypeError, ValueError):
        return None


def agree(given, expected, tolerance):
    """Is an answer of the right form also right, within `tolerance` = (relative, absolute)?"""
    if isinstance(expected, tuple):
        return all(agree(each, right, tolerance) for each, right in zip(given, expected, strict=True))
    if isinstance(expected, str):
        return given.strip().lower() == expected
    rtol, atol = tolerance
    return np.allclose(_numbers(given), expected, rtol=rtol, atol=atol)


def _absolute(question, inputs):
    return question.tolerance(**inputs) if question.tolerance else question.atol


def _explain(question, answer, cases, given, expected, tolerances):
    """Stop with the best that can be said of a wrong answer."""
    for mistake in question.mistakes:
        wrong = (mistake.answer(**copy.deepcopy(inputs)) for inputs in cases)
        if all(map(agree, given, wrong, tolerances)):  # most mistakes are ruled out by the first case
            raise Stop("wrong", f"not yet. {mistake.hint}", mistake.name)
    at = next(i for i in range(len(cases)) if not agree(given[i], expected[i], tolerances[i]))
    both = f"  yours:    {_show(given[at])}\n  expected: {_show(expected[at])}"
    message = f"not yet.\n  For {_show_inputs(cases[at])}\n{both}"
    for rule in question.properties:
        if not holds(rule, answer):
            raise Stop("wrong", f"{message}\n  What should hold, and does not: {rule.name}.", rule.name)
    raise Stop("wrong", message)


def holds(rule, answer):
    """Does a function have a property? One that raises has not."""
    try:
        return bool(rule.holds(answer))
    except Exception:
        return False


# --- Letters and samples ----------------------------------------------------------------------------------------------


def _choice(exercise, question, answer):
    letters = question.letters(exercise)
    if _missing(answer) or (isinstance(answer, str) and not answer.strip()):
        raise Stop("not-answered", "not answered yet. Put a letter, in quotes, in the place of the three dots.")
    letter = answer.strip().lower() if isinstance(answer, str) else answer
    if not isinstance(answer, str) or letter not in letters:
        raise Stop("wrong", f"should be one of the letters {', '.join(letters)} in quotes, but is {_kind(answer)}.")
    if letter in question.feedback:
        raise Stop("wrong", f"not yet. {question.feedback[letter]}", letter)


def _draws(question, data, answer):
    draws = _numbers(answer)
    if draws is None:
        raise Stop("wrong", f"should be an array of draws, but is {_kind(answer)}.")
    mean, sd = question.exact(**data)
    shape = ("chains", "draws", *np.shape(mean))
    if draws.ndim != len(shape) or draws.shape[2:] != np.shape(mean) or draws.shape[0] < 2 or draws.shape[1] < 100:
        wanted = f"({', '.join(map(str, shape))}), with at least 2 chains of 100 draws"
        raise Stop("wrong", f"has the shape {draws.shape}, but should have {wanted}.")
    if not np.isfinite(draws).all():
        raise Stop("wrong", "holds values that are not finite.")
    found, error, rhat, ess = _summary(draws)
    error = np.minimum(error, sd / 2)  # the error of draws with heavy tails would have room for any truth
    right = agree(found, (mean, sd), (0, error))
    if right and rhat < 1.01 and ess >= question.min_ess:
        return
    for mistake in question.mistakes if not right else ():  # few draws agree with much, the truth included
        if agree(found, mistake.answer(**data), (0, error)):
            raise Stop("wrong", f"not yet. {mistake.hint}", mistake.name)
    if rhat >= 1.01 or ess < question.min_ess:
        rule = f"R-hat must be below 1.01, the effective sample size at least {question.min_ess}"
        raise Stop("wrong", f"not to be trusted yet: {rule}, but they are {rhat:.3f} and {ess:.0f}.", "diagnostics")
    both = f"  mean and SD, yours:    {_show(found)}\n  expected (± {_show(error)}): {_show((mean, sd))}"
    raise Stop("wrong", f"not yet.\n{both}")


def _summary(draws):
    """((mean, sd), 4 Monte Carlo standard errors of either, the worst R-hat, the lowest effective sample size)."""
    import arviz as az

    columns = draws.reshape(*draws.shape[:2], -1)

    def each(function, **options):
        return np.array([float(function(columns[:, :, k], **options)) for k in range(columns.shape[2])])

    ess, rhat = each(az.ess, method="bulk"), each(az.rhat)
    error = 4 * np.maximum(each(az.mcse, method="mean"), each(az.mcse, method="sd")).reshape(draws.shape[2:])
    return (draws.mean(axis=(0, 1)), draws.std(axis=(0, 1))), error, rhat.max(), ess.min()


# --- In words ---------------------------------------------------------------------------------------------------------


def _kind(value):
    """What a value is, in a few words."""
    if isinstance(value, tuple | list):
        return f"{len(value)} values in a {type(value).__name__}"
    if isinstance(value, str | bool):
        return f"{type(value).__name__} {str(value)[:40]!r}"
    array = _numbers(value)
    if array is None:
        return f"a {type(value).__name__}"
    return f"an array of shape {array.shape}" if array.ndim else "a number"


def _show_inputs(inputs):
    return ", ".join(f"{name} = {_show(value)}" for name, value in inputs.items())


def _show(value):
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_show, value)) + ")"
    if _numbers(value) is None:
        return str(value)[:60]
    return np.array2string(np.asarray(value), precision=6, threshold=12, edgeitems=3, separator=", ").replace("\n", "")
