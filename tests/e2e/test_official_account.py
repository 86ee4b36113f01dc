# SPDX-License-Identifier: GPL-3.0-or-later
"""A WeChat official account over the relay through real sshd: who may, who follows, what comes back
from the telephone, every error of the vendor. The relay is vendors/relay.py; a login by the account's
own code is in test_official_account_push.py."""

import contextlib

import pytest

import configs
from apps import at_sshd, expect_no_secret, on_best_behaviour, wechat_person
from house import wait_until
from linked import DIGITS_PROMPT, let_in_by, pressed, refused_by, relay_section, turned_away
from people import expect_no_shell, expect_shell
from telephone import at_account
from vendors.wechat_account import USER_AGENT, OfficialAccount


@pytest.fixture(scope="module")
def office(wechat, double):
    return wechat.add_part(OfficialAccount(wechat, f"{double.host}:{double.port}"))


def text_of(double, account, **more):
    return (configs.head() + relay_section(double)
            + configs.section("method wechat", account.keys(**more))
            + configs.service("sshd", "wechat"))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double, office):
    with at_sshd(house, text_of(double, office)):
        yield house


@pytest.fixture
def account(house, relay, wechat, office):
    """jauthd starts without a token and without what it remembers of the vendor."""
    with on_best_behaviour(wechat):
        house.reload(text_of(relay, office))
        yield office


@pytest.fixture
def zhang(house, wechat, account):
    with wechat_person(house, wechat, account.app) as who:
        yield who


def n_calls(account, call):
    return account.vendor.n_calls(call)


def way_of(account, person):
    return lambda url: at_account(account, url, person)


def let_in(house, relay, account, user, person):
    let_in_by(way_of(account, person), house, relay, user)


def refused(house, relay, account, who, result):
    user, person = who
    return refused_by(way_of(account, person), house, relay, user, result)


def test_the_way_to_the_vendor_is_as_documented(house, relay, account, zhang):
    user, person = zhang
    with pressed(house, relay, user) as (ssh, visit):
        url = visit.target["url"]
        assert url.endswith(f"&scope=snsapi_userinfo&state={visit.target['state']}"
                            "#wechat_redirect")
        visit.come_back(at_account(account, url, person))   # the vendor checks the rest
        ssh.send_line(visit.digits())
        expect_shell(ssh, user)
    assert n_calls(account, "cgi-bin/stable_token") == 0
    assert n_calls(account, "sns/userinfo") == 0


# --- who may ---

def test_a_stranger(house, relay, wechat, account, zhang):
    stranger = wechat.add_person("stranger")
    refused(house, relay, account, (zhang[0], stranger), "denied")


def test_unionid_by_another_call(house, relay, wechat, account, zhang):
    wechat.withholds_unionid = True
    let_in(house, relay, account, *zhang)
    assert n_calls(account, "sns/userinfo") == 1


def test_with_snsapi_base_the_openid_counts(house, relay, account, zhang):
    user, person = zhang
    house.reload(text_of(relay, account, scope="snsapi_base"))
    refused(house, relay, account, zhang, "denied")         # the unionid is linked
    house.add_link(user, f"wechat:{account.app.app_id}", person.openid(account.app))
    let_in(house, relay, account, *zhang)


def test_snapshot_mode(house, relay, account, zhang):
    account.snapshot = True
    assert "snapshot" in refused(house, relay, account, zhang, "denied")


# --- who follows ---

def test_followers_only(house, relay, account, zhang):
    _, person = zhang
    house.reload(text_of(relay, account, require_follow="yes"))
    account.follow(person)
    let_in(house, relay, account, *zhang)
    assert n_calls(account, "cgi-bin/qrcode/create") == 0
    assert n_calls(account, "cgi-bin/token") == 0


@contextlib.contextmanager
def shown_how(house, relay, account, who):
    """Somebody who does not follow: the account's code is on the terminal, and the vendor is asked
    again and again who follows."""
    user, person = who
    house.reload(text_of(relay, account, require_follow="yes"))
    with pressed(house, relay, user) as (ssh, visit):
        visit.go(way_of(account, person))
        wait_until(lambda: n_calls(account, "cgi-bin/user/info") >= 2, what="the account's code")
        ssh.send_line("")
        ssh.wait_for("Follow the account with WeChat")
        ssh.wait_for(DIGITS_PROMPT)
        yield ssh, visit


def test_who_does_not_follow_yet_is_shown_how(house, relay, account, zhang):
    """Within one login: the code of the account on the terminal, and then the digits."""
    user, person = zhang
    with shown_how(house, relay, account, zhang) as (ssh, visit):
        code = ssh.read_qr()
        assert code in account.codes
        account.follow(person)
        ssh.send_line(visit.digits())
        expect_shell(ssh, user)


def test_who_does_not_follow_is_not_let_in(house, relay, account, zhang):
    user, _ = zhang
    with shown_how(house, relay, account, zhang) as (ssh, visit):
        ssh.send_line("42")
        ssh.wait_for("Nothing is approved yet")
        ssh.send_line("q")
        expect_no_shell(ssh, user)
        assert "digits" not in str(relay.find(visit.link).results)


def test_tags_are_groups(house, relay, account, zhang):
    _, person = zhang
    account.follow(person, tags=[2, 128])
    house.reload(text_of(relay, account, require_follow="yes", groups_allowed="128"))
    let_in(house, relay, account, *zhang)
    house.reload(text_of(relay, account, require_follow="yes", groups_allowed="7"))
    refused(house, relay, account, zhang, "denied")


def test_a_rule_by_remark(house, relay, wechat, account):
    user = house.add_user()
    house.reload(text_of(relay, account, require_follow="yes", map="{remark}"))
    known, unknown = wechat.add_person("known"), wechat.add_person("unknown")
    account.follow(known, remark=user)
    account.follow(unknown)
    let_in(house, relay, account, user, known)
    refused(house, relay, account, (user, unknown), "denied")
    house.remove_user(user)


def test_an_address_that_is_not_listed(house, relay, wechat, account, zhang):
    house.reload(text_of(relay, account, require_follow="yes"))
    wechat.allowed_ips = {"203.0.113.7"}
    assert "allow 127.0.0.1 in IP 白名单" in refused(house, relay, account, zhang, "failed")


# --- what a sysadmin tries ---

def test_a_probe_says_what_is_wrong(house, relay, wechat, account):
    said = house.ctl("method", "probe", "wechat")
    assert "app_id and app_secret are right" in said.stdout
    wechat.allowed_ips = {"203.0.113.7"}
    said = house.ctl("method", "probe", "wechat")
    assert "allow 127.0.0.1 in IP 白名单" in said.stdout
    assert "needed with require_follow = yes only" in said.stdout
    house.reload(text_of(relay, account, require_follow="yes"))
    said = house.ctl("method", "probe", "wechat", check=False)
    assert said.returncode != 0
    assert "allow 127.0.0.1 in IP 白名单" in said.stdout + said.stderr


def test_a_probe_knows_a_wrong_secret(house, wechat, account):
    wechat.fail("cgi-bin/stable_token", 40125)
    said = house.ctl("method", "probe", "wechat", check=False)
    assert said.returncode != 0
    assert "40125" in said.stdout + said.stderr


# --- what the telephone brings ---

def test_a_refusal(house, relay, account, zhang):
    account.refusing = True
    assert "without a code" in refused(house, relay, account, zhang, "refused")


@pytest.mark.parametrize("query,result,reason", [
    ("code=&", "refused", "without a code"),
    ("code=made-up-by-somebody&", "refused", "40029"),
    (f"code={'c' * 129}&", "denied", "no code"),
    ("code=%00&", "denied", "cannot be read"),
    ("code=a&code=b&", "denied", "cannot be read")])
def test_what_is_no_code(house, relay, account, zhang, query, result, reason):
    user, _ = zhang
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(f"{query}state={visit.target['state']}")
        assert reason in turned_away(house, user, ssh, visit, result)


def test_a_code_that_is_too_old(house, relay, wechat, account, zhang):
    user, person = zhang
    with pressed(house, relay, user) as (ssh, visit):
        query = at_account(account, visit.target["url"], person)
        wechat.expire_codes()
        visit.come_back(query)
        assert "40029" in turned_away(house, user, ssh, visit, "refused")


def test_another_app_is_not_wechat(house, relay, wechat, account, zhang):
    user, person = zhang
    with pressed(house, relay, user) as (_, visit):
        with pytest.raises(AssertionError, match="authorize"):
            at_account(account, visit.target["url"], person,
                       USER_AGENT.replace("MicroMessenger", "Firefox"))
    assert wechat.complaints
    wechat.complaints.clear()


# --- errors ---

@pytest.mark.parametrize("call,code,result,reason", [
    ("sns/oauth2/access_token", 40029, "refused", "40029"),
    ("sns/oauth2/access_token", 40163, "denied", "40163"),
    ("sns/oauth2/access_token", 40125, "failed", "40125"),
    ("sns/oauth2/access_token", 50002, "refused", "50002"),
    ("sns/oauth2/access_token", 99999, "failed", "99999"),
    ("cgi-bin/stable_token", 40243, "failed", "40243"),
    ("cgi-bin/stable_token", 89503, "failed", "89503"),
    ("cgi-bin/user/info", 48001, "failed", "48001"),
    ("cgi-bin/user/info", 45009, "failed", "45009"),
    ("cgi-bin/user/info", 40003, "failed", "40003")])
def test_errors(house, relay, wechat, account, zhang, call, code, result, reason):
    house.reload(text_of(relay, account, require_follow="yes"))
    account.follow(zhang[1])
    wechat.fail(call, code)
    assert reason in refused(house, relay, account, zhang, result)


@pytest.mark.parametrize("kind,details", [
    ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}), ("html", {}),
    ("json", {"value": {}}), ("json", {"value": []}), ("json", {"value": {"errcode": 0}}),
    ("redirect", {"location": "https://op.example.org/"})])
@pytest.mark.parametrize("call", ["sns/oauth2/access_token", "cgi-bin/stable_token",
                                  "cgi-bin/user/info"])
def test_faults_let_nobody_in(house, relay, wechat, account, zhang, call, kind, details):
    house.reload(text_of(relay, account, require_follow="yes"))
    account.follow(zhang[1])
    wechat.fault(call, kind, **details)
    refused(house, relay, account, zhang, "failed")


def test_a_lost_token_is_fetched_again(house, relay, wechat, account, zhang):
    house.reload(text_of(relay, account, require_follow="yes"))
    account.follow(zhang[1])
    let_in(house, relay, account, *zhang)
    for lose in (wechat.revoke_tokens, wechat.expire_tokens):
        lose(account.app)
        let_in(house, relay, account, *zhang)
    assert n_calls(account, "cgi-bin/stable_token") == 3


def test_no_secret_in_the_log(house, relay, wechat, account, zhang):
    house.reload(text_of(relay, account, require_follow="yes"))
    account.follow(zhang[1])
    let_in(house, relay, account, *zhang)
    wechat.fail("cgi-bin/user/info", 40014, times=2)
    refused(house, relay, account, zhang, "failed")
    expect_no_secret(house, wechat)
