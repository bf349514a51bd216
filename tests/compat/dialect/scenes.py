# SPDX-License-Identifier: BSD-3-Clause
"""What is played before both daemons. Each scene is a function of a flavour that returns its Side."""

from harness import OURS

from dialect.stream import PEER_A, PEER_B, Side


def watch(place, flavour):
    """Everything that a sentinel sees and says while it may not fail over."""
    side = Side(place, flavour, quorum=5)
    side.names[str(place.ports.take())] = "nobody"
    one, two = side.port("peer1"), side.port("peer2")
    side.play("start", Side.start, "+slave replica1")
    side.play("a peer", lambda s: s.hello(PEER_A, one), "+sentinel", "+sdown sentinel")
    side.play("the peer moves", lambda s: s.hello(PEER_A, two), "+sentinel-address-switch")
    side.play("another id at its address", lambda s: s.hello(PEER_B, two), "+sentinel", "+sdown sentinel")
    side.play("a higher epoch", lambda s: s.hello(PEER_B, two, epoch=7), "+new-epoch")
    side.play("a second replica", lambda s: s.servers.append(s.server("replica2", s.servers[0])),
              "+slave replica2")
    side.play("it dies", lambda s: s.servers[2].kill(), "+sdown replica2")
    side.play("it comes back", lambda s: s.servers[2].start(), "-sdown replica2", "+reboot replica2")
    side.play("the master hangs", lambda s: s.servers[0].freeze(), "+sdown master")
    side.play("the master goes on", lambda s: s.servers[0].thaw(), "-sdown master")
    side.play("a replica is made a master by hand", lambda s: s.servers[2].replica_of(None),
              "-role-change replica2", "+convert-to-slave", "+role-change replica2")
    side.play("a replica is led astray", lambda s: s.servers[2].replica_of(s.servers[1]),
              "+fix-slave-config replica2")
    return side


def operate(place, flavour):
    """The commands that change something."""
    side = Side(place, flavour, quorum=5)
    unused, peer = side.port("unused"), side.port("peer1")
    side.play("start", Side.start, "+slave replica1")
    side.play("monitor", lambda s: s.raw("MONITOR", "second", "127.0.0.1", unused, "2"), "+monitor second")
    side.play("set", lambda s: s.raw(
        "SET", "second", "down-after-milliseconds", "100000", "failover-timeout", "9000", "parallel-syncs",
        "3", "quorum", "2", "auth-pass", "secret", "auth-user", "me", "rename-command", "CONFIG", "c2",
        "master-reboot-down-after-period", "5"), "+set master-reboot-down-after-period")
    side.play("unset", lambda s: s.raw("SET", "second", "auth-pass", "", "auth-user", "", "rename-command",
                                       "CONFIG", "CONFIG"), "+set rename-command")
    side.play("remove", lambda s: s.raw("REMOVE", "second"), "-monitor second")
    side.play("a peer", lambda s: s.hello(PEER_A, peer), "+sdown sentinel")
    side.play("reset", lambda s: s.raw("RESET", "*"), "+reset-master", "+slave replica1")
    side.play("a hello with a newer configuration", _newer_configuration(peer), "+switch-master",
              "+convert-to-slave master", "+role-change master", "+sdown id-a")
    return side


def _newer_configuration(peer):
    def act(side):
        side.hello(PEER_A, peer)
        side.servers[1].replica_of(None)
        side.hello(PEER_A, peer, epoch=3, config_epoch=3, master=side.servers[1].port)
    return act


def kill(place, flavour):
    """A failover as the leader, and the return of the old master."""
    side = Side(place, flavour, replicas=2, quorum=1)
    side.play("start", Side.start, "+slave replica1", "+slave replica2")
    side.play("the master dies", lambda s: s.servers[0].kill(), "+switch-master", "+failover-end",
              "+sdown slave")
    side.play("it comes back", lambda s: s.servers[0].start(), "-sdown slave", "+role-change")
    return side


def manual(place, flavour):
    """A failover that an operator asked for."""
    side = Side(place, flavour, replicas=2, quorum=1)
    side.play("start", Side.start, "+slave replica1", "+slave replica2")
    side.play("failover", lambda s: s.raw("FAILOVER", "mymaster"), "+switch-master", "+failover-end",
              "+role-change master")
    return side


def alone(place, flavour):
    """A master without replicas dies."""
    side = Side(place, flavour, replicas=0, quorum=1)
    side.play("start", Side.start)
    side.play("the master dies", lambda s: s.servers[0].kill(), "-failover-abort-no-good-slave")
    return side


def unelected(place, flavour):
    """A candidate for whom nobody votes."""
    side = Side(place, flavour, quorum=1, failover_timeout_ms=3000)
    one, two = side.port("peer1"), side.port("peer2")
    side.play("start", Side.start, "+slave replica1")
    side.play("a peer", lambda s: s.hello(PEER_A, one), "+sdown sentinel")
    side.play("another peer", lambda s: s.hello(PEER_B, two), "+sdown id-b")
    end = "+odown" if flavour == OURS else "-failover-abort-not-elected"
    side.play("the master dies", lambda s: s.servers[0].kill(), end)
    return side


QUIET_SCENES = (watch, operate)
FAILOVER_SCENES = (kill, manual, alone, unelected)
