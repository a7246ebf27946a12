"""How the checks work."""

ASK = "from hblib.coursework import exercise\nexercise('01-hospitals')()"


def test_the_last_check_adds_up_the_points_and_says_why_the_letter_is_wrong(page, capsys):
    exec(ASK, {"shrink": page.shrink, "inspect": page.inspect})
    said = capsys.readouterr().out
    assert "2 of 5 points" in said
    assert "differ widely" in said
