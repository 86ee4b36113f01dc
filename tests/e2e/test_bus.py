# SPDX-License-Identifier: GPL-3.0-or-later
"""The bus and the login's socket as the rest of the machine sees them: who may call what, peers
that misbehave, and what one of them can do to others (nothing)."""

import array
import os
import signal
import socket
import threading
import time

import pytest

import configs
from bus import Bus, BusError, call_as, variants
from conftest import PASSWORD
from house import wait_until
from people import enrol_totp
from service import run

LOCKER = "i3lock"
# Nothing is sent: numbers are added without a code.
SMS = """
[sms gateway]
type = http
url = https://sms.example.org/?to={digits}&text={text}
method = GET
[method phone]
type = sms
vendors = gateway
"""
NUMBER = "+8613900001234"


@pytest.fixture(scope="module", autouse=True)
def jauth(house):
    house.configure(configs.head() + configs.PASSWORD + configs.service("sshd", "password")
                    + configs.service(LOCKER, "password") + configs.service("su", "password")
                    + configs.totp() + SMS + configs.service("jauth-enrol", "password"))
    yield house
    house.stop_jauth()


@pytest.fixture
def bus(house):
    with Bus() as connection:
        yield connection


def log_in(bus, user, password, **facts):
    with bus.begin(user, **facts) as login:
        login.step()
        login.answer(password)
        return login.outcome()


# --- what root may do ---

def test_right_and_wrong_password(bus, user):
    assert log_in(bus, user, PASSWORD) == "granted"
    with bus.begin(user) as login:
        for _ in range(3):
            assert login.step().state == "ask"
            login.answer("wrong")
        assert login.outcome() in ("denied", "enough")


def test_step_has_one_ask_and_it_is_the_last(bus, user):
    with bus.begin(user) as login:
        step = login.step()
        assert [kind for kind, _ in step.items].count("ask") == 1
        assert step.ask()["password"] is True and step.ask()["echo"] is False


def test_outcome_has_a_request_id_that_the_audit_knows(house, bus, user):
    with bus.begin(user) as login:
        login.step()
        login.answer(PASSWORD)
        step = login.step()
        while step.state == "wait":
            step = login.step()
        request = [fields["id"] for kind, fields in step.items if kind == "request"][0]
    rows = house.audit(request=request)
    assert len(rows) == 1 and rows[0]["outcome"] == "granted" and rows[0]["user"] == user


def test_service_without_a_section_is_ignored(bus, user):
    with bus.begin(user, service="other") as login:
        assert login.outcome() == "ignored"


def test_account_phase(bus, user):
    with bus.begin(user, phase="account") as login:
        assert login.outcome() in ("granted", "ignored")


def test_second_outcome_never_comes(bus, user):
    with bus.begin(user) as login:
        login.step()
        login.answer(PASSWORD)
        assert login.outcome() == "granted"
        try:
            login.answer(PASSWORD)
        except OSError:
            pass
        assert login.step() is None


# --- facts ---

@pytest.mark.parametrize("facts,error", [
    ({"version": 99}, "Version"), ({"version": 0}, "Version"), ({"version": None}, "Version"),
    ({"user": ""}, "Facts"), ({"service": ""}, "Facts"), ({"user": "x" * 2000}, "Facts"),
    ({"user": None}, "Facts"), ({"service": None}, "Facts"), ({"phase": None}, "Facts"),
    ({"phase": "nosuch"}, "Facts"), ({"surface": "nosuch"}, "Facts"),
    ({"rhost": "x" * 2000}, "Facts"), ({"rows": "many"}, "Facts"), ({"tty": 7}, "Facts")])
def test_wrong_facts_are_refused(bus, user, facts, error):
    with pytest.raises(BusError) as caught:
        bus.begin(**{"user": user, **facts})
    assert caught.value.name in (error, "Facts", "Version")


def test_unknown_facts_are_passed_over(bus, user):
    with bus.begin(user, something_new="x") as login:
        assert login.step().state == "ask"


def test_wrong_signature_is_refused(bus):
    with pytest.raises(BusError):
        bus.call("Login", "Begin", "as", ["x"])


@pytest.mark.parametrize("method", ["ListPhones", "ListTotp"])
def test_root_lists_what_is_bound_to_users(bus, user, method):
    assert bus.call("Accounts", method, "s", "") == []
    assert bus.call("Accounts", method, "s", user) == []


@pytest.mark.parametrize("method, signature, argument", [
    ("RemovePhone", "x", 4711), ("RemovePhone", "x", -1), ("RemoveTotp", "s", "nobody"),
    ("RemoveTotp", "s", "")])
def test_root_removes_only_what_is_there(bus, method, signature, argument):
    with pytest.raises(BusError) as caught:
        bus.call("Accounts", method, signature, argument)
    assert caught.value.name == "NotFound"


def test_key_is_listed_without_itself_and_removed(house, bus, user):
    enrol_totp(house, user, time.time)
    rows = bus.call("Accounts", "ListTotp", "s", user)
    assert [(row.pop("user"), row.pop("used"), row.pop("recovery")) for row in rows] \
        == [(user, 0, 10)]
    assert set(rows[0]) == {"uid", "created"}
    bus.call("Accounts", "RemoveTotp", "s", user)
    assert bus.call("Accounts", "ListTotp", "s", "") == []
    last = house.audit(user=user)[-1]
    assert (last["kind"], last["reason"]) == ("admin", "TOTP key removed")


def add_phone(house, user):
    with house.bus_login(user, service="jauthctl", phase="enrol", method="phone", rhost=None,
                         caller_uid=0, surface="terminal") as login:
        for answer in (NUMBER, "desk", "n"):
            assert login.step().state == "ask"
            login.answer(answer)
        assert login.outcome() == "granted"


def test_number_is_listed_masked_and_removed(house, bus, user):
    add_phone(house, user)
    row = bus.call("Accounts", "ListPhones", "s", user)[0]
    assert (row["user"], row["number"], row["label"], row["used"]) == (user, "*****34", "desk", 0)
    assert set(row) == {"id", "user", "uid", "number", "label", "created", "used",
                        "list"}
    bus.call("Accounts", "RemovePhone", "x", row["id"])
    assert bus.call("Accounts", "ListPhones", "s", "") == []
    rows = house.audit(user=user)
    assert (rows[-1]["kind"], rows[-1]["reason"], rows[-1]["uid"]) \
        == ("admin", f"phone removed: {row['id']} *****34", row["uid"])
    assert NUMBER[1:] not in repr(rows)
    with pytest.raises(BusError) as caught:
        bus.call("Accounts", "RemovePhone", "x", row["id"])
    assert caught.value.name == "NotFound"


# --- others than root ---

CALLS = {
    "ListLinks": ("Accounts", "s", '"{user}"'),
    "AddLink": ("Accounts", "a{{sv}}", 'variants({{"issuer": "https://op.example.org", '
                '"subject": "me", "user": "{user}"}})'),
    "RemoveLink": ("Accounts", "x", "1"),
    "ImportLinks": ("Accounts", "aa{{sv}}a{{sv}}", "[], {{}}"),
    "ListRequests": ("Accounts", "", ""),
    "AcceptRequest": ("Accounts", "a{{sv}}", 'variants({{"request": "0123456789abcdef", '
                      '"user": "{user}"}})'),
    "ListUsers": ("Accounts", "", ""),
    "AddUser": ("Accounts", "sa{{sv}}", '"{user}", {{}}'),
    "SetUser": ("Accounts", "sa{{sv}}", '"{user}", {{}}'),
    "RemoveUser": ("Accounts", "s", '"{user}"'),
    "LockUser": ("Accounts", "s", '"{user}"'),
    "UnlockUser": ("Accounts", "s", '"{user}"'),
    "ListPhones": ("Accounts", "s", '"{user}"'),
    "RemovePhone": ("Accounts", "x", "1"),
    "ListTotp": ("Accounts", "s", '"{user}"'),
    "RemoveTotp": ("Accounts", "s", '"{user}"'),
    "Status": ("Admin", "", ""),
    "ListMethods": ("Admin", "", ""),
    "DescribeTypes": ("Admin", "s", '""'),
    "CheckDropIns": ("Admin", "a{{sv}}", "{{}}"),
    "Explain": ("Admin", "a{{sv}}", 'variants({{"user": "{user}", "service": "sshd"}})'),
    "Log": ("Admin", "a{{sv}}", "{{}}"),
    "Limits": ("Admin", "s", '"{user}"'),
    "UnlockLimits": ("Admin", "s", '"{user}"'),
    "Reload": ("Admin", "", ""),
}

TRY = """
from bus import Bus, BusError, variants
try:
    with Bus() as bus:
        {code}
    print("done")
except BusError as error:
    print(error.name)
"""


def error_of(caller, code):
    return call_as(caller, TRY.format(code=code))


@pytest.mark.parametrize("target", ["root", "other", "self"])
@pytest.mark.parametrize("method", sorted(CALLS))
def test_nobody_may_call(house, user, method, target):
    interface, signature, arguments = CALLS[method]
    name = {"root": "root", "other": user, "self": "nobody"}[target]
    words = [repr(interface), repr(method)]
    if signature:
        words += [repr(signature.format()), arguments.format(user=name)]
    assert error_of("nobody", f"bus.call({', '.join(words)})") == "AccessDenied"


@pytest.mark.parametrize("facts", [
    {}, {"service": "i3lock"}, {"phase": "account"}, {"phase": "password", "service": "passwd"},
    {"service": "i3lock", "phase": "password"}, {"phase": "enrol", "method": "password"},
    {"service": "jauth-enrol", "phase": "enrol", "caller_uid": 0}, {"caller_uid": 0},
    {"service": "i3lock", "caller_uid": 0}])
@pytest.mark.parametrize("target", ["root", "other"])
def test_nobody_may_not_begin_for_others(house, user, facts, target):
    name = {"root": "root", "other": user}[target]
    assert error_of("nobody", f"bus.begin({name!r}, **{facts!r})") == "AccessDenied"


def test_user_may_unlock_his_own_screen(house, user):
    code = (f"login = bus.begin({user!r}, service='{LOCKER}', surface='none'); login.step(); "
            f"login.answer({PASSWORD!r}); print(login.outcome())")
    assert error_of(user, code).split()[0] == "granted"


@pytest.mark.parametrize("service", ["sshd", "su", "login", "i3lock2", "I3LOCK", "i3lock "])
def test_user_may_not_begin_in_other_services(house, user, service):
    assert error_of(user, f"bus.begin({user!r}, service={service!r})") == "AccessDenied"


@pytest.mark.parametrize("phase", ["password", "password-check", "test"])
def test_user_may_not_begin_other_phases(house, user, phase):
    assert error_of(user, f"bus.begin({user!r}, service='{LOCKER}', phase={phase!r})") \
        == "AccessDenied"


ENROL = """
from bus import Bus
login = Bus().begin({user!r}, service='{service}', phase='enrol', method='totp', caller_uid=0)
for answer in {answers!r}:
    step = login.step()
    print(step.state, 'password' if step.ask()['password'] else 'Scan this' in step.text())
    login.answer(answer)
print(login.outcome())
"""


@pytest.mark.parametrize("service", ["jauth-enrol", "sshd", LOCKER, "no-section"])
def test_user_enrols_himself_after_his_password(house, user, service):
    """Neither "I am root" nor another service spares him that."""
    text = call_as(user, ENROL.format(user=user, service=service, answers=[PASSWORD, "q"]))
    assert text.splitlines() == ["ask password", "ask True", "cancelled"]
    text = call_as(user, ENROL.format(user=user, service=service, answers=["wrong"] * 3))
    assert text.splitlines() == ["ask password"] * 3 + ["denied"]


def test_root_is_never_enrolled(bus):
    with bus.begin("root", phase="enrol", method="totp") as login:
        assert login.outcome() == "denied"


def test_only_root_tests_and_without_a_user(bus):
    with bus.begin("", phase="test", method="password") as login:
        step = login.step()
        assert step.state == "failed" and "no test" in step.text()


def test_user_may_ask_for_his_own_account_and_no_other(house, user):
    other = house.add_user(password=PASSWORD)
    ask = f"service='{LOCKER}', phase='account'"
    assert call_as(user, f"from bus import Bus\nprint(Bus().begin({user!r}, {ask}).outcome())") \
        == "granted"
    assert error_of(user, f"bus.begin({other!r}, {ask})") == "AccessDenied"
    house.remove_user(other)


def test_nobody_may_own_the_name(house):
    out = call_as("nobody", """
from jeepney import message_bus, MessageGenerator
from jeepney.io.blocking import open_dbus_connection, Proxy
bus = open_dbus_connection("SYSTEM")
reply = bus.send_and_get_reply(message_bus.RequestName("org.jauth1", 0))
print(reply.header.message_type.name)
""")
    assert out == "error"


def test_nobody_may_not_read_our_files(house):
    for path in ("/var/lib/jauth", "/etc/jauth/secret", "/etc/shadow"):
        done = run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "ls", "-R",
                    path] if path.endswith("jauth") else
                   ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat",
                    path], check=False)
        assert done.returncode != 0


# --- peers that misbehave end only themselves ---

def send_descriptors(login):
    descriptors = [os.open("/dev/null", os.O_RDONLY), socket.socket().detach()]
    login.socket.sendmsg([b"\x01\x00\x00\x00\x00x"], [
        (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])


MISDEEDS = {
    "garbage": lambda login: login.send(os.urandom(100)),
    "an empty datagram": lambda login: login.send(b""),
    "one byte": lambda login: login.send(b"\x01"),
    "an unknown opcode": lambda login: login.send(b"\x63\x00\x00\x00\x00text"),
    "too much": lambda login: login.send(b"\x01\x00\x00\x00\x00" + b"x" * 5000),
    "very much": lambda login: login.send(b"\x01\x00\x00\x00\x00" + b"x" * 60000),
    "a stale number": lambda login: login.answer(PASSWORD, number=12345),
    "descriptors": send_descriptors,
    "a thousand answers": lambda login: [login.answer("x") for _ in range(1000)],
    "nothing and leaves": lambda login: login.close(),
    "half a goodbye": lambda login: login.socket.shutdown(socket.SHUT_RD),
}


@pytest.mark.parametrize("misdeed", sorted(MISDEEDS))
def test_misbehaving_peer_ends_only_itself(house, bus, user, misdeed):
    pid = house.jauthd.pid
    with bus.begin(user) as good, bus.begin(user) as bad:
        bad.step()
        good.step()
        try:
            MISDEEDS[misdeed](bad)
        except OSError:
            pass
        good.answer(PASSWORD)
        assert good.outcome() == "granted"
    assert house.jauthd.pid == pid


@pytest.mark.parametrize("misdeed", ["garbage", "an unknown opcode", "too much", "a stale number",
                                     "descriptors"])
def test_misbehaving_peer_is_never_let_in(bus, user, misdeed):
    with bus.begin(user) as login:
        login.step()
        try:
            MISDEEDS[misdeed](login)
            outcome = login.outcome(timeout=3)
        except (OSError, TimeoutError):
            outcome = None
        assert outcome != "granted"


def test_peer_that_does_not_read(house, bus, user):
    """Its socket fills up; the loop must not wait for it."""
    with bus.begin(user) as bad:
        bad.step()
        bad.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        try:
            for _ in range(60):
                bad.answer("wrong")
        except OSError:
            pass
        began = time.monotonic()
        assert log_in(bus, user, PASSWORD) in ("granted", "denied", "enough")
        assert time.monotonic() - began < 5


def test_peer_whose_descriptor_blocks(house, bus, user):
    """O_NONBLOCK is shared with whoever holds the other end's description; ours must not hang."""
    with bus.begin(user) as login:
        login.socket.setblocking(True)
        login.step()
        assert log_in(bus, user, PASSWORD) == "granted"


def test_logins_end_with_their_clients(house, bus, user):
    before = house.waiting()
    logins = [bus.begin(user) for _ in range(20)]
    assert house.waiting() == before + 20
    for login in logins:
        login.close()
    wait_until(lambda: house.waiting() == before, 2, "the logins' end")


def test_caller_that_leaves_the_bus_keeps_its_login(user):
    with Bus() as bus:
        login = bus.begin(user)
    with login:
        login.step()
        login.answer(PASSWORD)
        assert login.outcome() == "granted"


def test_cancel(bus, user):
    with bus.begin(user) as login:
        login.step()
        login.cancel()
        assert login.outcome() == "cancelled"


def test_giving_up_is_one_line_in_the_audit(house, user):
    with Bus() as bus, bus.begin(user) as login:
        login.step()
        login.cancel()
    rows = wait_until(lambda: house.audit(user), what="audit")
    time.sleep(0.5)
    assert [row["outcome"] for row in house.audit(user)] == ["cancelled"], rows


# --- limits ---

def test_logins_of_one_source_are_bounded(house, user):
    house.configure(configs.head().replace("logins_per_source = 400", "logins_per_source = 3")
                    + configs.PASSWORD + configs.service("sshd", "password"), fresh=False)
    try:
        with Bus() as bus:
            kept = [bus.begin(user) for _ in range(3)]
            with pytest.raises(BusError) as caught:
                bus.begin(user)
            assert caught.value.name == "LimitsExceeded"
            bus.begin(user, rhost="192.0.2.2").close()
            for login in kept:
                login.close()
    finally:
        restore(house)


def test_logins_are_bounded_in_total(house, user):
    house.configure(configs.head().replace("logins_waiting = 400", "logins_waiting = 5")
                    + configs.PASSWORD + configs.service("sshd", "password"), fresh=False)
    try:
        with Bus() as bus:
            kept = [bus.begin(user, rhost=f"192.0.2.{n}") for n in range(5)]
            with pytest.raises(BusError) as caught:
                bus.begin(user, rhost="192.0.2.77")
            assert caught.value.name == "LimitsExceeded"
            for login in kept:
                login.close()
    finally:
        restore(house)


def restore(house):
    house.configure(configs.head() + configs.PASSWORD + configs.service("sshd", "password")
                    + configs.service(LOCKER, "password") + configs.service("su", "password"),
                    fresh=False)


def test_waiting_logins_hold_no_bus_connection(house, user):
    """The system bus refuses root's 257th connection; logins that wait must not count."""
    logins = []
    for _ in range(300):
        with Bus() as bus:
            logins.append(bus.begin(user))
    with Bus() as bus:
        assert bus.call("Admin", "Status")["waiting"] >= 300
    for login in logins:
        login.close()
    wait_until(lambda: house.waiting() == 0, 5, "the logins' end")


# --- restarts ---

def test_daemon_killed_ends_its_logins_and_comes_back(house, user):
    with Bus() as bus:
        login = bus.begin(user)
    login.step()
    back = house.jauthd.kill()
    assert login.outcome(5) is None
    login.close()
    house.jauthd.wait_back(back)
    wait_until(house.is_on_bus, 5, "jauthd on the bus")


def test_database_survives_kill(house, user):
    house.add_link(user, "https://op.example.org", "kept")
    house.jauthd.wait_back(house.jauthd.kill())
    wait_until(house.is_on_bus, 5, "jauthd on the bus")
    links = house.call("Accounts", "ListLinks", "s", user)
    assert [link["subject"] for link in links] == ["kept"]
    house.remove_links(user)


def test_bus_starts_the_daemon(house, user):
    house.jauthd.stop()
    house.allow_activation(True)
    try:
        with Bus() as bus:
            assert log_in(bus, user, PASSWORD) == "granted"
            pid = bus.owner_pid()
    finally:
        house.allow_activation(False)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not house.is_on_bus(), 5, "its end")
    house.jauthd.start()


def test_hanging_daemon_is_ended_by_its_watchdog(house, user):
    kills = house.jauthd.watchdog_kills
    n_starts = house.jauthd.n_starts
    house.jauthd.send(signal.SIGSTOP)
    wait_until(lambda: house.jauthd.watchdog_kills > kills, 20, "the watchdog")
    house.jauthd.send(signal.SIGKILL)
    house.jauthd.wait_back(n_starts)
    wait_until(house.is_on_bus, 5, "jauthd on the bus")


def test_terminated_daemon_ends_at_once(house):
    began = time.monotonic()
    house.jauthd.stop()
    assert time.monotonic() - began < 2
    house.jauthd.start()


def test_many_callers_at_once(house):
    crowd = [house.add_user(password=PASSWORD) for _ in range(40)]
    outcomes = []

    def one(name):
        with Bus() as bus:
            outcomes.append(log_in(bus, name, PASSWORD))

    threads = [threading.Thread(target=one, args=[name]) for name in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["granted"] * 40
    for name in crowd:
        house.remove_user(name)


@pytest.mark.parametrize("issuer,subject,name", [
    ("", "x", None), ("https://op.example.org", "", None),
    ("https://op.example.org", "x", "nosuchuser"), ("https://op.example.org", "x", "root"),
    ("https://op.example.org", "x", "daemon"), ("https://op.example.org", "x" * 300, None),
    ("https://op.example.org/\n", "x", None), ("https://op.example.org", "x\ny", None),
    ("https://op.example.org/" + "x" * 5000, "x", None)])
def test_odd_links_are_refused(bus, user, issuer, subject, name):
    with pytest.raises(BusError):
        bus.call("Accounts", "AddLink", "a{sv}",
                 variants({"issuer": issuer, "subject": subject, "user": name or user}))
