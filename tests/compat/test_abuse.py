# SPDX-License-Identifier: BSD-3-Clause
"""A failover while clients use up what they can: peers and servers come before clients, plain and TLS."""

import time

import pytest

from harness import wait_until
from harness.farm import raise_open_files
from harness.nuisance import ABUSES, FEW, FILES
from harness.tls import Authority, Tls

pytestmark = pytest.mark.ours_only

IDLE = 1000  # for each of three sentinels; scripts/bench abuse has more


def heard_lately(sentinel):
    return all(int(peer["last-ok-ping-reply"]) < 1000 for peer in sentinel.peers("mymaster"))


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("abuse", [name for name in ABUSES if name != "nothing"])
def test_abuse__does_not_keep_sentinels_from_a_failover(place, abuse, secure):
    raise_open_files()
    authority = Authority(place.subfolder("tls"))
    tls = Tls(authority) if secure else None
    limit = FEW if abuse == "maxclients reached" else 2 * IDLE + 500
    group = place.group(server_args={"tls": tls} if secure else None, down_after_ms=3000,
                        sentinel_args={"tls": tls, "extra": [f"maxclients {limit}"],
                                       "files": FILES if abuse == "descriptors used up" else None})
    events, nuisances, old = [sentinel.record() for sentinel in group.sentinels], [], group.master
    try:
        for sentinel in group.sentinels:
            nuisances += ABUSES[abuse](sentinel, IDLE, authority)
        # On a busy machine it is the machine that a peer may miss while a thousand clients come.
        for sentinel in group.sentinels:
            wait_until(lambda one=sentinel: heard_lately(one), 60, "the peers are heard")
        killed_at = time.monotonic()
        old.kill()
        for recorder in events:
            recorder.wait_for("+switch-master", 60)
        for recorder in events:
            lost = [event for event in recorder.all("+sdown") if event.at > killed_at and event.payload.startswith("sentinel ")]
            assert not lost, f"peers were given up:\n{recorder.dump()}"
    finally:
        for nuisance in nuisances:
            nuisance.close()
    assert group.wait_switched(old) in group.replicas
    old.start()
    group.wait_settled()
