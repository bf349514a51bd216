# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/deps says where it may not install, with a sudo and an apt that are not the machine's. Run
as a program."""

import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

# Nothing is there but what the script itself runs.
TOOLS = ("bash", "cat", "chmod", "comm", "cut", "dirname", "dpkg", "env", "find", "grep", "head", "mkdir", "mktemp",
         "rm", "sed", "sort", "tee", "tr", "uname")
FAKES = {
    "id": "echo 1000",
    "sudo": "[ \"$1\" != -n ] || exit 1; echo 'sudo: 3 incorrect password attempts' >&2; exit 1",
    "apt-get": "echo 'apt-get was run' >&2; exit 100",
    "apt-cache": "exit 0",
    "dpkg-query": "exit 0",
}


def run(folder, typed):
    """Runs it on a terminal, types, and gives back what it says and its exit status."""
    main, other = pty.openpty()
    env = {"PATH": folder, "HOME": folder, "TMPDIR": folder}
    program = subprocess.Popen([f"{folder}/bash", ROOT / "scripts/deps", "--build"], stdin=other, stdout=other,
                               stderr=other, env=env, close_fds=True, start_new_session=True)
    os.close(other)
    os.write(main, typed.encode())
    said = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:  # the last one has closed the terminal
            break
        if not part:
            break
        said += part
    os.close(main)
    return said.decode().replace("\r", ""), program.wait(60)


def check(said, status, wanted, unwanted):
    wrong = [f"not said: {text}" for text in wanted if text not in said]
    wrong += [f"said: {text}" for text in unwanted if text in said]
    if wrong or status == 0:
        sys.exit("\n".join(wrong + [f"exit status {status}", said]))


with tempfile.TemporaryDirectory() as place:
    for tool in TOOLS:
        path = next((f"{f}/{tool}" for f in ("/usr/bin", "/bin") if os.path.exists(f"{f}/{tool}")), None)
        if path:
            os.symlink(path, f"{place}/{tool}")
    for name, body in FAKES.items():
        Path(place, name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        os.chmod(f"{place}/{name}", 0o755)
    check(*run(place, "y\n"), ["wrong password", "nothing was installed"], ["network", "apt-get was run"])
    check(*run(place, "n\n"), ["nothing was installed"], ["network", "password", "apt-get was run"])
    Path(place, "sudo").write_text('#!/bin/sh\n[ "$1" = true ] || exec "$@"\n', encoding="utf-8")
    check(*run(place, "y\n"), ["apt-get was run", "apt's own reason is above"], ["password"])
