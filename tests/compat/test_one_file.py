# SPDX-License-Identifier: BSD-3-Clause
"""The file that state is kept in: whose it is, and what may stand there (DESIGN.md §3)."""

import os
import signal
import socket
import subprocess
import time

import pytest

from harness import Process, wait_until

pytestmark = pytest.mark.ours_only


def second(place, first, *arguments):
    other = place.sentinel(start=False, arguments=["--port", place.ports.take(), *arguments])
    other.argv[1] = first.conf_path
    return other


def test_file__of_a_running_sentinel_is_refused_to_another(place):
    first = place.sentinel()
    for _ in range(2):
        other = second(place, first)
        Process.start(other)
        assert other.wait() == 1
        assert f"{first.conf_path} is in use by another process" in other.log_text()
        # Each save puts a new file there.
        assert first.raw("FLUSHCONFIG") == "OK"
    # Nothing is left behind for it.
    assert sorted(os.listdir(first.folder)) == ["sentinel.conf", "sentinel.log"]


def test_file__with_state_is_refused_to_another(place):
    state = os.path.join(place.folder, "s.state")
    first = place.sentinel(extra=[f"state-file {state}"])
    wait_until(lambda: os.path.exists(state), 30, "the first save")  # until then nothing is there to be locked
    other = place.sentinel(start=False, extra=[f"state-file {state}"])
    Process.start(other)
    assert other.wait() == 1
    assert f"{state} is in use by another process" in other.log_text()
    assert first.raw("FLUSHCONFIG") == "OK"


def test_file__of_the_configuration_may_be_shared_if_state_is_elsewhere(place):
    first = place.sentinel(extra=[f"state-file {place.folder}/a.state"])
    other = second(place, first, "--state-file", f"{place.folder}/b.state")
    Process.start(other)
    wait_until(lambda: "Sentinel ID is" in other.log_text(), 30, "it has started",
               hopeless=lambda: not other.running())


def test_file__is_free_at_once_after_a_kill(place):
    sentinel = place.sentinel()
    identity = sentinel.my_id()
    for _ in range(5):
        sentinel.restart()
        assert sentinel.my_id() == identity
        assert "in use" not in sentinel.log_text()


def ask_id_at_once(sentinel):
    """As soon as it listens; "" if it was refused."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and sentinel.running():
        try:
            with socket.create_connection(("127.0.0.1", sentinel.port), 30) as peer:
                peer.sendall(b"SENTINEL MYID\r\n")
                return peer.recv(100).decode().split("\r\n")[1]
        except OSError:
            pass
    return ""


def test_id__that_was_told_survives_a_kill_at_once(place):
    for _ in range(3):
        # A save of this file takes a while.
        sentinel = place.sentinel(start=False, extra=[f"# a remark, of which there are many: {n}" for n in range(50000)])
        Process.start(sentinel)
        identity = ask_id_at_once(sentinel)
        sentinel.kill()
        assert len(identity) == 40
        sentinel.start()
        assert sentinel.my_id() == identity
        sentinel.kill()


def test_file__of_one_that_is_ending_is_waited_for(place):
    first = place.sentinel()
    first.freeze()
    other = second(place, first)
    Process.start(other)
    time.sleep(0.2)  # it may be waiting by now; either way it has to start
    first.kill()
    wait_until(lambda: "Sentinel ID is" in other.log_text(), 30, "it has started",
               hopeless=lambda: not other.running())


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)],
                         ids=["pipe", "folder", "device"])
def test_file__that_is_none_is_refused_at_once(place, make):
    sentinel = place.sentinel(start=False)
    for path, arguments in [("conf", ["conf"]), ("x.state", ["sentinel.conf", "--state-file", "x.state"]),
                            ("inc", ["sentinel.conf", "--include", "inc"])]:
        path = os.path.join(sentinel.folder, path)
        make(path)
        checked = subprocess.run([sentinel.argv[0], *arguments], cwd=sentinel.folder, timeout=30, check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert checked.returncode == 1
        assert path.rsplit("/", 1)[1] in checked.stdout
        assert "regular file" in checked.stdout or "directory" in checked.stdout.lower()


def test_file__replaced_by_a_pipe_holds_nobody_up(place):
    acl = os.path.join(place.folder, "users.acl")
    with open(acl, "w", encoding="utf-8") as file:
        file.write("user default on nopass ~* &* +@all\n")
    sentinel = place.sentinel(extra=[f"aclfile {acl}"])
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    for path in (sentinel.conf_path, acl):
        os.unlink(path)
        os.mkfifo(path)
    for command in (["SENTINEL", "FLUSHCONFIG"], ["ACL", "LOAD"], ["ACL", "SAVE"]):
        with pytest.raises(Exception):
            sentinel.commands.execute_command(*command)
        assert sentinel.commands.ping()
    os.unlink(sentinel.conf_path)
    assert sentinel.raw("FLUSHCONFIG") == "OK"


def test_file__of_users_behind_a_link_is_the_one_of_the_start(place):
    real, acl, victim = (os.path.join(place.folder, name) for name in ("real.acl", "users.acl", "victim"))
    for path, text in ((real, "user default on nopass ~* &* +@all\n"), (victim, "secret\n")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    os.symlink(real, acl)
    sentinel = place.sentinel(extra=[f"aclfile {acl}"])
    os.unlink(real)
    os.symlink(victim, real)
    assert sentinel.commands.execute_command("ACL", "SAVE")
    with open(victim, encoding="utf-8") as file:
        assert file.read() == "secret\n"
    assert os.path.islink(acl) and not os.path.islink(real)


def test_file__that_a_kill_in_the_middle_leaves_behind_goes_at_the_next_start(place):
    master = place.redis()
    sentinel = place.sentinel(place.monitor(master, quorum=1), extra=["requirepass secret"], start=False,
                              password="secret")
    for _ in range(8):
        sentinel.start()
        for number in range(20):
            sentinel.commands.connection_pool.disconnect()
            sentinel.commands.execute_command("SENTINEL", "SET", "mymaster", "down-after-milliseconds",
                                              str(1000 + number))
        sentinel.signal(signal.SIGKILL)
        sentinel.wait()
    sentinel.start()
    wait_until(lambda: sorted(os.listdir(sentinel.folder)) == ["sentinel.conf", "sentinel.log"], 30,
               "nothing is left behind")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_file__alone_writable_is_enough(place):
    sentinel = place.sentinel(start=False)
    with open(sentinel.conf_path, "w", encoding="utf-8") as conf:
        conf.write(f"port {sentinel.port}\n# mine\n")
    os.chmod(sentinel.conf_path, 0o666)
    os.chmod(sentinel.folder, 0o755)
    os.chmod(place.folder, 0o755)
    sentinel.argv = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "-C", "/",
                     *sentinel.argv]
    sentinel.start()
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    assert "in place and without a journal" in sentinel.log_text()
    assert f"sentinel myid {sentinel.my_id()}" in sentinel.conf_text()
    assert "# mine" in sentinel.conf_text()
    epoch = sentinel.ask_vote(1, 7, "a" * 40)
    assert epoch[2] in (0, 7)


def test_save__is_tried_at_every_start(place):
    sentinel = place.sentinel()
    identity = sentinel.my_id()
    assert sentinel.stop() == 0
    os.chmod(sentinel.folder, 0o755)
    blocker = os.path.join(sentinel.folder, ".sentinel.conf.sentineld-tmp")
    os.mkdir(blocker)  # also root cannot write a file of this name
    os.chmod(sentinel.conf_path, 0o644)
    sentinel.start()
    wait_until(lambda: sentinel.raw("FLUSHCONFIG") == "OK", 30, "another name is found")
    assert sentinel.my_id() == identity
    assert sentinel.stop() == 0
    with open(sentinel.conf_path, encoding="utf-8") as conf:
        text = conf.read()
    os.utime(sentinel.conf_path, (1, 1))
    sentinel.start()
    wait_until(lambda: os.stat(sentinel.conf_path).st_mtime > 1, 30, "it is saved at the start")
    assert sentinel.conf_text() == text


def test_file__of_the_process_id_that_is_a_pipe_holds_nobody_up(place):
    pidfile = os.path.join(place.folder, "s.pid")
    os.mkfifo(pidfile)
    sentinel = place.sentinel(extra=[f"pidfile {pidfile}"])
    assert "Cannot write the pid file" in sentinel.log_text()
    assert sentinel.stop() == 0
    os.unlink(pidfile)
    with open(pidfile, "w", encoding="utf-8") as file:
        file.write("a longer text than an id")
    sentinel.start()
    with open(pidfile, encoding="utf-8") as file:
        assert file.read() == f"{sentinel.pid}\n"
    assert sentinel.stop() == 0
    assert not os.path.exists(pidfile)


def test_log__that_becomes_a_pipe_holds_nobody_up(place):
    log = os.path.join(place.folder, "own.log")
    sentinel = place.sentinel(extra=[f"logfile {log}"])
    os.rename(log, log + ".1")
    os.mkfifo(log)
    sentinel.signal(signal.SIGHUP)
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    with pytest.raises(Exception):
        sentinel.commands.execute_command("SENTINEL", "MONITOR", "m", "no.such.host.invalid", "1", "1")
    assert sentinel.commands.ping()
    # Somebody reads it: it is as good as a file.
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    sentinel.signal(signal.SIGHUP)
    wait_until(lambda: b"reopened the log file" in os.read(reader, 65536), 10, "a line in the pipe")
    os.close(reader)
    assert sentinel.commands.ping()
