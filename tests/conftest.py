"""The project as tests find it: what its files say, programs that read them, and copies to break."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from tests import left_out

# The same examples at every run, however slow the machine: a test that fails once fails for everyone.
settings.register_profile("course", derandomize=True, deadline=None)
settings.load_profile("course")

ROOT = Path(__file__).parent.parent
HEAVY = shutil.ignore_patterns(
    ".git", "build", ".venv*", "_build", "node_modules", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info"
)


def read(name):
    """What a file of the course says."""
    return (ROOT / name).read_text(encoding="utf8")


def targets():
    """What make knows to do."""
    return set(re.findall(r"^([a-z-]+):", read("Makefile"), flags=re.MULTILINE))


def tool(name):
    """A program of this environment, or of the machine."""
    return left_out.unless_installed(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def lint(*command, **options):
    """Run a program that must have nothing to say against what it reads."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class Project:
    """A copy of the project in a folder of its own."""

    folder: Path

    def edit(self, name, old, new):
        """Replace `old`, which must be there, by `new` in the file `name`."""
        path = self.folder / name
        text = path.read_text(encoding="utf8")
        assert old in text, f"{name} no longer holds {old!r}; mend this test"
        path.write_text(text.replace(old, new), encoding="utf8")

    def run(self, *command, **environment):
        """Run a command in the copy, with the copy's hblib; return its exit code and all that it printed."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTEST_ADDOPTS": "", **environment}
        environment.pop("PYTEST_XDIST_WORKER", None)
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=7200, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def pytest(self, *files, **environment):
        command = (sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider")
        return self.run(*command, *files, **environment)


def copy_of_course(folder):
    """A copy in a folder with a name as people give them, and without git's, as a downloaded zip has it."""
    return Project(Path(shutil.copytree(ROOT, folder / "Anna's Kurs [2026] ü & co", ignore=HEAVY)))


@pytest.fixture
def project(tmp_path):
    """A copy to break."""
    return copy_of_course(tmp_path)


def copy_of_site(folder):
    """The built site once more, in a folder."""
    return Path(shutil.copytree(ROOT / "_build" / "html", folder / "html"))


@pytest.fixture
def site(tmp_path):
    """A copy of the built site."""
    return copy_of_site(tmp_path)
