# SPDX-License-Identifier: BSD-3-Clause
"""A certificate authority of the tests' own, and the lines and arguments that make servers, sentinels and clients use it."""

import datetime
import os
import subprocess


class Authority:
    """Certificates below folder. Each is for localhost, 127.0.0.1 and what else is asked for."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.name = name
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-subj", f"/CN={name} of the tests", "-keyout", self.key_of(name), "-out", self.cert_of(name))
        self.issue("one")

    def cert_of(self, name):
        return os.path.join(self.folder, f"{name}.crt")

    def key_of(self, name):
        return os.path.join(self.folder, f"{name}.key")

    @property
    def ca(self):
        return self.cert_of(self.name)

    def issue(self, name, alt_names="DNS:localhost,IP:127.0.0.1", days=10, subject=None):
        """name.crt and name.key; days may be negative: it has ended."""
        request, extensions = self.key_of(name) + ".csr", self.key_of(name) + ".ext"
        with open(extensions, "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={alt_names}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      subject or f"/CN={name}", "-keyout", self.key_of(name), "-out", request)
        if days < 0:
            now = datetime.datetime.now(datetime.timezone.utc)
            self._sign_between(name, now + datetime.timedelta(days=days - 10), now + datetime.timedelta(days=days))
            return name
        command = ["x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.key_of(self.name), "-CAcreateserial",
                   "-extfile", extensions, "-out", self.cert_of(name) + ".new", "-days", str(days)]
        self._openssl(*command)
        os.replace(self.cert_of(name) + ".new", self.cert_of(name))
        return name

    def issue_early(self, name):
        """name.crt and name.key, which are not valid before the day after tomorrow."""
        self.issue(name)
        day = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
        self._sign_between(name, day, day + datetime.timedelta(days=10))
        return name

    def _sign_between(self, name, begin, end):
        """Of the request that issue() has left."""
        database, config = os.path.join(self.folder, "database"), os.path.join(self.folder, "early.conf")
        with open(database, "w", encoding="utf-8"), open(config, "w", encoding="utf-8") as file:
            file.write(f"[ca]\ndefault_ca=it\n[it]\ndatabase={database}\nnew_certs_dir={self.folder}\n"
                       "rand_serial=yes\npolicy=any\ndefault_md=sha256\n[any]\ncommonName=supplied\n")
        self._openssl("ca", "-batch", "-notext", "-config", config, "-cert", self.ca, "-keyfile", self.key_of(self.name),
                      "-in", self.key_of(name) + ".csr", "-extfile", self.key_of(name) + ".ext", "-out", self.cert_of(name) + ".new",
                      "-startdate", begin.strftime("%Y%m%d%H%M%SZ"), "-enddate", end.strftime("%Y%m%d%H%M%SZ"))
        os.replace(self.cert_of(name) + ".new", self.cert_of(name))

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True, timeout=60)


class Tls:
    """How a process uses TLS: with whose certificate, whether links too, and who else may connect.

    port: of a plain port beside the TLS port; 0: none. options: further lines {directive: value}."""

    def __init__(self, authority, certificate="one", replication=True, plain_port=0, **options):
        self.authority = authority
        self.certificate = certificate
        self.replication = replication
        self.plain_port = plain_port
        self.options = {key.replace("_", "-"): value for key, value in options.items()}

    def lines(self, port):
        """In the place of `port N`."""
        yield f"port {self.plain_port}"
        yield f"tls-port {port}"
        yield f"tls-cert-file {self.authority.cert_of(self.certificate)}"
        yield f"tls-key-file {self.authority.key_of(self.certificate)}"
        yield f"tls-ca-cert-file {self.authority.ca}"
        if self.replication:
            yield "tls-replication yes"
        for directive, value in self.options.items():
            yield f"{directive} {value}"

    def client_arguments(self):
        """For redis.Redis."""
        return {"ssl": True, "ssl_ca_certs": self.authority.ca, "ssl_certfile": self.authority.cert_of(self.certificate),
                "ssl_keyfile": self.authority.key_of(self.certificate), "ssl_check_hostname": False}

    def environment(self):
        """For the programs in tests/compat/clients."""
        return {"SN_TLS_CA": self.authority.ca, "SN_TLS_CERT": self.authority.cert_of(self.certificate),
                "SN_TLS_KEY": self.authority.key_of(self.certificate)}

    def cli_arguments(self):
        """For redis-cli."""
        return ["--tls", "--cacert", self.authority.ca, "--cert", self.authority.cert_of(self.certificate),
                "--key", self.authority.key_of(self.certificate)]
