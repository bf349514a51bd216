# SPDX-License-Identifier: BSD-3-Clause
"""docs/TESTING.md has a row for every decision and every duty, and names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


PAGE = read("TESTING.md")


def rows(first_cell):
    """Rows of tables whose first cell matches, as lists of cells."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines()
            if re.match(rf"\| {first_cell}", line)]


def test_page__has_a_row_for_each_decision_of_the_design():
    decided = set(re.findall(r"^- D(\d+) \*", read("DESIGN.md"), re.MULTILINE))
    assert len(decided) >= 17
    listed = [row for row in rows(r"D\d+") if len(row) == 3 and all(row)]
    assert {re.match(r"D(\d+)", row[0])[1] for row in listed} == decided


def test_page__has_a_row_for_each_duty_in_a_mixed_quorum():
    section = read("PROTOCOL.md").split("## 23. Duties inside a mixed quorum")[1].split("\n## ")[0]
    duties = re.findall(r"^(\d+)\. ", section, re.MULTILINE)
    assert len(duties) >= 13
    assert [row[0] for row in rows(r"\d+ \|") if "`test_" in row[-1]] == duties


def test_page__names_tests_that_exist():
    sources = "".join(path.read_text(encoding="utf-8") for pattern in ("*.c", "*.py")
                      for path in (ROOT / "tests").rglob(pattern))
    named = set(re.findall(r"`(test_\w+__\w+)`", PAGE))
    assert len(named) > 50
    assert not [name for name in sorted(named) if not re.search(rf"\b{name}\(", sources)]
