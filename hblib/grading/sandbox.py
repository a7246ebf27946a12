"""Running a submission where it can do no harm, and reading what it sends.

`start` opens a sandbox with the runner in it, `collect` gives it a job and reads its answers until it ends or has to be
ended. With bubblewrap the code runs without network, without the user's files, without privileges, and its processes
die with it. `process` mode has limits and nothing else: it is for one's own notebook on one's own computer.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from hblib.coursework.source import PACKAGE, folder

MiB = 2**20
LINE, LINES = 1_000_000, 2_000  # the longest answer in bytes, and the most answers


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for all of it and for a cell; bytes of memory in all, of address space for a
    process, of a file, and of all answers; processes.
    """

    wall: float = 180
    cell: float = 30
    memory: int = 2048 * MiB
    address: int = 4096 * MiB
    processes: int = 64
    file: int = 64 * MiB
    answers: int = 8 * MiB


DEFAULT = Limits()


@dataclass(frozen=True)
class Outcome:
    """What a submission sent, and how it ended.

    `hello` is None if the sandbox did not start: no submission can bring that about, because it is sent before any of
    its code is read. `killed` says which limit ended it ("" for none): time, memory or size. `dropped` counts the lines
    that were no messages.
    """

    hello: dict | None
    messages: list
    killed: str
    dropped: int


class Unavailable(RuntimeError):
    """There is no such sandbox here; the message says why, and what to do."""


# --- Which sandbox ----------------------------------------------------------------------------------------------------


def bubblewrap():
    """The path of bwrap, if this machine and user can have such a sandbox."""
    if sys.platform != "linux":
        raise Unavailable("the sandbox needs Linux; elsewhere there is --isolation process, for your own notebooks")
    if os.getuid() == 0:
        raise Unavailable(
            "the grader is running as root, whom the kernel does not hold to the limits; run it as an ordinary user, "
            "for example: runuser -u nobody -- hblib grade ..."
        )
    path = shutil.which("bwrap")
    if path is None:
        raise Unavailable("bubblewrap is not installed; on Debian and Ubuntu: sudo apt-get install bubblewrap")
    return path


def command(isolation, view, limits):
    """The command that starts the runner in `view`, a folder that `view.make` made."""
    hidden = [str(path) for path in (folder(), PACKAGE / "coursework", PACKAGE / "grading") if path]
    told = {"limits": resource_limits(isolation, limits), "hidden": [] if isolation == "process" else hidden}
    if isolation == "process":
        return [sys.executable, "-I", f"{view}/runner.py", json.dumps(told)]
    return [*bubblewrap_command(view), sys.executable, "-I", "/course/runner.py", json.dumps(told)]


def resource_limits(isolation, limits):
    chosen = {"AS": limits.address, "FSIZE": limits.file, "NOFILE": 512, "CPU": int(4 * limits.wall)}
    # Outside a namespace of its own this would count all processes of the user.
    return chosen if isolation == "process" else {**chosen, "NPROC": limits.processes}


def bubblewrap_command(view):
    """bwrap with its options: see https://github.com/containers/bubblewrap for what each does."""
    options = ["--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--clearenv"]
    options += ["--die-with-parent", "--new-session", "--hostname", "sandbox"]
    options += ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            options += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            options += ["--ro-bind", name, name]
    for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        options += ["--ro-bind-try", path, path]
    for path in dict.fromkeys((sys.base_prefix, sys.prefix)):
        if not path.startswith("/usr/"):
            options += ["--ro-bind", path, path]
    if any(PACKAGE.is_relative_to(path) for path in (sys.prefix, sys.base_prefix)):
        options += ["--tmpfs", str(PACKAGE)]  # hblib is installed there, with the solutions
    options += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    for path in ("/dev/shm", "/tmp"):
        options += ["--size", str(256 * MiB), "--tmpfs", path]
    options += ["--ro-bind", str(view), "/course", "--dir", "/tmp/home", "--chdir", "/tmp/home", "--remount-ro", "/"]
    for name, value in environment("/tmp/home").items():
        options += ["--setenv", name, value]
    return [bubblewrap(), *options]


def environment(home):
    """All the variables that a submission sees."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return {**one_thread, "HOME": home, "PATH": path, "LANG": "C.UTF-8", "MPLBACKEND": "Agg", "PIP_NO_INDEX": "1"}


def complaint(isolation):
    """What bwrap says when it is to start nothing but `true`, which tells why it starts nothing else."""
    if isolation == "process":
        return "Python did not start"
    harmless = [bubblewrap(), "--unshare-all", "--ro-bind", "/", "/", "true"]
    said = subprocess.run(harmless, capture_output=True, text=True, timeout=20).stderr.strip() or "no reason given"
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if restricted.exists() and restricted.read_text().strip() == "1":
        said += " (on Ubuntu: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0)"
    return said


def verify(hello, isolation, limits):
    """Raise `Unavailable` unless the sandbox started, and was as closed as it should be."""
    if hello is None:
        raise Unavailable(f"the sandbox does not start: {complaint(isolation)}")
    if isolation == "process":
        return
    open_doors = {
        "it runs as root": hello.get("uid") == 0,
        "it has a network": not set(hello.get("network", ["?"])) <= {"lo"},
        "it can see the solutions": hello.get("sees") != [],
        "its processes are not counted": hello.get("processes") != limits.processes,
    }
    for door, is_open in open_doors.items():
        if is_open:
            raise Unavailable(f"the sandbox is not closed: {door}")


# --- Running ----------------------------------------------------------------------------------------------------------


def start(isolation, view, home, limits):
    """A sandbox that waits for its job; `home` is an empty folder, for process mode."""
    return subprocess.Popen(
        command(isolation, view, limits),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # nothing that a submission prints is read by anybody
        cwd=home,
        env=environment(str(home)),  # also the outer bwrap's: its memory can be read inside
        start_new_session=True,
    )


def collect(process, job, limits):
    """Give a sandbox its job, and read what it sends."""
    inbox = Inbox(limits.answers)
    threading.Thread(target=_write, args=(process.stdin, json.dumps(job).encode()), daemon=True).start()
    reader = threading.Thread(target=inbox.fill, args=(process.stdout,), daemon=True)
    reader.start()
    killed, end = "", time.monotonic() + limits.wall
    try:
        while not killed and not _ended(process):
            if inbox.overflow:
                killed = "size"
            elif time.monotonic() > end:
                killed = "time"
            elif resident(process) > limits.memory:
                killed = "memory"
    finally:
        kill(process)
    reader.join(timeout=5)
    killed = killed or ("size" if inbox.overflow else "")
    hello, messages, dropped = parse(bytes(inbox.data))
    return Outcome(hello, messages, killed, dropped)


def _write(pipe, data):
    with contextlib.suppress(OSError), pipe:  # it may end before it has read its job; what it sent says why
        pipe.write(data)


def _ended(process):
    try:
        process.wait(timeout=0.05)
    except subprocess.TimeoutExpired:
        return False
    return True


class Inbox:
    """What came through the pipe, up to a limit."""

    def __init__(self, limit):
        self.data, self.limit, self.overflow = bytearray(), limit, False

    def fill(self, pipe):
        with pipe:
            while not self.overflow and (chunk := pipe.read1(65536)):
                self.data += chunk
                self.overflow = len(self.data) > self.limit


def family(process):
    """A process and all that descend from it."""
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def resident(process):
    """The memory that a sandbox holds, in bytes."""
    total = 0
    for each in family(process):
        with contextlib.suppress(psutil.Error):  # it has just ended
            total += each.memory_info().rss
    return total


def kill(process):
    """End a sandbox with all that is in it."""
    for each in family(process) if process.poll() is None else ():  # a number that is free again may be another's
        with contextlib.suppress(psutil.Error):
            each.kill()
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# --- Reading ----------------------------------------------------------------------------------------------------------


def parse(data):
    """(hello, messages, dropped) of the bytes that a sandbox sent.

    >>> parse(b'{"k": "hello"}\\n{"k": "end", "run": 0}\\nscore: 100\\n')
    ({'k': 'hello'}, [{'k': 'end', 'run': 0}], 1)
    """
    lines = data.split(b"\n")[:-1]  # what follows the last newline was cut off
    messages = [_message(line) for line in lines[:LINES]]
    hello = messages[0] if messages and messages[0] and messages[0]["k"] == "hello" else None
    kept = [message for message in messages[1:] if message and message["k"] != "hello"]
    return hello, kept if hello else [], len(lines) - len(kept) - (hello is not None)


def _message(line):
    if len(line) > LINE:
        return None
    try:
        message = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and KINDS.get(message.get("k"), _never)(message) else None


def _refuse(constant):
    raise ValueError(constant)


def _never(message):
    return False


def _number(message, name):
    return type(message.get(name)) is int and 0 <= message[name] < 10_000


def _raised(raised):
    return isinstance(raised, list) and len(raised) == 3 and all(isinstance(text, str) for text in raised)


def _answer(message):
    calls = message.get("calls")
    good_calls = isinstance(calls, list) and all(isinstance(call, dict) for call in calls)
    return _number(message, "run") and isinstance(message.get("name"), str) and ("value" in message or good_calls)


def _cell(message):
    return _number(message, "cell") and (message.get("timeout") is True or _raised(message.get("raised")))


KINDS = {
    "hello": lambda message: True,
    "answer": _answer,
    "cell": lambda message: _number(message, "run") and _cell(message),
    "end": lambda message: _number(message, "run"),
}
