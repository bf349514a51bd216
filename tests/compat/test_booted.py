# SPDX-License-Identifier: BSD-3-Clause
"""The units in a systemd that really runs: started, reloaded, watched, and stopped by it, inside their walls. Where none can
be booted the tests are skipped, with the reason."""

import shutil

import pytest

from harness import Place, our_binary, wait_until
from harness.booted import Booted, NotPermitted
from test_units import drop_in, ours, stock_unit

pytestmark = pytest.mark.ours_only

# The sanitizers look for leaks by tracing, which the units forbid; and their reports belong into the journal.
SANITIZERS = "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"
PORT = 26379
WELL = "Watching 1 group, no master down"
CONF = """\
port {port}
dir /var/lib/sentineld{instance}
logfile /var/log/sentineld/sentinel{instance}.log
sentinel monitor mymaster 127.0.0.1 6379 1
sentinel down-after-milliseconds mymaster 1000
sentinel deny-scripts-reconfig no
"""


@pytest.fixture(scope="module", name="room")
def booted_room():
    place = Place()
    try:
        room = Booted(place.folder)
    except NotPermitted as error:
        place.close()
        pytest.skip(str(error))
    try:
        room.install(shutil.which(our_binary()), "/usr/bin/sentineld")
        for unit in ("sentineld.service", "sentineld@.service"):
            room.install(ours(unit), f"/etc/systemd/system/{unit}", "644")
            room.write(f"/etc/systemd/system/{unit}.d/sanitizers.conf", SANITIZERS)
        room.do("useradd", "--system", "--user-group", "--home-dir", "/var/lib/sentineld", "sentineld")
        room.do("install", "-d", "-o", "sentineld", "-g", "sentineld", "-m", "2770", "/etc/sentineld")
        room.do("install", "-d", "-o", "sentineld", "-g", "sentineld", "-m", "2750", "/var/log/sentineld")
        room.do("systemctl", "daemon-reload")
        yield room
    finally:
        room.close()
        place.close()


@pytest.fixture(name="master")
def started_master(room):
    room.do("systemctl", "start", "redis-server")
    yield room
    room.run("systemctl", "stop", "sentineld", "sentineld@east", "redis-sentinel", "valkey-sentinel", "redis-server")


def ask(room, *words, port=PORT):
    return room.do("redis-cli", "-p", port, *words)


def wait_status(room, unit, status):
    wait_until(lambda: room.show(unit, "StatusText") == status, 60, f"{unit}: {status}", lambda: room.journal(unit))


def start_ours(room, unit="sentineld", port=PORT, instance="", more=""):
    room.write(f"/etc/sentineld/sentinel{instance}.conf", CONF.format(port=port, instance=instance) + more, "640")
    room.do("chown", "sentineld:sentineld", f"/etc/sentineld/sentinel{instance}.conf")
    started = room.run("systemctl", "start", unit)
    assert started.returncode == 0, room.journal(unit)
    wait_status(room, unit, WELL)


@pytest.mark.parametrize("family", ["redis", "valkey"])
def test_booted__drop_in_takes_debians_unit_over_and_gives_it_back(master, family):
    unit = f"{family}-sentinel.service"
    stock_unit(unit)
    conf, log = f"/etc/{family}/sentinel.conf", f"/var/log/{family}/{family}-sentinel.log"
    master.do("systemctl", "start", unit)
    wait_until(lambda: len(ask(master, "SENTINEL", "MYID")) == 40, 30, "stock answers")
    myid, owner = ask(master, "SENTINEL", "MYID"), master.do("stat", "-c", "%U:%G %a", conf)
    assert "sentineld_version" not in ask(master, "INFO", "server")

    folder = f"/etc/systemd/system/{unit}.d"
    master.install(drop_in(unit), f"{folder}/sentineld.conf", "644")
    master.write(f"{folder}/sanitizers.conf", SANITIZERS)
    master.do("systemctl", "daemon-reload")
    assert master.run("systemctl", "restart", unit).returncode == 0, master.journal(unit)
    assert "sentineld_version" in ask(master, "INFO", "server")
    assert ask(master, "SENTINEL", "MYID") == myid
    wait_status(master, unit, WELL)
    assert master.do("ps", "-o", "comm=", "-p", master.show(unit, "MainPID")) == f"{family}-sentinel"
    assert ask(master, "SENTINEL", "FLUSHCONFIG") == "OK", "its walls let it save"
    assert master.do("stat", "-c", "%U:%G %a", conf) == owner

    master.do("mv", log, log + ".1")
    master.do("systemctl", "reload", unit)
    wait_until(lambda: "reopened the log file" in master.run("cat", log).stdout, 30, "the new log")

    master.do("rm", "-r", folder)
    master.do("systemctl", "daemon-reload")
    master.do("systemctl", "restart", unit)
    assert "sentineld_version" not in ask(master, "INFO", "server")
    assert ask(master, "SENTINEL", "MYID") == myid, "the way back, with the same file"


@pytest.mark.parametrize("how", [["ln", "-s"], ["cp"]], ids=["link", "copy"])
def test_booted__debians_unit_takes_the_binary_in_place_of_its_own(master, how):
    """As dpkg-divert or the images of others do it; the unit is as it was."""
    path, unit = "/usr/bin/redis-sentinel", "redis-sentinel.service"
    stock_unit(unit)
    master.do("mv", path, path + ".stock")
    master.write(f"/etc/systemd/system/{unit}.d/sanitizers.conf", SANITIZERS)
    try:
        master.do(*how, "/usr/bin/sentineld", path)
        master.do("systemctl", "daemon-reload")
        assert master.run("systemctl", "start", unit).returncode == 0, master.journal(unit)
        assert "sentineld_version" in ask(master, "INFO", "server")
        wait_status(master, unit, WELL)
        assert master.do("ps", "-o", "comm=", "-p", master.show(unit, "MainPID")) == "redis-sentinel"
    finally:
        master.do("mv", path + ".stock", path)
        master.do("rm", "-r", f"/etc/systemd/system/{unit}.d")
        master.do("systemctl", "daemon-reload")


# As people write them for stock. The last word says whether systemd hears of the status.
OTHER_UNITS = {
    "forking": ("Type=forking\nPIDFile=/run/other/s.pid\nRuntimeDirectory=other\nExecStart=SENTINEL --daemonize yes "
                "--pidfile /run/other/s.pid\nExecStop=/usr/bin/redis-cli -p 26379 shutdown\n", False),
    "forking, supervised auto": ("Type=forking\nPIDFile=/run/other/s.pid\nRuntimeDirectory=other\nExecStart=SENTINEL "
                                 "--supervised auto --daemonize yes --pidfile /run/other/s.pid\n", False),
    "simple": ("Type=simple\nExecStart=SENTINEL\nExecStop=/usr/bin/redis-cli -p 26379 shutdown\n", False),
    "notify": ("Type=notify\nExecStart=SENTINEL --supervised auto\n", True),
    "notify, below a shell": ("Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'SENTINEL --supervised systemd; exit $?'\n",
                              True),
}


@pytest.mark.parametrize("kind", OTHER_UNITS)
def test_booted__units_of_all_kinds_start_and_end(master, kind):
    text, is_told = OTHER_UNITS[kind]
    master.do("ln", "-sf", "/usr/bin/sentineld", "/usr/local/bin/redis-sentinel")
    master.write("/etc/redis/other.conf", "port 26379\nsentinel monitor mymaster 127.0.0.1 6379 1\n")
    master.do("chown", "redis:redis", "/etc/redis/other.conf")
    master.write("/etc/systemd/system/other.service", SANITIZERS + "User=redis\n" +
                 text.replace("SENTINEL", "/usr/local/bin/redis-sentinel /etc/redis/other.conf"))
    master.do("systemctl", "daemon-reload")
    try:
        assert master.run("systemctl", "start", "other").returncode == 0, master.journal("other")
        wait_until(lambda: ask(master, "PING") == "PONG", 30, "it answers")
        if is_told:
            wait_status(master, "other", WELL)
        assert "sh" in kind or master.show("other", "MainPID") == master.do("pgrep", "-x", "redis-sentinel")
    finally:
        master.do("systemctl", "stop", "other")
    assert (master.show("other", "Result"), master.show("other", "ExecMainStatus")) == ("success", "0")


def test_booted__status_follows_the_masters(master):
    start_ours(master)
    assert "Watching 1 group, no master down" in master.do("systemctl", "status", "--no-pager", "sentineld")
    master.do("systemctl", "stop", "redis-server")
    wait_status(master, "sentineld", "Watching 1 group, 1 master down: mymaster")
    master.do("systemctl", "start", "redis-server")
    wait_status(master, "sentineld", WELL)
    master.do("systemctl", "stop", "sentineld")
    assert master.show("sentineld", "Result") == "success"
    assert master.show("sentineld", "ExecMainStatus") == "0"


SCRIPT = """\
#!/bin/sh
for place in /usr/bin /etc /var/lib/redis /home; do
    if touch "$place/was-here" 2>/dev/null; then echo "wrote to $place" >>/var/log/sentineld/script.log; fi
done
echo "told $*" >>/var/log/sentineld/script.log
"""


def test_booted__scripts_run_inside_the_walls(master):
    master.write("/usr/local/bin/notify", SCRIPT, "755")
    start_ours(master, more="sentinel notification-script mymaster /usr/local/bin/notify\n")
    master.do("systemctl", "stop", "redis-server")

    def log():
        return master.run("cat", "/var/log/sentineld/script.log").stdout
    wait_until(lambda: "told +sdown master mymaster" in log(), 60, "the script has run",
               lambda: master.run("cat", "/var/log/sentineld/sentinel.log").stdout)
    assert "wrote to" not in log()
    assert master.show("sentineld", "User") == "sentineld"
    assert master.do("stat", "-c", "%U", "/var/log/sentineld/script.log") == "sentineld"


def test_booted__what_the_daemon_can_write_cannot_be_run(master):
    for folder in ("/var/log/sentineld", "/var/lib/sentineld", "/etc/sentineld", "/run/sentineld", "/opt",
                   "/etc/sentineld/scripts"):
        master.write(f"{folder}/script", SCRIPT, "755")
    start_ours(master)
    # systemd makes this folder anew, with the tmp of the service.
    master.do("nsenter", "-t", master.show("sentineld", "MainPID"), "-m", "install", "-m", "755", "/opt/script", "/tmp/script")

    def takes(path):
        return ask(master, "SENTINEL", "SET", "mymaster", "notification-script", path) == "OK"
    assert takes("/opt/script") and takes("/etc/sentineld/scripts/script")
    for folder in ("/var/log/sentineld", "/var/lib/sentineld", "/etc/sentineld", "/run/sentineld", "/tmp"):
        assert not takes(f"{folder}/script"), folder


def test_booted__what_can_be_run_cannot_be_written(master):
    master.do("mkdir", "-p", "/etc/sentineld/scripts")
    start_ours(master)
    mounts = master.do("cat", f"/proc/{master.show('sentineld', 'MainPID')}/mountinfo")
    flags = {}
    for line in mounts.splitlines():
        flags[line.split()[4]] = line.split()[5].split(",")  # a later one is above
    open_ones = [path for path, words in flags.items() if "rw" in words and "noexec" not in words
                 and not path.startswith(("/dev/pts", "/sys/fs/cgroup"))]
    assert open_ones == [], mounts
    assert "ro" in flags["/"] and "ro" in flags["/etc/sentineld/scripts"]


def test_booted__instances_run_side_by_side(master):
    start_ours(master)
    start_ours(master, "sentineld@east", PORT + 1, "-east")
    assert ask(master, "SENTINEL", "MYID") != ask(master, "SENTINEL", "MYID", port=PORT + 1)
    assert master.do("stat", "-c", "%U %a", "/var/lib/sentineld-east") == "sentineld 750"
    assert master.do("systemctl", "reload", "sentineld@east") == ""
    assert ask(master, "PING", port=PORT + 1) == "PONG"


# As the comment of the unit has it, and on the command line.
CREDENTIALS = {
    "named in the file": ("", "requirepass-file /run/credentials/sentineld.service/requirepass\n"),
    "named by the unit": ("ExecStart=\nExecStart=/usr/bin/sentineld /etc/sentineld/sentinel.conf --supervised systemd "
                          "--requirepass-file ${CREDENTIALS_DIRECTORY}/requirepass\n", ""),
}


@pytest.mark.parametrize("how", CREDENTIALS)
def test_booted__passwords_come_as_credentials(master, how):
    exec_start, lines = CREDENTIALS[how]
    load = "".join(f"LoadCredential={name}:/etc/sentineld/{name}\n" for name in ("requirepass", "mymaster"))
    folder = "/etc/systemd/system/sentineld.service.d"
    master.write(f"{folder}/credentials.conf", f"[Service]\n{load}{exec_start}")
    master.write("/etc/sentineld/requirepass", "first\n", "600")
    master.write("/etc/sentineld/mymaster", "of-the-group\n", "600")
    ask(master, "CONFIG", "SET", "requirepass", "of-the-group", port=6379)
    master.do("systemctl", "daemon-reload")

    def answer(password):
        return ask(master, "--no-auth-warning", "-a", password, "PING").splitlines()[-1]
    try:
        start_ours(master, more=lines + "sentinel auth-pass-file mymaster /run/credentials/sentineld.service/mymaster\n")
        assert "NOAUTH" in ask(master, "PING") and answer("first") == "PONG"
        assert master.run("setpriv", "--reuid", "sentineld", "--clear-groups", "cat", "/etc/sentineld/requirepass").returncode != 0
        written = master.do("cat", "/etc/sentineld/sentinel.conf", "/var/log/sentineld/sentinel.log")
        assert "first" not in written and "of-the-group" not in written
        # systemd copies the file when the unit starts, and not at a reload.
        master.write("/etc/sentineld/requirepass", "second\n", "600")
        master.do("systemctl", "reload", "sentineld")
        assert answer("first") == "PONG"
        master.do("systemctl", "restart", "sentineld")
        wait_status(master, "sentineld", WELL)
        assert answer("second") == "PONG" and "NOAUTH" in answer("first")
    finally:
        master.do("rm", f"{folder}/credentials.conf", "/etc/sentineld/requirepass", "/etc/sentineld/mymaster")
        master.do("systemctl", "daemon-reload")


def test_booted__one_that_hangs_is_restarted_with_its_id(master):
    master.write("/etc/systemd/system/sentineld.service.d/soon.conf", "[Service]\nWatchdogSec=2\n")
    master.do("systemctl", "daemon-reload")
    try:
        start_ours(master)
        myid, first = ask(master, "SENTINEL", "MYID"), master.show("sentineld", "MainPID")
        before = master.show("sentineld", "NRestarts")
        master.do("sleep", "3")
        assert master.show("sentineld", "MainPID") == first, "one that turns is left alone"
        master.do("kill", "-STOP", first)
        wait_until(lambda: master.show("sentineld", "NRestarts") != before, 60, "the watchdog bites")
        wait_status(master, "sentineld", WELL)
        assert master.show("sentineld", "MainPID") != first
        assert ask(master, "SENTINEL", "MYID") == myid
    finally:
        master.do("rm", "/etc/systemd/system/sentineld.service.d/soon.conf")
        master.do("systemctl", "daemon-reload")


def test_booted__start_that_fails_is_told_and_repeated(master):
    master.do("systemctl", "start", "redis-sentinel")  # has the port
    wait_until(lambda: ask(master, "PING") == "PONG", 30, "stock answers")
    master.write("/etc/sentineld/sentinel.conf", CONF.format(port=PORT, instance=""), "640")
    master.do("chown", "sentineld:sentineld", "/etc/sentineld/sentinel.conf")
    assert master.run("systemctl", "start", "sentineld").returncode != 0
    assert f"Failed listening on port {PORT} (TCP), aborting." in master.journal("sentineld")
    # More often than systemd would try by default.
    wait_until(lambda: int(master.show("sentineld", "NRestarts")) >= 6, 60, "it is tried again and again")
    master.do("systemctl", "stop", "redis-sentinel")
    wait_status(master, "sentineld", WELL)


def test_booted__sanitizers_have_found_nothing(room):
    said = "".join(room.journal(unit) for unit in ("sentineld", "sentineld@east", "redis-sentinel", "valkey-sentinel", "other"))
    assert "Started sentineld.service" in said, "there is a journal"
    assert "Sanitizer" not in said and "runtime error" not in said, said
