# SPDX-License-Identifier: BSD-3-Clause
"""The daemons on one group, and the comparison of their answers."""

import os
from pathlib import Path

from dialect.differences import Differences
from dialect.normal import Normal
from dialect.resp import show
from dialect.session import Run, load, variants
from harness import OURS, STOCK, VALKEY, has_valkey
from harness.poll import wait_until

CASES = Path(__file__).with_name("cases")
PASSWORD = "sekret"
NEWER = "The form of Redis 7.2"

# Lives as long as the folder of the test when it is told of +sdown, is to be tried again else.
SCRIPT = """\
#!/bin/sh
[ "$1" = +sdown ] || exit 1
while [ -e "$0" ]; do sleep 0.2; done
"""
# Users of the guarded daemons: another sentinel, a client library, one that may listen to one event.
USERS = ["user peer on >pw resetchannels &__sentinel__:hello -@all +ping +publish +sentinel "
         "+client|setname",
         "user reader on >pw resetchannels -@all +@connection +sentinel|get-master-addr-by-name "
         "+sentinel|replicas -client|kill",
         "user listener on >pw resetchannels &+switch-master &+s* +@pubsub +ping",
         "user nobody off >pw +@all"]


RENAMES = ["rename-command INFO INF", 'rename-command ROLE ""']
ACL_FILE = "user default on nopass ~* &* +@all\nuser kept on >pw +ping\n"


class Daemons:
    """Sentinels that watch the same groups: one in order (mymaster), one out of reach of its quorum
    (wide), one that is S_DOWN and has scripts (sick), one that is S_DOWN and has none (voted), and one
    that is O_DOWN (gone). `plain` ones, and `guarded` ones that want a password and do without the
    last three; `filed` ones watch nothing and have an ACL file and renamed
    commands."""

    def __init__(self, place):
        self.flavours = (STOCK, OURS, VALKEY) if has_valkey() else (STOCK, OURS)
        self.master = place.redis()
        self.replica = place.redis(self.master)
        wait_until(lambda: self.replica.info().get("master_link_status") == "up", 10, "replica in sync")
        self.other = place.redis()
        self.ports = {name: place.ports.take() for name in ("unused", "dead", "deader", "deadest")}
        self.script = os.path.join(place.folder, "script")
        Path(self.script).write_text(SCRIPT, encoding="utf-8")
        os.chmod(self.script, 0o755)
        self.plain = {flavour: place.sentinel(*self._monitors(place, True), flavour=flavour)
                      for flavour in self.flavours}
        for sentinel in self.plain.values():
            # Having voted for somebody else, it makes no attempts that would show in the group.
            sentinel.ask_vote(self.ports["deader"], 50, "c" * 40)
        self.guarded = {flavour: place.sentinel(*self._monitors(place, False), flavour=flavour,
                                                password=PASSWORD, extra=USERS)
                        for flavour in self.flavours}
        self.filed = {flavour: self._with_acl_file(place, flavour) for flavour in self.flavours}
        sentinels = [*self.plain.values(), *self.guarded.values()]
        wait_until(lambda: all(self._knows(s, len(sentinels) - 1) for s in sentinels), 25,
                   "all sentinels know each other", explain=lambda: [s.peers("mymaster") for s in sentinels])
        wait_until(lambda: all(self._is_down(s) for s in self.plain.values()), 10, "down groups")

    @staticmethod
    def _with_acl_file(place, flavour):
        port = place.ports.take()
        path = os.path.join(place.subfolder(f"sentinel-{port}"), "users.acl")
        Path(path).write_text(ACL_FILE, encoding="utf-8")
        daemon = place.sentinel(flavour=flavour, port=port, extra=[f"aclfile {path}", *RENAMES])
        daemon.acl_path = path
        return daemon

    def _daemon(self, session, flavour):
        if "aclfile" in session.options:
            return self.filed[flavour]
        return (self.guarded if "auth" in session.options else self.plain)[flavour]

    def _monitors(self, place, down_ones):
        yield place.monitor(self.master, down_after_ms=30000)
        yield place.monitor(self.other, name="wide", quorum=5, down_after_ms=30000)
        if down_ones:
            yield place.monitor(self.ports["deadest"], name="voted", quorum=9, down_after_ms=500,
                                failover_timeout_ms=180000)
            yield place.monitor(self.ports["dead"], name="sick", quorum=9, down_after_ms=500,
                                failover_timeout_ms=180000, notification_script=self.script,
                                client_reconfig_script=self.script)
            yield place.monitor(self.ports["deader"], name="gone", quorum=1, down_after_ms=500,
                                failover_timeout_ms=180000)

    @staticmethod
    def _knows(sentinel, peers):
        master = sentinel.master("mymaster")
        flags = [peer["flags"] for peer in sentinel.peers("mymaster")]
        return (master["num-other-sentinels"] == peers and master["num-slaves"] == 1 and
                sentinel.master("wide")["num-other-sentinels"] == peers and
                all("disconnected" not in replica["flags"] for replica in sentinel.replicas("mymaster")) and
                sentinel.replicas("mymaster")[0]["master-link-status"] == "ok" and
                master["flags"] == "master" and set(flags) <= {"sentinel", "s_down,sentinel"})

    @staticmethod
    def _is_down(sentinel):
        return ("s_down" in sentinel.master("sick")["flags"] and
                "o_down" in sentinel.master("gone")["flags"] and
                len(sentinel.raw("PENDING-SCRIPTS")) == 2)

    def _normal(self, asked):
        """Names for the ports: "self" is the one that is asked, the others are peers."""
        names = {sentinel.port: "peer" for sentinel in (*self.plain.values(), *self.guarded.values())}
        names.update({asked.port: "self", self.master.port: "master", self.replica.port: "replica",
                      self.other.port: "other"})
        names.update({port: name for name, port in self.ports.items()})
        return Normal(names, asked.folder)

    def answers(self, session, variant, flavour):
        """[(request, lines)] of one run of a session."""
        daemon = self._daemon(session, flavour)
        names = {"master": self.master.port, "replica": self.replica.port, "other": self.other.port,
                 "script": self.script, **self.ports}
        normal = self._normal(daemon)
        _, resp3, piped = variant
        results = Run(session, daemon, names).results(resp3, piped)
        return [(request, self._lines(normal, request, replies)) for request, replies in results]

    @staticmethod
    def _lines(normal, request, replies):
        lines = []
        for reply in normal.replies(request, replies):
            lines += [reply] if isinstance(reply, str) else show(reply)
        return lines


def _described(where, one, other, name_one, name_other):
    same = sorted(one) == sorted(other)
    return "\n".join(
        [where] +
        [f"    {name_one:7}{line}" for line in one if line not in other or same] +
        [f"    {name_other:7}{line}" for line in other if line not in one or same])


class Comparison:
    """Compares all case files. `requests` were compared; `unexpected` holds text."""

    def __init__(self, daemons):
        self._daemons = daemons
        self._differences = Differences()
        self.requests = 0
        self.unexpected = []
        for path in sorted(CASES.glob("*.txt")):
            for session in load(path):
                for variant in variants(session):
                    self._compare(f"{path.name} ({variant[0]})", session, variant)
        self.unused = self._differences.unused()

    def _compare(self, where, session, variant):
        stock, ours = (self._daemons.answers(session, variant, flavour) for flavour in (STOCK, OURS))
        newer = set()
        for number, ((request, theirs), (_, own)) in enumerate(zip(stock, ours)):
            self.requests += 1
            if theirs == own:
                continue
            reason = self._differences.reason(session.title, request)
            if reason is None:
                self.unexpected.append(_described(f"{where}: == {session.title} | {request}", theirs, own,
                                                  "stock", "ours"))
            elif reason.startswith(NEWER):
                newer.add(number)
        if newer and VALKEY in self._daemons.flavours:
            self._compare_newer(where, session, variant, ours, newer)

    def _compare_newer(self, where, session, variant, ours, numbers):
        """What is said to be the newer form is the one that the newer daemon has."""
        valkey = self._daemons.answers(session, variant, VALKEY)
        for number in numbers:
            (request, own), (_, theirs) = ours[number], valkey[number]
            if own != theirs and not self._differences.newer_reason(session.title, request):
                self.unexpected.append(_described(f"{where}: == {session.title} | {request}", theirs, own,
                                                  "valkey", "ours"))
