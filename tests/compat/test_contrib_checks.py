# SPDX-License-Identifier: BSD-3-Clause
"""contrib/envoy and contrib/consul: the files are well formed, and a sentinel understands their checks."""

import json
import os
import re
import urllib.error
import urllib.request

import pytest

from harness import wait_until

pytestmark = pytest.mark.ours_only

CONTRIB = os.path.join(os.path.dirname(__file__), "../../contrib")


def read(path):
    with open(os.path.join(CONTRIB, path), encoding="utf-8") as file:
        return file.read()


def status(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("name", ["envoy/envoy.yaml", "consul/mymaster.json", "haproxy/haproxy.cfg"])
def test_contrib_checks__are_understood(place, name):
    port = place.ports.take()
    master = place.redis()
    place.sentinel(place.monitor(master, quorum=1), extra=[f"http-port {port}"])
    wait_until(lambda: status(port, f"/groups/mymaster/primary?addr=127.0.0.1:{master.port}") == 200, 20, "the primary is known")
    paths = set(re.findall(r"/groups/mymaster/[^\s\"]+", read(name)))
    assert paths
    for path in paths:
        if "%[srv_name]" in path:
            path = path.replace("%[srv_name]", "10.0.0.2:6379")
        first = path.replace("10.0.0.1:6379", f"127.0.0.1:{master.port}")
        assert status(port, first) == (200 if first != path and "/primary" in path else 503), first


def test_contrib_checks__consul_names_each_server_in_both_roles():
    services = json.loads(read("consul/mymaster.json"))["services"]
    assert len({service["id"] for service in services}) == len(services) == 6
    for service in services:
        address = f"{service['address']}:{service['port']}"
        assert [address in check["http"] and f"/{service['name'].rpartition('-')[2]}?" in check["http"] for check in service["checks"]] == [True]


def test_contrib_checks__envoy_checks_each_server_by_its_own_address():
    yaml = pytest.importorskip("yaml", reason="python3-yaml is not here (scripts/deps --dev)")
    clusters = {cluster["name"]: cluster for cluster in yaml.safe_load(read("envoy/envoy.yaml"))["static_resources"]["clusters"]}
    aggregate = clusters.pop("redis_primary")
    assert aggregate["cluster_type"]["typed_config"]["clusters"] == list(clusters)
    for cluster in clusters.values():
        endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        address = endpoint["address"]["socket_address"]
        assert cluster["health_checks"][0]["http_health_check"]["path"].endswith(f"?addr={address['address']}:{address['port_value']}")
        assert cluster["load_assignment"]["cluster_name"] == cluster["name"]
        assert endpoint["health_check_config"]["address"]["socket_address"]["port_value"] == 9355
