# SPDX-License-Identifier: BSD-3-Clause
"""The distributions as an SVG: one panel per fault, every round a dot, on a logarithmic axis."""

import math
from xml.sax.saxutils import escape

from benchlib.faults import FAULTS
from benchlib.report import median
from harness import OURS, STOCK

WIDTH = 860
LEFT, RIGHT = 280, 110
PANEL, TOP, BOTTOM = 190, 76, 40
ROW_SPREAD = 15
INK, FAINT, GRID = "#1f2937", "#6b7280", "#e5e7eb"
COLOURS = {OURS: "#0f766e", STOCK: "#b45309"}
ROWS = [("all_answers_ms", "every sentinel names it"), ("replica_ms", "the other replica follows")]


class Axis:
    """Milliseconds to pixels, logarithmic."""

    def __init__(self, values):
        self.low = min(values) * 0.85
        self.high = max(values) * 1.15

    def x(self, value):
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        steps = [m * 10 ** e for e in range(0, 6) for m in (1, 2, 5)]
        fine = [m * 10 ** e for e in range(0, 6) for m in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7)]
        inside = [s for s in steps if self.low <= s <= self.high]
        if len(inside) < 3:
            inside = [s for s in fine if self.low <= s <= self.high]
        return inside


def text(x, y, words, size=12, colour=INK, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>')


def line(x1, y1, x2, y2, colour, width=1, dash=""):
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"{dashed}/>')


def duration(value):
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"


def exact(value):
    return f"{value:.0f} ms"


def dots(values, axis, y, colour):
    """Every value, spread vertically in a fixed pattern so that equal ones stay visible."""
    parts = []
    for number, value in enumerate(values):
        offset = ((number * 0.618034) % 1 - 0.5) * ROW_SPREAD
        parts.append(f'<circle cx="{axis.x(value):.1f}" cy="{y + offset:.1f}" r="3.4" '
                     f'fill="{colour}" fill-opacity="0.55"/>')
    at = axis.x(median(values))
    parts.append(line(at, y - 14, at, y + 14, colour, 2.5))
    parts.append(text(WIDTH - 16, y + 4, exact(median(values)), 12, colour, "end", "bold"))
    return parts


def panel(fault, results, y):
    rows = [(key, title, flavour) for key, title in ROWS for flavour in (OURS, STOCK)]
    values = [r[key] for key, _, flavour in rows for r in results[flavour]]
    base_ms = FAULTS[fault].base_ms()
    axis = Axis(values + ([base_ms] if base_ms else []))
    bottom = y + PANEL - 46
    parts = [text(16, y, FAULTS[fault].title, 15, weight="bold"),
             text(WIDTH - 16, y, "median", 11, FAINT, "end")]
    for tick in axis.ticks():
        parts.append(line(axis.x(tick), y + 12, axis.x(tick), bottom, GRID))
        parts.append(text(axis.x(tick), bottom + 15, duration(tick), 11, FAINT, "middle"))
    if base_ms:
        at = axis.x(base_ms)
        parts.append(line(at, y + 12, at, bottom, FAINT, 1.2, "4 3"))
        parts.append(text(at, y + 8, "down-after", 11, FAINT, "middle"))
    for number, (key, title, flavour) in enumerate(rows):
        at = y + 32 + number * 31
        name = "sentineld" if flavour == OURS else "redis-sentinel"
        if flavour == OURS:
            parts.append(text(16, at + 4, title, 12))
            if number:
                parts.append(line(16, at - 15.5, WIDTH - 16, at - 15.5, GRID))
        parts.append(text(LEFT - 12, at + 4, name, 12, COLOURS[flavour], "end"))
        parts += dots([r[key] for r in results[flavour]], axis, at, COLOURS[flavour])
    return parts


def svg(results, setup):
    height = TOP + PANEL * len(results) + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="DejaVu Sans, Helvetica, sans-serif">',
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             text(16, 28, "Time from the fault until clients find the new master", 18,
                  weight="bold"),
             text(16, 48, f"{setup['rounds']} rounds each, alternating; down-after-milliseconds "
                  f"{setup['down_after_ms']}; dots are rounds, bars are medians", 12, FAINT)]
    for number, (fault, by_flavour) in enumerate(results.items()):
        parts += panel(fault, by_flavour, TOP + 18 + number * PANEL)
    parts.append(text(16, height - 16, f"{setup['ours']}, {setup['stock']}, {setup['machine']}, "
                      f"{setup['date']}", 11, FAINT))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
