# SPDX-License-Identifier: BSD-3-Clause
"""The units in contrib/systemd: what systemd says of them, and what the daemon does with the very words of ExecStart."""

import glob
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import our_binary, wait_until
from test_supervised import Supervisor

pytestmark = pytest.mark.ours_only

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "contrib", "systemd")
UNITS = ["sentineld.service", "sentineld@.service"]
# Debian's units, into which the drop-ins go.
STOCK_UNITS = ["redis-sentinel.service", "redis-sentinel@.service", "valkey-sentinel.service", "valkey-sentinel@.service"]
STOCK_FOLDERS = ["/usr/lib/systemd/system", "/lib/systemd/system"]
INSTANCE = "east"


def ours(name):
    return os.path.join(FOLDER, name)


def drop_in(unit):
    return os.path.join(FOLDER, unit + ".d", "sentineld.conf")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def settings(text, name):
    """All values of a setting; an empty one forgets those before it."""
    values = []
    for line in text.splitlines():
        if line.startswith(name + "="):
            value = line.split("=", 1)[1]
            values = values + [value] if value else []
    return values


def stock_unit(name):
    for folder in STOCK_FOLDERS:
        if os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    return pytest.skip(f"{name} is not installed")


def verify(place, unit, text, dropped_in=None):
    """What `systemd-analyze verify` says of text under the name of unit; an instance for a template."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    name = unit.replace("@", "@" + INSTANCE)
    with open(os.path.join(place.folder, unit), "w", encoding="utf-8") as file:
        file.write(text)
    if dropped_in:
        folder = place.subfolder(unit + ".d")
        with open(os.path.join(folder, "sentineld.conf"), "w", encoding="utf-8") as file:
            file.write(dropped_in)
    if name != unit:
        os.symlink(unit, os.path.join(place.folder, name))
    env = {**os.environ, "SYSTEMD_UNIT_PATH": place.folder + ":"}
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", name], cwd=place.folder,
                          env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    # The user is made by the package.
    said = [line for line in done.stdout.splitlines() if place.folder in line or name in line]
    return done.returncode, said


def binary():
    """systemd wants its path without detours."""
    return os.path.realpath(shutil.which(our_binary()))


def installed_here(text):
    """The unit with the binary of this test and a user that is there."""
    text = text.replace("/usr/bin/sentineld", binary())
    return re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.M)


@pytest.mark.parametrize("unit", UNITS)
def test_units__systemd_has_nothing_against_them(place, unit):
    assert verify(place, unit, installed_here(read(ours(unit)))) == (0, [])


@pytest.mark.parametrize("unit", STOCK_UNITS)
def test_units__systemd_has_nothing_against_the_drop_ins(place, unit):
    stock = installed_here(read(stock_unit(unit)))
    dropped_in = installed_here(read(drop_in(unit)))
    assert verify(place, unit, stock, dropped_in) == (0, [])


def test_units__a_mistake_would_be_seen(place):
    text = installed_here(read(ours(UNITS[0])))
    for wrong in (text.replace("ProtectHome=", "ProtectHomes="), text.replace("WatchdogSec=30", "WatchdogSec=soon"),
                  text.replace(binary(), "/nonexistent/sentineld")):
        assert wrong != text
        assert verify(place, UNITS[0], wrong) != (0, [])


@pytest.mark.parametrize("unit", UNITS)
def test_units__say_what_may_have_to_be_loosened(unit):
    """A comment stands above each line that keeps scripts from something."""
    lines = read(ours(unit)).splitlines()
    for setting in ("ProtectHome", "PrivateTmp", "NoExecPaths", "NoNewPrivileges", "CapabilityBoundingSet",
                    "PrivateUsers", "ProtectProc", "MemoryDenyWriteExecute", "RestrictAddressFamilies",
                    "SystemCallFilter", "ReadWritePaths", "WatchdogSec", "LimitNOFILE", "UMask"):
        at = next(number for number, line in enumerate(lines) if line.startswith(setting + "="))
        while not lines[at - 1].startswith("#"):
            at -= 1
            assert lines[at - 1], f"{setting} has no comment"


def test_units__of_instances_differ_in_their_paths_only():
    one, many = (read(ours(unit)) for unit in UNITS)
    def bare(text):
        return [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [line.replace("-%i", "").replace(" (%i)", "") for line in bare(many)] == bare(one)


# The unit, where its ExecStart stands, and the file that it names.
STARTS = [("sentineld.service", ours, "/etc/sentineld/sentinel.conf"),
          ("sentineld@.service", ours, f"/etc/sentineld/sentinel-{INSTANCE}.conf"),
          ("redis-sentinel.service", drop_in, "/etc/redis/sentinel.conf"),
          ("redis-sentinel@.service", drop_in, f"/etc/redis/sentinel-{INSTANCE}.conf"),
          ("valkey-sentinel.service", drop_in, "/etc/valkey/sentinel.conf"),
          ("valkey-sentinel@.service", drop_in, f"/etc/valkey/sentinel-{INSTANCE}.conf")]

# What Debian's sentinel.conf says, with other places.
DEBIAN_CONF = """\
protected-mode no
port {port}
bind 127.0.0.1
daemonize yes
pidfile {folder}/redis-sentinel.pid
logfile {folder}/redis-sentinel.log
dir {folder}
sentinel monitor mymaster 127.0.0.1 6379 2
sentinel down-after-milliseconds mymaster 30000
acllog-max-len 128
sentinel parallel-syncs mymaster 1
sentinel failover-timeout mymaster 180000
sentinel deny-scripts-reconfig yes
SENTINEL resolve-hostnames no
SENTINEL announce-hostnames no
SENTINEL {reboot} mymaster 0
"""


def exec_start(text):
    """(program, words from argv[0] on) of the last ExecStart, as systemd reads it."""
    words = settings(text, "ExecStart")[-1].replace("%i", INSTANCE).split()
    if words[0].startswith("@"):
        return words[0][1:], words[1:]
    return words[0], words


@pytest.mark.parametrize("unit, where, conf_path", STARTS, ids=[start[0] for start in STARTS])
def test_units__start_what_they_say_and_tell_systemd(place, unit, where, conf_path):
    text = read(where(unit))
    program, argv = exec_start(text)
    assert program == "/usr/bin/sentineld" and argv[1] == conf_path
    supervisor = Supervisor(place)
    reboot = "primary-reboot-down-after-period" if "valkey" in unit else "master-reboot-down-after-period"
    sentinel = place.sentinel(start=False)
    with open(sentinel.conf_path, "w", encoding="utf-8") as conf:
        conf.write(DEBIAN_CONF.format(port=sentinel.port, folder=sentinel.folder, reboot=reboot))
    words = [sentinel.conf_path if word == conf_path else word for word in argv[1:]]
    sentinel.argv = ["bash", "-c", 'exec -a "$0" "$@"', argv[0], shutil.which(our_binary()), *words]
    watchdog_s = int(settings(text, "WatchdogSec")[-1])
    sentinel.env = {"NOTIFY_SOCKET": supervisor.name, "WATCHDOG_USEC": str(watchdog_s * 1000000), "WATCHDOG_PID": ""}
    sentinel.start()
    wait_until(lambda: "READY=1" in supervisor.lines(), 30, "READY=1")
    wait_until(lambda: supervisor.status() == "Watching 1 group, no master down", 30, "the status", supervisor.lines)
    assert "WATCHDOG=1" in supervisor.lines()
    with open(f"/proc/{sentinel.pid}/comm", encoding="utf-8") as comm:
        assert comm.read() == os.path.basename(argv[0])[:15] + "\n"
    # PIDFile= of Debian's unit, and the process that systemd has started.
    assert read(os.path.join(sentinel.folder, "redis-sentinel.pid")) == f"{sentinel.pid}\n"
    # ExecReload.
    assert settings(text, "ExecReload") == ["/bin/kill -HUP $MAINPID"]
    supervisor.said.clear()
    os.kill(sentinel.pid, signal.SIGHUP)
    wait_until(lambda: "READY=1" in supervisor.lines(), 30, "the reload is over")
    assert supervisor.lines()[0] == "RELOADING=1"
    assert sentinel.stop() == 0
    assert "STOPPING=1" in supervisor.lines()


@pytest.mark.parametrize("unit", STOCK_UNITS)
def test_units__drop_ins_start_what_stock_starts(unit):
    """With the same words behind the name, so that whatever the unit means still holds."""
    stock = exec_start(read(stock_unit(unit)))
    assert exec_start(read(drop_in(unit)))[1] == stock[1]


@pytest.mark.parametrize("family", ["redis", "valkey"])
def test_units__the_file_of_debian_is_taken_as_it_is(place, family):
    path = f"/etc/{family}/sentinel.conf"
    if not os.path.exists(path):
        pytest.skip(f"{path} is not there")
    done = subprocess.run([our_binary(), "--check-config", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)
    assert not re.search(r":\d+: ", done.stderr), done.stderr
    assert "syntax redis" in done.stdout


def test_units__are_all_tried():
    found = {os.path.relpath(path, FOLDER) for path in glob.glob(os.path.join(FOLDER, "**"), recursive=True)
             if path.endswith((".service", ".conf"))}
    assert found == set(UNITS) | {os.path.join(unit + ".d", "sentineld.conf") for unit in STOCK_UNITS}
    assert {start[0] for start in STARTS} == set(UNITS) | set(STOCK_UNITS)
