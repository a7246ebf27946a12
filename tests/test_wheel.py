"""What `pip install` gives: a wheel with everything in it, that computes and grades where nothing else is installed."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from hblib.coursework import notebooks, source
from tests import left_out, ordinary_user
from tests.conftest import HEAVY, ROOT

CODE = {".py", ".csv", ".json", ".md", ".mplstyle", ".typed"}


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def uv():
    return left_out.unless_installed("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def wheel(uv, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # from a copy: setuptools leaves a folder behind, and takes what an older one holds
    shutil.copytree(ROOT, folder / "course", ignore=HEAVY)
    # by the setuptools that is pinned for the book, not by the newest that can be fetched
    by = ("--no-build-isolation", "--python", sys.executable)
    run(uv, "build", "--quiet", "--wheel", *by, "--out-dir", folder, folder / "course")
    return next(folder.glob("*.whl"))


def environment(uv, folder, what):
    """An environment with nothing in it but what is asked for, as pinned; its Python."""
    run(uv, "venv", "--quiet", "--python", sys.executable, folder)
    pins = folder / "pins.txt"
    lines = (ROOT / "requirements.txt").read_text(encoding="utf8").splitlines()
    pins.write_text("\n".join(line for line in lines if not line.startswith("-e")), encoding="utf8")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install(uv, "--python", python, "--constraint", pins, what)
    return python


def install(uv, *what):
    """By what the set-up has left in uv's cache, or else from the package index, if there is a way to it."""
    for where in (["--offline"], []):
        command = [*map(str, (uv, "pip", "install", "--quiet", *where, *what))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    if "Failed to fetch" in done.stderr:
        left_out.leave_out("the wheel in an environment of its own, since there is no way to the package index")
    pytest.fail(done.stderr)


@pytest.mark.parametrize(
    ("offline", "online", "outcome"),
    [
        (":", "exit 1", None),
        ("exit 1", ":", None),
        ("exit 1", "echo Failed to fetch >&2; exit 2", pytest.skip.Exception),
        ("exit 1", "echo No solution found >&2; exit 1", pytest.fail.Exception),
    ],
    ids=["in the cache", "in the index", "out of reach", "nowhere"],
)
def test_without_a_network_what_needs_it_is_left_out_and_nothing_else(tmp_path, monkeypatch, offline, online, outcome):
    monkeypatch.delenv("LEAVE_NOTHING_OUT", raising=False)
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\ncase "$*" in *--offline*) {offline} ;; *) {online} ;; esac\n')
    uv.chmod(0o755)
    with pytest.raises(outcome) if outcome else contextlib.nullcontext():
        install(uv, "hblib")


@pytest.fixture(scope="module")
def bare(uv, wheel, tmp_path_factory):
    return environment(uv, tmp_path_factory.mktemp("bare"), wheel)


@pytest.fixture(scope="module")
def grading(uv, wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("grading")
    return folder, environment(uv, folder / "env", f"hblib[grading] @ {wheel.as_uri()}")


def test_nothing_is_missing(wheel):
    there = set(zipfile.ZipFile(wheel).namelist())
    files = [path for path in ROOT.glob("hblib/**/*") if path.suffix in CODE]
    assert len(files) > 40
    wanted = {path.relative_to(ROOT).as_posix() for path in files}
    wanted |= {f"hblib/solutions/{path.name}" for path in ROOT.glob("solutions/*.md")}
    assert wanted - there == set()
    licences = {name.rpartition("/")[2] for name in there if "/licenses/" in name}
    assert licences == {"LICENSE", "LICENSE-TEXT"}


def test_nothing_is_there_that_belongs_elsewhere(wheel):
    assert {name.split("/")[0].split("-")[0] for name in zipfile.ZipFile(wheel).namelist()} == {"hblib"}


def test_with_numpy_and_scipy_alone_it_computes(bare, tmp_path):
    script = """
import doctest, importlib, importlib.metadata, sys
import hblib
from hblib import beta_binomial, datasets
modules = [importlib.import_module(f"hblib.{name}") for name in hblib.__all__]
assert all(module.__file__.startswith(sys.prefix) for module in modules)
tried = [doctest.testmod(module) for module in (hblib, beta_binomial, datasets)]
assert sum(each.attempted for each in tried) > 20 and sum(each.failed for each in tried) == 0, tried
print(hblib.__version__, *sorted(each.name for each in importlib.metadata.distributions()))
"""
    printed = run(bare, "-I", "-W", "error", "-c", script, cwd=tmp_path).split()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]["version"]
    assert printed == [version, "hblib", "numpy", "scipy"]


@pytest.mark.sandbox
def test_with_its_extra_it_grades(grading):
    folder, python = grading
    name = "01-hospitals"
    assert name in source.names()
    (folder / f"{name}.ipynb").write_text(notebooks.solved(name), encoding="utf8")
    command = [python.parent / "hblib", "grade", folder / f"{name}.ipynb", "--out", folder / "report"]
    done = ordinary_user.run(*command, writable=[folder], env={"PYTHONPATH": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = json.loads((folder / "report/results.json").read_text(encoding="utf8"))["results"]
    assert [each["outcome"] for each in result["questions"]] == ["correct"] * len(source.load(name).questions)
