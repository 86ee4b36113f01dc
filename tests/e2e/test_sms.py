# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes by SMS through real sshd, login, sudo and su, with a gateway of ours and jauthd's clock in the
test's hand: every order of factors, every entry, every way to leave, and what strangers may see."""

import re
import subprocess
import time

import pytest

import configs
from clock import Clock
from conftest import PASSWORD
from house import wait_until
from people import (MENU, PASSWORD_PROMPT, SMS_GATE, SMS_PROMPT, as_user, expect_no_shell,
                    expect_shell, plain_screen, reference, type_password)
from screen import Terminal
from service import run
from swarm import Attempt, Swarm

SERVICES = ("sshd", "login", "su", "sudo")
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]

# Sources with a policy of their own.
ALONE, KEY, MENUS, QUICK = "127.0.1.1", "127.0.2.1", "127.0.3.1", "127.0.4.1"
ELSEWHERE = "127.0.1.2"                 # alone, too

# ssh and sudo write their prompt, then read; a Ctrl-C in between they catch and forget.
READS_S = 0.3


def config_text(gateway, head="", **limits):
    return ("[general]\ncountry = CN\n" + head + configs.head(tries=1, **limits)
            + configs.PASSWORD
            + configs.sms_gateway(gateway) + configs.sms(vendors="gateway")
            + configs.sms("quick", vendors="gateway", code_minutes=1)
            + configs.service("sshd alone", "phone", source="127.0.1.0/24")
            + configs.service("sshd key", "phone", source=KEY, ssh_key="accepted")
            + configs.service("sshd menus", "password + phone, password", source=MENUS)
            + configs.service("sshd quick", "quick", source=QUICK)
            + "".join(configs.service(name, "password + phone") for name in SERVICES))


@pytest.fixture(scope="module")
def clock(house):
    made = Clock(house)
    yield made
    made.release()


@pytest.fixture(scope="module", autouse=True)
def jauth(house, clock, gateway):
    house.configure(config_text(gateway))
    house.use_jauth(*SERVICES)
    yield house
    house.use_debian(*SERVICES)
    house.stop_jauth()


@pytest.fixture(autouse=True)
def quiet(house, gateway):
    """Counts, pauses and behaviours of one test are not the next one's; no test asks the gateway for
    anything it would not do."""
    gateway.reset()
    yield
    house.unlock_limits()
    assert not gateway.complaints


class Person:
    """A Unix user with a telephone: what arrived, in order."""

    def __init__(self, house, gateway, user):
        self.gateway, self.user = gateway, user
        self.number = f"+861390000{house.uid(user) % 10000:04d}"
        house.add_phone(user, self.number)

    def messages(self):
        return [message for message in self.gateway.messages if message["number"] == self.number]

    def message(self, n=1):
        wait_until(lambda: len(self.messages()) >= n, 10, f"message {n} to {self.user}")
        return self.messages()[n - 1]

    def code(self, n=1):
        return self.message(n)["code"]


@pytest.fixture
def jane(house, gateway, user):
    return Person(house, gateway, user)


@pytest.fixture
def john(house, gateway):
    name = house.add_user(password=PASSWORD)
    yield Person(house, gateway, name)
    house.remove_user(name)


def by_ssh(house, name, source="127.0.0.1", **options):
    return house.sshd().login(name, BindAddress=source, NumberOfPasswordPrompts=1, **options)


def after_password(terminal):
    """Up to the question for the code."""
    type_password(terminal, PASSWORD)
    terminal.wait_for(SMS_PROMPT)


def after_gate(terminal):
    terminal.wait_for(SMS_GATE)
    terminal.send_line("y")
    terminal.wait_for(SMS_PROMPT)


def wrong(code):
    return f"{(int(code) + 1) % 1000000:06d}"


def wide(code):
    return "".join(chr(ord(digit) + 0xFEE0) for digit in code)


def last_login(house, name):
    """The newest row of a login in the audit."""
    return wait_until(lambda: [row for row in house.audit(name) if row["kind"] == "login"],
                      what="the audit's row")[-1]


# --- in ---

def test_ssh_after_the_password(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)
    assert len(jane.messages()) == 1


def test_ssh_alone(house, jane):
    with by_ssh(house, jane.user, ALONE) as ssh:
        after_gate(ssh)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)


def test_ssh_after_a_key(house, jane, tmp_path):
    sshd = house.sshd(AuthenticationMethods="publickey,keyboard-interactive")
    key = make_key(jane.user, tmp_path)
    with sshd.login(jane.user, IdentityFile=key, BindAddress=KEY) as ssh:
        after_gate(ssh)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)


def make_key(user, tmp_path):
    key = tmp_path / "key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    home = f"/home/{user}/.ssh"
    run(["install", "-d", "-m", "700", "-o", user, "-g", user, home])
    run(["install", "-m", "600", "-o", user, "-g", user, str(key) + ".pub",
         home + "/authorized_keys"])
    return str(key)


def test_login_on_a_terminal(house, jane):
    with Terminal(["/bin/login", jane.user]) as login:
        after_password(login)
        login.send_line(jane.code())
        expect_shell(login, jane.user)


def test_su(house, jane):
    with Terminal(AS_NOBODY + ["su", jane.user]) as su:
        after_password(su)
        su.send_line(jane.code())
        expect_shell(su, jane.user)


@pytest.fixture
def sudo(house, jane):
    with open("/etc/sudoers.d/house", "w", encoding="ascii") as file:
        file.write(f"{jane.user} ALL=(ALL) ALL\nDefaults !lecture\n")
    with Terminal(as_user(jane.user, "sudo", "id", "-un")) as terminal:
        yield terminal


def test_sudo(sudo, jane):
    after_password(sudo)
    sudo.send_line(jane.code())
    sudo.wait_for("root")
    assert sudo.wait_end() == 0


def test_what_arrives(house, jane):
    """Code first and once, host, user, reference; one segment, no link."""
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        mark = reference(ssh)
    text = jane.message()["text"]
    assert re.match(r"\d{6}\b", text) and len(re.findall(r"\d{6}", text)) == 1
    assert jane.user in text and "house" in text and f"Ref {mark}." in text
    assert len(text) <= 160 and text.isascii()
    assert "http" not in text and "www" not in text and "127.0" not in text


# --- what is typed ---

@pytest.mark.parametrize("form", [
    lambda code: f" {code} ", lambda code: f"{code[:3]} {code[3:]}",
    lambda code: f"{code[:3]}-{code[3:]}", wide], ids=["blanks", "blank", "dash", "full-width"])
def test_code_as_people_type_it(house, jane, form):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        ssh.send_line(form(jane.code()))
        expect_shell(ssh, jane.user)


@pytest.mark.parametrize("entry", ["", "12345", "1234567", "abcdef", "yes", "١٢٣٤٥٦", "12\t3456",
                                   "9" * 900])
def test_entry_that_is_no_code_is_no_try(house, jane, entry):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        for _ in range(3):              # as many wrong codes would be the end
            ssh.send_line(entry)
            ssh.wait_for(SMS_PROMPT)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)


def test_garbage_has_an_end(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        for _ in range(4):
            ssh.send_line("garbage")
            ssh.wait_for(SMS_PROMPT)
        ssh.send_line("garbage")
        expect_no_shell(ssh, jane.user)


def test_a_wrong_one_and_then_the_right_one(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        ssh.send_line(wrong(jane.code()))
        ssh.wait_for(SMS_PROMPT)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)
    assert len(jane.messages()) == 1


def test_three_wrong_ones_are_the_end(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        for _ in range(2):
            ssh.send_line(wrong(jane.code()))
            ssh.wait_for(SMS_PROMPT)
        ssh.send_line(wrong(jane.code()))
        expect_no_shell(ssh, jane.user)
    assert last_login(house, jane.user)["outcome"] == "denied"


def test_late(house, clock, jane):
    with by_ssh(house, jane.user, QUICK) as ssh:
        after_gate(ssh)
        clock.move(61)
        for _ in range(2):
            ssh.send_line(jane.code())
            ssh.wait_for("That code is wrong.*" + SMS_PROMPT)
        ssh.send_line(jane.code())
        expect_no_shell(ssh, jane.user)


def test_in_the_last_moment(house, clock, jane):
    with by_ssh(house, jane.user, QUICK) as ssh:
        after_gate(ssh)
        code = jane.code()
        clock.move(55)
        ssh.send_line(code)
        expect_shell(ssh, jane.user)


def test_used_twice(house, clock, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        used = jane.code()
        ssh.send_line(used)
        expect_shell(ssh, jane.user)
    clock.move(61)
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        assert jane.code(2) != used
        ssh.send_line(used)
        ssh.wait_for(SMS_PROMPT)
        ssh.send_line(jane.code(2))
        expect_shell(ssh, jane.user)


def test_code_belongs_to_its_login(house, clock, jane):
    """The same digits are wrong in another login of the same user."""
    with by_ssh(house, jane.user) as first, by_ssh(house, jane.user) as second:
        after_password(first)
        clock.move(61)
        after_password(second)
        for ssh, foreign in ((first, jane.code(2)), (second, jane.code(1))):
            ssh.send_line(foreign)
            ssh.wait_for(SMS_PROMPT)
        first.send_line(jane.code(1))
        expect_shell(first, jane.user)
        second.send_line(jane.code(2))
        expect_shell(second, jane.user)


def test_code_belongs_to_its_user(house, jane, john):
    with by_ssh(house, jane.user) as hers, by_ssh(house, john.user) as his:
        after_password(hers)
        after_password(his)
        his.send_line(jane.code())
        his.wait_for(SMS_PROMPT)
        hers.send_line(jane.code())
        expect_shell(hers, jane.user)


# --- keys ---

def test_resend_too_early(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        ssh.send_line("r")
        ssh.wait_for(SMS_PROMPT)
        assert len(jane.messages()) == 1
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)


def test_resend_brings_the_same_code(house, clock, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        mark = reference(ssh)
        clock.move(61)
        ssh.send_line("r")
        ssh.wait_for(SMS_PROMPT)
        assert reference(ssh) == mark and ssh.seen.count(f"(ref {mark})") == 2
        assert jane.code(2) == jane.code(1)
        assert mark in jane.message(2)["text"]
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)


def test_resend_twice_at_most(house, clock, jane):
    """Longer than a login lasts in the module, so without it."""
    house.reload(config_text(jane.gateway, login_seconds=800))
    with house.bus_login(jane.user, rhost=ALONE) as login:
        for pause in (0, 61, 121, 61):
            login.next_ask()
            clock.move(pause)
            login.answer("r" if pause else "y")
        assert "No more messages" in login.next_ask().text()
        assert len(jane.messages()) == 3
        assert len({message["code"] for message in jane.messages()}) == 1
        login.answer(jane.code())
        assert login.outcome() == "granted"
    house.reload(config_text(jane.gateway))


def test_resend_forgets_no_wrong_one(house, clock, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        for _ in range(2):
            ssh.send_line(wrong(jane.code()))
            ssh.wait_for(SMS_PROMPT)
        clock.move(61)
        ssh.send_line("r")
        ssh.wait_for(SMS_PROMPT)
        ssh.send_line(wrong(jane.code()))
        expect_no_shell(ssh, jane.user)


def test_back_to_the_menu(house, jane):
    with by_ssh(house, jane.user, MENUS) as ssh:
        ssh.wait_for(MENU)
        ssh.send_line("1")
        after_password(ssh)
        assert "c for another way" in ssh.seen
        ssh.send_line("c")
        ssh.wait_for(MENU)
        ssh.send_line("2")
        type_password(ssh, PASSWORD)
        expect_shell(ssh, jane.user)


def test_code_is_dead_after_going_back(house, jane):
    with by_ssh(house, jane.user, MENUS) as ssh:
        ssh.wait_for(MENU)
        ssh.send_line("1")
        after_password(ssh)
        ssh.send_line("c")
        ssh.wait_for(MENU)
        ssh.send_line("2")
        ssh.wait_for(PASSWORD_PROMPT)
        ssh.send_line(jane.code())
        expect_no_shell(ssh, jane.user)


def test_quit(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        ssh.send_line("q")
        expect_no_shell(ssh, jane.user)
    assert last_login(house, jane.user)["outcome"] == "cancelled"


def test_leaving_at_the_gate_sends_nothing(house, jane):
    with by_ssh(house, jane.user, ALONE) as ssh:
        ssh.wait_for(SMS_GATE)
        time.sleep(READS_S)
        ssh.send("\x03")
        expect_no_shell(ssh, jane.user)
    assert not jane.messages()


# --- nothing is sent before somebody has answered ---

def test_wrong_password_sends_nothing(house, jane):
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, "wrong")
        expect_no_shell(ssh, jane.user)
    assert not jane.messages()


def test_batch_mode(house, jane):
    with by_ssh(house, jane.user, ALONE, BatchMode="yes") as ssh:
        expect_no_shell(ssh, jane.user)
    assert not jane.messages()


def test_no_terminal_at_all(house, jane):
    command = house.sshd().command(jane.user, "id", BindAddress=ALONE)
    done = subprocess.run(["setsid", *command], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 255
    assert not jane.messages()


def test_empty_answers(house, jane):
    """What a scanner without eyes sends."""
    with by_ssh(house, jane.user, ALONE) as ssh:
        for _ in range(3):
            ssh.wait_for(SMS_GATE)
            ssh.send_line("")
        time.sleep(0.5)
    house.wait_no_login()
    assert not jane.messages()


# --- leaving ---


def test_ctrl_c_in_ssh(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        time.sleep(READS_S)
        ssh.send("\x03")
        expect_no_shell(ssh, jane.user)
        house.wait_no_login()


def test_ctrl_c_in_sudo(house, sudo):
    after_password(sudo)
    time.sleep(READS_S)
    sudo.send("\x03")
    assert sudo.wait_end(5) != 0
    house.wait_no_login()


def test_client_vanishes_at_the_gate(house, jane):
    with by_ssh(house, jane.user, ALONE) as ssh:
        ssh.wait_for(SMS_GATE)
        ssh.kill(9)
        house.wait_no_login()
    assert not jane.messages()


def test_client_vanishes_when_the_code_is_out(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        jane.message()
        ssh.kill(9)
        house.wait_no_login()
    assert last_login(house, jane.user)["outcome"] == "cancelled"


def test_client_vanishes_while_the_vendor_thinks(house, jane):
    jane.gateway.behave("hang")
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        jane.message()
        ssh.kill(9)
        house.wait_no_login()


# --- the same ends in other programs ---

def three_wrong_ones(_house, person, terminal):
    after_password(terminal)
    for _ in range(2):
        terminal.send_line(wrong(person.code()))
        terminal.wait_for(SMS_PROMPT)
    terminal.send_line(wrong(person.code()))


def nothing_but_garbage(_house, _person, terminal):
    after_password(terminal)
    for _ in range(4):
        terminal.send_line("garbage")
        terminal.wait_for(SMS_PROMPT)
    terminal.send_line("garbage")


def the_key_q(_house, _person, terminal):
    after_password(terminal)
    terminal.send_line("q")


def a_message_too_soon(house, person, terminal):
    with by_ssh(house, person.user) as ssh:
        after_password(ssh)
    type_password(terminal, PASSWORD)
    terminal.wait_for("Too many codes were asked for")


def a_vendor_that_refuses(_house, person, terminal):
    person.gateway.behave("config")
    type_password(terminal, PASSWORD)
    terminal.wait_for("could not be sent")


def no_number(house, person, terminal):
    for row in house.call("Accounts", "ListPhones", "s", person.user):
        house.call("Accounts", "RemovePhone", "x", row["id"])
    type_password(terminal, PASSWORD)
    terminal.wait_for("no number on file")


def program(name, user):
    """One that says so when it has let somebody in."""
    with open("/etc/sudoers.d/house", "w", encoding="ascii") as file:
        file.write(f"{user} ALL=(ALL) ALL\nDefaults !lecture\n")
    return {"login": ["/bin/login", user],
            "su": AS_NOBODY + ["su", user, "-c", "echo let-$((1))-in"],
            "sudo": as_user(user, "sudo", "sh", "-c", "echo let-$((1))-in")}[name]


@pytest.mark.parametrize("name", ["login", "su", "sudo"])
@pytest.mark.parametrize("end, outcome", [
    (three_wrong_ones, "denied"), (nothing_but_garbage, "denied"), (the_key_q, "cancelled"),
    (a_message_too_soon, "denied"), (a_vendor_that_refuses, "failed"), (no_number, "denied")])
def test_end(house, jane, name, end, outcome):
    def outcomes():
        return {row["outcome"] for row in house.audit(jane.user) if row["kind"] == "login"}

    with Terminal(program(name, jane.user)) as terminal:
        end(house, jane, terminal)
        wait_until(lambda: outcome in outcomes(), what=outcome)
        terminal.settle(0.2)
        terminal.send("\x03")           # login and sudo ask again
        terminal.settle(0.2)
        assert "let-1-in" not in terminal.seen and "$ " not in terminal.seen
    house.wait_no_login()
    assert "granted" not in outcomes()


# --- strangers learn nothing ---

def stranger(house, name, source=ALONE, gate="y", answers=("000000",) * 3):
    """Asks for a code and answers until it ends: (seconds to the prompt, what is seen)."""
    with by_ssh(house, name, source) as ssh:
        ssh.wait_for(SMS_GATE)
        ssh.send_line(gate)
        began = time.monotonic()
        ssh.wait_for(SMS_PROMPT)
        seconds = time.monotonic() - began
        for answer in answers[:-1]:
            ssh.send_line(answer)
            ssh.wait_for(SMS_PROMPT)
        ssh.send_line(answers[-1])
        expect_no_shell(ssh, name)
        screen = re.sub(r"ref \w\w", "ref XX", plain_screen(ssh, name))
        return seconds, re.sub(r"in \d+ s", "in N s", screen)


@pytest.mark.parametrize("gate", ["q", "n"])
def test_no_key_tells_who_exists(house, jane, gate):
    """sshd shows us no answer of a name it does not know, so no answer of the others may mean more
    than its length."""
    bare = house.add_user(password=PASSWORD)
    answers = ("q", "r", "hello", "12 34 5", "1234567")
    seen = {stranger(house, name, gate=gate, answers=answers)[1]
            for name in (jane.user, bare, "nosuchuser")}
    assert len(seen) == 1, seen
    house.remove_user(bare)


def test_everybody_sees_the_same(house, clock, jane, john):
    """With a number and without, locked, unknown, limited, and when the vendor or jauth-http is
    broken: the same words after 0.3 to 2 seconds."""
    bare = house.add_user(password=PASSWORD)
    locked = house.add_user()
    house.add_account(locked, PASSWORD)
    house.add_phone(locked, "+8613900009999")
    house.lock_account(locked)
    seen = {name: stranger(house, name) for name in (jane.user, bare, locked, "nosuchuser")}
    assert len(jane.messages()) == 1
    seen["limited"] = stranger(house, jane.user, ELSEWHERE)
    assert len(jane.messages()) == 1
    jane.gateway.behave("config")
    seen["vendor says no"] = stranger(house, john.user, ELSEWHERE)
    house.http.stop()
    seen["no jauth-http"] = stranger(house, locked, ELSEWHERE)
    house.http.start()
    texts = {text for _, text in seen.values()}
    assert len(texts) == 1, texts
    assert all(0.25 < seconds < 2.6 for seconds, _ in seen.values()), seen
    assert [message["number"] for message in jane.gateway.messages] == [jane.number]
    assert "***" not in texts.pop()
    for name in (bare, locked):
        house.remove_user(name)


def test_everybody_waits_as_long(house, jane):
    """Sixty of each kind: evenly between 0.3 and 2 seconds, so the means differ by little."""
    bare = house.add_user(password=PASSWORD)
    attempts = Swarm().run([Attempt(name, f"127.0.1.{i}", "y") for i in range(3, 63)
                            for name in (jane.user, bare, "nosuchuser")])
    means = {}
    for name in {attempt.user for attempt in attempts}:
        waits = [attempt.asked_at[1] - attempt.asked_at[0] for attempt in attempts
                 if attempt.user == name]
        assert 0.29 < min(waits) and max(waits) < 3, name
        means[name] = sum(waits) / len(waits)
    assert max(means.values()) - min(means.values()) < 0.5, means
    house.remove_user(bare)


def test_vendor_that_hangs_holds_up_no_stranger(house, jane):
    jane.gateway.behave("hang")
    with by_ssh(house, jane.user, ALONE) as ssh:
        ssh.wait_for(SMS_GATE)
        ssh.send_line("y")
        ssh.wait_for(SMS_PROMPT, timeout=3)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)


# --- who has proved something is told more ---

def test_number_is_shown_masked_after_the_password_only(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        assert "*****" + jane.number[-2:] in ssh.seen
        assert jane.number[-4:] not in ssh.seen


def test_limit_is_told_with_its_minutes(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(r"[Tt]oo many[^\n]* \d+ minute")
        expect_no_shell(ssh, jane.user)
    assert len(jane.messages()) == 1


def test_vendors_refusal_is_told(house, jane):
    jane.gateway.behave("config")
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for("could not be sent")
        expect_no_shell(ssh, jane.user)
    assert "gateway" in last_login(house, jane.user)["note"]


def test_without_jauth_http_the_code_could_not_be_sent(house, jane):
    house.http.stop()
    try:
        with by_ssh(house, jane.user) as ssh:
            type_password(ssh, PASSWORD)
            ssh.wait_for("could not be sent")
            expect_no_shell(ssh, jane.user)
    finally:
        house.http.start()


def test_failure_before_acceptance_is_not_counted(house, jane):
    """The very next login gets its code."""
    jane.gateway.behave("config")
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        expect_no_shell(ssh, jane.user)
    test_ssh_after_the_password(house, jane)


def test_user_without_a_number(house, user):
    with by_ssh(house, user) as ssh:
        type_password(ssh, PASSWORD)
        expect_no_shell(ssh, user)


def test_vendor_that_hangs(house, jane, john):
    """The person waits and can still use what arrives; others do not wait."""
    jane.gateway.behave("hang")
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        jane.message()
        began = time.monotonic()
        with by_ssh(house, john.user, MENUS) as other:
            other.wait_for(MENU)
            other.send_line("2")
            type_password(other, PASSWORD)
            expect_shell(other, john.user)
        assert time.monotonic() - began < 3
        ssh.wait_for(SMS_PROMPT)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)


# --- several numbers ---

def test_choice_of_numbers(house, jane):
    other = "+8613911112222"
    house.add_phone(jane.user, other, label="work")
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(rf"1  \*+{jane.number[-2:]}\s+2  \*+22  work\s+Which number[^\n]*: ")
        assert not jane.gateway.messages
        ssh.send_line("2")
        ssh.wait_for(SMS_PROMPT)
        assert [message["number"] for message in jane.gateway.messages] == [other]
        ssh.send_line(jane.gateway.messages[0]["code"])
        expect_shell(ssh, jane.user)


def test_number_unused_for_half_a_year_is_none(house, clock, jane):
    clock.move(181 * 86400)
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        expect_no_shell(ssh, jane.user)
    assert not jane.messages()


def test_number_that_was_removed(house, jane):
    rows = house.call("Accounts", "ListPhones", "s", jane.user)
    assert [row["number"] for row in rows] == ["*****" + jane.number[-2:]]
    house.call("Accounts", "RemovePhone", "x", rows[0]["id"])
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        expect_no_shell(ssh, jane.user)
    assert not jane.messages()


# --- what a sysadmin writes as a number ---

@pytest.mark.parametrize("written, number", [
    ("+8613900001234", "+8613900001234"), ("13900001234", "+8613900001234"),
    ("013900001234", "+8613900001234"), ("008613900001234", "+8613900001234"),
    ("0049 171 1234567", "+491711234567"), ("+1 (415) 555-0100", "+14155550100"),
    ("+49/171.123-4567", "+491711234567"), ("+44\u00a07700\u00a0900123", "+447700900123"),
    ("＋８６ １３９ ００００ １２３４", "+8613900001234"), ("139 0000 1234", "+8613900001234")])
def test_number_is_understood(house, gateway, user, written, number):
    house.ctl("phone", "add", user, written)
    with by_ssh(house, user) as ssh:
        after_password(ssh)
        ssh.send_line(gateway.wait_for(1)["code"])
        expect_shell(ssh, user)
    assert gateway.messages[0]["number"] == number


@pytest.mark.parametrize("written", [
    "", "+", "jane", "+86139000012345678", "+123", "+86 139 0000 1234 x12", "+8613900001234;ext=1",
    "+8613900001234,+8613900001235", "+08613900001234", "tel:+8613900001234", "+881612345678",
    "1390000", "+86139٠٠٠٠١٢٣٤"])
def test_number_is_refused(house, user, written):
    assert house.ctl("phone", "add", user, written, check=False).returncode != 0
    assert house.call("Accounts", "ListPhones", "s", user) == []


# --- languages ---

def test_client_without_utf8(house, jane):
    with by_ssh(house, jane.user, env={"LANG": "C", "LC_ALL": "C"}) as ssh:
        after_password(ssh)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)


def test_login_in_the_c_locale(house, jane):
    with Terminal(["/bin/login", jane.user], env={"LANG": "C", "LC_ALL": "C"}) as login:
        after_password(login)
        assert "*****" + jane.number[-2:] in login.seen and login.seen.isascii()
        login.send_line(jane.code())
        expect_shell(login, jane.user)


CHINESE_PROMPT = r"(?:编号 ([A-Z0-9]{2})）|验证码错误).*?请输入验证码[^\n]*："


def test_chinese(house, jane):
    """Prompts and message; one segment of 70 characters."""
    with Terminal(["/bin/login", jane.user], env={"LANG": "zh_CN.UTF-8"}) as login:
        login.wait_for("密码：")
        login.send_line(PASSWORD)
        reference = login.wait_for(CHINESE_PROMPT).group(1)
        text = jane.message()["text"]
        assert "验证码" in text and reference in text and len(text) <= 70
        login.send_line(wrong(jane.code()))
        login.wait_for(CHINESE_PROMPT)
        assert not re.search(r"[a-z]{4}", login.seen.partition("密码")[2].replace(jane.user, ""))
        login.send_line(jane.code())
        expect_shell(login, jane.user)


def test_chinese_over_ssh(house, jane):
    house.reload(config_text(jane.gateway, head="language = zh_CN\n"))
    try:
        with by_ssh(house, jane.user) as ssh:
            ssh.wait_for("密码：")
            ssh.send_line(PASSWORD)
            ssh.wait_for(CHINESE_PROMPT)
            assert "*****" + jane.number[-2:] in ssh.seen
            ssh.send_line(wide(jane.code()))
            expect_shell(ssh, jane.user)
    finally:
        house.reload(config_text(jane.gateway))


# --- programs that die ---

def test_kill_of_jauthd_kills_the_code_and_keeps_the_count(house, clock, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        old = jane.code()
        house.jauthd.wait_back(house.jauthd.kill())
        ssh.send_line(old)
        expect_no_shell(ssh, jane.user)
    with by_ssh(house, jane.user) as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(r"[Tt]oo many[^\n]* \d+ minute")
    assert len(jane.messages()) == 1
    clock.move(61)
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        ssh.send_line(old)
        ssh.wait_for(SMS_PROMPT)
        ssh.send_line(jane.code(2))
        expect_shell(ssh, jane.user)


# --- the log, and the configuration ---

def test_audit(house, jane):
    with by_ssh(house, jane.user) as ssh:
        after_password(ssh)
        ssh.send_line(jane.code())
        expect_shell(ssh, jane.user)
    row = last_login(house, jane.user)
    assert (row["outcome"], row["issuer"], row["subject"]) == ("granted", "unix", jane.user)
    assert "gateway" in row["note"]
    assert jane.code() not in str(row) and jane.number[3:] not in str(row)


@pytest.mark.parametrize("methods, is_right", [
    ("quick", True), ("careful", False), ("password + careful", True), ("careful + password", False)])
def test_alone_must_be_written(house, gateway, methods, is_right):
    text = (config_text(gateway) + configs.sms("careful", vendors="gateway", alone="no")
            + configs.service("other", methods))
    path = house.folder / "alone.conf"
    path.write_text(text)
    done = run(["/usr/sbin/jauthd", "--check", "--config", str(path)], check=False)
    assert (done.returncode == 0) == is_right, done.stdout + done.stderr
