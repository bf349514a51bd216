# SPDX-License-Identifier: BSD-3-Clause
"""What anybody may send must not spoil the state of a sentinel (PROTOCOL.md §24.1, §24.3). The stock
daemon fails each of these tests, but for the one about other ways, with most of its values."""

import pytest
import redis

from harness.fake_peer import FakePeer
from harness.poll import stays_true, wait_until

HELLO = "__sentinel__:hello"
OTHER = "b" * 40
HUGE = ["18446744073709551615", "18446744073709551616", "9223372036854775808", "1152921504606846976",
        "9223372036854775807", "4611686018427387904", "281474976710656", "281474976710655",
        "8589934592", "-1"]


@pytest.fixture(name="watched")
def fixture_watched(place):
    master = place.redis()
    replica = place.redis(master)
    sentinel = place.sentinel(place.monitor(master, down_after_ms=5000))
    wait_until(lambda: len(sentinel.replicas("mymaster")) == 1, 15, "the replica is known")
    sentinel.master_port, sentinel.replica_port = master.port, replica.port
    sentinel.peer_port = place.ports.take()
    return sentinel


def hello(sentinel, runid=OTHER, address="127.0.0.1,20001", epoch=0, name="mymaster", master=None,
          config_epoch=0):
    master = master or f"127.0.0.1,{sentinel.master_port}"
    text = f"{address},{runid},{epoch},{name},{master},{config_epoch}"
    assert sentinel.commands.publish(HELLO, text) == 1


def peers(sentinel):
    return [peer["name"] for peer in sentinel.peers("mymaster")]


def epoch_in_file(sentinel):
    sentinel.raw("FLUSHCONFIG")
    return next(int(line.split()[-1]) for line in sentinel.conf_text().splitlines()
                if line.startswith("sentinel current-epoch"))


@pytest.mark.ours_only
@pytest.mark.parametrize("epoch", HUGE)
def test_epochs__of_requests_cannot_be_poisoned(watched, epoch):
    try:
        answer = watched.ask_vote(watched.master_port, epoch, OTHER)
        assert answer[1] == "*"
    except redis.ResponseError:
        pass
    assert epoch_in_file(watched) == 0


@pytest.mark.ours_only
@pytest.mark.parametrize("epoch", HUGE)
def test_epochs__of_hellos_cannot_be_poisoned(watched, epoch):
    hello(watched)
    hello(watched, epoch=epoch)
    hello(watched, config_epoch=epoch)
    assert epoch_in_file(watched) == 0
    assert watched.master("mymaster")["config-epoch"] == 0
    assert peers(watched) == [OTHER]


@pytest.mark.ours_only
@pytest.mark.parametrize("saved", [None, 2 ** 48, 2 ** 63 - 1, 2 ** 64 - 1, 2 ** 64])
def test_epochs__of_forgers_and_spoilt_files_prevent_no_failover(place, saved):
    master = place.redis()
    place.redis(master)
    sentinel = place.sentinel(place.monitor(master, quorum=1, down_after_ms=1000))
    wait_until(lambda: len(sentinel.replicas("mymaster")) == 1, 15, "the replica is known")
    if saved is not None:
        sentinel.raw("FLUSHCONFIG")
        sentinel.kill()
        lines = [line for line in sentinel.conf_text().splitlines() if "-epoch" not in line]
        lines += [f"sentinel current-epoch {saved}", f"sentinel config-epoch mymaster {saved}",
                  f"sentinel leader-epoch mymaster {saved}"]
        with open(sentinel.conf_path, "w", encoding="utf-8") as conf:
            conf.write("\n".join(lines) + "\n")
        sentinel.start()
    for epoch in [2 ** power for power in range(63)] + [2 ** 63 - 1, 2 ** 48 + 1]:
        sentinel.ask_vote(master.port, epoch, "nobody")
    recorder = sentinel.record()
    master.kill()
    recorder.wait_for("+switch-master", 30)


@pytest.mark.ours_only
@pytest.mark.parametrize("master", [",6379", "nosuch.invalid,6379", "127.0.0.1,0", "127.0.0.1,65536",
                                    "300.1.1.1,6379", "a b,6379", "127.0.0.1,x"])
def test_hello__with_an_unusable_master_changes_nothing(watched, master):
    recorder = watched.record()
    hello(watched)
    hello(watched, master=master, config_epoch=7, epoch=7)
    assert watched.master("mymaster")["config-epoch"] == 0
    assert watched.master_address("mymaster") == ("127.0.0.1", watched.master_port)
    # A correct one with that epoch is still taken, once its sender confirms it.
    with FakePeer(watched.peer_port, OTHER, ("127.0.0.1", watched.replica_port, 7)):
        hello(watched, address=f"127.0.0.1,{watched.peer_port}", config_epoch=7, epoch=7,
              master=f"127.0.0.1,{watched.replica_port}")
        recorder.wait_for("+switch-master", 15)
    assert len(recorder.all("+switch-master")) == 1
    assert watched.master_address("mymaster") == ("127.0.0.1", watched.replica_port)


@pytest.mark.ours_only
@pytest.mark.parametrize("runid, address", [
    ("short", "127.0.0.1,20001"), ("x" * 20 + " " + "x" * 19, "127.0.0.1,20001"), ("b" * 41, "127.0.0.1,20001"), ("", "127.0.0.1,20001"), (OTHER, "127.0.0.1,0"),
    (OTHER, "127.0.0.1,65536"), (OTHER, "127.0.0.1,-1"), (OTHER, ",20001"), (OTHER, "nosuch.invalid,1"),
    (OTHER, "300.1.1.1,20001")])
def test_hello__of_nobody_makes_no_voter(watched, runid, address):
    hello(watched, runid=runid, address=address)
    assert peers(watched) == []


@pytest.mark.parametrize("runid", ["redis-sentinel-node-1-aaaaaaaaaaaaaaaaaa", "B" * 40, "x" * 40])
def test_hello__any_forty_characters_are_an_id(watched, runid):
    hello(watched, runid=runid)
    assert peers(watched) == [runid]
    watched.raw("FLUSHCONFIG")
    assert f"sentinel known-sentinel mymaster 127.0.0.1 20001 {runid}" in watched.conf_text()


@pytest.mark.ours_only
@pytest.mark.parametrize("master", ["db.invalid,6379", ",6379", "127.0.0.1,0"])
def test_hello__with_an_unusable_master_makes_a_voter(watched, master):
    hello(watched, master=master, config_epoch=7, epoch=7)
    assert peers(watched) == [OTHER]
    assert watched.master("mymaster")["config-epoch"] == 0


@pytest.mark.ours_only
def test_hello__of_our_own_id_makes_no_peer(watched):
    hello(watched, runid=watched.my_id())
    assert peers(watched) == []
    hello(watched)
    assert peers(watched) == [OTHER]


@pytest.mark.ours_only
def test_hello__that_raises_only_the_config_epoch_is_saved(watched):
    with FakePeer(watched.peer_port, OTHER, ("127.0.0.1", watched.master_port, 9)):
        hello(watched, address=f"127.0.0.1,{watched.peer_port}", config_epoch=9, epoch=9)
        wait_until(lambda: "sentinel config-epoch mymaster 9" in watched.conf_text(), 15,
                   "epoch 9 is saved")


LINE = "sentinel notification-script mymaster /bin/evil"
INJECTIONS = [
    ["SET", "mymaster", "auth-pass", f"x\n{LINE}"],
    ["SET", "mymaster", "auth-pass", f"x\r{LINE}"],
    ["SET", "mymaster", "auth-user", f"x\n{LINE}"],
    ["SET", "mymaster", "rename-command", "CONFIG", f"x\n{LINE}"],
    ["SET", "mymaster", "rename-command", f"CONFIG\n{LINE}", "x"],
    ["CONFIG", "SET", "announce-ip", f"1.2.3.4\n{LINE}"],
    ["CONFIG", "SET", "sentinel-pass", f"x\n{LINE}"],
    ["CONFIG", "SET", "sentinel-user", f"x\n{LINE}"],
    ["MONITOR", f"new\n{LINE}", "127.0.0.1", "20002", "1"],
    ["MONITOR", "new", f"127.0.0.1\n{LINE}", "20002", "1"],
]


@pytest.mark.ours_only
@pytest.mark.parametrize("words", INJECTIONS, ids=lambda words: "-".join(words[:3]).split("\n")[0])
def test_values__cannot_inject_lines(watched, words):
    with pytest.raises(redis.ResponseError):
        watched.raw(*words)
    watched.raw("FLUSHCONFIG")
    assert "evil" not in watched.conf_text()


@pytest.mark.ours_only
@pytest.mark.parametrize("channel", ["command", "hello", "acl"])
def test_values__of_other_ways_cannot_inject_lines(watched, channel):
    with watched.client() as client:
        if channel == "acl":
            with pytest.raises(redis.ResponseError):
                client.execute_command("ACL", "SETUSER", f"a\n{LINE}", "on")
            with pytest.raises(redis.ResponseError):
                client.execute_command("ACL", "SETUSER", "a", f"&x\n{LINE}")
        elif channel == "hello":
            hello(watched, address=f"127.0.0.1\n{LINE},20001")
            hello(watched, master=f"127.0.0.1\n{LINE},20001", config_epoch=5)
        else:
            watched.ask_vote(watched.master_port, 3, f"x\n{LINE}")
    watched.raw("FLUSHCONFIG")
    assert "evil" not in watched.conf_text()


@pytest.mark.ours_only
@pytest.mark.parametrize("name", ["", "a b", "a,b", "a\tb", "a\x00b", "x" * 300])
def test_monitor__refuses_names_that_no_hello_or_file_can_hold(watched, name):
    with pytest.raises(redis.ResponseError):
        watched.raw("MONITOR", name, "127.0.0.1", "20002", "1")
    assert len(watched.raw("MASTERS")) == 1


@pytest.mark.ours_only
@pytest.mark.parametrize("option", ["quorum", "parallel-syncs"])
@pytest.mark.parametrize("value", ["4294967297", "4294967296", "2147483648"])
def test_set__does_not_cut_numbers(watched, option, value):
    before = watched.master("mymaster")[option]
    with pytest.raises(redis.ResponseError):
        watched.raw("SET", "mymaster", option, value)
    assert watched.master("mymaster")[option] == before


@pytest.mark.ours_only
def test_set__is_all_or_nothing(watched):
    recorder = watched.record()
    before = watched.master("mymaster")
    with pytest.raises(redis.ResponseError):
        watched.raw("SET", "mymaster", "quorum", "1", "failover-timeout", "77", "quorum", "bad")
    after = watched.master("mymaster")
    assert (before["quorum"], before["failover-timeout"]) == (after["quorum"], after["failover-timeout"])
    stays_true(lambda: not recorder.all("+set"), 0.5, "no +set")


@pytest.mark.ours_only
def test_debug__is_all_or_nothing(watched):
    with pytest.raises(redis.ResponseError):
        watched.raw("DEBUG", "info-period", "5000", "nosuch", "1")
    timings = watched.raw("DEBUG")
    assert dict(zip(timings[::2], timings[1::2]))["INFO-PERIOD"] == "10000"
