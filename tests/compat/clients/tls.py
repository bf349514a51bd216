# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of redis-py for TLS, to the sentinels as to the servers; none if SN_TLS_CA is not set."""

import os

TLS = {}
if "SN_TLS_CA" in os.environ:
    TLS = {"ssl": True, "ssl_ca_certs": os.environ["SN_TLS_CA"], "ssl_certfile": os.environ["SN_TLS_CERT"],
           "ssl_keyfile": os.environ["SN_TLS_KEY"]}
