"""How the checks work."""

from hblib.coursework import checking, source
from hblib.grading.inputs import telling

ASK = "from hblib.coursework import exercise\nexercise('01-hospitals')()"


def test_the_last_check_adds_up_the_points_and_says_why_the_letter_is_wrong(page, capsys):
    exec(ASK, {"shrink": page.shrink, "inspect": page.inspect})
    said = capsys.readouterr().out
    assert "2 of 5 points" in said
    assert "differ widely" in said


def test_a_value_that_is_wrong_in_a_special_case_passes_in_the_notebook_and_earns_nothing_from_the_grader():
    """A variance that is not cut off at 0, where the task says that it should be."""
    exercise = source.load("05-three-groups")
    tau2 = exercise.questions["tau2"]

    def uncut(ybar, n, sigma2):
        return ybar.var(ddof=1) - sigma2 / n

    data = tau2.public(exercise)
    assert checking.judge_in({"tau2": uncut(**data)}, exercise, tau2).outcome == "correct"
    for secret in range(20):
        cases = checking.cases(exercise, tau2, telling(exercise, tau2, secret))
        assert checking.judge(exercise, tau2, uncut, cases).points == 0
