# SPDX-License-Identifier: BSD-3-Clause
"""Lost writes are rescued into a file that redis-cli --pipe replays (DESIGN.md D21), with real servers."""

import json
import os
import re
import stat
import subprocess

import pytest

from harness import OURS, mixed, rights, wait_until
from harness.mixed import needs_valkey
from harness.redis_server import BINARY, VALKEY_BINARY
from harness.tls import Authority, Tls

pytestmark = pytest.mark.ours_only

NOWHERE = 1  # nobody listens there
WRITES = 200
TAIL_MIB = int(os.environ.get("SN_RESCUE_MIB", "48"))
SERVERS = pytest.mark.parametrize("binary", [BINARY, pytest.param(VALKEY_BINARY, marks=needs_valkey)], ids=["redis", "valkey"])


def command(server, *words):
    with server.client() as client:
        return client.execute_command(*words)


def made(place, rescue="yes", server_args=None, **options):
    """A group whose sentinels rescue, and the folder of their files."""
    folder = place.subfolder("rescued")
    server_args = server_args or {}
    master = place.redis(**server_args)
    servers = [master] + [place.redis(master, **server_args) for _ in range(2)]
    group = place.group(servers=servers, rescue_lost_writes=rescue, sentinel_args={"extra": [f"rescue-dir {folder}"]}, **options)
    return group, folder


def part(group):
    """From now on the master has what nobody else gets."""
    for replica in group.replicas:
        command(replica, "REPLICAOF", "127.0.0.1", NOWHERE)


def fail_over(group):
    old = group.master
    old.freeze()
    return old, group.wait_switched(old)


# The first one has demoted the old master by then, or does so just now, and that order closes all connections.
SECOND = ("another sentinel has demoted it", "the connection to it broke")


def told(recorders, event):
    """These events of all sentinels, but for those that came second."""
    return [e for r in recorders for e in r.all(event) if not any(words in e.payload for words in SECOND)]


def come_back(group, old, recorders, event="+rescued-writes", timeout_s=20):
    """Thaws it; returns these events of all sentinels, once the group is whole again."""
    old.thaw()
    wait_until(lambda: told(recorders, event), timeout_s, event)
    wait_until(lambda: group.current_master().role() == "master" and old.role() == "slave", 20, "the old master follows")
    group.wait_settled()
    return told(recorders, event)  # two sentinels may rescue, one somewhat later


def files(folder):
    return sorted(os.listdir(folder))


def facts_of(path):
    with open(path.removesuffix(".resp") + ".json", encoding="utf-8") as file:
        return json.load(file)


def replay(path, server, *options):
    with open(path, "rb") as file:
        done = subprocess.run(["redis-cli", "-p", str(server.port), *options, "--pipe"], stdin=file, capture_output=True, text=True,
                              timeout=60, check=True)
    assert "errors: 0" in done.stdout, done.stdout


def digest(server):
    return command(server, "DEBUG", "DIGEST")


@SERVERS
def test_rescue__all_lost_writes_are_in_a_file_that_replays(place, binary):
    group, folder = made(place, server_args={"binary": binary})
    recorders = [sentinel.record() for sentinel in group.sentinels]
    part(group)
    with group.master.client() as client:
        for number in range(WRITES):
            assert client.set(f"lost:{number}", "x")
    old, new = fail_over(group)
    events = come_back(group, old, recorders)
    assert 1 <= len(events) <= 2  # the leader, and who finds a stray master before that has demoted it
    name, ip, port, lost, path = events[0].payload.split(" ")
    assert (name, ip, int(port)) == (group.name, "127.0.0.1", old.port) and int(lost) > WRITES * 20
    assert command(new, "EXISTS", "lost:0") == 0
    assert len(files(folder)) == 2 * len(events)
    assert re.fullmatch(rf"{group.name}-\d+-127.0.0.1-{old.port}(.2)?.resp", os.path.basename(path))
    for file in files(folder):
        assert stat.S_IMODE(os.stat(os.path.join(folder, file)).st_mode) == 0o600
    facts = facts_of(path)
    assert facts["complete"] and facts["writes"] == WRITES and facts["clients_paused"] and facts["group"] == group.name
    assert facts["database"] == 0
    with open(path, "rb") as file:
        assert b"__sentinel__" not in file.read()
    replay(path, new)
    assert command(new, "DBSIZE") == WRITES and command(new, "GET", f"lost:{WRITES - 1}") == "x"


def test_rescue__nothing_is_done_unless_it_is_asked_for(place):
    """The same loss is told, as ever."""
    group, folder = made(place, rescue="no")
    recorders = [sentinel.record() for sentinel in group.sentinels]
    part(group)
    command(group.master, "SET", "lost", "x" * 1000)
    old, new = fail_over(group)
    come_back(group, old, recorders, "+lost-writes")
    assert files(folder) == [] and command(new, "EXISTS", "lost") == 0
    assert not any(r.all("+rescued-writes") + r.all("-rescued-writes") for r in recorders)


@SERVERS
def test_rescue__replays_to_exactly_the_lost_state(place, binary):
    """Several databases, of which the tail begins in another than 0; transactions, scripts, functions, expiries, messages."""
    options = {"options": {"enable-debug-command": "yes"}, "binary": binary}
    group, _ = made(place, server_args=options)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    with group.master.client(db=3) as client:
        client.set("before", "1")
        client.rpush("list", *range(10))
        client.wait(2, 5000)
    part(group)
    with group.master.client(db=3) as client:
        client.incr("before")
        client.rpush("list", "a")
        client.eval("redis.call('set', KEYS[1], 'x'); redis.call('incr', KEYS[2])", 2, "by-script", "before")
        client.publish("news", "is no data")
        with client.pipeline(transaction=True) as pipe:
            pipe.set("in", "1").publish("news", "neither").lpop("list").execute()
        client.function_load("#!lua name=mylib\nredis.register_function('f', function() return 1 end)")
        client.set("binary", bytes(range(256)) * 100)
        client.set("passing", "x", ex=100000)
    with group.master.client(db=0) as client:
        client.set("in zero", "*3\r\n$3\r\nSET\r\n")
        client.spop("nothing")
    with group.master.client(db=7) as client:
        client.xadd("stream", {"field": "value"})
    lost_state = digest(group.master)
    old, new = fail_over(group)
    event = come_back(group, old, recorders)[0]
    path = event.payload.split(" ")[4]
    assert digest(new) != lost_state
    facts = facts_of(path)
    assert facts["database"] == 3 and facts["database_known"] and facts["complete"]
    replay(path, new)
    assert digest(new) == lost_state
    assert command(new, "FUNCTION", "LIST")[0][1] == "mylib"
    with open(path, "rb") as file:
        assert b"is no data" not in file.read()


def test_rescue__a_hung_master_that_nobody_wrote_to_has_none(place):
    """Hellos have come to it, and nothing else."""
    group, folder = made(place)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    known = group.master.info()["master_repl_offset"]
    wait_until(lambda: all(replica.info()["slave_repl_offset"] > known for replica in group.replicas), 20, "the replicas have it")
    old, _ = fail_over(group)
    old.thaw()
    wait_until(lambda: old.role() == "slave", 20, "the old master follows")
    group.wait_settled()
    assert files(folder) == []
    assert not told(recorders, "-rescued-writes")


def test_rescue__says_what_is_gone_where_the_backlog_is_too_short(place):
    group, folder = made(place, server_args={"options": {"repl-backlog-size": "16kb"}})
    recorders = [sentinel.record() for sentinel in group.sentinels]
    part(group)
    with group.master.client() as client:
        for number in range(100):
            client.set(f"lost:{number}", "x" * 1000)
    old, _ = fail_over(group)
    event = come_back(group, old, recorders, "-rescued-writes")[0]
    assert "its backlog does not reach back far enough" in event.payload and "repl-backlog-size" in event.payload
    assert files(folder) == []


def test_rescue__says_that_a_restarted_master_has_no_backlog(place):
    group, folder = made(place)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    part(group)
    command(group.master, "SET", "lost", "x" * 1000)
    old = group.master
    old.kill()
    group.wait_switched(old)
    old.start()
    wait_until(lambda: told(recorders, "-rescued-writes"), 20, "-rescued-writes")
    wait_until(lambda: old.role() == "slave", 20, "the old master follows")
    assert files(folder) == []


@pytest.mark.parametrize("missing,words", [("psync", "PSYNC: NOPERM"), ("client|pause", "refused CLIENT PAUSE")])
def test_rescue__without_a_right_it_says_which(place, missing, words):
    args = rights.server_args([*rights.SENTINEL_RIGHTS, *rights.DRAIN_RIGHTS, "+psync", "+replconf", f"-{missing}"])
    group, folder = made(place, server_args=args, auth_user=rights.USER, auth_pass=rights.PASSWORD)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    part(group)
    command(group.master, "SET", "lost", "x" * 1000)
    old, _ = fail_over(group)
    come_back(group, old, recorders, "-rescued-writes" if missing == "psync" else "+rescued-writes")
    assert any(words in s.log_text() for s in group.sentinels)
    assert bool(files(folder)) == (missing != "psync")


def test_rescue__over_tls_with_a_password(place):
    tls = Tls(Authority(place.subfolder("tls")))
    args = {"tls": tls, "password": "secret", "options": {"requirepass": "secret", "masterauth": "secret"}}
    folder = place.subfolder("rescued")
    master = place.redis(**args)
    servers = [master] + [place.redis(master, **args) for _ in range(2)]
    group = place.group(servers=servers, rescue_lost_writes="yes", auth_pass="secret",
                        sentinel_args={"tls": tls, "extra": [f"rescue-dir {folder}"]})
    recorders = [sentinel.record() for sentinel in group.sentinels]
    part(group)
    command(group.master, "SET", "lost", "x" * 1000)
    old, _ = fail_over(group)
    path = come_back(group, old, recorders)[0].payload.split(" ")[4]
    assert facts_of(path)["writes"] == 1
    with open(path, "rb") as file:
        assert b"x" * 1000 in file.read()


def test_rescue__a_folder_that_cannot_be_written_costs_no_time(place):
    group, folder = made(place)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    os.rmdir(folder)
    with open(folder, "w", encoding="utf-8"):
        pass
    part(group)
    command(group.master, "SET", "lost", "x" * 1000)
    old, _ = fail_over(group)
    events = come_back(group, old, recorders, "-rescued-writes")
    assert all("creating" in event.payload and folder in event.payload for event in events), events


def test_rescue__never_overwrites(place):
    group, folder = made(place)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    part(group)
    command(group.master, "SET", "lost", "x" * 1000)
    old, _ = fail_over(group)
    taken = [os.path.join(folder, f"mymaster-{epoch}-127.0.0.1-{old.port}.{kind}") for epoch in range(5) for kind in ["resp", "json"]]
    for path in taken:
        with open(path, "w", encoding="utf-8") as file:
            file.write("mine")
    path = come_back(group, old, recorders)[0].payload.split(" ")[4]
    assert re.search(rf"{old.port}\.[23]\.resp$", path) and facts_of(path)["writes"] == 1
    for path in taken:
        with open(path, encoding="utf-8") as file:
            assert file.read() == "mine"


def test_rescue__a_tail_of_many_megabytes(place):
    """More than is held in memory. SN_RESCUE_MIB=500: as much as a busy master writes in half a minute."""
    options = {"repl-backlog-size": f"{2 * TAIL_MIB + 32}mb"}
    group, _ = made(place, server_args={"options": options}, rescue_timeout_milliseconds=20000, down_after_ms=3000)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    part(group)
    with group.master.client() as client:
        for number in range(TAIL_MIB // 4):
            client.set(f"lost:{number}", os.urandom(4 << 20))
    old, new = fail_over(group)
    path = come_back(group, old, recorders, timeout_s=20 + TAIL_MIB / 4)[0].payload.split(" ")[4]
    assert facts_of(path)["writes"] == TAIL_MIB // 4 and os.path.getsize(path) > TAIL_MIB << 20
    replay(path, new)
    assert command(new, "STRLEN", f"lost:{TAIL_MIB // 4 - 1}") == 4 << 20


def test_rescue__a_second_failover_has_its_own(place):
    group, _ = made(place, failover_timeout_ms=3000)
    paths = set()
    for number in range(2):
        recorders = [sentinel.record() for sentinel in group.sentinels]
        master = group.current_master()
        for server in group.servers:
            if server is not master:
                command(server, "REPLICAOF", "127.0.0.1", NOWHERE)
        command(master, "SET", f"lost:{number}", "x" * 1000)
        master.freeze()
        group.wait_switched(master)
        paths.update(event.payload.split(" ")[4] for event in come_back(group, master, recorders))
    assert len(paths) >= 2 and all(facts_of(path)["writes"] == 1 for path in paths)


@mixed.FOREIGN
def test_rescue__beside_stock(place, foreign):
    """Stock demotes the old master at its time: what is rescued before is rescued."""
    group = place.group(flavours=[OURS, OURS, foreign])
    for sentinel in group.sentinels[:2]:
        assert sentinel.raw("SET", group.name, "rescue-lost-writes", "yes") in (True, "OK")
    recorders = [sentinel.record() for sentinel in group.sentinels[:2]]
    part(group)
    command(group.master, "SET", "lost", "x" * 1000)
    old, _ = fail_over(group)
    path = come_back(group, old, recorders)[0].payload.split(" ")[4]
    assert os.path.dirname(path) in [s.folder for s in group.sentinels] and facts_of(path)["writes"] == 1  # the default
