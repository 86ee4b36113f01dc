# SPDX-License-Identifier: GPL-3.0-or-later
"""WeChat over the relay (mode = relay): real sshd, jauthd, jauth-http and jauth-relay, the browser of
a computer that follows the link on the terminal to the vendor's page and comes back, and what the
vendor may say instead."""

import re
import urllib.parse

import pytest

import configs
from house import wait_until
from people import expect_no_shell, expect_shell
from phone import PhoneBrowser
from relay import Phone
from relayed import HOST, Scanned, Site, last_row
from telephone import at_wechat
from vendors.wechat import ACCOUNT, MOBILE, WEBSITE

DIGITS_PROMPT = r"The page's two digits[^\n]*: "


class Computer(Phone):
    """The browser of somebody's computer, and his telephone beside it."""

    def __init__(self, site, person, app="computer"):
        super().__init__(site.relay, app)
        self.site, self.person = site, person

    def target(self, link):
        """Presses; where the button leads."""
        sent = self.press(link, "wechat")
        assert sent.status == 303, (sent.status, sent.text)
        return sent.headers["Location"]

    def go(self, link):
        """To the vendor's page, where he agrees; the query of the way back."""
        return at_wechat(self.site.pages, self.target(link), self.person)

    def arrive(self, link, query):
        """Back from there; the page, when it no longer comes again by itself."""
        page = self.come_back(link, "wechat", query)
        while page.refreshes:
            page = self.come_back(link, "wechat", query)
        return page

    def approve(self, link):
        return self.arrive(link, self.go(link))

    def bring(self, link, code):
        """Back with a code of somebody's choice, and the right state."""
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(self.target(link)).query)["state"][0]
        return self.arrive(link, urllib.parse.urlencode({"code": code, "state": state}))


@pytest.fixture(scope="module")
def site(house, authority, wecom, op, wechat_pages):
    made = Site(house, authority, wecom, op).start()
    made.pages, made.vendor = wechat_pages, wechat_pages.vendor
    made.app = made.vendor.add_app(WEBSITE)
    wechat_pages.domains[made.app.app_id] = made.domain
    made.enrol()
    house.use_jauth("sshd")
    house.configure(text_of(made))
    yield made
    house.use_debian("sshd")
    house.stop_jauth()
    made.stop()


def text_of(site, **more):
    method = {"type": "wechat", **site.pages.keys(site.app), **more}
    return (configs.head() + configs.section("method wechat", method)
            + configs.service("sshd", "wechat"))


@pytest.fixture
def jane(house, site):
    """(Unix user, who he is at WeChat). The test fails when the vendor was asked wrongly, and jauthd
    starts without what it remembers of the vendor."""
    site.vendor.reset()
    site.vendor.requests.clear()
    house.reload(text_of(site))
    user = house.add_user()
    person = site.vendor.add_person(user, "张三")
    house.add_link(user, "wechat", person.unionid(site.app))
    yield user, person
    house.remove_user(user)
    complaints = list(site.vendor.complaints)
    site.vendor.reset()
    assert not complaints


def see(terminal):
    """The link on the terminal; there is no code, for a telephone could not go on with it."""
    terminal.wait_for(DIGITS_PROMPT)
    assert terminal.read_qr() is None
    return Scanned(terminal.seen)


def let_in(house, site, user, person):
    with house.sshd().login(user) as ssh:
        page = Computer(site, person).approve(see(ssh))
        assert page.head == "Type these two digits"
        ssh.send_line(page.digits)
        expect_shell(ssh, user)


def refused(house, site, user, arrive):
    """Never any digits, no shell; why, for the sysadmin."""
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        page = arrive(see(ssh))
        assert not page.digits
        ssh.send_line("42")
        expect_no_shell(ssh, user)
    return last_row(house, user)["reason"]


def refuse_person(house, site, user, person):
    return refused(house, site, user, Computer(site, person).approve)


def test_the_right_person(house, site, jane):
    let_in(house, site, *jane)
    row = last_row(house, jane[0])
    assert (row["outcome"], row["method"]) == ("granted", "wechat")


def test_the_way_to_the_vendor_is_as_documented(house, site, jane):
    user, person = jane
    with house.sshd().login(user) as ssh:
        link = see(ssh)
        computer = Computer(site, person)
        target = computer.target(link)
        assert re.fullmatch(
            re.escape(f"{site.vendor.url}/connect/qrconnect?appid={site.app.app_id}&redirect_uri="
                      + urllib.parse.quote_plus(f"{site.url}/cb/wechat")
                      + "&response_type=code&scope=snsapi_login&state=")
            + "[0-9a-f]{32}#wechat_redirect", target)
        page = computer.arrive(link, at_wechat(site.pages, target, person))
        ssh.send_line(page.digits)
        expect_shell(ssh, user)


@pytest.mark.parametrize("app", ["browser", "wechat", "wecom"])
def test_a_telephone_is_sent_to_a_computer(house, site, jane, app):
    user, person = jane
    with house.sshd().login(user) as ssh:
        link = see(ssh)
        page = Phone(site.relay, app).open(link)
        assert page.methods == [] and f"/q/{link.id}" in page.text
        ssh.send_line(Computer(site, person).approve(link).digits)
        expect_shell(ssh, user)


def test_a_real_browser(house, authority, site, jane):
    user, person = jane
    with house.sshd().login(user) as ssh, \
            PhoneBrowser(authority.ca_path, "computer", width=1000) as browser:
        browser.open(f"{site.url}/q/{see(ssh).id}")
        browser.wait_text(user)
        assert HOST in browser.text() and "127.0.0.1" in browser.text()
        browser.press("WeChat")
        browser.wait_text("使用微信扫一扫登录")
        uuid = site.pages.wait_for_scan()
        site.pages.scan(uuid, person)
        wait_until(lambda: site.pages.scans[uuid].told == 404, 10, "the page saw the scan")
        site.pages.agree(uuid)
        browser.wait_text("Type these two digits")
        ssh.send_line(browser.text(".digits"))
        expect_shell(ssh, user)


# --- who it is ---

def test_another_person_with_the_same_name(house, site, jane):
    user, person = jane
    other = site.vendor.add_person("somebody", person.nickname)
    assert "not this user" in refuse_person(house, site, user, other)


def test_a_unionid_that_only_the_second_call_tells(house, site, jane):
    site.vendor.withholds_unionid = True
    let_in(house, site, *jane)


def test_an_app_that_belongs_to_no_platform(house, site, jane):
    """Then the openid counts, within this app; and a link with the unionid is somebody else's."""
    user, person = jane
    site.app.platform, before = None, site.app.platform
    try:
        assert "not this user" in refuse_person(house, site, user, person)
        house.add_link(user, f"wechat:{site.app.app_id}", person.openid(site.app))
        let_in(house, site, user, person)
    finally:
        site.app.platform = before


def test_one_link_for_all_apps_of_a_platform(house, site, jane):
    other = site.vendor.add_app(WEBSITE)
    site.pages.domains[other.app_id] = site.domain
    house.reload(text_of(site, **site.pages.keys(other)))
    let_in(house, site, *jane)


def test_an_app_of_another_platform(house, site, jane):
    other = site.vendor.add_app(WEBSITE, platform="other")
    site.pages.domains[other.app_id] = site.domain
    house.reload(text_of(site, **site.pages.keys(other)))
    assert "not this user" in refuse_person(house, site, *jane)


# --- codes ---

def n_alerts(house):
    """Codes that somebody else must have used."""
    return house.journal().count("proof refused: 40163")


def test_refused_on_the_telephone(house, site, jane):
    """Older pages come back with the state alone."""
    user, person = jane
    computer = Computer(site, person)

    def refuse(link):
        query = urllib.parse.urlsplit(computer.target(link)).query
        state = urllib.parse.parse_qs(query)["state"][0]
        return computer.arrive(link, f"state={state}")

    assert "without a code" in refused(house, site, user, refuse)


def test_a_code_that_somebody_used(house, site, jane):
    user, person = jane
    code = site.vendor.new_code(site.app, person)
    site.vendor.codes[code].is_used = site.vendor.codes[code].is_lost = True
    before = n_alerts(house)
    assert "40163" in refused(house, site, user,
                              lambda link: Computer(site, person).bring(link, code))
    assert n_alerts(house) == before + 1


@pytest.mark.parametrize("kind", [WEBSITE, MOBILE, ACCOUNT])
def test_a_code_of_another_app(house, site, jane, kind):
    user, person = jane
    code = site.vendor.new_code(site.vendor.add_app(kind), person)
    assert "40029" in refused(house, site, user,
                              lambda link: Computer(site, person).bring(link, code))


def test_a_code_of_another_person(house, site, jane):
    user, person = jane
    code = site.vendor.new_code(site.app, site.vendor.add_person("mallory"))
    assert "not this user" in refused(house, site, user,
                                      lambda link: Computer(site, person).bring(link, code))


@pytest.mark.parametrize("code", ["made-up", "a&openid=b", "x" * 129, "张"])
def test_what_is_no_code(house, site, jane, code):
    user, person = jane
    refused(house, site, user, lambda link: Computer(site, person).bring(link, code))


def test_a_code_that_is_too_old(house, site, jane):
    user, person = jane
    computer = Computer(site, person)

    def dawdle(link):
        query = computer.go(link)
        site.vendor.expire_codes()
        return computer.arrive(link, query)

    assert "40029" in refused(house, site, user, dawdle)


def test_a_snapshot_is_nobody(house, site, jane):
    user, person = jane
    code = site.vendor.new_code(site.app, person, is_snapshot=True)
    site.vendor.fail("sns/userinfo", 48001)
    assert "快照页" in refused(house, site, user,
                            lambda link: Computer(site, person).bring(link, code))


# --- what the vendor may say ---

@pytest.mark.parametrize("code", [40013, 40029, 40125, 40164, 40226, 40243, 42003, 45009, 45011,
                                  48001, 50002, 50004, 50007, 89503, 12345])
def test_errors_let_nobody_in(house, site, jane, code):
    site.vendor.fail("sns/oauth2/access_token", code)
    assert str(code) in refuse_person(house, site, *jane)


@pytest.mark.parametrize("call", ["sns/oauth2/access_token", "sns/userinfo"])
def test_a_busy_vendor_is_asked_again(house, site, jane, call):
    site.vendor.fail(call, -1, times=3)
    let_in(house, site, *jane)


def test_a_busy_vendor_that_used_up_the_code(house, site, jane):
    site.vendor.fail("sns/oauth2/access_token", -1, late=True)
    before = n_alerts(house)
    assert "40163" in refuse_person(house, site, *jane)
    assert n_alerts(house) == before


@pytest.mark.parametrize("code", [45009, 45011])
def test_a_used_up_quota_is_left_alone(house, site, jane, code):
    site.vendor.fail("sns/oauth2/access_token", code)
    refuse_person(house, site, *jane)
    assert str(code) in refuse_person(house, site, *jane)    # or the vendor complains


@pytest.mark.parametrize("kind,details", [
    ("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}), ("html", {}),
    ("json", {"value": {}}), ("plain", {"value": {"unionid": "u"}}),
    ("redirect", {"location": "https://op.example.org/"})])
def test_faults_of_the_api(house, site, jane, kind, details):
    """No code is worth anything then; without a name one can live."""
    site.vendor.fault("sns/oauth2/access_token", kind, times=5, **details)
    refuse_person(house, site, *jane)
    site.vendor.clear_faults()
    site.vendor.fault("sns/userinfo", kind, times=5, **details)
    let_in(house, site, *jane)
    site.vendor.clear_faults()
    site.vendor.withholds_unionid = True
    site.vendor.fault("sns/userinfo", kind, times=5, **details)
    refuse_person(house, site, *jane)


def test_a_name_of_somebody_else(house, site, jane):
    site.vendor.fault("sns/userinfo", "plain", value={"openid": "o", "nickname": "n"})
    assert "somebody else" in refuse_person(house, site, *jane)


def test_no_secret_in_the_log(house, site, jane):
    let_in(house, site, *jane)
    site.vendor.fail("sns/oauth2/access_token", 40125)
    refuse_person(house, site, *jane)
    log = house.journal()
    encoded = [urllib.parse.quote_plus(word) for word in site.vendor.secrets_made]
    assert not [word for word in encoded + site.vendor.secrets_made if word in log]
