# SPDX-License-Identifier: BSD-3-Clause
"""What a sentinel owes its peers, ours beside stock (PROTOCOL.md §23)."""

import re

import pytest
import redis

from harness import OURS, STOCK, mixed, wait_until
from harness.fake_peer import FakePeer

pytestmark = pytest.mark.ours_only

RUNID = re.compile(r"^[0-9a-f]{40}$")


def links_of(sentinel, server):
    """{kind of link: client id} of sentinel at server."""
    prefix = f"sentinel-{sentinel.my_id()[:8]}-"
    with server.client() as client:
        return {c["name"][len(prefix):]: c["id"] for c in client.client_list()
                if c["name"].startswith(prefix)}


def test_mixed_duties__words_to_a_peer_are_those_of_stock(place):
    """Hellos by PUBLISH and questions, as they are on the wire: the same words from ours and stock."""
    # A quorum that is never reached: the master may hang as long as the test likes.
    group = place.group(replicas=1, flavours=[OURS, STOCK], quorum=4)
    ours, stock = group.sentinels
    with FakePeer(place.ports.take()) as peer:
        for sentinel in group.sentinels:
            peer.introduce_to(sentinel, group)
        for sentinel in group.sentinels:
            wait_until(lambda s=sentinel: len(peer.requests_of(s, "PUBLISH")) >= 2, 60,
                       f"{sentinel.name} says hello again and again")
            words = peer.requests_of(sentinel, "PUBLISH")[-1]
            assert len(words) == 3 and words[1] == "__sentinel__:hello"
            ip, port, runid, epoch, *rest = words[2].split(",")
            assert (ip, int(port), runid) == (*sentinel.address, sentinel.my_id())
            assert RUNID.match(runid) and epoch == "0"
            assert rest == ["mymaster", "127.0.0.1", str(group.master.port), "0"]
        group.master.freeze()
        asked = {}
        for sentinel in group.sentinels:
            wait_until(lambda s=sentinel: len(peer.requests_of(s, "SENTINEL")) >= 3, 60,
                       f"{sentinel.name} asks again and again")
            asked[sentinel.flavour] = peer.requests_of(sentinel, "SENTINEL")[-1]
        group.master.thaw()
        assert asked[OURS][0].upper() == "SENTINEL"
        assert asked[OURS][1:] == asked[STOCK][1:] == [
            "is-master-down-by-addr", "127.0.0.1", str(group.master.port), "0", "*"]
    ids = [ours.my_id(), stock.my_id()]
    for sentinel in group.sentinels:
        sentinel.restart()
    assert [ours.my_id(), stock.my_id()] == ids


def test_mixed_duties__peers_log_in_with_the_documented_rights(place):
    """AUTH user pass, CLIENT SETNAME, PING, PUBLISH and SENTINEL, in both directions."""
    extra = ["user peer on >p33r allchannels -@all +ping +publish +sentinel +client|setname",
             "sentinel sentinel-user peer", "sentinel sentinel-pass p33r"]
    group = place.group(replicas=1, flavours=[OURS, STOCK, STOCK], down_after_ms=mixed.DOWN_AFTER_MS,
                        failover_timeout_ms=mixed.FAILOVER_TIMEOUT_MS,
                        sentinel_args={"password": "w4tch", "extra": extra})
    old = group.master
    old.kill()
    group.wait_switched(old, 60)
    ours = group.sentinels[0]
    denied = [entry for entry in ours.commands.acl_log() if entry["username"] == "peer"]
    assert not denied, "stock asks for more than that"


def test_mixed_duties__wrong_answers_of_a_stranger_change_nothing(place):
    """Anybody may PUBLISH a hello and gets a number; what makes no sense is dropped."""
    group = place.group(replicas=0, flavours=[OURS, STOCK], quorum=2)
    ours = group.sentinels[0]
    for words in ("", "a,b,c", "127.0.0.1,1,short,0,mymaster,127.0.0.1,1,9",
                  f"127.0.0.1,1,{'e' * 40},0,other,127.0.0.1,1,9"):
        assert ours.commands.publish("__sentinel__:hello", words) == 1
    with pytest.raises(redis.ResponseError):
        ours.commands.publish("elsewhere", "words")
    assert ours.master("mymaster")["num-other-sentinels"] == 1
    assert ours.master_address("mymaster") == group.master.address


def test_mixed_duties__role_survives_a_restart_and_clients_have_to_ask_again(place):
    """What our order has in it, as stock's has: CONFIG REWRITE and the client kills."""
    watched = mixed.MixedGroup(place, STOCK, 1, replicas=1)
    group = watched.group
    old, new = group.servers
    with new.client(single_connection_client=True) as client, new.client() as looker:
        own = client.client_id()
        assert watched.sentinel_of(OURS).raw("FAILOVER", "mymaster") == "OK"
        assert group.wait_switched(old, 60) is new
        assert str(own) not in {c["id"] for c in looker.client_list()}
    watched.finish()
    for server, lines in ((old, [f"replicaof 127.0.0.1 {new.port}"]), (new, [])):
        with open(server.conf_path, encoding="utf-8") as conf:
            assert [x.strip() for x in conf if x.startswith(("replicaof", "slaveof"))] == lines


def test_mixed_duties__closed_links_are_opened_again_and_blame_nobody(place):
    """Another sentinel's order kills all clients of a server; so does an operator."""
    group = place.group(replicas=1, flavours=[OURS, STOCK], quorum=2, down_after_ms=30000)
    ours = group.sentinels[0]
    events = ours.record()
    for server in group.servers:
        for _ in range(3):
            before = wait_until(lambda s=server: len(links_of(ours, s)) == 2 and links_of(ours, s), 60,
                                "ours has both links")
            with server.client() as client:
                for kind in ("normal", "pubsub"):
                    client.client_kill_filter(_type=kind, skipme=True)

            def anew(server=server, before=before):
                links = links_of(ours, server)
                return set(links) == set(before) and not set(links.values()) & set(before.values())
            wait_until(anew, 60, "both links are there again")
    assert not events.first("+sdown")
    group.wait_ready()


def test_mixed_duties__peer_with_other_settings_at_another_address_still_votes(place):
    """A stock sentinel comes back with its id at another port, with a quorum and times of its own."""
    group = place.group(replicas=1, flavours=[OURS, OURS, STOCK],
                        down_after_ms=mixed.DOWN_AFTER_MS,
                        failover_timeout_ms=mixed.FAILOVER_TIMEOUT_MS)
    ours, other, moved = group.sentinels
    events = ours.record()
    runid = moved.my_id()
    moved.raw("SET", "mymaster", "quorum", "1", "down-after-milliseconds", "2500")
    moved.stop()
    moved.move_to(place.ports.take())
    moved.start()
    assert moved.my_id() == runid
    events.wait_for("+sentinel-address-switch", 60, f"port {moved.port} for {runid}")
    group.wait_ready(60)
    assert {p["port"] for p in ours.peers("mymaster")} == {other.port, moved.port}
    assert ours.master("mymaster")["quorum"] == 2
    other.kill()
    old = group.master
    old.kill()
    group.wait_switched(old, 60)
    group.wait_settled()
