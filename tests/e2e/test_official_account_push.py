# SPDX-License-Identifier: GPL-3.0-or-later
"""A WeChat official account's own code: whoever scans it is pushed by the vendor to the real relay, and
the digits go back in the answer to that push, encrypted for the vendor alone."""

import contextlib
import re
import threading
import time

import pytest

import configs
from house import wait_until
from linked import DIGITS_PROMPT, NOT_YET, wrong
from people import GATE, expect_no_shell, expect_shell
from relay import HostClient
from relayed import HOST, Site, last_row
from screen import Terminal
from vendors.wechat_account import OfficialAccount, PushOptions

DIGITS = re.compile(r"type (\d\d) into your own terminal")


@pytest.fixture(scope="module")
def office(wechat):
    return wechat.add_part(OfficialAccount(wechat))


@pytest.fixture(scope="module")
def site(house, authority, wecom, op, office):
    made = Site(house, authority, wecom, op).start()
    made.enrol()
    office.message_url = f"{made.url}/push/{office.app.app_id}"
    house.use_jauth("sshd")
    house.configure(text_of(office))
    yield made
    house.use_debian("sshd")
    house.stop_jauth()
    made.stop()


def text_of(account, **more):
    return (configs.head() + configs.section("method account", account.keys("push", **more))
            + configs.service("sshd", "account"))


@pytest.fixture
def account(house, site, wechat, office):
    """On its best behaviour; the test fails when a request was against the rules, and jauthd starts
    without a token."""
    wechat.reset()
    wechat.requests.clear()
    house.reload(text_of(office))
    yield office
    complaints = list(wechat.complaints)
    wechat.reset()
    assert not complaints


@pytest.fixture
def zhang(house, wechat, account):
    """(Unix user, who he is in WeChat); he follows the account."""
    user = house.add_user()
    person = wechat.add_person(user)
    house.add_link(user, "wechat", person.unionid(account.app))
    account.follow(person)
    yield user, person
    house.remove_user(user)


@contextlib.contextmanager
def shown(house, user):
    """A terminal that shows the account's code and asks for digits: (it, what the code holds)."""
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        ssh.wait_for(DIGITS_PROMPT)
        yield ssh, ssh.read_qr()


def digits_in(text):
    return DIGITS.search(text).group(1)


def let_in(ssh, account, user, code, person, options=None):
    ssh.send_line(digits_in(account.scan(code, person, options).wait()))
    expect_shell(ssh, user)


def turned_away(ssh, user):
    """Whoever types something is told."""
    ssh.send_line("42")
    expect_no_shell(ssh, user)


# --- the way in ---

def test_who_follows_scans_and_reads_the_digits(house, account, zhang):
    user, person = zhang
    with shown(house, user) as (ssh, code):
        assert code in account.codes and code.startswith("http://weixin.qq.com/q/")
        push = account.scan(code, person)
        text = push.wait()
        for fact in (HOST, user, "sshd", "127.0.0.1"):
            assert fact in text
        assert push.seconds < 4.5
        ssh.send_line(digits_in(text))
        expect_shell(ssh, user)
    row = last_row(house, user)
    assert (row["outcome"], row["method"]) == ("granted", "account")


def test_who_does_not_follow_yet(house, account, zhang):
    user, person = zhang
    account.leave(person)
    with shown(house, user) as (ssh, code):
        let_in(ssh, account, user, code, person)
    assert person.name in account.followers
    assert "<Event><![CDATA[subscribe]]>" not in str(account.sent)          # encrypted


def test_nothing_is_approved_before_the_scan(house, account, zhang):
    user, person = zhang
    with shown(house, user) as (ssh, code):
        ssh.send_line("42")
        ssh.wait_for(NOT_YET)
        let_in(ssh, account, user, code, person)


def test_wrong_digits(house, account, zhang):
    user, person = zhang
    with shown(house, user) as (ssh, code):
        ssh.send_line(wrong(digits_in(account.scan(code, person).wait())))
        expect_no_shell(ssh, user)


def test_a_stranger_reads_nothing(house, wechat, account, zhang):
    user, _ = zhang
    with shown(house, user) as (ssh, code):
        assert account.scan(code, wechat.add_person("stranger")).wait() is None
        turned_away(ssh, user)
    assert last_row(house, user)["outcome"] == "denied"


def test_tags_are_groups(house, account, zhang):
    user, person = zhang
    house.reload(text_of(account, groups_allowed="128"))
    with shown(house, user) as (ssh, code):
        assert account.scan(code, person).wait() is None
        turned_away(ssh, user)
    account.follow(person, tags=[2, 128])
    with shown(house, user) as (ssh, code):
        let_in(ssh, account, user, code, person)


# --- whose it is ---

def test_each_login_gets_its_own(house, wechat, account, zhang):
    user, person = zhang
    other = house.add_user()
    friend = wechat.add_person(other)
    house.add_link(other, "wechat", friend.unionid(account.app))
    with shown(house, user) as (ssh, code), shown(house, other) as (ssh2, code2):
        assert code != code2
        first, second = account.scan(code2, friend).wait(), account.scan(code, person).wait()
        assert other in first and user in second
        ssh.send_line(digits_in(second))
        ssh2.send_line(digits_in(first))
        expect_shell(ssh, user)
        expect_shell(ssh2, other)
    house.remove_user(other)


class OtherHost(threading.Thread):
    """Another host that listens to the same account, and says that a push is not its."""

    def __init__(self, relay, app_id, status):
        super().__init__(daemon=True)
        self.client = HostClient(relay, f"other-{status}.example.org").enrol()
        self.link = self.client.open(listen=app_id, targets=[])
        assert self.link.opened.status == 200, self.link.opened.text
        self.status, self.pushes, self.stopped = status, [], False
        self.start()

    def run(self):
        while not self.stopped:
            for event in self.client.events(wait=1):
                if "push" in event:
                    self.pushes.append(event)
                    self.client.call("PUT", f"/v1/pushes/{event['push']}",
                                     {"status": self.status, "body": ""})

    def close(self):
        """Who listens and does not answer is waited for."""
        self.stopped = True
        self.join(10)
        self.link.delete()


@pytest.mark.parametrize("status", [200, 403])
def test_two_hosts_wait_and_the_right_one_gets_it(house, site, account, zhang, status):
    user, person = zhang
    with contextlib.closing(OtherHost(site.relay, account.app.app_id, status)) as other, \
            shown(house, user) as (ssh, code):
        text = account.scan(code, person).wait()
        assert other.pushes and other.pushes[0]["app"] == account.app.app_id
        assert digits_in(text)
        assert user not in str(other.pushes) and person.unionid(account.app) not in str(
            other.pushes)
        ssh.send_line(digits_in(text))
        expect_shell(ssh, user)


def test_other_messages_are_left_alone(house, account, zhang):
    """And do not keep the vendor waiting for long, however many they are."""
    user, person = zhang
    with shown(house, user) as (ssh, code):
        for event, key in [("SCAN", "shop"), ("subscribe", ""), ("unsubscribe", ""),
                           ("CLICK", "menu"), ("SCAN", "jl_" + "0" * 32)]:
            push = account.push(account.event(person, event, key))
            assert push.wait() is None
            assert push.seconds < 3
        text = {**account.event(person, "x"), "MsgType": "text", "Content": "<Event>]] 张三"}
        assert account.push(text).wait() is None
        flood = [account.push(text) for _ in range(20)]
        assert [push.wait() for push in flood] == [None] * 20
        let_in(ssh, account, user, code, person)


# --- forgers ---

@pytest.mark.parametrize("options", [
    {"token": "anotherToken"}, {"aes_key": "0" * 43}, {"app_id": "wx0000000000000000"},
    {"timestamp": int(time.time()) - 400}, {"mode": "plain"},
    {"query": {"signature": "0" * 40}}, {"query": {"msg_signature": "0" * 40}},
    {"query": {"nonce": "77"}}, {"query": {"encrypt_type": "raw"}}],
    ids=lambda options: "-".join([*options, *map(str, options.get("query", ()))]))
def test_what_is_forged_is_refused_and_has_no_effect(house, account, zhang, options):
    user, person = zhang
    if "timestamp" in options:
        options = {"timestamp": int(time.time()) - 400}
    with shown(house, user) as (ssh, code):
        push = account.scan(code, person, PushOptions(tries=1, **options))
        assert push.wait() is None
        assert push.status == 403 and push.seconds < 3
        let_in(ssh, account, user, code, person)


def test_fields_beside_the_encrypted_part_do_not_count(house, wechat, account, zhang):
    """兼容模式: somebody's own scan, with another's openid in the clear and in the query."""
    user, person = zhang
    thief = wechat.add_person("thief")
    account.follow(thief)
    with shown(house, user) as (ssh, code):
        victim = person.openid(account.app)
        query, body = account.make_request(
            account.event(thief, "SCAN", account.codes[code][0]),
            PushOptions(mode="both", query={"openid": victim}))
        body = body.replace(thief.openid(account.app), victim)
        assert account.send(query, body) == (200, "")
        turned_away(ssh, user)
    assert last_row(house, user)["outcome"] == "denied"


def test_what_is_sent_again_has_no_effect(house, account, zhang):
    user, person = zhang
    with shown(house, user) as (ssh, code):
        let_in(ssh, account, user, code, person)
    with shown(house, user) as (ssh, code):
        assert account.send_again(account.sent[0]) == (200, "success")
        ssh.send_line("42")
        ssh.wait_for(NOT_YET)
        let_in(ssh, account, user, code, person)


def test_a_second_person_is_too_late(house, wechat, account, zhang):
    user, person = zhang
    with shown(house, user) as (ssh, code):
        text = account.scan(code, person).wait()
        assert account.scan(code, wechat.add_person("stranger")).wait() is None
        ssh.send_line(digits_in(text))
        expect_shell(ssh, user)


# --- keys, and the message URL ---

def test_the_key_of_before_goes_on(house, account, zhang):
    user, person = zhang
    account.renew_aes_key()
    house.reload(text_of(account))
    with shown(house, user) as (ssh, code):
        let_in(ssh, account, user, code, person)
    account.previous_aes_key = None
    house.reload(text_of(account))
    with shown(house, user) as (ssh, code):
        let_in(ssh, account, user, code, person)


def test_the_message_url_is_taken_while_somebody_waits(house, account, zhang):
    user, _ = zhang
    with shown(house, user) as (ssh, _):
        assert account.check_url()
        assert not account.check_url(PushOptions(token="anotherToken"))
        ssh.send_line("q")
    assert not account.check_url()


def test_a_probe_lets_the_console_save_the_url(account):
    with Terminal(["jauthctl", "method", "probe", "account"]) as probe:
        probe.wait_for(f"/push/{account.app.app_id}")
        probe.wait_for("Press Enter")
        assert not account.check_url(PushOptions(token="anotherToken"))
        probe.send_line("")
        probe.wait_for("signed with another Token")
        probe.wait_for("Press Enter")
        assert account.check_url()
        probe.send_line("")
        probe.wait_for("was answered")
        assert probe.wait_end() == 0


# --- the vendor is slow, or says no ---

def test_an_api_that_is_too_slow(house, wechat, account, zhang):
    user, person = zhang
    with shown(house, user) as (ssh, code):
        wechat.fault("cgi-bin/user/info", "slow", seconds=4)
        assert account.scan(code, person).wait() is None
        turned_away(ssh, user)
    assert last_row(house, user)["outcome"] == "failed"
    # What is answered late shall not be another test's.
    wait_until(lambda: wechat.calls["cgi-bin/user/info"], what="the late answer")


@pytest.mark.parametrize("call,code,reason", [
    ("cgi-bin/stable_token", 40125, "40125"), ("cgi-bin/qrcode/create", 48001, "48001"),
    ("cgi-bin/qrcode/create", 45009, "45009")])
def test_errors_before_the_code(house, wechat, account, zhang, call, code, reason):
    user, _ = zhang
    wechat.fail(call, code)
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_shell(ssh, user)
    assert reason in last_row(house, user)["reason"]


@pytest.mark.parametrize("code", [-1, 45011, 40003, 99999])
def test_errors_behind_the_scan(house, wechat, account, zhang, code):
    user, person = zhang
    with shown(house, user) as (ssh, text):
        wechat.fail("cgi-bin/user/info", code)
        assert account.scan(text, person).wait() is None
        turned_away(ssh, user)
    assert str(code) in last_row(house, user)["reason"]


def test_an_address_that_is_not_listed(house, wechat, account, zhang):
    user, _ = zhang
    wechat.allowed_ips = {"203.0.113.7"}
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_shell(ssh, user)
    assert "allow 127.0.0.1 in IP 白名单" in last_row(house, user)["reason"]


def test_no_secret_in_the_logs(house, site, wechat, account, zhang):
    user, person = zhang
    with shown(house, user) as (ssh, code):
        text = account.scan(code, person).wait()
        ssh.send_line(digits_in(text))
        expect_shell(ssh, user)
    log = house.journal() + str(house.audit()) + site.relay.service.log()
    assert not [secret for secret in wechat.secrets_made if secret in log]
    assert DIGITS.search(log) is None
