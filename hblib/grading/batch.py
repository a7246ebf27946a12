"""A class's notebooks, graded side by side; begun again, it goes on where it was."""

import hashlib
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hblib.coursework import source
from hblib.grading import grade, report, submission


@dataclass(frozen=True)
class Item:
    """A notebook of a student; `exercise` is "" where nothing tells it."""

    student: str
    path: Path
    exercise: str


def find(folder):
    """The notebooks below a folder: FOLDER/STUDENT/*.ipynb, or FOLDER/STUDENT.ipynb. Links are not followed."""
    folder, items = Path(folder), []
    for above, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(above) / name
            if path.suffix == ".ipynb" and not name.startswith("."):
                parts = path.relative_to(folder).parts
                student = parts[0] if len(parts) > 1 else path.stem
                items.append(Item(grade.clean(student), path, _exercise(path)))
    return items


def _exercise(path):
    try:
        return submission.exercise_of(submission.read(path), source.names())
    except submission.Invalid:
        return ""


def run(grader, items, out, workers, done, more):
    """The result of every item, in their order.

    `done(item, result)` hears of each as it comes, and `more(count)` of those that are graded once more.
    """
    results = {}
    counts = Counter((item.student, item.exercise) for item in items if item.exercise)

    def one(item):
        if counts[item.student, item.exercise] > 1:
            reason = f"there is more than one notebook for {item.exercise}; keep the one to be graded"
            return grade.result(item.path.name, "invalid-submission", grader.isolation.name, reason=reason)
        return kept(grader, item, out) or graded(grader, item, out, alone=workers == 1)

    def note(item, result):
        results[item] = {"student": item.student, **result}
        done(item, results[item])

    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(one, item): item for item in items}
        try:
            for future in as_completed(futures):
                note(futures[future], future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            grader.stop()
            raise
    # A neighbour may have taken the time or the memory: whoever lacked them gets the machine for himself.
    again = [item for item in items if in_need(results[item]) and not kept(grader, item, out)]
    more(len(again))
    for item in again:
        note(item, graded(grader, item, out, alone=True))
    return [results[item] for item in items]


def in_need(result):
    """Was a notebook ended by a limit, or one of its cells or functions?"""
    ended = any(flag.startswith("killed") for flag in result["flags"])
    late = any("was not done in time" in warning for warning in result["warnings"])
    return ended or late or any(question["outcome"] == "timeout" for question in result["questions"])


def graded(grader, item, out, alone):
    """The result for an item; kept in a file if the grader was in no trouble, and no neighbour can be to blame."""
    try:
        result = grader.grade(item.path, item.exercise or None)
    except Exception as error:  # a fault of the grader's: the others go on, and this one has no grade
        reason = grade.clean(f"{type(error).__name__}: {error}")
        return grade.result(item.path.name, "not-graded", grader.isolation.name, reason=reason)
    if result["sha256"] and (alone or not in_need(result)):
        result["key"] = key(grader, item.exercise, result["sha256"])
        file = stored(item, out)
        file.parent.mkdir(parents=True, exist_ok=True)
        report.save(file, json.dumps(result, indent=1) + "\n")
    return result


def kept(grader, item, out):
    """The result of an earlier run, if nothing that decides it has changed."""
    try:
        result = json.loads(stored(item, out).read_text(encoding="utf8"))
        now = key(grader, item.exercise, submission.read(item.path).sha256)
    except (OSError, ValueError):
        return None
    return result if result.get("key") == now else None


def stored(item, out):
    return Path(out) / "results" / report.slug(item.student) / f"{report.slug(item.path.stem)}.json"


def key(grader, exercise, sha256):
    """A hash of all that decides a grade: the notebook, the exercise, the secret, the grader."""
    digest = hashlib.sha256()
    limits = f"{grader.isolation.name} {grader.limits}".encode()
    for part in (sha256.encode(), source.path(exercise).read_bytes(), grader.secret, limits, *own_code()):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


@cache
def own_code():
    """All of hblib: the grader, the checks, and what solutions compute with."""
    return [file.read_bytes() for file in sorted(source.PACKAGE.rglob("*.py"))]
