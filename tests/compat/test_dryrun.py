# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL FAILOVER … DRYRUN (DESIGN.md D28), with real servers: what it says is what the order then does."""

import json

import pytest
import redis

from harness import rights, wait_until
from harness.poll import stays_true

pytestmark = pytest.mark.ours_only


def lines(sentinel, *words):
    return [line if isinstance(line, str) else line.decode() for line in sentinel.raw("FAILOVER", "mymaster", *words, "DRYRUN")]


def rehearsed(sentinel, *words):
    return json.loads(sentinel.raw("FAILOVER", "mymaster", *words, "DRYRUN", "JSON"))


def test_dryrun__says_who_would_be_promoted_and_changes_nothing(place):
    group = place.group()
    first, recorder = group.sentinels[0], group.sentinels[0].record()
    said = rehearsed(first)
    assert said["would_begin"] and said["refused_because"] is None
    assert said["chosen"]["port"] in [replica.port for replica in group.replicas]
    assert [replica["chosen"] for replica in said["replicas"]].count(True) == 1
    assert said["writes"]["paused"] and said["writes"]["at_most_ms"] <= 1000 and said["writes"]["behind_bytes"] is not None
    assert said["votes"] == {"sentinels": 3, "usable_sentinels": 3, "majority": 2, "needed": False}
    words = lines(first)
    assert words[0] == f"SENTINEL FAILOVER mymaster would promote 127.0.0.1:{said['chosen']['port']}. Nothing was changed."
    assert words[1].startswith("Writes: They pause until the replica has all of them") and len(words) == 6
    stays_true(lambda: not recorder.all("+try-failover") and first.master("mymaster")["config-epoch"] == 0, 1, "nothing is changed")
    assert first.raw("FAILOVER", "mymaster") in (True, "OK")
    assert group.wait_switched(group.master).port == said["chosen"]["port"]


def test_dryrun__of_each_mode(place):
    group = place.group()
    first, second = group.sentinels[0], group.replicas[1]
    assert rehearsed(first, "TO", "127.0.0.1", second.port)["chosen"]["port"] == second.port
    forced = lines(first, "TO", "127.0.0.1", second.port, "FORCE")
    assert forced[0].startswith(f"SENTINEL FAILOVER mymaster TO 127.0.0.1:{second.port} FORCE would promote")
    assert "The master is not paused" in forced[1]
    assert rehearsed(first, "COORDINATED")["votes"]["needed"]
    for other in group.sentinels[1:]:
        other.stop()
    wait_until(lambda: any("the order would be given up" in line for line in lines(first, "COORDINATED")), 20, "no majority")
    with pytest.raises(redis.ResponseError, match="Unknown failover option"):
        first.commands.execute_command("SENTINEL", "FAILOVER", "mymaster", "DRYRUN", "FORCE")
    with pytest.raises(redis.ResponseError, match="No such master"):
        first.commands.execute_command("SENTINEL", "FAILOVER", "nosuch", "DRYRUN")


def test_dryrun__says_why_nobody_would_be(place):
    group = place.group(sentinels=1, quorum=1)
    first = group.sentinels[0]
    for replica in group.replicas:
        with replica.client() as client:
            client.config_set("replica-priority", 0)
    wait_until(lambda: not rehearsed(first)["would_begin"], 30, "that is known")
    said = rehearsed(first)
    assert said["chosen"] is None and {replica["refused_because"] for replica in said["replicas"]} == {"its priority is 0"}
    assert lines(first)[0] == "SENTINEL FAILOVER mymaster would be refused. No replica can be promoted (2 are known)."
    assert "could not be promoted: its priority is 0." in lines(first)[1]
    nowhere = rehearsed(first, "TO", "127.0.0.1", "1")
    assert "no replica is known at that address" in nowhere["refused_because"]


def test_dryrun__says_that_writes_may_be_lost_where_the_pause_is_not_allowed(place):
    group = rights.start(place, rights.SENTINEL_RIGHTS, replicas=1)
    first = group.sentinels[0]
    wait_until(lambda: not rehearsed(first)["writes"]["paused"], 20, "the right is missing")
    assert "refused CLIENT PAUSE" in rehearsed(first)["writes"]["not_paused_because"]
    assert "its last writes may be lost" in lines(first)[1]
