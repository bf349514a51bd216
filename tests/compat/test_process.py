# SPDX-License-Identifier: BSD-3-Clause
"""The daemon as a process: ports, signals, log, pid file, options (PROTOCOL.md §3.2, §21)."""

import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from harness import OURS, Process, wait_until


def spoken(port, data):
    """Everything the server says to these bytes until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has seen enough; what it said is here all the same
        said = b""
        while True:
            try:
                more = connection.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return said
            said += more


def test_process__port_in_use_is_named(place):
    running = place.sentinel()
    second = place.sentinel(start=False, arguments=["--port", running.port])
    # Not Sentinel.start(), which waits for an answer: the first one would give it.
    Process.start(second)
    assert second.wait() == 1
    assert f"listening on port {running.port} " in second.log_text()
    assert running.commands.ping()


@pytest.mark.parametrize("data, reply", [
    (b"*1\r\nPING\r\n", b"-ERR Protocol error: expected '$', got 'P'\r\n"),
    (b"*x\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
    (b"*1\r\n$-7\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
    (b'PING "\r\n', b"-ERR Protocol error: unbalanced quotes in request\r\n"),
    (b"y" * 66000, b"-ERR Protocol error: too big inline request\r\n"),
    (b"POST / HTTP/1.1\r\n\r\n", b""),
], ids=["no bulk", "count", "length", "quotes", "too long a line", "http"])
def test_process__garbage_gets_an_error_and_a_close(place, data, reply):
    sentinel = place.sentinel()
    assert spoken(sentinel.port, data) == reply
    assert sentinel.commands.ping()


def test_process__random_bytes_never_end_it(place):
    sentinel = place.sentinel()
    for round_ in range(50):
        with socket.create_connection(sentinel.address, timeout=30) as connection:
            try:
                connection.sendall(os.urandom(1 + 97 * round_) + b"\r\n")
            except OSError:
                pass
    assert sentinel.running() and sentinel.commands.ping()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process__clean_exit_on(place, number):
    group = place.group(replicas=1, sentinels=2)
    sentinel = group.sentinels[0]
    # What it has just heard may still be on its way to the file.
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    before = sentinel.conf_text()
    sentinel.signal(number)
    assert sentinel.wait() == 0
    assert sentinel.conf_text() == before


@pytest.mark.ours_only
def test_process__many_sigints_are_one_or_two(place):
    """Whenever they arrive, none of them has the default action."""
    for _ in range(10):
        sentinel = place.sentinel(place.monitor(6379))
        while sentinel.running():
            sentinel.signal(signal.SIGINT)
        assert sentinel.wait() in (0, 1)


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.ours_only
def test_process__second_sigint_does_not_wait_for_the_disk(place):
    """A sync that takes ten seconds is under way."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: the disk cannot be slowed down")
    sentinel = place.sentinel(place.monitor(6379), start=False)
    sentinel.env = {"ASAN_OPTIONS": "detect_leaks=0"}  # which needs to trace, too
    sentinel.argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
                     "-e", "inject=fsync,fdatasync:delay_enter=10s", *sentinel.argv]
    Process.start(sentinel)
    wait_until(lambda: "Watching 1 group" in sentinel.log_text(), 60, "its start", hopeless=lambda: not sentinel.running())
    inner = int(subprocess.run(["pgrep", "-P", str(sentinel.pid)], stdout=subprocess.PIPE, check=True, text=True).stdout)
    os.kill(inner, signal.SIGINT)
    wait_until(lambda: "Received SIGINT" in sentinel.log_text(), 5, "the end has begun")
    assert sentinel.running()
    os.kill(inner, signal.SIGINT)
    wait_until(lambda: has_ended(inner), 5, "the end")
    assert sentinel.wait(30) == 1  # strace itself sits the delay out


def test_process__shutdown_command_exits_with_0(place):
    sentinel = place.sentinel()
    assert spoken(sentinel.port, b"SHUTDOWN\r\n") == b""
    assert sentinel.wait() == 0


@pytest.mark.ours_only
def test_process__sighup_reopens_the_log(place):
    log = os.path.join(place.folder, "own.log")
    sentinel = place.sentinel(extra=[f"logfile {log}"])
    wait_until(lambda: os.path.getsize(log) > 0, 20, "something is logged")
    os.rename(log, log + ".1")
    sentinel.signal(signal.SIGHUP)
    wait_until(lambda: os.path.exists(log), 20, "the log exists under its name again")
    master = place.redis()
    assert sentinel.raw("MONITOR", "later", "127.0.0.1", master.port, "1") == "OK"

    def logged():
        with open(log, encoding="utf-8") as file:
            return "+monitor master later" in file.read()
    wait_until(logged, 20, "the new file gets the new lines")
    with open(log + ".1", encoding="utf-8") as old:
        assert "+monitor master later" not in old.read()


def test_process__log_lines_have_the_known_form(place):
    master = place.redis()
    sentinel = place.sentinel(place.monitor(master, quorum=2))
    line = re.compile(r"^\d+:X \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3} [.\-*#] \+monitor master "
                      rf"mymaster 127\.0\.0\.1 {master.port} quorum 2$", re.M)
    wait_until(lambda: line.search(sentinel.log_text()), 20, "the +monitor line")
    log = sentinel.log_text()
    assert -1 < log.find("Sentinel ID is") < log.find("+monitor"), "the id comes first"


def read_pid(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert re.match(r"^\d+\n$", text)
    return int(text)


def test_process__daemonize_writes_and_removes_the_pid_file(place):
    pidfile = os.path.join(place.folder, "own.pid")
    log = os.path.join(place.folder, "own.log")
    sentinel = place.sentinel(start=False, extra=["daemonize yes", f"pidfile {pidfile}",
                                                  f"logfile {log}"])
    Process.start(sentinel)
    try:
        assert sentinel.wait() == 0, "the first process leaves at once"
        wait_until(lambda: sentinel.commands.ping(), 30, "the daemon answers")
        pid = read_pid(pidfile)
        assert pid == int(sentinel.commands.info("server")["process_id"]) != sentinel.pid
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(pidfile), 30, "the pid file is gone")
    finally:
        # The daemon is no child of ours: nobody else ends it, whichever step failed.
        if os.path.exists(pidfile):
            os.kill(read_pid(pidfile), signal.SIGKILL)


def daemonized(place, *extra):
    """(sentinel, pid) of a daemon in the background, which ends with the test."""
    pidfile = os.path.join(place.folder, "own.pid")
    sentinel = place.sentinel(start=False, extra=["daemonize yes", f"pidfile {pidfile}", *extra])
    Process.start(sentinel)
    assert sentinel.wait() == 0, "the first process leaves at once"
    wait_until(lambda: sentinel.commands.ping(), 30, "the daemon answers")
    return sentinel, int(sentinel.commands.info("server")["process_id"])


def test_process__in_the_background_has_a_session_and_no_terminal(place):
    sentinel, pid = daemonized(place)
    try:
        assert os.getsid(pid) == pid or os.getsid(pid) != os.getsid(0)
        wait_until(lambda: {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}, 30,
                   "it has let go of the terminal")
        assert sentinel.commands.info("server")["process_supervised"] == "no"
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 30, "it has ended")


def test_process__pid_file_that_cannot_be_written_is_no_reason_not_to_start(place):
    sentinel = place.sentinel(extra=["pidfile /nonexistent/own.pid"])
    if sentinel.flavour == OURS:
        wait_until(lambda: "Cannot write the pid file /nonexistent/own.pid" in sentinel.log_text(), 30, "it says so")
    assert sentinel.stop() == 0


def test_process__pid_file_is_written_in_the_foreground_too(place):
    pidfile = os.path.join(place.folder, "own.pid")
    sentinel = place.sentinel(extra=[f"pidfile {pidfile}"])
    assert read_pid(pidfile) == sentinel.pid
    assert sentinel.stop() == 0
    assert not os.path.exists(pidfile)


@pytest.mark.ours_only
def test_process__start_in_the_background_that_fails_is_told_in_the_foreground(place):
    running = place.sentinel()
    log = os.path.join(place.folder, "own.log")
    second = place.sentinel(start=False, extra=["daemonize yes", f"logfile {log}"], arguments=["--port", running.port])
    Process.start(second)
    assert second.wait() == 1
    assert f"Failed listening on port {running.port} (TCP), aborting." in second.log_text()


@pytest.mark.ours_only
@pytest.mark.parametrize("style, stamp, line", [
    ("legacy", "iso8601", r"\d+:X \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d \* Sentinel ID is [0-9a-f]{40}"),
    ("logfmt", "milliseconds", r'pid=\d+ role=sentinel timestamp="?\d{13}"? level=notice message="Sentinel ID is [0-9a-f]{40}"'),
])
def test_process__log_has_the_form_that_is_asked_for(place, style, stamp, line):
    sentinel = place.sentinel(extra=[f"log-format {style}", f"log-timestamp-format {stamp}"])
    wait_until(lambda: re.search("^" + line + "$", sentinel.log_text(), re.M), 30, "the line about the id")


def test_process__options_on_the_command_line_win(place):
    master = place.redis()
    wrong, right = place.ports.take(), place.ports.take()
    sentinel = place.sentinel(port=wrong, start=False, arguments=[
        "--port", right, "--sentinel", "monitor", "extra", "127.0.0.1", master.port, "1",
        "--loglevel", "debug"])
    sentinel.port = right
    sentinel.start()
    assert list(sentinel.commands.sentinel_masters()) == ["extra"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", wrong), timeout=30).close()
