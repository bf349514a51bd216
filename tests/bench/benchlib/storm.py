# SPDX-License-Identifier: BSD-3-Clause
"""All clients come back at once, as after a failover: when has the last one its answer, and how late are PINGs meanwhile?"""

import os
import statistics
import subprocess
import threading
import time

from harness import OURS, STOCK, Place
from harness.tls import Authority, Tls

DOWN_AFTER_MS = 1000


class Pings:
    """When the server hears PING from the sentinel, seen by MONITOR."""

    def __init__(self, server):
        self._client = server.client(socket_timeout=None)
        self.times = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        try:
            with self._client.monitor() as monitor:
                for command in monitor.listen():
                    if command["command"] == "PING":
                        self.times.append(float(command["time"]))
        except Exception:  # pylint: disable=broad-except
            return  # the server has ended

    def longest_gap_ms(self, since, until):
        inside = [t for t in self.times if since - 1 <= t <= until + 1]
        return max((b - a for a, b in zip(inside, inside[1:])), default=0) * 1000


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def one(flavour, secure, count, rounds):
    place = Place()
    try:
        authority = Authority(place.subfolder("tls"))
        tls = Tls(authority, tls_auth_clients="optional") if secure else None
        master = place.redis(tls=Tls(authority, plain_port=place.ports.take()) if secure else None)
        sentinel = place.sentinel(place.monitor(master, quorum=1, down_after_ms=DOWN_AFTER_MS), flavour=flavour, tls=tls,
                                  extra=[f"maxclients {2 * count + 100}", "tcp-backlog 4096"])
        time.sleep(1)
        pings, before = Pings(master), resident_kb(sentinel.pid)
        files = [authority.ca, authority.cert_of("one"), authority.key_of("one")] if secure else []
        program = [os.environ["SENTINEL_CLIENTS"], str(sentinel.port), str(count), *files]
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
            results = []
            for _ in range(rounds):
                since = time.time()
                clients.stdin.write("again\n")
                clients.stdin.flush()
                words = clients.stdout.readline().split()
                until = time.time()
                time.sleep(1.5)
                results.append({"answered": int(words[0]), "failed": int(words[2]), "median": float(words[5]),
                                "last": float(words[6]), "gap": pings.longest_gap_ms(since, until)})
            held = (resident_kb(sentinel.pid) - before) / count
            clients.stdin.close()
            clients.wait(60)
        return {"held": held, **{key: statistics.median(r[key] for r in results) for key in results[0]}}
    finally:
        place.close()


def run(count, rounds):
    print(f"{count} clients connect at once and ask for the master, median of {rounds} rounds. PING period {DOWN_AFTER_MS // 5} ms.")
    print("               answered  failed   median ms   last ms   longest PING gap ms   KiB a client")
    for secure in (False, True):
        for flavour in (OURS, STOCK):
            r = one(flavour, secure, count, rounds)
            print(f"{'TLS' if secure else 'plain':6} {flavour:6} {r['answered']:9.0f} {r['failed']:7.0f} {r['median']:11.0f} "
                  f"{r['last']:9.0f} {r['gap']:21.0f} {r['held']:14.1f}", flush=True)
