# SPDX-License-Identifier: BSD-3-Clause
"""Failovers of groups where all servers lack one of the documented rights."""

import pytest

from harness import rights, wait_until

pytestmark = pytest.mark.ours_only


# Rights without which a failover goes well all the same.

@pytest.mark.parametrize("right", ["+role", "+client|setname", "+script|kill"])
def test_rights__failover_without(place, right):
    group = rights.start(place, rights.without(right), replicas=1)
    old = group.master
    old.kill()
    group.wait_switched(old)
    group.wait_settled()


def check_switch_without_rewrite(group):
    """Everything but the memory of the new roles, and a warning."""
    old = group.master
    for sentinel in group.sentinels:
        rights.wait_logged([sentinel], "CONFIG REWRITE", "undoes the ordered role")
    old.kill()
    new = group.wait_switched(old)
    assert new.role() == "master"
    others = [server for server in group.replicas if server is not new]
    wait_until(lambda: all(server.follows(new) for server in others), 40, "the others follow")
    assert any("without CONFIG REWRITE" in s.log_text() for s in group.sentinels)


def test_rights__failover_without_config_rewrite(place):
    check_switch_without_rewrite(rights.start(place, rights.without("+config|rewrite")))


@pytest.mark.parametrize("name", ['""', "hidden-config"])
def test_rights__failover_where_config_is_renamed(place, name):
    options = {"rename-command": f"CONFIG {name}"}
    servers = [place.redis(options=options)]
    servers += [place.redis(servers[0], options=options) for _ in range(2)]
    check_switch_without_rewrite(place.group(servers=servers, down_after_ms=1000,
                                             failover_timeout_ms=5000))


@pytest.mark.parametrize("right,word", [
    ("+slaveof", "slaveof"), ("+exec", "exec"), ("+client|kill", r"client\|kill")])
def test_rights__no_replica_accepts_the_order(place, right, word):
    """Nothing is announced that did not happen, and the given right ends it."""
    group = rights.start(place, rights.without(right), replicas=1)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old, replica = group.servers
    old.kill()

    def leader():
        return next((s for s, r in zip(group.sentinels, recorders)
                     if r.first("-failover-abort-no-good-slave")), None)
    rights.wait_logged([wait_until(leader, 40, "an attempt ends")], "NOPERM", word, str(replica.port))
    assert replica.role() == "slave"
    assert {int(port) for _, port in group.addresses().values()} == {old.port}

    with replica.client() as client:
        client.execute_command("ACL", "SETUSER", rights.USER, right)
    assert group.wait_switched(old, 60) is replica
    assert replica.role() == "master"
