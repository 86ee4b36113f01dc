# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-relay alone, behind nginx by our sample: a HostClient plays the host, a Phone the phone.
What the pages look like in a real browser is in test_relay_page.py."""

import http.client
import re
import socket
import stat
import subprocess
import threading
import time
import urllib.parse

import pytest

from house import wait_until
from relay import Caddy, HostClient, Phone, Relay, Vendor, state_word, words
from service import run

NO_LINK = "no-such-link-anywhere1"


@pytest.fixture(name="relay", scope="module")
def fixture_relay(authority, house):
    made = Relay(house.folder, authority, unknown_per_minute=100000).start()
    yield made
    made.stop()
    assert "level of" not in made.service.log() and made.service.n_starts == 1


@pytest.fixture(name="host", scope="module")
def fixture_host(relay):
    return HostClient(relay, "web1.example.org").enrol()


@pytest.fixture(name="other", scope="module")
def fixture_other(relay):
    return HostClient(relay, "db <1> & \"co\"").enrol()


@pytest.fixture(name="link")
def fixture_link(host):
    """A new link whose button leads somewhere."""
    made = host.open()
    assert made.opened.status == 200
    assert made.set_target().status == 204
    return made


@pytest.fixture(name="phone")
def fixture_phone(relay):
    return Phone(relay, "wecom")


def confirm(phone, link, digits="47"):
    """The whole way of one phone; the page after the provider."""
    assert phone.press(link).status == 303
    answer = {}
    waiting = threading.Thread(target=lambda: answer.update(page=phone.come_back(link)))
    waiting.start()
    event = link.host.next_event(link)
    while not event.get("callback"):
        event = link.host.next_event(link)
    assert link.set_result("digits", digits=digits).status == 204
    waiting.join()
    return answer["page"]


# --- the way as it should be ---

def test_from_the_code_to_the_digits(host, phone):
    link = host.open()
    page = phone.open(link)
    assert page.status == 200 and page.methods == ["work"]
    answer = {}
    pressing = threading.Thread(target=lambda: answer.update(sent=phone.press(link, page=page)))
    pressing.start()
    event = host.next_event(link)
    assert (event["presses"], event["method"], event.get("callback")) == (1, "work", None)
    link.set_target(url="https://op.example.org/authorize?a=1#wechat_redirect")
    pressing.join()
    sent = answer["sent"]
    assert sent.status == 303
    assert sent.headers["Location"] == "https://op.example.org/authorize?a=1#wechat_redirect"
    cookie = sent.headers["Set-Cookie"]
    assert re.fullmatch(r"__Host-jauth=%s\.[A-Za-z0-9_-]{43}; Secure; HttpOnly; SameSite=Lax; "
                        r"Path=/; Max-Age=1[0-2][0-9]" % link.id, cookie)
    coming = threading.Thread(target=lambda: answer.update(page=phone.come_back(link)))
    coming.start()
    event = host.next_event(link)
    assert event["callback"] == f"code=code-1&state={link.state}"
    link.set_result("digits", digits="47")
    coming.join()
    assert answer["page"].status == 200 and answer["page"].digits == "47"
    assert link.delete().status == 204
    assert phone.come_back(link).digits == "47"          # still there for him
    assert Phone(phone.relay, "wecom").open(link).status == 410


def test_the_page_says_who_and_whence(host, phone):
    link = host.open(user="root<script>", service="sshd", source="2001:db8::7",
                     since=int(time.time()) - 12)
    text = phone.open(link).text
    assert "web1.example.org" in text and "root&lt;script&gt;" in text and "2001:db8::7" in text
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC <span class=\"ago\">\(1[2-9] s "
                     r"ago\)", text)
    assert "Confirm with <bdi>WeCom</bdi>" in text and "This wasn't me" in text
    assert "two digits appear" in text
    assert "two digits" not in phone.open(host.open(digits=False)).text


def test_the_page_shows_the_name_that_was_enrolled(other, phone):
    assert "db &lt;1&gt; &amp; &quot;co&quot;" in phone.open(other.open()).text


@pytest.mark.parametrize("language,word", [
    ("zh-CN,zh;q=0.9,en;q=0.8", "不是我本人"), ("zh-Hans", "不是我本人"),
    ("en-GB,zh;q=0.5", "This wasn't me"), ("de", "This wasn't me"), ("", "This wasn't me"),
    ("de, zh;q=0.1", "不是我本人"), ("en;q=0.1, zh;q=0.2", "不是我本人")])
def test_pages_speak_the_language_of_the_phone(relay, link, language, word):
    page = Phone(relay, "wecom", language).open(link)
    assert word in page.text
    assert f'lang="{"zh-CN" if word[0] != "T" else "en"}"' in page.text


@pytest.mark.parametrize("app,methods", [("wecom", ["work"]), ("browser", ["site"]),
                                         ("wechat", ["site"]), ("dingtalk", ["site"])])
def test_an_app_sees_its_own_targets_or_those_of_browsers(relay, link, app, methods):
    page = Phone(relay, app).open(link)
    assert page.methods == methods
    assert ("<li>WeCom</li>" in page.text) == (app == "browser")


def test_the_wrong_app_hears_which_one_is_right(host, relay):
    link = host.open(targets=[{"method": "work", "title": "x", "app": "wecom"},
                              {"method": "ding", "title": "y", "app": "dingtalk"}])
    page = Phone(relay, "wechat").open(link)
    assert page.head == "Please use another app" and "<form" not in page.text
    assert re.findall("<li>(.*)</li>", page.text) == ["WeCom", "DingTalk"]
    assert Phone(relay, "dingtalk").open(link).methods == ["ding"]


RESULTS = [("message", "Two digits come as a message"), ("granted", "You are logged in"),
           ("denied", "Not allowed"), ("refused", "The login was refused"),
           ("failed", "It did not work"), ("busy", "Another login is waiting"),
           ("over", "This login is over")]


@pytest.mark.parametrize("result,head", RESULTS)
def test_every_result_has_its_page(link, phone, result, head):
    phone.press(link)
    link.set_result(result, request="3F7A9C")
    page = phone.come_back(link)
    assert (page.status, page.head, page.digits) == (200, head, None)
    assert "Request id: <bdi>3F7A9C</bdi>" in page.text


HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
           "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
           "Strict-Transport-Security": "max-age=31536000"}


def test_pages_keep_to_themselves(link, phone, relay):
    question, sent = phone.open(link), phone.press(link)
    unknown = phone.get(f"/q/{NO_LINK}")
    for reply in (question, sent, unknown, Phone(relay).get("/cb/work?x=1")):
        for name, value in HEADERS.items():
            assert reply.headers[name] == value
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy and "unsafe" not in policy and "script" not in policy
    assert question.headers["Referrer-Policy"] == "same-origin"
    assert sent.headers["Referrer-Policy"] == unknown.headers["Referrer-Policy"] == "no-referrer"
    assert "<script" not in question.text


# --- the page changes nothing ---

@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_prefetch_changes_nothing(host, phone, method):
    link = host.open()
    for _ in range(3):
        assert phone.request(method, f"/q/{link.id}", headers={
            "Sec-Purpose": "prefetch", "Purpose": "prefetch"}).status == 200
    assert [event for event in host.events() if event["link"] == link.id] == []


def test_head_has_the_headers_and_no_body(link, phone):
    whole, head = phone.open(link), phone.request("HEAD", f"/q/{link.id}")
    assert head.body == b"" and head.status == 200
    assert head.headers["Content-Security-Policy"] == whole.headers["Content-Security-Policy"]


# --- the button ---

@pytest.mark.parametrize("headers,is_good", [
    ({}, True),
    ({"Sec-Fetch-Site": None}, True),                                  # an old browser
    ({"Origin": None}, True),
    ({"Origin": "null"}, True),                                        # a referrer policy
    ({"Origin": "null", "Sec-Fetch-Site": None}, False),
    ({"Origin": None, "Sec-Fetch-Site": None}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "none"}, False),
    ({"Origin": "https://evil.example.net"}, False),
    ({"Origin": "https://evil.example.net", "Sec-Fetch-Site": None}, False),
    ({"Origin": "https://sso.example.org"}, False),                  # another port
    ({"Origin": "http://sso.example.org", "Sec-Fetch-Site": None}, False)])
def test_the_button_must_be_on_our_page(link, phone, headers, is_good):
    reply = phone.press(link, headers=headers)
    assert reply.status == (303 if is_good else 403)
    assert bool(phone.cookie) == is_good
    assert len([e for e in link.host.events() if e["link"] == link.id]) == is_good


@pytest.mark.parametrize("form,status", [
    ({"token": "x" * 22, "method": "work"}, 403), ({"token": "", "method": "work"}, 400),
    ({"method": "work"}, 400), ({"token": None, "method": "none"}, 400),
    ({"token": None}, 400), ({"token": None, "method": "work", "refuse": "1"}, 400),
    ({"token": None, "refuse": "2"}, 400), ({"token": None, "method": "w" * 33}, 400),
    ({"token": None, "method": "work", "more": "x" * 4096}, 400)])
def test_a_form_that_is_not_ours_presses_nothing(link, phone, form, status):
    token = phone.open(link).token
    form = {name: token if value is None else value for name, value in form.items()}
    assert phone.post(link, form).status == status
    assert [e for e in link.host.events() if e["link"] == link.id] == []


def test_a_form_of_another_kind_is_not_read(link, phone):
    token = phone.open(link).token
    for kind in ("text/plain", "application/json", "application/x-www-form-urlencodedx", None):
        assert phone.post(link, {"token": token, "method": "work"},
                          {"Content-Type": kind}).status == 400
    assert phone.request("POST", f"/q/{link.id}", f"token={token}&method=work&method=work",
                         {"Content-Type": "application/x-www-form-urlencoded",
                          "Origin": phone.relay.url}).status == 400


def test_a_double_click_is_one_press(link, phone):
    page = phone.open(link)
    first = phone.press(link, page=page)
    second = phone.press(link, page=page)
    assert (first.status, second.status) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert "Set-Cookie" not in second.headers
    events = [e for e in link.host.events() if e["link"] == link.id]
    assert [e["presses"] for e in events] == [1]


def test_the_back_button_and_another_method(host, relay):
    link = host.open(targets=[{"method": "work", "title": "A", "app": "browser"},
                              {"method": "site", "title": "B", "app": "browser"}])
    link.set_target("work")
    phone = Phone(relay)
    page = phone.open(link)
    assert phone.press(link, "work", page).status == 303
    first, old_state = phone.cookie, link.state
    link.set_target("site", "https://api.example.org/a")
    assert phone.press(link, "site", page).headers["Location"] == "https://api.example.org/a"
    assert phone.cookie != first
    # What the provider of before sends is not taken any more.
    query = urllib.parse.urlencode({"code": "c", "state": old_state})
    assert phone.come_back(link, "work", query).status == 403
    phone.cookie = first
    assert phone.come_back(link, "work", query).status == 409
    assert phone.come_back(link, "site").status == 403


def test_too_many_presses(link, relay):
    for i in range(9):
        assert Phone(relay, "wecom").press(link).status == (303 if i < 8 else 429)


def test_a_host_that_says_nothing(host, phone):
    link = host.open()
    began = time.monotonic()
    reply = phone.press(link)
    assert reply.status == 504 and 9 < time.monotonic() - began < 14
    assert reply.head == "The computer does not answer"


@pytest.mark.parametrize("result", ["busy", "failed", "refused"])
def test_a_host_that_answers_a_press_with_a_result(host, phone, result):
    link = host.open()
    page = phone.open(link)
    threading.Timer(0.3, lambda: link.set_result(result)).start()
    assert phone.press(link, page=page).head == dict(RESULTS)[result]


def test_this_was_not_me(link, phone, relay):
    page = phone.refuse(link)
    assert (page.status, page.head) == (200, "The login was stopped")
    event = link.host.next_event(link)
    assert event["refused"] is True
    late = Phone(relay, "wecom")
    assert late.open(link).status == 410
    assert phone.refuse(link, page=FakePage(link_token(relay, link.host))).status == 403
    assert link.host.events() == []


class FakePage:
    def __init__(self, token):
        self.token = token


def link_token(relay, host):
    """The token of some other link."""
    return Phone(relay, "wecom").open(host.open()).token


def test_refused_between_button_and_provider(link, phone, relay):
    page = Phone(relay, "wecom").open(link)
    assert phone.press(link).status == 303
    assert Phone(relay, "wecom").refuse(link, page).status == 200
    back = phone.come_back(link)
    assert back.status == 410 and back.digits is None


# --- the callback ---

def test_without_a_cookie_nothing_is_taken(link, phone, relay):
    phone.press(link)
    page = Phone(relay, "wecom").come_back(link)
    assert (page.status, page.head) == (403, "This browser has not begun here")
    assert not any("callback" in e for e in link.host.events() if e["link"] == link.id)


@pytest.mark.parametrize("spoil", [
    lambda c: c[:-1] + ("A" if c[-1] != "A" else "B"), lambda c: c[:-1], lambda c: c + "A",
    lambda c: c + "; " + c, lambda c: c.replace("__Host-", ""), lambda c: c.replace(".", "-"),
    lambda c: "__Host-jauth=" + NO_LINK + "." + "A" * 43, lambda c: "__Host-jauth=",
    lambda c: c.replace("=", "=\""), lambda c: "x" * 5000])
def test_a_spoilt_cookie_is_none(link, phone, spoil):
    phone.press(link)
    phone.cookie = spoil(phone.cookie)
    assert phone.come_back(link).status in (403, 404)
    assert not any("callback" in e for e in link.host.events() if e["link"] == link.id)


def test_the_cookie_among_others(link, phone):
    phone.press(link)
    phone.cookie = f"a=b; {phone.cookie}; c=\"d;\""
    link.set_result("granted")
    assert phone.come_back(link).head == "You are logged in"


def test_a_cookie_of_another_link(host, link, phone, relay):
    phone.press(link)
    elsewhere = host.open()
    elsewhere.set_target()
    stranger = Phone(relay, "wecom")
    stranger.press(elsewhere)
    secret = stranger.cookie.partition(".")[2]
    stranger.cookie = f"__Host-jauth={link.id}.{secret}"
    assert stranger.come_back(link).status == 403


def test_before_the_button(host, relay):
    """Somebody knows the state, but no button was pressed in his browser."""
    link = host.open()
    link.set_target()
    assert Phone(relay, "wecom").come_back(link).status == 403


@pytest.mark.parametrize("query,status", [
    ("", 400), ("code=1", 400), ("state=", 400), ("code=1&state=" + "A" * 32, 409),
    ("state={state}&state={state}", 400), ("code=%zz&state={state}", 400),
    ("code=%00&state={state}", 400), ("code=" + "x" * 5000 + "&state={state}", 414),
    ("code=1&state={state}%20", 409), ("code=1&state={short}", 409),
    ("state=" + "A" * 129, 400), ("&".join(f"a{i}=1" for i in range(40)) + "&state={state}", 400)])
def test_what_a_provider_may_not_send(link, phone, query, status):
    phone.press(link)
    query = query.replace("{state}", link.state).replace("{short}", link.state[:-1])
    assert phone.come_back(link, query=query).status == status
    link.set_result("granted")
    assert phone.come_back(link).head == "You are logged in"       # it was not used up


def test_a_refusal_at_the_provider_reaches_the_host(link, phone):
    phone.press(link)
    link.set_result("refused")
    query = urllib.parse.urlencode({"error": "access_denied", "state": link.state})
    assert phone.come_back(link, query=query).head == "The login was refused"
    assert link.host.next_event(link)["callback"] == query


def test_a_path_of_another_method(link, phone):
    phone.press(link)
    assert phone.come_back(link, "site").status == 403
    assert phone.come_back(link, "none").status == 403
    assert phone.come_back(link, "x" * 50).status == 403
    link.set_result("granted")
    assert phone.come_back(link, more="/" + words() + "/more").status == 200


def test_head_does_not_use_a_callback_up(link, phone):
    phone.press(link)
    reply = phone.request("HEAD", f"/cb/work?code=1&state={link.state}")
    assert reply.status == 405 and reply.headers["Allow"] == "GET, POST"
    assert not any("callback" in e for e in link.host.events() if e["link"] == link.id)


def test_a_callback_is_taken_once(link, phone, relay):
    second = Phone(relay, "wecom")
    assert (phone.press(link).status, second.press(link).status) == (303, 303)
    link.set_result("digits", digits="31")
    assert phone.come_back(link).digits == "31"
    other = second.come_back(link)
    assert (other.status, other.head, other.digits) == (410, "This code was used already", None)
    again = phone.come_back(link, query=f"code=other&state={link.state}")
    assert again.digits == "31"
    assert phone.open(link).digits == "31" and second.open(link).status == 410
    assert second.press(link, page=FakePage(link_token(relay, link.host))).status == 403
    assert [e["callback"] for e in link.host.all_events(link)] == [f"code=code-1&state={link.state}"]


def test_two_phones_at_once(host, relay):
    """Whoever completes first sees digits, the other one hears that he is late."""
    for _ in range(5):
        link = host.open()
        link.set_target()
        phones = [Phone(relay, "wecom") for _ in range(4)]
        assert [phone.press(link).status for phone in phones] == [303] * 4
        link.set_result("digits", digits="58")
        pages = []
        threads = [threading.Thread(target=lambda p=phone: pages.append(p.come_back(link)))
                   for phone in phones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(page.status for page in pages) == [200, 410, 410, 410]
        assert [page.digits for page in pages if page.status == 200] == ["58"]
        assert not any(page.digits for page in pages if page.status != 200)


def test_a_result_that_is_slow(link, phone):
    """The page waits, then comes again by itself, and is not taken twice."""
    phone.press(link)
    began = time.monotonic()
    page = phone.come_back(link)
    assert page.refreshes and page.status == 200 and 19 < time.monotonic() - began < 25
    threading.Timer(0.3, lambda: link.set_result("digits", digits="02")).start()
    assert phone.come_back(link).digits == "02"


# --- nobody but him sees the digits ---

def test_whoever_holds_the_id_never_sees_the_digits(link, phone, relay):
    """The attacker began the login: he has id and token, a press of his own and the right state, and
    asks for everything below while the victim approves."""
    attacker = Phone(relay, "wecom")
    page = attacker.open(link)
    attacker.press(link, page=page)
    seen, stop = [], threading.Event()
    query = f"code=x&state={link.state}"
    paths = [f"/q/{link.id}", f"/q/{link.id}?{query}", f"/q/{link.id}/", f"/q/{link.id}/digits",
             f"/cb/work?{query}", f"/cb/{link.id}?{query}", f"/cb/work/{link.id}?{query}",
             f"/m/{link.id}", f"/d/{link.id}", f"/v1/links/{link.id}", f"/{link.id}",
             f"/{link.id}.txt", f"/v1/links/{link.id}/result", "/v1/events?after=0"]

    def walk():
        while not stop.is_set():
            for path in paths:
                for cookie in (None, f"__Host-jauth={link.id}.{words(43)}"):
                    spy = Phone(relay, "wecom")
                    spy.cookie = cookie
                    seen.append((path, spy.get(path)))
            seen.append(("press", attacker.press(link, page=page)))
            seen.append(("page", attacker.open(link)))

    # His own completion would be his own approval; the walk does without it.
    walker = threading.Thread(target=walk)
    walker.start()
    try:
        mine = confirm(phone, link, "64")
        n_seen = len(seen)
        wait_until(lambda: len(seen) > n_seen + 60, 60, "two rounds of the attacker")
    finally:
        stop.set()
        walker.join()
    assert mine.digits == "64"
    for path, reply in seen:
        assert reply.digits is None and b">64<" not in reply.body, path
        assert link.state.encode() not in reply.body, path
    after = attacker.come_back(link)
    assert (after.status, after.digits) == (410, None)


def test_digits_that_come_before_a_callback_are_shown_to_nobody(host, phone):
    """A host that is wrong, or a relay that is asked too early."""
    link = host.open()
    link.set_result("digits", digits="77")
    link.set_target()
    page = phone.open(link)
    assert page.digits is None and b"77" not in page.body.replace(link.id.encode(), b"")
    sent = phone.press(link, page=page)
    assert sent.status == 303 and sent.digits is None


# --- expired, unknown ---

def test_a_link_expires_on_the_page(host, phone):
    link = host.open(seconds=2)
    link.set_target()
    page = phone.open(link)
    time.sleep(2.5)
    assert phone.press(link, page=page).status == 404
    assert phone.open(link).status == 404
    assert phone.open(link).head == "This code is not valid"
    assert link.set_target().status == 404
    assert link.delete().status == 204


def test_a_link_expires_between_button_and_callback(host, phone):
    link = host.open(seconds=2)
    link.set_target()
    assert phone.press(link).status == 303
    time.sleep(2.5)
    assert phone.come_back(link).status == 404


def test_a_host_gives_up_while_the_phone_waits(host, phone):
    link = host.open()
    page = phone.open(link)
    threading.Timer(0.3, link.delete).start()
    reply = phone.press(link, page=page)
    assert (reply.status, reply.head) == (410, "This login is over")
    assert link.set_target().status == 410


@pytest.mark.parametrize("ident", [NO_LINK, "x", "A" * 23, "A" * 500, "%41" * 22,
                                   "A" * 21 + "+", "A" * 21 + "%00"])
def test_an_id_that_is_none(relay, ident):
    phone = Phone(relay, plain=True)         # nginx has opinions of its own
    assert phone.get(f"/q/{ident}").status == 404
    reply = phone.request("POST", f"/q/{ident}", "token=x&method=work", {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": phone.relay.url})
    assert reply.status == 404


@pytest.mark.parametrize("path", ["/", "/m/x", "/d/x", "/q", "/q/", "/q/a/b", "/cb", "/cb/",
                                  "/v2/links", "/index.html", "/favicon.ico", "//q/x"])
def test_what_is_not_there(phone, path):
    assert phone.get(path).status == 404


@pytest.mark.parametrize("method,path,allow", [
    ("PUT", "/q/x", "GET, HEAD, POST"), ("OPTIONS", "/q/x", "GET, HEAD, POST"),
    ("PUT", "/cb/work", "GET, POST"), ("POST", "/cb/work/more", "GET"), ("PATCH", "/v1/links/x", "PUT, DELETE"),
    ("GET", "/v1/enrol", "POST"), ("POST", "/healthz", "GET, HEAD"),
    ("DELETE", "/v1/events", "GET"), ("TRACE", "/v1/host", "GET")])
def test_methods_that_a_path_does_not_have(relay, method, path, allow):
    reply = Phone(relay, plain=True).request(method, path)
    assert (reply.status, reply.headers["Allow"]) == (405, allow)


# --- the host API ---

FIELDS = [("user", ""), ("user", "x" * 257), ("user", 7), ("user", None), ("user", "a\nb"),
          ("service", ""), ("service", "x" * 64), ("source", "x" * 64), ("source", None),
          ("since", -1), ("since", "1"), ("since", None), ("seconds", 0), ("seconds", 181),
          ("seconds", 1.5), ("digits", "yes"), ("digits", None), ("targets", []),
          ("targets", None), ("targets", "x"),
          ("targets", [{"method": f"m{i}", "title": "T", "app": "browser"} for i in range(9)]),
          ("targets", [{"method": "m", "title": "T", "app": "browser"}] * 2),
          ("targets", [{"method": "M", "title": "T", "app": "browser"}]),
          ("targets", [{"method": "m" * 33, "title": "T", "app": "browser"}]),
          ("targets", [{"method": "m", "title": "", "app": "browser"}]),
          ("targets", [{"method": "m", "title": "T" * 65, "app": "browser"}]),
          ("targets", [{"method": "m", "title": "T", "app": "fax"}])]


@pytest.mark.parametrize("field,value", FIELDS)
def test_a_link_that_is_not_as_specified(host, field, value):
    link = host.open(**{field: value})
    assert link.opened.status == 400 and "error" in link.opened.json


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"user":"a","user":"b"}',
                                  b"{}" * 2, b"{" + b" " * 17000 + b"}"])
def test_a_body_that_is_no_object(host, body):
    reply = host.call("PUT", f"/v1/links/{words()}", body)
    assert reply.status == (413 if len(body) > 16384 else 400)


def test_opening_twice_changes_nothing(host, phone):
    link = host.open(seconds=60, source="192.0.2.7")
    again = host.open(link.id, seconds=180, source="192.0.2.99")
    assert again.opened.status == 200 and again.expires == link.expires
    text = phone.open(link).text
    assert "192.0.2.7" in text and "192.0.2.99" not in text
    link.delete()
    assert host.open(link.id).opened.status == 410


def test_a_host_touches_its_own_links_only(host, other, link, phone):
    """One host's key used for another's links."""
    stolen = type(link)(other, link.id, link.opened)
    assert other.open(link.id).opened.status == 409
    assert stolen.set_target(url="https://evil.example.net/").status == 404
    assert stolen.set_result("granted").status == 404
    assert stolen.delete().status == 204             # and yet:
    sent = phone.press(link)
    assert sent.headers["Location"].startswith("https://op.example.org/")
    assert other.all_events() == []
    assert [event["presses"] for event in host.all_events(link)] == [1]


@pytest.mark.parametrize("target", [
    {"method": "none"}, {"state": "x" * 21}, {"state": "x" * 129}, {"state": "x-" * 16},
    {"url": "http://op.example.org/"}, {"url": "javascript:alert(1)"},
    {"url": "https://op.example.org/" + "x" * 2048}, {"url": "https://op.example.org/\r\nA: b"},
    {"url": None}, {"state": None}, {"method": None}])
def test_a_target_that_is_not_as_specified(host, target):
    link = host.open()
    body = {"method": "work", "state": state_word(), "url": "https://op.example.org/", **target}
    assert host.call("PUT", link.path + "/target", body).status == 400


@pytest.mark.parametrize("result", [
    {"result": "maybe"}, {"result": None}, {"result": "digits"}, {"result": "digits", "digits": 47},
    {"result": "digits", "digits": "4"}, {"result": "digits", "digits": "477"},
    {"result": "digits", "digits": "٤٧"}, {"result": "granted", "digits": "47"},
    {"result": "denied", "request": "x" * 17}])
def test_a_result_that_is_not_as_specified(host, result):
    link = host.open()
    assert host.call("PUT", link.path + "/result", result).status == 400


def test_links_that_are_none(host):
    for path in (f"/v1/links/{NO_LINK}", "/v1/links/x"):
        assert host.call("PUT", path + "/target", {}).status == 404
        assert host.call("PUT", path + "/result", {}).status == 404
    assert host.call("DELETE", f"/v1/links/{NO_LINK}").status == 204
    assert host.call("PUT", "/v1/links/x", {}).status == 404


KEYLESS = [("PUT", f"/v1/links/{NO_LINK}"), ("PUT", f"/v1/links/{NO_LINK}/target"),
           ("PUT", f"/v1/links/{NO_LINK}/result"), ("DELETE", f"/v1/links/{NO_LINK}"),
           ("GET", "/v1/events"), ("POST", "/v1/enrol"), ("POST", "/v1/keys"),
           ("DELETE", "/v1/keys/0123456789abcdef"), ("GET", "/v1/host")]


@pytest.mark.parametrize("method,path", KEYLESS)
def test_without_a_good_key_there_is_nothing(relay, host, method, path):
    key, secret = host.token.split(".")[1:]
    bad = ["x", "jr1..", f"jr1.{key}.{secret[:-1]}", f"jr1.{key}.{secret}x",
           f"jr1.{key}.{'A' * 43}", f"jr1.{'0' * 16}.{secret}", f"jre1.{key}.{secret}"]
    for token in bad:
        reply = host.call(method, path, b"{}", token=token)
        assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert Phone(relay).request(method, path, b"{}").status == 401


def test_a_host_knows_its_name(host):
    reply = host.call("GET", "/v1/host")
    assert reply.status == 200 and reply.json["instance"]
    assert (reply.json["host"], reply.json["key"]) == (host.name, host.key)


# --- keys ---

def test_an_invitation_is_for_one_key_once(relay):
    host = HostClient(relay, "once.example.org")
    invitation = relay.invite(host.name)
    token, said = host.new_key()
    for body in ({}, {**said, "key": "x"}, {**said, "sha256": "0" * 63}, {**said, "sha256": "X" * 64},
                 {**said, "key": said["key"].upper() + "G"}):
        assert host.call("POST", "/v1/enrol", body, token=invitation).status == 400
    for _ in range(2):           # the answer may have been lost
        assert host.call("POST", "/v1/enrol", said, token=invitation).status == 200
    assert host.call("POST", "/v1/enrol", host.new_key()[1], token=invitation).status == 401
    assert host.call("GET", "/v1/host", token=token).status == 200
    assert host.call("GET", "/v1/host", token=invitation).status == 401


def test_many_come_with_one_invitation(relay):
    """Whoever is first; nobody else."""
    host = HostClient(relay, "race.example.org", plain=True)
    invitation = relay.invite(host.name)
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(host.call(
        "POST", "/v1/enrol", host.new_key()[1], token=invitation).status)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 11


def test_a_key_is_changed_while_the_host_works(relay):
    host = HostClient(relay, "rotate.example.org").enrol()
    link = host.open()
    old, (new, said) = host.token, host.new_key()
    for _ in range(2):
        assert host.call("POST", "/v1/keys", said).status == 200
    assert host.call("DELETE", f"/v1/keys/{host.key}").status == 409         # in use
    host.token = new
    assert link.set_target().status == 204                   # the same host
    assert host.call("DELETE", f"/v1/keys/{old.split('.')[1]}").status == 204
    assert host.call("GET", "/v1/host", token=old).status == 401
    assert host.call("GET", "/v1/host").status == 200
    for _ in range(3):
        assert host.call("POST", "/v1/keys", host.new_key()[1]).status == 200
    assert host.call("POST", "/v1/keys", host.new_key()[1]).status == 409
    assert host.call("DELETE", "/v1/keys/0123456789abcdef").status == 404


def test_a_host_does_not_revoke_anothers_key(host, other):
    assert host.call("DELETE", f"/v1/keys/{other.key}").status == 404
    assert other.call("GET", "/v1/host").status == 200
    said = host.new_key()[1]
    assert host.call("POST", "/v1/keys", {**said, "key": other.key}).status == 409


def test_a_revoked_key_is_refused_at_once(relay):
    host = HostClient(relay, "leaver.example.org").enrol()
    link = host.open()
    answer = {}

    def listen():
        answer["reply"] = host.call("GET", "/v1/events?wait=30")

    listening = threading.Thread(target=listen)
    listening.start()
    time.sleep(0.3)
    relay.command("revoke", host.name)
    wait_until(lambda: host.call("GET", "/v1/host").status == 401, 5, "the key being refused")
    assert link.set_target().status == 401
    assert host.open().opened.status == 401
    # What he waits for he does not get either.
    Phone(relay, "wecom").refuse(link)
    listening.join()
    assert answer["reply"].status == 401 and "events" not in answer["reply"].json


# --- events ---

def test_events_come_in_order_and_nothing_is_lost(relay):
    host = HostClient(relay, "events.example.org").enrol()
    links = [host.open() for _ in range(40)]
    for link in links:
        link.set_target()
        Phone(relay, "wecom", plain=False).press(link)
    seen, after = [], 0
    while True:
        reply = host.call("GET", f"/v1/events?after={after}").json
        if not reply["events"]:
            break
        assert len(reply["events"]) <= 32
        numbers = [event["n"] for event in reply["events"]]
        assert numbers == sorted(numbers) and numbers[0] > after
        assert reply["next"] == numbers[-1]
        seen += [event["link"] for event in reply["events"]]
        after = reply["next"]
    assert seen == [link.id for link in links]
    # Again from anywhere: the same.
    assert host.call("GET", "/v1/events?after=0").json["events"][0]["link"] == links[0].id
    assert host.call("GET", f"/v1/events?after={after + 1000000}").json["events"][0]["link"] \
        == links[0].id


def test_a_reply_of_events_is_bounded(relay):
    host = HostClient(relay, "long.example.org").enrol()
    for _ in range(33):
        link = host.open()
        link.set_target()
        phone = Phone(relay, "wecom")
        phone.press(link)
        link.set_result("granted")
        code = "x" * 4000
        assert phone.come_back(link, query=f"code={code}&state={link.state}").status == 200
    n, after = 0, 0
    while n < 33:
        reply = host.call("GET", f"/v1/events?after={after}")
        assert len(reply.body) <= 262144 and reply.json["events"]
        n, after = n + len(reply.json["events"]), reply.json["next"]
    assert n == 33


def test_a_host_waits_for_events(host, link, phone):
    host.events()
    began = time.monotonic()
    assert host.events(wait=1) == [] and 0.9 < time.monotonic() - began < 2
    threading.Timer(0.5, lambda: phone.press(link)).start()
    began = time.monotonic()
    assert [event["link"] for event in host.events(wait=30)] == [link.id]
    assert time.monotonic() - began < 3


def test_a_second_wait_ends_the_first(host):
    host.events()
    replies = []
    first = threading.Thread(target=lambda: replies.append(
        host.call("GET", f"/v1/events?after={host.after}&wait=30")))
    first.start()
    time.sleep(0.3)
    began = time.monotonic()
    second = threading.Thread(target=lambda: host.call(
        "GET", f"/v1/events?after={host.after}&wait=2"))
    second.start()
    first.join()
    assert time.monotonic() - began < 1.5
    assert replies[0].json["events"] == [] and replies[0].json["next"] == host.after
    second.join()


@pytest.mark.parametrize("query", ["after=x", "after=-1", "wait=31", "wait=-1", "after=1&after=2",
                                   "wait=1.5", "after=99999999999999999999", "x=%zz"])
def test_a_question_for_events_that_is_wrong(host, query):
    assert host.call("GET", f"/v1/events?{query}").status == 400


# --- limits ---

def test_links_of_one_host_are_counted(authority, house):
    relay = Relay(house.folder, authority, "few", tls=False, links_per_host=3, links_max=5).start()
    try:
        first = HostClient(relay, "a.example.org", plain=True).enrol()
        second = HostClient(relay, "b.example.org", plain=True).enrol()
        third = HostClient(relay, "c.example.org", plain=True).enrol()
        mine = [first.open(seconds=3) for _ in range(4)]
        assert [link.opened.status for link in mine] == [200, 200, 200, 429]
        assert mine[3].opened.headers["Retry-After"]
        assert [second.open().opened.status for _ in range(3)] == [200, 200, 429]    # all
        assert third.open().opened.status == 429
        time.sleep(4)
        assert third.open().opened.status == 200
    finally:
        relay.stop()


def test_who_asks_for_many_ids_is_turned_away(authority, house):
    """By address, as the proxy names it; nobody with a code of a login notices."""
    relay = Relay(house.folder, authority, "strict", tls=False).start()
    try:
        host = HostClient(relay, plain=True).enrol()
        link = host.open()
        link.set_target()

        def ask(address, n):
            phone = Phone(relay, "wecom", plain=True)
            phone.address = address
            return [phone.get(f"/q/{words()}").status for _ in range(n)], phone

        while time.time() % 60 > 50:
            time.sleep(0.5)
        statuses, phone = ask("198.51.100.7", 40)
        assert statuses == [404] * 30 + [429] * 10
        limited = phone.get(f"/q/{words()}")
        assert limited.headers["Retry-After"] == "60"
        assert phone.get("/cb/work?code=1").status == 429        # without a cookie: the same count
        assert phone.open(link).status == 200 and phone.press(link).status == 303
        assert ask("198.51.100.8", 1)[0] == [404]
        assert ask("203.0.113.9, 198.51.100.7", 1)[0] == [429]   # the last one is the proxy's word
        assert ask("198.51.100.7, 203.0.113.9", 1)[0] == [404]
        assert ask("2001:db8::1", 30)[0][-1] == 404
        assert ask("2001:db8::ffff", 1)[0] == [429]              # the same network
        assert ask("2001:db8:0:1::1", 1)[0] == [404]
        assert relay.metrics()["limited_total"] == 14
    finally:
        relay.stop()


def test_nginx_says_who_asks(authority, house):
    """The sample overwrites what a client says of itself, and limits requests itself."""
    relay = Relay(house.folder, authority, "sample", rate=None).start()
    try:
        phone = Phone(relay)
        statuses = [phone.get(f"/q/{words()}", {"X-Forwarded-For": f"198.51.100.{i}"}).status
                    for i in range(80)]
        assert statuses[:30] == [404] * 30 and statuses[-1] == 429
        assert phone.get("/metrics").status == 404
        log = relay.folder / "nginx/jauth-relay.log"
        phone.get("/cb/work?code=very-secret&state=x")
        assert Vendor(relay, "wx1").post("x", "signature=very-secret").status == 200
        # It writes a line when the reply is out.
        wait_until(lambda: "/push/wx1" in log.read_text(), 5, "the log's last line")
        assert "/cb/work" in log.read_text() and "very-secret" not in log.read_text()
        assert "very-secret" not in (relay.folder / "nginx/jauth-relay-error.log").read_text()
    finally:
        relay.stop()


def test_the_sample_for_caddy(authority, house):
    """The whole way, who asks, and what it keeps to itself."""
    relay = Relay(house.folder, authority, "caddy", tls=False)
    caddy = Caddy(relay.folder / "caddy", authority, relay.tls_port, relay.plain_port)
    relay.start()
    caddy.start()
    try:
        host = HostClient(relay).enrol()
        link = host.open()
        link.set_target()
        assert confirm(Phone(relay, "wecom"), link, "29").digits == "29"
        phone = Phone(relay)
        for i in range(31):              # one address, whatever it says of itself
            status = phone.get(f"/q/{words()}", {"X-Forwarded-For": f"198.51.100.{i}"}).status
        assert status == 429
        assert phone.get("/metrics").status == 404
        phone.get("/cb/work?code=very-secret&state=x")
        # caddy 2.6 says 502 for a body that it cuts off.
        assert host.call("PUT", f"/v1/links/{words()}", b"x" * 100000).status in (413, 502)
        assert Vendor(relay, "wx1").post(b"x" * 60000, "signature=very-secret").status == 200
        relay.service.stop()
        assert phone.get("/cb/work?code=very-secret&state=x").status == 502
        assert "very-secret" not in caddy.service.log()
    finally:
        caddy.stop()
        relay.stop()


# --- the rest ---

def test_ownership_files(relay):
    folder, phone = relay.files, Phone(relay, plain=True)
    (folder / "WW_verify_AbC-1.txt").write_text("AbC-1")
    (folder / "long.txt").write_text("x" * 5000)
    (folder / "secret.conf").write_text("no")
    (folder / "link.txt").symlink_to("/etc/hostname")
    (folder / "folder.txt").mkdir()
    (folder / ("n" * 64 + ".txt")).write_text("64")
    (folder / ("n" * 65 + ".txt")).write_text("65")
    reply = phone.get("/WW_verify_AbC-1.txt")
    assert (reply.status, reply.text) == (200, "AbC-1")
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert phone.get("/" + "n" * 64 + ".txt").status == 200
    for path in ("/long.txt", "/secret.conf", "/link.txt", "/folder.txt", "/none.txt", "/.txt",
                 "/" + "n" * 65 + ".txt", "/..%2fhosts", "/a.b.txt", "/WW_verify_AbC-1.txt/"):
        assert phone.get(path).status == 404, path
    assert phone.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_health_and_metrics(relay, host, link, phone):
    assert phone.get("/healthz").text == "ok\n"
    before = relay.metrics()
    phone.press(link)
    link.set_result("digits", digits="11")
    phone.come_back(link)
    phone.come_back(link)
    after = relay.metrics()
    for name, more in [("presses_total", 1), ('callbacks_total{kind="taken"}', 1),
                       ('callbacks_total{kind="again"}', 1), ('results_total{result="digits"}', 1),
                       ("pages_total", 1), ('requests_total{class="page",status="3xx"}', 1)]:
        assert after[name] - before[name] == more, name
    assert after["store_up"] == 1 and after["links"] > 0 and after["keys"] >= 2
    assert Phone(relay).get("/metrics").status == 404
    assert Phone(relay, plain=True).get("/metrics", {"X-Forwarded-For": "127.0.0.1"}).status == 404
    assert Phone(relay, plain=True).get("/metrics", {"Forwarded": "for=127.0.0.1"}).status == 404


def test_a_header_that_comes_twice_is_refused(relay, host):
    connection = relay.connect(plain=True)
    for name in ("Authorization", "Cookie", "Origin", "Sec-Fetch-Site"):
        connection.putrequest("GET", "/v1/host")
        connection.putheader(name, f"Bearer {host.token}")
        connection.putheader(name, "x")
        connection.endheaders()
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 400, name
    connection.close()


def test_a_restart_in_memory_is_told(authority, house):
    """Links are gone; the host sees another instance and opens them again. Keys stay."""
    relay = Relay(house.folder, authority, "restarted", tls=False).start()
    try:
        host = HostClient(relay, plain=True).enrol()
        link = host.open()
        before = host.call("GET", "/v1/host").json["instance"]
        relay.service.wait_back(relay.service.kill())
        assert host.call("GET", "/v1/host").json["instance"] != before
        phone = Phone(relay, "wecom", plain=True)
        assert phone.open(link).status == 404
        assert host.open(link.id).opened.status == 200
        assert phone.open(link).status == 200
    finally:
        relay.stop()


def test_an_end_is_polite(authority, house):
    """SIGTERM while a host and phones wait: all get an answer, soon."""
    relay = Relay(house.folder, authority, "ended", tls=False).start()
    host = HostClient(relay, plain=True).enrol()
    links = [host.open() for _ in range(2)]
    links[1].set_target()
    waiting, coming = [Phone(relay, "wecom", plain=True) for _ in range(2)]
    coming.press(links[1])
    replies = {}

    def ask(name, call):
        replies[name] = call()

    calls = {"host": lambda: host.call("GET", f"/v1/events?after={host.after}&wait=30"),
             "press": lambda: waiting.press(links[0]), "back": lambda: coming.come_back(links[1])}
    threads = [threading.Thread(target=ask, args=item) for item in calls.items()]
    for thread in threads[1:]:
        thread.start()
    time.sleep(0.5)
    host.events()
    threads[0].start()
    time.sleep(0.5)
    began = time.monotonic()
    relay.stop()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 3 and relay.service.process.returncode == 0
    assert replies["host"].json["events"] == []
    assert replies["press"].status == 503 and replies["press"].headers["Set-Cookie"]
    assert replies["back"].refreshes


def test_sighup_reads_the_configuration_again(authority, house):
    relay = Relay(house.folder, authority, "reloaded", tls=False, unknown_per_minute=1).start()
    try:
        phone = Phone(relay, plain=True, language="")
        phone.address = "198.51.100.1"
        phone.get(f"/q/{NO_LINK}")
        assert phone.get(f"/q/{NO_LINK}").status == 429
        relay.write_config(unknown_per_minute=1000, language="zh_CN")
        relay.service.send(1)
        page = wait_until(lambda: (lambda p: p.status == 404 and p)(phone.get(f"/q/{NO_LINK}")))
        assert page.head == "此二维码无效"
        relay.write_config(unknown_per_minute="many")
        relay.service.send(1)
        wait_until(lambda: "the old one stays" in relay.service.log())
        assert phone.get(f"/q/{NO_LINK}").status == 404
    finally:
        relay.stop()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("relay")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def get_by(connection, path, **headers):
    connection.request("GET", path, headers=headers)
    reply = connection.getresponse()
    reply.read()
    return reply.status


def test_a_socket_in_the_file_system(authority, house):
    """For the proxy's group, beside one of the network; a proxy is believed there too."""
    relay = Relay(house.folder, authority, "unix", tls=False, unknown_per_minute=1)
    path = relay.folder / "socket"
    relay.write_config(listen=f"{path}, 127.0.0.1:{relay.plain_port}")
    for _ in range(2):           # the second finds what the first left
        relay.start()
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        connection = UnixConnection(path)
        assert get_by(connection, "/metrics") == 200
        assert get_by(connection, "/metrics", **{"X-Forwarded-For": "192.0.2.1"}) == 404
        for address, statuses in [("192.0.2.1", [404, 429]), ("192.0.2.2", [404, 429])]:
            assert [get_by(connection, "/q/x", **{"X-Forwarded-For": address})
                    for _ in range(2)] == statuses
        connection.close()
        assert Phone(relay, plain=True).get("/healthz").status == 200
        relay.service.kill()
        relay.stop()


def test_sockets_of_systemd(authority, house):
    """Handed over as systemd does, instead of the key listen."""
    relay = Relay(house.folder, authority, "activated", tls=False)
    port = relay.plain_port
    relay.write_config(listen="127.0.0.1:1")
    process = subprocess.Popen(
        ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "-l", str(relay.folder / "two"),
         *relay.service.argv], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: (relay.folder / "two").exists(), 10, "the sockets")
        assert Phone(relay, plain=True).get("/healthz").status == 200
        connection = UnixConnection(relay.folder / "two")
        assert get_by(connection, "/healthz") == 200
        connection.close()
    finally:
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.parametrize("text,mistake", [
    ("", "url"), ("[relay]\nurl = http://x.example.org\n", "https"),
    ("[relay]\nurl = https://x.example.org/path\n", "path"),
    ("[relay]\nurl = https://x.example.org\nlisten = localhost:1\n", "listen"),
    ("[relay]\nurl = https://x.example.org\nfiles = here\n", "files"),
    ("[relay]\nurl = https://x.example.org\n[redis]\nuser = a\n", "address"),
    ("[relay]\nurl = https://x.example.org\n[extra]\n", "[extra]"),
    ("[relay]\nurl = https://x.example.org\nlinks = 3\n", "links")])
def test_check_names_mistakes(house, text, mistake):
    path = house.folder / "mistaken.conf"
    path.write_text(text)
    path.chmod(0o644)
    done = run(["/usr/sbin/jauth-relay", "--config", str(path), "--check"], check=False)
    assert done.returncode == 1 and mistake in done.stdout


def test_the_log_holds_no_secret(relay, host):
    log = relay.service.log()
    assert host.key in log and host.token.split(".")[2] not in log
