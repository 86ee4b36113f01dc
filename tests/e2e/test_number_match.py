# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that begin on the telephone and end with two digits typed into the terminal: over ssh, at
login, su and sudo, with everything that people and strangers do in between. The relay is one of
ours that checks every request (vendors/relay.py); the real one is in test_relay_login.py."""

import re
import signal
import time

import pytest

import configs
from conftest import PASSWORD
from linked import (DIGITS_PROMPT, NOT_YET, Visit, approve_oidc, approve_wecom, oidc_section,
                    relay_section, wecom_section, wrong)
from people import (CODE_PROMPT, MENU, as_user, expect_no_shell, expect_shell, type_password)
from screen import Terminal
from telephone import at_oidc, at_wecom

SERVICES = ("sshd", "login", "su", "sudo")
ROUNDS = 10
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double, wecom, op):
    house.use_jauth(*SERVICES)
    house.configure(text_of(double, wecom, op))
    yield house
    house.use_debian(*SERVICES)
    house.stop_jauth()


def text_of(double, wecom, op, methods="wecom", tail="", **more):
    return (configs.head() + configs.PASSWORD + relay_section(double)
            + wecom_section(wecom, **more) + oidc_section(double, op)
            + "".join(configs.service(name, methods) for name in SERVICES) + tail)


@pytest.fixture
def zhang(house, wecom, relay):
    """A Unix user and the member linked to him: (user, userid)."""
    wecom.reset()
    user = house.add_user(password=PASSWORD, groups=["sudo"])
    member = f"Zhang.{user}"
    wecom.add_member(member)
    house.add_link(user, f"wecom:{wecom.corp_id}", member.lower(), privileged=True)
    yield user, member
    house.remove_user(user)
    assert not wecom.complaints
    wecom.reset()


@pytest.fixture
def configured(house, double, wecom, op):
    """Another configuration for one test."""
    def change(**changes):
        house.reload(text_of(double, wecom, op, **changes))
    yield change
    house.reload(text_of(double, wecom, op))


def last_row(house, user, **conditions):
    return [row for row in house.audit(user, **conditions) if row["kind"] == "login"][-1]


def sudo(user):
    return Terminal(as_user(user, "sudo", "-k", "sh", "-c", "echo I-am-$(id -un)"))


def su(user):
    return Terminal(AS_NOBODY + ["su", user], rows=30)


# --- the way in ---

def test_ssh(house, wecom, relay, zhang):
    user, member = zhang
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        assert ssh.read_qr().startswith(relay.url + "/q/")
        visit = approve_wecom(relay, wecom, user, member)
        ssh.send_line(visit.digits())
        expect_shell(ssh, user)
    row = last_row(house, user, outcome="granted")
    assert (row["method"], row["subject"]) == ("wecom", member.lower())


def test_screen_fits_into_24_rows(house, relay, zhang):
    user, _ = zhang
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        lines = ssh.text().rstrip().splitlines()
        assert len(lines) <= 24
        assert len([line for line in lines if re.search("[▀▄█]{5}", line)]) <= 19
        assert "Scan with WeCom" in ssh.text()
        assert "\x1b" not in ssh.seen


def test_nobody_is_asked_before_the_code_is_shown(house, relay, zhang, wecom):
    """Opening a link costs nothing; the vendor hears of it when the button is pressed."""
    user, _ = zhang
    before = len(wecom.requests)
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        assert len(wecom.requests) == before


def test_login(house, wecom, relay, zhang):
    user, member = zhang
    with Terminal(["login", "-p"], rows=30) as console:
        console.wait_for("login: ")
        console.send_line(user)
        console.wait_for(DIGITS_PROMPT)
        console.send_line(approve_wecom(relay, wecom, user, member).digits())
        expect_shell(console, user)


def test_su(house, wecom, relay, zhang):
    user, member = zhang
    with su(user) as terminal:
        terminal.wait_for(DIGITS_PROMPT)
        assert terminal.read_qr().startswith(relay.url)
        terminal.send_line(approve_wecom(relay, wecom, user, member).digits())
        expect_shell(terminal, user)


def test_sudo(house, wecom, relay, zhang):
    user, member = zhang
    with sudo(user) as terminal:
        terminal.wait_for(DIGITS_PROMPT)
        terminal.send_line(approve_wecom(relay, wecom, user, member).digits())
        terminal.wait_for("I-am-root")


def test_digits_with_a_blank_or_of_full_width(house, wecom, relay, zhang):
    user, member = zhang
    for write in (lambda d: f" {d[0]} {d[1]} ",
                  lambda d: "".join(chr(0xFF10 + int(c)) for c in d)):
        with house.sshd().login(user) as ssh:
            ssh.wait_for(DIGITS_PROMPT)
            ssh.send_line(write(approve_wecom(relay, wecom, user, member).digits()))
            expect_shell(ssh, user)


def test_password_and_then_the_telephone(house, wecom, relay, zhang, configured):
    user, member = zhang
    configured(methods="password + wecom")
    with house.sshd().login(user) as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line(approve_wecom(relay, wecom, user, member).digits())
        expect_shell(ssh, user)


def test_the_telephone_and_then_the_password(house, wecom, relay, zhang, configured):
    user, member = zhang
    configured(methods="wecom + password")
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        visit = approve_wecom(relay, wecom, user, member)
        ssh.send_line(visit.digits())
        visit.result("granted")
        type_password(ssh, PASSWORD)
        expect_shell(ssh, user)


# --- one code for every app ---

@pytest.fixture
def both(house, op, zhang):
    """zhang has an account at the OpenID provider, too: (user, member, sub)."""
    user, member = zhang
    op.reset()
    sub = op.add_person(f"sub-{user}")
    house.add_link(user, op.issuer, sub, privileged=True)
    yield user, member, sub
    assert not op.complaints
    op.reset()


def test_one_code_serves_both(house, wecom, op, relay, both, configured):
    user, member, sub = both
    configured(methods="wecom, work")
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        assert "Scan with WeCom, or with any camera: Work" in ssh.text()
        ssh.send_line(approve_wecom(relay, wecom, user, member).digits())
        expect_shell(ssh, user)
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line(approve_oidc(relay, op, user, sub).digits())
        expect_shell(ssh, user)
    assert last_row(house, user, outcome="granted")["method"] == "work"


def test_a_menu_only_for_what_is_not_on_the_telephone(house, op, relay, both, configured):
    user, _, sub = both
    configured(methods="wecom, work, password")
    with house.sshd().login(user) as ssh:
        ssh.wait_for(MENU)
        assert "1  WeCom / Work" in ssh.text()
        assert "2  Password" in ssh.text()
        ssh.send_line("1")
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line("m")
        ssh.wait_for(MENU)
        ssh.send_line("1")
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line(approve_oidc(relay, op, user, sub).digits())
        expect_shell(ssh, user)


def test_the_app_says_which_factors_follow(house, wecom, op, relay, both, configured):
    """WeCom alone, or the other one and then a password: the button decides."""
    user, _, sub = both
    configured(methods="wecom, work + password")
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line(approve_oidc(relay, op, user, sub).digits())
        type_password(ssh, PASSWORD)
        expect_shell(ssh, user)


def test_another_button_before_the_way_back(house, wecom, op, relay, both, configured):
    """The first app was the wrong one: its state is worth nothing any more."""
    user, member, sub = both
    configured(methods="wecom, work")
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        first = Visit(relay, user, "wecom")
        query = at_wecom(wecom, first.target["url"], member)
        second = Visit(relay, user, "work")
        assert second.target["state"] != first.target["state"]
        assert not relay.callback(first.link, query)
        second.come_back(at_oidc(op, second.target["url"], sub))
        ssh.send_line(second.digits())
        expect_shell(ssh, user)


# --- the wrong person, the wrong digits ---

def test_somebody_else_approves(house, wecom, relay, zhang):
    """A forwarded code: the approval of another member is worth nothing, and both hear it."""
    user, _ = zhang
    wecom.add_member("stranger")
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        visit = approve_wecom(relay, wecom, user, "stranger")
        assert visit.result()["result"] == "denied"
        ssh.send_line("42")
        ssh.wait_for("may not log in here")
        expect_no_shell(ssh, user)
    assert "digits" not in str(relay.find(visit.link).results)
    assert last_row(house, user, outcome="denied")["subject"] == "stranger"


def test_wrong_digits_end_the_login(house, wecom, relay, zhang):
    user, member = zhang
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        visit = approve_wecom(relay, wecom, user, member)
        ssh.send_line(wrong(visit.digits()))
        ssh.wait_for("not the digits on the telephone")
        expect_no_shell(ssh, user)
        assert visit.result("over")
    assert "wrong digits" in last_row(house, user, outcome="denied")["reason"]
    house.unlock_limits(user)


def test_three_wrong_digits_close_the_way(house, wecom, relay, zhang):
    user, member = zhang
    for _ in range(3):
        with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
            ssh.wait_for(DIGITS_PROMPT)
            ssh.send_line(wrong(approve_wecom(relay, wecom, user, member).digits()))
            expect_no_shell(ssh, user)
    assert "somebody may be tricking him" in house.jauthd.log()
    limits = house.call("Admin", "Limits", "s", user)
    assert [row["count"] for row in limits if row["what"] == "wrong digits, 1 d"] == [3]
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        assert approve_wecom(relay, wecom, user, member).result()["result"] == "denied"
        ssh.send_line()
        ssh.wait_for("closed for today")
        expect_no_shell(ssh, user)
    house.unlock_limits(user)
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line(approve_wecom(relay, wecom, user, member).digits())
        expect_shell(ssh, user)


def test_the_count_outlives_a_killed_daemon(house, wecom, relay, zhang):
    user, member = zhang
    for _ in range(3):
        with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
            ssh.wait_for(DIGITS_PROMPT)
            ssh.send_line(wrong(approve_wecom(relay, wecom, user, member).digits()))
            expect_no_shell(ssh, user)
        house.jauthd.wait_back(house.jauthd.kill())
    relay.reset()                       # links of the killed ones were never deleted
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        assert approve_wecom(relay, wecom, user, member).result()["result"] == "denied"
        ssh.send_line()
        expect_no_shell(ssh, user)
    house.unlock_limits(user)


def test_digits_before_the_approval_are_no_guess(house, wecom, relay, zhang):
    user, member = zhang
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        for entry in ("42", "", "abc"):
            ssh.send_line(entry)
            ssh.wait_for(NOT_YET)
        visit = approve_wecom(relay, wecom, user, member)
        digits = visit.digits()
        ssh.send_line("4711")
        ssh.wait_for("Two digits, as the telephone shows them: ")
        ssh.send_line(digits)
        expect_shell(ssh, user)
    assert not [row for row in house.call("Admin", "Limits", "s", user)
                if row["what"] == "wrong digits, 1 d"]


def test_digits_of_another_login(house, wecom, relay, zhang):
    """An attacker starts a login, the victim another one and approves his own: the digits belong to
    that one alone."""
    user, member = zhang
    sshd = house.sshd()
    with sshd.login(user, NumberOfPasswordPrompts="1") as attacker:
        attacker.wait_for(DIGITS_PROMPT)
        with sshd.login(user) as victim:
            victim.wait_for(DIGITS_PROMPT)
            visit = approve_wecom(relay, wecom, user, member)
            digits = visit.digits()
            attacker.send_line(digits)
            attacker.wait_for(NOT_YET)
            victim.send_line(digits)
            expect_shell(victim, user)
        attacker.send_line("q")
        expect_no_shell(attacker, user)


def test_one_open_approval(house, wecom, relay, zhang):
    user, member = zhang
    sshd = house.sshd()
    with sshd.login(user) as first:
        first.wait_for(DIGITS_PROMPT)
        with sshd.login(user, NumberOfPasswordPrompts="1") as second:
            second.wait_for(DIGITS_PROMPT)
            visits = []
            for link in relay.open_links(user):     # in the order of the terminals
                assert relay.press(link, "wecom")
                url = relay.wait_target(link)["url"]
                assert relay.callback(link, at_wecom(wecom, url, member))
                visits.append(relay.wait_result(link))
            assert [visit["result"] for visit in visits] == ["digits", "busy"]
            second.send_line(visits[0]["digits"])
            second.wait_for("waits for its digits")
            expect_no_shell(second, user)
        first.send_line(visits[0]["digits"])
        expect_shell(first, user)


def test_an_unknown_user_meets_the_same(house, wecom, relay, zhang):
    """And whoever approves for a name that is nobody's is told no."""
    _, member = zhang
    with house.sshd().login("nobody-at-all", NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line("42")
        ssh.wait_for(NOT_YET)
        visit = approve_wecom(relay, wecom, "nobody-at-all", member)
        assert visit.result()["result"] == "denied"
        ssh.send_line("42")
        expect_no_shell(ssh, "nobody-at-all")


# --- no ---

def test_this_was_not_me(house, relay, zhang):
    user, _ = zhang
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        link = relay.wait_link(user)
        assert relay.refuse(link)
        assert relay.wait_result(link)["result"] == "refused"
        ssh.send_line()
        ssh.wait_for("refused")
        expect_no_shell(ssh, user)
    assert "this wasn't me" in last_row(house, user)["reason"]


def test_refused_at_the_provider(house, wecom, relay, zhang):
    user, member = zhang
    wecom.refusing = True
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        assert approve_wecom(relay, wecom, user, member).result()["result"] == "refused"
        ssh.send_line()
        expect_no_shell(ssh, user)


def test_the_person_leaves(house, wecom, relay, zhang):
    """At each point: the link is closed within moments."""
    user, member = zhang
    for approve in (None, Visit, approve_wecom):
        with house.sshd().login(user) as ssh:
            ssh.wait_for(DIGITS_PROMPT)
            link = relay.wait_link(user)
            if approve is Visit:
                Visit(relay, user, "wecom")
            elif approve:
                approve(relay, wecom, user, member).digits()
            ssh.kill(signal.SIGKILL)
        relay.wait_deleted(link, timeout=5)
        house.wait_no_login()


def test_q_ends_it(house, relay, zhang):
    user, _ = zhang
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line("q")
        expect_no_shell(ssh, user)
    assert last_row(house, user)["outcome"] == "cancelled"


def test_inverted(house, relay, zhang):
    user, _ = zhang
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line("i")
        ssh.wait_for(DIGITS_PROMPT)
        assert ssh.read_qr(inverted=True).startswith(relay.url)


def test_empty_answers_are_not_asked_for_for_ever(house, relay, zhang):
    """Nobody was refused: who opens the page then finds a login that is over."""
    user, _ = zhang
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        link = relay.wait_link(user)
        for _ in range(ROUNDS):
            ssh.settle()
            ssh.send_line()
        expect_no_shell(ssh, user)
    row = last_row(house, user)
    assert (row["outcome"], row["reason"]) == ("denied", "nobody answers")
    assert relay.wait_result(link)["result"] == "over"


# --- without digits, and past the relay ---

def test_without_digits_enter_is_enough(house, double, wecom, op, relay, both):
    """OpenID Connect with prompt = login asks somebody, so the digits may be switched off."""
    user, _, sub = both
    house.reload(configs.head() + configs.PASSWORD + relay_section(relay)
                 + oidc_section(relay, op, prompt="login", number_match="no")
                 + configs.service("sshd", "work"))
    with house.sshd().login(user) as ssh:
        ssh.wait_for(CODE_PROMPT)
        visit = approve_oidc(relay, op, user, sub)
        ssh.send_line()
        visit.result("granted")
        expect_shell(ssh, user)
    house.reload(text_of(double, wecom, op))


def test_app_message(house, wecom, relay, zhang, configured):
    """The digits go past the relay, which learns only that they do."""
    user, member = zhang
    configured(digits="app-message")
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        visit = approve_wecom(relay, wecom, user, member)
        message = wecom.wait_for_message()
        assert visit.result()["result"] == "message"
        text = message["text"]
        assert "house.example.org" in text and user in text and "127.0.0.1" in text
        digits = re.search(r"type (\d\d) into", text)[1]
        assert "digits" not in str(relay.find(visit.link).results)
        ssh.send_line(digits)
        expect_shell(ssh, user)


def test_app_message_that_cannot_be_sent(house, wecom, relay, zhang, configured):
    user, member = zhang
    configured(digits="app-message")
    wecom.fail("message/send", 48002)
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        assert approve_wecom(relay, wecom, user, member).result()["result"] == "failed"
        ssh.send_line("42")
        expect_no_shell(ssh, user)
    assert "48002 message/send" in house.audit(user)[-1]["note"]


# --- the relay goes and comes ---

def test_a_relay_that_restarts_in_mid_login(house, wecom, relay, zhang):
    """It forgot everything; the code on the screen is good all the same."""
    user, member = zhang
    with house.sshd().login(user) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        relay.restart()
        ssh.send_line(approve_wecom(relay, wecom, user, member).digits())
        expect_shell(ssh, user)


def test_a_relay_that_is_away(house, relay, zhang):
    user, _ = zhang
    relay.down()
    try:
        with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
            ssh.wait_for("does not work now")
            expect_no_shell(ssh, user)
    finally:
        relay.up()
    assert last_row(house, user)["outcome"] == "failed"


def test_a_key_that_was_revoked(house, relay, zhang):
    user, _ = zhang
    relay.revoke("house.example.org")
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for("does not work now")
        expect_no_shell(ssh, user)
    assert "does not take this host's key" in last_row(house, user)["reason"]


def test_time_is_over_while_the_digits_wait(house, wecom, relay, zhang, double, op):
    user, member = zhang
    house.reload(text_of(double, wecom, op).replace("login_tries", "login_seconds = 10\nlogin_tries"))
    with house.sshd().login(user, NumberOfPasswordPrompts="1") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        visit = approve_wecom(relay, wecom, user, member)
        digits = visit.digits()
        time.sleep(11)
        ssh.send_line(digits)
        ssh.wait_for("time for this login is over")
        expect_no_shell(ssh, user)
    house.reload(text_of(double, wecom, op))
