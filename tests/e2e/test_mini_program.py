# SPDX-License-Identifier: GPL-3.0-or-later
"""WeChat's mini program through real sshd and the real jauth-relay: the program as it is installed
(miniprogram.py), both ways into it, the vendor's errors, and what people and strangers do. Its logic
alone, with a clock of its own, is in miniprogram_flow.js."""

import contextlib
import json
import re
import subprocess
import urllib.parse

import pytest

import configs
from apps import at_sshd, expect_no_secret, on_best_behaviour, wechat_person
from house import wait_until
from lib_http import ConnectProxy
from linked import DIGITS_PROMPT, wrong
from miniprogram import HERE, INSTALLED, NODE, MiniProgram, installed_for
from people import expect_no_shell, expect_shell
from relay import NAME, Phone, words
from relayed import HOST, Site, last_row, wait_stopped
from vendors.wechat import PROGRAM, WeChat
from vendors.wechat_mini import CALL, MiniPrograms

METHOD = "mini"
SESSION = "sns/jscode2session"
OVER = "This login is over"
ONE_TRY = {"NumberOfPasswordPrompts": 1}


class Wechat:
    """The vendor, our program there, and the program of somebody else."""

    def __init__(self, authority):
        self.vendor = WeChat(authority).start()
        self.links = self.vendor.add_part(MiniPrograms(self.vendor))
        self.app = self.vendor.add_app(PROGRAM)
        self.alone = self.vendor.add_app(PROGRAM, platform=None)
        self.other = self.vendor.add_app(PROGRAM)
        for app in (self.app, self.alone):
            self.links.pages[app.app_id] = {"pages/login/index"}

    def section(self, app=None, **more):
        return configs.section(f"method {METHOD}", {
            "type": "wechat-mini-program", **self.vendor.keys(app or self.app), **more})

    def n_calls(self, call):
        return self.vendor.n_calls(call)


@pytest.fixture(scope="module")
def wechat(authority):
    made = Wechat(authority)
    yield made
    made.vendor.stop()


@pytest.fixture(scope="module")
def site(house, authority, wecom, op, wechat):
    made = Site(house, authority, wecom, op).start()
    made.enrol()
    made.program = installed_for(made.url, house.folder)
    with at_sshd(house, text_of(wechat)):
        yield made
    made.stop()


def text_of(wechat, app=None, methods=METHOD, more="", **keys):
    return (configs.head() + wechat.section(app, **keys) + more
            + configs.service("sshd", methods))


@pytest.fixture
def configured(house, site, wechat):
    """Another configuration for one test."""
    yield lambda **changes: house.reload(text_of(wechat, **changes))
    house.reload(text_of(wechat))


@pytest.fixture
def zhang(house, site, wechat, configured):
    """Who is linked to a Unix user, and that user's name."""
    with on_best_behaviour(wechat.vendor):
        house.reload(text_of(wechat))
        with wechat_person(house, wechat.vendor, wechat.app) as (user, person):
            house.add_link(user, f"wechat:{wechat.alone.app_id}", person.openid(wechat.alone))
            person.user = user
            yield person
        house.unlock_limits(user)


@contextlib.contextmanager
def waiting(house, site, person, **options):
    """A terminal that waits for digits, and what its code holds."""
    with house.sshd().login(person.user, **options) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        yield ssh, ssh.read_qr()


@pytest.fixture
def telephone(authority, site, wechat):
    """Telephones of people, with our program in their WeChat."""
    with contextlib.ExitStack() as stack:
        def make(person, app=None, folder=None, domain=None, **options):
            return stack.enter_context(MiniProgram(
                folder or site.program, wechat.vendor, app or wechat.app, person,
                authority.ca_path, domain or site.url, **options))
        yield make


def id_of(code):
    return re.search(r"/[mq]/([A-Za-z0-9_-]{22})$", code).group(1)


def refused(house, person, ssh):
    """No shell; why, for the sysadmin."""
    ssh.send_line("42")
    expect_no_shell(ssh, person.user)
    return last_row(house, person.user)["reason"]


# --- in by the scanned code ---

def test_from_the_code_to_the_shell(house, site, wechat, zhang, telephone):
    with waiting(house, site, zhang) as (ssh, code):
        assert re.fullmatch(re.escape(site.url) + "/m/[A-Za-z0-9_-]{22}", code)
        program = telephone(zhang).scan(code)
        screen = program.wait_question()
        facts = screen.facts
        assert (facts["Computer"], facts["User name, as typed at the login"], facts["From"],
                facts["Service"]) == (HOST, zhang.user, "127.0.0.1", "sshd")
        assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \(\d+ s ago\)", facts["Since"])
        assert screen.buttons == ["Confirm", "This wasn't me"]
        assert program.n_logins == wechat.n_calls(SESSION) == 0         # opening it did nothing
        digits = program.approve()
        assert "Never tell them to anyone" in program.screen.text
        ssh.send_line(digits)
        expect_shell(ssh, zhang.user)
        program.wait_head("You are logged in")
        assert not program.screen.digits
    row = last_row(house, zhang.user)
    assert (row["outcome"], row["method"]) == ("granted", METHOD)


def test_a_code_of_wx_login_is_all_that_is_sent(house, site, wechat, zhang, telephone):
    with waiting(house, site, zhang) as (ssh, code):
        program = telephone(zhang).scan(code)
        ssh.send_line(program.approve())
        expect_shell(ssh, zhang.user)
    link = f"{site.url}/api/m/{id_of(code)}"
    asked, sent, *results = program.requests
    assert (asked["method"], asked["url"], asked["headers"], asked["body"]) == ("GET", link, [], "")
    assert (sent["method"], sent["url"], sent["headers"]) == ("POST", link, ["Content-Type"])
    body = json.loads(sent["body"])
    assert set(body) == {"action", "js_code"} and body["action"] == "confirm"
    for result in results:
        assert (result["url"], result["headers"], result["body"]) == (
            f"{link}/result", ["X-Receipt"], "")


def test_an_app_without_an_open_platform(house, site, wechat, zhang, telephone, configured):
    """There is no unionid then; the openid is of this app alone."""
    configured(app=wechat.alone)
    with waiting(house, site, zhang) as (ssh, code):
        ssh.send_line(telephone(zhang, wechat.alone).scan(code).approve())
        expect_shell(ssh, zhang.user)


@pytest.mark.parametrize("language,old", [("zh_CN", False), ("zh_TW", True), ("en", True)])
def test_in_the_language_of_wechat(house, site, zhang, telephone, language, old):
    chinese = language != "en"
    with waiting(house, site, zhang) as (ssh, code):
        program = telephone(zhang, language=language, old=old).scan(code)
        screen = program.wait_head("这是您的登录吗？" if chinese else "Is this your login\\?")
        assert screen.title == ("登录" if chinese else "Log in")
        assert screen.facts["来自" if chinese else "From"] == "127.0.0.1"
        program.tap("确认登录" if chinese else "Confirm")
        program.wait_head("请输入这两位数字" if chinese else "Type these two digits")
        ssh.send_line(program.screen.digits)
        expect_shell(ssh, zhang.user)
        program.wait_head("您已登录" if chinese else "You are logged in")


# --- in by the relay's page ---

def from_the_page(site, code):
    """What WeChat's browser is led to, which knows no rule for the address."""
    browser = Phone(site.relay, "wechat")
    page = browser.get(urllib.parse.urlsplit(code).path)
    assert page.methods == [METHOD]
    sent = browser.post(Scanned(code), {"token": page.token, "method": METHOD})
    return sent


class Scanned:
    def __init__(self, code):
        self.id = id_of(code)


def test_by_a_url_link(house, site, wechat, zhang, telephone, configured):
    configured(url_link="https://wxaurl.cn/AbCdEf")
    with waiting(house, site, zhang) as (ssh, code):
        sent = from_the_page(site, code)
        assert (sent.status, sent.headers["Location"]) == (
            303, f"https://wxaurl.cn/AbCdEf?cq={id_of(code)}")
        program = telephone(zhang).follow(sent.headers["Location"])
        ssh.send_line(program.approve())
        expect_shell(ssh, zhang.user)
    assert wechat.n_calls("cgi-bin/stable_token") == 0


def test_a_url_link_is_made_once_for_all(house, site, wechat, zhang, telephone, configured):
    configured(make_url_link="yes")
    wait_until(lambda: wechat.links.made, 20, "a URL link")
    for _ in range(2):
        with waiting(house, site, zhang) as (ssh, code):
            url = from_the_page(site, code).headers["Location"]
            assert wechat.links.opened(url) == (wechat.app, "pages/login/index")
            ssh.send_line(telephone(zhang).follow(url).approve())
            expect_shell(ssh, zhang.user)
    assert wechat.n_calls(CALL) == wechat.n_calls("cgi-bin/stable_token") == 1


@pytest.mark.parametrize("change,says", [
    (lambda wechat: setattr(wechat.links, "is_released", False), "85079"),
    (lambda wechat: setattr(wechat.links, "is_personal", True), "48001"),
    (lambda wechat: setattr(wechat.links, "per_day", 0), "44993"),
    (lambda wechat: wechat.vendor.fail(CALL, 44990), "44990"),
    (lambda wechat: wechat.vendor.fault(CALL, "html"), "generate_urllink"),
    (lambda wechat: setattr(wechat.vendor, "allowed_ips", set()), "allow 127.0.0.1 in IP 白名单")])
def test_a_url_link_that_cannot_be_made(house, site, wechat, zhang, telephone, configured, change,
                                        says):
    """The log says why; who comes by the scanned code gets in, and the page leads nowhere."""
    change(wechat)
    configured(make_url_link="yes")
    wait_until(lambda: says in house.journal(), 20, says)
    with waiting(house, site, zhang) as (ssh, code):
        ssh.send_line(telephone(zhang).scan(code).approve())
        expect_shell(ssh, zhang.user)
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        assert from_the_page(site, code).head == "It did not work"
        assert "no URL link could be made yet" in refused(house, zhang, ssh)


def test_a_page_that_leads_nowhere(house, site, wechat, zhang):
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        assert from_the_page(site, code).head == "It did not work"
        assert "url_link or make_url_link is needed" in refused(house, zhang, ssh)


def test_one_code_for_several_apps(house, site, wechat, zhang, telephone, configured):
    """It holds /q/: by a second rule, or by the page in WeChat's browser."""
    configured(methods=f"wecom, {METHOD}", more=site.wecom_section(),
               url_link="https://wxaurl.cn/AbCdEf")
    with waiting(house, site, zhang) as (ssh, code):
        assert code.startswith(f"{site.url}/q/")
        assert Phone(site.relay, "wecom").open(Scanned(code)).methods == ["wecom"]
        ssh.send_line(telephone(zhang).scan(code).approve())
        expect_shell(ssh, zhang.user)
    with waiting(house, site, zhang) as (ssh, code):
        url = from_the_page(site, code).headers["Location"]
        ssh.send_line(telephone(zhang).follow(url).approve())
        expect_shell(ssh, zhang.user)


def test_the_file_that_proves_who_owns_the_address(site):
    (site.relay.files / "AbCdEf0123.txt").write_text("0123456789abcdef")
    phone = Phone(site.relay)
    for path in ("/m/AbCdEf0123.txt", "/q/AbCdEf0123.txt", "/AbCdEf0123.txt"):
        reply = phone.get(path)
        assert (reply.status, reply.text) == (200, "0123456789abcdef")
    assert phone.get("/m/Unknown.txt").status == 404


def test_another_scanner_is_told_what_to_use(house, site, zhang):
    with waiting(house, site, zhang) as (ssh, code):
        page = Phone(site.relay).get(urllib.parse.urlsplit(code).path)
        assert page.head == "Please use WeChat" and not page.methods
        ssh.send_line("q")


@pytest.mark.parametrize("keys,change,says", [
    ({}, None, "app_id and app_secret are right"),
    ({}, lambda wechat: setattr(wechat.vendor, "allowed_ips", set()), "make_url_link = yes only"),
    ({"make_url_link": "yes"}, None, "https://wxaurl.cn/")])
def test_a_sysadmin_probes_it(house, site, wechat, zhang, configured, keys, change, says):
    configured(**keys)
    if change:
        change(wechat)
    assert says in house.ctl("method", "probe", METHOD).stdout


# --- no ---

def test_this_was_not_me(house, site, wechat, zhang, telephone):
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        program = telephone(zhang).scan(code)
        program.wait_question()
        program.tap("This wasn't me")
        assert "Nobody gets in" in program.wait_head("The login was stopped").text
        wait_stopped(house, zhang.user)
        assert "this wasn't me" in refused(house, zhang, ssh)
        assert program.scan(code).wait_head(f"{OVER}|This code is not valid")
    assert program.n_logins == wechat.n_calls(SESSION) == 0


def test_somebody_else(house, site, wechat, zhang, telephone):
    wang = wechat.vendor.add_person("wang")
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        program = telephone(wang).scan(code).confirm()
        screen = program.wait_head("Not allowed")
        assert re.search(r"Request id: \w+", screen.text) and not screen.digits
        refused(house, zhang, ssh)


def test_wrong_digits(house, site, zhang, telephone):
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        program = telephone(zhang).scan(code)
        ssh.send_line(wrong(program.approve()))
        expect_no_shell(ssh, zhang.user)
        assert not program.wait_head(OVER).digits
    assert "wrong digits" in last_row(house, zhang.user)["reason"]


def test_a_login_that_is_over(house, site, zhang, telephone):
    """Before the program is opened, and while it shows the question."""
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        program = telephone(zhang).scan(code)
        program.wait_question()
        ssh.send_line("q")
        ssh.wait_end(20)
    program.tap("Confirm").wait_head(f"{OVER}|This code is not valid")
    program.scan(code).wait_head(f"{OVER}|This code is not valid")
    assert program.screen.buttons == []
    program.scan(f"{site.url}/m/{words()}").wait_head("This code is not valid")


def test_the_second_to_scan_it(house, site, wechat, zhang, telephone):
    wang = wechat.vendor.add_person("wang")
    with waiting(house, site, zhang) as (ssh, code):
        first, second = telephone(zhang).scan(code), telephone(wang).scan(code)
        second.wait_question()
        digits = first.approve()
        second.tap("Confirm").wait_head("This code was used already")
        second.scan(code).wait_head(OVER)
        assert not any(screen.digits for screen in second.screens)
        ssh.send_line(digits)
        expect_shell(ssh, zhang.user)
    assert wechat.n_calls(SESSION) == 1


def test_two_taps_are_one(house, site, zhang, telephone):
    with waiting(house, site, zhang) as (ssh, code):
        program = telephone(zhang).scan(code)
        program.wait_question()
        program.tap("Confirm", times=2)
        ssh.send_line(program.wait_head("Type these two digits").digits)
        expect_shell(ssh, zhang.user)
    assert program.n_logins == sum(one["method"] == "POST" for one in program.requests) == 1


# --- what the program brings ---

def test_a_code_of_another_program(house, site, wechat, zhang, telephone):
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        program = telephone(zhang, app=wechat.other).scan(code).confirm()
        program.wait_head("The login was refused")
        assert "40029" in refused(house, zhang, ssh)


def test_a_code_that_was_used(house, site, wechat, zhang, telephone):
    """By somebody else: the log has a warning."""
    spent = wechat.vendor.new_code(wechat.app, zhang)
    wechat.vendor.codes[spent].is_used = wechat.vendor.codes[spent].is_lost = True
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        program = telephone(zhang).bring(spent).scan(code).confirm()
        program.wait_head("Not allowed")
        assert "40163" in refused(house, zhang, ssh)
    assert "proof refused: 40163" in house.journal()


@pytest.mark.parametrize("made_up", ["made-up_by_somebody", "c" * 128])
def test_a_code_that_is_made_up(house, site, zhang, telephone, made_up):
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        telephone(zhang).bring(made_up).scan(code).confirm().wait_head("The login was refused")
        assert "40029" in refused(house, zhang, ssh)


def test_a_code_that_is_too_old(house, site, wechat, zhang, telephone):
    old = wechat.vendor.new_code(wechat.app, zhang)
    wechat.vendor.expire_codes()
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        telephone(zhang).bring(old).scan(code).confirm().wait_head("The login was refused")
        assert "40029" in refused(house, zhang, ssh)


def post(site, code, body):
    return Phone(site.relay).request("POST", f"/api/m/{id_of(code)}", json.dumps(body),
                                     {"Content-Type": "application/json"})


def test_who_a_program_says_it_is_does_not_count(house, site, wechat, zhang):
    """A forged client of a stranger says that it is Zhang."""
    wang = wechat.vendor.add_person("wang")
    ids = {"openid": zhang.openid(wechat.app), "unionid": zhang.unionid(wechat.app),
           "phone_code": "1", "nickName": "张三"}
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        assert post(site, code, {"action": "confirm", **ids}).status == 400
        reply = post(site, code, {"action": "confirm", **ids,
                                  "js_code": wechat.vendor.new_code(wechat.app, wang)})
        assert reply.status == 202
        result = Phone(site.relay).request("GET", f"/api/m/{id_of(code)}/result",
                                           headers={"X-Receipt": reply.json["receipt"]})
        assert result.json["status"] == "denied" and "digits" not in result.json
        refused(house, zhang, ssh)


def test_digits_are_for_the_receipt_alone(house, site, wechat, zhang):
    """Whoever began the login knows its id: it is in his terminal."""
    with waiting(house, site, zhang) as (ssh, code):
        path = f"/api/m/{id_of(code)}"
        receipt = post(site, code, {"action": "confirm", "js_code": wechat.vendor.new_code(
            wechat.app, zhang)}).json["receipt"]
        holder = Phone(site.relay).request("GET", path + "/result", headers={"X-Receipt": receipt})
        digits = holder.json["digits"]
        for headers in ({}, {"X-Receipt": ""}, {"X-Receipt": receipt[:-1] + "_"},
                        {"X-Receipt": id_of(code)}, {"Cookie": f"receipt={receipt}"}):
            reply = Phone(site.relay).request("GET", path + "/result", headers=headers)
            assert reply.status == 404 and "digits" not in reply.text
        for place in (path, f"/q/{id_of(code)}", f"/m/{id_of(code)}"):
            reply = Phone(site.relay, "wechat").get(place)
            assert not reply.digits and '"digits":' not in reply.text
        ssh.send_line(digits)
        expect_shell(ssh, zhang.user)


# --- the vendor's errors ---

@pytest.mark.parametrize("code,head,reason", [
    (40226, "The login was refused", "blocked this person"),
    (45011, "It did not work", "too many calls in a minute"),
    (45009, "It did not work", "quota"),
    (40013, "It did not work", "no such app_id"),
    (40125, "It did not work", "the secret is not of this app_id"),
    (41002, "It did not work", "the app_id is missing"),
    (41004, "It did not work", "the secret is missing"),
    (40164, "It did not work", "allow 127.0.0.1 in IP 白名单"),
    (48001, "It did not work", "may not make this call"),
    (99999, "It did not work", "99999")])
def test_errors(house, site, wechat, zhang, telephone, code, head, reason):
    wechat.vendor.fail(SESSION, code)
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, scanned):
        telephone(zhang).scan(scanned).confirm().wait_head(head)
        assert reason in refused(house, zhang, ssh)


def test_a_person_whom_wechat_blocks(house, site, wechat, zhang, telephone):
    zhang.is_blocked = True
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        telephone(zhang).scan(code).confirm().wait_head("The login was refused")
        assert "40226" in refused(house, zhang, ssh)


def test_a_busy_vendor_is_asked_again(house, site, wechat, zhang, telephone):
    wechat.vendor.fail(SESSION, -1, times=3)
    with waiting(house, site, zhang) as (ssh, code):
        ssh.send_line(telephone(zhang).scan(code).approve())
        expect_shell(ssh, zhang.user)
    assert wechat.n_calls(SESSION) == 4
    # Busy, but the code is used up by then: no crime, no way in.
    wechat.vendor.fail(SESSION, -1, late=True)
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        telephone(zhang).scan(code).confirm().wait_head("The login was refused")
        assert "40163" in refused(house, zhang, ssh)


@pytest.mark.parametrize("kind,details", [
    ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}), ("html", {}), ("reset", {}),
    ("json", {"value": {}}), ("json", {"value": {"openid": ""}}), ("json", {"value": []}),
    ("json", {"value": {"errcode": "0", "openid": "oMn0123456789"}}),
    ("redirect", {"location": "https://op.example.org/"})])
def test_faults_let_nobody_in(house, site, wechat, zhang, telephone, kind, details):
    wechat.vendor.fault(SESSION, kind, **details)
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        telephone(zhang).scan(code).confirm().wait_head("It did not work")
        refused(house, zhang, ssh)
    assert wechat.n_calls(SESSION) == 1


def test_all_calls_go_out_by_the_proxy(house, site, wechat, zhang, telephone, configured):
    proxy = ConnectProxy()
    configured(proxy=proxy.url, make_url_link="yes")
    wait_until(lambda: wechat.n_calls(CALL), 20, "a URL link")
    with waiting(house, site, zhang) as (ssh, code):
        ssh.send_line(telephone(zhang).scan(code).approve())
        expect_shell(ssh, zhang.user)
    assert set(proxy.targets) == {wechat.vendor.url.removeprefix("https://")}
    assert not proxy.wrong and len(proxy.targets) >= 1
    proxy.close()
    proxy.cut()


# --- the network and the relay ---

def test_a_telephone_that_is_offline(house, site, zhang, telephone):
    """At each step it can be tried again; a confirmation that did not get out is a new one."""
    with waiting(house, site, zhang) as (ssh, code):
        program = telephone(zhang)
        program.offline()
        program.scan(code).wait_head("No connection")
        program.offline(False)
        program.tap("Try again").wait_question()
        program.offline()
        program.tap("Confirm").wait_head("No connection")
        program.offline(False)
        program.tap("Try again")
        ssh.send_line(program.wait_head("Type these two digits").digits)
        expect_shell(ssh, zhang.user)
    assert program.n_logins == 2


def test_wechat_gives_no_code(house, site, zhang, telephone):
    with waiting(house, site, zhang) as (ssh, code):
        program = telephone(zhang).bring(None, "not a code", "").scan(code).confirm()
        for _ in range(3):
            assert "WeChat did not say" in program.wait_head("It did not work").text
            shown = len(program.screens)
            program.tap("Try again")
            wait_until(lambda n=shown: len(program.screens) > n + 1 or program.screen.digits, 20)
        ssh.send_line(program.wait_head("Type these two digits").digits)
        expect_shell(ssh, zhang.user)


def test_codes_that_lead_elsewhere(site, wechat, zhang, telephone):
    program = telephone(zhang)
    for address in (f"https://evil.example.org/m/{words()}", f"http://{NAME}/m/{words()}",
                    f"{site.url}.evil.example.org/m/{words()}", f"{site.url}/m/{words()}?a=b"):
        program.scan(address).wait_head("Not a code of ours")
    program.open({}).wait_head("Nothing to confirm")
    assert not program.requests and not program.n_logins


def test_a_relay_that_the_console_does_not_allow(house, site, zhang, telephone):
    with waiting(house, site, zhang) as (ssh, code):
        telephone(zhang, domain="https://sso.example.com").scan(code).wait_head("No connection")
        ssh.send_line("q")


def test_the_relay_goes_meanwhile(house, site, wechat, zhang, telephone):
    """It forgets everything: the host opens the link anew, where this confirmation is unknown."""
    wechat.vendor.fault(SESSION, "slow", seconds=60)
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        program = telephone(zhang).scan(code).confirm()
        program.wait_head("One moment …")
        program.wait_request("GET", 2)
        site.relay.stop()
        program.wait_head("No connection", 60)
        site.relay.start()
        program.tap("Try again").wait_head(OVER)
        assert not program.screen.buttons
        ssh.send_line("q")
        ssh.wait_end(20)


# --- what is left behind ---

def test_no_secret_in_the_log(house, site, wechat, zhang, telephone):
    with waiting(house, site, zhang) as (ssh, code):
        ssh.send_line(telephone(zhang).scan(code).approve())
        expect_shell(ssh, zhang.user)
    wechat.vendor.fail(SESSION, 40029)
    with waiting(house, site, zhang, **ONE_TRY) as (ssh, code):
        telephone(zhang).scan(code).confirm().wait_head("The login was refused")
        refused(house, zhang, ssh)
    expect_no_secret(house, wechat.vendor, site.relay.service.log())


def test_the_logic_alone():
    done = subprocess.run([NODE, str(HERE / "miniprogram_flow.js"), str(INSTALLED)], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nok ") > 15


def test_the_program_is_whole():
    """Its JSON can be read, names files that are there, and config.js is the one thing to change."""
    app = json.loads((INSTALLED / "app.json").read_text())
    for page in app["pages"]:
        assert all((INSTALLED / f"{page}.{kind}").is_file() for kind in ("js", "json", "wxml",
                                                                        "wxss"))
    assert (INSTALLED / app["sitemapLocation"]).is_file()
    for path in INSTALLED.rglob("*.json"):
        json.loads(path.read_text())
    naming = [path.name for path in INSTALLED.rglob("*") if path.is_file()
              and "sso.example.com" in path.read_text()]
    assert sorted(naming) == ["README.md", "config.js"]
