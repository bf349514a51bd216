# SPDX-License-Identifier: BSD-3-Clause
"""Replicas of replicas: what becomes of them is as with stock, which this file runs on as well
(SENTINELD_FLAVOUR=stock)."""

import pytest

from harness import wait_until
from harness.chains import TIMEOUT_MS, follows, known, make_chain
from harness.poll import stays_true


def test_chains__what_is_below_a_replica_is_not_learned(place):
    group, below = make_chain(place)
    stays_true(lambda: known(group) == {group.replicas[0].port}, 12, "only the direct replica is known")
    assert follows(below, group.replicas[0])


def test_chains__what_is_below_goes_with_the_replica_that_is_promoted(place):
    group, below = make_chain(place)
    old = group.master
    old.kill()
    group.wait_switched(old, 60)
    assert follows(below, group.replicas[0])
    wait_until(lambda: below.port in known(group), 60, "it is a direct replica now")
    old.start()
    wait_until(lambda: follows(old, group.replicas[0]), 60, "the old master follows")
    assert follows(below, group.replicas[0])


def test_chains__what_is_below_another_replica_is_left_there(place):
    group = place.group(replicas=2, failover_timeout_ms=TIMEOUT_MS, down_after_ms=1000)
    chosen, other = group.replicas
    with other.client() as client:
        client.config_set("replica-priority", 0)
    below = place.redis(other)
    wait_until(lambda: below.info().get("master_link_status") == "up", 60, "the chain is in sync")
    wait_until(lambda: all(r["slave-priority"] == (0 if int(r["port"]) == other.port else 100)
                           for s in group.sentinels for r in s.replicas(group.name)), 30,
               "the priorities are known")
    old = group.master
    old.kill()
    group.wait_switched(old, 60)
    wait_until(lambda: follows(other, chosen), 60, "the other replica follows")
    stays_true(lambda: follows(below, other), 8, "what is below it stays")


def test_chains__a_direct_replica_that_is_put_below_another_is_put_back(place):
    """It is known as a replica, and follows the wrong master: +fix-slave-config after
    failover-timeout."""
    group = place.group(replicas=2, failover_timeout_ms=TIMEOUT_MS, down_after_ms=1000)
    upper, lower = group.replicas
    with lower.client() as client:
        client.slaveof("127.0.0.1", upper.port)
    wait_until(lambda: follows(lower, upper), 10, "it is below the other")
    wait_until(lambda: follows(lower, group.master), 60, "it is put back")


@pytest.mark.ours_only
def test_chains__with_the_directive_are_known_and_left_alone(place):
    group, below = make_chain(place, chained_replicas="yes")
    upper = group.replicas[0]
    wait_until(lambda: known(group) == {upper.port, below.port}, 60, "both are known")
    stays_true(lambda: follows(below, upper), 8, "it stays below the other")
    old = group.master
    old.kill()
    group.wait_switched(old, 60)
    assert group.current_master() is upper
    assert follows(below, upper)


@pytest.mark.ours_only
def test_chains__with_the_directive_orphans_are_adopted(place):
    group, below = make_chain(place, chained_replicas="yes")
    upper = group.replicas[0]
    wait_until(lambda: known(group) == {upper.port, below.port}, 60, "both are known")
    recorders = [s.record() for s in group.sentinels]
    upper.kill()
    wait_until(lambda: follows(below, group.master), 60, "it follows the master")
    assert any(r.first("+fix-orphan") for r in recorders)
