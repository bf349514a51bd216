# SPDX-License-Identifier: BSD-3-Clause
"""As many groups of real servers as the machine bears, in place of the mock farm: the same interface (harness/farm.py)."""

import shutil
import signal
import subprocess
import tempfile
import time

from benchlib.resp import Connection, encode, readable
from harness.farm import PORT, Farm, Server, free_address, raise_open_files
from harness.process import die_with_parent

# As little as a server can do while nothing happens: the sentinels are what is measured.
OPTIONS = {"save": "", "appendonly": "no", "hz": "1", "databases": "1", "repl-diskless-sync": "yes", "repl-diskless-sync-delay": "0",
           "repl-backlog-size": "16kb", "loglevel": "warning", "maxclients": "100", "protected-mode": "no"}
START_S, ANSWER_S = 300, 10
AT_ONCE = 50  # servers that start at the same time


class RealFarm(Farm):
    """sentinels: how many will watch it, for the interface only."""

    def __init__(self, groups, replicas=2, sentinels=3):  # pylint: disable=super-init-not-called,unused-argument
        raise_open_files()
        self.groups, self.replicas = groups, replicas
        self._first = free_address(1)
        self._folder = tempfile.mkdtemp(prefix="sentineld-bench-")
        self._children, self._talks, self._states = {}, {}, {}
        members = [(group, member) for member in range(replicas + 1) for group in range(groups)]
        try:
            for begin in range(0, len(members), AT_ONCE):
                self._start(members[begin:begin + AT_ONCE])
            self._wait_for_sync()
        except BaseException:
            self.end()
            raise

    def address(self, group, member=0):
        return (str(self._first), PORT + group * (self.replicas + 1) + member)

    def _start(self, members):
        for group, member in members:
            host, port = self.address(group, member)
            words = [shutil.which("redis-server"), "--bind", host, "--port", str(port), "--dir", self._folder,
                     "--replica-announce-ip", host]
            for name, value in OPTIONS.items():
                words += [f"--{name}", value]
            if member != 0 and (group, member) not in self._states:
                words += ["--replicaof", host, str(self.address(group)[1])]
            self._children[group, member] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                             stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
            self._states[group, member] = "live"
        for member in members:
            deadline = time.monotonic() + START_S
            while not self._connect(member) and time.monotonic() < deadline:
                time.sleep(0.02)

    def _connect(self, member):
        host, port = self.address(*member)
        if member in self._talks:
            self._talks[member].close()
        self._talks[member] = Connection(port, host)
        return not self._talks[member].broken

    def _wait_for_sync(self):
        deadline = time.monotonic() + START_S
        while self.problems():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the servers do not get in sync: {self.problems()[:5]}")
            time.sleep(0.5)

    # Faults and facts

    def _do(self, groups, to, state):
        roles = self.roles()
        for group in groups:
            for member, server in enumerate(roles[group]):
                if server.follows == "-":
                    self._states[group, member] = state
                    self._children[group, member].send_signal(to)

    def hang(self, groups, who="master"):
        assert who == "master"
        self._do(groups, signal.SIGSTOP, "hung")

    def kill(self, groups, who="master"):
        assert who == "master"
        self._do(groups, signal.SIGKILL, "dead")

    def revive(self):
        dead = [member for member, state in self._states.items() if state == "dead"]
        for member, state in self._states.items():
            if state == "hung":
                self._children[member].send_signal(signal.SIGCONT)
                self._states[member] = "live"
        for member in dead:
            self._children[member].wait()
        self._start(dead)

    def _ask_all(self):
        """{member: reply to ROLE} of those that live."""
        live = [member for member, state in self._states.items() if state == "live"]
        waiting, replies, deadline = {}, {}, time.monotonic() + ANSWER_S
        for member in live:
            if self._talks[member].broken:
                self._connect(member)
            self._talks[member].send(encode("ROLE"))
            waiting[self._talks[member]] = member
        asked = {talk for talk in waiting if not talk.broken}
        while asked and time.monotonic() < deadline:
            for talk in readable(asked, 0.1):
                answers = talk.receive()
                if answers:
                    replies[waiting[talk]] = answers[-1]
                if answers or talk.broken:
                    asked.remove(talk)
        for talk in asked:
            talk.broken = True  # an answer that comes later is not that of the next question
        return replies

    def roles(self):
        replies = self._ask_all()
        return [[self._server(replies.get((group, member)), self._states[group, member]) for member in range(self.replicas + 1)]
                for group in range(self.groups)]

    @staticmethod
    def _server(reply, state):
        if not isinstance(reply, list):
            return Server(state, "?", "down")
        if reply[0] == "master":
            return Server(state, "-", "-")
        return Server(state, f"{reply[1]}:{reply[2]}", "up" if reply[3] == "connected" else "down")

    def stats(self):
        return {}

    def pids(self):
        return [child.pid for member, child in self._children.items() if self._states[member] != "dead"]

    def end(self):
        for talk in self._talks.values():
            talk.close()
        for child in self._children.values():
            child.kill()
        for child in self._children.values():
            child.wait()
        self._children.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
