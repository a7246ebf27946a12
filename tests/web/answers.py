"""Answers to the exercises, right and wrong, as CPython and Pyodide both make them."""

import runpy

from hblib.coursework.questions import Choice, Draws, Function, Value


def listed(exercise):
    """(question, what it is, answer): the solution, the stub, each mistake, each careless answer, each letter."""
    for question in exercise.questions.values():
        name = question.name
        if isinstance(question, Draws):
            continue  # is answered with PyMC, which no page has
        yield name, "solution", exercise.namespace[name]
        yield name, "stub", (lambda **_: ...) if isinstance(question, Function) else ...
        if isinstance(question, Choice):
            for letter in question.feedback:
                yield name, f"letter {letter}", letter
        for mistake in getattr(question, "mistakes", ()):
            yield name, mistake.name, given(exercise, question, mistake.answer)
        for edge in getattr(question, "edges", ()):
            yield name, edge.name, edge.answer


def others(exercise, folder):
    """Those that nobody listed: in the files of tests/answers/, which lie in `folder`."""
    file = runpy.run_path(str(folder / f"{exercise.name}.py"))
    for kind in ("RIGHT", "WRONG"):
        for name, answers in file[kind].items():
            question = exercise.questions[name]
            for number, answer in answers.items() if isinstance(answers, dict) else enumerate(answers):
                if not isinstance(question, Draws):
                    function = answer if kind == "RIGHT" else answer[0]
                    yield name, f"{kind} {number}", given(exercise, question, function)


def given(exercise, question, answer):
    """An answer, written as a function of the inputs, as the notebook holds it."""
    return answer(**question.public(exercise)) if isinstance(question, Value) else answer
