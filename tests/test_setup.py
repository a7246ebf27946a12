"""The set-up leaves the machine as it was, but for what README announces, and knows what it cannot do."""

import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler

import pytest

import browser
import ledger
import published
from hblib.coursework import source
from tests import left_out, slowest
from tests.conftest import ROOT

pytestmark = pytest.mark.site


def ran(folder, script, *options, installed=(), **environment):
    """Run a script as an ordinary user with the right to sudo; what it said, and what it had done as root."""
    log = folder / "log"
    log.touch()
    programs = {"id": "echo 1000", "uname": "echo Linux", "sudo": f'echo "$@" >> "{log}"', "cat": '/bin/cat "$@"'}
    for name, line in [*programs.items(), *((name, ":") for name in installed)]:
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    command = ["/bin/sh", ROOT / "tools" / script, *options]
    environment |= {"PATH": str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr, log.read_text().splitlines()


def sandbox(folder, *options, restricted, installed=("bwrap",)):
    """Run tools/sandbox.sh on a system that restricts its users, or does not."""
    setting = folder / "restricted"
    setting.write_text(f"{int(restricted)}\n")
    return ran(folder, "sandbox.sh", *options, installed=installed, RESTRICTED=str(setting))


def test_no_protection_of_the_kernel_is_switched_off_unasked(tmp_path):
    said, as_root = sandbox(tmp_path, restricted=True)
    assert as_root == []
    assert "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0" in said


def test_a_disposable_machine_is_prepared(tmp_path):
    _, as_root = sandbox(tmp_path, "--disposable", restricted=True)
    assert as_root == ["--non-interactive sysctl --quiet kernel.apparmor_restrict_unprivileged_userns=0"]


def test_where_nothing_is_missing_nothing_is_done(tmp_path):
    assert sandbox(tmp_path, restricted=False) == ("", [])


def test_bubblewrap_alone_is_installed(tmp_path):
    _, as_root = sandbox(tmp_path, restricted=False, installed=())
    assert as_root == ["--non-interactive apt-get install --yes --quiet=2 bubblewrap"]


def test_a_browser_is_installed_where_there_is_none(tmp_path):
    _, as_root = ran(tmp_path, "browser.sh")
    assert as_root == ["--non-interactive apt-get install --yes --quiet=2 chromium"]


@pytest.mark.parametrize("name", browser.BROWSERS)
def test_a_browser_that_is_there_will_do(tmp_path, name):
    assert ran(tmp_path, "browser.sh", installed=[name]) == ("", [])


@pytest.mark.parametrize("path", browser.MACS)
def test_a_mac_keeps_its_browser_elsewhere(monkeypatch, path):
    assert f'"{path}"' in (ROOT / "tools" / "browser.sh").read_text()
    monkeypatch.setattr(shutil, "which", lambda name: name if name == path else None)
    assert browser.program() == path


def test_a_server_ends_with_what_it_serves_also_where_that_fails():
    before = threading.active_count()
    with pytest.raises(InterruptedError), browser.serving(BaseHTTPRequestHandler):
        raise InterruptedError
    assert threading.active_count() == before


# --- What is installed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "installed"),
    [([], ["requirements.txt"]), (["a.txt"], ["a.txt"]), (["a.txt", "b c.txt"], ["a.txt", "b c.txt"])],
)
def test_an_environment_that_is_there_gets_what_the_files_pin(tmp_path, files, installed):
    """The class's workflows name no file and mean the book's."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    (tmp_path / "bin/uv").write_text(f'#!/bin/sh\nfor each; do echo "$each"; done > "{tmp_path}/asked"\n')
    (tmp_path / "bin/uv").chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    subprocess.run([ROOT / "tools/setup.sh", tmp_path, *files], env=environment, check=True, capture_output=True)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:2] == ["pip", "install"]
    assert asked[-2 * len(installed) :] == [word for name in installed for word in ("-r", name)]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PYTHON": "/no/python"}, "PYTHON=/no/python is no Python 3.12 or newer"),
        ({"PYTHON": sys.executable, "PIP_NO_INDEX": "1"}, "uv, which installs the rest, could not be fetched"),
    ],
)
def test_what_cannot_be_set_up_is_said(tmp_path, settings, said):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), **settings}
    command = [ROOT / "tools/setup.sh", tmp_path / "venv"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"setup: {said}" in done.stderr.splitlines()[-1]


# --- What a machine cannot test ---------------------------------------------------------------------------------------


def test_without_a_sandbox_the_rest_is_tested_and_one_line_says_so(project):
    project.edit("tests/left_out.py", 'if shutil.which("bwrap") is None:', "if True:")
    some = ("-k", "a_solved_notebook or no_letter or readme")  # the first needs a sandbox
    code, output = project.pytest("tests/test_grading.py", "tests/test_readme.py", "-n0", *some, LEAVE_NOTHING_OUT="")
    assert code == 0, output
    assert re.search(rf"^\d+ passed, {len(source.names())} skipped", output, re.MULTILINE), output
    assert "LEFT OUT: what the grader's sandbox holds, since bubblewrap is not installed" in output.splitlines()[-2]


def test_without_a_browser_the_rest_is_tested_and_one_line_says_so(project):
    project.edit("tools/browser.py", "if found is None:", "if True:")
    some = ("tests/web/test_print.py", "tests/test_readme.py", "-n0", "-k", "title_page or readme")
    code, output = project.pytest(*some, LEAVE_NOTHING_OUT="")
    assert code == 0, output
    assert re.search(r"^\d+ passed, 1 skipped", output, re.MULTILINE), output
    assert "LEFT OUT: what the pages do in a browser, since there is no browser: install" in output.splitlines()[-2]
    code, output = project.pytest(*some, LEAVE_NOTHING_OUT="1")
    assert code == 1, output


def test_where_nothing_may_be_left_out_it_fails(monkeypatch):
    monkeypatch.setenv("LEAVE_NOTHING_OUT", "1")
    with pytest.raises(pytest.fail.Exception, match="cannot be tested here: no wings"):
        left_out.leave_out("no wings")
    assert "LEAVE_NOTHING_OUT=1" in (ROOT / ".ci/run").read_text()


def test_what_begins_first_is_there():
    assert [name for name in slowest.FIRST if not (ROOT / name).is_file()] == []


# --- The course's address ---------------------------------------------------------------------------------------------


def git(folder, *command):
    left_out.unless_installed("git")
    subprocess.run(["git", "-C", str(folder), *command], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """The course's folder in another repository's."""
    for name in ("BOOK_REPOSITORY", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "homework" / "course"
    folder.mkdir(parents=True)
    git(folder.parent, "init", "-q")
    git(folder.parent, "remote", "add", "origin", "https://github.com/anna/homework")
    monkeypatch.setattr(ledger, "ROOT", folder)
    return folder


def test_the_address_of_a_repository_around_the_course_is_not_the_courses(checkout):
    assert published.repository() is None


def test_the_courses_own_address_is_found(checkout):
    git(checkout, "init", "-q")
    git(checkout, "remote", "add", "origin", "git@github.com:example/course.git")
    assert published.repository() == "https://github.com/example/course"


def test_without_git_there_is_no_address(checkout, monkeypatch):
    git(checkout, "init", "-q")
    monkeypatch.setenv("PATH", os.devnull)
    assert published.repository() is None
