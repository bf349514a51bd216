# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL FAILOVER in a group of ours and stock sentinels."""

import pytest

from harness import OURS, STOCK, wait_until

pytestmark = pytest.mark.ours_only

# After a switch the stock daemon may open its link to the new master only a second later. With a
# shorter time than that its sentinels hold the new master for down and fail over once more.
DOWN_AFTER_MS = 2000


@pytest.mark.parametrize("index", [0, 1], ids=["ours", "stock"])
def test_mixed_quorum__manual_failover_started_by(place, index):
    group = place.group(replicas=1, flavours=[OURS, STOCK, OURS], failover_timeout_ms=5000,
                        down_after_ms=DOWN_AFTER_MS)
    old = group.master
    assert group.sentinels[index].raw("FAILOVER", "mymaster") == "OK"
    new = group.wait_switched(old)
    wait_until(lambda: old.follows(new), 30, "the old master follows", explain=group.roles)
    group.wait_settled()
