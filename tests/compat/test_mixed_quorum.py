# SPDX-License-Identifier: BSD-3-Clause
"""Ours and a foreign daemon in one quorum: who decides with whose votes (PROTOCOL.md §23)."""

import pytest

from harness import OURS, STOCK, mixed, wait_until

pytestmark = pytest.mark.ours_only

ALICE = "a" * 40


@mixed.COMPOSITION
def test_mixed_quorum__each_decides_with_the_vote_of_the_other(place, ours):
    """One of the two that are alike is down, which still counts as a voter: ours and stock are the
    majority, whoever of them asks."""
    watched = mixed.MixedGroup(place, STOCK, ours, replicas=1)
    group = watched.group
    group.sentinels[1 if ours == 2 else 2].kill()
    old = group.master
    old.kill()
    group.wait_switched(old, 60)
    watched.finish()


@pytest.mark.parametrize("by_ours", [True, False], ids=["ours-leads", "theirs-leads"])
def test_mixed_quorum__whoever_leads_uses_an_epoch_above_every_vote(place, by_ours):
    """The others have given their votes of epoch 41 to somebody who never comes back. Stock stays away
    then, so that ours has to lead; ours waits for no stranger. Either way it is with a higher epoch."""
    watched = mixed.MixedGroup(place, STOCK, 1 if by_ours else 2, replicas=1)
    group = watched.group
    old = group.master
    leader = watched.sentinel_of(OURS if by_ours else STOCK)
    events = leader.record()
    for sentinel in group.sentinels:
        if sentinel is not leader:
            assert sentinel.ask_vote(old.port, 41, ALICE) == [0, ALICE, 41]
    # The epoch comes with the hellos; stock saves it as the current one as soon as it is heard.
    wait_until(lambda: "sentinel current-epoch 41" in leader.conf_text(), 60, "the epoch has spread")
    old.kill()
    group.wait_switched(old, 60)
    watched.finish()
    if by_ours:
        events.wait_for("+elected-leader", 20)
    assert all(s.master("mymaster")["config-epoch"] >= 42 for s in group.sentinels)


def test_mixed_quorum__minority_promotes_nobody(place):
    """A quorum of one sees the master down; without a majority of all known sentinels that is all."""
    watched = mixed.MixedGroup(place, STOCK, 1, replicas=1, quorum=1)
    group = watched.group
    ours = watched.sentinel_of(OURS)
    for sentinel in group.sentinels[1:]:
        sentinel.kill()
    events = ours.record()
    old = group.master
    old.kill()
    wait_until(lambda: "Failover of mymaster not started" in ours.log_text(), 60, "it says why it waits")
    assert group.replicas[0].role() == "slave"
    assert not events.first("+elected-leader")
    group.sentinels[1].start()
    group.wait_switched(old, 60)
    watched.finish()
