"""Every exercise is sound: its checks pass what is right, catch what is wrong, and its notebook gives nothing away."""

import contextlib
import io
import re

import numpy as np
import pytest
from scipy import special

import ledger
from hblib.coursework import checking, notebooks, source
from hblib.coursework.questions import Choice, Computed, Draws, Function, Value
from tests import mutants
from tests.conftest import ROOT

pytestmark = pytest.mark.exercise

NAMES = source.names()
QUESTIONS = [(name, question) for name in NAMES for question in source.load(name).questions]
BY_KIND = {
    kind: [(n, q) for n, q in QUESTIONS if isinstance(source.load(n).questions[q], kind)]
    for kind in (Computed, Function, Choice, Draws)
}


def asked(name, question):
    return source.load(name), source.load(name).questions[question]


def judged(exercise, question, answer, seeds=checking.SEEDS):
    return checking.judge(exercise, question, answer, checking.cases(exercise, question, seeds))


def answer_cell(exercise, question):
    """The cell that answers a question."""
    defines = re.compile(rf"^(def {question.name}\(|{question.name} = )", re.MULTILINE)
    return next(cell for cell in exercise.cells if cell.kind == "answer" and defines.search(cell.source))


def answer_from(exercise, question, cell, text):
    """The answer that results if `text` stands in place of `cell`: a function of the inputs."""
    if isinstance(question, Function):
        return exercise.run(replaced=(cell, text)).get(question.name)
    return lambda **data: exercise.run(data, (cell, text))[question.name]


# --- What is right passes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "question"), BY_KIND[Computed])
def test_the_solution_passes_on_200_seeds(name, question):
    exercise, question = asked(name, question)
    cell = answer_cell(exercise, question)
    verdict = judged(exercise, question, answer_from(exercise, question, cell, cell.source), range(200))
    assert (verdict.outcome, verdict.points) == ("correct", question.points), verdict.text


@pytest.mark.parametrize(("name", "question"), BY_KIND[Choice])
def test_the_right_letter_passes_in_any_case(name, question):
    exercise, question = asked(name, question)
    right = exercise.namespace[question.name]
    for letter in (right, right.upper(), f" {right} "):
        assert checking.judge(exercise, question, letter).points == question.points


def sample(moments, seed, change=lambda draws: draws):
    """An answer to a question for draws: independent ones with the mean and SD that `moments` gives for the data."""

    def answer(**data):
        mean, sd = moments(**data)
        return change(np.random.default_rng(seed).normal(mean, sd, size=(4, 2000, *np.shape(mean))))

    return answer


def posterior(question, seed, change=lambda draws: draws, rho=0.0, draws=2000):
    """An answer to a question for draws: chains from the exact posterior, with the autocorrelation `rho`."""

    def answer(**data):
        mean, sd = (np.atleast_1d(each) for each in question.exact(**data))
        x = mean + sd * np.linspace(-12, 12, 1201)[:, None]
        shape = np.shape(question.exact(**data)[0])
        below = np.asarray(question.cdf(x.reshape(-1, *shape), **data)).reshape(x.shape)
        z = np.random.default_rng(seed).normal(size=(draws, 4, x.shape[1]))
        for t in range(1, draws if rho else 0):
            z[t] = rho * z[t - 1] + np.sqrt(1 - rho**2) * z[t]
        u = special.ndtr(z)
        columns = [np.interp(u[..., k], below[:, k], x[:, k]) for k in range(x.shape[1])]
        return change(np.stack(columns, axis=-1).swapaxes(0, 1).reshape(4, draws, *shape))

    return answer


@pytest.mark.parametrize(("name", "question"), BY_KIND[Draws])
def test_draws_from_the_posterior_pass_on_200_seeds(name, question):
    exercise, question = asked(name, question)
    for seed in range(200):
        verdict = judged(exercise, question, posterior(question, seed), seeds=[seed])
        assert verdict.outcome == "correct", verdict.text


# --- What is wrong does not, and is told why --------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "question"), BY_KIND[Computed])
def test_each_mistake_gets_its_own_hint(name, question):
    exercise, question = asked(name, question)
    seen = checking.SEEDS if isinstance(question, Function) else ()  # a value is seen for the data of the task alone
    for mistake in question.mistakes:
        verdict = judged(exercise, question, mistake.answer, seen)
        assert (verdict.found, verdict.points) == (mistake.name, 0), verdict.text
        assert mistake.hint in verdict.message


@pytest.mark.parametrize(("name", "question"), BY_KIND[Function])
def test_each_careless_answer_gets_its_own_hint_and_loses_half_the_points_if_told(name, question):
    exercise, question = asked(name, question)
    for edge in question.edges:
        verdict = judged(exercise, question, edge.answer)
        assert (verdict.outcome, verdict.found) == ("partial" if edge.told else "correct", edge.name), verdict.text
        assert edge.hint in verdict.message
        assert verdict.points == question.points * (0.5 if edge.told else 1)


@pytest.mark.parametrize(("name", "question"), BY_KIND[Function])
def test_an_edge_that_costs_points_is_announced_in_the_task(name, question):
    exercise, question = asked(name, question)
    task = " ".join(tasks(name)[list(exercise.questions).index(question.name)].split())
    for edge in question.edges:
        assert edge.told in task


@pytest.mark.parametrize(("name", "question"), BY_KIND[Function])
def test_each_property_holds_for_the_solution_and_not_for_some_mistake(name, question):
    exercise, question = asked(name, question)
    for rule in question.properties:
        assert rule.holds(exercise.namespace[question.name]), rule.name
        assert not all(checking.holds(rule, mistake.answer) for mistake in question.mistakes), rule.name


@pytest.mark.parametrize(("name", "question"), BY_KIND[Choice])
def test_each_wrong_letter_gets_its_own_feedback(name, question):
    exercise, question = asked(name, question)
    assert exercise.namespace[question.name] not in question.feedback
    assert len(set(question.feedback.values())) == len(question.feedback)
    for letter, feedback in question.feedback.items():
        verdict = checking.judge(exercise, question, letter)
        assert (verdict.outcome, verdict.points, verdict.found) == ("wrong", 0, letter)
        assert feedback in verdict.message


@pytest.mark.parametrize(("name", "question"), BY_KIND[Draws])
def test_draws_from_a_wrong_model_get_their_hint(name, question):
    exercise, question = asked(name, question)
    for mistake in question.mistakes:
        verdict = judged(exercise, question, sample(mistake.answer, 1), seeds=())
        assert (verdict.found, verdict.points) == (mistake.name, 0), verdict.text


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "question"), BY_KIND[Draws])
def test_draws_that_are_stuck_wild_or_few_are_refused(name, question, seed):
    exercise, question = asked(name, question)

    def judge(change):
        return judged(exercise, question, posterior(question, seed, change), seeds=())

    def stuck(draws):
        draws[0] += 3 * draws.std(axis=(0, 1))
        return draws

    def heavy(draws):
        return np.random.default_rng(1).standard_cauchy(draws.shape) * 1e4 * draws.std()

    def hidden(draws, size=1000.0):  # too narrow and moved; a few huge values make the SD right, or its error large
        centre = draws.mean(axis=(0, 1))
        draws = centre + 0.3 * draws.std(axis=(0, 1)) + (draws - centre) / 2
        draws[:, :4] = centre + size * np.array([1, -1, 1, -1]).reshape(-1, *[1] * (draws.ndim - 2))
        return draws

    def outliers(draws):
        draws[:, :2] += 1000 * draws.std(axis=(0, 1))
        return draws

    for change in (stuck, heavy, hidden, lambda draws: hidden(draws, 5.0), outliers):
        assert judge(change).outcome == "wrong", change
    short = judge(lambda draws: draws[:, :60].repeat(20, axis=1))
    assert short.found == "diagnostics", "agrees with the truth, but is too short"


@pytest.mark.parametrize(("name", "question"), BY_KIND[Draws])
def test_the_distribution_function_has_the_exact_mean_and_sd(name, question):
    exercise, question = asked(name, question)
    for inputs in checking.cases(exercise, question, range(3)):
        draws = posterior(question, 1, draws=50_000)(**inputs)
        mean, sd = question.exact(**inputs)
        assert np.allclose(draws.mean(axis=(0, 1)), mean, atol=np.max(5 * sd / np.sqrt(200_000)))
        assert np.allclose(draws.std(axis=(0, 1)), sd, rtol=0.02)


@pytest.mark.parametrize(("name", "question"), BY_KIND[Computed])
def test_mutants_of_the_solution_are_caught(name, question):
    exercise, question = asked(name, question)
    cell = answer_cell(exercise, question)
    seeds = range(20) if isinstance(question, Function) else range(5)
    survivors = set()
    for change, text in mutants.mutants(cell.source, source.BEGIN, source.END):
        try:
            answer = answer_from(exercise, question, cell, text)
        except Exception:
            continue  # it does not even run
        verdict = judged(exercise, question, answer, seeds)
        if verdict.outcome == "correct" and not verdict.found:  # else an edge has noticed it
            survivors.add(change)
    assert survivors == set(question.equivalent), "mutants that no check catches, against those listed as equivalent"


# --- The student's notebook -------------------------------------------------------------------------------------------


def test_the_notebooks_are_those_that_the_sources_give():
    written = {path.stem: path.read_bytes() for path in (ROOT / "exercises").glob("*")}
    assert written == {name: notebooks.student(name).encode() for name in NAMES}, "run `make exercises`"


def tasks(name):
    """The text of each question."""
    text = "\n".join(cell.source for cell in student_cells(name) if cell.cell_type == "markdown")
    return text.split("## Question ")[1:]


def student_cells(name):
    return ledger.nbformat.reads(notebooks.student(name), as_version=4).cells


@pytest.mark.parametrize("name", NAMES)
def test_an_untouched_notebook_runs_and_is_met_politely(name):
    namespace, printed = {"__name__": "__main__"}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in student_cells(name):
            if cell.cell_type == "code":
                checks = cell.source.startswith("check(")
                before = printed.tell()
                exec(cell.source, namespace)
                if checks:
                    said = printed.getvalue()[before:]
                    assert said.startswith("… "), said
                    assert "not answered yet" in said
        namespace["check"]()
    assert printed.getvalue().splitlines()[-1].startswith("0 of ")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_solution_reaches_the_student(name):
    exercise = source.load(name)
    notebook = ledger.nbformat.reads(notebooks.student(name), as_version=4)
    shown = "\n".join(cell.source for cell in notebook.cells)
    hidden = [line for cell in exercise.cells for line in hidden_lines(cell)]
    for cell in ledger.load(source.path(name)).cells:
        if cell.cell_type == "markdown" and "solution" in cell.metadata.get("tags", []):
            hidden += cell.source.split("\n")
    given = {line.strip() for cell in exercise.cells if cell.kind == "given" for line in cell.source.split("\n")}
    assert hidden
    lines = {line.strip() for line in hidden} - given
    assert [line for line in lines if len(line) > 9 and line in shown] == []
    for mark in (source.BEGIN, source.END):
        assert mark not in shown
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert cell.metadata == {}
        assert not cell.get("outputs")


def hidden_lines(cell):
    if cell.kind in ("solution", "questions"):
        return cell.source.split("\n")
    return [line for found in notebooks.MARKED.finditer(cell.source) for line in found[0].split("\n")]


# --- The source -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_is_well_made(name):
    exercise, written = source.load(name), ledger.load(source.path(name))
    code = [cell for cell in written.cells if cell.cell_type == "code"]
    assert [cell.source for cell in exercise.cells] == [cell.source for cell in code], "read differently by jupytext"
    assert [set(cell.tags) for cell in exercise.cells] == [set(cell.metadata.get("tags", [])) for cell in code]
    about = written.metadata["exercise"]
    assert set(about) == {"page", "minutes", "difficulty"}
    assert about["difficulty"] in ("easy", "medium", "hard")
    if source.folder() == ROOT / "solutions":  # an author's own, in a folder elsewhere, stands on no page
        page = (ROOT / "chapters" / f"{about['page']}.md").read_text(encoding="utf8")
        assert f"```{{exercise}} {name}\n" in page, f"{about['page']} does not show this exercise"
    assert f'exercise("{name}")' in exercise.cells[0].source
    assert {"questions", "remove-cell"} <= set(exercise.cells[-1].tags)
    assert [cell.kind for cell in exercise.cells].count("questions") == 1
    for cell in written.cells:
        if "solution" in cell.metadata.get("tags", []) and cell.cell_type == "markdown":
            assert "\n## " not in cell.source, "a line `+++` must end the solution's text before the next heading"


@pytest.mark.parametrize("name", NAMES)
def test_the_students_text_is_plain_markdown(name):
    for cell in student_cells(name):
        if cell.cell_type == "markdown":
            assert not re.search(r":::|\{[\w:]+\}`|```\{|^\(\S+\)=$", cell.source, re.MULTILINE), cell.source


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_a_question_has_an_answer_cell_and_then_its_check(name, question):
    exercise, question = asked(name, question)
    at = exercise.cells.index(answer_cell(exercise, question))
    assert notebooks.MARKED.search(exercise.cells[at].source)
    assert f'check("{question.name}")' in [cell.source for cell in exercise.cells[at + 1 :] if cell.kind == "check"]
    if isinstance(question, Function):
        assert len(exercise.namespace[question.name].__doc__) > 20
    found = tasks(name)
    assert len(found) == len(exercise.questions), "a heading in a cell for the solution alone? begin a new one with +++"
    if isinstance(question, Choice):
        task = found[list(exercise.questions).index(question.name)]
        assert re.findall(r"^- \*\*(\w)\.\*\*", task, re.MULTILINE) == question.letters(exercise)


def test_there_are_enough_of_each_kind():
    kinds = [type(source.load(name).questions[question]) for name, question in QUESTIONS]
    assert len(QUESTIONS) >= 16
    assert len(NAMES) >= 6
    assert all(kinds.count(kind) >= least for kind, least in ((Function, 8), (Choice, 5), (Value, 2), (Draws, 1)))
