# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/bench is made of: rounds (rounds.py) watched from outside (observe.py) and told as
a table (report.py), JSON and a plot (plot.py)."""
