# SPDX-License-Identifier: BSD-3-Clause
"""One failover as seen from outside: one thread, one select() loop, one monotonic clock.

Everything that is watched is a Watch with a connection and a time at which it wants to ask again.
Asking every millisecond or two keeps the loop below a fifth of one processor; how late it ever was
is measured too (Observer.lag_ms), because nothing can be told more exactly than that.
"""

import gc
import random
import select
import time

from benchlib.resp import Connection, Error, encode

ASK_S = 0.001    # the sentinels, and the writer's pace
INFO_S = 0.002   # the servers
RECONNECT_S = 0.001
WATCHED = ("+sdown", "+odown", "+try-failover", "+elected-leader", "+selected-slave",
           "+promoted-slave", "+switch-master", "+failover-end")


def call(port, *words):
    """One command on a connection of its own, waited for."""
    connection = Connection(port)
    connection.send(encode(*words))
    replies = []
    while not replies and not connection.broken:
        select.select([connection], [], [], 5)
        replies = connection.receive()
    connection.close()
    return replies[0] if replies else None


class Watch:
    """A connection that asks `request` every period_s until finished."""

    def __init__(self, port, request, period_s):
        self.port = port
        self.request = request
        self.period_s = period_s
        self.connection = Connection(port)
        self.due = 0.0
        self.waiting = False
        self.finished = False

    def wants(self, now):
        return not self.finished and not self.waiting and now >= self.due

    def ask(self, now):
        if self.connection.broken:
            self.connection.close()
            self.connection = Connection(self.port)
        if self.connection.broken:
            self.due = now + RECONNECT_S
            return
        self.connection.send(self.request)
        self.waiting = True
        self.due = now + self.period_s

    def read(self, now):
        for reply in self.connection.receive():
            self.waiting = False
            self.take(reply, now)
        if self.connection.broken:
            self.waiting = False
            self.due = now
            self.lost(now)

    def take(self, reply, now):
        raise NotImplementedError

    def lost(self, now):
        """The connection broke; it is made again when the watch next asks."""


class AnswerWatch(Watch):
    """Until this sentinel names another master."""

    def __init__(self, port, name, old_port):
        super().__init__(port, encode("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name), ASK_S)
        self.old_port = old_port
        self.at = None
        self.named = None

    def take(self, reply, now):
        if isinstance(reply, list) and int(reply[1]) != self.old_port:
            self.at, self.named, self.finished = now, int(reply[1]), True


class EventWatch(Watch):
    """Everything that this sentinel publishes."""

    def __init__(self, port):
        super().__init__(port, encode("PSUBSCRIBE", "*"), 0)
        self.events = []

    def take(self, reply, now):
        self.waiting = True  # subscribed: nothing is asked again
        if isinstance(reply, list) and reply[0] == "pmessage":
            self.events.append((now, reply[2], reply[3]))

    def first(self, name, containing=""):
        for at, event, payload in self.events:
            if event == name and containing in payload:
                return at
        return None


class RoleWatch(Watch):
    """The role of a server and whom it follows, with the time of the first such answer."""

    def __init__(self, port):
        super().__init__(port, encode("INFO", "replication"), INFO_S)
        self.master_at = None
        self.follows_at = {}

    def take(self, reply, now):
        if isinstance(reply, Error) or reply is None:
            return
        facts = dict(line.split(":", 1) for line in reply.split("\r\n") if ":" in line)
        if facts["role"] == "master":
            self.master_at = self.master_at or now
        elif facts["master_link_status"] == "up":
            self.follows_at.setdefault(int(facts["master_port"]), now)


class Writer(Watch):
    """A client that appends numbers, one a millisecond, to the server that it believes to be the
    master, and asks a sentinel when that breaks or refuses. It remembers what was acknowledged."""

    def __init__(self, name, old_port, sentinel_ports):
        super().__init__(old_port, b"", ASK_S)
        self._name = name
        self._sentinel_ports = sentinel_ports
        self._number = 0
        self.acknowledged = []  # (when, port, number)

    def ask(self, now):
        self._number += 1
        self.request = encode("RPUSH", "bench:log", self._number)
        super().ask(now)

    def take(self, reply, now):
        if isinstance(reply, Error):
            self._look_up(now)
        else:
            self.acknowledged.append((now, self.port, self._number))

    def lost(self, now):
        self._look_up(now)

    def _look_up(self, now):
        reply = call(random.choice(self._sentinel_ports), "SENTINEL", "GET-MASTER-ADDR-BY-NAME",
                     self._name)
        if isinstance(reply, list) and int(reply[1]) != self.port:
            self.port = int(reply[1])
            self.connection.close()
        self.due = now + RECONNECT_S

    def gap(self, start):
        """The longest time without an acknowledgement since start."""
        times = [start] + [at for at, _, _ in self.acknowledged if at >= start]
        return max((b - a for a, b in zip(times, times[1:])), default=None)

    def last_on(self, port):
        return max((at for at, where, _ in self.acknowledged if where == port), default=None)

    def lost_writes(self):
        """Acknowledged numbers that the present master does not have."""
        kept = set(call(self.port, "LRANGE", "bench:log", "0", "-1") or [])
        return [n for _, _, n in self.acknowledged if str(n) not in kept]


class Observer:
    """Watches group from its making on. inject() brings about the fault."""

    def __init__(self, group, with_old_master):
        self.group = group
        self.old_port = group.master.port
        self.lag_ms = 0.0
        ports = [s.port for s in group.sentinels]
        self.answers = [AnswerWatch(port, group.name, self.old_port) for port in ports]
        self.events = [EventWatch(port) for port in ports]
        self.roles = {r.port: RoleWatch(r.port) for r in group.replicas}
        self.old_role = RoleWatch(self.old_port) if with_old_master else None
        self.writer = Writer(group.name, self.old_port, ports) if with_old_master else None
        self._watches = [*self.answers, *self.events, *self.roles.values()]
        if with_old_master:
            self._watches += [self.old_role, self.writer]

    def _pass(self, until):
        now = time.monotonic()
        for watch in self._watches:
            if watch.wants(now):
                watch.ask(now)
        due = [w.due for w in self._watches if not w.finished and not w.waiting]
        wake = min(due + [until])
        readable = [w for w in self._watches if not w.finished and not w.connection.broken]
        ready, _, _ = select.select([w.connection for w in readable], [], [],
                                    max(0.0, wake - time.monotonic()))
        now = time.monotonic()
        if not ready:
            self.lag_ms = max(self.lag_ms, (now - wake) * 1000)
        ready = set(ready)
        for watch in readable:
            if watch.connection in ready:
                watch.read(now)

    def _run(self, done, until):
        while not done() and time.monotonic() < until:
            self._pass(until)
        return done()

    # What is known so far

    def new_port(self):
        named = {a.named for a in self.answers}
        return named.pop() if len(named) == 1 else None

    def remaining(self):
        """The roles of the replicas that were not promoted."""
        return [r for port, r in self.roles.items() if port != self.new_port()]

    def _complete(self):
        new = self.new_port()
        return (new is not None
                and all(e.first("+switch-master") for e in self.events)
                and all(new in r.follows_at for r in self.remaining())
                and (self.old_role is None or new in self.old_role.follows_at))

    def watch(self, inject, wait_s, settle_s, timeout_s):
        """Waits wait_s, calls inject(), watches until all is over; returns when it was called, and the time of the fault."""
        gc.collect()
        gc.disable()
        try:
            self._run(lambda: False, time.monotonic() + wait_s)
            self.lag_ms = 0.0
            start = time.monotonic()
            took_place = inject()
            if not self._run(self._complete, start + timeout_s):
                raise TimeoutError(f"no complete failover within {timeout_s} s: answers "
                                   f"{[(a.port, a.named) for a in self.answers]}")
            lag = self.lag_ms
            self._run(lambda: False, time.monotonic() + settle_s)
            self.lag_ms = lag
            return start, took_place() if took_place else start
        finally:
            gc.enable()

    def close(self):
        for watch in self._watches:
            watch.connection.close()
