# SPDX-License-Identifier: BSD-3-Clause
"""Host names, answered by a DNS server of the tests' own (PROTOCOL.md §20, §24.2): addresses that move, names that do not
resolve for a while, and a server that answers late or never."""

import itertools

import pytest

from harness import OURS, STOCK, Group, Monitor, mixed, wait_until
from harness.dns import Dns, not_possible
from harness.hellos import HelloRecorder

WHY_NOT = not_possible()
pytestmark = [pytest.mark.ours_only, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]
PATIENCE_S = 90
NO_FAILOVER_MS = 600_000  # longer than any test
RESOLVE = "sentinel resolve-hostnames yes"
GONE = "Host name {} does not resolve"


@pytest.fixture(name="dns")
def fixture_dns(place):
    dns = Dns(place)
    yield dns
    dns.close()


def server(dns, ip, name=None, master=None):
    """name: by which it announces itself; master: (host, server). It also listens where the tests ask."""
    options = {"bind": f"127.0.0.1 {ip}", "protected-mode": "no"}
    if name:
        options["replica-announce-ip"] = name
    if master:
        options["replicaof"] = f"{master[0]} {master[1].port}"
    return dns.wrap(dns.place.redis(start=False, options=options)).start()


def sentinel(dns, *monitors, ip="127.0.0.1", flavour=OURS, extra=(RESOLVE,), start=True, env=None):
    daemon = dns.wrap(dns.place.sentinel(*monitors, flavour=flavour, start=False, extra=[*([f"bind 127.0.0.1 {ip}"] if ip != "127.0.0.1" else []), *extra]))
    daemon.env = env
    return daemon.start() if start else daemon


def monitor(place, host, master, down_after_ms=NO_FAILOVER_MS, **settings):
    return place.monitor(master, down_after_ms=down_after_ms, **settings)._replace(host=host)


def move(process, ip):
    """A container that starts again somewhere else."""
    process.kill()
    with open(process.conf_path, encoding="utf-8") as conf:
        lines = [line for line in conf.read().splitlines() if not line.startswith("bind ")]
    with open(process.conf_path, "w", encoding="utf-8") as conf:
        conf.write("\n".join([*lines, f"bind 127.0.0.1 {ip}"]) + "\n")
    process.start()


def named_group(dns, flavours, down_after_ms=NO_FAILOVER_MS, extra=(RESOLVE,), replicas=1):
    """Every member has a name: m.test and r1.test, …, at 127.0.1.x, s1.test, … at 127.0.2.x."""
    dns.set("m.test", "127.0.1.10")
    servers = [server(dns, "127.0.1.10", "m.test")]
    for number in range(1, replicas + 1):
        dns.set(f"r{number}.test", f"127.0.1.{number}")
        servers.append(server(dns, f"127.0.1.{number}", f"r{number}.test", ("m.test", servers[0])))
        wait_until(lambda: servers[-1].follows(servers[0]), PATIENCE_S, "in sync")
    sentinels = []
    for number, flavour in enumerate(flavours, 1):
        dns.set(f"s{number}.test", f"127.0.2.{number}")
        sentinels.append(sentinel(
            dns, monitor(dns.place, "m.test", servers[0], down_after_ms, failover_timeout_ms=mixed.FAILOVER_TIMEOUT_MS),
            ip=f"127.0.2.{number}", flavour=flavour, extra=[*extra, f"sentinel announce-ip s{number}.test"]))
    return Group("mymaster", servers, sentinels).wait_ready(PATIENCE_S)


# Addresses that move

def shown(group, process):
    """Where each sentinel but itself sees the process now, if its link is up."""
    views = []
    for daemon in group.sentinels:
        if daemon is process:
            continue
        members = [daemon.master("mymaster"), *daemon.replicas("mymaster"), *daemon.peers("mymaster")]
        views += [m["ip"] if "disconnected" not in str(m["flags"]) and not m.get("is_disconnected") else "disconnected"
                  for m in members if m["port"] == process.port]
    return views


@pytest.mark.parametrize("flavours", [[OURS] * 3, [OURS, OURS, STOCK]], ids=["ours", "with-stock"])
def test_dns__address_that_moves_is_followed(dns, flavours):
    """Of a master, of a replica and of a sentinel."""
    group = named_group(dns, flavours)
    for process, name, ip in ((group.servers[0], "m.test", "127.0.1.110"), (group.servers[1], "r1.test", "127.0.1.101"),
                              (group.sentinels[0], "s1.test", "127.0.2.101")):
        dns.set(name, ip)
        move(process, ip)
        others = len(group.sentinels) - (process in group.sentinels)
        wait_until(lambda p=process, a=ip, n=others: shown(group, p) == [a] * n, PATIENCE_S, f"{name} is at {ip}",
                   explain=lambda p=process: shown(group, p))
    group.wait_ready(PATIENCE_S)
    wait_until(lambda: group.servers[1].follows(group.servers[0]), PATIENCE_S, "the replica follows")
    for daemon in group.sentinels:
        assert len(daemon.peers("mymaster")) == 2 and len(daemon.replicas("mymaster")) == 1
        assert "+switch-master" not in daemon.log_text()


def test_dns__sentinels_may_call_one_master_differently(dns):
    """Three names of one address, in one group."""
    master = server(dns, "127.0.1.10")
    replica = server(dns, "127.0.1.1", master=("127.0.1.10", master))
    wait_until(lambda: replica.follows(master), PATIENCE_S, "in sync")
    sentinels = []
    for number in range(3):
        dns.set(f"m{number}.test", "127.0.1.10")
        sentinels.append(sentinel(dns, monitor(dns.place, f"m{number}.test", master, mixed.DOWN_AFTER_MS)))
    group = Group("mymaster", [master, replica], sentinels).wait_ready(PATIENCE_S)
    master.kill()
    assert group.wait_switched(master, PATIENCE_S) is replica
    master.start()
    group.wait_settled(PATIENCE_S)


# Names that do not resolve

def refusal(daemon, command):
    reply = daemon.raw(command, *([] if command == "MASTERS" else ["mymaster"]))
    fields = [dict(zip(one[::2], one[1::2])) if isinstance(one, list) else one
              for one in (reply.values() if isinstance(reply, dict) else reply)]
    return [one.get("link-refusal") for one in fields]


COMMANDS = ("MASTERS", "REPLICAS", "SENTINELS")
NAMES = ("m.test", "r1.test", "s1.test")


def test_dns__name_that_does_not_resolve_is_told_once_and_shown(dns):
    """In the log and in link-refusal of master, replica and peer, until it resolves."""
    group = named_group(dns, [OURS])
    peer, = group.sentinels
    for name in NAMES:
        dns.set(name)
    known = [f"sentinel known-replica mymaster r1.test {group.servers[1].port}",
             f"sentinel known-sentinel mymaster s1.test {peer.port} {peer.my_id()}"]
    other = sentinel(dns, monitor(dns.place, "m.test", group.servers[0]), start=False)
    with open(other.conf_path, "a", encoding="utf-8") as conf:
        conf.write("\n".join(known) + "\n")
    other.start()
    for command in COMMANDS:
        wait_until(lambda c=command: refusal(other, c) == ["the host name does not resolve"], PATIENCE_S,
                   f"{command} says why", explain=lambda c=command: refusal(other, c))
    asked = dns.counts()
    wait_until(lambda: all(dns.count(name) >= asked[name] + 3 for name in NAMES), PATIENCE_S, "they are tried again")
    for name in NAMES:
        assert other.log_text().count(GONE.format(name)) == 1
    dns.set("m.test", "127.0.1.10", rcode=2)  # SERVFAIL is no other matter
    dns.set("m.test", "127.0.1.10")
    dns.set("r1.test", "127.0.1.1")
    dns.set("s1.test", "127.0.2.1")
    for command in COMMANDS:
        wait_until(lambda c=command: refusal(other, c) == [None], PATIENCE_S, f"{command} is well",
                   explain=lambda c=command: refusal(other, c))
    for name in NAMES:
        assert other.log_text().count(f"Host name {name} resolves again") == 1


@pytest.mark.parametrize("how", [{}, {"rcode": 2}], ids=["nxdomain", "servfail"])
def test_dns__hello_with_a_name_that_nobody_knows_is_told_once(dns, how):
    dns.set("ghost.test", **how)
    group = named_group(dns, [OURS, OURS])
    before = group.addresses()
    peer = group.sentinels[0]
    hello = f"s1.test,{peer.port},{peer.my_id()},7,mymaster,ghost.test,6379,7"
    with group.master.client() as client:
        def heard_often():
            client.publish("__sentinel__:hello", hello)
            return dns.count("ghost.test") >= 4
        wait_until(heard_often, PATIENCE_S, "it is looked up for several hellos", explain=dns.counts)
    assert group.sentinels[1].log_text().count(GONE.format("ghost.test")) == 1
    assert group.addresses() == before


# A DNS server that is slow

def hanging_groups(place, dns, count, **how):
    monitors = []
    for number in range(count):
        dns.set(f"hanging{number}.test", "127.0.3.1", **how)
        monitors.append(Monitor(f"hanging{number}", place.ports.take(), 2, {"down-after-milliseconds": 1000},
                                f"hanging{number}.test"))
    return monitors


@pytest.mark.parametrize("how, threads", [({"silent": True}, None), ({"silent": True}, 1), ({"silent": True}, 2),
                                          ({"delay_s": 10}, None), ({"delay_s": 10}, 1)],
                         ids=["never", "never-one-thread", "never-two-threads", "late", "late-one-thread"])
def test_dns__server_that_does_not_answer_holds_up_nobody(place, dns, how, threads):
    """Other groups are failed over, and votes and state are saved, also when the name of the group itself hangs: its last
    addresses stay."""
    dns.set("m.test", "127.0.1.10")
    master = server(dns, "127.0.1.10")
    # By its address: a redis-server that looks a name up does nothing else until it is answered.
    replica = server(dns, "127.0.1.1", "127.0.1.1", ("127.0.1.10", master))
    wait_until(lambda: replica.follows(master), PATIENCE_S, "in sync")
    hanging = hanging_groups(place, dns, 10, **how)
    env = {"UV_THREADPOOL_SIZE": str(threads)} if threads else None
    sentinels = [sentinel(dns, monitor(place, "m.test", master, mixed.DOWN_AFTER_MS), env=env) for _ in range(3)]
    group = Group("mymaster", [master, replica], sentinels).wait_ready(PATIENCE_S)
    for daemon in sentinels:
        daemon.kill()
        with open(daemon.conf_path, "a", encoding="utf-8") as conf:
            conf.writelines(line + "\n" for one in hanging for line in one.lines())
        daemon.start()
    wait_until(lambda: any(name.startswith("hanging") for name in dns.counts()), PATIENCE_S, "some names hang")
    group.wait_ready(PATIENCE_S)
    dns.set("m.test", "127.0.1.10", **how)
    master.kill()
    assert group.wait_switched(master, PATIENCE_S) is replica
    for daemon in sentinels:
        assert daemon.raw("FLUSHCONFIG") in (True, "OK")
        text = daemon.conf_text()
        assert f"sentinel monitor mymaster 127.0.1.1 {replica.port} 2" in text


# Many groups on few names

def test_dns__no_name_is_asked_for_twice_a_second(place, dns):
    """200 groups on 20 names, none of which can be reached: every one of them tries again and again."""
    names = [f"host{number}.test" for number in range(20)]
    for number, name in enumerate(names):
        if number % 2 == 0:
            dns.set(name, "127.0.4.1")  # nobody is there; the others do not resolve
    monitors = [Monitor(f"g{number}", 20000 + number % 10, 2, {}, names[number % len(names)]) for number in range(200)]
    sentinel(dns, *monitors)
    wait_until(lambda: min(dns.count(name) for name in names) >= 6, PATIENCE_S, "they are tried again", explain=dns.counts)
    for name in names:
        times = [when for when, asked in list(dns.asked) if asked == name]
        # One second counts from the answer, on the clock of a loop that may be late itself.
        assert min(b - a for a, b in itertools.pairwise(times)) > 0.5, (name, times)


# Which names are shown and told

def failed_over(group, leader):
    """The replica and the master then. On a busy machine stock may switch once more, so they are read at the end."""
    old = group.current_master()
    leader.raw("FAILOVER", "mymaster")
    group.wait_switched(old, PATIENCE_S)
    group.wait_settled(PATIENCE_S)
    group.wait_ready(PATIENCE_S)
    new = group.current_master()
    return next(one for one in group.servers if one is not new), new


def test_dns__names_are_announced_as_stock_announces_them(dns):
    """resolve-hostnames and announce-hostnames, one stock sentinel: replies, hellos and files; one failover by each."""
    group = named_group(dns, [OURS, OURS, STOCK], mixed.DOWN_AFTER_MS, [RESOLVE, "sentinel announce-hostnames yes"])
    hosts = dict(zip((one.port for one in group.servers), NAMES))
    hellos = HelloRecorder(group).start()
    for leader in (group.sentinels[0], group.sentinels[2]):
        old, new = failed_over(group, leader)
        for daemon in group.sentinels:
            assert daemon.master_address("mymaster") == (hosts[new.port], new.port)
            assert daemon.master("mymaster")["ip"] == hosts[new.port]
            wait_until(lambda d=daemon: [one["ip"] for one in d.replicas("mymaster")] == [hosts[old.port]], PATIENCE_S,
                       "the replica has its name", explain=lambda d=daemon: d.replicas("mymaster"))
            others = {f"s{n}.test" for n, one in enumerate(group.sentinels, 1) if one is not daemon}
            assert {one["ip"] for one in daemon.peers("mymaster")} == others
            daemon.raw("FLUSHCONFIG")
            lines = daemon.conf_text().splitlines()
            assert f"sentinel monitor mymaster {hosts[new.port]} {new.port} 2" in lines
            for number, peer in enumerate(group.sentinels, 1):
                if peer is not daemon:
                    assert f"sentinel known-sentinel mymaster s{number}.test {peer.port} {peer.my_id()}" in lines
        wait_until(lambda: any((hosts[new.port], new.port) in masters for masters in hellos.masters.values()), PATIENCE_S,
                   "hellos have the name", explain=lambda: hellos.masters)
    hellos.stop()
    hellos.assert_one_master_per_epoch()


def test_dns__addresses_are_told_without_announce_hostnames(dns):
    """Names are resolved, but replies and hellos have addresses, of ours and of stock alike."""
    group = named_group(dns, [OURS, OURS, STOCK], mixed.DOWN_AFTER_MS)
    ips = dict(zip((one.port for one in group.servers), ("127.0.1.10", "127.0.1.1")))
    hellos = HelloRecorder(group).start()
    for leader in (group.sentinels[0], group.sentinels[2]):
        old, new = failed_over(group, leader)
        assert set(group.addresses().values()) == {(ips[new.port], new.port)}
        for daemon in group.sentinels:
            assert {one["ip"] for one in daemon.peers("mymaster")} < {"127.0.2.1", "127.0.2.2", "127.0.2.3"}
        wait_until(lambda: any((ips[new.port], new.port) in masters for masters in hellos.masters.values()), PATIENCE_S,
                   "hellos have the address", explain=lambda: hellos.masters)
    hellos.stop()
    hellos.assert_one_master_per_epoch()
