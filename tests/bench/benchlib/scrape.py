# SPDX-License-Identifier: BSD-3-Clause
"""What a request to the HTTP port costs a sentinel that watches few or many groups, and how long PING waits meanwhile."""

import http.client
import threading
import time

from harness import OURS
from benchlib import fleet, scale

PATHS = ("/metrics", "/groups", "/groups/m0", "/livez")
COLUMNS = [("kib", "KiB", 1), ("cpu_ms", "CPU ms each", 2), ("wall_ms", "ms", 2), ("ping_ms", "slowest PING ms", 2),
           ("still_ms", "without requests", 2)]


class Pings(threading.Thread):
    """Asks PING again and again; slowest_ms is that of the last reset."""

    def __init__(self, sentinel):
        super().__init__(daemon=True)
        self._talk, self._over, self.slowest_ms = fleet.Talk(sentinel), False, 0.0

    def run(self):
        while not self._over:
            began = time.monotonic()
            self._talk.ask("PING")
            self.slowest_ms = max(self.slowest_ms, (time.monotonic() - began) * 1000)
            time.sleep(0.0005)

    def reset(self):
        slowest, self.slowest_ms = self.slowest_ms, 0.0
        return slowest

    def stop(self):
        self._over = True
        self.join()
        self._talk.close()


def fetch(port, path):
    """The length of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    size = len(answer.read())
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return size


def measure(sentinel, port, path, seconds):
    """One request after the other; the CPU time that the sentinel takes when nobody asks does not count."""
    pings = Pings(sentinel)
    pings.start()
    before = fleet.cpu_s(sentinel.pid)
    time.sleep(seconds)
    idle = (fleet.cpu_s(sentinel.pid) - before) / seconds
    result = {"still_ms": pings.reset()}
    before, began, count = fleet.cpu_s(sentinel.pid), time.monotonic(), 0
    while time.monotonic() < began + seconds:
        result["kib"] = fetch(port, path) / 1024
        count += 1
    took = time.monotonic() - began
    result["cpu_ms"] = (fleet.cpu_s(sentinel.pid) - before - idle * took) * 1000 / count
    result["wall_ms"] = took * 1000 / count
    result["ping_ms"] = pings.reset()
    pings.stop()
    return result


def one(groups, options):
    with fleet.Fleet(OURS, groups, sentinels=1, quorum=1, down_after_milliseconds=options.down_after) as group:
        sentinel, port = group.sentinels[0], group.place.ports.take()
        sentinel.argv += ["--http-port", str(port)]
        group.start()
        group.wait_known()
        time.sleep(options.settle)
        return {path: measure(sentinel, port, path, options.seconds) for path in PATHS}


def run(options):
    """{"groups: path": {OURS: [results]}}"""
    results = {}
    for number in range(options.rounds):
        for groups in options.groups:
            for path, result in one(groups, options).items():
                results.setdefault(f"{groups}: {path}", {}).setdefault(OURS, []).append(result)
                scale.tell(f"{groups} groups, round {number + 1}, {path}: " + ", ".join(
                    f"{title} {scale.cell(result[key], digits)}" for key, title, digits in COLUMNS))
    return results


def report(results):
    return scale.table({label: {flavour: scale.medians(rounds) for flavour, rounds in row.items()}
                        for label, row in results.items()}, COLUMNS, "groups: request")
