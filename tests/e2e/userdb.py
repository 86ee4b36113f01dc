# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-userdb's snapshots, written by the program snapshotwrite, and calls to it as bytes."""

import json
import os
import socket
import subprocess

SNAPSHOT = "/var/lib/jauth-userdb/snapshot"
SOCKET = "/run/systemd/userdb/org.jauth1"
WRITER = os.path.join(os.environ.get("JAUTH_BUILD", "build"), "tests/e2e/snapshotwrite")
SERVICE = "org.jauth1"
INTERFACE = "io.systemd.UserDatabase."

GROUP = ("jauth-users", 65600)


def user(name, uid, gid=GROUP[1], home=None, shell="/bin/bash", real_name="", locked=False,
         keys=()):
    """A line of snapshotwrite's input."""
    return "\t".join(["user", name, str(uid), str(gid), home or f"/home/{name}", shell, real_name,
                      "locked" if locked else "active", "\\n".join(keys)])


def group(name, gid, description=""):
    return f"group\t{name}\t{gid}\t{description}"


def member(user_name, group_name):
    return f"member\t{user_name}\t{group_name}"


def many(n, uid=100000, gid=GROUP[1], groups=5):
    """p0, p1, …"""
    return f"many\t{n}\t{uid}\t{gid}\t{groups}"


def write(*lines, path=SNAPSHOT):
    """As jauthd does, whole, and as its user."""
    subprocess.run(["setpriv", "--reuid=jauth", "--regid=jauth", "--clear-groups", "--", WRITER,
                    path], input="".join(line + "\n" for line in lines), text=True, check=True)


class Connection:
    """A client of jauth-userdb that is not nss-systemd."""

    def __init__(self, path=SOCKET, timeout=10):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, method, more=False, **parameters):
        call = {"method": method, "parameters": parameters}
        if more:
            call["more"] = True
        self.socket.sendall(json.dumps(call).encode() + b"\0")

    def reply(self):
        """The next one; None: it was closed."""
        while b"\0" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.buffer += data
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, more=False, **parameters):
        """All replies."""
        self.send(INTERFACE + method, more, service=SERVICE, **parameters)
        replies = [self.reply()]
        while replies[-1] and replies[-1].get("continues"):
            replies.append(self.reply())
        return replies

    def is_closed(self):
        return self.reply() is None
