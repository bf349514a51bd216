# SPDX-License-Identifier: BSD-3-Clause
"""Three replicas: with parallel-syncs 1 the two others are reconfigured one after the other."""


def reconfigurations_at_once(recorder):
    """The most replicas that were between "sent" and "done" at any time."""
    running, most = set(), 0
    for event in recorder.events:
        replica = event.payload.split()[1] if " " in event.payload else ""
        if event.name == "+slave-reconf-sent":
            running.add(replica)
        elif event.name in ("+slave-reconf-done", "-slave-reconf-sent-timeout"):
            running.discard(replica)
        most = max(most, len(running))
    return most


def test_parallel_syncs__one_at_a_time(place):
    group = place.group(replicas=3, sentinels=3, parallel_syncs=1)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()
    group.wait_switched(old)
    new = group.wait_settled()
    others = {r.port for r in group.replicas if r is not new}

    leader = next(r for r in recorders if r.first("+promoted-slave"))
    leader.wait_for("+failover-end", 40)
    done = {int(event.payload.split()[3]) for event in leader.all("+slave-reconf-done")}
    assert done == others
    assert reconfigurations_at_once(leader) == 1, leader.dump()
