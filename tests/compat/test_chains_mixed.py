# SPDX-License-Identifier: BSD-3-Clause
"""chained-replicas (DESIGN.md D22) on ours, in one quorum with stock sentinels, which know nothing of it."""

import pytest

from harness import OURS, mixed, wait_until
from harness.chains import follows, known_to, make_chain
from harness.poll import stays_true

pytestmark = pytest.mark.ours_only


def mixed_chain(place, ours, foreign):
    """A chain under sentinels of which only ours, told to, know all of it."""
    flavours = [OURS] * ours + [foreign] * (3 - ours)
    group, below = make_chain(place, down_after_ms=mixed.DOWN_AFTER_MS, flavours=flavours)
    for sentinel in group.sentinels:
        if sentinel.flavour == OURS:
            assert sentinel.raw("SET", group.name, "chained-replicas", "yes") in (True, "OK")
    wait_until(lambda: all(known_to(s, group) == {group.replicas[0].port, below.port}
                           for s in group.sentinels if s.flavour == OURS), 60, "ours know both")
    return group, below


@mixed.COMPOSITION
@mixed.FOREIGN
def test_chains_mixed__are_left_alone_through_a_failover(place, ours, foreign):
    """Whoever leads: stock cannot choose what it does not know, and does not touch it."""
    group, below = mixed_chain(place, ours, foreign)
    upper, old = group.replicas[0], group.master
    stays_true(lambda: follows(below, upper), 8, "it stays below the other")
    assert all(known_to(s, group) == {upper.port} for s in group.sentinels if s.flavour == foreign)
    old.kill()
    group.wait_switched(old, 60)
    assert group.current_master() is upper and follows(below, upper)
    old.start()
    wait_until(lambda: follows(old, upper), 60, "the old master follows")
    wait_until(lambda: all(known_to(s, group) == {old.port, below.port} for s in group.sentinels), 60,
               "all know both: they are direct replicas now")


@mixed.FOREIGN
def test_chains_mixed__what_stock_knows_is_put_back_by_it(place, foreign):
    """Why the directive has to be set alike: nobody fights, but a chain of known replicas does not last."""
    group, below = mixed_chain(place, 2, foreign)
    upper, old = group.replicas[0], group.master
    with below.client() as client:
        client.slaveof("127.0.0.1", old.port)
    wait_until(lambda: all(below.port in known_to(s, group) for s in group.sentinels), 60, "stock knows it")
    with below.client() as client:
        client.slaveof("127.0.0.1", upper.port)
    wait_until(lambda: follows(below, upper), 10, "it is below the other again")
    wait_until(lambda: follows(below, old), 60, "stock has put it back")
    stays_true(lambda: follows(below, old), 8, "it stays there")


@mixed.FOREIGN
def test_chains_mixed__orphans_are_adopted_by_ours(place, foreign):
    group, below = mixed_chain(place, 1, foreign)
    group.replicas[0].kill()
    wait_until(lambda: follows(below, group.master), 60, "it follows the master")
    wait_until(lambda: all(below.port in known_to(s, group) for s in group.sentinels), 60, "all know it now")
