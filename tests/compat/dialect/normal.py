# SPDX-License-Identifier: BSD-3-Clause
"""Takes out of replies what must differ between two processes: ids, ports, times, counters. What is
left has to be equal."""

import re

from dialect.resp import Reply

# Values that are times, counters or addresses; the names stay and are compared.
FIELDS = {
    "link-pending-commands", "last-ping-sent", "last-ok-ping-reply", "last-ping-reply", "s-down-time",
    "o-down-time", "info-refresh", "role-reported-time", "master-link-down-time",
    "slave-repl-offset", "last-hello-message", "id", "version", "run-time", "run-delay", "pid",
    "age-seconds", "entry-id", "timestamp-created", "timestamp-last-updated", "client-info",
}
INFO_LINE = re.compile(r"^([a-z0-9_]+):(.*)$")
INFO_EXACT = {
    "sentinel_masters", "sentinel_tilt", "sentinel_tilt_since_seconds", "sentinel_running_scripts",
    "sentinel_scripts_queue_length", "sentinel_simulate_failure_flags", "redis_mode", "master",
    "arch_bits", "process_supervised", "tcp_port", "maxclients", "blocked_clients",
}
CLIENT_EXACT = {"name", "flags", "db", "sub", "psub", "ssub", "multi", "cmd", "user", "redir", "resp"}
RUNID = re.compile(r"\b[0-9a-f]{40}\b")


MASTER_LINE = re.compile(r"^master\d+:")

# What Redis 7.2 added to 7.0, and what we add: left out where the other one lacks it.
ADDED_INFO = {
    "listener0", "sentineld_version", "clients_memory", "clients_memory_limit",
    "pubsub_clients", "watching_clients", "total_watched_keys",
    "total_blocking_keys", "total_blocking_keys_on_nokey", "acl_access_denied_auth",
    "acl_access_denied_cmd", "acl_access_denied_key", "acl_access_denied_channel",
    "sentinel_total_tilt",
}
ADDED_CLIENT = {"lib-name", "lib-ver"}

# Commands that stock does not have: left out of lists of commands.
ADDED_COMMANDS = {
    "quit", "reset", "client|setinfo", "sentinel|doctor", "sentinel|explain", "sentinel|history", "sentinel|pause", "sentinel|resume", "sentinel|forget", "sentinel|primary", "sentinel|primaries",
    "sentinel|get-primary-addr-by-name", "sentinel|is-primary-down-by-addr",
}
COMMAND_LISTS = ("COMMAND LIST", "ACL CAT ")

# Requests whose answers stock gives in the order of a hash table.
UNORDERED = ("COMMAND LIST", "ACL CAT", "ROLE")


def _info(text):
    """The names and order of all fields, the values of INFO_EXACT, the groups in the order of names."""
    lines = []
    groups = sorted(MASTER_LINE.sub("", line) for line in text.split("\r\n") if MASTER_LINE.match(line))
    text = "\r\n".join(f"master:{groups.pop(0)}" if MASTER_LINE.match(line) else line
                       for line in text.split("\r\n"))
    for line in text.split("\r\n"):
        match = INFO_LINE.match(line)
        if (match and match.group(1) in ADDED_INFO) or line.startswith("errorstat_"):
            continue  # the latter: errors that a data node has answered by then
        if match and match.group(1) not in INFO_EXACT:
            line = f"{match.group(1)}:<v>"
        lines.append(line)
    return "\r\n".join(lines)


def _client(text):
    lines = []
    for line in text.split("\n"):
        words = [word.partition("=") for word in line.removeprefix("txt:").split(" ")]
        words = [(name, value if name in CLIENT_EXACT else "<v>") for name, _, value in words
                 if name not in ADDED_CLIENT]
        lines.append(" ".join(f"{name}={value}" for name, value in words if name))
    return "\n".join(lines)


class Normal:
    """ports: {number: name}, and the folder, of the daemon that is looked at."""

    def __init__(self, ports, folder):
        self._folder = folder
        self._ports = [(re.compile(rf"(?<!\d){port}(?!\d)"), f"<{name}>") for port, name in ports.items()]

    def text(self, text):
        if text.startswith("# ") or "\r\n# " in text:
            text = _info(text)
        elif text.removeprefix("txt:").startswith("id=") and " addr=" in text:
            text = _client(text)
        text = RUNID.sub("<id>", text.replace(self._folder, "<folder>"))
        for pattern, name in self._ports:
            text = pattern.sub(name, text)
        return text

    def replies(self, request, replies):
        """The answers to request, ready to be compared."""
        request = request[request.startswith("@") and request.index(":") + 1:].strip()
        if request in ("UNSUBSCRIBE", "PUNSUBSCRIBE"):
            replies = self._channels_in_order(replies)
        return [reply if isinstance(reply, str) else self._reply(request, reply) for reply in replies]

    @staticmethod
    def _channels_in_order(replies):
        """Stock ends all subscriptions in the order of a hash table; the counts go down all the same."""
        if any(isinstance(reply, str) or not isinstance(reply.value, list) or len(reply.value) != 3
               for reply in replies):
            return replies
        channels = sorted((reply.value[1] for reply in replies), key=repr)
        return [Reply(reply.kind, [reply.value[0], channel, reply.value[2]])
                for reply, channel in zip(replies, channels)]

    def _reply(self, request, reply):
        if request == "CLIENT ID" and reply.kind == ":":
            return Reply(":", "<v>")
        if request.startswith("SENTINEL INFO-CACHE") and reply.kind in "*%":
            groups = sorted(zip(reply.value[::2], reply.value[1::2]), key=lambda group: group[0].value)
            reply = self._ages(Reply(reply.kind, [item for group in groups for item in group]))
        reply = self._tree(reply)
        if request.upper().startswith(COMMAND_LISTS) and isinstance(reply.value, list):
            reply = Reply(reply.kind, [item for item in reply.value if item.value not in ADDED_COMMANDS])
        if request.upper().startswith(UNORDERED) and isinstance(reply.value, list):
            items = [Reply(item.kind, sorted(item.value)) if isinstance(item.value, list) else item
                     for item in reply.value]
            reply = Reply(reply.kind, sorted(items, key=repr))
        return reply

    def _ages(self, reply):
        if isinstance(reply.value, list):
            return Reply(reply.kind, [self._ages(item) for item in reply.value])
        return Reply(":", "<v>" if reply.value != "0" else "0") if reply.kind == ":" else reply

    def _tree(self, reply):
        if reply.value is None:
            return reply
        if not isinstance(reply.value, list):
            return Reply(reply.kind, self.text(reply.value))
        items = [self._tree(item) for item in reply.value]
        names = [item.value for item in items[::2]]
        if len(items) % 2 == 0 and all(isinstance(name, str) for name in names):
            for i, name in enumerate(names):
                if name in FIELDS and not isinstance(items[2 * i + 1].value, list):
                    items[2 * i + 1] = Reply(items[2 * i + 1].kind, "<v>")
        elif items and all(isinstance(item.value, list) for item in items):
            items.sort(key=repr)  # lists of maps come in the order of a hash table from stock
        return Reply(reply.kind, items)
