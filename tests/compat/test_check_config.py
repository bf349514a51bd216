# SPDX-License-Identifier: BSD-3-Clause
"""What --check-config tells of the machine, and the start as well (README.md)."""

import os
import subprocess

import pytest

from harness import Process, wait_until
from harness.sentinel import our_binary

pytestmark = pytest.mark.ours_only
# Nobody has it (RFC 5737).
ABSENT = "203.0.113.1"
MONITOR = "sentinel monitor mymaster 127.0.0.1 6379 1\n"


def check(path, *arguments, prefix=()):
    before = sorted(os.walk(os.path.dirname(path)))
    done = subprocess.run([*prefix, our_binary(), "--check-config", path, *arguments], text=True, timeout=60,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert sorted(os.walk(os.path.dirname(path))) == before, "nothing is made"
    return done


def written(place, text, name="c.conf"):
    path = os.path.join(place.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


@pytest.mark.parametrize("line, told", [
    ("logfile /nonexistent/s.log", "logfile /nonexistent/s.log cannot be written"),
    ("logfile /", "logfile / cannot be written"),
    ("logfile {pipe}", "it is a pipe that nobody reads"),
    ("state-file /nonexistent/s.state", "/nonexistent/s.state cannot be written"),
    (f"bind {ABSENT}", f"bind {ABSENT}: "),
    ("unixsocket /nonexistent/s.sock", "unixsocket /nonexistent/s.sock"),
], ids=["logfile", "folder", "pipe", "state-file", "bind", "unixsocket"])
def test_check_config__tells_what_would_end_the_start(place, line, told):
    port = place.ports.take()
    os.mkfifo(pipe := os.path.join(place.folder, "pipe"))
    line = line.replace("{pipe}", pipe)
    path = written(place, f"port {port}\n{MONITOR}{line}\n")
    done = check(path)
    assert done.returncode == 1
    assert told in done.stderr
    started = subprocess.run([our_binary(), path], timeout=60, check=False, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    assert started.returncode == 1


@pytest.mark.parametrize("text, told", [
    ("port 26379\n", "0 groups"),
    (f"{MONITOR}bind 127.0.0.1 -{ABSENT}\n", f"note: bind -{ABSENT}: "),
    (f"{MONITOR}pidfile /nonexistent/s.pid\n", "note: pidfile /nonexistent/s.pid"),
], ids=["no group", "optional address", "pidfile"])
def test_check_config__notes_what_is_no_error(place, text, told):
    done = check(written(place, text))
    assert done.returncode == 0
    assert told in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_check_config__tells_how_state_would_be_saved(place):
    path = written(place, MONITOR)
    other = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "-C", "/"]
    os.chmod(place.folder, 0o755)
    os.chmod(path, 0o644)
    done = check(path, prefix=other)
    assert done.returncode == 1 and "is not writable" in done.stderr
    os.chmod(path, 0o666)
    done = check(path, prefix=other)
    assert done.returncode == 0 and "in place and without a journal" in done.stdout
    journals = place.subfolder("journals")
    os.chmod(journals, 0o777)
    done = check(path, "--dir", journals, prefix=other)
    assert done.returncode == 0 and f"with a journal in {journals}" in done.stdout
    os.chmod(place.folder, 0o777)
    done = check(path, prefix=other)
    assert done.returncode == 0 and "in place" not in done.stdout


def test_check_config__tells_of_a_process_that_has_the_file(place):
    sentinel = place.sentinel()
    done = check(sentinel.conf_path)
    assert done.returncode == 0 and "in use by a running process" in done.stdout
    assert sentinel.stop() == 0
    assert "in use" not in check(sentinel.conf_path).stdout


def test_listening__is_told_of_what_is_listened_on(place):
    sentinel = place.sentinel(start=False)
    text = sentinel.conf_text().replace("bind 127.0.0.1", f"bind 127.0.0.1 -{ABSENT} -127.0.0.2")
    with open(sentinel.conf_path, "w", encoding="utf-8") as conf:
        conf.write(text)
    sentinel.start()
    log = sentinel.log_text()
    assert f"Listening on 127.0.0.1 port {sentinel.port}" in log
    assert f"Listening on 127.0.0.2 port {sentinel.port}" in log
    assert f"Not listening on {ABSENT}" in log
    assert "Listening on -" not in log


def test_save__that_fails_at_the_start_is_told_then(place):
    sentinel = place.sentinel()
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    assert sentinel.stop() == 0
    sentinel.argv = ["prlimit", "--fsize=0:", *sentinel.argv]
    log = os.path.join(place.folder, "start.log")
    os.mkfifo(log)  # no file, so that it may still be written
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    sentinel.log_path = log
    Process.start(sentinel)
    told = b""

    def is_told():
        nonlocal told
        try:
            told += os.read(reader, 65536)
        except BlockingIOError:
            pass
        return b"was not able to save the new configuration on disk" in told
    wait_until(is_told, 30, "the failure is told", hopeless=lambda: not sentinel.running())
    sentinel.end()
    os.close(reader)
    os.unlink(log)


@pytest.mark.parametrize("lines, told", [
    ("sentinel notification-script mymaster /bin/true", "scripts of group mymaster: "),
    ("sentinel down-after-milliseconds mymaster 999", "down-after-milliseconds below 1000 of group mymaster: "),
    ("sentinel rename-command mymaster CONFIG x", "rename-command of group mymaster: "),
    ("sentinel monitor other 127.0.0.1 6379 2", "groups mymaster and other have one master: "),
    ("sentinel resolve-hostnames yes", "resolve-hostnames: "),
    ("sentinel announce-ip name.example", "announce-ip name.example is a name: "),
    ("requirepass pw", "requirepass, user, aclfile: "),
    ("user watcher on nopass +ping", "requirepass, user, aclfile: "),
    ("rename-command SHUTDOWN HALT", "rename-command: "),
    ("logfile sentinel.log", "logfile: "),
    ("supervised systemd", "supervised: "),
    ("include *.none", "include: "),
    ("sentinel tls mymaster no\nstate-file x.state", "state-file, sentinel tls: stock does not start"),
    ("http-port 20001", "http-port: stock does not start"),
    ("http-bind ::1", "http-bind: stock does not start"),
    ("sentinel refused-after-milliseconds mymaster 20", "sentinel refused-after-milliseconds: stock does not start"),
    ("sentinel max-replica-lag mymaster 1mb\nsentinel reborn-empty mymaster failover",
     "sentinel max-replica-lag, sentinel reborn-empty: stock does not start"),
    ("sentinel single-connection yes", "sentinel single-connection: stock does not start"),
], ids=lambda text: text.split(" ")[0] if " " in text else text)
def test_check_config__tells_differences_of_what_the_file_uses(place, lines, told):
    port = place.ports.take()
    head = f"port {port}\ndir {place.folder}\nsentinel monitor mymaster 127.0.0.1 6379 2\n"
    done = check(written(place, head + lines + "\n"))
    assert done.returncode == 0, done.stderr
    differences = [line.split(": differs from redis-sentinel: ")[1] for line in done.stdout.splitlines()
                   if ": differs from redis-sentinel: " in line]
    assert len(differences) == 1 and differences[0].startswith(told), done.stdout


def test_check_config__counts_the_groups_of_a_difference(place):
    port = place.ports.take()
    groups = "".join(f"sentinel monitor m{i} 127.0.0.{i} 6379 1\n" for i in (1, 2, 3))
    done = check(written(place, f"port {port}\n{groups}"))
    assert "differs from redis-sentinel: quorum 1 of group m1 and 2 others: " in done.stdout
    done = check(written(place, f"port {port}\nsentinel monitor m1 127.0.0.1 6379 2\n"))
    assert done.returncode == 0 and "differs" not in done.stdout
    text = f"[sentinel]\nport = {port}\nrequirepass = x\n[master m]\naddress = 127.0.0.1:1\nquorum = 1\n"
    assert "differs" not in check(written(place, text, "c.ini")).stdout
