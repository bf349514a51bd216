# SPDX-License-Identifier: BSD-3-Clause
"""A systemd that really runs, as process 1 of namespaces of its own, on this machine's files: what it changes goes to
memory and is gone with it. It has a network of its own, and starts nothing but what it is told to."""

import os
import shutil
import subprocess

from harness.poll import wait_until
from harness.process import Process

SYSTEMD = "/lib/systemd/systemd"
# Of another release, made by debootstrap, for instance; with systemd, redis-sentinel and what our binary needs.
FILES = os.environ.get("SENTINELD_BOOT_FILES", "/")

# $1: an empty folder, $2: the files to boot from. Nothing of the kernel can be changed from inside:
# /sys and /proc/sys are read-only, and rights that reach beyond namespaces are dropped.
BOOT = r"""
set -e
permitted() { "$@" || exit 77; }
room=$1
permitted mount -t tmpfs -o mode=755 tmpfs "$room"
mkdir "$room/changed" "$room/work" "$room/root"
root=$room/root
permitted mount -t overlay -o "lowerdir=$2,upperdir=$room/changed,workdir=$room/work" overlay "$root"
permitted mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
permitted mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup" || true
permitted mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
find "$root/etc/systemd/system" "$root/usr/lib/systemd/system" -maxdepth 1 -name '*.wants' -exec rm -r {} +
printf '[Unit]\nDescription=Nothing but what is started by hand\nWants=systemd-journald.service\n' >"$root/etc/systemd/system/room.target"
: >"$root/etc/machine-id"
ip link set lo up
cd "$root"
mkdir outside
pivot_root . outside
umount -l /outside
rmdir /outside
# As container managers do it: what systemd mounts for a unit from a process of its own (credentials) is seen by the others.
mount --make-rshared /
exec setpriv --bounding-set -sys_module,-sys_time,-sys_boot,-sys_rawio,-syslog,-audit_control,-audit_read,-mac_admin \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 container=sentineld-test /lib/systemd/systemd --unit=room.target
"""


SPACES = "--mount --pid --fork --kill-child --propagation private --net --uts --ipc --cgroup"
# $3: a folder of the cgroup2 tree that is ours.
ENTER = f"""
echo $$ >"$3/cgroup.procs" || exit 77
unshare {SPACES} true || exit 77
exec unshare {SPACES} bash -c "$0" boot "$1" "$2"
"""
NOT_PERMITTED = 77


class NotPermitted(Exception):
    """This machine cannot boot one; the text says why."""


def _cgroup2():
    for path in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        if os.path.exists(os.path.join(path, "cgroup.procs")) and \
                os.path.exists(os.path.join(path, "cgroup.controllers")):
            return path
    raise NotPermitted("there is no cgroup2 tree")


class Booted:
    """Booted by the constructor; NotPermitted if that cannot be done here. close() ends it."""

    def __init__(self, folder):
        if os.geteuid() != 0:
            raise NotPermitted("booting a systemd needs root")
        for tool in (SYSTEMD, "systemctl", "unshare", "nsenter", "setpriv", "ip"):
            if shutil.which(tool) is None:
                raise NotPermitted(f"{tool} is not installed")
        self.room = os.path.join(folder, "room")
        os.mkdir(self.room)
        self.cgroup = os.path.join(_cgroup2(), f"sentineld-test-{os.getpid()}")
        try:
            os.mkdir(self.cgroup)
        except OSError as error:
            raise NotPermitted(f"{self.cgroup}: {error.strerror}") from error
        self.process = Process("systemd", ["bash", "-c", ENTER, BOOT, self.room, FILES, self.cgroup],
                               os.path.join(folder, "systemd.log"))
        self.process.start()
        try:
            wait_until(lambda: self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"), 60,
                       "systemd runs", hopeless=lambda: not self.process.running())
        except AssertionError as error:
            permitted = self.process.running() or self.process.wait() != NOT_PERMITTED
            self.close()
            if permitted:
                raise
            raise NotPermitted(f"namespaces are not permitted: {self.process.log_tail(1)}") from error

    def _init(self):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(children, encoding="utf-8") as file:
            return file.read().split()[0]

    def _inside(self, words):
        return ["nsenter", "--target", self._init(), "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--",
                *map(str, words)]

    def run(self, *words, text=None):
        """A command in there, whatever its exit status; text: its input."""
        return subprocess.run(self._inside(words), input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=120, check=False)

    def do(self, *words, text=None):
        """The output of a command that has to succeed."""
        done = self.run(*words, text=text)
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout.strip()

    def write(self, path, text, mode="644"):
        self.do("install", "-D", "-m", mode, "/dev/stdin", path, text=text)

    def install(self, path, to, mode="755"):
        """A file of outside."""
        with open(path, "rb") as file:
            done = subprocess.run(self._inside(["install", "-D", "-m", mode, "/dev/stdin", to]), stdin=file, check=False,
                                  stderr=subprocess.PIPE, timeout=120)
        assert done.returncode == 0, done.stderr

    def show(self, unit, name):
        return self.do("systemctl", "show", "--value", "-p", name, unit)

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def close(self):
        self.process.end()
        for folder, _, _ in os.walk(self.cgroup, topdown=False):
            # What was killed may take a moment to go.
            wait_until(lambda f=folder: os.rmdir(f) is None, 30, f"{folder} is empty")
