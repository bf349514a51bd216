# SPDX-License-Identifier: BSD-3-Clause
"""Reads RESP2 and RESP3 replies into trees that keep every type, for comparison to the byte."""

from typing import NamedTuple


class Reply(NamedTuple):
    """kind: the type byte. value: text for scalars, a list of replies for aggregates, None for
    the nulls of RESP2 (`$-1`, `*-1`)."""

    kind: str
    value: object


class Incomplete(Exception):
    """More bytes are needed."""


def _line(data, at):
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    return data[at:end], end + 2


def parse(data, at=0):
    """The reply that starts at `at`, and where the next one starts."""
    if at >= len(data):
        raise Incomplete
    kind = chr(data[at])
    head, at = _line(data, at + 1)
    if kind in "$=":
        size = int(head)
        if size < 0:
            return Reply(kind, None), at
        if len(data) < at + size + 2:
            raise Incomplete
        assert data[at + size:at + size + 2] == b"\r\n", "a bulk string without its end"
        return Reply(kind, data[at:at + size].decode("utf-8", "backslashreplace")), at + size + 2
    if kind in "*~>%":
        count = int(head)
        if count < 0:
            return Reply(kind, None), at
        items = []
        for _ in range(2 * count if kind == "%" else count):
            item, at = parse(data, at)
            items.append(item)
        return Reply(kind, items), at
    assert kind in "+-:_#,(", f"not a reply: {kind!r} {head!r}"
    return Reply(kind, head.decode("utf-8", "backslashreplace")), at


def show(reply, indent=""):
    """The tree as lines of text; equal texts mean equal replies."""
    if isinstance(reply.value, str):
        parts = reply.value.splitlines(keepends=True) or [""]
        return [f"{indent}{reply.kind}{parts[0]!r}"] + [f"{indent} {part!r}" for part in parts[1:]]
    if reply.value is None:
        return [f"{indent}{reply.kind}(null)"]
    lines = [f"{indent}{reply.kind}{len(reply.value)}"]
    for item in reply.value:
        lines += show(item, indent + "  ")
    return lines
