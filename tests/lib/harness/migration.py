# SPDX-License-Identifier: BSD-3-Clause
"""Three stock sentinels are replaced one by one under load, each by ours with the very same file, and back again; the
master dies after each step (docs/MIGRATING.md)."""

import re
import subprocess

from harness import mixed
from harness.poll import wait_until
from harness.sentinel import OURS, our_binary
from harness.writer import LIST, Writer

PATIENCE_S = 150  # stock may be in TILT for half a minute, and waits for twenty seconds after split votes

COMMENTS = ["# Ours since 2019, ask the platform team", "# the watcher of the dashboards"]
LINES = [COMMENTS[0], COMMENTS[1], "user watcher on >w4tcher +ping +info +acl|whoami"]


def number(text, directive):
    return int(re.search(rf"^sentinel {directive} (\d+)$", text, re.MULTILINE)[1])


def members(text, directive):
    return set(re.findall(rf"^sentinel {directive} mymaster (.+)$", text, re.MULTILINE))


def state_of(sentinel):
    """What a file has to keep, as far as it does not change while nothing happens."""
    text = sentinel.conf_text()
    return {
        "id": re.search(r"^sentinel myid (\w+)$", text, re.MULTILINE)[1],
        "master": members(text, "monitor"),
        "settings": [members(text, name) for name in ("down-after-milliseconds", "failover-timeout")],
        "replicas": members(text, "known-(?:replica|slave)"),
        "peers": members(text, "known-sentinel"),
        "config epoch": number(text, "config-epoch mymaster"),
        "comments": [line for line in COMMENTS if line in text.splitlines()],
    }


def epochs_of(sentinel):
    text = sentinel.conf_text()
    return number(text, "current-epoch"), number(text, "leader-epoch mymaster")


def check_live(sentinel, before):
    """What it says is what the file said."""
    master = sentinel.master("mymaster")
    assert sentinel.my_id() == before["id"]
    assert master["config-epoch"] == before["config epoch"]
    assert {f"{r['ip']} {r['port']}" for r in sentinel.replicas("mymaster")} == before["replicas"]
    assert {f"{p['ip']} {p['port']} {p['runid']}" for p in sentinel.peers("mymaster")} == before["peers"]
    with sentinel.client(username="watcher", password="w4tcher") as client:
        assert client.execute_command("ACL", "WHOAMI") == "watcher"


def check_file(sentinel):
    """--check-config accepts the file of the running stock sentinel, and tells what will differ."""
    done = subprocess.run([our_binary(), "--check-config", sentinel.conf_path], text=True, timeout=60,
                          check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "differs from redis-sentinel: requirepass, user, aclfile: " in done.stdout


def replace(group, sentinel, flavour):
    """Nothing that the file holds is lost, in either direction."""
    sentinel.raw("FLUSHCONFIG")
    check_file(sentinel)
    before, epochs = state_of(sentinel), epochs_of(sentinel)
    assert before["comments"] == COMMENTS
    sentinel.become(flavour)
    check_live(sentinel, before)
    group.wait_ready()
    sentinel.raw("FLUSHCONFIG")
    assert state_of(sentinel) == before
    assert all(now >= was for now, was in zip(epochs_of(sentinel), epochs))


def lose_master(watched):
    """The master dies and returns; every sentinel follows, and no epoch falls."""
    group = watched.group
    before = [epochs_of(sentinel) for sentinel in group.sentinels]
    old = group.current_master()
    old.kill()
    new = group.wait_switched(old, PATIENCE_S)
    old.start()
    wait_until(lambda: old.follows(new), 60, "the old master follows", explain=group.roles)
    group.wait_settled()
    wait_until(watched.converged, 60, "one master with one epoch everywhere", explain=group.addresses)
    group.wait_ready()
    for sentinel, epochs in zip(group.sentinels, before):
        now = epochs_of(sentinel)
        assert now[0] > epochs[0] and now[1] >= epochs[1], f"{sentinel.name}: {epochs}, then {now}"


def assert_same_data(group, master):
    def lists(server):
        with server.client() as client:
            return [client.llen(f"{LIST}:{i}") for i in range(2)], client.lrange(f"{LIST}:0", 0, -1)
    wait_until(lambda: all(lists(s) == lists(master) for s in group.servers), 30, "all hold the same data")


def there_and_back(place, foreign, tls=None):
    watched = mixed.MixedGroup(place, foreign, ours=0, sentinel_lines=LINES, tls=tls)
    group = watched.group
    writer = Writer(group).start()
    for flavour in (OURS, foreign):
        for sentinel in group.sentinels:
            replace(group, sentinel, flavour)
            written = writer.count()
            lose_master(watched)
            wait_until(lambda w=written: writer.count() > w, 30, "clients write to the new master")
    writer.stop()
    master = watched.finish()
    assert_same_data(group, master)
