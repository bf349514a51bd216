# SPDX-License-Identifier: BSD-3-Clause
"""Replicas testify (DESIGN.md D24), with real servers. A master that refuses PING is down for the sentinels, while its
replicas go on."""

import pytest

from harness import OURS, mixed, wait_until
from harness.poll import stays_true

PING_OFTEN = {"options": {"repl-ping-replica-period": "1"}}

pytestmark = pytest.mark.ours_only


def made(place, veto="yes", **options):
    master = place.redis(**PING_OFTEN)
    group = place.group(servers=[master] + [place.redis(master, **PING_OFTEN) for _ in range(2)], **options)
    for sentinel in group.sentinels:
        if sentinel.flavour == OURS:
            assert sentinel.raw("SET", group.name, "replica-veto", veto) in (True, "OK")
    return group


def refuse_ping(master):
    with master.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "-ping")


def names_the_first(group):
    return set(group.addresses().values()) == {group.master.address}


def is_held(group):
    words = "of 2 replicas within reach still receive from the master (replica-veto)"
    return all(words in sentinel.log_text() for sentinel in group.sentinels)


def test_testimony__replicas_that_receive_hold_the_failover_until_they_do_not(place):
    group = made(place)
    old = group.master
    refuse_ping(old)
    wait_until(lambda: is_held(group), 20, "all are held, and say so")
    stays_true(lambda: names_the_first(group), 6, "nobody is promoted")
    old.kill()
    assert group.wait_switched(old) in group.replicas


def test_testimony__by_default_they_hold_nothing(place):
    group = made(place, veto="no")
    old = group.master
    refuse_ping(old)
    group.wait_switched(old)


def test_testimony__master_that_hangs_is_replaced(place):
    """The links of its replicas stay up."""
    group = made(place)
    old = group.master
    old.freeze()
    group.wait_switched(old, 8)
    assert not is_held(group)
    old.thaw()


def test_testimony__an_operator_is_not_asked(place):
    group = made(place)
    old = group.master
    refuse_ping(old)
    wait_until(lambda: is_held(group), 20, "all are held")
    assert group.sentinels[0].raw("FAILOVER", group.name, "FORCE") in (True, "OK")
    group.wait_switched(old)


@mixed.FOREIGN
def test_testimony__stock_is_not_held_by_it(place, foreign):
    """Who has the veto begins nothing, and votes for those who do."""
    group = made(place, flavours=[OURS, foreign, foreign])
    old = group.master
    refuse_ping(old)
    group.wait_switched(old, 40)
