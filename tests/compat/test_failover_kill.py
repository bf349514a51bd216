# SPDX-License-Identifier: BSD-3-Clause
"""The master dies: everybody agrees on a replica, writes survive, the dead one returns as replica."""

from harness import wait_until


def test_failover_kill__all_switch_and_the_write_survives(place):
    group = place.group(replicas=2, sentinels=3, down_after_ms=2000)
    old = group.master
    recorders = [sentinel.record() for sentinel in group.sentinels]
    with old.client() as client:
        client.set("before", "1")
        assert client.wait(2, 5000) == 2

    old.kill()
    new = group.wait_switched(old)
    assert new in group.replicas
    group.wait_settled()
    with new.client() as client:
        assert client.get("before") == "1"
        assert client.set("after", "1")
    other = next(r for r in group.replicas if r is not new)
    with other.client() as client:
        wait_until(lambda: client.get("after") == "1", 20, "the other replica has the new write")

    told = (f"mymaster 127.0.0.1 {old.port} 127.0.0.1 {new.port}")
    for recorder in recorders:
        event = recorder.wait_for("+switch-master", 30)
        assert event.payload == told
        assert len(recorder.all("+switch-master")) == 1
        recorder.assert_order("+new-epoch", "+switch-master")

    epochs = {s.master("mymaster")["config-epoch"] for s in group.sentinels}
    assert len(epochs) == 1 and epochs.pop() >= 1

    leaders = [r for r in recorders if r.first("+elected-leader")]
    winners = [r for r in leaders if r.first("+promoted-slave")]
    assert len(winners) == 1, "one sentinel promotes"
    winners[0].wait_for("+failover-end", 30)
    down = f"master mymaster 127.0.0.1 {old.port}"
    assert winners[0].first("+sdown", "master mymaster").payload == down
    assert winners[0].first("+odown").payload.startswith(f"{down} #quorum ")
    winners[0].assert_order(
        "+sdown", "+odown", "+try-failover", "+vote-for-leader", "+elected-leader", "+failover-state-select-slave",
        "+selected-slave", "+failover-state-send-slaveof-noone", "+failover-state-wait-promotion",
        "+promoted-slave", "+failover-state-reconf-slaves", "+slave-reconf-sent",
        "+slave-reconf-inprog", "+slave-reconf-done", "+failover-end")
    observers = [r for r in recorders if r is not winners[0]]
    for observer in observers:
        assert observer.first("+config-update-from")


def test_failover_kill__returning_master_becomes_replica(place):
    group = place.group(replicas=1, sentinels=3, failover_timeout_ms=5000)
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    recorders = [sentinel.record() for sentinel in group.sentinels]

    old.start()
    wait_until(lambda: old.follows(new), 40, f"{old.name} follows {new.name}", explain=group.roles)
    wait_until(lambda: any(r.first("+convert-to-slave", f"slave 127.0.0.1:{old.port}") for r in recorders),
               10, "it is told")
    with new.client() as client, old.client() as replica:
        client.set("key", "value")
        wait_until(lambda: replica.get("key") == "value", 20, "the write arrives there")
    group.wait_ready()
