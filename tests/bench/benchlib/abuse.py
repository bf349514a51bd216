# SPDX-License-Identifier: BSD-3-Clause
"""How long a failover takes while clients misbehave: connections used up, storms of them, thousands that are idle or never read."""

import statistics
import time

from harness import Place
from harness.farm import raise_open_files
from harness.nuisance import ABUSES, FEW, FILES
from harness.tls import Authority, Tls

DOWN_AFTER_MS = 1000


def one(flavour, secure, abuse, count):
    """Milliseconds from the kill of the master until all three sentinels tell of the new one; None: not within a minute."""
    place, nuisances = Place(), []
    try:
        authority = Authority(place.subfolder("tls"))
        room = FEW if abuse == "maxclients reached" else 2 * count + 500
        server_args = {"tls": Tls(authority, plain_port=0)} if secure else None
        sentinel_args = {"tls": Tls(authority) if secure else None, "extra": [f"maxclients {room}", "tcp-backlog 4096"]}
        if abuse == "descriptors used up":
            sentinel_args["files"] = FILES
        group = place.group(flavours=[flavour] * 3, server_args=server_args, sentinel_args=sentinel_args,
                            down_after_ms=DOWN_AFTER_MS)
        recorders = [sentinel.record() for sentinel in group.sentinels]
        time.sleep(0.5)
        for sentinel in group.sentinels:
            nuisances += ABUSES[abuse](sentinel, count, authority)
        time.sleep(1)
        began = time.monotonic()
        group.master.kill()
        ends = []
        for recorder in recorders:
            recorder.wait_for("+switch-master", 60)
            ends.append(recorder.first("+switch-master").at)
        return (max(ends) - began) * 1000
    except (AssertionError, TimeoutError):
        return None
    finally:
        for nuisance in nuisances:
            nuisance.close()
        place.close()


def run(arguments):
    """[{"abuse", "secure", flavour: [ms or None]}], rounds alternate between the flavours."""
    raise_open_files()
    rows = []
    for secure in (False, True):
        for abuse in arguments.abuses or ABUSES:
            row = {"abuse": abuse, "secure": secure, **{flavour: [] for flavour in arguments.flavours}}
            for _ in range(arguments.rounds):
                for flavour in arguments.flavours:
                    row[flavour].append(one(flavour, secure, abuse, arguments.clients))
            print(line_of(row, rows, arguments.flavours), flush=True)
            rows.append(row)
    return rows


def _median(times):
    return statistics.median(float("inf") if t is None else t for t in times)


def line_of(row, rows, flavours):
    """One line of the table: per flavour the median, the worst and the ratio to the row without abuse."""
    idle = next((r for r in [*rows, row] if r["abuse"] == "nothing" and r["secure"] == row["secure"]), row)
    cells = [f"{'TLS' if row['secure'] else 'plain':5} {row['abuse']:28}"]
    for flavour in flavours:
        worst = max(float("inf") if t is None else t for t in row[flavour])
        cells.append(f"{_median(row[flavour]):8.0f} {worst:8.0f} {_median(row[flavour]) / _median(idle[flavour]):6.2f}")
    return " |".join(cells)


def head(flavours):
    return f"{'':34}" + "  ".join(f"{flavour:>9}: ms    worst  ratio" for flavour in flavours)


def report(rows):
    flavours = [key for key in rows[0] if key not in ("abuse", "secure")]
    return "\n".join([head(flavours), *(line_of(row, rows, flavours) for row in rows)])
