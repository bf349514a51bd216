# SPDX-License-Identifier: BSD-3-Clause
"""One configuration file that goes back and forth between sentineld and redis-sentinel."""

import os
import re
import subprocess

import pytest

from harness import OURS, STOCK, Sentinel, our_binary, wait_until
from harness.tls import Authority

pytestmark = pytest.mark.ours_only

KEPT = ("ip", "port", "quorum", "down-after-milliseconds", "failover-timeout", "parallel-syncs",
        "config-epoch", "num-slaves", "num-other-sentinels")


def start_on(place, folder, port, flavour, text):
    """Starts a daemon on the file that another one has left."""
    sentinel = place.add(Sentinel(folder, port, flavour=flavour, conf_text=text))
    return sentinel.start()


def hand_over(place, sentinel, flavour):
    """Ends a daemon and starts the other one on its file."""
    text = sentinel.conf_text()
    assert not list(sentinel.problems())
    return start_on(place, sentinel.folder, sentinel.port, flavour, text)


def remembered(sentinel, name="mymaster"):
    described = sentinel.master(name)
    return (sentinel.my_id(), [described[field] for field in KEPT],
            sorted(r["port"] for r in sentinel.replicas(name)),
            sorted(s["runid"] for s in sentinel.peers(name)))


def sees_master(sentinel, name="mymaster"):
    flags = sentinel.raw("MASTER", name)
    flags = dict(zip(flags[::2], flags[1::2]))["flags"]
    return flags == "master"


@pytest.mark.parametrize("first", [OURS, STOCK])
def test_conf_roundtrip__state_goes_back_and_forth(place, first):
    master = place.redis()
    replica = place.redis(master)
    wait_until(lambda: replica.follows(master), 30, "in sync")
    monitor = place.monitor(master, quorum=1, down_after_ms=60000, failover_timeout_ms=9000,
                            parallel_syncs=2, rename_command="DEBUG dbg")
    place.sentinel(monitor, flavour=STOCK)
    sentinel = place.sentinel(monitor, flavour=first, extra=["# by hand"])
    wait_until(lambda: sentinel.master("mymaster")["num-slaves"] == 1 and
               sentinel.master("mymaster")["num-other-sentinels"] == 1, 40, "all is known")
    assert sentinel.ask_vote(master.port, 3, "a" * 40) == [0, "a" * 40, 3]
    assert sentinel.raw("SET", "mymaster", "failover-timeout", "8000") == "OK"
    assert sentinel.raw("CONFIG", "SET", "announce-port", str(sentinel.port)) == "OK"
    before = remembered(sentinel)
    assert before[1][KEPT.index("failover-timeout")] == 8000
    for round_number in range(4):
        flavour = (OURS, STOCK)[(round_number + (first == OURS)) % 2]
        sentinel = hand_over(place, sentinel, flavour)
        assert sentinel.flavour == flavour
        assert remembered(sentinel) == before
        # The vote of epoch 3 is given.
        assert sentinel.ask_vote(master.port, 3, "b" * 40)[2] == 3
        assert sentinel.ask_vote(master.port, 3, "b" * 40)[1] != "b" * 40
        text = sentinel.conf_text()
        assert text.count("# by hand\n") == 1
        assert text.count("\nsentinel monitor ") == 1
        assert text.count("\nsentinel known-replica ") == 1
        assert f"sentinel announce-port {sentinel.port}\n" in text


def test_conf_roundtrip__quoted_values_are_understood_by_the_stock_daemon(place):
    password = 'p w "x" \\ #'
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    master = place.redis(password=password, options={"requirepass": f'"{quoted}"'})
    sentinel = place.sentinel(place.monitor(master, quorum=1), flavour=OURS)
    assert sentinel.raw("SET", "mymaster", "auth-pass", password) == "OK"
    wait_until(lambda: sees_master(sentinel), 40, "logged in")
    sentinel = hand_over(place, sentinel, OURS)
    wait_until(lambda: sees_master(sentinel), 40, "logged in after a restart")
    sentinel = hand_over(place, sentinel, STOCK)
    wait_until(lambda: sees_master(sentinel), 40, "the stock daemon has logged in")


def test_conf_roundtrip__host_names_stay_as_they_were_configured(place):
    master = place.redis()
    folder = place.subfolder("named")
    port = place.ports.take()
    text = (f"port {port}\ndir {folder}\nsentinel resolve-hostnames yes\n"
            f"sentinel monitor mymaster localhost {master.port} 1\n")
    sentinel = start_on(place, folder, port, OURS, text)
    wait_until(lambda: sees_master(sentinel), 40, "resolved and connected")
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    assert f"sentinel monitor mymaster localhost {master.port} 1\n" in sentinel.conf_text()
    sentinel = hand_over(place, sentinel, OURS)
    assert f"sentinel monitor mymaster localhost {master.port} 1\n" in sentinel.conf_text()
    hand_over(place, sentinel, STOCK)


def test_conf_roundtrip__included_settings_stay_in_their_file(place):
    master = place.redis()
    folder = place.subfolder("included")
    port = place.ports.take()
    included = os.path.join(folder, "groups.conf")
    with open(included, "w", encoding="utf-8") as file:
        file.write(f"sentinel monitor mymaster 127.0.0.1 {master.port} 1\n"
                   "sentinel down-after-milliseconds mymaster 777\n")
    sentinel = start_on(place, folder, port, OURS, f"port {port}\ninclude {included}\n")
    sentinel = hand_over(place, sentinel, OURS)
    assert sentinel.master("mymaster")["down-after-milliseconds"] == 777
    assert "sentinel monitor" not in sentinel.conf_text()
    hand_over(place, sentinel, STOCK)


@pytest.mark.parametrize("name,mark", [("sentinel.conf.example", "#"), ("sentinel.ini.example", ";")])
@pytest.mark.parametrize("everything", [False, True], ids=["as it is", "all uncommented"])
def test_conf_roundtrip__the_examples_are_good(place, name, mark, everything):
    source = os.path.join(os.path.dirname(__file__), "..", "..", name)
    with open(source, encoding="utf-8") as file:
        text = file.read()
    if everything:
        text, count = re.subn(rf"^{mark}(?=[a-z])", "", text, flags=re.MULTILINE)
        assert count > 5
        text = re.sub(r"/var/lib/sentineld/\w+\.sh", "/bin/true", text)
        text = text.replace("/var/lib/sentineld/", place.folder + "/")
        authority = Authority(place.subfolder("tls"))
        for certificate in ("sentinel", "client"):
            authority.issue(certificate)
        text = text.replace("/etc/sentineld/tls", authority.folder)
    path = os.path.join(place.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([our_binary(), "--check-config", path], text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "ok, 1 group" in done.stdout
    assert "note:" not in done.stdout


def test_conf_roundtrip__the_example_starts_the_stock_daemon(place):
    source = os.path.join(os.path.dirname(__file__), "..", "..", "sentinel.conf.example")
    with open(source, encoding="utf-8") as file:
        text = file.read()
    port = place.ports.take()
    sentinel = start_on(place, place.subfolder("example"), port, STOCK,
                        text.replace("port 26379", f"port {port}", 1))
    assert sentinel.master("mymaster")["quorum"] == 2
