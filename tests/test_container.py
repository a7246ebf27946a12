"""The sandbox by Podman or Docker: graded for real where an engine runs, refused with the reason where none does."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest

from hblib.coursework import notebooks
from hblib.grading.grade import Grader
from hblib.grading.isolation import Container, Unavailable
from hblib.grading.sandbox import Limits
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox

ENGINES = [("podman",), ("podman", "--runtime", "runc"), ("docker",)]
IMAGE = "hblib-test"
# The image is empty: this machine's programs are lent to it, so that nothing has to be fetched.
LENT = [f"--volume={path}:{path}:ro" for path in dict.fromkeys(("/usr", sys.base_prefix, sys.prefix))]
OPTIONS = (*LENT, "--ulimit=nproc=1000:1000")


def empty_image():
    """A root file system with nothing but places to put things."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, mode in (("usr", 0o755), ("proc", 0o755), ("dev", 0o755), ("tmp", 0o1777), ("course", 0o755)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        for name in ("bin", "lib", "lib64"):
            if os.path.islink(f"/{name}"):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(f"/{name}")
                tar.addfile(entry)
    return data.getvalue()


def runs(engine):
    """Can this engine run a program of the machine in the empty image?"""
    if shutil.which(engine[0]) is None:
        return False
    made = subprocess.run([*engine, "import", "-", IMAGE], input=empty_image(), capture_output=True)
    start = ["run", "--rm", "--network=none", "--ulimit=nofile=512:512", *OPTIONS, IMAGE, "true"]
    return made.returncode == 0 and subprocess.run([*engine, *start], capture_output=True).returncode == 0


def solved(folder):
    path = folder / "01-hospitals.ipynb"
    path.write_text(notebooks.solved("01-hospitals"), encoding="utf8")
    return path


def sleeping(folder):
    """A notebook that does not end, whatever Python's alarm says."""
    code = "import ctypes; ctypes.CDLL(None).sleep(600)"
    path = folder / "sleeping.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": code}]}), encoding="utf8")
    return path


def test_a_container_grades_or_says_why_not(tmp_path):
    engine = next(filter(runs, ENGINES), None)
    isolation = Container(IMAGE, sys.executable, OPTIONS, engine or ("no-such-engine",))
    with Grader(b"a secret of some length", isolation) as grader:
        if engine is None:
            with pytest.raises(Unavailable, match="neither Podman nor Docker"):
                grader.grade(solved(tmp_path))
            return
        right = grader.grade(solved(tmp_path))
    with Grader(b"a secret of some length", isolation, Limits(wall=10)) as grader:
        endless = grader.grade(sleeping(tmp_path), "01-hospitals")
    assert_no_solutions(tmp_path, engine)
    assert (right["status"], right["points"], right["isolation"]) == ("graded", right["possible"], "container")
    assert (endless["status"], endless["flags"]) == ("graded-incomplete", ["killed: time"])
    left = subprocess.run([*engine, "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True).stdout
    assert "hblib-" not in left


def assert_no_solutions(folder, engine):
    """An image that holds the course itself is refused."""
    whole = Container(IMAGE, sys.executable, (*OPTIONS, f"--volume={ROOT}:{ROOT}:ro"), engine)
    with Grader(b"a secret of some length", whole) as grader, pytest.raises(Unavailable, match="can see the solutions"):
        grader.grade(solved(folder))


def test_an_image_that_does_not_start_is_no_zero(tmp_path):
    """`false` stands for an engine that fails: nothing is graded, and the reason says so."""
    failing = Container("image", engine=("false",))
    with Grader(b"a secret of some length", failing) as grader, pytest.raises(Unavailable, match="does not start"):
        grader.grade(solved(tmp_path))


def test_a_container_needs_an_image():
    with pytest.raises(Unavailable, match="--image"):
        Container("").program()
