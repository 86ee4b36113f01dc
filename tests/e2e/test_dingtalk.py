# SPDX-License-Identifier: GPL-3.0-or-later
"""DingTalk over the relay through real sshd, in the app (mode = relay) and on the vendor's page
(mode = web): who may, every error of the vendor, its token, its quotas, what comes back from the
telephone, and notices. The relay is vendors/relay.py; the real one, with real browsers, is in
test_dingtalk_page.py."""

import re
import time

import pytest

import configs
from apps import at_sshd, employee, expect_no_secret, expect_only_by, on_best_behaviour
from house import JAUTHD
from lib_http import ConnectProxy
from linked import (DIGITS_PROMPT, Visit, dingtalk_section, let_in_at_once, let_in_by, pressed,
                    refused_by, relay_section, turned_away)
from people import expect_shell
from relayed import last_row
from service import run
from telephone import at_dingtalk, at_dingtalk_page
from test_secrets import core_of
from vendors.dingtalk import IN_APP, OAUTH

WAYS = {"relay": at_dingtalk, "web": at_dingtalk_page}
BOTH = pytest.mark.parametrize("mode", ["relay", "web"])
FORBIDDEN = "Forbidden.AccessDenied."


def text_of(relay, vendor, mode="relay", **more):
    return (configs.head() + relay_section(relay) + dingtalk_section(vendor, mode=mode, **more)
            + configs.service("sshd", "dingtalk"))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double, dingtalk):
    with at_sshd(house, text_of(double, dingtalk)):
        yield house


@pytest.fixture
def mode():
    return "relay"


@pytest.fixture
def vendor(house, relay, dingtalk, mode):
    """jauthd starts without a token and without what it remembers of the vendor."""
    with on_best_behaviour(dingtalk):
        dingtalk.redirect_uris = [relay.url + "/cb/dingtalk"]
        house.reload(text_of(relay, dingtalk, mode))
        yield dingtalk


@pytest.fixture
def zhang(house, vendor):
    with employee(house, vendor, "dingtalk", "Manager.{}".format,
                  departments=[1, 986211234]) as who:
        yield who


def way_of(vendor, mode, person):
    return lambda url: WAYS[mode](vendor, url, person)


def let_in(house, relay, vendor, mode, who):
    user, member = who
    let_in_by(way_of(vendor, mode, member), house, relay, user)


def refused(house, relay, vendor, mode, who, result):
    user, member = who
    return refused_by(way_of(vendor, mode, member), house, relay, user, result)


# --- the way ---

def test_the_way_in_the_app(house, relay, vendor, zhang):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        url = visit.target["url"]
        page, _, fragment = url.partition("#")
        assert re.fullmatch(re.escape(relay.url) + "/d/[A-Za-z0-9_-]{22}", page)
        assert fragment == (f"corp_id={vendor.corp_id}&client_id={vendor.app_key}"
                            f"&method=dingtalk&state={visit.target['state']}")
        visit.come_back(at_dingtalk(vendor, url, member))
        ssh.send_line(visit.digits())
        expect_shell(ssh, user)
    assert not vendor.n_calls("userAccessToken")
    row = last_row(house, user)
    assert (row["outcome"], row["method"], row["subject"]) == ("granted", "dingtalk", member)


@pytest.mark.parametrize("mode", ["web"])
@pytest.mark.parametrize("names", [("authCode",), ("code",), ("authCode", "code")])
def test_the_way_on_the_page(house, relay, vendor, zhang, mode, names):
    """Asked the first time and not again; under whichever name the code comes."""
    vendor.code_names = names
    for _ in range(2):
        let_in(house, relay, vendor, mode, zhang)
    assert (vendor.n_calls("auth"), vendor.n_calls("consent")) == (2, 1)
    assert not vendor.n_calls("getuserinfo")


def test_each_app_has_its_button(house, relay, vendor, zhang):
    """The same app of the vendor twice: one in DingTalk, one in any browser."""
    user, member = zhang
    vendor.redirect_uris = [relay.url + "/cb/page"]
    house.reload(configs.head() + relay_section(relay) + dingtalk_section(vendor)
                 + dingtalk_section(vendor, "page", mode="web")
                 + configs.service("sshd", "dingtalk, page"))
    for method, way in (("dingtalk", at_dingtalk), ("page", at_dingtalk_page)):
        with house.sshd().login(user) as ssh:
            ssh.wait_for(DIGITS_PROMPT)
            link = relay.wait_link(user)
            assert {target["method"]: target["app"] for target in link.body["targets"]} == {
                "dingtalk": "dingtalk", "page": "browser"}
            visit = Visit(relay, user, method)
            visit.come_back(way(vendor, visit.target["url"], member))
            ssh.send_line(visit.digits())
            expect_shell(ssh, user)


# --- who may ---

@BOTH
@pytest.mark.parametrize("changes,result,reason", [
    ({"active": False}, "denied", "not activated"), ({"visible": False}, "denied", "50002"),
    ({"hidden": ["active"]}, "failed", "qyapi_get_member")])
def test_not_a_member_who_may(house, relay, vendor, zhang, mode, changes, result, reason):
    vendor.add_member(zhang[1], **changes)
    assert reason in refused(house, relay, vendor, mode, zhang, result)


@pytest.mark.parametrize("mode", ["web"])
def test_somebody_from_outside(house, relay, vendor, zhang, mode):
    """Anybody with DingTalk gets a code on the page; the organisation does not know him."""
    user, member = zhang
    guest = vendor.add_outsider("guest")
    assert "60121" in refused(house, relay, vendor, mode, (user, guest), "denied")
    vendor.add_member(member, external=True)
    assert "external contact" in refused(house, relay, vendor, mode, zhang, "denied")


@pytest.mark.parametrize("mode", ["web"])
def test_an_employee_for_another_organisation(house, relay, vendor, zhang, mode):
    vendor.chosen_corp = "ding99999999"
    assert "another organisation" in refused(house, relay, vendor, mode, zhang, "denied")


def test_an_app_of_another_organisation(house, relay, vendor, zhang):
    user, _ = zhang
    guest = vendor.add_outsider("guest")
    assert "3 user refused" in refused(house, relay, vendor, "relay", (user, guest), "refused")


@BOTH
def test_a_member_who_left_in_mid_login(house, relay, vendor, zhang, mode):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        query = WAYS[mode](vendor, visit.target["url"], member)
        del vendor.persons[member]
        visit.come_back(query)
        assert "60121" in turned_away(house, user, ssh, visit, "denied")


@BOTH
def test_somebody_else(house, relay, vendor, zhang, mode):
    user, member = zhang
    for other in (vendor.add_member("somebody"), vendor.add_member(member.upper())):
        assert refused(house, relay, vendor, mode, (user, other), "denied")


@BOTH
def test_departments_are_groups(house, relay, vendor, zhang, mode):
    house.reload(text_of(relay, vendor, mode, groups_allowed="986211234"))
    let_in(house, relay, vendor, mode, zhang)
    for allowed in ("8", "98621123"):
        house.reload(text_of(relay, vendor, mode, groups_allowed=allowed))
        refused(house, relay, vendor, mode, zhang, "denied")
    house.reload(text_of(relay, vendor, mode, groups_allowed="1"))
    vendor.add_member(zhang[1], hidden=["dept_id_list"])
    refused(house, relay, vendor, mode, zhang, "denied")


@BOTH
def test_a_rule_by_userid(house, relay, vendor, mode):
    user = house.add_user()
    house.reload(text_of(relay, vendor, mode, map="{userid}"))
    let_in(house, relay, vendor, mode, (user, vendor.add_member(user)))
    refused(house, relay, vendor, mode, (user, vendor.add_member("somebody")), "denied")
    house.remove_user(user)


# --- what the telephone brings ---

@pytest.mark.parametrize("mode,query,result,reason", [
    ("relay", "", "refused", "without a code"),
    ("relay", "authCode=abc&", "refused", "without a code"),
    ("relay", "error=-1&", "refused", "with an error: -1"),
    ("relay", "code=abc&error=x&", "refused", "with an error"),
    ("relay", "code=made-up-by-somebody&", "refused", "40078"),
    ("relay", f"code={'c' * 512}&", "refused", "40078"),
    ("relay", f"code={'c' * 513}&", "denied", "no code"),
    ("relay", "code=%00&", "denied", "cannot be read"),
    ("relay", "code=a&code=b&", "denied", "cannot be read"),
    ("web", "", "refused", "without a code"),
    ("web", "error=access_denied&", "refused", "with an error: access_denied"),
    ("web", "authCode=a&code=b&", "denied", "two codes"),
    ("web", "authCode=made-up&", "refused", "40078"),
    ("web", f"code={'c' * 513}&", "denied", "no code"),
    ("web", "authCode=%E5%BC%A0&", "denied", "no code")])
def test_what_is_no_code(house, relay, vendor, zhang, mode, query, result, reason):
    user, _ = zhang
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(f"{query}state={visit.target['state']}")
        assert reason in turned_away(house, user, ssh, visit, result)


@pytest.mark.parametrize("mode,kind,exchange", [("relay", OAUTH, "getuserinfo"),
                                                ("web", IN_APP, "userAccessToken")])
def test_a_code_of_the_other_kind(house, relay, vendor, zhang, mode, kind, exchange):
    """It goes to the exchange of this mode, where it is none, and not to the other one."""
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        code = vendor.new_code(kind, vendor.persons[member])
        visit.come_back(f"code={code}&state={visit.target['state']}")
        assert f"40078 {exchange}" in turned_away(house, user, ssh, visit, "refused")
    exchanges = {"getuserinfo", "userAccessToken"}
    assert {call for _, call in vendor.requests} & exchanges == {exchange}
    assert not vendor.codes[code].used


@BOTH
def test_a_code_that_is_too_old(house, relay, vendor, zhang, mode):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        query = WAYS[mode](vendor, visit.target["url"], member)
        vendor.expire_codes()
        visit.come_back(query)
        assert "40078" in turned_away(house, user, ssh, visit, "refused")


@BOTH
@pytest.mark.parametrize("kind", ["reset", "status", "cut"])
def test_a_code_is_sent_once(house, relay, vendor, zhang, mode, kind):
    """Even when nobody heard the answer."""
    exchange = {"relay": "getuserinfo", "web": "userAccessToken"}[mode]
    vendor.fault(exchange, kind)
    refused(house, relay, vendor, mode, zhang, "failed")
    assert vendor.n_calls(exchange) == 1


@pytest.mark.parametrize("mode", ["web"])
def test_no_on_the_page(house, relay, vendor, zhang, mode):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        visit.come_back(at_dingtalk_page(vendor, visit.target["url"], member, "no"))
        assert "access_denied" in turned_away(house, user, ssh, visit, "refused")


# --- errors ---

@pytest.mark.parametrize("mode,call,error,result,reason", [
    ("relay", "accessToken", (400, "invalidClientIdOrSecret"), "failed", "40096 accessToken"),
    ("relay", "accessToken", (400, "invalidParameter.idOrSecret.notFound"), "failed", "40096"),
    ("relay", "accessToken", (403, FORBIDDEN + "IpNotInWhiteList"), "failed", "60020"),
    ("relay", "accessToken", (403, FORBIDDEN + "ApiCountLimitForOrg"), "failed", "90020"),
    ("relay", "accessToken", (400, "something.else"), "failed", "something.else"),
    ("relay", "getuserinfo", 40078, "refused", "40078 getuserinfo"),
    ("relay", "getuserinfo", 60011, "failed", "60011 getuserinfo"),
    ("relay", "getuserinfo", 60020, "failed", "allow 127.0.0.1 in 服务器出口IP"),
    ("relay", "getuserinfo", 90018, "failed", "90018"),
    ("relay", "user/get", 60011, "failed", "60011 user/get"),
    ("relay", "user/get", 60020, "failed", "allow 127.0.0.1"),
    ("relay", "user/get", 60121, "denied", "60121"),
    ("relay", "user/get", 33012, "denied", "33012"),
    ("relay", "user/get", 90020, "failed", "90020"),
    ("relay", "user/get", 99999, "failed", "99999"),
    ("web", "userAccessToken", (400, "invalidParameter.authCode.notFound"), "refused", "40078"),
    ("web", "userAccessToken", (400, "invalidParameter.idOrSecret.notFound"), "failed", "40096"),
    ("web", "userAccessToken", (500, "unknownError"), "failed", "-1 userAccessToken"),
    ("web", "users/me", (400, "InvalidAuthentication"), "failed", "40014 users/me"),
    ("web", "users/me", (403, FORBIDDEN + "ApiCountLimitForOrg"), "failed", "90020"),
    ("web", "getbyunionid", 60011, "failed", "60011 getbyunionid"),
    ("web", "getbyunionid", 60121, "denied", "60121 getbyunionid")])
def test_errors(house, relay, vendor, zhang, mode, call, error, result, reason):
    vendor.fail(call, error)
    assert reason in refused(house, relay, vendor, mode, zhang, result)


@pytest.mark.parametrize("mode", ["web"])
def test_permissions_that_are_missing(house, relay, vendor, zhang, mode):
    vendor.scopes.clear()
    assert "权限管理; Contact.User.Read" in refused(house, relay, vendor, mode, zhang, "failed")
    house.reload(text_of(relay, vendor, mode))
    vendor.scopes.add("Contact.User.Read")
    assert "60011 getbyunionid" in refused(house, relay, vendor, mode, zhang, "failed")


@BOTH
def test_an_app_that_is_not_published(house, relay, vendor, zhang, mode):
    user, member = zhang
    with pressed(house, relay, user) as (ssh, visit):
        query = WAYS[mode](vendor, visit.target["url"], member)
        vendor.is_published = False
        visit.come_back(query)
        assert "or not published" in turned_away(house, user, ssh, visit, "failed")
    vendor.is_published = True


@pytest.mark.parametrize("kind,details", [
    ("cut", {}), ("huge", {}), ("malformed", {}), ("html", {}), ("deny", {}),
    ("html", {"status": 403}), ("json", {"value": {}}), ("json", {"value": {"errcode": 0}}),
    ("json", {"value": []}), ("json", {"value": {"errcode": "0", "result": {"userid": "x"}}}),
    ("redirect", {"location": "https://op.example.org/"})])
@pytest.mark.parametrize("mode,call", [
    ("relay", "accessToken"), ("relay", "getuserinfo"), ("relay", "user/get"),
    ("web", "userAccessToken"), ("web", "users/me"), ("web", "getbyunionid")])
def test_faults_let_nobody_in(house, relay, vendor, zhang, mode, call, kind, details):
    vendor.fault(call, kind, **details)
    refused(house, relay, vendor, mode, zhang, "failed")


@BOTH
def test_json_may_be_called_text(house, relay, vendor, zhang, mode):
    vendor.fault("accessToken", "plain", value={"accessToken": "0", "expireIn": 7200})
    vendor.token = ("0", float("inf"))
    let_in(house, relay, vendor, mode, zhang)


# --- the token and the quotas ---

@BOTH
def test_a_lost_token_is_fetched_again(house, relay, vendor, zhang, mode):
    let_in(house, relay, vendor, mode, zhang)
    vendor.revoke_token()
    let_in(house, relay, vendor, mode, zhang)
    vendor.fail("user/get", 42001)
    let_in(house, relay, vendor, mode, zhang)
    assert vendor.n_calls("accessToken") == 3


def test_a_token_lost_twice_in_a_login(house, relay, vendor, zhang):
    vendor.fail("getuserinfo", 40014, times=2)
    assert "40014" in refused(house, relay, vendor, "relay", zhang, "failed")
    assert vendor.n_calls("accessToken") == 2


def test_logins_at_once_share_one_token(house, relay, vendor):
    users = [house.add_user() for _ in range(4)]
    house.reload(text_of(relay, vendor, map="{userid}"))
    vendor.fault("accessToken", "slow", seconds=1)
    let_in_at_once(house, relay, {user: way_of(vendor, "relay", vendor.add_member(user))
                                  for user in users})
    assert vendor.n_calls("accessToken") == 1
    for user in users:
        house.remove_user(user)


@pytest.mark.parametrize("mode", ["web"])
def test_a_busy_vendor_is_asked_again(house, relay, vendor, zhang, mode):
    vendor.fail("users/me", (403, FORBIDDEN + "QpsLimitForAppkeyAndApi"))
    vendor.fail("accessToken", (503, "ServiceUnavailable"))
    vendor.fault("getbyunionid", "status")
    for code in (-1, 90002, 90018):
        vendor.fail("user/get", code)
    let_in(house, relay, vendor, mode, zhang)
    vendor.fail("user/get", -1, times=4)
    assert "-1 user/get" in refused(house, relay, vendor, mode, zhang, "failed")


@BOTH
@pytest.mark.parametrize("make", [
    lambda vendor: vendor.fail("user/get", 90020), lambda vendor: vendor.fault("user/get", "deny"),
    lambda vendor: vendor.fault("user/get", "html")])
def test_who_is_shut_out_asks_no_more(house, relay, vendor, zhang, mode, make):
    make(vendor)
    reason = refused(house, relay, vendor, mode, zhang, "failed")
    before = [call for _, call in vendor.requests]
    assert refused(house, relay, vendor, mode, zhang, "failed") == reason
    after = [call for _, call in vendor.requests][len(before):]
    assert set(after) <= {"auth"}                           # of the telephone


# --- notices ---

@BOTH
def test_digits_by_a_notice(house, relay, vendor, zhang, mode):
    user, member = zhang
    house.reload(text_of(relay, vendor, mode, digits="app-message"))
    with pressed(house, relay, user) as (ssh, visit):
        visit.go(way_of(vendor, mode, member))
        assert visit.result("message")["result"] == "message"
        notice = vendor.wait_for_message()
        assert notice["to"] == member
        assert "house.example.org" in notice["text"] and user in notice["text"]
        digits = re.search(r"type (\d\d) into", notice["text"])[1]
        assert "digits" not in str(relay.find(visit.link).results)
        ssh.send_line(digits)
        expect_shell(ssh, user)


@BOTH
@pytest.mark.parametrize("error", [33012, 60011, 90020])
def test_a_notice_that_is_refused(house, relay, vendor, zhang, mode, error):
    house.reload(text_of(relay, vendor, mode, digits="app-message"))
    vendor.fail("asyncsend_v2", error)
    assert "could not be sent" in refused(house, relay, vendor, mode, zhang, "failed")
    assert f"{error} asyncsend_v2" in last_row(house, zhang[0])["note"]


def test_no_notices_without_an_agent_id(house, relay, vendor):
    path = house.folder / "no-agent-id.conf"
    path.write_text(re.sub(r"agent_id = .*\n", "", text_of(relay, vendor, digits="app-message")))
    done = run([JAUTHD, "--check", "--config", str(path)], check=False)
    assert done.returncode == 1 and "sends no messages" in done.stdout


# --- the one way out ---

@BOTH
def test_all_calls_go_out_by_the_proxy(house, relay, vendor, zhang, mode):
    proxy = ConnectProxy()
    house.reload(text_of(relay, vendor, mode, proxy=proxy.url))
    exchange = {"relay": "getuserinfo", "web": "userAccessToken"}[mode]
    expect_only_by(proxy, house, vendor, lambda: let_in(house, relay, vendor, mode, zhang),
                   lambda: refused(house, relay, vendor, mode, zhang, "failed"), exchange)


@BOTH
def test_no_secret_in_the_log(house, relay, vendor, zhang, mode):
    let_in(house, relay, vendor, mode, zhang)
    vendor.fail("user/get", 40014, times=2)
    refused(house, relay, vendor, mode, zhang, "failed")
    expect_no_secret(house, vendor)
    log = house.journal() + str(house.audit())
    assert "15012345678" not in log and "he@example" not in log


@BOTH
def test_no_secret_in_a_core(house, relay, vendor, zhang, mode, tmp_path):
    """But for the app's secret and its token, which are live."""
    let_in(house, relay, vendor, mode, zhang)
    refused(house, relay, vendor, mode, (zhang[0], vendor.add_member("somebody")), "denied")
    time.sleep(2)                       # connections are let go of
    core = core_of(house.jauthd, tmp_path)
    live = {vendor.secret, vendor.token[0]}
    assert vendor.secret.encode() in core, "this is no core of jauthd's memory"
    assert not [secret[:4] for secret in set(vendor.secrets_made) - live
                if secret.encode() in core]
    core = core_of(house.http, tmp_path)
    assert vendor.host.encode() in core, "this is no core of jauth-http's memory"
    assert not [secret[:4] for secret in vendor.secrets_made if secret.encode() in core]
