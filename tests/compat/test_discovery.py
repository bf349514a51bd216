# SPDX-License-Identifier: BSD-3-Clause
"""Who is there: replicas from INFO, peers from hellos (PROTOCOL.md §10, §12)."""

import re
import subprocess

from harness import wait_until

RUNID = re.compile(r"^[0-9a-f]{40}$")


def test_discovery__three_sentinels_find_replicas_and_each_other(place):
    group = place.group(replicas=2, sentinels=3)
    ids = {sentinel.my_id() for sentinel in group.sentinels}
    assert len(ids) == 3 and all(RUNID.match(one) for one in ids)

    for sentinel in group.sentinels:
        master = sentinel.master("mymaster")
        assert (master["ip"], master["port"]) == group.master.address
        assert master["num-slaves"] == 2
        assert master["num-other-sentinels"] == 2
        assert master["quorum"] == 2
        assert master["role-reported"] == "master"
        assert master["down-after-milliseconds"] == 1000
        assert master["failover-timeout"] == 10000
        assert master["parallel-syncs"] == 1
        assert master["runid"] == group.master.info("server")["run_id"]
        replicas = sentinel.replicas("mymaster")
        assert {r["port"] for r in replicas} == {r.port for r in group.replicas}
        for replica in replicas:
            assert replica["name"] == f"127.0.0.1:{replica['port']}"
            assert replica["role-reported"] == "slave"
            assert int(replica["master-port"]) == group.master.port
            assert int(replica["slave-priority"]) == 100
        peers = sentinel.peers("mymaster")
        assert {p["name"] for p in peers} == ids - {sentinel.my_id()}
        assert {p["port"] for p in peers} == {s.port for s in group.sentinels if s is not sentinel}
        assert sentinel.raw("CKQUORUM", "mymaster").startswith("OK 3 usable Sentinels.")


def test_discovery__hello_has_eight_fields_on_every_data_node(place):
    group = place.group(replicas=1, sentinels=2)
    for server in group.servers:
        with server.client() as client, client.pubsub() as pubsub:
            pubsub.subscribe("__sentinel__:hello")
            seen = {}

            def heard(pubsub=pubsub, seen=seen):
                message = pubsub.get_message(timeout=0.1)
                if message and message["type"] == "message":
                    fields = message["data"].split(",")
                    seen[fields[2]] = fields
                return len(seen) == 2
            wait_until(heard, 20, f"hellos of both sentinels on {server.port}", explain=lambda s=seen: s)
        for sentinel in group.sentinels:
            ip, port, runid, epoch, name, master_ip, master_port, config_epoch = seen[sentinel.my_id()]
            assert (ip, int(port)) == sentinel.address
            assert runid == sentinel.my_id()
            assert (master_ip, int(master_port)) == group.master.address
            assert (epoch, name, config_epoch) == ("0", "mymaster", "0")


def test_discovery__newcomers_are_found_and_announced(place):
    group = place.group(replicas=0, sentinels=1, quorum=1)
    events = group.sentinels[0].record()

    late_replica = place.redis(group.master)
    late_sentinel = place.sentinel(place.monitor(group.master))
    events.wait_for("+slave", 40, f"slave 127.0.0.1:{late_replica.port} 127.0.0.1 {late_replica.port} "
                                  f"@ mymaster 127.0.0.1 {group.master.port}")
    events.wait_for("+sentinel", 30, f"sentinel {late_sentinel.my_id()} 127.0.0.1 {late_sentinel.port} "
                                     f"@ mymaster 127.0.0.1 {group.master.port}")


def test_discovery__redis_cli_reads_every_reply(place):
    group = place.group(replicas=1, sentinels=2)
    port = str(group.sentinels[0].port)

    def cli(*words):
        return subprocess.run(["redis-cli", "-p", port, *words], check=True, text=True, timeout=30,
                              stdout=subprocess.PIPE).stdout
    address = cli("sentinel", "get-master-addr-by-name", "mymaster").split()
    assert address == ["127.0.0.1", str(group.master.port)]
    assert cli("sentinel", "get-master-addr-by-name", "nosuch").strip() == ""
    for protocol in ("-2", "-3"):
        assert "num-slaves" in cli(protocol, "sentinel", "masters")
        assert "parallel-syncs" in cli(protocol, "sentinel", "master", "mymaster")
        assert f"127.0.0.1:{group.replicas[0].port}" in cli(protocol, "sentinel", "replicas", "mymaster")
        assert group.sentinels[1].my_id() in cli(protocol, "sentinel", "sentinels", "mymaster")
        assert "sentinel" in cli(protocol, "role")
        assert f"address=127.0.0.1:{group.master.port},slaves=1,sentinels=2" in cli(protocol, "info")
    assert "No such master with that name" in cli("sentinel", "master", "nosuch")
