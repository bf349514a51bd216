# SPDX-License-Identifier: BSD-3-Clause
"""Whether tests/summary.py counts what ctest, cmocka and pytest really write. Run as a program."""

import subprocess
import sys
import tempfile
from pathlib import Path

SUMMARY = Path(__file__).parent.parent / "summary.py"

ENTRIES = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite>
<testcase name="unit_a" status="run"><system-out>[==========] Running 3 test(s).
[ RUN      ] test_a
[  SKIPPED ] test_a
[       OK ] test_b
[==========] 3 test(s) run.
[  PASSED  ] 2 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  SKIPPED ] test_a

 1 SKIPPED TEST(S)
</system-out></testcase>
<testcase name="unit_b" status="fail"><system-out>[  PASSED  ] 4 test(s).
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] test_c
</system-out></testcase>
<testcase name="unit_newer_cmocka" status="fail"><system-out>[  PASSED  ] 4 test(s).
[  SKIPPED ] tests: 1 test(s), listed below:
[  SKIPPED ] test_d
[  FAILED  ] tests: 2 test(s), listed below:
</system-out></testcase>
<testcase name="compat_a" status="run"><system-out>..s    [100%]
skipped: test_a.py::test_x: no node here
2 passed, 1 skipped in 1.20s
</system-out></testcase>
<testcase name="compat_b" status="fail"><system-out>=== short test summary info ===
1 failed, 1 error, 3 passed, 2 warnings in 61.03s (0:01:01)
</system-out></testcase>
<testcase name="compat_crash" status="fail"><system-out>...</system-out></testcase>
<testcase name="sim_seeds" status="run"><system-out>400 seeds</system-out></testcase>
<testcase name="bench" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>python3-redis is missing
</system-out></testcase>
<testcase name="gone" status="notrun"><skipped message="Unable to find executable"/></testcase>
</testsuite>
"""

WANTED = """skipped: unit_a: test_a
skipped: unit_newer_cmocka: test_d
skipped: compat_a: test_a.py::test_x: no node here
skipped: bench: python3-redis is missing
skipped: gone: Unable to find executable
16 passed, 6 failed, 5 skipped
"""

with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
    file.write(ENTRIES)
    file.flush()
    found = subprocess.run([sys.executable, SUMMARY, file.name], capture_output=True, text=True, check=True).stdout
if found != WANTED:
    sys.exit(f"wanted:\n{WANTED}\nfound:\n{found}")
