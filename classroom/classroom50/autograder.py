"""The autograder of a Classroom 50 classroom: grades exercises/*.ipynb and writes the result.json that it reads.

    gh teacher autograder set-default ORG CLASSROOM --from autograder.py

Its runner starts this in the student's checkout, with the names of things in the environment. The assignment needs
runtime {"runs-on": "ubuntu-24.04", "python": "3.13"}. The form of result.json is
classroom50/result/v1, https://github.com/foundation50/classroom50/wiki/Advanced-Autograding. It knows whole points only
and we also give halves, so every point counts as two there. It runs in the student's repository, so it is advice.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

COURSE, COMMIT = "COURSE_ADDRESS", "COURSE_COMMIT"


def main():
    """Grade. If the grader itself is in trouble the exit code says so, and Classroom 50 shows an error and no zero."""
    temporary, student = Path(os.environ["RUNNER_TEMP"]), Path.cwd()
    python, report = set_up(temporary / "course"), temporary / "report"
    notebooks = sorted(map(str, student.glob("exercises/*.ipynb")))
    command = [python, "-I", "-m", "hblib", "grade", "--out", report, "--", *notebooks]
    # Nothing is printed, since GitHub obeys some lines of a log; all that was found is in the summary.
    done = subprocess.run(command, cwd=temporary, stdout=subprocess.DEVNULL, check=False)
    if done.returncode > 1:
        return done.returncode
    results = json.loads((report / "results.json").read_text(encoding="utf8"))["results"]
    (student / "result.json").write_text(json.dumps(result(results, os.environ), indent=1) + "\n", encoding="utf8")
    (student / "release-body.md").write_text((report / "summary.md").read_text(encoding="utf8"), encoding="utf8")
    return 0


def set_up(course):
    """The Python of the course's environment, with the course at its commit in a folder."""
    course.mkdir(exist_ok=True)
    for command in ("init --quiet", f"fetch --quiet --depth=1 {COURSE} {COMMIT}", "checkout --quiet FETCH_HEAD"):
        subprocess.run(["git", *command.split()], cwd=course, check=True)
    python = course / ".venv" / "bin" / "python"
    if not python.exists():
        subprocess.run(["tools/setup.sh", ".venv"], cwd=course, check=True)
    subprocess.run(["tools/sandbox.sh", "--disposable"], cwd=course, check=True)
    return python


def result(results, names):
    """result.json for the results of `hblib grade`; `names` is the environment that Classroom 50 gives.

    >>> question = {"name": "shrink", "outcome": "partial", "points": 1.5, "possible": 3, "message": "right, but …"}
    >>> given = {"notebook": "a.ipynb", "exercise": "01-hospitals", "reason": "", "questions": [question]}
    >>> names = dict.fromkeys(["CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL"], "x")
    >>> made = result([given], names)
    >>> made["score"], made["max-score"], made["tests"][0]["test-name"]
    (3, 6, '01-hospitals: shrink')
    """
    tests = [test for each in results for test in tests_of(each)]
    return {
        "schema": "classroom50/result/v1",
        "classroom": names["CLASSROOM"],
        "assignment": names["ASSIGNMENT"],
        "assignment_type": names.get("ASSIGNMENT_TYPE") or "individual",
        "owner": names.get("OWNER") or "unknown",  # the runner puts the right ones here, and the right time
        "submission": names["SUBMISSION_TAG"],
        "commit": names["COMMIT_URL"],
        "release": names["RELEASE_URL"],
        "review": names.get("REVIEW_URL") or names["COMMIT_URL"],
        "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def tests_of(each):
    """A test for each question of a notebook; one that fails for a notebook that could not be graded."""
    name = each["exercise"] or each["notebook"]
    if not each["questions"]:
        return [{"test-name": name, "passed": False, "score": 0, "max-score": 0, "output": each["reason"]}]
    return [
        {
            "test-name": f"{name}: {question['name']}",
            "passed": question["outcome"] == "correct",
            "score": round(2 * question["points"]),
            "max-score": round(2 * question["possible"]),
            "output": question["message"],
        }
        for question in each["questions"]
    ]


if __name__ == "__main__":
    sys.exit(main())
