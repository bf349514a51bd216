# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL EXPLAIN (DESIGN.md D28): the questions of a night, with real servers."""

import json
import shutil
import subprocess
import urllib.request

import pytest
import redis

from harness import wait_until

pytestmark = pytest.mark.ours_only


def lines(sentinel, name="mymaster"):
    return [line if isinstance(line, str) else line.decode() for line in sentinel.raw("EXPLAIN", name)]


def said(sentinel, label):
    """The lines with that label, in one text."""
    return "\n".join(line for line in lines(sentinel) if line.startswith(label))


def explained(sentinel, name="mymaster"):
    return json.loads(sentinel.raw("EXPLAIN", name, "JSON"))


def situation(sentinel):
    return explained(sentinel)["situation"]


def troubles(sentinel):
    return {trouble["trouble"]: trouble for trouble in explained(sentinel)["troubles"]}


def http(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return answer.headers, json.load(answer)


def test_explain__of_a_group_that_is_well(place):
    port = place.ports.take()
    group = place.group(sentinel_args={"extra": [f"http-port {port}", "http-bind 127.0.0.1"]}, sentinels=1, quorum=1)
    sentinel = group.sentinels[0]
    wait_until(lambda: situation(sentinel) == "ok", 20, "it is well")
    assert said(sentinel, "What") == f"What: The master 127.0.0.1:{group.master.port} is up."
    assert said(sentinel, "Next").startswith("Next: Nothing. A failover would follow if nothing good were heard of it for 1.0 s")
    by_command = explained(sentinel)
    headers, by_http = http(port, "/explain/mymaster")
    assert headers["Content-Type"] == "application/json"
    assert by_http.keys() == by_command.keys()
    assert by_http["what"] == by_command["what"] and by_http["sentinel"] == sentinel.my_id()
    assert [replica["can_be_promoted"] for replica in by_http["replicas"]] == [True, True]
    assert sum(replica["would_be_promoted"] for replica in by_http["replicas"]) == 1
    with pytest.raises(urllib.error.HTTPError, match="404"):
        http(port, "/explain/nosuch")


def test_explain__redis_cli_shows_lines_without_quotes(place):
    group = place.group(sentinels=1, quorum=1)
    command = ["redis-cli", "-p", str(group.sentinels[0].port), "--no-raw", "SENTINEL", "EXPLAIN", "mymaster"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    assert "1) What: The master" in shown and '"' not in shown


def test_explain__of_a_quorum_that_is_not_reached(place):
    group = place.group(quorum=3)
    first, second, third = group.sentinels
    third_id = third.my_id()
    third.stop()
    wait_until(lambda: explained(first)["sentinels"] and
               {peer["opinion"] for peer in explained(first)["sentinels"]} == {"none", "down"}, 20, "one is gone")
    group.master.kill()
    wait_until(lambda: situation(first) == "suspect" and explained(first)["agreement"]["agreeing"] == 2, 20, "two agree")
    told = explained(first)
    assert {peer["opinion"] for peer in told["sentinels"]} == {"agrees", "down"}
    assert "only 2 of 3 sentinels say so: the quorum is 3" in told["what"]
    assert "there is no connection to it" in told["why"] and "1 agree" in told["why"] and "1 are down" in told["why"]
    assert "when 1 more of the other sentinels agree" in told["next"]
    assert told["next_ms"] is not None and told["next_ms"] <= 1000
    assert "too-few-sentinels" in troubles(first)
    # One that hangs agrees no more: its last word gets old, or it is down.
    second.freeze()
    wait_until(lambda: {p["opinion"] for p in explained(first)["sentinels"] if p["run_id"] != third_id} <= {"silent", "down"}, 20, "it is silent, or down")
    second.thaw()


def test_explain__of_too_few_sentinels_for_a_majority(place):
    group = place.group(quorum=1)
    first = group.sentinels[0]
    for other in group.sentinels[1:]:
        other.stop()
    wait_until(lambda: "too-few-sentinels" in troubles(first), 20, "that is told before it matters")
    group.master.kill()
    wait_until(lambda: situation(first) == "waiting" and explained(first)["reason"], 20, "it waits")
    told = explained(first)
    assert told["reason"]["reason"] == "too-few-voters"
    assert "1 of 3 sentinels are up, 2 are needed" in told["why"]
    assert told["next_ms"] is None


def test_explain__of_replicas_that_cannot_be_promoted(place):
    group = place.group(down_after_ms=500)
    for replica in group.replicas:
        with replica.client() as client:
            client.config_set("replica-priority", 0)
    first = group.sentinels[0]
    wait_until(lambda: "no-candidate" in troubles(first), 30, "that is told before it matters")
    group.master.kill()
    wait_until(lambda: situation(first) == "waiting", 20, "it waits")
    told = explained(first)
    assert [replica["reason"]["reason"] for replica in told["replicas"]] == ["priority-zero"] * 2
    assert said(first, "Replica").count("could not be promoted: its priority is 0.") == 2
    assert "No replica could be promoted now." in told["next"]
    wait_until(lambda: any((explained(s)["last_attempt"] or {}).get("reason") == "no-replica" for s in group.sentinels), 30,
               "one of them has tried")


def test_explain__of_a_wrong_password(place):
    group = place.group(sentinels=1, quorum=1)
    sentinel, old = group.sentinels[0], group.master
    with old.client() as client:
        client.config_set("requirepass", "changed")
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait_until(lambda: "refused" in troubles(sentinel), 20, "it is refused")
    assert explained(sentinel)["primary"]["refusal"]
    trouble = troubles(sentinel)["refused"]
    assert trouble["about"] == {"host": "127.0.0.1", "port": old.port}
    assert "NOAUTH" in trouble["text"] and "auth-pass" in trouble["remedy"]


def test_explain__of_a_missing_right(place):
    master = place.redis()
    replica = place.redis(master)
    with replica.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "-slaveof", "-replicaof")
    group = place.group(servers=[master, replica], sentinels=1, quorum=1)
    sentinel = group.sentinels[0]
    wait_until(lambda: "refused" in troubles(sentinel), 20, "it is refused")
    trouble = troubles(sentinel)["refused"]
    assert trouble["about"]["port"] == replica.port
    assert "SLAVEOF (needed for a failover)" in trouble["text"]
    assert situation(sentinel) == "ok"


def test_explain__of_a_state_that_cannot_be_saved(place):
    state = place.subfolder("state")
    master = place.redis()
    replica = place.redis(master)
    wait_until(lambda: replica.info()["master_link_status"] == "up", 60, "in sync")
    sentinel = place.sentinel(place.monitor(master, quorum=1), extra=[f"state-file {state}/state"])
    wait_until(lambda: sentinel.replicas("mymaster"), 30, "the replica is known")
    assert sentinel.commands.execute_command("SENTINEL", "FLUSHCONFIG")  # it has saved its id: without one it ends
    shutil.rmtree(state)
    master.kill()
    wait_until(lambda: "state-not-saved" in troubles(sentinel), 20, "that is told")
    wait_until(lambda: (explained(sentinel)["last_attempt"] or {}).get("reason") == "not-saved", 20, "an attempt ended so")
    assert "Free disk space" in said(sentinel, "Wrong")
    with pytest.raises(redis.ResponseError):
        sentinel.commands.execute_command("SENTINEL", "FLUSHCONFIG")
    sentinel.stop()


def test_explain__of_tilt(place):
    group = place.group(down_after_ms=5000)
    first = group.sentinels[0]
    group.master.freeze()
    first.freeze()
    wait_until(lambda: group.sentinels[1].master("mymaster")["last-ok-ping-reply"] > 3000, 20, "three seconds have passed")
    first.thaw()
    wait_until(lambda: situation(first) == "tilt", 3, "TILT", )
    told = explained(first)
    assert "decides nothing" in told["what"] and told["next_ms"] <= 5000
    group.master.thaw()
    wait_until(lambda: situation(first) == "ok", 20, "it is over")


def test_explain__of_a_failover_from_beginning_to_end(place):
    group = place.group(down_after_ms=500)
    old = group.master
    seen = set()
    old.kill()

    def is_switched():
        for sentinel in group.sentinels:
            seen.add(situation(sentinel))
        return all(explained(s)["last_switch"] for s in group.sentinels)
    wait_until(is_switched, 30, "all have switched")
    group.wait_switched(old)
    assert seen & {"suspect", "waiting", "voting", "choosing", "promoting", "following"}
    told = explained(group.sentinels[0])
    assert told["last_switch"]["old_port"] == old.port
    wait_until(lambda: {situation(s) for s in group.sentinels} == {"ok"}, 30, "all is well")
    assert all(said(s, "Last switch").startswith("Last switch: ") for s in group.sentinels)


def test_explain__of_a_pause(place):
    group = place.group(down_after_ms=500)
    first = group.sentinels[0]
    assert first.raw("PAUSE", "mymaster", "600", "new switch in rack 7") in (True, "OK")
    assert said(first, "Paused").startswith("Paused: No failover begins by itself for another 9 min ")
    assert "new switch in rack 7. SENTINEL RESUME mymaster ends the pause" in said(first, "Paused")
    assert explained(first)["pause"]["reason"] == "new switch in rack 7"
    assert "would not begin by itself" in said(first, "Next")
    group.master.kill()
    wait_until(lambda: situation(first) == "suspect", 20, "it is down here")
    assert "Nothing while it is paused" in explained(first)["next"]
    assert first.raw("RESUME", "mymaster") in (True, "OK")
    assert explained(first)["pause"] is None and said(first, "Paused") == ""
