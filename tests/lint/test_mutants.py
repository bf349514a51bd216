# SPDX-License-Identifier: BSD-3-Clause
"""Every patch of tests/sim/mutants fits the sources; that the simulator catches them takes much longer. Run as a
program."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MUTANTS = ROOT / "tests/sim/mutants"

sys.dont_write_bytecode = True
sys.path.insert(0, str(MUTANTS))
import apply  # noqa: E402

patches = sorted(MUTANTS.glob("*.patch"))
sources = {path: path.read_text(encoding="utf-8").splitlines() for path in sorted(ROOT.glob("sentinel/**/*.[ch]"))}
wrong = []
for patch in patches:
    copy = {path: list(lines) for path, lines in sources.items()}
    hunks = apply.hunks(patch)
    try:
        for hunk in hunks:
            apply.apply(copy, hunk)
    except SystemExit as end:
        wrong.append(f"{patch.name}: {end}")
    if not hunks:
        wrong.append(f"{patch.name} changes nothing")
if wrong or not patches:
    sys.exit("\n".join(wrong) or "no mutants")
