# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins by QR code through real programs: every order of approval and Enter, every end, clients
that leave, programs that die, and what providers do wrong."""

import os
import subprocess
import time

import pytest

import configs
from conftest import PASSWORD
from house import wait_until
from people import (CODE_PROMPT, GATE, MENU, RENEW, code_in, expect_no_shell, expect_shell,
                    open_code, scan, type_password)
from screen import Terminal, XTerm, read_qr

SERVICES = ("sshd", "login", "su", "sudo")
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


def config_text(op, *more):
    return (configs.head() + configs.PASSWORD + configs.oidc(op)
            + "".join(configs.service(name, "work") for name in SERVICES) + "".join(more))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, op):
    house.use_jauth(*SERVICES)
    house.configure(config_text(op))
    yield house
    house.use_debian(*SERVICES)
    house.stop_jauth()


# --- the right person, in every order ---

def test_approved_before_enter(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        polite.approve(code_in(open_code(ssh)), sub)
        time.sleep(2.5)
        ssh.send_line()
        expect_shell(ssh, user)


def test_approved_after_enter(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        ssh.send_line()
        time.sleep(1.5)
        polite.approve(code, sub)
        expect_shell(ssh, user)


def test_approved_at_the_same_moment(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        polite.approve(code, sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_screen_holds_code_link_and_user_code(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user) as ssh:
        link = open_code(ssh)
        screen = ssh.text()
        assert code_in(link) in screen
        assert link.partition("?")[0] in screen
        assert "\x1b" not in ssh.seen
        assert "##" not in ssh.seen
        assert len(screen.rstrip().splitlines()) <= 24


def test_code_comes_in_one_message_with_one_prompt(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user) as ssh:
        open_code(ssh)
        prompts = [line for line in house.sshd().log().splitlines() if "PAM: num PAM env" in line]
        assert len(prompts) <= 4
        assert ssh.seen.count(f"({user}@127.0.0.1) ") == 2


def test_real_xterm(house, polite, jane):
    user, sub = jane
    command = house.sshd().command(user, "id -un > /run/house/tmp/xterm-login")
    answers = "/run/house/tmp/answers"
    with open(answers, "w", encoding="ascii") as file:
        file.write("import pexpect, sys\n"
                   f"child = pexpect.spawn({command[0]!r}, {command[1:]!r}, dimensions=(24, 80))\n"
                   "child.logfile_read = sys.stdout.buffer\n"
                   "child.expect('quit: ')\nchild.sendline('y')\n"
                   "child.expect('approved')\nchild.sendline('')\nchild.expect(pexpect.EOF, 60)\n")
    with XTerm(["/usr/bin/python3", answers]) as xterm:
        link = xterm.wait_qr()
        assert link, "no code can be read from the picture"
        polite.approve(code_in(link), sub)
        wait_until(lambda: os.path.exists("/run/house/tmp/xterm-login")
                   and open("/run/house/tmp/xterm-login", encoding="ascii").read() == user + "\n",
                   20, "the login")


def test_link_without_complete_uri(house, polite, jane):
    user, sub = jane
    polite.complete_link = False
    with house.sshd().login(user) as ssh:
        link = open_code(ssh)
        assert link == f"https://{polite.host}:{polite.port}/device"
        code = polite.grants.open()[-1].user_code
        assert code in ssh.text()
        polite.approve(code, sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_inverted_by_a_key(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        link = open_code(ssh)
        ssh.send_line("i")
        ssh.wait_for(CODE_PROMPT)
        ssh.settle()
        assert read_qr("\n".join(ssh.screen.display), theme={"default_ink": 0,
                                                             "default_paper": 255}) == link
        polite.approve(code_in(link), sub)
        ssh.send_line()
        expect_shell(ssh, user)


# --- ends that are no login ---

def test_denied_at_the_provider(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        polite.deny(code_in(open_code(ssh)))
        ssh.send_line()
        expect_no_shell(ssh, user)


def test_denied_before_enter(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        polite.deny(code_in(open_code(ssh)))
        time.sleep(2)
        ssh.send_line()
        expect_no_shell(ssh, user)


def test_expired_and_renewed(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user) as ssh:
        first = code_in(open_code(ssh))
        polite.expire(first)
        ssh.send_line()
        ssh.wait_for(RENEW)
        ssh.send_line()
        second = code_in(scan(ssh))
        assert second != first
        polite.approve(second, sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_renewed_at_most_twice(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        code = code_in(open_code(ssh))
        for _ in range(2):
            polite.expire(code)
            ssh.send_line()
            ssh.wait_for(RENEW)
            ssh.send_line()
            code = code_in(scan(ssh))
        polite.expire(code)
        ssh.send_line()
        expect_no_shell(ssh, user)


def test_no_new_code_without_a_key(house, polite, jane):
    user, _ = jane
    with house.sshd().login(user) as ssh:
        code = code_in(open_code(ssh))
        n_grants = len(polite.grants.all)
        polite.expire(code)
        ssh.send_line()
        ssh.wait_for(RENEW)
        time.sleep(2)
        assert len(polite.grants.all) == n_grants


def test_never_approved_ends_at_the_deadline(house, polite, jane):
    user, _ = jane
    house.use_jauth("sshd", options="timeout=8")
    try:
        with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
            open_code(ssh)
            began = time.monotonic()
            ssh.send_line()
            expect_no_shell(ssh, user)
            assert time.monotonic() - began < 12
    finally:
        house.use_jauth("sshd")


def test_login_grace_time(house, polite, jane):
    user, _ = jane
    sshd = house.sshd(LoginGraceTime="6")
    with sshd.login(user) as ssh:
        open_code(ssh)
        ssh.send_line()
        expect_no_shell(ssh, user, timeout=15)
    wait_until(lambda: house.waiting() == 0, 3, "the login's end")


def test_nothing_is_asked_of_the_provider_before_an_answer(house, polite, jane):
    user, _ = jane
    n_grants = len(polite.grants.all)
    with house.sshd().login(user) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("")
        ssh.wait_for(GATE)
        assert len(polite.grants.all) == n_grants
        ssh.send_line("q")
    assert len(polite.grants.all) == n_grants


def test_client_without_terminal_costs_nothing(house, polite, jane):
    user, _ = jane
    n_grants = len(polite.grants.all)
    done = subprocess.run(["setsid", *house.sshd().command(user, "id")], capture_output=True,
                          text=True, timeout=90, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 255
    assert len(polite.grants.all) == n_grants


def test_batch_mode(house, polite, jane):
    user, _ = jane
    n_grants = len(polite.grants.all)
    with house.sshd().login(user, BatchMode="yes") as ssh:
        expect_no_shell(ssh, user)
    assert len(polite.grants.all) == n_grants


def test_password_authentication_can_show_no_code(house, polite, jane):
    user, _ = jane
    n_grants = len(polite.grants.all)
    sshd = house.sshd(PasswordAuthentication="yes", KbdInteractiveAuthentication="no")
    with sshd.login(user, PreferredAuthentications="password", NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for("password: ")
        ssh.send_line(PASSWORD)
        expect_no_shell(ssh, user)
    assert len(polite.grants.all) == n_grants


# --- clients of other kinds ---

def test_c_locale_can_use_link_and_code(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user, env={"LANG": "C", "LC_ALL": "C"}) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        code = ssh.wait_for(r"user_code=([A-Z]{4}-[A-Z]{4})|Code: ([A-Z]{4}-[A-Z]{4})")
        ssh.wait_for(CODE_PROMPT)
        polite.approve(code.group(1) or code.group(2), sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_dumb_terminal(house, polite, jane):
    user, sub = jane
    with house.sshd().login(user, term="dumb") as ssh:
        polite.approve(code_in(open_code(ssh)), sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_key_and_then_code(house, polite, jane, tmp_path):
    from test_password import make_key
    user, sub = jane
    sshd = house.sshd(AuthenticationMethods="publickey,keyboard-interactive")
    with sshd.login(user, IdentityFile=make_key(house, user, tmp_path)) as ssh:
        polite.approve(code_in(open_code(ssh)), sub)
        ssh.send_line()
        expect_shell(ssh, user)


# --- other ways ---

@pytest.fixture
def reconfigure(house, op):
    """Another configuration for one test."""
    yield house.reload
    house.reload(config_text(op))


def test_menu_of_two_ways(house, op, polite, jane, reconfigure):
    user, sub = jane
    reconfigure(configs.head() + configs.PASSWORD + configs.oidc(op)
                + configs.service("sshd", "work, password"))
    with house.sshd().login(user) as ssh:
        ssh.wait_for(MENU)
        ssh.send_line("1")
        polite.approve(code_in(scan(ssh)), sub)
        ssh.send_line()
        expect_shell(ssh, user)
    with house.sshd().login(user) as ssh:
        ssh.wait_for(MENU)
        ssh.send_line("2")
        type_password(ssh, PASSWORD)
        expect_shell(ssh, user)


def test_back_to_the_menu(house, op, polite, jane, reconfigure):
    user, _ = jane
    reconfigure(configs.head() + configs.PASSWORD + configs.oidc(op)
                + configs.service("sshd", "work, password"))
    with house.sshd().login(user) as ssh:
        ssh.wait_for(MENU)
        ssh.send_line("1")
        scan(ssh)
        ssh.send_line("m")
        ssh.wait_for(MENU)
        ssh.send_line("2")
        type_password(ssh, PASSWORD)
        expect_shell(ssh, user)


def test_password_and_then_code(house, op, polite, jane, reconfigure):
    user, sub = jane
    reconfigure(configs.head() + configs.PASSWORD + configs.oidc(op)
                + configs.service("sshd", "password + work"))
    with house.sshd().login(user) as ssh:
        type_password(ssh, PASSWORD)
        polite.approve(code_in(scan(ssh)), sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_no_code_after_a_wrong_password(house, op, polite, jane, reconfigure):
    user, _ = jane
    reconfigure(configs.head() + configs.PASSWORD + configs.oidc(op)
                + configs.service("sshd", "password + work"))
    n_grants = len(polite.grants.all)
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        for _ in range(3):
            type_password(ssh, "wrong")
        expect_no_shell(ssh, user)
    assert len(polite.grants.all) == n_grants


@pytest.mark.parametrize("auth", ["client_secret_post", "client_secret_basic"])
def test_client_with_a_secret(house, op, polite, jane, reconfigure, auth):
    from vendors.oidc import Client
    user, sub = jane
    op.clients["closed"] = Client("closed", "s3cret/with+odd signs", auth)
    path = "/etc/jauth/secret"
    with open(path, "w", encoding="ascii") as file:
        file.write("s3cret/with+odd signs\n")
    subprocess.run(["chown", "jauth:jauth", path], check=True)
    os.chmod(path, 0o600)
    reconfigure(configs.head() + configs.oidc(op, client_id="closed", client_secret_file=path,
                                              client_auth=auth.replace("client_secret_", ""))
                + configs.service("sshd", "work"))
    try:
        with house.sshd().login(user) as ssh:
            polite.approve(code_in(open_code(ssh)), sub)
            ssh.send_line()
            expect_shell(ssh, user)
    finally:
        del op.clients["closed"]


def test_rule_by_a_claim(house, op, polite, reconfigure):
    user = house.add_user()
    sub = polite.add_person(user)
    reconfigure(configs.head() + configs.oidc(op, map="{sub}") + configs.service("sshd", "work"))
    with house.sshd().login(user) as ssh:
        polite.approve(code_in(open_code(ssh)), sub)
        ssh.send_line()
        expect_shell(ssh, user)
    house.remove_user(user)


# --- local programs: the screen goes on by itself ---

def test_login_on_a_terminal_goes_on_by_itself(house, polite, jane):
    user, sub = jane
    with Terminal(["/bin/login", user], rows=30) as login:
        login.wait_for(GATE)
        login.send_line("y")
        wait_until(lambda: polite.grants.open(), what="a code")
        link = wait_until(login.read_qr, 10, "a code on the screen")
        polite.approve(code_in(link), sub)
        expect_shell(login, user)


def test_su_goes_on_by_itself(house, polite, jane):
    user, sub = jane
    with Terminal(AS_NOBODY + ["su", user], rows=30) as su:
        su.wait_for(GATE)
        su.send_line("y")
        link = wait_until(su.read_qr, 10, "a code on the screen")
        polite.approve(code_in(link), sub)
        expect_shell(su, user)


@pytest.fixture
def sudo_line(jane):
    user, _ = jane
    with open("/etc/sudoers.d/house", "w", encoding="ascii") as file:
        file.write(f"{user} ALL=(ALL) ALL\nDefaults !lecture\n")
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "sudo", "id", "-un"]


def test_sudo_goes_on_by_itself(house, polite, jane, sudo_line):
    _, sub = jane
    with Terminal(sudo_line, rows=30) as sudo:
        sudo.wait_for(GATE)
        sudo.send_line("y")
        link = wait_until(sudo.read_qr, 10, "a code on the screen")
        polite.approve(code_in(link), sub)
        sudo.wait_for("root")
        assert sudo.wait_end() == 0


def test_sudo_interrupted_while_waiting(house, polite, jane, sudo_line):
    with Terminal(sudo_line, rows=30) as sudo:
        sudo.wait_for(GATE)
        sudo.send_line("y")
        wait_until(sudo.read_qr, 10, "a code on the screen")
        sudo.send("\x03")
        assert sudo.wait_end(3) != 0
        assert "root" not in sudo.seen
    house.wait_no_login()


def test_login_killed_while_waiting(house, polite, jane):
    user, _ = jane
    with Terminal(["/bin/login", user], rows=30) as login:
        login.wait_for(GATE)
        login.send_line("y")
        wait_until(login.read_qr, 10, "a code on the screen")
        login.send("\x03")
        login.wait_end(5)
    house.wait_no_login()


# --- other vendors ---

def test_glewlwyd(house, glewlwyd, op, jane, reconfigure):
    user, _ = jane
    glewlwyd.add_person("jane", "her pass word 1")
    sub = glewlwyd.learn_sub("jane", "her pass word 1")
    house.add_link(user, glewlwyd.issuer, sub)
    reconfigure(configs.head() + configs.oidc(glewlwyd, client_id=glewlwyd.client_id)
                + configs.service("sshd", "work"))
    with house.sshd().login(user) as ssh:
        link = open_code(ssh)
        ssh.send_line()
        time.sleep(2.5)
        glewlwyd.approve(link, "jane", "her pass word 1")
        expect_shell(ssh, user)
