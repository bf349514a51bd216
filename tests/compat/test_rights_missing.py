# SPDX-License-Identifier: BSD-3-Clause
"""Data nodes whose ACL user for the sentinels lacks one of the documented rights (PROTOCOL.md §20.6):
the log names it, the description shows it."""

import re
import time

import pytest

from harness import rights, wait_until

pytestmark = pytest.mark.ours_only


def assert_not_flooded(sentinel, pattern, most):
    lines = [line for line in sentinel.log_text().splitlines() if re.search(pattern, line)]
    assert len(lines) <= most, f"{len(lines)} lines about {pattern}:\n" + "\n".join(lines[-8:])


# What is used as soon as the link is made, and what a failover would need, which is tried then.

@pytest.mark.parametrize("right,word", [
    ("+ping", "ping"), ("+info", "info"), ("+publish", "publish"), ("+subscribe", "subscribe"),
    ("&__sentinel__:hello", "channel"), ("+client|setname", r"client\|setname"), ("+multi", "multi"),
    ("+slaveof", "slaveof"), ("+config|rewrite", r"config\|rewrite"), ("+exec", "exec"),
    ("+client|kill", r"client\|kill")])
def test_rights__missing_one_is_named_when_the_link_is_made(place, right, word):
    group = rights.start(place, rights.without(right), ready=False)
    rights.wait_logged(group.sentinels, "NOPERM", word)
    time.sleep(1.5)  # several PINGs, hellos and attempts later
    for sentinel in group.sentinels:
        # Three servers with two links each, and every complaint once.
        assert_not_flooded(sentinel, "refuses us.*NOPERM", 6)
        assert sentinel.running()


@pytest.mark.parametrize("right,word", [
    ("+ping", "ping"), ("+info", "info"), ("+publish", "publish"), ("+subscribe", "subscribe"),
    ("&__sentinel__:hello", "channel"), ("+slaveof", "slaveof"), ("+multi", "multi")])
def test_rights__missing_one_stays_visible_in_the_description(place, right, word):
    master = place.redis(**rights.server_args(rights.without(right)))
    sentinel = place.sentinel(place.monitor(master, **rights.monitor_options()))
    sentinel.raw("DEBUG", "info-period", "1000", "publish-period", "500")

    def shown():
        return sentinel.master("mymaster").get("link-refusal", "")
    wait_until(lambda: "NOPERM" in shown() and re.search(word, shown()), 30, "link-refusal tells it")
    for _ in range(30):
        assert re.search(word, shown()), "it stays there while it lasts"
        time.sleep(0.1)
    with master.client() as client:
        client.execute_command("ACL", "SETUSER", rights.USER, right)
    wait_until(lambda: not shown(), 60, "and goes when the right is given", explain=shown)


def test_rights__busy_script_that_may_not_be_killed(place):
    group = rights.start(place, rights.without("+script|kill"), replicas=0, quorum=3)
    master = group.master
    with master.client(socket_timeout=60) as client:
        client.config_set("busy-reply-threshold", 100)
    runner = master.client(socket_timeout=0.2)
    try:
        runner.eval("while true do end", 0)
    except Exception:  # pylint: disable=broad-except
        pass  # it runs on; nobody waits for it
    rights.wait_logged(group.sentinels, "NOPERM", r"script\|kill")
    with master.client() as client:
        client.script_kill()


def test_rights__trying_them_changes_nothing(place):
    """Links are made again and again, by sentinels with and without rights."""
    group = rights.start(place, rights.SENTINEL_RIGHTS, last_replica=rights.without("+multi"),
                         down_after_ms=30000)
    roles = group.roles()
    for _ in range(5):
        for server in group.servers:
            with server.client() as client:
                client.client_kill_filter(_type="normal", skipme=True)
        time.sleep(0.3)
    assert group.roles() == roles
    assert not any("CONFIG REWRITE" in s.log_text() for s in group.servers[:-1])
    assert not any("MASTER MODE" in s.log_text() for s in group.servers)
