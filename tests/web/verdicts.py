"""What is said of many answers to an exercise, in a notebook and in the page. CPython and Pyodide both run this."""

import contextlib
import io
import json

import inpage
from hblib.coursework import source
from hblib.coursework.questions import Choice, Draws, Function, Value


def answers(exercise):
    """(question, what it is, answer): the solution, the stub, each mistake, each careless answer, each letter."""
    for question in exercise.questions.values():
        name = question.name
        if isinstance(question, Draws):
            continue  # needs PyMC, which no page has
        yield name, "solution", exercise.namespace[name]
        yield name, "stub", (lambda **_: ...) if isinstance(question, Function) else ...
        if isinstance(question, Choice):
            for letter in question.feedback:
                yield name, f"letter {letter}", letter
        for mistake in getattr(question, "mistakes", ()):
            answer = mistake.answer
            yield name, mistake.name, answer(**question.public(exercise)) if isinstance(question, Value) else answer
        for edge in getattr(question, "edges", ()):
            yield name, edge.name, edge.answer


def in_notebook(name):
    """What `check` prints below each answer."""
    namespace = {"__name__": "__main__"}
    exercise, said = source.load(name), {}
    for cell in exercise.cells:
        if cell.kind == "given" and "slow" not in cell.tags:
            exec(cell.source, namespace)
    for question, kind, answer in answers(exercise):
        namespace[question] = answer
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            namespace["check"](question)
        said[f"{question}: {kind}"] = printed.getvalue()
    return said


def in_page(told):
    """What the page shows below each answer."""
    shown, said, told = [], {}, json.loads(told)
    page = inpage.Exercise(told["name"], lambda stream, text: shown.append((stream, text)))
    for cell in told["cells"]:
        if cell["kind"] == "code" and not (cell.get("slow") or cell.get("packages")):
            assert page.run(cell["source"]), shown
    for question, kind, answer in answers(source.load(page.name)):
        page.namespace[question] = answer
        page.check(question)
        said[f"{question}: {kind}"] = "".join(text for _, text in shown)
        shown.clear()
    return said
