"""Inside the sandbox: system calls that the kernel is told to refuse, because a notebook does not need them.

A filter of this kind holds for a process and all its children, and cannot be lifted again. This file needs Python
alone. See https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html.
"""

import ctypes
import os
import struct
import sys

# The calls by name, with their numbers on each processor: of the kernel's arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h.
MACHINES = "x86_64", "aarch64"
PROCESSORS = 0xC000003E, 0xC00000B7
REFUSED = {
    # memory that no limit holds and no process shows
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    # what leaves something behind for the next notebook, or opens much of the kernel
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    # what reaches into other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
}
# Sockets are for talking to oneself: AF_UNIX, AF_INET (the sandbox has a network with nobody else in it), and
# AF_NETLINK, by which one sees that. Others may reach the machine itself, as AF_VSOCK does from a virtual one.
SOCKET, FAMILIES = (41, 198), (1, 2, 16)
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # the language of filters
NUMBER, PROCESSOR, ARGUMENT = 0, 4, 16  # where the kernel puts what a filter may look at
ALLOW, EPERM = 0x7FFF0000, 0x00050001
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
FOREIGN = 0x40000000  # numbers from here on are the calls of another convention (x32)


def refuse():
    """Have the kernel refuse these calls from now on; False where it cannot."""
    machine = os.uname().machine if sys.platform == "linux" else ""
    if machine not in MACHINES:
        return False
    at = MACHINES.index(machine)
    code = program(PROCESSORS[at], [numbers[at] for numbers in REFUSED.values()], SOCKET[at])
    steps = ctypes.create_string_buffer(code, len(code))
    filters = struct.pack("HP", len(code) // 8, ctypes.addressof(steps))
    prctl = ctypes.CDLL(None).prctl
    return prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 == prctl(SECCOMP, FILTER, filters, 0, 0)


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
