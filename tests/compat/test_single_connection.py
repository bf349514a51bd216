# SPDX-License-Identifier: BSD-3-Clause
"""single-connection (DESIGN.md D27): one RESP3 connection to each server, with real ones of Redis and Valkey."""

import time

import pytest

from harness import rights, wait_until
from harness.mixed import needs_valkey
from harness.redis_server import BINARY, VALKEY_BINARY
from harness.tls import Authority, Tls

pytestmark = pytest.mark.ours_only

SINGLE = {"extra": ["sentinel single-connection yes"]}
SERVERS = pytest.mark.parametrize("binary", [BINARY, pytest.param(VALKEY_BINARY, marks=needs_valkey)], ids=["redis", "valkey"])


def clients(server, sentinel):
    """Of the sentinel, on the server."""
    with server.client() as client:
        return [c for c in client.client_list() if c["name"].startswith(f"sentinel-{sentinel.my_id()[:8]}")]


def all_clients(group):
    return [clients(server, sentinel) for server in group.servers for sentinel in group.running_sentinels()]


def is_single(found):
    return len(found) == 1 and found[0]["name"].endswith("-cmd") and found[0]["sub"] == "1" and found[0]["resp"] == "3"


def wait_single(group):
    wait_until(lambda: all(is_single(found) for found in all_clients(group)), 20, "one connection each",
               explain=lambda: all_clients(group))


def assert_no_sdown(group):
    for sentinel in group.sentinels:
        assert "+sdown" not in sentinel.log_text()


@SERVERS
def test_single__one_connection_to_each_server(place, binary):
    group = place.group(server_args={"binary": binary}, sentinel_args=SINGLE)
    wait_single(group)
    time.sleep(3)  # hellos of all three come in, and PINGs are answered
    wait_single(group)
    assert_no_sdown(group)
    for sentinel in group.sentinels:
        master = sentinel.master("mymaster")
        assert master["flags"] == "master" and "link-refusal" not in master


@SERVERS
def test_single__fails_over_with_one_connection(place, binary):
    group = place.group(server_args={"binary": binary}, sentinel_args=SINGLE, failover_timeout_ms=5000)
    old = group.master
    old.kill()
    group.wait_switched(old)
    old.start()
    group.wait_settled()
    wait_single(group)


def test_single__planned_switchover_drains(place):
    """CLIENT PAUSE, INFO every few ms and MULTI … EXEC, with hellos in between."""
    group = place.group(sentinel_args=SINGLE, failover_timeout_ms=5000)
    old = group.master
    assert group.sentinels[0].raw("FAILOVER", "mymaster", "COORDINATED") in (True, "OK")
    group.wait_switched(old)
    group.wait_settled()
    wait_single(group)


@pytest.mark.parametrize("kind", ["normal", "pubsub"])
def test_single__killed_connection_comes_back(place, kind):
    group = place.group(sentinel_args=SINGLE)
    wait_single(group)
    before = [found[0]["id"] for found in all_clients(group)]
    for server in group.servers:
        with server.client() as client:
            client.client_kill_filter(_type=kind, skipme=True)
    wait_single(group)
    # The one connection is of type pubsub.
    assert ([found[0]["id"] for found in all_clients(group)] == before) == (kind == "normal")
    time.sleep(1.5)
    assert_no_sdown(group)


def test_single__two_connections_where_hello_is_refused(place):
    group = place.group(server_args={"options": {"rename-command": 'HELLO ""'}}, sentinel_args=SINGLE)
    wait_until(lambda: all(sorted(c["name"].split("-")[-1] for c in found) == ["cmd", "pubsub"] for found in all_clients(group)),
               20, "two connections each", explain=lambda: all_clients(group))
    assert_no_sdown(group)
    for sentinel in group.sentinels:
        assert "link-refusal" not in sentinel.master("mymaster")
        assert "HELLO" not in sentinel.log_text()


def test_single__needs_no_further_right(place):
    group = rights.start(place, rights.SENTINEL_RIGHTS, sentinel_args=SINGLE)
    with group.master.client() as client:
        names = [c["name"] for c in client.client_list() if c["user"] == rights.USER]
    assert len(names) == 3 and all(name.endswith("-cmd") for name in names)
    assert not rights.denied(group.master) - {"client|pause", "client|unpause"}


def test_single__refused_subscription_is_shown(place):
    group = rights.start(place, rights.without("&__sentinel__:hello"), ready=False, sentinel_args=SINGLE)
    rights.wait_logged(group.sentinels, "SUBSCRIBE: NOPERM", "channel")
    wait_until(lambda: "disconnected" in group.sentinels[0].master("mymaster")["flags"], 20, "it is shown as cut off")


def test_single__goes_through_tls(place):
    tls = Tls(Authority(place.subfolder("tls")))
    group = place.group(server_args={"tls": tls}, sentinel_args={"tls": tls, **SINGLE})
    wait_single(group)
    assert_no_sdown(group)
