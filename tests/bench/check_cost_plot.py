# SPDX-License-Identifier: BSD-3-Clause
"""What a plot of cost against groups shows of given results."""

import os
import sys
import unittest
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

from benchlib import cost_plot, query, scale  # noqa: E402  (the path comes first)

SCALE = {1: {"ours": [{"cpu_ms_per_s": 1}], "stock": [{"cpu_ms_per_s": 3}]},
         500: {"ours": [{"cpu_ms_per_s": 40}, {"cpu_ms_per_s": 60}, {"cpu_ms_per_s": 50}]},
         1000: {"ours": [{"cpu_ms_per_s": 100}]}}
QUERY = {"1: PING": {"ours": [{"cpu_us": 6}]}, "500: PING": {"ours": [{"cpu_us": 7}]},
         "500: event to 50 subscribers": {"ours": [{"event_cpu_us": 3}]}}


def lines(module, results):
    """The points of each line."""
    root = ElementTree.fromstring(cost_plot.svg(*module.plotted(results), "a footer with < and &"))
    return [[tuple(float(part) for part in point.split(",")) for point in one.get("points").split()]
            for one in root.findall(".//{*}polyline")]


class CostPlot(unittest.TestCase):
    def test_medians_of_each_flavour_are_a_line(self):
        self.assertEqual([3, 1], [len(line) for line in lines(scale, SCALE)])

    def test_cost_that_grows_with_the_groups_is_straight(self):
        (first, middle, last), _ = lines(scale, SCALE)
        self.assertAlmostEqual((last[0] + cost_plot.LEFT) / 2, middle[0], delta=0.1)
        self.assertAlmostEqual((last[1] + cost_plot.TOP + cost_plot.HEIGHT) / 2, middle[1], delta=0.1)
        self.assertGreater(first[1], middle[1])

    def test_requests_and_events_have_a_panel_each(self):
        self.assertEqual([2, 1], [len(line) for line in lines(query, QUERY)])


if __name__ == "__main__":
    unittest.main()
