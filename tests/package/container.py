#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The image of the Containerfile, without a container engine. Usage: container.py CONTAINERFILE BASE_ROOT RELEASE FOLDER

Builds its root file system in FOLDER (image.py) and runs its command there as the first process of a pid namespace: other
mounts, no capabilities, no privileges to be gained. Ends with "N passed, N failed"."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import image
import own_network

PATIENCE_S = 30
PAGE = Path(__file__).parent.parent.parent / "docs/KUBERNETES.md"
NAMES = ("sentineld", "redis-sentinel", "valkey-sentinel", "redis-server", "valkey-server", "redis-cli", "valkey-cli")
# Mounts what the arguments before "--" say (FROM TO ro|rw), and becomes the command behind it.
ENTER = r"""
set -e
root=$1 read_only=$2 uid=$3 gid=$4 workdir=$5
shift 5
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; [ -e "$root$2" ] || : >"$root$2"; fi
    mount --bind "$1" "$root$2"
    if [ "$3" = ro ]; then mount -o remount,ro,bind "$root$2"; fi
    shift 3
done
shift
mount -t proc proc "$root/proc"
if [ "$read_only" = ro ]; then mount -o remount,ro,bind "$root"; fi
exec chroot "$root" setpriv --reuid "$uid" --regid "$gid" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
    sh -c 'cd "$1" && shift && exec "$@"' enter "$workdir" "$@"
"""


class Failure(Exception):
    pass


def demand(condition, text):
    if not condition:
        raise Failure(text)


def wait(what, ask, seconds=PATIENCE_S):
    """The first true answer."""
    until, found = time.monotonic() + seconds, None
    while time.monotonic() < until:
        found = ask()
        if found:
            return found
        time.sleep(0.05)
    raise Failure(f"waited {seconds} s in vain: {what} ({found!r})")


class Container:
    """One run of the image."""

    def __init__(self, room, *command, mounts=(), user=None, read_only=True):
        uid, gid = (user or room.stage.user).split(":")
        words = list(command) or room.stage.entry + room.stage.command
        self.log = room.folder / f"log-{len(room.containers)}"
        arguments = [str(room.stage.root), "ro" if read_only else "rw", uid, gid, room.stage.workdir]
        arguments += [str(word) for mount in mounts for word in mount] + ["--", *map(str, words)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "bash", "-c", ENTER, "enter",
                 *arguments], env=room.stage.env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        room.containers.append(self)

    def pid(self):
        """The first process, by its number out here; None: gone."""
        with contextlib.suppress(OSError, IndexError):
            return int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])
        return None

    def name(self):
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self.pid()}/exe").resolve().name
        return None

    def children(self, states):
        """Process ids of the first process's children in one of these states."""
        found = []
        for pid in Path(f"/proc/{self.pid()}/task/{self.pid()}/children").read_text().split():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] in states:
                    found.append(pid)
        return found

    def end(self, number=signal.SIGTERM):
        """Its exit status, after the signal."""
        os.kill(wait("the first process", self.pid), number)
        return self.status()

    def status(self):
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"it did not end; its log: {self.said()}") from None

    def kill(self):
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def said(self):
        return self.log.read_text()


class Room:
    def __init__(self, stage, folder):
        self.stage, self.folder, self.containers, self.servers = stage, folder, [], []

    def data(self, owner):
        """A volume for /data; owner: numbers of user and group."""
        folder = self.folder / f"data-{len(self.containers)}-{owner.replace(':', '-')}"
        folder.mkdir(exist_ok=True)
        os.chown(folder, *map(int, owner.split(":")))
        folder.chmod(0o770)
        return folder

    def conf(self, text, owner="999:999", mode=0o640):
        file = self.folder / f"sentinel-{len(self.containers)}.conf"
        file.write_text(text)
        os.chown(file, *map(int, owner.split(":")))
        file.chmod(mode)
        return file

    def cli(self, *words, port=26379):
        done = subprocess.run(["chroot", self.stage.root, "redis-cli", "-p", str(port), *words], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout.strip()

    def answers(self, container):
        def ask():
            if container.process.poll() is not None:
                raise Failure(f"exited with {container.process.returncode}: {container.said()}")
            return self.cli("PING") == "PONG"
        wait("an answer", ask)

    def server(self, port):
        folder = self.folder / f"server-{port}"
        folder.mkdir()
        self.servers.append(subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
                                              "--save", ""], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        wait("a server", lambda: self.cli("PING", port=port) == "PONG")

    def end_containers(self):
        for container in self.containers:
            if container.process.poll() is None:
                container.kill()

    def end(self):
        self.end_containers()
        for server in self.servers:
            server.kill()
            server.wait()


def test_names_and_tools_are_there(room):
    for name in NAMES:
        container = Container(room, name, "--version")
        demand(container.status() == 0, f"{name}: {container.said()}")
    for command in (("sh", "-c", "exit 0"), ("sed", "--version"), ("awk", "BEGIN { exit 0 }"), ("sentineld", "--help")):
        demand(Container(room, *command).status() == 0, f"{command}")


def test_no_user_is_needed_and_root_is_not_it(room):
    uid = room.stage.user.split(":")[0]
    demand(uid.isdigit() and uid != "0", f"a cluster cannot see that {uid} is not root")
    passwd = (room.stage.root / "etc/passwd").read_text()
    demand(not re.search(rf"^[^:]*:[^:]*:{uid}:", passwd, re.M), "the user has a name: nothing shows that it needs none")


def test_default_command_starts_with_a_read_only_root_and_keeps_its_state(room):
    data, ids = room.data("999:999"), []
    for _ in range(2):
        container = Container(room, mounts=[(data, "/data", "rw")])
        room.answers(container)
        demand(container.name() == "sentineld", f"the first process is {container.name()}")
        ids.append(room.cli("SENTINEL", "MYID"))
        demand(container.end(getattr(signal, room.stage.stop_signal)) == 0, container.said())
    demand(len(ids[0]) == 40 and ids[0] == ids[1], f"{ids}")


def test_any_user_of_group_0_will_do(room):
    container = Container(room, mounts=[(room.data("0:0"), "/data", "rw")], user="1000650000:0")
    room.answers(container)
    demand(container.end(signal.SIGINT) == 0, container.said())


def test_single_mounted_file_is_rewritten_in_place(room):
    room.server(7001)
    conf = room.conf("# mounted\nsentinel monitor mymaster 127.0.0.1 7001 1\n")
    before = conf.stat()
    for count in range(2):
        container = Container(room, mounts=[(conf, "/etc/sentineld/sentinel.conf", "rw")])
        room.answers(container)
        demand(room.cli("SENTINEL", "SET", "mymaster", "down-after-milliseconds", str(7000 + count)) == "OK", container.said())
        demand(container.end() == 0, container.said())
    text, after = conf.read_text(), conf.stat()
    demand(f"down-after-milliseconds mymaster {7001}" in text and "# mounted" in text and "sentinel myid" in text, text)
    demand((after.st_ino, after.st_mode, after.st_uid) == (before.st_ino, before.st_mode, before.st_uid), "another file")


def test_file_that_cannot_be_written_works_with_a_state_file(room):
    conf = room.conf("state-file /data/sentinel.state\nsentinel monitor mymaster 127.0.0.1 7001 1\n", owner="0:0", mode=0o644)
    data = room.data("999:999")
    container = Container(room, mounts=[(conf, "/etc/sentineld/sentinel.conf", "ro"), (data, "/data", "rw")])
    room.answers(container)
    demand(container.end() == 0, container.said())
    demand("myid" in (data / "sentinel.state").read_text() and "myid" not in conf.read_text(), "the state is elsewhere")


def test_file_that_cannot_be_written_without_one_says_so(room):
    conf = room.conf("sentinel monitor mymaster 127.0.0.1 7001 1\n", owner="0:0", mode=0o644)
    container = Container(room, mounts=[(conf, "/etc/sentineld/sentinel.conf", "ro")])
    demand(container.status() == 1 and "sentinel.conf" in container.said(), container.said())


def test_wrong_file_ends_with_1_and_a_reason(room):
    conf = room.conf("sentinel monitor mymaster 127.0.0.1 nowhere 1\n")
    container = Container(room, mounts=[(conf, "/etc/sentineld/sentinel.conf", "rw")])
    demand(container.status() == 1 and "nowhere" in container.said(), container.said())


def test_commands_of_charts_start(room):
    """The forms of docs/KUBERNETES.md; in each the file is the chart's own."""
    for command in (("redis-sentinel", "/data/sentinel.conf"), ("valkey-sentinel", "/data/sentinel.conf"),
                    ("redis-server", "/data/sentinel.conf", "--sentinel"), ("redis-server", "--sentinel", "/data/sentinel.conf"),
                    ("valkey-server", "/data/sentinel.conf", "--sentinel", "--protected-mode", "no", "--bind", "127.0.0.1"),
                    ("sh", "-c", "exec redis-server /data/sentinel.conf --sentinel"),
                    # A background process of the script becomes a child of the daemon.
                    ("sh", "-c", "while :; do sleep 0.1; done & exec valkey-sentinel /data/sentinel.conf"),
                    ("sh", "-ec", "exec redis-server /data/sentinel.conf --sentinel - <<EOF\nloglevel verbose\n"
                                  "sentinel announce-ip $(hostname).example\nEOF\n")):
        data = room.data("999:999")
        shutil.copy(room.conf("port 26379\nsentinel monitor mymaster 127.0.0.1 7001 1\n"), data / "sentinel.conf")
        os.chown(data / "sentinel.conf", 999, 999)
        container = Container(room, *command, mounts=[(data, "/data", "rw")])
        room.answers(container)
        demand(room.cli("SENTINEL", "get-master-addr-by-name", "mymaster").split() == ["127.0.0.1", "7001"], str(command))
        demand(container.end() == 0, f"{command}: {container.said()}")


def test_tls_commands_of_charts_start(room):
    """In the file as the Valkey chart writes it, and on the command line as Bitnami's script has it."""
    data = room.data("999:999")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", data / "tls.key", "-out", data / "tls.crt"], check=True, stderr=subprocess.DEVNULL)
    lines = {"port": "0", "tls-port": "26379", "tls-cert-file": "/data/tls.crt", "tls-key-file": "/data/tls.key",
             "tls-ca-cert-file": "/data/tls.crt", "tls-auth-clients": "no", "tls-replication": "yes"}
    options = [word for name, value in lines.items() for word in (f"--{name}", value)]
    file = "".join(f"{name} {value}\n" for name, value in lines.items())
    for command, text in ((["valkey-sentinel", "/data/sentinel.conf"], file),
                          (["redis-server", "/data/sentinel.conf", *options, "--sentinel"], "")):
        (data / "sentinel.conf").write_text(text + "sentinel monitor mymaster 127.0.0.1 7001 1\n")
        for name in ("sentinel.conf", "tls.key"):
            os.chown(data / name, 999, 999)
        container = Container(room, *command, mounts=[(data, "/data", "rw")])
        wait("an answer over TLS", lambda: "PONG" in room.cli("--tls", "--insecure", "PING"))
        demand(container.end() == 0, f"{command}: {container.said()}")


def test_manifest_of_the_page_starts(room):
    """docs/KUBERNETES.md: a file that cannot be written, and the name of the pod on the command line."""
    conf = re.search(r"  sentinel\.conf: \|\n((?:    .*\n)+)", PAGE.read_text()).group(1)
    data = room.data("999:999")
    file = room.conf(textwrap.dedent(conf).replace("redis-0.redis 6379", "localhost 7001"), owner="0:0", mode=0o644)
    container = Container(room, "sentineld", "/etc/sentineld/sentinel.conf", "--sentinel", "announce-ip", "localhost",
                          mounts=[(file, "/etc/sentineld/sentinel.conf", "ro"), (data, "/data", "rw")])
    room.answers(container)
    demand(room.cli("SENTINEL", "CONFIG", "GET", "announce-ip").split()[-1] == "localhost", "another name")
    demand(container.end() == 0, container.said())


def test_start_script_of_the_page_for_bitnami_works_twice(room):
    script = textwrap.dedent(re.search(r"  args:\n    - \|\n((?:      .*\n)+)", PAGE.read_text()).group(1))
    mounted, etc = room.folder / "mounted-etc", room.data("1001:0")
    mounted.mkdir()
    (mounted / "sentinel.conf").write_text("dir \"/tmp\"\nport 26379\nsentinel monitor mymaster 127.0.0.1 7001 2\n"
                                           "sentinel down-after-milliseconds mymaster 60000\n")
    top = "/opt/bitnami/redis-sentinel"
    ids = []
    for _ in range(2):
        container = Container(room, "sh", "-ec", script, user="1001:0",
                              mounts=[(mounted, f"{top}/mounted-etc", "ro"), (etc, f"{top}/etc", "rw")])
        room.answers(container)
        ids.append(room.cli("SENTINEL", "MYID"))
        demand("REDIS-HEADLESS" in room.cli("SENTINEL", "CONFIG", "GET", "announce-ip"), "the name is not announced")
        demand(container.end() == 0, container.said())
    demand(len(ids[0]) == 40 and ids[0] == ids[1], f"{ids}")


def test_orphans_of_scripts_are_reaped(room):
    data = room.data("999:999")
    script = data / "notify.sh"
    script.write_text("#!/bin/sh\nfor i in 1 2 3; do setsid sh -c 'sleep 0.3; echo gone >>/data/orphans' & done\nexit 0\n")
    script.chmod(0o755)
    conf = room.conf("dir /data\nsentinel monitor dead 127.0.0.1 7999 1\nsentinel down-after-milliseconds dead 100\n"
                     "sentinel notification-script dead /data/notify.sh\n")
    container = Container(room, mounts=[(conf, "/etc/sentineld/sentinel.conf", "rw"), (data, "/data", "rw")])
    room.answers(container)
    wait("three orphans", lambda: (data / "orphans").exists() and (data / "orphans").read_text().count("gone") >= 3)
    wait("no zombies", lambda: not container.children("Z"), seconds=5)
    demand(container.end() == 0, container.said())


def test_killed_one_says_so(room):
    container = Container(room, mounts=[(room.data("999:999"), "/data", "rw")])
    room.answers(container)
    demand(container.end(signal.SIGKILL) in (-signal.SIGKILL, 128 + signal.SIGKILL), str(container.process.returncode))


TESTS = [value for name, value in list(globals().items()) if name.startswith("test_")]


def main():
    containerfile, base, release, folder = sys.argv[1:5]
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    stage = image.build(containerfile, base, release, folder)
    sizes = [int(subprocess.run(["du", "-sm", root], check=True, text=True, stdout=subprocess.PIPE).stdout.split()[0])
             for root in (stage.root, base)]
    print(f"image: {sizes[0] - sizes[1]} MB more than its base, user {stage.user}, command {stage.entry + stage.command}", flush=True)
    own_network.enter()
    room, passed, failed = Room(stage, Path(folder)), 0, 0
    try:
        for test in TESTS:
            try:
                test(room)
                print(f"ok {test.__name__}", flush=True)
                passed += 1
            except Failure as failure:
                print(f"FAILED {test.__name__}: {failure}", flush=True)
                failed += 1
            finally:
                room.end_containers()
    finally:
        room.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
