"""Make the files of a class's repository, tied to the commit at which this clone of the course stands.

    python3 classroom/new.py KIND FOLDER https://github.com/OWNER/REPO

KIND is student, instructor, gitlab-student, gitlab-instructor or classroom50; the address is that of the course's own
repository. Run it again on the same FOLDER to move it to a newer commit: what people fill in stays, and so does a
deadline, `schedule:`, that stands in a workflow of GitHub's. Whatever else you changed in a workflow is lost.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
EXERCISES = {f"exercises/{path.name}": path for path in HERE.parent.glob("exercises/*.ipynb")}
README, STUDENTS = HERE / "student" / "README.md", HERE / "instructor" / "students.csv"
ACTIONS = ".github/workflows"
KINDS = {
    "student": {f"{ACTIONS}/grade.yml": HERE / "student" / ACTIONS / "grade.yml", "README.md": README, **EXERCISES},
    "instructor": {
        f"{ACTIONS}/grade-class.yml": HERE / "instructor" / ACTIONS / "grade-class.yml",
        "students.csv": STUDENTS,
    },
    "gitlab-student": {".gitlab-ci.yml": HERE / "gitlab" / "student.gitlab-ci.yml", "README.md": README, **EXERCISES},
    "gitlab-instructor": {".gitlab-ci.yml": HERE / "gitlab" / "instructor.gitlab-ci.yml", "students.csv": STUDENTS},
    "classroom50": {"autograder.py": HERE / "classroom50" / "autograder.py"},
}
YOURS = "students.csv", "exercises", "README.md"  # what people fill in or choose from: left alone where it is there
MANUAL = "  workflow_dispatch:\n"  # in a workflow of GitHub's: it is started by hand
DEADLINE = re.compile(r"^  schedule:.*\n(?:\n*  [ #-].*\n)*", re.MULTILINE)  # what an instructor has added to that


def main(kind, folder, address):
    course = re.fullmatch(r"\w+://[^\s/]*/(?:\S*/)?([\w.-]+/[\w.-]+?)(?:\.git)?/?", address)
    if kind not in KINDS or not course:
        sys.exit(__doc__)
    commit = git("rev-parse", "HEAD")
    if not git("branch", "--remotes", "--contains", commit):
        sys.exit(f"No server has the commit {commit[:8]} yet: push it first.")
    filled_in = {"OWNER/REPO": course[1], "COURSE_ADDRESS": address, "COURSE_COMMIT": commit}
    kept = sorted(
        {name.split("/")[0] for name in KINDS[kind]} & {name for name in YOURS if Path(folder, name).exists()}
    )
    files = {name: source for name, source in KINDS[kind].items() if name.split("/")[0] not in kept}
    for name, source in files.items():
        target = Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf8")
        for word, value in filled_in.items() if source.suffix in (".yml", ".py") else ():
            text = text.replace(word, value)
        if target.exists() and (deadline := DEADLINE.search(target.read_text(encoding="utf8"))):
            text = text.replace(MANUAL, MANUAL + deadline[0])
        target.write_text(text, encoding="utf8", newline="\n")
    print(f"{folder} is ready: {len(files)} files, tied to commit {commit[:8]} of {address}")
    if kept:
        print(f"Left as they were: {', '.join(kept)}")


def git(*arguments):
    return subprocess.run(["git", "-C", HERE, *arguments], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) == 4 else sys.exit(__doc__)
