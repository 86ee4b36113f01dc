# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthd's bus interfaces and a client of the login socket, written from the specification
(jauthd/org.jauth1.xml, base/login-protocol.h) without any code of ours."""

import contextlib
import os
import select
import shutil
import socket
import struct
import tempfile

from jeepney import DBusAddress, DBusErrorResponse, Parser, new_method_call
from jeepney.io.blocking import open_dbus_connection

from service import run

NAME, PATH = "org.jauth1", "/org/jauth1"
ANSWER, CANCEL = 1, 2
VERSION = 1
SIGNATURES = {bool: "b", str: "s", int: "x"}


class BusError(Exception):
    """An error reply; `name` is the last part of its name."""

    def __init__(self, error):
        super().__init__(f"{error.name}: {error.data}")
        self.name = error.name.rpartition(".")[2]


def variants(values, **signatures):
    """A dict as a{sv}; numbers are x unless said otherwise."""
    return {key: (signatures.get(key, SIGNATURES[type(value)]), value)
            for key, value in values.items()}


def plain(value):
    """What came from the bus without its signatures."""
    if isinstance(value, dict):
        return {key: plain(item[1]) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


class Bus:
    """A connection of its own; closes with `with`."""

    def __init__(self):
        self.connection = open_dbus_connection("SYSTEM", enable_fds=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def call(self, interface, method, signature=None, *arguments, timeout=20):
        address = DBusAddress(PATH, bus_name=NAME, interface=NAME + "." + interface)
        message = new_method_call(address, method, signature, arguments)
        try:
            reply = self.connection.send_and_get_reply(message, timeout=timeout)
        except DBusErrorResponse as error:
            raise BusError(error) from None
        if reply.header.message_type.name == "error":
            raise BusError(DBusErrorResponse(reply))
        return plain(reply.body[0]) if reply.body else None

    def owner_pid(self):
        """The process id of jauthd."""
        address = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus",
                              "org.freedesktop.DBus")
        message = new_method_call(address, "GetConnectionUnixProcessID", "s", (NAME,))
        return self.connection.send_and_get_reply(message, timeout=10).body[0]

    def begin(self, user, service="sshd", phase="authenticate", version=VERSION, **facts):
        """A Login. Facts are named with _ for -."""
        every = {"version": version, "phase": phase, "service": service, "user": user,
                 "surface": "ssh", "rhost": "192.0.2.1", **facts}
        every = {key.replace("_", "-"): value for key, value in every.items()
                 if value is not None}
        numbers = {key: "u" for key, value in every.items() if isinstance(value, int)}
        return Login(self.call("Login", "Begin", "a{sv}", variants(every, **numbers)))


class Step:
    """One datagram of jauthd: a marshalled signal Step(s, a(sa{sv}))."""

    def __init__(self, data):
        message = Parser().feed(data)[0]
        assert message.header.message_type.name == "signal"
        self.state, items = message.body
        self.items = [(kind, plain(fields)) for kind, fields in items]

    def text(self):
        return "\n".join(fields["text"] for _, fields in self.items if "text" in fields)

    def ask(self):
        kind, fields = self.items[-1]
        assert kind == "ask", self.items
        return fields


class Login:
    """The module's end of a login's socket. Like the module's it sends whether or not jauthd still
    reads, and what came before the end counts."""

    def __init__(self, descriptor):
        self.socket = socket.socket(fileno=descriptor.to_raw_fd())
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def step(self, timeout=20):
        """The next Step, or None at the end."""
        ready, _, _ = select.select([self.socket], [], [], timeout)
        if not ready:
            raise TimeoutError(f"no step in {timeout} s")
        try:
            data = self.socket.recv(1 << 17)
        except ConnectionResetError:    # once, before what is queued: jauthd left something unread
            data = self.socket.recv(1 << 17)
        if not data:
            return None
        step = Step(data)
        if step.state == "ask":
            self.number = step.ask()["number"]
        return step

    def next_ask(self, timeout=20):
        """The next Step that asks; waits on the way are passed over."""
        step = self.step(timeout)
        while step and step.state == "wait":
            step = self.step(timeout)
        assert step and step.state == "ask", step and (step.state, step.text())
        return step

    def answer(self, text, number=None):
        data = text if isinstance(text, bytes) else text.encode()
        head = struct.pack("<BI", ANSWER, self.number if number is None else number)
        self.send(head + data)

    def cancel(self):
        self.send(struct.pack("<BI", CANCEL, 0))

    def send(self, data):
        with contextlib.suppress(ConnectionError):
            self.socket.send(data, socket.MSG_NOSIGNAL)

    def outcome(self, timeout=30):
        """The state that ends the login; asks and waits on the way are passed over."""
        while True:
            step = self.step(timeout)
            if step is None:
                return None
            if step.state not in ("ask", "wait"):
                return step.state


def call_as(user, code):
    """Runs Python code with these modules as another user; what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        # The tree itself may lie where this user cannot look.
        for module in ("bus.py", "service.py"):
            shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), module), folder)
        os.chmod(folder, 0o755)
        return run(["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups", "env",
                    f"PYTHONPATH={folder}", "/usr/bin/python3", "-c", code]).stdout.strip()
