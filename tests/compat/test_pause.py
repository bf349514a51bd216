# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL PAUSE and RESUME (DESIGN.md D28), with real servers and with stock sentinels."""

import time

import pytest
import redis

from harness import OURS, STOCK, mixed, wait_until
from harness.poll import stays_true

pytestmark = pytest.mark.ours_only


def pause(sentinel, group, seconds, *reason):
    assert sentinel.raw("PAUSE", group.name, str(seconds), *reason) in (True, "OK")


def resume(sentinel, group):
    assert sentinel.raw("RESUME", group.name) in (True, "OK")


def description(sentinel, group):
    row = sentinel.raw("MASTER", group.name)
    return row if isinstance(row, dict) else dict(zip(row[::2], row[1::2]))


def is_paused(sentinel, group):
    return description(sentinel, group).get("paused") == "yes"


def wait_paused(sentinels, group):
    for sentinel in sentinels:
        wait_until(lambda s=sentinel: is_paused(s, group), 5, f"{sentinel.name} knows of the pause")


def begun(sentinels):
    return [s.name for s in sentinels if "+try-failover" in s.log_text()]


def test_pause__told_to_one_sentinel_holds_on_all(place):
    group = place.group()
    first, second, third = group.sentinels
    events = [sentinel.record() for sentinel in group.sentinels]
    pause(second, group, 600, "new", "switch in rack 7")
    wait_paused(group.sentinels, group)
    assert description(third, group)["pause-reason"] == "new switch in rack 7"
    assert description(third, group)["pause-by"] == second.my_id()
    assert 590_000 < int(description(third, group)["pause-left"]) <= 600_000
    for recorder in events:
        recorder.wait_for("+pause", 5, f"by {second.my_id()}: new switch in rack 7")
    with first.client() as client:
        assert client.info("sentinel")["sentinel_paused_masters"] == 1
    old = group.master
    old.kill()
    for recorder in events:
        recorder.wait_for("+sdown", 10, f"master {group.name}")
    stays_true(lambda: not begun(group.sentinels), 5, "nobody begins a failover")
    resume(third, group)
    for recorder in events:
        recorder.wait_for("-pause", 5, f"#resumed by {third.my_id()}")
    group.wait_switched(old)
    with first.client() as client:
        assert "sentinel_paused_masters" not in client.info("sentinel")


def test_pause__ends_by_itself(place):
    group = place.group()
    pause(group.sentinels[0], group, 4)
    wait_paused(group.sentinels, group)
    old = group.master
    old.kill()
    time.sleep(2.5)
    assert not begun(group.sentinels)
    group.wait_switched(old)


def test_pause__operators_failover_works(place):
    group = place.group()
    pause(group.sentinels[0], group, 600)
    wait_paused(group.sentinels, group)
    old = group.master
    with group.sentinels[1].client() as client:
        client.execute_command("SENTINEL", "FAILOVER", group.name, "COORDINATED")
    group.wait_switched(old)
    assert is_paused(group.sentinels[0], group)


@pytest.mark.parametrize("where", ["file", "state"])
def test_pause__survives_restarts(place, where):
    extra = [f"state-file {place.folder}/pause.state"] if where == "state" else []
    group = place.group(sentinels=1, quorum=1)
    sentinel = place.sentinel(place.monitor(group.master, quorum=1), extra=extra)
    pause(sentinel, group, 600, "a 'quoted' \"reason\" # here")
    if where == "file":
        assert "\n# sentinel pause mymaster " in sentinel.conf_text()
    for _ in range(2):
        sentinel.restart()
        wait_until(lambda: is_paused(sentinel, group), 5, "it knows of the pause again")
        assert description(sentinel, group)["pause-reason"] == "a 'quoted' \"reason\" # here"
    resume(sentinel, group)
    sentinel.restart()
    assert not is_paused(sentinel, group)


def test_pause__in_a_file_does_not_keep_stock_from_starting(place):
    group = place.group(flavours=[OURS, OURS, STOCK])
    first = group.sentinels[0]
    pause(first, group, 600, "work")
    first.become(STOCK)
    assert first.master_address(group.name) == group.master.address
    first.become(OURS)
    wait_until(lambda: is_paused(first, group), 10, "the pause is still there")


@mixed.FOREIGN
def test_pause__with_one_stock_sentinel_of_three_holds(place, foreign):
    """Stock has neither our agreement nor our votes; nothing of the pause is in its log or its errors."""
    group = place.group(flavours=[OURS, OURS, foreign])
    stock = group.sentinels[2]
    pause(group.sentinels[0], group, 600, "work")
    wait_paused(group.sentinels[:2], group)
    time.sleep(5)  # hints are repeated to it
    with stock.client() as client:
        assert not any(name.startswith("errorstat") for name in client.info("errorstats"))
    assert "pause" not in stock.log_text()
    old = group.master
    old.kill()
    wait_until(lambda: "+sdown master" in stock.log_text(), 10, "stock sees it down")
    stays_true(lambda: "+switch-master" not in stock.log_text(), 8, "stock wins no election")
    resume(group.sentinels[1], group)
    group.wait_switched(old, timeout_s=60)


@mixed.FOREIGN
def test_pause__does_not_bind_a_majority_of_stock(place, foreign):
    group = place.group(flavours=[OURS, foreign, foreign])
    pause(group.sentinels[0], group, 600, "work")
    old = group.master
    old.kill()
    group.wait_switched(old, timeout_s=60)
    assert "+vote-for-leader" not in group.sentinels[0].log_text()


def test_pause__refuses_what_it_cannot_do(place):
    group = place.group(replicas=1, sentinels=1, quorum=1)
    with group.sentinels[0].client() as client:
        for words in (["0"], ["-1"], ["604801"], ["x"], ["60", "a\nb"], ["60", "x" * 201]):
            with pytest.raises(redis.ResponseError):
                client.execute_command("SENTINEL", "PAUSE", group.name, *words)
        with pytest.raises(redis.ResponseError, match="No such master"):
            client.execute_command("SENTINEL", "PAUSE", "nobody", "60")
        with pytest.raises(redis.ResponseError, match="not paused"):
            client.execute_command("SENTINEL", "RESUME", group.name)


def test_pause__of_all_groups_for_half_an_hour(place):
    sentinel = place.sentinel()
    for name in ("m1", "m2"):
        sentinel.commands.execute_command("SENTINEL", "MONITOR", name, "127.0.0.1", str(place.ports.take()), "1")
    assert sentinel.raw("PAUSE", "*") in (True, "OK")
    for name in ("m1", "m2"):
        assert 1_700_000 < int(sentinel.master(name)["pause-left"]) <= 1_800_000
    assert sentinel.raw("RESUME", "*") in (True, "OK")
    assert all(sentinel.master(name).get("paused") != "yes" for name in ("m1", "m2"))
    with pytest.raises(redis.ResponseError, match="No group's failovers are paused"):
        sentinel.commands.execute_command("SENTINEL", "RESUME", "*")
