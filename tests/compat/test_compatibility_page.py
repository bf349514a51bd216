# SPDX-License-Identifier: BSD-3-Clause
"""docs/COMPATIBILITY.md explains every listed difference and names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "COMPATIBILITY.md").read_text(encoding="utf-8")


def reasons():
    for name in ("differences.txt", "events.txt"):
        text = (ROOT / "tests" / "compat" / "dialect" / name).read_text(encoding="utf-8")
        yield from re.findall(r"^## (.*)$", text, re.MULTILINE)


def test_page__explains_each_listed_reason_and_no_other():
    headings = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)
    headings = [heading for heading in headings if "§" not in heading]
    assert sorted(headings) == sorted(reasons())


def test_page__names_tests_that_exist():
    sources = "".join(path.read_text(encoding="utf-8") for pattern in ("*.c", "*.py")
                      for path in (ROOT / "tests").rglob(pattern))
    named = set(re.findall(r"`(test_\w+__\w+)`", PAGE))
    assert len(named) > 50
    missing = [name for name in sorted(named) if not re.search(rf"\b{name}\(", sources)]
    assert not missing
