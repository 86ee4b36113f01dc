# SPDX-License-Identifier: GPL-3.0-or-later
"""A jauthd whose logins are scripts: it owns org.jauth1 on the system bus and does as told.

The bus part and the steps are GLib's, so nothing of jauth's own marshalling is used.
"""

import pathlib
import socket
import subprocess
import threading

from gi.repository import Gio, GLib

ADDRESS = "unix:path=/run/dbus/system_bus_socket"
ACTIVATION = pathlib.Path("/usr/share/dbus-1/system-services/org.jauth1.service")
INTERFACE = """<node><interface name="org.jauth1.Login">
<method name="Begin"><arg type="a{sv}" direction="in"/><arg type="h" direction="out"/></method>
</interface></node>"""

ANSWER, CANCEL = 1, 2


def info(text):
    return ("info", {"text": GLib.Variant("s", text)})


def error(text):
    return ("error", {"text": GLib.Variant("s", text)})


def request(identifier):
    return ("request", {"id": GLib.Variant("s", identifier)})


def ask(text, number=1, echo=False, password=False):
    return ("ask", {"text": GLib.Variant("s", text), "number": GLib.Variant("u", number),
                    "echo": GLib.Variant("b", echo), "password": GLib.Variant("b", password)})


def step(state, *items):
    """A step as a datagram."""
    message = Gio.DBusMessage.new_signal("/org/jauth1", "org.jauth1.Login", "Step")
    message.set_body(GLib.Variant("(sa(sa{sv}))", (state, list(items))))
    message.set_serial(1)
    return bytes(message.to_blob(Gio.DBusCapabilityFlags.NONE))


class Login:
    """jauthd's end of one login. Scripts run in a thread of their own; reads give up after 10 s."""

    def __init__(self, sock, facts):
        self.sock = sock
        self.sock.settimeout(10)
        self.facts = facts

    def send(self, state, *items):
        self.sock.send(step(state, *items))

    def send_raw(self, data):
        self.sock.send(data)

    def receive(self):
        """(opcode, number, bytes), or None when the module has closed."""
        data = self.sock.recv(65536)
        if not data:
            return None
        return data[0], int.from_bytes(data[1:5], "little"), data[5:]

    def close(self):
        self.sock.close()


class FakeJauthd:
    def __init__(self):
        self.script = None           # a function of a Login, or the name of an error for Begin
        self.script_error = None     # what a script raised; join() raises it
        self.facts = []              # of each Begin
        self.begun = threading.Event()
        self.threads = []
        self.never_answered = []
        self.context = GLib.MainContext()
        self.loop = GLib.MainLoop(self.context)
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.ready.wait(10), "no name on the bus"

    def _run(self):
        self.context.push_thread_default()
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        self.bus = Gio.DBusConnection.new_for_address_sync(ADDRESS, flags, None, None)
        info_xml = Gio.DBusNodeInfo.new_for_xml(INTERFACE)
        self.bus.register_object("/org/jauth1", info_xml.interfaces[0], self._call, None, None)
        # The bus may still see the one before; then the name comes when it does not.
        self.bus.signal_subscribe("org.freedesktop.DBus", "org.freedesktop.DBus", "NameAcquired",
                                  None, "org.jauth1", Gio.DBusSignalFlags.NONE,
                                  lambda *_: self.ready.set())
        self.bus.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName",
                           GLib.Variant("(su)", ("org.jauth1", 0)), None, 0, -1, None)
        self.loop.run()

    def _call(self, _bus, _sender, _path, _interface, _method, parameters, invocation):
        facts = parameters.unpack()[0]
        self.facts.append(facts)
        self.begun.set()
        script = self.script
        if script is None:
            self.never_answered.append(invocation)
        elif isinstance(script, str):
            invocation.return_dbus_error(script, "as the test wants it")
        elif isinstance(script, int):
            self._hand_over(invocation, script)
        else:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._hand_over(invocation, theirs.fileno())
            theirs.close()
            thread = threading.Thread(target=self._play, args=[script, Login(ours, facts)])
            self.threads.append(thread)
            thread.start()

    def _hand_over(self, invocation, descriptor):
        descriptors = Gio.UnixFDList.new()
        descriptors.append(descriptor)
        invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), descriptors)

    def _play(self, script, login):
        try:
            script(login)
        except (BrokenPipeError, ConnectionResetError):
            pass                     # the module has closed first
        except Exception as problem:  # pylint: disable=broad-except
            self.script_error = problem
        login.close()

    def join(self):
        """Waits for the scripts; raises what one of them raised."""
        for thread in self.threads:
            thread.join(15)
            assert not thread.is_alive()
        if self.script_error:
            raise self.script_error

    def answer(self):
        """What the script kept, once it has ended."""
        self.join()
        return self.script.answer

    def stop(self):
        self.loop.quit()
        self.thread.join(10)
        if not self.bus.is_closed():
            try:
                self.bus.close_sync(None)
            except GLib.Error:
                pass                 # the bus was killed by a test


def activate_by(command):
    """What the bus starts when nobody owns the name; None: nothing."""
    if command:
        ACTIVATION.write_text(f"[D-BUS Service]\nName=org.jauth1\nExec={command}\nUser=root\n")
    else:
        ACTIVATION.unlink(missing_ok=True)
    subprocess.run(["dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
                    "org.freedesktop.DBus.ReloadConfig"], check=True, capture_output=True)
