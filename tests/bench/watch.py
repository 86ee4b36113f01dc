# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: watch.py PID FOLDER

Until its input ends, every 20 ms: how long a call of jauthd waits that needs the store, one that
needs its loop alone, and, as a peer, a commit in an SQLite of its own in that folder; and the most
memory that the process takes. Prints a dict of lists of milliseconds, and "kib". A process of its
own, so that it waits for nobody else's threads."""

import json
import pathlib
import select
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

from jeepney import DBusAddress, new_method_call  # noqa: E402

from bus import NAME, PATH, Bus  # noqa: E402
from measure import private_kib  # noqa: E402

PING = DBusAddress(PATH, bus_name=NAME, interface="org.freedesktop.DBus.Peer")


def main(pid, folder):
    path = pathlib.Path(folder, "bench-peer.db")
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = NORMAL")
    base.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
    waits = {"store": [], "loop": [], "peer": []}
    kib = 0
    with Bus() as bus:
        works = {
            "store": lambda: bus.call("Accounts", "ListLinks", "s", "nobody"),
            "loop": lambda: bus.connection.send_and_get_reply(new_method_call(PING, "Ping")),
            "peer": lambda: base.execute("INSERT INTO rows (text) VALUES ('x')"),
        }
        while not select.select([0], [], [], 0.02)[0]:
            for name, work in works.items():
                begin = time.monotonic()
                work()
                waits[name].append((time.monotonic() - begin) * 1000)
            kib = max(kib, private_kib(int(pid)))
    base.close()
    path.unlink()
    print(json.dumps({**waits, "kib": kib}))


main(*sys.argv[1:])
