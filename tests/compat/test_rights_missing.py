# SPDX-License-Identifier: BSD-3-Clause
"""Data nodes whose ACL user for the sentinels lacks one of the documented rights (PROTOCOL.md §20.6):
the log names it, and a failover does what is still possible."""

import re
import time

import pytest

from harness import rights, wait_until

pytestmark = pytest.mark.ours_only


def start(place, given, replica_rights=None, replicas=2, ready=True, **options):
    """A group whose servers give the sentinels these rights; replica_rights: for the last replica."""
    master = place.redis(**rights.server_args(given))
    servers = [master]
    for number in range(replicas):
        last = number == replicas - 1
        servers.append(place.redis(master, **rights.server_args(
            replica_rights if last and replica_rights is not None else given)))
    return place.group(servers=servers, ready=ready, down_after_ms=1000, failover_timeout_ms=5000,
                       **rights.monitor_options(), **options)


def logged(sentinel, *patterns):
    """The line of the log that has all of these."""
    return next((line for line in sentinel.log_text().splitlines()
                 if all(re.search(p, line) for p in patterns)), None)


def wait_logged(sentinels, *patterns, timeout_s=10):
    for sentinel in sentinels:
        wait_until(lambda s=sentinel: logged(s, *patterns), timeout_s,
                   f"a line with {patterns} in the log of {sentinel.name}")


def assert_not_flooded(sentinel, pattern, most):
    lines = [line for line in sentinel.log_text().splitlines() if re.search(pattern, line)]
    assert len(lines) <= most, f"{len(lines)} lines about {pattern}:\n" + "\n".join(lines[-8:])


# What is used as soon as the link is made.

@pytest.mark.parametrize("right,word", [
    ("+ping", "ping"), ("+info", "info"), ("+publish", "publish"), ("+subscribe", "subscribe"),
    ("allchannels", "channel"), ("+client|setname", r"client\|setname")])
def test_rights__missing_one_is_named_when_the_link_is_made(place, right, word):
    group = start(place, rights.without(right), ready=False)
    wait_logged(group.sentinels, "NOPERM", word)
    time.sleep(3)  # several PINGs, hellos and attempts later
    for sentinel in group.sentinels:
        # Three servers with two links each, and every complaint once.
        assert_not_flooded(sentinel, "NOPERM", 6)
        assert sentinel.running()


@pytest.mark.parametrize("right,word", [
    ("+ping", "ping"), ("+info", "info"), ("+publish", "publish"), ("+subscribe", "subscribe"),
    ("allchannels", "channel")])
def test_rights__missing_one_stays_visible_in_the_description(place, right, word):
    master = place.redis(**rights.server_args(rights.without(right)))
    sentinel = place.sentinel(place.monitor(master, **rights.monitor_options()))

    def shown():
        return sentinel.master("mymaster").get("link-refusal", "")
    wait_until(lambda: "NOPERM" in shown() and re.search(word, shown()), 10, "link-refusal tells it")
    for _ in range(30):
        assert re.search(word, shown()), "it stays there while it lasts"
        time.sleep(0.1)
    with master.client() as client:
        client.execute_command("ACL", "SETUSER", rights.USER, right)
    wait_until(lambda: not shown(), 25, "and goes when the right is given", explain=shown)


# Rights without which a failover goes well all the same.

@pytest.mark.parametrize("right", ["+role", "+client|setname", "+script|kill"])
def test_rights__failover_without(place, right):
    group = start(place, rights.without(right), replicas=1).wait_ready()
    old = group.master
    old.kill()
    group.wait_switched(old)
    group.wait_settled()


# What is needed only for the order to a replica.

@pytest.mark.parametrize("right,word", [
    ("+slaveof", "slaveof"), ("+exec", "exec"), ("+config|rewrite", r"config\|rewrite"),
    ("+client|kill", r"client\|kill")])
def test_rights__refusing_replica_is_passed_over(place, right, word):
    """The replica that comes first refuses; the next one is promoted."""
    group = start(place, rights.SENTINEL_RIGHTS, replica_rights=rights.without(right))
    willing, refusing = group.replicas
    prefer(group, refusing)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()
    assert group.wait_switched(old) is willing
    leader = next(s for s, r in zip(group.sentinels, recorders) if r.first("+promoted-slave"))
    wait_logged([leader], "NOPERM", word, str(refusing.port))
    assert refusing.role() == "slave"
    assert sum(len(r.all("+promoted-slave")) for r in recorders) == 1
    wait_until(lambda: not group.sentinels[0].master("mymaster")["is_sdown"], 5, "all is well")


def test_rights__replica_that_refuses_multi_is_not_promoted_beside_another(place):
    """Without MULTI the steps are executed one by one: what the replica says it is decides."""
    group = start(place, rights.SENTINEL_RIGHTS, replica_rights=rights.without("+multi"))
    willing, refusing = group.replicas
    prefer(group, refusing)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    leader = next(s for s, r in zip(group.sentinels, recorders) if r.first("+promoted-slave"))
    wait_logged([leader], "NOPERM", "multi", str(refusing.port))
    group.wait_settled()
    assert sum(s.role() == "master" for s in (willing, refusing)) == 1
    assert new.role() == "master"


@pytest.mark.parametrize("right,word", [
    ("+slaveof", "slaveof"), ("+exec", "exec"), ("+config|rewrite", r"config\|rewrite"),
    ("+client|kill", r"client\|kill")])
def test_rights__no_replica_accepts_the_order(place, right, word):
    """Nothing is announced that did not happen, and the given right ends it."""
    group = start(place, rights.without(right), replicas=1)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old, replica = group.servers
    old.kill()

    def leader():
        return next((s for s, r in zip(group.sentinels, recorders)
                     if r.first("-failover-abort-no-good-slave")), None)
    wait_logged([wait_until(leader, 15, "an attempt ends")], "NOPERM", word, str(replica.port))
    assert replica.role() == "slave"
    assert {int(port) for _, port in group.addresses().values()} == {old.port}

    with replica.client() as client:
        client.execute_command("ACL", "SETUSER", rights.USER, right)
    assert group.wait_switched(old, 30) is replica
    assert replica.role() == "master"


def test_rights__busy_script_that_may_not_be_killed(place):
    group = start(place, rights.without("+script|kill"), replicas=0, quorum=3)
    master = group.master
    with master.client(socket_timeout=60) as client:
        client.config_set("busy-reply-threshold", 100)
    runner = master.client(socket_timeout=0.2)
    try:
        runner.eval("while true do end", 0)
    except Exception:  # pylint: disable=broad-except
        pass  # it runs on; nobody waits for it
    wait_logged(group.sentinels, "NOPERM", r"script\|kill")
    with master.client() as client:
        client.script_kill()


def prefer(group, replica):
    """This replica is the best candidate, and every sentinel knows it."""
    with replica.client() as client:
        client.config_set("replica-priority", 10)

    def known():
        return all(r["slave-priority"] == 10 for s in group.sentinels
                   for r in s.replicas(group.name) if r["port"] == replica.port)
    wait_until(known, 15, f"all know the priority of {replica.name}")

