# SPDX-License-Identifier: BSD-3-Clause
"""A replica that two groups with different masters claim (DESIGN.md D16), on real servers."""

import pytest

from harness import wait_until
from harness.poll import stays_true

pytestmark = pytest.mark.ours_only

TOLD = "Claimed by another group too"


def test_claims__are_told_and_end(place):
    ours, theirs = place.redis(), place.redis()
    replica = place.redis(ours)
    wait_until(lambda: replica.follows(ours), 60, "in sync")
    sentinel = place.sentinel(place.monitor(ours, name="one", quorum=1), place.monitor(theirs, name="two", quorum=1))
    wait_until(lambda: len(sentinel.replicas("one")) == 1, 30, "the replica is known")
    events = sentinel.record()
    sentinel.raw("DEBUG", "info-period", 1000)

    def told(name):
        return (sentinel.master(name).get("num-claimed-by-another-group") == "1",
                sentinel.replicas(name)[0].get("claimed-by-another-group") == "yes",
                f"{TOLD}, so we send it no orders: 127.0.0.1:{replica.port}" in str(sentinel.raw("CKQUORUM", name)))

    replica.replica_of(theirs)
    for name in ("one", "two"):
        wait_until(lambda n=name: told(n) == (True, True, True), 30, f"{name} tells")
        assert str(sentinel.raw("CKQUORUM", name)).startswith("OK 1 usable Sentinels.")
    events.wait_for("+foreign-instance", 20)
    replica.replica_of(ours)
    sentinel.raw("REMOVE", "two")
    assert told("one") == (False, False, False)
    stays_true(lambda: replica.info()["master_port"] == ours.port, 3, "it is left alone")


def test_claims__are_overridden_by_force(place):
    """Both replicas of the first group follow the second one's master; only FORCE can choose one."""
    ours, theirs = place.redis(), place.redis()
    replicas = [place.redis(ours) for _ in range(2)]
    sentinel = place.sentinel(place.monitor(ours, name="one", quorum=1), place.monitor(theirs, name="two", quorum=1))
    wait_until(lambda: len(sentinel.replicas("one")) == 2, 30, "the replicas are known")
    sentinel.raw("DEBUG", "info-period", 1000)
    for replica in replicas:
        replica.replica_of(theirs)
    wait_until(lambda: sentinel.master("one").get("num-claimed-by-another-group") == "2", 30, "both are claimed")
    ours.kill()
    wait_until(lambda: "o_down" in sentinel.master("one")["flags"], 30, "it is down")
    assert all(replica.info()["master_port"] == theirs.port for replica in replicas)
    # Refused while an attempt of its own is under way.
    wait_until(lambda: sentinel.raw("FAILOVER", "one", "FORCE"), 30, "the operator is obeyed")
    wait_until(lambda: int(sentinel.master_address("one")[1]) != ours.port, 30, "forced")
    new = next(r for r in replicas if r.port == int(sentinel.master_address("one")[1]))
    other = next(r for r in replicas if r is not new)
    wait_until(lambda: other.follows(new), 30, "the other one follows")
    stays_true(lambda: new.role() == "master" and other.info()["master_port"] == new.port and
               int(sentinel.master_address("two")[1]) == theirs.port, 8, "nobody fights for them")
