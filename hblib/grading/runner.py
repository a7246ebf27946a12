"""Inside the sandbox: run a notebook's cells, and send what they define. It knows no right answer.

    python -I runner.py '{"limits": …, "hidden": …}' < job.json > answers.jsonl

Everything here may be patched by the notebook that it runs: then the answers are wrong, and that is all. What is sent,
a JSON object a line:

    {"k": "hello", …}                                 before any of the notebook's code is read: what this place is like
    {"k": "answer", "run": 0, "name": "p", …}         with "value", or with "calls" for a function
    {"k": "cell", "cell": 3, "raised": [type, message, line]} or {…, "timeout": true}
    {"k": "end", "run": 0}

A job has the cells and the runs: the first with the notebook's own data, the others with other data under the same
names. Each run has a process of its own.
"""

import contextlib
import importlib.util
import json
import os
import resource
import signal
import socket
import sys
import time

FOR_GOOD = -1  # an endless loop is not tried again


class OutOfTime(BaseException):
    """Raised by the alarm; no Exception, so that `except Exception` does not stop it."""


def main():
    told = json.loads(sys.argv[1])
    whole = importlib.util.find_spec("hblib")  # the course with its solutions, if this Python has it
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # what view.py has put beside this file
    channel = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)  # what the notebook prints; the grader has closed stderr
    limit(told["limits"])
    refuses = importlib.import_module("seccomp").refuse()
    shell = prepare()
    send(channel, {"k": "hello", "refuses": refuses, **facts([*told["hidden"], (whole and whole.origin) or ""])})
    job = json.load(sys.stdin)
    os.dup2(nowhere, 0)
    for number, run in enumerate(job["runs"]):
        child = os.fork()
        if child == 0:
            try:
                perform(shell, channel, number, run, job)
            finally:
                os._exit(0)
        os.waitpid(child, 0)


def limit(limits):
    """Limits that the notebook cannot lift again."""
    for name, value in {**limits, "CORE": 0}.items():
        which = getattr(resource, f"RLIMIT_{name}", None)
        with contextlib.suppress(ValueError, OSError):  # macOS knows some of them and refuses to set them
            if which is not None:
                resource.setrlimit(which, (value, value))


def prepare():
    """A shell to run cells in. What could go wrong here is not the notebook's fault, so it comes before the hello."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    importlib.import_module("early")  # what takes its time, and is wanted: see view.py
    quiet = Config()
    quiet.HistoryManager.enabled = False
    return InteractiveShell.instance(config=quiet)


def facts(hidden):
    """What this place is like, for the grader to compare with what it should be."""
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1] if hasattr(resource, "RLIMIT_NPROC") else -1
    return {
        "uid": os.getuid(),
        "network": [name for _, name in socket.if_nameindex()],
        "sees": [path for path in hidden if os.path.exists(path)],
        "processes": processes,
    }


def send(channel, message):
    data = json.dumps(message, allow_nan=False).encode() + b"\n"
    while data:
        data = data[os.write(channel, data) :]


# --- One run ----------------------------------------------------------------------------------------------------------


def perform(shell, channel, number, run, job):
    import wire

    names = shell.user_ns
    owner, replaced = os.getpid(), set()
    seen, when = {}, {}  # of each answer that was sent: the object, and after how many cells
    count = 0  # of the cells that have run, the checks left out
    signal.signal(signal.SIGALRM, ring)

    def tell(**message):
        if os.getpid() != owner:  # a child that the notebook has made goes no further
            os._exit(0)
        send(channel, {**message, "run": number})

    def answer(name, calls):
        value, seen[name], when[name] = names[name], names[name], count
        with contextlib.suppress(OutOfTime):
            if calls is not None and callable(value):
                results = [*call_all(value, calls, job["seconds"])]
                tell(k="answer", name=name, calls=results)
                if any("timeout" in result for result in results):
                    when[name] = FOR_GOOD
            else:
                with deadline(job["seconds"]):
                    encoded = wire.encode(value)
                tell(k="answer", name=name, value=encoded)

    for index, code in enumerate(job["cells"]):
        problem = execute(shell, code, job["seconds"])
        if problem:
            tell(k="cell", cell=index, **problem)
        for name, value in run["data"].items():
            if name in names and (name not in replaced or index in job["given"]):
                names[name] = wire.decode(value, inputs=True)
                replaced.add(name)
        count += not code.startswith("check(")
        for name, calls in run["asks"].items():
            if name in names and names[name] is not seen.get(name, seen):
                answer(name, calls)
    for name, calls in run["asks"].items():  # a later cell may have changed what a function rests on
        if name in names and when.get(name) not in (count, FOR_GOOD):
            answer(name, calls)
    tell(k="end")


def ring(signum, frame):
    raise OutOfTime


@contextlib.contextmanager
def deadline(seconds):
    """Interrupt Python code after so many seconds, and again each second if it takes no notice."""
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def execute(shell, code, seconds):
    """Run a cell; what went wrong, if something did."""
    try:
        with deadline(seconds):
            result = shell.run_cell(code)
    except OutOfTime:
        return {"timeout": True}
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return {}
    return {"timeout": True} if isinstance(error, OutOfTime) else {"raised": describe(error)}


def call_all(function, calls, seconds):
    """The result of each call, all of them together in so many seconds."""
    end = time.monotonic() + seconds
    for inputs in calls:
        yield call(function, inputs, end - time.monotonic())


def call(function, inputs, seconds):
    import calling
    import wire

    if seconds <= 0:
        return {"timeout": True}
    try:
        with deadline(seconds):
            inputs = {name: wire.decode(value, inputs=True) for name, value in inputs.items()}
            if not calling.binds(function, inputs):
                return {"binds": False}
            return {"value": wire.encode(function(**inputs))}
    except OutOfTime:
        return {"timeout": True}
    except BaseException as error:
        return {"raised": describe(error, function)}


def describe(error, function=None):
    """Type, message, and the innermost line of the student's own code."""
    import calling

    try:
        return [type(error).__name__[:60], str(error)[:300], calling.their_line(error, function)[:200]]
    except BaseException:
        return ["Exception", "", ""]


if __name__ == "__main__":
    main()
    os._exit(0)  # all is sent; to take SciPy down in order would cost a sixth of the whole run
