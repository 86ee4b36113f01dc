# SPDX-License-Identifier: GPL-3.0-or-later
"""Mini programs at the relay: what they may ask and do, who sees the digits, and who was first.
Also targets that want a computer's browser."""

import re
import threading
import time

import pytest

from relay import HostClient, MiniProgram, Phone, Relay, words
from test_relay_shared import at, fixture_redis, fixture_relays  # noqa: F401

TARGETS = [{"method": "chat", "title": "WeChat", "app": "wechat"},
           {"method": "mini", "title": "Mini", "app": "mini-program"},
           {"method": "site", "title": "GitHub", "app": "browser"}]
MINI = TARGETS[1:2]


@pytest.fixture(name="relay", scope="module")
def fixture_relay(authority, house):
    made = Relay(house.folder, authority, "mini-relay", unknown_per_minute=100000).start()
    yield made
    made.stop()
    assert made.service.n_starts == 1


@pytest.fixture(name="host", scope="module")
def fixture_host(relay):
    return HostClient(relay, "web1.example.org").enrol()


@pytest.fixture(name="mini")
def fixture_mini(relay):
    return MiniProgram(relay)


def open_mini(host, targets=None, **fields):
    link = host.open(targets=targets or TARGETS, **fields)
    assert link.opened.status == 200
    return link


def assert_api(reply):
    """As every answer to a mini program is."""
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Access-Control-Allow-Origin"] is None
    assert reply.headers["Set-Cookie"] is None


def has_digits(reply):
    """On a page, where the style has numbers of its own, or in JSON."""
    return bool(re.search('[>"\\s]47[<"\\s]', reply.text))


def later(function, *args):
    """The answer of a call that waits."""
    box = []
    thread = threading.Thread(target=lambda: box.append(function(*args)))
    thread.start()
    return thread, box


# --- the way as it should be ---

def test_from_the_code_to_the_digits(host, mini):
    since = int(time.time()) - 9
    link = open_mini(host, user="jane", source="2001:db8::7", since=since)
    facts = mini.look(link)
    assert_api(facts)
    assert facts.json == {"host": "web1.example.org", "user": "jane", "service": "sshd",
                          "from": "2001:db8::7", "at": since, "digits": True}
    assert host.all_events(link) == []                   # looking does nothing
    confirmed = mini.confirm(link, "0e3-_AbC")
    assert confirmed.status == 202 and list(confirmed.json) == ["receipt"]
    assert len(confirmed.json["receipt"]) == 43
    assert_api(confirmed)
    event = host.next_event(link)
    assert (event["presses"], event["method"], event["callback"]) == (1, "mini", "code=0e3-_AbC")
    thread, box = later(mini.result, link)
    time.sleep(0.3)
    assert not box                                       # it is held
    assert link.set_result("digits", digits="47").status == 204
    thread.join()
    assert box[0].json == {"status": "digits", "digits": "47"}
    assert_api(box[0])
    link.set_result("granted")
    assert mini.result(link).json == {"status": "granted"}
    link.delete()
    assert mini.result(link).json == {"status": "granted"}


def test_denied_with_a_request_id(host, mini):
    link = open_mini(host)
    mini.confirm(link)
    link.set_result("denied", request="ABCD-1234")
    assert mini.result(link).json == {"status": "denied", "request": "ABCD-1234"}


def test_this_was_not_me(host, mini):
    link = open_mini(host)
    denied = mini.deny(link)
    assert (denied.status, denied.json) == (202, {})
    assert_api(denied)
    event = host.next_event(link)
    assert event["refused"] and "callback" not in event
    assert mini.confirm(link).status == 409 and mini.deny(link).status == 409
    assert mini.look(link).status == 410


def test_by_the_button_that_was_pressed_in_wechat(host, mini, relay):
    """WeChat's browser offers it; it leads to the vendor's address, which opens the program."""
    link = open_mini(host, TARGETS + [{**MINI[0], "method": "mini2"}])
    phone = Phone(relay, "wechat")
    page = phone.open(link)
    assert page.methods == ["chat", "mini", "mini2"]
    link.set_target("mini2", "https://wxaurl.cn/AbCdEf")
    assert phone.press(link, "mini2", page).headers["Location"] == "https://wxaurl.cn/AbCdEf"
    assert mini.confirm(link).status == 202
    event = [event for event in host.all_events(link) if "callback" in event][-1]
    assert (event["presses"], event["method"]) == (2, "mini2")
    link.set_result("digits", digits="47")
    # The browser that pressed is not the one that confirmed.
    assert phone.open(link).status == 410 and not has_digits(phone.open(link))
    assert phone.come_back(link, "mini2").digits is None
    assert mini.result(link).json["digits"] == "47"


def test_without_the_button(host, mini):
    """The code on the screen is the mini program's own; nothing was pressed, no target was set."""
    link = open_mini(host, MINI)
    assert mini.confirm(link).status == 202
    assert host.next_event(link)["method"] == "mini"


# --- who sees the digits ---

def test_digits_are_for_the_holder_of_the_receipt(host, mini, relay):
    link, other = open_mini(host), open_mini(host)
    mini.confirm(link)
    link.set_result("digits", digits="47")
    thief = MiniProgram(relay)
    thief.confirm(other)
    receipts = {"none": False, "of another link": thief.receipt, "short": mini.receipt[:-1],
                "long": mini.receipt + "a", "empty": " ", "the id": link.id,
                "changed": mini.receipt[:-1] + ("A" if mini.receipt[-1] != "A" else "B"),
                "endless": "a" * 8000}
    for name, receipt in receipts.items():
        reply = thief.result(link, receipt)
        assert reply.status == 404 and "47" not in reply.text, name
    # What the id alone opens, and what a browser gets that shows the receipt as a cookie.
    for app in ("browser", "wechat", "wecom", "dingtalk", "computer"):
        phone = Phone(relay, app)
        for path in (f"/q/{link.id}", f"/m/{link.id}", f"/d/{link.id}", f"/api/m/{link.id}",
                     f"/api/m/{link.id}/result", f"/v1/links/{link.id}",
                     f"/v1/links/{link.id}/result",
                     "/cb/mini", f"/cb/mini?code=0e3AbC&id={link.id}"):
            assert not has_digits(phone.get(path)), (app, path)
        phone.cookie = f"__Host-jauth={link.id}.{mini.receipt}"
        assert not has_digits(phone.get("/cb/mini?code=0e3AbC"))
    assert mini.result(link).json["digits"] == "47"


def test_a_receipt_twice_is_no_receipt(host, mini, relay):
    link = open_mini(host)
    mini.confirm(link)
    connection = relay.connect()
    connection.putrequest("GET", f"/api/m/{link.id}/result")
    for _ in range(2):
        connection.putheader("X-Receipt", mini.receipt)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_the_cookie_of_a_browser_is_no_receipt(host, mini, relay):
    link = open_mini(host)
    link.set_target("chat")
    phone = Phone(relay, "wechat")
    phone.press(link, "chat")
    thread, box = later(phone.come_back, link, "chat")
    link.set_result("digits", digits="47")
    thread.join()
    assert box[0].digits == "47"
    assert mini.result(link, phone.cookie.rpartition(".")[2]).status == 404


# --- who was first ---

def test_twice(host, mini, relay):
    link = open_mini(host)
    second = MiniProgram(relay)
    assert mini.confirm(link, "first").status == 202
    assert second.confirm(link, "second").status == 409
    assert second.deny(link).status == 409
    assert mini.confirm(link, "third").status == 409
    assert mini.look(link).status == 410
    assert [event["callback"] for event in host.all_events(link)] == ["code=first"]
    link.set_result("granted")
    assert mini.result(link).json == {"status": "granted"}


def test_the_browser_was_first(host, mini, relay):
    link = open_mini(host)
    link.set_target("site")
    phone = Phone(relay)
    phone.press(link, "site")
    thread, box = later(phone.come_back, link, "site")
    host.next_event(link)
    while "callback" not in host.all_events(link)[-1]:
        time.sleep(0.05)
    assert mini.confirm(link).status == 409 and mini.deny(link).status == 409
    assert mini.look(link).status == 410
    link.set_result("granted")
    thread.join()
    assert box[0].head == "You are logged in"
    assert "code=code-1" in host.all_events(link)[-1]["callback"]


def test_the_browser_was_second(host, mini, relay):
    link = open_mini(host)
    link.set_target("site")
    phone = Phone(relay)
    phone.press(link, "site")
    assert mini.confirm(link).status == 202
    assert phone.come_back(link, "site").head == "This code was used already"
    assert phone.open(link).head == "This code was used already"
    assert host.all_events(link)[-1]["callback"] == "code=0e3AbC"


def test_many_at_once_and_one_is_first(host, relay):
    link = open_mini(host)
    waiting = [later(MiniProgram(relay).confirm, link, f"code{i}") for i in range(8)]
    for thread, _ in waiting:
        thread.join()
    assert sorted(box[0].status for _, box in waiting) == [202] + 7 * [409]


def test_the_button_stops_what_a_mini_program_began(host, mini, relay):
    """"This wasn't me" on the page, after the confirmation: the person sees no digits."""
    link = open_mini(host)
    phone = Phone(relay)
    page = phone.open(link)
    mini.confirm(link)
    phone.refuse(link, page)
    link.set_result("digits", digits="47")
    assert mini.result(link).json == {"status": "refused"}


# --- over ---

def test_over(host, mini):
    link = open_mini(host)
    mini.confirm(link)
    other = open_mini(host)
    other.delete()
    for reply in (mini.look(other), mini.confirm(other), mini.deny(other)):
        assert reply.status == 410
        assert_api(reply)
    thread, box = later(mini.result, link)
    time.sleep(0.2)
    link.delete()
    thread.join()
    assert box[0].json == {"status": "over"}


def test_expired(host, mini):
    link = open_mini(host, seconds=2)
    mini.confirm(link)
    thread, box = later(mini.result, link)
    thread.join()
    assert box[0].json == {"status": "over"}
    assert mini.result(link).status == 404
    assert mini.look(link).status == 404 and mini.confirm(link).status == 404


# --- what is no link, and no request ---

def test_what_has_no_mini_program_is_unknown(host, mini):
    for link in (host.open(), host.open(targets=[], listen="wx0123")):
        assert link.opened.status == 200
        assert mini.look(link).status == 404
        assert mini.confirm(link).status == 404 and mini.deny(link).status == 404
        assert host.all_events(link) == []


@pytest.mark.parametrize("ident", [words(), "short", "a" * 23, "!" * 22, "a" * 500, ".."])
def test_unknown(mini, ident):
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/result")):
        reply = mini.request(method, f"/api/m/{ident}{path}",
                             b'{"action":"deny"}' if method == "POST" else None,
                             {"Content-Type": "application/json", "X-Receipt": "x"})
        assert reply.status == 404, (method, path)


@pytest.mark.parametrize("body,status", [
    (b"", 400), (b"{}", 400), (b"[]", 400), (b"confirm", 400), (b'{"action":"confirm"}', 400),
    (b'{"action":"confirm","js_code":""}', 400), (b'{"action":"confirm","js_code":"a&b"}', 400),
    (b'{"action":"confirm","js_code":"a","js_code":"b"}', 400),
    (b'{"action":"deny","js_code":"a"}', 400), (b'{"action":"confirm","js_code":"\xff"}', 400),
    (b'{"action":"confirm","js_code":"' + b"a" * 129 + b'"}', 400),
    (b'{"action":"deny","x":"' + b"a" * 4096 + b'"}', 413), (b"x" * 16385, 413)])
def test_a_body_that_is_none(host, mini, body, status):
    link = open_mini(host)
    reply = mini.post(link, body)
    assert reply.status == status
    assert mini.look(link).status == 200 and host.all_events(link) == []


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded",
                                          "application/jsonx"])
def test_a_page_elsewhere_cannot_send_it(host, mini, content_type):
    """What a browser posts for another site without asking first."""
    link = open_mini(host)
    assert mini.post(link, {"action": "deny"}, content_type).status == 415
    assert host.all_events(link) == []


def test_other_methods(host, mini):
    link = open_mini(host)
    for method, path in (("PUT", ""), ("DELETE", ""), ("OPTIONS", ""), ("POST", "/result")):
        reply = mini.request(method, f"/api/m/{link.id}{path}")
        assert reply.status == 405, (method, path)
        assert reply.headers["Access-Control-Allow-Origin"] is None


def test_who_guesses_is_slowed(authority, house):
    relay = Relay(house.folder, authority, "mini-guess", tls=False, unknown_per_minute=5).start()
    try:
        host = HostClient(relay, plain=True).enrol()
        link = open_mini(host)
        guesser, neighbour = MiniProgram(relay, plain=True), MiniProgram(relay, plain=True)
        guesser.address, neighbour.address = "192.0.2.9", "192.0.2.10"
        while time.time() % 60 > 50:
            time.sleep(1)                                # one minute's count
        for _ in range(2):
            for path in ("", "/result"):
                assert guesser.request("GET", f"/api/m/{words()}{path}").status == 404
        statuses = [guesser.request("GET", f"/api/m/{words()}").status for _ in range(3)]
        assert statuses == [404, 429, 429]
        assert guesser.result(link, "wrong").status == 429
        assert guesser.look(link).status == 200          # a right id works all the same
        assert neighbour.request("GET", f"/api/m/{words()}").status == 404
    finally:
        relay.stop()


# --- the address in a browser ---

@pytest.mark.parametrize("app,head", [
    ("browser", "Please use WeChat"), ("computer", "Please use WeChat"),
    ("wecom", "Please use WeChat"), ("wechat", "The mini program did not open")])
def test_the_code_in_something_else(host, relay, app, head):
    link = open_mini(host)
    page = Phone(relay, app).get(f"/m/{link.id}")
    assert (page.status, page.head) == (200, head)
    assert "<form" not in page.text and "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert host.all_events(link) == []
    assert Phone(relay, app).request("POST", f"/m/{link.id}").status == 405
    assert Phone(relay, app).get("/m/short").status == 404


# --- computers ---

def test_a_target_for_a_computer(host, relay):
    link = host.open(targets=[{"method": "qr", "title": "WeChat", "app": "computer"}])
    page = Phone(relay, "computer").open(link)
    assert page.methods == ["qr"]
    for app in ("browser", "wechat", "wecom", "dingtalk"):
        page = Phone(relay, app).open(link)
        assert page.head == "Please use a computer" and page.methods == []
        assert f"<bdi>{relay.url}/q/{link.id}</bdi>" in page.text


def test_a_computer_is_a_browser_too(host, relay):
    link = host.open(targets=[{"method": "site", "title": "GitHub", "app": "browser"},
                              {"method": "qr", "title": "WeChat", "app": "computer"}])
    assert Phone(relay, "computer").open(link).methods == ["site", "qr"]
    page = Phone(relay, "browser").open(link)
    assert page.methods == ["site"] and "in the browser of a computer" in page.text


# --- several relays ---

def test_any_relay_that_shares_the_store(relays):
    host = HostClient(relays[0], plain=True).enrol()
    link = open_mini(host)
    mini = MiniProgram(relays[1], plain=True)
    assert mini.look(link).status == 200
    assert mini.confirm(link).status == 202
    assert at(mini, relays[2]).confirm(link).status == 409
    thread, box = later(mini.result, link)
    assert host.next_event(link)["callback"] == "code=0e3AbC"
    link.set_result("digits", digits="83")
    thread.join()
    assert box[0].json == {"status": "digits", "digits": "83"}


def test_the_store_is_away(relays, redis):
    host = HostClient(relays[0], plain=True).enrol()
    link = open_mini(host)
    mini = MiniProgram(relays[1], plain=True)
    mini.confirm(link)
    redis.stop()
    for reply in (mini.look(link), mini.confirm(link), mini.deny(link), mini.result(link)):
        assert reply.status == 503 and reply.headers["Retry-After"]
