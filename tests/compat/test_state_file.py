# SPDX-License-Identifier: BSD-3-Clause
"""Where state is kept: a separate file on request, always with the INI syntax."""

import glob
import os

import pytest

from harness import Process, wait_until

pytestmark = pytest.mark.ours_only

INI = """\
; what the operator wrote
[sentinel]
port = {port}
bind = 127.0.0.1
dir = {folder}

[master mymaster]
address = 127.0.0.1:{master}
quorum = 1
down-after-milliseconds = 500
failover-timeout = 5000
"""


def ini_sentinel(place, master):
    port = place.ports.take()
    folder = place.subfolder(f"sentinel-{port}")
    text = INI.format(port=port, folder=folder, master=master.port)
    return place.sentinel(port=port, conf_text=text), text


def remembered(sentinel):
    return (sentinel.my_id(), sentinel.master_address("mymaster"),
            sentinel.master("mymaster")["config-epoch"],
            sorted(r["port"] for r in sentinel.replicas("mymaster")))


def fail_over_and_restart(place, sentinel, master, replica):
    wait_until(lambda: sentinel.master("mymaster")["num-slaves"] == 1, 30, "the replica is known")
    events = sentinel.record()
    master.kill()
    # Announced is what is on disk.
    events.wait_for("+switch-master", 40)
    assert sentinel.master_address("mymaster")[1] == replica.port
    wait_until(lambda: replica.role() == "master", 30, "promoted")
    wait_until(lambda: [r["port"] for r in sentinel.replicas("mymaster")] == [master.port], 30,
               "the old master is listed as replica")
    before = remembered(sentinel)
    assert before[2] >= 1
    sentinel.restart()
    assert remembered(sentinel) == before


def test_state_file__redis_syntax_leaves_the_configuration_untouched(place):
    master = place.redis()
    replica = place.redis(master)
    wait_until(lambda: replica.follows(master), 30, "in sync")
    state = os.path.join(place.folder, "kept.state")
    sentinel = place.sentinel(place.monitor(master, quorum=1, down_after_ms=500,
                                            failover_timeout_ms=5000),
                              start=False, extra=[f"state-file {state}"])
    text = sentinel.conf_text()
    sentinel.start()
    fail_over_and_restart(place, sentinel, master, replica)
    assert sentinel.conf_text() == text
    assert os.path.getsize(state) > 0


def test_state_file__ini_syntax_runs_fails_over_and_is_never_written(place):
    master = place.redis()
    replica = place.redis(master)
    wait_until(lambda: replica.follows(master), 30, "in sync")
    sentinel, text = ini_sentinel(place, master)
    described = sentinel.master("mymaster")
    assert described["quorum"] == 1 and described["down-after-milliseconds"] == 500
    fail_over_and_restart(place, sentinel, master, replica)
    assert sentinel.conf_text() == text
    assert glob.glob(os.path.join(sentinel.folder, "*.state")), "the state lies beside it"


def test_state_file__run_time_changes_survive_a_restart(place):
    master = place.redis()
    sentinel, text = ini_sentinel(place, master)
    assert sentinel.raw("SET", "mymaster", "down-after-milliseconds", "777") == "OK"
    assert sentinel.raw("MONITOR", "second", "127.0.0.1", str(master.port), "3") == "OK"
    sentinel.restart()
    assert sentinel.master("mymaster")["down-after-milliseconds"] == 777
    assert sentinel.master("second")["quorum"] == 3
    assert sentinel.raw("REMOVE", "second") == "OK"
    sentinel.restart()
    assert list(sentinel.commands.sentinel_masters()) == ["mymaster"]
    assert sentinel.conf_text() == text


def test_state_file__a_later_edit_of_the_file_wins(place):
    master = place.redis()
    sentinel, text = ini_sentinel(place, master)
    assert sentinel.raw("SET", "mymaster", "down-after-milliseconds", "777") == "OK"
    assert sentinel.raw("SET", "mymaster", "failover-timeout", "8888") == "OK"
    sentinel.kill()
    with open(sentinel.conf_path, "w", encoding="utf-8") as file:
        file.write(text.replace("down-after-milliseconds = 500", "down-after-milliseconds = 600"))
    sentinel.start()
    assert sentinel.master("mymaster")["down-after-milliseconds"] == 600
    assert sentinel.master("mymaster")["failover-timeout"] == 8888


def test_state_file__damaged_state_is_refused_not_forgotten(place):
    master = place.redis()
    sentinel, _ = ini_sentinel(place, master)
    assert sentinel.ask_vote(master.port, 3, "a" * 40) == [0, "a" * 40, 3]
    sentinel.kill()
    path, = glob.glob(os.path.join(sentinel.folder, "*.state"))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("3", "2"))
    Process.start(sentinel)
    assert sentinel.wait(10) == 1
    assert os.path.basename(path) in sentinel.log_text()
