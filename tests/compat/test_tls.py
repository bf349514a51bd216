# SPDX-License-Identifier: BSD-3-Clause
"""TLS at the port and on the links (PROTOCOL.md §20.5)."""

import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest
import redis

from harness import STOCK, Process, wait_until
from harness.mixed import MixedGroup
from harness.tls import Authority, Tls

pytestmark = pytest.mark.ours_only


@pytest.fixture(name="authority")
def fixture_authority(place):
    return Authority(place.subfolder("tls"))


def group_of(place, tls, **options):
    return place.group(replicas=1, server_args={"tls": tls}, sentinel_args={"tls": tls}, **options)


def peer_certificate(port, authority):
    """The certificate that is shown at port, as DER."""
    context = ssl.create_default_context(cafile=authority.ca)
    context.check_hostname = False
    context.load_cert_chain(authority.cert_of("one"), authority.key_of("one"))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        with context.wrap_socket(plain) as secure:
            return secure.getpeercert(binary_form=True)


def can_ping(sentinel, **arguments):
    """Over a new connection."""
    try:
        with sentinel.client(**arguments) as client:
            return client.ping()
    except redis.ConnectionError:
        return False


def test_tls__fails_over(place, authority):
    group = group_of(place, Tls(authority))
    events = group.sentinels[0].record()
    old = group.master
    old.kill()
    group.wait_switched(old)
    wait_until(lambda: events.first("+switch-master"), 20, "subscribers hear of it over TLS")
    old.start()
    group.wait_settled()


@pytest.mark.parametrize("ours", [1, 2], ids=["one-ours", "two-ours"])
def test_tls__shares_a_quorum_with_stock(place, authority, ours):
    """Hellos carry the TLS port, and each asks the others for votes over TLS."""
    tls = Tls(authority)
    watched = MixedGroup(place, STOCK, ours, replicas=1, tls=tls)
    group = watched.group
    old = group.master
    old.kill()
    group.wait_switched(old, 60)
    old.start()
    watched.finish()


def test_tls__is_spoken_to_by_redis_cli(place, authority):
    tls = Tls(authority)
    sentinel = place.sentinel(place.monitor(place.redis(tls=tls)), tls=tls)
    command = ["redis-cli", "-p", str(sentinel.port), *tls.cli_arguments(), "SENTINEL", "CKQUORUM", "mymaster"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout
    assert "NOQUORUM" in said


def test_tls__certificates_of_clients_are_demanded_unless_configured_otherwise(place, authority):
    master = place.redis(tls=Tls(authority))
    without = {"ssl": True, "ssl_ca_certs": authority.ca, "ssl_check_hostname": False,
               "ssl_certfile": None, "ssl_keyfile": None}
    for setting, allowed in (("yes", False), ("optional", True), ("no", True)):
        tls = Tls(authority, tls_auth_clients=setting)
        sentinel = place.sentinel(place.monitor(master), tls=tls)
        with sentinel.client(**without) as client:
            if allowed:
                assert client.ping()
            else:
                with pytest.raises(redis.ConnectionError):
                    client.ping()
        if not allowed:
            wait_until(lambda s=sentinel: "sent no certificate" in s.log_text(), 20, "it says why")
            assert sentinel.commands.info("tls")["tls_failed_handshakes"] >= 1


def test_tls__a_certificate_names_its_user(place, authority):
    """No match is the default user, as with stock of today."""
    master = place.redis(tls=Tls(authority))
    authority.issue("alice", alt_names="URI:spiffe://prod/bob")
    users = ["user alice on >pw ~* &* +@all", "user spiffe://prod/bob on >pw ~* &* +@all", "user idle off"]
    for field, name in (("CN", "alice"), ("URI", "spiffe://prod/bob"), ("off", "default")):
        tls = Tls(authority, tls_auth_clients_user=field)
        sentinel = place.sentinel(place.monitor(master), tls=tls, extra=users)
        alice = Tls(authority, "alice").client_arguments()
        with sentinel.client(**alice) as client:
            assert client.execute_command("ACL", "WHOAMI") == name
        assert sentinel.commands.execute_command("ACL", "WHOAMI") == "default"


def test_tls__plain_text_at_the_tls_port_is_told(place, authority):
    tls = Tls(authority)
    sentinel = place.sentinel(place.monitor(place.redis(tls=tls)), tls=tls)
    with socket.create_connection(("127.0.0.1", sentinel.port), timeout=20) as plain:
        plain.sendall(b"PING\r\n")
        plain.settimeout(20)
        assert b"PONG" not in plain.recv(100)
    wait_until(lambda: "does not speak TLS" in sentinel.log_text(), 20, "it says why")


def test_tls__both_ports_serve_at_once(place, authority):
    plain_port = place.ports.take()
    tls = Tls(authority, plain_port=plain_port)
    sentinel = place.sentinel(place.monitor(place.redis(tls=Tls(authority))), tls=tls)
    with redis.Redis("127.0.0.1", plain_port, decode_responses=True) as client:
        assert client.ping()
        info = client.info("server")
    assert info["tcp_port"] == plain_port
    assert info["listener0"] == {"name": "tcp", "bind": "127.0.0.1", "port": plain_port}
    assert info["listener1"] == {"name": "tls", "bind": "127.0.0.1", "port": sentinel.port}


def test_tls__port_of_info_is_the_one_that_listens(place, authority):
    sentinel = place.sentinel(place.monitor(place.redis(tls=Tls(authority))), tls=Tls(authority))
    assert sentinel.commands.info("server")["tcp_port"] == sentinel.port


def test_tls__clients_beyond_maxclients_are_closed_at_once(place, authority):
    """Nothing can be said to them, and their places are needed."""
    sentinel = place.sentinel(place.monitor(6379), tls=Tls(authority), extra=["maxclients 3"])
    clients = [socket.create_connection(("127.0.0.1", sentinel.port), timeout=5) for _ in range(6)]
    assert [client.recv(1) for client in clients[3:]] == [b""] * 3
    for client in clients:
        client.close()


HALF_OPEN_MAX = 1000  # shell/server/client.h


def first_words():
    """What a client says first in a handshake."""
    out = ssl.MemoryBIO()
    half = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        half.do_handshake()
    return out.read()


def half_handshakes(sentinel, count):
    """Connections that say no more; from an address where no sentinel is, as peers have places of their own."""
    hello = first_words()
    held = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", sentinel.port), timeout=20, source_address=("127.0.0.9", 0))
        client.sendall(hello)
        held.append(client)
    return held


def test_tls__unfinished_handshakes_keep_nobody_out(place, authority):
    group = group_of(place, Tls(authority))
    events = group.sentinels[0].record()
    old = group.master
    sentinel = group.sentinels[0]
    assert sentinel.commands.info("tls")["tls_unfinished_handshakes"] == 0
    held = half_handshakes(sentinel, HALF_OPEN_MAX + 200)
    old.kill()
    group.wait_switched(old)
    wait_until(lambda: events.first("+switch-master"), 20, "who was there hears of it")
    with sentinel.client() as client:
        assert client.ping()
        wait_until(lambda: client.info("tls")["tls_failed_handshakes"] >= 200, 30, "the oldest are given up")
        assert client.info("tls")["tls_unfinished_handshakes"] <= HALF_OPEN_MAX
    for client in held:
        client.close()


# ---- links that fail --------------------------------------------------------------------------


def link_refusal(sentinel, name="mymaster"):
    answer = sentinel.raw("MASTER", name)
    fields = answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2]))
    return fields.get("link-refusal", "")


@pytest.mark.parametrize("why,words", [
    ("foreign", "issued by CN=other of the tests"),
    ("expired", "certificate has expired"),
    ("plain", "does not complete the TLS handshake"),
    ("name", "it is not for 127.0.0.1"),
])
def test_tls__a_link_that_is_refused_says_why(place, authority, why, words):
    """One group's trouble is not another's."""
    other = Authority(place.subfolder("other"), "other")
    authority.issue("expired", days=-1)
    authority.issue("elsewhere", alt_names="DNS:elsewhere.example")
    server = {"foreign": Tls(authority, tls_cert_file=other.cert_of("one"), tls_key_file=other.key_of("one")),
              "expired": Tls(authority, "expired"), "plain": None, "name": Tls(authority, "elsewhere")}[why]
    extra = ["tls-verify-names yes"] if why == "name" else []
    good = place.redis(tls=Tls(authority))
    bad = place.redis(tls=server, start=False)
    Process.start(bad)
    sentinel = place.sentinel(place.monitor(bad, "bad", quorum=1), place.monitor(good, "good", quorum=1),
                              tls=Tls(authority), extra=extra)
    wait_until(lambda: words in link_refusal(sentinel, "bad"), 20, "link-refusal says why",
               explain=lambda: link_refusal(sentinel, "bad"))
    assert f"No TLS connection with master bad 127.0.0.1 {bad.port}" in sentinel.log_text()
    wait_until(lambda: "s_down" in sentinel.master("bad")["flags"], 20, "it is down")
    assert sentinel.master("good")["flags"] == "master"
    assert link_refusal(sentinel, "good") == ""


# ---- fleets of both kinds ---------------------------------------------------------------------


def test_tls__groups_with_and_without_under_one_sentinel(place, authority):
    secure, plain = place.redis(tls=Tls(authority)), place.redis()
    tls = Tls(authority, replication=False)
    sentinel = place.sentinel(place.monitor(secure, "secure", quorum=1, tls="yes"),
                              place.monitor(plain, "plain", quorum=1), tls=tls)
    for name in ("secure", "plain"):
        wait_until(lambda n=name: sentinel.master(n)["runid"], 20, f"{name} is known")
    assert "sentinel tls secure yes" in sentinel.conf_text()


def test_tls__a_group_is_moved_at_run_time(place, authority):
    server = place.redis(tls=Tls(authority, plain_port=place.ports.take()))
    tls = Tls(authority, replication=False)
    sentinel = place.sentinel(place.monitor(server, quorum=1), tls=tls)
    wait_until(lambda: "does not" in sentinel.log_text() or "s_down" in sentinel.master("mymaster")["flags"],
               20, "plain text is not understood there")
    assert sentinel.raw("SET", "mymaster", "tls", "yes")
    wait_until(lambda: sentinel.master("mymaster")["flags"] == "master", 20, "it answers over TLS")
    with pytest.raises(redis.ResponseError):
        sentinel.raw("SET", "mymaster", "tls", "perhaps")
    sentinel.restart()
    wait_until(lambda: sentinel.master("mymaster")["flags"] == "master", 20, "and after a restart")


def lines_without_use(authority, ca):
    return [f"tls-cert-file {authority.cert_of('one')}", f"tls-key-file {authority.key_of('one')}",
            f"tls-ca-cert-file {ca}"]


def test_tls__the_first_group_is_moved_at_run_time(place, authority):
    """Neither tls-port nor tls-replication, only certificates."""
    server = place.redis(tls=Tls(authority))
    sentinel = place.sentinel(place.monitor(server, quorum=1), extra=lines_without_use(authority, authority.ca))
    assert sentinel.raw("SET", "mymaster", "tls", "yes")
    wait_until(lambda: sentinel.master("mymaster")["runid"], 20, "it answers over TLS")


def test_tls__certificates_without_use_stop_no_start(place, authority):
    """Stock does not look at them either."""
    lines = lines_without_use(authority, "/nowhere/ca.crt")
    sentinel = place.sentinel(place.monitor(place.redis(), quorum=1), extra=lines)
    assert "cannot read /nowhere/ca.crt" in sentinel.log_text()
    assert sentinel.raw("SET", "mymaster", "tls", "yes")
    wait_until(lambda: "TLS is not configured" in link_refusal(sentinel), 20, "it says why")


def test_tls__half_a_pair_for_links_is_ignored(place, authority):
    """As stock does: the certificate of the port is used."""
    tls = Tls(authority, tls_client_cert_file="/nowhere/client.crt")
    sentinel = place.sentinel(place.monitor(place.redis(tls=Tls(authority)), quorum=1), tls=tls)
    wait_until(lambda: sentinel.master("mymaster")["runid"], 20, "the server answers over TLS")


# ---- certificates that change -----------------------------------------------------------------


def test_tls__new_certificates_are_taken_on_sighup(place, authority):
    authority.issue("own")
    tls = Tls(authority, tls_cert_file=authority.cert_of("own"), tls_key_file=authority.key_of("own"))
    sentinel = place.sentinel(place.monitor(place.redis(tls=Tls(authority))), tls=tls)
    before = peer_certificate(sentinel.port, authority)
    open_one = sentinel.client()
    assert open_one.ping()
    authority.issue("own")
    os.kill(sentinel.pid, signal.SIGHUP)
    wait_until(lambda: peer_certificate(sentinel.port, authority) != before, 20, "another certificate is shown")
    assert open_one.ping()
    assert sentinel.commands.info("tls")["tls_reloads"] == 1

    after = peer_certificate(sentinel.port, authority)
    with open(authority.cert_of("own"), "w", encoding="utf-8") as file:
        file.write("garbage\n")
    os.kill(sentinel.pid, signal.SIGHUP)
    wait_until(lambda: "stay in use" in sentinel.log_text(), 20, "it says what is wrong")
    assert authority.cert_of("own") in sentinel.log_text()
    assert peer_certificate(sentinel.port, authority) == after
    assert sentinel.commands.info("tls")["tls_last_reload"] == "failed"
    authority.issue("own", days=-1)
    os.kill(sentinel.pid, signal.SIGHUP)
    wait_until(lambda: " ended at " in sentinel.log_text(), 20, "one that has ended is not taken")
    authority.issue_early("own")
    os.kill(sentinel.pid, signal.SIGHUP)
    wait_until(lambda: " is not valid before " in sentinel.log_text(), 20, "nor is one that is not valid yet")
    assert peer_certificate(sentinel.port, authority) == after
    open_one.close()


def test_tls__new_certificates_are_found(place, authority):
    authority.issue("own")
    tls = Tls(authority, tls_cert_file=authority.cert_of("own"), tls_key_file=authority.key_of("own"),
              tls_auto_reload_interval=1)
    sentinel = place.sentinel(place.monitor(place.redis(tls=Tls(authority))), tls=tls)
    before = peer_certificate(sentinel.port, authority)
    authority.issue("own")
    wait_until(lambda: peer_certificate(sentinel.port, authority) != before, 20, "another certificate is shown")


def test_tls__an_authority_that_is_overwritten_in_its_folder_is_found(place, authority):
    other = Authority(place.subfolder("other"))  # of the same name
    folder = place.subfolder("authorities")
    number = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", authority.ca], capture_output=True, text=True,
                            check=True).stdout.strip()
    in_folder = os.path.join(folder, number + ".0")
    shutil.copyfile(authority.ca, in_folder)
    tls = Tls(authority, replication=False, tls_ca_cert_file='""', tls_ca_cert_dir=folder, tls_auto_reload_interval=1)
    sentinel = place.sentinel(place.monitor(place.redis()), tls=tls)
    theirs = {"ssl_certfile": other.cert_of("one"), "ssl_keyfile": other.key_of("one")}
    assert can_ping(sentinel) and not can_ping(sentinel, **theirs)
    time_of_folder = os.stat(folder).st_mtime_ns
    shutil.copyfile(other.ca, in_folder)
    assert os.stat(folder).st_mtime_ns == time_of_folder
    wait_until(lambda: can_ping(sentinel, **theirs), 20, "the new authority is trusted")
    assert not can_ping(sentinel), "the old one is trusted no more"


def test_tls__warns_of_a_certificate_that_ends_soon(place, authority):
    authority.issue("short", days=9)
    sentinel = place.sentinel(place.monitor(place.redis(tls=Tls(authority))), tls=Tls(authority, "short"))
    assert "The certificate CN=short for tls-port ends in " in sentinel.log_text()
    info = sentinel.commands.info("tls")
    assert info["tls_server_certificate_subject"] in ("CN=short", {"CN": "short"})
    assert 0 < info["tls_server_certificate_seconds_left"] <= 9 * 86400


# ---- the start --------------------------------------------------------------------------------


@pytest.mark.parametrize("line,words", [
    ("tls-cert-file /nowhere/x.crt", "tls-cert-file: cannot read /nowhere/x.crt: No such file"),
    ("tls-protocols SSLv3", "unknown protocol"),
    ("tls-ca-cert-file \"\"", "Either tls-ca-cert-file or tls-ca-cert-dir"),
])
def test_tls__a_start_that_cannot_be_secure_is_refused(place, authority, line, words):
    sentinel = place.sentinel(place.monitor(6379), tls=Tls(authority), extra=[line], start=False)
    said = subprocess.run([*sentinel.argv, "--check-config"], capture_output=True, text=True, timeout=20, check=False)
    assert said.returncode != 0 and words in said.stdout + said.stderr
    said = subprocess.run(sentinel.argv, capture_output=True, text=True, timeout=20, check=False)
    assert said.returncode == 1 and words in said.stdout + said.stderr
    assert "Failed to configure TLS. Check logs for more info." in said.stdout, "as stock ends"
