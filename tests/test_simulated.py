"""Where a task allows simulation, all but one in a thousand right answers pass, and fewer of a wrong one."""

import numpy as np
import pytest
from scipy import stats

from hblib.coursework import checking, source
from hblib.coursework.questions import Function
from hblib.grading.inputs import FRESH

ASKED = 10_000  # data sets, in the words of 06-coverage
ANSWERS = 200  # right ones, to find their spread by
RUNS = 100  # of a mistake, which is farther off
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


def test_no_luck_with_random_numbers_makes_a_listed_mistake_pass():
    """On as many inputs as the grader tries, those of `check` first; on each many times, with other random numbers.

    Of so many runs a few more than were seen may pass in truth: three are added.
    """
    exercise = source.load("06-coverage")
    question = exercise.questions["covered"]
    cases = checking.cases(exercise, question, [*checking.SEEDS, *range(100, 100 + FRESH[Function])])
    for mistake in question.mistakes:
        luck = 1.0
        for inputs in cases:
            expected, allowed = question.expected(exercise, inputs), question.tolerance(**inputs)
            runs = [
                abs(mistake.answer(**{**inputs, "rng": np.random.default_rng(seed)}) - expected) <= allowed
                for seed in range(RUNS)
            ]
            luck *= min(1, (np.sum(runs) + 3) / RUNS)
            if luck < ONE_IN_A_THOUSAND:
                break
        assert luck < ONE_IN_A_THOUSAND, mistake.name
