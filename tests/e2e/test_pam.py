# SPDX-License-Identifier: GPL-3.0-or-later
"""pam_jauth against a scripted jauthd on a real bus: every outcome, every way to go wrong.

In the stack of most tests a module that answers PAM_ABORT follows pam_jauth, so PAM_ABORT
means that pam_jauth was ignored and the stack went on.
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

from fake_jauthd import (ANSWER, CANCEL, FakeJauthd, activate_by, ask, error, info, request,
                         step)
from house import wait_until
from pam_client import BUILD, NAMES, PROGRAM, Client, answer, pam

SERVICE = pathlib.Path("/etc/pam.d/jauth-test")
BUS_SOCKET = "/run/dbus/system_bus_socket"
TOP = pathlib.Path(__file__).resolve().parents[2]
CONTROL = "[ignore=ignore default=die success=done]"

# Rows of (outcome, authenticate, account, password). The manual has them, too.
CODES = [
    ("granted", "PAM_SUCCESS", "PAM_SUCCESS", "PAM_SUCCESS"),
    ("denied", "PAM_AUTH_ERR", "PAM_PERM_DENIED", "PAM_AUTHTOK_ERR"),
    ("enough", "PAM_MAXTRIES", "PAM_PERM_DENIED", "PAM_AUTHTOK_ERR"),
    ("locked", "PAM_AUTH_ERR", "PAM_PERM_DENIED", "PAM_AUTHTOK_ERR"),
    ("expired", "PAM_AUTH_ERR", "PAM_ACCT_EXPIRED", "PAM_AUTHTOK_ERR"),
    ("must-change", "PAM_AUTH_ERR", "PAM_NEW_AUTHTOK_REQD", "PAM_AUTHTOK_ERR"),
    ("cancelled", "PAM_CONV_ERR", "PAM_PERM_DENIED", "PAM_CONV_ERR"),
    ("failed", "PAM_SYSTEM_ERR", "PAM_SYSTEM_ERR", "PAM_SYSTEM_ERR"),
    ("unavailable", "PAM_AUTHINFO_UNAVAIL", "PAM_AUTHINFO_UNAVAIL", "PAM_AUTHINFO_UNAVAIL"),
    ("ignored", "PAM_IGNORE", "PAM_IGNORE", "PAM_IGNORE"),
]
OUTCOMES = [row[0] for row in CODES]
UNAVAILABLE = "PAM_AUTHINFO_UNAVAIL"


# --- fixtures and scripts ---

@pytest.fixture(scope="module", autouse=True)
def no_real_jauthd(house):
    """The bus's policy is the real one, and lets root be jauthd."""
    activate_by(None)


@pytest.fixture(scope="module")
def person(house):
    name = house.add_user(password="right horse 7")
    yield name
    house.remove_user(name)


@pytest.fixture
def jauthd(no_real_jauthd):
    fake = FakeJauthd()
    yield fake
    fake.stop()
    fake.join()


def write_service(options="", service=SERVICE, control=CONTROL, before=(), after=None):
    after = after or ["%s required pam_debug.so auth=abort acct=abort prechauthtok=abort "
                      "chauthtok=abort cred=abort open_session=abort close_session=abort"]
    kinds = ("auth", "account", "password", "session")
    lines = [line % kind if "%s" in line else line for kind in kinds
             for line in [*[b for b in before if b.startswith(kind)],
                          f"%s {control} pam_jauth.so {options}",
                          *[a for a in after if a.startswith(("%s", kind))]]]
    service.write_text("\n".join(lines) + "\n")


@pytest.fixture(autouse=True)
def stack():
    write_service("timeout=5")


def outcome(state, *items):
    return lambda login: login.send(state, *items)


def one_ask(state="granted", **ask_options):
    """Asks once, keeps the answer as `answer` of the script, and ends with the state."""
    def script(login):
        login.send("ask", ask("Secret: ", number=77, **ask_options))
        script.answer = login.receive()
        login.send(state)
    return script


def code_of(person, *actions, **options):
    return pam(person, *(actions or ["authenticate"]), **options).code()


# --- outcomes ---

def expected(code):
    return "PAM_ABORT" if code == "PAM_IGNORE" else code


@pytest.mark.parametrize("row", CODES, ids=OUTCOMES)
@pytest.mark.parametrize("phase", ["authenticate", "account"])
def test_outcome_has_its_code(jauthd, person, phase, row):
    jauthd.script = outcome(row[0])
    want = row[1] if phase == "authenticate" else row[2]
    assert code_of(person, phase) == expected(want)
    assert [facts["phase"] for facts in jauthd.facts] == [phase]


@pytest.mark.parametrize("row", CODES, ids=OUTCOMES)
@pytest.mark.parametrize("phase", ["password-check", "password"])
def test_outcome_of_a_change_of_password_has_its_code(jauthd, person, phase, row):
    def script(login):
        login.send("granted" if login.facts["phase"] != phase else row[0])
    jauthd.script = script
    # Once the check was granted, other modules have missed their first round.
    want = "PAM_AUTHTOK_ERR" if (phase, row[0]) == ("password", "ignored") else expected(row[3])
    assert code_of(person, "password") == want
    second = [] if phase == "password-check" and row[0] != "granted" else ["password"]
    assert [facts["phase"] for facts in jauthd.facts] == ["password-check", *second]


# --- the conversation ---

def test_items_of_a_step_are_one_call_in_their_order(jauthd, person):
    code = "\u2580\u2584\n\u2588 \nHTTPS://OP.EXAMPLE.ORG/D  ABCD"

    def script(login):
        login.send("ask", info("first"), error("second"), request("abc-1"), info(code),
                   ask("Digits: ", echo=True))
        login.receive()
        login.send("granted", info("Welcome"))
    jauthd.script = script
    done = pam(person, "authenticate", answers=[answer("42")])
    assert done.lines == [("call", "4"), ("info", "first"), ("error", "second"), ("info", code),
                          ("echo-on", "Digits: "), ("call", "1"), ("info", "Welcome"),
                          ("result", "authenticate 0")]


def test_wait_shows_and_goes_on_by_itself(jauthd, person):
    def script(login):
        login.send("wait", info("Scan this"))
        login.send("wait")
        login.send("granted")
    jauthd.script = script
    done = pam(person, "authenticate")
    assert done.code() == "PAM_SUCCESS" and done.texts("info") == ["Scan this"]


def test_many_asks_in_a_row(jauthd, person):
    def script(login):
        for number in range(1, 13):
            login.send("ask", ask(f"{number}? ", number=number, echo=True))
            assert login.receive() == (ANSWER, number, str(number).encode())
        login.send("granted")
    jauthd.script = script
    answers = [answer(str(number)) for number in range(1, 13)]
    assert code_of(person, answers=answers) == "PAM_SUCCESS"
    jauthd.join()


@pytest.mark.parametrize("echo", [True, False])
def test_answer_arrives_as_typed(jauthd, person, echo):
    jauthd.script = one_ask(echo=echo)
    done = pam(person, "authenticate", answers=[answer("pä ss\t%")])
    assert done.texts("echo-on" if echo else "echo-off") == ["Secret: "]
    assert jauthd.answer() == (ANSWER, 77, "pä ss\t%".encode())


def test_empty_answer_is_an_answer(jauthd, person):
    jauthd.script = one_ask()
    assert code_of(person, answers=[answer("")]) == "PAM_SUCCESS"
    assert jauthd.answer() == (ANSWER, 77, b"")


def test_answer_ends_at_a_nul(jauthd, person):
    jauthd.script = one_ask()
    pam(person, "authenticate", answers=[answer(b"before\0after")])
    assert jauthd.answer() == (ANSWER, 77, b"before")


def test_longest_answer_is_sent_whole(jauthd, person):
    jauthd.script = one_ask()
    assert code_of(person, answers=[answer("x" * 1023)]) == "PAM_SUCCESS"
    assert jauthd.answer() == (ANSWER, 77, b"x" * 1023)


def test_answer_that_is_too_long_is_denied(jauthd, person):
    jauthd.script = one_ask()
    assert code_of(person, answers=[answer("x" * 1024)]) == "PAM_AUTH_ERR"
    assert jauthd.answer() == (CANCEL, 0, b"")


@pytest.mark.parametrize("line", ["fail", "null"])
def test_conversation_that_breaks_off_cancels(jauthd, person, line):
    jauthd.script = one_ask()
    assert code_of(person, answers=[line]) == "PAM_CONV_ERR"
    assert jauthd.answer() == (CANCEL, 0, b"")


def test_eof_on_the_terminal_cancels(jauthd, person):
    jauthd.script = one_ask()
    assert code_of(person) == "PAM_CONV_ERR"


@pytest.mark.parametrize("phase", ["authenticate", "account", "password"])
def test_no_conversation_is_ignored_at_once(jauthd, person, phase):
    done = pam(person, "no-conversation", phase)
    assert done.code() == "PAM_ABORT" and not jauthd.facts and done.seconds < 1


def test_quiet_leaves_out_notes_but_no_codes(jauthd, person):
    def script(login):
        login.send("ask", info("the code"), ask("Enter", echo=True))
        login.receive()
        login.send("wait", info("waiting"))
        login.send("granted", info("Welcome"), error("Your password expires"))
    jauthd.script = script
    write_service("quiet")
    done = pam(person, "authenticate", answers=[answer("")])
    assert done.texts("info") == ["the code", "waiting"]
    assert done.texts("error") == ["Your password expires"]


# --- passwords of other modules ---

# pam_exec asks for a password itself when there is no PAM_AUTHTOK.
SHOW_TOKEN = "auth required pam_exec.so quiet expose_authtok /bin/sh /run/house/token.sh"
ASK_BEFORE = "auth optional pam_unix.so"


@pytest.fixture
def token_file(tmp_path):
    """Where the modules after ours write the PAM_AUTHTOK they see."""
    path = tmp_path / "token"
    pathlib.Path("/run/house/token.sh").write_text(f"tr -d '\\0' > {path}\n")
    return path


def run_with_token(jauthd, person, token_file, script, answers):
    write_service(control="[success=ok default=ignore]", after=[SHOW_TOKEN])
    jauthd.script = script
    pam(person, "authenticate", answers=[*answers, answer("asked by pam_exec")])
    return token_file.read_text()


def test_password_is_left_to_later_modules(jauthd, person, token_file):
    script = one_ask(password=True)
    assert run_with_token(jauthd, person, token_file, script, [answer("horse")]) == "horse"


def test_code_is_not_left_to_later_modules(jauthd, person, token_file):
    script = one_ask(password=False)
    assert run_with_token(jauthd, person, token_file, script,
                          [answer("123456")]) == "asked by pam_exec"


def test_wrong_password_is_not_left_to_later_modules(jauthd, person, token_file):
    script = one_ask("denied", password=True)
    assert run_with_token(jauthd, person, token_file, script,
                          [answer("horse")]) == "asked by pam_exec"


@pytest.mark.parametrize("option", ["try_first_pass", "use_first_pass"])
def test_first_password_answers_the_first_ask(jauthd, person, option):
    write_service(option, before=[ASK_BEFORE])
    jauthd.script = one_ask(password=True)
    done = pam(person, "authenticate", answers=[answer("from before")])
    assert done.code() == "PAM_SUCCESS"
    assert jauthd.answer() == (ANSWER, 77, b"from before")
    assert done.texts("echo-off") == ["Password: "]


def test_first_password_answers_no_other_ask(jauthd, person):
    write_service("use_first_pass", before=[ASK_BEFORE])
    jauthd.script = one_ask(password=False)
    assert code_of(person, answers=[answer("from before"), answer("code")]) == "PAM_SUCCESS"
    assert jauthd.answer() == (ANSWER, 77, b"code")


def two_passwords(login):
    login.send("ask", ask("Password: ", number=1, password=True))
    login.receive()
    login.send("ask", ask("Again: ", number=2, password=True))
    two_passwords.second = login.receive()
    login.send("granted")


@pytest.mark.parametrize("option, code, second", [
    ("try_first_pass", "PAM_SUCCESS", (ANSWER, 2, b"typed")),
    ("use_first_pass", "PAM_AUTH_ERR", (CANCEL, 0, b""))])
def test_second_ask_for_a_password(jauthd, person, option, code, second):
    write_service(option, before=[ASK_BEFORE])
    jauthd.script = two_passwords
    assert code_of(person, answers=[answer("from before"), answer("typed")]) == code
    jauthd.join()
    assert two_passwords.second == second


def test_use_first_pass_without_one_is_denied(jauthd, person):
    write_service("use_first_pass")
    jauthd.script = one_ask(password=True)
    assert code_of(person, answers=[answer("typed")]) == "PAM_AUTH_ERR"


def test_without_the_options_the_person_is_asked(jauthd, person):
    write_service(before=[ASK_BEFORE])
    jauthd.script = one_ask(password=True)
    pam(person, "authenticate", answers=[answer("from before"), answer("typed")])
    assert jauthd.answer() == (ANSWER, 77, b"typed")


# --- what goes wrong ---

def silent(login):
    login.receive()


def ask_and_close(login):
    login.send("ask", ask("? "))


def wait_and_close(login):
    login.send("wait", info("Scan"))


def wait_for_ever(login):
    login.send("wait")
    login.receive()


def ask_and_keep_silent(login):
    login.send("ask", ask("? "))
    login.receive()
    login.receive()


def raw(data):
    return lambda login: login.send_raw(data)


BAD_STEPS = {
    "garbage": b"\x00" * 200,
    "text": b"granted",
    "cut off": step("granted")[:-1],
    "trailing byte": step("granted") + b"\0",
    "unknown state": step("Granted"),
    "granted that asks": step("granted", ask("? ")),
    "ask without an ask": step("ask", info("?")),
    "two asks": step("ask", ask("? "), ask("? ")),
    "unknown item": step("granted", ("picture", {})),
    "item without text": step("granted", ("info", {})),
    "seventeen items": step("granted", *[info("x")] * 17),
    "long text": step("granted", info("x" * 32769)),
    "too large": step("granted", *[info("x" * 32000)] * 3),
}


@pytest.mark.parametrize("name", BAD_STEPS)
def test_bad_step_fails(jauthd, person, name):
    jauthd.script = raw(BAD_STEPS[name])
    assert code_of(person) == "PAM_SYSTEM_ERR"


@pytest.mark.parametrize("script, answers, code", [
    (lambda login: None, [], UNAVAILABLE),
    (ask_and_close, [answer("x")], UNAVAILABLE),
    (ask_and_close, [], "PAM_CONV_ERR"),
    (wait_and_close, [], UNAVAILABLE),
    (raw(b""), [], UNAVAILABLE),
], ids=["before a step", "in the prompt", "in the prompt and so does the person", "while waiting",
        "after an empty datagram"])
def test_jauthd_vanishes(jauthd, person, script, answers, code):
    jauthd.script = script
    done = pam(person, "authenticate", answers=answers)
    assert done.code() == code and done.seconds < 2


@pytest.mark.parametrize("script, code", [
    (None, UNAVAILABLE), (silent, UNAVAILABLE), (wait_for_ever, "PAM_SYSTEM_ERR"),
    (ask_and_keep_silent, "PAM_SYSTEM_ERR"),
], ids=["Begin", "the first step", "while waiting", "after an answer"])
def test_time_runs_out(jauthd, person, script, code):
    write_service("timeout=2")
    jauthd.script = script
    done = pam(person, "authenticate", answers=[answer("x")])
    assert done.code() == code and 1.5 < done.seconds < 3.5


def test_time_runs_out_in_the_prompt(jauthd, person):
    write_service("timeout=1")

    def script(login):
        login.send("ask", ask("? "))
        script.answer = login.receive()
        login.receive()
    jauthd.script = script
    with Client(person, ["authenticate"], [answer("late")]) as client:
        time.sleep(1.5)
        assert client.finish().code() == "PAM_SYSTEM_ERR"
    assert jauthd.answer()[0] == ANSWER


def test_outcome_that_came_in_the_prompt_counts(jauthd, person):
    """jauthd gave up first and closed without reading the answer."""
    def script(login):
        login.send("ask", ask("? "))
        login.send("denied", info("too late"))
        login.receive()
    jauthd.script = script
    done = pam(person, "authenticate", answers=[answer("x")])
    assert done.code() == "PAM_AUTH_ERR" and done.texts("info") == ["too late"]


def test_outcome_is_read_behind_a_reset(jauthd, person):
    """jauthd closes with our answer unread: the kernel reports a reset before what is queued."""
    def script(login):
        login.send("ask", ask("? "))
        login.send("denied")
        wait_until(lambda: login.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    jauthd.script = with_retry(script)
    assert code_of(person, answers=[answer("x")]) == "PAM_AUTH_ERR"


def with_retry(script):
    """PEEK with DONTWAIT says EAGAIN until the answer is there."""
    def retry(login):
        real, login.sock = login.sock, Peeker(login.sock)
        script(login)
        login.sock = real
    return retry


class Peeker:
    def __init__(self, sock):
        self.sock = sock

    def send(self, data):
        return self.sock.send(data)

    def recv(self, size, flags=0):
        with contextlib.suppress(BlockingIOError):
            return self.sock.recv(size, flags)
        return b""


def test_second_step_before_the_answer_is_one_more_ask(jauthd, person):
    def script(login):
        login.send("ask", ask("first? ", number=1))
        login.send("ask", ask("second? ", number=2))
        script.answers = [login.receive(), login.receive()]
        login.send("denied")
    jauthd.script = script
    assert code_of(person, answers=[answer("a"), answer("b")]) == "PAM_AUTH_ERR"
    assert script.answers == [(ANSWER, 1, b"a"), (ANSWER, 2, b"b")]


def test_steps_after_the_outcome_do_not_count(jauthd, person):
    def script(login):
        login.send("denied")
        login.send("granted")
    jauthd.script = script
    assert code_of(person) == "PAM_AUTH_ERR"


@pytest.mark.parametrize("name, code", [
    ("org.jauth1.Error.Version", UNAVAILABLE),
    ("org.jauth1.Error.LimitsExceeded", UNAVAILABLE),
    ("org.jauth1.Error.AccessDenied", "PAM_AUTH_ERR"),
    ("org.jauth1.Error.Facts", "PAM_SYSTEM_ERR"),
    ("org.jauth1.Error.Failed", "PAM_SYSTEM_ERR"),
    ("org.example.Unknown", "PAM_SYSTEM_ERR"),
    ("org.freedesktop.DBus.Error.NoReply", UNAVAILABLE),
])
def test_error_of_begin(jauthd, person, name, code):
    jauthd.script = name
    assert code_of(person) == code


@pytest.mark.parametrize("kind", ["stream", "datagram", "internet", "file", "pipe"])
def test_descriptor_of_another_kind_fails(jauthd, person, kind):
    make = {
        "stream": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)[0].detach(),
        "datagram": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].detach(),
        "internet": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).detach(),
        "file": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "pipe": lambda: os.pipe()[0],
    }
    jauthd.script = make[kind]()
    assert code_of(person) == "PAM_SYSTEM_ERR"
    os.close(jauthd.script)


# --- the bus ---

@pytest.fixture
def absent_bus(house):
    os.rename(BUS_SOCKET, BUS_SOCKET + ".away")
    yield
    os.rename(BUS_SOCKET + ".away", BUS_SOCKET)


@contextlib.contextmanager
def other_bus(absent_bus, backlog=16):
    """A listening socket in the bus's place."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(BUS_SOCKET)
        listener.listen(backlog)
        try:
            yield listener
        finally:
            os.unlink(BUS_SOCKET)


def test_nobody_owns_the_name(house, person):
    done = pam(person, "authenticate")
    assert done.code() == UNAVAILABLE and done.seconds < 2


@pytest.fixture
def activated(house):
    yield activate_by
    activate_by(None)


@pytest.mark.parametrize("command, seconds", [
    ("/bin/false", (0, 1.5)), ("/nonexistent", (0, 1.5)), ("/bin/sleep 3", (1.5, 3.5))])
def test_jauthd_cannot_be_started(activated, person, command, seconds):
    write_service("timeout=2")
    activated(command)
    done = pam(person, "authenticate")
    assert done.code() == UNAVAILABLE and seconds[0] <= done.seconds < seconds[1]


def test_no_bus(absent_bus, person):
    done = pam(person, "authenticate")
    assert done.code() == UNAVAILABLE and done.seconds < 1


def test_bus_that_nobody_listens_on(absent_bus, person):
    with other_bus(absent_bus) as listener:
        listener.close()
        assert code_of(person) == UNAVAILABLE


def test_bus_that_hangs_up(absent_bus, person):
    with other_bus(absent_bus) as listener:
        listener.settimeout(5)
        with Client(person, ["authenticate"]) as client:
            listener.accept()[0].close()
            assert client.finish().code() == UNAVAILABLE


def test_bus_that_is_no_bus(absent_bus, person):
    """It says something to the probe, and rubbish to libdbus."""
    write_service("timeout=2")
    with other_bus(absent_bus) as listener:
        listener.settimeout(5)
        with Client(person, ["authenticate"]) as client:
            for _ in range(2):
                peer = listener.accept()[0]
                assert peer.recv(100)
                peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert client.finish().code() == UNAVAILABLE


def test_bus_that_stops_after_the_probe(absent_bus, person):
    """libdbus waits without a limit for the end of the authentication, if it is let."""
    write_service("timeout=2")
    with other_bus(absent_bus) as listener:
        listener.settimeout(5)
        with Client(person, ["authenticate"]) as client:
            probe = listener.accept()[0]
            assert probe.recv(100)
            probe.send(b"REJECTED EXTERNAL\r\n")
            silent_bus = listener.accept()[0]
            done = client.finish()
            silent_bus.close()
    assert done.code() == UNAVAILABLE and 1.5 < done.seconds < 3.5


def test_bus_is_stopped(house, jauthd, person):
    write_service("timeout=2")
    house.bus.send(signal.SIGSTOP)
    try:
        done = pam(person, "authenticate")
    finally:
        house.bus.send(signal.SIGCONT)
    assert done.code() == UNAVAILABLE and 1.5 < done.seconds < 3.5


@pytest.mark.parametrize("n_free", [0, 1, 2])
def test_bus_is_stopped_with_its_backlog_full(house, jauthd, person, n_free):
    """A blocking connect() would never return; so would it after a probe took the last place."""
    write_service("timeout=2")
    house.bus.send(signal.SIGSTOP)
    guests = []
    try:
        with contextlib.suppress(BlockingIOError):
            while len(guests) < 1000:
                guest = socket.socket(socket.AF_UNIX)
                guest.setblocking(False)
                guests.append(guest)
                guest.connect(BUS_SOCKET)
        n_places = len(guests) - 1
    finally:
        house.bus.send(signal.SIGCONT)
        for guest in guests:
            guest.close()
    time.sleep(0.2)
    house.bus.send(signal.SIGSTOP)
    try:
        guests = [socket.socket(socket.AF_UNIX) for _ in range(n_places - n_free)]
        for guest in guests:
            guest.setblocking(False)
            guest.connect(BUS_SOCKET)
        done = pam(person, "authenticate")
    finally:
        house.bus.send(signal.SIGCONT)
        for guest in guests:
            guest.close()
    assert done.code() == UNAVAILABLE and 1.5 < done.seconds < 3.5


def bus_listens():
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(BUS_SOCKET)
        return True
    return False


def test_bus_that_ends_in_the_middle_does_not_matter(house, jauthd, person):
    """The login's socket goes on without the bus."""
    def script(login):
        login.send("wait")
        house.bus.restart()
        login.send("granted")
    jauthd.script = script
    assert code_of(person) == "PAM_SUCCESS"
    jauthd.join()
    wait_until(bus_listens, what="the bus's return")


def test_bus_connection_is_closed_while_waiting(jauthd, person):
    def script(login):
        login.send("wait")
        time.sleep(0.3)
        script.sockets = [path for path in links_of(script.pid) if path.startswith("socket:")]
        login.send("granted")
    jauthd.script = script
    with Client(person, ["authenticate"]) as client:
        script.pid = client.process.pid
        assert client.finish().code() == "PAM_SUCCESS"
    assert len(script.sockets) == 1, "the login's own socket, and nothing else"


def links_of(pid):
    folder = f"/proc/{pid}/fd"
    return [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]


def test_descriptors_are_closed_afterwards(jauthd, person):
    jauthd.script = outcome("denied")
    with subprocess.Popen([PROGRAM, "jauth-test", person, *["authenticate"] * 5, "tty=x"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        for _ in range(5):
            client.stdout.readline()
        with contextlib.suppress(FileNotFoundError):
            assert not [path for path in links_of(client.pid) if path.startswith("socket:")]
        client.stdin.close()


# --- who has gone ---

def test_ssh_client_that_leaves_ends_the_wait(jauthd, person):
    def script(login):
        login.send("wait")
        script.end = login.receive()
    jauthd.script = script
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ssh = socket.create_connection(listener.getsockname())
        server_side, peer = listener.accept()
        words = f"env=SSH_CONNECTION=127.0.0.1 {peer[1]} 127.0.0.1 {listener.getsockname()[1]}"
        with Client(person, [words, "authenticate"], pass_fds=[server_side.fileno()]) as client:
            server_side.close()
            assert jauthd.begun.wait(5)
            time.sleep(0.3)
            ssh.send(b"not to be read")
            time.sleep(0.3)
            assert client.process.poll() is None
            left = time.monotonic()
            ssh.close()
            assert client.finish().code() == "PAM_CONV_ERR"
            assert time.monotonic() - left < 1
    jauthd.join()
    assert script.end is None, "jauthd sees the end of the socket"


def test_ssh_client_over_ipv4_on_an_ipv6_socket_is_found(jauthd, person):
    jauthd.script = wait_for_ever
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        port = listener.getsockname()[1]
        ssh = socket.create_connection(("127.0.0.1", port))
        server_side, peer = listener.accept()
        words = f"env=SSH_CONNECTION=127.0.0.1 {peer[1]} 127.0.0.1 {port}"
        with Client(person, [words, "authenticate"], pass_fds=[server_side.fileno()]) as client:
            server_side.close()
            assert jauthd.begun.wait(5)
            ssh.close()
            assert client.finish().code() == "PAM_CONV_ERR"


def test_connection_of_somebody_else_does_not_matter(jauthd, person):
    def script(login):
        login.send("wait")
        time.sleep(1)
        login.send("granted")
    jauthd.script = script
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = socket.create_connection(listener.getsockname())
        server_side, _ = listener.accept()
        with Client(person, ["env=SSH_CONNECTION=127.0.0.1 1 127.0.0.1 22", "authenticate"],
                    pass_fds=[server_side.fileno()]) as client:
            server_side.close()
            other.close()
            assert client.finish().code() == "PAM_SUCCESS"


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_blocked_signal_ends_the_wait(jauthd, person, sig):
    """As sudo runs PAM."""
    jauthd.script = wait_for_ever
    with Client(person, ["block-signals", "authenticate"]) as client:
        assert jauthd.begun.wait(5)
        time.sleep(0.3)
        sent = time.monotonic()
        client.process.send_signal(sig)
        assert client.finish().code() == "PAM_CONV_ERR"
        assert time.monotonic() - sent < 1


# --- who is ignored ---

def ignored(jauthd, user, *actions):
    done = pam(user, *(actions or ["authenticate"]))
    return done.code() == "PAM_ABORT" and not jauthd.facts


@pytest.mark.parametrize("phase", ["authenticate", "account", "password"])
def test_root_is_ignored(jauthd, phase):
    assert ignored(jauthd, "root", phase)


def test_another_name_for_root_is_ignored(house, jauthd):
    subprocess.run(["useradd", "-o", "-u", "0", "toor"], check=True)
    assert ignored(jauthd, "toor")
    house.remove_user("toor")


def test_low_uid_is_ignored(jauthd):
    assert ignored(jauthd, "daemon")


def test_min_uid_decides(jauthd, person, house):
    jauthd.script = outcome("denied")
    write_service(f"min_uid={house.uid(person)}")
    assert code_of(person) == "PAM_AUTH_ERR"
    jauthd.facts.clear()
    write_service(f"min_uid={house.uid(person) + 1}")
    assert ignored(jauthd, person)
    write_service("min_uid=1")
    assert code_of("daemon") == "PAM_AUTH_ERR"
    jauthd.facts.clear()
    assert ignored(jauthd, "root")


@pytest.fixture(scope="module")
def keeper(house):
    subprocess.run(["groupadd", "glass"], check=True)
    name = house.add_user(groups=["glass"])
    yield name
    house.remove_user(name)


def test_break_glass_group_is_ignored(jauthd, keeper):
    write_service("break_glass=glass")
    assert ignored(jauthd, keeper)
    assert ignored(jauthd, keeper, "account")


def test_primary_group_counts_as_break_glass(jauthd, house, keeper):
    write_service("break_glass=glass")
    subprocess.run(["useradd", "-g", "glass", "primary"], check=True)
    assert ignored(jauthd, "primary")
    house.remove_user("primary")


@pytest.mark.parametrize("group", ["glass", "no-such-group"])
def test_others_are_not_in_the_break_glass_group(jauthd, person, keeper, group):
    jauthd.script = outcome("denied")
    write_service(f"break_glass={group}")
    assert code_of(person) == "PAM_AUTH_ERR"


def test_unknown_user_goes_to_jauthd(jauthd):
    jauthd.script = outcome("denied")
    assert code_of("nobody-knows-me") == "PAM_AUTH_ERR"
    assert jauthd.facts[0]["user"] == "nobody-knows-me"


def test_user_is_asked_for_when_the_program_did_not(jauthd, person):
    jauthd.script = outcome("granted")
    done = pam("", "authenticate", answers=[answer(person)])
    assert done.code() == "PAM_SUCCESS" and jauthd.facts[0]["user"] == person


def test_no_user_is_an_error_at_once(jauthd):
    done = pam("", "authenticate")
    assert done.code() == "PAM_CONV_ERR" and not jauthd.facts


@pytest.mark.parametrize("user, code", [
    (b"\xff\xfe", "PAM_SYSTEM_ERR"), (b"x" * 1025, "PAM_SYSTEM_ERR")], ids=["no UTF-8", "long"])
def test_user_that_cannot_be_sent_fails(jauthd, user, code):
    jauthd.script = outcome("granted")
    assert code_of(user) == code and not jauthd.facts


# --- options ---

WRONG = ["unknown", "timeout", "timeout=0", "timeout=3601", "timeout=+5", "timeout=5s",
         "timeout=99999999999999999999", "min_uid=0", "min_uid=-1", "break_glass=",
         "charset=latin1", "debug=yes", "Debug"]


@pytest.mark.parametrize("option", WRONG)
def test_wrong_option_lets_nobody_in(jauthd, person, option):
    jauthd.script = outcome("granted")
    write_service(option)
    assert code_of(person) == "PAM_SERVICE_ERR" and not jauthd.facts


def test_wrong_option_does_not_lock_out_the_exempt(jauthd, keeper):
    write_service("brake_glass=glass break_glass=glass")
    assert ignored(jauthd, "root") and ignored(jauthd, keeper)


# --- facts ---

def facts_of(jauthd, person, *actions, **options):
    jauthd.script = outcome("denied")
    pam(person, *actions, "authenticate", **options)
    return jauthd.facts[-1]


def test_facts_of_an_ssh_login(jauthd, person):
    facts = facts_of(jauthd, person, "tty=ssh", "rhost=192.0.2.7",
                     "env=SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA")
    assert facts.pop("caller-uid") == 0
    assert facts == {"version": 1, "phase": "authenticate", "service": "jauth-test",
                     "user": person, "rhost": "192.0.2.7", "tty": "ssh", "surface": "ssh",
                     "rows": 0, "columns": 0, "glyphs": 7, "timeout": 5,
                     "ssh-auth-info": "publickey ssh-ed25519 AAAA"}


@pytest.mark.parametrize("actions, surface", [
    (["env=SSH_CONNECTION=192.0.2.7 5 192.0.2.1 22", "tty=/dev/null"], "ssh"),
    (["tty=:0"], "graphical"), (["xdisplay=:1"], "graphical"), (["tty=cron"], "none"),
    (["tty=/dev/null"], "none"), (["tty=/dev/../etc/passwd"], "none"),
    (["tty=/etc/passwd"], "none"), ([], "none")])
def test_surface_is_recognised(jauthd, person, actions, surface):
    assert facts_of(jauthd, person, *actions)["surface"] == surface


def on_a_pty(person, rows, columns, env):
    """Runs the client with a pty as PAM_TTY and stdin; nothing is typed."""
    main, other = os.openpty()
    subprocess.run(["stty", "rows", str(rows), "cols", str(columns)], stdin=other, check=True)
    subprocess.run([PROGRAM, "jauth-test", person, f"tty={os.ttyname(other)}", "authenticate"],
                   stdin=other, stdout=subprocess.DEVNULL, check=True,
                   env={"PATH": "/usr/bin:/bin", **env})
    os.close(main)
    os.close(other)


@pytest.mark.parametrize("env, surface, glyphs", [
    ({"LANG": "zh_CN.UTF-8", "TERM": "xterm"}, "terminal", 7),
    ({"LANG": "zh_CN.GB18030"}, "terminal", 0),
    ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, "terminal", 0),
    ({"LC_CTYPE": "en_US.utf8"}, "terminal", 7),
    ({"LANG": "en_US.UTF-8", "TERM": "dumb"}, "none", 4),
    ({}, "terminal", 0)])
def test_terminal_is_measured(jauthd, person, env, surface, glyphs):
    jauthd.script = outcome("denied")
    on_a_pty(person, 30, 100, env)
    facts = jauthd.facts[0]
    assert (facts["surface"], facts["rows"], facts["columns"]) == (surface, 30, 100)
    assert facts["glyphs"] == glyphs and facts.get("language") == env.get("LANG")


@pytest.mark.parametrize("charset, glyphs", [("ascii", 0), ("utf-8", 7)])
def test_charset_has_the_last_word(jauthd, person, charset, glyphs):
    write_service(f"charset={charset}")
    assert facts_of(jauthd, person, "tty=ssh")["glyphs"] == glyphs


def test_jauthd_is_to_end_first(jauthd, person):
    write_service("timeout=60")
    assert facts_of(jauthd, person)["timeout"] == 55


def test_long_ssh_certificate_is_cut(jauthd, person):
    text = "publickey ssh-ed25519-cert " + "A" * 3000
    assert facts_of(jauthd, person, f"env=SSH_AUTH_INFO_0={text}")["ssh-auth-info"] == text[:1024]


# --- the request id, setcred, session ---

def test_granted_login_is_followed_to_the_session(jauthd, person):
    jauthd.script = outcome("granted", request("req-42"))
    done = pam(person, "authenticate", "account", "establish", "open", "environment", "close",
               "delete")
    assert set(done.codes.values()) == {"PAM_SUCCESS"}
    assert done.texts("environment") == ["JAUTH_REQUEST=req-42"]
    assert jauthd.facts[1]["request"] == "req-42"


def test_other_login_is_not_followed(jauthd, person):
    jauthd.script = outcome("ignored", request("req-42"))
    done = pam(person, "authenticate", "establish", "open", "close", "environment")
    assert set(done.codes.values()) == {"PAM_ABORT"} and not done.texts("environment")


def test_account_phase_trusts_no_environment(jauthd, person):
    jauthd.script = outcome("granted")
    pam(person, "env=JAUTH_REQUEST=forged", "account")
    assert "request" not in jauthd.facts[0]


@pytest.mark.parametrize("identifier", ["a b", "a\nb", "x" * 65, "a=b"])
def test_odd_request_id_is_not_taken(jauthd, person, identifier):
    jauthd.script = outcome("granted", request(identifier))
    done = pam(person, "authenticate", "environment")
    assert done.code() == "PAM_SUCCESS" and done.texts("environment") == ["JAUTH_REQUEST="]


# --- the snippets ---

MARKER = pathlib.Path("/run/house/unix-password-asked")
SNIPPETS = {"sshd": "jauth-remote", "sudo": "jauth-remote", "login": "jauth-console"}


@pytest.fixture
def debian_stacks(tmp_path):
    """Debian's service files with the snippets in place, and a common-auth that leaves a mark."""
    pam_d = pathlib.Path("/etc/pam.d")
    saved = {name: (pam_d / name).read_text()
             for name in [*SNIPPETS, "common-auth", "common-account"]}
    for service, snippet in SNIPPETS.items():
        (pam_d / snippet).write_text((TOP / "conf/pam" / snippet).read_text())
        (pam_d / service).write_text(re.sub(
            r"^@include common-(auth|account|password)$",
            lambda match: f"{match[1]} substack {snippet}", saved[service], flags=re.MULTILINE))
    mark = f"required pam_exec.so quiet /usr/bin/touch {MARKER}\n"
    for kind in ("auth", "account"):
        (pam_d / f"common-{kind}").write_text(f"{kind} {mark}{kind} required pam_permit.so\n")
    MARKER.unlink(missing_ok=True)
    yield
    for name, text in saved.items():
        (pam_d / name).write_text(text)


GOES_ON = {("authenticate", "ignored"), ("account", "ignored"), ("account", "granted"),
           ("account", "must-change")}


@pytest.mark.parametrize("state", OUTCOMES)
@pytest.mark.parametrize("phase", ["authenticate", "account"])
@pytest.mark.parametrize("service", SNIPPETS)
def test_snippet(jauthd, person, debian_stacks, service, phase, state):
    jauthd.script = outcome(state)
    code = code_of(person, phase, service=service)
    goes_on = (phase, state) in GOES_ON or (state == "unavailable" and service == "login")
    assert MARKER.exists() == goes_on
    row = CODES[OUTCOMES.index(state)]
    want = row[1] if phase == "authenticate" else row[2]
    if want in ("PAM_IGNORE", UNAVAILABLE) and goes_on:
        want = "PAM_SUCCESS"
    assert code == want


@pytest.mark.parametrize("service", SNIPPETS)
@pytest.mark.parametrize("phase", ["authenticate", "account"])
def test_snippet_without_jauthd(house, person, debian_stacks, service, phase):
    code = code_of(person, phase, service=service)
    assert (code == "PAM_SUCCESS") == MARKER.exists() == (service == "login")


@pytest.mark.parametrize("service", SNIPPETS)
@pytest.mark.parametrize("script, answers", [
    (one_ask(), []), (wait_for_ever, []), (raw(b"garbage"), [])],
    ids=["cancelled at the prompt", "not finished in time", "garbage"])
def test_no_snippet_falls_back_to_a_password(jauthd, person, debian_stacks, service, script,
                                             answers):
    snippet = pathlib.Path("/etc/pam.d", SNIPPETS[service])
    snippet.write_text(snippet.read_text().replace("pam_jauth.so", "pam_jauth.so timeout=1"))
    jauthd.script = script
    assert code_of(person, service=service, answers=answers) in ("PAM_CONV_ERR", "PAM_SYSTEM_ERR")
    assert not MARKER.exists()


def test_snippets_ignore_root(house, debian_stacks):
    for service in SNIPPETS:
        assert code_of("root", service=service) == "PAM_SUCCESS"
        assert MARKER.exists()
        MARKER.unlink()


def test_nologin_still_holds(jauthd, person, debian_stacks):
    jauthd.script = outcome("granted")
    nologin = pathlib.Path("/run/nologin")
    nologin.write_text("closed\n")
    try:
        assert code_of(person, "account", service="sshd") != "PAM_SUCCESS"
        assert code_of(person, "authenticate", service="login") != "PAM_SUCCESS"
    finally:
        nologin.unlink()


def test_rest_of_the_stack_still_runs_after_granted(jauthd, person, debian_stacks):
    login = pathlib.Path("/etc/pam.d/login")
    login.write_text(login.read_text() +
                     f"auth required pam_exec.so quiet /usr/bin/touch {MARKER}2\n")
    jauthd.script = outcome("granted")
    assert code_of(person, service="login") == "PAM_SUCCESS"
    after = pathlib.Path(f"{MARKER}2")
    assert after.exists() and not MARKER.exists()
    after.unlink()


# --- the file ---

MODULE = next(BUILD.glob("**/.libs/pam_jauth.so"))


def tool(*words):
    return subprocess.run([*words, MODULE], capture_output=True, text=True, check=True).stdout


def test_module_exports_the_six_entry_points_only():
    symbols = [line.split()[-1] for line in tool("nm", "-D", "--defined-only").splitlines()]
    assert sorted(symbols) == ["pam_sm_acct_mgmt", "pam_sm_authenticate", "pam_sm_chauthtok",
                               "pam_sm_close_session", "pam_sm_open_session", "pam_sm_setcred"]


def test_module_stays_loaded_and_brings_libdbus_only():
    dynamic = tool("readelf", "-d")
    assert "NODELETE" in dynamic and "BIND_NOW" in dynamic
    assert set(re.findall(r"NEEDED.*\[(.*?)\]", dynamic)) == {"libdbus-1.so.3", "libpam.so.0",
                                                             "libc.so.6"}


def test_module_has_no_writable_variables():
    """After relocation .data and .bss hold what the compiler's start files put there, no more."""
    sections = {name: int(size, 16) for name, size in
                re.findall(r" (\.data|\.bss|\.tdata|\.tbss) +\S+ +\S+ \S+ (\S+)",
                           tool("readelf", "-SW"))}
    assert sections.pop(".data", 0) <= 8 and sections.pop(".bss", 0) <= 8 and not sections


def test_module_calls_nothing_a_guest_must_not_call():
    wanted = tool("nm", "-D", "--undefined-only")
    for name in ("abort", "exit", "_exit", "fork", "vfork", "pthread_create", "signal", "sigaction",
                 "setenv", "putenv", "unsetenv", "setlocale_", "system", "__assert_fail", "printf",
                 "dbus_shutdown", "dbus_bus_get", "dbus_bus_register"):
        assert not re.search(rf" U {name}(@|$)", wanted, re.MULTILINE), name


def test_installed_without_la():
    assert not list(pathlib.Path("/usr/lib").glob("**/security/pam_jauth.la"))
    assert list(pathlib.Path("/usr/lib").glob("**/security/pam_jauth.so"))


VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--track-fds=yes",
            "--errors-for-leak-kinds=definite"]


@pytest.mark.parametrize("script, answers, code", [
    (one_ask(password=True), [answer("horse")], "PAM_SUCCESS"),
    (one_ask(), ["fail"], "PAM_CONV_ERR"),
    (raw(b"garbage"), [], "PAM_SYSTEM_ERR"),
    ("org.jauth1.Error.Facts", [], "PAM_SYSTEM_ERR"),
    (None, [], UNAVAILABLE),
], ids=["granted", "broken off", "garbage", "error", "no answer"])
def test_valgrind_finds_nothing(jauthd, person, script, answers, code):
    write_service("timeout=15" if script else "timeout=6")
    jauthd.script = script
    done = pam(person, "authenticate", "account" if code == "PAM_SUCCESS" else "environment",
               answers=answers, before=VALGRIND)
    assert done.codes["authenticate"] == code
    assert "lost" not in done.stderr and "Invalid" not in done.stderr


def test_no_answer_is_left_in_memory(jauthd, person, tmp_path):
    """A core taken while the module waits for the verdict has one copy: in the buffer through
    which the client reads its stdin."""
    secret = "Zq7" + "wXk9" * 4

    def script(login):
        login.send("ask", ask("Code: "))
        login.receive()
        login.send("wait")
        time.sleep(0.3)
        script.core = core_of(script.pid, tmp_path)
        login.send("granted")
    jauthd.script = script
    with Client(person, ["authenticate"], [answer(secret)]) as client:
        script.pid = client.process.pid
        client.finish()
    jauthd.join()
    assert script.core.count(secret.encode()) == 1


def core_of(pid, folder):
    subprocess.run(["gcore", "-o", str(folder / "core"), str(pid)], check=True,
                   capture_output=True)
    return (folder / f"core.{pid}").read_bytes()


# --- the manual ---

def manual():
    return (TOP / "man/pam_jauth.8").read_text()


def test_manual_has_the_table_of_codes():
    rows = re.findall(r"^([a-z-]+)" + r"\t([A-Z_]+)" * 3 + "$", manual(), re.MULTILINE)
    assert [(row[0], *[f"PAM_{code}" for code in row[1:]]) for row in rows] == CODES


def test_manual_has_every_option():
    source = (TOP / "pam_jauth/options.c").read_text()
    options = re.findall(r'^\t\{ "(\w+)",\s+KIND_', source, re.MULTILINE)
    assert len(options) == 8
    described = re.findall(r"^\.BR? (\w+)", manual(), re.MULTILINE)
    assert [name for name in options if name not in described] == []


def test_every_code_of_the_table_is_one_pam_knows():
    assert {code for row in CODES for code in row[1:]} <= set(NAMES.values())
