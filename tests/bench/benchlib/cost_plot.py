# SPDX-License-Identifier: BSD-3-Clause
"""Cost against the number of groups, as an SVG: one panel for each number that grows, a line for each flavour."""

from benchlib.plot import COLOURS, FAINT, GRID, WIDTH, line, text
from harness import OURS, STOCK

LEFT, RIGHT, TOP, HEIGHT, GAP = 70, 130, 70, 150, 56
TICKS = 4
NAMES = {OURS: "sentineld", STOCK: "redis-sentinel"}


def shown(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def points(results, key):
    """{flavour: [(groups, value)]}, in the order of the groups; results: {groups: {flavour: medians}}"""
    found = {}
    for groups in sorted(results):
        for flavour, sums in results[groups].items():
            if sums.get(key) is not None:
                found.setdefault(flavour, []).append((groups, sums[key]))
    return found


def panel(title, lines, most_groups, y):
    """Both axes begin at 0: what grows with the groups alone is a straight line through the corner."""
    most = max((value for line_points in lines.values() for _, value in line_points), default=0) or 1
    def at(groups, value):
        return LEFT + groups / most_groups * (WIDTH - LEFT - RIGHT), y + HEIGHT - value / most * HEIGHT
    parts = [text(16, y - 12, title, 14, weight="bold")]
    for number in range(TICKS + 1):
        share = number / TICKS
        x, height = at(share * most_groups, share * most)
        parts += [line(LEFT, height, WIDTH - RIGHT, height, GRID), text(LEFT - 8, height + 4, shown(share * most), 11, FAINT, "end"),
                  text(x, y + HEIGHT + 16, shown(share * most_groups), 11, FAINT, "middle")]
    for flavour, line_points in lines.items():
        places = [at(*point) for point in line_points]
        parts.append('<polyline fill="none" stroke-width="2" stroke="%s" points="%s"/>' % (
            COLOURS[flavour], " ".join(f"{x:.1f},{height:.1f}" for x, height in places)))
        parts += [f'<circle cx="{x:.1f}" cy="{height:.1f}" r="3.4" fill="{COLOURS[flavour]}"/>' for x, height in places]
        parts.append(text(places[-1][0] + 10, places[-1][1] + 4, NAMES[flavour], 12, COLOURS[flavour]))
    return parts


def svg(title, results, columns, footer):
    """results: {groups: {flavour: medians}}; columns: (key, title) of the panels. Those that nobody has are left out."""
    found = [(name, points(results, key)) for key, name in columns]
    panels = [(name, lines) for name, lines in found if lines]
    height = TOP + len(panels) * (HEIGHT + GAP) + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
             'font-family="DejaVu Sans, Helvetica, sans-serif">', f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             text(16, 28, title, 18, weight="bold")]
    for number, (name, lines) in enumerate(panels):
        parts += panel(name, lines, max(results), TOP + number * (HEIGHT + GAP))
    parts.append(text(16, height - 12, footer, 11, FAINT))
    return "\n".join(parts + ["</svg>"]) + "\n"
