# SPDX-License-Identifier: GPL-3.0-or-later
"""DingTalk's page /d/ID in real Chromium that says it is DingTalk's browser, with a script in the
place of the vendor's that plays dd.*; and the form by which it comes back, as anybody may send
it."""

import html
import threading
import time
import urllib.parse

import pytest

from phone import PhoneBrowser, screenshots
from relay import HostClient, Phone, Relay, state_word, words
from test_relay_page import Evil
from vendors.server import Reply, Server

TARGETS = [{"method": "ding", "title": "DingTalk", "app": "dingtalk"}]
CORP, CLIENT = "ding8ac2bab2b708b3cc", "dingoacrxqoxz1b2"

# What the vendor's script offers, in newer and older apps: {0} is what the app answers. Each notes
# what it was asked with.
NEWER = """window.dd = {{ ready: function (f) {{ setTimeout(f, 10); }},
  requestAuthCode: function (a) {{ window.asked = [a.corpId, a.clientId];
    setTimeout(function () {{ {0} }}, 10); return Promise.reject(new Error('also')); }} }};"""
OLDER = """window.dd = {{ ready: function (f) {{ setTimeout(f, 10); }}, runtime: {{ permission: {{
  requestAuthCode: function (a) {{ window.asked = [a.corpId, 'older'];
    setTimeout(function () {{ {0} }}, 10); }} }} }} }};"""
BOTH = """window.dd = {{ requestAuthCode: function (a) {{ a.fail({{ errorCode: '1',
    errorMessage: 'not exist' }}); }}, runtime: {{ permission: {{
  requestAuthCode: function (a) {{ setTimeout(function () {{ {0} }}, 10); }} }} }} }};"""


class Cdn(Server):
    """Serves the vendor's script, as a test wants it."""

    def __init__(self, authority):
        super().__init__(authority, "localhost", name="dingtalk-cdn")
        self.routes = {("GET", "/dd.js"): ("script", self._script)}
        self.script = ""
        self.is_there = True
        self.seen = []

    @property
    def url(self):
        return f"https://localhost:{self.port}/dd.js"

    def _script(self, request):
        self.seen.append((request.target, request.header("Referer"), request.header("Cookie")))
        if not self.is_there:
            return Reply(404, "gone", "text/plain")
        return Reply(200, self.script, "application/javascript")


class Desk:
    """What jauthd does for the method."""

    def __init__(self, host):
        self.host = host
        self.links, self.callbacks = {}, {}
        self.fragment = f"corp_id={CORP}&client_id={CLIENT}&method=ding&state={{state}}"
        self.is_open = True
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def open(self):
        link = self.host.open(targets=TARGETS)
        assert link.opened.status == 200
        self.links[link.id] = link
        return link

    def page(self, link):
        return f"{self.host.relay.url}/d/{link.id}"

    def _work(self):
        while self.is_open:
            for event in self.host.events(wait=2):
                link = self.links.get(event["link"])
                if link and "callback" in event:
                    self.callbacks[link.id] = urllib.parse.parse_qs(event["callback"],
                                                                    keep_blank_values=True)
                    link.set_result("digits", digits="47")
                elif link and event.get("method"):
                    state = state_word()
                    link.set_target("ding", self.page(link) + "#" +
                                    self.fragment.format(state=state), state)

    def close(self):
        self.is_open = False
        self.thread.join()


@pytest.fixture(name="cdn", scope="module")
def fixture_cdn(authority):
    made = Cdn(authority).start()
    yield made
    made.stop()


@pytest.fixture(name="evil", scope="module")
def fixture_evil(authority):
    made = Evil(authority).start()
    yield made
    made.stop()


@pytest.fixture(name="relay", scope="module")
def fixture_relay(authority, house, cdn):
    made = Relay(house.folder, authority, "ding", unknown_per_minute=100000,
                 dingtalk_script=cdn.url).start()
    yield made
    made.stop()


@pytest.fixture(name="desk", scope="module")
def fixture_desk(relay):
    made = Desk(HostClient(relay, "web1.example.org").enrol())
    yield made
    made.close()


@pytest.fixture(name="phone", scope="module")
def fixture_phone(authority):
    with PhoneBrowser(authority.ca_path, app="dingtalk") as made:
        yield made


@pytest.fixture(autouse=True)
def fixture_defaults(cdn, desk):
    cdn.is_there, cdn.seen = True, []
    desk.fragment = f"corp_id={CORP}&client_id={CLIENT}&method=ding&state={{state}}"


def press(desk, phone):
    link = desk.open()
    phone.open(f"{desk.host.relay.url}/q/{link.id}")
    phone.press("DingTalk")
    return link


# --- the way as it should be ---

@pytest.mark.parametrize("name,script", [
    ("newer", NEWER.format("a.success({ code: 'c0de-1' });")),
    ("newer-other-name", NEWER.format("a.success({ authCode: 'c0de-1' });")),
    ("older", OLDER.format("a.onSuccess({ code: 'c0de-1' });")),
    ("newer-not-in-this-app", BOTH.format("a.onSuccess({ code: 'c0de-1' });")),
    ("twice", NEWER.format("a.success({ code: 'c0de-1' }); a.success({ code: 'c0de-2' });"
                           "a.fail({ errorCode: '5' });"))])
def test_from_the_code_to_the_digits(desk, phone, cdn, name, script):
    cdn.script = script
    link = press(desk, phone)
    phone.wait_text("Type these two digits")
    assert phone.text(".digits") == "47"
    assert phone.url == f"{desk.host.relay.url}/cb/ding"
    assert desk.callbacks[link.id] == {"code": ["c0de-1"], "state": [link.state]}
    assert len([event for event in desk.host.all_events(link) if "callback" in event]) == 1
    # The vendor learns neither the link nor the cookie.
    assert cdn.seen == [("/dd.js", "", "")]
    # Again: the same digits; and back: nothing is asked a second time.
    phone.open(phone.url)
    assert phone.text(".digits") == "47"


def test_what_the_app_is_asked_with(desk, phone, cdn):
    for script, second in ((NEWER, CLIENT), (OLDER, "older")):
        cdn.script = script.format("")
        press(desk, phone)
        phone.wait_text("Asking DingTalk")
        end = time.monotonic() + 10
        while phone.script("return window.asked") != [CORP, second]:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.mark.parametrize("script,error", [
    (NEWER.format("a.fail({ errorCode: '3', errorMessage: 'user  refused' });"),
     "3 user refused"),
    (NEWER.format("a.cancel({ errorCode: '-1' });"), "-1"),
    (NEWER.format("a.fail({ errorCode: -1, errorMessage: 'x' });"), "-1 x"),
    (OLDER.format("a.onFail({ errorCode: 7, errorMessage: '没有权限' });"), "7"),
    (OLDER.format("a.onCancel();"), "-1"),
    (BOTH.format("a.onFail({ errorCode: 9 });"), "9"),
    (NEWER.format("a.fail();"), "unknown"),
    (NEWER.format("a.fail('<b>&state=x');"), "unknown"),
    (NEWER.format("a.fail({ errorMessage: '<b>&\"\\\\state=x' });"), "b state x"),
    (NEWER.format("a.fail({ errorMessage: new Array(500).join('ab') });"), ("ab" * 50)),
    (NEWER.format("a.success({});"), "no-code"),
    (NEWER.format("a.success({ code: 5 });"), "no-code"),
    (NEWER.format("a.success({ code: 'a b' });"), "no-code"),
    (NEWER.format("a.success({ code: new Array(600).join('a') });"), "no-code")])
def test_the_app_says_no(desk, phone, cdn, script, error):
    cdn.script = script
    link = press(desk, phone)
    phone.wait_text("Type these two digits")             # what the host makes of it is its own
    assert desk.callbacks[link.id] == {"error": [error], "state": [link.state]}


# --- what goes wrong ---

def assert_stays(desk, phone, link, text):
    phone.wait_text(text)
    assert phone.text("h1") == "It did not work" and "Scan the code once more" in phone.text()
    assert phone.url == desk.page(link)                  # nothing behind '#'
    assert link.id not in desk.callbacks


def test_a_script_that_does_not_load(desk, phone, cdn):
    cdn.is_there = False
    link = press(desk, phone)
    assert_stays(desk, phone, link, "DingTalk's script could not be loaded")
    phone.screenshot(screenshots() / "relay-dingtalk-absent.png")


@pytest.mark.parametrize("script", ["", "window.dd = null;", "nonsense ("])
def test_a_script_that_is_something_else(desk, phone, cdn, script):
    cdn.script = script
    assert_stays(desk, phone, press(desk, phone), "DingTalk's script could not be loaded")


@pytest.mark.parametrize("script", [
    NEWER.format(""), "window.dd = { ready: function () {} };"])
def test_an_app_that_does_not_answer(desk, phone, cdn, script):
    cdn.script = script
    link = press(desk, phone)
    phone.wait_text("Asking DingTalk")
    phone.screenshot(screenshots() / "relay-dingtalk-asking.png")
    assert_stays(desk, phone, link, "DingTalk did not answer in time")


HOSTILE = ["", "corp_id=a", "corp_id=&client_id=b&method=ding&state={state}",
           "client_id=b&corp_id=a&method=ding&state={state}",
           "corp_id=a&client_id=b&method=../x&state={state}",
           "corp_id=a&client_id=b&method=DING&state={state}",
           "corp_id=a&client_id=b&method=/evil.example.net&state={state}",
           "corp_id=a&client_id=b&method=ding&state={state}&x=1",
           "corp_id=a&client_id=b&method=ding&state=short",
           "corp_id=a&client_id=b&method=ding&state={state}%00",
           "corp_id=<b>&client_id=b&method=ding&state={state}",
           "corp_id=%3Cb%3E&client_id=b&method=ding&state={state}",
           "corp_id=a&client_id=';alert(1);'&method=ding&state={state}",
           "x&corp_id=a&client_id=b&method=ding&state={state}",
           "corp_id=" + "a" * 65 + "&client_id=b&method=ding&state={state}"]


@pytest.mark.parametrize("fragment", HOSTILE)
def test_an_address_that_lacks_something_or_has_too_much(desk, phone, cdn, fragment):
    """The vendor is not even asked."""
    cdn.script = NEWER.format("a.success({ code: 'c0de-1' });")
    link = desk.open()
    phone.open("about:blank")
    phone.open(desk.page(link) + ("#" + fragment.format(state=state_word()) if fragment else ""))
    assert_stays(desk, phone, link, "This page was opened without what it needs")
    assert cdn.seen == []


def test_a_reload_has_lost_it(desk, phone, cdn):
    cdn.script = NEWER.format("")
    link = press(desk, phone)
    phone.wait_text("Asking DingTalk")
    phone.open(phone.url)
    assert_stays(desk, phone, link, "This page was opened without what it needs")


def test_the_wrong_state(desk, phone, cdn):
    """Somebody made up an address with a code of his own: it is not the one of this login."""
    desk.fragment = f"corp_id={CORP}&client_id={CLIENT}&method=ding&state={'x' * 32}"
    cdn.script = NEWER.format("a.success({ code: 'c0de-1' });")
    link = press(desk, phone)
    phone.wait_text("This confirmation came too late")
    assert link.id not in desk.callbacks


def test_a_browser_that_pressed_nothing(authority, desk, cdn):
    cdn.script = NEWER.format("a.success({ code: 'c0de-1' });")
    link = desk.open()
    link.set_target("ding")
    with PhoneBrowser(authority.ca_path, app="dingtalk") as other:
        other.open(f"{desk.page(link)}#corp_id=a&client_id=b&method=ding&state={link.state}")
        other.wait_text("This browser has not begun here")
    assert link.id not in desk.callbacks


# --- what the page may do, and who gets it ---

def test_the_policy_holds(desk, phone, cdn):
    """Even a vendor's script that turned bad reaches nobody, and runs nothing of others."""
    cdn.script = f"""
      window.found = [];
      document.addEventListener('securitypolicyviolation',
                                function (e) {{ window.found.push(e.effectiveDirective); }});
      fetch('/q/x').catch(function () {{}});
      new Image().src = 'https://localhost:{cdn.port}/leak';
      var f = document.createElement('iframe'); f.src = '/q/x'; document.body.appendChild(f);
      var s = document.createElement('script'); s.src = 'https://localhost:{cdn.port}/other.js';
      document.body.appendChild(s);
      s = document.createElement('script'); s.textContent = 'window.ran = 1';
      document.body.appendChild(s);
      try {{ eval('window.ran = 2'); }} catch (e) {{ window.found.push('eval'); }}
      s = document.createElement('form'); s.action = 'https://evil.example.net/'; s.method = 'post';
      document.body.appendChild(s); s.submit();
      navigator.sendBeacon('https://localhost:{cdn.port}/beacon', 'x');
      window.cookies = document.cookie;
      window.dd = {{ ready: function () {{}} }};"""
    link = press(desk, phone)
    end, found = time.monotonic() + 10, []
    while len(set(found)) < 7:
        assert time.monotonic() < end, found
        time.sleep(0.1)
        found = phone.script("return window.found || []")
    assert {"connect-src", "img-src", "frame-src", "script-src-elem", "eval",
            "form-action"} <= set(found)
    assert phone.script("return window.ran") is None
    assert phone.script("return window.cookies") == ""
    assert phone.url == desk.page(link)
    assert [target for target, _, _ in cdn.seen] == ["/dd.js"]


def test_nobody_frames_it(desk, phone, evil):
    link = desk.open()
    evil.body = f'<iframe src="{desk.page(link)}" width="300" height="500"></iframe>'
    phone.open(evil.url)
    phone.command("POST", "frame", {"id": 0})
    assert phone.script("return location.href") == "chrome-error://chromewebdata/"
    phone.command("POST", "frame", {"id": None})


def test_another_site_that_posts_the_code(desk, phone, cdn, evil, relay):
    """In the browser that pressed, with the right state: the form is not ours."""
    cdn.script = NEWER.format("")
    link = press(desk, phone)
    phone.wait_text("Asking DingTalk")
    evil.body = (f'<form method="post" action="{html.escape(relay.url)}/cb/ding">'
                 f'<input name="code" value="x"><input name="state" value="{link.state}">'
                 f'<button>Win a prize</button></form>')
    phone.open(evil.url)
    phone.press("Win a prize")
    phone.wait_text("Nothing was confirmed")
    assert link.id not in desk.callbacks


@pytest.mark.parametrize("language,word", [("en", "Please use DingTalk"), ("zh-CN", "请使用钉钉")])
@pytest.mark.parametrize("app", ["browser", "wechat", "wecom", "computer"])
def test_elsewhere_it_is_a_page_without_script(desk, relay, app, language, word):
    page = Phone(relay, app, language).get(f"/d/{desk.open().id}")
    assert (page.status, page.head) == (200, word)
    assert "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]


def test_headers(desk, relay, cdn):
    link = desk.open()
    page = Phone(relay, "dingtalk").get(f"/d/{link.id}")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Set-Cookie"] is None
    policy = dict(part.strip().split(" ", 1)
                  for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["script-src"].split()[1:] == [cdn.url]
    assert "unsafe" not in str(policy)
    assert desk.host.all_events(link) == []
    assert Phone(relay, "dingtalk").request("HEAD", f"/d/{link.id}").status == 200
    assert Phone(relay, "dingtalk").request("POST", f"/d/{link.id}").status == 405
    assert Phone(relay, "dingtalk").get("/d/short").status == 404
    assert Phone(relay, "dingtalk").get(f"/d/{link.id}/x").status == 404


def test_it_is_the_same_for_every_id_and_has_no_digits(desk, relay):
    """Before, after, and for links that never were."""
    link = desk.open()
    phone = Phone(relay, "dingtalk")
    before = phone.get(f"/d/{link.id}").text
    assert phone.press(link, "ding").status == 303
    assert phone.post_back("ding", {"code": "c", "state": link.state}).digits == "47"
    assert phone.get(f"/d/{link.id}").text == before == phone.get(f"/d/{words()}").text
    assert 'class="digits"' not in before


@pytest.mark.parametrize("look", [{}, {"language": "zh-CN", "dark": True},
                                  {"width": 320, "height": 568, "font": 28}])
def test_how_it_looks(authority, desk, cdn, look):
    cdn.script = NEWER.format("")
    with PhoneBrowser(authority.ca_path, app="dingtalk", **look) as phone:
        press(desk, phone)
        phone.wait_text("钉钉" if "language" in look else "One moment")
        assert phone.script("return document.documentElement.scrollWidth <= window.innerWidth + 1")
        name = "-".join(look) or "plain"
        phone.screenshot(screenshots() / f"relay-dingtalk-{name}.png")


# --- POST /cb/METHOD, without a browser ---

@pytest.fixture(name="pressed")
def fixture_pressed(desk, relay):
    """(link, phone), its button pressed."""
    link = desk.open()
    phone = Phone(relay, "dingtalk")
    assert phone.press(link, "ding").status == 303
    return link, phone


@pytest.mark.parametrize("headers,status", [
    ({}, 200), ({"Sec-Fetch-Site": None}, 200), ({"Origin": None}, 200), ({"Origin": "null"}, 200),
    ({"Sec-Fetch-Site": None, "Origin": None}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403), ({"Sec-Fetch-Site": "none"}, 403),
    ({"Sec-Fetch-Site": None, "Origin": "null"}, 403),
    ({"Origin": "https://evil.example.net"}, 403), ({"Content-Type": "text/plain"}, 400),
    ({"Content-Type": "multipart/form-data; boundary=x"}, 400), ({"Content-Type": None}, 400)])
def test_the_form_must_be_ours(desk, pressed, headers, status):
    link, phone = pressed
    reply = phone.post_back("ding", {"code": "c", "state": link.state}, headers)
    assert reply.status == status
    assert (link.id in desk.callbacks) == (reply.digits == "47") == (status == 200)
    assert reply.headers["Cache-Control"] == "no-store"
    assert "script-src" not in reply.headers["Content-Security-Policy"]


@pytest.mark.parametrize("form,status", [
    ("code=c", 400), ("state=x&state=y", 400), ("code=%zz&state={state}", 400),
    ('code="&state={state}', 400), ("code=\\&state={state}", 400), ("code=%00&state={state}", 400),
    ("code=\xe9&state={state}", 400), ("code=a\0b&state={state}", 400),
    ("code=a\nb&state={state}", 400),
    ("code=c&state=" + "y" * 32, 409), ("state={state}&code=" + "c" * 4097, 414),
    ("state={state}&code=" + "c" * 17000, 413), ("", 400)])
def test_a_form_that_is_none(desk, pressed, form, status):
    link, phone = pressed
    body = form.format(state=link.state).encode("latin-1")
    assert phone.post_back("ding", body).status == status
    assert link.id not in desk.callbacks
    assert phone.post_back("ding", {"code": "c", "state": link.state}).digits == "47"


def test_only_the_browser_that_pressed(desk, pressed, relay):
    link, phone = pressed
    other = Phone(relay, "dingtalk")
    form = {"code": "c", "state": link.state}
    assert other.post_back("ding", form).status == 403
    assert phone.post_back("other", form).status == 403
    assert link.id not in desk.callbacks
    assert phone.post_back("ding", form).digits == "47"
    assert phone.post_back("ding", {"code": "d", "state": link.state}).digits == "47"
    assert phone.get("/cb/ding").digits == "47"
    assert desk.callbacks[link.id]["code"] == ["c"]
    assert not other.post_back("ding", form).digits
    assert phone.request("POST", "/cb/ding/more").status == 405


