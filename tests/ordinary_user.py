"""Starting a command as an ordinary user, because the grader refuses to work as root."""

import os
import subprocess
import sys
from pathlib import Path

from tests import left_out

ROOT = Path(__file__).parent.parent
NOBODY = 65534


def run(*command, writable=(), **options):
    """Run a command from the project's root as an ordinary user, who may write in the folders `writable`.

    The timeout is there for what never ends: on a machine with ten other things to do, minutes become an hour.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    settings = {"cwd": ROOT, "env": environment, "capture_output": True, "text": True, "timeout": 7200, **options}
    return subprocess.run([*prefix(*writable), *map(str, command)], check=False, **settings)


def prefix(*writable):
    """What to put before a command so that it runs as an ordinary user; nothing if we are one.

    Folders that others cannot enter (/root, pytest's own) are replaced by empty ones, in which only that stands which
    the command needs: the project, Python, and the folders `writable`, which become that user's.
    """
    left_out.unless_sandboxed()
    if os.getuid() != 0:
        return []
    for folder in writable:
        hand_over(folder)
    shown = {Path(sys.base_prefix): "--ro-bind", Path(sys.prefix): "--ro-bind", ROOT: "--ro-bind"}
    shown |= {Path(folder).resolve(): "--bind" for folder in writable}
    closed = {path: first for path in shown if (first := first_closed(path))}
    options = ["--dev-bind", "/", "/"]
    for folder in sorted(set(closed.values())):
        options += ["--perms", "0755", "--tmpfs", str(folder)]
    for path, first in sorted(closed.items()):
        for folder in reversed(path.parents):
            if folder.is_relative_to(first) and folder != first:
                options += ["--perms", "0755", "--dir", str(folder)]
        options += [shown[path], str(path), str(path)]
    user = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--"]
    return ["bwrap", *options, "--", *user]


def first_closed(path):
    """The first folder on the way from / to a path that others cannot enter, if there is one."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)


def hand_over(folder):
    """Make a folder with all that is in it the ordinary user's."""
    for above, folders, files in os.walk(folder):
        for path in (above, *(os.path.join(above, name) for name in (*folders, *files))):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
