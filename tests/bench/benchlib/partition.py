# SPDX-License-Identifier: BSD-3-Clause
"""The master and a minority behind a partition, with clients on both sides, as Jepsen counts: what was acknowledged, and is gone?"""

import statistics
import time

from harness import OURS, STOCK, Place, wait_until
from harness.hosts import Client, Network


def one(flavour, cut_s):
    place = Place()
    network = Network(place)
    try:
        network.start(flavour)
        wait_until(network.agreed, 60, "the beginning")
        time.sleep(5)  # stock publishes every two seconds
        clients = [Client(host).start() for host in network.hosts]
        wait_until(lambda: all(len(client.acknowledged) > 50 for client in clients), 60, "all write")
        first = network.hosts[0]
        cut_at = time.monotonic()
        first.cut()
        time.sleep(cut_s)
        healed_at = time.monotonic()
        first.join()
        master = wait_until(network.agreed, 120, "one master")
        agreement = time.monotonic() - healed_at
        time.sleep(1)
        for client in clients:
            client.stop()
        there = {int(number) for number in master.client().smembers("written")}
        acknowledged = [number for client in clients for when, number in client.acknowledged if when >= cut_at - 1]
        return {"outage": max(client.longest_gap_s() for client in clients[1:]), "agreement": agreement,
                "acknowledged": len(acknowledged), "lost": sum(number not in there for number in acknowledged)}
    finally:
        for host in network.hosts:
            for process in (host.sentinel, host.redis):
                if process:
                    process.end()
        network.close()
        place.close()


def run(rounds, cut_s):
    print(f"The master's host is cut off for {cut_s} s; down-after 1 s, failover-timeout 10 s; median of {rounds} rounds.")
    print("         outage of the majority's clients   agreement after the heal   acknowledged since the cut   of them lost")
    results = {OURS: [], STOCK: []}
    for _ in range(rounds):
        for flavour, done in results.items():
            done.append(one(flavour, cut_s))
    for flavour, done in results.items():
        r = {key: statistics.median(result[key] for result in done) for key in done[0]}
        print(f"{flavour:6} {r['outage']:32.1f} s {r['agreement']:24.1f} s {r['acknowledged']:28.0f} {r['lost']:14.0f}", flush=True)
