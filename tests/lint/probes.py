#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The static probes that readelf finds in a program. Usage: probes.py PROGRAM HAS_PROBES(0|1)"""

import re
import subprocess
import sys

# Each name, and how many arguments it has.
WANTED = {"step_begin": 2, "step_end": 2, "action": 2}


def probes(program):
    notes = subprocess.run(["readelf", "--notes", "--wide", program], check=True, text=True, capture_output=True).stdout
    found = re.findall(r"Provider: sentineld\s+Name: (\w+)\s.*?Arguments: ([^\n]*)", notes, re.DOTALL)
    return {name: len(re.findall(r"-?\d+@", arguments)) for name, arguments in found}


def main(program, has_probes):
    found = probes(program)
    wanted = WANTED if has_probes == "1" else {}
    if found != wanted:
        sys.exit(f"wanted {wanted}, found {found}")
    if not wanted:
        print("no probes in this build: SN_USDT is off, or sys/sdt.h is missing")


main(*sys.argv[1:])
