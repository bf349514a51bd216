# SPDX-License-Identifier: BSD-3-Clause
"""sentinel-farm, the mock servers of the benchmarks: they answer as a redis-server does, and sentinels fail over on them."""

import re
import select
import socket

import pytest

from harness import wait_until
from harness.farm import Farm
from harness.poll import stays_true

pytestmark = pytest.mark.ours_only

# Each list is one connection; what comes back until PING or ECHO is answered is the reply to one request.
REQUESTS = [
    ["PING", "PING hi", "PING a b", "NOSUCH a b", "ECHO x", "SELECT 1", "SENTINEL MASTERS"],
    ["AUTH x", "AUTH default x", "AUTH bob x", "AUTH", "AUTH a b c"],
    ["HELLO", "HELLO 9", "HELLO 2 SETNAME x", "HELLO x", "HELLO 2 NONSENSE", "CLIENT GETNAME"],
    ["CLIENT", "CLIENT SETNAME a", "CLIENT SETNAME", "CLIENT GETNAME", "CLIENT NOSUCH", "CLIENT ID", "CLIENT KILL ID 0",
     "CLIENT KILL ID x", "CLIENT KILL ID 999999", "CLIENT KILL TYPE foo", "CLIENT KILL TYPE normal", "CLIENT KILL TYPE pubsub",
     "CLIENT KILL TYPE", "CLIENT KILL FOO x", "CLIENT KILL TYPE replica SKIPME no"],
    ["CLIENT PAUSE rights-check WRITE", "CLIENT PAUSE 10 FOO", "CLIENT PAUSE -1", "CLIENT PAUSE", "CLIENT PAUSE 1 WRITE",
     "CLIENT UNPAUSE", "CLIENT UNPAUSE x"],
    ["MULTI", "PING", "MULTI", "EXEC", "EXEC", "MULTI", "NOSUCH", "PING", "EXEC", "MULTI", "SLAVEOF", "EXEC", "MULTI", "DISCARD",
     "DISCARD", "MULTI x", "MULTI", "EXEC x", "EXEC"],
    ["MULTI", "CONFIG REWRITE x", "CLIENT UNPAUSE", "EXEC", "MULTI", "CONFIG REWRITE", "CLIENT KILL TYPE normal",
     "CLIENT KILL TYPE foo", "PING", "EXEC", "MULTI", "CLIENT NOSUCH", "EXEC", "MULTI", "INFO replication", "EXEC"],
    ["SUBSCRIBE", "SUBSCRIBE __sentinel__:hello b", "PING", "PING x", "INFO", "SLAVEOF NO ONE", "NOSUCH",
     "PUBLISH __sentinel__:hello x", "UNSUBSCRIBE b", "UNSUBSCRIBE", "PUBLISH __sentinel__:hello x", "UNSUBSCRIBE",
     "UNSUBSCRIBE foo"],
    ["PUBLISH a", "CONFIG REWRITE", "CONFIG GET port", "CONFIG GET nosuch", "CONFIG GET", "CONFIG", "CONFIG NOSUCH",
     "CONFIG REWRITE x", "CONFIG SET slave-priority 10", "CONFIG GET slave-priority", "CONFIG SET nosuch 1", "CONFIG SET x"],
    ["REPLCONF listening-port 1", "REPLCONF", "REPLCONF x", "REPLCONF foo bar", "SCRIPT KILL", "SCRIPT", "SCRIPT KILL x"],
    ["ROLE", "ROLE x", "INFO replication", "INFO nosuch", "SLAVEOF NO ONE", "SLAVEOF rights-check none", "SLAVEOF 127.0.0.1 70000",
     "SLAVEOF no two", "SLAVEOF 127.0.0.1 1", "ROLE", "SLAVEOF 127.0.0.1 1", "REPLICAOF NO ONE", "INFO replication",
     "MULTI", "SLAVEOF 127.0.0.1 1", "CONFIG REWRITE", "CLIENT KILL TYPE normal", "CLIENT KILL TYPE pubsub", "EXEC",
     "INFO replication", "ROLE", "SLAVEOF NO ONE"],
    ["SUBSCRIBE a", "RESET", "INFO", "QUIT"],
    ["HELLO 3", "CLIENT GETNAME", "INFO replication", "CONFIG GET port", "SUBSCRIBE a", "PING", "PING x", "INFO replication", "HELLO",
     "PUBLISH b x", "MULTI", "PING", "EXEC", "UNSUBSCRIBE", "RESET", "CONFIG GET port"],
]
# What differs by nature: ids, offsets and the state of the backlog, which a server without replicas does not have.
VARYING = re.compile(rb"((?:master_replid2?|second_repl_offset|master_repl_offset|slave_(?:read_)?repl_offset|"
                     rb"repl_backlog_\w+):)[^\r]*")


class Talker:
    def __init__(self, address):
        self._socket = socket.create_connection(address, timeout=20)
        self._file = self._socket.makefile("rb")

    def ask(self, request):
        """All that the server has to say to it, as bytes."""
        self.send(request.encode() + b"\r\n")
        reply = [self.read()]
        if request.split()[0] in ("SUBSCRIBE", "UNSUBSCRIBE") and reply[0].startswith(b"*3"):
            reply += [self.read() for _ in range(max(1, len(request.split()) - 1) - 1)]
        return b"".join(reply)

    def send(self, data):
        self._socket.sendall(data)

    def is_silent(self):
        return not select.select([self._socket], [], [], 0)[0]

    def read(self):
        line = self._file.readline()
        if line[:1] in b"$=" and line != b"$-1\r\n":
            return line + self._file.read(int(line[1:]) + 2)
        if line[:1] in b"*>%":
            count = int(line[1:]) * (2 if line[:1] == b"%" else 1)
            return line + b"".join(self.read() for _ in range(count))
        return line

    def close(self):
        self._file.close()
        self._socket.close()


def plain(reply, request, port):
    """Without what differs by nature."""
    reply = VARYING.sub(rb"\1", reply).replace(str(port).encode(), b"PORT").replace(b"connecting", b"connect")
    if request == "INFO" and b"# Server" in reply:  # the same fields of the same sections
        reply = re.sub(rb":[^\r]*", b":", reply.split(b"\r\n", 1)[1])
        reply = re.sub(rb"(db0|errorstat_\w+):\r\n", b"", reply)
    reply = re.sub(rb"(id\r\n):\d+|^:\d+(?=\r\n$)", rb"\1:N", reply) if "ID" in request or "HELLO" in request else reply
    return re.sub(rb"([$=])\d+\r\n", rb"\1\r\n", re.sub(rb"master\r\n:\d+", b"master\r\n:", reply))


def test_farm__answers_as_a_redis_server_does(place):
    farm = place.add(Farm(1, replicas=0))
    server = place.redis()
    version = server.info("server")["redis_version"]
    if not version.startswith("7.0."):
        pytest.skip(f"the words are those of redis-server 7.0, and here is {version}")
    for requests in REQUESTS:
        mine, theirs = Talker(farm.address(0)), Talker(server.address)
        for request in requests:
            answers = [plain(talker.ask(request), request, port) for talker, port in
                       ((mine, farm.address(0)[1]), (theirs, server.port))]
            assert answers[0] == answers[1], f"{request} of {requests}"
        mine.close()
        theirs.close()


def test_farm__pauses_hangs_and_ends_as_a_server_does(place):
    farm = place.add(Farm(2))
    talker, publisher = Talker(farm.address(0)), Talker(farm.address(0))
    assert talker.ask("CLIENT PAUSE 60000 WRITE") == b"+OK\r\n"
    publisher.send(b"*3\r\n$7\r\nPUBLISH\r\n$1\r\na\r\n$1\r\nb\r\n*1\r\n$4\r\nPING\r\n")
    before = talker.ask("ROLE")
    stays_true(lambda: talker.ask("ROLE") == before and publisher.is_silent(), 0.2, "nothing is written during a pause")
    assert talker.ask("CLIENT UNPAUSE") == b"+OK\r\n"
    assert [publisher.read(), publisher.read()] == [b":0\r\n", b"+PONG\r\n"]
    wait_until(lambda: talker.ask("ROLE") != before, 20, "offsets grow again")
    publisher.close()

    farm.hang(range(0, 1))
    hanging = socket.create_connection(farm.address(0), timeout=20)
    hanging.sendall(b"PING\r\n")
    farm.kill(range(1, 2))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(farm.address(1), timeout=20)
    assert [[server.state for server in group] for group in farm.roles()] == [["hung", "live", "live"], ["dead", "live", "live"]]
    assert b"master_link_status:up" in Talker(farm.address(0, 1)).ask("INFO")
    assert b"master_link_status:down" in Talker(farm.address(1, 1)).ask("INFO")
    assert farm.problems() == ["m0 has 0 masters", "m1 has 0 masters"]
    farm.revive()
    assert hanging.recv(100) == b"+PONG\r\n"
    wait_until(lambda: not farm.problems(), 20, "all servers follow their masters again")
    hanging.close()
    talker.close()


def test_farm__sentinels_fail_over_hung_masters(place):
    farm = place.add(Farm(20))
    monitors = list(farm.monitors(down_after_milliseconds=1000, failover_timeout=20000))
    sentinels = [place.sentinel(*monitors) for _ in range(3)]

    def states(sentinel):
        return [master for name, master in sorted(sentinel.commands.info("sentinel").items()) if re.match(r"master\d", name)]

    def named(sentinel):
        return {master["name"]: master["address"] for master in states(sentinel)}

    wait_until(lambda: all(master["slaves"] == 2 and master["sentinels"] == 3 and master["status"] == "ok"
                           for sentinel in sentinels for master in states(sentinel)), 60, "all know all")
    before = named(sentinels[0])
    farm.hang(range(5, 10))
    hung = {f"m{group}" for group in range(5, 10)}
    wait_until(lambda: all({name for name, address in named(sentinel).items() if address != before[name]} == hung
                           for sentinel in sentinels), 60, "exactly the five are switched at all three")
    wait_until(lambda: named(sentinels[0]) == named(sentinels[1]) == named(sentinels[2]), 60, "all name the same masters")
    wait_until(lambda: not farm.problems(), 60, "each group has one master", explain=farm.problems)
    farm.revive()
    wait_until(lambda: not farm.problems(), 60, "the old masters follow", explain=farm.problems)
    assert all(farm.stats()["commands"][name] > 0 for name in ("info", "ping", "publish", "slaveof", "exec"))
