# SPDX-License-Identifier: BSD-3-Clause
"""Defects of the stock daemon that can be seen from outside and that ours does not have
(PROTOCOL.md §24.2, §24.3). docs/COMPATIBILITY.md lists all of them and where each is tested."""

import os
import time

import pytest
import redis

from harness.poll import wait_until


def one(place, **options):
    master = place.redis()
    replica = place.redis(master)
    sentinel = place.sentinel(place.monitor(master, down_after_ms=5000, **options))
    wait_until(lambda: len(sentinel.replicas("mymaster")) == 1, 30, "the replica is known")
    return master, replica, sentinel


@pytest.mark.ours_only
def test_file__keeps_its_mode(place):
    port = place.ports.take()
    sentinel = place.sentinel(place.monitor(place.redis()), port=port, start=False)
    os.chmod(sentinel.conf_path, 0o600)
    sentinel.start()
    sentinel.raw("SET", "mymaster", "auth-pass", "secret")
    assert "secret" in sentinel.conf_text()
    assert os.stat(sentinel.conf_path).st_mode & 0o777 == 0o600


@pytest.mark.ours_only
def test_file__behind_a_symbolic_link_is_the_one_that_is_written(place):
    sentinel = place.sentinel(place.monitor(place.redis()), start=False)
    real = os.path.join(place.subfolder("real"), "real.conf")
    os.rename(sentinel.conf_path, real)
    os.symlink(real, sentinel.conf_path)
    sentinel.start()
    sentinel.raw("SET", "mymaster", "quorum", "7")
    assert os.path.islink(sentinel.conf_path)
    with open(real, encoding="utf-8") as file:
        assert " 7" in next(line for line in file if line.startswith("sentinel monitor"))


@pytest.mark.ours_only
@pytest.mark.parametrize("value", ["a b", 'say "x"', "back\\slash", "#hash", "'single'", "ü"])
def test_file__holds_any_password(place, value):
    sentinel = place.sentinel(place.monitor(place.redis()))
    sentinel.raw("SET", "mymaster", "auth-pass", value)
    sentinel.raw("CONFIG", "SET", "sentinel-pass", value)
    sentinel.restart()
    assert sentinel.raw("CONFIG", "GET", "sentinel-pass")[1] == value


@pytest.mark.ours_only
def test_reset__is_saved_and_asks_at_once(place):
    """At once: not with the next regular INFO, after ten seconds."""
    _, replica, sentinel = one(place)
    sentinel.commands.publish("__sentinel__:hello",
                              f"127.0.0.1,20001,{'b' * 40},0,mymaster,127.0.0.1,"
                              f"{sentinel.master_address('mymaster')[1]},0")
    wait_until(lambda: "known-sentinel" in sentinel.conf_text(), 20, "the peer is saved")
    replica.kill()
    assert sentinel.raw("RESET", "*")
    wait_until(lambda: "known-sentinel" not in sentinel.conf_text(), 8, "the reset is saved")
    replica.start()
    wait_until(lambda: int(sentinel.master("mymaster")["info-refresh"]) < 1000, 8, "a fresh INFO")


@pytest.mark.ours_only
def test_reset__finds_the_replicas_again_at_once(place):
    _, _, sentinel = one(place)
    assert sentinel.raw("RESET", "mymaster")
    wait_until(lambda: len(sentinel.replicas("mymaster")) == 1, 8, "the replica is found again")


@pytest.mark.ours_only
def test_announce_ip__can_be_unset(place):
    master, _, sentinel = one(place)
    with master.client() as client:
        hellos = client.pubsub(ignore_subscribe_messages=True)
        hellos.subscribe("__sentinel__:hello")

        def announced():
            message = hellos.get_message(timeout=0.1)
            return message and message["data"].split(",")[0]
        sentinel.raw("CONFIG", "SET", "announce-ip", "127.0.0.2")
        wait_until(lambda: announced() == "127.0.0.2", 20, "the announced address")
        sentinel.raw("CONFIG", "SET", "announce-ip", "")
        wait_until(lambda: announced() == "127.0.0.1", 20, "the real address again")
        hellos.close()


@pytest.mark.ours_only
def test_rename__is_for_data_nodes_only(place):
    renamed = {"rename-command": ["PING p1", "PUBLISH p2"]}
    master = place.redis(start=False, options=renamed)
    master.answers = lambda: True
    master.start()
    monitor = place.monitor(master, down_after_ms=1500, rename_command=["PING p1", "PUBLISH p2"])
    sentinels = [place.sentinel(monitor) for _ in range(2)]

    def good(sentinel):
        return (sentinel.master("mymaster")["flags"] == "master" and
                [peer["flags"] for peer in sentinel.peers("mymaster")] == ["sentinel"])
    wait_until(lambda: all(good(s) for s in sentinels), 30, "they know each other")
    time.sleep(3)  # longer than down-after-milliseconds
    wait_until(lambda: all(good(s) for s in sentinels), 30, "they are up for each other")


@pytest.mark.ours_only
@pytest.mark.parametrize("words", [["SET", "mymaster", "quorum", "9"], ["REMOVE", "mymaster"],
                                   ["MONITOR", "second", "127.0.0.1", "20002", "9"],
                                   ["CONFIG", "SET", "announce-port", "9"]])
def test_change__that_cannot_be_saved_is_told(place, words):
    """What is in force then: docs/COMPATIBILITY.md."""
    sentinel = place.sentinel(place.monitor(place.redis()))
    wait_until(lambda: "sentinel myid" in sentinel.conf_text(), 20, "the first save")
    sentinel.raw("FLUSHCONFIG")
    os.rename(sentinel.folder, sentinel.folder + "-gone")
    try:
        with pytest.raises(redis.ResponseError, match="Failed to save config file"):
            sentinel.raw(*words)
    finally:
        os.rename(sentinel.folder + "-gone", sentinel.folder)
    sentinel.raw("FLUSHCONFIG")


@pytest.mark.ours_only
def test_master__after_a_switch_shows_nothing_of_the_old_one(place):
    master, replica, sentinel = one(place, quorum=1)
    with replica.client() as client:
        wanted = client.info("server")["run_id"]
    master.kill()
    wait_until(lambda: sentinel.master_address("mymaster")[1] == replica.port, 40, "the switch")
    assert sentinel.master("mymaster")["runid"] in ("", wanted)
    wait_until(lambda: sentinel.master("mymaster")["runid"] == wanted, 8, "its own run id")


@pytest.mark.ours_only
def test_pending_commands__of_a_broken_link_are_none(place):
    master, _, sentinel = one(place)
    master.freeze()
    wait_until(lambda: int(sentinel.master("mymaster")["link-pending-commands"]) > 0, 20, "a ping is out")
    master.thaw()
    master.kill()
    wait_until(lambda: "disconnected" in sentinel.master("mymaster")["flags"], 20, "a broken link")
    assert int(sentinel.master("mymaster")["link-pending-commands"]) == 0


@pytest.mark.ours_only
@pytest.mark.parametrize("line", ["sentinel down-after-milliseconds mymaster 5s",
                                  "sentinel monitor two 127.0.0.1 20001 4294967297"])
def test_file__with_senseless_numbers_is_refused(place, line):
    sentinel = place.sentinel(place.monitor(20000), extra=[], start=False)
    with open(sentinel.conf_path, "a", encoding="utf-8") as conf:
        conf.write(line + "\n")
    with pytest.raises(AssertionError):
        sentinel.start()
    assert sentinel.wait() == 1


@pytest.mark.ours_only
@pytest.mark.parametrize("number", [0, -1])
def test_file__with_no_parallel_syncs_means_one(place, number):
    sentinel = place.sentinel(place.monitor(20000, parallel_syncs=number))
    assert sentinel.master("mymaster")["parallel-syncs"] == 1
    assert f"parallel-syncs {number} is read as 1" in sentinel.log_text()


@pytest.mark.ours_only
def test_name__without_resolve_hostnames_is_looked_up_once(place):
    master = place.redis()
    port = place.ports.take()
    sentinel = place.sentinel(port=port, conf_text=f"""\
port {port}
bind 127.0.0.1
sentinel monitor mymaster localhost {master.port} 1
sentinel monitor gone no.such.name.invalid 6379 1
""")
    wait_until(lambda: sentinel.master("mymaster")["ip"] in ("127.0.0.1", "::1"), 20, "an address")
    assert "Add \"sentinel resolve-hostnames yes\"" in sentinel.log_text()
    assert sentinel.commands.execute_command("SENTINEL FLUSHCONFIG")
    assert "localhost" not in sentinel.conf_text()
    assert "sentinel monitor gone no.such.name.invalid 6379 1" in sentinel.conf_text()
    sentinel.restart()
    assert sentinel.master("gone")


@pytest.mark.ours_only
def test_pause__of_clients_delays_no_peer(place):
    _, _, sentinel = one(place)
    with sentinel.client() as client:
        try:
            client.execute_command("CLIENT", "PAUSE", "60000")
        except redis.ResponseError:
            pass
    with sentinel.client(socket_timeout=30) as client:
        assert client.execute_command("SENTINEL", "is-master-down-by-addr", "127.0.0.1",
                                      sentinel.master_address("mymaster")[1], 0, "*")[0] == 0


@pytest.mark.ours_only
def test_info_cache__of_a_replica_never_reached_has_no_age(place):
    master, replica, sentinel = one(place)
    replica.kill()
    with open(sentinel.conf_path, "a", encoding="utf-8") as conf:
        conf.write("sentinel known-replica mymaster 127.0.0.1 20009\n")
    sentinel.kill()
    sentinel.start()
    wait_until(lambda: len(sentinel.raw("INFO-CACHE", "mymaster")[1]) >= 2, 20, "both are known")
    for age, text in sentinel.raw("INFO-CACHE", "mymaster")[1]:
        assert text is not None or age == 0
    assert master.running()


@pytest.mark.ours_only
def test_file__keeps_a_host_name_that_does_not_resolve(place):
    port = place.ports.take()
    sentinel = place.sentinel(port=port, conf_text=(
        f"port {port}\nbind 127.0.0.1\ndir {place.subfolder(f'sentinel-{port}')}\n"
        "sentinel resolve-hostnames yes\nsentinel monitor mymaster nosuch.invalid 6379 1\n"))
    sentinel.raw("FLUSHCONFIG")
    assert "sentinel monitor mymaster nosuch.invalid 6379 1" in sentinel.conf_text().splitlines()
    sentinel.restart()
    assert len(sentinel.raw("MASTERS")) == 1
