# SPDX-License-Identifier: GPL-3.0-or-later
"""The house that tests live in: bus, jauth-http, jauthd, sshd, users and PAM stacks.

Runs inside tests/e2e/house.sh only, where it may do as it likes with /etc, /var and /run.
"""

import contextlib
import crypt
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import tempfile
import time

from bus import Bus, BusError, variants
from ports import free_port
from screen import Terminal
from service import Service, run

ROOT = pathlib.Path("/run/house")
CONFIG = pathlib.Path("/etc/jauth/jauthd.conf")
DATABASE = pathlib.Path("/var/lib/jauth")
ACTIVATION = pathlib.Path("/usr/share/dbus-1/system-services/org.jauth1.service")
SAMPLES = pathlib.Path("/usr/share/jauth/pam")
JAUTHD = "/usr/sbin/jauthd"
JAUTH_HTTP = "/usr/libexec/jauth/jauth-http"
JAUTH_END_SESSION = "/usr/libexec/jauth/jauth-end-session"
END_SESSION_SOCKET = pathlib.Path("/run/jauth-end-session/socket")
JAUTH_USERDB = "/usr/libexec/jauth/jauth-userdb"
NSSWITCH = pathlib.Path("/etc/nsswitch.conf")

CHEAP_HASH = "$5$rounds=1000$saltsalt$"

SSHD_OPTIONS = {
    "ListenAddress": "127.0.0.1",
    "UsePAM": "yes",
    "KbdInteractiveAuthentication": "yes",
    "PasswordAuthentication": "no",
    "PubkeyAuthentication": "yes",
    "PermitRootLogin": "yes",
    "LogLevel": "DEBUG",
    "MaxStartups": "300",
    "PrintMotd": "no",
    "StrictModes": "no",
    "UseDNS": "no",
    "Subsystem": "sftp internal-sftp",
}

SSH_OPTIONS = {
    "StrictHostKeyChecking": "yes",
    "GlobalKnownHostsFile": "/dev/null",
    "IdentityFile": "none",
    "IdentitiesOnly": "yes",
    "ControlPath": "none",
    # The default, sntrup761x25519, takes longer than all the rest of a login here.
    "KexAlgorithms": "curve25519-sha256",
}


def wait_until(condition, timeout=10, what="it"):
    """The condition's first true value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen in {timeout} s")
        time.sleep(0.02)


def cheap_hash(password):
    return crypt.crypt(password, CHEAP_HASH)


def option_list(options):
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


def with_jauth(stack, sample):
    """The stack changed as the head of the sample in conf/pam says."""
    return re.sub(r"^@include common-(auth|account|password)$", rf"\1 substack {sample}", stack,
                  flags=re.MULTILINE)


class Sshd:
    """Debian's sshd on a port of its own. `service` is its PAM service (the program's name)."""

    def __init__(self, folder, service="sshd", **options):
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.log_path = self.folder / "sshd.log"
        key = self.folder / "host_key"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
        self.known_hosts = self.folder / "known_hosts"
        self.address = options.get("ListenAddress", "127.0.0.1")
        lines = {**SSHD_OPTIONS, "Port": self.port, "HostKey": key,
                 "PidFile": self.folder / "pid", **options}
        config = self.folder / "sshd_config"
        config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        self.known_hosts.write_text(f"[{self.address}]:{self.port} "
                                    + key.with_suffix(".pub").read_text())
        program = "/usr/sbin/sshd"
        if service != "sshd":
            program = str(self.folder / service)
            os.symlink("/usr/sbin/sshd", program)
        self.service = Service("sshd", [program, "-D", "-f", str(config), "-E",
                                        str(self.log_path)], str(self.folder), notify=False)

    def start(self):
        self.service.start()
        wait_until(self._listens, 10, "sshd listening")
        return self

    def _listens(self):
        with contextlib.suppress(OSError), socket.create_connection(
                (self.address, self.port)):
            return True
        return False

    def stop(self):
        self.service.stop()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def command(self, user, *words, **options):
        every = {**SSH_OPTIONS, "UserKnownHostsFile": self.known_hosts, **options}
        return ["ssh", "-p", str(self.port), *option_list(every), f"{user}@{self.address}", *words]

    def login(self, user, *words, env=None, term="xterm-256color", rows=24, columns=80,
              **options):
        """An ssh client on a terminal."""
        return Terminal(self.command(user, *words, **options), env=env, term=term, rows=rows,
                        columns=columns)


class House:
    def __init__(self):
        self.folder = ROOT / "work"
        self.folder.mkdir(parents=True, exist_ok=True)
        logs = str(self.folder)
        self.bus = Service("dbus-daemon", ["dbus-daemon", "--system", "--nofork", "--nopidfile"],
                           logs, notify=False)
        self.http = Service("jauth-http", [JAUTH_HTTP], logs, user="jauth-http")
        self.jauthd = Service("jauthd", [JAUTHD], logs, user="jauth", groups=["shadow"],
                              network=False)
        # As its units have it.
        self._userdb = Service("jauth-userdb", [JAUTH_USERDB, "--debug"], logs,
                               user="jauth-userdb", network=False, watchdog_s=3,
                               watchdog_signal=signal.SIGKILL,
                               listen="/run/systemd/userdb/org.jauth1")
        self.sshds = {}
        self.n_users = 0

    # --- the programs ---

    def start_bus(self):
        """The bus starts no jauthd by itself: that is the supervisor's, see allow_activation()."""
        self.allow_activation(False)
        self.bus.start()
        wait_until(lambda: os.path.exists("/run/dbus/system_bus_socket"), 10, "the bus")
        return self

    def allow_activation(self, is_allowed):
        aside = self.folder / ACTIVATION.name
        if is_allowed:
            shutil.copy(aside, ACTIVATION)
        elif ACTIVATION.exists():
            shutil.move(ACTIVATION, aside)

    def userdb(self):
        """jauth-userdb, running, and name sources that ask it; see userdb.py for a snapshot."""
        if not self._userdb.wanted:
            NSSWITCH.write_text(re.sub(r"^(passwd|group|shadow): files$", r"\1: files systemd",
                                       NSSWITCH.read_text(), flags=re.MULTILINE))
            self._userdb.start()
        return self._userdb

    def configure(self, text, fresh=True):
        """Writes jauthd.conf and starts jauthd and jauth-http on it, with an empty database."""
        self.stop_jauth()
        self.write_config(text)
        if fresh:
            for path in DATABASE.glob("*"):
                path.unlink()
        self.http.start()
        self.jauthd.start()
        return self

    def write_config(self, text):
        CONFIG.parent.mkdir(exist_ok=True)
        CONFIG.write_text(text)
        os.chmod(CONFIG, 0o644)

    def reload(self, text):
        """Writes a right jauthd.conf and has jauthd take it over."""
        self.write_config(text)
        run([JAUTHD, "--check"])
        self.call("Admin", "Reload")

    def trust(self, ca_path):
        """jauth-http takes certificates of this authority, and servers on loopback addresses."""
        self.http.argv = [JAUTH_HTTP, "--ca-file", ca_path, "--allow-loopback"]

    def end_session_helper(self):
        """jauth-end-session behind its socket, as its units have it; the caller stops it."""
        END_SESSION_SOCKET.parent.mkdir(exist_ok=True)
        END_SESSION_SOCKET.unlink(missing_ok=True)
        helper = Service("jauth-end-session",
                         ["systemd-socket-activate", "--accept", "--inetd", "-l",
                          str(END_SESSION_SOCKET), JAUTH_END_SESSION], str(self.folder),
                         notify=False).start()
        wait_until(END_SESSION_SOCKET.exists, 10, "the helper's socket")
        shutil.chown(END_SESSION_SOCKET, "jauth", "root")
        os.chmod(END_SESSION_SOCKET, 0o600)
        return helper

    def stop_jauth(self):
        self.jauthd.stop()
        self.http.stop()

    def stop(self):
        for sshd in self.sshds.values():
            sshd.stop()
        self.stop_jauth()
        self._userdb.stop()
        self.bus.stop()

    def sshd(self, service="sshd", **options):
        """A running sshd with these options; made once per set of options."""
        key = (service, tuple(sorted(options.items())))
        if key not in self.sshds:
            self.sshds[key] = Sshd(self.folder, service, **options).start()
        return self.sshds[key]

    def journal(self):
        return self.jauthd.log() + self.http.log()

    # --- users and PAM ---

    def add_user(self, name=None, password=None, groups=(), uid=None, shell="/bin/bash"):
        """A Unix user with a home; without a password the shadow field is "!"."""
        if not name:
            self.n_users += 1
            name = f"user{self.n_users}"
        words = ["useradd", "-m", "-s", shell]
        if password is not None:
            words += ["-p", cheap_hash(password)]
        if groups:
            words += ["-G", ",".join(groups)]
        if uid is not None:
            words += ["-u", str(uid)]
        run([*words, name])
        return name

    def remove_user(self, name):
        run(["userdel", "-r", name], check=False)

    def uid(self, name):
        return pwd.getpwnam(name).pw_uid

    def use_jauth(self, *services, options="", sessions=False):
        """Puts jauth into the services' stacks; `options` stand behind pam_jauth.so. With
        `sessions` it is also told of sessions."""
        last = "\nsession optional pam_jauth.so " + options + "\n" if sessions else ""
        for service in services:
            sample = "jauth-console" if service == "login" else "jauth-remote"
            text = (SAMPLES / sample).read_text()
            pathlib.Path("/etc/pam.d", sample).write_text(
                text.replace("pam_jauth.so", "pam_jauth.so " + options))
            pathlib.Path("/etc/pam.d", service).write_text(
                with_jauth(self._debian_stack(service), sample) + last)

    def use_debian(self, *services):
        """Back to the stacks that Debian ships."""
        for service in services:
            pathlib.Path("/etc/pam.d", service).write_text(self._debian_stack(service))

    def _debian_stack(self, service):
        kept = self.folder / ("pam-" + service)
        if not kept.exists():
            kept.write_text(pathlib.Path("/etc/pam.d", service).read_text())
        return kept.read_text()

    # --- what the sysadmin does, over the bus ---

    def call(self, interface, method, signature=None, *arguments):
        with Bus() as bus:
            return bus.call(interface, method, signature, *arguments)

    @contextlib.contextmanager
    def bus_login(self, user, **facts):
        """A login on jauthd's own socket."""
        with Bus() as bus, bus.begin(user, **facts) as login:
            yield login

    def add_link(self, user, issuer, subject, privileged=False):
        link = variants({"issuer": issuer, "subject": subject, "user": user,
                         "privileged": privileged})
        return self.call("Accounts", "AddLink", "a{sv}", link)

    def remove_links(self, user):
        for link in self.call("Accounts", "ListLinks", "s", user):
            self.call("Accounts", "RemoveLink", "x", link["id"])

    def add_account(self, user, password, **options):
        """An account that jauth keeps, with a password."""
        self.call("Accounts", "AddUser", "sa{sv}", user, variants(options))
        self.set_password(user, password)

    def set_password(self, user, password):
        """As root's passwd does."""
        with Bus() as bus, bus.begin(user, service="passwd", phase="password", rhost=None,
                                     caller_uid=0, surface="terminal") as login:
            step = login.step()
            while step.state == "ask":
                login.answer(password)
                step = login.step()
            assert step.state == "granted", (step.state, step.text())

    def set_account(self, user, **options):
        self.call("Accounts", "SetUser", "sa{sv}", user, variants(options))

    def lock_account(self, user):
        self.call("Accounts", "LockUser", "s", user)

    def unlock_account(self, user):
        self.call("Accounts", "UnlockUser", "s", user)

    def unlock_limits(self, user=""):
        return self.call("Admin", "UnlockLimits", "s", user)

    def add_phone(self, user, number, label="", method="phone"):
        """As root's jauthctl phone add does."""
        answers = {"number": number, "label": label, "verify": "n"}
        with self.bus_login(user, service="jauthctl", phase="enrol", method=method, rhost=None,
                            caller_uid=0, surface="terminal") as login:
            step = login.step()
            while step.state == "ask":
                login.answer(answers.pop(step.ask()["name"]))
                step = login.step()
            while step.state == "wait":
                step = login.step()
            assert step.state == "granted", (step.state, step.text())

    def status(self):
        return self.call("Admin", "Status")

    def is_on_bus(self):
        try:
            self.status()
        except (BusError, OSError):
            return False
        return True

    def waiting(self):
        return self.status()["waiting"]

    def wait_no_login(self, timeout=2):
        """Nobody waits in jauthd any more; this is how soon a login ends when its client leaves."""
        wait_until(lambda: self.waiting() == 0, timeout, "the login's end")

    def audit(self, user=None, **conditions):
        """The audit's rows, oldest first."""
        if user is not None:
            conditions["user"] = user
        return self.call("Admin", "Log", "a{sv}", variants(conditions))

    def ctl(self, *words, check=True, **options):
        return run(["jauthctl", *words], check=check, **options)
