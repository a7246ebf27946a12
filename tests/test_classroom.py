"""The files for classes: linted, and their shell steps run here as a job would run them, down to the real grader."""

import csv
import json
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import repositories
import yaml

from hblib.coursework import notebooks
from hblib.grading import submission
from tests import left_out
from tests.conftest import HEAVY, ROOT, lint, tool
from tests.ordinary_user import prefix

pytestmark = pytest.mark.sandbox

SEED, READ_TOKEN, WRITE_TOKEN, JOB_TOKEN = (secrets.token_hex(20) for _ in range(4))
PUBLISHED = [
    "collected.csv",
    "flags.csv",
    "grades.csv",
    "junit.xml",
    "results.json",
    "students",
    "summary.md",
]
WORKFLOWS = {
    "book": ROOT / ".github/workflows/book.yml",
    "hblib": ROOT / ".github/workflows/hblib.yml",
    "weekly": ROOT / ".github/workflows/weekly.yml",
    "one": ROOT / ".github/workflows/grade-one.yml",
    "student": ROOT / "classroom/student/.github/workflows/grade.yml",
    "instructor": ROOT / "classroom/instructor/.github/workflows/grade-class.yml",
}
GITLAB = {name: ROOT / f"classroom/gitlab/{name}.gitlab-ci.yml" for name in ("student", "instructor")}


def read(path):
    return yaml.load(path.read_text(encoding="utf8"), yaml.BaseLoader)  # which leaves the word `on` a word


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


# --- What they say ----------------------------------------------------------------------------------------------------


SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}


def lint_words(service, path):
    lint(tool("check-jsonschema"), "--builtin-schema", SCHEMAS[service], path)


def lint_shell(script):
    lint(tool("shellcheck"), "--shell=bash", "-", input=f"set -e\n{script}")  # as both services run it


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=WORKFLOWS)
def test_github_knows_every_word_and_shellcheck_has_nothing_to_say(path):
    lint_words("github", path)
    for step in steps(read(path)):
        lint_shell(step.get("run", ""))


@pytest.mark.parametrize("path", GITLAB.values(), ids=GITLAB)
def test_gitlab_knows_every_word_and_shellcheck_has_nothing_to_say(path):
    lint_words("gitlab", path)
    pipeline = read(path)
    before = pipeline.get("default", {}).get("before_script", [])
    for job in pipeline.values():
        if isinstance(job, dict) and "script" in job:
            lint_shell("\n".join([*before, *job["script"]]))


def test_the_linters_find_a_mistake(tmp_path):
    """The control: an unquoted variable, and a word that is unknown to either service."""
    with pytest.raises(AssertionError, match="SC2086"):
        lint_shell("echo $HOME")
    workflow = tmp_path / "bad.yml"
    workflow.write_text("on: push\njobs: {a: {runs-on: ubuntu-24.04, step: [{run: 'true'}]}}\n")
    with pytest.raises(AssertionError, match="step"):
        lint_words("github", workflow)
    workflow.write_text("a: {script: [true], artifact: []}\n")
    with pytest.raises(AssertionError, match="artifact"):
        lint_words("gitlab", workflow)


def test_a_students_workflow_is_short():
    assert len(WORKFLOWS["student"].read_text(encoding="utf8").splitlines()) <= 15


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=WORKFLOWS)
def test_what_others_wrote_is_pinned_and_gets_no_more_than_it_needs(path):
    workflow = read(path)
    jobs = workflow["jobs"].values()
    used = [each["uses"] for each in (*steps(workflow), *jobs) if "uses" in each]
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@([0-9a-f]{40}|COURSE_COMMIT)", action), action
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for step in steps(workflow):
        assert "${{" not in step.get("run", ""), "a shell gets values through its environment, not into its text"
        if path != WORKFLOWS["book"] and step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] == "false"


def test_what_students_code_could_have_touched_is_never_stored_for_the_next_job():
    jobs = read(WORKFLOWS["instructor"])["jobs"]
    cached = {
        name: [s["uses"].split("@")[0] for s in job["steps"] if "cache" in s.get("uses", "")]
        for name, job in jobs.items()
    }
    assert cached == {
        "collect": ["actions/cache"],
        "grade": ["actions/cache/restore"],
        "publish": ["actions/cache/restore"],
    }


def test_secrets_are_where_no_students_code_runs_but_for_the_seed():
    given = {}
    for job, content in read(WORKFLOWS["instructor"])["jobs"].items():
        for step in content["steps"]:
            for value in re.findall(r"secrets\.\w+|github\.token", json.dumps(step)):
                given.setdefault(job, []).append((step["name"], value))
    assert given == {
        "collect": [("Collect", "secrets.READ_TOKEN")],
        "grade": [("Grade", "secrets.GRADING_SEED")],
        "publish": [("Publish", "github.token")],
    }
    assert "secrets" not in WORKFLOWS["one"].read_text() + WORKFLOWS["student"].read_text()
    permissions = {name: job["permissions"] for name, job in read(WORKFLOWS["instructor"])["jobs"].items()}
    assert permissions == {"collect": {"contents": "read"}, "grade": {}, "publish": {"contents": "write"}}


# --- A place to run them ----------------------------------------------------------------------------------------------


class School:
    """A folder with a server of git repositories in it and the course on it, used by an ordinary user."""

    def __init__(self, folder):
        left_out.unless_installed("git")
        self.folder, self.server = folder, folder / "server"
        self.course = folder / "clone"
        shutil.copytree(ROOT, self.course, ignore=HEAVY)
        self.home = self.new("home")
        self.address = f"file://{self.server}/school/course"
        self.push("school/course", self.course)
        self.commit = self.shell("git rev-parse HEAD", self.course).stdout.strip()

    def new(self, name):
        """A folder that was not there before."""
        folder = self.folder / f"{name}-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        return folder

    def shell(self, script, cwd, **environment):
        """Run a script with bash, as GitHub and GitLab do, with nothing in its environment that is not told here."""
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        base = {"PATH": path, "HOME": str(self.folder / "home"), "LANG": "C.UTF-8", "GIT_AUTHOR_NAME": "a"}
        base |= {"GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}
        command = [*prefix(self.folder), "bash", "--noprofile", "--norc", "-e", "-c", script]
        options = {"cwd": cwd, "env": {**base, **environment}, "capture_output": True, "text": True, "timeout": 7200}
        return subprocess.run(command, check=False, **options)

    def push(self, repository, folder):
        """Make a repository of a folder, and put it on the server."""
        bare = self.server / f"{repository}.git"
        commands = (
            f"git init -q --bare -b main '{bare}'",
            "git init -q -b main && git add -A -f && git commit -q --allow-empty -m begun",
            f"git remote add origin 'file://{bare}' && git push -q -u origin main",
        )
        for command in commands:
            done = self.shell(command, folder)
            assert done.returncode == 0, done.stderr

    def student(self, repository, **files):
        """A student's repository; the keys of `files` are paths, the values texts, or the paths that links lead to."""
        folder = self.new("student")
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                (folder / name).symlink_to(content)
            else:
                (folder / name).write_text(content, encoding="utf8")
        self.push(repository, folder)
        return folder

    def made(self, kind):
        """The folder that new.py makes."""
        folder = self.new(kind)
        done = self.shell(f"python3 classroom/new.py {kind} '{folder}' '{self.address}'", self.course)
        assert done.returncode == 0, done.stderr
        return folder

    def files(self, repository, branch):
        """The files of a branch on the server, as a folder."""
        folder = self.new("branch")
        done = self.shell(f"git clone -q -b {branch} 'file://{self.server}/{repository}' .", folder)
        assert done.returncode == 0, done.stderr
        return folder


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    if sys.platform != "linux":
        pytest.skip("the sandbox needs Linux: what the jobs do is not tested here")
    return School(tmp_path_factory.mktemp("school"))


class GitHub:
    """What GitHub does with the jobs of a workflow, as far as these need it."""

    def __init__(self, school, repository, given=()):
        self.school, self.repository = school, repository
        self.artifacts, self.log = school.new("artifacts"), ""
        self.values = {
            "job.workflow_repository": "school/course",
            "job.workflow_sha": school.commit,
            "github.token": WRITE_TOKEN,
            **{f"secrets.{name}": value for name, value in dict(given).items()},
        }

    def run(self, workflow, name):
        """Run a job on a new machine; its exit code, which is that of the first step that failed."""
        self.workspace, self.temporary = self.school.new("workspace"), self.school.new("temporary")
        self.summary = self.temporary / "summary.md"
        self.values["runner.temp"] = str(self.temporary)
        result = 0
        for step in workflow["jobs"][name]["steps"]:
            if not result or "!cancelled()" in step.get("if", ""):
                code = self.step(step, workflow.get("env", {}))
                result = result or code
        return result

    def step(self, step, environment):
        if "run" in step:
            own = {name: self.filled_in(value) for name, value in step.get("env", {}).items()}
            runner = {
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.temporary),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_SERVER_URL": f"file://{self.school.server}",
                "GITHUB_REPOSITORY": self.repository,
            }
            done = self.school.shell(step["run"], self.workspace, **runner, **environment, **own)
            self.log += done.stdout + done.stderr
            return done.returncode
        action = re.match(r"actions/([\w/-]+)@", step["uses"])[1].split("/")[0].replace("-", "_")
        options = {} if action == "cache" else {name: self.filled_in(text) for name, text in step["with"].items()}
        return getattr(self, action)(**{name.replace("-", "_"): text for name, text in options.items()})

    def filled_in(self, text):
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: self.values[found[1]], text)

    def checkout(self, path, persist_credentials, repository="", ref="HEAD"):
        address = f"file://{self.school.server}/{repository or self.repository}"
        done = self.school.shell(f"git clone -q '{address}' {path} && git -C {path} checkout -q {ref}", self.workspace)
        return done.returncode

    def setup_python(self, python_version_file):
        return 0 if (self.workspace / python_version_file).is_file() else 1

    def cache(self):
        (self.workspace / "course/.venv").symlink_to(sys.prefix)  # this environment is what an earlier run left
        return 0

    def upload_artifact(self, name, path, if_no_files_found="warn"):
        source, target = self.workspace / path, self.artifacts / name
        if not source.exists():
            return 1 if if_no_files_found == "error" else 0
        names = [file.relative_to(source) for file in source.rglob("*")]
        assert not any(re.search(r'[":<>|*?\r\n]', str(each)) for each in names), "GitHub refuses such names"
        if source.is_dir():
            shutil.copytree(source, target)
            for folder in sorted(filter(Path.is_dir, target.rglob("*")), reverse=True):
                if not any(folder.iterdir()):  # only files are stored
                    folder.rmdir()
        else:
            target.mkdir()
            shutil.copy(source, target)
        return 0

    def download_artifact(self, name, path):
        if not (self.artifacts / name).exists():
            return 1
        shutil.copytree(self.artifacts / name, self.workspace / path)
        return 0


def table(path):
    with path.open(encoding="utf8", newline="") as file:
        return list(csv.reader(file))


# --- A student's repository -------------------------------------------------------------------------------------------

SOLVED = notebooks.solved("01-hospitals")
STUB = notebooks.student("02-easy")
SPY = """\
import glob, os
seen = str(os.environ) + "".join(open(path).read() for path in glob.glob("/proc/[0-9]*/environ"))
if "SEED" in seen or "TOKEN" in seen:
    os._exit(1)
"""
TRAPS = dict.fromkeys(["sitecustomize.py", "conftest.py", "hblib/__init__.py", "numpy.py"], "raise SystemExit(99)\n")


def with_first_cell(notebook, code):
    """A notebook with one more cell, before all others."""
    notebook = json.loads(notebook)
    notebook["cells"].insert(0, {**notebook["cells"][0], "id": "first", "source": code})
    return json.dumps(notebook)


def test_a_student_is_told_what_the_notebooks_are_worth(school):
    """And what else stands in the repository, or in a file's name, changes nothing."""
    odd = "exercises/x\n::add-mask::points\n##[error]$(touch owned) `touch owned`.ipynb"
    traps = {f"{folder}{name}": text for name, text in TRAPS.items() for folder in ("", "exercises/")}
    files = {"exercises/01-hospitals.ipynb": SOLVED, "exercises/02-easy.ipynb": STUB, odd: SOLVED}
    school.student("school/anna", **files, **traps)
    hosted = GitHub(school, "school/anna")
    assert hosted.run(read(WORKFLOWS["one"]), "grade") == 0, hosted.log
    results = json.loads((hosted.artifacts / "report/results.json").read_text())["results"]
    assert [(each["exercise"], each["points"], each["isolation"]) for each in results] == [
        ("01-hospitals", 5, "bwrap"),
        ("02-easy", 0, "bwrap"),
        ("01-hospitals", 5, "bwrap"),
    ]
    assert "**5 of 5 points.**" in hosted.summary.read_text(encoding="utf8")
    assert not list(school.folder.rglob("owned"))
    stopped = re.search(r"::stop-commands::(\S+)\n(.*)\n::\1::\n", hosted.log, re.DOTALL)
    assert "01-hospitals: graded" in stopped[2]
    assert "::" not in hosted.log.replace(stopped[0], "")


def test_a_broken_notebook_makes_the_job_red_and_is_explained(school):
    school.student("school/bert", **{"exercises/01-hospitals.ipynb": "{"})
    hosted = GitHub(school, "school/bert")
    assert hosted.run(read(WORKFLOWS["one"]), "grade") == 1
    assert "not a Jupyter notebook" in hosted.summary.read_text(encoding="utf8")
    assert (hosted.artifacts / "report/junit.xml").is_file()


def test_a_student_without_notebooks_is_no_success(school):
    school.student("school/carl", **{"README.md": "tomorrow"})
    assert GitHub(school, "school/carl").run(read(WORKFLOWS["one"]), "grade") != 0


def test_a_fault_of_the_exercise_is_not_the_students(school):
    folder = school.new("broken")
    (folder / "01-hospitals.ipynb").write_text(SOLVED)
    text = (ROOT / "solutions/01-hospitals.md").read_text(encoding="utf8")
    (folder / "01-hospitals.md").write_text(re.sub("return .*", "return 1 / 0", text), encoding="utf8")
    command = f"python3 -I -m hblib grade '{folder}/01-hospitals.ipynb'"
    done = school.shell(command, folder, HBLIB_EXERCISES=str(folder))
    assert done.returncode == 3
    assert "ZeroDivisionError" in done.stderr


# --- An instructor's --------------------------------------------------------------------------------------------------

CLASS = "student,repository\nanna,class/anna\nben,class/ben\ncleo,class/cleo\ndora,class/nowhere\nemil,class/emil\n"
EXERCISES = ["01-hospitals", "02-easy", "90-own"]
GRADES = [
    ["student", *EXERCISES, "points", "possible"],
    ["anna", "5", "0", "", "5", "15"],
    ["ben", "", "5", "", "5", "15"],
    ["emil", "", "", "5", "5", "15"],
    ["cleo", "", "", "", "0", "15"],
    ["dora", "", "", "", "0", "15"],
]


@pytest.fixture(scope="module")
def students(school):
    """anna's notebook looks for secrets; ben has odd files; cleo has none; dora's repository is not there;
    emil has the instructor's own exercise.
    """
    spying = with_first_cell(SOLVED, SPY)
    school.student("class/anna", **{"exercises/01-hospitals.ipynb": spying, "exercises/02-easy.ipynb": STUB}, **TRAPS)
    odd = {
        "exercises/02-easy (1).ipynb": notebooks.solved("02-easy"),
        'exercises/a:b?"\n.ipynb': "{}",
        "exercises/01-hospitals.ipynb": Path("/etc/passwd"),
        "exercises/large.ipynb": " " * 60_000_000,
        "exercises/deep/03-medium.ipynb": SOLVED,
        "exercises/.gitattributes": "* filter=run",
    }
    school.student("class/ben", **odd)
    school.student("class/cleo", **{"notes.ipynb": SOLVED})
    school.student("class/emil", **{"exercises/own.ipynb": SOLVED.replace("01-hospitals", "90-own")})


def fill_in(folder):
    """An instructor's repository: the list of the class, and the exercises of which one is the instructor's own."""
    (folder / "students.csv").write_text(CLASS)
    (folder / "solutions").mkdir()
    for name in EXERCISES[:2]:
        shutil.copy(ROOT / f"solutions/{name}.md", folder / "solutions")
    own = (ROOT / "solutions/01-hospitals.md").read_text(encoding="utf8").replace("01-hospitals", "90-own")
    (folder / "solutions/90-own.md").write_text(own, encoding="utf8")


def check_published(folder):
    """Are the reports of the class above in a folder, and nothing that should not be?"""
    assert sorted(path.name for path in folder.iterdir() if path.name != ".git") == PUBLISHED
    assert table(folder / "grades.csv") == GRADES
    students = [row[0] for row in GRADES[1:]]
    assert sorted(path.stem for path in (folder / "students").glob("*.md")) == sorted(students)
    assert len([*(folder / "students").iterdir()]) == len(students)
    collected = [(student, count, len(commit)) for student, _, commit, count in table(folder / "collected.csv")[1:]]
    found = [("anna", "2", 40), ("ben", "3", 40), ("cleo", "0", 40), ("dora", "cannot be read", 0), ("emil", "1", 40)]
    assert collected == found
    invalid = [flag for student, _, flag in table(folder / "flags.csv") if student == "ben"]
    assert len(invalid) == 2
    assert any("larger than 50 MB" in flag for flag in invalid)
    missing = {student for student, _, flag in table(folder / "flags.csv") if "nothing-was-collected.txt" in flag}
    assert missing == {"cleo", "dora"}


@pytest.fixture(scope="module")
def instructor(school, students):
    """The instructor's repository on GitHub, with the class collected and graded."""
    folder = school.made("instructor")
    fill_in(folder)
    school.push("teachers/class", folder)
    hosted = GitHub(school, "teachers/class", {"READ_TOKEN": READ_TOKEN, "GRADING_SEED": SEED})
    hosted.workflow = read(folder / ".github/workflows/grade-class.yml")
    assert hosted.run(hosted.workflow, "collect") == 0, hosted.log
    assert hosted.run(hosted.workflow, "grade") == 0, hosted.log
    return hosted


def test_a_class_is_collected_graded_and_published(school, instructor):
    large = instructor.artifacts / "snapshot/notebooks/ben/large.ipynb"
    assert large.stat().st_size == submission.BYTES + 1  # no more is stored than it takes to be refused
    for _ in range(2):  # the second time on top of the first
        assert instructor.run(instructor.workflow, "publish") == 0, instructor.log
    published = school.files("teachers/class", "grades")
    check_published(published)
    assert school.shell("git rev-list --count HEAD", published).stdout == "2\n"


def test_no_secret_is_left_anywhere(instructor):
    for secret in (SEED, READ_TOKEN, WRITE_TOKEN):
        assert secret not in instructor.log
        found = subprocess.run(["grep", "-rlF", secret, instructor.school.folder], capture_output=True, check=False)
        assert found.returncode == 1, found.stdout
    results = json.loads((instructor.artifacts / "graded/results.json").read_text())["results"]
    assert (
        results[0]["warnings"] == []
    )  # anna's notebook read its surroundings without trouble, and found no more in them


def test_results_of_another_form_are_not_published(school, instructor):
    file = instructor.artifacts / "graded/results.json"
    sound = file.read_text()
    file.write_text(sound.replace('"points": 5', '"points": "<script>"'))
    before = school.shell("git ls-remote . grades", school.server / "teachers/class.git").stdout
    try:
        assert instructor.run(instructor.workflow, "publish") == 2
    finally:
        file.write_text(sound)
    assert school.shell("git ls-remote . grades", school.server / "teachers/class.git").stdout == before


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("anna,class/nowhere\n", "No repository could be read"),
        ("../anna,class/anna\n", "cannot use the line '../anna', 'class/anna': a student is letters a-z, digits"),
        ("anna\n", "a repository is OWNER/NAME"),
        ("anna,https://github.com/class/anna\n", "a repository is OWNER/NAME, not an address"),
        ("Zoë,class/anna\n", "a student is letters a-z"),
        (",class/anna\n", "a student is letters a-z"),
        ("anna,class/anna\nanna,class/ben\n", "a student stands there twice"),
    ],
)
def test_a_list_that_cannot_be_right_stops_the_collection(school, students, lines, reason):
    folder = school.new("list")
    (folder / "students.csv").write_text("student,repository\n" + lines)
    command = (
        f"python3 -I '{school.course}/classroom/repositories.py' collect students.csv 'file://{school.server}' out"
    )
    done = school.shell(command, folder)
    assert done.returncode == 1
    assert reason in done.stderr


@pytest.mark.parametrize("first", ["student;repository", "name,repo", ""])
def test_a_list_whose_first_line_is_another_is_told_so(tmp_path, first):
    (tmp_path / "students.csv").write_text(f"{first}\nanna;class/anna\n")
    with pytest.raises(SystemExit, match="the first line must be student,repository, with a comma"):
        repositories.read(tmp_path / "students.csv")


def test_a_line_without_words_is_no_student(tmp_path):
    """A spreadsheet leaves such lines at the end of what it saves."""
    (tmp_path / "students.csv").write_text("\ufeffrepository,student,mail\nclass/anna , anna,a@b\n,,\n\n", "utf8")
    assert repositories.read(tmp_path / "students.csv") == [("anna", "class/anna")]


# --- The same on GitLab -----------------------------------------------------------------------------------------------


class GitLab:
    """What GitLab does with the jobs of a pipeline: each begins in the repository, or in an empty folder."""

    def __init__(self, school, repository, given=()):
        self.school, self.repository, self.given = school, repository, dict(given)
        self.artifacts, self.log = school.new("artifacts"), ""
        self.pipeline = read(school.files(repository, "main") / ".gitlab-ci.yml")

    def run(self, name):
        job, default = self.pipeline[name], self.pipeline.get("default", {})
        variables = {**self.pipeline.get("variables", {}), **job.get("variables", {})}
        project = self.school.new("project")
        if variables.get("GIT_STRATEGY") != "empty":
            shutil.copytree(self.school.files(self.repository, "main"), project, dirs_exist_ok=True)
        shutil.copytree(self.artifacts, project, dirs_exist_ok=True)
        script = [*default.get("before_script", []), *job["script"]]
        variables |= self.given.get(job.get("environment", {}).get("name"), {})
        variables |= {"CI_SERVER_URL": f"file://{self.school.server}", "CI_PROJECT_PATH": self.repository}
        variables |= {"COURSE": str(installed_course(self.school)), "CI_JOB_TOKEN": JOB_TOKEN}
        done = self.school.shell("\n".join(script), project, **variables)
        self.log += done.stdout + done.stderr
        for path in job.get("artifacts", {}).get("paths", ()):
            if (project / path).is_dir():
                shutil.copytree(project / path, self.artifacts / path)
            elif (project / path).exists():
                (self.artifacts / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(project / path, self.artifacts / path)
        return done.returncode


def installed_course(school):
    """The course as it stands on a runner: at its commit, with its environment."""
    folder = school.folder / "opt"
    if not folder.exists():
        done = school.shell(f"git clone -q '{school.address}' '{folder}' && ln -s '{sys.prefix}' '{folder}/.venv'", "/")
        assert done.returncode == 0, done.stderr
    return folder


def test_gitlab_tells_a_student(school):
    folder = school.made("gitlab-student")
    for path in (folder / "exercises").iterdir():
        path.unlink() if path.stem != "01-hospitals" else path.write_text(SOLVED)
    for name, text in TRAPS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    school.push("lab/anna", folder)
    hosted = GitLab(school, "lab/anna")
    assert hosted.run("grade") == 0, hosted.log
    assert "5 of 5 points" in hosted.log
    assert (hosted.artifacts / "report/junit.xml").is_file()


def test_gitlab_grades_a_class(school, students):
    folder = school.made("gitlab-instructor")
    fill_in(folder)
    school.push("lab/class", folder)
    given = {
        "collect": {"READ_TOKEN": READ_TOKEN},
        "grade": {"GRADING_SEED": SEED},
        "publish": {"WRITE_TOKEN": WRITE_TOKEN},
    }
    hosted = GitLab(school, "lab/class", given)
    for job in hosted.pipeline["stages"]:
        assert hosted.run(job) == 0, hosted.log
    check_published(school.files("lab/class", "grades"))
    assert not any(secret in hosted.log for secret in (SEED, READ_TOKEN, WRITE_TOKEN, JOB_TOKEN))


def test_gitlab_grades_nothing_with_another_course_than_the_one_named(school):
    folder = school.made("gitlab-student")
    text = (folder / ".gitlab-ci.yml").read_text()
    (folder / ".gitlab-ci.yml").write_text(text.replace(school.commit, "0" * 40))
    school.push("lab/other", folder)
    hosted = GitLab(school, "lab/other")
    assert hosted.run("grade") == 1
    assert not (hosted.artifacts / "report").exists()


# --- Classroom 50, and how the files are made -------------------------------------------------------------------------


def test_classroom_50_gets_whole_points(school):
    student = school.student("school/emma", **{"exercises/01-hospitals.ipynb": SOLVED, "exercises/02-easy.ipynb": "{"})
    temporary = school.new("temporary")
    (temporary / "course").mkdir()
    (temporary / "course/.venv").symlink_to(sys.prefix)
    given = {name: f"the {name}" for name in ("CLASSROOM", "ASSIGNMENT", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")}
    given |= {"SUBMISSION_TAG": "submit/1", "OWNER": "emma", "RUNNER_TEMP": str(temporary)}
    done = school.shell(f"python3 '{school.made('classroom50')}/autograder.py'", student, **given)
    assert done.returncode == 0, done.stderr
    made = json.loads((student / "result.json").read_text())
    tests = made.pop("tests")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made.pop("datetime"))
    assert made == {
        "schema": "classroom50/result/v1",
        "classroom": "the CLASSROOM",
        "assignment": "the ASSIGNMENT",
        "assignment_type": "individual",
        "owner": "emma",
        "submission": "submit/1",
        "commit": "the COMMIT_URL",
        "release": "the RELEASE_URL",
        "review": "the REVIEW_URL",
        "score": 10,
        "max-score": 10,
    }
    assert [(t["test-name"], t["passed"], t["score"], t["max-score"]) for t in tests] == [
        ("01-hospitals: shrink", True, 4, 4),
        ("01-hospitals: above", True, 4, 4),
        ("01-hospitals: inspect", True, 2, 2),
        ("02-easy.ipynb", False, 0, 0),
    ]
    assert all(type(value) is int for t in tests for value in (t["score"], t["max-score"]))
    assert "5 of 5 points" in (student / "release-body.md").read_text(encoding="utf8")


def test_classroom_50_hears_of_the_graders_trouble(school):
    student = school.student("school/finn", **{"README.md": "nothing yet"})
    temporary = school.new("temporary")
    (temporary / "course").mkdir()
    (temporary / "course/.venv").symlink_to(sys.prefix)
    done = school.shell(f"python3 '{school.made('classroom50')}/autograder.py'", student, RUNNER_TEMP=str(temporary))
    assert done.returncode == 2
    assert not (student / "result.json").exists()


@pytest.mark.parametrize("kind", ["student", "instructor", "gitlab-student", "gitlab-instructor", "classroom50"])
def test_new_files_name_the_course_and_its_commit(school, kind):
    folder = school.made(kind)
    files = [path for path in folder.rglob("*") if path.suffix in (".yml", ".py")]
    assert len(files) == 1
    text = files[0].read_text(encoding="utf8")
    assert not re.search("OWNER/REPO|COURSE_ADDRESS|COURSE_COMMIT", text)
    assert school.commit in text
    assert "school/course" in text
    there = sorted(path.name for path in folder.glob("exercises/*"))
    assert there == (sorted(path.name for path in ROOT.glob("exercises/*.ipynb")) if "student" in kind else [])


@pytest.mark.parametrize(
    ("kind", "anew", "kept"),
    [
        ("instructor", ".github/workflows/grade-class.yml", "students.csv"),
        ("student", ".github/workflows/grade.yml", "exercises/01-hospitals.ipynb"),
        ("student", ".github/workflows/grade.yml", "README.md"),
    ],
)
def test_made_anew_they_keep_what_people_filled_in_or_chose(school, kind, anew, kept):
    folder = school.made(kind)
    new = (folder / anew).read_text()
    (folder / anew).write_text("old")
    (folder / kept).write_text("mine")
    for path in folder.glob("exercises/1*.ipynb"):
        path.unlink()
    done = school.shell(f"python3 classroom/new.py {kind} '{folder}' '{school.address}'", school.course)
    assert done.returncode == 0, done.stderr
    assert (folder / anew).read_text() == new
    assert (folder / kept).read_text() == "mine"
    assert f"Left as they were: {'students.csv' if kind == 'instructor' else 'README.md, exercises'}" in done.stdout
    assert not list(folder.glob("exercises/1*.ipynb"))


@pytest.mark.parametrize("indent", ["    ", "  "])
def test_a_deadline_outlives_a_newer_commit(school, indent):
    """Without it the class would not be graded, and nobody would be told."""
    folder = school.made("instructor")
    workflow = folder / ".github/workflows/grade-class.yml"
    crons = f'{indent}- cron: "0 22 31 1 *"\n\n  # and in summer\n{indent}- cron: "0 22 30 6 *"\n'
    deadline = f"  schedule: # UTC\n  # end of January\n{crons}"
    mine = workflow.read_text(encoding="utf8").replace("\n\npermissions", f"\n{deadline}\npermissions", 1)
    workflow.write_text(mine.replace(school.commit, "0" * 40), encoding="utf8")
    assert len(read(workflow)["on"]["schedule"]) == 2
    for _ in range(2):
        done = school.shell(f"python3 classroom/new.py instructor '{folder}' '{school.address}'", school.course)
        assert done.returncode == 0, done.stderr
        assert workflow.read_text(encoding="utf8") == mine


@pytest.mark.parametrize("address", ["https://github.com/school", "school/course", "https://github.com/a b/c"])
def test_an_address_that_is_none_is_refused(school, address):
    done = school.shell(f"python3 classroom/new.py student new '{address}'", school.course)
    assert done.returncode == 1
    assert "python3 classroom/new.py KIND" in done.stderr


def test_a_commit_that_no_server_has_is_refused(school):
    clone = school.files("school/course", "main")
    school.shell("git commit -q --allow-empty -m mine", clone)
    done = school.shell(f"python3 classroom/new.py student new '{school.address}'", clone)
    assert done.returncode == 1
    assert "push it first" in done.stderr
