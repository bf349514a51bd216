# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/clean-room leaves behind and what it leaves alone, with a debootstrap and namespaces that are not
real: nothing is mounted, no root is needed. Run as a program."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

# The first mount in the room stands for the whole run: it makes a file, then waits for what the test says.
FAKES = {
    "id": "echo 0",
    "apt-get": "echo 'Debian|http://mirror.invalid/debian'",
    "apt-config": "true",
    "dpkg": "echo amd64",
    "flock": "true",
    "git": 'mkdir -p "$PLACE/rooms/trixie-amd64/src"; echo 0000000',
    "debootstrap": 'for room; do case $room in /*) break ;; esac; done; '
                   'mkdir "$room" && cd "$room" || exit 1; '
                   'mkdir -p etc/apt/apt.conf.d etc/dpkg/dpkg.cfg.d etc/ssl/certs; '
                   'if [ -n "$UNFINISHED" ]; then mkdir "$room/debootstrap"; echo "no such mirror" >&2; exit 1; fi',
    "setpriv": 'while [ "$1" != private ]; do shift; done; shift; exec "$@"',
    "unshare": "exit 99",
    "mount": 'echo $$ >"$PLACE/entered.new"; mv "$PLACE/entered.new" "$PLACE/entered"; exec sleep "$SECONDS_INSIDE"',
    "pivot_root": "exit 7",
}


class Place:
    """A folder with the fakes and a folder for rooms."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "bin").mkdir()
        for name, body in FAKES.items():
            path = self.folder / "bin" / name
            path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            path.chmod(0o755)
        self.rooms = self.folder / "rooms"
        self.room = self.rooms / "trixie-amd64"

    def start(self, *arguments, seconds="0", unfinished=""):
        env = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "PLACE": str(self.folder),
               "SECONDS_INSIDE": seconds, "UNFINISHED": unfinished}
        return subprocess.Popen(["bash", ROOT / "scripts/clean-room", "trixie", "--folder", self.rooms, *arguments],
                                env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, start_new_session=True)

    def run(self, *arguments, **more):
        program = self.start(*arguments, **more)
        said = program.communicate(timeout=60)[0]
        return said, program.returncode

    def inside(self):
        """Process id of what runs in the room, once it does."""
        entered, until = self.folder / "entered", time.monotonic() + 60
        while not entered.exists():
            demand(time.monotonic() < until, "nothing was started in the room", "")
            time.sleep(0.02)
        pid = int(entered.read_text(encoding="utf-8"))
        entered.unlink()
        return pid


def demand(condition, what, said):
    if not condition:
        sys.exit(f"{what}\n{said}")


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def run_that_ends_removes_the_room(place):
    said, status = place.run()
    demand(status == 7 and "exited with 7" in said, f"not the command's exit status: {status}", said)
    demand(not place.rooms.exists(), "something was left behind", said)


def kept_room_is_left_alone_without_reuse(place):
    said, _ = place.run("--keep")
    demand(place.room.exists() and f"left in {place.room}" in said, "--keep kept nothing", said)
    said, status = place.run()
    demand(status == 1 and "is there already" in said, f"no refusal: {status}", said)
    demand(place.room.exists(), "a refused run removed the room of an earlier one", said)
    said, status = place.run("--reuse")
    demand(status == 7 and place.room.exists(), "a room that was kept did not outlive its reuse", said)


def interrupted_run_ends_everything(place):
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        program = place.start(seconds="600")
        pid = place.inside()
        program.send_signal(number)
        said = program.communicate(timeout=60)[0]
        demand(program.returncode == 128 + number, f"exit status {program.returncode} after {number!r}", said)
        demand(not is_running(pid), f"{number!r} left a process in the room", said)
        demand(not place.room.exists(), f"{number!r} left the room", said)


def failed_debootstrap_says_why(place):
    said, status = place.run(unfinished="yes")
    demand(status == 1 and "no such mirror" in said, f"its reason is not told: {status}", said)
    demand(not place.room.exists(), "half a room was left", said)
    demand((place.rooms / "trixie-amd64.log").exists(), "the log that it names is gone", said)
    place.run("--keep", unfinished="yes")
    said, status = place.run("--reuse")
    demand(status == 1 and "never finished" in said, f"half a room was taken: {status}", said)


for check in (run_that_ends_removes_the_room, kept_room_is_left_alone_without_reuse, interrupted_run_ends_everything,
              failed_debootstrap_says_why):
    with tempfile.TemporaryDirectory() as name:
        check(Place(name))
