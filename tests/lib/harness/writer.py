# SPDX-License-Identifier: BSD-3-Clause
"""Clients that write without a pause through redis-py's Sentinel client and remember what was
acknowledged."""

import threading
import time

import redis
from redis.sentinel import Sentinel as SentinelClient

LIST = "written"


class Writer:
    """`threads` clients append numbers to a list each, from start() to stop()."""

    def __init__(self, group, threads=2, **connection):
        self._sentinels = [s.address for s in group.sentinels]
        self._name = group.name
        tls = group.sentinels[0].tls
        self._secure = tls.client_arguments() if tls else {}
        self._connection = {"socket_timeout": 10, **self._secure, **connection}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,), daemon=True)
                         for i in range(threads)]
        self.acknowledged = [[] for _ in range(threads)]  # per thread: (when, number)

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(15)

    def _run(self, index):
        asked = SentinelClient(self._sentinels, sentinel_kwargs={"socket_timeout": 2, **self._secure})
        master = asked.master_for(self._name, **self._connection)
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                master.rpush(f"{LIST}:{index}", number)
                self.acknowledged[index].append((time.monotonic(), number))
            except redis.RedisError:
                time.sleep(0.001)  # not acknowledged: whether it is there does not matter

    def count(self):
        return sum(len(done) for done in self.acknowledged)

    def count_since(self, at):
        return sum(1 for done in self.acknowledged for when, _ in done if when >= at)

    def longest_gap_s(self):
        """The longest time that any of the clients had to wait."""
        gaps = [b[0] - a[0] for done in self.acknowledged for a, b in zip(done, done[1:])]
        return max(gaps, default=0.0)

    def lost(self, server):
        """Acknowledged numbers that server does not have."""
        with server.client(socket_timeout=20) as client:
            missing = []
            for index, done in enumerate(self.acknowledged):
                kept = set(client.lrange(f"{LIST}:{index}", 0, -1))
                missing += [(index, n) for _, n in done if str(n) not in kept]
        return missing
