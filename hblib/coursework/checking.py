"""`check`: what a student runs below an answer; and `judge`, which decides."""

import copy
import difflib
import inspect
import re
import sys
import textwrap
import time
import unicodedata
import warnings
from dataclasses import dataclass

import numpy as np

from hblib.coursework import drawn, graded, relations, source
from hblib.coursework.calling import arguments, error_parts
from hblib.coursework.forms import plain
from hblib.coursework.questions import Choice, Draws, Function, Value

WIDTH = 80  # columns of what a check says; where something else wraps the lines, as a page does, it may be huge
SEEDS = range(5)  # of the fresh inputs that `check` tries, beside those that it may show


def exercise(name):
    """The check of an exercise: `check("question")`, or `check()` for all of them.

    It prints what it found, and never raises because of an answer.

    >>> check = exercise("01-hospitals")
    >>> check("shrink")
    … shrink: not defined yet. Run the code that defines it first.
    >>> check("shrunk")
    There is no question 'shrunk' here. Did you mean check("shrink")?
    """
    name = source.named(name)
    notebook = sys._getframe(1).f_globals

    def check(*names):
        questions = source.load(name).questions
        for each in names:
            if not isinstance(each, str) or each not in questions:
                print(_unknown(each, questions))
                return
        tell(_where(notebook, sys._getframe(1).f_globals, questions), source.load(name), names)

    return check


def tell(answers, exercise, names=(), clock=time.perf_counter):
    """Print what the answers to these questions are worth, or to all and their sum; return the verdicts."""
    verdicts = []
    for question in [exercise.questions[each] for each in names] or exercise.questions.values():
        began = clock()
        verdicts.append(judge_in(answers, exercise, question))
        print(verdicts[-1].text)
        for note in graded.notes(exercise, question, answers, verdicts[-1], clock() - began):
            print(_wrap(f"  {note}"))
    if not names:
        print(f"{sum(v.points for v in verdicts):g} of {sum(q.points for q in exercise.questions.values())} points")
    return verdicts


def _where(notebook, caller, questions):
    """The names to look for answers among: of the notebook that made the check, or else of who calls it."""
    main = vars(sys.modules["__main__"])
    return next((names for names in (notebook, caller, main) if any(each in names for each in questions)), caller)


def _unknown(name, questions):
    """What to say if `check` was called with what is no question's name."""
    if isinstance(name, list | tuple):
        some = ", ".join(f'"{each}"' for each in name if isinstance(each, str) and each in questions)
        return f"Write the names one after the other, without brackets: check({some})"
    if not isinstance(name, str):
        own = getattr(name, "__name__", "")
        like = own if own in questions else next(iter(questions))
        return f'Write the name of a question in quotes, as in check("{like}").'
    near = difflib.get_close_matches(name.strip(), questions, 1, cutoff=0.5)
    more = f'Did you mean check("{near[0]}")?' if near else f"The questions are: {', '.join(questions)}."
    return f"There is no question {name!r} here. {more}"


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
        return "\n".join(map(_wrap, f"{sign} {self.question}: {self.message}".split("\n")))


def _wrap(line):
    return textwrap.fill(line, WIDTH, subsequent_indent="    ")


class Stop(Exception):
    """Ends the judging of an answer, with the verdict."""

    def __init__(self, outcome, message, found="", share=0.0):
        super().__init__(message)
        message = message.removesuffix(".") if message.endswith("?.") else message  # a question has its own end
        self.outcome, self.message, self.found, self.share = outcome, message, found, share


def judge_in(answers, exercise, question):
    """The verdict on the answer to `question` among `answers`, the names of a notebook."""
    if question.name not in answers:
        message = "not defined yet. Run the code that defines it first."
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
    remark = None
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            if isinstance(question, Choice):
                _choice(exercise, question, plain(answer))
            elif isinstance(question, Draws):
                for inputs in cases:
                    _draws(question, inputs, _call(question, answer, inputs))
            else:
                remark = _computed(exercise, question, answer, cases)
    except Stop as stop:
        points = question.points * stop.share
        return Verdict(question.name, stop.outcome, points, stop.message, stop.found)
    message = f"right. {question.points} of {question.points} points."
    if remark:
        edge, seen = remark
        message += (
            f"\n  A remark, which costs no points. The task does not mention it, but it goes wrong for {edge.hint}"
        )
        return Verdict(question.name, "correct", question.points, f"{message}{seen}", edge.name)
    return Verdict(question.name, "correct", question.points, message)


# --- Computed answers -------------------------------------------------------------------------------------------------


def _computed(exercise, question, answer, cases):
    """Stop unless the answer is right; return the `Edge` that it fails without being told in the task, if any, and
    what is seen there."""
    order = _order(exercise, question)
    _is_function(answer, order(cases[0]))
    expected = [question.expected(exercise, copy.deepcopy(inputs)) for inputs in cases]
    answered = [_call(question, answer, order(inputs)) for inputs in cases]
    tolerances = [(question.rtol, question.absolute(inputs)) for inputs in cases]
    answered = [_in_form(*each) for each in zip(answered, expected, tolerances, strict=True)]
    if not all(map(agree, answered, expected, tolerances)):
        _explain(question, _by_names(answer, order), cases, answered, expected, tolerances)
    seen = [(edge, _seen_at(exercise, question, answer, edge, order)) for edge in question.edges]
    failed = [(edge, what) for edge, what in seen if what is not None]
    for edge, what in failed:
        if edge.told:
            raise Stop("partial", f"right, but not in a special case: {edge.hint}{what}", edge.name, 0.5)
    return failed[0] if failed else None


def _seen_at(exercise, question, answer, edge, order):
    """None if an answer is right at an edge; else a line about its form or its error, "" if only numbers are wrong."""
    right, tolerance = question.expected(exercise, copy.deepcopy(edge.inputs)), question.absolute(edge.inputs)
    try:
        answered = _in_form(_call(question, answer, order(edge.inputs)), right, (question.rtol, tolerance))
    except Stop as stop:
        about = {"error": stop.message, "not-answered": "your function gives nothing."}
        return f"\n  There {about.get(stop.outcome, f'your answer {stop.message}')}"
    return None if agree(answered, right, (question.rtol, tolerance)) else ""


def _order(exercise, question):
    """A function that puts inputs in the order of the task's signature, for who calls the arguments by other names."""
    if not isinstance(question, Function):
        return dict
    names = list(inspect.signature(exercise.namespace[question.name]).parameters)
    return lambda inputs: dict(sorted(inputs.items(), key=lambda item: names.index(item[0])))


def _by_names(answer, order):
    """An answer that takes its arguments by the names of the task, whatever it calls them, and gives plain data."""

    def renamed(*placed, **inputs):
        args, kwargs = (placed, inputs) if placed else arguments(answer, order(inputs))
        return plain(answer(*args, **kwargs))

    return renamed


def _is_function(answer, inputs):
    if _missing(answer):
        raise Stop("not-answered", NOT_ANSWERED)
    if not callable(answer):
        raise Stop("wrong", f"should be a function, but is {_kind(plain(answer))}.")
    if arguments(answer, inputs) is None:
        raise Stop("wrong", f"should take the arguments {', '.join(inputs)}, by these names.")


def _missing(answer):
    """Is this what an untouched stub leaves behind?"""
    return answer is None or answer is ...


NOT_ANSWERED = "not answered yet. Put your answer where it says YOUR CODE HERE, run it, and check again."
NO_RESULT = f"{NOT_ANSWERED} (A function hands over its answer with `return`.)"


def _call(question, answer, inputs):
    try:
        args, kwargs = arguments(answer, copy.deepcopy(inputs))
        result = plain(answer(*args, **kwargs))
    except BaseException as error:  # it may raise anything; and who stops an endless loop wants no traceback of ours
        kind, message, line = error_parts(error, answer)
        where = f"\n  in your line  {line}" if line else ""
        raised = f"it raised {kind}: {message}" if kind else f"it {message}"
        if kind == "KeyboardInterrupt":
            raised = "it was interrupted (KeyboardInterrupt). A loop that does not end?"
        hint = next((hint for words, hint in SLIPS if words in message), "")
        raised = f"{raised.rstrip('.')}. {hint}" if hint else raised
        raise Stop("error", f"{raised}{where}\n  for {_show_inputs(inputs)}") from None
    if _missing(result):
        raise Stop("not-answered", NO_RESULT if isinstance(question, Function) else NOT_ANSWERED)
    return result


# What Python says of a slip of the pen, and what it was
SLIPS = (
    ("ufunc 'bitwise_xor' not supported", "A power is written with two stars, `**`, and not with `^`."),
    ("type(s) for ^", "A power is written with two stars, `**`, and not with `^`."),
    (
        "numpy boolean subtract",
        "True and False cannot be subtracted. Take averages first, or make numbers of them with `.astype(int)`.",
    ),
    (
        "truth value of a",
        "`if`, `max` and `min` want one number. For each number of an array there are `np.where`, `np.maximum` and "
        "`np.minimum`.",
    ),
    (
        "arrays can be converted to",
        "One number is wanted there, and not an array. NumPy and `scipy.special` have what Python's `math` has, for "
        "arrays.",
    ),
    ("object is not callable", "Is a sign such as `*` or `/` missing before a bracket?"),
)


def _in_form(answered, expected, tolerance):
    """The answer in the form of what is expected; stop if it is not made of numbers in the shape that is asked for."""
    if isinstance(expected, tuple):
        layouts = _results(answered, len(expected), np.shape(expected[0]))
        if not layouts:
            names = "abcdefgh"[: len(expected)]
            wanted = f"should give {len(expected)} results, as in `return {', '.join(names)}`"
            raise Stop("wrong", f"{wanted}, but gives {_kind(answered)}.")
        tried = [
            tuple(_in_form(each, right, tolerance) for each, right in zip(layout, expected, strict=True))
            for layout in layouts
        ]
        return next((each for each in tried if agree(each, expected, tolerance)), tried[0])
    if isinstance(expected, str):
        if not isinstance(answered, str):
            raise Stop("wrong", f"should give a text, but gives {_kind(answered)}.")
        return answered
    array = _numbers(answered)
    if array is None:
        raise Stop("wrong", f"should give {_kind(expected)}, but gives {_kind(answered)}{_among(answered)}.")
    shape = np.shape(expected)
    if array.shape != shape and np.squeeze(array).shape == np.squeeze(np.empty(shape)).shape:
        array = array.reshape(shape)  # one number in an array, a column for a row
    if array.shape != shape:
        hint = _about_shapes(array, expected, tolerance)
        raise Stop("wrong", f"has the shape {array.shape}, but should have {shape}.{hint}")
    return array


def _about_shapes(answered, expected, tolerance):
    """What may have happened where an answer has another shape, to somebody who is new to arrays.

    >>> _about_shapes(np.array(2.0), np.ones(4), (0, 0)), _about_shapes(np.ones(4), np.array(2.0), (0, 0))
    (' One number, where an array of 4 is wanted.', ' An array of 4, where one number is wanted.')
    >>> _about_shapes(np.ones(4), np.array(4.0), (0, 0)), _about_shapes(np.ones(4), np.ones(3), (0, 0))
    (' The sum of yours would be right.', '')
    """
    wanted = np.shape(expected)
    if answered.T.shape == wanted:
        return " Have rows and columns changed places?"
    if wanted == () and answered.size > 1 and agree(answered.sum(), expected, tolerance):
        return " The sum of yours would be right."
    if answered.shape == () and len(wanted) == 1:
        return f" One number, where an array of {wanted[0]} is wanted."
    if wanted == () and answered.ndim == 1:
        return f" An array of {answered.size}, where one number is wanted."
    return ""


def _results(answered, count, shape):
    """The ways to read an answer as several results: they stand one after the other, or in the columns of a table."""
    layouts = [answered] if isinstance(answered, tuple | list) and len(answered) == count else []
    array = _numbers(answered)
    if array is not None and array.ndim > len(shape):
        layouts += [tuple(array)] if array.shape[0] == count and not layouts else []
        layouts += [tuple(np.moveaxis(array, -1, 0))] if shape and array.shape == (*shape, count) else []
    return layouts


def _numbers(value):
    """As a float array, or None for what holds anything but numbers: a text, a truth value, a ragged list."""
    try:
        array = np.asarray(value)
        return array.astype(float) if array.dtype.kind in "iuf" else None
    except (TypeError, ValueError):
        return None


def agree(answered, expected, tolerance):
    """Is an answer of the right form also right, within `tolerance` = (relative, absolute)?"""
    if isinstance(expected, tuple):
        return all(agree(each, right, tolerance) for each, right in zip(answered, expected, strict=True))
    if isinstance(expected, str):
        return answered.strip().lower() == expected
    rtol, atol = tolerance
    return np.allclose(_numbers(answered), expected, rtol=rtol, atol=atol)


def _explain(question, answer, cases, answered, expected, tolerances):
    """Stop with the best that can be said of a wrong answer."""
    for mistake in question.mistakes:
        if any(_made(variant, mistake, cases, answered, tolerances) for variant in (mistake.answer, *mistake.family)):
            raise Stop("wrong", f"not yet. {mistake.hint}", mistake.name)
    found = relations.explain(cases, answered, expected, tolerances)
    at = found.at if found else None
    if at is None:
        at = next(i for i in range(len(cases)) if not agree(answered[i], expected[i], tolerances[i]))
    yours, wanted = (_show(_rounded(value, tolerances[at][0])) for value in (answered[at], expected[at]))
    both = f"  For {_show_inputs(cases[at])}\n  yours:    {yours}\n  expected: {wanted}"
    if found and not found.weak:
        raise Stop("wrong", f"not yet. {found.hint}\n{both}", found.name)
    message = f"not yet.{' ' + found.hint if found else ''}\n{both}"
    for rule in question.properties:
        if holds(rule, answer) is False:
            raise Stop("wrong", f"{message}\n  What should hold, and does not: {rule.name}.", rule.name)
    raise Stop("wrong", message, found.name if found else "")


def _made(variant, mistake, cases, answered, tolerances):
    """Did the answer come about by this variant of a mistake? Most are ruled out by the first case."""
    for inputs, each, (rtol, atol) in zip(cases, answered, tolerances, strict=True):
        wrong = variant(**copy.deepcopy(inputs))
        own = (rtol if mistake.rtol is None else mistake.rtol, atol if mistake.atol is None else mistake.atol)
        if not agree(each, wrong, own):
            return False
    return True


def holds(rule, answer):
    """Does a function have a property? None if it raises: then the property says nothing about it."""
    try:
        return bool(rule.holds(answer))
    except BaseException:
        return None


# --- Letters and samples ----------------------------------------------------------------------------------------------


LETTER = re.compile(r"\W*(?:(?:answer|choice|option|letter)\W+)?([a-z])(?:\W*|[.):]\W*\s.*)", re.DOTALL)


LOOKS = str.maketrans("\u0430\u0441\u0435\u0410\u0421\u0415", "aceACE")  # Cyrillic letters that look like these


def _choice(exercise, question, answer):
    letters = question.letters(exercise)
    if _missing(answer) or (isinstance(answer, str) and not answer.strip()):
        raise Stop("not-answered", "not answered yet. Put a letter, in quotes, in place of the three dots.")
    # The right letter may have come from a keyboard set to another script.
    typed = unicodedata.normalize("NFKC", answer).translate(LOOKS) if isinstance(answer, str) else ""
    found = LETTER.fullmatch(typed.strip().lower())
    letter = found[1] if found else None
    if letter not in letters:
        among = f"should be one of the letters {', '.join(letters)} in quotes, as they stand before the choices"
        raise Stop("wrong", f"{among}, but is {_kind(answer)}.")
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
    if (np.ptp(draws, axis=(0, 1)) == 0).any():
        raise Stop("wrong", "is no sample: all draws are the same number.")
    found = drawn.summary(draws, lambda x: question.cdf(x, **data), mean, sd)
    limit = drawn.rhat_limit(max(found.ess, question.min_ess), len(draws))
    trusted = found.rhat < limit and found.ess >= question.min_ess
    if found.right and trusted:
        return
    for mistake in question.mistakes if not found.right else ():  # few draws agree with much, the truth included
        wrong = mistake.answer(**data)
        if agree(found.moments, wrong, (0, found.error * np.maximum(1, wrong[1] / sd))):
            raise Stop("wrong", f"not yet. {mistake.hint}", mistake.name)
    if not trusted:
        rule = f"R-hat must be below {limit:.3g}, the effective sample size at least {question.min_ess}"
        raise Stop(
            "wrong", f"not to be trusted yet: {rule}, but they are {found.rhat:.3f} and {found.ess:.0f}.", "diagnostics"
        )
    if agree(found.moments, (mean, sd), (0, found.error)):
        near = "Mean and SD are within the error of so many draws"
        raise Stop("wrong", f"not yet. {near}, but the draws are not spread as the posterior is.", "shape")
    both = f"  mean and SD, yours:    {_show(found.moments)}\n  expected (± {_show(found.error)}): {_show((mean, sd))}"
    raise Stop("wrong", f"not yet.\n{both}")


# --- In words ---------------------------------------------------------------------------------------------------------


def _kind(value):
    """What a plain value is, in a few words.

    >>> _kind([1.5]), _kind(True), _kind("b"), _kind(np.ones(2, bool)), _kind(plain({1, 2}))
    ('1 value in a list', 'True', "the text 'b'", 'an array of True and False', 'a set, which has no order')
    """
    if isinstance(value, tuple | list):
        return f"{len(value)} value{'s' * (len(value) != 1)} in a {type(value).__name__}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, bool):
        return str(value)
    array = _numbers(value)
    if array is not None:
        return f"an array of shape {array.shape}" if array.ndim else "a number"
    if isinstance(value, np.ndarray):
        return "an array of True and False"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}{HOW_TO.get(name, '')}"


def _among(value):
    """Names the first truth value or text in a list: it is why the list is no array of numbers.

    >>> _among([0.5, True]), _among(["b"]), _among([0.5])
    (', among them True', ", among them the text 'b'", '')
    """
    odd = [each for each in value if isinstance(each, bool | str)] if isinstance(value, tuple | list) else []
    return f", among them {_kind(odd[0])}" if odd else ""


HOW_TO = {
    **dict.fromkeys(("generator", "zip", "map", "filter", "dict_values"), " (put list(…) around it)"),
    **dict.fromkeys(("coroutine", "async_generator"), " (leave out `async`)"),
    **dict.fromkeys(("set", "frozenset"), ", which has no order"),
    **dict.fromkeys(("function", "method", "builtin_function_or_method"), "; is it called, with ()?"),
    "dict": "; give its values, without the names",
    "MaskedArray": " in which values are masked: which number belongs there?",
}


def _show_inputs(inputs):
    return ", ".join(f"{name} = {_show(value)}" for name, value in inputs.items())


def _rounded(value, rtol):
    """Numbers with the digits that a question asks for and two more: what a search finds has hardly more in common with
    what the same search finds on another machine.

    >>> _rounded((5.882408, np.array([104.302086, 0.0])), 0.01)
    (array(5.882), array([104.3,   0. ]))
    >>> _rounded(5.882408, 1e-5), _rounded("a", 0.01)
    (5.882408, 'a')
    """
    if isinstance(value, tuple):
        return tuple(_rounded(each, rtol) for each in value)
    numbers = _numbers(value)
    if rtol <= 1e-5 or numbers is None or np.asarray(value).dtype.kind != "f":
        return value
    digits = 1 - int(np.floor(np.log10(rtol)))  # after the first
    return np.array([float(f"{number:.{digits}e}") for number in numbers.ravel()]).reshape(numbers.shape)


def _show(value):
    """A value in one line.

    >>> _show(np.eye(3, dtype=bool)), _show(np.ones(20, dtype=bool))
    ('[[ True, False, False], [False, True, False], [False, False, True]]', '[ True, True, ..., True, True]')
    """
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_show, value)) + ")"
    if hasattr(value, "data_vars"):  # a data set of xarray, whose own text begins with its size
        return "{" + ", ".join(f"{name}: {_show(each.values)}" for name, each in value.items()) + "}"
    if _numbers(value) is None:
        if isinstance(value, np.ndarray):
            return " ".join(np.array2string(value, threshold=12, edgeitems=2, separator=", ").split())
        return str(value)[:60]
    return np.array2string(np.asarray(value), precision=6, threshold=12, edgeitems=3, separator=", ").replace("\n", "")
