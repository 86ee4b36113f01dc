# SPDX-License-Identifier: GPL-3.0-or-later
"""Vendors that send messages to the relay: which hosts are told, who answers, and what comes of it
when nobody does."""

import itertools
import signal
import socket
import threading
import time

import pytest

from house import wait_until
from relay import HostClient, Phone, Relay, Vendor, words
from test_relay_mini import later
from test_relay_shared import at, fixture_redis, fixture_relays, healthy  # noqa: F401

NUMBERS = itertools.count(1)            # of hosts
WAIT_S = 4.5                            # RELAY_PUSH_WAIT_MS
XML = ("<xml>\n\t<ToUserName><![CDATA[gh_1]]></ToUserName>\r\n<Encrypt>a+b/c=\"\\\u5c0f\x01"
       "</Encrypt></xml>")
QUERY = "signature=ab12&timestamp=1760000000&nonce=7&openid=o_1&x=%20%22\"\\"


@pytest.fixture(name="relay", scope="module")
def fixture_relay(authority, house):
    made = Relay(house.folder, authority, "pushed", unknown_per_minute=100000,
                 pushes_per_minute=100000).start()
    yield made
    made.stop()
    assert made.service.n_starts == 1


def new_host(relay, plain=False):
    return HostClient(relay, f"web{next(NUMBERS)}.example.org", plain=plain).enrol()


@pytest.fixture(name="host")
def fixture_host(relay):
    return new_host(relay)


@pytest.fixture(name="other")
def fixture_other(relay):
    return new_host(relay)


@pytest.fixture(name="vendor")
def fixture_vendor(relay):
    """Of an app of its own for each test."""
    return Vendor(relay, "wx" + words(14).replace("-", "_"))


def listen(host, vendor, **fields):
    link = host.open(targets=fields.pop("targets", []), listen=vendor.app, **fields)
    assert link.opened.status == 200
    return link


def assert_empty(reply, status=200):
    assert (reply.status, reply.body) == (status, b"")


def assert_text(reply):
    """Whatever a host says: no browser takes it for a page of ours."""
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert reply.headers["Set-Cookie"] is None


def timed(function, *args, **more):
    begun = time.monotonic()
    return function(*args, **more), time.monotonic() - begun


# --- one host ---

def test_a_message_and_its_answer(host, vendor):
    listen(host, vendor)
    thread, box = later(vendor.post, XML, QUERY)
    push = host.next_push()
    assert len(push["push"]) == 22
    assert {name: push[name] for name in push if name not in ("push", "n")} == {
        "app": vendor.app, "method": "POST", "query": QUERY, "body": XML}
    answer = "<xml><Encrypt><![CDATA[\u5c0f&\"\\]]></Encrypt>\n</xml>"
    assert host.answer(push, 200, answer).status == 204
    thread.join()
    assert (box[0].status, box[0].text) == (200, answer)
    assert_text(box[0])
    # It is dropped: neither is it told again, nor is an answer taken.
    assert [event for event in host.all_events() if "push" in event] == []
    assert host.answer(push).status == 404


def test_the_address_is_verified(host, vendor):
    listen(host, vendor)
    thread, box = later(vendor.get, "signature=ab&timestamp=1&nonce=2&echostr=4711")
    push = host.next_push()
    assert (push["method"], push["body"]) == ("GET", "")
    assert push["query"] == "signature=ab&timestamp=1&nonce=2&echostr=4711"
    host.answer(push, 200, "4711")
    thread.join()
    assert (box[0].status, box[0].body) == (200, b"4711")
    assert_text(box[0])


@pytest.mark.parametrize("status", [200, 403])
def test_an_answer_without_words(host, vendor, status):
    listen(host, vendor)
    thread, box = later(vendor.post)
    host.answer(host.next_push(), status)
    thread.join()
    assert_empty(box[0], status)
    assert_text(box[0])


def test_an_event_comes_at_once(host, vendor):
    """To a host that waits."""
    listen(host, vendor)
    waiting, box = later(lambda: (host.events(wait=10), time.monotonic()))
    time.sleep(0.3)
    sent = time.monotonic()
    thread, _ = later(vendor.post)
    waiting.join()
    events, came = box[0]
    assert events[0]["app"] == vendor.app and came - sent < 1
    host.answer(events[0])
    thread.join()


def test_a_host_that_says_nothing(host, vendor):
    listen(host, vendor)
    reply, seconds = timed(vendor.post)
    assert_empty(reply)
    assert WAIT_S - 0.1 < seconds < 5
    assert [event for event in host.all_events() if "push" in event] == []


def test_too_late(host, vendor):
    listen(host, vendor)
    thread, box = later(vendor.post)
    push = host.next_push()
    thread.join()
    assert_empty(box[0])
    assert host.answer(push, 200, "late").status == 404


def test_twice(host, vendor):
    """The first answer counts; a host that repeats it is not told off."""
    link = listen(host, vendor)
    listen(new_host(host.relay), vendor)                               # silent, so that the vendor waits
    thread, box = later(vendor.post)
    push = host.next_push()
    assert host.answer(push, 403).status == 204
    assert host.answer(push, 200, "changed").status == 204
    thread.join()
    assert_empty(box[0], 403)
    link.delete()


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{}", b'{"status":200}', b'{"body":""}', b'{"status":404,"body":""}',
    b'{"status":403,"body":"x"}', b'{"status":"200","body":""}', b'{"status":200,"body":7}',
    b'{"status":200,"body":"\\u0000"}', b'{"status":200,"body":"' + b"a" * 4097 + b'"}'])
def test_an_answer_that_is_none(host, vendor, body):
    listen(host, vendor)
    thread, box = later(vendor.post)
    push = host.next_push()
    assert host.call("PUT", f"/v1/pushes/{push['push']}", body).status == 400
    assert host.answer(push, 200, "right").status == 204
    thread.join()
    assert box[0].text == "right"


def test_only_the_host_that_was_told_answers(host, other, vendor):
    link = listen(host, vendor)
    thread, box = later(vendor.post)
    push = host.next_push()
    assert other.answer(push, 200, "mine").status == 404
    assert host.call("PUT", f"/v1/pushes/{push['push']}", {"status": 200, "body": "x"},
                     token="jr1.0123456789abcdef." + "a" * 43).status == 401
    for ident in (link.id, words(), "short", "!" * 22):
        assert host.call("PUT", f"/v1/pushes/{ident}", {"status": 200, "body": ""}).status == 404
    # Nor is it a link.
    assert host.call("PUT", f"/v1/links/{push['push']}/result", {"result": "failed"}).status == 404
    assert host.call("DELETE", f"/v1/links/{push['push']}").status == 204
    assert Phone(host.relay).get(f"/q/{push['push']}").status == 404
    host.answer(push, 200, "right")
    thread.join()
    assert box[0].text == "right"


# --- who listens ---

def test_nobody_listens(host, vendor):
    reply, seconds = timed(vendor.post)
    assert_empty(reply)
    assert seconds < 1
    assert_text(reply)
    assert_empty(vendor.get("echostr=1"), 404)
    host.open()                                          # a link that listens to nothing
    Vendor(host.relay, vendor.app + "x").post()
    assert_empty(vendor.post())
    assert [event for event in host.all_events() if "push" in event] == []


def test_as_long_as_a_link_is_open(host, vendor):
    link, second = listen(host, vendor), listen(host, vendor)
    for one in (link, second):
        thread, box = later(vendor.post)
        push = host.next_push()
        assert len([e for e in host.all_events() if "push" in e]) == 1     # once, not for each
        host.answer(push, 200, "yes")
        thread.join()
        assert box[0].text == "yes"
        assert one.delete().status == 204
    reply, seconds = timed(vendor.post)
    assert_empty(reply)
    assert seconds < 1


def test_until_the_link_expires(host, vendor):
    listen(host, vendor, seconds=2)
    time.sleep(3.1)
    reply, seconds = timed(vendor.post)
    assert_empty(reply)
    assert seconds < 1


def test_a_link_opened_again_listens_once(host, vendor):
    link = listen(host, vendor)
    assert host.open(link.id, targets=[], listen=vendor.app).opened.status == 200
    thread, _ = later(vendor.post)
    host.answer(host.next_push())
    thread.join()
    link.delete()
    assert timed(vendor.post)[1] < 1


def test_a_link_that_only_listens_has_no_page(host, vendor, relay):
    link = listen(host, vendor)
    for app in ("browser", "wechat", "computer"):
        assert Phone(relay, app).open(link).head == "This code is not valid"
    phone = Phone(relay)
    assert phone.post(link, {"token": words(), "method": "x"}).status == 404
    assert link.set_target("x").status == 400
    assert host.all_events(link) == []
    both = listen(host, vendor, targets=[{"method": "site", "title": "x", "app": "browser"}])
    assert Phone(relay).open(both).methods == ["site"]


@pytest.mark.parametrize("app", ["a-b", "a.b", "a" * 65, "%41", "a:b", "a" * 3000])
def test_what_is_no_app(relay, app):
    vendor = Vendor(relay, "x")
    assert_empty(vendor.post(app=app))
    assert vendor.get(app=app).status == 404


def test_other_methods_and_paths(relay, vendor):
    for method in ("HEAD", "PUT", "DELETE"):
        assert vendor.send(method).status == 405
    for app in (vendor.app + "/x", "", "/"):
        assert vendor.send("POST", app=app or "/").status == 404


@pytest.mark.parametrize("body", [b"a" * 4097, b"a" * 16385, b"a" * 60000, b"\xff\xfe", b"a\0b"],
                         ids=["long", "longer", "longest", "no-utf8", "nul"])
def test_a_body_that_cannot_be_told(host, vendor, body):
    listen(host, vendor)
    reply, seconds = timed(vendor.post, body)
    assert_empty(reply)
    assert seconds < 1
    assert [event for event in host.all_events() if "push" in event] == []


def test_a_query_that_cannot_be_told(host, vendor):
    listen(host, vendor)
    assert_empty(vendor.post(query="a" * 4097))
    assert_empty(vendor.get("a" * 4097), 404)
    assert [event for event in host.all_events() if "push" in event] == []


def test_the_longest_that_can(host, vendor):
    listen(host, vendor)
    body, query = "\x01" * 4096, "q" * 4096
    thread, box = later(vendor.post, body, query)
    push = host.next_push()
    assert (push["body"], push["query"]) == (body, query)
    host.answer(push, 200, "b" * 4096)
    thread.join()
    assert box[0].text == "b" * 4096


# --- several hosts ---

def push_to(vendor, hosts):
    """A message, and the push that each of the hosts is told."""
    thread, box = later(vendor.post, XML)
    return thread, box, [host.next_push() for host in hosts]


@pytest.mark.parametrize("says,status,body", [
    ([(200, "a"), None], 200, "a"), ([None, (200, "b")], 200, "b"),
    ([(403, ""), (200, "b")], 200, "b"), ([(200, ""), (200, "b")], 200, "b"),
    ([(200, "a"), (200, "b")], 200, "a"), ([(403, ""), (403, "")], 403, ""),
    ([(403, ""), (200, "")], 200, ""), ([(200, ""), (200, "")], 200, ""),
    ([(200, ""), None], 200, ""), ([(403, ""), None], 403, ""), ([None, None], 200, "")])
def test_two_hosts(host, other, vendor, says, status, body):
    hosts = [host, other]
    for one in hosts:
        listen(one, vendor)
    begun = time.monotonic()
    thread, box, pushes = push_to(vendor, hosts)
    assert pushes[0]["push"] != pushes[1]["push"] and pushes[0]["body"] == pushes[1]["body"] == XML
    for one, push, said in zip(hosts, pushes, says):
        if said:
            assert one.answer(push, *said).status in (204, 404)
    thread.join()
    seconds = time.monotonic() - begun
    assert (box[0].status, box[0].text) == (status, body)
    assert (seconds > WAIT_S - 0.1) == (None in says and not body)


def test_a_host_with_nothing_of_it_hears_nothing(host, other, vendor):
    listen(host, vendor)
    other.open()
    other.open(targets=[], listen=vendor.app + "2")
    thread, _, pushes = push_to(vendor, [host])
    assert other.all_events() == []
    host.answer(pushes[0])
    thread.join()


def test_a_host_that_is_revoked_while_it_is_told(host, other, vendor, relay):
    for one in (host, other):
        listen(one, vendor)
    thread, box, pushes = push_to(vendor, [host, other])
    relay.command("revoke", host.key)
    wait_until(lambda: host.call("GET", "/v1/host").status == 401, 10, "the revocation")
    assert host.answer(pushes[0], 200, "mine").status == 401
    other.answer(pushes[1], 200, "yours")
    thread.join()
    assert box[0].text == "yours"


def test_many_hosts(relay, vendor):
    hosts = [new_host(relay, plain=True) for _ in range(20)]
    for one in hosts:
        listen(one, vendor)
    thread, box, pushes = push_to(vendor, hosts)
    for one, push in list(zip(hosts, pushes))[:-1]:
        assert one.answer(push, 403).status == 204
    assert not box
    hosts[-1].answer(pushes[-1], 200, "it is mine")
    thread.join()
    assert box[0].text == "it is mine"


# --- limits ---

def test_a_flood_does_not_displace_links(authority, house):
    """From many addresses, and hosts that say nothing."""
    relay = Relay(house.folder, authority, "flooded", tls=False, links_per_host=5,
                  unknown_per_minute=100000).start()
    try:
        host = HostClient(relay, plain=True).enrol()
        vendor = Vendor(relay, "wxflood", plain=True)
        listen(host, vendor)
        vendors = []
        for i in range(100):
            one = Vendor(relay, "wxflood", plain=True)
            one.address = f"198.51.100.{i}"
            vendors.append(one)
        waiting = [later(one.post, "x" * 4000) for one in vendors]
        time.sleep(1)
        for _ in range(4):
            assert host.open().opened.status == 200
        assert host.open().opened.status == 429          # its own limit, and not before
        assert Phone(relay, plain=True).get("/healthz").status == 200
        for thread, _ in waiting:
            thread.join()
        statuses = sorted(box[0].status for _, box in waiting)
        assert statuses == [200] * 64 + [503] * 36       # PUSHES_PER_APP
        assert all(box[0].headers["Retry-After"] for _, box in waiting if box[0].status == 503)
        metrics = relay.metrics()
        assert metrics['pushes_total{kind="silent"}'] == 64
        assert metrics['pushes_total{kind="limited"}'] == 36
        assert metrics['requests_total{class="push",status="2xx"}'] == 64
    finally:
        relay.stop()


def test_one_address_has_its_share(authority, house):
    relay = Relay(house.folder, authority, "shares", tls=False, pushes_per_minute=3,
                  unknown_per_minute=2).start()
    try:
        host = HostClient(relay, plain=True).enrol()
        vendor, neighbour = (Vendor(relay, "wx1", plain=True) for _ in range(2))
        vendor.address, neighbour.address = "192.0.2.9", "192.0.2.10"
        while time.time() % 60 > 45:
            time.sleep(1)                                # one minute's count
        # Who talks to nobody is answered, but is a stranger.
        for _ in range(4):
            assert_empty(vendor.post())
        phone = Phone(relay, plain=True)
        phone.address = vendor.address
        assert phone.get(f"/q/{words()}").status == 429
        listen(host, vendor)
        for i in range(5):
            thread, box = later(vendor.post)
            if i < 3:
                host.answer(host.next_push())
            thread.join()
            assert box[0].status == (200 if i < 3 else 503)
        thread, box = later(neighbour.post)
        host.answer(host.next_push())
        thread.join()
        assert_empty(box[0])
    finally:
        relay.stop()


def test_one_address_waits_in_few_places(authority, house):
    relay = Relay(house.folder, authority, "places", tls=False).start()
    try:
        host = HostClient(relay, plain=True).enrol()
        vendors = [Vendor(relay, f"wx{i % 4}", plain=True) for i in range(40)]
        for vendor in vendors[:4]:
            listen(host, vendor)
        waiting = [later(vendor.post) for vendor in vendors]
        for thread, _ in waiting:
            thread.join()
        statuses = sorted(box[0].status for _, box in waiting)
        assert statuses == [200] * 32 + [503] * 8        # PUSHES_PER_ADDRESS
    finally:
        relay.stop()


# --- vendors and hosts that leave, and the end ---

def test_a_vendor_that_leaves(host, vendor, relay):
    listen(host, vendor)
    with socket.create_connection(("127.0.0.1", relay.plain_port)) as client:
        client.sendall(f"POST /push/{vendor.app} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
                       .encode())
        push = host.next_push()
    assert host.answer(push, 200, "nobody reads it").status == 204
    assert relay.service.n_starts == 1
    thread, box = later(vendor.post)
    host.answer(host.next_push(), 200, "again")
    thread.join()
    assert box[0].text == "again"


def test_the_relay_ends_meanwhile(authority, house):
    relay = Relay(house.folder, authority, "ending", tls=False).start()
    host = HostClient(relay, plain=True).enrol()
    vendor = Vendor(relay, "wx1", plain=True)
    listen(host, vendor)
    thread, box = later(vendor.post)
    host.next_push()
    begun = time.monotonic()
    relay.stop()
    thread.join()
    assert time.monotonic() - begun < 3
    assert_empty(box[0])


# --- several relays over one Redis ---

def enrol(relay, name="web1.example.org"):
    return HostClient(relay, name, plain=True).enrol()


def test_at_any_relay_that_shares_the_store(relays):
    host, other = enrol(relays[0]), enrol(relays[1], "web2.example.org")
    vendor = Vendor(relays[2], "wx1", plain=True)
    links = [listen(host, vendor), listen(other, vendor)]
    thread, box = later(vendor.post, XML, "a=b")
    pushes = [host.next_push(), other.next_push()]
    assert pushes[0]["body"] == XML and pushes[0]["query"] == "a=b"
    assert host.answer(pushes[0], 403).status == 204
    assert at(other, relays[0]).answer(pushes[1], 200, "\u5c0f").status == 204
    thread.join()
    assert (box[0].status, box[0].text) == (200, "\u5c0f")
    for link in links:
        assert link.delete().status == 204
    assert timed(vendor.post)[1] < 1
    assert host.answer(pushes[0]).status == 404


def test_the_relay_of_the_vendor_is_killed(relays):
    """The vendor comes again, elsewhere: a push of its own."""
    host = enrol(relays[0])
    vendor = Vendor(relays[1], "wx2", plain=True)
    listen(host, vendor)

    def send():
        try:
            return vendor.post("first")
        except OSError:
            return None
    thread, box = later(send)
    first = host.next_push()
    relays[1].service.kill(signal.SIGKILL)
    thread.join()
    assert box == [None]
    assert host.answer(first, 200, "nobody hears it").status == 204
    thread, box = later(at(vendor, relays[2]).post, "first")
    second = host.next_push()
    assert second["push"] != first["push"]
    host.answer(second, 200, "heard")
    thread.join()
    assert box[0].text == "heard"


def test_the_store_is_away(relays, redis):
    host = enrol(relays[0])
    vendor = Vendor(relays[1], "wx3", plain=True)
    listen(host, vendor)
    thread, box = later(vendor.post)
    push = host.next_push()
    redis.stop()
    assert host.answer(push, 200, "x").status == 503
    assert vendor.post().status == 503                   # the vendor comes again
    assert vendor.get().status == 503
    thread.join()
    assert_empty(box[0])
    assert all(relay.service.n_starts == 1 for relay in relays)


def test_the_store_comes_back_in_time(relays, redis):
    """Emptied: the push is gone with it, and so is who listened, until the host opens its link
    again."""
    host = enrol(relays[0])
    vendor = Vendor(relays[1], "wx4", plain=True)
    link = listen(host, vendor)
    thread, box = later(vendor.post)
    push = host.next_push()
    redis.stop()
    redis.start("--unixsocketperm", "777")
    for relay in relays:
        wait_until(lambda r=relay: healthy(r), 10, "the store")
    assert host.answer(push, 200, "x").status == 404
    thread.join()
    assert_empty(box[0])
    assert timed(vendor.post)[1] < 1
    assert host.open(link.id, targets=[], listen="wx4").opened.status == 200
    thread, box = later(vendor.post)
    host.answer(host.next_push(), 200, "again")
    thread.join()
    assert box[0].text == "again"
