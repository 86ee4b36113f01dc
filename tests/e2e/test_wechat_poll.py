# SPDX-License-Identifier: GPL-3.0-or-later
"""WeChat without a relay (mode = poll, mode = device) through real sshd: the vendor's code is on
the screen, its polls tell what became of it, and whatever is not known lets nobody in."""

import signal
import urllib.parse

import pytest

import configs
from house import wait_until
from people import CODE_PROMPT, GATE, RENEW, expect_no_shell, expect_shell, open_code
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
    house.use_jauth("sshd")
    house.configure(config_text(wechat_pages, apps["poll"]))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


class Pages:
    """The vendor on its best behaviour, for one of the two ways."""

    def __init__(self, house, pages, app):
        self.house, self.pages, self.app = house, pages, app
        self.vendor = pages.vendor

    def configure(self, **more):
        self.house.reload(config_text(self.pages, self.app, **more))

    def n_calls(self, name):
        return [endpoint for _, endpoint in self.vendor.requests].count(name)


def begin(house, pages, app):
    pages.vendor.reset()
    pages.vendor.requests.clear()
    made = Pages(house, pages, app)
    made.configure()
    return made


@pytest.fixture(params=MODES)
def site(request, house, wechat_pages, apps):
    """Both ways. The test fails when a request was against the rules, and jauthd starts without a
    ticket and without what it remembers of the vendor."""
    yield begin(house, wechat_pages, apps[request.param])
    complaints = list(wechat_pages.vendor.complaints)
    wechat_pages.vendor.reset()
    assert not complaints


@pytest.fixture
def jane(house, site):
    """(Unix user, who he is at WeChat)"""
    user = house.add_user()
    person = site.vendor.add_person(user, "张三")
    house.add_link(user, "wechat", person.unionid(site.app))
    yield user, person
    house.remove_user(user)


def scan(house, site, user):
    """A terminal with the code, and the uuid in it."""
    ssh = house.sshd().login(user, NumberOfPasswordPrompts=1, rows=30)
    link = open_code(ssh)
    uuid = site.pages.wait_for_scan(len(site.pages.scans))
    assert link == f"{site.vendor.url}/connect/confirm?uuid={uuid}"
    return ssh, uuid


def attempt(house, site, user, person):
    ssh, uuid = scan(house, site, user)
    site.pages.scan(uuid, person)
    site.pages.agree(uuid)
    ssh.send_line()
    return ssh


def refused(house, site, user, person):
    with attempt(house, site, user, person) as ssh:
        expect_no_shell(ssh, user)


def let_in(house, site, user, person):
    with attempt(house, site, user, person) as ssh:
        expect_shell(ssh, user)


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
    user, person = jane
    ssh, uuid = scan(house, site, user)
    with ssh:
        site.pages.scan(uuid, person)
        wait_until(lambda: site.pages.scans[uuid].told == wechat_open.SEEN, 10, "a poll saw it")
        site.pages.agree(uuid)
        ssh.send_line()
        expect_shell(ssh, user)


def test_polls_are_held_and_repeated(house, site, jane):
    user, person = jane
    site.pages.hold_s = 0.3
    ssh, uuid = scan(house, site, user)
    with ssh:
        wait_until(lambda: site.n_calls("poll") > 3, 20, "some polls")
        site.pages.scan(uuid, person)
        site.pages.agree(uuid)
        ssh.send_line()
        expect_shell(ssh, user)


def test_polls_end_when_the_person_leaves(house, site, jane):
    site.pages.hold_s = 0.3
    ssh, _ = scan(house, site, jane[0])
    with ssh:
        wait_until(lambda: site.n_calls("poll") > 1, 20, "some polls")
        ssh.kill(signal.SIGTERM)
    wait_until(lambda: house.audit(jane[0])[-1]["outcome"] != "granted", 10, "the login's end")
    before = site.n_calls("poll")
    with pytest.raises(TimeoutError):
        wait_until(lambda: site.n_calls("poll") > before + 1, 4, "one more poll")


def test_refused_on_the_telephone(house, site, jane):
    user, person = jane
    ssh, uuid = scan(house, site, user)
    with ssh:
        site.pages.scan(uuid, person)
        site.pages.refuse(uuid)
        ssh.send_line()
        expect_no_shell(ssh, user)


@pytest.mark.parametrize("status,code", [(405, ""), (406, ""), (200, ""), (408, "041aBc")])
def test_what_is_not_known_lets_nobody_in(house, site, jane, status, code):
    user, _ = jane
    ssh, uuid = scan(house, site, user)
    with ssh:
        site.pages.set_status(uuid, status, code)
        site.pages.scans[uuid].told = wechat_open.SEEN if status == 408 else None
        ssh.send_line()
        expect_no_shell(ssh, user)
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
    ssh, uuid = scan(house, site, user)
    with ssh:
        site.pages.scan(uuid, person)
        code = site.vendor.new_code(site.app, person)
        site.vendor.codes[code].is_used = site.vendor.codes[code].is_lost = True
        site.pages.set_status(uuid, wechat_open.AGREED, code)
        ssh.send_line()
        expect_no_shell(ssh, user)
    assert n_alerts(house) == before + 1


def test_a_code_of_another_app(house, site, jane, apps):
    user, person = jane
    other = next(app for app in apps.values() if app is not site.app)
    ssh, uuid = scan(house, site, user)
    with ssh:
        site.pages.set_status(uuid, wechat_open.AGREED, site.vendor.new_code(other, person))
        ssh.send_line()
        expect_no_shell(ssh, user)


@pytest.mark.parametrize("late", [False, True])
def test_a_busy_vendor_is_asked_again(house, site, jane, late):
    """It may have used the code up all the same; then that is nobody's attack."""
    site.vendor.fail("sns/oauth2/access_token", -1, late=late)
    before = n_alerts(house)
    (refused if late else let_in)(house, site, *jane)
    assert n_alerts(house) == before


@pytest.mark.parametrize("status", [402, 500])
def test_an_expired_code_is_renewed(house, site, jane, status):
    user, person = jane
    ssh, uuid = scan(house, site, user)
    with ssh:
        site.pages.set_status(uuid, status)
        ssh.send_line()
        ssh.wait_for(RENEW)
        ssh.send_line()
        ssh.wait_for(CODE_PROMPT)
        uuid = site.pages.wait_for_scan(2)
        site.pages.scan(uuid, person)
        site.pages.agree(uuid)
        ssh.send_line()
        expect_shell(ssh, user)


def ends_at_once(house, user):
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_shell(ssh, user)
    return house.audit(user)[-1]["reason"]


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
    yield begin(house, wechat_pages, apps["device"])
    complaints = list(wechat_pages.vendor.complaints)
    wechat_pages.vendor.reset()
    assert not complaints


@pytest.fixture
def james(house, device):
    user = house.add_user()
    person = device.vendor.add_person(user)
    house.add_link(user, "wechat", person.unionid(device.app))
    yield user, person
    house.remove_user(user)


def test_one_ticket_for_all_logins(house, device, james):
    for _ in range(3):
        let_in(house, device, *james)
    assert [device.n_calls(call) for call in ("cgi-bin/token", "getticket", "sdk/qrconnect")] == \
        [1, 1, 3]


def test_a_ticket_that_does_not_hold_is_replaced(house, device, james):
    let_in(house, device, *james)
    device.pages.expire_tickets()
    let_in(house, device, *james)
    assert device.n_calls("getticket") == 2


def test_a_token_that_another_program_replaced(house, device, james):
    let_in(house, device, *james)
    device.vendor.revoke_tokens(device.app)
    device.pages.expire_tickets()
    let_in(house, device, *james)
    assert device.n_calls("cgi-bin/token") == 2


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
    log = house.journal()
    secret = [urllib.parse.quote_plus(word) for word in site.vendor.secrets_made]
    assert not [word for word in secret + site.vendor.secrets_made if word in log]
