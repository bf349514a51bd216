# SPDX-License-Identifier: BSD-3-Clause
"""A whole group: a master, its replicas and the sentinels that watch it."""

from harness.poll import wait_until

# Bounds, not expectations: on a loaded machine everything takes its time.
READY_S = 60
SWITCH_S = 40
SETTLE_S = 90


class Group:
    """Started by Place.group(). servers holds the first master and then the replicas."""

    def __init__(self, name, servers, sentinels):
        self.name = name
        self.servers = servers
        self.sentinels = sentinels

    @property
    def master(self):
        """The server that the sentinels started with; see current_master()."""
        return self.servers[0]

    @property
    def replicas(self):
        return self.servers[1:]

    def running_sentinels(self):
        return [s for s in self.sentinels if s.running()]

    def server_at(self, address):
        return next(s for s in self.servers if s.port == int(address[1]))

    def addresses(self):
        return {s.name: s.master_address(self.name) for s in self.running_sentinels()}

    def current_master(self):
        """The server that all running sentinels name."""
        named = set(self.addresses().values())
        assert len(named) == 1, f"the sentinels disagree: {self.addresses()}"
        return self.server_at(named.pop())

    # Readiness

    def missing(self):
        """What is still unknown to somebody, as text; empty when nothing is."""
        problems = []
        for sentinel in self.running_sentinels():
            master = sentinel.master(self.name)
            if master["flags"] != "master":
                problems.append(f"{sentinel.name}: master is {master['flags']}")
            if not master["runid"]:
                problems.append(f"{sentinel.name}: no runid of the master yet")
            if master["num-other-sentinels"] != len(self.sentinels) - 1:
                problems.append(f"{sentinel.name}: {master['num-other-sentinels']} peers")
            problems += self._missing_replicas(sentinel)
            problems += [f"{sentinel.name}: peer {peer['port']} is {peer['flags']}"
                         for peer in sentinel.peers(self.name)
                         if peer["is_disconnected"] or peer["is_sdown"]]
        return "; ".join(problems)

    def _missing_replicas(self, sentinel):
        master_port = int(sentinel.master_address(self.name)[1])
        wanted = {s.port for s in self.servers if s.port != master_port and s.running()}
        known = {r["port"]: r for r in sentinel.replicas(self.name)}
        for port in sorted(wanted - set(known)):
            yield f"{sentinel.name}: replica {port} unknown"
        for port in sorted(wanted & set(known)):
            replica = known[port]
            if replica["is_disconnected"] or replica["is_sdown"]:
                yield f"{sentinel.name}: replica {port} is {replica['flags']}"
            elif replica["master-link-status"] != "ok" or int(replica["master-port"]) != master_port:
                yield (f"{sentinel.name}: replica {port} follows {replica['master-port']}, "
                       f"link {replica['master-link-status']}")

    def wait_ready(self, timeout_s=READY_S):
        """Every sentinel knows every replica and every peer, and all of them are well."""
        wait_until(lambda: not self.missing(), timeout_s, "every sentinel knows everything",
                   explain=self.missing)
        return self

    # Failover

    def wait_switched(self, old_master, timeout_s=SWITCH_S):
        """All running sentinels agree on a master that is not old_master; returns it."""
        def agreed():
            named = set(self.addresses().values())
            return len(named) == 1 and int(next(iter(named))[1]) != old_master.port
        wait_until(agreed, timeout_s, f"all sentinels name another master than {old_master.port}",
                   explain=lambda: {**self.addresses(), "replicas": self.candidates()})
        return self.current_master()

    def candidates(self):
        """{sentinel: what speaks for and against each replica}, for messages."""
        facts = ("port", "flags", "master-link-status", "master-link-down-time", "info-refresh", "slave-priority")
        return {sentinel.name: [{fact: replica.get(fact) for fact in facts} for replica in sentinel.replicas(self.name)]
                for sentinel in self.running_sentinels()}

    def wait_settled(self, timeout_s=SETTLE_S):
        """Every running server follows the master that all sentinels name."""
        def settled():
            master = self.current_master()
            return master.role() == "master" and all(
                s is master or s.follows(master) for s in self.servers if s.running())
        wait_until(settled, timeout_s, "all servers follow the agreed master", explain=self.roles)
        return self.current_master()

    def roles(self):
        """{port: role and master} of every running server, for messages."""
        shown = {}
        for server in self.servers:
            if server.running():
                try:
                    info = server.info()
                    shown[server.port] = (info["role"], info.get("master_port"),
                                          info.get("master_link_status"))
                except Exception as error:  # pylint: disable=broad-except
                    shown[server.port] = str(error)
        return shown
