# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make install` puts where systemd and the bus look: units, users, folders, policy."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from house import wait_until
from service import run

UNITS = ["jauthd.service", "jauth-http.service", "jauth-http.socket", "jauth-relay.service",
         "jauth-relay.socket", "jauth-relay-unix.service", "jauth-relay-unix.socket",
         "jauth-userdb.service", "jauth-userdb.socket",
         "jauth-end-session@.service", "jauth-end-session.socket",
         "jauth-service-rollback.service"]
UNIT_FOLDER = pathlib.Path("/usr/lib/systemd/system")


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_has_nothing_to_say_about_a_unit(unit):
    done = run(["systemd-analyze", "verify", str(UNIT_FOLDER / unit)], check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# What systemd-analyze(1) calls the exposure, at most.
EXPOSED = {"jauthd.service": 0.6, "jauth-http.service": 1.3, "jauth-end-session@.service": 1.0,
           "jauth-userdb.service": 0.6, "jauth-relay.service": 1.1,
           "jauth-relay-unix.service": 0.6, "jauth-service-rollback.service": 2.0}


@pytest.mark.parametrize("unit,most", EXPOSED.items())
def test_a_service_exposes_little(unit, most):
    done = run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                str(UNIT_FOLDER / unit)], env={**os.environ, "SYSTEMD_COLORS": "0"})
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert float(level.group(1)) <= most


@pytest.mark.parametrize("folder,name", [("sysusers.d", "jauth.conf"), ("tmpfiles.d", "jauth.conf"),
                                         ("systemd/system", "jauthd.service"),
                                         ("systemd/system", "jauth-http.service"),
                                         ("systemd/system", "jauth-userdb.service"),
                                         ("systemd/system", "jauth-userdb.socket"),
                                         ("systemd/system", "jauth-relay.service"),
                                         ("systemd/system", "jauth-relay-unix.service"),
                                         ("systemd/system", "jauth-service-rollback.service")])
def test_no_placeholder_is_left(folder, name):
    text = (pathlib.Path("/usr/lib") / folder / name).read_text()
    assert "@" not in re.sub(r"SystemCallFilter=.*", "", text)


def test_users_and_folders_are_made_on_an_empty_host(tmp_path):
    """The programs' users, jauthd in the group shadow, and folders that fit them."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text("root:x:0:\nshadow:x:42:\n")
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    for folder in ("sysusers.d", "tmpfiles.d"):
        (tmp_path / "usr/lib" / folder).mkdir(parents=True)
        shutil.copy(f"/usr/lib/{folder}/jauth.conf", tmp_path / "usr/lib" / folder)
    for tool in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        done = run([*tool, f"--root={tmp_path}"])
        assert not re.search("(?i)fail|error|unknown|ignoring", done.stdout + done.stderr)
    users = {line.split(":")[0]: line.split(":") for line in
             (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":") for line in
              (tmp_path / "etc/group").read_text().splitlines()}
    assert users["jauth"][6].endswith("nologin") and users["jauth-http"][6].endswith("nologin")
    assert users["jauth-relay"][6].endswith("nologin")
    assert users["jauth-userdb"][6].endswith("nologin")
    assert groups["shadow"][3] == "jauth"
    rows = {"etc/jauth": (0o755, "0", "0"),
            "var/lib/jauth": (0o700, users["jauth"][2], groups["jauth"][2]),
            "var/lib/jauth-relay": (0o700, users["jauth-relay"][2], groups["jauth-relay"][2]),
            "var/lib/jauth-userdb": (0o755, users["jauth"][2], groups["jauth"][2]),
            "run/jauth-userdb": (0o755, users["jauth-userdb"][2], groups["jauth-userdb"][2]),
            "run/jauth-http": (0o2750, users["jauth-http"][2], groups["jauth"][2])}
    for path, (mode, uid, gid) in rows.items():
        found = (tmp_path / path).stat()
        assert (path, found.st_mode & 0o7777) == (path, mode)
        assert (path, str(found.st_uid), str(found.st_gid)) == (path, uid, gid)


def test_the_socket_unit_and_the_program_agree():
    """Path, mode and group are those that jauth-http gives its socket without systemd."""
    text = (UNIT_FOLDER / "jauth-http.socket").read_text()
    for line in ("ListenStream=/run/jauth-http/socket", "SocketMode=0660", "SocketGroup=jauth"):
        assert line in text.splitlines()


@pytest.mark.parametrize("line", ["User=jauth-userdb", "Group=root", "WatchdogSec=3s",
                                  "WatchdogSignal=SIGKILL", "Restart=always"])
def test_jauth_userdb_can_be_started_and_keeps_nobody_waiting(line):
    """Its group is root's: else systemd asks for its user's groups, of itself, to start it."""
    assert line in (UNIT_FOLDER / "jauth-userdb.service").read_text().splitlines()


def test_the_socket_of_jauth_userdb_comes_before_who_asks_and_goes_with_it():
    text = (UNIT_FOLDER / "jauth-userdb.socket").read_text()
    for line in ("ListenStream=/run/systemd/userdb/org.jauth1", "SocketMode=0666",
                 "RemoveOnStop=yes", "DefaultDependencies=no"):
        assert line in text.splitlines()
    before = re.search("^Before=(.*dbus.*)$", text, re.MULTILINE).group(1).split()
    assert {"sysinit.target", "dbus.socket", "nss-user-lookup.target"} <= set(before)


# --- the bus ---

def as_user(uid, *argv):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *argv]


def call(uid, interface, member):
    done = subprocess.run(as_user(uid, "dbus-send", "--system", "--print-reply",
                                  "--reply-timeout=5000", "--dest=org.jauth1", "/org/jauth1",
                                  f"{interface}.{member}"),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "AccessDenied" in done.stderr
    return done.returncode == 0


def test_the_bus_starts_jauthd_where_there_is_no_systemd(house):
    """By the service file: user jauth, in the group that reads /etc/shadow."""
    house.stop_jauth()
    house.write_config("[service login]\nmethods = password\n"
                       "[method password]\ntype = password\n")
    house.allow_activation(True)
    run(["dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
         "org.freedesktop.DBus.ReloadConfig"])
    assert call(0, "org.jauth1.Admin", "Status")
    house.allow_activation(False)
    pid = wait_until(lambda: run(["pgrep", "-x", "jauthd"], check=False).stdout.strip())
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    uid = run(["id", "-u", "jauth"]).stdout.strip()
    shadow = run(["getent", "group", "shadow"]).stdout.split(":")[2]
    assert re.search(rf"^Uid:\s+{uid}\s+{uid}\s", status, re.MULTILINE)
    assert shadow in re.search(r"^Groups:\s*(.*)$", status, re.MULTILINE).group(1).split()
    os.kill(int(pid), 15)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"))


STAND_IN = """
import dbus.service, gi.repository.GLib
from dbus.mainloop.glib import DBusGMainLoop
DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
name = dbus.service.BusName("org.jauth1", bus, do_not_queue=True)
def answer(_bus, message):
    if message.get_type() == 1:
        bus.send_message(dbus.lowlevel.MethodReturnMessage(message))
        return dbus.lowlevel.HANDLER_RESULT_HANDLED
    return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
bus.add_message_filter(answer)
print("ready", flush=True)
gi.repository.GLib.MainLoop().run()
"""


@pytest.fixture(name="stand_in", scope="module")
def fixture_stand_in(house):
    """Somebody who answers every call to org.jauth1 that the bus lets through."""
    assert house.bus.process.poll() is None
    process = subprocess.Popen(["/usr/bin/python3", "-c", STAND_IN], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.terminate()
    process.wait()


def members():
    """Every interface and method of the specification."""
    text = pathlib.Path("/usr/share/dbus-1/interfaces/org.jauth1.xml").read_text()
    interface = None
    for kind, name in re.findall(r'<(interface|method) name="([^"]+)"', text):
        if kind == "interface":
            interface = name
        elif interface.startswith("org.jauth1."):
            yield interface, name


# What everybody may call; the last two are about the caller's own links only, see test_strangers.py.
FOR_ALL = ("Begin", "ListPending", "ConfirmLink", "RefuseLink", "ListOwnLinks", "RemoveOwnLink")


@pytest.mark.parametrize("interface,member", members() if os.path.exists(
    "/usr/share/dbus-1/interfaces/org.jauth1.xml") else [])
def test_others_may_call_little(stand_in, interface, member):
    assert stand_in.poll() is None
    assert call(0, interface, member)
    assert call(65534, interface, member) == (member in FOR_ALL)


def test_anybody_may_introspect(stand_in):
    assert stand_in.poll() is None
    assert call(65534, "org.freedesktop.DBus.Introspectable", "Introspect")
    assert not call(65534, "org.freedesktop.DBus.Properties", "GetAll")


def test_others_may_not_listen_in(stand_in):
    assert stand_in.poll() is None
    done = subprocess.run(as_user(65534, "timeout", "1", "dbus-monitor", "--system"),
                          capture_output=True, text=True, check=False)
    assert "AccessDenied" in done.stderr


OWN = """
import dbus, sys
try:
    sys.exit(dbus.SystemBus().request_name("org.jauth1", 4) not in (1, 3))
except dbus.DBusException as error:
    sys.exit(2 if "AccessDenied" in str(error) else 3)
"""


@pytest.mark.parametrize("user,status", [("nobody", 2), ("jauth-http", 2), ("jauth", 0),
                                         ("root", 0)])
def test_only_jauth_and_root_may_be_jauthd(house, user, status):
    assert house.bus.process.poll() is None
    done = subprocess.run(["setpriv", f"--reuid={user}", "--clear-groups", "--regid=65534",
                           "/usr/bin/python3", "-c", OWN], check=False)
    assert done.returncode == status
