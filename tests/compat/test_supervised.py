# SPDX-License-Identifier: BSD-3-Clause
"""Started by systemd or upstart, as process 1, and found by name (PROTOCOL.md §21)."""

import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from harness import Process, wait_until


class Supervisor:
    """Binds what NOTIFY_SOCKET names and keeps what is said to it."""

    def __init__(self, place, abstract=False):
        path = os.path.join(place.folder, "notify")
        self.name = "@" + path if abstract else path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + path if abstract else path)
        self.socket.setblocking(False)
        self.said = []

    def lines(self):
        while True:
            try:
                self.said += self.socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self.said


def supervised(place, supervisor, *arguments, extra=()):
    sentinel = place.sentinel(start=False, arguments=arguments, extra=extra)
    sentinel.env = {"NOTIFY_SOCKET": supervisor.name} if supervisor else {"NOTIFY_SOCKET": ""}
    return sentinel


def told(sentinel):
    return sentinel.commands.info("server")["process_supervised"]


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
@pytest.mark.parametrize("mode", ["systemd", "auto", "SystemD"])
def test_supervised__systemd_is_told_when_it_is_ready_and_when_it_ends(place, mode, abstract):
    supervisor = Supervisor(place, abstract)
    # As Debian's unit does it: the file says daemonize yes.
    sentinel = supervised(place, supervisor, "--supervised", mode, "--daemonize", "no",
                          extra=["daemonize yes"])
    sentinel.start()
    wait_until(lambda: "READY=1" in supervisor.lines(), 30, "READY=1")
    assert "STATUS=Ready to accept connections" in supervisor.lines()
    assert "STOPPING=1" not in supervisor.lines()
    assert told(sentinel) == "systemd"
    assert sentinel.stop() == 0
    assert "STOPPING=1" in supervisor.lines()


def test_supervised__by_systemd_stays_in_the_foreground(place):
    supervisor = Supervisor(place)
    sentinel = supervised(place, supervisor, "--supervised", "systemd", extra=["daemonize yes"])
    sentinel.start()
    assert int(sentinel.commands.info("server")["process_id"]) == sentinel.pid
    wait_until(lambda: "READY=1" in supervisor.lines(), 30, "READY=1")


@pytest.mark.parametrize("mode", ["systemd", "auto", "no", "upstart"])
def test_supervised__without_a_supervisor_is_plain(place, mode):
    sentinel = supervised(place, None, "--supervised", mode)
    sentinel.start()
    assert told(sentinel) == "no"
    assert ("NOTIFY_SOCKET not found" in sentinel.log_text()) == (mode == "systemd")


def test_supervised__no_says_nothing_to_a_supervisor(place):
    supervisor = Supervisor(place)
    sentinel = supervised(place, supervisor)
    sentinel.start()
    assert told(sentinel) == "no"
    assert sentinel.stop() == 0
    assert supervisor.lines() == []


@pytest.mark.parametrize("name", ["relative", "/nonexistent/socket", "@nobody-binds-this", "/" + "x" * 300])
def test_supervised__by_a_socket_that_nobody_reads_starts_all_the_same(place, name):
    sentinel = supervised(place, None, "--supervised", "systemd")
    sentinel.env = {"NOTIFY_SOCKET": name}
    sentinel.start()
    assert told(sentinel) == "no"
    assert "systemd supervision error" in sentinel.log_text()


def test_supervised__upstart_sees_it_stop(place):
    sentinel = supervised(place, None, "--supervised", "auto")
    sentinel.env = {"UPSTART_JOB": "sentinel", "NOTIFY_SOCKET": ""}
    Process.start(sentinel)

    def stopped():
        with open(f"/proc/{sentinel.pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(") ", 1)[1][0] == "T"
    wait_until(stopped, 30, "it stops", hopeless=lambda: not sentinel.running())
    sentinel.thaw()
    assert told(sentinel) == "upstart"


@pytest.mark.parametrize("line, expected", [
    ("supervised foo", "upstart, systemd, auto, no"),
    ("set-proc-title foo", "yes"),
    ('proc-title-template "{foo}"', "template format is invalid or contains unknown variables"),
])
def test_supervised__bad_words_end_the_start(place, line, expected):
    sentinel = place.sentinel(start=False, extra=[line])
    Process.start(sentinel)
    assert sentinel.wait() == 1
    assert expected in sentinel.log_text()


@pytest.mark.ours_only
def test_supervised__systemd_is_not_told_before_the_id_is_saved(place):
    supervisor = Supervisor(place)
    blocker = place.subfolder("state")
    sentinel = supervised(place, supervisor, "--supervised", "systemd", "--state-file",
                          os.path.join(blocker, "gone", "s.state"))
    Process.start(sentinel)
    assert sentinel.wait() == 1
    assert "READY=1" not in supervisor.lines()


def comm_and_title(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as comm, \
            open(f"/proc/{pid}/cmdline", encoding="utf-8") as title:
        return comm.read().rstrip("\n"), title.read().rstrip("\0")


def test_name__is_that_by_which_it_was_started(place):
    link = os.path.join(place.folder, "redis-sentinel")
    sentinel = place.sentinel(start=False)
    os.symlink(shutil.which(sentinel.argv[0]), link)
    sentinel.argv[0] = link
    sentinel.start()
    assert comm_and_title(sentinel.pid) == ("redis-sentinel",
                                            f"{link} 127.0.0.1:{sentinel.port} [sentinel]")
    found = subprocess.run(["pgrep", "-x", "redis-sentinel"], stdout=subprocess.PIPE, check=True, text=True)
    assert str(sentinel.pid) in found.stdout.split()


def test_name__of_a_short_command_line_has_room_for_the_whole_title(place):
    # As short as it gets: argv[0] and a path, both of few bytes.
    os.symlink(place.folder, link := f"/tmp/s{os.getpid()}")
    try:
        sentinel = place.sentinel(start=False)
        shutil.copy(sentinel.conf_path, os.path.join(place.folder, "c"))
        sentinel.argv[1:] = [f"{link}/c"]
        sentinel.start()
        _, title = comm_and_title(sentinel.pid)
        assert title == f"{sentinel.argv[0]} 127.0.0.1:{sentinel.port} [sentinel]"
    finally:
        os.unlink(link)


def test_name__title_can_be_chosen_or_left_alone(place):
    chosen = place.sentinel(extra=['proc-title-template "mine {port} {server-mode} {config-file}"'])
    _, title = comm_and_title(chosen.pid)
    assert title == f"mine {chosen.port} [sentinel] {chosen.conf_path}"
    plain = place.sentinel(extra=["set-proc-title no"])
    _, title = comm_and_title(plain.pid)
    assert title.split("\0") == plain.argv


@pytest.mark.ours_only
@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGXFSZ, signal.SIGPIPE, signal.SIGHUP,
                                    signal.SIGUSR2])
def test_signal__is_no_end(place, number):
    sentinel = place.sentinel()
    sentinel.signal(number)
    assert sentinel.commands.ping()
    assert sentinel.stop() == 0


@pytest.mark.ours_only
def test_signal__of_a_file_size_limit_is_a_save_that_fails(place):
    master = place.redis()
    sentinel = place.sentinel(place.monitor(master, quorum=1))
    wait_until(lambda: sentinel.raw("FLUSHCONFIG") == "OK", 30, "a first save")
    subprocess.run(["prlimit", "--pid", str(sentinel.pid), "--fsize=10:"], check=True)
    with pytest.raises(Exception, match="[Ff]ailed to save"):
        sentinel.raw("FLUSHCONFIG")
    subprocess.run(["prlimit", "--pid", str(sentinel.pid), "--fsize=unlimited:"], check=True)
    assert sentinel.raw("FLUSHCONFIG") == "OK"


def zombies(parent):
    listed = subprocess.run(["ps", "--ppid", str(parent), "-o", "stat="], stdout=subprocess.PIPE,
                            check=False, text=True).stdout
    return [line for line in listed.split() if line.startswith("Z")]


@pytest.mark.skipif(os.geteuid() != 0, reason="a PID namespace needs root")
def test_process_1__reaps_what_scripts_leave_behind(place):
    master = place.redis()
    script = os.path.join(place.folder, "script")
    with open(script, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nsleep 0.1 &\nexit 0\n")
    os.chmod(script, 0o755)
    sentinel = place.sentinel(start=False, extra=["sentinel deny-scripts-reconfig no"])
    sentinel.argv = ["unshare", "--pid", "--fork", "--kill-child", *sentinel.argv]
    sentinel.start()
    inner = int(subprocess.run(["pgrep", "-P", str(sentinel.pid)], stdout=subprocess.PIPE, check=True,
                               text=True).stdout)
    with open(f"/proc/{inner}/status", encoding="utf-8") as status:
        assert re.search(r"^NSpid:\t\d+\t1$", status.read(), re.M)
    for number in range(10):
        name = f"group{number}"
        assert sentinel.raw("MONITOR", name, "127.0.0.1", master.port, "1") == "OK"
        assert sentinel.raw("SET", name, "notification-script", script) == "OK"
        assert sentinel.raw("SET", name, "quorum", "2") == "OK"

    def scripts_have_run():
        info = sentinel.commands.info("sentinel")
        return info["sentinel_running_scripts"] == info["sentinel_scripts_queue_length"] == 0
    wait_until(scripts_have_run, 30, "all scripts have ended")
    wait_until(lambda: zombies(inner) == [], 30, "no zombies are left")
    os.kill(inner, signal.SIGTERM)
    assert sentinel.wait() == 0
