"""Inside the sandbox: system calls that the kernel is told to refuse, because a notebook does not need them.

A filter of this kind holds for a process and all its children, and cannot be lifted again. This file is also copied
into the sandbox: it needs Python alone. See https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html.
"""

import ctypes
import os
import struct
import sys

# By processor: its number, and those of the calls. The first five give memory that no limit holds and no process shows:
# memfd_create, memfd_secret, shmget, semget, msgget. The others leave something behind for the next notebook, or open
# much of the kernel: add_key, request_key, keyctl, io_uring_setup, userfaultfd, bpf, perf_event_open.
REFUSED = {
    "x86_64": (0xC000003E, (319, 447, 29, 64, 68, 248, 249, 250, 425, 323, 321, 298)),
    "aarch64": (0xC00000B7, (279, 447, 194, 190, 186, 217, 218, 219, 425, 282, 280, 241)),
}
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # the language of filters
NUMBER, PROCESSOR = 0, 4  # where the kernel puts what a filter may look at
ALLOW, EPERM = 0x7FFF0000, 0x00050001
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
FOREIGN = 0x40000000  # numbers from here on are the calls of another convention (x32)


def refuse():
    """Have the kernel refuse these calls from now on; False where it cannot."""
    machine = os.uname().machine if sys.platform == "linux" else ""
    if machine not in REFUSED:
        return False
    code = program(*REFUSED[machine])
    steps = ctypes.create_string_buffer(code, len(code))
    told = struct.pack("HP", len(code) // 8, ctypes.addressof(steps))
    prctl = ctypes.CDLL(None).prctl
    return prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 == prctl(SECCOMP, FILTER, told, 0, 0)


def program(processor, numbers):
    """The filter: each comparison jumps to the last step, which refuses, or goes on to the next."""
    comparisons = [(AT_LEAST, FOREIGN), *((EQUAL, number) for number in numbers)]
    steps = [(LOAD, 0, 0, PROCESSOR), (EQUAL, 0, len(comparisons) + 2, processor), (LOAD, 0, 0, NUMBER)]
    steps += [(op, len(comparisons) - at, 0, value) for at, (op, value) in enumerate(comparisons)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, EPERM)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
