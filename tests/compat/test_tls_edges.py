# SPDX-License-Identifier: BSD-3-Clause
"""TLS where it meets something else: early data, protected mode, ACL files, forged hellos, IPv6 (PROTOCOL.md §20.5)."""

import contextlib
import os
import re
import socket
import ssl
import subprocess

import pytest

from harness import Group, hosts, wait_until
from harness.dns import has_ipv6
from harness.tls import Authority, Tls

pytestmark = pytest.mark.ours_only


@pytest.fixture(name="authority")
def fixture_authority(place):
    return Authority(place.subfolder("tls"))


# ---- early data: what is sent before the handshake ends can be replayed by anybody

def s_client(sentinel, authority, *words, send=b""):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{sentinel.port}", "-tls1_3", "-CAfile", authority.ca,
               "-cert", authority.cert_of("one"), "-key", authority.key_of("one"), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        out = b""
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(send + b"QUIT\r\n")
            child.stdin.flush()
        while block := child.stdout.read1(65536):
            out += block
        child.wait(20)
        return out.decode(errors="replace")


def test_tls_edges__early_data_is_not_taken(place, authority):
    tls = Tls(authority)
    sentinel = place.sentinel(place.monitor(place.redis(tls=tls)), tls=tls)
    session, early = (os.path.join(place.folder, name) for name in ("session.pem", "early"))
    first = s_client(sentinel, authority, "-sess_out", session, send=b"PING\r\n")
    assert "+PONG" in first and os.path.exists(session), first
    with open(early, "wb") as file:
        file.write(b"SENTINEL SET mymaster quorum 7\r\n")
    again = s_client(sentinel, authority, "-sess_in", session, "-early_data", early, send=b"PING\r\n")
    assert "+PONG" in again and re.search(r"Early data was (not sent|rejected)", again), again
    assert sentinel.master("mymaster")["quorum"] == 2


# ---- protected mode

class Far:
    """An address of this host that is not one of the loopback's, in a namespace of its own."""

    ADDRESS = "10.79.0.1"

    def __enter__(self):
        if hosts.not_possible():
            pytest.skip(hosts.not_possible())
        self.namespace = f"sn-far-{os.getpid()}"
        hosts.run("ip", "netns", "add", self.namespace)
        hosts.run("ip", "-n", self.namespace, "link", "set", "lo", "up")
        hosts.run("ip", "-n", self.namespace, "addr", "add", f"{self.ADDRESS}/32", "dev", "lo")
        return self

    def __exit__(self, *_):
        hosts.run("ip", "netns", "del", self.namespace)

    def connect(self, address, port, context):
        with hosts.inside(self.namespace):
            link = socket.create_connection((address, port), timeout=20)
        return context.wrap_socket(link)


def test_tls_edges__protected_mode_denies_after_the_handshake(place, authority):
    """A certificate is not a password: with neither bind nor password only the loopback is served, as with stock."""
    context = ssl.create_default_context(cafile=authority.ca)
    context.check_hostname = False
    context.load_cert_chain(authority.cert_of("one"), authority.key_of("one"))
    with Far() as far:
        port = place.ports.take()
        lines = [*Tls(authority, replication=False).lines(port), "protected-mode yes", f"dir {place.folder}",
                 "sentinel monitor mymaster 127.0.0.1 6379 2"]
        sentinel = place.sentinel(port=port, start=False, conf_text="\n".join(lines) + "\n")
        sentinel.argv = ["ip", "netns", "exec", far.namespace, *sentinel.argv]
        super(type(sentinel), sentinel).start()

        def said(address):
            with contextlib.suppress(OSError), far.connect(address, port, context) as link:
                link.sendall(b"PING\r\n")
                return link.recv(200)
            return None
        wait_until(lambda: said("127.0.0.1") == b"+PONG\r\n", 30, "it answers at the loopback")
        assert said(far.ADDRESS).startswith(b"-DENIED ")
        sentinel.stop()


# ---- users of certificates, in a file

def test_tls_edges__acl_load_ends_users_of_certificates(place, authority):
    """Whoever a certificate has logged in is closed when the user goes, and is nobody's afterwards."""
    path = os.path.join(place.folder, "users.acl")
    with open(path, "w", encoding="utf-8") as file:
        file.write("user default on nopass ~* &* +@all\nuser alice on >pw ~* &* +@all\n")
    authority.issue("alice")
    tls = Tls(authority, tls_auth_clients_user="CN")
    sentinel = place.sentinel(place.monitor(place.redis(tls=Tls(authority))), tls=tls, extra=[f"aclfile {path}"])
    alice = Tls(authority, "alice").client_arguments()
    with sentinel.client(**alice, retry_on_error=[]) as client:
        assert client.execute_command("ACL", "WHOAMI") == "alice"
        number = client.execute_command("CLIENT", "ID")
        with open(path, "w", encoding="utf-8") as file:
            file.write("user default on nopass ~* &* +@all\n")
        assert sentinel.commands.execute_command("ACL", "LOAD") in (True, "OK")
        wait_until(lambda: f"id={number} " not in sentinel.commands.execute_command("CLIENT", "LIST"), 20, "she is closed")
    with sentinel.client(**alice) as client:
        assert client.execute_command("ACL", "WHOAMI") == "default"


# ---- forged hellos

def test_tls_edges__addresses_are_asked_for_their_ids_over_tls(place, authority):
    """A hello says that a peer has moved to where another group's sentinel listens. Who answers there is asked over TLS, and is
    not that peer: the hello is told to be forged, and the peer stays."""
    tls = Tls(authority)
    group = place.group(replicas=1, server_args={"tls": tls}, sentinel_args={"tls": tls}, down_after_ms=3000)
    stranger = place.sentinel(place.monitor(place.redis(tls=tls), name="other"), tls=tls)
    moved, *others = group.sentinels
    forged = f"127.0.0.1,{stranger.port},{moved.my_id()},0,mymaster,127.0.0.1,{group.master.port},0"

    def told(sentinel):
        with group.master.client() as client:
            client.publish("__sentinel__:hello", forged)  # the first one makes it ask, a later one has the answer
        return f"but {stranger.my_id()} answers there" in sentinel.log_text()
    for sentinel in others:
        wait_until(lambda s=sentinel: told(s), 20, "it was asked")
        assert moved.port in {peer["port"] for peer in sentinel.peers("mymaster")}


# ---- IPv6

@pytest.mark.skipif(not has_ipv6(), reason="the loopback interface has no IPv6 address")
@pytest.mark.parametrize("named, fits", [("DNS:localhost,IP:127.0.0.1,IP:::1", True), ("DNS:localhost,IP:127.0.0.1", False)],
                         ids=["named", "not-named"])
def test_tls_edges__ipv6_addresses_are_verified(place, authority, named, fits):
    authority.issue("one", alt_names=named)
    both = "127.0.0.1 ::1"
    server_tls = Tls(authority)
    master = place.redis(tls=server_tls, options={"bind": both, "replica-announce-ip": "::1"})
    replica = place.redis(tls=server_tls, options={"bind": both, "replica-announce-ip": "::1", "replicaof": f"::1 {master.port}"})
    wait_until(lambda: replica.follows(master), 60, "in sync")
    monitor = place.monitor(master, quorum=1, down_after_ms=1000)._replace(host="::1")
    sentinel = place.sentinel(monitor, tls=Tls(authority, tls_verify_names="yes"), extra=[f"bind {both}"])
    if not fits:
        wait_until(lambda: "s_down" in sentinel.master("mymaster")["flags"], 30, "it is not trusted")
        assert "::1" in sentinel.master("mymaster")["link-refusal"]
        return
    group = Group("mymaster", [master, replica], [sentinel]).wait_ready()
    master.kill()
    assert group.wait_switched(master) is replica
    assert sentinel.master_address("mymaster") == ("::1", replica.port)
