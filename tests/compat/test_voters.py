# SPDX-License-Identifier: BSD-3-Clause
"""Stock peers that a sentinel must count, or be warned of (PROTOCOL.md §23)."""

import pytest
import redis

from harness import STOCK
from harness.poll import stays_true, wait_until

pytestmark = pytest.mark.ours_only

HELLO = "__sentinel__:hello"


def knows(sentinel, count):
    return lambda: len(sentinel.peers("mymaster")) == count


@pytest.mark.parametrize("extra", [
    ["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"], []], ids=["names", "text-ids"])
def test_voters__are_counted_and_nobody_promotes_alone(place, extra):
    """With a quorum of one: two stock peers that name the master by a name, or have ids of text."""
    master = place.redis()
    replica = place.redis(master)
    ours = place.sentinel(place.monitor(master, quorum=1))
    host = "localhost" if extra else "127.0.0.1"
    stock = []
    for number in range(2):
        port = place.ports.take()
        folder = place.subfolder(f"sentinel-{port}")
        lines = [f"port {port}", "bind 127.0.0.1", f"dir {folder}", "sentinel announce-ip 127.0.0.1", *extra,
                 f"sentinel monitor mymaster {host} {master.port} 1",
                 "sentinel down-after-milliseconds mymaster 60000"]
        if not extra:
            lines.append(f"sentinel myid redis-Sentinel-node-{number}-aaaaaaaaaaaaaaaaaa")
        stock.append(place.sentinel(port=port, flavour=STOCK, conf_text="\n".join(lines) + "\n"))
    wait_until(knows(ours, 2), 30, "the stock peers are known")
    wait_until(lambda: len(ours.replicas("mymaster")) == 1, 30, "the replica is known")
    for sentinel in stock:
        sentinel.kill()
    events = ours.record()
    master.kill()
    events.wait_for("+odown", 30)
    stays_true(lambda: replica.role() == "slave" and not events.first("+elected-leader"), 4,
               "nobody is promoted")


def test_voters__that_refuse_questions_are_named(place):
    """Stock, with a user for peers that may not use SENTINEL."""
    master = place.redis()
    ours = place.sentinel(place.monitor(master, quorum=2),
                          extra=["sentinel sentinel-user peer", "sentinel sentinel-pass secret"])
    stock = place.sentinel(place.monitor(master, quorum=2), flavour=STOCK,
                           extra=["user peer on >secret &* +ping +publish +client|setname"])
    wait_until(knows(ours, 1), 30, "the stock peer is known")

    def quorum():
        try:
            return ours.raw("CKQUORUM", "mymaster")
        except redis.ResponseError as error:
            return str(error)

    wait_until(lambda: "refuses SENTINEL IS-MASTER-DOWN-BY-ADDR" in str(quorum()), 30, "CKQUORUM names it")
    assert "NOQUORUM 1 usable" in str(quorum())
    assert "IS-MASTER-DOWN-BY-ADDR" in ours.peers("mymaster")[0]["link-refusal"]
    stock.commands.execute_command("ACL", "SETUSER", "peer", "+sentinel")
    wait_until(lambda: "2 usable Sentinels. Quorum and failover" in str(quorum()), 30, "it goes again")
    assert "link-refusal" not in ours.peers("mymaster")[0]


def test_voters__forged_at_the_address_of_a_stock_peer_are_none(place):
    master = place.redis()
    ours = place.sentinel(place.monitor(master, quorum=1))
    stock = place.sentinel(place.monitor(master, quorum=1), flavour=STOCK)
    wait_until(knows(ours, 1), 30, "the stock peer is known")
    real = ours.peers("mymaster")[0]["name"]
    for letter in "bcde":
        text = f"127.0.0.1,{stock.port},{letter * 40},0,mymaster,127.0.0.1,{master.port},0"
        assert ours.commands.publish(HELLO, text) == 1
    stays_true(lambda: [peer["name"] for peer in ours.peers("mymaster")] == [real], 3,
               "only the real one is known")
