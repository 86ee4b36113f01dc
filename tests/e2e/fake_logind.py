# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of logind that jauthd and jauth-end-session make, answered as a test says."""

import threading

from jeepney import MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

SESSION = "/org/freedesktop/login1/session/c1"


class Logind:
    """`remote` is the session's property; None: the caller is in no session; "hang": no answer;
    "text": an answer of another type. `session`: Id, User, Leader and State of the session that
    exists; None: there is none."""

    def __init__(self):
        self.remote = None
        self.session = None
        self.asked = []
        self.connection = open_dbus_connection("SYSTEM")
        reply = self.connection.send_and_get_reply(
            message_bus.RequestName("org.freedesktop.login1"))
        assert reply.body == (1,)
        self.running = True
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.running = False
        self.thread.join()
        self.connection.close()

    def _serve(self):
        while self.running:
            try:
                message = self.connection.receive(timeout=0.1)
            except TimeoutError:
                continue
            if message.header.message_type == MessageType.method_call:
                self._answer(message)

    def _answer(self, message):
        member = [value for key, value in message.header.fields.items() if key.name == "member"][0]
        self.asked.append((member, message.body))
        if self.remote == "hang":
            return
        if member == "GetSessionByPID" and self.remote is None:
            reply = new_error(message, "org.freedesktop.login1.NoSessionForPID", "s", ("none",))
        elif member == "GetSessionByPID":
            reply = new_method_return(message, "o", (SESSION,))
        elif member in ("GetSession", "TerminateSession", "KillSession"):
            reply = self._find_session(message, member)
        elif member == "Get" and self.session and message.body[1] in self.session:
            value = self.session[message.body[1]]
            signature = {"Id": "s", "User": "(uo)", "Leader": "u",
                         "State": "s"}[message.body[1]]
            reply = new_method_return(message, "v", ((signature, (value, SESSION) if
                                                      signature == "(uo)" else value),))
        elif self.remote == "text":
            reply = new_method_return(message, "v", (("s", "no"),))
        else:
            reply = new_method_return(message, "v", (("b", self.remote),))
        self.connection.send(reply)

    def _find_session(self, message, member):
        if not self.session or message.body[0] != self.session["Id"]:
            return new_error(message, "org.freedesktop.login1.NoSuchSession", "s", ("none",))
        if member == "GetSession":
            return new_method_return(message, "o", (SESSION,))
        return new_method_return(message)
