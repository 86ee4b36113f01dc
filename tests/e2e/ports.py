# SPDX-License-Identifier: GPL-3.0-or-later
"""Port numbers for servers that are started later, or again.

The kernel gives those of its own range (ip_local_port_range in ip(7)) to whoever connects
meanwhile, so these lie below it. Each is kept until the process ends, by a socket with a name that
counts in this network only: quickstarts that share the machine's do not get the same.
"""

import socket

LEAST, BEYOND = 16000, 32000

_left = iter(range(LEAST, BEYOND))
_claims = []


def _claims_it(port):
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0jauth-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    return next(port for port in _left if _is_free(port) and _claims_it(port))
