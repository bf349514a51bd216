# SPDX-License-Identifier: BSD-3-Clause
"""Three sentinels that watch a farm of mock groups, and what /proc says of processes; for scale.py, mass.py and query.py."""

import glob
import os
import re
import shutil
import subprocess
import time

from harness import Place
from harness.farm import Farm, raise_open_files
from harness.process import Process
from benchlib.resp import Connection, encode, readable

MASTER_LINE = re.compile(r"^master\d+:name=([^,]*),status=(\w+),address=([^,]*),slaves=(\d+),sentinels=(\d+)", re.M)
KNOWN_S = 600  # a bound, not an expectation


# ---- what /proc says

def cpu_s(pid):
    """CPU time of all threads so far; finer than utime and stime, which count ticks."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            with open(path, encoding="ascii") as file:
                total += int(file.read().split()[0])
        except OSError:
            continue  # the thread has ended
    return total / 1e9


def _numbers(path, pattern):
    with open(path, encoding="ascii") as file:
        return {name: int(value) for name, value in re.findall(pattern, file.read(), re.M)}


def wakeups(pid):
    """How often its threads have gone to sleep so far."""
    return sum(_numbers(path, r"^(voluntary_ctxt_switches):\s+(\d+)")["voluntary_ctxt_switches"]
               for path in glob.glob(f"/proc/{pid}/task/*/status"))


def anonymous_kb(pid):
    return _numbers(f"/proc/{pid}/smaps_rollup", r"^(Anonymous):\s+(\d+) kB")["Anonymous"]


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def system_calls(pid, seconds):
    """How many a second, by perf, else by strace, which slows the process down; None without either."""
    for tool, found in ((["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", str(pid), "sleep", str(seconds)],
                         r"^(\d+),,raw_syscalls"),
                        (["timeout", "-s", "INT", str(seconds), "strace", "-c", "-f", "-p", str(pid)],
                         r"^100\.00 +[\d.]+ +\d+ +(\d+) .*total$")):
        if shutil.which(tool[0]):
            done = subprocess.run(tool, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
            count = re.search(found, done.stderr, re.M)
            if count:
                return int(count.group(1)) / seconds
    return None


# ---- the fleet

class Talk:
    """One connection to a sentinel, with one question under way at a time."""

    def __init__(self, sentinel):
        self._port = sentinel.port
        self._connection = Connection(sentinel.port)

    def ask(self, *words, timeout_s=60):
        """The reply; None: no connection, or none in time, and the next question opens another one."""
        if self._connection.broken:
            self._connection.close()
            self._connection = Connection(self._port)
        if self._connection.broken:
            return None
        self._connection.send(encode(*words))
        deadline = time.monotonic() + timeout_s
        while not self._connection.broken and time.monotonic() < deadline:
            replies = self._connection.receive() if readable([self._connection], 1) else []
            if replies:
                return replies[0]
        self._connection.broken = True
        return None

    def close(self):
        self._connection.close()


def masters(talk):
    """{name: (status, address, replicas, sentinels)} as INFO gives them."""
    text = talk.ask("INFO", "sentinel")
    if not isinstance(text, str):
        return {}
    return {name: (status, address, int(replicas), int(sentinels))
            for name, status, address, replicas, sentinels in MASTER_LINE.findall(text.replace("\r", ""))}


class Fleet:
    """Not started by the constructor. Use it in a with statement: all of it ends then."""

    def __init__(self, flavour, groups, replicas=2, sentinels=3, extra=(), farm=Farm, **options):
        self.flavour, self.groups, self.replicas = flavour, groups, replicas
        self.place = Place()
        try:
            self.farm = self.place.add(farm(groups, replicas, sentinels))
            monitors = list(self.farm.monitors(**options))
            # A stock sentinel takes no more descriptors than this asks for, for its own links too.
            limit = min(raise_open_files() - 500, groups * (replicas + 1) * 2 + 12000)
            self.sentinels = [self.place.sentinel(*monitors, flavour=flavour, start=False,
                                                  extra=[f"maxclients {limit}", *extra]) for _ in range(sentinels)]
        except BaseException:
            self.place.close()
            raise
        self.talks = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for talk in self.talks:
            talk.close()
        self.place.close()

    @property
    def pids(self):
        return [sentinel.pid for sentinel in self.sentinels]

    def start(self):
        """All at once; returns the seconds until the last one has answered PING."""
        began = time.monotonic()
        for sentinel in self.sentinels:
            Process.start(sentinel)
        answered = []
        for sentinel in self.sentinels:
            while True:
                talk = Talk(sentinel)
                if talk.ask("PING") == "PONG":
                    break
                talk.close()
                if not sentinel.running():
                    raise RuntimeError(f"{sentinel.name} has ended:\n{sentinel.log_tail()}")
                time.sleep(0.005)
            answered.append(time.monotonic() - began)
            self.talks.append(talk)
        self.began = began
        return max(answered)

    def unknown(self):
        """(groups whose replicas, whose peers are not all known yet, that are not "ok"), worst of the sentinels."""
        counts = [(0, 0, 0)]
        for talk in self.talks:
            found = list(masters(talk).values())
            missing = self.groups - len(found)
            counts.append((missing + sum(replicas != self.replicas for _, _, replicas, _ in found),
                           missing + sum(peers != len(self.sentinels) for _, _, _, peers in found),
                           missing + sum(status != "ok" for status, _, _, _ in found)))
        return tuple(max(column) for column in zip(*counts))

    def wait_known(self, progress=None, bound_s=KNOWN_S):
        """Seconds since the start until all replicas, all peers, both and "ok" everywhere; None: not in time."""
        found, due = [None, None, None], 0
        pause = min(0.5, 0.05 + self.groups / 4000)
        while None in found and time.monotonic() < self.began + bound_s:
            missing = self.unknown()
            now = time.monotonic() - self.began
            known = [missing[0] == 0, missing[1] == 0, not any(missing)]
            found = [now if done and seen is None else seen for seen, done in zip(found, known)]
            if progress and now >= due:
                progress(f"{now:.0f} s: replicas of {missing[0]}, peers of {missing[1]} groups unknown, {missing[2]} not ok")
                due = now + 20
            time.sleep(pause)
        return found

    def without_quorum(self):
        """How many groups CKQUORUM refuses, worst of the sentinels."""
        return max(sum(not str(talk.ask("SENTINEL", "CKQUORUM", f"m{group}")).startswith("OK")
                       for group in range(self.groups)) for talk in self.talks)

