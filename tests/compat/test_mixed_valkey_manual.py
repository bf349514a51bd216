# SPDX-License-Identifier: BSD-3-Clause
"""Ours in one quorum with redis-sentinel or valkey-sentinel: SENTINEL FAILOVER on either of them."""

import pytest

from harness import OURS, mixed, wait_until

pytestmark = pytest.mark.ours_only


@mixed.FOREIGN
@mixed.COMPOSITION
@pytest.mark.parametrize("by_ours", [True, False], ids=["on-ours", "on-theirs"])
def test_mixed_valkey__manual_failover(place, foreign, ours, by_ours):
    watched = mixed.MixedGroup(place, foreign, ours, replicas=1)
    group = watched.group
    old, replica = group.servers
    assert watched.sentinel_of(OURS if by_ours else foreign).raw("FAILOVER", "mymaster") == "OK"
    assert group.wait_switched(old, 60) is replica  # a stock one may be in TILT
    # With us it is told in the same moment, with the others after eight seconds or more.
    wait_until(lambda: old.follows(replica), 2 if by_ours else 30, "the old master follows",
               explain=group.roles)
    assert watched.finish() is replica
