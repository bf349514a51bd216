# SPDX-License-Identifier: BSD-3-Clause
"""Started by systemd or upstart, as process 1, and found by name (PROTOCOL.md §21)."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from harness import OURS, Process, wait_until
from harness.poll import stays_true
from harness.tls import Authority, Tls


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

    def status(self):
        """What `systemctl status` would show."""
        return next(line[7:] for line in reversed(self.lines()) if line.startswith("STATUS="))

    def count(self, line):
        return self.lines().count(line)


def supervised(place, supervisor, *arguments, extra=(), monitors=()):
    sentinel = place.sentinel(*monitors, start=False, arguments=arguments, extra=extra)
    sentinel.env = {"NOTIFY_SOCKET": supervisor.name} if supervisor else {}
    if not supervisor:
        sentinel.argv = ["env", "-u", "NOTIFY_SOCKET", *sentinel.argv]
    return sentinel


def started(place, supervisor, extra=(), monitors=(), **env):
    sentinel = supervised(place, supervisor, "--supervised", "systemd", extra=extra, monitors=monitors)
    sentinel.env.update(env)
    sentinel.start()
    wait_until(lambda: "READY=1" in supervisor.lines(), 30, "READY=1")
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
    if sentinel.flavour == OURS:
        assert "Set `supervised auto`" in sentinel.log_text()
    assert sentinel.stop() == 0
    assert supervisor.lines() == []


@pytest.mark.parametrize("name", ["relative", "/nonexistent/socket", "@nobody-binds-this", "/" + "x" * 300])
def test_supervised__by_a_socket_that_nobody_reads_starts_all_the_same(place, name):
    sentinel = place.sentinel(start=False, arguments=["--supervised", "systemd"])
    sentinel.env = {"NOTIFY_SOCKET": name}
    sentinel.start()
    assert told(sentinel) == "no"
    assert "systemd supervision error" in sentinel.log_text()


def test_supervised__upstart_sees_it_stop(place):
    sentinel = supervised(place, None, "--supervised", "auto")
    sentinel.env = {"UPSTART_JOB": "sentinel"}
    Process.start(sentinel)

    def stopped():
        with open(f"/proc/{sentinel.pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(") ", 1)[1][0] == "T"
    wait_until(stopped, 30, "it stops", hopeless=lambda: not sentinel.running())
    sentinel.thaw()
    # Stock stops before it listens.
    wait_until(lambda: told(sentinel) == "upstart", 30, "it goes on")


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


@pytest.mark.ours_only
def test_supervised__status_says_how_many_masters_are_down(place):
    supervisor = Supervisor(place)
    masters = [place.redis(), place.redis()]
    sentinel = started(place, supervisor, monitors=[place.monitor(master, name=f"group{number}", quorum=1)
                                                    for number, master in enumerate(masters)])
    wait_until(lambda: supervisor.status() == "Watching 2 groups, no master down", 30, "all is well", supervisor.lines)
    masters[1].kill()
    wait_until(lambda: supervisor.status() == "Watching 2 groups, 1 master down: group1", 30, "group1 is down",
               supervisor.lines)
    masters[1].start()
    wait_until(lambda: supervisor.status() == "Watching 2 groups, no master down", 30, "all is well", supervisor.lines)
    for number in range(2):
        assert sentinel.raw("REMOVE", f"group{number}") == "OK"
    wait_until(lambda: supervisor.status() == "Watching 0 groups, no master down", 30, "no group", supervisor.lines)
    assert sentinel.stop() == 0
    assert supervisor.status() == "Ending"


@pytest.mark.ours_only
def test_supervised__status_says_that_state_cannot_be_saved(place):
    supervisor = Supervisor(place)
    sentinel = started(place, supervisor)
    subprocess.run(["prlimit", "--pid", str(sentinel.pid), "--fsize=10:"], check=True)
    with pytest.raises(Exception, match="[Ff]ailed to save"):
        sentinel.raw("FLUSHCONFIG")
    wait_until(lambda: "state cannot be saved" in supervisor.status(), 30, "it says so", supervisor.lines)
    subprocess.run(["prlimit", "--pid", str(sentinel.pid), "--fsize=unlimited:"], check=True)
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    wait_until(lambda: supervisor.status() == "Watching 0 groups, no master down", 30, "it is well again",
               supervisor.lines)


@pytest.mark.ours_only
def test_supervised__reload_is_told_with_its_time(place):
    supervisor = Supervisor(place)
    sentinel = started(place, supervisor)
    supervisor.said.clear()
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    sentinel.signal(signal.SIGHUP)
    wait_until(lambda: "READY=1" in supervisor.lines(), 30, "the reload is over", supervisor.lines)
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    told_of_reload = [line for line in supervisor.lines() if not line.startswith("STATUS=")]
    assert told_of_reload[0] == "RELOADING=1" and told_of_reload[2] == "READY=1"
    name, at = told_of_reload[1].split("=")
    assert name == "MONOTONIC_USEC" and before <= int(at) <= after
    assert len(told_of_reload) == 3


@pytest.mark.ours_only
def test_supervised__watchdog_gets_a_sign_of_life_while_the_loop_turns(place):
    supervisor = Supervisor(place)
    sentinel = started(place, supervisor, WATCHDOG_USEC="400000", WATCHDOG_PID="")
    began = time.monotonic()
    wait_until(lambda: supervisor.count("WATCHDOG=1") >= 6, 30, "signs of life", supervisor.lines)
    # The first one comes with the first turn of the loop; the others every 200 ms.
    assert time.monotonic() - began > 0.5
    sentinel.freeze()
    supervisor.lines()
    supervisor.said.clear()
    stays_true(lambda: supervisor.count("WATCHDOG=1") == 0, 0.6, "no sign of life while it hangs")
    sentinel.thaw()
    wait_until(lambda: supervisor.count("WATCHDOG=1") >= 1, 30, "signs of life again")


@pytest.mark.ours_only
@pytest.mark.parametrize("env", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "-1"},
                                 {"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}],
                         ids=["none", "zero", "words", "negative", "of another process"])
def test_supervised__watchdog_that_is_not_ours_gets_nothing(place, env):
    supervisor = Supervisor(place)
    started(place, supervisor, **{"WATCHDOG_USEC": "", "WATCHDOG_PID": "", **env})
    stays_true(lambda: supervisor.count("WATCHDOG=1") == 0, 0.5, "no sign of life")


@pytest.mark.ours_only
def test_supervised__watchdog_of_our_own_process_id_is_ours(place):
    supervisor = Supervisor(place)
    sentinel = supervised(place, supervisor, "--supervised", "systemd")
    sentinel.env.update(WATCHDOG_USEC="200000")
    sentinel.argv = ["/bin/sh", "-c", 'WATCHDOG_PID=$$; export WATCHDOG_PID; exec "$0" "$@"', *sentinel.argv]
    sentinel.start()
    wait_until(lambda: supervisor.count("WATCHDOG=1") >= 2, 30, "signs of life", supervisor.lines)


@pytest.mark.ours_only
def test_supervised__manager_that_reads_nothing_holds_nobody_up(place):
    supervisor = Supervisor(place)
    master = place.redis()
    filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    filler.setblocking(False)
    sentinel = supervised(place, supervisor, "--supervised", "systemd", monitors=[place.monitor(master, quorum=1)])
    with pytest.raises(BlockingIOError):
        while True:
            filler.sendto(b"STATUS=filled", supervisor.name)
    filler.close()
    began = time.monotonic()
    sentinel.start()
    assert time.monotonic() - began < 15
    assert told(sentinel) == "systemd"
    for _ in range(5):
        sentinel.signal(signal.SIGHUP)
        assert sentinel.commands.ping()
    # It reads again, and hears what is true now.
    wait_until(lambda: "READY=1" in supervisor.lines(), 30, "READY=1")
    wait_until(lambda: supervisor.status() == "Watching 1 group, no master down", 30, "the status", supervisor.lines)
    assert sentinel.stop() == 0


@pytest.mark.ours_only
def test_supervised__manager_that_goes_and_comes_back_is_told_again(place):
    supervisor = Supervisor(place)
    sentinel = started(place, supervisor)
    supervisor.socket.close()
    os.unlink(supervisor.name)
    master = place.redis()
    assert sentinel.raw("MONITOR", "mymaster", "127.0.0.1", master.port, "1") == "OK"
    wait_until(lambda: "Cannot notify systemd" in sentinel.log_text(), 30, "it says that nobody listens")
    again = Supervisor(place)
    wait_until(lambda: again.status() == "Watching 1 group, no master down", 30, "the status", again.lines)
    assert sentinel.log_text().count("Cannot notify systemd") == 1, "told once"
    assert sentinel.stop() == 0


@pytest.mark.ours_only
def test_supervised__sighup_during_the_start_does_not_end_it_early(place):
    """Until the id is on disk, which takes two seconds here."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: the disk cannot be slowed down")
    supervisor = Supervisor(place)
    sentinel = supervised(place, supervisor, "--supervised", "systemd")
    sentinel.env["ASAN_OPTIONS"] = "detect_leaks=0"  # which needs to trace, too
    sentinel.argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
                     "-e", "inject=fsync,fdatasync:delay_enter=2s", *sentinel.argv]
    Process.start(sentinel)
    wait_until(lambda: "Watching 0 groups" in sentinel.log_text(), 60, "its start", lambda: sentinel.running())
    inner = int(subprocess.run(["pgrep", "-P", str(sentinel.pid)], stdout=subprocess.PIPE, check=True, text=True).stdout)
    os.kill(inner, signal.SIGHUP)
    wait_until(lambda: "Received SIGHUP" in sentinel.log_text(), 30, "the reload")
    assert "READY=1" not in supervisor.lines() and "RELOADING=1" not in supervisor.lines()
    wait_until(lambda: "READY=1" in supervisor.lines(), 60, "READY=1")
    os.kill(inner, signal.SIGTERM)
    assert sentinel.wait() == 0


def start_with_slow_file(place, path, *arguments, password=None, **options):
    """Opening path takes a second; returns the supervisor, the sentinel and its process."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: the disk cannot be slowed down")
    supervisor = Supervisor(place)
    sentinel = place.sentinel(start=False, arguments=["--supervised", "systemd", *arguments], **options)
    sentinel.password = password
    sentinel.env = {"NOTIFY_SOCKET": supervisor.name, "ASAN_OPTIONS": "detect_leaks=0"}
    sentinel.argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", path, "-e", "trace=openat",
                     "-e", "inject=openat:delay_enter=1s", *sentinel.argv]
    sentinel.start()
    wait_until(lambda: "READY=1" in supervisor.lines(), 60, "READY=1")
    supervisor.said.clear()
    return supervisor, sentinel, int(sentinel.commands.info("server")["process_id"])


def reload_slowly(supervisor, sentinel, inner):
    os.kill(inner, signal.SIGHUP)
    wait_until(lambda: "RELOADING=1" in supervisor.lines(), 30, "RELOADING=1")
    assert "READY=1" not in supervisor.lines()
    assert sentinel.commands.ping(), "nobody waits for the files"
    wait_until(lambda: "READY=1" in supervisor.lines(), 60, "READY=1")


@pytest.mark.ours_only
def test_supervised__reload_is_over_when_the_certificates_are_in_use(place):
    """They are read by a worker, which takes a second here."""
    authority = Authority(place.subfolder("certificates"))
    supervisor, sentinel, inner = start_with_slow_file(place, authority.cert_of("one"), tls=Tls(authority))
    reload_slowly(supervisor, sentinel, inner)
    assert sentinel.commands.info("tls")["tls_reloads"] == 1
    os.kill(inner, signal.SIGTERM)
    assert sentinel.wait() == 0


@pytest.mark.ours_only
def test_supervised__reload_is_over_when_the_passwords_are_in_use(place):
    """The certificates are read again long before."""
    authority = Authority(place.subfolder("certificates"))
    path = os.path.join(place.folder, "password")
    with open(path, "w", encoding="utf-8") as file:
        file.write("s3cret\n")
    supervisor, sentinel, inner = start_with_slow_file(place, path, "--requirepass-file", path,
                                                       tls=Tls(authority), password="s3cret")
    reload_slowly(supervisor, sentinel, inner)
    assert "Password files read again: 1, changed: 0" in sentinel.log_text()
    os.kill(inner, signal.SIGTERM)
    assert sentinel.wait() == 0


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


def test_signal__that_nobody_handles_ends_it(place):
    """As stock: no handler of ours hides it from a supervisor."""
    sentinel = place.sentinel()
    sentinel.signal(signal.SIGUSR1)
    assert sentinel.wait() == -signal.SIGUSR1


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
