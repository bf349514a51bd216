# SPDX-License-Identifier: BSD-3-Clause
"""Killed at each system call of the thread that saves, and a disk that takes seconds to sync: no vote is given that is not on disk,
and what is on disk is whole."""

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys

import pytest
import redis

from harness import kill_at_call, wait_until
from harness.process import Process

pytestmark = pytest.mark.ours_only

MASTER_PORT = 1  # nobody is there
CANDIDATE = "c" * 40
MOST_CALLS = 2000  # that a start and the votes make
# Neighbouring calls mostly find the same files, and a few hundred starts take minutes.
STEP = 1 if os.environ.get("SENTINELD_EVERY_CALL") else 5
MODE = 0o640
OWNER = (65533, 65534) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def read(path):
    """None: there is no such file."""
    with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
        return file.read()
    return None


def is_up(sentinel):
    try:
        return sentinel.commands.ping()
    except (redis.ConnectionError, OSError):
        return False


class Files:
    """The state in a file of the usual kind."""

    wrap = []
    extra = []
    votes = 3

    def __init__(self, folder):
        self.folder = folder
        self.conf = os.path.join(folder, "sentinel.conf")
        self.state = self.conf
        self.original = read(self.conf)
        self.before = self.original  # of the first save, where the state is

    def reset(self):
        """As it was before the first start."""
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        self.make()

    def make(self):
        self.put(self.conf)

    def put(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.original)
        os.chmod(path, MODE)
        os.chown(path, *OWNER)

    def names(self):
        """Of what is in the folder when nothing is left behind, besides the log."""
        return {"sentinel.conf"}

    def saved(self):
        """What a start finds."""
        return read(self.state)

    def check(self):
        """What holds at any moment."""
        info = os.stat(self.state)
        assert (info.st_mode & 0o7777, info.st_uid, info.st_gid) == (MODE, *OWNER)


class Linked(Files):
    """Behind a symbolic link."""

    def __init__(self, folder):
        super().__init__(folder)
        self.state = os.path.join(folder, "real.conf")

    def make(self):
        self.put(self.state)
        os.symlink("real.conf", self.conf)

    def names(self):
        return {"sentinel.conf", "real.conf"}

    def check(self):
        super().check()
        assert os.readlink(self.conf) == "real.conf"


class WithSecondName(Files):
    """With another hard link, as a backup makes it: what that names is never touched."""

    def __init__(self, folder):
        super().__init__(folder)
        self.backup = os.path.join(folder, "backup.conf")

    def make(self):
        super().make()
        os.link(self.conf, self.backup)

    def names(self):
        return {"sentinel.conf", "backup.conf"}

    def check(self):
        super().check()
        assert read(self.backup) == self.original


class Mounted(Files):
    """As a single file mounted into a container: it cannot be replaced, and is overwritten behind a journal."""

    def __init__(self, folder):
        super().__init__(folder)
        self.journal = self.conf + ".journal"
        script = 'mount --bind "$0" "$0" && exec "$@"'
        self.wrap = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, self.conf]
        if subprocess.run([*self.wrap, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            pytest.skip("mounts are not permitted here")

    def make(self):
        super().make()
        self.number = os.stat(self.conf).st_ino

    def saved(self):
        return read(self.journal) or super().saved()

    def check(self):
        super().check()
        assert os.stat(self.conf).st_ino == self.number


class Torn(Mounted):
    """Mounted, and left behind in the middle of a write."""

    votes = 1

    def make(self):
        super().make()
        with open(self.journal, "w", encoding="utf-8") as file:
            file.write(self.original)
        os.truncate(self.conf, len(self.original) // 2)


class OfState(Files):
    """A state file of its own, which the first save makes; the configuration is never written."""

    extra = ["state-file s.state"]

    def __init__(self, folder):
        super().__init__(folder)
        self.state = os.path.join(folder, "s.state")
        self.before = None

    def names(self):
        return {"sentinel.conf", "s.state"}

    def check(self):
        assert read(self.conf) == self.original
        assert read(self.state) is None or os.stat(self.state).st_mode & 0o7777 == 0o600


class Saver:
    """A sentinel that is started anew for each call."""

    def __init__(self, place, kind):
        self.sentinel = place.sentinel(place.monitor(MASTER_PORT), start=False,
                                       extra=["sentinel myid " + "e" * 40, *kind.extra])
        self.files = kind(self.sentinel.folder)
        # One thread saves. LeakSanitizer does not work in a process that is traced.
        self.sentinel.env = {"ASAN_OPTIONS": "detect_leaks=0", "UV_THREADPOOL_SIZE": "1"}
        self.epochs = range(1, kind.votes + 1)
        self._plain = [*self.files.wrap, *self.sentinel.argv]
        self.texts = self._texts()

    def start(self, number):
        """False if it was killed before it was up."""
        self.files.reset()
        self.sentinel.argv = [sys.executable, "-B", kill_at_call.__file__, str(number), *self._plain]
        Process.start(self.sentinel)
        wait_until(lambda: is_up(self.sentinel) or not self.sentinel.running(), 60, "its start, or its end")
        return self.sentinel.running()

    def restart(self):
        self.sentinel.argv = self._plain
        self.sentinel.start()

    def vote(self, epoch):
        """True if it was given."""
        try:
            answer = self.sentinel.ask_vote(MASTER_PORT, epoch, CANDIDATE)
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            return False
        assert answer[1:] == [CANDIDATE, epoch]
        return True

    def votes(self):
        """The epoch of the last one that was given; 0: none."""
        return next((epoch - 1 for epoch in self.epochs if not self.vote(epoch)), self.files.votes)

    def _texts(self):
        """What is there before the first save, then after a start, and after each vote."""
        assert self.start(0)
        self.sentinel.raw("FLUSHCONFIG")
        texts = [read(self.files.state)]
        for epoch in self.epochs:
            assert self.vote(epoch)
            texts.append(read(self.files.state))
        self.files.check()
        assert self.sentinel.stop() == 0
        assert len(set(texts)) == self.files.votes + 1
        return texts

    def leftovers(self):
        return set(os.listdir(self.files.folder)) - self.files.names() - {"sentinel.log"}

    def die_at(self, number):
        """False if it made fewer calls."""
        given = self.votes() if self.start(number) else 0
        killed = not is_up(self.sentinel)
        self.sentinel.wait() if killed else self.sentinel.stop()
        self.files.check()
        saved = self.files.saved()
        self._check_whole(saved, given)
        self.restart()
        self.sentinel.raw("FLUSHCONFIG")
        self.files.check()
        now = read(self.files.state)
        assert now == saved or now == self.texts[0], "a restart changes nothing, but for a first save that is made up for"
        assert not self.leftovers()
        if given > 0:
            assert self.sentinel.ask_vote(MASTER_PORT, given, "d" * 40)[1] != "d" * 40, "it votes once in an epoch"
        assert self.sentinel.stop() == 0
        return killed

    def _check_whole(self, saved, given):
        """The vote that was given is there, or the one that was asked for next, and each to the last byte."""
        possible = self.texts[given:given + 2]
        if given == 0:
            possible.append(self.files.before)
        assert saved in possible, f"after a vote in epoch {given}:\n{saved}"


KINDS = [Files, Linked, WithSecondName, Mounted, Torn, OfState]


@pytest.mark.parametrize("kind", KINDS)
def test_saver__killed_at_any_call_has_the_old_or_the_new_state(place, kind):
    saver = Saver(place, kind)
    first = 1 + KINDS.index(kind) % STEP
    number = next(number for number in range(first, MOST_CALLS, STEP) if not saver.die_at(number))
    assert number > 20 * kind.votes
    print(f"{kind.__name__}: killed at {(number - first) // STEP} of {number - STEP} calls")


def ask_while_others_are_answered(sentinel, voter, epoch):
    """Returns how often others were answered while the vote was waited for."""
    request = f"SENTINEL is-master-down-by-addr 127.0.0.1 {MASTER_PORT} {epoch} {CANDIDATE}\r\n"
    answered = 0
    voter.sendall(request.encode())
    while not select.select([voter], [], [], 0)[0]:
        assert sentinel.commands.ping()
        assert sentinel.master("mymaster")["name"] == "mymaster"
        answered += 1
    assert CANDIDATE.encode() in voter.recv(1000)
    return answered


@contextlib.contextmanager
def with_slow_syncs(place):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: syncs cannot be delayed")
    sentinel = place.sentinel(place.monitor(MASTER_PORT), start=False)
    sentinel.env = {"ASAN_OPTIONS": "detect_leaks=0", "UV_THREADPOOL_SIZE": "2"}
    rules = ["-e", "trace=fsync", "-e", "inject=fsync:delay_enter=2s"]
    sentinel.argv = ["strace", "-f", "-qq", "-o", "/dev/null", *rules, *sentinel.argv]
    Process.start(sentinel)
    try:
        wait_until(lambda: is_up(sentinel), 60, "its start")
        yield sentinel
    finally:
        # strace would let go of it, were it ended itself.
        for pid in subprocess.run(["pgrep", "-P", str(sentinel.pid)], stdout=subprocess.PIPE, check=False).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)
        sentinel.wait()


def test_saver__that_takes_seconds_holds_back_votes_and_nothing_else(place):
    answered = 0
    with with_slow_syncs(place) as sentinel:
        with socket.create_connection(("127.0.0.1", sentinel.port), timeout=60) as voter:
            for epoch in (1, 2):  # the second vote is given as the first one was
                answered += ask_while_others_are_answered(sentinel, voter, epoch)
                assert f"\nsentinel leader-epoch mymaster {epoch}\n" in sentinel.conf_text()
        assert answered >= 4, "everything else is answered meanwhile"
        log = sentinel.log_text()
        assert f"Saving the state to {sentinel.conf_path} has taken 1." in log
        assert "seconds so far (syncing a temporary file)" in log
        took = [float(seconds) for seconds in re.findall(r"took (\d+\.\d) seconds, and is done: votes and failovers go on", log)]
        assert len(took) >= 2 and all(4 <= seconds < 30 for seconds in took), "two syncs of two seconds each"
