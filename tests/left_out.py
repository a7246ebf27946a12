"""What this machine cannot test: left out, with one loud line at the end, or failed where nothing may be left out."""

import functools
import os
import shutil
import subprocess
import sys

import pytest

SIGN = "LEFT OUT: "


def leave_out(reason):
    """Skip the test for a reason that lies in the machine; `.ci/run` insists, and there it fails."""
    if os.environ.get("LEAVE_NOTHING_OUT"):
        pytest.fail(f"cannot be tested here: {reason}")
    pytest.skip(f"{SIGN}{reason}")


def unless_installed(program, path=None):
    """The path of a program without which the test is left out."""
    found = shutil.which(program, path=path)
    return found or leave_out(f"{program} is not installed")


def unless_sandboxed():
    """Leave the test out where there can be no sandbox."""
    reason = no_sandbox()
    if reason:
        leave_out(f"what the grader's sandbox holds, since {reason}")


@functools.cache
def no_sandbox():
    """Why this machine has no sandbox for the grader; "" if it has one."""
    if sys.platform != "linux":
        return "it needs Linux"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (on Debian or Ubuntu: sudo apt-get install bubblewrap)"
    as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] if os.getuid() == 0 else []
    command = [*as_user, "bwrap", "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return "" if done.returncode == 0 else f"bubblewrap cannot make one here ({said[-1]})"


def summary(reports):
    """The lines for the end of a run, one a reason."""
    reasons = {}
    for report in reports:
        _, sign, reason = str(report.longrepr[-1] if report.longrepr else "").partition(SIGN)
        if sign:
            reasons[reason] = reasons.get(reason, 0) + 1
    return [f"{number} tests were {SIGN}{reason}" for reason, number in reasons.items()]
