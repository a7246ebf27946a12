"""Inside the sandbox: system calls that the kernel is told to refuse, because a notebook does not need them.

A filter of this kind holds for a process and all its children, and cannot be lifted again. This file is also copied
into the sandbox: it needs Python alone. See https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html.
"""

import ctypes
import os
import struct
import sys

# By processor: its number, and those of the calls. The first five give memory that no limit holds and no process shows:
# memfd_create, memfd_secret, shmget, semget, msgget. The next leave something behind for the next notebook, or open
# much of the kernel: add_key, request_key, keyctl, io_uring_setup, userfaultfd, bpf, perf_event_open. The last reach
# into other processes: ptrace, process_vm_readv, process_vm_writev, pidfd_getfd.
REFUSED = {
    "x86_64": (0xC000003E, (319, 447, 29, 64, 68, 248, 249, 250, 425, 323, 321, 298, 101, 310, 311, 438)),
    "aarch64": (0xC00000B7, (279, 447, 194, 190, 186, 217, 218, 219, 425, 282, 280, 241, 117, 270, 271, 438)),
}
# Sockets are for talking to oneself: AF_UNIX, AF_INET (the sandbox has a network with nobody else in it), and
# AF_NETLINK, by which one sees that. Others may reach the machine itself, as AF_VSOCK does from a virtual one.
SOCKET, FAMILIES = {"x86_64": 41, "aarch64": 198}, (1, 2, 16)
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # the language of filters
NUMBER, PROCESSOR, ARGUMENT = 0, 4, 16  # where the kernel puts what a filter may look at
ALLOW, EPERM = 0x7FFF0000, 0x00050001
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
FOREIGN = 0x40000000  # numbers from here on are the calls of another convention (x32)


def refuse():
    """Have the kernel refuse these calls from now on; False where it cannot."""
    machine = os.uname().machine if sys.platform == "linux" else ""
    if machine not in REFUSED:
        return False
    code = program(*REFUSED[machine], SOCKET[machine])
    steps = ctypes.create_string_buffer(code, len(code))
    told = struct.pack("HP", len(code) // 8, ctypes.addressof(steps))
    prctl = ctypes.CDLL(None).prctl
    return prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 == prctl(SECCOMP, FILTER, told, 0, 0)


def program(processor, numbers, socket):
    """The filter. A comparison jumps over so many steps if it holds, and over so many if not."""
    refused = [(AT_LEAST, FOREIGN), *((EQUAL, number) for number in numbers)]
    end = 3 + len(refused) + 2 + len(FAMILIES)  # where the step is that refuses; the one behind it allows
    steps = [(LOAD, 0, 0, PROCESSOR), (EQUAL, 0, end - 2, processor), (LOAD, 0, 0, NUMBER)]
    steps += [(op, end - at - 1, 0, value) for at, (op, value) in enumerate(refused, start=3)]
    steps += [(EQUAL, 0, len(FAMILIES) + 2, socket), (LOAD, 0, 0, ARGUMENT)]
    steps += [(EQUAL, len(FAMILIES) - at, 0, family) for at, family in enumerate(FAMILIES)]
    steps += [(RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
