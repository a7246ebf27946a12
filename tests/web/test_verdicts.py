"""Python in the page, without a browser: of every answer it says what the notebook says, and hblib computes as ever."""

import contextlib
import io
import re
from functools import partial

import pytest

from hblib.coursework import checking, source
from tests.conftest import ROOT
from tests.web import answers, cells

pytestmark = pytest.mark.web


def in_notebook(name, tried):
    """What `check` prints below each answer, and the points."""
    namespace = {"__name__": "__main__"}
    exercise, said = source.load(name), {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in exercise.cells:
            if cell.kind == "given" and "slow" not in cell.tags:
                exec(cell.source, namespace)
    for question, kind, answer in tried(exercise):
        namespace[question] = answer
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            namespace["check"](question)
        points = checking.judge_in(namespace, exercise, exercise.questions[question]).points
        said[f"{question}: {kind}"] = [printed.getvalue(), [points, exercise.questions[question].points]]
    return said


def by_no_clock(said):
    """Without the remark that an answer took long, which a busy machine may bring."""
    remark = re.compile(r"\n +But this took [^✓✗]*?function\.")
    return {name: [remark.sub("", text), points] for name, (text, points) in said.items()}


def test_the_remark_of_a_clock_is_left_out_and_nothing_else():
    took = (
        "  But this took 5 s in all. If the notebook is graded: the grader allows 5 s for each\n    call of a function."
    )
    assert by_no_clock({"a": [f"✓ a: right.\n{took}\n", [1, 1]]}) == {"a": ["✓ a: right.\n", [1, 1]]}


@pytest.mark.parametrize("name", source.names())
def test_the_page_says_what_the_notebook_says(inside, name):
    assert by_no_clock(inside["listed"][name]) == by_no_clock(in_notebook(name, answers.listed))


@pytest.mark.parametrize("name", source.names())
def test_so_it_does_of_answers_that_nobody_listed(inside, name):
    tried = partial(answers.others, folder=ROOT / "tests" / "answers")
    assert by_no_clock(inside["others"][name]) == by_no_clock(in_notebook(name, tried))


@pytest.mark.parametrize("cell", cells.CELLS, ids=lambda cell: cell.name)
def test_a_cell_shows_what_a_notebook_shows(inside, cell):
    found = inside["cells"][cell.name]
    assert found["done"] == cell.done
    for stream in ("stdout", "stderr", "result"):
        text, wanted = "".join(text for name, text in found["shown"] if name == stream), getattr(cell, stream)
        assert wanted in text
        assert wanted or not text
    text = "".join(text for name, text in found["shown"] if name == "error")
    assert bool(text) == (not cell.done)
    assert all(piece in text for piece in cell.error)
    assert text.count("File ") == text.count('File "cell 1"'), "lines of other files"
    assert sum(len(text) for _, text in found["shown"]) < 110_000


def test_the_examples_of_hblib_give_the_same_numbers(inside):
    said = inside["doctests"]
    lacking = {name: set(re.findall(r"(?:No module named '|pip install )(\w+)", said[name])) for name in said}
    assert {name: said[name] for name, modules in lacking.items() if not modules} == {}
    assert set().union(*lacking.values()) <= {"narwhals", "pymc"}
