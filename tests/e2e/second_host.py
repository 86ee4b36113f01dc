#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second host within the house, in namespaces of its own: bus, daemons, store and user database
are its, only the network is the first one's. One order comes as JSON, and the line that getent has
there for one user is the answer; see demo_people.py. Its folders end with it."""

import json
import os
import pathlib
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from demo_people import SYNC_S, passwd  # noqa: E402
from fleet_host import OWN  # noqa: E402
from house import House, wait_until  # noqa: E402
from service import run  # noqa: E402

FOLDERS = [*OWN, ("/var/lib/jauth-userdb", "755", "jauth:jauth"),
           ("/run/jauth-userdb", "755", "jauth-userdb:jauth-userdb"),
           ("/run/systemd", "755", "root:root")]


def take_over(files):
    for path, mode, owner in FOLDERS:
        os.makedirs(path, exist_ok=True)
        run(["mount", "-t", "tmpfs", "tmpfs", path])
        run(["chmod", mode, path])
        run(["chown", owner, path])
    run(["hostname", "second.example.org"])
    os.makedirs("/run/systemd/userdb", exist_ok=True)
    for path, text in files.items():
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_text(text)
        os.chmod(path, 0o644 if path.endswith(".pem") else 0o640)
        shutil.chown(path, "root", "jauth")


def main():
    order = json.load(sys.stdin)
    take_over(order["files"])
    house = House().start_bus()
    try:
        house.trust(order["ca"])
        house.userdb()
        if passwd(order["user"]):
            raise RuntimeError("he is there before anything was read")
        house.write_config("")
        house.http.start()
        house.ctl("relay", "enrol", order["relay"], "-", input=order["token"] + "\n")
        house.configure(order["config"])
        wait_until(lambda: passwd(order["user"]), SYNC_S, "the directory's first sync")
        print(passwd(order["user"]))
    finally:
        house.stop()


main()
