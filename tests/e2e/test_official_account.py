# SPDX-License-Identifier: GPL-3.0-or-later
"""A WeChat official account over the relay through real sshd: who may, who follows, what comes back
from the telephone, every error of the vendor. The relay is vendors/relay.py; a login by the account's
own code is in test_official_account_push.py."""

import contextlib

import pytest

import configs
from house import wait_until
from linked import DIGITS_PROMPT, Visit, relay_section
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
    house.use_jauth("sshd")
    house.configure(text_of(double, office))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


@pytest.fixture
def account(house, relay, wechat, office):
    """On its best behaviour; the test fails when a request was against the rules, and jauthd starts
    without a token and without what it remembers of the vendor."""
    wechat.reset()
    wechat.requests.clear()
    house.reload(text_of(relay, office))
    yield office
    complaints = list(wechat.complaints)
    wechat.reset()
    assert not complaints


@pytest.fixture
def zhang(house, wechat, account):
    """(Unix user, who he is in WeChat)."""
    user = house.add_user()
    person = wechat.add_person(user, nickname="张三")
    house.add_link(user, "wechat", person.unionid(account.app))
    yield user, person
    house.remove_user(user)


def n_calls(account, call):
    return [endpoint for _, endpoint in account.vendor.requests].count(call)


@contextlib.contextmanager
def pressed(house, relay, user):
    """A terminal that waits for digits, and the telephone that pressed its button."""
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        yield ssh, Visit(relay, user, "wechat")


def let_in(house, relay, account, user, person):
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(at_account(account, visit.target["url"], person))
        ssh.send_line(visit.digits())
        expect_shell(ssh, user)


def turned_away(house, user, ssh, visit, result):
    """Never any digits, no shell; why, for the sysadmin."""
    assert visit.result()["result"] == result
    ssh.send_line("42")
    expect_no_shell(ssh, user)
    assert "digits" not in str(visit.relay.find(visit.link).results)
    return house.audit(user)[-1]["reason"]


def refused(house, relay, account, who, result):
    user, person = who
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(at_account(account, visit.target["url"], person))
        return turned_away(house, user, ssh, visit, result)


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
    user, person = zhang
    house.reload(text_of(relay, account, require_follow="yes"))
    account.follow(person)
    let_in(house, relay, account, *zhang)
    assert n_calls(account, "cgi-bin/qrcode/create") == 0
    assert n_calls(account, "cgi-bin/token") == 0


def test_who_does_not_follow_yet_is_shown_how(house, relay, account, zhang):
    """Within one login: the code of the account on the terminal, and then the digits."""
    user, person = zhang
    house.reload(text_of(relay, account, require_follow="yes"))
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(at_account(account, visit.target["url"], person))
        wait_for_code(account)
        ssh.send_line("")
        ssh.wait_for("Follow the account with WeChat")
        ssh.wait_for(DIGITS_PROMPT)
        code = ssh.read_qr()
        assert code in account.codes
        account.follow(person)
        ssh.send_line(visit.digits())
        expect_shell(ssh, user)


def wait_for_code(account):
    """It is there, and the vendor is asked again and again who follows."""
    wait_until(lambda: n_calls(account, "cgi-bin/user/info") >= 2, what="the account's code")


def test_who_does_not_follow_is_not_let_in(house, relay, account, zhang):
    user, person = zhang
    house.reload(text_of(relay, account, require_follow="yes"))
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(at_account(account, visit.target["url"], person))
        wait_for_code(account)
        ssh.send_line("")
        ssh.wait_for("Follow the account")
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line("42")
        ssh.wait_for("Nothing is approved yet")
        ssh.send_line("q")
        expect_no_shell(ssh, user)
        assert "digits" not in str(relay.find(visit.link).results)


def test_tags_are_groups(house, relay, account, zhang):
    user, person = zhang
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
    log = house.journal() + str(house.audit())
    assert not [secret for secret in wechat.secrets_made if secret in log]
