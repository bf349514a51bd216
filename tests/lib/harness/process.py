# SPDX-License-Identifier: BSD-3-Clause
"""One child process: started, signalled and ended by its id, its output kept in a file."""

import ctypes
import os
import signal
import subprocess

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)

# Every process started and not yet ended, oldest first.
_living = []


def die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def last_words(lines=25):
    """The end of the log of every living process, for failure messages."""
    return "\n".join(f"--- {p.name} (pid {p.pid}, {p.state()})\n{p.log_tail(lines)}" for p in _living)


class Process:
    """argv runs with its output appended to log_path. Not started by the constructor."""

    def __init__(self, name, argv, log_path, env=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log_path = log_path
        self.env = env
        self._child = None

    @property
    def pid(self):
        return self._child.pid if self._child else None

    def start(self):
        assert not self.running(), f"{self.name} is already running"
        with open(self.log_path, "ab") as log:
            self._child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=die_with_parent, env=dict(os.environ, **(self.env or {})))
        if self not in _living:
            _living.append(self)
        return self

    def running(self):
        return self._child is not None and self._child.poll() is None

    def state(self):
        if self._child is None:
            return "never started"
        code = self._child.poll()
        return "running" if code is None else f"ended with {code}"

    def wait(self, timeout_s=30):
        """Its exit status (negative: the signal that ended it)."""
        return self._child.wait(timeout_s)

    def signal(self, number):
        os.kill(self._child.pid, number)

    def kill(self):
        """As a power loss: SIGKILL, and gone when this returns."""
        if self.running():
            self.signal(signal.SIGKILL)
            self.wait()

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def stop(self, timeout_s=30):
        """SIGTERM; returns the exit status."""
        if self.running():
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def end(self):
        """For the end of a test: whatever state it is in, it is gone afterwards."""
        self.kill()
        if self in _living:
            _living.remove(self)

    def log_text(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def log_tail(self, lines=25):
        return "\n".join(self.log_text().splitlines()[-lines:])
