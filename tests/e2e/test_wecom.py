# SPDX-License-Identifier: GPL-3.0-or-later
"""WeCom over the relay through real sshd: who may, every error of the vendor, its token, its
quotas, what comes back from the telephone, and the one way out. The relay is vendors/relay.py;
people, strangers and digits are in test_number_match.py."""

import pytest

import configs
from apps import at_sshd, employee, expect_no_secret, expect_only_by, on_best_behaviour
from lib_http import ConnectProxy
from linked import (let_in_at_once, let_in_by, pressed, refused_by, relay_section, turned_away,
                    wecom_section)
from people import expect_shell
from telephone import at_wecom
from vendors.wecom import WECHAT_USER_AGENT


def text_of(double, wecom, **more):
    return (configs.head() + relay_section(double) + wecom_section(wecom, **more)
            + configs.service("sshd", "wecom"))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double, wecom):
    with at_sshd(house, text_of(double, wecom)):
        yield house


@pytest.fixture
def vendor(house, relay, wecom):
    """jauthd starts without a token and without what it remembers of the vendor."""
    with on_best_behaviour(wecom):
        wecom.trusted_domain = relay.url.removeprefix("https://")
        house.reload(text_of(relay, wecom))
        yield wecom


@pytest.fixture
def zhang(house, vendor):
    """The vendor writes the userid in its own way."""
    with employee(house, vendor, "wecom", str.upper, departments=[2, 7]) as who:
        yield who


def way_of(vendor, member):
    return lambda url: at_wecom(vendor, url, member)


def let_in(house, relay, vendor, user, member):
    let_in_by(way_of(vendor, member), house, relay, user)


def refused(house, relay, vendor, who, result):
    user, member = who
    return refused_by(way_of(vendor, member), house, relay, user, result)


def test_the_way_to_the_vendor_is_as_documented(house, relay, vendor, zhang):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        url = visit.target["url"]
        assert url.endswith(f"&state={visit.target['state']}&agentid=1000002#wechat_redirect")
        visit.come_back(at_wecom(vendor, url, member))      # the vendor checks the rest
        ssh.send_line(visit.digits())
        expect_shell(ssh, user)


# --- who may ---

@pytest.mark.parametrize("changes,reason", [
    ({"status": 2}, "status 2"), ({"status": 4}, "status 4"), ({"status": 5}, "status 5"),
    ({"visible": False}, "60011"), ({"corp": "ww98765432"}, "joined corp")])
def test_not_a_member_who_may(house, relay, vendor, zhang, changes, reason):
    vendor.add_member(zhang[1], **changes)
    assert reason in refused(house, relay, vendor, zhang, "denied")


@pytest.mark.parametrize("external", [None, "wmExternal"])
def test_somebody_from_outside(house, relay, vendor, zhang, external):
    user, member = zhang
    guest = vendor.add_outsider("guest", member, external)
    assert "not a member" in refused(house, relay, vendor, (user, guest), "denied")


def test_a_member_with_plain_wechat(house, relay, vendor, zhang):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(at_wecom(vendor, visit.target["url"], member, WECHAT_USER_AGENT))
        assert "not a member" in turned_away(house, user, ssh, visit, "denied")


def test_a_member_who_left_in_mid_login(house, relay, vendor, zhang):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        query = at_wecom(vendor, visit.target["url"], member)
        del vendor.persons[member]
        visit.come_back(query)
        assert "60111" in turned_away(house, user, ssh, visit, "denied")


def test_departments_are_groups(house, relay, vendor, zhang):
    house.reload(text_of(relay, vendor, groups_allowed="7"))
    let_in(house, relay, vendor, *zhang)
    house.reload(text_of(relay, vendor, groups_allowed="8"))
    refused(house, relay, vendor, zhang, "denied")


def test_a_rule_by_userid(house, relay, vendor):
    user = house.add_user()
    house.reload(text_of(relay, vendor, map="{userid}"))
    let_in(house, relay, vendor, user, vendor.add_member(user.upper()))
    refused(house, relay, vendor, (user, vendor.add_member("somebody")), "denied")
    house.remove_user(user)


# --- what the telephone brings ---

@pytest.mark.parametrize("query,result,reason", [
    ("", "refused", "without a code"),
    ("code=&", "refused", "without a code"),
    ("code=made-up-by-somebody&", "refused", "40029"),
    (f"code={'c' * 512}&", "refused", "40029"),
    (f"code={'c' * 513}&", "denied", "no code"),
    ("code=%00&", "denied", "cannot be read"),
    ("code=a&code=b&", "denied", "cannot be read"),
    ("code=%E5%BC%A0&", "denied", "no code")])
def test_what_is_no_code(house, relay, vendor, zhang, query, result, reason):
    user, _ = zhang
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(f"{query}state={visit.target['state']}")
        assert reason in turned_away(house, user, ssh, visit, result)


def test_a_code_that_is_too_old(house, relay, vendor, zhang):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        query = at_wecom(vendor, visit.target["url"], member)
        vendor.expire_codes()
        visit.come_back(query)
        assert "40029" in turned_away(house, user, ssh, visit, "refused")


def test_a_code_is_sent_once(house, relay, vendor, zhang):
    """Even when nobody heard the answer."""
    vendor.fault("auth/getuserinfo", "reset")
    refused(house, relay, vendor, zhang, "failed")
    assert vendor.n_calls("auth/getuserinfo") == 1


# --- errors ---

@pytest.mark.parametrize("call,code,result,reason", [
    ("gettoken", 40001, "failed", "40001 gettoken: the secret"),
    ("gettoken", 40091, "failed", "40091 gettoken: the secret"),
    ("gettoken", 40013, "failed", "corp_id"),
    ("gettoken", 45009, "failed", "45009 gettoken"),
    ("auth/getuserinfo", 40029, "refused", "40029 auth/getuserinfo"),
    ("auth/getuserinfo", 50001, "failed", "可信域名"),
    ("auth/getuserinfo", 60020, "failed", "allow 127.0.0.1 in 企业可信IP"),
    ("auth/getuserinfo", 45033, "failed", "45033"),
    ("user/get", 48002, "failed", "48002 user/get"),
    ("user/get", 45009, "failed", "45009"),
    ("user/get", 60003, "failed", "60003"),
    ("user/get", 60011, "denied", "60011"),
    ("user/get", 60020, "failed", "allow 127.0.0.1"),
    ("user/get", 60111, "denied", "60111"),
    ("user/get", 60123, "failed", "60123"),
    ("user/get", 99999, "failed", "99999")])
def test_errors(house, relay, vendor, zhang, call, code, result, reason):
    vendor.fail(call, code)
    assert reason in refused(house, relay, vendor, zhang, result)


@pytest.mark.parametrize("kind,details", [
    ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}), ("html", {}),
    ("json", {"value": {}}), ("json", {"value": {"errcode": 0}}), ("json", {"value": []}),
    ("json", {"value": {"errcode": "0", "userid": "x", "status": 1}}),
    ("redirect", {"location": "https://op.example.org/"})])
@pytest.mark.parametrize("call", ["gettoken", "auth/getuserinfo", "user/get"])
def test_faults_let_nobody_in(house, relay, vendor, zhang, call, kind, details):
    vendor.fault(call, kind, **details)
    refused(house, relay, vendor, zhang, "failed")


# --- the token and the quotas ---

def test_a_lost_token_is_fetched_again(house, relay, vendor, zhang):
    let_in(house, relay, vendor, *zhang)
    for lose in (vendor.revoke_token, vendor.expire_token):
        lose()
        let_in(house, relay, vendor, *zhang)
    assert vendor.n_calls("gettoken") == 3


def test_a_token_lost_twice_in_a_login(house, relay, vendor, zhang):
    vendor.fail("auth/getuserinfo", 42001, times=2)
    assert "42001" in refused(house, relay, vendor, zhang, "failed")
    assert vendor.n_calls("gettoken") == 2


def test_logins_at_once_share_one_token(house, relay, vendor):
    users = [house.add_user() for _ in range(4)]
    house.reload(text_of(relay, vendor, map="{userid}"))
    vendor.fault("gettoken", "slow", seconds=1)
    let_in_at_once(house, relay, {user: way_of(vendor, vendor.add_member(user)) for user in users})
    assert vendor.n_calls("gettoken") == 1
    for user in users:
        house.remove_user(user)


def test_a_busy_vendor_is_asked_again(house, relay, vendor, zhang):
    vendor.fail("gettoken", -1)
    vendor.fail("auth/getuserinfo", -1, times=3)
    let_in(house, relay, vendor, *zhang)
    vendor.fail("user/get", -1, times=4)
    assert "-1 user/get" in refused(house, relay, vendor, zhang, "failed")


def test_a_used_up_quota_is_left_alone(house, relay, vendor, zhang):
    vendor.fail("user/get", 45009)
    refused(house, relay, vendor, zhang, "failed")
    before = len(vendor.requests)
    assert "45009" in refused(house, relay, vendor, zhang, "failed")
    assert vendor.n_calls("user/get") == 1
    assert len(vendor.requests) == before + 1               # the page in the app


# --- the one way out ---

def test_all_calls_go_out_by_the_proxy(house, relay, vendor, zhang):
    proxy = ConnectProxy()
    house.reload(text_of(relay, vendor, proxy=proxy.url))
    expect_only_by(proxy, house, vendor, lambda: let_in(house, relay, vendor, *zhang),
                   lambda: refused(house, relay, vendor, zhang, "failed"), "auth/getuserinfo")


def test_no_secret_in_the_log(house, relay, vendor, zhang):
    let_in(house, relay, vendor, *zhang)
    vendor.fail("user/get", 40014, times=2)
    refused(house, relay, vendor, zhang, "failed")
    expect_no_secret(house, vendor)
