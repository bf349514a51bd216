# SPDX-License-Identifier: BSD-3-Clause
"""gdb on sentineld: printers for groups, members, links, timers, addresses and enums, and `sentinel groups`.

    gdb -x scripts/gdb/sentineld.py -p PID          a running process, which stands still meanwhile
    gdb -x scripts/gdb/sentineld.py PROGRAM CORE    a core dump

Nothing is called in the process, so that all of it works on a core dump too. What cannot be read (a stale pointer)
is shown as an address alone. `print/r` shows a value without these printers.
"""

import itertools

import gdb
import gdb.printing
import gdb.types

NEVER = 2**63 - 1  # SN_MS_NEVER
LIST_MAX = 10000  # a list that memory was written over need not end


# ---------------------------------------------------------------- values as text

def plain(kind):
    """A type without typedefs, const and the like."""
    return kind.strip_typedefs().unqualified()


def tag_of(kind):
    """The tag of a structure or enum, else None."""
    kind = plain(kind)
    if kind.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_ENUM):
        return kind.tag
    return None


def pointed_to(kind):
    """The tag of the structure that a pointer points to, else None."""
    kind = plain(kind)
    return tag_of(kind.target()) if kind.code == gdb.TYPE_CODE_PTR else None


def word(value):
    """An enumerator without the prefix that all of its enum share: SN_FAILOVER_WAIT_START is wait_start."""
    fields = plain(value.type).fields()
    number = int(value)
    names = [field.name for field in fields if field.enumval == number]
    if not names:
        return f"{number}, which is no {value.type.tag}"
    parts = [field.name.split("_") for field in fields]
    shared = 0
    while len(parts) > 1 and all(len(part) > shared + 1 and part[shared] == parts[0][shared] for part in parts):
        shared += 1
    return "_".join(names[0].split("_")[shared:]).lower()


def text(value):
    """A text in an array or behind a pointer; what is no UTF-8 is escaped."""
    return value.string("utf-8", "backslashreplace")


def moment(value):
    """An instant or a duration in milliseconds."""
    number = int(value)
    return "never" if number == NEVER else str(number)


def address(value):
    """struct sn_addr: host:port, with the IP where that is another one."""
    host, ip, port = text(value["host"]), text(value["ip"]), int(value["port"])
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if not host:
        return "none"
    if ip == host:
        return shown
    return f"{shown} ({ip or 'not resolved'})"


def run_id(value):
    """struct sn_runid, shortened as far as people do it."""
    return text(value["hex"])[:8] or "none"


def timer(value):
    if int(value["pos"]) == 0:
        return "disarmed"
    number = int(value["kind"])
    try:
        kind = word(gdb.Value(number).cast(gdb.lookup_type("enum sn_timer_kind")))
    except gdb.error:  # nothing of the core is in this program
        kind = f"kind {number}"
    return f"{kind} at {moment(value['at'])}"


def flags(value, *names):
    """Those members that are true, by their names."""
    return [name for name in names if bool(value[name])]


def link(value):
    parts = [word(value["kind"]), word(value["state"]), f"id {int(value['id']['v'])}"]
    if int(value["pending"]):
        parts.append(f"{int(value['pending'])} pending")
    if int(value["silence_at"]) != NEVER:
        parts.append(f"silent since {moment(value['silence_at'])}")
    if int(value["failures"]):
        parts.append(f"{int(value['failures'])} failures")
    return ", ".join(parts + flags(value, "shut_out", "opening_refused", "asleep", "deaf"))


def instance(value):
    """struct sn_instance: a data node or a peer."""
    parts = [f"{word(value['kind'])} {address(value['addr'])}", f"run id {run_id(value['runid'])}"]
    if bool(value["s_down"]):
        parts.append(f"s_down since {moment(value['s_down_at'])}")
    if is_peer(value):
        peer = value["u"]["peer"]
        if bool(peer["master_down"]):
            parts.append("says that the master is down")
        if text(peer["vote"]["hex"]):
            parts.append(f"voted for {run_id(peer['vote'])} in epoch {int(peer['vote_epoch'])}")
    else:
        data = value["u"]["data"]
        parts.append(f"reports {word(data['role_reported'])}")
        if word(data["reconf"]) != "none":
            parts.append(f"reconf {word(data['reconf'])}")
        parts += flags(data, "promoted", "order_refused")
    for field in gdb.lookup_type("enum sn_unanswered").fields():
        if int(value["unanswered"]) & field.enumval:
            parts.append(f"{field.name.split('_')[-1].lower()} unanswered")
    if int(value["cmd"]) and word(value["cmd"]["state"]) != "up":
        parts.append(f"link {word(value['cmd']['state'])}")
    return ", ".join(parts)


def is_peer(value):
    return word(value["kind"]) == "peer"


def failover(value):
    """struct sn_failover: the state, and what belongs to it."""
    state = word(value["state"])
    if state == "none":
        return state
    parts = [f"{state} since {moment(value['state_at'])}", f"epoch {int(value['epoch'])}"]
    if word(value["mode"]) != "none":
        parts.append(word(value["mode"]))
    if word(value["drain"]["phase"]) != "none":
        parts.append(f"drain {word(value['drain']['phase'])}")
    if int(value["promoted"]):
        parts.append(f"promotes {address(value['promoted']['addr'])}")
    return ", ".join(parts)


def group_flags(value):
    found = flags(value["master"], "s_down") if int(value["master"]) else []
    return found + flags(value, "o_down", "held", "accept_any_peer") or ["none"]


def group(value):
    parts = [text(value["name"])]
    parts.append(f"master {address(value['master']['addr'])}" if int(value["master"]) else "no master")
    parts.append(f"config epoch {int(value['config_epoch'])}")
    parts.append(f"flags {' '.join(group_flags(value))}")
    parts.append(f"failover {failover(value['failover'])}")
    return ", ".join(parts)


# ---------------------------------------------------------------- printers

SUMMARIES = {"sn_group": group, "sn_instance": instance, "sn_link": link, "sn_failover": failover, "sn_timer": timer,
             "sn_addr": address, "sn_runid": lambda value: text(value["hex"]) or "none"}
# Shown with their members behind the summary.
WITH_MEMBERS = ("sn_group", "sn_instance", "sn_link", "sn_failover")
# Their pointers are shown with the summary.
BY_POINTER = ("sn_group", "sn_instance", "sn_link")
# The plumbing of lists and tables.
HIDDEN = ("core", "hh", "hh_id", "prev", "next", "owner_next", "place_prev", "place_next",
          "mark_prev", "mark_next")


class Summary:
    def __init__(self, value, summary):
        self.value, self.summary = value, summary

    def to_string(self):
        try:
            return self.summary(self.value)
        except gdb.MemoryError as error:
            return f"unreadable: {error}"


class WithMembers(Summary):
    def children(self):
        for field in plain(self.value.type).fields():
            if field.name == "u" and tag_of(self.value.type) == "sn_instance":
                part = "peer" if is_peer(self.value) else "data"
                yield part, self.value["u"][part]
            elif field.name not in HIDDEN:
                yield field.name, self.value[field.name]


class Pointer(Summary):
    def to_string(self):
        where = f"({self.value.type}) {int(self.value):#x}"
        if not int(self.value):
            return where
        try:
            return f"{where} {self.summary(self.value.dereference())}"
        except gdb.MemoryError:
            return where


def printer_of(value):
    """What gdb asks for each value that it shows."""
    if value.type.name == "sn_ms":
        return Summary(value, moment) if int(value) == NEVER else None
    tag = tag_of(value.type)
    if tag in SUMMARIES:
        return (WithMembers if tag in WITH_MEMBERS else Summary)(value, SUMMARIES[tag])
    if tag and tag.startswith("sn_") and plain(value.type).code == gdb.TYPE_CODE_ENUM:
        return Summary(value, word)
    target = pointed_to(value.type)
    if target in BY_POINTER:
        return Pointer(value, SUMMARIES[target])
    return None


printer_of.name = "sentineld"
printer_of.enabled = True
printer_of.subprinters = None


# ---------------------------------------------------------------- sentinel groups

def chained(head, following):
    """head and what follows it, up to a null pointer."""
    for _ in range(LIST_MAX):
        if not int(head):
            return
        yield head
        head = following(head)
    raise gdb.GdbError(f"a list has more than {LIST_MAX} elements, or goes round in a circle")


def each(head, handle):
    """The elements of a table of uthash in the order in which they were added."""
    return chained(head, lambda element: element[handle]["next"].cast(head.type))


def listed(head):
    """The elements of a list of utlist."""
    return chained(head, lambda element: element["next"])


def core_in(value):
    """The core that a variable is, points to, or has as its member `core`; else None."""
    if pointed_to(value.type) == "sn_core":
        return value
    if plain(value.type).code == gdb.TYPE_CODE_PTR and pointed_to(value.type) and int(value):
        value = value.dereference()
    if tag_of(value.type) == "sn_core":
        return value.address
    if plain(value.type).code == gdb.TYPE_CODE_STRUCT and gdb.types.has_field(plain(value.type), "core"):
        if pointed_to(value["core"].type) == "sn_core":
            return value["core"]
    return None


def variables(frame):
    """The values of all arguments and variables of a frame, the innermost block first."""
    try:
        block = frame.block()
    except RuntimeError:  # no symbols
        return
    while block is not None and not block.is_global and not block.is_static:
        for symbol in block:
            if symbol.is_argument or symbol.is_variable:
                yield symbol.value(frame)
        block = block.superblock


def core_of_frames(frame):
    """The core of the first frame that knows one, from this one outwards; None if none does."""
    while frame is not None and frame.is_valid():
        for value in variables(frame):
            try:
                core = core_in(value)
                if core is not None and not core.is_optimized_out and int(core) and int(core["next_id"]):
                    return core
            except gdb.error:  # optimised out, not set yet
                continue
        frame = frame.older()
    return None


def find_core():
    """The core of this thread, else of any other."""
    chosen = gdb.selected_thread()
    if chosen is None:
        raise gdb.GdbError("there is no process and no core dump")
    frame = gdb.selected_frame()
    core = core_of_frames(frame) or core_of_frames(gdb.newest_frame())
    for thread in gdb.selected_inferior().threads():
        if core is None:
            thread.switch()
            core = core_of_frames(gdb.newest_frame())
    chosen.switch()
    frame.select()
    if core is None:
        raise gdb.GdbError("no frame knows a core: sentinel groups EXPRESSION, which is a struct sn_core *")
    return core


def described(one):
    """The lines about a group."""
    yield group(one)
    yield (f"    vote for {run_id(one['leader'])} in epoch {int(one['leader_epoch'])}, "
           f"quorum {int(one['params']['quorum'])}")
    if int(one["master"]):
        yield f"    {instance(one['master'])}"
    for member in itertools.chain(listed(one["replicas"]), listed(one["peers"])):
        yield f"    {instance(member)}"


class Sentinel(gdb.Command):
    """Commands about a sentinel."""

    def __init__(self):
        super().__init__("sentinel", gdb.COMMAND_DATA, prefix=True)


class Groups(gdb.Command):
    """sentinel groups [CORE]: all groups, their masters, epochs, flags, failovers and members.
CORE is an expression, a struct sn_core * or something that has one; without it the stack is searched."""

    def __init__(self):
        super().__init__("sentinel groups", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        core = core_in(gdb.parse_and_eval(argument)) if argument else find_core()
        if core is None:
            raise gdb.GdbError(f"{argument} is no struct sn_core * and has none")
        groups = list(each(core["groups"], "hh"))
        print(f"sentinel {run_id(core['myid'])}: groups {len(groups)}, epoch {int(core['current_epoch'])}, "
              f"now {moment(core['now'])}" + (f", tilt since {moment(core['tilt_at'])}" if core["tilt"] else ""))
        for one in groups:
            for line in described(one):
                print(line)


gdb.printing.register_pretty_printer(None, printer_of, replace=True)
Sentinel()
Groups()
