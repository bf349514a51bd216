# SPDX-License-Identifier: BSD-3-Clause
"""Many masters fail at once: when has every sentinel switched every group, and how do clients fare meanwhile?"""

import collections
import json
import os
import statistics
import subprocess
import time

from harness import STOCK
from harness.farm import Farm
from benchlib import fleet, scale
from benchlib.real_farm import RealFarm
from benchlib.report import percentile
from benchlib.resp import Connection, encode, readable

ASK_RATE = 500  # questions a second to each sentinel
BEFORE_S, AFTER_S = 0.5, 2.0  # clients ask from before down-after is over until after the last switch
FOLLOW_LOOK_S = 0.05
COLUMNS = [("first_ms", "first ms", 0), ("median_ms", "median ms", 0), ("p99_ms", "p99 ms", 0), ("last_ms", "last ms", 0),
           ("followed_ms", "all follow ms", 0), ("attempts", "attempts", 0), ("given_up", "given up", 0),
           ("unswitched", "unswitched", 0), ("twice", "twice", 0), ("ask_p99_ms", "ask p99 ms", 2), ("ask_max_ms", "ask max ms", 1),
           ("cpu_ms_per_group", "CPU ms/group", 2), ("problems", "wrong", 0)]


class Events:
    """Switches, attempts and attempts that are given up, of all sentinels."""

    def __init__(self, sentinels):
        self._connections = [Connection(sentinel.port) for sentinel in sentinels]
        for connection in self._connections:
            connection.send(encode("PSUBSCRIBE", "+switch-master", "+try-failover", "-failover-abort-*"))
        self.switched = [{} for _ in sentinels]  # {group: when first}
        self.twice = set()  # groups that some sentinel has switched more than once
        self.counts = collections.Counter()

    def read(self, until):
        """Waits for the next ones, at most until then."""
        ready = readable(self._connections, until - time.monotonic())
        now = time.monotonic()
        for number, connection in enumerate(self._connections):
            for reply in connection.receive() if connection in ready else []:
                if isinstance(reply, list) and reply[0] == "pmessage":
                    self._take(number, reply[2], reply[3], now)
            if connection.broken:
                raise RuntimeError("a sentinel has closed the connection on which its events come")

    def _take(self, number, event, payload, now):
        self.counts[event] += 1
        if event == "+switch-master":
            name = payload.split()[0]
            if name in self.switched[number]:
                self.twice.add(name)
            self.switched[number].setdefault(name, now)

    def complete(self):
        """{group: when the last sentinel has switched it}"""
        everywhere = set(self.switched[0]).intersection(*self.switched[1:])
        return {name: max(switched[name] for switched in self.switched) for name in everywhere}

    def close(self):
        for connection in self._connections:
            connection.close()


class Askers:
    """Clients that ask each sentinel for masters, at a steady rate."""

    def __init__(self, sentinels, groups):
        self._children = [subprocess.Popen(
            [os.environ["SENTINEL_LOAD"], "--rate", str(ASK_RATE), "--seconds", "3600", "--names", str(groups), "127.0.0.1",
             str(sentinel.port), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m%"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) for sentinel in sentinels]

    def results(self):
        """Ends them; the worst sentinel counts."""
        answers = [child.communicate()[0] for child in self._children]
        found = [json.loads(answer) for answer in answers if answer]
        if not found:
            return {}
        return {"ask_p99_ms": max(one["p99_ms"] for one in found), "ask_max_ms": max(one["max_ms"] for one in found),
                "asked": sum(one["requests"] for one in found), "unanswered": sum(one["unanswered"] for one in found)}

    def end(self):
        for child in self._children:
            child.kill()
            child.communicate()


def fail_and_watch(group, count, idle_s, options):
    """The numbers of one failure of count masters. idle_s: CPU time that the sentinels take in a second without one."""
    events, askers, known = Events(group.sentinels), None, set()
    try:
        for _ in range(5):
            events.read(time.monotonic() + 0.1)
        events.counts.clear()
        cpu = sum(fleet.cpu_s(pid) for pid in group.pids)
        (group.farm.hang if options.fault == "hang" else group.farm.kill)(range(count))
        began = time.monotonic()
        over_at = began + options.down_after / 1000
        bound = over_at + options.bound
        while time.monotonic() < over_at - BEFORE_S:
            events.read(over_at - BEFORE_S)
        askers = Askers(group.sentinels, group.groups)
        while len(known) < count and time.monotonic() < bound:
            events.read(min(bound, time.monotonic() + 1))
            known = events.complete()
        cpu = sum(fleet.cpu_s(pid) for pid in group.pids) - cpu - idle_s * (time.monotonic() - began)
        followed_at = wait_followed(group, events, bound)
        times = sorted((at - over_at) * 1000 for at in known.values())
        firsts = [at for switched in events.switched for at in switched.values()]
        result = {"first_ms": (min(firsts) - over_at) * 1000 if firsts else None,
                  "unswitched": count - len(times), "twice": len(events.twice), "attempts": events.counts["+try-failover"],
                  "given_up": sum(n for event, n in events.counts.items() if event.startswith("-failover-abort")),
                  "events": dict(events.counts), "cpu_ms_per_group": cpu * 1000 / count, **askers.results()}
        if times:
            result.update(median_ms=statistics.median(times), p99_ms=percentile(times, 0.99), last_ms=times[-1], times_ms=times)
        result["followed_ms"] = None if followed_at is None else (followed_at - over_at) * 1000
        return result
    finally:
        events.close()
        if askers:
            askers.end()


def wait_followed(group, events, bound):
    """When all live servers followed the one master of their group; None: not in time. Takes AFTER_S at least."""
    rest_until, followed_at = time.monotonic() + AFTER_S, None
    while time.monotonic() < (bound if followed_at is None else rest_until):
        if followed_at is None and not group.farm.problems():
            followed_at = time.monotonic()
        events.read(time.monotonic() + FOLLOW_LOOK_S)
    return followed_at


def one(flavour, count, groups, options):
    farm = RealFarm if options.real else Farm
    with fleet.Fleet(flavour, groups, farm=farm, down_after_milliseconds=options.down_after,
                     failover_timeout=options.failover_timeout) as group:
        group.start()
        if None in group.wait_known(lambda text: scale.tell(f"  {groups} groups, {flavour}: {text}")):
            scale.tell(f"  {groups} groups, {flavour}: not all is known; going on")
        idle_s = scale.rest(group, max(1, options.settle))["cpu_ms_per_s"] * len(group.sentinels) / 1000
        result = fail_and_watch(group, count, idle_s, options)
        group.farm.revive()
        healed_by = time.monotonic() + options.bound
        while group.farm.problems() and time.monotonic() < healed_by:
            time.sleep(0.5)
        problems = group.farm.problems()
        result["problems"] = len(problems)
        result["problem_texts"] = problems[:20]
        result["farm"] = group.farm.stats()
        return result


def run(options):
    """{"N of G": {flavour: [results]}}"""
    results = {}
    for number in range(options.rounds):
        for count, groups in options.rows:
            for flavour in scale.alternate(options.flavours, number):
                if flavour == STOCK and groups > options.stock_max:
                    continue
                result = one(flavour, count, groups, options)
                results.setdefault(f"{count} of {groups}", {}).setdefault(flavour, []).append(result)
                scale.tell(f"{count} of {groups}, {flavour}, round {number + 1}: " + ", ".join(
                    f"{title} {scale.cell(result.get(key), digits)}" for key, title, digits in COLUMNS))
                for text in result["problem_texts"]:
                    scale.tell(f"  {text}")
    return results


def report(results):
    return scale.table({label: {flavour: scale.medians(rounds) for flavour, rounds in row.items()}
                        for label, row in results.items()}, COLUMNS, "masters")
