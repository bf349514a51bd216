# SPDX-License-Identifier: BSD-3-Clause
"""What .ci/run says at its end, with a step that passes, fails or is interrupted. Run as a program."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def run(folder, first_step):
    """Runs a copy without the steps behind the first two, of which the first is this one, where a find finds nothing;
    gives back its last line, all of it, and its exit status."""
    for name in (".ci", "scripts", "tests", "bin"):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / "tests/summary.py", folder / "tests")
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    start, end = script.index('step "tests"'), script.index("finished=true\n")
    (folder / ".ci/run").write_text(script[:start] + script[end:], encoding="utf-8")
    (folder / "scripts/deps").write_text(f"#!/bin/sh\n{first_step}\n", encoding="utf-8")
    (folder / "bin/find").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    for name in ("scripts/deps", "bin/find"):
        os.chmod(folder / name, 0o755)
    done = subprocess.run(["bash", folder / ".ci/run"], capture_output=True, text=True, timeout=60, check=False,
                          start_new_session=True, env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"})
    return done.stdout.splitlines()[-1], done.stdout + done.stderr, done.returncode


def check(first_step, wanted_line, wanted_word, wanted_good):
    with tempfile.TemporaryDirectory() as place:
        line, said, status = run(Path(place, "copy"), first_step)
    if line != wanted_line or wanted_word not in said or (status == 0) != wanted_good:
        sys.exit(f"{first_step}: exit status {status}, wanted {wanted_line}\n{said}")


def check_steps():
    """All of its steps are there to be run, and none of those that a change has to pass has got lost."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    called = set(re.findall(r"^((?:scripts|tests)/[\w/-]+)", script, re.MULTILINE))
    for name in called:
        if not os.access(ROOT / name, os.X_OK):
            sys.exit(f".ci/run calls {name}, which is no program")
    wanted = {f"scripts/{name}" for name in ("build-32", "coverage", "deps", "format", "fuzz", "test", "tidy")}
    if not wanted | {"tests/sim/mutants/run"} <= called:
        sys.exit(f".ci/run does not call {wanted - called}")


check_steps()
check("true", "2 passed, 0 failed, 0 skipped", "all passed", True)
check("exit 3", "0 passed, 1 failed, 0 skipped", "failed: dependencies", False)
for signal in ("HUP", "TERM"):
    check(f"kill -{signal} $PPID; sleep 0.2", "0 passed, 1 failed, 0 skipped", "failed: dependencies", False)
