# SPDX-License-Identifier: BSD-3-Clause
"""What an application sees: redis-py's Sentinel client through a failover."""

import redis
from redis.sentinel import MasterNotFoundError, Sentinel

from harness import wait_until


def test_redis_py__finds_writes_and_reads_through_a_failover(place):
    options = {"requirepass": "s3cret", "masterauth": "s3cret"}
    group = place.group(replicas=2, sentinels=3, down_after_ms=500, auth_pass="s3cret",
                        server_args={"options": options, "password": "s3cret"})
    nobody = ("127.0.0.1", place.ports.take())
    client = Sentinel([nobody] + [s.address for s in group.sentinels], socket_timeout=5)

    assert client.discover_master("mymaster") == group.master.address
    assert sorted(client.discover_slaves("mymaster")) == sorted(r.address for r in group.replicas)
    master = client.master_for("mymaster", socket_timeout=5, password="s3cret", db=0)
    replica = client.slave_for("mymaster", socket_timeout=5, password="s3cret", db=0)
    assert master.set("key", "before")
    wait_until(lambda: replica.get("key") == b"before", 20, "a replica has the write")

    old = group.master
    old.kill()
    # The same two objects keep working, with nothing but retries.
    wait_until(lambda: master.set("key", "after"), 30, "the master object writes again")
    assert client.discover_master("mymaster")[1] != old.port
    wait_until(lambda: replica.get("key") == b"after", 30, "the replica object reads it")
    new = group.wait_settled()
    wait_until(lambda: old.address not in client.discover_slaves("mymaster"), 30,
               "the dead server is not offered")
    assert client.discover_master("mymaster") == new.address


def test_redis_py__unknown_group_and_sentinel_password(place):
    master = place.redis()
    sentinel = place.sentinel(place.monitor(master), password="w4tch")
    client = Sentinel([sentinel.address], socket_timeout=5,
                      sentinel_kwargs={"password": "w4tch"})
    assert client.discover_master("mymaster") == master.address
    try:
        client.discover_master("nosuch")
        raise AssertionError("found a group that does not exist")
    except MasterNotFoundError:
        pass
    anonymous = redis.Redis("127.0.0.1", sentinel.port, socket_timeout=5)
    try:
        anonymous.sentinel_masters()
        raise AssertionError("served without password")
    except redis.AuthenticationError as error:
        assert "Authentication required" in str(error)
