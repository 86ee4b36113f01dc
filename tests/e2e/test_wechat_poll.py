# SPDX-License-Identifier: GPL-3.0-or-later
"""WeChat without a relay (mode = poll, mode = device) through real sshd: the vendor's code is on
the screen, its polls tell what became of it, and whatever is not known lets nobody in."""

import pytest

import configs
import polled
from apps import at_sshd, expect_no_secret, on_best_behaviour, wechat_person
from people import expect_shell, open_code
from polled import ends_at_once, refused_after
from telephone import ask
from vendors import wechat_open
from vendors.wechat import MOBILE, WEBSITE

MODES = ["poll", "device"]
KINDS = {"poll": WEBSITE, "device": MOBILE}


def config_text(pages, app, **more):
    own = {"mode": "poll", "redirect_uri": "https://sso.example.org/nobody-comes-here"}
    method = {"type": "wechat", **pages.keys(app), "poll_url": pages.vendor.url,
              "device_flow_alone": "yes", **(own if app.kind == WEBSITE else {"mode": "device"}),
              **more}
    return (configs.head() + configs.section("method wechat", method)
            + configs.service("sshd", "wechat"))


@pytest.fixture(scope="module")
def apps(wechat_pages):
    made = {mode: wechat_pages.vendor.add_app(KINDS[mode]) for mode in MODES}
    wechat_pages.domains[made["poll"].app_id] = "sso.example.org"
    return made


@pytest.fixture(scope="module", autouse=True)
def jauth(house, wechat_pages, apps):
    with at_sshd(house, config_text(wechat_pages, apps["poll"])):
        yield house


class Site:
    """The vendor for one of the two ways."""

    def __init__(self, house, pages, app):
        self.house, self.pages, self.app = house, pages, app
        self.vendor = pages.vendor
        self.configure()

    def configure(self, **more):
        """jauthd starts without a ticket and without what it remembers of the vendor."""
        self.house.reload(config_text(self.pages, self.app, **more))

    def n_polls(self):
        return self.vendor.n_calls("poll")


@pytest.fixture(params=MODES)
def site(request, house, wechat_pages, apps):
    """Both ways."""
    with on_best_behaviour(wechat_pages.vendor):
        yield Site(house, wechat_pages, apps[request.param])


@pytest.fixture
def jane(house, site):
    with wechat_person(house, site.vendor, site.app) as who:
        yield who


def refused(house, site, user, person):
    polled.refused(house, site.pages, user, person)


def let_in(house, site, user, person):
    polled.let_in(house, site.pages, user, person)


def test_the_right_person(house, site, jane):
    let_in(house, site, *jane)
    assert house.audit(jane[0])[-1]["outcome"] == "granted"


def test_the_code_is_opened_in_wechat(house, site, jane):
    user, person = jane
    with house.sshd().login(user, NumberOfPasswordPrompts=1, rows=30) as ssh:
        link = open_code(ssh)
        headers = {"User-Agent": wechat_open.TELEPHONE, wechat_open.PERSON_HEADER: person.name}
        for form in (None, {"action": "agree"}):
            status, _, _ = ask(link, site.vendor.ca, "POST" if form else "GET", form, **headers)
            assert status == 200
        ssh.send_line()
        expect_shell(ssh, user)


def test_scanned_and_agreed_a_while_later(house, site, jane):
    polled.let_in_after_a_while(house, site.pages, jane, lambda told: told == wechat_open.SEEN)


def test_polls_are_held_and_repeated(house, site, jane):
    polled.let_in_after_polls(house, site.pages, jane, site.n_polls)


def test_polls_end_when_the_person_leaves(house, site, jane):
    polled.no_polls_behind(house, site.pages, jane[0], site.n_polls)


def test_refused_on_the_telephone(house, site, jane):
    user, person = jane

    def refuse(uuid):
        site.pages.scan(uuid, person)
        site.pages.refuse(uuid)

    refused_after(house, site.pages, user, refuse)


@pytest.mark.parametrize("status,code", [(405, ""), (406, ""), (200, ""), (408, "041aBc")])
def test_what_is_not_known_lets_nobody_in(house, site, jane, status, code):
    def say(uuid):
        site.pages.set_status(uuid, status, code)
        site.pages.scans[uuid].told = wechat_open.SEEN if status == 408 else None

    refused_after(house, site.pages, jane[0], say)
    site.vendor.complaints.clear()       # about `last`, since the test meddles with it


def test_another_person_with_the_same_name(house, site, jane):
    user, person = jane
    other = site.vendor.add_person("somebody", person.nickname)
    refused(house, site, user, other)
    last = house.audit(user)[-1]
    assert "not this user" in last["reason"]


def test_a_person_whom_the_vendor_has_restricted(house, site, jane):
    jane[1].is_restricted = True
    refused(house, site, *jane)


def test_a_unionid_that_only_the_second_call_tells(house, site, jane):
    site.vendor.withholds_unionid = True
    let_in(house, site, *jane)


def test_a_name_that_is_not_told(house, site, jane):
    site.vendor.fail("sns/userinfo", 45011)
    let_in(house, site, *jane)
    let_in(house, site, *jane)           # the vendor complains when it is asked again


def n_alerts(house):
    return house.journal().count("proof refused: 40163")


def test_a_code_that_somebody_else_used(house, site, jane):
    user, person = jane
    before = n_alerts(house)

    def use_it_before(uuid):
        site.pages.scan(uuid, person)
        code = site.vendor.new_code(site.app, person)
        site.vendor.codes[code].is_used = site.vendor.codes[code].is_lost = True
        site.pages.set_status(uuid, wechat_open.AGREED, code)

    refused_after(house, site.pages, user, use_it_before)
    assert n_alerts(house) == before + 1


def test_a_code_of_another_app(house, site, jane, apps):
    user, person = jane
    other = next(app for app in apps.values() if app is not site.app)
    refused_after(house, site.pages, user, lambda uuid: site.pages.set_status(
        uuid, wechat_open.AGREED, site.vendor.new_code(other, person)))


@pytest.mark.parametrize("late", [False, True])
def test_a_busy_vendor_is_asked_again(house, site, jane, late):
    """It may have used the code up all the same; then that is nobody's attack."""
    site.vendor.fail("sns/oauth2/access_token", -1, late=late)
    before = n_alerts(house)
    (refused if late else let_in)(house, site, *jane)
    assert n_alerts(house) == before


@pytest.mark.parametrize("status", [402, 500])
def test_an_expired_code_is_renewed(house, site, jane, status):
    polled.let_in_by_a_new_code(house, site.pages, jane,
                                lambda uuid: site.pages.set_status(uuid, status))


@pytest.mark.parametrize("site", ["poll"], indirect=True)
def test_the_page_is_not_as_it_was(house, site, jane):
    site.pages.changed_page = True
    assert "not as it was" in ends_at_once(house, jane[0])


@pytest.mark.parametrize("site", ["poll"], indirect=True)
def test_the_callback_domain_is_another(house, site, jane):
    site.configure(redirect_uri="https://other.example.org/")
    assert "授权回调域" in ends_at_once(house, jane[0])


def test_a_wrong_app_id(house, site, jane):
    site.configure(app_id="wx00000000")
    ends_at_once(house, jane[0])


def test_an_app_of_the_other_kind(house, site, jane, apps):
    other = next(app for app in apps.values() if app is not site.app)
    site.configure(app_id=other.app_id, app_secret_file=site.vendor.keys(other)["app_secret_file"])
    ends_at_once(house, jane[0])


@pytest.mark.parametrize("kind,details", [
    ("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}), ("html", {}),
    ("json", {"value": {}}), ("plain", {"value": {"openid": "o", "unionid": "u"}}),
    ("plain", {"value": {"access_token": "t", "openid": 7, "unionid": "u"}}),
    ("redirect", {"location": "https://op.example.org/"})])
def test_faults_of_the_api_let_nobody_in(house, site, jane, kind, details):
    site.vendor.fault("sns/oauth2/access_token", kind, times=5, **details)
    refused(house, site, *jane)


@pytest.mark.parametrize("kind", ["reset", "cut", "malformed", "status", "html"])
def test_polls_that_fail_for_a_while(house, site, jane, kind):
    """Gateways and lost connections are borne; what is no answer of the vendor's is not."""
    site.vendor.fault("poll", kind, times=2)
    is_borne = kind in ("reset", "cut", "status")
    (let_in if is_borne else refused)(house, site, *jane)


# --- the ticket of mode = device ---

@pytest.fixture
def device(house, wechat_pages, apps):
    with on_best_behaviour(wechat_pages.vendor):
        yield Site(house, wechat_pages, apps["device"])


@pytest.fixture
def james(house, device):
    with wechat_person(house, device.vendor, device.app) as who:
        yield who


def test_one_ticket_for_all_logins(house, device, james):
    for _ in range(3):
        let_in(house, device, *james)
    assert [device.vendor.n_calls(call)
            for call in ("cgi-bin/token", "getticket", "sdk/qrconnect")] == [1, 1, 3]


def test_a_ticket_that_does_not_hold_is_replaced(house, device, james):
    let_in(house, device, *james)
    device.pages.expire_tickets()
    let_in(house, device, *james)
    assert device.vendor.n_calls("getticket") == 2


def test_a_token_that_another_program_replaced(house, device, james):
    let_in(house, device, *james)
    device.vendor.revoke_tokens(device.app)
    device.pages.expire_tickets()
    let_in(house, device, *james)
    assert device.vendor.n_calls("cgi-bin/token") == 2


def test_an_address_that_is_not_allowed_is_named(house, device, james):
    device.vendor.allowed_ips = {"203.0.113.7"}
    assert "allow 127.0.0.1 in IP 白名单" in ends_at_once(house, james[0])


@pytest.mark.parametrize("call,code", [
    ("cgi-bin/token", 40125), ("cgi-bin/token", 45009), ("getticket", 48001),
    ("getticket", 45009), ("sdk/qrconnect", 45011)])
def test_errors_on_the_way_to_a_code(house, device, james, call, code):
    device.vendor.fail(call, code)
    assert str(code) in ends_at_once(house, james[0])
    ends_at_once(house, james[0])        # the vendor complains when it is asked again too soon


@pytest.mark.parametrize("call", ["cgi-bin/token", "getticket", "sdk/qrconnect"])
def test_a_busy_vendor_on_the_way_to_a_code(house, device, james, call):
    device.vendor.fail(call, -1, times=2)
    let_in(house, device, *james)


def test_no_secret_in_the_log(house, site, jane):
    let_in(house, site, *jane)
    site.vendor.fail("sns/oauth2/access_token", 40125)
    refused(house, site, *jane)
    expect_no_secret(house, site.vendor)
