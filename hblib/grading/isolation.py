"""What a submission runs in, from the strongest to none at all.

`Bubblewrap`  no network, no files but Python's, no privileges, limits on memory, processes and time; needs Linux
`Container`   the same by Podman or Docker, with an image that holds Python and the course's requirements
`Process`     limits on time and memory, and nothing else: for one's own notebooks on one's own computer

Each tells the command that starts the runner, and what the runner should find when it looks around.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from hblib.coursework.source import PACKAGE, folder

MiB = 2**20
COURSE = "/course"  # where the files stand inside that `sandbox_files` has put together
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
VARIABLES = {**ONE_THREAD, "LANG": "C.UTF-8", "MPLBACKEND": "Agg", "PIP_NO_INDEX": "1"}


class Unavailable(RuntimeError):
    """There is no such sandbox here; the message says why, and what to do."""


def runner(python, course, limits, **more):
    """The command that starts the runner; it gets its own limits, and the paths that it should not find."""
    chosen = {"AS": limits.address, "FSIZE": limits.file, "NOFILE": 512, "CPU": int(4 * limits.wall), **more}
    hidden = [str(path) for path in (folder(), PACKAGE / "grading") if path]
    return [python, "-I", f"{course}/runner.py", json.dumps({"limits": chosen, "hidden": hidden})]


def open_doors(hello):
    """What the runner found that it should not have found."""
    doors = {
        "it runs as root": hello.get("uid") == 0,
        "it has a network": not set(hello.get("network", ["?"])) <= {"lo"},
        "it can see the solutions": hello.get("sees") != [],
    }
    return [door for door, is_open in doors.items() if is_open]


@dataclass(frozen=True)
class Bubblewrap:
    """https://github.com/containers/bubblewrap, which is a package of most Linux distributions."""

    name = "bwrap"

    def program(self):
        """The path of bwrap; `Unavailable` if this machine or user cannot have such a sandbox."""
        if sys.platform != "linux":
            raise Unavailable("bubblewrap needs Linux; elsewhere there is --isolation container, with Podman or Docker")
        if os.getuid() == 0:
            raise Unavailable(
                "the grader is running as root, whom the kernel does not hold to the limits; run it as an ordinary "
                "user, for example: runuser -u nobody -- hblib grade ..."
            )
        path = shutil.which("bwrap")
        if path is None:
            raise Unavailable("bubblewrap is not installed; on Debian and Ubuntu: sudo apt-get install bubblewrap")
        return path

    def command(self, course, limits):
        options = ["--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--clearenv"]
        options += ["--die-with-parent", "--new-session", "--hostname", "sandbox"]
        options += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
        for path in ("/dev/shm", "/tmp"):
            options += ["--size", str(limits.files), "--tmpfs", path]
        options += self._files()  # after /tmp, which may hold a Python
        options += ["--ro-bind", str(course), COURSE, "--dir", "/tmp/home", "--chdir", "/tmp/home", "--remount-ro", "/"]
        for name, value in {**VARIABLES, "HOME": "/tmp/home", "PATH": f"{sys.prefix}/bin:/usr/bin:/bin"}.items():
            options += ["--setenv", name, value]
        # In the sandbox's own user namespace this counts its processes alone.
        return [self.program(), *options, *runner(sys.executable, COURSE, limits, NPROC=limits.processes)]

    def _files(self):
        """The system's programs and this Python's, without hblib, which comes with those files."""
        yield from ("--ro-bind", "/usr", "/usr")
        for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
            if os.path.islink(name):
                yield from ("--symlink", os.readlink(name), name)
            elif os.path.isdir(name):
                yield from ("--ro-bind", name, name)
        for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
            yield from ("--ro-bind-try", path, path)
        for path in dict.fromkeys((sys.base_prefix, sys.prefix)):
            if not path.startswith("/usr/"):
                yield from ("--ro-bind", path, path)
        if any(PACKAGE.is_relative_to(path) for path in (sys.prefix, sys.base_prefix)):
            yield from ("--tmpfs", str(PACKAGE))  # installed there, with the solutions

    def stop(self, command):
        """Nothing: what is in the sandbox dies with bwrap."""

    def hint(self):
        restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
        if restricted.exists() and restricted.read_text().strip() == "1":
            return "on Ubuntu: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
        return "does this kernel let users make namespaces?"

    def open_doors(self, hello, limits):
        uncounted = hello.get("processes") != limits.processes
        doors = {"its processes are not counted": uncounted, "its kernel is not filtered": not hello.get("refuses")}
        return [*open_doors(hello), *(door for door, is_open in doors.items() if is_open)]


@dataclass(frozen=True)
class Container:
    """Podman or Docker.

    `image` has a `python` with what requirements.txt pins, as classroom/Containerfile makes it, and not the course;
    `options` are more for `run`.
    """

    image: str
    python: str = "python"
    options: tuple[str, ...] = ()
    engine: tuple[str, ...] = field(default_factory=lambda: (shutil.which("podman") or "docker",))
    name = "container"

    def program(self):
        if not self.image:
            raise Unavailable("--isolation container needs --image NAME, an image with the course's requirements")
        if shutil.which(self.engine[0]) is None:
            raise Unavailable("neither Podman nor Docker is installed")
        return self.engine[0]

    def command(self, course, limits):
        self.program()
        options = ["--rm", "--interactive", "--name", f"hblib-{secrets.token_hex(8)}", "--network=none", "--read-only"]
        options += ["--cap-drop=all", "--security-opt=no-new-privileges", "--user=65534:65534", "--log-driver=none"]
        options += [f"--pids-limit={limits.processes}", f"--memory={limits.memory}", f"--memory-swap={limits.memory}"]
        options += [
            "--ulimit=nofile=512:512",
            f"--shm-size={limits.files}",
            f"--tmpfs=/tmp:mode=1777,size={limits.files}",
        ]
        options += [f"--volume={course}:{COURSE}:ro", "--workdir=/tmp"]
        for name, value in {**VARIABLES, "HOME": "/tmp"}.items():
            options += [f"--env={name}={value}"]
        return [*self.engine, "run", *options, *self.options, self.image, *runner(self.python, COURSE, limits)]

    def stop(self, command):
        """End the container, which outlives the program that started it, and is removed when it has ended."""
        name = command[command.index("--name") + 1]
        subprocess.run([*self.engine, "kill", name], capture_output=True, timeout=60)

    def hint(self):
        return f"does {self.engine[0]} run the image {self.image}, and has it the course's requirements?"

    def open_doors(self, hello, limits):
        return open_doors(hello)


@dataclass(frozen=True)
class Process:
    """No sandbox."""

    name = "process"

    def program(self):
        return sys.executable

    def command(self, course, limits):
        return runner(sys.executable, course, limits)

    def stop(self, command):
        """Nothing: the grader ends what it can find."""

    def hint(self):
        return "does this Python have the course's requirements?"

    def open_doors(self, hello, limits):
        return []


def environment(home):
    """The variables of the process that starts the runner. The grader's own could be read from inside."""
    return {**VARIABLES, "HOME": str(home), "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
