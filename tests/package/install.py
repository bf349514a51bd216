#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The life of the Debian package in a root file system of its own. Usage: install.py ROOT DEB NEWER_DEB

ROOT is a minimal Debian that nothing was built in. systemctl.py stands for systemd; Redis servers are real. Ends with
"N passed, N failed" and 1 at the first failure."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import own_network

HERE = Path(__file__).parent
PATIENCE_S = 30
CONF, STATE, LOG = "etc/sentineld/sentinel.conf", "var/lib/sentineld", "var/log/sentineld"
ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
       "DEBIAN_FRONTEND": "noninteractive"}


class Failure(Exception):
    pass


def demand(condition, text):
    if not condition:
        raise Failure(text)


def wait(what, ask):
    """The first true answer."""
    until, found = time.monotonic() + PATIENCE_S, None
    while time.monotonic() < until:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    raise Failure(f"waited {PATIENCE_S} s in vain: {what} ({found!r})")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Room:
    def __init__(self, root, deb, newer):
        self.root, self.processes = Path(root), []
        self.debs = {}
        for name, path in (("deb", deb), ("newer", newer)):
            self.debs[name] = f"/tmp/{Path(path).name}"
            shutil.copy(path, self.path(self.debs[name]))

    def path(self, name):
        return self.root / name.lstrip("/")

    def run(self, *command, check=True):
        """What it printed; a failure tells it."""
        done = subprocess.run(["chroot", self.root, *command], env=ENV, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        demand(done.returncode == 0 or not check, f"{' '.join(command)} exited with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def apt(self, *arguments):
        return self.run("apt-get", "-y", "-qq", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends", *arguments)

    def start(self, *command):
        process = subprocess.Popen(["chroot", self.root, *command], env=ENV, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def cli(self, port, *words):
        return self.run("redis-cli", "-p", str(port), *words, check=False).strip()

    def answers(self, port):
        wait(f"an answer at port {port}", lambda: self.cli(port, "PING") == "PONG")

    def sentinel(self, *words):
        return self.cli(26379, "SENTINEL", *words)

    def field(self, name):
        """Of the group, by SENTINEL MASTER."""
        words = self.sentinel("MASTER", "mymaster").splitlines()
        return words[words.index(name) + 1] if name in words else None

    def uid(self):
        return int(self.run("id", "-u", "sentineld"))

    def owner(self, name):
        return self.run("stat", "-c", "%U:%G %a", f"/{name}").strip()

    def asked(self):
        """What systemctl was asked for since the last call."""
        log = self.path("run/fake-systemd/log")
        text = log.read_text() if log.exists() else ""
        if log.exists():
            log.unlink()
        return text

    def is_enabled(self, unit="sentineld.service"):
        # The link leads nowhere from out here.
        return any(os.path.lexists(wants / unit) for wants in self.path("etc/systemd/system").glob("*.wants"))

    def pid(self, unit="sentineld.service"):
        """Of the running service; None: it does not run."""
        with contextlib.suppress(OSError):
            pid = int(self.path(f"run/fake-systemd/{unit}.pid").read_text())
            return None if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] in "ZX" else pid
        return None

    def end(self):
        for unit in self.path("run/fake-systemd").glob("*.pid"):
            self.run("systemctl", "stop", unit.name.removesuffix(".pid"), check=False)
        for process in self.processes:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def nothing_is_left(room, uid):
    """After purging: no file of that name, none of the user's, no link to a unit."""
    found = room.run("find", "/", "-xdev", "(", "-path", "/tmp", "-o", "-path", "/var/cache/apt", "-o", "-path", "/proc", ")",
                     "-prune", "-o", "(", "-name", "*sentineld*", "-o", "-uid", str(uid), ")", "-print")
    demand(found == "", f"purging left behind:\n{found}")
    demand(not room.path("etc/sentineld").exists(), "the folder of the configuration is still there")


SERVERS = ("redis-server", "redis-sentinel", "logrotate", "python3", "bash-completion", "zsh")


def download(room):
    """All packages that are installed later, when there is no network."""
    room.apt("update")
    room.apt("install", "--download-only", room.debs["deb"])
    room.apt("install", "--download-only", room.debs["deb"], *SERVERS)


def test_installs_with_nothing_but_what_it_depends_on(room):
    room.apt("install", room.debs["deb"])
    demand("sentineld" in room.run("sentineld", "--version"), "no version")
    demand(room.owner("etc/sentineld") == "sentineld:sentineld 2770", room.owner("etc/sentineld"))
    demand(room.owner(CONF) == "sentineld:sentineld 640", room.owner(CONF))
    demand(room.owner(STATE) == "sentineld:sentineld 750", room.owner(STATE))
    demand(room.owner(LOG) == "sentineld:adm 2750", room.owner(LOG))
    demand(room.is_enabled(), "the service is not enabled")
    room.run("runuser", "-u", "sentineld", "--", "sentineld", "--check-config", f"/{CONF}")
    for name in ("usr/share/man/man8/sentineld.8.gz", "usr/share/man/man5/sentineld.conf.5.gz", "etc/logrotate.d/sentineld",
                 "usr/share/doc/sentineld/copyright", "usr/share/doc/sentineld/changelog.Debian.gz",
                 "usr/share/bash-completion/completions/sentineld", "usr/share/zsh/vendor-completions/_sentineld"):
        demand(room.path(name).exists(), f"{name} is missing")
    shadow = room.run("getent", "shadow", "sentineld").split(":")[1]
    demand(shadow[:1] in ("!", "*"), "somebody can log in as sentineld")


def test_purging_leaves_nothing(room):
    uid = room.uid()
    room.apt("purge", "sentineld")
    nothing_is_left(room, uid)


def furnish(room):
    """Servers and a stand-in for systemd, none of them started."""
    policy = room.path("usr/sbin/policy-rc.d")
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    room.apt("install", *SERVERS)
    policy.unlink()
    systemctl = room.path("usr/bin/systemctl")
    systemctl.unlink(missing_ok=True)  # cron may have brought the real one
    shutil.copy(HERE / "systemctl.py", systemctl)
    systemctl.chmod(0o755)
    room.path("run/systemd/system").mkdir(parents=True, exist_ok=True)


def test_enabled_stock_sentinel_keeps_its_port(room):
    furnish(room)
    demand(room.is_enabled("redis-sentinel.service"), "redis-sentinel is not enabled")
    told = room.apt("install", room.debs["deb"])
    demand("redis-sentinel.service is enabled" in told and "neither started nor enabled" in told, told)
    demand(not room.is_enabled() and room.pid() is None, "it was enabled or started all the same")
    demand(" start " not in room.asked(), "systemd was asked to start it")
    room.apt("purge", "sentineld")
    room.run("env", "DPKG_MAINTSCRIPT_PACKAGE=redis-sentinel", "deb-systemd-helper", "disable", "redis-sentinel.service")


def test_running_stock_sentinel_keeps_its_port(room):
    room.path("tmp/stock.conf").write_text("port 26379\nprotected-mode no\ndir /tmp\n")
    stock = room.start("redis-sentinel", "/tmp/stock.conf")
    room.answers(26379)
    told = room.apt("install", room.debs["deb"])
    demand("port 26379 is in use already" in told and "neither started nor enabled" in told, told)
    told = room.run("dpkg", "-i", room.debs["newer"])
    demand("not started" in told, told)
    demand(not room.is_enabled() and room.pid() is None, "it was enabled or started all the same")
    demand(stock.poll() is None and room.cli(26379, "PING") == "PONG", "the stock sentinel did not stay")
    stock.terminate()
    stock.wait()
    room.apt("purge", "sentineld")


def test_service_starts_as_its_user(room):
    room.apt("install", room.debs["deb"])
    room.answers(26379)
    pid = room.pid()
    status = Path(f"/proc/{pid}/status").read_text()
    demand(re.search(rf"^Uid:\s+{room.uid()}\s+{room.uid()}\s", status, re.M), status)
    log = f"{LOG}/sentineld.log"
    demand(room.owner(log).startswith("sentineld:"), room.owner(log))
    demand(not room.owner(log).endswith(("4", "6")), f"everybody may read the log: {room.owner(log)}")


def test_watches_real_servers_and_saves_in_the_edited_file(room):
    room.ports = free_port(), free_port()
    for port, more in ((room.ports[0], ()), (room.ports[1], ("--replicaof", "127.0.0.1", str(room.ports[0])))):
        folder = room.path(f"tmp/{port}")
        folder.mkdir()
        (folder / "redis.conf").write_text(f"port {port}\nbind 127.0.0.1\ndir /tmp/{port}\nsave \"\"\nrepl-diskless-sync-delay 0\n")
        room.start("redis-server", f"/tmp/{port}/redis.conf", *more)
        room.answers(port)
    room.run("systemctl", "stop", "sentineld")
    with room.path(CONF).open("a") as conf:
        conf.write(f"# an operator was here\nsentinel monitor mymaster 127.0.0.1 {room.ports[0]} 1\n"
                   "sentinel down-after-milliseconds mymaster 4321\n")
    room.run("systemctl", "start", "sentineld")
    wait("a known replica", lambda: room.field("num-slaves") == "1")
    wait("a replica that is in order", lambda: room.sentinel("FAILOVER", "mymaster") == "OK")
    wait("the switch", lambda: room.sentinel("get-master-addr-by-name", "mymaster").split() == ["127.0.0.1", str(room.ports[1])])
    wait("the old master as a replica", lambda: "role:slave" in room.cli(room.ports[0], "INFO", "replication"))
    wait("saved state", lambda: f"known-replica mymaster 127.0.0.1 {room.ports[0]}" in room.path(CONF).read_text())
    demand(int(room.field("config-epoch")) > 0, "no epoch")
    demand(room.owner(CONF) == "sentineld:sentineld 640", room.owner(CONF))


def state(room):
    """What an upgrade has to keep."""
    text = room.path(CONF).read_text()
    lines = re.findall(r"^(?:sentinel (?:monitor|down-after|known-|config-epoch|leader-epoch|current-epoch|myid).*|# an operator.*)$",
                       text, re.M)
    return sorted(lines), room.sentinel("MYID"), room.field("config-epoch"), room.field("num-slaves"), room.owner(CONF)


def upgrade_keeps_state(room, deb, *options):
    before, pid = state(room), room.pid()
    demand(len(before[0]) >= 8, f"there is not much to keep: {before}")
    room.run("dpkg", "-i", *options, deb)
    room.answers(26379)
    demand(room.pid() not in (None, pid), "the service was not restarted")
    wait("the group", lambda: room.field("num-slaves") == before[3])
    demand(state(room) == before, f"before {before}\nafter {state(room)}")
    demand(room.sentinel("get-master-addr-by-name", "mymaster").split()[1] == str(room.ports[1]), "another master")


def test_upgrade_keeps_state_and_edited_configuration(room):
    upgrade_keeps_state(room, room.debs["newer"])
    demand("~" in room.run("dpkg-query", "-W", "-f", "${Version}", "sentineld"), "which version is it?")


def test_upgrade_with_another_packaged_configuration_keeps_ours(room):
    folder, deb = room.path("tmp/repacked"), "/tmp/repacked.deb"
    room.run("dpkg-deb", "-R", room.debs["newer"], "/tmp/repacked")
    with (folder / CONF).open("a") as conf:
        conf.write("# a new default\n")
    control = folder / "DEBIAN/control"
    control.write_text(re.sub(r"^(Version: .*)$", r"\1+z", control.read_text(), flags=re.M))
    room.run("dpkg-deb", "--root-owner-group", "-b", "/tmp/repacked", deb)
    shutil.rmtree(folder)
    upgrade_keeps_state(room, deb, "--force-confold")
    demand("# a new default" in room.path(f"{CONF}.dpkg-dist").read_text(), "the new one is nowhere")


def test_log_is_rotated_and_opened_again(room):
    log = room.path(f"{LOG}/sentineld.log")
    old = log.stat().st_ino
    room.run("logrotate", "-f", "/etc/logrotate.d/sentineld")
    room.sentinel("RESET", "nothing")
    wait("a new log", lambda: log.exists() and log.stat().st_ino != old)
    room.cli(26379, "SENTINEL", "SET", "mymaster", "down-after-milliseconds", "4322")
    wait("lines in the new log", lambda: log.stat().st_size > 0)
    demand(room.owner(f"{LOG}/sentineld.log") == "sentineld:adm 640", room.owner(f"{LOG}/sentineld.log"))


def test_instance_runs_beside_it_from_a_file_of_its_own(room):
    port = free_port()
    other = room.path("etc/sentineld/sentinel-other.conf")
    other.write_text(f"port {port}\ndir /var/lib/sentineld-other\nlogfile /var/log/sentineld/other.log\n")
    room.run("chown", "sentineld:sentineld", "/etc/sentineld/sentinel-other.conf")
    room.run("systemctl", "start", "sentineld@other")
    room.answers(port)
    room.other = port


def test_completions_know_directives(room):
    script = 'source /usr/share/bash-completion/completions/sentineld; COMP_WORDS=(sentineld --log); COMP_CWORD=1; ' \
             '_sentineld; echo "${COMPREPLY[*]}"'
    demand("--logfile" in room.run("bash", "-c", script), "bash")
    demand("--logfile" in room.run("zsh", "-fc", "compadd() { print -- $@ }; words=(sentineld --log); CURRENT=2; "
                                   "source /usr/share/zsh/vendor-completions/_sentineld"), "zsh")


def test_removing_stops_and_keeps_files(room):
    room.myid = room.sentinel("MYID")
    room.apt("remove", "sentineld")
    demand(room.pid() is None and room.pid("sentineld@other.service") is None, "it still runs")
    demand(room.cli(26379, "PING") != "PONG" and room.cli(room.other, "PING") != "PONG", "something answers")
    demand(not room.path("usr/bin/sentineld").exists(), "the program is still there")
    for name in (CONF, f"{LOG}/sentineld.log"):
        demand(room.path(name).exists(), f"{name} was removed")


def test_installing_again_goes_on_with_the_old_state(room):
    room.apt("install", "-o", "Dpkg::Options::=--force-confold", room.debs["newer"])
    room.answers(26379)
    demand(room.sentinel("MYID") == room.myid, "another id")
    demand(room.owner(STATE) == "sentineld:sentineld 750", room.owner(STATE))


def test_purging_a_used_one_leaves_nothing(room):
    uid = room.uid()
    room.apt("purge", "sentineld")
    demand(room.cli(26379, "PING") != "PONG", "something answers")
    nothing_is_left(room, uid)


STOCK, DROP_IN = "redis-sentinel.service", "etc/systemd/system/redis-sentinel.service.d/sentineld.conf"


def program_of(pid):
    return Path(os.readlink(f"/proc/{pid}/exe")).name


def test_drop_in_puts_it_into_the_unit_of_stock(room):
    room.run("systemctl", "start", STOCK)
    room.answers(26379)
    room.stock_id = room.sentinel("MYID")
    told = room.apt("install", room.debs["deb"])
    demand("README.md" in told and room.pid() is None, told)
    example = room.path("usr/share/doc/sentineld/examples/systemd/redis-sentinel.service.d/sentineld.conf")
    room.path(DROP_IN).parent.mkdir()
    shutil.copy(example, room.path(DROP_IN))
    room.run("systemctl", "restart", STOCK)
    room.answers(26379)
    demand(program_of(room.pid(STOCK)) == "sentineld", f"it is {program_of(room.pid(STOCK))}")
    demand(room.sentinel("MYID") == room.stock_id, "another id")


def test_upgrade_restarts_it_in_the_unit_of_stock(room):
    pid = room.pid(STOCK)
    room.run("dpkg", "-i", room.debs["newer"])
    room.answers(26379)
    demand(room.pid(STOCK) not in (None, pid) and room.pid() is None, "the wrong service runs")
    demand(program_of(room.pid(STOCK)) == "sentineld" and room.sentinel("MYID") == room.stock_id, "not the same sentinel")


def test_stock_goes_on_after_it(room):
    told = room.apt("purge", "sentineld")
    demand(f"/{DROP_IN} names the program" in told, told)
    room.path(DROP_IN).unlink()
    room.run("systemctl", "restart", STOCK)
    room.answers(26379)
    demand(program_of(room.pid(STOCK)) != "sentineld" and room.sentinel("MYID") == room.stock_id, "not the same sentinel")


TESTS = [value for name, value in list(globals().items()) if name.startswith("test_")]


def main():
    room = Room(*sys.argv[1:4])
    subprocess.run(["mount", "-t", "proc", "proc", room.path("proc")], check=True)
    passed, failed = 0, 0
    try:
        download(room)
        own_network.enter()
        for test in TESTS:
            try:
                test(room)
            except Failure as failure:
                print(f"FAILED {test.__name__}: {failure}")
                for name in ("run/fake-systemd/journal", f"{LOG}/sentineld.log"):
                    if room.path(name).exists():
                        print(f"---- {name}\n{room.path(name).read_text()[-3000:]}")
                failed = 1
                break
            print(f"ok {test.__name__}", flush=True)
            passed += 1
    finally:
        room.end()
        subprocess.run(["umount", "-l", room.path("proc")], check=False)
    print(f"{passed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
