"""Running a submission within limits, and reading what it sends. What it runs in, `isolation` says."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

import psutil

from hblib.coursework.graded import CELL_SECONDS
from hblib.grading.isolation import MiB, Unavailable, environment

INTERVAL = 0.1  # seconds between two looks at what it uses; each costs the grader some milliseconds of work
PATIENCE = 4  # on a busy machine a notebook that works little may take so many times as long
LINE, LINES = 1_500_000, 2_000  # the longest message in bytes (codec.BYTES and what stands around), and the most


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Seconds of work for all of it, for a cell, and for a cell where the task is to sample; bytes of memory in all, of
    address space for a process, of a file, of all files in memory, and of all answers; processes that the kernel lets
    it have (with more than half of them the grader ends it).
    """

    wall: float = 180
    cell: float = CELL_SECONDS
    sampling: float = 60
    memory: int = 2048 * MiB
    address: int = 4096 * MiB
    processes: int = 64
    file: int = 64 * MiB
    files: int = 256 * MiB
    answers: int = 8 * MiB


DEFAULT = Limits()


@dataclass(frozen=True)
class Sent:
    """What a submission sent, and how it ended.

    `killed` says which limit ended it: time, memory, processes or size ("" for none). `dropped`
    counts the lines that were no messages.
    """

    messages: list
    killed: str
    dropped: int


class Sandbox:
    """A running sandbox that waits for its job; `course` is the folder of its files, `home` an empty one."""

    def __init__(self, isolation, course, home, limits):
        self.isolation, self.course, self.limits = isolation, course, limits
        self.command = isolation.command(course, limits)
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # nothing that a submission prints is read by anybody
            cwd=home,
            env=environment(home),
            start_new_session=True,
        )

    def run(self, job):
        """Give it its job, and read what it sends until it ends or has to be ended."""
        inbox = Inbox(self.limits.answers)
        threading.Thread(target=_write, args=(self.process.stdin, json.dumps(job).encode()), daemon=True).start()
        reader = threading.Thread(target=inbox.fill, args=(self.process.stdout,), daemon=True)
        reader.start()
        killed, end = "", time.monotonic() + PATIENCE * self.limits.wall
        try:
            while not killed and not self._ended():
                if inbox.overflow:
                    killed = "size"
                elif time.monotonic() > end:
                    killed = "time"
                else:
                    killed = self._excess()
        finally:
            self.kill()
        reader.join(timeout=5)
        killed = killed or ("size" if inbox.too_much else "")
        hello, messages, dropped = parse(bytes(inbox.data))
        self._verify(hello)
        return Sent(messages, killed, dropped)

    def _ended(self):
        try:
            self.process.wait(timeout=INTERVAL)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _verify(self, hello):
        """Raise `Unavailable` unless the sandbox started, and was as closed as it should be.

        No submission can bring that about, because the hello is sent before any of its code is read.
        """
        if hello is None:
            raise Unavailable(f"the sandbox does not start: {self.complaint()} ({self.isolation.hint()})")
        if doors := self.isolation.open_doors(hello, self.limits):
            raise Unavailable(f"the sandbox is not closed: {', '.join(doors)}")

    def complaint(self):
        """What is said when it is started once more, with no job and nobody's code."""
        command = self.isolation.command(self.course, self.limits)
        again = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        return again.stderr.strip()[-300:] or "no reason given"

    def family(self):
        """The process and all that descend from it."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.Error:
            return []

    def _excess(self):
        """What it has too much of: processes, memory, work, or nothing."""
        family, resident, worked = self.family(), 0, 0
        if len(family) > self.limits.processes / 2:  # before the kernel refuses more, and while the others are few
            return "processes"
        for each in family:
            with contextlib.suppress(psutil.Error):  # it has just ended
                resident += each.memory_info().rss
                worked += sum(each.cpu_times()[:4])  # its own, and that of its children which have ended
        if resident > self.limits.memory:
            return "memory"
        return "time" if worked > self.limits.wall else ""

    def kill(self):
        """End it with all that is in it."""
        if self.process.poll() is None:  # a number that is free again may be another's
            for each in self.family():
                with contextlib.suppress(psutil.Error):
                    each.kill()
            self.isolation.stop(self.command)
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _write(pipe, data):
    with contextlib.suppress(OSError), pipe:  # it may end before it has read its job; what it sent says why
        pipe.write(data)


class Inbox:
    """What came through the pipe, up to a limit."""

    def __init__(self, limit):
        self.data, self.limit, self.overflow = bytearray(), limit, False

    def fill(self, pipe):
        with pipe:
            while not self.overflow and (chunk := pipe.read1(65536)):
                self.data += chunk
                self.overflow = len(self.data) > self.limit

    @property
    def too_much(self):
        """Did more come than is read, in bytes or in lines?"""
        return self.overflow or self.data.count(b"\n") > LINES


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
    kind = message.get("k") if isinstance(message, dict) else None
    return message if isinstance(kind, str) and KINDS.get(kind, _never)(message) else None


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
    return _named(message) and (good_calls if "calls" in message else "value" in message or _went_wrong(message))


def _cell(message):
    return _number(message, "cell") and _went_wrong(message)


def _went_wrong(message):
    return message.get("timeout") is True or _raised(message.get("raised"))


def _named(message):
    return _number(message, "run") and isinstance(message.get("name"), str)


def _data(message):
    names = message.get("names")
    return _number(message, "run") and isinstance(names, list) and all(isinstance(name, str) for name in names)


KINDS = {
    "hello": lambda message: True,
    "checked": _named,
    "data": _data,
    "answer": _answer,
    "cell": lambda message: _number(message, "run") and _cell(message),
    "end": lambda message: _number(message, "run"),
}
