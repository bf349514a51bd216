# SPDX-License-Identifier: BSD-3-Clause
"""Client libraries find the master, write, and follow a failover."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness import Process, wait_until
from harness.tls import Authority, Tls

CLIENTS = Path(__file__).with_name("clients")
# Where the libraries of npm are kept from one run to the next.
BUILD = os.environ.get("SN_CLIENTS_DIR") or os.path.join(tempfile.gettempdir(), "sentineld-clients")
SUBSCRIBERS = ("ioredis.js", "redis.js")


@pytest.fixture(name="modules", scope="session")
def fixture_modules():
    """Installs the libraries; skips where that is not possible."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm or node is not installed (scripts/deps names them)")
    os.makedirs(BUILD, exist_ok=True)
    lock = (CLIENTS / "package-lock.json").read_bytes()
    done = Path(BUILD, "installed")
    if not done.exists() or done.read_bytes() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CLIENTS / name, BUILD)
        try:
            subprocess.run(["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"],
                           cwd=BUILD, capture_output=True, text=True, timeout=60, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"npm ci does not work here: {error}: {error.stderr}")
        done.write_bytes(lock)
    return os.path.join(BUILD, "node_modules")


def start(place, group, program, modules=None):
    ports = ",".join(str(sentinel.port) for sentinel in group.sentinels)
    argv = ([sys.executable] if program.endswith(".py") else ["node"]) + [CLIENTS / program, ports]
    tls = group.sentinels[0].tls
    env = {**({"NODE_PATH": modules} if modules else {}), **(tls.environment() if tls else {})}
    return place.add(Process(program, argv, os.path.join(place.folder, program + ".log"), env)).start()


def beat(server):
    with server.client() as client:
        return int(client.get("beat") or 0)


def follow(place, program, modules=None, tls=None):
    group = place.group(replicas=1, sentinels=3, server_args={"tls": tls}, sentinel_args={"tls": tls})
    client = start(place, group, program, modules)
    wait_until(lambda: beat(group.master) > 3, 40, f"{program} writes", explain=client.log_tail)
    if program in SUBSCRIBERS:
        wait_until(lambda: any(listeners(s) for s in group.sentinels), 40, "it subscribes")
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    before = beat(new)
    wait_until(lambda: beat(new) > before + 3, 40, f"{program} writes to the new master",
               explain=client.log_tail)
    assert client.running()
    # Once more, with the old one back: a planned switchover.
    old.start()
    wait_until(lambda: old.follows(new), 40, "the old master follows")
    group.wait_ready()
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    group.wait_switched(new)
    before = beat(old)
    wait_until(lambda: beat(old) > before + 3, 40, f"{program} writes to the first master again",
               explain=client.log_tail)


def listeners(sentinel):
    """Clients of a library that listen to +switch-master; peers never subscribe."""
    return [c for c in sentinel.commands.client_list(_type="pubsub") if int(c["sub"]) + int(c["psub"]) > 0]


@pytest.fixture(name="tls", params=[False, True], ids=["plain", "tls"])
def fixture_tls(place, request):
    return Tls(Authority(place.subfolder("tls"))) if request.param else None


@pytest.mark.parametrize("program", ["sync.py", "aio.py"])
def test_clients__of_redis_py_follow(place, program, tls):
    follow(place, program, tls=tls)


@pytest.mark.parametrize("program", ["ioredis.js", "redis.js"])
def test_clients__of_node_follow(place, modules, program, tls):
    follow(place, program, modules, tls)


@pytest.mark.parametrize("option", ["-2", "-3"])
def test_clients__redis_cli_asks_and_listens(place, option):
    group = place.group(replicas=1, sentinels=1, quorum=1)
    sentinel = group.sentinels[0]

    def ask(*words):
        return subprocess.run(["redis-cli", option, "-p", str(sentinel.port), *words], timeout=30,
                              capture_output=True, text=True, check=True).stdout.splitlines()
    assert ask("sentinel", "get-master-addr-by-name", "mymaster") == ["127.0.0.1", str(group.master.port)]
    assert ask("ping") == ["PONG"]
    assert ask("sentinel", "masters")[0:2] == (["name", "mymaster"] if option == "-2" else
                                               ["name mymaster", "ip 127.0.0.1"])
    assert "sentinel_masters:1" in ask("info", "sentinel")
    heard = place.add(Process("redis-cli", ["redis-cli", option, "-p", sentinel.port, "psubscribe", "*"],
                              os.path.join(place.folder, "heard"))).start()
    wait_until(lambda: "psubscribe" in heard.log_text(), 20, "a subscription")
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    wanted = f"mymaster 127.0.0.1 {old.port} 127.0.0.1 {new.port}"
    wait_until(lambda: wanted in heard.log_text(), 30, "+switch-master", explain=heard.log_text)
