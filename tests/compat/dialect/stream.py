# SPDX-License-Identifier: BSD-3-Clause
"""The event streams of both daemons, each with a group of its own, told the same things at the same
time. A stream is read from the log, which has the levels, and compared phase by phase."""

import re
import threading
from pathlib import Path

from dialect.differences import Differences
from harness import OURS, STOCK
from harness.poll import NotReached, wait_until

LINE = re.compile(r"^\d+:X \d+ \w+ \d+ [\d:.]+ ([.*#-]) ([+-][a-z][a-z-]*) (.*)$")
LIST = Path(__file__).with_name("events.txt")
WAIT_S = 25
QUIET_S = 0.5
TRIES = 3
PEER_A, PEER_B = "a" * 40, "b" * 40


class Side:
    """One daemon, its servers, and what it said. names: what stands for ports and ids."""

    def __init__(self, place, flavour, replicas=1, **monitor_options):
        self.place = place
        self.flavour = flavour
        self.names = {}
        self.phases = []  # [(name, [(mark, event, payload)])]
        self._seen = 0
        self.servers = [self.server("master")]
        for number in range(1, replicas + 1):
            self.servers.append(self.server(f"replica{number}", self.servers[0]))
        for replica in self.servers[1:]:
            wait_until(lambda r=replica: r.info().get("master_link_status") == "up", 10, "in sync")
        self.monitor = place.monitor(self.servers[0], **{"down_after_ms": 1000,
                                                         "failover_timeout_ms": 4000, **monitor_options})
        self.sentinel = None
        self.published = None

    def server(self, name, master=None):
        # The choice of a replica must not depend on ids: the first one is the better one.
        options = {"replica-priority": 10} if name == "replica1" else None
        server = self.place.redis(master, options=options)
        self.names[str(server.port)] = name
        return server

    def port(self, name):
        port = self.place.ports.take()
        self.names[str(port)] = name
        return port

    def start(self):
        self.sentinel = self.place.sentinel(self.monitor, flavour=self.flavour, extra=["loglevel debug"])
        self.names[str(self.sentinel.port)] = "self"
        self.names[self.sentinel.my_id()] = "self-id"
        self.names.update({PEER_A: "id-a", PEER_B: "id-b"})
        self.sentinel.raw("DEBUG", "info-period", "1000")
        self.published = self.sentinel.record()

    def raw(self, *words):
        return self.sentinel.raw(*words)

    def hello(self, runid, port, epoch=0, config_epoch=0, master=None):
        master = master or self.sentinel.master_address("mymaster")[1]
        self.sentinel.commands.publish(
            "__sentinel__:hello", f"127.0.0.1,{port},{runid},{epoch},mymaster,127.0.0.1,{master},"
            f"{config_epoch}")

    def logged(self):
        """[(mark, event, payload)], all of them, with names for ports and ids."""
        found = []
        for line in self.sentinel.log_text().splitlines():
            match = LINE.match(line)
            if match:
                mark, event, payload = match.groups()
                for old, name in self.names.items():
                    payload = re.sub(rf"(?<![\w.]){old}(?!\w)", name, payload)
                found.append((mark, event, payload))
        return found

    def new(self):
        return self.logged()[self._seen:]

    def play(self, name, act, *until):
        """A phase: act(self), until all of `until` ("+event text") were said and it is quiet."""
        act(self)
        wait_until(lambda: all(self._has_said(text) for text in until), WAIT_S,
                   f"{self.flavour}, {name}: {until}", explain=self.new)
        count, quiet = -1, threading.Event()
        while count != len(self.logged()):
            count = len(self.logged())
            quiet.wait(QUIET_S)
        self.phases.append((name, self.new()[:count - self._seen]))
        self._seen = count

    def _has_said(self, text):
        event, _, part = text.partition(" ")
        return any(e == event and part in payload for _, e, payload in self.new())

    def check_published(self):
        """Whatever was logged since the start of the recorder, but for debug events, was published."""
        first = self.published.events[0] if self.published.events else None
        assert first, "nothing was published"
        logged = [(event, payload) for mark, event, payload in self.logged() if mark != "."]
        published = []
        for event in list(self.published.events):
            payload = event.payload
            for old, name in self.names.items():
                payload = re.sub(rf"(?<![\w.]){old}(?!\w)", name, payload)
            published.append((event.name, payload))
        assert logged[-len(published):] == published, f"{self.flavour}: {logged}\n{published}"


def both(script):
    """Runs script(flavour) for both flavours at once; returns their sides, with ended sentinels."""
    results, errors = {}, []

    def one(flavour):
        try:
            side = script(flavour)
            side.check_published()
            # Processes do not outlive the thread that started them.
            assert side.sentinel.stop() == 0
            results[flavour] = side
        except BaseException as error:  # pylint: disable=broad-except
            errors.append(error)
    threads = [threading.Thread(target=one, args=(flavour,)) for flavour in (STOCK, OURS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results[STOCK], results[OURS]


def _lines(events):
    return [" ".join(event) for event in events]


def _orders(events):
    """{(a, b)}: the first event called a came before the first one called b."""
    names = list(dict.fromkeys(event for _, event, _ in events))
    return {(a, b) for i, a in enumerate(names) for b in names[i + 1:]}


def differences(scene, stock, ours):
    """[(place, what)] of two sides; what is "stock: event", "ours: event" or "order: a b", where ours
    says b first."""
    found = []
    for (name, theirs), (_, own) in zip(stock.phases, ours.phases):
        where = f"{scene}, {name}"
        rest = _lines(own)
        for line in _lines(theirs):
            if line in rest:
                rest.remove(line)
            else:
                found.append((where, f"stock: {line}"))
        found += [(where, f"ours: {line}") for line in rest]
        found += [(where, f"order: {a} {b}") for a, b in sorted(_orders(theirs)) if (b, a) in _orders(own)]
    return found


def _attempts(side):
    return sum(event == "+try-failover" for _, events in side.phases for _, event, _ in events)


def _dawdled(side):
    """The hello that follows a peer's move came only after down-after: stock calls the peer down anew."""
    return any(event == "+sdown" for name, events in side.phases if name == "the peer moves" for _, event, _ in events)


def _tilted(side):
    """The machine stood still for seconds; stock then does nothing for half a minute."""
    return any(event == "+tilt" for _, events in side.phases for _, event, _ in events)


def _play(scene, place):
    """Both sides. Where the machine is busy, stock at times calls the new master down right behind the switch,
    and fails over once more, or a step takes too long, or TILT begins: then nothing can be compared, and the scene is
    played again."""
    for left in reversed(range(TRIES)):
        try:
            stock, ours = both(lambda flavour: scene(place, flavour))
        except NotReached as error:
            if left == 0 or "'+tilt'" not in str(error):
                raise
            continue
        if _attempts(stock) <= _attempts(ours) and not _dawdled(stock) and not _tilted(stock) and not _tilted(ours):
            break
    return stock, ours


def check(scene, place):
    """Plays scene for both and asserts that only what is listed differs."""
    stock, ours = _play(scene, place)
    listed = Differences(LIST)
    unexpected = [f"{where} | {what}" for where, what in differences(scene.__name__, stock, ours)
                  if not listed.reason(where, what)]
    told = "\n".join(f"{flavour} {name}: {' '.join(event)}"
                     for flavour, side in (("stock", stock), ("ours ", ours))
                     for name, events in side.phases for event in events)
    assert not unexpected, "\n".join(unexpected) + "\n" + told
    unused = [entry for entry in listed.unused() if entry.startswith(f"{scene.__name__},")]
    assert not unused, f"listed, but no difference any more: {unused}\n{told}"
