"""A class's notebooks, graded side by side; begun again, it goes on where it was."""

import contextlib
import hashlib
import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from pathlib import Path

from hblib.coursework import source
from hblib.grading import grade, report, submission

EACH = 5  # different notebooks of a student for one exercise that are graded


def run(grader, items, out, workers, done, more):
    """The result of every item, in their order.

    `done(item, result)` hears of each as it comes, and `more(count)` of those that are graded once more.
    """
    results, aside = {}, set_aside(items)

    def one(item):
        if item in aside:
            name, exercise = grader.isolation.name, item.exercise
            return grade.result(item.shown, "set-aside", name, exercise=exercise, **aside[item])
        return kept(grader, item, out) or graded(grader, item, out, alone=workers == 1)

    def note(item, result):
        results[item] = {"student": item.student, **result, "notebook": grade.clean(item.shown)}
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
    # That is one notebook of a student for an exercise, the one with the most points so far: they come one after the
    # other, and all others wait for them.
    needy = [item for item in items if in_need(results[item]) and not kept(grader, item, out)]
    again = {}
    for item in sorted(needy, key=lambda item: -results[item]["points"]):  # of equals the first
        again.setdefault((item.student, item.exercise), item)
    more(len(again))
    for item in needy:
        if item in again.values():
            note(item, graded(grader, item, out, alone=True))
        else:  # or the same command, begun again, would try another one
            keep(grader, item, results[item], out)
    return choose([results[item] for item in items])


def set_aside(items):
    """{a notebook that is not graded: the reason, and a flag}: one with the code of another that comes before it, and
    those of a student who has more than `EACH` for the same exercise.
    """
    groups, aside = defaultdict(lambda: defaultdict(list)), {}
    for item in items:
        if item.code:  # or else it cannot be read, or not be told which it is: no work for the sandbox
            groups[item.student, item.exercise][item.code].append(item)
    for different in groups.values():
        some = [*different.values()]
        for first, *same in some[:EACH]:
            aside |= {item: {"reason": grade.clean(f"the same as {first.shown}, which is graded")} for item in same}
        more = [item for same in some[EACH:] for item in same]
        aside |= {
            item: {"reason": f"there are more than {EACH} different notebooks for this exercise"} for item in more
        }
        if more:
            flag = f"{len(some)} different notebooks for one exercise, of which the first {EACH} were graded"
            aside[more[0]]["flags"] = [flag]
    return aside


def choose(results):
    """One notebook for each exercise of a student: of several that differ, the one with the most points.

    An untouched one beside it says nothing; that there were others which answer something is flagged.
    """
    groups = defaultdict(list)
    for result in results:
        if result["exercise"] and result["status"] in report.GRADED:
            groups[result["student"], result["exercise"]].append(result)
    chosen = {}
    for group in groups.values():
        best = max(group, key=lambda result: result["points"])
        rivals = [result["notebook"] for result in group if result is not best and report.touched(result)]
        flag = f"{1 + len(rivals)} different notebooks, of which the best counts; the others: {', '.join(rivals)}"
        for result in group:
            reason = f"{best['notebook']} is the one that counts"
            chosen[id(result)] = result if result is best else {**result, "status": "set-aside", "reason": reason}
        if rivals:
            chosen[id(best)] = {**best, "flags": [*best["flags"], grade.clean(flag)]}
    return [chosen.get(id(result), result) for result in results]


def without(students, results, files, isolation):
    """A result for each student of whom there is no notebook at all: it says what there is."""
    seen = {result["student"] for result in results}
    for student in students:
        if student not in seen:
            own = [f"{file.name} ({file.found})" for file in files if file.student == student]
            reason = grade.clean(f"no notebook was found, but {'; '.join(own) or 'an empty folder'}")
            yield {"student": student, **grade.result("", "invalid-submission", isolation, reason=reason)}


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
        keep(grader, item, result, out)
    return result


def keep(grader, item, result, out):
    """Write a result to its file, for the next run."""
    result["key"] = key(grader, item.exercise, result["sha256"])
    file = stored(item, out)
    with contextlib.suppress(OSError):  # then there is a grade, and the next run finds it once more
        file.parent.mkdir(parents=True, exist_ok=True)
        report.save(file, json.dumps(result, indent=1) + "\n")


def kept(grader, item, out):
    """The result of an earlier run, if nothing that decides it has changed."""
    try:
        result = json.loads(stored(item, out).read_text(encoding="utf8"))
        now = key(grader, item.exercise, submission.read(item.path).sha256)
    except (OSError, ValueError):
        return None
    return result if result.get("key") == now else None


def stored(item, out):
    """The file of its result: two notebooks may have one name, in different folders."""
    name = f"{report.slug(item.path.stem)}-{report.mark(item.shown)}.json"
    return Path(out) / "results" / report.slug(item.student) / name


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
