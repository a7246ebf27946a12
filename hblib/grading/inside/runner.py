"""Inside the sandbox: run a notebook's cells, and send what they define. It knows no right answer.

    python -I runner.py '{"limits": …, "hidden": …}' < job.json > answers.jsonl

Everything here may be patched by the notebook that it runs: then the answers are wrong, and that is all. What is sent,
a JSON object a line:

    {"k": "hello", …}                                 before any of the notebook's code is read: what this place is like
    {"k": "answer", "run": 0, "name": "p", …}         with "value", or with "calls" for a function, or else as of a cell
    {"k": "checked", "run": 0, "name": "p"}           `check` has just been called; the last answer is what it saw
    {"k": "data", "run": 1, "names": ["y"]}           the names that were given other data
    {"k": "cell", "cell": 3, "raised": [type, message, line]} or {…, "timeout": true}
    {"k": "end", "run": 0}

A job has the cells and the runs: the first with the notebook's own data, the others with other data wherever the
notebook gives the same names the task's values. Each run has a process of its own. What stands when the notebook calls
`check` is sent then, whatever later cells do to it, and once more at the end if it has changed.
"""

import builtins
import contextlib
import importlib.util
import json
import mmap
import os
import resource
import signal
import socket
import sys
import time

FOR_GOOD = -1  # an endless loop is not tried again
PATIENCE = 4  # on a busy machine: what has used less than its time of the processor may take so many times as long


class OutOfTime(BaseException):
    """Raised by the alarm; no Exception, so that `except Exception` does not stop it."""


def main():
    settings = json.loads(sys.argv[1])
    whole = importlib.util.find_spec("hblib")  # the course with its solutions, if this Python has it
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # what sandbox_files.py has put beside this file
    channel = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)  # what the notebook prints; the grader has closed stderr
    limit(settings["limits"])
    refuses = importlib.import_module("seccomp").refuse()
    shell = prepare()
    send(channel, {"k": "hello", "refuses": refuses, **facts([*settings["hidden"], (whole and whole.origin) or ""])})
    job = json.load(sys.stdin)
    os.dup2(nowhere, 0)
    sys.path.append(os.getcwd())  # for the modules that a notebook writes; it is empty now
    late = mmap.mmap(-1, max(1, len(job["cells"])))  # the cells that the first run could not finish
    for number, run in enumerate(job["runs"]):
        child = os.fork()
        if child == 0:
            try:
                perform(shell, channel, number, run, job, late)
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
    from traitlets.config import Config

    for name in ("early", "calling", "codec", "forms"):  # once, and not in each run; early: see sandbox_files.py
        importlib.import_module(name)
    quiet = Config()
    quiet.HistoryManager.enabled = False
    return importlib.import_module("shell").Shell.instance(config=quiet)


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


def perform(shell, channel, number, run, job, late):
    """Run the cells, except those that were `late` in the first run, and send what they define."""
    from hblib import coursework

    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the grader in the background ignores it
    replaced = other_data(shell, run)
    answers = Answers(shell.user_ns, run["asks"], Sender(channel, number), job)
    coursework.listeners.append(answers.at_check)
    for index, code in enumerate(job["cells"]):
        if number and late[index]:
            continue
        problem = execute(shell, code, job["seconds"])
        late[index] = "timeout" in problem
        if problem:
            answers.tell(k="cell", cell=index, **problem)
        answers.after(code)
    answers.at_end()
    if run["data"]:
        answers.tell(k="data", names=sorted(replaced))
    answers.tell(k="end")


class Sender:
    """Sends messages about a run."""

    def __init__(self, channel, number):
        self.channel, self.number, self.owner = channel, number, os.getpid()

    def __call__(self, **message):
        if os.getpid() != self.owner:  # a child that the notebook has made goes no further
            os._exit(0)
        send(self.channel, {**message, "run": self.number})


class Answers:
    """What a notebook has defined of what is `asked`, {name: calls of a function, or None}, and what was sent of it.

    seen, checked  of each answer: the object that was sent last, and the one that `check` saw
    when           after how many cells it was sent
    count          of the cells that have run, the checks left out
    """

    def __init__(self, names, asked, tell, job):
        self.names, self.asked, self.tell = names, asked, tell
        self.cell_seconds, self.call_seconds = job["seconds"], job["call"]
        self.seen, self.checked, self.when, self.count = {}, {}, {}, 0

    def send(self, name):
        import codec

        value, calls = self.names[name], self.asked[name]
        self.seen[name], self.when[name] = value, self.count
        if calls is not None and callable(value):
            results = [*call_all(value, calls, self.call_seconds)]
            given = [result for result in results if "value" in result]
            for result, short in zip(given, codec.within([result["value"] for result in given]), strict=True):
                result["value"] = short
            self.tell(k="answer", name=name, calls=results)
            if any("timeout" in result for result in results):
                self.when[name] = FOR_GOOD
        else:
            self.tell(k="answer", name=name, **tried(lambda: encoded(value), self.cell_seconds))

    def is_new(self, name):
        """Is it another object than the one that was sent?"""
        return self.names[name] is not self.seen.get(name, self.seen)

    def is_old(self, name):
        """Has a cell run since it was sent, which may have changed what it rests on?"""
        return self.when.get(name) not in (self.count, FOR_GOOD)

    def at_check(self, *names):
        for name in names or self.asked:
            if isinstance(name, str) and name in self.asked and name in self.names:
                self.checked[name] = self.names[name]
                if self.is_new(name) or self.is_old(name):
                    self.send(name)
                self.tell(k="checked", name=name)

    def after(self, code):
        """A cell has run."""
        self.count += not code.startswith("check(")
        for name in self.asked:
            if name in self.names and self.is_new(name):
                self.send(name)

    def at_end(self):
        for name in self.asked:
            if name in self.names and name not in self.checked and self.is_old(name):
                self.send(name)


def other_data(shell, run):
    """Have the shell put other data in place of the task's; returns the set of names for which it has done so."""
    import codec
    from shell import OtherData, like, same

    replaced = set()
    data, given = ({n: codec.decode(v, inputs=True) for n, v in run[k].items()} for k in ("data", "given"))

    def place(name, value):
        if not same(value, given[name]):
            return value
        replaced.add(name)
        return like(data[name], value)

    if data:
        setattr(builtins, OtherData.PLACE, place)
        shell.ast_transformers.append(OtherData(set(data)))
    return replaced


# --- Time -------------------------------------------------------------------------------------------------------------


class Deadline:
    """Interrupts Python code after so many seconds, and again and again if it takes no notice.

    What is `late` stays late, whoever has caught the interruption. The time of a deadline inside another one (a `check`
    in a cell) does not count for the outer one.
    """

    def __init__(self, seconds):
        self.seconds, self.late = seconds, False

    def __enter__(self):
        self.began, self.worked = time.monotonic(), work()
        deadlines.append(self)
        signal.setitimer(signal.ITIMER_REAL, max(self.seconds, 1e-3), 1.0)

    def __exit__(self, *error):
        signal.setitimer(signal.ITIMER_REAL, 0)
        deadlines.pop()
        if deadlines:
            deadlines[-1].began += time.monotonic() - self.began
            deadlines[-1].worked += work() - self.worked
            signal.setitimer(signal.ITIMER_REAL, 0.05, 1.0)
        if self.late:
            raise OutOfTime


deadlines: list[Deadline] = []  # the innermost last


def ring(signum, frame):
    """Something is late if it has used all its time, of the clock and of the processor, or far more of the clock."""
    if deadlines:
        now = deadlines[-1]
        passed, worked = time.monotonic() - now.began, work() - now.worked
        if passed >= PATIENCE * now.seconds or (passed >= 0.99 * now.seconds and worked >= 0.9 * now.seconds):
            now.late = True
            raise OutOfTime


def work():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def execute(shell, code, seconds):
    """Run a cell; what went wrong, if something did."""
    import calling

    try:
        with Deadline(seconds):
            error = shell.run(code)
    except OutOfTime:
        return {"timeout": True}
    except BaseException as raised:  # the shell cannot show every error
        error = raised
    if error is None and not shell.failures:
        return {}
    error = shell.failures[0] if error is None else error
    return {"timeout": True} if type(error) is OutOfTime else {"raised": calling.error_parts(error)}


def call_all(function, calls, seconds):
    """The result of each call, so many seconds for each; after one that was late no other is tried."""
    late = False
    for inputs in calls:
        result = {"timeout": True} if late else call(function, inputs, seconds)
        late = "timeout" in result
        yield result


def call(function, inputs, seconds):
    import calling
    import codec

    def result():
        given = {name: codec.decode(value, inputs=True) for name, value in inputs.items()}
        found = calling.arguments(function, given)
        return {"binds": False} if found is None else encoded(function(*found[0], **found[1]))

    return tried(result, seconds, function)


def encoded(value):
    import codec
    import forms

    [short] = codec.within([codec.encode(forms.plain(value))])
    return {"value": short}


def tried(make, seconds, function=None):
    """What `make` gives, or what went wrong."""
    import calling

    try:
        with Deadline(seconds):
            return make()
    except OutOfTime:
        return {"timeout": True}
    except BaseException as error:
        return {"raised": calling.error_parts(error, function)}


if __name__ == "__main__":
    main()
    os._exit(0)  # all is sent; to take SciPy down in order would cost a sixth of the whole run
