"""Exercises that check themselves.

An author writes an exercise once, as a MyST notebook in `solutions/`: the task, the solution between two marks, and a
list of questions. From it come the student's notebook in `exercises/` (`make exercises`), the solution page of the
book, the checks that the student runs, and the tests that try to break them. The page "Write an exercise" of the book
shows how.

`exercise(name)` gives the student's `check`; the other names here are what an author writes questions with.
"""

from hblib.coursework.checking import exercise
from hblib.coursework.questions import Choice, Draws, Edge, Function, Mistake, Property, Value

__all__ = ["Choice", "Draws", "Edge", "Function", "Mistake", "Property", "Value", "exercise"]
