# SPDX-License-Identifier: BSD-3-Clause
"""Chained replicas, and a master that is not there when the sentinels start."""

from harness import wait_until
from harness.poll import stays_true


def test_topologies__replica_of_a_replica_is_neither_listed_nor_moved(place):
    master = place.redis()
    first, second = place.redis(master), place.redis(master)
    chained = place.redis(first, options={"replica-priority": 1})
    group = place.group(servers=[master, first, second], sentinels=3, down_after_ms=500)
    for sentinel in group.sentinels:
        assert {r["port"] for r in sentinel.replicas("mymaster")} == {first.port, second.port}

    master.kill()
    new = group.wait_switched(master)
    group.wait_settled()
    assert new is not chained
    stays_true(lambda: chained.info()["master_port"] == first.port, 1, "the chained replica stays")
    wait_until(lambda: chained.follows(first), 40, "the chained replica is in sync again")


def test_topologies__node_in_the_middle_of_a_chain_can_be_watched(place):
    head = place.redis()
    watched = place.redis(head)
    tail = place.redis(watched)
    monitor = place.monitor(watched.port, quorum=2, down_after_ms=500)
    sentinels = [place.sentinel(monitor) for _ in range(2)]
    for sentinel in sentinels:
        wait_until(lambda s=sentinel: [r["port"] for r in s.replicas("mymaster")] == [tail.port],
                   40, "the replica of the watched replica is known")
        wait_until(lambda s=sentinel: s.master("mymaster")["num-other-sentinels"] == 1, 40,
                   "the sentinels find each other through it")
    watched.kill()
    for sentinel in sentinels:
        wait_until(lambda s=sentinel: s.master("mymaster")["port"] == tail.port, 40,
                   "the tail takes its place")
    assert tail.info()["role"] == "master"


def test_topologies__master_that_comes_later(place):
    port = place.ports.take()
    monitor = place.monitor(port, quorum=2, down_after_ms=500)
    sentinels = [place.sentinel(monitor) for _ in range(2)]
    for sentinel in sentinels:
        wait_until(lambda s=sentinel: s.master("mymaster")["is_sdown"], 30,
                   "the missing master is down")
        assert sentinel.master("mymaster")["num-slaves"] == 0
    master = place.redis(port=port)
    replica = place.redis(master)
    for sentinel in sentinels:
        wait_until(lambda s=sentinel: s.master("mymaster")["flags"] == "master", 40, "it is well")
        wait_until(lambda s=sentinel: [r["port"] for r in s.replicas("mymaster")] == [replica.port],
                   40, "its replica is found")
        wait_until(lambda s=sentinel: s.master("mymaster")["num-other-sentinels"] == 1, 40,
                   "the sentinels find each other through it")
