# SPDX-License-Identifier: BSD-3-Clause
"""From rounds to numbers: medians, tails, the ratio to the stock daemon, and what was aimed at."""

import math

from benchlib.faults import FAULTS
from harness import OURS, STOCK

REPLICA_GOAL_MS = 20  # on top, until the remaining replica follows

# Key of a result, what it is, whether down-after is part of it.
ROWS = [
    ("first_answer_ms", "first sentinel names the new master", True),
    ("all_answers_ms", "every sentinel names the new master", True),
    ("all_switch_events_ms", "+switch-master heard from every sentinel", True),
    ("replica_ms", "remaining replica replicates from it", True),
    ("server_ended_ms", "(before: from the order until the server had ended)", False),
]
MANUAL_ROWS = [
    ("old_master_follows_ms", "old master replicates from it", False),
    ("write_gap_ms", "longest wait of the writer", False),
    ("old_master_last_write_after_promotion_ms", "old master takes writes beside it for", False),
    ("lost_writes", "acknowledged writes lost", False),
]
# From, to, what happens between the two: a failover by kill or stop, on the leader.
PHASES = [
    ("fault", "first +sdown", "silence is noticed (down-after included)"),
    ("first +sdown", "+odown", "until the leader sees a quorum agree"),
    ("+odown", "+try-failover", "until it stands for election"),
    ("+try-failover", "+elected-leader", "votes"),
    ("+elected-leader", "+selected-slave", "choice of the replica"),
    ("+selected-slave", "+promoted-slave", "drain (manual), promotion, its proof"),
    ("+promoted-slave", "all_answers", "saved, told to and by every sentinel"),
]


def percentile(values, share):
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def tail_name(count):
    return "p99" if count >= 100 else "max"


def tail(values):
    return percentile(values, 0.99) if len(values) >= 100 else max(values)


def column(results, key):
    return [r[key] for r in results if r.get(key) is not None]


def summarize(results):
    """{key: {flavour: {median, tail}}} of one fault."""
    return {key: {flavour: {"median": median(column(rounds, key)), "tail": tail(column(rounds, key))}
                  for flavour, rounds in results.items() if column(rounds, key)}
            for key, _, _ in ROWS + MANUAL_ROWS if column(results[OURS], key)}


def goal(fault, key):
    """(median, tail) aimed at; None where there is none."""
    if key == "all_answers_ms":
        return FAULTS[fault].goal
    if key == "replica_ms":
        return tuple(g + REPLICA_GOAL_MS for g in FAULTS[fault].goal)
    return None


def verdict(ours, aim, base):
    """"35/60 met" or "35/60 missed"."""
    if aim is None:
        return ""
    met = ours["median"] - base <= aim[0] and ours["tail"] - base <= aim[1]
    return f"{aim[0]}/{aim[1]} {'met' if met else 'MISSED'}"


def _number(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}"


def _row(fault, key, title, sums, base):
    ours, stock = sums[OURS], sums[STOCK]
    cells = [_number(flavour[part] - base) for flavour in (ours, stock)
             for part in ("median", "tail")]
    ratio = f"{stock['median'] / ours['median']:.1f}x" if ours["median"] > 0 else ""
    beyond = ""
    if base:
        left = ours["median"] - base
        beyond = f"{(stock['median'] - base) / left:.0f}x" if left > 0 else ""
    return [title, *cells, ratio, beyond, verdict(ours, goal(fault, key), base)]


def fault_table(fault, results):
    """Lines of the table of one fault."""
    count = len(results[OURS])
    base_ms = FAULTS[fault].base_ms()
    head = [f"{FAULTS[fault].title}: {FAULTS[fault].unit()}", "ours", tail_name(count), "stock", tail_name(count),
            "ratio", "beyond" if base_ms else "", "goal"]
    rows, sums = [head], summarize(results)
    for key, title, has_base in ROWS + MANUAL_ROWS:
        if key in sums:
            rows.append(_row(fault, key, title, sums[key], base_ms if has_base else 0))
    return align(rows)


def align(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) if i in (0, len(row) - 1) else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def phase_values(results, fault):
    """[(title, [ms of each round])] with only the phases that this fault has."""
    steps = PHASES
    if fault == "manual":
        steps = [("fault", "+try-failover", "order saved, attempt begun")]
        steps += [p for p in PHASES[3:]]
    found = []
    for start, end, title in steps:
        values = []
        for result in results:
            seen = {"fault": 0.0, "all_answers": result["all_answers_ms"], **result["phases_ms"]}
            if start in seen and end in seen:
                values.append(seen[end] - seen[start])
        if values:
            found.append((title, values))
    return found


def phase_table(fault, results):
    ours = phase_values(results[OURS], fault)
    stock = dict(phase_values(results[STOCK], fault))
    name = tail_name(len(results[OURS]))
    rows = [["  where it goes, on the leader (ms)", "ours", name, "stock", name]]
    for title, values in ours:
        others = stock.get(title)
        rows.append([f"  {title}", _number(median(values)), _number(tail(values)),
                     _number(median(others)) if others else "",
                     _number(tail(others)) if others else ""])
    return align(rows)


def table(results, setup):
    """The whole report as text."""
    lines = [setup_line(setup), ""]
    for fault, by_flavour in results.items():
        lines += fault_table(fault, by_flavour) + [""]
        lines += phase_table(fault, by_flavour) + [""]
    lags = [r["observer_lag_ms"] for by in results.values() for rounds in by.values() for r in rounds]
    loads = [r["load"] for by in results.values() for rounds in by.values() for r in rounds]
    lines.append(f"Resolution 1 ms (servers 2 ms); the observer was late by at most "
                 f"{median(lags):.1f} ms in the median round, {max(lags):.1f} ms in the worst. "
                 f"Load of the machine {min(loads):.1f} to {max(loads):.1f}.")
    return "\n".join(lines)


def setup_line(setup):
    return (f"{setup['rounds']} rounds of each fault and flavour, alternating. Each group: 1 master, "
            f"{setup['replicas']} replicas, {setup['sentinels']} sentinels, quorum {setup['quorum']}, "
            f"down-after-milliseconds {setup['down_after_ms']} unless told, "
            f"failover-timeout {setup['failover_timeout_ms']}.\n"
            f"ours: {setup['ours']}; stock: {setup['stock']}; {setup['machine']}; {setup['date']}.")
