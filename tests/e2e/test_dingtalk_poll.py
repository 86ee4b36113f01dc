# SPDX-License-Identifier: GPL-3.0-or-later
"""DingTalk without a relay (mode = poll) through real sshd: the vendor's code is on the screen, its
polls tell what became of it, and whatever is not known lets nobody in."""

import pytest

import polled
from apps import at_sshd, employee, expect_no_secret, on_best_behaviour
from house import wait_until
from linked import dingtalk_alone, dingtalk_section
from people import expect_shell
from polled import approve, ends_at_once, let_in, refused, refused_after, scan
from vendors.dingtalk_login import EXPIRED, SCANNED, TRANSIENT, context_answer, no

REDIRECT_URI = "https://sso.example.org/nobody-comes-here"


def config_text(pages, **more):
    return dingtalk_alone(pages, **{"mode": "poll", "redirect_uri": REDIRECT_URI, **more})


@pytest.fixture(scope="module", autouse=True)
def jauth(house, pages):
    with at_sshd(house, config_text(pages)):
        yield house


@pytest.fixture
def vendor(house, dingtalk, pages):
    """jauthd starts without what it remembers of the vendor."""
    with on_best_behaviour(dingtalk):
        pages.reset()
        dingtalk.redirect_uris = [REDIRECT_URI]
        house.reload(config_text(pages))
        yield dingtalk


@pytest.fixture
def jane(house, vendor):
    with employee(house, vendor, "dingtalk", str.capitalize, departments=[2, 7]) as who:
        yield who


def test_the_right_employee(house, pages, jane):
    let_in(house, pages, *jane)


def test_scanned_and_agreed_a_while_later(house, pages, jane):
    polled.let_in_after_a_while(house, pages, jane,
                                lambda told: told and told.get("errorCode") == SCANNED)


def test_polls_are_held_and_repeated(house, pages, vendor, jane):
    polled.let_in_after_polls(house, pages, jane, lambda: vendor.n_calls("login_with_qr"))


def test_no_poll_for_somebody_who_left(house, pages, vendor, jane):
    polled.no_polls_behind(house, pages, jane[0], lambda: vendor.n_calls("login_with_qr"))


@pytest.mark.parametrize("answer", [
    no("20001", "refused"), no(""), {"success": False}, {"success": True}, {"errorCode": "11021"},
    {"success": True, "result": {"needConsent": "no"}}, {"success": True, "result": []},
    context_answer("https://login.dingtalk.com/more"),
    {"status": 1111, "wait": 5, "punish": "deny"}])
def test_what_is_not_known_lets_nobody_in(house, pages, jane, answer):
    user, member = jane

    def answer_so(ticket):
        pages.scan(ticket, member)
        pages.set_answer(ticket, answer)

    refused_after(house, pages, user, answer_so)


@pytest.mark.parametrize("flag", [
    "needConfirmAgreement", "needChangePwd", "needBindEmail", "needBindMobile", "needConsent",
    "needSecondaryValidation", "chooseOrganization", "needWhatNobodyHasSeen"])
def test_more_is_wanted_than_a_scan(house, pages, jane, flag):
    pages.result[flag] = True
    refused(house, pages, *jane)
    assert f"login_with_qr: {flag}: more is wanted" in house.journal()


def test_another_employee(house, pages, vendor, jane):
    refused(house, pages, jane[0], vendor.add_member("Somebody"))


def test_a_name_is_no_userid(house, pages, vendor, jane):
    user, member = jane
    refused(house, pages, user, vendor.add_member("Somebody", name=member))


@pytest.mark.parametrize("changes", [{"active": False}, {"visible": False}, {"external": True}])
def test_not_an_employee_who_may(house, pages, vendor, jane, changes):
    user, member = jane
    vendor.add_member(member, **changes)
    refused(house, pages, user, member)


def test_somebody_from_outside(house, pages, vendor, jane):
    refused(house, pages, jane[0], vendor.add_outsider("guest"))


def test_another_organisation_was_chosen(house, pages, vendor, jane):
    vendor.chosen_corp = "ding0000000000000000"
    refused(house, pages, *jane)


@pytest.mark.parametrize("url,says", [
    ("https://evil.example.net/nobody-comes-here?authCode={code}&state={state}",
     "not to our redirect_uri"),
    (REDIRECT_URI + "/x?authCode={code}&state={state}", "not to our redirect_uri"),
    (REDIRECT_URI + "?authCode={code}&state=0123456789abcdef0123456789abcdef",
     "not with our state"),
    (REDIRECT_URI + "?authCode={code}", "not with our state"),
    (REDIRECT_URI + "?authCode={code}&code=other&state={state}", "no code"),
    (REDIRECT_URI + "?error=access_denied&state={state}", "refused"),
    (REDIRECT_URI + "?state={state}", "no code")])
def test_an_end_that_is_not_ours(house, pages, jane, url, says):
    pages.confirmed = url
    refused(house, pages, *jane)
    assert f"confirm_auth: {says}" in house.journal()


@pytest.mark.parametrize("names", ["code={code}", "code={code}&authCode={code}"])
def test_the_code_may_have_two_names(house, pages, jane, names):
    pages.confirmed = REDIRECT_URI + "?" + names + "&state={state}"
    let_in(house, pages, *jane)


def test_a_code_that_somebody_else_used(house, pages, vendor, jane):
    pages.confirmed = REDIRECT_URI + "?authCode=made-up-by-somebody&state={state}"
    refused(house, pages, *jane)
    assert "proof refused: 40078" in house.journal()


def test_an_expired_code_is_renewed(house, pages, jane):
    polled.let_in_by_a_new_code(house, pages, jane,
                                lambda ticket: pages.set_answer(ticket, no(EXPIRED)))


def test_a_moment_without_an_answer_is_borne(house, pages, vendor, jane):
    user, member = jane
    pages.hold_s = 0.3
    vendor.fault("login_with_qr", "reset")
    vendor.fault("login_with_qr", "status", status=503)
    ssh, ticket = scan(house, pages, user)
    with ssh:
        wait_until(lambda: pages.scans[ticket].told, 15, "a poll")
        pages.set_answer(ticket, no(TRANSIENT))
        wait_until(lambda: pages.scans[ticket].told == no(TRANSIENT), 15, "another one")
        approve(ssh, pages, ticket, member)
        expect_shell(ssh, user)


@pytest.mark.parametrize("name,value,says", [
    ("needLogin", "false", "the page is not as it was"),
    ("lang", "navigator.language", "the page is not as it was"),
    ("usingMfa", "true", "usingMfa: more is wanted than a scan"),
    ("needSomethingNew", "true", "needSomethingNew: more is wanted"),
    ("ssoUrl", "'https://idp.example.org/'", "ssoUrl: more is wanted")])
def test_a_page_that_wants_more(house, pages, jane, name, value, says):
    pages.page_vars[name] = value
    ends_at_once(house, jane[0])
    assert says in house.journal()


def test_the_page_of_one_organisation(house, pages, vendor, jane):
    pages.page_vars["exclusiveCorpId"] = f'"{vendor.corp_id}"'
    let_in(house, pages, *jane)


def test_an_address_that_is_not_registered(house, pages, vendor, jane):
    house.reload(config_text(pages, redirect_uri="https://other.example.org/"))
    ends_at_once(house, jane[0])
    assert "redirect_uri is wrong" in house.journal()


FAULTS = [("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}),
          ("html", {}), ("json", {"value": {}}), ("json", {"value": {"success": True}}),
          ("redirect", {"location": "https://op.example.org/"})]


@pytest.mark.parametrize("kind,details", FAULTS)
@pytest.mark.parametrize("call", ["challenge", "generate_qrcode"])
def test_faults_before_the_code_end_it(house, vendor, jane, call, kind, details):
    vendor.fault(call, kind, times=5, **details)
    ends_at_once(house, jane[0])


@pytest.mark.parametrize("kind,details", FAULTS)
def test_faults_at_the_end_let_nobody_in(house, pages, vendor, jane, kind, details):
    vendor.fault("confirm_auth", kind, times=5, **details)
    refused(house, pages, *jane)


def test_an_address_that_is_shut_out_is_left_alone(house, vendor, jane):
    vendor.fault("challenge", "deny")
    ends_at_once(house, jane[0])
    vendor.requests.clear()
    ends_at_once(house, jane[0])
    assert not vendor.requests


def test_a_sysadmin_tries_it(house, pages, vendor):
    result = house.ctl("method", "probe", "dingtalk")
    assert "page is as it was" in result.stdout and "takes app_key" in result.stdout
    calls = [endpoint for _, endpoint in vendor.requests]
    assert calls[-3:] == ["challenge", "generate_qrcode", "accessToken"]
    vendor.fault("challenge", "deny")
    result = house.ctl("method", "probe", "dingtalk", check=False)
    assert result.returncode and "1111" in result.stdout + result.stderr
    # What logins are told for a while is nothing to him.
    house.ctl("method", "probe", "dingtalk")
    pages.page_vars["usingMfa"] = "true"
    result = house.ctl("method", "probe", "dingtalk", check=False)
    assert result.returncode and "usingMfa" in result.stdout + result.stderr


def test_departments_are_groups(house, pages, vendor, jane):
    house.reload(config_text(pages, groups_allowed="7"))
    let_in(house, pages, *jane)
    house.reload(config_text(pages, groups_allowed="8"))
    refused(house, pages, *jane)


def test_no_secret_in_the_log(house, pages, vendor, jane):
    let_in(house, pages, *jane)
    pages.confirmed = REDIRECT_URI + "?authCode={code}&state=no"
    refused(house, pages, *jane)
    expect_no_secret(house, vendor)


def test_not_the_same_app_by_the_relay_and_past_it(house, pages, vendor, jane):
    both = config_text(pages) + dingtalk_section(vendor, name="other")
    house.write_config(both)
    result = house.ctl("check", check=False)
    assert "of one app" in result.stdout + result.stderr
