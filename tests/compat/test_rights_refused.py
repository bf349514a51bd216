# SPDX-License-Identifier: BSD-3-Clause
"""Replicas whose ACL user lacks a right that the order to become master needs: the next candidate is
tried."""

import time

import pytest

from harness import rights, wait_until

pytestmark = pytest.mark.ours_only


@pytest.mark.parametrize("right,word", [
    ("+slaveof", "slaveof"), ("+exec", "exec"), ("+client|kill", r"client\|kill")])
def test_rights__refusing_replica_is_passed_over(place, right, word):
    """The replica that comes first refuses; the next one is promoted."""
    group = rights.start(place, rights.SENTINEL_RIGHTS, last_replica=rights.without(right))
    willing, refusing = group.replicas
    rights.prefer(group, refusing)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()
    assert group.wait_switched(old) is willing
    leader = next(s for s, r in zip(group.sentinels, recorders) if r.first("+promoted-slave"))
    rights.wait_logged([leader], "NOPERM", word, str(refusing.port))
    assert refusing.role() == "slave"
    assert sum(len(r.all("+promoted-slave")) for r in recorders) == 1
    wait_until(lambda: not group.sentinels[0].master("mymaster")["is_sdown"], 30, "all is well")


def test_rights__replica_that_refuses_multi_is_not_promoted_beside_another(place):
    """Without MULTI the steps are executed one by one: what the replica says it is decides."""
    group = rights.start(place, rights.SENTINEL_RIGHTS, last_replica=rights.without("+multi"))
    willing, refusing = group.replicas
    rights.prefer(group, refusing)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    leader = next(s for s, r in zip(group.sentinels, recorders) if r.first("+promoted-slave"))
    rights.wait_logged([leader], "NOPERM", "multi", str(refusing.port))
    group.wait_settled()
    assert new is refusing, "it had become the master"
    assert sum(len(r.all("+promoted-slave")) for r in recorders) == 1
    assert "MASTER MODE enabled" not in willing.log_text(), "there was never a second one"


def test_rights__refused_order_is_not_repeated_without_a_pause(place):
    group = rights.start(place, rights.SENTINEL_RIGHTS, last_replica=rights.without("+slaveof"))
    refusing = group.replicas[-1]
    old = group.master
    old.kill()
    group.wait_switched(old)
    # Left alone for failover-timeout at first, then told again; INFO comes much more often.
    time.sleep(9)
    for sentinel in group.sentinels:
        told = [line for line in sentinel.log_text().splitlines()
                if "refused to follow" in line and str(refusing.port) in line]
        assert len(told) <= 3, f"{len(told)} orders:\n" + "\n".join(told[-5:])
    assert any("refused to follow" in s.log_text() for s in group.sentinels)
