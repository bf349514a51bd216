# SPDX-License-Identifier: BSD-3-Clause
"""SIGKILL at any moment: id, epochs, master, replicas and peers are there again after the start."""

import random
import time

from harness import wait_until


def memory(sentinel):
    master = sentinel.master("mymaster")
    return {
        "id": sentinel.my_id(),
        "master": sentinel.master_address("mymaster"),
        "config epoch": master["config-epoch"],
        "replicas": sorted(r["port"] for r in sentinel.replicas("mymaster")),
        "peers": sorted((p["port"], p["runid"]) for p in sentinel.peers("mymaster")),
    }


def is_saved(sentinel, known):
    text = sentinel.conf_text()
    return (f"\nsentinel config-epoch mymaster {known['config epoch']}\n" in text
            and text.count("\nsentinel known-replica ") == len(known["replicas"])
            and text.count("\nsentinel known-sentinel ") == len(known["peers"]))


def test_power_loss__a_settled_sentinel_remembers(place):
    group = place.group(replicas=2, sentinels=3, down_after_ms=2000)
    old = group.master
    old.kill()
    group.wait_switched(old)
    group.wait_settled()
    sentinel = group.sentinels[0]
    wait_until(lambda: sentinel.master("mymaster")["num-slaves"] == 2, 30, "both replicas are listed")
    before = memory(sentinel)
    assert before["config epoch"] >= 1 and len(before["peers"]) == 2
    # It follows the others at once, and saves that as soon as the disk allows.
    wait_until(lambda: is_saved(sentinel, before), 20, "all of it is in the file", explain=sentinel.conf_text)

    sentinel.kill()
    sentinel.start()
    assert memory(sentinel) == before
    group.wait_settled()


def test_power_loss__at_random_moments_of_failovers(place):
    group = place.group(replicas=2, sentinels=3, down_after_ms=500, failover_timeout_ms=3000)
    ids = [sentinel.my_id() for sentinel in group.sentinels]
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(3):
        old = group.wait_settled()
        epochs = [s.master("mymaster")["config-epoch"] for s in group.sentinels]
        old.kill()
        victim = chance.randrange(3)
        # The down time, the election and the promotion all lie within this time.
        moment = chance.uniform(0, 1.2)
        time.sleep(moment)
        group.sentinels[victim].restart()

        group.wait_switched(old, 40)
        group.wait_settled()
        assert [s.my_id() for s in group.sentinels] == ids, f"seed {seed}"
        for sentinel, before in zip(group.sentinels, epochs):
            assert sentinel.master("mymaster")["config-epoch"] > before, f"seed {seed}"
        old.start()
