"""The kinds of questions, and how an author writes one.

A `Function` and a `Value` are answered by computing, and judged on fresh inputs; a `Choice` by a letter; `Draws` by a
sample from a posterior. The right answer is never written down here: it is what the solution computes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Mistake:
    """A wrong solution that people really write, as a function of the question's inputs, and the hint it earns.

    rtol, atol  how near an answer must come to it, where that is not the question's own tolerance
    family      other ways to make the same mistake, as functions like `answer` (other grids, say)
    """

    name: str
    answer: Callable
    hint: str
    rtol: float | None = None
    atol: float | None = None
    family: tuple[Callable, ...] = ()


@dataclass(frozen=True)
class Edge:
    """Inputs at the border of what is allowed, a careless solution that is wrong only there, and the hint it earns.

    told    the words of the task that announce the case. Who is wrong there earns half the points; where the task does
            not announce it, the hint is a remark beside full points.
    """

    name: str
    inputs: dict
    answer: Callable
    hint: str
    told: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Property:
    """Something that holds for every right function, whatever the inputs: `holds(f)` says whether it does for f."""

    name: str
    holds: Callable


@dataclass(frozen=True, kw_only=True)
class Computed:
    """What `Function` and `Value` share.

    name        the name that the student defines
    points      what a right answer earns
    case        rng -> {input: value}: fresh inputs
    mistakes    at least one `Mistake`; its answer takes the same inputs
    rtol, atol  an answer is right if |answer - expected| <= atol + rtol |expected|; a task that asks for fewer than
                six digits says so, and has an rtol that takes every answer which is right to these
    exact       inputs -> the expected answer, where the solution itself is random or slow
    tolerance   inputs -> atol, where it depends on the inputs (as a Monte Carlo error does)
    equivalent  {mutant: reason}: changes to the solution that change no answer, see tests/test_exercises.py
    """

    name: str = field(kw_only=False)
    points: int
    case: Callable
    mistakes: tuple[Mistake, ...]
    rtol: float = 1e-5
    atol: float = 1e-9
    exact: Callable | None = None
    tolerance: Callable | None = None
    equivalent: dict = field(default_factory=dict)

    def __post_init__(self):
        _require(self, bool(self.mistakes), "needs at least one mistake with its hint")

    def absolute(self, inputs):
        """How far an answer for these inputs may be off, whatever its size."""
        return self.tolerance(**inputs) if self.tolerance else self.atol


@dataclass(frozen=True, kw_only=True)
class Function(Computed):
    """The student writes a function.

    shown       the inputs that a message may show
    edges       `Edge`s: special cases, announced in the task or not
    properties  `Property`s, to explain a wrong answer with
    """

    shown: dict
    edges: tuple[Edge, ...] = ()
    properties: tuple[Property, ...] = ()

    def public(self, exercise):
        """The inputs that a message may show."""
        return self.shown

    def expected(self, exercise, inputs):
        """The right answer."""
        return (self.exact or exercise.namespace[self.name])(**inputs)


@dataclass(frozen=True, kw_only=True)
class Value(Computed):
    """The student computes a value from the data in the notebook; `case` gives other data for the same names."""

    edges = properties = ()

    def public(self, exercise):
        return _data(self, exercise)

    def expected(self, exercise, inputs):
        return self.exact(**inputs) if self.exact else exercise.run(inputs)[self.name]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Multiple choice: the student writes a letter. `feedback` has a sentence for each wrong letter."""

    name: str = field(kw_only=False)
    points: int
    feedback: dict

    def __post_init__(self):
        _require(self, len(self.feedback) >= 2, "needs feedback for at least two wrong choices")

    def letters(self, exercise):
        """All the letters that there are to choose from."""
        return sorted([*self.feedback, exercise.namespace[self.name]])


@dataclass(frozen=True, kw_only=True)
class Draws:
    """A sample from a posterior, of shape (chains, draws) or (chains, draws, k).

    exact       data -> (mean, sd) of the posterior, each of shape () or (k,), without any sampling
    cdf         x, data -> P(theta <= x) for an array x of shape (m,) or (m, k), the same way
    mistakes    as `exact`, for wrong models
    case        rng -> other data for the same names
    min_ess     the effective sample size that is asked for
    """

    name: str = field(kw_only=False)
    points: int
    case: Callable
    exact: Callable
    cdf: Callable
    mistakes: tuple[Mistake, ...]
    min_ess: int = 400

    def __post_init__(self):
        _require(self, bool(self.mistakes), "needs at least one mistake with its hint")

    def public(self, exercise):
        """The data of the task."""
        return _data(self, exercise)


def _data(question, exercise):
    """The values that the task gives to the names which `case` fills anew."""
    return {name: exercise.namespace[name] for name in question.case(np.random.default_rng(0))}


def _require(question, good, rule):
    if question.points < 1:
        raise ValueError(f"question {question.name!r}: points must be at least 1, but is {question.points}")
    if not good:
        raise ValueError(f"question {question.name!r} {rule}")
