"""What can be said of a wrong answer that no list foresaw: how it relates to the right one.

Each relation comes with what undoes it. If an answer is right once it is undone, for all inputs that were tried, then
the sentence about it is true, whatever the student did: it says what was found, and guesses at the reason in a
question. Numbers that could agree by chance (a few small whole numbers) are no evidence.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

import numpy as np

ORDINALS = "first", "second", "third", "fourth", "fifth"
CLOSE = 0.02  # relative: nearer than that, an answer is close
VERY_CLOSE = 1e-3  # the same, where some cases are right in all digits
# How near a relation must come, relatively. Who rounds to n digits is off by 5 in the digit behind them at most, 5e-n.
SIX_DIGITS, FOUR_DIGITS, THREE_DIGITS = 1e-5, 5e-4, 5e-3  # the first: what a question forgives unless it says so
SAME = 1e-9  # what two ways of computing one number may differ by, when both keep all digits
ENOUGH = 3  # different numbers: a relation that all of them share is no chance
PLACES = range(7)  # decimal places that an answer may have been rounded to: as many as the digits that are asked for


@dataclass(frozen=True)
class Found:
    """A relation: its name, a sentence for the student, and the number of a case that shows it.

    A weak one leaves room for a property to explain more.
    """

    name: str
    hint: str
    weak: bool = False
    at: int | None = None


class Case(NamedTuple):
    """One result for one set of inputs."""

    answered: np.ndarray
    expected: np.ndarray
    rtol: float
    atol: float
    inputs: dict


@dataclass(frozen=True)
class Part:
    """One result over all cases."""

    rows: tuple[Case, ...]

    def right(self, undo=lambda answered, inputs: answered):
        """Is it right in every case after `undo`, which may say None where it cannot be applied?"""
        for answered, expected, rtol, atol, inputs in self.rows:
            undone = undo(answered, inputs)
            if undone is None or np.shape(undone) != np.shape(expected):
                return False
            if not np.allclose(undone, expected, rtol=rtol, atol=atol):
                return False
        return True

    def sharp(self, limit):
        """The same with a relative tolerance of `limit` at most, where the question's own forgives more."""
        return Part(tuple(row._replace(rtol=min(row.rtol, limit), atol=min(row.atol, limit)) for row in self.rows))

    def evidence(self):
        """Are the wrong entries enough, and uneven enough, that no relation would hold by chance?"""
        wrong = [e[~np.isclose(g, e, rtol=r, atol=a)] for g, e, r, a, _ in self.rows]
        values = np.unique([float(f"{value:.6g}") for value in np.concatenate([each.ravel() for each in wrong])])
        uneven = np.abs(values * 100 - np.round(values * 100)) > 1e-4  # with more than two decimal places
        # one such number is evidence, unless the question forgives so much that another would do as well
        return len(values) >= ENOUGH or (uneven.any() and max(row.rtol for row in self.rows) < 1e-4)


def explain(cases, answered, expected, tolerances):
    """The `Found` that says most about a wrong answer, or None. All answers have the form of what is expected."""
    count = len(expected[0]) if isinstance(expected[0], tuple) else 1
    if count > 1:
        parts = [_part(cases, answered, expected, tolerances, k, k) for k in range(count)]
    else:
        parts = [_part(cases, [(g,) for g in answered], [(e,) for e in expected], tolerances, 0, 0)]
    if None in parts:
        return None
    several = 1 < count <= len(ORDINALS) and any(part.evidence() for part in parts)
    if several and (found := _another_order(cases, answered, expected, tolerances)):
        return found
    wrong = [k for k, part in enumerate(parts) if not part.right()]
    for k in wrong:
        if found := _relation(parts[k]):
            where = f"In the {ORDINALS[k]} of your {count} results: " if 1 < count <= len(ORDINALS) else ""
            return Found(found.name, where + found.hint, found.weak, _shows(parts[k], found))
    if 1 < count <= len(ORDINALS) and len(wrong) < count:
        right = " and the ".join(ORDINALS[k] for k in range(count) if k not in wrong)
        others = " and the ".join(ORDINALS[k] for k in wrong)
        verb = "is" if len(wrong) == count - 1 else "are"
        return Found("in part", f"Of your {count} results the {right} {verb} right; look at the {others}.", weak=True)
    return None


def _shows(part, found):
    """The number of the first case in which this result is wrong, or in which it is not finite, if that was found."""
    if found.name == "not finite":
        return next(i for i, row in enumerate(part.rows) if not np.isfinite(row.answered).all())
    return next(i for i, row in enumerate(part.rows) if not Part((row,)).right())


def _part(cases, answered, expected, tolerances, mine, theirs):
    rows = []
    for inputs, g, e, (rtol, atol) in zip(cases, answered, expected, tolerances, strict=True):
        try:
            rows.append(Case(np.asarray(g[mine], dtype=float), np.asarray(e[theirs], dtype=float), rtol, atol, inputs))
        except (TypeError, ValueError):
            return None
        if rows[-1].answered.shape != rows[-1].expected.shape:
            return None
    return Part(tuple(rows))


def _another_order(cases, answered, expected, tolerances):
    count = len(expected[0])
    for order in permutations(range(count)):
        if order == tuple(range(count)):
            continue
        parts = [_part(cases, answered, expected, tolerances, mine, theirs) for theirs, mine in enumerate(order)]
        if None not in parts and all(part.right() for part in parts):
            return Found("order of the results", "Your results are right, but in another order than the task wants.")
    return None


def _relation(part):
    answered = np.concatenate([row.answered.ravel() for row in part.rows])
    expected = np.concatenate([row.expected.ravel() for row in part.rows])
    if not np.isfinite(answered).all():
        if np.isfinite(expected).all():
            what = "nan" if np.isnan(answered).any() else "inf"
            hint = (
                f"Your answer holds {what}. Is something divided by 0, a logarithm or root taken where none exists, or "
                "a quantile for a probability that is no number between 0 and 1?"
            )
            return Found("not finite", hint)
        return None
    if found := _constant(part):
        return found
    if part.evidence():
        # 1.96 times is not twice, although a question that forgives 2 per cent takes one for the other. And what a
        # question forgives is more than many a factor changes, so that some factor would nearly always fit. So the
        # sharpest agreement is looked for first, and the coarser it is the fewer relations may explain the answer.
        fine = (*_with_inputs(part), *_with_sizes(part))
        levels = (
            (SIX_DIGITS, (*RELATIONS, *fine, *_fitted(answered, expected, digits=6))),
            (FOUR_DIGITS, (*RELATIONS, *fine, *_fitted(answered, expected, digits=3))),
            (THREE_DIGITS, (*RELATIONS, *fine)),
            (np.inf, RELATIONS),
        )
        for limit, tried in levels:
            exact = part.sharp(limit)
            with np.errstate(all="ignore"):
                for name, undo, hint in tried:
                    if exact.right(undo):
                        return Found(name, hint)
    # An approximation may come near enough in some cases by chance. Where some are right in all digits, and others not
    # even to three, there is rather a slip that some inputs hide.
    exact = any(Part((row,)).sharp(SAME).right() for row in part.rows)
    return (
        _rounded(answered, expected)
        or _close(part, answered, expected, VERY_CLOSE if exact else CLOSE)
        or _in_some(part)
    )


# --- Whatever the question --------------------------------------------------------------------------------------------

_BY_EXP = "Your answer is the logarithm of what is asked. Is it one logarithm too many?"
_BY_LOG = "Your answer is e to the power of what is asked. Is a logarithm missing?"


def _expit(answered, _):
    return answered / (1 + answered)


# (name, (answered, inputs) -> what it would be if undone, the sentence)
RELATIONS = (
    ("per cent", lambda g, _: g / 100, "Your answer is 100 times what is asked. Is it in per cent?"),
    ("a hundredth", lambda g, _: g * 100, "Your answer is a hundredth of what is asked. In which unit is it asked?"),
    ("sign", lambda g, _: -g, "Your answer has the wrong sign. What is subtracted from what?"),
    ("one minus", lambda g, _: 1 - g, "Your answer is 1 minus what is asked. Is it the other side, the other tail?"),
    (
        "square",
        lambda g, _: np.sqrt(g),
        "Your answer is the square of what is asked. A variance, where a standard deviation belongs?",
    ),
    (
        "root",
        lambda g, _: np.where(g >= 0, g**2, np.nan),
        "Your answer is the square root of what is asked. A standard deviation, where a variance belongs?",
    ),
    ("logarithm", lambda g, _: np.exp(g), _BY_EXP),
    ("exponential", lambda g, _: np.log(g), _BY_LOG),
    ("reciprocal", lambda g, _: 1 / g, "Your answer is 1 divided by what is asked. What belongs above the line?"),
    ("odds", _expit, "Your answer is p / (1 - p), the odds, where p itself is asked."),
    (
        "log odds",
        lambda g, _: 1 / (1 + np.exp(-g)),
        "Your answer is the logit of what is asked. Is it on another scale?",
    ),
    ("the scale of logits", lambda g, _: np.log(g / (1 - g)), "Your answer is the inverse logit of what is asked."),
    (
        "reversed",
        lambda g, _: g[::-1] if g.ndim else None,
        "Right, but in the reverse order. First comes what is first in the inputs.",
    ),
    ("transposed", lambda g, _: g.T if g.ndim > 1 else None, "Right, but rows and columns have changed places."),
    ("twice", lambda g, _: g / 2, "Your answer is twice what is asked."),
    ("half", lambda g, _: g * 2, "Your answer is half of what is asked."),
)


def _with_inputs(part):
    """Relations to each argument that is a number, or one number for each in the answer."""
    for name in part.rows[0].inputs:
        if any(_numeric(row.inputs[name], row.expected.shape) is None for row in part.rows):
            continue
        for power, words in ((1, "`{}`"), (0.5, "the square root of `{}`"), (2, "the square of `{}`")):

            def factor(answered, inputs, name=name, power=power):
                return _numeric(inputs[name], answered.shape) ** power

            what = words.format(name)
            yield f"times {name}", lambda g, i, f=factor: g / f(g, i), f"Your answer is what is asked, times {what}."
            yield f"by {name}", lambda g, i, f=factor: g * f(g, i), f"Your answer is what is asked, divided by {what}."

        def value(answered, inputs, name=name):
            return _numeric(inputs[name], answered.shape)

        yield f"plus {name}", lambda g, i, f=value: g - f(g, i), f"Your answer is what is asked, plus `{name}`."
        yield f"minus {name}", lambda g, i, f=value: g + f(g, i), f"Your answer is what is asked, minus `{name}`."


def _numeric(value, shape):
    """An argument as floats, if it is a number or has one for each number of the answer; else None."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return array if array.shape in ((), shape) else None


def _with_sizes(part):
    """Relations to the length of each argument: sums for means, and the divisor of a variance."""
    for name, argument in part.rows[0].inputs.items():
        for axis in range(len(np.shape(argument))):
            if any(
                len(np.shape(row.inputs[name])) <= axis or np.shape(row.inputs[name])[axis] < 3 for row in part.rows
            ):
                continue

            def size(inputs, name=name, axis=axis):
                return np.shape(inputs[name])[axis]

            J = (
                f"J, the length of `{name}`"
                if len(np.shape(argument)) == 1
                else f"J, the length of `{name}`'s axis {axis}"
            )
            for title, factor, words in SIZES:
                yield title, lambda g, i, n=size, f=factor: g / f(n(i)), f"Your answer is what is asked, {words} ({J})."


DIVISOR = " Does a variance divide by J where it should divide by J - 1, or the other way round?"
SIZES = (
    ("sum for mean", lambda n: n, "times J. A sum, where a mean belongs?"),
    ("mean for sum", lambda n: 1 / n, "divided by J. A mean, where a sum belongs?"),
    ("ddof", lambda n: n / (n - 1), f"times J / (J - 1).{DIVISOR}"),
    ("ddof", lambda n: (n - 1) / n, f"times (J - 1) / J.{DIVISOR}"),
    ("ddof", lambda n: np.sqrt(n / (n - 1)), f"times the root of J / (J - 1).{DIVISOR}"),
    ("ddof", lambda n: np.sqrt((n - 1) / n), f"times the root of (J - 1) / J.{DIVISOR}"),
    ("root of the number", lambda n: np.sqrt(n), "times the root of J."),
    ("root of the number", lambda n: 1 / np.sqrt(n), "divided by the root of J."),
)


def _fitted(answered, expected, digits):
    """A factor or a difference that is the same everywhere, as far as the digits that the hint gives of it."""
    if len(np.unique(np.round(expected, 9))) < ENOUGH:
        return

    def shown(number):
        return f"{float(f'{number:.{digits}g}'):.6g}"  # 1230 and not 1.23e+03

    factor = answered @ expected / (expected @ expected)
    if abs(factor) > 1e-6 and shown(factor) != "1":  # about 0 times, or once, would be nothing to tell
        yield "factor", lambda g, _: g / factor, f"Your answer is {shown(factor)} times what is asked, everywhere."
    apart = np.mean(answered - expected)
    more = "more" if apart > 0 else "less"
    yield (
        "difference",
        lambda g, _: g - apart,
        f"Your answer is {shown(abs(apart))} {more} than what is asked, everywhere.",
    )


def _constant(part):
    """Is the answer the same for all inputs, or one of them unchanged?"""
    firsts = [row.answered.ravel()[0] for row in part.rows if row.answered.size]
    varied = len({row.expected.ravel()[0].round(9) for row in part.rows if row.expected.size}) >= ENOUGH
    if varied and all(np.all(row.answered == firsts[0]) for row in part.rows):
        hint = "Your answer is the same number, whatever the inputs. Does it use what it is given?"
        if firsts[0] == 0:
            hint = f"{hint} (If it is cut off at 0: what is it before the cut?)"
        return Found("constant", hint)
    same = len({row.answered.shape for row in part.rows}) == 1 and all(
        np.array_equal(row.answered, part.rows[0].answered) for row in part.rows
    )
    if varied and same:
        return Found("constant", "Your answer is the same, whatever the inputs. Does it use what it is given?")
    for name in part.rows[0].inputs:
        values = [_numeric(row.inputs[name], row.expected.shape) for row in part.rows]
        if all(
            value is not None and value.shape == row.answered.shape and np.array_equal(value, row.answered)
            for value, row in zip(values, part.rows, strict=True)
        ):
            return Found(f"argument {name}", f"Your answer is `{name}` itself, unchanged.")
    return None


# --- Nearly right -----------------------------------------------------------------------------------------------------


def _rounded(answered, expected):
    """Are the digits of the answer right?"""
    varied = len(np.unique(answered)) >= ENOUGH or (len(answered) == 1 and np.abs(answered) >= 10)
    for places in PLACES if varied else ():
        if np.allclose(answered, np.round(expected, places), rtol=0, atol=SAME):
            return Found("rounded", "The digits that you give are right, but the answer is rounded. Give all digits.")
        if places and np.allclose(answered, _significant(expected, places), rtol=SAME, atol=0):
            return Found("rounded", "The digits that you give are right, but the answer is rounded. Give all digits.")
    if varied and np.array_equal(answered, np.trunc(expected)):
        return Found("cut", "Your answer is cut to whole numbers. Is an array of integers filled, or // used?")
    return None


def _significant(values, digits):
    return np.array([float(f"{value:.{digits - 1}e}") for value in values])


def _in_some(part):
    """Is it right for some of the inputs?"""
    right = [Part((row,)).right() for row in part.rows]
    if not any(right) or all(right):
        return None
    if right[0] and sum(right) == 1 and len(right) > 2:
        hint = (
            f"Right for the example's inputs alone, and for none of the {len(right) - 1} others that were tried. Is "
            "anything typed in, or taken from the notebook's data? Or is there a slip which these inputs hide?"
        )
        return Found("the example alone", hint)
    hint = f"Right for {sum(right)} of the {len(right)} sets of inputs that were tried, but not for the one below."
    return Found("some inputs", hint, weak=True)


def _close(part, answered, expected, error):
    """Is everything within a small relative error?"""
    if np.all(np.abs(answered - expected) <= error * np.abs(expected)):
        off = np.max(np.abs(answered - expected) / np.where(expected == 0, 1, np.abs(expected)))
        rtol = max(row.rtol for row in part.rows)
        wanted = f"right to {int(np.ceil(1 - np.log10(2 * rtol)))} digits" if rtol else "nearer"  # so many always do
        hint = (
            f"Close, within {100 * off:.2g} %, but it should be {wanted}. If it is rounded, a simulation, a sum over a "
            "grid or an approximation, something more exact is wanted. If it is none of these, look for a slip that "
            "shows little in a number of this size."
        )
        return Found("close", hint)
    return None
