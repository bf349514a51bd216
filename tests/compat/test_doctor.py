# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL DOCTOR (DESIGN.md D28): what is wrong or unwise, with real servers."""

import json
import urllib.error
import urllib.request

import pytest
import redis

from harness import wait_until

pytestmark = pytest.mark.ours_only

SAFE = {"options": {"min-replicas-to-write": 1, "min-replicas-max-lag": 10}}
ALL_WELL = ["Nothing wrong that this sentinel can see."]


# What a busy machine does to a sentinel, and no test orders.
NOISE = ("tilt", "down-after-short")


def lines(sentinel, *words):
    told = [line if isinstance(line, str) else line.decode() for line in sentinel.raw("DOCTOR", *words)]
    return [line for line in told if not line.split(" ")[1].startswith(NOISE)] or ALL_WELL


def doctor(sentinel, *words):
    told = json.loads(sentinel.raw("DOCTOR", *words, "JSON"))
    told["findings"] = [finding for finding in told["findings"] if finding["check"] not in NOISE]
    return told


def found(sentinel, *words):
    """{check: [its findings]}"""
    checks = {}
    for finding in doctor(sentinel, *words)["findings"]:
        checks.setdefault(finding["check"], []).append(finding)
    return checks


def http(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return answer.headers, json.load(answer)


def test_doctor__finds_nothing_where_all_is_well(place):
    group = place.group(server_args=SAFE, down_after_ms=5000)
    for sentinel in group.sentinels:
        wait_until(lambda s=sentinel: lines(s) == ALL_WELL, 30, "all is well", lambda s=sentinel: lines(s))
    told = doctor(group.sentinels[0], "mymaster")
    assert told["findings"] == [] and told["group"] == "mymaster" and told["critical"] == 0


def test_doctor__finds_several_things_at_once(place):
    port = place.ports.take()
    master = place.redis()
    replicas = [place.redis(master) for _ in range(3)]
    for replica in replicas:
        wait_until(lambda r=replica: r.info()["master_link_status"] == "up", 60, "in sync")
    with replicas[0].client() as client:
        client.config_set("replica-priority", 0)
    with replicas[1].client() as client:
        client.execute_command("ACL", "SETUSER", "default", "-slaveof", "-replicaof")
    settings = {"down_after_ms": 90000, "parallel_syncs": 5}
    first = place.sentinel(place.monitor(master, quorum=1, **settings),
                           extra=[f"http-port {port}", "http-bind 127.0.0.1", "bind 127.0.0.1 -192.0.2.1"])
    second = place.sentinel(place.monitor(master, quorum=2, **settings))
    wait_until(lambda: len(first.replicas("mymaster")) == 3 and first.raw("SENTINELS", "mymaster") and second.raw("SENTINELS", "mymaster"), 30, "all are known")
    assert first.raw("PAUSE", "mymaster", "600", "new switch in rack 7") in (True, "OK")
    assert first.raw("CONFIG", "SET", "announce-ip", "0.0.0.0") in (True, "OK", b"OK")
    wanted = {"announce-ip", "refused", "quorum-one", "even-sentinels", "settings-differ", "paused", "open-port",
              "replica-passed-over", "down-after-long", "parallel-syncs", "no-min-replicas"}
    wait_until(lambda: found(first).keys() == wanted, 30, "all is found", lambda: found(first).keys() ^ wanted)
    checks = found(first)
    assert checks["refused"][0]["about"] == {"host": "127.0.0.1", "port": replicas[1].port}
    assert checks["replica-passed-over"][0]["about"]["port"] == replicas[0].port
    assert "quorum 2 (here 1)" in checks["settings-differ"][0]["found"]
    assert checks["announce-ip"][0]["group"] is None and checks["paused"][0]["group"] == "mymaster"
    severities = [finding["severity"] for finding in doctor(first)["findings"]]
    assert severities == sorted(severities, key=["critical", "warning", "advice"].index)
    assert lines(first)[0].startswith("Critical announce-ip: This sentinel announces 0.0.0.0")
    assert "Warning quorum-one (mymaster): The quorum is 1: one of 2 sentinels" in "\n".join(lines(first, "mymaster"))
    # The same by HTTP.
    headers, told = http(port, "/doctor")
    assert headers["Content-Type"] == "application/json"
    assert {finding["check"] for finding in told["findings"]} - set(NOISE) == wanted and told["sentinel"] == first.my_id()
    assert http(port, "/doctor?group=mymaster")[1]["group"] == "mymaster"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        http(port, "/doctor?group=nosuch")
    # What is put right is told no more.
    assert first.raw("RESUME", "mymaster") in (True, "OK")
    for option, value in (("down-after-milliseconds", "5000"), ("parallel-syncs", "1"), ("quorum", "2")):
        first.raw("SET", "mymaster", option, value)
    first.raw("CONFIG", "SET", "announce-ip", "")
    assert found(first).keys() == wanted - {"announce-ip", "paused", "quorum-one", "down-after-long", "parallel-syncs"}


def test_doctor__of_sentinels_that_are_down(place):
    group = place.group(server_args=SAFE, down_after_ms=1000)
    first, second, third = group.sentinels
    third_port = third.port
    third.stop()
    wait_until(lambda: "sentinel-down" in found(first), 30, "one is gone")
    assert found(first)["sentinel-down"][0]["about"]["port"] == third_port
    assert "If one more fails, no failover is possible." in found(first)["sentinel-down"][0]["found"]
    second.stop()
    wait_until(lambda: "too-few-sentinels" in found(first), 30, "both are gone")
    assert lines(first)[0].startswith("Critical too-few-sentinels (mymaster): Only 1 of 3 sentinels can be had")


def test_doctor__of_a_master_that_flaps(place):
    group = place.group(server_args=SAFE, down_after_ms=5000)
    first = group.sentinels[0]
    for _ in range(3):
        assert "flapping" not in found(first)
        old = group.current_master()
        wait_until(lambda: first.raw("FAILOVER", "mymaster") in (True, "OK"), 30, "ordered")
        group.wait_switched(old)
        group.wait_settled()
    wait_until(lambda: "flapping" in found(first), 30, "that is told")
    assert "switched 3 times within an hour" in found(first)["flapping"][0]["found"]


def test_doctor__words_that_it_does_not_know(place):
    sentinel = place.sentinel()
    assert lines(sentinel) == ALL_WELL
    for words in (["nosuch"], ["nosuch", "JSON"]):
        with pytest.raises(redis.ResponseError, match="No such master"):
            sentinel.raw("DOCTOR", *words)
    with pytest.raises(redis.ResponseError, match="syntax error"):
        sentinel.raw("DOCTOR", "nosuch", "XML")
