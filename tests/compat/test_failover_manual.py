# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL FAILOVER on a healthy group (PROTOCOL.md §4.10, §15.8)."""

import pytest
import redis

from harness import wait_until


def test_failover_manual__moves_the_master_and_demotes_the_old_one(place):
    group = place.group(replicas=2, sentinels=3, down_after_ms=10000)
    old = group.master
    recorders = [sentinel.record() for sentinel in group.sentinels]
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    new = group.wait_switched(old)
    assert new in group.replicas
    wait_until(lambda: old.follows(new), 30, "the old master follows", explain=group.roles)
    group.wait_settled()

    for recorder in recorders:
        recorder.wait_for("+switch-master", 30)
        assert not recorder.first("+odown")
    recorders[0].assert_order("+new-epoch", "+try-failover", "+elected-leader", "+selected-slave",
                              "+promoted-slave", "+switch-master")


def test_failover_manual__refusals(place):
    group = place.group(replicas=0, sentinels=2)
    with pytest.raises(redis.ResponseError, match="^NOGOODSLAVE No suitable replica to promote$"):
        group.sentinels[0].raw("FAILOVER", "mymaster")
    with pytest.raises(redis.ResponseError, match="^No such master with that name$"):
        group.sentinels[0].raw("FAILOVER", "nosuch")


def test_failover_manual__priority_zero_is_never_chosen(place):
    master = place.redis()
    never = place.redis(master, options={"replica-priority": 0})
    group = place.group(servers=[master, never], sentinels=1, quorum=1)
    with pytest.raises(redis.ResponseError, match="^NOGOODSLAVE"):
        group.sentinels[0].raw("FAILOVER", "mymaster")
    assert group.current_master() is master
