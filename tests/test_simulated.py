"""Where a task allows simulation, a right one of the size that it asks for passes, but for one in a thousand."""

import numpy as np
import pytest
from scipy import stats

from hblib.coursework import checking, source
from hblib.coursework.questions import Function
from hblib.grading.inputs import FRESH

ASKED = 10_000  # data sets, in the words of 06-coverage
ANSWERS = 200  # right ones, to find their spread by
CASES = 1 + len(checking.SEEDS) + FRESH[Function]  # inputs on which the grader judges one answer
ONE_IN_A_THOUSAND = 1e-3


def simulated(exercise, question, inputs):
    """(mean, SD) of right answers to 06-coverage, each from ASKED data sets as the solution's are."""
    assert f"size=({ASKED:_}, J)" in "".join(cell.source for cell in exercise.cells)
    answers = [
        exercise.namespace[question.name](**{**inputs, "rng": np.random.default_rng(seed)}) for seed in range(ANSWERS)
    ]
    return np.mean(answers), np.std(answers, ddof=1)


@pytest.mark.parametrize("seed", range(6))
def test_the_tolerance_for_a_coverage_is_wide_enough_for_the_simulation_that_the_task_asks_for(seed):
    """The normal tail beyond the tolerance, with an SD at the upper end of what so many answers leave possible."""
    exercise = source.load("06-coverage")
    question = exercise.questions["covered"]
    inputs = question.case(np.random.default_rng(100 + seed))
    mean, sd = simulated(exercise, question, inputs)
    exact = question.expected(exercise, inputs)
    assert abs(mean - exact) < 5 * sd / np.sqrt(ANSWERS)
    high = sd * np.sqrt((ANSWERS - 1) / stats.chi2.ppf(1e-3, ANSWERS - 1))
    assert CASES * 2 * stats.norm.sf(question.tolerance(**inputs) / high) < ONE_IN_A_THOUSAND
