# SPDX-License-Identifier: BSD-3-Clause
import pytest

from harness import OURS, Place, default_flavour, process


@pytest.fixture
def place():
    place = Place()
    yield place
    problems = place.problems()
    words = process.last_words()
    place.close()
    assert not problems, "\n".join(problems + [words])


# For behaviour that the stock daemon does not have.
def pytest_configure(config):
    config.addinivalue_line("markers", "ours_only: skipped when the tests run on redis-sentinel")


def pytest_collection_modifyitems(items):
    if default_flavour() != OURS:
        for item in items:
            if item.get_closest_marker("ours_only"):
                item.add_marker(pytest.mark.skip(reason="not a feature of redis-sentinel"))


def pytest_terminal_summary(terminalreporter):
    """One line for each test that was skipped, for tests/summary.py."""
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        name = report.nodeid.rsplit("/", 1)[-1]
        terminalreporter.write_line(f"skipped: {name}: {reason.removeprefix('Skipped: ').splitlines()[0]}")
