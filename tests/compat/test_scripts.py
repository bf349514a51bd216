# SPDX-License-Identifier: BSD-3-Clause
"""Notification and reconfiguration scripts: arguments, retries, limits, time-outs (PROTOCOL.md §8)."""

import os
import stat
import time

import pytest
import redis

from harness.poll import stays_true, wait_until

RECORD = """\
#!/bin/sh
for word; do printf '%s|' "$word"; done >> {record}.tmp.$$
echo >> {record}.tmp.$$
cat {record}.tmp.$$ >> {record}
rm -f {record}.tmp.$$
{rest}
"""


class Script:
    """A script that records its arguments, one call a line, and then runs rest."""

    def __init__(self, place, name="script", rest="exit 0"):
        self.path = os.path.join(place.folder, name)
        self._record = self.path + ".calls"
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(RECORD.format(record=self._record, rest=rest))
        os.chmod(self.path, stat.S_IRWXU)

    def calls(self):
        if not os.path.exists(self._record):
            return []
        with open(self._record, encoding="utf-8") as file:
            return [line.rstrip("\n").split("|")[:-1] for line in file]


def pending(sentinel):
    jobs = [dict(zip(job[::2], job[1::2])) for job in sentinel.raw("PENDING-SCRIPTS")]
    return sorted(jobs, key=lambda job: job["argv"])


def test_scripts__of_notification_get_event_and_payload(place):
    script = Script(place)
    master = place.redis()
    sentinel = place.sentinel(place.monitor(master, quorum=5, notification_script=script.path))
    wanted = ["+monitor", f"master mymaster 127.0.0.1 {master.port} quorum 5"]
    wait_until(lambda: wanted in script.calls(), 20, "+monitor", explain=script.calls)
    master.freeze()
    wanted = ["+sdown", f"master mymaster 127.0.0.1 {master.port}"]
    wait_until(lambda: wanted in script.calls(), 20, "+sdown", explain=script.calls)
    master.thaw()
    wait_until(lambda: "-sdown" in [call[0] for call in script.calls()], 20, "-sdown")
    sentinel.raw("SET", "mymaster", "auth-pass", "secret", "auth-pass", "")
    wanted = ["+set", f"master mymaster 127.0.0.1 {master.port} auth-pass ******"]
    wait_until(lambda: wanted in script.calls(), 20, "+set", explain=script.calls)
    assert not [call for call in script.calls() if "secret" in str(call)]
    wait_until(lambda: not pending(sentinel), 20, "an empty queue")


@pytest.mark.parametrize("role", ["leader", "observer"])
def test_scripts__of_reconfiguration_get_old_and_new_address(place, role):
    script = Script(place)
    master = place.redis()
    replica = place.redis(master)
    sentinel = place.sentinel(place.monitor(master, quorum=1, client_reconfig_script=script.path))
    wait_until(lambda: len(sentinel.replicas("mymaster")) == 1, 30, "the replica is known")
    if role == "leader":
        master.kill()
    else:
        replica.replica_of(None)
        for address, epoch in ((master.port, 0), (replica.port, 3)):
            sentinel.commands.publish("__sentinel__:hello", f"127.0.0.1,20001,{'a' * 40},{epoch},mymaster,"
                                      f"127.0.0.1,{address},{epoch}")
    wanted = ["mymaster", role, "start", "127.0.0.1", str(master.port), "127.0.0.1", str(replica.port)]
    wait_until(script.calls, 40, "a call")
    stays_true(lambda: script.calls() == [wanted], 1, f"only {wanted}")


def test_scripts__that_exit_1_are_tried_again_with_growing_delays(place):
    """Every run ends when the test says so; how long the pauses were is told by the script itself."""
    door = os.path.join(place.folder, "door")
    script = Script(place, rest=f"""
date +%s%N >> {place.folder}/starts
while [ ! -e {door}.$(wc -l < {place.folder}/starts) ]; do sleep 0.05; done
exit 1""")
    sentinel = place.sentinel(place.monitor(place.redis(), quorum=5), extra=[
        "sentinel deny-scripts-reconfig no"])
    sentinel.raw("DEBUG", "script-retry-delay", "500")
    sentinel.raw("SET", "mymaster", "notification-script", script.path)

    def the_job(flags, number):
        return [j for j in pending(sentinel) if (j["flags"], j["retry-num"]) == (flags, str(number))]

    def let_go(number):
        with open(f"{door}.{number}", "w", encoding="utf-8"):
            pass
    opened = []
    for number in (1, 2, 3):
        job, = wait_until(lambda n=number: the_job("running", n), 20, f"start {number}",
                          explain=lambda: pending(sentinel))
        wait_until(lambda n=number: len(script.calls()) == n, 20, "it has begun")
        assert job["argv"][:2] == [script.path, "+set"] and int(job["pid"]) > 0
        opened.append(time.time())
        if number == 3:
            sentinel.raw("DEBUG", "script-retry-delay", "600000")
        let_go(number)
    job, = wait_until(lambda: the_job("scheduled", 3), 20, "it waits", explain=lambda: pending(sentinel))
    assert job["pid"] == "0"
    assert 600000 < int(job["run-delay"]) <= 4 * 600000
    with open(os.path.join(place.folder, "starts"), encoding="utf-8") as file:
        starts = [int(line) / 1e9 for line in file]
    assert starts[1] - opened[0] >= 0.5
    assert starts[2] - opened[1] >= 1.0


def test_scripts__that_exit_2_are_dropped_and_told(place):
    script = Script(place, rest="exit 2")
    sentinel = place.sentinel(place.monitor(place.redis(), quorum=5), extra=[
        "sentinel deny-scripts-reconfig no"])
    recorder = sentinel.record()
    sentinel.raw("SET", "mymaster", "notification-script", script.path)
    event = recorder.wait_for("-script-error", 20)
    assert event.payload == f"{script.path} 0 2"
    wait_until(lambda: not pending(sentinel), 20, "an empty queue")
    assert len(script.calls()) == 1


def test_scripts__that_take_too_long_are_killed_and_tried_again(place):
    script = Script(place, rest="exec sleep 100")
    sentinel = place.sentinel(place.monitor(place.redis(), quorum=5), extra=[
        "sentinel deny-scripts-reconfig no"])
    recorder = sentinel.record()
    sentinel.raw("DEBUG", "script-max-runtime", "3000", "script-retry-delay", "300")
    sentinel.raw("SET", "mymaster", "notification-script", script.path)
    job, = wait_until(lambda: [j for j in pending(sentinel) if j["flags"] == "running"], 20, "it runs")
    assert int(job["pid"]) > 0 and int(job["run-time"]) >= 0 and job["retry-num"] == "1"
    event = recorder.wait_for("-script-timeout", 20)
    assert event.payload == f"{script.path} {job['pid']}"
    wait_until(lambda: len(script.calls()) == 2, 20, "a second start")
    sentinel.raw("SET", "mymaster", "notification-script", "")


def test_scripts__at_most_sixteen_run_and_256_wait(place):
    gate = os.path.join(place.folder, "gate")
    with open(gate, "w", encoding="utf-8"):
        pass
    script = Script(place, rest=f"while [ -e {gate} ]; do sleep 0.1; done")
    sentinel = place.sentinel(place.monitor(place.redis(), quorum=5), extra=[
        "sentinel deny-scripts-reconfig no"])
    sentinel.raw("SET", "mymaster", "notification-script", script.path)
    with sentinel.client() as client, client.pipeline(transaction=False) as pipe:
        for _ in range(300):
            pipe.execute_command("SENTINEL", "SET", "mymaster", "quorum", "5")
        pipe.execute()
    wait_until(lambda: len(script.calls()) >= 16, 40, "sixteen run")
    jobs = pending(sentinel)
    assert len(jobs) <= 256
    assert len([job for job in jobs if job["flags"] == "running"]) == 16
    stays_true(lambda: len(script.calls()) == 16, 0.5, "no more than sixteen run")
    sentinel.raw("SET", "mymaster", "notification-script", "")
    os.unlink(gate)
    wait_until(lambda: not pending(sentinel), 90, "the queue is worked off")


def test_scripts__cannot_be_set_unless_that_is_allowed(place):
    script = Script(place)
    sentinel = place.sentinel(place.monitor(place.redis(), quorum=5))
    for option in ("notification-script", "client-reconfig-script"):
        with pytest.raises(redis.ResponseError, match="^Reconfiguration of scripts path is denied"):
            sentinel.raw("SET", "mymaster", option, script.path)
    assert script.calls() == []
