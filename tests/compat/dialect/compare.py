# SPDX-License-Identifier: BSD-3-Clause
"""Both daemons on one group, and the comparison of their answers."""

from pathlib import Path

from dialect.differences import Differences
from dialect.normal import Normal
from dialect.resp import show
from dialect.session import load, run
from harness import OURS, STOCK
from harness.poll import wait_until

CASES = Path(__file__).with_name("cases")
PASSWORD = "sekret"


class Pair:
    """A stock sentinel and ours that watch the same two groups (one of them out of reach of its
    quorum), and another pair of them that wants a password."""

    def __init__(self, place):
        self.master = place.redis()
        self.replica = place.redis(self.master)
        wait_until(lambda: self.replica.info().get("master_link_status") == "up", 10, "replica in sync")
        self.other = place.redis()
        self.unused = place.ports.take()
        monitors = [place.monitor(self.master, down_after_ms=30000),
                    place.monitor(self.other, name="wide", quorum=5, down_after_ms=30000)]
        self.plain = {flavour: place.sentinel(*monitors, flavour=flavour) for flavour in (STOCK, OURS)}
        self.guarded = {flavour: place.sentinel(*monitors, flavour=flavour, password=PASSWORD)
                        for flavour in (STOCK, OURS)}
        sentinels = [*self.plain.values(), *self.guarded.values()]
        wait_until(lambda: all(self._knows(s, len(sentinels) - 1) for s in sentinels), 25,
                   "all sentinels know each other")

    @staticmethod
    def _knows(sentinel, peers):
        master = sentinel.master("mymaster")
        flags = [peer["flags"] for peer in sentinel.peers("mymaster")]
        return (master["num-other-sentinels"] == peers and master["num-slaves"] == 1 and
                sentinel.master("wide")["num-other-sentinels"] == peers and
                all("disconnected" not in replica["flags"] for replica in sentinel.replicas("mymaster")) and
                sentinel.replicas("mymaster")[0]["master-link-status"] == "ok" and
                master["flags"] == "master" and set(flags) <= {"sentinel", "s_down,sentinel"})

    def _normal(self, daemons, flavour):
        """Names for the ports: "self" is the one that is asked, its counterpart is its twin."""
        twin = STOCK if flavour == OURS else OURS
        others = self.guarded if daemons is self.plain else self.plain
        return Normal({daemons[flavour].port: "self", daemons[twin].port: "twin",
                       others[flavour].port: "twin", others[twin].port: "twin",
                       self.master.port: "master", self.replica.port: "replica",
                       self.other.port: "other", self.unused: "unused"})

    def answers(self, session, flavour):
        daemons = self.guarded if "auth" in session.options else self.plain
        names = {"master": self.master.port, "replica": self.replica.port, "unused": self.unused,
                 "other": self.other.port}
        normal = self._normal(daemons, flavour)
        for request, replies in run(session, daemons[flavour].port, names):
            lines = []
            for reply in replies:
                lines += [reply] if isinstance(reply, str) else show(normal.reply(request, reply))
            yield request, lines


def compare(pair, files=None):
    """(number of requests, unexpected differences as text, unused entries)."""
    differences = Differences()
    requests, unexpected = 0, []
    for path in sorted(CASES.glob("*.txt")):
        for session in load(path):
            answers = zip(pair.answers(session, STOCK), pair.answers(session, OURS))
            for (request, stock), (_, ours) in answers:
                requests += 1
                if stock != ours and not differences.reason(session.title, request):
                    unexpected.append("\n".join(
                        [f"{path.name}: == {session.title} | {request}"] +
                        [f"    stock  {line}" for line in stock if line not in ours] +
                        [f"    ours   {line}" for line in ours if line not in stock] +
                        (["    (the same lines in another order or number)"]
                         if set(stock) == set(ours) else [])))
    return requests, unexpected, differences.unused()
