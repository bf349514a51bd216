# SPDX-License-Identifier: BSD-3-Clause
"""kill_at_call.py NUMBER PROGRAM ARGUMENT…: runs the program, and kills it when a thread other than its first one is about to make
the NUMBERth system call that such threads make, whichever call it is. 0: never. Exits as a shell would.

strace can kill at the Nth call of one name in one thread, and counts those of the first thread too, which opens many files before the
others exist.
"""

import ctypes
import os
import signal
import sys

TRACEME, CONT, SYSCALL, SETOPTIONS = 0, 7, 24, 0x4200
OPTION_SYSGOOD, OPTION_CLONE, OPTION_EXEC, OPTION_EXITKILL = 1, 8, 16, 1 << 20
ANY_THREAD = 0x40000000  # __WALL
AT_CALL = signal.SIGTRAP | 0x80

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=0):
    """One that was killed meanwhile is told by waitpid."""
    _libc.ptrace(request, pid, None, data)


def start(argv):
    child = os.fork()
    if child == 0:
        ptrace(TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execvp(argv[0], argv)
    os.waitpid(child, 0)
    ptrace(SETOPTIONS, child, OPTION_SYSGOOD | OPTION_CLONE | OPTION_EXEC | OPTION_EXITKILL)
    ptrace(CONT, child)
    return child


class Calls:
    """Of all threads but the first. Each call stops a thread twice: before and after."""

    def __init__(self):
        self.count = 0
        self._inside = set()

    def begins(self, thread):
        if thread in self._inside:
            self._inside.discard(thread)
            return False
        self._inside.add(thread)
        self.count += 1
        return True


def trace(child, number):
    """Returns the status that waitpid gives for the program."""
    calls, known = Calls(), {child}
    while True:
        thread, status = os.waitpid(-1, ANY_THREAD)
        if not os.WIFSTOPPED(status):
            if thread == child:
                return status
            continue
        stopped_by = os.WSTOPSIG(status)
        deliver = 0
        if thread not in known:
            known.add(thread)  # a new thread begins with a stop
        elif stopped_by == AT_CALL:
            if calls.begins(thread) and calls.count == number:
                os.kill(child, signal.SIGKILL)
                continue
        elif status >> 16 == 0:
            deliver = stopped_by
        ptrace(CONT if thread == child else SYSCALL, thread, deliver)


def main():
    child = start(sys.argv[2:])
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    status = os.waitstatus_to_exitcode(trace(child, int(sys.argv[1])))
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
