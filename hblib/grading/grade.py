"""From a file to its grade."""

import tempfile
import threading
import time
import unicodedata
from functools import cache
from pathlib import Path

from hblib.coursework import source
from hblib.grading import inputs, sandbox_files, submission, verdicts
from hblib.grading.isolation import Bubblewrap
from hblib.grading.sandbox import DEFAULT, Sandbox

FORMAT = 1
BWRAP = Bubblewrap()
LONGEST = 1_000  # characters of a text in a report


class Stopped(RuntimeError):
    """Somebody stopped the grader before it had a grade."""


class Grader:
    """Grades one notebook after another; a context, because the sandboxes need folders meanwhile.

    secret     bytes that make the inputs unforeseeable; equal secrets and equal files give equal grades
    isolation  what the notebooks run in
    """

    def __init__(self, secret, isolation=BWRAP, limits=DEFAULT):
        self.secret, self.isolation, self.limits = secret, isolation, limits
        self._folder = tempfile.TemporaryDirectory(prefix="hblib-")
        self._folders, self._running, self._stopped = {}, set(), False
        # Exercises run with the output of the whole process redirected, so no two threads may do so at once.
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._folder.cleanup()

    def grade(self, path, name=None):
        """The result for a file, as results.schema.json has it; `name` is its exercise, where the file may not say."""
        begun = time.monotonic()
        try:
            handed_in = submission.read(path)
            name = name or submission.exercise_of(handed_in, source.names())
        except submission.Invalid as invalid:
            return result(Path(path).name, "invalid-submission", self.isolation.name, reason=str(invalid))
        sent, asked = self._run(handed_in, name)
        with self._lock:
            return judged(handed_in, asked, sent, self.isolation.name, time.monotonic() - begun)

    def _run(self, handed_in, name):
        with self._lock:
            folder = self._files(name)
        with tempfile.TemporaryDirectory(dir=self._folder.name) as home:
            sandbox = Sandbox(self.isolation, folder, home, self.limits)  # it starts up while we prepare
            self._running.add(sandbox)
            try:
                with self._lock:
                    asked = inputs.draw(source.load(name), handed_in, self.secret)
                sent = sandbox.run(asked.job(handed_in, asked.seconds(self.limits)))
            finally:
                sandbox.kill()
                self._running.discard(sandbox)
        if self._stopped:
            raise Stopped("the grader was stopped")
        return sent, asked

    def stop(self):
        """End whatever runs, from another thread; its results are lost, not wrong."""
        self._stopped = True
        for sandbox in list(self._running):
            sandbox.kill()

    def _files(self, name):
        """The folder of what a notebook for this exercise sees."""
        if name not in self._folders:
            folder = Path(self._folder.name) / f"files-{len(self._folders)}"
            folder.mkdir()
            self._folders[name] = sandbox_files.make(source.load(name), folder)
        return self._folders[name]


def judged(handed_in, asked, sent, isolation, seconds):
    """The result of a notebook that ran."""
    found = verdicts.of(asked, handed_in, sent)
    complete = not sent.killed and all(verdicts.finished(sent, run) for run in range(len(asked.runs) + 1))
    warnings = [warning(message) for message in sent.messages if message["k"] == "cell" and message["run"] == 0]
    return result(
        handed_in.name,
        "graded" if complete else "graded-incomplete",
        isolation,
        reason="" if complete else verdicts.why(sent),
        exercise=asked.exercise.name,
        sha256=handed_in.sha256,
        code=handed_in.code,
        own=len(submission.words(handed_in.cells) - task_words(asked.exercise.name)),
        questions=[question(verdict, asked.exercise) for verdict in found],
        warnings=warnings[:20],
        flags=[*flags(found, asked, sent)],
        seconds=round(seconds, 3),
    )


def question(verdict, exercise):
    """A verdict, in the form of results.schema.json."""
    return {
        "name": verdict.question,
        "outcome": verdict.outcome,
        "points": verdict.points,
        "possible": exercise.questions[verdict.question].points,
        "message": clean(verdict.message),
        "found": clean(verdict.found),
    }


def flags(found, asked, sent):
    """What a teacher should look at."""
    for verdict in found:
        about = asked.exercise.questions[verdict.question]
        if verdict.outcome == "wrong" and verdicts.only_public(asked, about, sent):
            yield f"right on the public data only: {verdict.question}"
    if sent.killed:
        yield f"killed: {sent.killed}"
    if sent.dropped:
        yield f"lines that are no messages: {sent.dropped}"


@cache
def task_words(name):
    """The names and comments of an exercise: of the task, the solution and the questions."""
    return submission.words([cell.source for cell in source.load(name).cells])


def result(notebook, status, isolation, **more):
    """A result, in the form of results.schema.json."""
    empty = {"reason": "", "exercise": "", "sha256": "", "code": "", "own": 0, "seconds": 0.0}
    lists = {"questions": [], "warnings": [], "flags": []}
    filled = {
        "format": FORMAT,
        "notebook": clean(notebook),
        "status": status,
        "isolation": isolation,
        **empty,
        **lists,
        **more,
    }
    return filled | {name: sum(question[name] for question in filled["questions"]) for name in ("points", "possible")}


def warning(message):
    """What happened in a cell, in a sentence."""
    what = "was not done in time" if "timeout" in message else "raised {}: {}".format(*message["raised"])
    return clean(f"code cell {message['cell'] + 1} {what}")


def clean(text):
    """Text of a submission without what could act on a terminal or change the order of letters, and not too long.

    >>> clean("red: \\x1b[31m!")
    'red: [31m!'
    """
    kept = "".join(letter for letter in text if letter == "\n" or not unicodedata.category(letter).startswith("C"))
    return kept if len(kept) <= LONGEST else kept[:LONGEST] + " …"
