# SPDX-License-Identifier: BSD-3-Clause
"""Started under the names of others: redis-sentinel, valkey-sentinel, and redis-server or valkey-server with --sentinel.
Every command line that stock takes is tried on stock as well (PROTOCOL.md §19.2, §21.1)."""

import os
import re
import shutil
import socket
import subprocess

import pytest
import redis

from harness import OURS, STOCK, VALKEY, Process, our_binary, wait_until
from harness.once import once
from harness.tls import Authority

SENTINEL, SERVER = "sentinel", "server"
FAMILIES = {STOCK: "redis", VALKEY: "valkey"}


def program(place, family, kind, ours):
    """Path of `redis-sentinel`, `valkey-server`, …: a symbolic link to ours, or the real one."""
    name = f"{FAMILIES[family]}-{kind}"
    if not ours:
        found = shutil.which(os.environ.get(name.upper().replace("-", "_"), name))
        if found is None:
            pytest.skip(f"{name} is not installed")
        return found
    link = os.path.join(place.folder, name)
    if not os.path.exists(link):
        os.symlink(shutil.which(our_binary()), link)
    return link


def run(path, *arguments, cwd=None):
    return subprocess.run([path, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=cwd,
                          stderr=subprocess.PIPE, text=True, timeout=30, check=False)


def write(place, name, text):
    path = os.path.join(place.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class Daemon:
    """argv and conf may say CONF, FREE (a port that the file does not name), and what words has. given: its input."""

    def __init__(self, place, path, argv, conf="", given="", master="127.0.0.1 1 2", **words):
        self.free = place.ports.take()
        self.conf_port = place.ports.take()
        for word, value in {**words, "FREE": self.free}.items():
            conf = conf.replace(f" {word}\n", f" {value}\n")
        self.conf = write(place, "own.conf", f"port 1\nport {self.conf_port}\nbind 127.0.0.1\ndir {place.folder}\n"
                                             f"sentinel monitor mymaster {master}\n{conf}")
        words.update(CONF=self.conf, FREE=str(self.free))
        argv = [words.get(word, word) for word in argv]
        entry = write(place, "input", given.replace("FREE", str(self.free)))
        shell = ["/bin/sh", "-c", f'exec "$0" "$@" < {entry}'] if given else []
        self.process = place.add(Process("named", [*shell, path, *argv], os.path.join(place.folder, "own.log")))
        self.process.start()

    def client(self, port, **tls):
        return redis.Redis("127.0.0.1", port, decode_responses=True, socket_timeout=20, **once(), **tls)

    def wait_up(self, port, **tls):
        with self.client(port, **tls) as client:
            wait_until(client.ping, 30, f"it answers on {port}", hopeless=lambda: not self.process.running())

    def shut_down(self, port, **tls):
        """Its exit status."""
        with self.client(port, **tls) as client:
            client.shutdown(nosave=True)
        return self.process.wait()


# Name, arguments, whether the port is the free one.
FORMS = {
    "sentinel": (SENTINEL, ["CONF"], False),
    "sentinel with the flag": (SENTINEL, ["CONF", "--sentinel"], False),
    "server, flag only": (SERVER, ["CONF", "--sentinel"], False),
    "flag last (Bitnami)": (SERVER, ["CONF", "--port", "FREE", "--sentinel"], True),
    "flag in the middle": (SERVER, ["CONF", "--sentinel", "--port", "FREE"], True),
    "flag among others": (SERVER, ["CONF", "--port", "FREE", "--sentinel", "--loglevel", "verbose"], True),
    "two addresses (kubeblocks)": (SERVER, ["CONF", "--sentinel", "--protected-mode", "no", "--bind", "127.0.0.1",
                                            "-::1"], False),
    "addresses in one word": (SERVER, ["CONF", "--sentinel", "--bind", "127.0.0.1 -::1"], False),
    "flag with a directive": (SERVER, ["CONF", "--sentinel", "monitor", "other", "127.0.0.1", "2", "1"], False),
    "more lines on standard input": (SERVER, ["CONF", "--sentinel", "-"], True),
    "the unit of Debian": (SENTINEL, ["CONF", "--supervised", "systemd", "--daemonize", "no"], False),
}
OWN_FORMS = {
    "flag before the file": (SERVER, ["--sentinel", "CONF"], False),
    "file last": (SERVER, ["--port", "FREE", "--sentinel", "CONF"], True),
}


def check_start(place, form, family, ours):
    kind, argv, elsewhere = form
    daemon = Daemon(place, program(place, family, kind, ours), argv, conf="daemonize no\n",
                    given="port FREE\n" if argv[-1] == "-" else "")
    port = daemon.free if elsewhere else daemon.conf_port
    daemon.wait_up(port)
    with daemon.client(port) as client:
        info = client.info("server")
        assert info.get("redis_mode", info.get("server_mode")) == "sentinel"  # the latter is Valkey's
        assert "mymaster" in client.sentinel_masters()
    assert daemon.shut_down(port) == 0


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stock"])
@pytest.mark.parametrize("family", FAMILIES)
def test_names__info_shows_the_name_and_the_path_of_the_start(place, family, ours):
    path = program(place, family, SENTINEL, ours)
    daemon = Daemon(place, path, ["CONF"], conf="daemonize no\n")
    daemon.wait_up(daemon.conf_port)
    with daemon.client(daemon.conf_port) as client:
        info = client.info("server")
    assert info["executable"] == path, "through links"
    assert (info.get("server_name"), info.get("server_mode"), "valkey_version" in info) == (
        ("valkey", "sentinel", True) if FAMILIES[family] == "valkey" else (None, None, False))
    assert daemon.shut_down(daemon.conf_port) == 0


@pytest.mark.ours_only
def test_names__info_shows_an_absolute_path(place):
    link = program(place, STOCK, SENTINEL, True)
    daemon = Daemon(place, os.path.relpath(link), ["CONF"], conf="daemonize no\n")
    daemon.wait_up(daemon.conf_port)
    with daemon.client(daemon.conf_port) as client:
        shown = client.info("server")["executable"]
    assert os.path.isabs(shown) and os.path.normpath(shown) == link
    assert daemon.shut_down(daemon.conf_port) == 0


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stock"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", FORMS)
def test_names__every_command_line_starts(place, form, family, ours):
    check_start(place, FORMS[form], family, ours)


@pytest.mark.ours_only
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", OWN_FORMS)
def test_names__flag_may_stand_before_the_file(place, form, family):
    """Stock takes the file for its value."""
    check_start(place, OWN_FORMS[form], family, True)


@pytest.mark.ours_only
@pytest.mark.parametrize("kind", [SENTINEL, SERVER])
def test_names__a_copy_is_as_good_as_a_link(place, kind):
    path = os.path.join(place.folder, f"valkey-{kind}")
    shutil.copy(shutil.which(our_binary()), path)
    daemon = Daemon(place, path, ["CONF", "--sentinel"])
    daemon.wait_up(daemon.conf_port)
    assert daemon.shut_down(daemon.conf_port) == 0


# Arguments, what the message names (stock's words where it has some).
REFUSED = {
    "server without the flag": (SERVER, ["CONF"], "without --sentinel"),
    "flag in capitals": (SERVER, ["CONF", "--SENTINEL"], "without --sentinel"),
    "flag inside of a word": (SERVER, ["CONF", "--sentinel monitor x 127.0.0.1 2 1"], "without --sentinel"),
    "no file": (SERVER, ["--sentinel"], "needs config file on disk"),
    "standard input only": (SENTINEL, ["-"], "needs config file on disk"),
    "a file that is not there": (SENTINEL, ["/nonexistent.conf"], "can't open config file '/nonexistent.conf'"),
    "version behind the file": (SENTINEL, ["CONF", "--version"], "version"),
    "a value of the flag": (SERVER, ["CONF", "--sentinel", "no"], "sentinel"),
    "nowhere to listen": (SERVER, ["CONF", "--port", "0", "--sentinel"], "Configured to not listen anywhere, exiting."),
}


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stock"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", REFUSED)
def test_names__what_stock_refuses_ends_with_1(place, form, family, ours):
    kind, argv, expected = REFUSED[form]
    conf = write(place, "own.conf", f"port {place.ports.take()}\nbind 127.0.0.1\nsentinel monitor m 127.0.0.1 1 1\n")
    done = run(program(place, family, kind, ours), *[conf if word == "CONF" else word for word in argv],
               cwd=place.folder)
    assert done.returncode == 1
    if ours or "without" not in expected:
        assert expected in done.stdout + done.stderr
    if expected == "without --sentinel" and ours:
        assert f"{FAMILIES[family]}-server was started without --sentinel" in done.stderr
        with open(conf, encoding="utf-8") as file:
            assert "myid" not in file.read(), "nothing was started"


VERSION = re.compile(r"^(?P<who>Redis|Valkey) server v=(?P<number>\d+\.\d+\.\d+) sha=[0-9a-f]+:\d+ malloc=\S+ bits=(32|64) "
                     r"build=\S+\n$")


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stock"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", [SENTINEL, SERVER])
@pytest.mark.parametrize("argv", [["--version"], ["-v"], ["-v", "--sentinel"]], ids=" ".join)
def test_names__version_has_the_form_that_scripts_cut(place, argv, kind, family, ours):
    done = run(program(place, family, kind, ours), *argv)
    assert (done.returncode, done.stderr) == (0, "")
    line = VERSION.match(done.stdout)
    assert line and line["who"].lower() == FAMILIES[family], done.stdout
    cut = subprocess.run(["awk", "{ sub(/^v=/, \"\", $3); print $3 }"], input=done.stdout, stdout=subprocess.PIPE,
                         text=True, check=True)
    assert cut.stdout.strip() == line["number"]


@pytest.mark.ours_only
def test_names__version_is_that_of_info(place):
    daemon = Daemon(place, program(place, STOCK, SERVER, True), ["CONF", "--sentinel"])
    daemon.wait_up(daemon.conf_port)
    with daemon.client(daemon.conf_port) as client:
        told = client.info("server")["redis_version"]
    assert f" v={told} " in run(program(place, STOCK, SENTINEL, True), "--version").stdout
    assert run(our_binary(), "--version").stdout.startswith("sentineld ")


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stock"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", [SENTINEL, SERVER])
@pytest.mark.parametrize("word", ["--help", "-h"])
def test_names__help_goes_where_that_of_stock_goes(place, word, kind, family, ours):
    done = run(program(place, family, kind, ours), word)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Usage: ")
    assert f"{FAMILIES[family]}-server" in done.stderr or ours and kind == SENTINEL


# As charts have them: on the command line, or in the file.
BITNAMI_TLS = ["CONF", "--port", "0", "--tls-port", "FREE", "--tls-cert-file", "CERT", "--tls-key-file", "KEY",
               "--tls-ca-cert-file", "CA", "--tls-replication", "yes", "--tls-auth-clients", "no", "--sentinel"]
VALKEY_TLS = """\
port 0
tls-port FREE
tls-replication yes
tls-auth-clients no
tls-cert-file CERT
tls-key-file KEY
tls-ca-cert-file CA
"""
TLS_FORMS = {
    "Bitnami": (STOCK, SERVER, BITNAMI_TLS, ""),
    "Valkey chart": (VALKEY, SENTINEL, ["CONF"], VALKEY_TLS),
}


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stock"])
@pytest.mark.parametrize("form", TLS_FORMS)
def test_names__command_lines_with_tls_start(place, form, ours):
    family, kind, argv, conf = TLS_FORMS[form]
    authority = Authority(place.subfolder("certificates"))
    tls = {"ssl": True, "ssl_ca_certs": authority.ca, "ssl_check_hostname": False}
    daemon = Daemon(place, program(place, family, kind, ours), argv, conf=conf,
                    CERT=authority.cert_of("one"), KEY=authority.key_of("one"), CA=authority.ca)
    daemon.wait_up(daemon.free, **tls)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", daemon.conf_port), timeout=30).close()
    with daemon.client(daemon.free, **tls) as client:
        assert "mymaster" in client.sentinel_masters()
    assert daemon.shut_down(daemon.free, **tls) == 0


@pytest.mark.ours_only
@pytest.mark.parametrize("form", TLS_FORMS)
def test_names__certificate_that_is_not_there_is_named(place, form):
    family, kind, argv, conf = TLS_FORMS[form]
    daemon = Daemon(place, program(place, family, kind, True), argv, conf=conf, CERT="/nonexistent/tls.crt",
                    KEY="/nonexistent/tls.key", CA="/nonexistent/ca.crt")
    assert daemon.process.wait() == 1
    assert "/nonexistent/" in daemon.process.log_text()


VALKEY_CHART = """\
protected-mode no
dir {folder}
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip localhost
user default off
user sentinel on #{digest} ~* &* +@all
sentinel sentinel-user sentinel
sentinel sentinel-pass s3cret
sentinel auth-user mymaster sentinel
sentinel auth-pass mymaster s3cret
"""
DIGEST = "1ec1c26b50d5d3c58d9583181af8076655fe00756bf7285940ba3670f99fcba0"


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stock"])
def test_names__valkey_chart_starts_and_probes(place, ours):
    daemon = Daemon(place, program(place, VALKEY, SENTINEL, ours), ["CONF"],
                    conf=VALKEY_CHART.format(folder=place.folder, digest=DIGEST))
    cli = shutil.which("valkey-cli") or shutil.which("redis-cli")
    if cli is None:
        pytest.skip("neither valkey-cli nor redis-cli is installed")

    def probe():
        return subprocess.run([cli, "-p", str(daemon.conf_port), "--user", "sentinel", "ping"], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "REDISCLI_AUTH": "s3cret"},
                              timeout=20).stdout.strip() == "PONG"
    wait_until(probe, 30, "the probe of the chart", hopeless=lambda: not daemon.process.running())
    assert daemon.process.stop() == 0


def test_names__bitnami_reads_its_master_back_from_the_file(place):
    ours = os.environ.get("SENTINELD_FLAVOUR", OURS) == OURS
    master = place.redis()
    daemon = Daemon(place, program(place, STOCK, SERVER, ours), ["CONF", "--port", "FREE", "--sentinel"])
    daemon.wait_up(daemon.free)
    with daemon.client(daemon.free) as client:
        assert client.execute_command("SENTINEL", "REMOVE", "mymaster") in (True, "OK")
        assert client.execute_command("SENTINEL", "MONITOR", "mymaster", "127.0.0.1", master.port, 2) in (True, "OK")
        client.execute_command("SENTINEL", "FLUSHCONFIG")
    read = subprocess.run(["awk", "/monitor/ {print $4, $5}", daemon.conf], stdout=subprocess.PIPE, text=True, check=True)
    assert read.stdout == f"127.0.0.1 {master.port}\n"
    assert daemon.shut_down(daemon.free) == 0


@pytest.mark.ours_only
def test_names__haproxy_of_redis_ha_asks_inline(place):
    """Stock has QUIT in Sentinel mode since 7.2."""
    daemon = Daemon(place, program(place, STOCK, SENTINEL, True), ["CONF"])
    daemon.wait_up(daemon.conf_port)
    with socket.create_connection(("127.0.0.1", daemon.conf_port), timeout=30) as connection:
        said = connection.makefile("rb")
        connection.sendall(b"PING\r\n")
        assert said.readline() == b"+PONG\r\n"
        connection.sendall(b"SENTINEL get-master-addr-by-name mymaster\r\n")
        assert [said.readline() for _ in range(5)] == [b"*2\r\n", b"$9\r\n", b"127.0.0.1\r\n", b"$1\r\n", b"1\r\n"]
        connection.sendall(b"QUIT\r\n")
        assert said.readline() == b"+OK\r\n"
        assert said.readline() == b"", "and it closes"
    assert daemon.shut_down(daemon.conf_port) == 0


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stock"])
def test_names__ot_operator_begins_with_no_master(place, ours):
    """masterauth, an include, port twice (Daemon writes it so), and 0.0.0.0 as the master until it says MONITOR."""
    master = place.redis()
    more = write(place, "more.conf", "maxclients 500\n")
    daemon = Daemon(place, program(place, STOCK, SENTINEL, ours), ["CONF"], master="0.0.0.0 6379 1",
                    conf=f"include {more}\nmasterauth x\n")
    daemon.wait_up(daemon.conf_port)
    with daemon.client(daemon.conf_port) as client:
        for words in (["REMOVE", "mymaster"], ["MONITOR", "mymaster", "127.0.0.1", master.port, 1]):
            assert client.execute_command("SENTINEL", *words) in (True, "OK")
        assert client.execute_command("SENTINEL", "RESET", "*") == 1
        wait_until(lambda: client.sentinel_master("mymaster")["flags"] == "master", 30, "the master is up")
    assert daemon.shut_down(daemon.conf_port) == 0
