# SPDX-License-Identifier: GPL-3.0-or-later
"""Port numbers for servers that are started later, or again.

The kernel gives those of its own range (ip_local_port_range in ip(7)) to whoever connects meanwhile, so
these lie below it, and each is given once in a process.
"""

import os
import socket

LEAST, BEYOND = 16000, 32000


def _numbers():
    n = BEYOND - LEAST
    first = os.getpid() * 61 % n        # processes that share a network begin at different ones
    for i in range(n):
        yield LEAST + (first + i) % n


_left = _numbers()


def free_port():
    for port in _left:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError("no port is left")
