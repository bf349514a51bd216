#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stands for systemctl in a root file system where no systemd runs, so that maintainer scripts can be tried: starts what a
unit says, as its user and in its folders, waits for READY=1 of Type=notify, and stops it. It knows the settings that our units
and their drop-ins have; sandboxing is left out. Each call is a line of /run/fake-systemd/log."""

import fnmatch
import os
import pwd
import grp
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path("/run/fake-systemd")
UNITS = (Path("/etc/systemd/system"), Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"))
PATIENCE_S = 20
# Setting of a unit: where the folders are that it names, and their mode unless it says so.
FOLDERS = {"RuntimeDirectory": "/run", "StateDirectory": "/var/lib", "LogsDirectory": "/var/log",
           "ConfigurationDirectory": "/etc"}


def read_file(path, names, settings):
    """Adds what a unit or drop-in says; an empty value forgets what was said before."""
    for line in re.sub(r"\\\n", " ", path.read_text()).splitlines():
        key, sign, value = line.strip().partition("=")
        if not sign or line.startswith(("#", ";")):
            continue
        for specifier, name in names.items():
            value = value.replace(specifier, name)
        if value:
            settings.setdefault(key, []).append(value)
        else:
            settings[key] = []


def read_unit(name):
    """{setting: [values]} of a unit with its drop-ins, with its instance put in."""
    stem, _, instance = name.removesuffix(".service").partition("@")
    file = f"{stem}@.service" if instance else name
    path = next((folder / file for folder in UNITS if (folder / file).is_file()), None)
    if path is None:
        sys.exit(f"Unit {name} not found.")
    settings = {}
    for part in (path, *sorted(Path("/etc/systemd/system", f"{file}.d").glob("*.conf"))):
        read_file(part, {"%i": instance, "%I": instance, "%p": stem, "%n": name}, settings)
    return settings


def last(settings, key, default):
    return settings.get(key, [default])[-1]


def pid_of(unit):
    try:
        pid = int((FOLDER / f"{unit}.pid").read_text())
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else pid


def environment(settings):
    found = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"}
    lines = [word for value in settings.get("Environment", []) for word in shlex.split(value)]
    for value in settings.get("EnvironmentFile", []):
        path = Path(value.lstrip("-"))
        if path.is_file():
            lines += [line for line in path.read_text().splitlines() if not line.startswith("#")]
    for line in lines:
        key, sign, value = line.partition("=")
        if sign:
            found[key] = value.strip("\"'")
    return found


def command(line, variables):
    """The program of ExecStart=, and its words; a word that is one variable stands for several."""
    bare = line.lstrip("-@+!:")
    words = []
    for word in shlex.split(bare):
        if re.fullmatch(r"\$\w+", word):
            words += variables.get(word[1:], "").split()
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda match: variables.get(match.group(1), ""), word))
    return words[0], words[1:] if "@" in line[:len(line) - len(bare)] else words


def make_folders(settings, user, group):
    for key, top in FOLDERS.items():
        for name in " ".join(settings.get(key, [])).split():
            path = Path(top, name)
            if not path.exists():
                path.mkdir(parents=True)
                path.chmod(int(last(settings, f"{key}Mode", "755"), 8))
                os.chown(path, user.pw_uid, group.gr_gid)


def wait_ready(server, child):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        server.settimeout(0.1)
        try:
            if "READY=1" in server.recv(4096).decode().splitlines():
                return
        except TimeoutError:
            pass
        if child.poll() is not None:
            sys.exit(f"the process ended with {child.returncode} before it was ready")
    child.kill()
    sys.exit("the process did not say READY=1")


def start(unit):
    if pid_of(unit) is not None:
        return
    settings = read_unit(unit)
    user = pwd.getpwnam(last(settings, "User", "root"))
    group = grp.getgrnam(settings["Group"][-1]) if settings.get("Group") else grp.getgrgid(user.pw_gid)
    variables = environment(settings)
    make_folders(settings, user, group)
    path = FOLDER / "notify"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        path.chmod(0o666)
        for line in settings.get("ExecStartPre", []):
            subprocess.run(command(line, variables)[1], check=not line.startswith("-"))
        program, words = command(last(settings, "ExecStart", ""), variables)
        child = subprocess.Popen(
            words, executable=program, env={**variables, "NOTIFY_SOCKET": str(path)},
            cwd=last(settings, "WorkingDirectory", "/"), stdin=subprocess.DEVNULL, stdout=(FOLDER / "journal").open("a"),
            stderr=subprocess.STDOUT, start_new_session=True, umask=int(last(settings, "UMask", "022"), 8),
            user=user.pw_uid, group=group.gr_gid, extra_groups=os.getgrouplist(user.pw_name, group.gr_gid))
        if last(settings, "Type", "simple").startswith("notify"):
            wait_ready(server, child)
    (FOLDER / f"{unit}.pid").write_text(str(child.pid))


def stop(unit):
    pid = pid_of(unit)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + PATIENCE_S
    while pid_of(unit) is not None:
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            sys.exit(f"{unit} did not end at SIGTERM")
        time.sleep(0.02)
    (FOLDER / f"{unit}.pid").unlink()
    for name in " ".join(read_unit(unit).get("RuntimeDirectory", [])).split():
        shutil.rmtree(Path("/run", name), ignore_errors=True)


def running():
    return [path.name.removesuffix(".pid") for path in FOLDER.glob("*.pid") if pid_of(path.name.removesuffix(".pid"))]


def chosen(units):
    """Patterns stand for what runs."""
    for unit in units:
        if re.search(r"[*?\[]", unit):
            yield from fnmatch.filter(running(), unit)
        else:
            yield unit if unit.endswith(".service") else f"{unit}.service"


def enable(unit):
    """As the presets of Debian say of every unit."""
    for target in " ".join(read_unit(unit).get("WantedBy", [])).split():
        link = Path("/etc/systemd/system", f"{target}.wants", unit)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(f"/usr/lib/systemd/system/{unit}")


def is_enabled(unit):
    return any(Path("/etc/systemd/system").glob(f"*.wants/{unit}"))


def main():
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "log").open("a") as log:
        print(*sys.argv[1:], file=log)
    options = dict(word.partition("=")[::2] for word in sys.argv[1:] if word.startswith("--"))
    verb, *units = [word for word in sys.argv[1:] if not word.startswith("-")]
    units = list(chosen(units))
    if verb == "is-enabled":
        states = ["enabled" if is_enabled(unit) else "disabled" for unit in units]
        print("\n".join(states))
        return 0 if "enabled" in states else 1
    if verb == "is-active":
        return 0 if any(map(pid_of, units)) else 3
    for unit in units:
        if verb in ("stop", "restart") or (verb == "try-restart" and pid_of(unit)):
            again = verb != "stop"
            stop(unit)
            if again:
                start(unit)
        elif verb == "start":
            start(unit)
        elif verb == "preset":
            enable(unit)
        elif verb == "kill" and pid_of(unit):
            os.kill(pid_of(unit), getattr(signal, "SIG" + options.get("--signal", "TERM").removeprefix("SIG")))
        elif verb not in ("try-restart", "kill", "daemon-reload"):
            sys.exit(f"systemctl {verb} is not known here")
    return 0


if __name__ == "__main__":
    sys.exit(main())
