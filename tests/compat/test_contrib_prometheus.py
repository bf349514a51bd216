# SPDX-License-Identifier: BSD-3-Clause
"""contrib/prometheus: the alerts come when they should, and the files are ones that Prometheus takes."""

import os
import re
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.ours_only,
              pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here (scripts/deps --dev)")]

FOLDER = os.path.join(os.path.dirname(__file__), "../../contrib/prometheus")


@pytest.mark.parametrize("words", [("test", "rules", "sentineld.test.yml"), ("check", "config", "prometheus.yml")], ids=" ".join)
def test_contrib_prometheus__promtool_finds_nothing_wrong(words):
    done = subprocess.run(["promtool", *words], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_contrib_prometheus__each_alert_has_a_test():
    with open(os.path.join(FOLDER, "sentineld.rules.yml"), encoding="utf-8") as file:
        alerts = re.findall(r"- alert: (\w+)", file.read())
    with open(os.path.join(FOLDER, "sentineld.test.yml"), encoding="utf-8") as file:
        assert sorted(set(re.findall(r"alertname: (\w+)", file.read()))) == sorted(alerts)
