"""What a check says of a wrong answer that nobody foresaw is true: how it relates to the right one, and where."""

import numpy as np
import pytest

from hblib.coursework import relations

RIGHT = [0.413, 0.287, 0.531, 0.619, 0.342, 0.758]
TIGHT, LOOSE = (1e-5, 1e-9), (0.05, 1e-9)


def found(given, expected=RIGHT, tolerance=TIGHT):
    """What is said of answers to six cases, of which each is a number or a tuple of them."""
    return relations.explain([{}] * 6, given, expected, [tolerance] * 6)


def times(factors, expected=RIGHT):
    return [factor * each for factor, each in zip(np.broadcast_to(factors, 6), expected, strict=True)]


@pytest.mark.parametrize("tolerance", [TIGHT, LOOSE])
def test_a_factor_that_is_the_same_everywhere_is_told_with_its_digits(tolerance):
    assert "Your answer is 1.08372 times what is asked, everywhere." in found(times(1.083721), tolerance=tolerance).hint


def test_a_factor_that_is_nearly_the_same_is_told_with_the_digits_that_it_has():
    nearly = 1.0837 * np.array([1, 1.0003, 0.9998, 1, 1.0002, 0.9997])
    assert "Your answer is 1.08 times what is asked, everywhere." in found(times(nearly), tolerance=LOOSE).hint


@pytest.mark.parametrize("factor", [1.002, 1.004])
def test_a_factor_that_reads_1_is_not_told(factor):
    nearly = factor * np.array([1, 1.0001, 0.9999, 1, 1.0001, 0.9999])
    assert found(times(nearly), tolerance=(1e-3, 1e-9)).name == "close"


@pytest.mark.parametrize("apart", [0.01, 0.03])
def test_no_factor_and_no_difference_is_told_that_only_a_loose_question_would_forgive(apart):
    factors = 1.1 + apart * np.array([1, -1, 1, -1, 1, -1])
    assert "everywhere" not in getattr(found(times(factors), tolerance=LOOSE), "hint", "")
    differences = [each + 0.06 + apart / 3 * sign for each, sign in zip(RIGHT, (1, -1) * 3, strict=True)]
    assert "everywhere" not in getattr(found(differences, tolerance=LOOSE), "hint", "")


def test_an_approximation_is_close_although_it_is_right_somewhere_by_chance():
    assert found(times(1 + np.array([1e-3, 5e-6, 4e-3, 2e-3, 8e-6, 3e-3]))).name == "close"
    assert found(times(1 + np.array([1e-4, 0, 4e-4, 2e-4, 0, 3e-4]))).name == "close"  # as sums over a grid may be


def test_what_is_right_in_all_digits_somewhere_is_right_for_some_of_the_inputs():
    assert found(times(1 + np.array([1e-3, 0, 4e-3, 2e-3, 0, 3e-3]))).name == "some inputs"
    assert found(times(1 + np.array([0, 1e-3, 4e-3, 2e-3, 1e-3, 3e-3]))).name == "the example alone"


def test_the_case_that_is_shown_is_one_that_shows_it():
    """The second result is wrong everywhere, the first in the fourth case alone, and it is spoken of first."""
    expected = [(each, each / 2) for each in RIGHT]
    given = [(each + 0.2 * (i == 3), 7.0 + i) for i, each in enumerate(RIGHT)]
    some = found(given, expected)
    assert "In the first of your 2 results: Right for 5 of the 6 sets" in some.hint
    assert some.at == 3
    odd = found([each if i != 4 else np.nan for i, each in enumerate(times(1.3))])
    assert (odd.name, odd.at) == ("not finite", 4)


@pytest.mark.parametrize(
    ("right", "words"), [((0,), "the first is right"), ((0, 2), "the first and the third are right")]
)
def test_results_that_are_right_are_counted(right, words):
    expected = [(each, each / 2, each**2) for each in RIGHT]
    odd = np.sin(np.arange(6)) * 40
    given = [tuple(each if k in right else odd[i] + k for k, each in enumerate(row)) for i, row in enumerate(expected)]
    assert f"Of your 3 results {words}; look at the " in found(given, expected).hint
