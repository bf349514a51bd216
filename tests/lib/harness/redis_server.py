# SPDX-License-Identifier: BSD-3-Clause
"""A redis-server process: a master or a replica of a monitored group."""

import os

import redis

from harness.once import once
from harness.poll import wait_until
from harness.process import Process

BINARY = os.environ.get("REDIS_SERVER", "redis-server")
VALKEY_BINARY = os.environ.get("VALKEY_SERVER", "valkey-server")

# Nothing on disk but the configuration file (CONFIG REWRITE needs one); replicas sync at once.
CONFIG = """\
{ports}
bind 127.0.0.1
dir {folder}
save ""
appendonly no
repl-diskless-sync-delay 0
"""


class RedisServer(Process):
    """options: configuration lines {directive: value or list of values}, e.g. requirepass, masterauth,
    min-replicas-to-write, repl-diskless-sync. user and password are how the test itself logs in.
    binary: the server to start. tls: of its port and links."""

    def __init__(self, folder, port, master=None, options=None, user=None, password=None,
                 binary=BINARY, tls=None):
        self.port = port
        self.tls = tls
        self.user = user
        self.password = password
        self.folder = folder
        self.conf_path = os.path.join(folder, "redis.conf")
        super().__init__(f"redis-{port}", [binary, self.conf_path], os.path.join(folder, "redis.log"))
        ports = "\n".join(tls.lines(port)) if tls else f"port {port}"
        lines = [CONFIG.format(ports=ports, folder=folder)]
        if master:
            lines.append(f"replicaof 127.0.0.1 {master.port}\n")
        for directive, value in (options or {}).items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                lines.append(f"{directive} {one}\n")
        with open(self.conf_path, "w", encoding="utf-8") as conf:
            conf.writelines(lines)

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def client(self, **kwargs):
        settings = {"socket_timeout": 20, "decode_responses": True, **once(),
                    "username": self.user, "password": self.password,
                    **(self.tls.client_arguments() if self.tls else {}), **kwargs}
        return redis.Redis("127.0.0.1", self.port, **settings)

    def start(self):
        super().start()
        wait_until(self.answers, 30, f"{self.name} answers PING",
                   hopeless=lambda: not self.running())
        return self

    def answers(self):
        with self.client() as client:
            return client.ping()

    def info(self, section="replication"):
        with self.client() as client:
            return client.info(section)

    def role(self):
        return self.info()["role"]

    def follows(self, master):
        """True: it is a replica of master and in sync."""
        info = self.info()
        return (info["role"] == "slave" and info["master_port"] == master.port
                and info["master_link_status"] == "up")

    def replica_of(self, master):
        with self.client() as client:
            if master is None:
                client.replicaof("no", "one")
            else:
                client.replicaof("127.0.0.1", master.port)
