# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL HISTORY (DESIGN.md D28): what has happened, also before a restart, and with a full disk."""

import json
import os
import shutil
import urllib.request

import pytest
import redis

from harness import wait_until

pytestmark = pytest.mark.ours_only

CHANGES = ("failover", "switchover", "switch")


def history(sentinel, *words):
    return json.loads(sentinel.raw("HISTORY", *words, "JSON"))["entries"]


def changes(sentinel):
    return [entry for entry in history(sentinel, "mymaster") if entry["kind"] in CHANGES]


def lines(sentinel, *words):
    return [line if isinstance(line, str) else line.decode() for line in sentinel.raw("HISTORY", *words)]


def with_files(place, **options):
    """A group whose sentinels have a history-file each, in their folders."""
    return place.group(down_after_ms=500, sentinel_args={"extra": ["history-file history.jsonl"]}, **options)


def test_history__of_a_failover_is_the_same_for_all(place):
    group = with_files(place)
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    group.wait_settled()
    wait_until(lambda: all(len(changes(s)) == 1 for s in group.sentinels), 30, "all have it")
    entries = [changes(s)[0] for s in group.sentinels]
    for entry in entries:
        assert entry["kind"] == "failover" and entry["result"] == "completed" and entry["cause"] == "master-down"
        assert (entry["old_primary"]["port"], entry["new_primary"]["port"]) == (old.port, new.port)
        assert entry["steps"][0]["event"] == "+sdown" and entry["steps"][0]["ms"] == 0
        assert "+switch-master" in [step["event"] for step in entry["steps"]]
        assert [step["ms"] for step in entry["steps"]] == sorted(step["ms"] for step in entry["steps"])
    leaders = [entry for entry in entries if entry["led"]]
    assert len(leaders) == 1
    led = leaders[0]
    assert [replica["port"] for replica in led["replicas"] if replica["chosen"]] == [new.port]
    assert len(led["replicas"]) == 2 and led["epoch"] >= 1 and led["attempts"] >= 1
    assert [step["event"] for step in led["steps"]][-1] == "+failover-end"
    words = lines(group.sentinels[entries.index(led)], "mymaster", "1")
    assert f"mymaster: failover from 127.0.0.1:{old.port} to 127.0.0.1:{new.port}, completed in" in words[0]
    assert "led by this sentinel" in words[0]
    assert any(line.startswith("  +") and "+elected-leader" in line for line in words)
    assert any("was chosen." in line for line in words)


def test_history__survives_a_restart_and_a_kill(place):
    group = with_files(place)
    first = group.sentinels[0]
    assert first.raw("FAILOVER", "mymaster") in (True, "OK")
    wait_until(lambda: len(changes(first)) == 1, 30, "it is in the history")
    entry = changes(first)[0]
    assert entry["kind"] == "switchover" and entry["cause"] == "planned" and entry["led"]
    wait_until(lambda: all(len(changes(s)) == 1 and changes(s)[0]["kind"] == "switch" for s in group.sentinels[1:]), 30,
               "the others have heard of it")
    first.stop()
    first.start()
    assert changes(first) == [entry]
    path = os.path.join(first.folder, "history.jsonl")
    wait_until(lambda: entry["id"] in open(path).read(), 10, "it is in the file")
    first.kill()
    first.start()
    assert changes(first) == [entry]
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_history__is_in_memory_by_default(place):
    group = place.group(sentinels=1, quorum=1)
    sentinel = group.sentinels[0]
    before = set(os.listdir(sentinel.folder))
    assert sentinel.raw("SET", "mymaster", "parallel-syncs", "2") in (True, "OK")
    assert [entry["steps"][0]["event"] for entry in history(sentinel)] == ["+set"]
    assert set(os.listdir(sentinel.folder)) == before
    sentinel.stop()
    sentinel.start()
    assert history(sentinel) == []


def test_history__a_file_that_cannot_be_written_hinders_nothing(place):
    group = place.group(down_after_ms=500, sentinel_args={"extra": ["history-file inner/history.jsonl"]})
    old = group.master
    old.kill()
    group.wait_switched(old)
    wait_until(lambda: all(len(changes(s)) == 1 for s in group.sentinels), 30, "it is in memory")
    for sentinel in group.sentinels:
        wait_until(lambda s=sentinel: "Cannot write the history to inner/history.jsonl" in s.log_text(), 10, "that is told")
        assert sentinel.log_text().count("Cannot write the history") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_history__a_device_is_no_file_for_it(place):
    sentinel = place.sentinel(extra=["history-file /dev/full"])
    with pytest.raises(redis.ResponseError):
        sentinel.commands.execute_command("SENTINEL", "HISTORY", "nosuch")
    sentinel.commands.execute_command("SENTINEL", "MONITOR", "m1", "127.0.0.1", str(place.ports.take()), "1")
    sentinel.commands.execute_command("SENTINEL", "REMOVE", "m1")
    wait_until(lambda: "Cannot write the history to /dev/full" in sentinel.log_text(), 10, "that is told")


def test_history__words_choose_what_is_shown(place):
    sentinel = place.sentinel()
    for name in ("m1", "7"):
        sentinel.commands.execute_command("SENTINEL", "MONITOR", name, "127.0.0.1", str(place.ports.take()), "1")
    for quorum in range(2, 7):
        sentinel.raw("SET", "m1", "quorum", str(quorum))
    sentinel.raw("SET", "7", "quorum", "2")

    def shown(*words):
        return [entry["group"] for entry in history(sentinel, *words) if entry["kind"] == "event"]
    assert shown() == ["m1"] * 5 + ["7"]
    assert shown("2") == ["m1", "7"]
    assert shown("m1") == ["m1"] * 5
    assert shown("m1", "3") == ["m1"] * 3
    assert shown("7") == ["7"]  # a group of that name
    assert len(lines(sentinel, "2")) == 2
    for wrong in (["m1", "0"], ["m1", "1001"], ["m1", "x"], ["m1", "1", "2"]):
        with pytest.raises(redis.ResponseError, match="syntax error"):
            sentinel.commands.execute_command("SENTINEL", "HISTORY", *wrong)
    sentinel.raw("REMOVE", "m1")
    assert shown("m1")[-1] == "m1"  # what was removed has a past


def test_history__over_http(place):
    port = place.ports.take()
    group = place.group(sentinels=1, quorum=1, sentinel_args={"extra": [f"http-port {port}"]})
    sentinel = group.sentinels[0]
    sentinel.raw("SET", "mymaster", "parallel-syncs", "2")
    sentinel.raw("SET", "mymaster", "parallel-syncs", "1")

    def get(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            assert answer.headers["Content-Type"] == "application/json"
            return json.load(answer)
    whole = get("/history")
    assert whole["schema"] == 1 and whole["sentinel"] == sentinel.my_id()
    assert whole["entries"] == history(sentinel)
    assert len(get("/history?count=1")["entries"]) == 1
    assert len(get("/history?group=mymaster")["entries"]) == 2
    assert get("/history?group=nosuch")["entries"] == []
    for wrong in ("0", "1001", "x", ""):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            get(f"/history?count={wrong}")


def test_history__of_an_attempt_that_fails_tells_why(place):
    group = place.group(down_after_ms=500, failover_timeout_ms=3000)
    for replica in group.replicas:
        with replica.client() as client:
            client.config_set("replica-priority", 0)
    wait_until(lambda: all(r["slave-priority"] == 0 for s in group.sentinels for r in s.replicas("mymaster")), 30, "they know")
    old = group.master
    old.kill()

    def goes_on():
        return [entry for s in group.sentinels for entry in history(s, "mymaster") if entry["result"] == "no-good-replica"]
    wait_until(goes_on, 40, "somebody has tried in vain")
    old.start()
    wait_until(lambda: all(any(e["result"] == "recovered" for e in history(s, "mymaster")) for s in group.sentinels), 40, "it is over")
    tried = [e for s in group.sentinels for e in history(s, "mymaster") if e["kind"] == "attempt" and e["replicas"]]
    assert tried and all("its priority is 0" in replica["text"] for replica in tried[0]["replicas"])
    assert "no replica can be promoted" in tried[0]["why"]


def test_history__a_folder_that_vanishes_and_returns(place):
    folder = place.subfolder("past")
    sentinel = place.sentinel(extra=[f"history-file {folder}/history.jsonl"])
    sentinel.raw("MONITOR", "m1", "127.0.0.1", str(place.ports.take()), "1")
    sentinel.raw("SET", "m1", "quorum", "2")
    wait_until(lambda: os.path.exists(f"{folder}/history.jsonl"), 10, "the file is there")
    shutil.rmtree(folder)
    sentinel.raw("SET", "m1", "quorum", "3")
    wait_until(lambda: "Cannot write the history" in sentinel.log_text(), 10, "that is told")
    os.mkdir(folder)
    sentinel.raw("SET", "m1", "quorum", "4")
    wait_until(lambda: "The history is written to" in sentinel.log_text(), 10, "it goes on")
    assert open(f"{folder}/history.jsonl").read().count('"+set"') == 2
