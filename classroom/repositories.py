"""Between a class's repositories: take the students' notebooks, put the reports into a branch.

    python3 -I repositories.py collect students.csv https://github.com snapshot
    python3 -I repositories.py publish report https://github.com/OWNER/REPO

It needs Python and git, nothing else. The environment variable TOKEN holds the token for the server, if it wants one.
"""

import base64
import csv
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

MINUTES = 10  # for one command of git
NOTEBOOKS = 200  # of one student
BYTES = 50_000_001  # of one notebook: one more than the grader reads, so that what is too large stays so


def git(*arguments):
    """What a command of git prints, as bytes. The token goes through the environment: no list of processes shows it."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    if token := environment.pop("TOKEN", ""):
        login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        header = {"KEY_0": "http.extraHeader", "VALUE_0": f"Authorization: Basic {login}", "COUNT": "1"}
        environment |= {f"GIT_CONFIG_{name}": value for name, value in header.items()}
    return subprocess.run(
        ["git", *arguments], env=environment, check=True, capture_output=True, timeout=60 * MINUTES
    ).stdout


# --- Collecting -------------------------------------------------------------------------------------------------------


def collect(students, server, snapshot):
    """Put each student's notebooks into snapshot/notebooks/STUDENT, and what was found where into collected.csv."""
    snapshot = Path(snapshot)
    rows = []
    for student, repository in read(students):
        folder = snapshot / "notebooks" / student
        try:
            commit, count = take(f"{server}/{repository}", folder)
            rows.append((student, repository, commit, count))
        except subprocess.SubprocessError:
            rows.append((student, repository, "", "cannot be read"))
        if not any(folder.iterdir()):  # a store of artifacts drops an empty folder, and with it the student
            what = "the folder exercises/ holds no notebook" if rows[-1][2] else "cannot be read"
            (folder / "nothing-was-collected.txt").write_text(f"{repository}: {what}\n", encoding="utf8")
        print(*rows[-1], flush=True)
    with (snapshot / "collected.csv").open("w", encoding="utf8", newline="") as file:
        csv.writer(file).writerows([("student", "repository", "commit", "notebooks"), *rows])
    if not any(commit for _, _, commit, _ in rows):
        sys.exit("No repository could be read. Is the token still valid?")


def read(students):
    """The rows (student, repository) of a file; a student's name becomes a folder's, so it must be a plain one."""
    with open(students, encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        if not {"student", "repository"} <= {*(table.fieldnames or ())}:
            sys.exit(f"{students}: the first line must be student,repository, with a comma between them")
        found = [tuple((row[name] or "").strip() for name in ("student", "repository")) for row in table]
    rows = [row for row in found if any(row)]
    for student, repository in rows:
        if not re.fullmatch(r"\w[\w.-]*", student, re.ASCII) or not re.fullmatch(r"[\w./-]+", repository, re.ASCII):
            plain = "a student is letters a-z, digits, and _ . - inside; a repository is OWNER/NAME, not an address"
            sys.exit(f"{students}: cannot use the line {student!r}, {repository!r}: {plain}")
    if len({student for student, _ in rows}) < len(rows):
        sys.exit(f"{students}: a student stands there twice")
    return rows


def take(address, folder):
    """Copy the notebooks of a repository's folder exercises; return the commit and how many there are.

    They are read out of the repository, which is never checked out: so there is no link to follow, and nothing that it
    says about attributes, submodules or hooks is heeded.
    """
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as clone:
        git("clone", "--quiet", "--bare", "--depth=1", address, clone)
        commit = git("-C", clone, "rev-parse", "HEAD").decode().strip()
        found = notebooks(git("-C", clone, "ls-tree", "-z", "HEAD", "exercises/"))
        for name, blob in found:
            (folder / name).write_bytes(git("-C", clone, "cat-file", "blob", blob)[:BYTES])
    return commit, len(found)


def notebooks(listing):
    """(file name, hash) of each notebook in what `git ls-tree -z` prints; only files count, not links or folders.

    >>> notebooks(b"100644 blob 8d14cb\\texercises/02-easy (1).ipynb\\x00120000 blob 99\\texercises/link.ipynb\\x00")
    [('02-easy..1.-8d14cb.ipynb', '8d14cb')]
    """
    lines = re.findall(rb"100(?:644|755) blob (\w+)\t[^\0]*?([^\0/]+)\.ipynb\0", listing)
    return [(file_name(name.decode("utf8", "replace"), blob.decode()), blob.decode()) for blob, name in lines][
        :NOTEBOOKS
    ]


def file_name(name, blob):
    """A name that every file system and every store of artifacts takes; what is changed gets a part of the hash.

    A dot takes the place of what is odd, because it leaves the exercise's name at the beginning a name of its own.
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]", ".", name)[:80].lstrip(".-")
    return f"{plain}.ipynb" if plain == name else f"{plain}-{blob[:8]}.ipynb"


# --- Publishing -------------------------------------------------------------------------------------------------------


def publish(folder, address):
    """Commit a folder to the branch `grades` of a repository, on top of what is there."""
    here = ("-C", str(folder))
    git(*here, "init", "--quiet", "--initial-branch=grades")
    if git("ls-remote", "--heads", address, "grades"):
        git(*here, "fetch", "--quiet", "--depth=1", address, "grades")
        git(*here, "reset", "--quiet", "--soft", "FETCH_HEAD")
    git(*here, "add", "--all")
    author = ("-c", "user.name=hblib", "-c", "user.email=hblib@localhost")
    git(*here, *author, "commit", "--quiet", "--allow-empty", "--message", "Graded anew")
    git(*here, "push", "--quiet", address, "HEAD:refs/heads/grades")


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    {"collect": collect, "publish": publish}[verb](*arguments)
