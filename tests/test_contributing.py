"""The files for those who take part: what they name is there, services know their words, hooks find what they must."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import hblib_alone
from tests.conftest import ROOT, lint, read, targets, tool

BIN = Path(sys.executable).parent
SCHEMAS = {
    ".github/dependabot.yml": "dependabot",
    ".github/ISSUE_TEMPLATE/config.yml": "github-issue-config",
    ".github/ISSUE_TEMPLATE/idea.yml": "github-issue-forms",
    ".github/ISSUE_TEMPLATE/mistake.yml": "github-issue-forms",
    "CITATION.cff": "citation-file-format",
}
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def run(*command, **options):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **options)


# --- What they say ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_service_knows_every_word(name):
    lint(tool("check-jsonschema"), "--builtin-schema", f"vendor.{SCHEMAS[name]}", ROOT / name)


def test_every_form_is_looked_through():
    assert {f".github/ISSUE_TEMPLATE/{path.name}" for path in ROOT.glob(".github/ISSUE_TEMPLATE/*")} <= SCHEMAS.keys()


def test_the_citation_is_of_this_version():
    citation, project = yaml.safe_load(read("CITATION.cff")), tomllib.loads(read("pyproject.toml"))["project"]
    assert citation["version"] == project["version"]
    assert " AND ".join(citation["license"]) == project["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project["authors"]]
    assert citation["keywords"] == project["keywords"]


def test_what_contributing_names_is_there():
    text = read("CONTRIBUTING.md")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, flags=re.MULTILINE))
    assert {"check", "page", "lock", "plain-sphinx"} <= named <= targets()
    found = re.findall(r"\]\(([^)]+)\)|`([\w./-]+/[\w.-]*|[\w-]+\.(?:md|toml|cff|yml))`", text)
    files = {link or name for link, name in found} - {"tests/test_MODULE.py"}
    files = {name for name in files if "my_figure" not in name}  # what one is told to write
    assert len(files) > 10
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_dependabot_looks_where_workflows_are():
    """In `.github/workflows` for the folder /, and in any other folder itself."""
    updates = yaml.safe_load(read(".github/dependabot.yml"))["updates"]
    actions = [each for each in updates if each["package-ecosystem"] == "github-actions"]
    folders = [folder for each in actions for folder in each.get("directories", [each.get("directory")])]
    there = {ROOT / (".github/workflows" if folder == "/" else folder.strip("/")) for folder in folders}
    workflows = [*WORKFLOWS, *ROOT.glob("classroom/*/.github/workflows/*.yml")]
    assert there == {path.parent for path in workflows if "uses:" in path.read_text(encoding="utf8")}


def test_only_main_is_published():
    publish = yaml.safe_load(read(".github/workflows/book.yml"))["jobs"]["publish"]
    assert publish["if"] == "github.ref == 'refs/heads/main'"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_workflow_calls_is_there(path):
    steps = [step for job in yaml.safe_load(path.read_text(encoding="utf8"))["jobs"].values() for step in job["steps"]]
    scripts = "\n".join(step.get("run", "") for step in steps)
    assert scripts
    assert set(re.findall(r"\bmake ([a-z-]+)", scripts)) <= targets()
    called = re.findall(r"^(?:python )?(tools/[\w.]+|\.ci/\w+)", scripts, flags=re.MULTILINE)
    assert all((ROOT / name).exists() for name in called)
    assert all(name.endswith(".py") or os.access(ROOT / name, os.X_OK) for name in called)


def test_the_week_looks_with_the_uv_that_the_set_up_takes():
    here = re.search(r"^uv_version=(\S+)$", read("tools/setup.sh"), flags=re.MULTILINE)[1]
    assert re.findall(r"\buv==(\S+)", read(".github/workflows/weekly.yml")) == [here]


@pytest.mark.parametrize(
    "path", [*sorted(ROOT.glob("tools/*.sh")), ROOT / ".binder/postBuild", ROOT / ".ci/run"], ids=str
)
def test_shellcheck_has_nothing_to_say(path):
    lint(tool("shellcheck"), path)


# --- What they do -----------------------------------------------------------------------------------------------------


def test_what_ci_restores_is_not_made_again(project):
    """The checkout is newer than what was stored, and make goes by time."""
    steps = yaml.safe_load(read(".github/workflows/book.yml"))["jobs"]["test"]["steps"]
    [step] = [step["run"] for step in steps if "restored" in step.get("name", "")]
    [stored] = [step["with"]["path"].split() for step in steps if ".jupyter_cache" in str(step.get("with"))]
    venv = project.folder / ".venv"
    for folder in (venv / "bin", project.folder / "_build"):
        folder.mkdir(parents=True)
    stamps = [venv / ".ready", venv / ".tests", *(project.folder / name for name in stored if "cache" not in name)]
    for stamp in stamps:
        stamp.write_text(f"{venv.resolve()}\n")
        os.utime(stamp, (1e9, 1e9))
    said = project.run("make", "-n", "test")[1]
    assert "tools/setup.sh" in said
    assert "rm -rf _build" in said
    code, said = project.run("bash", "-e", "-c", step)
    assert code == 0, said
    said = project.run("make", "-n", "test")[1]
    assert "tools/setup.sh" not in said
    assert "rm -rf _build" not in said
    assert "jupyter-book build" in said


@pytest.fixture
def committed(project):
    """A repository with everything in it committed, the environment beside it, and hooks that are on."""
    git = tool("git")
    (project.folder / ".venv").symlink_to(BIN.parent)
    name = ["-c", "user.name=Anna", "-c", "user.email=anna@example.org"]
    settings = {"HOME": str(project.folder.parent), "PRE_COMMIT_HOME": str(project.folder.parent / "hooks")}

    def run(*command):
        return project.run(git, *name, *command, GIT_CONFIG_GLOBAL=os.devnull, **settings)

    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all of it"]):
        code, said = run(*command)
        assert code == 0, said
    code, said = project.run(tool("pre-commit"), "install", **settings)
    assert code == 0, said
    return run


def test_the_commit_that_contributing_shows_takes_new_files(project, committed):
    (project.folder / "hblib" / "datasets" / "mine.csv").write_text("y\n1\n", encoding="utf8")
    shown = re.findall(r"^git ((?:add|commit) .*)$", read("CONTRIBUTING.md"), flags=re.MULTILINE)
    for command in shown:
        code, said = committed(*shlex.split(command))
        assert code == 0, said
    assert committed("status", "--porcelain") == (0, "")
    assert "mine.csv" in committed("show", "--stat")[1]


def test_the_hooks_find_what_they_should_and_nothing_else(project, committed):
    project.edit("hblib/lkj.py", "\nimport ", "\nimport  os,sys\nimport ")
    project.edit("solutions/01-hospitals.md", "\n```\n", "\n\n\n```\n")
    project.edit("solutions/01-hospitals.md", "# ", "# In other words: ")
    code, said = committed("commit", "--all", "--message", "careless")
    assert code != 0
    for hook in ("ruff check", "ruff format", "blank lines", "make exercises"):
        assert re.search(rf"{hook}.*\.(?:.*\n)?.*Failed", said), said
    committed("checkout", "--", ".")
    committed("reset", "--quiet", "--hard")
    project.edit("hblib/lkj.py", "\nimport ", "\n# a comment\nimport ")
    code, said = committed("commit", "--all", "--message", "careful")
    assert code == 0, said


# --- hblib alone ------------------------------------------------------------------------------------------------------


def test_hblib_is_tested_alone():
    files = {path.relative_to(ROOT).as_posix() for path in hblib_alone.alone()}
    assert {f"hblib/{name}.py" for name in ("beta_binomial", "normal_normal", "james_stein", "repairs")} <= files
    assert {f"tests/test_{name}.py" for name in ("beta_binomial", "normal_normal", "full_bayes", "datasets")} <= files
    assert not {"hblib/frames.py", "tests/test_frames.py", "tests/test_site.py", "tests/test_grading.py"} & files
    assert len(files) > 25


def test_what_a_file_needs_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(hblib_alone, "ROOT", tmp_path)
    for name, text in {
        "hblib/__init__.py": "",
        "hblib/one.py": "import numpy\nfrom hblib import two\n",
        "hblib/two.py": "from . import three\n\ndef late():\n    import pymc\n",
        "hblib/three.py": "import polars.selectors\n",
        "tests/test_one.py": "from hblib import one\n",
        "tests/test_two.py": "import subprocess\n",
        "tests/test_three.py": "def test_it(project, x):\n    pass\n",
        "tests/conftest.py": "import numpy\n",
        "tests/pages/conftest.py": "from tests.pages import names\n",
        "tests/pages/names.py": "import nbclient\n",
        "tests/pages/test_one.py": "import json\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert hblib_alone.needs(tmp_path / "hblib/one.py") == {"numpy", "polars"}
    assert hblib_alone.needs(tmp_path / "hblib/two.py") == {"pymc", "polars"}
    assert hblib_alone.needs(tmp_path / "tests/test_one.py") == {"numpy", "polars"}
    assert "nbclient" in hblib_alone.needs(tmp_path / "tests/pages/test_one.py")
    assert "import subprocess" in hblib_alone.needs(tmp_path / "tests/test_two.py")
    assert any("project" in hurdle for hurdle in hblib_alone.needs(tmp_path / "tests/test_three.py"))
