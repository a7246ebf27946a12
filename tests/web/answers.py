"""Answers to the exercises, right and wrong, as CPython and Pyodide both make them."""

from hblib.coursework.questions import Choice, Draws, Function, Value


def to(exercise):
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
            answer = mistake.answer
            yield name, mistake.name, answer(**question.public(exercise)) if isinstance(question, Value) else answer
        for edge in getattr(question, "edges", ()):
            yield name, edge.name, edge.answer
