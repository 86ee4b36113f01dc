# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a login comes from: an address, the caller's logind session, a console; else remote."""

import os
import time

import pytest

import configs
from bus import Bus
from conftest import PASSWORD
from fake_logind import Logind
from people import REFUSED
from screen import Terminal

FAR = "denied"
NEAR = "ask"


@pytest.fixture(scope="module", autouse=True)
def jauth(house):
    house.configure(configs.head(tries=1) + configs.PASSWORD
                    + "".join(configs.service(f"{name} far", "none", origin="remote")
                              + configs.service(name, "password") for name in ("sudo", "login")))
    house.use_jauth("sudo")
    yield house
    house.use_debian("sudo")
    house.stop_jauth()


@pytest.fixture
def logind():
    daemon = Logind()
    yield daemon
    daemon.stop()


def first_state(user, **facts):
    with Bus() as bus, bus.begin(user, rhost=None, **facts) as login:
        return login.step().state


@pytest.mark.parametrize("remote, surface, state", [
    (False, "terminal", NEAR),
    (True, "terminal", FAR),
    (None, "terminal", FAR),
    ("hang", "terminal", FAR),
    ("text", "terminal", FAR),
    (None, "console", NEAR),
    (True, "console", FAR),
    (None, "graphical", FAR),
    (False, "graphical", NEAR),
    (False, "none", NEAR),
])
def test_session_decides(logind, user, remote, surface, state):
    logind.remote = remote
    assert first_state(user, service="sudo", surface=surface) == state
    assert logind.asked[0] == ("GetSessionByPID", (os.getpid(),))


@pytest.mark.parametrize("facts", [{"rhost": "192.0.2.1"}, {"surface": "ssh"}])
def test_address_and_ssh_are_remote_whatever_the_session(logind, user, facts):
    logind.remote = False
    with Bus() as bus, bus.begin(user, service="sudo", **{"rhost": None, "surface": "terminal",
                                                         **facts}) as login:
        assert login.step().state == FAR
    assert not logind.asked


def test_without_logind_unknown_is_remote(user):
    assert first_state(user, service="sudo", surface="terminal") == FAR


def test_without_logind_a_console_is_local(user):
    assert first_state(user, service="login", surface="console", tty="/dev/tty2") == NEAR


def test_a_hanging_logind_delays_nobody_else(logind, user):
    logind.remote = "hang"
    with Bus() as bus, bus.begin(user, service="sudo", rhost=None, surface="terminal"):
        began = time.monotonic()
        assert first_state(user, service="login", surface="ssh") == FAR
        assert time.monotonic() - began < 1.5


def sudo(user):
    with open(f"/etc/sudoers.d/{user}", "w", encoding="ascii") as file:
        file.write(f"{user} ALL=(ALL) ALL\n")
    return Terminal(["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "sudo",
                     "-k", "id", "-un"])


def test_sudo_in_a_local_session(house, logind, user):
    logind.remote = False
    terminal = sudo(user)
    terminal.wait_for("password for")        # sudo's own words for "Password: "
    terminal.send_line(PASSWORD)
    terminal.wait_for("root")
    assert terminal.wait_end() == 0
    rows = house.audit(user, service="sudo")
    assert rows[-1]["origin"] == "local" and rows[-1]["outcome"] == "granted"


def test_sudo_in_a_remote_session(house, logind, user):
    logind.remote = True
    terminal = sudo(user)
    terminal.wait_for(REFUSED)
    assert terminal.wait_end() != 0
    assert {row["origin"] for row in house.audit(user, service="sudo")} == {"remote"}
