# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins by QR code that are disturbed: clients that leave, programs that die, providers that fail,
and a hundred at once."""

import signal
import threading
import time

import pytest

import configs
from conftest import PASSWORD
from house import wait_until
from people import (CODE_PROMPT, GATE, MENU, code_in, expect_no_shell, expect_shell, open_code,
                    type_password)
from screen import Terminal
from service import run


def config_text(op, *more):
    return (configs.head() + configs.PASSWORD + configs.oidc(op)
            + configs.service("sshd", "work") + "".join(more))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, op):
    house.use_jauth("sshd")
    house.configure(config_text(op))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


# --- clients that leave ---

def test_client_killed_at_the_gate(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user) as ssh:
        ssh.wait_for(GATE)
        assert house.waiting() == 1
        ssh.kill(signal.SIGKILL)
        house.wait_no_login()


def test_client_killed_at_the_code(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user) as ssh:
        open_code(ssh)
        assert house.waiting() == 1
        ssh.kill(signal.SIGKILL)
        house.wait_no_login()


def test_client_killed_while_waiting(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user) as ssh:
        open_code(ssh)
        ssh.send_line()
        time.sleep(0.5)
        assert house.waiting() == 1
        ssh.kill(signal.SIGKILL)
        house.wait_no_login()


def test_polling_stops_when_the_client_leaves(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        ssh.send_line()
        time.sleep(0.5)
        ssh.kill(signal.SIGKILL)
        house.wait_no_login()
    time.sleep(1)
    grant = polite.grants.by_user_code(code)
    polls = len(grant.polls)
    time.sleep(2)
    assert len(grant.polls) == polls


def test_approved_after_the_client_left(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        ssh.kill(signal.SIGKILL)
        house.wait_no_login()
    polite.approve(code, sub)
    time.sleep(2)
    assert polite.grants.by_user_code(code).state == "approved"


@pytest.fixture(scope="module")
def cable(house):
    """A network of two: sshd here, the client behind a cable that can be pulled."""
    for line in ("ip link add near type veth peer name far", "ip netns add far",
                 "ip link set far netns far", "ip addr add 10.9.0.1/24 dev near",
                 "ip link set near up", "ip -n far addr add 10.9.0.2/24 dev far",
                 "ip -n far link set far up"):
        run(line.split())
    yield house.sshd(ListenAddress="10.9.0.1")
    run(["ip", "netns", "del", "far"])


@pytest.fixture
def short(house):
    house.use_jauth("sshd", options="timeout=6")
    yield
    house.use_jauth("sshd")


@pytest.mark.parametrize("place", ["at the code", "while waiting"])
def test_pulled_cable(house, polite, jane, cable, short, place):
    """No FIN comes: the login ends at the deadline that the client told."""
    user, _ = jane
    with Terminal(["ip", "netns", "exec", "far", *cable.command(user)]) as ssh:
        open_code(ssh)
        if place == "while waiting":
            ssh.send_line()
            time.sleep(0.5)
        run(["ip", "link", "set", "near", "down"])
        try:
            assert house.waiting() == 1
            house.wait_no_login(8)
        finally:
            run(["ip", "link", "set", "near", "up"])


def test_quitting_by_key(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        open_code(ssh)
        ssh.send_line("q")
        expect_no_shell(ssh, user)


# --- programs that die ---

def test_jauthd_killed_at_the_code(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        code = code_in(open_code(ssh))
        house.jauthd.wait_back(house.jauthd.kill())
        polite.approve(code, sub)
        ssh.send_line()
        expect_no_shell(ssh, user)
    with house.sshd().login(user) as ssh:
        polite.approve(code_in(open_code(ssh)), sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_jauthd_killed_while_waiting(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        open_code(ssh)
        ssh.send_line()
        time.sleep(0.5)
        began = time.monotonic()
        back = house.jauthd.kill()
        expect_no_shell(ssh, user)
        assert time.monotonic() - began < 5
        house.jauthd.wait_back(back)


def test_jauth_http_killed_while_polling(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        ssh.send_line()
        house.http.wait_back(house.http.kill())
        time.sleep(1)
        polite.approve(code, sub)
        expect_shell(ssh, user, timeout=40)


def test_jauth_http_hangs_and_comes_back(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        ssh.send_line()
        house.http.send(signal.SIGSTOP)
        time.sleep(3)
        house.http.send(signal.SIGCONT)
        polite.approve(code, sub)
        expect_shell(ssh, user, timeout=40)


def test_without_jauth_http_the_login_fails(house, polite, jane):
    user, _ = jane
    house.http.stop()
    try:
        with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
            ssh.wait_for(GATE)
            ssh.send_line("y")
            expect_no_shell(ssh, user, timeout=40)
    finally:
        house.http.start()


def test_bus_restarted_in_mid_prompt(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        house.bus.restart()
        polite.approve(code, sub)
        ssh.send_line()
        expect_shell(ssh, user)
    wait_until(house.is_on_bus, 15, "jauthd on the bus")
    with house.sshd().login(user) as ssh:
        polite.approve(code_in(open_code(ssh)), sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_configuration_reloaded_in_mid_prompt(house, op, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        house.write_config(config_text(op, "# another one\n"))
        house.jauthd.send(signal.SIGHUP)
        polite.approve(code, sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_wrong_configuration_is_refused_whole(house, op, polite, jane):
    user, sub = jane
    house.write_config(config_text(op) + "\n[service other]\nmethods = nosuch\n")
    house.jauthd.send(signal.SIGHUP)
    try:
        time.sleep(0.5)
        assert "nosuch" in house.jauthd.log()
        with house.sshd().login(user) as ssh:
            polite.approve(code_in(open_code(ssh)), sub)
            ssh.send_line()
            expect_shell(ssh, user)
    finally:
        house.write_config(config_text(op))
        house.jauthd.send(signal.SIGHUP)


# --- providers with faults ---

@pytest.mark.parametrize("kind,details", [
    ("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {"status": 503}),
    ("status", {"status": 500}), ("status", {"status": 429, "retry_after": 1}),
    ("malformed", {"body": "[]"}), ("malformed", {"body": "null"}),
    ("json", {"value": {"error": "authorization_pending"}, "status": 200}),
    ("json", {"value": {"error": "authorization_pending"}, "status": 428})])
def test_one_fault_while_polling_is_survived(house, polite, jane, kind, details):
    user, sub = jane
    polite.fault("token", kind, **details)
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        ssh.send_line()
        wait_until(lambda: not polite.faults.get("token"), 10, "the fault")
        polite.approve(code, sub)
        expect_shell(ssh, user, timeout=40)


@pytest.mark.parametrize("kind,details", [
    ("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {"status": 500}),
    ("json", {"value": {}}), ("json", {"value": {"error": "unauthorized_client"}, "status": 401}),
    ("json", {"value": {"device_code": "x", "user_code": "y", "expires_in": 300,
                        "verification_uri": "http://op.example.org/"}}),
    ("json", {"value": {"device_code": "x", "user_code": "\u001b[2J", "expires_in": 300,
                        "verification_uri": "https://op.example.org/"}}),
    ("redirect", {"location": "https://other.example.org/"})])
def test_device_endpoint_with_a_fault_is_a_failed_login(house, polite, jane, kind, details):
    user, _ = jane
    polite.fault("device", kind, times=5, **details)
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_shell(ssh, user)
        assert "\x1b" not in ssh.seen


def test_slow_down_is_obeyed(house, polite, jane):
    user, sub = jane
    polite.fault("token", "json", value={"error": "slow_down"}, status=400)
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        ssh.send_line()
        grant = polite.grants.by_user_code(code)
        wait_until(lambda: len(grant.polls) >= 2, 30, "two polls")
        assert grant.polls[1] - grant.polls[0] > 5.5
        polite.approve(code, sub)
        expect_shell(ssh, user, timeout=30)


def test_keys_changed_at_the_provider(house, polite, jane):
    user, sub = jane
    polite.rotate_keys()
    with house.sshd().login(user) as ssh:
        polite.approve(code_in(open_code(ssh)), sub)
        ssh.send_line()
        expect_shell(ssh, user)


@pytest.fixture
def reconfigure(house, op):
    """Another configuration for one test."""
    yield house.reload
    house.reload(config_text(op))


def log_in(house, op, user, sub, errors, meeting):
    """Chooses when everybody has arrived at the menu."""
    try:
        with house.sshd().login(user) as ssh:
            ssh.wait_for(MENU, 100)
            meeting.wait(110)
            ssh.send_line("1" if sub else "2")
            if sub:
                ssh.wait_for(CODE_PROMPT, 120)
                code = [c for c in ssh.seen.split() if len(c) == 9 and c[4] == "-"][-1]
                op.approve(code, sub)
                ssh.send_line()
            else:
                type_password(ssh, PASSWORD, 120)
            expect_shell(ssh, user, 120)
    except Exception as error:          # pylint: disable=broad-except
        errors.append(f"{user}: {error!r}"[:500])


@pytest.mark.timeout(600)
def test_a_hundred_at_once(house, op, polite, reconfigure):
    """Half by password, half by code; meanwhile the bus still takes root's connections."""
    reconfigure(configs.head() + configs.PASSWORD + configs.oidc(op)
                + configs.service("sshd", "work, password"))
    people = []
    for number in range(100):
        user = house.add_user(password=PASSWORD)
        sub = polite.add_person(f"sub-of-{user}") if number % 2 else None
        if sub:
            house.add_link(user, polite.issuer, sub)
        people.append((user, sub))
    errors = []
    waiting = []
    meeting = threading.Barrier(len(people) + 1, action=lambda: waiting.append(house.waiting()))
    threads = [threading.Thread(target=log_in, args=[house, polite, user, sub, errors, meeting])
               for user, sub in people]
    for thread in threads:
        thread.start()
    meeting.wait(110)
    assert waiting == [len(people)]
    for _ in range(20):
        assert house.is_on_bus()
    for thread in threads:
        thread.join()
    assert not errors, "\n".join(errors)
    assert house.waiting() == 0
    for user, _ in people:
        house.remove_user(user)
