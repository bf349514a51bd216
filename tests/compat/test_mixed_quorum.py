# SPDX-License-Identifier: BSD-3-Clause
"""Ours and the stock daemon in one group (PROTOCOL.md §23)."""

import pytest

from harness import OURS, STOCK, wait_until

pytestmark = pytest.mark.ours_only

# After a switch the stock daemon may open its link to the new master only a second later. With a
# shorter time than that its sentinels hold the new master for down and fail over once more.
DOWN_AFTER_MS = 2000


@pytest.mark.parametrize("flavours", [[OURS, OURS, STOCK], [OURS, STOCK, STOCK]],
                         ids=["two-ours-one-stock", "one-ours-two-stock"])
def test_mixed_quorum__failover_and_return(place, flavours):
    group = place.group(replicas=2, flavours=flavours, failover_timeout_ms=5000,
                        down_after_ms=DOWN_AFTER_MS)
    for sentinel in group.sentinels:
        assert sentinel.raw("CKQUORUM", "mymaster").startswith("OK 3 usable")
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()
    new = group.wait_switched(old, 40)
    group.wait_settled()
    for recorder in recorders:
        recorder.wait_for("+switch-master", 10, f"mymaster 127.0.0.1 {old.port} 127.0.0.1 {new.port}")
    assert len({s.master("mymaster")["config-epoch"] for s in group.sentinels}) == 1

    old.start()
    wait_until(lambda: old.follows(new), 40, "the old master follows", explain=group.roles)
    group.wait_ready(30)


def test_mixed_quorum__ours_decides_with_the_vote_of_stock(place):
    """One stock sentinel is down: ours and the other one are the majority."""
    group = place.group(replicas=1, flavours=[OURS, STOCK, STOCK], failover_timeout_ms=5000,
                        down_after_ms=DOWN_AFTER_MS)
    group.sentinels[2].kill()
    old = group.master
    old.kill()
    group.wait_switched(old, 40)
    group.wait_settled()
