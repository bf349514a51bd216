# SPDX-License-Identifier: BSD-3-Clause
"""The HTTP port: scraped, asked through a failover, and abused."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from harness import Group, Process, wait_until

pytestmark = pytest.mark.ours_only

OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    def json(self):
        return json.loads(self.text)


def ask(port, path, method="GET", headers=None, host="127.0.0.1"):
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request(method, path, headers=headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def samples(text):
    """{name{labels}: value} of a scrape."""
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))


def families(text):
    """The family of each sample, in order, each as often as it begins."""
    found, types = [], {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:4]
            assert name not in types, f"two families {name}"
            types[name] = kind
        elif line and not line.startswith("#"):
            name = re.match(r"[a-z_]+", line).group()
            family = next(n for n in (name, re.sub(r"_(total|bucket|sum|count)$", "", name)) if n in types)
            if found[-1:] != [family]:
                found.append(family)
    return found


@pytest.fixture
def watched(place):
    """A group of three sentinels, all with an HTTP port: (group, ports in their order)."""
    ports = [place.ports.take() for _ in range(3)]
    master = place.redis()
    replicas = [place.redis(master) for _ in range(2)]
    for replica in replicas:
        wait_until(lambda r=replica: r.info()["master_link_status"] == "up", 60, f"{replica.name} in sync")
    monitor = place.monitor(master, down_after_ms=500)
    sentinels = [place.sentinel(monitor, extra=[f"http-port {port}"]) for port in ports]
    return Group("mymaster", [master, *replicas], sentinels).wait_ready(), ports


# ---------------------------------------------------------------- what it answers

def test_http__a_scrape_tells_what_the_commands_tell(watched):
    group, ports = watched
    text = ask(ports[0], "/metrics").text
    values = samples(text)
    address = f"127.0.0.1:{group.master.port}"
    of_group = f'{{master_name="mymaster",master_address="{address}"}}'
    assert values[f'redis_sentinel_master_status{{master_name="mymaster",master_address="{address}",master_status="ok"}}'] == "1"
    assert values["redis_sentinel_master_slaves" + of_group] == "2"
    assert values["redis_sentinel_master_ok_slaves" + of_group] == "2"
    assert values["redis_sentinel_master_sentinels" + of_group] == "3"
    assert values["redis_sentinel_master_ok_sentinels" + of_group] == "3"
    assert values["redis_sentinel_master_setting_down_after_milliseconds" + of_group] == "500"
    quorum = group.sentinels[0].commands.execute_command("SENTINEL", "CKQUORUM", "mymaster")
    message = quorum if isinstance(quorum, str) else quorum.decode()
    assert values[f'redis_sentinel_master_ckquorum_status{{master_name="mymaster",message="{message}"}}'] == "1"
    for replica in group.replicas:
        of_replica = f'{{master_name="mymaster",replica_address="127.0.0.1:{replica.port}"}}'
        assert values["sentineld_replica_up" + of_replica] == "1"
        assert int(values["sentineld_replica_lag_bytes" + of_replica]) < 1000000
    assert int(values["sentineld_save_duration_seconds_count"]) > 0
    assert values['sentineld_links{kind="data",state="up"}'] == "3"
    assert values['sentineld_links{kind="sentinel",state="up"}'] == "2"
    order = families(text)
    assert len(order) == len(set(order)), "families are interleaved"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here (scripts/deps --dev)")
def test_http__promtool_finds_nothing_wrong(watched):
    _, ports = watched
    text = ask(ports[0], "/metrics").text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, timeout=60, check=False)
    # 3: matters of style, which the names of redis_exporter have some of.
    assert done.returncode in (0, 3), done.stderr
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("redis_")]
    assert complaints == []


def test_http__both_forms_of_metrics(watched):
    _, ports = watched
    plain = ask(ports[0], "/metrics", headers={"Accept": "text/plain"})
    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# EOF" not in plain.text
    open_form = ask(ports[0], "/metrics", headers={
        "Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"})
    assert open_form.headers["Content-Type"] == OPEN_METRICS
    assert open_form.text.endswith("\n# EOF\n")
    names = {line.split()[2] for line in open_form.text.splitlines() if line.startswith("# TYPE")}
    assert not any(name.endswith("_total") for name in names)
    assert set(samples(open_form.text)) >= set(samples(plain.text))


def test_http__the_open_form_is_well_formed(watched):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason="python3-prometheus-client is not here")
    _, ports = watched
    text = ask(ports[0], "/metrics", headers={"Accept": "application/openmetrics-text"}).text
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert {family.name for family in parser.text_string_to_metric_families(text)} == names


def test_http__both_addresses_of_this_machine(watched):
    _, ports = watched
    assert ask(ports[0], "/livez").text == "alive\n"
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no ::1 here")
    assert ask(ports[0], "/livez", host="::1").text == "alive\n"


def test_http__the_primary_is_followed_through_a_failover(watched):
    group, ports = watched
    old = group.master

    def primary(port, server):
        return ask(port, f"/groups/mymaster/primary?addr=127.0.0.1:{server.port}").status

    assert [primary(port, old) for port in ports] == [200, 200, 200]
    assert all(primary(port, replica) == 503 for port in ports for replica in group.replicas)
    old.kill()
    new = group.wait_switched(old)
    wait_until(lambda: [primary(port, new) for port in ports] == [200, 200, 200], 20, "all name the new primary")
    assert [primary(port, old) for port in ports] == [503, 503, 503]
    other = next(server for server in group.replicas if server is not new)
    path = f"/groups/mymaster/replica?addr=127.0.0.1:{other.port}&lag=10mb"
    wait_until(lambda: ask(ports[0], path).status == 200, 60, "the other replica follows closely")
    down = f"/groups/mymaster/replica?addr=127.0.0.1:{old.port}"
    wait_until(lambda: ask(ports[0], down).status == 503, 20, "the old master is no good replica")
    told = ask(ports[1], "/groups/mymaster").json()
    assert told["primary"]["port"] == new.port and told["primary"]["up"]
    assert {replica["port"] for replica in told["replicas"]} == {old.port, other.port}
    assert ask(ports[1], "/groups").json()["groups"][0]["primary"] == {"host": "127.0.0.1", "port": new.port}

    def total(name):
        return sum(int(value) for port in ports for key, value in samples(ask(port, "/metrics").text).items() if key == name)
    wait_until(lambda: total('sentineld_failovers_total{result="completed"}') == 1, 60, "one failover is counted")
    assert total("sentineld_switches_total") == 3
    assert total("sentineld_votes_total") >= 2
    assert total("sentineld_failover_duration_seconds_count") == 1


def test_http__is_alive_while_all_else_is_down(watched):
    group, ports = watched
    for server in group.servers:
        server.kill()
    wait_until(lambda: ask(ports[0], "/groups/mymaster").json()["status"] == "odown", 30, "the master is O_DOWN")
    assert ask(ports[0], "/livez").status == 200
    assert ask(ports[0], "/readyz").status == 200
    assert ask(ports[0], f"/groups/mymaster/primary?addr=127.0.0.1:{group.master.port}").status == 503


def test_http__is_not_ready_when_nothing_can_be_saved(place):
    port = place.ports.take()
    state = place.subfolder("state")
    sentinel = place.sentinel(extra=[f"http-port {port}", f"state-file {state}/state"])
    wait_until(lambda: ask(port, "/readyz").status == 200, 20, "it is ready")
    shutil.rmtree(state)
    with pytest.raises(redis.ResponseError, match="Failed to save config file"):
        sentinel.commands.execute_command("SENTINEL", "MONITOR", "m1", "127.0.0.1", str(place.ports.take()), "1")
    wait_until(lambda: ask(port, "/readyz").status == 503, 20, "it is not ready")
    answer = ask(port, "/readyz")
    assert "cannot be saved" in answer.text
    assert ask(port, "/livez").status == 200
    assert int(samples(ask(port, "/metrics").text)["sentineld_save_failures_total"]) > 0


# ---------------------------------------------------------------- starting

def test_http__a_port_in_use_is_named_and_ends_the_start(place):
    port = place.ports.take()
    place.sentinel(extra=[f"http-port {port}"])
    second = place.sentinel(start=False, extra=[f"http-port {port}"])
    Process.start(second)
    assert second.wait() == 1
    assert f"127.0.0.1 port {port} (HTTP): address already in use" in second.log_text()
    assert f"Failed listening on port {port} (HTTP), aborting." in second.log_text()


def test_http__is_off_unless_it_is_asked_for(place):
    sentinel = place.sentinel()
    assert "(HTTP)" not in sentinel.log_text()


def test_http__its_lines_stay_in_the_file(place):
    port = place.ports.take()
    sentinel = place.sentinel(extra=[f"http-port {port}", "http-bind 127.0.0.1 -::1"])
    sentinel.commands.execute_command("SENTINEL", "FLUSHCONFIG")
    text = sentinel.conf_text()
    assert f"\nhttp-port {port}\n" in text and "\nhttp-bind 127.0.0.1 -::1\n" in text
    sentinel.restart()
    assert ask(port, "/livez").status == 200


# ---------------------------------------------------------------- abuse

@pytest.fixture
def lonely(place):
    """A sentinel that watches nobody, and its HTTP port."""
    port = place.ports.take()
    return place.sentinel(extra=[f"http-port {port}"]), port


def dial(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def test_http__many_connections_keep_nobody_out(lonely):
    sentinel, port = lonely
    idle = [dial(port) for _ in range(200)]
    try:
        began = time.monotonic()
        assert ask(port, "/livez").status == 200
        assert sentinel.commands.ping()
        assert time.monotonic() - began < 5
    finally:
        for connection in idle:
            connection.close()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: ask(port, "/metrics").status, range(200))) == {200}


def test_http__slow_clients_are_cut(lonely):
    _, port = lonely
    with dial(port) as slow:
        slow.sendall(b"GET /livez HTTP/1.1\r\n")
        began = time.monotonic()
        try:
            while time.monotonic() - began < 40:
                slow.sendall(b"X")
                time.sleep(0.2)
                slow.setblocking(False)
                try:
                    if slow.recv(1) == b"":
                        break
                except BlockingIOError:
                    pass
                slow.setblocking(True)
        except OSError:
            pass
    assert 5 < time.monotonic() - began < 30
    assert ask(port, "/livez").status == 200


@pytest.mark.parametrize("garbage", [b"\0" * 4096, b"\xff" * 100000, b"PING\r\n" * 1000, b"GET /" + b"a" * 100000,
                                     b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20000,
                                     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                                     b"GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"],
                         ids=["zeros", "ones", "resp", "long path", "long head", "long body", "long chunk"])
def test_http__garbage_harms_nobody(lonely, garbage):
    sentinel, port = lonely
    with dial(port) as connection:
        try:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except OSError:
            pass
    assert ask(port, "/livez").status == 200
    assert sentinel.commands.ping()


@pytest.mark.parametrize("method,status", [("HEAD", 200), ("OPTIONS", 200), ("POST", 405), ("PUT", 405), ("DELETE", 405)])
def test_http__methods(lonely, method, status):
    _, port = lonely
    answer = ask(port, "/metrics", method)
    assert answer.status == status
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert (answer.text == "") == (method == "HEAD")
