# SPDX-License-Identifier: BSD-3-Clause
"""Builds the root file system of a Containerfile without a container engine, by its own instructions: COPY copies, RUN runs
in a chroot, and what is said about the process is returned. An instruction that is not known here is an error."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

POLICY = "#!/bin/sh\nexit 101\n"  # as in Debian's images: packages start nothing
INITIAL_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


class Stage:
    def __init__(self, root):
        self.root, self.workdir, self.user = Path(root), "/", "0:0"
        self.env, self.command, self.entry, self.stop_signal = dict(INITIAL_ENV), [], [], "SIGTERM"

    def path(self, name):
        return self.root / os.path.normpath(os.path.join(self.workdir, name)).lstrip("/")


def read(text):
    """[(instruction, its text)]"""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", "", "\n".join(lines))
    return [tuple(line.strip().split(None, 1)) for line in joined.splitlines() if line.strip()]


def words(text):
    """Of CMD, ENTRYPOINT and COPY in either form."""
    return json.loads(text) if text.startswith("[") else shlex.split(text)


def ignored(context):
    """Names in the context that are not copied. Only the plain form `/name` is known."""
    names = set()
    for line in (context / ".containerignore").read_text().split():
        if not re.fullmatch(r"/[\w.-]+", line):
            raise SystemExit(f".containerignore: {line} has a form that is not known here")
        names.add(line[1:])
    return names


def copy(source, target, leave_out=()):
    """What is in a folder, or a file."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        names = [name.name for name in source.iterdir() if name.name not in leave_out]
        if names:
            subprocess.run(["cp", "-a", "--no-preserve=ownership", "-t", target, *(source / name for name in names)], check=True)
    else:
        if str(target).endswith("/") or target.is_dir():
            target = target / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def run(stage, text):
    print(f"-- RUN {text}", flush=True)
    subprocess.run(["mount", "-t", "proc", "proc", stage.root / "proc"], check=True)
    try:
        subprocess.run(["chroot", stage.root, "/bin/sh", "-c", f'cd "{stage.workdir}" && {{ {text}\n}}'], check=True,
                       env={**stage.env, "HOME": "/root"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    finally:
        subprocess.run(["umount", stage.root / "proc"], check=True)


def begin(text, base, release, folder, stages):
    match = re.fullmatch(r"(\S+)(?:\s+AS\s+(\w+))?", text, re.I)
    if match.group(1) != f"debian:{release}-slim":
        raise SystemExit(f"FROM {match.group(1)}: this room is debian:{release}-slim")
    name = match.group(2) or "final"
    root = Path(folder, name)
    subprocess.run(["cp", "-a", base, root], check=True)
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text(POLICY)
    policy.chmod(0o755)
    stages[name] = Stage(root)
    return stages[name]


def build(containerfile, base, release, folder):
    """The last stage. base: a root file system of the release; folder: where the stages are made."""
    context, stages, stage = Path(containerfile).parent, {}, None
    for instruction, text in read(Path(containerfile).read_text()):
        if instruction == "FROM":
            stage = begin(text, base, release, folder, stages)
        elif instruction == "RUN":
            run(stage, text)
        elif instruction == "COPY":
            options = [word for word in words(text) if word.startswith("--")]
            *sources, target = [word for word in words(text) if not word.startswith("--")]
            if any(not option.startswith("--from=") for option in options):
                raise SystemExit(f"COPY {text}: an option that is not known here")
            top = stages[options[0].partition("=")[2]].root if options else context
            for source in sources:
                copy(top / source.lstrip("/"), stage.path(target), () if options else ignored(context))
        elif instruction == "WORKDIR":
            stage.workdir = os.path.join(stage.workdir, text)
            stage.path(".").mkdir(parents=True, exist_ok=True)
        elif instruction == "USER":
            stage.user = text
        elif instruction == "ENV":
            stage.env.update(word.split("=", 1) for word in shlex.split(text))
        elif instruction == "CMD":
            stage.command = words(text)
        elif instruction == "ENTRYPOINT":
            stage.entry = words(text)
        elif instruction == "STOPSIGNAL":
            stage.stop_signal = text
        elif instruction not in ("EXPOSE", "LABEL"):
            raise SystemExit(f"{instruction} is an instruction that is not known here")
    return stage
